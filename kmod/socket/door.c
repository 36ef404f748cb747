// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door that the module holds itself, with BPF LSM programs or without.
 *
 * MPTCP is refused to claimed programs with EPROTONOSUPPORT, upon which Go and
 * others fall back to TCP. Its struct proto is not exported; a kernel socket of
 * the protocol leads to it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <net/sock.h>
#include "../guard/guard.h"
#include "conn.h"

struct door {
	struct proto *prot;		/* NULL: the kernel has no MPTCP */
	int (*stack_init)(struct sock *sk);
};

static struct door doors[2];		/* IPv4, IPv6; fixed after init */

static int refuse(const struct door *door, struct sock *sk)
{
	int err = door->stack_init(sk);

	if (err || sk->sk_kern_sock || !kith_program_is_claimed())
		return err;
	return kith_door_refuse(KITH_DOOR_MPTCP, "socket()");
}

static int pass(const struct door *door, struct sock *sk)
{
	int err;

	kith_ops_enter();
	err = refuse(door, sk);
	kith_ops_leave();
	return err;
}

static int init_mptcp4(struct sock *sk)
{
	return pass(&doors[0], sk);
}

static int init_mptcp6(struct sock *sk)
{
	return pass(&doors[1], sk);
}

static int (*const hooks[2])(struct sock *sk) = { init_mptcp4, init_mptcp6 };

static struct proto *find_prot(int family)
{
	struct socket *sock;
	struct proto *prot;

	if (sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_MPTCP,
			     &sock))
		return NULL;
	prot = sock->sk->sk_prot;
	sock_release(sock);
	return prot;
}

void kith_doors_close(void)
{
	static const int family[2] = { AF_INET, AF_INET6 };
	int i;

	for (i = 0; i < 2; i++) {
		struct door *door = &doors[i];

		door->prot = find_prot(family[i]);
		if (!door->prot)
			continue;
		door->stack_init = door->prot->init;
		/* refuse() reads stack_init as soon as the hook is visible. */
		smp_store_release(&door->prot->init, hooks[i]);
	}
}

/* The caller waits for those still inside, see kith_socket_exit(). */
void kith_doors_open(void)
{
	int i;

	for (i = 0; i < 2; i++)
		if (doors[i].prot &&
		    cmpxchg(&doors[i].prot->init, hooks[i],
			    doors[i].stack_init) != hooks[i])
			pr_err("another module replaced the MPTCP hook\n");
}
