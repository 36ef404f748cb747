/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of lib/policy share: the set behind struct kith_policy_set. */
#ifndef KITH_LIB_POLICY_SET_H
#define KITH_LIB_POLICY_SET_H

#include "memory.h"
#include "policy.h"
#include "table.h"

struct kith_yaml;

/* Addresses and ports a rule is about. */
struct kith_policy_endpoint {
	uint8_t address[16];
	uint8_t prefix;
	uint16_t port_first, port_last;
};

/* One entry of `inbound` or `outbound`; compiles to peers × endpoints × doors. */
struct kith_policy_rule {
	enum kith_table_action action;
	enum kith_direction direction;
	const char *const *peers; /* patterns; none: any peer */
	size_t n_peers;
	const struct kith_policy_endpoint *endpoints; /* at least one */
	size_t n_endpoints;
	uint32_t doors;	  /* 1 << enum kith_door; those of an opening, else TCP */
	const char *name; /* the opening's or the policy's */
	const char *alpn, *sni, *reason;
	const char *source; /* "file:line" */
};

struct kith_policy_document {
	const char *name, *owner, *subject;
	const struct kith_policy_rule *rules;
	size_t n_rules;
	const char *path;
	struct kith_policy_place place, subject_place;
};

/* One entry of a PolicyTest. */
struct kith_policy_case {
	const char *test;
	const char *from, *to;
	bool has_at, has_from_address;
	uint8_t at[16], from_address[16];
	uint16_t port;
	enum kith_door over;
	enum kith_policy_verdict expected;
	const char *description;
	struct kith_policy_place place;
};

/* A document's name, for finding duplicates. */
struct kith_policy_named {
	const char *kind, *name;
	const char *path;
	struct kith_policy_place place;
};

#define KITH_POLICY_ARRAY(type, name) \
	type *name;                   \
	size_t n_##name, room_##name

struct kith_policy_loaded {
	struct kith_policy_set set; /* first: what callers hold */
	struct kith_arena arena;
	size_t files, bytes, nodes; /* read so far */
	KITH_POLICY_ARRAY(struct kith_policy_diag, diags);
	KITH_POLICY_ARRAY(struct kith_policy_workload, workloads);
	KITH_POLICY_ARRAY(struct kith_policy_claim, claims);
	KITH_POLICY_ARRAY(struct kith_policy_document, policies);
	KITH_POLICY_ARRAY(struct kith_policy_opening, openings);
	KITH_POLICY_ARRAY(struct kith_policy_case, cases);
	KITH_POLICY_ARRAY(struct kith_policy_named, named);
	KITH_POLICY_ARRAY(struct kith_policy_source, sources);
	size_t n_selectors, n_tests;
};

/* Appends a zeroed element to one of the arrays above. */
#define KITH_POLICY_ADD(loaded, name)                                                           \
	((loaded)->name = kith_grow((loaded)->name, (loaded)->n_##name, &(loaded)->room_##name, \
				    sizeof(*(loaded)->name)),                                   \
	 &(loaded)->name[(loaded)->n_##name++])

/* The file and object being read. */
struct kith_policy_reader {
	struct kith_policy_loaded *loaded;
	const char *path;   /* as opened, in diagnostics */
	const char *name;   /* in rules */
	const char *object; /* "Kind/name"; "" while it is not known */
	size_t first_diag;  /* of the document being read */
};

/* diag.c: reporting. @remedy says what to do. */
void kith_policy_report(struct kith_policy_loaded *loaded, enum kith_policy_severity severity,
			const char *path, const char *object, unsigned int line,
			unsigned int column, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 8, 9)));

#define kith_policy_error_at(reader, line, column, remedy, ...)                                   \
	kith_policy_report((reader)->loaded, KITH_POLICY_ERROR, (reader)->path, (reader)->object, \
			   line, column, remedy, __VA_ARGS__)
#define kith_policy_error(reader, node, remedy, ...) \
	kith_policy_error_at(reader, (node)->line, (node)->column, remedy, __VA_ARGS__)

/* A copy that does not move a terminal's cursor. */
const char *kith_policy_printable(struct kith_arena *arena, const char *text);

void kith_policy_sort_diags(struct kith_policy_loaded *loaded);

struct kith_policy_place kith_policy_place_of(const struct kith_policy_reader *reader,
					      const struct kith_yaml *node);

/* workload.c, rules.c, cases.c: the `spec` of each kind. */
void kith_policy_read_workload(struct kith_policy_reader *reader, const char *name,
			       const char *owner, struct kith_yaml *document,
			       struct kith_yaml *spec);
void kith_policy_read_policy(struct kith_policy_reader *reader, const char *name, const char *owner,
			     struct kith_yaml *document, struct kith_yaml *spec);
void kith_policy_read_test(struct kith_policy_reader *reader, const char *name,
			   struct kith_yaml *spec);

/* selector.c: one entry of a Workload's `select`. False: it was reported. */
bool kith_policy_read_selector(struct kith_policy_reader *reader, struct kith_yaml *node,
			       struct kith_policy_selector *selector);
/* The same of `run`: users and groups alone. */
bool kith_policy_read_runner(struct kith_policy_reader *reader, struct kith_yaml *node,
			     struct kith_policy_selector *runner);

/* compile.c: how many rules of the table it becomes. */
size_t kith_policy_expanded(const struct kith_policy_rule *rule);

/* claims.c: what @selector implies. False: nothing the kernel can claim by. */
enum kith_policy_claim_by {
	KITH_POLICY_CLAIM_DEFAULT,
	KITH_POLICY_CLAIM_EXE,
	KITH_POLICY_CLAIM_USER,
	KITH_POLICY_CLAIM_CGROUP,
};
bool kith_policy_claim_selector(struct kith_policy_loaded *loaded,
				const struct kith_policy_selector *selector,
				enum kith_policy_claim_by by, const char *workload);
void kith_policy_sort_claims(struct kith_policy_loaded *loaded);

/* check.c: what only shows once everything is read. */
void kith_policy_check(struct kith_policy_loaded *loaded);

/* explain.c: the verdict, @prefer where addresses are left open. */
void kith_policy_evaluate(const struct kith_table *table, const struct kith_policy_query *query,
			  enum kith_policy_verdict prefer, struct kith_policy_explanation *out);

#endif
