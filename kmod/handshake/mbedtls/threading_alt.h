/* SPDX-License-Identifier: GPL-2.0-only */
/* Included by the library; the functions are in platform.c. */
#ifndef _KITH_THREADING_ALT_H
#define _KITH_THREADING_ALT_H

#include <linux/mutex.h>

typedef struct mutex mbedtls_threading_mutex_t;

#endif
