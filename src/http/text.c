// SPDX-License-Identifier: Apache-2.0
#include "http/text.h"

#include "base/ascii.h"
#include "wire/json_text.h"

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

void http_add_json(struct buf *out, struct view text)
{
	struct json_text json;
	json_text_init(&json, out);
	json_add_string(&json, text);
}
