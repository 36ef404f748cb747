// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that arrived and wait to be accepted.
 *
 * The worker takes every connection off the stack's accept queue into a private
 * socket, so that a crowd of half-open peers cannot fill the backlog. What is
 * under way is capped apart from the backlog; at the cap the oldest of the
 * source that has the most goes, those without a ClientHello first.
 */
#include <linux/jhash.h>
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

static void list_pending(struct kith_conn *listener, struct kith_conn *child)
{
	struct kith_listener *l = listener->listener;

	spin_lock_bh(&l->lock);
	list_add_tail(&child->link, &l->pending);
	l->n_pending++;
	spin_unlock_bh(&l->lock);
}

/**
 * kith_child_settled() - a child's handshake ended
 * @child: a server connection
 * @ready: it is authenticated and allowed, or opened; otherwise it drains and
 *         is freed once it is in CLOSING no more
 *
 * Context: process, under @child's mutex.
 */
void kith_child_settled(struct kith_conn *child, bool ready)
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

/* Whether @child may be evicted in this round: one that waits for the peer's
 * ClientHello costs the least and goes first. */
static bool is_candidate(const struct kith_conn *child, bool idle_only)
{
	return !idle_only || !child->tls;
}

/* The oldest candidate of the source that has the most. Under @l->lock. */
static struct kith_conn *find_victim(struct kith_listener *l, bool idle_only)
{
	unsigned int count[SOURCE_BUCKETS] = {}, i, most = 0;
	struct kith_conn *child;

	list_for_each_entry(child, &l->pending, link)
		if (is_candidate(child, idle_only))
			count[child->source % SOURCE_BUCKETS]++;
	for (i = 1; i < SOURCE_BUCKETS; i++)
		if (count[i] > count[most])
			most = i;
	list_for_each_entry(child, &l->pending, link)
		if (is_candidate(child, idle_only) &&
		    child->source % SOURCE_BUCKETS == most)
			return child;
	return NULL;
}

/* Off the list, with the list's reference, or NULL when there is none. */
static struct kith_conn *pick_victim(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	child = find_victim(l, true) ?: find_victim(l, false);
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
 * kith_child_lend() - give a child the listener's identity of the moment
 * @child: its credential is set, its SVID too when there is one
 * @reason: why there is none
 *
 * Context: process, under @child's mutex or before others know it. Return: 0,
 * -EINPROGRESS while the credential is pending, -EAGAIN while nobody owns the
 * listener, or what the credential failed with.
 */
int kith_child_lend(struct kith_conn *child, enum kith_reason *reason)
{
	struct kith_conn *listener = child->parent;
	struct kith_credential *credential;
	struct kith_svid *svid;

	mutex_lock(&listener->mutex);
	credential = listener->credential;
	if (credential &&
	    kith_program_is_dead(kith_credential_program(credential)))
		credential = NULL;	/* who accepts next will own it */
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
	bool opened;

	child->generation = config->generation;
	kith_endpoint_of_sock(child->sk, &endpoint, KITH_INBOUND);
	rule = kith_table_address(&config->rules, child->svid->facts.spiffe_id,
				  KITH_INBOUND, KITH_DOOR_NONE, &endpoint);
	opened = rule && le32_to_cpu(rule->action) == KITH_TABLE_OPEN;
	if (rule)
		child->rule = kstrdup(kith_table_string(&config->rules,
							rule->source) ?: "",
				      GFP_KERNEL);
	kith_config_put(config);
	return opened;
}

static void admit_opened(struct kith_conn *child)
{
	cancel_delayed_work(&child->deadline);
	kith_conn_set_state(child, KITH_CONN_STATE_OPENED);
	kith_conn_report(child, KITH_DECISION_OPEN, 0, KITH_REASON_OPENING,
			 KITH_SIDE_LOCAL);
	kith_child_settled(child, true);
}

/**
 * kith_child_attested() - go on once the listener's owner has its identity
 * @child: new or ATTESTING; its deadline runs
 *
 * Only then it is known whether an opening admits the peer without a handshake.
 *
 * Context: worker, under @child's mutex.
 */
void kith_child_attested(struct kith_conn *child)
{
	enum kith_reason reason;
	int err = kith_child_lend(child, &reason);

	if ((err == -EINPROGRESS || err == -EAGAIN) &&
	    !READ_ONCE(child->expired)) {
		kith_conn_set_state(child, KITH_CONN_STATE_ATTESTING);
		if (err == -EINPROGRESS)
			kith_conn_await(child, child->credential);
		return;
	}
	if (!err && is_opened(child)) {
		admit_opened(child);
		return;
	}
	/* Without an identity the handshake says so. */
	kith_conn_set_state(child, KITH_CONN_STATE_CONNECTING);
	kith_callbacks_hook(child);
	kith_conn_arm(child, KITH_HANDSHAKE_MS);
	kith_conn_kick(child);
}

/* Gives a taken connection to the handshake worker or to the program. */
static void admit(struct kith_conn *listener, struct kith_conn *child)
{
	/* Once listed it may be flushed at any time. */
	kith_conn_get(child);
	list_pending(listener, child);
	mutex_lock(&child->mutex);
	if (!child->dead) {
		kith_conn_arm(child, KITH_HANDSHAKE_MS);
		kith_child_attested(child);
	}
	mutex_unlock(&child->mutex);
	kith_conn_put(child);
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

static bool has_room(struct kith_conn *listener)
{
	struct kith_listener *l = listener->listener;

	return !READ_ONCE(listener->dead) && READ_ONCE(l->owned) &&
	       READ_ONCE(l->n_ready) <=
	       READ_ONCE(listener->sk->sk_max_ack_backlog) && make_room(l);
}

/* Takes in one connection. False when there is none. */
static bool take_in(struct kith_conn *listener)
{
	struct kith_conn *child;
	struct socket *sock;

	if (take(listener, &sock))
		return false;
	child = child_new(listener, sock);
	if (!child) {
		drop(sock);
		return false;
	}
	admit(listener, child);
	/* A shutdown() may have flushed before this one was listed. */
	if (inet_sk_state_load(listener->sk) != TCP_LISTEN)
		kith_children_flush(listener, NULL);
	return true;
}

/* Taken in before the handshakes of others have their turn. */
#define BATCH	16

/**
 * kith_listener_work() - take what arrived, free what ended
 * @listener: a listener
 *
 * Context: worker; only one runs at a time for a listener.
 */
void kith_listener_work(struct kith_conn *listener)
{
	int i;

	reap(listener);
	kith_listener_disown(listener);
	for (i = 0; i < BATCH; i++) {
		/* A program has it locked, maybe for long. */
		if (READ_ONCE(listener->sk->sk_lock.owned))
			break;
		if (!has_room(listener) || !take_in(listener))
			return;
	}
	kith_conn_kick(listener);
}

static bool is_spared(const struct kith_conn *child,
		      const struct kith_credential *spared)
{
	const struct kith_credential *own = READ_ONCE(child->credential);

	return spared && (!own || own == spared);
}

/* The first on @list that is not spared, off the list. Under the lock. */
static struct kith_conn *take_from(struct list_head *list, unsigned int *n,
				   const struct kith_credential *spared)
{
	struct kith_conn *child;

	list_for_each_entry(child, list, link) {
		if (is_spared(child, spared))
			continue;
		list_del_init(&child->link);
		WRITE_ONCE(*n, *n - 1);
		return child;
	}
	return NULL;
}

void kith_children_flush(struct kith_conn *listener,
			 const struct kith_credential *spared)
{
	struct kith_listener *l = listener->listener;
	struct kith_conn *child;

	do {
		spin_lock_bh(&l->lock);
		child = take_from(&l->pending, &l->n_pending, spared) ?:
			take_from(&l->ready, &l->n_ready, spared) ?:
			take_from(&l->ended, &l->n_ended, spared);
		spin_unlock_bh(&l->lock);
		if (child)
			kith_child_free(child);
	} while (child);
}

struct kith_conn *kith_children_pop(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	child = take_from(&l->ready, &l->n_ready, NULL);
	spin_unlock_bh(&l->lock);
	return child;
}

void kith_children_unpop(struct kith_listener *l, struct kith_conn *child)
{
	spin_lock_bh(&l->lock);
	list_add(&child->link, &l->ready);
	WRITE_ONCE(l->n_ready, l->n_ready + 1);
	spin_unlock_bh(&l->lock);
}

void kith_children_kick(struct kith_listener *l)
{
	struct kith_conn *child;

	spin_lock_bh(&l->lock);
	list_for_each_entry(child, &l->pending, link)
		kith_conn_kick(child);
	spin_unlock_bh(&l->lock);
}
