// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include "kith.h"
#include "policy/policy.h"
#include "policy_cmd.h"
#include "report/policy.h"

json_t *kith_policy_examine(const char *const *paths, size_t n, bool *good)
{
	struct kith_policy_set *set = kith_policy_load(paths, n);
	struct kith_policy_table *table = kith_policy_compile(set);
	json_t *report = kith_report_policy(set, table, good);

	kith_policy_table_free(table);
	kith_policy_free(set);
	return report;
}

static void print_diag(const json_t *diag)
{
	const char *object = kith_text_or_empty(diag, "object");

	fprintf(stderr, "%s:%lld:%lld: %s: %s%s%s (%s)\n", kith_text(diag, "file"),
		(long long)json_integer_value(json_object_get(diag, "line")),
		(long long)json_integer_value(json_object_get(diag, "column")),
		kith_text(diag, "severity"), object, *object ? ": " : "",
		kith_text(diag, "message"), kith_text(diag, "remedy"));
}

static void print_test(const json_t *test, bool verbose)
{
	bool passed = json_is_true(json_object_get(test, "passed"));
	const json_t *got = json_object_get(test, "got");

	if (passed && !verbose)
		return;
	printf("%s  %s:%lld: %s: %s", passed ? "pass" : "FAIL", kith_text(test, "file"),
	       (long long)json_integer_value(json_object_get(test, "line")),
	       kith_text(test, "test"), kith_text(test, "case"));
	if (!passed)
		printf(": expected %s, got %s: %s", kith_text(test, "expected"),
		       kith_text(got, "verdict"), kith_text(got, "why"));
	putchar('\n');
}

void kith_policy_print_report(const json_t *report, bool verbose)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(report, "diagnostics"), i, item)
		print_diag(item);
	json_array_foreach(json_object_get(report, "tests"), i, item)
		print_test(item, verbose);
}

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static size_t count_failed(const json_t *report)
{
	const json_t *test;
	size_t i, failed = 0;

	json_array_foreach(json_object_get(report, "tests"), i, test)
		failed += !json_is_true(json_object_get(test, "passed"));
	return failed;
}

static int examine(const struct kith_options *options, const char *const *paths, size_t n,
		   bool tests)
{
	json_t *report;
	bool good;

	report = kith_policy_examine(paths, n, &good);
	if (!tests) {
		good = number(report, "errors") == 0;
		json_object_del(report, "tests");
	}
	if (options->json) {
		kith_print_json(report);
	} else {
		kith_policy_print_report(report, tests);
		printf("%lld workloads, %lld policies, %lld rules: %lld errors, %lld warnings",
		       number(report, "workloads"), number(report, "policies"),
		       number(report, "rules"), number(report, "errors"),
		       number(report, "warnings"));
		if (tests)
			printf("; %zu tests, %zu failed",
			       json_array_size(json_object_get(report, "tests")),
			       count_failed(report));
		putchar('\n');
	}
	json_decref(report);
	return good ? KITH_EXIT_OK : KITH_EXIT_FAILED;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "apply") && argc <= 3)
		return kith_policy_apply(options, argc == 3 ? argv[2] : NULL);
	if (argc < 3)
		return kith_usage(&kith_command_policy,
				  "expected check, test or apply, and files or directories");
	if (!strcmp(verb, "check"))
		return examine(options, (const char *const *)argv + 2, (size_t)argc - 2, false);
	if (!strcmp(verb, "test"))
		return examine(options, (const char *const *)argv + 2, (size_t)argc - 2, true);
	return kith_usage(&kith_command_policy, "unknown: \"%s\"", verb);
}

const struct kith_command kith_command_policy = {
	.name = "policy",
	.summary = "check, test and apply policy",
	.help = "policy check DIR|FILE…\n"
		"       kith policy test DIR|FILE…\n"
		"       kith policy apply [DIR]\n"
		"\n"
		"check  reads the files and says what is wrong, with file, line and column\n"
		"test   checks, then runs the PolicyTest documents\n"
		"apply  checks and tests, puts DIR's *.yaml in the place of kithd's policy\n"
		"       directory and has kithd put them in force; without DIR kithd reads its\n"
		"       directory again. Any error leaves the old policy in force. For root.\n"
		"\n"
		"Exit status: 1 when something is wrong.",
	.run = run,
};
