/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the stack's sockets cannot show: other kinds of sockets and devices
 * (doors), and descriptors that arrive ready-made. BPF LSM programs (bpf/) stand
 * at the hooks and ask; what is decided and done is here.
 */
#ifndef _KITH_GUARD_GUARD_H
#define _KITH_GUARD_GUARD_H

#include <linux/types.h>
#include <linux/kith.h>

struct file;
struct kith_endpoint;
struct linux_binprm;
struct task_struct;

/* Offers the questions to BPF programs. Return: 0 or -errno; without BTF of the
 * module they cannot be asked, and kith_guard_is_in_place() will say so.
 */
int kith_guard_init(void);
/* Waits for what claimed programs still do in here. After the exec probe went. */
void kith_guard_exit(void);

/**
 * kith_guard_is_in_place() - whether the BPF LSM programs are asking
 *
 * Makes a socket that no protocol knows and sees whether it is asked about it:
 * so it finds out about programs that were detached, whoever did it. Process
 * context, may sleep.
 */
bool kith_guard_is_in_place(void);

/* kfunc.c: called by BPF programs alone, at the hook of that name. Return: 0 or
 * -errno. Process context; socket_create, file_open and bprm_check may
 * sleep. --------------------------
 */
int kith_guard_socket_create(int family, int type, int protocol);
int kith_guard_file_open(struct file *file);
int kith_guard_file_receive(struct file *file);
/* ptrace_access_check to attach: current reaches into @child. Atomic. */
int kith_guard_ptrace(struct task_struct *child);
/* ptrace_traceme. Atomic. */
int kith_guard_traceme(void);
/* mmap_file, file_mprotect: current makes memory executable that it wrote. */
int kith_guard_code(void);
/* bprm_check_security: before each try to load a program, script.h. */
int kith_guard_bprm_check(struct linux_binprm *bprm);

/* door.c ----------------------------------------------------------------- */

/**
 * kith_door_of_socket() - which door a kind of socket is
 * @family: address family
 * @type: SOCK_ type
 * @protocol: protocol number, 0 for the default of the others
 *
 * Return: KITH_DOOR_NONE for what every program may have: TCP over IPv4 and
 * IPv6, AF_UNIX and AF_NETLINK.
 */
enum kith_door kith_door_of_socket(int family, int type, int protocol);

/* The door that the open file is, or KITH_DOOR_NONE. Any context. */
enum kith_door kith_door_of_file(struct file *file);

/* Whether the configuration opens it to everybody. Any context. */
bool kith_door_is_left_open(enum kith_door door);

/**
 * kith_door_refuse() - refuse current, which is claimed, a door
 * @door: any
 * @how: what it did, for people: "receiving a descriptor"
 *
 * Sends an event, paced for a program and door. Any context. Return: -EACCES, or
 * -EPROTONOSUPPORT for what programs fall back to TCP from; 0 where the configuration
 * leaves it open.
 */
int kith_door_refuse(enum kith_door door, const char *how);

/**
 * kith_door_ask() - the same, unless the policy opens the door to current
 *
 * Waits for current's identity where some policy opens @door. Sends an event when it
 * is refused and when it is opened. Process context, may sleep. Return: as
 * kith_door_refuse(), or -ENOKEY, -EKEYEXPIRED, -EKEYREVOKED without an identity, which
 * has an event of its own, or -ERESTARTSYS.
 */
int kith_door_ask(enum kith_door door, const char *how);

/* Tells of a datagram to or from @remote that was refused, as often. Any context. */
void kith_door_refused(enum kith_door door, const char *how,
		       const struct kith_endpoint *remote);

/* descriptor.c ----------------------------------------------------------- */

/* The door that a descriptor from elsewhere is: as kith_door_of_file(), a TCP
 * socket that runs the stack's own operations, or an io_uring; a TCP socket that is
 * undecided can be handed back no more. Any context.
 */
enum kith_door kith_door_of_descriptor(struct file *file);

/**
 * kith_descriptors_check() - look through what a program inherited
 * @task: current, which has just executed a claimed program's image
 *
 * The descriptors that are doors are replaced by ones that refuse everything,
 * before the program runs. Atomic context (exec tracepoint). Return: false
 * without memory: the program must not run.
 */
bool kith_descriptors_check(struct task_struct *task);

#endif
