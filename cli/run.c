// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client.h"

/* As those of env(1), timeout(1) and others: what CMD exits with is its own. */
#define EXIT_REFUSED	 125
#define EXIT_NOT_STARTED 126
#define EXIT_NOT_FOUND	 127

/* "90s", "10m", "1h", "1d" in seconds; -1: none of that. */
static long long seconds(const char *text)
{
	static const char units[] = "smhd";
	static const long long factors[] = { 1, 60, 3600, 86400 };
	const char *unit;
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (errno || end == text || !unit || end[1] || n < 1 || n > 86400000)
		return -1;
	return n * factors[unit - units];
}

static int refused(const char *why, const char *what)
{
	fprintf(stderr, "kith run: %s%s (see kith run --help)\n", why, what);
	return EXIT_REFUSED;
}

static int start(char **command)
{
	fflush(stdout);
	execvp(*command, command);
	kith_fail(0, "%s: %s", *command, strerror(errno));
	return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_STARTED;
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	const char *id = NULL;
	json_t *request;
	long long ttl = 0;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-' && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--as") && i + 1 < argc)
			id = argv[++i];
		else if (!strcmp(argv[i], "--ttl") && i + 1 < argc)
			ttl = seconds(argv[++i]);
		else
			return refused("unexpected option or no value: ", argv[i]);
		if (ttl < 0)
			return refused("not a time, as 90s, 10m or 1h: ", argv[i]);
	}
	if (!id || i >= argc - 1 || strcmp(argv[i], "--"))
		return refused("expected --as SPIFFE-ID, -- and a command", "");
	request = json_pack("{s:s, s:s, s:I}", "command", "run", "spiffe_id", id, "ttl",
			    (json_int_t)ttl);
	if (!request)
		return refused("the SPIFFE ID is not UTF-8", "");
	if (kith_ask(options, request, NULL, NULL, NULL) != KITH_EXIT_OK)
		return EXIT_REFUSED;
	return start(argv + i + 1);
}

const struct kith_command kith_command_run = {
	.name = "run",
	.summary = "run a command with an identity of its own",
	.help = "run --as SPIFFE-ID [--ttl TIME] -- COMMAND [ARGUMENT…]\n"
		"\n"
		"Runs a command as a task that has an identity, with all that it starts. The\n"
		"identity and its connections end with the command, or when TIME (60s to the\n"
		"Workload's) is over. Who may is policy: run: in the Workload. Needs no root.\n"
		"\n"
		"Exit status: that of the command; 125 refused, 126 the command could not be\n"
		"started, 127 there is no such command.",
	.run = run,
};
