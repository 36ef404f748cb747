// SPDX-License-Identifier: Apache-2.0
/*
 * stress-herd BOARD PREFIX NUMBER SEED: keeps a server of each image and so many
 * programs in all alive, until the board says to stop; then ends them all. Its
 * process group is theirs.
 */
#include <grp.h>
#include <sys/prctl.h>
#include "stress.h"

#define HERD_MAX    1024
#define LIFE_SERVER 60 /* s */
#define LOOK_US	    50000

static char *board_path, *prefix;
/* Whom we started: a server of each image, then others. Their children that outlive
 * them become ours to reap, and are nobody here. */
static pid_t members[STRESS_IMAGES + HERD_MAX];

static void become_user(void)
{
	if (setgroups(0, NULL) || setresgid(STRESS_USER, STRESS_USER, STRESS_USER) ||
	    setresuid(STRESS_USER, STRESS_USER, STRESS_USER))
		_exit(3);
}

static pid_t start(const char *command, int image, bool user)
{
	char path[256], number[12], seed[24], life[12];
	char *serve[] = { path, "-m", (char *)command, board_path, number, seed, life, NULL };
	char *roam[] = { path, "-m", (char *)command, board_path, prefix, number, seed, "0", NULL };
	pid_t pid;

	snprintf(path, sizeof(path), "%s%d", prefix, image);
	snprintf(number, sizeof(number), "%d", image);
	snprintf(seed, sizeof(seed), "%u", stress_chance(1U << 31));
	snprintf(life, sizeof(life), "%d", LIFE_SERVER);
	pid = fork();
	if (!pid) {
		if (user)
			become_user();
		execv(path, strcmp(command, "stress-serve") ? roam : serve);
		_exit(3);
	}
	return pid > 0 ? pid : 0;
}

static void count_out(pid_t pid)
{
	for (int i = 0; i < STRESS_IMAGES + HERD_MAX; i++)
		if (members[i] == pid)
			members[i] = 0;
}

static void reap_all(bool wait)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, wait ? 0 : WNOHANG)) > 0) {
		count_out(pid);
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			stress_count(STRESS_SIGKILLS);
		else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM)
			stress_wrong("a program died of signal %d", WTERMSIG(status));
		else if (WIFEXITED(status) && WEXITSTATUS(status))
			stress_wrong("a program ended with %d", WEXITSTATUS(status));
	}
}

/* One at a time of those that miss: so many starts at once help nobody. */
static bool refill(int number)
{
	for (int i = 0; i < STRESS_IMAGES + number; i++) {
		if (members[i])
			continue;
		if (i < STRESS_IMAGES)
			members[i] = start("stress-serve", i, stress_server(i) % 2);
		else
			members[i] = start("stress-roam", stress_chance(STRESS_IMAGES),
					   stress_chance(2));
		return true;
	}
	return false;
}

static void herd(int argc, char **argv)
{
	int number;

	if (argc < 5)
		die("usage: stress-herd BOARD PREFIX NUMBER SEED");
	board_path = argv[1];
	prefix = argv[2];
	number = atoi(argv[3]);
	if (number < 0 || number > HERD_MAX)
		die("a herd of 0 to %d", HERD_MAX);
	stress_map(board_path);
	stress_seed(strtoull(argv[4], NULL, 0));
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans are counted here */
	alarm(0);
	while (!atomic_load(&stress_board->stop)) {
		reap_all(false);
		if (!refill(number))
			usleep(LOOK_US);
	}
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	reap_all(true);
}

const struct command stress_herd_commands[] = {
	{ "stress-herd", herd },
	{ 0 },
};
