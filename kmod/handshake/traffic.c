// SPDX-License-Identifier: GPL-2.0-only
/* Traffic keys from traffic secrets (RFC 8446 7.3). */
#include <linux/errno.h>
#include <linux/string.h>

#include "mbedtls/ssl_ciphersuites.h"
#include "ssl_misc.h"
#include "ssl_tls13_keys.h"

#include "internal.h"

static void fill(struct kith_tls_traffic *traffic, const u8 *key, size_t key_len,
		 const u8 *iv, size_t iv_len)
{
	memcpy(traffic->key, key, key_len);
	memcpy(traffic->iv, iv, iv_len);
	traffic->seq = 0;
}

static size_t key_length(u16 suite)
{
	switch (suite) {
	case MBEDTLS_TLS1_3_AES_128_GCM_SHA256:
		return 16;
	case MBEDTLS_TLS1_3_AES_256_GCM_SHA384:
	case MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256:
		return 32;
	default:
		return 0;
	}
}

int kith_traffic_keys(const struct kith_secrets *secrets, bool server,
		      struct kith_tls_keys *keys)
{
	struct kith_tls_traffic *client_side = server ? &keys->rx : &keys->tx;
	struct kith_tls_traffic *server_side = server ? &keys->tx : &keys->rx;
	const size_t key_len = key_length(secrets->suite);
	const psa_algorithm_t hash =
		secrets->suite == MBEDTLS_TLS1_3_AES_256_GCM_SHA384 ? PSA_ALG_SHA_384 :
								       PSA_ALG_SHA_256;
	mbedtls_ssl_key_set set;
	int err;

	memset(keys, 0, sizeof(*keys));
	if (!secrets->len || !key_len)
		return -ENODATA;
	err = kith_errno(mbedtls_ssl_tls13_make_traffic_keys(hash, secrets->client,
							     secrets->server, secrets->len,
							     key_len, 12, &set));
	if (!err) {
		keys->cipher_suite = secrets->suite;
		fill(client_side, set.client_write_key, key_len, set.client_write_iv, 12);
		fill(server_side, set.server_write_key, key_len, set.server_write_iv, 12);
	}
	memzero_explicit(&set, sizeof(set));
	return err;
}
