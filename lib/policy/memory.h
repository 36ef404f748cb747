/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of one policy set: an arena that is freed as a whole, and arrays that
 * grow. When memory runs out the process aborts (lib/base), so nothing here
 * returns NULL for want of it.
 */
#ifndef KITH_LIB_POLICY_MEMORY_H
#define KITH_LIB_POLICY_MEMORY_H

#include <stddef.h>

struct kith_arena {
	struct kith_arena_chunk *chunks;
};

/** kith_arena_alloc() - @size zeroed bytes, aligned for any object */
void *kith_arena_alloc(struct kith_arena *arena, size_t size);
/** kith_arena_text() - a copy of @len bytes with a NUL behind */
char *kith_arena_text(struct kith_arena *arena, const char *text, size_t len);
char *kith_arena_printf(struct kith_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** kith_arena_copy() - a copy of @n elements; NULL when there are none */
void *kith_arena_copy(struct kith_arena *arena, const void *array, size_t n, size_t size);
void kith_arena_free(struct kith_arena *arena);

/** kith_array_alloc() - @n zeroed elements; free with free() */
void *kith_array_alloc(size_t n, size_t size);

/**
 * kith_grow() - room for one more element
 * @array: malloc'ed array, or NULL
 * @n: elements in use
 * @room: elements allocated; updated
 *
 * Return: the array, perhaps moved; the new element is zeroed.
 */
void *kith_grow(void *array, size_t n, size_t *room, size_t size);

#endif
