// SPDX-License-Identifier: Apache-2.0
/* Documents to a table in the kernel's layout. */
#include <stdlib.h>
#include <string.h>

#include "set.h"

/* Before expansion. */
struct line {
	size_t subject;
	bool outbound, allow; /* deny rules come first */
	size_t order;	      /* in the files */
	const struct kith_policy_rule *rule;
};

/* A string of the pool; in an open-addressing hash table. */
struct slot {
	const char *text;
	uint32_t offset;
};

struct compiler {
	const struct kith_policy_loaded *loaded;
	const char **subjects;
	size_t n_subjects;
	struct line *lines;
	size_t n_lines;
	uint64_t n_rules;
	struct slot *slots;
	size_t n_slots; /* a power of two */
	uint64_t strings, size;
	uint8_t *bytes; /* NULL while sizes are counted */
};

/* subjects ------------------------------------------------------------------ */

static int compare_texts(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Every identity that has a workload or a policy. */
static void collect_subjects(struct compiler *c)
{
	const struct kith_policy_loaded *l = c->loaded;
	size_t n = 0, kept = 0, i;

	c->subjects = kith_array_alloc(l->n_workloads + l->n_policies, sizeof(*c->subjects));
	for (i = 0; i < l->n_workloads; i++)
		c->subjects[n++] = l->workloads[i].spiffe_id;
	for (i = 0; i < l->n_policies; i++)
		c->subjects[n++] = l->policies[i].subject;
	if (n)
		qsort(c->subjects, n, sizeof(*c->subjects), compare_texts);
	for (i = 0; i < n; i++)
		if (!kept || strcmp(c->subjects[kept - 1], c->subjects[i]))
			c->subjects[kept++] = c->subjects[i];
	c->n_subjects = kept;
}

static size_t subject_index(const struct compiler *c, const char *id)
{
	const char **found =
		bsearch(&id, c->subjects, c->n_subjects, sizeof(*c->subjects), compare_texts);

	return (size_t)(found - c->subjects);
}

/* lines ---------------------------------------------------------------------- */

static int compare_lines(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->outbound != b->outbound)
		return a->outbound ? 1 : -1;
	if (a->allow != b->allow)
		return a->allow ? 1 : -1;
	return a->order < b->order ? -1 : a->order > b->order;
}

size_t kith_policy_expanded(const struct kith_policy_rule *rule)
{
	return (rule->n_peers ? rule->n_peers : 1) * rule->n_endpoints *
	       (size_t)__builtin_popcount(rule->doors);
}

static void collect_lines(struct compiler *c)
{
	const struct kith_policy_loaded *l = c->loaded;
	size_t n = 0, i, j;

	for (i = 0; i < l->n_policies; i++)
		n += l->policies[i].n_rules;
	c->lines = kith_array_alloc(n, sizeof(*c->lines));
	for (i = 0; i < l->n_policies; i++) {
		const struct kith_policy_document *p = &l->policies[i];
		size_t subject = subject_index(c, p->subject);

		for (j = 0; j < p->n_rules; j++) {
			c->lines[c->n_lines] = (struct line){
				.subject = subject,
				.outbound = p->rules[j].direction == KITH_OUTBOUND,
				.allow = p->rules[j].action != KITH_TABLE_DENY,
				.order = c->n_lines,
				.rule = &p->rules[j],
			};
			c->n_lines++;
			c->n_rules += kith_policy_expanded(&p->rules[j]);
		}
	}
	if (n)
		qsort(c->lines, n, sizeof(*c->lines), compare_lines);
}

/* strings -------------------------------------------------------------------- */

static struct slot *find_slot(const struct slot *slots, size_t n, const char *text)
{
	uint64_t h = 14695981039346656037ULL;
	const char *p;

	for (p = text; *p; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211ULL;
	h ^= h >> 32;
	for (h &= n - 1; slots[h].text && strcmp(slots[h].text, text); h = (h + 1) & (n - 1))
		;
	return (struct slot *)&slots[h];
}

/* Most strings a table could need: five a rule, counted before they are
 * expanded, and the peers'. */
static void make_slots(struct compiler *c)
{
	size_t most = c->n_subjects, i;

	for (i = 0; i < c->n_lines; i++)
		most += 4 + c->lines[i].rule->n_peers;
	for (c->n_slots = 64; c->n_slots < most * 2; c->n_slots *= 2)
		;
	c->slots = kith_array_alloc(c->n_slots, sizeof(*c->slots));
}

static void add_string(struct compiler *c, const char *text)
{
	struct slot *slot;

	if (!text)
		return;
	slot = find_slot(c->slots, c->n_slots, text);
	if (slot->text)
		return;
	slot->text = text;
	slot->offset = (uint32_t)c->size;
	c->size += strlen(text) + 1;
	/* Offsets stay within 32 bits; what lies beyond is refused later. */
	if (c->size > 2ULL * KITH_TABLE_MAX)
		c->size = 2ULL * KITH_TABLE_MAX;
}

static void collect_strings(struct compiler *c)
{
	size_t i, j;

	c->size = c->strings;
	for (i = 0; i < c->n_subjects; i++)
		add_string(c, c->subjects[i]);
	for (i = 0; i < c->n_lines; i++) {
		const struct kith_policy_rule *rule = c->lines[i].rule;

		for (j = 0; j < rule->n_peers; j++)
			add_string(c, rule->peers[j]);
		add_string(c, rule->alpn);
		add_string(c, rule->sni);
		add_string(c, rule->source);
		add_string(c, rule->name);
	}
}

static __le32 offset_of(const struct compiler *c, const char *text)
{
	return cpu_to_le32(text ? find_slot(c->slots, c->n_slots, text)->offset : 0);
}

/* writing -------------------------------------------------------------------- */

static void write_header(const struct compiler *c, uint32_t rules)
{
	struct kith_table_header *h = (struct kith_table_header *)c->bytes;

	h->magic = cpu_to_le32(KITH_TABLE_MAGIC);
	h->version = cpu_to_le32(KITH_TABLE_VERSION);
	h->size = cpu_to_le32((uint32_t)c->size);
	h->n_subjects = cpu_to_le32((uint32_t)c->n_subjects);
	h->subjects = cpu_to_le32(sizeof(*h));
	h->n_rules = cpu_to_le32((uint32_t)c->n_rules);
	h->rules = cpu_to_le32(rules);
	h->strings = cpu_to_le32((uint32_t)c->strings);
}

static void write_strings(const struct compiler *c)
{
	size_t i;

	for (i = 0; i < c->n_slots; i++)
		if (c->slots[i].text)
			memcpy(c->bytes + c->slots[i].offset, c->slots[i].text,
			       strlen(c->slots[i].text));
}

/* @rule as far as it leads over @door. */
static struct kith_table_rule *write_over(const struct compiler *c, struct kith_table_rule *out,
					  const struct kith_policy_rule *rule, unsigned int door)
{
	struct kith_table_rule filled = {
		.door = (uint8_t)door,
		.action = cpu_to_le32(rule->action),
		.alpn = offset_of(c, rule->alpn),
		.sni = offset_of(c, rule->sni),
		.source = offset_of(c, rule->source),
		.name = offset_of(c, rule->name),
	};
	size_t i = 0, j;

	do {
		filled.peer = offset_of(c, rule->n_peers ? rule->peers[i] : NULL);
		for (j = 0; j < rule->n_endpoints; j++) {
			const struct kith_policy_endpoint *e = &rule->endpoints[j];

			memcpy(filled.address, e->address, sizeof(filled.address));
			filled.prefix = e->prefix;
			filled.port_first = cpu_to_le16(e->port_first);
			filled.port_last = cpu_to_le16(e->port_last);
			*out++ = filled;
		}
	} while (++i < rule->n_peers);
	return out;
}

static struct kith_table_rule *write_line(const struct compiler *c, struct kith_table_rule *out,
					  const struct kith_policy_rule *rule)
{
	unsigned int door;

	for (door = 0; door < __KITH_DOOR_COUNT; door++)
		if (rule->doors & 1U << door)
			out = write_over(c, out, rule, door);
	return out;
}

static void write_rules(const struct compiler *c, uint32_t rules)
{
	struct kith_table_subject *subject = (void *)(c->bytes + sizeof(struct kith_table_header));
	struct kith_table_rule *first = (void *)(c->bytes + rules), *rule = first, *from;
	size_t line = 0, s;

	for (s = 0; s < c->n_subjects; s++, subject++) {
		subject->id = offset_of(c, c->subjects[s]);
		from = rule;
		for (; line < c->n_lines && c->lines[line].subject == s && !c->lines[line].outbound;
		     line++)
			rule = write_line(c, rule, c->lines[line].rule);
		subject->inbound = cpu_to_le32((uint32_t)(from - first));
		subject->n_inbound = cpu_to_le32((uint32_t)(rule - from));
		from = rule;
		for (; line < c->n_lines && c->lines[line].subject == s; line++)
			rule = write_line(c, rule, c->lines[line].rule);
		subject->outbound = cpu_to_le32((uint32_t)(from - first));
		subject->n_outbound = cpu_to_le32((uint32_t)(rule - from));
	}
}

/* The table, or NULL: too large. */
static struct kith_policy_table *emit(struct compiler *c)
{
	uint64_t rules = sizeof(struct kith_table_header) +
			 c->n_subjects * sizeof(struct kith_table_subject);
	struct kith_policy_table *table;
	struct kith_table checked;

	c->strings = rules + c->n_rules * sizeof(struct kith_table_rule);
	if (c->strings > KITH_TABLE_MAX)
		return NULL;
	make_slots(c);
	collect_strings(c);
	if (c->size > KITH_TABLE_MAX)
		return NULL;
	c->bytes = kith_array_alloc(1, c->size);
	write_header(c, (uint32_t)rules);
	write_strings(c);
	write_rules(c, (uint32_t)rules);
	/* The kernel would refuse it; better here than there. */
	if (kith_table_open(&checked, c->bytes, c->size))
		abort();
	table = kith_array_alloc(1, sizeof(*table));
	table->bytes = c->bytes;
	table->size = c->size;
	table->n_subjects = c->n_subjects;
	table->n_rules = c->n_rules;
	return table;
}

struct kith_policy_table *kith_policy_compile(struct kith_policy_set *set)
{
	struct kith_policy_loaded *loaded = (struct kith_policy_loaded *)set;
	struct compiler c = { .loaded = loaded };
	struct kith_policy_table *table;

	if (set->n_errors)
		return NULL;
	collect_subjects(&c);
	collect_lines(&c);
	table = emit(&c);
	if (!table)
		kith_policy_report(loaded, KITH_POLICY_ERROR, "policy", "", 0, 0,
				   "use patterns and networks, or split the policy between hosts",
				   "%llu compiled rules exceed the table's %u MiB",
				   (unsigned long long)c.n_rules, KITH_TABLE_MAX >> 20);
	free(c.subjects);
	free(c.lines);
	free(c.slots);
	return table;
}

void kith_policy_table_free(struct kith_policy_table *table)
{
	if (!table)
		return;
	free(table->bytes);
	free(table);
}
