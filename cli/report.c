// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include "client.h"
#include "table.h"

struct list {
	json_t *json; /* with --json */
	struct kith_table_text *table;
};

static bool on_row(const json_t *row, void *arg)
{
	struct list *list = arg;

	if (list->json) {
		json_array_append(list->json, (json_t *)row);
		return true;
	}
	kith_table_text_add(list->table, kith_text(row, "name"), kith_text(row, "for"),
			    kith_text(row, "direction"), kith_text(row, "over"),
			    kith_text(row, "ports"), kith_text(row, "peers"),
			    kith_text(row, "reason"), kith_text(row, "rule"));
	return true;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct list list = { 0 };
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_report, "unexpected argument \"%s\"", argv[1]);
	if (options->json)
		list.json = json_array();
	list.table = kith_table_text_new(8, "OPENING", "FOR", "DIRECTION", "OVER", "PORTS", "PEERS",
					 "REASON", "RULE");
	ret = kith_ask(options, json_pack("{s:s}", "command", "report"), on_row, &list, NULL);
	if (ret == KITH_EXIT_OK && list.json)
		kith_print_json(list.json);
	else if (ret == KITH_EXIT_OK)
		kith_table_text_print(list.table, "The policy opens nothing.");
	json_decref(list.json);
	return ret;
}

const struct kith_command kith_command_report = {
	.name = "report",
	.summary = "what is let through without an identity",
	.help = "report\n"
		"\n"
		"Lists the openings of the policy in force: whose programs may exchange what with\n"
		"whom, unauthenticated, and why. \"open_doors\": what kith.yaml leaves open to\n"
		"every claimed program.",
	.run = run,
};
