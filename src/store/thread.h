// SPDX-License-Identifier: Apache-2.0
// Threading messages (RFC 5256 section 3, THREAD: ORDEREDSUBJECT and
// REFERENCES). Add the messages that were found, in ascending order; finish;
// read the threads as a list of steps, which can be printed without a stack:
//
//   if the step `opens`    print "(", then its number if it has one
//   otherwise              print its number; it is a child of the step before
//   afterwards             print ")" `closes` times
//
// "(2)(3 6 (4 23)(44 7 96))" comes as (2) | (3 | 6 | (4 | 23) | (44 | 7 | 96))
// where | separates the steps. A space goes before a number or "(" that follows
// a number. A step without a number (uid 0) is a parent that is not in the
// mailbox; it opens, is at the top level only, and has at least two children.
#ifndef ROOST_STORE_THREAD_H
#define ROOST_STORE_THREAD_H

#include "store/snapshot.h"
#include "wire/search_ast.h"

// The most bytes of message ids, and of subjects, in one threading, and the
// most different ones of each; RC_LIMIT above.
#define STORE_THREAD_BYTES_MAX ((size_t)512 << 20)
#define STORE_THREAD_NAMES_MAX ((uint32_t)8 << 20)

struct store_thread;

struct store_thread_step {
	uint32_t uid; // 0: a dummy
	uint32_t closes;
	bool opens;
};

struct store_thread *store_thread_new(
    struct store_account *account, enum search_thread_type type);
void store_thread_free(struct store_thread **thread);

// Adds one more message. RC_GONE: its email is gone, and it was not added.
// RC_CORRUPT, RC_IO: it was not added, but others can be. RC_LIMIT.
MUST_CHECK enum rc store_thread_add(
    struct store_thread *thread, const struct store_message *message);

// Makes the threads, in O(n log n) whatever the references are. The steps
// belong to the thread and are freed with it. Nothing can be added afterwards.
const struct store_thread_step *store_thread_finish(
    struct store_thread *thread, size_t *ret_count);

#endif
