// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "client.h"
#include "remaining.h"
#include "table.h"

/* A serial number may look like a pid; none has that few digits. */
#define PID_DIGITS 10

static bool is_pid(const char *text)
{
	size_t size = strlen(text);

	return size && size <= PID_DIGITS && strspn(text, "0123456789") == size;
}

static bool is_serial(const char *text)
{
	if (text[0] == '0' && text[1] == 'x')
		text += 2;
	return *text && !text[strspn(text, "0123456789abcdefABCDEF")];
}

/* {"command": @command, and what @name is}, or NULL after having said why. */
static json_t *request_about(const char *command, const char *name)
{
	json_t *request = NULL;

	if (!strncmp(name, "spiffe://", 9))
		request = json_pack("{s:s, s:s}", "command", command, "spiffe_id", name);
	else if (is_pid(name))
		request = json_pack("{s:s, s:I}", "command", command, "pid",
				    (json_int_t)strtoll(name, NULL, 10));
	else if (is_serial(name))
		request = json_pack("{s:s, s:s}", "command", command, "serial", name);
	if (!request)
		kith_usage(&kith_command_revoke,
			   "\"%s\" is neither a SPIFFE ID nor a serial number nor a pid", name);
	return request;
}

static int lift(const struct kith_options *options, const char *name)
{
	json_t *request;
	int ret;

	if (is_pid(name))
		return kith_usage(
			&kith_command_revoke,
			"a revoked program stays so until it ends; what can be lifted says kith revoke --list");
	request = request_about("lift", name);
	if (!request)
		return KITH_EXIT_USAGE;
	ret = kith_ask(options, request, NULL, NULL, NULL);
	if (ret == KITH_EXIT_OK && options->json)
		puts("{\"ok\": true}");
	else if (ret == KITH_EXIT_OK)
		printf("%s is revoked no more. Programs that lost their identity get one when they are started again.\n",
		       name);
	return ret;
}

struct listing {
	json_t *json;
	struct kith_table_text *table;
};

static bool on_row(const json_t *row, void *arg)
{
	struct listing *listing = arg;
	const char *id = kith_text_or_empty(row, "spiffe_id");

	if (listing->json)
		json_array_append(listing->json, (json_t *)row);
	else
		kith_table_text_add(listing->table, *id ? id : kith_text(row, "serial"),
				    kith_text(row, "since"),
				    json_object_get(row, "until") ? kith_text(row, "until")
								  : "lifted");
	return true;
}

static int list(const struct kith_options *options)
{
	struct listing listing = { .json = options->json ? json_array() : NULL };
	int ret;

	listing.table = kith_table_text_new(3, "REVOKED", "SINCE", "UNTIL");
	ret = kith_ask(options, json_pack("{s:s}", "command", "revocations"), on_row, &listing,
		       NULL);
	if (ret == KITH_EXIT_OK && listing.json)
		kith_print_json(listing.json);
	else if (ret == KITH_EXIT_OK)
		kith_table_text_print(listing.table, "No revocation stands.");
	json_decref(listing.json);
	return ret;
}

static void say(const char *name, const char *time)
{
	if (is_pid(name))
		printf("The program of process %s is revoked, and what it executes from now on.\n",
		       name);
	else if (time)
		printf("%s is revoked for %s.\n", name, time);
	else
		printf("%s is revoked until it is lifted (kith revoke --lift %s).\n", name, name);
}

static int revoke_for(const struct kith_options *options, const char *name, const char *time)
{
	json_t *request, *result = NULL;
	uint32_t seconds = 0;
	int ret;

	if (time && (!kith_parse_duration(time, &seconds) || !seconds))
		return kith_usage(&kith_command_revoke,
				  "\"%s\" is no duration (write 90s, 15m, 1h or 30d)", time);
	if (time && is_pid(name))
		return kith_usage(&kith_command_revoke,
				  "a program is revoked until it ends: leave out --for");
	request = request_about("revoke", name);
	if (!request)
		return KITH_EXIT_USAGE;
	if (seconds)
		json_object_set_new(request, "seconds", json_integer(seconds));
	ret = kith_ask(options, request, NULL, NULL, &result);
	if (ret == KITH_EXIT_OK) {
		if (options->json)
			kith_print_json(result);
		else
			say(name, time);
		ret = kith_remaining(result);
	}
	json_decref(result);
	return ret;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list(options);
	if (argc == 3 && !strcmp(argv[1], "--lift"))
		return lift(options, argv[2]);
	if (argc == 2 && argv[1][0] != '-')
		return revoke_for(options, argv[1], NULL);
	if (argc == 4 && !strcmp(argv[2], "--for"))
		return revoke_for(options, argv[1], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "--for"))
		return revoke_for(options, argv[3], argv[2]);
	return kith_usage(&kith_command_revoke, "expected a SPIFFE ID, a serial number or a pid");
}

const struct kith_command kith_command_revoke = {
	.name = "revoke",
	.summary = "end an identity and its connections",
	.help = "revoke SPIFFE-ID | SERIAL [--for DURATION]\n"
		"       kith revoke PID\n"
		"       kith revoke --lift SPIFFE-ID | SERIAL\n"
		"       kith revoke --list\n"
		"\n"
		"A SPIFFE ID: all programs of this host that have it lose it, none gets it, and\n"
		"no peer is accepted with it. A serial number, in hex as kith ps --json shows\n"
		"it (0x before one of few digits): the same for that SVID. Both stand for\n"
		"DURATION (90s, 15m, 1h, 30d), or until they are lifted, also while kithd is\n"
		"away and after a boot. A pid: the program of that process, and all that its\n"
		"processes execute from now on, until they end.\n"
		"\n"
		"Connections are closed: programs see EKEYREVOKED. The command returns when they\n"
		"are gone; after 10 seconds it names the programs that keep some locked, and\n"
		"exits with 4. Who has lost its identity gets one when it is started again.\n"
		"Hosts that this one talks to do not learn of it. For root, but --list.",
	.run = run,
};
