// SPDX-License-Identifier: GPL-2.0-only
/*
 * MPTCP, the door that the module holds beside UDP (datagram.c), with BPF LSM
 * programs or without: refused to claimed programs with EPROTONOSUPPORT, upon which
 * Go and others fall back to TCP.
 */
#include <linux/in.h>
#include <linux/net.h>
#include <net/sock.h>
#include "../guard/guard.h"
#include "conn.h"
#include "hook.h"

static struct kith_hook hooks[2];	/* IPv4, IPv6; fixed after init */

static int refuse(struct kith_hook *hook, struct sock *sk)
{
	return kith_program_is_claimed() ?
	       kith_door_ask(KITH_DOOR_MPTCP, "socket()") : 0;
}

static int init_mptcp4(struct sock *sk)
{
	return kith_hook_run(&hooks[0], sk);
}

static int init_mptcp6(struct sock *sk)
{
	return kith_hook_run(&hooks[1], sk);
}

void kith_doors_close(void)
{
	/* The kernel may have no MPTCP. */
	kith_hook_find(&hooks[0], AF_INET, SOCK_STREAM, IPPROTO_MPTCP, NULL);
	kith_hook_find(&hooks[1], AF_INET6, SOCK_STREAM, IPPROTO_MPTCP, NULL);
	kith_hook_set(&hooks[0], init_mptcp4, refuse);
	kith_hook_set(&hooks[1], init_mptcp6, refuse);
}

void kith_doors_open(void)
{
	kith_hook_unset(&hooks[0]);
	kith_hook_unset(&hooks[1]);
}
