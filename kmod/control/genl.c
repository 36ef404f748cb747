// SPDX-License-Identifier: GPL-2.0-only
/*
 * The family: who may send what, and where it goes.
 */
#include <linux/capability.h>
#include <linux/module.h>
#include <linux/kith.h>
#include <net/genetlink.h>
#include "../compat/genetlink.h"
#include "agent.h"
#include "genl.h"
#include "policy.h"

/* What it protects is said in genl.h. */
DEFINE_MUTEX(kith_control_mutex);

static const struct command {
	int (*run)(struct genl_info *info);
	bool agent_only;
} commands[] = {
	[KITH_CMD_STATUS_GET] = { kith_cmd_status },
	[KITH_CMD_AGENT_REGISTER] = { kith_cmd_register },
	[KITH_CMD_CONFIG_BEGIN] = { kith_cmd_config_begin, true },
	[KITH_CMD_CONFIG_ADD] = { kith_cmd_config_add, true },
	[KITH_CMD_CONFIG_COMMIT] = { kith_cmd_config_commit, true },
	[KITH_CMD_PROGRAM_EXE] = { kith_cmd_program_exe, true },
	[KITH_CMD_CREDENTIAL_PREPARE] = { kith_cmd_credential_prepare, true },
	[KITH_CMD_CREDENTIAL_SIGN] = { kith_cmd_credential_sign, true },
	[KITH_CMD_CREDENTIAL_INSTALL] = { kith_cmd_credential_install, true },
	[KITH_CMD_CREDENTIAL_REFUSE] = { kith_cmd_credential_refuse, true },
	[KITH_CMD_CREDENTIAL_REVOKE] = { kith_cmd_credential_revoke, true },
	[KITH_CMD_CA_CREATE] = { kith_cmd_ca_create, true },
	[KITH_CMD_REVOCATION_ADD] = { kith_cmd_revocation_add, true },
	[KITH_CMD_REVOCATION_REMOVE] = { kith_cmd_revocation_remove, true },
	[KITH_CMD_PROGRAM_RUN] = { kith_cmd_program_run, true },
};

int kith_genl_check(struct sk_buff *skb, struct netlink_ext_ack *extack)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "CAP_SYS_ADMIN in the initial user namespace is needed");
	return -EPERM;
}

int kith_need(const struct genl_info *info, int type)
{
	if (info->attrs[type])
		return 0;
	NL_SET_ERR_MSG(info->extack, "an attribute is missing");
	return -EINVAL;
}

static int run_for_agent(const struct command *command, struct genl_info *info)
{
	int err;

	mutex_lock(&kith_control_mutex);
	err = kith_agent_check(info->snd_portid, info->extack);
	if (!err)
		err = command->run(info);
	mutex_unlock(&kith_control_mutex);
	return err;
}

static int genl_do(struct sk_buff *skb, struct genl_info *info)
{
	const struct command *command = &commands[info->genlhdr->cmd];
	int err = kith_genl_check(skb, info->extack);

	if (err)
		return err;
	return command->agent_only ? run_for_agent(command, info) :
				     command->run(info);
}

int kith_reply_begin(struct kith_reply *reply, const struct genl_info *info)
{
	reply->skb = genlmsg_new(KITH_REPLY_SIZE, GFP_KERNEL);
	if (!reply->skb)
		return -ENOMEM;
	reply->header = genlmsg_put(reply->skb, info->snd_portid, info->snd_seq,
				    &kith_family, 0, info->genlhdr->cmd);
	if (reply->header)
		return 0;
	nlmsg_free(reply->skb);
	return -EMSGSIZE;
}

int kith_reply_end(struct kith_reply *reply, struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply->skb);
		return err;
	}
	genlmsg_end(reply->skb, reply->header);
	return genlmsg_reply(reply->skb, info);
}

#define DO(command, attributes, bound)					\
	{								\
		.cmd = command,						\
		.doit = genl_do,					\
		.policy = attributes,					\
		.maxattr = bound,					\
	}

static const struct genl_ops genl_ops[] = {
	DO(KITH_CMD_STATUS_GET, kith_status_policy, KITH_A_STATUS_MAX),
	DO(KITH_CMD_AGENT_REGISTER, kith_status_policy, KITH_A_STATUS_MAX),
	DO(KITH_CMD_CONFIG_BEGIN, kith_config_policy, KITH_A_CONFIG_MAX),
	DO(KITH_CMD_CONFIG_ADD, kith_config_policy, KITH_A_CONFIG_MAX),
	DO(KITH_CMD_CONFIG_COMMIT, kith_config_policy, KITH_A_CONFIG_MAX),
	DO(KITH_CMD_PROGRAM_EXE, kith_file_policy, KITH_A_FILE_MAX),
	DO(KITH_CMD_CREDENTIAL_PREPARE, kith_credential_policy,
	   KITH_A_CREDENTIAL_MAX),
	DO(KITH_CMD_CREDENTIAL_SIGN, kith_credential_policy,
	   KITH_A_CREDENTIAL_MAX),
	DO(KITH_CMD_CREDENTIAL_INSTALL, kith_credential_policy,
	   KITH_A_CREDENTIAL_MAX),
	DO(KITH_CMD_CREDENTIAL_REFUSE, kith_credential_policy,
	   KITH_A_CREDENTIAL_MAX),
	DO(KITH_CMD_CREDENTIAL_REVOKE, kith_credential_policy,
	   KITH_A_CREDENTIAL_MAX),
	DO(KITH_CMD_CA_CREATE, kith_ca_policy, KITH_A_CA_MAX),
	DO(KITH_CMD_REVOCATION_ADD, kith_revocation_policy,
	   KITH_A_REVOCATION_MAX),
	DO(KITH_CMD_REVOCATION_REMOVE, kith_revocation_policy,
	   KITH_A_REVOCATION_MAX),
	DO(KITH_CMD_PROGRAM_RUN, kith_run_policy, KITH_A_RUN_MAX),
	{
		.cmd = KITH_CMD_CREDENTIAL_GET,
		.start = kith_dump_start,
		.dumpit = kith_dump_credentials,
	},
	{
		.cmd = KITH_CMD_CONN_GET,
		.start = kith_dump_start,
		.dumpit = kith_dump_conns,
	},
	{
		.cmd = KITH_CMD_BUNDLE_GET,
		.start = kith_dump_bundles_start,
		.dumpit = kith_dump_bundles,
		.done = kith_dump_bundles_done,
	},
	{
		.cmd = KITH_CMD_REVOCATION_GET,
		.start = kith_dump_start,
		.dumpit = kith_dump_revocations,
	},
};

static const struct genl_multicast_group groups[] = {
	[KITH_GROUP_EVENTS] = {
		.name = KITH_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_SYS_ADMIN,
	},
};

/* Not in other network namespaces: it is about the whole host. */
struct genl_family kith_family __ro_after_init = {
	.name = KITH_FAMILY_NAME,
	.version = KITH_FAMILY_VERSION,
	.module = THIS_MODULE,
	.netnsok = false,
	/* Else making a key would hold up every family of the host. */
	.parallel_ops = true,
	.ops = genl_ops,
	.n_ops = ARRAY_SIZE(genl_ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

static bool genl_up;		/* written at init and exit */

bool kith_genl_is_up(void)
{
	/* Pairs with kith_genl_init(). */
	return smp_load_acquire(&genl_up);
}

int kith_genl_init(void)
{
	int err = kith_agent_init();

	if (err)
		return err;
	err = genl_register_family(&kith_family);
	if (err) {
		kith_agent_exit();
		return err;
	}
	/* Pairs with kith_genl_is_up(): the family's ids are seen. */
	smp_store_release(&genl_up, true);
	return 0;
}

void kith_genl_exit(void)
{
	WRITE_ONCE(genl_up, false);
	synchronize_rcu();
	genl_unregister_family(&kith_family);
	kith_agent_exit();
}
