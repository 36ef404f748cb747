// SPDX-License-Identifier: Apache-2.0
/*
 * Programs that connect, send and close without rest, while the suite revokes,
 * changes the policy and restarts the agent; and programs that fork and exec
 * while they hold connections.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include "probe.h"

#define RECORD	(2 * MARK_BLOCK)
#define THREADS 3

/* --- churn --------------------------------------------------------------------- */

/* A file that the suite and all images of the program map. */
struct orders {
	atomic_int stop;
	atomic_int denied;	     /* `kith policy apply` of a denial has returned */
	atomic_int revokes_begun;    /* calls of `kith revoke` */
	atomic_int revokes_returned; /* likewise */
	/* What the suite reads. */
	atomic_int good, connected, images;
	atomic_int after_denial, after_revoke; /* exchanges that should have failed */
	atomic_int wrong_bytes, wrong_errno, last_wrong_errno;
	atomic_int errors[256];
};

static struct orders *orders;
static struct address server;
static atomic_int first_revoke = -1; /* revokes_begun when we had a credential */

static struct orders *map_orders(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct orders *mapped;

	if (fd < 0)
		die("%s", path);
	mapped = mmap(NULL, sizeof(*mapped), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		die("mmap()");
	close(fd);
	return mapped;
}

/* What may end a connection, or keep it from being, in this tumult. */
static bool is_documented(int error)
{
	switch (error) {
	case EACCES:
	case EKEYREVOKED:
	case EKEYREJECTED:
	case ENOKEY:
	case ECONNRESET:
	case ECONNREFUSED:
	case EPIPE:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

static int note(int error)
{
	if (error > 0 && error < 256)
		atomic_fetch_add(&orders->errors[error], 1);
	if (error > 0 && !is_documented(error)) {
		atomic_fetch_add(&orders->wrong_errno, 1);
		atomic_store(&orders->last_wrong_errno, error);
	}
	return error;
}

/* Sends a record and has it back: 0, or errno. */
static int exchange(int fd, size_t offset)
{
	char buf[RECORD];
	size_t got = 0;
	ssize_t n;

	mark_fill(buf, RECORD, offset);
	n = send(fd, buf, RECORD, MSG_NOSIGNAL);
	if (n < 0)
		return errno;
	while (got < RECORD) {
		n = recv(fd, buf + got, RECORD - got, 0);
		if (n <= 0)
			return n ? errno : ECONNRESET;
		got += n;
	}
	if (!mark_matches(buf, RECORD, offset))
		atomic_fetch_add(&orders->wrong_bytes, 1);
	return 0;
}

/* One that begins after the suite was told that it cannot be, and is. */
static int judged_exchange(int fd, size_t offset)
{
	int denied = atomic_load(&orders->denied), first = atomic_load(&first_revoke);
	int revoked = atomic_load(&orders->revokes_returned);
	int error = exchange(fd, offset);

	if (error)
		return error;
	atomic_fetch_add(&orders->good, 1);
	/* The suite takes the denial back before it asks for the next policy. */
	if (denied && atomic_load(&orders->denied) == denied)
		atomic_fetch_add(&orders->after_denial, 1);
	if (first >= 0 && revoked > first)
		atomic_fetch_add(&orders->after_revoke, 1);
	return 0;
}

static int one_connection(void)
{
	int fd = stream_socket(0), error, wanted = -1;

	error = error_of(connect(fd, (const void *)&server.a, server.len));
	if (error < 0) {
		atomic_fetch_add(&orders->connected, 1);
		atomic_compare_exchange_strong(&first_revoke, &wanted,
					       atomic_load(&orders->revokes_begun));
		error = 0;
		for (size_t i = 0, n = 1 + chance(20); i < n && !error; i++) {
			error = judged_exchange(fd, i * RECORD);
			breathe();
		}
	}
	close(fd);
	return note(error);
}

static void churning(void *arg)
{
	char **argv = arg;

	while (!atomic_load(&orders->stop)) {
		int error = one_connection();

		if (error > 0)
			usleep(10000); /* the next attempt may be refused at once */
		if (error == EKEYREVOKED) {
			/* As a restarted service; from any of the threads. */
			execv("/proc/self/exe", argv);
			die("execv()");
		}
	}
}

/* race-churn ADDRESS PORT ORDERS */
static void race_churn(int argc, char **argv)
{
	char *words[] = { "race-churn", "-m", argv[0], argv[1], argv[2], argv[3], NULL };
	struct hand hands[THREADS];

	if (argc < 4)
		die("usage: race-churn ADDRESS PORT ORDERS");
	alarm(0);
	server = parse_address(argv[1], argv[2]);
	orders = map_orders(argv[3]);
	atomic_fetch_add(&orders->images, 1);
	for (int i = 0; i < THREADS; i++)
		hands[i] = (struct hand){ churning, words };
	together(hands, THREADS);
}

/* --- storm ---------------------------------------------------------------------- */

#define CHILDREN 6

static int send_record(int fd, int number)
{
	char buf[RECORD];

	mark_fill(buf, RECORD, (size_t)number * RECORD);
	return tally(CALL_SEND, send(fd, buf, RECORD, MSG_NOSIGNAL));
}

/* race-storm-image FD NUMBER: what a child has become. Exits with errno. */
static void race_storm_image(int argc, char **argv)
{
	int error;

	if (argc < 3)
		die("usage: race-storm-image FD NUMBER");
	error = send_record(atoi(argv[1]), atoi(argv[2]));
	exit(error < 0 ? 0 : error);
}

struct reader {
	int fd, seen;
};

/* Records arrive whole, in any order; that of the parent is the last. */
static void taking(void *arg)
{
	struct reader *reader = arg;
	char buf[RECORD];

	while (!(reader->seen & 1 << CHILDREN)) {
		size_t block;

		if (read_all(reader->fd, buf, RECORD) != RECORD) {
			tally_wrong("the stream ended");
			break;
		}
		block = strtoull(buf + sizeof(MARK) - 1, NULL, 16);
		if (!mark_matches(buf, RECORD, block * MARK_BLOCK) || block % 2 ||
		    block / 2 > CHILDREN || reader->seen & 1 << block / 2) {
			tally_wrong("a record is not what was sent");
			break;
		}
		reader->seen |= 1 << block / 2;
	}
}

/* What a child becomes: a fork, or another image. */
enum manner { FORK, SELF, STRANGER, N_MANNERS };

static const char *image[N_MANNERS];
static const char *const refused[N_MANNERS] = {
	[FORK] = "a fork was refused",
	[SELF] = "the same identity was refused",
	[STRANGER] = "another identity was not refused",
};

struct brood {
	int fd;
	enum manner manner[CHILDREN];
};

/* Sends record @number over @fd, as what it becomes. */
static void child(int fd, int number, enum manner manner)
{
	char fd_word[12], number_word[12];

	if (manner == FORK)
		_exit(send_record(fd, number) < 0 ? 0 : 1);
	jitter(12);
	snprintf(fd_word, sizeof(fd_word), "%d", fd);
	snprintf(number_word, sizeof(number_word), "%d", number);
	execl(image[manner], image[manner], "-m", "race-storm-image", fd_word, number_word, NULL);
	_exit(2);
}

/* Forks while another thread is in recv(). */
static void breeding(void *arg)
{
	struct brood *brood = arg;
	pid_t pid[CHILDREN];
	int status;

	for (int i = 0; i < CHILDREN; i++) {
		pid[i] = fork();
		if (!pid[i])
			child(brood->fd, i, brood->manner[i]);
	}
	for (int i = 0; i < CHILDREN; i++) {
		int want = brood->manner[i] == STRANGER && managed ? EACCES : 0;

		if (waitpid(pid[i], &status, 0) != pid[i] || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != want)
			tally_wrong(refused[brood->manner[i]]);
	}
	if (send_record(brood->fd, CHILDREN) >= 0)
		tally_wrong("the parent was refused");
}

/*
 * race-storm SELF STRANGER [ROUNDS]: forks of a program with a connection use
 * it, some after they executed SELF again, which has the same identity, or
 * STRANGER, which has not.
 */
static void race_storm(int argc, char **argv)
{
	struct pair pair = pair_new();
	int rounds;

	if (argc < 3)
		die("usage: race-storm SELF STRANGER [ROUNDS]");
	image[SELF] = argv[1];
	image[STRANGER] = argv[2];
	rounds = argc > 3 ? atoi(argv[3]) : 3;
	tally_share();
	fcntl(pair.client, F_SETFD, 0);
	for (int i = 0; i < rounds; i++) {
		struct brood brood = { .fd = pair.client };
		struct reader reader = { .fd = pair.server };
		const struct hand hands[] = { { breeding, &brood }, { taking, &reader } };
		int want = 1 << CHILDREN;

		for (int k = 0; k < CHILDREN; k++) {
			brood.manner[k] = chance(N_MANNERS);
			if (brood.manner[k] != STRANGER || !managed)
				want |= 1 << k;
		}
		together(hands, 2);
		if (reader.seen != want)
			tally_wrong("others arrived than were sent");
	}
	ok(send_pattern(pair.client, 100) && receive_pattern(pair.server, 100),
	   "the connection lives");
	pair_close(&pair);
	tally_check_wrong();
}

struct leap {
	struct pair pair;
	char **words;
	atomic_bool ready;
};

static void stuck_in_recv(void *arg)
{
	struct leap *leap = arg;
	char byte;

	atomic_store(&leap->ready, true);
	if (recv(leap->pair.client, &byte, 1, 0) >= 0 || errno != EINTR)
		tally_wrong("recv() returned");
}

static void leaping(void *arg)
{
	struct leap *leap = arg;

	while (!atomic_load(&leap->ready))
		breathe();
	jitter(12);
	execv(leap->words[0], leap->words);
	die("execv()");
}

/* race-exec SELF [TIMES]: executes itself from a thread, while others are in
 * calls on a connection, and goes on with it. */
static void race_exec(int argc, char **argv)
{
	char left[12], client[12], there[12];
	struct leap leap = { 0 };
	struct hand hands[] = { { stuck_in_recv, &leap }, { leaping, &leap } };
	char *words[] = { argv[1], "-m", argv[0], argv[1], left, client, there, NULL };
	int times;

	if (argc < 2)
		die("usage: race-exec SELF [TIMES]");
	times = argc > 2 ? atoi(argv[2]) : 4;
	if (argc > 4) {
		leap.pair.client = atoi(argv[3]);
		leap.pair.server = atoi(argv[4]);
		ok(send_pattern(leap.pair.client, RECORD) &&
			   receive_pattern(leap.pair.server, RECORD) &&
			   send_pattern(leap.pair.server, RECORD) &&
			   receive_pattern(leap.pair.client, RECORD),
		   "bytes go both ways after exec");
	} else {
		leap.pair = pair_new();
		fcntl(leap.pair.client, F_SETFD, 0);
		fcntl(leap.pair.server, F_SETFD, 0);
	}
	if (!times)
		return;
	snprintf(left, sizeof(left), "%d", times - 1);
	snprintf(client, sizeof(client), "%d", leap.pair.client);
	snprintf(there, sizeof(there), "%d", leap.pair.server);
	leap.words = words;
	fflush(stdout);
	together(hands, 2);
}

const struct command race_program_commands[] = {
	{ "race-churn", race_churn },
	{ "race-storm", race_storm },
	{ "race-storm-image", race_storm_image },
	{ "race-exec", race_exec },
	{ 0 },
};
