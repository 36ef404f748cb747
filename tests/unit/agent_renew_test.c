// SPDX-License-Identifier: Apache-2.0
/* Renewal, adoption after a restart, reload, generations, a kernel that goes. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "agent_help.h"
#include "base/base.h"
#include "bundles.h"
#include "credentials.h"
#include "kernel.h"
#include "policy.h"
#include "policy/policy.h"

#define POLICY WORKLOAD("w", "w", "{exe: %s}")

/* A credential the kernel holds, at @percent of its time. */
static struct double_credential *hold(struct bench *bench, int percent)
{
	struct double_credential *c = double_add(&bench->kernel, bench->exe);
	int64_t now = kith_now_ms() / 1000;

	c->state = KITH_CREDENTIAL_STATE_READY;
	strcpy(c->spiffe_id, "spiffe://a.example/w");
	strcpy(c->workload, "w");
	c->not_before = now - 10 * percent;
	c->not_after = c->not_before + 1000;
	return c;
}

static void adopts_and_renews_what_is_due(void **state)
{
	struct bench *bench = *state;
	struct double_credential *due = hold(bench, 60), *fresh = hold(bench, 10);
	int64_t before = due->not_after;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, due->times_prepared && !due->prepared);
	assert_true(due->not_after > before + 1000);
	assert_int_equal(due->state, KITH_CREDENTIAL_STATE_READY);
	bench_step(bench);
	assert_int_equal(fresh->times_prepared, 0);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CREDENTIAL_REFUSE], 0);
}

/* The clock was set back while there was no agent, or while there is one. */
static void renews_what_is_not_valid_yet(void **state)
{
	struct bench *bench = *state;
	struct double_credential *found = hold(bench, -50), *later = hold(bench, 10);
	int64_t now = kith_now_ms() / 1000;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, found->times_prepared && !found->prepared);
	assert_true(found->not_before <= now);
	kith_kernel_clock_set(&bench->agent);
	bench_step(bench);
	assert_int_equal(found->times_prepared, 1);
	assert_int_equal(later->times_prepared, 0);
}

/* What failed while the clock was wrong does not wait for the next try. */
static void clock_set_is_the_next_try(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = hold(bench, 60);
	int i;

	bench->kernel.fail[KITH_CMD_CREDENTIAL_SIGN] = 5;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.seen[KITH_CMD_CREDENTIAL_SIGN]);
	kith_kernel_clock_set(&bench->agent);
	/* A fifth of a second; by itself it would wait for one at least. */
	for (i = 0; i < 10; i++)
		bench_step(bench);
	assert_int_equal(c->times_prepared, 2);
}

static void answers_what_waited_for_an_agent(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);
	/* The bundle and the rules were there before. */
	assert_int_equal(bench->kernel.bundles, 1);
	assert_int_equal(bench->kernel.commits, 1);
}

/* What it shares is due: it is asked for anew, and then there is a key to make. */
static void renews_what_is_shared(void **state)
{
	struct bench *bench = *state;
	int64_t now = kith_now_ms() / 1000;
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	c->shares = true;
	c->not_before = now - 600;
	c->not_after = now + 400;
	bench_policy(bench, "a.yaml", WORKLOAD_SHARING);
	bench_start(bench, NULL);
	bench_run_until(bench, c->times_prepared == 2);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CREDENTIAL_SIGN], 0);
	c->shares = false;
	bench_run_until(bench, c->not_after > now + 400);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CREDENTIAL_SIGN], 1);
}

/* Only who shares may be left without a request. */
static void no_request_to_sign(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = double_add(&bench->kernel, bench->exe);

	c->shares = true;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_REFUSED);
	assert_int_equal(c->reason, KITH_REASON_ISSUER);
}

static void failed_renewal_is_tried_again(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = hold(bench, 60);

	bench->kernel.fail[KITH_CMD_CREDENTIAL_SIGN] = 5;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, c->times_prepared == 1);
	assert_int_equal(c->state, KITH_CREDENTIAL_STATE_READY);
	bench_run_until(bench, c->times_prepared == 2 && !c->prepared);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CREDENTIAL_REFUSE], 0);
}

static void no_renewal_without_its_workload(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = hold(bench, 60);

	bench_policy(bench, "a.yaml", WORKLOAD("w", "another", "{exe: %s}"));
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	bench_step(bench);
	bench_step(bench);
	assert_int_equal(c->times_prepared, 0);
}

static void forgets_what_ended(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c = hold(bench, 60);

	bench->kernel.fail[KITH_CMD_CREDENTIAL_PREPARE] = 3;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.seen[KITH_CMD_CREDENTIAL_PREPARE] == 1);
	bench_step(bench);
	assert_int_equal(c->times_prepared, 0);
	assert_int_equal(kith_credentials_busy(bench->agent.credentials), 0);
}

static void generation_goes_up_from_both(void **state)
{
	struct bench *bench = *state;

	bench->kernel.generation = 41;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	assert_int_equal(bench->kernel.generation, 42);
	bench_stop(bench);

	/* The module was loaded anew, the agent remembers. */
	double_init(&bench->kernel);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	assert_int_equal(bench->kernel.generation, 43);
}

static void bad_policy_leaves_the_old(void **state)
{
	struct bench *bench = *state;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	bench_policy(bench, "b.yaml", "kind: Nonsense\n");
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	assert_int_equal(bench->kernel.commits, 1);
	assert_int_equal(bench->kernel.generation, 1);
	bench_policy(bench, "b.yaml", WORKLOAD("v", "v", "{exe: /usr/bin/v}"));
	assert_int_equal(kith_agent_reload(&bench->agent), 0);
	assert_int_equal(bench->kernel.generation, 2);
	assert_int_equal(bench->kernel.n_claims, 2);
}

static void failed_test_leaves_the_old(void **state)
{
	struct bench *bench = *state;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	bench_policy(
		bench, "t.yaml",
		"apiVersion: kith/v1\nkind: PolicyTest\n"
		"metadata: {name: t}\nspec:\n"
		"  - {from: spiffe://a.example/w, to: spiffe://a.example/w, port: 1, expect: allow}\n");
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	assert_int_equal(bench->kernel.generation, 1);
}

static void bad_config_leaves_the_old(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	bench_file(bench, "kith.yaml", "trust_domain: [\n", 0644);
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	assert_string_equal(bench->agent.config.trust_domain, "a.example");
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);
}

static void bad_policy_at_start_is_not_started_with(void **state)
{
	struct bench *bench = *state;

	bench_policy(bench, "a.yaml", "kind: Nonsense\n");
	assert_int_equal(bench_try_start(bench, NULL), -EINVAL);
	assert_int_equal(bench->kernel.seen[KITH_CMD_AGENT_REGISTER], 0);
	assert_int_equal(bench->kernel.seen[KITH_CMD_CONFIG_BEGIN], 0);
	assert_int_equal(bench->kernel.commits, 0);
}

/* The old stays in force, and the agent serves it. */
static void policy_the_kernel_refuses_at_start(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 22;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.seen[KITH_CMD_CONFIG_COMMIT]);
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);
	assert_int_equal(bench->kernel.generation, 0);
	assert_int_equal(bench->kernel.seen[KITH_CMD_AGENT_REGISTER], 1);
}

/* Who a program is stays what the kernel's policy says, not the one it refused. */
static void policy_the_kernel_refuses_later(void **state)
{
	struct bench *bench = *state;
	struct double_credential *c;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits);
	bench_policy(bench, "a.yaml", WORKLOAD("other", "other", "{exe: %s}"));
	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 22;
	assert_int_not_equal(kith_agent_reload(&bench->agent), 0);
	c = double_add(&bench->kernel, bench->exe);
	double_upcall(&bench->kernel, c);
	bench_run_until(bench, c->state == KITH_CREDENTIAL_STATE_READY);
	assert_string_equal(c->workload, "w");

	/* Nor does a later commit bring it, until it is loaded again. */
	bench->kernel.fail[KITH_CMD_CONFIG_COMMIT] = 0;
	assert_int_equal(kith_agent_commit(&bench->agent), 0);
	assert_string_equal(bench->agent.policy->workloads[0].name, "w");
	assert_int_equal(kith_agent_reload(&bench->agent), 0);
	assert_string_equal(bench->agent.policy->workloads[0].name, "other");
}

static void waits_for_the_other_agent_to_go(void **state)
{
	struct bench *bench = *state;

	bench->kernel.busy = true;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.seen[KITH_CMD_AGENT_REGISTER] == 1);
	assert_int_equal(bench->kernel.commits, 0);
	bench->kernel.busy = false;
	bench_run_until(bench, bench->kernel.commits == 1);
}

static void waits_for_the_module(void **state)
{
	struct bench *bench = *state;

	bench->kernel.absent = true;
	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_step(bench);
	assert_null(bench->agent.nl);
	bench->kernel.absent = false;
	bench_run_until(bench, bench->kernel.commits == 1);
}

static void former_ca_stays_for_a_while(void **state)
{
	struct bench *bench = *state;
	const struct kith_bundle *own;

	bench_policy(bench, "a.yaml", POLICY);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	bench_stop(bench);
	double_init(&bench->kernel);
	bench_start(bench, NULL);
	bench_run_until(bench, bench->kernel.commits == 1);
	own = kith_bundles_at(bench->agent.bundles, 0);
	assert_string_equal(own->trust_domain, "a.example");
	assert_int_equal(own->list.n, 2);
}

/* A former CA goes when the longest-lived SVID it signed is past its time; the
 * present one stays. */
static void former_ca_goes_in_time(void **state)
{
	struct bench *bench = *state;
	struct kith_bundles *bundles;
	uint8_t old[KITH_CERT_MAX], new[KITH_CERT_MAX];
	struct kith_blob a = { old, double_certificate(old, 1700000000, 4000000000) };
	struct kith_blob b = { new, double_certificate(new, 1700000000, 4000000000) };
	const struct kith_bundle *own;
	int i;

	bundles = kith_bundles_load(bench->directory, "a.example");
	assert_true(kith_bundles_add_ca(bundles, &a, 1));
	assert_false(kith_bundles_add_ca(bundles, &a, 1));
	assert_true(kith_bundles_add_ca(bundles, &b, 1));
	assert_false(kith_bundles_expire(bundles));
	kith_bundles_free(bundles);

	/* Remembered over a restart. */
	bundles = kith_bundles_load(bench->directory, "a.example");
	own = kith_bundles_at(bundles, 0);
	assert_int_equal(own->list.n, 2);
	for (i = 0; i < 50 && !kith_bundles_expire(bundles); i++)
		usleep(100000);
	assert_int_equal(own->list.n, 1);
	assert_int_equal(own->list.certs[0].size, b.size);
	assert_memory_equal(own->list.certs[0].data, b.data, b.size);
	kith_bundles_free(bundles);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
	const struct CMUnitTest tests[] = {
		TEST(adopts_and_renews_what_is_due),
		TEST(renews_what_is_not_valid_yet),
		TEST(clock_set_is_the_next_try),
		TEST(answers_what_waited_for_an_agent),
		TEST(renews_what_is_shared),
		TEST(no_request_to_sign),
		TEST(failed_renewal_is_tried_again),
		TEST(no_renewal_without_its_workload),
		TEST(forgets_what_ended),
		TEST(generation_goes_up_from_both),
		TEST(bad_policy_leaves_the_old),
		TEST(failed_test_leaves_the_old),
		TEST(bad_config_leaves_the_old),
		TEST(bad_policy_at_start_is_not_started_with),
		TEST(policy_the_kernel_refuses_at_start),
		TEST(policy_the_kernel_refuses_later),
		TEST(waits_for_the_other_agent_to_go),
		TEST(waits_for_the_module),
		TEST(former_ca_stays_for_a_while),
		TEST(former_ca_goes_in_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
