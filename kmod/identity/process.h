/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes of claimed programs, and the probes that follow them.
 */
#ifndef _KITH_IDENTITY_PROCESS_H
#define _KITH_IDENTITY_PROCESS_H

#include <linux/types.h>

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

#endif
