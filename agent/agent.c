// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/base.h"
#include "bundles.h"
#include "claims.h"
#include "control.h"
#include "credentials.h"
#include "digest.h"
#include "issuers/issuer.h"
#include "kernel.h"
#include "log.h"
#include "policy.h"
#include "policy/policy.h"
#include "revocations.h"
#include "ring.h"
#include "users.h"

static void read_generation(struct kith_agent *agent)
{
	char *path = kith_format("%s/generation", agent->config.state_dir), *text;

	if (!kith_read_file(path, 64, &text, NULL)) {
		agent->generation = strtoull(text, NULL, 10);
		free(text);
	}
	free(path);
}

static void read_claims(struct kith_agent *agent)
{
	uint64_t generation;
	char *error;

	agent->claims = kith_claims_load(agent->config.state_dir, &generation, &error);
	if (error)
		kith_log(LOG_WARNING, "%s (it is written anew with the next policy)", error);
	free(error);
}

/* A policy with errors is no policy: putting an empty one in force would claim
 * nothing, and let everything run without Kith. After a boot so would an agent that
 * does not start: hence the last good one. Without one, what the kernel holds from
 * the agent before stays in force. */
static int load_first_policy(struct kith_agent *agent)
{
	const char *directory = agent->config.policy_dir;
	char since[KITH_TIME_TEXT];

	if (!kith_agent_policy_load(agent, NULL))
		return 0;
	if (!kith_agent_policy_load_last_good(agent)) {
		kith_log(
			LOG_WARNING,
			"%s has errors: starting with the last good policy, of %s (see kith policy test %s, mend it, then kith policy apply)",
			directory, kith_time_text(since, agent->last_good), directory);
		return 0;
	}
	kith_log(
		LOG_ERR,
		"%s has errors and there is no last good policy: not starting; what the kernel holds stays in force (mend it, then start kithd)",
		directory);
	return -EINVAL;
}

static int make_issuer(struct kith_agent *agent)
{
	const struct kith_issuer_host host = {
		.loop = agent->loop,
		.config = &agent->config,
		.nl = &agent->nl,
		.ca_not_before = &agent->ca_not_before,
		.ca_not_after = &agent->ca_not_after,
	};

	agent->issuer = kith_issuer_new(&host);
	return agent->issuer ? 0 : -EINVAL;
}

int kith_agent_start(struct kith_agent *agent)
{
	agent->started = kith_now_ms();
	if (mkdir(agent->config.state_dir, 0755) && errno != EEXIST) {
		kith_log(LOG_ERR, "%s: %s (the state directory)", agent->config.state_dir,
			 strerror(errno));
		return -errno;
	}
	read_generation(agent);
	read_claims(agent);
	if (load_first_policy(agent))
		return -EINVAL;
	agent->digests = kith_digests_new();
	agent->ring = kith_ring_new();
	agent->bundles = kith_bundles_load(agent->config.state_dir, agent->config.trust_domain);
	agent->credentials = kith_credentials_new(agent);
	agent->revocations = kith_revocations_load(agent->config.state_dir);
	if (make_issuer(agent))
		return -EINVAL;
	agent->control = kith_control_new(agent);
	if (!agent->control)
		return -EIO;
	if (kith_clock_start(agent))
		kith_log(LOG_WARNING, "the clock cannot be watched; when it is set, restart kithd");
	kith_kernel_start(agent);
	return 0;
}

void kith_agent_stop(struct kith_agent *agent)
{
	kith_clock_stop(agent);
	kith_control_free(agent->control);
	if (agent->credentials)
		kith_kernel_stop(agent);
	kith_credentials_free(agent->credentials);
	kith_revocations_free(agent->revocations);
	kith_issuer_free(agent->issuer);
	kith_bundles_free(agent->bundles);
	kith_ring_free(agent->ring);
	kith_digests_free(agent->digests);
	kith_agent_policy_free(agent);
	json_decref(agent->claims);
	kith_agent_config_clear(&agent->config);
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/* What was opened at the start stays; say so. */
static void keep_fixed(const struct kith_agent_config *old, const struct kith_agent_config *new)
{
	if (!same(old->socket, new->socket) || !same(old->group, new->group) ||
	    !same(old->state_dir, new->state_dir))
		kith_log(
			LOG_WARNING,
			"socket, group and state_dir change with the next start (systemctl restart kithd)");
}

static int reload_config(struct kith_agent *agent)
{
	struct kith_agent_config config;
	char *error;
	int ret;

	ret = kith_agent_config_load(agent->config_path, &config, &error);
	if (ret) {
		kith_log(LOG_ERR, "%s; the old configuration stays", error);
		free(error);
		return ret;
	}
	keep_fixed(&agent->config, &config);
	if (!same(agent->config.trust_domain, config.trust_domain)) {
		kith_bundles_free(agent->bundles);
		agent->bundles = kith_bundles_load(agent->config.state_dir, config.trust_domain);
		agent->ca_not_before = agent->ca_not_after = 0;
	}
	kith_credentials_abandon(agent->credentials);
	kith_issuer_free(agent->issuer);
	kith_agent_config_clear(&agent->config);
	agent->config = config;
	return make_issuer(agent);
}

int kith_agent_reload(struct kith_agent *agent)
{
	int ret = reload_config(agent);
	bool changed;

	if (ret)
		return ret;
	ret = kith_agent_policy_load(agent, NULL);
	if (ret)
		kith_log(LOG_ERR, "the policy has errors; the old one stays in force");
	if (agent->nl && !kith_kernel_trust(agent, &changed))
		ret = ret ? ret : kith_agent_commit(agent);
	return ret;
}
