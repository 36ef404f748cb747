// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen() and accept(): connections wait in the kernel until their peer is
 * authenticated and allowed.
 *
 * The worker takes every connection off the stack's accept queue into a private
 * socket, so that a crowd of half-open peers cannot fill the backlog. What is
 * under way is capped apart from the backlog; at the cap the oldest without a
 * ClientHello goes, from the source that has the most of them.
 */
#include <linux/jhash.h>
#include <linux/poll.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/tcp.h>
#include "conn.h"

#define KITH_PENDING_MAX	1024	/* handshakes under way, per listener */
#define SOURCE_BUCKETS		64

/* IPv4 /32 or IPv6 /64, scattered so that peers cannot aim at a bucket. */
static u32 source_of(const struct sock *sk)
{
	static u32 seed;

	net_get_random_once(&seed, sizeof(seed));
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 && !ipv6_addr_v4mapped(&sk->sk_v6_daddr))
		return jhash(&sk->sk_v6_daddr, 8, seed);
#endif
	return jhash_1word((__force u32)sk->sk_daddr, seed);
}

/* --- children ------------------------------------------------------------ */

static void list_pending(struct kith_conn *listener, struct kith_conn *child)
{
	struct kith_listener *l = listener->listener;

	spin_lock_bh(&l->lock);
	list_add_tail(&child->link, &l->pending);
	l->n_pending++;
	spin_unlock_bh(&l->lock);
}

/**
 * kith_listener_settled() - a child's handshake ended
 * @child: a server connection
 * @ready: it is authenticated and allowed, or opened; otherwise it drains and
 *         is freed once it is in CLOSING no more
 *
 * Context: process, under @child's mutex.
 */
void kith_listener_settled(struct kith_conn *child, bool ready)
{
	struct kith_listener *l = child->parent->listener;

	spin_lock_bh(&l->lock);
	if (!list_empty(&child->link)) {
		l->n_pending--;
		list_move_tail(&child->link, ready ? &l->ready : &l->ended);
		if (ready)
			WRITE_ONCE(l->n_ready, l->n_ready + 1);
		else
			WRITE_ONCE(l->n_ended, l->n_ended + 1);
	}
	spin_unlock_bh(&l->lock);
	if (ready)
		kith_wake_readable(child->parent->sk);
}

static struct kith_conn *oldest_idle_of(struct kith_listener *l, int bucket)
{
	struct kith_conn *child;

	list_for_each_entry(child, &l->pending, link)
		if (!child->tls && child->source % SOURCE_BUCKETS == bucket)
			return child;
	return NULL;
}

/* Off the list, with the list's reference, or NULL when none is idle. */
static struct kith_conn *pick_victim(struct kith_listener *l)
{
	unsigned int count[SOURCE_BUCKETS] = {}, i, most = 0;
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	list_for_each_entry(child, &l->pending, link)
		if (!child->tls)
			count[child->source % SOURCE_BUCKETS]++;
	for (i = 1; i < SOURCE_BUCKETS; i++)
		if (count[i] > count[most])
			most = i;
	child = oldest_idle_of(l, most);
	if (child) {
		list_del_init(&child->link);
		l->n_pending--;
	}
	spin_unlock_bh(&l->lock);
	return child;
}

static bool make_room(struct kith_listener *l)
{
	struct kith_conn *victim;

	if (READ_ONCE(l->n_pending) < KITH_PENDING_MAX)
		return true;
	victim = pick_victim(l);
	if (!victim)
		return false;
	mutex_lock(&victim->mutex);
	kith_conn_report(victim, KITH_DECISION_DENY, ECONNABORTED,
			 KITH_REASON_EVICTED, KITH_SIDE_PEER);
	mutex_unlock(&victim->mutex);
	kith_child_free(victim);
	return true;
}

/* Takes one connection off the stack's queue. 0 or -errno. */
static int take(struct kith_conn *listener, struct socket **taken)
{
	struct proto_accept_arg arg = { .flags = O_NONBLOCK, .kern = true };
	struct socket *sock;
	int err;

	err = sock_create_lite(listener->sk->sk_family, SOCK_STREAM,
			       IPPROTO_TCP, &sock);
	if (err)
		return err;
	sock->ops = listener->base;
	err = kith_compat_accept(listener->base, listener->sock, sock, &arg);
	if (err < 0) {
		sock->ops = NULL;
		sock_release(sock);
		return err;
	}
	*taken = sock;
	return 0;
}

static void drop(struct socket *sock)
{
	sock->ops->release(sock);
	sock->ops = NULL;
	sock_release(sock);
}

static struct kith_conn *child_new(struct kith_conn *listener,
				   struct socket *sock)
{
	struct kith_conn *child;

	child = kith_conn_new(sock->sk, sock, KITH_CONN_KIND_SERVER,
			      listener->base);
	if (!child)
		return NULL;
	child->parent = kith_conn_get(listener);
	child->source = source_of(sock->sk);
	child->pid = listener->pid;
	memcpy(child->comm, listener->comm, sizeof(child->comm));
	return child;
}

/**
 * kith_listener_lend() - give a child the listener's identity of the moment
 * @child: its credential is set, its SVID too when there is one
 * @reason: why there is none
 *
 * Context: process, under @child's mutex or before others know it. Return: 0,
 * -EINPROGRESS while the credential is pending, -EAGAIN while nobody owns the
 * listener, or what the credential failed with.
 */
int kith_listener_lend(struct kith_conn *child, enum kith_reason *reason)
{
	struct kith_conn *listener = child->parent;
	struct kith_credential *credential;
	struct kith_svid *svid;

	mutex_lock(&listener->mutex);
	credential = listener->credential;
	if (credential)
		kith_credential_get(credential);
	mutex_unlock(&listener->mutex);
	if (!credential)
		return -EAGAIN;
	if (child->credential)
		kith_credential_put(child->credential);
	child->credential = credential;
	kith_attest_again(credential);
	svid = kith_credential_svid(credential, reason);
	if (IS_ERR(svid))
		return PTR_ERR(svid);
	child->svid = svid;
	return 0;
}

/* Whether an opening of the policy admits the remote address as it is. All
 * others shake hands, also those no rule names: a refusal is an alert, which
 * the peer can tell from a failure of the network. */
static bool is_opened(struct kith_conn *child)
{
	struct kith_config *config = kith_config_get();
	const struct kith_table_rule *rule;
	struct kith_endpoint endpoint;
	enum kith_reason reason;
	bool opened = false;

	if (kith_listener_lend(child, &reason))
		goto out;		/* no identity yet: the handshake waits */
	child->generation = config->generation;
	kith_endpoint_of_sock(child->sk, &endpoint, KITH_INBOUND);
	rule = kith_table_address(&config->rules, child->svid->facts.spiffe_id,
				  KITH_INBOUND, &endpoint);
	opened = rule && le32_to_cpu(rule->action) == KITH_TABLE_OPEN;
	if (rule)
		child->rule = kstrdup(kith_table_string(&config->rules,
							rule->source) ?: "",
				      GFP_KERNEL);
out:
	kith_config_put(config);
	return opened;
}

/* Gives a taken connection to the handshake worker or to the program. */
static void admit(struct kith_conn *listener, struct kith_conn *child)
{
	bool opened = is_opened(child);

	list_pending(listener, child);
	mutex_lock(&child->mutex);
	if (opened) {
		kith_conn_set_state(child, KITH_CONN_STATE_OPENED);
		kith_conn_report(child, KITH_DECISION_OPEN, 0,
				 KITH_REASON_OPENING, KITH_SIDE_LOCAL);
		kith_listener_settled(child, true);
	} else {
		kith_conn_set_state(child, KITH_CONN_STATE_CONNECTING);
		kith_callbacks_hook(child);
		kith_conn_arm(child, KITH_HANDSHAKE_MS);
		kith_conn_kick(child);
	}
	mutex_unlock(&child->mutex);
}

/* Frees the children whose drain is over. */
static void reap(struct kith_conn *listener)
{
	struct kith_listener *l = listener->listener;
	struct kith_conn *child, *next;
	LIST_HEAD(done);

	spin_lock_bh(&l->lock);
	list_for_each_entry_safe(child, next, &l->ended, link)
		if (kith_conn_state(child) == KITH_CONN_STATE_FAILED) {
			list_move(&child->link, &done);
			WRITE_ONCE(l->n_ended, l->n_ended - 1);
		}
	spin_unlock_bh(&l->lock);
	list_for_each_entry_safe(child, next, &done, link) {
		list_del_init(&child->link);
		kith_child_free(child);
	}
}

/* A listener outlives its owner in who handed it over (socket activation): then
 * nobody owns it, and it polls natively again. */
static void disown_dead(struct kith_conn *listener)
{
	struct kith_credential *owner;

	mutex_lock(&listener->mutex);
	owner = listener->credential;
	if (owner && kith_program_is_dead(kith_credential_program(owner))) {
		listener->credential = NULL;
		WRITE_ONCE(listener->listener->owned, false);
		kith_callbacks_unhook(listener);
		kith_credential_put(owner);
		kith_wake_readable(listener->sk);
	}
	mutex_unlock(&listener->mutex);
}

/**
 * kith_listener_work() - take what arrived, free what ended
 * @listener: a listener
 *
 * Context: worker; only one runs at a time for a listener.
 */
void kith_listener_work(struct kith_conn *listener)
{
	struct kith_listener *l = listener->listener;

	reap(listener);
	disown_dead(listener);
	while (!READ_ONCE(listener->dead) && READ_ONCE(l->owned) &&
	       READ_ONCE(l->n_ready) <=
	       READ_ONCE(listener->sk->sk_max_ack_backlog) && make_room(l)) {
		struct kith_conn *child;
		struct socket *sock;

		if (take(listener, &sock))
			break;
		child = child_new(listener, sock);
		if (!child) {
			drop(sock);
			break;
		}
		admit(listener, child);
		cond_resched();
	}
}

/* Takes any child off the lists, with the lists' reference, or NULL. */
static struct kith_conn *take_any(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	child = list_first_entry_or_null(&l->pending, struct kith_conn, link);
	if (child)
		l->n_pending--;
	if (!child) {
		child = list_first_entry_or_null(&l->ready, struct kith_conn,
						 link);
		if (child)
			WRITE_ONCE(l->n_ready, l->n_ready - 1);
	}
	if (!child) {
		child = list_first_entry_or_null(&l->ended, struct kith_conn,
						 link);
		if (child)
			WRITE_ONCE(l->n_ended, l->n_ended - 1);
	}
	if (child)
		list_del_init(&child->link);
	spin_unlock_bh(&l->lock);
	return child;
}

void kith_listener_flush(struct kith_conn *listener)
{
	struct kith_conn *child;

	while ((child = take_any(listener->listener)))
		kith_child_free(child);
}

/* --- the program's calls --------------------------------------------------- */

static int set_owner(struct kith_conn *listener,
		     struct kith_credential *credential)
{
	struct kith_credential *old = listener->credential;

	if (old == credential) {
		kith_credential_put(credential);
		return 0;
	}
	listener->credential = credential;
	if (old)
		kith_credential_put(old);
	listener->pid = task_tgid_nr(current);
	get_task_comm(listener->comm, current);
	return 0;
}

static bool same_id(struct kith_credential *a, struct kith_credential *b)
{
	enum kith_reason reason;
	struct kith_svid *x = kith_credential_svid(a, &reason);
	struct kith_svid *y = kith_credential_svid(b, &reason);
	bool same = !IS_ERR(x) && !IS_ERR(y) &&
		    !strcmp(x->facts.spiffe_id, y->facts.spiffe_id);

	if (!IS_ERR(x))
		kith_svid_put(x);
	if (!IS_ERR(y))
		kith_svid_put(y);
	return same;
}

/* Under the listener's mutex; takes over the reference to @credential. */
static int own(struct kith_conn *listener, struct kith_program *program,
	       struct kith_credential *credential)
{
	struct kith_credential *owner = listener->credential;

	if (!owner)
		return set_owner(listener, credential);
	/* A program that changed its user (a server's workers) goes on owning
	 * the listener, under its new credential. */
	if (kith_credential_program(owner) == program)
		return set_owner(listener, credential);
	if (same_id(owner, credential)) {
		kith_credential_put(credential);
		return 0;
	}
	kith_credential_put(credential);
	return -EACCES;
}

/* The same task as last time needs no second look. */
static bool owner_is_current(struct kith_conn *listener)
{
	struct kith_stamp now = kith_stamp_current(), last;
	unsigned int seq;

	if (!READ_ONCE(listener->listener->owned))
		return false;
	do {
		seq = read_seqbegin(&listener->stamp_lock);
		last = listener->stamp;
	} while (read_seqretry(&listener->stamp_lock, seq));
	return kith_stamp_equal(now, last);
}

/* Handshakes that an owner before began go on under this one. */
static void kick_pending(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	list_for_each_entry(child, &l->pending, link)
		kith_conn_kick(child);
	spin_unlock_bh(&l->lock);
}

static void start_listening(struct kith_conn *listener)
{
	struct kith_listener *l = listener->listener;

	write_seqlock(&listener->stamp_lock);
	listener->stamp = kith_stamp_current();
	write_sequnlock(&listener->stamp_lock);
	if (l->owned)
		return;
	WRITE_ONCE(l->owned, true);
	kith_callbacks_hook(listener);
	kith_conn_kick(listener);
	kick_pending(l);
}

int kith_listener_own(struct kith_conn *listener)
{
	struct kith_credential *credential;
	struct kith_program *program;
	int err;

	if (likely(owner_is_current(listener)))
		return 0;
	program = kith_program_current();
	if (!program)
		return -EACCES;
	credential = kith_credential_current(program);
	if (IS_ERR(credential)) {
		kith_program_put(program);
		return PTR_ERR(credential);
	}
	mutex_lock(&listener->mutex);
	err = own(listener, program, credential);
	if (!err)
		start_listening(listener);
	else
		kith_conn_report(listener, KITH_DECISION_DENY, -err,
				 KITH_REASON_WRONG_IDENTITY, KITH_SIDE_LOCAL);
	mutex_unlock(&listener->mutex);
	kith_program_put(program);
	return err;
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
	int err = 0;

	if (!listener->pid) {
		listener->pid = task_tgid_nr(current);
		get_task_comm(listener->comm, current);
	}
	/* Before LISTEN, so that no connection is missed. */
	if (kith_program_is_claimed())
		err = kith_listener_own(listener);
	if (!err)
		err = listener->base->listen(sock, backlog);
	if (!err)
		kith_conn_set_state(listener, KITH_CONN_STATE_LISTENING);
	kith_conn_kick(listener);
	return err;
}

__poll_t kith_listener_poll(struct kith_conn *listener, struct file *file,
			    struct socket *sock, struct poll_table_struct *wait)
{
	struct kith_listener *l = listener->listener;

	if (inet_sk_state_load(listener->sk) != TCP_LISTEN)
		return listener->base->poll(file, sock, wait);
	if (kith_program_is_claimed())
		kith_listener_own(listener);
	if (!READ_ONCE(l->owned))
		return listener->base->poll(file, sock, wait);
	sock_poll_wait(file, sock, wait);
	return READ_ONCE(l->n_ready) ? EPOLLIN | EPOLLRDNORM : 0;
}

static struct kith_conn *pop_ready(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	child = list_first_entry_or_null(&l->ready, struct kith_conn, link);
	if (child) {
		list_del_init(&child->link);
		WRITE_ONCE(l->n_ready, l->n_ready - 1);
	}
	spin_unlock_bh(&l->lock);
	return child;
}

static struct kith_conn *wait_ready(struct kith_conn *listener, long timeo,
				    int *err)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = listener->sk;
	struct kith_conn *child;

	add_wait_queue_exclusive(sk_sleep(sk), &wait);
	while (!(child = pop_ready(listener->listener))) {
		*err = -EINVAL;
		if (inet_sk_state_load(sk) != TCP_LISTEN)
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
	return child;
}

/* Moves the connection from our private socket to the program's. */
static void graft(struct kith_conn *child, struct socket *newsock)
{
	struct socket *private = child->sock;
	struct sock *sk = child->sk;

	mutex_lock(&child->mutex);
	lock_sock(sk);
	private->sk = NULL;
	private->ops = NULL;
	sock_graft(sk, newsock);
	newsock->state = SS_CONNECTED;
	child->sock = newsock;
	release_sock(sk);
	child->pid = task_tgid_nr(current);
	get_task_comm(child->comm, current);
	write_seqlock(&child->stamp_lock);
	child->stamp = kith_stamp_current();
	write_sequnlock(&child->stamp_lock);
	mutex_unlock(&child->mutex);
	sock_release(private);
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
	struct kith_conn *child;
	int err;

	err = kith_listener_own(listener);
	if (err)
		return err;
	child = wait_ready(listener, sock_rcvtimeo(listener->sk,
						   flags & O_NONBLOCK), &err);
	if (!child)
		return err;
	kith_conn_kick(listener);		/* there is room again */
	graft(child, newsock);
	return 0;
}
