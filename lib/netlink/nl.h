/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A conversation with the kernel's "kith" family over generic netlink.
 *
 * One connection is used by one thread. A call sends one request and waits for
 * its answer; what arrives in between (upcalls, events) is kept in order and
 * handed out by kith_nl_receive(). The kernel works on a request inside
 * sendmsg(), so an answer is there when the call returns.
 *
 * The functions return 0 or a negative errno; kith_nl_error() has the words
 * the kernel sent with the last failure.
 */
#ifndef KITH_LIB_NETLINK_NL_H
#define KITH_LIB_NETLINK_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

struct kith_nl;

/* Bytes of a request that kith_nl_start() leaves room for. */
#define KITH_NL_REQUEST_MAX (64U * 1024)
/* Messages kept while a call waits; more are dropped and counted. */
#define KITH_NL_QUEUE_MAX 1024

/* Gets one message of the family. It and all strings in it live until the
 * function returns; no call on the same connection may be made from it. A
 * negative return ends the iteration and is passed on. */
typedef int kith_nl_message_fn(const struct nlmsghdr *message, void *arg);

/**
 * kith_nl_open() - connect to the module
 * @nl: filled on success, to close with kith_nl_close()
 *
 * Return: 0, -ENOENT when no module offers the family, or the socket's error.
 */
int kith_nl_open(struct kith_nl **nl);

/* What stands in for the kernel in tests. */
struct kith_nl_double {
	int fd; /* SOCK_SEQPACKET; closed with the connection */
	uint16_t family;
	/* Like send(): the whole answer is readable on @fd when it returns. */
	ssize_t (*send)(void *arg, const void *message, size_t size);
	void *arg;
};
int kith_nl_attach(struct kith_nl **nl, const struct kith_nl_double *kernel);

/* NULL is fine. */
void kith_nl_close(struct kith_nl *nl);

/* Readable when kith_nl_receive() has something new. */
int kith_nl_fd(const struct kith_nl *nl);

/* Joins the group of events. */
int kith_nl_join_events(struct kith_nl *nl);

/* The header of a new request, in the connection's own buffer. */
struct nlmsghdr *kith_nl_start(struct kith_nl *nl, uint8_t command);

/**
 * kith_nl_call() - send a request and wait for its answer
 * @reply: gets the answer's message when the command has one; may be NULL
 *
 * Return: the kernel's answer; -ETIMEDOUT when none came, -EMSGSIZE when the
 * request did not fit while it was built.
 */
int kith_nl_call(struct kith_nl *nl, struct nlmsghdr *request, kith_nl_message_fn *reply,
		 void *arg);

/* Starts a dump. While it runs no call may be made on the connection. */
int kith_nl_dump_start(struct kith_nl *nl, struct nlmsghdr *request);
/* Gives the next piece of it to @row. Return: 1 when there is more, 0 at the
 * end, or a negative errno (the dump is over). */
int kith_nl_dump_next(struct kith_nl *nl, kith_nl_message_fn *row, void *arg);
/* Both, to the end. */
int kith_nl_dump(struct kith_nl *nl, uint8_t command, kith_nl_message_fn *row, void *arg);

/**
 * kith_nl_receive() - hand out what arrived unasked, without waiting
 *
 * Not without end: what comes while it is handed out may be left, on the descriptor
 * or as kith_nl_has_queued() tells. Return: 0, -ENOBUFS when the kernel had to drop
 * messages, another errno of the socket, or what @each returned.
 */
int kith_nl_receive(struct kith_nl *nl, kith_nl_message_fn *each, void *arg);
/* Whether calls have kept messages that kith_nl_receive() would hand out. */
bool kith_nl_has_queued(const struct kith_nl *nl);

/* The kernel's words about the last failed call, "" when it sent none. */
const char *kith_nl_error(const struct kith_nl *nl);

/* Appending attributes to a request; what does not fit fails the call. */
void kith_nl_put(struct kith_nl *nl, uint16_t type, const void *data, size_t size);
void kith_nl_put_u16(struct kith_nl *nl, uint16_t type, uint16_t value);
void kith_nl_put_u32(struct kith_nl *nl, uint16_t type, uint32_t value);
void kith_nl_put_u64(struct kith_nl *nl, uint16_t type, uint64_t value);
void kith_nl_put_string(struct kith_nl *nl, uint16_t type, const char *value);
void kith_nl_nest_begin(struct kith_nl *nl, uint16_t type);
void kith_nl_nest_end(struct kith_nl *nl);

#endif
