// SPDX-License-Identifier: Apache-2.0
// Any bytes in any charset, as encoded words, parameters and subjects: what
// comes out is valid UTF-8, the same however it was cut - into pieces, or into
// adjacent encoded words - and found again.
#include "wire/base64.h"
#include "wire/encoded_word.h"
#include "wire/fold.h"
#include "wire/param_value.h"
#include "wire/subject.h"
#include "wire/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"", "utf-8", "iso-8859-1", "koi8-r",
    "gb18030", "big5", "iso-2022-jp", "iso-2022-kr", "euc-jp", "shift_jis",
    "euc-kr", "utf-16", "utf-16le", "utf-7", "hz-gb-2312", "windows-1255",
    "big5-hkscs", "iso-2022-cn", "utf-32"};

static void must(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static void decode(struct charset_cache *cache, const char *name,
    struct view raw, size_t step, struct buf *out)
{
	struct charset_decoder decoder;
	must(charset_decoder_open(cache, view_of_string(name), &decoder) ==
	     RC_OK);
	for (size_t at = 0; at < raw.len; at += step) {
		struct view piece = view_slice(raw, at, step);
		if (charset_is_identity(&decoder, piece))
			buf_add(out, piece);
		else
			charset_decode(&decoder, piece, out);
	}
	charset_decode_end(&decoder, out);
	charset_decoder_close(&decoder);
}

static void check_charset(
    struct charset_cache *cache, const char *name, struct view raw, size_t step)
{
	struct buf whole;
	struct buf pieces;
	buf_init(&whole, 16 * raw.len + 20000);
	buf_init(&pieces, 16 * raw.len + 20000);
	decode(cache, name, raw, raw.len + 1, &whole);
	decode(cache, name, raw, step, &pieces);
	must(buf_status(&whole) == RC_OK && utf8_is_valid(buf_view(&whole)));
	must(view_eq(buf_view(&whole), buf_view(&pieces)));
	buf_done(&whole);
	buf_done(&pieces);
}

static void add_word(
    struct buf *out, const char *name, char kind, struct view text)
{
	buf_printf(out, " =?%s?%c?", name, kind);
	buf_add(out, text);
	buf_add_literal(out, "?=");
}

// The three ways to cut a text into words: its bytes, in base64 and in Q, and
// its base64.
static void add_words(struct buf *out, const char *name, struct view raw,
    size_t step, unsigned way)
{
	struct buf text;
	buf_init(&text, raw.len * 4 + 16);
	if (way == 2) {
		base64_encode(raw, &text);
		for (size_t at = 0; at < text.len; at += step)
			add_word(out, name, 'b',
			    view_slice(buf_view(&text), at, step));
	}
	for (size_t at = 0; way < 2 && at < raw.len; at += step) {
		struct view piece = view_slice(raw, at, step);
		buf_reset(&text);
		if (way == 0)
			base64_encode(piece, &text);
		for (size_t i = 0; way == 1 && i < piece.len; i++)
			buf_printf(&text, "=%02X",
			    (unsigned)(unsigned char)piece.ptr[i]);
		add_word(out, name, way == 0 ? 'B' : 'Q', buf_view(&text));
	}
	buf_done(&text);
}

static void check_cut_words(
    struct charset_cache *cache, const char *name, struct view raw, size_t step)
{
	struct buf whole;
	buf_init(&whole, 16 * raw.len + 20000);
	decode(cache, name, raw, raw.len + 1, &whole);
	utf8_blank_controls(&whole, 0);
	for (unsigned way = 0; *name && raw.len && way < 3; way++) {
		struct buf words;
		struct buf out;
		buf_init(&words, 64 * raw.len + 1000);
		buf_init(&out, 16 * raw.len + 20000);
		add_words(&words, name, raw, step, way);
		must(buf_status(&words) == RC_OK);
		encoded_word_decode(cache, view_trim(buf_view(&words)), &out);
		must(view_eq(buf_view(&out), buf_view(&whole)));
		buf_done(&words);
		buf_done(&out);
	}
	buf_done(&whole);
}

static void check_fold(struct view text, size_t step)
{
	for (int mode = FOLD_CASEMAP; mode <= FOLD_SEARCH; mode++) {
		struct fold fold;
		struct buf whole;
		struct buf pieces;
		buf_init(&whole, text.len * FOLD_GROWTH_MAX + 16);
		buf_init(&pieces, text.len * FOLD_GROWTH_MAX + 16);
		fold_text((enum fold_mode)mode, text, &whole);
		fold_init(&fold, (enum fold_mode)mode);
		for (size_t at = 0; at < text.len; at += step)
			fold_feed(&fold, view_slice(text, at, step), &pieces);
		fold_end(&fold, &pieces);
		must(buf_status(&whole) == RC_OK);
		must(utf8_is_valid(buf_view(&whole)));
		must(view_eq(buf_view(&whole), buf_view(&pieces)));
		buf_done(&whole);
		buf_done(&pieces);
	}
}

static void check_words(struct charset_cache *cache, struct view raw)
{
	struct buf out;
	bool reply;
	buf_init(&out, 16 * raw.len + 20000);
	encoded_word_decode(cache, raw, &out);
	must(buf_status(&out) == RC_OK && utf8_is_valid(buf_view(&out)));
	for (size_t i = 0; i < out.len; i++)
		must((unsigned char)out.ptr[i] >= ' ' || out.ptr[i] == '\t');
	buf_reset(&out);
	encoded_word_decode_strictly(cache, raw, &out);
	must(buf_status(&out) == RC_OK && utf8_is_valid(buf_view(&out)));
	buf_reset(&out);
	subject_base(cache, raw, &out, &reply);
	must(utf8_is_valid(buf_view(&out)));
	must(out.len == 0 || out.ptr[out.len - 1] != ' ');
	buf_done(&out);
}

static void check_params(struct charset_cache *cache, struct view raw)
{
	struct param params[8];
	struct buf out;
	size_t count = 0;
	buf_init(&out, 16 * raw.len + 20000);
	while (count < ARRAY_LEN(params) &&
	       view_split(&raw, '\n', &params[count].name) &&
	       view_split(&raw, '\n', &params[count].value))
		count++;
	if (param_value_decode(cache, params, count, VIEW("n"), &out) == RC_OK)
		must(utf8_is_valid(buf_view(&out)));
	else
		must(out.len == 0);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *name = names[data[0] % ARRAY_LEN(names)];
	size_t step = data[1] % 16 + 1u;
	struct view raw = view_of(data + 2, size - 2);
	struct charset_cache cache;
	charset_cache_init(&cache);
	check_charset(&cache, name, raw, step);
	check_cut_words(&cache, name, view_slice(raw, 0, 400), step);
	check_fold(raw, step);
	check_words(&cache, raw);
	check_params(&cache, raw);
	charset_cache_done(&cache);
	return 0;
}
