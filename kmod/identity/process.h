/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes of claimed programs, and the probes that follow them.
 */
#ifndef _KITH_IDENTITY_PROCESS_H
#define _KITH_IDENTITY_PROCESS_H

#include <linux/types.h>

struct kith_program;
struct task_struct;

/* Starts following; from then on claims bind. Undone by kith_process_stop(). */
int kith_process_start(void);
/* Removes the probes and forgets every process: all programs end. May sleep;
 * returns when no probe runs any more.
 */
void kith_process_stop(void);

/* Makes current's process unclaimed: the agent is never claimed. Process
 * context.
 */
void kith_process_release_current(void);

/* Whether @task, held by the caller, belongs to a claimed program. Process
 * context.
 */
bool kith_process_is_followed(const struct task_struct *task);

/**
 * kith_process_revoke() - revoke the program that a process runs
 * @tgid: its thread group in the initial pid namespace
 *
 * None of its credentials becomes ready from now on; those that are, are the
 * caller's matter. The same holds for what its processes execute later. Process
 * context. Return: the program with a reference, or NULL when the process is not
 * claimed.
 */
struct kith_program *kith_process_revoke(pid_t tgid);

#endif
