// SPDX-License-Identifier: Apache-2.0
/* Questions to a compiled table, answered by the kernel's lookup. */
#include <stdlib.h>
#include <string.h>

#include "set.h"

/* Addresses to ask about when none is given: the answer can only change where
 * a rule's network begins or has just ended, so these stand for all. */
struct candidates {
	uint8_t (*addresses)[16];
	size_t n, room;
};

static void add_candidate(struct candidates *c, const uint8_t address[16])
{
	c->addresses = kith_grow(c->addresses, c->n, &c->room, sizeof(*c->addresses));
	memcpy(c->addresses[c->n++], address, 16);
}

/* The first address behind a network; false: it reaches to the end. */
static bool just_behind(const struct kith_table_rule *rule, uint8_t out[16])
{
	int bit = rule->prefix - 1;

	memcpy(out, rule->address, 16);
	for (; bit >= 0; bit--) {
		uint8_t mask = (uint8_t)(0x80u >> bit % 8);

		out[bit / 8] ^= mask;
		if (out[bit / 8] & mask)
			return true;
	}
	return false;
}

static int compare_addresses(const void *a, const void *b)
{
	return memcmp(a, b, 16);
}

static void remove_duplicates(struct candidates *c)
{
	size_t kept = 0, i;

	qsort(c->addresses, c->n, sizeof(*c->addresses), compare_addresses);
	for (i = 0; i < c->n; i++)
		if (!kept || memcmp(c->addresses[kept - 1], c->addresses[i], 16))
			memmove(c->addresses[kept++], c->addresses[i], 16);
	c->n = kept;
}

/* Of @n rules from @first on, those of other ports left out. */
static void find_candidates(const struct kith_table *table, uint32_t first, uint32_t n,
			    uint16_t port, struct candidates *c)
{
	static const uint8_t zero[16];
	uint8_t behind[16];
	uint32_t i;

	add_candidate(c, zero);
	for (i = first; i < first + n; i++) {
		const struct kith_table_rule *rule = &table->rules[i];

		if (port < le16_to_cpu(rule->port_first) || port > le16_to_cpu(rule->port_last))
			continue;
		add_candidate(c, rule->address);
		if (just_behind(rule, behind))
			add_candidate(c, behind);
	}
	remove_duplicates(c);
}

static const struct kith_table_subject *find_subject(const struct kith_table *table, const char *id)
{
	uint32_t low = 0, high = table->n_subjects;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		const struct kith_table_subject *s = &table->subjects[middle];
		int order = strcmp(id, kith_table_string(table, s->id));

		if (!order)
			return s;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* one end -------------------------------------------------------------------- */

static void fill(const struct kith_table *table, const struct kith_table_rule *rule,
		 enum kith_policy_verdict verdict, struct kith_policy_side *side)
{
	side->verdict = verdict;
	side->source = rule ? kith_table_string(table, rule->source) : NULL;
	side->name = rule ? kith_table_string(table, rule->name) : NULL;
	side->pattern = rule ? kith_table_string(table, rule->peer) : NULL;
}

/* What the kernel would do for one address. */
static void ask(const struct kith_table *table, const char *local, enum kith_direction direction,
		enum kith_door over, const struct kith_endpoint *endpoint, const char *peer,
		struct kith_policy_side *side)
{
	const struct kith_table_rule *rule;

	rule = kith_table_address(table, local, direction, over, endpoint);
	if (!rule || rule->action == cpu_to_le32(KITH_TABLE_DENY)) {
		fill(table, rule, KITH_POLICY_DENY, side);
		return;
	}
	if (rule->action == cpu_to_le32(KITH_TABLE_OPEN)) {
		fill(table, rule, KITH_POLICY_OPEN, side);
		return;
	}
	rule = peer ? kith_table_peer(table, local, direction, endpoint, peer) : NULL;
	if (rule && rule->action == cpu_to_le32(KITH_TABLE_ALLOW))
		fill(table, rule, KITH_POLICY_ALLOW, side);
	else
		fill(table, rule, KITH_POLICY_DENY, side);
}

/* The verdicts one end can reach over the addresses in question. */
struct answers {
	bool known;
	bool possible[3]; /* by enum kith_policy_verdict */
	struct kith_policy_side side[3];
};

static void note(struct answers *a, const struct kith_policy_side *side)
{
	/* A denial that a rule spells out explains more than one by default. */
	if (a->possible[side->verdict] && (a->side[side->verdict].source || !side->source))
		return;
	a->possible[side->verdict] = true;
	a->side[side->verdict] = *side;
	a->side[side->verdict].known = true;
}

static void ask_all(const struct kith_table *table, const char *local,
		    enum kith_direction direction, const struct kith_policy_query *q,
		    struct answers *a)
{
	const struct kith_table_subject *s = local ? find_subject(table, local) : NULL;
	bool in = direction == KITH_INBOUND;
	const uint8_t *address = in ? q->from_address : q->at;
	const char *peer = in ? q->from : q->to;
	struct candidates c = { 0 };
	struct kith_policy_side side = { 0 };
	size_t i;

	memset(a, 0, sizeof(*a));
	if (!s)
		return;
	a->known = true;
	if (address)
		add_candidate(&c, address);
	else
		find_candidates(table, le32_to_cpu(in ? s->inbound : s->outbound),
				le32_to_cpu(in ? s->n_inbound : s->n_outbound), q->port, &c);
	for (i = 0; i < c.n; i++) {
		struct kith_endpoint endpoint = { .port = q->port };

		memcpy(endpoint.address, c.addresses[i], 16);
		ask(table, local, direction, q->over, &endpoint, peer, &side);
		note(a, &side);
	}
	free(c.addresses);
}

/* both ends ------------------------------------------------------------------ */

/* Whether no end that has a say stands against @verdict. */
static bool reachable(const struct answers *out, const struct answers *in,
		      enum kith_policy_verdict verdict)
{
	return (out->known || in->known) && (!out->known || out->possible[verdict]) &&
	       (!in->known || in->possible[verdict]);
}

/* The answer of one end that fits the verdict on both, or else the best it has. */
static struct kith_policy_side choose(const struct answers *a, enum kith_policy_verdict verdict)
{
	static const enum kith_policy_verdict order[] = { KITH_POLICY_ALLOW, KITH_POLICY_OPEN,
							  KITH_POLICY_DENY };
	size_t i;

	if (a->known && verdict != KITH_POLICY_DENY)
		return a->side[verdict];
	for (i = 0; a->known && i < 3; i++)
		if (a->possible[order[i]])
			return a->side[order[i]];
	return (struct kith_policy_side){ 0 };
}

static const char *reason(const struct kith_policy_explanation *e)
{
	const struct kith_policy_side *out = &e->outbound, *in = &e->inbound;

	if (e->verdict == KITH_POLICY_ALLOW)
		return "allowed";
	if (e->verdict == KITH_POLICY_OPEN)
		return "let through unauthenticated by an opening";
	if (!out->known && !in->known)
		return "neither end is known here";
	if (out->known && out->verdict == KITH_POLICY_DENY)
		return out->source ? "a rule of the client denies it"
				   : "no outbound rule of the client allows it";
	if (in->known && in->verdict == KITH_POLICY_DENY)
		return in->source ? "a rule of the server denies it"
				  : "no inbound rule of the server allows it";
	return "one end would speak TLS, the other in clear by an opening";
}

static bool over_ends(enum kith_door over)
{
	return over == KITH_DOOR_NONE || over == KITH_DOOR_UDP;
}

void kith_policy_evaluate(const struct kith_table *table, const struct kith_policy_query *q,
			  enum kith_policy_verdict prefer, struct kith_policy_explanation *out)
{
	struct answers outbound, inbound;
	bool allow, open;

	ask_all(table, q->from, KITH_OUTBOUND, q, &outbound);
	/* Doors that have no addresses have no other end. */
	ask_all(table, over_ends(q->over) ? q->to : NULL, KITH_INBOUND, q, &inbound);
	allow = reachable(&outbound, &inbound, KITH_POLICY_ALLOW);
	open = reachable(&outbound, &inbound, KITH_POLICY_OPEN);
	if (open && (!allow || prefer == KITH_POLICY_OPEN))
		out->verdict = KITH_POLICY_OPEN;
	else
		out->verdict = allow ? KITH_POLICY_ALLOW : KITH_POLICY_DENY;
	out->outbound = choose(&outbound, out->verdict);
	out->inbound = choose(&inbound, out->verdict);
	out->why = reason(out);
}

void kith_policy_explain(const struct kith_policy_table *table,
			 const struct kith_policy_query *query, struct kith_policy_explanation *out)
{
	struct kith_table opened;

	/* It was made by kith_policy_compile(). */
	if (kith_table_open(&opened, table->bytes, table->size))
		abort();
	kith_policy_evaluate(&opened, query, KITH_POLICY_ALLOW, out);
}

const char *kith_policy_verdict_text(enum kith_policy_verdict verdict)
{
	static const char *const text[] = { "deny", "allow", "open" };

	return text[verdict];
}

/* tests ---------------------------------------------------------------------- */

size_t kith_policy_test(const struct kith_policy_set *set, const struct kith_policy_table *table,
			struct kith_policy_test_result **results)
{
	const struct kith_policy_loaded *loaded = (const struct kith_policy_loaded *)set;
	struct kith_policy_test_result *list = kith_array_alloc(loaded->n_cases, sizeof(*list));
	struct kith_table opened;
	size_t i;

	if (kith_table_open(&opened, table->bytes, table->size))
		abort();
	for (i = 0; i < loaded->n_cases; i++) {
		const struct kith_policy_case *c = &loaded->cases[i];
		struct kith_policy_query query = {
			.from = c->from,
			.to = c->to,
			.at = c->has_at ? c->at : NULL,
			.from_address = c->has_from_address ? c->from_address : NULL,
			.port = c->port,
			.over = c->over,
		};

		list[i] = (struct kith_policy_test_result){
			.test = c->test,
			.place = c->place,
			.description = c->description,
			.expected = c->expected,
		};
		kith_policy_evaluate(&opened, &query, c->expected, &list[i].got);
		list[i].passed = list[i].got.verdict == c->expected;
	}
	*results = list;
	return loaded->n_cases;
}
