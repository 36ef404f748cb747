/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_PRINTK_H
#define _SHIM_LINUX_PRINTK_H

#include <stdio.h>

#define pr_err(...) fprintf(stderr, pr_fmt(__VA_ARGS__))

#endif
