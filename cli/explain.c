// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "client.h"
#include "policy/policy.h"
#include "report/policy.h"

struct question {
	const char *from, *to; /* NULL: unauthenticated */
	char *at;	       /* NULL: any address */
	const char *over;      /* NULL: TCP */
	uint16_t port;
	const char *policy; /* NULL: what is in force */
};

/* "5432", "10.0.0.7:5432", "[::1]:5432" */
static bool parse_endpoint(const char *text, struct question *question)
{
	const char *colon = strrchr(text, ':'), *digits = colon ? colon + 1 : text;
	uint8_t address[16];
	unsigned long port;
	char *end;

	errno = 0;
	port = strtoul(digits, &end, 10);
	if (errno || *end || end == digits || port < 1 || port > UINT16_MAX)
		return false;
	question->port = (uint16_t)port;
	if (!colon)
		return true;
	if (*text == '[' && colon > text + 1 && colon[-1] == ']')
		question->at = kith_format("%.*s", (int)(colon - text - 2), text + 1);
	else
		question->at = kith_format("%.*s", (int)(colon - text), text);
	return kith_policy_parse_address(question->at, address);
}

static const char *identity(const char *text)
{
	return strcmp(text, "-") ? text : NULL;
}

static json_t *ask_files(const struct question *question)
{
	struct kith_policy_set *set = kith_policy_load(&question->policy, 1);
	struct kith_policy_table *table = kith_policy_compile(set);
	struct kith_policy_explanation explanation;
	struct kith_policy_query query = {
		.from = question->from,
		.to = question->to,
		.port = question->port,
		.over = (enum kith_door)kith_policy_door(question->over),
	};
	json_t *result = NULL;
	uint8_t address[16];
	size_t i;

	for (i = 0; i < set->n_diags; i++)
		kith_policy_print_diag(stderr, &set->diags[i]);
	if (table) {
		if (question->at && kith_policy_parse_address(question->at, address))
			query.at = address;
		kith_policy_explain(table, &query, &explanation);
		result = kith_report_explanation(&explanation);
	}
	kith_policy_table_free(table);
	kith_policy_free(set);
	return result;
}

static int ask_kithd(const struct kith_options *options, const struct question *question,
		     json_t **result)
{
	json_t *request = json_pack("{s:s, s:s*, s:s*, s:s*, s:s*, s:i}", "command", "explain",
				    "from", question->from, "to", question->to, "at", question->at,
				    "over", question->over, "port", question->port);

	return kith_ask(options, request, NULL, NULL, result);
}

static void print_side(const char *name, const char *who, const json_t *side)
{
	printf("  %-9s ", name);
	if (!json_is_true(json_object_get(side, "known"))) {
		printf("%s is not a subject of this policy: it has no say here\n", who);
		return;
	}
	printf("%-6s", kith_text(side, "verdict"));
	if (json_object_get(side, "rule"))
		printf(" by %s (%s)\n", kith_text(side, "rule"), kith_text(side, "policy"));
	else
		printf(" because no rule of %s matches\n", who);
}

static void print(const struct question *question, const json_t *result)
{
	const char *from = question->from ? question->from : "an unauthenticated peer";
	const char *to = question->to ? question->to : "an unauthenticated peer";

	printf("%s: %s → %s port %u\n", kith_text(result, "verdict"), from, to, question->port);
	if (json_object_get(result, "why"))
		printf("  %s\n", kith_text(result, "why"));
	print_side("outbound", from, json_object_get(result, "outbound"));
	print_side("inbound", to, json_object_get(result, "inbound"));
}

static bool parse(int argc, char **argv, struct question *question)
{
	for (; argc > 2 && !strncmp(argv[1], "--", 2); argc -= 2, argv += 2) {
		if (!strcmp(argv[1], "--policy"))
			question->policy = argv[2];
		else if (!strcmp(argv[1], "--over") && kith_policy_door(argv[2]) >= 0)
			question->over = argv[2];
		else
			return false;
	}
	if (argc != 4)
		return false;
	question->from = identity(argv[1]);
	question->to = identity(argv[2]);
	return (question->from || question->to) && parse_endpoint(argv[3], question);
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct question question = { 0 };
	json_t *result = NULL;
	int ret = KITH_EXIT_OK;

	if (!parse(argc, argv, &question)) {
		free(question.at);
		return kith_usage(&kith_command_explain,
				  "expected [--policy DIR] [--over udp] FROM TO [ADDRESS:]PORT");
	}
	if (question.policy)
		result = ask_files(&question);
	else
		ret = ask_kithd(options, &question, &result);
	if (ret == KITH_EXIT_OK && !result)
		ret = KITH_EXIT_FAILED;
	if (result) {
		if (options->json)
			kith_print_json(result);
		else
			print(&question, result);
		if (!strcmp(kith_text(result, "verdict"), "deny"))
			ret = KITH_EXIT_FAILED;
	}
	json_decref(result);
	free(question.at);
	return ret;
}

const struct kith_command kith_command_explain = {
	.name = "explain",
	.summary = "would A reach B, and by which line",
	.help = "explain [--policy DIR|FILE] [--over DOOR] FROM TO [ADDRESS:]PORT\n"
		"\n"
		"Says whether FROM may connect to TO on a port, and which line of the policy\n"
		"decides on either end, by the kernel's own lookup. FROM and TO are SPIFFE IDs,\n"
		"or \"-\" for a peer without identity. Without ADDRESS: whether there is one where\n"
		"it may. It asks about the policy in force, or with --policy about files; about\n"
		"TCP, or with --over about openings of something else, as udp.\n"
		"\n"
		"Exit status: 0 allowed or open, 1 denied.",
	.run = run,
};
