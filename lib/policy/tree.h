/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML to a small tree with positions. Aliases, anchors and tags are refused:
 * so a tree is no larger than its text, and means what it shows.
 */
#ifndef KITH_LIB_POLICY_TREE_H
#define KITH_LIB_POLICY_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct kith_policy_reader;

enum kith_yaml_kind {
	KITH_YAML_SCALAR,
	KITH_YAML_SEQUENCE,
	KITH_YAML_MAPPING,
	KITH_YAML_BAD, /* reported already */
};

struct kith_yaml {
	enum kith_yaml_kind kind;
	unsigned int line, column; /* from 1 */
	bool plain;		   /* scalar: not quoted */
	const char *text;	   /* scalar: with a NUL behind */
	size_t len;
	struct kith_yaml **items; /* mapping: key, value, key, value, … */
	size_t n;
};

/**
 * kith_yaml_parse() - call @document for each document of a text
 *
 * Trees belong to the reader's arena. Syntax errors are reported to the reader
 * and end the text.
 */
void kith_yaml_parse(struct kith_policy_reader *reader, const char *text, size_t len,
		     void (*document)(struct kith_policy_reader *, struct kith_yaml *));

/** kith_yaml_find() - a mapping's value, or NULL; reports nothing */
struct kith_yaml *kith_yaml_find(const struct kith_yaml *mapping, const char *key);

/** kith_yaml_is_null() - an empty value, ~ or null */
bool kith_yaml_is_null(const struct kith_yaml *node);

#endif
