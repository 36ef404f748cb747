// SPDX-License-Identifier: Apache-2.0
/* The stream: every byte, in order, in both directions, in any portion. */
#include "probe.h"

#define MIB (1U << 20)

static int echo_job(void *arg)
{
	struct address at = *(struct address *)arg;
	int s = dial(&at, 0), error = echo(s);

	shutdown(s, SHUT_WR);
	close(s);
	return !ok(!error, "echo ended with %s", errno_name(error ? error : -1));
}

static const size_t sizes[] = {
	1,     2,     15,    16,    17,	   255,	  1024,	 1447,	 1448, 4096,
	16383, 16384, 16385, 32768, 65535, 65536, 65537, 200001, MIB,
};

/* An echo of one size after the other over one connection. */
static void stream_sizes(int argc, char **argv)
{
	static uint8_t buf[MIB], back[MIB];
	struct address at;
	int l = listen_socket(0, 8, &at), c, bad = 0;
	pid_t pid = background(echo_job, &at);

	(void)argc, (void)argv;
	c = accept_one(l);
	check_managed(c, "server");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		blocking(c, false);
		fill(buf, sizes[i], i);
		/* Both windows may fill: write and read in turn. */
		for (size_t put = 0, got = 0; got < sizes[i];) {
			ssize_t n;

			wait_for(c, POLLIN | (put < sizes[i] ? POLLOUT : 0));
			n = put < sizes[i] ? write(c, buf + put, sizes[i] - put) : 0;
			if (n < 0 && errno != EAGAIN)
				die("write()");
			put += n > 0 ? n : 0;
			n = read(c, back + got, sizes[i] - got);
			if (!n || (n < 0 && errno != EAGAIN))
				die("read() in an echo of %zu bytes", sizes[i]);
			got += n > 0 ? n : 0;
		}
		if (memcmp(buf, back, sizes[i]))
			bad += ok(false, "echo of %zu bytes differs", sizes[i]) + 1;
	}
	same_number(bad, 0, "sizes whose echo differs");
	blocking(c, true);
	shutdown(c, SHUT_WR);
	same_number(read(c, buf, 1), 0, "end of stream");
	reap(pid, "echo");
	close(c);
	close(l);
}

static int sender_job(void *arg)
{
	return !send_pattern(*(int *)arg, 64 * MIB) || shutdown(*(int *)arg, SHUT_WR);
}

static void stream_64mib(int argc, char **argv)
{
	struct pair pair = pair_new();
	pid_t pid = background(sender_job, &pair.client);
	char byte;

	(void)argc, (void)argv;
	ok(receive_pattern(pair.server, 64 * MIB), "64 MiB arrive unchanged");
	same_number(read(pair.server, &byte, 1), 0, "end of stream");
	reap(pid, "sender");
	pair_close(&pair);
}

static int both_job(void *arg)
{
	int fd = *(int *)arg;
	pid_t pid = background(sender_job, &fd);
	bool good = receive_pattern(fd, 64 * MIB);

	reap(pid, "second sender");
	return !ok(good, "64 MiB the one way");
}

static void stream_both_ways(int argc, char **argv)
{
	struct pair pair = pair_new();
	pid_t peer = background(both_job, &pair.client);
	pid_t pid = background(sender_job, &pair.server);

	(void)argc, (void)argv;
	ok(receive_pattern(pair.server, 64 * MIB), "64 MiB the other way at once");
	reap(pid, "sender");
	reap(peer, "peer");
	pair_close(&pair);
}

static int greeted_job(void *arg)
{
	int s = dial(arg, 0);
	bool good = receive_pattern(s, 20);

	return !ok(good, "client hears the server first");
}

static void stream_server_first(int argc, char **argv)
{
	struct address at;
	int l = listen_socket(0, 8, &at), c;
	pid_t pid = background(greeted_job, &at);

	(void)argc, (void)argv;
	c = accept_one(l);
	ok(send_pattern(c, 20), "server speaks first");
	reap(pid, "client");
	close(c);
	close(l);
}

/* One byte per call: 1000 records one way, read in portions the other. */
static void stream_bytewise(int argc, char **argv)
{
	struct pair pair = pair_new();
	uint8_t byte;

	(void)argc, (void)argv;
	for (int i = 0; i < 1000; i++) {
		byte = pattern(i);
		if (write(pair.client, &byte, 1) != 1)
			die("write()");
	}
	ok(receive_pattern(pair.server, 1000), "1000 writes of one byte");
	if (!send_pattern(pair.server, 1000))
		die("send");
	for (int i = 0; i < 1000; i++)
		if (read(pair.client, &byte, 1) != 1 || byte != pattern(i))
			die("byte %d is wrong", i);
	ok(true, "1000 reads of one byte");
	pair_close(&pair);
}

static void stream_zero(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte = 'z';

	(void)argc, (void)argv;
	same_number(write(pair.client, "", 0), 0, "write() of nothing");
	same_number(send(pair.client, "", 0, 0), 0, "send() of nothing");
	same_errno(error_of(recv(pair.server, &byte, 1, MSG_DONTWAIT)), EAGAIN,
		   "nothing was sent by that");
	same_number(look(pair.server, POLLIN), 0, "poll() says so too");
	ok(send_pattern(pair.client, 4) && receive_pattern(pair.server, 4), "the stream goes on");
	pair_close(&pair);
}

static void stream_half_close(int argc, char **argv)
{
	struct pair pair = pair_new();
	char byte;

	(void)argc, (void)argv;
	ok(send_pattern(pair.client, 100), "client asks");
	shutdown(pair.client, SHUT_WR);
	same_errno(error_of(send(pair.client, "x", 1, MSG_NOSIGNAL)), EPIPE,
		   "send() after shutdown(SHUT_WR)");
	ok(receive_pattern(pair.server, 100), "server reads it all");
	same_number(read(pair.server, &byte, 1), 0, "then the end of stream");
	same_number(read(pair.server, &byte, 1), 0, "and again");
	ok(send_pattern(pair.server, MIB / 16), "server answers into the open half");
	ok(receive_pattern(pair.client, MIB / 16), "client reads the answer");
	close(pair.server);
	same_number(read(pair.client, &byte, 1), 0, "client's end of stream");
	close(pair.client);
	close(pair.listener);
}

/* The window closes, poll() says so, and it opens again. */
static void stream_full(int argc, char **argv)
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
	same_errno(errno, EAGAIN, "write() into a full window");
	while (got < put) {
		n = read(pair.server, buf, sizeof(buf));
		if (n <= 0 || !matches(buf, n, got))
			die("byte %zu and on is wrong", got);
		got += n;
	}
	ok(true, "all of it arrives");
	same_number(wait_for(pair.client, POLLOUT), POLLOUT, "writable again");
	pair_close(&pair);
}

const struct command stream_commands[] = {
	{ "stream-sizes", stream_sizes },
	{ "stream-64mib", stream_64mib },
	{ "stream-both-ways", stream_both_ways },
	{ "stream-server-first", stream_server_first },
	{ "stream-bytewise", stream_bytewise },
	{ "stream-zero", stream_zero },
	{ "stream-half-close", stream_half_close },
	{ "stream-full", stream_full },
	{ 0 },
};
