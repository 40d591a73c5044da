// SPDX-License-Identifier: Apache-2.0
// Where a decoder stood in long encoded parts. A client that gets an attachment
// piece by piece (BINARY[1]<n.m>) would otherwise make the server decode the
// part from its beginning for each piece. The view keeps the places of the few
// parts that were decoded last. An email never changes, so they stay true.
#ifndef ROOST_IMAP_FETCH_PLACES_H
#define ROOST_IMAP_FETCH_PLACES_H

#include "wire/message_record.h"
#include "wire/transfer.h"

// How many parts have places at the same time, in one session.
#define FETCH_PLACES_PARTS 4
// How many places a part has at most, and how many encoded bytes are between
// them at least. A place takes 170 bytes.
#define FETCH_PLACES_MAX  32u
#define FETCH_PLACES_STEP ((uint64_t)1 << 20)

struct fetch_place {
	uint64_t raw;     // encoded bytes before it
	uint64_t decoded; // decoded bytes before it
	struct transfer_decoder decoder;
};

struct fetch_places {
	// The part.
	uint64_t email_id;
	struct message_range range;
	enum transfer_encoding encoding;
	// Set when the part has been decoded to its end.
	bool complete;
	// What was found out then.
	uint64_t size;
	bool has_nul;
	bool malformed;
	// Where the last piece that was sent began; a client probably wants
	// what follows.
	struct fetch_place last;
	uint64_t step;
	size_t count;
	struct fetch_place places[]; // ascending; the first is the beginning
};

// The parts that have places, the one that was used last in front.
struct fetch_places_cache {
	struct fetch_places *parts[FETCH_PLACES_PARTS]; // owned, or NULL
};

void fetch_places_done(struct fetch_places_cache *cache);

// Finds a part that has been decoded to its end; NULL.
struct fetch_places *fetch_places_find(struct fetch_places_cache *cache,
    uint64_t email_id, const struct message_range *range,
    enum transfer_encoding encoding);
// Makes an empty entry for a part, whose decoding begins. It belongs to the
// cache, and is valid until the next call of this function.
struct fetch_places *fetch_places_new(struct fetch_places_cache *cache,
    uint64_t email_id, const struct message_range *range,
    enum transfer_encoding encoding);
// Called before each piece is decoded for the first time. Keeps the place if it
// is far enough from the one before.
void fetch_places_note(
    struct fetch_places *places, const struct fetch_place *place);
// The last place that is not behind so many decoded bytes.
const struct fetch_place *fetch_places_before(
    const struct fetch_places *places, uint64_t decoded);

#endif
