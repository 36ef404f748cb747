// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

pid_t background(int (*job)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork()");
	if (!pid)
		exit(job(arg) || failures() ? 1 : 0);
	return pid;
}

void reap(pid_t pid, const char *what)
{
	int status = -1;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid()");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		ok(false, "%s ended with wait status %#x", what, status);
}
