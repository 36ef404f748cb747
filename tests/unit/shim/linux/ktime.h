/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_KTIME_H
#define _SHIM_LINUX_KTIME_H

#include <linux/timekeeping.h>

typedef s64 ktime_t;

static inline ktime_t ktime_get_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline s64 ktime_to_ms(ktime_t t)
{
	return t / 1000000;
}

#endif
