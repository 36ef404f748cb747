// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who works beneath a socket, sockmap and KCM above all, keeps its own in
 * sk_user_data, and takes no socket where something is. There it would have the
 * program's bytes before kTLS encrypts them, and add some behind where it
 * authenticates. So a connection's seat is taken before it is established; kTLS
 * itself has none (a sockmap's is marked, and it looks for the mark).
 *
 * A listener's stays free: sockmaps of those choose who gets a connection. One that
 * was accepted may have somebody in its seat already, and is refused then.
 */
#include <net/sock.h>
#include "conn.h"

static const u64 ours;			/* its address; nobody follows it */

static void *mark(void)
{
	return (void *)&ours;
}

void kith_seat_take(struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	if (!sk->sk_user_data)
		rcu_assign_sk_user_data(sk, mark());
	write_unlock_bh(&sk->sk_callback_lock);
}

bool kith_seat_is_taken(const struct sock *sk)
{
	return READ_ONCE(sk->sk_user_data) == mark();
}

void kith_seat_leave(struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	if (kith_seat_is_taken(sk))
		rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}
