/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_BUG_H
#define _SHIM_LINUX_BUG_H

#include <stdio.h>
#include <stdlib.h>

/* A warning of the kernel fails the test. */
#define WARN_ON_ONCE(condition)                                                  \
	({                                                                       \
		bool warn_ = !!(condition);                                      \
		if (warn_) {                                                     \
			fprintf(stderr, "%s:%d: WARN_ON_ONCE(%s)\n", __FILE__,   \
				__LINE__, #condition);                           \
			abort();                                                 \
		}                                                                \
		warn_;                                                           \
	})
#define WARN_ON WARN_ON_ONCE

#endif
