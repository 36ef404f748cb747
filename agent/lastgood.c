// SPDX-License-Identifier: Apache-2.0
#include "lastgood.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "log.h"
#include "policy/policy.h"

static bool same_source(const struct kith_policy_source *a, const struct kith_policy_source *b)
{
	return !strcmp(a->name, b->name) && a->size == b->size &&
	       !memcmp(a->text, b->text, a->size);
}

static bool holds(const char *path, const struct kith_policy_set *set)
{
	struct kith_policy_set *kept = kith_policy_load(&path, 1);
	bool same = kept->n_sources == set->n_sources;
	size_t i;

	for (i = 0; same && i < set->n_sources; i++)
		same = same_source(&kept->sources[i], &set->sources[i]);
	kith_policy_free(kept);
	return same;
}

/* There are files in it, and nothing else. */
static void remove_directory(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	rmdir(path);
}

static int write_sources(const char *path, const struct kith_policy_set *set)
{
	int ret = mkdir(path, 0700) ? -errno : 0;
	size_t i;

	for (i = 0; !ret && i < set->n_sources; i++) {
		const struct kith_policy_source *source = &set->sources[i];
		char *file = kith_format("%s/%s", path, source->name);

		ret = kith_write_file(file, source->text, source->size, 0600);
		free(file);
	}
	return ret;
}

static int put_in_place(const char *new, const char *good)
{
	if (!renameat2(AT_FDCWD, new, AT_FDCWD, good, RENAME_EXCHANGE)) {
		remove_directory(new);
		return 0;
	}
	/* There is none yet, or the file system cannot exchange. */
	remove_directory(good);
	return rename(new, good) ? -errno : 0;
}

void kith_last_good_keep(const char *state_dir, const struct kith_policy_set *set)
{
	char *good = kith_format("%s/policy.good", state_dir);
	char *new = kith_format("%s/policy.new", state_dir);
	int ret = 0;

	if (!holds(good, set)) {
		remove_directory(new);
		ret = write_sources(new, set);
		if (!ret)
			ret = put_in_place(new, good);
		if (ret)
			remove_directory(new);
	}
	if (ret)
		kith_log(
			LOG_ERR,
			"%s: %s; the policy in force is not kept as the last good one (mend that, then kith policy apply)",
			good, strerror(-ret));
	free(new);
	free(good);
}

struct kith_policy_set *kith_last_good_load(const char *state_dir, int64_t *since)
{
	char *path = kith_format("%s/policy.good", state_dir);
	const char *paths[] = { path };
	struct kith_policy_set *set = kith_policy_load(paths, 1);
	struct stat st;

	if (!set->n_sources || stat(path, &st)) {
		kith_policy_free(set);
		set = NULL;
	} else {
		*since = st.st_mtim.tv_sec * 1000LL;
	}
	free(path);
	return set;
}
