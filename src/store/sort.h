// SPDX-License-Identifier: Apache-2.0
// Sorting messages (RFC 5256 SORT, RFC 5957 DISPLAYFROM and DISPLAYTO). Add the
// messages that were found, in ascending order; finish; read the order.
//
// Strings are compared by i;unicode-casemap (RFC 5051). Messages that are equal
// by all keys stay in the order in which they were added.
#ifndef ROOST_STORE_SORT_H
#define ROOST_STORE_SORT_H

#include "store/snapshot.h"
#include "wire/search_ast.h"

// Only this many bytes of a (folded) string are compared.
#define STORE_SORT_STRING_MAX 1000
// The most bytes of strings in one sort; RC_LIMIT above it.
#define STORE_SORT_STRINGS_MAX ((size_t)1 << 30)

struct store_sort;

// `keys` is copied.
struct store_sort *store_sort_new(struct store_account *account,
    const struct search_sort *keys, size_t key_count);
void store_sort_free(struct store_sort **sort);

// Whether emails have to be read for these keys.
bool store_sort_reads(const struct store_sort *sort);

// Adds one more message. RC_GONE: its email is gone, and it was not added.
// RC_CORRUPT, RC_IO: it was not added, but others can be. RC_LIMIT.
MUST_CHECK enum rc store_sort_add(
    struct store_sort *sort, const struct store_message *message);

// Sorts, in O(keys × n log n), and gives the UIDs in order; they belong to the
// sort and are freed with it. Nothing can be added afterwards.
const uint32_t *store_sort_finish(struct store_sort *sort, size_t *ret_count);

#endif
