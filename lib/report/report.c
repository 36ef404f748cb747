// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "netlink/names.h"
#include "x509/x509.h"

json_t *kith_report_text(const char *text)
{
	json_t *string;
	char *copy, *c;

	if (!text)
		return json_null();
	string = json_string(text);
	if (string)
		return string;
	copy = kith_strdup(text);
	for (c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	string = json_string(copy);
	free(copy);
	return string;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, kith_report_text(text));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

static void set_time(json_t *object, const char *key, int64_t ms)
{
	char text[KITH_TIME_TEXT];

	if (ms)
		json_object_set_new(object, key, json_string(kith_time_text(text, ms)));
}

static void set_hex(json_t *object, const char *key, const struct kith_blob *blob)
{
	char text[2 * 64 + 1];

	if (!blob->size || blob->size > 64)
		return;
	kith_hex(text, blob->data, blob->size);
	json_object_set_new(object, key, json_string(text));
}

char *kith_address_text(char out[KITH_ADDRESS_TEXT], const struct kith_blob *address, uint16_t port)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN];

	if (address->size == 4) {
		inet_ntop(AF_INET, address->data, text, sizeof(text));
		snprintf(out, KITH_ADDRESS_TEXT, "%s:%u", text, port);
	} else if (address->size == 16 && !memcmp(address->data, mapped, sizeof(mapped))) {
		inet_ntop(AF_INET, address->data + 12, text, sizeof(text));
		snprintf(out, KITH_ADDRESS_TEXT, "%s:%u", text, port);
	} else if (address->size == 16) {
		inet_ntop(AF_INET6, address->data, text, sizeof(text));
		snprintf(out, KITH_ADDRESS_TEXT, "[%s]:%u", text, port);
	} else {
		strcpy(out, "-");
	}
	return out;
}

static void set_address(json_t *object, const char *key, const struct kith_blob *address,
			uint16_t port)
{
	char text[KITH_ADDRESS_TEXT];

	if (address->size)
		json_object_set_new(object, key,
				    json_string(kith_address_text(text, address, port)));
}

json_t *kith_report_conn(const struct kith_conn_info *conn)
{
	json_t *object = json_object();

	set_hex(object, "id", &conn->id);
	set_text(object, "kind", kith_name_conn_kind(conn->kind));
	set_text(object, "state", kith_name_conn_state(conn->state));
	set_number(object, "pid", conn->pid);
	set_text(object, "comm", conn->comm);
	set_address(object, "local", &conn->local_address, conn->local_port);
	set_address(object, "remote", &conn->remote_address, conn->remote_port);
	set_text(object, "local_id", conn->local_id);
	set_text(object, "peer_id", conn->peer_id);
	set_text(object, "workload", conn->workload);
	set_text(object, "cipher", conn->cipher);
	set_text(object, "rule", conn->rule);
	set_time(object, "since", conn->since);
	if (conn->kind == KITH_CONN_KIND_LISTENER) {
		set_number(object, "pending", conn->pending);
		set_number(object, "queued", conn->queued);
	}
	if (conn->in_review)
		json_object_set_new(object, "in_review", json_true());
	return object;
}

static void set_program(json_t *object, const struct kith_program_info *program)
{
	set_number(object, "program", program->id);
	set_number(object, "pid", program->pid);
	set_text(object, "comm", program->comm);
	set_text(object, "exe", program->exe);
	set_text(object, "script", program->script);
	json_object_set_new(object, "restart_needed", json_boolean(program->restart_needed));
}

json_t *kith_report_credential(const struct kith_credential_info *credential)
{
	json_t *object = json_object();

	if (credential->id)
		set_number(object, "id", credential->id);
	if (credential->has_state)
		set_text(object, "state", kith_name_credential_state(credential->state));
	if (credential->has_program)
		set_program(object, &credential->program);
	set_number(object, "uid", credential->uid);
	set_number(object, "gid", credential->gid);
	set_text(object, "cgroup", credential->cgroup);
	set_text(object, "spiffe_id", credential->spiffe_id);
	set_text(object, "workload", credential->workload);
	set_time(object, "not_before", credential->not_before * 1000);
	set_time(object, "not_after", credential->not_after * 1000);
	set_hex(object, "serial", &credential->serial);
	if (credential->spiffe_id)
		json_object_set_new(object, "shared",
				    json_boolean(credential->traits & KITH_TRAIT_SHARE_KEY));
	if (credential->has_run_by)
		set_number(object, "run_by", credential->run_by);
	if (credential->reason)
		set_text(object, "reason", kith_name_reason(credential->reason));
	set_text(object, "message", credential->message);
	return object;
}

static void set_error(json_t *object, uint32_t err)
{
	if (!err)
		return;
	set_number(object, "errno", err);
	set_text(object, "errno_name", strerrorname_np((int)err));
}

json_t *kith_report_event(const struct kith_event_info *event)
{
	json_t *object = json_object();

	set_time(object, "time", event->time);
	set_text(object, "kind", kith_name_event_kind(event->kind));
	if (event->has_decision)
		set_text(object, "decision", kith_name_decision(event->decision));
	set_text(object, "reason", kith_name_reason(event->reason));
	set_text(object, "side", kith_name_side(event->side));
	set_error(object, event->err);
	set_text(object, "detail", event->detail);
	set_number(object, "generation", event->generation);
	if (event->untold)
		set_number(object, "untold", event->untold);
	if (event->has_conn)
		json_object_set_new(object, "conn", kith_report_conn(&event->conn));
	if (event->has_credential)
		json_object_set_new(object, "credential",
				    kith_report_credential(&event->credential));
	return object;
}

static json_t *counters(const struct kith_status_info *status)
{
	json_t *object = json_object();
	uint32_t i;

	for (i = 1; i < __KITH_REASON_COUNT; i++)
		if (status->counters[i])
			set_number(object, kith_name_reason(i), status->counters[i]);
	return object;
}

static json_t *ca(const struct kith_ca_info *info)
{
	json_t *object = json_object();

	set_text(object, "trust_domain", info->trust_domain);
	set_hex(object, "serial", &info->serial);
	set_time(object, "not_before", info->not_before * 1000);
	set_time(object, "not_after", info->not_after * 1000);
	return object;
}

json_t *kith_report_status(const struct kith_status_info *status)
{
	json_t *object = json_object();

	set_number(object, "abi", status->abi);
	set_text(object, "version", status->version);
	set_number(object, "generation", status->generation);
	if (status->agent_pid)
		set_number(object, "agent_pid", status->agent_pid);
	set_number(object, "programs", status->programs);
	set_number(object, "credentials", status->credentials);
	set_number(object, "connections", status->connections);
	set_number(object, "listeners", status->listeners);
	set_number(object, "claims", status->claims);
	set_number(object, "revocations", status->revocations);
	set_number(object, "keys", status->keys);
	set_number(object, "reviews", status->reviews);
	json_object_set_new(object, "hooked", json_boolean(status->hooked));
	json_object_set_new(object, "guarded", json_boolean(status->guarded));
	set_number(object, "events_lost", status->events_lost);
	json_object_set_new(object, "counters", counters(status));
	if (status->has_ca)
		json_object_set_new(object, "ca", ca(&status->ca));
	return object;
}

static json_t *certificate(const struct kith_blob *der)
{
	json_t *object = json_object();
	struct kith_x509_facts facts;
	struct kith_blob digest = { facts.sha256, sizeof(facts.sha256) };
	char *pem = kith_x509_pem(der);

	if (kith_x509_facts(der, &facts)) {
		json_object_set_new(object, "error", json_string("not a certificate"));
	} else {
		set_text(object, "subject", facts.subject);
		set_time(object, "not_before", facts.not_before * 1000);
		set_time(object, "not_after", facts.not_after * 1000);
		set_hex(object, "sha256", &digest);
	}
	set_text(object, "pem", pem);
	free(pem);
	return object;
}

json_t *kith_report_bundle(const struct kith_bundle_info *bundle)
{
	json_t *object = json_object(), *list = json_array();
	unsigned int i;

	set_text(object, "trust_domain", bundle->trust_domain);
	for (i = 0; i < bundle->n_certificates; i++)
		json_array_append_new(list, certificate(&bundle->certificate[i]));
	json_object_set_new(object, "certificates", list);
	return object;
}
