// SPDX-License-Identifier: Apache-2.0
/*
 * Races of connect() and send() with the options that would let bytes past the
 * handshake or change the socket's operations: set by the claimed program
 * itself, and by an unclaimed one that made the socket and still has it.
 */
#include <arpa/inet.h>
#include <stdatomic.h>
#include "probe.h"

#define TRIES	   4000
#define TCP_ULP_NO 31
#define SOL_TLS_NO 282
#define TLS_TX_NO  1

struct race {
	struct address at;
	int fd;
	atomic_bool over;
};

struct option {
	int level, name;
	const void *value;
	socklen_t len;
};

static const int one = 1, minus_one = -1, ipv4 = AF_INET, queue = 2;
static const char key[40];

/* Refused to a claimed program always. */
static const struct option refused[] = {
	{ SOL_TCP, TCP_ULP_NO, "tls", 3 },
	{ SOL_IPV6, IPV6_ADDRFORM, &ipv4, sizeof(ipv4) },
	{ SOL_TCP, TCP_REPAIR, &one, sizeof(one) },
	{ SOL_TCP, TCP_REPAIR, &minus_one, sizeof(minus_one) },
	{ SOL_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue) },
	{ SOL_TCP, TCP_FASTOPEN_CONNECT, &one, sizeof(one) },
	{ SOL_TLS_NO, TLS_TX_NO, key, sizeof(key) },
};

/* What an accomplice may try: an own TCP_ULP would make the socket its own. */
static const struct option tampering[] = {
	{ SOL_IPV6, IPV6_ADDRFORM, &ipv4, sizeof(ipv4) },
	{ SOL_TCP, TCP_REPAIR, &one, sizeof(one) },
	{ SOL_TCP, TCP_REPAIR, &minus_one, sizeof(minus_one) },
	{ SOL_TCP, TCP_REPAIR_QUEUE, &queue, sizeof(queue) },
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int set(int fd, const struct option *o)
{
	return setsockopt(fd, o->level, o->name, o->value, o->len);
}

static void setting(void *arg)
{
	struct race *race = arg;

	for (int i = 0; i < TRIES && !atomic_load(&race->over); i++) {
		if (tally(CALL_OPTION, set(race->fd, &refused[chance(N(refused))])) == EBADF)
			return;
		if (!chance(4))
			breathe();
	}
}

static void connecting(void *arg)
{
	struct race *race = arg;
	int error;

	for (int i = 0; i < TRIES && !atomic_load(&race->over); i++) {
		error = tally(CALL_CONNECT,
			      connect(race->fd, (const void *)&race->at.a, race->at.len));
		if (error != EINPROGRESS && error != EALREADY)
			return;
		breathe();
	}
}

static void sending(void *arg)
{
	struct race *race = arg;
	char buf[10 * MARK_BLOCK];
	size_t put = 0;
	ssize_t n;

	for (int i = 0; i < TRIES && !atomic_load(&race->over); i++) {
		mark_fill(buf, sizeof(buf), put);
		/* MSG_FASTOPEN connects. */
		n = chance(8) ? send(race->fd, buf, sizeof(buf), MSG_NOSIGNAL)
			      : sendto(race->fd, buf, sizeof(buf), MSG_NOSIGNAL | MSG_FASTOPEN,
				       (const void *)&race->at.a, race->at.len);
		if (tally(CALL_SEND, n) == EBADF)
			return;
		put += n > 0 ? n : 0;
		breathe();
	}
}

static void ending(void *arg)
{
	struct race *race = arg;

	jitter(17);
	atomic_store(&race->over, true);
	close(race->fd);
}

/* race-options ADDRESS PORT ROUNDS: ADDRESS may be IPv4 mapped into IPv6. */
static void race_options(int argc, char **argv)
{
	struct race race = { 0 };

	if (argc < 4)
		die("usage: race-options ADDRESS PORT ROUNDS");
	race.at = parse_address(argv[1], argv[2]);
	for (int i = atoi(argv[3]); i > 0; i--) {
		const struct hand hands[] = {
			{ setting, &race },
			{ connecting, &race },
			{ sending, &race },
			{ ending, &race },
		};

		atomic_store(&race.over, false);
		race.fd = stream_socket(SOCK_NONBLOCK);
		together(hands, N(hands));
	}
	tally_only(CALL_OPTION, "EOPNOTSUPP EBADF");
	tally_only(CALL_SEND,
		   "ok EAGAIN EPIPE ECONNRESET ECONNABORTED EPROTO EBADF EOPNOTSUPP EPERM");
	tally_only(CALL_CONNECT,
		   "ok EISCONN EINPROGRESS EALREADY ECONNRESET ECONNABORTED EPROTO EBADF");
}

/* --- an accomplice ----------------------------------------------------------------- */

static void tamper(int link, int fd)
{
	char byte;

	send_descriptor(link, fd);
	for (int i = 0; recv(link, &byte, 1, MSG_DONTWAIT) != 1; i++) {
		set(fd, &tampering[chance(N(tampering))]);
		if (!chance(4))
			breathe();
	}
}

/* race-accomplice PROGRAM ADDRESS PORT ROUNDS: an unclaimed program that makes
 * sockets, has the claimed PROGRAM connect them, and tampers with them. */
static void race_accomplice(int argc, char **argv)
{
	int link[2], rounds;
	pid_t pid;

	if (argc < 5)
		die("usage: race-accomplice PROGRAM ADDRESS PORT ROUNDS");
	family = parse_address(argv[2], argv[3]).a.ss_family;
	rounds = atoi(argv[4]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, link))
		die("socketpair()");
	pid = fork();
	if (!pid) {
		char number[12];

		snprintf(number, sizeof(number), "%d", link[1]);
		close(link[0]);
		execl(argv[1], argv[1], "-m", "race-principal", argv[2], argv[3], number, NULL);
		die("execl()");
	}
	close(link[1]);
	for (int i = 0; i < rounds; i++) {
		int fd = stream_socket(SOCK_NONBLOCK);

		tamper(link[0], fd);
		close(fd);
	}
	close(link[0]);
	reap(pid, "the claimed program");
	ok(true, "%d rounds", rounds);
}

/* race-principal ADDRESS PORT FD: connects the sockets that come over FD. */
static void race_principal(int argc, char **argv)
{
	struct race race = { 0 };
	int link;

	if (argc < 4)
		die("usage: race-principal ADDRESS PORT FD");
	race.at = parse_address(argv[1], argv[2]);
	link = atoi(argv[3]);
	while ((race.fd = receive_descriptor(link)) >= 0) {
		const struct hand hands[] = {
			{ connecting, &race },
			{ sending, &race },
			{ ending, &race },
		};

		atomic_store(&race.over, false);
		together(hands, N(hands));
		send(link, "", 1, MSG_NOSIGNAL);
	}
	tally_only(CALL_CONNECT, "ok EISCONN EINPROGRESS EALREADY ECONNRESET ECONNABORTED EPROTO "
				 "EBADF EPERM EACCES");
	tally_only(CALL_SEND,
		   "ok EAGAIN EPIPE ECONNRESET ECONNABORTED EPROTO EBADF EOPNOTSUPP EACCES EPERM");
}

const struct command race_option_commands[] = {
	{ "race-options", race_options },
	{ "race-accomplice", race_accomplice },
	{ "race-principal", race_principal },
	{ 0 },
};
