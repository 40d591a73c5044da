// SPDX-License-Identifier: Apache-2.0
// Encoded words (RFC 2047) to UTF-8. Lenient: an encoded word is found wherever
// it stands, blanks inside its Q text are taken, damaged base64 gives what it
// can. A word in an unknown charset is read as CHARSET_GUESS, so that what is
// plain in it can be read and found; one in an unknown encoding stays as it is.
// Bytes over 0x7f outside of words: valid UTF-8 is kept, else windows-1252. What
// comes out is valid UTF-8. Linear.
#ifndef ROOST_WIRE_ENCODED_WORD_H
#define ROOST_WIRE_ENCODED_WORD_H

#include "wire/charset.h"

// Adds `raw`, the value of an unstructured field (or an address's name), to
// `out`: unfolded, words decoded, the white space between adjacent words left
// out (RFC 2047 section 6.2). Adjacent words of one charset are read as one text:
// a character, a shift state (ISO-2022-JP and its like), an escape of Q or a
// group of base64 may begin in one word and end in the next. Control characters in the result other than HTAB become SP, so
// that it is one line.
void encoded_word_decode(
    struct charset_cache *cache, struct view raw, struct buf *out);

// The same for a phrase as it stands in the field: quotes and their escapes
// undone (encoded words inside are decoded too, as everybody does), comments
// left out, runs of white space one SP, none at the ends.
void encoded_word_decode_phrase(
    struct charset_cache *cache, struct view raw, struct buf *out);

// The parts of one encoded word, as they stand.
struct encoded_word {
	struct view charset; // a language after "*" included
	bool base64;         // else Q
	struct view text;
	size_t len; // of all of it, "=?" and "?=" included
};

// Reads the encoded word that `text` begins with; false when there is none.
// Never looks beyond the next "=?".
bool encoded_word_read(struct view text, struct encoded_word *ret_word);

// False when encoded_word_decode() would give `raw` back as it is. Cheap.
bool encoded_word_is_needed(struct view raw);

#endif
