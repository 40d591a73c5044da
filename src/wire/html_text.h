// SPDX-License-Identifier: Apache-2.0
// The text of HTML in pieces, for searching: what people read, and beside it
// the values of attributes that they look for (href, src, alt, title). Tags,
// comments, style and script are left out, character references decoded. What
// only looks like markup ("a < b", "<jo@example.org>") is text. Linear, with a
// small state.
//
// (preview.c has its own reader: it needs a few words, without quoted mail.)
#ifndef ROOST_WIRE_HTML_TEXT_H
#define ROOST_WIRE_HTML_TEXT_H

#include "base/buf.h"

#define HTML_HELD_MAX  40   // of a tag's name or a character reference
#define HTML_VALUE_MAX 2048 // of an attribute's value; the rest is left out
#define HTML_ASIDE_MAX 8192 // of such values

enum html_state {
	HTML_TEXT,
	HTML_REFERENCE, // behind "&"
	HTML_OPEN,      // behind "<"
	HTML_NAME,      // of a tag
	HTML_BETWEEN,   // in a tag, between attributes
	HTML_ATTRIBUTE, // its name
	HTML_EQUALS,    // behind it: perhaps "="
	HTML_VALUE,     // before its value
	HTML_BARE,
	HTML_QUOTED,
	HTML_MARK,    // behind "<!": perhaps a comment
	HTML_DECLARE, // "<!doctype …>", "<?xml …>"
	HTML_COMMENT,
	HTML_RAW, // style or script
};

struct html_text {
	enum html_state state;
	bool closing;  // the tag is "</…"
	bool wanted;   // the attribute's value is kept
	char quote;    // around the value
	uint8_t match; // bytes of "-->", or of "</name", that were met
	uint8_t held_len;
	char held[HTML_HELD_MAX];
	uint8_t raw_len; // the name of the raw element
	char raw[8];
	size_t value_len;
	struct buf aside; // values, until a break comes
};

void html_text_init(struct html_text *html);
void html_text_done(struct html_text *html);

// Adds the text of `piece` (UTF-8, cut anywhere) to `out`: at most twice its
// bytes, and HTML_ASIDE_MAX + 4 * HTML_HELD_MAX more.
void html_text_feed(struct html_text *html, struct view piece, struct buf *out);
// The end: what was held for what might follow.
void html_text_end(struct html_text *html, struct buf *out);

// Elements that do not part words ("b", "span", …).
bool html_is_inline(struct view name);

#endif
