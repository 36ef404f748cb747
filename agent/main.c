// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include "agent.h"
#include "base/version.h"
#include "guard.h"
#include "log.h"
#include "policy/policy.h"

enum { EXIT_USAGE = 2 };

struct options {
	const char *config;
	bool check;
};

static void print_help(void)
{
	puts("Usage: kithd [-c FILE] [-f] [--check]\n"
	     "\n"
	     "Attests programs, obtains their SVIDs and puts policy into the kernel.\n"
	     "\n"
	     "  -c, --config FILE  read FILE instead of " KITH_CONFIG_PATH "\n"
	     "  -f, --foreground   stay in the foreground (kithd always does)\n"
	     "      --check        check configuration and policy, then exit\n"
	     "  -h, --help         this text\n"
	     "  -V, --version      the version");
}

/* Return: the exit status to end with, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "foreground", no_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "c:fhV", longs, NULL)) >= 0) {
		switch (option) {
		case 'c':
			options->config = optarg;
			break;
		case 'f':
			break;
		case 'C':
			options->check = true;
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case 'V':
			puts("kithd " KITH_VERSION);
			return EXIT_SUCCESS;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "kithd: unexpected argument \"%s\" (see kithd --help)\n", argv[optind]);
	return EXIT_USAGE;
}

static bool print_failed_tests(const struct kith_policy_set *set,
			       const struct kith_policy_table *table)
{
	struct kith_policy_test_result *results;
	size_t i, n = kith_policy_test(set, table, &results);
	bool good = true;

	for (i = 0; i < n; i++) {
		if (results[i].passed)
			continue;
		good = false;
		fprintf(stderr, "%s:%u: PolicyTest/%s: %s: expected %s, got %s\n",
			results[i].place.file, results[i].place.line, results[i].test,
			results[i].description, kith_policy_verdict_text(results[i].expected),
			kith_policy_verdict_text(results[i].got.verdict));
	}
	free(results);
	return good;
}

static int check(const struct kith_agent_config *config)
{
	const char *path = config->policy_dir;
	struct kith_policy_set *set = kith_policy_load(&path, 1);
	struct kith_policy_table *table = kith_policy_compile(set);
	bool good = table && print_failed_tests(set, table);
	size_t i;

	for (i = 0; i < set->n_diags; i++)
		kith_policy_print_diag(stderr, &set->diags[i]);
	kith_policy_table_free(table);
	kith_policy_free(set);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int open_kernel(void *arg, struct kith_nl **nl)
{
	return kith_nl_open(nl);
}

/* Signals and the watchdog. */

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   now.tv_sec * 1000000ULL + now.tv_nsec / 1000);
	if (!kith_agent_reload(arg))
		kith_log(LOG_INFO, "reloaded");
	sd_notify(0, "READY=1");
	return 0;
}

static int watch_signals(sd_event *loop, struct kith_agent *agent)
{
	sigset_t set;
	int ret;

	/* The issuer's children are waited for by sd-event. */
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	ret = sd_event_add_signal(loop, NULL, SIGHUP, on_reload, agent);
	/* Without a callback these end the loop. */
	if (ret >= 0)
		ret = sd_event_add_signal(loop, NULL, SIGTERM, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_add_signal(loop, NULL, SIGINT, NULL, NULL);
	if (ret >= 0)
		ret = sd_event_set_watchdog(loop, true);
	return ret;
}

static int run(struct kith_agent *agent)
{
	int ret;

	ret = sd_event_default(&agent->loop);
	if (ret >= 0)
		ret = watch_signals(agent->loop, agent);
	if (ret < 0) {
		kith_log(LOG_ERR, "the event loop could not be set up: %s", strerror(-ret));
		return EXIT_FAILURE;
	}
	ret = kith_agent_start(agent);
	if (!ret)
		ret = sd_event_loop(agent->loop);
	sd_notify(0, "STOPPING=1");
	kith_agent_stop(agent);
	sd_event_unref(agent->loop);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options = { .config = KITH_CONFIG_PATH };
	struct kith_agent agent = {
		.kernel = { .open = open_kernel, .guard = kith_guard_start },
	};
	char *error;
	int status;

	status = parse_options(argc, argv, &options);
	if (status >= 0)
		return status;
	kith_log_init();
	agent.config_path = options.config;
	if (kith_agent_config_load(options.config, &agent.config, &error)) {
		kith_log(LOG_ERR, "%s", error);
		free(error);
		return EXIT_FAILURE;
	}
	if (!options.check)
		return run(&agent);
	status = check(&agent.config);
	kith_agent_config_clear(&agent.config);
	return status;
}
