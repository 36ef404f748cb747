/* SPDX-License-Identifier: GPL-2.0-only */
#include "x86_att/curve25519/curve25519_x25519base.S"

/* The function's other name, of which the library does not tell the size. */
S2N_BN_SIZE_DIRECTIVE(curve25519_x25519base_byte)
