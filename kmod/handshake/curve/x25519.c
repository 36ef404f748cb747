// SPDX-License-Identifier: GPL-2.0-only
/*
 * X25519. The library's drivers know no such curve; its ECDH takes another
 * function instead (MBEDTLS_ECDH_COMPUTE_SHARED_ALT).
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "mbedtls/ecdh.h"
#include "mbedtls/error.h"

#include "curve.h"
#include "s2n.h"

void kith_x25519_public(u8 q[32], const u8 d[32])
{
	static const u8 base[32] = {9};

	if (kith_curve_adx)
		curve25519_x25519base_byte(q, d);
	else
		curve25519_x25519_byte_alt(q, d, base);
}

bool kith_x25519_shared(u8 secret[32], const u8 d[32], const u8 q[32])
{
	u64 words[4];
	bool ok;

	KITH_S2N(curve25519_x25519_byte, (u8 *)words, d, q);
	ok = !words_zero(words);
	memcpy(secret, words, 32);
	memzero_explicit(words, sizeof(words));
	return ok;
}

static int x25519(mbedtls_mpi *z, const mbedtls_ecp_point *q, const mbedtls_mpi *d)
{
	u8 private[32], public[32], secret[32];
	int err;

	err = mbedtls_mpi_write_binary_le(d, private, sizeof(private));
	if (!err)
		err = mbedtls_mpi_write_binary_le(&q->X, public, sizeof(public));
	if (!err && !kith_x25519_shared(secret, private, public))
		err = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
	if (!err)
		err = mbedtls_mpi_read_binary_le(z, secret, sizeof(secret));
	kith_curve_wipe_stack();
	memzero_explicit(private, sizeof(private));
	memzero_explicit(secret, sizeof(secret));
	return err;
}

/* The x of @d times @q, as the library computes it (SEC 1 3.3.1). */
static int weierstrass(mbedtls_ecp_group *group, mbedtls_mpi *z, const mbedtls_ecp_point *q,
		       const mbedtls_mpi *d, int (*rng)(void *, unsigned char *, size_t), void *arg)
{
	mbedtls_ecp_point common;
	int err;

	mbedtls_ecp_point_init(&common);
	err = mbedtls_ecp_mul(group, &common, d, q, rng, arg);
	if (!err && mbedtls_ecp_is_zero(&common))
		err = MBEDTLS_ERR_ECP_BAD_INPUT_DATA;
	if (!err)
		err = mbedtls_mpi_copy(z, &common.X);
	mbedtls_ecp_point_free(&common);
	return err;
}

int mbedtls_ecdh_compute_shared(mbedtls_ecp_group *group, mbedtls_mpi *z,
				const mbedtls_ecp_point *q, const mbedtls_mpi *d,
				int (*rng)(void *, unsigned char *, size_t), void *arg)
{
	if (group->id == MBEDTLS_ECP_DP_CURVE25519)
		return x25519(z, q, d);
	return weierstrass(group, z, q, d, rng, arg);
}
