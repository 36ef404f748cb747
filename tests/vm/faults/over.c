// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hooks new TCP sockets over whoever else does, and calls them, as another module
 * of Kith's kind might.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/tcp.h>

static int (*others_init)(struct sock *sk);

static int over(struct sock *sk)
{
	return others_init(sk);
}

static int __init over_init(void)
{
	others_init = tcp_prot.init;
	/* Who calls over() reads others_init. */
	smp_store_release(&tcp_prot.init, over);
	return 0;
}

static void __exit over_exit(void)
{
	WRITE_ONCE(tcp_prot.init, others_init);
	synchronize_rcu_tasks();
}

module_init(over_init);
module_exit(over_exit);
MODULE_DESCRIPTION("Hooks TCP over others");
MODULE_LICENSE("GPL");
