// SPDX-License-Identifier: Apache-2.0
// What became of a user's message, for a user who wants to know and to be able
// to take it back (JMAP's EmailSubmission). A message with `envelope.tracked`
// leaves a *note* about each recipient in the commit of each result. Whoever
// keeps the user's side reads the notes, stores what they say, and drops them.
// So nothing is lost in a crash, and the queue itself keeps nothing for long.
// Thread-safe.
#ifndef ROOST_QUEUE_NOTES_H
#define ROOST_QUEUE_NOTES_H

#include "queue/queue.h"

enum queue_note_kind {            // the numbers are stored
	QUEUE_NOTE_WAITS = 1,     // it was tried, and will be tried again
	QUEUE_NOTE_DELIVERED = 2, // it is in the recipient's mailbox
	QUEUE_NOTE_PASSED_ON = 3, // another server has it, or an alias led on
	QUEUE_NOTE_FAILED = 4,
	QUEUE_NOTE_TAKEN_BACK = 5,
};
#define QUEUE_NOTE_KINDS 5

struct queue_note {
	struct queue_id id; // of the message, and the number of its recipient
	uint16_t number;
	struct queue_id track; // see queue_envelope
	uint64_t account;
	enum queue_note_kind kind;
	int64_t time; // seconds since 1970
	struct enhanced_status status;
	struct view address; // of the recipient, as it was queued
	struct view reply;   // the server's reply, clean text; may be empty
	struct view stored;  // its record
};

// Sets the function that is called when there are new notes. It is called on
// any thread with locks held, so it may do no more than wake a thread.
void queue_notes_watch(
    struct queue *queue, void (*wake)(void *context), void *context);

// How far the notes were read; all zeros at the beginning.
struct queue_notes_place {
	unsigned partition;
	struct queue_id id;
	uint16_t number;
	bool any; // the note named here was read
};
// Reads the next notes, at most `max`. They are in the arena. There are none
// left when *ret_count is 0. One that is damaged is logged and skipped. A
// recipient has one note, the newest.
MUST_CHECK enum rc queue_notes_read(struct queue *queue, struct arena *arena,
    size_t max, struct queue_notes_place *place, struct queue_note **ret_notes,
    size_t *ret_count);
// Drops notes that were read. One that has changed meanwhile stays.
MUST_CHECK enum rc queue_notes_drop(struct queue *queue,
    const struct queue_note *notes, size_t count, struct fault *fault);

// Takes back a message that was put with `tracked`, for all its recipients or
// not at all, in one commit: either it was sent, or it was taken back. The
// notes say so too. RC_NOT_FOUND: it is not in the queue, or not this
// account's. RC_IN_USE: it was sent to a recipient, or is just being sent.
MUST_CHECK enum rc queue_take_back(struct queue *queue,
    const struct queue_id *track, uint64_t account, struct fault *fault);

#endif
