/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Openings of the policy for what is no TCP connection: doors that it opens to one
 * identity, by name and reason.
 */
#ifndef _KITH_GUARD_OPENING_H
#define _KITH_GUARD_OPENING_H

#include <linux/types.h>
#include <linux/kith.h>
#include "../policy/table.h"

/* Where a datagram goes or comes from. */
struct kith_flow {
	struct kith_endpoint remote;	/* the port is the remote one */
	u16 local_port;			/* host order; 0: none yet */
};

/* The opening that was found, for people. */
struct kith_opening_text {
	char text[2 * KITH_NAME_MAX + 8];
};

/**
 * kith_opening_find() - whether the policy opens a door to current
 * @door: any but KITH_DOOR_NONE
 * @flow: of a datagram; NULL: whether there is an opening of @door at all
 * @timeo: jiffies to wait for an identity, 0: do not
 * @text: set to the opening; NULL: not wanted
 *
 * A datagram is let through by an outbound opening of its remote address and port,
 * or an inbound one of its local port and remote address. current is claimed. May
 * sleep. Return: 0; -EACCES when the policy does not open it; else why current has
 * no identity: -ENOKEY, -EKEYEXPIRED, -EKEYREVOKED, -EAGAIN when it may not wait,
 * or -ERESTARTSYS.
 */
int kith_opening_find(enum kith_door door, const struct kith_flow *flow,
		      long timeo, struct kith_opening_text *text);

#endif
