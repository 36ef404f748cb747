// SPDX-License-Identifier: Apache-2.0
/*
 * The command issuer: runs a program for each request. It gets the PKCS#10
 * request as PEM on stdin, and KITH_SPIFFE_ID and KITH_TTL (seconds) in its
 * environment; it writes the chain as PEM, leaf first, to stdout and exits
 * with 0. Its stderr goes to the agent's log.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/base.h"
#include "pending.h"

/* Programs running at once; further requests wait their turn. */
#define RUNNING_MAX 8
#define WAITING_MAX 4096

struct command {
	struct kith_issuer base;
	sd_event *loop;
	const struct kith_agent_config *config;
	TAILQ_HEAD(waiting, kith_issuing) waiting;
	unsigned int n_running, n_waiting;
	sd_event_source *start; /* starts what waits, from the loop */
};

struct kith_issuing {
	TAILQ_ENTRY(kith_issuing) link; /* while waiting */
	struct command *command;
	kith_issued_fn *done;
	void *arg;
	char *pem, *spiffe_id;
	uint32_t ttl;

	pid_t pid; /* 0 while waiting */
	int out;
	sd_event_source *child, *output, *deadline;
	char *answer;
	size_t answer_size;
	bool output_ended, exited;
	int status;
};

static void start_soon(struct command *command)
{
	sd_event_source_set_enabled(command->start, SD_EVENT_ONESHOT);
}

static void release(struct kith_issuing *issuing)
{
	struct command *command = issuing->command;

	if (issuing->pid) {
		if (!issuing->exited) {
			/* The group: the program may be a script. */
			kill(-issuing->pid, SIGKILL);
			waitpid(issuing->pid, NULL, 0);
		}
		command->n_running--;
	} else {
		TAILQ_REMOVE(&command->waiting, issuing, link);
		command->n_waiting--;
	}
	sd_event_source_disable_unref(issuing->child);
	sd_event_source_disable_unref(issuing->output);
	sd_event_source_disable_unref(issuing->deadline);
	if (issuing->out >= 0)
		close(issuing->out);
	free(issuing->answer);
	free(issuing->pem);
	free(issuing->spiffe_id);
	free(issuing);
}

static void cancel(struct kith_issuing *issuing)
{
	struct command *command = issuing->command;

	release(issuing);
	start_soon(command);
}

static void fail(struct kith_issuing *issuing, const char *what)
{
	struct command *command = issuing->command;
	kith_issued_fn *done = issuing->done;
	void *arg = issuing->arg;

	release(issuing);
	start_soon(command);
	kith_issuing_fail(done, arg, "%s: %s", command->config->issuer_path, what);
}

static void finish_when_over(struct kith_issuing *issuing)
{
	struct command *command = issuing->command;
	kith_issued_fn *done = issuing->done;
	void *arg = issuing->arg;
	char *answer, text[64];
	size_t size;

	if (!issuing->exited || !issuing->output_ended)
		return;
	if (!WIFEXITED(issuing->status) || WEXITSTATUS(issuing->status)) {
		snprintf(text, sizeof(text),
			 WIFEXITED(issuing->status)
				 ? "exited with status %d (see its messages in the log)"
				 : "was killed by signal %d",
			 WIFEXITED(issuing->status) ? WEXITSTATUS(issuing->status)
						    : WTERMSIG(issuing->status));
		fail(issuing, text);
		return;
	}
	answer = issuing->answer;
	size = issuing->answer_size;
	issuing->answer = NULL;
	release(issuing);
	start_soon(command);
	kith_issuing_take(done, arg, command->config->issuer_path, answer ? answer : "", size);
	free(answer);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct kith_issuing *issuing = arg;
	ssize_t got;

	if (!issuing->answer)
		issuing->answer = kith_alloc(KITH_ISSUER_ANSWER_MAX);
	got = read(fd, issuing->answer + issuing->answer_size,
		   KITH_ISSUER_ANSWER_MAX - issuing->answer_size);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got > 0) {
		issuing->answer_size += (size_t)got;
		if (issuing->answer_size == KITH_ISSUER_ANSWER_MAX)
			fail(issuing, "wrote more than 64 KiB");
		return 0;
	}
	issuing->output = sd_event_source_disable_unref(issuing->output);
	issuing->output_ended = true;
	finish_when_over(issuing);
	return 0;
}

static int on_exit_of_child(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct kith_issuing *issuing = arg;

	issuing->exited = true;
	issuing->status = info->si_code == CLD_EXITED ? W_EXITCODE(info->si_status, 0)
						      : W_EXITCODE(0, info->si_status);
	finish_when_over(issuing);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *arg)
{
	fail(arg, "did not answer in time (raise issuer.command.deadline, or see why it is slow)");
	return 0;
}

/* Only what the program needs, and nothing of ours that a library may act on. */
static char **make_environment(const struct kith_issuing *issuing)
{
	char **environment = kith_alloc(4 * sizeof(*environment));

	environment[0] =
		kith_format("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	environment[1] = kith_format("KITH_SPIFFE_ID=%s", issuing->spiffe_id);
	environment[2] = kith_format("KITH_TTL=%u", issuing->ttl);
	return environment;
}

static void free_environment(char **environment)
{
	size_t i;

	for (i = 0; environment[i]; i++)
		free(environment[i]);
	free(environment);
}

static int spawn(struct kith_issuing *issuing, int in, int out)
{
	const struct kith_agent_config *config = issuing->command->config;
	char **environment = make_environment(issuing);
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t pid;
	int ret;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	ret = posix_spawn(&pid, config->issuer_path, &files, &attributes,
			  (char *const *)config->issuer_args, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free_environment(environment);
	if (!ret)
		issuing->pid = pid;
	return -ret;
}

/* The request is smaller than a pipe's buffer. */
static int run(struct kith_issuing *issuing)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, ret = 0;
	size_t size = strlen(issuing->pem);

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		ret = -errno;
	else if (fcntl(in[1], F_SETFL, O_NONBLOCK) || fcntl(out[0], F_SETFL, O_NONBLOCK) ||
		 write(in[1], issuing->pem, size) != (ssize_t)size)
		ret = -EIO;
	else
		ret = spawn(issuing, in[0], out[1]);
	if (in[0] >= 0) {
		close(in[0]);
		close(in[1]);
	}
	if (out[1] >= 0)
		close(out[1]);
	if (ret && out[0] >= 0)
		close(out[0]);
	else
		issuing->out = out[0];
	return ret;
}

static int watch(struct kith_issuing *issuing)
{
	struct command *command = issuing->command;
	int ret;

	ret = sd_event_add_io(command->loop, &issuing->output, issuing->out, EPOLLIN, on_output,
			      issuing);
	if (ret >= 0)
		ret = sd_event_add_child(command->loop, &issuing->child, issuing->pid, WEXITED,
					 on_exit_of_child, issuing);
	if (ret >= 0)
		ret = sd_event_add_time_relative(command->loop, &issuing->deadline, CLOCK_BOOTTIME,
						 command->config->issuer_deadline * 1000000ULL, 0,
						 on_deadline, issuing);
	return ret < 0 ? ret : 0;
}

static int on_start(sd_event_source *source, void *arg)
{
	struct command *command = arg;
	struct kith_issuing *issuing, *next;
	int ret;

	for (issuing = TAILQ_FIRST(&command->waiting); issuing && command->n_running < RUNNING_MAX;
	     issuing = next) {
		next = TAILQ_NEXT(issuing, link);
		ret = run(issuing);
		if (!ret) {
			TAILQ_REMOVE(&command->waiting, issuing, link);
			command->n_waiting--;
			command->n_running++;
			ret = watch(issuing);
		}
		if (ret)
			fail(issuing, strerror(-ret));
	}
	return 0;
}

static struct kith_issuing *issue(struct kith_issuer *issuer,
				  const struct kith_issue_request *request, kith_issued_fn *done,
				  void *arg)
{
	struct command *command = (struct command *)issuer;
	struct kith_issuing *issuing;

	if (command->n_waiting >= WAITING_MAX) {
		kith_issuing_fail(done, arg, "%s: too many requests wait for it",
				  command->config->issuer_path);
		return NULL;
	}
	issuing = kith_alloc(sizeof(*issuing));
	issuing->command = command;
	issuing->done = done;
	issuing->arg = arg;
	issuing->out = -1;
	issuing->pem = kith_x509_request_pem(&request->csr);
	issuing->spiffe_id = kith_strdup(request->spiffe_id);
	issuing->ttl = request->ttl;
	TAILQ_INSERT_TAIL(&command->waiting, issuing, link);
	command->n_waiting++;
	/* From the loop: a program that cannot be started fails its request
	 * after the caller has the handle. */
	start_soon(command);
	return issuing;
}

static void free_command(struct kith_issuer *issuer)
{
	struct command *command = (struct command *)issuer;

	/* Its requests were cancelled by their owners. */
	sd_event_source_disable_unref(command->start);
	free(command);
}

static const struct kith_issuer_ops ops = {
	.issue = issue,
	.cancel = cancel,
	.free = free_command,
};

struct kith_issuer *kith_command_issuer(const struct kith_issuer_host *host)
{
	struct command *command = kith_alloc(sizeof(*command));

	command->base.ops = &ops;
	command->loop = host->loop;
	command->config = host->config;
	TAILQ_INIT(&command->waiting);
	if (sd_event_add_defer(host->loop, &command->start, on_start, command) < 0)
		abort();
	sd_event_source_set_enabled(command->start, SD_EVENT_OFF);
	return &command->base;
}
