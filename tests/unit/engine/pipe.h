/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of a connection in memory, run by the engine. */
#ifndef _TESTS_ENGINE_PIPE_H
#define _TESTS_ENGINE_PIPE_H

#include "handshake/engine.h"
#include "pki.h"

/* Bytes one way. */
struct pipe {
	u8 data[128 * 1024];
	size_t read, written;
	bool closed;
};

size_t pipe_put(struct pipe *pipe, const void *buf, size_t len);
size_t pipe_get(struct pipe *pipe, void *buf, size_t len);
size_t pipe_held(const struct pipe *pipe);

/* Who an end is, and whom it trusts. */
struct identity {
	struct kith_key *key;
	struct kith_certs *chain;
};

/* An identity with a certificate for @spec, by @ca; @more: NULL or certificates
 * that follow the leaf, ending with NULL.
 */
struct identity identity_new(const struct cert_spec *spec, const struct ca *ca, X509 *const more[]);
void identity_free(struct identity *identity);

/* One end run by the engine. */
struct end {
	struct pipe *in, *out;
	struct kith_tls *tls;
	int result; /* of the last kith_tls_handshake() */

	/* How it behaves; set before end_open(). */
	const char *trust_domain; /* that it has a bundle of */
	struct kith_certs *bundle;
	struct kith_tls_verdict verdict;
	const char *alpn, *sni;
	bool trickle; /* a byte at a time, every other call */

	/* What it was asked. */
	unsigned int turns;
	unsigned int authorised;
	char peer_id[KITH_SPIFFE_ID_MAX + 1];
	char asked_bundle[KITH_TRUST_DOMAIN_MAX + 1];
};

void end_open(struct end *end, bool server, const struct identity *identity, struct pipe *in,
	      struct pipe *out);
void end_close(struct end *end);
/* Runs the handshake as far as it goes; true when it is over. */
bool end_step(struct end *end);

/* A client and a server of the engine, connected. */
struct pair {
	struct pipe up, down;
	struct end client, server;
};

struct pair *pair_new(void);
void pair_open(struct pair *pair, const struct identity *client, const struct identity *server);
/* Until both are done or nothing moves; fails the test when that takes for ever. */
void pair_run(struct pair *pair);
void pair_free(struct pair *pair);

#endif
