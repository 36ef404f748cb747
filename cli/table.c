// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/base.h"
#include "kith.h"

struct kith_table_text {
	size_t columns, cells, room;
	char **cell; /* headings first */
};

static void add_cells(struct kith_table_text *table, va_list args)
{
	const char *text;
	size_t i;

	if (table->cells + table->columns > table->room) {
		table->room = 2 * (table->cells + table->columns);
		table->cell = kith_realloc(table->cell, table->room, sizeof(*table->cell));
	}
	for (i = 0; i < table->columns; i++) {
		text = va_arg(args, const char *);
		table->cell[table->cells++] = kith_strdup(text && *text ? text : "-");
	}
}

struct kith_table_text *kith_table_text_new(size_t columns, ...)
{
	struct kith_table_text *table = kith_alloc(sizeof(*table));
	va_list args;

	table->columns = columns;
	va_start(args, columns);
	add_cells(table, args);
	va_end(args);
	return table;
}

void kith_table_text_add(struct kith_table_text *table, ...)
{
	va_list args;

	va_start(args, table);
	add_cells(table, args);
	va_end(args);
}

/* Characters, not bytes: UTF-8's continuation bytes take no room. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void measure(const struct kith_table_text *table, size_t *widths)
{
	size_t i, width;

	for (i = 0; i < table->cells; i++) {
		width = width_of(table->cell[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
}

static void print_cell(const char *text, size_t width)
{
	size_t i;

	kith_print_text(text);
	for (i = width_of(text); i < width + 2; i++)
		putchar(' ');
}

void kith_table_text_print(struct kith_table_text *table, const char *empty)
{
	size_t *widths = kith_alloc(table->columns * sizeof(*widths));
	size_t i, column;

	measure(table, widths);
	if (table->cells == table->columns)
		puts(empty);
	for (i = 0; i < table->cells; i++) {
		column = i % table->columns;
		if (table->cells == table->columns) {
			/* no rows */
		} else if (column + 1 < table->columns) {
			print_cell(table->cell[i], widths[column]);
		} else {
			kith_print_text(table->cell[i]);
			putchar('\n');
		}
		free(table->cell[i]);
	}
	free(widths);
	free(table->cell);
	free(table);
}
