// SPDX-License-Identifier: GPL-2.0-only
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../compat/slab.h"
#include "memory.h"

/* In front of each allocation. */
struct block {
	u32 size;			/* of data */
	u32 class;
	u8 data[] __aligned(8);
};

static struct {
	const char *const name;
	const unsigned int size;	/* of the whole block */
	struct kmem_cache *cache;
} classes[] = {
	{"kith_32", 32},
	{"kith_64", 64},
	{"kith_128", 128},
	{"kith_256", 256},
	{"kith_512", 512},
	{"kith_1024", 1024},
	{"kith_2048", 2048},
	{"kith_4352", 4352},		/* a certificate of KITH_CERT_MAX */
	{"kith_8192", 8192},		/* outgoing records */
	{"kith_16384", 16384},		/* incoming records */
};

/* More than the caches have. Only the library's key store asks for it: tables that
 * double as keys become more, and that point to keys without holding any. This
 * much is one for 131,072 keys.
 */
#define CLASS_LARGE	ARRAY_SIZE(classes)
#define LARGE_MAX	SZ_8M

static atomic_long_t in_use;

static LIST_HEAD(scopes);
static DEFINE_SPINLOCK(scopes_lock);

void kith_mem_begin(struct kith_mem_scope *scope)
{
	scope->task = current;
	scope->failed = false;
	spin_lock(&scopes_lock);
	list_add(&scope->node, &scopes);
	spin_unlock(&scopes_lock);
}

int kith_mem_end(struct kith_mem_scope *scope, int err)
{
	spin_lock(&scopes_lock);
	list_del(&scope->node);
	spin_unlock(&scopes_lock);
	return err < 0 && scope->failed ? -ENOMEM : err;
}

static void *fail(void)
{
	struct kith_mem_scope *scope;

	spin_lock(&scopes_lock);
	list_for_each_entry(scope, &scopes, node)
		if (scope->task == current)
			scope->failed = true;
	spin_unlock(&scopes_lock);
	return NULL;
}

int kith_mem_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		/* Not shared with what others allocate of the same size;
		 * kmem_cache_create() gives no usercopy window. */
		classes[i].cache = kmem_cache_create(classes[i].name, classes[i].size,
						     __alignof__(struct block),
						     SLAB_NO_MERGE, NULL);
		if (!classes[i].cache) {
			kith_mem_exit();
			return -ENOMEM;
		}
	}
	return 0;
}

void kith_mem_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		kmem_cache_destroy(classes[i].cache);
		classes[i].cache = NULL;
	}
}

static struct block *block_alloc(unsigned int class, size_t size)
{
	if (class < CLASS_LARGE)
		return kmem_cache_zalloc(classes[class].cache, GFP_KERNEL | __GFP_NOWARN);
	if (size > LARGE_MAX)
		return NULL;
	return kvzalloc(sizeof(struct block) + size, GFP_KERNEL | __GFP_NOWARN);
}

void *kith_mem_zalloc(size_t size)
{
	struct block *block;
	unsigned int i = 0;

	while (i < CLASS_LARGE && classes[i].size - sizeof(*block) < size)
		i++;
	block = block_alloc(i, size);
	if (!block)
		return fail();
	block->size = size;
	block->class = i;
	atomic_long_add(size, &in_use);
	return block->data;
}

void kith_mem_free(void *mem)
{
	struct block *block;

	if (!mem)
		return;
	block = container_of(mem, struct block, data);
	if (WARN_ON_ONCE(block->class > CLASS_LARGE))
		return;
	atomic_long_sub(block->size, &in_use);
	memzero_explicit(block->data, block->size);
	if (block->class == CLASS_LARGE)
		kvfree(block);
	else
		kmem_cache_free(classes[block->class].cache, block);
}

void *kith_mem_calloc(unsigned long count, unsigned long size)
{
	size_t bytes;

	if (check_mul_overflow((size_t)count, (size_t)size, &bytes))
		return fail();
	return kith_mem_zalloc(bytes);
}

long kith_mem_in_use(void)
{
	return atomic_long_read(&in_use);
}
