// SPDX-License-Identifier: Apache-2.0
#include "revocations.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/base.h"
#include "log.h"
#include "netlink/request.h"

#define FILE_MAX   (4U * 1024 * 1024)
#define SERIAL_MAX 20

struct revocation {
	char *name;    /* a SPIFFE ID, or a serial in lower hex without leading zeros */
	int64_t since; /* ms since 1970 */
	int64_t end;   /* ms of CLOCK_BOOTTIME; 0: until it is lifted */
};

struct kith_revocations {
	char *path;
	size_t n;
	struct revocation *list;
};

static int64_t now_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool is_spiffe_id(const char *name)
{
	return !strncmp(name, "spiffe://", 9);
}

/* Names. */

/* Return: the name as it is kept, to free(), or NULL when it is none. */
static char *canonical(const char *name)
{
	size_t size, i;
	char *serial;

	if (is_spiffe_id(name))
		return strlen(name) <= KITH_SPIFFE_ID_MAX ? kith_strdup(name) : NULL;
	if (name[0] == '0' && (name[1] == 'x' || name[1] == 'X'))
		name += 2;
	name += strspn(name, "0");
	size = strlen(name);
	if (!size || size > 2 * SERIAL_MAX || strspn(name, "0123456789abcdefABCDEF") != size)
		return NULL;
	serial = kith_strdup(name);
	for (i = 0; i < size; i++)
		serial[i] = (char)tolower((unsigned char)serial[i]);
	return serial;
}

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Of a canonical name. Return: bytes at @serial. */
static size_t serial_of(const char *name, uint8_t serial[SERIAL_MAX])
{
	size_t digits = strlen(name), size = (digits + 1) / 2, i;

	memset(serial, 0, size);
	for (i = 0; i < digits; i++)
		serial[size - 1 - i / 2] |=
			(uint8_t)(digit(name[digits - 1 - i]) << (i % 2 ? 4 : 0));
	return size;
}

/* Return: to free(). */
static char *name_of(const struct kith_revocation_info *info)
{
	char text[2 * SERIAL_MAX + 1];

	if (info->spiffe_id)
		return canonical(info->spiffe_id);
	if (!info->serial.size || info->serial.size > SERIAL_MAX)
		return NULL;
	kith_hex(text, info->serial.data, info->serial.size);
	return canonical(text);
}

/* The list. */

static struct revocation *find(const struct kith_revocations *revocations, const char *name)
{
	size_t i;

	for (i = 0; i < revocations->n; i++)
		if (!strcmp(revocations->list[i].name, name))
			return &revocations->list[i];
	return NULL;
}

static void drop(struct kith_revocations *revocations, struct revocation *revocation)
{
	free(revocation->name);
	*revocation = revocations->list[--revocations->n];
}

static void drop_past(struct kith_revocations *revocations)
{
	int64_t now = now_boottime();
	size_t i = revocations->n;

	while (i--)
		if (revocations->list[i].end && revocations->list[i].end <= now)
			drop(revocations, &revocations->list[i]);
}

/* Takes @name. */
static struct revocation *append(struct kith_revocations *revocations, char *name)
{
	struct revocation *revocation;

	revocations->list =
		kith_realloc(revocations->list, revocations->n + 1, sizeof(*revocation));
	revocation = &revocations->list[revocations->n++];
	*revocation = (struct revocation){ .name = name, .since = kith_now_ms() };
	return revocation;
}

/* The file. */

static int64_t until(const struct revocation *revocation)
{
	return revocation->end ? kith_now_ms() + revocation->end - now_boottime() : 0;
}

static int keep(struct kith_revocations *revocations)
{
	json_t *list = json_array(), *object;
	char *text;
	size_t i;
	int ret;

	drop_past(revocations);
	for (i = 0; i < revocations->n; i++) {
		const struct revocation *r = &revocations->list[i];

		object = json_pack("{s:s, s:I, s:I}", "name", r->name, "since",
				   (json_int_t)r->since, "until", (json_int_t)until(r));
		json_array_append_new(list, object);
	}
	text = json_dumps(list, JSON_INDENT(1));
	json_decref(list);
	if (!text)
		return -EINVAL;
	ret = kith_write_file(revocations->path, text, strlen(text), 0600);
	free(text);
	return ret;
}

static bool read_one(struct kith_revocations *revocations, const json_t *object)
{
	const char *text = json_string_value(json_object_get(object, "name"));
	json_int_t end = json_integer_value(json_object_get(object, "until"));
	char *name = text ? canonical(text) : NULL;
	struct revocation *revocation;

	if (!name)
		return false;
	revocation = append(revocations, name);
	revocation->since = json_integer_value(json_object_get(object, "since"));
	/* One that is over already is dropped at its next use. */
	revocation->end = end ? now_boottime() + end - kith_now_ms() : 0;
	if (end && revocation->end <= 0)
		revocation->end = 1;
	return true;
}

static bool read_all(struct kith_revocations *revocations, const json_t *list)
{
	bool good = json_is_array(list);
	const json_t *object;
	size_t i;

	json_array_foreach(list, i, object)
		good &= read_one(revocations, object);
	return good;
}

struct kith_revocations *kith_revocations_load(const char *state_dir)
{
	struct kith_revocations *revocations = kith_alloc(sizeof(*revocations));
	json_t *list;
	size_t size;
	char *text;
	int ret;

	revocations->path = kith_format("%s/revocations.json", state_dir);
	ret = kith_read_file(revocations->path, FILE_MAX, &text, &size);
	if (ret == -ENOENT)
		return revocations;
	list = ret ? NULL : json_loadb(text, size, 0, NULL);
	if (!read_all(revocations, list))
		kith_log(
			LOG_ERR,
			"%s: %s; revocations may be missing (compare kith revoke --list, revoke again what is)",
			revocations->path, ret ? strerror(-ret) : "not what kithd writes");
	json_decref(list);
	if (!ret)
		free(text);
	return revocations;
}

void kith_revocations_free(struct kith_revocations *revocations)
{
	if (!revocations)
		return;
	while (revocations->n)
		drop(revocations, &revocations->list[0]);
	free(revocations->list);
	free(revocations->path);
	free(revocations);
}

/* The kernel. */

static struct kith_request_revocation request_of(const char *name, uint8_t serial[SERIAL_MAX])
{
	struct kith_request_revocation request = { 0 };

	if (is_spiffe_id(name)) {
		request.spiffe_id = name;
	} else {
		request.serial = serial;
		request.serial_size = serial_of(name, serial);
	}
	return request;
}

static int tell(struct kith_nl *nl, const struct revocation *revocation)
{
	uint8_t serial[SERIAL_MAX];
	struct kith_request_revocation request = request_of(revocation->name, serial);
	int64_t left = revocation->end ? revocation->end - now_boottime() : 0;

	/* What is over in this moment stands for its last second. */
	if (revocation->end)
		request.seconds = left > 0 ? (uint32_t)((left + 999) / 1000) : 1;
	return kith_request_revoke(nl, &request);
}

struct adoption {
	struct kith_revocations *revocations;
	bool *held; /* by the kernel; of those that were ours before */
	size_t n;
};

static int adopt_one(const struct nlmsghdr *message, void *arg)
{
	struct adoption *adoption = arg;
	struct kith_revocations *revocations = adoption->revocations;
	struct kith_revocation_info info;
	struct revocation *revocation;
	size_t i;
	char *name;

	if (kith_decode_revocation(message, &info))
		return 0;
	name = name_of(&info);
	if (!name)
		return 0;
	revocation = find(revocations, name);
	if (revocation)
		free(name);
	else
		revocation = append(revocations, name);
	revocation->end = info.seconds ? now_boottime() + info.seconds * 1000LL : 0;
	i = (size_t)(revocation - revocations->list);
	if (i < adoption->n)
		adoption->held[i] = true;
	return 0;
}

int kith_revocations_tie(struct kith_revocations *revocations, struct kith_nl *nl)
{
	struct adoption adoption = { .revocations = revocations };
	size_t i;
	int ret;

	drop_past(revocations);
	adoption.n = revocations->n;
	adoption.held = kith_alloc(adoption.n + 1);
	ret = kith_nl_dump(nl, KITH_CMD_REVOCATION_GET, adopt_one, &adoption);
	for (i = 0; !ret && i < adoption.n; i++)
		if (!adoption.held[i])
			ret = tell(nl, &revocations->list[i]);
	free(adoption.held);
	if (!ret && keep(revocations))
		kith_log(LOG_ERR, "%s could not be written", revocations->path);
	return ret;
}

int kith_revocations_add(struct kith_revocations *revocations, struct kith_nl *nl, const char *name,
			 uint32_t seconds)
{
	struct revocation *revocation, before = { 0 };
	char *kept = canonical(name);
	int ret;

	if (!kept)
		return -EINVAL;
	revocation = find(revocations, kept);
	if (revocation) {
		before = *revocation;
		free(kept);
	} else {
		revocation = append(revocations, kept);
	}
	revocation->end = seconds ? now_boottime() + seconds * 1000LL : 0;
	kept = revocation->name;
	ret = keep(revocations);
	revocation = find(revocations, kept);
	if (!ret)
		ret = tell(nl, revocation);
	if (!ret)
		return 0;
	if (before.name)
		*revocation = before;
	else
		drop(revocations, revocation);
	keep(revocations);
	return ret;
}

int kith_revocations_lift(struct kith_revocations *revocations, struct kith_nl *nl,
			  const char *name)
{
	char *kept = canonical(name);
	struct kith_request_revocation request;
	struct revocation *revocation;
	uint8_t serial[SERIAL_MAX];
	int ret;

	if (!kept)
		return -EINVAL;
	drop_past(revocations);
	revocation = find(revocations, kept);
	request = request_of(kept, serial);
	ret = revocation ? kith_request_lift(nl, &request) : -ENOENT;
	/* The kernel's may have ended a moment earlier. */
	if (revocation && (!ret || ret == -ENOENT)) {
		drop(revocations, revocation);
		ret = keep(revocations);
	}
	free(kept);
	return ret;
}

size_t kith_revocations_count(struct kith_revocations *revocations)
{
	drop_past(revocations);
	return revocations->n;
}

json_t *kith_revocations_report(struct kith_revocations *revocations, size_t i)
{
	const struct revocation *revocation = &revocations->list[i];
	json_t *object = json_object();
	char text[KITH_TIME_TEXT];

	json_object_set_new(object, is_spiffe_id(revocation->name) ? "spiffe_id" : "serial",
			    json_string(revocation->name));
	json_object_set_new(object, "since", json_string(kith_time_text(text, revocation->since)));
	if (revocation->end)
		json_object_set_new(object, "until",
				    json_string(kith_time_text(text, until(revocation))));
	return object;
}
