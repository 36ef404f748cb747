/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of users and groups that the policy uses, and their numbers. They are
 * looked up when policy is loaded, because name services may be slow; one that
 * is missing is asked for again every few seconds.
 */
#ifndef KITH_AGENT_USERS_H
#define KITH_AGENT_USERS_H

#include <stdbool.h>
#include <stdint.h>

struct kith_policy_set;
struct kith_users;

/* Looks up what @set names. */
struct kith_users *kith_users_new(const struct kith_policy_set *set);
void kith_users_free(struct kith_users *users);

/* The name the policy uses for a number, or NULL. Belongs to @users. */
const char *kith_users_user(struct kith_users *users, uint32_t uid);
const char *kith_users_group(struct kith_users *users, uint32_t gid);

/* The number of a user's name, or a group's. Return: whether there is one. */
bool kith_users_uid(struct kith_users *users, const char *name, uint32_t *uid);
bool kith_users_gid(struct kith_users *users, const char *name, uint32_t *gid);

#endif
