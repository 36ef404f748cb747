// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's driver for P-256, in the place it keeps for p256-m: it asks
 * here first whenever a key of that curve is made, read or used. Keys are as PSA
 * exports them: 32 bytes, or 0x04 and a point.
 *
 * A key is checked whenever it is used, not only when it is read.
 */
#include <linux/errno.h>
#include <linux/random.h>
#include <linux/string.h>

#include "psa/crypto.h"
#include "../3rdparty/p256-m/p256-m_driver_entrypoints.h"

#include "curve.h"
#include "p256.h"

#define PRIVATE_LEN	32
#define PUBLIC_LEN	65
#define SIGNATURE_LEN	64
#define X25519_LEN	32

/* Of 2^32 random numbers one is no private key. */
#define ATTEMPTS	8

static bool is_p256(const psa_key_attributes_t *attributes)
{
	size_t bits = psa_get_key_bits(attributes);
	psa_key_type_t type = psa_get_key_type(attributes);

	/* 0: a key being read tells its size by itself. */
	return PSA_KEY_TYPE_IS_ECC(type) &&
	       PSA_KEY_TYPE_ECC_GET_FAMILY(type) == PSA_ECC_FAMILY_SECP_R1 &&
	       (!bits || bits == 256);
}

static bool is_private(const psa_key_attributes_t *attributes)
{
	return PSA_KEY_TYPE_IS_ECC_KEY_PAIR(psa_get_key_type(attributes));
}

static bool is_x25519_private(const psa_key_attributes_t *attributes)
{
	return psa_get_key_type(attributes) ==
		       PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_MONTGOMERY) &&
	       psa_get_key_bits(attributes) == 255;
}

static bool private_ok(const u8 *key, size_t len)
{
	return len == PRIVATE_LEN && kith_p256_private_ok(key);
}

static bool public_ok(const u8 *key, size_t len)
{
	return len == PUBLIC_LEN && key[0] == 4 && kith_p256_public_ok(key + 1);
}

static psa_status_t copy_key(const u8 *key, size_t len, u8 *out, size_t size, size_t *out_len)
{
	if (size < len)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	memcpy(out, key, len);
	*out_len = len;
	return PSA_SUCCESS;
}

psa_status_t p256_transparent_import_key(const psa_key_attributes_t *attributes, const u8 *data,
					 size_t len, u8 *key, size_t size, size_t *key_len,
					 size_t *bits)
{
	bool private = is_private(attributes);

	/* Of keys of untold size those of the right length are P-256. */
	if (!is_p256(attributes) || (*bits != 256 && len != (private ? PRIVATE_LEN : PUBLIC_LEN)))
		return PSA_ERROR_NOT_SUPPORTED;
	if (private ? !private_ok(data, len) : !public_ok(data, len))
		return PSA_ERROR_INVALID_ARGUMENT;
	*bits = 256;
	return copy_key(data, len, key, size, key_len);
}

static psa_status_t x25519_public(const u8 *key, size_t len, u8 *out, size_t size, size_t *out_len)
{
	if (len != X25519_LEN)
		return PSA_ERROR_INVALID_ARGUMENT;
	if (size < X25519_LEN)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	kith_x25519_public(out, key);
	kith_curve_wipe_stack();
	*out_len = X25519_LEN;
	return PSA_SUCCESS;
}

static psa_status_t p256_public(const u8 *key, size_t len, u8 *out, size_t size, size_t *out_len)
{
	bool ok;

	if (len != PRIVATE_LEN)
		return PSA_ERROR_INVALID_ARGUMENT;
	if (size < PUBLIC_LEN)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	out[0] = 4;
	ok = kith_p256_public(out + 1, key);
	kith_curve_wipe_stack();
	if (!ok)
		return PSA_ERROR_INVALID_ARGUMENT;
	*out_len = PUBLIC_LEN;
	return PSA_SUCCESS;
}

psa_status_t p256_transparent_export_public_key(const psa_key_attributes_t *attributes,
						const u8 *key, size_t len, u8 *out, size_t size,
						size_t *out_len)
{
	if (is_x25519_private(attributes))
		return x25519_public(key, len, out, size, out_len);
	if (!is_p256(attributes))
		return PSA_ERROR_NOT_SUPPORTED;
	if (is_private(attributes))
		return p256_public(key, len, out, size, out_len);
	return copy_key(key, len, out, size, out_len);
}

psa_status_t p256_transparent_generate_key(const psa_key_attributes_t *attributes, u8 *key,
					   size_t size, size_t *len)
{
	int attempt;

	if (size < PRIVATE_LEN)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	for (attempt = 0; attempt < ATTEMPTS; attempt++) {
		get_random_bytes(key, PRIVATE_LEN);
		if (private_ok(key, PRIVATE_LEN)) {
			*len = PRIVATE_LEN;
			return PSA_SUCCESS;
		}
	}
	return PSA_ERROR_INSUFFICIENT_ENTROPY;
}

psa_status_t p256_transparent_key_agreement(const psa_key_attributes_t *attributes, const u8 *key,
					    size_t len, psa_algorithm_t alg, const u8 *peer,
					    size_t peer_len, u8 *secret, size_t size,
					    size_t *secret_len)
{
	bool ok;

	if (!is_private(attributes) || len != PRIVATE_LEN || peer_len != PUBLIC_LEN || peer[0] != 4)
		return PSA_ERROR_INVALID_ARGUMENT;
	if (size < 32)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	ok = kith_p256_shared(secret, key, peer + 1);
	kith_curve_wipe_stack();
	if (!ok)
		return PSA_ERROR_INVALID_ARGUMENT;
	*secret_len = 32;
	return PSA_SUCCESS;
}

psa_status_t p256_transparent_sign_hash(const psa_key_attributes_t *attributes, const u8 *key,
					size_t len, psa_algorithm_t alg, const u8 *hash,
					size_t hash_len, u8 *sig, size_t size, size_t *sig_len)
{
	u8 fresh[32];
	int err;

	if (!is_private(attributes) || len != PRIVATE_LEN)
		return PSA_ERROR_INVALID_ARGUMENT;
	if (size < SIGNATURE_LEN)
		return PSA_ERROR_BUFFER_TOO_SMALL;
	get_random_bytes(fresh, sizeof(fresh));
	err = kith_p256_sign(sig, key, hash, hash_len, fresh);
	kith_curve_wipe_stack();
	memzero_explicit(fresh, sizeof(fresh));
	if (err)
		return err == -ENOMEM ? PSA_ERROR_INSUFFICIENT_MEMORY : PSA_ERROR_INVALID_ARGUMENT;
	*sig_len = SIGNATURE_LEN;
	return PSA_SUCCESS;
}

/* The public key of either kind of key. */
static psa_status_t public_of(const psa_key_attributes_t *attributes, const u8 *key, size_t len,
			      u8 public[PUBLIC_LEN])
{
	size_t public_len;

	if (is_private(attributes))
		return p256_public(key, len, public, PUBLIC_LEN, &public_len);
	if (len != PUBLIC_LEN || key[0] != 4)
		return PSA_ERROR_INVALID_ARGUMENT;
	return copy_key(key, len, public, PUBLIC_LEN, &public_len);
}

psa_status_t p256_transparent_verify_hash(const psa_key_attributes_t *attributes, const u8 *key,
					  size_t len, psa_algorithm_t alg, const u8 *hash,
					  size_t hash_len, const u8 *sig, size_t sig_len)
{
	u8 public[PUBLIC_LEN];
	psa_status_t status = public_of(attributes, key, len, public);

	if (status != PSA_SUCCESS)
		return status;
	if (sig_len != SIGNATURE_LEN || !kith_p256_verify(public + 1, hash, hash_len, sig))
		return PSA_ERROR_INVALID_SIGNATURE;
	return PSA_SUCCESS;
}
