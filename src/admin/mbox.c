// SPDX-License-Identifier: Apache-2.0
#include "admin/mbox.h"

#include "base/ascii.h"
#include "store/snapshot.h"
#include "wire/header.h"

#define FROM_LINE_MAX 1000 // bytes; a longer line is text
#define DATE_TRIES    8    // at how many words a date is looked for
#define KEYWORD_BYTES 4000 // how much of X-Keywords is read

// ---- From_ lines -----------------------------------------------------------

// "12:34"
static bool has_time(struct view text)
{
	for (size_t i = 1; i + 1 < text.len; i++)
		if (text.ptr[i] == ':' && ascii_is_digit(text.ptr[i - 1]) &&
		    ascii_is_digit(text.ptr[i + 1]))
			return true;
	return false;
}

// Four digits that stand alone, "1996".
static bool has_year(struct view text)
{
	struct view word;
	while (view_split(&text, ' ', &word)) {
		uint32_t year;
		if (word.len == 4 && view_to_u32(word, &year) && year >= 1900)
			return true;
	}
	return false;
}

bool mbox_is_from_line(
    struct view line, bool *ret_has_date, struct date *ret_date)
{
	if (!view_starts_with(line, VIEW("From ")) || line.len > FROM_LINE_MAX)
		return false;
	struct view rest = view_trim(view_from(line, 5));
	if (!has_time(rest) || !has_year(rest))
		return false;
	*ret_has_date = false;
	for (int i = 0; i < DATE_TRIES && !*ret_has_date; i++) {
		size_t space = view_find_char(rest, ' ');
		if (space == SIZE_MAX)
			break;
		rest = view_trim(view_from(rest, space));
		*ret_has_date = date_parse_rfc5322(rest, ret_date) == RC_OK;
	}
	return true;
}

static struct view line_at(struct view text, size_t at, size_t *ret_next)
{
	struct view line = view_from(text, at);
	size_t end = view_find_char(line, '\n');
	*ret_next = end == SIZE_MAX ? text.len : at + end + 1;
	line = view_slice(line, 0, end);
	if (view_ends_with(line, VIEW("\r")))
		line.len--;
	return line;
}

// "Name: …"
static bool is_field(struct view line)
{
	size_t colon = view_find_char(line, ':');
	if (colon == SIZE_MAX || colon == 0)
		return false;
	for (size_t i = 0; i < colon; i++)
		if (line.ptr[i] <= ' ' || line.ptr[i] > '~')
			return false;
	return true;
}

// Notes the first doubtful line of a message.
static void note_doubt(struct mbox_scan *scan, struct view line)
{
	if (scan->after_from && scan->doubtful == 0 && is_field(line))
		scan->doubtful = scan->from_at;
	scan->after_from = scan->at > 0 && scan->after_blank &&
			   view_starts_with(line, VIEW("From "));
	scan->from_at = scan->at;
}

enum rc mbox_find_end(
    struct mbox_scan *scan, struct view text, bool at_end, size_t *ret_len)
{
	while (scan->at < text.len) {
		size_t next;
		bool has_date;
		struct date date;
		struct view line = line_at(text, scan->at, &next);
		bool whole = next > 0 && text.ptr[next - 1] == '\n';
		if (!whole && !at_end)
			return RC_MORE;
		if (scan->at > 0 && scan->after_blank &&
		    mbox_is_from_line(line, &has_date, &date)) {
			*ret_len = scan->at;
			return RC_OK;
		}
		note_doubt(scan, line);
		scan->after_blank = line.len == 0;
		scan->at = next;
	}
	if (!at_end)
		return RC_MORE;
	*ret_len = text.len;
	return RC_OK;
}

// ---- One message -----------------------------------------------------------

static bool only_has(struct view text, const char *letters)
{
	for (size_t i = 0; i < text.len; i++)
		if (view_find_char(view_of_string(letters), text.ptr[i]) ==
		    SIZE_MAX)
			return false;
	return true;
}

static bool has(struct view text, char c)
{
	return view_find_char(text, c) != SIZE_MAX;
}

static void add_keywords(struct view value, struct buf *keywords)
{
	value = view_slice(value, 0, KEYWORD_BYTES);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.ptr[i];
		buf_add_char(keywords, ascii_is_space(c) ? ' ' : c);
	}
	buf_add_char(keywords, ' ');
}

// Reads exactly the field's number of hexadecimal digits; false for anything
// else.
static bool read_hex(struct view value, size_t digits, uint32_t *ret_number)
{
	uint32_t number = 0;
	if (value.len != digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int digit = ascii_hex_value(value.ptr[i]);
		if (digit < 0)
			return false;
		number = number << 4 | (uint32_t)digit;
	}
	*ret_number = number;
	return true;
}

// Thunderbird's flags, nsMsgMessageFlags.
#define MOZILLA_READ      0x0001u
#define MOZILLA_REPLIED   0x0002u
#define MOZILLA_MARKED    0x0004u
#define MOZILLA_EXPUNGED  0x0008u
#define MOZILLA_FORWARDED 0x1000u

static bool take_mozilla(const struct header_field *field, struct view value,
    struct mbox_message *message, struct buf *keywords)
{
	uint32_t bits;
	if (view_eq_nocase(field->name, VIEW("X-Mozilla-Keys"))) {
		add_keywords(value, keywords);
		return true;
	}
	if (view_eq_nocase(field->name, VIEW("X-Mozilla-Status2")))
		return read_hex(value, 8, &bits);
	if (!view_eq_nocase(field->name, VIEW("X-Mozilla-Status")) ||
	    !read_hex(value, 4, &bits))
		return false;
	message->flags |= (bits & MOZILLA_READ ? STORE_FLAG_SEEN : 0u) |
			  (bits & MOZILLA_REPLIED ? STORE_FLAG_ANSWERED : 0u) |
			  (bits & MOZILLA_MARKED ? STORE_FLAG_FLAGGED : 0u);
	if (bits & MOZILLA_FORWARDED)
		buf_add_literal(keywords, "$Forwarded ");
	message->deleted = bits & MOZILLA_EXPUNGED;
	return true;
}

// True when the field belongs to the mbox and not to the message.
static bool take_field(const struct header_field *field,
    struct mbox_message *message, struct buf *keywords)
{
	struct view value = view_trim(field->value);
	if (view_eq_nocase(field->name, VIEW("Status"))) {
		if (!only_has(value, "RONU"))
			return false;
		message->flags |= has(value, 'R') ? STORE_FLAG_SEEN : 0u;
		return true;
	}
	if (view_eq_nocase(field->name, VIEW("X-Status"))) {
		if (!only_has(value, "AFDTRO"))
			return false;
		message->flags |= (has(value, 'A') ? STORE_FLAG_ANSWERED : 0u) |
				  (has(value, 'F') ? STORE_FLAG_FLAGGED : 0u) |
				  (has(value, 'D') ? STORE_FLAG_DELETED : 0u) |
				  (has(value, 'T') ? STORE_FLAG_DRAFT : 0u);
		return true;
	}
	if (view_eq_nocase(field->name, VIEW("X-Keywords"))) {
		add_keywords(value, keywords);
		return true;
	}
	if (view_starts_with_nocase(field->name, VIEW("X-Mozilla-")))
		return take_mozilla(field, value, message, keywords);
	return view_eq_nocase(field->name, VIEW("X-UID")) ||
	       view_eq_nocase(field->name, VIEW("X-IMAP")) ||
	       view_eq_nocase(field->name, VIEW("X-IMAPbase"));
}

static void split_header(struct view header, struct buf *out,
    struct buf *keywords, struct mbox_message *message)
{
	struct header_field field;
	bool imap = false, notes = false;
	while (header_next(&header, &field)) {
		imap |= view_starts_with_nocase(field.name, VIEW("X-IMAP"));
		notes |= view_starts_with(field.value,
		    VIEW("DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA"));
		if (!take_field(&field, message, keywords))
			buf_add(out, field.whole);
	}
	buf_add(out, header); // the blank line
	message->internal = imap && notes;
}

// ">From " and ">>From " lose a ">".
static void split_body(struct view body, bool unquote, struct buf *out)
{
	while (body.len > 0) {
		size_t end = view_find_char(body, '\n');
		struct view line =
		    view_slice(body, 0, end == SIZE_MAX ? end : end + 1);
		size_t quotes = 0;
		while (quotes < line.len && line.ptr[quotes] == '>')
			quotes++;
		bool quoted =
		    unquote && quotes > 0 &&
		    view_starts_with(view_from(line, quotes), VIEW("From "));
		buf_add(out, view_from(line, quoted ? 1 : 0));
		body = view_from(body, line.len);
	}
}

// Removes the blank line that separates it from the next message.
static struct view without_last_blank(struct view text)
{
	if (view_ends_with(text, VIEW("\r\n\r\n")))
		text.len -= 2;
	else if (view_ends_with(text, VIEW("\n\n")))
		text.len--;
	return text;
}

void mbox_split(struct view text, bool unquote, struct buf *out,
    struct buf *keywords, struct mbox_message *ret_message)
{
	struct mbox_message message = {0};
	size_t next, header;
	struct view line = line_at(text, 0, &next);
	text = without_last_blank(text);
	if (view_starts_with(line, VIEW("From "))) {
		message.has_from = true;
		if (!mbox_is_from_line(line, &message.has_date, &message.date))
			message.has_date = false;
		text = view_from(text, next);
	}
	if (header_length(text, &header) != RC_OK)
		header = text.len;
	split_header(view_slice(text, 0, header), out, keywords, &message);
	split_body(view_from(text, header), unquote, out);
	*ret_message = message;
}
