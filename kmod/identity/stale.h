/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that a claim names but that are older than the claim: they run
 * native operations until they are restarted. For people only.
 */
#ifndef _KITH_IDENTITY_STALE_H
#define _KITH_IDENTITY_STALE_H

#include <linux/sched.h>
#include <linux/types.h>

struct kith_claims;

/* Where a walk is: after the process with this start and id. */
struct kith_stale_cursor {
	u64 start;
	pid_t pid;
};

struct kith_stale {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	const char *exe;	/* path, in the walk's memory; or NULL */
	dev_t dev;
	u64 ino;
};

/**
 * kith_stale_walk() - call @show for every process that needs a restart
 * @claims: those in force
 * @cursor: zeroed at first; advanced past what was shown
 * @show: non-zero ends the walk and is returned
 * @arg: for @show
 *
 * May sleep. Return: 0 at the end, -ENOMEM, or what @show returned.
 */
int kith_stale_walk(const struct kith_claims *claims,
		    struct kith_stale_cursor *cursor,
		    int (*show)(const struct kith_stale *stale, void *arg),
		    void *arg);

#endif
