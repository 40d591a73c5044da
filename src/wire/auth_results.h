// SPDX-License-Identifier: Apache-2.0
// Who says what an Authentication-Results field says (RFC 8601 section 2.2): as
// much of it as is needed to remove forged ones. Nothing is judged here.
#ifndef ROOST_WIRE_AUTH_RESULTS_H
#define ROOST_WIRE_AUTH_RESULTS_H

#include "base/arena.h"
#include "base/rc.h"

struct auth_results {
	struct view id; // authserv-id: as written, quotes and escapes undone
	unsigned version;
};

// Reads the beginning of the field's value, folded as it came: comments and
// white space, the id, its version (1 when there is none), up to the first ";"
// or the end. RC_SYNTAX: it does not begin so. RC_LIMIT: comments within
// comments without end. `ret` is in the value or in `arena`.
MUST_CHECK enum rc auth_results_parse(
    struct arena *arena, struct view value, struct auth_results *ret);

// Takes the next run of bytes that could be a domain's name (letters, digits,
// "-", "_", ".", and all over 0x7f) off the front of `*rest`, wherever it
// stands: for a field that cannot be parsed.
bool auth_results_next_word(struct view *rest, struct view *ret_word);

#endif
