// SPDX-License-Identifier: Apache-2.0
#include "event.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "netlink/names.h"
#include <linux/kith.h>

#define CONN_PREFIX 6 /* characters that say enough of a connection ID */

static bool is(const json_t *object, const char *key, const char *value)
{
	return !strcmp(kith_text_or_empty(object, key), value);
}

bool kith_event_is_refusal(const json_t *event)
{
	return is(event, "kind", "refused") || is(event, "kind", "tampered") ||
	       is(event, "decision", "deny");
}

static const char *word_of(const json_t *event)
{
	if (!is(event, "kind", "decision"))
		return kith_text(event, "kind");
	if (is(event, "decision", "allow"))
		return "ALLOW";
	if (is(event, "decision", "deny"))
		return "DENY";
	return "OPEN";
}

static void put(const char *before, const char *text)
{
	if (!*text)
		return;
	fputs(before, stdout);
	kith_print_text(text);
}

/* "spiffe://a → spiffe://b", in the direction of the connection. */
static void print_ids(const json_t *conn)
{
	const char *local = kith_text(conn, "local_id"), *peer = kith_text(conn, "peer_id");
	bool server = !is(conn, "kind", "client");

	put("  ", server ? peer : local);
	put(" → ", server ? local : peer);
}

static void print_addresses(const json_t *conn)
{
	const char *local = kith_text(conn, "local"), *remote = kith_text(conn, "remote");
	bool server = !is(conn, "kind", "client");

	put("  ", server ? remote : local);
	put(" → ", server ? local : remote);
}

static void print_pid(const json_t *object)
{
	if (json_integer_value(json_object_get(object, "pid")))
		printf("  %s[%lld]", kith_text(object, "comm"),
		       (long long)json_integer_value(json_object_get(object, "pid")));
}

static void print_credential(const json_t *credential)
{
	print_pid(credential);
	put("  ", kith_text_or_empty(credential, "spiffe_id"));
	put("  ", kith_text_or_empty(credential, "message"));
}

/* "no rule in a.yaml:3, b.yaml:9", where no rule matched. */
static void print_policies(const char *before, const json_t *event)
{
	const json_t *policies = json_object_get(event, "policies"), *place;
	size_t i;

	json_array_foreach(policies, i, place) {
		put(i ? ", " : before, json_string_value(place));
	}
}

void kith_event_print_line(const json_t *event)
{
	const json_t *conn = json_object_get(event, "conn");
	const json_t *credential = json_object_get(event, "credential");
	long long untold = json_integer_value(json_object_get(event, "untold"));
	bool decision = is(event, "kind", "decision");

	printf("%s  %-8s", kith_text(event, "time"), word_of(event));
	if (conn) {
		print_pid(conn);
		print_ids(conn);
		print_addresses(conn);
	} else if (credential) {
		print_credential(credential);
	}
	if (!is(event, "reason", "none"))
		put("  ", kith_text_or_empty(event, "reason"));
	put(" ", kith_text_or_empty(event, "errno_name"));
	if (decision && kith_event_is_refusal(event) && !is(event, "side", "local"))
		put(" by ", kith_text_or_empty(event, "side"));
	put("  ", kith_text_or_empty(conn, "rule"));
	print_policies("  no rule in ", event);
	put("  conn ", kith_text_or_empty(conn, "id"));
	put("  (", kith_text_or_empty(event, "detail"));
	printf("%s", *kith_text_or_empty(event, "detail") ? ")" : "");
	if (untold)
		printf("  %lld more were not told", untold);
	putchar('\n');
}

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == 0;
}

bool kith_event_is_about(const json_t *event, const char *what)
{
	const json_t *conn = json_object_get(event, "conn");
	const json_t *credential = json_object_get(event, "credential");
	long long pid = is_number(what) ? strtoll(what, NULL, 10) : -1;
	size_t size = strlen(what);

	if (pid >= 0 && (json_integer_value(json_object_get(conn, "pid")) == pid ||
			 json_integer_value(json_object_get(credential, "pid")) == pid))
		return true;
	if (size >= CONN_PREFIX && !strncmp(kith_text_or_empty(conn, "id"), what, size))
		return true;
	if (pid >= 0)
		return false;
	return strstr(kith_text_or_empty(conn, "peer_id"), what) ||
	       strstr(kith_text_or_empty(conn, "local_id"), what) ||
	       strstr(kith_text_or_empty(conn, "remote"), what) ||
	       strstr(kith_text_or_empty(credential, "spiffe_id"), what) ||
	       is(conn, "comm", what) || is(credential, "comm", what);
}

/* What to do about a reason; NULL: the reason speaks for itself. */
static const char *remedy_of(uint32_t reason)
{
	switch (reason) {
	case KITH_REASON_NOT_ATTESTED:
		return "add a Workload that selects the program, then kith policy apply";
	case KITH_REASON_AGENT_TIMEOUT:
		return "see whether kithd runs: systemctl status kithd";
	case KITH_REASON_ISSUER:
		return "see what the issuer said: journalctl -u kithd";
	case KITH_REASON_NO_RULE_OUTBOUND:
		return "if it is to be allowed, add an outbound rule for this destination to our policy; kith explain shows what decides";
	case KITH_REASON_NO_RULE_OUTBOUND_PEER:
		return "another identity answers there than the policy names: correct `to`, or find out who listens";
	case KITH_REASON_DENY_RULE:
		return "the policy's line above forbids it: if it is to be allowed, change that line";
	case KITH_REASON_NO_RULE_INBOUND:
		return "if it is to be allowed, add an inbound rule for this peer and port to our policy";
	case KITH_REASON_PEER_NOT_TLS:
		return "the peer is not enrolled: give it an identity, or admit it by an opening (`open:`)";
	case KITH_REASON_PEER_TLS_VERSION:
		return "the peer must offer TLS 1.3";
	case KITH_REASON_PEER_NO_CERTIFICATE:
		return "the peer must present its X.509-SVID";
	case KITH_REASON_PEER_UNTRUSTED:
		return "import the bundle of the peer's trust domain if it is to be trusted: kith bundle import";
	case KITH_REASON_PEER_NOT_SVID:
		return "the peer's certificate needs exactly one SPIFFE ID as its URI SAN";
	case KITH_REASON_PEER_EXPIRED:
	case KITH_REASON_PEER_NOT_YET_VALID:
		return "see to the peer's renewal, and to both clocks";
	case KITH_REASON_PEER_REFUSED:
		return "ask kith why on the peer's host, with the same connection ID";
	case KITH_REASON_OWN_EXPIRED:
		return "kithd could not renew in time: journalctl -u kithd";
	case KITH_REASON_OWN_REVOKED:
		return "kith revoke --list says what is revoked; once that is lifted, start the program again";
	case KITH_REASON_PEER_REVOKED:
		return "the peer is revoked on this host: see kith revoke --list";
	case KITH_REASON_ALPN:
		return "let both ends' rules name a common `alpn`";
	case KITH_REASON_WRONG_IDENTITY:
		return "a socket was handed to a program of another identity; let each program open its own";
	case KITH_REASON_RECORD_LIMIT:
	case KITH_REASON_KEY_UPDATE:
		return "the program has to connect again";
	case KITH_REASON_INTERNAL:
		return "please report it with the kernel log";
	default:
		return NULL;
	}
}

static uint32_t reason_of(const json_t *event)
{
	uint32_t i;

	for (i = 0; i < __KITH_REASON_COUNT; i++)
		if (is(event, "reason", kith_name_reason(i)))
			return i;
	return __KITH_REASON_COUNT;
}

static void field(const char *name, const char *text)
{
	if (!*text)
		return;
	printf("  %-10s ", name);
	kith_print_text(text);
	putchar('\n');
}

void kith_event_explain(const json_t *event)
{
	const json_t *conn = json_object_get(event, "conn");
	const json_t *credential = json_object_get(event, "credential");
	uint32_t reason = reason_of(event);
	const char *remedy = remedy_of(reason);

	kith_event_print_line(event);
	if (reason < __KITH_REASON_COUNT)
		field("cause", kith_doc_reason(reason));
	field("detail", kith_text_or_empty(event, "detail"));
	field("program", kith_text_or_empty(credential, "message"));
	field("refused by", is(event, "side", "peer")	   ? "the peer"
			    : is(event, "side", "network") ? "the network"
							   : "this host");
	field("rule", kith_text_or_empty(conn, "rule"));
	if (json_array_size(json_object_get(event, "policies"))) {
		print_policies("  policy     ", event);
		puts(": no rule of it matches");
	}
	field("errno", kith_text_or_empty(event, "errno_name"));
	field("connection", kith_text_or_empty(conn, "id"));
	field("remedy", remedy ? remedy : "");
}
