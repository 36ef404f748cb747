// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <errno.h>
#include <string.h>
#include "agent.h"
#include "control.h"
#include "kernel.h"
#include "log.h"
#include "netlink/request.h"
#include "policy/policy.h"
#include "trouble.h"
#include "users.h"

#define TTL_MIN 60

static bool is_member(const struct kith_runner *runner, uint32_t gid)
{
	size_t i;

	if (runner->gid == gid)
		return true;
	for (i = 0; i < runner->n_groups; i++)
		if (runner->groups[i] == gid)
			return true;
	return false;
}

static bool is_permitted(struct kith_users *users, const struct kith_policy_selector *entry,
			 const struct kith_runner *runner)
{
	uint32_t id;

	if (entry->has_uid && entry->uid != runner->uid)
		return false;
	if (entry->has_gid && !is_member(runner, entry->gid))
		return false;
	if (entry->user && (!kith_users_uid(users, entry->user, &id) || id != runner->uid))
		return false;
	return !entry->group || (kith_users_gid(users, entry->group, &id) && is_member(runner, id));
}

static bool may_run(const struct kith_agent *agent, const struct kith_policy_workload *workload,
		    const struct kith_runner *runner)
{
	size_t i;

	for (i = 0; i < workload->n_runners; i++)
		if (is_permitted(agent->users, &workload->runners[i], runner))
			return true;
	return false;
}

const struct kith_policy_workload *kith_run_workload(const struct kith_agent *agent,
						     const char *spiffe_id, const char *name,
						     const struct kith_runner *runner)
{
	const struct kith_policy_workload *workload;
	size_t i;

	for (i = 0; i < agent->policy->n_workloads; i++) {
		workload = &agent->policy->workloads[i];
		if (!strcmp(workload->spiffe_id, spiffe_id) &&
		    (!name || !strcmp(workload->name, name)) && may_run(agent, workload, runner))
			return workload;
	}
	return NULL;
}

static void fail(struct kith_client *client, const struct kith_agent *agent, int err)
{
	const char *words = kith_nl_error(agent->nl);

	if (err == -EPERM)
		kith_client_fail(
			client, NULL,
			"the process that asks must be that user's alone, on the host: not setuid, in no container or user namespace");
	else
		kith_client_fail(client, NULL, "the kernel did not begin the task: %s%s%s",
				 strerror(-err), *words ? ": " : "", words);
}

static void permit(struct kith_client *client, const struct kith_policy_workload *workload,
		   uint32_t ttl)
{
	const struct kith_agent *agent = kith_client_agent(client);
	const struct kith_request_run run = {
		.pid = kith_client_pid(client),
		.uid = kith_client_uid(client),
		.spiffe_id = workload->spiffe_id,
		.workload = workload->name,
		.ttl = ttl,
	};
	int ret = kith_request_program_run(agent->nl, &run);

	if (ret) {
		fail(client, agent, ret);
		return;
	}
	kith_log(LOG_INFO, "uid %u starts a task as %s (workload %s), process %u", run.uid,
		 run.spiffe_id, run.workload, run.pid);
	kith_client_end(client, NULL);
}

void kith_run_command(struct kith_client *client, const json_t *request)
{
	const struct kith_agent *agent = kith_client_agent(client);
	const char *id = json_string_value(json_object_get(request, "spiffe_id"));
	json_int_t ttl = json_integer_value(json_object_get(request, "ttl"));
	const struct kith_policy_workload *workload;
	uint32_t groups[KITH_CLIENT_GROUPS_MAX];
	struct kith_runner runner = {
		.uid = kith_client_uid(client),
		.gid = kith_client_gid(client),
		.groups = groups,
	};

	runner.n_groups = kith_client_groups(client, groups);
	workload = id ? kith_run_workload(agent, id, NULL, &runner) : NULL;
	if (!agent->nl)
		kith_client_fail(client, NULL, "%s", kith_kernel_trouble(-ENOENT));
	else if (!workload)
		kith_client_fail(
			client, NULL,
			"no Workload lets uid %u run a task as %s (name the user or a group of it under run: in the Workload)",
			runner.uid, id ? id : "-");
	else if (ttl && (ttl < TTL_MIN || ttl > workload->ttl))
		kith_client_fail(client, NULL,
				 "the time is out of range: %us to %us for this Workload", TTL_MIN,
				 workload->ttl);
	else
		permit(client, workload, (uint32_t)ttl);
}
