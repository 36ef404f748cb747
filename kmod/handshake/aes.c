// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library's AES, from the kernel's crypto library: small tables that are
 * pulled into the cache before use, so that timing tells little of the key.
 */
#include <crypto/aes.h>
#include <linux/string.h>

#include "mbedtls/aes.h"

void mbedtls_aes_init(mbedtls_aes_context *ctx)
{
	memset(ctx, 0, sizeof(*ctx));
}

void mbedtls_aes_free(mbedtls_aes_context *ctx)
{
	if (ctx)
		memzero_explicit(ctx, sizeof(*ctx));
}

static int set_key(mbedtls_aes_context *ctx, const unsigned char *key,
		   unsigned int keybits)
{
	if (aes_expandkey(&ctx->key, key, keybits / 8))
		return MBEDTLS_ERR_AES_INVALID_KEY_LENGTH;
	return 0;
}

int mbedtls_aes_setkey_enc(mbedtls_aes_context *ctx, const unsigned char *key,
			   unsigned int keybits)
{
	return set_key(ctx, key, keybits);
}

int mbedtls_aes_setkey_dec(mbedtls_aes_context *ctx, const unsigned char *key,
			   unsigned int keybits)
{
	return set_key(ctx, key, keybits);
}

int mbedtls_aes_crypt_ecb(mbedtls_aes_context *ctx, int mode,
			  const unsigned char input[16], unsigned char output[16])
{
	if (mode == MBEDTLS_AES_ENCRYPT)
		aes_encrypt(&ctx->key, output, input);
	else
		aes_decrypt(&ctx->key, output, input);
	return 0;
}
