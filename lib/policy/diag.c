// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "set.h"

/* Text of a policy file may hold what moves a terminal's cursor. */
static void make_printable(char *text)
{
	unsigned char *p = (unsigned char *)text;

	for (; *p; p++) {
		if (*p < 0x20 || *p == 0x7f)
			*p = '?';
		else if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
			p[0] = p[1] = '?';
	}
}

const char *kith_policy_printable(struct kith_arena *arena, const char *text)
{
	char *copy = kith_arena_text(arena, text, strlen(text));

	make_printable(copy);
	return copy;
}

void kith_policy_report(struct kith_policy_loaded *loaded, enum kith_policy_severity severity,
			const char *path, const char *object, unsigned int line,
			unsigned int column, const char *remedy, const char *format, ...)
{
	struct kith_policy_diag *diag;
	char message[1024];
	va_list args;

	if (severity == KITH_POLICY_ERROR)
		loaded->set.n_errors++;
	else
		loaded->set.n_warnings++;
	if (loaded->n_diags == KITH_POLICY_DIAGS_MAX)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	diag = KITH_POLICY_ADD(loaded, diags);
	*diag = (struct kith_policy_diag){
		.severity = severity,
		.file = kith_policy_printable(&loaded->arena, path),
		.line = line,
		.column = column,
		.object = kith_policy_printable(&loaded->arena, object),
		.message = kith_policy_printable(&loaded->arena, message),
		.remedy = kith_policy_printable(&loaded->arena, remedy),
	};
	loaded->set.diags = loaded->diags;
	loaded->set.n_diags = loaded->n_diags;
}

static int compare(const void *left, const void *right)
{
	const struct kith_policy_diag *a = left, *b = right;
	int order = strcmp(a->file, b->file);

	if (order)
		return order;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return strcmp(a->message, b->message);
}

void kith_policy_sort_diags(struct kith_policy_loaded *loaded)
{
	if (loaded->n_diags)
		qsort(loaded->diags, loaded->n_diags, sizeof(*loaded->diags), compare);
}

void kith_policy_print_diag(FILE *out, const struct kith_policy_diag *diag)
{
	fputs(diag->file, out);
	if (diag->line)
		fprintf(out, ":%u:%u", diag->line, diag->column);
	fprintf(out, ": %s: ", diag->severity == KITH_POLICY_ERROR ? "error" : "warning");
	if (diag->object[0])
		fprintf(out, "%s: ", diag->object);
	fprintf(out, "%s (%s)\n", diag->message, diag->remedy);
}
