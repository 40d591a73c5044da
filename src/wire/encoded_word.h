// SPDX-License-Identifier: Apache-2.0
// Converts encoded words (RFC 2047) to UTF-8, leniently: an encoded word is
// found wherever it stands, its Q text may have blanks, and damaged base64
// gives the characters that can be read. A word in an unknown charset is read
// as CHARSET_GUESS, so that its ASCII text can be read and found. A word in an
// unknown encoding is not changed. Bytes over 0x7f outside of words are kept
// where they are valid UTF-8, and are otherwise read as windows-1252. The
// result is valid UTF-8. Linear.
#ifndef ROOST_WIRE_ENCODED_WORD_H
#define ROOST_WIRE_ENCODED_WORD_H

#include "wire/charset.h"

// Decodes `raw`, the value of an unstructured field (or an address's name), and
// adds it to `out`: unfolded, with decoded words, without the white space
// between adjacent words (RFC 2047 section 6.2). Adjacent words of one charset
// are read as one text: a character, a shift state (as of ISO-2022-JP), an
// escape of Q or a group of base64 may begin in one word and end in the next.
// Control characters other than HTAB become SP, so the result is one line.
void encoded_word_decode(
    struct charset_cache *cache, struct view raw, struct buf *out);

// The same by the rules of RFC 2047, for RFC 8621 section 4.1.2.2: a word is
// decoded only if its charset is known, it has no blanks inside, and it stands
// alone: between white space, or directly beside another word (which RFC 2047
// forbids, too, but no text means it). Control characters in words are dropped;
// others stay.
void encoded_word_decode_strictly(
    struct charset_cache *cache, struct view raw, struct buf *out);

// The parts of one encoded word, as they stand.
struct encoded_word {
	struct view charset; // with the language after "*", if any
	bool base64;         // false: Q
	struct view text;
	size_t len; // of the whole word, with "=?" and "?="
};

// Reads the encoded word at the beginning of `text`. Returns false when there
// is none. It does not read beyond the next "=?".
bool encoded_word_read(struct view text, struct encoded_word *ret_word);

#endif
