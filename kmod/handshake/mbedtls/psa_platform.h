/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Read by psa/crypto.h in place of psa/crypto_platform.h.
 *
 * The driver is switched on here and not in config.h: there it would tell that
 * the library's own P-256 may go, which what parses certificates still needs,
 * and a configuration with some curves in a driver and some not is refused.
 */
#ifndef _KITH_PSA_PLATFORM_H
#define _KITH_PSA_PLATFORM_H

#include "psa/crypto_platform.h"

#define MBEDTLS_PSA_P256M_DRIVER_ENABLED

#endif
