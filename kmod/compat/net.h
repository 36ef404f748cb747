/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Socket interfaces that moved between kernels. Core code is written for the
 * newest; older kernels get its names here.
 */
#ifndef _KITH_COMPAT_NET_H
#define _KITH_COMPAT_NET_H

#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/version.h>

/* 6.2 (de4eda9de2d9): iov_iter directions got names. */
#ifndef ITER_SOURCE
#define ITER_SOURCE	1
#define ITER_DEST	0
#endif

/* 6.19 (0e50474fa514): addresses of unknown length have their own type. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define sockaddr_unsized sockaddr
#endif

/* 6.10 (92ef0fd55ac8): accept takes a struct. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
struct proto_accept_arg {
	int flags;
	int err;
	int is_empty;
	bool kern;
};

static inline int kith_compat_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg->flags, arg->kern);
}

/* Defines @name with the signature struct proto_ops wants, calling @call. */
#define KITH_COMPAT_ACCEPT(name, call)					\
static int name(struct socket *sock, struct socket *newsock, int flags,	\
		bool kern)						\
{									\
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };	\
									\
	return call(sock, newsock, &arg);				\
}
#else
static inline int kith_compat_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg);
}

#define KITH_COMPAT_ACCEPT(name, call)					\
static int name(struct socket *sock, struct socket *newsock,		\
		struct proto_accept_arg *arg)				\
{									\
	return call(sock, newsock, arg);				\
}
#endif

/* 6.5 (dc97391e6610): sendpage went; sendmsg with MSG_SPLICE_PAGES does it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define KITH_HAS_SENDPAGE
#define KITH_COMPAT_SENDPAGE(ops, fn)	((ops)->sendpage = (fn))
ssize_t kith_compat_sendpage(struct socket *sock, struct page *page, int offset,
			     size_t size, int flags);
#define KITH_SPLICE_FLAGS	(MSG_SENDPAGE_NOTLAST)
#else
#define KITH_COMPAT_SENDPAGE(ops, fn)	do { } while (0)
#define KITH_SPLICE_FLAGS	(MSG_SPLICE_PAGES | MSG_SENDPAGE_NOPOLICY)
#endif

#endif
