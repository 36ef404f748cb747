// SPDX-License-Identifier: Apache-2.0
/* Which container a cgroup path belongs to. */
#include "base/container.h"

#include <string.h>
#include "unit.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define USER  "/user.slice/user-1000.slice/user@1000.service"

static void in_each_runtimes_manner(void **state)
{
	static const struct {
		const char *cgroup;
		enum kith_container_runtime runtime;
		const char *name; /* or NULL: ID */
		long owner;	  /* or -1 */
	} cases[] = {
		{ "/machine.slice/libpod-" ID ".scope", KITH_CONTAINER_PODMAN, NULL, -1 },
		{ "/machine.slice/libpod-" ID ".scope/container", KITH_CONTAINER_PODMAN, NULL, -1 },
		{ "/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope",
		  KITH_CONTAINER_PODMAN, NULL, -1 },
		{ "/libpod_parent/libpod-" ID, KITH_CONTAINER_PODMAN, NULL, -1 },
		{ USER "/user.slice/libpod-" ID ".scope/container", KITH_CONTAINER_PODMAN, NULL,
		  1000 },
		{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
		  "cri-containerd-" ID ".scope",
		  KITH_CONTAINER_CONTAINERD, NULL, -1 },
		{ "/kubepods/burstable/pod1/" ID, KITH_CONTAINER_CONTAINERD, NULL, -1 },
		{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", KITH_CONTAINER_CRIO,
		  NULL, -1 },
		{ "/kubepods/pod1/crio-" ID, KITH_CONTAINER_CRIO, NULL, -1 },
		{ "/system.slice/docker-" ID ".scope", KITH_CONTAINER_DOCKER, NULL, -1 },
		{ "/docker/" ID, KITH_CONTAINER_DOCKER, NULL, -1 },
		{ "/machine.slice/systemd-nspawn@my-box.service/payload", KITH_CONTAINER_NSPAWN,
		  "my-box", -1 },
		{ "/machine.slice/machine-my\\x2dbox.scope", KITH_CONTAINER_NSPAWN, "my-box", -1 },
	};
	struct kith_container found;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (!kith_container_of_cgroup(cases[i].cgroup, &found))
			fail_msg("%s is none", cases[i].cgroup);
		if (found.runtime != cases[i].runtime || found.owned != (cases[i].owner >= 0) ||
		    (found.owned && found.owner != cases[i].owner))
			fail_msg("%s is another", cases[i].cgroup);
		if (cases[i].name)
			assert_string_equal(found.name, cases[i].name);
		else
			assert_string_equal(found.id, ID);
		kith_container_clear(&found);
	}
}

static void not_what_looks_like_one(void **state)
{
	static const char *const cgroups[] = {
		"/",
		"/system.slice/nginx.service",
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/machine.slice/libpod-abc.scope",
		"/machine.slice/libpod-" ID "0.scope",
		"/machine.slice/libpod-" ID ".slice",
		"/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
		/* Named by whom a service's or a session's cgroup is delegated to. */
		"/system.slice/ci.service/libpod-" ID ".scope",
		"/system.slice/ci.service/machine.slice/machine-box.scope",
		"/user.slice/user-1000.slice/session-1.scope/libpod-" ID,
		USER "/app.slice/x.service/libpod-" ID ".scope",
		USER "/user@0.service/libpod-" ID ".scope",
		USER "/machine.slice/machine-box.scope",
		"/system.slice/user@0.service/libpod-" ID ".scope",
		"/" ID,
	};
	struct kith_container found;
	size_t i;

	for (i = 0; i < sizeof(cgroups) / sizeof(cgroups[0]); i++)
		if (kith_container_of_cgroup(cgroups[i], &found))
			fail_msg("%s is one", cgroups[i]);
}

static void the_outermost(void **state)
{
	struct kith_container found;

	assert_true(kith_container_of_cgroup(
		"/machine.slice/libpod-" ID ".scope/machine.slice/libpod-" OTHER ".scope", &found));
	assert_string_equal(found.id, ID);
	kith_container_clear(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_each_runtimes_manner),
		cmocka_unit_test(not_what_looks_like_one),
		cmocka_unit_test(the_outermost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
