// SPDX-License-Identifier: Apache-2.0
// Text for a terminal: what it may hold, how wide it is, and tables of it. What
// is written is the same when the output goes to a file or to another program.
#ifndef ROOST_ADMIN_SHOW_H
#define ROOST_ADMIN_SHOW_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

// Adds `text` with a "?" for each control character and each byte that is no
// UTF-8: names and mail come from strangers, and must not end a line or steer a
// terminal.
void show_add(struct buf *out, struct view text);
// The same, written to `file`.
void show_print(FILE *file, struct view text);

// The columns of a terminal that `text` takes: two for a wide character
// (Unicode's UAX #11), none for a combining one.
size_t show_width(struct view text);

// ---- Tables ----------------------------------------------------------------

#define SHOW_COLUMNS_MAX 8

struct show_column {
	const char *title;
	bool right; // numbers stand below each other
};

// Keeps all rows until it is printed, so that every column is as wide as its
// widest cell.
struct show_table {
	const struct show_column *columns;
	size_t column_count;
	struct arena arena;
	struct view *cells; // row after row
	size_t cell_count;
	size_t capacity;
	size_t widths[SHOW_COLUMNS_MAX];
};

// `columns` outlives it.
void show_table_init(struct show_table *table,
    const struct show_column *columns, size_t column_count);
void show_table_done(struct show_table *table);
// The next cell of the row, or the first one of the next row.
void show_table_add(struct show_table *table, struct view text);
void show_table_add_number(struct show_table *table, long long number);
// Prints the titles and the rows to stdout; nothing when there is no row.
void show_table_print(const struct show_table *table);

#endif
