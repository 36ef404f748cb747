// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors that a claimed program did not open itself: they arrive over
 * AF_UNIX or by pidfd_getfd(), or are inherited from what executed it. Those that
 * lead around Kith are refused where they arrive, and replaced where they are.
 */
#include <linux/anon_inodes.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <net/sock.h>
#include "../socket/socket.h"
#include "guard.h"
#include "script.h"
#include "tamper.h"

/* A replacement goes to the number it replaces where at most so many below are
 * free; further up the number just becomes free.
 */
#define HELD_MAX	32

static atomic_t walks = ATOMIC_INIT(0);	/* task work that has not ended */

/* A ring may have files registered that its descriptor does not show. */
static bool is_uring(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == ANON_INODE_FS_MAGIC &&
	       !strcmp(file_dentry(file)->d_name.name, "[io_uring]");
}

enum kith_door kith_door_of_descriptor(struct file *file)
{
	struct socket *sock = sock_from_file(file);
	enum kith_door door = kith_door_of_file(file);

	if (is_uring(file))
		return KITH_DOOR_OTHER;
	if (door == KITH_DOOR_UDP && kith_datagram_is_ours(sock))
		return KITH_DOOR_NONE;
	if (door || !sock || !kith_socket_is_native(sock))
		return door;
	return KITH_DOOR_NATIVE;
}

/* What a descriptor that was taken away reads and writes. */
static ssize_t refuse_io(struct kiocb *iocb, struct iov_iter *iter)
{
	return -EACCES;
}

static const struct file_operations closed_door = {
	.owner = THIS_MODULE,
	.read_iter = refuse_io,
	.write_iter = refuse_io,
};

/* Puts a file that refuses everything where @fd was. The table is ours alone:
 * exec has just unshared it, and no thread but this one runs.
 */
static void replace(unsigned int fd)
{
	struct file *file = anon_inode_getfile("[kith]", &closed_door, NULL,
					       O_RDWR);
	int held[HELD_MAX], n = 0, got = -1;

	close_fd(fd);
	if (IS_ERR(file))
		return;
	while (n < HELD_MAX) {
		got = get_unused_fd_flags(0);
		if (got < 0 || got >= (int)fd)
			break;
		held[n++] = got;
	}
	if (got == (int)fd)
		fd_install(fd, file);
	else
		fput(file);
	if (got > (int)fd)
		put_unused_fd(got);
	while (n)
		put_unused_fd(held[--n]);
}

/* A TCP socket that is undecided and that others have too is left to them: made the
 * program's, they could connect it no more. It is another's all the same.
 */
static bool is_others(struct file *file)
{
	struct socket *sock = sock_from_file(file);

	return sock && file_count(file) > 1 && kith_socket_is_undecided(sock);
}

/* For iterate_fd(): the first descriptor that has to go, plus one. */
static int find_door(const void *door, struct file *file, unsigned int fd)
{
	enum kith_door found = is_others(file) ? KITH_DOOR_NATIVE :
						 kith_door_of_descriptor(file);

	if (!found)
		return 0;
	*(enum kith_door *)door = found;
	return fd + 1;
}

/* However many there were, it is one event. */
static void tell(enum kith_door door, unsigned int count)
{
	char how[64] = "inheriting a descriptor";

	if (count > 1)
		snprintf(how, sizeof(how), "inheriting %u descriptors, this or other kinds",
			 count);
	if (count)
		kith_door_refuse(door, how);
}

static void replace_doors(void)
{
	enum kith_door door, first = KITH_DOOR_NONE;
	unsigned int count = 0;
	int next = 0;

	/* A task that was killed has no files left, or never runs again: what is
	 * left undone then is in nobody's hands.
	 */
	while (current->files && !fatal_signal_pending(current) &&
	       (next = iterate_fd(current->files, next, find_door, &door))) {
		if (kith_door_is_left_open(door))
			continue;
		replace(next - 1);
		if (!count++)
			first = door;
		cond_resched();
	}
	tell(first, count);
}

static void walk(struct callback_head *work)
{
	kfree(work);
	replace_doors();
	/* The memory is exec's, unless it was killed. */
	if (current->mm)
		kith_tamper_check_start();
	atomic_dec(&walks);
}

bool kith_descriptors_check(struct task_struct *task)
{
	struct callback_head *work = kmalloc(sizeof(*work), GFP_ATOMIC);

	if (!work)
		return false;
	init_task_work(work, walk);
	atomic_inc(&walks);
	if (!task_work_add(task, work, TWA_RESUME))
		return true;
	atomic_dec(&walks);
	kfree(work);
	return true;		/* it is exiting */
}

void kith_guard_exit(void)
{
	while (atomic_read(&walks) || kith_script_is_busy())
		msleep(20);
	kith_script_exit();
	/* Then out of our text, too. */
	synchronize_rcu_tasks();
}
