/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_ASSERT_H
#define _KITH_LIBC_ASSERT_H

#include <linux/bug.h>

#define assert(condition) WARN_ON_ONCE(!(condition))

#endif
