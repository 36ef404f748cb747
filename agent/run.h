/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tasks that users start with `kith run`: who may, as which Workload. The same
 * question is asked twice: of who connects to the control socket, and of each
 * program of the task, by what the kernel says of it.
 */
#ifndef KITH_AGENT_RUN_H
#define KITH_AGENT_RUN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct kith_agent;
struct kith_client;
struct kith_policy_workload;

struct kith_runner {
	uint32_t uid, gid;
	const uint32_t *groups;
	size_t n_groups;
};

/* The Workload with @spiffe_id, and with @name unless that is NULL, as which
 * @runner may start a task; or NULL. */
const struct kith_policy_workload *kith_run_workload(const struct kith_agent *agent,
						     const char *spiffe_id, const char *name,
						     const struct kith_runner *runner);

/* The command "run" of the control socket, for any user. */
void kith_run_command(struct kith_client *client, const json_t *request);

#endif
