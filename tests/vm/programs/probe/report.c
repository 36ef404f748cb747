// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include "probe.h"

static int n_failures;

static void vline(const char *start, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	printf("%s%s\n", start, text);
	fflush(stdout);
}

bool ok(bool good, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vline(good ? "ok - " : "not ok - ", format, args);
	va_end(args);
	if (!good)
		n_failures++;
	return good;
}

const char *errno_name(int error)
{
	const char *name;

	if (error < 0)
		return "success";
	name = strerrorname_np(error);
	return name ? name : "unknown errno";
}

bool same_errno(int got, int want, const char *what)
{
	if (got == want)
		return ok(true, "%s: %s", what, errno_name(want));
	return ok(false, "%s: %s, expected %s", what, errno_name(got), errno_name(want));
}

bool same_number(long long got, long long want, const char *what)
{
	if (got == want)
		return ok(true, "%s: %lld", what, want);
	return ok(false, "%s: %lld, expected %lld", what, got, want);
}

void skip(const char *what, const char *why)
{
	ok(true, "%s # SKIP %s", what, why);
}

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vline("@", format, args);
	va_end(args);
}

void die(const char *format, ...)
{
	va_list args;
	int error = errno;

	va_start(args, format);
	vline("not ok - ", format, args);
	va_end(args);
	printf("# errno was %s\n", errno_name(error));
	exit(2);
}

int failures(void)
{
	return n_failures;
}
