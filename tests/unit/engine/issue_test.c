// SPDX-License-Identifier: Apache-2.0
/* What the engine signs, read by OpenSSL and by the engine itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/x509v3.h>

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "handshake/memory.h"
#include "world.h"

static struct kith_key *ca_key, *subject;
static struct kith_certs *ca;
static struct kith_validity ca_validity;
static const u8 serial[] = { 0x01, 0x23, 0x45, 0x67 };

static struct kith_validity around_now(void)
{
	const time_t now = time(NULL);

	return (struct kith_validity){ now - 600, now + 600, serial, sizeof(serial) };
}

static struct kith_certs *parse_one(const u8 *der, int len)
{
	const size_t size = len;
	struct kith_certs *certs;

	assert_true(len > 0);
	certs = kith_certs_parse(&der, &size, 1);
	assert_false(IS_ERR(certs));
	return certs;
}

static int start(void **state)
{
	struct kith_validity v = around_now();
	u8 der[1024];

	v.not_before -= 3000;
	v.not_after += 3000;
	ca_validity = v;

	assert_int_equal(kith_engine_init(), 0);
	ca_key = kith_key_new();
	subject = kith_key_new();
	assert_false(IS_ERR(ca_key) || IS_ERR(subject));
	ca = parse_one(der, kith_ca_build(ca_key, TRUST_DOMAIN, &v, der, sizeof(der)));
	return 0;
}

static int stop(void **state)
{
	kith_certs_put(ca);
	kith_key_free(ca_key);
	kith_key_free(subject);
	kith_engine_exit();
	return 0;
}

static int build_svid(const char *id, const struct kith_validity *v, u8 *der, size_t size)
{
	return kith_svid_build(ca_key, ca, subject, id, v, der, size);
}

/* The one URI of a SAN extension. */
static void assert_one_uri(GENERAL_NAMES *names, const char *uri)
{
	GENERAL_NAME *name;

	assert_non_null(names);
	assert_int_equal(sk_GENERAL_NAME_num(names), 1);
	name = sk_GENERAL_NAME_value(names, 0);
	assert_int_equal(name->type, GEN_URI);
	assert_int_equal(ASN1_STRING_length(name->d.ia5), strlen(uri));
	assert_memory_equal(ASN1_STRING_get0_data(name->d.ia5), uri, strlen(uri));
	GENERAL_NAMES_free(names);
}

static void request(void **state)
{
	u8 der[1024];
	const u8 *p = der;
	int len = kith_csr_build(subject, CLIENT_ID, der, sizeof(der));
	STACK_OF(X509_EXTENSION) * extensions;
	EVP_PKEY *key;
	X509_REQ *req;

	assert_true(len > 0);
	req = d2i_X509_REQ(NULL, &p, len);
	assert_non_null(req);
	assert_ptr_equal(p, der + len);
	key = X509_REQ_get_pubkey(req);
	assert_int_equal(X509_REQ_verify(req, key), 1);
	assert_int_equal(EVP_PKEY_get_bits(key), 256);
	extensions = X509_REQ_get_extensions(req);
	assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
	assert_one_uri(X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL), CLIENT_ID);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	EVP_PKEY_free(key);
	X509_REQ_free(req);
}

static void request_for_no_workload(void **state)
{
	static const char *const wrong[] = {
		"",
		"shop.example",
		"spiffe://shop.example",
		"spiffe://shop.example/",
		"spiffe://shop.example/a b",
		"https://shop.example/web",
	};
	u8 der[1024];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(kith_csr_build(subject, wrong[i], der, sizeof(der)), -EINVAL);
}

static void buffer_too_small(void **state)
{
	const struct kith_validity v = around_now();
	const size_t enough = KITH_DER_ROOM + strlen(CLIENT_ID);
	u8 der[KITH_DER_ROOM + sizeof(CLIENT_ID)];

	for (size_t size = 0; size < enough; size++) {
		assert_int_equal(kith_csr_build(subject, CLIENT_ID, der, size), -EMSGSIZE);
		assert_int_equal(build_svid(CLIENT_ID, &v, der, size), -EMSGSIZE);
	}
	assert_true(kith_csr_build(subject, CLIENT_ID, der, enough) > 0);
	assert_true(build_svid(CLIENT_ID, &v, der, enough) > 0);
}

static X509 *openssl_of(const struct kith_certs *certs)
{
	size_t len;
	const u8 *der = kith_certs_der(certs, 0, &len);

	return pki_parse(der, len);
}

static void authority(void **state)
{
	X509 *cert = openssl_of(ca);

	assert_int_equal(X509_get_version(cert), X509_VERSION_3);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	assert_int_equal(X509_check_ca(cert), 1);
	assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_int_equal(X509_get_pathlen(cert), 0);
	assert_one_uri(X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL),
		       "spiffe://" TRUST_DOMAIN);
	assert_non_null(X509_get0_subject_key_id(cert));
	assert_non_null(X509_get0_authority_key_id(cert));
	assert_true(kith_certs_match_key(ca, ca_key));
	X509_free(cert);
}

static void assert_critical(X509 *cert, int nid, int expected)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	assert_true(at >= 0);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(cert, at)), expected);
}

/* Every extension the X509-SVID specification speaks of, as it wants it. */
static void svid(void **state)
{
	const struct kith_validity v = around_now();
	struct kith_svid_facts facts;
	enum kith_reason reason;
	struct kith_certs *certs;
	u8 der[1024];
	X509 *cert;

	certs = parse_one(der, build_svid(CLIENT_ID, &v, der, sizeof(der)));
	assert_int_equal(kith_certs_svid(certs, &facts, &reason), 0);
	assert_string_equal(facts.spiffe_id, CLIENT_ID);
	assert_int_equal(facts.not_before, v.not_before);
	assert_int_equal(facts.not_after, v.not_after);
	assert_int_equal(facts.serial_len, sizeof(serial));
	assert_memory_equal(facts.serial, serial, sizeof(serial));
	assert_true(kith_certs_match_key(certs, subject));
	assert_false(kith_certs_match_key(certs, ca_key));
	assert_true(kith_certs_sendable(certs));

	cert = openssl_of(certs);
	assert_int_equal(X509_get_version(cert), X509_VERSION_3);
	assert_one_uri(X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL), CLIENT_ID);
	assert_int_equal(X509_check_ca(cert), 0);
	assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
	assert_critical(cert, NID_key_usage, 1);
	assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_SERVER | XKU_SSL_CLIENT);
	X509_free(cert);
	kith_certs_put(certs);
}

/* As `openssl verify -x509_strict` does. */
static int openssl_verdict(X509 *cert, X509 *issuer, int purpose)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int verdict;

	X509_STORE_add_cert(store, issuer);
	X509_STORE_CTX_init(ctx, store, cert, NULL);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_verify_cert(ctx);
	verdict = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return verdict;
}

static void openssl_verifies(void **state)
{
	const struct kith_validity v = around_now();
	X509 *issuer = openssl_of(ca), *cert;
	u8 der[1024];
	int len = build_svid(CLIENT_ID, &v, der, sizeof(der));

	assert_true(len > 0);
	cert = pki_parse(der, len);
	assert_int_equal(openssl_verdict(cert, issuer, X509_PURPOSE_SSL_SERVER), X509_V_OK);
	assert_int_equal(openssl_verdict(cert, issuer, X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	X509_free(cert);
	X509_free(issuer);
}

/* The engine's own ends connect with what it issued. */
static void issued_identities_connect(void **state)
{
	const struct kith_validity v = around_now();
	struct identity both = { .key = subject };
	struct pair *pair = pair_new();
	u8 der[1024];

	both.chain = parse_one(der, build_svid(CLIENT_ID, &v, der, sizeof(der)));
	pair->client.trust_domain = TRUST_DOMAIN;
	pair->server.trust_domain = TRUST_DOMAIN;
	pair->client.bundle = kith_certs_get(ca);
	pair->server.bundle = kith_certs_get(ca);
	pair_open(pair, &both, &both);
	pair_run(pair);
	assert_agreed(pair);
	pair_free(pair);
	kith_certs_put(both.chain);
}

static void only_within_the_authority(void **state)
{
	struct kith_validity v = around_now();
	u8 der[1024];

	assert_int_equal(build_svid("spiffe://bank.example/pay", &v, der, sizeof(der)), -EINVAL);
	assert_int_equal(build_svid("spiffe://shop.example", &v, der, sizeof(der)), -EINVAL);
	v = ca_validity;
	assert_true(build_svid(CLIENT_ID, &v, der, sizeof(der)) > 0);
	v.not_before--;
	assert_int_equal(build_svid(CLIENT_ID, &v, der, sizeof(der)), -EINVAL);
	v = ca_validity;
	v.not_after++;
	assert_int_equal(build_svid(CLIENT_ID, &v, der, sizeof(der)), -EINVAL);
	v = around_now();
	v.not_after = v.not_before;
	assert_int_equal(build_svid(CLIENT_ID, &v, der, sizeof(der)), -EINVAL);
}

static void only_with_the_authoritys_key(void **state)
{
	const struct kith_validity v = around_now();
	u8 der[1024];
	struct kith_certs *leaf;

	assert_int_equal(kith_svid_build(subject, ca, subject, CLIENT_ID, &v, der, sizeof(der)),
			 -EINVAL);
	leaf = parse_one(der, build_svid(CLIENT_ID, &v, der, sizeof(der)));
	assert_int_equal(kith_svid_build(subject, leaf, subject, CLIENT_ID, &v, der, sizeof(der)),
			 -EINVAL);
	kith_certs_put(leaf);
}

static void serial_numbers(void **state)
{
	static const u8 zero[20], small[] = { 0, 0, 7 }, high[] = { 0x80 }, longest[20] = { 0x7f },
				  negative[20] = { 0x80 }, too_long[21] = { 1 };
	const struct {
		const u8 *serial;
		size_t len;
		bool good;
	} cases[] = {
		{ zero, 0, false },	 { zero, 20, false },	{ small, 3, true },
		{ high, 1, true },	 { longest, 20, true }, { negative, 20, false },
		{ too_long, 21, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kith_validity v = around_now();
		u8 der[1024];
		int len;

		v.serial = cases[i].serial;
		v.serial_len = cases[i].len;
		len = build_svid(CLIENT_ID, &v, der, sizeof(der));
		assert_true(len < (int)(KITH_DER_ROOM + strlen(CLIENT_ID)));
		if (!cases[i].good) {
			assert_int_equal(len, -EINVAL);
			assert_int_equal(kith_ca_build(ca_key, TRUST_DOMAIN, &v, der, sizeof(der)),
					 -EINVAL);
			continue;
		}
		X509 *cert = pki_parse(der, len);
		BIGNUM *told = ASN1_INTEGER_to_BN(X509_get_serialNumber(cert), NULL);
		BIGNUM *meant = BN_bin2bn(v.serial, v.serial_len, NULL);

		assert_int_equal(BN_cmp(told, meant), 0);
		BN_free(told);
		BN_free(meant);
		X509_free(cert);
	}
}

/* UTCTime ends in 2049, GeneralizedTime goes on. */
static void far_dates(void **state)
{
	const time_t far = 4102444800; /* 2100-01-01 */
	struct kith_validity v = { 946684800, far, serial, sizeof(serial) };
	u8 der[1024];
	int len = kith_ca_build(ca_key, TRUST_DOMAIN, &v, der, sizeof(der));
	X509 *cert = pki_parse(der, len);

	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notBefore(cert), 946684800), 0);
	assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), far), 0);
	X509_free(cert);
	v.not_before = -1;
	assert_int_equal(kith_ca_build(ca_key, TRUST_DOMAIN, &v, der, sizeof(der)), -EINVAL);
	v.not_before = 0;
	v.not_after = 253402300800; /* 10000-01-01 */
	assert_int_equal(kith_ca_build(ca_key, TRUST_DOMAIN, &v, der, sizeof(der)), -EINVAL);
}

static void authority_of_no_trust_domain(void **state)
{
	static const char *const wrong[] = { "", "Shop.example", "shop.example/a", "a b" };
	const struct kith_validity v = around_now();
	u8 der[1024];

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(kith_ca_build(ca_key, wrong[i], &v, der, sizeof(der)), -EINVAL);
}

static void longest_names(void **state)
{
	char name[KITH_TRUST_DOMAIN_MAX + 1], id[KITH_SPIFFE_ID_MAX + 1];
	const struct kith_validity v = around_now();
	struct kith_svid_facts facts;
	enum kith_reason reason;
	struct kith_certs *authority, *leaf;
	u8 der[4096];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	authority = parse_one(der, kith_ca_build(ca_key, name, &v, der, sizeof(der)));
	memset(id, 'p', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	memcpy(id, "spiffe://", 9);
	memcpy(id + 9, name, strlen(name));
	id[9 + strlen(name)] = '/';
	leaf = parse_one(der,
			 kith_svid_build(ca_key, authority, subject, id, &v, der, sizeof(der)));
	assert_int_equal(kith_certs_svid(leaf, &facts, &reason), 0);
	assert_string_equal(facts.spiffe_id, id);
	kith_certs_put(leaf);
	kith_certs_put(authority);
}

static void certificates_are_checked(void **state)
{
	static u8 big[KITH_CERT_MAX + 1];
	size_t len;
	const u8 *der = kith_certs_der(ca, 0, &len);
	u8 copy[1024];
	const u8 *list[] = { copy };
	const u8 *bigs[] = { big };

	assert_true(len < sizeof(copy) - 1);
	memcpy(copy, der, len);
	copy[len] = 0;
	/* Each length but the right one. */
	for (size_t n = 0; n <= len + 1; n++) {
		struct kith_certs *certs = kith_certs_parse(list, &n, 1);

		assert_int_equal(IS_ERR(certs), n != len);
		if (n != len)
			assert_int_equal(PTR_ERR(certs), -EBADMSG);
		else
			kith_certs_put(certs);
	}
	assert_int_equal(PTR_ERR(kith_certs_parse(bigs, &(size_t){ sizeof(big) }, 1)), -E2BIG);
	assert_int_equal(PTR_ERR(kith_certs_parse(NULL, NULL, 0)), -EBADMSG);
	assert_null(kith_certs_der(ca, 1, &len));
}

static void too_much_to_send(void **state)
{
	size_t len;
	const u8 *der = kith_certs_der(ca, 0, &len);
	const u8 *list[KITH_CHAIN_MAX + 1];
	size_t lens[KITH_CHAIN_MAX + 1];
	struct kith_certs *certs;

	for (int i = 0; i <= KITH_CHAIN_MAX; i++) {
		list[i] = der;
		lens[i] = len;
	}
	certs = kith_certs_parse(list, lens, KITH_CHAIN_MAX);
	assert_true(kith_certs_sendable(certs));
	kith_certs_put(certs);
	certs = kith_certs_parse(list, lens, KITH_CHAIN_MAX + 1);
	assert_false(IS_ERR(certs)); /* a bundle may be larger */
	assert_false(kith_certs_sendable(certs));
	assert_int_equal(
		PTR_ERR(kith_tls_new(&(struct kith_tls_params){ .key = subject, .chain = certs })),
		-E2BIG);
	kith_certs_put(certs);
}

/* Any allocation may fail, and then nothing else may be said of it. */
static void no_memory(void **state)
{
	const struct kith_validity v = around_now();
	const long before = kith_mem_in_use();
	int len = -ENOMEM;
	u8 der[1024];

	for (long n = 0; len == -ENOMEM; n += 1 + n / 20) {
		shim_fail_after = n;
		len = build_svid(CLIENT_ID, &v, der, sizeof(der));
		shim_fail_after = -1;
		assert_int_equal(kith_mem_in_use(), before);
	}
	assert_true(len > 0);
}

/* More than the key store has room for at first: its tables grow. */
static void many_keys(void **state)
{
	static struct kith_key *keys[1200];
	const size_t n = sizeof(keys) / sizeof(keys[0]);
	const unsigned int before = kith_key_count();

	for (size_t i = 0; i < n; i++) {
		keys[i] = kith_key_new();
		assert_false(IS_ERR(keys[i]));
	}
	assert_int_equal(kith_key_count(), before + n);
	for (size_t i = 0; i < n; i++)
		kith_key_free(keys[i]);
	assert_int_equal(kith_key_count(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request),
		cmocka_unit_test(request_for_no_workload),
		cmocka_unit_test(buffer_too_small),
		cmocka_unit_test(authority),
		cmocka_unit_test(svid),
		cmocka_unit_test(openssl_verifies),
		cmocka_unit_test(issued_identities_connect),
		cmocka_unit_test(only_within_the_authority),
		cmocka_unit_test(only_with_the_authoritys_key),
		cmocka_unit_test(serial_numbers),
		cmocka_unit_test(far_dates),
		cmocka_unit_test(authority_of_no_trust_domain),
		cmocka_unit_test(longest_names),
		cmocka_unit_test(certificates_are_checked),
		cmocka_unit_test(too_much_to_send),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
