// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credentials: finding, keeping and freeing them.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/nsproxy.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/user_namespace.h>
#include "../control/count.h"
#include "../control/event.h"
#include "config.h"
#include "credential_types.h"
#include "identity.h"
#include "program.h"
#include "revocation.h"

static DEFINE_KITH_INDEX(credential_index);

/* svid ------------------------------------------------------------------- */

static void svid_free(struct work_struct *work)
{
	struct kith_svid *svid = container_of(to_rcu_work(work),
					      struct kith_svid, free);

	kith_key_free(svid->key);
	if (svid->chain)
		kith_certs_put(svid->chain);
	kfree(svid);
	kith_object_gone(KITH_OBJECT_SVID);
}

struct kith_svid *kith_svid_get(struct kith_svid *svid)
{
	refcount_inc(&svid->ref);
	return svid;
}

/* Readers take references under RCU, and freeing a key sleeps. */
void kith_svid_put(struct kith_svid *svid)
{
	if (!refcount_dec_and_test(&svid->ref))
		return;
	INIT_RCU_WORK(&svid->free, svid_free);
	queue_rcu_work(kith_identity_wq, &svid->free);
}

bool kith_svid_is_revoked(const struct kith_svid *svid)
{
	const struct kith_svid_facts *facts = &svid->facts;

	return kith_is_revoked(facts->spiffe_id, facts->serial,
			       facts->serial_len);
}

struct kith_svid *kith_credential_peek(struct kith_credential *c)
{
	struct kith_svid *svid;

	rcu_read_lock();
	do {
		svid = rcu_dereference(c->svid);
	} while (svid && !refcount_inc_not_zero(&svid->ref));
	rcu_read_unlock();
	return svid;
}

void kith_credential_tell(struct kith_credential *c, enum kith_event_kind kind,
			  enum kith_reason reason, int err, const char *detail)
{
	struct kith_config *config = kith_config_get();
	struct kith_event event = {
		.kind = kind,
		.decision = err ? KITH_DECISION_DENY : KITH_DECISION_ALLOW,
		.reason = reason,
		.err = err,
		.generation = config->generation,
		.detail = detail,
		.credential = c,
	};

	kith_event_emit(&event);
	kith_config_put(config);
}

static void tell_expired(struct kith_credential *c)
{
	if (READ_ONCE(c->expiry_told))
		return;
	WRITE_ONCE(c->expiry_told, true);
	kith_credential_tell(c, KITH_EVENT_KIND_EXPIRED,
			     KITH_REASON_OWN_EXPIRED, EKEYEXPIRED, NULL);
}

/* Why @c, without an SVID in @state, has none; as for kith_credential_svid(). */
static int why_none(const struct kith_credential *c,
		    enum kith_credential_state state, enum kith_reason *reason)
{
	switch (state) {
	case KITH_CREDENTIAL_STATE_ATTESTING:
	case KITH_CREDENTIAL_STATE_ISSUING:
		return -EINPROGRESS;
	case KITH_CREDENTIAL_STATE_REVOKED:
		*reason = READ_ONCE(c->reason);
		if (*reason == KITH_REASON_TAMPERED)
			return -ENOKEY;
		*reason = KITH_REASON_OWN_REVOKED;
		return -EKEYREVOKED;
	default:
		*reason = READ_ONCE(c->reason);
		return *reason == KITH_REASON_OWN_REVOKED ? -EKEYREVOKED :
							    -ENOKEY;
	}
}

struct kith_svid *kith_credential_svid(struct kith_credential *c,
				       enum kith_reason *reason)
{
	/* The state is read first: a ready one has its SVID to be seen. */
	enum kith_credential_state state = smp_load_acquire(&c->state);
	struct kith_svid *svid = kith_credential_peek(c);

	*reason = KITH_REASON_NONE;
	if (!svid) {
		/* Revoked in between: a ready one never is without. */
		if (state == KITH_CREDENTIAL_STATE_READY)
			state = KITH_CREDENTIAL_STATE_REVOKED;
		return ERR_PTR(why_none(c, state, reason));
	}
	if (ktime_get_real_seconds() <= svid->facts.not_after)
		return svid;
	tell_expired(c);
	kith_svid_put(svid);
	*reason = KITH_REASON_OWN_EXPIRED;
	return ERR_PTR(-EKEYEXPIRED);
}

bool kith_credential_is_revoked(const struct kith_credential *c)
{
	/* The reason is written before the state. */
	enum kith_credential_state state = smp_load_acquire(&c->state);
	enum kith_reason reason = READ_ONCE(c->reason);

	/* That its program has ended is another matter. */
	return (state == KITH_CREDENTIAL_STATE_REVOKED ||
		state == KITH_CREDENTIAL_STATE_REFUSED) &&
	       (reason == KITH_REASON_OWN_REVOKED ||
		reason == KITH_REASON_TAMPERED);
}

int kith_credential_check(struct kith_credential *c)
{
	enum kith_reason reason;
	struct kith_svid *svid = kith_credential_svid(c, &reason);

	if (IS_ERR(svid))
		return PTR_ERR(svid);
	kith_svid_put(svid);
	return 0;
}

/* life ------------------------------------------------------------------- */

struct kith_credential *kith_credential_get(struct kith_credential *c)
{
	refcount_inc(&c->ref);
	return c;
}

static void subject_put(struct kith_subject *subject)
{
	put_cred(subject->cred);
}

static void credential_free(struct work_struct *work)
{
	struct kith_credential *c = container_of(to_rcu_work(work),
						 struct kith_credential, free);
	struct kith_svid *svid = rcu_dereference_protected(c->svid, true);

	kith_index_del(&credential_index, &c->node);
	if (svid)
		kith_svid_put(svid);
	kith_key_free(c->key);
	kfree(c->spiffe_id);
	kfree(c->workload);
	kfree(c->cgroup);
	subject_put(&c->subject);
	kith_program_put(c->program);
	mutex_destroy(&c->issue);
	kfree(c);
	kith_object_gone(KITH_OBJECT_CREDENTIAL);
}

void kith_credential_put(struct kith_credential *c)
{
	if (refcount_dec_and_test(&c->ref))
		queue_rcu_work(kith_identity_wq, &c->free);
}

/* Path of current's cgroup, or NULL without memory. */
/* NULL also when that is not cgroup @id any more. */
static char *cgroup_path_current(u64 id)
{
	char *buf = kzalloc(KITH_PATH_MAX, GFP_KERNEL), *path;
	struct cgroup *cgroup;
	bool same;

	if (!buf)
		return NULL;
	rcu_read_lock();
	cgroup = task_dfl_cgroup(current);
	same = cgroup_id(cgroup) == id;
	cgroup_path(cgroup, buf, KITH_PATH_MAX);
	rcu_read_unlock();
	path = same ? kstrdup(buf, GFP_KERNEL) : NULL;
	kfree(buf);
	return path;
}

static struct kith_credential *
credential_new(struct kith_program *program, const struct kith_subject *subject)
{
	struct kith_credential *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return NULL;
	refcount_set(&c->ref, 1);
	spin_lock_init(&c->lock);
	INIT_LIST_HEAD(&c->link);
	INIT_LIST_HEAD(&c->waiters);
	INIT_LIST_HEAD(&c->share_link);
	mutex_init(&c->issue);
	INIT_DELAYED_WORK(&c->wait, kith_attest_work);
	INIT_RCU_WORK(&c->free, credential_free);
	c->subject = *subject;
	c->program = program;
	c->cgroup = cgroup_path_current(subject->cgroup_id);
	kith_attest_begin(c);
	/* Last: it can be found from now on. */
	if (!c->cgroup ||
	    kith_index_add(&credential_index, &c->node, KITH_CREDENTIALS_MAX)) {
		kfree(c->cgroup);
		kfree(c);
		return NULL;
	}
	get_cred(subject->cred);
	kith_program_get(program);
	kith_object_born(KITH_OBJECT_CREDENTIAL);
	return c;
}

/* subject ---------------------------------------------------------------- */

/*
 * Real credentials: personalities override the others. A worker of io_uring
 * keeps those its creator had, so its thread group's are taken.
 */
static void subject_take(struct kith_subject *subject)
{
	struct task_struct *task = current;

	if (task->flags & PF_IO_WORKER)
		task = task->group_leader;
	subject->cred = get_task_cred(task);
	rcu_read_lock();
	subject->cgroup_id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
	subject->sees_host = kith_task_sees_host(current);
}

static bool groups_equal(const struct group_info *a, const struct group_info *b)
{
	return a == b || (a->ngroups == b->ngroups &&
			  !memcmp(a->gid, b->gid, a->ngroups * sizeof(*a->gid)));
}

static bool subject_equal(const struct kith_subject *a,
			  const struct kith_subject *b)
{
	return a->cgroup_id == b->cgroup_id &&
	       a->sees_host == b->sees_host &&
	       (a->cred == b->cred ||
		(uid_eq(a->cred->uid, b->cred->uid) &&
		 gid_eq(a->cred->gid, b->cred->gid) &&
		 a->cred->user_ns == b->cred->user_ns &&
		 groups_equal(a->cred->group_info, b->cred->group_info)));
}

bool kith_credential_is_current(const struct kith_credential *c)
{
	struct kith_subject subject;
	bool equal;

	subject_take(&subject);
	equal = subject_equal(&c->subject, &subject);
	subject_put(&subject);
	return equal;
}

/* Under the program's lock. */
static struct kith_credential *subject_find(struct list_head *credentials,
					    const struct kith_subject *subject)
{
	struct kith_credential *c;

	list_for_each_entry(c, credentials, link)
		if (subject_equal(&c->subject, subject))
			return kith_credential_get(c);
	return NULL;
}

/* Under the program's lock: room for one more, by taking out the oldest that
 * nobody uses.
 */
static bool credentials_have_room(struct list_head *credentials,
				  struct kith_credential **idle)
{
	struct kith_credential *c;
	unsigned int n = 0;

	*idle = NULL;
	list_for_each_entry(c, credentials, link) {
		if (!*idle && refcount_read(&c->ref) == 1)
			*idle = c;
		n++;
	}
	if (n < KITH_PROGRAM_CREDENTIALS_MAX) {
		*idle = NULL;
		return true;
	}
	if (*idle)
		list_del_init(&(*idle)->link);
	return *idle;
}

/* Puts @new, whose one reference becomes the list's, in @program; returns a
 * reference to it or to one that was there first.
 */
static struct kith_credential *credential_insert(struct kith_program *program,
						 struct kith_credential *new)
{
	struct list_head *credentials = kith_program_credentials(program);
	spinlock_t *lock = kith_program_lock(program);
	struct kith_credential *c, *idle = NULL;
	bool revoked;

	spin_lock(lock);
	revoked = kith_program_is_revoked(program);
	c = subject_find(credentials, &new->subject);
	if (c) {
		/* Another thread was faster. */
	} else if (kith_program_is_dead(program)) {
		c = ERR_PTR(-ENOKEY);
	} else if (!credentials_have_room(credentials, &idle)) {
		c = ERR_PTR(-ENOKEY);
	} else {
		list_add_tail(&new->link, credentials);
		c = kith_credential_get(new);
		new = NULL;
	}
	spin_unlock(lock);
	if (idle) {
		kith_issue_revoke(idle, KITH_REASON_CLOSED);
		kith_credential_put(idle);
	}
	if (new) {
		/* It could be found: an agent may have been told of it. */
		kith_issue_revoke(new, KITH_REASON_CLOSED);
		kith_credential_put(new);
	} else if (revoked) {
		kith_issue_revoke(c, KITH_REASON_OWN_REVOKED);
	} else {
		kith_attest_kick(c, 0);
	}
	return c;
}

struct kith_credential *kith_credential_current(struct kith_program *program)
{
	struct list_head *credentials = kith_program_credentials(program);
	struct kith_credential *c, *new;
	struct kith_subject subject;

	if (!credentials)
		return ERR_PTR(-ENOKEY);
	subject_take(&subject);
	spin_lock(kith_program_lock(program));
	c = subject_find(credentials, &subject);
	spin_unlock(kith_program_lock(program));
	if (!c) {
		new = credential_new(program, &subject);
		c = new ? credential_insert(program, new) : ERR_PTR(-ENOKEY);
	}
	subject_put(&subject);
	if (!IS_ERR(c))
		kith_attest_again(c);
	return c;
}

void kith_credential_end_all(struct list_head *credentials)
{
	struct kith_credential *c, *next;

	list_for_each_entry_safe(c, next, credentials, link) {
		list_del_init(&c->link);
		kith_issue_revoke(c, KITH_REASON_CLOSED);
		kith_credential_put(c);
	}
}

/* lookup ----------------------------------------------------------------- */

struct kith_credential *kith_credential_from(u64 id)
{
	struct kith_credential *c = NULL;
	struct kith_index_node *node;

	spin_lock(&credential_index.lock);
	while (!c) {
		node = kith_index_from(&credential_index, id);
		if (!node)
			break;
		c = container_of(node, struct kith_credential, node);
		/* One that is about to be freed is passed over. */
		if (!refcount_inc_not_zero(&c->ref))
			c = NULL;
		id = node->id + 1;
	}
	spin_unlock(&credential_index.lock);
	return c;
}

struct kith_credential *kith_credential_find(u64 id)
{
	struct kith_credential *c = kith_credential_from(id);

	if (c && c->node.id != id) {
		kith_credential_put(c);
		c = NULL;
	}
	return c;
}

unsigned int kith_credential_count(void)
{
	return READ_ONCE(credential_index.count);
}

u64 kith_credential_id(const struct kith_credential *c)
{
	return c->node.id;
}

struct kith_program *kith_credential_program(const struct kith_credential *c)
{
	return c->program;
}
