// SPDX-License-Identifier: Apache-2.0
#include "events.h"

#include <jansson.h>
#include <stdlib.h>
#include "agent.h"
#include "base/base.h"
#include "control.h"
#include "credentials.h"
#include "log.h"
#include "policy/policy.h"
#include "report/report.h"
#include "ring.h"

/* Lines into the log within one second, of refusals and of what is notable: a crowd
 * of hostile peers may cause any number of refusals. */
#define LOG_PER_SECOND 100
/* Documents named in one refusal. */
#define POLICIES_MAX 4

struct quota {
	const char *what;
	int64_t second;
	unsigned int said, kept_back;
};

static void log_within(struct quota *quota, const char *line)
{
	int64_t now = kith_now_ms() / 1000;

	if (now != quota->second) {
		if (quota->kept_back)
			kith_log(LOG_NOTICE, "%u more %s were not logged", quota->kept_back,
				 quota->what);
		quota->second = now;
		quota->said = quota->kept_back = 0;
	}
	if (quota->said++ < LOG_PER_SECOND)
		kith_log(LOG_NOTICE, "%s", line);
	else
		quota->kept_back++;
}

/* What befalls a program; refusals and decisions shall not push it out. */
static bool is_notable(const struct kith_event_info *event)
{
	return event->kind == KITH_EVENT_KIND_TAMPERED || event->kind == KITH_EVENT_KIND_REVOKED;
}

static bool is_refusal(const struct kith_event_info *event)
{
	return event->kind == KITH_EVENT_KIND_REFUSED ||
	       (event->kind == KITH_EVENT_KIND_DECISION && event->has_decision &&
		event->decision == KITH_DECISION_DENY);
}

static bool is_without_rule(const struct kith_event_info *event)
{
	return event->reason == KITH_REASON_NO_RULE_OUTBOUND ||
	       event->reason == KITH_REASON_NO_RULE_OUTBOUND_PEER ||
	       event->reason == KITH_REASON_NO_RULE_INBOUND;
}

/* Where no rule matched, the documents that could have had one. */
static void name_policies(const struct kith_agent *agent, const struct kith_event_info *event,
			  json_t *object)
{
	struct kith_policy_place places[POLICIES_MAX];
	json_t *list;
	size_t i, n;

	if (!is_without_rule(event) || !event->conn.local_id || event->conn.rule)
		return;
	list = json_array();
	n = kith_policy_places(agent->policy, event->conn.local_id, places, POLICIES_MAX);
	for (i = 0; i < n; i++)
		json_array_append_new(list, json_sprintf("%s:%u", places[i].file, places[i].line));
	json_object_set_new(object, "policies", list);
}

int kith_agent_take_event(const struct nlmsghdr *message, void *arg)
{
	static struct quota notable = { .what = "programs tampered with or revoked" };
	static struct quota refusals = { .what = "refusals" };
	struct kith_agent *agent = arg;
	struct kith_event_info event;
	json_t *object;
	char *line;

	if (kith_message_command(message) != KITH_CMD_EVENT || kith_decode_event(message, &event))
		return 0;
	if (event.kind == KITH_EVENT_KIND_REVOKED && event.has_credential)
		kith_credentials_forget(agent->credentials, event.credential.id);
	object = kith_report_event(&event);
	name_policies(agent, &event, object);
	line = json_dumps(object, JSON_COMPACT);
	json_decref(object);
	if (!line)
		return 0;
	if (is_notable(&event))
		log_within(&notable, line);
	else if (is_refusal(&event))
		log_within(&refusals, line);
	kith_ring_add(agent->ring, line, is_notable(&event));
	kith_control_wake(agent->control);
	return 0;
}
