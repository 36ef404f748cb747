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

#include <linux/types.h>
#include <linux/sched.h>

struct kith_program;

/* What tells one running image from another, cheap to take and to compare. */
struct kith_stamp {
	u64 start;		/* group_leader->start_boottime, ns */
	u64 exec_id;		/* self_exec_id */
};

/* Stamp of current's thread group. Any process context. */
struct kith_stamp kith_stamp_current(void);
static inline bool kith_stamp_equal(struct kith_stamp a, struct kith_stamp b)
{
	return a.start == b.start && a.exec_id == b.exec_id;
}

/* current's program with a reference, or NULL when it is not claimed. One
 * hash lookup under RCU. A kernel thread has none; an io_uring worker has its
 * thread group's. */
struct kith_program *kith_program_current(void);
/* Same question without the reference. */
bool kith_program_is_claimed(void);
void kith_program_put(struct kith_program *program);
u64 kith_program_id(const struct kith_program *program);
pid_t kith_program_pid(const struct kith_program *program);
const char *kith_program_comm(const struct kith_program *program);

int kith_program_init(void);
void kith_program_exit(void);

#endif
