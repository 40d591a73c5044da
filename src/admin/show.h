// SPDX-License-Identifier: Apache-2.0
// Text for a terminal: which characters it may contain, how wide it is, and
// tables. The output is the same if it goes to a file or to another program.
#ifndef ROOST_ADMIN_SHOW_H
#define ROOST_ADMIN_SHOW_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"

// Adds `text`, with a "?" in place of each control character and each byte that
// is not UTF-8. Names and mail come from strangers, and must not end a line or
// send commands to a terminal.
void show_add(struct buf *out, struct view text);
// The same, written to `file`.
void show_print(FILE *file, struct view text);

// How many columns of a terminal `text` takes. A wide character (Unicode's UAX
// #11) takes two, a combining one takes none.
size_t show_width(struct view text);

// ---- Tables ----------------------------------------------------------------

#define SHOW_COLUMNS_MAX 10

struct show_column {
	const char *title;
	bool right; // aligned to the right, as numbers are
};

// The table keeps all rows until it is printed, because each column is as wide
// as its widest cell.
struct show_table {
	const struct show_column *columns;
	size_t column_count;
	struct arena arena;
	struct view *cells; // row after row
	size_t cell_count;
	size_t capacity;
	size_t widths[SHOW_COLUMNS_MAX];
};

// `columns` must outlive the table.
void show_table_init(struct show_table *table,
    const struct show_column *columns, size_t column_count);
void show_table_done(struct show_table *table);
// Adds the next cell of the row. If the row is full, begins the next row.
void show_table_add(struct show_table *table, struct view text);
void show_table_add_number(struct show_table *table, long long number);
// Prints the titles and the rows to stdout. Prints nothing if there are no
// rows.
void show_table_print(const struct show_table *table);

#endif
