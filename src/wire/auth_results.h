// SPDX-License-Identifier: Apache-2.0
// Finds out which server an Authentication-Results field is from (RFC 8601
// section 2.2). That is enough to remove forged fields. The results themselves
// are not read.
#ifndef ROOST_WIRE_AUTH_RESULTS_H
#define ROOST_WIRE_AUTH_RESULTS_H

#include "base/arena.h"
#include "base/rc.h"

struct auth_results {
	struct view
	    id; // authserv-id as written, with quotes and escapes decoded
	unsigned version;
};

// Reads the beginning of the field's value, which may be folded: comments and
// white space, the id, and its version (1 when there is none), up to the first
// ";" or the end. RC_SYNTAX: the value begins with something else. RC_LIMIT:
// comments are nested too deeply. The views of `ret` are in the value or in
// `arena`.
MUST_CHECK enum rc auth_results_parse(
    struct arena *arena, struct view value, struct auth_results *ret);

// For a field that cannot be parsed: finds the next run of bytes in `*rest`
// that could be a domain name (letters, digits, "-", "_", ".", and all bytes
// over 0x7f), wherever it stands, and removes everything up to its end from
// `*rest`.
bool auth_results_next_word(struct view *rest, struct view *ret_word);

#endif
