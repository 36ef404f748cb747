/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for the private keys of P-256 public keys in images of memory and disks. */
#ifndef KEYSEARCH_H
#define KEYSEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_MAX	  64
#define KEY_BYTES 32

struct key {
	uint64_t x[4], y[4];  /* the public key, in Montgomery form, lowest first */
	bool known, fresh;    /* fresh: no search before this one found it */
	uint8_t d[KEY_BYTES]; /* the private key, highest byte first */
};

extern struct key keys[KEY_MAX];
extern int n_keys;

struct image {
	const char *name;
	const uint8_t *bytes;
	size_t size;
};

/* curve.c: which of many numbers are private keys? */

/* Reads "04" and two coordinates, as hexadecimal digits. */
bool key_read(struct key *key, const char *text);
void curve_init(void);

#define BATCH 1024

struct candidate {
	uint8_t d[KEY_BYTES];
	size_t offset;
};

/* Calls @found for those of @n candidates, at most BATCH, that are private keys. */
void curve_try(const struct candidate *candidates, int n,
	       void (*found)(const struct candidate *candidate, struct key *key));

/* copies.c */

/* Prints every place of @image where a part of a known key is. */
void copies_find(const struct image *image);

#endif
