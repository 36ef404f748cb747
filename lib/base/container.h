/* SPDX-License-Identifier: Apache-2.0 */
/* The container a cgroup path belongs to. */
#ifndef KITH_LIB_BASE_CONTAINER_H
#define KITH_LIB_BASE_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

enum kith_container_runtime {
	KITH_CONTAINER_NONE,
	KITH_CONTAINER_PODMAN,
	KITH_CONTAINER_CRIO,
	KITH_CONTAINER_CONTAINERD,
	KITH_CONTAINER_DOCKER,
	KITH_CONTAINER_NSPAWN,
};

/* "podman" …, in the order of the enum from PODMAN on; ends in NULL. */
extern const char *const kith_container_runtimes[];

struct kith_container {
	enum kith_container_runtime runtime;
	char *id;	/* 64 hex digits; NULL: nspawn */
	char *name;	/* nspawn's; NULL: the runtime knows */
	bool owned;	/* below a user's own manager, who may claim anything */
	uint32_t owner; /* that user */
};

/**
 * kith_container_of_cgroup() - the outermost container on the way to @cgroup
 * @out: on success to be cleared with kith_container_clear()
 *
 * Knows how Podman, CRI-O, containerd, Docker and systemd-nspawn name cgroups,
 * with systemd's driver and with cgroupfs. What is below a container, or below a
 * unit that is none, was named by whom that is delegated to, and is not looked at;
 * but for a user's manager, whose containers are marked as that user's.
 *
 * Return: whether there is one.
 */
bool kith_container_of_cgroup(const char *cgroup, struct kith_container *out);
void kith_container_clear(struct kith_container *container);

#endif
