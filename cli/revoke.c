// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "client.h"

static int run(const struct kith_options *options, int argc, char **argv)
{
	json_t *request;
	int ret;

	if (argc != 2)
		return kith_usage(&kith_command_revoke,
				  "expected a credential's number or a SPIFFE ID");
	if (!strncmp(argv[1], "spiffe://", 9))
		request = json_pack("{s:s, s:s}", "command", "revoke", "spiffe_id", argv[1]);
	else if (*argv[1] && argv[1][strspn(argv[1], "0123456789")] == 0)
		request = json_pack("{s:s, s:I}", "command", "revoke", "id",
				    (json_int_t)strtoll(argv[1], NULL, 10));
	else
		return kith_usage(&kith_command_revoke,
				  "\"%s\" is neither a credential's number nor a SPIFFE ID",
				  argv[1]);
	if (!request)
		return kith_usage(&kith_command_revoke, "the argument is not UTF-8");
	ret = kith_ask(options, request, NULL, NULL, NULL);
	if (ret == KITH_EXIT_OK && options->json)
		puts("{\"ok\": true}");
	else if (ret == KITH_EXIT_OK)
		printf("%s is revoked, and its connections are closed.\n", argv[1]);
	return ret;
}

const struct kith_command kith_command_revoke = {
	.name = "revoke",
	.summary = "end a credential and its connections",
	.help = "revoke CREDENTIAL | SPIFFE-ID\n"
		"\n"
		"Ends a credential (its number as kith ps shows it), or all that carry a SPIFFE\n"
		"ID, on this host, and closes their connections: the programs see EKEYREVOKED.\n"
		"A program gets a new credential when it is started again, if the policy still\n"
		"gives it one. For root.",
	.run = run,
};
