// SPDX-License-Identifier: Apache-2.0
/* Files and directories to documents. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fields.h"

#define SET_MAX (64U << 20) /* bytes of all files */
/* "name:4294967295" must fit a rule's source. */
#define FILE_NAME_MAX (KITH_NAME_MAX - 11)

/* documents ----------------------------------------------------------------- */

struct kith_policy_place kith_policy_place_of(const struct kith_policy_reader *reader,
					      const struct kith_yaml *node)
{
	return (struct kith_policy_place){ reader->name, node->line, node->column };
}

static const char *scalar_text(const struct kith_yaml *node)
{
	return node && node->kind == KITH_YAML_SCALAR && node->len ? node->text : NULL;
}

/* "Kind/name" for messages, as far as the document says. */
static const char *object_of(struct kith_arena *arena, const struct kith_yaml *document)
{
	const char *kind = scalar_text(kith_yaml_find(document, "kind"));
	const char *name =
		scalar_text(kith_yaml_find(kith_yaml_find(document, "metadata"), "name"));

	if (!kind)
		return "";
	return kith_arena_printf(arena, "%.40s%s%.200s", kind, name ? "/" : "", name ? name : "");
}

/* Sets the object of what follows and of what its YAML was reported for. */
static void name_object(struct kith_policy_reader *reader, const struct kith_yaml *document)
{
	struct kith_policy_loaded *loaded = reader->loaded;
	size_t i;

	reader->object = object_of(&loaded->arena, document);
	for (i = reader->first_diag; i < loaded->n_diags; i++)
		loaded->diags[i].object = kith_policy_printable(&loaded->arena, reader->object);
}

struct metadata {
	const char *name, *owner;
};

/* PolicyTests are sentences and need no owner. */
static bool read_metadata(struct kith_policy_reader *reader, struct kith_yaml *node, bool is_test,
			  struct metadata *m)
{
	struct kith_yaml *name, *owner, *description;
	const struct kith_field fields[] = {
		{ "name", KITH_FIELD_REQUIRED, &name },
		{ "owner", is_test ? KITH_FIELD_OPTIONAL : KITH_FIELD_REQUIRED, &owner },
		{ "description", KITH_FIELD_OPTIONAL, &description },
	};
	bool ok = kith_fields_read(reader, node, "metadata", fields, 3);

	*m = (struct metadata){ 0 };
	if (name)
		m->name = is_test ? kith_read_string(reader, name, "name", KITH_NAME_MAX)
				  : kith_read_name(reader, name, "name");
	if (owner)
		m->owner = kith_read_string(reader, owner, "owner", KITH_NAME_MAX);
	if (description)
		ok &= !!kith_read_string(reader, description, "description", 4096);
	return ok && m->name && (m->owner || is_test);
}

static void remember(struct kith_policy_reader *reader, const char *kind, const char *name,
		     const struct kith_yaml *node)
{
	*KITH_POLICY_ADD(reader->loaded, named) = (struct kith_policy_named){
		.kind = kind,
		.name = name,
		.path = reader->path,
		.place = kith_policy_place_of(reader, node),
	};
}

enum kind { WORKLOAD, POLICY, TEST };
static const char *const kinds[] = { "Workload", "Policy", "PolicyTest", NULL };

static void read_kind(struct kith_policy_reader *reader, struct kith_yaml *document, int kind,
		      struct kith_yaml *metadata, struct kith_yaml *spec)
{
	struct metadata m = { 0 };

	if (metadata)
		read_metadata(reader, metadata, kind == TEST, &m);
	if (m.name)
		remember(reader, kinds[kind], m.name, kith_yaml_find(metadata, "name"));
	else
		m.name = ""; /* reported; the spec is checked all the same */
	if (!spec)
		return;
	if (kind == WORKLOAD)
		kith_policy_read_workload(reader, m.name, m.owner, document, spec);
	else if (kind == POLICY)
		kith_policy_read_policy(reader, m.name, m.owner, document, spec);
	else
		kith_policy_read_test(reader, m.name, spec);
}

static void read_document(struct kith_policy_reader *reader, struct kith_yaml *document)
{
	static const char *const versions[] = { "kith/v1", NULL };
	struct kith_yaml *version, *kind, *metadata, *spec;
	const struct kith_field fields[] = {
		{ "apiVersion", KITH_FIELD_REQUIRED, &version },
		{ "kind", KITH_FIELD_REQUIRED, &kind },
		{ "metadata", KITH_FIELD_REQUIRED, &metadata },
		{ "spec", KITH_FIELD_REQUIRED, &spec },
	};
	int index;

	if (kith_yaml_is_null(document))
		return;
	name_object(reader, document);
	kith_fields_read(reader, document, "the document", fields, 4);
	if (!version || kith_read_choice(reader, version, "apiVersion", versions) < 0 || !kind)
		return;
	index = kith_read_choice(reader, kind, "kind", kinds);
	if (index >= 0)
		read_kind(reader, document, index, metadata, spec);
}

/* files --------------------------------------------------------------------- */

/* About the file as a whole. */
static void file_error(struct kith_policy_reader *reader, const char *remedy, const char *message)
{
	reader->object = "";
	kith_policy_error_at(reader, 0, 0, remedy, "%s", message);
}

/* The bytes of an open file: malloc'ed, or NULL and reported. */
static char *read_bytes(struct kith_policy_reader *reader, int fd, size_t *len)
{
	char *bytes = kith_array_alloc(1, KITH_POLICY_FILE_MAX + 1);
	struct stat st;
	ssize_t n = 0;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		file_error(reader, "name a regular file", "not a regular file");
		goto fail;
	}
	*len = 0;
	do {
		*len += (size_t)n;
		n = read(fd, bytes + *len, KITH_POLICY_FILE_MAX + 1 - *len);
	} while (n > 0 || (n < 0 && errno == EINTR && !(n = 0)));
	if (n < 0) {
		file_error(reader, "make it readable", strerror(errno));
		goto fail;
	}
	if (*len > KITH_POLICY_FILE_MAX) {
		file_error(reader, "split it", "larger than 4 MiB");
		goto fail;
	}
	return bytes;
fail:
	free(bytes);
	return NULL;
}

static bool has_room(struct kith_policy_reader *reader, size_t len)
{
	struct kith_policy_loaded *loaded = reader->loaded;

	loaded->files++;
	loaded->bytes += len;
	if (loaded->files <= KITH_POLICY_FILES_MAX && loaded->bytes <= SET_MAX)
		return true;
	file_error(reader, "split the policy between hosts", "too many files or bytes of policy");
	return false;
}

static void load_text(struct kith_policy_loaded *loaded, const char *path, const char *name,
		      const char *text, size_t len)
{
	struct kith_policy_reader reader = {
		.loaded = loaded,
		.path = kith_arena_text(&loaded->arena, path, strlen(path)),
		.name = kith_arena_text(&loaded->arena, name, strlen(name)),
		.object = "",
	};
	const char *p;

	for (p = name; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || strlen(name) > FILE_NAME_MAX) {
			file_error(&reader, "rename the file",
				   "its name holds spaces or control characters, or is too long");
			return;
		}
	if (!has_room(&reader, len))
		return;
	*KITH_POLICY_ADD(loaded, sources) = (struct kith_policy_source){
		.name = reader.name,
		.text = kith_arena_text(&loaded->arena, text, len),
		.size = len,
	};
	kith_yaml_parse(&reader, text, len, read_document);
}

static void load_file(struct kith_policy_loaded *loaded, int dir, const char *path,
		      const char *name)
{
	struct kith_policy_reader reader = {
		.loaded = loaded, .path = path, .name = name, .object = ""
	};
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *bytes;
	size_t len;

	if (fd < 0) {
		file_error(&reader, "check the path and its permissions", strerror(errno));
		return;
	}
	bytes = read_bytes(&reader, fd, &len);
	close(fd);
	if (!bytes)
		return;
	/* In rules a file goes by its last component, wherever it was loaded from. */
	name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	load_text(loaded, path, name, bytes, len);
	free(bytes);
}

static int is_policy_file(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".yaml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void load_directory(struct kith_policy_loaded *loaded, int fd, const char *path)
{
	struct kith_policy_reader reader = {
		.loaded = loaded, .path = path, .name = path, .object = ""
	};
	struct dirent **entries = NULL;
	int n = scandirat(fd, ".", &entries, is_policy_file, by_bytes), i;

	if (n < 0) {
		file_error(&reader, "check the path and its permissions", strerror(errno));
		return;
	}
	if (!n)
		kith_policy_report(loaded, KITH_POLICY_WARNING, path, "", 0, 0,
				   "put files that end in .yaml there", "holds no policy file");
	for (i = 0; i < n; i++) {
		size_t len = strlen(path);

		while (len && path[len - 1] == '/')
			len--;
		load_file(loaded, fd,
			  kith_arena_printf(&loaded->arena, "%.*s/%s", (int)len, path,
					    entries[i]->d_name),
			  entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static void load_path(struct kith_policy_loaded *loaded, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

	if (fd < 0) {
		load_file(loaded, AT_FDCWD, path, path);
		return;
	}
	load_directory(loaded, fd, path);
	close(fd);
}

/* sets ---------------------------------------------------------------------- */

static struct kith_policy_set *finish(struct kith_policy_loaded *loaded)
{
	struct kith_policy_set *set = &loaded->set;

	kith_policy_check(loaded);
	kith_policy_sort_claims(loaded);
	kith_policy_sort_diags(loaded);
	set->workloads = loaded->workloads;
	set->n_workloads = loaded->n_workloads;
	set->claims = loaded->claims;
	set->n_claims = loaded->n_claims;
	set->openings = loaded->openings;
	set->n_openings = loaded->n_openings;
	set->n_policies = loaded->n_policies;
	set->n_tests = loaded->n_tests;
	set->sources = loaded->sources;
	set->n_sources = loaded->n_sources;
	return set;
}

struct kith_policy_set *kith_policy_load(const char *const *paths, size_t n)
{
	struct kith_policy_loaded *loaded = kith_array_alloc(1, sizeof(*loaded));
	size_t i;

	for (i = 0; i < n; i++)
		load_path(loaded, paths[i]);
	return finish(loaded);
}

struct kith_policy_set *kith_policy_load_text(const char *name, const char *text, size_t len)
{
	struct kith_policy_loaded *loaded = kith_array_alloc(1, sizeof(*loaded));
	struct kith_policy_reader reader = {
		.loaded = loaded, .path = name, .name = name, .object = ""
	};

	if (len > KITH_POLICY_FILE_MAX)
		file_error(&reader, "split it", "larger than 4 MiB");
	else
		load_text(loaded, name, name, text, len);
	return finish(loaded);
}

void kith_policy_free(struct kith_policy_set *set)
{
	struct kith_policy_loaded *loaded = (struct kith_policy_loaded *)set;

	if (!loaded)
		return;
	free(loaded->diags);
	free(loaded->workloads);
	free(loaded->claims);
	free(loaded->openings);
	free(loaded->policies);
	free(loaded->cases);
	free(loaded->named);
	free(loaded->sources);
	kith_arena_free(&loaded->arena);
	free(loaded);
}
