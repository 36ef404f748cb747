/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting until a revocation or a change of policy has reached every connection.
 * The kernel marks them at once; a program that keeps one of its own locked can
 * put off the end of that one.
 */
#ifndef KITH_AGENT_REVIEWS_H
#define KITH_AGENT_REVIEWS_H

#include <jansson.h>

struct kith_client;

/* How long it is waited for. */
#define KITH_REVIEWS_MS 10000

/**
 * kith_reviews_await() - answer @client when the kernel has seen to all
 * @result: becomes the answer's result; its reference is taken
 *
 * The answer comes after KITH_REVIEWS_MS in any case. @result gets a member
 * "remaining": for each program that connections still wait for its "pid", "comm"
 * and how many "connections".
 */
void kith_reviews_await(struct kith_client *client, json_t *result);

#endif
