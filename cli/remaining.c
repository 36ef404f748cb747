// SPDX-License-Identifier: Apache-2.0
#include "remaining.h"

int kith_remaining(const json_t *result)
{
	const json_t *remaining = json_object_get(result, "remaining"), *row;
	size_t i;

	json_array_foreach(remaining, i, row)
		kith_fail(
			KITH_EXIT_REMAINING,
			"process %lld (%s) keeps %lld of its connections locked: they end when it lets go, or when you end it",
			(long long)json_integer_value(json_object_get(row, "pid")),
			kith_text(row, "comm"),
			(long long)json_integer_value(json_object_get(row, "connections")));
	return json_array_size(remaining) ? KITH_EXIT_REMAINING : KITH_EXIT_OK;
}
