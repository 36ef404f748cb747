// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP of claimed programs: every datagram needs an opening of the policy.
 *
 * Their sockets run these operations from socket() to close(). Each call asks anew
 * who calls and what the policy opens to it, so that a descriptor lends nothing, a
 * policy applied or an identity revoked counts from the next datagram on, and other
 * processes get nothing from such a socket.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>
#include <linux/udp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/udp.h>
#include "../guard/guard.h"
#include "../guard/opening.h"
#include "conn.h"
#include "hook.h"

#define DATAGRAM_MAX	65536U		/* bytes; more than UDP carries */
#define REFUSED_MAX	64		/* datagrams in a call that does not wait */

static struct family {
	struct kith_hook hook;
	const struct proto_ops *base;	/* the stack's */
	struct proto_ops ops;		/* ours */
} families[2];				/* IPv4, IPv6; fixed after init */

static const struct proto_ops *base_of(const struct socket *sock)
{
	return families[sock->sk->sk_family == AF_INET6].base;
}

bool kith_datagram_is_ours(const struct socket *sock)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);

	return ops == &families[0].ops || ops == &families[1].ops;
}

/* Whether current may exchange datagrams with @remote, on our @port. */
static int check(const struct kith_endpoint *remote, u16 port, bool may_wait,
		 const char *how)
{
	struct kith_flow flow = { .remote = *remote, .local_port = port };
	long timeo = may_wait ? msecs_to_jiffies(KITH_ATTEST_WAIT_MS) : 0;
	int err;

	if (!kith_program_is_claimed())
		return -EACCES;
	if (kith_door_is_left_open(KITH_DOOR_UDP))
		return 0;
	err = kith_opening_find(KITH_DOOR_UDP, &flow, timeo, NULL);
	if (err == -EACCES)
		kith_door_refused(KITH_DOOR_UDP, how, remote);
	return err;
}

static u16 port_of(const struct sock *sk)
{
	return READ_ONCE(inet_sk(sk)->inet_num);
}

/* connect ----------------------------------------------------------------- */

/* As for TCP, the decision is about where it will go (destination.c). */
static int do_connect(struct socket *sock, struct sockaddr_unsized *addr,
		      int len, int flags)
{
	struct sockaddr_storage dest = { };
	struct sock *sk = sock->sk;
	struct kith_endpoint remote;
	int err;

	if (len >= (int)sizeof(sa_family_t) &&
	    ((struct sockaddr *)addr)->sa_family == AF_UNSPEC)
		return base_of(sock)->connect(sock, addr, len, flags);
	if (len > (int)sizeof(dest))
		return -EINVAL;
	err = kith_endpoint_of_addr(addr, len, &remote);
	if (err)
		return err;
	memcpy(&dest, addr, len);
	if (sk->sk_prot->pre_connect)
		err = sk->sk_prot->pre_connect(sk, (void *)&dest, len);
	if (err)
		return err;
	kith_destination_specify(sk, &dest);
	kith_endpoint_of_addr((void *)&dest, len, &remote);
	err = check(&remote, port_of(sk), !(flags & O_NONBLOCK), "connect() to");
	return err ?: base_of(sock)->connect(sock, (void *)&dest, len, flags);
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

/* send -------------------------------------------------------------------- */

/* By some control messages a datagram first goes somewhere else. */
static bool is_route(const struct cmsghdr *cmsg)
{
	if (cmsg->cmsg_level == SOL_IP)
		return cmsg->cmsg_type == IP_RETOPTS;
	return cmsg->cmsg_level == SOL_IPV6 &&
	       (cmsg->cmsg_type == IPV6_RTHDR ||
		cmsg->cmsg_type == IPV6_2292RTHDR);
}

static int check_control(struct msghdr *msg)
{
	struct cmsghdr *cmsg;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (is_route(cmsg))
			return -EACCES;
	}
	return 0;
}

/* Whether the stack takes the address from the message, as its family's
 * sendmsg() reads it.
 */
static bool is_named(const struct sock *sk, const struct msghdr *msg)
{
	const struct sockaddr *name = msg->msg_name;

	return name && (sk->sk_family == AF_INET || msg->msg_namelen < 2 ||
			name->sa_family != AF_UNSPEC);
}

/* Copies the address to @dest and says what it means to the stack. */
static int read_name(const struct sock *sk, const struct msghdr *msg,
		     struct sockaddr_storage *dest,
		     struct kith_endpoint *remote)
{
	if (msg->msg_namelen > (int)sizeof(*dest))
		return -EINVAL;
	memcpy(dest, msg->msg_name, msg->msg_namelen);
	if (sk->sk_family == AF_INET && dest->ss_family == AF_UNSPEC)
		dest->ss_family = AF_INET;
	if (kith_endpoint_of_addr((void *)dest, msg->msg_namelen, remote))
		return -EINVAL;
	kith_destination_specify(sk, dest);
	return kith_endpoint_of_addr((void *)dest, msg->msg_namelen, remote);
}

static int send_to(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct sockaddr_storage dest = { };
	struct kith_endpoint remote;
	void *name = msg->msg_name;
	int err;

	err = read_name(sock->sk, msg, &dest, &remote);
	if (!err)
		err = check(&remote, port_of(sock->sk),
			    !(msg->msg_flags & MSG_DONTWAIT), "sendto() to");
	if (err)
		return err;
	msg->msg_name = &dest;
	err = base_of(sock)->sendmsg(sock, msg, len);
	msg->msg_name = name;
	return err;
}

/* To where it is connected. */
static int send_on(struct socket *sock, struct msghdr *msg, size_t len)
{
	struct kith_endpoint remote;
	int err;

	if (READ_ONCE(sock->sk->sk_state) != TCP_ESTABLISHED)
		return -EDESTADDRREQ;
	kith_endpoint_of_sock(sock->sk, &remote, KITH_OUTBOUND);
	err = check(&remote, port_of(sock->sk), !(msg->msg_flags & MSG_DONTWAIT),
		    "send() to");
	return err ?: base_of(sock)->sendmsg(sock, msg, len);
}

static int op_sendmsg(struct socket *sock, struct msghdr *msg, size_t len)
{
	int ret;

	kith_ops_enter();
	ret = msg->msg_flags & MSG_MORE ? -EOPNOTSUPP : check_control(msg);
	if (ret)
		;
	else if (is_named(sock->sk, msg))
		ret = send_to(sock, msg, len);
	else
		ret = send_on(sock, msg, len);
	kith_ops_leave();
	return ret;
}

/* receive ----------------------------------------------------------------- */

/*
 * A datagram is looked at in the queue, decided about, and only then taken out of
 * it: what may not be decided yet stays, and what came to another port of this
 * socket, before it was bound anew, is told by its own header. The stack's receive
 * looks, too, into memory of ours: what is refused is never seen.
 */
struct receipt {
	struct msghdr msg;		/* as the caller had it */
	struct sockaddr_storage from;
	void *data;
	size_t room;
};

/* The first of the queue with a reference, or NULL and *@err, as recvmsg(). */
static struct sk_buff *look(struct sock *sk, int flags, int *err)
{
	int whole = -1;			/* not from an offset on */

	return __skb_recv_udp(sk, (flags & MSG_DONTWAIT) | MSG_PEEK, &whole, err);
}

/* The stack's receive of what is there, with its source in @r->from; it stays.
 * Return: as recvmsg().
 */
static int read_first(struct socket *sock, struct msghdr *msg,
		      struct receipt *r, int flags)
{
	struct kvec vec = { .iov_base = r->data, .iov_len = r->room };
	int ret;

	*msg = r->msg;
	memset(&r->from, 0, sizeof(r->from));
	msg->msg_name = &r->from;
	msg->msg_namelen = 0;
	iov_iter_kvec(&msg->msg_iter, ITER_DEST, &vec, 1, r->room);
	ret = base_of(sock)->recvmsg(sock, msg, r->room,
				     flags | MSG_PEEK | MSG_DONTWAIT);
	msg->msg_iter = r->msg.msg_iter;
	msg->msg_name = r->msg.msg_name;
	return ret;
}

/* Takes @skb out of the queue: false when another thread was faster. Datagrams go
 * from the front only: one that is still there was what read_first() read.
 */
static bool take(struct sock *sk, struct sk_buff *skb)
{
	struct sk_buff_head *queue = &udp_sk(sk)->reader_queue;
	bool mine;

	spin_lock_bh(&queue->lock);
	mine = !!skb->next;
	if (mine) {
		__skb_unlink(skb, queue);
		refcount_dec(&skb->users);
		udp_skb_destructor(sk, skb);
	}
	spin_unlock_bh(&queue->lock);
	if (mine && skb->protocol == htons(ETH_P_IPV6))
		UDP6_INC_STATS(sock_net(sk), UDP_MIB_INDATAGRAMS, false);
	else if (mine)
		UDP_INC_STATS(sock_net(sk), UDP_MIB_INDATAGRAMS, false);
	return mine;
}

/* Whether @skb, of which @r and @msg tell, may be received: 0 or -errno. */
static int judge(const struct sk_buff *skb, const struct msghdr *msg,
		 const struct receipt *r, int flags)
{
	struct kith_endpoint remote;

	/* What no address came with was not received by UDP. */
	if (kith_endpoint_of_addr((void *)&r->from, msg->msg_namelen, &remote))
		return -EACCES;
	return check(&remote, ntohs(udp_hdr(skb)->dest), !(flags & MSG_DONTWAIT),
		     "recv() from");
}

/* Hands over a datagram of @size bytes that was let through. */
static int hand_over(struct msghdr *msg, const struct receipt *r, int size)
{
	size_t copied = min_t(size_t, size, r->room);

	if (msg->msg_name)
		memcpy(msg->msg_name, &r->from, msg->msg_namelen);
	else
		msg->msg_namelen = 0;
	return copy_to_iter(r->data, copied, &msg->msg_iter) == copied ?
	       size : -EFAULT;
}

/* There is more: who waits for edges has one. */
static int not_now(struct sock *sk)
{
	sk->sk_data_ready(sk);
	return -EAGAIN;
}

/* One try with the first of the queue: as recvmsg(), -EACCES for what was refused,
 * which is gone, and -ESTALE when another thread took it meanwhile.
 */
static int try_first(struct socket *sock, struct msghdr *msg, struct receipt *r,
		     int flags)
{
	struct sk_buff *skb;
	int size, err = 0;
	bool mine;

	skb = look(sock->sk, flags, &err);
	if (!skb)
		return err;
	size = read_first(sock, msg, r, flags);
	if (size == -EAGAIN)
		err = -ESTALE;
	else
		err = size < 0 ? size : judge(skb, msg, r, flags);
	if (err == -EAGAIN)
		not_now(sock->sk);
	if (!err || err == -EACCES) {
		mine = flags & MSG_PEEK && !err ? !!READ_ONCE(skb->next) :
						  take(sock->sk, skb);
		err = mine ? err : -ESTALE;
	}
	consume_skb(skb);
	return err ?: hand_over(msg, r, size);
}

static int receive(struct socket *sock, struct msghdr *msg, struct receipt *r,
		   int flags)
{
	long timeo = sock_rcvtimeo(sock->sk, flags & MSG_DONTWAIT);
	unsigned long end = jiffies + timeo;
	int ret, refused = 0;

	for (;;) {
		ret = try_first(sock, msg, r, flags);
		if (ret != -EACCES && ret != -ESTALE)
			return ret;
		if (flags & MSG_DONTWAIT && ++refused == REFUSED_MAX)
			return not_now(sock->sk);
		if (timeo && timeo != MAX_SCHEDULE_TIMEOUT &&
		    time_after_eq(jiffies, end))
			return -EAGAIN;
		if (signal_pending(current))
			return sock_intr_errno(timeo);
		cond_resched();
	}
}

static int do_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		      int flags)
{
	struct receipt r = { .msg = *msg, .room = min_t(size_t, len, DATAGRAM_MAX) };
	int ret;

	if (!kith_program_is_claimed())
		return -EACCES;
	if (flags & MSG_ERRQUEUE) {	/* what it quotes may be anybody's */
		iov_iter_truncate(&msg->msg_iter, 0);
		return base_of(sock)->recvmsg(sock, msg, 0, flags);
	}
	r.data = kvmalloc(max_t(size_t, r.room, 1), GFP_KERNEL_ACCOUNT);
	if (!r.data)
		return -ENOMEM;
	ret = receive(sock, msg, &r, flags);
	kvfree(r.data);
	return ret;
}

static int op_recvmsg(struct socket *sock, struct msghdr *msg, size_t len,
		      int flags)
{
	int ret;

	kith_ops_enter();
	ret = do_recvmsg(sock, msg, len, flags);
	kith_ops_leave();
	return ret;
}

/* options ----------------------------------------------------------------- */

/* What is received beside a datagram goes to the program's memory before it is
 * decided about: nothing that the sender fills as it likes.
 */
static bool is_received_header(int level, int name)
{
	if (level == SOL_IP)
		return name == IP_RECVOPTS || name == IP_RETOPTS;
	return level == SOL_IPV6 &&
	       (name == IPV6_RECVHOPOPTS || name == IPV6_2292HOPOPTS ||
		name == IPV6_RECVRTHDR || name == IPV6_2292RTHDR ||
		name == IPV6_RECVDSTOPTS || name == IPV6_2292DSTOPTS);
}

/* Datagrams are decided about whole, when they are sent; and somebody else's use of
 * the socket goes around these operations. UDP-Lite's level means the same.
 */
static bool is_vetoed(int level, int name)
{
	if (level == SOL_UDP || level == SOL_UDPLITE)
		return name == UDP_ENCAP || name == UDP_CORK;
	return kith_option_reroutes(level, name) ||
	       is_received_header(level, name);
}

static int op_setsockopt(struct socket *sock, int level, int name,
			 sockptr_t value, unsigned int len)
{
	int err = -EOPNOTSUPP;

	kith_ops_enter();
	if (!is_vetoed(level, name))
		err = base_of(sock)->setsockopt(sock, level, name, value, len);
	kith_ops_leave();
	return err;
}

/* hooks ------------------------------------------------------------------- */

static int seen(struct kith_hook *hook, struct sock *sk)
{
	struct family *f = container_of(hook, struct family, hook);
	struct socket *sock = sk->sk_socket;
	int err;

	if (!kith_program_is_claimed() || kith_door_is_left_open(KITH_DOOR_UDP))
		return 0;
	/* Somebody else's operations would not ask. */
	if (!sock || sock->ops != f->base || !module_is_live(THIS_MODULE))
		return -EACCES;
	err = kith_door_ask(KITH_DOOR_UDP, "socket()");
	if (!err)
		WRITE_ONCE(sock->ops, &f->ops);
	return err;
}

static int init_udp4(struct sock *sk)
{
	return kith_hook_run(&families[0].hook, sk);
}

static int init_udp6(struct sock *sk)
{
	return kith_hook_run(&families[1].hook, sk);
}

static int prepare(struct family *f, int family)
{
	int err = kith_hook_find(&f->hook, family, SOCK_DGRAM, IPPROTO_UDP,
				 &f->base);

	if (err)
		return err;
	f->ops = *f->base;
	f->ops.owner = THIS_MODULE;
	f->ops.connect = op_connect;
	f->ops.sendmsg = op_sendmsg;
	f->ops.recvmsg = op_recvmsg;
	f->ops.setsockopt = op_setsockopt;
	f->ops.set_peek_off = NULL;	/* peeking takes away what is refused */
	f->ops.read_skb = NULL;		/* sockmap's way in */
	kith_compat_no_sendpage(&f->ops);
	return 0;
}

int kith_datagram_init(void)
{
	int err = prepare(&families[0], AF_INET);

	if (!err)
		err = prepare(&families[1], AF_INET6);
	if (err)
		return err;
	kith_hook_set(&families[0].hook, init_udp4, seen);
	kith_hook_set(&families[1].hook, init_udp6, seen);
	return 0;
}

bool kith_datagram_hooked(void)
{
	return kith_hook_is_set(&families[0].hook) &&
	       kith_hook_is_set(&families[1].hook);
}

void kith_datagram_exit(void)
{
	kith_hook_unset(&families[1].hook);
	kith_hook_unset(&families[0].hook);
}
