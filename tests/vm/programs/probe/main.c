// SPDX-License-Identifier: Apache-2.0
/*
 * probe [-m] [-6] COMMAND [ARGUMENT…]
 *   -m  this executable is claimed: connections must be managed by Kith
 *   -6  IPv6
 */
#include "probe.h"

bool managed;
int family = AF_INET;

static const struct command *const tables[] = {
	connect_commands,     accept_commands,	    uring_commands,	   stream_commands,
	receive_commands,     send_commands,	    close_commands,	   option_commands,
	door_commands,	      puppet_commands,	    serve_commands,	   race_connect_commands,
	race_listen_commands, race_stream_commands, race_option_commands,  race_program_commands,
	race_peer_commands,   stress_roam_commands, stress_serve_commands, stress_herd_commands,
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static const struct command *find(const char *name)
{
	const struct command *c;

	for (size_t i = 0; i < N_TABLES; i++)
		for (c = tables[i]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

static void list(void)
{
	const struct command *c;

	for (size_t i = 0; i < N_TABLES; i++)
		for (c = tables[i]; c->name; c++)
			puts(c->name);
}

int main(int argc, char **argv)
{
	const struct command *command;
	int option;

	while ((option = getopt(argc, argv, "+m6")) != -1) {
		if (option == 'm')
			managed = true;
		else if (option == '6')
			family = AF_INET6;
		else
			return 2;
	}
	if (optind == argc) {
		list();
		return 0;
	}
	/* binfmt_misc gives a path. */
	command = find(basename(argv[optind]));
	if (!command) {
		fprintf(stderr, "probe: no such command: %s\n", argv[optind]);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	alarm(PATIENCE_S * 4);
	command->run(argc - optind, argv + optind);
	return failures() ? 1 : 0;
}
