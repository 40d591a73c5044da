// SPDX-License-Identifier: Apache-2.0
// What follows from a change that was made and that somebody may not have
// meant: mail that reaches nobody, or not the user whose address it is for.
// Told in the answer's member "doubt"; inside the room only.
#ifndef ROOST_ADMIN_DOUBTS_H
#define ROOST_ADMIN_DOUBTS_H

#include "admin/verbs.h"
#include "base/arena.h"

// Of a user who was added, with the member "address": the domain is not ours,
// stands for another one, or an alias goes before.
void doubts_user(struct verb_call *call, struct arena *arena, uint64_t account);

// Of an alias that has new targets: it leads to nobody or in a circle, or it
// takes the mail of the user who has that address.
void doubts_alias(
    struct verb_call *call, struct arena *arena, struct view address);
// Of one that has lost targets: only the latter.
void doubts_alias_less(
    struct verb_call *call, struct arena *arena, struct view address);

// Of a domain that now stands for another one, or is the primary one: users
// whose address is there, and whom mail for it does not reach. Reads all users.
void doubts_domain(
    struct verb_call *call, struct arena *arena, struct view domain);

#endif
