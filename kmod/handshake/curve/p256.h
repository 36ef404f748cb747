/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NIST P-256. What is told of a secret by time or by memory accesses is at most
 * that it is not valid. Process context; no locks; nothing is allocated but by
 * signing.
 *
 * Numbers are 32 bytes, the highest first; a point is its x, then its y. The
 * arrays of arguments have at least the size their declaration tells.
 */
#ifndef _KITH_HANDSHAKE_CURVE_P256_H
#define _KITH_HANDSHAKE_CURVE_P256_H

#include <linux/types.h>

#include "s2n.h"

/* Makes the table of multiples of the base point. */
void kith_p256_init(void);

/**
 * kith_p256_private_ok - whether @d is a private key
 * @d: number, to be in [1, n-1]
 */
bool kith_p256_private_ok(const u8 d[32]);

/**
 * kith_p256_public_ok - whether @q is a public key
 * @q: point, to be on the curve, with coordinates below p
 */
bool kith_p256_public_ok(const u8 q[64]);

/**
 * kith_p256_public - the public key of a private key
 * @q: where it goes
 * @d: private key
 *
 * False when @d is none.
 */
bool kith_p256_public(u8 q[64], const u8 d[32]);

/**
 * kith_p256_shared - ECDH
 * @x: where the shared secret goes, the x of the common point
 * @d: our private key
 * @q: the peer's public key
 *
 * False when @d or @q is not valid.
 */
bool kith_p256_shared(u8 x[32], const u8 d[32], const u8 q[64]);

/**
 * kith_p256_sign - ECDSA
 * @sig: where the signature goes, r then s
 * @d: private key
 * @hash: what is signed; its first 256 bits count
 * @len: its bytes
 * @fresh: 32 random bytes, or NULL for the deterministic signature of RFC 6979
 *
 * The nonce is that of RFC 6979 3.6, from @d, @hash and @fresh: with bad random
 * numbers it is still a secret, and still another for another hash.
 *
 * 0, -EINVAL when @d is not valid, or -ENOMEM.
 */
int kith_p256_sign(u8 sig[64], const u8 d[32], const u8 *hash, size_t len, const u8 *fresh);

/**
 * kith_p256_verify - whether @sig is an ECDSA signature of @hash by @q
 * @q: public key
 * @hash: what was signed; its first 256 bits count
 * @len: its bytes
 * @sig: r, then s
 */
bool kith_p256_verify(const u8 q[64], const u8 *hash, size_t len, const u8 sig[64]);

/* What the files of the curve share. */

extern const u64 kith_p256_n[4];	/* the order of the base point */

/* Reads a number; false when it is not in [1, n-1]. */
bool kith_p256_read_scalar(u64 k[4], const u8 bytes[32]);
/* Reads a point; false when it is not on the curve. */
bool kith_p256_read_point(struct p256_point *p, const u8 bytes[64]);
/* @a is not infinity. */
void kith_p256_to_affine(struct p256_affine *r, const struct p256_point *a);
/* @k times the base point; @k is not a multiple of n. */
void kith_p256_mul_base(struct p256_affine *r, const u64 k[4]);
/* Sum of points that are no secrets. */
void kith_p256_add_public(struct p256_point *r, const struct p256_point *a,
			  const struct p256_affine *b);

#endif
