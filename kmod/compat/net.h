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
#if KERNEL_VERSION(6, 19, 0) > LINUX_VERSION_CODE
#define sockaddr_unsized sockaddr
#endif

/* 6.10 (92ef0fd55ac8): accept takes a struct. */
#if KERNEL_VERSION(6, 10, 0) > LINUX_VERSION_CODE
struct proto_accept_arg {
	int flags;
	int err;
	int is_empty;
	bool kern;
};
#endif

/* Our accept, which kith_compat_set_accept() puts into @ops. */
int kith_ops_accept(struct socket *sock, struct socket *newsock,
		    struct proto_accept_arg *arg);

#if KERNEL_VERSION(6, 10, 0) > LINUX_VERSION_CODE
static inline int kith_compat_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg->flags, arg->kern);
}

static inline int kith_compat_op_accept(struct socket *sock,
					struct socket *newsock, int flags,
					bool kern)
{
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };

	return kith_ops_accept(sock, newsock, &arg);
}

static inline void kith_compat_set_accept(struct proto_ops *ops)
{
	ops->accept = kith_compat_op_accept;
}
#else
static inline int kith_compat_accept(const struct proto_ops *ops,
				     struct socket *sock, struct socket *newsock,
				     struct proto_accept_arg *arg)
{
	return ops->accept(sock, newsock, arg);
}

static inline void kith_compat_set_accept(struct proto_ops *ops)
{
	ops->accept = kith_ops_accept;
}
#endif

/* 6.5 (dc97391e6610): sendpage went; sendmsg with MSG_SPLICE_PAGES does it. */
#if KERNEL_VERSION(6, 5, 0) > LINUX_VERSION_CODE
#define KITH_HAS_SENDPAGE
ssize_t kith_compat_sendpage(struct socket *sock, struct page *page, int offset,
			     size_t size, int flags);
#define KITH_SPLICE_FLAGS	(MSG_SENDPAGE_NOTLAST)

static inline void kith_compat_set_sendpage(struct proto_ops *ops)
{
	ops->sendpage = kith_compat_sendpage;
}

/* Pages go through sendmsg(). */
static inline void kith_compat_no_sendpage(struct proto_ops *ops)
{
	ops->sendpage = sock_no_sendpage;
}
#else
#define KITH_SPLICE_FLAGS	(MSG_SPLICE_PAGES | MSG_SENDPAGE_NOPOLICY)

static inline void kith_compat_set_sendpage(struct proto_ops *ops)
{
}

static inline void kith_compat_no_sendpage(struct proto_ops *ops)
{
}
#endif

#endif
