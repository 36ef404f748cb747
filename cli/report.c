// SPDX-License-Identifier: Apache-2.0
#include "openings.h"

static int run(const struct kith_options *options, int argc, char **argv)
{
	json_t *list;
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_report, "unexpected argument \"%s\"", argv[1]);
	list = json_array();
	ret = kith_openings_ask(options, list);
	if (ret == KITH_EXIT_OK && options->json)
		kith_print_json(list);
	else if (ret == KITH_EXIT_OK)
		kith_openings_print(list, "The policy opens nothing.");
	json_decref(list);
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
