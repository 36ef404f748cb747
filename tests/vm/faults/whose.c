// SPDX-License-Identifier: GPL-2.0-only
/*
 * Says in the kernel log what a physical address is part of:
 *   echo ADDRESS >/sys/module/kith_whose/parameters/address
 */
#define pr_fmt(fmt) "kith_whose: " fmt

#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>

static int address_set(const char *text, const struct kernel_param *param)
{
	u64 address;
	int err = kstrtou64(text, 0, &address);

	if (err)
		return err;
	if (!pfn_valid(PHYS_PFN(address)))
		return -EINVAL;
	pr_info("%llu:", address);
	mem_dump_obj(phys_to_virt(address));
	return 0;
}

static const struct kernel_param_ops address_ops = {
	.set = address_set,
};
module_param_cb(address, &address_ops, NULL, 0200);

MODULE_DESCRIPTION("Says whose memory an address is");
MODULE_LICENSE("GPL");
