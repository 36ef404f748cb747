/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Managed sockets, as the rest of the module sees them.
 */
#ifndef _KITH_SOCKET_SOCKET_H
#define _KITH_SOCKET_SOCKET_H

#include <linux/types.h>
#include "../control/event.h"

struct kith_credential;
struct kith_config;
struct socket;

/* Puts the hooks in place; from then on new TCP sockets are wrapped. */
int kith_socket_init(void);
/* Removes the hooks and waits for every call still inside the wrappers. */
void kith_socket_exit(void);
/* Whether the hooks are still ours (another module may have replaced them). */
bool kith_socket_hooked(void);

/* Whether it is a TCP socket that runs the stack's operations: it was handed back,
 * or is older than the module. If not it never will be: a claimed program has it,
 * and nobody else shall connect it. Any context. */
bool kith_socket_is_native(struct socket *sock);

/* Whether it is a TCP socket that may be managed or handed back yet. Any context. */
bool kith_socket_is_undecided(const struct socket *sock);

/* Whether it is a UDP socket of which each datagram is asked about, whoever uses
 * it. Any context. */
bool kith_datagram_is_ours(const struct socket *sock);

/* Calls @show for every managed socket with a consistent copy of its facts,
 * until @show returns non-zero, which is returned. @position resumes a dump:
 * 0 at first, advanced past what was shown. May sleep; @show must not. */
int kith_socket_for_each(unsigned long *position,
			 int (*show)(const struct kith_conn_info *info, void *arg),
			 void *arg);
void kith_socket_counts(u32 *connections, u32 *listeners);
/* How many have a sweep's mark and were not seen to yet. May sleep. */
u32 kith_socket_reviews(void);

/* Has the live connections of a revoked credential closed with EKEYREVOKED. They
 * are marked when this returns: no call of their program gets past it, and their
 * workers close them, at once or when a program that keeps them locked lets go;
 * the same holds for the three below. May sleep. */
void kith_socket_close_credential(const struct kith_credential *credential);
/* The same for those whose own credential, or whose peer's SVID, is revoked. */
void kith_socket_recheck_revoked(void);
/* Closes the live connections of programs that have ended some time ago, or whose
 * task is over, and which others hold, with EKEYREVOKED, and takes their listeners
 * from them. May sleep. Return: how many belong to programs that ended since. */
unsigned int kith_socket_close_orphans(void);
/* Closes the live connections that the policy in force no longer allows. May
 * sleep. */
void kith_socket_recheck(void);

#endif
