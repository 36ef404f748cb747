// SPDX-License-Identifier: Apache-2.0
/* Units from cgroups, times of renewal, durations, the ring. */
#include "agent_help.h"
#include "base/base.h"
#include "base/unit.h"
#include "credentials.h"
#include "ring.h"

static void unit_of_cgroup(void **state)
{
	static const struct {
		const char *cgroup, *unit;
	} cases[] = {
		{ "/system.slice/nginx.service", "nginx.service" },
		{ "/system.slice/nginx.service/workers", "nginx.service" },
		{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service" },
		{ "/user.slice/user-1000.slice/session-3.scope", "session-3.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service",
		  "user@1000.service" },
		/* systemd inside a container */
		{ "/system.slice/docker-abc.scope/system.slice/nginx.service", "docker-abc.scope" },
		{ "/system.slice/_cpu.service", "cpu.service" },
		{ "/init.scope", "init.scope" },
		{ "/system.slice", NULL },
		{ "/", NULL },
		{ "", NULL },
		{ "/a.service.d/b", NULL },
		{ "/.service", NULL },
		{ "//system.slice//x.service//", "x.service" },
		{ "relative/x.service", "x.service" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		char *unit = kith_unit_of_cgroup(cases[i].cgroup);

		if (!cases[i].unit)
			assert_null(unit);
		else
			assert_string_equal(unit, cases[i].unit);
		free(unit);
	}
}

static void renewal_is_before_half(void **state)
{
	static const int64_t lives[] = { 10, 66, 3630, 86400, 31536000 };
	int64_t from = 1700000000;
	unsigned int dice;
	size_t i;

	for (i = 0; i < COUNT(lives); i++) {
		int64_t first = from + lives[i], last = 0;

		for (dice = 0; dice < 256; dice++) {
			int64_t at = kith_renewal_time(from, from + lives[i], (uint8_t)dice);

			assert_true(2 * (at - from) < lives[i]);
			assert_true(100 * (at - from) >= 40 * lives[i] - 100);
			first = at < first ? at : first;
			last = at > last ? at : last;
		}
		/* Not all at once. */
		if (lives[i] > 1000)
			assert_true(last - first >= lives[i] / 20);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		uint32_t seconds; /* 0: refused */
	} cases[] = {
		{ "90", 90 },	    { "90s", 90 },
		{ "15m", 900 },	    { "1h", 3600 },
		{ "30d", 2592000 }, { "0", 0 },
		{ "", 0 },	    { "-1", 0 },
		{ "+1", 0 },	    { "1w", 0 },
		{ "1hh", 0 },	    { " 1", 0 },
		{ "99999d", 0 },    { "99999999999999999999s", 0 },
		{ "h", 0 },	    { "1.5h", 0 },
	};
	uint32_t seconds;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		seconds = 0;
		assert_int_equal(kith_parse_duration(cases[i].text, &seconds),
				 cases[i].seconds != 0);
		if (cases[i].seconds)
			assert_int_equal(seconds, cases[i].seconds);
	}
}

static void ring_keeps_the_last(void **state)
{
	struct kith_ring *ring = kith_ring_new();
	uint64_t i;

	assert_null(kith_ring_at(ring, 0));
	assert_null(kith_ring_at(ring, 1));
	for (i = 1; i <= KITH_RING_SIZE + 10; i++)
		kith_ring_add(ring, kith_format("%llu", (unsigned long long)i), false);
	assert_int_equal(kith_ring_first(ring), 11);
	assert_int_equal(kith_ring_next(ring), KITH_RING_SIZE + 11);
	assert_null(kith_ring_at(ring, 10));
	assert_string_equal(kith_ring_at(ring, 11), "11");
	assert_string_equal(kith_ring_at(ring, KITH_RING_SIZE + 10), "4106");
	assert_null(kith_ring_at(ring, KITH_RING_SIZE + 11));
	kith_ring_free(ring);
}

static void add(struct kith_ring *ring, size_t n, bool notable)
{
	for (; n; n--)
		kith_ring_add(ring, kith_format("%llu", (unsigned long long)kith_ring_next(ring)),
			      notable);
}

/* How many are there, in order, and the number of the first. */
static size_t listed(const struct kith_ring *ring, uint64_t *first)
{
	const char *line;
	uint64_t number = 1;
	size_t n = 0;

	while ((line = kith_ring_from(ring, &number))) {
		assert_int_equal(strtoull(line, NULL, 10), number);
		if (!n++)
			*first = number;
		number++;
	}
	return n;
}

static void ring_keeps_what_is_notable(void **state)
{
	struct kith_ring *ring = kith_ring_new();
	uint64_t first = 0;

	assert_int_equal(listed(ring, &first), 0);
	add(ring, 1, false);
	add(ring, 1, true);
	add(ring, KITH_RING_SIZE, false);
	assert_int_equal(listed(ring, &first), KITH_RING_SIZE + 1);
	assert_int_equal(first, 2);
	/* The same slot again. */
	add(ring, 3ULL * KITH_RING_SIZE, false);
	assert_int_equal(listed(ring, &first), KITH_RING_SIZE + 1);
	assert_int_equal(first, 2);
	/* Others of theirs push it out. */
	add(ring, KITH_RING_KEPT, true);
	add(ring, KITH_RING_SIZE, false);
	assert_int_equal(listed(ring, &first), KITH_RING_SIZE + KITH_RING_KEPT);
	assert_int_equal(first, kith_ring_first(ring) - KITH_RING_KEPT);
	kith_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unit_of_cgroup),
		cmocka_unit_test(renewal_is_before_half),
		cmocka_unit_test(durations),
		cmocka_unit_test(ring_keeps_the_last),
		cmocka_unit_test(ring_keeps_what_is_notable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
