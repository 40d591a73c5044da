// SPDX-License-Identifier: Apache-2.0
// This file reads the arguments of FETCH; see the header.
#include "wire/imap_fetch_syntax.h"

#include "base/ascii.h"
#include "wire/imap_write.h"

// This enum says what may follow the word of an item.
enum word_syntax {
	WORD_ALONE,
	WORD_LAZY,    // an optional "(LAZY)"
	WORD_SECTION, // "[…]" and an optional "<…>"
	WORD_PARTS,   // the same, with part numbers only
	WORD_SIZE,    // the same, without "<…>"
};

// Each row is one item: the word in the command, its meaning, and the label in
// the response.
static const struct word {
	const char *name;
	enum imap_fetch_type type;
	enum word_syntax syntax;
	const char *label; // comes before the section; NULL: use `name`
	enum imap_section_what what; // for RFC822.HEADER and RFC822.TEXT
	bool peek;
} words[] = {
    {"UID", .type = IMAP_FETCH_UID},
    {"FLAGS", .type = IMAP_FETCH_FLAGS},
    {"INTERNALDATE", .type = IMAP_FETCH_INTERNALDATE},
    {"RFC822.SIZE", .type = IMAP_FETCH_RFC822_SIZE},
    {"ENVELOPE", .type = IMAP_FETCH_ENVELOPE},
    {"BODYSTRUCTURE", .type = IMAP_FETCH_BODYSTRUCTURE},
    {"BODY", .type = IMAP_FETCH_BODY_STRUCTURE_BASIC},
    {"MODSEQ", .type = IMAP_FETCH_MODSEQ},
    {"EMAILID", .type = IMAP_FETCH_EMAILID},
    {"THREADID", .type = IMAP_FETCH_THREADID},
    {"SAVEDATE", .type = IMAP_FETCH_SAVEDATE},
    {"PREVIEW", .type = IMAP_FETCH_PREVIEW, .syntax = WORD_LAZY},
    {"RFC822", .type = IMAP_FETCH_BODY, .what = IMAP_SECTION_WHOLE},
    // RFC 3501 section 6.4.5: RFC822.HEADER does not set \Seen.
    {"RFC822.HEADER", .type = IMAP_FETCH_BODY, .what = IMAP_SECTION_HEADER,
	.peek = true},
    {"RFC822.TEXT", .type = IMAP_FETCH_BODY, .what = IMAP_SECTION_TEXT},
    {"BODY", .type = IMAP_FETCH_BODY, .syntax = WORD_SECTION},
    {"BODY.PEEK", .type = IMAP_FETCH_BODY, .syntax = WORD_SECTION,
	.label = "BODY", .peek = true},
    {"BINARY", .type = IMAP_FETCH_BINARY, .syntax = WORD_PARTS},
    {"BINARY.PEEK", .type = IMAP_FETCH_BINARY, .syntax = WORD_PARTS,
	.label = "BINARY", .peek = true},
    {"BINARY.SIZE", .type = IMAP_FETCH_BINARY_SIZE, .syntax = WORD_SIZE,
	.peek = true},
};

// RFC 9051 section 6.4.5 lists the items of each macro.
static const enum imap_fetch_type macro_items[] = {
    IMAP_FETCH_FLAGS,
    IMAP_FETCH_INTERNALDATE,
    IMAP_FETCH_RFC822_SIZE,
    IMAP_FETCH_ENVELOPE,
    IMAP_FETCH_BODY_STRUCTURE_BASIC,
};

static const struct {
	struct view name;
	size_t count;
} macros[] = {
    {{"ALL", 3}, 4},
    {{"FAST", 4}, 3},
    {{"FULL", 4}, 5},
};

static enum rc parse_parts(
    struct imap_cursor *cursor, struct imap_section *section)
{
	size_t capacity = 0;
	do {
		if (section->part_count == IMAP_SECTION_PARTS_MAX)
			return imap_reject(cursor, RC_LIMIT,
			    "more part numbers than the limit of %d",
			    IMAP_SECTION_PARTS_MAX);
		uint32_t part = 0;
		enum rc rc = imap_parse_nz_number(cursor, &part);
		if (rc != RC_OK)
			return rc;
		section->parts =
		    arena_grow(cursor->arena, section->parts, &capacity,
			section->part_count + 1, sizeof(*section->parts));
		section->parts[section->part_count++] = part;
		struct view rest = imap_cursor_rest(cursor);
		if (rest.len < 2 || rest.ptr[0] != '.' ||
		    !ascii_is_digit(rest.ptr[1]))
			return RC_OK;
		cursor->at++;
	} while (true);
}

// Reads header-list = "(" header-fld-name *(SP header-fld-name) ")".
static enum rc parse_fields(
    struct imap_cursor *cursor, struct imap_section *section)
{
	size_t capacity = 0;
	enum rc rc = imap_parse_sp(cursor);
	if (rc == RC_OK && !imap_take_open(cursor))
		rc = imap_expected(cursor, "a list of header field names");
	if (rc != RC_OK)
		return rc;
	do {
		struct view name;
		rc = imap_parse_astring(cursor, "a header field's name", &name);
		if (rc != RC_OK)
			return rc;
		section->fields =
		    arena_grow(cursor->arena, section->fields, &capacity,
			section->field_count + 1, sizeof(*section->fields));
		section->fields[section->field_count++] = name;
	} while (imap_take_next(cursor));
	return imap_parse_close(cursor);
}

// Reads a section-msgtext. After part numbers it reads a section-text.
static enum rc parse_section_text(
    struct imap_cursor *cursor, struct imap_section *section)
{
	if (imap_take_word(cursor, VIEW("HEADER.FIELDS"))) {
		section->what = IMAP_SECTION_HEADER_FIELDS;
		return parse_fields(cursor, section);
	}
	if (imap_take_word(cursor, VIEW("HEADER.FIELDS.NOT"))) {
		section->what = IMAP_SECTION_HEADER_FIELDS_NOT;
		return parse_fields(cursor, section);
	}
	if (imap_take_word(cursor, VIEW("HEADER")))
		section->what = IMAP_SECTION_HEADER;
	else if (imap_take_word(cursor, VIEW("TEXT")))
		section->what = IMAP_SECTION_TEXT;
	else if (section->part_count && imap_take_word(cursor, VIEW("MIME")))
		section->what = IMAP_SECTION_MIME;
	else
		return imap_expected(
		    cursor, section->part_count
				? "a part number, HEADER, HEADER.FIELDS,"
				  " HEADER.FIELDS.NOT, TEXT or MIME"
				: "\"]\", a part number, HEADER, HEADER.FIELDS,"
				  " HEADER.FIELDS.NOT or TEXT");
	return RC_OK;
}

// If `binary` is true, reads a section-binary, which has only part numbers.
static enum rc parse_section(
    struct imap_cursor *cursor, bool binary, struct imap_section *ret_section)
{
	struct imap_section section = {0};
	enum rc rc = imap_parse_char(cursor, '[');
	if (rc != RC_OK)
		return rc;
	bool parts = ascii_is_digit(imap_peek(cursor));
	if (parts)
		rc = parse_parts(cursor, &section);
	else if (binary && imap_peek(cursor) != ']')
		return imap_expected(cursor, "a part number or \"]\"");
	if (rc == RC_OK && !binary &&
	    (parts ? imap_take_char(cursor, '.') : imap_peek(cursor) != ']'))
		rc = parse_section_text(cursor, &section);
	if (rc == RC_OK)
		rc = imap_parse_char(cursor, ']');
	if (rc == RC_OK)
		*ret_section = section;
	return rc;
}

static void write_fields(const struct imap_section *section, struct buf *out)
{
	for (size_t i = 0; i < section->field_count; i++) {
		buf_add_string(out, i ? " " : " (");
		imap_write_astring(out, section->fields[i], false);
	}
	buf_add_char(out, ')');
}

static void write_section(const struct imap_section *section, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < section->part_count; i++) {
		if (i)
			buf_add_char(out, '.');
		buf_add_u64(out, section->parts[i]);
	}
	if (section->part_count && section->what != IMAP_SECTION_WHOLE)
		buf_add_char(out, '.');
	switch (section->what) {
	case IMAP_SECTION_WHOLE: break;
	case IMAP_SECTION_HEADER: buf_add_literal(out, "HEADER"); break;
	case IMAP_SECTION_HEADER_FIELDS:
		buf_add_literal(out, "HEADER.FIELDS");
		write_fields(section, out);
		break;
	case IMAP_SECTION_HEADER_FIELDS_NOT:
		buf_add_literal(out, "HEADER.FIELDS.NOT");
		write_fields(section, out);
		break;
	case IMAP_SECTION_TEXT: buf_add_literal(out, "TEXT"); break;
	case IMAP_SECTION_MIME: buf_add_literal(out, "MIME"); break;
	}
	buf_add_char(out, ']');
}

// Reads partial = "<" number64 "." nz-number64 ">". It also accepts the length
// 0, for which the answer is an empty string. Programs that read a message in
// pieces send it at the end.
static enum rc parse_partial(
    struct imap_cursor *cursor, struct imap_fetch_item *item)
{
	if (!imap_take_char(cursor, '<'))
		return RC_OK;
	enum rc rc = imap_parse_number64(cursor, &item->offset);
	if (rc == RC_OK)
		rc = imap_parse_char(cursor, '.');
	if (rc == RC_OK)
		rc = imap_parse_number64(cursor, &item->length);
	if (rc == RC_OK)
		rc = imap_parse_char(cursor, '>');
	item->has_partial = true;
	return rc;
}

// Makes a label such as "BODY[…]<0>" (RFC 9051 section 7.5.2). The label has
// only the origin octet and no ".PEEK".
static enum rc make_label(struct imap_cursor *cursor, const char *word,
    size_t source_len, struct imap_fetch_item *item)
{
	struct buf label;
	// The label may add quotes to a name and escape the quotes in it.
	buf_init(&label, source_len * 2 + 64);
	buf_add_string(&label, word);
	write_section(&item->section, &label);
	if (item->has_partial) {
		buf_add_char(&label, '<');
		buf_add_u64(&label, item->offset);
		buf_add_char(&label, '>');
	}
	enum rc rc = buf_status(&label);
	item->label = arena_copy(cursor->arena, buf_view(&label));
	buf_done(&label);
	return rc == RC_OK ? rc
			   : imap_reject(cursor, rc, "the section is too long");
}

static enum rc parse_with_section(struct imap_cursor *cursor,
    const struct word *word, struct imap_fetch_item *item)
{
	const char *start = cursor->at;
	enum rc rc =
	    parse_section(cursor, word->syntax != WORD_SECTION, &item->section);
	if (rc == RC_OK && word->syntax != WORD_SIZE)
		rc = parse_partial(cursor, item);
	if (rc != RC_OK)
		return rc;
	return make_label(cursor, word->label ? word->label : word->name,
	    (size_t)(cursor->at - start), item);
}

// Reads PREVIEW [SP "(" LAZY ")"] (RFC 8970 section 6). If the PREVIEW is not
// in a list, "(" may also begin the FETCH modifiers. So the function then takes
// the "(" only if LAZY follows.
static enum rc parse_preview(
    struct imap_cursor *cursor, bool in_list, struct imap_fetch_item *item)
{
	const char *before = cursor->at;
	if (imap_take_next(cursor) && imap_take_open(cursor)) {
		if (imap_take_word(cursor, VIEW("LAZY"))) {
			item->lazy = true;
			return imap_parse_close(cursor);
		}
		if (in_list)
			return imap_expected(cursor, "LAZY");
	}
	cursor->at = before;
	return RC_OK;
}

// Finds the row of the word at the cursor and moves the cursor past the word.
// "BODY" has two rows; the function chooses the one with a section if "["
// follows.
static const struct word *find_word(struct imap_cursor *cursor)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && imap_is_atom_char(rest.ptr[len]) &&
	       rest.ptr[len] != '[' && rest.ptr[len] != '<')
		len++;
	struct view name = view_slice(rest, 0, len);
	bool section = len < rest.len && rest.ptr[len] == '[';
	const struct word *word = NULL;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!view_eq_nocase(name, view_of_string(words[i].name)))
			continue;
		if (!word || section == (words[i].syntax >= WORD_SECTION))
			word = &words[i];
	}
	if (word)
		cursor->at += len;
	return word;
}

struct items {
	struct imap_fetch *fetch;
	size_t capacity;
};

static enum rc add_item(struct imap_cursor *cursor, struct items *items,
    const struct imap_fetch_item *item)
{
	struct imap_fetch *fetch = items->fetch;
	uint32_t bit = 1u << item->type;
	if (!imap_fetch_has_section(item->type) && (fetch->types & bit))
		return RC_OK; // the list already has this item
	if (fetch->count == IMAP_FETCH_ITEMS_MAX)
		return imap_reject(cursor, RC_LIMIT,
		    "more items than the limit of %d", IMAP_FETCH_ITEMS_MAX);
	fetch->items = arena_grow(cursor->arena, fetch->items, &items->capacity,
	    fetch->count + 1, sizeof(*fetch->items));
	fetch->items[fetch->count++] = *item;
	fetch->types |= bit;
	fetch->sets_seen |= imap_fetch_has_section(item->type) && !item->peek;
	return RC_OK;
}

static enum rc parse_item(
    struct imap_cursor *cursor, bool in_list, struct items *items)
{
	const struct word *word = find_word(cursor);
	if (!word)
		return imap_expected(cursor,
		    in_list ? "a FETCH item such as FLAGS or BODY[]"
			    : "FETCH items, as one word or in parentheses");
	struct imap_fetch_item item = {
	    .type = word->type,
	    .peek = word->peek,
	    .section.what = word->what,
	    .label = view_of_string(word->name),
	};
	enum rc rc = RC_OK;
	switch (word->syntax) {
	case WORD_ALONE: break;
	case WORD_LAZY: rc = parse_preview(cursor, in_list, &item); break;
	case WORD_SECTION:
	case WORD_PARTS:
	case WORD_SIZE: rc = parse_with_section(cursor, word, &item); break;
	}
	return rc == RC_OK ? add_item(cursor, items, &item) : rc;
}

static struct view label_of(enum imap_fetch_type type)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (words[i].type == type)
			return view_of_string(words[i].name);
	return VIEW("");
}

static bool parse_macro(
    struct imap_cursor *cursor, struct items *items, enum rc *ret_rc)
{
	for (size_t i = 0; i < ARRAY_LEN(macros); i++) {
		if (!imap_take_word(cursor, macros[i].name))
			continue;
		*ret_rc = RC_OK;
		for (size_t j = 0; j < macros[i].count && !*ret_rc; j++) {
			struct imap_fetch_item item = {
			    .type = macro_items[j],
			    .label = label_of(macro_items[j]),
			};
			*ret_rc = add_item(cursor, items, &item);
		}
		return true;
	}
	return false;
}

static enum rc parse_items(struct imap_cursor *cursor, struct items *items)
{
	enum rc rc;
	if (parse_macro(cursor, items, &rc))
		return rc;
	if (!imap_take_open(cursor))
		return parse_item(cursor, false, items);
	do {
		rc = parse_item(cursor, true, items);
	} while (rc == RC_OK && imap_take_next(cursor));
	return rc == RC_OK ? imap_parse_close(cursor) : rc;
}

static enum rc parse_modifier(
    struct imap_cursor *cursor, struct imap_fetch *fetch)
{
	if (imap_take_word(cursor, VIEW("VANISHED"))) {
		fetch->vanished = true;
		return RC_OK;
	}
	if (!imap_take_word(cursor, VIEW("CHANGEDSINCE")))
		return imap_expected(cursor, "CHANGEDSINCE or VANISHED");
	fetch->has_changed_since = true;
	enum rc rc = imap_parse_sp(cursor);
	return rc == RC_OK ? imap_parse_modseq(cursor, &fetch->changed_since)
			   : rc;
}

// fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")" (RFC 4466)
static enum rc parse_modifiers(
    struct imap_cursor *cursor, struct imap_fetch *fetch)
{
	if (!imap_take_next(cursor))
		return imap_parse_end(cursor);
	if (!imap_take_open(cursor))
		return imap_expected(cursor,
		    "the end of the command, or modifiers in parentheses,");
	enum rc rc;
	do {
		rc = parse_modifier(cursor, fetch);
	} while (rc == RC_OK && imap_take_next(cursor));
	if (rc == RC_OK)
		rc = imap_parse_close(cursor);
	return rc == RC_OK ? imap_parse_end(cursor) : rc;
}

enum rc imap_fetch_parse(
    struct imap_cursor *cursor, struct imap_fetch *ret_fetch)
{
	struct imap_fetch fetch = {0};
	struct items items = {.fetch = &fetch};
	enum rc rc = parse_items(cursor, &items);
	if (rc == RC_OK)
		rc = parse_modifiers(cursor, &fetch);
	if (rc == RC_OK)
		*ret_fetch = fetch;
	return rc;
}
