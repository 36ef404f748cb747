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

static void add_selectors(struct kith_users *users, const struct kith_policy_selector *selectors,
			  size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		add(&users->users, selectors[i].user);
		if (selectors[i].container)
			add(&users->users, selectors[i].container->owner);
		add(&users->groups, selectors[i].group);
		add(&users->groups, selectors[i].supplementary_group);
	}
}

struct kith_users *kith_users_new(const struct kith_policy_set *set)
{
	struct kith_users *users = kith_alloc(sizeof(*users));
	const struct kith_policy_workload *w;
	size_t i;

	users->users.look_up = look_up_user;
	users->groups.look_up = look_up_group;
	for (i = 0; i < set->n_workloads; i++) {
		w = &set->workloads[i];
		add_selectors(users, w->selectors, w->n_selectors);
		add_selectors(users, w->runners, w->n_runners);
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

static bool id_of(struct names *names, const char *name, uint32_t *id)
{
	size_t i;

	ask_again(names);
	for (i = 0; i < names->n; i++) {
		if (strcmp(names->entries[i].name, name))
			continue;
		*id = names->entries[i].id;
		return names->entries[i].known;
	}
	return false;
}

bool kith_users_uid(struct kith_users *users, const char *name, uint32_t *uid)
{
	return id_of(&users->users, name, uid);
}

bool kith_users_gid(struct kith_users *users, const char *name, uint32_t *gid)
{
	return id_of(&users->groups, name, gid);
}
