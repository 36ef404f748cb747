// SPDX-License-Identifier: GPL-2.0-only
/* ECDSA on P-256: SEC 1 4.1, nonces of RFC 6979. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "mbedtls/md.h"

#include "p256.h"

/* More than one is needed once in 2^32 signatures. */
#define ATTEMPTS	8

/* HMAC-DRBG, as RFC 6979 3.2 has it. */
struct nonces {
	u8 key[32];
	struct {
		u8 value[32];
		u8 tag;
		u8 seed[96];		/* private key, hash, random bytes */
	} in;
};

/* All that a signature leaves behind. */
struct signing {
	struct nonces nonces;
	u64 d[4], e[4], k[4], inverse[4], r[4], s[4];
	u64 product[8], sum[4], scratch[12];
	struct p256_affine point;
};

static void scalar_mul(u64 r[4], const u64 a[4], const u64 b[4], u64 product[8])
{
	words_mul(product, a, b);
	scalar_reduce_wide(r, product);
}

static void read_hash(u64 e[4], const u8 *hash, size_t len)
{
	u8 bytes[32] = {};
	u64 number[4];

	if (len > sizeof(bytes))
		len = sizeof(bytes);
	memcpy(bytes + sizeof(bytes) - len, hash, len);
	bignum_frombebytes_4(number, bytes);
	scalar_reduce(e, number);
}

/* HMAC of the value, and of @more bytes after it. Only memory can lack. */
static int nonces_hmac(const struct nonces *g, size_t more, u8 out[32])
{
	const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	if (mbedtls_md_hmac(sha256, g->key, sizeof(g->key), (const u8 *)&g->in,
			    sizeof(g->in.value) + more, out))
		return -ENOMEM;
	return 0;
}

static int nonces_update(struct nonces *g, u8 tag, size_t seed)
{
	int err;

	g->in.tag = tag;
	err = nonces_hmac(g, sizeof(g->in.tag) + seed, g->key);
	return err ?: nonces_hmac(g, 0, g->in.value);
}

static int nonces_start(struct nonces *g, const u8 d[32], const u64 e[4], const u8 *fresh)
{
	size_t seed = fresh ? 96 : 64;
	int err;

	memset(g->key, 0, sizeof(g->key));
	memset(g->in.value, 1, sizeof(g->in.value));
	memcpy(g->in.seed, d, 32);
	bignum_tobebytes_4(g->in.seed + 32, e);
	if (fresh)
		memcpy(g->in.seed + 64, fresh, 32);
	err = nonces_update(g, 0, seed);
	return err ?: nonces_update(g, 1, seed);
}

/* r and s by the nonce k; false when it will not do. */
static bool try_nonce(struct signing *w)
{
	u64 x[4];

	kith_p256_mul_base(&w->point, w->k);
	fe_leave(x, w->point.x);
	scalar_reduce(w->r, x);
	scalar_mul(w->s, w->r, w->d, w->product);
	bignum_modadd(4, w->sum, w->s, w->e, kith_p256_n);
	bignum_modinv(4, w->inverse, w->k, kith_p256_n, w->scratch);
	scalar_mul(w->s, w->inverse, w->sum, w->product);
	return !words_zero(w->r) && !words_zero(w->s);
}

static int sign(struct signing *w, const u8 d[32], const u8 *fresh)
{
	int attempt, err;

	err = nonces_start(&w->nonces, d, w->e, fresh);
	for (attempt = 0; !err && attempt < ATTEMPTS; attempt++) {
		err = nonces_hmac(&w->nonces, 0, w->nonces.in.value);
		if (err)
			return err;
		if (kith_p256_read_scalar(w->k, w->nonces.in.value) && try_nonce(w))
			return 0;
		err = nonces_update(&w->nonces, 0, 0);
	}
	return err ?: -EINVAL;
}

int kith_p256_sign(u8 sig[64], const u8 d[32], const u8 *hash, size_t len, const u8 *fresh)
{
	struct signing w;
	int err = -EINVAL;

	read_hash(w.e, hash, len);
	if (kith_p256_read_scalar(w.d, d))
		err = sign(&w, d, fresh);
	if (!err) {
		bignum_tobebytes_4(sig, w.r);
		bignum_tobebytes_4(sig + 32, w.s);
	}
	memzero_explicit(&w, sizeof(w));
	return err;
}

/* @u times the base point plus @v times @q; @v is not 0. */
static void mul_both(struct p256_point *r, const u64 u[4], const u64 v[4],
		     const struct p256_point *q)
{
	struct p256_affine from_base;
	struct p256_point from_q;

	if (words_zero(u)) {
		point_mul(r, v, q);
		return;
	}
	kith_p256_mul_base(&from_base, u);
	point_mul(&from_q, v, q);
	kith_p256_add_public(r, &from_q, &from_base);
}

bool kith_p256_verify(const u8 q[64], const u8 *hash, size_t len, const u8 sig[64])
{
	u64 e[4], r[4], s[4], inverse[4], u[4], v[4], product[8], scratch[12];
	struct p256_point key, sum;
	struct p256_affine point;

	if (!kith_p256_read_point(&key, q) || !kith_p256_read_scalar(r, sig) ||
	    !kith_p256_read_scalar(s, sig + 32))
		return false;
	read_hash(e, hash, len);
	bignum_modinv(4, inverse, s, kith_p256_n, scratch);
	scalar_mul(u, e, inverse, product);
	scalar_mul(v, r, inverse, product);
	mul_both(&sum, u, v, &key);
	if (words_zero(sum.z))
		return false;
	kith_p256_to_affine(&point, &sum);
	fe_leave(u, point.x);
	scalar_reduce(v, u);
	return words_equal(v, r);
}
