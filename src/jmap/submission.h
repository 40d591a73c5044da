// SPDX-License-Identifier: Apache-2.0
// EmailSubmission: a message that a user has sent (RFC 8621 section 7); what is
// stored of it, and the files' common functions.
#ifndef ROOST_JMAP_SUBMISSION_H
#define ROOST_JMAP_SUBMISSION_H

#include "jmap/stored.h"
#include "queue/notes.h"

enum submission_undo { // the numbers are stored
	SUBMISSION_PENDING = 1,
	SUBMISSION_FINAL = 2,
	SUBMISSION_CANCELED = 3,
};
const char *submission_undo_word(enum submission_undo undo);
bool submission_undo_find(struct view word, enum submission_undo *ret_undo);

// What is stored: numbers, by which a query need not read the rest; and the
// rest.
struct submission {
	enum submission_undo undo;
	int64_t send_at;
	uint64_t identity_id;
	uint64_t email_id;
	uint64_t thread_id;
	struct queue_id track; // the queue knows it by this (queue/notes.h)
	// The JSON text of {"envelope", "deliveryStatus", "to"}. "to" has, for
	// each recipient, the addresses in the queue to which it led, and
	// "delivered" of each.
	struct view rest;
};

void submission_encode(const struct submission *submission, struct buf *out);
// `rest` is a view into `bytes`. RC_CORRUPT.
MUST_CHECK enum rc submission_decode(
    struct view bytes, struct submission *ret_submission);

extern const struct jmap_stored submission_type;

// ---- submission_query.c ----------------------------------------------------

enum jmap_step submission_query(struct jmap_call *call);
enum jmap_step submission_query_changes(struct jmap_call *call);

// ---- submission_set.c ------------------------------------------------------

enum jmap_step submission_set(struct jmap_call *call);
void submission_set_end(struct jmap_call *call);

// ---- submission_status.c ---------------------------------------------------

// The status of a recipient that has just been queued.
json_t *submission_status_new(void);
// Writes what a note says of a recipient into the object. False: it says
// nothing new.
bool submission_status_apply(
    struct submission *submission, json_t *rest, const struct queue_note *note);
// No recipient's state will change any more.
bool submission_status_is_over(json_t *rest);
// The whole submission was taken back.
void submission_status_cancel(struct submission *submission, json_t *rest);

#endif
