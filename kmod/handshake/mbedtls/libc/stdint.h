/* SPDX-License-Identifier: GPL-2.0-only */
/* Of libc, what Mbed TLS needs, from the kernel. */
#ifndef _KITH_LIBC_STDINT_H
#define _KITH_LIBC_STDINT_H

#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/types.h>

/* The kernel's are casts, which #if does not take. */
#undef SIZE_MAX
#undef UINTPTR_MAX
#define SIZE_MAX	__SIZE_MAX__
#define UINTPTR_MAX	__UINTPTR_MAX__
#define INT8_MAX	0x7f
#define INT16_MAX	0x7fff
#define INT32_MAX	0x7fffffff
#define INT64_MAX	0x7fffffffffffffffLL
#define UINT8_MAX	0xff
#define UINT16_MAX	0xffff
#define UINT32_MAX	0xffffffffU
#define UINT64_MAX	0xffffffffffffffffULL
#define UINT64_C(value)	value##ULL

#endif
