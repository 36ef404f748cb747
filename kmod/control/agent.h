/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registered agent: one netlink port that may change things, and to which
 * attestations go.
 */
#ifndef _KITH_CONTROL_AGENT_H
#define _KITH_CONTROL_AGENT_H

#include <linux/types.h>

struct netlink_ext_ack;
struct task_struct;

/**
 * kith_agent_register() - make the caller's port the agent
 * @portid: of the request
 * @extack: what is wrong
 *
 * The calling process is unclaimed from now on, and pending attestations go to
 * the port. Under kith_control_mutex, may sleep. Return: 0 or -EBUSY while
 * another agent lives.
 */
int kith_agent_register(u32 portid, struct netlink_ext_ack *extack);

/* Whether @portid is the agent: 0, or -EPERM with a word in @extack. */
int kith_agent_check(u32 portid, struct netlink_ext_ack *extack);

/* The agent's port, 0 when there is none. Any context. */
u32 kith_agent_port(void);
/* Its process in the initial pid namespace, 0 when there is none. Any
 * context.
 */
pid_t kith_agent_pid(void);
/* Whether @task belongs to the agent's process. Any context. */
bool kith_agent_is(const struct task_struct *task);
/* Which registration is the last one: grows with each. Any context. */
u32 kith_agent_registration(void);

int kith_agent_init(void);
void kith_agent_exit(void);

#endif
