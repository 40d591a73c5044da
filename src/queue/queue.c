// SPDX-License-Identifier: Apache-2.0
// Opens and closes the queue. Also the reads and commits that the other files
// use.
#include "base/mem.h"
#include "queue/lot.h"

// Conflicts come only from other servers on the same engine. Of the servers
// that collide, one always succeeds.
#define COMMIT_TRIES 100
// To how many domains of senders reports are counted at a time.
#define REPORT_DOMAINS 4096

int64_t queue_now(const struct queue *queue)
{
	return clock_wall_seconds(queue->settings.clock);
}

// ---- Partitions ------------------------------------------------------------

struct queue_partition *queue_partition_lock(
    struct queue *queue, unsigned partition)
{
	struct queue_partition *at = &queue->partitions[partition];
	pthread_mutex_lock(&at->lock);
	engine_batch_reset(at->batch);
	return at;
}

void queue_partition_unlock(struct queue_partition *partition)
{
	pthread_mutex_unlock(&partition->lock);
}

static enum rc check_there(
    struct engine_snapshot *snapshot, const struct queue_key *key)
{
	struct buf value;
	buf_init(&value, ENGINE_VALUE_MAX);
	enum rc rc = engine_snapshot_get(snapshot, queue_key_view(key), &value);
	buf_done(&value);
	return rc;
}

// Whether the message and the recipients of the copy are all in the queue. A
// recipient whose next try another server has moved still is: what was made
// of it here counts.
static enum rc check_all_there(
    struct engine_snapshot *snapshot, const struct queue_copy *copy)
{
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, &copy->id);
	enum rc rc = check_there(snapshot, &key);
	for (size_t i = 0; rc == RC_OK && i < copy->count; i++) {
		key = queue_key_recipient(&copy->id, copy->numbers[i]);
		rc = check_there(snapshot, &key);
	}
	return rc;
}

static enum rc read_again(struct queue *queue,
    struct queue_partition *partition, const struct queue_copy *from,
    struct fault *fault)
{
	struct engine_snapshot *snapshot;
	enum rc rc =
	    engine_snapshot_open(queue->engine, partition->number, &snapshot);
	if (rc == RC_OK) {
		partition->version = engine_snapshot_version(snapshot);
		if (from)
			rc = check_all_there(snapshot, from);
		engine_snapshot_close(&snapshot);
	}
	if (rc == RC_NOT_FOUND)
		return fault_set(
		    fault, RC_GONE, "another server has settled the message");
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "reading the queue: %s", rc_text(rc));
	return RC_OK;
}

enum rc queue_partition_commit(struct queue *queue,
    struct queue_partition *partition, const struct queue_copy *from,
    struct fault *fault)
{
	enum rc rc = RC_CONFLICT;
	for (int i = 0; rc == RC_CONFLICT && i < COMMIT_TRIES; i++) {
		rc = i > 0 ? read_again(queue, partition, from, fault) : RC_OK;
		if (rc == RC_OK)
			rc = engine_commit(queue->engine, partition->number,
			    partition->version, partition->batch, fault);
	}
	if (rc == RC_OK)
		partition->version++;
	return rc;
}

// ---- Reading ---------------------------------------------------------------

// Copies a record's texts into the arena.
static void keep_recipient(
    struct arena *arena, struct queue_recipient_record *one)
{
	one->recipient.address = arena_copy(arena, one->recipient.address);
	one->recipient.original = arena_copy(arena, one->recipient.original);
	one->diagnostic = arena_copy(arena, one->diagnostic);
	one->remote = arena_copy(arena, one->remote);
}

enum rc queue_copy_recipients(struct engine_cursor *cursor, struct arena *arena,
    unsigned first, unsigned end, struct queue_copy *copy)
{
	size_t capacity = 0;
	size_t numbers_capacity = 0;
	struct queue_key from = queue_key_recipient(&copy->id, (uint16_t)first);
	engine_cursor_seek(cursor, queue_key_view(&from));
	for (;;) {
		struct view key;
		struct view value;
		struct queue_id id;
		uint16_t number;
		enum rc rc = engine_cursor_next(cursor, &key, &value);
		if (rc == RC_END)
			return RC_OK;
		if (rc == RC_OK)
			rc = queue_key_parse(
			    key, QUEUE_KEY_RECIPIENT, &id, &number);
		if (rc != RC_OK)
			return rc;
		if (!queue_id_eq(&id, &copy->id) || number >= end)
			return RC_OK;
		struct queue_recipient_record one;
		rc = queue_recipient_decode(value, &one);
		if (rc != RC_OK)
			return rc;
		keep_recipient(arena, &one);
		copy->recipients = arena_grow(arena, copy->recipients,
		    &capacity, copy->count + 1, sizeof(*copy->recipients));
		copy->numbers = arena_grow(arena, copy->numbers,
		    &numbers_capacity, copy->count + 1, sizeof(*copy->numbers));
		copy->recipients[copy->count] = one;
		copy->numbers[copy->count++] = number;
	}
}

static enum rc read_message(struct engine_snapshot *snapshot,
    struct arena *arena, const struct queue_id *id,
    struct queue_message_record *ret_message)
{
	struct buf bytes;
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, id);
	buf_init(&bytes, ENGINE_VALUE_MAX);
	enum rc rc =
	    engine_snapshot_get(snapshot, queue_key_view(&key), &bytes);
	if (rc == RC_OK)
		rc = queue_message_decode(
		    arena_copy(arena, buf_view(&bytes)), ret_message);
	buf_done(&bytes);
	return rc;
}

enum rc queue_copy_read(struct queue *queue, struct arena *arena,
    const struct queue_id *id, unsigned first, unsigned end,
    struct queue_copy *ret_copy)
{
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct queue_copy copy = {.id = *id};
	enum rc rc = engine_snapshot_open(
	    queue->engine, queue_partition_of(id), &snapshot);
	if (rc != RC_OK)
		return rc;
	rc = read_message(snapshot, arena, id, &copy.message);
	if (rc == RC_OK && end > first) {
		struct queue_key key = queue_key(QUEUE_KEY_RECIPIENT, id);
		rc =
		    engine_cursor_open(snapshot, queue_key_view(&key), &cursor);
		if (rc == RC_OK) {
			rc = queue_copy_recipients(
			    cursor, arena, first, end, &copy);
			engine_cursor_close(&cursor);
		}
	}
	engine_snapshot_close(&snapshot);
	if (rc == RC_OK)
		*ret_copy = copy;
	return rc;
}

enum rc queue_content_read(struct queue *queue,
    const struct queue_message_record *message, uint64_t offset, size_t len,
    struct buf *ret_bytes)
{
	if (offset >= message->size || len == 0)
		return RC_OK;
	if (offset < message->head.len) {
		struct view part =
		    view_slice(message->head, (size_t)offset, len);
		buf_add(ret_bytes, part);
		offset += part.len;
		len -= part.len;
	}
	if (len == 0 || offset >= message->size)
		return buf_status(ret_bytes);
	enum rc rc = engine_content_read(queue->engine, &message->content,
	    offset - message->head.len, len, ret_bytes);
	return rc == RC_OK ? buf_status(ret_bytes) : rc;
}

// ---- Opening ---------------------------------------------------------------

// The state while records are loaded. The recipients come message by message,
// ordered by number, so the recipients of one lot follow each other.
struct loading {
	struct queue *queue;
	struct engine_snapshot *snapshot;
	struct arena arena; // for one message
	struct queue_id id;
	struct queue_lot_plan *lots;
	size_t count;
	size_t capacity;
	enum queue_class class;
};

// Reads what the message waits for. One that cannot be read waits.
static void read_release(
    struct loading *loading, struct queue_message_record *ret_message)
{
	struct buf value;
	struct queue_message_record message = {
	    .envelope.release_at = INT64_MAX};
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, &loading->id);
	buf_init(&value, ENGINE_VALUE_MAX);
	if (engine_snapshot_get(
		loading->snapshot, queue_key_view(&key), &value) == RC_OK &&
	    queue_message_decode(buf_view(&value), ret_message) == RC_OK)
		message = *ret_message;
	*ret_message = message; // its texts are not used
	buf_done(&value);
}

// Makes lots due whose time no wait leads to: it was set by a clock that was
// wrong. Reads the message only where its release may be what it waits for.
// Returns whether the message waits for the time that its sender chose.
static bool check_due(
    struct loading *loading, struct queue_message_record *ret_message)
{
	int64_t now = queue_now(loading->queue);
	int64_t latest =
	    now + queue_schedule_wait_max(&loading->queue->settings);
	bool read = false;
	bool timed = false;
	for (size_t i = 0; i < loading->count; i++) {
		struct queue_lot_plan *lot = &loading->lots[i];
		if (lot->due <= now)
			continue;
		if (!lot->tried && !read)
			read_release(loading, ret_message);
		read = read || !lot->tried;
		bool held =
		    !lot->tried && ret_message->envelope.release_at > now;
		lot->timed = held && !ret_message->envelope.limited;
		timed = timed || lot->timed;
		if (!held && lot->due > latest)
			lot->due = now;
	}
	return timed;
}

static void load_done(struct loading *loading)
{
	struct queue_message_record message = {0};
	bool timed = check_due(loading, &message);
	if (loading->count)
		queue_index_add(&loading->queue->index, &loading->id,
		    loading->class, loading->lots, loading->count);
	if (timed)
		queue_later_add(&loading->queue->index.later, &loading->id,
		    message.envelope.account, message.size);
	arena_reset(&loading->arena);
	loading->lots = NULL;
	loading->count = 0;
	loading->capacity = 0;
}

static enum rc load_recipient(
    struct loading *loading, struct view key, struct view value)
{
	struct queue_id id;
	uint16_t number;
	struct queue_recipient_record one;
	enum rc rc = queue_key_parse(key, QUEUE_KEY_RECIPIENT, &id, &number);
	if (rc == RC_OK)
		rc = queue_recipient_decode(value, &one);
	if (rc != RC_OK)
		return rc;
	if (loading->count && !queue_id_eq(&id, &loading->id))
		load_done(loading);
	loading->id = id;
	loading->class = one.class;
	struct view domain = queue_domain_of(one.recipient.address);
	struct queue_lot_plan *last =
	    loading->count ? &loading->lots[loading->count - 1] : NULL;
	if (!last || !view_eq(last->domain, domain)) {
		loading->lots = arena_grow(&loading->arena, loading->lots,
		    &loading->capacity, loading->count + 1, sizeof(*last));
		last = &loading->lots[loading->count++];
		*last = (struct queue_lot_plan){
		    .domain = arena_copy(&loading->arena, domain),
		    .due = one.next_try,
		    .first = number,
		};
	}
	if (one.next_try < last->due)
		last->due = one.next_try;
	last->end = (uint16_t)(number + 1);
	last->left++;
	last->tried |= one.attempts > 0;
	return RC_OK;
}

static void complain(struct queue *queue, struct view key, enum rc rc)
{
	struct queue_id id = {{0}};
	char text[QUEUE_ID_TEXT + 1];
	if (key.len > sizeof(id.bytes))
		memcpy(id.bytes, key.ptr + 1, sizeof(id.bytes));
	queue_id_print(&id, text);
	log_text(queue->settings.log, LOG_LEVEL_ERROR, "queue",
	    "skipped a record of message %s: %s", text, rc_text(rc));
}

static enum rc load_flags(
    struct queue *queue, struct view key, struct view value)
{
	struct queue_id id;
	enum rc rc = queue_key_parse(key, QUEUE_KEY_FLAGS, &id, NULL);
	if (rc != RC_OK || value.len != 1 ||
	    ((unsigned char)value.ptr[0] & ~QUEUE_FLAGS))
		return RC_CORRUPT;
	struct queue_waiting *message = queue_index_find(&queue->index, &id);
	if (!message)
		return RC_OK;
	unsigned flags = (unsigned char)value.ptr[0];
	// The message was to be removed. Its lots are due at once, and the
	// thread that takes one settles it as removed.
	if (flags & QUEUE_FLAG_DOOMED) {
		flags &= ~(unsigned)QUEUE_FLAG_HELD;
		for (size_t i = 0; i < message->lot_count; i++)
			queue_index_wait(&queue->index, &message->lots[i], 0);
	}
	queue_index_set_flags(&queue->index, message, flags);
	return RC_OK;
}

// A record that cannot be read is skipped, so that the other mail can still be
// sent.
static enum rc load_record(void *context, struct view key, struct view value)
{
	struct loading *loading = context;
	enum rc rc = key.ptr[0] == QUEUE_KEY_RECIPIENT
			 ? load_recipient(loading, key, value)
			 : load_flags(loading->queue, key, value);
	if (rc != RC_OK)
		complain(loading->queue, key, rc);
	return RC_OK;
}

static enum rc load_kind(
    struct loading *loading, struct engine_snapshot *snapshot, char kind)
{
	enum rc rc = engine_snapshot_scan(
	    snapshot, view_of(&kind, 1), VIEW(""), load_record, loading);
	load_done(loading);
	return rc;
}

static enum rc load(struct queue *queue, struct fault *fault)
{
	enum rc rc = RC_OK;
	struct loading loading = {.queue = queue};
	arena_init(&loading.arena);
	for (size_t i = 0; rc == RC_OK && i < QUEUE_PARTITIONS; i++) {
		struct engine_snapshot *snapshot;
		rc = engine_snapshot_open(
		    queue->engine, queue->partitions[i].number, &snapshot);
		if (rc != RC_OK)
			break;
		queue->partitions[i].version =
		    engine_snapshot_version(snapshot);
		loading.snapshot = snapshot;
		queue->partitions[i].noted = true; // until it was looked at
		rc = load_kind(&loading, snapshot, QUEUE_KEY_RECIPIENT);
		if (rc == RC_OK)
			rc = load_kind(&loading, snapshot, QUEUE_KEY_FLAGS);
		engine_snapshot_close(&snapshot);
	}
	arena_done(&loading.arena);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot read the queue: %s", rc_text(rc));
	return RC_OK;
}

enum rc queue_open(struct engine *engine, const struct queue_settings *settings,
    struct fault *fault, struct queue **ret_queue)
{
	struct queue *queue = mem_zalloc(sizeof(*queue));
	queue->engine = engine;
	queue->settings = *settings;
	queue_settings_default(&queue->settings);
	queue->server_name = view_to_string(queue->settings.server_name);
	queue->settings.server_name = view_of_string(queue->server_name);
	queue->reports = tally_new(1, queue->settings.reports_per_hour);
	queue->reports_by_domain =
	    tally_new(REPORT_DOMAINS, queue->settings.reports_per_domain);
	queue_index_init(&queue->index, settings->clock);
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++) {
		struct queue_partition *partition = &queue->partitions[i];
		pthread_mutex_init(&partition->lock, NULL);
		partition->number = QUEUE_PARTITION_FIRST + i;
		partition->batch = engine_batch_new(engine);
	}
	enum rc rc = load(queue, fault);
	if (rc != RC_OK) {
		queue_close(&queue);
		return rc;
	}
	*ret_queue = queue;
	return RC_OK;
}

void queue_close(struct queue **queue_at)
{
	struct queue *queue = *queue_at;
	if (!queue)
		return;
	*queue_at = NULL;
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++) {
		pthread_mutex_destroy(&queue->partitions[i].lock);
		engine_batch_free(&queue->partitions[i].batch);
	}
	queue_parked_free(queue, NULL);
	queue_index_done(&queue->index);
	tally_free(&queue->reports);
	tally_free(&queue->reports_by_domain);
	free(queue->server_name);
	free(queue);
}

// ---- Statistics ------------------------------------------------------------

struct queue_stats queue_stats(struct queue *queue)
{
	struct queue_stats stats = {0};
	struct queue_index *index = &queue->index;
	pthread_mutex_lock(&index->lock);
	stats.messages = index->messages;
	stats.recipients = index->recipients;
	stats.held = index->held;
	for (size_t i = 0; i < QUEUE_PARTITIONS; i++) {
		if (!index->oldest[i])
			continue;
		int64_t created = queue_id_seconds(&index->oldest[i]->id);
		if (stats.oldest == 0 || created < stats.oldest)
			stats.oldest = created;
	}
	pthread_mutex_unlock(&index->lock);
	stats.reports_dropped = queue->reports_dropped;
	return stats;
}

uint64_t queue_later_bytes(struct queue *queue, uint64_t account)
{
	pthread_mutex_lock(&queue->index.lock);
	uint64_t bytes = queue_later_sum(&queue->index.later, account);
	pthread_mutex_unlock(&queue->index.lock);
	return bytes;
}

void queue_watch(
    struct queue *queue, void (*wake)(void *context), void *context)
{
	struct queue_index *index = &queue->index;
	pthread_mutex_lock(&index->lock);
	index->wake = wake;
	index->context = context;
	index->told = queue_index_first(index, QUEUE_CLASS_REPORTS);
	if (wake && index->told < INT64_MAX)
		wake(context);
	pthread_mutex_unlock(&index->lock);
}
