// SPDX-License-Identifier: Apache-2.0
// Identities: what a user sends as (RFC 8621 section 6).
#ifndef ROOST_JMAP_IDENTITY_H
#define ROOST_JMAP_IDENTITY_H

#include "jmap/stored.h"

// Makes the account's first identities if it has none: one for the user's own
// address, which stays, and one for each alias that leads to the user alone.
// False: an error was answered.
MUST_CHECK bool jmap_identities_make(struct jmap_call *call);

// The address of an identity, in the call's arena. RC_NOT_FOUND.
MUST_CHECK enum rc jmap_identity_email(struct jmap_call *call,
    struct store_view *view, struct view id, uint64_t *ret_number,
    struct view *ret_email);

// Whether `email` is an address that the user may send as: the same rule as in
// submission by SMTP. RC_INVALID: it is no address; RC_DENIED.
MUST_CHECK enum rc jmap_may_send_as(struct jmap_call *call, struct view email);

#endif
