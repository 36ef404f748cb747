/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_TIME_H
#define _KITH_LIBC_TIME_H

#include <linux/time.h>

#endif
