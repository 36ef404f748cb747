/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_REFCOUNT_H
#define _SHIM_LINUX_REFCOUNT_H

#include <linux/bug.h>
#include <linux/types.h>

typedef struct {
	int refs;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	__atomic_store_n(&r->refs, n, __ATOMIC_SEQ_CST);
}

static inline void refcount_inc(refcount_t *r)
{
	WARN_ON_ONCE(__atomic_fetch_add(&r->refs, 1, __ATOMIC_SEQ_CST) <= 0);
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	int left = __atomic_sub_fetch(&r->refs, 1, __ATOMIC_SEQ_CST);

	WARN_ON_ONCE(left < 0);
	return !left;
}

#endif
