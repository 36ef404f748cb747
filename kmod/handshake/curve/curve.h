/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * P-256 and X25519 of the engine, on s2n-bignum: the library's driver for them
 * (driver.c) and what it rests on. Where it is not built, the library's own C
 * computes them.
 */
#ifndef _KITH_HANDSHAKE_CURVE_CURVE_H
#define _KITH_HANDSHAKE_CURVE_CURVE_H

#include <linux/types.h>

#ifdef KITH_S2N_BIGNUM

/**
 * kith_curve_init - choose the code for this processor, and try it
 *
 * To be called before anything of the library that needs a curve. -EIO when a
 * known answer does not come out, or -ENOMEM.
 */
int kith_curve_init(void);

/** kith_curve_selftest - try known answers: 0, -EIO or -ENOMEM */
int kith_curve_selftest(void);

/**
 * kith_curve_wipe_stack - zeroise 3 KiB of stack below the caller
 *
 * The assembly spills what it computes there, and calls nothing that goes
 * deeper. To be called by whoever had it compute with a secret.
 */
void kith_curve_wipe_stack(void);

/* X25519, RFC 7748: numbers are 32 bytes, the lowest first. */

/**
 * kith_x25519_public - the public key of a private key
 * @q: where it goes
 * @d: private key: any number, clamped here
 */
void kith_x25519_public(u8 q[32], const u8 d[32]);

/**
 * kith_x25519_shared - ECDH
 * @secret: where the shared secret goes
 * @d: our private key: any number, clamped here
 * @q: the peer's public key: any number
 *
 * False when the result is 0, and no secret: @q was of small order.
 */
bool kith_x25519_shared(u8 secret[32], const u8 d[32], const u8 q[32]);

#else

static inline int kith_curve_init(void)
{
	return 0;
}

#endif

#endif
