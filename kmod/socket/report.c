// SPDX-License-Identifier: GPL-2.0-only
/*
 * Managed sockets as operators see them.
 */
#include <linux/cred.h>
#include <linux/ipv6.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include "conn.h"

static void map4(__be32 from, u8 to[16])
{
	ipv6_addr_set_v4mapped(from, (struct in6_addr *)to);
}

void kith_endpoint_of_sock(const struct sock *sk, struct kith_endpoint *endpoint,
			   enum kith_direction direction)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		memcpy(endpoint->address, &sk->sk_v6_daddr, 16);
	else
#endif
		map4(sk->sk_daddr, endpoint->address);
	endpoint->port = direction == KITH_OUTBOUND ? ntohs(sk->sk_dport) :
						      sk->sk_num;
}

/**
 * kith_endpoint_of_addr() - a connect() address as the policy sees it
 * @addr: from user space, copied in
 * @len: bytes of @addr
 * @endpoint: filled on success
 *
 * Return: 0, or -EAFNOSUPPORT or -EINVAL for what the stack would refuse.
 */
int kith_endpoint_of_addr(const struct sockaddr_unsized *addr, int len,
			  struct kith_endpoint *endpoint)
{
	const struct sockaddr_in6 *in6 = (const void *)addr;
	const struct sockaddr_in *in = (const void *)addr;

	if (len >= (int)sizeof(*in) && in->sin_family == AF_INET) {
		map4(in->sin_addr.s_addr, endpoint->address);
		endpoint->port = ntohs(in->sin_port);
		return 0;
	}
	if (len >= SIN6_LEN_RFC2133 && in6->sin6_family == AF_INET6) {
		memcpy(endpoint->address, &in6->sin6_addr, 16);
		endpoint->port = ntohs(in6->sin6_port);
		return 0;
	}
	return len < (int)sizeof(*in) ? -EINVAL : -EAFNOSUPPORT;
}

static const char *cipher_name(u16 suite)
{
	switch (suite) {
	case 0x1301:
		return "TLS_AES_128_GCM_SHA256";
	case 0x1302:
		return "TLS_AES_256_GCM_SHA384";
	case 0x1303:
		return "TLS_CHACHA20_POLY1305_SHA256";
	default:
		return NULL;
	}
}

static void describe_addresses(const struct sock *sk,
			       struct kith_conn_info *info)
{
	info->family = sk->sk_family;
	info->local_port = sk->sk_num;
	info->remote_port = ntohs(sk->sk_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6) {
		memcpy(info->local, &sk->sk_v6_rcv_saddr, 16);
		memcpy(info->remote, &sk->sk_v6_daddr, 16);
		return;
	}
#endif
	memcpy(info->local, &sk->sk_rcv_saddr, 4);
	memcpy(info->remote, &sk->sk_daddr, 4);
}

/* Before TCP knows, the destination is what connect() was given. */
static void describe_destination(const struct kith_conn *conn,
				 struct kith_conn_info *info)
{
	struct kith_endpoint endpoint;

	if (info->remote_port || !conn->dest_len ||
	    kith_endpoint_of_addr((void *)&conn->dest, conn->dest_len,
				  &endpoint))
		return;
	info->remote_port = endpoint.port;
	if (info->family == AF_INET6)
		memcpy(info->remote, endpoint.address, 16);
	else
		memcpy(info->remote, endpoint.address + 12, 4);
}

/* Under @conn->mutex; strings stay @conn's. */
void kith_conn_describe(struct kith_conn *conn, struct kith_conn_info *info)
{
	memset(info, 0, sizeof(*info));
	memcpy(info->id, conn->id, sizeof(info->id));
	info->has_id = conn->has_id;
	info->kind = conn->kind;
	info->state = conn->state;
	info->pid = conn->pid;
	memcpy(info->comm, conn->comm, sizeof(info->comm));
	info->since = conn->since;
	describe_addresses(conn->sk, info);
	describe_destination(conn, info);
	info->peer_id = conn->peer_id;
	info->rule = conn->rule;
	info->cipher = cipher_name(conn->cipher_suite);
	if (conn->svid) {
		info->local_id = conn->svid->facts.spiffe_id;
		info->workload = conn->svid->workload;
	}
	if (conn->listener) {
		info->pending = READ_ONCE(conn->listener->n_pending);
		info->queued = READ_ONCE(conn->listener->n_ready);
	}
}

/* The connection names whom it belongs to: these are about who calls. */
static const char *name_caller(enum kith_reason reason, char *text, size_t size)
{
	if (reason != KITH_REASON_WRONG_IDENTITY &&
	    reason != KITH_REASON_HANDED_ON)
		return NULL;
	snprintf(text, size, "used by %.*s (pid %d, uid %u)", TASK_COMM_LEN,
		 current->comm, task_tgid_nr(current),
		 from_kuid(&init_user_ns, current_uid()));
	return text;
}

/* Everything but what cost a handshake can be had again and again: by a program, by
 * whom it hands a descriptor to, and by its peers.
 */
static void emit(const struct kith_conn *conn, const struct kith_event *event)
{
	struct kith_credential *owner = event->credential;
	struct kith_program *program = NULL;

	if (event->reason == KITH_REASON_RULE ||
	    event->reason == KITH_REASON_CUT) {
		kith_event_emit(event);
		return;
	}
	if (!owner && conn->parent)
		owner = READ_ONCE(conn->parent->credential);
	if (owner)
		program = kith_credential_program(owner);
	kith_event_emit_paced(event, kith_program_pace(program, event->reason));
}

void kith_conn_report(struct kith_conn *conn, enum kith_decision decision,
		      int err, enum kith_reason reason, enum kith_side side)
{
	char caller[64];
	struct kith_conn_info info;
	struct kith_event event = {
		.kind = reason == KITH_REASON_CUT ? KITH_EVENT_KIND_CLOSED :
						    KITH_EVENT_KIND_DECISION,
		.decision = decision,
		.reason = reason,
		.side = side,
		.err = err,
		.detail = name_caller(reason, caller, sizeof(caller)),
		.generation = conn->generation,
		.conn = &info,
	};

	kith_conn_describe(conn, &info);
	/* Another may take the connection over: not every caller has the mutex. */
	rcu_read_lock();
	event.credential = READ_ONCE(conn->credential);
	emit(conn, &event);
	rcu_read_unlock();
}

/* --- dumps ------------------------------------------------------------------ */

struct show_arg {
	int (*show)(const struct kith_conn_info *info, void *arg);
	void *arg;
	int tries;			/* left, of this part of a dump */
};

/* A program may keep its connection locked: the agent, who asks, shall not wait
 * for that, and leaves it out. */
static bool lock_soon(struct kith_conn *conn, int *tries)
{
	while (!mutex_trylock(&conn->mutex)) {
		if (--*tries < 0)
			return false;
		usleep_range(500, 1000);
	}
	return true;
}

/* Of one that is locked and has a sweep's mark: whom it waits for. */
static int show_in_review(struct kith_conn *conn, struct show_arg *show)
{
	struct kith_conn_info info = {
		.kind = conn->kind,
		.state = kith_conn_state(conn),
		.pid = READ_ONCE(conn->pid),
		.since = conn->since,
		.family = AF_INET,
		.in_review = true,
	};

	memcpy(info.comm, conn->comm, sizeof(info.comm) - 1);
	return show->show(&info, show->arg);
}

/* Broken or refused: only the descriptor is left. Under @conn->mutex. */
static bool is_over(const struct kith_conn *conn)
{
	return conn->dead || conn->state == KITH_CONN_STATE_FAILED ||
	       READ_ONCE(conn->stream_err);
}

static int show_conn(struct kith_conn *conn, void *arg)
{
	struct show_arg *show = arg;
	struct kith_conn_info info;
	struct kith_svid *svid = NULL;
	enum kith_reason reason;
	int ret = 0;

	if (!lock_soon(conn, &show->tries))
		return kith_conn_in_review(conn) ? show_in_review(conn, show) : 0;
	if (!is_over(conn)) {
		kith_conn_describe(conn, &info);
		info.in_review = kith_conn_in_review(conn);
		/* A listener has its owner's identity of the moment. */
		if (conn->listener && conn->credential) {
			svid = kith_credential_svid(conn->credential, &reason);
			if (!IS_ERR(svid)) {
				info.local_id = svid->facts.spiffe_id;
				info.workload = svid->workload;
			}
		}
		ret = show->show(&info, show->arg);
	}
	mutex_unlock(&conn->mutex);
	if (!IS_ERR_OR_NULL(svid))
		kith_svid_put(svid);
	return ret;
}

int kith_socket_for_each(unsigned long *position,
			 int (*show)(const struct kith_conn_info *info, void *arg),
			 void *arg)
{
	struct show_arg wrapped = { .show = show, .arg = arg, .tries = 100 };

	return kith_table_walk(position, show_conn, &wrapped);
}
