// SPDX-License-Identifier: Apache-2.0
/*
 * stress-serve BOARD IMAGE SEED LIFE: a server of the stress. Each record it gets
 * says who sent it, which must be whom Kith says; it answers who it is itself.
 */
#include "stress.h"

#define PEERS	128
#define LOOK_MS 500 /* how often it looks at the board */

static struct pollfd polls[1 + PEERS]; /* the listener first */
static int n_peers;
static int self;

static int listen_at(int image)
{
	struct address at = loopback(STRESS_PORT + image);
	int fd = stream_socket(SOCK_NONBLOCK);

	if (bind(fd, (void *)&at.a, at.len)) {
		/* Its predecessor is still being killed: the herd tries again. */
		exit(0);
	}
	if (listen(fd, PEERS)) {
		stress_errno("listen()", errno);
		exit(0);
	}
	return fd;
}

/* The identity whose name a record has, or -1. */
static int claimed_id(const struct stress_record *record)
{
	for (int id = 0; id < STRESS_IDS; id++)
		if (stress_is_of(record, id))
			return id;
	return -1;
}

/* False when the peer is done. */
static bool answer(int fd)
{
	struct stress_record record;
	ssize_t n = recv(fd, &record, sizeof(record), 0);
	int id;

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n < 0)
		stress_errno("recv() of a server", errno);
	if (n <= 0)
		return false;
	id = n == sizeof(record) ? claimed_id(&record) : -1;
	if (id < 0) {
		stress_wrong("%s received %zd bytes that nobody sent", stress_name(self), n);
		return false;
	}
	stress_check_peer(fd, self, id);
	record = stress_say(self, record.number);
	n = send(fd, &record, sizeof(record), MSG_NOSIGNAL);
	if (n < 0)
		stress_errno("send() of a server", errno);
	else
		stress_count(STRESS_SERVED);
	return n == sizeof(record);
}

static void welcome(int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		if (n_peers == PEERS) {
			close(fd);
			continue;
		}
		polls[1 + n_peers++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	if (errno == EAGAIN || errno == ECONNABORTED)
		return;
	stress_errno("accept()", errno);
	if (errno == EKEYREVOKED || errno == EACCES)
		exit(0); /* as a service that is started anew */
}

static void serve_all(int listener)
{
	polls[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	while (!atomic_load(&stress_board->stop)) {
		if (poll(polls, 1 + n_peers, LOOK_MS) <= 0)
			continue;
		for (int i = n_peers; i > 0; i--)
			if (polls[i].revents && !answer(polls[i].fd)) {
				close(polls[i].fd);
				polls[i] = polls[n_peers--];
			}
		if (polls[0].revents)
			welcome(listener);
	}
}

static void serve(int argc, char **argv)
{
	int image;

	if (argc < 5)
		die("usage: stress-serve BOARD IMAGE SEED LIFE");
	stress_map(argv[1]);
	image = atoi(argv[2]);
	self = stress_server(image);
	stress_seed(strtoull(argv[3], NULL, 0));
	stress_count(STRESS_STARTS);
	alarm(0);
	stress_die_within(atoi(argv[4]));
	serve_all(listen_at(image));
}

const struct command stress_serve_commands[] = {
	{ "stress-serve", serve },
	{ 0 },
};
