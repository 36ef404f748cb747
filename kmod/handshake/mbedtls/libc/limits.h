/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_LIMITS_H
#define _KITH_LIBC_LIMITS_H

#include <linux/limits.h>
#include <stdint.h>

/* The kernel's are casts, which #if does not take. */
#undef INT_MAX
#undef INT_MIN
#undef UINT_MAX
#undef LONG_MAX
#undef ULONG_MAX
#define INT_MAX		__INT_MAX__
#define INT_MIN		(-__INT_MAX__ - 1)
#define UINT_MAX	(__INT_MAX__ * 2U + 1U)
#define LONG_MAX	__LONG_MAX__
#define ULONG_MAX	(__LONG_MAX__ * 2UL + 1UL)
#define CHAR_BIT	8
#define UCHAR_MAX	255

#endif
