/* SPDX-License-Identifier: Apache-2.0 */
/* An agent on a double of the kernel, in a directory of its own. */
#ifndef KITH_TESTS_AGENT_HELP_H
#define KITH_TESTS_AGENT_HELP_H

#include "agent.h"
#include "kernel_double.h"
#include "unit.h"

struct bench {
	char directory[64];
	char exe[128]; /* a program of ours, to be attested */
	struct kernel_double kernel;
	struct kith_agent agent;
	bool running;
};

/* One Workload whose `select` entry is @select, in YAML. */
#define WORKLOAD(name, path, select)                       \
	"---\napiVersion: kith/v1\nkind: Workload\n"       \
	"metadata: {name: " name ", owner: o@a.example}\n" \
	"spec:\n  spiffeID: spiffe://a.example/" path "\n" \
	"  select: [" select "]\n  svid:\n    ttl: 1h\n"

/* The same for workload "w" of that path, whose programs share an SVID. */
#define WORKLOAD_SHARING WORKLOAD("w", "w", "{exe: %s}") "    key: workload\n"

/* A bench with an executable and no policy; bench_start() runs the agent. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Writes @text ("%s" is the executable) to policy/@name. */
void bench_policy(struct bench *bench, const char *name, const char *text);
/* The same for a file beside it. Return: its path, static. */
const char *bench_file(struct bench *bench, const char *name, const char *text, unsigned int mode);
/* Starts the agent with an issuer in YAML, "embedded:" when NULL. */
void bench_start(struct bench *bench, const char *issuer);
/* The same, where it may fail. Return: as kith_agent_start(). */
int bench_try_start(struct bench *bench, const char *issuer);
void bench_stop(struct bench *bench);

/* Runs the loop until @condition holds, for 10 s at most. */
#define bench_run_until(bench, condition)                                      \
	do {                                                                   \
		int64_t bench_end = bench_now() + 10000;                       \
		bool bench_good;                                               \
                                                                               \
		while (!(bench_good = (condition)) && bench_now() < bench_end) \
			bench_step(bench);                                     \
		if (!bench_good)                                               \
			fail_msg("not within 10 s: %s", #condition);           \
	} while (0)
bool bench_wait(struct bench *bench); /* one round without waiting */
void bench_step(struct bench *bench);
int64_t bench_now(void);

/* Asks over the control socket while the loop runs: every line of the answer,
 * parsed, in an array. */
struct json_t *bench_ask(struct bench *bench, const char *request);
/* A connection to the control socket with the request sent. */
int bench_connect(struct bench *bench, const char *request);

#endif
