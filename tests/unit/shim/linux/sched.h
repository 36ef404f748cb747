/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_SCHED_H
#define _SHIM_LINUX_SCHED_H

#include <pthread.h>

/* A thread is a task. */
#define current ((struct task_struct *)pthread_self())

static inline void cond_resched(void)
{
}

#endif
