/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks: what `kith run` starts. A task begins with the next exec of a process
 * that asked for it, which is claimed by that, whatever it executes; it is all
 * that descends from there, and is over when that process ends, or when its time
 * is. Then every program of it counts as ended as far as its identity goes.
 */
#ifndef _KITH_IDENTITY_RUN_H
#define _KITH_IDENTITY_RUN_H

#include <linux/types.h>

struct kith_run;
struct netlink_ext_ack;
struct task_struct;

/* What the agent permits a process to become. */
struct kith_run_permit {
	pid_t pid;		/* in the initial pid namespace */
	uid_t uid;		/* in the initial user namespace */
	const char *spiffe_id;
	const char *workload;
	u32 ttl;		/* seconds; 0: until the process ends */
};

/**
 * kith_run_permit() - make the next exec of a process the beginning of a task
 * @permit: copied
 * @extack: what is wrong
 *
 * The process must be that user's alone, with the host's users and paths: a
 * number that another process has got meanwhile is of no use to anybody else.
 * It has a few seconds for its exec. Process context, may sleep. Return: 0,
 * -ESRCH, -EPERM, -ENOSPC (too many tasks) or -ENOMEM.
 */
int kith_run_permit(const struct kith_run_permit *permit,
		    struct netlink_ext_ack *extack);

/*
 * For process.c, in the tracepoints: preemption may be off.
 */

/* The task that current's exec begins, with a reference, or NULL. */
struct kith_run *kith_run_begin(const struct task_struct *task);
/* @task was the last thread of its process. */
void kith_run_leave(const struct task_struct *task);

/* Any context. */
struct kith_run *kith_run_get(struct kith_run *run);
void kith_run_put(struct kith_run *run);
bool kith_run_is_over(const struct kith_run *run);
/* What was permitted; lives as long as @run. */
const struct kith_run_permit *kith_run_facts(const struct kith_run *run);

/* Ends all of them. After the probes are gone, before programs are. May sleep. */
void kith_run_exit(void);

#endif
