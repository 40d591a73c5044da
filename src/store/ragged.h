// SPDX-License-Identifier: Apache-2.0
// Counting what a message lacks to be all lines that end with CRLF: a CR for
// each bare LF, and the end of its last line.
#ifndef ROOST_STORE_RAGGED_H
#define ROOST_STORE_RAGGED_H

#include "engine/engine.h"
#include "store/record.h"

// Begins as {0}.
struct ragged {
	uint64_t bare_lfs; // without a CR before them
	char last;         // byte that came
};

// The next piece: one look for each line, not each byte.
void ragged_add(struct ragged *ragged, struct view bytes);
// Of all that came, which is not nothing.
uint64_t ragged_lacks(const struct ragged *ragged);

// The same of a stored message: `first` is what lies behind `head`. Without a
// bare LF only its last byte is read. RC_NOT_FOUND, RC_CORRUPT: bytes are
// missing.
MUST_CHECK enum rc ragged_measure(struct engine *engine,
    const struct record_head *head, struct view first, bool has_bare_lf,
    uint64_t *ret_lacks);

#endif
