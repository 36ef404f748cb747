// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file is held by task work of the task that executes it, which runs when the
 * task returns to user space, after an exec that failed as well. One exception:
 * begin_new_exec() cancels what the task has in io_uring, and runs task work for
 * that, in the middle of exec. Such a file is let go of by the exec probe, or by the
 * exit probe: behind that point exec succeeds, or the task dies.
 */
#include <linux/atomic.h>
#include <linux/elf.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include "../compat/kfunc.h"
#include "guard.h"
#include "script.h"

/* Everything in it is its task's own but @node. */
struct held {
	struct callback_head work;
	struct hlist_node node;		/* held_lock */
	const struct task_struct *task;
	const struct linux_binprm *bprm;	/* compared only */
	struct file *file;
	bool nested;	/* what it names to run it is run by something else */
	bool worked;	/* its task work has run */
};

static DEFINE_HASHTABLE(all_held, 6);
static DEFINE_SPINLOCK(held_lock);		/* innermost */
static atomic_t works = ATOMIC_INIT(0);

static struct held *find(const struct task_struct *task)
{
	struct held *held;

	hash_for_each_possible(all_held, held, node, (unsigned long)task)
		if (held->task == task)
			return held;
	return NULL;
}

static struct held *find_own(void)
{
	struct held *held;

	spin_lock(&held_lock);
	held = find(current);
	spin_unlock(&held_lock);
	return held;
}

static void held_free(struct held *held)
{
	fput(held->file);
	kfree(held);
}

static void let_go(struct callback_head *work)
{
	struct held *held = container_of(work, struct held, work);
	bool early;

	spin_lock(&held_lock);
	early = hash_hashed(&held->node) && current->in_execve;
	if (!early)
		hash_del(&held->node);
	spin_unlock(&held_lock);
	if (early)
		held->worked = true;
	else
		held_free(held);
	atomic_dec(&works);
}

void kith_script_forget(void)
{
	struct held *held;

	/* A look without the lock: what is ours, we put there. */
	if (hash_empty(all_held))
		return;
	spin_lock(&held_lock);
	held = find(current);
	if (held)
		hash_del(&held->node);
	spin_unlock(&held_lock);
	if (held && held->worked)
		held_free(held);
}

/* Without memory the file stays unknown, and the program without an identity. */
static void hold(const struct linux_binprm *bprm)
{
	struct held *held = kzalloc(sizeof(*held), GFP_KERNEL);

	if (!held)
		return;
	held->task = current;
	held->bprm = bprm;
	init_task_work(&held->work, let_go);
	atomic_inc(&works);
	if (task_work_add(current, &held->work, TWA_RESUME)) {
		atomic_dec(&works);
		kfree(held);
		return;
	}
	held->file = get_file(bprm->file);
	/* Of an exec that the kernel tried for itself, one after the other. */
	kith_script_forget();
	spin_lock(&held_lock);
	hash_add(all_held, &held->node, (unsigned long)current);
	spin_unlock(&held_lock);
}

/* What the kernel loads itself, unless binfmt_misc has other ideas: its file stays
 * unknown then.
 */
static bool is_native(const struct linux_binprm *bprm)
{
	const struct elfhdr *header = (const struct elfhdr *)bprm->buf;

	return !memcmp(header->e_ident, ELFMAG, SELFMAG) &&
	       elf_check_arch(header);
}

__bpf_kfunc int kith_guard_bprm_check(struct linux_binprm *bprm)
{
	struct held *held;

	if (is_native(bprm))
		return 0;
	if (!kith_script_runs(bprm)) {
		hold(bprm);
		return 0;
	}
	held = find_own();
	if (held)
		held->nested = true;
	return 0;
}

struct file *kith_script_of(const struct linux_binprm *bprm)
{
	struct held *held = kith_script_runs(bprm) ? find_own() : NULL;

	return held && held->bprm == bprm && !held->nested ?
	       get_file(held->file) : NULL;
}

bool kith_script_is_busy(void)
{
	return atomic_read(&works);
}

void kith_script_exit(void)
{
	struct hlist_node *next;
	struct held *held;
	unsigned int i;

	hash_for_each_safe(all_held, i, next, held, node) {
		hash_del(&held->node);
		held_free(held);
	}
}
