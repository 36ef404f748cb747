// SPDX-License-Identifier: Apache-2.0
/* Claims that are kept for the next boot: what is written can be read, sends the same,
 * and what somebody else wrote is refused with the file's name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "claims.h"

static const struct kith_claim_origin origin = { .workload = "w", .file = "a.yaml", .line = 3 };

static json_t *load(struct bench *bench, uint64_t *generation, char **error)
{
	return kith_claims_load(bench->directory, generation, error);
}

static void there_and_back(void **state)
{
	static const uint8_t address[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	const struct kith_request_claim claims[] = {
		{ .kind = KITH_CLAIM_KIND_EXE, .path = "/usr/bin/\"quoted\" \xc3\xa9" },
		{ .kind = KITH_CLAIM_KIND_CGROUP, .path = "/system.slice/a.service" },
		{ .kind = KITH_CLAIM_KIND_UID, .uid = 4294967294U },
		{ .kind = KITH_CLAIM_KIND_LISTEN, .port = 65535 },
		{ .kind = KITH_CLAIM_KIND_LISTEN,
		  .port = 1,
		  .address = address,
		  .address_size = 16 },
	};
	struct kith_claim_origin named = origin;
	json_t *list = json_array(), *again;
	struct bench *bench = *state;
	uint64_t generation;
	uint32_t uid = 0;
	char *error;
	size_t i;

	named.user = "somebody";
	for (i = 0; i < KITH_ARRAY_SIZE(claims); i++)
		kith_claims_add(list, &claims[i], i == 2 ? &named : &origin);
	kith_claims_keep(bench->directory, 1ULL << 40, list);
	again = load(bench, &generation, &error);
	assert_null(error);
	assert_true(json_equal(again, list));
	assert_int_equal(generation, 1ULL << 40);
	assert_true(kith_claims_uid(again, "somebody", &uid));
	assert_int_equal(uid, 4294967294U);
	assert_false(kith_claims_uid(again, "nobody", &uid));
	assert_false(kith_claims_uid(NULL, "somebody", &uid));
	json_decref(again);
	json_decref(list);
}

static void none_yet(void **state)
{
	uint64_t generation;
	char *error;

	assert_null(load(*state, &generation, &error));
	assert_null(error);
}

static void not_ours(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"format\":1,\"generation\":1}",
		"{\"format\":2,\"generation\":1,\"claims\":[]}",
		"{\"format\":1,\"generation\":-1,\"claims\":[]}",
		"{\"format\":1,\"generation\":\"1\",\"claims\":[]}",
		"{\"format\":1,\"generation\":1,\"claims\":{}}",
		"{\"format\":1,\"format\":1,\"generation\":1,\"claims\":[]}",
	};
	struct bench *bench = *state;
	uint64_t generation;
	char *error;
	size_t i;

	for (i = 0; i < KITH_ARRAY_SIZE(texts); i++) {
		bench_file(bench, "claims.good", texts[i], 0600);
		assert_null(load(bench, &generation, &error));
		assert_non_null(strstr(error, "claims.good"));
		free(error);
	}
}

static void not_a_claim(void **state)
{
	static const char *const texts[] = {
		"7",
		"{}",
		"{\"kind\":\"ox\",\"path\":\"/a\"}",
		"{\"kind\":\"exe\"}",
		"{\"kind\":\"exe\",\"path\":7}",
		"{\"kind\":\"uid\",\"uid\":-1}",
		"{\"kind\":\"uid\",\"uid\":4294967296}",
		"{\"kind\":\"listen\",\"port\":65536}",
		"{\"kind\":\"listen\",\"port\":1,\"address\":\"localhost\"}",
	};
	struct bench *bench = *state;
	const json_t *refused;
	struct kith_nl *nl;
	json_t *list;
	size_t i;

	assert_int_equal(double_open(&bench->kernel, &nl), 0);
	for (i = 0; i < KITH_ARRAY_SIZE(texts); i++) {
		list = json_pack("[o]", json_loads(texts[i], JSON_DECODE_ANY, NULL));
		assert_int_equal(kith_claims_send(nl, list, &refused), -EINVAL);
		assert_ptr_equal(refused, json_array_get(list, 0));
		json_decref(list);
	}
	assert_int_equal(bench->kernel.seen[KITH_CMD_CONFIG_ADD], 0);
	kith_nl_close(nl);
}

/* What the agent put into the kernel is what it kept. */
static void kept_by_the_agent(void **state)
{
	struct bench *bench = *state;
	uint64_t generation;
	char *error, *path;
	json_t *list;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s, user: root}"));
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	bench_step(bench);
	path = kith_format("%s/state", bench->directory);
	list = kith_claims_load(path, &generation, &error);
	assert_null(error);
	assert_int_equal(generation, bench->kernel.generation);
	assert_int_equal(json_array_size(list), bench->kernel.n_claims);
	json_decref(list);
	free(path);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(there_and_back), TEST(none_yet),	       TEST(not_ours),
		TEST(not_a_claim),    TEST(kept_by_the_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
