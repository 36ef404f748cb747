// SPDX-License-Identifier: Apache-2.0
/* Races: threads that run at once, and a count of what their calls gave. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include "probe.h"

#define CREW_MAX   16
#define ERRNO_MAX  140
#define WRONGS	   8
#define WRONG_TEXT 80

/* --- threads --------------------------------------------------------------- */

struct crew {
	atomic_uint waiting;
	atomic_bool go;
};

struct member {
	struct crew *crew;
	struct hand hand;
};

static void *member_run(void *arg)
{
	struct member *member = arg;

	atomic_fetch_add(&member->crew->waiting, 1);
	while (!atomic_load(&member->crew->go))
		sched_yield();
	member->hand.job(member->hand.arg);
	return NULL;
}

void together(const struct hand *hands, size_t n)
{
	struct member members[CREW_MAX];
	pthread_t threads[CREW_MAX];
	struct crew crew = { 0 };

	if (n > CREW_MAX)
		die("too many threads");
	for (size_t i = 0; i < n; i++) {
		members[i] = (struct member){ &crew, hands[i] };
		if (pthread_create(&threads[i], NULL, member_run, &members[i]))
			die("pthread_create()");
	}
	while (atomic_load(&crew.waiting) < n)
		sched_yield();
	atomic_store(&crew.go, true);
	for (size_t i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

unsigned int chance(unsigned int n)
{
	static __thread uint64_t state;
	static __thread pid_t owner; /* a child has chances of its own */

	while (!state || owner != getpid()) {
		owner = getpid();
		if (getrandom(&state, sizeof(state), 0) < 0)
			die("getrandom()");
	}
	state ^= state << 13; /* xorshift64 */
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

static void nap(unsigned int us)
{
	struct timespec time = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

void jitter(unsigned int most)
{
	unsigned int us = chance((1U << chance(most + 1)) + 1);

	if (us > 40) {
		nap(us);
		return;
	}
	for (volatile unsigned int spin = us * 50; spin; spin--)
		;
}

void breathe(void)
{
	if (chance(4))
		jitter(13);
	else
		sched_yield();
}

/* --- what came of it --------------------------------------------------------- */

struct counts {
	atomic_uint call[N_CALLS][ERRNO_MAX + 1]; /* 0: success */
	atomic_uint n_wrong;
	char wrong[WRONGS][WRONG_TEXT];
};

static struct counts own_counts, *counts = &own_counts;

static const char *const names[N_CALLS] = {
	[CALL_CONNECT] = "connect()",	[CALL_ELSEWHERE] = "connect() elsewhere",
	[CALL_LISTEN] = "listen()",	[CALL_ACCEPT] = "accept()",
	[CALL_SEND] = "send()",		[CALL_RECV] = "recv()",
	[CALL_SHUTDOWN] = "shutdown()", [CALL_CLOSE] = "close()",
	[CALL_OPTION] = "setsockopt()",
};

void tally_share(void)
{
	int zero = open("/dev/zero", O_RDWR | O_CLOEXEC);

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, zero, 0);
	if (counts == MAP_FAILED)
		die("mmap()");
	close(zero);
}

int tally(enum call call, long result)
{
	int error = error_of(result);
	int slot = error < 0 ? 0 : error < ERRNO_MAX ? error : ERRNO_MAX;

	atomic_fetch_add_explicit(&counts->call[call][slot], 1, memory_order_relaxed);
	return error;
}

unsigned int tallied(enum call call, int error)
{
	return atomic_load(&counts->call[call][error < 0 ? 0 : error]);
}

static bool listed(const char *name, const char *list)
{
	size_t len = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
			return true;
	return false;
}

void tally_only(enum call call, const char *allowed)
{
	char text[400] = "";
	bool good = true;
	size_t at = 0;

	for (int error = 0; error <= ERRNO_MAX; error++) {
		unsigned int n = atomic_load(&counts->call[call][error]);
		const char *name = error ? errno_name(error) : "ok";

		if (!n)
			continue;
		good = good && listed(name, allowed);
		at += snprintf(text + at, sizeof(text) - at, " %s %u", name, n);
		if (at >= sizeof(text))
			break;
	}
	if (good)
		ok(true, "%s:%s", names[call], text);
	else
		ok(false, "%s:%s; expected only %s", names[call], text, allowed);
}

void tally_wrong(const char *what)
{
	unsigned int n = atomic_fetch_add(&counts->n_wrong, 1);

	if (n < WRONGS)
		snprintf(counts->wrong[n], WRONG_TEXT, "%s", what);
}

void tally_check_wrong(void)
{
	unsigned int n = atomic_load(&counts->n_wrong);

	for (unsigned int i = 0; i < n && i < WRONGS; i++)
		printf("# %s\n", counts->wrong[i]);
	same_number(n, 0, "times something was wrong");
}
