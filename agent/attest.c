// SPDX-License-Identifier: Apache-2.0
#include "attest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent.h"
#include "base/base.h"
#include "base/unit.h"
#include "container.h"
#include "digest.h"
#include "exe.h"
#include "log.h"
#include "netlink/request.h"
#include "policy/policy.h"
#include "run.h"
#include "script.h"
#include "users.h"
#include "verity.h"

/* No process has this uid or gid, and no selector can ask for it. */
#define NO_ID UINT32_MAX

struct kith_attestation {
	struct kith_agent *agent;
	kith_attested_fn *done;
	void *arg;

	int fd; /* the executable */
	enum kith_exe_state exe_state;
	char *exe; /* for people */
	struct kith_script script;
	bool initial; /* in the initial user namespace */
	bool host;    /* and its paths are the host's: users and paths count */
	uint32_t uid, gid;
	uint32_t groups[KITH_GROUPS_MAX];
	size_t n_groups;
	char *cgroup, *unit;
	bool contained;
	struct kith_container container;
	struct kith_container_facts said; /* by its runtime */
	bool hashed, has_verity;
	uint8_t sha256[KITH_DIGEST_SIZE], verity[KITH_DIGEST_SIZE];
	struct kith_digest_job *hashing;
};

void kith_attest_cancel(struct kith_attestation *attestation)
{
	if (!attestation)
		return;
	kith_digest_cancel(attestation->hashing);
	if (attestation->fd >= 0)
		close(attestation->fd);
	free(attestation->exe);
	kith_script_clear(&attestation->script);
	kith_container_clear(&attestation->container);
	kith_container_facts_clear(&attestation->said);
	free(attestation->cgroup);
	free(attestation->unit);
	free(attestation);
}

static void settle(struct kith_attestation *attestation, const struct kith_verdict *verdict)
{
	attestation->done(verdict, attestation->arg);
	kith_attest_cancel(attestation);
}

/* ", podman container box of shop.example/orders:1", or "" */
static char *describe_container(const struct kith_attestation *attestation)
{
	const struct kith_container *container = &attestation->container;
	const char *name = attestation->said.name, *image = attestation->said.image;

	if (!attestation->contained)
		return kith_strdup("");
	return kith_format(", %s container %.255s%s%.1023s%s",
			   kith_container_runtimes[container->runtime - KITH_CONTAINER_PODMAN],
			   name ? name : container->id, image ? " of " : "", image ? image : "",
			   container->owned ? " of a user's own" : "");
}

/* "/usr/bin/x running /opt/y (uid 104 www-data, unit x.service)" */
static char *describe(const struct kith_attestation *attestation)
{
	const char *user = kith_users_user(attestation->agent->users, attestation->uid);
	const char *script = attestation->script.name;
	char *container = describe_container(attestation), *seen;

	seen = kith_format("%s%s%s (uid %u%s%s%s%s%s)",
			   attestation->exe ? attestation->exe : "an unnamed executable",
			   script ? " running " : "", script ? script : "", attestation->uid,
			   user ? " " : "", user ? user : "", attestation->unit ? ", unit " : "",
			   attestation->unit ? attestation->unit : "", container);
	free(container);
	return seen;
}

static void refuse(struct kith_attestation *attestation, const char *why)
{
	char *seen = describe(attestation);
	char *message = kith_format("%s %s", seen, why);
	const struct kith_verdict verdict = { .reason = KITH_REASON_NOT_ATTESTED,
					      .message = message };

	settle(attestation, &verdict);
	free(message);
	free(seen);
}

/* The file is the one of that path in our own view, and the program sees the
 * host's, as services do that systemd hardens. A container's root is neither
 * one of our users nor a reason to trust what else the program sees. */
static bool path_counts(const struct kith_attestation *attestation)
{
	return attestation->exe_state == KITH_EXE_PATH && attestation->host;
}

static void name_groups(const struct kith_attestation *attestation, const char **names)
{
	size_t i;

	for (i = 0; i < attestation->n_groups; i++)
		names[i] = kith_users_group(attestation->agent->users, attestation->groups[i]);
}

static enum kith_policy_file file_kind(enum kith_exe_state state)
{
	if (state == KITH_EXE_MEMORY)
		return KITH_POLICY_FILE_MEMORY;
	return state == KITH_EXE_DELETED ? KITH_POLICY_FILE_DELETED : KITH_POLICY_FILE_NAMED;
}

/* A path in a container counts where nobody in it can mount something else there:
 * in a user namespace of its own a program may. */
static const char *path_in_container(const struct kith_attestation *attestation, const char *exe)
{
	bool named =
		attestation->exe_state == KITH_EXE_PATH || attestation->exe_state == KITH_EXE_OTHER;

	if (attestation->host)
		return exe;
	return attestation->initial && named ? attestation->exe : NULL;
}

/* The same of its script. */
static const char *script_in_container(const struct kith_attestation *attestation)
{
	return attestation->initial ? kith_script_path(&attestation->script, attestation->host)
				    : NULL;
}

static void gather_container(const struct kith_attestation *attestation, const char *exe,
			     struct kith_policy_container_facts *facts)
{
	const struct kith_container *container = &attestation->container;

	*facts = (struct kith_policy_container_facts){
		.runtime = container->runtime,
		.id = container->id,
		.name = attestation->said.name,
		.image = attestation->said.image,
		.owned = container->owned,
		.exe = path_in_container(attestation, exe),
		.script = script_in_container(attestation),
		.uid = attestation->uid,
		.gid = attestation->gid,
	};
	if (container->owned)
		facts->owner = kith_users_user(attestation->agent->users, container->owner);
}

/* Facts, and what they point to. */
struct gathered {
	struct kith_policy_facts facts;
	struct kith_policy_container_facts container;
	const char *group_names[KITH_GROUPS_MAX];
};

/* @exe: the name of the executable that is tried, or NULL. */
static void gather(const struct kith_attestation *attestation, const char *exe,
		   struct gathered *gathered)
{
	struct kith_users *users = attestation->agent->users;
	struct kith_policy_facts *facts = &gathered->facts;

	*facts = (struct kith_policy_facts){
		.uid = NO_ID,
		.gid = NO_ID,
		.exe = exe,
		.interprets = attestation->script.name,
		.file = file_kind(attestation->exe_state),
		.sha256 = attestation->hashed ? attestation->sha256 : NULL,
		.unreadable = attestation->exe_state == KITH_EXE_SERVED,
		.verity = attestation->has_verity ? attestation->verity : NULL,
		.cgroup = attestation->cgroup,
		.unit = attestation->unit,
	};
	if (attestation->contained) {
		gather_container(attestation, exe, &gathered->container);
		facts->container = &gathered->container;
	}
	if (!attestation->host)
		return;
	facts->script = kith_script_path(&attestation->script, true);
	facts->uid = attestation->uid;
	facts->gid = attestation->gid;
	facts->user = kith_users_user(users, attestation->uid);
	facts->group = kith_users_group(users, attestation->gid);
	name_groups(attestation, gathered->group_names);
	facts->groups = attestation->groups;
	facts->group_names = gathered->group_names;
	facts->n_groups = attestation->n_groups;
}

/* Why a path that the policy may ask for was not attested. */
static const char *no_match_reason(const struct kith_attestation *attestation)
{
	if (!attestation->initial)
		return "runs in a user namespace of its own, where users and paths are not attested: select it by container, unit, cgroup or sha256";
	if (!attestation->host)
		return "runs under another root directory in a mount namespace of its own, as containers do, where users and paths are not attested: select it by container, unit, cgroup or sha256";
	if (attestation->exe_state == KITH_EXE_MEMORY)
		return "runs from memory (memfd_create): run it from a file, or select it by its sha256 with file: memory";
	if (attestation->exe_state == KITH_EXE_DELETED)
		return "is not on disk any more: restart the program from its file, or select it by its sha256 with file: deleted";
	if (attestation->exe_state == KITH_EXE_SERVED)
		return "is on a filesystem that a process serves (FUSE) or that was mounted in a user namespace, so Kith may be shown another file than it runs: install it elsewhere, or select it by unit or user";
	if (attestation->exe_state == KITH_EXE_OTHER)
		return "is not the file of that path here: select it by sha256, unit or user";
	if (attestation->script.name)
		return kith_script_trouble(&attestation->script);
	if (attestation->exe && kith_policy_is_interpreter(attestation->exe))
		return "matches no Workload, and is an interpreter, of which arguments do not count: execute the script itself and select it by script, or the interpreter by exe, with user, unit or cgroup";
	return "matches no Workload: add one that selects it, then run kith policy apply";
}

static void accept_match(struct kith_attestation *attestation,
			 const struct kith_policy_match *match)
{
	const struct kith_verdict verdict = {
		.workload = match->workload->name,
		.spiffe_id = match->workload->spiffe_id,
		.ttl = match->workload->ttl,
		.traits = match->workload->traits,
	};

	settle(attestation, &verdict);
}

static void refuse_ambiguous(struct kith_attestation *attestation,
			     const struct kith_policy_match *match)
{
	char *why = kith_format("matches two Workloads, %s and %s: make their selectors differ",
				match->workload->name, match->other->name);

	refuse(attestation, why);
	free(why);
}

/* A program of a task, whatever it executes, is what its user may start a task
 * as: while it is that user, on the host. */
static void decide_run(struct kith_attestation *attestation,
		       const struct kith_credential_info *upcall)
{
	const struct kith_runner runner = {
		.uid = attestation->uid,
		.gid = attestation->gid,
		.groups = attestation->groups,
		.n_groups = attestation->n_groups,
	};
	const struct kith_policy_workload *workload = NULL;
	struct kith_verdict verdict;

	if (upcall->spiffe_id && upcall->workload)
		workload = kith_run_workload(attestation->agent, upcall->spiffe_id,
					     upcall->workload, &runner);
	if (!attestation->host) {
		refuse(attestation,
		       "is of a task of kith run, but in a user namespace or under a root directory of its own");
	} else if (attestation->uid != upcall->run_by) {
		refuse(attestation, "is of a task of kith run that another user started");
	} else if (!workload) {
		refuse(attestation,
		       "is of a task of kith run that the policy does not permit any more");
	} else {
		verdict = (struct kith_verdict){
			.workload = workload->name,
			.spiffe_id = workload->spiffe_id,
			.ttl = upcall->ttl ? upcall->ttl : workload->ttl,
			/* A shared key would outlive the task. */
			.traits = workload->traits & ~(uint32_t)KITH_TRAIT_SHARE_KEY,
		};
		settle(attestation, &verdict);
	}
}

static bool hash(struct kith_attestation *attestation);

/* Takes @match into @all, what other names of the executable matched. */
static void merge(struct kith_policy_match *all, const struct kith_policy_match *match)
{
	if (match->result == KITH_POLICY_NO_MATCH || all->result == KITH_POLICY_AMBIGUOUS)
		return;
	if (match->result == KITH_POLICY_MATCH && all->result == KITH_POLICY_MATCH &&
	    strcmp(match->workload->spiffe_id, all->workload->spiffe_id)) {
		all->result = KITH_POLICY_AMBIGUOUS;
		all->other = match->workload;
	} else if (all->result == KITH_POLICY_NO_MATCH || match->result != KITH_POLICY_MATCH) {
		*all = *match;
	}
}

static void match_name(const struct kith_attestation *attestation, const char *exe,
		       struct kith_policy_match *all)
{
	struct gathered gathered;
	struct kith_policy_match match;

	gather(attestation, exe, &gathered);
	match = kith_policy_match_workload(attestation->agent->policy, &gathered.facts);
	merge(all, &match);
}

/* The kernel names the file itself; a selector may name it by a symbolic link
 * (/usr/bin/redis-server is one on Debian) or another hard link. */
static void match_links(const struct kith_attestation *attestation,
			const struct kith_policy_workload *workload, struct kith_policy_match *all)
{
	const char *exe;
	size_t i;

	for (i = 0; i < workload->n_selectors; i++) {
		exe = workload->selectors[i].exe;
		if (exe && strcmp(exe, attestation->exe) && kith_exe_is(attestation->fd, exe))
			match_name(attestation, exe, all);
	}
}

static struct kith_policy_match match_all(const struct kith_attestation *attestation)
{
	struct kith_policy_match all = { .result = KITH_POLICY_NO_MATCH };
	const struct kith_policy_set *policy = attestation->agent->policy;
	bool counts = path_counts(attestation);
	size_t i;

	match_name(attestation, counts ? attestation->exe : NULL, &all);
	for (i = 0; counts && i < policy->n_workloads; i++)
		match_links(attestation, &policy->workloads[i], &all);
	return all;
}

/* Return: whether the executable is being hashed; the attestation is over
 * otherwise. */
static bool decide(struct kith_attestation *attestation)
{
	struct kith_policy_match match = match_all(attestation);

	switch (match.result) {
	case KITH_POLICY_MATCH:
		accept_match(attestation, &match);
		return false;
	case KITH_POLICY_AMBIGUOUS:
		refuse_ambiguous(attestation, &match);
		return false;
	case KITH_POLICY_NEED_SHA256:
		if (attestation->hashed) {
			refuse(attestation, "could not be matched");
			return false;
		}
		return hash(attestation);
	default:
		refuse(attestation, no_match_reason(attestation));
		return false;
	}
}

static void on_hashed(const uint8_t *sha256, void *arg)
{
	struct kith_attestation *attestation = arg;

	attestation->hashing = NULL;
	if (!sha256) {
		refuse(attestation, "could not be read or changed while it was: see the log");
		return;
	}
	memcpy(attestation->sha256, sha256, sizeof(attestation->sha256));
	attestation->hashed = true;
	decide(attestation);
}

static bool hash(struct kith_attestation *attestation)
{
	struct kith_agent *agent = attestation->agent;

	attestation->hashed =
		kith_digests_find(agent->digests, attestation->fd, attestation->sha256);
	if (attestation->hashed)
		return decide(attestation);
	attestation->hashing = kith_digest_start(agent->digests, agent->loop, attestation->fd,
						 on_hashed, attestation);
	return true;
}

static struct kith_attestation *copy_upcall(struct kith_agent *agent,
					    const struct kith_credential_info *upcall)
{
	struct kith_attestation *attestation = kith_alloc(sizeof(*attestation));

	attestation->agent = agent;
	attestation->fd = -1;
	attestation->initial = upcall->user_ns == KITH_USER_NS_INITIAL;
	attestation->host = attestation->initial && upcall->mount_ns_initial;
	attestation->uid = upcall->uid;
	attestation->gid = upcall->gid;
	if (upcall->groups.size)
		memcpy(attestation->groups, upcall->groups.data, upcall->groups.size);
	attestation->n_groups = upcall->groups.size / sizeof(uint32_t);
	attestation->cgroup = kith_strdup(upcall->cgroup);
	attestation->contained =
		upcall->cgroup && kith_container_of_cgroup(upcall->cgroup, &attestation->container);
	if (attestation->contained)
		kith_container_ask("", &attestation->container, &attestation->said);
	attestation->unit = upcall->cgroup ? kith_unit_of_cgroup(upcall->cgroup) : NULL;
	return attestation;
}

/* Return: 0, or why the program cannot be looked at: -errno. */
static int look_at(struct kith_attestation *attestation, const struct kith_program_info *program)
{
	struct kith_nl *nl = attestation->agent->nl;

	attestation->fd = kith_request_program_exe(nl, program->id);
	if (attestation->fd < 0)
		attestation->exe = kith_strdup(program->exe);
	if (attestation->fd == -EREMOTE)
		attestation->exe_state = KITH_EXE_SERVED;
	else if (attestation->fd < 0)
		return attestation->fd;
	else
		attestation->exe_state =
			kith_exe_path(attestation->fd, attestation->host, &attestation->exe);
	kith_script_ask(nl, program, attestation->host, &attestation->script);
	if (attestation->fd >= 0)
		attestation->has_verity = kith_verity_measure(attestation->fd, attestation->verity);
	return 0;
}

struct kith_attestation *kith_attest(struct kith_agent *agent,
				     const struct kith_credential_info *upcall,
				     kith_attested_fn *done, void *arg)
{
	struct kith_attestation *attestation = copy_upcall(agent, upcall);
	char *why;
	int ret;

	attestation->done = done;
	attestation->arg = arg;
	ret = look_at(attestation, &upcall->program);
	if (ret) {
		why = kith_format("could not be opened: %s (it may have ended)", strerror(-ret));
		refuse(attestation, why);
		free(why);
		return NULL;
	}
	if (upcall->has_run_by) {
		decide_run(attestation, upcall);
		return NULL;
	}
	return decide(attestation) ? attestation : NULL;
}
