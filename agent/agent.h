/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kithd: one thread, one event loop. Everything below belongs to that thread;
 * nothing in it blocks for longer than a system call on a local file or a
 * netlink request, which the kernel works on in our own context. Hashing goes
 * in slices and issuers answer through the loop.
 */
#ifndef KITH_AGENT_AGENT_H
#define KITH_AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include <systemd/sd-event.h>
#include "clock.h"
#include "config.h"
#include "netlink/nl.h"

struct kith_bundles;
struct kith_control;
struct kith_credentials;
struct kith_digests;
struct kith_issuer;
struct kith_policy_set;
struct kith_policy_table;
struct kith_revocations;
struct kith_ring;
struct kith_users;

/* How connections to the kernel are made; tests put a double here. */
struct kith_kernel {
	int (*open)(void *arg, struct kith_nl **nl);
	int (*guard)(void); /* kith_guard_start() */
	void *arg;
};

struct kith_agent {
	const char *config_path;
	struct kith_agent_config config;
	struct kith_kernel kernel;
	sd_event *loop;
	int64_t started; /* ms since 1970 */

	/* Connected and registered, or both NULL. */
	struct kith_nl *nl;	   /* the registered port: requests, upcalls */
	struct kith_nl *events_nl; /* the group of events */

	/* Policy in use, never NULL once running. */
	struct kith_policy_set *policy;
	struct kith_policy_table *table;
	struct kith_users *users;
	/* Since when it is the last good one, because that of policy_dir had
	 * errors at the start, ms since 1970; 0: it is that of policy_dir. */
	int64_t last_good;
	/* What the kernel holds instead until it has taken that; or NULL. */
	struct kith_agent_former *former;
	uint64_t generation; /* last committed */
	/* Put into the kernel last, before this start if need be (claims.h); NULL:
	 * none that we know of. */
	json_t *claims;

	struct kith_digests *digests;
	struct kith_bundles *bundles;
	struct kith_issuer *issuer;
	int64_t ca_not_before, ca_not_after; /* of the embedded CA; 0: not known yet */
	struct kith_credentials *credentials;
	struct kith_revocations *revocations;
	struct kith_ring *ring;
	struct kith_control *control;
	struct kith_clock clock;

	/* private: of kernel.c */
	sd_event_source *nl_source, *round_source, *queue_source, *events_source, *retry, *sweep;
	int last_error; /* said in the log already */
};

/**
 * kith_agent_start() - begin to work
 * @agent: @config_path, @config, @kernel and @loop set, the rest zero
 *
 * Loads policy, or with errors in it the last good one, and state, and begins to
 * serve @config.socket. The kernel is connected to from the loop, again and again
 * until it is there.
 * Return: 0, or -errno after having logged why.
 */
int kith_agent_start(struct kith_agent *agent);
void kith_agent_stop(struct kith_agent *agent);

/* Reads configuration and policy again; keeps the old on error, which it
 * logs. Return: 0 or -errno. */
int kith_agent_reload(struct kith_agent *agent);

#endif
