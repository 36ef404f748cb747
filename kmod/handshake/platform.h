/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_HANDSHAKE_PLATFORM_H
#define _KITH_HANDSHAKE_PLATFORM_H

void kith_platform_init(void);
void kith_platform_exit(void);

#endif
