// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a connection: close_notify whatever room the send buffer has, what the
 * program has sent before within the reach of revocation and policy, and alerts that
 * arrive before the connection goes.
 */
#include <linux/tcp.h>
#include <net/tcp.h>
#include "conn.h"

#define ALERT_WARNING		1
#define ALERT_CLOSE_NOTIFY	0
#define LINGER_STEP_MS		50
#define LINGERING_MAX		256	/* refused children, per listener */
#define PARTINGS_MAX		65536	/* closes that wait, in all */
#define PARTING_IDLE		(120 * HZ)	/* how long its peer may take nothing */

/* A worker's close must not wait as SO_LINGER would have the program's. */
static void forget_linger(struct sock *sk)
{
	lock_sock(sk);
	sock_reset_flag(sk, SOCK_LINGER);
	release_sock(sk);
}

static atomic_t n_partings = ATOMIC_INIT(0);

/* A connection that its program has closed and not all of which is sent. It stays in
 * the table, on a socket of our own, so that what ends live ones ends it, too.
 */
struct parting {
	struct delayed_work work;
	struct kith_conn *conn;		/* a reference */
	bool owes;			/* its close_notify */
	bool acked;			/* SO_LINGER: until all is */
	u32 una;			/* snd_una at ... */
	unsigned long since;		/* ... jiffies, when it moved last */
};

/* 0 when it went out, or was not due; -EAGAIN without room. */
static int send_close_notify(struct kith_conn *conn, struct socket *sock)
{
	if (READ_ONCE(conn->fin) || READ_ONCE(conn->stream_err) ||
	    kith_conn_state(conn) != KITH_CONN_STATE_READY)
		return 0;
	return kith_record_alert(conn, sock, ALERT_WARNING, ALERT_CLOSE_NOTIFY);
}

/* Has a send() of the program end with EPIPE, or has TCP take what we send. */
static void set_send_shutdown(struct sock *sk, bool on)
{
	lock_sock(sk);
	if (on)
		sk->sk_shutdown |= SEND_SHUTDOWN;
	else
		sk->sk_shutdown &= ~SEND_SHUTDOWN;
	release_sock(sk);
	if (on)
		kith_wake_all(sk);
}

/**
 * kith_conn_push_fin() - send what a shutdown(SHUT_WR) owes
 * @conn: READY, with @conn->fin_due
 *
 * Context: worker, under @conn->mutex.
 */
void kith_conn_push_fin(struct kith_conn *conn)
{
	set_send_shutdown(conn->sk, false);
	if (send_close_notify(conn, conn->sock) == -EAGAIN &&
	    time_before(jiffies, conn->fin_until)) {
		set_send_shutdown(conn->sk, true);
		kith_conn_arm(conn, LINGER_STEP_MS);
		return;
	}
	WRITE_ONCE(conn->fin_due, false);
	conn->inner->shutdown(conn->sock, SHUT_WR);
}

/**
 * kith_conn_free_fin() - the sender that a shutdown() interrupted has left
 * @conn: READY, with @conn->fin_due
 *
 * kTLS shall send what it still has, which the pretended shutdown keeps back.
 *
 * Context: process, under @conn->tx.
 */
void kith_conn_free_fin(struct kith_conn *conn)
{
	set_send_shutdown(conn->sk, false);
	kith_conn_kick(conn);
}

/* Another thread's send() has the turn, or memory is short: the worker sends
 * close_notify and FIN when it can. The program may send no more. */
static bool defer_fin(struct kith_conn *conn, struct socket *sock)
{
	if (send_close_notify(conn, sock) != -EAGAIN)
		return false;
	mutex_lock(&conn->mutex);
	WRITE_ONCE(conn->fin_due, true);
	conn->fin_until = jiffies + msecs_to_jiffies(KITH_LINGER_MS);
	set_send_shutdown(conn->sk, true);
	kith_conn_arm(conn, LINGER_STEP_MS);
	mutex_unlock(&conn->mutex);
	/* Who had the turn may have left before it could see @fin_due. */
	if (mutex_trylock(&conn->tx)) {
		kith_conn_free_fin(conn);
		mutex_unlock(&conn->tx);
	}
	return true;
}

/* Nobody but its user may end a connection or a listener. */
static int check_caller(struct kith_conn *conn)
{
	if (conn->kind == KITH_CONN_KIND_LISTENER)
		return kith_listener_check_caller(conn);
	if (kith_conn_state(conn) == KITH_CONN_STATE_IDLE ||
	    kith_conn_state(conn) == KITH_CONN_STATE_FAILED)
		return 0;
	return kith_stream_check_caller(conn, MAX_SCHEDULE_TIMEOUT);
}

int kith_conn_shutdown(struct kith_conn *conn, struct socket *sock, int how)
{
	int err;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return -EINVAL;
	err = check_caller(conn);
	if (err)
		return err;
	if (kith_conn_state(conn) == KITH_CONN_STATE_READY) {
		if (how != SHUT_WR)
			WRITE_ONCE(conn->shut_read, true);
		if (how != SHUT_RD && defer_fin(conn, sock))
			return how == SHUT_WR ? 0 : conn->inner->shutdown(sock,
								SHUT_RD);
	}
	err = conn->inner->shutdown(sock, how);
	if (conn->kind == KITH_CONN_KIND_LISTENER &&
	    inet_sk_state_load(conn->sk) != TCP_LISTEN)
		kith_children_flush(conn, NULL);
	return err;
}

static void parting_end(struct parting *parting)
{
	struct kith_conn *conn = parting->conn;
	struct socket *sock = conn->sock;

	kith_conn_stop(conn);
	forget_linger(conn->sk);
	if (kith_conn_has_unsent(conn))
		sock_no_linger(conn->sk);	/* a reset */
	sock->ops->release(sock);
	sock->ops = NULL;
	sock_release(sock);
	kith_conn_put(conn);
	kfree(parting);
	atomic_dec(&n_partings);
	module_put(THIS_MODULE);
}

/* Whether the peer takes what is there, or may yet. */
static bool is_going_on(struct parting *parting)
{
	const struct tcp_sock *tp = tcp_sk(parting->conn->sk);
	u32 una = READ_ONCE(tp->snd_una);

	if (una != parting->una) {
		parting->una = una;
		parting->since = jiffies;
	}
	return inet_sk_state_load(parting->conn->sk) != TCP_CLOSE &&
	       time_before(jiffies, parting->since + PARTING_IDLE);
}

static bool has_left(const struct parting *parting)
{
	const struct tcp_sock *tp = tcp_sk(parting->conn->sk);

	return parting->owes || kith_conn_has_unsent(parting->conn) ||
	       (parting->acked && READ_ONCE(tp->snd_una) != READ_ONCE(tp->write_seq));
}

static void parting_work(struct work_struct *work)
{
	struct parting *parting = container_of(to_delayed_work(work),
					       struct parting, work);
	struct kith_conn *conn = parting->conn;

	if (parting->owes && send_close_notify(conn, conn->sock) != -EAGAIN) {
		parting->owes = false;
		conn->inner->shutdown(conn->sock, SHUT_RDWR);
	}
	if (is_going_on(parting) && has_left(parting))
		queue_delayed_work(kith_socket_wq, &parting->work,
				   msecs_to_jiffies(LINGER_STEP_MS));
	else
		parting_end(parting);
}

/* From the program's descriptor to a socket of our own. */
static int detach(struct kith_conn *conn, struct socket *sock)
{
	struct sock *sk = conn->sk;
	struct socket *private;
	int err;

	err = sock_create_lite(sk->sk_family, SOCK_STREAM, IPPROTO_TCP, &private);
	if (err)
		return err;
	private->ops = conn->inner;
	private->state = sock->state;
	mutex_lock(&conn->mutex);
	lock_sock(sk);
	sock->sk = NULL;
	sock_graft(sk, private);
	release_sock(sk);
	conn->sock = private;
	WRITE_ONCE(conn->fin_due, false);
	WRITE_ONCE(conn->parting, true);
	mutex_unlock(&conn->mutex);
	return 0;
}

static struct parting *parting_new(struct kith_conn *conn)
{
	struct parting *parting;

	if (!atomic_add_unless(&n_partings, 1, PARTINGS_MAX))
		return NULL;
	parting = kzalloc(sizeof(*parting), GFP_KERNEL);
	if (!parting) {
		atomic_dec(&n_partings);
		return NULL;
	}
	parting->conn = kith_conn_get(conn);
	parting->owes = true;
	parting->acked = sock_flag(conn->sk, SOCK_LINGER);
	parting->una = READ_ONCE(tcp_sk(conn->sk)->snd_una);
	parting->since = jiffies;
	INIT_DELAYED_WORK(&parting->work, parting_work);
	return parting;
}

/* What the program asked for by SO_LINGER, if it did. */
static void await_parting(struct kith_conn *conn, unsigned long lingertime)
{
	unsigned long until = jiffies + min(lingertime, (unsigned long)LONG_MAX / 2);

	while (lingertime && !(current->flags & PF_EXITING) &&
	       !READ_ONCE(conn->dead) && time_before(jiffies, until) &&
	       !signal_pending(current))
		schedule_timeout_interruptible(msecs_to_jiffies(LINGER_STEP_MS));
}

/* Takes the sock over until all of it is sent. False when it cannot. */
static bool part(struct kith_conn *conn, struct socket *sock)
{
	unsigned long lingertime = sock_flag(conn->sk, SOCK_LINGER) ?
				   conn->sk->sk_lingertime : 0;
	struct parting *parting = parting_new(conn);

	if (!parting)
		return false;
	if (detach(conn, sock)) {
		kith_conn_put(conn);
		kfree(parting);
		atomic_dec(&n_partings);
		return false;
	}
	__module_get(THIS_MODULE);
	queue_delayed_work(kith_socket_wq, &parting->work, 0);
	await_parting(conn, lingertime);
	return true;
}

static bool resets(const struct sock *sk)
{
	return sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime;
}

/* Whether there is something left to send that a revocation has to reach. */
static bool has_to_part(struct kith_conn *conn, struct socket *sock)
{
	enum kith_conn_state state = kith_conn_state(conn);

	if (resets(conn->sk) || inet_sk_state_load(conn->sk) == TCP_CLOSE ||
	    (state != KITH_CONN_STATE_READY && state != KITH_CONN_STATE_OPENED))
		return false;
	if (conn->fin_due)
		set_send_shutdown(conn->sk, false);
	if (send_close_notify(conn, sock) == -EAGAIN)
		return true;
	if (!kith_conn_has_unsent(conn) || READ_ONCE(conn->stream_err))
		return false;
	/* With FIN goes what Nagle's algorithm held back. */
	conn->inner->shutdown(sock, SHUT_WR);
	return kith_conn_has_unsent(conn);
}

/**
 * kith_conn_release() - the last descriptor of the socket is gone
 * @conn: flushed and put
 * @sock: being released
 *
 * What is sent already goes on without the program, as a managed connection.
 *
 * Context: process, may sleep. Drops the managed socket. Return: the stack's.
 */
int kith_conn_release(struct kith_conn *conn, struct socket *sock)
{
	bool left = has_to_part(conn, sock);
	int err = 0;

	if (left && part(conn, sock))
		goto out;
	kith_conn_stop(conn);
	if (conn->kind == KITH_CONN_KIND_LISTENER)
		kith_children_flush(conn, NULL);
	if (left)
		sock_no_linger(conn->sk);	/* or it would be out of reach */
	err = conn->inner->release(sock);
out:
	kith_conn_put(conn);
	return err;
}

/* --- refused children ------------------------------------------------------ */

/* Throws away what the peer still sends: true when it is done. */
static bool drained(struct kith_conn *child)
{
	struct sock *sk = child->sk;
	struct msghdr msg = {};
	u8 scrap[256];
	int ret, i;

	for (i = 0; i < 64; i++) {
		struct kvec kv = { .iov_base = scrap, .iov_len = sizeof(scrap) };

		iov_iter_kvec(&msg.msg_iter, ITER_DEST, &kv, 1, sizeof(scrap));
		ret = child->inner->recvmsg(child->sock, &msg, sizeof(scrap),
					    MSG_DONTWAIT);
		if (ret == -EAGAIN)
			return false;
		if (ret <= 0)
			return true;
	}
	return sk->sk_state == TCP_CLOSE;
}

/**
 * kith_child_linger() - let a refused peer read our alert
 * @child: CLOSING
 *
 * Half-closes, then drains until the peer closed or the deadline, so that the
 * alert is not turned into a reset. FAILED afterwards; the listener frees it.
 *
 * Context: process, under @child's mutex.
 */
void kith_child_linger(struct kith_conn *child)
{
	if (!child->hooked) {
		child->inner->shutdown(child->sock, SHUT_WR);
		kith_callbacks_hook(child);
		kith_conn_arm(child, KITH_LINGER_MS);
	}
	if (!drained(child) && !READ_ONCE(child->expired) &&
	    READ_ONCE(child->parent->listener->n_ended) < LINGERING_MAX)
		return;
	kith_callbacks_unhook(child);
	kith_conn_set_state(child, KITH_CONN_STATE_FAILED);
	kith_conn_kick(child->parent);
}

/**
 * kith_child_free() - end a child that was not accepted
 * @child: off the listener's lists; its reference is dropped
 *
 * Context: process, may sleep, under no mutex.
 */
void kith_child_free(struct kith_conn *child)
{
	struct socket *sock = child->sock;

	kith_conn_stop(child);
	/* Nobody accepted it: a reset, as the stack does. */
	if (kith_conn_state(child) != KITH_CONN_STATE_FAILED)
		sock_no_linger(child->sk);
	else
		forget_linger(child->sk);
	child->inner->release(sock);
	sock->ops = NULL;
	sock_release(sock);
	kith_conn_put(child);
}
