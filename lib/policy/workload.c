// SPDX-License-Identifier: Apache-2.0
/* kind: Workload */
#include <string.h>

#include "fields.h"

#define TTL_MIN	    60
#define TTL_DEFAULT 3600
#define TTL_MAX	    (30 * 86400)
#define LIST_MAX    1024

static bool read_select(struct kith_policy_reader *reader, const struct kith_yaml *list,
			struct kith_policy_workload *w)
{
	struct kith_policy_selector *selectors;
	bool ok = true;
	size_t i;

	if (!kith_read_list(reader, list, "select", false))
		return false;
	reader->loaded->n_selectors += list->n;
	if (reader->loaded->n_selectors > KITH_POLICY_SELECTORS_MAX) {
		kith_policy_error(reader, list, "split the policy between hosts",
				  "more than %u select entries in all files",
				  KITH_POLICY_SELECTORS_MAX);
		return false;
	}
	selectors = kith_arena_alloc(&reader->loaded->arena, list->n * sizeof(*selectors));
	for (i = 0; i < list->n; i++)
		ok &= kith_policy_read_selector(reader, list->items[i], &selectors[i]);
	w->selectors = selectors;
	w->n_selectors = list->n;
	return ok;
}

static bool read_run(struct kith_policy_reader *reader, const struct kith_yaml *list,
		     struct kith_policy_workload *w)
{
	struct kith_policy_selector *runners;
	bool ok = true;
	size_t i;

	if (!kith_read_list(reader, list, "run", false))
		return false;
	if (list->n > LIST_MAX) {
		kith_policy_error(reader, list, "name a group instead",
				  "run has more than %u entries", LIST_MAX);
		return false;
	}
	runners = kith_arena_alloc(&reader->loaded->arena, list->n * sizeof(*runners));
	for (i = 0; i < list->n; i++)
		ok &= kith_policy_read_runner(reader, list->items[i], &runners[i]);
	w->runners = runners;
	w->n_runners = list->n;
	return ok;
}

/* spec -------------------------------------------------------------------- */

static bool read_svid(struct kith_policy_reader *reader, struct kith_yaml *node,
		      struct kith_policy_workload *w)
{
	static const char *const scopes[] = { "program", "workload", NULL };
	struct kith_yaml *ttl, *key;
	const struct kith_field fields[] = {
		{ "ttl", KITH_FIELD_OPTIONAL, &ttl },
		{ "key", KITH_FIELD_OPTIONAL, &key },
	};
	bool ok = kith_fields_read(reader, node, "svid", fields, 2);
	int scope;

	if (ttl)
		ok &= kith_read_duration(reader, ttl, "ttl", TTL_MIN, TTL_MAX, &w->ttl);
	if (!key)
		return ok;
	scope = kith_read_choice(reader, key, "key", scopes);
	if (scope == 1)
		w->traits |= KITH_TRAIT_SHARE_KEY;
	return ok && scope >= 0;
}

/* A peer that ends streams without close_notify: an end, or an error. */
static uint32_t read_eof(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char *const ways[] = { "strict", "lenient", NULL };

	return node && kith_read_choice(reader, node, "eof", ways) == 1 ? KITH_TRAIT_EOF_LENIENT
									: 0;
}

/* Whether programs of other identities may use its connections. */
static uint32_t read_handoff(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char *const ways[] = { "none", "any", NULL };

	return node && kith_read_choice(reader, node, "handoff", ways) == 1 ? KITH_TRAIT_HANDOFF
									    : 0;
}

/* What becomes of a program that is tampered with. */
static uint32_t read_injection(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char *const ways[] = { "observe", "quarantine", "deny", NULL };
	static const uint32_t traits[] = { 0, KITH_TRAIT_QUARANTINE, KITH_TRAIT_SHIELD };
	int way = node ? kith_read_choice(reader, node, "injection", ways) : 0;

	return way < 0 ? 0 : traits[way];
}

/* Whether its programs make code of their own, as Node and Java do. */
static uint32_t read_jit(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char *const ways[] = { "report", "allow", NULL };

	return node && kith_read_choice(reader, node, "jit", ways) == 1 ? KITH_TRAIT_JIT : 0;
}

/* A peer's SVID that expires while a connection with it is open. */
static uint32_t read_on_expiry(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char *const ways[] = { "keep", "close", NULL };

	return node && kith_read_choice(reader, node, "onExpiry", ways) == 1
		       ? KITH_TRAIT_CLOSE_ON_EXPIRY
		       : 0;
}

static void read_listen_entry(struct kith_policy_reader *reader, const struct kith_yaml *node,
			      const char *workload)
{
	static const uint8_t zero[16], mapped_zero[16] = { [10] = 0xff, [11] = 0xff };
	struct kith_policy_endpoint e;
	struct kith_policy_claim *claim;

	if (!kith_read_endpoint(reader, node, "listen", &e))
		return;
	if (e.port_first != e.port_last || (e.prefix && e.prefix != 128)) {
		kith_policy_error(reader, node, "write one address and one port, as 0.0.0.0:8080",
				  "listen is not one listening address: %.100s", node->text);
		return;
	}
	claim = KITH_POLICY_ADD(reader->loaded, claims);
	claim->kind = KITH_CLAIM_KIND_LISTEN;
	claim->any_address = !memcmp(e.address, zero, 16) || !memcmp(e.address, mapped_zero, 16);
	if (!claim->any_address)
		memcpy(claim->address, e.address, 16);
	claim->port = e.port_first;
	claim->workload = workload;
	claim->place = kith_policy_place_of(reader, node);
}

static void read_listen(struct kith_policy_reader *reader, const struct kith_yaml *list,
			const char *workload)
{
	size_t i;

	if (!kith_read_list(reader, list, "listen", false))
		return;
	if (list->n > LIST_MAX) {
		kith_policy_error(reader, list, "write fewer", "listen has more than %u entries",
				  LIST_MAX);
		return;
	}
	for (i = 0; i < list->n; i++)
		read_listen_entry(reader, list->items[i], workload);
}

/* What @selectors, which are correct, let the kernel touch. */
static void imply_claims(struct kith_policy_reader *reader, const struct kith_policy_workload *w,
			 enum kith_policy_claim_by by)
{
	size_t i;

	for (i = 0; i < w->n_selectors; i++) {
		const struct kith_policy_selector *s = &w->selectors[i];

		if (kith_policy_claim_selector(reader->loaded, s, by, w->name))
			continue;
		if (s->container)
			kith_policy_error_at(
				reader, s->place.line, s->place.column,
				"add cgroup: the slice that the runtime puts it in, as /machine.slice",
				"the kernel knows no containers to claim by");
		else if (by == KITH_POLICY_CLAIM_DEFAULT)
			kith_policy_error_at(reader, s->place.line, s->place.column,
					     "add exe, user, uid, unit or cgroup",
					     "the kernel cannot claim a program by this entry");
		else
			kith_policy_error_at(reader, s->place.line, s->place.column,
					     "add that fact to the entry, or remove claim",
					     "claim asks for a fact this entry does not name");
	}
}

static enum kith_policy_claim_by read_claim(struct kith_policy_reader *reader,
					    const struct kith_yaml *node)
{
	static const char *const ways[] = { "exe", "user", "cgroup", NULL };
	int way = node ? kith_read_choice(reader, node, "claim", ways) : -1;

	return way < 0 ? KITH_POLICY_CLAIM_DEFAULT
		       : (enum kith_policy_claim_by)(KITH_POLICY_CLAIM_EXE + way);
}

void kith_policy_read_workload(struct kith_policy_reader *reader, const char *name,
			       const char *owner, struct kith_yaml *document,
			       struct kith_yaml *spec)
{
	struct kith_yaml *id, *select, *run, *svid, *listen, *claim, *eof, *on_expiry, *handoff,
		*injection, *jit;
	const struct kith_field fields[] = {
		{ "spiffeID", KITH_FIELD_REQUIRED, &id },
		{ "select", KITH_FIELD_OPTIONAL, &select },
		{ "run", KITH_FIELD_OPTIONAL, &run },
		{ "svid", KITH_FIELD_OPTIONAL, &svid },
		{ "listen", KITH_FIELD_OPTIONAL, &listen },
		{ "claim", KITH_FIELD_OPTIONAL, &claim },
		{ "eof", KITH_FIELD_OPTIONAL, &eof },
		{ "onExpiry", KITH_FIELD_OPTIONAL, &on_expiry },
		{ "handoff", KITH_FIELD_OPTIONAL, &handoff },
		{ "injection", KITH_FIELD_OPTIONAL, &injection },
		{ "jit", KITH_FIELD_OPTIONAL, &jit },
		{ "mode", KITH_FIELD_LATER, NULL },
	};
	struct kith_policy_workload w = {
		.name = name,
		.owner = owner,
		.ttl = TTL_DEFAULT,
		.path = reader->path,
	};
	enum kith_policy_claim_by by;

	kith_fields_read(reader, spec, "spec", fields, sizeof(fields) / sizeof(fields[0]));
	w.place = kith_policy_place_of(reader, document);
	if (id)
		w.spiffe_id = kith_read_id(reader, id, "spiffeID");
	if (svid)
		read_svid(reader, svid, &w);
	if (listen)
		read_listen(reader, listen, name);
	w.traits |= read_eof(reader, eof) | read_on_expiry(reader, on_expiry);
	w.traits |= read_handoff(reader, handoff);
	w.traits |= read_injection(reader, injection) | read_jit(reader, jit);
	by = read_claim(reader, claim);
	if (run)
		read_run(reader, run, &w);
	else if (!select && spec->kind == KITH_YAML_MAPPING)
		kith_policy_error(reader, spec, "add select", "spec has no select");
	if (select && read_select(reader, select, &w))
		imply_claims(reader, &w, by);
	*KITH_POLICY_ADD(reader->loaded, workloads) = w;
}
