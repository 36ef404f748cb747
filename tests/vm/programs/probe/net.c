// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <linux/kith.h>
#include "probe.h"

/* The ports that the suites' policy lets the probe use. */
#define FIRST_PORT 5000
#define LAST_PORT  5999

struct address loopback(int port)
{
	struct address at = { 0 };

	if (family == AF_INET6) {
		struct sockaddr_in6 *a = (void *)&at.a;

		a->sin6_family = AF_INET6;
		a->sin6_port = htons(port);
		a->sin6_addr = in6addr_loopback;
		at.len = sizeof(*a);
	} else {
		struct sockaddr_in *a = (void *)&at.a;

		a->sin_family = AF_INET;
		a->sin_port = htons(port);
		a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		at.len = sizeof(*a);
	}
	return at;
}

struct address parse_address(const char *text, const char *port)
{
	struct address at = { 0 };
	struct sockaddr_in *v4 = (void *)&at.a;
	struct sockaddr_in6 *v6 = (void *)&at.a;

	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(atoi(port));
		at.len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(atoi(port));
		at.len = sizeof(*v6);
	} else {
		die("not an address: %s", text);
	}
	family = at.a.ss_family;
	return at;
}

int port_of(const struct address *at)
{
	if (at->a.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&at->a)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&at->a)->sin_port);
}

int stream_socket(int flags)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	int one = 1;

	if (fd < 0)
		die("socket()");
	/* What is left of its connections shall keep no later one from the port. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return fd;
}

void bind_fresh(int fd, struct address *at)
{
	static int port;

	if (!port)
		port = FIRST_PORT + getpid() % (LAST_PORT - FIRST_PORT);
	for (int tries = 0; tries <= LAST_PORT - FIRST_PORT; tries++) {
		if (++port > LAST_PORT)
			port = FIRST_PORT;
		*at = loopback(port);
		if (!bind(fd, (void *)&at->a, at->len))
			return;
	}
	die("bind(): no free port");
}

int listen_socket(int flags, int backlog, struct address *at)
{
	int fd = stream_socket(flags);

	bind_fresh(fd, at);
	if (listen(fd, backlog))
		die("listen()");
	return fd;
}

int dial_error(const struct address *at)
{
	int fd = socket(at->a.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = error_of(connect(fd, (const void *)&at->a, at->len));

	close(fd);
	return error;
}

int dial(const struct address *at, int flags)
{
	int fd = socket(at->a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		die("socket()");
	if (connect(fd, (const void *)&at->a, at->len) && errno != EINPROGRESS)
		die("connect(): %s", errno_name(errno));
	return fd;
}

int accept_one(int listener)
{
	int fd;

	wait_for(listener, POLLIN);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		die("accept(): %s", errno_name(errno));
	return fd;
}

struct pair pair_new(void)
{
	struct pair pair;

	pair.listener = listen_socket(0, 8, &pair.at);
	pair.client = dial(&pair.at, 0);
	pair.server = accept_one(pair.listener);
	check_managed(pair.client, "client");
	check_managed(pair.server, "server");
	return pair;
}

void pair_close(struct pair *pair)
{
	close(pair->client);
	close(pair->server);
	close(pair->listener);
}

void blocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

short look(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0 ? p.revents : 0;
}

short wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, PATIENCE_MS) <= 0)
		die("waited %d s for events %#x in vain", PATIENCE_S, events);
	return p.revents;
}

int socket_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		die("getsockopt(SO_ERROR)");
	return error;
}

void check_managed(int fd, const char *what)
{
	struct kith_peer_id peer;
	socklen_t len = sizeof(peer);
	int error = error_of(getsockopt(fd, SOL_KITH, KITH_PEER_ID, &peer, &len));

	if (managed && error != -1)
		ok(false, "%s is managed by Kith: KITH_PEER_ID gives %s", what, errno_name(error));
	if (!managed && error == -1)
		ok(false, "%s runs natively, but has a peer identity", what);
}

void send_descriptor(int to, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	if (sendmsg(to, &msg, MSG_NOSIGNAL) != 1)
		die("sendmsg()");
}

int receive_descriptor(int from)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd = -1;

	if (recvmsg(from, &msg, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}
