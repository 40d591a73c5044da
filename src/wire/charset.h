// SPDX-License-Identifier: Apache-2.0
// Converts any charset of mail to UTF-8, piece by piece. ICU does the
// conversion, except for ASCII, UTF-8 and Latin-1, which are done here. The
// result is always valid UTF-8.
//
// Opening a converter is expensive, so a cache keeps converters that were used.
// A cache belongs to one thread at a time (a session, a worker, a command).
// Caches share nothing.
#ifndef ROOST_WIRE_CHARSET_H
#define ROOST_WIRE_CHARSET_H

#include "base/buf.h"

#define CHARSET_NAME_MAX  63 // a longer name is an unknown charset
#define CHARSET_CACHE_MAX 8  // converters kept in a cache

struct UConverter;

struct charset_cache {
	struct charset_cached {
		char name[CHARSET_NAME_MAX +
			  1]; // the name that ICU uses, with a NUL
		struct UConverter *converter; // owned; NULL: the entry is free
	} entries[CHARSET_CACHE_MAX];
	uint32_t turn; // the entry that is replaced next
};

void charset_cache_init(struct charset_cache *cache); // opens nothing yet
void charset_cache_done(struct charset_cache *cache);

enum charset_kind {
	// For US-ASCII, no charset, and "unknown-8bit": ASCII. Other bytes are
	// UTF-8 where that is valid, otherwise windows-1252.
	CHARSET_GUESS,
	CHARSET_UTF8,         // bad sequences become U+FFFD
	CHARSET_WINDOWS_1252, // also for ISO-8859-1, as all programs do
	CHARSET_ICU,
};

struct charset_decoder {
	enum charset_kind kind;
	uint8_t held_len; // UTF-8: bytes of an incomplete character
	char held[4];
	bool malformed; // bytes were found that the charset does not have
	uint16_t high; // ICU: the first half of a surrogate pair
	struct charset_cache *cache;
	struct UConverter *converter; // CHARSET_ICU only; belongs to the cache
	char name[CHARSET_NAME_MAX + 1];
};

// Whether the charset is known, by any of the names that mail uses for it
// (SEARCH CHARSET). Quotes around the name, and what mail programs leave before
// and after it ("charset=utf-8; format=flowed"), are accepted. Names that say
// nothing ("unknown-8bit") can be opened, but are not known.
bool charset_is_known(struct view name);

// Opens a decoder for `name` (as in a Content-Type or an encoded word; a
// language after "*", RFC 2231 section 5, is ignored). The empty name opens
// CHARSET_GUESS. RC_CHARSET: the charset is unknown; `*ret_decoder` is not
// changed. `cache` must outlive the decoder.
MUST_CHECK enum rc charset_decoder_open(struct charset_cache *cache,
    struct view name, struct charset_decoder *ret_decoder);
// Gives the converter back to the cache. Safe to repeat, and safe on zeroed
// memory.
void charset_decoder_close(struct charset_decoder *decoder);

// Whether both read the same charset, whatever names it was opened by.
bool charset_is_same(
    const struct charset_decoder *one, const struct charset_decoder *other);

// Converts `piece` and adds the result to `out`. A character may be cut between
// two pieces. When `out` is full, the rest is lost and buf_status(out) says so.
void charset_decode(
    struct charset_decoder *decoder, struct view piece, struct buf *out);
// Ends the text: an incomplete character becomes U+FFFD (for CHARSET_GUESS,
// windows-1252). The decoder can then be used for another text.
void charset_decode_end(struct charset_decoder *decoder, struct buf *out);

// Whether decoding `piece` would not change it, and the decoder holds nothing
// from before. Then the caller may use `piece` itself.
bool charset_is_identity(
    const struct charset_decoder *decoder, struct view piece);

#endif
