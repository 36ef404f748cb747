// SPDX-License-Identifier: Apache-2.0
#include "guard.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/base.h"
#include "bpf/guard.skel.h"
#include "log.h"

/* libbpf's complaints, the first being the cause of the others, and with what the
 * kernel says of a program it refuses: a failure is logged once, with them. */
static char complaint[2048];

static int take_complaint(enum libbpf_print_level level, const char *format, va_list args)
{
	size_t used = strlen(complaint), i;

	if (level == LIBBPF_WARN)
		vsnprintf(complaint + used, sizeof(complaint) - used, format, args);
	for (i = used; complaint[i]; i++)
		if (complaint[i] == '\n')
			complaint[i] = complaint[i + 1] ? '|' : ' ';
	return 0;
}

static bool kernel_has_bpf_lsm(void)
{
	char *text = NULL;
	size_t size;
	bool has;

	if (kith_read_file("/sys/kernel/security/lsm", 4096, &text, &size))
		return true; /* securityfs is not mounted: try */
	has = strstr(text, "bpf");
	free(text);
	return has;
}

static int fail(const char *what, int err)
{
	kith_log(LOG_ERR, "the BPF LSM programs could not be %s: %s%s%s", what, strerror(-err),
		 *complaint ? ": " : "", complaint);
	return err;
}

/* Beside the pin there may be, then over it: the old program stays attached until
 * the new one is. */
static int pin(struct bpf_link *link, const char *name)
{
	char *path = kith_format("%s/%s", KITH_GUARD_DIR, name);
	char *fresh = kith_format("%s-new", path);
	int ret;

	unlink(fresh);
	ret = bpf_obj_pin(bpf_link__fd(link), fresh);
	if (!ret && rename(fresh, path))
		ret = -errno;
	free(fresh);
	free(path);
	return ret;
}

static int attach_all(struct guard_bpf *guard)
{
	struct bpf_program *program;
	struct bpf_link *link;
	int ret = 0;

	bpf_object__for_each_program(program, guard->obj)
	{
		link = bpf_program__attach_lsm(program);
		if (!link)
			return fail("attached", -errno);
		ret = pin(link, bpf_program__name(program));
		/* Pinned, it stays attached without us. */
		bpf_link__destroy(link);
		if (ret)
			return fail("pinned in " KITH_GUARD_DIR, ret);
	}
	return 0;
}

int kith_guard_start(void)
{
	struct guard_bpf *guard;
	int ret;

	/* They would be attached all the same, and never asked. */
	if (!kernel_has_bpf_lsm()) {
		kith_log(
			LOG_ERR,
			"the BPF LSM programs cannot be used: this kernel runs without BPF LSM (add bpf to lsm= on its command line)");
		return -EOPNOTSUPP;
	}
	*complaint = '\0';
	libbpf_set_print(take_complaint);
	if (mkdir(KITH_GUARD_DIR, 0700) && errno != EEXIST)
		return fail("pinned: no " KITH_GUARD_DIR " (is bpffs mounted at /sys/fs/bpf?)",
			    -errno);
	guard = guard_bpf__open_and_load();
	if (!guard)
		return fail("loaded", -errno);
	ret = attach_all(guard);
	guard_bpf__destroy(guard);
	return ret;
}
