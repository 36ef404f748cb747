/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF LSM programs that hold the doors (bpf/guard.bpf.c). They are pinned, so
 * that they outlive kithd; a new kithd replaces them without a gap.
 */
#ifndef KITH_AGENT_GUARD_H
#define KITH_AGENT_GUARD_H

#define KITH_GUARD_DIR "/sys/fs/bpf/kith"

/* Puts the programs in place. Return: 0, or -errno after having logged what is
 * missing and what to do. */
int kith_guard_start(void);

#endif
