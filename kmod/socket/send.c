// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending on an established connection: a thin wrapper around what kTLS does,
 * one sender at a time.
 */
#include <linux/net.h>
#include <linux/splice.h>
#include <net/tls.h>
#include "conn.h"

/* RFC 8446 section 5.5: 2^24.5 records under one AES-GCM key. */
#define RECORDS_MAX	23726566

/* The program may not speak to kTLS itself. */
static int check_control(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for_each_cmsghdr(cmsg, msg)
		if (!CMSG_OK(msg, cmsg) || cmsg->cmsg_level == SOL_TLS)
			return -EINVAL;
	return 0;
}

/* A send failed: the peer's refusal, if it lies in the receive queue, is the
 * better answer than the reset that followed it. */
static int explain_send(struct kith_conn *conn, int err, int flags)
{
	long timeo = flags & MSG_DONTWAIT ? 0 :
					    msecs_to_jiffies(KITH_LINGER_MS);

	if (err != -EPIPE && err != -ECONNRESET)
		return err;
	if (unlikely(READ_ONCE(conn->review)))
		kith_conn_review_now(conn);
	/* The program's own shutdown() needs no explanation. Else a reader or
	 * the worker may be at it: after them it is known. */
	if (READ_ONCE(conn->verdict_pending) && !READ_ONCE(conn->fin) &&
	    !READ_ONCE(conn->fin_due) && !kith_reader_begin(conn, timeo)) {
		kith_reader_end(conn);
		mutex_lock(&conn->mutex);
		kith_client_verdict(conn);
		mutex_unlock(&conn->mutex);
	}
	return -READ_ONCE(conn->stream_err) ?: err;
}

/* Whether more may be sent: not after shutdown(SHUT_WR), where kTLS would take
 * them and drop them, and not past the cipher's record limit. */
static int check_send(struct kith_conn *conn, int flags)
{
	int err;

	if (READ_ONCE(conn->sk->sk_shutdown) & SEND_SHUTDOWN ||
	    READ_ONCE(conn->fin_due)) {
		/* Broken since the call came in: it wants to know why. */
		err = -READ_ONCE(conn->stream_err) ?:
		      sk_stream_error(conn->sk, flags, -EPIPE);
		return explain_send(conn, err, flags);
	}
	if (likely(atomic64_read(&conn->records) < RECORDS_MAX ||
		   conn->cipher_suite == 0x1303))	/* ChaCha20: no limit */
		return 0;
	return kith_stream_break(conn, EPROTO, KITH_REASON_RECORD_LIMIT,
				 KITH_SIDE_LOCAL);
}

/* The result of a send: the records it made are counted. */
static int sent(struct kith_conn *conn, int ret, int flags)
{
	if (ret < 0)
		return explain_send(conn, ret, flags);
	atomic64_add(ret / TLS_MAX_PAYLOAD_SIZE + 1, &conn->records);
	return ret;
}

static void give_turn(struct kith_conn *conn)
{
	mutex_unlock(&conn->tx);
	smp_mb();			/* pairs with try_turn(), defer_fin() */
	if (unlikely(READ_ONCE(conn->writer_missed))) {
		WRITE_ONCE(conn->writer_missed, false);
		kith_wake_all(conn->sk);
	}
	if (unlikely(READ_ONCE(conn->fin_due)) && mutex_trylock(&conn->tx)) {
		kith_conn_free_fin(conn);
		mutex_unlock(&conn->tx);
	}
}

/* Nobody may wait for the turn: who has it wakes the poller afterwards. */
static bool try_turn(struct kith_conn *conn)
{
	if (mutex_trylock(&conn->tx))
		return true;
	WRITE_ONCE(conn->writer_missed, true);
	smp_mb();			/* pairs with give_turn() */
	return mutex_trylock(&conn->tx);
}

/* The turn to send, unless the direction was shut down meanwhile. Who may not
 * wait does not wait for another sender either. */
static int take_turn(struct kith_conn *conn, int flags)
{
	if (flags & MSG_DONTWAIT) {
		if (!try_turn(conn))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&conn->tx)) {
		return -ERESTARTSYS;
	}
	if (!READ_ONCE(conn->fin) && !READ_ONCE(conn->fin_due))
		return 0;
	/* It would follow close_notify, where nobody looks. */
	give_turn(conn);
	return -READ_ONCE(conn->stream_err) ?: -EPIPE;
}

#define SEND_REFUSED	(MSG_OOB | MSG_FASTOPEN | MSG_ZEROCOPY)
#define SEND_PASSED	(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL |	\
			 MSG_CMSG_COMPAT | KITH_SPLICE_FLAGS)

int kith_stream_sendmsg(struct kith_conn *conn, struct socket *sock,
			struct msghdr *msg, size_t len)
{
	int err;

	if (msg->msg_flags & MSG_FASTOPEN)
		return -EOPNOTSUPP;
	err = kith_stream_enter(conn, sock_sndtimeo(conn->sk, msg->msg_flags &
						    MSG_DONTWAIT));
	if (err == KITH_STREAM_OPENED)
		return conn->base->sendmsg(sock, msg, len);
	if (err == -ENOTCONN)
		return sk_stream_error(conn->sk, msg->msg_flags, -EPIPE);
	if (err)
		return err;
	if (msg->msg_flags & SEND_REFUSED)
		return -EOPNOTSUPP;
	err = check_control(msg);
	if (!err)
		err = check_send(conn, msg->msg_flags);
	if (err)
		return err;
	/* kTLS refuses flags that plain TCP ignores. */
	msg->msg_flags &= SEND_PASSED;
	/* A record without data would go out; TCP sends nothing. */
	if (!len)
		return 0;
	msg->msg_controllen = 0;
	err = take_turn(conn, msg->msg_flags);
	if (err)
		return err;
	err = conn->inner->sendmsg(sock, msg, len);
	give_turn(conn);
	return sent(conn, err, msg->msg_flags);
}

/* The end of a sendfile(): kTLS sends what it kept back for more to come. */
void kith_stream_splice_eof(struct kith_conn *conn, struct socket *sock)
{
	if (kith_conn_state(conn) == KITH_CONN_STATE_OPENED &&
	    conn->base->splice_eof)
		conn->base->splice_eof(sock);
	if (kith_conn_state(conn) != KITH_CONN_STATE_READY ||
	    !conn->inner->splice_eof || take_turn(conn, 0))
		return;
	conn->inner->splice_eof(sock);
	give_turn(conn);
}

#ifdef KITH_HAS_SENDPAGE
ssize_t kith_stream_sendpage(struct kith_conn *conn, struct socket *sock,
			     struct page *page, int offset, size_t size,
			     int flags)
{
	ssize_t ret;
	int err;

	err = kith_stream_enter(conn, sock_sndtimeo(conn->sk,
						    flags & MSG_DONTWAIT));
	if (err == KITH_STREAM_OPENED)
		return conn->base->sendpage(sock, page, offset, size, flags);
	if (!err)
		err = check_send(conn, flags);
	if (!err)
		err = take_turn(conn, flags);
	if (err)
		return err;
	ret = conn->inner->sendpage(sock, page, offset, size, flags);
	give_turn(conn);
	return sent(conn, ret, flags);
}
#endif
