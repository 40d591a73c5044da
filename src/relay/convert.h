// SPDX-License-Identifier: Apache-2.0
// Makes a message 7-bit for a server without 8BITMIME or BINARYMIME (RFC 6152
// section 3): parts that are declared 8bit or binary become quoted-printable or
// base64 while they are sent. This breaks signatures over them; this server's
// own signatures are made again (resign.h).
#ifndef ROOST_RELAY_CONVERT_H
#define ROOST_RELAY_CONVERT_H

#include "base/arena.h"
#include "relay/client.h"

enum relay_convert_how {
	RELAY_CONVERT_COPY,
	RELAY_CONVERT_TEXT, // sent instead of the bytes from .. to
	RELAY_CONVERT_QUOTED,
	RELAY_CONVERT_BASE64,
};

struct relay_convert_segment {
	enum relay_convert_how how;
	uint64_t from;
	uint64_t to;
	struct view text;
};

// How the message is sent: its segments in order.
struct relay_convert_plan {
	struct relay_convert_segment
	    *segments; // NULL: the message is sent unchanged
	size_t count;
	size_t capacity;
	uint64_t size; // upper limit of the converted size
};

// Reads the message twice. RC_INVALID: the message cannot be made 7-bit (8-bit
// bytes in a header, or in a part that declares 7 bits). Other codes: the
// message could not be read.
MUST_CHECK enum rc relay_convert_plan_make(struct arena *arena,
    const struct relay_client_mail *mail, struct relay_convert_plan *ret_plan);

// How far a plan has been sent.
struct relay_convert_place {
	size_t segment;
	uint64_t at;   // how many bytes of the segment are done
	size_t column; // of the quoted-printable line
};

bool relay_convert_is_done(const struct relay_convert_plan *plan,
    const struct relay_convert_place *place);
// Adds the next bytes to `ret_bytes`, which must be empty: at most
// RELAY_CLIENT_PIECE of them, perhaps none. `scratch` is used during this call
// only.
MUST_CHECK enum rc relay_convert_next(const struct relay_convert_plan *plan,
    struct relay_convert_place *place, const struct relay_client_mail *mail,
    struct buf *scratch, struct buf *ret_bytes);

#endif
