// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a credential that is attesting or issuing.
 */
#include <linux/completion.h>
#include <linux/sched/signal.h>
#include <net/sock.h>
#include "credential_types.h"

int kith_credential_await(struct kith_credential *c,
			  struct kith_credential_waiter *waiter)
{
	int err = -EALREADY;

	spin_lock_bh(&c->lock);
	if (kith_credential_pending(c)) {
		list_add_tail(&waiter->link, &c->waiters);
		err = 0;
	}
	spin_unlock_bh(&c->lock);
	return err;
}

bool kith_credential_forget(struct kith_credential *c,
			    struct kith_credential_waiter *waiter)
{
	bool waiting;

	/* settled() runs under the lock: whoever has it knows it returned. */
	spin_lock_bh(&c->lock);
	waiting = !list_empty(&waiter->link);
	if (waiting)
		list_del_init(&waiter->link);
	spin_unlock_bh(&c->lock);
	return waiting;
}

struct sleeper {
	struct kith_credential_waiter waiter;
	struct completion settled;
};

static void wake_sleeper(struct kith_credential_waiter *waiter)
{
	complete(&container_of(waiter, struct sleeper, waiter)->settled);
}

int kith_credential_wait(struct kith_credential *c, long timeo)
{
	struct sleeper sleeper = { .waiter.settled = wake_sleeper };
	long left;

	init_completion(&sleeper.settled);
	if (kith_credential_await(c, &sleeper.waiter))
		return 0;
	left = wait_for_completion_interruptible_timeout(&sleeper.settled,
							 timeo);
	kith_credential_forget(c, &sleeper.waiter);
	if (left < 0)
		return sock_intr_errno(timeo);
	return left ? 0 : -EAGAIN;
}
