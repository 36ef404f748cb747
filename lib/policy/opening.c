// SPDX-License-Identifier: Apache-2.0
/* Openings: rules with `open:`, what well-known ones imply, and what lists show. */
#include <stdlib.h>
#include <string.h>

#include "opening.h"

#define SHOWN_MAX 8 /* entries of a list */

#define TCP (1U << KITH_DOOR_NONE)
#define UDP (1U << KITH_DOOR_UDP)

static const struct preset {
	const char *name;
	enum kith_direction direction;
	uint32_t doors; /* 1 << door */
	uint16_t port;	/* where `at` has none; 0: it must */
	const char *reason;
} presets[] = {
	{ "dns", KITH_OUTBOUND, UDP | TCP, 53, "name resolution: DNS servers show no identity" },
	{ "ntp", KITH_OUTBOUND, UDP, 123, "time: NTP servers show no identity" },
	{ "kubelet-probe", KITH_INBOUND, TCP, 0, "health: the kubelet's probes show no identity" },
	{ "metrics", KITH_INBOUND, TCP, 0, "metrics: the collector shows no identity" },
};

/* By enum kith_door, as policies name them. */
static const char *const doors[] = {
	"tcp", "udp",	"raw", "packet", "vsock", "xdp", "sctp", "dccp",
	"smc", "mptcp", "kcm", "tipc",	 "rds",	  "tun", "rdma", NULL,
};

_Static_assert(sizeof(doors) / sizeof(doors[0]) == KITH_DOOR_RDMA + 2, "one name for each door");

int kith_policy_door(const char *over)
{
	int i;

	for (i = 0; over && doors[i]; i++)
		if (!strcmp(over, doors[i]))
			return i;
	return over ? -1 : KITH_DOOR_NONE;
}

int kith_policy_read_door(struct kith_policy_reader *reader, const struct kith_yaml *node)
{
	return kith_read_choice(reader, node, "over", doors);
}

static const struct preset *find_preset(const char *name)
{
	size_t i;

	for (i = 0; name && i < sizeof(presets) / sizeof(presets[0]); i++)
		if (!strcmp(presets[i].name, name))
			return &presets[i];
	return NULL;
}

/* reading --------------------------------------------------------------------- */

static bool is_preset_for(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			  const struct preset *preset, enum kith_direction direction)
{
	if (preset->direction == direction)
		return true;
	kith_policy_error(reader, k->open,
			  direction == KITH_INBOUND ? "write it under outbound"
						    : "write it under inbound",
			  "%s is an opening for the other direction", preset->name);
	return false;
}

bool kith_policy_read_opening(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			      struct kith_policy_rule *rule)
{
	const struct preset *preset;
	bool ok = true;
	int door;

	rule->name = kith_read_name(reader, k->open, "open");
	rule->doors = TCP;
	preset = find_preset(rule->name);
	if (preset) {
		ok = is_preset_for(reader, k, preset, rule->direction);
		rule->doors = preset->doors;
	}
	if (k->over) {
		door = kith_policy_read_door(reader, k->over);
		ok &= door >= 0;
		rule->doors = door >= 0 ? 1U << door : TCP;
	}
	if (preset && !rule->reason && !(rule->doors & ~preset->doors))
		rule->reason = preset->reason;
	return ok && rule->name;
}

/* `at` without ports means the preset's. */
static void take_ports(struct kith_policy_rule *rule, uint16_t port)
{
	struct kith_policy_endpoint *endpoints = (struct kith_policy_endpoint *)rule->endpoints;
	size_t i;

	for (i = 0; i < rule->n_endpoints; i++)
		if (kith_endpoint_any_port(&endpoints[i]))
			endpoints[i].port_first = endpoints[i].port_last = port;
}

static bool refuse_key(struct kith_policy_reader *reader, const struct kith_yaml *node,
		       const char *key, const char *with, const char *why)
{
	if (!node)
		return true;
	kith_policy_error(reader, node, "remove one of them", "%s with %s: %s", key, with, why);
	return false;
}

/* What has no addresses and ports that could be compared. */
static bool check_door(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
		       const struct kith_policy_rule *rule)
{
	static const char why[] = "it has no addresses that could be compared";
	bool in = rule->direction == KITH_INBOUND, ok;

	ok = refuse_key(reader, k->addresses, in ? "peers" : "at", "over", why);
	ok &= refuse_key(reader, k->ports, "ports", "over", why);
	if (in)
		kith_policy_error(reader, k->over, "write it under outbound", "%s leads both ways",
				  k->over->text);
	return ok && !in;
}

static bool check_ports(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			struct kith_policy_rule *rule)
{
	const struct preset *preset = find_preset(rule->name);
	bool ok = true;
	size_t i;

	if (preset && preset->port)
		take_ports(rule, preset->port);
	for (i = 0; i < rule->n_endpoints; i++)
		if (kith_endpoint_any_port(&rule->endpoints[i])) {
			kith_policy_error(reader, k->addresses->items[i], "add a port",
					  "an opening names no port: %.100s",
					  k->addresses->items[i]->text);
			ok = false;
		}
	return ok;
}

static bool check_place(struct kith_policy_reader *reader, const struct kith_yaml *node,
			const struct kith_opening_keys *k, struct kith_policy_rule *rule)
{
	if (rule->direction == KITH_INBOUND && !k->ports) {
		kith_policy_error(reader, node, "add ports", "an opening names no port");
		return false;
	}
	if (rule->direction == KITH_INBOUND && rule->doors & UDP && !k->addresses) {
		kith_policy_error(
			reader, node, "add peers, or [\"*\"] for all",
			"an inbound opening over udp lets send to its peers too, and names none");
		return false;
	}
	if (rule->direction == KITH_INBOUND)
		return true;
	if (k->addresses)
		return check_ports(reader, k, rule);
	kith_policy_error(reader, node, "add at", "an opening names no address");
	return false;
}

bool kith_policy_check_opening(struct kith_policy_reader *reader, const struct kith_yaml *node,
			       const struct kith_opening_keys *k, struct kith_policy_rule *rule)
{
	bool in = rule->direction == KITH_INBOUND;
	bool ok = refuse_key(reader, k->peers, in ? "from" : "to", "open",
			     "an opening knows no identity");

	ok &= refuse_key(reader, k->alpn, "alpn", "open", "an opening carries no TLS of ours");
	ok &= refuse_key(reader, k->sni, "sni", "open", "an opening carries no TLS of ours");
	if (rule->doors & ~TCP && !rule->reason) {
		kith_policy_error(reader, node, "add reason, why nothing authenticated will do",
				  "an opening over %s gives no reason", k->over->text);
		return false;
	}
	ok &= rule->doors & (TCP | UDP) ? check_place(reader, node, k, rule)
					: check_door(reader, k, rule);
	return ok;
}

/* listing --------------------------------------------------------------------- */

/* The first of them: a list of openings is for people. */
static const char *join(struct kith_arena *arena, const struct kith_yaml *list)
{
	const char *text = "";
	size_t i, n = list ? list->n : 0, shown = n < SHOWN_MAX ? n : SHOWN_MAX;

	for (i = 0; i < shown; i++)
		text = kith_arena_printf(arena, "%s%s%s", text, i ? ", " : "",
					 list->items[i]->text);
	return n > shown ? kith_arena_printf(arena, "%s and %zu more", text, n - shown) : text;
}

static const char *join_doors(struct kith_arena *arena, uint32_t mask)
{
	const char *text = "";
	size_t i;

	for (i = 0; doors[i]; i++)
		if (mask & 1U << i)
			text = kith_arena_printf(arena, "%s%s%s", text, *text ? ", " : "",
						 doors[i]);
	return text;
}

void kith_policy_list_opening(struct kith_policy_reader *reader, const struct kith_opening_keys *k,
			      const struct kith_policy_rule *rule, const char *subject)
{
	struct kith_arena *arena = &reader->loaded->arena;
	struct kith_policy_opening *opening = KITH_POLICY_ADD(reader->loaded, openings);

	*opening = (struct kith_policy_opening){
		.name = rule->name,
		.subject = subject,
		.inbound = rule->direction == KITH_INBOUND,
		.over = join_doors(arena, rule->doors),
		.peers = join(arena, k->addresses),
		.ports = join(arena, k->ports),
		.reason = rule->reason ? rule->reason : "",
		.source = rule->source,
	};
}
