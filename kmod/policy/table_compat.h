/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What table.c needs of the kernel and of userspace. */
#ifndef _KITH_POLICY_TABLE_COMPAT_H
#define _KITH_POLICY_TABLE_COMPAT_H

#include <linux/types.h>

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <asm/byteorder.h>
#else
#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define le16_to_cpu(x) le16toh(x)
#define le32_to_cpu(x) le32toh(x)
#define cpu_to_le16(x) htole16(x)
#define cpu_to_le32(x) htole32(x)
#endif

#include <linux/kith.h>

#endif
