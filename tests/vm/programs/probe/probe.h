/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe: one small program with a subcommand per behaviour of TCP sockets
 * that applications rely on. It runs twice, as an unclaimed program, which
 * shows that the test itself is right about Linux, and as a claimed one.
 *
 * Each check prints one line, "ok - what" or "not ok - what: why"; lines
 * that start with "@" are messages to the suite that drives the probe.
 */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing here waits longer: a hang is a failure, slowness is not. */
#define PATIENCE_S  120
#define PATIENCE_MS (PATIENCE_S * 1000)

extern bool managed; /* run as a claimed program: Kith is expected */
extern int family;   /* AF_INET or AF_INET6 */

struct command {
	const char *name;
	void (*run)(int argc, char **argv);
};

extern const struct command connect_commands[];
extern const struct command accept_commands[];
extern const struct command uring_commands[];
extern const struct command stream_commands[];
extern const struct command receive_commands[];
extern const struct command send_commands[];
extern const struct command close_commands[];
extern const struct command option_commands[];
extern const struct command door_commands[];
extern const struct command puppet_commands[];
extern const struct command serve_commands[];
extern const struct command race_connect_commands[];
extern const struct command race_listen_commands[];
extern const struct command race_stream_commands[];
extern const struct command race_option_commands[];
extern const struct command race_program_commands[];
extern const struct command race_peer_commands[];
extern const struct command stress_roam_commands[];
extern const struct command stress_serve_commands[];
extern const struct command stress_herd_commands[];

/* report.c ---------------------------------------------------------------- */

bool ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* @got and @want are errnos; negative @got: the call succeeded. */
bool same_errno(int got, int want, const char *what);
bool same_number(long long got, long long want, const char *what);
void skip(const char *what, const char *why);
/* The test cannot go on. */
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
const char *errno_name(int error);
int failures(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* errno of a call that returned @result, or -1 when it succeeded. */
static inline int error_of(long result)
{
	return result < 0 ? errno : -1;
}

/* net.c ------------------------------------------------------------------- */

struct address {
	struct sockaddr_storage a;
	socklen_t len;
};

/* Both ends of an established connection, and where it came from. */
struct pair {
	int client, server, listener;
	struct address at;
};

struct address loopback(int port);
struct address parse_address(const char *text, const char *port);
/* A TCP socket of the family under test. */
int stream_socket(int flags);
/* A listening socket on a fresh loopback port, whose address goes to @at. */
int listen_socket(int flags, int backlog, struct address *at);
/* Binds to a fresh port of the range that the suites' policy names. */
void bind_fresh(int fd, struct address *at);
int dial(const struct address *at, int flags); /* connected, or dies */
int dial_error(const struct address *at);      /* errno of a blocking connect */
int accept_one(int listener);		       /* accepted, or dies */
struct pair pair_new(void);
void pair_close(struct pair *pair);
void blocking(int fd, bool on);
/* Waits for @events; returns revents, dies after PATIENCE_S. */
short wait_for(int fd, short events);
/* revents of @fd right now. */
short look(int fd, short events);
int socket_error(int fd);
int port_of(const struct address *at);
/* "managed" by Kith as @managed says: checks the claim made by the suite. */
void check_managed(int fd, const char *what);

/* Over a Unix socket; the receiver gets -1 at its end. */
void send_descriptor(int to, int fd);
int receive_descriptor(int from);

/* bytes.c ----------------------------------------------------------------- */

/* Byte @i of the pattern that tests send. */
uint8_t pattern(size_t i);
void fill(void *buf, size_t len, size_t offset);
bool matches(const void *buf, size_t len, size_t offset);
/* All of @len, or what there was before the end; -1 on error. Block. */
ssize_t read_all(int fd, void *buf, size_t len);
ssize_t write_all(int fd, const void *buf, size_t len);
/* Sends or receives and checks @len bytes of pattern; true on success. */
bool send_pattern(int fd, size_t len);
bool receive_pattern(int fd, size_t len);
/* Echoes until the end of stream. 0 or errno. */
int echo(int fd);

/* The mark: what is found in this form where only TLS may be was sent in clear.
 * Each 32 bytes of it tell their place. */
#define MARK	   "KITH-RACE-CLEAR:"
#define MARK_BLOCK 32
void mark_fill(void *buf, size_t len, size_t offset);
bool mark_matches(const void *buf, size_t len, size_t offset);

/* crew.c ------------------------------------------------------------------ */

/* Threads that run at once. */
struct hand {
	void (*job)(void *arg);
	void *arg;
};

/* Lets them go at one moment; returns when the last has ended. */
void together(const struct hand *hands, size_t n);
unsigned int chance(unsigned int n); /* 0 to @n - 1 */
/* Waits a random time of any magnitude, up to 2^@most microseconds. */
void jitter(unsigned int most);
/* Lets others run, now and then for longer. */
void breathe(void);

/* Results of racing calls, counted by errno, of all threads and processes. */
enum call {
	CALL_CONNECT,
	CALL_ELSEWHERE, /* connect() to another destination */
	CALL_LISTEN,
	CALL_ACCEPT,
	CALL_SEND,
	CALL_RECV,
	CALL_SHUTDOWN,
	CALL_CLOSE,
	CALL_OPTION,
	N_CALLS
};

void tally_share(void); /* before fork() */
/* errno of a call that returned @result, or -1; counted. */
int tally(enum call call, long result);
unsigned int tallied(enum call call, int error); /* -1: successes */
/* Checks that only these errnos came, "ok" standing for success. */
void tally_only(enum call call, const char *allowed);
/* What must not happen at all did. */
void tally_wrong(const char *what);
void tally_check_wrong(void);

/* stranger.c ---------------------------------------------------------------- */

/* All that a program can try on a descriptor it was given, @rounds times. What
 * did not end in EACCES goes to @text, as "CALL ERRNO" each, once. */
void hammer(int fd, int rounds, char *text, size_t size);
int read_error_queue(int fd); /* errno */

/* hold.c ------------------------------------------------------------------ */

/* Has a thread lock @fd in a "send" or, setting a "filter", in setsockopt();
 * returns when it has, or false when that call returned. */
bool hold(int fd, const char *how);
int release(void); /* errno of that call, which goes on */

/* task.c ------------------------------------------------------------------ */

/* Forks; in the child runs @job(@arg) and exits with its result. */
pid_t background(int (*job)(void *), void *arg);
void reap(pid_t pid, const char *what); /* checks that it exited with 0 */

#endif
