/* SPDX-License-Identifier: Apache-2.0 */
/* What a container's runtime says of it. */
#ifndef KITH_AGENT_CONTAINER_H
#define KITH_AGENT_CONTAINER_H

#include "base/container.h"

/* What the runtime says; NULL: nothing. */
struct kith_container_facts {
	char *name;
	char *image;
};

/**
 * kith_container_ask() - the name and image that root's runtime gave a container
 * @root: the directory the runtimes' files are under, "" but in tests
 * @container: not one of a user's own runtime, about which nothing is read
 * @out: to be cleared with kith_container_facts_clear()
 *
 * Reads the files in which the runtimes keep it, which are root's: neither a
 * container nor a user can write there. Bounded; runs nothing and waits for no
 * daemon.
 */
void kith_container_ask(const char *root, const struct kith_container *container,
			struct kith_container_facts *out);
void kith_container_facts_clear(struct kith_container_facts *facts);

#endif
