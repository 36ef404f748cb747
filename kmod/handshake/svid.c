// SPDX-License-Identifier: GPL-2.0-only
/* X.509-SVID: what the specification asks of a leaf and of what signs it. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/time.h>

#include "mbedtls/asn1.h"
#include "mbedtls/oid.h"

#include "identity/spiffe_id.h"
#include "internal.h"

#define SAN_URI (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER)

/* The next URI among the subject alternative names from *@at on, or NULL. */
static const mbedtls_x509_buf *next_uri(const mbedtls_x509_sequence **at)
{
	const mbedtls_x509_buf *name;

	while (*at) {
		name = &(*at)->buf;
		*at = (*at)->next;
		if (name->p && name->tag == SAN_URI)
			return name;
	}
	return NULL;
}

/* Exactly one URI (X509-SVID 2), a SPIFFE ID that names a workload (5.2). */
static int read_id(const mbedtls_x509_crt *crt, struct kith_svid_facts *facts)
{
	const mbedtls_x509_sequence *at = &crt->subject_alt_names;
	const mbedtls_x509_buf *uri = next_uri(&at);
	struct kith_spiffe_id id;

	if (!uri || next_uri(&at))
		return -EKEYREJECTED;
	if (kith_spiffe_id_parse((const char *)uri->p, uri->len, &id) || !id.path_len)
		return -EKEYREJECTED;
	memcpy(facts->spiffe_id, uri->p, uri->len);
	facts->spiffe_id[uri->len] = '\0';
	return 0;
}

/* One Extension of RFC 5280 4.2; @p moves behind it. */
static int next_extension(unsigned char **p, const unsigned char *end,
			  mbedtls_asn1_buf *oid, int *critical)
{
	unsigned char *stop;
	size_t len;

	if (mbedtls_asn1_get_tag(p, end, &len,
				 MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE))
		return -EBADMSG;
	stop = *p + len;
	if (mbedtls_asn1_get_tag(p, stop, &oid->len, MBEDTLS_ASN1_OID))
		return -EBADMSG;
	oid->p = *p;
	*p += oid->len;
	*critical = 0;
	if (*p < stop && **p == MBEDTLS_ASN1_BOOLEAN &&
	    mbedtls_asn1_get_bool(p, stop, critical))
		return -EBADMSG;
	*p = stop;
	return 0;
}

/* The library checks criticality of what it does not know only. */
static bool key_usage_critical(const mbedtls_x509_crt *crt)
{
	unsigned char *p = crt->v3_ext.p;
	const unsigned char *end = p + crt->v3_ext.len;
	mbedtls_asn1_buf oid = {};
	int critical;
	size_t len;

	if (!p || mbedtls_asn1_get_tag(&p, end, &len,
				       MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE))
		return false;
	while (p < end) {
		if (next_extension(&p, end, &oid, &critical))
			return false;
		if (!MBEDTLS_OID_CMP(MBEDTLS_OID_KEY_USAGE, &oid))
			return critical;
	}
	return false;
}

static bool usage_set(const mbedtls_x509_crt *crt, unsigned int usage)
{
	return (crt->key_usage & usage) == usage;
}

bool kith_svid_key_usage(const mbedtls_x509_crt *crt, unsigned int usage)
{
	return mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_KEY_USAGE) &&
	       key_usage_critical(crt) && usage_set(crt, usage);
}

static bool extended_usage_has(const mbedtls_x509_crt *crt, const char *oid, size_t len)
{
	const mbedtls_x509_sequence *at;

	for (at = &crt->ext_key_usage; at; at = at->next)
		if (at->buf.len == len && !memcmp(at->buf.p, oid, len))
			return true;
	return false;
}

/* X509-SVID 4.4: when there is any, both of these are in it. */
static bool extended_usage_ok(const mbedtls_x509_crt *crt)
{
	if (!mbedtls_x509_crt_has_ext_type(crt, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE))
		return true;
	return extended_usage_has(crt, MBEDTLS_OID_SERVER_AUTH,
				  MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) &&
	       extended_usage_has(crt, MBEDTLS_OID_CLIENT_AUTH,
				  MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH));
}

/* X509-SVID 4.1 and 4.3. */
static bool leaf_usage_ok(const mbedtls_x509_crt *crt)
{
	return !crt->ca_istrue &&
	       kith_svid_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) &&
	       !usage_set(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) &&
	       !usage_set(crt, MBEDTLS_X509_KU_CRL_SIGN) && extended_usage_ok(crt);
}

static int read_serial(const mbedtls_x509_crt *crt, struct kith_svid_facts *facts)
{
	const u8 *p = crt->serial.p;
	size_t len = crt->serial.len;

	while (len && !*p) {
		p++;
		len--;
	}
	if (len > sizeof(facts->serial))
		return -EKEYREJECTED;
	memcpy(facts->serial, p, len);
	facts->serial_len = len;
	return 0;
}

time64_t kith_seconds(const mbedtls_x509_time *t)
{
	return mktime64(t->year, t->mon, t->day, t->hour, t->min, t->sec);
}

int kith_svid_read(const mbedtls_x509_crt *crt, struct kith_svid_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	if (!crt->raw.len || !leaf_usage_ok(crt) || read_id(crt, facts) ||
	    read_serial(crt, facts)) {
		memset(facts, 0, sizeof(*facts));
		return -EKEYREJECTED;
	}
	facts->not_before = kith_seconds(&crt->valid_from);
	facts->not_after = kith_seconds(&crt->valid_to);
	return 0;
}

/* A URI that is no SPIFFE ID makes no statement about trust domains. */
static bool signer_uri_ok(const mbedtls_x509_buf *uri, const char *name, size_t len)
{
	static const char scheme[] = "spiffe:";
	struct kith_spiffe_id id;

	if (uri->len < sizeof(scheme) - 1 ||
	    strncasecmp((const char *)uri->p, scheme, sizeof(scheme) - 1))
		return true;
	return !kith_spiffe_id_parse((const char *)uri->p, uri->len, &id) &&
	       !id.path_len && kith_spiffe_id_in(&id, name, len);
}

bool kith_svid_signer_ok(const mbedtls_x509_crt *crt, const char *name, size_t len)
{
	const mbedtls_x509_sequence *at = &crt->subject_alt_names;
	const mbedtls_x509_buf *uri;

	while ((uri = next_uri(&at)))
		if (!signer_uri_ok(uri, name, len))
			return false;
	return true;
}
