// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of an established connection: who may move bytes of it, and what
 * poll() tells. The bytes go through send.c and receive.c.
 */
#include <linux/poll.h>
#include "conn.h"

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

/* Another program, or other rights: it must have the same identity. */
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

/* Whether the caller is the very program, with the rights, that it belongs to. A fork
 * that has others, setuid() say, may have another identity.
 */
static bool belongs_to_caller(struct kith_conn *conn)
{
	struct kith_program *program = kith_program_current();
	bool belongs;

	if (!program)
		return false;
	mutex_lock(&conn->mutex);
	belongs = conn->credential &&
		  program == kith_credential_program(conn->credential) &&
		  kith_credential_is_current(conn->credential);
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

/* Its Workload says handoff: any. A kernel thread has it from nobody. */
static bool is_handed_on(struct kith_conn *conn)
{
	struct kith_svid *svid;
	bool handed_on;

	if (current->flags & PF_KTHREAD ||
	    kith_conn_state(conn) != KITH_CONN_STATE_READY)
		return false;
	svid = svid_of(conn);
	handed_on = svid && svid->traits & KITH_TRAIT_HANDOFF;
	if (svid)
		kith_svid_put(svid);
	return handed_on;
}

/* Told once for whoever uses it until somebody else does. */
static void hand_on(struct kith_conn *conn)
{
	mutex_lock(&conn->mutex);
	kith_conn_report(conn, KITH_DECISION_ALLOW, 0, KITH_REASON_HANDED_ON,
			 KITH_SIDE_LOCAL);
	mutex_unlock(&conn->mutex);
	kith_caller_remember(conn);
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
	if (err != -EACCES)
		return err;
	if (is_handed_on(conn)) {
		hand_on(conn);
		return 0;
	}
	tell_stranger(conn);
	return err;
}

int kith_stream_enter(struct kith_conn *conn, long timeo)
{
	enum kith_conn_state state;
	int err;

	/* What a sweep has found is seen to before another byte moves. */
	if (unlikely(READ_ONCE(conn->review)))
		kith_conn_review_now(conn);
	state = kith_conn_state(conn);
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
