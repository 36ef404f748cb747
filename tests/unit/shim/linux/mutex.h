/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_MUTEX_H
#define _SHIM_LINUX_MUTEX_H

#include <pthread.h>

struct mutex {
	pthread_mutex_t lock;
};

struct lock_class_key {
	char unused;
};

static inline void __mutex_init(struct mutex *mutex, const char *name, struct lock_class_key *key)
{
	pthread_mutex_init(&mutex->lock, NULL);
}

#define mutex_init(mutex) __mutex_init(mutex, #mutex, NULL)

static inline void mutex_destroy(struct mutex *mutex)
{
	pthread_mutex_destroy(&mutex->lock);
}

static inline void mutex_lock(struct mutex *mutex)
{
	pthread_mutex_lock(&mutex->lock);
}

static inline void mutex_unlock(struct mutex *mutex)
{
	pthread_mutex_unlock(&mutex->lock);
}

#endif
