/* SPDX-License-Identifier: GPL-2.0-only */
/* Included by the library; the functions are in aes.c. */
#ifndef _KITH_AES_ALT_H
#define _KITH_AES_ALT_H

#include <crypto/aes.h>

typedef struct mbedtls_aes_context {
	struct crypto_aes_ctx key;
} mbedtls_aes_context;

#endif
