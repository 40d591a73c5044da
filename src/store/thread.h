// SPDX-License-Identifier: Apache-2.0
// Threading messages (RFC 5256 section 3, THREAD: ORDEREDSUBJECT and
// REFERENCES). Add those that were found, in ascending order; finish; read the
// threads, in steps that can be printed without a stack:
//
//   a step, its `opens` set             "(", then its number if it has one
//   a step without                      its number, child of the one before
//   after it                            `closes` times ")"
//
// "(2)(3 6 (4 23)(44 7 96))" comes as (2) | (3 | 6 | (4 | 23) | (44 | 7 | 96))
// where | is between steps; a space goes before a number or "(" that follows a
// number. A step without a number (uid 0) is a parent that is not there; it
// opens, at the top level only, and has at least two children.
#ifndef ROOST_STORE_THREAD_H
#define ROOST_STORE_THREAD_H

#include "store/snapshot.h"
#include "wire/search_ast.h"

// Bytes of message ids, and of subjects, held at once, and how many different
// ones; RC_LIMIT above.
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

// One more message. RC_GONE: its email is gone; it was not added. RC_CORRUPT,
// RC_IO: likewise; others can still be added. RC_LIMIT.
MUST_CHECK enum rc store_thread_add(
    struct store_thread *thread, const struct store_message *message);

// Makes the threads, in O(n log n) whatever the references say. The steps are
// the thread's until it is freed. Nothing can be added afterwards.
const struct store_thread_step *store_thread_finish(
    struct store_thread *thread, size_t *ret_count);

#endif
