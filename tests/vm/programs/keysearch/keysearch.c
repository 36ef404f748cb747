// SPDX-License-Identifier: Apache-2.0
/*
 * keysearch [-k KEYS] [-s] [-x FILE]… IMAGE…
 *
 * Reads public keys, one a line. With -s, the windows of the first IMAGE that begin at
 * a multiple of eight bytes and could be random are tried, highest and lowest byte
 * first: is it the private key of one of those? Then every copy of a private key that
 * is known is looked for, in every IMAGE. KEYS keeps those that are known. Pages that
 * are in a FILE, too, or were tried before, are not tried.
 *
 *   tried WINDOWS in BYTES of BYTES	until all were found
 *   key NUMBER OFFSET	  the private key of that line, from 0, is found there
 *   known NUMBER	  it was found before
 *   copy NUMBER IMAGE OFFSET BYTE ORDER
 *			  64 bits of it, from that byte on
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "keysearch.h"

#define PAGE	     4096
#define ALIGNMENT    8
#define DISTINCT_MIN 23 /* bytes of a key; of a million keys one has fewer */

struct key keys[KEY_MAX];
int n_keys;

static void give_up(const char *what)
{
	fprintf(stderr, "keysearch: ");
	perror(what);
	exit(2);
}

static struct image image_map(const char *path)
{
	struct image image = { .name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path };
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		give_up(path);
	image.size = st.st_size;
	image.bytes = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (image.bytes == MAP_FAILED)
		give_up(path);
	close(fd);
	return image;
}

/* --- pages that are known ------------------------------------------------------- */

static uint64_t *pages; /* hashes, open addressing; 0: free */
static size_t n_pages, pages_size;

static uint64_t page_hash(const uint8_t *page)
{
	uint64_t hash = 1, word;

	for (int i = 0; i < PAGE; i += 8) {
		memcpy(&word, page + i, 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 29;
	}
	return hash ? hash : 1;
}

static uint64_t *page_slot(uint64_t hash)
{
	size_t i = hash % pages_size;

	while (pages[i] && pages[i] != hash)
		i = (i + 1) % pages_size;
	return &pages[i];
}

static void pages_learn(const struct image *image)
{
	for (size_t at = 0; at + PAGE <= image->size; at += PAGE) {
		uint64_t hash = page_hash(image->bytes + at);

		*page_slot(hash) = hash;
	}
}

/* For those of @images and of @searched. */
static void pages_room(const struct image *images, int n, const struct image *searched)
{
	n_pages = searched->size / PAGE;
	for (int i = 0; i < n; i++)
		n_pages += images[i].size / PAGE;
	pages_size = 2 * n_pages + 1;
	pages = calloc(pages_size, sizeof(*pages));
	if (!pages)
		give_up("calloc()");
}

/* --- trying ------------------------------------------------------------------------ */

static struct candidate batch[BATCH];
static int n_batch;
static size_t n_tried;

static void found(const struct candidate *candidate, struct key *key)
{
	printf("key %d %zu\n", (int)(key - keys), candidate->offset);
	key->fresh = key->fresh || !key->known;
	key->known = true;
	memcpy(key->d, candidate->d, KEY_BYTES);
}

static void batch_try(void)
{
	curve_try(batch, n_batch, found);
	n_tried += n_batch;
	n_batch = 0;
}

static bool could_be_random(const uint8_t *window)
{
	uint64_t seen[4] = { 0 };
	int n = 0;

	for (int i = 0; i < KEY_BYTES; i++)
		seen[window[i] >> 6] |= 1ULL << (window[i] & 63);
	for (int i = 0; i < 4; i++)
		n += __builtin_popcountll(seen[i]);
	return n >= DISTINCT_MIN;
}

static void window_try(const uint8_t *window, size_t offset)
{
	struct candidate *one = &batch[n_batch++], *other = &batch[n_batch++];

	memcpy(one->d, window, KEY_BYTES);
	for (int i = 0; i < KEY_BYTES; i++)
		other->d[i] = window[KEY_BYTES - 1 - i];
	one->offset = other->offset = offset;
	if (n_batch == BATCH)
		batch_try();
}

static bool all_known(void)
{
	for (int i = 0; i < n_keys; i++)
		if (!keys[i].known)
			return false;
	return true;
}

static void page_try(const struct image *image, size_t page)
{
	uint64_t hash = page_hash(image->bytes + page), *slot = page_slot(hash);

	if (*slot)
		return;
	*slot = hash; /* the next one of these bytes is none to try again */
	for (size_t at = page; at < page + PAGE; at += ALIGNMENT)
		if (at + KEY_BYTES <= image->size && could_be_random(image->bytes + at))
			window_try(image->bytes + at, at);
}

/* Until there is a private key for each public one: there is no other. */
static void image_try(const struct image *image)
{
	size_t page = 0;

	for (; page + PAGE <= image->size && !all_known(); page += PAGE)
		page_try(image, page);
	batch_try();
	printf("tried %zu in %zu of %zu bytes\n", n_tried, page, image->size);
}

/* --- keys that are known ------------------------------------------------------------- */

static void keys_load(const char *path)
{
	FILE *file = fopen(path, "r");
	struct key key;

	if (!file)
		return; /* there are none yet */
	while (fread(&key, sizeof(key), 1, file) == 1)
		for (int i = 0; i < n_keys; i++)
			if (!memcmp(keys[i].x, key.x, sizeof(key.x))) {
				keys[i] = key;
				keys[i].fresh = false;
				printf("known %d\n", i);
			}
	fclose(file);
}

/* Behind those of earlier searches, which may have been for others. */
static void keys_save(const char *path)
{
	FILE *file = fopen(path, "a");

	if (!file)
		give_up(path);
	for (int i = 0; i < n_keys; i++)
		if (keys[i].fresh && fwrite(&keys[i], sizeof(keys[i]), 1, file) != 1)
			give_up(path);
	if (fclose(file))
		give_up(path);
}

static void keys_read(void)
{
	char line[256];

	while (n_keys < KEY_MAX && fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (!key_read(&keys[n_keys++], line)) {
			fprintf(stderr, "keysearch: %s is no public key\n", line);
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct image skipped[8], image;
	const char *path = NULL;
	bool sweep = false;
	int option, n_skipped = 0;

	while ((option = getopt(argc, argv, "k:sx:")) != -1) {
		if (option == 'k')
			path = optarg;
		else if (option == 's')
			sweep = true;
		else if (option == 'x' && n_skipped < 8)
			skipped[n_skipped++] = image_map(optarg);
		else
			return 2;
	}
	curve_init();
	keys_read();
	if (path)
		keys_load(path);
	if (sweep && optind < argc) {
		image = image_map(argv[optind]);
		pages_room(skipped, n_skipped, &image);
		for (int i = 0; i < n_skipped; i++)
			pages_learn(&skipped[i]);
		image_try(&image);
	}
	for (int i = optind; i < argc; i++) {
		image = image_map(argv[i]);
		copies_find(&image);
	}
	if (path)
		keys_save(path);
	return 0;
}
