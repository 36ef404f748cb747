// SPDX-License-Identifier: GPL-2.0-only
/* What the library asks of its platform. */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/time.h>
#include <linux/types.h>

#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/threading.h"
#include "psa/crypto.h"

#include "platform.h"

/*
 * The library's mutexes are global and few, and are taken within one another:
 * each needs a lockdep class of its own.
 */
#define LOCK_KEYS 8
static struct lock_class_key lock_keys[LOCK_KEYS];
static unsigned int lock_count;

static void library_lock_init(mbedtls_threading_mutex_t *lock)
{
	__mutex_init(lock, "kith_mbedtls", &lock_keys[lock_count++ % LOCK_KEYS]);
}

static void library_lock_free(mbedtls_threading_mutex_t *lock)
{
	mutex_destroy(lock);
}

static int library_lock_take(mbedtls_threading_mutex_t *lock)
{
	mutex_lock(lock);
	return 0;
}

static int library_lock_release(mbedtls_threading_mutex_t *lock)
{
	mutex_unlock(lock);
	return 0;
}

void kith_platform_init(void)
{
	lock_count = 0;
	mbedtls_threading_set_alt(library_lock_init, library_lock_free,
				  library_lock_take, library_lock_release);
}

void kith_platform_exit(void)
{
	mbedtls_threading_free_alt();
}

/* Validity is judged by the clock people set. */
long long kith_mbedtls_time(long long *out)
{
	long long now = ktime_get_real_seconds();

	if (out)
		*out = now;
	return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
	return ktime_to_ms(ktime_get_boottime());
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *time, struct tm *out)
{
	time64_to_tm(*time, 0, out);
	return out;
}

void mbedtls_platform_zeroize(void *buf, size_t len)
{
	memzero_explicit(buf, len);
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
					     u8 *out, size_t size, size_t *len)
{
	get_random_bytes(out, size);
	*len = size;
	return PSA_SUCCESS;
}
