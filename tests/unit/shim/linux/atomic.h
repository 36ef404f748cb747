/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_ATOMIC_H
#define _SHIM_LINUX_ATOMIC_H

typedef struct {
	long counter;
} atomic_long_t;

static inline void atomic_long_add(long n, atomic_long_t *v)
{
	__atomic_add_fetch(&v->counter, n, __ATOMIC_SEQ_CST);
}

static inline void atomic_long_sub(long n, atomic_long_t *v)
{
	__atomic_sub_fetch(&v->counter, n, __ATOMIC_SEQ_CST);
}

static inline long atomic_long_read(const atomic_long_t *v)
{
	return __atomic_load_n(&v->counter, __ATOMIC_SEQ_CST);
}

#endif
