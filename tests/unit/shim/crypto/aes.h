/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_CRYPTO_AES_H
#define _SHIM_CRYPTO_AES_H

#include <linux/types.h>

struct crypto_aes_ctx {
	u8 key[32];
	unsigned int key_length;
};

int aes_expandkey(struct crypto_aes_ctx *ctx, const u8 *key, unsigned int len);
void aes_encrypt(const struct crypto_aes_ctx *ctx, u8 *out, const u8 *in);
void aes_decrypt(const struct crypto_aes_ctx *ctx, u8 *out, const u8 *in);

#endif
