// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "../control/count.h"
#include "../handshake/engine.h"
#include "config.h"
#include "identity.h"

/* Never NULL between init and exit. Written by one at a time, see
 * kith_config_enforce().
 */
static struct kith_config __rcu *config_in_force;

static void config_free(struct work_struct *work)
{
	struct kith_config *config = container_of(to_rcu_work(work),
						  struct kith_config, free);
	unsigned int i;

	kith_claims_free(&config->claims);
	for (i = 0; i < config->n_bundles; i++)
		kith_certs_put(config->bundles[i].certs);
	kvfree(config->bundles);
	kvfree(config->blob);
	kfree(config);
	kith_object_gone(KITH_OBJECT_CONFIG);
}

struct kith_config *kith_config_new(void)
{
	struct kith_config *config = kzalloc(sizeof(*config), GFP_KERNEL);

	if (!config)
		return NULL;
	refcount_set(&config->ref, 1);
	kith_object_born(KITH_OBJECT_CONFIG);
	return config;
}

struct kith_config *kith_config_get(void)
{
	struct kith_config *config;

	rcu_read_lock();
	do {
		config = rcu_dereference(config_in_force);
	} while (!refcount_inc_not_zero(&config->ref));
	rcu_read_unlock();
	return config;
}

void kith_config_put(struct kith_config *config)
{
	if (!refcount_dec_and_test(&config->ref))
		return;
	INIT_RCU_WORK(&config->free, config_free);
	queue_rcu_work(kith_identity_wq, &config->free);
}

struct kith_certs *kith_config_bundle(const struct kith_config *config,
				      const char *trust_domain)
{
	unsigned int low = 0, high = config->n_bundles, middle;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		order = strcmp(trust_domain,
			       config->bundles[middle].trust_domain);
		if (!order)
			return kith_certs_get(config->bundles[middle].certs);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

void kith_config_enforce(struct kith_config *config)
{
	struct kith_config *old = rcu_replace_pointer(config_in_force, config,
						      true);

	if (old)
		kith_config_put(old);
}

int kith_config_init(void)
{
	struct kith_config *config = kith_config_new();

	if (!config)
		return -ENOMEM;
	kith_config_enforce(config);
	return 0;
}

void kith_config_exit(void)
{
	kith_config_enforce(NULL);
}
