// SPDX-License-Identifier: Apache-2.0
/*
 * How long the engine takes, in microseconds of processor time: whole
 * handshakes, of both ends, and what they are made of. One line each, as
 * "NAME MICROSECONDS"; see engine-bench in tests/unit/engine.mk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <psa/crypto.h>

#include "world.h"

#define REPEATS 7
#define SECONDS 0.3 /* of one repeat; the shortest counts */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void measure(const char *name, void (*work)(void))
{
	double best = 1e9;

	for (int i = 0; i < REPEATS; i++) {
		double start = now(), took;
		unsigned int n = 0;

		do {
			work();
			n++;
			took = now() - start;
		} while (took < SECONDS);
		if (took / n < best)
			best = took / n;
	}
	printf("%s %.1f\n", name, best * 1e6);
	fflush(stdout);
}

static struct kith_certs *bundle;

static void handshake(void)
{
	static struct pair *pair;

	if (!pair)
		pair = pair_new();
	pair->up.read = pair->up.written = pair->down.read = pair->down.written = 0;
	pair->client.trust_domain = pair->server.trust_domain = TRUST_DOMAIN;
	pair->client.bundle = pair->server.bundle = bundle;
	pair_open(pair, &client, &server);
	pair_run(pair);
	assert_int_equal(pair->client.result, 0);
	assert_int_equal(pair->server.result, 0);
	kith_tls_free(pair->client.tls);
	kith_tls_free(pair->server.tls);
}

static psa_key_id_t signing, verifying, agreeing, x25519;
static u8 hash[32], signature[64], peer[65], x25519_peer[32], secret[32];

static psa_key_id_t generate(psa_ecc_family_t family, size_t bits, psa_algorithm_t alg,
			     psa_key_usage_t usage)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id;

	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(family));
	psa_set_key_bits(&attributes, bits);
	psa_set_key_algorithm(&attributes, alg);
	psa_set_key_usage_flags(&attributes, usage);
	assert_int_equal(psa_generate_key(&attributes, &id), PSA_SUCCESS);
	return id;
}

static psa_key_id_t public_key(psa_key_id_t pair)
{
	psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
	psa_key_id_t id;
	size_t len;

	assert_int_equal(psa_export_public_key(pair, peer, 65, &len), PSA_SUCCESS);
	psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
	psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_SHA_256));
	psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_HASH);
	assert_int_equal(psa_import_key(&attributes, peer, len, &id), PSA_SUCCESS);
	return id;
}

static void sign(void)
{
	size_t len;

	psa_sign_hash(signing, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, 32, signature, 64, &len);
}

static void verify(void)
{
	psa_verify_hash(verifying, PSA_ALG_ECDSA(PSA_ALG_SHA_256), hash, 32, signature, 64);
}

static void agree(void)
{
	size_t len;

	psa_raw_key_agreement(PSA_ALG_ECDH, agreeing, peer, 65, secret, 32, &len);
}

static void agree_x25519(void)
{
	size_t len;

	psa_raw_key_agreement(PSA_ALG_ECDH, x25519, x25519_peer, 32, secret, 32, &len);
}

static void share_x25519(void)
{
	psa_key_id_t id =
		generate(PSA_ECC_FAMILY_MONTGOMERY, 255, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	size_t len;

	psa_export_public_key(id, x25519_peer, 32, &len);
	psa_destroy_key(id);
}

static void share_p256(void)
{
	psa_key_id_t id = generate(PSA_ECC_FAMILY_SECP_R1, 256, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	size_t len;

	psa_export_public_key(id, peer, 65, &len);
	psa_destroy_key(id);
}

int main(void)
{
	make_world(NULL);
	bundle = pki_bundle(&root);
	signing = generate(PSA_ECC_FAMILY_SECP_R1, 256, PSA_ALG_ECDSA(PSA_ALG_SHA_256),
			   PSA_KEY_USAGE_SIGN_HASH);
	verifying = public_key(signing);
	agreeing = generate(PSA_ECC_FAMILY_SECP_R1, 256, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	x25519 = generate(PSA_ECC_FAMILY_MONTGOMERY, 255, PSA_ALG_ECDH, PSA_KEY_USAGE_DERIVE);
	share_p256();
	share_x25519();
	measure("handshake", handshake);
	measure("sign", sign);
	measure("verify", verify);
	measure("p256-share", share_p256);
	measure("p256-agree", agree);
	measure("x25519-share", share_x25519);
	measure("x25519-agree", agree_x25519);
	return 0;
}
