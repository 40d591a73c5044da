// SPDX-License-Identifier: Apache-2.0
#include "admin/show.h"

#include <assert.h>
#include <unicode/uchar.h>

#include "wire/utf8.h"

#define COLUMN_GAP 2 // blanks between columns

// ---- Text ------------------------------------------------------------------

// False for characters that end a line, control the terminal, or change the
// direction of the text.
static bool may_be_shown(uint32_t code)
{
	UChar32 c = (UChar32)code;
	uint32_t bad = U_GC_CC_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK;
	return (U_GET_GC_MASK(c) & bad) == 0 &&
	       !u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL);
}

void show_add(struct buf *out, struct view text)
{
	while (text.len > 0) {
		uint32_t code;
		size_t len;
		if (utf8_peek(text, &code, &len) == RC_OK && may_be_shown(code))
			buf_add(out, view_slice(text, 0, len));
		else
			buf_add_char(out, '?');
		text = view_from(text, len);
	}
}

void show_print(FILE *file, struct view text)
{
	struct buf out;
	buf_init(&out, text.len); // the result is never longer than `text`
	show_add(&out, text);
	fwrite(out.ptr ? out.ptr : "", 1, out.len, file);
	buf_done(&out);
}

static size_t code_width(uint32_t code)
{
	UChar32 c = (UChar32)code;
	uint32_t mask = U_GET_GC_MASK(c);
	// Terminals show a soft hyphen, but not the other format characters.
	if ((mask & (U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK)) != 0)
		return code == 0xad;
	// The middle and the end of a Hangul syllable join its beginning.
	int hangul = u_getIntPropertyValue(c, UCHAR_HANGUL_SYLLABLE_TYPE);
	if (hangul == U_HST_VOWEL_JAMO || hangul == U_HST_TRAILING_JAMO)
		return 0;
	int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
	return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

size_t show_width(struct view text)
{
	size_t width = 0;
	uint32_t code;
	while (utf8_next(&text, &code))
		width += code_width(code);
	return width;
}

// ---- Tables ----------------------------------------------------------------

void show_table_init(struct show_table *table,
    const struct show_column *columns, size_t column_count)
{
	assert(column_count <= SHOW_COLUMNS_MAX);
	*table = (struct show_table){
	    .columns = columns, .column_count = column_count};
	arena_init(&table->arena);
	for (size_t i = 0; i < column_count; i++)
		table->widths[i] = show_width(view_of_string(columns[i].title));
}

void show_table_done(struct show_table *table)
{
	arena_done(&table->arena);
}

void show_table_add(struct show_table *table, struct view text)
{
	struct buf shown;
	buf_init(&shown, text.len);
	show_add(&shown, text);
	struct view cell = arena_copy(&table->arena, buf_view(&shown));
	buf_done(&shown);
	size_t width = show_width(cell);
	size_t *widest =
	    &table->widths[table->cell_count % table->column_count];
	if (width > *widest)
		*widest = width;
	table->cells = arena_grow(&table->arena, table->cells, &table->capacity,
	    table->cell_count + 1, sizeof(*table->cells));
	table->cells[table->cell_count++] = cell;
}

void show_table_add_number(struct show_table *table, long long number)
{
	char text[24];
	snprintf(text, sizeof(text), "%lld", number);
	show_table_add(table, view_of_string(text));
}

static void print_blanks(size_t count)
{
	while (count-- > 0)
		putchar(' ');
}

// Writes blanks only if a cell with text follows, so that no line ends in
// blanks.
static void print_row(const struct show_table *table, const struct view *cells)
{
	size_t owed = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		size_t pad = table->widths[i] - show_width(cells[i]);
		bool right = table->columns[i].right;
		owed += (i > 0 ? COLUMN_GAP : 0) + (right ? pad : 0);
		if (cells[i].len > 0) {
			print_blanks(owed);
			fwrite(cells[i].ptr, 1, cells[i].len, stdout);
			owed = 0;
		}
		owed += right ? 0 : pad;
	}
	putchar('\n');
}

void show_table_print(const struct show_table *table)
{
	struct view titles[SHOW_COLUMNS_MAX];
	if (table->cell_count == 0)
		return;
	for (size_t i = 0; i < table->column_count; i++)
		titles[i] = view_of_string(table->columns[i].title);
	print_row(table, titles);
	for (size_t i = 0; i < table->cell_count; i += table->column_count)
		print_row(table, &table->cells[i]);
}
