/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_STDBOOL_H
#define _KITH_LIBC_STDBOOL_H

#include <linux/types.h>

#endif
