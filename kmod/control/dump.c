// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dumps. Each resumes where the last message was full; the receiver's buffer
 * holds DUMP_ALLOC bytes.
 */
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/slab.h>
#include <linux/kith.h>
#include <net/genetlink.h>
#include "../handshake/engine.h"
#include "../identity/config.h"
#include "../identity/credential_types.h"
#include "../identity/program.h"
#include "../identity/stale.h"
#include "../socket/socket.h"
#include "fill.h"
#include "genl.h"

/* More than the biggest object takes. */
#define DUMP_ALLOC	16384

int kith_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = DUMP_ALLOC;
	return kith_genl_check(cb->skb, cb->extack);
}

void *kith_dump_begin(struct sk_buff *skb, struct netlink_callback *cb,
		      enum kith_cmd cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &kith_family, NLM_F_MULTI, cmd);
}

int kith_dump_end(struct sk_buff *skb, void *header, int err)
{
	if (err)
		genlmsg_cancel(skb, header);
	else
		genlmsg_end(skb, header);
	return err;
}

int kith_dump_result(const struct sk_buff *skb, int err)
{
	if (err && (err != -EMSGSIZE || !skb->len))
		return err;
	return skb->len;
}

/* credentials ------------------------------------------------------------ */

/* In cb->ctx. Ids start at 1: 0 is before the first. */
struct credential_dump {
	unsigned int phase;
	u64 last;
	struct kith_stale_cursor stale;
};

struct credential_walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	struct credential_dump *at;
	char *path;
};

static int show_credential(struct credential_walk *walk,
			   struct kith_credential *c)
{
	struct kith_program *program = kith_credential_program(c);
	void *header = kith_dump_begin(walk->skb, walk->cb,
				     KITH_CMD_CREDENTIAL_GET);
	int err = -EMSGSIZE;

	if (!header)
		return err;
	if (!kith_put_credential(walk->skb, c) &&
	    !kith_put_subject(walk->skb, c) &&
	    !kith_put_program(walk->skb, KITH_A_CREDENTIAL_PROGRAM, program,
			      kith_exe_path(program, walk->path)))
		err = 0;
	return kith_dump_end(walk->skb, header, err);
}

static int dump_all_credentials(struct credential_walk *walk)
{
	struct kith_credential *c;
	int err = 0;

	while (!err && (c = kith_credential_from(walk->at->last + 1))) {
		err = show_credential(walk, c);
		if (!err)
			walk->at->last = kith_credential_id(c);
		kith_credential_put(c);
	}
	return err;
}

static bool program_has_none(struct kith_program *program)
{
	bool none;

	spin_lock(kith_program_lock(program));
	none = list_empty(kith_program_credentials(program));
	spin_unlock(kith_program_lock(program));
	return none;
}

static int show_program(struct credential_walk *walk,
			struct kith_program *program)
{
	void *header = kith_dump_begin(walk->skb, walk->cb,
				     KITH_CMD_CREDENTIAL_GET);

	if (!header)
		return -EMSGSIZE;
	return kith_dump_end(walk->skb, header,
			   kith_put_program(walk->skb,
					    KITH_A_CREDENTIAL_PROGRAM, program,
					    kith_exe_path(program, walk->path)));
}

/* Those that have used no socket yet. */
static int dump_bare_programs(struct credential_walk *walk)
{
	struct kith_program *program;
	int err = 0;

	while (!err && (program = kith_program_from(walk->at->last + 1))) {
		if (program_has_none(program))
			err = show_program(walk, program);
		if (!err)
			walk->at->last = kith_program_id(program);
		kith_program_put(program);
	}
	return err;
}

static int put_stale(struct sk_buff *skb, const struct kith_stale *stale)
{
	struct nlattr *nest = nla_nest_start(skb, KITH_A_CREDENTIAL_PROGRAM);

	if (!nest || nla_put_u32(skb, KITH_A_PROGRAM_PID, stale->pid) ||
	    nla_put_string(skb, KITH_A_PROGRAM_COMM, stale->comm) ||
	    kith_put_text(skb, KITH_A_PROGRAM_EXE, stale->exe) ||
	    kith_put_u64(skb, KITH_A_PROGRAM_DEV, new_encode_dev(stale->dev)) ||
	    kith_put_u64(skb, KITH_A_PROGRAM_INO, stale->ino) ||
	    nla_put_flag(skb, KITH_A_PROGRAM_RESTART_NEEDED))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int show_stale(const struct kith_stale *stale, void *arg)
{
	struct credential_walk *walk = arg;
	void *header = kith_dump_begin(walk->skb, walk->cb,
				     KITH_CMD_CREDENTIAL_GET);

	if (!header)
		return -EMSGSIZE;
	return kith_dump_end(walk->skb, header, put_stale(walk->skb, stale));
}

static int dump_stale(struct credential_walk *walk)
{
	struct kith_config *config = kith_config_get();
	int err = kith_stale_walk(&config->claims, &walk->at->stale, show_stale,
				  walk);

	kith_config_put(config);
	return err;
}

static int (*const phases[])(struct credential_walk *walk) = {
	dump_all_credentials,
	dump_bare_programs,
	dump_stale,
};

int kith_dump_credentials(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct credential_walk walk = {
		.skb = skb,
		.cb = cb,
		.at = (struct credential_dump *)cb->ctx,
	};
	int err = 0;

	BUILD_BUG_ON(sizeof(struct credential_dump) > sizeof(cb->ctx));
	walk.path = kmalloc(KITH_PATH_MAX, GFP_KERNEL);
	if (!walk.path)
		return -ENOMEM;
	while (!err && walk.at->phase < ARRAY_SIZE(phases)) {
		err = phases[walk.at->phase](&walk);
		if (!err) {
			walk.at->phase++;
			walk.at->last = 0;
		}
	}
	kfree(walk.path);
	return kith_dump_result(skb, err);
}

/* connections ------------------------------------------------------------ */

struct conn_walk {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int show_conn(const struct kith_conn_info *info, void *arg)
{
	struct conn_walk *walk = arg;
	void *header = kith_dump_begin(walk->skb, walk->cb, KITH_CMD_CONN_GET);

	if (!header)
		return -EMSGSIZE;
	return kith_dump_end(walk->skb, header, kith_put_conn(walk->skb, info));
}

int kith_dump_conns(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct conn_walk walk = { skb, cb };
	unsigned long *position = (unsigned long *)cb->ctx;

	return kith_dump_result(skb, kith_socket_for_each(position, show_conn,
						     &walk));
}

/* bundles ---------------------------------------------------------------- */

/* In cb->ctx: one certificate a message, of one config. */
struct bundle_dump {
	struct kith_config *config;
	unsigned int bundle, cert;
};

int kith_dump_bundles_start(struct netlink_callback *cb)
{
	struct bundle_dump *at = (struct bundle_dump *)cb->ctx;
	int err = kith_dump_start(cb);

	if (!err)
		at->config = kith_config_get();
	return err;
}

int kith_dump_bundles_done(struct netlink_callback *cb)
{
	struct bundle_dump *at = (struct bundle_dump *)cb->ctx;

	if (at->config)
		kith_config_put(at->config);
	return 0;
}

static int show_cert(struct sk_buff *skb, struct netlink_callback *cb,
		     const char *trust_domain, const u8 *der, size_t len)
{
	void *header = kith_dump_begin(skb, cb, KITH_CMD_BUNDLE_GET);
	int err = -EMSGSIZE;

	if (!header)
		return err;
	if (!nla_put_string(skb, KITH_A_BUNDLE_TRUST_DOMAIN, trust_domain) &&
	    !nla_put(skb, KITH_A_BUNDLE_CERTIFICATE, len, der))
		err = 0;
	return kith_dump_end(skb, header, err);
}

int kith_dump_bundles(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct bundle_dump *at = (struct bundle_dump *)cb->ctx;
	const struct kith_bundle *bundle;
	const u8 *der;
	size_t len;
	int err = 0;

	while (!err && at->bundle < at->config->n_bundles) {
		bundle = &at->config->bundles[at->bundle];
		der = kith_certs_der(bundle->certs, at->cert, &len);
		if (!der) {
			at->bundle++;
			at->cert = 0;
			continue;
		}
		err = show_cert(skb, cb, bundle->trust_domain, der, len);
		if (!err)
			at->cert++;
	}
	return kith_dump_result(skb, err);
}
