// SPDX-License-Identifier: Apache-2.0
#include "kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include "agent.h"
#include "base/base.h"
#include "bundles.h"
#include "credentials.h"
#include "events.h"
#include "log.h"
#include "netlink/request.h"
#include "policy.h"
#include "policy/policy.h"
#include "revocations.h"
#include "trouble.h"

#define RETRY_USEC   2000000ULL
#define REFUSED_USEC 30000000ULL
#define SWEEP_USEC   60000000ULL
/* The CA's certificate begins a little before it is made, for peers whose
 * clocks run behind ours. */
#define CA_BACKDATE 60

static void disconnect(struct kith_agent *agent)
{
	kith_credentials_abandon(agent->credentials);
	agent->nl_source = sd_event_source_disable_unref(agent->nl_source);
	agent->round_source = sd_event_source_disable_unref(agent->round_source);
	agent->queue_source = sd_event_source_disable_unref(agent->queue_source);
	agent->events_source = sd_event_source_disable_unref(agent->events_source);
	agent->sweep = sd_event_source_disable_unref(agent->sweep);
	kith_nl_close(agent->nl);
	kith_nl_close(agent->events_nl);
	agent->nl = agent->events_nl = NULL;
}

static void try_again_in(struct kith_agent *agent, uint64_t usec)
{
	sd_event_source_set_time_relative(agent->retry, usec);
	sd_event_source_set_enabled(agent->retry, SD_EVENT_ONESHOT);
}

static void lost(struct kith_agent *agent, const char *why)
{
	kith_log(LOG_ERR, "the kernel is lost: %s; trying again", why);
	disconnect(agent);
	try_again_in(agent, RETRY_USEC);
}

/* Upcalls. */

static int take_upcall(const struct nlmsghdr *message, void *arg)
{
	struct kith_agent *agent = arg;
	struct kith_credential_info upcall;

	if (kith_message_command(message) != KITH_CMD_ATTEST)
		return 0;
	if (kith_decode_credential(message, &upcall))
		kith_log(
			LOG_ERR,
			"the kernel sent an upcall that cannot be read (is kithd older than kith.ko?)");
	else
		kith_credentials_attest(agent->credentials, &upcall);
	return 0;
}

/* Registering again has the kernel send every pending attestation again. */
static int register_again(struct kith_agent *agent)
{
	uint64_t generation;

	kith_log(LOG_WARNING, "upcalls were lost; asking the kernel for them again");
	return kith_request_register(agent->nl, &generation);
}

static void serve(struct kith_agent *agent)
{
	int ret = kith_nl_receive(agent->nl, take_upcall, agent);

	if (ret == -ENOBUFS)
		ret = register_again(agent);
	if (ret)
		lost(agent, strerror(-ret));
}

static void serve_events(struct kith_agent *agent)
{
	int ret = kith_nl_receive(agent->events_nl, kith_agent_take_event, agent);

	if (ret == -ENOBUFS)
		kith_log(LOG_WARNING, "events were lost: more came than could be read");
	else if (ret)
		lost(agent, strerror(-ret));
}

static int on_upcall(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	serve(arg);
	return 0;
}

/* What is queued takes its turn with what else there is to do: somebody who makes
 * the kernel ask without end holds up nobody but his like. */
static int on_queue(sd_event_source *source, void *arg)
{
	struct kith_agent *agent = arg;

	if (agent->nl && kith_nl_has_queued(agent->nl))
		serve(agent);
	if (agent->events_nl && kith_nl_has_queued(agent->events_nl))
		serve_events(agent);
	return 0;
}

/* After every round of the loop: a call may have kept upcalls. */
static int on_round(sd_event_source *source, void *arg)
{
	struct kith_agent *agent = arg;

	if ((agent->nl && kith_nl_has_queued(agent->nl)) ||
	    (agent->events_nl && kith_nl_has_queued(agent->events_nl)))
		sd_event_source_set_enabled(agent->queue_source, SD_EVENT_ONESHOT);
	return 0;
}

static int on_event(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	serve_events(arg);
	return 0;
}

/* The kernel replaces its CA when half of its time has passed, or the clock was set
 * to before it. */
static void see_to_trust(struct kith_agent *agent)
{
	bool changed = false;

	if (!kith_kernel_trust(agent, &changed) && (kith_bundles_expire(agent->bundles) || changed))
		kith_agent_commit(agent);
}

void kith_kernel_clock_set(struct kith_agent *agent)
{
	if (!agent->nl)
		return;
	see_to_trust(agent);
	kith_credentials_clock_set(agent->credentials);
}

/* The list of credentials is compared, and a module that was unloaded and
 * loaded again is noticed. */
static int on_sweep(sd_event_source *source, uint64_t usec, void *arg)
{
	struct kith_agent *agent = arg;
	int ret;

	sd_event_source_set_time_relative(source, SWEEP_USEC);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	ret = kith_credentials_adopt(agent->credentials);
	if (ret) {
		lost(agent, kith_kernel_trouble(ret));
		return 0;
	}
	see_to_trust(agent);
	return 0;
}

/* Connecting. */

static uint32_t longest_ttl(const struct kith_agent *agent)
{
	uint32_t longest = 0;
	size_t i;

	for (i = 0; i < agent->policy->n_workloads; i++)
		if (agent->policy->workloads[i].ttl > longest)
			longest = agent->policy->workloads[i].ttl;
	return longest;
}

static int trust_embedded(struct kith_agent *agent, bool *changed)
{
	int64_t now = kith_now_ms() / 1000;
	struct kith_request_template template = {
		.not_before = now > CA_BACKDATE ? now - CA_BACKDATE : 0,
		.not_after = now + agent->config.ca_ttl,
	};
	uint8_t der[KITH_CERT_MAX];
	struct kith_blob certificate = { .data = der };
	struct kith_x509_facts facts;
	int ret;

	ret = kith_x509_serial(template.serial);
	if (!ret)
		ret = kith_request_ca(agent->nl, agent->config.trust_domain, &template, der,
				      &certificate.size);
	if (!ret)
		ret = kith_x509_facts(&certificate, &facts);
	if (ret) {
		kith_log(LOG_ERR, "the embedded CA of %s could not be had: %s%s%s",
			 agent->config.trust_domain, strerror(-ret),
			 *kith_nl_error(agent->nl) ? ": " : "", kith_nl_error(agent->nl));
		return ret;
	}
	agent->ca_not_before = facts.not_before;
	agent->ca_not_after = facts.not_after;
	*changed = kith_bundles_add_ca(agent->bundles, &certificate, longest_ttl(agent));
	if (*changed)
		kith_log(LOG_INFO, "the embedded CA of %s is new", agent->config.trust_domain);
	return 0;
}

int kith_kernel_trust(struct kith_agent *agent, bool *changed)
{
	const char *path = agent->config.issuer_bundle, *why = "";

	if (agent->config.issuer == KITH_ISSUER_EMBEDDED)
		return trust_embedded(agent, changed);
	if (path && kith_bundles_read_own(agent->bundles, path, &why)) {
		kith_log(LOG_ERR, "%s: %s (the issuer's bundle)", path, why);
		return -EINVAL;
	}
	return 0;
}

static int watch(struct kith_agent *agent)
{
	int ret;

	ret = sd_event_add_io(agent->loop, &agent->nl_source, kith_nl_fd(agent->nl), EPOLLIN,
			      on_upcall, agent);
	if (ret >= 0)
		ret = sd_event_add_post(agent->loop, &agent->round_source, on_round, agent);
	if (ret >= 0)
		ret = sd_event_add_defer(agent->loop, &agent->queue_source, on_queue, agent);
	if (ret >= 0)
		ret = sd_event_add_io(agent->loop, &agent->events_source,
				      kith_nl_fd(agent->events_nl), EPOLLIN, on_event, agent);
	if (ret >= 0)
		ret = sd_event_add_time_relative(agent->loop, &agent->sweep, CLOCK_BOOTTIME,
						 SWEEP_USEC, 0, on_sweep, agent);
	return ret < 0 ? ret : 0;
}

static int connect_and_register(struct kith_agent *agent)
{
	uint64_t generation;
	int ret;

	ret = agent->kernel.open(agent->kernel.arg, &agent->nl);
	if (!ret)
		ret = agent->kernel.open(agent->kernel.arg, &agent->events_nl);
	if (!ret)
		ret = kith_nl_join_events(agent->events_nl);
	if (!ret)
		ret = kith_request_register(agent->nl, &generation);
	return ret;
}

static void say_once(struct kith_agent *agent, int err)
{
	if (agent->last_error == err)
		return;
	agent->last_error = err;
	kith_log(LOG_ERR, "%s; trying again every 2 seconds", kith_kernel_trouble(err));
	/* What comes after us in the boot is not held up: its programs wait for
	 * an identity themselves, and fail closed. */
	sd_notifyf(0, "READY=1\nSTATUS=Waiting: %s", kith_kernel_trouble(err));
}

static void ready(struct kith_agent *agent)
{
	agent->last_error = 0;
	kith_log(LOG_INFO, "ready: trust domain %s, generation %llu", agent->config.trust_domain,
		 (unsigned long long)agent->generation);
	sd_notify(0, "READY=1");
}

static int tie(struct kith_agent *agent)
{
	int ret = connect_and_register(agent);

	/* Before anything is issued. */
	if (!ret)
		ret = kith_revocations_tie(agent->revocations, agent->nl);
	if (!ret)
		ret = kith_credentials_adopt(agent->credentials);
	if (!ret)
		ret = watch(agent);
	if (ret) {
		say_once(agent, ret);
		disconnect(agent);
	}
	return ret;
}

static int put_in_force(struct kith_agent *agent)
{
	bool changed;
	int ret;

	/* Without each of them nothing is claimed, unless every door is left open. */
	ret = agent->kernel.guard();
	if (ret && (agent->config.open_doors & KITH_DOORS_GUARDED) != KITH_DOORS_GUARDED)
		return ret;
	if (agent->config.open_doors)
		kith_log(LOG_WARNING,
			 "claimed programs may use other ways than TCP: open_doors in %s",
			 agent->config_path);
	ret = kith_kernel_trust(agent, &changed);
	return ret ? ret : kith_agent_commit(agent);
}

/* What the kernel does not take leaves the old in force: the agent stays, and
 * serves that. */
static int on_retry(sd_event_source *source, uint64_t usec, void *arg)
{
	struct kith_agent *agent = arg;

	if (!agent->nl && tie(agent)) {
		try_again_in(agent, RETRY_USEC);
		return 0;
	}
	if (put_in_force(agent)) {
		sd_notify(0, "READY=1\nSTATUS=The kernel did not take the policy: see the log");
		try_again_in(agent, REFUSED_USEC);
	} else {
		ready(agent);
	}
	serve(agent);
	return 0;
}

void kith_kernel_start(struct kith_agent *agent)
{
	if (sd_event_add_time_relative(agent->loop, &agent->retry, CLOCK_BOOTTIME, 0, 0, on_retry,
				       agent) < 0)
		abort();
}

void kith_kernel_stop(struct kith_agent *agent)
{
	disconnect(agent);
	agent->retry = sd_event_source_disable_unref(agent->retry);
}
