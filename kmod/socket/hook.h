/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where new sockets are seen: the init of their struct proto, which
 * runs after the stack chose sock->ops.
 */
#ifndef _KITH_SOCKET_HOOK_H
#define _KITH_SOCKET_HOOK_H

#include <linux/types.h>

struct proto;
struct proto_ops;
struct sock;

struct kith_hook {
	struct proto *prot;		/* NULL: there is nothing to hook */
	int (*stack_init)(struct sock *sk);
	int (*init)(struct sock *sk);	/* ours; NULL: never was in place */
	/* A socket of user space that the stack has initialised: 0 or -errno. */
	int (*seen)(struct kith_hook *hook, struct sock *sk);
};

/**
 * kith_hook_find() - what the stack runs sockets of a kind with
 * @hook: its protocol is set
 * @family: AF_INET or AF_INET6
 * @type: SOCK_ type
 * @protocol: protocol number
 * @ops: set to the operations; NULL: not wanted
 *
 * Protocols are not exported; a kernel socket leads to them. May sleep. Return: 0
 * or -errno, as socket() has it.
 */
int kith_hook_find(struct kith_hook *hook, int family, int type, int protocol,
		   const struct proto_ops **ops);

/**
 * kith_hook_set() - have new sockets of @hook's protocol seen
 * @hook: in static memory, its protocol set; nothing is done without
 * @init: a function of its own that does nothing but kith_hook_run()
 * @seen: process context, may sleep
 */
void kith_hook_set(struct kith_hook *hook, int (*init)(struct sock *sk),
		   int (*seen)(struct kith_hook *hook, struct sock *sk));

/* What an init does: the stack's, then @hook->seen. Unloading waits for it. */
int kith_hook_run(struct kith_hook *hook, struct sock *sk);

/* Takes it out, if it is in place. One that another module has put its own over, which
 * calls ours, cannot be: waits until that has gone. The caller waits for those still
 * inside, as kith_socket_exit() does. May sleep.
 */
void kith_hook_unset(struct kith_hook *hook);

/* Whether it is in place still: another module may have replaced it. */
bool kith_hook_is_set(const struct kith_hook *hook);

#endif
