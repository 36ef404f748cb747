// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for the agent: asking it, giving up on it, asking again.
 *
 * A pending credential has its worker queued: at once while the agent is still
 * to be asked, at the deadline afterwards.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include "../control/agent.h"
#include "../control/upcall.h"
#include "config.h"
#include "credential_types.h"
#include "identity.h"

/* Between attempts to send an upcall that the agent's socket had no room for. */
#define ASK_AGAIN_MS	100

void kith_attest_begin(struct kith_credential *c)
{
	c->deadline = ktime_get_boottime_ns() +
		      KITH_ATTEST_WAIT_MS * (u64)NSEC_PER_MSEC;
	c->asked = false;
	c->reason = KITH_REASON_NONE;
	c->message[0] = '\0';
	kith_credential_set_state(c, KITH_CREDENTIAL_STATE_ATTESTING);
}

void kith_attest_kick(struct kith_credential *c, unsigned long delay)
{
	spin_lock_bh(&c->lock);
	/*
	 * Only what is pending, under the lock: once it is revoked nothing
	 * queues it again, and the module can go.
	 */
	if (kith_credential_pending(c)) {
		kith_credential_get(c);
		/* Queued before: that one's reference stands for it. */
		if (mod_delayed_work(kith_identity_wq, &c->wait, delay))
			kith_credential_put(c);
	}
	spin_unlock_bh(&c->lock);
}

/* How long @c's refusal stands, by who refused. */
static void refusal_date(struct kith_credential *c, unsigned int ms)
{
	struct kith_config *config = kith_config_get();

	c->retry = ktime_get_boottime_ns() + ms * (u64)NSEC_PER_MSEC;
	c->generation = config->generation;
	c->agent = kith_agent_registration();
	kith_config_put(config);
}

void kith_attest_settle(struct kith_credential *c,
			enum kith_credential_state state,
			enum kith_reason reason, const char *message)
{
	struct kith_credential_waiter *waiter, *next;

	lockdep_assert_held(&c->lock);
	WRITE_ONCE(c->reason, reason);
	strscpy(c->message, message ?: "", sizeof(c->message));
	if (state == KITH_CREDENTIAL_STATE_REFUSED)
		refusal_date(c, reason == KITH_REASON_AGENT_TIMEOUT ||
				reason == KITH_REASON_OWN_REVOKED ?
				KITH_BRIEFLY_REFUSED_MS : KITH_REFUSED_MS);
	kith_credential_set_state(c, state);
	list_for_each_entry_safe(waiter, next, &c->waiters, link) {
		list_del_init(&waiter->link);
		waiter->settled(waiter);
	}
}

/* Under the lock. */
static bool refusal_stands(const struct kith_credential *c)
{
	struct kith_config *config = kith_config_get();
	bool stands = ktime_get_boottime_ns() < c->retry &&
		      c->generation == config->generation &&
		      c->agent == kith_agent_registration();

	kith_config_put(config);
	return stands;
}

void kith_attest_again(struct kith_credential *c)
{
	bool again;

	if (READ_ONCE(c->state) != KITH_CREDENTIAL_STATE_REFUSED)
		return;
	spin_lock_bh(&c->lock);
	again = c->state == KITH_CREDENTIAL_STATE_REFUSED && !refusal_stands(c);
	if (again)
		kith_attest_begin(c);
	spin_unlock_bh(&c->lock);
	if (again)
		kith_attest_kick(c, 0);
}

/* The deadline has passed. Under the lock; the reason it settles with. */
static enum kith_reason attest_expire(struct kith_credential *c)
{
	bool answered = c->state == KITH_CREDENTIAL_STATE_ISSUING;

	kith_attest_settle(c, KITH_CREDENTIAL_STATE_REFUSED,
			   answered ? KITH_REASON_ISSUER :
				      KITH_REASON_AGENT_TIMEOUT,
			   answered ? "no certificate came in time" :
				      "the agent did not answer in time");
	return c->reason;
}

/* Asks the agent. Return: jiffies until the next look at the credential. */
static unsigned long attest_ask(struct kith_credential *c, unsigned long rest)
{
	int err = kith_upcall_attest(c);

	/* Without an agent its registration brings us back. */
	if (err && err != -ENOTCONN)
		return min(rest, msecs_to_jiffies(ASK_AGAIN_MS));
	if (!err) {
		spin_lock_bh(&c->lock);
		c->asked = true;
		spin_unlock_bh(&c->lock);
	}
	return rest;
}

void kith_attest_work(struct work_struct *work)
{
	struct kith_credential *c = container_of(to_delayed_work(work),
						 struct kith_credential, wait);
	enum kith_reason reason = KITH_REASON_NONE;
	u64 now = ktime_get_boottime_ns();
	unsigned long rest = 0;
	bool pending, ask;

	spin_lock_bh(&c->lock);
	pending = kith_credential_pending(c);
	ask = c->state == KITH_CREDENTIAL_STATE_ATTESTING && !c->asked;
	if (pending && now >= c->deadline)
		reason = attest_expire(c);
	else if (pending)
		/* Rounded up: a look too early would find nothing to do. */
		rest = nsecs_to_jiffies(c->deadline - now) + 1;
	spin_unlock_bh(&c->lock);

	if (reason != KITH_REASON_NONE)
		kith_credential_tell(c, KITH_EVENT_KIND_REFUSED, reason, ENOKEY,
				     NULL);
	if (rest)
		kith_attest_kick(c, ask ? attest_ask(c, rest) : rest);
	kith_credential_put(c);
}

void kith_attest_restart(struct kith_credential *c)
{
	bool pending;

	spin_lock_bh(&c->lock);
	pending = kith_credential_pending(c);
	if (pending) {
		c->asked = false;
		kith_credential_set_state(c, KITH_CREDENTIAL_STATE_ATTESTING);
	}
	spin_unlock_bh(&c->lock);
	if (pending)
		kith_attest_kick(c, 0);
}

/* A new agent knows nothing of what the last one was asked. */
void kith_attest_resend(void)
{
	struct kith_credential *c;
	u64 id = 0;

	while ((c = kith_credential_from(id + 1))) {
		id = kith_credential_id(c);
		kith_attest_restart(c);
		kith_credential_put(c);
		cond_resched();
	}
}
