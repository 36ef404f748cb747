// SPDX-License-Identifier: Apache-2.0
/* Issuers outside the kernel: a command, a directory; both good and bad. */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "x509/x509.h"

#define POLICY	   WORKLOAD("w", "w", "{exe: %s}")
#define SETTLED(c) ((c)->state > KITH_CREDENTIAL_STATE_ISSUING)

/* A chain of one certificate, valid for an hour, in PEM. */
static char *chain(void)
{
	uint8_t der[KITH_CERT_MAX];
	int64_t now = kith_now_ms() / 1000;
	struct kith_blob blob = { der, double_certificate(der, now - 10, now + 3600) };

	return kith_x509_pem(&blob);
}

/* Starts the agent with a command issuer that is the script @text. */
static void start_command(struct bench *bench, const char *text, const char *more)
{
	char *issuer, *script = kith_strdup(bench_file(bench, "sign", text, 0755));

	issuer = kith_format("command: {path: %s%s}", script, more);
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, issuer);
	free(issuer);
	free(script);
	bench_run_until(bench, bench->kernel.commits);
}

static struct double_credential *attest(struct bench *bench)
{
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	double_upcall(&bench->kernel, c);
	bench_run_until(bench, SETTLED(c));
	return c;
}

static void command_signs(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	char *pem = chain(), *seen, *path, *text;

	bench_file(bench, "chain.pem", pem, 0644);
	text = kith_format(
		"#!/bin/sh\ncd %s\ncat >seen\nenv | sort >>seen\necho \"$@\" >>seen\ncat chain.pem\n",
		bench->directory);
	start_command(bench, text, ", args: [one, two words]");
	c = attest(bench);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	assert_int_equal(c->chain_size, 1);
	path = kith_format("%s/seen", bench->directory);
	assert_int_equal(kith_read_file(path, 65536, &seen, NULL), 0);
	assert_non_null(strstr(seen, "-----BEGIN CERTIFICATE REQUEST-----"));
	assert_non_null(strstr(seen, "KITH_SPIFFE_ID=spiffe://a.example/w\n"));
	assert_non_null(strstr(seen, "KITH_TTL=3600\n"));
	assert_non_null(strstr(seen, "one two words\n"));
	/* Nothing of the agent's own environment. */
	assert_null(strstr(seen, "HOME="));
	free(seen);
	free(path);
	free(text);
	free(pem);
}

/* One waits for what another is issued: it learns from that when it is due. */
static void who_waits_is_renewed_too(void **state)
{
	struct bench *bench = *state;
	struct double_credential *waits = double_add(&bench->kernel, bench->exe);
	uint8_t der[KITH_CERT_MAX];
	int64_t now = kith_now_ms() / 1000;
	struct kith_blob due = { der, double_certificate(der, now - 600, now + 400) };
	char *pem = kith_x509_pem(&due), *path, *issuer;

	waits->shares = true;
	bench_file(bench, "chain.pem", pem, 0644);
	path = kith_format("#!/bin/sh\nexec cat %s/chain.pem\n", bench->directory);
	issuer = kith_format("command: {path: %s}", bench_file(bench, "sign", path, 0755));
	bench_policy(bench, "a.yaml", WORKLOAD_SHARING);
	bench_start(bench, issuer);
	bench_run_until(bench, waits->times_prepared == 1);
	bench_step(bench);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CREDENTIAL_REFUSE], 0);
	assert_int_equal(attest(bench)->state, KITH_CREDENTIAL_STATE_READY);
	bench_run_until(bench, waits->times_prepared == 2);
	free(issuer);
	free(path);
	free(pem);
}

static void command_that_fails(void **state)
{
	static const struct {
		const char *script, *says;
	} cases[] = {
		{ "#!/bin/sh\nexit 7\n", "exited with status 7" },
		{ "#!/bin/sh\nkill -9 $$\n", "killed by signal 9" },
		{ "#!/bin/sh\nexit 0\n", "no certificate in it" },
		{ "#!/bin/sh\necho nonsense\n", "no certificate in it" },
		{ "#!/bin/sh\nprintf -- '-----BEGIN PRIVATE KEY-----\\nAAAA\\n-----END PRIVATE KEY-----\\n'\n",
		  "private key" },
		{ "#!/bin/sh\nyes | head -c 100000\n", "more than 64 KiB" },
		{ "#!/nowhere/interpreter\n", "No such file" },
	};
	struct bench *bench = *state;
	struct double_credential *c;
	size_t i;

	start_command(bench, "#!/bin/sh\nexit 1\n", "");
	for (i = 0; i < COUNT(cases); i++) {
		bench_file(bench, "sign", cases[i].script, 0755);
		c = attest(bench);
		assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
		assert_int_equal(c->reason, KITH_REASON_ISSUER);
		if (!strstr(c->message, cases[i].says))
			fail_msg("case %zu: %s", i, c->message);
	}
}

/* A slow program holds up neither the loop nor other requests, and is killed
 * at its deadline with what it started. */
static void command_that_hangs(void **state)
{
	struct bench *bench = *state;
	int64_t started = bench_now();
	struct double_credential *c[12];
	char *text;
	size_t i;

	text = kith_format("#!/bin/sh\nsleep 1000 & echo $! >>%s/pids\nwait\n", bench->directory);
	start_command(bench, text, ", deadline: 1s");
	free(text);
	for (i = 0; i < COUNT(c); i++) {
		c[i] = double_add(&bench->kernel, bench->exe);
		double_upcall(&bench->kernel, c[i]);
	}
	bench_run_until(bench, c[0]->times_prepared && c[11]->times_prepared);
	assert_true(bench_now() - started < 1500);
	for (i = 0; i < COUNT(c); i++) {
		bench_run_until(bench, SETTLED(c[i]));
		assert_int_equal(c[i]->reason, KITH_REASON_ISSUER);
		assert_non_null(strstr(c[i]->message, "did not answer in time"));
	}
	/* What is left of them has been killed, if not yet been waited for. */
	text = kith_format("! ps -o stat= -p $(paste -sd, %s/pids) | grep -qv ^Z",
			   bench->directory);
	assert_int_equal(system(text), 0);
	free(text);
}

static void kernel_refuses_the_chain(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	char *pem = chain(), *text;

	bench_file(bench, "chain.pem", pem, 0644);
	text = kith_format("#!/bin/sh\ncat %s/chain.pem\n", bench->directory);
	start_command(bench, text, "");
	bench->kernel.fail[KITH_CMD_CREDENTIAL_INSTALL] = 22;
	c = attest(bench);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "did not accept"));
	free(text);
	free(pem);
}

static void stop_while_issuing(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	start_command(bench, "#!/bin/sh\nsleep 1000\n", "");
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->times_prepared);
	bench_step(bench);
	/* ASan sees what is left behind. */
	bench_stop(bench);
}

/* The one file of the directory with an ending, or NULL; static. */
static const char *find_file(const char *directory, const char *ending)
{
	static char name[256];
	struct dirent *entry;
	DIR *dir = opendir(directory);
	bool found = false;

	while (!found && (entry = readdir(dir))) {
		found = strlen(entry->d_name) > 4 &&
			!strcmp(entry->d_name + strlen(entry->d_name) - 4, ending);
		strcpy(name, entry->d_name);
	}
	closedir(dir);
	return found ? name : NULL;
}

static char *start_directory(struct bench *bench)
{
	char *directory = kith_format("%s/drop", bench->directory), *issuer;

	mkdir(directory, 0755);
	issuer = kith_format("directory: {path: %s, deadline: 2s}", directory);
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, issuer);
	free(issuer);
	bench_run_until(bench, bench->kernel.commits);
	return directory;
}

static void directory_signs(void **state)
{
	struct bench *bench = *state;
	char *directory = start_directory(bench), *request, *answer, *text, *pem = chain();
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	double_upcall(&bench->kernel, c);
	bench_run_until(bench, find_file(directory, ".csr"));
	request = kith_format("%s/%s", directory, find_file(directory, ".csr"));
	assert_int_equal(kith_read_file(request, 65536, &text, NULL), 0);
	assert_non_null(strstr(text, "spiffe-id: spiffe://a.example/w\nttl: 3600\n"));
	assert_non_null(strstr(text, "-----BEGIN CERTIFICATE REQUEST-----"));
	answer = kith_strdup(request);
	strcpy(answer + strlen(answer) - 4, ".pem");
	assert_int_equal(kith_write_file(answer, pem, strlen(pem), 0644), 0);
	bench_run_until(bench, SETTLED(c));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	assert_int_equal(c->chain_size, 1);
	assert_null(find_file(directory, ".csr"));
	assert_null(find_file(directory, ".pem"));
	free(text);
	free(answer);
	free(request);
	free(pem);
	free(directory);
}

static void directory_that_nobody_serves(void **state)
{
	struct bench *bench = *state;
	char *directory = start_directory(bench);
	struct double_credential *c = attest(bench);

	assert_int_equal(c->reason, KITH_REASON_ISSUER);
	assert_non_null(strstr(c->message, "did not appear in time"));
	assert_null(find_file(directory, ".csr"));
	free(directory);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(command_signs),
		TEST(who_waits_is_renewed_too),
		TEST(command_that_fails),
		TEST(command_that_hangs),
		TEST(kernel_refuses_the_chain),
		TEST(stop_while_issuing),
		TEST(directory_signs),
		TEST(directory_that_nobody_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
