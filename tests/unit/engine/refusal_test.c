// SPDX-License-Identifier: Apache-2.0
/*
 * Peers that must not get in: each is tried as the client and as the server of
 * a handshake with a good end. The good end must name the reason, the other
 * must learn that it was refused, and nothing may be authorised.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/err.h>
#include <linux/errno.h>

#include "world.h"

#define LEAF "URI:spiffe://shop.example/guest"

enum {
	ALERT_BAD_CERTIFICATE = 42,
	ALERT_EXPIRED = 45,
	ALERT_UNKNOWN_CA = 48,
	ALERT_ACCESS_DENIED = 49,
};

struct refusal {
	int err;
	enum kith_reason reason;
	int alert;
};

static const struct refusal not_svid = { -EKEYREJECTED, KITH_REASON_PEER_NOT_SVID,
					 ALERT_BAD_CERTIFICATE };

static const struct refusal untrusted = { -EKEYREJECTED, KITH_REASON_PEER_UNTRUSTED,
					  ALERT_UNKNOWN_CA };

/* What a server that refuses is left with: an alert in application keys. */
static void assert_alert_pending(struct pair *pair, int alert)
{
	struct kith_tls_keys mine, theirs;

	assert_int_equal(kith_tls_pending_alert(pair->server.tls), alert);
	assert_int_equal(kith_tls_keys(pair->server.tls, &mine), 0);
	/* The client was done before: TLS 1.3 has it so. */
	assert_int_equal(pair->client.result, 0);
	assert_int_equal(kith_tls_keys(pair->client.tls, &theirs), 0);
	assert_memory_equal(&mine.tx, &theirs.rx, sizeof(mine.tx));
	assert_int_equal(mine.tx.seq, 0);
	/* The library sent none in other keys. */
	assert_int_equal(pipe_held(&pair->down), 0);
}

static void as_client(const struct identity *guest, const struct refusal *refusal,
		      unsigned int authorised)
{
	struct pair *pair = new_pair();

	if (authorised)
		pair->server.verdict = (struct kith_tls_verdict){ refusal->err, refusal->reason };
	pair_open(pair, guest, &server);
	pair_run(pair);
	assert_failed(&pair->server, refusal->err, refusal->reason);
	assert_int_equal(pair->server.authorised, authorised);
	assert_false(kith_tls_peer_refused(pair->server.tls));
	assert_alert_pending(pair, refusal->alert);
	pair_free(pair);
}

/* The type of the last record that passed. */
static int last_type(const struct pipe *pipe)
{
	size_t at = 0;
	int type = -1;

	while (at + 5 <= pipe->written) {
		type = pipe->data[at];
		at += 5 + (pipe->data[at + 3] << 8 | pipe->data[at + 4]);
	}
	assert_int_equal(at, pipe->written);
	return type;
}

static void as_server(const struct identity *guest, const struct refusal *refusal,
		      unsigned int authorised)
{
	struct pair *pair = new_pair();
	struct kith_tls_keys keys;

	if (authorised)
		pair->client.verdict = (struct kith_tls_verdict){ refusal->err, refusal->reason };
	pair_open(pair, &client, guest);
	pair_run(pair);
	assert_failed(&pair->client, refusal->err, refusal->reason);
	assert_int_equal(pair->client.authorised, authorised);
	assert_int_equal(kith_tls_pending_alert(pair->client.tls), -1);
	assert_int_equal(kith_tls_keys(pair->client.tls, &keys), -ENODATA);
	/* In handshake keys: nobody on the way can tell, or tell it instead. */
	assert_int_equal(last_type(&pair->up), 23);
	/* It was told so, and never saw whom it was dealing with. */
	assert_failed(&pair->server, -EKEYREJECTED, KITH_REASON_PEER_REFUSED);
	assert_true(kith_tls_peer_refused(pair->server.tls));
	assert_null(kith_tls_peer(pair->server.tls));
	assert_int_equal(pair->server.authorised, 0);
	pair_free(pair);
}

static void assert_refused(const struct identity *guest, const struct refusal *refusal)
{
	as_client(guest, refusal, 0);
	as_server(guest, refusal, 0);
}

/* As a client only: our own server would not use such a certificate. The
 * tests with OpenSSL have one that does.
 */
static void refuse_client_leaf(const struct cert_spec *spec, const struct refusal *refusal)
{
	struct identity guest = identity_new(spec, &root, NULL);

	as_client(&guest, refusal, 0);
	identity_free(&guest);
}

static void assert_admitted(const struct identity *guest)
{
	struct pair *pair = new_pair();

	pair_open(pair, guest, &server);
	pair_run(pair);
	assert_agreed(pair);
	pair_free(pair);
	pair = new_pair();
	pair_open(pair, &client, guest);
	pair_run(pair);
	assert_agreed(pair);
	pair_free(pair);
}

static void refuse_leaf(const struct cert_spec *spec, const struct refusal *refusal)
{
	struct identity guest = identity_new(spec, &root, NULL);

	assert_refused(&guest, refusal);
	identity_free(&guest);
}

static void admit_leaf(const struct cert_spec *spec)
{
	struct identity guest = identity_new(spec, &root, NULL);

	assert_admitted(&guest);
	identity_free(&guest);
}

/* X509-SVID section 2: exactly one URI SAN, a SPIFFE ID. */

static void no_san(void **state)
{
	refuse_leaf(&(struct cert_spec){}, &not_svid);
}

static void no_uri(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = "DNS:shop.example" }, &not_svid);
}

static void two_uris(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = LEAF ",URI:spiffe://shop.example/b" }, &not_svid);
	refuse_leaf(&(struct cert_spec){ .san = LEAF ",URI:https://shop.example/" }, &not_svid);
	refuse_leaf(&(struct cert_spec){ .san = LEAF "," LEAF }, &not_svid);
}

static void uri_is_no_spiffe_id(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = "URI:https://shop.example/guest" }, &not_svid);
	refuse_leaf(&(struct cert_spec){ .san = "URI:spiffe://shop.example/a/../b" }, &not_svid);
	refuse_leaf(&(struct cert_spec){ .san = "URI:spiffe://Shop.example/guest" }, &not_svid);
}

/* Section 5.2, 3.1: a leaf names a workload. */
static void id_has_no_path(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = "URI:spiffe://shop.example" }, &not_svid);
}

static void other_names_do_no_harm(void **state)
{
	admit_leaf(&(struct cert_spec){ .san = "DNS:shop.example," LEAF ",IP:10.0.0.1" });
}

/* Section 4.1. */

static void leaf_is_a_ca(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = LEAF, .constraints = "critical,CA:TRUE" },
		    &not_svid);
}

static void constraints_may_be_absent(void **state)
{
	admit_leaf(&(struct cert_spec){ .san = LEAF, .constraints = "" });
}

/* Section 4.3. */

static void no_key_usage(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = LEAF, .usage = "" }, &not_svid);
}

static void key_usage_is_not_critical(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = LEAF, .usage = "digitalSignature" }, &not_svid);
}

static void no_digital_signature(void **state)
{
	refuse_client_leaf(&(struct cert_spec){ .san = LEAF, .usage = "critical,keyAgreement" },
			   &not_svid);
}

static void leaf_may_sign_certificates(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = LEAF,
					 .usage = "critical,digitalSignature,keyCertSign" },
		    &not_svid);
	refuse_leaf(&(struct cert_spec){ .san = LEAF,
					 .usage = "critical,digitalSignature,cRLSign" },
		    &not_svid);
}

static void other_usage_does_no_harm(void **state)
{
	admit_leaf(&(struct cert_spec){
		.san = LEAF, .usage = "critical,digitalSignature,keyEncipherment,keyAgreement" });
}

/* Section 4.4. */

static void extended_usage_of_one_side(void **state)
{
	refuse_client_leaf(&(struct cert_spec){ .san = LEAF, .extended = "serverAuth" }, &not_svid);
	refuse_client_leaf(&(struct cert_spec){ .san = LEAF, .extended = "clientAuth" }, &not_svid);
	refuse_client_leaf(&(struct cert_spec){ .san = LEAF, .extended = "codeSigning" },
			   &not_svid);
}

static void extended_usage_of_both_sides(void **state)
{
	admit_leaf(&(struct cert_spec){ .san = LEAF, .extended = "serverAuth,clientAuth" });
	admit_leaf(&(struct cert_spec){ .san = LEAF,
					.extended = "clientAuth,serverAuth,emailProtection" });
}

/* Time. */

static void expired(void **state)
{
	static const struct refusal refusal = { -EKEYEXPIRED, KITH_REASON_PEER_EXPIRED,
						ALERT_EXPIRED };

	refuse_leaf(&(struct cert_spec){ .san = LEAF, .from = -2 * HOUR, .to = -HOUR }, &refusal);
	refuse_leaf(&(struct cert_spec){ .san = LEAF, .from = -2 * HOUR, .to = -1 }, &refusal);
}

static void not_yet_valid(void **state)
{
	static const struct refusal refusal = { -EKEYREJECTED, KITH_REASON_PEER_NOT_YET_VALID,
						ALERT_EXPIRED };

	refuse_leaf(&(struct cert_spec){ .san = LEAF, .from = HOUR, .to = 2 * HOUR }, &refusal);
}

/* The chain. */

static void unknown_ca(void **state)
{
	struct ca forged = pki_root(TRUST_DOMAIN, "P-256");
	struct identity guest = identity_new(&(struct cert_spec){ .san = LEAF }, &forged, NULL);

	assert_refused(&guest, &untrusted);
	identity_free(&guest);
	pki_ca_free(&forged);
}

/* Nobody vouches for it: its dates are nobody's either. */
static void unknown_ca_and_expired(void **state)
{
	struct ca forged = pki_root(TRUST_DOMAIN, "P-256");
	struct identity guest = identity_new(
		&(struct cert_spec){ .san = LEAF, .from = -2 * HOUR, .to = -HOUR }, &forged, NULL);

	assert_refused(&guest, &untrusted);
	identity_free(&guest);
	pki_ca_free(&forged);
}

static void trust_domain_without_bundle(void **state)
{
	refuse_leaf(&(struct cert_spec){ .san = "URI:spiffe://bank.example/pay" }, &untrusted);
}

static void self_signed(void **state)
{
	struct identity guest = { .key = kith_key_new() };
	struct ca self = { .key = pki_key("P-256") };
	EVP_PKEY *public = pki_public(guest.key);
	/* Its own issuer by name. */
	X509 *cert = pki_issue(&(struct cert_spec){ .san = LEAF }, public, &self);

	guest.chain = pki_certs((X509 *const[]){ cert, NULL });
	assert_refused(&guest, &untrusted);
	X509_free(cert);
	EVP_PKEY_free(public);
	EVP_PKEY_free(self.key);
	identity_free(&guest);
}

/* A guest whose leaf is signed by an intermediate made for @spec. */
static struct identity below(const struct cert_spec *spec, struct ca *mid)
{
	*mid = pki_intermediate(spec, &root);
	return identity_new(&(struct cert_spec){ .san = LEAF }, mid,
			    (X509 *const[]){ mid->cert, NULL });
}

static void refuse_below(const struct cert_spec *spec, const struct refusal *refusal)
{
	struct ca mid;
	struct identity guest = below(spec, &mid);

	assert_refused(&guest, refusal);
	identity_free(&guest);
	pki_ca_free(&mid);
}

static void admit_below(const struct cert_spec *spec)
{
	struct ca mid;
	struct identity guest = below(spec, &mid);

	assert_admitted(&guest);
	identity_free(&guest);
	pki_ca_free(&mid);
}

static void intermediate(void **state)
{
	admit_below(&(struct cert_spec){});
	admit_below(&(struct cert_spec){ .san = "URI:spiffe://shop.example" });
	admit_below(&(struct cert_spec){ .san = "URI:https://ca.shop.example/" });
}

static void intermediate_is_no_ca(void **state)
{
	refuse_below(&(struct cert_spec){ .constraints = "critical,CA:FALSE" }, &untrusted);
	refuse_below(&(struct cert_spec){ .usage = "critical,digitalSignature" }, &untrusted);
	refuse_below(&(struct cert_spec){ .usage = "", .san = NULL }, &untrusted);
}

static void intermediate_of_another_trust_domain(void **state)
{
	refuse_below(&(struct cert_spec){ .san = "URI:spiffe://bank.example" }, &untrusted);
}

static void intermediate_with_a_path(void **state)
{
	refuse_below(&(struct cert_spec){ .san = "URI:spiffe://shop.example/ca" }, &untrusted);
}

static void intermediate_is_expired(void **state)
{
	static const struct refusal refusal = { -EKEYEXPIRED, KITH_REASON_PEER_EXPIRED,
						ALERT_EXPIRED };

	refuse_below(&(struct cert_spec){ .from = -2 * HOUR, .to = -HOUR }, &refusal);
}

/* A leaf that signs: the oldest trick. */
static void leaf_as_signer(void **state)
{
	struct ca mid =
		pki_intermediate(&(struct cert_spec){ .san = LEAF,
						      .constraints = "critical,CA:FALSE",
						      .usage = "critical,digitalSignature" },
				 &root);
	struct identity guest = identity_new(&(struct cert_spec){ .san = "URI:" SERVER_ID }, &mid,
					     (X509 *const[]){ mid.cert, NULL });

	assert_refused(&guest, &untrusted);
	identity_free(&guest);
	pki_ca_free(&mid);
}

static void path_length(void **state)
{
	struct ca first = pki_intermediate(
		&(struct cert_spec){ .constraints = "critical,CA:TRUE,pathlen:0", .name = "m1" },
		&root);
	struct ca second = pki_intermediate(&(struct cert_spec){ .name = "m2" }, &first);
	struct identity guest = identity_new(&(struct cert_spec){ .san = LEAF }, &second,
					     (X509 *const[]){ second.cert, first.cert, NULL });

	assert_refused(&guest, &untrusted);
	identity_free(&guest);
	pki_ca_free(&first);
	pki_ca_free(&second);
}

/* @count intermediates between root and leaf. */
static struct identity deep(struct ca *mids, unsigned int count)
{
	X509 *more[8] = {};
	struct identity guest;
	char name[16];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		mids[i] = pki_intermediate(&(struct cert_spec){ .name = name },
					   i ? &mids[i - 1] : &root);
		more[count - 1 - i] = mids[i].cert;
	}
	guest = identity_new(&(struct cert_spec){ .san = LEAF }, &mids[count - 1], more);
	return guest;
}

static void chain_of_four(void **state)
{
	struct ca mids[3];
	struct identity guest = deep(mids, 3);

	assert_admitted(&guest);
	identity_free(&guest);
	for (int i = 0; i < 3; i++)
		pki_ca_free(&mids[i]);
}

static void p384_signs_the_chain(void **state)
{
	struct ca strong = pki_root(TRUST_DOMAIN, "P-384");
	struct pair *pair = new_pair();
	struct identity guest;

	guest = identity_new(&(struct cert_spec){ .san = LEAF, .md = EVP_sha384() }, &strong, NULL);
	end_trusts(&pair->server, TRUST_DOMAIN, &strong);
	pair_open(pair, &guest, &server);
	pair_run(pair);
	assert_agreed(pair);
	identity_free(&guest);
	pair_free(pair);
	pki_ca_free(&strong);
}

/* The owner of the handshake has the last word. */
static void not_authorised(void **state)
{
	static const struct refusal inbound = { -EACCES, KITH_REASON_NO_RULE_INBOUND,
						ALERT_ACCESS_DENIED };
	static const struct refusal outbound = { -EACCES, KITH_REASON_NO_RULE_OUTBOUND_PEER,
						 ALERT_ACCESS_DENIED };

	as_client(&client, &inbound, 1);
	as_server(&server, &outbound, 1);
}

static void refused_peers_are_named(void **state)
{
	struct identity guest = identity_new(
		&(struct cert_spec){ .san = LEAF, .from = -2 * HOUR, .to = -HOUR }, &root, NULL);
	struct pair *pair = new_pair();

	pair_open(pair, &guest, &server);
	pair_run(pair);
	assert_int_equal(pair->server.result, -EKEYEXPIRED);
	assert_string_equal(kith_tls_peer(pair->server.tls)->spiffe_id,
			    "spiffe://shop.example/guest");
	pair_free(pair);
	identity_free(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_san),
		cmocka_unit_test(no_uri),
		cmocka_unit_test(two_uris),
		cmocka_unit_test(uri_is_no_spiffe_id),
		cmocka_unit_test(id_has_no_path),
		cmocka_unit_test(other_names_do_no_harm),
		cmocka_unit_test(leaf_is_a_ca),
		cmocka_unit_test(constraints_may_be_absent),
		cmocka_unit_test(no_key_usage),
		cmocka_unit_test(key_usage_is_not_critical),
		cmocka_unit_test(no_digital_signature),
		cmocka_unit_test(leaf_may_sign_certificates),
		cmocka_unit_test(other_usage_does_no_harm),
		cmocka_unit_test(extended_usage_of_one_side),
		cmocka_unit_test(extended_usage_of_both_sides),
		cmocka_unit_test(expired),
		cmocka_unit_test(not_yet_valid),
		cmocka_unit_test(unknown_ca),
		cmocka_unit_test(unknown_ca_and_expired),
		cmocka_unit_test(trust_domain_without_bundle),
		cmocka_unit_test(self_signed),
		cmocka_unit_test(intermediate),
		cmocka_unit_test(intermediate_is_no_ca),
		cmocka_unit_test(intermediate_of_another_trust_domain),
		cmocka_unit_test(intermediate_with_a_path),
		cmocka_unit_test(intermediate_is_expired),
		cmocka_unit_test(leaf_as_signer),
		cmocka_unit_test(path_length),
		cmocka_unit_test(chain_of_four),
		cmocka_unit_test(p384_signs_the_chain),
		cmocka_unit_test(not_authorised),
		cmocka_unit_test(refused_peers_are_named),
	};

	return cmocka_run_group_tests(tests, make_world, end_world);
}
