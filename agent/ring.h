/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last events, as lines of JSON, numbered from 1 without gaps. Those that are
 * notable stay when others have pushed them out, until others of theirs do.
 */
#ifndef KITH_AGENT_RING_H
#define KITH_AGENT_RING_H

#include <stdbool.h>
#include <stdint.h>

#define KITH_RING_SIZE 4096
#define KITH_RING_KEPT 1024

struct kith_ring;

struct kith_ring *kith_ring_new(void);
void kith_ring_free(struct kith_ring *ring);

/* Takes @line, from malloc(). The oldest goes when the ring is full. */
void kith_ring_add(struct kith_ring *ring, char *line, bool notable);

/* Number of the oldest event from which on all are there, and of the next to come. */
uint64_t kith_ring_first(const struct kith_ring *ring);
uint64_t kith_ring_next(const struct kith_ring *ring);

/* The event of that number, or NULL when it is not among the last. */
const char *kith_ring_at(const struct kith_ring *ring, uint64_t number);

/* The oldest event from @number on, which is set to its own, or NULL: notable ones that
 * were pushed out come first. */
const char *kith_ring_from(const struct kith_ring *ring, uint64_t *number);

#endif
