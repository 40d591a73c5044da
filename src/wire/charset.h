// SPDX-License-Identifier: Apache-2.0
// Any charset of mail to UTF-8, piece by piece. ICU does the conversion; ASCII,
// UTF-8 and Latin-1 are done here without touching it. What comes out is always
// valid UTF-8.
//
// A converter is costly to open, so a cache keeps those that were used. A cache
// belongs to one thread at a time (a session, a worker, a command); there is
// nothing shared between caches.
#ifndef ROOST_WIRE_CHARSET_H
#define ROOST_WIRE_CHARSET_H

#include "base/buf.h"

#define CHARSET_NAME_MAX  63 // longer names are unknown charsets
#define CHARSET_CACHE_MAX 8  // converters kept in a cache

struct UConverter;

struct charset_cache {
	struct charset_cached {
		char name[CHARSET_NAME_MAX + 1]; // ICU's, with a NUL
		struct UConverter *converter;    // owned; NULL: free place
	} entries[CHARSET_CACHE_MAX];
	uint32_t turn; // the entry to be replaced next
};

void charset_cache_init(struct charset_cache *cache); // opens nothing yet
void charset_cache_done(struct charset_cache *cache);

enum charset_kind {
	// US-ASCII, no charset, "unknown-8bit": ASCII; beyond it UTF-8 where it
	// is valid, else each byte as windows-1252.
	CHARSET_GUESS,
	CHARSET_UTF8,         // bad sequences become U+FFFD
	CHARSET_WINDOWS_1252, // ISO-8859-1 too, as everybody reads it
	CHARSET_ICU,
};

struct charset_decoder {
	enum charset_kind kind;
	uint8_t held_len; // UTF-8: the beginning of a character
	char held[4];
	uint16_t high; // ICU: the first half of a surrogate pair
	struct charset_cache *cache;
	struct UConverter *converter; // CHARSET_ICU only, out of the cache
	char name[CHARSET_NAME_MAX + 1];
};

// True when the charset is known, under the names mail uses for it (SEARCH
// CHARSET). Quotes around the name and what mail programs leave before and after
// it ("charset=utf-8; format=flowed") are accepted; names that say nothing
// ("unknown-8bit") can be opened but are not known.
bool charset_is_known(struct view name);

// Opens a decoder for `name` (as in a Content-Type or an encoded word; a
// language after "*", RFC 2231 section 5, is ignored). The empty name opens
// CHARSET_GUESS. RC_CHARSET: nobody knows it; `*ret_decoder` is not touched.
// `cache` outlives the decoder.
MUST_CHECK enum rc charset_decoder_open(struct charset_cache *cache,
    struct view name, struct charset_decoder *ret_decoder);
// Gives the converter back to the cache. Safe to repeat, and on zeroed memory.
void charset_decoder_close(struct charset_decoder *decoder);

// True when both read one charset, whatever it was called.
bool charset_is_same(
    const struct charset_decoder *one, const struct charset_decoder *other);

// Converts `piece` to the end of `out`. A character may be cut anywhere between
// two pieces. When `out` is full, the rest is lost and buf_status(out) says so.
void charset_decode(
    struct charset_decoder *decoder, struct view piece, struct buf *out);
// The end: a character cut short becomes U+FFFD (or windows-1252, for
// CHARSET_GUESS). The decoder is ready for another text.
void charset_decode_end(struct charset_decoder *decoder, struct buf *out);

// True when `piece` would come out as it is, and nothing is held: the caller
// may use it as it stands instead of decoding it.
bool charset_is_identity(
    const struct charset_decoder *decoder, struct view piece);

#endif
