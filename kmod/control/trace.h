/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints, for BPF programs and perf: the same events as the netlink
 * group's, without any key material.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM kith

#if !defined(_KITH_CONTROL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _KITH_CONTROL_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>
#include "event.h"

/* Strings are dynamic arrays: __assign_str() takes another number of arguments
 * from 6.10 on.
 */
#ifndef KITH_TRACE_HELPERS
#define KITH_TRACE_HELPERS
static inline const char *kith_trace_text(const char *text)
{
	return text ?: "";
}

static inline const struct kith_conn_info *
kith_trace_conn(const struct kith_event *event)
{
	static const struct kith_conn_info none;

	return event->conn ?: &none;
}

#define KITH_TRACE_SIZE(text)	(strlen(kith_trace_text(text)) + 1)
#define KITH_TRACE_COPY(field, text)					\
	strscpy(__get_dynamic_array(field), kith_trace_text(text),	\
		__get_dynamic_array_len(field))
#endif

DECLARE_EVENT_CLASS(kith_event_class,
	TP_PROTO(const struct kith_event *event),
	TP_ARGS(event),
	TP_STRUCT__entry(
		__field(u32, kind)
		__field(u32, decision)
		__field(u32, reason)
		__field(u32, side)
		__field(u32, err)
		__field(u32, pid)
		__field(u64, generation)
		__field(u32, conn_kind)
		__field(u16, local_port)
		__field(u16, remote_port)
		__field(u8, family)
		__array(u8, conn_id, KITH_CONN_ID_LEN)
		__array(u8, local, 16)
		__array(u8, remote, 16)
		__array(char, comm, 16)
		__dynamic_array(char, local_id,
				KITH_TRACE_SIZE(kith_trace_conn(event)->local_id))
		__dynamic_array(char, peer_id,
				KITH_TRACE_SIZE(kith_trace_conn(event)->peer_id))
		__dynamic_array(char, rule,
				KITH_TRACE_SIZE(kith_trace_conn(event)->rule))
		__dynamic_array(char, detail, KITH_TRACE_SIZE(event->detail))
	),
	TP_fast_assign(
		const struct kith_conn_info *conn = kith_trace_conn(event);

		__entry->kind = event->kind;
		__entry->decision = event->decision;
		__entry->reason = event->reason;
		__entry->side = event->side;
		__entry->err = event->err;
		__entry->pid = conn->pid;
		__entry->generation = event->generation;
		__entry->conn_kind = conn->kind;
		__entry->local_port = conn->local_port;
		__entry->remote_port = conn->remote_port;
		__entry->family = conn->family;
		memcpy(__entry->conn_id, conn->id, sizeof(conn->id));
		memcpy(__entry->local, conn->local, sizeof(conn->local));
		memcpy(__entry->remote, conn->remote, sizeof(conn->remote));
		memcpy(__entry->comm, conn->comm, sizeof(conn->comm));
		KITH_TRACE_COPY(local_id, conn->local_id);
		KITH_TRACE_COPY(peer_id, conn->peer_id);
		KITH_TRACE_COPY(rule, conn->rule);
		KITH_TRACE_COPY(detail, event->detail);
	),
	TP_printk("kind=%u decision=%u reason=%u side=%u errno=%u pid=%u comm=%s local=%s peer=%s port=%u rule=%s %s",
		  __entry->kind, __entry->decision, __entry->reason,
		  __entry->side, __entry->err, __entry->pid, __entry->comm,
		  (char *)__get_dynamic_array(local_id),
		  (char *)__get_dynamic_array(peer_id),
		  __entry->remote_port, (char *)__get_dynamic_array(rule),
		  (char *)__get_dynamic_array(detail))
);

DEFINE_EVENT(kith_event_class, kith_decision,
	TP_PROTO(const struct kith_event *event),
	TP_ARGS(event)
);

DEFINE_EVENT(kith_event_class, kith_event,
	TP_PROTO(const struct kith_event *event),
	TP_ARGS(event)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
