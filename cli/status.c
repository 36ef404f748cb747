// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client.h"
#include "direct.h"
#include "openings.h"

static void line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *name, const char *format, ...)
{
	va_list args;

	printf("%-14s", name);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static long long number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void print_clock(const json_t *clock)
{
	long long step = number(clock, "last_step_ms");

	if (number(clock, "times_set"))
		line("clock", "set %lld times since kithd started, last %s by %lld s, at %s",
		     number(clock, "times_set"), step < 0 ? "back" : "forward", llabs(step) / 1000,
		     kith_text(clock, "set_at"));
	if (number(clock, "behind_seconds"))
		line("CLOCK", "%lld s behind what this host has seen (set the clock)",
		     number(clock, "behind_seconds"));
}

static void print_openings(const json_t *agent)
{
	const json_t *doors = json_object_get(agent, "open_doors");
	const json_t *door;
	size_t i;

	if (number(agent, "openings"))
		line("openings", "%lld without identity, listed below", number(agent, "openings"));
	if (!json_array_size(doors))
		return;
	printf("%-14s", "OPEN DOORS");
	json_array_foreach(doors, i, door)
		printf("%s%s", i ? ", " : "", json_string_value(door));
	printf(": to every claimed program (open_doors in %s)\n", kith_text(agent, "config"));
}

static void print_agent(const json_t *agent)
{
	bool last_good = !strcmp(kith_text(agent, "policy"), "last-good");
	const char *directory = kith_text(agent, "policy_dir");

	line("kithd", "%s, pid %lld, since %s, %s", kith_text(agent, "version"),
	     number(agent, "pid"), kith_text(agent, "started"),
	     json_is_true(json_object_get(agent, "registered"))
		     ? "registered"
		     : "NOT registered with the kernel (see journalctl -u kithd)");
	line("trust domain", "%s, %s issuer", kith_text(agent, "trust_domain"),
	     kith_text(agent, "issuer"));
	line("policy", "generation %lld: %lld workloads, %lld rules from %s",
	     number(agent, "generation"), number(agent, "workloads"), number(agent, "rules"),
	     last_good ? "the last good copy" : directory);
	print_openings(agent);
	if (last_good)
		line("DEGRADED",
		     "%s has errors; in force is what was good since %s (see kith policy test %s, mend it, then kith policy apply)",
		     directory, kith_text(agent, "policy_since"), directory);
	if (number(agent, "under_way"))
		line("attesting", "%lld under way", number(agent, "under_way"));
	print_clock(json_object_get(agent, "clock"));
}

static void print_counters(const json_t *counters)
{
	const char *name, *before = "";
	const json_t *value;

	if (!json_object_size(counters))
		return;
	printf("%-14s", "decisions");
	json_object_foreach((json_t *)counters, name, value) {
		printf("%s%s %lld", before, name, (long long)json_integer_value(value));
		before = ", ";
	}
	putchar('\n');
}

static void print_kernel(const json_t *kernel)
{
	const json_t *ca = json_object_get(kernel, "ca");

	line("kith.ko", "%s, contract %lld, %s", kith_text(kernel, "version"),
	     number(kernel, "abi"),
	     json_is_true(json_object_get(kernel, "hooked")) ? "sockets are hooked"
							     : "sockets are NOT hooked");
	line("doors", "%s",
	     json_is_true(json_object_get(kernel, "guarded"))
		     ? "held by BPF LSM programs"
		     : "OPEN but MPTCP: no BPF LSM programs are in place");
	line("in force", "generation %lld, %lld claims", number(kernel, "generation"),
	     number(kernel, "claims"));
	if (number(kernel, "revocations"))
		line("revoked", "%lld identities (see kith revoke --list)",
		     number(kernel, "revocations"));
	line("held", "%lld programs, %lld credentials, %lld connections, %lld listeners",
	     number(kernel, "programs"), number(kernel, "credentials"),
	     number(kernel, "connections"), number(kernel, "listeners"));
	if (ca)
		line("embedded CA", "%s, until %s", kith_text(ca, "trust_domain"),
		     kith_text(ca, "not_after"));
	print_counters(json_object_get(kernel, "counters"));
	if (number(kernel, "events_lost"))
		line("events lost", "%lld", number(kernel, "events_lost"));
}

/* What is let through without an identity belongs to the state: @status gets a list. */
static int add_openings(const struct kith_options *options, json_t *status)
{
	json_t *list = json_array();

	json_object_set_new(json_object_get(status, "agent"), "opened", list);
	return kith_openings_ask(options, list);
}

static void print_status(const json_t *status, const char *why)
{
	const json_t *agent = json_object_get(status, "agent");
	const json_t *kernel = json_object_get(status, "kernel");

	if (agent)
		print_agent(agent);
	else
		line("kithd",
		     "NOT running: what the kernel holds keeps working until it expires (systemctl start kithd)");
	if (kernel)
		print_kernel(kernel);
	else
		line("kith.ko", "%s", why);
	if (json_array_size(json_object_get(agent, "opened"))) {
		putchar('\n');
		kith_openings_print(json_object_get(agent, "opened"), "");
	}
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	const char *why = "the kernel did not answer (is the module loaded? modprobe kith)";
	json_t *status = NULL, *request, *kernel;
	int ret;

	if (argc > 1)
		return kith_usage(&kith_command_status, "unexpected argument \"%s\"", argv[1]);
	request = json_pack("{s:s}", "command", "status");
	/* Only root can ask the kernel instead. */
	if (geteuid())
		ret = kith_ask(options, request, NULL, NULL, &status);
	else
		ret = kith_ask_quietly(options, request, NULL, NULL, &status);
	if (ret == KITH_EXIT_FAILED || (ret != KITH_EXIT_OK && geteuid()))
		return ret;
	if (ret == KITH_EXIT_UNREACHABLE) {
		status = json_object();
		kernel = kith_direct_status(&why);
		if (kernel)
			json_object_set_new(status, "kernel", kernel);
	} else if (add_openings(options, status)) {
		json_decref(status);
		return KITH_EXIT_FAILED;
	}
	if (options->json)
		kith_print_json(status);
	else
		print_status(status, why);
	if (ret == KITH_EXIT_OK && !json_object_get(status, "kernel"))
		ret = KITH_EXIT_FAILED;
	json_decref(status);
	return ret;
}

const struct kith_command kith_command_status = {
	.name = "status",
	.summary = "state of agent, module and policy",
	.help = "status\n"
		"\n"
		"Shows the agent, the module, the policy generation in force, how many\n"
		"decisions fell for which reason, and the policy's openings, as kith report\n"
		"does. Without kithd it asks the kernel (as root)\n"
		"and exits with 3; with kithd but without the module it exits with 1.",
	.run = run,
};
