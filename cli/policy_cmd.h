/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of `kith policy` share. */
#ifndef KITH_CLI_POLICY_CMD_H
#define KITH_CLI_POLICY_CMD_H

#include "kith.h"

/* Prints diagnostics and failed tests of a report that kith_report_policy()
 * made; with @verbose the tests that passed too. */
void kith_policy_print_report(const json_t *report, bool verbose);

/* `kith policy apply` */
int kith_policy_apply(const struct kith_options *options, const char *directory);

/* Checks files and directories and runs their tests: a report (a new
 * reference); @good: no errors and every test passed. */
json_t *kith_policy_examine(const char *const *paths, size_t n, bool *good);

#endif
