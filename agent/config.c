// SPDX-License-Identifier: Apache-2.0
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <yaml.h>
#include <linux/kith.h>
#include "base/base.h"
#include "netlink/names.h"
#include "../kmod/identity/spiffe_id.h"

#define CONFIG_MAX (256U * 1024)

struct reader {
	const char *name;
	yaml_document_t document;
	struct kith_agent_config *config;
	char *error;
};

typedef bool take_fn(struct reader *reader, const yaml_node_t *value, void *to);

/* One key of a mapping: @take gets its value and where to put it. */
struct key {
	const char *name;
	take_fn *take;
	void *to;
};

static bool fail_at(struct reader *reader, const yaml_mark_t *mark, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static bool fail_at(struct reader *reader, const yaml_mark_t *mark, const char *format, ...)
{
	va_list args;
	char *text;

	if (reader->error)
		return false;
	va_start(args, format);
	text = kith_vformat(format, args);
	va_end(args);
	reader->error =
		kith_format("%s:%zu:%zu: %s", reader->name, mark->line + 1, mark->column + 1, text);
	free(text);
	return false;
}

static const char *scalar(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	/* A NUL inside would cut the value short. */
	return strlen(text) == node->data.scalar.length ? text : "";
}

static void join_keys(const struct key *keys, char *out, size_t size)
{
	size_t used = 0;

	out[0] = 0;
	for (; keys->name && used < size; keys++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
					 keys->name);
}

static bool take_pair(struct reader *reader, const struct key *keys, uint64_t *seen,
		      const yaml_node_pair_t *pair)
{
	const yaml_node_t *name = yaml_document_get_node(&reader->document, pair->key);
	const yaml_node_t *value = yaml_document_get_node(&reader->document, pair->value);
	char known[256];
	size_t i;

	if (name->type != YAML_SCALAR_NODE)
		return fail_at(reader, &name->start_mark,
			       "a key must be a word (write \"key: value\")");
	for (i = 0; keys[i].name; i++) {
		if (strcmp(keys[i].name, scalar(name)))
			continue;
		if (*seen & 1ULL << i)
			return fail_at(reader, &name->start_mark,
				       "\"%s\" is given twice (remove one)", scalar(name));
		*seen |= 1ULL << i;
		return keys[i].take(reader, value, keys[i].to);
	}
	join_keys(keys, known, sizeof(known));
	return fail_at(reader, &name->start_mark, "unknown key \"%.64s\" (known here: %s)",
		       scalar(name), known);
}

static bool take_mapping(struct reader *reader, const yaml_node_t *node, const struct key *keys)
{
	const yaml_node_pair_t *pair;
	char known[256];
	uint64_t seen = 0;

	if (node->type != YAML_MAPPING_NODE) {
		join_keys(keys, known, sizeof(known));
		return fail_at(reader, &node->start_mark,
			       "expected \"key: value\" lines (known here: %s)", known);
	}
	for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++)
		if (!take_pair(reader, keys, &seen, pair))
			return false;
	return true;
}

static bool take_text(struct reader *reader, const yaml_node_t *node, void *to)
{
	char **text = to;

	if (node->type != YAML_SCALAR_NODE || !*scalar(node))
		return fail_at(reader, &node->start_mark,
			       "expected a value (write one after the colon)");
	free(*text);
	*text = kith_strdup(scalar(node));
	return true;
}

static bool take_path(struct reader *reader, const yaml_node_t *node, void *to)
{
	if (!take_text(reader, node, to))
		return false;
	if (**(char **)to != '/')
		return fail_at(reader, &node->start_mark,
			       "\"%.64s\" is not an absolute path (start it with /)", scalar(node));
	return true;
}

static bool take_socket(struct reader *reader, const yaml_node_t *node, void *to)
{
	if (!take_path(reader, node, to))
		return false;
	if (strlen(scalar(node)) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return fail_at(reader, &node->start_mark,
			       "the path is too long for a socket (use a shorter one)");
	return true;
}

static bool take_duration(struct reader *reader, const yaml_node_t *node, void *to)
{
	if (node->type != YAML_SCALAR_NODE || !kith_parse_duration(scalar(node), to))
		return fail_at(reader, &node->start_mark,
			       "expected a duration (write 90s, 15m, 1h or 30d)");
	return true;
}

static bool take_trust_domain(struct reader *reader, const yaml_node_t *node, void *to)
{
	enum kith_spiffe_fault fault;

	if (!take_text(reader, node, to))
		return false;
	fault = kith_trust_domain_check(scalar(node), strlen(scalar(node)));
	if (fault != KITH_SPIFFE_OK)
		return fail_at(
			reader, &node->start_mark,
			"\"%.64s\" is not a trust domain: %s (use a lower-case DNS name you own, without spiffe://)",
			scalar(node), kith_spiffe_fault_text(fault));
	return true;
}

static bool take_args(struct reader *reader, const yaml_node_t *node, void *to)
{
	const yaml_node_item_t *item;
	const yaml_node_t *value;
	char **args = to;
	size_t n = 1;

	if (node->type != YAML_SEQUENCE_NODE)
		return fail_at(reader, &node->start_mark,
			       "expected a list of arguments (write [\"--flag\", \"value\"])");
	for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
		value = yaml_document_get_node(&reader->document, *item);
		if (value->type != YAML_SCALAR_NODE)
			return fail_at(reader, &value->start_mark,
				       "expected a value (write text or a number)");
		if (n == KITH_ISSUER_ARGS_MAX)
			return fail_at(reader, &value->start_mark,
				       "more than %d arguments (put them in a script)",
				       KITH_ISSUER_ARGS_MAX - 1);
		args[n++] = kith_strdup(scalar(value));
	}
	return true;
}

static bool take_door(struct reader *reader, const yaml_node_t *node, uint32_t *doors)
{
	char known[256] = "";
	size_t used = 0;
	uint32_t i;

	for (i = 0; i < __KITH_DOOR_COUNT; i++) {
		if (!((KITH_DOORS_GUARDED | 1U << KITH_DOOR_UDP) & 1U << i))
			continue;
		if (node->type == YAML_SCALAR_NODE && !strcmp(scalar(node), kith_name_door(i))) {
			*doors |= 1U << i;
			return true;
		}
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
					 used ? ", " : "", kith_name_door(i));
	}
	return fail_at(reader, &node->start_mark, "not a door that can be left open (known: %s)",
		       known);
}

static bool take_doors(struct reader *reader, const yaml_node_t *node, void *to)
{
	const yaml_node_item_t *item;

	if (node->type != YAML_SEQUENCE_NODE)
		return fail_at(reader, &node->start_mark,
			       "expected a list of doors (write [udp, raw])");
	for (item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
		if (!take_door(reader, yaml_document_get_node(&reader->document, *item), to))
			return false;
	return true;
}

static bool take_embedded(struct reader *reader, const yaml_node_t *node, void *to)
{
	struct kith_agent_config *config = to;
	const struct key keys[] = {
		{ "ca_ttl", take_duration, &config->ca_ttl },
		{ 0 },
	};

	config->issuer = KITH_ISSUER_EMBEDDED;
	/* "embedded:" alone takes the defaults. */
	if (node->type == YAML_SCALAR_NODE && !*scalar(node))
		return true;
	return take_mapping(reader, node, keys);
}

static bool need_path(struct reader *reader, const yaml_node_t *node, const char *what)
{
	if (reader->config->issuer_path)
		return true;
	return fail_at(reader, &node->start_mark, "\"path\" is missing (give %s)", what);
}

static bool take_command(struct reader *reader, const yaml_node_t *node, void *to)
{
	struct kith_agent_config *config = to;
	const struct key keys[] = {
		{ "path", take_path, &config->issuer_path },
		{ "args", take_args, config->issuer_args },
		{ "bundle", take_path, &config->issuer_bundle },
		{ "deadline", take_duration, &config->issuer_deadline },
		{ 0 },
	};

	config->issuer = KITH_ISSUER_COMMAND;
	return take_mapping(reader, node, keys) &&
	       need_path(reader, node, "the program that signs requests");
}

static bool take_directory(struct reader *reader, const yaml_node_t *node, void *to)
{
	struct kith_agent_config *config = to;
	const struct key keys[] = {
		{ "path", take_path, &config->issuer_path },
		{ "bundle", take_path, &config->issuer_bundle },
		{ "deadline", take_duration, &config->issuer_deadline },
		{ 0 },
	};

	config->issuer = KITH_ISSUER_DIRECTORY;
	return take_mapping(reader, node, keys) &&
	       need_path(reader, node, "the directory that requests are put into");
}

static bool take_issuer(struct reader *reader, const yaml_node_t *node, void *to)
{
	const struct key keys[] = {
		{ "embedded", take_embedded, to },
		{ "command", take_command, to },
		{ "directory", take_directory, to },
		{ 0 },
	};

	if (node->type == YAML_MAPPING_NODE &&
	    node->data.mapping.pairs.top - node->data.mapping.pairs.start != 1)
		return fail_at(reader, &node->start_mark,
			       "name exactly one issuer (embedded, command or directory)");
	return take_mapping(reader, node, keys);
}

static void set_defaults(struct kith_agent_config *config)
{
	memset(config, 0, sizeof(*config));
	config->policy_dir = kith_strdup(KITH_POLICY_DIR);
	config->state_dir = kith_strdup(KITH_STATE_DIR);
	config->socket = kith_strdup(KITH_SOCKET_PATH);
	config->group = kith_strdup(KITH_GROUP);
	config->ca_ttl = KITH_CA_TTL;
	config->issuer_deadline = KITH_ISSUER_DEADLINE;
}

static bool take_document(struct reader *reader)
{
	struct kith_agent_config *config = reader->config;
	const yaml_node_t *root = yaml_document_get_root_node(&reader->document);
	const yaml_mark_t start = { 0 };
	const struct key keys[] = {
		{ "trust_domain", take_trust_domain, &config->trust_domain },
		{ "issuer", take_issuer, config },
		{ "policy_dir", take_path, &config->policy_dir },
		{ "state_dir", take_path, &config->state_dir },
		{ "socket", take_socket, &config->socket },
		{ "group", take_text, &config->group },
		{ "open_doors", take_doors, &config->open_doors },
		{ 0 },
	};

	if (!root)
		return fail_at(reader, &start,
			       "the file is empty (write at least \"trust_domain: example.org\")");
	if (!take_mapping(reader, root, keys))
		return false;
	if (!config->trust_domain)
		return fail_at(reader, &root->start_mark,
			       "\"trust_domain\" is missing (write \"trust_domain: example.org\")");
	if (config->issuer == KITH_ISSUER_COMMAND)
		config->issuer_args[0] = kith_strdup(config->issuer_path);
	return true;
}

static bool is_alone(struct reader *reader, yaml_parser_t *parser)
{
	yaml_document_t next;
	yaml_node_t *root;
	bool alone = true;

	if (!yaml_parser_load(parser, &next))
		return true;
	root = yaml_document_get_root_node(&next);
	if (root)
		alone = fail_at(reader, &root->start_mark,
				"a second document starts here (keep one)");
	yaml_document_delete(&next);
	return alone;
}

int kith_agent_config_parse(const char *name, const char *text, size_t size,
			    struct kith_agent_config *config, char **error)
{
	struct reader reader = { .name = name, .config = config };
	yaml_parser_t parser;
	bool good = false;

	set_defaults(config);
	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	if (yaml_parser_load(&parser, &reader.document)) {
		good = take_document(&reader) && is_alone(&reader, &parser);
		yaml_document_delete(&reader.document);
	} else {
		fail_at(&reader, &parser.problem_mark,
			"this is not YAML: %s (mind the indentation)",
			parser.problem ? parser.problem : "unreadable");
	}
	yaml_parser_delete(&parser);
	if (good)
		return 0;
	kith_agent_config_clear(config);
	*error = reader.error;
	return -EINVAL;
}

int kith_agent_config_load(const char *path, struct kith_agent_config *config, char **error)
{
	size_t size;
	char *text;
	int ret;

	ret = kith_read_file(path, CONFIG_MAX, &text, &size);
	if (ret) {
		*error = kith_format("%s: %s (create it, see kith.yaml(5))", path, strerror(-ret));
		return ret;
	}
	ret = kith_agent_config_parse(path, text, size, config, error);
	free(text);
	return ret;
}

void kith_agent_config_clear(struct kith_agent_config *config)
{
	size_t i;

	free(config->trust_domain);
	free(config->policy_dir);
	free(config->state_dir);
	free(config->socket);
	free(config->group);
	free(config->issuer_path);
	free(config->issuer_bundle);
	for (i = 0; i < KITH_ARRAY_SIZE(config->issuer_args); i++)
		free(config->issuer_args[i]);
	memset(config, 0, sizeof(*config));
}
