// SPDX-License-Identifier: Apache-2.0
#include "policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include "agent.h"
#include "base/base.h"
#include "bundles.h"
#include "claims.h"
#include "lastgood.h"
#include "log.h"
#include "netlink/request.h"
#include "policy/policy.h"
#include "report/policy.h"
#include "users.h"

static void log_diag(const struct kith_policy_diag *diag)
{
	kith_log(diag->severity == KITH_POLICY_ERROR ? LOG_ERR : LOG_WARNING,
		 "%s:%u:%u: %s%s%s (%s)", diag->file, diag->line, diag->column, diag->object,
		 *diag->object ? ": " : "", diag->message, diag->remedy);
}

static void log_failed_tests(const json_t *report)
{
	const json_t *test;
	size_t i;

	json_array_foreach(json_object_get(report, "tests"), i, test) {
		if (json_is_true(json_object_get(test, "passed")))
			continue;
		kith_log(LOG_ERR, "%s:%d: PolicyTest/%s: %s: expected %s, got %s",
			 json_string_value(json_object_get(test, "file")),
			 (int)json_integer_value(json_object_get(test, "line")),
			 json_string_value(json_object_get(test, "test")),
			 json_string_value(json_object_get(test, "case")),
			 json_string_value(json_object_get(test, "expected")),
			 json_string_value(
				 json_object_get(json_object_get(test, "got"), "verdict")));
	}
}

/* A policy that was in use until another was loaded. */
struct kith_agent_former {
	struct kith_policy_set *policy;
	struct kith_policy_table *table;
	struct kith_users *users;
	int64_t last_good;
};

static void free_current(struct kith_agent *agent)
{
	kith_users_free(agent->users);
	kith_policy_table_free(agent->table);
	kith_policy_free(agent->policy);
}

static void drop_former(struct kith_agent *agent)
{
	struct kith_agent_former *former = agent->former;

	if (!former)
		return;
	kith_users_free(former->users);
	kith_policy_table_free(former->table);
	kith_policy_free(former->policy);
	free(former);
	agent->former = NULL;
}

void kith_agent_policy_free(struct kith_agent *agent)
{
	drop_former(agent);
	free_current(agent);
}

/* Sets the policy in use aside, unless another that the kernel holds already is. */
static void keep_former(struct kith_agent *agent)
{
	struct kith_agent_former *former;

	if (agent->former || !agent->policy) {
		free_current(agent);
		return;
	}
	former = kith_alloc(sizeof(*former));
	*former = (struct kith_agent_former){ agent->policy, agent->table, agent->users,
					      agent->last_good };
	agent->former = former;
}

static void return_to_former(struct kith_agent *agent)
{
	struct kith_agent_former *former = agent->former;

	if (!former)
		return;
	free_current(agent);
	agent->policy = former->policy;
	agent->table = former->table;
	agent->users = former->users;
	agent->last_good = former->last_good;
	free(former);
	agent->former = NULL;
}

/* Takes @set into use when it is good; frees it when it is not. */
static int use(struct kith_agent *agent, struct kith_policy_set *set, json_t **report)
{
	struct kith_policy_table *table = kith_policy_compile(set);
	bool good;
	json_t *said = kith_report_policy(set, table, &good);
	size_t i;

	for (i = 0; i < set->n_diags; i++)
		log_diag(&set->diags[i]);
	log_failed_tests(said);
	if (report)
		*report = said;
	else
		json_decref(said);
	if (!good) {
		kith_policy_table_free(table);
		kith_policy_free(set);
		return -EINVAL;
	}
	keep_former(agent);
	agent->policy = set;
	agent->table = table;
	agent->users = kith_users_new(set);
	return 0;
}

int kith_agent_policy_load(struct kith_agent *agent, json_t **report)
{
	const char *path = agent->config.policy_dir;
	int ret = use(agent, kith_policy_load(&path, 1), report);

	if (!ret)
		agent->last_good = 0;
	return ret;
}

int kith_agent_policy_load_last_good(struct kith_agent *agent)
{
	int64_t since;
	struct kith_policy_set *set = kith_last_good_load(agent->config.state_dir, &since);
	int ret = set ? use(agent, set, NULL) : -ENOENT;

	if (!ret)
		agent->last_good = since;
	return ret;
}

/* Into the kernel. */

/* The kernel compares the path of the file itself, not of a link to it. */
static void add_path_claim(json_t *claims, const struct kith_policy_claim *claim,
			   const struct kith_claim_origin *origin)
{
	struct kith_request_claim request = { .kind = claim->kind, .path = claim->path };
	char *real = NULL;

	if (claim->kind == KITH_CLAIM_KIND_EXE)
		real = realpath(claim->path, NULL);
	if (real)
		request.path = real;
	kith_claims_add(claims, &request, origin);
	free(real);
}

/* A user who cannot be found now (a directory that is out of reach) stays claimed by
 * the number of before. */
static void add_uid_claim(const struct kith_agent *agent, json_t *claims,
			  const struct kith_policy_claim *claim, struct kith_claim_origin *origin)
{
	struct kith_request_claim request = { .kind = claim->kind, .uid = claim->uid };

	origin->user = claim->user;
	if (claim->user && !kith_users_uid(agent->users, claim->user, &request.uid) &&
	    !kith_claims_uid(agent->claims, claim->user, &request.uid)) {
		kith_log(LOG_WARNING,
			 "%s:%u: there is no user %s on this host; nothing is claimed for it",
			 origin->file, origin->line, claim->user);
		return;
	}
	kith_claims_add(claims, &request, origin);
}

static void add_listen_claim(json_t *claims, const struct kith_policy_claim *claim,
			     const struct kith_claim_origin *origin)
{
	const struct kith_request_claim request = {
		.kind = claim->kind,
		.address = claim->any_address ? NULL : claim->address,
		.address_size = sizeof(claim->address),
		.port = claim->port,
	};

	kith_claims_add(claims, &request, origin);
}

static void add_claim(const struct kith_agent *agent, json_t *claims,
		      const struct kith_policy_claim *claim)
{
	struct kith_claim_origin origin = { .workload = claim->workload,
					    .file = claim->place.file,
					    .line = claim->place.line };

	if (claim->kind == KITH_CLAIM_KIND_UID)
		add_uid_claim(agent, claims, claim, &origin);
	else if (claim->kind == KITH_CLAIM_KIND_LISTEN)
		add_listen_claim(claims, claim, &origin);
	else
		add_path_claim(claims, claim, &origin);
}

/* The policy's claims as the kernel takes them; a new reference. */
static json_t *resolve_claims(const struct kith_agent *agent)
{
	json_t *claims = json_array();
	size_t i;

	for (i = 0; i < agent->policy->n_claims; i++)
		add_claim(agent, claims, &agent->policy->claims[i]);
	return claims;
}

static const char *word_of(const json_t *claim, const char *key)
{
	const char *word = json_string_value(json_object_get(claim, key));

	return word ? word : "-";
}

static int send_claims(struct kith_agent *agent, const json_t *claims)
{
	const json_t *refused;
	int ret = kith_claims_send(agent->nl, claims, &refused);

	if (ret)
		kith_log(LOG_ERR, "%s: the kernel did not take the claim of workload %s: %s%s%s",
			 word_of(refused, "place"), word_of(refused, "workload"), strerror(-ret),
			 *kith_nl_error(agent->nl) ? ": " : "", kith_nl_error(agent->nl));
	return ret;
}

static int send_bundles(struct kith_agent *agent)
{
	const struct kith_bundle *bundle;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && (bundle = kith_bundles_at(agent->bundles, i)); i++) {
		ret = kith_request_config_bundle(agent->nl, bundle->trust_domain,
						 bundle->list.certs, bundle->list.n);
		if (ret)
			kith_log(LOG_ERR, "the kernel did not take the bundle of %s: %s%s%s",
				 bundle->trust_domain, strerror(-ret),
				 *kith_nl_error(agent->nl) ? ": " : "", kith_nl_error(agent->nl));
	}
	return ret;
}

static void take_generation(const struct kith_status_info *status, void *arg)
{
	uint64_t *generation = arg;

	if (status->generation > *generation)
		*generation = status->generation;
}

static void keep_generation(const struct kith_agent *agent)
{
	char *path = kith_format("%s/generation", agent->config.state_dir);
	char *text = kith_format("%llu\n", (unsigned long long)agent->generation);
	int ret = kith_write_file(path, text, strlen(text), 0644);

	if (ret)
		kith_log(LOG_ERR, "%s: %s", path, strerror(-ret));
	free(text);
	free(path);
}

/* For systemctl status. */
static void say_what_is_in_force(const struct kith_agent *agent)
{
	sd_notifyf(0, "STATUS=Serving %s, policy generation %llu%s%s%s", agent->config.trust_domain,
		   (unsigned long long)agent->generation,
		   agent->last_good ? ", the last good one: see kith policy test " : "",
		   agent->last_good ? agent->config.policy_dir : "",
		   agent->last_good ? ", mend it, then kith policy apply" : "");
}

/* Puts all into the kernel as generation @generation. */
static int transact(struct kith_agent *agent, uint64_t generation, const json_t *claims)
{
	int ret = kith_request_config_begin(agent->nl, generation);

	if (!ret)
		ret = send_claims(agent, claims);
	if (!ret)
		ret = send_bundles(agent);
	if (!ret)
		ret = kith_request_config_rules(agent->nl, agent->table->bytes, agent->table->size);
	if (!ret)
		ret = kith_request_config_commit(agent->nl, generation, agent->config.open_doors);
	return ret;
}

/* What an agent after a boot starts from. */
static void keep(struct kith_agent *agent, json_t *claims)
{
	keep_generation(agent);
	json_decref(agent->claims);
	agent->claims = claims;
	kith_claims_keep(agent->config.state_dir, agent->generation, claims);
	kith_last_good_keep(agent->config.state_dir, agent->policy);
}

int kith_agent_commit(struct kith_agent *agent)
{
	json_t *claims = resolve_claims(agent);
	uint64_t generation = agent->generation;
	int ret;

	ret = kith_request_status(agent->nl, take_generation, &generation);
	if (!ret)
		ret = transact(agent, ++generation, claims);
	if (ret) {
		kith_log(
			LOG_ERR,
			"the policy could not be put into the kernel: %s%s%s; the old one stays in force",
			strerror(-ret), *kith_nl_error(agent->nl) ? ": " : "",
			kith_nl_error(agent->nl));
		json_decref(claims);
		return_to_former(agent);
		return ret;
	}
	drop_former(agent);
	agent->generation = generation;
	keep(agent, claims);
	say_what_is_in_force(agent);
	kith_log(LOG_INFO,
		 "policy generation %llu is in force: %zu workloads, %zu claims, %zu rules",
		 (unsigned long long)generation, agent->policy->n_workloads,
		 agent->policy->n_claims, agent->table->n_rules);
	return 0;
}
