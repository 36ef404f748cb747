/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that are written to from outside, started with other libraries than
 * their own, or that make memory they wrote executable. Each is told once for a
 * program and kind, what is refused at most once a second; what follows is as its
 * Workload says (trait quarantine or shield). Of several Workloads that it was
 * attested as the strictest answer holds, and code is allowed when all allow it.
 */
#ifndef _KITH_GUARD_TAMPER_H
#define _KITH_GUARD_TAMPER_H

#include <linux/kith.h>
#include <linux/types.h>
#include "../control/event.h"

struct kith_program;
struct task_struct;

/* What befell a program, kept in it. Zeroed at first. */
struct kith_tamper {
	atomic_t seen;		/* bits of kith_tampering */
	atomic_t strict;	/* of every workload it was attested as, see tamper.c */
};

/**
 * kith_tamper_saw() - note that a program was tampered with, or is about to be
 * @program: whose
 * @what: how
 * @detail: for people; who did it
 *
 * Atomic context; locks of the program's memory and task may be held. Return: 0,
 * or -EACCES when the Workload says that it is to be refused.
 */
int kith_tamper_saw(struct kith_program *program, enum kith_tampering what,
		    const char *detail);

/**
 * kith_tamper_admits() - whether a program may have a workload's identity
 * @program: whose
 * @traits: of the workload; what is strict of them holds for the program from now on
 *
 * Any context.
 */
bool kith_tamper_admits(struct kith_program *program, u32 traits);

/* Looks how current, which has just executed a claimed image, was started: with a
 * loader override in its environment, or traced. May sleep.
 */
void kith_tamper_check_start(void);

#endif
