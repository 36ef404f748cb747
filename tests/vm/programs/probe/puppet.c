// SPDX-License-Identifier: Apache-2.0
/*
 * The puppet: does one system call per line that it reads, and answers with
 * one line, "RESULT" or "RESULT VALUE", where RESULT is "ok" or the errno's
 * name. Sockets live in numbered slots. Suites hold its strings, and so see a
 * claimed program's view of every step from outside.
 */
#include <arpa/inet.h>
#include <grp.h>
#include <linux/kith.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include "probe.h"

#define N_SLOTS 1024
#define N_WORDS 8

static int slot[N_SLOTS];

static void answer(int error, const char *value)
{
	printf("%s%s%s\n", error < 0 ? "ok" : errno_name(error), value ? " " : "",
	       value ? value : "");
	fflush(stdout);
}

static void answer_result(long result)
{
	answer(error_of(result), NULL);
}

static void answer_number(long long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", number);
	answer(-1, text);
}

static int *slot_of(const char *word)
{
	unsigned int i = word ? atoi(word) : N_SLOTS;

	if (i >= N_SLOTS)
		die("puppet: no slot %s", word ? word : "given");
	return &slot[i];
}

/* All commands: words[0] is the verb, words[1] the slot. */

static void do_listen(char **w)
{
	struct address at = parse_address(w[2], w[3]);
	int fd = socket(family, SOCK_STREAM, 0), one = 1;
	int result;

	if (fd < 0) {
		answer_result(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	result = bind(fd, (void *)&at.a, at.len);
	if (!result)
		result = listen(fd, w[4] ? atoi(w[4]) : 128);
	answer_result(result);
	*slot_of(w[1]) = fd;
}

static void do_accept(char **w)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = accept(*slot_of(w[2]), (void *)&peer, &len);

	if (fd >= 0)
		*slot_of(w[1]) = fd;
	answer_result(fd);
}

/* connect SLOT ADDRESS PORT [SOURCE] */
static void connect_with(char **w, int flags)
{
	struct address at = parse_address(w[2], w[3]);
	int fd = socket(family, SOCK_STREAM | flags, 0);

	if (fd >= 0)
		*slot_of(w[1]) = fd;
	if (w[4]) {
		struct address from = parse_address(w[4], "0");

		if (bind(fd, (void *)&from.a, from.len))
			die("bind()");
	}
	answer_result(fd < 0 ? fd : connect(fd, (void *)&at.a, at.len));
}

static void do_connect(char **w)
{
	connect_with(w, 0);
}

static void do_start(char **w)
{
	connect_with(w, SOCK_NONBLOCK);
}

static void do_again(char **w)
{
	struct address at = parse_address(w[2], w[3]);

	answer_result(connect(*slot_of(w[1]), (void *)&at.a, at.len));
}

/* odd SLOT FAMILY LENGTH: connect() with an address that cannot be one. */
static void do_odd(char **w)
{
	struct sockaddr_storage at = { .ss_family = atoi(w[2]) };

	answer_result(connect(*slot_of(w[1]), (void *)&at, atoi(w[3])));
}

static short events_of(const char *word)
{
	return (strchr(word, 'i') ? POLLIN : 0) | (strchr(word, 'o') ? POLLOUT : 0);
}

/* wait SLOT i|o|io MS: revents as letters: i, o, e(rror), h(angup) or "-". */
static void do_wait(char **w)
{
	struct pollfd p = { .fd = *slot_of(w[1]), .events = events_of(w[2]) };
	char text[8] = "";
	int n = poll(&p, 1, atoi(w[3]));

	if (n < 0) {
		answer_result(n);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s%s%s", n ? "" : "-", p.revents & POLLIN ? "i" : "",
		 p.revents & POLLOUT ? "o" : "", p.revents & POLLERR ? "e" : "",
		 p.revents & POLLHUP ? "h" : "");
	answer(-1, text);
}

static void do_send(char **w)
{
	ssize_t n = send(*slot_of(w[1]), w[2], strlen(w[2]), MSG_NOSIGNAL);

	if (n < 0)
		answer_result(n);
	else
		answer_number(n);
}

/* recv SLOT N: text received, "" for the end of stream. */
static void do_recv(char **w)
{
	static char buf[65537];
	size_t want = atoi(w[2]);
	ssize_t n = recv(*slot_of(w[1]), buf, want < sizeof(buf) ? want : sizeof(buf) - 1, 0);

	for (ssize_t i = 0; i < n; i++) /* the answer is one line */
		if ((unsigned char)buf[i] < ' ')
			buf[i] = '.';
	buf[n > 0 ? n : 0] = 0;
	answer(error_of(n), n < 0 ? NULL : buf);
}

/* try SLOT TEXT: send() that does not wait. */
static void do_try(char **w)
{
	answer_result(send(*slot_of(w[1]), w[2], strlen(w[2]), MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* splice SLOT: text that one splice() gives, "" for the end of stream. */
static void do_splice(char **w)
{
	char buf[1000] = "";
	int pipes[2];
	ssize_t n;

	if (pipe(pipes))
		die("pipe()");
	n = splice(*slot_of(w[1]), NULL, pipes[1], NULL, sizeof(buf) - 1, 0);
	answer(error_of(n), n > 0 && read(pipes[0], buf, n) == n ? buf : NULL);
	close(pipes[0]);
	close(pipes[1]);
}

static void *receive_one(void *fd)
{
	char byte;
	ssize_t n = recv((intptr_t)fd, &byte, 1, 0);

	return (void *)(intptr_t)(n ? error_of(n) : 0); /* 0: the end of stream */
}

/* readers SLOT: two threads in recv() at once; what each got. */
static void do_readers(char **w)
{
	void *fd = (void *)(intptr_t)*slot_of(w[1]), *errors[2];
	pthread_t threads[2];
	char text[100];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, receive_one, fd))
			die("pthread_create()");
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], &errors[i]);
	snprintf(text, sizeof(text), "%s %s", errors[0] ? errno_name((intptr_t)errors[0]) : "end",
		 errors[1] ? errno_name((intptr_t)errors[1]) : "end");
	answer(-1, text);
}

/* hold SLOT send|filter, release: see hold.c. */
static void do_hold(char **w)
{
	if (hold(*slot_of(w[1]), w[2]))
		answer(-1, NULL);
	else
		answer(EINVAL, "the call returned");
}

static void do_release(char **w)
{
	(void)w;
	answer(release(), NULL);
}

/* pump SLOT N: sends N bytes of pattern; answers with how many went. */
static void do_pump(char **w)
{
	static uint8_t buf[65536];
	size_t want = strtoull(w[2], NULL, 10), put = 0;
	ssize_t n = 0;

	while (put < want) {
		size_t len = want - put < sizeof(buf) ? want - put : sizeof(buf);

		fill(buf, len, put);
		n = send(*slot_of(w[1]), buf, len, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		put += n;
	}
	snprintf((char *)buf, sizeof(buf), "%zu", put);
	answer(error_of(n), (char *)buf);
}

/* drain SLOT: reads to the end; answers with how much of the pattern came. */
static void do_drain(char **w)
{
	static uint8_t buf[65536];
	char text[32];
	size_t got = 0;
	ssize_t n;

	while ((n = recv(*slot_of(w[1]), buf, sizeof(buf), 0)) > 0) {
		if (!matches(buf, n, got)) {
			answer(EBADMSG, "bytes differ");
			return;
		}
		got += n;
	}
	snprintf(text, sizeof(text), "%zu", got);
	answer(error_of(n), text);
}

/* Sends what there is room for; false when the stream is broken. */
static bool push(int fd, size_t *put, size_t want)
{
	static uint8_t buf[65536];
	size_t len = want - *put < sizeof(buf) ? want - *put : sizeof(buf);
	ssize_t n;

	if (!len)
		return true;
	fill(buf, len, *put);
	n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	*put += n > 0 ? n : 0;
	return n > 0 || errno == EAGAIN;
}

static bool pull(int fd, size_t *got)
{
	static uint8_t buf[65536];
	ssize_t n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN;
	if (!n || !matches(buf, n, *got)) {
		errno = n ? EBADMSG : EPIPE;
		return false;
	}
	*got += n;
	return true;
}

/* pingpong SLOT N: N bytes of pattern to an echo server and back. */
static void do_pingpong(char **w)
{
	size_t want = strtoull(w[2], NULL, 10), put = 0, got = 0;
	int fd = *slot_of(w[1]);

	while (got < want) {
		wait_for(fd, POLLIN | (put < want ? POLLOUT : 0));
		if (!push(fd, &put, want) || !pull(fd, &got)) {
			answer_result(-1);
			return;
		}
	}
	answer_number(got);
}

static void do_error(char **w)
{
	int error = socket_error(*slot_of(w[1]));

	answer(-1, error ? errno_name(error) : "0");
}

static void do_peer(char **w)
{
	static char text[4 * KITH_SPIFFE_ID_MAX];
	struct kith_peer_id peer = { 0 };
	socklen_t len = sizeof(peer);
	int result = getsockopt(*slot_of(w[1]), SOL_KITH, KITH_PEER_ID, &peer, &len);
	int at = 0;

	for (int i = 0; i < KITH_CONN_ID_LEN; i++)
		at += snprintf(text + at, sizeof(text) - at, "%02x", peer.conn_id[i]);
	snprintf(text + at, sizeof(text) - at, " %u %s", peer.flags, peer.id);
	answer(error_of(result), result < 0 ? NULL : text);
}

static void do_name(char **w)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	answer_result(getpeername(*slot_of(w[1]), (void *)&name, &len));
}

static void do_shutdown(char **w)
{
	int how = !strcmp(w[2], "rd") ? SHUT_RD : !strcmp(w[2], "wr") ? SHUT_WR : SHUT_RDWR;

	answer_result(shutdown(*slot_of(w[1]), how));
}

static void do_close(char **w)
{
	answer_result(close(*slot_of(w[1])));
}

static void do_block(char **w)
{
	blocking(*slot_of(w[1]), w[2][0] == '1');
	answer(-1, NULL);
}

static void do_linger(char **w)
{
	struct linger linger = { 1, atoi(w[2]) };

	answer_result(setsockopt(*slot_of(w[1]), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
}

static void do_ulp(char **w)
{
	answer_result(setsockopt(*slot_of(w[1]), SOL_TCP, 31 /* TCP_ULP */, "tls", 3));
}

/* give SLOT PATH, take SLOT PATH: a descriptor from one puppet to another. */
static void do_give(char **w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w[2]);
	for (int ms = 0; connect(fd, (void *)&at, sizeof(at)); ms += 10) {
		if (ms > PATIENCE_MS)
			die("nobody takes at %s", w[2]);
		usleep(10000);
	}
	send_descriptor(fd, *slot_of(w[1]));
	close(fd);
	answer(-1, NULL);
}

static void do_take(char **w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w[2]);
	unlink(w[2]);
	if (bind(fd, (void *)&at, sizeof(at)))
		die("bind(%s)", w[2]);
	*slot_of(w[1]) = receive_descriptor(fd);
	close(fd);
	unlink(w[2]);
	answer(-1, NULL);
}

/* hammer SLOT ROUNDS: what did not end in EACCES. */
static void do_hammer(char **w)
{
	char text[1024];

	hammer(*slot_of(w[1]), atoi(w[2]), text, sizeof(text));
	answer(-1, text);
}

static void do_errqueue(char **w)
{
	answer(read_error_queue(*slot_of(w[1])), NULL);
}

/* relisten SLOT: listen() on what is there. */
static void do_relisten(char **w)
{
	answer_result(listen(*slot_of(w[1]), 1));
}

/* setuid UID GID: as servers drop their rights. */
static void do_setuid(char **w)
{
	int result = setgroups(0, NULL);

	if (!result)
		result = setresgid(atoi(w[2]), atoi(w[2]), atoi(w[2]));
	if (!result)
		result = setresuid(atoi(w[1]), atoi(w[1]), atoi(w[1]));
	answer_result(result);
}

/* apart: a user namespace of its own. */
static void do_apart(char **w)
{
	(void)w;
	answer_result(unshare(CLONE_NEWUSER));
}

/* exec PATH: becomes another program; the slots' descriptors stay open. */
static void do_exec(char **w)
{
	static char text[N_SLOTS * 12];
	int at = 0;

	for (int i = 0; i < N_SLOTS; i++)
		if (slot[i] >= 0)
			at += snprintf(text + at, sizeof(text) - at, "%d=%d,", i, slot[i]);
	setenv("PUPPET_SLOTS", text, 1);
	execl(w[1], w[1], managed ? "-m" : "--", "puppet", NULL);
	answer_result(-1);
}

/* fork: the parent waits, the child goes on answering. */
static void do_fork(char **w)
{
	pid_t pid = fork();

	(void)w;
	if (pid > 0) {
		int status;

		waitpid(pid, &status, 0);
		exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
	}
	answer_number(getpid());
}

static void do_pid(char **w)
{
	(void)w;
	answer_number(getpid());
}

static const struct {
	const char *verb;
	int arguments;
	void (*run)(char **words);
} verbs[] = {
	{ "listen", 3, do_listen },	{ "accept", 2, do_accept },
	{ "connect", 3, do_connect },	{ "start", 3, do_start },
	{ "again", 3, do_again },	{ "wait", 3, do_wait },
	{ "send", 2, do_send },		{ "recv", 2, do_recv },
	{ "pump", 2, do_pump },		{ "drain", 1, do_drain },
	{ "error", 1, do_error },	{ "peer", 1, do_peer },
	{ "name", 1, do_name },		{ "shutdown", 2, do_shutdown },
	{ "close", 1, do_close },	{ "block", 2, do_block },
	{ "linger", 2, do_linger },	{ "ulp", 1, do_ulp },
	{ "setuid", 2, do_setuid },	{ "exec", 1, do_exec },
	{ "pingpong", 2, do_pingpong }, { "fork", 0, do_fork },
	{ "pid", 0, do_pid },		{ "give", 2, do_give },
	{ "take", 2, do_take },		{ "hammer", 2, do_hammer },
	{ "relisten", 1, do_relisten }, { "odd", 3, do_odd },
	{ "try", 2, do_try },		{ "splice", 1, do_splice },
	{ "readers", 1, do_readers },	{ "hold", 2, do_hold },
	{ "release", 0, do_release },	{ "errqueue", 1, do_errqueue },
	{ "apart", 0, do_apart },
};

static void obey(char *line)
{
	char *words[N_WORDS + 1] = { 0 }, *save;
	int n = 0;

	for (char *w = strtok_r(line, " \n", &save); w && n < N_WORDS;
	     w = strtok_r(NULL, " \n", &save))
		words[n++] = w;
	for (size_t i = 0; n && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(words[0], verbs[i].verb) && n > verbs[i].arguments) {
			verbs[i].run(words);
			return;
		}
	answer(EINVAL, "no such command");
}

static void adopt_slots(void)
{
	char *text = getenv("PUPPET_SLOTS"), *save;
	int i, fd;

	for (i = 0; i < N_SLOTS; i++)
		slot[i] = -1;
	if (!text)
		return;
	for (char *w = strtok_r(text, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (sscanf(w, "%d=%d", &i, &fd) == 2)
			*slot_of(w) = fd;
	unsetenv("PUPPET_SLOTS");
}

static void puppet(int argc, char **argv)
{
	char line[66000];

	(void)argc, (void)argv;
	setvbuf(stdin, NULL, _IONBF, 0); /* exec must not lose what is buffered */
	alarm(0);			 /* ends with its pipe */
	adopt_slots();
	say("ready");
	while (fgets(line, sizeof(line), stdin))
		obey(line);
}

const struct command puppet_commands[] = {
	{ "puppet", puppet },
	{ 0 },
};
