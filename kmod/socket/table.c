// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of managed sockets and their lives.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include "conn.h"
#include "../identity/credential.h"
#include "../identity/index.h"

#define KITH_TABLE_BITS 11

static DEFINE_HASHTABLE(table, KITH_TABLE_BITS);
static DEFINE_SPINLOCK(table_lock);	/* writers of table; counts */
static DEFINE_KITH_INDEX(conn_index);	/* the same, in the order they were made */
static struct kmem_cache *conn_cache;
static u32 n_listeners, n_connections;	/* table_lock */
/* A child's worker takes its listener's mutex. */
static struct lock_class_key listener_key;
static atomic_t n_alive = ATOMIC_INIT(0);	/* published or only referenced */

struct workqueue_struct *kith_socket_wq;

/* A program may keep one waiting for its socket, see kith_conn_try_enter(). What
 * handshakes take of the CPUs is bounded apart. */
#define WORKERS		32U

struct kith_conn *kith_conn_find(const struct sock *sk)
{
	struct kith_conn *conn, *found = NULL;

	rcu_read_lock();
	hash_for_each_possible_rcu(table, conn, node, (unsigned long)sk) {
		if (conn->sk == sk) {
			found = conn;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

struct kith_conn *kith_conn_get(struct kith_conn *conn)
{
	refcount_inc(&conn->ref);
	return conn;
}

static void conn_free_rcu(struct rcu_head *rcu)
{
	kmem_cache_free(conn_cache, container_of(rcu, struct kith_conn, rcu));
	atomic_dec(&n_alive);
}

static void conn_free(struct kith_conn *conn)
{
	if (conn->parent)
		kith_conn_put(conn->parent);
	if (conn->svid)
		kith_svid_put(conn->svid);
	if (conn->credential)
		kith_credential_put(conn->credential);
	if (conn->lender)
		kith_credential_put(conn->lender);
	kith_tls_free(conn->tls);
	kfree(conn->listener);
	kfree(conn->peer_id);
	kfree(conn->rule);
	/* Softirq callbacks may still look at it. */
	call_rcu(&conn->rcu, conn_free_rcu);
}

void kith_conn_put(struct kith_conn *conn)
{
	if (refcount_dec_and_test(&conn->ref))
		conn_free(conn);
}

/* Under @conn->mutex. */
static void awaited_settled(struct kith_conn *conn)
{
	kith_conn_unawait(conn);
	/* Callers were told EAGAIN while it was not known who they are. */
	if (!kith_conn_pending(conn->state))
		kith_wake_all(conn->sk);
}

bool kith_conn_try_enter(struct kith_conn *conn)
{
	if (!mutex_trylock(&conn->mutex))
		return false;
	/* Not dead under the mutex: the sock lives. */
	if (conn->dead || !READ_ONCE(conn->sk->sk_lock.owned))
		return true;
	mutex_unlock(&conn->mutex);
	return false;
}

static void kick_in(struct kith_conn *conn, unsigned long delay)
{
	unsigned long flags;

	spin_lock_irqsave(&conn->kick_lock, flags);
	/* A worker that was to come back later may come now. */
	if (!conn->dead &&
	    !queue_delayed_work(kith_socket_wq, &conn->work, delay) &&
	    !delay && timer_pending(&conn->work.timer))
		mod_delayed_work(kith_socket_wq, &conn->work, 0);
	spin_unlock_irqrestore(&conn->kick_lock, flags);
}

void kith_conn_kick(struct kith_conn *conn)
{
	kick_in(conn, 0);
}

/* False when the worker has to come back. */
static bool enter(struct kith_conn *conn)
{
	if (kith_conn_try_enter(conn))
		return true;
	kick_in(conn, 1);
	return false;
}

/* Under @conn->mutex. */
static void step(struct kith_conn *conn)
{
	if (conn->dead)
		return;
	kith_conn_review(conn);
	if (conn->awaited)
		awaited_settled(conn);
	switch (conn->state) {
	case KITH_CONN_STATE_ATTESTING:
		if (conn->kind == KITH_CONN_KIND_CLIENT)
			kith_client_attested(conn);
		else
			kith_child_attested(conn);
		break;
	case KITH_CONN_STATE_CONNECTING:
		kith_client_established(conn);
		break;
	case KITH_CONN_STATE_HANDSHAKE:
		kith_handshake_step(conn);
		break;
	case KITH_CONN_STATE_READY:
		if (conn->fin_due)
			kith_conn_push_fin(conn);
		kith_client_verdict(conn);
		break;
	case KITH_CONN_STATE_CLOSING:
		kith_child_linger(conn);
		break;
	default:
		break;
	}
}

static void conn_work(struct work_struct *work)
{
	struct kith_conn *conn = container_of(to_delayed_work(work),
					      struct kith_conn, work);

	if (!enter(conn))
		return;
	step(conn);
	mutex_unlock(&conn->mutex);
}

/* A work of its own for lockdep: it ends its children's. */
static void listener_work(struct work_struct *work)
{
	struct kith_conn *listener = container_of(to_delayed_work(work),
						  struct kith_conn, work);

	if (!enter(listener))
		return;
	step(listener);
	mutex_unlock(&listener->mutex);
	if (!READ_ONCE(listener->dead))
		kith_listener_work(listener);
}

static void conn_deadline(struct work_struct *work)
{
	struct kith_conn *conn = container_of(to_delayed_work(work),
					      struct kith_conn, deadline);

	WRITE_ONCE(conn->expired, true);
	kith_conn_kick(conn);
}

static void conn_settled(struct kith_credential_waiter *waiter)
{
	kith_conn_kick(container_of(waiter, struct kith_conn, waiter));
}

bool kith_conn_await(struct kith_conn *conn, struct kith_credential *credential)
{
	kith_conn_unawait(conn);
	if (conn->dead)
		return true;
	if (kith_credential_await(credential, &conn->waiter)) {
		kith_conn_kick(conn);
		return false;
	}
	conn->awaited = kith_credential_get(credential);
	return true;
}

void kith_conn_unawait(struct kith_conn *conn)
{
	if (!conn->awaited)
		return;
	kith_credential_forget(conn->awaited, &conn->waiter);
	kith_credential_put(conn->awaited);
	conn->awaited = NULL;
}

static struct kith_listener *listener_new(void)
{
	struct kith_listener *listener = kzalloc(sizeof(*listener), GFP_KERNEL);

	if (!listener)
		return NULL;
	spin_lock_init(&listener->lock);
	INIT_LIST_HEAD(&listener->pending);
	INIT_LIST_HEAD(&listener->ready);
	INIT_LIST_HEAD(&listener->ended);
	return listener;
}

static void conn_publish(struct kith_conn *conn)
{
	kith_index_add(&conn_index, &conn->order, UINT_MAX);
	spin_lock_bh(&table_lock);
	hash_add_rcu(table, &conn->node, (unsigned long)conn->sk);
	if (conn->kind == KITH_CONN_KIND_LISTENER)
		n_listeners++;
	else
		n_connections++;
	spin_unlock_bh(&table_lock);
}

struct kith_conn *kith_conn_new(struct sock *sk, struct socket *sock,
				enum kith_conn_kind kind,
				const struct proto_ops *base)
{
	struct kith_conn *conn = kmem_cache_zalloc(conn_cache, GFP_KERNEL);

	if (!conn)
		return NULL;
	if (kind == KITH_CONN_KIND_LISTENER) {
		conn->listener = listener_new();
		if (!conn->listener) {
			kmem_cache_free(conn_cache, conn);
			return NULL;
		}
	}
	refcount_set(&conn->ref, 1);
	conn->sk = sk;
	conn->sock = sock;
	conn->base = base;
	conn->inner = base;
	conn->kind = kind;
	conn->state = KITH_CONN_STATE_IDLE;
	mutex_init(&conn->mutex);
	if (kind == KITH_CONN_KIND_LISTENER) {
		lockdep_set_class(&conn->mutex, &listener_key);
		INIT_DELAYED_WORK(&conn->work, listener_work);
	} else {
		INIT_DELAYED_WORK(&conn->work, conn_work);
	}
	spin_lock_init(&conn->kick_lock);
	mutex_init(&conn->tx);
	init_waitqueue_head(&conn->readers);
	seqlock_init(&conn->stamp_lock);
	INIT_DELAYED_WORK(&conn->deadline, conn_deadline);
	INIT_LIST_HEAD(&conn->link);
	INIT_LIST_HEAD(&conn->waiter.link);
	conn->waiter.settled = conn_settled;
	conn->since = ktime_to_ms(ktime_get_real());
	if (kind != KITH_CONN_KIND_LISTENER)
		kith_seat_take(sk);
	atomic_inc(&n_alive);
	conn_publish(conn);
	return conn;
}

void kith_conn_arm(struct kith_conn *conn, unsigned int ms)
{
	unsigned long flags;

	WRITE_ONCE(conn->expired, false);
	spin_lock_irqsave(&conn->kick_lock, flags);
	if (!conn->dead)
		mod_delayed_work(kith_socket_wq, &conn->deadline,
				 msecs_to_jiffies(ms));
	spin_unlock_irqrestore(&conn->kick_lock, flags);
}

static void conn_unpublish(struct kith_conn *conn)
{
	kith_index_del(&conn_index, &conn->order);
	spin_lock_bh(&table_lock);
	hash_del_rcu(&conn->node);
	if (conn->kind == KITH_CONN_KIND_LISTENER)
		n_listeners--;
	else
		n_connections--;
	spin_unlock_bh(&table_lock);
}

void kith_conn_stop(struct kith_conn *conn)
{
	mutex_lock(&conn->mutex);
	spin_lock_irq(&conn->kick_lock);
	WRITE_ONCE(conn->dead, true);
	spin_unlock_irq(&conn->kick_lock);
	kith_conn_unawait(conn);
	kith_callbacks_unhook(conn);
	kith_callbacks_unwatch(conn);
	mutex_unlock(&conn->mutex);
	cancel_delayed_work_sync(&conn->deadline);
	cancel_delayed_work_sync(&conn->work);
	kith_seat_leave(conn->sk);
	conn_unpublish(conn);
}

void kith_socket_counts(u32 *connections, u32 *listeners)
{
	spin_lock_bh(&table_lock);
	*connections = n_connections;
	*listeners = n_listeners;
	spin_unlock_bh(&table_lock);
}

/* The oldest whose id is at least @id, with a reference, or NULL. */
static struct kith_conn *next_from(u64 id)
{
	struct kith_index_node *node;
	struct kith_conn *conn = NULL;

	spin_lock(&conn_index.lock);
	node = kith_index_from(&conn_index, id);
	if (node)
		conn = kith_conn_get(container_of(node, struct kith_conn, order));
	spin_unlock(&conn_index.lock);
	return conn;
}

/* In the order of their ids, so that those that go meanwhile make it miss none. */
int kith_table_walk(unsigned long *position,
		    int (*fn)(struct kith_conn *conn, void *arg), void *arg)
{
	u64 last = READ_ONCE(conn_index.last);	/* made meanwhile: not awaited */
	struct kith_conn *conn;
	int ret = 0;

	while (!ret && *position <= last && (conn = next_from(*position))) {
		ret = fn(conn, arg);
		*position = conn->order.id + !ret;
		kith_conn_put(conn);
		cond_resched();
	}
	return ret;
}

int kith_table_init(void)
{
	conn_cache = KMEM_CACHE(kith_conn, SLAB_HWCACHE_ALIGN);
	if (!conn_cache)
		return -ENOMEM;
	kith_handshake_init(max(1U, num_online_cpus() / 2));
	kith_socket_wq = alloc_workqueue("kith_socket",
					 WQ_UNBOUND | WQ_MEM_RECLAIM | WQ_SYSFS,
					 max(WORKERS, num_online_cpus()));
	if (!kith_socket_wq) {
		kmem_cache_destroy(conn_cache);
		return -ENOMEM;
	}
	return 0;
}

void kith_table_exit(void)
{
	kith_expiry_exit();
	destroy_workqueue(kith_socket_wq);
	rcu_barrier();
	if (atomic_read(&n_alive))
		pr_err("leak: %d managed sockets\n", atomic_read(&n_alive));
	kmem_cache_destroy(conn_cache);
}
