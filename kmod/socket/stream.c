// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes of an established connection: a thin wrapper around what kTLS does.
 */
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <net/tls.h>
#include "conn.h"

#define ALERT_FATAL	2
#define ALERT_BAD_MAC	20	/* bad_record_mac */

/* RFC 8446 section 5.5: 2^24.5 records under one AES-GCM key. */
#define RECORDS_MAX	23726566

/* The connection of a program that has ended goes on with one of the same
 * identity that has it: by exec, or from its parent. */
static void adopt(struct kith_conn *conn, struct kith_credential *caller)
{
	struct kith_credential *owner;

	mutex_lock(&conn->mutex);
	owner = conn->credential;
	if (kith_program_is_dead(kith_credential_program(owner)))
		kith_conn_adopt(conn, caller);
	mutex_unlock(&conn->mutex);
}

/* With a reference, or NULL: before READY it may change. */
static struct kith_svid *svid_of(struct kith_conn *conn)
{
	struct kith_svid *svid;

	mutex_lock(&conn->mutex);
	svid = conn->svid ? kith_svid_get(conn->svid) : NULL;
	mutex_unlock(&conn->mutex);
	return svid;
}

/* Another program: it must have the same identity. */
static int check_stranger(struct kith_conn *conn, long timeo)
{
	struct kith_credential *caller = kith_caller_credential();
	struct kith_svid *svid;
	int err;

	if (IS_ERR(caller))
		return PTR_ERR(caller);
	svid = svid_of(conn);
	do {
		err = svid ? kith_caller_compare(caller, svid->facts.spiffe_id) :
			     -EACCES;
		if (err != -EINPROGRESS)
			break;
		err = kith_caller_wait(conn, caller, timeo);
	} while (!err);
	if (!err)
		adopt(conn, caller);
	if (svid)
		kith_svid_put(svid);
	kith_credential_put(caller);
	return err;
}

static bool belongs_to_caller(struct kith_conn *conn)
{
	struct kith_program *program = kith_program_current();
	bool belongs;

	if (!program)
		return false;
	mutex_lock(&conn->mutex);
	belongs = conn->credential &&
		  program == kith_credential_program(conn->credential);
	mutex_unlock(&conn->mutex);
	kith_program_put(program);
	return belongs;
}

static void tell_stranger(struct kith_conn *conn)
{
	mutex_lock(&conn->mutex);
	kith_conn_report(conn, KITH_DECISION_DENY, EACCES,
			 KITH_REASON_WRONG_IDENTITY, KITH_SIDE_LOCAL);
	mutex_unlock(&conn->mutex);
}

int kith_stream_check_caller(struct kith_conn *conn, long timeo)
{
	int err = 0;

	if (likely(kith_caller_is_known(conn)))
		return 0;
	/* A stranger is asked each time: the owner may end in between. While
	 * the identity is not settled there is none to share. */
	if (belongs_to_caller(conn))
		kith_caller_remember(conn);
	else if (kith_conn_pending(kith_conn_state(conn)))
		err = -EACCES;
	else
		err = check_stranger(conn, timeo);
	if (err == -EACCES)
		tell_stranger(conn);
	return err;
}

int kith_stream_enter(struct kith_conn *conn, long timeo)
{
	enum kith_conn_state state = kith_conn_state(conn);
	int err;

	if (unlikely(kith_conn_pending(state))) {
		err = kith_client_wait(conn, timeo);
		if (err)
			return err;
		state = kith_conn_state(conn);
	}
	if (state == KITH_CONN_STATE_FAILED) {
		sock_error(conn->sk);
		return conn->err;
	}
	if (state == KITH_CONN_STATE_OPENED)
		return kith_stream_check_caller(conn, timeo) ?:
		       KITH_STREAM_OPENED;
	/* Never into the stack: there the call could meet a connect() of
	 * another thread, and move clear bytes. */
	if (state != KITH_CONN_STATE_READY)
		return sock_error(conn->sk) ?: -ENOTCONN;
	err = READ_ONCE(conn->stream_err);
	if (unlikely(err)) {
		sock_error(conn->sk);
		return -err;
	}
	return kith_stream_check_caller(conn, timeo);
}

/* The program may not speak to kTLS itself. */
static int check_control(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for_each_cmsghdr(cmsg, msg)
		if (!CMSG_OK(msg, cmsg) || cmsg->cmsg_level == SOL_TLS)
			return -EINVAL;
	return 0;
}

/* Whether more may be sent: not after shutdown(SHUT_WR), where kTLS would take
 * them and drop them, and not past the cipher's record limit. */
static int check_send(struct kith_conn *conn, int flags)
{
	if (READ_ONCE(conn->sk->sk_shutdown) & SEND_SHUTDOWN ||
	    READ_ONCE(conn->fin_due)) {
		int err = READ_ONCE(conn->stream_err);

		/* Broken since the call came in: it wants to know why. */
		return err ? -err : sk_stream_error(conn->sk, flags, -EPIPE);
	}
	if (likely(atomic64_read(&conn->records) < RECORDS_MAX ||
		   conn->cipher_suite == 0x1303))	/* ChaCha20: no limit */
		return 0;
	return kith_stream_break(conn, EPROTO, KITH_REASON_RECORD_LIMIT,
				 KITH_SIDE_LOCAL);
}

/* A send failed: the peer's refusal, if it lies in the receive queue, is the
 * better answer than the reset that followed it. */
static int explain_send(struct kith_conn *conn, int err, int flags)
{
	long timeo = flags & MSG_DONTWAIT ? 0 :
					    msecs_to_jiffies(KITH_LINGER_MS);

	if (err != -EPIPE && err != -ECONNRESET)
		return err;
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
		return explain_send(conn, err, msg->msg_flags);
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

/* The peer's FIN came, no reset, where a record ends, and our workload takes
 * that for an end without close_notify (eof: lenient). Reported once. */
static bool ends_leniently(struct kith_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	if (!conn->svid->eof_lenient || !sock_flag(conn->sk, SOCK_DONE) ||
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

__poll_t kith_stream_poll(struct kith_conn *conn, struct file *file,
			  struct socket *sock, struct poll_table_struct *wait)
{
	__poll_t mask = 0;

	if (kith_conn_pending(kith_conn_state(conn))) {
		sock_poll_wait(file, sock, wait);
		/* It may have settled between the look and the wait. */
		if (kith_conn_pending(kith_conn_state(conn)))
			return 0;
		wait = NULL;
	}
	mask = conn->inner->poll(file, sock, wait);
	if (kith_conn_state(conn) != KITH_CONN_STATE_READY)
		return mask;
	if (READ_ONCE(conn->eof))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (READ_ONCE(conn->stream_err))
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLERR | EPOLLHUP;
	return mask;
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
