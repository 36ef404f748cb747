/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of the kernel: into the ring for `kith watch` and `kith why`, and
 * what was refused as one line of JSON into the log.
 */
#ifndef KITH_AGENT_EVENTS_H
#define KITH_AGENT_EVENTS_H

#include <linux/netlink.h>

struct kith_agent;

/* Takes one message of the events group; @arg is the agent. */
int kith_agent_take_event(const struct nlmsghdr *message, void *arg);

#endif
