// SPDX-License-Identifier: Apache-2.0
// In each state, bytes that do not change the state are read in runs, and a
// byte that may change it is read in a step. Little is held, so nothing is read
// twice.
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
	else if (code != 0xad) // a soft hyphen parts no word
		utf8_add(out, code);
}

// ---- Attributes -------------------------------------------------------------

// Gives the values that stand aside, with white space around. References in
// them end in ";": "?a=1&copy=2" has none.
static void aside_flush(struct html_text *html, struct buf *out)
{
	struct view rest = buf_view(&html->aside);
	while (rest.len) {
		size_t plain = view_find_char(rest, '&');
		buf_add(out, view_slice(rest, 0, plain));
		rest = view_from(rest, plain == SIZE_MAX ? rest.len : plain);
		struct view after = rest;
		uint32_t code;
		// (`after` may be empty, and then points nowhere.)
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

// A value that is cut ends with a whole character.
static void value_cut(struct buf *aside)
{
	size_t len = aside->len;
	while (len && (aside->ptr[len - 1] & 0xc0) == 0x80)
		len--;
	if (len && len < aside->len)
		len--;
	buf_truncate(aside, len);
}

// More of a value. Beyond its limit nothing is kept, and nothing of a picture
// that stands in its own address.
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

// "<" and the held bytes were not a tag.
static void not_a_tag(struct html_text *html, struct buf *out)
{
	buf_add_char(out, '<');
	if (html->closing)
		buf_add_char(out, '/');
	buf_add(out, held(html));
	html->held_len = 0;
	html->state = HTML_TEXT;
}

// The name of a tag is complete.
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

// A step of "<…": false when `c` is still to be looked at, as text.
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
	if (!ends) { // an address, in angle brackets
		not_a_tag(html, out);
		return false;
	}
	tag_begin(html, out);
	if (c == '>')
		tag_end(html);
	return true;
}

// A step between "<name" and ">".
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
		html->state = HTML_BETWEEN; // its end: see run_skip()
		return;
	case HTML_BARE:
		html->state = HTML_BETWEEN; // so here
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

// Behind "<!": "--" begins a comment, anything else a declaration.
static void mark_step(struct html_text *html, char c)
{
	if (c == '-') {
		if (++html->match == 2)
			html->state = HTML_COMMENT;
		return;
	}
	html->state = c == '>' ? HTML_TEXT : HTML_DECLARE;
}

// `match` dashes came last; those of "<!--" count, as in "<!-->".
static void comment_step(struct html_text *html, char c)
{
	if (c == '-')
		html->match = 2 - (html->match == 0);
	else if (c == '>' && html->match == 2)
		html->state = HTML_TEXT;
	else
		html->match = 0;
}

// In style and script, up to "</name".
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

// A step of "&…": false when `c` is still to be looked at, as text.
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

// Takes the text at the front of `*piece`, up to markup, and what begins it.
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

// Removes bytes that do not change the state from the front of `*piece`, up to
// a byte that may change it.
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
		// Of a long name only the beginning is held; no wanted name
		// begins with it.
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

// One byte that is not of a text; false when it is still to be looked at.
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
