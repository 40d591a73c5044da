// SPDX-License-Identifier: Apache-2.0
#include "wire/base64url.h"

#include "base/ascii.h"
#include "wire/base64.h"

#define TEXT_MAX ((size_t)1 << 20)

void base64url_encode(struct view bytes, struct buf *out)
{
	size_t start = out->len;
	base64_encode(bytes, out);
	while (out->len > start && out->ptr[out->len - 1] == '=')
		out->len--;
	for (size_t i = start; i < out->len; i++) {
		if (out->ptr[i] == '+')
			out->ptr[i] = '-';
		else if (out->ptr[i] == '/')
			out->ptr[i] = '_';
	}
}

bool base64url_is(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.ptr[i]) && text.ptr[i] != '-' &&
		    text.ptr[i] != '_')
			return false;
	return text.len > 0;
}

enum rc base64url_decode(struct view text, struct buf *out)
{
	struct buf plain;
	while (text.len > 0 && text.ptr[text.len - 1] == '=')
		text.len--;
	if (!base64url_is(text))
		return text.len ? RC_SYNTAX : RC_OK;
	buf_init(&plain, TEXT_MAX);
	buf_add(&plain, text);
	while (plain.len % 4)
		buf_add_char(&plain, '=');
	for (size_t i = 0; i < plain.len; i++) {
		if (plain.ptr[i] == '-')
			plain.ptr[i] = '+';
		else if (plain.ptr[i] == '_')
			plain.ptr[i] = '/';
	}
	enum rc rc = buf_status(&plain);
	if (rc == RC_OK)
		rc = base64_decode(buf_view(&plain), out);
	buf_done_secret(&plain);
	return rc;
}
