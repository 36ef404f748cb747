/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a credential is made of, for the files that keep, issue and show it.
 */
#ifndef _KITH_IDENTITY_CREDENTIAL_TYPES_H
#define _KITH_IDENTITY_CREDENTIAL_TYPES_H

#include <linux/mutex.h>
#include <linux/spinlock.h>
#include "credential.h"
#include "index.h"

struct cred;
struct kith_share;
struct netlink_ext_ack;

/* Whom a credential is for, within its program. */
struct kith_subject {
	const struct cred *cred;	/* counted; real credentials */
	u64 cgroup_id;
	bool sees_host;
};

struct kith_credential {
	refcount_t ref;
	struct kith_index_node node;
	struct list_head link;		/* program's lock */

	/* Fixed. */
	struct kith_program *program;	/* counted */
	struct kith_subject subject;
	char *cgroup;			/* its path when the credential was made */

	spinlock_t lock;		/* softirqs off: waiters come from there */
	enum kith_credential_state state;	/* lock to write */
	enum kith_reason reason;	/* lock to write; why refused or revoked */
	struct kith_svid __rcu *svid;	/* lock to write */
	char message[KITH_NAME_MAX + 1];	/* lock */
	u64 deadline;			/* lock; boottime ns, of the wait */
	u64 retry;			/* lock; boottime ns, a refusal stands till */
	u64 generation;			/* lock; config that was refused under */
	u32 agent;			/* lock; registration refused under */
	bool asked;			/* lock; the agent has the upcall */
	struct list_head waiters;	/* lock; of kith_credential_waiter */
	bool expiry_told;		/* event sent; a race sends it twice */

	struct mutex issue;		/* what is being issued: */
	struct kith_key *key;		/* issue; NULL when nothing is prepared */
	char *spiffe_id;		/* issue */
	char *workload;			/* issue */
	u32 traits;			/* issue; bits of kith_trait */

	struct kith_share *share;	/* share.c's lock; or NULL */
	struct list_head share_link;	/* likewise */

	struct delayed_work wait;	/* holds a reference while queued */
	struct rcu_work free;		/* reports look at it under RCU */
};

static inline bool kith_credential_pending(const struct kith_credential *c)
{
	return c->state == KITH_CREDENTIAL_STATE_ATTESTING ||
	       c->state == KITH_CREDENTIAL_STATE_ISSUING;
}

/* Under @c->lock. */
static inline void kith_credential_set_state(struct kith_credential *c,
					     enum kith_credential_state state)
{
	/* Pairs with kith_credential_svid(): a ready one has its SVID. */
	smp_store_release(&c->state, state);
}

/* credential.c ----------------------------------------------------------- */

/* The credential with the smallest id that is at least @id, with a reference,
 * or NULL. Process context.
 */
struct kith_credential *kith_credential_from(u64 id);
/* The credential @id with a reference, or NULL. Process context. */
struct kith_credential *kith_credential_find(u64 id);
unsigned int kith_credential_count(void);
/* The SVID whatever its time, with a reference, or NULL. Any context. */
struct kith_svid *kith_credential_peek(struct kith_credential *c);
/* Revokes and puts the credentials of a dead program. May sleep. */
void kith_credential_end_all(struct list_head *credentials);

/**
 * kith_credential_tell() - tell the operator what became of a credential
 * @c: any
 * @kind: what
 * @reason: why, when it is bad news
 * @err: positive errno that connections get, or 0
 * @detail: more, for people, or NULL
 *
 * Any context but under the lock of @c.
 */
void kith_credential_tell(struct kith_credential *c, enum kith_event_kind kind,
			  enum kith_reason reason, int err, const char *detail);

/* attest.c --------------------------------------------------------------- */

/* Under @c->lock: the wait for the agent begins. kith_attest_kick() follows. */
void kith_attest_begin(struct kith_credential *c);
/* Has the worker look at a pending credential after @delay jiffies. Any
 * context, not under @c->lock.
 */
void kith_attest_kick(struct kith_credential *c, unsigned long delay);
/* Under @c->lock: takes a new state and tells the waiters. */
void kith_attest_settle(struct kith_credential *c,
			enum kith_credential_state state,
			enum kith_reason reason, const char *message);
/* Has the agent asked about a pending credential anew, as if it had not been;
 * what is left of the wait goes on. Any context, not under @c->lock.
 */
void kith_attest_restart(struct kith_credential *c);
/* Asks a newly registered agent about everything pending. May sleep. */
void kith_attest_resend(void);
void kith_attest_work(struct work_struct *work);

/* issue.c: what the agent answers. All may sleep, return 0 or -errno and say in
 * @extack (may be NULL) what is wrong. -ESRCH: the program has ended. ----------
 */

/* What the agent found a program to be. */
struct kith_attested {
	const char *spiffe_id;		/* checked in kith_issue_prepare() */
	const char *workload;		/* its name, for people */
	u32 traits;			/* bits of kith_trait */
};

/**
 * kith_issue_prepare() - make a key for a workload's identity
 * @c: any that is not revoked; a ready one is renewed
 * @attested: the identity; copied
 * @csr: where the DER of the CSR goes
 * @size: bytes at @csr
 *
 * With KITH_TRAIT_SHARE_KEY there may be nothing to sign: the SVID that programs
 * of the workload share is in force then, or is when another has been issued it.
 * Return: length of the CSR, 0 when there is none, or -errno.
 */
int kith_issue_prepare(struct kith_credential *c,
		       const struct kith_attested *attested, u8 *csr, size_t size,
		       struct netlink_ext_ack *extack);
/* Puts @chain in force; a reference is taken. */
int kith_issue_install(struct kith_credential *c, struct kith_certs *chain,
		       struct netlink_ext_ack *extack);
/* The embedded CA signs the prepared key; the SVID is in force afterwards.
 * Return: length of the DER at @der or -errno.
 */
int kith_issue_sign(struct kith_credential *c, const struct kith_validity *v,
		    u8 *der, size_t size, struct netlink_ext_ack *extack);
/* Swaps @svid in, whose reference is taken in any case. Not under @c->lock. */
int kith_issue_put_in_force(struct kith_credential *c, struct kith_svid *svid,
			    struct netlink_ext_ack *extack);
int kith_issue_refuse(struct kith_credential *c, enum kith_reason reason,
		      const char *message, struct netlink_ext_ack *extack);
/* Ends it for good; connections are the caller's matter. True when it was not
 * revoked before.
 */
bool kith_issue_revoke(struct kith_credential *c, enum kith_reason reason);

#endif
