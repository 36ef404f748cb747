/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The compiled policy: a flat, position-independent table of rules that the
 * agent's compiler (lib/) writes and the kernel looks up. The kernel checks a
 * table once when it is loaded and never interprets policy text.
 *
 * The same source is built in userspace, by the compiler and by the tests.
 *
 * Layout, all integers little endian, all offsets in bytes from the start:
 *
 *   struct kith_table_header
 *   struct kith_table_subject[n_subjects]   sorted by ID, one per local ID
 *   struct kith_table_rule[n_rules]         the first subject's inbound, its
 *                                           outbound, the next subject's, …;
 *                                           in each, deny rules first
 *   strings                                 each NUL-terminated, none empty
 *
 * The four parts adjoin. String offset 0 means "none". An opening names no
 * peer; it alone may be about another door than TCP. Bits of an address beyond its
 * prefix are zero.
 */
#ifndef _KITH_POLICY_TABLE_H
#define _KITH_POLICY_TABLE_H

#include "table_compat.h"

#define KITH_TABLE_MAGIC	0x4854494bU	/* "KITH" */
#define KITH_TABLE_VERSION	2
#define KITH_TABLE_MAX		(64U << 20)	/* bytes */

struct kith_table_header {
	__le32 magic;
	__le32 version;
	__le32 size;			/* of the whole table */
	__le32 n_subjects;
	__le32 subjects;		/* offset */
	__le32 n_rules;
	__le32 rules;			/* offset */
	__le32 strings;			/* offset; ends with the table */
};

struct kith_table_subject {
	__le32 id;			/* string: exact SPIFFE ID */
	__le32 inbound, n_inbound;	/* index of the first rule, count */
	__le32 outbound, n_outbound;
};

enum kith_table_action {
	KITH_TABLE_ALLOW,		/* authenticated peers */
	KITH_TABLE_DENY,
	KITH_TABLE_OPEN,		/* an opening: unauthenticated */
};

struct kith_table_rule {
	__le32 action;			/* enum kith_table_action */
	__le32 peer;			/* string: SPIFFE ID pattern; 0: any peer */
	__u8 address[16];		/* IPv6, or IPv4-mapped; the remote end */
	__u8 prefix;			/* bits of @address that count, 0 to 128 */
	__u8 door;			/* enum kith_door; none: TCP */
	__u8 pad[2];			/* zero */
	__le16 port_first, port_last;	/* inbound: local; outbound: remote */
	__le32 alpn;			/* string */
	__le32 sni;			/* string */
	__le32 source;			/* string: file:line */
	__le32 name;			/* string: opening's name or the policy's */
};

/* A checked table. The memory belongs to the caller. */
struct kith_table {
	const void *base;
	const struct kith_table_subject *subjects;
	const struct kith_table_rule *rules;
	u32 n_subjects, n_rules, size;
	u32 doors;			/* 1 << door of each opening there is */
};

/**
 * kith_table_open() - check a table and describe it
 * @table: filled on success
 * @base: 8-byte aligned memory, kept by the caller as long as @table is used
 * @size: bytes at @base
 *
 * Every offset, count, string and reserved byte is checked, so that lookups
 * need no bounds checks of their own. Strings are bounded as in linux/kith.h:
 * IDs and patterns by KITH_SPIFFE_ID_MAX, the rest by KITH_NAME_MAX. Work is
 * linear in @size; process context, for that reason only. Return: 0 or -EINVAL.
 */
int kith_table_open(struct kith_table *table, const void *base, size_t size);

/* Where a connection goes or comes from. */
struct kith_endpoint {
	u8 address[16];			/* IPv6 or IPv4-mapped, of the remote end */
	u16 port;			/* host order; inbound: local, outbound: remote */
};

enum kith_direction { KITH_INBOUND, KITH_OUTBOUND };

/*
 * Lookups take any context, any lock, and need no more than that the table
 * stays. Their cost is a binary search over the subjects and a scan of the
 * rules of one subject in one direction.
 */

/**
 * kith_table_address() - what may happen with an endpoint before the peer is known
 * @door: KITH_DOOR_NONE for TCP; for another, its openings and deny rules count
 *
 * Return: a deny rule that names any peer, else an opening that matches, else
 * the first allow rule whose address and port match (its peer is still to be
 * checked), else NULL: nothing matches, refuse.
 */
const struct kith_table_rule *
kith_table_address(const struct kith_table *table, const char *local_id,
		   enum kith_direction direction, enum kith_door door,
		   const struct kith_endpoint *endpoint);

/**
 * kith_table_door() - the first opening of a door in either direction, or NULL
 *
 * Whether a door may be opened at all; what goes through it, if it has addresses,
 * is for kith_table_address().
 */
const struct kith_table_rule *kith_table_door(const struct kith_table *table,
					      const char *local_id,
					      enum kith_door door);

/**
 * kith_table_peer() - the rule that decides about an authenticated peer
 *
 * Return: the first matching deny rule, else the first matching allow rule,
 * else NULL: refuse.
 */
const struct kith_table_rule *
kith_table_peer(const struct kith_table *table, const char *local_id,
		enum kith_direction direction,
		const struct kith_endpoint *endpoint, const char *peer_id);

/* String of a rule, or NULL for offset 0. @offset comes from a checked table. */
const char *kith_table_string(const struct kith_table *table, __le32 offset);

/**
 * kith_pattern_match() - SPIFFE ID pattern: exact, "*" for one path segment,
 * a trailing "/" "**" for one or more; never a bare string prefix
 */
bool kith_pattern_match(const char *pattern, const char *id);

#endif
