// SPDX-License-Identifier: GPL-2.0-only
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/user_namespace.h>
#include <net/netlink.h>
#include "../identity/ca.h"
#include "../identity/credential_types.h"
#include "../identity/program.h"
#include "../identity/run.h"
#include "event.h"
#include "fill.h"

int kith_put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put(skb, type, sizeof(value), &value);
}

int kith_put_text(struct sk_buff *skb, int type, const char *text)
{
	return text ? nla_put_string(skb, type, text) : 0;
}

const char *kith_exe_path(struct kith_program *program, char *buf)
{
	struct file *exe = kith_program_exe(program);
	char *path;

	if (!exe)
		return NULL;
	path = d_path(&exe->f_path, buf, KITH_PATH_MAX);
	fput(exe);
	return IS_ERR(path) ? NULL : path;
}

int kith_put_program(struct sk_buff *skb, int type,
		     const struct kith_program *program, const char *exe)
{
	struct nlattr *nest = nla_nest_start(skb, type);
	dev_t dev;
	u64 ino;

	kith_program_inode(program, &dev, &ino);
	if (!nest ||
	    kith_put_u64(skb, KITH_A_PROGRAM_ID, kith_program_id(program)) ||
	    nla_put_u32(skb, KITH_A_PROGRAM_PID, kith_program_pid(program)) ||
	    nla_put_string(skb, KITH_A_PROGRAM_COMM,
			   kith_program_comm(program)) ||
	    kith_put_text(skb, KITH_A_PROGRAM_EXE, exe) ||
	    kith_put_text(skb, KITH_A_PROGRAM_SCRIPT,
			  kith_program_script_name(program)) ||
	    kith_put_u64(skb, KITH_A_PROGRAM_DEV, new_encode_dev(dev)) ||
	    kith_put_u64(skb, KITH_A_PROGRAM_INO, ino))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_svid(struct sk_buff *skb, const struct kith_svid *svid)
{
	const struct kith_svid_facts *facts = &svid->facts;

	if (nla_put_string(skb, KITH_A_CREDENTIAL_SPIFFE_ID,
			   facts->spiffe_id) ||
	    nla_put_string(skb, KITH_A_CREDENTIAL_WORKLOAD, svid->workload) ||
	    kith_put_u64(skb, KITH_A_CREDENTIAL_NOT_BEFORE,
			 facts->not_before) ||
	    kith_put_u64(skb, KITH_A_CREDENTIAL_NOT_AFTER, facts->not_after) ||
	    nla_put_u32(skb, KITH_A_CREDENTIAL_TRAITS, svid->traits) ||
	    nla_put(skb, KITH_A_CREDENTIAL_SERIAL, facts->serial_len,
		    facts->serial))
		return -EMSGSIZE;
	return 0;
}

/* State, and why it is refused. */
static int put_state(struct sk_buff *skb, struct kith_credential *c)
{
	enum kith_credential_state state;
	enum kith_reason reason;
	int err = 0;

	spin_lock_bh(&c->lock);
	state = c->state;
	reason = c->reason;
	if (c->message[0])
		err = nla_put_string(skb, KITH_A_CREDENTIAL_MESSAGE,
				     c->message);
	spin_unlock_bh(&c->lock);
	if (err || nla_put_u32(skb, KITH_A_CREDENTIAL_STATE, state) ||
	    nla_put_u32(skb, KITH_A_CREDENTIAL_REASON, reason))
		return -EMSGSIZE;
	return 0;
}

int kith_put_credential(struct sk_buff *skb, struct kith_credential *c)
{
	struct kith_svid *svid = kith_credential_peek(c);
	int err = 0;

	if (svid) {
		err = put_svid(skb, svid);
		kith_svid_put(svid);
	}
	if (err || put_state(skb, c) || kith_put_run(skb, c))
		return -EMSGSIZE;
	return kith_put_owner(skb, c);
}

static const struct kith_run_permit *permit_of(const struct kith_credential *c)
{
	const struct kith_run *run = kith_program_run(c->program);

	return run ? kith_run_facts(run) : NULL;
}

int kith_put_run(struct sk_buff *skb, const struct kith_credential *c)
{
	const struct kith_run_permit *permit = permit_of(c);

	if (!permit)
		return 0;
	if (nla_put_u32(skb, KITH_A_CREDENTIAL_RUN_BY, permit->uid) ||
	    (permit->ttl &&
	     nla_put_u32(skb, KITH_A_CREDENTIAL_TTL, permit->ttl)))
		return -EMSGSIZE;
	return 0;
}

int kith_put_permit(struct sk_buff *skb, const struct kith_credential *c)
{
	const struct kith_run_permit *permit = permit_of(c);

	if (!permit)
		return 0;
	if (nla_put_string(skb, KITH_A_CREDENTIAL_SPIFFE_ID,
			   permit->spiffe_id) ||
	    nla_put_string(skb, KITH_A_CREDENTIAL_WORKLOAD, permit->workload))
		return -EMSGSIZE;
	return kith_put_run(skb, c);
}

int kith_put_owner(struct sk_buff *skb, const struct kith_credential *c)
{
	const struct cred *cred = c->subject.cred;

	if (kith_put_u64(skb, KITH_A_CREDENTIAL_ID, kith_credential_id(c)) ||
	    nla_put_u32(skb, KITH_A_CREDENTIAL_UID,
			from_kuid(&init_user_ns, cred->uid)) ||
	    nla_put_u32(skb, KITH_A_CREDENTIAL_GID,
			from_kgid(&init_user_ns, cred->gid)))
		return -EMSGSIZE;
	return 0;
}

static int put_groups(struct sk_buff *skb, const struct group_info *groups)
{
	int i, n = min(groups->ngroups, KITH_GROUPS_MAX);
	struct nlattr *attr = nla_reserve(skb, KITH_A_CREDENTIAL_GROUPS,
					  n * sizeof(u32));

	if (!attr)
		return -EMSGSIZE;
	for (i = 0; i < n; i++)
		((u32 *)nla_data(attr))[i] = from_kgid(&init_user_ns,
						       groups->gid[i]);
	return 0;
}

int kith_put_subject(struct sk_buff *skb, const struct kith_credential *c)
{
	const struct cred *cred = c->subject.cred;

	if (put_groups(skb, cred->group_info) ||
	    nla_put_string(skb, KITH_A_CREDENTIAL_CGROUP, c->cgroup) ||
	    kith_put_u64(skb, KITH_A_CREDENTIAL_CGROUP_ID,
			 c->subject.cgroup_id) ||
	    nla_put_u32(skb, KITH_A_CREDENTIAL_USER_NS,
			cred->user_ns->ns.inum) ||
	    (c->subject.sees_host &&
	     nla_put_flag(skb, KITH_A_CREDENTIAL_MOUNT_NS_INITIAL)))
		return -EMSGSIZE;
	return 0;
}

static int put_endpoints(struct sk_buff *skb, const struct kith_conn_info *info)
{
	int len = info->family == AF_INET ? 4 : 16;

	if (nla_put(skb, KITH_A_CONN_LOCAL_ADDRESS, len, info->local) ||
	    nla_put_u16(skb, KITH_A_CONN_LOCAL_PORT, info->local_port))
		return -EMSGSIZE;
	if (info->kind == KITH_CONN_KIND_LISTENER)
		return 0;
	if (nla_put(skb, KITH_A_CONN_REMOTE_ADDRESS, len, info->remote) ||
	    nla_put_u16(skb, KITH_A_CONN_REMOTE_PORT, info->remote_port))
		return -EMSGSIZE;
	return 0;
}

static int put_names(struct sk_buff *skb, const struct kith_conn_info *info)
{
	if (kith_put_text(skb, KITH_A_CONN_LOCAL_ID, info->local_id) ||
	    kith_put_text(skb, KITH_A_CONN_PEER_ID, info->peer_id) ||
	    kith_put_text(skb, KITH_A_CONN_WORKLOAD, info->workload) ||
	    kith_put_text(skb, KITH_A_CONN_CIPHER, info->cipher) ||
	    kith_put_text(skb, KITH_A_CONN_RULE, info->rule))
		return -EMSGSIZE;
	return 0;
}

int kith_put_conn(struct sk_buff *skb, const struct kith_conn_info *info)
{
	if ((info->has_id &&
	     nla_put(skb, KITH_A_CONN_ID, sizeof(info->id), info->id)) ||
	    nla_put_u32(skb, KITH_A_CONN_KIND, info->kind) ||
	    nla_put_u32(skb, KITH_A_CONN_STATE, info->state) ||
	    nla_put_u32(skb, KITH_A_CONN_PID, info->pid) ||
	    nla_put_string(skb, KITH_A_CONN_COMM, info->comm) ||
	    kith_put_u64(skb, KITH_A_CONN_SINCE, info->since) ||
	    (info->in_review && nla_put_flag(skb, KITH_A_CONN_IN_REVIEW)) ||
	    put_endpoints(skb, info) || put_names(skb, info))
		return -EMSGSIZE;
	if (info->kind == KITH_CONN_KIND_LISTENER &&
	    (nla_put_u32(skb, KITH_A_CONN_PENDING, info->pending) ||
	     nla_put_u32(skb, KITH_A_CONN_QUEUED, info->queued)))
		return -EMSGSIZE;
	return 0;
}

static int put_ca_attrs(struct sk_buff *skb, const struct kith_ca_info *info)
{
	size_t len;
	const u8 *der = kith_certs_der(info->certs, 0, &len);

	if (nla_put_string(skb, KITH_A_CA_TRUST_DOMAIN, info->trust_domain) ||
	    kith_put_u64(skb, KITH_A_CA_NOT_BEFORE, info->not_before) ||
	    kith_put_u64(skb, KITH_A_CA_NOT_AFTER, info->not_after) ||
	    nla_put(skb, KITH_A_CA_CERTIFICATE, len, der))
		return -EMSGSIZE;
	return 0;
}

int kith_put_ca(struct sk_buff *skb, int type)
{
	struct kith_ca_info info;
	struct nlattr *nest;
	int err;

	if (kith_ca_info(&info))
		return 0;
	nest = type ? nla_nest_start(skb, type) : NULL;
	err = type && !nest ? -EMSGSIZE : put_ca_attrs(skb, &info);
	if (!err && nest)
		nla_nest_end(skb, nest);
	kith_certs_put(info.certs);
	return err;
}
