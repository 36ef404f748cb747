// SPDX-License-Identifier: Apache-2.0
#include "clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "agent.h"
#include "base/base.h"
#include "control.h"
#include "credentials.h"
#include "kernel.h"
#include "log.h"
#include "ring.h"

/* Less is the work of a time service that sets instead of slewing. */
#define STEP_MS 1000
/* A file's time may be a little ahead of the clock that is read next. */
#define BEHIND_SECONDS 60

static int64_t ms_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int64_t offset_now(void)
{
	return ms_of(CLOCK_REALTIME) - ms_of(CLOCK_BOOTTIME);
}

/* When this host last committed a policy, before this start; 0: never. */
static int64_t last_seen(const struct kith_agent *agent)
{
	char *path = kith_format("%s/generation", agent->config.state_dir);
	struct stat st;
	int64_t seen = stat(path, &st) ? 0 : st.st_mtim.tv_sec;

	free(path);
	return seen;
}

/* By how many seconds the clock is behind that, 0 when it is not: a machine whose clock
 * was lost starts in 1970. */
static int64_t behind(const struct kith_agent *agent)
{
	int64_t seconds = agent->clock.seen - kith_now_ms() / 1000;

	return seconds > BEHIND_SECONDS ? seconds : 0;
}

/* Into the events, for those who look for the cause there. */
static void tell(struct kith_agent *agent, const char *detail)
{
	char time[KITH_TIME_TEXT], *line;
	json_t *event;

	event = json_pack("{s:s, s:s, s:s}", "time", kith_time_text(time, agent->clock.set_at),
			  "kind", "clock-set", "detail", detail);
	line = json_dumps(event, JSON_COMPACT);
	json_decref(event);
	if (!line)
		return;
	kith_ring_add(agent->ring, line, true);
	kith_control_wake(agent->control);
}

static void note_step(struct kith_agent *agent, int64_t step)
{
	char *text;

	if (llabs(step) < STEP_MS)
		return;
	agent->clock.times_set++;
	agent->clock.last_step = step;
	agent->clock.set_at = kith_now_ms();
	text = kith_format("the clock was set %s by %lld.%03d s", step < 0 ? "back" : "forward",
			   llabs(step) / 1000, (int)(llabs(step) % 1000));
	kith_log(LOG_NOTICE, "%s; renewals are planned anew", text);
	tell(agent, text);
	free(text);
	/* Somebody has seen to it. */
	agent->clock.seen = 0;
}

/* Makes @fd readable when the clock is set; a read then is ECANCELED. */
static int arm(int fd)
{
	const struct itimerspec never = { .it_value.tv_sec = INT64_MAX / 1000000000 };

	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL)
		       ? -errno
		       : 0;
}

static int on_set(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct kith_agent *agent = arg;
	int64_t before = agent->clock.offset;
	uint64_t times;
	int ret;

	if (read(fd, &times, sizeof(times)) < 0 && errno == EAGAIN)
		return 0;
	/* Armed first: what is set after it is told again. */
	ret = arm(fd);
	if (ret)
		return ret;
	agent->clock.offset = offset_now();
	note_step(agent, agent->clock.offset - before);
	kith_kernel_clock_set(agent);
	return 0;
}

int kith_clock_start(struct kith_agent *agent)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK), ret;

	if (fd < 0)
		return -errno;
	agent->clock.offset = offset_now();
	ret = arm(fd);
	if (ret >= 0)
		ret = sd_event_add_io(agent->loop, &agent->clock.source, fd, EPOLLIN, on_set,
				      agent);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	sd_event_source_set_io_fd_own(agent->clock.source, true);
	/* Before the renewals that are due by it. */
	sd_event_source_set_priority(agent->clock.source, SD_EVENT_PRIORITY_IMPORTANT);
	agent->clock.seen = last_seen(agent);
	if (behind(agent))
		kith_log(
			LOG_WARNING,
			"the clock is %lld s behind what this host has seen: SVIDs issued now are worth nothing once it is right (set the clock)",
			(long long)behind(agent));
	return 0;
}

void kith_clock_stop(struct kith_agent *agent)
{
	agent->clock.source = sd_event_source_disable_unref(agent->clock.source);
}

json_t *kith_clock_report(const struct kith_agent *agent)
{
	json_t *object = json_object();
	char time[KITH_TIME_TEXT];

	json_object_set_new(object, "times_set", json_integer(agent->clock.times_set));
	if (agent->clock.times_set) {
		json_object_set_new(object, "last_step_ms", json_integer(agent->clock.last_step));
		json_object_set_new(object, "set_at",
				    json_string(kith_time_text(time, agent->clock.set_at)));
	}
	json_object_set_new(object, "behind_seconds", json_integer(behind(agent)));
	return object;
}
