// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/net.h>
#include <net/sock.h>
#include "hook.h"

int kith_hook_find(int family, int type, int protocol, struct proto **prot,
		   const struct proto_ops **ops)
{
	struct socket *sock;
	int err = sock_create_kern(&init_net, family, type, protocol, &sock);

	if (err)
		return err;
	*prot = sock->sk->sk_prot;
	if (ops)
		*ops = sock->ops;
	sock_release(sock);
	return 0;
}

void kith_hook_set(struct kith_hook *hook, struct proto *prot,
		   int (*init)(struct sock *sk))
{
	hook->prot = prot;
	hook->stack_init = prot->init;
	hook->init = init;
	/* @init reads stack_init as soon as the hook is visible. */
	smp_store_release(&prot->init, init);
}

void kith_hook_unset(struct kith_hook *hook)
{
	if (hook->prot &&
	    cmpxchg(&hook->prot->init, hook->init, hook->stack_init) != hook->init)
		pr_err("another module replaced the hook of %s\n",
		       hook->prot->name);
	hook->prot = NULL;
}

bool kith_hook_is_set(const struct kith_hook *hook)
{
	return hook->prot && READ_ONCE(hook->prot->init) == hook->init;
}
