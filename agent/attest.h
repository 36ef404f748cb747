/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation: which workload is the program the kernel asks about? Decided
 * from the facts of the upcall and the descriptor of the very executable.
 */
#ifndef KITH_AGENT_ATTEST_H
#define KITH_AGENT_ATTEST_H

#include <stdint.h>
#include <linux/kith.h>
#include "netlink/message.h"

struct kith_agent;
struct kith_attestation;

/* The user namespace whose users and paths mean what the policy means. */
#define KITH_USER_NS_INITIAL 4026531837U

/* Strings live until the callback returns. */
struct kith_verdict {
	const char *workload; /* NULL: refused */
	const char *spiffe_id;
	uint32_t ttl;
	uint32_t traits;	 /* of enum kith_trait */
	enum kith_reason reason; /* when refused */
	const char *message;	 /* when refused: what was seen, what to do */
};

/* Called once for each attestation, maybe before kith_attest() returns. */
typedef void kith_attested_fn(const struct kith_verdict *verdict, void *arg);

/**
 * kith_attest() - decide about one upcall
 * @upcall: copied as far as it is needed
 *
 * Return: a handle while the executable is hashed, NULL when @done has been
 * called already.
 */
struct kith_attestation *kith_attest(struct kith_agent *agent,
				     const struct kith_credential_info *upcall,
				     kith_attested_fn *done, void *arg);
/* Its callback will not come. NULL is fine. */
void kith_attest_cancel(struct kith_attestation *attestation);

#endif
