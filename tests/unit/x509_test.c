// SPDX-License-Identifier: Apache-2.0
/* Reading and writing certificates. */
#include "base/base.h"
#include "kernel_double.h"
#include "unit.h"
#include "x509/x509.h"

static struct kith_blob certificate(uint8_t der[KITH_CERT_MAX])
{
	return (struct kith_blob){ der, double_certificate(der, 1700000000, 1800000000) };
}

static int read_text(const char *text, struct kith_x509_list *list, const char **why)
{
	return kith_x509_read(text, strlen(text), 4, list, why);
}

static void there_and_back(void **state)
{
	uint8_t one[KITH_CERT_MAX], two[KITH_CERT_MAX];
	struct kith_blob a = certificate(one), b = certificate(two);
	struct kith_x509_list list = { 0 };
	struct kith_x509_facts facts;
	const char *why;
	char *pem, *again;

	assert_true(kith_x509_add(&list, &a));
	assert_true(kith_x509_add(&list, &b));
	assert_false(kith_x509_add(&list, &a));
	pem = kith_x509_list_pem(&list);
	kith_x509_clear(&list);
	assert_int_equal(read_text(pem, &list, &why), 0);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.certs[1].size, b.size);
	assert_memory_equal(list.certs[1].data, b.data, b.size);
	again = kith_x509_list_pem(&list);
	assert_string_equal(pem, again);
	assert_int_equal(kith_x509_facts(&list.certs[0], &facts), 0);
	assert_int_equal(facts.not_before, 1700000000);
	assert_int_equal(facts.not_after, 1800000000);
	assert_string_equal(facts.subject, "/CN=double");
	kith_x509_clear(&list);
	free(again);
	free(pem);
}

static void der_is_read_too(void **state)
{
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob a = certificate(der);
	struct kith_x509_list list = { 0 };
	const char *why;

	assert_int_equal(kith_x509_read((const char *)der, a.size, 4, &list, &why), 0);
	assert_int_equal(list.n, 1);
	/* A byte behind it, or one missing, spoils it. */
	assert_int_not_equal(kith_x509_read((const char *)der, a.size - 1, 4, &list, &why), 0);
	der[a.size] = 0;
	assert_int_not_equal(kith_x509_read((const char *)der, a.size + 1, 4, &list, &why), 0);
	kith_x509_clear(&list);
}

static void refuses(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "no certificate" },
		{ "hello\n", "no certificate" },
		{ "-----BEGIN CERTIFICATE-----\n", "damaged" },
		{ "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "damaged" },
		{ "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		  "not an X.509 certificate" },
		{ "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
		  "private key" },
		{ "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
		  "something other" },
	};
	struct kith_x509_list list = { 0 };
	const char *why = "";
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		assert_int_not_equal(read_text(cases[i].text, &list, &why), 0);
		if (!strstr(why, cases[i].why))
			fail_msg("case %zu: %s", i, why);
	}
	assert_int_equal(list.n, 0);
	kith_x509_clear(&list);
}

/* A good certificate before a damaged one does not make the file good. */
static void damaged_second(void **state)
{
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob a = certificate(der);
	struct kith_x509_list list = { 0 };
	char *pem = kith_x509_pem(&a), *text = kith_format("%s%.60s", pem, pem);
	const char *why;

	assert_int_not_equal(read_text(text, &list, &why), 0);
	kith_x509_clear(&list);
	free(text);
	free(pem);
}

static void too_many(void **state)
{
	struct kith_x509_list list = { 0 };
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob a;
	const char *why;
	char *pem;
	int i;

	for (i = 0; i < 5; i++) {
		a = certificate(der);
		pem = kith_x509_pem(&a);
		assert_int_equal(read_text(pem, &list, &why) == 0, i < 4);
		free(pem);
	}
	assert_int_equal(list.n, 4);
	kith_x509_clear(&list);
}

static void serials_are_positive_and_differ(void **state)
{
	uint8_t a[16], b[16];
	int i;

	for (i = 0; i < 1000; i++) {
		assert_int_equal(kith_x509_serial(a), 0);
		assert_int_equal(kith_x509_serial(b), 0);
		assert_true(a[0] > 0 && a[0] < 0x80);
		assert_memory_not_equal(a, b, sizeof(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back), cmocka_unit_test(der_is_read_too),
		cmocka_unit_test(refuses),	  cmocka_unit_test(damaged_second),
		cmocka_unit_test(too_many),	  cmocka_unit_test(serials_are_positive_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
