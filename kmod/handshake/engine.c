// SPDX-License-Identifier: GPL-2.0-only
#include <linux/errno.h>
#include <linux/kernel.h>

#include "mbedtls/ssl.h"

#include "curve/curve.h"
#include "internal.h"
#include "platform.h"

int kith_engine_init(void)
{
	int err;

	err = kith_mem_init();
	if (err)
		return err;
	kith_platform_init();
	err = kith_curve_init();
	if (err)
		goto err_platform;
	if (psa_crypto_init() == PSA_SUCCESS)
		return 0;
	err = -ENOMEM;
err_platform:
	kith_platform_exit();
	kith_mem_exit();
	return err;
}

void kith_engine_exit(void)
{
	mbedtls_psa_crypto_free();
	kith_platform_exit();
	WARN_ON_ONCE(kith_mem_in_use());
	kith_mem_exit();
}

int kith_errno(int ret)
{
	switch (ret) {
	case 0:
		return 0;
	case MBEDTLS_ERR_SSL_ALLOC_FAILED:
	case MBEDTLS_ERR_X509_ALLOC_FAILED:
	case MBEDTLS_ERR_PK_ALLOC_FAILED:
	case MBEDTLS_ERR_ASN1_ALLOC_FAILED:
	case MBEDTLS_ERR_X509_INVALID_EXTENSIONS + MBEDTLS_ERR_ASN1_ALLOC_FAILED:
	case PSA_ERROR_INSUFFICIENT_MEMORY:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}
