// SPDX-License-Identifier: Apache-2.0
// This file reads strings, mailbox names and flags of the IMAP grammar (RFC
// 9051 section 9); see imap_parse.h. The text has literals in the form that
// imap_reader.h gives them.
#include "wire/imap_parse.h"
#include "wire/imap_utf7.h"
#include "wire/utf8.h"

// An empty string is a view of this text, so only NIL has a NULL pointer.
static const char empty_string[1] = "";

static struct view not_nil(struct view text)
{
	return text.len ? text : view_of(empty_string, 0);
}

// Reports a failure at `at` and then restores the cursor.
static enum rc expected_at(
    struct imap_cursor *cursor, const char *at, const char *what)
{
	const char *before = cursor->at;
	cursor->at = at;
	enum rc rc = imap_expected(cursor, what);
	cursor->at = before;
	return rc;
}

static enum rc reject_at(struct imap_cursor *cursor, const char *at, enum rc rc,
    const char *sentence)
{
	const char *before = cursor->at;
	cursor->at = at;
	imap_reject(cursor, rc, "%s", sentence);
	cursor->at = before;
	return rc;
}

// Finds the length of the text inside the quotes. The length includes the
// backslashes of escapes.
static enum rc scan_quoted(struct imap_cursor *cursor, size_t *ret_len,
    size_t *ret_escapes, bool *ret_8bit)
{
	const char *at = cursor->at + 1;
	size_t escapes = 0;
	bool high = false;
	for (; at < cursor->end && *at != '"'; at++) {
		if (*at == '\\') {
			// quoted-specials = DQUOTE / "\"
			at++;
			if (at == cursor->end || (*at != '"' && *at != '\\'))
				return expected_at(cursor, at,
				    "a quote or a backslash after the"
				    " backslash");
			escapes++;
		} else if (*at == '\r' || *at == '\n' || *at == '\0') {
			return reject_at(cursor, at, RC_SYNTAX,
			    "a quoted string may not hold CR, LF or NUL, as"
			    " it does");
		} else if ((unsigned char)*at >= 0x80) {
			high = true;
		}
	}
	if (at == cursor->end)
		return expected_at(
		    cursor, at, "the closing quote of the string");
	*ret_len = (size_t)(at - cursor->at) - 1;
	*ret_escapes = escapes;
	*ret_8bit = high;
	return RC_OK;
}

static enum rc parse_quoted(struct imap_cursor *cursor, struct view *ret_text)
{
	size_t len = 0;
	size_t escapes = 0;
	bool high = false;
	enum rc rc = scan_quoted(cursor, &len, &escapes, &high);
	if (rc != RC_OK)
		return rc;
	struct view inside = view_of(cursor->at + 1, len);
	// RFC 6855 section 3: the server answers BAD to a string that is not
	// UTF-8. Before ENABLE, the caller decides about 8-bit bytes: SEARCH
	// has a charset, a login compares the password, and a mailbox name is
	// refused.
	if (high && cursor->utf8 && !utf8_is_valid(inside))
		return imap_reject(
		    cursor, RC_SYNTAX, "the string is not valid UTF-8");
	cursor->at += len + 2;
	if (escapes) {
		char *plain = arena_alloc(cursor->arena, len);
		size_t out = 0;
		for (size_t i = 0; i < len; i++) {
			if (inside.ptr[i] == '\\')
				i++;
			plain[out++] = inside.ptr[i];
		}
		inside = view_of(plain, out);
	}
	*ret_text = not_nil(inside);
	return RC_OK;
}

// Reads "{n}" or "{n+}", CRLF and n bytes. The caller has read a "~" if there
// was one.
static enum rc parse_literal(struct imap_cursor *cursor, struct view *ret_text)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t close = view_find_char(view_slice(rest, 0, 32), '}');
	uint64_t size;
	if (rest.len == 0 || rest.ptr[0] != '{' || close == SIZE_MAX)
		return imap_expected(cursor, "a literal");
	struct view digits = view_slice(rest, 1, close - 1);
	if (digits.len && digits.ptr[digits.len - 1] == '+')
		digits.len--;
	struct view line_end = view_slice(rest, close + 1, 2);
	if (!view_to_u64(digits, &size) || !view_eq(line_end, VIEW("\r\n")))
		return imap_expected(cursor, "a literal");
	struct view bytes = view_from(rest, close + 3);
	if (bytes.len < size)
		return imap_reject(
		    cursor, RC_SYNTAX, "the literal is cut short");
	bytes.len = (size_t)size;
	cursor->at += close + 3 + bytes.len;
	*ret_text = not_nil(bytes);
	return RC_OK;
}

static enum rc parse_string(
    struct imap_cursor *cursor, const char *what, struct view *ret_text)
{
	char c = imap_peek(cursor);
	if (c == '"')
		return parse_quoted(cursor, ret_text);
	if (c != '{')
		return imap_expected(cursor, what);
	const char *at = cursor->at;
	struct view text;
	enum rc rc = parse_literal(cursor, &text);
	if (rc != RC_OK)
		return rc;
	// literal = "{" number64 ["+"] "}" CRLF *CHAR8; CHAR8 = %x01-ff
	if (view_find_char(text, '\0') != SIZE_MAX) {
		cursor->at = at;
		return imap_reject(
		    cursor, RC_SYNTAX, "the literal holds a NUL byte");
	}
	*ret_text = text;
	return RC_OK;
}

enum rc imap_parse_string(struct imap_cursor *cursor, struct view *ret_text)
{
	return parse_string(cursor, "a string", ret_text);
}

enum rc imap_parse_astring(
    struct imap_cursor *cursor, const char *what, struct view *ret_text)
{
	struct view rest = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < rest.len && imap_is_astring_char(rest.ptr[len]))
		len++;
	if (len == 0)
		return parse_string(cursor, what, ret_text);
	cursor->at += len;
	*ret_text = view_slice(rest, 0, len);
	return RC_OK;
}

enum rc imap_parse_nstring(struct imap_cursor *cursor, struct view *ret_text)
{
	if (imap_take_word(cursor, VIEW("NIL"))) {
		*ret_text = view_of(NULL, 0);
		return RC_OK;
	}
	return parse_string(cursor, "a string or NIL", ret_text);
}

// `at` is the place of the name, for the error text.
static enum rc decode_name(struct imap_cursor *cursor, const char *at,
    struct view text, struct view *ret_name)
{
	if (cursor->utf8) {
		if (!utf8_is_valid(text))
			return reject_at(cursor, at, RC_INVALID,
			    "the mailbox name is not valid UTF-8");
		*ret_name = text;
		return RC_OK;
	}
	// If the name is printable US-ASCII without "&", it needs no decoding.
	size_t plain = 0;
	while (plain < text.len && text.ptr[plain] >= 0x20 &&
	       text.ptr[plain] < 0x7f && text.ptr[plain] != '&')
		plain++;
	if (plain == text.len) {
		*ret_name = text;
		return RC_OK;
	}
	struct buf name;
	// Three bytes of UTF-8 need at least two and two thirds bytes of UTF-7.
	buf_init(&name, text.len * 2 + 8);
	enum rc rc = imap_utf7_decode(text, &name, NULL);
	if (rc == RC_OK)
		*ret_name = arena_copy(cursor->arena, buf_view(&name));
	buf_done(&name);
	if (rc != RC_OK)
		return reject_at(cursor, at, RC_INVALID,
		    "the mailbox name is not valid modified UTF-7");
	return RC_OK;
}

enum rc imap_parse_mailbox(struct imap_cursor *cursor, struct view *ret_name)
{
	const char *at = cursor->at;
	struct view text;
	enum rc rc = imap_parse_astring(cursor, "a mailbox name", &text);
	return rc == RC_OK ? decode_name(cursor, at, text, ret_name) : rc;
}

static bool is_list_char(char c)
{
	return c == '%' || c == '*' || imap_is_astring_char(c);
}

enum rc imap_parse_list_mailbox(
    struct imap_cursor *cursor, struct view *ret_pattern)
{
	const char *at = cursor->at;
	struct view text = imap_cursor_rest(cursor);
	size_t len = 0;
	while (len < text.len && is_list_char(text.ptr[len]))
		len++;
	text.len = len;
	cursor->at += len;
	enum rc rc = RC_OK;
	if (len == 0)
		rc = parse_string(cursor, "a mailbox name pattern", &text);
	if (rc == RC_OK)
		rc = decode_name(cursor, at, text, ret_pattern);
	return rc;
}

static const struct {
	struct view name;
	enum imap_system_flag flag;
} system_flags[] = {
    {{"\\Answered", 9}, IMAP_FLAG_ANSWERED},
    {{"\\Flagged", 8}, IMAP_FLAG_FLAGGED},
    {{"\\Deleted", 8}, IMAP_FLAG_DELETED},
    {{"\\Seen", 5}, IMAP_FLAG_SEEN},
    {{"\\Draft", 6}, IMAP_FLAG_DRAFT},
};

static void add_system_flag(struct imap_flags *flags, struct view name)
{
	for (size_t i = 0; i < ARRAY_LEN(system_flags); i++) {
		if (view_eq_nocase(name, system_flags[i].name)) {
			flags->system |= system_flags[i].flag;
			return;
		}
	}
}

static enum rc parse_flag(
    struct imap_cursor *cursor, struct imap_flags *flags, size_t *capacity)
{
	const char *at = cursor->at;
	bool system = imap_take_char(cursor, '\\');
	struct view name;
	enum rc rc = imap_parse_atom(cursor,
	    system ? "a flag's name after the backslash" : "a flag", &name);
	if (rc != RC_OK)
		return rc;
	if (system) {
		add_system_flag(flags, view_of(at, name.len + 1));
		return RC_OK;
	}
	flags->keywords = arena_grow(cursor->arena, flags->keywords, capacity,
	    flags->count + 1, sizeof(*flags->keywords));
	flags->keywords[flags->count++] = name;
	return RC_OK;
}

static enum rc parse_flags(struct imap_cursor *cursor, struct imap_flags *flags)
{
	size_t capacity = 0;
	enum rc rc = parse_flag(cursor, flags, &capacity);
	while (rc == RC_OK && imap_take_next(cursor))
		rc = parse_flag(cursor, flags, &capacity);
	return rc;
}

enum rc imap_parse_flag_list(
    struct imap_cursor *cursor, struct imap_flags *ret_flags)
{
	struct imap_flags flags = {0};
	if (!imap_take_open(cursor))
		return imap_expected(cursor, "a list of flags");
	enum rc rc = RC_OK;
	if (imap_peek(cursor) != ')')
		rc = parse_flags(cursor, &flags);
	if (rc == RC_OK)
		rc = imap_parse_close(cursor);
	if (rc == RC_OK)
		*ret_flags = flags;
	return rc;
}

enum rc imap_parse_store_flags(
    struct imap_cursor *cursor, struct imap_flags *ret_flags)
{
	if (imap_peek(cursor) == '(')
		return imap_parse_flag_list(cursor, ret_flags);
	struct imap_flags flags = {0};
	enum rc rc = parse_flags(cursor, &flags);
	if (rc == RC_OK)
		*ret_flags = flags;
	return rc;
}
