// SPDX-License-Identifier: Apache-2.0
#include "wire/base64.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct view bytes, struct buf *out)
{
	if (bytes.len > SIZE_MAX / 2) {
		out->overflowed = true;
		return;
	}
	size_t len = (bytes.len + 2) / 3 * 4;
	char *to = len ? buf_reserve(out, len) : NULL;
	if (!to)
		return;
	size_t at = 0;
	for (; bytes.len - at >= 3; at += 3) {
		const unsigned char *from =
		    (const unsigned char *)bytes.ptr + at;
		uint32_t bits =
		    (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 63];
		*to++ = alphabet[bits >> 6 & 63];
		*to++ = alphabet[bits & 63];
	}
	size_t left = bytes.len - at;
	if (left) {
		uint32_t bits = (uint32_t)(unsigned char)bytes.ptr[at] << 16;
		if (left == 2)
			bits |= (uint32_t)(unsigned char)bytes.ptr[at + 1] << 8;
		*to++ = alphabet[bits >> 18];
		*to++ = alphabet[bits >> 12 & 63];
		*to++ = left == 2 ? alphabet[bits >> 6 & 63] : '=';
		*to++ = '=';
	}
	buf_commit(out, len);
}

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

// Decodes the 2 to 4 characters of a group to 1 to 3 bytes. Returns false if an
// unused bit is set (RFC 4648 section 3.5) or if a character is not base64.
static bool decode_group(const char *from, size_t chars, char to[3])
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		int value = i < chars ? value_of(from[i]) : 0;
		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
	}
	if ((chars == 2 && bits & 0xffff) || (chars == 3 && bits & 0xff))
		return false;
	to[0] = (char)(bits >> 16);
	to[1] = (char)(bits >> 8);
	to[2] = (char)bits;
	return true;
}

enum rc base64_decode(struct view text, struct buf *out)
{
	if (text.len % 4)
		return RC_SYNTAX;
	size_t start = out->len;
	for (size_t at = 0; at < text.len; at += 4) {
		size_t chars = 4;
		if (at + 4 == text.len && text.ptr[at + 3] == '=')
			chars = text.ptr[at + 2] == '=' ? 2 : 3;
		char bytes[3];
		if (!decode_group(text.ptr + at, chars, bytes)) {
			buf_truncate(out, start);
			return RC_SYNTAX;
		}
		buf_add(out, view_of(bytes, chars - 1));
	}
	if (buf_status(out) != RC_OK)
		buf_truncate(out, start);
	return buf_status(out);
}
