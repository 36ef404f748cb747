// SPDX-License-Identifier: Apache-2.0
/*
 * `kith policy apply`: the new files are put beside the policy directory, then
 * the two change places in one step; when kithd refuses, they change back. The
 * files that were in force before stay beside it as DIRECTORY.old.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "client.h"
#include "policy/policy.h"
#include "policy_cmd.h"
#include "remaining.h"

static bool is_policy_file(const char *name)
{
	size_t size = strlen(name);

	return size > 5 && !strcmp(name + size - 5, ".yaml") && name[0] != '.';
}

/* Calls @each with every policy file of @directory until it returns non-zero. */
static int for_each_file(const char *directory,
			 int (*each)(const char *from, const char *name, const char *to),
			 const char *to)
{
	DIR *dir = opendir(directory);
	const struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir)))
		if (is_policy_file(entry->d_name))
			ret = each(directory, entry->d_name, to);
	closedir(dir);
	return ret;
}

static int copy_file(const char *from, const char *name, const char *to)
{
	char *source = kith_format("%s/%s", from, name), *target = kith_format("%s/%s", to, name);
	size_t size;
	char *text;
	int ret;

	ret = kith_read_file(source, KITH_POLICY_FILE_MAX, &text, &size);
	if (!ret) {
		ret = kith_write_file(target, text, size, 0644);
		free(text);
	}
	free(source);
	free(target);
	return ret;
}

static int remove_file(const char *from, const char *name, const char *to)
{
	char *path = kith_format("%s/%s", from, name);
	int ret = unlink(path) ? -errno : 0;

	free(path);
	return ret;
}

/* Only what we made ourselves: a directory of policy files. */
static void remove_directory(const char *path)
{
	for_each_file(path, remove_file, NULL);
	rmdir(path);
}

static bool same_directory(const char *a, const char *b)
{
	struct stat of_a, of_b;

	return !stat(a, &of_a) && !stat(b, &of_b) && of_a.st_dev == of_b.st_dev &&
	       of_a.st_ino == of_b.st_ino;
}

static int exchange(const char *a, const char *b)
{
	return renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) ? -errno : 0;
}

static int have_kithd_apply(const struct kith_options *options)
{
	json_t *report = NULL;
	int ret;

	ret = kith_ask(options, json_pack("{s:s}", "command", "policy-apply"), NULL, NULL, &report);
	if (ret == KITH_EXIT_FAILED && report)
		kith_policy_print_report(report, false);
	if (ret == KITH_EXIT_OK && options->json)
		kith_print_json(report);
	else if (ret == KITH_EXIT_OK && json_is_true(json_object_get(report, "pending")))
		puts("The policy is accepted, and goes into force when the kernel module is loaded.");
	else if (ret == KITH_EXIT_OK)
		printf("Policy generation %lld is in force: %lld workloads, %lld rules, %zu tests passed.\n",
		       (long long)json_integer_value(json_object_get(report, "generation")),
		       (long long)json_integer_value(json_object_get(report, "workloads")),
		       (long long)json_integer_value(json_object_get(report, "rules")),
		       json_array_size(json_object_get(report, "tests")));
	if (ret == KITH_EXIT_OK)
		ret = kith_remaining(report);
	json_decref(report);
	return ret;
}

static int swap_in(const struct kith_options *options, const char *new, const char *target)
{
	char *old = kith_format("%s.old", target);
	int err = exchange(new, target), ret;

	if (err) {
		ret = kith_fail(KITH_EXIT_FAILED, "%s: %s", target, strerror(-err));
	} else {
		ret = have_kithd_apply(options);
		if (ret == KITH_EXIT_OK || ret == KITH_EXIT_REMAINING) {
			remove_directory(old);
			rename(new, old);
		} else {
			exchange(new, target);
		}
	}
	free(old);
	return ret;
}

static int install(const struct kith_options *options, const char *directory, const char *target)
{
	char *new = kith_format("%s.new", target);
	int err = 0, ret;

	remove_directory(new);
	if (mkdir(new, 0755) || (mkdir(target, 0755) && errno != EEXIST))
		err = -errno;
	if (!err)
		err = for_each_file(directory, copy_file, new);
	if (err)
		ret = kith_fail(KITH_EXIT_FAILED, "%s: %s (run as root)", new, strerror(-err));
	else
		ret = swap_in(options, new, target);
	if (ret != KITH_EXIT_OK && ret != KITH_EXIT_REMAINING)
		remove_directory(new);
	free(new);
	return ret;
}

/* The directory kithd reads, to free(), or NULL with the status in @ret. */
static char *ask_target(const struct kith_options *options, int *ret)
{
	json_t *status = NULL;
	char *target = NULL;

	*ret = kith_ask(options, json_pack("{s:s}", "command", "status"), NULL, NULL, &status);
	if (*ret == KITH_EXIT_OK)
		target = kith_strdup(kith_text(json_object_get(status, "agent"), "policy_dir"));
	json_decref(status);
	return target;
}

int kith_policy_apply(const struct kith_options *options, const char *directory)
{
	json_t *report;
	char *target;
	bool good;
	int ret;

	if (!directory)
		return have_kithd_apply(options);
	report = kith_policy_examine(&directory, 1, &good);
	if (!good) {
		kith_policy_print_report(report, false);
		json_decref(report);
		return kith_fail(KITH_EXIT_FAILED, "nothing was applied: %s has errors", directory);
	}
	json_decref(report);
	target = ask_target(options, &ret);
	if (!target)
		return ret;
	ret = same_directory(directory, target) ? have_kithd_apply(options)
						: install(options, directory, target);
	free(target);
	return ret;
}
