// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands at the LSM hooks that show what socket operations cannot, and asks the
 * module. Nothing is decided here, and there is no state.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define S_IFMT	0170000
#define S_IFCHR 0020000

/* What is used of the kernel's; relocated to what runs. */
struct inode {
	unsigned short i_mode;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

extern int kith_guard_socket_create(int family, int type, int protocol) __ksym;
extern int kith_guard_file_open(struct file *file) __ksym;
extern int kith_guard_file_receive(struct file *file) __ksym;

/* The verifier wants to see that a hook answers 0 or an errno: the register that
 * was compared has to be the one that is returned.
 */
static __always_inline int answer(int err)
{
	long checked = err;

	barrier_var(checked);
	if (checked < -4095 || checked > 0)
		return -EACCES;
	return checked;
}

SEC("lsm.s/socket_create")
int BPF_PROG(kith_socket_create, int family, int type, int protocol, int kern, int ret)
{
	if (ret || kern)
		return ret;
	return answer(kith_guard_socket_create(family, type, protocol));
}

SEC("lsm/file_open")
int BPF_PROG(kith_file_open, struct file *file, int ret)
{
	if (ret || (file->f_inode->i_mode & S_IFMT) != S_IFCHR)
		return ret;
	return answer(kith_guard_file_open(file));
}

SEC("lsm/file_receive")
int BPF_PROG(kith_file_receive, struct file *file, int ret)
{
	if (ret)
		return ret;
	return answer(kith_guard_file_receive(file));
}

char LICENSE[] SEC("license") = "GPL";
