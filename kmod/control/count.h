/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many objects of each kind live. At unload none may: what is left is
 * printed as "kith: leak: N <what>", which fails a test run.
 */
#ifndef _KITH_CONTROL_COUNT_H
#define _KITH_CONTROL_COUNT_H

#include <linux/atomic.h>

enum kith_object {
	KITH_OBJECT_PROCESS,
	KITH_OBJECT_PROGRAM,
	KITH_OBJECT_CREDENTIAL,
	KITH_OBJECT_SVID,
	KITH_OBJECT_CONFIG,
	KITH_OBJECT_CA,
	KITH_OBJECT_SHARE,
	KITH_OBJECT_RUN,

	KITH_OBJECT_COUNT
};

extern atomic_t kith_objects[KITH_OBJECT_COUNT];

static inline void kith_object_born(enum kith_object object)
{
	atomic_inc(&kith_objects[object]);
}

static inline void kith_object_gone(enum kith_object object)
{
	atomic_dec(&kith_objects[object]);
}

static inline unsigned int kith_object_alive(enum kith_object object)
{
	return atomic_read(&kith_objects[object]);
}

/* Prints what is left. After everything has been freed. */
void kith_object_report(void);

#endif
