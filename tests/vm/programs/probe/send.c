// SPDX-License-Identifier: Apache-2.0
/* The ways bytes get into a socket. */
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/time.h>
#include <sys/uio.h>
#include "probe.h"

#define FILE_SIZE (3 * 1024 * 1024 + 77)

static int pattern_file(size_t size)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);

	if (fd < 0 || !send_pattern(fd, size) || lseek(fd, 0, SEEK_SET))
		die("making a file of pattern");
	return fd;
}

static int sendfile_job(void *arg)
{
	int s = *(int *)arg, fd = pattern_file(FILE_SIZE);
	off_t offset = 0;

	while (offset < FILE_SIZE)
		if (sendfile(s, fd, &offset, FILE_SIZE - offset) <= 0)
			die("sendfile(): %s", errno_name(errno));
	return shutdown(s, SHUT_WR);
}

static void send_sendfile(int argc, char **argv)
{
	struct pair pair = pair_new();
	pid_t pid = background(sendfile_job, &pair.client);

	(void)argc, (void)argv;
	ok(receive_pattern(pair.server, FILE_SIZE), "a file through sendfile()");
	reap(pid, "sender");
	pair_close(&pair);
}

static int splice_in_job(void *arg)
{
	int s = *(int *)arg, fd = pattern_file(FILE_SIZE), p[2];
	ssize_t n, m;

	if (pipe(p))
		return 1;
	while ((n = splice(fd, NULL, p[1], NULL, 65536, 0)) > 0)
		for (; n; n -= m) {
			m = splice(p[0], NULL, s, NULL, n, SPLICE_F_MORE);
			if (m <= 0)
				die("splice() into the socket: %s", errno_name(errno));
		}
	return n || shutdown(s, SHUT_WR);
}

static void send_splice(int argc, char **argv)
{
	struct pair pair = pair_new();
	pid_t pid = background(splice_in_job, &pair.client);

	(void)argc, (void)argv;
	ok(receive_pattern(pair.server, FILE_SIZE), "a file through splice()");
	reap(pid, "sender");
	pair_close(&pair);
}

static void receive_splice(int argc, char **argv)
{
	static uint8_t buf[65536];
	struct pair pair = pair_new();
	pid_t pid = background(sendfile_job, &pair.client);
	size_t got = 0;
	ssize_t n;
	int p[2];

	(void)argc, (void)argv;
	if (pipe(p))
		die("pipe()");
	while ((n = splice(pair.server, NULL, p[1], NULL, sizeof(buf), 0)) > 0) {
		if (read_all(p[0], buf, n) != n || !matches(buf, n, got))
			die("byte %zu and on is wrong", got);
		got += n;
	}
	same_errno(error_of(n), -1, "splice() at the end of stream");
	same_number(got, FILE_SIZE, "bytes spliced out of the socket");
	reap(pid, "sender");
	pair_close(&pair);
}

static void send_mmsg(int argc, char **argv)
{
	uint8_t buf[5][1000];
	struct iovec v[5];
	struct mmsghdr m[5];
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 5; i++) {
		fill(buf[i], sizeof(buf[i]), i * sizeof(buf[i]));
		v[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	same_number(sendmmsg(pair.client, m, 5, 0), 5, "sendmmsg()");
	same_number(m[4].msg_len, 1000, "length of the last message");
	ok(receive_pattern(pair.server, 5000), "all five arrive");
	pair_close(&pair);
}

static void receive_mmsg(int argc, char **argv)
{
	uint8_t buf[2][50];
	struct iovec v[2] = { { buf[0], 50 }, { buf[1], 50 } };
	struct mmsghdr m[2];
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 2; i++) {
		m[i].msg_hdr.msg_iov = &v[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	if (!send_pattern(pair.client, 100))
		die("send");
	same_number(recvmmsg(pair.server, m, 2, MSG_WAITALL, NULL), 2, "recvmmsg()");
	ok(matches(buf[0], 50, 0) && matches(buf[1], 50, 50), "its bytes");
	pair_close(&pair);
}

static void send_vector(int argc, char **argv)
{
	uint8_t all[300];
	struct iovec v[3] = { { all, 1 }, { all + 1, 200 }, { all + 201, 99 } };
	struct pair pair = pair_new();

	(void)argc, (void)argv;
	fill(all, sizeof(all), 0);
	same_number(writev(pair.client, v, 3), 300, "writev()");
	ok(receive_pattern(pair.server, 300), "its bytes");
	pair_close(&pair);
}

/* MSG_MORE and TCP_CORK may hold bytes back; they must not lose them. */
static void send_more(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t buf[300];
	int on = 1, off = 0;

	(void)argc, (void)argv;
	fill(buf, sizeof(buf), 0);
	same_number(send(pair.client, buf, 100, MSG_MORE), 100, "MSG_MORE");
	same_number(send(pair.client, buf + 100, 200, 0), 200, "and the rest");
	ok(receive_pattern(pair.server, 300), "arrive together");
	setsockopt(pair.client, SOL_TCP, TCP_CORK, &on, sizeof(on));
	ok(send_pattern(pair.client, 300), "send with TCP_CORK");
	setsockopt(pair.client, SOL_TCP, TCP_CORK, &off, sizeof(off));
	ok(receive_pattern(pair.server, 300), "arrives uncorked");
	same_number(send(pair.client, buf, 100, MSG_MORE), 100, "MSG_MORE before the end");
	shutdown(pair.client, SHUT_WR);
	ok(receive_pattern(pair.server, 100), "is not lost by the end");
	pair_close(&pair);
}

static void send_timeout(int argc, char **argv)
{
	static uint8_t buf[1 << 20];
	struct timeval wait = { .tv_usec = 300000 };
	struct pair pair = pair_new();
	ssize_t n;

	(void)argc, (void)argv;
	setsockopt(pair.client, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	do
		n = write(pair.client, buf, sizeof(buf));
	while (n > 0);
	same_errno(error_of(n), EAGAIN, "write() past SO_SNDTIMEO");
	pair_close(&pair);
}

/* A receiver that went: EPIPE or ECONNRESET, SIGPIPE unless asked otherwise. */
static void send_broken(int argc, char **argv)
{
	static uint8_t buf[65536];
	struct pair pair = pair_new();
	ssize_t n;

	(void)argc, (void)argv;
	close(pair.server);
	do
		n = send(pair.client, buf, sizeof(buf), MSG_NOSIGNAL);
	while (n > 0);
	ok(errno == EPIPE || errno == ECONNRESET, "send() to one who went: %s", errno_name(errno));
	same_errno(error_of(send(pair.client, buf, 1, MSG_NOSIGNAL)), EPIPE, "send() after that");
	close(pair.client);
	close(pair.listener);
}

const struct command send_commands[] = {
	{ "send-sendfile", send_sendfile },   { "send-splice", send_splice },
	{ "receive-splice", receive_splice }, { "send-mmsg", send_mmsg },
	{ "receive-mmsg", receive_mmsg },     { "send-vector", send_vector },
	{ "send-more", send_more },	      { "send-timeout", send_timeout },
	{ "send-broken", send_broken },	      { 0 },
};
