// SPDX-License-Identifier: Apache-2.0
// The plan of a commit that changes emails by their ids (emails_plan.c), and
// what is read of emails of other accounts before it (emails_source.c).
#ifndef ROOST_STORE_EMAILS_SET_IMPL_H
#define ROOST_STORE_EMAILS_SET_IMPL_H

#include "base/arena.h"
#include "store/emails_set.h"
#include "store/transaction.h"

// A place of the email that is being planned.
struct plan_place {
	struct transaction_mailbox *entry;
	uint64_t mailbox_id;
	unsigned rights; // of the asker
	struct store_message message;
	bool visible;
	bool goes;
	bool changes; // its flags or keywords
};

// A mailbox that it comes into.
struct plan_target {
	struct transaction_mailbox *entry;
	unsigned rights;
};

// A place that changes or goes.
struct plan_edit {
	struct transaction_mailbox *entry;
	uint32_t uid;
	bool remove;
	struct store_message message; // as it will be
};

struct plan_added {
	struct transaction_mailbox *entry;
	struct store_message message;
};

struct plan {
	const struct store_asker *asker;
	struct transaction *transaction;
	struct engine_snapshot *from; // what the transaction builds on
	struct engine_cursor *cursor; // over RECORD_LOCATION
	struct arena arena;           // of keywords
	// Of the email that is being planned.
	VEC(struct plan_place) places;
	VEC(struct plan_target) targets;
	VEC(struct view) names; // keywords
	bool broken;            // a mailbox with a place could not be read
	// Of all emails.
	VEC(struct plan_edit) edits;
	VEC(struct plan_added) added;
	int64_t messages; // how much the account grows
	int64_t bytes;
};

// An email of another account, of which a copy is to be made. It is read before
// the account is locked: reading may have to lock the other account, and two
// accounts are never locked at once.
struct plan_source {
	enum rc rc;
	struct buf email; // its records
	struct buf head;
	uint64_t lacks;
	uint32_t size;
	int64_t internal_date;
	int16_t zone_minutes;
};

// Puts the change of one email into the plan, or the reason why it is not
// possible into its result. What they return is RC_OK in both cases; others are
// failures of the whole commit.
MUST_CHECK enum rc plan_change(
    struct plan *plan, struct store_email_change *change);
MUST_CHECK enum rc plan_new(struct plan *plan, struct store_email_new *made,
    const struct plan_source *source, struct fault *fault);

// One for each of `set->made`.
struct plan_source *plan_sources_read(struct store_emails_set *set);
void plan_sources_free(struct plan_source *sources, size_t count);

#endif
