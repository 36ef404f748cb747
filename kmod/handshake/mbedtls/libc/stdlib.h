/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_STDLIB_H
#define _KITH_LIBC_STDLIB_H

#include <linux/types.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1

#endif
