// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/err.h>
#include <linux/errno.h>

#include "world.h"

struct ca root;
struct identity client, server;

int make_world(void **state)
{
	assert_int_equal(kith_engine_init(), 0);
	root = pki_root(TRUST_DOMAIN, "P-256");
	client = identity_new(&(struct cert_spec){ .san = "URI:" CLIENT_ID }, &root, NULL);
	server = identity_new(&(struct cert_spec){ .san = "URI:" SERVER_ID }, &root, NULL);
	return 0;
}

int end_world(void **state)
{
	identity_free(&client);
	identity_free(&server);
	pki_ca_free(&root);
	kith_engine_exit();
	return 0;
}

void end_trusts(struct end *end, const char *trust_domain, const struct ca *ca)
{
	kith_certs_put(end->bundle);
	end->trust_domain = trust_domain;
	end->bundle = pki_bundle(ca);
}

struct pair *new_pair(void)
{
	struct pair *pair = pair_new();

	end_trusts(&pair->client, TRUST_DOMAIN, &root);
	end_trusts(&pair->server, TRUST_DOMAIN, &root);
	return pair;
}

static void assert_succeeded(const struct end *end)
{
	assert_int_equal(end->result, 0);
	assert_int_equal(kith_tls_reason(end->tls), KITH_REASON_NONE);
	assert_false(kith_tls_peer_refused(end->tls));
	assert_int_equal(kith_tls_pending_alert(end->tls), -1);
	assert_int_equal(end->authorised, 1);
}

void assert_agreed(struct pair *pair)
{
	u8 one[KITH_CONN_ID_LEN], other[KITH_CONN_ID_LEN];
	struct kith_tls_keys mine, theirs;

	assert_succeeded(&pair->client);
	assert_succeeded(&pair->server);
	assert_true(kith_tls_conn_id(pair->client.tls, one));
	assert_true(kith_tls_conn_id(pair->server.tls, other));
	assert_memory_equal(one, other, sizeof(one));
	assert_int_equal(kith_tls_keys(pair->client.tls, &mine), 0);
	assert_int_equal(kith_tls_keys(pair->server.tls, &theirs), 0);
	assert_int_equal(mine.cipher_suite, theirs.cipher_suite);
	assert_memory_equal(&mine.tx, &theirs.rx, sizeof(mine.tx));
	assert_memory_equal(&mine.rx, &theirs.tx, sizeof(mine.rx));
	assert_memory_not_equal(mine.tx.key, mine.rx.key, sizeof(mine.tx.key));
	assert_int_equal(pipe_held(&pair->up), 0);
	assert_int_equal(pipe_held(&pair->down), 0);
}

void assert_failed(const struct end *end, int err, enum kith_reason reason)
{
	assert_int_equal(end->result, err);
	assert_int_equal(kith_tls_reason(end->tls), reason);
	/* The errno is final. */
	assert_int_equal(kith_tls_handshake(end->tls), err);
}
