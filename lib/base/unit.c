// SPDX-License-Identifier: Apache-2.0
#include "unit.h"

#include <stdbool.h>
#include <string.h>
#include "base.h"

static bool ends_with(const char *text, size_t size, const char *end)
{
	size_t length = strlen(end);

	return size > length && !memcmp(text + size - length, end, length);
}

static bool is_unit(const char *segment, size_t size)
{
	return ends_with(segment, size, ".service") || ends_with(segment, size, ".scope");
}

char *kith_unit_of_cgroup(const char *cgroup)
{
	size_t size;

	for (; *cgroup; cgroup += size) {
		cgroup += strspn(cgroup, "/");
		size = strcspn(cgroup, "/");
		if (!is_unit(cgroup, size))
			continue;
		if (*cgroup == '_')
			return kith_format("%.*s", (int)size - 1, cgroup + 1);
		return kith_format("%.*s", (int)size, cgroup);
	}
	return NULL;
}
