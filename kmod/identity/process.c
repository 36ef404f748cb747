// SPDX-License-Identifier: GPL-2.0-only
/*
 * Following claimed processes through exec, fork and exit.
 *
 * The probes run with preemption off: they allocate atomically and never sleep.
 * At exec the thread group has one thread left and the record is its own; at
 * fork the child has not run yet; at exit a record is removed when the group's
 * last thread ends, before its files are closed.
 */
#define pr_fmt(fmt) "kith: " fmt

#include <linux/binfmts.h>
#include <linux/hashtable.h>
#include <linux/mempool.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include "../control/agent.h"
#include "../control/count.h"
#include "../control/event.h"
#include "../guard/guard.h"
#include "../guard/script.h"
#include "claim.h"
#include "config.h"
#include "process.h"
#include "program.h"
#include "run.h"

/* Forks that get a record although the allocator is out of memory. */
#define PROCESS_RESERVE		256

/* A thread group of a claimed program. */
struct kith_process {
	struct hlist_node node;		/* process_lock; readers under RCU */
	pid_t tgid;			/* in the initial pid namespace */
	u64 start;			/* of the group leader */
	u64 exec_id;			/* of the image @program is; written at
					 * exec, when the group is one thread,
					 * and read by that group alone
					 */
	struct kith_program __rcu *program;	/* process_lock to write; a
						 * process of it
						 */
	struct rcu_head rcu;
};

static DEFINE_HASHTABLE(processes, 12);
/* Process context with preemption off; taken under no other lock of ours. */
static DEFINE_SPINLOCK(process_lock);
static struct kmem_cache *process_cache;
static mempool_t *process_pool;

struct kith_stamp kith_stamp_current(void)
{
	struct task_struct *leader = current->group_leader;
	struct kith_stamp stamp = {
		.start = leader->start_boottime,
		.exec_id = current->self_exec_id,
		.tgid = current->tgid,
	};
	const struct cred *cred;

	/* A worker of io_uring keeps those that its creator had. */
	rcu_read_lock();
	cred = __task_cred(current->flags & PF_IO_WORKER ? leader : current);
	stamp.uid = cred->uid;
	stamp.gid = cred->gid;
	rcu_read_unlock();
	return stamp;
}

/* The record of @task's thread group whatever its image. Under RCU. */
static struct kith_process *process_find(const struct task_struct *task)
{
	u64 start = task->group_leader->start_boottime;
	struct kith_process *process;

	hash_for_each_possible_rcu(processes, process, node, task->tgid)
		if (process->tgid == task->tgid && process->start == start)
			return process;
	return NULL;
}

bool kith_program_is_claimed(void)
{
	bool claimed;

	if (current->flags & PF_KTHREAD)
		return false;
	rcu_read_lock();
	claimed = process_find(current);
	rcu_read_unlock();
	return claimed;
}

struct kith_program *kith_program_of(const struct task_struct *task)
{
	struct kith_program *program = NULL;
	struct kith_process *process;

	rcu_read_lock();
	process = process_find(task);
	if (process)
		program = kith_program_get_live(rcu_dereference(process->program));
	rcu_read_unlock();
	return program;
}

bool kith_process_is_followed(const struct task_struct *task)
{
	bool followed;

	rcu_read_lock();
	followed = process_find(task);
	rcu_read_unlock();
	return followed;
}

struct kith_program *kith_program_current(void)
{
	struct kith_program *program = NULL;
	struct kith_process *process;

	if (current->flags & PF_KTHREAD)
		return NULL;
	rcu_read_lock();
	process = process_find(current);
	/*
	 * A record of another image is met only inside exec, where no code of
	 * the program runs; never lend the old image's identity to the new one.
	 */
	if (process && READ_ONCE(process->exec_id) != current->self_exec_id)
		program = kith_program_unattested();
	else if (process)
		program = kith_program_get_live(rcu_dereference(process->program));
	rcu_read_unlock();
	return program;
}

static void process_free(struct rcu_head *rcu)
{
	struct kith_process *process = container_of(rcu, struct kith_process,
						    rcu);

	mempool_free(process, process_pool);
	kith_object_gone(KITH_OBJECT_PROCESS);
}

/* Makes a record; the process @program counts for it becomes the record's.
 * False without memory. Atomic context.
 */
static bool process_add(const struct task_struct *task,
			struct kith_program *program)
{
	struct kith_process *process;

	process = mempool_alloc(process_pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!process)
		return false;
	kith_object_born(KITH_OBJECT_PROCESS);
	process->tgid = task->tgid;
	process->start = task->group_leader->start_boottime;
	process->exec_id = task->self_exec_id;
	RCU_INIT_POINTER(process->program, program);
	spin_lock(&process_lock);
	hash_add_rcu(processes, &process->node, process->tgid);
	spin_unlock(&process_lock);
	return true;
}

/* Removes a record unless somebody did. Under RCU. */
static void process_remove(struct kith_process *process)
{
	bool mine;

	spin_lock(&process_lock);
	mine = hash_hashed(&process->node);
	if (mine)
		hash_del_rcu(&process->node);
	spin_unlock(&process_lock);
	if (!mine)
		return;
	kith_program_leave(rcu_dereference(process->program));
	call_rcu(&process->rcu, process_free);
}

/* Not even the reserve had a record: better no process than one that escaped. */
static void process_kill(struct task_struct *task)
{
	struct kith_event event = {
		.kind = KITH_EVENT_KIND_LOST_FORK,
		.decision = KITH_DECISION_DENY,
		.reason = KITH_REASON_MEMORY,
		.err = ENOMEM,
		.detail = "a claimed process was killed: no memory to hold it",
	};

	send_sig(SIGKILL, task, 1);
	kith_event_emit(&event);
}

static bool process_is_claimed(const struct linux_binprm *bprm)
{
	struct kith_config *config = kith_config_get();
	bool claimed = kith_claims_match_exec(&config->claims, bprm);

	kith_config_put(config);
	return claimed;
}

/* The same process, another image: cannot fail. */
static void process_rekey(struct kith_process *process,
			  const struct task_struct *task,
			  struct kith_program *program)
{
	struct kith_program *old;

	/* Who is revoked meanwhile is the old one or the new one. */
	spin_lock(&process_lock);
	old = rcu_dereference(process->program);
	kith_program_inherit(program, old);
	rcu_assign_pointer(process->program, program);
	spin_unlock(&process_lock);
	WRITE_ONCE(process->exec_id, task->self_exec_id);
	kith_program_leave(old);
}

struct kith_program *kith_process_revoke(pid_t tgid)
{
	struct kith_program *program = NULL;
	struct kith_process *process;

	spin_lock(&process_lock);
	hash_for_each_possible(processes, process, node, tgid)
		if (process->tgid == tgid)
			program = rcu_dereference_protected(process->program,
							    lockdep_is_held(&process_lock));
	if (program) {
		kith_program_get(program);
		kith_program_revoke(program);
	}
	spin_unlock(&process_lock);
	return program;
}

/* The task that an image is part of, with a reference: one that begins with it,
 * or that of the image before.
 */
static struct kith_run *run_of_exec(const struct kith_process *process,
				    const struct task_struct *task)
{
	struct kith_run *run = kith_run_begin(task);

	if (run || !process)
		return run;
	run = kith_program_run(rcu_dereference(process->program));
	return run ? kith_run_get(run) : NULL;
}

static void probe_exec(void *data, struct task_struct *task, pid_t old_pid,
		       struct linux_binprm *bprm)
{
	struct kith_process *process;
	struct kith_program *program;
	struct kith_run *run;

	rcu_read_lock();
	process = process_find(task);
	if (kith_agent_is(task))
		goto out;
	run = run_of_exec(process, task);
	if (!process && !run && !process_is_claimed(bprm))
		goto out;
	program = kith_program_new(task, bprm, run);
	if (!kith_descriptors_check(task))
		process_kill(task);
	if (process) {
		process_rekey(process, task, program);
	} else if (!process_add(task, program)) {
		kith_program_leave(program);
		process_kill(task);
	}
out:
	rcu_read_unlock();
	kith_script_forget();
}

static void probe_fork(void *data, struct task_struct *parent,
		       struct task_struct *child)
{
	struct kith_process *process;
	struct kith_program *program;

	if (parent->tgid == child->tgid || (child->flags & PF_KTHREAD))
		return;
	rcu_read_lock();
	process = process_find(parent);
	if (!process)
		goto out;
	program = rcu_dereference(process->program);
	if (!kith_program_join(program))
		goto out;
	if (!process_add(child, program)) {
		kith_program_leave(program);
		process_kill(child);
	}
out:
	rcu_read_unlock();
}

static void probe_exit(void *data, struct task_struct *task)
{
	struct kith_process *process;

	kith_script_forget();
	/* Counted down before; two last threads may both see 0. */
	if (atomic_read(&task->signal->live))
		return;
	kith_run_leave(task);
	rcu_read_lock();
	process = process_find(task);
	if (process)
		process_remove(process);
	rcu_read_unlock();
}

void kith_process_release_current(void)
{
	struct kith_process *process;

	rcu_read_lock();
	process = process_find(current);
	if (process)
		process_remove(process);
	rcu_read_unlock();
}

static void process_remove_all(void)
{
	struct kith_process *process;
	unsigned int bucket;

	rcu_read_lock();
	hash_for_each_rcu(processes, bucket, process, node)
		process_remove(process);
	rcu_read_unlock();
}

static struct probe {
	const char *name;
	void *call;
	struct tracepoint *tracepoint;
	bool registered;
} probes[] = {
	/* Exit first: what fork and exec add is then always removed. */
	{ .name = "sched_process_exit", .call = probe_exit },
	{ .name = "sched_process_fork", .call = probe_fork },
	{ .name = "sched_process_exec", .call = probe_exec },
};

static void probe_find(struct tracepoint *tracepoint, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strcmp(tracepoint->name, probes[i].name))
			probes[i].tracepoint = tracepoint;
}

static int probes_register(void)
{
	int i, err;

	for_each_kernel_tracepoint(probe_find, NULL);
	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		if (!probes[i].tracepoint) {
			pr_err("this kernel has no tracepoint %s\n",
			       probes[i].name);
			return -ENODEV;
		}
		err = tracepoint_probe_register(probes[i].tracepoint,
						probes[i].call, NULL);
		if (err)
			return err;
		probes[i].registered = true;
	}
	return 0;
}

static void probes_unregister(void)
{
	int i;

	for (i = ARRAY_SIZE(probes) - 1; i >= 0; i--) {
		if (!probes[i].registered)
			continue;
		tracepoint_probe_unregister(probes[i].tracepoint,
					    probes[i].call, NULL);
		probes[i].registered = false;
	}
	tracepoint_synchronize_unregister();
}

void kith_process_stop(void)
{
	probes_unregister();
	kith_run_exit();
	process_remove_all();
	rcu_barrier();
	mempool_destroy(process_pool);
	kmem_cache_destroy(process_cache);
}

int kith_process_start(void)
{
	int err = -ENOMEM;

	process_cache = KMEM_CACHE(kith_process, 0);
	if (!process_cache)
		return -ENOMEM;
	process_pool = mempool_create_slab_pool(PROCESS_RESERVE, process_cache);
	if (!process_pool)
		goto err_cache;
	err = probes_register();
	if (!err)
		return 0;
	kith_process_stop();
	return err;
err_cache:
	kmem_cache_destroy(process_cache);
	return err;
}
