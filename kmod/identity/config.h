/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the agent loaded: claims, bundles and rules under one generation
 * number. A config is immutable once in force; a commit swaps the pointer.
 */
#ifndef _KITH_IDENTITY_CONFIG_H
#define _KITH_IDENTITY_CONFIG_H

#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "../policy/table.h"
#include "claim.h"

#define KITH_BUNDLES_MAX	256
/* CA certificates of one bundle. */
#define KITH_BUNDLE_CERTS_MAX	32

struct kith_certs;

struct kith_bundle {
	char trust_domain[256];
	struct kith_certs *certs;	/* counted */
};

struct kith_config {
	refcount_t ref;
	u64 generation;
	struct kith_claims claims;
	struct kith_bundle *bundles;	/* sorted by trust domain */
	unsigned int n_bundles;
	u32 open_doors;			/* 1 << enum kith_door */
	struct kith_table rules;
	void *blob;			/* memory of @rules */
	struct rcu_work free;
};

/* The config in force with a reference, never NULL (an empty one at first).
 * Any context.
 */
struct kith_config *kith_config_get(void);
void kith_config_put(struct kith_config *config);

/* CA certificates of @trust_domain with a reference, or NULL. Process
 * context.
 */
struct kith_certs *kith_config_bundle(const struct kith_config *config,
				      const char *trust_domain);

/* A config with generation 0 and nothing in it, one reference; or NULL. */
struct kith_config *kith_config_new(void);
/* Puts @config in force; takes the caller's reference. Callers take turns. */
void kith_config_enforce(struct kith_config *config);

int kith_config_init(void);
void kith_config_exit(void);

#endif
