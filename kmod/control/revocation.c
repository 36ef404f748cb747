// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands about revocations. What they find is marked when they return; the
 * connections' workers end it, and status tells how many have it before them.
 */
#include <linux/kith.h>
#include <linux/sched.h>
#include "../identity/credential_types.h"
#include "../identity/process.h"
#include "../identity/program.h"
#include "../identity/revocation.h"
#include "../identity/share.h"
#include "../socket/socket.h"
#include "genl.h"

/* Revokes every credential that @is_meant names. */
static void revoke_credentials(bool (*is_meant)(struct kith_credential *c,
						const void *arg),
			       const void *arg)
{
	struct kith_credential *c;
	u64 id = 0;

	while ((c = kith_credential_from(id + 1))) {
		id = kith_credential_id(c);
		if (is_meant(c, arg))
			kith_issue_revoke(c, KITH_REASON_OWN_REVOKED);
		kith_credential_put(c);
		cond_resched();
	}
	kith_socket_recheck_revoked();
}

static bool has_revoked_svid(struct kith_credential *c, const void *unused)
{
	struct kith_svid *svid = kith_credential_peek(c);
	bool revoked;

	if (!svid)
		return false;
	revoked = kith_svid_is_revoked(svid);
	kith_svid_put(svid);
	return revoked;
}

static bool is_of_program(struct kith_credential *c, const void *program)
{
	return kith_credential_program(c) == program;
}

static int revoke_process(u32 pid, struct netlink_ext_ack *extack)
{
	struct kith_program *program = kith_process_revoke(pid);

	if (!program) {
		NL_SET_ERR_MSG(extack, "no claimed program runs as this process");
		return -ESRCH;
	}
	revoke_credentials(is_of_program, program);
	kith_program_put(program);
	return 0;
}

static struct kith_revocation named(const struct genl_info *info)
{
	const struct nlattr *spiffe_id = info->attrs[KITH_A_REVOCATION_SPIFFE_ID];
	const struct nlattr *serial = info->attrs[KITH_A_REVOCATION_SERIAL];
	const struct nlattr *seconds = info->attrs[KITH_A_REVOCATION_SECONDS];

	return (struct kith_revocation){
		.spiffe_id = spiffe_id ? nla_data(spiffe_id) : NULL,
		.serial = serial ? nla_data(serial) : NULL,
		.serial_len = serial ? nla_len(serial) : 0,
		.seconds = seconds ? nla_get_u32(seconds) : 0,
	};
}

int kith_cmd_revocation_add(struct genl_info *info)
{
	const struct nlattr *pid = info->attrs[KITH_A_REVOCATION_PID];
	struct kith_revocation what = named(info);
	int err;

	if (pid)
		return revoke_process(nla_get_u32(pid), info->extack);
	err = kith_revocation_add(&what, info->extack);
	if (err)
		return err;
	/* Installing takes turns with us: no SVID slips through between. */
	kith_share_drop_idle();
	revoke_credentials(has_revoked_svid, NULL);
	return 0;
}

int kith_cmd_revocation_remove(struct genl_info *info)
{
	struct kith_revocation what = named(info);
	int err = kith_revocation_remove(&what);

	if (err)
		NL_SET_ERR_MSG(info->extack, "no such revocation stands");
	return err;
}

/* dump ------------------------------------------------------------------- */

struct walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int put(struct sk_buff *skb, const struct kith_revocation *what)
{
	if (what->spiffe_id ?
	    nla_put_string(skb, KITH_A_REVOCATION_SPIFFE_ID, what->spiffe_id) :
	    nla_put(skb, KITH_A_REVOCATION_SERIAL, what->serial_len,
		    what->serial))
		return -EMSGSIZE;
	return what->seconds ? nla_put_u32(skb, KITH_A_REVOCATION_SECONDS,
					   what->seconds) : 0;
}

static int show(const struct kith_revocation *what, void *arg)
{
	struct walk *walk = arg;
	void *header = kith_dump_begin(walk->skb, walk->cb,
				       KITH_CMD_REVOCATION_GET);

	return header ? kith_dump_end(walk->skb, header, put(walk->skb, what)) :
			-EMSGSIZE;
}

int kith_dump_revocations(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct walk walk = { skb, cb };
	u64 *last = (u64 *)cb->ctx;

	return kith_dump_result(skb, kith_revocation_for_each(last, show,
							      &walk));
}
