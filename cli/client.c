// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_SECONDS 15

/* A kithd that is stopped or stuck accepts and does not answer. */
static void limit_wait(int fd)
{
	const struct timeval wait = { .tv_sec = ANSWER_SECONDS };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* Return: a descriptor or -errno. */
static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, ret;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int send_request(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t size, sent = 0;
	ssize_t ret = 0;

	if (!text)
		return -EINVAL;
	size = strlen(text);
	text[size++] = '\n'; /* in place of the NUL */
	while (sent < size && ret >= 0) {
		ret = send(fd, text + sent, size - sent, MSG_NOSIGNAL);
		if (ret < 0 && errno == EINTR)
			ret = 0;
		sent += ret > 0 ? (size_t)ret : 0;
	}
	free(text);
	return ret < 0 ? -errno : 0;
}

struct reading {
	kith_row_fn *row;
	void *arg;
	json_t **result;
	bool quietly;
	bool stopped, ended;
	int status;
};

static void take_end(struct reading *reading, const json_t *end)
{
	json_t *result = json_object_get(end, "result");

	reading->ended = true;
	if (reading->result)
		*reading->result = json_incref(result);
	if (json_is_true(json_object_get(end, "ok"))) {
		reading->status = KITH_EXIT_OK;
	} else {
		reading->status = kith_fail(KITH_EXIT_FAILED, "%s", kith_text(end, "error"));
	}
}

static void take_line(struct reading *reading, const char *line, size_t size)
{
	json_error_t error;
	json_t *object = json_loadb(line, size, 0, &error);
	const json_t *row = json_object_get(object, "row");
	const json_t *end = json_object_get(object, "end");

	if (row && reading->row)
		reading->stopped = !reading->row(row, reading->arg);
	else if (end)
		take_end(reading, end);
	json_decref(object);
}

static void read_answer(struct reading *reading, FILE *file)
{
	size_t room = 0;
	char *line = NULL;
	ssize_t size;

	errno = 0;
	while (!reading->stopped && !reading->ended && (size = getline(&line, &room, file)) > 0)
		take_line(reading, line, (size_t)size);
	free(line);
	if (reading->stopped)
		reading->status = KITH_EXIT_OK;
	else if (!reading->ended && reading->quietly)
		reading->status = KITH_EXIT_UNREACHABLE;
	else if (!reading->ended)
		reading->status = kith_fail(
			KITH_EXIT_UNREACHABLE,
			errno == EAGAIN ? "kithd does not answer (systemctl status kithd)"
					: "kithd ended the connection before the answer was over");
}

int kith_unreachable(const struct kith_options *options, int err)
{
	if (err == -EACCES)
		return kith_fail(
			KITH_EXIT_UNREACHABLE,
			"%s: permission denied (run as root, or as a member of the group kith)",
			options->socket);
	return kith_fail(KITH_EXIT_UNREACHABLE, "%s: %s (is kithd running? systemctl status kithd)",
			 options->socket, strerror(-err));
}

/* Return: a stream with the request sent, or NULL and errno. */
static FILE *start(const struct kith_options *options, json_t *request)
{
	int fd = connect_to(options->socket), ret;
	FILE *file = NULL;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (!json_is_true(json_object_get(request, "follow")))
		limit_wait(fd);
	ret = send_request(fd, request);
	if (!ret)
		file = fdopen(fd, "r");
	if (!file) {
		ret = ret ? -ret : errno;
		close(fd);
		errno = ret;
	}
	return file;
}

static int ask(const struct kith_options *options, json_t *request, struct reading *reading)
{
	FILE *file = start(options, request);
	int err = errno;

	json_decref(request);
	if (!file)
		return reading->quietly ? KITH_EXIT_UNREACHABLE : kith_unreachable(options, -err);
	read_answer(reading, file);
	fclose(file);
	return reading->status;
}

int kith_ask(const struct kith_options *options, json_t *request, kith_row_fn *row, void *arg,
	     json_t **result)
{
	struct reading reading = { .row = row, .arg = arg, .result = result };

	if (result)
		*result = NULL;
	return ask(options, request, &reading);
}

int kith_ask_quietly(const struct kith_options *options, json_t *request, kith_row_fn *row,
		     void *arg, json_t **result)
{
	struct reading reading = { .row = row, .arg = arg, .result = result, .quietly = true };

	if (result)
		*result = NULL;
	return ask(options, request, &reading);
}
