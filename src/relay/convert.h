// SPDX-License-Identifier: Apache-2.0
// A message made 7-bit for a server without 8BITMIME or BINARYMIME (RFC 6152
// section 3): parts declared 8bit or binary become quoted-printable or base64
// as they are sent. Signatures over them break; our own are made anew
// (resign.h).
#ifndef ROOST_RELAY_CONVERT_H
#define ROOST_RELAY_CONVERT_H

#include "base/arena.h"
#include "relay/client.h"

enum relay_convert_how {
	RELAY_CONVERT_COPY,
	RELAY_CONVERT_TEXT, // instead of the bytes from .. to
	RELAY_CONVERT_QUOTED,
	RELAY_CONVERT_BASE64,
};

struct relay_convert_segment {
	enum relay_convert_how how;
	uint64_t from;
	uint64_t to;
	struct view text;
};

// How the message is to be sent, in order.
struct relay_convert_plan {
	struct relay_convert_segment *segments; // NULL: as it is
	size_t count;
	size_t capacity;
	uint64_t size; // at most, when converted
};

// Reads the message twice. RC_INVALID: it cannot be made 7-bit (8-bit bytes in
// a header, or in a part that says it has none); else it could not be read.
MUST_CHECK enum rc relay_convert_plan_make(struct arena *arena,
    const struct relay_client_mail *mail, struct relay_convert_plan *ret_plan);

// Where the sending of a plan is.
struct relay_convert_place {
	size_t segment;
	uint64_t at;   // bytes of it that are done
	size_t column; // of quoted-printable
};

bool relay_convert_is_done(const struct relay_convert_plan *plan,
    const struct relay_convert_place *place);
// The next bytes, at most RELAY_CLIENT_PIECE, added to `ret_bytes`, which is
// empty; maybe none. `scratch` is for this call.
MUST_CHECK enum rc relay_convert_next(const struct relay_convert_plan *plan,
    struct relay_convert_place *place, const struct relay_client_mail *mail,
    struct buf *scratch, struct buf *ret_bytes);

#endif
