// SPDX-License-Identifier: Apache-2.0
// The part table says what each "(" is, so the text is read in one pass, and
// the parts that are not ended are on a stack. What it does not expect is
// damage.
#include "wire/imap_structure_read.h"

#include <string.h>

#include "base/ascii.h"
#include "base/vec.h"

struct reader {
	struct arena *arena;
	struct view rest;
	bool broken;
};

static bool take_char(struct reader *reader, char c)
{
	if (reader->rest.len == 0 || *reader->rest.ptr != c)
		return false;
	reader->rest = view_from(reader->rest, 1);
	return true;
}

static void expect(struct reader *reader, char c)
{
	if (!take_char(reader, c))
		reader->broken = true;
}

static uint64_t take_number(struct reader *reader)
{
	size_t len = 0;
	uint64_t number = 0;
	while (len < reader->rest.len && ascii_is_digit(reader->rest.ptr[len]))
		len++;
	if (!view_to_u64(view_slice(reader->rest, 0, len), &number))
		reader->broken = true;
	reader->rest = view_from(reader->rest, len);
	return number;
}

static struct view broken(struct reader *reader)
{
	reader->broken = true;
	return view_of(NULL, 0);
}

// After the first quote.
static struct view take_quoted(struct reader *reader)
{
	struct view rest = reader->rest;
	size_t len = 0, escapes = 0;
	while (len < rest.len && rest.ptr[len] != '"') {
		escapes += rest.ptr[len] == '\\';
		len += rest.ptr[len] == '\\' ? 2 : 1;
	}
	if (len >= rest.len)
		return broken(reader);
	reader->rest = view_from(rest, len + 1);
	if (escapes == 0)
		return view_of(rest.ptr, len);
	char *text = arena_alloc(reader->arena, len);
	size_t used = 0;
	for (size_t i = 0; i < len; i++) {
		i += rest.ptr[i] == '\\';
		text[used++] = rest.ptr[i];
	}
	return view_of(text, used);
}

// After "{".
static struct view take_literal(struct reader *reader)
{
	uint64_t len = take_number(reader);
	expect(reader, '}');
	expect(reader, '\r');
	expect(reader, '\n');
	if (reader->broken || len > reader->rest.len)
		return broken(reader);
	struct view text = view_slice(reader->rest, 0, (size_t)len);
	reader->rest = view_from(reader->rest, text.len);
	return text;
}

static bool take_nil(struct reader *reader)
{
	if (!view_starts_with(reader->rest, VIEW("NIL")))
		return false;
	reader->rest = view_from(reader->rest, 3);
	return true;
}

static struct view take_nstring(struct reader *reader)
{
	if (take_nil(reader))
		return view_of(NULL, 0);
	if (take_char(reader, '"'))
		return take_quoted(reader);
	return take_char(reader, '{') ? take_literal(reader) : broken(reader);
}

// Strings in parentheses, or NIL.
static const struct view *take_strings(struct reader *reader, size_t *ret_count)
{
	struct view *strings = NULL;
	size_t count = 0, capacity = 0;
	*ret_count = 0;
	if (take_nil(reader))
		return NULL;
	expect(reader, '(');
	do {
		strings = arena_grow(reader->arena, strings, &capacity,
		    count + 1, sizeof(*strings));
		strings[count++] = take_nstring(reader);
	} while (!reader->broken && take_char(reader, ' '));
	expect(reader, ')');
	*ret_count = count;
	return strings;
}

static const struct param *take_params(struct reader *reader, size_t *ret_count)
{
	size_t count;
	const struct view *strings = take_strings(reader, &count);
	if (count % 2)
		reader->broken = true;
	*ret_count = count / 2;
	struct param *params =
	    arena_alloc(reader->arena, (count / 2 + 1) * sizeof(*params));
	for (size_t i = 0; i < count / 2; i++)
		params[i] = (struct param){strings[2 * i], strings[2 * i + 1]};
	return params;
}

// A list with whatever is in it: an envelope.
static void skip_list(struct reader *reader)
{
	size_t depth = 0;
	do {
		if (take_char(reader, '('))
			depth++;
		else if (take_char(reader, ')'))
			depth--;
		else if (!take_char(reader, ' '))
			(void)take_nstring(reader);
	} while (!reader->broken && depth > 0);
}

// SP body-fld-dsp SP body-fld-lang SP body-fld-loc ")"
static void take_extension(struct reader *reader, struct structure_part *part)
{
	expect(reader, ' ');
	if (!take_nil(reader)) {
		expect(reader, '(');
		part->disposition = take_nstring(reader);
		expect(reader, ' ');
		part->disposition_params =
		    take_params(reader, &part->disposition_param_count);
		expect(reader, ')');
	}
	expect(reader, ' ');
	part->languages = take_strings(reader, &part->language_count);
	expect(reader, ' ');
	part->location = take_nstring(reader);
	expect(reader, ')');
}

// Up to the size, for parts that are not multiparts.
static void take_fields(struct reader *reader, struct structure_part *part)
{
	part->type = take_nstring(reader);
	expect(reader, ' ');
	part->subtype = take_nstring(reader);
	expect(reader, ' ');
	part->params = take_params(reader, &part->param_count);
	expect(reader, ' ');
	part->id = take_nstring(reader);
	expect(reader, ' ');
	(void)take_nstring(reader); // the description
	expect(reader, ' ');
	(void)take_nstring(reader); // the encoding
	expect(reader, ' ');
	(void)take_number(reader); // the size
}

// SP lines, for texts and messages; SP body-fld-md5, and the rest.
static void end_single(
    struct reader *reader, struct structure_part *part, bool has_lines)
{
	if (has_lines) {
		expect(reader, ' ');
		(void)take_number(reader);
	}
	expect(reader, ' ');
	(void)take_nstring(reader); // MD5
	take_extension(reader, part);
}

static void end_multipart(struct reader *reader, struct structure_part *part)
{
	part->type = VIEW("MULTIPART");
	expect(reader, ' ');
	part->subtype = take_nstring(reader);
	expect(reader, ' ');
	part->params = take_params(reader, &part->param_count);
	take_extension(reader, part);
}

static void begin_part(
    struct reader *reader, enum message_kind kind, struct structure_part *part)
{
	expect(reader, '(');
	if (kind == MESSAGE_MULTIPART)
		return;
	take_fields(reader, part);
	if (kind == MESSAGE_LEAF) {
		end_single(
		    reader, part, view_eq_nocase(part->type, VIEW("TEXT")));
		return;
	}
	expect(reader, ' ');
	skip_list(reader);
	expect(reader, ' ');
}

struct open {
	uint32_t index, next;
	enum message_kind kind;
};

static enum rc read_all(struct reader *reader,
    const struct message_record *record, struct structure_part *parts)
{
	VEC(struct open) open = {0};
	enum rc rc = RC_OK;
	for (uint32_t i = 0; rc == RC_OK && !reader->broken; i++) {
		while (open.count > 0 && open.items[open.count - 1].next <= i) {
			struct open last = open.items[--open.count];
			if (last.kind == MESSAGE_MULTIPART)
				end_multipart(reader, &parts[last.index]);
			else
				end_single(reader, &parts[last.index], true);
		}
		if (i == record->part_count)
			break;
		struct message_record_part part;
		rc = message_record_part(record, i, &part);
		if (rc != RC_OK)
			break;
		begin_part(reader, part.kind, &parts[i]);
		if (part.kind != MESSAGE_LEAF)
			vec_push(&open, (struct open){i, part.next, part.kind});
	}
	if (rc == RC_OK && (reader->broken || open.count > 0))
		rc = RC_CORRUPT;
	vec_done(&open);
	return rc == RC_OK && reader->rest.len > 0 ? RC_CORRUPT : rc;
}

// Without a description, from the part table.
static enum rc read_plain(
    const struct message_record *record, struct structure_part *parts)
{
	static const char *const types[][2] = {
	    [MESSAGE_MEDIA_OTHER] = {"APPLICATION", "OCTET-STREAM"},
	    [MESSAGE_MEDIA_TEXT_PLAIN] = {"TEXT", "PLAIN"},
	    [MESSAGE_MEDIA_TEXT_HTML] = {"TEXT", "HTML"},
	    [MESSAGE_MEDIA_TEXT_OTHER] = {"TEXT", "X-UNKNOWN"},
	    [MESSAGE_MEDIA_MULTIPART] = {"MULTIPART", "MIXED"},
	    [MESSAGE_MEDIA_MESSAGE] = {"MESSAGE", "RFC822"},
	};
	for (uint32_t i = 0; i < record->part_count; i++) {
		struct message_record_part part;
		enum rc rc = message_record_part(record, i, &part);
		if (rc != RC_OK)
			return rc;
		parts[i] = (struct structure_part){
		    .type = view_of_string(types[part.media][0]),
		    .subtype = view_of_string(types[part.media][1]),
		};
		if (part.attachment)
			parts[i].disposition = VIEW("attachment");
	}
	return RC_OK;
}

// imap_structure_write() put it in the place of a structure that was too long.
static bool is_plain(const struct message_record *record)
{
	return record->part_count > 1 &&
	       view_starts_with(record->text[MESSAGE_RECORD_BODYSTRUCTURE],
		   VIEW("(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL "
			"\"BINARY\" "));
}

enum rc imap_structure_read(struct arena *arena,
    const struct message_record *record, struct structure_part **ret_parts)
{
	struct structure_part *parts =
	    arena_zalloc(arena, record->part_count * sizeof(*parts));
	struct reader reader = {
	    .arena = arena, .rest = record->text[MESSAGE_RECORD_BODYSTRUCTURE]};
	enum rc rc = is_plain(record) ? read_plain(record, parts)
				      : read_all(&reader, record, parts);
	*ret_parts = parts;
	return rc;
}
