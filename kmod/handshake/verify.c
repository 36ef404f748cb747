// SPDX-License-Identifier: GPL-2.0-only
/* The verdict on a peer's chain. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "mbedtls/ssl.h"

#include "identity/spiffe_id.h"
#include "internal.h"

/* P-256 with SHA-256 and P-384 with SHA-384, of leaf and signers. */
static const mbedtls_x509_crt_profile profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384),
	.allowed_pks = MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECKEY) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_PK_ECDSA),
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1),
};

static const struct kith_refusal not_svid = {
	-EKEYREJECTED, KITH_REASON_PEER_NOT_SVID, MBEDTLS_SSL_ALERT_MSG_BAD_CERT
};

static const struct kith_refusal untrusted = {
	-EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED, MBEDTLS_SSL_ALERT_MSG_UNKNOWN_CA
};

static const struct kith_refusal expired = {
	-EKEYEXPIRED, KITH_REASON_PEER_EXPIRED, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED
};

static const struct kith_refusal not_yet_valid = {
	-EKEYREJECTED, KITH_REASON_PEER_NOT_YET_VALID, MBEDTLS_SSL_ALERT_MSG_CERT_EXPIRED
};

static const struct kith_refusal no_memory = {
	-ENOMEM, KITH_REASON_MEMORY, MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR
};

/* The chain under verification, for check_signer(). */
struct path {
	const mbedtls_x509_crt *sent;		/* by the peer */
	const char *trust_domain;
	size_t trust_domain_len;
};

static bool within_bounds(const mbedtls_x509_crt *crt)
{
	unsigned int count = 0;

	for (; crt; crt = crt->next)
		if (++count > KITH_CHAIN_MAX || crt->raw.len > KITH_CERT_MAX)
			return false;
	return true;
}

static bool was_sent(const struct path *path, const mbedtls_x509_crt *crt)
{
	const mbedtls_x509_crt *at;

	for (at = path->sent; at; at = at->next)
		if (at == crt)
			return true;
	return false;
}

/*
 * Called for each certificate of the path. The library saw to name, CA flag,
 * path length, signature and time; an anchor that the operator put into the
 * bundle may lack key usage, an intermediate may not.
 */
static int check_signer(void *ctx, mbedtls_x509_crt *crt, int depth, u32 *flags)
{
	const struct path *path = ctx;

	if (!depth)
		return 0;
	if (!kith_svid_signer_ok(crt, path->trust_domain, path->trust_domain_len))
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
	if (was_sent(path, crt) &&
	    (!crt->ca_istrue || !kith_svid_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN)))
		*flags |= MBEDTLS_X509_BADCERT_OTHER;
	return 0;
}

/* What no bundle vouches for is untrusted, whatever its dates say. */
static const struct kith_refusal *refusal_of(u32 flags)
{
	const u32 dates = MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE;

	if (flags & ~dates)
		return &untrusted;
	if (flags & MBEDTLS_X509_BADCERT_EXPIRED)
		return &expired;
	return &not_yet_valid;
}

static const struct kith_refusal *verify_to(mbedtls_x509_crt *chain, struct path *path,
					    const struct kith_certs *bundle)
{
	u32 flags = 0;
	int ret;

	ret = mbedtls_x509_crt_verify_with_profile(chain, kith_certs_first(bundle), NULL,
						   &profile, NULL, &flags, check_signer, path);
	if (!ret)
		return NULL;
	if (ret == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		return refusal_of(flags);
	return kith_errno(ret) == -ENOMEM ? &no_memory : &untrusted;
}

static struct kith_certs *find_bundle(const struct kith_tls_ops *ops, void *ctx,
				      const struct kith_spiffe_id *id)
{
	char name[KITH_TRUST_DOMAIN_MAX + 1];

	memcpy(name, id->trust_domain, id->trust_domain_len);
	name[id->trust_domain_len] = '\0';
	return ops->bundle(ctx, name);
}

static const struct kith_refusal *verify(mbedtls_x509_crt *chain,
					 const struct kith_tls_ops *ops, void *ctx,
					 struct kith_svid_facts *facts, bool *known)
{
	const struct kith_refusal *refusal;
	struct path path = {.sent = chain};
	struct kith_certs *bundle;
	struct kith_spiffe_id id;

	if (!within_bounds(chain))
		return &untrusted;
	if (kith_svid_read(chain, facts) ||
	    kith_spiffe_id_parse(facts->spiffe_id, strlen(facts->spiffe_id), &id))
		return &not_svid;
	*known = true;
	bundle = find_bundle(ops, ctx, &id);
	if (!bundle)
		return &untrusted;
	path.trust_domain = id.trust_domain;
	path.trust_domain_len = id.trust_domain_len;
	refusal = verify_to(chain, &path, bundle);
	kith_certs_put(bundle);
	return refusal;
}

bool kith_verify(mbedtls_x509_crt *chain, const struct kith_tls_ops *ops, void *ctx,
		 struct kith_svid_facts *facts, bool *known, struct kith_refusal *refusal)
{
	const struct kith_refusal *found = verify(chain, ops, ctx, facts, known);

	if (found)
		*refusal = *found;
	return !found;
}
