// SPDX-License-Identifier: GPL-2.0-only
/*
 * Issuing: what the agent's answers do to a credential.
 *
 * The key of the next SVID is prepared beside the SVID in force, so that a
 * renewal which fails takes nothing away.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include "../guard/tamper.h"
#include "../control/count.h"
#include "ca.h"
#include "credential_types.h"
#include "program.h"
#include "revocation.h"
#include "share.h"
#include "spiffe_id.h"

/* Whether the credential can still be issued to. Under the lock. */
static int check_alive(const struct kith_credential *c,
		       struct netlink_ext_ack *extack)
{
	if (kith_program_is_dead(c->program)) {
		NL_SET_ERR_MSG(extack, "the program has ended");
		return -ESRCH;
	}
	if (c->state == KITH_CREDENTIAL_STATE_REVOKED) {
		NL_SET_ERR_MSG(extack,
			       "the credential is revoked; restart the program");
		return -EKEYREVOKED;
	}
	return 0;
}

/* Under the issue mutex. */
static void forget_prepared(struct kith_credential *c)
{
	kith_key_free(c->key);
	kfree(c->spiffe_id);
	kfree(c->workload);
	c->key = NULL;
	c->spiffe_id = NULL;
	c->workload = NULL;
}

/* The agent refuses the credential then, with this reason for it. */
static int check_revocations(const char *spiffe_id, const u8 *serial, size_t len,
			     struct netlink_ext_ack *extack)
{
	if (!kith_is_revoked(spiffe_id, serial, len))
		return 0;
	NL_SET_ERR_MSG(extack, "the SPIFFE ID is revoked; see kith revoke --list");
	return -EKEYREVOKED;
}

/* prepare ---------------------------------------------------------------- */

static int check_id(const char *spiffe_id, struct netlink_ext_ack *extack)
{
	struct kith_spiffe_id id;
	enum kith_spiffe_fault fault;

	fault = kith_spiffe_id_parse(spiffe_id, strlen(spiffe_id), &id);
	if (fault != KITH_SPIFFE_OK) {
		NL_SET_ERR_MSG(extack, "the SPIFFE ID is not valid");
		return -EINVAL;
	}
	if (!id.path_len) {
		NL_SET_ERR_MSG(extack, "the SPIFFE ID of a workload has a path");
		return -EINVAL;
	}
	return 0;
}

/* The agent has answered: what waited for that now waits for the issuer. */
static int enter_issuing(struct kith_credential *c, bool *first,
			 struct netlink_ext_ack *extack)
{
	int err;

	spin_lock_bh(&c->lock);
	err = check_alive(c, extack);
	*first = !err && c->state != KITH_CREDENTIAL_STATE_READY;
	if (*first) {
		/* An answer that came too late begins a new wait. */
		if (c->state == KITH_CREDENTIAL_STATE_REFUSED)
			kith_attest_begin(c);
		c->asked = true;
		kith_credential_set_state(c, KITH_CREDENTIAL_STATE_ISSUING);
	}
	spin_unlock_bh(&c->lock);
	if (*first)
		kith_attest_kick(c, 0);
	return err;
}

/* A key and the request for its certificate. Return: length of that. */
static int make_key(struct kith_credential *c, u8 *csr, size_t size)
{
	struct kith_key *key = kith_key_new();

	if (IS_ERR(key))
		return PTR_ERR(key);
	c->key = key;
	return kith_csr_build(key, c->spiffe_id, csr, size);
}

/* What @c is to do about its next SVID. A program alone makes a key. */
static int take_share(struct kith_credential *c,
		      const struct kith_attested *attested,
		      struct kith_svid **shared)
{
	if (attested->traits & KITH_TRAIT_SHARE_KEY)
		return kith_share_join(c, attested, shared);
	kith_share_leave(c);
	return KITH_SHARE_MAKE;
}

/* The wait begins before the share is joined: whoever else is issued to may
 * end from then on, and have @c asked about anew.
 */
static int prepare_locked(struct kith_credential *c,
			  const struct kith_attested *attested, u8 *csr, size_t size,
			  struct netlink_ext_ack *extack)
{
	struct kith_svid *shared;
	int len = 0, err, role;
	bool first;

	if (!kith_tamper_admits(c->program, attested->traits)) {
		NL_SET_ERR_MSG(extack, "the program was tampered with");
		/* The Workload says so since: what it has is taken, too. */
		if (READ_ONCE(c->state) == KITH_CREDENTIAL_STATE_READY)
			kith_program_quarantine(c->program);
		return -EACCES;
	}
	forget_prepared(c);
	c->spiffe_id = kstrdup(attested->spiffe_id, GFP_KERNEL);
	c->workload = kstrdup(attested->workload, GFP_KERNEL);
	c->traits = attested->traits;
	if (!c->spiffe_id || !c->workload)
		return -ENOMEM;
	err = enter_issuing(c, &first, extack);
	if (err)
		return err;
	role = take_share(c, attested, &shared);
	if (role < 0)
		return role;
	if (role == KITH_SHARE_MAKE)
		len = make_key(c, csr, size);
	if (len < 0) {
		kith_share_leave(c);
		return len;
	}
	if (first)
		kith_credential_tell(c, KITH_EVENT_KIND_ATTESTED,
				     KITH_REASON_NONE, 0, attested->spiffe_id);
	if (role == KITH_SHARE_HAVE)
		return kith_issue_put_in_force(c, shared, extack);
	return len;
}

int kith_issue_prepare(struct kith_credential *c,
		       const struct kith_attested *attested, u8 *csr, size_t size,
		       struct netlink_ext_ack *extack)
{
	int len = check_id(attested->spiffe_id, extack);

	if (!len)
		len = check_revocations(attested->spiffe_id, NULL, 0, extack);
	if (len)
		return len;
	mutex_lock(&c->issue);
	len = prepare_locked(c, attested, csr, size, extack);
	if (len < 0)
		forget_prepared(c);
	mutex_unlock(&c->issue);
	return len;
}

/* install ---------------------------------------------------------------- */

static int check_svid(const struct kith_credential *c,
		      const struct kith_certs *chain,
		      struct kith_svid_facts *facts,
		      struct netlink_ext_ack *extack)
{
	enum kith_reason reason;
	int err;

	if (!c->key) {
		NL_SET_ERR_MSG(extack,
			       "nothing is prepared; send credential-prepare first");
		return -EINVAL;
	}
	err = kith_certs_svid(chain, facts, &reason);
	if (err) {
		NL_SET_ERR_MSG(extack, "the leaf is not an X.509-SVID");
		return err;
	}
	if (!kith_certs_match_key(chain, c->key)) {
		NL_SET_ERR_MSG(extack,
			       "the leaf is for another key than the prepared one");
		return -EKEYREJECTED;
	}
	if (strcmp(facts->spiffe_id, c->spiffe_id)) {
		NL_SET_ERR_MSG(extack,
			       "the leaf has another SPIFFE ID than was prepared");
		return -EKEYREJECTED;
	}
	if (!kith_certs_sendable(chain)) {
		NL_SET_ERR_MSG(extack,
			       "the chain is too long for a handshake; leave out the root");
		return -E2BIG;
	}
	if (ktime_get_real_seconds() > facts->not_after) {
		NL_SET_ERR_MSG(extack,
			       "the leaf is past its time; check the clocks");
		return -EKEYEXPIRED;
	}
	return check_revocations(facts->spiffe_id, facts->serial,
				 facts->serial_len, extack);
}

int kith_issue_put_in_force(struct kith_credential *c, struct kith_svid *svid,
			    struct netlink_ext_ack *extack)
{
	struct kith_svid *old = svid;
	int err;

	spin_lock_bh(&c->lock);
	err = check_alive(c, extack);
	if (!err) {
		old = rcu_replace_pointer(c->svid, svid,
					  lockdep_is_held(&c->lock));
		WRITE_ONCE(c->expiry_told, false);
		kith_attest_settle(c, KITH_CREDENTIAL_STATE_READY,
				   KITH_REASON_NONE, NULL);
	}
	spin_unlock_bh(&c->lock);
	if (old)
		kith_svid_put(old);
	return err;
}

static int install_locked(struct kith_credential *c, struct kith_certs *chain,
			  struct netlink_ext_ack *extack)
{
	struct kith_svid *svid = kzalloc(sizeof(*svid), GFP_KERNEL);
	int err;

	if (!svid)
		return -ENOMEM;
	err = check_svid(c, chain, &svid->facts, extack);
	if (err) {
		kfree(svid);
		return err;
	}
	kith_object_born(KITH_OBJECT_SVID);
	refcount_set(&svid->ref, 1);
	svid->chain = kith_certs_get(chain);
	svid->key = c->key;
	c->key = NULL;
	strscpy(svid->workload, c->workload, sizeof(svid->workload));
	svid->traits = c->traits;
	err = kith_issue_put_in_force(c, kith_svid_get(svid), extack);
	if (!err)
		kith_share_publish(c, svid);
	kith_svid_put(svid);
	forget_prepared(c);
	return err;
}

int kith_issue_install(struct kith_credential *c, struct kith_certs *chain,
		       struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&c->issue);
	err = install_locked(c, chain, extack);
	mutex_unlock(&c->issue);
	if (!err)
		kith_credential_tell(c, KITH_EVENT_KIND_ISSUED,
				     KITH_REASON_NONE, 0, NULL);
	return err;
}

static int sign_locked(struct kith_credential *c, const struct kith_validity *v,
		       u8 *der, size_t size, struct netlink_ext_ack *extack)
{
	struct kith_certs *chain;
	size_t len;
	int n, err;

	if (!c->key) {
		NL_SET_ERR_MSG(extack,
			       "nothing is prepared; send credential-prepare first");
		return -EINVAL;
	}
	n = kith_ca_sign(c->key, c->spiffe_id, v, der, size, extack);
	if (n < 0)
		return n;
	len = n;
	chain = kith_certs_parse((const u8 *const[]){ der }, &len, 1);
	if (IS_ERR(chain))
		return PTR_ERR(chain);
	err = install_locked(c, chain, extack);
	kith_certs_put(chain);
	return err ?: n;
}

int kith_issue_sign(struct kith_credential *c, const struct kith_validity *v,
		    u8 *der, size_t size, struct netlink_ext_ack *extack)
{
	int len;

	mutex_lock(&c->issue);
	len = sign_locked(c, v, der, size, extack);
	mutex_unlock(&c->issue);
	if (len > 0)
		kith_credential_tell(c, KITH_EVENT_KIND_ISSUED,
				     KITH_REASON_NONE, 0, NULL);
	return len;
}

/* refuse, revoke --------------------------------------------------------- */

int kith_issue_refuse(struct kith_credential *c, enum kith_reason reason,
		      const char *message, struct netlink_ext_ack *extack)
{
	bool ready;
	int err;

	mutex_lock(&c->issue);
	forget_prepared(c);
	mutex_unlock(&c->issue);

	spin_lock_bh(&c->lock);
	err = check_alive(c, extack);
	/* A renewal refused leaves what is in force. */
	ready = c->state == KITH_CREDENTIAL_STATE_READY;
	if (!err && !ready)
		kith_attest_settle(c, KITH_CREDENTIAL_STATE_REFUSED, reason,
				   message);
	spin_unlock_bh(&c->lock);
	if (err || ready)
		return err;
	kith_share_leave(c);
	kith_credential_tell(c, KITH_EVENT_KIND_REFUSED, reason,
			     reason == KITH_REASON_OWN_REVOKED ?
			     EKEYREVOKED : ENOKEY, message);
	return 0;
}

bool kith_issue_revoke(struct kith_credential *c, enum kith_reason reason)
{
	struct kith_svid *svid = NULL;
	bool mine;

	spin_lock_bh(&c->lock);
	mine = c->state != KITH_CREDENTIAL_STATE_REVOKED;
	if (mine) {
		kith_attest_settle(c, KITH_CREDENTIAL_STATE_REVOKED, reason,
				   NULL);
		svid = rcu_replace_pointer(c->svid, NULL,
					   lockdep_is_held(&c->lock));
	}
	spin_unlock_bh(&c->lock);
	if (!mine)
		return false;
	kith_share_leave(c);
	if (svid)
		kith_svid_put(svid);
	if (cancel_delayed_work(&c->wait))
		kith_credential_put(c);
	mutex_lock(&c->issue);
	forget_prepared(c);
	mutex_unlock(&c->issue);
	if (reason == KITH_REASON_OWN_REVOKED ||
	    reason == KITH_REASON_TAMPERED)
		kith_credential_tell(c, KITH_EVENT_KIND_REVOKED, reason,
				     EKEYREVOKED, NULL);
	return true;
}
