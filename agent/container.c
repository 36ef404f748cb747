// SPDX-License-Identifier: Apache-2.0
#include "container.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <jansson.h>
#include "base/base.h"

#define FILE_MAX (8 << 20)
#define GLOB_MAX 64 /* files one pattern may lead to */

/* A file of root's, that only root may write. */
static json_t *read_json(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	json_t *json = NULL;
	struct stat of;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &of) && S_ISREG(of.st_mode) && of.st_uid == geteuid() &&
	    !(of.st_mode & 022) && of.st_size <= FILE_MAX)
		json = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	close(fd);
	return json;
}

static char *text_of(const json_t *object, const char *key)
{
	return kith_strdup(json_string_value(json_object_get(object, key)));
}

/* The storage that Podman and CRI-O share: a list of all containers, each with
 * what its runtime noted, which is JSON in a string. */
static bool from_storage(const json_t *list, const struct kith_container *container,
			 struct kith_container_facts *out)
{
	const json_t *item, *names;
	const char *id, *noted;
	json_t *metadata;
	size_t i;

	json_array_foreach(list, i, item) {
		id = json_string_value(json_object_get(item, "id"));
		if (!id || strcmp(id, container->id) != 0)
			continue;
		names = json_object_get(item, "names");
		out->name = kith_strdup(json_string_value(json_array_get(names, 0)));
		noted = json_string_value(json_object_get(item, "metadata"));
		metadata = noted ? json_loads(noted, 0, NULL) : NULL;
		out->image = text_of(metadata, "image-name");
		json_decref(metadata);
		return true;
	}
	return false;
}

/* The OCI bundle that containerd made of what the kubelet asked for. */
static bool from_bundle(const json_t *bundle, const struct kith_container *container,
			struct kith_container_facts *out)
{
	const json_t *annotations = json_object_get(bundle, "annotations");

	out->name = text_of(annotations, "io.kubernetes.cri.container-name");
	out->image = text_of(annotations, "io.kubernetes.cri.image-name");
	return true;
}

static bool from_docker(const json_t *config, const struct kith_container *container,
			struct kith_container_facts *out)
{
	const char *name = json_string_value(json_object_get(config, "Name"));

	/* "/web" */
	out->name = kith_strdup(name && *name == '/' ? name + 1 : name);
	out->image = text_of(json_object_get(config, "Config"), "Image");
	return true;
}

/* %s: the container's ID. */
static const struct {
	enum kith_container_runtime runtime;
	const char *pattern;
	bool (*read)(const json_t *json, const struct kith_container *container,
		     struct kith_container_facts *out);
} sources[] = {
	{ KITH_CONTAINER_PODMAN, "/var/lib/containers/storage/*-containers/*containers.json",
	  from_storage },
	{ KITH_CONTAINER_CRIO, "/var/lib/containers/storage/*-containers/*containers.json",
	  from_storage },
	{ KITH_CONTAINER_CONTAINERD,
	  "/run/containerd/io.containerd.runtime.v2.task/*/%s/config.json", from_bundle },
	{ KITH_CONTAINER_DOCKER, "/var/lib/docker/containers/%s/config.v2.json", from_docker },
};

static bool ask_one(size_t source, const char *path, const struct kith_container *container,
		    struct kith_container_facts *out)
{
	json_t *json = read_json(path);
	bool found = json && sources[source].read(json, container, out);

	json_decref(json);
	return found;
}

/* The files of a source, in order, until one knows the container. */
static bool ask_source(const char *root, size_t source, const struct kith_container *container,
		       struct kith_container_facts *out)
{
	const char *at = strstr(sources[source].pattern, "%s"), *pattern = sources[source].pattern;
	char *path = at ? kith_format("%s%.*s%s%s", root, (int)(at - pattern), pattern,
				      container->id, at + 2)
			: kith_format("%s%s", root, pattern);
	bool found = false;
	glob_t files;
	size_t i;

	if (!glob(path, GLOB_NOSORT, NULL, &files)) {
		for (i = 0; i < files.gl_pathc && i < GLOB_MAX && !found; i++)
			found = ask_one(source, files.gl_pathv[i], container, out);
		globfree(&files);
	}
	free(path);
	return found;
}

void kith_container_ask(const char *root, const struct kith_container *container,
			struct kith_container_facts *out)
{
	size_t i;

	*out = (struct kith_container_facts){ .name = kith_strdup(container->name) };
	if (container->owned || !container->id)
		return;
	for (i = 0; i < KITH_ARRAY_SIZE(sources); i++)
		if (sources[i].runtime == container->runtime && ask_source(root, i, container, out))
			return;
}

void kith_container_facts_clear(struct kith_container_facts *facts)
{
	free(facts->name);
	free(facts->image);
}
