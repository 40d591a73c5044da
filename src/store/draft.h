// SPDX-License-Identifier: Apache-2.0
// What a transaction takes from a draft (see email.h).
#ifndef ROOST_STORE_DRAFT_H
#define ROOST_STORE_DRAFT_H

#include "store/email.h"

// A message up to this many bytes is kept whole beside its index records.
#define DRAFT_INLINE_MAX ((size_t)16 << 10)
// Of a longer one, its header is, up to this many bytes.
#define DRAFT_HEAD_MAX ((size_t)64 << 10)

// Adds bytes offset .. offset+len of a finished draft to `ret_bytes`, clipped
// to what there is. Not after draft_put_content().
MUST_CHECK enum rc draft_read(struct store_draft *draft, uint64_t offset,
    size_t len, struct buf *ret_bytes);
struct store *draft_store(const struct store_draft *draft);
// The message_record of a finished draft.
struct view draft_record(const struct store_draft *draft);
// Adds its RECORD_HEAD value to `out`.
void draft_put_head(const struct store_draft *draft, struct buf *out);
// Lets the rest of its bytes, if any, ride in `batch`.
MUST_CHECK enum rc draft_put_content(
    struct store_draft *draft, struct engine_batch *batch);

// The bytes it lacks to be all lines with CRLF; mostly 0.
uint64_t draft_lacks(const struct store_draft *draft);

#endif
