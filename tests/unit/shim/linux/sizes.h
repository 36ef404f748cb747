/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_SIZES_H
#define _SHIM_LINUX_SIZES_H

#define SZ_8M	0x00800000

#endif
