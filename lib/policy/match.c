// SPDX-License-Identifier: Apache-2.0
/* Which workload a program is. */
#include <string.h>

#include "set.h"

static bool same(const char *asked, const char *fact)
{
	return !asked || (fact && !strcmp(asked, fact));
}

/* The cgroup itself or one below it. */
static bool in_cgroup(const char *asked, const char *fact)
{
	size_t len;

	if (!asked)
		return true;
	len = strlen(asked);
	return fact && !strncmp(asked, fact, len) && (!fact[len] || fact[len] == '/');
}

static bool same_digest(const char *hex, const uint8_t digest[32])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < 32; i++)
		if (hex[2 * i] != digits[digest[i] >> 4] ||
		    hex[2 * i + 1] != digits[digest[i] & 15])
			return false;
	return true;
}

static bool same_verity(const char *asked, const uint8_t *fact)
{
	return !asked || (fact && same_digest(asked, fact));
}

static bool has_group(const struct kith_policy_selector *s, const struct kith_policy_facts *f)
{
	size_t i;

	if (!s->supplementary_group && !s->has_supplementary_gid)
		return true;
	for (i = 0; i < f->n_groups; i++) {
		if (s->has_supplementary_gid && f->groups[i] == s->supplementary_gid)
			return true;
		if (s->supplementary_group && f->group_names && f->group_names[i] &&
		    !strcmp(f->group_names[i], s->supplementary_group))
			return true;
	}
	return false;
}

static bool is_container(const struct kith_policy_container *c,
			 const struct kith_policy_container_facts *f)
{
	return f && (!c->runtime || c->runtime == f->runtime) && same(c->id, f->id) &&
	       same(c->name, f->name) && same(c->image, f->image) &&
	       (c->owner ? f->owned && same(c->owner, f->owner) : !f->owned);
}

/* A program that was started through a script is that script, or nobody. */
static bool is_script(const char *asked, bool interprets, const char *fact)
{
	return interprets == !!asked && same(asked, fact);
}

/* Paths and numbers, which mean another thing in a container that is asked for. */
static bool is_place(const struct kith_policy_selector *s, const struct kith_policy_facts *f)
{
	const struct kith_policy_container_facts *c = s->container ? f->container : NULL;

	if (s->container && !is_container(s->container, c))
		return false;
	return same(s->exe, c ? c->exe : f->exe) &&
	       is_script(s->script, f->interprets, c ? c->script : f->script) &&
	       (!s->has_uid || s->uid == (c ? c->uid : f->uid)) &&
	       (!s->has_gid || s->gid == (c ? c->gid : f->gid));
}

/* Everything but the hash. */
static bool matches(const struct kith_policy_selector *s, const struct kith_policy_facts *f)
{
	return s->file == f->file && !(s->sha256 && f->unreadable) && is_place(s, f) &&
	       same(s->user, f->user) && same(s->group, f->group) && same(s->unit, f->unit) &&
	       in_cgroup(s->cgroup, f->cgroup) && same_verity(s->verity, f->verity) &&
	       has_group(s, f);
}

/* Takes a matching entry in. True: what is known now is final. */
static bool take(struct kith_policy_match *m, const struct kith_policy_workload *w,
		 const struct kith_policy_selector *s)
{
	if (!m->workload) {
		m->result = KITH_POLICY_MATCH;
		m->workload = w;
		m->selector = s;
		return false;
	}
	if (!strcmp(m->workload->spiffe_id, w->spiffe_id))
		return false;
	m->result = KITH_POLICY_AMBIGUOUS;
	m->other = w;
	return true;
}

struct kith_policy_match kith_policy_match_workload(const struct kith_policy_set *set,
						    const struct kith_policy_facts *facts)
{
	struct kith_policy_match m = { .result = KITH_POLICY_NO_MATCH };
	size_t i, j;

	if (set->n_errors)
		return m;
	for (i = 0; i < set->n_workloads; i++) {
		const struct kith_policy_workload *w = &set->workloads[i];

		for (j = 0; j < w->n_selectors; j++) {
			const struct kith_policy_selector *s = &w->selectors[j];

			if (!matches(s, facts))
				continue;
			if (s->sha256 && !facts->sha256)
				return (struct kith_policy_match){
					.result = KITH_POLICY_NEED_SHA256
				};
			if (s->sha256 && !same_digest(s->sha256, facts->sha256))
				continue;
			if (take(&m, w, s))
				return m;
		}
	}
	return m;
}
