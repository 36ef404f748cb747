// SPDX-License-Identifier: Apache-2.0
/*
 * What can be asked over the control socket. Reading is for root and the
 * group; changing anything is for root. Who may start a task is policy.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent.h"
#include "base/base.h"
#include "bundles.h"
#include "control.h"
#include "credentials.h"
#include "kernel.h"
#include "log.h"
#include "netlink/names.h"
#include "netlink/request.h"
#include "policy.h"
#include "policy/policy.h"
#include "report/policy.h"
#include "report/report.h"
#include "reviews.h"
#include "revocations.h"
#include "ring.h"
#include "run.h"
#include "trouble.h"
#include "base/version.h"

#define NOT_REGISTERED \
	"kithd is not registered with the kernel (see kith status, journalctl -u kithd)"

static const char *text_of(const json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

/* status */

static void take_status(const struct kith_status_info *status, void *arg)
{
	*(json_t **)arg = kith_report_status(status);
}

static const char *issuer_name(const struct kith_agent *agent)
{
	static const char *const names[] = {
		[KITH_ISSUER_EMBEDDED] = "embedded",
		[KITH_ISSUER_COMMAND] = "command",
		[KITH_ISSUER_DIRECTORY] = "directory",
	};

	return names[agent->config.issuer];
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, kith_report_text(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

/* Those that kith.yaml leaves open to every claimed program. */
static json_t *open_doors(const struct kith_agent *agent)
{
	json_t *list = json_array();
	uint32_t door;

	for (door = 0; door < __KITH_DOOR_COUNT; door++)
		if (agent->config.open_doors & 1U << door)
			json_array_append_new(list, json_string(kith_name_door(door)));
	return list;
}

static json_t *report_agent(const struct kith_agent *agent)
{
	json_t *object = json_object();
	char started[KITH_TIME_TEXT], since[KITH_TIME_TEXT];

	set_number(object, "pid", (uint64_t)getpid());
	set_text(object, "version", KITH_VERSION);
	set_text(object, "started", kith_time_text(started, agent->started));
	json_object_set_new(object, "registered", json_boolean(agent->nl));
	set_text(object, "trust_domain", agent->config.trust_domain);
	set_text(object, "issuer", issuer_name(agent));
	set_text(object, "config", agent->config_path);
	set_text(object, "policy_dir", agent->config.policy_dir);
	set_text(object, "policy", agent->last_good ? "last-good" : "current");
	if (agent->last_good)
		set_text(object, "policy_since", kith_time_text(since, agent->last_good));
	set_number(object, "generation", agent->generation);
	set_number(object, "workloads", agent->policy->n_workloads);
	set_number(object, "rules", agent->table->n_rules);
	set_number(object, "openings", agent->policy->n_openings);
	json_object_set_new(object, "open_doors", open_doors(agent));
	set_number(object, "under_way", kith_credentials_busy(agent->credentials));
	set_number(object, "events", kith_ring_next(agent->ring) - 1);
	json_object_set_new(object, "clock", kith_clock_report(agent));
	set_number(object, "revocations", kith_revocations_count(agent->revocations));
	return object;
}

static void command_status(struct kith_client *client, const json_t *request)
{
	struct kith_agent *agent = kith_client_agent(client);
	json_t *result = json_object(), *kernel = NULL;

	json_object_set_new(result, "agent", report_agent(agent));
	if (agent->nl)
		kith_request_status(agent->nl, take_status, &kernel);
	if (kernel)
		json_object_set_new(result, "kernel", kernel);
	kith_client_end(client, result);
}

/* ps, conns: a dump of the kernel, on a connection of its own */

struct dump {
	struct kith_nl *nl;
	kith_nl_message_fn *row;
};

static int credential_row(const struct nlmsghdr *message, void *arg)
{
	struct kith_credential_info credential;

	if (!kith_decode_credential(message, &credential))
		kith_client_row(arg, kith_report_credential(&credential));
	return 0;
}

static int conn_row(const struct nlmsghdr *message, void *arg)
{
	struct kith_conn_info conn;

	if (!kith_decode_conn(message, &conn))
		kith_client_row(arg, kith_report_conn(&conn));
	return 0;
}

static bool produce_dump(struct kith_client *client, void *state)
{
	struct dump *dump = state;
	int ret = 1;

	while (ret > 0 && !kith_client_is_full(client))
		ret = kith_nl_dump_next(dump->nl, dump->row, client);
	if (ret > 0)
		return true;
	if (ret < 0)
		kith_client_fail(client, NULL, "the kernel ended the list: %s", strerror(-ret));
	else
		kith_client_end(client, NULL);
	return false;
}

static void free_dump(void *state)
{
	struct dump *dump = state;

	kith_nl_close(dump->nl);
	free(dump);
}

static void start_dump(struct kith_client *client, uint8_t command, kith_nl_message_fn *row)
{
	const struct kith_kernel *kernel = &kith_client_agent(client)->kernel;
	struct dump *dump = kith_alloc(sizeof(*dump));
	int ret;

	dump->row = row;
	ret = kernel->open(kernel->arg, &dump->nl);
	if (!ret)
		ret = kith_nl_dump_start(dump->nl, kith_nl_start(dump->nl, command));
	if (ret) {
		kith_client_fail(client, NULL, "%s", kith_kernel_trouble(ret));
		free_dump(dump);
		return;
	}
	kith_client_produce(client, produce_dump, dump, free_dump);
}

static void command_ps(struct kith_client *client, const json_t *request)
{
	start_dump(client, KITH_CMD_CREDENTIAL_GET, credential_row);
}

static void command_conns(struct kith_client *client, const json_t *request)
{
	start_dump(client, KITH_CMD_CONN_GET, conn_row);
}

/* events: the last ones, then those to come */

struct follow {
	uint64_t next;
	bool follow;
	bool from_start; /* where only notable ones are left there are gaps */
};

static bool produce_events(struct kith_client *client, void *state)
{
	const struct kith_ring *ring = kith_client_agent(client)->ring;
	struct follow *follow = state;
	uint64_t first = kith_ring_first(ring);

	if (follow->next < first && !follow->from_start) {
		kith_log(LOG_WARNING,
			 "a watcher was too slow and was dropped: it missed %llu events",
			 (unsigned long long)(first - follow->next));
		kith_client_fail(client, NULL, "too slow: %llu events were missed (watch again)",
				 (unsigned long long)(first - follow->next));
		return false;
	}
	while (follow->next < kith_ring_next(ring) && !kith_client_is_full(client)) {
		kith_client_row_text(client, kith_ring_from(ring, &follow->next));
		follow->next++;
	}
	follow->from_start = follow->from_start && follow->next < first;
	if (follow->follow || follow->next < kith_ring_next(ring))
		return true;
	kith_client_end(client, NULL);
	return false;
}

static void command_events(struct kith_client *client, const json_t *request)
{
	const struct kith_ring *ring = kith_client_agent(client)->ring;
	const json_t *history = json_object_get(request, "history");
	uint64_t next = kith_ring_next(ring), first = kith_ring_first(ring);
	struct follow *follow = kith_alloc(sizeof(*follow));

	follow->follow = json_is_true(json_object_get(request, "follow"));
	follow->next = 1;
	follow->from_start = true;
	if (json_is_integer(history) && json_integer_value(history) >= 0 &&
	    (uint64_t)json_integer_value(history) < next - first) {
		follow->next = next - (uint64_t)json_integer_value(history);
		follow->from_start = false;
	}
	kith_client_produce(client, produce_events, follow, free);
}

/* report: what is let through without an identity */

struct openings {
	uint64_t generation;
	size_t next;
};

static bool produce_openings(struct kith_client *client, void *state)
{
	const struct kith_policy_set *set = kith_client_agent(client)->policy;
	struct openings *openings = state;

	if (openings->generation != kith_client_agent(client)->generation) {
		kith_client_fail(client, NULL, "the policy was applied anew meanwhile (ask again)");
		return false;
	}
	while (openings->next < set->n_openings && !kith_client_is_full(client))
		kith_client_row(client, kith_report_opening(&set->openings[openings->next++]));
	if (openings->next < set->n_openings)
		return true;
	kith_client_end(client, NULL);
	return false;
}

static void command_report(struct kith_client *client, const json_t *request)
{
	const struct kith_agent *agent = kith_client_agent(client);
	struct openings *openings = kith_alloc(sizeof(*openings));
	json_t *row;
	uint32_t door;

	for (door = 0; door < __KITH_DOOR_COUNT; door++) {
		if (!(agent->config.open_doors & 1U << door))
			continue;
		row = json_object();
		set_text(row, "name", "open_doors");
		set_text(row, "for", "");
		set_text(row, "direction", "");
		set_text(row, "peers", "");
		set_text(row, "ports", "");
		set_text(row, "over", kith_name_door(door));
		set_text(row, "reason", "left open to every claimed program of this host");
		set_text(row, "rule", agent->config_path);
		kith_client_row(client, row);
	}
	openings->generation = agent->generation;
	kith_client_produce(client, produce_openings, openings, free);
}

/* explain */

static void command_explain(struct kith_client *client, const json_t *request)
{
	const struct kith_agent *agent = kith_client_agent(client);
	struct kith_policy_explanation explanation;
	const json_t *port = json_object_get(request, "port");
	const char *at = text_of(request, "at");
	int over = kith_policy_door(text_of(request, "over"));
	struct kith_policy_query query = {
		.from = text_of(request, "from"),
		.to = text_of(request, "to"),
		.port = (uint16_t)json_integer_value(port),
		.over = (enum kith_door)over,
	};
	uint8_t address[16];

	if (over < 0 || (!query.from && !query.to) || json_integer_value(port) < 1 ||
	    json_integer_value(port) > UINT16_MAX ||
	    (at && !kith_policy_parse_address(at, address))) {
		kith_client_fail(
			client, NULL,
			"explain needs from or to, port, and maybe at (an address) and over");
		return;
	}
	query.at = at ? address : NULL;
	kith_policy_explain(agent->table, &query, &explanation);
	kith_client_end(client, kith_report_explanation(&explanation));
}

/* Changes. */

static void command_policy_apply(struct kith_client *client, const json_t *request)
{
	struct kith_agent *agent = kith_client_agent(client);
	json_t *report;

	if (kith_agent_policy_load(agent, &report)) {
		kith_client_fail(client, report,
				 "the policy has errors; the old one stays in force");
		return;
	}
	if (!agent->nl) {
		json_object_set_new(report, "pending", json_true());
	} else if (kith_agent_commit(agent)) {
		kith_client_fail(
			client, report,
			"the kernel did not take the policy; the old one stays in force (see the log of kithd)");
		return;
	}
	json_object_set_new(report, "generation", json_integer((json_int_t)agent->generation));
	if (agent->nl)
		kith_reviews_await(client, report);
	else
		kith_client_end(client, report);
}

static void command_bundles(struct kith_client *client, const json_t *request)
{
	const struct kith_bundles *bundles = kith_client_agent(client)->bundles;
	const struct kith_bundle *bundle;
	struct kith_bundle_info info;
	size_t i;

	for (i = 0; (bundle = kith_bundles_at(bundles, i)); i++) {
		info = (struct kith_bundle_info){
			.trust_domain = bundle->trust_domain,
			.n_certificates = (unsigned int)bundle->list.n,
		};
		memcpy(info.certificate, bundle->list.certs,
		       bundle->list.n * sizeof(info.certificate[0]));
		kith_client_row(client, kith_report_bundle(&info));
	}
	kith_client_end(client, NULL);
}

static void commit_bundles(struct kith_client *client)
{
	struct kith_agent *agent = kith_client_agent(client);

	if (agent->nl && kith_agent_commit(agent))
		kith_client_fail(
			client, NULL,
			"the bundle is kept, but the kernel did not take it (see the log of kithd)");
	else
		kith_client_end(client, NULL);
}

static void command_bundle_import(struct kith_client *client, const json_t *request)
{
	struct kith_agent *agent = kith_client_agent(client);
	const char *trust_domain = text_of(request, "trust_domain");
	const char *pem = text_of(request, "pem"), *why = "";

	if (!trust_domain || !pem)
		kith_client_fail(client, NULL, "bundle-import needs trust_domain and pem");
	else if (kith_bundles_import(agent->bundles, trust_domain, pem, strlen(pem), &why))
		kith_client_fail(client, NULL, "%s: %s", trust_domain, why);
	else
		commit_bundles(client);
}

static void command_bundle_remove(struct kith_client *client, const json_t *request)
{
	struct kith_agent *agent = kith_client_agent(client);
	const char *trust_domain = text_of(request, "trust_domain");

	if (!trust_domain || kith_bundles_remove(agent->bundles, trust_domain))
		kith_client_fail(client, NULL, "%s: no bundle of that trust domain was imported",
				 trust_domain ? trust_domain : "-");
	else
		commit_bundles(client);
}

/* Revocations. */

static bool produce_revocations(struct kith_client *client, void *state)
{
	struct kith_revocations *revocations = kith_client_agent(client)->revocations;
	size_t i, n = kith_revocations_count(revocations);

	for (i = 0; i < n; i++)
		kith_client_row(client, kith_revocations_report(revocations, i));
	kith_client_end(client, NULL);
	return false;
}

static void command_revocations(struct kith_client *client, const json_t *request)
{
	kith_client_produce(client, produce_revocations, NULL, NULL);
}

static void fail_revocation(struct kith_client *client, int err)
{
	const char *words = kith_nl_error(kith_client_agent(client)->nl);

	if (err == -EINVAL)
		words = "expected a SPIFFE ID, a serial number in hex, or a pid";
	kith_client_fail(client, NULL, "not revoked: %s", *words ? words : strerror(-err));
}

/* What is said may name one thing only. */
static bool one_of(const json_t *request, const char *const *keys, size_t n)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++)
		found += json_object_get(request, keys[i]) != NULL;
	return found == 1;
}

static int revoke_named(struct kith_agent *agent, const json_t *request)
{
	const json_t *id = json_object_get(request, "id"), *pid = json_object_get(request, "pid");
	const json_t *seconds = json_object_get(request, "seconds");
	const char *spiffe_id = text_of(request, "spiffe_id"), *serial = text_of(request, "serial");
	const char *name = spiffe_id ? spiffe_id : serial;
	json_int_t time = json_integer_value(seconds);

	if (seconds && (!name || time < 1 || time > UINT32_MAX))
		return -EINVAL;
	if (name)
		return kith_revocations_add(agent->revocations, agent->nl, name, (uint32_t)time);
	if (json_is_integer(id))
		return kith_request_revoke_credential(agent->nl, (uint64_t)json_integer_value(id));
	if (json_is_integer(pid) && json_integer_value(pid) > 0 &&
	    json_integer_value(pid) <= INT32_MAX)
		return kith_request_revoke(agent->nl,
					   &(struct kith_request_revocation){
						   .pid = (uint32_t)json_integer_value(pid) });
	return -EINVAL;
}

static void command_revoke(struct kith_client *client, const json_t *request)
{
	static const char *const keys[] = { "id", "spiffe_id", "serial", "pid" };
	struct kith_agent *agent = kith_client_agent(client);
	int ret;

	if (!agent->nl) {
		kith_client_fail(client, NULL, "not revoked: %s", NOT_REGISTERED);
		return;
	}
	ret = one_of(request, keys, KITH_ARRAY_SIZE(keys)) ? revoke_named(agent, request) : -EINVAL;
	if (ret)
		fail_revocation(client, ret);
	else
		kith_reviews_await(client, json_object());
}

static void command_lift(struct kith_client *client, const json_t *request)
{
	static const char *const keys[] = { "spiffe_id", "serial" };
	struct kith_agent *agent = kith_client_agent(client);
	const char *spiffe_id = text_of(request, "spiffe_id"), *serial = text_of(request, "serial");
	const char *name = spiffe_id ? spiffe_id : serial;
	int ret;

	if (!name || !one_of(request, keys, KITH_ARRAY_SIZE(keys)))
		kith_client_fail(client, NULL, "lift needs spiffe_id or serial");
	else if (!agent->nl)
		kith_client_fail(client, NULL, "not lifted: %s", NOT_REGISTERED);
	else if ((ret = kith_revocations_lift(agent->revocations, agent->nl, name)))
		kith_client_fail(client, NULL, "%s: %s", name,
				 ret == -ENOENT ? "no such revocation stands (kith revoke --list)"
						: strerror(-ret));
	else
		kith_client_end(client, NULL);
}

/* Who may ask: root; members of the group too; any user. */
enum whom { ROOT, GROUP, ANYBODY };

static const struct {
	const char *name;
	void (*run)(struct kith_client *client, const json_t *request);
	enum whom whom;
} commands[] = {
	{ "status", command_status, GROUP },
	{ "ps", command_ps, GROUP },
	{ "conns", command_conns, GROUP },
	{ "events", command_events, GROUP },
	{ "explain", command_explain, GROUP },
	{ "report", command_report, GROUP },
	{ "bundles", command_bundles, GROUP },
	{ "policy-apply", command_policy_apply, ROOT },
	{ "bundle-import", command_bundle_import, ROOT },
	{ "bundle-remove", command_bundle_remove, ROOT },
	{ "revoke", command_revoke, ROOT },
	{ "lift", command_lift, ROOT },
	{ "revocations", command_revocations, GROUP },
	{ "run", kith_run_command, ANYBODY },
};

void kith_command(struct kith_client *client, const json_t *request)
{
	const char *name = text_of(request, "command");
	size_t i;

	for (i = 0; name && i < KITH_ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (commands[i].whom != ANYBODY && kith_client_is_guest(client))
			kith_client_fail(
				client, NULL,
				"permission denied (run as root, or as a member of the group %s)",
				kith_client_agent(client)->config.group);
		else if (commands[i].whom == ROOT && !kith_client_is_root(client))
			kith_client_fail(client, NULL, "%s is for root", name);
		else
			commands[i].run(client, request);
		return;
	}
	kith_client_fail(client, NULL, "unknown command \"%s\"", name ? name : "");
}
