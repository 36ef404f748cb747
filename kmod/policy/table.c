// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "table.h"

/* checking ---------------------------------------------------------------- */

/* Whether @offset, not 0, is a string of 1 to @max bytes in the pool. */
static bool string_ok(const struct kith_table *table, u32 pool, __le32 offset,
		      u32 max)
{
	const char *base = table->base;
	u32 at = le32_to_cpu(offset);
	u32 room;

	if (at < pool || at >= table->size || !base[at])
		return false;
	room = table->size - at;
	return memchr(base + at, 0, room <= max ? room : max + 1);
}

static bool optional_string_ok(const struct kith_table *table, u32 pool,
			       __le32 offset, u32 max)
{
	return !offset || string_ok(table, pool, offset, max);
}

/* Whether the bits beyond the prefix are zero. */
static bool address_ok(const struct kith_table_rule *rule)
{
	unsigned int i = rule->prefix / 8;

	if (rule->prefix > 128)
		return false;
	if (rule->prefix % 8 && (u8)(rule->address[i++] << rule->prefix % 8))
		return false;
	for (; i < sizeof(rule->address); i++)
		if (rule->address[i])
			return false;
	return true;
}

static bool rule_ok(const struct kith_table *table, u32 pool,
		    const struct kith_table_rule *rule)
{
	u32 action = le32_to_cpu(rule->action);

	if (action > KITH_TABLE_OPEN || (action == KITH_TABLE_OPEN && rule->peer))
		return false;
	if (rule->door >= __KITH_DOOR_COUNT ||
	    (rule->door && action != KITH_TABLE_OPEN))
		return false;
	if (rule->pad[0] || rule->pad[1] || !address_ok(rule))
		return false;
	if (le16_to_cpu(rule->port_first) > le16_to_cpu(rule->port_last))
		return false;
	return optional_string_ok(table, pool, rule->peer, KITH_SPIFFE_ID_MAX) &&
	       optional_string_ok(table, pool, rule->alpn, KITH_NAME_MAX) &&
	       optional_string_ok(table, pool, rule->sni, KITH_NAME_MAX) &&
	       optional_string_ok(table, pool, rule->source, KITH_NAME_MAX) &&
	       optional_string_ok(table, pool, rule->name, KITH_NAME_MAX);
}

/* Collects @table->doors on the way. */
static bool rules_ok(struct kith_table *table, u32 pool)
{
	u32 i;

	for (i = 0; i < table->n_rules; i++) {
		const struct kith_table_rule *rule = &table->rules[i];

		if (!rule_ok(table, pool, rule))
			return false;
		if (rule->action == cpu_to_le32(KITH_TABLE_OPEN))
			table->doors |= 1U << rule->door;
	}
	return true;
}

/* A subject's rules in one direction: begin where the last ended (@next, which
 * is moved on), end inside the table, deny rules first.
 */
static bool range_ok(const struct kith_table *table, __le32 first, __le32 count,
		     u32 *next)
{
	u32 n = le32_to_cpu(count), i;
	bool deny = true;

	if (le32_to_cpu(first) != *next || n > table->n_rules - *next)
		return false;
	for (i = *next; i < *next + n; i++) {
		bool is_deny = table->rules[i].action == cpu_to_le32(KITH_TABLE_DENY);

		if (is_deny && !deny)
			return false;
		deny = is_deny;
	}
	*next += n;
	return true;
}

static bool subjects_ok(const struct kith_table *table, u32 pool)
{
	const char *last = NULL, *id;
	u32 next = 0, i;

	for (i = 0; i < table->n_subjects; i++) {
		const struct kith_table_subject *s = &table->subjects[i];

		if (!string_ok(table, pool, s->id, KITH_SPIFFE_ID_MAX))
			return false;
		id = kith_table_string(table, s->id);
		if (last && strcmp(last, id) >= 0)
			return false;
		last = id;
		if (!range_ok(table, s->inbound, s->n_inbound, &next) ||
		    !range_ok(table, s->outbound, s->n_outbound, &next))
			return false;
	}
	return next == table->n_rules;
}

int kith_table_open(struct kith_table *table, const void *base, size_t size)
{
	const struct kith_table_header *h = base;
	const char *bytes = base;
	struct kith_table t = { .base = base };
	u64 subjects = sizeof(*h), rules, pool;

	if (size < sizeof(*h) || size > KITH_TABLE_MAX ||
	    (unsigned long)base % sizeof(u64))
		return -EINVAL;
	if (le32_to_cpu(h->magic) != KITH_TABLE_MAGIC ||
	    le32_to_cpu(h->version) != KITH_TABLE_VERSION ||
	    le32_to_cpu(h->size) != size)
		return -EINVAL;
	t.size = size;
	t.n_subjects = le32_to_cpu(h->n_subjects);
	t.n_rules = le32_to_cpu(h->n_rules);
	rules = subjects + (u64)t.n_subjects * sizeof(*t.subjects);
	pool = rules + (u64)t.n_rules * sizeof(*t.rules);
	if (pool > size || le32_to_cpu(h->subjects) != subjects ||
	    le32_to_cpu(h->rules) != rules || le32_to_cpu(h->strings) != pool)
		return -EINVAL;
	t.subjects = (const void *)(bytes + subjects);
	t.rules = (const void *)(bytes + rules);
	if (!rules_ok(&t, pool) || !subjects_ok(&t, pool))
		return -EINVAL;
	*table = t;
	return 0;
}

const char *kith_table_string(const struct kith_table *table, __le32 offset)
{
	return offset ? (const char *)table->base + le32_to_cpu(offset) : NULL;
}

/* looking up -------------------------------------------------------------- */

/* Rules of one subject and direction. */
struct rules {
	const struct kith_table_rule *first, *end;
};

static struct rules find_rules(const struct kith_table *table, const char *id,
			       enum kith_direction direction)
{
	u32 low = 0, high = table->n_subjects;
	struct rules found = { NULL, NULL };

	while (low < high) {
		u32 middle = low + (high - low) / 2;
		const struct kith_table_subject *s = &table->subjects[middle];
		int order = strcmp(id, kith_table_string(table, s->id));

		if (order < 0) {
			high = middle;
		} else if (order > 0) {
			low = middle + 1;
		} else {
			bool in = direction == KITH_INBOUND;

			found.first = table->rules +
				      le32_to_cpu(in ? s->inbound : s->outbound);
			found.end = found.first +
				    le32_to_cpu(in ? s->n_inbound : s->n_outbound);
			break;
		}
	}
	return found;
}

static bool prefix_match(const u8 *network, const u8 *address, u8 prefix)
{
	unsigned int whole = prefix / 8, rest = prefix % 8;

	if (memcmp(network, address, whole))
		return false;
	return !rest || !((network[whole] ^ address[whole]) >> (8 - rest));
}

/* Deny rules are about every door. */
static bool door_match(const struct kith_table_rule *rule, enum kith_door door)
{
	return rule->door == door || rule->action == cpu_to_le32(KITH_TABLE_DENY);
}

static bool endpoint_match(const struct kith_table_rule *rule,
			   const struct kith_endpoint *endpoint)
{
	return endpoint->port >= le16_to_cpu(rule->port_first) &&
	       endpoint->port <= le16_to_cpu(rule->port_last) &&
	       prefix_match(rule->address, endpoint->address, rule->prefix);
}

static bool peer_match(const struct kith_table *table,
		       const struct kith_table_rule *rule, const char *peer_id)
{
	const char *pattern = kith_table_string(table, rule->peer);

	return !pattern || kith_pattern_match(pattern, peer_id);
}

const struct kith_table_rule *
kith_table_address(const struct kith_table *table, const char *local_id,
		   enum kith_direction direction, enum kith_door door,
		   const struct kith_endpoint *endpoint)
{
	struct rules rules = find_rules(table, local_id, direction);
	const struct kith_table_rule *rule, *allow = NULL;

	/* Deny rules come first. */
	for (rule = rules.first; rule < rules.end; rule++) {
		if (!door_match(rule, door) || !endpoint_match(rule, endpoint))
			continue;
		switch (le32_to_cpu(rule->action)) {
		case KITH_TABLE_DENY:
			if (!rule->peer)
				return rule;
			break;
		case KITH_TABLE_OPEN:
			return rule;
		default:
			if (!allow)
				allow = rule;
		}
	}
	return allow;
}

const struct kith_table_rule *kith_table_door(const struct kith_table *table,
					      const char *local_id,
					      enum kith_door door)
{
	struct rules in = find_rules(table, local_id, KITH_INBOUND);
	struct rules out = find_rules(table, local_id, KITH_OUTBOUND);
	const struct kith_table_rule *rule;

	/* A subject's two directions adjoin. */
	for (rule = in.first; rule < out.end; rule++)
		if (rule->door == door &&
		    rule->action == cpu_to_le32(KITH_TABLE_OPEN))
			return rule;
	return NULL;
}

const struct kith_table_rule *
kith_table_peer(const struct kith_table *table, const char *local_id,
		enum kith_direction direction,
		const struct kith_endpoint *endpoint, const char *peer_id)
{
	struct rules rules = find_rules(table, local_id, direction);
	const struct kith_table_rule *rule;

	/* Deny rules come first. */
	for (rule = rules.first; rule < rules.end; rule++)
		if (rule->action != cpu_to_le32(KITH_TABLE_OPEN) &&
		    endpoint_match(rule, endpoint) &&
		    peer_match(table, rule, peer_id))
			return rule;
	return NULL;
}

/* patterns ---------------------------------------------------------------- */

/* Where a path can begin at the earliest: a wildcard before it, in the trust
 * domain, is no wildcard.
 */
#define PATH_MIN	(sizeof("spiffe://") - 1 + 1)

/* "*", the whole of a segment. @pattern is not the first character. */
static bool is_star(const char *pattern)
{
	return pattern[-1] == '/' && pattern[0] == '*' &&
	       (!pattern[1] || pattern[1] == '/');
}

/* The trailing "**", the whole of the last segment. */
static bool is_tail(const char *pattern)
{
	return pattern[-1] == '/' && pattern[0] == '*' && pattern[1] == '*' &&
	       !pattern[2];
}

bool kith_pattern_match(const char *pattern, const char *id)
{
	const char *start = pattern;

	while (*pattern) {
		bool in_path = pattern - start >= (ptrdiff_t)PATH_MIN;

		if (in_path && is_tail(pattern))
			return *id && *id != '/';
		if (in_path && is_star(pattern)) {
			if (!*id || *id == '/')
				return false;
			while (*id && *id != '/')
				id++;
			pattern++;
		} else if (*pattern++ != *id++) {
			return false;
		}
	}
	return !*id;
}
