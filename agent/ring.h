/* SPDX-License-Identifier: Apache-2.0 */
/* The last events, as lines of JSON, numbered from 1 without gaps. */
#ifndef KITH_AGENT_RING_H
#define KITH_AGENT_RING_H

#include <stdint.h>

#define KITH_RING_SIZE 4096

struct kith_ring;

struct kith_ring *kith_ring_new(void);
void kith_ring_free(struct kith_ring *ring);

/* Takes @line, from malloc(). The oldest goes when the ring is full. */
void kith_ring_add(struct kith_ring *ring, char *line);

/* Number of the oldest event kept, and of the next to come. */
uint64_t kith_ring_first(const struct kith_ring *ring);
uint64_t kith_ring_next(const struct kith_ring *ring);

/* The event of that number, or NULL when it is not kept. */
const char *kith_ring_at(const struct kith_ring *ring, uint64_t number);

#endif
