/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decisions and what else an operator is told: one structured event to the
 * netlink group, one tracepoint, one counter by reason.
 */
#ifndef _KITH_CONTROL_EVENT_H
#define _KITH_CONTROL_EVENT_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/kith.h>

struct kith_credential;

/* A connection as events and dumps show it; strings may be NULL. */
struct kith_conn_info {
	u8 id[KITH_CONN_ID_LEN];
	bool has_id;
	enum kith_conn_kind kind;
	enum kith_conn_state state;
	pid_t pid;
	char comm[16];
	u8 family;			/* AF_INET or AF_INET6 */
	u8 local[16], remote[16];	/* 4 or 16 bytes used */
	u16 local_port, remote_port;	/* host order */
	const char *local_id, *peer_id, *workload, *cipher, *rule;
	s64 since;			/* ms since 1970 */
	u32 pending, queued;		/* listeners */
	bool in_review;			/* a sweep's mark was not seen to yet */
};

struct kith_event {
	enum kith_event_kind kind;
	enum kith_decision decision;	/* kind decision */
	enum kith_reason reason;
	enum kith_side side;
	int err;			/* 0 or a positive errno */
	u64 generation;
	const char *detail;		/* or NULL */
	const struct kith_conn_info *conn;	/* or NULL */
	struct kith_credential *credential;	/* or NULL */
	u32 untold;			/* left out before it, see below */
};

/* Counts @event->reason, fires the tracepoint and tells the group. Never
 * fails; a lost event is counted. Any context that is not hard irq.
 */
void kith_event_emit(const struct kith_event *event);

/* What is told of one object at once, before it is one event a second. */
#define KITH_EVENT_BURST	32

/* Bounds what is told of one object. Zeroed at first. */
struct kith_event_pace {
	atomic64_t due;		/* ns since boot; when the burst is whole again */
	atomic_t untold;	/* since the last event that was told */
};

/* As kith_event_emit(), but the group is told at the speed of @pace. The others
 * count and have their tracepoint, and the next one says how many there were.
 */
void kith_event_emit_paced(const struct kith_event *event,
			   struct kith_event_pace *pace);

u64 kith_event_count(enum kith_reason reason);
u64 kith_event_lost(void);

#endif
