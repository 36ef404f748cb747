// SPDX-License-Identifier: Apache-2.0
/* What all of a stress share: its board, its chances, and who is who. */
#include <linux/kith.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <time.h>
#include "stress.h"

#define DOMAIN "spiffe://kith.test/"

struct stress_board *stress_board;
static uint64_t state;

void stress_map(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	stress_board = mmap(NULL, sizeof(*stress_board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (stress_board == MAP_FAILED)
		die("mmap()");
	close(fd);
}

/* splitmix64: neighbouring seeds have nothing in common. */
void stress_seed(uint64_t seed)
{
	state = seed;
}

unsigned int stress_chance(unsigned int n)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % n;
}

void stress_die_within(unsigned int seconds)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	unsigned int ms = 1 + stress_chance(1000 * seconds);
	struct itimerspec when = { .it_value = { ms / 1000, ms % 1000 * 1000000 } };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, NULL))
		die("timer_create()");
}

void stress_count(enum stress_count what)
{
	atomic_fetch_add(&stress_board->count[what], 1);
}

void stress_wrong(const char *format, ...)
{
	unsigned int n = atomic_fetch_add(&stress_board->n_wrong, 1);
	va_list args;

	if (n >= STRESS_WRONGS)
		return;
	va_start(args, format);
	vsnprintf(stress_board->wrong[n], sizeof(stress_board->wrong[n]), format, args);
	va_end(args);
}

/* What may end a connection, or keep it from being, in this tumult. */
static bool is_documented(int error)
{
	switch (error) {
	case EACCES:
	case EKEYREVOKED:
	case EKEYREJECTED:
	case EKEYEXPIRED:
	case ENOKEY:
	case EPROTO: /* a server that has lost its identity cannot say more */
	case ECONNRESET:
	case ECONNREFUSED:
	case EPIPE:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

void stress_errno(const char *call, int error)
{
	if (error > 0 && error < 256)
		atomic_fetch_add(&stress_board->errors[error], 1);
	if (!is_documented(error))
		stress_wrong("%s: %s", call, errno_name(error));
}

const char *stress_name(int id)
{
	static char name[2][16];
	static int turn;

	turn ^= 1;
	snprintf(name[turn], sizeof(name[turn]), "%s%d", id % 2 ? "user" : "root", id / 2);
	return name[turn];
}

bool stress_check_peer(int fd, int self, int id)
{
	struct kith_peer_id peer = { 0 };
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_KITH, KITH_PEER_ID, &peer, &len)) {
		/* It ended meanwhile. */
		if (errno != ENOTCONN)
			stress_errno("getsockopt(KITH_PEER_ID)", errno);
		return false;
	}
	if (strncmp(peer.id, DOMAIN, strlen(DOMAIN)) ||
	    strcmp(peer.id + strlen(DOMAIN), stress_name(id)))
		stress_wrong("%s has a peer %s that is %s", stress_name(self), peer.id,
			     stress_name(id));
	return true;
}

struct stress_record stress_say(int from, uint64_t number)
{
	struct stress_record record = { .number = number };

	snprintf(record.name, sizeof(record.name), "%s", stress_name(from));
	return record;
}

bool stress_is_of(const struct stress_record *record, int id)
{
	return !strncmp(record->name, stress_name(id), sizeof(record->name));
}
