/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_COMPAT_EXE_FILE_H
#define _KITH_COMPAT_EXE_FILE_H

#include <linux/fs.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>

/* get_mm_exe_file(), which is not exported. 6.7 (0ede61d8589c) made
 * get_file_rcu() a function that loads the pointer itself.
 */
static inline struct file *kith_compat_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#ifdef get_file_rcu
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#else
	file = get_file_rcu(&mm->exe_file);
#endif
	rcu_read_unlock();
	return file;
}

#endif
