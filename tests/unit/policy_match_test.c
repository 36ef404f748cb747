// SPDX-License-Identifier: Apache-2.0
/* Which workload a program is, what the kernel is told to claim, and which
 * selectors may not stand beside each other. */
#include "policy_help.h"

#define WORKLOAD(name, id, select)                                         \
	"---\napiVersion: kith/v1\nkind: Workload\nmetadata: {name: " name \
	", owner: o}\nspec:\n  spiffeID: spiffe://a.example/" id "\n  select: " select "\n"

/* @digest, and two that differ from it in the first and the last digit. */
#define DIGEST	 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DIGEST_A "10112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define DIGEST_Z "00112233445566778899aabbccddeeff00112233445566778899aabbccddeefe"
static const uint8_t digest[32] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
				    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
				    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
				    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

static const uint32_t groups[] = { 7, 8 };
static const char *const group_names[] = { "seven", NULL };

/* A program about which everything is known. */
static struct kith_policy_facts whole(void)
{
	return (struct kith_policy_facts){
		.uid = 1,
		.gid = 2,
		.user = "user",
		.group = "group",
		.groups = groups,
		.group_names = group_names,
		.n_groups = 2,
		.exe = "/bin/w",
		.sha256 = digest,
		.verity = digest,
		.cgroup = "/a.slice/b.service",
		.unit = "b.service",
	};
}

static enum kith_policy_match_result match(const char *select, const struct kith_policy_facts *f)
{
	char text[1024];
	struct kith_policy_set *set;
	struct kith_policy_match m;

	snprintf(text, sizeof(text), WORKLOAD("w", "w", "%s"), select);
	set = load_good(text);
	m = kith_policy_match_workload(set, f);
	assert_int_equal(m.workload != NULL, m.result == KITH_POLICY_MATCH);
	kith_policy_free(set);
	return m.result;
}

static void matches_each_fact(void **state)
{
	static const struct {
		const char *select;
		bool matches;
	} cases[] = {
		{ "[{exe: /bin/w}]", true },
		{ "[{exe: /bin/ww}]", false },
		{ "[{exe: /bin}]", false },
		{ "[{uid: 1}]", true },
		{ "[{uid: 0}]", false },
		{ "[{exe: /bin/w, gid: 2}]", true },
		{ "[{exe: /bin/w, gid: 7}]", false },
		{ "[{user: user}]", true },
		{ "[{user: use}]", false },
		{ "[{exe: /bin/w, group: group}]", true },
		{ "[{exe: /bin/w, group: seven}]", false },
		{ "[{exe: /bin/w, supplementaryGroup: seven}]", true },
		{ "[{exe: /bin/w, supplementaryGroup: eight}]", false },
		{ "[{exe: /bin/w, supplementaryGroup: 8}]", true },
		{ "[{exe: /bin/w, supplementaryGroup: 2}]", false },
		{ "[{cgroup: /a.slice}]", true },
		{ "[{cgroup: /a.slice/b.service}]", true },
		{ "[{cgroup: /a.slice/b.service/c}]", false },
		{ "[{cgroup: /a}]", false },
		{ "[{unit: b.service}]", true },
		{ "[{unit: a.service}]", false },
		{ "[{exe: /bin/w, sha256: " DIGEST "}]", true },
		{ "[{exe: /bin/w, sha256: " DIGEST_A "}]", false },
		{ "[{exe: /bin/w, sha256: " DIGEST_Z "}]", false },
		{ "[{exe: /bin/w, verity: sha256:" DIGEST "}]", true },
		{ "[{exe: /bin/w, verity: sha256:" DIGEST_A "}]", false },
		{ "[{exe: /bin/w, verity: sha256:" DIGEST_Z "}]", false },
		/* and */
		{ "[{exe: /bin/w, user: user, unit: b.service}]", true },
		{ "[{exe: /bin/w, user: user, unit: c.service}]", false },
		/* or */
		{ "[{exe: /bin/v}, {user: user}]", true },
		{ "[{exe: /bin/v}, {user: v}]", false },
	};
	struct kith_policy_facts f = whole();
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		if (match(cases[i].select, &f) !=
		    (cases[i].matches ? KITH_POLICY_MATCH : KITH_POLICY_NO_MATCH))
			fail_msg("%s", cases[i].select);
}

static void knows_nothing_of_unknown_facts(void **state)
{
	static const char *const selects[] = {
		"[{exe: /bin/w}]",
		"[{user: user}]",
		"[{exe: /bin/w, group: group}]",
		"[{cgroup: /a}]",
		"[{uid: 1, verity: sha256:" DIGEST "}]",
		"[{unit: b.service}]",
		"[{exe: /bin/w, supplementaryGroup: 0}]",
	};
	struct kith_policy_facts f = { .uid = 1 };
	size_t i;

	for (i = 0; i < COUNT(selects); i++)
		assert_int_equal(match(selects[i], &f), KITH_POLICY_NO_MATCH);
}

static void knows_named_files_unless_told(void **state)
{
	static const char by_user[] = "[{user: user, sha256: " DIGEST "}]";
	static const char deleted[] = "[{user: user, sha256: " DIGEST ", file: deleted}]";
	static const char memory[] = "[{user: user, sha256: " DIGEST ", file: memory}]";
	struct kith_policy_facts f = whole();

	assert_int_equal(match(deleted, &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match(memory, &f), KITH_POLICY_NO_MATCH);
	f.file = KITH_POLICY_FILE_DELETED;
	assert_int_equal(match(by_user, &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match(deleted, &f), KITH_POLICY_MATCH);
	assert_int_equal(match(memory, &f), KITH_POLICY_NO_MATCH);
	f.file = KITH_POLICY_FILE_MEMORY;
	assert_int_equal(match(by_user, &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match(deleted, &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match(memory, &f), KITH_POLICY_MATCH);
}

static void matches_in_the_container_asked_for(void **state)
{
	static const struct {
		const char *select;
		bool roots, users; /* matches in root's container, in a user's own */
	} cases[] = {
		{ "[{cgroup: /a.slice, container: {name: box}}]", true, false },
		{ "[{cgroup: /a.slice, container: {name: box, runtime: podman}}]", true, false },
		{ "[{cgroup: /a.slice, container: {name: box, runtime: crio}}]", false, false },
		{ "[{cgroup: /a.slice, container: {name: bo}}]", false, false },
		{ "[{cgroup: /a.slice, container: {image: \"r.example/i:1\"}}]", true, false },
		{ "[{cgroup: /a.slice, container: {image: r.example/i}}]", false, false },
		{ "[{cgroup: /a.slice, container: {id: " DIGEST "}}]", true, false },
		{ "[{cgroup: /a.slice, container: {owner: alice}}]", false, true },
		{ "[{cgroup: /a.slice, container: {owner: bob}}]", false, false },
		{ "[{cgroup: /a.slice, container: {owner: alice, id: " DIGEST "}}]", false, true },
		/* The path in the container, and the host's numbers. */
		{ "[{cgroup: /a.slice, container: {name: box}, exe: /bin/i}]", true, false },
		{ "[{cgroup: /a.slice, container: {name: box}, exe: /bin/w}]", false, false },
		{ "[{cgroup: /a.slice, container: {name: box}, uid: 33, gid: 34}]", true, false },
		{ "[{cgroup: /a.slice, container: {name: box}, uid: 1}]", false, false },
		{ "[{exe: /bin/i}]", false, false },
	};
	struct kith_policy_container_facts c = {
		.runtime = KITH_CONTAINER_PODMAN,
		.id = DIGEST,
		.name = "box",
		.image = "r.example/i:1",
		.exe = "/bin/i",
		.uid = 33,
		.gid = 34,
	};
	struct kith_policy_facts f = whole();
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		f.container = NULL;
		assert_int_equal(match(cases[i].select, &f), KITH_POLICY_NO_MATCH);
		f.container = &c;
		c.owned = false;
		c.owner = NULL;
		if ((match(cases[i].select, &f) == KITH_POLICY_MATCH) != cases[i].roots)
			fail_msg("root's: %s", cases[i].select);
		c.owned = true;
		c.owner = "alice";
		if ((match(cases[i].select, &f) == KITH_POLICY_MATCH) != cases[i].users)
			fail_msg("a user's: %s", cases[i].select);
	}
}

static void a_script_is_named_or_nobody(void **state)
{
	static const struct {
		const char *select;
		bool itself, script, another, unknown;
	} cases[] = {
		{ "[{exe: /bin/w}]", true, false, false, false },
		{ "[{uid: 1}]", true, false, false, false },
		{ "[{cgroup: /a.slice}]", true, false, false, false },
		{ "[{script: /bin/s, uid: 1}]", false, true, false, false },
		{ "[{script: /bin/s, uid: 2}]\n  claim: user", false, false, false, false },
		{ "[{script: /bin/s, exe: /bin/w, uid: 1}]", false, true, false, false },
		{ "[{script: /bin/s, exe: /bin/v, uid: 1}]", false, false, false, false },
		/* The host's path is not a container's. */
		{ "[{script: /bin/s, cgroup: /a.slice, container: {owner: u}}]", false, false,
		  false, false },
		{ "[{script: /bin/c, cgroup: /a.slice, container: {owner: u}}]", false, true, true,
		  false },
	};
	struct kith_policy_container_facts c = { .owned = true, .owner = "u" };
	struct kith_policy_facts f = whole();
	size_t i;

	f.container = &c;
	for (i = 0; i < COUNT(cases); i++) {
		f.interprets = false;
		f.script = NULL;
		assert_int_equal(match(cases[i].select, &f) == KITH_POLICY_MATCH, cases[i].itself);
		f.interprets = true;
		c.script = NULL;
		assert_int_equal(match(cases[i].select, &f) == KITH_POLICY_MATCH, cases[i].unknown);
		c.script = "/bin/c";
		f.script = "/bin/s";
		assert_int_equal(match(cases[i].select, &f) == KITH_POLICY_MATCH, cases[i].script);
		f.script = "/bin/s2";
		assert_int_equal(match(cases[i].select, &f) == KITH_POLICY_MATCH, cases[i].another);
	}
}

static void asks_for_the_digest_only_when_needed(void **state)
{
	struct kith_policy_facts f = whole();

	f.sha256 = NULL;
	assert_int_equal(match("[{exe: /bin/w, sha256: " DIGEST "}]", &f), KITH_POLICY_NEED_SHA256);
	assert_int_equal(match("[{exe: /bin/v, sha256: " DIGEST "}]", &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match("[{exe: /bin/w}]", &f), KITH_POLICY_MATCH);
	f.unreadable = true;
	assert_int_equal(match("[{exe: /bin/w, sha256: " DIGEST "}]", &f), KITH_POLICY_NO_MATCH);
	assert_int_equal(match("[{exe: /bin/w, sha256: " DIGEST "}, {uid: 1}]", &f),
			 KITH_POLICY_MATCH);
}

static void says_which_workload_and_entry(void **state)
{
	struct kith_policy_set *set =
		load_good(WORKLOAD("v", "v", "[{exe: /bin/v}]")
				  WORKLOAD("w", "w", "[{exe: /bin/x}, {exe: /bin/w}]"));
	struct kith_policy_facts f = whole();
	struct kith_policy_match m = kith_policy_match_workload(set, &f);

	assert_int_equal(m.result, KITH_POLICY_MATCH);
	assert_string_equal(m.workload->name, "w");
	assert_string_equal(m.workload->owner, "o");
	assert_string_equal(m.workload->spiffe_id, "spiffe://a.example/w");
	assert_int_equal(m.workload->ttl, 3600);
	assert_int_equal(m.selector->place.line, 14);
	assert_int_equal(m.selector->place.column, 27);
	kith_policy_free(set);
}

static void refuses_two_identities(void **state)
{
	struct kith_policy_set *set = load_good(WORKLOAD("v", "v", "[{user: user}]")
							WORKLOAD("w", "w", "[{exe: /bin/w}]"));
	struct kith_policy_facts f = whole();
	struct kith_policy_match m = kith_policy_match_workload(set, &f);

	assert_int_equal(m.result, KITH_POLICY_AMBIGUOUS);
	assert_string_equal(m.workload->name, "v");
	assert_string_equal(m.other->name, "w");
	kith_policy_free(set);
}

static void takes_one_identity_twice(void **state)
{
	struct kith_policy_set *set = load_good(WORKLOAD("v", "w", "[{user: user}]")
							WORKLOAD("w", "w", "[{exe: /bin/w}]"));
	struct kith_policy_facts f = whole();

	assert_int_equal(set->n_warnings, 0);
	assert_int_equal(kith_policy_match_workload(set, &f).result, KITH_POLICY_MATCH);
	kith_policy_free(set);
}

static void matches_nothing_with_errors(void **state)
{
	static const char text[] = WORKLOAD("w", "w", "[{exe: /bin/w}]") "extra: 1\n";
	struct kith_policy_set *set = kith_policy_load_text("f.yaml", text, strlen(text));
	struct kith_policy_facts f = whole();

	assert_int_equal(set->n_errors, 1);
	assert_int_equal(kith_policy_match_workload(set, &f).result, KITH_POLICY_NO_MATCH);
	assert_null(kith_policy_compile(set));
	kith_policy_free(set);
}

/* overlaps --------------------------------------------------------------------- */

static void finds_overlaps(void **state)
{
	static const struct {
		const char *a, *b;
		size_t errors, warnings;
	} cases[] = {
		{ "{exe: /a}", "{exe: /a}", 1, 0 },
		{ "{exe: /a}", "{exe: /b}", 0, 0 },
		{ "{exe: /a}", "{exe: /a, user: u}", 1, 0 },
		{ "{exe: /a, user: u}", "{exe: /a}", 1, 0 },
		{ "{exe: /a, user: u}", "{exe: /a, user: v}", 0, 0 },
		{ "{exe: /a}", "{user: u}", 0, 0 },
		{ "{exe: /a, uid: 1}", "{exe: /a, user: v}", 0, 1 },
		{ "{exe: /a, uid: 1}", "{exe: /a, uid: 2}", 0, 0 },
		{ "{exe: /a, gid: 1}", "{exe: /a, gid: 2}", 0, 0 },
		{ "{exe: /a, group: g}", "{exe: /a, group: h}", 0, 0 },
		{ "{exe: /a, sha256: " DIGEST "}", "{exe: /a, sha256: " DIGEST_A "}", 0, 0 },
		{ "{exe: /a, verity: sha256:" DIGEST "}", "{exe: /a, verity: sha256:" DIGEST_A "}",
		  0, 0 },
		{ "{exe: /a, supplementaryGroup: g}", "{exe: /a, supplementaryGroup: g}", 1, 0 },
		{ "{exe: /a, supplementaryGroup: g}", "{exe: /a, supplementaryGroup: h}", 0, 1 },
		{ "{exe: /a, supplementaryGroup: 1}", "{exe: /a}", 1, 0 },
		{ "{cgroup: /a}", "{cgroup: /a/b}", 1, 0 },
		{ "{cgroup: /a/b}", "{cgroup: /a}", 1, 0 },
		{ "{cgroup: /a}", "{cgroup: /ab}", 0, 0 },
		{ "{cgroup: /a, user: u}", "{cgroup: /a/b}", 0, 1 },
		{ "{cgroup: /a/b}", "{cgroup: /a, user: u}", 0, 1 },
		{ "{unit: a.service}", "{unit: b.service}", 0, 0 },
		{ "{cgroup: /a, container: {name: b}}", "{cgroup: /a, container: {name: c}}", 0,
		  0 },
		{ "{cgroup: /a, container: {name: b}}", "{cgroup: /a, container: {image: i}}", 0,
		  1 },
		{ "{cgroup: /a, container: {name: b}}", "{cgroup: /a, container: {owner: u}}", 0,
		  0 },
		{ "{cgroup: /a, container: {name: b}}", "{cgroup: /a}", 1, 0 },
		{ "{cgroup: /a, container: {name: b}, exe: /e}", "{exe: /e}", 0, 0 },
		{ "{uid: 1, sha256: " DIGEST "}", "{uid: 1, sha256: " DIGEST ", file: memory}", 0,
		  0 },
		{ "{exe: /a, uid: 1}", "{exe: /a, uid: 1, script: /s}", 0, 0 },
		{ "{uid: 1, script: /s}", "{uid: 1, script: /t}", 0, 0 },
		{ "{uid: 1, script: /s}", "{uid: 1, script: /s, exe: /a}", 1, 0 },
		{ "{unit: a.service}", "{cgroup: /a}", 0, 0 },
		{ "{unit: a.service, user: u}", "{cgroup: /a, user: u}", 0, 1 },
	};
	char text[2048];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct kith_policy_set *set;

		snprintf(text, sizeof(text), WORKLOAD("v", "v", "[%s]") WORKLOAD("w", "w", "[%s]"),
			 cases[i].a, cases[i].b);
		set = kith_policy_load_text("f.yaml", text, strlen(text));
		if (set->n_errors != cases[i].errors || set->n_warnings != cases[i].warnings)
			fail_msg("%s beside %s: %zu errors, %zu warnings", cases[i].a, cases[i].b,
				 set->n_errors, set->n_warnings);
		if (set->n_diags)
			assert_int_equal(set->diags[0].line, 14);
		kith_policy_free(set);
	}
}

/* claims ----------------------------------------------------------------------- */

static char *print_claims(const struct kith_policy_set *set)
{
	static const char *const kinds[] = { "exe", "uid", "cgroup", "listen" };
	char *text = NULL;
	size_t size, i, j;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (i = 0; i < set->n_claims; i++) {
		const struct kith_policy_claim *c = &set->claims[i];

		fprintf(out, "%s", kinds[c->kind]);
		if (c->path)
			fprintf(out, " %s", c->path);
		if (c->unit)
			fprintf(out, " of %s", c->unit);
		if (c->kind == KITH_CLAIM_KIND_UID && c->user)
			fprintf(out, " %s", c->user);
		else if (c->kind == KITH_CLAIM_KIND_UID)
			fprintf(out, " %u", c->uid);
		for (j = 0; c->kind == KITH_CLAIM_KIND_LISTEN && !c->any_address && j < 16; j++)
			fprintf(out, "%s%02x", j ? "" : " ", c->address[j]);
		if (c->kind == KITH_CLAIM_KIND_LISTEN)
			fprintf(out, " port %u", c->port);
		fputc('\n', out);
	}
	fclose(out);
	return text;
}

static void implies_claims(void **state)
{
	static const struct {
		const char *spec; /* after `select: ` */
		const char *claims;
	} cases[] = {
		{ "[{exe: /b}, {exe: /a, user: u}, {exe: /a, user: v}]", "exe /a\nexe /b\n" },
		{ "[{user: u}, {uid: 5}, {uid: 5, gid: 1}]", "uid 5\nuid u\n" },
		{ "[{cgroup: /c, user: u}]", "cgroup /c\n" },
		{ "[{unit: nginx.service, user: u}]",
		  "cgroup /system.slice/nginx.service of nginx.service\n" },
		{ "[{unit: postgresql@15-main.service}]",
		  "cgroup /system.slice/system-postgresql.slice/postgresql@15-main.service of "
		  "postgresql@15-main.service\n" },
		{ "[{unit: serial-getty@tty1.service}]",
		  "cgroup /system.slice/system-serial\\x2dgetty.slice/serial-getty@tty1.service of "
		  "serial-getty@tty1.service\n" },
		/* An interpreter's path would claim every script. */
		{ "[{exe: /usr/bin/python3, user: u}]", "uid u\n" },
		{ "[{exe: /usr/bin/python3, unit: a.service, user: u}]",
		  "cgroup /system.slice/a.service of a.service\n" },
		{ "[{exe: /usr/bin/python3, user: u}]\n  claim: exe", "exe /usr/bin/python3\n" },
		{ "[{exe: /a, user: u}]\n  claim: user", "uid u\n" },
		{ "[{script: /s, user: u, exe: /bin/sh}]", "uid u\n" },
		{ "[{exe: /a, cgroup: /c}]\n  claim: cgroup", "cgroup /c\n" },
		{ "[{exe: /a}]\n  listen: [\"0.0.0.0:80\", \"[::]:80\", \"*:81\", \"127.0.0.1:1\", "
		  "\"[::1]:1\"]",
		  "exe /a\nlisten port 80\nlisten port 81\n"
		  "listen 00000000000000000000000000000001 port 1\n"
		  "listen 00000000000000000000ffff7f000001 port 1\n" },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct kith_policy_set *set;
		char text[1024], *claims;

		snprintf(text, sizeof(text), WORKLOAD("w", "w", "%s"), cases[i].spec);
		set = load_good(text);
		claims = print_claims(set);
		assert_string_equal(claims, cases[i].claims);
		free(claims);
		kith_policy_free(set);
	}
}

static void reads_lifetimes(void **state)
{
	static const struct {
		const char *ttl;
		uint32_t seconds;
	} cases[] = {
		{ "60s", 60 }, { "1m", 60 }, { "2h", 7200 }, { "30d", 2592000 }, { "90", 90 }
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct kith_policy_set *set;
		char text[1024];

		snprintf(text, sizeof(text), WORKLOAD("w", "w", "[{exe: /a}]\n  svid: {ttl: %s}"),
			 cases[i].ttl);
		set = load_good(text);
		assert_int_equal(set->workloads[0].ttl, cases[i].seconds);
		kith_policy_free(set);
	}
}

static void reads_traits(void **state)
{
	static const struct {
		const char *text;
		uint32_t traits;
	} cases[] = {
		{ "", 0 },
		{ "\n  eof: strict\n  onExpiry: keep", 0 },
		{ "\n  eof: lenient", KITH_TRAIT_EOF_LENIENT },
		{ "\n  onExpiry: close", KITH_TRAIT_CLOSE_ON_EXPIRY },
		{ "\n  injection: observe", 0 },
		{ "\n  injection: quarantine", KITH_TRAIT_QUARANTINE },
		{ "\n  injection: deny", KITH_TRAIT_SHIELD },
		{ "\n  injection: deny\n  jit: allow", KITH_TRAIT_SHIELD | KITH_TRAIT_JIT },
		{ "\n  jit: report", 0 },
		{ "\n  handoff: any", KITH_TRAIT_HANDOFF },
		{ "\n  handoff: none", 0 },
	};
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct kith_policy_set *set;
		char text[1024];

		snprintf(text, sizeof(text), WORKLOAD("w", "w", "[{exe: /a}]%s"), cases[i].text);
		set = load_good(text);
		assert_int_equal(set->workloads[0].traits, cases[i].traits);
		kith_policy_free(set);
	}
}

static void reads_who_shares_a_key(void **state)
{
	static const char *const texts[] = { "{}", "{key: program}", "{key: workload}" };
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		struct kith_policy_set *set;
		char text[1024];

		snprintf(text, sizeof(text), WORKLOAD("w", "w", "[{exe: /a}]\n  svid: %s"),
			 texts[i]);
		set = load_good(text);
		assert_int_equal(set->workloads[0].traits, i == 2 ? KITH_TRAIT_SHARE_KEY : 0);
		kith_policy_free(set);
	}
}

/* It may be without select, and no program is it by itself then. */
static void reads_who_may_run(void **state)
{
	static const char text[] =
		"apiVersion: kith/v1\nkind: Workload\nmetadata: {name: w, owner: o@a.example}\n"
		"spec:\n  spiffeID: spiffe://a.example/w\n"
		"  run: [{user: alice}, {uid: 7, gid: 0}, {group: ops}]\n";
	struct kith_policy_set *set = load_good(text);
	const struct kith_policy_workload *w = &set->workloads[0];
	const struct kith_policy_facts facts = { .uid = 7, .user = "alice", .exe = "/a" };

	assert_int_equal(w->n_selectors, 0);
	assert_int_equal(w->n_runners, 3);
	assert_string_equal(w->runners[0].user, "alice");
	assert_true(w->runners[1].has_uid && w->runners[1].has_gid && !w->runners[1].gid);
	assert_int_equal(w->runners[1].uid, 7);
	assert_string_equal(w->runners[2].group, "ops");
	assert_int_equal(set->n_claims, 0);
	assert_int_equal(kith_policy_match_workload(set, &facts).result, KITH_POLICY_NO_MATCH);
	kith_policy_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_each_fact),
		cmocka_unit_test(knows_nothing_of_unknown_facts),
		cmocka_unit_test(a_script_is_named_or_nobody),
		cmocka_unit_test(asks_for_the_digest_only_when_needed),
		cmocka_unit_test(knows_named_files_unless_told),
		cmocka_unit_test(matches_in_the_container_asked_for),
		cmocka_unit_test(says_which_workload_and_entry),
		cmocka_unit_test(refuses_two_identities),
		cmocka_unit_test(takes_one_identity_twice),
		cmocka_unit_test(matches_nothing_with_errors),
		cmocka_unit_test(finds_overlaps),
		cmocka_unit_test(implies_claims),
		cmocka_unit_test(reads_lifetimes),
		cmocka_unit_test(reads_traits),
		cmocka_unit_test(reads_who_shares_a_key),
		cmocka_unit_test(reads_who_may_run),
	};

	return cmocka_run_group_tests_name("policy_match", tests, NULL, NULL);
}
