// SPDX-License-Identifier: Apache-2.0
/* The command line against an agent on a double of the kernel: what it prints,
 * and with what it exits. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "policy/policy.h"
#include "ring.h"
#include "../../cli/unreached.h"
#include "x509/x509.h"

#define POLICY WORKLOAD("w", "w", "{exe: %s}")

/* cli/main.c's main(), under another name. */
int kith_main(int argc, char **argv);

static char output[1 << 20]; /* of the last run, stdout and stderr */

static void run_child(struct bench *bench, int out, char *words)
{
	char *argv[32] = { "kith", "--socket", NULL };
	char socket[128];
	int argc = 3, status;

	snprintf(socket, sizeof(socket), "%s/kithd.sock", bench->directory);
	argv[2] = socket;
	while (argc < 31 && (argv[argc] = strsep(&words, "|")))
		argc++;
	argv[argc] = NULL;
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	status = kith_main(argc, argv);
	fflush(stdout);
	_exit(status);
}

/* Starts "kith" with words separated by '|'. Return: its pid. */
static pid_t start_kith(struct bench *bench, const char *words, int *fd)
{
	char *copy = kith_strdup(words);
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	fcntl(pipes[1], F_SETFL, 0);
	fflush(stdout);
	pid = fork();
	if (!pid)
		run_child(bench, pipes[1], copy);
	free(copy);
	close(pipes[1]);
	*fd = pipes[0];
	return pid;
}

/* Runs it while the agent serves. Return: its exit status. */
static int kith(struct bench *bench, const char *words)
{
	int64_t end = bench_now() + 20000;
	size_t size = 0;
	ssize_t got = -1;
	int fd, status;
	pid_t pid = start_kith(bench, words, &fd);

	while (got && bench_now() < end) {
		if (bench->running)
			bench_step(bench);
		got = read(fd, output + size, sizeof(output) - size - 1);
		size += got > 0 ? (size_t)got : 0;
	}
	output[size] = 0;
	close(fd);
	if (got)
		kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

#define says(words)                                                 \
	do {                                                        \
		if (!strstr(output, words))                         \
			fail_msg("no \"%s\" in %s", words, output); \
	} while (0)

static void started(struct bench *bench)
{
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
}

static void exit_statuses(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(kith(bench, "frobnicate"), 2);
	says("unknown command");
	assert_int_equal(kith(bench, "ps|extra"), 2);
	assert_int_equal(kith(bench, "explain|spiffe://a.example/w"), 2);
	assert_int_equal(kith(bench, "explain|a|b|0"), 2);
	assert_int_equal(kith(bench, "revoke|everything"), 2);
	assert_int_equal(kith(bench, "revoke|17|--for|1h"), 2);
	assert_int_equal(kith(bench, "revoke|abc|--for|long"), 2);
	assert_int_equal(kith(bench, "revoke|--lift|17"), 2);
	assert_int_equal(kith(bench, "watch|--lost|3"), 2);
	assert_int_equal(kith(bench, "why"), 3);
	says("is kithd running?");
	assert_int_equal(kith(bench, "--help"), 0);
	assert_int_equal(kith(bench, "policy|--help"), 0);
	says("Usage: kith policy check");
	started(bench);
	assert_int_equal(kith(bench, "revoke|99"), 1);
	says("not revoked: ");
	assert_int_equal(kith(bench, "status"), 0);
	says("registered");
	says("generation 1: 1 workloads");
}

static void openings(void **state)
{
	struct bench *bench = *state;
	json_t *status, *opened, *report;

	bench_policy(
		bench, "o.yaml",
		"apiVersion: kith/v1\nkind: Policy\n"
		"metadata: {name: o, owner: o@a.example}\nspec:\n"
		"  for: spiffe://a.example/w\n"
		"  outbound: [{open: tls, at: [\"192.0.2.7:443\"], reason: \"it is the bank\"}]\n");
	started(bench);
	assert_int_equal(kith(bench, "status"), 0);
	says("openings      1 without identity");
	says("tls      spiffe://a.example/w  outbound   tcp   -      192.0.2.7:443  it is the bank  o.yaml:6");
	assert_int_equal(kith(bench, "status|--json"), 0);
	status = json_loads(output, 0, NULL);
	opened = json_object_get(json_object_get(status, "agent"), "opened");
	assert_int_equal(kith(bench, "report|--json"), 0);
	report = json_loads(output, 0, NULL);
	assert_int_equal(json_array_size(report), 1);
	assert_true(json_equal(opened, report));
	json_decref(report);
	json_decref(status);
}

static void revocations(void **state)
{
	struct bench *bench = *state;

	started(bench);
	assert_int_equal(kith(bench, "revoke|--list"), 0);
	says("No revocation stands");
	assert_int_equal(kith(bench, "revoke|spiffe://a.example/w|--for|1h"), 0);
	says("revoked for 1h");
	assert_int_equal(kith(bench, "revoke|0x17"), 0);
	says("until it is lifted");
	assert_int_equal(kith(bench, "revoke|4711"), 0);
	assert_int_equal(bench->kernel.revoked_pid, 4711);
	assert_int_equal(kith(bench, "revoke|--list"), 0);
	says("spiffe://a.example/w");
	assert_int_equal(kith(bench, "status"), 0);
	says("revoked       2 ");
	assert_int_equal(kith(bench, "revoke|--lift|0x17"), 0);
	assert_int_equal(kith(bench, "revoke|--lift|0x17"), 1);
	assert_int_equal(bench->kernel.n_revocations, 1);
	assert_int_equal(bench->kernel.revocations[0].seconds, 3600);
}

static void exit_status_of_what_remains(void **state)
{
	struct bench *bench = *state;

	started(bench);
	bench->kernel.reviews = 3;
	bench->kernel.in_review_pid = 77;
	assert_int_equal(kith(bench, "revoke|abc"), 4);
	says("process 77 (holder) keeps 3");
	assert_int_equal(kith(bench, "policy|apply"), 4);
	says("is in force");
}

static void ps_table_and_json(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	json_t *rows;

	started(bench);
	assert_int_equal(kith(bench, "ps"), 0);
	says("No claimed program is running.");
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);
	assert_int_equal(kith(bench, "ps"), 0);
	says("spiffe://a.example/w");
	says("ready");
	assert_int_equal(kith(bench, "ps|--json"), 0);
	rows = json_loads(output, 0, NULL);
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "workload")),
			    "w");
	json_decref(rows);
}

/* Programs choose their names; a terminal must not obey them. */
static void why_and_control_characters(void **state)
{
	struct bench *bench = *state;
	const char *c;

	started(bench);
	assert_int_equal(kith(bench, "why"), 0);
	says("Nothing was refused");
	double_event(&bench->kernel, 777, "spiffe://b.example/x\x1b[2J\xff");
	double_event(&bench->kernel, 778, "spiffe://b.example/y");
	bench_run_until(bench, kith_ring_next(bench->agent.ring) == 3);
	assert_int_equal(kith(bench, "why|777"), 0);
	says("no-rule-inbound EACCES");
	says("cause      No inbound rule admits this peer on this port.");
	says("remedy");
	assert_null(strstr(output, "example/y"));
	for (c = output; *c; c++)
		assert_true(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7f));
	assert_int_equal(kith(bench, "why|b.example/y"), 0);
	says("example/y");
	assert_null(strstr(output, "[777]"));
	assert_int_equal(kith(bench, "why|4711"), 0);
	says("Nothing about 4711");
}

static void watch_until_interrupted(void **state)
{
	struct bench *bench = *state;
	int64_t end = bench_now() + 10000;
	char text[4096] = "";
	ssize_t got = 0;
	int fd, status;
	pid_t pid;

	started(bench);
	double_event(&bench->kernel, 777, "spiffe://b.example/x");
	bench_run_until(bench, kith_ring_next(bench->agent.ring) == 2);
	pid = start_kith(bench, "watch|--last|5", &fd);
	while (bench_now() < end && !strstr(text, "\n")) {
		bench_step(bench);
		got = read(fd, text, sizeof(text) - 1);
		text[got > 0 ? got : 0] = 0;
	}
	assert_non_null(strstr(text, "DENY"));
	assert_non_null(strstr(text, "spiffe://b.example/x → spiffe://a.example/w"));
	kill(pid, SIGINT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
}

static void explain(void **state)
{
	struct bench *bench = *state;
	char *words;

	bench_policy(bench, "p.yaml",
		     "apiVersion: kith/v1\nkind: Policy\n"
		     "metadata: {name: p, owner: o@a.example}\nspec:\n"
		     "  for: spiffe://a.example/w\n"
		     "  inbound: [{from: [\"spiffe://a.example/x\"], ports: [80]}]\n");
	started(bench);
	assert_int_equal(kith(bench, "explain|spiffe://a.example/x|spiffe://a.example/w|80"), 0);
	says("p.yaml:6");
	assert_int_equal(kith(bench, "explain|spiffe://a.example/x|spiffe://a.example/w|81"), 1);
	assert_int_equal(kith(bench, "explain|-|spiffe://a.example/w|[::1]:80"), 1);
	words = kith_format("explain|--policy|%s/policy|spiffe://a.example/x|spiffe://a.example/w|"
			    "10.0.0.1:80",
			    bench->directory);
	assert_int_equal(kith(bench, words), 0);
	free(words);
}

static void policy_check(void **state)
{
	struct bench *bench = *state;
	char *words = kith_format("policy|check|%s/policy", bench->directory);

	bench_policy(bench, "a.yaml", POLICY);
	assert_int_equal(kith(bench, words), 0);
	says("1 workloads, 0 policies, 0 rules: 0 errors");
	bench_policy(bench, "b.yaml", "apiVersion: kith/v1\nkind: Polizy\n");
	assert_int_equal(kith(bench, words), 1);
	says("b.yaml:2:");
	free(words);
}

/* A directory beside the policy, with one file. */
static char *other_directory(struct bench *bench, const char *text)
{
	char *directory = kith_format("%s/new-policy", bench->directory);

	mkdir(directory, 0755);
	bench_file(bench, "new-policy/n.yaml", text, 0644);
	return directory;
}

static bool is_there(struct bench *bench, const char *name)
{
	char *path = kith_format("%s/%s", bench->directory, name);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static void policy_apply(void **state)
{
	struct bench *bench = *state;
	char *directory, *words;

	started(bench);
	directory = other_directory(bench, WORKLOAD("v", "v", "{exe: /usr/bin/v}"));
	words = kith_format("policy|apply|%s", directory);
	assert_int_equal(kith(bench, words), 0);
	says("generation 2 is in force");
	assert_true(is_there(bench, "policy/n.yaml"));
	assert_false(is_there(bench, "policy/a.yaml"));
	assert_true(is_there(bench, "policy.old/a.yaml"));
	assert_false(is_there(bench, "policy.new"));
	assert_string_equal(bench->kernel.claims[0].path, "/usr/bin/v");

	/* The kernel refuses: the files of before are back. */
	bench_file(bench, "new-policy/m.yaml", WORKLOAD("u", "u", "{exe: /usr/bin/u}"), 0644);
	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 22;
	assert_int_equal(kith(bench, words), 1);
	assert_false(is_there(bench, "policy/m.yaml"));
	assert_true(is_there(bench, "policy/n.yaml"));
	assert_true(is_there(bench, "policy.old/a.yaml"));
	assert_int_equal(bench->kernel.generation, 2);

	/* Errors are found before anything is touched. */
	bench_file(bench, "new-policy/m.yaml", "kind: Nonsense\n", 0644);
	assert_int_equal(kith(bench, words), 1);
	says("nothing was applied");
	assert_int_equal(bench->kernel.generation, 2);
	free(words);
	free(directory);
}

static void bundle_there_and_back(void **state)
{
	struct bench *bench = *state;
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob blob = { der, double_certificate(der, 1700000000, 4000000000) };
	char *pem = kith_x509_pem(&blob), *words;

	started(bench);
	words = kith_format("bundle|import|b.example|%s", bench_file(bench, "b.pem", pem, 0644));
	assert_int_equal(kith(bench, words), 0);
	assert_int_equal(kith(bench, "bundle|export|b.example"), 0);
	assert_string_equal(output, pem);
	assert_int_equal(kith(bench, "bundle|export"), 0);
	says("BEGIN CERTIFICATE");
	assert_int_equal(kith(bench, "bundle|show"), 0);
	says("/CN=double");
	assert_int_equal(kith(bench, "bundle|export|c.example"), 1);
	assert_int_equal(kith(bench, "bundle|remove|b.example"), 0);
	assert_int_equal(kith(bench, "bundle|show|b.example"), 1);
	free(words);
	free(pem);
}

static void doctor_speaks_json(void **state)
{
	struct bench *bench = *state;
	const json_t *check;
	json_t *list;
	size_t i;

	started(bench);
	kith(bench, "doctor|--json");
	list = json_loads(output, 0, NULL);
	assert_true(json_array_size(list) >= 8);
	json_array_foreach(list, i, check) {
		const char *result = json_string_value(json_object_get(check, "result"));
		const char *remedy = json_string_value(json_object_get(check, "remedy"));

		/* What is not good says what to do. */
		assert_int_equal(!strcmp(result, "ok"), !*remedy);
	}
	json_decref(list);
}

static json_t *doctor_says(struct bench *bench, const char *name)
{
	json_t *list, *check, *found = NULL;
	size_t i;

	kith(bench, "doctor|--json");
	list = json_loads(output, 0, NULL);
	json_array_foreach(list, i, check)
		if (!strcmp(json_string_value(json_object_get(check, "check")), name))
			found = json_incref(check);
	json_decref(list);
	assert_non_null(found);
	return found;
}

static void doctor_looks_at_doors(void **state)
{
	static const struct {
		bool guarded, claims;
		const char *result;
	} cases[] = { { true, true, "ok" }, { false, true, "FAIL" }, { false, false, "advice" } };
	struct bench *bench = *state;
	json_t *check;
	size_t i;

	started(bench);
	assert_true(bench->kernel.n_claims);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bench->kernel.guarded = cases[i].guarded;
		if (!cases[i].claims)
			bench->kernel.n_claims = 0;
		check = doctor_says(bench, "doors");
		assert_string_equal(json_string_value(json_object_get(check, "result")),
				    cases[i].result);
		json_decref(check);
	}
}

static void last_good_policy_shows(void **state)
{
	struct bench *bench = *state;
	json_t *check;

	started(bench);
	kith(bench, "status");
	assert_null(strstr(output, "DEGRADED"));
	check = doctor_says(bench, "policy");
	assert_string_equal(json_string_value(json_object_get(check, "result")), "ok");
	json_decref(check);

	bench_stop(bench);
	double_init(&bench->kernel);
	bench_policy(bench, "b.yaml", "kind: Nonsense\n");
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	assert_int_equal(kith(bench, "status"), 0);
	says("DEGRADED");
	says("kith policy apply");
	check = doctor_says(bench, "policy");
	assert_string_equal(json_string_value(json_object_get(check, "result")), "advice");
	json_decref(check);

	bench_policy(bench, "b.yaml", WORKLOAD("v", "v", "{exe: /usr/bin/v}"));
	assert_int_equal(kith(bench, "policy|apply"), 0);
	kith(bench, "status");
	assert_null(strstr(output, "DEGRADED"));
}

/* What a process has in /proc, as far as it is looked at. */
static void make_process(struct bench *bench, const char *pid, const char *ns, const char *exe,
			 const char *uid, const char *cgroup)
{
	char *directory = kith_format("%s/proc/%s", bench->directory, pid), *text, *path;

	path = kith_format("%s/ns", directory);
	assert_int_equal(mkdir(directory, 0755), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	free(path);
	path = kith_format("%s/ns/user", directory);
	assert_int_equal(symlink(ns, path), 0);
	free(path);
	path = kith_format("%s/exe", directory);
	assert_int_equal(symlink(exe, path), 0);
	free(path);
	text = kith_format("Name:\tx\nUid:\t%s\t0\t0\t0\n", uid);
	path = kith_format("proc/%s/status", pid);
	bench_file(bench, path, text, 0644);
	free(path);
	free(text);
	text = kith_format("0::%s\n", cgroup);
	path = kith_format("proc/%s/cgroup", pid);
	bench_file(bench, path, text, 0644);
	free(path);
	free(text);
	free(directory);
}

static void programs_that_claims_do_not_reach(void **state)
{
	static const char initial[] = "user:[4026531837]", other[] = "user:[4026532500]";
	struct bench *bench = *state;
	char *policy = kith_format("%s/policy", bench->directory);
	char *proc = kith_format("%s/proc", bench->directory);
	const char *paths[] = { policy };
	struct kith_policy_set *set;
	json_t *found;

	bench_policy(bench, "a.yaml", POLICY);
	bench_policy(bench, "b.yaml", WORKLOAD("u", "u", "{uid: 4711}"));
	bench_policy(bench, "c.yaml", WORKLOAD("c", "c", "{unit: good.service}"));
	assert_int_equal(mkdir(proc, 0755), 0);
	make_process(bench, "1", initial, bench->exe, "0", "/init.scope");
	make_process(bench, "2", other, bench->exe, "0", "/system.slice/exe.service");
	make_process(bench, "3", other, bench->exe, "0", "/system.slice/exe.service/more");
	make_process(bench, "4", other, "/bin/sh", "4711", "/system.slice/user.service");
	make_process(bench, "5", other, "/bin/sh", "4712", "/system.slice/nobody.service");
	make_process(bench, "6", other, bench->exe, "0", "/system.slice/good.service");
	make_process(bench, "7", other, bench->exe, "0", "/system.slice/good.service/more");
	make_process(bench, "8", other, bench->exe, "0", "/a/b");
	make_process(bench, "9", other, "/nonexistent", "0", "/system.slice/gone.service");
	make_process(bench, "self", initial, bench->exe, "0", "/");
	set = kith_policy_load(paths, 1);
	assert_int_equal(set->n_errors, 0);
	found = kith_unreached(proc, set);
	assert_int_equal(json_object_size(found), 3);
	assert_non_null(json_object_get(found, "exe.service"));
	assert_non_null(json_object_get(found, "user.service"));
	assert_non_null(json_object_get(found, "8"));
	json_decref(found);
	kith_policy_free(set);
	free(policy);
	free(proc);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(exit_statuses),
		TEST(openings),
		TEST(revocations),
		TEST(exit_status_of_what_remains),
		TEST(ps_table_and_json),
		TEST(why_and_control_characters),
		TEST(watch_until_interrupted),
		TEST(explain),
		TEST(policy_check),
		TEST(policy_apply),
		TEST(bundle_there_and_back),
		TEST(doctor_speaks_json),
		TEST(doctor_looks_at_doors),
		TEST(last_good_policy_shows),
		TEST(programs_that_claims_do_not_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
