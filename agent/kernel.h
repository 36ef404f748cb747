/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's tie to the kernel: connect, register, put the policy in force,
 * adopt what is there, serve upcalls; and start over when the tie breaks.
 */
#ifndef KITH_AGENT_KERNEL_H
#define KITH_AGENT_KERNEL_H

#include <stdbool.h>

struct kith_agent;

/* Begins; returns at once. */
void kith_kernel_start(struct kith_agent *agent);
void kith_kernel_stop(struct kith_agent *agent);

/* Takes the embedded CA's certificate into our bundle, or reads the external
 * issuer's. @changed: whether the embedded CA is a new one. Return: 0 or -errno
 * after having logged why. */
int kith_kernel_trust(struct kith_agent *agent, bool *changed);

/* The wall clock was set: sees to the CA and to the SVIDs' renewal. */
void kith_kernel_clock_set(struct kith_agent *agent);

#endif
