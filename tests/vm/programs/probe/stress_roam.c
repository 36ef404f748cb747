// SPDX-License-Identifier: Apache-2.0
/*
 * stress-roam BOARD PREFIX IMAGE SEED FORKED [FD OWNER PEER]: a client of the stress,
 * which may have FORKED before, with a connection that the image before it, OWNER,
 * had to PEER.
 */
#include <grp.h>
#include "stress.h"

#define SLOTS	    4
#define NAP_MS	    4000
#define PATIENCE_ME 300 /* a call that takes longer hangs */

struct line {
	int fd, owner, peer; /* fd: -1 for none */
	uint64_t number;
};

static struct line lines[SLOTS];
static char *board_path, *prefix;
static int image;
static bool forked;

static int self(void)
{
	return stress_id(image, getuid() != 0);
}

static void drop(struct line *line)
{
	if (line->fd >= 0)
		close(line->fd);
	line->fd = -1;
}

static int patient_socket(void)
{
	struct timeval patience = { .tv_sec = PATIENCE_ME };
	int fd = stream_socket(0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

/* Sends a record and has the answer: 0, or errno. */
static int exchange(struct line *line)
{
	struct stress_record record = stress_say(line->owner, ++line->number);
	ssize_t n = send(line->fd, &record, sizeof(record), MSG_NOSIGNAL);

	if (n >= 0)
		n = recv(line->fd, &record, sizeof(record), MSG_WAITALL);
	if (n <= 0)
		return n ? errno : ECONNRESET;
	if (n != sizeof(record) || record.number != line->number ||
	    !stress_is_of(&record, line->peer))
		stress_wrong("%s asked %s, and %.16s answered", stress_name(line->owner),
			     stress_name(line->peer), record.name);
	stress_check_peer(line->fd, line->owner, line->peer);
	stress_count(STRESS_EXCHANGES);
	return 0;
}

static void converse(struct line *line)
{
	int error = exchange(line);

	if (!error)
		return;
	stress_errno("an exchange", error);
	drop(line);
}

static unsigned int revoked(int id)
{
	return atomic_load(&stress_board->revoked[id]);
}

/* connect() and an exchange; neither may be while one of the two is revoked. */
static int meet(struct line *line)
{
	struct address at = loopback(STRESS_PORT + line->peer / 2);
	unsigned int ours = revoked(line->owner), theirs = revoked(line->peer);
	int error;

	line->fd = patient_socket();
	if (connect(line->fd, (void *)&at.a, at.len))
		return errno;
	stress_count(STRESS_CONNECTED);
	error = exchange(line);
	if (!error && ours && revoked(line->owner) == ours)
		stress_wrong("%s connected while it was revoked", stress_name(line->owner));
	if (!error && theirs && revoked(line->peer) == theirs)
		stress_wrong("%s was connected to while it was revoked", stress_name(line->peer));
	return error;
}

static int begin(struct line *line)
{
	int error;

	drop(line);
	*line = (struct line){ .owner = self(),
			       .peer = stress_server(stress_chance(STRESS_IMAGES)) };
	error = meet(line);
	if (!error)
		return 0;
	stress_errno("a new connection", error);
	drop(line);
	return error;
}

/* Becomes another program, perhaps with one of its connections. */
static void become(struct line *heirloom)
{
	char path[256], number[12], seed[24], fd[12], owner[12], peer[12];
	int next = stress_chance(STRESS_IMAGES);
	char *words[12] = { path,   "-m",   "stress-roam", board_path,
			    prefix, number, seed,	   forked ? "1" : "0" };

	snprintf(path, sizeof(path), "%s%d", prefix, next);
	snprintf(number, sizeof(number), "%d", next);
	snprintf(seed, sizeof(seed), "%u", stress_chance(1U << 31));
	if (heirloom->fd >= 0) {
		snprintf(fd, sizeof(fd), "%d", heirloom->fd);
		snprintf(owner, sizeof(owner), "%d", heirloom->owner);
		snprintf(peer, sizeof(peer), "%d", heirloom->peer);
		words[8] = fd, words[9] = owner, words[10] = peer;
		fcntl(heirloom->fd, F_SETFD, 0);
	}
	stress_count(STRESS_EXECS);
	execv(path, words);
	stress_wrong("execv(%s): %s", path, errno_name(errno));
	exit(1);
}

/* A connection of the image before us: ours when it was the same identity. */
static void try_heirloom(struct line *line)
{
	struct stress_record record = stress_say(line->owner, 1);
	ssize_t n;

	if (line->owner == self()) {
		converse(line);
		return;
	}
	n = send(line->fd, &record, sizeof(record), MSG_NOSIGNAL);
	if (n >= 0)
		stress_wrong("%s sent over a connection of %s", stress_name(self()),
			     stress_name(line->owner));
	else if (errno == EACCES)
		stress_count(STRESS_STRANGERS);
	drop(line);
}

static void drop_rights(void)
{
	if (getuid())
		return;
	if (setgroups(0, NULL) || setresgid(STRESS_USER, STRESS_USER, STRESS_USER) ||
	    setresuid(STRESS_USER, STRESS_USER, STRESS_USER)) {
		stress_wrong("setuid(): %s", errno_name(errno));
		exit(1);
	}
	stress_count(STRESS_SETUIDS);
}

/* Once in a process's life: a child that goes its own way. */
static void breed(void)
{
	unsigned int seed = stress_chance(1U << 31);

	if (forked)
		return;
	forked = true;
	stress_count(STRESS_FORKS);
	if (fork())
		return;
	stress_seed(seed);
	for (int i = 0; i < SLOTS; i++)
		drop(&lines[i]); /* the parent's, which has the answers */
	stress_die_within(30);
}

static void leave(void)
{
	stress_count(STRESS_EXITS);
	exit(0);
}

/* One step of a life. EKEYREVOKED: as a service that is started anew. */
static void step(void)
{
	struct line *line = &lines[stress_chance(SLOTS)];
	unsigned int what = stress_chance(100);

	if (what < 4)
		become(line);
	else if (what < 8)
		breed();
	else if (what < 11)
		drop_rights();
	else if (what < 13)
		leave();
	else if (what < 20)
		drop(line);
	else if (line->fd >= 0 && what < 70)
		converse(line);
	else if (begin(line) == EKEYREVOKED && stress_chance(2))
		become(&(struct line){ .fd = -1 });
}

static void roam(int argc, char **argv)
{
	if (argc < 6)
		die("usage: stress-roam BOARD PREFIX IMAGE SEED FORKED [FD OWNER PEER]");
	board_path = argv[1];
	prefix = argv[2];
	image = atoi(argv[3]);
	stress_map(board_path);
	stress_seed(strtoull(argv[4], NULL, 0));
	stress_count(STRESS_STARTS);
	forked = atoi(argv[5]);
	signal(SIGCHLD, SIG_IGN);
	alarm(0);
	for (int i = 0; i < SLOTS; i++)
		lines[i].fd = -1;
	if (argc > 8) {
		lines[0] = (struct line){ atoi(argv[6]), atoi(argv[7]), atoi(argv[8]), 0 };
		fcntl(lines[0].fd, F_SETFD, FD_CLOEXEC);
		try_heirloom(&lines[0]);
	}
	if (!stress_chance(3))
		stress_die_within(40);
	while (!atomic_load(&stress_board->stop)) {
		step();
		usleep(1000 * stress_chance(NAP_MS));
	}
	leave();
}

const struct command stress_roam_commands[] = {
	{ "stress-roam", roam },
	{ 0 },
};
