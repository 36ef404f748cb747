// SPDX-License-Identifier: Apache-2.0
/*
 * Random policies: what the kernel's lookup says of the compiled table must be
 * what the documents say, as read here the simplest way, with nothing shared
 * but the documents.
 *
 * KITH_SEED repeats a run, KITH_ROUNDS makes it longer.
 */
#include <arpa/inet.h>

#include "policy_help.h"
#include "table.h"

#define ROUNDS	  300
#define QUESTIONS 1000
#define RULES_MAX 12
#define LIST_MAX  3
#define SUBJECTS  3

/* A small world, so that things meet. */
static const char *const ids[] = {
	"spiffe://a.example/w",	      "spiffe://a.example/x",	  "spiffe://a.example/x/y",
	"spiffe://a.example/x/y/z",   "spiffe://a.example/xx",	  "spiffe://a.example/w/y",
	"spiffe://b.example/x",	      "spiffe://a.example.net/x", "spiffe://a.example/q/y/z",
	"spiffe://a.example/x/y/z/w", "spiffe://b.example/x/y",
};
static const char *const patterns[] = {
	"spiffe://a.example/x",	    "spiffe://a.example/x/y", "spiffe://a.example/*",
	"spiffe://a.example/**",    "spiffe://a.example/x/*", "spiffe://a.example/x/**",
	"spiffe://a.example/*/y",   "spiffe://a.example/*/*", "spiffe://a.example/*/y/**",
	"spiffe://a.example/*/*/z", "spiffe://b.example/x",   "spiffe://a.example/w",
};
static const char *const networks[] = {
	"*",	       "10.0.0.0/8",   "10.1.0.0/16", "10.1.2.0/23", "10.1.2.3",
	"10.1.2.3/32", "0.0.0.0/0",    "128.0.0.0/1", "fd00::/8",    "fd00:1::/32",
	"fd00::1",     "fd00::80/121", "2000::/3",    "::1",
};
static const char *const addresses[] = {
	"10.1.2.3",  "10.1.2.2",  "10.1.3.255", "10.1.4.0", "10.0.0.0", "11.0.0.1",
	"127.0.0.1", "128.0.0.1", "0.0.0.0",	"fd00::1",  "fd00::ff", "fd00::7f",
	"fd00:1::",  "fd01::1",	  "fe00::1",	"::1",	    "::",	"2001:db8::1",
};
static const uint16_t ports[] = { 1, 79, 80, 81, 100, 443, 8080, 65535 };
static const char *const ranges[] = { "80", "80-81", "1-79", "79-443", "65535", "1-65535", "443" };

struct rule {
	bool outbound;
	enum { ALLOW, DENY, OPEN } action;
	const char *peers[LIST_MAX];
	size_t n_peers;
	const char *networks[LIST_MAX];
	size_t n_networks;
	const char *ranges[LIST_MAX]; /* of each network outbound; of all inbound */
	size_t n_ranges;
	enum kith_door over; /* of an opening */
	unsigned int line;
};

struct policy {
	const char *subject;
	struct rule rules[RULES_MAX];
	size_t n;
};

static uint64_t random_state;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 2685821657736338717ULL >> 11;
}

static size_t below(size_t n)
{
	return (size_t)(next_random() % n);
}

#define PICK(list) ((list)[below(COUNT(list))])

/* documents -------------------------------------------------------------------- */

static void make_rule(struct rule *r)
{
	size_t i;

	memset(r, 0, sizeof(*r));
	r->outbound = below(2);
	r->action = below(4) == 0 ? DENY : below(4) == 0 ? OPEN : ALLOW;
	if (r->action != OPEN)
		r->n_peers = r->action == DENY ? below(LIST_MAX + 1) : 1 + below(LIST_MAX);
	r->over = r->action == OPEN && below(2) ? KITH_DOOR_UDP : KITH_DOOR_NONE;
	/* An opening names its port, and outbound or over UDP its address. */
	r->n_networks = below(LIST_MAX + 1);
	if ((r->outbound || r->over) && r->action == OPEN && !r->n_networks)
		r->n_networks = 1;
	r->n_ranges = below(LIST_MAX + 1);
	if (r->action == OPEN && !r->n_ranges)
		r->n_ranges = 1;
	if (r->outbound)
		r->n_ranges = r->n_ranges ? r->n_networks : 0;
	for (i = 0; i < LIST_MAX; i++) {
		r->peers[i] = PICK(patterns);
		r->networks[i] = PICK(networks);
		r->ranges[i] = PICK(ranges);
	}
}

static void write_list(FILE *out, const char *key, const char *const *items, size_t n,
		       const char *const *with_ports)
{
	size_t i;

	if (!n)
		return;
	fprintf(out, "%s: [", key);
	for (i = 0; i < n; i++) {
		bool bracket = with_ports && strchr(items[i], ':');

		fprintf(out, "%s\"%s%s%s", i ? ", " : "", bracket ? "[" : "", items[i],
			bracket ? "]" : "");
		fprintf(out, "%s%s\"", with_ports ? ":" : "", with_ports ? with_ports[i] : "");
	}
	fputs("], ", out);
}

static void write_rule(FILE *out, const struct rule *r)
{
	fputs("    - {", out);
	write_list(out, r->outbound ? "to" : "from", r->peers, r->n_peers, NULL);
	if (r->outbound) {
		write_list(out, "at", r->networks, r->n_networks, r->n_ranges ? r->ranges : NULL);
	} else {
		write_list(out, "peers", r->networks, r->n_networks, NULL);
		write_list(out, "ports", r->ranges, r->n_ranges, NULL);
	}
	if (r->action != ALLOW)
		fputs(r->action == DENY ? "deny: true, " : "open: o, ", out);
	if (r->over)
		fputs("over: udp, ", out);
	fputs("reason: r", out);
	fputs("}\n", out);
}

/* Writes one direction; returns the line behind. */
static unsigned int write_direction(FILE *out, struct policy *p, bool outbound, unsigned int line)
{
	size_t i, n = 0;

	for (i = 0; i < p->n; i++)
		n += p->rules[i].outbound == outbound;
	fprintf(out, "  %s:%s\n", outbound ? "outbound" : "inbound", n ? "" : " []");
	line++;
	for (i = 0; i < p->n; i++)
		if (p->rules[i].outbound == outbound) {
			p->rules[i].line = line++;
			write_rule(out, &p->rules[i]);
		}
	return line;
}

static char *write_policies(struct policy *policies, size_t n)
{
	unsigned int line = 1;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (i = 0; i < n; i++) {
		fprintf(out,
			"---\napiVersion: kith/v1\nkind: Policy\n"
			"metadata: {name: p%zu, owner: o}\nspec:\n  for: %s\n",
			i, policies[i].subject);
		line = write_direction(out, &policies[i], false, line + 6);
		line = write_direction(out, &policies[i], true, line);
	}
	fclose(out);
	return text;
}

/* the reference ------------------------------------------------------------------ */

/* Segment by segment, on copies. */
static bool reference_pattern(const char *pattern, const char *id)
{
	char p[256], i[256], *p_rest, *i_rest, *p_part, *i_part;

	strcpy(p, pattern + strlen("spiffe://"));
	strcpy(i, id + strlen("spiffe://"));
	p_part = strtok_r(p, "/", &p_rest);
	i_part = strtok_r(i, "/", &i_rest);
	while (p_part && i_part) {
		if (!strcmp(p_part, "**"))
			return true;
		if (strcmp(p_part, "*") && strcmp(p_part, i_part))
			return false;
		p_part = strtok_r(NULL, "/", &p_rest);
		i_part = strtok_r(NULL, "/", &i_rest);
	}
	return !p_part && !i_part;
}

/* Bit by bit, each family for itself. */
static bool reference_network(const char *network, const char *address)
{
	char text[64], *slash;
	uint8_t n[16], a[16];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	int bits, bit;

	if (!strcmp(network, "*"))
		return true;
	strcpy(text, network);
	slash = strchr(text, '/');
	if (slash)
		*slash = 0;
	if ((strchr(text, ':') ? AF_INET6 : AF_INET) != family)
		return false;
	assert_int_equal(inet_pton(family, text, n), 1);
	assert_int_equal(inet_pton(family, address, a), 1);
	bits = slash ? atoi(slash + 1) : family == AF_INET ? 32 : 128;
	for (bit = 0; bit < bits; bit++)
		if ((n[bit / 8] ^ a[bit / 8]) & (1 << (7 - bit % 8)))
			return false;
	return true;
}

static bool reference_range(const char *range, uint16_t port)
{
	int first, last;

	if (sscanf(range, "%d-%d", &first, &last) == 1)
		last = first;
	return port >= first && port <= last;
}

static bool reference_endpoint(const struct rule *r, const char *address, uint16_t port)
{
	size_t i;
	bool network = !r->n_networks, range = !r->n_ranges;

	for (i = 0; i < r->n_networks; i++) {
		if (!reference_network(r->networks[i], address))
			continue;
		network = true;
		if (r->outbound && r->n_ranges && reference_range(r->ranges[i], port))
			range = true;
	}
	for (i = 0; !r->outbound && i < r->n_ranges; i++)
		range |= reference_range(r->ranges[i], port);
	return network && range;
}

static bool reference_peer(const struct rule *r, const char *peer)
{
	size_t i;

	for (i = 0; i < r->n_peers; i++)
		if (reference_pattern(r->peers[i], peer))
			return true;
	return !r->n_peers;
}

struct question {
	bool outbound;
	const char *local, *peer, *address;
	uint16_t port;
	enum kith_door over;
};

/* Rules without `over` allow TCP; what they deny, they deny over anything. */
static bool reference_over(const struct rule *r, enum kith_door over)
{
	return r->action == DENY || r->over == over;
}

/* The line of the first rule of @action that matches; @any_peer: and names none.
 * 0: there is none. */
static unsigned int first_line(const struct policy *policies, size_t n, const struct question *q,
			       int action, bool any_peer, bool check_peer)
{
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; !strcmp(policies[i].subject, q->local) && j < policies[i].n; j++) {
			const struct rule *r = &policies[i].rules[j];

			if (r->outbound == q->outbound && (int)r->action == action &&
			    reference_over(r, q->over) &&
			    reference_endpoint(r, q->address, q->port) &&
			    (!any_peer || !r->n_peers) &&
			    (!check_peer || reference_peer(r, q->peer)))
				return r->line;
		}
	return 0;
}

static unsigned int reference_address(const struct policy *p, size_t n, const struct question *q)
{
	unsigned int line = first_line(p, n, q, DENY, true, false);

	if (!line)
		line = first_line(p, n, q, OPEN, false, false);
	return line ? line : first_line(p, n, q, ALLOW, false, false);
}

/* Authenticated peers come over TCP. */
static unsigned int reference_decision(const struct policy *p, size_t n, struct question q)
{
	unsigned int line;

	q.over = KITH_DOOR_NONE;
	line = first_line(p, n, &q, DENY, false, true);
	return line ? line : first_line(p, n, &q, ALLOW, false, true);
}

/* How often each kind of answer came up: a world in which nothing meets would
 * prove nothing. */
static struct {
	unsigned long by_address[4], by_peer[4]; /* none, then as the actions */
} seen;

static void count(unsigned long seen_by[4], const struct kith_table_rule *rule)
{
	seen_by[rule ? 1 + le32_to_cpu(rule->action) : 0]++;
}

/* comparing ---------------------------------------------------------------------- */

static unsigned int line_of(const struct kith_table *t, const struct kith_table_rule *rule)
{
	const char *source = rule ? kith_table_string(t, rule->source) : NULL;

	return source ? (unsigned int)atoi(strrchr(source, ':') + 1) : 0;
}

static void ask(const struct kith_table *t, const struct policy *policies, const char *text)
{
	struct question q = { below(2),	       PICK(ids),   PICK(ids),
			      PICK(addresses), PICK(ports), KITH_DOOR_NONE };
	enum kith_direction direction = q.outbound ? KITH_OUTBOUND : KITH_INBOUND;
	struct kith_endpoint e = { .port = q.port };
	const struct kith_table_rule *by_address, *by_peer;
	unsigned int expected_address, expected_peer;

	/* Mostly of one that has rules. */
	q.over = below(3) ? KITH_DOOR_NONE : KITH_DOOR_UDP;
	if (below(8))
		q.local = ids[below(SUBJECTS)];
	assert_true(kith_policy_parse_address(q.address, e.address));
	by_address = kith_table_address(t, q.local, direction, q.over, &e);
	by_peer = kith_table_peer(t, q.local, direction, &e, q.peer);
	count(seen.by_address, by_address);
	count(seen.by_peer, by_peer);
	expected_address = reference_address(policies, SUBJECTS + 1, &q);
	expected_peer = reference_decision(policies, SUBJECTS + 1, q);
	if (line_of(t, by_address) != expected_address || line_of(t, by_peer) != expected_peer)
		fail_msg("%s\n%s of %s at %s port %u with %s: line %u by address, %u by peer; the "
			 "documents say %u and %u",
			 text, q.outbound ? "outbound" : "inbound", q.local, q.address, q.port,
			 q.peer, line_of(t, by_address), line_of(t, by_peer), expected_address,
			 expected_peer);
}

static void play_round(void)
{
	struct policy policies[SUBJECTS + 1];
	struct kith_policy_table *table;
	struct kith_table t;
	char *text;
	size_t i, j;

	for (i = 0; i <= SUBJECTS; i++) {
		/* The last document is a second one for a subject. */
		policies[i].subject = ids[i % SUBJECTS];
		policies[i].n = below(RULES_MAX + 1);
		for (j = 0; j < policies[i].n; j++)
			make_rule(&policies[i].rules[j]);
	}
	text = write_policies(policies, SUBJECTS + 1);
	table = compile_good(text);
	assert_int_equal(kith_table_open(&t, table->bytes, table->size), 0);
	for (i = 0; i < QUESTIONS; i++)
		ask(&t, policies, text);
	kith_policy_table_free(table);
	free(text);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

static void lookup_says_what_the_documents_say(void **state)
{
	unsigned long rounds = from_environment("KITH_ROUNDS", ROUNDS), i;
	unsigned long seed = from_environment("KITH_SEED", 20261122);

	print_message("# KITH_SEED=%lu, %lu policies, %d questions each\n", seed, rounds,
		      QUESTIONS);
	random_state = seed ? seed : 1;
	for (i = 0; i < rounds; i++)
		play_round();
	for (i = 0; i < 4; i++) {
		assert_true(seen.by_address[i] > rounds * QUESTIONS / 100);
		/* An opening decides about no authenticated peer. */
		if (i != 1 + KITH_TABLE_OPEN)
			assert_true(seen.by_peer[i] > rounds * QUESTIONS / 100);
		else
			assert_int_equal(seen.by_peer[i], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lookup_says_what_the_documents_say),
	};

	return cmocka_run_group_tests_name("policy_property", tests, NULL, NULL);
}
