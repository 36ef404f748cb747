// SPDX-License-Identifier: Apache-2.0
/*
 * Copies of keys that are known: of all the numbers d, one alone gives a public key,
 * so what is searched for here, at every byte, is all that could be found. A copy is
 * looked for in eighths of 64 bits, because a page may end within it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keysearch.h"

#define PARTS_MAX (KEY_MAX * 32)
#define SLOTS	  65536 /* of the hash table */
#define SHOWN	  2000

/* How the bytes of a number may lie in memory. */
enum order { BIG, LITTLE, WORDS, N_ORDERS };

static const char *const order_name[N_ORDERS] = {
	[BIG] = "big-endian",
	[LITTLE] = "little-endian",
	[WORDS] = "32-bit words", /* as SHA-256 reads them */
};

struct part {
	uint64_t value;
	int key, at; /* at: of the number's bytes, from the highest; LITTLE: from the lowest */
	enum order order;
	int next; /* of the slot; 0: none */
};

static struct part parts[PARTS_MAX];
static int n_parts;
static int slots[SLOTS];
static int n_shown;

static unsigned int slot_of(uint64_t value)
{
	return value * 0x9e3779b97f4a7c15 >> 48;
}

static void part_add(int key, enum order order, int at, const uint8_t bytes[8])
{
	struct part *part = &parts[++n_parts];
	unsigned int slot;

	if (n_parts >= PARTS_MAX)
		exit(2);
	*part = (struct part){ .key = key, .order = order, .at = at };
	memcpy(&part->value, bytes, 8);
	slot = slot_of(part->value);
	part->next = slots[slot];
	slots[slot] = n_parts;
}

static void key_parts(int key)
{
	uint8_t reversed[KEY_BYTES], words[8];
	const uint8_t *d = keys[key].d;

	for (int i = 0; i < KEY_BYTES; i++)
		reversed[i] = d[KEY_BYTES - 1 - i];
	for (int at = 0; at + 8 <= KEY_BYTES; at += 8) {
		part_add(key, BIG, at, d + at);
		part_add(key, LITTLE, at, reversed + at);
	}
	for (int at = 0; at + 8 <= KEY_BYTES; at++) {
		for (int i = 0; i < 8; i++)
			words[i] = d[at + (i ^ 3)];
		part_add(key, WORDS, at, words);
	}
}

static void show(const struct image *image, size_t offset, const struct part *part)
{
	if (n_shown++ < SHOWN)
		printf("copy %d %s %zu %d %s\n", part->key, image->name, offset, part->at,
		       order_name[part->order]);
}

void copies_find(const struct image *image)
{
	uint64_t value;

	if (!n_parts)
		for (int i = 0; i < n_keys; i++)
			if (keys[i].known)
				key_parts(i);
	for (size_t i = 0; i + 8 <= image->size; i++) {
		memcpy(&value, image->bytes + i, 8);
		for (int n = slots[slot_of(value)]; n; n = parts[n].next)
			if (parts[n].value == value)
				show(image, i, &parts[n]);
	}
}
