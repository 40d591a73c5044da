// SPDX-License-Identifier: Apache-2.0
// What a transaction takes from a draft (see email.h).
#ifndef ROOST_STORE_DRAFT_H
#define ROOST_STORE_DRAFT_H

#include "store/email.h"

// A message up to this many bytes is kept whole beside its index records.
#define DRAFT_INLINE_MAX ((size_t)16 << 10)
// Of a longer one, its header is, up to this many bytes.
#define DRAFT_HEAD_MAX ((size_t)64 << 10)

// Of a draft for several accounts, a shorter body is kept in each of them: to
// own content costs an account about 110 bytes of log (bench/share_bench.c),
// and whoever reads it a second look.
#define DRAFT_SHARE_MIN ((size_t)512)

struct store *draft_store(const struct store_draft *draft);
bool draft_is_shared(const struct store_draft *draft);
// The message_record of a finished draft.
struct view draft_record(const struct store_draft *draft);
// Adds its RECORD_HEAD value to `out`, with `prefix` before its bytes.
void draft_put_head(
    const struct store_draft *draft, struct view prefix, struct buf *out);
// Lets the rest of its bytes, if any, ride in `batch`; for each account anew.
MUST_CHECK enum rc draft_put_content(
    struct store_draft *draft, struct engine_batch *batch);

// The bytes it lacks to be all lines with CRLF; mostly 0.
uint64_t draft_lacks(const struct store_draft *draft);

#endif
