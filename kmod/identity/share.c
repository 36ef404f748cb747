// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shares are few: one for each such Workload that is in use or was lately. A
 * list under one mutex keeps them.
 */
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "../control/agent.h"
#include "../control/count.h"
#include "credential_types.h"
#include "identity.h"
#include "share.h"

/* Shares without a member; the one that has been so longest goes first. */
#define IDLE_MAX	256

struct kith_share {
	struct list_head link;		/* share_lock; idle ones in the order
					 * in which they became so
					 */
	struct list_head members;	/* share_lock; of kith_credential, not
					 * counted: they leave before they end
					 */
	struct kith_svid *svid;		/* share_lock; counted, or NULL */
	u64 maker;			/* share_lock; id of the credential that
					 * is issued to, 0: none
					 */
	u64 maker_until;		/* share_lock; boottime ns */
	u32 maker_agent;		/* share_lock; the agent's registration */
	u64 idle_until;			/* share_lock; boottime ns, half of the
					 * SVID's life
					 */
	/* Fixed: what its members were attested as. */
	char *spiffe_id;
	char *workload;
	u32 traits;
};

static LIST_HEAD(shares);
/* Inside of kith_credential.issue, outside of kith_credential.lock. */
static DEFINE_MUTEX(share_lock);

static void end_idle(struct work_struct *work);
static DECLARE_DELAYED_WORK(idle_work, end_idle);

static bool is_idle(const struct kith_share *share)
{
	return list_empty(&share->members);
}

static bool is_usable(const struct kith_share *share)
{
	return share->svid && !kith_svid_is_revoked(share->svid) &&
	       ktime_get_real_seconds() <= share->svid->facts.not_after &&
	       (!is_idle(share) || ktime_get_boottime_ns() < share->idle_until);
}

/* The agent has the maker's request, and its connections wait for that. */
static bool is_being_made(const struct kith_share *share)
{
	return share->maker &&
	       share->maker_agent == kith_agent_registration() &&
	       ktime_get_boottime_ns() < share->maker_until;
}

static void drop_svid(struct kith_share *share)
{
	if (share->svid)
		kith_svid_put(share->svid);
	share->svid = NULL;
}

static void share_free(struct kith_share *share)
{
	list_del(&share->link);
	drop_svid(share);
	kfree(share->spiffe_id);
	kfree(share->workload);
	kfree(share);
	kith_object_gone(KITH_OBJECT_SHARE);
}

static struct kith_share *share_new(const struct kith_attested *attested)
{
	struct kith_share *share = kzalloc(sizeof(*share), GFP_KERNEL);

	if (!share)
		return NULL;
	INIT_LIST_HEAD(&share->members);
	share->spiffe_id = kstrdup(attested->spiffe_id, GFP_KERNEL);
	share->workload = kstrdup(attested->workload, GFP_KERNEL);
	share->traits = attested->traits;
	list_add_tail(&share->link, &shares);
	kith_object_born(KITH_OBJECT_SHARE);
	if (share->spiffe_id && share->workload)
		return share;
	share_free(share);
	return NULL;
}

static struct kith_share *share_find(const struct kith_attested *attested)
{
	struct kith_share *share;

	list_for_each_entry(share, &shares, link)
		if (share->traits == attested->traits &&
		    !strcmp(share->spiffe_id, attested->spiffe_id) &&
		    !strcmp(share->workload, attested->workload))
			return share;
	return NULL;
}

/* idle ones --------------------------------------------------------------- */

/* Ends those whose time is over, and what is too many. Queues the worker for
 * the next.
 */
static void trim_idle(void)
{
	u64 now = ktime_get_boottime_ns(), first = U64_MAX;
	struct kith_share *share, *next;
	unsigned int idle = 0;

	list_for_each_entry_safe_reverse(share, next, &shares, link) {
		if (!is_idle(share))
			continue;
		if (!is_usable(share) || ++idle > IDLE_MAX)
			share_free(share);
		else
			first = min(first, share->idle_until);
	}
	if (first != U64_MAX)
		mod_delayed_work(kith_identity_wq, &idle_work,
				 nsecs_to_jiffies(first > now ? first - now : 0) + 1);
}

static void end_idle(struct work_struct *work)
{
	mutex_lock(&share_lock);
	trim_idle();
	mutex_unlock(&share_lock);
}

void kith_share_drop_idle(void)
{
	struct kith_share *share, *next;

	mutex_lock(&share_lock);
	list_for_each_entry_safe(share, next, &shares, link)
		if (is_idle(share))
			share_free(share);
	mutex_unlock(&share_lock);
}

void kith_share_exit(void)
{
	cancel_delayed_work_sync(&idle_work);
	kith_share_drop_idle();
}

/* members ----------------------------------------------------------------- */

/* Nobody is issued to any more: who waits for that is asked about anew, and the
 * first of them makes a key.
 */
static void ask_again(struct kith_share *share)
{
	struct kith_credential *c;

	share->maker = 0;
	list_for_each_entry(c, &share->members, share_link)
		kith_attest_restart(c);
}

static void leave(struct kith_credential *c)
{
	struct kith_share *share = c->share;

	if (!share)
		return;
	list_del_init(&c->share_link);
	c->share = NULL;
	/* Of a renewal nobody waits: the time that is its own bounds how often
	 * programs that end meanwhile have it begun.
	 */
	if (share->maker == kith_credential_id(c) && !is_usable(share))
		ask_again(share);
	if (!is_idle(share))
		return;
	list_move_tail(&share->link, &shares);
	trim_idle();
}

void kith_share_leave(struct kith_credential *c)
{
	mutex_lock(&share_lock);
	leave(c);
	mutex_unlock(&share_lock);
}

static enum kith_share_role take_role(struct kith_share *share,
				      struct kith_credential *c)
{
	/* Who has it and asks wants the next. */
	if (is_usable(share) && rcu_access_pointer(c->svid) != share->svid)
		return KITH_SHARE_HAVE;
	if (is_being_made(share) && share->maker != kith_credential_id(c))
		return KITH_SHARE_WAIT;
	share->maker = kith_credential_id(c);
	share->maker_agent = kith_agent_registration();
	share->maker_until = ktime_get_boottime_ns() +
			     KITH_ATTEST_WAIT_MS * (u64)NSEC_PER_MSEC;
	return KITH_SHARE_MAKE;
}

static int join(struct kith_credential *c, const struct kith_attested *attested,
		struct kith_svid **svid)
{
	struct kith_share *share = share_find(attested);
	enum kith_share_role role;

	if (!share)
		share = share_new(attested);
	if (!share)
		return -ENOMEM;
	if (c->share != share) {
		/* An idle one is past its time or not, while it still is idle. */
		if (!is_usable(share))
			drop_svid(share);
		list_add_tail(&c->share_link, &share->members);
		c->share = share;
	}
	role = take_role(share, c);
	if (role == KITH_SHARE_HAVE)
		*svid = kith_svid_get(share->svid);
	return role;
}

int kith_share_join(struct kith_credential *c,
		    const struct kith_attested *attested,
		    struct kith_svid **svid)
{
	int role;

	mutex_lock(&share_lock);
	if (c->share && c->share != share_find(attested))
		leave(c);
	/* It leaves after it has become that, under the lock. */
	if (READ_ONCE(c->state) == KITH_CREDENTIAL_STATE_REVOKED)
		role = -EKEYREVOKED;
	else
		role = join(c, attested, svid);
	mutex_unlock(&share_lock);
	return role;
}

static u64 half_of_life(const struct kith_svid *svid)
{
	const struct kith_svid_facts *facts = &svid->facts;
	time64_t half = facts->not_before +
			(facts->not_after - facts->not_before) / 2;
	time64_t left = half - ktime_get_real_seconds();

	return ktime_get_boottime_ns() +
	       (left > 0 ? left * (u64)NSEC_PER_SEC : 0);
}

void kith_share_publish(struct kith_credential *c, struct kith_svid *svid)
{
	struct kith_credential *other;
	struct kith_share *share;

	mutex_lock(&share_lock);
	share = c->share;
	if (share) {
		drop_svid(share);
		share->svid = kith_svid_get(svid);
		share->idle_until = half_of_life(svid);
		share->maker = 0;
		list_for_each_entry(other, &share->members, share_link)
			if (other != c)
				kith_issue_put_in_force(other,
							kith_svid_get(svid), NULL);
	}
	mutex_unlock(&share_lock);
}

void kith_share_withdraw(const struct kith_svid *svid)
{
	struct kith_share *share, *next;

	mutex_lock(&share_lock);
	list_for_each_entry_safe(share, next, &shares, link) {
		if (share->svid != svid)
			continue;
		drop_svid(share);
		if (is_idle(share))
			share_free(share);
	}
	mutex_unlock(&share_lock);
}
