/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kith, the command line: a command is one file that fills a struct
 * kith_command. Results go to stdout, everything else to stderr.
 */
#ifndef KITH_CLI_KITH_H
#define KITH_CLI_KITH_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum kith_exit {
	KITH_EXIT_OK = 0,
	KITH_EXIT_FAILED = 1, /* refused, or a check failed */
	KITH_EXIT_USAGE = 2,
	KITH_EXIT_UNREACHABLE = 3, /* kithd cannot be reached */
	KITH_EXIT_REMAINING = 4,   /* done, but programs keep connections open */
};

/* Options every command has; taken out of argv before it is called. */
struct kith_options {
	const char *socket;
	bool json;
};

struct kith_command {
	const char *name;
	const char *summary;
	const char *help; /* after "Usage: kith " */
	/* argv[0] is the command's name. Return: an enum kith_exit. */
	int (*run)(const struct kith_options *options, int argc, char **argv);
};

extern const struct kith_command kith_command_bundle;
extern const struct kith_command kith_command_conns;
extern const struct kith_command kith_command_doctor;
extern const struct kith_command kith_command_explain;
extern const struct kith_command kith_command_policy;
extern const struct kith_command kith_command_ps;
extern const struct kith_command kith_command_release;
extern const struct kith_command kith_command_report;
extern const struct kith_command kith_command_revoke;
extern const struct kith_command kith_command_run;
extern const struct kith_command kith_command_status;
extern const struct kith_command kith_command_watch;
extern const struct kith_command kith_command_why;

/* "kith: …" on stderr. Return: @status, for "return kith_fail(…)". */
int kith_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a usage error of @command. */
int kith_usage(const struct kith_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* One JSON document and a newline on stdout. */
void kith_print_json(const json_t *value);

/* The text of a member, or "-" when there is none. */
const char *kith_text(const json_t *object, const char *key);
/* The same, "" when there is none. */
const char *kith_text_or_empty(const json_t *object, const char *key);
/* Prints @text with control characters made harmless: names come from
 * programs, and the terminal obeys what it is sent. */
void kith_print_text(const char *text);

#endif
