/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: read, checked, tested and put into the kernel. */
#ifndef KITH_AGENT_POLICY_H
#define KITH_AGENT_POLICY_H

#include <jansson.h>

struct kith_agent;

/**
 * kith_agent_policy_load() - replace the agent's policy by what its directory holds
 * @report: NULL, or filled with an object of "diagnostics" and "tests", as
 *	    kith_report_policy() makes it; a new reference
 *
 * On error, a failed PolicyTest included, the old one stays and the log says
 * why. kith_agent_commit() follows when the kernel is there. Return: 0 or -EINVAL.
 */
int kith_agent_policy_load(struct kith_agent *agent, json_t **report);

/* The same with the last good policy. Return: 0; -ENOENT when there is none, -EINVAL
 * when it has errors, which the log says. */
int kith_agent_policy_load_last_good(struct kith_agent *agent);

/* Puts policy and bundles into the kernel under the next generation, and keeps the
 * policy as the last good one. A policy that the kernel does not take is not used
 * any more: the one before, which the kernel still holds, is. Return: 0 or -errno
 * after having logged why. */
int kith_agent_commit(struct kith_agent *agent);
void kith_agent_policy_free(struct kith_agent *agent);

#endif
