// SPDX-License-Identifier: GPL-2.0-only
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/net.h>
#include <net/sock.h>
#include "conn.h"
#include "hook.h"

int kith_hook_find(struct kith_hook *hook, int family, int type, int protocol,
		   const struct proto_ops **ops)
{
	struct socket *sock;
	int err = sock_create_kern(&init_net, family, type, protocol, &sock);

	if (err)
		return err;
	hook->prot = sock->sk->sk_prot;
	if (ops)
		*ops = sock->ops;
	sock_release(sock);
	return 0;
}

void kith_hook_set(struct kith_hook *hook, int (*init)(struct sock *sk),
		   int (*seen)(struct kith_hook *hook, struct sock *sk))
{
	if (!hook->prot)
		return;
	hook->stack_init = hook->prot->init;
	hook->seen = seen;
	hook->init = init;
	/* It reads the others as soon as it is visible. */
	smp_store_release(&hook->prot->init, init);
}

int kith_hook_run(struct kith_hook *hook, struct sock *sk)
{
	int err;

	kith_ops_enter();
	err = hook->stack_init(sk);
	if (!err && !sk->sk_kern_sock)
		err = hook->seen(hook, sk);
	kith_ops_leave();
	return err;
}

/* Takes it out, or finds it gone: the stack's own is there. */
static bool is_out(const struct kith_hook *hook)
{
	int (*was)(struct sock *sk) = cmpxchg(&hook->prot->init, hook->init,
					      hook->stack_init);

	return was == hook->init || was == hook->stack_init;
}

void kith_hook_unset(struct kith_hook *hook)
{
	if (!hook->init)
		return;
	if (!is_out(hook))
		pr_err("another module has hooked %s: waiting until it is unloaded\n",
		       hook->prot->name);
	while (!is_out(hook))
		msleep(100);
}

bool kith_hook_is_set(const struct kith_hook *hook)
{
	return hook->init && READ_ONCE(hook->prot->init) == hook->init;
}
