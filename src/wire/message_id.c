// SPDX-License-Identifier: Apache-2.0
#include "wire/message_id.h"

#include "base/ascii.h"

// Reads the text after a "<" up to its ">". Returns false if it is not an
// identifier. The caller continues after `*ret_len` bytes, which end before any
// next "<".
static bool read_id(struct view text, struct buf *out, size_t *ret_len)
{
	bool quoted = false;
	bool at_sign = false;
	size_t at = 0;
	for (; at < text.len; at++) {
		char c = text.ptr[at];
		if (c == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && c == '\\' && at + 1 < text.len)
			c = text.ptr[++at];
		else if (!quoted && (c == '<' || c == '>'))
			break;
		else if (!quoted && c == '@')
			at_sign = out->len > 0;
		if (ascii_is_control(c) || (!quoted && c == ' '))
			continue; // this is folding white space
		buf_add_char(out, c);
		if (out->overflowed)
			break;
	}
	*ret_len = at;
	if (at == text.len || text.ptr[at] != '>' || out->overflowed)
		return false;
	*ret_len = at + 1;
	return at_sign && out->ptr[out->len - 1] != '@';
}

bool message_id_next(struct view *rest, struct buf *out)
{
	size_t max = out->max;
	size_t start;
	bool found = false;
	if (out->max > MESSAGE_ID_MAX)
		out->max = MESSAGE_ID_MAX;
	while (!found && (start = view_find_char(*rest, '<')) != SIZE_MAX) {
		size_t len;
		buf_reset(out);
		*rest = view_from(*rest, start + 1);
		found = read_id(*rest, out, &len);
		*rest = view_from(*rest, len);
	}
	out->max = max;
	if (!found)
		buf_reset(out);
	return found;
}
