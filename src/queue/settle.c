// SPDX-License-Identifier: Apache-2.0
// Settles a lot: commits all its results at once, with the reports. So after
// each commit a recipient is either still in the queue, or is settled and its
// sender gets the report.
#include "queue/lot.h"

// Seconds to wait after a commit that failed.
#define TROUBLE_WAIT 60

struct settling {
	struct queue *queue;
	struct queue_lot *lot;
	struct queue_verdict *verdicts;
	uint16_t finals;
	int64_t due; // next try of those that stay in the queue
	struct queue_bounce bounce;
	struct queue_groups expansion;
};

static struct view cut(struct view text, size_t max)
{
	return view_slice(text, 0, max);
}

void queue_forget(struct queue *queue, struct queue_lot **lot_at)
{
	struct queue_entry *entry = (*lot_at)->entry;
	pthread_mutex_lock(&queue->index.lock);
	queue_index_end(&queue->index, entry, entry->left);
	pthread_mutex_unlock(&queue->index.lock);
	queue_lot_free(lot_at);
}

static void judge(struct settling *settling, const struct queue_result *results)
{
	struct queue_lot *lot = settling->lot;
	struct queue_index *index = &settling->queue->index;
	pthread_mutex_lock(&index->lock);
	int64_t leapt_at = index->leapt_at;
	pthread_mutex_unlock(&index->lock);
	int64_t now = queue_now(settling->queue);
	struct queue_case of = {
	    .settings = &settling->queue->settings,
	    .id = &lot->copy.id,
	    .message = &lot->copy.message,
	    .flags = lot->flags,
	    .now = now,
	    .leapt = leapt_at &&
		     now - leapt_at <
			 queue_schedule_wait_max(&settling->queue->settings),
	    .untried = lot->untried,
	    .put_off = lot->put_off,
	};
	settling->finals = 0;
	settling->due = INT64_MAX;
	for (size_t i = 0; i < lot->copy.count; i++) {
		struct queue_result result = results[i];
		result.diagnostic =
		    cut(result.diagnostic, QUEUE_DIAGNOSTIC_MAX);
		result.remote = cut(result.remote, QUEUE_REMOTE_MAX);
		settling->verdicts[i] = queue_schedule_judge(
		    &of, &lot->copy.recipients[i], &result);
		const struct queue_verdict *verdict = &settling->verdicts[i];
		if (verdict->final)
			settling->finals++;
		else if (verdict->record.next_try < settling->due)
			settling->due = verdict->record.next_try;
	}
}

// Whether the administrator has removed the message since the verdicts were
// made. The caller holds the partition's lock.
static bool flags_moved(struct settling *settling)
{
	struct queue_index *index = &settling->queue->index;
	struct queue_lot *lot = settling->lot;
	pthread_mutex_lock(&index->lock);
	unsigned flags = lot->waiting->flags;
	pthread_mutex_unlock(&index->lock);
	bool moved = (flags ^ lot->flags) & ~(unsigned)QUEUE_FLAG_HELD;
	lot->flags = flags;
	return moved;
}

static void change_index(struct settling *settling)
{
	struct queue_index *index = &settling->queue->index;
	struct queue_entry *entry = settling->lot->entry;
	pthread_mutex_lock(&index->lock);
	queue_bounce_index(settling->queue, &settling->bounce);
	queue_groups_index(
	    settling->queue, &settling->expansion, settling->lot->flags);
	entry->tried |= !settling->lot->untried;
	if (settling->finals < entry->left)
		queue_index_wait(index, entry, settling->due);
	if (settling->finals > 0)
		queue_index_end(index, entry, settling->finals);
	pthread_mutex_unlock(&index->lock);
}

static enum rc commit(struct settling *settling,
    struct queue_partition *partition, struct fault *fault)
{
	const struct queue_lot *lot = settling->lot;
	bool ends = lot->waiting->lots_left == 1 &&
		    settling->finals == lot->entry->left;
	// The new message gets its claim on the content before the old one
	// gives up its own.
	queue_expansion_add(
	    &settling->expansion, &lot->copy, lot->flags, partition->batch);
	queue_batch_verdicts(
	    partition->batch, &lot->copy, settling->verdicts, ends);
	queue_notes_add(
	    settling->queue, partition->batch, &lot->copy, settling->verdicts);
	enum rc rc = queue_bounce_add(&settling->bounce, partition->batch);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot store the report: %s", rc_text(rc));
	return queue_partition_commit(
	    settling->queue, partition, &lot->copy, fault);
}

// RC_CONFLICT: the flags have changed; the verdicts have to be made again.
static enum rc try_settle(struct settling *settling, struct fault *fault)
{
	struct queue *queue = settling->queue;
	struct queue_lot *lot = settling->lot;
	enum rc rc = queue_bounce_make(
	    queue, &lot->copy, settling->verdicts, &settling->bounce);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot write the report: %s", rc_text(rc));
	struct queue_partition *partition =
	    queue_partition_lock(queue, queue_id_partition(&lot->copy.id));
	bool moved = flags_moved(settling);
	if (!moved)
		rc = commit(settling, partition, fault);
	if (!moved && rc == RC_OK)
		change_index(settling);
	queue_partition_unlock(partition);
	queue_bounce_done(&settling->bounce);
	return moved ? RC_CONFLICT : rc;
}

static enum rc settle(struct settling *settling,
    const struct queue_result *results, bool *ret_tried, struct fault *fault)
{
	struct queue_lot *lot = settling->lot;
	enum rc rc;
	unsigned flags;
	do { // again after each change that the administrator made meanwhile
		judge(settling, results);
		flags = lot->flags;
		// When the message was removed meanwhile, it is not sent to the
		// alias's targets.
		settling->expansion = (struct queue_groups){0};
		rc =
		    flags & QUEUE_FLAG_DOOMED
			? RC_OK
			: queue_expansion_make(settling->queue, &lot->arena,
			      &lot->copy, results, fault, &settling->expansion);
		*ret_tried = rc == RC_OK;
		if (rc == RC_OK)
			rc = try_settle(settling, fault);
	} while (rc == RC_CONFLICT && lot->flags != flags);
	return rc;
}

static struct settling begin(struct queue *queue, struct queue_lot *lot)
{
	return (struct settling){
	    .queue = queue,
	    .lot = lot,
	    .verdicts = arena_alloc(
		&lot->arena, lot->copy.count * sizeof(struct queue_verdict)),
	};
}

static enum rc end(struct settling *settling, struct queue_lot **lot_at,
    const struct queue_result *results, struct fault *fault)
{
	struct queue *queue = settling->queue;
	struct queue_lot *lot = settling->lot;
	bool tried;
	enum rc rc = settle(settling, results, &tried, fault);
	if (rc == RC_OK) {
		queue_notes_tell(queue, &lot->copy);
		for (size_t i = 0; i < lot->copy.count; i++)
			queue_log_verdict(
			    queue, &lot->copy, &settling->verdicts[i]);
		queue_lot_free(lot_at);
	} else if (rc == RC_GONE) {
		queue_forget(queue, lot_at);
	} else if (tried) {
		queue_park(lot_at, results, queue_now(queue) + TROUBLE_WAIT);
	} else { // results that cannot be committed at all
		queue_drop(queue, lot_at, TROUBLE_WAIT);
	}
	return rc;
}

enum rc queue_settle(struct queue *queue, struct queue_lot **lot_at,
    const struct queue_result *results, struct fault *fault)
{
	struct settling settling = begin(queue, *lot_at);
	return end(&settling, lot_at, results, fault);
}

// ---- Putting off -----------------------------------------------------------

// Whether a commit is needed: the sender has to be told something, a recipient
// is final, or the reason is not stored yet.
static bool is_news(const struct settling *settling)
{
	const struct queue_copy *copy = &settling->lot->copy;
	for (size_t i = 0; i < copy->count; i++) {
		const struct queue_verdict *verdict = &settling->verdicts[i];
		if (verdict->final || verdict->action != QUEUE_ACTION_NONE ||
		    copy->recipients[i].diagnostic.len == 0)
			return true;
	}
	return false;
}

enum rc queue_postpone(struct queue *queue, struct queue_lot **lot_at,
    uint32_t seconds, const struct queue_result *why, struct fault *fault)
{
	struct queue_lot *lot = *lot_at;
	struct queue_result *results =
	    arena_alloc(&lot->arena, lot->copy.count * sizeof(*results));
	for (size_t i = 0; i < lot->copy.count; i++) {
		results[i] = *why;
		results[i].outcome = QUEUE_LATER;
	}
	lot->untried = true;
	lot->put_off = seconds ? seconds : 1;
	struct settling settling = begin(queue, lot);
	judge(&settling, results);
	if (is_news(&settling))
		return end(&settling, lot_at, results, fault);
	pthread_mutex_lock(&queue->index.lock);
	queue_index_wait(&queue->index, lot->entry, settling.due);
	pthread_mutex_unlock(&queue->index.lock);
	queue_lot_free(lot_at);
	return RC_OK;
}
