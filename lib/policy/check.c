// SPDX-License-Identifier: Apache-2.0
/* What only shows once every file is read: duplicates, overlaps, strays. */
#include <stdlib.h>
#include <string.h>

#include "set.h"

#define OVERLAP_WARNINGS_MAX 50

/* names --------------------------------------------------------------------- */

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_named(const void *left, const void *right)
{
	const struct kith_policy_named *a = left, *b = right;
	int order = strcmp(a->kind, b->kind);

	if (!order)
		order = strcmp(a->name, b->name);
	if (!order)
		order = strcmp(a->path, b->path);
	if (order)
		return order;
	return a->place.line < b->place.line ? -1 : a->place.line > b->place.line;
}

static void check_names(struct kith_policy_loaded *loaded)
{
	size_t i;

	if (loaded->n_named)
		qsort(loaded->named, loaded->n_named, sizeof(*loaded->named), compare_named);
	for (i = 1; i < loaded->n_named; i++) {
		const struct kith_policy_named *a = &loaded->named[i - 1], *b = a + 1;

		if (strcmp(a->kind, b->kind) || strcmp(a->name, b->name))
			continue;
		kith_policy_report(loaded, KITH_POLICY_ERROR, b->path,
				   kith_arena_printf(&loaded->arena, "%s/%s", b->kind, b->name),
				   b->place.line, b->place.column, "rename one of them",
				   "the name is taken by %s:%u", a->path, a->place.line);
	}
}

/* identities ---------------------------------------------------------------- */

static int compare_ids(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A policy for an identity that no Workload here has is a slip of the pen, or
 * meant for another host. */
static void check_subjects(struct kith_policy_loaded *loaded)
{
	const char **ids = kith_array_alloc(loaded->n_workloads, sizeof(*ids));
	size_t n = 0, i;

	for (i = 0; i < loaded->n_workloads; i++)
		if (loaded->workloads[i].spiffe_id)
			ids[n++] = loaded->workloads[i].spiffe_id;
	if (n)
		qsort(ids, n, sizeof(*ids), compare_ids);
	for (i = 0; i < loaded->n_policies; i++) {
		const struct kith_policy_document *p = &loaded->policies[i];

		if (n && bsearch(&p->subject, ids, n, sizeof(*ids), compare_ids))
			continue;
		kith_policy_report(loaded, KITH_POLICY_WARNING, p->path,
				   kith_arena_printf(&loaded->arena, "Policy/%s", p->name),
				   p->subject_place.line, p->subject_place.column,
				   "correct for, or add the Workload",
				   "no Workload has the identity %s", p->subject);
	}
	free(ids);
}

/* selectors ------------------------------------------------------------------ */

struct entry {
	const struct kith_policy_workload *workload;
	const struct kith_policy_selector *selector;
	uint64_t exe, user, unit; /* hashes; 0: not set */
};

/* How the programs two entries match relate. */
enum relation {
	DISJOINT,  /* or nothing to tell */
	OVERLAP,   /* they share a fact, and nothing tells them apart */
	CONTAINED, /* all that one matches, the other matches */
};

/* What the two sides ask for that the other does not. Entries that share no
 * fact ({exe: /bin/a} and {user: b}) can in theory match one program, too; to
 * warn of each such pair would be noise, and attestation refuses the program. */
struct narrower {
	bool disjoint, shared, a, b;
};

static void relate_text(struct narrower *n, const char *a, const char *b)
{
	if (a && b && !strcmp(a, b))
		n->shared = true;
	else if (a && b)
		n->disjoint = true;
	else if (a)
		n->a = true;
	else if (b)
		n->b = true;
}

static void relate_number(struct narrower *n, bool has_a, uint32_t a, bool has_b, uint32_t b)
{
	if (has_a && has_b && a == b)
		n->shared = true;
	else if (has_a && has_b)
		n->disjoint = true;
	else if (has_a)
		n->a = true;
	else if (has_b)
		n->b = true;
}

/* A program may have many supplementary groups: two are no contradiction. */
static void relate_supplementary(struct narrower *n, const struct kith_policy_selector *a,
				 const struct kith_policy_selector *b)
{
	bool has_a = a->supplementary_group || a->has_supplementary_gid;
	bool has_b = b->supplementary_group || b->has_supplementary_gid;

	if (has_a && has_b && a->has_supplementary_gid == b->has_supplementary_gid &&
	    a->supplementary_gid == b->supplementary_gid &&
	    !compare_text(a->supplementary_group, b->supplementary_group)) {
		n->shared = true;
		return;
	}
	n->a |= has_a;
	n->b |= has_b;
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return !strncmp(path, top, len) && path[len] == '/';
}

static void relate_cgroup(struct narrower *n, const char *a, const char *b)
{
	bool a_below = a && b && is_below(a, b);
	bool b_below = a && b && is_below(b, a);

	if (!a_below && !b_below) {
		relate_text(n, a, b);
		return;
	}
	n->shared = true;
	n->a |= a_below;
	n->b |= b_below;
}

/* A path on the host and one in a container are two facts. */
static void relate_place(struct narrower *n, const struct kith_policy_selector *a,
			 const struct kith_policy_selector *b)
{
	static const struct kith_policy_container any;
	const struct kith_policy_container *x = a->container ? a->container : &any;
	const struct kith_policy_container *y = b->container ? b->container : &any;

	if (!a->container == !b->container) {
		relate_text(n, a->exe, b->exe);
		relate_text(n, a->script, b->script);
		relate_number(n, a->has_uid, a->uid, b->has_uid, b->uid);
		relate_number(n, a->has_gid, a->gid, b->has_gid, b->gid);
		n->disjoint |= !x->owner != !y->owner;
		relate_text(n, x->owner, y->owner);
	} else {
		n->a |= a->container || a->exe || a->script || a->has_uid || a->has_gid;
		n->b |= b->container || b->exe || b->script || b->has_uid || b->has_gid;
	}
	relate_number(n, x->runtime, x->runtime, y->runtime, y->runtime);
	relate_text(n, x->id, y->id);
	relate_text(n, x->name, y->name);
	relate_text(n, x->image, y->image);
}

static enum relation relate(const struct kith_policy_selector *a,
			    const struct kith_policy_selector *b)
{
	struct narrower n = { false, false, false, false };

	n.disjoint = a->file != b->file || !a->script != !b->script;
	relate_place(&n, a, b);
	relate_text(&n, a->sha256, b->sha256);
	relate_text(&n, a->verity, b->verity);
	relate_text(&n, a->user, b->user);
	relate_text(&n, a->group, b->group);
	relate_text(&n, a->unit, b->unit);
	relate_supplementary(&n, a, b);
	relate_cgroup(&n, a->cgroup, b->cgroup);
	if (n.disjoint)
		return DISJOINT;
	if (!n.a || !n.b)
		return CONTAINED;
	return n.shared ? OVERLAP : DISJOINT;
}

/* FNV-1a, never 0. */
static uint64_t hash(const char *text)
{
	uint64_t h = 14695981039346656037ULL;

	if (!text)
		return 0;
	while (*text)
		h = (h ^ (unsigned char)*text++) * 1099511628211ULL;
	return h ? h : 1;
}

static bool differ(uint64_t a, uint64_t b)
{
	return a && b && a != b;
}

static void report_overlap(struct kith_policy_loaded *loaded, const struct entry *a,
			   const struct entry *b, enum relation relation, size_t *warnings)
{
	bool contained = relation == CONTAINED;

	if (!contained && ++*warnings > OVERLAP_WARNINGS_MAX)
		return;
	kith_policy_report(
		loaded, contained ? KITH_POLICY_ERROR : KITH_POLICY_WARNING, b->workload->path,
		kith_arena_printf(&loaded->arena, "Workload/%s", b->workload->name),
		b->selector->place.line, b->selector->place.column,
		"add a fact that tells them apart, to both",
		contained ? "programs would get two identities: this entry and that of %s at "
			    "%s:%u match the same ones"
			  : "a program that matches this entry and that of %s at %s:%u is refused",
		a->workload->name, a->workload->path, a->selector->place.line);
}

static struct entry *list_entries(const struct kith_policy_loaded *loaded, size_t *n)
{
	struct entry *entries = kith_array_alloc(loaded->n_selectors, sizeof(*entries));
	size_t i, j;

	*n = 0;
	for (i = 0; i < loaded->n_workloads; i++) {
		const struct kith_policy_workload *w = &loaded->workloads[i];

		for (j = 0; w->spiffe_id && j < w->n_selectors; j++) {
			const struct kith_policy_selector *s = &w->selectors[j];

			entries[(*n)++] =
				(struct entry){ w, s, hash(s->exe), hash(s->user), hash(s->unit) };
		}
	}
	return entries;
}

static void check_overlaps(struct kith_policy_loaded *loaded)
{
	size_t n, i, j, warnings = 0;
	struct entry *entries = list_entries(loaded, &n);

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++) {
			const struct entry *a = &entries[i], *b = &entries[j];
			enum relation relation;

			if (differ(a->exe, b->exe) || differ(a->user, b->user) ||
			    differ(a->unit, b->unit) ||
			    !strcmp(a->workload->spiffe_id, b->workload->spiffe_id))
				continue;
			relation = relate(a->selector, b->selector);
			if (relation != DISJOINT)
				report_overlap(loaded, a, b, relation, &warnings);
		}
	free(entries);
}

void kith_policy_check(struct kith_policy_loaded *loaded)
{
	check_names(loaded);
	check_subjects(loaded);
	/* What selectors say is only known when they could be read. */
	if (!loaded->set.n_errors)
		check_overlaps(loaded);
}
