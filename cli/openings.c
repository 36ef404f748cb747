// SPDX-License-Identifier: Apache-2.0
#include "openings.h"

#include "table.h"

static bool on_row(const json_t *row, void *arg)
{
	json_array_append(arg, (json_t *)row);
	return true;
}

int kith_openings_ask(const struct kith_options *options, json_t *list)
{
	return kith_ask(options, json_pack("{s:s}", "command", "report"), on_row, list, NULL);
}

void kith_openings_print(const json_t *list, const char *none)
{
	struct kith_table_text *table = kith_table_text_new(
		8, "OPENING", "FOR", "DIRECTION", "OVER", "PORTS", "PEERS", "REASON", "RULE");
	const json_t *row;
	size_t i;

	json_array_foreach(list, i, row)
		kith_table_text_add(table, kith_text(row, "name"), kith_text(row, "for"),
				    kith_text(row, "direction"), kith_text(row, "over"),
				    kith_text(row, "ports"), kith_text(row, "peers"),
				    kith_text(row, "reason"), kith_text(row, "rule"));
	kith_table_text_print(table, none);
}
