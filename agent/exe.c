// SPDX-License-Identifier: Apache-2.0
#include "exe.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/base.h"

bool kith_exe_is(int fd, const char *path)
{
	struct stat of_fd, of_path;

	return !fstat(fd, &of_fd) && !stat(path, &of_path) && S_ISREG(of_path.st_mode) &&
	       of_path.st_dev == of_fd.st_dev && of_path.st_ino == of_fd.st_ino;
}

enum kith_exe_state kith_exe_path(int fd, bool host, char **path)
{
	char link[64], name[PATH_MAX];
	struct stat of_fd;
	ssize_t size;

	*path = NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, name, sizeof(name) - 1);
	if (size <= 0 || fstat(fd, &of_fd))
		return KITH_EXE_OTHER;
	name[size] = 0;
	*path = kith_strdup(name);
	if (name[0] != '/' || (of_fd.st_nlink == 0 && strncmp(name, "/memfd:", 7) == 0))
		return KITH_EXE_MEMORY;
	if (of_fd.st_nlink == 0)
		return KITH_EXE_DELETED;
	return host && kith_exe_is(fd, name) ? KITH_EXE_PATH : KITH_EXE_OTHER;
}
