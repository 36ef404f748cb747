// SPDX-License-Identifier: Apache-2.0
#include "fields.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base.h"

/* mappings ---------------------------------------------------------------- */

static char *list_keys(char *buf, size_t size, const struct kith_field *fields, size_t n)
{
	size_t used = 0, i;

	buf[0] = 0;
	for (i = 0; i < n && used < size; i++)
		if (fields[i].presence != KITH_FIELD_LATER)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
						 fields[i].key);
	return buf;
}

/* In {name: this, or that} the comma ends the text, and "or that" is a key. */
static bool is_cut_text(const struct kith_yaml *key, const struct kith_yaml *value)
{
	return kith_yaml_is_null(value) && strchr(key->text, ' ');
}

static void report_unknown(struct kith_policy_reader *reader, const struct kith_yaml *key,
			   const struct kith_yaml *value, const char *what,
			   const struct kith_field *fields, size_t n)
{
	char keys[256], remedy[320];
	size_t i;

	for (i = 0; i < n; i++)
		if (fields[i].presence != KITH_FIELD_LATER && !strcasecmp(fields[i].key, key->text))
			break;
	if (i < n)
		snprintf(remedy, sizeof(remedy), "write %s", fields[i].key);
	else if (is_cut_text(key, value))
		snprintf(remedy, sizeof(remedy), "quote the text before it: a comma ended it");
	else
		snprintf(remedy, sizeof(remedy), "remove it; %s may hold: %s", what,
			 list_keys(keys, sizeof(keys), fields, n));
	kith_policy_error(reader, key, remedy, "unknown key %.80s in %s", key->text, what);
}

/* One pair of a mapping. */
static bool take(struct kith_policy_reader *reader, const struct kith_yaml *key,
		 struct kith_yaml *value, const char *what, const struct kith_field *fields,
		 size_t n)
{
	size_t i;

	if (key->kind == KITH_YAML_BAD)
		return false;
	if (key->kind != KITH_YAML_SCALAR) {
		kith_policy_error(reader, key, "write a key, then a colon",
				  "a key of %s is not a word", what);
		return false;
	}
	for (i = 0; i < n && strcmp(fields[i].key, key->text); i++)
		;
	if (i == n) {
		report_unknown(reader, key, value, what, fields, n);
		return false;
	}
	if (fields[i].presence == KITH_FIELD_LATER) {
		kith_policy_error(reader, key, "remove it for now", "%s is not supported yet",
				  key->text);
		return false;
	}
	if (*fields[i].value) {
		kith_policy_error(reader, key, "keep one of them", "key %s is there twice in %s",
				  key->text, what);
		return false;
	}
	*fields[i].value = value;
	return true;
}

bool kith_fields_read(struct kith_policy_reader *reader, struct kith_yaml *mapping,
		      const char *what, const struct kith_field *fields, size_t n)
{
	char remedy[128];
	bool ok = true;
	size_t i;

	for (i = 0; i < n; i++)
		if (fields[i].presence != KITH_FIELD_LATER)
			*fields[i].value = NULL;
	if (mapping->kind == KITH_YAML_BAD)
		return false;
	if (mapping->kind != KITH_YAML_MAPPING) {
		kith_policy_error(reader, mapping, "write key: value pairs", "%s is not a mapping",
				  what);
		return false;
	}
	for (i = 0; i + 1 < mapping->n; i += 2)
		ok &= take(reader, mapping->items[i], mapping->items[i + 1], what, fields, n);
	for (i = 0; i < n; i++) {
		if (fields[i].presence != KITH_FIELD_REQUIRED || *fields[i].value)
			continue;
		snprintf(remedy, sizeof(remedy), "add %s", fields[i].key);
		kith_policy_error(reader, mapping, remedy, "%s has no %s", what, fields[i].key);
		ok = false;
	}
	return ok;
}

/* scalars ----------------------------------------------------------------- */

static bool is_word_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(text, *words))
			return true;
	return false;
}

/* Whether YAML readers take an unquoted text for something else than a string. */
static const char *other_type(const struct kith_yaml *node)
{
	static const char *const booleans[] = { "true", "false", "yes", "no", "on", "off", NULL };
	char *end;

	if (!node->plain)
		return NULL;
	if (is_word_of(node->text, booleans))
		return "a boolean";
	if (!strchr("+-.0123456789", node->text[0]))
		return NULL;
	strtod(node->text, &end);
	return end > node->text && !*end ? "a number" : NULL;
}

static bool is_printable(const struct kith_yaml *node)
{
	size_t i;

	for (i = 0; i < node->len; i++)
		if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7f)
			return false;
	return true;
}

const char *kith_read_text(struct kith_policy_reader *reader, const struct kith_yaml *node,
			   const char *what, size_t max)
{
	if (node->kind == KITH_YAML_BAD)
		return NULL;
	if (node->kind != KITH_YAML_SCALAR) {
		kith_policy_error(reader, node, "write a single value", "%s is a %s, not a text",
				  what, node->kind == KITH_YAML_SEQUENCE ? "list" : "mapping");
		return NULL;
	}
	if (kith_yaml_is_null(node) || !node->len) {
		kith_policy_error(reader, node, "write a value or remove the key", "%s is empty",
				  what);
		return NULL;
	}
	if (node->len > max) {
		kith_policy_error(reader, node, "shorten it", "%s is longer than %zu bytes", what,
				  max);
		return NULL;
	}
	if (!is_printable(node)) {
		kith_policy_error(reader, node, "write it in printable characters",
				  "%s holds a control character", what);
		return NULL;
	}
	return node->text;
}

const char *kith_read_string(struct kith_policy_reader *reader, const struct kith_yaml *node,
			     const char *what, size_t max)
{
	const char *text = kith_read_text(reader, node, what, max);
	const char *other = text ? other_type(node) : NULL;

	if (!other)
		return text;
	kith_policy_error(reader, node, "put it in quotes if it is meant",
			  "%s is %s, not a text: %.80s", what, other, text);
	return NULL;
}

const char *kith_read_name(struct kith_policy_reader *reader, const struct kith_yaml *node,
			   const char *what)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	const char *text = kith_read_string(reader, node, what, 128);

	if (!text)
		return NULL;
	if (!strchr("._-", text[0]) && strspn(text, allowed) == node->len)
		return text;
	kith_policy_error(reader, node,
			  "begin with a letter or digit; then letters, digits, '.', '_' and '-'",
			  "%s is not a name: %.80s", what, text);
	return NULL;
}

bool kith_read_number(struct kith_policy_reader *reader, const struct kith_yaml *node,
		      const char *what, uint32_t min, uint32_t max, uint32_t *out)
{
	const char *text = kith_read_text(reader, node, what, 64);
	char remedy[96];
	unsigned long long value;

	if (!text)
		return false;
	snprintf(remedy, sizeof(remedy), "write a whole number from %u to %u, without quotes", min,
		 max);
	if (node->plain && strspn(text, "0123456789") == node->len && node->len <= 10 &&
	    (text[0] != '0' || node->len == 1)) {
		value = strtoull(text, NULL, 10);
		if (value >= min && value <= max) {
			*out = (uint32_t)value;
			return true;
		}
	}
	kith_policy_error(reader, node, remedy, "%s is not a number in range: %.80s", what, text);
	return false;
}

bool kith_read_bool(struct kith_policy_reader *reader, const struct kith_yaml *node,
		    const char *what, bool *out)
{
	const char *text = kith_read_text(reader, node, what, 64);

	if (!text)
		return false;
	*out = !strcmp(text, "true");
	if (node->plain && (*out || !strcmp(text, "false")))
		return true;
	kith_policy_error(reader, node, "write true or false, without quotes",
			  "%s is neither true nor false: %.60s", what, text);
	return false;
}

bool kith_read_list(struct kith_policy_reader *reader, const struct kith_yaml *node,
		    const char *what, bool may_be_empty)
{
	if (node->kind == KITH_YAML_BAD)
		return false;
	if (node->kind != KITH_YAML_SEQUENCE) {
		kith_policy_error(reader, node, "write a list: [value, value], or lines of - value",
				  "%s is not a list", what);
		return false;
	}
	if (node->n || may_be_empty)
		return true;
	kith_policy_error(reader, node, "write at least one value or remove the key",
			  "%s is an empty list", what);
	return false;
}

int kith_read_choice(struct kith_policy_reader *reader, const struct kith_yaml *node,
		     const char *what, const char *const *choices)
{
	const char *text = kith_read_text(reader, node, what, 64);
	char remedy[128] = "write one of:";
	size_t used;
	int i;

	if (!text)
		return -1;
	for (i = 0; choices[i]; i++) {
		if (!strcmp(text, choices[i]))
			return i;
		used = strlen(remedy);
		snprintf(remedy + used, sizeof(remedy) - used, "%s %s", i ? "," : "", choices[i]);
	}
	kith_policy_error(reader, node, remedy, "%s is not known: %.60s", what, text);
	return -1;
}

/* durations --------------------------------------------------------------- */

bool kith_read_duration(struct kith_policy_reader *reader, const struct kith_yaml *node,
			const char *what, uint32_t min, uint32_t max, uint32_t *seconds)
{
	const char *text = kith_read_text(reader, node, what, 64);
	char remedy[96];

	if (!text)
		return false;
	if (kith_parse_duration(text, seconds) && *seconds >= min && *seconds <= max)
		return true;
	snprintf(remedy, sizeof(remedy), "write %us to %ud, as 90s, 30m or 1h", min, max / 86400);
	kith_policy_error(reader, node, remedy, "%s is not a duration in range: %.60s", what, text);
	return false;
}
