/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Identity as a whole: its order of birth and death.
 */
#ifndef _KITH_IDENTITY_IDENTITY_H
#define _KITH_IDENTITY_IDENTITY_H

struct workqueue_struct;

/* Runs what probes and last references may not: ending programs, asking the
 * agent, freeing keys. Unbound.
 */
extern struct workqueue_struct *kith_identity_wq;

/* Everything but the probes: nothing is claimed yet. */
int kith_identity_init(void);
/* After everything that uses credentials is gone. May sleep. */
void kith_identity_exit(void);

#endif
