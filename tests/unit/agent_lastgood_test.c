// SPDX-License-Identifier: Apache-2.0
/* The last good policy: what is kept of it, and what kithd starts with when the
 * policy of its directory has errors. */
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "policy.h"

#define POLICY WORKLOAD("w", "w", "{exe: %s}")
#define OTHER  WORKLOAD("v", "v", "{exe: /usr/bin/v}")
#define BROKEN "kind: Nonsense\n"
/* A test that fails: nothing allows w to reach itself. */
#define FAILING                                                          \
	"apiVersion: kith/v1\nkind: PolicyTest\nmetadata: {name: t}\n"   \
	"spec: [{from: spiffe://a.example/w, to: spiffe://a.example/w, " \
	"port: 1, expect: allow}]\n"
/* What it allows stands in line 6. */
#define RULES                                                                          \
	"apiVersion: kith/v1\nkind: Policy\nmetadata: {name: p, owner: o@a.example}\n" \
	"spec:\n  for: spiffe://a.example/w\n"                                         \
	"  inbound: [{from: [\"spiffe://a.example/x\"], ports: [80]}]\n"

static void started(struct bench *bench)
{
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
}

/* As after a reboot: the kernel holds nothing. */
static void boot(struct bench *bench)
{
	bench_stop(bench);
	double_init(&bench->kernel);
}

static char *path_of(struct bench *bench, const char *name)
{
	return kith_format("%s/%s", bench->directory, name);
}

static bool is_there(struct bench *bench, const char *name)
{
	char *path = path_of(bench, name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static void remove_file(struct bench *bench, const char *name)
{
	char *path = path_of(bench, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void make_directory(struct bench *bench, const char *name)
{
	char *path = path_of(bench, name);

	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
}

static bool reads(struct bench *bench, const char *name, const char *text)
{
	char *path = path_of(bench, name), *found;
	bool same = !kith_read_file(path, 4096, &found, NULL) && !strcmp(found, text);

	free(found);
	free(path);
	return same;
}

/* The permissions of a file or directory. */
static unsigned int mode_of(struct bench *bench, const char *name)
{
	char *path = path_of(bench, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

static json_t *ask(struct bench *bench, const char *request)
{
	json_t *lines = bench_ask(bench, request), *end;

	end = json_object_get(json_array_get(lines, json_array_size(lines) - 1), "end");
	end = json_incref(json_object_get(end, "result"));
	json_decref(lines);
	return end;
}

/* Whether status says that the last good policy is in force. */
static bool is_degraded(struct bench *bench)
{
	json_t *result = ask(bench, "{\"command\":\"status\"}\n");
	const json_t *agent = json_object_get(result, "agent");
	const char *policy = json_string_value(json_object_get(agent, "policy"));
	bool degraded = !strcmp(policy, "last-good");

	if (!degraded)
		assert_string_equal(policy, "current");
	assert_int_equal(degraded, json_is_string(json_object_get(agent, "policy_since")));
	json_decref(result);
	return degraded;
}

static void starts_with_the_last_good(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	json_t *result;

	bench_policy(bench, "p.yaml", RULES);
	started(bench);
	assert_false(is_degraded(bench));
	boot(bench);
	bench_policy(bench, "p.yaml", BROKEN);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_int_equal(bench->kernel.n_claims, 1);
	assert_int_equal(bench->kernel.generation, 2);
	assert_true(is_degraded(bench));
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);

	/* Rules go by the name of the file, as ever. */
	result = ask(bench, "{\"command\":\"explain\",\"from\":\"spiffe://a.example/x\","
			    "\"to\":\"spiffe://a.example/w\",\"port\":80}\n");
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(result, "inbound"), "rule")),
		"p.yaml:6");
	json_decref(result);
}

static void failed_test_is_an_error_too(void **state)
{
	struct bench *bench = *state;

	started(bench);
	boot(bench);
	bench_policy(bench, "t.yaml", FAILING);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_true(is_degraded(bench));
	assert_int_equal(bench->kernel.n_claims, 1);
}

static void directory_that_is_gone(void **state)
{
	struct bench *bench = *state;
	char *policy = path_of(bench, "policy"), *away = path_of(bench, "away");

	started(bench);
	boot(bench);
	assert_int_equal(rename(policy, away), 0);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_true(is_degraded(bench));
	free(policy);
	free(away);
}

static void is_mended(void **state)
{
	struct bench *bench = *state;

	started(bench);
	boot(bench);
	bench_policy(bench, "b.yaml", BROKEN);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);

	/* Still broken: nothing changes. */
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	assert_true(is_degraded(bench));
	assert_int_equal(bench->kernel.n_claims, 1);
	bench_policy(bench, "b.yaml", OTHER);
	json_decref(ask(bench, "{\"command\":\"policy-apply\"}\n"));
	assert_false(is_degraded(bench));
	assert_int_equal(bench->kernel.n_claims, 2);
	assert_true(is_there(bench, "state/policy.good/b.yaml"));

	/* SIGHUP does it, too. */
	boot(bench);
	bench_policy(bench, "b.yaml", BROKEN);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_true(is_degraded(bench));
	assert_int_equal(bench->kernel.n_claims, 2);
	bench_policy(bench, "b.yaml", OTHER);
	assert_int_equal(kith_agent_reload(&bench->agent), 0);
	assert_false(is_degraded(bench));
}

static void keeps_what_is_in_force(void **state)
{
	struct bench *bench = *state;
	char *good = path_of(bench, "state/policy.good");
	struct stat before, after;

	bench_policy(bench, "b.yaml", OTHER);
	bench_file(bench, "policy/notes.txt", "not policy\n", 0644);
	started(bench);
	assert_int_equal(mode_of(bench, "state/policy.good"), 0700);
	assert_int_equal(mode_of(bench, "state/policy.good/a.yaml"), 0600);
	assert_true(is_there(bench, "state/policy.good/b.yaml"));
	assert_false(is_there(bench, "state/policy.good/notes.txt"));

	/* The same policy is not written again: since when it is good stays. */
	assert_int_equal(stat(good, &before), 0);
	assert_int_equal(kith_agent_reload(&bench->agent), 0);
	assert_int_equal(stat(good, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);

	/* The file on disk has changed, what is in force has not. */
	bench_policy(bench, "b.yaml", BROKEN);
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	remove_file(bench, "state/policy.good/b.yaml");
	assert_int_equal(kith_agent_commit(&bench->agent), 0);
	assert_true(reads(bench, "state/policy.good/b.yaml", OTHER));

	/* What is left out of the policy leaves the copy. */
	remove_file(bench, "policy/b.yaml");
	assert_int_equal(kith_agent_reload(&bench->agent), 0);
	assert_false(is_there(bench, "state/policy.good/b.yaml"));
	assert_true(is_there(bench, "state/policy.good/a.yaml"));
	assert_false(is_there(bench, "state/policy.new"));
	free(good);
}

static void what_the_kernel_refused_is_not_good(void **state)
{
	struct bench *bench = *state;

	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 22;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.seen[KITH_CMD_CONFIG_COMMIT]);
	bench_step(bench);
	assert_false(is_there(bench, "state/policy.good"));
}

/* Not an empty policy in its place: that would claim nothing. */
static void copy_that_is_no_good(void **state)
{
	struct bench *bench = *state;

	started(bench);
	boot(bench);
	bench_policy(bench, "a.yaml", BROKEN);
	bench_file(bench, "state/policy.good/a.yaml", BROKEN, 0600);
	assert_int_equal(bench_try_start(bench, NULL), -EINVAL);
	boot(bench);
	remove_file(bench, "state/policy.good/a.yaml");
	assert_int_equal(bench_try_start(bench, NULL), -EINVAL);
	assert_int_equal(bench->kernel.seen[KITH_CMD_AGENT_REGISTER], 0);
}

/* A copy that was being written when the host went down. */
static void leftovers(void **state)
{
	struct bench *bench = *state;

	bench_policy(bench, "a.yaml", POLICY);
	make_directory(bench, "state");
	make_directory(bench, "state/policy.new");
	bench_file(bench, "state/policy.new/old.yaml", BROKEN, 0600);
	bench_file(bench, "state/policy.new/a.yaml.new", "half", 0600);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_true(is_there(bench, "state/policy.good/a.yaml"));
	assert_false(is_there(bench, "state/policy.good/old.yaml"));
	assert_false(is_there(bench, "state/policy.good/a.yaml.new"));
	assert_false(is_there(bench, "state/policy.new"));
}

/* The copy cannot be written: kithd serves all the same. */
static void no_room(void **state)
{
	struct bench *bench = *state;

	make_directory(bench, "state");
	bench_file(bench, "state/policy.new", "in the way", 0600);
	started(bench);
	assert_false(is_degraded(bench));
	assert_false(is_there(bench, "state/policy.good"));
}

/* The status that systemd was told last. */
static char *last_status(int fd)
{
	static char text[4096];
	char buffer[4096], *status;
	ssize_t got;

	while ((got = recv(fd, buffer, sizeof(buffer) - 1, MSG_DONTWAIT)) > 0) {
		buffer[got] = 0;
		status = strstr(buffer, "STATUS=");
		if (status)
			snprintf(text, sizeof(text), "%s", status);
	}
	return text;
}

static void tells_systemd(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct bench *bench = *state;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char *status;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", bench->directory);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	started(bench);
	bench_step(bench);
	assert_string_equal(last_status(fd), "STATUS=Serving a.example, policy generation 1");
	boot(bench);
	bench_policy(bench, "b.yaml", BROKEN);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	status =
		kith_format("STATUS=Serving a.example, policy generation 2, the last good one: see "
			    "kith policy test %s/policy, mend it, then kith policy apply",
			    bench->directory);
	assert_string_equal(last_status(fd), status);
	free(status);
	bench_policy(bench, "b.yaml", OTHER);
	json_decref(ask(bench, "{\"command\":\"policy-apply\"}\n"));
	assert_string_equal(last_status(fd), "STATUS=Serving a.example, policy generation 3");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(starts_with_the_last_good),
		TEST(failed_test_is_an_error_too),
		TEST(directory_that_is_gone),
		TEST(is_mended),
		TEST(keeps_what_is_in_force),
		TEST(what_the_kernel_refused_is_not_good),
		TEST(copy_that_is_no_good),
		TEST(leftovers),
		TEST(no_room),
		TEST(tells_systemd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
