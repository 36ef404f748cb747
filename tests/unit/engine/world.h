/* SPDX-License-Identifier: Apache-2.0 */
/* The cast of most tests: one trust domain, a client and a server in it. */
#ifndef _TESTS_ENGINE_WORLD_H
#define _TESTS_ENGINE_WORLD_H

#include "pipe.h"

#define TRUST_DOMAIN "shop.example"
#define CLIENT_ID    "spiffe://shop.example/web"
#define SERVER_ID    "spiffe://shop.example/orders/api"

extern struct ca root;
extern struct identity client, server;

/* Group fixtures: start and end the engine, make and free the cast. */
int make_world(void **state);
int end_world(void **state);

/* Gives @end the bundle of @ca for @trust_domain. */
void end_trusts(struct end *end, const char *trust_domain, const struct ca *ca);

/* A pair whose ends trust the root. */
struct pair *new_pair(void);

/* Both done, on the same keys, ID and peers, with nothing read too far. */
void assert_agreed(struct pair *pair);
/* @end failed with @err and @reason. */
void assert_failed(const struct end *end, int err, enum kith_reason reason);

#endif
