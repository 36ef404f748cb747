// SPDX-License-Identifier: Apache-2.0
/* kind: PolicyTest */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "opening.h"

struct keys {
	struct kith_yaml *from, *to, *at, *from_address, *port, *over, *expect;
};

static const char *show_address(const uint8_t address[16], char text[INET6_ADDRSTRLEN])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!memcmp(address, mapped, sizeof(mapped)))
		inet_ntop(AF_INET, address + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, address, text, INET6_ADDRSTRLEN);
	return text;
}

static const char *describe(struct kith_arena *arena, const struct kith_policy_case *c)
{
	char at[INET6_ADDRSTRLEN] = "", from[INET6_ADDRSTRLEN] = "";

	if (c->has_at)
		show_address(c->at, at);
	if (c->has_from_address)
		show_address(c->from_address, from);
	return kith_arena_printf(arena, "%s%s%s to %s%s%s port %u",
				 c->from ? c->from : "unauthenticated", from[0] ? " at " : "", from,
				 c->to ? c->to : "unauthenticated", at[0] ? " at " : "", at,
				 c->port);
}

static bool read_ends(struct kith_policy_reader *reader, const struct kith_yaml *node,
		      const struct keys *k, struct kith_policy_case *c)
{
	bool ok = true;

	if (k->from)
		ok &= !!(c->from = kith_read_id(reader, k->from, "from"));
	if (k->to)
		ok &= !!(c->to = kith_read_id(reader, k->to, "to"));
	if (k->at)
		ok &= c->has_at = kith_read_address(reader, k->at, "at", c->at);
	if (k->from_address)
		ok &= c->has_from_address =
			kith_read_address(reader, k->from_address, "fromAddress", c->from_address);
	if (k->from || k->to)
		return ok;
	kith_policy_error(reader, node, "add from, to or both", "the test names no identity");
	return false;
}

static void read_case(struct kith_policy_reader *reader, const char *test, struct kith_yaml *node)
{
	/* In the order of enum kith_policy_verdict. */
	static const char *const verdicts[] = { "deny", "allow", "open", NULL };
	struct keys k;
	const struct kith_field fields[] = {
		{ "from", KITH_FIELD_OPTIONAL, &k.from },
		{ "to", KITH_FIELD_OPTIONAL, &k.to },
		{ "at", KITH_FIELD_OPTIONAL, &k.at },
		{ "fromAddress", KITH_FIELD_OPTIONAL, &k.from_address },
		{ "port", KITH_FIELD_REQUIRED, &k.port },
		{ "over", KITH_FIELD_OPTIONAL, &k.over },
		{ "expect", KITH_FIELD_REQUIRED, &k.expect },
	};
	struct kith_policy_case c = { .test = test };
	bool ok = kith_fields_read(reader, node, "a test", fields,
				   sizeof(fields) / sizeof(fields[0]));
	uint32_t port = 0;
	int expected = -1, over = KITH_DOOR_NONE;

	if (node->kind != KITH_YAML_MAPPING)
		return;
	ok &= read_ends(reader, node, &k, &c);
	if (k.port)
		ok &= kith_read_number(reader, k.port, "port", 1, 65535, &port);
	if (k.over)
		ok &= (over = kith_policy_read_door(reader, k.over)) >= 0;
	if (k.expect)
		expected = kith_read_choice(reader, k.expect, "expect", verdicts);
	if (!ok || expected < 0)
		return;
	c.port = (uint16_t)port;
	c.over = (enum kith_door)over;
	c.expected = (enum kith_policy_verdict)expected;
	c.place = kith_policy_place_of(reader, node);
	c.description = describe(&reader->loaded->arena, &c);
	*KITH_POLICY_ADD(reader->loaded, cases) = c;
}

void kith_policy_read_test(struct kith_policy_reader *reader, const char *name,
			   struct kith_yaml *spec)
{
	size_t i;

	reader->loaded->n_tests++;
	if (!kith_read_list(reader, spec, "spec", false))
		return;
	for (i = 0; i < spec->n; i++)
		read_case(reader, name, spec->items[i]);
}
