// SPDX-License-Identifier: Apache-2.0
// What an administrator can do with a message: try it now, hold it,
// release it, remove it.
#include "queue/lot.h"

static enum rc not_there(struct fault *fault)
{
	return fault_set(
	    fault, RC_NOT_FOUND, "there is no such message in the queue");
}

enum rc queue_retry(
    struct queue *queue, const struct queue_id *id, struct fault *fault)
{
	struct arena arena;
	struct queue_copy copy;
	arena_init(&arena);
	enum rc rc = queue_copy_read(queue, &arena, id, 0, 0, &copy);
	int64_t due = queue_now(queue);
	// A message that waits for its release keeps that time: it has not
	// failed yet.
	if (rc == RC_OK && copy.message.envelope.release_at > due)
		due = copy.message.envelope.release_at;
	arena_done(&arena);
	if (rc == RC_NOT_FOUND)
		return not_there(fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the message: %s", rc_text(rc));
	pthread_mutex_lock(&queue->index.lock);
	struct queue_waiting *message = queue_index_find(&queue->index, id);
	for (size_t i = 0; message && i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (entry->left && entry->state == QUEUE_STATE_WAITING &&
		    entry->due.due > due)
			queue_index_wait(&queue->index, entry, due);
	}
	pthread_mutex_unlock(&queue->index.lock);
	return message ? RC_OK : not_there(fault);
}

// ---- Flags -----------------------------------------------------------------

// Looks up the message's flags. The caller holds the partition's lock, so the
// message cannot go away and its flags cannot change. Lots may still be leased
// meanwhile, but none can end.
static bool look(
    struct queue *queue, const struct queue_id *id, unsigned *ret_flags)
{
	pthread_mutex_lock(&queue->index.lock);
	struct queue_waiting *message = queue_index_find(&queue->index, id);
	if (message)
		*ret_flags = message->flags;
	pthread_mutex_unlock(&queue->index.lock);
	return message;
}

static void set_flags(
    struct queue *queue, const struct queue_id *id, unsigned flags)
{
	pthread_mutex_lock(&queue->index.lock);
	struct queue_waiting *message = queue_index_find(&queue->index, id);
	if (message)
		queue_index_set_flags(&queue->index, message, flags);
	pthread_mutex_unlock(&queue->index.lock);
}

static enum rc hold_locked(struct queue *queue,
    struct queue_partition *partition, const struct queue_id *id,
    struct fault *fault)
{
	unsigned flags;
	if (!look(queue, id, &flags))
		return not_there(fault);
	if (flags & QUEUE_FLAG_HELD)
		return RC_OK;
	flags |= QUEUE_FLAG_HELD;
	queue_batch_flags(partition->batch, id, flags);
	struct queue_copy from = {.id = *id};
	enum rc rc = queue_partition_commit(queue, partition, &from, fault);
	if (rc == RC_GONE)
		return not_there(fault);
	if (rc == RC_OK)
		set_flags(queue, id, flags);
	return rc;
}

enum rc queue_hold(
    struct queue *queue, const struct queue_id *id, struct fault *fault)
{
	struct queue_partition *partition =
	    queue_partition_lock(queue, queue_id_partition(id));
	enum rc rc = hold_locked(queue, partition, id, fault);
	queue_partition_unlock(partition);
	return rc;
}

// ---- Release ---------------------------------------------------------------

struct release {
	struct queue *queue;
	struct queue_copy copy;
	int64_t now;
	int64_t due;    // when the message may go
	unsigned flags; // after it
};

// When the message may go if only its sender's wish counts.
static int64_t wish_of(const struct queue_message_record *message)
{
	const struct queue_envelope *envelope = &message->envelope;
	switch (envelope->hold) {
	case SMTP_HOLD_NONE: break;
	case SMTP_HOLD_FOR:
		return message->created + (int64_t)envelope->hold_value;
	case SMTP_HOLD_UNTIL: return (int64_t)envelope->hold_value;
	}
	return 0;
}

// The release and the first tries that it moves are stored, so that the
// message's age counts from there.
static void add_release(
    const struct release *release, struct engine_batch *batch)
{
	struct queue_message_record message = release->copy.message;
	message.envelope.release_at = release->due;
	message.envelope.limited = false;
	queue_batch_message(batch, &release->copy.id, &message);
	for (size_t i = 0; i < release->copy.count; i++) {
		struct queue_recipient_record one = release->copy.recipients[i];
		if (one.attempts > 0 || one.next_try <= release->due)
			continue;
		one.next_try = release->due;
		queue_batch_recipient(
		    batch, &release->copy.id, release->copy.numbers[i], &one);
	}
}

static void release_lots(const struct release *release)
{
	struct queue_index *index = &release->queue->index;
	const struct queue_copy *copy = &release->copy;
	bool timed = release->due > release->now;
	pthread_mutex_lock(&index->lock);
	struct queue_waiting *message = queue_index_find(index, &copy->id);
	queue_later_end(&index->later, &copy->id);
	if (timed)
		queue_later_add(&index->later, &copy->id,
		    copy->message.envelope.account, copy->message.size);
	for (size_t i = 0; message && i < message->lot_count; i++) {
		struct queue_entry *entry = &message->lots[i];
		if (!entry->left || entry->tried ||
		    entry->state == QUEUE_STATE_SENDING ||
		    entry->due.due <= release->due)
			continue;
		entry->timed = timed;
		queue_index_wait(index, entry, release->due);
	}
	if (message)
		queue_index_set_flags(index, message, release->flags);
	pthread_mutex_unlock(&index->lock);
}

static enum rc release_locked(struct release *release, bool all,
    struct arena *arena, struct queue_partition *partition, struct fault *fault)
{
	struct queue *queue = release->queue;
	struct queue_id id = release->copy.id;
	unsigned flags;
	if (!look(queue, &id, &flags))
		return not_there(fault);
	enum rc rc =
	    queue_copy_read(queue, arena, &id, 0, UINT16_MAX, &release->copy);
	if (rc == RC_NOT_FOUND)
		return not_there(fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the message: %s", rc_text(rc));
	int64_t wish = all ? 0 : wish_of(&release->copy.message);
	release->due = wish > release->now ? wish : release->now;
	release->flags = all ? flags & ~(unsigned)QUEUE_FLAG_HELD : flags;
	bool sooner = release->copy.message.envelope.release_at > release->due;
	if (!sooner && release->flags == flags)
		return RC_OK;
	if (sooner)
		add_release(release, partition->batch);
	if (release->flags != flags)
		queue_batch_flags(partition->batch, &id, release->flags);
	rc = queue_partition_commit(queue, partition, &release->copy, fault);
	if (rc == RC_GONE)
		return not_there(fault);
	if (rc == RC_OK && !sooner)
		set_flags(queue, &id, release->flags);
	else if (rc == RC_OK)
		release_lots(release);
	return rc;
}

static enum rc release(struct queue *queue, const struct queue_id *id, bool all,
    struct fault *fault)
{
	struct arena arena;
	struct release release = {
	    .queue = queue, .copy = {.id = *id}, .now = queue_now(queue)};
	arena_init(&arena);
	struct queue_partition *partition =
	    queue_partition_lock(queue, queue_id_partition(id));
	enum rc rc = release_locked(&release, all, &arena, partition, fault);
	queue_partition_unlock(partition);
	arena_done(&arena);
	return rc;
}

enum rc queue_release(
    struct queue *queue, const struct queue_id *id, struct fault *fault)
{
	return release(queue, id, true, fault);
}

enum rc queue_let_go(
    struct queue *queue, const struct queue_id *id, struct fault *fault)
{
	return release(queue, id, false, fault);
}

// ---- Remove ----------------------------------------------------------------

struct removal {
	struct queue *queue;
	struct queue_copy copy; // without those that are being sent to
	struct queue_verdict *verdicts;
	unsigned flags;
	bool ends; // no recipient is left
	struct queue_bounce bounce;
};

// Leases the lots that wait, so that nobody else can take them, and removes
// from the copy the recipients that are being sent to.
static bool seize(struct removal *removal)
{
	struct queue_index *index = &removal->queue->index;
	struct queue_copy *copy = &removal->copy;
	size_t kept = 0;
	pthread_mutex_lock(&index->lock);
	struct queue_waiting *message = queue_index_find(index, &copy->id);
	for (size_t i = 0; message && i < copy->count; i++) {
		struct queue_entry *entry =
		    queue_index_lot(message, copy->numbers[i]);
		if (!entry || entry->state == QUEUE_STATE_SENDING)
			continue;
		copy->recipients[kept] = copy->recipients[i];
		copy->numbers[kept++] = copy->numbers[i];
	}
	removal->ends = kept == copy->count;
	copy->count = kept;
	if (message) {
		removal->flags = message->flags;
		queue_index_seize(index, message);
	}
	pthread_mutex_unlock(&index->lock);
	return message;
}

static void judge(struct removal *removal, bool report)
{
	struct queue_copy *copy = &removal->copy;
	struct queue_case of = {
	    .settings = &removal->queue->settings,
	    .id = &copy->id,
	    .message = &copy->message,
	    .flags =
		QUEUE_FLAG_DOOMED | (report ? QUEUE_FLAG_DOOMED_REPORT : 0u),
	    .now = queue_now(removal->queue),
	    .untried = true,
	};
	for (size_t i = 0; i < copy->count; i++) {
		const struct queue_recipient_record *record =
		    &copy->recipients[i];
		struct queue_result result = {
		    .outcome = QUEUE_LATER,
		    .status = ENHANCED(5, 0, 0),
		    .diagnostic = record->diagnostic,
		    .remote = record->remote,
		};
		removal->verdicts[i] =
		    queue_schedule_judge(&of, record, &result);
	}
}

// Frees results of the message that could not be committed: the removal takes
// the place of these results.
static void free_parked(struct removal *removal)
{
	queue_parked_free(removal->queue, &removal->copy.id);
}

static void change_index(struct removal *removal, bool committed, bool report)
{
	struct queue_index *index = &removal->queue->index;
	pthread_mutex_lock(&index->lock);
	struct queue_waiting *message =
	    queue_index_find(index, &removal->copy.id);
	if (committed && !removal->ends)
		queue_index_set_flags(index, message,
		    QUEUE_FLAG_DOOMED |
			(report ? QUEUE_FLAG_DOOMED_REPORT : 0u));
	if (committed)
		queue_bounce_index(removal->queue, &removal->bounce);
	if (committed)
		free_parked(removal);
	queue_index_unseize(index, message, committed);
	pthread_mutex_unlock(&index->lock);
}

static enum rc remove_seized(struct removal *removal,
    struct queue_partition *partition, bool report, struct fault *fault)
{
	struct queue *queue = removal->queue;
	enum rc rc = queue_bounce_make(
	    queue, &removal->copy, removal->verdicts, &removal->bounce);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot write the report: %s", rc_text(rc));
	queue_batch_verdicts(
	    partition->batch, &removal->copy, removal->verdicts, removal->ends);
	queue_notes_add(
	    queue, partition->batch, &removal->copy, removal->verdicts);
	if (!removal->ends)
		queue_batch_flags(partition->batch, &removal->copy.id,
		    QUEUE_FLAG_DOOMED |
			(report ? QUEUE_FLAG_DOOMED_REPORT : 0u));
	rc = queue_bounce_add(&removal->bounce, partition->batch);
	if (rc == RC_OK)
		rc = queue_partition_commit(
		    queue, partition, &removal->copy, fault);
	return rc == RC_GONE ? not_there(fault) : rc;
}

static enum rc remove_locked(struct removal *removal, struct arena *arena,
    struct queue_partition *partition, bool report, struct fault *fault)
{
	struct queue *queue = removal->queue;
	struct queue_id id = removal->copy.id;
	enum rc rc =
	    queue_copy_read(queue, arena, &id, 0, UINT16_MAX, &removal->copy);
	if (rc == RC_NOT_FOUND)
		return not_there(fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the message: %s", rc_text(rc));
	if (!seize(removal))
		return not_there(fault);
	removal->verdicts = arena_alloc(
	    arena, removal->copy.count * sizeof(*removal->verdicts));
	judge(removal, report);
	rc = remove_seized(removal, partition, report, fault);
	change_index(removal, rc == RC_OK, report);
	if (rc == RC_OK)
		queue_notes_tell(queue, &removal->copy);
	if (rc == RC_OK)
		for (size_t i = 0; i < removal->copy.count; i++)
			queue_log_verdict(
			    queue, &removal->copy, &removal->verdicts[i]);
	queue_bounce_done(&removal->bounce);
	return rc;
}

enum rc queue_remove(struct queue *queue, const struct queue_id *id,
    bool report, struct fault *fault)
{
	struct arena arena;
	struct removal removal = {.queue = queue, .copy = {.id = *id}};
	arena_init(&arena);
	struct queue_partition *partition =
	    queue_partition_lock(queue, queue_id_partition(id));
	enum rc rc = remove_locked(&removal, &arena, partition, report, fault);
	queue_partition_unlock(partition);
	arena_done(&arena);
	return rc;
}
