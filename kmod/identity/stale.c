// SPDX-License-Identifier: GPL-2.0-only
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "../compat/exe_file.h"
#include "../control/agent.h"
#include "claim.h"
#include "process.h"
#include "stale.h"

/* Tasks held at a time, so that the list is not walked for each. */
#define BATCH	64

struct walk {
	struct task_struct *tasks[BATCH];
	char exe[KITH_PATH_MAX];
	char match[2 * KITH_PATH_MAX];
};

static bool is_after(const struct task_struct *task,
		     const struct kith_stale_cursor *cursor)
{
	if (task->start_boottime != cursor->start)
		return task->start_boottime > cursor->start;
	return task->tgid > cursor->pid;
}

/* Thread group leaders after @cursor; the list is in the order of start. */
static unsigned int walk_collect(struct walk *walk,
				 const struct kith_stale_cursor *cursor)
{
	struct task_struct *task;
	unsigned int n = 0;

	rcu_read_lock();
	for_each_process(task) {
		if (!is_after(task, cursor) || (task->flags & PF_KTHREAD))
			continue;
		walk->tasks[n++] = get_task_struct(task);
		if (n == BATCH)
			break;
	}
	rcu_read_unlock();
	return n;
}

static struct file *task_exe(struct task_struct *task)
{
	struct mm_struct *mm = get_task_mm(task);
	struct file *exe;

	if (!mm)
		return NULL;
	exe = kith_compat_exe_file(mm);
	mmput(mm);
	return exe;
}

static int walk_show(struct walk *walk, struct task_struct *task,
		     struct file *exe,
		     int (*show)(const struct kith_stale *stale, void *arg),
		     void *arg)
{
	struct kith_stale stale = { .pid = task->tgid };
	char *path = d_path(&exe->f_path, walk->exe, sizeof(walk->exe));

	get_task_comm(stale.comm, task);
	stale.exe = IS_ERR(path) ? NULL : path;
	stale.dev = file_inode(exe)->i_sb->s_dev;
	stale.ino = file_inode(exe)->i_ino;
	return show(&stale, arg);
}

static int walk_one(struct walk *walk, const struct kith_claims *claims,
		    struct task_struct *task,
		    int (*show)(const struct kith_stale *stale, void *arg),
		    void *arg)
{
	struct file *exe;
	int err = 0;

	if (kith_process_is_followed(task) || kith_agent_is(task))
		return 0;
	exe = task_exe(task);
	if (!exe)
		return 0;
	if (kith_claims_match_task(claims, task, exe, walk->match))
		err = walk_show(walk, task, exe, show, arg);
	fput(exe);
	return err;
}

static int walk_batch(struct walk *walk, const struct kith_claims *claims,
		      unsigned int n, struct kith_stale_cursor *cursor,
		      int (*show)(const struct kith_stale *stale, void *arg),
		      void *arg)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < n; i++) {
		if (!err)
			err = walk_one(walk, claims, walk->tasks[i], show, arg);
		if (!err) {
			cursor->start = walk->tasks[i]->start_boottime;
			cursor->pid = walk->tasks[i]->tgid;
		}
		put_task_struct(walk->tasks[i]);
		cond_resched();
	}
	return err;
}

int kith_stale_walk(const struct kith_claims *claims,
		    struct kith_stale_cursor *cursor,
		    int (*show)(const struct kith_stale *stale, void *arg),
		    void *arg)
{
	struct walk *walk;
	unsigned int n;
	int err;

	if (!claims->count)
		return 0;
	walk = kvmalloc(sizeof(*walk), GFP_KERNEL);
	if (!walk)
		return -ENOMEM;
	do {
		n = walk_collect(walk, cursor);
		err = walk_batch(walk, claims, n, cursor, show, arg);
	} while (!err && n == BATCH);
	kvfree(walk);
	return err;
}
