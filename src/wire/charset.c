// SPDX-License-Identifier: Apache-2.0
// The names of charsets are compared by a "key", which is the name without case
// and punctuation, as in ICU. Only keys from ICU's own alias table reach
// ucnv_open(). So a name from outside cannot become a file name or a converter
// option.
#include "wire/charset.h"

#include <string.h>
#include <unicode/ucnv.h>
#include <unicode/ucnv_cb.h>

#include "base/ascii.h"
#include "wire/utf8.h"

#define ICU_PIECE 2048 // UTF-16 units in one conversion, on the stack

struct charset_alias {
	const char *key;
	enum charset_kind kind;
	const char *icu; // ICU's name, if the kind is CHARSET_ICU
};

// This table has charsets that need no ICU and charsets that ICU does not know.
// It also has charsets that Roost reads as a larger charset, because real mail
// with the smaller name uses the larger one.
static const struct charset_alias aliases[] = {
    {"usascii", CHARSET_GUESS, NULL},
    {"ascii", CHARSET_GUESS, NULL},
    {"ansix341968", CHARSET_GUESS, NULL},
    {"ansix341986", CHARSET_GUESS, NULL},
    {"iso646us", CHARSET_GUESS, NULL},
    {"us", CHARSET_GUESS, NULL},
    {"utf8", CHARSET_UTF8, NULL},
    {"unicode11utf8", CHARSET_UTF8, NULL},
    {"utf8mb4", CHARSET_UTF8, NULL},
    {"utf8mb3", CHARSET_UTF8, NULL},
    {"utf8n", CHARSET_UTF8, NULL},
    {"utf8mac", CHARSET_UTF8, NULL},
    {"utf", CHARSET_UTF8, NULL},
    {"cp65001", CHARSET_UTF8, NULL},
    {"iso88591", CHARSET_WINDOWS_1252, NULL},
    {"88591", CHARSET_WINDOWS_1252, NULL},
    {"latin1", CHARSET_WINDOWS_1252, NULL},
    {"l1", CHARSET_WINDOWS_1252, NULL},
    {"isoir100", CHARSET_WINDOWS_1252, NULL},
    {"iso885911987", CHARSET_WINDOWS_1252, NULL},
    {"cp819", CHARSET_WINDOWS_1252, NULL},
    {"ibm819", CHARSET_WINDOWS_1252, NULL},
    {"windows1252", CHARSET_WINDOWS_1252, NULL},
    {"win1252", CHARSET_WINDOWS_1252, NULL},
    {"cp1252", CHARSET_WINDOWS_1252, NULL},
    {"ansi", CHARSET_WINDOWS_1252, NULL},
    {"ansix31101983", CHARSET_WINDOWS_1252, NULL}, // always a wrong name
    {"isolatin1", CHARSET_WINDOWS_1252, NULL},
    {"isolatin", CHARSET_WINDOWS_1252, NULL},
    {"iso88591windows31latin1", CHARSET_WINDOWS_1252, NULL},
    {"iso88599", CHARSET_ICU, "windows-1254"},
    {"latin5", CHARSET_ICU, "windows-1254"},
    {"iso885911", CHARSET_ICU, "windows-874"},
    {"tis620", CHARSET_ICU, "windows-874"},
    {"win874", CHARSET_ICU, "windows-874"},
    {"win1250", CHARSET_ICU, "windows-1250"},
    {"win1251", CHARSET_ICU, "windows-1251"},
    {"win1253", CHARSET_ICU, "windows-1253"},
    {"win1254", CHARSET_ICU, "windows-1254"},
    {"win1255", CHARSET_ICU, "windows-1255"},
    {"win1256", CHARSET_ICU, "windows-1256"},
    {"win1257", CHARSET_ICU, "windows-1257"},
    {"win1258", CHARSET_ICU, "windows-1258"},
    {"koi8", CHARSET_ICU, "koi8-r"},
    {"koi8ru", CHARSET_ICU, "koi8-u"},
    {"gb2312", CHARSET_ICU, "gb18030"},
    {"gb231280", CHARSET_ICU, "gb18030"},
    {"csgb2312", CHARSET_ICU, "gb18030"},
    {"euccn", CHARSET_ICU, "gb18030"},
    {"gbk", CHARSET_ICU, "gb18030"},
    {"cp936", CHARSET_ICU, "gb18030"},
    {"ms936", CHARSET_ICU, "gb18030"},
    {"windows936", CHARSET_ICU, "gb18030"},
    {"euckr", CHARSET_ICU, "windows-949"},
    {"ksc56011987", CHARSET_ICU, "windows-949"},
    {"ksc5601", CHARSET_ICU, "windows-949"},
    {"cp949", CHARSET_ICU, "windows-949"},
    {"uhc", CHARSET_ICU, "windows-949"},
    {"korean", CHARSET_ICU, "windows-949"},
    {"ksc56011989", CHARSET_ICU, "windows-949"},
    // This variant knows the character sets of all the others and also the
    // half-width katakana in eight bits.
    {"iso2022jp", CHARSET_ICU, "jis8"},
    {"iso2022jp1", CHARSET_ICU, "jis8"},
    {"iso2022jp2", CHARSET_ICU, "jis8"},
    {"iso2022jp3", CHARSET_ICU, "jis8"},
    {"iso2022jp2004", CHARSET_ICU, "jis8"},
    {"csiso2022jp", CHARSET_ICU, "jis8"},
    {"csiso2022jp2", CHARSET_ICU, "jis8"},
    {"jis", CHARSET_ICU, "jis8"},
    {"jis7", CHARSET_ICU, "jis8"},
    {"cp50220", CHARSET_ICU, "jis8"},
    {"cp50221", CHARSET_ICU, "jis8"},
    {"cp50222", CHARSET_ICU, "jis8"},
    {"iso2022jpms", CHARSET_ICU, "jis8"},
    {"iso2022cnext", CHARSET_ICU, "iso-2022-cn-ext"},
    {"sjiswin", CHARSET_ICU, "windows-31j"},
    {"shiftjis2004", CHARSET_ICU, "windows-31j"},
    {"eucjpwin", CHARSET_ICU, "euc-jp"},
    {"eucjpms", CHARSET_ICU, "euc-jp"},
    {"cngb", CHARSET_ICU, "gb18030"},
    {"gb", CHARSET_ICU, "gb18030"},
    {"chinese", CHARSET_ICU, "gb18030"},
    {"isoir58", CHARSET_ICU, "gb18030"},
    {"cnbig5", CHARSET_ICU, "big5"},
    {"big5eten", CHARSET_ICU, "big5"},
    {"isolatin2", CHARSET_ICU, "iso-8859-2"},
    {"visual", CHARSET_ICU, "iso-8859-8"},
    {"logical", CHARSET_ICU, "iso-8859-8"},
    {"1250", CHARSET_ICU, "windows-1250"},
    {"1251", CHARSET_ICU, "windows-1251"},
    {"dos850", CHARSET_ICU, "cp850"},
    {"unicode", CHARSET_ICU, "utf-16"},
    {"unicode11utf7", CHARSET_ICU, "utf-7"},
};

// These names have no useful meaning. Roost reads them as CHARSET_GUESS, but a
// client cannot ask for them.
static const char *const void_keys[] = {"", "unknown8bit", "unknown", "default",
    "none", "8bit", "7bit", "userdefined", "binary"};

// Returns only the name. It removes quotes, a language (RFC 2231 section 5),
// parameters after the name, and a second "charset=", which some programs
// write.
static struct view name_proper(struct view name)
{
	static const char before[] = "charset=";
	name = view_trim(name);
	while (name.len && (*name.ptr == '"' || *name.ptr == '\''))
		name = view_from(name, 1);
	if (view_starts_with_nocase(name, VIEW(before)))
		name = view_from(name, sizeof(before) - 1);
	while (name.len && (*name.ptr == '"' || *name.ptr == '\''))
		name = view_from(name, 1);
	size_t len = 0;
	while (len < name.len && !ascii_is_space(name.ptr[len]) &&
	       name.ptr[len] && !memchr("*;\"'", name.ptr[len], 4))
		len++;
	return view_slice(name, 0, len);
}

// Writes the key of `name`. Returns false if the name is too long or has a
// character that is not in any charset's name.
static bool key_of(struct view name, char key[CHARSET_NAME_MAX + 1])
{
	name = name_proper(name);
	if (name.len > CHARSET_NAME_MAX)
		return false;
	size_t len = 0;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (ascii_is_control(c) || (unsigned char)c >= 0x80 ||
		    c == ',' || c == '/')
			return false;
		if (ascii_is_alnum(c))
			key[len++] = ascii_lower(c);
	}
	key[len] = '\0';
	return len > 0 || name.len == 0;
}

static const struct charset_alias *find_alias(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (aliases[i].key[0] == key[0] &&
		    strcmp(aliases[i].key, key) == 0)
			return &aliases[i];
	return NULL;
}

static bool is_void_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(void_keys); i++)
		if (strcmp(void_keys[i], key) == 0)
			return true;
	return false;
}

// Replaces bad bytes by U+FFFD, because ICU's own callback uses U+001A for
// some. An "irregular" sequence is an escape or a shift without text before the
// next one. It occurs in ISO-2022-JP, -KR, -CN and HZ when a program joins
// pieces of text. It has no meaning and is harmless, so it gives no output.
static void replace_bad(const void *context, UConverterToUnicodeArgs *args,
    const char *bytes, int32_t len, UConverterCallbackReason reason,
    UErrorCode *error)
{
	(void)context;
	(void)bytes;
	(void)len;
	if (reason > UCNV_IRREGULAR)
		return; // ICU reports a reset, close or clone
	static const UChar replacement = 0xfffd;
	*error = U_ZERO_ERROR;
	if (reason == UCNV_IRREGULAR)
		return;
	ucnv_cbToUWriteUChars(args, &replacement, 1, 0, error);
}

static UConverter *open_converter(const char *name)
{
	UErrorCode error = U_ZERO_ERROR;
	if (ucnv_countAliases(name, &error) == 0 || U_FAILURE(error))
		return NULL;
	UConverter *converter = ucnv_open(name, &error);
	if (U_FAILURE(error))
		return NULL;
	ucnv_setToUCallBack(converter, replace_bad, NULL, NULL, NULL, &error);
	if (U_FAILURE(error)) {
		ucnv_close(converter);
		return NULL;
	}
	return converter;
}

void charset_cache_init(struct charset_cache *cache)
{
	memset(cache, 0, sizeof(*cache));
}

void charset_cache_done(struct charset_cache *cache)
{
	for (size_t i = 0; i < CHARSET_CACHE_MAX; i++)
		if (cache->entries[i].converter)
			ucnv_close(cache->entries[i].converter);
	charset_cache_init(cache);
}

static UConverter *cache_take(struct charset_cache *cache, const char *name)
{
	for (size_t i = 0; i < CHARSET_CACHE_MAX; i++) {
		struct charset_cached *entry = &cache->entries[i];
		if (entry->converter && strcmp(entry->name, name) == 0) {
			UConverter *converter = entry->converter;
			entry->converter = NULL;
			return converter;
		}
	}
	return NULL;
}

static void cache_give(
    struct charset_cache *cache, const char *name, UConverter *converter)
{
	size_t place = CHARSET_CACHE_MAX;
	for (size_t i = 0; i < CHARSET_CACHE_MAX; i++)
		if (!cache->entries[i].converter)
			place = i;
	if (place == CHARSET_CACHE_MAX) {
		place = cache->turn++ % CHARSET_CACHE_MAX;
		ucnv_close(cache->entries[place].converter);
	}
	struct charset_cached *entry = &cache->entries[place];
	entry->converter = converter;
	memcpy(entry->name, name, strlen(name) + 1);
}

// Finds the charset of `key`. Returns RC_CHARSET if the charset is unknown.
// `cache` may be NULL.
static enum rc resolve(struct charset_cache *cache, const char *key,
    struct charset_decoder *decoder)
{
	const struct charset_alias *alias = find_alias(key);
	if (!alias && key[0] == 'x' && key[1]) {
		key++; // for "x-sjis" and "x-mac-cyrillic"
		alias = find_alias(key);
	}
	if (alias && alias->kind != CHARSET_ICU) {
		decoder->kind = alias->kind;
		return RC_OK;
	}
	if (is_void_key(key)) {
		decoder->kind = CHARSET_GUESS;
		return RC_OK;
	}
	const char *name = alias ? alias->icu : key;
	decoder->kind = CHARSET_ICU;
	decoder->converter = cache ? cache_take(cache, name) : NULL;
	if (!decoder->converter)
		decoder->converter = open_converter(name);
	if (!decoder->converter)
		return RC_CHARSET;
	memcpy(decoder->name, name, strlen(name) + 1);
	return RC_OK;
}

bool charset_is_known(struct view name)
{
	char key[CHARSET_NAME_MAX + 1];
	if (!key_of(name, key))
		return false;
	const char *plain = key[0] == 'x' ? key + 1 : key;
	if (key[0] && is_void_key(plain))
		return false;
	struct charset_decoder decoder = {0};
	if (resolve(NULL, key, &decoder) != RC_OK)
		return false;
	if (decoder.converter)
		ucnv_close(decoder.converter);
	return true;
}

enum rc charset_decoder_open(struct charset_cache *cache, struct view name,
    struct charset_decoder *ret_decoder)
{
	char key[CHARSET_NAME_MAX + 1];
	struct charset_decoder decoder = {.cache = cache};
	if (!key_of(name, key) || resolve(cache, key, &decoder) != RC_OK)
		return RC_CHARSET;
	*ret_decoder = decoder;
	return RC_OK;
}

bool charset_is_same(
    const struct charset_decoder *one, const struct charset_decoder *other)
{
	return one->kind == other->kind &&
	       (one->kind != CHARSET_ICU ||
		   strcmp(one->name, other->name) == 0);
}

void charset_decoder_close(struct charset_decoder *decoder)
{
	if (decoder->converter) {
		ucnv_resetToUnicode(decoder->converter);
		cache_give(decoder->cache, decoder->name, decoder->converter);
	}
	decoder->converter = NULL;
	decoder->held_len = 0;
	decoder->high = 0;
}

// ---- windows-1252, UTF-8, and the guess between them --------------------

static void add_1252(struct buf *out, struct view bytes)
{
	// This table is for 0x80 to 0x9f. Five of these bytes are undefined;
	// they stay control characters, as in browsers.
	static const uint16_t high[32] = {0x20ac, 0x81, 0x201a, 0x0192, 0x201e,
	    0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
	    0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,
	    0x017e, 0x0178};
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.ptr[i];
		utf8_add(out, c >= 0x80 && c < 0xa0 ? high[c - 0x80] : c);
	}
}

static void decode_1252(struct view piece, struct buf *out)
{
	while (piece.len && !out->overflowed) {
		size_t plain = utf8_ascii_len(piece);
		buf_add(out, view_slice(piece, 0, plain));
		size_t end = plain;
		while (end < piece.len && piece.ptr[end] & 0x80)
			end++;
		add_1252(out, view_slice(piece, plain, end - plain));
		piece = view_from(piece, end);
	}
}

static void add_bad(
    struct charset_decoder *decoder, struct view bytes, struct buf *out)
{
	decoder->malformed = true;
	if (decoder->kind == CHARSET_GUESS)
		add_1252(out, bytes);
	else
		utf8_add(out, UTF8_REPLACEMENT);
}

// Completes the character whose first bytes the decoder holds. The held bytes
// are always the start of a possible character. If the next byte makes the
// character invalid, that byte begins a new one.
static void decode_held(
    struct charset_decoder *decoder, struct view *piece, struct buf *out)
{
	while (decoder->held_len && piece->len) {
		uint32_t code;
		size_t len;
		decoder->held[decoder->held_len] = piece->ptr[0];
		struct view held =
		    view_of(decoder->held, decoder->held_len + 1u);
		enum rc rc = utf8_peek(held, &code, &len);
		if (rc == RC_INVALID) {
			held.len--;
			add_bad(decoder, held, out);
			decoder->held_len = 0;
			return;
		}
		*piece = view_from(*piece, 1);
		decoder->held_len++;
		if (rc == RC_OK) {
			buf_add(out, held);
			decoder->held_len = 0;
		}
	}
}

static void decode_utf8(
    struct charset_decoder *decoder, struct view piece, struct buf *out)
{
	decode_held(decoder, &piece, out);
	while (piece.len && !out->overflowed) {
		size_t good = utf8_ascii_len(piece);
		size_t len = 0;
		enum rc rc = RC_OK;
		while (good < piece.len) {
			uint32_t code;
			rc = utf8_peek(view_from(piece, good), &code, &len);
			if (rc != RC_OK)
				break;
			good += len;
		}
		buf_add(out, view_slice(piece, 0, good));
		piece = view_from(piece, good);
		if (rc == RC_INVALID)
			add_bad(decoder, view_slice(piece, 0, len), out);
		if (rc == RC_MORE) {
			memcpy(decoder->held, piece.ptr, len);
			decoder->held_len = (uint8_t)len;
		}
		if (rc != RC_OK)
			piece = view_from(piece, len);
	}
}

// ---- ICU ----------------------------------------------------------------

static size_t replacement_put(struct charset_decoder *decoder, char *to)
{
	decoder->malformed = true;
	return utf8_encode(UTF8_REPLACEMENT, to);
}

// Replaces a surrogate without its other half by U+FFFD. If a first half is at
// the end, it waits in decoder->high.
static void add_utf16(struct charset_decoder *decoder, const UChar *units,
    size_t count, struct buf *out)
{
	char *start = buf_reserve(out, count * 3 + 3);
	if (!start)
		return;
	char *to = start;
	for (size_t i = 0; i < count; i++) {
		uint32_t code = units[i];
		if (code < 0x80 && !decoder->high) {
			*to++ = (char)code;
			continue;
		}
		bool low = code >= 0xdc00 && code <= 0xdfff;
		if (decoder->high && low)
			code = 0x10000u +
			       ((uint32_t)(decoder->high - 0xd800) << 10) +
			       (code - 0xdc00);
		else if (decoder->high)
			to += replacement_put(decoder, to);
		decoder->high = 0;
		if (code >= 0xd800 && code <= 0xdbff)
			decoder->high = (uint16_t)code;
		else if ((code >= 0xdc00 && code <= 0xdfff) ||
			 code == UTF8_REPLACEMENT)
			to += replacement_put(decoder, to);
		else
			to += utf8_encode(code, to);
	}
	buf_commit(out, (size_t)(to - start));
}

static void decode_icu(struct charset_decoder *decoder, struct view piece,
    bool last, struct buf *out)
{
	UChar units[ICU_PIECE];
	const char *from = piece.ptr ? piece.ptr : "";
	const char *end = from + piece.len;
	UErrorCode error = U_BUFFER_OVERFLOW_ERROR;
	while (error == U_BUFFER_OVERFLOW_ERROR && !out->overflowed) {
		UChar *to = units;
		error = U_ZERO_ERROR;
		ucnv_toUnicode(decoder->converter, &to, units + ICU_PIECE,
		    &from, end, NULL, last, &error);
		add_utf16(decoder, units, (size_t)(to - units), out);
	}
	if (U_FAILURE(error) || last)
		ucnv_resetToUnicode(decoder->converter);
}

// ---- All ----------------------------------------------------------------

void charset_decode(
    struct charset_decoder *decoder, struct view piece, struct buf *out)
{
	if (piece.len == 0)
		return;
	switch (decoder->kind) {
	case CHARSET_GUESS:
	case CHARSET_UTF8: decode_utf8(decoder, piece, out); return;
	case CHARSET_WINDOWS_1252: decode_1252(piece, out); return;
	case CHARSET_ICU: decode_icu(decoder, piece, false, out); return;
	}
}

void charset_decode_end(struct charset_decoder *decoder, struct buf *out)
{
	if (decoder->kind == CHARSET_ICU) {
		decode_icu(decoder, view_of(NULL, 0), true, out);
		if (decoder->high) {
			decoder->malformed = true;
			utf8_add(out, UTF8_REPLACEMENT);
		}
	} else if (decoder->held_len) {
		add_bad(
		    decoder, view_of(decoder->held, decoder->held_len), out);
	}
	decoder->held_len = 0;
	decoder->high = 0;
}

bool charset_is_identity(
    const struct charset_decoder *decoder, struct view piece)
{
	if (decoder->held_len)
		return false;
	switch (decoder->kind) {
	case CHARSET_GUESS:
	case CHARSET_UTF8: return utf8_is_valid(piece);
	case CHARSET_WINDOWS_1252: return utf8_is_ascii(piece);
	case CHARSET_ICU: return false;
	}
	return false;
}
