// SPDX-License-Identifier: Apache-2.0
// Counts how many bytes a message lacks to consist of lines that end with CRLF:
// a CR for each bare LF, and the end of its last line.
#ifndef ROOST_STORE_RAGGED_H
#define ROOST_STORE_RAGGED_H

#include "engine/engine.h"
#include "store/record.h"

// Begins as {0}.
struct ragged {
	uint64_t bare_lfs; // without a CR before them
	char last;         // the last byte so far
};

// Counts in the next piece. It costs one look for each line, not one for each
// byte.
void ragged_add(struct ragged *ragged, struct view bytes);
// The count for all pieces, which must not be empty together.
uint64_t ragged_lacks(const struct ragged *ragged);

// The same for a stored message; `first` is what is stored after `head`. If
// there is no bare LF, only the last byte is read. RC_NOT_FOUND, RC_CORRUPT:
// bytes are missing.
MUST_CHECK enum rc ragged_measure(struct engine *engine,
    const struct record_head *head, struct view first, bool has_bare_lf,
    uint64_t *ret_lacks);

#endif
