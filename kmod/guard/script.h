/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that are executed and do not run themselves: scripts, and what binfmt_misc
 * has an interpreter for. By the time an image is recorded (sched_process_exec) the
 * kernel has let go of them, so they are held from bprm_check_security, where the
 * BPF LSM programs ask, until the exec is over, whatever comes of it.
 */
#ifndef _KITH_GUARD_SCRIPT_H
#define _KITH_GUARD_SCRIPT_H

#include <linux/binfmts.h>

struct file;
struct task_struct;

/* Whether @bprm's image was asked for by the name of another file. */
static inline bool kith_script_runs(const struct linux_binprm *bprm)
{
	return bprm->interp != bprm->filename;
}

/**
 * kith_script_of() - the file that current executed, where an interpreter runs it
 * @bprm: the exec that succeeds (exec tracepoint)
 *
 * Return: the file with a reference, for fput(). NULL when the image was executed
 * itself; when the BPF LSM programs did not show the file; and when it takes more
 * than one interpreter, of which each but the last could make anything of the file.
 * Atomic context.
 */
struct file *kith_script_of(const struct linux_binprm *bprm);

/* Current's exec is over, or current ends: lets go of what was held for it.
 * Atomic context.
 */
void kith_script_forget(void);

/* Whether task work of ours has not ended. */
bool kith_script_is_busy(void);
/* Lets go of what no task work will. When nobody executes anything under our eyes
 * any more.
 */
void kith_script_exit(void);

#endif
