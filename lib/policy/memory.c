// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define CHUNK_SIZE (64U << 10)

struct kith_arena_chunk {
	struct kith_arena_chunk *next;
	size_t used, size;
	max_align_t bytes[];
};

void *kith_array_alloc(size_t n, size_t size)
{
	if (n > SIZE_MAX / 2 / size)
		abort();
	return kith_alloc(n ? n * size : 1);
}

void *kith_grow(void *array, size_t n, size_t *room, size_t size)
{
	if (n == *room) {
		*room = *room ? *room * 2 : 8;
		array = kith_realloc(array, *room, size);
	}
	memset((char *)array + n * size, 0, size);
	return array;
}

static struct kith_arena_chunk *add_chunk(struct kith_arena *arena, size_t size)
{
	struct kith_arena_chunk *chunk = kith_alloc(sizeof(*chunk) + size);

	chunk->size = size;
	/* A large one goes behind the head, which may have room left. */
	if (size > CHUNK_SIZE && arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *kith_arena_alloc(struct kith_arena *arena, size_t size)
{
	struct kith_arena_chunk *chunk = arena->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		abort();
	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (!chunk || size > chunk->size - chunk->used)
		chunk = add_chunk(arena, size > CHUNK_SIZE ? size : CHUNK_SIZE);
	p = (char *)chunk->bytes + chunk->used;
	chunk->used += size;
	return p;
}

char *kith_arena_text(struct kith_arena *arena, const char *text, size_t len)
{
	char *copy = kith_arena_alloc(arena, len + 1);

	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *kith_arena_printf(struct kith_arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		return kith_arena_text(arena, "", 0);
	text = kith_arena_alloc(arena, (size_t)len + 1);
	va_start(args, format);
	vsnprintf(text, (size_t)len + 1, format, args);
	va_end(args);
	return text;
}

void *kith_arena_copy(struct kith_arena *arena, const void *array, size_t n, size_t size)
{
	void *copy;

	if (!n)
		return NULL;
	copy = kith_arena_alloc(arena, n * size);
	memcpy(copy, array, n * size);
	return copy;
}

void kith_arena_free(struct kith_arena *arena)
{
	while (arena->chunks) {
		struct kith_arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
}
