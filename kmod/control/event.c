// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling: counters, tracepoints and the netlink group. Nothing here may wait,
 * and nothing that fails here may fail what is told of.
 */
#include <linux/atomic.h>
#include <linux/ktime.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include "../identity/credential_types.h"
#include "event.h"
#include "fill.h"
#include "genl.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* Fixed attributes of an event with connection, credential and program. */
#define EVENT_SIZE	1536

static atomic64_t counters[__KITH_REASON_COUNT];
static atomic64_t lost;

u64 kith_event_count(enum kith_reason reason)
{
	return atomic64_read(&counters[reason]);
}

u64 kith_event_lost(void)
{
	return atomic64_read(&lost);
}

static size_t text_size(const char *text)
{
	return text ? nla_total_size(strlen(text) + 1) : 0;
}

static size_t event_size(const struct kith_event *event)
{
	const struct kith_conn_info *conn = event->conn;
	size_t size = EVENT_SIZE + text_size(event->detail);

	if (conn)
		size += text_size(conn->local_id) + text_size(conn->peer_id) +
			text_size(conn->workload) + text_size(conn->cipher) +
			text_size(conn->rule);
	if (event->credential)
		size += KITH_SPIFFE_ID_MAX + 2 * KITH_NAME_MAX;
	return size;
}

static int put_credential(struct sk_buff *skb, struct kith_credential *c)
{
	struct nlattr *nest = nla_nest_start(skb, KITH_A_EVENT_CREDENTIAL);

	if (!nest || kith_put_credential(skb, c) ||
	    kith_put_program(skb, KITH_A_CREDENTIAL_PROGRAM,
			     kith_credential_program(c), NULL))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_conn(struct sk_buff *skb, const struct kith_conn_info *conn)
{
	struct nlattr *nest = nla_nest_start(skb, KITH_A_EVENT_CONN);

	if (!nest || kith_put_conn(skb, conn))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_event(struct sk_buff *skb, const struct kith_event *event)
{
	s64 now = ktime_to_ms(ktime_get_real());

	if (nla_put_u32(skb, KITH_A_EVENT_KIND, event->kind) ||
	    kith_put_u64(skb, KITH_A_EVENT_TIME, now) ||
	    nla_put_u32(skb, KITH_A_EVENT_DECISION, event->decision) ||
	    nla_put_u32(skb, KITH_A_EVENT_REASON, event->reason) ||
	    nla_put_u32(skb, KITH_A_EVENT_SIDE, event->side) ||
	    nla_put_u32(skb, KITH_A_EVENT_ERRNO, event->err) ||
	    kith_put_text(skb, KITH_A_EVENT_DETAIL, event->detail) ||
	    kith_put_u64(skb, KITH_A_EVENT_GENERATION, event->generation) ||
	    (event->conn && put_conn(skb, event->conn)) ||
	    (event->credential && put_credential(skb, event->credential)) ||
	    (event->untold &&
	     nla_put_u32(skb, KITH_A_EVENT_UNTOLD, event->untold)))
		return -EMSGSIZE;
	return 0;
}

static int event_send(const struct kith_event *event)
{
	struct sk_buff *skb = genlmsg_new(event_size(event),
					  GFP_ATOMIC | __GFP_NOWARN);
	void *header;
	int err;

	if (!skb)
		return -ENOMEM;
	header = genlmsg_put(skb, 0, 0, &kith_family, 0, KITH_CMD_EVENT);
	err = header ? put_event(skb, event) : -EMSGSIZE;
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, header);
	return genlmsg_multicast(&kith_family, skb, 0, KITH_GROUP_EVENTS,
				 GFP_ATOMIC);
}

static void event_trace(const struct kith_event *event)
{
	if (event->kind == KITH_EVENT_KIND_DECISION)
		trace_kith_decision(event);
	else
		trace_kith_event(event);
}

static void event_multicast(const struct kith_event *event)
{
	int err;

	if (!genl_has_listeners(&kith_family, &init_net, KITH_GROUP_EVENTS))
		return;
	err = event_send(event);
	/* The last listener may have left. */
	if (err && err != -ESRCH)
		atomic64_inc(&lost);
}

static void event_note(const struct kith_event *event)
{
	atomic64_inc(&counters[event->reason]);
	event_trace(event);
}

static void event_tell(const struct kith_event *event)
{
	rcu_read_lock();
	if (kith_genl_is_up())
		event_multicast(event);
	rcu_read_unlock();
}

void kith_event_emit(const struct kith_event *event)
{
	event_note(event);
	event_tell(event);
}

static bool take_turn(struct kith_event_pace *pace)
{
	s64 now = ktime_get_boottime_ns(), due = atomic64_read(&pace->due);
	s64 next = max(due, now) + NSEC_PER_SEC;

	return next - now <= KITH_EVENT_BURST * NSEC_PER_SEC &&
	       atomic64_cmpxchg(&pace->due, due, next) == due;
}

void kith_event_emit_paced(const struct kith_event *event,
			   struct kith_event_pace *pace)
{
	struct kith_event told = *event;

	event_note(event);
	if (!take_turn(pace)) {
		atomic_inc(&pace->untold);
		return;
	}
	told.untold = atomic_xchg(&pace->untold, 0);
	event_tell(&told);
}
