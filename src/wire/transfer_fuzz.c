// SPDX-License-Identifier: Apache-2.0
// Transfer encodings: decoding does not depend on where the data is cut, stays
// within its bounds, and undoes encoding.
#include "wire/base64.h"
#include "wire/text_stream.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static bool decode(enum transfer_encoding encoding, struct view raw,
    size_t step, struct buf *out)
{
	struct transfer_decoder decoder;
	transfer_decoder_init(&decoder, encoding);
	for (size_t at = 0; at < raw.len; at += step)
		transfer_decode(&decoder, view_slice(raw, at, step), out);
	transfer_decode_end(&decoder, out);
	return decoder.malformed;
}

static void check_encoding(
    enum transfer_encoding encoding, struct view raw, size_t step)
{
	struct buf whole;
	struct buf pieces;
	buf_init(&whole, raw.len + TRANSFER_BLANKS_MAX + 16);
	buf_init(&pieces, raw.len + TRANSFER_BLANKS_MAX + 16);
	bool malformed = decode(encoding, raw, raw.len + 1, &whole);
	must(decode(encoding, raw, step, &pieces) == malformed);
	must(buf_status(&whole) == RC_OK && whole.len <= raw.len);
	must(view_eq(buf_view(&whole), buf_view(&pieces)));
	buf_done(&whole);
	buf_done(&pieces);
}

static void check_base64(struct view raw)
{
	struct buf text;
	struct buf bytes;
	buf_init(&text, raw.len * 2 + 8);
	buf_init(&bytes, raw.len + 8);
	base64_encode(raw, &text);
	must(base64_decode(buf_view(&text), &bytes) == RC_OK);
	must(view_eq(buf_view(&bytes), raw));
	buf_reset(&bytes);
	must(!decode(TRANSFER_BASE64, buf_view(&text), text.len + 1, &bytes));
	must(view_eq(buf_view(&bytes), raw));
	// What the strict decoder takes is canonical.
	buf_reset(&bytes);
	if (base64_decode(raw, &bytes) == RC_OK) {
		buf_reset(&text);
		base64_encode(buf_view(&bytes), &text);
		must(view_eq(buf_view(&text), raw));
	}
	buf_done(&text);
	buf_done(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	enum transfer_encoding encoding = data[0] % (TRANSFER_UNKNOWN + 1u);
	struct view raw = view_of(data + 2, size - 2);
	check_encoding(encoding, raw, data[1] % 16 + 1u);
	check_base64(raw);
	(void)transfer_encoding_parse(raw);
	static const char *const charsets[] = {
	    "", "utf-8", "iso-8859-1", "utf-16", "iso-2022-jp"};
	const char *charset = charsets[data[1] / 16 % ARRAY_LEN(charsets)];
	struct charset_cache cache;
	struct buf out;
	charset_cache_init(&cache);
	struct text_stream stream;
	struct view text;
	buf_init(&out, 8 * raw.len + 1000);
	text_stream_init(&stream, &cache, encoding, view_of_string(charset));
	while (text_stream_next(&stream, &raw, true, &text)) {
		must(text.len > 0 && utf8_is_valid(text));
		buf_add(&out, text);
	}
	must(buf_status(&out) == RC_OK);
	text_stream_done(&stream);
	buf_done(&out);
	charset_cache_done(&cache);
	return 0;
}
