// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looking claims up. Everything here may run with preemption off, in the exec
 * tracepoint: one path is made of each kind, then binary searches.
 */
#include <linux/binfmts.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/nsproxy.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/sched/task.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include "claim.h"

struct match_buf {
	char path[KITH_PATH_MAX];
	char cgroup[KITH_PATH_MAX];
};

/* Used with preemption off, by the exec probe alone. */
static struct match_buf __percpu *match_bufs;

/* Index of the first claim of @kind for which @less is false, or the end. */
static unsigned int
claims_lower(const struct kith_claims *claims, enum kith_claim_kind kind,
	     bool (*less)(const struct kith_claim *claim, const void *key),
	     const void *key)
{
	unsigned int low = claims->first[kind], high = claims->first[kind + 1];

	while (low < high) {
		unsigned int middle = low + (high - low) / 2;

		if (less(&claims->list[middle], key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool claims_have(const struct kith_claims *claims,
			enum kith_claim_kind kind)
{
	return claims->first[kind] < claims->first[kind + 1];
}

static bool path_less(const struct kith_claim *claim, const void *key)
{
	return strcmp(claim->path, key) < 0;
}

static bool uid_less(const struct kith_claim *claim, const void *key)
{
	return claim->uid < *(const uid_t *)key;
}

struct listen_key {
	u16 port;
	const u8 *address;	/* NULL: the claim of any address */
};

static bool listen_less(const struct kith_claim *claim, const void *data)
{
	const struct listen_key *key = data;

	if (claim->port != key->port || !key->address)
		return claim->port < key->port;
	return claim->any_address ||
	       memcmp(claim->address, key->address, 16) < 0;
}

/*
 * Path of @file in @buf, or NULL. A file that was unlinked since it was opened
 * keeps its old name: removing an executable must not take it out of a claim.
 */
static const char *exe_path(const struct file *file, char *buf)
{
	static const char deleted[] = " (deleted)";
	char *path = d_path(&file->f_path, buf, KITH_PATH_MAX);
	size_t len;

	if (IS_ERR(path))
		return NULL;
	len = strlen(path);
	if (d_unlinked(file->f_path.dentry) && len >= sizeof(deleted) &&
	    !strcmp(path + len - (sizeof(deleted) - 1), deleted))
		path[len - (sizeof(deleted) - 1)] = '\0';
	return path;
}

static bool match_exe(const struct kith_claims *claims, const struct file *exe,
		      char *buf)
{
	const struct kith_claim *claim;
	const char *path;
	unsigned int i;

	if (!exe || !claims_have(claims, KITH_CLAIM_KIND_EXE))
		return false;
	path = exe_path(exe, buf);
	if (!path)
		return false;
	i = claims_lower(claims, KITH_CLAIM_KIND_EXE, path_less, path);
	if (i == claims->first[KITH_CLAIM_KIND_EXE + 1])
		return false;
	claim = &claims->list[i];
	return !strcmp(claim->path, path);
}

static bool match_uid(const struct kith_claims *claims, uid_t uid)
{
	unsigned int i = claims_lower(claims, KITH_CLAIM_KIND_UID, uid_less,
				      &uid);

	return i < claims->first[KITH_CLAIM_KIND_UID + 1] &&
	       claims->list[i].uid == uid;
}

static bool match_cgroup_path(const struct kith_claims *claims,
			      const char *path)
{
	unsigned int i = claims_lower(claims, KITH_CLAIM_KIND_CGROUP,
				      path_less, path);

	return i < claims->first[KITH_CLAIM_KIND_CGROUP + 1] &&
	       !strcmp(claims->list[i].path, path);
}

/* A subtree is claimed by its root: try the path and each of its parents. */
static bool match_cgroup(const struct kith_claims *claims,
			 struct task_struct *task, char *buf)
{
	char *slash;

	if (!claims_have(claims, KITH_CLAIM_KIND_CGROUP))
		return false;
	buf[0] = '\0';
	rcu_read_lock();
	/* A path too long for the buffer is cut: its parents still count. */
	cgroup_path(task_dfl_cgroup(task), buf, KITH_PATH_MAX);
	rcu_read_unlock();
	for (;;) {
		if (match_cgroup_path(claims, *buf ? buf : "/"))
			return true;
		slash = strrchr(buf, '/');
		if (!slash || !*buf)
			return false;
		*slash = '\0';
	}
}

/* Compared only. A task that has ended has none. */
static const struct dentry *root_of(struct task_struct *task)
{
	const struct dentry *root = NULL;

	task_lock(task);
	if (task->fs)
		root = READ_ONCE(task->fs->root.dentry);
	task_unlock(task);
	return root;
}

static bool in_initial_mount_ns(struct task_struct *task)
{
	bool initial;

	task_lock(task);
	initial = task->nsproxy &&
		  task->nsproxy->mnt_ns == init_task.nsproxy->mnt_ns;
	task_unlock(task);
	return initial;
}

bool kith_task_sees_host(struct task_struct *task)
{
	return in_initial_mount_ns(task) ||
	       root_of(task) == root_of(init_pid_ns.child_reaper);
}

static bool match_any(const struct kith_claims *claims,
		      struct task_struct *task, const struct file *exe,
		      char *path_buf, char *cgroup_buf)
{
	const struct cred *cred;
	bool initial;
	uid_t uid;

	if (!claims->count)
		return false;
	rcu_read_lock();
	cred = __task_cred(task);
	uid = from_kuid(&init_user_ns, cred->uid);
	initial = cred->user_ns == &init_user_ns;
	rcu_read_unlock();
	if (initial && kith_task_sees_host(task) &&
	    (match_uid(claims, uid) || match_exe(claims, exe, path_buf)))
		return true;
	return match_cgroup(claims, task, cgroup_buf);
}

bool kith_claims_match_exec(const struct kith_claims *claims,
			    const struct linux_binprm *bprm)
{
	struct match_buf *buf = get_cpu_ptr(match_bufs);
	bool match = match_any(claims, current, bprm->file, buf->path,
			       buf->cgroup);

	put_cpu_ptr(match_bufs);
	return match;
}

bool kith_claims_match_task(const struct kith_claims *claims,
			    struct task_struct *task, struct file *exe,
			    char *buf)
{
	return match_any(claims, task, exe, buf, buf + KITH_PATH_MAX);
}

static bool match_listen(const struct kith_claims *claims,
			 const struct listen_key *key)
{
	unsigned int i = claims_lower(claims, KITH_CLAIM_KIND_LISTEN,
				      listen_less, key);
	const struct kith_claim *claim = &claims->list[i];

	if (i == claims->first[KITH_CLAIM_KIND_LISTEN + 1] ||
	    claim->port != key->port)
		return false;
	return key->address ? !memcmp(claim->address, key->address, 16) :
			      claim->any_address;
}

bool kith_claims_match_listen(const struct kith_claims *claims,
			      const u8 address[16], u16 port)
{
	static const u8 any4[16] = { [10] = 0xff, [11] = 0xff };
	static const u8 any6[16];
	struct listen_key key = { .port = port };
	unsigned int i;

	if (match_listen(claims, &key))
		return true;
	if (memcmp(address, any4, 16) && memcmp(address, any6, 16)) {
		key.address = address;
		return match_listen(claims, &key);
	}
	/* A wildcard listener serves whatever address a claim names. */
	i = claims_lower(claims, KITH_CLAIM_KIND_LISTEN, listen_less, &key);
	return i < claims->first[KITH_CLAIM_KIND_LISTEN + 1] &&
	       claims->list[i].port == port;
}

int kith_claims_init(void)
{
	match_bufs = alloc_percpu(struct match_buf);
	return match_bufs ? 0 : -ENOMEM;
}

void kith_claims_exit(void)
{
	free_percpu(match_bufs);
}
