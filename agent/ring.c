// SPDX-License-Identifier: Apache-2.0
#include "ring.h"

#include <stdlib.h>
#include "base/base.h"

struct slot {
	char *line;
	uint64_t number;
	bool notable;
};

struct kith_ring {
	uint64_t next;
	uint64_t n_kept; /* ever */
	struct slot slots[KITH_RING_SIZE];
	struct slot kept[KITH_RING_KEPT]; /* what was notable and left the others */
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
		free(ring->slots[i].line);
	for (i = 0; i < KITH_RING_KEPT; i++)
		free(ring->kept[i].line);
	free(ring);
}

static void replace(struct slot *slot, struct slot with)
{
	free(slot->line);
	*slot = with;
}

void kith_ring_add(struct kith_ring *ring, char *line, bool notable)
{
	struct slot *slot = &ring->slots[ring->next % KITH_RING_SIZE];

	if (slot->notable) {
		replace(&ring->kept[ring->n_kept++ % KITH_RING_KEPT], *slot);
		slot->line = NULL;
	}
	replace(slot, (struct slot){ .line = line, .number = ring->next++, .notable = notable });
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
	return ring->slots[number % KITH_RING_SIZE].line;
}

const char *kith_ring_from(const struct kith_ring *ring, uint64_t *number)
{
	uint64_t i = ring->n_kept > KITH_RING_KEPT ? ring->n_kept - KITH_RING_KEPT : 0;
	const struct slot *slot;

	for (; *number < kith_ring_first(ring) && i < ring->n_kept; i++) {
		slot = &ring->kept[i % KITH_RING_KEPT];
		if (slot->number < *number)
			continue;
		*number = slot->number;
		return slot->line;
	}
	if (*number < kith_ring_first(ring))
		*number = kith_ring_first(ring);
	return kith_ring_at(ring, *number);
}
