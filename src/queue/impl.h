// SPDX-License-Identifier: Apache-2.0
// What the files of this room share. Order of locks: first a partition's lock,
// then the index's lock. A partition's lock protects the records of its
// messages and is held over a commit. To change records, a thread locks the
// partition, looks at the index, commits, changes the index, and then unlocks
// the partition.
#ifndef ROOST_QUEUE_IMPL_H
#define ROOST_QUEUE_IMPL_H

#include "base/tally.h"
#include "queue/index.h"
#include "queue/schedule.h"

struct queue_partition {
	pthread_mutex_t lock;
	uint64_t number;  // the partition's number in the engine
	uint64_t version; // the last version that this queue knows
	struct engine_batch *batch;
	_Atomic bool noted; // it may have notes
};

struct queue {
	struct engine *engine;
	struct queue_settings settings; // with the defaults filled in
	char *server_name;
	struct queue_index index;
	struct queue_partition partitions[QUEUE_PARTITIONS];
	_Atomic unsigned turn;    // the partition that the next put tries first
	struct queue_lot *parked; // see lot.h; protected by the index's lock
	// Reports to senders who are not proven.
	struct tally *reports;           // one count, with the key ""
	struct tally *reports_by_domain; // of the sender
	_Atomic uint64_t reports_dropped;
	// Who is woken by notes; protected by the index's lock.
	void (*notes_wake)(void *context);
	void *notes_context;
};

int64_t queue_now(const struct queue *queue);

static inline uint64_t queue_partition_of(const struct queue_id *id)
{
	return QUEUE_PARTITION_FIRST + queue_id_partition(id);
}

// Locks the partition. Its batch is empty then.
struct queue_partition *queue_partition_lock(
    struct queue *queue, unsigned partition);
void queue_partition_unlock(struct queue_partition *partition);
// Commits the partition's batch. After a conflict with another server on the
// same engine it first reads again what the batch was made from: the message of
// `from` and its recipients there (NULL: the batch brings a new message).
// RC_GONE: one of them is no longer in the queue, because the other server has
// settled it.
struct queue_copy;
MUST_CHECK enum rc queue_partition_commit(struct queue *queue,
    struct queue_partition *partition, const struct queue_copy *from,
    struct fault *fault);

// ---- Reading ---------------------------------------------------------------

// A message's record, and the records of its recipients whose numbers are in
// first <= n < end. All of it is in the arena.
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
// Adds the recipients that `cursor` reads to `copy`.
MUST_CHECK enum rc queue_copy_recipients(struct engine_cursor *cursor,
    struct arena *arena, unsigned first, unsigned end, struct queue_copy *copy);

// Reads bytes of the message: first its head, then its content.
MUST_CHECK enum rc queue_content_read(struct queue *queue,
    const struct queue_message_record *message, uint64_t offset, size_t len,
    struct buf *ret_bytes);

// ---- Changing --------------------------------------------------------------

// Recipients sorted by destination. This is the order in which they are
// numbered and put into lots. In an arena.
struct queue_plan {
	struct queue_recipient_record *recipients;
	size_t count;
	struct queue_lot_plan *lots;
	size_t lot_count;
};
struct queue_plan queue_plan_make(struct arena *arena, enum queue_class class,
    const struct queue_recipient *recipients, size_t count, int64_t due);

// Adds the records of a new message to a batch.
void queue_batch_add(struct engine_batch *batch, const struct queue_id *id,
    const struct queue_message_record *message,
    const struct queue_recipient_record *recipients, size_t count);
void queue_batch_message(struct engine_batch *batch, const struct queue_id *id,
    const struct queue_message_record *message);
void queue_batch_recipient(struct engine_batch *batch,
    const struct queue_id *id, uint16_t number,
    const struct queue_recipient_record *recipient);
void queue_batch_flags(
    struct engine_batch *batch, const struct queue_id *id, unsigned flags);
// Adds the changes that the verdicts make to the copy's recipients. With `ends`
// these are the message's last recipients, and the message is deleted too.
void queue_batch_verdicts(struct engine_batch *batch,
    const struct queue_copy *copy, const struct queue_verdict *verdicts,
    bool ends);

// Recipients as they are stored: one message for all that have the same fields
// in front. All these messages have the same envelope, age and content, and are
// in one partition and one commit. In an arena.
struct queue_group {
	struct queue_id id; // set by who makes the groups
	struct view own;    // the fields of its recipients alone
	struct view head;   // `own`, and the head of the whole message
	struct queue_plan plan;
	size_t count; // recipients, while the groups are made
};
struct queue_groups {
	struct queue_group *groups;
	size_t count;
	enum queue_class class;
};
struct queue_groups queue_groups_make(struct arena *arena,
    enum queue_class class, struct view head,
    const struct queue_recipient *recipients, size_t count, int64_t due);
// Adds all of them to a batch. `message` gives what they have in common; its
// size is that with its own head.
void queue_groups_add(const struct queue_groups *groups,
    const struct queue_message_record *message, unsigned flags,
    struct engine_batch *batch);
// Adds them to the index, after the commit. The caller holds the index's lock.
void queue_groups_index(
    struct queue *queue, const struct queue_groups *groups, unsigned flags);

// Makes the new messages that replace recipients that are aliases. Allocates in
// `arena`. RC_INVALID or RC_LIMIT: a target's address is not possible.
MUST_CHECK enum rc queue_expansion_make(struct queue *queue,
    struct arena *arena, const struct queue_copy *copy,
    const struct queue_result *results, struct fault *fault,
    struct queue_groups *ret_expansion);
void queue_expansion_add(const struct queue_groups *expansion,
    const struct queue_copy *copy, unsigned flags, struct engine_batch *batch);

// A report that is queued in the commit of the results that it reports.
struct queue_bounce {
	bool wanted; // false: there is no report, and the other members are
		     // unused
	struct queue_id id;
	struct queue_message_record message;
	struct queue_recipient_record recipient;
	char
	    address[QUEUE_ADDRESS_MAX]; // the address of the report's recipient
	struct engine_writer *writer;
};
// Writes the report that the verdicts call for, if there is anything to report
// and somebody to report to. The caller calls queue_bounce_done() afterwards in
// any case.
MUST_CHECK enum rc queue_bounce_make(struct queue *queue,
    const struct queue_copy *copy, const struct queue_verdict *verdicts,
    struct queue_bounce *ret_bounce);
MUST_CHECK enum rc queue_bounce_add(
    struct queue_bounce *bounce, struct engine_batch *batch);
// Adds the report to the index, after the commit. The caller holds the index's
// lock.
void queue_bounce_index(struct queue *queue, const struct queue_bounce *bounce);
void queue_bounce_done(struct queue_bounce *bounce);

// ---- notes.c ---------------------------------------------------------------

// Adds the notes about the results of a tracked message.
void queue_notes_add(struct queue *queue, struct engine_batch *batch,
    const struct queue_copy *copy, const struct queue_verdict *verdicts);
// Tells who reads notes, after the commit, if there are any.
void queue_notes_tell(struct queue *queue, const struct queue_copy *copy);

void queue_log_verdict(struct queue *queue, const struct queue_copy *copy,
    const struct queue_verdict *verdict);

#endif
