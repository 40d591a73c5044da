// SPDX-License-Identifier: Apache-2.0
// Putting things in order, for sort.c and thread*.c.
#ifndef ROOST_STORE_SORT_ORDER_H
#define ROOST_STORE_SORT_ORDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/message_record.h"

struct store_message;

// A thing to be sorted (the caller gives `index` its meaning), and its key.
struct sort_item {
	uint64_t key;
	uint64_t index;
};

// Sorts by `key`. Stable, O(n log n); runs that are already in order cost O(n).
void sort_items(struct sort_item *items, size_t count);

// A string in a buffer of many, and its rank.
struct sort_string {
	size_t offset;
	uint32_t len;
};

// Sorts by the strings (in `bytes`) that the items' `index` names, byte by
// byte, stable. Afterwards equal strings have equal `key`s, and the order of
// keys is the order of strings.
void sort_items_by_string(struct sort_item *items, size_t count,
    struct view bytes, const struct sort_string *strings);

// A signed number as an unsigned key of the same order.
static inline uint64_t sort_key_of(int64_t number)
{
	return (uint64_t)number ^ (uint64_t)1 << 63;
}

// The "sent date" of RFC 5256 section 2.2.
static inline int64_t sort_sent_date(
    const struct message_record *record, int64_t internal_date)
{
	return record->flags & MESSAGE_RECORD_DATE ? record->date.seconds
						   : internal_date;
}

#endif
