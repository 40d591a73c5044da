// SPDX-License-Identifier: Apache-2.0
// The base subject (RFC 5256 section 2.1), by which SORT and THREAD compare.
#ifndef ROOST_WIRE_SUBJECT_H
#define ROOST_WIRE_SUBJECT_H

#include "wire/charset.h"

// Adds the base subject of `raw`, the value of a Subject field as it stands
// (folded, encoded), to `out` in UTF-8. Case is not folded: compare with
// FOLD_CASEMAP. `*ret_is_reply` is set when a "Re:", "Fwd:", "(fwd)" or "[fwd:
// …]" was removed. Linear.
void subject_base(struct charset_cache *cache, struct view raw, struct buf *out,
    bool *ret_is_reply);

#endif
