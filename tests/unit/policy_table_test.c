// SPDX-License-Identifier: Apache-2.0
/* The kernel's table: what it accepts, and that nothing it accepts misleads it. */
#include "policy_help.h"
#include "table.h"

static const char documents[] =
	"apiVersion: kith/v1\n"
	"kind: Workload\n"
	"metadata: {name: w, owner: o}\n"
	"spec: {spiffeID: spiffe://a.example/w, select: [{exe: /bin/w}]}\n"
	"---\n"
	"apiVersion: kith/v1\n"
	"kind: Policy\n"
	"metadata: {name: p, owner: o}\n"
	"spec:\n"
	"  for: spiffe://a.example/w\n"
	"  inbound:\n"
	"    - {from: [\"spiffe://a.example/web/*\"], ports: [8080], alpn: h2}\n"
	"    - {deny: true, from: [\"spiffe://a.example/web/bad\"]}\n"
	"    - {open: metrics, ports: [9090-9091], peers: [10.1.0.0/16]}\n"
	"    - {deny: true, peers: [10.1.2.3], ports: [9091]}\n"
	"  outbound:\n"
	"    - {to: [spiffe://a.example/db], at: [\"10.0.0.0/9:5432\", \"[fc00::/7]:1\"], sni: db}\n"
	"    - {open: resolver, at: [\"10.0.0.53:53\"]}\n"
	"---\n"
	"apiVersion: kith/v1\n"
	"kind: Policy\n"
	"metadata: {name: q, owner: o}\n"
	"spec:\n"
	"  for: spiffe://a.example/x\n"
	"  inbound: [{from: [\"spiffe://a.example/**\"]}]\n";

#define W "spiffe://a.example/w"

static struct kith_policy_table *compiled(void)
{
	return compile_good(documents);
}

static struct kith_endpoint endpoint(const char *address, uint16_t port)
{
	struct kith_endpoint e = { .port = port };

	assert_true(kith_policy_parse_address(address, e.address));
	return e;
}

/* Asks everything there is to ask, and reads all that is answered. */
static void exercise(const struct kith_table *table)
{
	static const char *const ids[] = { W,
					   "spiffe://a.example/x",
					   "spiffe://a.example/web/1",
					   "spiffe://a.example/web/bad",
					   "a",
					   "" };
	const struct kith_endpoint ends[] = { endpoint("10.1.2.3", 9091), endpoint("fd00::1", 1),
					      endpoint("10.0.0.53", 53) };
	size_t length = 0, i, j, k;
	int direction;

	for (i = 0; i < COUNT(ids); i++)
		for (j = 0; j < COUNT(ends); j++)
			for (direction = KITH_INBOUND; direction <= KITH_OUTBOUND; direction++) {
				const struct kith_table_rule *found[1 + COUNT(ids)];

				found[0] = kith_table_address(table, ids[i], direction,
							      j % __KITH_DOOR_COUNT, &ends[j]);
				for (k = 0; k < COUNT(ids); k++)
					found[1 + k] = kith_table_peer(table, ids[i], direction,
								       &ends[j], ids[k]);
				for (k = 0; k < COUNT(found); k++)
					if (found[k] && kith_table_string(table, found[k]->source))
						length += strlen(
							kith_table_string(table, found[k]->source));
			}
	assert_true(length < 1 << 20);
}

/* Opens a copy that ends where the table does, for the sanitiser to watch. */
static int open_copy(const void *bytes, size_t size)
{
	void *copy = malloc(size ? size : 1);
	struct kith_table table;
	int ret;

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	ret = kith_table_open(&table, copy, size);
	if (!ret)
		exercise(&table);
	else
		assert_int_equal(ret, -EINVAL);
	free(copy);
	return ret;
}

static void opens_what_was_compiled(void **state)
{
	struct kith_policy_table *table = compiled();
	struct kith_table opened;

	assert_int_equal(kith_table_open(&opened, table->bytes, table->size), 0);
	assert_int_equal(opened.n_subjects, 2);
	assert_int_equal(opened.n_rules, 8);
	assert_int_equal(open_copy(table->bytes, table->size), 0);
	kith_policy_table_free(table);
}

static void refuses_every_truncation(void **state)
{
	struct kith_policy_table *table = compiled();
	struct kith_table_header *header = table->bytes;
	size_t size;

	for (size = 0; size < table->size; size++) {
		assert_int_equal(open_copy(table->bytes, size), -EINVAL);
		/* Nor when it lies about its size: its last string is cut. */
		if (size < sizeof(*header))
			continue;
		header->size = cpu_to_le32((uint32_t)size);
		open_copy(table->bytes, size);
		header->size = cpu_to_le32((uint32_t)table->size);
	}
	kith_policy_table_free(table);
}

static void survives_every_byte(void **state)
{
	struct kith_policy_table *table = compiled();
	uint8_t *bytes = table->bytes, was;
	unsigned int value, accepted = 0;
	size_t i;

	for (i = 0; i < table->size; i++) {
		was = bytes[i];
		for (value = 0; value < 256; value++) {
			bytes[i] = (uint8_t)value;
			accepted += value != was && !open_copy(bytes, table->size);
		}
		bytes[i] = was;
	}
	/* Letters of strings and values in range may change unseen; most may not. */
	assert_in_range(accepted, 1, 256 * table->size / 2);
	kith_policy_table_free(table);
}

/* Pairs of fields at once, with the values that are wrong in the most ways. */
static void survives_hostile_words(void **state)
{
	static const uint32_t words[] = { 0, 1, 7, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff };
	struct kith_policy_table *table = compiled();
	size_t n = table->size / 4, i, j, k;
	uint32_t *copy = malloc(n * 4 + 4);

	assert_non_null(copy);
	for (i = 0; i < n; i++)
		for (j = 0; j < COUNT(words); j++)
			for (k = 0; k < 8 + 10; k++) {
				memcpy(copy, table->bytes, n * 4);
				copy[i] = words[j];
				copy[k] = words[(i + j + k) % COUNT(words)];
				open_copy(copy, n * 4);
			}
	free(copy);
	kith_policy_table_free(table);
}

/* One fault each, that only the check of that fault can find. */
static int open_with(void (*spoil)(uint8_t *bytes, struct kith_table *t))
{
	struct kith_policy_table *table = compiled();
	struct kith_table view;
	int ret;

	assert_int_equal(kith_table_open(&view, table->bytes, table->size), 0);
	spoil(table->bytes, &view);
	ret = open_copy(table->bytes, table->size);
	kith_policy_table_free(table);
	return ret;
}

#define RULE(i)	   ((struct kith_table_rule *)(uintptr_t)&t->rules[i])
#define SUBJECT(i) ((struct kith_table_subject *)(uintptr_t)&t->subjects[i])

static void nothing(uint8_t *bytes, struct kith_table *t)
{
}

static void unknown_action(uint8_t *bytes, struct kith_table *t)
{
	RULE(7)->action = cpu_to_le32(3);
}

static void opening_with_peer(uint8_t *bytes, struct kith_table *t)
{
	assert_int_equal(RULE(3)->action, cpu_to_le32(KITH_TABLE_OPEN));
	RULE(3)->peer = RULE(2)->peer;
}

static void padding(uint8_t *bytes, struct kith_table *t)
{
	RULE(4)->pad[1] = 1;
}

static void unknown_door(uint8_t *bytes, struct kith_table *t)
{
	RULE(3)->door = __KITH_DOOR_COUNT;
}

static void authenticated_over_a_door(uint8_t *bytes, struct kith_table *t)
{
	assert_int_equal(RULE(2)->action, cpu_to_le32(KITH_TABLE_ALLOW));
	RULE(2)->door = KITH_DOOR_UDP;
}

static void long_prefix(uint8_t *bytes, struct kith_table *t)
{
	RULE(1)->prefix = 129;
}

static void host_bits(uint8_t *bytes, struct kith_table *t)
{
	RULE(5)->address[0] |= 1;
}

static void host_bytes(uint8_t *bytes, struct kith_table *t)
{
	RULE(5)->address[15] = 1;
}

static void reversed_ports(uint8_t *bytes, struct kith_table *t)
{
	RULE(2)->port_first = cpu_to_le16(8081);
}

static void deny_last(uint8_t *bytes, struct kith_table *t)
{
	RULE(3)->action = cpu_to_le32(KITH_TABLE_DENY);
}

static void string_in_rules(uint8_t *bytes, struct kith_table *t)
{
	RULE(2)->alpn = cpu_to_le32(32);
}

static void string_of_each_field(uint8_t *bytes, struct kith_table *t)
{
	static unsigned int turn;
	struct kith_table_rule *r = RULE(2);
	__le32 *const fields[] = { &r->peer, &r->alpn, &r->sni, &r->source, &r->name };

	*fields[turn++ % COUNT(fields)] = cpu_to_le32(t->size + 4);
}

static void wrong_size(uint8_t *bytes, struct kith_table *t)
{
	((struct kith_table_header *)bytes)->size = cpu_to_le32(t->size + 1);
}

static void wrong_subjects(uint8_t *bytes, struct kith_table *t)
{
	((struct kith_table_header *)bytes)->subjects = cpu_to_le32(36);
}

static void wrong_rules(uint8_t *bytes, struct kith_table *t)
{
	((struct kith_table_header *)bytes)->rules = cpu_to_le32(36);
}

static void wrong_strings(uint8_t *bytes, struct kith_table *t)
{
	((struct kith_table_header *)bytes)->strings = cpu_to_le32(36);
}

static void string_at_end(uint8_t *bytes, struct kith_table *t)
{
	RULE(2)->alpn = cpu_to_le32(t->size);
}

static void empty_string(uint8_t *bytes, struct kith_table *t)
{
	RULE(2)->alpn = cpu_to_le32(t->size - 1);
}

static void open_string(uint8_t *bytes, struct kith_table *t)
{
	bytes[t->size - 1] = 'x';
}

static void no_subject_id(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(1)->id = 0;
}

static void twice_the_subject(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(1)->id = SUBJECT(0)->id;
}

static void unsorted(uint8_t *bytes, struct kith_table *t)
{
	__le32 first = SUBJECT(0)->id;

	SUBJECT(0)->id = SUBJECT(1)->id;
	SUBJECT(1)->id = first;
}

static void overlapping_ranges(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(0)->outbound = cpu_to_le32(3);
}

static void rules_of_nobody(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(1)->n_inbound = 0;
	SUBJECT(1)->outbound = SUBJECT(1)->inbound;
}

static void too_many_rules(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(1)->n_inbound = cpu_to_le32(2);
	SUBJECT(1)->outbound = cpu_to_le32(9);
}

static void wrapping_count(uint8_t *bytes, struct kith_table *t)
{
	SUBJECT(1)->n_outbound = cpu_to_le32(0xffffffff);
}

static void magic(uint8_t *bytes, struct kith_table *t)
{
	bytes[0] = 'k';
}

static void version(uint8_t *bytes, struct kith_table *t)
{
	bytes[4] = KITH_TABLE_VERSION + 1;
}

static void refuses_each_fault(void **state)
{
	static void (*const faults[])(uint8_t *, struct kith_table *) = {
		unknown_action,
		opening_with_peer,
		padding,
		unknown_door,
		authenticated_over_a_door,
		long_prefix,
		host_bits,
		host_bytes,
		reversed_ports,
		deny_last,
		string_in_rules,
		string_at_end,
		empty_string,
		open_string,
		no_subject_id,
		twice_the_subject,
		unsorted,
		overlapping_ranges,
		rules_of_nobody,
		too_many_rules,
		wrapping_count,
		magic,
		wrong_size,
		wrong_subjects,
		wrong_rules,
		wrong_strings,
		string_of_each_field,
		string_of_each_field,
		string_of_each_field,
		string_of_each_field,
		string_of_each_field,
		version,
	};
	size_t i;

	assert_int_equal(open_with(nothing), 0);
	for (i = 0; i < COUNT(faults); i++) {
		int ret = open_with(faults[i]);

		if (ret != -EINVAL)
			fail_msg("fault %zu was accepted", i);
	}
}

static void refuses_a_crooked_base(void **state)
{
	struct kith_policy_table *table = compiled();
	uint8_t *copy = malloc(table->size + 8);
	struct kith_table opened;

	assert_non_null(copy);
	memcpy(copy + 4, table->bytes, table->size);
	assert_int_equal(kith_table_open(&opened, copy + 4, table->size), -EINVAL);
	free(copy);
	kith_policy_table_free(table);
}

static void refuses_a_large_table(void **state)
{
	struct kith_policy_table *table = compiled();
	struct kith_table_header *header = calloc(1, KITH_TABLE_MAX + 8);
	struct kith_table opened;

	assert_non_null(header);
	memcpy(header, table->bytes, table->size);
	header->size = cpu_to_le32(KITH_TABLE_MAX);
	assert_int_equal(kith_table_open(&opened, header, KITH_TABLE_MAX), 0);
	header->size = cpu_to_le32(KITH_TABLE_MAX + 8);
	assert_int_equal(kith_table_open(&opened, header, KITH_TABLE_MAX + 8), -EINVAL);
	free(header);
	kith_policy_table_free(table);
}

static void refuses_long_strings(void **state)
{
	const size_t strings = sizeof(struct kith_table_header) +
			       sizeof(struct kith_table_subject) + sizeof(struct kith_table_rule);
	size_t size = strings + 4096, id;
	struct kith_table_header *h = calloc(1, size);
	struct kith_table_subject *s = (void *)(h + 1);
	struct kith_table_rule *r = (void *)(s + 1);
	uint8_t *bytes = (void *)h;

	assert_non_null(h);
	h->magic = cpu_to_le32(KITH_TABLE_MAGIC);
	h->version = cpu_to_le32(KITH_TABLE_VERSION);
	h->size = cpu_to_le32((uint32_t)size);
	h->n_subjects = h->n_rules = cpu_to_le32(1);
	h->subjects = cpu_to_le32(sizeof(*h));
	h->rules = cpu_to_le32(sizeof(*h) + sizeof(*s));
	h->strings = cpu_to_le32((uint32_t)strings);
	memset(bytes + strings, 'i', size - strings - 1);
	s->n_inbound = cpu_to_le32(1);
	s->outbound = cpu_to_le32(1);
	for (id = KITH_SPIFFE_ID_MAX - 1; id < KITH_SPIFFE_ID_MAX + 2; id++) {
		s->id = r->peer = cpu_to_le32((uint32_t)(size - 1 - id));
		assert_int_equal(open_copy(bytes, size), id > KITH_SPIFFE_ID_MAX ? -EINVAL : 0);
	}
	s->id = r->peer = cpu_to_le32((uint32_t)(size - 2));
	r->source = cpu_to_le32((uint32_t)(size - 1 - KITH_NAME_MAX));
	assert_int_equal(open_copy(bytes, size), 0);
	r->source = cpu_to_le32((uint32_t)(size - 2 - KITH_NAME_MAX));
	assert_int_equal(open_copy(bytes, size), -EINVAL);
	free(h);
}

/* looking up ----------------------------------------------------------------- */

/* The action and source of a rule: "allow f.yaml:12". */
static const char *said(const struct kith_table *table, const struct kith_table_rule *rule)
{
	static const char *const actions[] = { "allow", "deny", "open" };
	static char text[300];

	if (!rule)
		return "none";
	snprintf(text, sizeof(text), "%s %s", actions[le32_to_cpu(rule->action)],
		 kith_table_string(table, rule->source));
	return text;
}

static void decides_by_address(void **state)
{
	static const struct {
		enum kith_direction direction;
		const char *address;
		uint16_t port;
		const char *expected;
	} cases[] = {
		{ KITH_INBOUND, "192.0.2.1", 8080, "allow f.yaml:12" },
		{ KITH_INBOUND, "2001:db8::1", 8080, "allow f.yaml:12" },
		{ KITH_INBOUND, "192.0.2.1", 8081, "none" },
		{ KITH_INBOUND, "10.1.255.255", 9090, "open f.yaml:14" },
		{ KITH_INBOUND, "10.1.2.2", 9091, "open f.yaml:14" },
		{ KITH_INBOUND, "10.1.2.3", 9091, "deny f.yaml:15" },
		{ KITH_INBOUND, "10.1.2.3", 9090, "open f.yaml:14" },
		{ KITH_INBOUND, "10.2.0.0", 9090, "none" },
		{ KITH_OUTBOUND, "10.0.0.53", 53, "open f.yaml:18" },
		{ KITH_OUTBOUND, "10.127.255.255", 5432, "allow f.yaml:17" },
		{ KITH_OUTBOUND, "10.128.0.0", 5432, "none" },
		{ KITH_OUTBOUND, "fdff::1", 1, "allow f.yaml:17" },
		{ KITH_OUTBOUND, "fe00::1", 1, "none" },
		{ KITH_OUTBOUND, "10.0.0.1", 1, "none" },
	};
	struct kith_policy_table *table = compiled();
	struct kith_table opened;
	size_t i;

	assert_int_equal(kith_table_open(&opened, table->bytes, table->size), 0);
	for (i = 0; i < COUNT(cases); i++) {
		struct kith_endpoint e = endpoint(cases[i].address, cases[i].port);

		assert_string_equal(said(&opened, kith_table_address(&opened, W, cases[i].direction,
								     KITH_DOOR_NONE, &e)),
				    cases[i].expected);
		assert_null(kith_table_address(&opened, "spiffe://a.example/v", cases[i].direction,
					       KITH_DOOR_NONE, &e));
	}
	kith_policy_table_free(table);
}

static const char doors[] =
	"apiVersion: kith/v1\n"
	"kind: Policy\n"
	"metadata: {name: p, owner: o}\n"
	"spec:\n"
	"  for: spiffe://a.example/w\n"
	"  outbound:\n"
	"    - {open: dns, at: [10.0.0.53]}\n"
	"    - {open: trace, over: packet, reason: it captures}\n"
	"    - {deny: true, at: [\"10.0.0.0/30\"]}\n"
	"    - {open: log, over: udp, at: [\"10.0.0.0/8:514\"], reason: no TLS}\n"
	"  inbound:\n"
	"    - {open: quic, over: udp, ports: [443], peers: [192.0.2.0/24], reason: its own TLS}\n";

static void decides_by_door(void **state)
{
	static const struct {
		enum kith_direction direction;
		enum kith_door door;
		const char *address;
		uint16_t port;
		const char *expected;
	} cases[] = {
		{ KITH_OUTBOUND, KITH_DOOR_NONE, "10.0.0.53", 53, "open f.yaml:7" },
		{ KITH_OUTBOUND, KITH_DOOR_UDP, "10.0.0.53", 53, "open f.yaml:7" },
		{ KITH_OUTBOUND, KITH_DOOR_RAW, "10.0.0.53", 53, "none" },
		{ KITH_OUTBOUND, KITH_DOOR_UDP, "10.0.0.53", 54, "none" },
		{ KITH_OUTBOUND, KITH_DOOR_UDP, "10.1.0.0", 514, "open f.yaml:10" },
		{ KITH_OUTBOUND, KITH_DOOR_NONE, "10.1.0.0", 514, "none" },
		{ KITH_OUTBOUND, KITH_DOOR_UDP, "10.0.0.1", 514, "deny f.yaml:9" },
		{ KITH_OUTBOUND, KITH_DOOR_PACKET, "::", 0, "open f.yaml:8" },
		{ KITH_INBOUND, KITH_DOOR_UDP, "192.0.2.1", 443, "open f.yaml:12" },
		{ KITH_INBOUND, KITH_DOOR_NONE, "192.0.2.1", 443, "none" },
	};
	struct kith_policy_table *table = compile_good(doors);
	struct kith_table t;
	size_t i;

	assert_int_equal(kith_table_open(&t, table->bytes, table->size), 0);
	assert_int_equal(t.doors,
			 1U << KITH_DOOR_NONE | 1U << KITH_DOOR_UDP | 1U << KITH_DOOR_PACKET);
	for (i = 0; i < COUNT(cases); i++) {
		struct kith_endpoint e = endpoint(cases[i].address, cases[i].port);

		assert_string_equal(
			said(&t, kith_table_address(&t, W, cases[i].direction, cases[i].door, &e)),
			cases[i].expected);
	}
	assert_string_equal(said(&t, kith_table_door(&t, W, KITH_DOOR_UDP)), "open f.yaml:12");
	assert_null(kith_table_door(&t, W, KITH_DOOR_RAW));
	assert_null(kith_table_door(&t, "spiffe://a.example/v", KITH_DOOR_UDP));
	kith_policy_table_free(table);
}

static void decides_by_peer(void **state)
{
	static const struct {
		enum kith_direction direction;
		const char *address;
		uint16_t port;
		const char *peer, *expected;
	} cases[] = {
		{ KITH_INBOUND, "192.0.2.1", 8080, "spiffe://a.example/web/1", "allow f.yaml:12" },
		{ KITH_INBOUND, "192.0.2.1", 8080, "spiffe://a.example/web/bad", "deny f.yaml:13" },
		{ KITH_INBOUND, "192.0.2.1", 8080, "spiffe://a.example/web/1/2", "none" },
		{ KITH_INBOUND, "192.0.2.1", 8080, "spiffe://b.example/web/1", "none" },
		/* An opening is nothing to an authenticated peer. */
		{ KITH_INBOUND, "10.1.2.2", 9090, "spiffe://a.example/web/1", "none" },
		{ KITH_INBOUND, "10.1.2.3", 9091, "spiffe://a.example/web/1", "deny f.yaml:15" },
		{ KITH_OUTBOUND, "10.0.0.1", 5432, "spiffe://a.example/db", "allow f.yaml:17" },
		{ KITH_OUTBOUND, "10.0.0.1", 5433, "spiffe://a.example/db", "none" },
		{ KITH_OUTBOUND, "10.0.0.1", 5432, "spiffe://a.example/dbs", "none" },
	};
	struct kith_policy_table *table = compiled();
	const struct kith_table_rule *rule;
	struct kith_table opened;
	size_t i;

	assert_int_equal(kith_table_open(&opened, table->bytes, table->size), 0);
	for (i = 0; i < COUNT(cases); i++) {
		struct kith_endpoint e = endpoint(cases[i].address, cases[i].port);

		rule = kith_table_peer(&opened, W, cases[i].direction, &e, cases[i].peer);
		assert_string_equal(said(&opened, rule), cases[i].expected);
	}
	kith_policy_table_free(table);
}

static void carries_alpn_sni_and_names(void **state)
{
	struct kith_policy_table *table = compiled();
	struct kith_endpoint web = endpoint("192.0.2.1", 8080), db = endpoint("10.0.0.1", 5432);
	struct kith_endpoint dns = endpoint("10.0.0.53", 53);
	const struct kith_table_rule *rule;
	struct kith_table t;

	assert_int_equal(kith_table_open(&t, table->bytes, table->size), 0);
	rule = kith_table_address(&t, W, KITH_INBOUND, KITH_DOOR_NONE, &web);
	assert_string_equal(kith_table_string(&t, rule->alpn), "h2");
	assert_null(kith_table_string(&t, rule->sni));
	assert_string_equal(kith_table_string(&t, rule->name), "p");
	rule = kith_table_address(&t, W, KITH_OUTBOUND, KITH_DOOR_NONE, &db);
	assert_null(kith_table_string(&t, rule->alpn));
	assert_string_equal(kith_table_string(&t, rule->sni), "db");
	rule = kith_table_address(&t, W, KITH_OUTBOUND, KITH_DOOR_NONE, &dns);
	assert_string_equal(kith_table_string(&t, rule->name), "resolver");
	kith_policy_table_free(table);
}

/* patterns ------------------------------------------------------------------- */

static void matches_patterns(void **state)
{
	static const struct {
		const char *pattern, *id;
		bool matches;
	} cases[] = {
		{ "spiffe://a/b", "spiffe://a/b", true },
		{ "spiffe://a/b", "spiffe://a/bc", false },
		{ "spiffe://a/bc", "spiffe://a/b", false },
		{ "spiffe://a/b", "spiffe://a/b/c", false },
		{ "spiffe://a/b", "spiffe://ab/b", false },
		{ "spiffe://a/*", "spiffe://a/b", true },
		{ "spiffe://a/*", "spiffe://a/b/c", false },
		{ "spiffe://a/*", "spiffe://a", false },
		{ "spiffe://a/*", "spiffe://a/", false },
		{ "spiffe://a/*/c", "spiffe://a/b/c", true },
		{ "spiffe://a/*/c", "spiffe://a/b/d", false },
		{ "spiffe://a/*/c", "spiffe://a//c", false },
		{ "spiffe://a/*/*", "spiffe://a/b/c", true },
		{ "spiffe://a/*/*", "spiffe://a/b", false },
		{ "spiffe://a/**", "spiffe://a/b", true },
		{ "spiffe://a/**", "spiffe://a/b/c/d", true },
		{ "spiffe://a/**", "spiffe://a", false },
		{ "spiffe://a/**", "spiffe://a/", false },
		{ "spiffe://a/**", "spiffe://a//b", false },
		{ "spiffe://a/**", "spiffe://ab/c", false },
		{ "spiffe://a/b/**", "spiffe://a/b", false },
		{ "spiffe://a/b/**", "spiffe://a/bc/d", false },
		{ "spiffe://a/*/b/**", "spiffe://a/x/b/y/z", true },
		/* What no check lets through matches no ID that can be. */
		{ "spiffe://a/b*", "spiffe://a/bc", false },
		{ "spiffe://a/*b", "spiffe://a/cb", false },
		{ "spiffe://a/**/b", "spiffe://a/x/b", false },
		{ "spiffe://*/b", "spiffe://a/b", false },
		{ "spiffe://**", "spiffe://a/b", false },
		{ "spiffe:/**", "spiffe://a/b", false },
		{ "*", "spiffe://a/b", false },
		{ "**", "spiffe://a/b", false },
		{ "", "spiffe://a/b", false },
		{ "", "", true },
		{ "spiffe://a/*", "", false },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		if (kith_pattern_match(cases[i].pattern, cases[i].id) != cases[i].matches)
			fail_msg("%s against %s", cases[i].pattern, cases[i].id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opens_what_was_compiled),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(survives_every_byte),
		cmocka_unit_test(survives_hostile_words),
		cmocka_unit_test(refuses_each_fault),
		cmocka_unit_test(refuses_a_crooked_base),
		cmocka_unit_test(refuses_a_large_table),
		cmocka_unit_test(refuses_long_strings),
		cmocka_unit_test(decides_by_address),
		cmocka_unit_test(decides_by_peer),
		cmocka_unit_test(decides_by_door),
		cmocka_unit_test(carries_alpn_sni_and_names),
		cmocka_unit_test(matches_patterns),
	};

	return cmocka_run_group_tests_name("policy_table", tests, NULL, NULL);
}
