// SPDX-License-Identifier: GPL-2.0-only
/* P-256: numbers, points, keys and ECDH. SP 800-186 3.2.1.3, SEC 1. */
#include <linux/cache.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "p256.h"

/* Bits of a scalar that one block of the table serves; 1 + 256 bits in all. */
#define TABLE_BITS	4
#define TABLE_BLOCK	(1 << (TABLE_BITS - 1))
#define TABLE_BLOCKS	(256 / TABLE_BITS + 1)

/* Multiples 1 to TABLE_BLOCK of 2^(TABLE_BITS * i) times the base point. */
static struct p256_affine table[TABLE_BLOCKS][TABLE_BLOCK] __ro_after_init;

const u64 kith_p256_n[4] = {
	0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000,
};

/* Neither in Montgomery form: y^2 = x^3 - 3x + b, and the base point. */
static const u64 curve_b[4] = {
	0x3bce3c3e27d2604b, 0x651d06b0cc53b0f6, 0xb3ebbd55769886bc, 0x5ac635d8aa3a93e7,
};
static const struct p256_affine base = {
	.x = {0xf4a13945d898c296, 0x77037d812deb33a0, 0xf8bce6e563a440f2, 0x6b17d1f2e12c4247},
	.y = {0xcbb6406837bf51f5, 0x2bce33576b315ece, 0x8ee7eb4a7c0f9e16, 0x4fe342e2fe1a7f9b},
};
static const u64 one[4] = {1};
static const u64 two[4] = {2};

bool kith_p256_read_scalar(u64 k[4], const u8 bytes[32])
{
	u64 reduced[4];
	bool ok;

	bignum_frombebytes_4(k, bytes);
	scalar_reduce(reduced, k);
	ok = words_equal(reduced, k) && !words_zero(k);
	memzero_explicit(reduced, sizeof(reduced));
	return ok;
}

/* A number below p, into Montgomery form. */
static bool read_coordinate(u64 r[4], const u8 bytes[32])
{
	u64 number[4], reduced[4];

	bignum_frombebytes_4(number, bytes);
	bignum_mod_p256_4(reduced, number);
	fe_enter(r, reduced);
	return words_equal(reduced, number);
}

static void write_coordinate(u8 bytes[32], const u64 a[4])
{
	u64 number[4];

	fe_leave(number, a);
	bignum_tobebytes_4(bytes, number);
	memzero_explicit(number, sizeof(number));
}

/* y^2 = x (x^2 - 3) + b */
static bool on_curve(const u64 x[4], const u64 y[4])
{
	static const u64 three[4] = {3};
	u64 a[4], left[4], right[4], square[4], sum[4];

	fe_enter(a, three);
	fe_square(square, x);
	bignum_sub_p256(sum, square, a);
	fe_mul(right, sum, x);
	fe_enter(a, curve_b);
	bignum_add_p256(sum, right, a);
	fe_square(left, y);
	return words_equal(left, sum);
}

bool kith_p256_read_point(struct p256_point *p, const u8 bytes[64])
{
	bool x_ok = read_coordinate(p->x, bytes);
	bool y_ok = read_coordinate(p->y, bytes + 32);

	fe_enter(p->z, one);
	return x_ok && y_ok && on_curve(p->x, p->y);
}

void kith_p256_to_affine(struct p256_affine *r, const struct p256_point *a)
{
	u64 inverse[4], square[4], cube[4];

	fe_invert(inverse, a->z);
	fe_square(square, inverse);
	fe_mul(cube, square, inverse);
	fe_mul(r->x, a->x, square);
	fe_mul(r->y, a->y, cube);
	memzero_explicit(inverse, sizeof(inverse));
	memzero_explicit(square, sizeof(square));
	memzero_explicit(cube, sizeof(cube));
}

void kith_p256_mul_base(struct p256_affine *r, const u64 k[4])
{
	struct p256_affine number;

	point_mul_table(&number, k, TABLE_BITS, table[0]);
	fe_enter(r->x, number.x);
	fe_enter(r->y, number.y);
	memzero_explicit(&number, sizeof(number));
}

/* Whether @a is @b, given that it is @b or its opposite. */
static bool same_y(const struct p256_point *a, const struct p256_affine *b)
{
	u64 square[4], cube[4], y[4];

	fe_square(square, a->z);
	fe_mul(cube, square, a->z);
	fe_mul(y, b->y, cube);
	return words_equal(y, a->y);
}

void kith_p256_add_public(struct p256_point *r, const struct p256_point *a,
			  const struct p256_affine *b)
{
	point_add_other(r, a, b);
	if (words_zero(r->z) && same_y(a, b))
		point_mul(r, two, a);
}

void kith_p256_init(void)
{
	struct p256_point sum, last;
	struct p256_affine first;
	unsigned int i, j;

	fe_enter(first.x, base.x);
	fe_enter(first.y, base.y);
	for (i = 0; i < TABLE_BLOCKS; i++) {
		memset(&sum, 0, sizeof(sum));
		for (j = 0; j < 1 << TABLE_BITS; j++) {
			last = sum;
			kith_p256_add_public(&sum, &last, &first);
			if (j < TABLE_BLOCK)
				kith_p256_to_affine(&table[i][j], &sum);
		}
		kith_p256_to_affine(&first, &sum);
	}
}

bool kith_p256_private_ok(const u8 d[32])
{
	u64 k[4];
	bool ok = kith_p256_read_scalar(k, d);

	memzero_explicit(k, sizeof(k));
	return ok;
}

bool kith_p256_public_ok(const u8 q[64])
{
	struct p256_point point;

	return kith_p256_read_point(&point, q);
}

bool kith_p256_public(u8 q[64], const u8 d[32])
{
	struct p256_affine point;
	u64 k[4];
	bool ok = kith_p256_read_scalar(k, d);

	if (ok) {
		kith_p256_mul_base(&point, k);
		write_coordinate(q, point.x);
		write_coordinate(q + 32, point.y);
	}
	memzero_explicit(k, sizeof(k));
	return ok;
}

bool kith_p256_shared(u8 x[32], const u8 d[32], const u8 q[64])
{
	struct p256_point peer, common;
	struct p256_affine point;
	u64 k[4];
	bool ok = kith_p256_read_scalar(k, d) && kith_p256_read_point(&peer, q);

	if (ok) {
		point_mul(&common, k, &peer);
		kith_p256_to_affine(&point, &common);
		write_coordinate(x, point.x);
	}
	memzero_explicit(k, sizeof(k));
	memzero_explicit(&common, sizeof(common));
	memzero_explicit(&point, sizeof(point));
	return ok;
}
