// SPDX-License-Identifier: Apache-2.0
// A reader of emails for the files of this room that have an engine snapshot.
#ifndef ROOST_STORE_READER_IMPL_H
#define ROOST_STORE_READER_IMPL_H

#include "store/email.h"
#include "store/record.h"

// Reads through `snapshot`, which stays the caller's.
struct store_reader *reader_new_on(
    struct engine *engine, struct engine_snapshot *snapshot);
// The thread of an email, without looking at its description. RC_GONE: there is
// no such email; RC_CORRUPT, RC_IO.
MUST_CHECK enum rc reader_thread(
    struct store_reader *reader, uint64_t email_id, uint64_t *ret_thread_id);

#endif
