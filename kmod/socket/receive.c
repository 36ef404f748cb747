// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving on an established connection: what kTLS authenticated, and what the
 * end of it means.
 */
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <net/tls.h>
#include "conn.h"

#define ALERT_FATAL	2
#define ALERT_BAD_MAC	20	/* bad_record_mac */

/* The peer's FIN came, no reset, where a record ends, and our workload takes
 * that for an end without close_notify (eof: lenient). Reported once. */
static bool ends_leniently(struct kith_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	if (!(conn->svid->traits & KITH_TRAIT_EOF_LENIENT) || !sock_flag(conn->sk, SOCK_DONE) ||
	    rx->strp.copy_mode || tcp_inq(conn->sk))
		return false;
	kith_conn_report(conn, KITH_DECISION_ALLOW, 0, KITH_REASON_CUT,
			 KITH_SIDE_PEER);
	WRITE_ONCE(conn->eof, true);
	kith_wake_all(conn->sk);
	return true;
}

/* A record without data, which splice() takes for an end: 1 to read on, unless
 * the peer sends nothing else. */
static int empty_record(struct kith_conn *conn)
{
	if (conn->idle_records++ < KITH_IDLE_RECORDS_MAX)
		return 1;
	return kith_stream_break(conn, EPROTO, KITH_REASON_RECORD,
				 KITH_SIDE_LOCAL);
}

/* Whether the peer has not ended the stream, or more came before it did. */
static bool more_records(struct sock *sk)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(sk));

	return (!(READ_ONCE(sk->sk_shutdown) & RCV_SHUTDOWN) &&
		!sock_flag(sk, SOCK_DONE)) ||
	       rx->strp.msg_ready || !skb_queue_empty(&rx->rx_list);
}

/* No bytes came: an end of stream only with close_notify, or when the program
 * itself shut the direction. Under the reader's turn. */
static int end_of_stream(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;
	int err = READ_ONCE(conn->stream_err);

	if (err)
		return -err;
	if (READ_ONCE(conn->eof) || READ_ONCE(conn->shut_read))
		return 0;
	if (more_records(sk))
		return empty_record(conn);
	if (ends_leniently(conn))
		return 0;
	return kith_stream_break(conn, ECONNRESET, KITH_REASON_CUT,
				 KITH_SIDE_PEER);
}

/* What a receive of @err means: 1 to try again, else the result. */
static int settle(struct kith_conn *conn, struct socket *sock, int err)
{
	int ret;

	/* What a sweep has found explains what came of it. */
	if (unlikely(READ_ONCE(conn->review))) {
		kith_conn_review_now(conn);
		if (READ_ONCE(conn->stream_err))
			return -conn->stream_err;
	}
	switch (err) {
	case 0:
		return end_of_stream(conn);
	case -EIO:
		ret = kith_record_control(conn, sock);
		if (ret == KITH_RECORD_IGNORED || ret == -EAGAIN)
			return 1;
		return ret == KITH_RECORD_EOF ? 0 : ret;
	case -EBADMSG:
	case -EMSGSIZE:
		kith_record_alert(conn, sock, ALERT_FATAL, ALERT_BAD_MAC);
		return kith_stream_break(conn, EPROTO, KITH_REASON_RECORD,
					 KITH_SIDE_LOCAL);
	case -ECONNRESET:
		/* kTLS tells the reset before what came ahead of it, which may
		 * say why. It tells it once. */
		return tcp_inq(conn->sk) ? 1 : err;
	default:
		return err;
	}
}

/* Data came: the server consented to us, and the stream is not idle. */
static void note_data(struct kith_conn *conn)
{
	conn->idle_records = 0;
	if (unlikely(READ_ONCE(conn->verdict_pending)))
		kith_callbacks_unwatch(conn);
}

static int recv_once(struct kith_conn *conn, struct socket *sock,
		     struct msghdr *msg, size_t len, int flags)
{
	void *control = msg->msg_control;
	size_t controllen = msg->msg_controllen;
	int ret;

	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	ret = conn->inner->recvmsg(sock, msg, len, flags);
	msg->msg_control = control;
	msg->msg_controllen = controllen;
	msg->msg_flags &= ~(MSG_CTRUNC | MSG_EOR);
	return ret;
}

/* What it returns may hold copies of what was sent. */
static int recv_errors(struct kith_conn *conn, struct socket *sock,
		       struct msghdr *msg, size_t len, int flags)
{
	enum kith_conn_state state = kith_conn_state(conn);
	int err = 0;

	if (state == KITH_CONN_STATE_READY || state == KITH_CONN_STATE_OPENED ||
	    kith_conn_pending(state))
		err = kith_stream_check_caller(conn, 0);
	return err ?: conn->base->recvmsg(sock, msg, len, flags);
}

int kith_stream_recvmsg(struct kith_conn *conn, struct socket *sock,
			struct msghdr *msg, size_t len, int flags)
{
	long timeo = sock_rcvtimeo(conn->sk, flags & MSG_DONTWAIT);
	int ret;

	if (flags & MSG_ERRQUEUE)
		return recv_errors(conn, sock, msg, len, flags);
	ret = kith_stream_enter(conn, timeo);
	if (ret == KITH_STREAM_OPENED)
		return conn->base->recvmsg(sock, msg, len, flags);
	if (ret)
		return ret;
	if (flags & MSG_OOB)
		return -EINVAL;			/* there is no urgent data */
	if (READ_ONCE(conn->eof) || !len)
		return 0;
	ret = kith_reader_begin(conn, timeo);
	if (ret)
		return ret;
	do {
		ret = recv_once(conn, sock, msg, len, flags);
		if (ret > 0) {
			note_data(conn);
			break;
		}
		ret = settle(conn, sock, ret);
	} while (ret == 1);
	kith_reader_end(conn);
	return ret;
}

ssize_t kith_stream_splice_read(struct kith_conn *conn, struct socket *sock,
				loff_t *pos, struct pipe_inode_info *pipe,
				size_t len, unsigned int flags)
{
	long timeo = sock_rcvtimeo(conn->sk, flags & SPLICE_F_NONBLOCK);
	ssize_t ret;

	ret = kith_stream_enter(conn, timeo);
	if (ret == KITH_STREAM_OPENED)
		return conn->base->splice_read(sock, pos, pipe, len, flags);
	if (ret)
		return ret;
	if (READ_ONCE(conn->eof))
		return 0;
	ret = kith_reader_begin(conn, timeo);
	if (ret)
		return ret;
	do {
		ret = conn->inner->splice_read(sock, pos, pipe, len, flags);
		if (ret > 0) {
			note_data(conn);
			break;
		}
		/* kTLS answers EINVAL to a record that is not data. */
		ret = settle(conn, sock, ret == -EINVAL ? -EIO : ret);
	} while (ret == 1);
	kith_reader_end(conn);
	return ret;
}

/**
 * kith_stream_inq() - bytes that can be read now (FIONREAD)
 * @conn: any but a listener
 * @sock: the program's socket
 * @bytes: set on success: of the next record at most, since what follows is
 *         not decrypted yet
 */
int kith_stream_inq(struct kith_conn *conn, struct socket *sock, int *bytes)
{
	struct kvec kv = { .iov_len = TLS_MAX_PAYLOAD_SIZE };
	struct msghdr msg = {};
	int ret;

	*bytes = 0;
	ret = kith_stream_enter(conn, 0);
	if (ret)
		return ret == -EAGAIN || ret == -ENOTCONN ? 0 : ret;
	kv.iov_base = kvmalloc(kv.iov_len, GFP_KERNEL);
	if (!kv.iov_base)
		return -ENOMEM;
	if (kith_reader_begin(conn, 0))
		goto out;
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, kv.iov_len);
	ret = conn->inner->recvmsg(sock, &msg, kv.iov_len,
				   MSG_PEEK | MSG_DONTWAIT);
	kith_reader_end(conn);
	if (ret > 0)
		*bytes = ret;
out:
	kvfree_sensitive(kv.iov_base, kv.iov_len);
	return 0;
}
