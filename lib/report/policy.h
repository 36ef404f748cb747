/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy library says as JSON, for the agent and the command line. */
#ifndef KITH_LIB_REPORT_POLICY_H
#define KITH_LIB_REPORT_POLICY_H

#include <jansson.h>
#include "policy/policy.h"

/* Each returns a new reference. */
json_t *kith_report_diag(const struct kith_policy_diag *diag);
json_t *kith_report_explanation(const struct kith_policy_explanation *explanation);
json_t *kith_report_opening(const struct kith_policy_opening *opening);
json_t *kith_report_test(const struct kith_policy_test_result *result);

/**
 * kith_report_policy() - {"diagnostics": […], "tests": […], "workloads": N, …}
 * @table: NULL when the set has errors
 * @good: filled: no errors, and every test passed
 */
json_t *kith_report_policy(const struct kith_policy_set *set, const struct kith_policy_table *table,
			   bool *good);

#endif
