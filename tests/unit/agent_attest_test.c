// SPDX-License-Identifier: Apache-2.0
/* Attestation: upcall, executable, match, key, signature; and every refusal. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include "agent_help.h"
#include "base/base.h"
#include "kernel.h"
#include "log.h"

#define SETTLED(c) ((c)->state > KITH_CREDENTIAL_STATE_ISSUING)

static void registered(struct bench *bench)
{
	bench_run_until(bench, bench->kernel.commits);
}

static struct double_credential *attest(struct bench *bench, struct double_credential *c)
{
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, SETTLED(c));
	return c;
}

static void by_path_and_user(void **state)
{
	struct bench *bench = *state;
	int64_t now = kith_now_ms() / 1000;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s, user: root}"));
	bench_start(bench, NULL);
	registered(bench);
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	assert_string_equal(c->spiffe_id, "spiffe://a.example/w");
	assert_string_equal(c->workload, "w");
	assert_int_equal(c->serial_size, 16);
	assert_true(c->serial[0] && c->serial[0] < 0x80);
	assert_in_range(c->not_after, now + 3600, now + 3610);
	assert_in_range(c->not_before, now - 31, now);

	c = double_add(&bench->kernel, bench->exe);
	c->uid = 65533;
	attest(bench, c);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_int_equal(c->reason, KITH_REASON_NOT_ATTESTED);
	assert_non_null(strstr(c->message, bench->exe));
	assert_non_null(strstr(c->message, "uid 65533"));
	assert_non_null(strstr(c->message, "add one that selects it"));
}

static void by_symbolic_link(void **state)
{
	struct bench *bench = *state;
	char target[160];
	struct double_credential *c;

	/* The policy names a link; the kernel names the file. */
	snprintf(target, sizeof(target), "%s/real", bench->directory);
	assert_int_equal(rename(bench->exe, target), 0);
	assert_int_equal(symlink("real", bench->exe), 0);
	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	assert_int_equal(bench->kernel.n_claims, 1);
	assert_string_equal(bench->kernel.claims[0].path, target);
	c = attest(bench, double_add(&bench->kernel, target));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
}

static void two_names_of_one_file_are_ambiguous(void **state)
{
	struct bench *bench = *state;
	char policy[1024], other[160];
	struct double_credential *c;

	snprintf(other, sizeof(other), "%s/other", bench->directory);
	assert_int_equal(link(bench->exe, other), 0);
	snprintf(policy, sizeof(policy),
		 WORKLOAD("w", "w", "{exe: %s}") WORKLOAD("v", "v", "{exe: %s}"), bench->exe,
		 other);
	bench_policy(bench, "a.yaml", policy);
	bench_start(bench, NULL);
	registered(bench);
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "two Workloads"));
}

static void by_unit(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{unit: nginx.service}"));
	bench_start(bench, NULL);
	registered(bench);
	c = double_add(&bench->kernel, bench->exe);
	strcpy(c->cgroup, "/system.slice/nginx.service");
	attest(bench, c);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);

	/* A user who calls a cgroup of their own so is not the unit. */
	c = double_add(&bench->kernel, bench->exe);
	strcpy(c->cgroup, "/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service");
	attest(bench, c);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "unit user@1000.service"));
}

static void not_in_another_user_namespace(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml",
		     WORKLOAD("w", "w", "{exe: %s}") WORKLOAD("u", "u", "{uid: 0, group: root}"));
	bench_start(bench, NULL);
	registered(bench);
	c = double_add(&bench->kernel, bench->exe);
	c->user_ns = 4026532000U;
	attest(bench, c);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "user namespace"));
}

static void not_a_file_that_is_gone(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	char link[64];
	int fd;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{user: root}"));
	bench_start(bench, NULL);
	registered(bench);
	fd = open(bench->exe, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(bench->exe), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	c = attest(bench, double_add(&bench->kernel, link));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "not on disk"));
	close(fd);

	fd = memfd_create("nameless", MFD_CLOEXEC);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	c = attest(bench, double_add(&bench->kernel, link));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, "from memory"));
	close(fd);
}

/* A program of a unit that was started as @name, which is @file to the kernel. */
static struct double_credential *interpreted(struct bench *bench, const char *name,
					     const char *file)
{
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	strcpy(c->cgroup, "/system.slice/a.service");
	snprintf(c->script, sizeof(c->script), "%s", name);
	snprintf(c->script_file, sizeof(c->script_file), "%s", file);
	return attest(bench, c);
}

static void a_script_by_its_path(void **state)
{
	struct bench *bench = *state;
	char script[160], other[160], link[160], policy[1024];
	struct double_credential *c;

	snprintf(policy, sizeof(policy),
		 WORKLOAD("w", "w", "{exe: %s, unit: a.service}")
			 WORKLOAD("s", "s", "{unit: a.service, script: %s/script}"),
		 bench->exe, bench->directory);
	bench_policy(bench, "a.yaml", policy);
	bench_file(bench, "script", "#!/bin/sh\n", 0755);
	bench_file(bench, "other", "#!/bin/sh\n", 0755);
	snprintf(script, sizeof(script), "%s/script", bench->directory);
	snprintf(other, sizeof(other), "%s/other", bench->directory);
	snprintf(link, sizeof(link), "%s/link", bench->directory);
	assert_int_equal(symlink("script", link), 0);
	bench_start(bench, NULL);
	registered(bench);
	c = interpreted(bench, script, script);
	assert_string_equal(c->spiffe_id, "spiffe://a.example/s");
	c = interpreted(bench, other, other);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, other));
	assert_non_null(strstr(c->message, "no Workload that names it"));
	c = interpreted(bench, link, script);
	assert_non_null(strstr(c->message, "by another name"));
	c = interpreted(bench, script, "");
	assert_non_null(strstr(c->message, "not known"));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
}

/* The file at the path is replaced after it was started. */
static void not_the_path_of_another_file(void **state)
{
	struct bench *bench = *state;
	char aside[160], link[64];
	struct double_credential *c;
	int fd;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	fd = open(bench->exe, O_RDONLY | O_CLOEXEC);
	snprintf(aside, sizeof(aside), "%s/aside", bench->directory);
	assert_int_equal(rename(bench->exe, aside), 0);
	bench_file(bench, "program", "another executable\n", 0755);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	c = attest(bench, double_add(&bench->kernel, link));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, aside));
	close(fd);
}

static const char sha256_of_program[] =
	"82a1b6b1d7e7a0b9f5a2d87a1a7b2d8c26d8e8fd5d3f1f6c8f1d8f6f0f7d1f2a";

/* SHA-256 of a file, in hexadecimal. */
static void digest_of(const char *path, char hex[65])
{
	char command[256];
	FILE *pipe;

	snprintf(command, sizeof(command), "sha256sum %s", path);
	pipe = popen(command, "r");
	assert_int_equal(fread(hex, 1, 64, pipe), 64);
	hex[64] = 0;
	pclose(pipe);
}

static void by_digest_and_kind_without_a_name(void **state)
{
	struct bench *bench = *state;
	char hex[65], policy[1024], link[64];
	struct double_credential *c;
	int fd;

	digest_of(bench->exe, hex);
	snprintf(policy, sizeof(policy),
		 WORKLOAD("w", "w", "{user: root, sha256: %s, file: deleted}"), hex);
	bench_policy(bench, "a.yaml", policy);
	bench_start(bench, NULL);
	registered(bench);
	fd = open(bench->exe, O_RDONLY | O_CLOEXEC);
	assert_int_equal(unlink(bench->exe), 0);
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	c = attest(bench, double_add(&bench->kernel, link));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	/* From the cache. */
	c = attest(bench, double_add(&bench->kernel, link));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	close(fd);
}

static void not_by_another_digest(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	char policy[1024];

	snprintf(policy, sizeof(policy), WORKLOAD("w", "w", "{user: root, sha256: %s}"),
		 sha256_of_program);
	bench_policy(bench, "a.yaml", policy);
	bench_start(bench, NULL);
	registered(bench);
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
}

static void many_at_once(void **state)
{
	struct bench *bench = *state;
	struct kernel_double *kernel = &bench->kernel;
	size_t i, ready = 0;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	for (i = 0; i < 40; i++)
		double_upcall(kernel, double_add(kernel, bench->exe));
	bench_run_until(bench, kernel->seen[KITH_CMD_CREDENTIAL_SIGN] == 40);
	for (i = 0; i < kernel->n_credentials; i++)
		ready += kernel->credentials[i].state == KITH_CREDENTIAL_STATE_READY;
	assert_int_equal(ready, 40);
}

static void asked_twice_works_once(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, "directory: {path: /tmp}");
	registered(bench);
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->times_prepared);
	bench_step(bench);
	assert_int_equal(c->times_prepared, 1);
}

static void program_that_ended(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	bench->kernel.fail[KITH_CMD_PROGRAM_EXE] = 3;
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
}

static void executable_that_is_not_shown(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml",
		     WORKLOAD("w", "w", "{exe: %s}") WORKLOAD("u", "u", "{user: root}"));
	bench_start(bench, NULL);
	registered(bench);
	bench->kernel.fail[KITH_CMD_PROGRAM_EXE] = EREMOTE;
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_string_equal(c->spiffe_id, "spiffe://a.example/u");
	bench->kernel.fail[KITH_CMD_PROGRAM_EXE] = EREMOTE;
	c = double_add(&bench->kernel, bench->exe);
	c->uid = 65533;
	attest(bench, c);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_non_null(strstr(c->message, bench->exe));
	assert_non_null(strstr(c->message, "FUSE"));
}

static void signature_that_fails(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	bench->kernel.fail[KITH_CMD_CREDENTIAL_SIGN] = 5;
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_REFUSED);
	assert_int_equal(c->reason, KITH_REASON_ISSUER);
	assert_non_null(strstr(c->message, "the double was told to"));
}

/* Whatever stands in an upcall, the agent lives and serves the next one. */
static void malformed_upcalls(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;
	char buffer[256] = "";
	struct nlmsghdr *message;
	unsigned int i;

	bench_policy(bench, "a.yaml", WORKLOAD("w", "w", "{exe: %s}"));
	bench_start(bench, NULL);
	registered(bench);
	srandom(1);
	for (i = 0; i < 3000; i++) {
		size_t size = 20 + (size_t)random() % 200, j;

		for (j = 0; j < sizeof(buffer); j++)
			buffer[j] = (char)(random() % 7 ? 0 : random());
		message = (struct nlmsghdr *)buffer;
		message->nlmsg_len = (uint32_t)(random() % 4 ? size : (size_t)random());
		message->nlmsg_type = DOUBLE_FAMILY;
		message->nlmsg_seq = 0;
		((struct genlmsghdr *)(message + 1))->cmd = KITH_CMD_ATTEST;
		double_send_raw(&bench->kernel, buffer, size);
		if (i % 50 == 0)
			bench_wait(bench);
	}
	c = attest(bench, double_add(&bench->kernel, bench->exe));
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(by_path_and_user),
		TEST(by_symbolic_link),
		TEST(two_names_of_one_file_are_ambiguous),
		TEST(by_unit),
		TEST(not_in_another_user_namespace),
		TEST(not_a_file_that_is_gone),
		TEST(a_script_by_its_path),
		TEST(not_the_path_of_another_file),
		TEST(by_digest_and_kind_without_a_name),
		TEST(not_by_another_digest),
		TEST(many_at_once),
		TEST(asked_twice_works_once),
		TEST(program_that_ended),
		TEST(executable_that_is_not_shown),
		TEST(signature_that_fails),
		TEST(malformed_upcalls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
