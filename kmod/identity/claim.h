/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claims: the coarse matchers that decide what Kith touches at all. They bind
 * at exec and are inherited; they never give an identity.
 */
#ifndef _KITH_IDENTITY_CLAIM_H
#define _KITH_IDENTITY_CLAIM_H

#include <linux/types.h>
#include <linux/kith.h>

struct file;
struct linux_binprm;
struct task_struct;

#define KITH_CLAIMS_MAX		65536

struct kith_claim {
	enum kith_claim_kind kind;
	char *path;		/* exe, cgroup; owned */
	uid_t uid;		/* in the initial user namespace */
	u16 port;		/* listen, host order */
	bool any_address;
	u8 address[16];		/* IPv6 or IPv4-mapped */
};

/* Sorted by kind, then by what is looked up; immutable once in force. */
struct kith_claims {
	struct kith_claim *list;
	unsigned int count;
	unsigned int first[__KITH_CLAIM_KIND_COUNT + 1];	/* where a kind begins */
};

/* Sorts @claims->list and fills in @claims->first. May sleep. */
void kith_claims_sort(struct kith_claims *claims);
/* Frees the claims; @claims may be zeroed. May sleep. */
void kith_claims_free(struct kith_claims *claims);

/**
 * kith_task_sees_host() - whether paths and users of @task are the host's
 * @task: current, or held by the caller
 *
 * It is in the initial mount namespace, or in one with the same root directory:
 * services that systemd hardens are, containers are not. Any context but
 * interrupts; takes task_lock().
 */
bool kith_task_sees_host(struct task_struct *task);

/* Whether a claim names the image current has just exec'ed. Atomic context
 * (exec tracepoint), under RCU.
 */
bool kith_claims_match_exec(const struct kith_claims *claims,
			    const struct linux_binprm *bprm);

/**
 * kith_claims_match_task() - whether a claim would name a running task's image
 * @claims: any
 * @task: held by the caller
 * @exe: its executable, or NULL
 * @buf: memory for two paths, 2 * KITH_PATH_MAX bytes
 *
 * For people only (programs that need a restart): the task may change what is
 * looked at. Process context; does not sleep.
 */
bool kith_claims_match_task(const struct kith_claims *claims,
			    struct task_struct *task, struct file *exe,
			    char *buf);

/* Whether a claim names the listening address. Any context. */
bool kith_claims_match_listen(const struct kith_claims *claims,
			      const u8 address[16], u16 port);

int kith_claims_init(void);
void kith_claims_exit(void);

#endif
