// SPDX-License-Identifier: Apache-2.0
/* Races on one established connection, both ends in this program. */
#include <stdatomic.h>
#include <sys/time.h>
#include "probe.h"

#define RECORD	(2 * MARK_BLOCK)
#define READERS 3

static int number_of(int argc, char **argv, int usual)
{
	return argc > 1 ? atoi(argv[1]) : usual;
}

/* --- three readers ------------------------------------------------------------- */

struct reading {
	int fd;
	atomic_char *seen; /* of each record, how often */
	size_t records;
	atomic_int ended; /* readers that saw the end of stream */
};

/* The number of the record in @buf, or -1. */
static long record_in(const char *buf)
{
	size_t block = strtoull(buf + sizeof(MARK) - 1, NULL, 16);

	return mark_matches(buf, RECORD, block * MARK_BLOCK) ? (long)block / 2 : -1;
}

/* Each recv() has room for one record: it gets one, whole, or the end. */
static void reading(void *arg)
{
	struct reading *r = arg;
	char buf[RECORD + 1] = "";
	ssize_t n;
	long which;

	while ((n = recv(r->fd, buf, RECORD, 0)) > 0) {
		tally(CALL_RECV, n);
		buf[n] = 0;
		which = n == RECORD ? record_in(buf) : -1;
		if (which < 0 || (size_t)which >= r->records)
			tally_wrong("a record is not whole");
		else
			atomic_fetch_add(&r->seen[which], 1);
	}
	tally(CALL_RECV, n);
	if (!n)
		atomic_fetch_add(&r->ended, 1);
}

struct writing {
	int fd;
	size_t records;
	bool shut; /* end by shutdown(), else by close() */
};

static void writing(void *arg)
{
	const struct writing *w = arg;
	char buf[RECORD];

	for (size_t i = 0; i < w->records; i++) {
		mark_fill(buf, RECORD, i * RECORD);
		if (tally(CALL_SEND, send(w->fd, buf, RECORD, MSG_NOSIGNAL)) != -1)
			tally_wrong("a record was not sent");
		if (!chance(8))
			breathe();
	}
	if (w->shut)
		shutdown(w->fd, SHUT_WR);
	else
		close(w->fd);
}

static void check_seen(const struct reading *r)
{
	for (size_t i = 0; i < r->records; i++)
		if (atomic_load(&r->seen[i]) != 1)
			tally_wrong("a record did not arrive once");
}

/* race-recv [RECORDS]: three blocking readers, and a peer that ends the stream. */
static void race_recv(int argc, char **argv)
{
	size_t records = number_of(argc, argv, 300);

	for (int round = 0; round < 4; round++) {
		struct pair pair = pair_new();
		struct writing w = { pair.client, records, round & 1 };
		struct reading r = { pair.server, calloc(records, 1), records, 0 };
		struct hand hands[READERS + 1] = { { writing, &w } };

		for (int i = 1; i <= READERS; i++)
			hands[i] = (struct hand){ reading, &r };
		together(hands, READERS + 1);
		check_seen(&r);
		same_number(r.ended, READERS, "readers that saw the end of stream");
		free(r.seen);
		if (w.shut)
			close(pair.client);
		close(pair.server);
		close(pair.listener);
	}
	tally_only(CALL_RECV, "ok");
	tally_check_wrong();
}

static void shutting(void *arg)
{
	const struct reading *r = arg;

	jitter(15);
	tally(CALL_SHUTDOWN, shutdown(r->fd, SHUT_RDWR));
}

/* race-recv-shutdown [ROUNDS]: what wakes one blocked reader wakes them all. */
static void race_recv_shutdown(int argc, char **argv)
{
	int rounds = number_of(argc, argv, 6);

	for (int i = 0; i < rounds; i++) {
		struct pair pair = pair_new();
		struct reading r = { .fd = pair.client };
		struct hand hands[READERS + 1] = { { shutting, &r } };

		for (int k = 1; k <= READERS; k++)
			hands[k] = (struct hand){ reading, &r };
		together(hands, READERS + 1);
		if (r.ended != READERS)
			tally_wrong("a reader saw no end of stream");
		pair_close(&pair);
	}
	tally_only(CALL_RECV, "ok");
	tally_only(CALL_SHUTDOWN, "ok");
	tally_check_wrong();
}

/* --- a reader's time-out ---------------------------------------------------------- */

struct waiting {
	struct pair pair;
	atomic_int blocked, timed_out;
};

static void waiting_for_ever(void *arg)
{
	struct waiting *w = arg;
	char byte;

	atomic_store(&w->blocked, 1);
	tally(CALL_RECV, recv(w->pair.client, &byte, 1, 0));
}

/* The second reader: its own time-out, whatever the first does. */
static void waiting_a_second(void *arg)
{
	struct timeval second = { 1, 0 };
	struct waiting *w = arg;
	char byte;

	while (!atomic_load(&w->blocked))
		breathe();
	usleep(200000);
	setsockopt(w->pair.client, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	if (tally(CALL_RECV, recv(w->pair.client, &byte, 1, 0)) == EAGAIN)
		atomic_store(&w->timed_out, 1);
}

/* Lets both go in the end, so that a failure is no hang. */
static void letting_go(void *arg)
{
	struct waiting *w = arg;

	for (int ms = 0; ms < 20000 && !atomic_load(&w->timed_out); ms += 10)
		usleep(10000);
	ok(atomic_load(&w->timed_out), "the second of two readers ends by its own SO_RCVTIMEO");
	if (send(w->pair.server, "xx", 2, MSG_NOSIGNAL) != 2)
		die("send()");
}

static void race_recv_timeout(int argc, char **argv)
{
	struct waiting w = { .pair = pair_new() };
	const struct hand hands[] = {
		{ waiting_for_ever, &w },
		{ waiting_a_second, &w },
		{ letting_go, &w },
	};

	(void)argc, (void)argv;
	together(hands, 3);
	tally_only(CALL_RECV, "ok EAGAIN");
	pair_close(&w.pair);
}

/* --- send() and shutdown() ---------------------------------------------------------- */

struct sending {
	struct pair pair;
	atomic_size_t put, got;
	atomic_bool over;
};

static void sending(void *arg)
{
	struct sending *s = arg;
	char buf[RECORD];
	ssize_t n;

	mark_fill(buf, RECORD, 0);
	do {
		n = send(s->pair.client, buf, RECORD, MSG_NOSIGNAL);
		if (tally(CALL_SEND, n) == -1)
			atomic_fetch_add(&s->put, (size_t)n);
	} while (n > 0);
}

static void draining(void *arg)
{
	struct sending *s = arg;
	char buf[RECORD * 16];
	ssize_t n;

	while ((n = recv(s->pair.server, buf, sizeof(buf), 0)) > 0)
		atomic_fetch_add(&s->got, (size_t)n);
	tally(CALL_RECV, n);
}

static void shutting_down(void *arg)
{
	struct sending *s = arg;

	jitter(14);
	tally(CALL_SHUTDOWN, shutdown(s->pair.client, SHUT_WR));
}

/* race-send-shutdown [ROUNDS]: what send() took before shutdown() arrives. */
static void race_send_shutdown(int argc, char **argv)
{
	int rounds = number_of(argc, argv, 20), lost = 0;

	for (int i = 0; i < rounds; i++) {
		struct sending s = { .pair = pair_new() };
		const struct hand hands[] = {
			{ sending, &s },
			{ sending, &s },
			{ draining, &s },
			{ shutting_down, &s },
		};

		together(hands, 4);
		if (s.put != s.got) {
			printf("# sent %zu, received %zu\n", (size_t)s.put, (size_t)s.got);
			lost++;
		}
		pair_close(&s.pair);
	}
	same_number(lost, 0, "streams that lost what send() had taken");
	tally_only(CALL_SEND, "ok EPIPE");
	tally_only(CALL_RECV, "ok");
	tally_only(CALL_SHUTDOWN, "ok");
}

const struct command race_stream_commands[] = {
	{ "race-recv", race_recv },
	{ "race-recv-shutdown", race_recv_shutdown },
	{ "race-recv-timeout", race_recv_timeout },
	{ "race-send-shutdown", race_send_shutdown },
	{ 0 },
};
