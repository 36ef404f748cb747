/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_CONTROL_UPCALL_H
#define _KITH_CONTROL_UPCALL_H

struct kith_credential;

/**
 * kith_upcall_attest() - ask the agent which workload a credential is for
 * @c: any
 *
 * May sleep, does not wait for the answer. Return: 0 when the agent's socket
 * has the question, -ENOTCONN without an agent, -EAGAIN when its socket is
 * full, or another -errno.
 */
int kith_upcall_attest(struct kith_credential *c);

#endif
