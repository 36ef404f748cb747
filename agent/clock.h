/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wall clock: SVIDs are valid by it, and anybody's time service may set it, a
 * second or ten years, forward or back. Waits and deadlines of the agent go by
 * CLOCK_BOOTTIME; what goes by the wall clock is planned anew whenever it is set.
 */
#ifndef KITH_AGENT_CLOCK_H
#define KITH_AGENT_CLOCK_H

#include <jansson.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct kith_agent;

struct kith_clock {
	unsigned int times_set;	   /* since the agent started, by a second or more */
	int64_t last_step, set_at; /* the last of them: ms, and when, ms since 1970 */

	/* private: of clock.c */
	sd_event_source *source;
	int64_t offset; /* ms from CLOCK_BOOTTIME to the wall clock */
	int64_t seen;	/* by this host before this start, seconds since 1970; 0: nothing */
};

/* Watches the clock from now on, and says so when it is behind what this host has
 * seen before. Return: 0 or -errno. */
int kith_clock_start(struct kith_agent *agent);
void kith_clock_stop(struct kith_agent *agent);

/* For `kith status`; a new reference. */
json_t *kith_clock_report(const struct kith_agent *agent);

#endif
