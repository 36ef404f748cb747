// SPDX-License-Identifier: Apache-2.0
/* SPIFFE IDs and their patterns. */
#include <string.h>

#include "fields.h"
#include "spiffe_id.h"

#define ID_REMEDY "write spiffe://trust-domain/path"

const char *kith_read_id(struct kith_policy_reader *reader, const struct kith_yaml *node,
			 const char *what)
{
	const char *text = kith_read_string(reader, node, what, 16384);
	struct kith_spiffe_id id;
	enum kith_spiffe_fault fault;

	if (!text)
		return NULL;
	if (strchr(text, '*')) {
		kith_policy_error(reader, node, "name one identity",
				  "%s must be exact, without wildcards: %.200s", what, text);
		return NULL;
	}
	fault = kith_spiffe_id_parse(text, node->len, &id);
	if (fault) {
		kith_policy_error(reader, node, ID_REMEDY, "%s is not a SPIFFE ID, %s: %.200s",
				  what, kith_spiffe_fault_text(fault), text);
		return NULL;
	}
	if (!id.path_len) {
		kith_policy_error(reader, node, ID_REMEDY,
				  "%s names a whole trust domain, not a workload: %.200s", what,
				  text);
		return NULL;
	}
	return text;
}

/* Replaces wildcards by ordinary segments, so that what is left must be an ID.
 * False: a '*' stands where none may. */
static bool plain_copy(char *copy)
{
	const size_t scheme = strlen("spiffe://");
	char *p = copy;

	for (; *p; p++) {
		if (*p != '*')
			continue;
		if ((size_t)(p - copy) <= scheme || p[-1] != '/')
			return false;
		*p = 'x';
		if (p[1] == '*' && !p[2])
			p[1] = 'x';
		else if (p[1] && p[1] != '/')
			return false;
	}
	return true;
}

static bool same_trust_domain(const struct kith_spiffe_id *id, const char *local)
{
	struct kith_spiffe_id other;

	return !kith_spiffe_id_parse(local, strlen(local), &other) &&
	       kith_spiffe_id_in(id, other.trust_domain, other.trust_domain_len);
}

const char *kith_read_pattern(struct kith_policy_reader *reader, const struct kith_yaml *node,
			      const char *what, const char *local)
{
	const char *text;
	struct kith_spiffe_id id;
	char *copy;

	if (node->kind == KITH_YAML_SCALAR && !strchr(node->text, '*'))
		return kith_read_id(reader, node, what);
	text = kith_read_string(reader, node, what, KITH_SPIFFE_ID_MAX);
	if (!text)
		return NULL;
	copy = kith_arena_text(&reader->loaded->arena, text, node->len);
	if (!plain_copy(copy)) {
		kith_policy_error(reader, node,
				  "use * for one whole segment of the path, or end in /**",
				  "%s has a wildcard where none may be: %.200s", what, text);
		return NULL;
	}
	if (kith_spiffe_id_parse(copy, node->len, &id)) {
		kith_policy_error(
			reader, node, ID_REMEDY ", with * for a segment or a trailing /**",
			"%s is not a SPIFFE ID pattern, %s: %.200s", what,
			kith_spiffe_fault_text(kith_spiffe_id_parse(copy, node->len, &id)), text);
		return NULL;
	}
	if (!same_trust_domain(&id, local)) {
		kith_policy_error(reader, node,
				  "name each identity of another trust domain exactly",
				  "%s has a wildcard over another trust domain: %.200s", what,
				  text);
		return NULL;
	}
	return text;
}
