// SPDX-License-Identifier: Apache-2.0
/* Two ends of the engine that mean well. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <psa/crypto.h>

#include <linux/err.h>
#include <linux/errno.h>

#include "handshake/internal.h"
#include "world.h"

static void two_ends_agree(void **state)
{
	struct pair *pair = new_pair();

	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	assert_string_equal(pair->client.peer_id, SERVER_ID);
	assert_string_equal(pair->server.peer_id, CLIENT_ID);
	assert_string_equal(pair->client.asked_bundle, TRUST_DOMAIN);
	assert_string_equal(kith_tls_peer(pair->server.tls)->spiffe_id, CLIENT_ID);
	assert_null(kith_tls_alpn(pair->client.tls));
	pair_free(pair);
}

static void a_trickle_is_enough(void **state)
{
	struct pair *pair = new_pair();

	pair->client.trickle = true;
	pair->server.trickle = true;
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	pair_free(pair);
}

static void connections_differ(void **state)
{
	u8 one[KITH_CONN_ID_LEN], other[KITH_CONN_ID_LEN];
	struct pair *pair[2];

	for (int i = 0; i < 2; i++) {
		pair[i] = new_pair();
		pair_open(pair[i], &client, &server);
		pair_run(pair[i]);
		assert_agreed(pair[i]);
	}
	kith_tls_conn_id(pair[0]->client.tls, one);
	kith_tls_conn_id(pair[1]->client.tls, other);
	assert_memory_not_equal(one, other, sizeof(one));
	pair_free(pair[0]);
	pair_free(pair[1]);
}

static void nothing_to_tell_before_the_end(void **state)
{
	struct pair *pair = new_pair();
	struct kith_tls_keys keys;
	u8 id[KITH_CONN_ID_LEN];

	pair_open(pair, &client, &server);
	end_step(&pair->client);
	assert_false(kith_tls_conn_id(pair->client.tls, id));
	end_step(&pair->server);
	assert_true(kith_tls_conn_id(pair->server.tls, id));
	assert_int_equal(kith_tls_keys(pair->server.tls, &keys), -ENODATA);
	assert_null(kith_tls_peer(pair->server.tls));
	assert_int_equal(kith_tls_reason(pair->server.tls), KITH_REASON_NONE);
	assert_int_equal(pair->server.authorised, 0);
	pair_free(pair);
}

static bool holds(const struct pipe *pipe, const void *what, size_t len)
{
	return memmem(pipe->data, pipe->written, what, len);
}

/* Neither name, nor trust domain, nor certificate, nor key of either end. */
static void nothing_identifying_in_clear(void **state)
{
	const struct identity *who[] = { &client, &server };
	struct pair *pair = new_pair();

	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	for (int i = 0; i < 2; i++) {
		const struct pipe *pipe = i ? &pair->down : &pair->up;
		const struct kith_key *key = who[i]->key;
		size_t len;
		const u8 *der = kith_certs_der(who[i]->chain, 0, &len);

		assert_false(holds(pipe, "shop", 4));
		assert_false(holds(pipe, "spiffe", 6));
		assert_false(holds(pipe, der + 20, 16));
		assert_false(holds(pipe, key->spki + key->spki_len - 16, 16));
	}
	pair_free(pair);
}

static void a_name_is_sent_when_asked_for(void **state)
{
	struct pair *pair = new_pair();

	pair->client.sni = "front.shop.example";
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	assert_true(holds(&pair->up, "front.shop.example", 18));
	pair_free(pair);
}

static void alpn_is_agreed(void **state)
{
	struct pair *pair = new_pair();

	pair->client.alpn = "h2";
	pair->server.alpn = "h2";
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_agreed(pair);
	assert_string_equal(kith_tls_alpn(pair->client.tls), "h2");
	assert_string_equal(kith_tls_alpn(pair->server.tls), "h2");
	pair_free(pair);
}

static void alpn_of_one_end_does_no_harm(void **state)
{
	for (int i = 0; i < 2; i++) {
		struct pair *pair = new_pair();

		(i ? &pair->server : &pair->client)->alpn = "h2";
		pair_open(pair, &client, &server);
		pair_run(pair);
		assert_agreed(pair);
		assert_null(kith_tls_alpn(pair->client.tls));
		pair_free(pair);
	}
}

static void alpn_must_match(void **state)
{
	struct pair *pair = new_pair();

	pair->client.alpn = "http/1.1";
	pair->server.alpn = "h2";
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_failed(&pair->server, -EPROTO, KITH_REASON_ALPN);
	assert_failed(&pair->client, -EPROTO, KITH_REASON_ALPN);
	assert_false(kith_tls_peer_refused(pair->server.tls));
	assert_true(kith_tls_peer_refused(pair->client.tls));
	assert_int_equal(pair->server.authorised + pair->client.authorised, 0);
	pair_free(pair);
}

static void parameters_are_checked(void **state)
{
	struct kith_tls_params params = { .key = client.key, .chain = client.chain };
	char alpn[300];

	memset(alpn, 'a', sizeof(alpn) - 1);
	alpn[sizeof(alpn) - 1] = '\0';
	params.alpn = alpn;
	assert_int_equal(PTR_ERR(kith_tls_new(&params)), -EINVAL);
	params.alpn = "";
	assert_int_equal(PTR_ERR(kith_tls_new(&params)), -EINVAL);
}

/* The bundle is sought for the peer's trust domain, not for ours. */
static void trust_domains_federate(void **state)
{
	struct ca other = pki_root("bank.example", "P-384");
	struct identity guest = identity_new(
		&(struct cert_spec){ .san = "URI:spiffe://bank.example/pay", .md = EVP_sha384() },
		&other, NULL);
	struct pair *pair = new_pair();

	end_trusts(&pair->server, "bank.example", &other);
	pair_open(pair, &guest, &server);
	pair_run(pair);
	assert_agreed(pair);
	assert_string_equal(pair->server.peer_id, "spiffe://bank.example/pay");
	assert_string_equal(pair->server.asked_bundle, "bank.example");
	pair_free(pair);
	identity_free(&guest);
	pki_ca_free(&other);
}

static void keys_stay_in_the_store(void **state)
{
	u8 out[256];
	size_t len;

	assert_int_equal(psa_export_key(client.key->id, out, sizeof(out), &len),
			 PSA_ERROR_NOT_PERMITTED);
	assert_true(kith_certs_match_key(client.chain, client.key));
	assert_false(kith_certs_match_key(client.chain, server.key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_ends_agree),
		cmocka_unit_test(a_trickle_is_enough),
		cmocka_unit_test(connections_differ),
		cmocka_unit_test(nothing_to_tell_before_the_end),
		cmocka_unit_test(nothing_identifying_in_clear),
		cmocka_unit_test(a_name_is_sent_when_asked_for),
		cmocka_unit_test(alpn_is_agreed),
		cmocka_unit_test(alpn_of_one_end_does_no_harm),
		cmocka_unit_test(alpn_must_match),
		cmocka_unit_test(parameters_are_checked),
		cmocka_unit_test(trust_domains_federate),
		cmocka_unit_test(keys_stay_in_the_store),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
