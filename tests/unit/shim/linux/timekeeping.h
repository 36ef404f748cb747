/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_TIMEKEEPING_H
#define _SHIM_LINUX_TIMEKEEPING_H

#include <linux/time.h>

/* Added to the clock that ktime_get_real_seconds() reads. */
extern time64_t shim_clock_offset;

static inline time64_t ktime_get_real_seconds(void)
{
	return time(NULL) + shim_clock_offset;
}

#endif
