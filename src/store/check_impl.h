// SPDX-License-Identifier: Apache-2.0
// What the files of the check share.
#ifndef ROOST_STORE_CHECK_IMPL_H
#define ROOST_STORE_CHECK_IMPL_H

#include "base/vec.h"
#include "store/transaction.h"

// A place of an email, from a mailbox's chunks.
struct place {
	uint64_t email_id;
	uint64_t mailbox_id;
	uint64_t modseq;
	uint32_t uid;
	uint32_t size;
	bool hidden; // it has \Deleted
	bool logged; // the change log has a record of its last change
};

// An object that exists.
struct check_object {
	uint8_t kind;
	uint64_t id;
	uint64_t version;
	bool logged; // as of a place
};

// A run of emails that are gone: `first`, and how many.
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
	struct engine_batch *mending; // NULL: problems are only reported
	bool mended;
	bool renew;           // give each mailbox another UIDVALIDITY
	uint32_t uidvalidity; // the last one that was given out
	struct record_account account;
	uint64_t bytes;
	uint64_t messages;
	uint64_t last_email_id;
	uint64_t last_mailbox_id;
	// One for each time that an email owns it.
	VEC(struct engine_content_id) contents;
	VEC(struct place) places;
	VEC(struct check_object) objects; // by kind and id
	VEC(struct check_gone) gone;      // what the change log says
	bool changes_bad; // there is a problem with the change log
};

void check_report(struct check *check, const char *format, ...)
    PRINTF_LIKE(2, 3);
typedef void check_key(
    struct check *check, struct view key, struct view value, void *context);
// Calls `each` for every key of one kind.
MUST_CHECK enum rc check_each_key(struct check *check, struct record_key prefix,
    check_key *each, void *context);
// Reads the record of one kind that has this number.
MUST_CHECK enum rc check_get_record(struct check *check, enum record_kind kind,
    uint64_t number, struct buf *value);
// If the check is to mend, mends a problem by writing or deleting a key.
void check_mend(
    struct check *check, const struct record_key *key, const struct buf *value);
void check_mend_away(struct check *check, struct view key);
// Whether one of the `count` emails from `email_id` on has a place. The places
// must be in the order of emails.
bool check_has_place(
    const struct check *check, uint64_t email_id, uint64_t count);

// The notes of deliveries and of moves (check_notes.c).
MUST_CHECK enum rc check_deliveries(struct check *check);
MUST_CHECK enum rc check_moves(struct check *check);

// The objects and their counters (check_objects.c). Fills `objects`.
MUST_CHECK enum rc check_objects(struct check *check);

// Compares the change log with the places. Sorts the places by mailbox and UID.
MUST_CHECK enum rc check_changes(struct check *check);
// The second part of the comparison; the places must be in the order of emails.
void check_changes_emails(struct check *check);
// Writes the record that a commit which mends leaves, like any other commit: it
// says that more may have changed than the log can tell. If the log has a
// problem, all its other records are deleted.
void check_put_changes(struct check *check);

#endif
