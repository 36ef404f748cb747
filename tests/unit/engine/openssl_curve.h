/* SPDX-License-Identifier: Apache-2.0 */
/* P-256 and X25519 by OpenSSL, in the form the engine has them. */
#ifndef _TESTS_ENGINE_OPENSSL_CURVE_H
#define _TESTS_ENGINE_OPENSSL_CURVE_H

#include <linux/types.h>
#include <openssl/bn.h>
#include <openssl/ec.h>

/* P-256; made by openssl_curve_init(). */
extern EC_GROUP *p256;
extern BIGNUM *p256_order, *p256_prime;

void openssl_curve_init(void);
void openssl_curve_exit(void);

/* 32 bytes, the highest first. */
BIGNUM *number(const u8 bytes[32]);
void bytes_of(u8 bytes[32], const BIGNUM *number);
/* Point as x and y; fails the test at infinity. */
void point_bytes(u8 bytes[64], const EC_POINT *point);
EC_POINT *point_of(const u8 bytes[64]);

/* A private key: random, and not 0. */
void openssl_private(u8 d[32]);
void openssl_public(u8 q[64], const u8 d[32]);
void openssl_shared(u8 x[32], const u8 d[32], const u8 q[64]);
void openssl_sign(u8 sig[64], const u8 d[32], const u8 *hash, size_t len);
bool openssl_verify(const u8 q[64], const u8 *hash, size_t len, const u8 sig[64]);

void openssl_x25519_public(u8 q[32], const u8 d[32]);
/* False where OpenSSL refuses. */
bool openssl_x25519_shared(u8 secret[32], const u8 d[32], const u8 q[32]);

#endif
