/* SPDX-License-Identifier: Apache-2.0 */
/* opening.c: what rules.c leaves to it, entries with `open:`. */
#ifndef KITH_LIB_POLICY_OPENING_H
#define KITH_LIB_POLICY_OPENING_H

#include "fields.h"

/* The keys of the entry; NULL where it has none. */
struct kith_opening_keys {
	const struct kith_yaml *open;	   /* never NULL */
	const struct kith_yaml *over;	   /* what it leads over */
	const struct kith_yaml *peers;	   /* from, to */
	const struct kith_yaml *addresses; /* peers, at */
	const struct kith_yaml *ports, *alpn, *sni;
};

/* Name and doors, and the reason of a well-known one. False: it was reported. */
bool kith_policy_read_opening(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			      struct kith_policy_rule *rule);
/* Whether the entry @node is one, once its lists are read; fills in ports. */
bool kith_policy_check_opening(struct kith_policy_reader *reader, const struct kith_yaml *node,
			       const struct kith_opening_keys *k, struct kith_policy_rule *rule);
/* Adds it to the set's openings. */
void kith_policy_list_opening(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			      const struct kith_policy_rule *rule, const char *subject);

/* `over`: an enum kith_door; -1: error. Also of a PolicyTest. */
int kith_policy_read_door(struct kith_policy_reader *reader, const struct kith_yaml *node);

#endif
