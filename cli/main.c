// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "base/version.h"
#include "kith.h"
#include "../agent/config.h"

static const struct kith_command *const commands[] = {
	&kith_command_status, &kith_command_ps,	     &kith_command_conns,   &kith_command_watch,
	&kith_command_why,    &kith_command_explain, &kith_command_policy,  &kith_command_bundle,
	&kith_command_report, &kith_command_revoke,  &kith_command_release, &kith_command_run,
	&kith_command_doctor,
};

int kith_fail(int status, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("kith: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int kith_usage(const struct kith_command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "kith %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, " (see kith %s --help)\n", command->name);
	return KITH_EXIT_USAGE;
}

void kith_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
}

const char *kith_text_or_empty(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const char *kith_text(const json_t *object, const char *key)
{
	const char *text = kith_text_or_empty(object, key);

	return *text ? text : "-";
}

void kith_print_text(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void print_help(void)
{
	size_t i;

	puts("Usage: kith [--json] [--socket PATH] COMMAND …\n"
	     "\n"
	     "Workload identity held by the kernel.\n");
	for (i = 0; i < KITH_ARRAY_SIZE(commands); i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	puts("\n"
	     "  --json         print JSON for programs\n"
	     "  --socket PATH  kithd's socket instead of " KITH_SOCKET_PATH "\n"
	     "  -h, --help     this text; kith COMMAND --help says more\n"
	     "  -V, --version  the version\n"
	     "\n"
	     "Exit status: 0 done, 1 refused or a check failed, 2 wrong usage,\n"
	     "3 kithd cannot be reached.");
}

static void print_command_help(const struct kith_command *command)
{
	printf("Usage: kith %s\n", command->help);
}

static const struct kith_command *find(const char *name)
{
	size_t i;

	for (i = 0; i < KITH_ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/* Takes the options every command has out of argv, wherever they stand before
 * a "--". Return: the new argc, or -1 after an error. */
static int take_options(int argc, char **argv, struct kith_options *options, bool *help)
{
	bool over = false;
	int i, n = 1;

	for (i = 1; i < argc; i++) {
		over |= !strcmp(argv[i], "--");
		if (!over && !strcmp(argv[i], "--json")) {
			options->json = true;
		} else if (!over && !strncmp(argv[i], "--socket=", 9)) {
			options->socket = argv[i] + 9;
		} else if (!over && !strcmp(argv[i], "--socket")) {
			if (++i == argc) {
				kith_fail(0, "--socket needs a path");
				return -1;
			}
			options->socket = argv[i];
		} else if (!over && (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help"))) {
			*help = true;
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

static int dispatch(const struct kith_options *options, bool help, int argc, char **argv)
{
	const struct kith_command *command;

	if (argc > 1 && (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version"))) {
		puts("kith " KITH_VERSION);
		return KITH_EXIT_OK;
	}
	if (argc < 2 || !strcmp(argv[1], "help")) {
		print_help();
		return help || argc > 1 ? KITH_EXIT_OK : KITH_EXIT_USAGE;
	}
	command = find(argv[1]);
	if (!command)
		return kith_fail(KITH_EXIT_USAGE, "unknown command \"%s\" (see kith --help)",
				 argv[1]);
	if (help) {
		print_command_help(command);
		return KITH_EXIT_OK;
	}
	return command->run(options, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	struct kith_options options = { .socket = KITH_SOCKET_PATH };
	bool help = false;
	int status;

	argc = take_options(argc, argv, &options, &help);
	if (argc < 0)
		return KITH_EXIT_USAGE;
	status = dispatch(&options, help, argc, argv);
	if (fflush(stdout) && errno != EPIPE)
		return kith_fail(KITH_EXIT_FAILED, "the output could not be written: %s",
				 strerror(errno));
	return status;
}
