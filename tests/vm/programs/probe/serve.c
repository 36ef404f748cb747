// SPDX-License-Identifier: Apache-2.0
/* Small servers for suites, which echo to one peer after the other, and a client. */
#include "probe.h"

#define LISTEN_FDS_START 3

static void serve_on(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };
	int fd;

	alarm(0);
	while (poll(&p, 1, -1) >= 0) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue; /* the listener is non-blocking, or the peer went */
		blocking(fd, true);
		echo(fd);
		close(fd);
	}
}

/* serve ADDRESS PORT */
static void serve(int argc, char **argv)
{
	struct address at;
	int fd, one = 1;

	if (argc < 3)
		die("usage: serve ADDRESS PORT");
	at = parse_address(argv[1], argv[2]);
	fd = stream_socket(0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at.a, at.len) || listen(fd, 128))
		die("listen()");
	serve_on(fd);
}

/* serve-fd: the listener that systemd hands over. */
static void serve_fd(int argc, char **argv)
{
	(void)argc, (void)argv;
	serve_on(LISTEN_FDS_START);
}

/* visit ADDRESS PORT: a short life, from connect() to close(). */
static void visit(int argc, char **argv)
{
	struct address at;
	int fd;

	if (argc < 3)
		die("usage: visit ADDRESS PORT");
	at = parse_address(argv[1], argv[2]);
	fd = dial(&at, 0);
	ok(send_pattern(fd, 10) && receive_pattern(fd, 10), "what was sent comes back");
	close(fd);
}

const struct command serve_commands[] = {
	{ "visit", visit },
	{ "serve", serve },
	{ "serve-fd", serve_fd },
	{ 0 },
};
