// SPDX-License-Identifier: Apache-2.0
/* The control socket: answers, bounds, clients that misbehave. */
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "control.h"
#include "ring.h"
#include "x509/x509.h"

#define POLICY WORKLOAD("w", "w", "{exe: %s}")

static void started(struct bench *bench)
{
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
}

/* The "end" of an answer. */
static json_t *end_of(const json_t *lines)
{
	json_t *end = json_object_get(json_array_get(lines, json_array_size(lines) - 1), "end");

	assert_non_null(end);
	return end;
}

static bool ask_is_ok(struct bench *bench, const char *request)
{
	json_t *lines = bench_ask(bench, request);
	bool ok = json_is_true(json_object_get(end_of(lines), "ok"));

	json_decref(lines);
	return ok;
}

static void status(void **state)
{
	struct bench *bench = *state;
	json_t *lines, *result;

	started(bench);
	lines = bench_ask(bench, "{\"command\":\"status\"}\n");
	result = json_object_get(end_of(lines), "result");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(result, "kernel"), "version")),
		"double");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(result, "agent"), "generation")),
		1);
	json_decref(lines);
}

static void ps_lists_everything(void **state)
{
	struct bench *bench = *state;
	json_t *lines;
	int i;

	started(bench);
	for (i = 0; i < DOUBLE_CREDENTIALS; i++)
		double_add(&bench->kernel, bench->exe)->state = KITH_CREDENTIAL_STATE_REFUSED;
	lines = bench_ask(bench, "{\"command\":\"ps\"}\n");
	assert_int_equal(json_array_size(lines), DOUBLE_CREDENTIALS + 1);
	assert_true(json_is_true(json_object_get(end_of(lines), "ok")));
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(json_array_get(lines, 63), "row"), "id")),
			 64);
	json_decref(lines);
}

static void refuses_nonsense(void **state)
{
	static const char *const requests[] = {
		"\n",
		"[]\n",
		"{\n",
		"{\"command\":1}\n",
		"{\"command\":\"frobnicate\"}\n",
		"{\"command\":\"status\",\"command\":\"ps\"}\n",
		"\xff\xfe\n",
		"{\"command\":\"explain\"}\n",
		"{\"command\":\"explain\",\"from\":\"x\",\"port\":70000}\n",
		"{\"command\":\"explain\",\"from\":\"x\",\"port\":1,\"at\":\"nowhere\"}\n",
		"{\"command\":\"bundle-import\"}\n",
		"{\"command\":\"bundle-remove\"}\n",
		"{\"command\":\"bundle-remove\",\"trust_domain\":\"b.example\"}\n",
		"{\"command\":\"revoke\"}\n",
		"{\"command\":\"revoke\",\"id\":99}\n",
	};
	struct bench *bench = *state;
	size_t i;

	started(bench);
	for (i = 0; i < COUNT(requests); i++)
		assert_false(ask_is_ok(bench, requests[i]));
	assert_true(ask_is_ok(bench, "{\"command\":\"status\"}\n"));
}

static void explains(void **state)
{
	struct bench *bench = *state;
	json_t *lines;

	started(bench);
	lines = bench_ask(bench, "{\"command\":\"explain\",\"from\":\"spiffe://a.example/w\","
				 "\"to\":\"spiffe://a.example/x\",\"port\":1}\n");
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(end_of(lines), "result"), "verdict")),
			    "deny");
	json_decref(lines);
}

static char *import_request(const char *trust_domain, const char *pem)
{
	json_t *request = json_pack("{s:s, s:s, s:s}", "command", "bundle-import", "trust_domain",
				    trust_domain, "pem", pem);
	char *text = json_dumps(request, JSON_COMPACT), *line = kith_format("%s\n", text);

	json_decref(request);
	free(text);
	return line;
}

static void bundles(void **state)
{
	struct bench *bench = *state;
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob blob = { der, 0 };
	char *pem, *request;
	json_t *lines;

	started(bench);
	blob.size = double_certificate(der, 1700000000, 4000000000);
	pem = kith_x509_pem(&blob);
	request = import_request("b.example", pem);
	assert_true(ask_is_ok(bench, request));
	free(request);
	assert_int_equal(bench->kernel.bundles, 2);
	request = import_request("a.example", pem);
	assert_false(ask_is_ok(bench, request)); /* our own */
	free(request);
	request = import_request("../b", pem);
	assert_false(ask_is_ok(bench, request));
	free(request);
	request = import_request("c.example", "nonsense");
	assert_false(ask_is_ok(bench, request));
	free(request);
	lines = bench_ask(bench, "{\"command\":\"bundles\"}\n");
	assert_int_equal(json_array_size(lines), 3);
	json_decref(lines);

	/* It is there after a restart. */
	bench_stop(bench);
	double_init(&bench->kernel);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_int_equal(bench->kernel.bundles, 2);
	assert_true(ask_is_ok(bench,
			      "{\"command\":\"bundle-remove\",\"trust_domain\":\"b.example\"}\n"));
	assert_int_equal(bench->kernel.bundles, 1);
	free(pem);
}

static void applies_policy(void **state)
{
	struct bench *bench = *state;

	started(bench);
	assert_true(ask_is_ok(bench, "{\"command\":\"policy-apply\"}\n"));
	assert_int_equal(bench->kernel.generation, 2);
	bench_policy(bench, "b.yaml", "kind: Nonsense\n");
	assert_false(ask_is_ok(bench, "{\"command\":\"policy-apply\"}\n"));
	assert_int_equal(bench->kernel.generation, 2);
}

static void kernel_that_refuses_the_policy(void **state)
{
	struct bench *bench = *state;

	started(bench);
	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 22;
	assert_false(ask_is_ok(bench, "{\"command\":\"policy-apply\"}\n"));
	assert_int_equal(bench->kernel.generation, 1);
	assert_int_equal(bench->agent.generation, 1);
}

static void revokes(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	started(bench);
	c = double_add(&bench->kernel, bench->exe);
	assert_true(ask_is_ok(bench, "{\"command\":\"revoke\",\"id\":1}\n"));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REVOKED);
}

static void history_and_events_to_come(void **state)
{
	struct bench *bench = *state;
	char buffer[8192];
	json_t *lines;
	ssize_t got = -1;
	int fd, i;

	started(bench);
	for (i = 0; i < 10; i++)
		double_event(&bench->kernel, 100 + i, "spiffe://b.example/x\x01\xff");
	bench_run_until(bench, kith_ring_next(bench->agent.ring) == 11);
	lines = bench_ask(bench, "{\"command\":\"events\",\"history\":3}\n");
	assert_int_equal(json_array_size(lines), 4);
	json_decref(lines);
	lines = bench_ask(bench, "{\"command\":\"events\"}\n");
	assert_int_equal(json_array_size(lines), 11);
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json_array_get(lines, 0), "row"), "reason")),
			    "no-rule-inbound");
	json_decref(lines);

	fd = bench_connect(bench, "{\"command\":\"events\",\"follow\":true,\"history\":0}\n");
	for (i = 0; i < 10; i++)
		bench_step(bench);
	double_event(&bench->kernel, 777, "spiffe://b.example/y");
	bench_run_until(bench, (got = recv(fd, buffer, sizeof(buffer) - 1, MSG_DONTWAIT)) > 0);
	buffer[got] = 0;
	assert_non_null(strstr(buffer, "\"pid\":777"));
	close(fd);
	bench_step(bench);
}

/* A refusal without a rule names the documents that could have had one. */
static void refusal_names_its_policy(void **state)
{
	struct bench *bench = *state;
	json_t *lines, *row;

	bench_policy(bench, "p.yaml",
		     "apiVersion: kith/v1\nkind: Policy\n"
		     "metadata: {name: p, owner: o@a.example}\nspec:\n"
		     "  for: spiffe://a.example/w\n  inbound: []\n");
	started(bench);
	double_event(&bench->kernel, 1, "spiffe://b.example/x");
	bench_run_until(bench, kith_ring_next(bench->agent.ring) == 2);
	lines = bench_ask(bench, "{\"command\":\"events\"}\n");
	row = json_object_get(json_array_get(lines, 0), "row");
	assert_string_equal(json_string_value(json_array_get(json_object_get(row, "policies"), 0)),
			    "p.yaml:5");
	json_decref(lines);
}

/* A second agent on the same socket goes away and leaves it to the first. */
static void socket_is_not_taken_from_the_living(void **state)
{
	struct bench *bench = *state;

	started(bench);
	assert_null(kith_control_new(&bench->agent));
	assert_true(ask_is_ok(bench, "{\"command\":\"status\"}\n"));
}

/* The last line of what is there to be read until the end. */
static json_t *read_to_end(struct bench *bench, int fd)
{
	size_t size = 0, room = 64 << 20;
	char *text = kith_alloc(room), *last;
	int64_t end = bench_now() + 10000;
	ssize_t got = -1;
	json_t *line;

	while (got && bench_now() < end) {
		bench_wait(bench);
		got = recv(fd, text + size, room - size - 1, MSG_DONTWAIT);
		size += got > 0 ? (size_t)got : 0;
	}
	assert_int_equal(got, 0);
	text[size ? size - 1 : 0] = 0;
	last = strrchr(text, '\n');
	line = json_loads(last ? last + 1 : text, 0, NULL);
	free(text);
	return line;
}

static void slow_watcher_is_dropped_with_a_count(void **state)
{
	struct bench *bench = *state;
	json_t *line;
	char *event;
	int fd, i;

	started(bench);
	fd = bench_connect(bench, "{\"command\":\"events\",\"follow\":true}\n");
	bench_step(bench);
	for (i = 0; i < 40 * KITH_RING_SIZE; i++) {
		event = kith_format("{\"number\":%d,\"filler\":\"%0100d\"}", i, 0);
		kith_ring_add(bench->agent.ring, event, false);
		if (i % 1000 == 0) {
			kith_control_wake(bench->agent.control);
			bench_wait(bench);
		}
	}
	line = read_to_end(bench, fd);
	assert_non_null(
		strstr(json_string_value(json_object_get(json_object_get(line, "end"), "error")),
		       "events were missed"));
	json_decref(line);
	close(fd);
}

static bool is_closed(int fd)
{
	char byte;
	ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);

	return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void clients_are_bounded(void **state)
{
	struct bench *bench = *state;
	int fds[80], i, refused = 0;

	started(bench);
	for (i = 0; i < 80; i++) {
		fds[i] = bench_connect(bench, "{\"command\":\"events\",\"follow\":true}\n");
		bench_step(bench);
	}
	for (i = 0; i < 400; i++)
		bench_wait(bench);
	for (i = 0; i < 80; i++)
		refused += is_closed(fds[i]);
	assert_int_equal(refused, 16);
	for (i = 0; i < 80; i++)
		close(fds[i]);
	bench_run_until(bench, ask_is_ok(bench, "{\"command\":\"status\"}\n"));
}

static void endless_request(void **state)
{
	struct bench *bench = *state;
	char *junk = kith_alloc(65536);
	int64_t end = bench_now() + 10000;
	ssize_t sent = 0;
	int fd;

	started(bench);
	memset(junk, 'x', 65536);
	fd = bench_connect(bench, "x");
	while (bench_now() < end && (sent >= 0 || errno == EAGAIN)) {
		sent = send(fd, junk, 65536, MSG_DONTWAIT | MSG_NOSIGNAL);
		bench_wait(bench);
	}
	assert_true(bench_now() < end);
	close(fd);
	free(junk);
	assert_true(ask_is_ok(bench, "{\"command\":\"status\"}\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(status),
		TEST(ps_lists_everything),
		TEST(refuses_nonsense),
		TEST(explains),
		TEST(bundles),
		TEST(applies_policy),
		TEST(kernel_that_refuses_the_policy),
		TEST(revokes),
		TEST(history_and_events_to_come),
		TEST(refusal_names_its_policy),
		TEST(socket_is_not_taken_from_the_living),
		TEST(slow_watcher_is_dropped_with_a_count),
		TEST(clients_are_bounded),
		TEST(endless_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
