// SPDX-License-Identifier: Apache-2.0
/* What the shim's headers declare: enough of the kernel to test its code here. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/aes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <asm/cpufeature.h>
#include <crypto/aes.h>
#include <linux/bug.h>
#include <linux/errno.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

long shim_fail_after = -1;
void (*shim_on_free)(const void *object, size_t size);
time64_t shim_clock_offset;
bool shim_old_cpu;

struct kmem_cache {
	unsigned int size;
	long live;
};

static bool fails(void)
{
	if (shim_fail_after < 0)
		return false;
	return shim_fail_after-- == 0;
}

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*ctor)(void *))
{
	struct kmem_cache *cache;

	if (fails())
		return NULL;
	cache = calloc(1, sizeof(*cache));
	if (cache)
		cache->size = size;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache)
		WARN_ON(cache->live);
	free(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	if (fails())
		return NULL;
	__atomic_add_fetch(&cache->live, 1, __ATOMIC_SEQ_CST);
	return malloc(cache->size);
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = kmem_cache_alloc(cache, gfp);

	if (object)
		memset(object, 0, cache->size);
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (shim_on_free)
		shim_on_free(object, cache->size);
	__atomic_sub_fetch(&cache->live, 1, __ATOMIC_SEQ_CST);
	free(object);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	return fails() ? NULL : malloc(size);
}

void *kzalloc(size_t size, gfp_t gfp)
{
	return fails() ? NULL : calloc(1, size);
}

void kfree(const void *mem)
{
	free((void *)mem);
}

void kfree_sensitive(const void *mem)
{
	free((void *)mem);
}

void *kvzalloc(size_t size, gfp_t gfp)
{
	return kzalloc(size, gfp);
}

void kvfree(const void *mem)
{
	kfree(mem);
}

void get_random_bytes(void *buf, size_t len)
{
	u8 *p = buf;
	ssize_t n;

	for (; len; len -= n, p += n) {
		n = getrandom(p, len, 0);
		if (n < 0)
			abort();
	}
}

int aes_expandkey(struct crypto_aes_ctx *ctx, const u8 *key, unsigned int len)
{
	if (len != 16 && len != 24 && len != 32)
		return -EINVAL;
	memcpy(ctx->key, key, len);
	ctx->key_length = len;
	return 0;
}

void aes_encrypt(const struct crypto_aes_ctx *ctx, u8 *out, const u8 *in)
{
	AES_KEY key;

	AES_set_encrypt_key(ctx->key, ctx->key_length * 8, &key);
	AES_encrypt(in, out, &key);
}

void aes_decrypt(const struct crypto_aes_ctx *ctx, u8 *out, const u8 *in)
{
	AES_KEY key;

	AES_set_decrypt_key(ctx->key, ctx->key_length * 8, &key);
	AES_decrypt(in, out, &key);
}
