// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands about credentials: the agent's answers and orders.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/kith.h>
#include "../handshake/engine.h"
#include "../identity/credential_types.h"
#include "../identity/share.h"
#include "../socket/socket.h"
#include "fill.h"
#include "genl.h"

/* A CSR holds one SPIFFE ID and little else. */
#define CSR_MAX		(KITH_SPIFFE_ID_MAX + 1024)

/* The credential that a request names, with a reference; or ERR_PTR. */
static struct kith_credential *credential_named(const struct genl_info *info)
{
	struct kith_credential *c;

	if (kith_need(info, KITH_A_CREDENTIAL_ID))
		return ERR_PTR(-EINVAL);
	c = kith_credential_find(nla_get_u64(info->attrs[KITH_A_CREDENTIAL_ID]));
	if (c)
		return c;
	NL_SET_ERR_MSG(info->extack,
		       "there is no such credential; its program has ended");
	return ERR_PTR(-ESRCH);
}

static const char *text_or(const struct nlattr *attr, const char *other)
{
	return attr ? nla_data(attr) : other;
}

/* Replies with one attribute of @len bytes. */
static int reply_data(struct genl_info *info, int type, const u8 *data, int len)
{
	struct kith_reply reply;
	int err = kith_reply_begin(&reply, info);

	if (err)
		return err;
	err = nla_put(reply.skb, type, len, data);
	return kith_reply_end(&reply, info, err);
}

/* When the SVID that is in force is valid, if there is one: what the agent needs
 * to know of one that it has not asked for.
 */
static int reply_shared(struct kith_credential *c, struct genl_info *info)
{
	struct kith_svid *svid;
	struct kith_reply reply;
	int err = kith_reply_begin(&reply, info);

	if (err)
		return err;
	svid = kith_credential_peek(c);
	if (svid) {
		err = kith_put_u64(reply.skb, KITH_A_CREDENTIAL_NOT_BEFORE,
				   svid->facts.not_before) ?:
		      kith_put_u64(reply.skb, KITH_A_CREDENTIAL_NOT_AFTER,
				   svid->facts.not_after);
		kith_svid_put(svid);
	}
	return kith_reply_end(&reply, info, err);
}

static int prepare(struct kith_credential *c, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct kith_attested attested = {
		.spiffe_id = nla_data(a[KITH_A_CREDENTIAL_SPIFFE_ID]),
		.workload = text_or(a[KITH_A_CREDENTIAL_WORKLOAD], ""),
		.traits = a[KITH_A_CREDENTIAL_TRAITS] ?
			  nla_get_u32(a[KITH_A_CREDENTIAL_TRAITS]) : 0,
	};
	u8 *csr = kmalloc(CSR_MAX, GFP_KERNEL);
	int len;

	if (!csr)
		return -ENOMEM;
	len = kith_issue_prepare(c, &attested, csr, CSR_MAX, info->extack);
	if (len > 0)
		len = reply_data(info, KITH_A_CREDENTIAL_CSR, csr, len);
	else if (!len)
		len = reply_shared(c, info);
	kfree(csr);
	return len;
}

int kith_cmd_credential_prepare(struct genl_info *info)
{
	struct kith_credential *c;
	int err = kith_need(info, KITH_A_CREDENTIAL_SPIFFE_ID);

	if (err)
		return err;
	c = credential_named(info);
	if (IS_ERR(c))
		return PTR_ERR(c);
	err = prepare(c, info);
	kith_credential_put(c);
	return err;
}

static int sign(struct kith_credential *c, struct genl_info *info)
{
	struct nlattr **a = info->attrs;
	struct kith_validity v = {
		.serial = nla_data(a[KITH_A_CREDENTIAL_SERIAL]),
		.serial_len = nla_len(a[KITH_A_CREDENTIAL_SERIAL]),
		.not_before = nla_get_s64(a[KITH_A_CREDENTIAL_NOT_BEFORE]),
		.not_after = nla_get_s64(a[KITH_A_CREDENTIAL_NOT_AFTER]),
	};
	u8 *der = kmalloc(KITH_CERT_MAX, GFP_KERNEL);
	int len;

	if (!der)
		return -ENOMEM;
	len = kith_issue_sign(c, &v, der, KITH_CERT_MAX, info->extack);
	if (len >= 0)
		len = reply_data(info, KITH_A_CREDENTIAL_CERTIFICATE, der, len);
	kfree(der);
	return len;
}

int kith_cmd_credential_sign(struct genl_info *info)
{
	struct kith_credential *c;
	int err;

	if (kith_need(info, KITH_A_CREDENTIAL_SERIAL) ||
	    kith_need(info, KITH_A_CREDENTIAL_NOT_BEFORE) ||
	    kith_need(info, KITH_A_CREDENTIAL_NOT_AFTER))
		return -EINVAL;
	c = credential_named(info);
	if (IS_ERR(c))
		return PTR_ERR(c);
	err = sign(c, info);
	kith_credential_put(c);
	return err;
}

/* The certificates of a request, leaf first; or ERR_PTR. */
static struct kith_certs *chain_parse(const struct genl_info *info)
{
	const u8 *der[KITH_CHAIN_MAX];
	size_t len[KITH_CHAIN_MAX];
	const struct nlattr *attr;
	struct kith_certs *chain;
	unsigned int n = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != KITH_A_CREDENTIAL_CERTIFICATE)
			continue;
		if (n == KITH_CHAIN_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "the chain is too long");
			return ERR_PTR(-E2BIG);
		}
		der[n] = nla_data(attr);
		len[n++] = nla_len(attr);
	}
	chain = kith_certs_parse(der, len, n);
	if (IS_ERR(chain))
		NL_SET_ERR_MSG(info->extack,
			       "a certificate of the chain does not parse");
	return chain;
}

int kith_cmd_credential_install(struct genl_info *info)
{
	struct kith_credential *c;
	struct kith_certs *chain;
	int err = kith_need(info, KITH_A_CREDENTIAL_CERTIFICATE);

	if (err)
		return err;
	c = credential_named(info);
	if (IS_ERR(c))
		return PTR_ERR(c);
	chain = chain_parse(info);
	err = PTR_ERR_OR_ZERO(chain);
	if (!err) {
		err = kith_issue_install(c, chain, info->extack);
		kith_certs_put(chain);
	}
	kith_credential_put(c);
	return err;
}

int kith_cmd_credential_refuse(struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[KITH_A_CREDENTIAL_REASON];
	struct kith_credential *c = credential_named(info);
	int err;

	if (IS_ERR(c))
		return PTR_ERR(c);
	err = kith_issue_refuse(c, attr ? nla_get_u32(attr) :
					  KITH_REASON_NOT_ATTESTED,
				text_or(info->attrs[KITH_A_CREDENTIAL_MESSAGE],
					NULL),
				info->extack);
	kith_credential_put(c);
	return err;
}

/* revoke ----------------------------------------------------------------- */

static void revoke(struct kith_credential *c)
{
	if (kith_issue_revoke(c, KITH_REASON_OWN_REVOKED))
		kith_socket_close_credential(c);
}

static bool credential_has(struct kith_credential *c,
			   const struct kith_svid *svid)
{
	struct kith_svid *own = kith_credential_peek(c);

	if (own)
		kith_svid_put(own);
	return own == svid;
}

/* For all programs that share it. */
static void revoke_shared(struct kith_svid *svid)
{
	struct kith_credential *c;
	u64 id = 0;

	kith_share_withdraw(svid);
	while ((c = kith_credential_from(id + 1))) {
		id = kith_credential_id(c);
		if (credential_has(c, svid))
			revoke(c);
		kith_credential_put(c);
		cond_resched();
	}
}

int kith_cmd_credential_revoke(struct genl_info *info)
{
	struct kith_credential *c = credential_named(info);

	struct kith_svid *svid;

	if (IS_ERR(c))
		return PTR_ERR(c);
	svid = kith_credential_peek(c);
	if (svid && (svid->traits & KITH_TRAIT_SHARE_KEY))
		revoke_shared(svid);
	revoke(c);
	if (svid)
		kith_svid_put(svid);
	kith_credential_put(c);
	return 0;
}
