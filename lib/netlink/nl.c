// SPDX-License-Identifier: Apache-2.0
#include "nl.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <libmnl/libmnl.h>
#include <linux/kith.h>

#define RECEIVE_SIZE  (64U * 1024)
#define SOCKET_BUFFER (4 << 20)
#define ANSWER_MS     10000
#define NEST_DEPTH    4
#define ROUNDS_MAX    16 /* of a kith_nl_receive() */

#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11
#endif

struct queued {
	STAILQ_ENTRY(queued) link;
	struct nlmsghdr message[];
};

struct kith_nl {
	int fd;
	bool is_netlink;
	uint16_t family;
	uint32_t events_group;
	uint32_t seq;
	ssize_t (*send)(void *arg, const void *message, size_t size);
	void *send_arg;

	bool overflow; /* the request did not fit */
	struct nlattr *nest[NEST_DEPTH];
	unsigned int n_nest;

	STAILQ_HEAD(queue, queued) queue;
	unsigned int n_queued;
	bool dropped; /* something did not fit in the queue */

	char error[256];
	_Alignas(8) char request[KITH_NL_REQUEST_MAX + 4096];
	_Alignas(8) char received[RECEIVE_SIZE];
};

static struct nlmsghdr *request_of(struct kith_nl *nl)
{
	return (struct nlmsghdr *)nl->request;
}

const char *kith_nl_error(const struct kith_nl *nl)
{
	return nl->error;
}

int kith_nl_fd(const struct kith_nl *nl)
{
	return nl->fd;
}

bool kith_nl_has_queued(const struct kith_nl *nl)
{
	return !STAILQ_EMPTY(&nl->queue);
}

/* Requests. */

static struct nlmsghdr *start(struct kith_nl *nl, uint16_t type, uint8_t command)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(nl->request);
	struct genlmsghdr *generic;

	request->nlmsg_type = type;
	generic = mnl_nlmsg_put_extra_header(request, sizeof(*generic));
	generic->cmd = command;
	generic->version = KITH_FAMILY_VERSION;
	nl->overflow = false;
	nl->n_nest = 0;
	return request;
}

struct nlmsghdr *kith_nl_start(struct kith_nl *nl, uint8_t command)
{
	return start(nl, nl->family, command);
}

void kith_nl_put(struct kith_nl *nl, uint16_t type, const void *data, size_t size)
{
	if (size > UINT16_MAX - MNL_ATTR_HDRLEN ||
	    !mnl_attr_put_check(request_of(nl), sizeof(nl->request), type, size, data))
		nl->overflow = true;
}

void kith_nl_put_u16(struct kith_nl *nl, uint16_t type, uint16_t value)
{
	kith_nl_put(nl, type, &value, sizeof(value));
}

void kith_nl_put_u32(struct kith_nl *nl, uint16_t type, uint32_t value)
{
	kith_nl_put(nl, type, &value, sizeof(value));
}

void kith_nl_put_u64(struct kith_nl *nl, uint16_t type, uint64_t value)
{
	kith_nl_put(nl, type, &value, sizeof(value));
}

void kith_nl_put_string(struct kith_nl *nl, uint16_t type, const char *value)
{
	kith_nl_put(nl, type, value, strlen(value) + 1);
}

void kith_nl_nest_begin(struct kith_nl *nl, uint16_t type)
{
	struct nlattr *nest = NULL;

	if (nl->n_nest < NEST_DEPTH)
		nest = mnl_attr_nest_start_check(request_of(nl), sizeof(nl->request), type);
	if (!nest) {
		nl->overflow = true;
		return;
	}
	nl->nest[nl->n_nest++] = nest;
}

void kith_nl_nest_end(struct kith_nl *nl)
{
	struct nlattr *nest;
	size_t size;

	if (!nl->n_nest)
		return;
	nest = nl->nest[--nl->n_nest];
	size = (size_t)((char *)mnl_nlmsg_get_payload_tail(request_of(nl)) - (char *)nest);
	if (size > UINT16_MAX)
		nl->overflow = true;
	else
		mnl_attr_nest_end(request_of(nl), nest);
}

/* Sending and receiving. */

static int send_request(struct kith_nl *nl, struct nlmsghdr *request, uint16_t flags)
{
	ssize_t sent;

	nl->error[0] = 0;
	if (nl->overflow || nl->n_nest)
		return -EMSGSIZE;
	request->nlmsg_flags = NLM_F_REQUEST | flags;
	request->nlmsg_seq = ++nl->seq ? nl->seq : ++nl->seq;
	do {
		sent = nl->send(nl->send_arg, request, request->nlmsg_len);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static ssize_t send_to_kernel(void *arg, const void *message, size_t size)
{
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const struct kith_nl *nl = arg;

	return sendto(nl->fd, message, size, 0, (const struct sockaddr *)&kernel, sizeof(kernel));
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* One datagram into the buffer: its size, -EAGAIN when there is none within
 * @wait_ms. What another process sent, and what was cut, is skipped. */
static ssize_t receive_datagram(struct kith_nl *nl, int wait_ms)
{
	struct sockaddr_nl from = { 0 };
	struct iovec data = { nl->received, sizeof(nl->received) };
	struct msghdr header = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &data, .msg_iovlen = 1
	};
	struct pollfd ready = { .fd = nl->fd, .events = POLLIN };
	ssize_t size;

	for (;;) {
		header.msg_namelen = sizeof(from);
		size = recvmsg(nl->fd, &header, MSG_DONTWAIT);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN && wait_ms > 0) {
			if (poll(&ready, 1, wait_ms) <= 0 && errno != EINTR)
				return -EAGAIN;
			wait_ms = 0;
			continue;
		}
		if (size < 0)
			return -errno;
		if (size == 0)
			return nl->is_netlink ? -EAGAIN : -ECONNRESET;
		if (nl->is_netlink && from.nl_pid != 0)
			continue;
		if (header.msg_flags & MSG_TRUNC)
			continue;
		return size;
	}
}

static bool is_ours(const struct kith_nl *nl, const struct nlmsghdr *message)
{
	return message->nlmsg_type == nl->family &&
	       mnl_nlmsg_get_payload_len(message) >= sizeof(struct genlmsghdr);
}

static void keep(struct kith_nl *nl, const struct nlmsghdr *message)
{
	struct queued *queued = NULL;

	if (nl->n_queued < KITH_NL_QUEUE_MAX)
		queued = malloc(sizeof(*queued) + message->nlmsg_len);
	if (!queued) {
		nl->dropped = true;
		return;
	}
	memcpy(queued->message, message, message->nlmsg_len);
	STAILQ_INSERT_TAIL(&nl->queue, queued, link);
	nl->n_queued++;
}

/* The kernel's words follow the errno in an extended acknowledgement. */
static void note_error(struct kith_nl *nl, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);
	size_t offset = sizeof(*error);
	const struct nlattr *attr;
	size_t size;

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) || message->nlmsg_len % MNL_ALIGNTO)
		return;
	if (!(message->nlmsg_flags & NLM_F_CAPPED)) {
		if (error->msg.nlmsg_len < sizeof(struct nlmsghdr) ||
		    error->msg.nlmsg_len > message->nlmsg_len)
			return;
		offset += error->msg.nlmsg_len - sizeof(struct nlmsghdr);
	}
	if (MNL_ALIGN(offset) > mnl_nlmsg_get_payload_len(message))
		return;
	mnl_attr_for_each(attr, message, offset) {
		if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG)
			continue;
		size = mnl_attr_get_payload_len(attr);
		snprintf(nl->error, sizeof(nl->error), "%.*s", (int)size,
			 (const char *)mnl_attr_get_payload(attr));
	}
}

/* The errno of an NLMSG_ERROR; 0 is an acknowledgement. */
static int answer_of(struct kith_nl *nl, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*error))
		return -EBADMSG;
	if (error->error > 0 || error->error < -4095)
		return -EBADMSG;
	if (error->error)
		note_error(nl, message);
	return error->error;
}

struct wait {
	uint32_t seq;
	kith_nl_message_fn *reply;
	void *arg;
	bool done;
	int result;
};

/* Upcalls and events come among the answers to what was asked. */
static void keep_unasked(struct kith_nl *nl, const struct nlmsghdr *message)
{
	if (is_ours(nl, message) && message->nlmsg_seq == 0)
		keep(nl, message);
}

static void take_answer(struct kith_nl *nl, const struct nlmsghdr *message, struct wait *wait)
{
	int ret;

	if (message->nlmsg_seq != wait->seq) {
		keep_unasked(nl, message);
		return;
	}
	if (message->nlmsg_type == NLMSG_ERROR) {
		ret = answer_of(nl, message);
		wait->done = true;
		wait->result = wait->result ? wait->result : ret;
	} else if (wait->reply && mnl_nlmsg_get_payload_len(message) >= sizeof(struct genlmsghdr)) {
		ret = wait->reply(message, wait->arg);
		if (ret < 0 && !wait->result)
			wait->result = ret;
	}
}

static int await(struct kith_nl *nl, struct wait *wait)
{
	int64_t deadline = now_ms() + ANSWER_MS;
	const struct nlmsghdr *message;
	ssize_t received;
	int left;

	while (!wait->done) {
		received = receive_datagram(nl, (int)(deadline - now_ms()));
		if (received == -EAGAIN && now_ms() < deadline)
			continue;
		if (received == -ENOBUFS) {
			/* Unasked messages were lost; the answer is not: it
			 * is sent in our own context. */
			nl->dropped = true;
			continue;
		}
		if (received < 0)
			return received == -EAGAIN ? -ETIMEDOUT : (int)received;
		left = (int)received;
		for (message = (void *)nl->received; mnl_nlmsg_ok(message, left);
		     message = mnl_nlmsg_next(message, &left))
			take_answer(nl, message, wait);
	}
	return wait->result;
}

int kith_nl_call(struct kith_nl *nl, struct nlmsghdr *request, kith_nl_message_fn *reply, void *arg)
{
	struct wait wait = { .reply = reply, .arg = arg };
	int ret;

	ret = send_request(nl, request, NLM_F_ACK);
	if (ret)
		return ret;
	wait.seq = nl->seq;
	return await(nl, &wait);
}

int kith_nl_dump_start(struct kith_nl *nl, struct nlmsghdr *request)
{
	return send_request(nl, request, NLM_F_DUMP);
}

/* Return: 1 to go on, 0 at the end, or a negative errno. */
static int take_row(struct kith_nl *nl, const struct nlmsghdr *message, kith_nl_message_fn *row,
		    void *arg)
{
	int ret;

	if (message->nlmsg_seq != nl->seq) {
		keep_unasked(nl, message);
		return 1;
	}
	if (message->nlmsg_type == NLMSG_ERROR)
		return answer_of(nl, message);
	if (message->nlmsg_type == NLMSG_DONE) {
		if (mnl_nlmsg_get_payload_len(message) < sizeof(int))
			return 0;
		memcpy(&ret, mnl_nlmsg_get_payload(message), sizeof(ret));
		return ret < 0 ? ret : 0;
	}
	if (!is_ours(nl, message))
		return 1;
	ret = row(message, arg);
	return ret < 0 ? ret : 1;
}

int kith_nl_dump_next(struct kith_nl *nl, kith_nl_message_fn *row, void *arg)
{
	const struct nlmsghdr *message;
	ssize_t received;
	int left, ret = 1;

	received = receive_datagram(nl, ANSWER_MS);
	if (received < 0)
		return received == -EAGAIN ? -ETIMEDOUT : (int)received;
	left = (int)received;
	for (message = (void *)nl->received; ret == 1 && mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		ret = take_row(nl, message, row, arg);
	return ret;
}

int kith_nl_dump(struct kith_nl *nl, uint8_t command, kith_nl_message_fn *row, void *arg)
{
	int ret;

	ret = kith_nl_dump_start(nl, kith_nl_start(nl, command));
	if (ret)
		return ret;
	do {
		ret = kith_nl_dump_next(nl, row, arg);
	} while (ret > 0);
	return ret;
}

/* What is queued now; @each may have more queued. */
static int hand_out_queue(struct kith_nl *nl, kith_nl_message_fn *each, void *arg)
{
	unsigned int n = nl->n_queued;
	struct queued *queued;
	int ret = 0;

	while (!ret && n-- && (queued = STAILQ_FIRST(&nl->queue))) {
		STAILQ_REMOVE_HEAD(&nl->queue, link);
		nl->n_queued--;
		ret = each(queued->message, arg);
		free(queued);
	}
	return ret < 0 ? ret : 0;
}

/* Everything is queued first: @each may make calls on the connection. */
static int queue_arrived(struct kith_nl *nl)
{
	const struct nlmsghdr *message;
	ssize_t received;
	int left;

	received = receive_datagram(nl, 0);
	if (received < 0)
		return (int)received;
	left = (int)received;
	for (message = (void *)nl->received; mnl_nlmsg_ok(message, left);
	     message = mnl_nlmsg_next(message, &left))
		if (is_ours(nl, message) && message->nlmsg_seq == 0)
			keep(nl, message);
	return 0;
}

int kith_nl_receive(struct kith_nl *nl, kith_nl_message_fn *each, void *arg)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ROUNDS_MAX && !ret; i++) {
		ret = hand_out_queue(nl, each, arg);
		if (ret)
			return ret;
		ret = queue_arrived(nl);
		if (ret == -EAGAIN && kith_nl_has_queued(nl))
			ret = 0;
	}
	if (ret && ret != -EAGAIN)
		return ret;
	if (nl->dropped) {
		nl->dropped = false;
		return -ENOBUFS;
	}
	return 0;
}

/* Opening. */

static int parse_group(const struct nlattr *attr, void *arg)
{
	const struct nlattr **found = arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == CTRL_ATTR_MCAST_GRP_NAME && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		found[0] = attr;
	if (type == CTRL_ATTR_MCAST_GRP_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
		found[1] = attr;
	return MNL_CB_OK;
}

static void take_groups(struct kith_nl *nl, const struct nlattr *groups)
{
	const struct nlattr *group, *found[2];

	mnl_attr_for_each_nested(group, groups) {
		found[0] = found[1] = NULL;
		mnl_attr_parse_nested(group, parse_group, found);
		if (found[0] && found[1] && !strcmp(mnl_attr_get_str(found[0]), KITH_MCGRP_EVENTS))
			nl->events_group = mnl_attr_get_u32(found[1]);
	}
}

static int take_family(const struct nlmsghdr *message, void *arg)
{
	struct kith_nl *nl = arg;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, message, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			nl->family = mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			take_groups(nl, attr);
	}
	return 0;
}

static int resolve_family(struct kith_nl *nl)
{
	struct nlmsghdr *request = start(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	int ret;

	((struct genlmsghdr *)mnl_nlmsg_get_payload(request))->version = 1;
	kith_nl_put_string(nl, CTRL_ATTR_FAMILY_NAME, KITH_FAMILY_NAME);
	ret = kith_nl_call(nl, request, take_family, nl);
	if (ret)
		return ret;
	return nl->family ? 0 : -ENOENT;
}

static void set_options(int fd)
{
	int on = 1, size = SOCKET_BUFFER;

	/* Each has a fallback: fewer words with errors, the default buffer. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static struct kith_nl *allocate(int fd)
{
	struct kith_nl *nl = calloc(1, sizeof(*nl));

	if (nl) {
		nl->fd = fd;
		STAILQ_INIT(&nl->queue);
	}
	return nl;
}

int kith_nl_open(struct kith_nl **out)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	struct kith_nl *nl;
	int fd, ret;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&any, sizeof(any))) {
		ret = -errno;
		close(fd);
		return ret;
	}
	nl = allocate(fd);
	if (!nl) {
		close(fd);
		return -ENOMEM;
	}
	set_options(fd);
	nl->is_netlink = true;
	nl->send = send_to_kernel;
	nl->send_arg = nl;
	ret = resolve_family(nl);
	if (ret) {
		kith_nl_close(nl);
		return ret;
	}
	*out = nl;
	return 0;
}

int kith_nl_attach(struct kith_nl **out, const struct kith_nl_double *kernel)
{
	struct kith_nl *nl = allocate(kernel->fd);

	if (!nl)
		return -ENOMEM;
	nl->family = kernel->family;
	nl->send = kernel->send;
	nl->send_arg = kernel->arg;
	*out = nl;
	return 0;
}

void kith_nl_close(struct kith_nl *nl)
{
	struct queued *queued;

	if (!nl)
		return;
	while ((queued = STAILQ_FIRST(&nl->queue))) {
		STAILQ_REMOVE_HEAD(&nl->queue, link);
		free(queued);
	}
	close(nl->fd);
	free(nl);
}

int kith_nl_join_events(struct kith_nl *nl)
{
	if (!nl->is_netlink)
		return 0;
	if (!nl->events_group)
		return -ENOENT;
	if (setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &nl->events_group,
		       sizeof(nl->events_group)))
		return -errno;
	return 0;
}
