// SPDX-License-Identifier: Apache-2.0
#include "wire/xml_write.h"

#include "wire/utf8.h"

// The production Char of section 2.2, but for surrogates, which UTF-8 cannot
// have. C1 controls are allowed by XML 1.0, but no text for people has them.
static bool is_char(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return !(code >= 0x7f && code < 0xa0) && code != 0xfffe &&
	       code != 0xffff;
}

void xml_add_text(struct buf *out, struct view text)
{
	uint32_t code;
	while (utf8_next(&text, &code)) {
		switch (code) {
		case '&': buf_add_literal(out, "&amp;"); break;
		case '<': buf_add_literal(out, "&lt;"); break;
		case '>': buf_add_literal(out, "&gt;"); break;
		case '"': buf_add_literal(out, "&quot;"); break;
		case '\'': buf_add_literal(out, "&#39;"); break;
		case '\t': buf_add_literal(out, "&#9;"); break;
		case '\n': buf_add_literal(out, "&#10;"); break;
		case '\r': buf_add_literal(out, "&#13;"); break;
		default: utf8_add(out, is_char(code) ? code : UTF8_REPLACEMENT);
		}
	}
}

void xml_add_element(
    struct buf *out, unsigned depth, const char *name, struct view text)
{
	for (unsigned i = 0; i < depth; i++)
		buf_add_literal(out, "  ");
	buf_printf(out, "<%s>", name);
	xml_add_text(out, text);
	buf_printf(out, "</%s>\n", name);
}

void xml_add_number(
    struct buf *out, unsigned depth, const char *name, uint64_t number)
{
	char digits[24];
	int len = snprintf(
	    digits, sizeof(digits), "%llu", (unsigned long long)number);
	xml_add_element(out, depth, name, view_of(digits, (size_t)len));
}
