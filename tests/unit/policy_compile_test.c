// SPDX-License-Identifier: Apache-2.0
/* Loading from files, compiling, PolicyTest and explain. */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy_help.h"
#include "table.h"

#define WORKLOAD(name)                                                                         \
	"---\napiVersion: kith/v1\nkind: Workload\nmetadata: {name: " name                     \
	", owner: o}\nspec: {spiffeID: spiffe://a.example/" name ", select: [{exe: /bin/" name \
	"}]}\n"
#define POLICY(name, rest)                                               \
	"---\napiVersion: kith/v1\nkind: Policy\nmetadata: {name: " name \
	", owner: o}\nspec:\n  for: spiffe://a.example/" name "\n" rest
#define TEST(cases) "---\napiVersion: kith/v1\nkind: PolicyTest\nmetadata: {name: t}\nspec:\n" cases

/* files ------------------------------------------------------------------------ */

static char directory[] = "/tmp/kith-policy-XXXXXX";

static int make_directory(void **state)
{
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static int remove_directory(void **state)
{
	return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_directory(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(in_directory(name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void loads_a_directory_in_order(void **state)
{
	const char *path = directory;
	struct kith_policy_set *set;

	write_file("20.yaml", WORKLOAD("b"));
	write_file("10.yaml", WORKLOAD("a"));
	write_file("3.yaml", WORKLOAD("c"));
	write_file("notes.txt", "not: [policy");
	write_file(".hidden.yaml", "not: [policy");
	set = kith_policy_load(&path, 1);
	assert_int_equal(set->n_diags, 0);
	assert_int_equal(set->n_workloads, 3);
	assert_string_equal(set->workloads[0].name, "a");
	assert_string_equal(set->workloads[1].name, "b");
	assert_string_equal(set->workloads[2].name, "c");
	assert_string_equal(set->workloads[0].place.file, "10.yaml");
	kith_policy_free(set);
}

static void keeps_what_it_read(void **state)
{
	const char *path = directory;
	struct kith_policy_set *set;

	write_file("10.yaml", "a: [\n");
	set = kith_policy_load(&path, 1);
	write_file("10.yaml", WORKLOAD("a"));
	assert_int_equal(set->n_sources, 3);
	assert_string_equal(set->sources[0].name, "10.yaml");
	assert_int_equal(set->sources[0].size, 5);
	assert_string_equal(set->sources[0].text, "a: [\n");
	assert_string_equal(set->sources[1].name, "20.yaml");
	assert_string_equal(set->sources[1].text, WORKLOAD("b"));
	kith_policy_free(set);
}

static void names_files_as_they_were_opened(void **state)
{
	const char *paths[2];
	struct kith_policy_set *set;
	char twice[300];

	write_file("10.yaml", "a: 1\n");
	snprintf(twice, sizeof(twice), "%s//", directory);
	paths[0] = twice;
	set = kith_policy_load(paths, 1);
	assert_int_equal(set->n_errors, 5);
	assert_string_equal(set->diags[0].file, in_directory("10.yaml"));
	assert_int_equal(set->diags[0].line, 1);
	kith_policy_free(set);
	remove(in_directory("10.yaml"));
}

static void finds_names_in_other_files(void **state)
{
	const char *path = directory;
	struct kith_policy_set *set;
	char message[300];

	write_file("30.yaml", WORKLOAD("b"));
	set = kith_policy_load(&path, 1);
	/* Also the overlap, were it not that errors come first. */
	assert_int_equal(set->n_errors, 1);
	assert_string_equal(set->diags[0].file, in_directory("30.yaml"));
	snprintf(message, sizeof(message), "the name is taken by %s/20.yaml:4", directory);
	assert_string_equal(set->diags[0].message, message);
	kith_policy_free(set);
	remove(in_directory("30.yaml"));
}

static void complains_of_what_it_cannot_read(void **state)
{
	static const struct {
		const char *path, *message;
	} cases[] = {
		{ "/nonexistent/kith", "No such file or directory" },
		{ "/dev/null", "not a regular file" },
		{ "", "No such file or directory" },
	};
	struct kith_policy_set *set;
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		set = kith_policy_load(&cases[i].path, 1);
		assert_int_equal(set->n_errors, 1);
		assert_string_equal(set->diags[0].file, cases[i].path);
		assert_string_equal(set->diags[0].message, cases[i].message);
		assert_int_equal(set->diags[0].line, 0);
		kith_policy_free(set);
	}
}

static void warns_of_an_empty_directory(void **state)
{
	const char *path = in_directory("empty");
	struct kith_policy_set *set;
	struct kith_policy_table *table;

	assert_int_equal(mkdir(path, 0700), 0);
	set = kith_policy_load(&path, 1);
	assert_int_equal(set->n_errors, 0);
	assert_int_equal(set->n_warnings, 1);
	table = kith_policy_compile(set);
	assert_non_null(table);
	assert_int_equal(table->size, sizeof(struct kith_table_header));
	kith_policy_table_free(table);
	kith_policy_free(set);
}

static void refuses_large_files(void **state)
{
	const char *path = in_directory("large");
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	struct kith_policy_set *set;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, KITH_POLICY_FILE_MAX + 1), 0);
	close(fd);
	set = kith_policy_load(&path, 1);
	assert_int_equal(set->n_errors, 1);
	assert_string_equal(set->diags[0].message, "larger than 4 MiB");
	kith_policy_free(set);
}

static void refuses_awkward_file_names(void **state)
{
	struct kith_policy_set *set = kith_policy_load_text("a b.yaml", "", 0);

	assert_int_equal(set->n_errors, 1);
	kith_policy_free(set);
	set = kith_policy_load_text("a\nb.yaml", "", 0);
	assert_int_equal(set->n_errors, 1);
	assert_string_equal(set->diags[0].file, "a?b.yaml");
	kith_policy_free(set);
}

/* bounds ----------------------------------------------------------------------- */

static void keeps_few_of_many_diagnostics(void **state)
{
	const size_t n = KITH_POLICY_DIAGS_MAX + 50;
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	struct kith_policy_set *set;

	assert_non_null(out);
	fputs(WORKLOAD("w"), out);
	for (i = 0; i < n; i++)
		fprintf(out, "x%zu: 1\n", i);
	fclose(out);
	set = kith_policy_load_text("f.yaml", text, size);
	assert_int_equal(set->n_errors, n);
	assert_int_equal(set->n_diags, KITH_POLICY_DIAGS_MAX);
	kith_policy_free(set);
	free(text);
}

/* A policy with @times a rule of @n peers and @m addresses, and, after those, a
 * rule of @n_long peers with 1,900 bytes each.
 */
static struct kith_policy_set *expanding(size_t n, size_t m, size_t times, size_t n_long)
{
	char *text = NULL;
	size_t size, i, j;
	FILE *out = open_memstream(&text, &size);
	struct kith_policy_set *set;

	assert_non_null(out);
	fputs(WORKLOAD("w") POLICY("w", "  outbound:\n"), out);
	for (j = 0; j < times; j++) {
		fputs("    - to: [", out);
		for (i = 0; i < n; i++)
			fprintf(out, "spiffe://a.example/p%zu,", i);
		fputs("]\n      at: [", out);
		for (i = 0; i < m; i++)
			fprintf(out, "10.0.%zu.%zu,", i >> 8, i & 255);
		fputs("]\n", out);
	}
	if (n_long)
		fputs("    - to:\n", out);
	for (i = 0; i < n_long; i++)
		fprintf(out, "      - spiffe://a.example/%01900zu\n", i);
	fclose(out);
	set = kith_policy_load_text("f.yaml", text, size);
	free(text);
	return set;
}

static void bounds_expansion(void **state)
{
	struct kith_policy_set *set = expanding(256, 256, 1, 0);
	struct kith_policy_table *table;

	assert_int_equal(set->n_errors, 0);
	table = kith_policy_compile(set);
	assert_int_equal(table->n_rules, 65536);
	kith_policy_table_free(table);
	kith_policy_free(set);

	set = expanding(257, 256, 1, 0);
	assert_int_equal(set->n_errors, 1);
	assert_string_equal(set->diags[0].message, "the rule expands to more than 65536");
	kith_policy_free(set);

	/* Each within bounds, together beyond the table. */
	set = expanding(256, 256, 22, 0);
	assert_int_equal(set->n_errors, 0);
	assert_null(kith_policy_compile(set));
	assert_int_equal(set->n_errors, 1);
	assert_string_equal(set->diags[0].message,
			    "1441792 compiled rules exceed the table's 64 MiB");
	kith_policy_free(set);

	/* The rules fit, their strings do not. */
	set = expanding(256, 256, 21, 600);
	assert_int_equal(set->n_errors, 0);
	assert_null(kith_policy_compile(set));
	assert_int_equal(set->n_errors, 1);
	kith_policy_free(set);
	set = expanding(256, 256, 21, 200);
	table = kith_policy_compile(set);
	assert_non_null(table);
	kith_policy_table_free(table);
	kith_policy_free(set);
}

static void bounds_peers_times_ports(void **state)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	struct kith_policy_set *set;

	assert_non_null(out);
	fputs(WORKLOAD("w") POLICY("w", "  inbound:\n    - open: o\n      ports: ["), out);
	for (i = 0; i < 300; i++)
		fprintf(out, "%zu,", i + 1);
	fputs("]\n      peers: [", out);
	for (i = 0; i < 300; i++)
		fprintf(out, "10.0.%zu.%zu,", i >> 8, i & 255);
	fputs("]\n", out);
	fclose(out);
	set = kith_policy_load_text("f.yaml", text, size);
	assert_int_equal(set->n_errors, 1);
	assert_int_equal(set->diags[0].line, 14);
	assert_string_equal(set->diags[0].message, "peers times ports are more than 65536");
	kith_policy_free(set);
	free(text);
}

/* compiling -------------------------------------------------------------------- */

static const char estate[] = WORKLOAD("web") WORKLOAD("api") WORKLOAD(
	"db") POLICY("web", "  outbound:\n"
			    "    - {to: [spiffe://a.example/api], at: [\"10.0.0.0/8:8080\"]}\n"
			    "    - {to: [spiffe://a.example/db]}\n"
			    "    - {open: dns, at: [\"10.0.0.53:53\"]}\n"
			    "    - {to: [spiffe://a.example/api], at: [\"10.0.0.0/8:9090\"]}\n"
			    "    - {to: [spiffe://x.example/far], at: [\"192.0.2.0/24:443\"]}\n")
	POLICY("api", "  inbound:\n"
		      "    - {from: [\"spiffe://a.example/web\", \"spiffe://a.example/*\"], ports: "
		      "[8080]}\n"
		      "    - {deny: true, from: [spiffe://a.example/db]}\n"
		      "    - {open: metrics, ports: [9090], peers: [10.1.0.0/16]}\n"
		      "  outbound:\n"
		      "    - {to: [spiffe://a.example/db], at: [\"10.0.0.5:5432\"]}\n"
		      "    - {deny: true, at: [\"10.0.0.0/9\"]}\n"
		      "    - {to: [spiffe://a.example/db], at: [\"10.0.0.0/8:5432\"]}\n")
		POLICY("db", "  inbound:\n"
			     "    - {from: [spiffe://a.example/api], ports: [5432]}\n");

static void compiles_the_same_bytes(void **state)
{
	struct kith_policy_table *a = compile_good(estate);
	struct kith_policy_table *b = compile_good(estate);

	assert_int_equal(a->size, b->size);
	assert_memory_equal(a->bytes, b->bytes, a->size);
	assert_int_equal(a->n_subjects, 3);
	assert_int_equal(a->n_rules, 14); /* dns is two */
	kith_policy_table_free(a);
	kith_policy_table_free(b);
}

static void lists_openings(void **state)
{
	static const char text[] = WORKLOAD("w") POLICY(
		"w", "  outbound:\n"
		     "    - {open: dns, at: [10.0.0.53, \"10.0.0.54:5353\"]}\n"
		     "    - {open: hosts, over: vsock, reason: the hypervisor asks}\n"
		     "  inbound:\n"
		     "    - {open: scrape, ports: [9090, \"9100-9110\"], peers: [10.1.0.0/16]}\n");
	static const struct kith_policy_opening expected[] = {
		{ "scrape", "spiffe://a.example/w", true, "tcp", "10.1.0.0/16", "9090, 9100-9110",
		  "", "f.yaml:16" },
		{ "dns", "spiffe://a.example/w", false, "tcp, udp", "10.0.0.53, 10.0.0.54:5353", "",
		  "name resolution: DNS servers show no identity", "f.yaml:13" },
		{ "hosts", "spiffe://a.example/w", false, "vsock", "", "", "the hypervisor asks",
		  "f.yaml:14" },
	};
	struct kith_policy_set *set = load_good(text);
	size_t i;

	assert_int_equal(set->n_openings, COUNT(expected));
	for (i = 0; i < COUNT(expected); i++) {
		const struct kith_policy_opening *got = &set->openings[i], *want = &expected[i];

		assert_string_equal(got->name, want->name);
		assert_string_equal(got->subject, want->subject);
		assert_int_equal(got->inbound, want->inbound);
		assert_string_equal(got->over, want->over);
		assert_string_equal(got->peers, want->peers);
		assert_string_equal(got->ports, want->ports);
		assert_string_equal(got->reason, want->reason);
		assert_string_equal(got->source, want->source);
	}
	kith_policy_free(set);
}

static void merges_policies_of_one_subject(void **state)
{
	static const char text[] = WORKLOAD("w") POLICY(
		"w",
		"  inbound: [{from: [spiffe://a.example/a]}]\n") "---\napiVersion: kith/v1\nkind: Policy\nmetadata: {name: q, owner: o}\n"
								 "spec:\n  for: spiffe://a.example/w\n"
								 "  inbound: [{from: [spiffe://a.example/b]}, {deny: true, ports: [1]}]\n";
	struct kith_policy_table *table = compile_good(text);
	struct kith_table t;

	assert_int_equal(kith_table_open(&t, table->bytes, table->size), 0);
	assert_int_equal(t.n_subjects, 1);
	assert_int_equal(le32_to_cpu(t.subjects[0].n_inbound), 3);
	assert_string_equal(kith_table_string(&t, t.rules[0].name), "q");
	assert_string_equal(kith_table_string(&t, t.rules[0].source), "f.yaml:19");
	assert_string_equal(kith_table_string(&t, t.rules[1].peer), "spiffe://a.example/a");
	assert_string_equal(kith_table_string(&t, t.rules[1].source), "f.yaml:12");
	assert_string_equal(kith_table_string(&t, t.rules[2].peer), "spiffe://a.example/b");
	kith_policy_table_free(table);
}

/* explain ---------------------------------------------------------------------- */

#define A "spiffe://a.example/"

static const struct question {
	const char *from, *to, *at, *from_address;
	uint16_t port;
	enum kith_policy_verdict verdict;
	const char *out, *in; /* lines that decide; "": known, no rule; NULL: no say */
	const char *why;
} questions[] = {
	{ A "web", A "api", NULL, NULL, 8080, KITH_POLICY_ALLOW, "f.yaml:23", "f.yaml:35",
	  "allowed" },
	{ A "web", A "api", "10.1.1.1", NULL, 8080, KITH_POLICY_ALLOW, "f.yaml:23", "f.yaml:35",
	  "allowed" },
	{ A "web", A "api", "11.1.1.1", NULL, 8080, KITH_POLICY_DENY, "", "f.yaml:35",
	  "no outbound rule of the client allows it" },
	{ A "web", A "api", NULL, NULL, 8081, KITH_POLICY_DENY, "", "",
	  "no outbound rule of the client allows it" },
	{ A "web", A "db", NULL, NULL, 5432, KITH_POLICY_DENY, "f.yaml:24", "",
	  "no inbound rule of the server allows it" },
	/* The opening for the address leaves TLS out. */
	{ A "web", A "db", "10.0.0.53", NULL, 53, KITH_POLICY_DENY, "f.yaml:25", "",
	  "no inbound rule of the server allows it" },
	{ A "web", NULL, "10.0.0.53", NULL, 53, KITH_POLICY_OPEN, "f.yaml:25", NULL,
	  "let through unauthenticated by an opening" },
	{ A "web", NULL, "10.0.0.54", NULL, 53, KITH_POLICY_DENY, "", NULL,
	  "no outbound rule of the client allows it" },
	{ NULL, A "api", NULL, "10.1.9.9", 9090, KITH_POLICY_OPEN, NULL, "f.yaml:37",
	  "let through unauthenticated by an opening" },
	{ NULL, A "api", NULL, "10.2.9.9", 9090, KITH_POLICY_DENY, NULL, "",
	  "no inbound rule of the server allows it" },
	{ NULL, A "api", NULL, NULL, 8080, KITH_POLICY_DENY, NULL, "",
	  "no inbound rule of the server allows it" },
	{ A "web", A "api", NULL, "10.1.0.1", 9090, KITH_POLICY_DENY, "f.yaml:26", "f.yaml:37",
	  "one end would speak TLS, the other in clear by an opening" },
	/* Deny beats allow, by peer and by address, wherever it is written. */
	{ A "db", A "api", NULL, NULL, 8080, KITH_POLICY_DENY, "", "f.yaml:36",
	  "no outbound rule of the client allows it" },
	{ A "api", A "db", "10.0.0.5", NULL, 5432, KITH_POLICY_DENY, "f.yaml:40", "f.yaml:49",
	  "a rule of the client denies it" },
	{ A "api", A "db", "10.128.0.0", NULL, 5432, KITH_POLICY_ALLOW, "f.yaml:41", "f.yaml:49",
	  "allowed" },
	/* Some address will do: the first behind what is denied. */
	{ A "api", A "db", NULL, NULL, 5432, KITH_POLICY_ALLOW, "f.yaml:41", "f.yaml:49",
	  "allowed" },
	{ A "web", "spiffe://x.example/far", "192.0.2.9", NULL, 443, KITH_POLICY_ALLOW, "f.yaml:27",
	  NULL, "allowed" },
	{ A "web", "spiffe://x.example/near", "192.0.2.9", NULL, 443, KITH_POLICY_DENY, "", NULL,
	  "no outbound rule of the client allows it" },
	{ A "far", A "near", NULL, NULL, 1, KITH_POLICY_DENY, NULL, NULL,
	  "neither end is known here" },
};

static void check_side(const struct kith_policy_side *side, const char *expected, size_t i)
{
	if (side->known != (expected != NULL) ||
	    (expected && strcmp(side->source ? side->source : "", expected)))
		fail_msg("question %zu: %s decides, not %s", i,
			 side->source ? side->source : "nothing", expected ? expected : "nobody");
}

static void explains(void **state)
{
	struct kith_policy_table *table = compile_good(estate);
	size_t i;

	for (i = 0; i < COUNT(questions); i++) {
		const struct question *q = &questions[i];
		struct kith_policy_explanation e;
		uint8_t at[16], from_address[16];
		struct kith_policy_query query = { .from = q->from, .to = q->to, .port = q->port };

		if (q->at) {
			assert_true(kith_policy_parse_address(q->at, at));
			query.at = at;
		}
		if (q->from_address) {
			assert_true(kith_policy_parse_address(q->from_address, from_address));
			query.from_address = from_address;
		}
		kith_policy_explain(table, &query, &e);
		if (e.verdict != q->verdict)
			fail_msg("question %zu: %s", i, kith_policy_verdict_text(e.verdict));
		check_side(&e.outbound, q->out, i);
		check_side(&e.inbound, q->in, i);
		assert_string_equal(e.why, q->why);
	}
	kith_policy_table_free(table);
}

/* What is allowed begins where a denied network ends, some bits further up. */
static void finds_the_address_behind_a_network(void **state)
{
	struct kith_policy_table *table = compile_good(WORKLOAD(
		"w") POLICY("w", "  outbound:\n"
				 "    - {deny: true, at: [10.0.0.0/9, 10.128.0.0/9]}\n"
				 "    - {to: [spiffe://a.example/x], at: [10.0.0.0/7]}\n"));
	const struct kith_policy_query query = { .from = A "w", .to = A "x", .port = 1 };
	struct kith_policy_explanation e;

	kith_policy_explain(table, &query, &e);
	assert_int_equal(e.verdict, KITH_POLICY_ALLOW);
	assert_string_equal(e.outbound.source, "f.yaml:14");
	kith_policy_table_free(table);
}

/* tests ------------------------------------------------------------------------ */

static void runs_policy_tests(void **state)
{
	static const char cases[] = TEST(
		"  - {from: spiffe://a.example/web, to: spiffe://a.example/api, port: 8080, expect: "
		"allow}\n"
		"  - {from: spiffe://a.example/web, to: spiffe://a.example/api, port: 8080, expect: "
		"deny}\n"
		"  - {from: spiffe://a.example/web, at: 10.0.0.53, port: 53, expect: open}\n"
		"  - {from: spiffe://a.example/web, port: 53, expect: open}\n"
		"  - {from: spiffe://a.example/web, port: 54, expect: deny}\n"
		"  - {to: spiffe://a.example/api, fromAddress: \"10.1.0.1\", port: 9090, expect: "
		"open}\n"
		"  - {to: spiffe://a.example/api, fromAddress: \"10.2.0.1\", port: 9090, expect: "
		"open}\n"
		"  - {from: spiffe://a.example/api, to: spiffe://a.example/db, at: 10.0.0.5, port: "
		"5432, expect: deny}\n"
		"  - {from: spiffe://a.example/web, at: 10.0.0.53, port: 53, over: udp, expect: open}\n"
		"  - {from: spiffe://a.example/api, port: 53, over: udp, expect: open}\n");
	static const bool passes[] = {
		true, false, true, true, true, true, false, true, true, false
	};
	char *text = malloc(sizeof(estate) + sizeof(cases));
	struct kith_policy_test_result *results;
	struct kith_policy_table *table;
	struct kith_policy_set *set;
	size_t n, i;

	assert_non_null(text);
	strcpy(text, estate);
	strcat(text, cases);
	set = load_good(text);
	table = kith_policy_compile(set);
	n = kith_policy_test(set, table, &results);
	assert_int_equal(n, COUNT(passes));
	for (i = 0; i < n; i++)
		assert_int_equal(results[i].passed, passes[i]);
	assert_string_equal(results[0].test, "t");
	assert_int_equal(results[0].place.line, 55);
	assert_string_equal(results[0].description,
			    "spiffe://a.example/web to spiffe://a.example/api port 8080");
	assert_string_equal(results[2].description,
			    "spiffe://a.example/web to unauthenticated at 10.0.0.53 port 53");
	assert_int_equal(results[1].got.verdict, KITH_POLICY_ALLOW);
	assert_string_equal(results[1].got.inbound.source, "f.yaml:35");
	assert_string_equal(results[1].got.inbound.name, "api");
	free(results);
	free(text);
	kith_policy_table_free(table);
	kith_policy_free(set);
}

static void passes_the_examples(void **state)
{
	static const char *const paths[] = { "examples/policy/shop", "examples/policy/demo" };
	size_t i, j, n;

	for (i = 0; i < COUNT(paths); i++) {
		struct kith_policy_set *set = kith_policy_load(&paths[i], 1);
		struct kith_policy_test_result *results;
		struct kith_policy_table *table;

		for (j = 0; j < set->n_diags; j++)
			kith_policy_print_diag(stderr, &set->diags[j]);
		assert_int_equal(set->n_diags, 0);
		assert_true(set->n_workloads > 1);
		table = kith_policy_compile(set);
		n = kith_policy_test(set, table, &results);
		assert_true(n > 4);
		for (j = 0; j < n; j++)
			if (!results[j].passed)
				fail_msg("%s: %s", results[j].test, results[j].description);
		free(results);
		kith_policy_table_free(table);
		kith_policy_free(set);
	}
}

/* The YAML blocks of a page, as one text of documents. */
static char *blocks_of(const char *path)
{
	FILE *page = fopen(path, "r"), *out;
	bool inside = false;
	char line[1024], *text;
	size_t size;

	assert_non_null(page);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	while (fgets(line, sizeof(line), page)) {
		if (!strncmp(line, "```", 3)) {
			inside = !strcmp(line, "```yaml\n");
			fputs(inside ? "---\n" : "", out);
		} else if (inside) {
			fputs(line, out);
		}
	}
	fclose(page);
	fclose(out);
	return text;
}

static void passes_what_the_manual_shows(void **state)
{
	char *text = blocks_of("docs/policy.md");
	struct kith_policy_set *set = load_good(text);
	struct kith_policy_table *table = kith_policy_compile(set);
	struct kith_policy_test_result *results;
	size_t n = kith_policy_test(set, table, &results), i;

	assert_int_equal(set->n_diags, 0);
	assert_int_equal(set->n_workloads, 2);
	assert_int_equal(set->n_policies, 2);
	assert_int_equal(n, 3);
	for (i = 0; i < n; i++)
		assert_true(results[i].passed);
	free(results);
	kith_policy_table_free(table);
	kith_policy_free(set);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_a_directory_in_order),
		cmocka_unit_test(keeps_what_it_read),
		cmocka_unit_test(names_files_as_they_were_opened),
		cmocka_unit_test(finds_names_in_other_files),
		cmocka_unit_test(complains_of_what_it_cannot_read),
		cmocka_unit_test(warns_of_an_empty_directory),
		cmocka_unit_test(refuses_large_files),
		cmocka_unit_test(refuses_awkward_file_names),
		cmocka_unit_test(keeps_few_of_many_diagnostics),
		cmocka_unit_test(bounds_expansion),
		cmocka_unit_test(bounds_peers_times_ports),
		cmocka_unit_test(compiles_the_same_bytes),
		cmocka_unit_test(lists_openings),
		cmocka_unit_test(merges_policies_of_one_subject),
		cmocka_unit_test(explains),
		cmocka_unit_test(finds_the_address_behind_a_network),
		cmocka_unit_test(runs_policy_tests),
		cmocka_unit_test(passes_the_examples),
		cmocka_unit_test(passes_what_the_manual_shows),
	};

	return cmocka_run_group_tests_name("policy_compile", tests, make_directory,
					   remove_directory);
}
