/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_COMPAT_GENETLINK_H
#define _KITH_COMPAT_GENETLINK_H

#include <net/genetlink.h>

/* 6.8 and the stable trees of its time (e03781879a0d): before, anybody could
 * join a group, and nothing else keeps them out.
 */
#ifndef GENL_MCAST_CAP_SYS_ADMIN
#error "this kernel lets anybody read event groups; use a newer stable release"
#endif

#endif
