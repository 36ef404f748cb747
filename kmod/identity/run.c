// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/netlink.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/workqueue.h>
#include "../control/agent.h"
#include "../control/count.h"
#include "../socket/socket.h"
#include "claim.h"
#include "identity.h"
#include "program.h"
#include "run.h"

/* Tasks at a time: of all, and of one user. */
#define RUNS_MAX	1024
#define RUNS_USER_MAX	64
/* How long after its permit a process may exec. */
#define EXEC_WAIT_S	10
/* A process counts as ended before its files are closed: until then connections can
 * still end in order.
 */
#define CLOSE_WAIT	(2 * HZ)
/* Timers stand still in suspend: how late its end may be told after one. */
#define LOOK_S		10

struct kith_run {
	refcount_t ref;
	struct list_head link;		/* run_lock; a reference, until run_end() */
	struct kith_stamp leader;	/* fixed; its exec_id is that before */
	bool begun;			/* run_lock; the exec has been */
	bool over;			/* run_lock to write */
	u64 until;			/* run_lock to write; boottime ns */
	struct kith_run_permit permit;	/* fixed; its text is owned */
	struct delayed_work end;
};

static LIST_HEAD(runs);
/* Process context with preemption off; innermost. */
static DEFINE_SPINLOCK(run_lock);
static unsigned int n_runs;		/* run_lock to write */

struct kith_run *kith_run_get(struct kith_run *run)
{
	refcount_inc(&run->ref);
	return run;
}

void kith_run_put(struct kith_run *run)
{
	if (!refcount_dec_and_test(&run->ref))
		return;
	kfree(run->permit.spiffe_id);
	kfree(run->permit.workload);
	kfree(run);
	kith_object_gone(KITH_OBJECT_RUN);
}

bool kith_run_is_over(const struct kith_run *run)
{
	return READ_ONCE(run->over) ||
	       ktime_get_boottime_ns() >= READ_ONCE(run->until);
}

/* Its end is looked for again, or now. */
static void await_end(struct kith_run *run, u64 now)
{
	u64 left = run->until > now ? run->until - now : 0;

	left = min(left, LOOK_S * (u64)NSEC_PER_SEC);
	mod_delayed_work(kith_identity_wq, &run->end, nsecs_to_jiffies(left) + 1);
}

const struct kith_run_permit *kith_run_facts(const struct kith_run *run)
{
	return &run->permit;
}

static void close_left(struct work_struct *work)
{
	kith_socket_close_orphans();
}

static DECLARE_DELAYED_WORK(close_work, close_left);

/* Its time has come, or its process has ended, or never exec'ed. */
static void run_end(struct work_struct *work)
{
	struct kith_run *run = container_of(to_delayed_work(work),
					    struct kith_run, end);
	u64 now = ktime_get_boottime_ns();
	bool mine;

	spin_lock(&run_lock);
	mine = !list_empty(&run->link) && (run->over || now >= run->until);
	if (!mine && !list_empty(&run->link) && run->until != U64_MAX)
		await_end(run, now);
	if (mine) {
		WRITE_ONCE(run->over, true);
		list_del_init(&run->link);
		WRITE_ONCE(n_runs, n_runs - 1);
	}
	spin_unlock(&run_lock);
	if (!mine)
		return;
	/* It may have been queued again before it was taken off the list. */
	cancel_delayed_work(&run->end);
	kith_program_end_run(run);
	queue_delayed_work(kith_identity_wq, &close_work, CLOSE_WAIT);
	kith_run_put(run);
}

/* Under the lock: it has so long, without @seconds until its process ends. */
static void run_set_time(struct kith_run *run, u32 seconds)
{
	u64 now = ktime_get_boottime_ns();

	WRITE_ONCE(run->until, seconds ? now + seconds * (u64)NSEC_PER_SEC :
					 U64_MAX);
	if (seconds)
		await_end(run, now);
	else
		cancel_delayed_work(&run->end);
}

/* Whether it is @task's, begun or not. Under the lock. */
static bool is_run_of(const struct kith_run *run, const struct task_struct *task)
{
	return run->leader.tgid == task->tgid && !run->over &&
	       run->leader.start == task->group_leader->start_boottime;
}

/* Under the lock: the permit of a process that has not exec'ed with it. It may be
 * within another task, which goes on.
 */
static struct kith_run *permit_of(const struct task_struct *task)
{
	struct kith_run *run;

	list_for_each_entry(run, &runs, link)
		if (!run->begun && is_run_of(run, task))
			return run;
	return NULL;
}

/* Under the lock. */
static void run_over(struct kith_run *run)
{
	WRITE_ONCE(run->over, true);
	mod_delayed_work(kith_identity_wq, &run->end, 0);
}

struct kith_run *kith_run_begin(const struct task_struct *task)
{
	struct kith_run *run;

	if (!READ_ONCE(n_runs))
		return NULL;
	spin_lock(&run_lock);
	run = permit_of(task);
	if (run && run->leader.exec_id + 1 == task->self_exec_id &&
	    ktime_get_boottime_ns() < run->until) {
		run->begun = true;
		run_set_time(run, run->permit.ttl);
		kith_run_get(run);
	} else {
		run = NULL;
	}
	spin_unlock(&run_lock);
	return run;
}

void kith_run_leave(const struct task_struct *task)
{
	struct kith_run *run;

	if (!READ_ONCE(n_runs))
		return;
	spin_lock(&run_lock);
	list_for_each_entry(run, &runs, link)
		if (is_run_of(run, task))
			run_over(run);
	spin_unlock(&run_lock);
}

/* permit ------------------------------------------------------------------ */

/* A process that is more, or less, than that user's is not to be had. */
static bool is_users_own(struct task_struct *task, uid_t uid)
{
	const struct cred *cred = get_task_cred(task);
	kuid_t user = make_kuid(&init_user_ns, uid);
	bool own = uid_eq(cred->uid, user) && uid_eq(cred->euid, user) &&
		   uid_eq(cred->suid, user) && cred->user_ns == &init_user_ns;

	put_cred(cred);
	return own && kith_task_sees_host(task);
}

static int stamp_of(pid_t pid, uid_t uid, struct kith_stamp *stamp)
{
	struct task_struct *task;
	int err = -ESRCH;

	rcu_read_lock();
	task = pid_task(find_pid_ns(pid, &init_pid_ns), PIDTYPE_TGID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return err;
	/* Its users are asked for below. */
	*stamp = (struct kith_stamp){
		.start = task->start_boottime,
		.exec_id = task->self_exec_id,
		.tgid = task->tgid,
	};
	/* After the stamp: what it execs to become more has another. */
	err = kith_agent_is(task) || !is_users_own(task, uid) ? -EPERM : 0;
	put_task_struct(task);
	return err;
}

static struct kith_run *run_new(const struct kith_run_permit *permit)
{
	struct kith_run *run = kzalloc(sizeof(*run), GFP_KERNEL);

	if (!run)
		return NULL;
	refcount_set(&run->ref, 1);
	INIT_LIST_HEAD(&run->link);
	INIT_DELAYED_WORK(&run->end, run_end);
	run->permit = *permit;
	run->permit.spiffe_id = kstrdup(permit->spiffe_id, GFP_KERNEL);
	run->permit.workload = kstrdup(permit->workload, GFP_KERNEL);
	kith_object_born(KITH_OBJECT_RUN);
	if (run->permit.spiffe_id && run->permit.workload)
		return run;
	kith_run_put(run);
	return NULL;
}

/* Under the lock. One that asks again has its first permit replaced. */
static bool have_room(const struct kith_run *new)
{
	unsigned int of_user = 0;
	struct kith_run *run;

	list_for_each_entry(run, &runs, link) {
		of_user += run->permit.uid == new->permit.uid;
		if (!run->begun && !run->over &&
		    kith_stamp_equal(run->leader, new->leader))
			run_over(run);
	}
	return n_runs < RUNS_MAX && of_user < RUNS_USER_MAX;
}

int kith_run_permit(const struct kith_run_permit *permit,
		    struct netlink_ext_ack *extack)
{
	struct kith_stamp leader;
	struct kith_run *run;
	int err = stamp_of(permit->pid, permit->uid, &leader);

	if (err) {
		NL_SET_ERR_MSG(extack,
			       "the process has ended, or is not that user's own on the host");
		return err;
	}
	run = run_new(permit);
	if (!run)
		return -ENOMEM;
	run->leader = leader;
	spin_lock(&run_lock);
	if (have_room(run)) {
		list_add_tail(&run->link, &runs);
		WRITE_ONCE(n_runs, n_runs + 1);
		run_set_time(run, EXEC_WAIT_S);
		run = NULL;
	}
	spin_unlock(&run_lock);
	if (!run)
		return 0;
	kith_run_put(run);
	NL_SET_ERR_MSG(extack, "too many tasks run already");
	return -ENOSPC;
}

void kith_run_exit(void)
{
	struct kith_run *run;

	spin_lock(&run_lock);
	list_for_each_entry(run, &runs, link)
		run_over(run);
	spin_unlock(&run_lock);
	flush_workqueue(kith_identity_wq);
	cancel_delayed_work_sync(&close_work);
}
