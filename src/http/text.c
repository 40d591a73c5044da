// SPDX-License-Identifier: Apache-2.0
#include "http/text.h"

#include "base/ascii.h"
#include "wire/utf8.h"

void http_add_percent(struct buf *out, struct view text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (ascii_is_alnum(c) || c == '.' || c == '-' || c == '_' ||
		    c == '~' || c == '@')
			buf_add_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned char)c);
	}
}

// RFC 8259 section 7. A server's words may be no UTF-8.
void http_add_json(struct buf *out, struct view text)
{
	bool valid = utf8_is_valid(text);
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if ((unsigned char)c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else if ((unsigned char)c >= 0x80 && !valid)
			buf_add_char(out, '?');
		else
			buf_add_char(out, c);
	}
	buf_add_char(out, '"');
}
