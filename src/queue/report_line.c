// SPDX-License-Identifier: Apache-2.0
#include "base/ascii.h"
#include "queue/report.h"
#include "wire/smtp_reply.h"
#include "wire/utf8.h"

#define WRAP_COLUMN 72
// A longer word is cut. With the indent and a field's name it stays below
// QUEUE_LINE_MAX.
#define WORD_MAX     900
#define QUOTE_COLUMN 75 // RFC 2045 section 6.7: 76 with the "=" at the end

static void add_word(struct buf *out, const char *indent, struct view word,
    size_t *column, bool *fresh)
{
	if (!*fresh && *column + 1 + word.len > WRAP_COLUMN) {
		buf_add_literal(out, "\r\n");
		buf_add_string(out, indent);
		*column = strlen(indent);
	} else if (!*fresh) {
		buf_add_char(out, ' ');
		++*column;
	}
	buf_add(out, word);
	*column += word.len;
	*fresh = false;
}

void queue_line_wrap(
    struct buf *out, size_t column, const char *indent, struct view words)
{
	struct view word;
	bool fresh = true;
	while (view_split(&words, ' ', &word))
		while (word.len) {
			struct view piece = utf8_truncate(word, WORD_MAX);
			if (piece.len == 0) // a byte that is not UTF-8
				piece = view_slice(word, 0, WORD_MAX);
			add_word(out, indent, piece, &column, &fresh);
			word = view_from(word, piece.len);
		}
	buf_add_literal(out, "\r\n");
}

void queue_line_clean(struct buf *out, struct view text, bool ascii)
{
	struct buf clean;
	buf_init(&clean,
	    text.len * 3 + 16); // one byte may become U+FFFD, which has three
	smtp_clean_text(text, clean.max, &clean);
	struct view rest = buf_view(&clean);
	uint32_t code;
	while (ascii && utf8_next(&rest, &code))
		buf_add_char(out, code < 0x80 ? (char)code : '?');
	if (!ascii)
		buf_add(out, buf_view(&clean));
	buf_done(&clean);
}

bool queue_line_is_reply(struct view text)
{
	return text.len >= 3 && ascii_is_digit(text.ptr[0]) &&
	       ascii_is_digit(text.ptr[1]) && ascii_is_digit(text.ptr[2]) &&
	       (text.len == 3 || !ascii_is_alnum(text.ptr[3]));
}

// ---- Quoted-printable ------------------------------------------------------

static void add_quoted(struct buf *out, char c, size_t *column, bool at_end)
{
	static const char digits[] = "0123456789ABCDEF";
	bool plain =
	    (c > ' ' && c < 0x7f && c != '=') || (ascii_is_blank(c) && !at_end);
	size_t len = plain ? 1 : 3;
	if (*column + len > QUOTE_COLUMN) {
		buf_add_literal(out, "=\r\n");
		*column = 0;
	}
	*column += len;
	if (plain) {
		buf_add_char(out, c);
		return;
	}
	buf_add_char(out, '=');
	buf_add_char(out, digits[(unsigned char)c >> 4]);
	buf_add_char(out, digits[(unsigned char)c & 15]);
}

void queue_line_quote(struct buf *out, struct view text)
{
	size_t column = 0;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		size_t left = text.len - i;
		bool crlf = c == '\r' && left > 1 && text.ptr[i + 1] == '\n';
		if (crlf || c == '\n') {
			buf_add_literal(out, "\r\n");
			column = 0;
			i += crlf;
			continue;
		}
		bool at_end = left == 1 || text.ptr[i + 1] == '\n' ||
			      text.ptr[i + 1] == '\r';
		add_quoted(out, c, &column, at_end);
	}
	if (column)
		buf_add_literal(out, "\r\n");
}

// ---- Looking ---------------------------------------------------------------

struct queue_line_kind queue_line_look(struct view text)
{
	struct queue_line_kind kind = {
	    .has_8bit = !utf8_is_ascii(text),
	    .odd = text.len && memchr(text.ptr, '\0', text.len),
	};
	while (text.len) {
		size_t end = view_find_char(text, '\n');
		bool whole = end != SIZE_MAX;
		struct view line = view_slice(text, 0, end);
		text = view_from(text, whole ? end + 1 : text.len);
		if (whole && view_ends_with(line, VIEW("\r")))
			line.len--;
		else if (whole)
			kind.odd = true;
		if (view_find_char(line, '\r') != SIZE_MAX)
			kind.odd = true;
		if (line.len > kind.longest)
			kind.longest = line.len;
	}
	return kind;
}
