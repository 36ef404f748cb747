// SPDX-License-Identifier: Apache-2.0
/* io_uring through raw system calls: its workers are not the caller's task. */
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include "probe.h"

struct ring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array, *cq_head, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static void *map(int fd, size_t size, off_t offset)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	if (p == MAP_FAILED)
		die("mmap of a ring");
	return p;
}

static bool ring_new(struct ring *r)
{
	struct io_uring_params p = { 0 };
	char *sq, *cq;

	r->fd = syscall(__NR_io_uring_setup, 8, &p);
	if (r->fd < 0)
		return false;
	sq = map(r->fd, p.sq_off.array + p.sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	cq = map(r->fd, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		 IORING_OFF_CQ_RING);
	r->sqes = map(r->fd, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = (void *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_mask = (void *)(cq + p.cq_off.ring_mask);
	r->cqes = (void *)(cq + p.cq_off.cqes);
	return true;
}

static void ring_put(struct ring *r, const struct io_uring_sqe *sqe)
{
	unsigned int tail = *r->sq_tail, i = tail & *r->sq_mask;

	r->sqes[i] = *sqe;
	r->sq_array[i] = i;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
}

static int ring_wait(struct ring *r, unsigned int submit)
{
	unsigned int head;
	int result;

	while (syscall(__NR_io_uring_enter, r->fd, submit, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		if (errno != EINTR)
			die("io_uring_enter()");
	head = *r->cq_head;
	result = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

static int ring_do(struct ring *r, const struct io_uring_sqe *sqe)
{
	ring_put(r, sqe);
	return ring_wait(r, 1);
}

static int uring_client(struct ring *r, const struct address *at, __u8 flags)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CONNECT, .flags = flags };
	int s = stream_socket(0);

	sqe.fd = s;
	sqe.addr = (unsigned long)&at->a;
	sqe.off = at->len;
	same_errno(-ring_do(r, &sqe), 0, "IORING_OP_CONNECT");
	check_managed(s, "io_uring client");
	return s;
}

static int client_job(void *arg)
{
	struct ring r;
	char answer[4];
	int s;

	if (!ring_new(&r))
		return 1;
	/* IOSQE_ASYNC: from a worker thread. */
	s = uring_client(&r, arg, IOSQE_ASYNC);
	if (write(s, "ping", 4) != 4)
		return 1;
	return !ok(read_all(s, answer, 4) == 4, "client got the answer");
}

static void serve(struct ring *r, int c)
{
	char buf[8] = "";
	struct io_uring_sqe receive = {
		.opcode = IORING_OP_RECV, .fd = c, .addr = (unsigned long)buf, .len = sizeof(buf)
	};
	struct io_uring_sqe send = {
		.opcode = IORING_OP_SEND, .fd = c, .addr = (unsigned long)"pong", .len = 4
	};

	check_managed(c, "io_uring server");
	same_number(ring_do(r, &receive), 4, "IORING_OP_RECV");
	ok(!memcmp(buf, "ping", 4), "what was sent");
	same_number(ring_do(r, &send), 4, "IORING_OP_SEND");
}

static void uring_accept_with(__u8 flags)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_ACCEPT, .flags = flags };
	struct address at;
	struct ring r;
	pid_t pid;
	int c;

	if (!ring_new(&r)) {
		skip("io_uring", "this kernel gives no rings");
		return;
	}
	sqe.fd = listen_socket(0, 8, &at);
	ring_put(&r, &sqe); /* in wait before there is anybody */
	if (syscall(__NR_io_uring_enter, r.fd, 1, 0, 0, NULL, 0) < 0)
		die("io_uring_enter()");
	pid = background(client_job, &at);
	c = ring_wait(&r, 0);
	if (!ok(c >= 0, "IORING_OP_ACCEPT: %s", errno_name(-c)))
		exit(1);
	serve(&r, c);
	reap(pid, "io_uring client");
	close(c);
	close(sqe.fd);
	close(r.fd);
}

static void uring_accept(int argc, char **argv)
{
	(void)argc, (void)argv;
	uring_accept_with(0);
}

static void uring_accept_worker(int argc, char **argv)
{
	(void)argc, (void)argv;
	uring_accept_with(IOSQE_ASYNC);
}

static void uring_poll(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_POLL_ADD };
	struct pair pair = pair_new();
	struct ring r;

	(void)argc, (void)argv;
	if (!ring_new(&r)) {
		skip("io_uring", "this kernel gives no rings");
		return;
	}
	sqe.fd = pair.server;
	sqe.poll32_events = POLLIN;
	ring_put(&r, &sqe);
	if (syscall(__NR_io_uring_enter, r.fd, 1, 0, 0, NULL, 0) < 0)
		die("io_uring_enter()");
	if (!send_pattern(pair.client, 3))
		die("send");
	same_number(ring_wait(&r, 0), POLLIN, "IORING_OP_POLL_ADD");
	ok(receive_pattern(pair.server, 3), "data behind the poll");
	close(r.fd);
	pair_close(&pair);
}

static void uring_refused(int argc, char **argv)
{
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CONNECT };
	struct address at;
	struct ring r;
	int bound = stream_socket(0);

	(void)argc, (void)argv;
	if (!ring_new(&r)) {
		skip("io_uring", "this kernel gives no rings");
		return;
	}
	bind_fresh(bound, &at);
	sqe.fd = stream_socket(0);
	sqe.addr = (unsigned long)&at.a;
	sqe.off = at.len;
	same_errno(-ring_do(&r, &sqe), ECONNREFUSED, "IORING_OP_CONNECT to nobody");
	close(sqe.fd);
	close(bound);
	close(r.fd);
}

const struct command uring_commands[] = {
	{ "uring-accept", uring_accept },
	{ "uring-accept-worker", uring_accept_worker },
	{ "uring-poll", uring_poll },
	{ "uring-refused", uring_refused },
	{ 0 },
};
