// SPDX-License-Identifier: Apache-2.0
#include "unreached.h"

#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "base/unit.h"
#include "policy/policy.h"
#include "../agent/attest.h"

#define PROC_FILE_MAX (64U << 10)

/* Whether ns/user of a process names another namespace than the initial one. */
static bool is_elsewhere(const char *directory)
{
	char *path = kith_format("%s/ns/user", directory), name[64];
	ssize_t size = readlink(path, name, sizeof(name) - 1);
	unsigned int ns = KITH_USER_NS_INITIAL;

	name[size > 0 ? size : 0] = 0;
	sscanf(name, "user:[%u]", &ns);
	free(path);
	return ns != KITH_USER_NS_INITIAL;
}

/* What follows @key in a file of /proc, up to the end of the line; to free(). */
static char *read_line(const char *directory, const char *file, const char *key)
{
	char *path = kith_format("%s/%s", directory, file), *text = NULL, *found = NULL;

	if (!kith_read_file(path, PROC_FILE_MAX, &text, NULL))
		found = strstr(text, key);
	if (found) {
		found += strlen(key);
		found = kith_format("%.*s", (int)strcspn(found, "\n"), found);
	}
	free(text);
	free(path);
	return found;
}

static bool is_exe(const char *directory, const char *path)
{
	char *link = kith_format("%s/exe", directory);
	struct stat exe, named;
	bool same = !stat(link, &exe) && !stat(path, &named) && exe.st_dev == named.st_dev &&
		    exe.st_ino == named.st_ino;

	free(link);
	return same;
}

static bool is_user(const char *directory, const struct kith_policy_claim *claim)
{
	const struct passwd *entry = claim->user ? getpwnam(claim->user) : NULL;
	char *line = read_line(directory, "status", "\nUid:\t");
	bool same = line && (entry || !claim->user) &&
		    strtoul(line, NULL, 10) == (entry ? entry->pw_uid : claim->uid);

	free(line);
	return same;
}

static bool is_below(const char *cgroup, const char *top)
{
	size_t size = strcmp(top, "/") ? strlen(top) : 0;

	return !strncmp(cgroup, top, size) && (!cgroup[size] || cgroup[size] == '/');
}

static bool is_unreached(const char *directory, const char *cgroup,
			 const struct kith_policy_set *set)
{
	bool named = false;
	size_t i;

	for (i = 0; i < set->n_claims; i++) {
		const struct kith_policy_claim *claim = &set->claims[i];

		if (claim->kind == KITH_CLAIM_KIND_CGROUP && is_below(cgroup, claim->path))
			return false;
		named |= (claim->kind == KITH_CLAIM_KIND_EXE && is_exe(directory, claim->path)) ||
			 (claim->kind == KITH_CLAIM_KIND_UID && is_user(directory, claim));
	}
	return named;
}

static void look_at(const char *directory, const char *pid, const struct kith_policy_set *set,
		    json_t *found)
{
	char *cgroup = read_line(directory, "cgroup", "0::");
	char *unit = cgroup ? kith_unit_of_cgroup(cgroup) : NULL;

	if (cgroup && is_unreached(directory, cgroup, set))
		json_object_set_new(found, unit ? unit : pid, json_true());
	free(unit);
	free(cgroup);
}

json_t *kith_unreached(const char *proc, const struct kith_policy_set *set)
{
	json_t *found = json_object();
	const struct dirent *entry;
	DIR *dir = opendir(proc);

	while (dir && (entry = readdir(dir))) {
		char *directory = kith_format("%s/%s", proc, entry->d_name);

		if (is_elsewhere(directory))
			look_at(directory, entry->d_name, set, found);
		free(directory);
	}
	if (dir)
		closedir(dir);
	return found;
}
