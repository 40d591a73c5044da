// SPDX-License-Identifier: Apache-2.0
#include "wire/enhanced_status.h"

#include "base/ascii.h"

// Reads one to three digits at the front of `*text` as a number.
static bool take_number(struct view *text, uint16_t *ret_number)
{
	unsigned number = 0;
	size_t len = 0;
	while (len < text->len && len < 3 && ascii_is_digit(text->ptr[len]))
		number = number * 10 + (unsigned)(text->ptr[len++] - '0');
	*text = view_from(*text, len);
	*ret_number = (uint16_t)number;
	return len > 0;
}

static bool take_dot(struct view *text)
{
	if (text->len == 0 || text->ptr[0] != '.')
		return false;
	*text = view_from(*text, 1);
	return true;
}

bool enhanced_status_take(struct view *text, struct enhanced_status *ret_status)
{
	struct enhanced_status status;
	struct view rest = *text;
	// RFC 3463 section 2: the class is "2", "4" or "5".
	if (rest.len < 2 || rest.ptr[1] != '.' ||
	    (rest.ptr[0] != '2' && rest.ptr[0] != '4' && rest.ptr[0] != '5'))
		return false;
	status.class = (uint16_t)(rest.ptr[0] - '0');
	rest = view_from(rest, 2);
	if (!take_number(&rest, &status.subject) || !take_dot(&rest) ||
	    !take_number(&rest, &status.detail))
		return false;
	if (rest.len && !ascii_is_blank(rest.ptr[0]))
		return false;
	while (rest.len && ascii_is_blank(rest.ptr[0]))
		rest = view_from(rest, 1);
	*text = rest;
	*ret_status = status;
	return true;
}

void enhanced_status_print(struct enhanced_status status, struct buf *out)
{
	if (enhanced_status_is_none(status))
		return;
	buf_add_u64(out, status.class);
	buf_add_char(out, '.');
	buf_add_u64(out, status.subject);
	buf_add_char(out, '.');
	buf_add_u64(out, status.detail);
}
