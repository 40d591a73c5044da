// SPDX-License-Identifier: Apache-2.0
// This file writes the words of responses; see the header.
#include "wire/imap_write.h"

#include "wire/imap_parse.h"
#include "wire/imap_utf7.h"
#include "wire/utf8.h"

enum form {
	FORM_QUOTED,
	FORM_ESCAPED, // quoted, and it has a quote or backslash
	FORM_LITERAL,
};

// The grammar is quoted = DQUOTE *QUOTED-CHAR DQUOTE. It may have UTF-8 after
// the client enables it (RFC 6855 section 3, RFC 9051 section 4.3).
static enum form form_of(struct view text, bool utf8)
{
	if (text.len > IMAP_QUOTED_MAX)
		return FORM_LITERAL;
	bool high = false;
	bool escapes = false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '\0' || c == '\r' || c == '\n')
			return FORM_LITERAL;
		high |= (unsigned char)c >= 0x80;
		escapes |= c == '"' || c == '\\';
	}
	if (high && (!utf8 || !utf8_is_valid(text)))
		return FORM_LITERAL;
	return escapes ? FORM_ESCAPED : FORM_QUOTED;
}

static void add_escaped(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, c);
	}
}

void imap_write_literal_head(struct buf *out, uint64_t size, bool binary)
{
	if (binary)
		buf_add_char(out, '~');
	buf_add_char(out, '{');
	buf_add_u64(out, size);
	buf_add_literal(out, "}\r\n");
}

void imap_write_mask_nul(struct buf *out, size_t from)
{
	for (;;) {
		struct view rest = view_from(buf_view(out), from);
		size_t nul = view_find_char(rest, '\0');
		if (nul == SIZE_MAX)
			return;
		from += nul;
		out->ptr[from] = (char)0x80;
	}
}

static void add_literal(struct buf *out, struct view text)
{
	imap_write_literal_head(out, text.len, false);
	size_t from = out->len;
	buf_add(out, text);
	imap_write_mask_nul(out, from);
}

void imap_write_string(struct buf *out, struct view text, bool utf8)
{
	switch (form_of(text, utf8)) {
	case FORM_QUOTED:
		buf_add_char(out, '"');
		buf_add(out, text);
		buf_add_char(out, '"');
		break;
	case FORM_ESCAPED:
		buf_add_char(out, '"');
		add_escaped(out, text);
		buf_add_char(out, '"');
		break;
	case FORM_LITERAL: add_literal(out, text); break;
	}
}

void imap_write_astring(struct buf *out, struct view text, bool utf8)
{
	bool atom = text.len > 0 && text.len <= IMAP_QUOTED_MAX &&
		    !view_eq_nocase(text, VIEW("NIL"));
	for (size_t i = 0; atom && i < text.len; i++)
		atom = imap_is_astring_char(text.ptr[i]);
	if (atom)
		buf_add(out, text);
	else
		imap_write_string(out, text, utf8);
}

// Adds `text` without NUL, CR and LF, or without all controls if `controls` is
// true. It keeps 8-bit bytes only if they are UTF-8 and `utf8` is true.
static void add_clean(
    struct buf *out, struct view text, bool utf8, bool controls, bool escape)
{
	while (text.len) {
		uint32_t code;
		size_t len;
		bool good = utf8_peek(text, &code, &len) == RC_OK &&
			    (utf8 || code < 0x80);
		if (good && (code == 0 || code == '\r' || code == '\n'))
			good = false;
		if (good && controls && (code < 0x20 || code == 0x7f))
			good = false;
		if (escape && good && (code == '"' || code == '\\'))
			buf_add_char(out, '\\');
		if (good)
			buf_add(out, view_slice(text, 0, len));
		else
			buf_add_char(out, '?');
		text = view_from(text, len);
	}
}

void imap_write_quoted(struct buf *out, struct view text, bool utf8)
{
	buf_add_char(out, '"');
	add_clean(out, text, utf8, false, true);
	buf_add_char(out, '"');
}

void imap_write_text(struct buf *out, struct view text, bool utf8)
{
	// text = 1*TEXT-CHAR
	if (text.len == 0)
		text = VIEW("-");
	add_clean(out, text, utf8, true, false);
}

void imap_write_mailbox(struct buf *out, struct view name, bool utf8)
{
	if (utf8) {
		imap_write_astring(out, name, true);
		return;
	}
	struct buf encoded;
	// Each byte of UTF-8 needs at most five bytes: "&", three bytes and
	// "-".
	buf_init(&encoded, name.len * 5 + 8);
	if (imap_utf7_encode(name, &encoded) == RC_OK)
		imap_write_astring(out, buf_view(&encoded), false);
	else // such a name is never stored, but the line stays valid
		imap_write_string(out, name, false);
	buf_done(&encoded);
}

void imap_write_date_time(struct buf *out, struct date date)
{
	buf_add_char(out, '"');
	date_format_imap(date, out);
	buf_add_char(out, '"');
}

void imap_write_set(struct buf *out, const struct rangeset *set)
{
	rangeset_format(set, out);
}
