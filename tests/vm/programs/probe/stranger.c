// SPDX-License-Identifier: Apache-2.0
/* What a program of another identity can try on a descriptor it was given. */
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include "probe.h"

static char scrap[100];

static int try_send(int fd)
{
	return error_of(send(fd, "stranger", 8, MSG_DONTWAIT | MSG_NOSIGNAL));
}

static int try_write(int fd)
{
	return error_of(write(fd, "stranger", 8));
}

static int try_sendfile(int fd)
{
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	off_t at = 0;
	int error = error_of(sendfile(fd, file, &at, 8));

	close(file);
	return error;
}

static int try_recv(int fd)
{
	return error_of(recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT));
}

static int try_peek(int fd)
{
	return error_of(recv(fd, scrap, sizeof(scrap), MSG_DONTWAIT | MSG_PEEK));
}

static int try_splice(int fd)
{
	int pipes[2], error;

	if (pipe(pipes))
		die("pipe()");
	error = error_of(splice(fd, NULL, pipes[1], NULL, 100, SPLICE_F_NONBLOCK));
	close(pipes[0]);
	close(pipes[1]);
	return error;
}

static int try_fionread(int fd)
{
	int bytes;

	return error_of(ioctl(fd, FIONREAD, &bytes));
}

static int try_accept(int fd)
{
	int new = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int error = error_of(new);

	if (new >= 0)
		close(new);
	return error;
}

int read_error_queue(int fd)
{
	char control[200];
	struct iovec iov = { scrap, sizeof(scrap) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};

	return error_of(recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT));
}

struct attempt {
	const char *name;
	int (*try)(int fd);
};

static const struct attempt on_stream[] = {
	{ "send", try_send },	      { "write", try_write },
	{ "sendfile", try_sendfile }, { "recv", try_recv },
	{ "peek", try_peek },	      { "splice", try_splice },
	{ "fionread", try_fionread }, { "errqueue", read_error_queue },
};

static const struct attempt on_listener[] = {
	{ "accept", try_accept },
};

void hammer(int fd, int rounds, char *text, size_t size)
{
	int listens = 0;
	socklen_t len = sizeof(listens);
	const struct attempt *attempts;
	size_t n, at = 0;

	getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	attempts = listens ? on_listener : on_stream;
	n = listens ? sizeof(on_listener) / sizeof(*on_listener)
		    : sizeof(on_stream) / sizeof(*on_stream);
	text[0] = 0;
	for (int i = 0; i < rounds; i++) {
		const struct attempt *attempt = &attempts[chance(n)];
		int error = attempt->try(fd);
		char what[64];

		breathe();
		if (error == EACCES)
			continue;
		snprintf(what, sizeof(what), "%s %s ", attempt->name, errno_name(error));
		if (!strstr(text, what) && at < size)
			at += snprintf(text + at, size - at, "%s", what);
	}
}
