// SPDX-License-Identifier: Apache-2.0
/* What selectors imply for the kernel: what it touches at all. */
#include <stdlib.h>
#include <string.h>

#include "set.h"

/* interpreters ------------------------------------------------------------- */

bool kith_policy_is_interpreter(const char *exe)
{
	/* Each also with a version: python3.11, php8.2, lua5.4. */
	static const char *const names[] = {
		"sh",	 "bash",     "dash",	"ash",	"zsh",	  "ksh",   "mksh", "csh",
		"tcsh",	 "fish",     "busybox", "env",	"python", "pypy",  "perl", "ruby",
		"jruby", "node",     "nodejs",	"deno", "bun",	  "java",  "php",  "php-cgi",
		"lua",	 "luajit",   "tclsh",	"wish", "expect", "guile", "R",	   "Rscript",
		"erl",	 "beam.smp", "elixir",	"mono", "dotnet", "pwsh",  "awk",  "gawk",
		"mawk",	 "julia",    "groovy",	"raku",
	};
	const char *base = strrchr(exe, '/');
	size_t i, len;

	base = base ? base + 1 : exe;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		len = strlen(names[i]);
		if (!strncmp(base, names[i], len) &&
		    !base[len + strspn(base + len, "0123456789.-")])
			return true;
	}
	return false;
}

/* units --------------------------------------------------------------------- */

/* systemd escapes a template's name when it makes a slice of it. */
static void escape_prefix(char *out, const char *name, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c == '-' || c == '\\' || (c == '.' && !i)) {
			*out++ = '\\';
			*out++ = 'x';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		} else {
			*out++ = (char)c;
		}
	}
	*out = 0;
}

/* Where systemd puts a unit that sets no Slice=. */
static const char *unit_cgroup(struct kith_arena *arena, const char *unit)
{
	const char *at = strchr(unit, '@');
	char prefix[4 * 256 + 1];

	if (!at)
		return kith_arena_printf(arena, "/system.slice/%s", unit);
	escape_prefix(prefix, unit, (size_t)(at - unit));
	return kith_arena_printf(arena, "/system.slice/system-%s.slice/%s", prefix, unit);
}

/* claims -------------------------------------------------------------------- */

static void add_path(struct kith_policy_loaded *loaded, enum kith_claim_kind kind, const char *path,
		     const char *unit, const struct kith_policy_selector *s, const char *workload)
{
	struct kith_policy_claim *claim = KITH_POLICY_ADD(loaded, claims);

	claim->kind = kind;
	claim->path = path;
	claim->unit = unit;
	claim->workload = workload;
	claim->place = s->place;
}

static bool claim_exe(struct kith_policy_loaded *loaded, const struct kith_policy_selector *s,
		      const char *workload)
{
	if (!s->exe)
		return false;
	add_path(loaded, KITH_CLAIM_KIND_EXE, s->exe, NULL, s, workload);
	return true;
}

static bool claim_cgroup(struct kith_policy_loaded *loaded, const struct kith_policy_selector *s,
			 const char *workload)
{
	if (s->cgroup)
		add_path(loaded, KITH_CLAIM_KIND_CGROUP, s->cgroup, NULL, s, workload);
	else if (s->unit)
		add_path(loaded, KITH_CLAIM_KIND_CGROUP, unit_cgroup(&loaded->arena, s->unit),
			 s->unit, s, workload);
	return s->cgroup || s->unit;
}

static bool claim_user(struct kith_policy_loaded *loaded, const struct kith_policy_selector *s,
		       const char *workload)
{
	struct kith_policy_claim *claim;

	if (!s->has_uid && !s->user)
		return false;
	claim = KITH_POLICY_ADD(loaded, claims);
	claim->kind = KITH_CLAIM_KIND_UID;
	claim->uid = s->uid;
	claim->user = s->user;
	claim->workload = workload;
	claim->place = s->place;
	return true;
}

bool kith_policy_claim_selector(struct kith_policy_loaded *loaded,
				const struct kith_policy_selector *s, enum kith_policy_claim_by by,
				const char *workload)
{
	/* Paths and users of a container are not the host's, whose the kernel compares. */
	if (s->container && by != KITH_POLICY_CLAIM_DEFAULT && by != KITH_POLICY_CLAIM_CGROUP)
		return false;
	if (s->container)
		by = KITH_POLICY_CLAIM_CGROUP;
	switch (by) {
	case KITH_POLICY_CLAIM_EXE:
		return claim_exe(loaded, s, workload);
	case KITH_POLICY_CLAIM_USER:
		return claim_user(loaded, s, workload);
	case KITH_POLICY_CLAIM_CGROUP:
		return claim_cgroup(loaded, s, workload);
	default:
		/* Claiming an interpreter would touch every script on the host. */
		if (s->exe && !kith_policy_is_interpreter(s->exe))
			return claim_exe(loaded, s, workload);
		return claim_cgroup(loaded, s, workload) || claim_user(loaded, s, workload);
	}
}

/* A total order on what claims match; 0: the same. */
static int compare_what(const struct kith_policy_claim *a, const struct kith_policy_claim *b)
{
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = strcmp(a->path ? a->path : "", b->path ? b->path : "");
	if (!order)
		order = strcmp(a->unit ? a->unit : "", b->unit ? b->unit : "");
	if (!order)
		order = strcmp(a->user ? a->user : "", b->user ? b->user : "");
	if (order)
		return order;
	if (a->uid != b->uid)
		return a->uid < b->uid ? -1 : 1;
	if (a->any_address != b->any_address)
		return a->any_address ? -1 : 1;
	order = memcmp(a->address, b->address, sizeof(a->address));
	return order ? order : (int)a->port - (int)b->port;
}

static int compare(const void *left, const void *right)
{
	const struct kith_policy_claim *a = left, *b = right;
	int order = compare_what(a, b);

	if (!order)
		order = strcmp(a->place.file, b->place.file);
	if (order)
		return order;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	return (int)a->place.column - (int)b->place.column;
}

void kith_policy_sort_claims(struct kith_policy_loaded *loaded)
{
	size_t kept = 0, i;

	if (loaded->n_claims)
		qsort(loaded->claims, loaded->n_claims, sizeof(*loaded->claims), compare);
	for (i = 0; i < loaded->n_claims; i++)
		if (!kept || compare_what(&loaded->claims[kept - 1], &loaded->claims[i]))
			loaded->claims[kept++] = loaded->claims[i];
	loaded->n_claims = kept;
}
