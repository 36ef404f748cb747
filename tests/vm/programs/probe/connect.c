// SPDX-License-Identifier: Apache-2.0
/* connect(): when it returns, what it says, what the socket shows meanwhile. */
#include <sys/epoll.h>
#include "probe.h"

static bool same_address(const struct sockaddr_storage *a, socklen_t len, const struct address *b)
{
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)&b->a;
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)&b->a;

	if (len != b->len || a->ss_family != b->a.ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

static void check_names(const struct pair *pair)
{
	struct address name = { .len = sizeof(name.a) };
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	getpeername(pair->client, (void *)&peer, &len);
	ok(same_address(&peer, len, &pair->at), "client's peer name is the listener's");
	getsockname(pair->client, (void *)&name.a, &name.len);
	len = sizeof(peer);
	getpeername(pair->server, (void *)&peer, &len);
	ok(same_address(&peer, len, &name), "server's peer name is the client's");
	len = sizeof(peer);
	getsockname(pair->server, (void *)&peer, &len);
	ok(same_address(&peer, len, &pair->at), "server's own name is the listener's");
}

static int again(int fd, const struct address *at)
{
	return error_of(connect(fd, (const void *)&at->a, at->len));
}

static void ping_pong(int a, int b)
{
	ok(send_pattern(a, 10) && receive_pattern(b, 10), "bytes go one way");
	ok(send_pattern(b, 10) && receive_pattern(a, 10), "bytes go the other way");
}

static void connect_blocking(int argc, char **argv)
{
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	check_names(&pair);
	same_errno(again(pair.client, &pair.at), EISCONN, "connect() again");
	same_number(socket_error(pair.client), 0, "SO_ERROR");
	ping_pong(pair.client, pair.server);
	pair_close(&pair);
}

static void finish_connect(int fd, const struct address *at)
{
	int first;

	same_number(socket_error(fd), 0, "SO_ERROR when writable");
	first = again(fd, at);
	ok(first == -1 || first == EISCONN, "connect() when writable: %s", errno_name(first));
	same_errno(again(fd, at), EISCONN, "connect() once more");
}

static void connect_poll(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), s = stream_socket(SOCK_NONBLOCK), c;
	short events;

	(void)argc, (void)argv;
	same_errno(again(s, &at), EINPROGRESS, "non-blocking connect()");
	events = wait_for(s, POLLIN | POLLOUT);
	same_number(events, POLLOUT, "poll() events");
	finish_connect(s, &at);
	c = accept_one(l);
	check_managed(s, "client");
	ping_pong(s, c);
	close(s);
	close(c);
	close(l);
}

static unsigned int epoll_once(int epoll, int timeout)
{
	struct epoll_event event = { 0 };
	int n = epoll_wait(epoll, &event, 1, timeout);

	if (n < 0)
		die("epoll_wait()");
	return n ? event.events : 0;
}

static void connect_epoll(int argc, char **argv)
{
	struct epoll_event interest = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	struct address at;
	int l = listen_socket(0, 8, &at), s = stream_socket(SOCK_NONBLOCK), c;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned int events;

	(void)argc, (void)argv;
	same_errno(again(s, &at), EINPROGRESS, "non-blocking connect()");
	epoll_ctl(epoll, EPOLL_CTL_ADD, s, &interest);
	events = epoll_once(epoll, PATIENCE_MS);
	/* A fresh socket reports EPOLLOUT|EPOLLHUP before connect(), not after. */
	ok(events == EPOLLOUT, "edge-triggered EPOLLOUT: %#x", events);
	finish_connect(s, &at);
	c = accept_one(l);
	if (!send_pattern(c, 10))
		die("send");
	do
		events = epoll_once(epoll, PATIENCE_MS);
	while (events == EPOLLOUT);
	ok(events & EPOLLIN, "edge-triggered EPOLLIN: %#x", events);
	ok(receive_pattern(s, 10), "data behind the edge");
	close(epoll);
	close(s);
	close(c);
	close(l);
}

/* epoll registered before connect(), as event loops do. */
static void connect_epoll_early(int argc, char **argv)
{
	struct epoll_event interest = { .events = EPOLLOUT | EPOLLET };
	struct address at;
	int l = listen_socket(0, 8, &at), s = stream_socket(SOCK_NONBLOCK), c;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	unsigned int events;

	(void)argc, (void)argv;
	epoll_ctl(epoll, EPOLL_CTL_ADD, s, &interest);
	events = epoll_once(epoll, 0);
	ok(events == (EPOLLOUT | EPOLLHUP), "before connect(): %#x", events);
	same_errno(again(s, &at), EINPROGRESS, "non-blocking connect()");
	do
		events = epoll_once(epoll, PATIENCE_MS);
	while (events & EPOLLHUP);
	ok(events == EPOLLOUT, "EPOLLOUT after connect(): %#x", events);
	finish_connect(s, &at);
	c = accept_one(l);
	close(epoll);
	close(s);
	close(c);
	close(l);
}

static void check_connecting(int fd, const struct address *at)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	char byte = 'x';

	same_errno(again(fd, at), EALREADY, "connect() meanwhile");
	same_errno(error_of(getpeername(fd, (void *)&name, &len)), ENOTCONN,
		   "getpeername() meanwhile");
	same_number(socket_error(fd), 0, "SO_ERROR meanwhile");
	same_errno(error_of(send(fd, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL)), EAGAIN,
		   "send() meanwhile");
	same_errno(error_of(recv(fd, &byte, 1, MSG_DONTWAIT)), EAGAIN, "recv() meanwhile");
	same_number(look(fd, POLLIN | POLLOUT), 0, "poll() meanwhile");
}

static void finish_stages(int fd, const struct address *at)
{
	short events = wait_for(fd, POLLOUT);
	int error = socket_error(fd);

	if (events & POLLERR) {
		say("outcome %s", errno_name(error));
		say("again %s", errno_name(again(fd, at)));
		return;
	}
	say("outcome %s", errno_name(again(fd, at)));
	say("again %s", errno_name(again(fd, at)));
}

/*
 * connect-stages ADDRESS PORT: a non-blocking connect to a peer that the suite
 * holds back; what the socket shows meanwhile, and how it ends once the suite
 * lets the peer go on.
 */
static void connect_stages(int argc, char **argv)
{
	struct address at;
	int s;

	if (argc < 3)
		die("usage: connect-stages ADDRESS PORT");
	at = parse_address(argv[1], argv[2]);
	s = stream_socket(SOCK_NONBLOCK);
	same_errno(again(s, &at), EINPROGRESS, "non-blocking connect()");
	say("connecting");
	getchar(); /* the suite has seen our bytes arrive */
	check_connecting(s, &at);
	say("checked");
	finish_stages(s, &at);
	close(s);
}

static void connect_refused(int argc, char **argv)
{
	struct address at;
	int s, error;

	(void)argc, (void)argv;
	s = stream_socket(0);
	bind_fresh(s, &at); /* bound, nobody listens */
	same_errno(dial_error(&at), ECONNREFUSED, "blocking connect()");
	close(s);
	s = stream_socket(SOCK_NONBLOCK);
	error = again(s, &at);
	if (error == EINPROGRESS) {
		wait_for(s, POLLOUT);
		error = socket_error(s);
	}
	same_errno(error, ECONNREFUSED, "non-blocking connect()");
	close(s);
}

static void connect_dual(int argc, char **argv)
{
	struct address at6, at4;
	int l, s, c;

	(void)argc, (void)argv;
	family = AF_INET6;
	l = stream_socket(0);
	bind_fresh(l, &at6);
	close(l);
	((struct sockaddr_in6 *)&at6.a)->sin6_addr = in6addr_any;
	l = stream_socket(0);
	if (bind(l, (void *)&at6.a, at6.len) || listen(l, 8))
		die("listen on [::]");
	family = AF_INET;
	at4 = loopback(port_of(&at6));
	s = dial(&at4, 0);
	c = accept_one(l);
	check_managed(s, "IPv4 client");
	check_managed(c, "server on [::]");
	ping_pong(s, c);
	close(s);
	close(c);
	family = AF_INET6;
	at6 = loopback(port_of(&at6));
	s = dial(&at6, 0);
	c = accept_one(l);
	check_managed(c, "server on [::] for IPv6");
	ping_pong(s, c);
	close(s);
	close(c);
	close(l);
}

static void connect_mapped(int argc, char **argv)
{
	struct address at, mapped = { .len = sizeof(struct sockaddr_in6) };
	struct sockaddr_in6 *a = (void *)&mapped.a;
	int l, s, c;

	(void)argc, (void)argv;
	family = AF_INET;
	l = listen_socket(0, 8, &at);
	a->sin6_family = AF_INET6;
	a->sin6_port = htons(port_of(&at));
	a->sin6_addr.s6_addr[10] = a->sin6_addr.s6_addr[11] = 0xff;
	memcpy(&a->sin6_addr.s6_addr[12], &((struct sockaddr_in *)&at.a)->sin_addr, 4);
	s = dial(&mapped, 0);
	c = accept_one(l);
	check_managed(s, "client of ::ffff:127.0.0.1");
	ping_pong(s, c);
	close(s);
	close(c);
	close(l);
}

const struct command connect_commands[] = {
	{ "connect-blocking", connect_blocking },
	{ "connect-poll", connect_poll },
	{ "connect-epoll", connect_epoll },
	{ "connect-epoll-early", connect_epoll_early },
	{ "connect-refused", connect_refused },
	{ "connect-dual", connect_dual },
	{ "connect-mapped", connect_mapped },
	{ "connect-stages", connect_stages },
	{ 0 },
};
