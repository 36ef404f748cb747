// SPDX-License-Identifier: Apache-2.0
/* Addresses, networks and ports as text. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "fields.h"

#define FORMS "write 10.0.0.1:443, 10.0.0.0/8:443, [::1]:443, [fd00::/8]:443 or *:443"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

bool kith_policy_parse_address(const char *text, uint8_t address[16])
{
	if (inet_pton(AF_INET, text, address + 12) == 1) {
		memcpy(address, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, text, address) == 1;
}

/* A whole number without sign or leading zero, of at most @max; -1: none. */
static long parse_number(const char *text, long max)
{
	size_t len = strlen(text);
	long value;

	if (!len || len > 5 || strspn(text, "0123456789") != len || (*text == '0' && len > 1))
		return -1;
	value = strtol(text, NULL, 10);
	return value <= max ? value : -1;
}

static bool parse_ports(char *text, uint16_t *first, uint16_t *last)
{
	char *dash = strchr(text, '-');
	long from, to;

	if (dash)
		*dash = 0;
	from = parse_number(text, 65535);
	to = dash ? parse_number(dash + 1, 65535) : from;
	if (dash)
		*dash = '-';
	if (from < 1 || to < from)
		return false;
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return true;
}

static void clear_host_bits(uint8_t address[16], unsigned int prefix)
{
	unsigned int i;

	for (i = prefix; i < 128; i++)
		address[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

/* "::/64" and the like hold the IPv4-mapped addresses, which nobody means. */
static bool covers_ipv4(const struct kith_policy_endpoint *e)
{
	uint8_t network[16] = { 0 };

	memcpy(network, mapped, sizeof(mapped));
	clear_host_bits(network, e->prefix);
	return e->prefix < 96 && !memcmp(network, e->address, sizeof(network));
}

static bool looks_like_host(const char *text)
{
	static const char digits[] = "0123456789.-";
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	bool letter = false;

	for (; *text; text++) {
		if (strchr(letters, *text))
			letter = true;
		else if (!strchr(digits, *text))
			return false;
	}
	return letter;
}

/* The part of a CIDR before the port. @text is changed on the way. */
static bool read_cidr(struct kith_policy_reader *reader, const struct kith_yaml *node,
		      const char *what, char *text, struct kith_policy_endpoint *out)
{
	char *slash = strchr(text, '/');
	unsigned int bits = strchr(text, ':') ? 128 : 32;
	uint8_t network[16];
	char remedy[96], shown[INET6_ADDRSTRLEN];
	long prefix = bits;

	if (slash)
		*slash = 0;
	if (!strcmp(text, "*") && !slash)
		return true;
	if (!kith_policy_parse_address(text, out->address)) {
		if (looks_like_host(text))
			kith_policy_error(reader, node,
					  "write the address for now; the agent will resolve names "
					  "in a later version",
					  "%s holds a host name: %.100s", what, node->text);
		else
			kith_policy_error(reader, node, FORMS, "%s is not an address: %.100s", what,
					  node->text);
		return false;
	}
	if (slash)
		prefix = parse_number(slash + 1, bits);
	if (prefix < 0) {
		snprintf(remedy, sizeof(remedy), "write a prefix of 0 to %u bits", bits);
		kith_policy_error(reader, node, remedy, "%s has a bad prefix length: %.100s", what,
				  node->text);
		return false;
	}
	out->prefix = (uint8_t)(prefix + 128 - bits);
	memcpy(network, out->address, sizeof(network));
	clear_host_bits(network, out->prefix);
	if (memcmp(network, out->address, sizeof(network))) {
		inet_ntop(bits == 32 ? AF_INET : AF_INET6, network + (bits == 32 ? 12 : 0), shown,
			  sizeof(shown));
		snprintf(remedy, sizeof(remedy), "write %s/%ld", shown, prefix);
		kith_policy_error(reader, node, remedy, "%s has bits set beyond its prefix: %.100s",
				  what, node->text);
		return false;
	}
	if (covers_ipv4(out)) {
		kith_policy_error(reader, node, "write * for any address, or 2000::/3",
				  "%s is a network that IPv4 addresses are part of: %.100s", what,
				  node->text);
		return false;
	}
	return true;
}

/* Splits "[v6]:ports", "v4:ports", "*:ports"; without ports NULL. False: the
 * brackets do not close or are followed by something else. */
static bool split_ports(char **text, char **ports)
{
	char *close;

	if (**text == '[') {
		close = strchr(*text, ']');
		if (!close || (close[1] && close[1] != ':'))
			return false;
		++*text;
		*ports = close[1] ? close + 2 : NULL;
		*close = 0;
		return strchr(*text, ':');
	}
	*ports = strchr(*text, ':');
	if (*ports && strchr(*ports + 1, ':'))
		*ports = NULL; /* IPv6 without a port */
	if (*ports)
		*(*ports)++ = 0;
	return true;
}

bool kith_read_endpoint(struct kith_policy_reader *reader, const struct kith_yaml *node,
			const char *what, struct kith_policy_endpoint *out)
{
	const char *text = kith_read_string(reader, node, what, 300);
	char copy[301], *host = copy, *ports;

	*out = (struct kith_policy_endpoint){ .port_last = 65535 };
	if (!text)
		return false;
	strcpy(copy, text);
	if (!split_ports(&host, &ports)) {
		kith_policy_error(reader, node, FORMS, "%s is not an address: %.100s", what, text);
		return false;
	}
	if (!read_cidr(reader, node, what, host, out))
		return false;
	if (!ports || parse_ports(ports, &out->port_first, &out->port_last))
		return true;
	kith_policy_error(reader, node, "write a port of 1 to 65535, or a range as 8000-8100",
			  "%s has a bad port: %.100s", what, text);
	return false;
}

bool kith_read_network(struct kith_policy_reader *reader, const struct kith_yaml *node,
		       const char *what, struct kith_policy_endpoint *out)
{
	if (!kith_read_endpoint(reader, node, what, out))
		return false;
	if (kith_endpoint_any_port(out))
		return true;
	kith_policy_error(reader, node, "remove the port; ports: names those that are listened on",
			  "%s has a port: %.100s", what, node->text);
	return false;
}

bool kith_read_address(struct kith_policy_reader *reader, const struct kith_yaml *node,
		       const char *what, uint8_t address[16])
{
	const char *text = kith_read_string(reader, node, what, 64);

	if (!text)
		return false;
	if (kith_policy_parse_address(text, address))
		return true;
	kith_policy_error(reader, node, "write an address such as 10.0.0.1 or fd00::1",
			  "%s is not one IP address: %.64s", what, text);
	return false;
}

bool kith_read_ports(struct kith_policy_reader *reader, const struct kith_yaml *node,
		     const char *what, uint16_t *first, uint16_t *last)
{
	const char *text = kith_read_text(reader, node, what, 32);
	char copy[33];

	if (!text)
		return false;
	strcpy(copy, text);
	if (parse_ports(copy, first, last))
		return true;
	kith_policy_error(reader, node, "write a port of 1 to 65535, or a range as 8000-8100",
			  "%s is not a port: %.32s", what, text);
	return false;
}

bool kith_endpoint_any_port(const struct kith_policy_endpoint *endpoint)
{
	return !endpoint->port_first;
}
