/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The embedded CA of one host. Its key is made here and never leaves; it dies
 * with the module.
 */
#ifndef _KITH_IDENTITY_CA_H
#define _KITH_IDENTITY_CA_H

#include <linux/types.h>
#include "../handshake/engine.h"

struct netlink_ext_ack;

/* What may be told of it. */
struct kith_ca_info {
	char trust_domain[KITH_TRUST_DOMAIN_MAX + 1];
	time64_t not_before, not_after;
	struct kith_certs *certs;	/* a reference the caller puts */
};

/**
 * kith_ca_create() - make the CA, or find the one there is
 * @trust_domain: whose
 * @v: validity and serial number of a new one
 * @extack: what is wrong, or NULL
 *
 * The CA there is stays while it serves @trust_domain and is in the first
 * half of its life; later it is replaced, and what it signed stays valid as
 * long as the bundle holds its certificate. May sleep. Return: 0, -EEXIST when
 * it is another trust domain's, or another -errno.
 */
int kith_ca_create(const char *trust_domain, const struct kith_validity *v,
		   struct netlink_ext_ack *extack);

/* Signs an SVID for @subject. May sleep. Return: length of the DER at @der or
 * -errno.
 */
int kith_ca_sign(const struct kith_key *subject, const char *spiffe_id,
		 const struct kith_validity *v, u8 *der, size_t size,
		 struct netlink_ext_ack *extack);

/* Fills in @info; -ENOENT when there is no CA. May sleep. */
int kith_ca_info(struct kith_ca_info *info);

void kith_ca_exit(void);

#endif
