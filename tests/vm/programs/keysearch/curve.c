// SPDX-License-Identifier: Apache-2.0
/*
 * d times the base point of P-256, for many numbers d at once: affine additions from
 * a table of 8 bits a step, a whole batch to one inversion. Field elements are in
 * Montgomery form. Nothing here is secret, or takes equal time.
 */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "keysearch.h"

#define STEPS 32 /* bytes of a number */

typedef uint64_t fe[4];
__extension__ typedef unsigned __int128 u128;

struct point {
	fe x, y;
};

static const fe p = { 0xffffffffffffffff, 0x00000000ffffffff, 0, 0xffffffff00000001 };
static struct point table[STEPS][256]; /* [i][j]: j times 256^i times the base point */

/* --- field ----------------------------------------------------------------- */

/* r = a - p when that is not negative, or when @carry stands for 2^256. */
static void reduce_once(fe r, const fe a, uint64_t carry)
{
	uint64_t borrow = 0;
	fe t;

	for (int i = 0; i < 4; i++) {
		u128 v = (u128)a[i] - p[i] - borrow;

		t[i] = v;
		borrow = v >> 64 & 1;
	}
	memcpy(r, carry || !borrow ? t : a, sizeof(t));
}

/* t += m p, t /= 2^64: p is -1 modulo 2^64, so m is the lowest word, which goes. The
 * words of p are 2^64 - 1, 2^32 - 1, 0 and 2^64 - 2^32 + 1. */
static void reduce_word(uint64_t t[6])
{
	uint64_t m = t[0];
	u128 v = (u128)t[1] + (m << 32);

	t[0] = v;
	v = (u128)t[2] + (m >> 32) + (uint64_t)(v >> 64);
	t[1] = v;
	v = (u128)m * p[3] + t[3] + (uint64_t)(v >> 64);
	t[2] = v;
	v = (u128)t[4] + (uint64_t)(v >> 64);
	t[3] = v;
	t[4] = t[5] + (uint64_t)(v >> 64);
}

/* a b / 2^256 */
static void mul(fe r, const fe a, const fe b)
{
	uint64_t t[6] = { 0 };

	for (int i = 0; i < 4; i++) {
		uint64_t carry = 0;
		u128 v;

		for (int j = 0; j < 4; j++) {
			v = (u128)a[j] * b[i] + t[j] + carry;
			t[j] = v;
			carry = v >> 64;
		}
		v = (u128)t[4] + carry;
		t[4] = v;
		t[5] = v >> 64;
		reduce_word(t);
	}
	reduce_once(r, t, t[4]);
}

static void sub(fe r, const fe a, const fe b)
{
	uint64_t borrow = 0, carry = 0;

	for (int i = 0; i < 4; i++) {
		u128 v = (u128)a[i] - b[i] - borrow;

		r[i] = v;
		borrow = v >> 64 & 1;
	}
	for (int i = 0; borrow && i < 4; i++) {
		u128 v = (u128)r[i] + p[i] + carry;

		r[i] = v;
		carry = v >> 64;
	}
}

static bool is_zero(const fe a)
{
	return !(a[0] | a[1] | a[2] | a[3]);
}

static bool equal(const fe a, const fe b)
{
	return !memcmp(a, b, sizeof(fe));
}

/* a^(p - 2) */
static void invert(fe r, const fe a)
{
	static const fe exponent = { 0xfffffffffffffffd, 0x00000000ffffffff, 0,
				     0xffffffff00000001 };
	fe t;

	memcpy(t, a, sizeof(t));
	for (int i = 254; i >= 0; i--) {
		mul(t, t, t);
		if (exponent[i / 64] >> i % 64 & 1)
			mul(t, t, a);
	}
	memcpy(r, t, sizeof(t));
}

/* --- to and from OpenSSL, which makes the table ------------------------------- */

static EC_GROUP *group;
static BIGNUM *prime;
static BN_CTX *ctx;

static void must(bool good)
{
	if (good)
		return;
	fprintf(stderr, "keysearch: OpenSSL fails\n");
	exit(2);
}

static void to_field(fe r, BIGNUM *number)
{
	must(BN_lshift(number, number, 256) && BN_nnmod(number, number, prime, ctx) &&
	     BN_bn2lebinpad(number, (void *)r, sizeof(fe)) == sizeof(fe));
}

static void to_point(struct point *r, const EC_POINT *a)
{
	BIGNUM *x = BN_new(), *y = BN_new();

	must(x && y && EC_POINT_get_affine_coordinates(group, a, x, y, ctx));
	to_field(r->x, x);
	to_field(r->y, y);
	BN_free(x);
	BN_free(y);
}

void curve_init(void)
{
	EC_POINT *first, *multiple;

	ctx = BN_CTX_new();
	prime = BN_new();
	group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	must(ctx && prime && group && EC_GROUP_get_curve(group, prime, NULL, NULL, ctx));
	first = EC_POINT_dup(EC_GROUP_get0_generator(group), group);
	multiple = EC_POINT_new(group);
	must(first && multiple);
	for (int i = 0; i < STEPS; i++) {
		must(EC_POINT_copy(multiple, first));
		for (int j = 1; j < 256; j++) {
			to_point(&table[i][j], multiple);
			must(EC_POINT_add(group, multiple, multiple, first, ctx));
		}
		must(EC_POINT_copy(first, multiple));
	}
	EC_POINT_free(first);
	EC_POINT_free(multiple);
}

bool key_read(struct key *key, const char *text)
{
	EC_POINT *point = EC_POINT_hex2point(group, text, NULL, ctx);
	struct point q;

	if (!point)
		return false;
	to_point(&q, point);
	memcpy(key->x, q.x, sizeof(q.x));
	memcpy(key->y, q.y, sizeof(q.y));
	EC_POINT_free(point);
	return true;
}

/* --- batches -------------------------------------------------------------------- */

static struct point sums[BATCH];
static bool begun[BATCH]; /* before, the sum is 0 */

/* The step's summand of a candidate; NULL: nothing is to be added to its sum. */
static const struct point *summand(const struct candidate *candidate, int i, int step)
{
	int digit = candidate->d[KEY_BYTES - 1 - step];

	return digit && begun[i] ? &table[step][digit] : NULL;
}

/* Two points of different x: what sums of candidates above 2^255 may not have is of
 * no matter for the rest. */
static void add(struct point *sum, const struct point *other, const fe inverse)
{
	fe slope, x, t;

	sub(t, other->y, sum->y);
	mul(slope, t, inverse);
	mul(x, slope, slope);
	sub(x, x, sum->x);
	sub(x, x, other->x);
	sub(t, sum->x, x);
	mul(t, slope, t);
	sub(sum->y, t, sum->y);
	memcpy(sum->x, x, sizeof(x));
}

static void add_step(const struct candidate *candidates, int n, int step)
{
	static fe differences[BATCH], products[BATCH];
	fe all, inverse;

	memcpy(all, table[0][1].x, sizeof(all)); /* any number but 0 */
	for (int i = 0; i < n; i++) {
		const struct point *other = summand(&candidates[i], i, step);

		if (!other)
			continue;
		sub(differences[i], other->x, sums[i].x);
		if (is_zero(differences[i]))
			memcpy(differences[i], table[0][1].x, sizeof(fe));
		memcpy(products[i], all, sizeof(fe));
		mul(all, all, differences[i]);
	}
	invert(all, all);
	for (int i = n - 1; i >= 0; i--) {
		const struct point *other = summand(&candidates[i], i, step);

		if (!other)
			continue;
		mul(inverse, all, products[i]);
		mul(all, all, differences[i]);
		add(&sums[i], other, inverse);
	}
	for (int i = 0; i < n; i++) {
		int digit = candidates[i].d[KEY_BYTES - 1 - step];

		if (begun[i] || !digit)
			continue;
		sums[i] = table[step][digit];
		begun[i] = true;
	}
}

void curve_try(const struct candidate *candidates, int n,
	       void (*found)(const struct candidate *candidate, struct key *key))
{
	memset(begun, 0, sizeof(begun));
	for (int step = 0; step < STEPS; step++)
		add_step(candidates, n, step);
	for (int i = 0; i < n; i++)
		for (int k = 0; k < n_keys; k++)
			if (begun[i] && equal(sums[i].x, keys[k].x) && equal(sums[i].y, keys[k].y))
				found(&candidates[i], &keys[k]);
}
