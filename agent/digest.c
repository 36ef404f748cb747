// SPDX-License-Identifier: Apache-2.0
#include "digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <openssl/evp.h>
#include "base/base.h"

#define SETTLED_SECONDS 2 /* more than a tick of any filesystem */
#define CACHE_SIZE	256
#define SLICE		(256U * 1024)

struct entry {
	struct stat key;
	bool used;
	uint8_t sha256[KITH_DIGEST_SIZE];
};

struct kith_digests {
	struct entry entries[CACHE_SIZE];
	unsigned int next; /* replaced next */
};

struct kith_digest_job {
	struct kith_digests *digests;
	int fd;
	off_t offset;
	struct stat key;
	EVP_MD_CTX *context;
	sd_event_source *source;
	kith_digest_fn *done;
	void *arg;
};

struct kith_digests *kith_digests_new(void)
{
	return kith_alloc(sizeof(struct kith_digests));
}

void kith_digests_free(struct kith_digests *digests)
{
	free(digests);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

bool kith_digests_find(struct kith_digests *digests, int fd, uint8_t sha256[KITH_DIGEST_SIZE])
{
	struct stat key;
	size_t i;

	if (fstat(fd, &key))
		return false;
	for (i = 0; i < CACHE_SIZE; i++) {
		if (!digests->entries[i].used || !same_file(&digests->entries[i].key, &key))
			continue;
		memcpy(sha256, digests->entries[i].sha256, KITH_DIGEST_SIZE);
		return true;
	}
	return false;
}

/* Whether a later change of the file shows: the filesystem's clock moves in ticks, and
 * two contents of one tick look the same. */
static bool is_settled(const struct stat *key)
{
	return time(NULL) - key->st_ctim.tv_sec > SETTLED_SECONDS;
}

static void remember(struct kith_digests *digests, const struct stat *key, const uint8_t *sha256)
{
	struct entry *entry = &digests->entries[digests->next++ % CACHE_SIZE];

	entry->used = true;
	entry->key = *key;
	memcpy(entry->sha256, sha256, KITH_DIGEST_SIZE);
}

void kith_digest_cancel(struct kith_digest_job *job)
{
	if (!job)
		return;
	sd_event_source_disable_unref(job->source);
	EVP_MD_CTX_free(job->context);
	free(job);
}

static void finish(struct kith_digest_job *job, bool good)
{
	uint8_t sha256[KITH_DIGEST_SIZE];
	kith_digest_fn *done = job->done;
	void *arg = job->arg;
	struct stat now;

	good = good && !fstat(job->fd, &now) && same_file(&now, &job->key) &&
	       EVP_DigestFinal_ex(job->context, sha256, NULL);
	if (good && is_settled(&now))
		remember(job->digests, &job->key, sha256);
	kith_digest_cancel(job);
	done(good ? sha256 : NULL, arg);
}

static int on_slice(sd_event_source *source, void *arg)
{
	static uint8_t slice[SLICE];
	struct kith_digest_job *job = arg;
	ssize_t got;

	got = pread(job->fd, slice, sizeof(slice), job->offset);
	if (got < 0 && errno == EINTR)
		return 0;
	if (got <= 0) {
		finish(job, got == 0);
		return 0;
	}
	if (!EVP_DigestUpdate(job->context, slice, (size_t)got)) {
		finish(job, false);
		return 0;
	}
	job->offset += got;
	return 0;
}

struct kith_digest_job *kith_digest_start(struct kith_digests *digests, sd_event *loop, int fd,
					  kith_digest_fn *done, void *arg)
{
	struct kith_digest_job *job = kith_alloc(sizeof(*job));

	job->digests = digests;
	job->fd = fd;
	job->done = done;
	job->arg = arg;
	job->context = EVP_MD_CTX_new();
	if (!job->context || !EVP_DigestInit_ex(job->context, EVP_sha256(), NULL) ||
	    sd_event_add_defer(loop, &job->source, on_slice, job) < 0)
		abort();
	/* After everything that waits for an answer. */
	sd_event_source_set_priority(job->source, SD_EVENT_PRIORITY_IDLE);
	sd_event_source_set_enabled(job->source, SD_EVENT_ON);
	if (fstat(fd, &job->key))
		job->key = (struct stat){ 0 };
	return job;
}
