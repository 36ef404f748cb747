// SPDX-License-Identifier: Apache-2.0
/* Kinds of sockets a claimed program may and may not have. */
#include <linux/netlink.h>
#include <sys/un.h>
#include "probe.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static int try_socket(int domain, int type, int protocol)
{
	int fd = socket(domain, type, protocol), error = error_of(fd);

	if (fd >= 0)
		close(fd);
	return error;
}

/* Programs whose runtime prefers MPTCP fall back to TCP on this errno. */
static void door_mptcp(int argc, char **argv)
{
	int want = managed ? EPROTONOSUPPORT : -1;

	(void)argc, (void)argv;
	same_errno(try_socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), want, "MPTCP over IPv4");
	same_errno(try_socket(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP), want, "MPTCP over IPv6");
}

static void door_allowed(int argc, char **argv)
{
	(void)argc, (void)argv;
	same_errno(try_socket(AF_INET, SOCK_STREAM, 0), -1, "TCP over IPv4");
	same_errno(try_socket(AF_INET6, SOCK_STREAM, 0), -1, "TCP over IPv6");
	same_errno(try_socket(AF_UNIX, SOCK_STREAM, 0), -1, "AF_UNIX stream");
	same_errno(try_socket(AF_UNIX, SOCK_DGRAM, 0), -1, "AF_UNIX datagram");
	same_errno(try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE), -1, "AF_NETLINK");
}

const struct command door_commands[] = {
	{ "door-mptcp", door_mptcp },
	{ "door-allowed", door_allowed },
	{ 0 },
};
