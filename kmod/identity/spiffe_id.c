// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "spiffe_id.h"

static const char scheme[] = "spiffe://";

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_trust_domain_char(char c)
{
	return is_lower_or_digit(c) || c == '.' || c == '-' || c == '_';
}

/* Also what keeps '?', '#', ':', '@' and '%' out. */
static bool is_segment_char(char c)
{
	return is_trust_domain_char(c) || (c >= 'A' && c <= 'Z');
}

enum kith_spiffe_fault kith_trust_domain_check(const char *name, size_t len)
{
	size_t i;

	if (!len)
		return KITH_SPIFFE_NO_TRUST_DOMAIN;
	if (len > KITH_TRUST_DOMAIN_MAX)
		return KITH_SPIFFE_TRUST_DOMAIN_TOO_LONG;
	for (i = 0; i < len; i++)
		if (!is_trust_domain_char(name[i]))
			return KITH_SPIFFE_TRUST_DOMAIN_CHAR;
	return KITH_SPIFFE_OK;
}

static bool is_dot_segment(const char *segment, size_t len)
{
	return (len == 1 && segment[0] == '.') ||
	       (len == 2 && segment[0] == '.' && segment[1] == '.');
}

static enum kith_spiffe_fault check_segment(const char *segment, size_t len)
{
	size_t i;

	if (!len)
		return KITH_SPIFFE_EMPTY_SEGMENT;
	if (is_dot_segment(segment, len))
		return KITH_SPIFFE_DOT_SEGMENT;
	for (i = 0; i < len; i++)
		if (!is_segment_char(segment[i]))
			return KITH_SPIFFE_PATH_CHAR;
	return KITH_SPIFFE_OK;
}

/* Length up to the next slash, or all of it. */
static size_t span(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '/')
		n++;
	return n;
}

static enum kith_spiffe_fault check_path(const char *path, size_t len)
{
	enum kith_spiffe_fault fault;
	size_t at = 0, n;

	if (len && path[len - 1] == '/')
		return KITH_SPIFFE_TRAILING_SLASH;
	while (at < len) {
		at++;
		n = span(path + at, len - at);
		fault = check_segment(path + at, n);
		if (fault)
			return fault;
		at += n;
	}
	return KITH_SPIFFE_OK;
}

enum kith_spiffe_fault kith_spiffe_id_parse(const char *text, size_t len,
					    struct kith_spiffe_id *id)
{
	const size_t prefix = sizeof(scheme) - 1;
	enum kith_spiffe_fault fault;
	struct kith_spiffe_id parts;

	if (len > KITH_SPIFFE_ID_MAX)
		return KITH_SPIFFE_TOO_LONG;
	if (len < prefix || memcmp(text, scheme, prefix))
		return KITH_SPIFFE_SCHEME;
	parts.trust_domain = text + prefix;
	parts.trust_domain_len = span(text + prefix, len - prefix);
	fault = kith_trust_domain_check(parts.trust_domain, parts.trust_domain_len);
	if (fault)
		return fault;
	parts.path = parts.trust_domain + parts.trust_domain_len;
	parts.path_len = len - prefix - parts.trust_domain_len;
	fault = check_path(parts.path, parts.path_len);
	if (fault)
		return fault;
	*id = parts;
	return KITH_SPIFFE_OK;
}

bool kith_spiffe_id_in(const struct kith_spiffe_id *id, const char *name,
		       size_t len)
{
	return id->trust_domain_len == len && !memcmp(id->trust_domain, name, len);
}

const char *kith_spiffe_fault_text(enum kith_spiffe_fault fault)
{
	static const char *const text[] = {
		[KITH_SPIFFE_OK] = "valid",
		[KITH_SPIFFE_TOO_LONG] = "it is longer than 2048 bytes",
		[KITH_SPIFFE_SCHEME] = "it does not begin with spiffe://",
		[KITH_SPIFFE_NO_TRUST_DOMAIN] = "the trust domain is missing",
		[KITH_SPIFFE_TRUST_DOMAIN_TOO_LONG] =
			"the trust domain is longer than 255 bytes",
		[KITH_SPIFFE_TRUST_DOMAIN_CHAR] =
			"the trust domain may only hold a-z, 0-9, '.', '-' and '_'",
		[KITH_SPIFFE_PATH_CHAR] =
			"the path may only hold letters, digits, '.', '-' and '_'",
		[KITH_SPIFFE_EMPTY_SEGMENT] = "a path segment is empty",
		[KITH_SPIFFE_DOT_SEGMENT] = "a path segment is '.' or '..'",
		[KITH_SPIFFE_TRAILING_SLASH] = "it ends in a slash",
	};

	if ((size_t)fault >= ARRAY_SIZE(text))
		return "unknown fault";
	return text[fault];
}
