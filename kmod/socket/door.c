// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door that the module holds itself, with BPF LSM programs or without.
 *
 * MPTCP is refused to claimed programs with EPROTONOSUPPORT, upon which Go and
 * others fall back to TCP.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <net/sock.h>
#include "../guard/guard.h"
#include "conn.h"
#include "hook.h"

static struct kith_hook hooks[2];	/* IPv4, IPv6; fixed after init */

static int refuse(const struct kith_hook *hook, struct sock *sk)
{
	int err = hook->stack_init(sk);

	if (err || sk->sk_kern_sock || !kith_program_is_claimed())
		return err;
	return kith_door_ask(KITH_DOOR_MPTCP, "socket()");
}

static int pass(const struct kith_hook *hook, struct sock *sk)
{
	int err;

	kith_ops_enter();
	err = refuse(hook, sk);
	kith_ops_leave();
	return err;
}

static int init_mptcp4(struct sock *sk)
{
	return pass(&hooks[0], sk);
}

static int init_mptcp6(struct sock *sk)
{
	return pass(&hooks[1], sk);
}

void kith_doors_close(void)
{
	struct proto *prot;

	/* The kernel may have no MPTCP. */
	if (!kith_hook_find(AF_INET, SOCK_STREAM, IPPROTO_MPTCP, &prot, NULL))
		kith_hook_set(&hooks[0], prot, init_mptcp4);
	if (!kith_hook_find(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, &prot, NULL))
		kith_hook_set(&hooks[1], prot, init_mptcp6);
}

void kith_doors_open(void)
{
	kith_hook_unset(&hooks[0]);
	kith_hook_unset(&hooks[1]);
}
