// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that misbehaves on request, to see tests/vm/run notice:
 *   insmod kith.ko fault=NAME
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

static char *fault = "none";
module_param(fault, charp, 0400);

static bool leak_line;
static struct kmem_cache *cache;

/* Reading it keeps the reader, and so the module, for a minute. */
static int held_get(char *buffer, const struct kernel_param *param)
{
	__module_get(THIS_MODULE);
	msleep_interruptible(60000);
	module_put(THIS_MODULE);
	return 0;
}

static const struct kernel_param_ops held_ops = { .get = held_get };
module_param_cb(held, &held_ops, NULL, 0400);

static noinline void oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	*nowhere = 1;
}

static struct rcu_head grace;

static void grace_over(struct rcu_head *head)
{
}

static void spin(unsigned int seconds)
{
	unsigned int i;

	/* A stall is noticed only when somebody waits for a grace period. */
	call_rcu(&grace, grace_over);
	preempt_disable();
	for (i = 0; i < seconds * 1000; i++)
		mdelay(1);
	preempt_enable();
}

static int __init faults_init(void)
{
	if (!strcmp(fault, "warn"))
		WARN(1, "asked to warn\n");
	else if (!strcmp(fault, "bug"))
		BUG();
	else if (!strcmp(fault, "oops"))
		oops();
	else if (!strcmp(fault, "spin"))
		spin(20);
	else if (!strcmp(fault, "hang"))
		msleep(30000);
	else if (!strcmp(fault, "atomic")) {
		rcu_read_lock();
		preempt_disable();
		schedule();
		preempt_enable();
		rcu_read_unlock();
	} else if (!strcmp(fault, "leak"))
		leak_line = true;
	else if (!strcmp(fault, "slab")) {
		cache = kmem_cache_create("kith_fault", 4000, 0, SLAB_POISON, NULL);
		if (!cache || !kmem_cache_alloc(cache, GFP_KERNEL))
			return -ENOMEM;
	} else if (!strcmp(fault, "stuck"))
		__module_get(THIS_MODULE);
	return 0;
}

static void __exit faults_exit(void)
{
	if (leak_line)
		pr_err("leak: 1 thing\n");
	kmem_cache_destroy(cache);
	rcu_barrier();
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_DESCRIPTION("Misbehaves on request");
MODULE_LICENSE("GPL");
