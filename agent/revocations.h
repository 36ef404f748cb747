/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocations that stand, by SPIFFE ID or serial number. The kernel enforces
 * them; the agent keeps them in its state directory, for a kernel that starts
 * anew. Both count in time that runs on whatever the clock says; across a boot
 * it is the clock's.
 */
#ifndef KITH_AGENT_REVOCATIONS_H
#define KITH_AGENT_REVOCATIONS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct kith_nl;
struct kith_revocations;

/* Reads what is kept; what cannot be read is logged. Never NULL. */
struct kith_revocations *kith_revocations_load(const char *state_dir);
void kith_revocations_free(struct kith_revocations *revocations);

/* Makes ours and the kernel's one: what either holds stands, and for what both
 * hold the kernel knows the time. Return: 0 or -errno. */
int kith_revocations_tie(struct kith_revocations *revocations, struct kith_nl *nl);

/**
 * kith_revocations_add() - revoke from now on
 * @name: a SPIFFE ID, or a serial number in hex
 * @seconds: 0: until it is lifted
 *
 * It is kept before the kernel is told. Return: 0, -EINVAL for a name that is
 * neither, or -errno, when it does not stand.
 */
int kith_revocations_add(struct kith_revocations *revocations, struct kith_nl *nl, const char *name,
			 uint32_t seconds);
/* Return: 0, -ENOENT, -EINVAL or -errno. */
int kith_revocations_lift(struct kith_revocations *revocations, struct kith_nl *nl,
			  const char *name);

size_t kith_revocations_count(struct kith_revocations *revocations);
/* A new object for number @i of them, for people and programs. */
json_t *kith_revocations_report(struct kith_revocations *revocations, size_t i);

#endif
