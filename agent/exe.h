/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about the executable behind a descriptor. */
#ifndef KITH_AGENT_EXE_H
#define KITH_AGENT_EXE_H

#include <stdbool.h>

enum kith_exe_state {
	KITH_EXE_PATH,	  /* the path names this very file */
	KITH_EXE_OTHER,	  /* the path names another file here, or none */
	KITH_EXE_DELETED, /* the file has no name any more, or never had one */
	KITH_EXE_MEMORY,  /* it is one of memfd_create() */
	KITH_EXE_SERVED,  /* on FUSE, or a user's own mount, which shows what he
			   * likes: it is not looked at */
};

/**
 * kith_exe_path() - the path of the file behind @fd, when it can be attested
 * @host: whether that is a path of the host; another is not looked up, for it could
 *	lead anywhere here, and is KITH_EXE_OTHER
 * @path: the path as the kernel names it, for people; to free(), or NULL
 *
 * The path counts when it leads, in the agent's own view of the file system,
 * to the same device and inode as @fd.
 */
enum kith_exe_state kith_exe_path(int fd, bool host, char **path);

/* Whether @path leads to the regular file behind @fd. */
bool kith_exe_is(int fd, const char *path);

#endif
