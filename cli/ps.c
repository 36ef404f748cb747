// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/base.h"
#include "direct.h"
#include "table.h"

struct list {
	json_t *json; /* with --json */
	struct kith_table_text *table;
};

/* "59m", how long from now until @text, a time in UTC. */
static const char *until(const char *text, char *out, size_t size)
{
	struct tm tm = { 0 };
	long long left;

	if (!strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return "-";
	left = (long long)timegm(&tm) - kith_now_ms() / 1000;
	if (left < 0)
		return "EXPIRED";
	if (left < 120)
		snprintf(out, size, "%llds", left);
	else if (left < 7200)
		snprintf(out, size, "%lldm", left / 60);
	else if (left < 48 * 3600)
		snprintf(out, size, "%lldh", left / 3600);
	else
		snprintf(out, size, "%lldd", left / (24 * 3600));
	return out;
}

static const char *run_by(uint32_t uid, char *out, size_t size)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		snprintf(out, size, "run by %s", user->pw_name);
	else
		snprintf(out, size, "run by uid %u", uid);
	return out;
}

/* What else there is to say: why it is refused, or how it is held. */
static const char *note_of(const json_t *row, char *out, size_t size)
{
	const json_t *by = json_object_get(row, "run_by");
	const char *note = kith_text_or_empty(row, "message");

	if (!*note)
		note = kith_text_or_empty(row, "reason");
	if (!*note && by)
		note = run_by((uint32_t)json_integer_value(by), out, size);
	if (!*note && json_is_true(json_object_get(row, "shared")))
		note = "shared";
	return *note ? note : "-";
}

static bool on_row(const json_t *row, void *arg)
{
	bool stale = json_is_true(json_object_get(row, "restart_needed"));
	char id[24], pid[24], uid[24], left[24], note[64];
	const char *state = stale ? "restart needed" : kith_text(row, "state");
	struct list *list = arg;

	if (list->json) {
		json_array_append(list->json, (json_t *)row);
		return true;
	}
	snprintf(id, sizeof(id), "%lld", (long long)json_integer_value(json_object_get(row, "id")));
	snprintf(pid, sizeof(pid), "%lld",
		 (long long)json_integer_value(json_object_get(row, "pid")));
	snprintf(uid, sizeof(uid), "%lld",
		 (long long)json_integer_value(json_object_get(row, "uid")));
	kith_table_text_add(list->table, json_object_get(row, "id") ? id : "-", pid,
			    kith_text(row, "comm"), uid, state, kith_text(row, "spiffe_id"),
			    until(kith_text(row, "not_after"), left, sizeof(left)),
			    note_of(row, note, sizeof(note)));
	return true;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct list list = { 0 };
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_ps, "unexpected argument \"%s\"", argv[1]);
	if (options->json)
		list.json = json_array();
	list.table = kith_table_text_new(8, "CREDENTIAL", "PID", "PROGRAM", "UID", "STATE",
					 "IDENTITY", "LEFT", "NOTE");
	ret = kith_list(options, "ps", kith_direct_ps, on_row, &list);
	if (ret == KITH_EXIT_OK && list.json)
		kith_print_json(list.json);
	else if (ret == KITH_EXIT_OK)
		kith_table_text_print(list.table, "No claimed program is running.");
	json_decref(list.json);
	return ret;
}

const struct kith_command kith_command_ps = {
	.name = "ps",
	.summary = "programs and their identities",
	.help = "ps\n"
		"\n"
		"Lists the claimed programs with their credentials. \"restart needed\": the\n"
		"program is older than the claim that names it, and is not protected.\n"
		"\"shared\": programs of the workload have one key (svid: {key: workload}).",
	.run = run,
};
