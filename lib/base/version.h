/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KITH_LIB_BASE_VERSION_H
#define KITH_LIB_BASE_VERSION_H

#define KITH_VERSION "0.1.0"

#endif
