// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stands at the LSM hooks that show what socket operations cannot, and asks the
 * module. Nothing is decided here, and there is no state.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define S_IFMT	0170000
#define S_IFCHR 0020000
#define PROT_WRITE 2
#define PROT_EXEC 4
#define VM_EXEC 4
#define VM_SHARED 8
#define PTRACE_MODE_ATTACH 2

/* What is used of the kernel's; relocated to what runs. */
typedef struct {
	int counter;
} __attribute__((preserve_access_index)) atomic_t;

struct address_space {
	atomic_t i_mmap_writable;
} __attribute__((preserve_access_index));

struct inode {
	unsigned short i_mode;
	unsigned int i_nlink;
	struct address_space *i_mapping;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

struct vm_area_struct {
	unsigned long vm_flags;
	void *anon_vma;
	struct file *vm_file;
} __attribute__((preserve_access_index));

/* Not looked into, but libbpf compares what is passed with what is taken. */
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

struct linux_binprm {
	struct file *file;
} __attribute__((preserve_access_index));

extern int kith_guard_ptrace(struct task_struct *child) __ksym;
extern int kith_guard_traceme(void) __ksym;
extern int kith_guard_code(void) __ksym;
extern int kith_guard_socket_create(int family, int type, int protocol) __ksym;
extern int kith_guard_file_open(struct file *file) __ksym;
extern int kith_guard_file_receive(struct file *file) __ksym;
extern int kith_guard_bprm_check(struct linux_binprm *bprm) __ksym;

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

SEC("lsm.s/file_open")
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

/* To attach, to open /proc/PID/mem, process_vm_readv() and writev(), pidfd_getfd(). */
SEC("lsm/ptrace_access_check")
int BPF_PROG(kith_ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	if (ret || !(mode & PTRACE_MODE_ATTACH))
		return ret;
	return answer(kith_guard_ptrace(child));
}

SEC("lsm/ptrace_traceme")
int BPF_PROG(kith_ptrace_traceme, struct task_struct *parent, int ret)
{
	return ret ? ret : answer(kith_guard_traceme());
}

/* Executable without a file, or a file that nobody can look at any more (memfd), or
 * that is mapped elsewhere to be written, by this program say.
 */
SEC("lsm/mmap_file")
int BPF_PROG(kith_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot,
	     unsigned long flags, int ret)
{
	struct inode *inode;

	if (ret || !(prot & PROT_EXEC))
		return ret;
	/* Reads that take NULL: the verifier does not know that @file may be. */
	inode = BPF_CORE_READ(file, f_inode);
	if (!(prot & PROT_WRITE) && inode && BPF_CORE_READ(inode, i_nlink) &&
	    BPF_CORE_READ(inode, i_mapping, i_mmap_writable.counter) <= 0)
		return 0;
	return answer(kith_guard_code());
}

/* Executable and to be written; or executable only now, and not as its file has it:
 * a private mapping that was written to, or a shared one, whose memory never is its own.
 */
SEC("lsm/file_mprotect")
int BPF_PROG(kith_file_mprotect, struct vm_area_struct *vma, unsigned long reqprot,
	     unsigned long prot, int ret)
{
	if (ret || !(prot & PROT_EXEC))
		return ret;
	if (!(prot & PROT_WRITE) &&
	    (vma->vm_flags & VM_EXEC ||
	     (vma->vm_file && !vma->anon_vma && !(vma->vm_flags & VM_SHARED))))
		return 0;
	return answer(kith_guard_code());
}

/* For the script as for its interpreter. */
SEC("lsm.s/bprm_check_security")
int BPF_PROG(kith_bprm_check_security, struct linux_binprm *bprm, int ret)
{
	return ret ? ret : answer(kith_guard_bprm_check(bprm));
}

char LICENSE[] SEC("license") = "GPL";
