// SPDX-License-Identifier: Apache-2.0
/*
 * Races around connect(): every other call on the same socket meanwhile. What
 * is sent is the mark, so that whoever records the wire can tell clear bytes.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <time.h>
#include "probe.h"

#define TRIES 4000

/* One socket that threads race for. */
struct race {
	struct address at, other;
	int fd;
	bool blocking;
	bool authentic;	    /* the far end can be what it should be */
	atomic_bool shut;   /* shutdown() may have been called */
	atomic_bool over;   /* the descriptor is closed, or will be at once */
	unsigned int usual; /* microseconds that a connection takes */
	size_t put, got;    /* of the sender, of the receiver */
};

static bool over(const struct race *race)
{
	return atomic_load(&race->over);
}

static void connecting(void *arg)
{
	struct race *race = arg;
	int error;

	for (int i = 0; i < TRIES && !over(race); i++) {
		error = tally(CALL_CONNECT,
			      connect(race->fd, (const void *)&race->at.a, race->at.len));
		/* shutdown() makes a connection of what still is none. */
		if ((error < 0 || error == EISCONN) && !race->authentic && managed &&
		    !atomic_load(&race->shut))
			tally_wrong("connected to nobody");
		if (error != EINPROGRESS && error != EALREADY)
			break;
		breathe();
	}
}

static void sending(void *arg)
{
	struct race *race = arg;
	char buf[4096];
	ssize_t n;
	int error;

	for (int i = 0; i < TRIES && !over(race); i++) {
		size_t len = 1 + chance(sizeof(buf));

		mark_fill(buf, len, race->put);
		n = send(race->fd, buf, len, MSG_NOSIGNAL);
		error = tally(CALL_SEND, n);
		if (error == EBADF)
			break;
		race->put += n > 0 ? n : 0;
		breathe();
	}
}

static void receiving(void *arg)
{
	struct race *race = arg;
	char buf[4096];
	ssize_t n;
	int error;

	for (int i = 0; i < TRIES && !over(race); i++) {
		n = recv(race->fd, buf, 1 + chance(sizeof(buf)), 0);
		error = tally(CALL_RECV, n);
		if (error == EBADF)
			break;
		if (n > 0 && !mark_matches(buf, n, race->got))
			tally_wrong("received what was not sent");
		race->got += n > 0 ? n : 0;
		breathe();
	}
}

/* What only looks. A peer that cannot be authenticated never makes the socket
 * writable without an error, nor shows its name to KITH_PEER_ID. */
static void looking(void *arg)
{
	struct race *race = arg;
	struct pollfd p = { .fd = race->fd, .events = POLLIN | POLLOUT };
	struct sockaddr_storage name;

	for (int i = 0; i < TRIES && !over(race); i++) {
		socklen_t len = sizeof(name);
		int bytes;

		if (poll(&p, 1, chance(2)) > 0 && !race->authentic && managed &&
		    (p.revents & (POLLOUT | POLLERR | POLLHUP | POLLNVAL)) == POLLOUT)
			tally_wrong("writable without an authenticated peer");
		if (over(race))
			break;
		getpeername(race->fd, (void *)&name, &len);
		getsockname(race->fd, (void *)&name, &len);
		ioctl(race->fd, FIONREAD, &bytes);
		breathe();
	}
}

/* Ends anywhere within what a connection takes and as long behind it, or early. */
static void linger_for(const struct race *race)
{
	if (chance(2))
		jitter(16);
	else
		usleep(chance(2 * race->usual));
}

/* Connects once undisturbed: the measure. */
static void measure(struct race *race)
{
	struct timespec start, end;

	close(dial(&race->at, 0)); /* the first waits for an identity */
	clock_gettime(CLOCK_MONOTONIC, &start);
	close(dial(&race->at, 0));
	clock_gettime(CLOCK_MONOTONIC, &end);
	race->usual =
		(end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000 + 1;
}

static void ending(void *arg)
{
	struct race *race = arg;

	linger_for(race);
	if (chance(2)) {
		atomic_store(&race->shut, true);
		tally(CALL_SHUTDOWN, shutdown(race->fd, (int)chance(3)));
		jitter(10);
	}
	atomic_store(&race->shut, true);
	atomic_store(&race->over, true);
	if (race->blocking) /* close() wakes nobody */
		tally(CALL_SHUTDOWN, shutdown(race->fd, SHUT_RDWR));
	tally(CALL_CLOSE, close(race->fd));
}

/* EPIPE: what our own shutdown() makes of a handshake. */
#define FAILED	"EPIPE ECONNRESET ECONNREFUSED ECONNABORTED EPROTO EBADF "
#define SENT	"ok EAGAIN " FAILED
#define ENDED	"EAGAIN ENOTCONN " FAILED
#define STARTED "EINPROGRESS EALREADY EISCONN EINVAL " FAILED

static void judge(const struct race *race)
{
	/* connect() meets a socket that shutdown() has finished. */
	tally_only(CALL_CONNECT,
		   race->authentic ? STARTED " ok EISCONN EINVAL" : STARTED " EINVAL");
	/* Data of ours is never taken before a peer is authenticated. */
	tally_only(CALL_SEND, race->authentic ? SENT : SENT + sizeof("ok"));
	tally_only(CALL_RECV, race->authentic ? ENDED "ok" : ENDED);
	tally_only(CALL_SHUTDOWN, "ok ENOTCONN EBADF");
	tally_only(CALL_CLOSE, "ok");
	tally_check_wrong();
}

/*
 * race-connect ADDRESS PORT ROUNDS recorder|kith: connect, send, recv, poll,
 * shutdown and close on one socket, against a recorder, which cannot be
 * authenticated, or a Kith peer that echoes.
 */
static void race_connect(int argc, char **argv)
{
	struct race race = { 0 };
	int rounds;

	if (argc < 5)
		die("usage: race-connect ADDRESS PORT ROUNDS recorder|kith");
	race.at = parse_address(argv[1], argv[2]);
	race.authentic = !strcmp(argv[4], "kith");
	rounds = atoi(argv[3]);
	race.usual = 100000; /* a recorder lets it wait for ever */
	if (race.authentic)
		measure(&race);
	for (int i = 0; i < rounds; i++) {
		struct hand hands[] = {
			{ connecting, &race },
			{ ending, &race },
			{ sending, &race },
			{ chance(2) ? receiving : looking, &race },
		};

		race.put = race.got = 0;
		race.blocking = !chance(4);
		atomic_store(&race.over, false);
		atomic_store(&race.shut, false);
		race.fd = stream_socket(race.blocking ? 0 : SOCK_NONBLOCK);
		together(hands, 4 - chance(2));
	}
	if (managed)
		judge(&race);
	else
		ok(true, "%d rounds", rounds);
}

/* --- two destinations ---------------------------------------------------------- */

static void connecting_elsewhere(void *arg)
{
	struct race *race = arg;

	for (int i = 0; i < TRIES && !over(race); i++) {
		tally(CALL_ELSEWHERE,
		      connect(race->fd, (const void *)&race->other.a, race->other.len));
		breathe();
	}
}

static void ending_well(void *arg)
{
	struct race *race = arg;

	linger_for(race);
	atomic_store(&race->over, true);
}

static void check_where(const struct race *race)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	if (getpeername(race->fd, (void *)&name, &len))
		return;
	if (memcmp(&name, &race->at.a, race->at.len) != 0)
		tally_wrong("connected to where it may not go");
}

/*
 * race-two ADDRESS PORT FORBIDDEN-PORT ROUNDS: two connects of one socket, of
 * which one is to where the policy lets nobody go.
 */
static void race_two(int argc, char **argv)
{
	struct race race = { .authentic = true };
	int rounds;

	if (argc < 5)
		die("usage: race-two ADDRESS PORT FORBIDDEN-PORT ROUNDS");
	race.at = parse_address(argv[1], argv[2]);
	race.other = parse_address(argv[1], argv[3]);
	rounds = atoi(argv[4]);
	measure(&race);
	for (int i = 0; i < rounds; i++) {
		struct hand hands[] = {
			{ connecting, &race },
			{ connecting_elsewhere, &race },
			{ sending, &race },
			{ ending_well, &race },
		};

		race.put = 0;
		atomic_store(&race.over, false);
		race.fd = stream_socket(SOCK_NONBLOCK);
		together(hands, 4);
		check_where(&race);
		close(race.fd);
	}
	tally_only(CALL_CONNECT, STARTED "ok EACCES");
	tally_only(CALL_ELSEWHERE, STARTED "ok EACCES");
	tally_only(CALL_SEND, SENT "EACCES");
	tally_check_wrong();
}

/* --- an opening, then a peer to authenticate -------------------------------------- */

static atomic_int sent_clear; /* bytes that send() took */

static void *send_blocked(void *arg)
{
	const struct race *race = arg;
	struct sched_param lowest = { 0 };
	cpu_set_t one;
	char buf[MARK_BLOCK];
	ssize_t n;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	pthread_setschedparam(pthread_self(), SCHED_IDLE, &lowest);
	mark_fill(buf, sizeof(buf), 0);
	n = send(race->fd, buf, sizeof(buf), MSG_NOSIGNAL);
	tally(CALL_SEND, n);
	if (n > 0)
		atomic_fetch_add(&sent_clear, (int)n);
	return NULL;
}

/*
 * A send() that waits for a connection that an opening lets through: by the time
 * it gets the processor, the socket is on its way to a peer that must be
 * authenticated. It shares a processor with us and has the lowest priority.
 */
static void round_of_opening(struct race *race)
{
	struct timespec while_it_blocks = { 0, 30000000 };
	pthread_t sender;

	race->fd = stream_socket(SOCK_NONBLOCK);
	tally(CALL_ELSEWHERE, connect(race->fd, (const void *)&race->other.a, race->other.len));
	blocking(race->fd, true);
	if (pthread_create(&sender, NULL, send_blocked, race))
		die("pthread_create()");
	nanosleep(&while_it_blocks, NULL);
	blocking(race->fd, false);
	shutdown(race->fd, SHUT_RDWR);
	socket_error(race->fd);
	tally(CALL_CONNECT, connect(race->fd, (const void *)&race->at.a, race->at.len));
	nanosleep(&while_it_blocks, NULL);
	shutdown(race->fd, SHUT_RDWR);
	pthread_join(sender, NULL);
	close(race->fd);
}

/*
 * race-opening ADDRESS PORT OPEN-PORT ROUNDS: OPEN-PORT has an opening and does
 * not answer; PORT is to be authenticated.
 */
static void race_opening(int argc, char **argv)
{
	struct race race = { 0 };
	cpu_set_t one;

	if (argc < 5)
		die("usage: race-opening ADDRESS PORT OPEN-PORT ROUNDS");
	race.at = parse_address(argv[1], argv[2]);
	race.other = parse_address(argv[1], "1"); /* forbidden: gets an identity, no more */
	same_errno(dial_error(&race.other), EACCES, "connect() where no rule lets it");
	race.other = parse_address(argv[1], argv[3]);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = atoi(argv[4]); i > 0; i--)
		round_of_opening(&race);
	tally_only(CALL_ELSEWHERE, "EINPROGRESS");
	tally_only(CALL_CONNECT, "EINPROGRESS EACCES");
	same_number(atomic_load(&sent_clear), 0, "bytes sent to whom they were not meant for");
}

const struct command race_connect_commands[] = {
	{ "race-connect", race_connect },
	{ "race-two", race_two },
	{ "race-opening", race_opening },
	{ 0 },
};
