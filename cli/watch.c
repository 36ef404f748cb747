// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client.h"
#include "event.h"

struct watching {
	bool json, refusals;
};

static bool on_event(const json_t *event, void *arg)
{
	const struct watching *watching = arg;

	if (watching->refusals && !kith_event_is_refusal(event))
		return true;
	if (watching->json) {
		json_dumpf(event, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		kith_event_print_line(event);
	}
	return !fflush(stdout);
}

static void on_interrupt(int signal)
{
	/* Whole lines have been written; nothing else is ours to end. */
	_exit(KITH_EXIT_OK);
}

/* "--last N" and "--refusals". Return: whether that was all. */
static bool parse(int argc, char **argv, struct watching *watching, long *history)
{
	char *end;
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--refusals")) {
			watching->refusals = true;
		} else if (!strcmp(argv[i], "--last") && i + 1 < argc) {
			*history = strtol(argv[++i], &end, 10);
			if (*end || *history < 0)
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct watching watching = { .json = options->json };
	long history = 0;

	if (!parse(argc, argv, &watching, &history))
		return kith_usage(&kith_command_watch, "expected --last N or --refusals");
	signal(SIGINT, on_interrupt);
	signal(SIGTERM, on_interrupt);
	return kith_ask(options,
			json_pack("{s:s, s:b, s:I}", "command", "events", "follow", 1, "history",
				  (json_int_t)history),
			on_event, &watching, NULL);
}

const struct kith_command kith_command_watch = {
	.name = "watch",
	.summary = "decisions as they fall",
	.help = "watch [--last N] [--refusals]\n"
		"\n"
		"Prints one line for each event, until Ctrl-C: time, decision, our ID and the\n"
		"peer's, addresses, reason, errno, the policy's line, the connection.\n"
		"\n"
		"  --last N    begin with the last N events (kithd keeps 4096)\n"
		"  --refusals  only what was refused\n"
		"\n"
		"With --json, one JSON object per line. A watcher that does not keep up is\n"
		"dropped and told how much it missed.",
	.run = run,
};
