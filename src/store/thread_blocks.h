// SPDX-License-Identifier: Apache-2.0
// Blocks of the threads of emails; thread_table.h describes their form.
#ifndef ROOST_STORE_THREAD_BLOCKS_H
#define ROOST_STORE_THREAD_BLOCKS_H

#include "store/derive_blocks.h"

#define THREAD_BLOCK 256 // emails

// Adds an email at the end of a block.
void thread_block_put(uint64_t email_id, uint64_t thread_id, struct buf *block);
// Removes the first email from `rest`, the rest of block `number`. RC_END;
// RC_CORRUPT.
MUST_CHECK enum rc thread_block_take(struct view *rest, uint64_t number,
    uint64_t *ret_email_id, uint64_t *ret_thread_id);

#endif
