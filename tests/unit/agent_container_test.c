// SPDX-License-Identifier: Apache-2.0
/* What the files of runtimes say of a container; laid out as each of them does. */
#include "container.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"
#include "unit.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* The storage of Podman and CRI-O, which is one format. */
#define STORAGE "/var/lib/containers/storage/overlay-containers"
#define BUNDLE	"/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID
#define DOCKER	"/var/lib/docker/containers/" ID

static int setup(void **state)
{
	char pattern[] = "/tmp/kith-container.XXXXXX";

	*state = kith_strdup(mkdtemp(pattern));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	char *command = kith_format("rm -rf %s", (char *)*state);
	int status = system(command);

	free(command);
	free(*state);
	return status;
}

static void put(const char *root, const char *directory, const char *name, const char *text)
{
	char *command = kith_format("mkdir -p %s%s", root, directory);
	char *path = kith_format("%s%s/%s", root, directory, name);

	assert_int_equal(system(command), 0);
	assert_int_equal(kith_write_file(path, text, strlen(text), 0600), 0);
	free(path);
	free(command);
}

static void says(const char *root, enum kith_container_runtime runtime, const char *name,
		 const char *image)
{
	char id[] = ID;
	const struct kith_container container = { .runtime = runtime, .id = id };
	struct kith_container_facts facts;

	kith_container_ask(root, &container, &facts);
	if (name)
		assert_string_equal(facts.name, name);
	else
		assert_null(facts.name);
	if (image)
		assert_string_equal(facts.image, image);
	else
		assert_null(facts.image);
	kith_container_facts_clear(&facts);
}

static void what_each_runtime_keeps(void **state)
{
	const char *root = *state;

	put(root, STORAGE, "containers.json",
	    "[{\"id\":\"" OTHER "\",\"names\":[\"not-it\"],\"metadata\":\"{}\"},"
	    "{\"id\":\"" ID "\",\"names\":[\"box\"],\"metadata\":"
	    "\"{\\\"image-name\\\":\\\"r.example/i:1\\\",\\\"name\\\":\\\"box\\\"}\"}]");
	says(root, KITH_CONTAINER_PODMAN, "box", "r.example/i:1");
	says(root, KITH_CONTAINER_CRIO, "box", "r.example/i:1");
	put(root, BUNDLE, "config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.image-name\":\"r.example/i:2\","
	    "\"io.kubernetes.cri.container-name\":\"web\"}}");
	says(root, KITH_CONTAINER_CONTAINERD, "web", "r.example/i:2");
	put(root, DOCKER, "config.v2.json",
	    "{\"Name\":\"/shop\",\"Config\":{\"Image\":\"r.example/i:3\"}}");
	says(root, KITH_CONTAINER_DOCKER, "shop", "r.example/i:3");
}

/* Podman keeps those of --rm beside the others. */
static void beside_the_others(void **state)
{
	put(*state, STORAGE, "containers.json", "[]");
	put(*state, STORAGE, "volatile-containers.json",
	    "[{\"id\":\"" ID "\",\"names\":[\"brief\"]}]");
	says(*state, KITH_CONTAINER_PODMAN, "brief", NULL);
}

static void nothing_is_made_of_nonsense(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{}",
		"[1, null, {}, {\"id\": 5}]",
		"[{\"id\":\"" ID "\",\"names\":{},\"metadata\":7}]",
		"[{\"id\":\"" ID "\",\"names\":[4],\"metadata\":\"[\"}]",
		"[{\"id\":\"" ID "\",\"metadata\":\"{\\\"image-name\\\":[]}\"}]",
	};
	size_t i;

	says(*state, KITH_CONTAINER_PODMAN, NULL, NULL);
	for (i = 0; i < COUNT(texts); i++) {
		put(*state, STORAGE, "containers.json", texts[i]);
		says(*state, KITH_CONTAINER_PODMAN, NULL, NULL);
	}
}

/* Only what root alone may write is believed. */
static void not_what_others_may_write(void **state)
{
	static const char file[] = STORAGE "/containers.json";
	char *path = kith_format("%s%s", (char *)*state, file);
	char *aside = kith_format("%s/aside", (char *)*state);

	put(*state, STORAGE, "containers.json", "[{\"id\":\"" ID "\",\"names\":[\"box\"]}]");
	says(*state, KITH_CONTAINER_PODMAN, "box", NULL);
	assert_int_equal(chmod(path, 0620), 0);
	says(*state, KITH_CONTAINER_PODMAN, NULL, NULL);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(symlink(aside, path), 0);
	says(*state, KITH_CONTAINER_PODMAN, NULL, NULL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	says(*state, KITH_CONTAINER_PODMAN, NULL, NULL);
	free(aside);
	free(path);
}

static void nothing_is_asked_about_a_users_own(void **state)
{
	char id[] = ID;
	const struct kith_container container = {
		.runtime = KITH_CONTAINER_PODMAN, .id = id, .owned = true, .owner = 1000
	};
	struct kith_container_facts facts;

	put(*state, STORAGE, "containers.json", "[{\"id\":\"" ID "\",\"names\":[\"box\"]}]");
	kith_container_ask(*state, &container, &facts);
	assert_null(facts.name);
	assert_null(facts.image);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_each_runtime_keeps),
		TEST(beside_the_others),
		TEST(nothing_is_made_of_nonsense),
		TEST(not_what_others_may_write),
		TEST(nothing_is_asked_about_a_users_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
