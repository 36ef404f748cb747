/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_RANDOM_H
#define _SHIM_LINUX_RANDOM_H

#include <stddef.h>

void get_random_bytes(void *buf, size_t len);

#endif
