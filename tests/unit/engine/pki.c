// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <linux/err.h>

#include "pki.h"

EVP_PKEY *pki_key(const char *type)
{
	EVP_PKEY *key = !strcmp(type, "RSA") ? EVP_RSA_gen(2048) : EVP_EC_gen(type);

	assert_non_null(key);
	return key;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension;

	if (!value || !*value)
		return;
	extension = X509V3_EXT_nconf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *text)
{
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const u8 *)text, -1, -1, 0);
}

static void set_serial(X509 *cert)
{
	u8 bytes[16];
	BIGNUM *number;

	RAND_bytes(bytes, sizeof(bytes));
	number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
}

X509 *pki_issue(const struct cert_spec *spec, EVP_PKEY *subject, const struct ca *issuer)
{
	X509 *cert = X509_new();
	long from = spec->from, to = spec->to;

	if (!from && !to) {
		from = -HOUR;
		to = HOUR;
	}
	X509_set_version(cert, X509_VERSION_3);
	set_serial(cert);
	set_name(X509_get_subject_name(cert), spec->name ? spec->name : "test");
	X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert ? issuer->cert : cert));
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), to);
	X509_set_pubkey(cert, subject);
	add_extension(cert, NID_subject_alt_name, spec->san);
	add_extension(cert, NID_key_usage, spec->usage ? spec->usage : "critical,digitalSignature");
	add_extension(cert, NID_ext_key_usage, spec->extended);
	add_extension(cert, NID_basic_constraints,
		      spec->constraints ? spec->constraints : "critical,CA:FALSE");
	assert_true(X509_sign(cert, issuer->key, spec->md ? spec->md : EVP_sha256()) > 0);
	return cert;
}

struct ca pki_root(const char *trust_domain, const char *type)
{
	struct ca ca = { .key = pki_key(type) };
	char san[300], name[300];
	struct cert_spec spec = {
		.san = san,
		.usage = CA_USAGE,
		.constraints = CA_CONSTRAINTS,
		.name = name,
		.from = -10 * HOUR,
		.to = 10 * HOUR,
		.md = strcmp(type, "P-384") ? EVP_sha256() : EVP_sha384(),
	};

	snprintf(san, sizeof(san), "URI:spiffe://%s", trust_domain);
	snprintf(name, sizeof(name), "root %.50s", trust_domain);
	ca.cert = pki_issue(&spec, ca.key, &ca);
	return ca;
}

struct ca pki_intermediate(const struct cert_spec *spec, const struct ca *issuer)
{
	struct cert_spec full = *spec;
	struct ca ca = { .key = pki_key("P-256") };

	if (!full.usage)
		full.usage = CA_USAGE;
	if (!full.constraints)
		full.constraints = CA_CONSTRAINTS;
	if (!full.name)
		full.name = "intermediate";
	ca.cert = pki_issue(&full, ca.key, issuer);
	return ca;
}

void pki_ca_free(struct ca *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
}

struct kith_certs *pki_certs(X509 *const certs[])
{
	u8 *der[8] = {};
	size_t len[8] = {};
	unsigned int count;
	struct kith_certs *parsed;

	for (count = 0; certs[count]; count++) {
		int n = i2d_X509(certs[count], &der[count]);

		assert_true(n > 0);
		len[count] = n;
	}
	parsed = kith_certs_parse((const u8 *const *)der, len, count);
	while (count--)
		OPENSSL_free(der[count]);
	assert_false(IS_ERR(parsed));
	return parsed;
}

struct kith_certs *pki_bundle(const struct ca *ca)
{
	return pki_certs((X509 *const[]){ ca->cert, NULL });
}

EVP_PKEY *pki_public(const struct kith_key *key)
{
	u8 der[1024];
	const u8 *p = der;
	int len = kith_csr_build(key, "spiffe://any.example/one", der, sizeof(der));
	X509_REQ *request;
	EVP_PKEY *public;

	assert_true(len > 0);
	request = d2i_X509_REQ(NULL, &p, len);
	assert_non_null(request);
	public = X509_REQ_get_pubkey(request);
	X509_REQ_free(request);
	assert_non_null(public);
	return public;
}

X509 *pki_parse(const u8 *der, int len)
{
	const u8 *p = der;
	X509 *cert = d2i_X509(NULL, &p, len);

	assert_non_null(cert);
	assert_ptr_equal(p, der + len);
	return cert;
}
