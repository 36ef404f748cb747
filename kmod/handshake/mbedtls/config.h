/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mbed TLS as Kith builds it: TLS 1.3 only, mutual ECDSA, nothing else.
 * Each option is described in the library's include/mbedtls/mbedtls_config.h.
 */
#ifndef _KITH_MBEDTLS_CONFIG_H
#define _KITH_MBEDTLS_CONFIG_H

/* Platform: memory.c, platform.c and aes.c of kmod/handshake. */
#define MBEDTLS_HAVE_ASM		/* multiplication: integer registers only */
#define MBEDTLS_NO_UDBL_DIVISION	/* the kernel has no __udivti3 */
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO	kith_mem_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO	kith_mem_free
#define MBEDTLS_PLATFORM_ZEROIZE_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO long long
#define MBEDTLS_PLATFORM_TIME_MACRO	kith_mbedtls_time
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_ALT

extern void *kith_mem_calloc(unsigned long count, unsigned long size);
extern void kith_mem_free(void *mem);
extern long long kith_mbedtls_time(long long *out);

/* Cryptography, through PSA: what it offers is in psa_config.h. */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_CONFIG
#define MBEDTLS_PSA_CRYPTO_CONFIG_FILE	"handshake/mbedtls/psa_config.h"
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_PSA_KEY_STORE_DYNAMIC
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS
#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_CIPHER_C
#define MBEDTLS_MD_C
#define MBEDTLS_AES_ALT			/* the library's AES leaks through the cache */
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_WINDOW_SIZE		4
#define MBEDTLS_ECP_FIXED_POINT_OPTIM	1

/* P-256 and X25519 by kmod/handshake/curve: for P-256 see psa_platform.h. */
#ifdef KITH_S2N_BIGNUM
#define MBEDTLS_PSA_CRYPTO_PLATFORM_FILE "handshake/mbedtls/psa_platform.h"
#define MBEDTLS_ECDH_COMPUTE_SHARED_ALT
#endif

/* Certificates. */
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CRT_WRITE_C
#define MBEDTLS_X509_CSR_WRITE_C
#define MBEDTLS_X509_REMOVE_INFO

/* TLS. No tickets, no resumption, no early data. */
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_SRV_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES

/*
 * Buffers fit classes of memory.c with the library's 64 bytes of overhead and
 * our header. A peer's handshake record of the last 72 bytes below 2^14 is
 * refused; only a chain of that size has use for one.
 */
#define MBEDTLS_SSL_IN_CONTENT_LEN	(16384 - 72)
#define MBEDTLS_SSL_OUT_CONTENT_LEN	(8192 - 72)

#endif
