// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "openssl_curve.h"

EC_GROUP *p256;
BIGNUM *p256_order, *p256_prime;

void openssl_curve_init(void)
{
	p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	p256_order = BN_dup(EC_GROUP_get0_order(p256));
	p256_prime = BN_dup(EC_GROUP_get0_field(p256));
	assert_non_null(p256_prime);
}

void openssl_curve_exit(void)
{
	BN_free(p256_order);
	BN_free(p256_prime);
	EC_GROUP_free(p256);
}

BIGNUM *number(const u8 bytes[32])
{
	return BN_bin2bn(bytes, 32, NULL);
}

void bytes_of(u8 bytes[32], const BIGNUM *number)
{
	assert_int_equal(BN_bn2binpad(number, bytes, 32), 32);
}

void point_bytes(u8 bytes[64], const EC_POINT *point)
{
	u8 form[65];

	assert_int_equal(EC_POINT_point2oct(p256, point, POINT_CONVERSION_UNCOMPRESSED, form,
					    sizeof(form), NULL),
			 sizeof(form));
	memcpy(bytes, form + 1, 64);
}

EC_POINT *point_of(const u8 bytes[64])
{
	EC_POINT *point = EC_POINT_new(p256);
	u8 form[65] = { 4 };

	memcpy(form + 1, bytes, 64);
	assert_int_equal(EC_POINT_oct2point(p256, point, form, sizeof(form), NULL), 1);
	return point;
}

static EC_KEY *key_of(const u8 *d, const u8 *q)
{
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = EC_POINT_new(p256);

	if (d) {
		BIGNUM *k = number(d);

		assert_int_equal(EC_KEY_set_private_key(key, k), 1);
		BN_clear_free(k);
	}
	if (q) {
		EC_POINT_free(point);
		point = point_of(q);
		assert_int_equal(EC_KEY_set_public_key(key, point), 1);
	}
	EC_POINT_free(point);
	return key;
}

void openssl_private(u8 d[32])
{
	BIGNUM *k = BN_new();

	do {
		assert_int_equal(BN_priv_rand_range(k, p256_order), 1);
	} while (BN_is_zero(k));
	bytes_of(d, k);
	BN_free(k);
}

void openssl_public(u8 q[64], const u8 d[32])
{
	EC_POINT *point = EC_POINT_new(p256);
	BIGNUM *k = number(d);

	assert_int_equal(EC_POINT_mul(p256, point, k, NULL, NULL, NULL), 1);
	point_bytes(q, point);
	BN_free(k);
	EC_POINT_free(point);
}

void openssl_shared(u8 x[32], const u8 d[32], const u8 q[64])
{
	EC_KEY *key = key_of(d, NULL);
	EC_POINT *peer = point_of(q);

	assert_int_equal(ECDH_compute_key(x, 32, peer, key, NULL), 32);
	EC_POINT_free(peer);
	EC_KEY_free(key);
}

void openssl_sign(u8 sig[64], const u8 d[32], const u8 *hash, size_t len)
{
	EC_KEY *key = key_of(d, NULL);
	ECDSA_SIG *made = ECDSA_do_sign(hash, len, key);

	assert_non_null(made);
	bytes_of(sig, ECDSA_SIG_get0_r(made));
	bytes_of(sig + 32, ECDSA_SIG_get0_s(made));
	ECDSA_SIG_free(made);
	EC_KEY_free(key);
}

bool openssl_verify(const u8 q[64], const u8 *hash, size_t len, const u8 sig[64])
{
	EC_KEY *key = key_of(NULL, q);
	ECDSA_SIG *made = ECDSA_SIG_new();
	int result;

	ECDSA_SIG_set0(made, number(sig), number(sig + 32));
	result = ECDSA_do_verify(hash, len, made, key);
	ECDSA_SIG_free(made);
	EC_KEY_free(key);
	return result == 1;
}

void openssl_x25519_public(u8 q[32], const u8 d[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, d, 32);
	size_t len = 32;

	assert_int_equal(EVP_PKEY_get_raw_public_key(key, q, &len), 1);
	EVP_PKEY_free(key);
}

bool openssl_x25519_shared(u8 secret[32], const u8 d[32], const u8 q[32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, d, 32);
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, q, 32);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = 32;
	bool ok;

	ok = EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	     EVP_PKEY_derive(ctx, secret, &len) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(peer);
	EVP_PKEY_free(key);
	return ok;
}
