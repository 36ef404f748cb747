/* SPDX-License-Identifier: Apache-2.0 */
/* A peer run by OpenSSL, and records as kTLS would write and read them. */
#ifndef _TESTS_ENGINE_OPENSSL_PEER_H
#define _TESTS_ENGINE_OPENSSL_PEER_H

#include <openssl/ssl.h>

#include "pipe.h"

struct peer {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *read, *write; /* owned by ssl */
	struct pipe *in, *out;
	int result; /* of SSL_do_handshake(): 1 done, 0 under way, -1 failed */
	int reason; /* SSL_R_… of a failure */
};

/* Trusts @ca and insists on a certificate. No identity yet. */
struct peer peer_new(bool server, const struct ca *ca);
/* Gives it a fresh P-256 key with a certificate for @spec; @more as in pipe.h. */
void peer_identity(struct peer *peer, const struct cert_spec *spec, const struct ca *ca,
		   X509 *const more[]);
void peer_use(struct peer *peer, X509 *cert, EVP_PKEY *key);
void peer_open(struct peer *peer, struct pipe *in, struct pipe *out);
void peer_free(struct peer *peer);

/* One turn of the handshake. */
void peer_step(struct peer *peer);
/* Application bytes; -1 with peer->reason set when it failed. */
int peer_read(struct peer *peer, void *buf, int size);
void peer_write(struct peer *peer, const void *buf, int len);

/* Runs both until they are done, or nothing moves. */
void run_with_peer(struct end *end, struct peer *peer);

/* Writes @data as one record of @type to @pipe. */
void record_seal(struct kith_tls_traffic *traffic, u16 suite, u8 type, const void *data, size_t len,
		 struct pipe *pipe);
/* Takes one record from @pipe: its type, with the content in @data and *@len. */
int record_open(struct kith_tls_traffic *traffic, u16 suite, struct pipe *pipe, u8 *data,
		size_t *len);

#endif
