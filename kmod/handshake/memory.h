/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory for keys and handshakes: slab caches of our own that no copy to or
 * from userspace may touch (HARDENED_USERCOPY), zeroised when freed. The
 * library allocates here too.
 */
#ifndef _KITH_HANDSHAKE_MEMORY_H
#define _KITH_HANDSHAKE_MEMORY_H

#include <linux/list.h>
#include <linux/types.h>

struct task_struct;

int kith_mem_init(void);
void kith_mem_exit(void);

/**
 * kith_mem_zalloc - zeroed memory
 * @size: bytes
 *
 * Up to 16 KiB are of our own caches. More, up to 8 MiB, is for tables that hold no
 * secret. Process context, may sleep. NULL when there is none or @size is too large.
 */
void *kith_mem_zalloc(size_t size);

/** kith_mem_free - zeroise and free; NULL is allowed */
void kith_mem_free(void *mem);

/** kith_mem_calloc - kith_mem_zalloc() of @count times @size, for the library */
void *kith_mem_calloc(unsigned long count, unsigned long size);

/*
 * The library mistakes some failures to allocate for bad signatures. A scope
 * tells whether one failed for the task that opened it, since it did.
 */
struct kith_mem_scope {
	struct list_head node;		/* scopes_lock */
	struct task_struct *task;
	bool failed;
};

void kith_mem_begin(struct kith_mem_scope *scope);
/* Ends @scope. @err, or -ENOMEM where @err is an error and memory was short. */
int kith_mem_end(struct kith_mem_scope *scope, int err);

/** kith_mem_in_use - bytes asked for and not yet freed */
long kith_mem_in_use(void);

#endif
