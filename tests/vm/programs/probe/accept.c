// SPDX-License-Identifier: Apache-2.0
/* Listeners: every way an application may wait for and take a connection. */
#include <sys/epoll.h>
#include "probe.h"

#define N_CROWD 6

static int take(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* One client that connects, gets one byte and goes. */
static int client_job(void *arg)
{
	const struct address *at = arg;
	char byte;
	int s = dial(at, 0);

	return !ok(read(s, &byte, 1) == 1, "client got its byte");
}

static void serve_byte(int fd)
{
	check_managed(fd, "server");
	if (write(fd, "x", 1) != 1)
		die("write()");
	close(fd);
}

static void accept_blocking(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), c;
	pid_t pid = background(client_job, &at);

	(void)argc, (void)argv;
	c = take(l); /* before or after the client came: both must do */
	if (c < 0)
		die("accept()");
	serve_byte(c);
	reap(pid, "client");
	close(l);
}

static void accept_poll(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(SOCK_NONBLOCK, 8, &at);
	pid_t pid;

	(void)argc, (void)argv;
	same_number(look(l, POLLIN), 0, "poll() with nobody there");
	same_errno(error_of(take(l)), EAGAIN, "accept() with nobody there");
	pid = background(client_job, &at);
	same_number(wait_for(l, POLLIN), POLLIN, "poll() with a client");
	serve_byte(take(l));
	same_errno(error_of(take(l)), EAGAIN, "accept() afterwards");
	reap(pid, "client");
	close(l);
}

static void drain(int epoll, int listener, bool edge, int want)
{
	struct epoll_event event;
	int got = 0, c;

	while (got < want) {
		if (epoll_wait(epoll, &event, 1, PATIENCE_MS) != 1)
			die("no event after %d of %d", got, want);
		do {
			c = take(listener);
			if (c < 0)
				break;
			serve_byte(c);
			got++;
		} while (edge);
		if (c < 0 && errno != EAGAIN)
			die("accept()");
	}
	same_number(got, want, "connections taken");
}

static void accept_epoll(bool edge)
{
	struct epoll_event interest = { .events = EPOLLIN | (edge ? EPOLLET : 0) };
	struct address at;
	int l = listen_socket(SOCK_NONBLOCK, 8, &at), epoll = epoll_create1(0);
	struct epoll_event event;
	pid_t pid[N_CROWD];

	epoll_ctl(epoll, EPOLL_CTL_ADD, l, &interest);
	same_number(epoll_wait(epoll, &event, 1, 0), 0, "events with nobody there");
	for (int i = 0; i < N_CROWD; i++)
		pid[i] = background(client_job, &at);
	drain(epoll, l, edge, N_CROWD);
	for (int i = 0; i < N_CROWD; i++)
		reap(pid[i], "client");
	same_number(epoll_wait(epoll, &event, 1, 0), 0, "events afterwards");
	close(epoll);
	close(l);
}

static void accept_epoll_level(int argc, char **argv)
{
	(void)argc, (void)argv;
	accept_epoll(false);
}

static void accept_epoll_edge(int argc, char **argv)
{
	(void)argc, (void)argv;
	accept_epoll(true);
}

static int worker_job(void *arg)
{
	int c, l = *(int *)arg;

	while ((c = take(l)) >= 0)
		serve_byte(c);
	return errno != EINVAL; /* shutdown() of the listener ends us */
}

static void accept_prefork(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at);
	pid_t worker[3], client[N_CROWD];

	(void)argc, (void)argv;
	for (int i = 0; i < 3; i++)
		worker[i] = background(worker_job, &l);
	for (int i = 0; i < N_CROWD; i++)
		client[i] = background(client_job, &at);
	for (int i = 0; i < N_CROWD; i++)
		reap(client[i], "client of prefork workers");
	shutdown(l, SHUT_RDWR);
	for (int i = 0; i < 3; i++)
		reap(worker[i], "worker");
	ok(true, "%d clients served by 3 workers", N_CROWD);
	close(l);
}

static int reuseport_socket(const struct address *at)
{
	int l = stream_socket(SOCK_NONBLOCK), one = 1;

	setsockopt(l, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (bind(l, (const void *)&at->a, at->len) || listen(l, 8))
		die("listen with SO_REUSEPORT");
	return l;
}

static void accept_reuseport(int argc, char **argv)
{
	struct pollfd p[2];
	struct address at;
	pid_t client[N_CROWD];
	int got = 0, c;

	(void)argc, (void)argv;
	c = stream_socket(0);
	bind_fresh(c, &at);
	close(c);
	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){ .fd = reuseport_socket(&at), .events = POLLIN };
	for (int i = 0; i < N_CROWD; i++)
		client[i] = background(client_job, &at);
	while (got < N_CROWD) {
		if (poll(p, 2, PATIENCE_MS) <= 0)
			die("%d of %d clients came", got, N_CROWD);
		for (int i = 0; i < 2; i++)
			while ((c = take(p[i].fd)) >= 0) {
				serve_byte(c);
				got++;
			}
	}
	for (int i = 0; i < N_CROWD; i++)
		reap(client[i], "client of a reuseport group");
	same_number(got, N_CROWD, "connections of the group");
	close(p[0].fd);
	close(p[1].fd);
}

static void accept_flags(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), c, s;

	(void)argc, (void)argv;
	s = dial(&at, 0);
	c = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ok(fcntl(c, F_GETFL) & O_NONBLOCK, "SOCK_NONBLOCK is set");
	ok(fcntl(c, F_GETFD) & FD_CLOEXEC, "SOCK_CLOEXEC is set");
	close(c);
	close(s);
	s = dial(&at, 0);
	c = accept4(l, NULL, NULL, 0);
	ok(!(fcntl(c, F_GETFL) & O_NONBLOCK), "no flag: blocking");
	ok(!(fcntl(c, F_GETFD) & FD_CLOEXEC), "no flag: inherited by exec");
	same_errno(error_of(accept4(l, NULL, NULL, 0x10)), EINVAL, "unknown flag");
	close(c);
	close(s);
	close(l);
}

static void listen_twice(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 1, &at), c, s;

	(void)argc, (void)argv;
	s = dial(&at, 0);
	same_errno(error_of(listen(l, 8)), -1, "listen() again with a client waiting");
	c = take(l);
	ok(c >= 0, "the client is still there");
	ok(send_pattern(s, 5) && receive_pattern(c, 5), "and talks");
	close(c);
	close(s);
	s = dial(&at, 0);
	c = accept_one(l);
	check_managed(c, "server after listen() twice");
	close(c);
	close(s);
	close(l);
}

static int blocked_accept_job(void *arg)
{
	return !same_errno(error_of(take(*(int *)arg)), EINVAL, "accept() in wait");
}

static void listen_shutdown(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), c, s;
	pid_t pid = background(blocked_accept_job, &l);

	(void)argc, (void)argv;
	usleep(200000); /* most likely asleep in accept(); either order is right */
	same_errno(error_of(shutdown(l, SHUT_RD)), -1, "shutdown(SHUT_RD)");
	reap(pid, "accept() in wait");
	same_errno(error_of(take(l)), EINVAL, "accept() afterwards");
	same_errno(dial_error(&at), ECONNREFUSED, "connect() afterwards");
	same_errno(error_of(listen(l, 8)), -1, "listen() once more");
	s = dial(&at, 0);
	c = accept_one(l);
	check_managed(c, "server after shutdown() and listen()");
	ok(send_pattern(s, 5) && receive_pattern(c, 5), "the socket serves again");
	close(c);
	close(s);
	close(l);
}

static void listen_close_pending(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), s;
	char byte;

	(void)argc, (void)argv;
	s = dial(&at, 0);
	close(l); /* nobody took it */
	same_errno(error_of(read(s, &byte, 1)), ECONNRESET, "read() of one whose listener closed");
	same_errno(dial_error(&at), ECONNREFUSED, "connect() afterwards");
	close(s);
}

static void accept_closed_client(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), s, c;
	char byte;

	(void)argc, (void)argv;
	s = dial(&at, 0);
	if (!send_pattern(s, 7))
		die("send");
	close(s); /* before anybody accepted it */
	c = accept_one(l);
	ok(receive_pattern(c, 7), "what it said is there");
	same_number(read(c, &byte, 1), 0, "then the end of stream");
	close(c);
	close(l);
}

static void accept_backlog(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 16, &at), s[16], c;

	(void)argc, (void)argv;
	for (int i = 0; i < 16; i++)
		s[i] = dial(&at, 0);
	for (int i = 0; i < 16; i++) {
		c = accept_one(l);
		check_managed(c, "server out of the backlog");
		close(c);
	}
	for (int i = 0; i < 16; i++)
		close(s[i]);
	ok(true, "a full backlog is taken");
	close(l);
}

static void accept_options(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), one = 1, value = 0, s, c;
	socklen_t len = sizeof(value);

	(void)argc, (void)argv;
	setsockopt(l, SOL_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(l, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(l, SOL_TCP, TCP_DEFER_ACCEPT, &one, sizeof(one));
	s = dial(&at, 0);
	if (!send_pattern(s, 1)) /* what TCP_DEFER_ACCEPT waits for */
		die("send");
	c = accept_one(l);
	getsockopt(c, SOL_TCP, TCP_NODELAY, &value, &len);
	ok(value, "TCP_NODELAY is inherited");
	getsockopt(c, SOL_SOCKET, SO_KEEPALIVE, &value, &len);
	ok(value, "SO_KEEPALIVE is inherited");
	len = sizeof(value);
	getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &value, &len);
	ok(value, "SO_ACCEPTCONN of the listener");
	close(c);
	close(s);
	close(l);
}

const struct command accept_commands[] = {
	{ "accept-blocking", accept_blocking },
	{ "accept-poll", accept_poll },
	{ "accept-epoll-level", accept_epoll_level },
	{ "accept-epoll-edge", accept_epoll_edge },
	{ "accept-prefork", accept_prefork },
	{ "accept-reuseport", accept_reuseport },
	{ "accept-flags", accept_flags },
	{ "accept-closed-client", accept_closed_client },
	{ "accept-backlog", accept_backlog },
	{ "accept-options", accept_options },
	{ "listen-twice", listen_twice },
	{ "listen-shutdown", listen_shutdown },
	{ "listen-close-pending", listen_close_pending },
	{ 0 },
};
