/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_COMPILER_H
#define _SHIM_LINUX_COMPILER_H

#define noinline __attribute__((noinline))

#endif
