// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "agent.h"
#include "base/base.h"
#include "log.h"

#define CLIENTS_MAX	64
#define CLIENTS_OTHERS	48 /* of them, for others than root */
#define GUESTS_MAX	12 /* of them, for users who are not of the group */
#define GUESTS_USER_MAX 2  /* of these, for one user */
#define REQUEST_MAX	(512U * 1024)
#define GUEST_REQUEST	(8U * 1024)
#define FULL		(64U * 1024) /* bytes that wait to be read */
#define REQUEST_USEC	10000000ULL  /* to send a request */
#define STALL_USEC	60000000ULL  /* to read some of the answer */

struct kith_client {
	LIST_ENTRY(kith_client) link;
	struct kith_control *control;
	int fd;
	struct ucred peer;
	bool guest;
	sd_event_source *io, *deadline;
	bool answering, ended;

	char *in;
	size_t in_size;

	char *out;
	size_t out_size, out_sent, out_room;
	uint64_t made, sent; /* bytes in all */

	kith_produce_fn *produce;
	void *state;
	void (*free_state)(void *state);
};

struct kith_control {
	struct kith_agent *agent;
	char *path;
	int fd;
	gid_t group;
	bool has_group;
	sd_event_source *source;
	LIST_HEAD(clients, kith_client) clients;
	unsigned int n_clients;
};

struct kith_agent *kith_client_agent(const struct kith_client *client)
{
	return client->control->agent;
}

bool kith_client_is_root(const struct kith_client *client)
{
	return client->peer.uid == 0;
}

bool kith_client_is_guest(const struct kith_client *client)
{
	return client->guest;
}

uint32_t kith_client_pid(const struct kith_client *client)
{
	return (uint32_t)client->peer.pid;
}

uint32_t kith_client_uid(const struct kith_client *client)
{
	return client->peer.uid;
}

uint32_t kith_client_gid(const struct kith_client *client)
{
	return client->peer.gid;
}

static size_t groups_of(int fd, uint32_t groups[KITH_CLIENT_GROUPS_MAX])
{
	socklen_t size = KITH_CLIENT_GROUPS_MAX * sizeof(groups[0]);

	return getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) ? 0
									: size / sizeof(groups[0]);
}

size_t kith_client_groups(const struct kith_client *client, uint32_t groups[KITH_CLIENT_GROUPS_MAX])
{
	return groups_of(client->fd, groups);
}

static void drop(struct kith_client *client)
{
	LIST_REMOVE(client, link);
	client->control->n_clients--;
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->deadline);
	if (client->free_state)
		client->free_state(client->state);
	close(client->fd);
	free(client->in);
	free(client->out);
	free(client);
}

/* Answers. */

bool kith_client_is_full(const struct kith_client *client)
{
	return client->out_size - client->out_sent >= FULL;
}

static void append(struct kith_client *client, const char *text, size_t size)
{
	if (client->out_sent) {
		client->out_size -= client->out_sent;
		memmove(client->out, client->out + client->out_sent, client->out_size);
		client->out_sent = 0;
	}
	if (client->out_size + size > client->out_room) {
		client->out_room = 2 * (client->out_size + size);
		client->out = kith_realloc(client->out, client->out_room, 1);
	}
	memcpy(client->out + client->out_size, text, size);
	client->out_size += size;
	client->made += size;
}

static void append_line(struct kith_client *client, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (!text)
		abort();
	append(client, text, strlen(text));
	append(client, "\n", 1);
	free(text);
	json_decref(object);
}

void kith_client_row(struct kith_client *client, json_t *row)
{
	json_t *line = json_object();

	json_object_set_new(line, "row", row);
	append_line(client, line);
}

void kith_client_row_text(struct kith_client *client, const char *row)
{
	static const char before[] = "{\"row\":", after[] = "}\n";

	append(client, before, sizeof(before) - 1);
	append(client, row, strlen(row));
	append(client, after, sizeof(after) - 1);
}

static void append_end(struct kith_client *client, bool good, json_t *result, const char *error)
{
	json_t *line = json_object(), *end = json_object();

	json_object_set_new(end, "ok", json_boolean(good));
	if (error)
		json_object_set_new(end, "error", json_string(error));
	if (result)
		json_object_set_new(end, "result", result);
	json_object_set_new(line, "end", end);
	append_line(client, line);
	client->ended = true;
}

void kith_client_end(struct kith_client *client, json_t *result)
{
	append_end(client, true, result, NULL);
}

void kith_client_fail(struct kith_client *client, json_t *result, const char *format, ...)
{
	va_list args;
	char *error;

	va_start(args, format);
	error = kith_vformat(format, args);
	va_end(args);
	append_end(client, false, result, error);
	free(error);
}

void kith_client_produce(struct kith_client *client, kith_produce_fn *produce, void *state,
			 void (*free_state)(void *state))
{
	client->produce = produce;
	client->state = state;
	client->free_state = free_state;
}

/* Return: false when the client is gone. */
static bool flush(struct kith_client *client)
{
	ssize_t sent;

	while (client->out_sent < client->out_size) {
		sent = send(client->fd, client->out + client->out_sent,
			    client->out_size - client->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			return true;
		if (sent < 0)
			return false;
		client->out_sent += (size_t)sent;
		client->sent += (uint64_t)sent;
	}
	return true;
}

static bool has_unsent(const struct kith_client *client)
{
	return client->out_sent < client->out_size;
}

/* Return: whether rows were made. */
static bool make_rows(struct kith_client *client)
{
	uint64_t before = client->made;

	if (client->produce && !client->ended && !kith_client_is_full(client) &&
	    !client->produce(client, client->state))
		client->produce = NULL;
	return client->made != before;
}

/* A client that leaves its answer unread for a while is let go. */
static void watch_reader(struct kith_client *client, bool progress)
{
	int enabled = SD_EVENT_OFF;

	if (!has_unsent(client)) {
		sd_event_source_set_enabled(client->deadline, SD_EVENT_OFF);
		return;
	}
	sd_event_source_get_enabled(client->deadline, &enabled);
	if (enabled != SD_EVENT_OFF && !progress)
		return;
	sd_event_source_set_time_relative(client->deadline, STALL_USEC);
	sd_event_source_set_enabled(client->deadline, SD_EVENT_ONESHOT);
}

/* Goes on with an answer as far as the client reads. */
static void pump(struct kith_client *client)
{
	uint64_t sent = client->sent, before;
	bool alive, made;

	do {
		before = client->sent;
		made = make_rows(client);
		alive = flush(client);
	} while (alive && !client->ended && !has_unsent(client) &&
		 (made || client->sent != before));
	if (!alive || (client->ended && !has_unsent(client))) {
		drop(client);
		return;
	}
	watch_reader(client, client->sent != sent);
	sd_event_source_set_io_events(client->io, has_unsent(client) ? EPOLLOUT : EPOLLIN);
}

void kith_control_wake(struct kith_control *control)
{
	struct kith_client *client, *next;

	if (!control)
		return;
	for (client = LIST_FIRST(&control->clients); client; client = next) {
		next = LIST_NEXT(client, link);
		if (client->produce)
			pump(client);
	}
}

/* Requests. */

static void answer(struct kith_client *client, const char *line, size_t size)
{
	json_error_t error;
	json_t *request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);

	client->answering = true;
	sd_event_source_set_enabled(client->deadline, SD_EVENT_OFF);
	if (json_is_object(request))
		kith_command(client, request);
	else
		kith_client_fail(client, NULL, "the request is not a JSON object");
	json_decref(request);
	pump(client);
}

/* Return: false when the client is gone or has no business here. */
static bool read_request(struct kith_client *client)
{
	size_t room = client->guest ? GUEST_REQUEST : REQUEST_MAX;
	ssize_t got;
	char *end;

	client->in = client->in ? client->in : kith_alloc(room);
	got = recv(client->fd, client->in + client->in_size, room - client->in_size, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	end = memchr(client->in + client->in_size, '\n', (size_t)got);
	client->in_size += (size_t)got;
	if (end)
		answer(client, client->in, (size_t)(end - client->in));
	else if (client->in_size == room)
		return false;
	return true;
}

/* While an answer is under way: anything but more bytes is the end. */
static bool is_still_there(const struct kith_client *client)
{
	char byte;
	ssize_t got = recv(client->fd, &byte, 1, MSG_DONTWAIT);

	return got < 0 && (errno == EAGAIN || errno == EINTR);
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct kith_client *client = arg;

	if (client->answering) {
		if ((events & (EPOLLHUP | EPOLLERR)) ||
		    ((events & EPOLLIN) && !is_still_there(client)))
			drop(client);
		else
			pump(client);
	} else if (!read_request(client)) {
		drop(client);
	}
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *arg)
{
	drop(arg);
	return 0;
}

/* Clients. */

static bool in_group(const struct kith_control *control, int fd, const struct ucred *peer)
{
	uint32_t groups[KITH_CLIENT_GROUPS_MAX];
	size_t n, i;

	if (!control->has_group)
		return false;
	if (peer->gid == control->group)
		return true;
	n = groups_of(fd, groups);
	for (i = 0; i < n; i++)
		if (groups[i] == control->group)
			return true;
	return false;
}

/* Users who may not read have little room, so that they take none from others. */
static bool has_room_for_guest(const struct kith_control *control, uid_t uid)
{
	unsigned int guests = 0, of_user = 0;
	const struct kith_client *client;

	for (client = LIST_FIRST(&control->clients); client; client = LIST_NEXT(client, link)) {
		if (!client->guest)
			continue;
		guests++;
		of_user += client->peer.uid == uid;
	}
	return guests < GUESTS_MAX && of_user < GUESTS_USER_MAX;
}

/* Who it is that connects. Return: whether there is room for it. */
static bool may_connect(const struct kith_control *control, int fd, struct kith_client *client)
{
	socklen_t size = sizeof(client->peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->peer, &size))
		return false;
	if (client->peer.uid == 0)
		return control->n_clients < CLIENTS_MAX;
	client->guest = !in_group(control, fd, &client->peer);
	return control->n_clients < CLIENTS_OTHERS &&
	       (!client->guest || has_room_for_guest(control, client->peer.uid));
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct kith_control *control = arg;
	struct kith_client *client;
	int accepted;

	accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (accepted < 0)
		return 0;
	client = kith_alloc(sizeof(*client));
	if (!may_connect(control, accepted, client)) {
		close(accepted);
		free(client);
		return 0;
	}
	client->control = control;
	client->fd = accepted;
	LIST_INSERT_HEAD(&control->clients, client, link);
	control->n_clients++;
	if (sd_event_add_io(control->agent->loop, &client->io, accepted, EPOLLIN, on_client,
			    client) < 0 ||
	    sd_event_add_time_relative(control->agent->loop, &client->deadline, CLOCK_BOOTTIME,
				       REQUEST_USEC, 0, on_deadline, client) < 0)
		abort();
	return 0;
}

static void find_group(struct kith_control *control)
{
	const char *name = control->agent->config.group;
	const struct group *group = getgrnam(name);

	control->has_group = group != NULL;
	if (group)
		control->group = group->gr_gid;
	else
		kith_log(LOG_WARNING,
			 "there is no group %s: only root may ask (groupadd --system %s)", name,
			 name);
}

/* A kithd that was killed leaves its socket behind; one that lives keeps it. */
static int remove_dead(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ret;

	if (fd < 0)
		return -errno;
	ret = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno
									      : -EADDRINUSE;
	close(fd);
	if (ret == -ENOENT)
		return 0;
	if (ret != -ECONNREFUSED)
		return ret == -EAGAIN ? -EADDRINUSE : ret;
	return unlink(address->sun_path) ? -errno : 0;
}

static int listen_at(struct kith_control *control)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int ret;

	if (strlen(control->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, control->path);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->fd < 0)
		return -errno;
	ret = remove_dead(&address);
	if (ret)
		return ret;
	mask = umask(0177);
	ret = bind(control->fd, (struct sockaddr *)&address, sizeof(address)) ? -errno : 0;
	umask(mask);
	if (ret)
		return ret;
	/* Anybody may connect, for what the policy permits: may_connect(), and who a
	 * command is for. */
	if ((control->has_group && chown(control->path, (uid_t)-1, control->group)) ||
	    chmod(control->path, 0666))
		return -errno;
	return listen(control->fd, 64) ? -errno : 0;
}

static void make_directory(const char *path)
{
	char *directory = kith_strdup(path), *slash = strrchr(directory, '/');

	if (slash && slash != directory) {
		*slash = 0;
		mkdir(directory, 0755);
	}
	free(directory);
}

struct kith_control *kith_control_new(struct kith_agent *agent)
{
	struct kith_control *control = kith_alloc(sizeof(*control));
	int ret;

	control->agent = agent;
	control->fd = -1;
	control->path = kith_strdup(agent->config.socket);
	find_group(control);
	make_directory(control->path);
	ret = listen_at(control);
	if (!ret)
		ret = sd_event_add_io(agent->loop, &control->source, control->fd, EPOLLIN,
				      on_connection, control);
	if (ret < 0) {
		kith_log(LOG_ERR, "%s: %s (%s)", control->path, strerror(-ret),
			 ret == -EADDRINUSE ? "another kithd serves it: systemctl status kithd"
					    : "the control socket could not be made");
		kith_control_free(control);
		return NULL;
	}
	return control;
}

void kith_control_free(struct kith_control *control)
{
	struct kith_client *client, *next;

	if (!control)
		return;
	for (client = LIST_FIRST(&control->clients); client; client = next) {
		next = LIST_NEXT(client, link);
		drop(client);
	}
	if (control->source)
		unlink(control->path);
	sd_event_source_disable_unref(control->source);
	if (control->fd >= 0)
		close(control->fd);
	free(control->path);
	free(control);
}
