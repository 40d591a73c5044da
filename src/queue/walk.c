// SPDX-License-Identifier: Apache-2.0
// Lists the messages: walks through the sixteen partitions, each in the order
// of its ids, and merges them.
#include "base/mem.h"
#include "queue/impl.h"

struct walk_partition {
	struct engine_snapshot *snapshot;
	struct engine_cursor *messages;
	struct engine_cursor *recipients;
	bool ended;
	struct view key; // of the current message
	struct view value;
};

struct queue_walk {
	struct queue *queue;
	struct walk_partition partitions[QUEUE_PARTITIONS];
};

static enum rc advance(struct walk_partition *partition)
{
	enum rc rc = engine_cursor_next(
	    partition->messages, &partition->key, &partition->value);
	if (rc == RC_END) {
		partition->ended = true;
		return RC_OK;
	}
	return rc;
}

static enum rc open_partition(
    struct queue *queue, uint64_t number, struct walk_partition *partition)
{
	static const char message = QUEUE_KEY_MESSAGE;
	static const char recipient = QUEUE_KEY_RECIPIENT;
	enum rc rc =
	    engine_snapshot_open(queue->engine, number, &partition->snapshot);
	if (rc == RC_OK)
		rc = engine_cursor_open(partition->snapshot,
		    view_of(&message, 1), &partition->messages);
	if (rc == RC_OK)
		rc = engine_cursor_open(partition->snapshot,
		    view_of(&recipient, 1), &partition->recipients);
	return rc == RC_OK ? advance(partition) : rc;
}

enum rc queue_walk_open(struct queue *queue, struct queue_walk **ret_walk)
{
	struct queue_walk *walk = mem_zalloc(sizeof(*walk));
	enum rc rc = RC_OK;
	walk->queue = queue;
	for (size_t i = 0; rc == RC_OK && i < QUEUE_PARTITIONS; i++)
		rc = open_partition(
		    queue, QUEUE_PARTITION_FIRST + i, &walk->partitions[i]);
	if (rc != RC_OK) {
		queue_walk_close(&walk);
		return rc;
	}
	*ret_walk = walk;
	return RC_OK;
}

void queue_walk_close(struct queue_walk **walk)
{
	if (!*walk)
		return;
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++) {
		struct walk_partition *partition = &(*walk)->partitions[i];
		if (partition->messages)
			engine_cursor_close(&partition->messages);
		if (partition->recipients)
			engine_cursor_close(&partition->recipients);
		if (partition->snapshot)
			engine_snapshot_close(&partition->snapshot);
	}
	free(*walk);
	*walk = NULL;
}

// ---- What the list shows ---------------------------------------------------

// The record has the state after the last settlement; the index has the current
// one.
static void show_recipient(struct queue_waiting *waiting, uint16_t number,
    const struct queue_recipient_record *record,
    struct queue_info_recipient *ret_shown)
{
	struct queue_entry *entry =
	    waiting ? queue_index_lot(waiting, number) : NULL;
	*ret_shown = (struct queue_info_recipient){
	    .address = record->recipient.address,
	    .state = entry ? entry->state : QUEUE_STATE_WAITING,
	    .attempts = record->attempts,
	    .next_try = entry ? entry->due.due : record->next_try,
	    .last_reply = record->diagnostic,
	    .remote = record->remote,
	};
}

static void show(struct queue *queue, struct arena *arena,
    const struct queue_copy *copy, struct queue_info *ret_info)
{
	struct queue_info info = {
	    .id = copy->id,
	    .envelope = copy->message.envelope,
	    .size = copy->message.size,
	    .created = copy->message.created,
	    .expires = queue_schedule_expiry(&queue->settings, &copy->message),
	    .count = copy->count,
	};
	info.recipients =
	    arena_alloc(arena, copy->count * sizeof(*info.recipients));
	pthread_mutex_lock(&queue->index.lock);
	struct queue_waiting *waiting =
	    queue_index_find(&queue->index, &copy->id);
	for (size_t i = 0; i < copy->count; i++)
		show_recipient(waiting, copy->numbers[i], &copy->recipients[i],
		    &info.recipients[i]);
	pthread_mutex_unlock(&queue->index.lock);
	*ret_info = info;
}

// ---- Walking ---------------------------------------------------------------

static struct walk_partition *earliest(struct queue_walk *walk)
{
	struct walk_partition *first = NULL;
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++) {
		struct walk_partition *partition = &walk->partitions[i];
		if (!partition->ended &&
		    (!first || view_compare(partition->key, first->key) < 0))
			first = partition;
	}
	return first;
}

enum rc queue_walk_next(
    struct queue_walk *walk, struct arena *arena, struct queue_info *ret_info)
{
	struct walk_partition *partition = earliest(walk);
	struct queue_copy copy = {0};
	if (!partition)
		return RC_END;
	enum rc rc =
	    queue_key_parse(partition->key, QUEUE_KEY_MESSAGE, &copy.id, NULL);
	if (rc == RC_OK)
		rc = queue_message_decode(
		    arena_copy(arena, partition->value), &copy.message);
	if (rc == RC_OK)
		rc = queue_copy_recipients(
		    partition->recipients, arena, 0, UINT16_MAX, &copy);
	enum rc next = advance(partition);
	if (rc == RC_CORRUPT)
		ret_info->id = copy.id;
	if (next != RC_OK || rc != RC_OK)
		return next != RC_OK ? next : rc;
	show(walk->queue, arena, &copy, ret_info);
	return RC_OK;
}

enum rc queue_show(struct queue *queue, const struct queue_id *id,
    struct arena *arena, struct queue_info *ret_info)
{
	struct queue_copy copy;
	enum rc rc = queue_copy_read(queue, arena, id, 0, UINT16_MAX, &copy);
	if (rc == RC_OK)
		show(queue, arena, &copy, ret_info);
	return rc;
}

enum rc queue_read(struct queue *queue, const struct queue_id *id,
    uint64_t offset, size_t len, struct buf *ret_bytes)
{
	struct arena arena;
	struct queue_copy copy;
	arena_init(&arena);
	enum rc rc = queue_copy_read(queue, &arena, id, 0, 0, &copy);
	if (rc == RC_OK)
		rc = queue_content_read(
		    queue, &copy.message, offset, len, ret_bytes);
	arena_done(&arena);
	return rc;
}
