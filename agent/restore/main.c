// SPDX-License-Identifier: Apache-2.0
/*
 * kith-claims: puts the claims that were in force before the boot in force again,
 * and ends. Until kithd is there no claimed program has an identity, so each fails
 * closed: rules and bundles would decide nothing, and stay with kithd.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include "base/base.h"
#include "base/version.h"
#include "../claims.h"
#include "../config.h"
#include "../guard.h"
#include "../log.h"
#include "netlink/request.h"
#include "../trouble.h"

enum { EXIT_USAGE = 2 };

static int usage(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		puts("Usage: kith-claims\n"
		     "\n"
		     "Puts the claims kept in the state directory in force, when the kernel has\n"
		     "none yet, and ends. See kithd(8).");
		return EXIT_SUCCESS;
	}
	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		puts("kith-claims " KITH_VERSION);
		return EXIT_SUCCESS;
	}
	fprintf(stderr, "kith-claims: unexpected argument \"%s\" (see kith-claims --help)\n",
		argv[1]);
	return EXIT_USAGE;
}

/* An error in kith.yaml keeps kithd from starting: then this counts most. Return:
 * whether the file could be read; *@state_dir is to be freed either way. */
static bool find_state(char **state_dir)
{
	struct kith_agent_config config;
	char *error;

	if (!kith_agent_config_load(KITH_CONFIG_PATH, &config, &error)) {
		*state_dir = kith_strdup(config.state_dir);
		kith_agent_config_clear(&config);
		return true;
	}
	kith_log(LOG_WARNING, "%s; looking in %s", error, KITH_STATE_DIR);
	free(error);
	*state_dir = kith_strdup(KITH_STATE_DIR);
	return false;
}

static void take_generation(const struct kith_status_info *status, void *arg)
{
	uint64_t *generation = arg;

	*generation = status->generation;
}

static int transact(struct kith_nl *nl, uint64_t generation, const json_t *claims)
{
	const json_t *refused = NULL;
	int ret = kith_request_config_begin(nl, generation);
	char *text;

	if (!ret)
		ret = kith_claims_send(nl, claims, &refused);
	/* Rather claimed with open doors than not claimed: kithd will not leave it so. */
	if (!ret)
		ret = kith_request_config_commit(nl, generation,
						 kith_guard_start() ? KITH_DOORS_GUARDED : 0);
	if (!ret)
		return 0;
	text = refused ? json_dumps(refused, JSON_COMPACT) : NULL;
	kith_log(LOG_ERR, "the kernel did not take the claims: %s%s%s%s%s (start kithd)",
		 strerror(-ret), *kith_nl_error(nl) ? ": " : "", kith_nl_error(nl),
		 text ? ": " : "", text ? text : "");
	free(text);
	return ret;
}

static int restore_with(struct kith_nl *nl, uint64_t generation, const json_t *claims)
{
	uint64_t present = 0, ignored;
	int ret = kith_request_status(nl, take_generation, &present);

	if (!ret && present) {
		kith_log(LOG_INFO, "the kernel holds generation %llu already: nothing to restore",
			 (unsigned long long)present);
		return 0;
	}
	if (!ret)
		ret = kith_request_register(nl, &ignored);
	if (ret == -EBUSY) {
		kith_log(LOG_INFO, "kithd is there already, and sees to it");
		return 0;
	}
	if (ret) {
		kith_log(LOG_ERR, "%s", kith_kernel_trouble(ret));
		return ret;
	}
	ret = transact(nl, generation, claims);
	if (!ret)
		kith_log(LOG_INFO,
			 "%zu claims of generation %llu are in force; programs wait for kithd",
			 json_array_size(claims), (unsigned long long)generation);
	return ret;
}

static int restore(uint64_t generation, const json_t *claims)
{
	struct kith_nl *nl;
	int ret = kith_nl_open(&nl);

	if (ret) {
		kith_log(LOG_ERR, "%s; %zu claims are not in force", kith_kernel_trouble(ret),
			 json_array_size(claims));
		return ret;
	}
	ret = restore_with(nl, generation, claims);
	kith_nl_close(nl);
	return ret;
}

int main(int argc, char **argv)
{
	uint64_t generation;
	char *state_dir, *error;
	bool sure;
	json_t *claims;
	int ret;

	if (argc > 1)
		return usage(argc, argv);
	kith_log_init();
	sure = find_state(&state_dir);
	claims = kith_claims_load(state_dir, &generation, &error);
	if (claims) {
		ret = restore(generation, claims);
	} else if (error) {
		kith_log(LOG_ERR, "%s (start kithd, which writes it anew)", error);
		ret = -EINVAL;
	} else if (sure) {
		kith_log(LOG_INFO, "%s keeps no claims: none were ever in force here", state_dir);
		ret = 0;
	} else {
		kith_log(LOG_ERR, "%s keeps no claims, and whether another directory does is in %s",
			 state_dir, KITH_CONFIG_PATH);
		ret = -ENOENT;
	}
	free(error);
	json_decref(claims);
	free(state_dir);
	return ret ? EXIT_FAILURE : EXIT_SUCCESS;
}
