// SPDX-License-Identifier: GPL-2.0-only
/* Chains and bundles: parsed once, then shared. */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "internal.h"

static int append(struct kith_certs *certs, const u8 *der, size_t len)
{
	mbedtls_x509_crt *crt = &certs->first;
	int ret;

	if (len > KITH_CERT_MAX)
		return -E2BIG;
	ret = mbedtls_x509_crt_parse_der(crt, der, len);
	if (ret)
		return kith_errno(ret);
	while (crt->next)
		crt = crt->next;
	/* The library ignores what follows the certificate. */
	if (crt->raw.len != len)
		return -EBADMSG;
	certs->count++;
	return 0;
}

struct kith_certs *kith_certs_parse(const u8 *const der[], const size_t len[],
				    unsigned int count)
{
	struct kith_mem_scope scope;
	struct kith_certs *certs;
	unsigned int i;
	int err = 0;

	if (!count)
		return ERR_PTR(-EBADMSG);
	certs = kith_mem_zalloc(sizeof(*certs));
	if (!certs)
		return ERR_PTR(-ENOMEM);
	refcount_set(&certs->refs, 1);
	mbedtls_x509_crt_init(&certs->first);
	kith_mem_begin(&scope);
	for (i = 0; i < count && !err; i++)
		err = append(certs, der[i], len[i]);
	err = kith_mem_end(&scope, err);
	if (err) {
		kith_certs_put(certs);
		return ERR_PTR(err);
	}
	return certs;
}

struct kith_certs *kith_certs_get(struct kith_certs *certs)
{
	refcount_inc(&certs->refs);
	return certs;
}

void kith_certs_put(struct kith_certs *certs)
{
	if (!certs || !refcount_dec_and_test(&certs->refs))
		return;
	mbedtls_x509_crt_free(&certs->first);
	kith_mem_free(certs);
}

const u8 *kith_certs_der(const struct kith_certs *certs, unsigned int i, size_t *len)
{
	const mbedtls_x509_crt *crt = &certs->first;

	if (i >= certs->count)
		return NULL;
	while (i--)
		crt = crt->next;
	*len = crt->raw.len;
	return crt->raw.p;
}

int kith_certs_svid(const struct kith_certs *certs, struct kith_svid_facts *facts,
		    enum kith_reason *reason)
{
	int err = kith_svid_read(&certs->first, facts);

	if (err)
		*reason = KITH_REASON_PEER_NOT_SVID;
	return err;
}

bool kith_certs_match_key(const struct kith_certs *certs, const struct kith_key *key)
{
	const mbedtls_x509_buf *spki = &certs->first.pk_raw;

	return spki->len == key->spki_len && !memcmp(spki->p, key->spki, spki->len);
}

bool kith_certs_sendable(const struct kith_certs *certs)
{
	const size_t per_cert = 3 + 2;		/* length, no extensions */
	const mbedtls_x509_crt *crt;
	size_t total = 0;

	if (certs->count > KITH_CHAIN_MAX)
		return false;
	for (crt = &certs->first; crt; crt = crt->next)
		total += crt->raw.len + per_cert;
	return total <= KITH_SENT_CHAIN_MAX;
}
