// SPDX-License-Identifier: GPL-2.0-only
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include "../control/count.h"
#include "ca.h"
#include "spiffe_id.h"

static DEFINE_MUTEX(ca_mutex);

static struct kith_ca {
	struct kith_key *key;		/* NULL: there is no CA */
	struct kith_certs *certs;
	char trust_domain[KITH_TRUST_DOMAIN_MAX + 1];
	time64_t not_before, not_after;
} ca;					/* ca_mutex */

static void ca_drop(void)
{
	if (!ca.key)
		return;
	kith_key_free(ca.key);
	kith_certs_put(ca.certs);
	memset(&ca, 0, sizeof(ca));
	kith_object_gone(KITH_OBJECT_CA);
}

static struct kith_certs *ca_self_sign(const struct kith_key *key,
				       const char *trust_domain,
				       const struct kith_validity *v)
{
	u8 *der = kmalloc(KITH_CERT_MAX, GFP_KERNEL);
	struct kith_certs *certs;
	size_t len;
	int n;

	if (!der)
		return ERR_PTR(-ENOMEM);
	n = kith_ca_build(key, trust_domain, v, der, KITH_CERT_MAX);
	len = n;
	certs = n < 0 ? ERR_PTR(n) :
		kith_certs_parse((const u8 *const[]){ der }, &len, 1);
	kfree(der);
	return certs;
}

static int ca_make(const char *trust_domain, const struct kith_validity *v)
{
	struct kith_key *key = kith_key_new();
	struct kith_certs *certs;

	if (IS_ERR(key))
		return PTR_ERR(key);
	certs = ca_self_sign(key, trust_domain, v);
	if (IS_ERR(certs)) {
		kith_key_free(key);
		return PTR_ERR(certs);
	}
	ca_drop();
	ca.key = key;
	ca.certs = certs;
	ca.not_before = v->not_before;
	ca.not_after = v->not_after;
	strscpy(ca.trust_domain, trust_domain, sizeof(ca.trust_domain));
	kith_object_born(KITH_OBJECT_CA);
	return 0;
}

/* Whether the CA there is can serve on: not from the half of its time, nor when the
 * clock was wrong when it was made and has been set back since.
 */
static bool ca_is_fresh(void)
{
	time64_t now = ktime_get_real_seconds();

	return now >= ca.not_before &&
	       now < ca.not_before + (ca.not_after - ca.not_before) / 2;
}

static int check_request(const char *trust_domain,
			 const struct kith_validity *v,
			 struct netlink_ext_ack *extack)
{
	if (kith_trust_domain_check(trust_domain, strlen(trust_domain)) !=
	    KITH_SPIFFE_OK) {
		NL_SET_ERR_MSG(extack, "the trust domain's name is not valid");
		return -EINVAL;
	}
	if (!v->serial_len || v->not_after <= v->not_before) {
		NL_SET_ERR_MSG(extack,
			       "a serial number and a validity are needed");
		return -EINVAL;
	}
	if (ktime_get_real_seconds() > v->not_after) {
		NL_SET_ERR_MSG(extack,
			       "the validity is over already; check the clock");
		return -EKEYEXPIRED;
	}
	return 0;
}

int kith_ca_create(const char *trust_domain, const struct kith_validity *v,
		   struct netlink_ext_ack *extack)
{
	int err = check_request(trust_domain, v, extack);

	if (err)
		return err;
	mutex_lock(&ca_mutex);
	if (ca.key && strcmp(ca.trust_domain, trust_domain)) {
		NL_SET_ERR_MSG(extack,
			       "there is a CA of another trust domain; unload kith first");
		err = -EEXIST;
	} else if (!ca.key || !ca_is_fresh()) {
		err = ca_make(trust_domain, v);
	}
	mutex_unlock(&ca_mutex);
	return err;
}

static int sign_locked(const struct kith_key *subject, const char *spiffe_id,
		       const struct kith_validity *v, u8 *der, size_t size,
		       struct netlink_ext_ack *extack)
{
	int n;

	if (!ca.key) {
		NL_SET_ERR_MSG(extack,
			       "there is no CA; send ca-create first");
		return -ENOKEY;
	}
	if (ktime_get_real_seconds() < ca.not_before) {
		NL_SET_ERR_MSG(extack,
			       "the clock is before the CA's time; set the clock");
		return -EINVAL;
	}
	n = kith_svid_build(ca.key, ca.certs, subject, spiffe_id, v, der, size);
	if (n == -EINVAL)
		NL_SET_ERR_MSG(extack,
			       "the SVID would reach beyond the CA's validity or trust domain");
	return n;
}

int kith_ca_sign(const struct kith_key *subject, const char *spiffe_id,
		 const struct kith_validity *v, u8 *der, size_t size,
		 struct netlink_ext_ack *extack)
{
	int n;

	mutex_lock(&ca_mutex);
	n = sign_locked(subject, spiffe_id, v, der, size, extack);
	mutex_unlock(&ca_mutex);
	return n;
}

int kith_ca_info(struct kith_ca_info *info)
{
	int err = -ENOENT;

	mutex_lock(&ca_mutex);
	if (ca.key) {
		strscpy(info->trust_domain, ca.trust_domain,
			sizeof(info->trust_domain));
		info->not_before = ca.not_before;
		info->not_after = ca.not_after;
		info->certs = kith_certs_get(ca.certs);
		err = 0;
	}
	mutex_unlock(&ca_mutex);
	return err;
}

void kith_ca_exit(void)
{
	mutex_lock(&ca_mutex);
	ca_drop();
	mutex_unlock(&ca_mutex);
}
