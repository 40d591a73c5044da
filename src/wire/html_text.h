// SPDX-License-Identifier: Apache-2.0
// Extracts the text of HTML, in pieces, for searching: the text that people
// read, and the values of attributes in which they search (href, src, alt,
// title). Tags, comments, style and script are left out; character references
// are decoded. Text that only looks like markup ("a < b", "<jo@example.org>")
// stays text. Linear, with a small state.
//
// (preview.c has its own reader, because it needs only a few words, without
// quoted mail.)
#ifndef ROOST_WIRE_HTML_TEXT_H
#define ROOST_WIRE_HTML_TEXT_H

#include "base/buf.h"

#define HTML_HELD_MAX 40 // bytes of a tag's name or a character reference
#define HTML_VALUE_MAX                                                         \
	2048 // bytes of an attribute's value; the rest is left out
#define HTML_ASIDE_MAX 8192 // bytes of all values that wait

enum html_state {
	HTML_TEXT,
	HTML_REFERENCE, // after "&"
	HTML_OPEN,      // after "<"
	HTML_NAME,      // in the name of a tag
	HTML_BETWEEN,   // in a tag, between attributes
	HTML_ATTRIBUTE, // in the name of an attribute
	HTML_EQUALS,    // after that name; "=" may follow
	HTML_VALUE,     // before the attribute's value
	HTML_BARE,
	HTML_QUOTED,
	HTML_MARK,    // after "<!"; it may be a comment
	HTML_DECLARE, // in "<!doctype …>" or "<?xml …>"
	HTML_COMMENT,
	HTML_RAW, // in style or script
};

struct html_text {
	enum html_state state;
	bool closing;  // the tag is "</…"
	bool wanted;   // the value of this attribute is kept
	char quote;    // around the value
	uint8_t match; // how many bytes of "-->", or of "</name", have come
	uint8_t held_len;
	char held[HTML_HELD_MAX];
	uint8_t raw_len; // length of the name of the style or script element
	char raw[8];
	size_t value_len;
	struct buf aside; // values that wait until the text has a break
};

void html_text_init(struct html_text *html);
void html_text_done(struct html_text *html);

// Adds the text of `piece` (UTF-8, cut anywhere) to `out`. It adds at most
// twice the bytes of `piece`, and HTML_ASIDE_MAX + 4 * HTML_HELD_MAX more.
void html_text_feed(struct html_text *html, struct view piece, struct buf *out);
// Ends the text: adds what was held because of what might follow.
void html_text_end(struct html_text *html, struct buf *out);

// Whether the element does not separate words ("b", "span", …).
bool html_is_inline(struct view name);

#endif
