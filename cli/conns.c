// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include "direct.h"
#include "table.h"

struct list {
	json_t *json; /* with --json */
	struct kith_table_text *table;
};

static bool on_row(const json_t *row, void *arg)
{
	struct list *list = arg;
	char pid[24];

	if (list->json) {
		json_array_append(list->json, (json_t *)row);
		return true;
	}
	snprintf(pid, sizeof(pid), "%lld",
		 (long long)json_integer_value(json_object_get(row, "pid")));
	kith_table_text_add(list->table, kith_text(row, "kind"), kith_text(row, "state"), pid,
			    kith_text(row, "comm"), kith_text(row, "local"),
			    kith_text(row, "remote"), kith_text(row, "local_id"),
			    kith_text(row, "peer_id"), kith_text(row, "cipher"),
			    kith_text(row, "rule"), kith_text(row, "id"));
	return true;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct list list = { 0 };
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_conns, "unexpected argument \"%s\"", argv[1]);
	if (options->json)
		list.json = json_array();
	list.table = kith_table_text_new(11, "KIND", "STATE", "PID", "PROGRAM", "LOCAL", "REMOTE",
					 "LOCAL ID", "PEER ID", "CIPHER", "RULE", "CONNECTION");
	ret = kith_list(options, "conns", kith_direct_conns, on_row, &list);
	if (ret == KITH_EXIT_OK && list.json)
		kith_print_json(list.json);
	else if (ret == KITH_EXIT_OK)
		kith_table_text_print(list.table, "No managed socket is open.");
	json_decref(list.json);
	return ret;
}

const struct kith_command kith_command_conns = {
	.name = "conns",
	.summary = "managed connections and listeners",
	.help = "conns\n"
		"\n"
		"Lists the sockets Kith manages. \"opened\": let through unauthenticated by an\n"
		"opening of the policy. Both ends of a connection show the same CONNECTION.",
	.run = run,
};
