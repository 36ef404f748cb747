// SPDX-License-Identifier: Apache-2.0
#include "agent_help.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "base/base.h"

int64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

const char *bench_file(struct bench *bench, const char *name, const char *text, unsigned int mode)
{
	static char path[192];

	snprintf(path, sizeof(path), "%s/%s", bench->directory, name);
	assert_int_equal(kith_write_file(path, text, strlen(text), 0644), 0);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

void bench_policy(struct bench *bench, const char *name, const char *text)
{
	const char *gap = strstr(text, "%s");
	char *whole = gap ? kith_format("%.*s%s%s", (int)(gap - text), text, bench->exe, gap + 2)
			  : kith_strdup(text);
	char *file = kith_format("policy/%s", name);

	bench_file(bench, file, whole, 0644);
	free(file);
	free(whole);
}

int bench_setup(void **state)
{
	struct bench *bench = kith_alloc(sizeof(*bench));
	char path[128];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	strcpy(bench->directory, "/tmp/kith-unit-XXXXXX");
	if (!mkdtemp(bench->directory))
		return -1;
	double_init(&bench->kernel);
	snprintf(bench->exe, sizeof(bench->exe), "%s/program", bench->directory);
	bench_file(bench, "program", "an executable\n", 0755);
	snprintf(path, sizeof(path), "%s/policy", bench->directory);
	if (mkdir(path, 0755))
		return -1;
	*state = bench;
	return 0;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

void bench_stop(struct bench *bench)
{
	if (!bench->running)
		return;
	kith_agent_stop(&bench->agent);
	sd_event_unref(bench->agent.loop);
	bench->running = false;
	double_clear(&bench->kernel);
	memset(&bench->agent, 0, sizeof(bench->agent));
}

int bench_teardown(void **state)
{
	struct bench *bench = *state;

	bench_stop(bench);
	nftw(bench->directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	free(bench);
	return 0;
}

int bench_try_start(struct bench *bench, const char *issuer)
{
	static char config[192];
	char *text, *error = NULL;

	text = kith_format("trust_domain: a.example\nissuer:\n  %s\npolicy_dir: %s/policy\n"
			   "state_dir: %s/state\nsocket: %s/kithd.sock\n",
			   issuer ? issuer : "embedded:", bench->directory, bench->directory,
			   bench->directory);
	strcpy(config, bench_file(bench, "kith.yaml", text, 0644));
	free(text);
	memset(&bench->agent, 0, sizeof(bench->agent));
	bench->agent.config_path = config;
	if (kith_agent_config_load(config, &bench->agent.config, &error))
		fail_msg("%s", error);
	bench->agent.kernel = (struct kith_kernel){ .open = double_open,
						    .guard = double_guard,
						    .arg = &bench->kernel };
	assert_true(sd_event_new(&bench->agent.loop) >= 0);
	bench->running = true;
	return kith_agent_start(&bench->agent);
}

void bench_start(struct bench *bench, const char *issuer)
{
	assert_int_equal(bench_try_start(bench, issuer), 0);
}

bool bench_wait(struct bench *bench)
{
	return sd_event_run(bench->agent.loop, 0) >= 0;
}

void bench_step(struct bench *bench)
{
	sd_event_run(bench->agent.loop, 20000);
}

int bench_connect(struct bench *bench, const char *request)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/kithd.sock", bench->directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	return fd;
}

static json_t *parse_lines(char *text)
{
	json_t *lines = json_array(), *object;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		if (!*line)
			continue;
		object = json_loads(line, 0, NULL);
		assert_non_null(object);
		json_array_append_new(lines, object);
	}
	return lines;
}

json_t *bench_ask(struct bench *bench, const char *request)
{
	int fd = bench_connect(bench, request);
	size_t size = 0, room = 1 << 20;
	char *text = kith_alloc(room);
	int64_t end = bench_now() + 10000;
	ssize_t got = -1;
	json_t *lines;

	while (bench_now() < end && got) {
		bench_step(bench);
		got = recv(fd, text + size, room - size - 1, MSG_DONTWAIT);
		if (got > 0)
			size += (size_t)got;
		if (size + 1 >= room) {
			room *= 2;
			text = kith_realloc(text, room, 1);
		}
	}
	close(fd);
	assert_int_equal(got, 0);
	text[size] = 0;
	lines = parse_lines(text);
	free(text);
	return lines;
}
