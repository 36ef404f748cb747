/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place where new sockets are seen: the init of their struct proto, which
 * runs after the stack chose sock->ops.
 */
#ifndef _KITH_SOCKET_HOOK_H
#define _KITH_SOCKET_HOOK_H

struct proto;
struct proto_ops;
struct sock;

struct kith_hook {
	struct proto *prot;		/* NULL: there is nothing to hook */
	int (*stack_init)(struct sock *sk);
	int (*init)(struct sock *sk);	/* ours */
};

/**
 * kith_hook_find() - what the stack runs sockets of a kind with
 * @family: AF_INET or AF_INET6
 * @type: SOCK_ type
 * @protocol: protocol number
 * @prot: set to the struct proto
 * @ops: set to the operations; NULL: not wanted
 *
 * Protocols are not exported; a kernel socket leads to them. May sleep. Return: 0
 * or -errno, as socket() has it.
 */
int kith_hook_find(int family, int type, int protocol, struct proto **prot,
		   const struct proto_ops **ops);

/**
 * kith_hook_set() - have new sockets of @prot seen by @init
 * @hook: in static memory
 * @prot: the protocol
 * @init: calls @hook->stack_init first; process context, may sleep
 */
void kith_hook_set(struct kith_hook *hook, struct proto *prot,
		   int (*init)(struct sock *sk));

/* Takes it out, if it is in place. The caller waits for those still inside, as
 * kith_socket_exit() does.
 */
void kith_hook_unset(struct kith_hook *hook);

/* Whether it is in place still: another module may have replaced it. */
bool kith_hook_is_set(const struct kith_hook *hook);

#endif
