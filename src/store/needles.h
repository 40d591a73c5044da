// SPDX-License-Identifier: Apache-2.0
// Finds many strings in a text at once (Aho and Corasick, 1975): each byte of
// the text costs the same, however many strings there are and however alike
// they are. Used inside this room only.
#ifndef ROOST_STORE_NEEDLES_H
#define ROOST_STORE_NEEDLES_H

#include "base/view.h"

struct needles;

// Holds about 40 bytes for each byte of the strings.
struct needles *needles_new(void);
void needles_free(struct needles **needles);

// Adds a string, which is not empty. It is found under its number; several
// strings, also equal ones, have different numbers.
void needles_add(struct needles *needles, struct view needle, uint32_t number);
// Called once, after all strings were added.
void needles_prepare(struct needles *needles);

// Calls found() once for each string that is in the text, in no order.
void needles_find(struct needles *needles, struct view text,
    void (*found)(void *context, uint32_t number), void *context);

#endif
