// SPDX-License-Identifier: Apache-2.0
/*
 * A system call that stays in the kernel, with its socket locked, for as long as
 * its program likes: it reads a page that nobody provides before release().
 */
#include <linux/filter.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "probe.h"

#define PAGE 4096

static struct {
	int (*call)(int fd, void *page);
	int fd, faults;
	void *page;
	pthread_t thread;
	atomic_bool returned;
	int error;
} held;

static int hold_send(int fd, void *page)
{
	return error_of(send(fd, page, PAGE, MSG_NOSIGNAL));
}

/* The kernel reads what the option's value points to under the socket's lock. */
static int hold_filter(int fd, void *page)
{
	struct sock_fprog program = { .len = 1, .filter = page };

	return error_of(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)));
}

static void *run(void *arg)
{
	(void)arg;
	held.error = held.call(held.fd, held.page);
	atomic_store(&held.returned, true);
	return NULL;
}

static void watch_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	/* The descriptor of an anonymous mapping is not looked at. */
	held.page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0);
	held.faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	range.range.start = (uintptr_t)held.page;
	range.range.len = PAGE;
	if (held.page == MAP_FAILED || held.faults < 0 || ioctl(held.faults, UFFDIO_API, &api) ||
	    ioctl(held.faults, UFFDIO_REGISTER, &range))
		die("userfaultfd()");
}

bool hold(int fd, const char *how)
{
	struct pollfd p = { .events = POLLIN };

	held.call = !strcmp(how, "send") ? hold_send : hold_filter;
	held.fd = fd;
	atomic_store(&held.returned, false);
	watch_page();
	if (pthread_create(&held.thread, NULL, run, NULL))
		die("pthread_create()");
	p.fd = held.faults;
	while (!poll(&p, 1, 100))
		if (atomic_load(&held.returned))
			return false;
	return true;
}

int release(void)
{
	struct sock_filter content[PAGE / sizeof(struct sock_filter)] = {
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX), /* all of each packet */
	};
	struct uffdio_copy copy = {
		.dst = (uintptr_t)held.page,
		.src = (uintptr_t)content,
		.len = PAGE,
	};

	if (ioctl(held.faults, UFFDIO_COPY, &copy))
		die("UFFDIO_COPY");
	pthread_join(held.thread, NULL);
	close(held.faults);
	munmap(held.page, PAGE);
	return held.error;
}
