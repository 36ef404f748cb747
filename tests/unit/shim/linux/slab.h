/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

/*
 * Slab caches on malloc, so that the sanitiser sees each object. Tests can
 * make an allocation fail, and look at what is freed.
 */
#include <linux/types.h>

#define GFP_KERNEL	0u
#define GFP_ATOMIC	0u
#define __GFP_NOWARN	0u

struct kmem_cache;

#define SLAB_NO_MERGE	0u

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *));
void kmem_cache_destroy(struct kmem_cache *cache);
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);
void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *cache, void *object);

void *kmalloc(size_t size, gfp_t gfp);
void *kzalloc(size_t size, gfp_t gfp);
void kfree(const void *mem);
void kfree_sensitive(const void *mem);
void *kvzalloc(size_t size, gfp_t gfp);
void kvfree(const void *mem);

/* Allocations until one fails; negative: none does. */
extern long shim_fail_after;
/* Seen before an object of a cache is freed; NULL: nobody looks. */
extern void (*shim_on_free)(const void *object, size_t size);

#endif
