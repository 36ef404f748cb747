// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/base.h"

static bool journal;

void kith_log_init(void)
{
	journal = getenv("JOURNAL_STREAM") != NULL;
}

void kith_log(int priority, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = kith_vformat(format, args);
	va_end(args);
	if (journal)
		fprintf(stderr, "<%d>%s\n", priority, text);
	else
		fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
	free(text);
}
