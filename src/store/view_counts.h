// SPDX-License-Identifier: Apache-2.0
// What an account remembers of the counts of its mailboxes, for the owner's
// views.
#ifndef ROOST_STORE_VIEW_COUNTS_H
#define ROOST_STORE_VIEW_COUNTS_H

#include "store/view_impl.h"

struct counts_memory;

void counts_memory_free(struct counts_memory **memory);

#endif
