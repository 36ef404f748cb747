/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: the coarse matchers that decide what Kith touches at all. They bind
 * at exec and are inherited; they never give an identity.
 */
#ifndef _KITH_IDENTITY_CLAIM_H
#define _KITH_IDENTITY_CLAIM_H

#include <linux/types.h>

struct linux_binprm;
struct sockaddr;
struct kith_claim;

struct kith_claims {
	struct kith_claim *list;	/* owned by the config */
	unsigned int count;
};

/* Whether a claim names the image current has just exec'ed. Atomic context
 * (exec tracepoint), under RCU. */
bool kith_claims_match_exec(const struct kith_claims *claims,
			    const struct linux_binprm *bprm);

/* Whether a claim names the listening address. Any context. */
bool kith_claims_match_listen(const struct kith_claims *claims,
			      const u8 address[16], u16 port);

#endif
