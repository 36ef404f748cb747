// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include "client.h"
#include "event.h"

#define SHOWN 10

struct asking {
	const char *about; /* NULL: anything */
	json_t *found;	   /* the last ones */
};

static bool on_event(const json_t *event, void *arg)
{
	struct asking *asking = arg;

	if (!kith_event_is_refusal(event))
		return true;
	if (asking->about && !kith_event_is_about(event, asking->about))
		return true;
	json_array_append(asking->found, (json_t *)event);
	if (json_array_size(asking->found) > SHOWN)
		json_array_remove(asking->found, 0);
	return true;
}

static void print(const struct asking *asking)
{
	const json_t *event;
	size_t i;

	if (!json_array_size(asking->found)) {
		if (asking->about)
			printf("Nothing about %s was refused since kithd started.\n",
			       asking->about);
		else
			puts("Nothing was refused since kithd started.");
	}
	json_array_foreach(asking->found, i, event) {
		if (i)
			putchar('\n');
		kith_event_explain(event);
	}
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct asking asking = { .about = argc > 1 ? argv[1] : NULL };
	int ret;

	if (argc > 2)
		return kith_usage(&kith_command_why, "expected at most one argument");
	asking.found = json_array();
	ret = kith_ask(options, json_pack("{s:s}", "command", "events"), on_event, &asking, NULL);
	if (ret == KITH_EXIT_OK && options->json)
		kith_print_json(asking.found);
	else if (ret == KITH_EXIT_OK)
		print(&asking);
	json_decref(asking.found);
	return ret;
}

const struct kith_command kith_command_why = {
	.name = "why",
	.summary = "the last refusals: cause, rule, remedy",
	.help = "why [PID | PEER | CONNECTION-ID]\n"
		"\n"
		"Explains the last 10 refusals, or those about a process, a peer (its address,\n"
		"or a part of its SPIFFE ID) or a connection (the beginning of its ID will do).\n"
		"kithd keeps the last 4096 events since it started.",
	.run = run,
};
