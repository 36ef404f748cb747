// SPDX-License-Identifier: GPL-2.0-only
/*
 * connect(): attest, decide, TCP, handshake, and only then success.
 *
 *   IDLE -> ATTESTING -> CONNECTING -> HANDSHAKE -> READY
 *                |            |            +------> FAILED (finished)
 *                +------------+-> IDLE (no SYN was sent, or TCP refused)
 *                +-> OPENED (an opening names the destination)
 *
 * inet_stream_connect() is never entered blocking: it would report the TCP
 * errno of a connection our worker has ended.
 */
#include <linux/tcp.h>
#include <net/tcp.h>
#include "conn.h"

int kith_client_wait(struct kith_conn *conn, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = conn->sk;
	int err = 0;

	if (!kith_conn_pending(kith_conn_state(conn)))
		return 0;
	add_wait_queue(sk_sleep(sk), &wait);
	while (kith_conn_pending(kith_conn_state(conn))) {
		if (!timeo) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(timeo);
			break;
		}
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* What would let data out before our handshake, or past it. */
static int check_options(struct sock *sk)
{
	struct tcp_sock *tp = tcp_sk(sk);
	int err = 0;

	lock_sock(sk);
	if (tp->repair)
		err = -EPERM;
	else
		tp->fastopen_connect = 0;	/* costs a round trip, not a leak */
	release_sock(sk);
	return err;
}

/* A connection that will not be: no SYN was sent, the socket may try again once
 * the caller has made it IDLE. */
static void refuse(struct kith_conn *conn, int err, enum kith_reason reason)
{
	conn->err = err;
	conn->reason = reason;
	kith_conn_report(conn, KITH_DECISION_DENY, -err, reason,
			 KITH_SIDE_LOCAL);
}

/* Which rule names @endpoint; sets @conn->rule for people. */
static int decide(struct kith_conn *conn, const struct kith_endpoint *endpoint)
{
	struct kith_config *config = kith_config_get();
	const struct kith_table_rule *rule;
	int action = KITH_TABLE_DENY;

	conn->generation = config->generation;
	rule = kith_table_address(&config->rules, conn->svid->facts.spiffe_id,
				  KITH_OUTBOUND, KITH_DOOR_NONE, endpoint);
	kfree(conn->rule);
	conn->rule = NULL;
	if (rule) {
		action = le32_to_cpu(rule->action);
		conn->rule = kstrdup(kith_table_string(&config->rules,
						       rule->source) ?: "",
				     GFP_KERNEL);
	}
	kith_config_put(config);
	return action;
}

/* The stack's connect, which reports at once. 0 when established, also when
 * already so; -EINPROGRESS; else the network's refusal. */
static int stack_connect(struct kith_conn *conn)
{
	return conn->base->connect(conn->sock, (void *)&conn->dest,
				   conn->dest_len, O_NONBLOCK);
}

/* What became of the stack's connect(); never starts one, as the family is none
 * and a connection under way looks at no address. */
static int stack_settle(struct kith_conn *conn)
{
	struct sockaddr_storage nowhere = { .ss_family = AF_MAX };
	int err = conn->base->connect(conn->sock, (void *)&nowhere,
				      sizeof(nowhere), O_NONBLOCK);

	return err == -EAFNOSUPPORT ? -ECONNABORTED : err;
}

/* Why what decide() answered with @action is refused. */
static enum kith_reason refusal(const struct kith_conn *conn, int action)
{
	return action == KITH_TABLE_DENY && conn->rule ?
	       KITH_REASON_DENY_RULE : KITH_REASON_NO_RULE_OUTBOUND;
}

static int start_tcp(struct kith_conn *conn)
{
	int err;

	kith_conn_set_state(conn, KITH_CONN_STATE_CONNECTING);
	kith_callbacks_hook(conn);
	err = stack_connect(conn);
	if (err && err != -EINPROGRESS) {
		kith_callbacks_unhook(conn);
		return err;
	}
	kith_conn_kick(conn);
	return -EINPROGRESS;
}

/* With an identity: 0 when let through open, -EINPROGRESS when TCP was
 * started, else the refusal. */
static int start(struct kith_conn *conn)
{
	struct kith_endpoint endpoint;
	int action, err;

	err = check_options(conn->sk);
	if (err) {
		refuse(conn, err, KITH_REASON_DOOR);
		return err;
	}
	err = kith_destination_resolve(conn->sk, &conn->dest, conn->dest_len);
	if (err)
		return err;		/* the host's own refusal */
	kith_endpoint_of_addr((void *)&conn->dest, conn->dest_len, &endpoint);
	action = decide(conn, &endpoint);
	switch (action) {
	case KITH_TABLE_ALLOW:
		/* A send() that an opening let into the stack may still wait
		 * there for a connection, and would move clear bytes. */
		if (!conn->opened)
			return start_tcp(conn);
		refuse(conn, -EACCES, KITH_REASON_DOOR);
		return -EACCES;
	case KITH_TABLE_OPEN:
		return 0;
	default:
		refuse(conn, -EACCES, refusal(conn, action));
		return -EACCES;
	}
}

/* Takes the identity and starts, or waits for it: -EINPROGRESS. */
static int identify(struct kith_conn *conn)
{
	enum kith_reason reason = KITH_REASON_NONE;
	struct kith_svid *svid;

	svid = kith_credential_svid(conn->credential, &reason);
	if (!IS_ERR(svid)) {
		if (conn->svid)
			kith_svid_put(conn->svid);
		conn->svid = svid;
		return start(conn);
	}
	if (PTR_ERR(svid) != -EINPROGRESS) {
		refuse(conn, PTR_ERR(svid), reason);
		return PTR_ERR(svid);
	}
	kith_conn_set_state(conn, KITH_CONN_STATE_ATTESTING);
	kith_conn_await(conn, conn->credential);
	return -EINPROGRESS;
}

/* Makes the errno of a connection that ended before TCP visible to a program
 * that does not wait in connect(): SO_ERROR tells before poll() does. */
static void report_async(struct kith_conn *conn, int err)
{
	struct sock *sk = conn->sk;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_err, -err);
	sk_error_report(sk);
	release_sock(sk);
	kith_conn_set_state(conn, KITH_CONN_STATE_IDLE);
	kith_wake_all(sk);
}

/* The stack's connect through an opening. Should the address be another than
 * the one that was decided on, that one needs an opening of its own. */
static int connect_opened(struct kith_conn *conn)
{
	struct kith_endpoint decided, actual;
	int action = KITH_TABLE_OPEN, err;

	kith_endpoint_of_addr((void *)&conn->dest, conn->dest_len, &decided);
	err = stack_connect(conn);
	if (err && err != -EINPROGRESS)
		return err;
	kith_endpoint_of_sock(conn->sk, &actual, KITH_OUTBOUND);
	if (memcmp(&decided, &actual, sizeof(actual)))
		action = decide(conn, &actual);
	if (action == KITH_TABLE_OPEN) {
		conn->reason = KITH_REASON_OPENING;
		kith_conn_report(conn, KITH_DECISION_OPEN, 0,
				 KITH_REASON_OPENING, KITH_SIDE_LOCAL);
		conn->opened = true;
		/* Not before: what is sent from now on goes there in clear. */
		kith_conn_set_state(conn, KITH_CONN_STATE_OPENED);
		return err;
	}
	refuse(conn, -EACCES, refusal(conn, action));
	kith_conn_set_state(conn, KITH_CONN_STATE_FAILED);
	kith_conn_fail(conn, -EACCES);
	return -EACCES;
}

/**
 * kith_client_attested() - the credential may have settled
 * @conn: ATTESTING
 *
 * Context: worker, under @conn->mutex.
 */
void kith_client_attested(struct kith_conn *conn)
{
	int err = identify(conn);

	if (err == -EINPROGRESS)
		return;
	if (!err) {
		/* An opening: the program's TCP connection, started late. */
		err = connect_opened(conn);
		kith_wake_all(conn->sk);
		if (kith_conn_state(conn) != KITH_CONN_STATE_ATTESTING)
			return;		/* opened, or finished */
	}
	conn->err = err;
	report_async(conn, err);
}

/**
 * kith_client_established() - TCP may be established, or refused
 * @conn: CONNECTING
 *
 * Context: worker, under @conn->mutex.
 */
void kith_client_established(struct kith_conn *conn)
{
	int tcp_state = inet_sk_state_load(conn->sk);

	if ((1 << tcp_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return;
	if (tcp_state == TCP_CLOSE) {
		/* sk_err holds the network's errno: connect() fetches it. */
		kith_callbacks_unhook(conn);
		conn->err = 0;
		kith_conn_set_state(conn, KITH_CONN_STATE_IDLE);
		kith_wake_all(conn->sk);
		return;
	}
	kith_handshake_begin(conn);
}

/**
 * kith_client_verdict() - look for the server's refusal of us
 * @conn: READY
 *
 * The first record from the server tells: data is its consent, a fatal alert
 * its refusal, which then breaks the stream although nobody reads.
 *
 * Context: worker, under @conn->mutex.
 */
void kith_client_verdict(struct kith_conn *conn)
{
	u8 byte = 0;
	struct kvec kv = { .iov_base = &byte, .iov_len = 1 };
	int ret = 0;

	/* A reader is at it and will see for itself. */
	if (kith_reader_begin(conn, 0))
		return;
	while (READ_ONCE(conn->verdict_pending)) {
		struct msghdr msg = {};

		iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, 1);
		ret = conn->inner->recvmsg(conn->sock, &msg, 1,
					   MSG_DONTWAIT | MSG_PEEK);
		if (ret > 0) {
			kith_callbacks_unwatch(conn);
			break;
		}
		/* Told before what came ahead of it, and once. */
		if (ret == -ECONNRESET && tcp_inq(conn->sk))
			continue;
		if (ret != -EIO)
			break;
		ret = kith_record_control(conn, conn->sock);
		if (ret != KITH_RECORD_IGNORED)
			break;
	}
	kith_reader_end(conn);
	memzero_explicit(&byte, sizeof(byte));
	/* While we peeked, a poll() saw no record and a reader got EAGAIN: both
	 * missed the transport's wakeup. */
	if (ret != -EAGAIN)
		kith_wake_readable(conn->sk);
}

/* connect() on an idle socket of a claimed program. */
static int begin(struct kith_conn *conn, struct socket *sock,
		 const struct sockaddr_unsized *addr, int len)
{
	struct kith_credential *credential = kith_caller_credential();
	int err;

	if (IS_ERR(credential)) {
		err = PTR_ERR(credential);
		refuse(conn, err, err == -EACCES ? KITH_REASON_WRONG_IDENTITY :
						   KITH_REASON_MEMORY);
		return err;
	}
	memcpy(&conn->dest, addr, len);
	conn->dest_len = len;
	conn->sock = sock;
	if (conn->credential)
		kith_credential_put(conn->credential);
	conn->credential = credential;
	kith_caller_describe(conn);
	kith_caller_remember(conn);
	conn->err = 0;
	return identify(conn);
}

/* Why a connection ended before its handshake: the network's errno, which the
 * stack's connect() gives while it resets the socket, or ours. */
static int fetch_error(struct kith_conn *conn)
{
	int err;

	mutex_lock(&conn->mutex);
	if (conn->state == KITH_CONN_STATE_IDLE &&
	    conn->sock->state != SS_UNCONNECTED) {
		err = stack_settle(conn);
	} else {
		sock_error(conn->sk);
		err = conn->err ?: -ECONNABORTED;
	}
	mutex_unlock(&conn->mutex);
	return err;
}

/* Waits for the stack's connection through an opening. */
static int finish_opened(struct kith_conn *conn, int flags)
{
	long timeo = sock_sndtimeo(conn->sk, flags & O_NONBLOCK);
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = conn->sk;
	int err;

	add_wait_queue(sk_sleep(sk), &wait);
	while ((err = stack_settle(conn)) == -EALREADY ||
	       err == -EINPROGRESS) {
		err = -EINPROGRESS;
		if (!timeo)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/* Waits as a blocking connect() does and gives the result. */
static int finish(struct kith_conn *conn, int flags)
{
	int err = kith_client_wait(conn, sock_sndtimeo(conn->sk,
						       flags & O_NONBLOCK));

	if (err)
		return err == -EAGAIN ? -EINPROGRESS : err;
	switch (kith_conn_state(conn)) {
	case KITH_CONN_STATE_READY:
		stack_settle(conn);		/* SS_CONNECTED */
		return 0;
	case KITH_CONN_STATE_OPENED:
		return finish_opened(conn, flags);
	case KITH_CONN_STATE_FAILED:
		sock_error(conn->sk);
		return conn->err;
	default:				/* IDLE again */
		return fetch_error(conn);
	}
}

static int connect_idle(struct kith_conn *conn, struct socket *sock,
			struct sockaddr_unsized *addr, int len, int flags)
{
	bool opened;
	int err;

	kith_conn_set_state(conn, KITH_CONN_STATE_IDLE);
	err = begin(conn, sock, addr, len);
	if (err && err != -EINPROGRESS)
		kith_conn_set_state(conn, KITH_CONN_STATE_IDLE);
	if (!err)				/* an opening */
		err = connect_opened(conn);
	opened = conn->state == KITH_CONN_STATE_OPENED;
	mutex_unlock(&conn->mutex);
	if (err != -EINPROGRESS || (opened && flags & O_NONBLOCK))
		return err;
	return finish(conn, flags);
}

/**
 * kith_client_connect() - connect() of a managed client socket
 * @conn: a client
 * @sock: the program's socket
 * @addr: checked to be IPv4 or IPv6
 * @len: bytes of @addr, at most those of @conn->dest
 * @flags: O_NONBLOCK or not
 *
 * Context: the program's, may sleep as connect() may. Return: as connect(2),
 * and DESIGN section 4.
 */
int kith_client_connect(struct kith_conn *conn, struct socket *sock,
			struct sockaddr_unsized *addr, int len, int flags)
{
	int err;

	mutex_lock(&conn->mutex);
	switch (conn->state) {
	case KITH_CONN_STATE_IDLE:
		if (sock->state == SS_UNCONNECTED)
			return connect_idle(conn, sock, addr, len, flags);
		/* TCP was refused: the stack tells the errno and resets. */
		mutex_unlock(&conn->mutex);
		return fetch_error(conn);
	case KITH_CONN_STATE_FAILED:
		err = conn->err;
		mutex_unlock(&conn->mutex);
		return err;
	case KITH_CONN_STATE_OPENED:
		/* Decided for one destination only. */
		if (sock->state == SS_UNCONNECTED)
			return connect_idle(conn, sock, addr, len, flags);
		err = stack_settle(conn);
		mutex_unlock(&conn->mutex);
		return err == -EALREADY && !(flags & O_NONBLOCK) ?
		       finish_opened(conn, flags) : err;
	case KITH_CONN_STATE_READY:
		err = stack_settle(conn);
		mutex_unlock(&conn->mutex);
		return err;
	default:
		mutex_unlock(&conn->mutex);
		if (flags & O_NONBLOCK)
			return -EALREADY;
		return finish(conn, flags);
	}
}
