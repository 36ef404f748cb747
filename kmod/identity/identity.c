// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "ca.h"
#include "claim.h"
#include "config.h"
#include "identity.h"
#include "program.h"
#include "revocation.h"
#include "share.h"

struct workqueue_struct *kith_identity_wq;

/* The longest chain of things that end each other: a program its credentials,
 * a credential its SVID, each through the queue or a grace period.
 */
#define CHAIN	4

static void identity_settle(void)
{
	int i;

	for (i = 0; i < CHAIN; i++) {
		/* Grace periods over, their work queued; then done. */
		rcu_barrier();
		flush_workqueue(kith_identity_wq);
	}
}

int kith_identity_init(void)
{
	int err = -ENOMEM;

	kith_identity_wq = alloc_workqueue("kith", WQ_UNBOUND, 0);
	if (!kith_identity_wq)
		return err;
	err = kith_claims_init();
	if (err)
		goto err_wq;
	err = kith_config_init();
	if (err)
		goto err_claims;
	err = kith_program_init();
	if (err)
		goto err_config;
	return 0;
err_config:
	kith_config_exit();
	identity_settle();
err_claims:
	kith_claims_exit();
err_wq:
	destroy_workqueue(kith_identity_wq);
	return err;
}

void kith_identity_exit(void)
{
	/* What still ends may look at the config. */
	identity_settle();
	kith_share_exit();
	kith_config_exit();
	kith_revocation_exit();
	kith_ca_exit();
	identity_settle();
	destroy_workqueue(kith_identity_wq);
	kith_program_exit();
	kith_claims_exit();
}
