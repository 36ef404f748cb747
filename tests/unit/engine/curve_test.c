// SPDX-License-Identifier: Apache-2.0
/* P-256 and X25519 of the engine: published answers, and the edges of all ranges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include <asm/cpufeature.h>
#include <linux/errno.h>
#include <linux/slab.h>

#include "handshake/curve/curve.h"
#include "handshake/curve/p256.h"
#include "handshake/memory.h"
#include "openssl_curve.h"

/* RFC 6979 A.2.5 */
#define KEY "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"

static const struct {
	const char *md, *message, *r, *s;
} signatures[] = {
	{ "SHA256", "sample", "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
	  "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	{ "SHA256", "test", "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
	  "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" },
	/* With the nonces of another hash: to be verified only. */
	{ "SHA1", "sample", "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32",
	  "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb" },
	{ "SHA224", "sample", "53b2fff5d1752b2c689df257c04c40a587fababb3f6fc2702f1343af7ca9aa3f",
	  "b9afb64fdc03dc1a131c7d2386d11e349f070aa432a4acc918bea988bf75c74c" },
	{ "SHA384", "sample", "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719",
	  "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954" },
	{ "SHA512", "sample", "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00",
	  "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe" },
};

static void hex(u8 *bytes, const char *digits)
{
	long len;
	u8 *read = OPENSSL_hexstr2buf(digits, &len);

	assert_non_null(read);
	memcpy(bytes, read, len);
	OPENSSL_free(read);
}

static size_t digest(u8 hash[64], const char *md, const char *message)
{
	unsigned int len;

	assert_int_equal(EVP_Digest(message, strlen(message), hash, &len, EVP_get_digestbyname(md),
				    NULL),
			 1);
	return len;
}

static void signature_of(u8 sig[64], unsigned int i)
{
	hex(sig, signatures[i].r);
	hex(sig + 32, signatures[i].s);
}

static void signs_as_published(void **state)
{
	u8 d[32], hash[64], sig[64], want[64];

	hex(d, KEY);
	for (unsigned int i = 0; i < 2; i++) {
		size_t len = digest(hash, signatures[i].md, signatures[i].message);

		signature_of(want, i);
		assert_int_equal(kith_p256_sign(sig, d, hash, len, NULL), 0);
		assert_memory_equal(sig, want, 64);
	}
}

static void verifies_what_is_published(void **state)
{
	u8 d[32], q[64], hash[64], sig[64];

	hex(d, KEY);
	assert_true(kith_p256_public(q, d));
	for (unsigned int i = 0; i < 6; i++) {
		size_t len = digest(hash, signatures[i].md, signatures[i].message);

		signature_of(sig, i);
		assert_true(openssl_verify(q, hash, len, sig));
		assert_true(kith_p256_verify(q, hash, len, sig));
		for (unsigned int bit = 0; bit < 512; bit += 7) {
			sig[bit / 8] ^= 1 << bit % 8;
			assert_false(kith_p256_verify(q, hash, len, sig));
			sig[bit / 8] ^= 1 << bit % 8;
		}
		hash[len < 32 ? len - 1 : 31] ^= 1;
		assert_false(kith_p256_verify(q, hash, len, sig));
		hash[len < 32 ? len - 1 : 31] ^= 1;
		q[63] ^= 1;
		assert_false(kith_p256_verify(q, hash, len, sig));
		q[63] ^= 1;
		/* Another point: the opposite one has the same x. */
		if (i == 0) {
			u8 other[64];

			openssl_public(other, sig);
			assert_false(kith_p256_verify(other, hash, len, sig));
		}
	}
}

/* RFC 5903 8.1 */
static void agrees_as_published(void **state)
{
	u8 i[32], r[32], gi[64], gr[64], want[32], got[32];

	hex(i, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
	hex(gi, "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180");
	hex(gi + 32, "5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3");
	hex(r, "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53");
	hex(gr, "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63");
	hex(gr + 32, "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab");
	hex(want, "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de");
	assert_true(kith_p256_shared(got, i, gr));
	assert_memory_equal(got, want, 32);
	assert_true(kith_p256_shared(got, r, gi));
	assert_memory_equal(got, want, 32);
}

/* RFC 7748 5.2 and 6.1 */
static void x25519_as_published(void **state)
{
	static const char *const answers[][3] = {
		{ "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		  "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		  "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552" },
		/* The highest bit of the point does not count. */
		{ "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		  "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		  "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957" },
		{ "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
		  "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
		  "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742" },
	};
	u8 d[32], q[32], want[32], got[32];

	for (unsigned int i = 0; i < 3; i++) {
		hex(d, answers[i][0]);
		hex(q, answers[i][1]);
		hex(want, answers[i][2]);
		assert_true(kith_x25519_shared(got, d, q));
		assert_memory_equal(got, want, 32);
	}
	hex(want, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
	kith_x25519_public(got, d);
	assert_memory_equal(got, want, 32);
}

static void x25519_a_thousand_times(void **state)
{
	u8 k[32] = { 9 }, u[32] = { 9 }, got[32], want[32];

	for (unsigned int i = 0; i < 1000; i++) {
		assert_true(kith_x25519_shared(got, k, u));
		memcpy(u, k, 32);
		memcpy(k, got, 32);
		if (i == 0) {
			hex(want, "422c8e7a6227d7bca1350b3e2bb7279f"
				  "7897b87bb6854b783c60e80311ae3079");
			assert_memory_equal(k, want, 32);
		}
	}
	hex(want, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
	assert_memory_equal(k, want, 32);
}

/* All points of small order, in every form that means them. */
static void x25519_gives_no_zero(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	u8 d[32], q[32], secret[32];

	for (unsigned int i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		openssl_private(d);
		hex(q, points[i]);
		assert_false(openssl_x25519_shared(secret, d, q));
		assert_false(kith_x25519_shared(secret, d, q));
	}
}

/* Writes @from + @add. */
static void add(u8 bytes[32], const BIGNUM *from, long add)
{
	BIGNUM *sum = BN_dup(from);

	if (add < 0)
		BN_sub_word(sum, -add);
	else
		BN_add_word(sum, add);
	bytes_of(bytes, sum);
	BN_free(sum);
}

static void private_keys_have_a_range(void **state)
{
	static const u8 highest[32] = { [0 ... 31] = 0xff };
	static const u8 zero[32], one[32] = { [31] = 1 };
	const u8 hash[32] = { 1 };
	u8 d[32], q[64], peer[64], x[32], sig[64];

	openssl_public(peer, one);
	for (long i = 0; i < 3; i++) {
		add(d, p256_order, i);
		assert_false(kith_p256_private_ok(d));
		assert_false(kith_p256_public(q, d));
		assert_false(kith_p256_shared(x, d, peer));
		assert_int_equal(kith_p256_sign(sig, d, hash, 32, NULL), -EINVAL);
	}
	assert_false(kith_p256_private_ok(zero));
	assert_false(kith_p256_private_ok(highest));
	assert_false(kith_p256_public(q, zero));
	assert_false(kith_p256_shared(x, zero, peer));
	assert_int_equal(kith_p256_sign(sig, zero, hash, 32, NULL), -EINVAL);
	assert_true(kith_p256_private_ok(one));
	add(d, p256_order, -1);
	assert_true(kith_p256_private_ok(d));
}

static void check_scalar(const BIGNUM *k)
{
	u8 d[32], mine[64], theirs[64], x[32], theirs_x[32];

	bytes_of(d, k);
	openssl_public(theirs, d);
	assert_true(kith_p256_public(mine, d));
	assert_memory_equal(mine, theirs, 64);
	/* Of a point that is not the base: the code is another. */
	assert_true(kith_p256_shared(x, d, theirs));
	openssl_shared(theirs_x, d, theirs);
	assert_memory_equal(x, theirs_x, 32);
}

/* Scalars where windows are empty, full, or carry. */
static void multiplies_by_awkward_scalars(void **state)
{
	BIGNUM *k = BN_new(), *rest = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	for (unsigned int i = 1; i < 70; i++) {
		BN_set_word(k, i);
		check_scalar(k);
		BN_sub(k, p256_order, k);
		check_scalar(k);
	}
	for (unsigned int bit = 7; bit < 256; bit++) {
		BN_zero(k);
		BN_set_bit(k, bit);
		BN_mod(rest, k, p256_order, ctx);
		check_scalar(rest);
		BN_sub_word(rest, 1);
		check_scalar(rest);
	}
	/* A half of the order: doubling turns into the opposite. */
	BN_rshift1(k, p256_order);
	check_scalar(k);
	BN_add_word(k, 1);
	check_scalar(k);
	BN_free(k);
	BN_free(rest);
	BN_CTX_free(ctx);
}

static void points_are_on_the_curve(void **state)
{
	static const u8 one[32] = { [31] = 1 };
	u8 d[32], q[64], bad[64], x[32], sig[64] = { 0 };
	const u8 hash[32] = { 0 };

	sig[31] = sig[63] = 1;
	openssl_private(d);
	openssl_public(q, d);
	assert_true(kith_p256_public_ok(q));
	for (unsigned int bit = 0; bit < 512; bit += 3) {
		memcpy(bad, q, 64);
		bad[bit / 8] ^= 1 << bit % 8;
		assert_false(kith_p256_public_ok(bad));
		assert_false(kith_p256_shared(x, d, bad));
		assert_false(kith_p256_verify(bad, hash, 32, sig));
	}
	memset(bad, 0, 64);
	assert_false(kith_p256_public_ok(bad));
	memset(bad, 0xff, 64);
	assert_false(kith_p256_public_ok(bad));
	/* Of another curve, y^2 = x^3 - 3x + c: nothing of b is in the formulas. */
	memset(bad, 0, 64);
	bad[31] = bad[63] = 2;
	assert_false(kith_p256_shared(x, one, bad));
}

/* Coordinates below p only, though what they stand for would be on the curve. */
static void coordinates_have_a_range(void **state)
{
	EC_POINT *point = EC_POINT_new(p256);
	BIGNUM *zero = BN_new();
	u8 q[64], d[32], x[32];

	openssl_private(d);
	for (unsigned int i = 0; i < 3; i++) {
		BN_set_word(zero, i);
		if (EC_POINT_set_compressed_coordinates(p256, point, zero, 0, NULL) != 1)
			continue;
		point_bytes(q, point);
		assert_true(kith_p256_public_ok(q));
		assert_true(kith_p256_shared(x, d, q));
		add(q, p256_prime, i);
		assert_false(kith_p256_public_ok(q));
		assert_false(kith_p256_shared(x, d, q));
	}
	add(q, p256_prime, 0);
	assert_false(kith_p256_public_ok(q));
	/* The point whose y is 5, and y = p + 5. */
	hex(q, "d7325d7646cd60d80a92738ceb345f844cffaf35841022cab176f692de8de1d7");
	memset(q + 32, 0, 32);
	q[63] = 5;
	assert_true(kith_p256_public_ok(q));
	add(q + 32, p256_prime, 5);
	assert_false(kith_p256_public_ok(q));
	BN_free(zero);
	EC_POINT_free(point);
}

/* r and s of a good signature, moved out of range or to what means the same. */
static void signatures_have_a_range(void **state)
{
	const u8 hash[32] = { 5, 4, 3 };
	u8 d[32], q[64], sig[64], bad[64];
	BIGNUM *s, *high = BN_new();

	openssl_private(d);
	openssl_public(q, d);
	assert_int_equal(kith_p256_sign(sig, d, hash, 32, NULL), 0);
	for (unsigned int half = 0; half < 2; half++) {
		static const u8 zero[32];

		memcpy(bad, sig, 64);
		memcpy(bad + 32 * half, zero, 32);
		assert_false(kith_p256_verify(q, hash, 32, bad));
		for (long i = 0; i < 2; i++) {
			add(bad + 32 * half, p256_order, i);
			assert_false(kith_p256_verify(q, hash, 32, bad));
		}
		memset(bad + 32 * half, 0xff, 32);
		assert_false(kith_p256_verify(q, hash, 32, bad));
	}
	memset(bad, 0, 64);
	assert_false(kith_p256_verify(q, hash, 32, bad));
	/* n - s is as good as s: SEC 1 has no order among them. */
	s = number(sig + 32);
	BN_sub(high, p256_order, s);
	bytes_of(sig + 32, high);
	assert_true(openssl_verify(q, hash, 32, sig));
	assert_true(kith_p256_verify(q, hash, 32, sig));
	BN_free(s);
	BN_free(high);
}

/*
 * A number below 2^256 - n as r or s, with n added: it fits, and would be the
 * same to who reduces instead of refusing.
 */
static void no_number_has_a_second_form(void **state)
{
	const u8 hash[32] = { 0 };
	u8 d[32], q[64], sig[64], bad[64];
	const u8 k[32] = { [31] = 2 };
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *r, *x = BN_new();

	/* The key for which s = (e + r d) / k is 2, with e = 0: d = 2 k / r. */
	openssl_public(sig, k);
	r = number(sig);
	BN_mod_inverse(x, r, p256_order, ctx);
	BN_mul_word(x, 4);
	BN_mod(x, x, p256_order, ctx);
	bytes_of(d, x);
	openssl_public(q, d);
	memset(sig + 32, 0, 32);
	sig[63] = 2;
	assert_true(openssl_verify(q, hash, 32, sig));
	assert_true(kith_p256_verify(q, hash, 32, sig));
	memcpy(bad, sig, 64);
	add(bad + 32, p256_order, 2);
	assert_false(kith_p256_verify(q, hash, 32, bad));
	BN_free(r);
	BN_free(x);
	BN_CTX_free(ctx);
}

/* The key for which r, s is the signature of @e by the nonce point @point. */
static void key_for(u8 q[64], const EC_POINT *point, const BIGNUM *r, const BIGNUM *s,
		    const BIGNUM *e)
{
	BN_CTX *ctx = BN_CTX_new();
	EC_POINT *key = EC_POINT_new(p256);
	BIGNUM *u = BN_new(), *v = BN_new(), *inverse = BN_new();

	/* Q = (s R - e G) / r */
	BN_mod_inverse(inverse, r, p256_order, ctx);
	BN_mod_mul(v, s, inverse, p256_order, ctx);
	BN_mod_mul(u, e, inverse, p256_order, ctx);
	BN_mod_sub(u, p256_order, u, p256_order, ctx);
	assert_int_equal(EC_POINT_mul(p256, key, u, point, v, ctx), 1);
	point_bytes(q, key);
	BN_free(u);
	BN_free(v);
	BN_free(inverse);
	EC_POINT_free(key);
	BN_CTX_free(ctx);
}

/* The nonce's point has an x in [n, p): r is what is left of it. */
static void x_may_exceed_the_order(void **state)
{
	EC_POINT *point = EC_POINT_new(p256);
	BIGNUM *x = BN_new(), *s = BN_new(), *e, *r = BN_new();
	u8 hash[32], q[64], sig[64];
	unsigned int found = 0;

	openssl_private(hash);
	e = number(hash);
	for (unsigned int i = 1; i < 20; i++) {
		BN_set_word(r, i);
		BN_add(x, p256_order, r);
		if (EC_POINT_set_compressed_coordinates(p256, point, x, 1, NULL) != 1)
			continue;
		openssl_private(sig + 32);
		BN_bin2bn(sig + 32, 32, s);
		key_for(q, point, r, s, e);
		bytes_of(sig, r);
		assert_true(openssl_verify(q, hash, 32, sig));
		assert_true(kith_p256_verify(q, hash, 32, sig));
		sig[31]++;
		assert_false(kith_p256_verify(q, hash, 32, sig));
		found++;
	}
	assert_true(found > 3);
	EC_POINT_free(point);
	BN_free(x);
	BN_free(s);
	BN_free(e);
	BN_free(r);
}

/*
 * Signatures whose two multiples, of the base and of the key, are the same
 * point, opposite ones, or the first of which is infinity.
 */
static void sums_of_special_points(void **state)
{
	u8 d[32], k[32], q[64], nonce[64], hash[32], sig[64];
	BIGNUM *dn, *kn, *r = BN_new(), *s = BN_new(), *e = BN_new();
	BN_CTX *ctx = BN_CTX_new();

	for (unsigned int i = 0; i < 20; i++) {
		openssl_private(d);
		openssl_private(k);
		openssl_public(q, d);
		openssl_public(nonce, k);
		dn = number(d);
		kn = number(k);
		BN_bin2bn(nonce, 32, r);
		BN_nnmod(r, r, p256_order, ctx);
		bytes_of(sig, r);
		/* e = r d, s = 2 r d / k */
		BN_mod_mul(e, r, dn, p256_order, ctx);
		BN_mod_inverse(s, kn, p256_order, ctx);
		BN_mod_mul(s, s, e, p256_order, ctx);
		BN_mod_lshift1(s, s, p256_order, ctx);
		bytes_of(hash, e);
		bytes_of(sig + 32, s);
		assert_true(openssl_verify(q, hash, 32, sig));
		assert_true(kith_p256_verify(q, hash, 32, sig));
		/* e = -r d: the sum is infinity, whatever s is. */
		BN_sub(e, p256_order, e);
		bytes_of(hash, e);
		assert_false(openssl_verify(q, hash, 32, sig));
		assert_false(kith_p256_verify(q, hash, 32, sig));
		/* e = 0, also as n */
		memset(hash, 0, 32);
		assert_int_equal(kith_p256_sign(sig, d, hash, 32, NULL), 0);
		assert_true(openssl_verify(q, hash, 32, sig));
		assert_true(kith_p256_verify(q, hash, 32, sig));
		bytes_of(hash, p256_order);
		assert_true(openssl_verify(q, hash, 32, sig));
		assert_true(kith_p256_verify(q, hash, 32, sig));
		BN_free(dn);
		BN_free(kn);
	}
	BN_free(r);
	BN_free(s);
	BN_free(e);
	BN_CTX_free(ctx);
}

/* Short hashes are numbers, of long ones the first 256 bits count. */
static void hashes_of_any_length(void **state)
{
	u8 d[32], q[64], hash[72], sig[64];

	openssl_private(d);
	openssl_public(q, d);
	memset(hash, 0xff, sizeof(hash));
	for (size_t len = 0; len <= sizeof(hash); len++) {
		assert_int_equal(kith_p256_sign(sig, d, hash, len, NULL), 0);
		assert_true(openssl_verify(q, hash, len, sig));
		assert_true(kith_p256_verify(q, hash, len, sig));
	}
}

/* The nonce, too, comes of the hash modulo n. */
static void hashes_above_the_order(void **state)
{
	u8 d[32], hash[32], sig[64], other[64];
	BIGNUM *e;

	openssl_private(d);
	memset(hash, 0xff, 32);
	assert_int_equal(kith_p256_sign(sig, d, hash, 32, NULL), 0);
	e = number(hash);
	BN_sub(e, e, p256_order);
	bytes_of(hash, e);
	assert_int_equal(kith_p256_sign(other, d, hash, 32, NULL), 0);
	assert_memory_equal(sig, other, 64);
	BN_free(e);
}

static void nonces_differ(void **state)
{
	const u8 hash[2][32] = { { 1 }, { 2 } };
	const u8 fresh[2][32] = { { 0 }, { 1 } };
	u8 d[32], q[64], sig[64], other[64];

	openssl_private(d);
	openssl_public(q, d);
	assert_int_equal(kith_p256_sign(sig, d, hash[0], 32, NULL), 0);
	assert_int_equal(kith_p256_sign(other, d, hash[0], 32, NULL), 0);
	assert_memory_equal(sig, other, 64);
	/* r tells the nonce: other random bytes, another hash, another key. */
	assert_int_equal(kith_p256_sign(other, d, hash[0], 32, fresh[0]), 0);
	assert_memory_not_equal(sig, other, 32);
	assert_int_equal(kith_p256_sign(sig, d, hash[0], 32, fresh[1]), 0);
	assert_memory_not_equal(sig, other, 32);
	assert_true(openssl_verify(q, hash[0], 32, sig));
	assert_int_equal(kith_p256_sign(sig, d, hash[1], 32, fresh[0]), 0);
	assert_memory_not_equal(sig, other, 32);
	openssl_private(d);
	assert_int_equal(kith_p256_sign(sig, d, hash[0], 32, fresh[0]), 0);
	assert_memory_not_equal(sig, other, 32);
}

static void no_memory_to_sign(void **state)
{
	const u8 d[32] = { 1 }, hash[32] = { 2 };
	long before = kith_mem_in_use();
	u8 sig[64];
	int err;

	for (long n = 0; n < 100; n++) {
		shim_fail_after = n;
		err = kith_p256_sign(sig, d, hash, 32, NULL);
		if (shim_fail_after >= 0)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_int_equal(kith_mem_in_use(), before);
	}
	shim_fail_after = -1;
	assert_int_equal(err, 0);
}

static void selftest_passes(void **state)
{
	assert_int_equal(kith_curve_selftest(), 0);
}

static int start(void **state)
{
	openssl_curve_init();
	assert_int_equal(kith_mem_init(), 0);
	assert_int_equal(kith_curve_init(), 0);
	return 0;
}

static int start_old(void **state)
{
	shim_old_cpu = true;
	return start(state);
}

static int end(void **state)
{
	shim_old_cpu = false;
	kith_mem_exit();
	openssl_curve_exit();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(selftest_passes),
		cmocka_unit_test(signs_as_published),
		cmocka_unit_test(verifies_what_is_published),
		cmocka_unit_test(agrees_as_published),
		cmocka_unit_test(x25519_as_published),
		cmocka_unit_test(x25519_a_thousand_times),
		cmocka_unit_test(x25519_gives_no_zero),
		cmocka_unit_test(private_keys_have_a_range),
		cmocka_unit_test(multiplies_by_awkward_scalars),
		cmocka_unit_test(points_are_on_the_curve),
		cmocka_unit_test(coordinates_have_a_range),
		cmocka_unit_test(signatures_have_a_range),
		cmocka_unit_test(no_number_has_a_second_form),
		cmocka_unit_test(x_may_exceed_the_order),
		cmocka_unit_test(sums_of_special_points),
		cmocka_unit_test(hashes_of_any_length),
		cmocka_unit_test(hashes_above_the_order),
		cmocka_unit_test(nonces_differ),
		cmocka_unit_test(no_memory_to_sign),
	};
	int failed = cmocka_run_group_tests_name("this processor", tests, start, end);

	return failed + cmocka_run_group_tests_name("without ADX and BMI2", tests, start_old, end);
}
