// SPDX-License-Identifier: Apache-2.0
// The message that a notification is about: who asked for one, and what its
// header says that the notification repeats.
#ifndef ROOST_JMAP_MDN_ORIGINAL_H
#define ROOST_JMAP_MDN_ORIGINAL_H

#include "base/arena.h"
#include "base/rc.h"

struct mdn_original {
	// Of Disposition-Notification-To: addresses, each once.
	struct view *to;
	size_t to_count;
	bool may_be_automatic; // without asking the user
	bool is_mdn;           // it is a notification itself
	struct view subject;   // as text
	// For the fields of the notification; ASCII, empty: none.
	struct view message_id; // "<id>"
	struct view recipient;  // "rfc822; joe@example.org"
};

// Reads a header; everything is in the arena. RC_NOT_FOUND: it has no valid
// Disposition-Notification-To.
MUST_CHECK enum rc mdn_original_read(
    struct arena *arena, struct view header, struct mdn_original *ret_original);

// Whether a value can stand in a field of a notification: printable ASCII, on
// one line.
bool mdn_value_is_valid(struct view value);

#endif
