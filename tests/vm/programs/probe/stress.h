/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stress: a herd of programs that connect, fork, execute one another, change
 * their user and die, each of which knows at any moment who it must be, and who
 * its peer must be. See tests/vm/suites/stress, which maps the board, too.
 */
#ifndef PROBE_STRESS_H
#define PROBE_STRESS_H

#include <stdatomic.h>
#include "probe.h"

#define STRESS_IMAGES 8			  /* executables: PREFIX0 to PREFIX7 */
#define STRESS_IDS    (2 * STRESS_IMAGES) /* of each, one as root and one as a user */
#define STRESS_USER   4600
#define STRESS_PORT   4600 /* that of image 0; each image's servers have one */
#define STRESS_WRONGS 8

/* What happened, counted. The suite has the same names in the same order. */
enum stress_count {
	STRESS_STARTS,
	STRESS_CONNECTED,
	STRESS_EXCHANGES,
	STRESS_SERVED,
	STRESS_FORKS,
	STRESS_EXECS,
	STRESS_SETUIDS,
	STRESS_STRANGERS, /* an inherited connection was refused to another identity */
	STRESS_SIGKILLS,
	STRESS_EXITS,
	N_STRESS_COUNTS
};

/* A file that the suite and all programs map. */
struct stress_board {
	atomic_uint stop;
	atomic_uint count[N_STRESS_COUNTS];
	/* Not 0 from the return of `kith revoke ID` until just before it is lifted;
	 * another number each time. */
	atomic_uint revoked[STRESS_IDS];
	atomic_uint errors[256];
	atomic_uint n_wrong;
	char wrong[STRESS_WRONGS][160];
};

/* One message. Both ends say who they are. */
struct stress_record {
	char name[16];
	uint64_t number;
};

extern struct stress_board *stress_board;

void stress_map(const char *path);
void stress_seed(uint64_t seed);
unsigned int stress_chance(unsigned int n); /* 0 to @n - 1, as the seed has it */
void stress_count(enum stress_count what);
/* SIGKILL at a random moment, in whatever call. */
void stress_die_within(unsigned int seconds);
/* An errno of a call; only those that are documented may come. */
void stress_errno(const char *call, int error);
void stress_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An identity's number: image, and whether it is not root. */
static inline int stress_id(int image, bool user)
{
	return 2 * image + user;
}

/* Who serves an image's port. */
static inline int stress_server(int image)
{
	return stress_id(image, image % 2);
}

const char *stress_name(int id); /* the last part of its SPIFFE ID */
/* Checks that the peer of @fd is @id: whether that could be seen. */
bool stress_check_peer(int fd, int self, int id);
/* A record of @from, and whether one is of @id. */
struct stress_record stress_say(int from, uint64_t number);
bool stress_is_of(const struct stress_record *record, int id);

#endif
