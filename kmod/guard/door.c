// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doors: ways out of the host and into it that are no TCP socket. A claimed
 * program has TCP over IPv4 and IPv6, AF_UNIX and AF_NETLINK; the rest is closed.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/in.h>
#include <linux/jiffies.h>
#include <linux/kdev_t.h>
#include <linux/major.h>
#include <linux/miscdevice.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/stat.h>
#include <net/sock.h>
#include "../control/event.h"
#include "../identity/config.h"
#include "../identity/credential.h"
#include "../identity/program.h"
#include "guard.h"
#include "opening.h"

#define IB_UVERBS_MAJOR	231

struct kind {
	int family;
	enum kith_door door;
};

/* Families that are one door, whatever the type. */
static const struct kind families[] = {
	{ AF_PACKET, KITH_DOOR_PACKET },
	{ AF_VSOCK, KITH_DOOR_VSOCK },
	{ AF_XDP, KITH_DOOR_XDP },
	{ AF_SMC, KITH_DOOR_SMC },
	{ AF_KCM, KITH_DOOR_KCM },
	{ AF_TIPC, KITH_DOOR_TIPC },
	{ AF_RDS, KITH_DOOR_RDS },
	{ AF_IB, KITH_DOOR_RDMA },
};

/* Protocols of IPv4 and IPv6 that are one door, whatever the type. */
static const struct kind protocols[] = {
	{ IPPROTO_MPTCP, KITH_DOOR_MPTCP },
	{ 256 /* IPPROTO_SMC */, KITH_DOOR_SMC },
	{ IPPROTO_SCTP, KITH_DOOR_SCTP },
	{ IPPROTO_DCCP, KITH_DOOR_DCCP },
	{ IPPROTO_UDP, KITH_DOOR_UDP },
};

static enum kith_door find(const struct kind *kinds, unsigned int n, int family)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (kinds[i].family == family)
			return kinds[i].door;
	return KITH_DOOR_OTHER;
}

static enum kith_door door_of_inet(int type, int protocol)
{
	if (type == SOCK_RAW)
		return KITH_DOOR_RAW;
	if (type == SOCK_STREAM && (!protocol || protocol == IPPROTO_TCP))
		return KITH_DOOR_NONE;
	if (type == SOCK_DGRAM && !protocol)
		return KITH_DOOR_UDP;
	return find(protocols, ARRAY_SIZE(protocols), protocol);
}

enum kith_door kith_door_of_socket(int family, int type, int protocol)
{
	switch (family) {
	case AF_UNIX:
	case AF_NETLINK:
		return KITH_DOOR_NONE;
	case AF_INET:
	case AF_INET6:
		/* As inet_create() reads it: SOCK_PACKET is raw, too. */
		return door_of_inet(type == SOCK_PACKET ? SOCK_RAW : type, protocol);
	default:
		return find(families, ARRAY_SIZE(families), family);
	}
}

static enum kith_door door_of_device(dev_t device)
{
	switch (MAJOR(device)) {
	case MISC_MAJOR:
		return MINOR(device) == TUN_MINOR ? KITH_DOOR_TUN :
		       MINOR(device) == VHOST_NET_MINOR ? KITH_DOOR_TUN :
		       MINOR(device) == VHOST_VSOCK_MINOR ? KITH_DOOR_VSOCK :
							    KITH_DOOR_NONE;
	case IB_UVERBS_MAJOR:
		return KITH_DOOR_RDMA;
	default:
		return KITH_DOOR_NONE;
	}
}

enum kith_door kith_door_of_file(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct socket *sock;
	struct sock *sk;

	if (file->f_mode & FMODE_PATH)
		return KITH_DOOR_NONE;
	if (S_ISCHR(inode->i_mode))
		return door_of_device(inode->i_rdev);
	sock = sock_from_file(file);
	sk = sock ? sock->sk : NULL;
	if (!sk)
		return KITH_DOOR_NONE;
	return kith_door_of_socket(sk->sk_family, sk->sk_type, sk->sk_protocol);
}

static const char *const names[__KITH_DOOR_COUNT] = {
	[KITH_DOOR_UDP] = "UDP",
	[KITH_DOOR_RAW] = "raw",
	[KITH_DOOR_PACKET] = "packet",
	[KITH_DOOR_VSOCK] = "vsock",
	[KITH_DOOR_XDP] = "XDP",
	[KITH_DOOR_SCTP] = "SCTP",
	[KITH_DOOR_DCCP] = "DCCP",
	[KITH_DOOR_SMC] = "SMC",
	[KITH_DOOR_MPTCP] = "MPTCP",
	[KITH_DOOR_KCM] = "KCM",
	[KITH_DOOR_TIPC] = "TIPC",
	[KITH_DOOR_RDS] = "RDS",
	[KITH_DOOR_TUN] = "tun",
	[KITH_DOOR_RDMA] = "RDMA",
	[KITH_DOOR_NATIVE] = "TCP without Kith",
	[KITH_DOOR_OTHER] = "another way out",
};

bool kith_door_is_left_open(enum kith_door door)
{
	struct kith_config *config = kith_config_get();
	bool open = config->open_doors & 1U << door;

	kith_config_put(config);
	return open;
}

/* A program can have both again and again. */
static void tell(enum kith_door door, int err, const char *detail)
{
	struct kith_program *program = kith_program_current();
	struct kith_event event = {
		.kind = KITH_EVENT_KIND_DECISION,
		.decision = err ? KITH_DECISION_DENY : KITH_DECISION_OPEN,
		.reason = err ? KITH_REASON_DOOR : KITH_REASON_OPENING,
		.side = KITH_SIDE_LOCAL,
		.err = err,
		.detail = detail,
	};

	if (!program)
		return;		/* it ended or was killed */
	kith_event_emit_paced(&event,
			      err ? kith_program_door_pace(program, door) :
				    kith_program_pace(program, event.reason));
	kith_program_put(program);
}

int kith_door_refuse(enum kith_door door, const char *how)
{
	bool falls_back = door == KITH_DOOR_MPTCP || door == KITH_DOOR_SMC;
	int err = falls_back ? EPROTONOSUPPORT : EACCES;
	char detail[96];

	if (kith_door_is_left_open(door))
		return 0;
	snprintf(detail, sizeof(detail), "%s: %s by %.*s (pid %d)", names[door],
		 how, TASK_COMM_LEN, current->comm, task_tgid_nr(current));
	tell(door, err, detail);
	return -err;
}

int kith_door_ask(enum kith_door door, const char *how)
{
	struct kith_opening_text opening;
	char *detail;
	int err;

	if (kith_door_is_left_open(door))
		return 0;
	err = kith_opening_find(door, NULL, msecs_to_jiffies(KITH_ATTEST_WAIT_MS),
				&opening);
	if (err)
		return err == -EACCES ? kith_door_refuse(door, how) : err;
	detail = kasprintf(GFP_KERNEL, "%s: %s by %.*s (pid %d): %s",
			   names[door], how, TASK_COMM_LEN, current->comm,
			   task_tgid_nr(current), opening.text);
	tell(door, 0, detail);
	kfree(detail);
	return 0;
}

void kith_door_refused(enum kith_door door, const char *how,
		       const struct kith_endpoint *remote)
{
	char detail[128];

	snprintf(detail, sizeof(detail), "%s: %s %pI6c port %u by %.*s (pid %d)",
		 names[door], how, remote->address, remote->port,
		 TASK_COMM_LEN, current->comm, task_tgid_nr(current));
	tell(door, EACCES, detail);
}
