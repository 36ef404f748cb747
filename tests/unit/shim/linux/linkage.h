/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _SHIM_LINUX_LINKAGE_H
#define _SHIM_LINUX_LINKAGE_H

#define ALIGN .balign 16
#define RET   ret
#define ENDBR endbr64

#endif
