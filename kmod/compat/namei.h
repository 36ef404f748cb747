/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KITH_COMPAT_NAMEI_H
#define _KITH_COMPAT_NAMEI_H

#include <linux/namei.h>

/* Exported, but declared in fs/internal.h before 6.4 (74d7970febf7). */
int vfs_path_lookup(struct dentry *dentry, struct vfsmount *mnt,
		    const char *name, unsigned int flags, struct path *path);

#endif
