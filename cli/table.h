/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as they need to be. */
#ifndef KITH_CLI_TABLE_H
#define KITH_CLI_TABLE_H

#include <stddef.h>

struct kith_table_text;

/* @columns headings follow. */
struct kith_table_text *kith_table_text_new(size_t columns, ...);
/* As many cells follow; copied. NULL is "-". */
void kith_table_text_add(struct kith_table_text *table, ...);
/* Prints and frees it. With no rows, @empty is printed instead. */
void kith_table_text_print(struct kith_table_text *table, const char *empty);

#endif
