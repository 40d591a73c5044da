// SPDX-License-Identifier: Apache-2.0
// Notes about recipients of tracked messages: written in the commits of the
// results, read and dropped by who keeps the user's side.
#include "queue/impl.h"

// ---- Writing ---------------------------------------------------------------

void queue_notes_add(struct queue *queue, struct engine_batch *batch,
    const struct queue_copy *copy, const struct queue_verdict *verdicts)
{
	const struct queue_envelope *envelope = &copy->message.envelope;
	struct buf bytes;
	if (!envelope->tracked)
		return;
	buf_init(&bytes, ENGINE_VALUE_MAX);
	for (size_t i = 0; i < copy->count; i++) {
		const struct queue_recipient_record *record =
		    &verdicts[i].record;
		struct queue_note note = {
		    .track = envelope->track,
		    .account = envelope->account,
		    .kind = verdicts[i].note,
		    .time = queue_now(queue),
		    .status = record->status,
		    .address = record->recipient.address,
		    .reply = record->diagnostic,
		};
		struct queue_key key = queue_key_numbered(
		    QUEUE_KEY_NOTE, &copy->id, copy->numbers[i]);
		buf_reset(&bytes);
		queue_note_encode(&note, &bytes);
		engine_batch_put(batch, queue_key_view(&key), buf_view(&bytes));
	}
	buf_done(&bytes);
}

void queue_notes_tell(struct queue *queue, const struct queue_copy *copy)
{
	if (!copy->message.envelope.tracked)
		return;
	queue->partitions[queue_id_partition(&copy->id)].noted = true;
	pthread_mutex_lock(&queue->index.lock);
	if (queue->notes_wake)
		queue->notes_wake(queue->notes_context);
	pthread_mutex_unlock(&queue->index.lock);
}

void queue_notes_watch(
    struct queue *queue, void (*wake)(void *context), void *context)
{
	pthread_mutex_lock(&queue->index.lock);
	queue->notes_wake = wake;
	queue->notes_context = context;
	pthread_mutex_unlock(&queue->index.lock);
}

// ---- Reading ---------------------------------------------------------------

struct reading {
	struct queue *queue;
	struct arena *arena;
	size_t max;
	struct queue_notes_place *place;
	struct queue_note *notes;
	size_t count;
};

static void complain(struct queue *queue, const struct queue_id *id, enum rc rc)
{
	char text[QUEUE_ID_TEXT + 1];
	queue_id_print(id, text);
	log_text(queue->settings.log, LOG_LEVEL_ERROR, "queue",
	    "skipped a note about message %s: %s", text, rc_text(rc));
}

static enum rc read_note(void *context, struct view key, struct view value)
{
	struct reading *reading = context;
	struct queue_notes_place *place = reading->place;
	struct queue_id id = {{0}};
	uint16_t number = 0;
	if (reading->count == reading->max)
		return RC_END;
	struct queue_note *note = &reading->notes[reading->count];
	enum rc rc = queue_key_parse(key, QUEUE_KEY_NOTE, &id, &number);
	if (rc == RC_OK && place->any && queue_id_eq(&id, &place->id) &&
	    number == place->number)
		return RC_OK; // the last one that was read
	if (rc == RC_OK)
		rc = queue_note_decode(arena_copy(reading->arena, value), note);
	if (rc != RC_OK) {
		complain(reading->queue, &id, rc);
		return RC_OK;
	}
	note->id = id;
	note->number = number;
	reading->count++;
	return RC_OK;
}

MUST_CHECK static enum rc read_partition(struct reading *reading)
{
	struct queue *queue = reading->queue;
	struct queue_notes_place *place = reading->place;
	static const char kind = QUEUE_KEY_NOTE;
	struct queue_partition *partition =
	    &queue->partitions[place->partition];
	struct engine_snapshot *snapshot;
	// Whoever commits a note after this snapshot sets it again.
	if (!place->any && !atomic_exchange(&partition->noted, false))
		return RC_OK;
	enum rc rc =
	    engine_snapshot_open(queue->engine, partition->number, &snapshot);
	if (rc == RC_OK) {
		struct queue_key from = queue_key_numbered(
		    QUEUE_KEY_NOTE, &place->id, place->number);
		rc = engine_snapshot_scan(snapshot, view_of(&kind, 1),
		    place->any ? queue_key_view(&from) : VIEW(""), read_note,
		    reading);
		engine_snapshot_close(&snapshot);
	}
	if (rc != RC_OK || reading->count > 0)
		partition->noted = true;
	return rc;
}

enum rc queue_notes_read(struct queue *queue, struct arena *arena, size_t max,
    struct queue_notes_place *place, struct queue_note **ret_notes,
    size_t *ret_count)
{
	struct reading reading = {
	    .queue = queue,
	    .arena = arena,
	    .max = max,
	    .place = place,
	    .notes = arena_alloc(arena, max * sizeof(struct queue_note)),
	};
	while (reading.count == 0 && place->partition < QUEUE_PARTITIONS) {
		enum rc rc = read_partition(&reading);
		if (rc != RC_OK)
			return rc;
		if (reading.count == 0)
			*place = (struct queue_notes_place){
			    .partition = place->partition + 1};
	}
	if (reading.count > 0) {
		const struct queue_note *last =
		    &reading.notes[reading.count - 1];
		place->id = last->id;
		place->number = last->number;
		place->any = true;
	}
	*ret_notes = reading.notes;
	*ret_count = reading.count;
	return RC_OK;
}

// ---- Dropping --------------------------------------------------------------

// Whether the note is as it was read. Nobody writes notes meanwhile: the caller
// holds the partition's lock.
static bool is_same(
    struct queue *queue, uint64_t partition, const struct queue_note *note)
{
	struct buf value;
	struct queue_key key =
	    queue_key_numbered(QUEUE_KEY_NOTE, &note->id, note->number);
	buf_init(&value, ENGINE_VALUE_MAX);
	bool same = engine_get(queue->engine, partition, queue_key_view(&key),
			&value) == RC_OK &&
		    view_eq(buf_view(&value), note->stored);
	buf_done(&value);
	return same;
}

// Drops the first notes that are in the same partition. Returns how many.
MUST_CHECK static enum rc drop_some(struct queue *queue,
    const struct queue_note *notes, size_t count, size_t *ret_done,
    struct fault *fault)
{
	unsigned at = queue_id_partition(&notes[0].id);
	struct queue_partition *partition = queue_partition_lock(queue, at);
	size_t done = 0;
	bool any = false;
	for (; done < count && queue_id_partition(&notes[done].id) == at;
	     done++) {
		if (!is_same(queue, partition->number, &notes[done]))
			continue;
		struct queue_key key = queue_key_numbered(
		    QUEUE_KEY_NOTE, &notes[done].id, notes[done].number);
		engine_batch_delete(partition->batch, queue_key_view(&key));
		any = true;
	}
	enum rc rc =
	    any ? queue_partition_commit(queue, partition, NULL, fault) : RC_OK;
	queue_partition_unlock(partition);
	*ret_done = done;
	return rc;
}

enum rc queue_notes_drop(struct queue *queue, const struct queue_note *notes,
    size_t count, struct fault *fault)
{
	enum rc rc = RC_OK;
	size_t some;
	for (size_t at = 0; rc == RC_OK && at < count; at += some)
		rc = drop_some(queue, notes + at, count - at, &some, fault);
	return rc;
}
