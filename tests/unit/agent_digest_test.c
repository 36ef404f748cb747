// SPDX-License-Identifier: Apache-2.0
/* When a digest may stand for a file that is seen again. */
#include "digest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "unit.h"

#define PATIENCE 30 /* seconds */

struct result {
	bool done;
	uint8_t sha256[KITH_DIGEST_SIZE];
};

static void take(const uint8_t *sha256, void *arg)
{
	struct result *result = arg;

	assert_non_null(sha256);
	memcpy(result->sha256, sha256, sizeof(result->sha256));
	result->done = true;
}

static void hash(struct kith_digests *digests, int fd, struct result *result)
{
	sd_event *loop;

	assert_true(sd_event_new(&loop) >= 0);
	result->done = false;
	kith_digest_start(digests, loop, fd, take, result);
	while (!result->done)
		assert_true(sd_event_run(loop, 1000000) >= 0);
	sd_event_unref(loop);
}

static int file_with(const char *text)
{
	char pattern[] = "/tmp/kith-digest.XXXXXX";
	int fd = mkstemp(pattern);

	assert_true(fd >= 0);
	unlink(pattern);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

/* What is written to it within the same tick of the clock would look the same. */
static void remembers_what_has_settled(void **state)
{
	struct kith_digests *digests = kith_digests_new();
	uint8_t found[KITH_DIGEST_SIZE];
	struct result first, again;
	int fd = file_with("good");
	time_t end = time(NULL) + PATIENCE;

	hash(digests, fd, &first);
	assert_false(kith_digests_find(digests, fd, found));
	while (!kith_digests_find(digests, fd, found) && time(NULL) < end)
		hash(digests, fd, &again);
	assert_true(kith_digests_find(digests, fd, found));
	assert_memory_equal(found, first.sha256, sizeof(found));
	assert_int_equal(pwrite(fd, "evil", 4, 0), 4);
	assert_false(kith_digests_find(digests, fd, found));
	close(fd);
	kith_digests_free(digests);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_what_has_settled),
	};

	return cmocka_run_group_tests_name("agent_digest", tests, NULL, NULL);
}
