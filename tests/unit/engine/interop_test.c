// SPDX-License-Identifier: Apache-2.0
/* The engine and OpenSSL, both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include <linux/err.h>
#include <linux/errno.h>

#include "openssl_peer.h"
#include "world.h"

#define PEER_ID "spiffe://shop.example/peer"
#define PEER	"URI:" PEER_ID

enum {
	TYPE_ALERT = 21,
	TYPE_HANDSHAKE = 22,
	TYPE_DATA = 23,
};

/* A connection of the engine to OpenSSL. */
struct mixed {
	struct pipe up, down;
	struct end end;
	struct peer peer;
};

/* @is_server is the engine. Leaves the peer to be furnished. */
static struct mixed *mixed_new(bool is_server)
{
	struct mixed *mixed = calloc(1, sizeof(*mixed));

	assert_non_null(mixed);
	end_trusts(&mixed->end, TRUST_DOMAIN, &root);
	end_open(&mixed->end, is_server, is_server ? &server : &client,
		 is_server ? &mixed->up : &mixed->down, is_server ? &mixed->down : &mixed->up);
	mixed->peer = peer_new(!is_server, &root);
	return mixed;
}

static void mixed_run(struct mixed *mixed)
{
	peer_open(&mixed->peer, mixed->end.out, mixed->end.in);
	run_with_peer(&mixed->end, &mixed->peer);
}

static void mixed_free(struct mixed *mixed)
{
	end_close(&mixed->end);
	peer_free(&mixed->peer);
	free(mixed);
}

/* Takes records until one is not a ticket, as kTLS and its owner do. */
static int open_next(struct mixed *mixed, struct kith_tls_keys *keys, u8 *data, size_t *len)
{
	int type;

	do {
		type = record_open(&keys->rx, keys->cipher_suite, mixed->end.in, data, len);
	} while (type == TYPE_HANDSHAKE);
	return type;
}

/* Records under the keys that the engine gave out are OpenSSL's. */
static void assert_bytes_flow(struct mixed *mixed)
{
	struct kith_tls_keys keys;
	u8 data[4096];
	size_t len;

	assert_int_equal(kith_tls_keys(mixed->end.tls, &keys), 0);
	for (int i = 0; i < 3; i++) {
		record_seal(&keys.tx, keys.cipher_suite, TYPE_DATA, "hello", 5, mixed->end.out);
		assert_int_equal(peer_read(&mixed->peer, data, sizeof(data)), 5);
		assert_memory_equal(data, "hello", 5);
		peer_write(&mixed->peer, "welcome", 7);
		assert_int_equal(open_next(mixed, &keys, data, &len), TYPE_DATA);
		assert_int_equal(len, 7);
		assert_memory_equal(data, "welcome", 7);
	}
}

static void assert_connected(struct mixed *mixed)
{
	assert_int_equal(mixed->end.result, 0);
	assert_int_equal(mixed->peer.result, 1);
	assert_int_equal(mixed->end.authorised, 1);
	assert_string_equal(mixed->end.peer_id, PEER_ID);
	assert_bytes_flow(mixed);
}

static void connects(bool is_server, const char *suite, const char *groups, int id)
{
	struct mixed *mixed = mixed_new(is_server);
	struct kith_tls_keys keys;

	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	if (suite)
		assert_int_equal(SSL_CTX_set_ciphersuites(mixed->peer.ctx, suite), 1);
	if (groups)
		assert_int_equal(SSL_CTX_set1_groups_list(mixed->peer.ctx, groups), 1);
	mixed_run(mixed);
	assert_connected(mixed);
	kith_tls_keys(mixed->end.tls, &keys);
	assert_int_equal(keys.cipher_suite, id);
	mixed_free(mixed);
}

static void suites_and_groups(void **state)
{
	for (int is_server = 0; is_server < 2; is_server++) {
		connects(is_server, "TLS_AES_128_GCM_SHA256", "X25519", 0x1301);
		connects(is_server, "TLS_AES_256_GCM_SHA384", "P-256", 0x1302);
		connects(is_server, "TLS_CHACHA20_POLY1305_SHA256", NULL, 0x1303);
		/* The first share is none that the server takes: it asks again. */
		connects(is_server, "TLS_AES_128_GCM_SHA256", is_server ? "X448:P-256" : "P-256",
			 0x1301);
	}
}

static void our_client_prefers_aes128(void **state)
{
	connects(false,
		 "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384", NULL,
		 0x1301);
	connects(true, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", NULL, 0x1302);
}

static void p384_peer(void **state)
{
	EVP_PKEY *key = pki_key("P-384");
	X509 *cert = pki_issue(&(struct cert_spec){ .san = PEER }, key, &root);

	for (int is_server = 0; is_server < 2; is_server++) {
		struct mixed *mixed = mixed_new(is_server);

		peer_use(&mixed->peer, cert, key);
		mixed_run(mixed);
		assert_connected(mixed);
		mixed_free(mixed);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void our_server_names_no_authorities(void **state)
{
	struct mixed *mixed = mixed_new(true);

	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	mixed_run(mixed);
	assert_connected(mixed);
	assert_true(sk_X509_NAME_num(SSL_get0_peer_CA_list(mixed->peer.ssl)) <= 0);
	assert_int_equal(SSL_session_reused(mixed->peer.ssl), 0);
	mixed_free(mixed);
}

static void tls12_is_refused(void **state)
{
	for (int is_server = 0; is_server < 2; is_server++) {
		struct mixed *mixed = mixed_new(is_server);

		peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
		SSL_CTX_set_max_proto_version(mixed->peer.ctx, TLS1_2_VERSION);
		mixed_run(mixed);
		assert_failed(&mixed->end, -EPROTO, KITH_REASON_PEER_TLS_VERSION);
		assert_int_equal(mixed->peer.result, -1);
		if (is_server)
			assert_int_equal(mixed->peer.reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
		mixed_free(mixed);
	}
}

static void server_must_ask_for_a_certificate(void **state)
{
	struct mixed *mixed = mixed_new(false);

	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	SSL_CTX_set_verify(mixed->peer.ctx, SSL_VERIFY_NONE, NULL);
	mixed_run(mixed);
	assert_failed(&mixed->end, -EPROTO, KITH_REASON_PEER_HANDSHAKE);
	assert_int_equal(mixed->end.authorised, 0);
	assert_int_equal(mixed->peer.reason, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE);
	mixed_free(mixed);
}

/* Our server refuses: sends its alert as its caller would, in application keys,
 * and OpenSSL, done with its handshake, reads it as @reason.
 */
static void assert_alert_arrives(struct mixed *mixed, int alert, int reason)
{
	u8 body[2] = { 2, alert };
	struct kith_tls_keys keys;
	u8 buf[16];

	assert_int_equal(kith_tls_pending_alert(mixed->end.tls), alert);
	assert_int_equal(mixed->peer.result, 1);
	assert_int_equal(kith_tls_keys(mixed->end.tls, &keys), 0);
	record_seal(&keys.tx, keys.cipher_suite, TYPE_ALERT, body, 2, mixed->end.out);
	assert_int_equal(peer_read(&mixed->peer, buf, sizeof(buf)), -1);
	assert_int_equal(mixed->peer.reason, reason);
}

static void client_without_certificate(void **state)
{
	struct mixed *mixed = mixed_new(true);

	mixed_run(mixed);
	assert_failed(&mixed->end, -EKEYREJECTED, KITH_REASON_PEER_NO_CERTIFICATE);
	assert_int_equal(mixed->end.authorised, 0);
	assert_alert_arrives(mixed, 116, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
	mixed_free(mixed);
}

static void we_refuse_a_client(void **state)
{
	struct ca forged = pki_root(TRUST_DOMAIN, "P-256");
	struct mixed *mixed = mixed_new(true);

	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &forged, NULL);
	mixed_run(mixed);
	assert_failed(&mixed->end, -EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED);
	assert_alert_arrives(mixed, 48, SSL_R_TLSV1_ALERT_UNKNOWN_CA);
	mixed_free(mixed);
	pki_ca_free(&forged);
}

static void we_do_not_authorise_a_client(void **state)
{
	struct mixed *mixed = mixed_new(true);

	mixed->end.verdict = (struct kith_tls_verdict){ -EACCES, KITH_REASON_NO_RULE_INBOUND };
	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	mixed_run(mixed);
	assert_failed(&mixed->end, -EACCES, KITH_REASON_NO_RULE_INBOUND);
	assert_alert_arrives(mixed, 49, SSL_R_TLSV1_ALERT_ACCESS_DENIED);
	mixed_free(mixed);
}

static void we_refuse_a_server(void **state)
{
	static const struct {
		struct cert_spec spec;
		int err;
		enum kith_reason reason;
		int told;
	} cases[] = {
		{ { .san = PEER, .from = -2 * HOUR, .to = -HOUR },
		  -EKEYEXPIRED,
		  KITH_REASON_PEER_EXPIRED,
		  SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED },
		{ { .san = "DNS:shop.example" },
		  -EKEYREJECTED,
		  KITH_REASON_PEER_NOT_SVID,
		  SSL_R_SSLV3_ALERT_BAD_CERTIFICATE },
		{ { .san = PEER, .usage = "critical,keyAgreement" },
		  -EKEYREJECTED,
		  KITH_REASON_PEER_NOT_SVID,
		  SSL_R_SSLV3_ALERT_BAD_CERTIFICATE },
		{ { .san = PEER, .extended = "clientAuth" },
		  -EKEYREJECTED,
		  KITH_REASON_PEER_NOT_SVID,
		  SSL_R_SSLV3_ALERT_BAD_CERTIFICATE },
		{ { .san = "URI:spiffe://bank.example/pay" },
		  -EKEYREJECTED,
		  KITH_REASON_PEER_UNTRUSTED,
		  SSL_R_TLSV1_ALERT_UNKNOWN_CA },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mixed *mixed = mixed_new(false);

		peer_identity(&mixed->peer, &cases[i].spec, &root, NULL);
		mixed_run(mixed);
		assert_failed(&mixed->end, cases[i].err, cases[i].reason);
		assert_int_equal(mixed->end.authorised, 0);
		/* In handshake keys, or OpenSSL could not tell. */
		assert_int_equal(mixed->peer.result, -1);
		assert_int_equal(mixed->peer.reason, cases[i].told);
		mixed_free(mixed);
	}
}

static void a_client_refuses_us(void **state)
{
	struct ca other = pki_root(TRUST_DOMAIN, "P-256");
	struct mixed *mixed = mixed_new(true);

	SSL_CTX_set_cert_store(mixed->peer.ctx, X509_STORE_new());
	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	mixed_run(mixed);
	assert_failed(&mixed->end, -EKEYREJECTED, KITH_REASON_PEER_REFUSED);
	assert_true(kith_tls_peer_refused(mixed->end.tls));
	assert_int_equal(kith_tls_pending_alert(mixed->end.tls), -1);
	mixed_free(mixed);
	pki_ca_free(&other);
}

/* Some clients say so in clear. */
static void a_client_refuses_us_in_clear(void **state)
{
	static const u8 alert[] = { 21, 3, 3, 0, 2, 2, 48 };
	struct pair *pair = new_pair();

	pair_open(pair, &client, &server);
	end_step(&pair->client);
	end_step(&pair->server);
	pipe_put(&pair->up, alert, sizeof(alert));
	end_step(&pair->server);
	assert_failed(&pair->server, -EKEYREJECTED, KITH_REASON_PEER_REFUSED);
	assert_true(kith_tls_peer_refused(pair->server.tls));
	pair_free(pair);
}

/* TLS 1.3: we are done before the server has judged us. */
static void a_server_refuses_us(void **state)
{
	struct mixed *mixed = mixed_new(false);
	enum kith_reason reason;
	struct kith_tls_keys keys;
	u8 data[4096];
	size_t len;

	SSL_CTX_set_cert_store(mixed->peer.ctx, X509_STORE_new());
	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	mixed_run(mixed);
	assert_int_equal(mixed->end.result, 0);
	assert_int_equal(mixed->peer.result, -1);
	assert_int_equal(kith_tls_keys(mixed->end.tls, &keys), 0);
	assert_int_equal(open_next(mixed, &keys, data, &len), TYPE_ALERT);
	assert_int_equal(len, 2);
	assert_int_equal(kith_tls_alert_errno(data[1], &reason), -EKEYREJECTED);
	assert_int_equal(reason, KITH_REASON_PEER_REFUSED);
	mixed_free(mixed);
}

/* Chains that our own ends would not hold, as client and as server. */
static void refuse_chain(const struct cert_spec *spec, const struct ca *ca, X509 *const more[])
{
	for (int is_server = 0; is_server < 2; is_server++) {
		struct mixed *mixed = mixed_new(is_server);

		peer_identity(&mixed->peer, spec, ca, more);
		mixed_run(mixed);
		assert_failed(&mixed->end, -EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED);
		assert_int_equal(mixed->end.authorised, 0);
		mixed_free(mixed);
	}
}

static void chain_too_long(void **state)
{
	struct ca mids[4];
	X509 *more[5] = {};
	char name[16];

	for (int i = 0; i < 4; i++) {
		snprintf(name, sizeof(name), "m%d", i);
		mids[i] = pki_intermediate(&(struct cert_spec){ .name = name },
					   i ? &mids[i - 1] : &root);
		more[3 - i] = mids[i].cert;
	}
	refuse_chain(&(struct cert_spec){ .san = PEER }, &mids[3], more);
	for (int i = 0; i < 4; i++)
		pki_ca_free(&mids[i]);
}

static void certificate_too_long(void **state)
{
	static char san[6000];
	int len = snprintf(san, sizeof(san), PEER);

	while (len < 4600)
		len += snprintf(san + len, sizeof(san) - len, ",DNS:n%d.shop.example", len);
	refuse_chain(&(struct cert_spec){ .san = san }, &root, NULL);
}

static void signature_algorithms_we_do_not_trust(void **state)
{
	struct ca rsa = pki_root(TRUST_DOMAIN, "RSA");

	refuse_chain(&(struct cert_spec){ .san = PEER, .md = EVP_sha512() }, &root, NULL);
	refuse_chain(&(struct cert_spec){ .san = PEER }, &rsa, NULL);
	pki_ca_free(&rsa);
}

static void alpn(void **state)
{
	struct mixed *mixed = mixed_new(true);

	end_close(&mixed->end);
	end_trusts(&mixed->end, TRUST_DOMAIN, &root);
	mixed->end.alpn = "h2";
	end_open(&mixed->end, true, &server, &mixed->up, &mixed->down);
	peer_identity(&mixed->peer, &(struct cert_spec){ .san = PEER }, &root, NULL);
	SSL_CTX_set_alpn_protos(mixed->peer.ctx, (const u8 *)"\x08http/1.1\x02h2", 12);
	mixed_run(mixed);
	assert_connected(mixed);
	assert_string_equal(kith_tls_alpn(mixed->end.tls), "h2");
	mixed_free(mixed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_and_groups),
		cmocka_unit_test(our_client_prefers_aes128),
		cmocka_unit_test(p384_peer),
		cmocka_unit_test(our_server_names_no_authorities),
		cmocka_unit_test(tls12_is_refused),
		cmocka_unit_test(server_must_ask_for_a_certificate),
		cmocka_unit_test(client_without_certificate),
		cmocka_unit_test(we_refuse_a_client),
		cmocka_unit_test(we_do_not_authorise_a_client),
		cmocka_unit_test(we_refuse_a_server),
		cmocka_unit_test(a_client_refuses_us),
		cmocka_unit_test(a_client_refuses_us_in_clear),
		cmocka_unit_test(a_server_refuses_us),
		cmocka_unit_test(chain_too_long),
		cmocka_unit_test(certificate_too_long),
		cmocka_unit_test(signature_algorithms_we_do_not_trust),
		cmocka_unit_test(alpn),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
