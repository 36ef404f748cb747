/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of s2n-bignum include, in place of the library's own: its
 * macros, as assembly in the kernel has to be.
 *
 * - Functions return by RET, which the return thunk needs.
 * - Frames are told to objtool by the instructions alone.
 * - What follows a function's end is data, a table it reads: kept from objtool
 *   in .rodata.
 */
#ifndef _KITH_S2N_BIGNUM_X86_ATT_H
#define _KITH_S2N_BIGNUM_X86_ATT_H

#include <linux/linkage.h>

#ifdef SYM_F_ALIGN
#define KITH_FUNC_ALIGN SYM_F_ALIGN
#else
#define KITH_FUNC_ALIGN ALIGN
#endif

.macro kith_function name
	.text
	KITH_FUNC_ALIGN
	.type	\name, @function
.endm

.macro kith_function_end name
	.text
	.size	\name, . - \name
	.section .rodata
	.balign	8
.endm

#define S2N_BN_SYMBOL(name)			name
#define S2N_BN_SYM_VISIBILITY_DIRECTIVE(name)	.globl name
#define S2N_BN_SYM_PRIVACY_DIRECTIVE(name)
#define S2N_BN_FUNCTION_TYPE_DIRECTIVE(name)	kith_function name
#define S2N_BN_SIZE_DIRECTIVE(name)		kith_function_end name

#define _CET_ENDBR		ENDBR

#define CFI_START
#define CFI_RET			RET
#define CFI_CALL(target)	call	target
#define CFI_PUSH(reg)		push	reg
#define CFI_POP(reg)		pop	reg
#define CFI_INC_RSP(bytes)	add	$(bytes), %rsp
#define CFI_DEC_RSP(bytes)	sub	$(bytes), %rsp

#endif
