// SPDX-License-Identifier: Apache-2.0
#include "wire/xtext.h"

#include "base/ascii.h"
#include "wire/utf8.h"

static const char hex_digits[] = "0123456789ABCDEF";

// Tells whether `c` is an xchar (RFC 3461 section 4): "!" to "~" except "+" and
// "=".
static bool is_xchar(char c)
{
	return c > ' ' && c < 0x7f && c != '+' && c != '=';
}

// Tells whether `code` is a QCHAR (RFC 6533 section 3): an xchar except a
// backslash.
static bool is_qchar(uint32_t code)
{
	return code > ' ' && code < 0x7f && code != '+' && code != '=' &&
	       code != '\\';
}

static size_t plain_len(struct view text)
{
	size_t len = 0;
	while (len < text.len && is_xchar(text.ptr[len]))
		len++;
	return len;
}

void xtext_encode(struct view text, struct buf *out)
{
	while (text.len) {
		size_t plain = plain_len(text);
		buf_add(out, view_slice(text, 0, plain));
		text = view_from(text, plain);
		if (text.len == 0)
			return;
		unsigned byte = (unsigned char)text.ptr[0];
		char escape[] = {
		    '+', hex_digits[byte >> 4], hex_digits[byte & 15]};
		buf_add(out, view_of(escape, sizeof(escape)));
		text = view_from(text, 1);
	}
}

// Reads "+HH" at the front of `text`, which is not empty.
static bool hex_pair(struct view text, char *ret_byte)
{
	if (text.ptr[0] != '+' || text.len < 3)
		return false;
	int high = ascii_hex_value(text.ptr[1]);
	int low = ascii_hex_value(text.ptr[2]);
	if (high < 0 || low < 0)
		return false;
	*ret_byte = (char)(high * 16 + low);
	return true;
}

// If there was an error, removes the bytes that were added after `before`.
static enum rc settle(struct buf *out, size_t before, bool overflowed, bool ok)
{
	enum rc rc = out->overflowed ? RC_LIMIT : RC_OK;
	if (!ok)
		rc = RC_SYNTAX;
	if (rc != RC_OK)
		buf_truncate(out, before);
	out->overflowed = overflowed;
	return rc;
}

enum rc xtext_decode(struct view text, struct buf *out)
{
	size_t before = out->len;
	bool overflowed = out->overflowed;
	bool ok = true;
	out->overflowed = false;
	while (text.len && ok) {
		size_t plain = plain_len(text);
		buf_add(out, view_slice(text, 0, plain));
		text = view_from(text, plain);
		if (text.len == 0)
			break;
		char byte;
		ok = hex_pair(text, &byte);
		if (ok)
			buf_add_char(out, byte);
		text = view_from(text, 3);
	}
	return settle(out, before, overflowed, ok);
}

// ---- Addresses in UTF-8 -------------------------------------------------

static void encode_code(uint32_t code, struct buf *out)
{
	if (is_qchar(code))
		buf_add_char(out, (char)code);
	else
		buf_printf(out, "\\x{%02X}", (unsigned)code);
}

void utf8_addr_xtext_encode(struct view address, struct buf *out)
{
	uint32_t code;
	while (utf8_next(&address, &code))
		encode_code(code, out);
}

void utf8_addr_unitext_encode(struct view address, struct buf *out)
{
	uint32_t code;
	while (utf8_next(&address, &code)) {
		if (code > 0x7f)
			utf8_add(out, code);
		else
			encode_code(code, out);
	}
}

// Reads "\x{HEX}" at the front of `text` (EmbeddedUnicodeChar, RFC 6533 section
// 3). Returns its length, or 0 if it is not valid.
static size_t embedded(struct view text, uint32_t *ret_code)
{
	uint32_t code = 0;
	size_t at = 3;
	if (!view_starts_with(text, VIEW("\\x{")))
		return 0;
	for (; at < text.len && at < 9; at++) {
		int digit = ascii_hex_value(text.ptr[at]);
		if (digit < 0)
			break;
		code = code * 16 + (uint32_t)digit;
	}
	if (at < 5 || at >= text.len || text.ptr[at] != '}')
		return 0;
	// The grammar allows "01" to "0F" but not "00". All other numbers must
	// not begin with "0".
	if (text.ptr[3] == '0' && !(at == 5 && code > 0))
		return 0;
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	if (code == 0 || is_qchar(code) || surrogate || code > 0x10ffff)
		return 0;
	*ret_code = code;
	return at + 1;
}

enum rc utf8_addr_decode(struct view text, struct buf *out)
{
	size_t before = out->len;
	bool overflowed = out->overflowed;
	bool ok = true;
	out->overflowed = false;
	while (text.len && ok) {
		uint32_t code;
		size_t len;
		char byte;
		if (text.ptr[0] == '\\') {
			len = embedded(text, &code);
			ok = len > 0;
			if (ok)
				utf8_add(out, code);
		} else if (text.ptr[0] == '+') {
			// RFC 6533 section 3: if the peer has no SMTPUTF8, this
			// form is also encoded as xtext.
			len = 3;
			ok = hex_pair(text, &byte) && !(byte & 0x80);
			if (ok)
				buf_add_char(out, byte);
		} else {
			ok = utf8_peek(text, &code, &len) == RC_OK &&
			     (code > 0x7f || is_qchar(code));
			if (ok)
				buf_add(out, view_slice(text, 0, len));
		}
		text = view_from(text, ok ? len : text.len);
	}
	return settle(out, before, overflowed, ok);
}
