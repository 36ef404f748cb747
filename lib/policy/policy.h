/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy files: documents in YAML, read, checked, compiled and asked about.
 * The format is described in docs/policy.md.
 *
 *	set = kith_policy_load(paths, n);          always a set, with diagnostics
 *	if (set->n_errors) …                       print set->diags, stop
 *	table = kith_policy_compile(set);          what goes to the kernel
 *	kith_policy_test(set, table, &results);    PolicyTest documents
 *	kith_policy_match_workload(set, &facts)    per attestation
 *	kith_policy_explain(table, &query, &out)   `kith explain`
 *
 * No function here needs a kernel, root or the network. Nothing is shared
 * between sets, so each may be used by its own thread. Every string handed
 * out belongs to the set (or to the compiled table, where said) and lives as
 * long as it does. When memory runs out the process aborts: the kernel keeps
 * what it holds, and the agent is restarted.
 */
#ifndef KITH_LIB_POLICY_H
#define KITH_LIB_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <linux/kith.h>
#include "base/container.h"

/* Limits; more is an error with a diagnostic. */
#define KITH_POLICY_FILE_MAX	  (4U << 20) /* bytes of one file */
#define KITH_POLICY_FILES_MAX	  4096	     /* files of one set */
#define KITH_POLICY_DEPTH_MAX	  16	     /* nesting of YAML */
#define KITH_POLICY_SELECTORS_MAX 16384	     /* select entries of one set */
#define KITH_POLICY_EXPANSION_MAX 65536U     /* compiled rules of one line */
#define KITH_POLICY_DIAGS_MAX	  1000	     /* diagnostics kept of one set */

/* Where something was written. @file is as in rules: relative to the
 * directory that was loaded, or the name of the file itself. */
struct kith_policy_place {
	const char *file;
	unsigned int line, column; /* from 1 */
};

/* diagnostics ------------------------------------------------------------ */

enum kith_policy_severity { KITH_POLICY_ERROR, KITH_POLICY_WARNING };

struct kith_policy_diag {
	enum kith_policy_severity severity;
	const char *file;	   /* the path as it was opened */
	unsigned int line, column; /* from 1; 0: about the file as a whole */
	const char *object;	   /* "Workload/orders-api", or "" */
	const char *message;
	const char *remedy; /* what to do; never empty */
};

/** Prints "file:line:column: error: Kind/name: message (remedy)" and a newline. */
void kith_policy_print_diag(FILE *out, const struct kith_policy_diag *diag);

/* documents -------------------------------------------------------------- */

/* What became of the executable's file. */
enum kith_policy_file {
	KITH_POLICY_FILE_NAMED,	  /* it has a name */
	KITH_POLICY_FILE_DELETED, /* it had one, or was never given one */
	KITH_POLICY_FILE_MEMORY,  /* memfd_create() */
};

/* `container` of a selector: every field that is set must match. */
struct kith_policy_container {
	enum kith_container_runtime runtime; /* NONE: any */
	const char *id, *name, *image;
	const char *owner; /* user, whose own runtime it is; NULL: root's */
};

/* One entry of `select`: every field that is set must match. */
struct kith_policy_selector {
	const char *exe;		 /* NULL: any, as below */
	const char *script;		 /* what it interprets; NULL: executed itself */
	const char *user;		 /* name */
	const char *group;		 /* name, of the real gid */
	const char *cgroup;		 /* the cgroup or one below it */
	const char *unit;		 /* systemd unit */
	const char *sha256;		 /* 64 lower-case hex digits */
	const char *verity;		 /* likewise, fs-verity's digest */
	const char *supplementary_group; /* name */
	bool has_uid, has_gid, has_supplementary_gid;
	uint32_t uid, gid, supplementary_gid;
	enum kith_policy_file file; /* the only kind it matches */
	/* NULL: in a container or not. Otherwise @exe and @script are paths in the
	 * container, @uid and @gid are the host's numbers. */
	const struct kith_policy_container *container;
	struct kith_policy_place place;
};

struct kith_policy_workload {
	const char *name, *owner, *spiffe_id;
	const struct kith_policy_selector *selectors;
	size_t n_selectors;
	uint32_t ttl;	 /* seconds an SVID lives */
	uint32_t traits; /* of enum kith_trait */
	/* `run`: who may start a task as this. Users and groups alone are set. */
	const struct kith_policy_selector *runners;
	size_t n_runners;
	const char *path; /* the file as it was opened */
	struct kith_policy_place place;
};

/* A coarse matcher for the kernel, implied by selectors or by `listen`. */
struct kith_policy_claim {
	enum kith_claim_kind kind;
	const char *path; /* exe, cgroup */
	/* cgroup: the unit @path was derived from, or NULL. It is where systemd
	 * puts a unit without Slice=; the agent may ask systemd and know better. */
	const char *unit;
	const char *user;     /* uid: the name to resolve, or NULL: @uid holds */
	uint32_t uid;	      /* uid */
	bool any_address;     /* listen */
	uint8_t address[16];  /* listen: IPv6 or IPv4-mapped */
	uint16_t port;	      /* listen */
	const char *workload; /* the first that implies it */
	struct kith_policy_place place;
};

/* A rule with `open:`, as it was written. */
struct kith_policy_opening {
	const char *name;
	const char *subject; /* whose programs */
	bool inbound;
	const char *over;   /* "udp, tcp" */
	const char *peers;  /* "10.0.0.53:53, 10.0.0.54"; "": any, or none to compare */
	const char *ports;  /* inbound: "9090, 9100-9110" */
	const char *reason; /* "": none was given */
	const char *source; /* "file:line" */
};

/* A file as it was read. */
struct kith_policy_source {
	const char *name; /* as in places */
	const char *text; /* any bytes */
	size_t size;
};

/* Everything loaded. Read only for callers. */
struct kith_policy_set {
	const struct kith_policy_diag *diags; /* by file, line, column */
	size_t n_diags;
	size_t n_errors; /* counts those beyond KITH_POLICY_DIAGS_MAX too */
	size_t n_warnings;

	const struct kith_policy_workload *workloads; /* in file order */
	size_t n_workloads;
	const struct kith_policy_claim *claims; /* sorted, no duplicates */
	size_t n_claims;
	const struct kith_policy_opening *openings; /* in file order */
	size_t n_openings;
	size_t n_policies, n_tests;		  /* documents */
	const struct kith_policy_source *sources; /* in the order they were read */
	size_t n_sources;
};

/**
 * kith_policy_load() - read and check policy files
 * @paths: files, and directories whose *.yaml are read in byte order
 * @n: how many
 *
 * Return: a set to be freed with kith_policy_free(), never NULL. What was
 * wrong, unreadable files included, is in its diagnostics; with errors it
 * can only be printed, it neither compiles nor matches.
 */
struct kith_policy_set *kith_policy_load(const char *const *paths, size_t n);

/** kith_policy_load_text() - the same for text in memory, called @name */
struct kith_policy_set *kith_policy_load_text(const char *name, const char *text, size_t len);

/** kith_policy_free() - end a set and all strings it handed out; NULL is allowed */
void kith_policy_free(struct kith_policy_set *set);

/* attestation ------------------------------------------------------------ */

/* What is known of a program's container. */
struct kith_policy_container_facts {
	enum kith_container_runtime runtime;
	const char *id, *name, *image;
	bool owned;	   /* of a user's own runtime */
	const char *owner; /* that user's name, when a selector has it */
	const char *exe;   /* the path in the container, where it counts */
	const char *script;
	uint32_t uid, gid; /* as the host counts them */
};

/* What the agent knows about a program. The kernel tells @uid and @gid; any
 * other fact may be NULL for unknown, and then matches no selector that asks
 * for it. */
struct kith_policy_facts {
	uint32_t uid, gid;
	const char *user, *group;	/* names of @uid and @gid */
	const uint32_t *groups;		/* supplementary */
	const char *const *group_names; /* of @groups; NULL or NULL entries allowed */
	size_t n_groups;
	const char *exe;
	bool interprets;    /* it was started through another file, a script: */
	const char *script; /* whose path counts; NULL: it does not */
	enum kith_policy_file file;
	const uint8_t *sha256; /* 32 bytes */
	bool unreadable;       /* and there never will be @sha256 */
	const uint8_t *verity; /* 32 bytes; NULL: it has none */
	const char *cgroup;
	const char *unit;
	const struct kith_policy_container_facts *container; /* NULL: in none */
};

enum kith_policy_match_result {
	KITH_POLICY_NO_MATCH,
	KITH_POLICY_MATCH,	 /* @workload */
	KITH_POLICY_AMBIGUOUS,	 /* @workload and @other, two SPIFFE IDs: refuse */
	KITH_POLICY_NEED_SHA256, /* ask again with facts->sha256 */
};

struct kith_policy_match {
	enum kith_policy_match_result result;
	const struct kith_policy_workload *workload, *other;
	const struct kith_policy_selector *selector; /* of @workload */
};

/** kith_policy_is_interpreter() - whether what @exe runs is another file, by its name */
bool kith_policy_is_interpreter(const char *exe);

/** kith_policy_match_workload() - which workload a program is */
struct kith_policy_match kith_policy_match_workload(const struct kith_policy_set *set,
						    const struct kith_policy_facts *facts);

/* compiling -------------------------------------------------------------- */

/* A table in kmod/policy/table.h's layout. */
struct kith_policy_table {
	void *bytes; /* 8-byte aligned */
	size_t size;
	size_t n_subjects, n_rules;
};

/**
 * kith_policy_compile() - compile the policies of a set
 *
 * The same documents give the same bytes. Independent of @set once made.
 *
 * Return: a table to be freed with kith_policy_table_free(), or NULL when
 * @set has errors or the table would be too large; the latter adds a
 * diagnostic to @set.
 */
struct kith_policy_table *kith_policy_compile(struct kith_policy_set *set);
void kith_policy_table_free(struct kith_policy_table *table);

/* asking ----------------------------------------------------------------- */

enum kith_policy_verdict { KITH_POLICY_DENY, KITH_POLICY_ALLOW, KITH_POLICY_OPEN };

/*
 * Would @from reach @to? Addresses are 16 bytes, IPv6 or IPv4-mapped. NULL
 * @at and @from_address mean "some address": the verdict is allow or open when
 * one exists for which it is.
 */
struct kith_policy_query {
	const char *from;	     /* SPIFFE ID; NULL: unauthenticated */
	const char *to;		     /* SPIFFE ID; NULL: unauthenticated */
	const uint8_t *at;	     /* address @from connects to */
	const uint8_t *from_address; /* address @to sees */
	uint16_t port;
	enum kith_door over; /* KITH_DOOR_NONE: TCP */
};

/* What one end says. Strings belong to the table. */
struct kith_policy_side {
	bool known; /* this end is a subject of the table; else it has no say */
	enum kith_policy_verdict verdict;
	const char *source;  /* "file:line" that decides; NULL: no rule matched */
	const char *name;    /* of the policy or the opening; NULL likewise */
	const char *pattern; /* of peers, or NULL */
};

struct kith_policy_explanation {
	enum kith_policy_verdict verdict; /* both ends together */
	struct kith_policy_side outbound; /* what @from's rules say */
	struct kith_policy_side inbound;  /* what @to's rules say */
	const char *why;		  /* one sentence, static */
};

/**
 * kith_policy_explain() - evaluate a query with the kernel's own lookup
 *
 * An end that is no subject of the table (another host's, or a standard SPIFFE
 * peer) has no say; when neither is, the verdict is deny.
 */
void kith_policy_explain(const struct kith_policy_table *table,
			 const struct kith_policy_query *query,
			 struct kith_policy_explanation *out);

/**
 * kith_policy_places() - where the Policy documents of an identity are
 * @places: filled with the place of `for` of each, @max at most
 *
 * What a refusal names when no rule matched. Return: how many were filled.
 */
size_t kith_policy_places(const struct kith_policy_set *set, const char *spiffe_id,
			  struct kith_policy_place *places, size_t max);

/** kith_policy_door() - the enum kith_door that `over` means; NULL: TCP; -1: none */
int kith_policy_door(const char *over);

/** kith_policy_parse_address() - IPv4 or IPv6 text to 16 bytes; false: neither */
bool kith_policy_parse_address(const char *text, uint8_t address[16]);

/* tests ------------------------------------------------------------------ */

struct kith_policy_test_result {
	const char *test;		/* PolicyTest's name */
	struct kith_policy_place place; /* of the case */
	const char *description;	/* "spiffe://… → spiffe://… port 8080" */
	enum kith_policy_verdict expected;
	struct kith_policy_explanation got;
	bool passed;
};

/**
 * kith_policy_test() - run the PolicyTest documents of a set on a table
 * @results: set to an array for free(), one entry per case, in file order; its
 *	     strings belong to @set and @table
 *
 * Return: the number of results.
 */
size_t kith_policy_test(const struct kith_policy_set *set, const struct kith_policy_table *table,
			struct kith_policy_test_result **results);

/** kith_policy_verdict_text() - "deny", "allow" or "open" */
const char *kith_policy_verdict_text(enum kith_policy_verdict verdict);

#endif
