// SPDX-License-Identifier: Apache-2.0
// Arrays that grow, and the search in sorted ones.
//
//   VEC(struct range) ranges = {0};
//   vec_push(&ranges, (struct range){1, 3});
//   …ranges.items[0 to ranges.count - 1]…
//   vec_done(&ranges);
//
// The macros take a pointer to any struct with these three members, which is
// evaluated more than once.
#ifndef ROOST_BASE_VEC_H
#define ROOST_BASE_VEC_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VEC(type)                                                              \
	struct {                                                               \
		type *items;                                                   \
		size_t count;                                                  \
		size_t capacity;                                               \
	}

// Makes room for `more` items behind those that are there.
#define vec_reserve(vec, more)                                                 \
	((vec)->items = mem_grow((vec)->items, &(vec)->capacity,               \
	     (vec)->count + (more), sizeof(*(vec)->items)))

// Adds an item at the end. It may be a compound literal.
#define vec_push(vec, ...)                                                     \
	((void)vec_reserve((vec), 1),                                          \
	    (void)((vec)->items[(vec)->count++] = (__VA_ARGS__)))

// Adds an item at position `at`, before the one that is there.
#define vec_insert(vec, at, ...)                                               \
	((void)vec_reserve((vec), 1),                                          \
	    (void)memmove((vec)->items + (at) + 1, (vec)->items + (at),        \
		((vec)->count - (at)) * sizeof(*(vec)->items)),                \
	    (void)((vec)->items[at] = (__VA_ARGS__)), (void)(vec)->count++)

#define vec_remove(vec, at)                                                    \
	((void)(vec)->count--,                                                 \
	    (void)memmove((vec)->items + (at), (vec)->items + (at) + 1,        \
		((vec)->count - (at)) * sizeof(*(vec)->items)))

// Frees the array; the vec is empty then. What the items own is the caller's.
#define vec_done(vec)                                                          \
	(free((vec)->items), (void)((vec)->items = NULL),                      \
	    (void)((vec)->count = (vec)->capacity = 0))

// Sets the variable `at` to the first of the positions 0 to `size` - 1 for
// which the expression `is_below`, in terms of `at`, is false; to `size` when
// there is none. It has to be true for none after that one.
#define LOWER_BOUND(at, size, is_below)                                        \
	do {                                                                   \
		size_t low_ = 0;                                               \
		size_t high_ = (size);                                         \
		while (low_ < high_) {                                         \
			(at) = low_ + (high_ - low_) / 2;                      \
			if (is_below)                                          \
				low_ = (at) + 1;                               \
			else                                                   \
				high_ = (at);                                  \
		}                                                              \
		(at) = low_;                                                   \
	} while (0)

#endif
