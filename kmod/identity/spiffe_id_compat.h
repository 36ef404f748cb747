/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What spiffe_id.c needs of the kernel and of userspace. */
#ifndef _KITH_IDENTITY_SPIFFE_ID_COMPAT_H
#define _KITH_IDENTITY_SPIFFE_ID_COMPAT_H

#ifdef __KERNEL__
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#endif
#endif

#include <linux/kith.h>

#endif
