// SPDX-License-Identifier: GPL-2.0-only
/*
 * Control records in a kTLS stream: alerts and post-handshake messages.
 *
 * kTLS hands a record that is not data only to a reader with room for its type,
 * and gives anyone else EIO again and again. The program never asks, so Kith
 * reads it into kernel memory and acts (RFC 8446 sections 4.6 and 6).
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/tls.h>
#include "conn.h"

#define RECORD_ALERT		21
#define RECORD_HANDSHAKE	22
#define RECORD_MAX		(TLS_MAX_PAYLOAD_SIZE + 256)

#define ALERT_WARNING		1
#define ALERT_FATAL		2
#define ALERT_CLOSE_NOTIFY	0
#define ALERT_UNEXPECTED	10
#define ALERT_INTERNAL		80
#define ALERT_USER_CANCELED	90

#define ANY_ROOM	(INT_MAX / 2)

#define MSG_NEW_SESSION_TICKET	4
#define MSG_KEY_UPDATE		24

/* Reads one record of any type: its length, or -errno. */
static int read_record(struct kith_conn *conn, struct socket *sock, u8 *buf,
		       size_t size, u8 *type)
{
	u8 control[CMSG_SPACE(1)] __aligned(sizeof(struct cmsghdr)) = {};
	struct cmsghdr *cmsg = (struct cmsghdr *)control;
	struct kvec kv = { .iov_base = buf, .iov_len = size };
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int ret;

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, size);
	ret = conn->inner->recvmsg(sock, &msg, size, MSG_DONTWAIT);
	if (ret < 0)
		return ret;
	if (cmsg->cmsg_level != SOL_TLS || cmsg->cmsg_type != TLS_GET_RECORD_TYPE)
		return -EIO;
	*type = *(u8 *)CMSG_DATA(cmsg);
	return ret;
}

static int handle_alert(struct kith_conn *conn, const u8 *alert, int len)
{
	enum kith_reason reason = KITH_REASON_RECORD;
	int err;

	if (len != 2)
		return kith_stream_break(conn, EPROTO, KITH_REASON_RECORD,
					 KITH_SIDE_LOCAL);
	if (alert[1] == ALERT_CLOSE_NOTIFY) {
		WRITE_ONCE(conn->eof, true);
		kith_wake_all(conn->sk);
		return KITH_RECORD_EOF;
	}
	if (alert[1] == ALERT_USER_CANCELED &&
	    conn->idle_records++ < KITH_IDLE_RECORDS_MAX)
		return KITH_RECORD_IGNORED;
	err = kith_tls_alert_errno(alert[1], &reason);
	return kith_stream_break(conn, -err, reason, KITH_SIDE_PEER);
}

static int handle_handshake(struct kith_conn *conn, struct socket *sock,
			    const u8 *msg, int len)
{
	enum kith_reason reason = KITH_REASON_RECORD;

	/* Tickets are not used, resumption would need the identity in them. */
	if (len >= 4 && msg[0] == MSG_NEW_SESSION_TICKET &&
	    conn->idle_records++ < KITH_IDLE_RECORDS_MAX)
		return KITH_RECORD_IGNORED;
	if (len >= 4 && msg[0] == MSG_KEY_UPDATE) {
		reason = KITH_REASON_KEY_UPDATE;
		kith_record_alert(conn, sock, ALERT_FATAL, ALERT_INTERNAL);
	} else {
		kith_record_alert(conn, sock, ALERT_FATAL, ALERT_UNEXPECTED);
	}
	return kith_stream_break(conn, EPROTO, reason, KITH_SIDE_LOCAL);
}

int kith_record_control(struct kith_conn *conn, struct socket *sock)
{
	u8 *buf = kvmalloc(RECORD_MAX, GFP_KERNEL);
	u8 type = 0;
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = read_record(conn, sock, buf, RECORD_MAX, &type);
	if (ret < 0)
		goto out;
	/* A broken stream tells no second story. */
	if (READ_ONCE(conn->stream_err)) {
		ret = -conn->stream_err;
		goto out;
	}
	if (type == RECORD_ALERT) {
		ret = handle_alert(conn, buf, ret);
	} else if (type == RECORD_HANDSHAKE) {
		ret = handle_handshake(conn, sock, buf, ret);
	} else {
		kith_record_alert(conn, sock, ALERT_FATAL, ALERT_UNEXPECTED);
		ret = kith_stream_break(conn, EPROTO, KITH_REASON_RECORD,
					KITH_SIDE_LOCAL);
	}
out:
	kvfree_sensitive(buf, RECORD_MAX);
	return ret;
}

/* An alert is small, and what it tells cannot wait for the program's bytes to
 * be read: it goes into the send buffer however full that is. */
static int send_without_room(struct kith_conn *conn, struct socket *sock,
			     struct msghdr *msg)
{
	struct sock *sk = conn->sk;
	u32 *lowat = &tcp_sk(sk)->notsent_lowat;
	int room, ret;
	u32 unsent;

	lock_sock(sk);
	room = xchg(&sk->sk_sndbuf, ANY_ROOM);
	unsent = xchg(lowat, ANY_ROOM);
	release_sock(sk);
	ret = conn->inner->sendmsg(sock, msg, msg_data_left(msg));
	/* Unless the program has set them meanwhile. */
	lock_sock(sk);
	cmpxchg(&sk->sk_sndbuf, ANY_ROOM, room);
	cmpxchg(lowat, ANY_ROOM, unsent);
	release_sock(sk);
	return ret == -ERESTARTSYS || ret == -EINTR ? -EAGAIN : ret;
}

int kith_record_alert(struct kith_conn *conn, struct socket *sock, u8 level,
		      u8 description)
{
	u8 control[CMSG_SPACE(1)] __aligned(sizeof(struct cmsghdr)) = {};
	struct cmsghdr *cmsg = (struct cmsghdr *)control;
	u8 alert[2] = { level, description };
	struct kvec kv = { .iov_base = alert, .iov_len = sizeof(alert) };
	struct msghdr msg = {
		.msg_control = control,
		.msg_controllen = sizeof(control),
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL,
	};
	int ret;

	cmsg->cmsg_level = SOL_TLS;
	cmsg->cmsg_type = TLS_SET_RECORD_TYPE;
	cmsg->cmsg_len = CMSG_LEN(1);
	*(u8 *)CMSG_DATA(cmsg) = RECORD_ALERT;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &kv, 1, sizeof(alert));
	/* A blocked send() has the turn for as long as the peer likes: no
	 * revocation or policy change may wait for that. */
	if (!mutex_trylock(&conn->tx))
		return -EAGAIN;
	ret = send_without_room(conn, sock, &msg);
	/* Nothing follows an alert. */
	if (ret != -EAGAIN)
		WRITE_ONCE(conn->fin, true);
	mutex_unlock(&conn->tx);
	return ret < 0 ? ret : 0;
}

void kith_conn_fail(struct kith_conn *conn, int err)
{
	struct sock *sk = conn->sk;

	/* For those whom the shutdown wakes. */
	WRITE_ONCE(sk->sk_err, -err);
	/* Our alert, if any, is on its way: FIN, not RST, follows it. */
	conn->inner->shutdown(conn->sock, SHUT_RDWR);
	lock_sock(sk);
	WRITE_ONCE(sk->sk_err, -err);
	sk_error_report(sk);
	release_sock(sk);
}

bool kith_conn_has_unsent(const struct kith_conn *conn)
{
	const struct tcp_sock *tp = tcp_sk(conn->sk);

	return inet_sk_state_load(conn->sk) != TCP_CLOSE &&
	       READ_ONCE(tp->write_seq) != READ_ONCE(tp->snd_nxt);
}

void kith_conn_drop_unsent(struct kith_conn *conn, int err)
{
	if (kith_conn_has_unsent(conn))
		tcp_abort(conn->sk, -err);
}

int kith_stream_break(struct kith_conn *conn, int err, enum kith_reason reason,
		      enum kith_side side)
{
	struct sock *sk = conn->sk;

	if (WARN_ON_ONCE(err <= 0))
		err = EPROTO;
	if (cmpxchg(&conn->stream_err, 0, err))
		return -READ_ONCE(conn->stream_err);
	kith_conn_report(conn, KITH_DECISION_DENY, err, reason, side);
	kith_conn_fail(conn, -err);
	kith_wake_all(sk);
	return -err;
}
