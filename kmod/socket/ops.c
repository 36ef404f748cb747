// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrapping: new TCP sockets of user space get Kith's proto_ops.
 *
 * The one hook is tcp_prot.init (tcpv6_prot.init), which runs after the stack
 * chose sock->ops. At connect() and listen() a socket that no claim concerns is
 * handed back to the stack for good. Managed ones keep our ops from creation to
 * release; what kTLS would put there is kept beside (see ktls.c).
 *
 * A socket that a claimed program makes, or is given before that is decided, has
 * the same operations at another place, and is never handed back: others could
 * connect it for that program.
 *
 * The ops own a module reference for each socket, as __sock_create() and
 * sock_release() count it. A call that hands back drops that reference when it
 * is about to return; calls that raced with it are counted in @calls, and
 * unloading waits for them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/tcp.h>
#include <net/inet_common.h>
#include <net/tcp.h>
#include <uapi/asm-generic/ioctls.h>
#include "conn.h"
#include "hook.h"

struct family {
	int family;
	struct kith_hook hook;
	struct proto_ops ops;		/* ours */
	struct proto_ops kept;		/* the same, of what is not handed back */
	struct socket *primer;		/* closed, private, the stack's ops */
	const struct proto_ops *base;	/* the stack's */
};

static struct family families[2];	/* fixed after kith_socket_init() */
static DEFINE_PER_CPU(long, calls);	/* wrappers running, summed over CPUs */

void kith_ops_enter(void)
{
	this_cpu_inc(calls);
}

void kith_ops_leave(void)
{
	this_cpu_dec(calls);
}

static struct family *family_of(const struct sock *sk)
{
	return &families[sk->sk_family == AF_INET6];
}

const struct proto_ops *kith_ops_base(const struct sock *sk)
{
	return family_of(sk)->base;
}

struct socket *kith_ops_primer(const struct sock *sk)
{
	return family_of(sk)->primer;
}

static bool is_wrapped(const struct socket *sock)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);
	const struct family *f = family_of(sock->sk);

	return ops == &f->ops || ops == &f->kept;
}

bool kith_socket_is_undecided(const struct socket *sock)
{
	return sock->sk && sk_is_tcp(sock->sk) &&
	       READ_ONCE(sock->ops) == &family_of(sock->sk)->ops &&
	       !kith_conn_find(sock->sk);
}

bool kith_socket_is_native(struct socket *sock)
{
	struct family *f;

	if (!sock->sk || !sk_is_tcp(sock->sk))
		return false;
	f = family_of(sock->sk);
	cmpxchg(&sock->ops, &f->ops, &f->kept);
	return !is_wrapped(sock);
}

/* Gives the socket back for good. True for the one call that did it and now
 * owes a module_put(). */
static bool hand_back(struct socket *sock)
{
	struct family *f = family_of(sock->sk);

	return cmpxchg(&sock->ops, &f->ops, f->base) == &f->ops;
}

/* Managed or handed back is decided once for a socket, whoever races. */
static struct mutex gates[64];

/*
 * The managed socket of @sock: the one there is, or a new one of @kind when
 * @manage. Otherwise hands the socket back; then NULL, and *@owed when a
 * module_put() is due after the stack's call. ERR_PTR() without memory, for
 * a managed one that somebody handed back first, and for one that is not handed
 * back.
 */
static struct kith_conn *decide_once(struct socket *sock, bool manage,
				     enum kith_conn_kind kind, bool *owed)
{
	const struct family *f = family_of(sock->sk);
	struct mutex *gate = &gates[hash_ptr(sock->sk, 6)];
	struct kith_conn *conn;

	mutex_lock(gate);
	conn = kith_conn_find(sock->sk);
	if (conn)
		goto out;
	if (!manage)
		*owed = hand_back(sock);
	if (is_wrapped(sock) != manage)
		conn = ERR_PTR(-EACCES);
	else if (manage)
		conn = kith_conn_new(sock->sk, sock, kind, f->base) ?:
		       ERR_PTR(-ENOMEM);
out:
	mutex_unlock(gate);
	return conn;
}

static int connect_native(struct socket *sock, struct sockaddr_unsized *addr,
			  int len, int flags, bool owed)
{
	int err = kith_ops_base(sock->sk)->connect(sock, addr, len, flags);

	if (owed)
		module_put(THIS_MODULE);
	return err;
}

static bool is_unspec(const struct sockaddr_unsized *addr, int len)
{
	return len >= (int)sizeof(sa_family_t) &&
	       ((const struct sockaddr *)addr)->sa_family == AF_UNSPEC;
}

static int connect_claimed(struct socket *sock, struct sockaddr_unsized *addr,
			   int len, int flags)
{
	const struct proto_ops *base = kith_ops_base(sock->sk);
	struct kith_endpoint endpoint;
	struct kith_conn *conn;
	bool owed = false;
	int err;

	/* A fresh socket may be disconnected. */
	if (is_unspec(addr, len))
		return base->connect(sock, addr, len, flags);
	/* As the stack says, which must not see it: a connection under way
	 * looks at no address and would be done. */
	err = kith_endpoint_of_addr(addr, len, &endpoint);
	if (err || len > (int)sizeof(conn->dest))
		return err ?: -EINVAL;
	conn = decide_once(sock, true, KITH_CONN_KIND_CLIENT, &owed);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (conn->kind == KITH_CONN_KIND_LISTENER)
		return -EISCONN;
	return kith_client_connect(conn, sock, addr, len, flags);
}

static int do_connect(struct socket *sock, struct sockaddr_unsized *addr,
		      int len, int flags)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	bool owed = false;

	if (conn && conn->kind == KITH_CONN_KIND_LISTENER)
		return -EISCONN;
	if (conn && is_unspec(addr, len))
		return -EOPNOTSUPP;	/* kTLS sockets do not go back either */
	if (conn || kith_program_is_claimed())
		return connect_claimed(sock, addr, len, flags);
	if (decide_once(sock, false, KITH_CONN_KIND_CLIENT, &owed))
		return -EACCES;		/* a claimed one was faster */
	return connect_native(sock, addr, len, flags, owed);
}

static int op_connect(struct socket *sock, struct sockaddr_unsized *addr,
		      int len, int flags)
{
	int err;

	kith_ops_enter();
	err = do_connect(sock, addr, len, flags);
	kith_ops_leave();
	return err;
}

static int do_listen(struct socket *sock, int backlog, bool *owed)
{
	struct kith_conn *conn;

	conn = decide_once(sock, kith_listener_is_claimed(sock->sk),
			   KITH_CONN_KIND_LISTENER, owed);
	if (IS_ERR(conn))
		return PTR_ERR(conn);
	if (!conn)
		return kith_ops_base(sock->sk)->listen(sock, backlog);
	if (conn->kind != KITH_CONN_KIND_LISTENER)
		return -EINVAL;
	return kith_listener_listen(conn, sock, backlog);
}

static int op_listen(struct socket *sock, int backlog)
{
	bool owed = false;
	int err;

	kith_ops_enter();
	err = do_listen(sock, backlog, &owed);
	kith_ops_leave();
	if (owed)
		module_put(THIS_MODULE);
	return err;
}

int kith_ops_accept(struct socket *sock, struct socket *newsock,
		    struct proto_accept_arg *arg)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int err;

	kith_ops_enter();
	if (conn && conn->kind == KITH_CONN_KIND_LISTENER)
		err = kith_listener_accept(conn, newsock, arg->flags);
	else
		err = kith_compat_accept(kith_ops_base(sock->sk), sock,
					 newsock, arg);
	kith_ops_leave();
	return err;
}

static __poll_t op_poll(struct file *file, struct socket *sock,
			struct poll_table_struct *wait)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	__poll_t mask;

	kith_ops_enter();
	if (!conn)
		mask = kith_ops_base(sock->sk)->poll(file, sock, wait);
	else if (conn->kind == KITH_CONN_KIND_LISTENER)
		mask = kith_listener_poll(conn, file, sock, wait);
	else
		mask = kith_stream_poll(conn, file, sock, wait);
	kith_ops_leave();
	return mask;
}

/* MSG_FASTOPEN connects: refused to claimed programs, since data would leave
 * before the handshake; handed back for others, as connect() does. */
static int sendmsg_native(struct socket *sock, struct msghdr *msg, size_t len)
{
	bool owed = false;
	int ret;

	/* Not connected, or it would be managed: in the stack it could meet a
	 * connect() of another thread. */
	if (kith_program_is_claimed())
		return msg->msg_flags & MSG_FASTOPEN ? -EOPNOTSUPP :
		       sk_stream_error(sock->sk, msg->msg_flags, -EPIPE);

	if (msg->msg_flags & MSG_FASTOPEN) {
		if (decide_once(sock, false, KITH_CONN_KIND_CLIENT, &owed))
			return -EOPNOTSUPP;
	}
	ret = kith_ops_base(sock->sk)->sendmsg(sock, msg, len);
	if (owed)
		module_put(THIS_MODULE);
	return ret;
}

static int op_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int ret;

	kith_ops_enter();
	if (conn)
		ret = kith_stream_sendmsg(conn, sock, msg, len);
	else
		ret = sendmsg_native(sock, msg, len);
	kith_ops_leave();
	return ret;
}

static int op_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		      int flags)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int ret;

	kith_ops_enter();
	if (conn)
		ret = kith_stream_recvmsg(conn, sock, msg, len, flags);
	else if (!(flags & MSG_ERRQUEUE) && kith_program_is_claimed())
		ret = sock_error(sock->sk) ?: -ENOTCONN;
	else
		ret = kith_ops_base(sock->sk)->recvmsg(sock, msg, len, flags);
	kith_ops_leave();
	return ret;
}

static ssize_t op_splice_read(struct socket *sock, loff_t *pos,
			      struct pipe_inode_info *pipe, size_t len,
			      unsigned int flags)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	ssize_t ret;

	kith_ops_enter();
	if (conn)
		ret = kith_stream_splice_read(conn, sock, pos, pipe, len,
					      flags);
	else if (kith_program_is_claimed())
		ret = sock_error(sock->sk) ?: -ENOTCONN;
	else
		ret = kith_ops_base(sock->sk)->splice_read(sock, pos, pipe, len,
							   flags);
	kith_ops_leave();
	return ret;
}

#ifdef KITH_HAS_SENDPAGE
/* Kernels before 6.5 send files this way. */
ssize_t kith_compat_sendpage(struct socket *sock, struct page *page, int offset,
			     size_t size, int flags)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	ssize_t ret;

	kith_ops_enter();
	if (conn)
		ret = kith_stream_sendpage(conn, sock, page, offset, size,
					   flags);
	else if (kith_program_is_claimed())
		ret = sk_stream_error(sock->sk, flags, -EPIPE);
	else
		ret = kith_ops_base(sock->sk)->sendpage(sock, page, offset,
							size, flags);
	kith_ops_leave();
	return ret;
}
#endif

static void op_splice_eof(struct socket *sock)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	const struct proto_ops *base = kith_ops_base(sock->sk);

	kith_ops_enter();
	if (conn)
		kith_stream_splice_eof(conn, sock);
	else if (base->splice_eof)
		base->splice_eof(sock);
	kith_ops_leave();
}

/* Sockmap, KCM and strparser users send under the socket lock: in clear. */
static int op_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	int ret = -EOPNOTSUPP;

	kith_ops_enter();
	if (!kith_conn_find(sk))
		ret = kith_ops_base(sk)->sendmsg_locked(sk, msg, size);
	kith_ops_leave();
	return ret;
}

static int op_shutdown(struct socket *sock, int how)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int err;

	kith_ops_enter();
	if (conn)
		err = kith_conn_shutdown(conn, sock, how);
	else
		err = kith_ops_base(sock->sk)->shutdown(sock, how);
	kith_ops_leave();
	return err;
}

/* Options that would let bytes past the handshake or change the ops. */
static bool vetoed(const struct kith_conn *conn, int level, int name)
{
	if (level == SOL_TLS || kith_option_reroutes(level, name))
		return true;
	if (level != SOL_TCP)
		return false;
	switch (name) {
	case TCP_ULP:
	case TCP_REPAIR:
	case TCP_REPAIR_QUEUE:
	case TCP_REPAIR_OPTIONS:
	case TCP_REPAIR_WINDOW:
	case TCP_QUEUE_SEQ:
	case TCP_FASTOPEN_CONNECT:
		return true;
	default:
		return false;
	}
}

static int setsockopt_native(struct socket *sock, int level, int name,
			     sockptr_t value, unsigned int len)
{
	bool owed = false;
	int err;

	/* A program's own kTLS copies the ops it finds in the socket. */
	if (level == SOL_TCP && name == TCP_ULP &&
	    decide_once(sock, false, KITH_CONN_KIND_CLIENT, &owed))
		return -EOPNOTSUPP;
	err = kith_ops_base(sock->sk)->setsockopt(sock, level, name, value, len);
	if (owed)
		module_put(THIS_MODULE);
	return err;
}

#define OPTION_MAX	131072

/* The value is copied first: the stack would do so under the socket's lock, for
 * as long as whoever backs the program's memory likes. */
static int setsockopt_managed(struct kith_conn *conn, struct socket *sock,
			      int level, int name, sockptr_t value,
			      unsigned int len)
{
	void *copy;
	int err;

	if (len > OPTION_MAX)
		return -EINVAL;
	copy = memdup_sockptr(value, len);
	if (IS_ERR(copy))
		return PTR_ERR(copy);
	err = conn->base->setsockopt(sock, level, name, KERNEL_SOCKPTR(copy),
				     len);
	kfree_sensitive(copy);		/* TCP_MD5SIG holds a key */
	return err;
}

static int op_setsockopt(struct socket *sock, int level, int name,
			 sockptr_t value, unsigned int len)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int err;

	kith_ops_enter();
	if ((conn || kith_program_is_claimed()) && vetoed(conn, level, name))
		err = -EOPNOTSUPP;
	else if (conn)
		err = setsockopt_managed(conn, sock, level, name, value, len);
	else
		err = setsockopt_native(sock, level, name, value, len);
	kith_ops_leave();
	return err;
}

static int op_getsockopt(struct socket *sock, int level, int name,
			 char __user *value, int __user *len)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int err;

	kith_ops_enter();
	if (level == SOL_KITH && name == KITH_PEER_ID && conn)
		err = kith_option_peer_id(conn, value, len);
	else if (level == SOL_KITH && kith_program_is_claimed())
		err = name == KITH_PEER_ID ? -ENOTCONN : -ENOPROTOOPT;
	else if ((conn && level == SOL_TLS) ||
		 (level == SOL_TCP && name == TCP_ZEROCOPY_RECEIVE &&
		  (conn || kith_program_is_claimed())))
		err = -EOPNOTSUPP;
	else
		err = kith_ops_base(sock->sk)->getsockopt(sock, level, name,
							  value, len);
	kith_ops_leave();
	return err;
}

static int op_set_rcvlowat(struct sock *sk, int value)
{
	struct kith_conn *conn = kith_conn_find(sk);
	int err;

	kith_ops_enter();
	if (conn)
		err = kith_callbacks_set_rcvlowat(conn, value);
	else
		err = kith_ops_base(sk)->set_rcvlowat(sk, value);
	kith_ops_leave();
	return err;
}

/* Until the verdict a connection has no peer, as in SYN_SENT. */
static int op_getname(struct socket *sock, struct sockaddr *addr, int peer)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	enum kith_conn_state state;
	int ret = -ENOTCONN;

	kith_ops_enter();
	state = conn ? kith_conn_state(conn) : KITH_CONN_STATE_READY;
	if (peer != 1 || (!kith_conn_pending(state) &&
			  state != KITH_CONN_STATE_FAILED))
		ret = kith_ops_base(sock->sk)->getname(sock, addr, peer);
	kith_ops_leave();
	return ret;
}

static int op_ioctl(struct socket *sock, unsigned int cmd, unsigned long arg)
{
	struct kith_conn *conn = kith_conn_find(sock->sk);
	int err, bytes;

	kith_ops_enter();
	if (conn && cmd == FIONREAD && conn->kind != KITH_CONN_KIND_LISTENER &&
	    kith_conn_state(conn) != KITH_CONN_STATE_OPENED) {
		err = kith_stream_inq(conn, sock, &bytes);
		if (!err)
			err = put_user(bytes, (int __user *)arg);
	} else {
		err = kith_ops_base(sock->sk)->ioctl(sock, cmd, arg);
	}
	kith_ops_leave();
	return err;
}

static int op_release(struct socket *sock)
{
	struct kith_conn *conn;
	int err;

	if (!sock->sk)
		return 0;
	kith_ops_enter();
	conn = kith_conn_find(sock->sk);
	if (conn)
		err = kith_conn_release(conn, sock);
	else
		err = kith_ops_base(sock->sk)->release(sock);
	kith_ops_leave();
	return err;
}

static void wrap(struct proto_ops *ops, const struct proto_ops *base)
{
	*ops = *base;
	ops->owner = THIS_MODULE;
	ops->release = op_release;
	ops->connect = op_connect;
	kith_compat_set_accept(ops);
	ops->getname = op_getname;
	ops->poll = op_poll;
	ops->ioctl = op_ioctl;
	ops->listen = op_listen;
	ops->shutdown = op_shutdown;
	ops->setsockopt = op_setsockopt;
	ops->getsockopt = op_getsockopt;
	ops->sendmsg = op_sendmsg;
	ops->recvmsg = op_recvmsg;
	ops->splice_read = op_splice_read;
	ops->set_rcvlowat = op_set_rcvlowat;
	ops->splice_eof = op_splice_eof;
	ops->sendmsg_locked = op_sendmsg_locked;
	kith_compat_set_sendpage(ops);
	/* read_sock, read_skb and peek_len stay the stack's: kTLS calls them. */
}

/* --- hooks ------------------------------------------------------------------ */

static int seen(struct kith_hook *hook, struct sock *sk)
{
	struct family *f = container_of(hook, struct family, hook);

	if (sk->sk_socket && sk->sk_socket->ops == f->base &&
	    module_is_live(THIS_MODULE))
		WRITE_ONCE(sk->sk_socket->ops,
			   kith_program_is_claimed() ? &f->kept : &f->ops);
	return 0;
}

static int init_sock4(struct sock *sk)
{
	return kith_hook_run(&families[0].hook, sk);
}

static int init_sock6(struct sock *sk)
{
	return kith_hook_run(&families[1].hook, sk);
}

static int prepare(struct family *f, int family)
{
	int err;

	err = sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_TCP,
			       &f->primer);
	if (err)
		return err;
	f->family = family;
	f->base = f->primer->ops;
	f->hook.prot = f->primer->sk->sk_prot;
	wrap(&f->ops, f->base);
	f->kept = f->ops;
	return 0;
}

static void unprepare(struct family *f)
{
	if (f->primer)
		sock_release(f->primer);
	f->primer = NULL;
}

bool kith_socket_hooked(void)
{
	return kith_hook_is_set(&families[0].hook) &&
	       kith_hook_is_set(&families[1].hook) && kith_datagram_hooked();
}

int kith_socket_init(void)
{
	int err, i;

	for (i = 0; i < ARRAY_SIZE(gates); i++)
		mutex_init(&gates[i]);
	err = kith_table_init();
	if (err)
		return err;
	err = prepare(&families[0], AF_INET);
	if (!err)
		err = prepare(&families[1], AF_INET6);
	if (!err)
		err = kith_datagram_init();
	if (err)
		goto err_primer;
	kith_callbacks_init(families[0].primer->sk);
	kith_hook_set(&families[0].hook, init_sock4, seen);
	kith_hook_set(&families[1].hook, init_sock6, seen);
	kith_doors_close();
	return 0;

err_primer:
	unprepare(&families[1]);
	unprepare(&families[0]);
	kith_table_exit();
	return err;
}

static long calls_running(void)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(calls, cpu);
	return sum;
}

void kith_socket_exit(void)
{
	kith_doors_open();
	kith_datagram_exit();
	kith_hook_unset(&families[1].hook);
	kith_hook_unset(&families[0].hook);
	/* First everyone who loaded a pointer of ours has entered or passed,
	 * then those inside have left, then they are out of our text. */
	synchronize_rcu_tasks();
	while (calls_running())
		msleep(20);
	synchronize_rcu_tasks();
	unprepare(&families[1]);
	unprepare(&families[0]);
	kith_table_exit();
}
