// SPDX-License-Identifier: Apache-2.0
/* kind: Policy */
#include <stdlib.h>
#include <string.h>

#include "opening.h"

struct keys {
	struct kith_yaml *peers;     /* from, to */
	struct kith_yaml *addresses; /* peers, at */
	struct kith_yaml *ports, *open, *over, *deny, *alpn, *sni, *reason;
};

/* The policy being read. */
struct context {
	struct kith_policy_reader *reader;
	const char *policy, *subject;
	struct kith_policy_rule *rules;
	size_t n, room;
};

struct ports {
	uint16_t first, last;
};

static const struct kith_policy_endpoint anywhere = { .port_last = 65535 };

/* lists -------------------------------------------------------------------- */

static bool list_fits(struct context *c, const struct kith_yaml *list, const char *what)
{
	if (list->n <= KITH_POLICY_EXPANSION_MAX)
		return true;
	kith_policy_error(c->reader, list, "split the rule", "%s has more than %u entries", what,
			  KITH_POLICY_EXPANSION_MAX);
	return false;
}

static bool read_peers(struct context *c, const struct kith_yaml *list, const char *what,
		       struct kith_policy_rule *rule)
{
	const char **peers;
	bool ok = true;
	size_t i;

	if (!kith_read_list(c->reader, list, what, false) || !list_fits(c, list, what))
		return false;
	peers = kith_arena_alloc(&c->reader->loaded->arena, list->n * sizeof(*peers));
	for (i = 0; i < list->n; i++) {
		peers[i] = kith_read_pattern(c->reader, list->items[i], what, c->subject);
		ok &= !!peers[i];
	}
	rule->peers = peers;
	rule->n_peers = list->n;
	return ok;
}

/* Outbound `at` (with ports) or inbound `peers` (without). */
static bool read_addresses(struct context *c, const struct kith_yaml *list, const char *what,
			   bool with_ports, struct kith_policy_rule *rule)
{
	struct kith_policy_endpoint *out;
	bool ok = true;
	size_t i;

	if (!kith_read_list(c->reader, list, what, false) || !list_fits(c, list, what))
		return false;
	out = kith_arena_alloc(&c->reader->loaded->arena, list->n * sizeof(*out));
	for (i = 0; i < list->n; i++)
		ok &= with_ports ? kith_read_endpoint(c->reader, list->items[i], what, &out[i])
				 : kith_read_network(c->reader, list->items[i], what, &out[i]);
	rule->endpoints = out;
	rule->n_endpoints = list->n;
	return ok;
}

/* Combines the networks in @rule with a list of ports. */
static bool read_ports(struct context *c, const struct kith_yaml *list,
		       struct kith_policy_rule *rule)
{
	struct kith_policy_endpoint *out;
	struct ports ports;
	bool ok = true;
	size_t i, j, n = 0;

	if (!kith_read_list(c->reader, list, "ports", false) || !list_fits(c, list, "ports"))
		return false;
	if (list->n * rule->n_endpoints > KITH_POLICY_EXPANSION_MAX) {
		kith_policy_error(c->reader, list, "split the rule",
				  "peers times ports are more than %u", KITH_POLICY_EXPANSION_MAX);
		return false;
	}
	out = kith_arena_alloc(&c->reader->loaded->arena,
			       list->n * rule->n_endpoints * sizeof(*out));
	for (i = 0; i < list->n; i++) {
		if (!kith_read_ports(c->reader, list->items[i], "ports", &ports.first,
				     &ports.last)) {
			ok = false;
			continue;
		}
		for (j = 0; j < rule->n_endpoints; j++) {
			out[n] = rule->endpoints[j];
			out[n].port_first = ports.first;
			out[n++].port_last = ports.last;
		}
	}
	rule->endpoints = out;
	rule->n_endpoints = n;
	return ok;
}

/* single values ------------------------------------------------------------ */

static const char *read_alpn(struct context *c, const struct kith_yaml *node)
{
	const char *text = kith_read_string(c->reader, node, "alpn", 64);
	const char *p;

	for (p = text; p && *p; p++)
		if (*p <= ' ' || *p > '~' || *p == ',') {
			kith_policy_error(c->reader, node, "write one protocol, such as h2",
					  "alpn is not one protocol: %.64s", text);
			return NULL;
		}
	return text;
}

static const char *read_sni(struct context *c, const struct kith_yaml *node)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	const char *text = kith_read_string(c->reader, node, "sni", 253);
	uint8_t address[16];

	if (!text || (strspn(text, allowed) == node->len && !strchr(".-", text[0]) &&
		      text[node->len - 1] != '.' && !strstr(text, "..") &&
		      !kith_policy_parse_address(text, address)))
		return text;
	kith_policy_error(c->reader, node, "write a host name in lower case, such as db.example",
			  "sni is not a host name: %.100s", text);
	return NULL;
}

static struct kith_opening_keys opening_keys(const struct keys *k)
{
	return (struct kith_opening_keys){
		.open = k->open,
		.over = k->over,
		.peers = k->peers,
		.addresses = k->addresses,
		.ports = k->ports,
		.alpn = k->alpn,
		.sni = k->sni,
	};
}

static bool read_values(struct context *c, const struct keys *k, struct kith_policy_rule *rule)
{
	struct kith_opening_keys opening = opening_keys(k);
	bool ok = true, deny = false;

	if (k->deny)
		ok &= kith_read_bool(c->reader, k->deny, "deny", &deny);
	if (k->alpn)
		ok &= !!(rule->alpn = read_alpn(c, k->alpn));
	if (k->sni)
		ok &= !!(rule->sni = read_sni(c, k->sni));
	if (k->reason)
		ok &= !!(rule->reason =
				 kith_read_string(c->reader, k->reason, "reason", KITH_NAME_MAX));
	if (k->open)
		ok &= kith_policy_read_opening(c->reader, &opening, rule);
	if (deny)
		rule->action = KITH_TABLE_DENY;
	else if (k->open)
		rule->action = KITH_TABLE_OPEN;
	else
		rule->action = KITH_TABLE_ALLOW;
	return ok;
}

/* what goes together --------------------------------------------------------- */

static bool refuse_with(struct context *c, const struct kith_yaml *node, const char *key,
			const char *with, const char *why)
{
	if (!node)
		return true;
	kith_policy_error(c->reader, node, "remove one of them", "%s with %s: %s", key, with, why);
	return false;
}

static bool check_rule(struct context *c, const struct kith_yaml *node, const struct keys *k,
		       struct kith_policy_rule *rule)
{
	struct kith_opening_keys opening = opening_keys(k);
	const char *peers = rule->direction == KITH_INBOUND ? "from" : "to";
	char remedy[64];
	bool ok;

	if (!k->open && k->over) {
		kith_policy_error(c->reader, k->over, "add open with a name, or remove over",
				  "over without open: only TCP is authenticated");
		return false;
	}
	switch (rule->action) {
	case KITH_TABLE_DENY:
		ok = refuse_with(c, k->open, "open", "deny", "they contradict each other");
		ok &= refuse_with(c, k->alpn, "alpn", "deny", "nothing is negotiated");
		return refuse_with(c, k->sni, "sni", "deny", "nothing is negotiated") && ok;
	case KITH_TABLE_OPEN:
		return kith_policy_check_opening(c->reader, node, &opening, rule);
	default:
		if (k->peers)
			return true;
		snprintf(remedy, sizeof(remedy), "add %s, or open with a name, or deny: true",
			 peers);
		kith_policy_error(c->reader, node, remedy, "the rule names no peer");
		return false;
	}
}

/* rules ---------------------------------------------------------------------- */

static bool read_keys(struct context *c, struct kith_yaml *node, enum kith_direction direction,
		      struct keys *k)
{
	bool in = direction == KITH_INBOUND;
	const struct kith_field fields[] = {
		{ in ? "from" : "to", KITH_FIELD_OPTIONAL, &k->peers },
		{ in ? "peers" : "at", KITH_FIELD_OPTIONAL, &k->addresses },
		{ "open", KITH_FIELD_OPTIONAL, &k->open },
		{ "over", KITH_FIELD_OPTIONAL, &k->over },
		{ "deny", KITH_FIELD_OPTIONAL, &k->deny },
		{ "alpn", KITH_FIELD_OPTIONAL, &k->alpn },
		{ "reason", KITH_FIELD_OPTIONAL, &k->reason },
		{ in ? "ports" : "sni", KITH_FIELD_OPTIONAL, in ? &k->ports : &k->sni },
		{ "until", KITH_FIELD_LATER, NULL },
		{ "mode", KITH_FIELD_LATER, NULL },
	};

	memset(k, 0, sizeof(*k));
	return kith_fields_read(c->reader, node, in ? "an inbound rule" : "an outbound rule",
				fields, sizeof(fields) / sizeof(fields[0]));
}

static bool read_lists(struct context *c, const struct keys *k, struct kith_policy_rule *rule)
{
	bool in = rule->direction == KITH_INBOUND;
	bool ok = true;

	rule->endpoints = &anywhere;
	rule->n_endpoints = 1;
	if (k->peers)
		ok &= read_peers(c, k->peers, in ? "from" : "to", rule);
	if (k->addresses)
		ok &= read_addresses(c, k->addresses, in ? "peers" : "at", !in, rule);
	if (k->ports)
		ok &= read_ports(c, k->ports, rule);
	return ok;
}

static const char *source_of(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	return kith_arena_printf(&reader->loaded->arena, "%s:%u", reader->name, node->line);
}

static void read_rule(struct context *c, struct kith_yaml *node, enum kith_direction direction)
{
	struct kith_policy_rule rule = {
		.direction = direction,
		.name = c->policy,
		.doors = 1U << KITH_DOOR_NONE,
	};
	struct kith_opening_keys opening;
	struct keys k;
	bool ok = read_keys(c, node, direction, &k);

	if (node->kind != KITH_YAML_MAPPING)
		return;
	ok &= read_values(c, &k, &rule);
	ok &= read_lists(c, &k, &rule);
	if (!ok || !check_rule(c, node, &k, &rule))
		return;
	if (kith_policy_expanded(&rule) > KITH_POLICY_EXPANSION_MAX) {
		kith_policy_error(c->reader, node, "split the rule, or use patterns and networks",
				  "the rule expands to more than %u", KITH_POLICY_EXPANSION_MAX);
		return;
	}
	rule.source = source_of(c->reader, node);
	if (rule.action == KITH_TABLE_OPEN) {
		opening = opening_keys(&k);
		kith_policy_list_opening(c->reader, &opening, &rule, c->subject);
	}
	c->rules = kith_grow(c->rules, c->n, &c->room, sizeof(*c->rules));
	c->rules[c->n++] = rule;
}

static void read_direction(struct context *c, const struct kith_yaml *list,
			   enum kith_direction direction)
{
	const char *what = direction == KITH_INBOUND ? "inbound" : "outbound";
	size_t i;

	if (!list || !kith_read_list(c->reader, list, what, true))
		return;
	for (i = 0; i < list->n; i++)
		read_rule(c, list->items[i], direction);
}

void kith_policy_read_policy(struct kith_policy_reader *reader, const char *name, const char *owner,
			     struct kith_yaml *document, struct kith_yaml *spec)
{
	struct kith_yaml *subject, *inbound, *outbound;
	const struct kith_field fields[] = {
		{ "for", KITH_FIELD_REQUIRED, &subject },
		{ "inbound", KITH_FIELD_OPTIONAL, &inbound },
		{ "outbound", KITH_FIELD_OPTIONAL, &outbound },
	};
	struct context c = { .reader = reader, .policy = name };
	struct kith_policy_document *policy;

	kith_fields_read(reader, spec, "spec", fields, sizeof(fields) / sizeof(fields[0]));
	if (subject)
		c.subject = kith_read_id(reader, subject, "for");
	/* Without a subject the rules' trust domain is not known. */
	if (!c.subject)
		return;
	read_direction(&c, inbound, KITH_INBOUND);
	read_direction(&c, outbound, KITH_OUTBOUND);
	policy = KITH_POLICY_ADD(reader->loaded, policies);
	*policy = (struct kith_policy_document){
		.name = name,
		.owner = owner,
		.subject = c.subject,
		.rules = kith_arena_copy(&reader->loaded->arena, c.rules, c.n, sizeof(*c.rules)),
		.n_rules = c.n,
		.path = reader->path,
		.place = kith_policy_place_of(reader, document),
		.subject_place = kith_policy_place_of(reader, subject),
	};
	free(c.rules);
}
