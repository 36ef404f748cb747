// SPDX-License-Identifier: Apache-2.0
#include "reviews.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <time.h>
#include "agent.h"
#include "base/base.h"
#include "control.h"
#include "netlink/request.h"
#include "report/report.h"

#define FIRST_MS 2
#define LAST_MS	 200

struct waiting {
	struct kith_agent *agent;
	json_t *result;
	sd_event_source *timer;
	int64_t end;	/* ms of CLOCK_BOOTTIME */
	uint64_t pause; /* ms */
	bool due;
};

static int64_t now_boottime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct waiting *waiting = arg;

	waiting->due = true;
	kith_control_wake(waiting->agent->control);
	return 0;
}

/* What remains, by program. */

static void count_program(json_t *remaining, const struct kith_conn_info *conn)
{
	json_t *object, *count;
	size_t i;

	json_array_foreach(remaining, i, object) {
		if (json_integer_value(json_object_get(object, "pid")) != conn->pid)
			continue;
		count = json_object_get(object, "connections");
		json_integer_set(count, json_integer_value(count) + 1);
		return;
	}
	object = json_object();
	json_object_set_new(object, "pid", json_integer(conn->pid));
	json_object_set_new(object, "comm", kith_report_text(conn->comm));
	json_object_set_new(object, "connections", json_integer(1));
	json_array_append_new(remaining, object);
}

static int on_conn(const struct nlmsghdr *message, void *arg)
{
	struct kith_conn_info conn;

	if (!kith_decode_conn(message, &conn) && conn.in_review)
		count_program(arg, &conn);
	return 0;
}

/* The answer. */

static void take_status(const struct kith_status_info *status, void *arg)
{
	*(uint32_t *)arg = status->reviews;
}

/* Return: how many connections are left to see to, or -errno. */
static int64_t reviews_left(const struct waiting *waiting)
{
	uint32_t reviews = 0;
	int ret = waiting->agent->nl
			  ? kith_request_status(waiting->agent->nl, take_status, &reviews)
			  : -ENOTCONN;

	return ret ? ret : (int64_t)reviews;
}

static void answer(struct kith_client *client, struct waiting *waiting, bool all)
{
	json_t *remaining = json_array();

	if (!all)
		kith_nl_dump(waiting->agent->nl, KITH_CMD_CONN_GET, on_conn, remaining);
	json_object_set_new(waiting->result, "remaining", remaining);
	kith_client_end(client, waiting->result);
	waiting->result = NULL;
}

static void look_again_later(struct waiting *waiting)
{
	waiting->due = false;
	sd_event_source_set_time_relative(waiting->timer, waiting->pause * 1000);
	sd_event_source_set_enabled(waiting->timer, SD_EVENT_ONESHOT);
	waiting->pause = waiting->pause * 2 < LAST_MS ? waiting->pause * 2 : LAST_MS;
}

static bool produce(struct kith_client *client, void *arg)
{
	struct waiting *waiting = arg;
	int64_t left;

	if (!waiting->due)
		return true;
	left = reviews_left(waiting);
	if (left < 0) {
		kith_client_fail(
			client, NULL,
			"it is in force, but the kernel does not say whether every connection has ended: %s",
			strerror((int)-left));
		return false;
	}
	if (left && now_boottime() < waiting->end) {
		look_again_later(waiting);
		return true;
	}
	answer(client, waiting, !left);
	return false;
}

static void free_waiting(void *arg)
{
	struct waiting *waiting = arg;

	sd_event_source_disable_unref(waiting->timer);
	json_decref(waiting->result);
	free(waiting);
}

void kith_reviews_await(struct kith_client *client, json_t *result)
{
	struct waiting *waiting = kith_alloc(sizeof(*waiting));

	waiting->agent = kith_client_agent(client);
	waiting->result = result;
	waiting->end = now_boottime() + KITH_REVIEWS_MS;
	waiting->pause = FIRST_MS;
	waiting->due = true;
	if (sd_event_add_time_relative(waiting->agent->loop, &waiting->timer, CLOCK_BOOTTIME, 0, 0,
				       on_timer, waiting) < 0)
		abort();
	sd_event_source_set_enabled(waiting->timer, SD_EVENT_OFF);
	kith_client_produce(client, produce, waiting, free_waiting);
}
