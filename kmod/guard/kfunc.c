// SPDX-License-Identifier: GPL-2.0-only
/*
 * The questions that BPF LSM programs ask. Each is named after the hook it is
 * asked at, returns 0 or -errno, and says 0 at once to who is not claimed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/sched.h>
#include "../compat/kfunc.h"
#include "../identity/program.h"
#include "guard.h"

/* The protocol of the socket that nobody makes but kith_guard_is_in_place(). */
#define PROBE_PROTOCOL	0x4b495448

/* The task that probes, until its probe has come through to us; compared, never
 * followed. Others that make such a socket are nobody's business.
 */
static struct task_struct *prober;

__bpf_kfunc int kith_guard_socket_create(int family, int type, int protocol)
{
	enum kith_door door;

	if (protocol == PROBE_PROTOCOL && READ_ONCE(prober) == current) {
		WRITE_ONCE(prober, NULL);
		return -ECANCELED;
	}
	if (!kith_program_is_claimed())
		return 0;
	door = kith_door_of_socket(family, type, protocol);
	/* UDP is asked about in socket/datagram.c, with BPF programs or without. */
	if (!door || door == KITH_DOOR_UDP)
		return 0;
	return kith_door_ask(door, "socket()");
}

__bpf_kfunc int kith_guard_file_open(struct file *file)
{
	enum kith_door door;

	if (!kith_program_is_claimed())
		return 0;
	door = kith_door_of_file(file);
	return door ? kith_door_ask(door, "open()") : 0;
}

__bpf_kfunc int kith_guard_file_receive(struct file *file)
{
	enum kith_door door;

	if (!kith_program_is_claimed())
		return 0;
	door = kith_door_of_descriptor(file);
	return door ? kith_door_refuse(door, "receiving a descriptor") : 0;
}

BTF_KFUNCS_START(kith_guard_ids)
BTF_ID_FLAGS(func, kith_guard_socket_create, KF_SLEEPABLE)
BTF_ID_FLAGS(func, kith_guard_file_open, KF_SLEEPABLE)
BTF_ID_FLAGS(func, kith_guard_file_receive)
BTF_ID_FLAGS(func, kith_guard_ptrace)
BTF_ID_FLAGS(func, kith_guard_traceme)
BTF_ID_FLAGS(func, kith_guard_code)
BTF_ID_FLAGS(func, kith_guard_bprm_check, KF_SLEEPABLE)
BTF_KFUNCS_END(kith_guard_ids)

static const struct btf_kfunc_id_set kith_guard_set = {
	.owner = THIS_MODULE,
	.set = &kith_guard_ids,
};

bool kith_guard_is_in_place(void)
{
	static DEFINE_MUTEX(turn);
	struct socket *sock;
	bool came;

	mutex_lock(&turn);
	WRITE_ONCE(prober, current);
	if (!sock_create(PF_INET, SOCK_STREAM, PROBE_PROTOCOL, &sock))
		sock_release(sock);
	came = !READ_ONCE(prober);
	WRITE_ONCE(prober, NULL);
	mutex_unlock(&turn);
	return came;
}

int kith_guard_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_LSM, &kith_guard_set);
}
