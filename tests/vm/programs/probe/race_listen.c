// SPDX-License-Identifier: Apache-2.0
/* Races around a listener: who makes it one, who accepts, who ends it. */
#include <stdatomic.h>
#include <time.h>
#include "probe.h"

#define HELLO	 (2 * MARK_BLOCK)
#define KNOCKERS 3
#define HANG_MS	 60000

struct door {
	int listener;
	struct address at, elsewhere;
	atomic_int listened, connected;
	atomic_bool over;    /* no more accepting */
	atomic_int answered; /* knockers with an answer */
	atomic_int taken;    /* by accept() */
	bool by_close;	     /* else by shutdown() */
	unsigned int usual;  /* microseconds that a connection takes */
	int null;	     /* takes a closed listener's number, so that nobody else does */
};

static int rounds_of(int argc, char **argv, int usual)
{
	return argc > 1 ? atoi(argv[1]) : usual;
}

/* --- listen, listen, connect ------------------------------------------------------ */

static void listening(void *arg)
{
	struct door *door = arg;

	jitter(8);
	if (tally(CALL_LISTEN, listen(door->listener, 1 + (int)chance(64))) == -1)
		atomic_store(&door->listened, 1);
}

static void connecting_it(void *arg)
{
	struct door *door = arg;

	jitter(8);
	if (tally(CALL_CONNECT, connect(door->listener, (const void *)&door->elsewhere.a,
					door->elsewhere.len)) == -1)
		atomic_store(&door->connected, 1);
}

/* A socket is one or the other, and works as what it is. */
static void check_kind(struct door *door, int elsewhere)
{
	int c, s;

	if (door->listened && door->connected)
		tally_wrong("both a listener and connected");
	if (door->listened) {
		c = dial(&door->at, 0);
		s = accept_one(door->listener);
		close(c);
		close(s);
	}
	if (door->connected) {
		s = accept_one(elsewhere);
		if (send(door->listener, "x", 1, MSG_NOSIGNAL) != 1)
			tally_wrong("connected, but does not send");
		wait_for(s, POLLIN);
		close(s);
	}
	if (!door->listened && !door->connected)
		tally_wrong("neither a listener nor connected");
}

/* race-listen [ROUNDS]: listen(), listen() and connect() of one socket. */
static void race_listen(int argc, char **argv)
{
	int rounds = rounds_of(argc, argv, 40), elsewhere;
	struct door door = { 0 };

	elsewhere = listen_socket(SOCK_NONBLOCK, 64, &door.elsewhere);
	for (int i = 0; i < rounds; i++) {
		struct hand hands[] = {
			{ listening, &door },
			{ listening, &door },
			{ connecting_it, &door },
		};

		door.listened = door.connected = 0;
		door.listener = stream_socket(0);
		bind_fresh(door.listener, &door.at);
		together(hands, 3);
		check_kind(&door, elsewhere);
		close(door.listener);
	}
	/* What lost finds the socket to be the other. */
	tally_only(CALL_LISTEN, "ok EINVAL");
	tally_only(CALL_CONNECT, "ok EISCONN");
	tally_check_wrong();
	close(elsewhere);
}

/* --- a listener under those who knock ----------------------------------------------- */

/* What a client sees that a listener's end has cut off; not a hang. */
static void hear(struct door *door, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[HELLO], want[HELLO];
	ssize_t n;

	if (poll(&p, 1, HANG_MS) <= 0) {
		tally_wrong("a connection was left without an end");
		return;
	}
	n = recv(fd, buf, sizeof(buf), MSG_WAITALL);
	tally(CALL_RECV, n);
	mark_fill(want, sizeof(want), 0);
	if (n == HELLO && !memcmp(buf, want, HELLO))
		atomic_fetch_add(&door->answered, 1);
	else if (n > 0)
		tally_wrong("received what was not sent");
}

static void knocking(void *arg)
{
	struct door *door = arg;
	char hello[HELLO];
	int fd;

	mark_fill(hello, sizeof(hello), 0);
	for (int i = 0; i < 8 && !atomic_load(&door->over); i++) {
		fd = stream_socket(0);
		if (tally(CALL_CONNECT, connect(fd, (const void *)&door->at.a, door->at.len)) ==
			    -1 &&
		    tally(CALL_SEND, send(fd, hello, HELLO, MSG_NOSIGNAL)) == -1)
			hear(door, fd);
		close(fd);
	}
}

static void serve_hello(struct door *door, int fd)
{
	char buf[HELLO];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_WAITALL);

	tally(CALL_RECV, n);
	if (n > 0 && !mark_matches(buf, n, 0))
		tally_wrong("received what was not sent");
	if (n == HELLO)
		tally(CALL_SEND, send(fd, buf, n, MSG_NOSIGNAL));
	atomic_fetch_add(&door->taken, 1);
	close(fd);
}

static void look_in(int listener)
{
	struct pollfd p = { .fd = listener, .events = POLLIN };

	poll(&p, 1, (int)chance(5));
}

static void accepting(void *arg)
{
	struct door *door = arg;
	int fd;

	while (!atomic_load(&door->over)) {
		fd = accept4(door->listener, NULL, NULL, SOCK_CLOEXEC);
		switch (tally(CALL_ACCEPT, fd)) {
		case -1:
			serve_hello(door, fd);
			break;
		case EAGAIN:
			look_in(door->listener);
			break;
		default:
			return;
		}
	}
}

static void ending_it(void *arg)
{
	struct door *door = arg;

	usleep(chance(4 * KNOCKERS * door->usual));
	if (door->by_close) {
		atomic_store(&door->over, true);
		tally(CALL_CLOSE, dup2(door->null, door->listener));
	} else {
		tally(CALL_SHUTDOWN, shutdown(door->listener, SHUT_RDWR));
		jitter(10);
		atomic_store(&door->over, true);
	}
}

/* Connects once undisturbed: the measure. */
static unsigned int usual_time(void)
{
	struct timespec start, end;
	struct pair pair = pair_new(); /* the first waits for an identity */

	pair_close(&pair);
	clock_gettime(CLOCK_MONOTONIC, &start);
	pair = pair_new();
	clock_gettime(CLOCK_MONOTONIC, &end);
	pair_close(&pair);
	return (end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000 + 1;
}

static void open_door(struct door *door)
{
	atomic_store(&door->over, false);
	door->by_close = chance(2);
	door->listener = stream_socket(SOCK_NONBLOCK);
	bind_fresh(door->listener, &door->at);
}

#define KNOCK_CONNECT "ok ECONNREFUSED ECONNRESET EPROTO ETIMEDOUT"
#define KNOCK_MOVED   "ok EPIPE ECONNRESET"

/*
 * race-accept [ROUNDS]: two that accept, peers that come, and the listener's
 * shutdown() or close(). Who was not accepted learns of it, also while the
 * descriptor of a listener that was shut down stays open.
 */
static void race_accept(int argc, char **argv)
{
	int rounds = rounds_of(argc, argv, 20);
	struct door door = { .usual = usual_time(),
			     .null = open("/dev/null", O_RDONLY | O_CLOEXEC) };

	for (int i = 0; i < rounds; i++) {
		struct hand hands[3 + KNOCKERS] = {
			{ accepting, &door },
			{ accepting, &door },
			{ ending_it, &door },
		};

		for (int k = 0; k < KNOCKERS; k++)
			hands[3 + k] = (struct hand){ knocking, &door };
		open_door(&door);
		if (listen(door.listener, 16 + (int)chance(16)))
			die("listen()");
		together(hands, 3 + KNOCKERS);
		close(door.listener);
	}
	close(door.null);
	ok(door.answered <= door.taken, "%d taken, %d answered", door.taken, door.answered);
	tally_only(CALL_CONNECT, KNOCK_CONNECT);
	tally_only(CALL_ACCEPT, "ok EAGAIN EINVAL ENOTSOCK ECONNABORTED");
	tally_only(CALL_SEND, KNOCK_MOVED);
	tally_only(CALL_RECV, KNOCK_MOVED);
	tally_check_wrong();
}

static void listening_again(void *arg)
{
	struct door *door = arg;

	while (!atomic_load(&door->over)) {
		if (tally(CALL_LISTEN, listen(door->listener, 16 + (int)chance(16))) == ENOTSOCK)
			return;
		breathe();
	}
}

/* race-listen-close [ROUNDS]: listen() again and again, close(), peers. */
static void race_listen_close(int argc, char **argv)
{
	int rounds = rounds_of(argc, argv, 30);
	struct door door = { .usual = usual_time(),
			     .null = open("/dev/null", O_RDONLY | O_CLOEXEC) };

	for (int i = 0; i < rounds; i++) {
		struct hand hands[2 + KNOCKERS] = {
			{ listening_again, &door },
			{ ending_it, &door },
		};

		for (int k = 0; k < KNOCKERS; k++)
			hands[2 + k] = (struct hand){ knocking, &door };
		open_door(&door);
		door.by_close = true;
		together(hands, 2 + KNOCKERS);
		close(door.listener);
	}
	close(door.null);
	tally_only(CALL_LISTEN, "ok ENOTSOCK");
	tally_only(CALL_CONNECT, KNOCK_CONNECT);
	tally_only(CALL_CLOSE, "ok");
	tally_check_wrong();
}

const struct command race_listen_commands[] = {
	{ "race-listen", race_listen },
	{ "race-listen-close", race_listen_close },
	{ "race-accept", race_accept },
	{ 0 },
};
