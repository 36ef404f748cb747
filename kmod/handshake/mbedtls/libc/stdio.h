/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_STDIO_H
#define _KITH_LIBC_STDIO_H

#include <linux/kernel.h>

#endif
