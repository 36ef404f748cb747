// SPDX-License-Identifier: Apache-2.0
/* The far ends of races: each serves all its peers at once, until its standard
 * input ends. */
#include "probe.h"

#define PEERS	 256
#define BUFFER	 65536
#define MAX_KEPT (1 << 20)

struct peer {
	int fd;
	size_t got, sent; /* sent: of an echo */
	uint8_t *bytes;
};

struct host {
	struct pollfd polls[2 + PEERS]; /* standard input, the listener, peers */
	struct peer peers[PEERS];
	int n;	      /* of peers */
	int n_ever;   /* that came */
	FILE *record; /* or NULL: an echo */
};

static int listen_at(const char *address, const char *port)
{
	struct address at = parse_address(address, port);
	int fd = stream_socket(SOCK_NONBLOCK), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (void *)&at.a, at.len) || listen(fd, 1024))
		die("listen()");
	return fd;
}

static void peer_end(struct host *host, int i)
{
	struct peer *peer = &host->peers[i];

	if (host->record)
		fwrite(peer->bytes, 1, peer->got, host->record);
	close(peer->fd);
	free(peer->bytes);
	host->peers[i] = host->peers[--host->n];
}

static void reset(int fd)
{
	struct linger linger = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
}

/* Every fourth peer of a recorder is hung up on, every fourth reset. */
static void peer_new(struct host *host, int fd)
{
	int manner = host->n_ever++ % 4;

	if (host->n == PEERS || (host->record && manner == 1)) {
		close(fd);
	} else if (host->record && manner == 2) {
		reset(fd);
	} else {
		blocking(fd, false);
		host->peers[host->n++] = (struct peer){ .fd = fd };
	}
}

static bool peer_keep(struct peer *peer, const uint8_t *buf, size_t n)
{
	if (peer->got + n > MAX_KEPT)
		return false;
	peer->bytes = realloc(peer->bytes, peer->got + n);
	if (!peer->bytes)
		die("realloc()");
	memcpy(peer->bytes + peer->got, buf, n);
	peer->got += n;
	return true;
}

/* False when the peer is done. */
static bool peer_record(struct peer *peer)
{
	static uint8_t buf[BUFFER];
	ssize_t n = recv(peer->fd, buf, sizeof(buf), 0);

	if (n < 0)
		return errno == EAGAIN;
	return n && peer_keep(peer, buf, n);
}

static bool peer_send(struct peer *peer)
{
	static uint8_t buf[BUFFER];
	size_t len = peer->got - peer->sent;
	ssize_t n;

	if (!len)
		return true;
	len = len < sizeof(buf) ? len : sizeof(buf);
	mark_fill(buf, len, peer->sent);
	n = send(peer->fd, buf, len, MSG_NOSIGNAL);
	tally(CALL_SEND, n);
	peer->sent += n > 0 ? n : 0;
	return n >= 0 || errno == EAGAIN;
}

/* What comes is the mark, from its beginning, and is sent back. */
static bool peer_echo(struct peer *peer)
{
	static uint8_t buf[BUFFER];
	ssize_t n = recv(peer->fd, buf, sizeof(buf), 0);

	tally(CALL_RECV, n);
	if (n < 0)
		return errno == EAGAIN && peer_send(peer);
	if (!n)
		return false;
	if (!mark_matches(buf, n, peer->got)) {
		tally_wrong("received what was not sent");
		return false;
	}
	peer->got += n;
	return peer_send(peer);
}

static int gather(struct host *host, int listener)
{
	host->polls[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	host->polls[1] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (int i = 0; i < host->n; i++) {
		struct peer *peer = &host->peers[i];
		short full = !host->record && peer->got > peer->sent ? POLLOUT : 0;

		host->polls[2 + i] = (struct pollfd){ .fd = peer->fd, .events = POLLIN | full };
	}
	return 2 + host->n;
}

static void serve_all(struct host *host, int listener)
{
	int fd;

	alarm(0);
	say("ready");
	while (poll(host->polls, gather(host, listener), -1) > 0) {
		if (host->polls[0].revents)
			break;
		for (int i = host->n - 1; i >= 0; i--)
			if (host->polls[2 + i].revents &&
			    !(host->record ? peer_record : peer_echo)(&host->peers[i]))
				peer_end(host, i);
		while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
			peer_new(host, fd);
	}
	while (host->n)
		peer_end(host, host->n - 1);
	close(listener);
}

/* race-recorder ADDRESS PORT FILE: writes down whatever it is sent. */
static void race_recorder(int argc, char **argv)
{
	static struct host host;

	if (argc < 4)
		die("usage: race-recorder ADDRESS PORT FILE");
	host.record = fopen(argv[3], "w");
	if (!host.record)
		die("%s", argv[3]);
	serve_all(&host, listen_at(argv[1], argv[2]));
	fclose(host.record);
	ok(true, "%d peers recorded", host.n_ever);
}

/* race-echo ADDRESS PORT: sends the mark back, and checks that it is the mark. */
static void race_echo(int argc, char **argv)
{
	static struct host host;

	if (argc < 3)
		die("usage: race-echo ADDRESS PORT");
	serve_all(&host, listen_at(argv[1], argv[2]));
	ok(true, "%d peers served", host.n_ever);
	tally_only(CALL_RECV, "ok EAGAIN ECONNRESET EPIPE EACCES EKEYREVOKED EKEYREJECTED");
	tally_only(CALL_SEND, "ok EAGAIN ECONNRESET EPIPE EACCES EKEYREVOKED EKEYREJECTED");
	tally_check_wrong();
}

const struct command race_peer_commands[] = {
	{ "race-recorder", race_recorder },
	{ "race-echo", race_echo },
	{ 0 },
};
