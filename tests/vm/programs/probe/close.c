// SPDX-License-Identifier: Apache-2.0
/* How connections end, and that nothing is lost or invented when they do. */
#include "probe.h"

static void set_linger(int fd, int seconds)
{
	struct linger linger = { .l_onoff = 1, .l_linger = seconds };

	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		die("SO_LINGER");
}

static void close_orderly(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 50))
		die("send");
	close(pair.client);
	ok(receive_pattern(pair.server, 50), "bytes before close() arrive");
	same_number(read(pair.server, &byte, 1), 0, "then the end of stream");
	same_number(socket_error(pair.server), 0, "no error");
	close(pair.server);
	close(pair.listener);
}

static void close_linger(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	set_linger(pair.client, 30);
	if (!send_pattern(pair.client, 50))
		die("send");
	same_errno(error_of(close(pair.client)), -1, "close() with SO_LINGER");
	ok(receive_pattern(pair.server, 50), "lingering bytes arrive");
	same_number(read(pair.server, &byte, 1), 0, "then the end of stream");
	close(pair.server);
	close(pair.listener);
}

static void close_reset(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	set_linger(pair.client, 0);
	close(pair.client);
	wait_for(pair.server, POLLIN);
	same_errno(error_of(read(pair.server, &byte, 1)), ECONNRESET,
		   "read() after the peer's SO_LINGER 0");
	ok(read(pair.server, &byte, 1) <= 0, "nothing to read after that");
	close(pair.server);
	close(pair.listener);
}

/* Unread data at close() is a reset in Linux. */
static void close_unread(int argc, char **argv)
{
	struct pair pair = pair_new();
	ssize_t n;
	char byte;

	(void)argc, (void)argv;
	if (!send_pattern(pair.client, 50))
		die("send");
	wait_for(pair.server, POLLIN);
	close(pair.server);
	wait_for(pair.client, POLLIN);
	n = read(pair.client, &byte, 1);
	/* Kith says close_notify first, which is as good an end. */
	ok((n < 0 && errno == ECONNRESET) || (managed && !n),
	   "read() after the peer closed on unread data: %s", errno_name(error_of(n)));
	close(pair.client);
	close(pair.listener);
}

/* The sender fills the window and closes at once: all must still arrive. */
static void close_full(int argc, char **argv)
{
	static uint8_t buf[65536];
	struct pair pair = pair_new();
	size_t put = 0, got = 0;
	ssize_t n;

	(void)argc, (void)argv;
	blocking(pair.client, false);
	for (;;) {
		fill(buf, sizeof(buf), put);
		n = write(pair.client, buf, sizeof(buf));
		if (n < 0)
			break;
		put += n;
	}
	close(pair.client);
	while ((n = read(pair.server, buf, sizeof(buf))) > 0) {
		if (!matches(buf, n, got))
			die("byte %zu and on is wrong", got);
		got += n;
	}
	same_errno(error_of(n), -1, "read() at the end");
	same_number(got, put, "bytes of a full window after close()");
	close(pair.server);
	close(pair.listener);
}

static void close_both(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	shutdown(pair.client, SHUT_WR);
	shutdown(pair.server, SHUT_WR);
	same_number(read(pair.client, &byte, 1), 0, "client's end of stream");
	same_number(read(pair.server, &byte, 1), 0, "server's end of stream");
	same_number(look(pair.client, POLLIN) & POLLIN, POLLIN, "poll() at the end");
	pair_close(&pair);
}

static void close_read_side(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	same_errno(error_of(shutdown(pair.client, SHUT_RD)), -1, "shutdown(SHUT_RD)");
	same_number(read(pair.client, &byte, 1), 0, "read() after SHUT_RD");
	ok(send_pattern(pair.client, 9) && receive_pattern(pair.server, 9), "the other half works");
	pair_close(&pair);
}

static int reader_job(void *arg)
{
	char byte;

	return !same_number(read(*(int *)arg, &byte, 1), 0, "read() in wait");
}

/* shutdown() from another process ends a read() that is asleep. */
static void close_wakes(int argc, char **argv)
{
	struct pair pair = pair_new();
	pid_t pid = background(reader_job, &pair.client);

	(void)argc, (void)argv;
	usleep(200000); /* most likely asleep in read(); any order is right */
	shutdown(pair.client, SHUT_RDWR);
	reap(pid, "reader");
	pair_close(&pair);
}

/* Hundreds of short connections: each ends cleanly, ports are free again. */
static void close_many(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), s, c, good = 0;
	char byte;

	(void)argc, (void)argv;
	for (int i = 0; i < 100; i++) {
		s = dial(&at, 0);
		c = accept_one(l);
		good += send_pattern(s, 100) && receive_pattern(c, 100);
		close(i % 2 ? s : c);
		good += read(i % 2 ? c : s, &byte, 1) == 0;
		close(i % 2 ? c : s);
	}
	same_number(good, 200, "good steps of 100 connections");
	close(l);
}

/* close() of a connect() under way, at once: nothing is left, nothing breaks. */
static void close_connecting(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(SOCK_NONBLOCK, 64, &at), s, c;

	(void)argc, (void)argv;
	for (int i = 0; i < 30; i++) {
		s = dial(&at, SOCK_NONBLOCK);
		if (i % 3 == 1)
			look(s, POLLOUT);
		if (i % 3 == 2)
			usleep(3000 * (i / 3));
		close(s);
	}
	s = dial(&at, 0); /* the listener still serves */
	if (!send_pattern(s, 33))
		die("send");
	do { /* those that were established before they closed end at once */
		wait_for(l, POLLIN);
		c = accept4(l, NULL, NULL, SOCK_CLOEXEC);
		if (c < 0)
			continue;
		blocking(c, true);
		if (receive_pattern(c, 33))
			break;
		close(c);
	} while (true);
	ok(true, "a listener serves after 30 aborted connects");
	close(c);
	close(s);
	close(l);
}

const struct command close_commands[] = {
	{ "close-orderly", close_orderly },
	{ "close-linger", close_linger },
	{ "close-reset", close_reset },
	{ "close-unread", close_unread },
	{ "close-full", close_full },
	{ "close-both", close_both },
	{ "close-read-side", close_read_side },
	{ "close-wakes", close_wakes },
	{ "close-many", close_many },
	{ "close-connecting", close_connecting },
	{ 0 },
};
