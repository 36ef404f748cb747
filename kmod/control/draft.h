/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A config being loaded by the agent, in pieces. One at most is open; all
 * functions are called under kith_control_mutex and may sleep.
 */
#ifndef _KITH_CONTROL_DRAFT_H
#define _KITH_CONTROL_DRAFT_H

#include <linux/types.h>

struct nlattr;
struct netlink_ext_ack;

/* Opens a draft for @generation, which must be higher than the one in force;
 * an open one is dropped.
 */
int kith_draft_begin(u64 generation, struct netlink_ext_ack *extack);
/* Adds one claim, one bundle, a piece of the rule table. After an error the
 * draft is dropped: half a config is no config.
 */
int kith_draft_add_claim(const struct nlattr *attr,
			 struct netlink_ext_ack *extack);
int kith_draft_add_bundle(const struct nlattr *attr,
			  struct netlink_ext_ack *extack);
int kith_draft_add_rules(const struct nlattr *attr,
			 struct netlink_ext_ack *extack);
/* Checks the draft, puts it in force and closes live connections that it no
 * longer allows. The draft is gone afterwards in any case.
 */
int kith_draft_commit(u64 generation, u32 open_doors,
		      struct netlink_ext_ack *extack);
void kith_draft_drop(void);

#endif
