/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Credentials: the key pair and X.509-SVID of one program under one set of
 * process credentials (real uid, gid and groups, cgroup, user namespace).
 *
 * A credential is born attesting (an upcall asks the agent which workload the
 * program is), becomes issuing (key made, CSR built), ready (chain installed),
 * or refused. It is renewed in place: a new SVID replaces the old one, which
 * lives until the last handshake that took it lets go. When its program ends it
 * is revoked.
 */
#ifndef _KITH_IDENTITY_CREDENTIAL_H
#define _KITH_IDENTITY_CREDENTIAL_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/workqueue.h>
#include <linux/kith.h>
#include "../handshake/engine.h"

struct kith_program;
struct kith_credential;

/* How long a connection waits for the agent (DESIGN law 7). */
#define KITH_ATTEST_WAIT_MS	(IS_ENABLED(CONFIG_KASAN) ? 60000 : 10000)
/* How long a refusal stands before the next use asks again: the agent's own,
 * and one for want of an answer or while its SPIFFE ID is revoked.
 */
#define KITH_REFUSED_MS		10000
#define KITH_BRIEFLY_REFUSED_MS	1000

/* Credentials of one program, and of all. */
#define KITH_PROGRAM_CREDENTIALS_MAX	64
#define KITH_CREDENTIALS_MAX		65536

/* An issued identity: immutable, refcounted. */
struct kith_svid {
	refcount_t ref;
	struct kith_key *key;
	struct kith_certs *chain;
	struct kith_svid_facts facts;
	char workload[KITH_NAME_MAX + 1];
	u32 traits;			/* bits of kith_trait */
	/* private: */
	struct rcu_work free;
};

/* Told once when a pending credential becomes ready or fails. */
struct kith_credential_waiter {
	struct list_head link;		/* credential's lock */
	/* Process or softirq context, under the credential's lock: must not
	 * sleep, and of this file may call the get and put functions only. The
	 * waiter is already off the list.
	 */
	void (*settled)(struct kith_credential_waiter *waiter);
};

/**
 * kith_credential_current() - credential of current in @program
 * @program: current's program
 *
 * Found or made for current's real credentials; a new or stale-refused one
 * starts an attestation. May sleep. Return: a reference, or ERR_PTR(-ENOKEY)
 * without memory, when the program has too many or is dead.
 */
struct kith_credential *kith_credential_current(struct kith_program *program);
/* Whether it is for current's real credentials and cgroup; of which program is the
 * caller's to ask. Process context, does not sleep.
 */
bool kith_credential_is_current(const struct kith_credential *credential);
/* Whether its connections have to end: it was revoked, or lost to tampering. Any
 * context.
 */
bool kith_credential_is_revoked(const struct kith_credential *credential);
/* 0 while it has an SVID to use, else what kith_credential_svid() says. */
int kith_credential_check(struct kith_credential *credential);
struct kith_credential *kith_credential_get(struct kith_credential *credential);
void kith_credential_put(struct kith_credential *credential);

/* Attests anew when a refusal no longer stands: some time has passed, or the
 * policy or the agent is another. For who uses a credential without a call of
 * its program. Any context. */
void kith_attest_again(struct kith_credential *credential);

/**
 * kith_credential_svid() - the SVID in force
 * @credential: any
 * @reason: why there is none, when there is none
 *
 * Any context, no locks. Return: a reference to put with kith_svid_put(), or
 * ERR_PTR(-EINPROGRESS) while attesting or issuing, -ENOKEY when refused or
 * timed out, -EKEYEXPIRED past its time, -EKEYREVOKED when revoked.
 */
struct kith_svid *kith_credential_svid(struct kith_credential *credential,
				       enum kith_reason *reason);
/* Whether it is revoked on this host, by SPIFFE ID or serial. Any context. */
bool kith_svid_is_revoked(const struct kith_svid *svid);
struct kith_svid *kith_svid_get(struct kith_svid *svid);
void kith_svid_put(struct kith_svid *svid);

/* Registers @waiter when the credential is pending: 0, then settled() comes
 * once unless kith_credential_forget() returned true first. -EALREADY when it is
 * settled already (settled() will not be called). Any context.
 */
int kith_credential_await(struct kith_credential *credential,
			  struct kith_credential_waiter *waiter);
/* True when the waiter was taken off and settled() will not come. When false
 * settled() has run or is running: it has returned when this returns. Any
 * context but settled() itself.
 */
bool kith_credential_forget(struct kith_credential *credential,
			    struct kith_credential_waiter *waiter);
/* Sleeps until the credential is settled: 0, -EAGAIN after @timeo jiffies,
 * -EINTR or -ERESTARTSYS.
 */
int kith_credential_wait(struct kith_credential *credential, long timeo);

u64 kith_credential_id(const struct kith_credential *credential);
/* The program it belongs to; valid while the credential is held. */
struct kith_program *
kith_credential_program(const struct kith_credential *credential);

#endif
