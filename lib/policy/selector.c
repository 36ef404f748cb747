// SPDX-License-Identifier: Apache-2.0
/* One entry of `select`. */
#include <string.h>

#include "fields.h"

#define UID_LAST 4294967294U /* 2^32 - 1 means "none" */

struct keys {
	struct kith_yaml *exe, *sha256, *user, *uid, *group, *gid, *supplementary, *cgroup, *unit;
	struct kith_yaml *file, *verity, *container, *script;
};

/* paths ------------------------------------------------------------------- */

/* No empty, "." or ".." component and no trailing slash. */
static bool is_normal(const char *path)
{
	const char *slash;
	size_t len;

	if (*path != '/')
		return false;
	for (; path; path = slash) {
		path++;
		slash = strchr(path, '/');
		len = slash ? (size_t)(slash - path) : strlen(path);
		if (!len || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
	}
	return true;
}

static const char *read_path(struct kith_policy_reader *reader, const struct kith_yaml *node,
			     const char *what)
{
	const char *text = kith_read_string(reader, node, what, KITH_PATH_MAX - 1);

	if (!text)
		return NULL;
	if (strchr(text, '*')) {
		kith_policy_error(reader, node, "name each path in an entry of its own",
				  "%s must be one path, without wildcards: %.200s", what, text);
		return NULL;
	}
	if (is_normal(text))
		return text;
	kith_policy_error(reader, node,
			  "write it absolute, without //, /./, /../ and a trailing slash",
			  "%s is not a plain absolute path: %.200s", what, text);
	return NULL;
}

static const char *read_cgroup(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char mount[] = "/sys/fs/cgroup/";
	const char *text = read_path(reader, node, "cgroup");
	char remedy[256];

	if (!text || strncmp(text, mount, strlen(mount)))
		return text;
	snprintf(remedy, sizeof(remedy), "write %s", text + strlen(mount) - 1);
	kith_policy_error(reader, node, remedy,
			  "cgroup is a path in the cgroup2 tree, not in its mount: %.200s", text);
	return NULL;
}

static const char *read_unit(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char suffix[] = ".service";
	const char *text = kith_read_string(reader, node, "unit", 255), *at;
	size_t len;

	if (!text)
		return NULL;
	len = strlen(text);
	if (strpbrk(text, "/ *") || len <= strlen(suffix) ||
	    strcmp(text + len - strlen(suffix), suffix)) {
		kith_policy_error(
			reader, node,
			"write a service unit such as nginx.service; for others use cgroup",
			"unit is not a service: %.200s", text);
		return NULL;
	}
	at = strchr(text, '@');
	if (at && (at == text || at[1] == '.')) {
		kith_policy_error(reader, node, "name the instance, or use the cgroup of its slice",
				  "unit is a template: %.200s", text);
		return NULL;
	}
	return text;
}

/* facts ------------------------------------------------------------------- */

static const char *read_account(struct kith_policy_reader *reader, const struct kith_yaml *node,
				const char *what)
{
	const char *text = kith_read_string(reader, node, what, 255);

	if (!text || !strpbrk(text, ":/ *"))
		return text;
	kith_policy_error(reader, node, "write it as in /etc/passwd or /etc/group",
			  "%s is not an account name: %.200s", what, text);
	return NULL;
}

static bool is_sha256(const char *hex)
{
	return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

static const char *read_sha256(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	const char *text = kith_read_text(reader, node, "sha256", 255);

	if (!text || is_sha256(text))
		return text;
	kith_policy_error(reader, node, "write the 64 lower-case digits that sha256sum prints",
			  "sha256 is not a digest: %.80s", text);
	return NULL;
}

static const char *read_verity(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	static const char algorithm[] = "sha256:";
	const char *text = kith_read_text(reader, node, "verity", 255);

	if (!text)
		return NULL;
	if (!strncmp(text, algorithm, strlen(algorithm)) && is_sha256(text + strlen(algorithm)))
		return text + strlen(algorithm);
	kith_policy_error(reader, node,
			  "write sha256: and 64 lower-case digits, as fsverity measure prints them",
			  "verity is not a digest: %.80s", text);
	return NULL;
}

/* A file without a name is one of content alone: a path says nothing of it. */
static bool read_file(struct kith_policy_reader *reader, const struct keys *k,
		      struct kith_policy_selector *s)
{
	static const char *const kinds[] = { "deleted", "memory", NULL };
	int kind = kith_read_choice(reader, k->file, "file", kinds);

	if (kind < 0)
		return false;
	s->file = (enum kith_policy_file)(KITH_POLICY_FILE_DELETED + kind);
	if (!k->sha256)
		kith_policy_error(reader, k->file, "add its sha256",
				  "a file without a name could be anything");
	if (k->exe)
		kith_policy_error(reader, k->exe, "remove exe, name user, unit or cgroup",
				  "a file without a name has no path");
	return k->sha256 && !k->exe;
}

static bool is_digits(const struct kith_yaml *node)
{
	return node->kind == KITH_YAML_SCALAR && node->plain && node->len &&
	       strspn(node->text, "0123456789") == node->len;
}

static bool read_supplementary(struct kith_policy_reader *reader, const struct kith_yaml *node,
			       struct kith_policy_selector *s)
{
	if (is_digits(node)) {
		s->has_supplementary_gid = true;
		return kith_read_number(reader, node, "supplementaryGroup", 0, UID_LAST,
					&s->supplementary_gid);
	}
	s->supplementary_group = read_account(reader, node, "supplementaryGroup");
	return s->supplementary_group;
}

static bool exclusive(struct kith_policy_reader *reader, const struct kith_yaml *name,
		      const struct kith_yaml *number, const char *name_key, const char *number_key)
{
	if (!name || !number)
		return true;
	kith_policy_error(reader, number, "keep one of them", "%s and %s in one entry", name_key,
			  number_key);
	return false;
}

static bool read_ids(struct kith_policy_reader *reader, const struct keys *k,
		     struct kith_policy_selector *s)
{
	bool ok = exclusive(reader, k->user, k->uid, "user", "uid");

	ok &= exclusive(reader, k->group, k->gid, "group", "gid");
	s->has_uid = k->uid;
	s->has_gid = k->gid;
	if (k->uid)
		ok &= kith_read_number(reader, k->uid, "uid", 0, UID_LAST, &s->uid);
	if (k->gid)
		ok &= kith_read_number(reader, k->gid, "gid", 0, UID_LAST, &s->gid);
	if (k->user)
		ok &= !!(s->user = read_account(reader, k->user, "user"));
	if (k->group)
		ok &= !!(s->group = read_account(reader, k->group, "group"));
	if (k->supplementary)
		ok &= read_supplementary(reader, k->supplementary, s);
	return ok;
}

/* container ----------------------------------------------------------------- */

static bool check_container(struct kith_policy_reader *reader, const struct kith_yaml *node,
			    const struct kith_policy_container *c)
{
	if (!c->id && !c->name && !c->image && !c->owner) {
		kith_policy_error(reader, node, "add image, name, id or owner",
				  "container names none");
		return false;
	}
	if (c->owner && (c->name || c->image)) {
		kith_policy_error(reader, node, "select by owner alone, or by id",
				  "name and image of a user's own runtime are that user's word");
		return false;
	}
	if (c->id && (strlen(c->id) != 64 || strspn(c->id, "0123456789abcdef") != 64)) {
		kith_policy_error(reader, node, "write all of its 64 digits",
				  "id is not a container's: %.80s", c->id);
		return false;
	}
	return true;
}

static const struct kith_policy_container *read_container(struct kith_policy_reader *reader,
							  struct kith_yaml *node)
{
	struct kith_policy_container *c = kith_arena_alloc(&reader->loaded->arena, sizeof(*c));
	struct kith_yaml *runtime, *id, *name, *image, *owner;
	const struct kith_field fields[] = {
		{ "runtime", KITH_FIELD_OPTIONAL, &runtime },
		{ "id", KITH_FIELD_OPTIONAL, &id },
		{ "name", KITH_FIELD_OPTIONAL, &name },
		{ "image", KITH_FIELD_OPTIONAL, &image },
		{ "owner", KITH_FIELD_OPTIONAL, &owner },
	};
	bool ok = kith_fields_read(reader, node, "container", fields,
				   sizeof(fields) / sizeof(fields[0]));
	int choice;

	if (node->kind != KITH_YAML_MAPPING)
		return NULL;
	if (runtime) {
		choice = kith_read_choice(reader, runtime, "runtime", kith_container_runtimes);
		ok &= choice >= 0;
		c->runtime = (enum kith_container_runtime)(KITH_CONTAINER_PODMAN + choice);
	}
	if (id)
		ok &= !!(c->id = kith_read_text(reader, id, "id", 255));
	if (name)
		ok &= !!(c->name = kith_read_string(reader, name, "name", 255));
	if (image)
		ok &= !!(c->image = kith_read_string(reader, image, "image", 1023));
	if (owner)
		ok &= !!(c->owner = read_account(reader, owner, "owner"));
	return ok && check_container(reader, node, c) ? c : NULL;
}

/* What names of the host mean nothing in a container. */
static bool check_in_container(struct kith_policy_reader *reader, const struct keys *k)
{
	const struct kith_yaml *wrong = k->user ? k->user : k->group ? k->group : k->supplementary;

	if (!wrong)
		return true;
	kith_policy_error(reader, wrong, "write uid or gid, in the host's numbers",
			  "names of users and groups are not a container's");
	return false;
}

static bool read_facts(struct kith_policy_reader *reader, const struct keys *k,
		       struct kith_policy_selector *s)
{
	bool ok = read_ids(reader, k, s);

	if (k->exe)
		ok &= !!(s->exe = read_path(reader, k->exe, "exe"));
	if (k->script)
		ok &= !!(s->script = read_path(reader, k->script, "script"));
	if (k->sha256)
		ok &= !!(s->sha256 = read_sha256(reader, k->sha256));
	if (k->verity)
		ok &= !!(s->verity = read_verity(reader, k->verity));
	if (k->file)
		ok &= read_file(reader, k, s);
	if (k->container)
		ok &= !!(s->container = read_container(reader, k->container)) &&
		      check_in_container(reader, k);
	if (k->cgroup)
		ok &= !!(s->cgroup = read_cgroup(reader, k->cgroup));
	if (k->unit)
		ok &= !!(s->unit = read_unit(reader, k->unit));
	return ok;
}

/* Whether more is asked than which interpreter runs, or for which script. */
static bool is_narrowed(const struct kith_policy_selector *s)
{
	return s->has_uid || s->user || s->has_gid || s->group || s->has_supplementary_gid ||
	       s->supplementary_group || s->cgroup || s->unit || s->container;
}

static bool check_selector(struct kith_policy_reader *reader, const struct kith_yaml *node,
			   const struct keys *k, const struct kith_policy_selector *s)
{
	if (!node->n) {
		kith_policy_error(reader, node, "name at least one fact, such as exe or user",
				  "an entry of select is empty and would match every program");
		return false;
	}
	if (s->exe && kith_policy_is_interpreter(s->exe) && !is_narrowed(s)) {
		kith_policy_error(reader, k->exe, "add user, unit or cgroup",
				  "an interpreter alone is no selector, any script could be it: "
				  "%.200s",
				  s->exe);
		return false;
	}
	if (s->script && !is_narrowed(s)) {
		kith_policy_error(reader, k->script, "add user, unit or cgroup",
				  "a script alone is no selector, whoever starts it can have its "
				  "interpreter run other code (BASH_ENV, PYTHONPATH): %.200s",
				  s->script);
		return false;
	}
	return true;
}

bool kith_policy_read_selector(struct kith_policy_reader *reader, struct kith_yaml *node,
			       struct kith_policy_selector *s)
{
	struct keys k;
	const struct kith_field fields[] = {
		{ "exe", KITH_FIELD_OPTIONAL, &k.exe },
		{ "sha256", KITH_FIELD_OPTIONAL, &k.sha256 },
		{ "user", KITH_FIELD_OPTIONAL, &k.user },
		{ "uid", KITH_FIELD_OPTIONAL, &k.uid },
		{ "group", KITH_FIELD_OPTIONAL, &k.group },
		{ "gid", KITH_FIELD_OPTIONAL, &k.gid },
		{ "supplementaryGroup", KITH_FIELD_OPTIONAL, &k.supplementary },
		{ "cgroup", KITH_FIELD_OPTIONAL, &k.cgroup },
		{ "unit", KITH_FIELD_OPTIONAL, &k.unit },
		{ "file", KITH_FIELD_OPTIONAL, &k.file },
		{ "verity", KITH_FIELD_OPTIONAL, &k.verity },
		{ "container", KITH_FIELD_OPTIONAL, &k.container },
		{ "script", KITH_FIELD_OPTIONAL, &k.script },
		{ "not", KITH_FIELD_LATER, NULL },
	};
	bool ok = kith_fields_read(reader, node, "an entry of select", fields,
				   sizeof(fields) / sizeof(fields[0]));

	if (node->kind != KITH_YAML_MAPPING)
		return false;
	s->place = kith_policy_place_of(reader, node);
	ok &= read_facts(reader, &k, s);
	return ok && check_selector(reader, node, &k, s);
}

/* Who may start a task as the workload: users, and members of groups. */
bool kith_policy_read_runner(struct kith_policy_reader *reader, struct kith_yaml *node,
			     struct kith_policy_selector *s)
{
	struct keys k = { 0 };
	const struct kith_field fields[] = {
		{ "user", KITH_FIELD_OPTIONAL, &k.user },
		{ "uid", KITH_FIELD_OPTIONAL, &k.uid },
		{ "group", KITH_FIELD_OPTIONAL, &k.group },
		{ "gid", KITH_FIELD_OPTIONAL, &k.gid },
	};
	bool ok = kith_fields_read(reader, node, "an entry of run", fields,
				   sizeof(fields) / sizeof(fields[0]));

	if (node->kind != KITH_YAML_MAPPING)
		return false;
	s->place = kith_policy_place_of(reader, node);
	if (node->n)
		return read_ids(reader, &k, s) && ok;
	kith_policy_error(reader, node, "name a user or a group",
			  "an entry of run is empty and would permit every user");
	return false;
}
