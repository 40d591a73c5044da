// SPDX-License-Identifier: Apache-2.0
// This file reads the basic words of the grammar (RFC 9051 section 9); see the
// header. imap_parse_text.c reads strings, mailbox names and flags.
#include "wire/imap_parse.h"

#include <stdarg.h>

#include "base/ascii.h"

#define EXCERPT_MAX  20 // bytes of the input in an error text
#define NUMBER63_MAX ((uint64_t)INT64_MAX)

// Tells whether `c` may be in an atom. The atom-specials may not: "(" ")" "{"
// SP CTL list-wildcards quoted-specials resp-specials. 8-bit bytes may not
// either, because CHAR has only 7 bits.
bool imap_is_atom_char(char c)
{
	switch (c) {
	case '(':
	case ')':
	case '{':
	case ' ':
	case '%':
	case '*':
	case '"':
	case '\\':
	case ']': return false;
	default: return (unsigned char)c < 0x80 && !ascii_is_control(c);
	}
}

bool imap_is_astring_char(char c)
{
	return c == ']' || imap_is_atom_char(c);
}

void imap_cursor_init(struct imap_cursor *cursor, struct arena *arena,
    struct view text, struct fault *fault)
{
	*cursor = (struct imap_cursor){
	    .arena = arena,
	    .fault = fault,
	    .start = text.ptr,
	    .at = text.ptr,
	    .end = text.len ? text.ptr + text.len : text.ptr,
	};
}

struct view imap_cursor_rest(const struct imap_cursor *cursor)
{
	return view_of(cursor->at, (size_t)(cursor->end - cursor->at));
}

bool imap_at_end(const struct imap_cursor *cursor)
{
	return cursor->at == cursor->end;
}

char imap_peek(const struct imap_cursor *cursor)
{
	return imap_at_end(cursor) ? '\0' : *cursor->at;
}

static size_t column(const struct imap_cursor *cursor)
{
	return (size_t)(cursor->at - cursor->start) + 1;
}

// Copies the text at the cursor to `out`, up to the next space or at most
// EXCERPT_MAX bytes. A "?" replaces each byte that is not printable US-ASCII.
static const char *excerpt(
    const struct imap_cursor *cursor, char out[EXCERPT_MAX + 4])
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && len < EXCERPT_MAX) {
		char c = rest.ptr[len];
		if (len && (c == ' ' || c == '\r'))
			break;
		bool printable = c >= 0x20 && c < 0x7f;
		out[len++] = printable ? c : '?';
	}
	out[len] = '\0';
	if (len == EXCERPT_MAX && rest.len > len)
		memcpy(out + len, "...", 4);
	return out;
}

enum rc imap_expected(struct imap_cursor *cursor, const char *what)
{
	char found[EXCERPT_MAX + 4];
	if (imap_at_end(cursor))
		return fault_set(cursor->fault, RC_SYNTAX,
		    "expected %s at column %zu, where the command ends", what,
		    column(cursor));
	if (cursor->secret)
		return fault_set(cursor->fault, RC_SYNTAX,
		    "expected %s at column %zu", what, column(cursor));
	return fault_set(cursor->fault, RC_SYNTAX,
	    "expected %s at column %zu, found \"%s\"", what, column(cursor),
	    excerpt(cursor, found));
}

enum rc imap_reject(
    struct imap_cursor *cursor, enum rc rc, const char *format, ...)
{
	char sentence[FAULT_TEXT_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	return fault_set(
	    cursor->fault, rc, "%s at column %zu", sentence, column(cursor));
}

bool imap_take_char(struct imap_cursor *cursor, char c)
{
	if (imap_at_end(cursor) || *cursor->at != c)
		return false;
	cursor->at++;
	return true;
}

bool imap_take_word(struct imap_cursor *cursor, struct view word)
{
	struct view rest = imap_cursor_rest(cursor);
	if (!view_starts_with_nocase(rest, word))
		return false;
	if (rest.len > word.len) {
		char c = rest.ptr[word.len];
		if (imap_is_atom_char(c) && c != '[' && c != '<')
			return false;
	}
	cursor->at += word.len;
	return true;
}

static bool take_blanks(struct imap_cursor *cursor)
{
	const char *before = cursor->at;
	while (imap_peek(cursor) == ' ')
		cursor->at++;
	return cursor->at != before;
}

enum rc imap_parse_sp(struct imap_cursor *cursor)
{
	if (take_blanks(cursor))
		return RC_OK;
	return imap_expected(cursor, "a space");
}

enum rc imap_parse_char(struct imap_cursor *cursor, char c)
{
	if (imap_take_char(cursor, c))
		return RC_OK;
	char what[] = {'"', c, '"', '\0'};
	return imap_expected(cursor, c == '"' ? "a quote" : what);
}

enum rc imap_parse_end(struct imap_cursor *cursor)
{
	const char *before = cursor->at;
	take_blanks(cursor);
	if (imap_at_end(cursor))
		return RC_OK;
	cursor->at = before;
	return imap_expected(cursor, "the end of the command");
}

bool imap_take_open(struct imap_cursor *cursor)
{
	if (!imap_take_char(cursor, '('))
		return false;
	take_blanks(cursor);
	return true;
}

bool imap_take_next(struct imap_cursor *cursor)
{
	const char *before = cursor->at;
	if (take_blanks(cursor) && !imap_at_end(cursor) &&
	    imap_peek(cursor) != ')')
		return true;
	cursor->at = before;
	return false;
}

enum rc imap_parse_open(struct imap_cursor *cursor)
{
	return imap_take_open(cursor) ? RC_OK : imap_expected(cursor, "\"(\"");
}

enum rc imap_parse_close(struct imap_cursor *cursor)
{
	const char *before = cursor->at;
	take_blanks(cursor);
	if (imap_take_char(cursor, ')'))
		return RC_OK;
	cursor->at = before;
	return imap_expected(cursor, "\")\"");
}

enum rc imap_enter(struct imap_cursor *cursor)
{
	if (cursor->depth >= IMAP_DEPTH_MAX)
		return imap_reject(cursor, RC_LIMIT,
		    "nested deeper than the limit of %d", IMAP_DEPTH_MAX);
	cursor->depth++;
	return RC_OK;
}

void imap_leave(struct imap_cursor *cursor)
{
	cursor->depth--;
}

// Reads digits as a number that is at most `max`. On an error the cursor does
// not move.
static enum rc parse_digits(struct imap_cursor *cursor, const char *what,
    uint64_t least, uint64_t max, uint64_t *ret_number)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && ascii_is_digit(rest.ptr[len]))
		len++;
	uint64_t number;
	if (len == 0)
		return imap_expected(cursor, what);
	if (!view_to_u64(view_slice(rest, 0, len), &number) || number > max)
		return imap_reject(cursor, RC_SYNTAX,
		    "expected %s, which is at most %llu,", what,
		    (unsigned long long)max);
	// nz-number = digit-nz *DIGIT
	if (least && rest.ptr[0] == '0')
		return imap_expected(cursor, what);
	cursor->at += len;
	*ret_number = number;
	return RC_OK;
}

enum rc imap_parse_number(struct imap_cursor *cursor, uint32_t *ret_number)
{
	uint64_t number = 0;
	enum rc rc = parse_digits(cursor, "a number", 0, UINT32_MAX, &number);
	if (rc == RC_OK)
		*ret_number = (uint32_t)number;
	return rc;
}

enum rc imap_parse_nz_number(struct imap_cursor *cursor, uint32_t *ret_number)
{
	uint64_t number = 0;
	enum rc rc =
	    parse_digits(cursor, "a number above zero", 1, UINT32_MAX, &number);
	if (rc == RC_OK)
		*ret_number = (uint32_t)number;
	return rc;
}

enum rc imap_parse_number64(struct imap_cursor *cursor, uint64_t *ret_number)
{
	return parse_digits(cursor, "a number", 0, NUMBER63_MAX, ret_number);
}

enum rc imap_parse_modseq(struct imap_cursor *cursor, uint64_t *ret_modseq)
{
	return parse_digits(
	    cursor, "a mod-sequence", 0, NUMBER63_MAX, ret_modseq);
}

static bool is_set_char(char c)
{
	return ascii_is_digit(c) || c == '*' || c == ':' || c == ',' ||
	       c == '$';
}

static enum rc bad_set(struct imap_cursor *cursor, size_t bad)
{
	if (bad == 0)
		return imap_expected(cursor, "a sequence set");
	const char *at = cursor->at;
	cursor->at += bad;
	char last = cursor->at[-1];
	bool item = last == ',' || last == ':';
	enum rc rc = imap_expected(
	    cursor, item ? "a number from 1 to 4294967295, or \"*\""
			 : "the end of the sequence set, or \",\"");
	cursor->at = at;
	return rc;
}

enum rc imap_parse_set(struct imap_cursor *cursor, struct imap_set *ret_set)
{
	struct view text = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < text.len && is_set_char(text.ptr[len]))
		len++;
	// "1:x" is one invalid set. It is not the valid set "1:" with text
	// after it.
	if (len < text.len && imap_is_astring_char(text.ptr[len]))
		len++;
	text.len = len;
	size_t bad = 0;
	if (imap_set_parse(cursor->arena, text, ret_set, &bad) != RC_OK)
		return bad_set(cursor, bad);
	cursor->at += len;
	return RC_OK;
}

enum rc imap_parse_tag(struct imap_cursor *cursor, struct view *ret_tag)
{
	// tag = 1*<any ASTRING-CHAR except "+">
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && imap_is_astring_char(rest.ptr[len]) &&
	       rest.ptr[len] != '+')
		len++;
	if (len == 0)
		return imap_expected(cursor, "a tag");
	cursor->at += len;
	*ret_tag = view_slice(rest, 0, len);
	return RC_OK;
}

enum rc imap_parse_atom(
    struct imap_cursor *cursor, const char *what, struct view *ret_atom)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && imap_is_atom_char(rest.ptr[len]))
		len++;
	if (len == 0)
		return imap_expected(cursor, what);
	cursor->at += len;
	*ret_atom = view_slice(rest, 0, len);
	return RC_OK;
}

// Finds the date between two quotes. A quoted date has no escapes.
static enum rc parse_quoted_date(
    struct imap_cursor *cursor, const char *what, struct view *ret_text)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t end = rest.len && rest.ptr[0] == '"'
			 ? view_find_char(view_from(rest, 1), '"')
			 : SIZE_MAX;
	if (end == SIZE_MAX)
		return imap_expected(cursor, what);
	*ret_text = view_slice(rest, 1, end);
	return RC_OK;
}

enum rc imap_parse_date_time(
    struct imap_cursor *cursor, bool *ret_is_date, struct date *ret_date)
{
	const char *what =
	    "a date and time such as \"17-Jul-1996 02:44:25 -0700\"";
	struct view text;
	enum rc rc = parse_quoted_date(cursor, what, &text);
	if (rc != RC_OK)
		return rc;
	*ret_is_date = date_parse_nearest(text, ret_date) == RC_OK;
	cursor->at += text.len + 2;
	return RC_OK;
}

enum rc imap_parse_date(struct imap_cursor *cursor, int64_t *ret_day)
{
	const char *what = "a date such as 1-Feb-1994";
	struct view text;
	bool quoted = imap_peek(cursor) == '"';
	enum rc rc = RC_OK;
	if (quoted) {
		rc = parse_quoted_date(cursor, what, &text);
	} else {
		text = imap_cursor_rest(cursor);
		size_t len = 0;
		while (len < text.len && imap_is_atom_char(text.ptr[len]))
			len++;
		text.len = len;
	}
	if (rc != RC_OK)
		return rc;
	rc = date_parse_day(text, ret_day);
	if (rc == RC_INVALID)
		return imap_reject(cursor, RC_SYNTAX, "no such day");
	if (rc != RC_OK)
		return imap_expected(cursor, what);
	cursor->at += text.len + (quoted ? 2 : 0);
	return RC_OK;
}
