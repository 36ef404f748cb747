// SPDX-License-Identifier: GPL-2.0-only
/*
 * Program records. They are made and ended in tracepoint probes, where nothing
 * may sleep; what ending one needs to sleep for is left to a worker.
 */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/refcount.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include "../control/count.h"
#include "../guard/script.h"
#include "../guard/tamper.h"
#include "../socket/socket.h"
#include "credential_types.h"
#include "identity.h"
#include "index.h"
#include "program.h"
#include "run.h"

struct kith_program {
	refcount_t ref;
	atomic_t processes;		/* living; never rises from 0 */
	bool revoked;			/* lock to write; never unset */
	u64 ended;			/* ktime_get_boottime_ns(), or 0; written
					 * once, by @end
					 */
	struct kith_index_node node;
	/* Facts, fixed. */
	pid_t pid;
	char comm[TASK_COMM_LEN];
	dev_t dev;
	u64 ino;
	const char *script_name;	/* owned, or unknown_name; NULL: none */
	struct kith_run *run;		/* counted; NULL: of no task */

	spinlock_t lock;		/* process context only */
	struct file *exe;		/* lock; NULL once dead */
	struct file *script;		/* the same; NULL also: unknown, none */
	struct list_head credentials;	/* lock; of kith_credential, counted */
	struct work_struct end;		/* queued once, by the last process */
	struct work_struct quarantine;	/* holds a reference while queued */
	struct kith_tamper tamper;
	struct kith_event_pace reasons[__KITH_REASON_COUNT];
	struct kith_event_pace doors[__KITH_DOOR_COUNT];
	struct rcu_head rcu;
};

static struct kmem_cache *program_cache;
static const char unknown_name[] = "?";
static DEFINE_KITH_INDEX(program_index);

/*
 * Stands in where a record could not be allocated. Its processes are claimed
 * and get no identity: memory pressure must neither lend one nor let a program
 * escape.
 */
static struct kith_program program_nobody = {
	.ref = REFCOUNT_INIT(1),
	.processes = ATOMIC_INIT(1),
	.comm = "?",
	.lock = __SPIN_LOCK_UNLOCKED(program_nobody.lock),
	.credentials = LIST_HEAD_INIT(program_nobody.credentials),
};

static void program_free(struct rcu_head *rcu)
{
	struct kith_program *program = container_of(rcu, struct kith_program,
						    rcu);

	if (program->run)
		kith_run_put(program->run);
	if (program->script_name != unknown_name)
		kfree(program->script_name);
	kmem_cache_free(program_cache, program);
	kith_object_gone(KITH_OBJECT_PROGRAM);
}

struct kith_program *kith_program_get(struct kith_program *program)
{
	refcount_inc(&program->ref);
	return program;
}

struct kith_program *kith_program_get_live(struct kith_program *program)
{
	return refcount_inc_not_zero(&program->ref) ? program : NULL;
}

struct kith_program *kith_program_unattested(void)
{
	return kith_program_get(&program_nobody);
}

void kith_program_put(struct kith_program *program)
{
	if (refcount_dec_and_test(&program->ref))
		call_rcu(&program->rcu, program_free);
}

/* A program's descriptors are closed after it counts as ended. What is still
 * there when this long has passed is held by somebody else, who could have made
 * it its own by using it: one of the same identity, say the same process after
 * exec, which may have to be attested first.
 */
#define KITH_ORPHAN_MS		KITH_ATTEST_WAIT_MS

static void close_orphans(struct work_struct *work);
static DECLARE_DELAYED_WORK(orphans, close_orphans);

static void await_orphans(void)
{
	queue_delayed_work(system_unbound_wq, &orphans,
			   msecs_to_jiffies(KITH_ORPHAN_MS));
}

/* Those of programs that ended meanwhile have their time yet. */
static void close_orphans(struct work_struct *work)
{
	if (kith_socket_close_orphans())
		await_orphans();
}

bool kith_program_lets_go(const struct kith_program *program)
{
	u64 ended = READ_ONCE(program->ended);

	if (program->run && kith_run_is_over(program->run))
		return true;
	return ended && ktime_get_boottime_ns() - ended >=
			KITH_ORPHAN_MS * (u64)NSEC_PER_MSEC;
}

static void end_credentials(struct kith_program *program)
{
	LIST_HEAD(credentials);

	spin_lock(&program->lock);
	list_splice_init(&program->credentials, &credentials);
	spin_unlock(&program->lock);
	kith_credential_end_all(&credentials);
}

void kith_program_end_run(const struct kith_run *run)
{
	struct kith_program *program;
	u64 id = 0;

	while ((program = kith_program_from(id + 1))) {
		id = kith_program_id(program);
		if (program->run == run)
			end_credentials(program);
		kith_program_put(program);
		cond_resched();
	}
}

/* The last process is gone. Holds the reference that the processes shared. */
static void program_end(struct work_struct *work)
{
	struct kith_program *program = container_of(work, struct kith_program,
						    end);
	struct file *exe, *script;

	kith_index_del(&program_index, &program->node);
	spin_lock(&program->lock);
	exe = program->exe;
	program->exe = NULL;
	script = program->script;
	program->script = NULL;
	spin_unlock(&program->lock);

	end_credentials(program);
	WRITE_ONCE(program->ended, ktime_get_boottime_ns());
	await_orphans();
	if (exe)
		fput(exe);
	if (script)
		fput(script);
	kith_program_put(program);
}

struct kith_tamper *kith_program_tamper(struct kith_program *program)
{
	return &program->tamper;
}

struct kith_event_pace *kith_program_pace(struct kith_program *program,
					  enum kith_reason reason)
{
	return &(program ?: &program_nobody)->reasons[reason];
}

struct kith_event_pace *kith_program_door_pace(struct kith_program *program,
					       enum kith_door door)
{
	return &program->doors[door];
}

/* The credential of @program with the smallest id above @id, with a reference, or
 * NULL: the list need not be in their order.
 */
static struct kith_credential *next_credential(struct kith_program *program,
					       u64 id)
{
	struct kith_credential *c, *found = NULL;

	spin_lock(&program->lock);
	list_for_each_entry(c, &program->credentials, link)
		if (kith_credential_id(c) > id &&
		    (!found || kith_credential_id(c) < kith_credential_id(found)))
			found = c;
	if (found)
		kith_credential_get(found);
	spin_unlock(&program->lock);
	return found;
}

static void quarantine(struct work_struct *work)
{
	struct kith_program *program = container_of(work, struct kith_program,
						    quarantine);
	struct kith_credential *c;
	u64 id = 0;

	while ((c = next_credential(program, id))) {
		id = kith_credential_id(c);
		kith_issue_revoke(c, KITH_REASON_TAMPERED);
		kith_socket_close_credential(c);
		kith_credential_put(c);
	}
	kith_program_put(program);
}

void kith_program_quarantine(struct kith_program *program)
{
	kith_program_get(program);
	if (!queue_work(kith_identity_wq, &program->quarantine))
		kith_program_put(program);
}

static void describe_script(struct kith_program *program,
			    const struct linux_binprm *bprm)
{
	if (!kith_script_runs(bprm))
		return;
	program->script_name = kstrdup(bprm->filename,
				       GFP_ATOMIC | __GFP_NOWARN) ?: unknown_name;
	program->script = kith_script_of(bprm);
}

static void program_describe(struct kith_program *program,
			     struct task_struct *task,
			     const struct linux_binprm *bprm)
{
	struct file *exe = bprm->file;

	program->pid = task_tgid_nr(task);
	strscpy(program->comm, task->comm, sizeof(program->comm));
	program->dev = file_inode(exe)->i_sb->s_dev;
	program->ino = file_inode(exe)->i_ino;
	program->exe = get_file(exe);
	describe_script(program, bprm);
}

struct kith_program *kith_program_new(struct task_struct *task,
				      const struct linux_binprm *bprm,
				      struct kith_run *run)
{
	struct kith_program *program;

	program = kmem_cache_zalloc(program_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!program) {
		if (run)
			kith_run_put(run);
		atomic_inc(&program_nobody.processes);
		return &program_nobody;
	}
	kith_object_born(KITH_OBJECT_PROGRAM);
	refcount_set(&program->ref, 1);
	atomic_set(&program->processes, 1);
	spin_lock_init(&program->lock);
	INIT_LIST_HEAD(&program->credentials);
	INIT_WORK(&program->end, program_end);
	INIT_WORK(&program->quarantine, quarantine);
	program->run = run;
	program_describe(program, task, bprm);
	kith_index_add(&program_index, &program->node, UINT_MAX);
	return program;
}

bool kith_program_join(struct kith_program *program)
{
	return atomic_inc_not_zero(&program->processes);
}

void kith_program_leave(struct kith_program *program)
{
	if (atomic_dec_and_test(&program->processes))
		queue_work(kith_identity_wq, &program->end);
}

bool kith_program_is_dead(const struct kith_program *program)
{
	return !atomic_read(&program->processes) ||
	       (program->run && kith_run_is_over(program->run));
}

struct kith_run *kith_program_run(const struct kith_program *program)
{
	return program->run;
}

void kith_program_inherit(struct kith_program *program,
			  const struct kith_program *before)
{
	/* Nobody else knows @program yet. */
	if (program != &program_nobody)
		program->revoked = READ_ONCE(before->revoked);
}

void kith_program_revoke(struct kith_program *program)
{
	if (program == &program_nobody)
		return;
	spin_lock(&program->lock);
	WRITE_ONCE(program->revoked, true);
	spin_unlock(&program->lock);
}

bool kith_program_is_revoked(const struct kith_program *program)
{
	return READ_ONCE(program->revoked);
}

/* With a reference, under the lock of its program. */
static struct file *get_held(struct kith_program *program,
			     struct file *const *held)
{
	struct file *file;

	spin_lock(&program->lock);
	file = *held ? get_file(*held) : NULL;
	spin_unlock(&program->lock);
	return file;
}

struct file *kith_program_exe(struct kith_program *program)
{
	return get_held(program, &program->exe);
}

struct file *kith_program_script(struct kith_program *program)
{
	return get_held(program, &program->script);
}

const char *kith_program_script_name(const struct kith_program *program)
{
	return program->script_name;
}

struct list_head *kith_program_credentials(struct kith_program *program)
{
	return program == &program_nobody ? NULL : &program->credentials;
}

spinlock_t *kith_program_lock(struct kith_program *program)
{
	return &program->lock;
}

struct kith_program *kith_program_from(u64 id)
{
	struct kith_index_node *node;
	struct kith_program *program = NULL;

	spin_lock(&program_index.lock);
	node = kith_index_from(&program_index, id);
	/* The worker takes it out before it puts the last reference. */
	if (node)
		program = kith_program_get(container_of(node,
							struct kith_program,
							node));
	spin_unlock(&program_index.lock);
	return program;
}

struct kith_program *kith_program_find(u64 id)
{
	struct kith_program *program = kith_program_from(id);

	if (program && program->node.id != id) {
		kith_program_put(program);
		program = NULL;
	}
	return program;
}

u64 kith_program_id(const struct kith_program *program)
{
	return program->node.id;
}

pid_t kith_program_pid(const struct kith_program *program)
{
	return program->pid;
}

const char *kith_program_comm(const struct kith_program *program)
{
	return program->comm;
}

void kith_program_inode(const struct kith_program *program, dev_t *dev,
			u64 *ino)
{
	*dev = program->dev;
	*ino = program->ino;
}

unsigned int kith_program_count(void)
{
	return READ_ONCE(program_index.count);
}

int kith_program_init(void)
{
	program_cache = KMEM_CACHE(kith_program, 0);
	return program_cache ? 0 : -ENOMEM;
}

void kith_program_exit(void)
{
	cancel_delayed_work_sync(&orphans);
	/* Freed after a grace period, into the cache. */
	rcu_barrier();
	kmem_cache_destroy(program_cache);
}
