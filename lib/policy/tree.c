// SPDX-License-Identifier: Apache-2.0
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "set.h"

#define NODES_MAX (4U << 20) /* of one set */

/* A sequence or mapping that has begun and not ended. */
struct level {
	struct kith_yaml *node;
	struct kith_yaml **items;
	size_t room;
};

struct builder {
	struct kith_policy_reader *reader;
	struct level levels[KITH_POLICY_DEPTH_MAX];
	unsigned int depth;
	struct kith_yaml *root;
};

static struct kith_yaml *new_node(struct builder *b, enum kith_yaml_kind kind,
				  const yaml_mark_t *mark)
{
	struct kith_yaml *node = kith_arena_alloc(&b->reader->loaded->arena, sizeof(*node));

	node->kind = kind;
	node->line = (unsigned int)mark->line + 1;
	node->column = (unsigned int)mark->column + 1;
	b->reader->loaded->nodes++;
	return node;
}

static void attach(struct builder *b, struct kith_yaml *node)
{
	struct level *level;

	if (!b->depth) {
		b->root = node;
		return;
	}
	level = &b->levels[b->depth - 1];
	level->items =
		kith_grow(level->items, level->node->n, &level->room, sizeof(struct kith_yaml *));
	level->items[level->node->n++] = node;
}

/* Anchors and tags: reported, and the value is taken as if they were not. */
static void check_properties(struct builder *b, const struct kith_yaml *node,
			     const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor)
		kith_policy_error(b->reader, node, "remove it and write the value where it is used",
				  "anchor &%.40s: anchors and aliases are not supported",
				  (const char *)anchor);
	if (tag && strcmp((const char *)tag, "!"))
		kith_policy_error(b->reader, node, "remove it", "tag %.60s: tags are not supported",
				  (const char *)tag);
}

static void scalar(struct builder *b, const yaml_event_t *event)
{
	struct kith_yaml *node = new_node(b, KITH_YAML_SCALAR, &event->start_mark);

	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->len = event->data.scalar.length;
	node->text = kith_arena_text(&b->reader->loaded->arena,
				     (const char *)event->data.scalar.value, node->len);
	check_properties(b, node, event->data.scalar.anchor, event->data.scalar.tag);
	attach(b, node);
}

static void alias(struct builder *b, const yaml_event_t *event)
{
	struct kith_yaml *node = new_node(b, KITH_YAML_BAD, &event->start_mark);

	kith_policy_error(b->reader, node, "write the value where it is used",
			  "alias *%.40s: anchors and aliases are not supported",
			  (const char *)event->data.alias.anchor);
	attach(b, node);
}

static bool begin(struct builder *b, enum kith_yaml_kind kind, const yaml_event_t *event)
{
	bool mapping = kind == KITH_YAML_MAPPING;
	struct kith_yaml *node = new_node(b, kind, &event->start_mark);

	if (b->depth == KITH_POLICY_DEPTH_MAX) {
		kith_policy_error(b->reader, node, "remove the superfluous brackets or levels",
				  "nested deeper than %u levels", KITH_POLICY_DEPTH_MAX);
		return false;
	}
	check_properties(b, node,
			 mapping ? event->data.mapping_start.anchor
				 : event->data.sequence_start.anchor,
			 mapping ? event->data.mapping_start.tag : event->data.sequence_start.tag);
	attach(b, node);
	b->levels[b->depth++] = (struct level){ .node = node };
	return true;
}

static void end(struct builder *b)
{
	struct level *level;

	if (!b->depth)
		return; /* libyaml pairs them */
	level = &b->levels[--b->depth];
	level->node->items = kith_arena_copy(&b->reader->loaded->arena, level->items,
					     level->node->n, sizeof(struct kith_yaml *));
	free(level->items);
}

/* Line and column of a byte that is not UTF-8 or not allowed in YAML. */
static void locate(const char *text, size_t offset, unsigned int *line, unsigned int *column)
{
	size_t i;

	*line = *column = 1;
	for (i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

static void syntax_error(struct kith_policy_reader *reader, const yaml_parser_t *parser,
			 const char *text, size_t len)
{
	unsigned int line = (unsigned int)parser->problem_mark.line + 1;
	unsigned int column = (unsigned int)parser->problem_mark.column + 1;
	const char *problem = parser->problem ? parser->problem : "cannot be read";

	if (parser->error == YAML_READER_ERROR)
		locate(text, parser->problem_offset < len ? parser->problem_offset : len, &line,
		       &column);
	reader->object = "";
	if (parser->context)
		kith_policy_error_at(reader, line, column,
				     "correct the YAML; look at the line above, too",
				     "not valid YAML: %s, %s", problem, parser->context);
	else
		kith_policy_error_at(reader, line, column,
				     "correct the YAML; look at the line above, too",
				     "not valid YAML: %s", problem);
}

/* Whether to go on. */
static bool step(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		alias(b, event);
		break;
	case YAML_SCALAR_EVENT:
		scalar(b, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		return begin(b, KITH_YAML_SEQUENCE, event);
	case YAML_MAPPING_START_EVENT:
		return begin(b, KITH_YAML_MAPPING, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		end(b);
		break;
	case YAML_DOCUMENT_START_EVENT:
		b->reader->first_diag = b->reader->loaded->n_diags;
		break;
	case YAML_STREAM_END_EVENT:
		return false;
	default:
		break;
	}
	if (b->reader->loaded->nodes <= NODES_MAX)
		return true;
	kith_policy_error_at(b->reader, (unsigned int)event->start_mark.line + 1,
			     (unsigned int)event->start_mark.column + 1,
			     "split the policy between hosts", "more than %u values in all files",
			     NODES_MAX);
	return false;
}

void kith_yaml_parse(struct kith_policy_reader *reader, const char *text, size_t len,
		     void (*document)(struct kith_policy_reader *, struct kith_yaml *))
{
	struct builder builder = { .reader = reader };
	yaml_parser_t parser;
	yaml_event_t event;
	bool more = true;

	if (!yaml_parser_initialize(&parser))
		abort();
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	while (more) {
		reader->object = "";
		if (!yaml_parser_parse(&parser, &event)) {
			syntax_error(reader, &parser, text, len);
			break;
		}
		more = step(&builder, &event);
		if (event.type == YAML_DOCUMENT_END_EVENT && builder.root) {
			document(reader, builder.root);
			builder.root = NULL;
		}
		yaml_event_delete(&event);
	}
	while (builder.depth)
		free(builder.levels[--builder.depth].items);
	yaml_parser_delete(&parser);
}

struct kith_yaml *kith_yaml_find(const struct kith_yaml *mapping, const char *key)
{
	size_t i;

	if (!mapping || mapping->kind != KITH_YAML_MAPPING)
		return NULL;
	for (i = 0; i + 1 < mapping->n; i += 2)
		if (mapping->items[i]->kind == KITH_YAML_SCALAR &&
		    !strcmp(mapping->items[i]->text, key))
			return mapping->items[i + 1];
	return NULL;
}

bool kith_yaml_is_null(const struct kith_yaml *node)
{
	return node->kind == KITH_YAML_SCALAR && node->plain &&
	       (!node->len || !strcmp(node->text, "~") || !strcasecmp(node->text, "null"));
}
