/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 of executables, made in slices so that a large file does not hold
 * the loop up, and remembered by device, inode, change time and size.
 */
#ifndef KITH_AGENT_DIGEST_H
#define KITH_AGENT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#define KITH_DIGEST_SIZE 32

struct kith_digests;
struct kith_digest_job;

/* @sha256 is NULL when the file could not be read or changed meanwhile. */
typedef void kith_digest_fn(const uint8_t *sha256, void *arg);

struct kith_digests *kith_digests_new(void);
void kith_digests_free(struct kith_digests *digests);

/* Return: whether the digest of @fd is known; it is in @sha256 then. */
bool kith_digests_find(struct kith_digests *digests, int fd, uint8_t sha256[KITH_DIGEST_SIZE]);

/**
 * kith_digest_start() - hash @fd from the loop
 * @fd: stays the caller's and open until @done or the cancel
 * @done: called once, from the loop; the job is over then
 */
struct kith_digest_job *kith_digest_start(struct kith_digests *digests, sd_event *loop, int fd,
					  kith_digest_fn *done, void *arg);
void kith_digest_cancel(struct kith_digest_job *job);

#endif
