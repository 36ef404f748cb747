// SPDX-License-Identifier: GPL-2.0-only
/*
 * The turn to read. kTLS has one reader at a time too, but would let another in
 * between a control record's EIO and its reading.
 */
#include <linux/wait_bit.h>
#include "conn.h"

static bool take_turn(struct kith_conn *conn)
{
	return !test_and_set_bit_lock(0, &conn->reading);
}

/* Nobody may wait for the turn: who has it wakes the poller afterwards. */
static int try_turn(struct kith_conn *conn)
{
	if (take_turn(conn))
		return 0;
	WRITE_ONCE(conn->reader_missed, true);
	smp_mb();			/* pairs with kith_reader_end() */
	return take_turn(conn) ? 0 : -EAGAIN;
}

int kith_reader_begin(struct kith_conn *conn, long timeo)
{
	long left;

	if (!timeo)
		return try_turn(conn);
	left = wait_event_interruptible_timeout(conn->readers, take_turn(conn),
						timeo);
	if (left < 0)
		return sock_intr_errno(timeo);
	return left ? 0 : -EAGAIN;
}

void kith_reader_end(struct kith_conn *conn)
{
	clear_bit_unlock(0, &conn->reading);
	smp_mb__after_atomic();		/* pairs with try_turn(), wake_up() */
	if (waitqueue_active(&conn->readers))
		wake_up(&conn->readers);
	if (READ_ONCE(conn->reader_missed)) {
		WRITE_ONCE(conn->reader_missed, false);
		kith_wake_readable(conn->sk);
	}
}
