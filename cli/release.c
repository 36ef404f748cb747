// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "../agent/guard.h"
#include "base/base.h"
#include "kith.h"
#include "netlink/request.h"

static void take_generation(const struct kith_status_info *status, void *arg)
{
	*(uint64_t *)arg = status->generation;
}

/* An empty configuration: no claims, no rules, nobody trusted. */
static int claim_nothing(struct kith_nl *nl)
{
	uint64_t generation;
	int ret;

	ret = kith_request_register(nl, &generation);
	if (!ret)
		ret = kith_request_status(nl, take_generation, &generation);
	if (!ret)
		ret = kith_request_config_begin(nl, ++generation);
	if (!ret)
		ret = kith_request_config_commit(nl, generation, 0);
	return ret;
}

/* Return: 0 or -errno; no programs in place are fine. */
static int remove_pins(void)
{
	DIR *dir = opendir(KITH_GUARD_DIR);
	const struct dirent *entry;
	int ret = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(dir), entry->d_name, 0))
			ret = -errno;
	closedir(dir);
	if (!ret && rmdir(KITH_GUARD_DIR))
		ret = -errno;
	return ret;
}

static const char *trouble(int err)
{
	switch (err) {
	case -EBUSY:
		return "kithd is running (systemctl stop kithd first)";
	case -EPERM:
	case -EACCES:
		return "it takes root, on the host";
	default:
		return strerror(-err);
	}
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct kith_nl *nl = NULL;
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_release, "unexpected argument \"%s\"", argv[1]);
	ret = kith_nl_open(&nl);
	/* Without the module there may still be nothing but the directory. */
	if (!ret)
		ret = claim_nothing(nl);
	kith_nl_close(nl);
	if (ret && ret != -ENOENT)
		return kith_fail(KITH_EXIT_FAILED, "nothing is released: %s", trouble(ret));
	ret = remove_pins();
	if (ret)
		return kith_fail(KITH_EXIT_FAILED, "the BPF LSM programs in %s stay: %s",
				 KITH_GUARD_DIR, trouble(ret));
	puts("Nothing is enforced any more: programs that start now run as without Kith.\n"
	     "Those that were claimed stay without connections until they are restarted;\n"
	     "then the module can be unloaded (rmmod kith).");
	return KITH_EXIT_OK;
}

const struct kith_command kith_command_release = {
	.name = "release",
	.summary = "stop enforcing on this host",
	.help = "release\n"
		"\n"
		"Takes every claim, bundle and rule out of the kernel and removes the BPF LSM\n"
		"programs that hold the doors. Live connections that Kith authenticated end.\n"
		"kithd has to be stopped before; started again, it enforces again.",
	.run = run,
};
