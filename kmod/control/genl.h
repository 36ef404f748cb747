/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family: what its commands share. The contract is
 * spec/kith.yaml.
 */
#ifndef _KITH_CONTROL_GENL_H
#define _KITH_CONTROL_GENL_H

#include <linux/kith.h>
#include <linux/mutex.h>
#include <net/genetlink.h>

struct netlink_callback;

extern struct genl_family kith_family;

/* Whether the family is registered, and stays so as long as the caller's RCU
 * section lasts. Messages are made and sent in such a section, or in a command.
 */
bool kith_genl_is_up(void);

/* Index of the event group in the family. */
#define KITH_GROUP_EVENTS	0

/* Serialises everything that the agent does; protects the registration and the
 * open transaction. The outermost lock of ours.
 */
extern struct mutex kith_control_mutex;

/* A reply under construction. */
struct kith_reply {
	struct sk_buff *skb;
	void *header;
};

/* Room for the biggest reply: the fixed attributes and one certificate. */
#define KITH_REPLY_SIZE		8192

/* 0 or -ENOMEM. kith_reply_send() or kith_reply_drop() follows. */
int kith_reply_begin(struct kith_reply *reply, const struct genl_info *info);
/* Sends it when @err is 0, else drops it; returns the error there was. */
int kith_reply_end(struct kith_reply *reply, struct genl_info *info, int err);

/* 0, or -EINVAL naming the missing attribute @type. */
int kith_need(const struct genl_info *info, int type);

/* Whether the sender of @skb may use the family: 0 or -EPERM. */
int kith_genl_check(struct sk_buff *skb, struct netlink_ext_ack *extack);

/* The commands. Process context, may sleep; 0 or -errno. Those for the agent
 * run under kith_control_mutex.
 */
int kith_cmd_status(struct genl_info *info);
int kith_cmd_register(struct genl_info *info);
int kith_cmd_config_begin(struct genl_info *info);
int kith_cmd_config_add(struct genl_info *info);
int kith_cmd_config_commit(struct genl_info *info);
int kith_cmd_program_exe(struct genl_info *info);
int kith_cmd_program_run(struct genl_info *info);
int kith_cmd_credential_prepare(struct genl_info *info);
int kith_cmd_credential_sign(struct genl_info *info);
int kith_cmd_credential_install(struct genl_info *info);
int kith_cmd_credential_refuse(struct genl_info *info);
int kith_cmd_credential_revoke(struct genl_info *info);
int kith_cmd_ca_create(struct genl_info *info);
int kith_cmd_revocation_add(struct genl_info *info);
int kith_cmd_revocation_remove(struct genl_info *info);

/* The dumps. */
int kith_dump_start(struct netlink_callback *cb);
int kith_dump_credentials(struct sk_buff *skb, struct netlink_callback *cb);
int kith_dump_conns(struct sk_buff *skb, struct netlink_callback *cb);
int kith_dump_bundles_start(struct netlink_callback *cb);
int kith_dump_bundles(struct sk_buff *skb, struct netlink_callback *cb);
int kith_dump_bundles_done(struct netlink_callback *cb);
int kith_dump_revocations(struct sk_buff *skb, struct netlink_callback *cb);

/* One message of a dump, or NULL when it is full. kith_dump_end() follows, which
 * takes it back when @err is not 0 and returns @err.
 */
void *kith_dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
		      enum kith_cmd cmd);
int kith_dump_end(struct sk_buff *skb, void *header, int err);
/* What a dump returns: more when it is full, an error when nothing fits. */
int kith_dump_result(const struct sk_buff *skb, int err);

int kith_genl_init(void);
/* Refuses commands from now on and waits for those under way. */
void kith_genl_exit(void);

#endif
