// SPDX-License-Identifier: Apache-2.0
/*
 * `kith doctor`: is this node inside the supported envelope? Each check looks
 * at one thing and says what to do about it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/base.h"
#include "client.h"
#include "direct.h"
#include "policy/policy.h"
#include "table.h"
#include "unreached.h"
#include <linux/kith.h>

#define SMALL_FILE (4U << 20)

enum outcome { OK, ADVICE, FAIL };

struct check {
	const char *name;
	/* Fills the two with static text, or what @detail formats. */
	enum outcome (*look)(const struct kith_options *options, char *detail, size_t size,
			     const char **remedy);
};

static char *read_text(const char *path)
{
	char *text;

	return kith_read_file(path, SMALL_FILE, &text, NULL) ? NULL : text;
}

static enum outcome look_kernel(const struct kith_options *options, char *detail, size_t size,
				const char **remedy)
{
	struct utsname name;
	unsigned int major, minor;

	uname(&name);
	snprintf(detail, size, "%s %s", name.release, name.machine);
	*remedy = "Kith is tested on Debian's 6.1 and 6.12 kernels, on x86_64";
	if (sscanf(name.release, "%u.%u", &major, &minor) != 2 || strcmp(name.machine, "x86_64"))
		return FAIL;
	return major == 6 && (minor == 1 || minor == 12) ? OK : FAIL;
}

/* Whether a list of modules of this kernel names @module. */
static bool is_listed(const char *list, const char *module)
{
	struct utsname name;
	char *path, *text;
	bool found;

	uname(&name);
	path = kith_format("/lib/modules/%s/%s", name.release, list);
	text = read_text(path);
	found = text && strstr(text, module);
	free(text);
	free(path);
	return found;
}

static enum outcome look_tls(const struct kith_options *options, char *detail, size_t size,
			     const char **remedy)
{
	*remedy = "use a kernel with CONFIG_TLS: the kernel carries the bytes with it";
	if (!access("/sys/module/tls", F_OK))
		snprintf(detail, size, "loaded");
	else if (is_listed("modules.builtin", "net/tls/tls.ko"))
		snprintf(detail, size, "built in");
	else if (is_listed("modules.dep", "net/tls/tls.ko"))
		snprintf(detail, size, "there as a module");
	else
		return snprintf(detail, size, "CONFIG_TLS is off, or its module is not installed"),
		       FAIL;
	return OK;
}

static enum outcome look_lockdown(const struct kith_options *options, char *detail, size_t size,
				  const char **remedy)
{
	char *text = read_text("/sys/kernel/security/lockdown");
	const char *state = !text				? "unknown"
			    : strstr(text, "[confidentiality]") ? "confidentiality"
			    : strstr(text, "[integrity]")	? "integrity"
								: "none";
	enum outcome outcome = strcmp(state, "confidentiality") ? ADVICE : OK;

	snprintf(detail, size, "%s", state);
	*remedy =
		"boot with lockdown=confidentiality and a signed module: otherwise root can read keys out of kernel memory";
	free(text);
	return outcome;
}

static bool module_is_signed(void)
{
	static const char trailer[] = "~Module signature appended~\n";
	char end[sizeof(trailer)] = "", *path;
	struct utsname name;
	bool is_signed;
	FILE *file;

	uname(&name);
	path = kith_format("/lib/modules/%s/extra/kith.ko", name.release);
	file = fopen(path, "re");
	is_signed = file && !fseek(file, -(long)(sizeof(trailer) - 1), SEEK_END) &&
		    fread(end, 1, sizeof(trailer) - 1, file) == sizeof(trailer) - 1 &&
		    !strcmp(end, trailer);
	if (file)
		fclose(file);
	free(path);
	return is_signed;
}

static bool signatures_enforced(void)
{
	char *enforce = read_text("/sys/module/module/parameters/sig_enforce");
	char *lockdown = read_text("/sys/kernel/security/lockdown");
	bool enforced = (enforce && *enforce == 'Y') || (lockdown && !strstr(lockdown, "[none]"));

	free(enforce);
	free(lockdown);
	return enforced;
}

static enum outcome look_signatures(const struct kith_options *options, char *detail, size_t size,
				    const char **remedy)
{
	bool enforced = signatures_enforced(), is_signed = module_is_signed();

	snprintf(detail, size, "%s, kith.ko is %s", enforced ? "enforced" : "not enforced",
		 is_signed ? "signed" : "not signed");
	*remedy =
		"sign kith.ko with a key this machine trusts (mokutil --import), or the kernel will not load it";
	return enforced && !is_signed && access("/sys/module/kith", F_OK) ? FAIL : OK;
}

static enum outcome look_bpf_lsm(const struct kith_options *options, char *detail, size_t size,
				 const char **remedy)
{
	char *text = read_text("/sys/kernel/security/lsm"), *name, *rest = text;
	enum outcome outcome = FAIL;

	*remedy =
		"add bpf to the kernel's lsm= parameter, keeping what it lists now (cat /sys/kernel/security/lsm)";
	if (!text) {
		snprintf(detail, size, "unknown: securityfs is not mounted");
		*remedy = "mount -t securityfs securityfs /sys/kernel/security";
		return FAIL;
	}
	while ((name = strsep(&rest, ",\n")))
		if (!strcmp(name, "bpf"))
			outcome = OK;
	snprintf(detail, size, "%s", outcome == OK ? "active" : "not active");
	free(text);
	return outcome;
}

static enum outcome look_cgroup(const struct kith_options *options, char *detail, size_t size,
				const char **remedy)
{
	bool unified = !access("/sys/fs/cgroup/cgroup.controllers", F_OK);

	snprintf(detail, size, "%s", unified ? "unified hierarchy" : "no unified hierarchy");
	*remedy =
		"boot with systemd.unified_cgroup_hierarchy=1: units and cgroups are attested by cgroup2";
	return unified ? OK : FAIL;
}

/* One of the two objects of kithd's status, or NULL. */
static json_t *ask_status(const struct kith_options *options, const char *part)
{
	json_t *status = NULL, *object;

	kith_ask_quietly(options, json_pack("{s:s}", "command", "status"), NULL, NULL, &status);
	object = json_incref(json_object_get(status, part));
	json_decref(status);
	return object;
}

/* The module's status by kithd, or by the kernel itself. */
static json_t *ask_module(const struct kith_options *options, const char **why)
{
	json_t *kernel = ask_status(options, "kernel");

	*why = "the module does not answer";
	return kernel ? kernel : kith_direct_status(why);
}

static enum outcome look_module(const struct kith_options *options, char *detail, size_t size,
				const char **remedy)
{
	json_t *kernel;
	const char *why;
	long long abi;

	*remedy = "install the module and load it: make install, modprobe kith";
	if (access("/sys/module/kith", F_OK)) {
		snprintf(detail, size, "not loaded");
		return FAIL;
	}
	kernel = ask_module(options, &why);
	abi = json_integer_value(json_object_get(kernel, "abi"));
	if (!kernel) {
		snprintf(detail, size, "loaded; %s", why);
		*remedy = "run kith doctor as root";
		return ADVICE;
	}
	snprintf(detail, size, "%s, contract %lld, this build's is %d",
		 kith_text(kernel, "version"), abi, KITH_ABI);
	if (abi != KITH_ABI)
		*remedy =
			"module and agent are of different builds: install both again, then reload";
	json_decref(kernel);
	return abi == KITH_ABI ? OK : FAIL;
}

/* Of use only where something is claimed: the kernel takes no claims without them,
 * unless kith.yaml leaves the doors open, or they were detached since. */
static enum outcome look_doors(const struct kith_options *options, char *detail, size_t size,
			       const char **remedy)
{
	const char *why;
	json_t *kernel = ask_module(options, &why);
	bool guarded = json_is_true(json_object_get(kernel, "guarded"));
	bool claims = json_integer_value(json_object_get(kernel, "claims")) > 0;

	*remedy =
		"systemctl restart kithd, which puts them in place, and journalctl -u kithd for why not; close open_doors in kith.yaml";
	if (!kernel) {
		snprintf(detail, size, "unknown: %s", why);
		*remedy = "load the module (modprobe kith) and run kith doctor as root";
	} else {
		snprintf(detail, size, "%s",
			 guarded  ? "held by BPF LSM programs"
			 : claims ? "OPEN to claimed programs: no BPF LSM programs are in place"
				  : "nobody is claimed, and no BPF LSM programs are in place");
	}
	json_decref(kernel);
	return guarded ? OK : claims ? FAIL : ADVICE;
}

static enum outcome look_agent(const struct kith_options *options, char *detail, size_t size,
			       const char **remedy)
{
	json_t *agent = ask_status(options, "agent");
	bool registered = json_is_true(json_object_get(agent, "registered"));

	snprintf(detail, size, "%s",
		 !agent	      ? "cannot be reached"
		 : registered ? "running, registered"
			      : "running, not registered");
	json_decref(agent);
	*remedy = "systemctl status kithd; journalctl -u kithd";
	return registered ? OK : ADVICE;
}

static enum outcome look_policy(const struct kith_options *options, char *detail, size_t size,
				const char **remedy)
{
	json_t *agent = ask_status(options, "agent");
	enum outcome outcome = ADVICE;

	if (!agent) {
		snprintf(detail, size, "unknown: kithd cannot be reached");
		*remedy = "systemctl status kithd; journalctl -u kithd";
	} else if (!strcmp(kith_text(agent, "policy"), "last-good")) {
		snprintf(detail, size, "the last good one, of %s: %s has errors",
			 kith_text(agent, "policy_since"), kith_text(agent, "policy_dir"));
		*remedy = "kith policy test that directory, mend it, then kith policy apply";
	} else {
		snprintf(detail, size, "that of %s", kith_text(agent, "policy_dir"));
		outcome = OK;
	}
	json_decref(agent);
	return outcome;
}

static void list_names(const json_t *names, char *detail, size_t size)
{
	size_t used = (size_t)snprintf(detail, size, "named by exe or user, but NOT claimed:");
	const json_t *value;
	const char *name;

	json_object_foreach((json_t *)names, name, value)
		if (used < size)
			used += (size_t)snprintf(detail + used, size - used, " %s", name);
}

static enum outcome look_user_namespaces(const struct kith_options *options, char *detail,
					 size_t size, const char **remedy)
{
	json_t *agent = ask_status(options, "agent"), *names;
	const char *directory = kith_text(agent, "policy_dir");
	struct kith_policy_set *set;
	size_t n;

	if (!agent || geteuid()) {
		json_decref(agent);
		snprintf(detail, size, "unknown");
		*remedy = "run kith doctor as root while kithd runs";
		return ADVICE;
	}
	set = kith_policy_load(&directory, 1);
	names = kith_unreached("/proc", set);
	n = json_object_size(names);
	if (n)
		list_names(names, detail, size);
	else
		snprintf(detail, size, "no program that policy names has its own");
	*remedy =
		"select them by unit or cgroup alone: with PrivateUsers= a unit has a user namespace of its own, where exe, user and group do not hold";
	json_decref(names);
	kith_policy_free(set);
	json_decref(agent);
	return n ? ADVICE : OK;
}

static const struct check checks[] = {
	{ "kernel", look_kernel },
	{ "kernel TLS", look_tls },
	{ "cgroup2", look_cgroup },
	{ "lockdown", look_lockdown },
	{ "module signatures", look_signatures },
	{ "BPF LSM", look_bpf_lsm },
	{ "kith.ko", look_module },
	{ "doors", look_doors },
	{ "kithd", look_agent },
	{ "policy", look_policy },
	{ "user namespaces", look_user_namespaces },
};

static const char *word(enum outcome outcome)
{
	static const char *const words[] = { "ok", "advice", "FAIL" };

	return words[outcome];
}

static int run(const struct kith_options *options, int argc, char **argv)
{
	struct kith_table_text *table =
		kith_table_text_new(4, "CHECK", "RESULT", "FOUND", "REMEDY");
	int status = KITH_EXIT_OK;
	json_t *list = json_array();
	size_t i;

	if (argc > 1)
		return kith_usage(&kith_command_doctor, "unexpected argument \"%s\"", argv[1]);
	for (i = 0; i < KITH_ARRAY_SIZE(checks); i++) {
		const char *remedy = "";
		enum outcome outcome;
		char detail[256];

		outcome = checks[i].look(options, detail, sizeof(detail), &remedy);
		if (outcome == OK)
			remedy = "";
		if (outcome == FAIL)
			status = KITH_EXIT_FAILED;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "check",
						      checks[i].name, "result", word(outcome),
						      "found", detail, "remedy", remedy));
		kith_table_text_add(table, checks[i].name, word(outcome), detail, remedy);
	}
	if (options->json)
		kith_print_json(list);
	else
		kith_table_text_print(table, "");
	json_decref(list);
	return status;
}

const struct kith_command kith_command_doctor = {
	.name = "doctor",
	.summary = "is this node inside the supported envelope",
	.help = "doctor\n"
		"\n"
		"Looks at kernel, kernel TLS, cgroup2, lockdown, module signatures, BPF LSM,\n"
		"module, doors, agent and policy, looks for programs that policy names and\n"
		"claims do not reach, and says what to do about each.\n"
		"\n"
		"Exit status: 1 when the node is outside the supported envelope (a FAIL);\n"
		"advice alone is 0.",
	.run = run,
};
