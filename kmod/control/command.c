// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands about the module, the config, programs and the CA.
 */
#include <linux/cred.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kith.h>
#include "../guard/guard.h"
#include "../identity/ca.h"
#include "../identity/config.h"
#include "../identity/credential_types.h"
#include "../handshake/engine.h"
#include "../identity/program.h"
#include "../identity/revocation.h"
#include "../identity/run.h"
#include "../socket/socket.h"
#include "../version.h"
#include "agent.h"
#include "draft.h"
#include "event.h"
#include "fill.h"
#include "genl.h"

/* status ----------------------------------------------------------------- */

static int put_identity(struct sk_buff *skb)
{
	struct kith_config *config = kith_config_get();
	u64 generation = config->generation;
	u32 claims = config->claims.count;

	kith_config_put(config);
	if (nla_put_u32(skb, KITH_A_STATUS_ABI, KITH_ABI) ||
	    nla_put_string(skb, KITH_A_STATUS_VERSION, KITH_VERSION) ||
	    kith_put_u64(skb, KITH_A_STATUS_GENERATION, generation) ||
	    nla_put_u32(skb, KITH_A_STATUS_CLAIMS, claims) ||
	    nla_put_u32(skb, KITH_A_STATUS_PROGRAMS, kith_program_count()) ||
	    nla_put_u32(skb, KITH_A_STATUS_CREDENTIALS,
			kith_credential_count()))
		return -EMSGSIZE;
	return 0;
}

static int put_counters(struct sk_buff *skb)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < __KITH_REASON_COUNT; i++) {
		nest = nla_nest_start(skb, KITH_A_STATUS_COUNTER);
		if (!nest || nla_put_u32(skb, KITH_A_COUNTER_REASON, i) ||
		    kith_put_u64(skb, KITH_A_COUNTER_VALUE,
				 kith_event_count(i)))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return kith_put_u64(skb, KITH_A_STATUS_EVENTS_LOST, kith_event_lost());
}

static int put_sockets(struct sk_buff *skb)
{
	u32 connections = 0, listeners = 0;

	kith_socket_counts(&connections, &listeners);
	if (nla_put_u32(skb, KITH_A_STATUS_REVIEWS, kith_socket_reviews()) ||
	    nla_put_u32(skb, KITH_A_STATUS_CONNECTIONS, connections) ||
	    nla_put_u32(skb, KITH_A_STATUS_LISTENERS, listeners) ||
	    (kith_socket_hooked() && nla_put_flag(skb, KITH_A_STATUS_HOOKED)))
		return -EMSGSIZE;
	return 0;
}

static int put_secrets(struct sk_buff *skb)
{
	if (nla_put_u32(skb, KITH_A_STATUS_REVOCATIONS,
			kith_revocation_count()) ||
	    nla_put_u32(skb, KITH_A_STATUS_KEYS, kith_key_count()))
		return -EMSGSIZE;
	return kith_put_ca(skb, KITH_A_STATUS_CA);
}

int kith_cmd_status(struct genl_info *info)
{
	pid_t agent = kith_agent_pid();
	struct kith_reply reply;
	int err = kith_reply_begin(&reply, info);

	if (err)
		return err;
	if (put_identity(reply.skb) || put_counters(reply.skb) ||
	    put_sockets(reply.skb) ||
	    (agent && nla_put_u32(reply.skb, KITH_A_STATUS_AGENT_PID, agent)) ||
	    (kith_guard_is_in_place() &&
	     nla_put_flag(reply.skb, KITH_A_STATUS_GUARDED)) ||
	    put_secrets(reply.skb))
		err = -EMSGSIZE;
	return kith_reply_end(&reply, info, err);
}

static int check_abi(const struct genl_info *info)
{
	int err = kith_need(info, KITH_A_STATUS_ABI);

	if (err)
		return err;
	if (nla_get_u32(info->attrs[KITH_A_STATUS_ABI]) == KITH_ABI)
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "module and agent speak different versions of the contract; update the older one");
	return -EPROTONOSUPPORT;
}

int kith_cmd_register(struct genl_info *info)
{
	struct kith_reply reply;
	int err = check_abi(info);

	if (err)
		return err;
	err = kith_reply_begin(&reply, info);
	if (err)
		return err;
	err = put_identity(reply.skb);
	if (!err) {
		mutex_lock(&kith_control_mutex);
		err = kith_agent_register(info->snd_portid, info->extack);
		mutex_unlock(&kith_control_mutex);
	}
	return kith_reply_end(&reply, info, err);
}

/* config ----------------------------------------------------------------- */

int kith_cmd_config_begin(struct genl_info *info)
{
	int err = kith_need(info, KITH_A_CONFIG_GENERATION);

	if (err)
		return err;
	return kith_draft_begin(nla_get_u64(info->attrs[KITH_A_CONFIG_GENERATION]),
				info->extack);
}

static int config_add(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	switch (nla_type(attr)) {
	case KITH_A_CONFIG_CLAIM:
		return kith_draft_add_claim(attr, extack);
	case KITH_A_CONFIG_BUNDLE:
		return kith_draft_add_bundle(attr, extack);
	case KITH_A_CONFIG_RULES:
		return kith_draft_add_rules(attr, extack);
	default:
		return 0;
	}
}

int kith_cmd_config_add(struct genl_info *info)
{
	const struct nlattr *attr;
	int rest, err;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		err = config_add(attr, info->extack);
		if (err)
			return err;
	}
	return 0;
}

int kith_cmd_config_commit(struct genl_info *info)
{
	int err = kith_need(info, KITH_A_CONFIG_GENERATION);

	if (err)
		return err;
	return kith_draft_commit(nla_get_u64(info->attrs[KITH_A_CONFIG_GENERATION]),
				 info->attrs[KITH_A_CONFIG_OPEN_DOORS] ?
				 nla_get_u32(info->attrs[KITH_A_CONFIG_OPEN_DOORS]) : 0,
				 info->extack);
}

/* program ---------------------------------------------------------------- */

/* What program @id is, or its script, with a reference; or ERR_PTR. */
static struct file *program_file(u64 id, bool script,
				 struct netlink_ext_ack *extack)
{
	struct kith_program *program = kith_program_find(id);
	struct file *file = NULL;
	bool dead = true;

	if (program) {
		file = script ? kith_program_script(program) :
				kith_program_exe(program);
		dead = kith_program_is_dead(program);
		kith_program_put(program);
	}
	if (file)
		return file;
	if (script && !dead) {
		NL_SET_ERR_MSG(extack, "it has no script, or none that is known");
		return ERR_PTR(-ENOENT);
	}
	NL_SET_ERR_MSG(extack, "the program has ended");
	return ERR_PTR(-ESRCH);
}

/* Whether a process serves the content of @file: to Kith it may tell another than it
 * told exec, and keep it waiting. Below overlays, too. virtiofs is the hypervisor's.
 * Who mounted an overlay as root of an own user namespace can write beneath it to what
 * runs.
 */
static bool is_served(const struct file *file)
{
	const struct super_block *real = d_real_inode(file->f_path.dentry)->i_sb;
	const struct super_block *seen = file_inode(file)->i_sb;

	return !strcmp(real->s_type->name, "fuse") ||
	       !strcmp(real->s_type->name, "fuseblk") ||
	       real->s_user_ns != &init_user_ns || seen->s_user_ns != &init_user_ns;
}

/* That, opened anew for reading; or ERR_PTR. */
static struct file *program_open(u64 id, bool script,
				 struct netlink_ext_ack *extack)
{
	struct file *held = program_file(id, script, extack), *file;

	if (IS_ERR(held))
		return held;
	if (is_served(held)) {
		NL_SET_ERR_MSG(extack, "it is on a filesystem that a process serves (FUSE) or a user mounted, who could show anything");
		file = ERR_PTR(-EREMOTE);
	} else {
		file = dentry_open(&held->f_path, O_RDONLY | O_LARGEFILE,
				   current_cred());
	}
	fput(held);
	return file;
}

static int reply_fd(struct genl_info *info, int fd)
{
	struct kith_reply reply;
	int err = kith_reply_begin(&reply, info);

	if (err)
		return err;
	err = nla_put_u32(reply.skb, KITH_A_FILE_FD, fd);
	return kith_reply_end(&reply, info, err);
}

int kith_cmd_program_exe(struct genl_info *info)
{
	int fd, err = kith_need(info, KITH_A_FILE_PROGRAM_ID);
	struct file *file;

	if (err)
		return err;
	file = program_open(nla_get_u64(info->attrs[KITH_A_FILE_PROGRAM_ID]),
			    nla_get_flag(info->attrs[KITH_A_FILE_SCRIPT]),
			    info->extack);
	if (IS_ERR(file))
		return PTR_ERR(file);
	fd = get_unused_fd_flags(O_CLOEXEC);
	err = fd < 0 ? fd : reply_fd(info, fd);
	if (!err) {
		/* The caller is still inside its send. */
		fd_install(fd, file);
		return 0;
	}
	if (fd >= 0)
		put_unused_fd(fd);
	fput(file);
	return err;
}

int kith_cmd_program_run(struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct kith_run_permit permit = {};

	if (kith_need(info, KITH_A_RUN_PID) || kith_need(info, KITH_A_RUN_UID) ||
	    kith_need(info, KITH_A_RUN_SPIFFE_ID) ||
	    kith_need(info, KITH_A_RUN_WORKLOAD))
		return -EINVAL;
	permit.pid = nla_get_u32(a[KITH_A_RUN_PID]);
	permit.uid = nla_get_u32(a[KITH_A_RUN_UID]);
	permit.spiffe_id = nla_data(a[KITH_A_RUN_SPIFFE_ID]);
	permit.workload = nla_data(a[KITH_A_RUN_WORKLOAD]);
	if (a[KITH_A_RUN_TTL])
		permit.ttl = nla_get_u32(a[KITH_A_RUN_TTL]);
	return kith_run_permit(&permit, info->extack);
}

/* ca --------------------------------------------------------------------- */

static int ca_create(struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct kith_validity v;

	if (kith_need(info, KITH_A_CA_TRUST_DOMAIN) ||
	    kith_need(info, KITH_A_CA_SERIAL) ||
	    kith_need(info, KITH_A_CA_NOT_BEFORE) ||
	    kith_need(info, KITH_A_CA_NOT_AFTER))
		return -EINVAL;
	v.serial = nla_data(a[KITH_A_CA_SERIAL]);
	v.serial_len = nla_len(a[KITH_A_CA_SERIAL]);
	v.not_before = nla_get_s64(a[KITH_A_CA_NOT_BEFORE]);
	v.not_after = nla_get_s64(a[KITH_A_CA_NOT_AFTER]);
	return kith_ca_create(nla_data(a[KITH_A_CA_TRUST_DOMAIN]), &v,
			      info->extack);
}

int kith_cmd_ca_create(struct genl_info *info)
{
	struct kith_reply reply;
	int err = ca_create(info);

	if (err)
		return err;
	err = kith_reply_begin(&reply, info);
	if (err)
		return err;
	err = kith_put_ca(reply.skb, 0);
	return kith_reply_end(&reply, info, err);
}
