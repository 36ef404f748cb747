// SPDX-License-Identifier: Apache-2.0
/* Revocations: how they are named, kept and tied to the kernel's; waiting for
 * connections. */
#include <jansson.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "revocations.h"

#define POLICY WORKLOAD("w", "w", "{exe: %s}")
#define ID     "spiffe://a.example/w"

static void started(struct bench *bench)
{
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
}

/* The agent again, with a kernel that holds nothing when @anew. */
static void restart(struct bench *bench, bool anew)
{
	struct double_revocation held[DOUBLE_REVOCATIONS];
	size_t n = bench->kernel.n_revocations;

	memcpy(held, bench->kernel.revocations, sizeof(held));
	bench_stop(bench);
	double_init(&bench->kernel);
	if (!anew) {
		memcpy(bench->kernel.revocations, held, sizeof(held));
		bench->kernel.n_revocations = n;
	}
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
}

static json_t *end_of(const json_t *lines)
{
	return json_object_get(json_array_get(lines, json_array_size(lines) - 1), "end");
}

static bool ask(struct bench *bench, const char *request)
{
	json_t *lines = bench_ask(bench, request);
	bool ok = json_is_true(json_object_get(end_of(lines), "ok"));

	json_decref(lines);
	return ok;
}

static void names(void **state)
{
	static const char *const wrong[] = {
		"{\"command\":\"revoke\",\"serial\":\"\"}\n",
		"{\"command\":\"revoke\",\"serial\":\"0\"}\n",
		"{\"command\":\"revoke\",\"serial\":\"xyz\"}\n",
		"{\"command\":\"revoke\",\"serial\":"
		"\"11111111112222222222333333333344444444445\"}\n",
		"{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\",\"serial\":\"1\"}\n",
		"{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\",\"seconds\":0}\n",
		"{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\",\"seconds\":\"1h\"}\n",
		"{\"command\":\"revoke\",\"pid\":0}\n",
		"{\"command\":\"revoke\",\"pid\":4001,\"seconds\":1}\n",
		"{\"command\":\"revoke\",\"pid\":17}\n",
		"{\"command\":\"lift\"}\n",
		"{\"command\":\"lift\",\"pid\":4001}\n",
		"{\"command\":\"lift\",\"spiffe_id\":\"" ID "\"}\n",
	};
	struct bench *bench = *state;
	size_t i;

	started(bench);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ask(bench, wrong[i]))
			fail_msg("taken: %s", wrong[i]);
	assert_int_equal(bench->kernel.n_revocations, 0);
	assert_int_equal(kith_revocations_count(bench->agent.revocations), 0);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"pid\":4001}\n"));
	assert_int_equal(bench->kernel.revoked_pid, 4001);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"serial\":\"0x00aBc\"}\n"));
	assert_int_equal(bench->kernel.revocations[0].serial_size, 2);
	assert_memory_equal(bench->kernel.revocations[0].serial, "\x0a\xbc", 2);
	/* The same one, by another spelling. */
	assert_true(ask(bench, "{\"command\":\"lift\",\"serial\":\"ABC\"}\n"));
	assert_int_equal(bench->kernel.n_revocations, 0);
}

static void survives_agent_and_kernel(void **state)
{
	struct bench *bench = *state;
	uint32_t seconds;

	started(bench);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\"}\n"));
	assert_true(ask(bench, "{\"command\":\"revoke\",\"serial\":\"1f\",\"seconds\":3600}\n"));
	restart(bench, false);
	assert_int_equal(bench->kernel.seen[KITH_CMD_REVOCATION_ADD], 0);
	assert_int_equal(kith_revocations_count(bench->agent.revocations), 2);
	restart(bench, true);
	assert_int_equal(bench->kernel.n_revocations, 2);
	assert_string_equal(bench->kernel.revocations[0].spiffe_id, ID);
	assert_int_equal(bench->kernel.revocations[0].seconds, 0);
	seconds = bench->kernel.revocations[1].seconds;
	assert_true(seconds > 3590 && seconds <= 3600);
	assert_true(ask(bench, "{\"command\":\"lift\",\"spiffe_id\":\"" ID "\"}\n"));
	restart(bench, true);
	assert_int_equal(bench->kernel.n_revocations, 1);
}

/* What the kernel holds and we do not know stands; its times are right. */
static void adopts_the_kernels(void **state)
{
	struct bench *bench = *state;
	json_t *lines;

	started(bench);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\"}\n"));
	bench->kernel.revocations[0].seconds = 60;
	bench->kernel.revocations[1] =
		(struct double_revocation){ .serial = { 0x2a }, .serial_size = 1 };
	bench->kernel.n_revocations = 2;
	restart(bench, false);
	lines = bench_ask(bench, "{\"command\":\"revocations\"}\n");
	assert_int_equal(json_array_size(lines), 3);
	assert_non_null(json_object_get(json_object_get(json_array_get(lines, 0), "row"), "until"));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_array_get(lines, 1), "row"), "serial")),
			    "2a");
	json_decref(lines);
}

static void ends_by_itself(void **state)
{
	struct bench *bench = *state;

	started(bench);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"serial\":\"1\",\"seconds\":1}\n"));
	assert_int_equal(kith_revocations_count(bench->agent.revocations), 1);
	bench_run_until(bench, !kith_revocations_count(bench->agent.revocations));
	restart(bench, true);
	assert_int_equal(bench->kernel.n_revocations, 0);
}

static void a_file_that_cannot_be_read(void **state)
{
	struct bench *bench = *state;

	started(bench);
	assert_true(ask(bench, "{\"command\":\"revoke\",\"serial\":\"1\"}\n"));
	bench_file(bench, "state/revocations.json", "[{\"name\": \"1\"}, {", 0600);
	restart(bench, false);
	assert_int_equal(kith_revocations_count(bench->agent.revocations), 1);
}

static void a_kernel_that_refuses(void **state)
{
	struct bench *bench = *state;

	started(bench);
	bench->kernel.fail[KITH_CMD_REVOCATION_ADD] = 28;
	assert_false(ask(bench, "{\"command\":\"revoke\",\"serial\":\"1\"}\n"));
	restart(bench, true);
	assert_int_equal(bench->kernel.n_revocations, 0);
}

static void who_attests_meanwhile_is_told(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	started(bench);
	c = double_add(&bench->kernel, bench->exe);
	bench->kernel.fail[KITH_CMD_CREDENTIAL_PREPARE] = 128; /* EKEYREVOKED */
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_REFUSED);
	assert_int_equal(c->reason, KITH_REASON_OWN_REVOKED);
}

/* Asks while a program keeps two connections from the kernel; where the answer comes. */
static int ask_of_busy_kernel(struct bench *bench, const char *request)
{
	started(bench);
	bench->kernel.reviews = 2;
	bench->kernel.in_review_pid = 77;
	return bench_connect(bench, request);
}

/* The answer comes when the kernel has seen to all. */
static void waits_for_connections(void **state)
{
	struct bench *bench = *state;
	char buffer[4096];
	ssize_t got = -1;
	int fd = ask_of_busy_kernel(bench, "{\"command\":\"revoke\",\"spiffe_id\":\"" ID "\"}\n");

	bench_run_until(bench, bench->kernel.seen[KITH_CMD_STATUS_GET] > 3);
	assert_int_equal(recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT), -1);
	bench->kernel.reviews = 0;
	bench_run_until(bench, (got = recv(fd, buffer, sizeof(buffer) - 1, MSG_DONTWAIT)) > 0);
	buffer[got] = 0;
	assert_non_null(strstr(buffer, "\"remaining\":[]"));
	close(fd);
}

static void says_what_remains(void **state)
{
	struct bench *bench = *state;
	int64_t began = bench_now();
	json_t *rows, *row;
	char buffer[4096];
	ssize_t got = -1;
	int fd = ask_of_busy_kernel(bench, "{\"command\":\"policy-apply\"}\n");

	while (got <= 0 && bench_now() < began + 30000) {
		bench_step(bench);
		got = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	}
	assert_true(got > 0);
	rows = json_loadb(buffer, (size_t)got, JSON_DISABLE_EOF_CHECK, NULL);
	row = json_array_get(
		json_object_get(json_object_get(json_object_get(rows, "end"), "result"),
				"remaining"),
		0);
	assert_int_equal(json_integer_value(json_object_get(row, "pid")), 77);
	assert_int_equal(json_integer_value(json_object_get(row, "connections")), 2);
	json_decref(rows);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names),
		TEST(survives_agent_and_kernel),
		TEST(adopts_the_kernels),
		TEST(ends_by_itself),
		TEST(a_file_that_cannot_be_read),
		TEST(a_kernel_that_refuses),
		TEST(who_attests_meanwhile_is_told),
		TEST(waits_for_connections),
		TEST(says_what_remains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
