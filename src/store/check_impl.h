// SPDX-License-Identifier: Apache-2.0
// What the files of the check share.
#ifndef ROOST_STORE_CHECK_IMPL_H
#define ROOST_STORE_CHECK_IMPL_H

#include "store/transaction.h"

// A place of an email, from a mailbox's chunks.
struct place {
	uint64_t email_id;
	uint64_t mailbox_id;
	uint64_t modseq;
	uint32_t uid;
	uint32_t size;
	bool logged; // the change log tells of its last change
};

// Emails that are gone: `first` and so many after it.
struct check_gone {
	uint64_t first;
	uint64_t count;
};

struct check {
	struct store *store;
	uint64_t account_id;
	void (*problem)(void *context, const char *text);
	void *context;
	struct store_check_result result;
	struct engine_snapshot *snapshot;
	struct engine_batch *mending; // NULL: only look
	bool mended;
	struct record_account account;
	uint64_t bytes;
	uint64_t messages;
	uint64_t last_email_id;
	uint64_t last_mailbox_id;
	struct engine_content_id *contents; // that emails have, each time
	size_t content_count;
	size_t content_capacity;
	struct place *places;
	size_t place_count;
	size_t place_capacity;
	struct check_gone *gone; // what the change log says; owned
	size_t gone_count;
	size_t gone_capacity;
	bool changes_bad; // there is a problem with the change log
};

void check_report(struct check *check, const char *format, ...)
    PRINTF_LIKE(2, 3);
// Mends by deleting a key, if anything is to be mended.
void check_mend_away(struct check *check, struct view key);
typedef void check_key(
    struct check *check, struct view key, struct view value, void *context);
// Calls `each` for all keys of a kind.
MUST_CHECK enum rc check_each_key(struct check *check, struct record_key prefix,
    check_key *each, void *context);
// With the places in the order of emails: whether one of `count` emails from
// `email_id` on has a place.
bool check_has_place(
    const struct check *check, uint64_t email_id, uint64_t count);

// Holds the change log against the places, which it puts in the order of
// mailboxes and UIDs.
MUST_CHECK enum rc check_changes(struct check *check);
// The second part, with the places in the order of emails.
void check_changes_emails(struct check *check);
// A commit that mends leaves a record, too: it says that more may have changed
// than the log can tell. Of a log with a problem nothing is kept.
void check_put_changes(struct check *check);

#endif
