/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared SVIDs: one key pair and SVID for all programs of a Workload that has
 * `key: workload`.
 *
 * Each program is attested and has a credential of its own all the same. What
 * it was attested as (SPIFFE ID, workload, traits) says which share its
 * credential joins; nothing else does. A share keeps the SVID while a member
 * lives, and until half of the SVID's life has passed when none does, so that
 * the next child of a script finds it. Then the key goes the way of any other.
 */
#ifndef _KITH_IDENTITY_SHARE_H
#define _KITH_IDENTITY_SHARE_H

#include <linux/types.h>

struct kith_attested;
struct kith_credential;
struct kith_svid;

enum kith_share_role {
	KITH_SHARE_MAKE,	/* make a key, for all of them */
	KITH_SHARE_WAIT,	/* the SVID is being issued to another member */
	KITH_SHARE_HAVE,	/* there is one */
};

/**
 * kith_share_join() - make @c a member of the share it was attested for
 * @c: pending or ready; leaves the share it is in when that is another
 * @attested: with KITH_TRAIT_SHARE_KEY
 * @svid: with KITH_SHARE_HAVE a reference for the caller
 *
 * One member at a time is told to make a key, for as long as a connection
 * waits for the agent; those that wait are asked about anew when it ends
 * first. A credential leaves when it is revoked, before it ends. Process
 * context, may sleep; @c->issue may be held, @c->lock not. Return: an enum
 * kith_share_role or -ENOMEM.
 */
int kith_share_join(struct kith_credential *c,
		    const struct kith_attested *attested,
		    struct kith_svid **svid);
/* Ends @c's membership, if it has one. Context as above. */
void kith_share_leave(struct kith_credential *c);
/* Puts @svid, which @c got, in force for the other members of its share, if it
 * has one. Context as above.
 */
void kith_share_publish(struct kith_credential *c, struct kith_svid *svid);

/* Nobody is given @svid any more: it is revoked, and those that have it are the
 * caller's matter. May sleep.
 */
void kith_share_withdraw(const struct kith_svid *svid);
/* Drops what no program uses: the policy is another, or something was revoked. May
 * sleep.
 */
void kith_share_drop_idle(void);

/* After the last credential is revoked. May sleep. */
void kith_share_exit(void);

#endif
