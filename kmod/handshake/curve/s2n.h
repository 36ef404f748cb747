/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * s2n-bignum, in the variant for this processor. What it computes takes the
 * same time and touches the same memory whatever the numbers are.
 *
 * A number is four words, the lowest first. Those modulo p are in Montgomery
 * form unless said otherwise, and always below p. Results go to memory of their
 * own: none may overlap with an operand.
 */
#ifndef _KITH_HANDSHAKE_CURVE_S2N_H
#define _KITH_HANDSHAKE_CURVE_S2N_H

#include <linux/types.h>

#include "s2n-bignum.h"

/* Whether the processor has ADX and BMI2. Set by kith_curve_init(). */
extern bool kith_curve_adx;

/* Calls @name, or its variant for older processors. */
#define KITH_S2N(name, ...) \
	(kith_curve_adx ? name(__VA_ARGS__) : name##_alt(__VA_ARGS__))

/* In Jacobian coordinates: (x/z^2, y/z^3), or infinity where z is 0. */
struct p256_point {
	u64 x[4], y[4], z[4];
};

/* A point other than infinity. */
struct p256_affine {
	u64 x[4], y[4];
};

static inline bool words_equal(const u64 a[4], const u64 b[4])
{
	return bignum_eq(4, a, 4, b);
}

static inline bool words_zero(const u64 a[4])
{
	return bignum_iszero(4, a);
}

/* modulo p -------------------------------------------------------------------- */

static inline void fe_mul(u64 r[4], const u64 a[4], const u64 b[4])
{
	KITH_S2N(bignum_montmul_p256, r, a, b);
}

static inline void fe_square(u64 r[4], const u64 a[4])
{
	KITH_S2N(bignum_montsqr_p256, r, a);
}

/* 0 for 0. */
static inline void fe_invert(u64 r[4], const u64 a[4])
{
	bignum_montinv_p256(r, a);
}

/* Into Montgomery form. */
static inline void fe_enter(u64 r[4], const u64 a[4])
{
	KITH_S2N(bignum_tomont_p256, r, a);
}

/* Out of Montgomery form. */
static inline void fe_leave(u64 r[4], const u64 a[4])
{
	KITH_S2N(bignum_demont_p256, r, a);
}

/* points ---------------------------------------------------------------------- */

static inline void point_mul(struct p256_point *r, const u64 k[4], const struct p256_point *a)
{
	KITH_S2N(p256_montjscalarmul, (u64 *)r, k, (const u64 *)a);
}

/* Where both are the same point, z becomes 0, as it does for opposite ones. */
static inline void point_add_other(struct p256_point *r, const struct p256_point *a,
				   const struct p256_affine *b)
{
	KITH_S2N(p256_montjmixadd, (u64 *)r, (const u64 *)a, (const u64 *)b);
}

/*
 * From a table of multiples of a point, of blocks of 2^(@bits - 1). The result
 * is not in Montgomery form, and 0, 0 stands for infinity.
 */
static inline void point_mul_table(struct p256_affine *r, const u64 k[4], unsigned int bits,
				   const struct p256_affine *table)
{
	KITH_S2N(p256_scalarmulbase, (u64 *)r, k, bits, (const u64 *)table);
}

/* modulo n, not in Montgomery form --------------------------------------------- */

static inline void scalar_reduce(u64 r[4], const u64 a[4])
{
	bignum_mod_n256_4(r, a);
}

static inline void scalar_reduce_wide(u64 r[4], const u64 a[8])
{
	KITH_S2N(bignum_mod_n256, r, 8, a);
}

static inline void words_mul(u64 r[8], const u64 a[4], const u64 b[4])
{
	KITH_S2N(bignum_mul_4_8, r, a, b);
}

#endif
