// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <stdlib.h>
#include "report.h"

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(object, key, kith_report_text(text));
}

json_t *kith_report_diag(const struct kith_policy_diag *diag)
{
	json_t *object = json_object();

	set_text(object, "severity", diag->severity == KITH_POLICY_ERROR ? "error" : "warning");
	set_text(object, "file", diag->file);
	json_object_set_new(object, "line", json_integer(diag->line));
	json_object_set_new(object, "column", json_integer(diag->column));
	set_text(object, "object", diag->object);
	set_text(object, "message", diag->message);
	set_text(object, "remedy", diag->remedy);
	return object;
}

static json_t *side(const struct kith_policy_side *end)
{
	json_t *object = json_object();

	json_object_set_new(object, "known", json_boolean(end->known));
	if (!end->known)
		return object;
	set_text(object, "verdict", kith_policy_verdict_text(end->verdict));
	set_text(object, "rule", end->source);
	set_text(object, "policy", end->name);
	set_text(object, "pattern", end->pattern);
	return object;
}

json_t *kith_report_explanation(const struct kith_policy_explanation *explanation)
{
	json_t *object = json_object();

	set_text(object, "verdict", kith_policy_verdict_text(explanation->verdict));
	set_text(object, "why", explanation->why);
	json_object_set_new(object, "outbound", side(&explanation->outbound));
	json_object_set_new(object, "inbound", side(&explanation->inbound));
	return object;
}

json_t *kith_report_opening(const struct kith_policy_opening *opening)
{
	json_t *object = json_object();

	set_text(object, "name", opening->name);
	set_text(object, "for", opening->subject);
	set_text(object, "direction", opening->inbound ? "inbound" : "outbound");
	set_text(object, "over", opening->over);
	set_text(object, "peers", opening->peers);
	set_text(object, "ports", opening->ports);
	set_text(object, "reason", opening->reason);
	set_text(object, "rule", opening->source);
	return object;
}

json_t *kith_report_test(const struct kith_policy_test_result *result)
{
	json_t *object = json_object();

	set_text(object, "test", result->test);
	set_text(object, "file", result->place.file);
	json_object_set_new(object, "line", json_integer(result->place.line));
	set_text(object, "case", result->description);
	set_text(object, "expected", kith_policy_verdict_text(result->expected));
	json_object_set_new(object, "got", kith_report_explanation(&result->got));
	json_object_set_new(object, "passed", json_boolean(result->passed));
	return object;
}

static json_t *tests(const struct kith_policy_set *set, const struct kith_policy_table *table,
		     bool *good)
{
	struct kith_policy_test_result *results;
	json_t *list = json_array();
	size_t i, n;

	if (!table)
		return list;
	n = kith_policy_test(set, table, &results);
	for (i = 0; i < n; i++) {
		json_array_append_new(list, kith_report_test(&results[i]));
		*good = *good && results[i].passed;
	}
	free(results);
	return list;
}

json_t *kith_report_policy(const struct kith_policy_set *set, const struct kith_policy_table *table,
			   bool *good)
{
	json_t *object = json_object(), *diags = json_array();
	size_t i;

	*good = !set->n_errors && table;
	for (i = 0; i < set->n_diags; i++)
		json_array_append_new(diags, kith_report_diag(&set->diags[i]));
	json_object_set_new(object, "workloads", json_integer((json_int_t)set->n_workloads));
	json_object_set_new(object, "policies", json_integer((json_int_t)set->n_policies));
	json_object_set_new(object, "rules", json_integer(table ? (json_int_t)table->n_rules : 0));
	json_object_set_new(object, "errors", json_integer((json_int_t)set->n_errors));
	json_object_set_new(object, "warnings", json_integer((json_int_t)set->n_warnings));
	json_object_set_new(object, "diagnostics", diags);
	json_object_set_new(object, "tests", tests(set, table, good));
	return object;
}
