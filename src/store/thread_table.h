// SPDX-License-Identifier: Apache-2.0
// The threads of an account's emails (RFC 8474 section 5.2, JMAP's threads), in
// memory: from an email to its thread, and from a thread to its emails. Not the
// threads of RFC 5256, which thread.h makes of a search's results.
//
// The thread of an email is in its record (RECORD_EMAIL), and never changes. It
// is the id of the email that began the thread. A table is made when somebody
// first asks: from blocks of derived data and, for what these lack, from the
// records. Afterwards it follows the change log. So a delivery writes nothing
// more for it, and data of earlier versions needs no upgrade.
//
// A block (derive_blocks.h) has 256 emails. An email in it: number within the
// block (1 byte), and how far its thread's id is below its own (a number of 7
// bits in each byte, the low ones first).
#ifndef ROOST_STORE_THREAD_TABLE_H
#define ROOST_STORE_THREAD_TABLE_H

#include "base/vec.h"
#include "store/account_impl.h"

struct thread_table;

void thread_table_unref(struct thread_table **table);

// Gives the account's table, brought up to the moment of `from`, with a
// reference. It may know more emails than that moment has, but none is missing
// that the moment has. RC_IO.
MUST_CHECK enum rc thread_table_get(struct store_account *account,
    struct engine_snapshot *from, struct thread_table **ret_table);

// Finds the threads of `count` emails: 0 for one that the table does not have.
// Ascending order costs least.
void thread_table_find(struct thread_table *table, const uint64_t *email_ids,
    size_t count, uint64_t *ret_thread_ids);
// Adds the emails of a thread to `ret_ids`, in no order.
struct thread_ids {
	uint64_t *items; // owned
	size_t count;
	size_t capacity;
};
void thread_table_emails(
    struct thread_table *table, uint64_t thread_id, struct thread_ids *ret_ids);

#endif
