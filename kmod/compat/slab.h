/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slab flags that moved between kernels.
 */
#ifndef _KITH_COMPAT_SLAB_H
#define _KITH_COMPAT_SLAB_H

#include <linux/slab.h>

/* 6.5 (d0bf7d5759c1): a flag for it. Before, this one has the same effect. */
#ifndef SLAB_NO_MERGE
#define SLAB_NO_MERGE	SLAB_NOLEAKTRACE
#endif

#endif
