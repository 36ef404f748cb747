// SPDX-License-Identifier: Apache-2.0
/* Every MUST of the SPIFFE-ID specification, section 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spiffe_id.h"

/* Parses a copy that ends exactly where the text does, so that a read beyond
 * it is seen by the sanitiser.
 */
static enum kith_spiffe_fault parse_n(const char *text, size_t len)
{
	char *copy = malloc(len ? len : 1);
	enum kith_spiffe_fault fault;
	struct kith_spiffe_id id;

	assert_non_null(copy);
	memcpy(copy, text, len);
	fault = kith_spiffe_id_parse(copy, len, &id);
	free(copy);
	return fault;
}

static enum kith_spiffe_fault parse(const char *text)
{
	return parse_n(text, strlen(text));
}

static void splits_trust_domain_and_path(void **state)
{
	const char *text = "spiffe://shop.example/orders/api";
	struct kith_spiffe_id id;

	assert_int_equal(kith_spiffe_id_parse(text, strlen(text), &id), KITH_SPIFFE_OK);
	assert_int_equal(id.trust_domain_len, strlen("shop.example"));
	assert_memory_equal(id.trust_domain, "shop.example", id.trust_domain_len);
	assert_int_equal(id.path_len, strlen("/orders/api"));
	assert_memory_equal(id.path, "/orders/api", id.path_len);
	assert_true(kith_spiffe_id_in(&id, "shop.example", 12));
	assert_false(kith_spiffe_id_in(&id, "shop.exampl", 11));
	assert_false(kith_spiffe_id_in(&id, "shop.examplf", 12));
}

static void trust_domain_alone_has_no_path(void **state)
{
	struct kith_spiffe_id id;

	assert_int_equal(kith_spiffe_id_parse("spiffe://a", 10, &id), KITH_SPIFFE_OK);
	assert_int_equal(id.path_len, 0);
}

static void scheme_must_be_spiffe(void **state)
{
	static const char *const wrong[] = {
		"",
		"s",
		"spiffe",
		"spiffe:",
		"spiffe:/",
		"http://a/b",
		"SPIFFE://a/b",
		"Spiffe://a/b",
		"spiffe:a/b",
		" spiffe://a/b",
		"spiffes://a/b",
		"//a/b",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(wrong[i]), KITH_SPIFFE_SCHEME);
}

static void trust_domain_must_not_be_empty(void **state)
{
	assert_int_equal(parse("spiffe://"), KITH_SPIFFE_NO_TRUST_DOMAIN);
	assert_int_equal(parse("spiffe:///path"), KITH_SPIFFE_NO_TRUST_DOMAIN);
}

/* Sets byte @at of @text to each of the 256 values and expects exactly the
 * letters of @allowed to pass.
 */
static void only_these_pass(const char *text, size_t at, const char *allowed,
			    enum kith_spiffe_fault otherwise)
{
	char copy[64];
	size_t len = strlen(text);

	assert_true(len < sizeof(copy));
	memcpy(copy, text, len);
	for (int c = 0; c < 256; c++) {
		copy[at] = (char)c;
		if (c && strchr(allowed, c))
			assert_int_equal(parse_n(copy, len), KITH_SPIFFE_OK);
		else
			assert_int_not_equal(parse_n(copy, len), KITH_SPIFFE_OK);
		if (c == 0 || c == '%' || c == ':' || c == '@' || c == '?' || c == '#')
			assert_int_equal(parse_n(copy, len), otherwise);
	}
}

#define LOWER_DIGIT "abcdefghijklmnopqrstuvwxyz0123456789"
#define UPPER	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void trust_domain_charset(void **state)
{
	/* A slash in its place makes a valid ID of another trust domain. */
	only_these_pass("spiffe://aXb/path", 10, LOWER_DIGIT ".-_/", KITH_SPIFFE_TRUST_DOMAIN_CHAR);
}

static void trust_domain_must_hold_no_port_or_userinfo(void **state)
{
	assert_int_equal(parse("spiffe://a:8080/b"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
	assert_int_equal(parse("spiffe://u@a/b"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
	assert_int_equal(parse("spiffe://u:p@a/b"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
}

static void trust_domain_length(void **state)
{
	char text[9 + KITH_TRUST_DOMAIN_MAX + 1 + 2];

	memset(text, 'a', sizeof(text));
	memcpy(text, "spiffe://", 9);
	assert_int_equal(parse_n(text, 9 + KITH_TRUST_DOMAIN_MAX), KITH_SPIFFE_OK);
	assert_int_equal(parse_n(text, 9 + KITH_TRUST_DOMAIN_MAX + 1),
			 KITH_SPIFFE_TRUST_DOMAIN_TOO_LONG);
	assert_int_equal(kith_trust_domain_check(text + 9, KITH_TRUST_DOMAIN_MAX), KITH_SPIFFE_OK);
	assert_int_equal(kith_trust_domain_check(text + 9, KITH_TRUST_DOMAIN_MAX + 1),
			 KITH_SPIFFE_TRUST_DOMAIN_TOO_LONG);
}

static void path_charset(void **state)
{
	only_these_pass("spiffe://a/bXc", 12, LOWER_DIGIT UPPER ".-_/", KITH_SPIFFE_PATH_CHAR);
}

static void no_query_or_fragment(void **state)
{
	assert_int_equal(parse("spiffe://a/b?c"), KITH_SPIFFE_PATH_CHAR);
	assert_int_equal(parse("spiffe://a/b#c"), KITH_SPIFFE_PATH_CHAR);
	assert_int_equal(parse("spiffe://a?c"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
	assert_int_equal(parse("spiffe://a#c"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
}

static void no_percent_encoding(void **state)
{
	assert_int_equal(parse("spiffe://a/%62"), KITH_SPIFFE_PATH_CHAR);
	assert_int_equal(parse("spiffe://%61/b"), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
}

static void no_empty_segment(void **state)
{
	assert_int_equal(parse("spiffe://a//b"), KITH_SPIFFE_EMPTY_SEGMENT);
	assert_int_equal(parse("spiffe://a/b//c"), KITH_SPIFFE_EMPTY_SEGMENT);
}

static void no_trailing_slash(void **state)
{
	assert_int_equal(parse("spiffe://a/"), KITH_SPIFFE_TRAILING_SLASH);
	assert_int_equal(parse("spiffe://a/b/"), KITH_SPIFFE_TRAILING_SLASH);
	assert_int_equal(parse("spiffe://a//"), KITH_SPIFFE_TRAILING_SLASH);
}

static void no_dot_segment(void **state)
{
	assert_int_equal(parse("spiffe://a/."), KITH_SPIFFE_DOT_SEGMENT);
	assert_int_equal(parse("spiffe://a/.."), KITH_SPIFFE_DOT_SEGMENT);
	assert_int_equal(parse("spiffe://a/b/../c"), KITH_SPIFFE_DOT_SEGMENT);
	assert_int_equal(parse("spiffe://a/./c"), KITH_SPIFFE_DOT_SEGMENT);
	assert_int_equal(parse("spiffe://a/.../.b/c."), KITH_SPIFFE_OK);
}

static void total_length(void **state)
{
	char text[KITH_SPIFFE_ID_MAX + 1];

	memset(text, 'a', sizeof(text));
	memcpy(text, "spiffe://a/", 11);
	assert_int_equal(parse_n(text, KITH_SPIFFE_ID_MAX), KITH_SPIFFE_OK);
	assert_int_equal(parse_n(text, KITH_SPIFFE_ID_MAX + 1), KITH_SPIFFE_TOO_LONG);
}

static void a_nul_does_not_end_it(void **state)
{
	assert_int_equal(parse_n("spiffe://a/b\0c", 14), KITH_SPIFFE_PATH_CHAR);
	assert_int_equal(parse_n("spiffe://a\0/b", 13), KITH_SPIFFE_TRUST_DOMAIN_CHAR);
	assert_int_equal(parse_n("spiffe://a/b\0", 13), KITH_SPIFFE_PATH_CHAR);
}

static void a_fault_leaves_the_result_alone(void **state)
{
	struct kith_spiffe_id id = { .path_len = 77 };

	assert_int_not_equal(kith_spiffe_id_parse("spiffe://a/", 11, &id), KITH_SPIFFE_OK);
	assert_int_equal(id.path_len, 77);
}

static void every_fault_has_a_text(void **state)
{
	for (int i = KITH_SPIFFE_OK; i <= KITH_SPIFFE_TRAILING_SLASH; i++)
		assert_string_not_equal(kith_spiffe_fault_text(i), "unknown fault");
	assert_string_equal(kith_spiffe_fault_text(KITH_SPIFFE_TRAILING_SLASH + 1),
			    "unknown fault");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_trust_domain_and_path),
		cmocka_unit_test(trust_domain_alone_has_no_path),
		cmocka_unit_test(scheme_must_be_spiffe),
		cmocka_unit_test(trust_domain_must_not_be_empty),
		cmocka_unit_test(trust_domain_charset),
		cmocka_unit_test(trust_domain_must_hold_no_port_or_userinfo),
		cmocka_unit_test(trust_domain_length),
		cmocka_unit_test(path_charset),
		cmocka_unit_test(no_query_or_fragment),
		cmocka_unit_test(no_percent_encoding),
		cmocka_unit_test(no_empty_segment),
		cmocka_unit_test(no_trailing_slash),
		cmocka_unit_test(no_dot_segment),
		cmocka_unit_test(total_length),
		cmocka_unit_test(a_nul_does_not_end_it),
		cmocka_unit_test(a_fault_leaves_the_result_alone),
		cmocka_unit_test(every_fault_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
