// SPDX-License-Identifier: Apache-2.0
#include "users.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "policy/policy.h"

#define RETRY_MS 5000

struct entry {
	char *name;
	bool known;
	uint32_t id;
};

struct names {
	struct entry *entries;
	size_t n;
	bool (*look_up)(const char *name, uint32_t *id);
	bool any_missing;
	int64_t asked; /* ms since 1970 */
};

struct kith_users {
	struct names users, groups;
};

static bool look_up_user(const char *name, uint32_t *id)
{
	const struct passwd *entry = getpwnam(name);

	if (entry)
		*id = entry->pw_uid;
	return entry != NULL;
}

static bool look_up_group(const char *name, uint32_t *id)
{
	const struct group *entry = getgrnam(name);

	if (entry)
		*id = entry->gr_gid;
	return entry != NULL;
}

static void add(struct names *names, const char *name)
{
	struct entry *entry;
	size_t i;

	if (!name)
		return;
	for (i = 0; i < names->n; i++)
		if (!strcmp(names->entries[i].name, name))
			return;
	names->entries = kith_realloc(names->entries, names->n + 1, sizeof(*entry));
	entry = &names->entries[names->n++];
	*entry = (struct entry){ .name = kith_strdup(name) };
	entry->known = names->look_up(name, &entry->id);
	names->any_missing |= !entry->known;
	names->asked = kith_now_ms();
}

static void ask_again(struct names *names)
{
	int64_t now = kith_now_ms();
	size_t i;

	if (!names->any_missing || (now >= names->asked && now - names->asked < RETRY_MS))
		return;
	names->asked = now;
	names->any_missing = false;
	for (i = 0; i < names->n; i++) {
		struct entry *entry = &names->entries[i];

		if (!entry->known)
			entry->known = names->look_up(entry->name, &entry->id);
		names->any_missing |= !entry->known;
	}
}

static const char *name_of(struct names *names, uint32_t id)
{
	size_t i;

	ask_again(names);
	for (i = 0; i < names->n; i++)
		if (names->entries[i].known && names->entries[i].id == id)
			return names->entries[i].name;
	return NULL;
}

struct kith_users *kith_users_new(const struct kith_policy_set *set)
{
	struct kith_users *users = kith_alloc(sizeof(*users));
	size_t i, j;

	users->users.look_up = look_up_user;
	users->groups.look_up = look_up_group;
	for (i = 0; i < set->n_workloads; i++) {
		for (j = 0; j < set->workloads[i].n_selectors; j++) {
			const struct kith_policy_selector *selector =
				&set->workloads[i].selectors[j];

			add(&users->users, selector->user);
			if (selector->container)
				add(&users->users, selector->container->owner);
			add(&users->groups, selector->group);
			add(&users->groups, selector->supplementary_group);
		}
	}
	for (i = 0; i < set->n_claims; i++)
		add(&users->users, set->claims[i].user);
	return users;
}

static void clear(struct names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->entries[i].name);
	free(names->entries);
}

void kith_users_free(struct kith_users *users)
{
	if (!users)
		return;
	clear(&users->users);
	clear(&users->groups);
	free(users);
}

const char *kith_users_user(struct kith_users *users, uint32_t uid)
{
	return name_of(&users->users, uid);
}

const char *kith_users_group(struct kith_users *users, uint32_t gid)
{
	return name_of(&users->groups, gid);
}

bool kith_users_uid(struct kith_users *users, const char *name, uint32_t *uid)
{
	size_t i;

	for (i = 0; i < users->users.n; i++) {
		if (strcmp(users->users.entries[i].name, name))
			continue;
		*uid = users->users.entries[i].id;
		return users->users.entries[i].known;
	}
	return false;
}
