/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_STDDEF_H
#define _KITH_LIBC_STDDEF_H

#include <linux/stddef.h>

#endif
