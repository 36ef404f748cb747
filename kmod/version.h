/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_VERSION_H
#define _KITH_VERSION_H

#define KITH_VERSION	"0.1.0"

#endif
