// SPDX-License-Identifier: Apache-2.0
// CBOR (RFC 8949) as WebAuthn uses it: the canonical form of CTAP2. Integers
// and lengths have their shortest form, lengths are known in advance, and there
// are no tags and no floating-point numbers. Anything else is refused, but for
// the order of keys, which some authenticators do not keep. Reads only; nothing
// is copied.
#ifndef ROOST_WIRE_CBOR_H
#define ROOST_WIRE_CBOR_H

#include "base/rc.h"
#include "base/view.h"

#define CBOR_DEPTH_MAX 8 // arrays and maps in one another

enum cbor_type {
	CBOR_UNSIGNED, // `number`
	CBOR_NEGATIVE, // -1 - `number`
	CBOR_BYTES,    // `bytes`
	CBOR_TEXT,     // `bytes`, valid UTF-8
	CBOR_ARRAY,    // `number` items follow
	CBOR_MAP,      // `number` pairs of items follow
	CBOR_TAG,      // never read
	CBOR_SIMPLE,   // `number` is 20: false, 21: true, 22: null
};

struct cbor_item {
	enum cbor_type type;
	uint64_t number;
	struct view bytes;
};

// Reads the head of an item, for a string the whole item, from the front of
// `*from`. RC_SYNTAX: it is none, or is not in the canonical form.
MUST_CHECK enum rc cbor_next(struct view *from, struct cbor_item *ret_item);
// Passes over a whole item with all that is in it. RC_LIMIT: it is too deep.
MUST_CHECK enum rc cbor_skip(struct view *from);

// Finds the value of a key, a text of at most 23 bytes, in the map at the front
// of `map`. `ret_value` is the value; it is empty if the key is not there.
// RC_SYNTAX: it is no whole map, or has the key twice. RC_LIMIT.
MUST_CHECK enum rc cbor_map_find(
    struct view map, struct view key, struct view *ret_value);
// The same for an integer as the key.
MUST_CHECK enum rc cbor_map_find_number(
    struct view map, int64_t key, struct view *ret_value);

// Reads `from` as one integer that fits, or as one string of the type.
// RC_SYNTAX: it is something else, or empty. What follows is not looked at.
MUST_CHECK enum rc cbor_number(struct view from, int64_t *ret_number);
MUST_CHECK enum rc cbor_string(
    struct view from, enum cbor_type type, struct view *ret_bytes);

#endif
