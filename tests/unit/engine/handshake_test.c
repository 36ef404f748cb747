// SPDX-License-Identifier: Apache-2.0
/* Two ends of the engine, over memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "handshake/memory.h"
#include "pipe.h"

#define CLIENT_ID "spiffe://shop.example/web"
#define SERVER_ID "spiffe://shop.example/orders/api"

static struct ca root;
static struct identity client, server;

static int make_world(void **state)
{
	assert_int_equal(kith_engine_init(), 0);
	root = pki_root("shop.example", "P-256");
	client = identity_new(&(struct cert_spec){.san = "URI:" CLIENT_ID}, &root, NULL);
	server = identity_new(&(struct cert_spec){.san = "URI:" SERVER_ID}, &root, NULL);
	return 0;
}

static int end_world(void **state)
{
	identity_free(&client);
	identity_free(&server);
	pki_ca_free(&root);
	kith_engine_exit();
	return 0;
}

static void trust(struct end *end)
{
	end->trust_domain = "shop.example";
	end->bundle = pki_bundle(&root);
}

static struct pair *new_pair(void)
{
	struct pair *pair = pair_new();

	trust(&pair->client);
	trust(&pair->server);
	return pair;
}

static void assert_agreed(struct pair *pair)
{
	u8 one[KITH_CONN_ID_LEN], other[KITH_CONN_ID_LEN];
	struct kith_tls_keys mine, theirs;

	assert_int_equal(pair->client.result, 0);
	assert_int_equal(pair->server.result, 0);
	assert_int_equal(kith_tls_reason(pair->client.tls), KITH_REASON_NONE);
	assert_int_equal(kith_tls_reason(pair->server.tls), KITH_REASON_NONE);
	assert_int_equal(kith_tls_pending_alert(pair->server.tls), -1);
	assert_true(kith_tls_conn_id(pair->client.tls, one));
	assert_true(kith_tls_conn_id(pair->server.tls, other));
	assert_memory_equal(one, other, sizeof(one));
	assert_int_equal(kith_tls_keys(pair->client.tls, &mine), 0);
	assert_int_equal(kith_tls_keys(pair->server.tls, &theirs), 0);
	assert_int_equal(mine.cipher_suite, theirs.cipher_suite);
	assert_memory_equal(&mine.tx, &theirs.rx, sizeof(mine.tx));
	assert_memory_equal(&mine.rx, &theirs.tx, sizeof(mine.rx));
	assert_memory_not_equal(mine.tx.key, mine.rx.key, sizeof(mine.tx.key));
	/* Nothing was left unread or read too far. */
	assert_int_equal(pipe_held(&pair->up), 0);
	assert_int_equal(pipe_held(&pair->down), 0);
}

static void two_ends_agree(void **state)
{
	struct pair *pair = new_pair();

	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	assert_int_equal(pair->client.authorised, 1);
	assert_int_equal(pair->server.authorised, 1);
	assert_string_equal(pair->client.peer_id, SERVER_ID);
	assert_string_equal(pair->server.peer_id, CLIENT_ID);
	assert_string_equal(pair->client.asked_bundle, "shop.example");
	assert_string_equal(kith_tls_peer(pair->server.tls)->spiffe_id, CLIENT_ID);
	assert_null(kith_tls_alpn(pair->client.tls));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_ends_agree),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
