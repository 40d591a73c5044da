// SPDX-License-Identifier: Apache-2.0
// In each state, the code reads bytes in runs as long as the state does not
// change. A byte that may change the state takes a step of its own. The code
// holds only a few bytes, so it reads no byte twice.
#include "wire/html_text.h"

#include <string.h>

#include "base/ascii.h"
#include "wire/html_entity.h"
#include "wire/utf8.h"

bool html_is_inline(struct view name)
{
	static const char *const names[] = {"a", "abbr", "acronym", "b", "bdi",
	    "bdo", "big", "cite", "code", "em", "font", "i", "img", "ins",
	    "kbd", "mark", "s", "small", "span", "strike", "strong", "sub",
	    "sup", "tt", "u", "wbr"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (view_eq_nocase(name, view_of_string(names[i])))
			return true;
	}
	return false;
}

void html_text_init(struct html_text *html)
{
	*html = (struct html_text){.state = HTML_TEXT};
	buf_init(&html->aside, HTML_ASIDE_MAX);
}

void html_text_done(struct html_text *html)
{
	buf_done(&html->aside);
}

static struct view held(const struct html_text *html)
{
	return view_of(html->held, html->held_len);
}

static bool hold(struct html_text *html, char c)
{
	if (html->held_len == HTML_HELD_MAX)
		return false;
	html->held[html->held_len++] = c;
	return true;
}

static void add_code(struct buf *out, uint32_t code)
{
	if (code == 0xa0)
		buf_add_char(out, ' ');
	else if (code != 0xad) // a soft hyphen does not separate words
		utf8_add(out, code);
}

// ---- Attributes -------------------------------------------------------------

// Writes the values that were put aside, with white space around them. A
// reference in a value must end in ";", because "?a=1&copy=2" has no reference.
static void aside_flush(struct html_text *html, struct buf *out)
{
	struct view rest = buf_view(&html->aside);
	while (rest.len) {
		size_t plain = view_find_char(rest, '&');
		buf_add(out, view_slice(rest, 0, plain));
		rest = view_from(rest, plain == SIZE_MAX ? rest.len : plain);
		struct view after = rest;
		uint32_t code;
		// `after` may be empty, and its pointer is then not valid.
		if (rest.len && html_entity_next(&after, &code) &&
		    rest.ptr[rest.len - after.len - 1] == ';') {
			add_code(out, code);
			rest = after;
		} else if (rest.len) {
			buf_add_char(out, '&');
			rest = view_from(rest, 1);
		}
	}
	if (html->aside.len)
		buf_add_char(out, ' ');
	buf_reset(&html->aside);
}

static bool is_wanted(struct view name)
{
	static const char *const names[] = {"href", "src", "alt", "title"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (view_eq_nocase(name, view_of_string(names[i])))
			return true;
	return false;
}

static void value_begin(struct html_text *html, struct buf *out)
{
	if (!html->wanted)
		return;
	html->value_len = 0;
	if (html->aside.len + HTML_VALUE_MAX + 8 > HTML_ASIDE_MAX) {
		buf_add_char(out, ' ');
		aside_flush(html, out);
	}
	buf_add_char(&html->aside, ' ');
}

// Removes a partial character from the end of a value that was cut.
static void value_cut(struct buf *aside)
{
	size_t len = aside->len;
	while (len && (aside->ptr[len - 1] & 0xc0) == 0x80)
		len--;
	if (len && len < aside->len)
		len--;
	buf_truncate(aside, len);
}

// Adds more of a value, up to its limit. It adds nothing if the value is a
// "data:" address, which has a whole picture in it.
static void value_add(struct html_text *html, struct view text)
{
	static const struct view data = {"data:", 5};
	if (!html->wanted || !text.len)
		return;
	size_t before = html->value_len;
	struct view kept = view_slice(text, 0, HTML_VALUE_MAX - before);
	buf_add(&html->aside, kept);
	html->value_len += kept.len;
	size_t start = html->aside.len - html->value_len;
	if (before < data.len && html->value_len >= data.len &&
	    view_starts_with_nocase(
		view_from(buf_view(&html->aside), start), data)) {
		buf_truncate(&html->aside, start);
		html->wanted = false;
	} else if (kept.len < text.len) {
		value_cut(&html->aside);
		html->wanted = false;
	}
}

// ---- Tags -------------------------------------------------------------------

// Adds the "<" and the held bytes as text, because they are not a tag.
static void not_a_tag(struct html_text *html, struct buf *out)
{
	buf_add_char(out, '<');
	if (html->closing)
		buf_add_char(out, '/');
	buf_add(out, held(html));
	html->held_len = 0;
	html->state = HTML_TEXT;
}

// Handles the end of a tag's name.
static void tag_begin(struct html_text *html, struct buf *out)
{
	struct view name = held(html);
	html->raw_len = 0;
	if (!html_is_inline(name)) {
		buf_add_char(out, ' ');
		aside_flush(html, out);
	}
	if (!html->closing && (view_eq_nocase(name, VIEW("style")) ||
				  view_eq_nocase(name, VIEW("script")))) {
		html->raw_len = (uint8_t)name.len;
		memcpy(html->raw, name.ptr, name.len);
	}
	html->held_len = 0;
	html->state = HTML_BETWEEN;
}

static void tag_end(struct html_text *html)
{
	html->match = 0;
	html->state = html->raw_len ? HTML_RAW : HTML_TEXT;
}

static bool is_name_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == ':' || c == '_';
}

// Handles one byte of "<…". Returns false if the caller must read `c` again as
// text.
static bool open_step(struct html_text *html, char c, struct buf *out)
{
	if (ascii_is_alpha(c)) {
		html->state = HTML_NAME;
		return hold(html, c);
	}
	if (c == '/' && !html->closing) {
		html->closing = true;
		return true;
	}
	if (!html->closing && (c == '!' || c == '?')) {
		html->state = c == '!' ? HTML_MARK : HTML_DECLARE;
		html->match = 0;
		return true;
	}
	not_a_tag(html, out);
	return false;
}

static bool name_step(struct html_text *html, char c, struct buf *out)
{
	if (is_name_char(c) && hold(html, c))
		return true;
	struct view name = held(html);
	bool ends = ascii_is_space(c) || c == '>' ||
		    (c == '/' && name.ptr[name.len - 1] != ':');
	if (!ends) { // this is an address in angle brackets
		not_a_tag(html, out);
		return false;
	}
	tag_begin(html, out);
	if (c == '>')
		tag_end(html);
	return true;
}

// Handles one byte between "<name" and ">".
static void attribute_step(struct html_text *html, char c, struct buf *out)
{
	bool space = ascii_is_space(c);
	switch (html->state) {
	case HTML_EQUALS:
		if (c == '=') {
			html->state = HTML_VALUE;
			return;
		}
		if (space)
			return;
		html->state = HTML_BETWEEN;
		break;
	case HTML_ATTRIBUTE:
		html->wanted = !html->closing && is_wanted(held(html));
		html->held_len = 0;
		html->state = c == '=' ? HTML_VALUE : HTML_EQUALS;
		if (c != '>')
			return;
		break;
	case HTML_VALUE:
		if (space)
			return;
		if (c == '>')
			break;
		value_begin(html, out);
		html->quote = c;
		html->state = HTML_QUOTED;
		if (c != '"' && c != '\'') {
			html->state = HTML_BARE;
			value_add(html, view_of(&c, 1));
		}
		return;
	case HTML_QUOTED:
		html->state = HTML_BETWEEN; // a quote came; see run_skip()
		return;
	case HTML_BARE:
		html->state = HTML_BETWEEN; // a ">" or space ended it
		break;
	case HTML_TEXT:
	case HTML_REFERENCE:
	case HTML_OPEN:
	case HTML_NAME:
	case HTML_BETWEEN:
	case HTML_MARK:
	case HTML_DECLARE:
	case HTML_COMMENT:
	case HTML_RAW: break;
	}
	if (c == '>') {
		tag_end(html);
	} else if (!space && c != '/') {
		html->state = HTML_ATTRIBUTE;
		html->held_len = 0;
		(void)hold(html, c);
	}
}

// ---- What is left out -------------------------------------------------------

// Handles the bytes after "<!". "--" begins a comment; any other text begins a
// declaration.
static void mark_step(struct html_text *html, char c)
{
	if (c == '-') {
		if (++html->match == 2)
			html->state = HTML_COMMENT;
		return;
	}
	html->state = c == '>' ? HTML_TEXT : HTML_DECLARE;
}

// `match` counts the dashes before `c`. The dashes of "<!--" count too, because
// "<!-->" is a whole comment.
static void comment_step(struct html_text *html, char c)
{
	if (c == '-')
		html->match = 2 - (html->match == 0);
	else if (c == '>' && html->match == 2)
		html->state = HTML_TEXT;
	else
		html->match = 0;
}

// Skips style and script up to "</name".
static void raw_step(struct html_text *html, char c)
{
	uint8_t at = html->match;
	bool fits;
	if (at == 0)
		fits = c == '<';
	else if (at == 1)
		fits = c == '/';
	else
		fits = ascii_lower(c) == ascii_lower(html->raw[at - 2]);
	html->match = fits ? at + 1 : c == '<';
	if (html->match == html->raw_len + 2) {
		html->raw_len = 0;
		html->closing = true;
		html->state = HTML_BETWEEN;
	}
}

// ---- Text -------------------------------------------------------------------

static void reference_end(struct html_text *html, struct buf *out)
{
	struct view text = held(html);
	uint32_t code;
	if (html_entity_next(&text, &code))
		add_code(out, code);
	buf_add(out, text);
	html->held_len = 0;
	html->state = HTML_TEXT;
}

// Handles one byte of "&…". Returns false if the caller must read `c` again as
// text.
static bool reference_step(struct html_text *html, char c, struct buf *out)
{
	bool ends = c == ';';
	bool goes_on =
	    ends || ascii_is_alnum(c) || (c == '#' && html->held_len == 1);
	bool taken = goes_on && hold(html, c);
	if (!taken || ends)
		reference_end(html, out);
	return taken;
}

// Takes the text at the front of `*piece` up to markup, and the byte that
// begins the markup.
static void text_run(
    struct html_text *html, struct view *piece, struct buf *out)
{
	size_t len = 0;
	while (len < piece->len && piece->ptr[len] != '<' &&
	       piece->ptr[len] != '&')
		len++;
	buf_add(out, view_slice(*piece, 0, len));
	if (len < piece->len) {
		html->held_len = 0;
		html->closing = false;
		html->state = HTML_OPEN;
		if (piece->ptr[len] == '&') {
			html->state = HTML_REFERENCE;
			(void)hold(html, '&');
		}
		len++;
	}
	*piece = view_from(*piece, len);
}

static bool ends_bare(char c)
{
	return c == '>' || ascii_is_space(c);
}

// Removes bytes from the front of `*piece` as long as they cannot change the
// state.
static void run_skip(struct html_text *html, struct view *piece)
{
	size_t len = 0;
	switch (html->state) {
	case HTML_BETWEEN:
		while (len < piece->len && ascii_is_space(piece->ptr[len]))
			len++;
		break;
	case HTML_ATTRIBUTE:
		while (len < piece->len && piece->ptr[len] != '=' &&
		       !ends_bare(piece->ptr[len]))
			len++;
		// If a name is long, only its first bytes are held. They never
		// equal a wanted name, because these are short.
		for (size_t i = 0; i < len && hold(html, piece->ptr[i]); i++)
			;
		break;
	case HTML_BARE:
		while (len < piece->len && !ends_bare(piece->ptr[len]))
			len++;
		value_add(html, view_slice(*piece, 0, len));
		break;
	case HTML_QUOTED:
		len = view_find_char(*piece, html->quote);
		value_add(html, view_slice(*piece, 0, len));
		break;
	case HTML_DECLARE: len = view_find_char(*piece, '>'); break;
	case HTML_COMMENT:
		len = html->match ? 0 : view_find_char(*piece, '-');
		break;
	case HTML_RAW:
		len = html->match ? 0 : view_find_char(*piece, '<');
		break;
	case HTML_TEXT:
	case HTML_REFERENCE:
	case HTML_OPEN:
	case HTML_NAME:
	case HTML_EQUALS:
	case HTML_VALUE:
	case HTML_MARK: break;
	}
	*piece = view_from(*piece, len < piece->len ? len : piece->len);
}

// Handles one byte that is not text. Returns false if the caller must read the
// byte again.
static bool step(struct html_text *html, char c, struct buf *out)
{
	switch (html->state) {
	case HTML_TEXT: return false;
	case HTML_REFERENCE: return reference_step(html, c, out);
	case HTML_OPEN: return open_step(html, c, out);
	case HTML_NAME: return name_step(html, c, out);
	case HTML_BETWEEN:
	case HTML_ATTRIBUTE:
	case HTML_EQUALS:
	case HTML_VALUE:
	case HTML_BARE:
	case HTML_QUOTED: attribute_step(html, c, out); return true;
	case HTML_MARK: mark_step(html, c); return true;
	case HTML_DECLARE:
		if (c == '>')
			html->state = HTML_TEXT;
		return true;
	case HTML_COMMENT: comment_step(html, c); return true;
	case HTML_RAW: raw_step(html, c); return true;
	}
	return true;
}

void html_text_feed(struct html_text *html, struct view piece, struct buf *out)
{
	while (piece.len) {
		if (html->state == HTML_TEXT) {
			text_run(html, &piece, out);
			continue;
		}
		run_skip(html, &piece);
		if (piece.len && step(html, *piece.ptr, out))
			piece = view_from(piece, 1);
	}
}

void html_text_end(struct html_text *html, struct buf *out)
{
	if (html->state == HTML_REFERENCE)
		reference_end(html, out);
	else if (html->state == HTML_OPEN || html->state == HTML_NAME)
		not_a_tag(html, out);
	buf_add_char(out, ' ');
	aside_flush(html, out);
	html->state = HTML_TEXT;
}
