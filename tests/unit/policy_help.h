/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of policy share. */
#ifndef KITH_TESTS_UNIT_POLICY_HELP_H
#define KITH_TESTS_UNIT_POLICY_HELP_H

#include "unit.h"

#include "policy/policy.h"

/* A set from a text in which nothing may be wrong. */
static inline struct kith_policy_set *load_good(const char *text)
{
	struct kith_policy_set *set = kith_policy_load_text("f.yaml", text, strlen(text));
	size_t i;

	if (!set->n_errors)
		return set;
	for (i = 0; i < set->n_diags; i++)
		kith_policy_print_diag(stderr, &set->diags[i]);
	kith_policy_free(set);
	fail_msg("the test's own policy is wrong:\n%s", text);
	return NULL;
}

static inline struct kith_policy_table *compile_good(const char *text)
{
	struct kith_policy_set *set = load_good(text);
	struct kith_policy_table *table = kith_policy_compile(set);

	kith_policy_free(set);
	assert_non_null(table);
	return table;
}

#endif
