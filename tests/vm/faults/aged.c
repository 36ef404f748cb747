// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the connections of a program look as if much had been sent over them, which
 * would take hours:
 *   insmod kith-aged.ko pid=PID records=N
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/ptrace.h>
#include <linux/sched.h>

#include "socket/conn.h"

static int pid;
module_param(pid, int, 0400);

static ulong records;
module_param(records, ulong, 0400);

/* kith_stream_sendmsg(conn, ...) begins. */
static int on_send(struct kprobe *probe, struct pt_regs *regs)
{
	struct kith_conn *conn = (void *)regs_get_kernel_argument(regs, 0);

	if (task_tgid_nr(current) == pid && atomic64_read(&conn->records) < records)
		atomic64_set(&conn->records, records);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "kith_stream_sendmsg",
	.pre_handler = on_send,
};

static int __init aged_init(void)
{
	return register_kprobe(&probe);
}

static void __exit aged_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(aged_init);
module_exit(aged_exit);
MODULE_DESCRIPTION("Ages connections");
MODULE_LICENSE("GPL");
