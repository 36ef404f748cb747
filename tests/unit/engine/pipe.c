// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <linux/err.h>
#include <linux/errno.h>

#include "pipe.h"

size_t pipe_held(const struct pipe *pipe)
{
	return pipe->written - pipe->read;
}

size_t pipe_put(struct pipe *pipe, const void *buf, size_t len)
{
	assert_true(len <= sizeof(pipe->data) - pipe->written);
	memcpy(pipe->data + pipe->written, buf, len);
	pipe->written += len;
	return len;
}

size_t pipe_get(struct pipe *pipe, void *buf, size_t len)
{
	if (len > pipe_held(pipe))
		len = pipe_held(pipe);
	memcpy(buf, pipe->data + pipe->read, len);
	pipe->read += len;
	return len;
}

struct identity identity_new(const struct cert_spec *spec, const struct ca *ca, X509 *const more[])
{
	struct identity identity = { .key = kith_key_new() };
	X509 *chain[8] = {};
	EVP_PKEY *public;
	int i;

	assert_false(IS_ERR(identity.key));
	public = pki_public(identity.key);
	chain[0] = pki_issue(spec, public, ca);
	for (i = 0; more && more[i]; i++)
		chain[i + 1] = more[i];
	identity.chain = pki_certs(chain);
	X509_free(chain[0]);
	EVP_PKEY_free(public);
	return identity;
}

void identity_free(struct identity *identity)
{
	kith_certs_put(identity->chain);
	kith_key_free(identity->key);
}

static bool holds_back(struct end *end)
{
	return end->trickle && ++end->turns % 2;
}

static int do_send(void *ctx, const u8 *buf, size_t len)
{
	struct end *end = ctx;

	if (holds_back(end))
		return -EAGAIN;
	return pipe_put(end->out, buf, end->trickle && len > 7 ? 7 : len);
}

static int do_recv(void *ctx, u8 *buf, size_t len)
{
	struct end *end = ctx;

	if (holds_back(end))
		return -EAGAIN;
	if (!pipe_held(end->in))
		return end->in->closed ? 0 : -EAGAIN;
	return pipe_get(end->in, buf, end->trickle ? 1 : len);
}

static struct kith_certs *do_bundle(void *ctx, const char *trust_domain)
{
	struct end *end = ctx;

	strcpy(end->asked_bundle, trust_domain);
	if (!end->bundle || strcmp(trust_domain, end->trust_domain))
		return NULL;
	return kith_certs_get(end->bundle);
}

static struct kith_tls_verdict do_authorise(void *ctx, const struct kith_svid_facts *peer)
{
	struct end *end = ctx;

	end->authorised++;
	strcpy(end->peer_id, peer->spiffe_id);
	return end->verdict;
}

static const struct kith_tls_ops ops = {
	.send = do_send,
	.recv = do_recv,
	.bundle = do_bundle,
	.authorise = do_authorise,
};

void end_open(struct end *end, bool server, const struct identity *identity, struct pipe *in,
	      struct pipe *out)
{
	const struct kith_tls_params params = {
		.server = server,
		.key = identity->key,
		.chain = identity->chain,
		.alpn = end->alpn,
		.sni = end->sni,
		.ops = &ops,
		.ctx = end,
	};

	end->in = in;
	end->out = out;
	end->result = -EAGAIN;
	end->tls = kith_tls_new(&params);
	assert_false(IS_ERR(end->tls));
}

void end_close(struct end *end)
{
	kith_tls_free(end->tls);
	end->tls = NULL;
	kith_certs_put(end->bundle);
	end->bundle = NULL;
}

bool end_step(struct end *end)
{
	if (end->result == -EAGAIN)
		end->result = kith_tls_handshake(end->tls);
	return end->result != -EAGAIN;
}

struct pair *pair_new(void)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	assert_non_null(pair);
	return pair;
}

void pair_open(struct pair *pair, const struct identity *client, const struct identity *server)
{
	end_open(&pair->client, false, client, &pair->down, &pair->up);
	end_open(&pair->server, true, server, &pair->up, &pair->down);
}

void pair_run(struct pair *pair)
{
	const bool trickle = pair->client.trickle || pair->server.trickle;
	unsigned int left = trickle ? 20000 : 50;

	while (left--) {
		bool client = end_step(&pair->client);
		bool server = end_step(&pair->server);

		if (client && server)
			return;
	}
}

void pair_free(struct pair *pair)
{
	end_close(&pair->client);
	end_close(&pair->server);
	free(pair);
}
