/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last good policy: the files of the policy that the kernel took last, kept
 * in the state directory as policy.good/. When kithd starts and finds errors in
 * its policy, programs stay claimed by this one.
 */
#ifndef KITH_AGENT_LASTGOOD_H
#define KITH_AGENT_LASTGOOD_H

#include <stdint.h>

struct kith_policy_set;

/* Replaces the copy by the files of @set, in one step, unless it holds the very
 * same. A failure is logged. */
void kith_last_good_keep(const char *state_dir, const struct kith_policy_set *set);

/**
 * kith_last_good_load() - the copy, read and checked
 * @since: filled: when it was kept first, ms since 1970
 *
 * Return: a set to be freed with kith_policy_free(), or NULL when there is no
 * copy or nothing in it.
 */
struct kith_policy_set *kith_last_good_load(const char *state_dir, int64_t *since);

#endif
