// SPDX-License-Identifier: Apache-2.0
/* What recv() promises under its flags and options. */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "probe.h"

static void receive_peek(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[64];

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 30))
		die("send");
	wait_for(pair.server, POLLIN);
	same_number(recv(pair.server, buf, 10, MSG_PEEK), 10, "MSG_PEEK");
	ok(matches(buf, 10, 0), "peeked bytes");
	same_number(recv(pair.server, buf, 10, MSG_PEEK), 10, "MSG_PEEK again");
	ok(matches(buf, 10, 0), "the same bytes");
	same_number(recv(pair.server, buf, 64, MSG_PEEK | MSG_DONTWAIT), 30, "MSG_PEEK of all");
	ok(receive_pattern(pair.server, 30), "and recv() gets them all");
	same_errno(error_of(recv(pair.server, buf, 1, MSG_PEEK | MSG_DONTWAIT)), EAGAIN,
		   "MSG_PEEK of nothing");
	pair_close(&pair);
}

static void *late_sender(void *arg)
{
	int fd = *(int *)arg;
	uint8_t buf[90];

	fill(buf, sizeof(buf), 10);
	for (size_t i = 0; i < sizeof(buf); i += 30) {
		usleep(50000); /* most likely the reader is asleep; any order is right */
		if (write(fd, buf + i, 30) != 30)
			die("write()");
	}
	return NULL;
}

static void receive_waitall(int argc, char **argv)
{
	struct pair pair = pair_new();
	pthread_t thread;
	uint8_t buf[100];

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 10))
		die("send");
	pthread_create(&thread, NULL, late_sender, &pair.client);
	same_number(recv(pair.server, buf, sizeof(buf), MSG_WAITALL), 100,
		    "MSG_WAITALL over four writes");
	ok(matches(buf, sizeof(buf), 0), "its bytes");
	pthread_join(thread, NULL);
	if (!send_pattern(pair.client, 10))
		die("send");
	shutdown(pair.client, SHUT_WR);
	same_number(recv(pair.server, buf, sizeof(buf), MSG_WAITALL), 10,
		    "MSG_WAITALL ends at the end of stream");
	pair_close(&pair);
}

static void receive_dontwait(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[16];

	(void)argc, (void)argv;
	same_errno(error_of(recv(pair.server, buf, 16, MSG_DONTWAIT)), EAGAIN,
		   "MSG_DONTWAIT with nothing there");
	blocking(pair.server, false);
	same_errno(error_of(read(pair.server, buf, 16)), EAGAIN, "O_NONBLOCK with nothing there");
	blocking(pair.server, true);
	if (!send_pattern(pair.client, 9))
		die("send");
	wait_for(pair.server, POLLIN);
	same_number(recv(pair.server, buf, 16, MSG_DONTWAIT), 9,
		    "MSG_DONTWAIT with something there");
	pair_close(&pair);
}

static void receive_timeout(int argc, char **argv)
{
	struct timeval wait = { .tv_usec = 300000 };
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	setsockopt(pair.server, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	same_errno(error_of(read(pair.server, &byte, 1)), EAGAIN, "read() past SO_RCVTIMEO");
	ok(send_pattern(pair.client, 5) && receive_pattern(pair.server, 5), "the stream goes on");
	pair_close(&pair);
}

/* SO_RCVTIMEO of a listener ends accept(), as in servers with housekeeping. */
static void receive_timeout_accept(int argc, char **argv)
{
	struct timeval wait = { .tv_usec = 300000 };
	struct address at;
	int l = listen_socket(0, 8, &at);

	(void)argc, (void)argv;
	setsockopt(l, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	same_errno(error_of(accept(l, NULL, NULL)), EAGAIN, "accept() past SO_RCVTIMEO");
	close(l);
}

static void receive_lowat(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[100];
	int low = 100;

	(void)argc, (void)argv;
	fill(buf, sizeof(buf), 0);
	setsockopt(pair.server, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	if (write(pair.client, buf, 10) != 10)
		die("write()");
	same_number(look(pair.server, POLLIN), 0, "poll() below SO_RCVLOWAT");
	if (write(pair.client, buf + 10, 90) != 90)
		die("write()");
	same_number(wait_for(pair.server, POLLIN), POLLIN, "poll() at SO_RCVLOWAT");
	same_number(recv(pair.server, buf, sizeof(buf), 0), 100, "recv()");
	ok(matches(buf, sizeof(buf), 0), "its bytes");
	low = 1;
	setsockopt(pair.server, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	ok(send_pattern(pair.client, 5) && receive_pattern(pair.server, 5),
	   "SO_RCVLOWAT back at 1");
	pair_close(&pair);
}

static int lazy_client(void *arg)
{
	const struct address *at = arg;
	int low = 100000, fd = stream_socket(0);
	uint8_t byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	if (connect(fd, (const void *)&at->a, at->len))
		return 1;
	return recv(fd, &byte, 1, MSG_WAITALL) != 1;
}

/* Set before there is a connection, by both ends. */
static void receive_lowat_early(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), low = 100000, got = 0, fd, status;
	socklen_t len = sizeof(got);
	pid_t client;

	(void)argc, (void)argv;
	setsockopt(l, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
	client = background(lazy_client, &at);
	fd = accept_one(l);
	getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &got, &len);
	same_number(got, low, "SO_RCVLOWAT of the listener");
	if (write(fd, "x", 1) != 1)
		die("write()");
	shutdown(fd, SHUT_WR);
	waitpid(client, &status, 0);
	same_number(status, 0, "connect() with SO_RCVLOWAT, and recv()");
	close(fd);
	close(l);
}

static int readable(int fd)
{
	int n = -1;

	if (ioctl(fd, FIONREAD, &n))
		die("ioctl(FIONREAD): %s", errno_name(errno));
	return n;
}

/* Programs read exactly what FIONREAD says: never more than there is. */
static void receive_fionread(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[128];
	int n;

	(void)argc, (void)argv;
	same_number(readable(pair.server), 0, "FIONREAD with nothing there");
	if (!send_pattern(pair.client, 100))
		die("send");
	wait_for(pair.server, POLLIN);
	n = readable(pair.server);
	ok(n > 0 && n <= 100, "FIONREAD with 100 bytes there: %d", n);
	same_number(recv(pair.server, buf, 40, 0), 40, "recv() of a part");
	n = readable(pair.server);
	ok(n > 0 && n <= 60, "FIONREAD with 60 bytes left: %d", n);
	same_number(recv(pair.server, buf, 60, MSG_WAITALL), 60, "recv() of the rest");
	same_number(readable(pair.server), 0, "FIONREAD with nothing left");
	pair_close(&pair);
}

static void receive_vector(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t a[3], b[40], c[100];
	struct iovec v[] = { { a, 3 }, { b, 40 }, { c, 100 } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 3 };

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 143))
		die("send");
	same_number(recvmsg(pair.server, &m, MSG_WAITALL), 143, "recvmsg() of 3 pieces");
	ok(matches(a, 3, 0) && matches(b, 40, 3) && matches(c, 100, 43), "their bytes");
	same_number(m.msg_flags & ~MSG_WAITALL, 0, "msg_flags");
	same_number(m.msg_controllen, 0, "msg_controllen");
	pair_close(&pair);
}

/* An application that asks for control messages sees none of Kith's. */
static void receive_control(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[64];
	char control[256];
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 30))
		die("send");
	same_number(recvmsg(pair.server, &m, 0), 30, "recvmsg() with control room");
	same_number(m.msg_controllen, 0, "control bytes");
	same_number(m.msg_flags, 0, "msg_flags");
	pair_close(&pair);
}

static void receive_epoll(int argc, char **argv)
{
	struct epoll_event interest = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET };
	struct epoll_event event = { 0 };
	struct pair pair = pair_new();
	int epoll = epoll_create1(0);

	(void)argc, (void)argv;
	epoll_ctl(epoll, EPOLL_CTL_ADD, pair.server, &interest);
	same_number(epoll_wait(epoll, &event, 1, 0), 0, "edges with nothing there");
	for (int i = 0; i < 5; i++) {
		if (!send_pattern(pair.client, 10))
			die("send");
		if (epoll_wait(epoll, &event, 1, PATIENCE_MS) != 1)
			die("no edge for message %d", i);
		if (!receive_pattern(pair.server, 10))
			die("message %d is wrong", i);
	}
	ok(true, "an edge for each of 5 messages");
	shutdown(pair.client, SHUT_WR);
	while (!(event.events & EPOLLRDHUP))
		if (epoll_wait(epoll, &event, 1, PATIENCE_MS) != 1)
			die("no edge for the end of stream");
	ok(event.events & EPOLLIN, "EPOLLRDHUP comes with EPOLLIN");
	close(epoll);
	pair_close(&pair);
}

const struct command receive_commands[] = {
	{ "receive-peek", receive_peek },
	{ "receive-waitall", receive_waitall },
	{ "receive-dontwait", receive_dontwait },
	{ "receive-timeout", receive_timeout },
	{ "receive-timeout-accept", receive_timeout_accept },
	{ "receive-lowat", receive_lowat },
	{ "receive-lowat-early", receive_lowat_early },
	{ "receive-fionread", receive_fionread },
	{ "receive-vector", receive_vector },
	{ "receive-control", receive_control },
	{ "receive-epoll", receive_epoll },
	{ 0 },
};
