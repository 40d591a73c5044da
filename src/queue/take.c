// SPDX-License-Identifier: Apache-2.0
// Hands out lots. Claims and leases are changes of the index alone. The thread
// that takes a lot reads its content from the disk, without holding a lock.
#include "base/mem.h"
#include "queue/lot.h"

// A lot that cannot be read, or whose result could not be committed, waits this
// many seconds.
#define TROUBLE_WAIT 60
// A lot whose records are damaged, which waiting does not mend, waits longer.
#define CORRUPT_WAIT 3600

// ---- Claims ----------------------------------------------------------------

enum rc queue_claim(struct queue *queue, struct arena *arena,
    enum queue_class last, struct queue_claim *ret_claim, int64_t *ret_next_ms)
{
	struct queue_index *index = &queue->index;
	int64_t now = queue_now(queue);
	enum rc rc = RC_END;
	pthread_mutex_lock(&index->lock);
	queue_index_tell_time(index, now);
	struct queue_destination *next = queue_index_next(index, last, now);
	int64_t first = queue_index_first(index, last);
	if (next) {
		*ret_claim = (struct queue_claim){
		    .class = next->class,
		    .domain = arena_copy(arena, view_of(next->name, next->len)),
		    .rank = queue_index_rank(next, now),
		};
		queue_index_claim(index, next);
		rc = RC_OK;
	} else {
		index->told = first;
		*ret_next_ms = first < INT64_MAX ? first * 1000 : 0;
	}
	pthread_mutex_unlock(&index->lock);
	return rc;
}

void queue_unclaim(struct queue *queue, const struct queue_claim *claim)
{
	struct queue_index *index = &queue->index;
	pthread_mutex_lock(&index->lock);
	struct queue_destination *destination =
	    queue_index_destination(index, claim);
	if (destination && destination->claimed)
		queue_index_unclaim(index, destination);
	pthread_mutex_unlock(&index->lock);
}

bool queue_has_due(struct queue *queue, struct queue_claim *claim)
{
	struct queue_index *index = &queue->index;
	int64_t now = queue_now(queue);
	pthread_mutex_lock(&index->lock);
	struct queue_destination *destination =
	    queue_index_destination(index, claim);
	int64_t rank =
	    destination ? queue_index_rank(destination, now) : INT64_MAX;
	pthread_mutex_unlock(&index->lock);
	if (rank < INT64_MAX)
		claim->rank = rank;
	return rank < INT64_MAX;
}

// ---- Lots ------------------------------------------------------------------

static struct queue_lot *lot_new(struct queue *queue, struct queue_entry *entry)
{
	struct queue_waiting *message = queue_entry_message(entry);
	struct queue_lot *lot = mem_zalloc(sizeof(*lot));
	lot->queue = queue;
	lot->entry = entry;
	lot->waiting = message;
	lot->flags = message->flags;
	lot->copy.id = message->id;
	arena_init(&lot->arena);
	return lot;
}

void queue_lot_free(struct queue_lot **lot)
{
	arena_done(&(*lot)->arena);
	free(*lot);
	*lot = NULL;
}

void queue_drop(struct queue *queue, struct queue_lot **lot, uint32_t seconds)
{
	int64_t due = queue_now(queue) + seconds;
	pthread_mutex_lock(&queue->index.lock);
	queue_index_wait(&queue->index, (*lot)->entry, due);
	pthread_mutex_unlock(&queue->index.lock);
	queue_lot_free(lot);
}

static enum rc lot_read(struct queue_lot *lot)
{
	struct queue_id id = lot->copy.id;
	enum rc rc = queue_copy_read(lot->queue, &lot->arena, &id,
	    lot->entry->first, lot->entry->end, &lot->copy);
	if (rc != RC_OK)
		return rc;
	if (lot->copy.count != lot->entry->left)
		return RC_CORRUPT;
	lot->recipients = arena_alloc(
	    &lot->arena, lot->copy.count * sizeof(*lot->recipients));
	for (size_t i = 0; i < lot->copy.count; i++)
		lot->recipients[i] = (struct queue_lot_recipient){
		    .recipient = lot->copy.recipients[i].recipient,
		    .attempts = lot->copy.recipients[i].attempts,
		};
	return RC_OK;
}

// Settles a lot that nobody may try any more.
static enum rc settle_over(struct queue *queue, struct queue_lot *lot)
{
	struct queue_result *results =
	    arena_zalloc(&lot->arena, lot->copy.count * sizeof(*results));
	for (size_t i = 0; i < lot->copy.count; i++)
		results[i] = (struct queue_result){
		    .outcome = QUEUE_LATER,
		    .status = lot->copy.recipients[i].status,
		    .diagnostic = lot->copy.recipients[i].diagnostic,
		    .remote = lot->copy.recipients[i].remote,
		};
	lot->untried = true;
	return queue_settle(queue, &lot, results, NULL);
}

static void complain(struct queue *queue, struct queue_lot **lot, enum rc rc)
{
	char text[QUEUE_ID_TEXT + 1];
	queue_id_print(&(*lot)->copy.id, text);
	log_text(queue->settings.log, LOG_LEVEL_ERROR, "queue",
	    "cannot read message %s: %s", text, rc_text(rc));
	queue_drop(queue, lot, rc == RC_IO ? TROUBLE_WAIT : CORRUPT_WAIT);
}

static struct queue_lot *lease(
    struct queue *queue, const struct queue_claim *claim)
{
	struct queue_index *index = &queue->index;
	int64_t now = queue_now(queue);
	pthread_mutex_lock(&index->lock);
	struct queue_destination *destination =
	    queue_index_destination(index, claim);
	struct queue_entry *entry =
	    destination ? queue_index_lease(index, destination, now) : NULL;
	struct queue_lot *lot = NULL;
	if (entry && entry->parked)
		lot = queue_unpark(queue, entry);
	if (entry && !lot)
		lot = lot_new(queue, entry);
	pthread_mutex_unlock(&index->lock);
	return lot;
}

enum rc queue_take(struct queue *queue, const struct queue_claim *claim,
    struct queue_lot **ret_lot)
{
	for (;;) {
		struct queue_lot *lot = lease(queue, claim);
		if (!lot)
			return RC_END;
		if (lot->kept) {
			// The lot was tried before, but its results are not
			// committed.
			enum rc kept =
			    queue_settle(queue, &lot, lot->kept, NULL);
			(void)kept; // on failure the lot waits again
			continue;
		}
		enum rc rc = lot_read(lot);
		if (rc == RC_NOT_FOUND) {
			queue_forget(queue, &lot);
			continue;
		}
		if (rc != RC_OK) {
			complain(queue, &lot, rc);
			if (rc == RC_IO)
				return rc;
			continue; // so that the other lots do not have to wait
				  // for this one
		}
		if (!queue_schedule_is_over(
			&lot->copy.message, lot->flags, queue_now(queue))) {
			*ret_lot = lot;
			return RC_OK;
		}
		rc = settle_over(queue, lot);
		if (rc != RC_OK && rc != RC_GONE)
			return rc;
	}
}

const struct engine_content_id *queue_lot_content(const struct queue_lot *lot)
{
	return &lot->copy.message.content;
}

const struct queue_id *queue_lot_id(const struct queue_lot *lot)
{
	return &lot->copy.id;
}

const struct queue_envelope *queue_lot_envelope(const struct queue_lot *lot)
{
	return &lot->copy.message.envelope;
}

uint64_t queue_lot_size(const struct queue_lot *lot)
{
	return lot->copy.message.size;
}

int64_t queue_lot_created(const struct queue_lot *lot)
{
	return lot->copy.message.created;
}

size_t queue_lot_count(const struct queue_lot *lot)
{
	return lot->copy.count;
}

const struct queue_lot_recipient *queue_lot_recipient(
    const struct queue_lot *lot, size_t n)
{
	return &lot->recipients[n];
}

enum rc queue_lot_read(
    struct queue_lot *lot, uint64_t offset, size_t len, struct buf *ret_bytes)
{
	return queue_content_read(
	    lot->queue, &lot->copy.message, offset, len, ret_bytes);
}
