// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen() and accept(): who owns a listener, and what its program sees of it.
 * A listener has one owning identity at most; connections reach it through
 * children.c, authenticated and allowed.
 */
#include <linux/poll.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include "conn.h"

/* --- ownership ------------------------------------------------------------ */

/* Under the listener's mutex. */
static void set_owner(struct kith_conn *listener,
		      struct kith_credential *credential)
{
	struct kith_credential *old = listener->credential;

	if (old == credential)
		return;
	WRITE_ONCE(listener->credential, kith_credential_get(credential));
	WRITE_ONCE(listener->listener->err, 0);
	/* Of another program: who sleeps in accept() asks anew whether it may. */
	if (old && kith_credential_program(old) !=
		   kith_credential_program(credential))
		kith_wake_all(listener->sk);
	if (old)
		kith_credential_put(old);
	kith_caller_describe(listener);
}

static bool is_dead(struct kith_credential *credential)
{
	return kith_program_is_dead(kith_credential_program(credential));
}

/* Whether @caller may use what @owner, of another program, owns: 0, -EACCES, or
 * -EINPROGRESS while *@pending is. */
static int share(struct kith_credential *owner, struct kith_credential *caller,
		 struct kith_credential **pending)
{
	enum kith_reason reason;
	struct kith_svid *svid = kith_credential_svid(owner, &reason);
	int err;

	*pending = owner;
	if (IS_ERR(svid))
		return PTR_ERR(svid) == -EINPROGRESS ? -EINPROGRESS : -EACCES;
	*pending = caller;
	err = kith_caller_compare(caller, svid->facts.spiffe_id);
	kith_svid_put(svid);
	return err;
}

static void start_listening(struct kith_conn *listener)
{
	struct kith_listener *l = listener->listener;

	if (!l->owned) {
		WRITE_ONCE(l->owned, true);
		kith_callbacks_hook(listener);
		kith_conn_kick(listener);
	}
	/* Handshakes that began under an owner before go on. */
	kith_children_kick(l);
}

/* Takes ownership for @caller where there is none, its owner has ended
 * (*@took_over) or is another user of the same program; else asks whether it may
 * share. *@pending comes with a reference when the answer is -EINPROGRESS. */
static int try_own(struct kith_conn *listener, struct kith_credential *caller,
		   struct kith_credential **pending, bool *took_over)
{
	struct kith_credential *owner;
	int err = 0;

	mutex_lock(&listener->mutex);
	owner = listener->credential;
	if (owner && !is_dead(owner) &&
	    kith_credential_program(owner) != kith_credential_program(caller)) {
		err = share(owner, caller, pending);
		if (err == -EINPROGRESS)
			kith_credential_get(*pending);
	} else {
		*took_over = owner && is_dead(owner);
		set_owner(listener, caller);
	}
	if (!err) {
		start_listening(listener);
	} else if (err == -EACCES) {
		kith_conn_report(listener, KITH_DECISION_DENY, EACCES,
				 KITH_REASON_WRONG_IDENTITY, KITH_SIDE_LOCAL);
	}
	mutex_unlock(&listener->mutex);
	return err;
}

/* Takes ownership for @caller where that is possible, or checks it: 0, -EACCES,
 * or -EAGAIN, -EINTR, -ERESTARTSYS after a wait of @timeo jiffies for a
 * credential that is still pending. Not under the listener's mutex. */
static int own_as(struct kith_conn *listener, struct kith_credential *caller,
		  long timeo)
{
	struct kith_credential *pending;
	bool took_over = false;
	int err;

	if (likely(READ_ONCE(listener->listener->owned) &&
		   READ_ONCE(listener->credential) == caller))
		return 0;
	while ((err = try_own(listener, caller, &pending, &took_over)) ==
	       -EINPROGRESS) {
		err = kith_caller_wait(listener, pending, timeo);
		kith_credential_put(pending);
		if (err)
			return err;
	}
	/* What waited was authenticated as somebody who has ended. */
	if (took_over)
		kith_children_flush(listener, caller);
	return err;
}

/* The same for current; also -ENOKEY. */
static int own(struct kith_conn *listener, long timeo)
{
	struct kith_credential *caller = kith_caller_credential();
	int err;

	if (IS_ERR(caller))
		return PTR_ERR(caller);
	err = own_as(listener, caller, timeo);
	kith_credential_put(caller);
	return err;
}

int kith_listener_check_caller(struct kith_conn *listener)
{
	if (!kith_program_is_claimed() && !READ_ONCE(listener->listener->owned))
		return 0;
	return own(listener, MAX_SCHEDULE_TIMEOUT);
}

/* A listener outlives its owner in who handed it over (socket activation): then
 * nobody owns it, and it polls natively again. */
void kith_listener_disown(struct kith_conn *listener)
{
	mutex_lock(&listener->mutex);
	if (!listener->dead && listener->credential &&
	    listener->listener->owned &&
	    is_dead(listener->credential)) {
		WRITE_ONCE(listener->listener->owned, false);
		kith_callbacks_unhook(listener);
		kith_wake_readable(listener->sk);
	}
	mutex_unlock(&listener->mutex);
}

static bool claimed_address(const struct sock *sk)
{
	struct kith_config *config = kith_config_get();
	u8 address[16] = {};
	bool claimed;

#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		memcpy(address, &sk->sk_v6_rcv_saddr, sizeof(address));
	else
#endif
		ipv6_addr_set_v4mapped(sk->sk_rcv_saddr,
				       (struct in6_addr *)address);
	claimed = kith_claims_match_listen(&config->claims, address,
					   inet_sk(sk)->inet_num);
	kith_config_put(config);
	return claimed;
}

/* --- the program's calls --------------------------------------------------- */

/* Whether current or the address is claimed. */
bool kith_listener_is_claimed(const struct sock *sk)
{
	return kith_program_is_claimed() || claimed_address(sk);
}

/**
 * kith_listener_listen() - listen() of a managed socket, once or again
 * @listener: of kind listener
 * @sock: the program's socket
 * @backlog: as listen(2)
 *
 * Return: as listen(2), -EACCES for a program of another identity.
 */
int kith_listener_listen(struct kith_conn *listener, struct socket *sock,
			 int backlog)
{
	int err;

	if (!listener->pid)
		kith_caller_describe(listener);
	/* Before LISTEN, so that no connection is missed. */
	err = kith_listener_check_caller(listener);
	if (!err)
		err = listener->base->listen(sock, backlog);
	if (!err)
		kith_conn_set_state(listener, KITH_CONN_STATE_LISTENING);
	kith_conn_kick(listener);
	return err;
}

void kith_listener_tell(struct kith_conn *listener, int err)
{
	WRITE_ONCE(listener->listener->err, err);
	kith_wake_all(listener->sk);
}

/* Compared only. Credentials are freed after a grace period. */
static const struct kith_program *owner_of(const struct kith_conn *listener)
{
	const struct kith_program *program = NULL;
	struct kith_credential *owner;

	rcu_read_lock();
	owner = READ_ONCE(listener->credential);
	if (owner)
		program = kith_credential_program(owner);
	rcu_read_unlock();
	return program;
}

/* Whether accept() has an answer for current at once. */
static bool has_answer(struct kith_conn *listener)
{
	struct kith_credential *caller = kith_caller_credential();
	struct kith_listener *l = listener->listener;
	bool answer;
	int err;

	if (IS_ERR(caller))
		return READ_ONCE(l->n_ready);
	err = kith_credential_check(caller);
	if (err == -EINPROGRESS)
		answer = !kith_caller_wait(listener, caller, 0);
	else
		answer = err == -EKEYREVOKED || READ_ONCE(l->n_ready) ||
			 (READ_ONCE(l->err) && owner_of(listener) ==
					       kith_credential_program(caller));
	kith_credential_put(caller);
	return answer;
}

__poll_t kith_listener_poll(struct kith_conn *listener, struct file *file,
			    struct socket *sock, struct poll_table_struct *wait)
{
	if (inet_sk_state_load(listener->sk) != TCP_LISTEN)
		return listener->base->poll(file, sock, wait);
	if (kith_program_is_claimed())
		own(listener, 0);
	if (!READ_ONCE(listener->listener->owned))
		return listener->base->poll(file, sock, wait);
	sock_poll_wait(file, sock, wait);
	return has_answer(listener) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Closed while it waited, by a change of policy or a revocation. */
static bool is_over(struct kith_conn *child)
{
	return kith_conn_state(child) == KITH_CONN_STATE_FAILED ||
	       READ_ONCE(child->stream_err);
}

/* Authenticated as the identity of @caller: the owner may have ended. */
static bool is_for(struct kith_conn *child, struct kith_credential *caller)
{
	return READ_ONCE(child->credential) == caller ||
	       !kith_caller_compare(caller, child->svid->facts.spiffe_id);
}

/* The next one to be accepted, or NULL: with *@others when it is for the
 * listener's owner and not for @caller, who may have slept too long. */
static struct kith_conn *pop_ready(struct kith_conn *listener,
				   struct kith_credential *caller, bool *others)
{
	struct kith_listener *l = listener->listener;
	struct kith_conn *child;

	*others = false;
	while ((child = kith_children_pop(l))) {
		if (!is_over(child) && is_for(child, caller))
			return child;
		if (!is_over(child) && READ_ONCE(child->credential) ==
				       READ_ONCE(listener->credential)) {
			*others = true;
			kith_children_unpop(l, child);
			kith_wake_readable(listener->sk);
			return NULL;
		}
		kith_child_free(child);
	}
	return NULL;
}

/* NULL with *@err, which is -EINPROGRESS when the listener has another owner. */
static struct kith_conn *wait_ready(struct kith_conn *listener,
				    struct kith_credential *caller, long timeo,
				    int *err)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	const struct kith_program *owner = owner_of(listener);
	struct kith_listener *l = listener->listener;
	struct sock *sk = listener->sk;
	struct kith_conn *child;
	bool others;

	add_wait_queue_exclusive(sk_sleep(sk), &wait);
	for (;;) {
		*err = -EINPROGRESS;
		child = NULL;
		if (!READ_ONCE(l->owned) ||
		    owner_of(listener) != owner)
			break;
		child = pop_ready(listener, caller, &others);
		if (child)
			break;
		*err = -EACCES;
		if (others)
			break;
		*err = -EINVAL;
		if (inet_sk_state_load(sk) != TCP_LISTEN)
			break;
		*err = owner == kith_credential_program(caller) ?
		       xchg(&l->err, 0) : 0;
		if (*err)
			break;
		*err = -EKEYREVOKED;
		if (kith_credential_check(caller) == -EKEYREVOKED)
			break;
		*err = -EAGAIN;
		if (!timeo)
			break;
		*err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	if (child)
		*err = 0;
	return child;
}

/* A listener of several programs of one identity lends that of its owner: what
 * is accepted lives as long as who accepted it, not as the owner. */
static void adopt(struct kith_conn *child, struct kith_credential *caller)
{
	struct kith_credential *lent = child->credential;

	if (!lent ||
	    kith_credential_program(lent) == kith_credential_program(caller))
		return;
	kith_conn_adopt(child, caller);
}

/* Moves the connection from our private socket to the program's. */
static void graft(struct kith_conn *child, struct socket *newsock)
{
	struct socket *private = child->sock;
	struct sock *sk = child->sk;

	lock_sock(sk);
	private->sk = NULL;
	private->ops = NULL;
	sock_graft(sk, newsock);
	newsock->state = SS_CONNECTED;
	child->sock = newsock;
	release_sock(sk);
	kith_caller_describe(child);
	kith_caller_remember(child);
	sock_release(private);
}

/* Gives @child to current, whose credential is @caller. */
static void hand_over(struct kith_conn *child, struct kith_credential *caller,
		      struct socket *newsock)
{
	mutex_lock(&child->mutex);
	adopt(child, caller);
	graft(child, newsock);
	mutex_unlock(&child->mutex);
}

/**
 * kith_listener_accept() - accept() of a managed listener
 * @listener: a listener
 * @newsock: receives the connection
 * @flags: O_NONBLOCK or not
 *
 * Return: as accept(2), -EACCES for a program of another identity.
 */
int kith_listener_accept(struct kith_conn *listener, struct socket *newsock,
			 int flags)
{
	long timeo = sock_rcvtimeo(listener->sk, flags & O_NONBLOCK);
	struct kith_conn *child = NULL;
	struct kith_credential *caller;
	int err;

	caller = kith_caller_credential();
	if (IS_ERR(caller))
		return PTR_ERR(caller);
	do {
		err = own_as(listener, caller, timeo);
		/* Whom to give what is ready shows when it is attested. */
		if (!err && kith_credential_check(caller) == -EINPROGRESS)
			err = kith_caller_wait(listener, caller, timeo);
		if (!err)
			child = wait_ready(listener, caller, timeo, &err);
	} while (err == -EINPROGRESS);
	if (child) {
		kith_conn_kick(listener);	/* there is room again */
		hand_over(child, caller, newsock);
	}
	kith_credential_put(caller);
	return err;
}
