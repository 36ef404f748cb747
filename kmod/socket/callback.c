// SPDX-License-Identifier: GPL-2.0-only
/*
 * sk_* callbacks: the transport's wakeups drive the handshake worker and reach
 * the program only when there is something for it to see.
 *
 * They run in softirq context. Nothing of theirs is in sk_user_data, which
 * seat.c keeps from everybody.
 */
#include <net/tls.h>
#include "conn.h"

static void (*stack_data_ready)(struct sock *sk);
static void (*stack_state_change)(struct sock *sk);
static void (*stack_write_space)(struct sock *sk);
static void (*stack_error_report)(struct sock *sk);

void kith_wake_readable(struct sock *sk)
{
	stack_data_ready(sk);
}

void kith_wake_all(struct sock *sk)
{
	stack_state_change(sk);
}

static void data_ready(struct sock *sk)
{
	struct kith_conn *conn;
	bool hold = false;

	rcu_read_lock();
	conn = kith_conn_find(sk);
	/* A child cloned from a listener inherits the callback before it is
	 * known here: a miss is the stack's own business. */
	if (conn && READ_ONCE(conn->hooked)) {
		hold = conn->state != KITH_CONN_STATE_READY;
		kith_conn_kick(conn);
	}
	rcu_read_unlock();
	if (!hold)
		stack_data_ready(sk);
}

/* Runs the worker when the handshake is under way: then the program is not
 * woken, since nothing has changed for it. */
static bool take_wakeup(struct sock *sk)
{
	struct kith_conn *conn;
	bool taken;

	rcu_read_lock();
	conn = kith_conn_find(sk);
	taken = conn && READ_ONCE(conn->hooked);
	if (taken)
		kith_conn_kick(conn);
	rcu_read_unlock();
	return taken;
}

static void state_change(struct sock *sk)
{
	if (!take_wakeup(sk))
		stack_state_change(sk);
}

static void write_space(struct sock *sk)
{
	if (!take_wakeup(sk))
		stack_write_space(sk);
}

static void error_report(struct sock *sk)
{
	if (!take_wakeup(sk))
		stack_error_report(sk);
}

/* The transport calls back for as many bytes as SO_RCVLOWAT says: while the
 * handshake is under way that is one. */
static void take_rcvlowat(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;

	lock_sock(sk);
	if (!conn->rcvlowat) {
		conn->rcvlowat = sk->sk_rcvlowat;
		WRITE_ONCE(sk->sk_rcvlowat, 1);
	}
	release_sock(sk);
}

static void give_rcvlowat(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;

	lock_sock(sk);
	if (conn->rcvlowat)
		WRITE_ONCE(sk->sk_rcvlowat, conn->rcvlowat);
	conn->rcvlowat = 0;
	release_sock(sk);
}

int kith_callbacks_set_rcvlowat(struct kith_conn *conn, int value)
{
	if (!conn->rcvlowat)
		return conn->base->set_rcvlowat(conn->sk, value);
	conn->rcvlowat = value ?: 1;
	return 0;
}

void kith_callbacks_hook(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;

	if (conn->kind != KITH_CONN_KIND_LISTENER)
		take_rcvlowat(conn);
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(conn->hooked, true);
	sk->sk_data_ready = data_ready;
	if (conn->kind != KITH_CONN_KIND_LISTENER) {
		sk->sk_state_change = state_change;
		sk->sk_write_space = write_space;
		sk->sk_error_report = error_report;
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

void kith_callbacks_unhook(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(conn->hooked, false);
	if (sk->sk_data_ready == data_ready)
		sk->sk_data_ready = stack_data_ready;
	if (sk->sk_state_change == state_change)
		sk->sk_state_change = stack_state_change;
	if (sk->sk_write_space == write_space)
		sk->sk_write_space = stack_write_space;
	if (sk->sk_error_report == error_report)
		sk->sk_error_report = stack_error_report;
	write_unlock_bh(&sk->sk_callback_lock);
	if (conn->kind != KITH_CONN_KIND_LISTENER)
		give_rcvlowat(conn);
}

void kith_callbacks_watch(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(conn->hooked, true);
	sk->sk_data_ready = data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

void kith_callbacks_unwatch(struct kith_conn *conn)
{
	struct sock *sk = conn->sk;
	struct tls_context *tls;

	if (!conn->verdict_pending)
		return;
	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(conn->verdict_pending, false);
	WRITE_ONCE(conn->hooked, false);
	/* kTLS saved our callback when the receive keys were set and would put
	 * it back into a socket that outlives us. */
	tls = tls_get_ctx(sk);
	if (tls && tls->rx_conf != TLS_BASE) {
		struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls);

		if (rx && rx->saved_data_ready == data_ready)
			rx->saved_data_ready = stack_data_ready;
	}
	if (sk->sk_data_ready == data_ready)
		sk->sk_data_ready = stack_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

void kith_callbacks_init(const struct sock *sk)
{
	stack_data_ready = sk->sk_data_ready;
	stack_state_change = sk->sk_state_change;
	stack_write_space = sk->sk_write_space;
	stack_error_report = sk->sk_error_report;
}
