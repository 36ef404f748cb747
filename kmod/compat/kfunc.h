/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that BPF programs may call: their declaration moved.
 */
#ifndef _KITH_COMPAT_KFUNC_H
#define _KITH_COMPAT_KFUNC_H

#include <linux/btf.h>
#include <linux/btf_ids.h>

/* 6.3 (57e7c169cd6a): a mark of their own. */
#ifndef __bpf_kfunc
#define __bpf_kfunc	__used
#endif

/* 6.9 (6f3189f38a3e): sets say that they hold such functions. */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name)	BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)	BTF_SET8_END(name)
#endif

#endif
