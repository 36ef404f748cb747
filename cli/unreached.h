/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_CLI_UNREACHED_H
#define KITH_CLI_UNREACHED_H

#include <jansson.h>

struct kith_policy_set;

/**
 * kith_unreached() - running programs that policy names and claims do not reach
 * @proc: "/proc", but in tests
 *
 * A claim by executable or user holds in the initial user namespace. systemd starts
 * units with PrivateUsers= in one of their own. What a cgroup claim reaches is left
 * out. Seeing the namespaces of all programs takes root.
 *
 * Return: an object with their units, or their pids, as keys; a new reference.
 */
json_t *kith_unreached(const char *proc, const struct kith_policy_set *set);

#endif
