/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_TIME_H
#define _SHIM_LINUX_TIME_H

#include <time.h>

#include <linux/types.h>

static inline void time64_to_tm(time64_t secs, int offset, struct tm *out)
{
	time_t t = secs + offset;

	gmtime_r(&t, out);
}

static inline time64_t mktime64(unsigned int year, unsigned int mon, unsigned int day,
				unsigned int hour, unsigned int min, unsigned int sec)
{
	struct tm tm = {
		.tm_year = (int)year - 1900, .tm_mon = (int)mon - 1, .tm_mday = (int)day,
		.tm_hour = (int)hour, .tm_min = (int)min, .tm_sec = (int)sec,
	};

	return timegm(&tm);
}

#endif
