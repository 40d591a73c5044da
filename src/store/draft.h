// SPDX-License-Identifier: Apache-2.0
// What a transaction needs of a draft (see email.h).
#ifndef ROOST_STORE_DRAFT_H
#define ROOST_STORE_DRAFT_H

#include "store/email.h"

// A message up to this many bytes is kept whole beside its index records.
#define DRAFT_INLINE_MAX ((size_t)16 << 10)
// Of a longer message, the header is kept there, up to this many bytes.
#define DRAFT_HEAD_MAX ((size_t)64 << 10)

// If a draft is for several accounts, each account keeps a copy of a body
// shorter than this. Sharing it would cost each account about 110 bytes of log
// (bench/share_bench.c), and each reader a second look-up.
#define DRAFT_SHARE_MIN ((size_t)512)

struct store *draft_store(const struct store_draft *draft);
bool draft_is_shared(const struct store_draft *draft);
// The message_record of a finished draft.
struct view draft_record(const struct store_draft *draft);
// Adds the draft's RECORD_HEAD value to `out`, with `prefix` in front of its
// bytes.
void draft_put_head(
    const struct store_draft *draft, struct view prefix, struct buf *out);
// Adds the message's other bytes, if there are any, to `batch` as content. To
// be called for each account.
MUST_CHECK enum rc draft_put_content(
    struct store_draft *draft, struct engine_batch *batch);

// How many bytes the message lacks to consist of lines with CRLF; 0 for most
// messages.
uint64_t draft_lacks(const struct store_draft *draft);

#endif
