/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: one request and its answer per connection, one JSON
 * object per line. docs/control-socket.md describes it.
 *
 * Clients, their requests and what waits to be read by them are bounded. Rows
 * of a long answer are made as the client reads, so that a slow one costs a
 * buffer and not memory without end; one that follows events and falls behind
 * the ring is dropped with the number it missed.
 */
#ifndef KITH_AGENT_CONTROL_H
#define KITH_AGENT_CONTROL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kith_agent;
struct kith_control;
struct kith_client;

/* Return: the server, or NULL after having logged why. */
struct kith_control *kith_control_new(struct kith_agent *agent);
void kith_control_free(struct kith_control *control);

/* There are new events; NULL is fine. */
void kith_control_wake(struct kith_control *control);

/* For the commands. */

/* Makes the next rows of an answer. Return: false when it has ended the
 * answer. It is called again when the client has read most of what there is,
 * or when woken. */
typedef bool kith_produce_fn(struct kith_client *client, void *state);

struct kith_agent *kith_client_agent(const struct kith_client *client);
bool kith_client_is_root(const struct kith_client *client);
/* Whether it is neither root nor of the group: any user. */
bool kith_client_is_guest(const struct kith_client *client);
/* Who it was when it connected, as the kernel says. */
uint32_t kith_client_pid(const struct kith_client *client);
uint32_t kith_client_uid(const struct kith_client *client);
uint32_t kith_client_gid(const struct kith_client *client);
#define KITH_CLIENT_GROUPS_MAX 1024
/* Its supplementary groups; none when there are more. Return: how many. */
size_t kith_client_groups(const struct kith_client *client,
			  uint32_t groups[KITH_CLIENT_GROUPS_MAX]);

/* Appends {"row": @row}; takes the reference. */
void kith_client_row(struct kith_client *client, json_t *row);
/* The same for JSON text. */
void kith_client_row_text(struct kith_client *client, const char *row);
/* Whether enough waits to be read that rows should rather not be added. */
bool kith_client_is_full(const struct kith_client *client);

/* End the answer: {"end": {"ok": true, "result": @result}}; takes the
 * reference, NULL: no result. */
void kith_client_end(struct kith_client *client, json_t *result);
/* {"end": {"ok": false, "error": …, "result": …}}. */
void kith_client_fail(struct kith_client *client, json_t *result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The answer is made by @produce; @free gets @state in the end. */
void kith_client_produce(struct kith_client *client, kith_produce_fn *produce, void *state,
			 void (*free)(void *state));

/* commands.c: answers @request, which is an object. */
void kith_command(struct kith_client *client, const json_t *request);

#endif
