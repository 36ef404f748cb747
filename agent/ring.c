// SPDX-License-Identifier: Apache-2.0
#include "ring.h"

#include <stdlib.h>
#include "base/base.h"

struct kith_ring {
	uint64_t next;
	char *lines[KITH_RING_SIZE];
};

struct kith_ring *kith_ring_new(void)
{
	struct kith_ring *ring = kith_alloc(sizeof(*ring));

	ring->next = 1;
	return ring;
}

void kith_ring_free(struct kith_ring *ring)
{
	size_t i;

	if (!ring)
		return;
	for (i = 0; i < KITH_RING_SIZE; i++)
		free(ring->lines[i]);
	free(ring);
}

void kith_ring_add(struct kith_ring *ring, char *line)
{
	char **slot = &ring->lines[ring->next++ % KITH_RING_SIZE];

	free(*slot);
	*slot = line;
}

uint64_t kith_ring_first(const struct kith_ring *ring)
{
	return ring->next > KITH_RING_SIZE ? ring->next - KITH_RING_SIZE : 1;
}

uint64_t kith_ring_next(const struct kith_ring *ring)
{
	return ring->next;
}

const char *kith_ring_at(const struct kith_ring *ring, uint64_t number)
{
	if (number < kith_ring_first(ring) || number >= ring->next)
		return NULL;
	return ring->lines[number % KITH_RING_SIZE];
}
