// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include "../identity/credential_types.h"
#include "agent.h"
#include "fill.h"
#include "genl.h"
#include "upcall.h"

/* Paths of executable, script and cgroup, groups, an identity, and the rest. */
#define UPCALL_SIZE	(3 * KITH_PATH_MAX + 4 * KITH_GROUPS_MAX + \
			 KITH_SPIFFE_ID_MAX + 1024)

static int attest_fill(struct sk_buff *skb, struct kith_credential *c)
{
	struct kith_program *program = kith_credential_program(c);
	char *buf = kmalloc(KITH_PATH_MAX, GFP_KERNEL);
	void *header;
	int err = -EMSGSIZE;

	if (!buf)
		return -ENOMEM;
	header = genlmsg_put(skb, 0, 0, &kith_family, 0, KITH_CMD_ATTEST);
	if (header && !kith_put_owner(skb, c) &&
	    !kith_put_permit(skb, c) &&
	    !kith_put_subject(skb, c) &&
	    !kith_put_program(skb, KITH_A_CREDENTIAL_PROGRAM, program,
			      kith_exe_path(program, buf))) {
		genlmsg_end(skb, header);
		err = 0;
	}
	kfree(buf);
	return err;
}

int kith_upcall_attest(struct kith_credential *c)
{
	u32 port = kith_agent_port();
	struct sk_buff *skb;
	int err;

	if (!port)
		return -ENOTCONN;
	skb = genlmsg_new(UPCALL_SIZE, GFP_KERNEL);
	if (!skb)
		return -ENOMEM;
	err = attest_fill(skb, c);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	return genlmsg_unicast(&init_net, skb, port);
}
