/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The credentials the kernel holds, as far as the agent has work with them:
 * attestations under way, and when each SVID is to be renewed.
 *
 * The kernel's list is the truth. The table is filled from it when the agent
 * registers and compared with it every minute, so that nothing is forgotten
 * when either side starts again and nothing is kept of programs that ended.
 */
#ifndef KITH_AGENT_CREDENTIALS_H
#define KITH_AGENT_CREDENTIALS_H

#include <stddef.h>
#include <stdint.h>
#include "netlink/message.h"

struct kith_agent;
struct kith_credentials;

struct kith_credentials *kith_credentials_new(struct kith_agent *agent);
void kith_credentials_free(struct kith_credentials *credentials);

/* Serves an upcall. */
void kith_credentials_attest(struct kith_credentials *credentials,
			     const struct kith_credential_info *upcall);

/* Compares the table with the kernel's list. Return: 0 or -errno. */
int kith_credentials_adopt(struct kith_credentials *credentials);

/* A credential has ended. */
void kith_credentials_forget(struct kith_credentials *credentials, uint64_t id);

/* Ends all that is under way; the kernel or the issuer is another now. */
void kith_credentials_abandon(struct kith_credentials *credentials);

/* The wall clock was set: plans each renewal anew. */
void kith_credentials_clock_set(struct kith_credentials *credentials);

/* How many attestations and renewals are under way. */
size_t kith_credentials_busy(const struct kith_credentials *credentials);

/* When an SVID valid from @not_before to @not_after is to be renewed, seconds
 * since 1970: somewhat before half of its time, by @dice out of 256. */
int64_t kith_renewal_time(int64_t not_before, int64_t not_after, uint8_t dice);

#endif
