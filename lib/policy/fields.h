/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed reading of YAML trees. Each function reports what is wrong, with its
 * position and the remedy, and then returns false or NULL.
 */
#ifndef KITH_LIB_POLICY_FIELDS_H
#define KITH_LIB_POLICY_FIELDS_H

#include <stdint.h>

#include "set.h"
#include "tree.h"

enum kith_field_presence {
	KITH_FIELD_OPTIONAL,
	KITH_FIELD_REQUIRED,
	KITH_FIELD_LATER, /* designed, not built: an error that says so */
};

/* A key of a mapping; @value is set to its node, or to NULL. */
struct kith_field {
	const char *key;
	enum kith_field_presence presence;
	struct kith_yaml **value;
};

/**
 * kith_fields_read() - sort a mapping's values into variables
 * @what: what the mapping is, for messages: "spec", "inbound rule"
 *
 * Unknown, repeated and missing keys are errors. Return: whether there were none.
 */
bool kith_fields_read(struct kith_policy_reader *reader, struct kith_yaml *mapping,
		      const char *what, const struct kith_field *fields, size_t n);

/* The values' readers. @what names the value in messages. */

/** kith_read_text() - any printable scalar of 1 to @max bytes, numbers included */
const char *kith_read_text(struct kith_policy_reader *reader, const struct kith_yaml *node,
			   const char *what, size_t max);
/** kith_read_string() - the same, but unquoted numbers and booleans are errors */
const char *kith_read_string(struct kith_policy_reader *reader, const struct kith_yaml *node,
			     const char *what, size_t max);
/** kith_read_name() - letters, digits, '.', '_' and '-' */
const char *kith_read_name(struct kith_policy_reader *reader, const struct kith_yaml *node,
			   const char *what);
bool kith_read_number(struct kith_policy_reader *reader, const struct kith_yaml *node,
		      const char *what, uint32_t min, uint32_t max, uint32_t *out);
bool kith_read_bool(struct kith_policy_reader *reader, const struct kith_yaml *node,
		    const char *what, bool *out);
/** kith_read_list() - whether it is a sequence, and not empty unless @may_be_empty */
bool kith_read_list(struct kith_policy_reader *reader, const struct kith_yaml *node,
		    const char *what, bool may_be_empty);
/** kith_read_choice() - index into @choices, which ends in NULL; -1: error */
int kith_read_choice(struct kith_policy_reader *reader, const struct kith_yaml *node,
		     const char *what, const char *const *choices);
/** kith_read_duration() - "90s", "30m", "1h", "7d", in seconds */
bool kith_read_duration(struct kith_policy_reader *reader, const struct kith_yaml *node,
			const char *what, uint32_t min, uint32_t max, uint32_t *seconds);

/** kith_read_id() - an exact SPIFFE ID with a path */
const char *kith_read_id(struct kith_policy_reader *reader, const struct kith_yaml *node,
			 const char *what);
/** kith_read_pattern() - a SPIFFE ID pattern; @local: an ID of our trust domain */
const char *kith_read_pattern(struct kith_policy_reader *reader, const struct kith_yaml *node,
			      const char *what, const char *local);

/** kith_read_address() - one address */
bool kith_read_address(struct kith_policy_reader *reader, const struct kith_yaml *node,
		       const char *what, uint8_t address[16]);
/** kith_read_network() - an address or CIDR without a port: all ports */
bool kith_read_network(struct kith_policy_reader *reader, const struct kith_yaml *node,
		       const char *what, struct kith_policy_endpoint *out);
/** kith_read_endpoint() - an address, CIDR or "*" with an optional port or range */
bool kith_read_endpoint(struct kith_policy_reader *reader, const struct kith_yaml *node,
			const char *what, struct kith_policy_endpoint *out);
/** kith_read_ports() - a port, or "first-last" */
bool kith_read_ports(struct kith_policy_reader *reader, const struct kith_yaml *node,
		     const char *what, uint16_t *first, uint16_t *last);

/* Whether an endpoint was given without ports. */
bool kith_endpoint_any_port(const struct kith_policy_endpoint *endpoint);

#endif
