// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) "kith: " fmt

#include <linux/kernel.h>
#include <linux/printk.h>
#include "count.h"

atomic_t kith_objects[KITH_OBJECT_COUNT];

static const char *const names[KITH_OBJECT_COUNT] = {
	[KITH_OBJECT_PROCESS] = "process",
	[KITH_OBJECT_PROGRAM] = "program",
	[KITH_OBJECT_CREDENTIAL] = "credential",
	[KITH_OBJECT_SVID] = "svid",
	[KITH_OBJECT_CONFIG] = "config",
	[KITH_OBJECT_CA] = "ca",
	[KITH_OBJECT_SHARE] = "share",
	[KITH_OBJECT_RUN] = "run",
};

void kith_object_report(void)
{
	int i, left;

	for (i = 0; i < KITH_OBJECT_COUNT; i++) {
		left = atomic_read(&kith_objects[i]);
		if (left)
			pr_err("leak: %d %s\n", left, names[i]);
	}
}
