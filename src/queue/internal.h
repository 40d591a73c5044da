// SPDX-License-Identifier: Apache-2.0
// What the files of this room share. Order of locks: a partition's, then the
// index's. A partition's lock is held over a commit and guards the records of
// its messages: who changes them looks and commits with it taken, and changes
// the index before letting it go.
#ifndef ROOST_QUEUE_INTERNAL_H
#define ROOST_QUEUE_INTERNAL_H

#include "queue/index.h"
#include "queue/schedule.h"

struct queue_partition {
	pthread_mutex_t lock;
	uint64_t number;  // the engine's
	uint64_t version; // the last that is known here
	struct engine_batch *batch;
};

struct queue {
	struct engine *engine;
	struct queue_settings settings; // defaults filled in
	char *server_name;
	struct queue_index index;
	struct queue_partition partitions[QUEUE_PARTITIONS];
	_Atomic unsigned turn;    // where the next put looks first
	struct queue_lot *parked; // see lot.h; below the index's lock
};

int64_t queue_now(const struct queue *queue);

static inline uint64_t queue_partition_of(const struct queue_id *id)
{
	return QUEUE_PARTITION_FIRST + queue_id_partition(id);
}

// Takes the lock; the batch is empty.
struct queue_partition *queue_partition_lock(
    struct queue *queue, unsigned partition);
void queue_partition_unlock(struct queue_partition *partition);
// Commits its batch. After a conflict with another server on the same engine it
// first reads again what the batch was made from: the message of `from` and its
// recipients there (NULL: the batch brings a new message). Where one of them is
// no longer in the queue, the other server has settled it: RC_GONE.
struct queue_copy;
MUST_CHECK enum rc queue_partition_commit(struct queue *queue,
    struct queue_partition *partition, const struct queue_copy *from,
    struct fault *fault);

// ---- Reading ---------------------------------------------------------------

// A message's record, and those of its recipients whose numbers are from
// `first` to before `end`; all in the arena.
struct queue_copy {
	struct queue_id id;
	struct queue_message_record message;
	struct queue_recipient_record *recipients;
	uint16_t *numbers;
	size_t count;
};
// RC_NOT_FOUND, RC_CORRUPT, RC_IO.
MUST_CHECK enum rc queue_copy_read(struct queue *queue, struct arena *arena,
    const struct queue_id *id, unsigned first, unsigned end,
    struct queue_copy *ret_copy);
// Adds the recipients out of a snapshot to `copy`.
MUST_CHECK enum rc queue_copy_recipients(struct engine_cursor *cursor,
    struct arena *arena, unsigned first, unsigned end, struct queue_copy *copy);

// Bytes of the message: its head, then its content.
MUST_CHECK enum rc queue_content_read(struct queue *queue,
    const struct queue_message_record *message, uint64_t offset, size_t len,
    struct buf *ret_bytes);

// ---- Changing --------------------------------------------------------------

// Recipients by destination, as they are numbered and put in lots; in an arena.
struct queue_plan {
	struct queue_recipient_record *recipients;
	size_t count;
	struct queue_lot_plan *lots;
	size_t lot_count;
};
struct queue_plan queue_plan_make(struct arena *arena,
    const struct queue_recipient *recipients, size_t count, int64_t due);

// A new message's records.
void queue_batch_add(struct engine_batch *batch, const struct queue_id *id,
    const struct queue_message_record *message,
    const struct queue_recipient_record *recipients, size_t count);
void queue_batch_flags(
    struct engine_batch *batch, const struct queue_id *id, unsigned flags);
// What the verdicts make of the copy's recipients; with `ends` they are the
// message's last ones, and it goes with them.
void queue_batch_verdicts(struct engine_batch *batch,
    const struct queue_copy *copy, const struct queue_verdict *verdicts,
    bool ends);

// What takes the place of recipients that were aliases: new messages with the
// same envelope, age and content, in the partition and commit of the old one.
struct queue_expansion {
	struct queue_id *ids;
	struct queue_plan *plans;
	size_t count;
};
// In `arena`. RC_INVALID, RC_LIMIT: an address that cannot be.
MUST_CHECK enum rc queue_expansion_make(struct queue *queue,
    struct arena *arena, const struct queue_copy *copy,
    const struct queue_result *results, struct fault *fault,
    struct queue_expansion *ret_expansion);
void queue_expansion_add(const struct queue_expansion *expansion,
    const struct queue_copy *copy, unsigned flags, struct engine_batch *batch);
// After the commit, with the index's lock held.
void queue_expansion_index(struct queue *queue,
    const struct queue_expansion *expansion, unsigned flags);

// A report to be queued in the commit of what it reports.
struct queue_bounce {
	bool wanted; // else the rest is nothing
	struct queue_id id;
	struct queue_message_record message;
	struct queue_recipient_record recipient;
	char address[QUEUE_ADDRESS_MAX]; // the recipient's
	struct engine_writer *writer;
};
// Composes the report that the verdicts call for, if they do and there is one
// to report to. After it, queue_bounce_done() in any case.
MUST_CHECK enum rc queue_bounce_make(struct queue *queue,
    const struct queue_copy *copy, const struct queue_verdict *verdicts,
    struct queue_bounce *ret_bounce);
MUST_CHECK enum rc queue_bounce_add(
    struct queue_bounce *bounce, struct engine_batch *batch);
// After the commit, with the index's lock held.
void queue_bounce_index(struct queue *queue, const struct queue_bounce *bounce);
void queue_bounce_done(struct queue_bounce *bounce);

void queue_log_verdict(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdict);

#endif
