/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent loaded: claims, bundles and rules under one generation
 * number. A config is immutable; a commit swaps the pointer.
 */
#ifndef _KITH_IDENTITY_CONFIG_H
#define _KITH_IDENTITY_CONFIG_H

#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include "../policy/table.h"
#include "claim.h"

struct kith_certs;

struct kith_bundle {
	char trust_domain[256];
	struct kith_certs *certs;
};

struct kith_config {
	refcount_t ref;
	u64 generation;
	struct kith_claims claims;
	struct kith_bundle *bundles;	/* sorted by trust domain */
	unsigned int n_bundles;
	struct kith_table rules;
	void *blob;			/* memory of @rules */
	struct rcu_work free;
};

/* The config in force with a reference, never NULL (an empty one at first).
 * Any context. */
struct kith_config *kith_config_get(void);
void kith_config_put(struct kith_config *config);

/* CA certificates of @trust_domain with a reference, or NULL. */
struct kith_certs *kith_config_bundle(const struct kith_config *config,
				      const char *trust_domain);

#endif
