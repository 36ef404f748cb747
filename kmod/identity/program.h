/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs: one exec image and its processes, followed through exec, fork and
 * exit by tracepoint probes. Only claimed programs are followed.
 *
 * A process is (thread group, group_leader->start_boottime, self_exec_id); a
 * program is a set of them. When the last one ends the program is dead: its
 * credentials are revoked and their keys zeroised when the last handshake that
 * uses them is over.
 */
#ifndef _KITH_IDENTITY_PROGRAM_H
#define _KITH_IDENTITY_PROGRAM_H

#include <linux/kith.h>
#include <linux/types.h>
#include <linux/sched.h>
#include <linux/uidgid.h>

struct file;
struct kith_credential;
struct kith_event_pace;
struct kith_program;
struct kith_run;
struct kith_tamper;
struct linux_binprm;

/* What tells one running image and its user from another, cheap to take and to compare. */
struct kith_stamp {
	u64 start;		/* group_leader->start_boottime, ns */
	u64 exec_id;		/* self_exec_id */
	pid_t tgid;		/* two may start within one tick of the clock */
	kuid_t uid;		/* real */
	kgid_t gid;
};

/* Stamp of current's thread group. Any process context. */
struct kith_stamp kith_stamp_current(void);
static inline bool kith_stamp_equal(struct kith_stamp a, struct kith_stamp b)
{
	return a.start == b.start && a.exec_id == b.exec_id &&
	       a.tgid == b.tgid && uid_eq(a.uid, b.uid) &&
	       gid_eq(a.gid, b.gid);
}

/* current's program with a reference, or NULL when it is not claimed. One
 * hash lookup under RCU. A kernel thread has none; an io_uring worker has its
 * thread group's.
 */
struct kith_program *kith_program_current(void);
/* @task's program with a reference, or NULL when it is not claimed. Any context;
 * @task is held by the caller.
 */
struct kith_program *kith_program_of(const struct task_struct *task);
/* Same question without the reference. */
bool kith_program_is_claimed(void);
/* Any context. */
struct kith_program *kith_program_get(struct kith_program *program);
void kith_program_put(struct kith_program *program);

/* 0 for the program of those whose record could not be allocated: it is never
 * attested and never ends.
 */
u64 kith_program_id(const struct kith_program *program);
pid_t kith_program_pid(const struct kith_program *program);
const char *kith_program_comm(const struct kith_program *program);
void kith_program_inode(const struct kith_program *program, dev_t *dev,
			u64 *ino);

/* What befell it. */
struct kith_tamper *kith_program_tamper(struct kith_program *program);
/* Bounds what is told of it for one reason; NULL stands for all that are not known. */
struct kith_event_pace *kith_program_pace(struct kith_program *program,
					  enum kith_reason reason);
/* The same of its use of a closed door. */
struct kith_event_pace *kith_program_door_pace(struct kith_program *program,
					       enum kith_door door);
/* Has a worker revoke its credentials and close their connections. Any context. */
void kith_program_quarantine(struct kith_program *program);

/* The executable with a reference, or NULL when the program is dead. Process
 * context.
 */
struct file *kith_program_exe(struct kith_program *program);
/* The same of the script, or what else an interpreter runs for it; NULL also where
 * there is none, or none is known.
 */
struct file *kith_program_script(struct kith_program *program);
/* By which name that was executed, "?" for want of memory; NULL: the program is its
 * executable. As long as the program is held.
 */
const char *kith_program_script_name(const struct kith_program *program);
/* Whether its last process has ended, or the task that it is part of is over: it
 * has no identity any more. Any context.
 */
bool kith_program_is_dead(const struct kith_program *program);
/* Whether it is dead and its connections that others hold have to end: not at once,
 * for who has them may make them its own by using them. Any context.
 */
bool kith_program_lets_go(const struct kith_program *program);
/* Whether kith_process_revoke() named it, or the image before it. Any context. */
bool kith_program_is_revoked(const struct kith_program *program);

/* The living program with the smallest id that is at least @id, with a
 * reference, or NULL. Process context.
 */
struct kith_program *kith_program_from(u64 id);
/* The living program @id with a reference, or NULL. Process context. */
struct kith_program *kith_program_find(u64 id);
unsigned int kith_program_count(void);

/*
 * For process.c, which knows the processes.
 */

/**
 * kith_program_new() - a program for an image that was just exec'ed
 * @task: current, in the exec tracepoint
 * @bprm: how; references to its executable and script are taken
 * @run: the task it is part of, or NULL; the reference is taken over
 *
 * Atomic context, cannot fail: without memory it is the program that is never
 * attested. Return: a program with one process, which kith_program_leave()
 * takes away.
 */
struct kith_program *kith_program_new(struct task_struct *task,
				      const struct linux_binprm *bprm,
				      struct kith_run *run);
/* The task it is part of, or NULL; as long as the program is held. */
struct kith_run *kith_program_run(const struct kith_program *program);
/* Revokes the credentials of the programs of a task that is over. May sleep. */
void kith_program_end_run(const struct kith_run *run);
/* The program that is never attested, with a reference. Any context. */
struct kith_program *kith_program_unattested(void);
/* A reference unless the last one is gone already, when it returns NULL. Under
 * RCU.
 */
struct kith_program *kith_program_get_live(struct kith_program *program);
/* One process more; false when the program is dead. Any context. */
bool kith_program_join(struct kith_program *program);
/* One process less; the last one kills the program. Process context,
 * preemption may be off.
 */
void kith_program_leave(struct kith_program *program);

/* A new @program is revoked if @before was, the image that its process ran.
 * Atomic context.
 */
void kith_program_inherit(struct kith_program *program,
			  const struct kith_program *before);
/* From now on no credential of it becomes ready. Atomic context. */
void kith_program_revoke(struct kith_program *program);

/*
 * For credential.c, which keeps a program's credentials in a list.
 */

/* The list and its lock, or NULL when the program can have none. @lock is
 * taken in process context only.
 */
struct list_head *kith_program_credentials(struct kith_program *program);
spinlock_t *kith_program_lock(struct kith_program *program);

int kith_program_init(void);
/* After kith_process_exit(): nothing starts or ends a program any more. */
void kith_program_exit(void);

#endif
