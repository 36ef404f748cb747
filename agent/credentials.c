// SPDX-License-Identifier: Apache-2.0
#include "credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include "agent.h"
#include "attest.h"
#include "base/base.h"
#include "issuers/issuer.h"
#include "log.h"
#include "netlink/request.h"
#include "policy/policy.h"

#define BUCKETS	    1024
#define RETRY_FIRST 1 /* seconds */
#define RETRY_MAX   60
#define USEC	    1000000ULL

struct credential {
	LIST_ENTRY(credential) link;
	struct kith_credentials *owner;
	uint64_t id;
	uint64_t round; /* of adoption, when last seen */
	char *workload, *spiffe_id;
	uint32_t ttl;
	bool task;	   /* of a task of kith run */
	uint32_t task_ttl; /* which may take so long; 0: as it runs */
	uint32_t traits;
	int64_t not_before, not_after; /* of the SVID in force; 0: none yet */
	unsigned int failures;
	sd_event_source *timer; /* renewal */
	struct kith_attestation *attesting;
	struct kith_issuing *issuing;
	bool busy;
};

struct kith_credentials {
	struct kith_agent *agent;
	LIST_HEAD(bucket, credential) buckets[BUCKETS];
	uint64_t round;
	size_t n_busy;
};

int64_t kith_renewal_time(int64_t not_before, int64_t not_after, uint8_t dice)
{
	int64_t life = not_after - not_before;

	/* 40% to 48%: before half has passed, and not all at once. */
	return not_before + life * 40 / 100 + life * 8 * dice / (100 * 256);
}

static uint8_t roll(void)
{
	uint8_t dice = 128;

	if (getrandom(&dice, sizeof(dice), 0) != sizeof(dice))
		dice = 128;
	return dice;
}

size_t kith_credentials_busy(const struct kith_credentials *credentials)
{
	return credentials->n_busy;
}

static void set_busy(struct credential *credential, bool busy)
{
	if (credential->busy == busy)
		return;
	credential->busy = busy;
	credential->owner->n_busy += busy ? 1 : (size_t)-1;
}

static struct credential *find(struct kith_credentials *credentials, uint64_t id)
{
	struct credential *credential;

	for (credential = LIST_FIRST(&credentials->buckets[id % BUCKETS]); credential;
	     credential = LIST_NEXT(credential, link))
		if (credential->id == id)
			return credential;
	return NULL;
}

static struct credential *find_or_add(struct kith_credentials *credentials, uint64_t id)
{
	struct credential *credential = find(credentials, id);

	if (credential)
		return credential;
	credential = kith_alloc(sizeof(*credential));
	credential->owner = credentials;
	credential->id = id;
	credential->round = credentials->round;
	LIST_INSERT_HEAD(&credentials->buckets[id % BUCKETS], credential, link);
	return credential;
}

static void stop_work(struct credential *credential)
{
	kith_attest_cancel(credential->attesting);
	credential->attesting = NULL;
	kith_issuer_cancel(credential->owner->agent->issuer, credential->issuing);
	credential->issuing = NULL;
	set_busy(credential, false);
}

static void end(struct credential *credential)
{
	stop_work(credential);
	sd_event_source_disable_unref(credential->timer);
	LIST_REMOVE(credential, link);
	free(credential->workload);
	free(credential->spiffe_id);
	free(credential);
}

void kith_credentials_forget(struct kith_credentials *credentials, uint64_t id)
{
	struct credential *credential = find(credentials, id);

	if (credential)
		end(credential);
}

static void name(struct credential *credential, const char *workload, const char *spiffe_id)
{
	char *new_workload = kith_strdup(workload), *new_id = kith_strdup(spiffe_id);

	free(credential->workload);
	free(credential->spiffe_id);
	credential->workload = new_workload;
	credential->spiffe_id = new_id;
}

/* Renewal timers. */

static void renew(struct credential *credential);

static int on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	renew(arg);
	return 0;
}

static void set_timer(struct credential *credential, int64_t at)
{
	sd_event *loop = credential->owner->agent->loop;
	uint64_t usec = at > 0 ? (uint64_t)at * USEC : 0;

	if (credential->timer) {
		sd_event_source_set_time(credential->timer, usec);
		sd_event_source_set_enabled(credential->timer, SD_EVENT_ONESHOT);
	} else if (sd_event_add_time(loop, &credential->timer, CLOCK_REALTIME, usec, 100000,
				     on_timer, credential) < 0) {
		abort();
	}
}

static void schedule_renewal(struct credential *credential)
{
	set_timer(credential,
		  kith_renewal_time(credential->not_before, credential->not_after, roll()));
}

/* An SVID found or left by a clock that was set back is not valid yet: the next is
 * due now. One that an issuer with a faster clock has just made is left alone. */
static void plan(struct credential *credential)
{
	int64_t now = kith_now_ms() / 1000;

	if (credential->failures || now < credential->not_before)
		set_timer(credential, now);
	else
		schedule_renewal(credential);
}

static void schedule_retry(struct credential *credential)
{
	unsigned int shift = credential->failures < 6 ? credential->failures : 6;
	int64_t wait = RETRY_FIRST << shift;

	credential->failures++;
	wait = wait < RETRY_MAX ? wait : RETRY_MAX;
	set_timer(credential, kith_now_ms() / 1000 + wait + roll() % (wait / 2 + 1));
}

/* Work on one credential: prepare, have it signed, install. */

static void refuse(struct credential *credential, enum kith_reason reason, const char *message)
{
	int ret =
		kith_request_refuse(credential->owner->agent->nl, credential->id, reason, message);

	kith_log(LOG_NOTICE, "refused: %s", message);
	if (ret && ret != -ENOENT && ret != -EKEYREVOKED)
		kith_log(LOG_WARNING, "credential %llu could not be refused: %s",
			 (unsigned long long)credential->id, strerror(-ret));
	end(credential);
}

/* Its SPIFFE ID is, or the program was while we worked on it. */
static void refuse_revoked(struct credential *credential)
{
	char *message = kith_format("%s is revoked (kith revoke --list)", credential->spiffe_id);

	refuse(credential, KITH_REASON_OWN_REVOKED, message);
	free(message);
}

/* Of a renewal it is tried again; the first time, the program is told. */
static void work_failed(struct credential *credential, const char *why)
{
	char *message;

	set_busy(credential, false);
	if (credential->not_after) {
		kith_log(LOG_WARNING, "%s (workload %s) was not renewed: %s; trying again",
			 credential->spiffe_id, credential->workload, why);
		schedule_retry(credential);
		return;
	}
	message = kith_format("%s: no SVID: %s", credential->spiffe_id, why);
	refuse(credential, KITH_REASON_ISSUER, message);
	free(message);
}

static void work_failed_errno(struct credential *credential, const char *what, int err)
{
	const char *words = kith_nl_error(credential->owner->agent->nl);
	char *why;

	if (err == -ENOENT || err == -ESRCH) {
		/* The program has ended meanwhile. */
		end(credential);
		return;
	}
	if (err == -EKEYREVOKED) {
		refuse_revoked(credential);
		return;
	}
	why = kith_format("%s: %s%s%s", what, strerror(-err), *words ? ": " : "", words);
	work_failed(credential, why);
	free(why);
}

static void take_times(struct credential *credential, int64_t not_before, int64_t not_after)
{
	credential->not_before = not_before;
	credential->not_after = not_after;
	credential->failures = 0;
	schedule_renewal(credential);
}

static bool shares_with(const struct credential *a, const struct credential *b)
{
	return a != b && a->workload && b->workload && (a->traits & KITH_TRAIT_SHARE_KEY) &&
	       a->traits == b->traits && !strcmp(a->workload, b->workload) &&
	       !strcmp(a->spiffe_id, b->spiffe_id);
}

/* The kernel has put what @issued got in force for those that share it too. */
static void settle_sharers(const struct credential *issued)
{
	struct credential *credential;
	size_t i;

	if (!(issued->traits & KITH_TRAIT_SHARE_KEY))
		return;
	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(credential, &issued->owner->buckets[i], link)
	if (shares_with(issued, credential) && !credential->busy)
		take_times(credential, issued->not_before, issued->not_after);
}

static void issued(struct credential *credential, const struct kith_issued *result)
{
	kith_log(LOG_INFO, "%s: %s (workload %s), credential %llu",
		 credential->not_after ? "renewed" : "issued", credential->spiffe_id,
		 credential->workload, (unsigned long long)credential->id);
	set_busy(credential, false);
	take_times(credential, result->not_before, result->not_after);
	settle_sharers(credential);
}

/* Nothing to sign: it has the SVID of those it shares with. While that is not
 * issued yet, settle_sharers() tells, or the kernel asks anew. */
static void shared(struct credential *credential, const struct kith_request_prepared *prepared)
{
	set_busy(credential, false);
	if (prepared->not_after > credential->not_after)
		take_times(credential, prepared->not_before, prepared->not_after);
	else if (credential->not_after)
		schedule_retry(credential);
}

static void on_issued(const struct kith_issued *result, void *arg)
{
	struct credential *credential = arg;
	struct kith_agent *agent = credential->owner->agent;
	int ret = 0;

	credential->issuing = NULL;
	if (result->error) {
		work_failed(credential, result->error);
		return;
	}
	if (result->chain->n)
		ret = kith_request_install(agent->nl, credential->id, result->chain->certs,
					   result->chain->n);
	if (ret)
		work_failed_errno(credential, "the kernel did not accept what the issuer signed",
				  ret);
	else
		issued(credential, result);
}

static void prepare(struct credential *credential)
{
	struct kith_agent *agent = credential->owner->agent;
	struct kith_issue_request request = {
		.credential = credential->id,
		.ttl = credential->ttl,
	};
	const struct kith_request_identity identity = {
		.spiffe_id = credential->spiffe_id,
		.workload = credential->workload,
		.traits = credential->traits,
	};
	struct kith_request_prepared prepared;
	struct kith_issuing *issuing;
	char *spiffe_id;
	int ret;

	set_busy(credential, true);
	ret = kith_request_prepare(agent->nl, credential->id, &identity, &prepared);
	if (ret == -EACCES) {
		refuse(credential, KITH_REASON_TAMPERED,
		       "it was tampered with, and its Workload does not stand for that: restart it");
		return;
	}
	if (ret) {
		work_failed_errno(credential, "the kernel made no key", ret);
		return;
	}
	if (!prepared.csr_size) {
		shared(credential, &prepared);
		return;
	}
	request.csr = (struct kith_blob){ prepared.csr, prepared.csr_size };
	/* The credential may end before issue() returns. */
	spiffe_id = kith_strdup(credential->spiffe_id);
	request.spiffe_id = spiffe_id;
	issuing = kith_issuer_issue(agent->issuer, &request, on_issued, credential);
	if (issuing)
		credential->issuing = issuing;
	free(spiffe_id);
}

static const struct kith_policy_workload *workload_of(const struct credential *credential)
{
	const struct kith_policy_set *policy = credential->owner->agent->policy;
	size_t i;

	for (i = 0; i < policy->n_workloads; i++)
		if (!strcmp(policy->workloads[i].name, credential->workload) &&
		    !strcmp(policy->workloads[i].spiffe_id, credential->spiffe_id))
			return &policy->workloads[i];
	return NULL;
}

static void renew(struct credential *credential)
{
	const struct kith_policy_workload *workload;

	if (credential->busy || !credential->owner->agent->nl)
		return;
	workload = workload_of(credential);
	if (!workload) {
		kith_log(LOG_WARNING,
			 "%s is not renewed: the policy has no workload %s with that ID any more",
			 credential->spiffe_id, credential->workload);
		schedule_retry(credential);
		return;
	}
	credential->ttl = credential->task_ttl ? credential->task_ttl : workload->ttl;
	credential->traits = workload->traits;
	if (credential->task)
		credential->traits &= ~(uint32_t)KITH_TRAIT_SHARE_KEY;
	prepare(credential);
}

static void on_attested(const struct kith_verdict *verdict, void *arg)
{
	struct credential *credential = arg;

	credential->attesting = NULL;
	if (!verdict->workload) {
		refuse(credential, verdict->reason, verdict->message);
		return;
	}
	name(credential, verdict->workload, verdict->spiffe_id);
	credential->ttl = verdict->ttl;
	credential->traits = verdict->traits;
	credential->not_before = credential->not_after = 0;
	prepare(credential);
}

void kith_credentials_attest(struct kith_credentials *credentials,
			     const struct kith_credential_info *upcall)
{
	struct credential *credential;
	struct kith_attestation *attesting;

	if (!upcall->id || !upcall->has_program)
		return;
	credential = find_or_add(credentials, upcall->id);
	/* Asked again while we work on it: the work goes on. */
	if (credential->busy)
		return;
	credential->task = upcall->has_run_by;
	credential->task_ttl = upcall->ttl;
	set_busy(credential, true);
	attesting = kith_attest(credentials->agent, upcall, on_attested, credential);
	if (attesting)
		credential->attesting = attesting;
}

/* Adoption. */

static int adopt_one(const struct nlmsghdr *message, void *arg)
{
	struct kith_credentials *credentials = arg;
	struct kith_credential_info info;
	struct credential *credential;

	if (kith_decode_credential(message, &info) || !info.id)
		return 0;
	credential = find(credentials, info.id);
	if (credential)
		credential->round = credentials->round;
	if (info.state != KITH_CREDENTIAL_STATE_READY || !info.spiffe_id || !info.workload)
		return 0;
	if (credential && (credential->busy || credential->not_after == info.not_after))
		return 0;
	credential = find_or_add(credentials, info.id);
	name(credential, info.workload, info.spiffe_id);
	credential->traits = info.traits;
	credential->task = info.has_run_by;
	credential->task_ttl = info.ttl;
	credential->not_before = info.not_before;
	credential->not_after = info.not_after;
	plan(credential);
	return 0;
}

/* Ends those of which @round is not the last they were seen in; 0: all. */
static void drop_others(struct kith_credentials *credentials, uint64_t round)
{
	struct credential *credential, *next;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (credential = LIST_FIRST(&credentials->buckets[i]); credential;
		     credential = next) {
			next = LIST_NEXT(credential, link);
			if (!round || credential->round != round)
				end(credential);
		}
	}
}

int kith_credentials_adopt(struct kith_credentials *credentials)
{
	int ret;

	credentials->round++;
	ret = kith_nl_dump(credentials->agent->nl, KITH_CMD_CREDENTIAL_GET, adopt_one, credentials);
	if (!ret)
		drop_others(credentials, credentials->round);
	return ret;
}

void kith_credentials_clock_set(struct kith_credentials *credentials)
{
	struct credential *credential;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		LIST_FOREACH(credential, &credentials->buckets[i], link)
	if (credential->timer && !credential->busy)
		plan(credential);
}

void kith_credentials_abandon(struct kith_credentials *credentials)
{
	struct credential *credential;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (credential = LIST_FIRST(&credentials->buckets[i]); credential;
		     credential = LIST_NEXT(credential, link))
			stop_work(credential);
}

struct kith_credentials *kith_credentials_new(struct kith_agent *agent)
{
	struct kith_credentials *credentials = kith_alloc(sizeof(*credentials));

	credentials->agent = agent;
	return credentials;
}

void kith_credentials_free(struct kith_credentials *credentials)
{
	if (!credentials)
		return;
	drop_others(credentials, 0);
	free(credentials);
}
