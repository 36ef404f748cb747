// SPDX-License-Identifier: Apache-2.0
#include "container.h"

#include <stdlib.h>
#include <string.h>
#include "base.h"

#define ID_LEN 64

const char *const kith_container_runtimes[] = { "podman", "crio",   "containerd",
						"docker", "nspawn", NULL };

/* A part of the path. */
struct span {
	const char *text;
	size_t size;
};

static bool equals(struct span span, const char *text)
{
	return span.size == strlen(text) && !memcmp(span.text, text, span.size);
}

/* Cuts @start off the front of @span. */
static bool skip(struct span *span, const char *start)
{
	size_t size = strlen(start);

	if (span->size < size || memcmp(span->text, start, size) != 0)
		return false;
	span->text += size;
	span->size -= size;
	return true;
}

static bool skip_end(struct span *span, const char *end)
{
	size_t size = strlen(end);

	if (span->size < size || memcmp(span->text + span->size - size, end, size) != 0)
		return false;
	span->size -= size;
	return true;
}

static bool is_id(struct span span)
{
	return span.size == ID_LEN && strspn(span.text, "0123456789abcdef") >= ID_LEN;
}

static bool take_id(struct kith_container *out, enum kith_container_runtime runtime,
		    struct span span)
{
	if (!is_id(span))
		return false;
	out->runtime = runtime;
	out->id = kith_format("%.*s", (int)span.size, span.text);
	return true;
}

/* PREFIX-ID.scope of systemd's driver, PREFIX-ID of cgroupfs. */
static bool is_prefixed(struct span span, bool scope, struct kith_container *out)
{
	static const struct {
		const char *prefix;
		enum kith_container_runtime runtime;
		bool cgroupfs;
	} forms[] = {
		{ "libpod-", KITH_CONTAINER_PODMAN, true },
		{ "crio-", KITH_CONTAINER_CRIO, true },
		{ "cri-containerd-", KITH_CONTAINER_CONTAINERD, false },
		{ "nerdctl-", KITH_CONTAINER_CONTAINERD, false },
		{ "docker-", KITH_CONTAINER_DOCKER, false },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct span id = span;

		if ((scope || forms[i].cgroupfs) && skip(&id, forms[i].prefix) &&
		    take_id(out, forms[i].runtime, id))
			return true;
	}
	return false;
}

/* cgroupfs, where the directory is the ID alone. @top: the path's first segment. */
static bool is_bare(struct span span, struct span top, struct kith_container *out)
{
	if (equals(top, "docker"))
		return take_id(out, KITH_CONTAINER_DOCKER, span);
	return equals(top, "kubepods") && take_id(out, KITH_CONTAINER_CONTAINERD, span);
}

/* A machine's name in a scope's: '-' is \x2d there. */
static char *unescape(struct span span)
{
	char *name = kith_format("%.*s", (int)span.size, span.text), *from = name, *to = name;

	while (*from) {
		if (!strncmp(from, "\\x2d", 4)) {
			*to++ = '-';
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
	return name;
}

static bool is_machine(struct span span, struct span top, struct kith_container *out)
{
	struct span name = span;
	bool scope;

	if (!equals(top, "machine.slice"))
		return false;
	/* libvirt's machines are not nspawn's. */
	scope = skip(&name, "machine-") && skip_end(&name, ".scope") && !skip(&name, "qemu\\x2d") &&
		!skip(&name, "lxc\\x2d");
	if (!scope) {
		name = span;
		if (!skip(&name, "systemd-nspawn@") || !skip_end(&name, ".service"))
			return false;
	}
	out->runtime = KITH_CONTAINER_NSPAWN;
	out->name = unescape(name);
	return true;
}

static bool is_container(struct span span, struct span top, struct kith_container *out)
{
	struct span scope = span;

	if (skip_end(&scope, ".scope") && is_prefixed(scope, true, out))
		return true;
	return is_prefixed(span, false, out) || is_bare(span, top, out) ||
	       is_machine(span, top, out);
}

/* user@UID.service */
static bool is_manager(struct span span, struct kith_container *out)
{
	unsigned long uid;
	char *end;

	if (!skip(&span, "user@") || !skip_end(&span, ".service") || !span.size || span.size > 10 ||
	    strspn(span.text, "0123456789") < span.size)
		return false;
	uid = strtoul(span.text, &end, 10);
	if (uid > UINT32_MAX)
		return false;
	out->owned = true;
	out->owner = (uint32_t)uid;
	return true;
}

bool kith_container_of_cgroup(const char *cgroup, struct kith_container *out)
{
	struct span top = { 0 }, span;

	*out = (struct kith_container){ 0 };
	for (; *cgroup; cgroup += span.size) {
		cgroup += strspn(cgroup, "/");
		span = (struct span){ cgroup, strcspn(cgroup, "/") };
		if (!top.text)
			top = span;
		if (is_container(span, top, out))
			return true;
		if (equals(top, "user.slice") && !out->owned && is_manager(span, out))
			continue;
		if ((skip_end(&span, ".service") || skip_end(&span, ".scope")))
			return false;
	}
	return false;
}

void kith_container_clear(struct kith_container *container)
{
	free(container->id);
	free(container->name);
}
