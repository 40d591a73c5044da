// SPDX-License-Identifier: Apache-2.0
// Sorting messages (RFC 5256 SORT, RFC 5957 DISPLAYFROM and DISPLAYTO). Add
// those that were found, in ascending order; finish; read the order.
//
// Strings compare by i;unicode-casemap (RFC 5051); messages that are equal by
// all keys stay in the order they were added in.
#ifndef ROOST_STORE_SORT_H
#define ROOST_STORE_SORT_H

#include "store/snapshot.h"
#include "wire/search_ast.h"

// Of a longer string (folded) only so many bytes are compared.
#define STORE_SORT_STRING_MAX 1000
// Bytes of strings in one sort; RC_LIMIT above.
#define STORE_SORT_STRINGS_MAX ((size_t)1 << 30)

struct store_sort;

// `keys` are copied.
struct store_sort *store_sort_new(struct store_account *account,
    const struct search_sort *keys, size_t key_count);
void store_sort_free(struct store_sort **sort);

// True when emails have to be read for these keys.
bool store_sort_reads(const struct store_sort *sort);

// One more message. RC_GONE: its email is gone; it was not added. RC_CORRUPT,
// RC_IO: likewise; others can still be added. RC_LIMIT.
MUST_CHECK enum rc store_sort_add(
    struct store_sort *sort, const struct store_message *message);

// Sorts, in O(keys × n log n). The UIDs in order are the sort's until it is
// freed. Nothing can be added afterwards.
const uint32_t *store_sort_finish(struct store_sort *sort, size_t *ret_count);

#endif
