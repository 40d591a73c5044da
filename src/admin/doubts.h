// SPDX-License-Identifier: Apache-2.0
// Warnings after a change that may be a mistake: mail then reaches nobody, or
// does not reach the user who has the address. Each function puts its warning
// into the answer's member "doubt"; without a warning there is no such member.
// Inside the room only.
#ifndef ROOST_ADMIN_DOUBTS_H
#define ROOST_ADMIN_DOUBTS_H

#include "admin/verbs.h"
#include "base/arena.h"

// Call this after adding a user. Warns if mail for the user's address does not
// reach the user: the domain is not ours, it stands for another domain, or an
// alias takes the mail. Also puts the address into the member "address".
void doubts_user(struct verb_call *call, struct arena *arena, uint64_t account);

// Call this after giving an alias new targets. Warns if the alias leads to
// nobody or in a circle, or if it takes the mail of the user who has that
// address.
void doubts_alias(
    struct verb_call *call, struct arena *arena, struct view address);
// Call this after removing targets of an alias. Warns only if the alias takes
// the mail of the user who has that address.
void doubts_alias_less(
    struct verb_call *call, struct arena *arena, struct view address);

// Call this when a domain now stands for another one, or is now the primary
// one. Warns about users who have an address in the domain but do not get the
// mail for it. Reads all users.
void doubts_domain(
    struct verb_call *call, struct arena *arena, struct view domain);

#endif
