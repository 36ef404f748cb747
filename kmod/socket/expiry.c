// SPDX-License-Identifier: GPL-2.0-only
/*
 * Connections that end when the SVID which their peer has shown expires, as their
 * own Workload wants it (onExpiry: close). One work looks at all of them, when the
 * first is due and at the latest after a while: the clock may be set meanwhile.
 */
#include <linux/ktime.h>
#include "conn.h"

#define LOOK_SECONDS	10

static DEFINE_SPINLOCK(lock);
static bool armed;			/* lock */
static unsigned long due;		/* lock; jiffies, when armed */

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(expiries, look);

/* Has them looked at in @seconds, or sooner. */
static void arm(time64_t seconds)
{
	unsigned long delay = clamp_t(time64_t, seconds, 1, LOOK_SECONDS) * HZ;

	spin_lock_bh(&lock);
	if (!armed || time_before(jiffies + delay, due)) {
		due = jiffies + delay;
		armed = true;
		mod_delayed_work(kith_socket_wq, &expiries, delay);
	}
	spin_unlock_bh(&lock);
}

bool kith_conn_peer_is_expired(const struct kith_conn *conn)
{
	time64_t end = READ_ONCE(conn->peer_not_after);

	return READ_ONCE(conn->ends_with_peer) &&
	       ktime_get_real_seconds() > end;
}

/* The SVID stays good for the whole of its last second. */
static time64_t seconds_left(const struct kith_conn *conn)
{
	return READ_ONCE(conn->peer_not_after) + 1 - ktime_get_real_seconds();
}

static int note(struct kith_conn *conn, void *arg)
{
	time64_t *first = arg;

	if (READ_ONCE(conn->ends_with_peer) && !READ_ONCE(conn->stream_err))
		*first = min(*first, max_t(time64_t, seconds_left(conn), 1));
	return 0;
}

static void look(struct work_struct *work)
{
	time64_t first = TIME64_MAX;
	unsigned long position = 0;

	spin_lock_bh(&lock);
	armed = false;
	spin_unlock_bh(&lock);
	kith_socket_recheck_expired();
	kith_table_walk(&position, note, &first);
	if (first != TIME64_MAX)
		arm(first);
}

void kith_expiry_watch(struct kith_conn *conn)
{
	if (!(conn->svid->traits & KITH_TRAIT_CLOSE_ON_EXPIRY))
		return;
	WRITE_ONCE(conn->ends_with_peer, true);
	arm(seconds_left(conn));
}

void kith_expiry_exit(void)
{
	cancel_delayed_work_sync(&expiries);
}
