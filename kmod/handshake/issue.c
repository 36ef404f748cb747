// SPDX-License-Identifier: GPL-2.0-only
/*
 * What Kith signs: a certificate request, a CA of one host, an SVID. Fixed
 * templates; callers supply an ID, a serial number and a validity.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/time.h>

#include "mbedtls/asn1write.h"
#include "mbedtls/oid.h"
#include "mbedtls/x509_csr.h"

#include "identity/spiffe_id.h"
#include "internal.h"

#define SUBJECT		"O=Kith"
#define CA_SUBJECT	"O=Kith,CN=Embedded CA,serialNumber="
#define SERIAL_MAX	20
#define KEY_ID_LEN	20

static int fill_random(void *ctx, unsigned char *out, size_t len)
{
	get_random_bytes(out, len);
	return 0;
}

/* The library writes at the end of the buffer. */
static int to_front(int len, u8 *der, size_t size)
{
	if (len < 0)
		return kith_errno(len);
	memmove(der, der + size - len, len);
	return len;
}

static int check_workload_id(const char *text, struct kith_spiffe_id *id)
{
	/* One byte more than is allowed is enough to see that it is too long. */
	size_t len = strnlen(text, KITH_SPIFFE_ID_MAX + 1);

	if (kith_spiffe_id_parse(text, len, id) || !id->path_len)
		return -EINVAL;
	return 0;
}

static void uri_name(mbedtls_x509_san_list *san, const char *uri)
{
	memset(san, 0, sizeof(*san));
	san->node.type = MBEDTLS_X509_SAN_UNIFORM_RESOURCE_IDENTIFIER;
	san->node.san.unstructured_name.p = (unsigned char *)uri;
	san->node.san.unstructured_name.len = strlen(uri);
}

int kith_csr_build(const struct kith_key *key, const char *spiffe_id, u8 *der, size_t size)
{
	mbedtls_x509_san_list san;
	struct kith_spiffe_id id;
	struct kith_mem_scope scope;
	mbedtls_x509write_csr csr;
	int ret;

	if (check_workload_id(spiffe_id, &id))
		return -EINVAL;
	if (size < KITH_DER_ROOM + strlen(spiffe_id))
		return -EMSGSIZE;
	uri_name(&san, spiffe_id);
	kith_mem_begin(&scope);
	mbedtls_x509write_csr_init(&csr);
	mbedtls_x509write_csr_set_md_alg(&csr, MBEDTLS_MD_SHA256);
	mbedtls_x509write_csr_set_key(&csr, kith_key_pk(key));
	ret = mbedtls_x509write_csr_set_subject_name(&csr, SUBJECT);
	if (!ret)
		ret = mbedtls_x509write_csr_set_subject_alternative_name(&csr, &san);
	if (!ret)
		ret = mbedtls_x509write_csr_der(&csr, der, size, fill_random, NULL);
	mbedtls_x509write_csr_free(&csr);
	return kith_mem_end(&scope, to_front(ret, der, size));
}

/* Positive and at most 20 bytes as an INTEGER (RFC 5280 4.1.2.2). */
static int set_serial(mbedtls_x509write_cert *crt, const u8 *serial, size_t len)
{
	while (len && !*serial) {
		serial++;
		len--;
	}
	if (!len || len > SERIAL_MAX || (len == SERIAL_MAX && (*serial & 0x80)))
		return -EINVAL;
	return kith_errno(mbedtls_x509write_crt_set_serial_raw(crt, (u8 *)serial, len));
}

static int format_time(time64_t t, char out[MBEDTLS_X509_RFC5280_UTC_TIME_LEN + 1])
{
	struct tm tm;

	/* 1970 to 9999: what the format holds. */
	if (t < 0 || t > 253402300799LL)
		return -EINVAL;
	time64_to_tm(t, 0, &tm);
	snprintf(out, MBEDTLS_X509_RFC5280_UTC_TIME_LEN + 1, "%04d%02d%02d%02d%02d%02d",
		 (int)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	return 0;
}

static int set_validity(mbedtls_x509write_cert *crt, const struct kith_validity *v)
{
	char from[MBEDTLS_X509_RFC5280_UTC_TIME_LEN + 1];
	char to[MBEDTLS_X509_RFC5280_UTC_TIME_LEN + 1];

	if (v->not_after <= v->not_before || format_time(v->not_before, from) ||
	    format_time(v->not_after, to))
		return -EINVAL;
	return kith_errno(mbedtls_x509write_crt_set_validity(crt, from, to));
}

/* RFC 7093 method 1; SHA-1 is not built in. */
static int key_id(const struct kith_key *key, u8 id[KEY_ID_LEN])
{
	const size_t point = 65;
	u8 hash[32];
	size_t len;

	if (key->spki_len < point ||
	    psa_hash_compute(PSA_ALG_SHA_256, key->spki + key->spki_len - point, point, hash,
			     sizeof(hash), &len))
		return -EINVAL;
	memcpy(id, hash, KEY_ID_LEN);
	return 0;
}

static int set_extension(mbedtls_x509write_cert *crt, const char *oid, const u8 *ext, size_t len)
{
	return kith_errno(mbedtls_x509write_crt_set_extension(crt, oid, strlen(oid), 0, ext, len));
}

static int set_subject_key_id(mbedtls_x509write_cert *crt, const struct kith_key *key)
{
	u8 ext[2 + KEY_ID_LEN] = {MBEDTLS_ASN1_OCTET_STRING, KEY_ID_LEN};
	int err = key_id(key, ext + 2);

	if (err)
		return err;
	return set_extension(crt, MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER, ext, sizeof(ext));
}

static int set_authority_key_id(mbedtls_x509write_cert *crt, const struct kith_key *key)
{
	u8 ext[4 + KEY_ID_LEN] = {
		MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE, 2 + KEY_ID_LEN,
		MBEDTLS_ASN1_CONTEXT_SPECIFIC, KEY_ID_LEN,
	};
	int err = key_id(key, ext + 4);

	if (err)
		return err;
	return set_extension(crt, MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER, ext, sizeof(ext));
}

static int set_extended_usage(mbedtls_x509write_cert *crt)
{
	mbedtls_asn1_sequence client = {
		.buf = {MBEDTLS_ASN1_OID, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH),
			(unsigned char *)MBEDTLS_OID_CLIENT_AUTH},
	};
	mbedtls_asn1_sequence server = {
		.buf = {MBEDTLS_ASN1_OID, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH),
			(unsigned char *)MBEDTLS_OID_SERVER_AUTH},
		.next = &client,
	};

	return kith_errno(mbedtls_x509write_crt_set_ext_key_usage(crt, &server));
}

#define CA_NAME_MAX (sizeof(CA_SUBJECT) + 2 * SERIAL_MAX)

/* CAs differ in name by their serial number, which names no host. */
static int ca_name(const u8 *serial, size_t len, char out[CA_NAME_MAX])
{
	while (len && !*serial) {
		serial++;
		len--;
	}
	if (!len || len > SERIAL_MAX)
		return -EINVAL;
	memcpy(out, CA_SUBJECT, sizeof(CA_SUBJECT));
	for (; len; len--, serial++)
		snprintf(out + strlen(out), 3, "%02x", *serial);
	return 0;
}

/* What CA and SVID have in common. */
static int set_common(mbedtls_x509write_cert *crt, const struct kith_key *issuer,
		      const struct kith_key *subject, const char *uri,
		      const struct kith_validity *v)
{
	mbedtls_x509_san_list san;
	int err;

	uri_name(&san, uri);
	mbedtls_x509write_crt_set_version(crt, MBEDTLS_X509_CRT_VERSION_3);
	mbedtls_x509write_crt_set_md_alg(crt, MBEDTLS_MD_SHA256);
	mbedtls_x509write_crt_set_issuer_key(crt, kith_key_pk(issuer));
	mbedtls_x509write_crt_set_subject_key(crt, kith_key_pk(subject));
	err = set_serial(crt, v->serial, v->serial_len);
	if (!err)
		err = set_validity(crt, v);
	if (!err)
		err = set_subject_key_id(crt, subject);
	if (!err)
		err = set_authority_key_id(crt, issuer);
	if (!err)
		err = kith_errno(mbedtls_x509write_crt_set_subject_alternative_name(crt, &san));
	return err;
}

static int set_usage(mbedtls_x509write_cert *crt, unsigned int usage)
{
	return kith_errno(mbedtls_x509write_crt_set_key_usage(crt, usage));
}

static int set_names(mbedtls_x509write_cert *crt, const char *issuer, const char *subject)
{
	int ret = mbedtls_x509write_crt_set_issuer_name(crt, issuer);

	if (!ret)
		ret = mbedtls_x509write_crt_set_subject_name(crt, subject);
	return kith_errno(ret);
}

static int finish(mbedtls_x509write_cert *crt, int err, u8 *der, size_t size)
{
	int ret = 0;

	if (!err)
		ret = mbedtls_x509write_crt_der(crt, der, size, fill_random, NULL);
	mbedtls_x509write_crt_free(crt);
	return err ? err : to_front(ret, der, size);
}

int kith_ca_build(const struct kith_key *key, const char *trust_domain,
		  const struct kith_validity *v, u8 *der, size_t size)
{
	char uri[sizeof("spiffe://") + KITH_TRUST_DOMAIN_MAX];
	char name[CA_NAME_MAX];
	mbedtls_x509write_cert crt;
	struct kith_mem_scope scope;
	size_t len = strnlen(trust_domain, KITH_TRUST_DOMAIN_MAX + 1);
	int err;

	if (kith_trust_domain_check(trust_domain, len) ||
	    ca_name(v->serial, v->serial_len, name))
		return -EINVAL;
	snprintf(uri, sizeof(uri), "spiffe://%s", trust_domain);
	if (size < KITH_DER_ROOM + strlen(uri))
		return -EMSGSIZE;
	kith_mem_begin(&scope);
	mbedtls_x509write_crt_init(&crt);
	err = set_common(&crt, key, key, uri, v);
	if (!err)
		err = set_names(&crt, name, name);
	if (!err)
		err = kith_errno(mbedtls_x509write_crt_set_basic_constraints(&crt, 1, 0));
	if (!err)
		err = set_usage(&crt, MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN);
	return kith_mem_end(&scope, finish(&crt, err, der, size));
}

/* The CA must be this key's, of the ID's trust domain, and outlive the SVID. */
static int check_ca(const struct kith_key *ca_key, const struct kith_certs *ca,
		    const struct kith_spiffe_id *id, const struct kith_validity *v)
{
	const mbedtls_x509_crt *crt = &ca->first;

	if (!kith_certs_match_key(ca, ca_key) || !crt->ca_istrue ||
	    !kith_svid_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN))
		return -EINVAL;
	if (!crt->subject_alt_names.buf.p ||
	    !kith_svid_signer_ok(crt, id->trust_domain, id->trust_domain_len))
		return -EINVAL;
	if (v->not_before < kith_seconds(&crt->valid_from) ||
	    v->not_after > kith_seconds(&crt->valid_to))
		return -EINVAL;
	return 0;
}

int kith_svid_build(const struct kith_key *ca_key, const struct kith_certs *ca,
		    const struct kith_key *subject, const char *spiffe_id,
		    const struct kith_validity *v, u8 *der, size_t size)
{
	mbedtls_x509write_cert crt;
	struct kith_mem_scope scope;
	struct kith_spiffe_id id;
	char name[CA_NAME_MAX];
	int err;

	if (check_workload_id(spiffe_id, &id) || check_ca(ca_key, ca, &id, v) ||
	    ca_name(ca->first.serial.p, ca->first.serial.len, name))
		return -EINVAL;
	if (size < KITH_DER_ROOM + strlen(spiffe_id))
		return -EMSGSIZE;
	kith_mem_begin(&scope);
	mbedtls_x509write_crt_init(&crt);
	err = set_common(&crt, ca_key, subject, spiffe_id, v);
	if (!err)
		err = set_names(&crt, name, SUBJECT);
	if (!err)
		err = kith_errno(mbedtls_x509write_crt_set_basic_constraints(&crt, 0, -1));
	if (!err)
		err = set_usage(&crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
	if (!err)
		err = set_extended_usage(&crt);
	return kith_mem_end(&scope, finish(&crt, err, der, size));
}
