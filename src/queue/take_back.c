// SPDX-License-Identifier: Apache-2.0
// A user takes a message back. All its recipients are removed in one commit, or
// none: a message that was sent to one of them, or is being sent, stays.
#include "queue/lot.h"

struct taking {
	struct queue *queue;
	uint64_t account;
	struct arena arena;
	struct queue_copy *copies; // one for each message of the put
	size_t count;
};

static enum rc not_there(struct fault *fault)
{
	return fault_set(
	    fault, RC_NOT_FOUND, "there is no such message in the queue");
}

static enum rc was_sent(struct fault *fault)
{
	return fault_set(fault, RC_IN_USE,
	    "the message was sent to a recipient, or is being sent");
}

// ---- Reading ---------------------------------------------------------------

MUST_CHECK static enum rc read_parts(
    struct taking *taking, const struct queue_id *track, struct fault *fault)
{
	struct queue_copy first;
	enum rc rc = queue_copy_read(
	    taking->queue, &taking->arena, track, 0, UINT16_MAX, &first);
	const struct queue_envelope *envelope = &first.message.envelope;
	if (rc == RC_NOT_FOUND ||
	    (rc == RC_OK &&
		(!envelope->tracked || envelope->account != taking->account ||
		    !queue_id_eq(&envelope->track, track))))
		return not_there(fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the message: %s", rc_text(rc));
	taking->count = envelope->parts;
	taking->copies = arena_alloc(
	    &taking->arena, taking->count * sizeof(*taking->copies));
	taking->copies[0] = first;
	for (size_t i = 1; rc == RC_OK && i < taking->count; i++) {
		struct queue_id id = queue_id_next(track, (unsigned)i);
		rc = queue_copy_read(taking->queue, &taking->arena, &id, 0,
		    UINT16_MAX, &taking->copies[i]);
	}
	if (rc == RC_NOT_FOUND)
		return was_sent(fault);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the message: %s", rc_text(rc));
	return RC_OK;
}

// ---- The index -------------------------------------------------------------

// Whether nothing was sent of it and nothing is being sent. A result that could
// not be committed counts as sent.
static bool is_whole(const struct queue_waiting *message)
{
	if (!message || message->lots_left < message->lot_count ||
	    (message->flags & QUEUE_FLAG_DOOMED))
		return false;
	for (size_t i = 0; i < message->lot_count; i++) {
		const struct queue_entry *entry = &message->lots[i];
		if (entry->left != entry->end - entry->first ||
		    entry->state == QUEUE_STATE_SENDING || entry->parked)
			return false;
	}
	return true;
}

// Leases all lots of all parts, so that nobody else can take them.
static bool seize(struct taking *taking)
{
	struct queue_index *index = &taking->queue->index;
	bool whole = true;
	pthread_mutex_lock(&index->lock);
	for (size_t i = 0; whole && i < taking->count; i++)
		whole =
		    is_whole(queue_index_find(index, &taking->copies[i].id));
	for (size_t i = 0; whole && i < taking->count; i++)
		queue_index_seize(
		    index, queue_index_find(index, &taking->copies[i].id));
	pthread_mutex_unlock(&index->lock);
	return whole;
}

static void unseize(struct taking *taking, bool end)
{
	struct queue_index *index = &taking->queue->index;
	pthread_mutex_lock(&index->lock);
	for (size_t i = 0; i < taking->count; i++)
		queue_index_unseize(
		    index, queue_index_find(index, &taking->copies[i].id), end);
	pthread_mutex_unlock(&index->lock);
}

// ---- The commit ------------------------------------------------------------

static void add_part(struct taking *taking, struct queue_partition *partition,
    const struct queue_copy *copy)
{
	struct queue_verdict *verdicts =
	    arena_zalloc(&taking->arena, copy->count * sizeof(*verdicts));
	for (size_t i = 0; i < copy->count; i++)
		verdicts[i] = (struct queue_verdict){
		    .final = true,
		    .note = QUEUE_NOTE_TAKEN_BACK,
		    .record = copy->recipients[i],
		};
	queue_batch_verdicts(partition->batch, copy, verdicts, true);
	queue_notes_add(taking->queue, partition->batch, copy, verdicts);
}

static void log_taken_back(struct taking *taking, const struct queue_id *track)
{
	struct log_line line;
	char text[QUEUE_ID_TEXT + 1];
	size_t recipients = 0;
	for (size_t i = 0; i < taking->count; i++)
		recipients += taking->copies[i].count;
	queue_id_print(track, text);
	log_begin(&line, taking->queue->settings.log, LOG_LEVEL_INFO,
	    "queue_taken_back");
	log_add_string(&line, "id", text);
	log_add_u64(&line, "recipients", recipients);
	log_end(&line);
}

MUST_CHECK static enum rc take_back(struct taking *taking,
    struct queue_partition *partition, const struct queue_id *track,
    struct fault *fault)
{
	enum rc rc = read_parts(taking, track, fault);
	if (rc != RC_OK)
		return rc;
	if (!seize(taking))
		return was_sent(fault);
	for (size_t i = 0; i < taking->count; i++)
		add_part(taking, partition, &taking->copies[i]);
	rc = queue_partition_commit(
	    taking->queue, partition, &taking->copies[0], fault);
	unseize(taking, rc == RC_OK);
	if (rc == RC_GONE)
		return was_sent(fault);
	if (rc == RC_OK)
		queue_notes_tell(taking->queue, &taking->copies[0]);
	return rc;
}

enum rc queue_take_back(struct queue *queue, const struct queue_id *track,
    uint64_t account, struct fault *fault)
{
	struct taking taking = {.queue = queue, .account = account};
	arena_init(&taking.arena);
	struct queue_partition *partition =
	    queue_partition_lock(queue, queue_id_partition(track));
	enum rc rc = take_back(&taking, partition, track, fault);
	queue_partition_unlock(partition);
	if (rc == RC_OK)
		log_taken_back(&taking, track);
	arena_done(&taking.arena);
	return rc;
}
