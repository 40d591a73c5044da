// SPDX-License-Identifier: Apache-2.0
// Puts messages into the queue.
#include <string.h>

#include "base/mem.h"
#include "queue/impl.h"

struct queue_draft {
	struct engine_writer *writer;
	struct engine_content_id id;
	uint64_t size;
};

struct queue_draft *queue_draft_new(struct queue *queue)
{
	struct queue_draft *draft = mem_zalloc(sizeof(*draft));
	draft->writer = engine_writer_new(queue->engine, &draft->id);
	return draft;
}

enum rc queue_draft_add(struct queue_draft *draft, struct view bytes)
{
	enum rc rc = engine_writer_append(draft->writer, bytes);
	if (rc == RC_OK)
		draft->size += bytes.len;
	return rc;
}

uint64_t queue_draft_size(const struct queue_draft *draft)
{
	return draft->size;
}

size_t queue_draft_memory(const struct queue_draft *draft)
{
	// The writer holds one chunk, the last.
	return sizeof(*draft) + (draft->size < ENGINE_CHUNK
					? (size_t)draft->size
					: ENGINE_CHUNK);
}

void queue_draft_free(struct queue_draft **draft)
{
	if (!*draft)
		return;
	engine_writer_free(&(*draft)->writer);
	free(*draft);
	*draft = NULL;
}

// ---- Recipients by destination ---------------------------------------------

struct sorted {
	struct view domain;
	size_t given; // its position in the caller's list
};

static int compare_sorted(const void *left, const void *right)
{
	const struct sorted *a = left;
	const struct sorted *b = right;
	int order = view_compare(a->domain, b->domain);
	if (order)
		return order;
	return a->given < b->given ? -1 : 1;
}

struct queue_plan queue_plan_make(struct arena *arena, enum queue_class class,
    const struct queue_recipient *recipients, size_t count, int64_t due)
{
	struct queue_plan plan = {
	    .recipients = arena_zalloc(arena, count * sizeof(*plan.recipients)),
	    .count = count,
	    .lots = arena_zalloc(arena, count * sizeof(*plan.lots)),
	};
	struct sorted *sorted = arena_alloc(arena, count * sizeof(*sorted));
	for (size_t i = 0; i < count; i++)
		sorted[i] =
		    (struct sorted){queue_domain_of(recipients[i].address), i};
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), compare_sorted);
	for (size_t i = 0; i < count; i++) {
		struct view domain = sorted[i].domain;
		plan.recipients[i].recipient = recipients[sorted[i].given];
		plan.recipients[i].class = class;
		plan.recipients[i].next_try = due;
		if (i == 0 || !view_eq(domain, sorted[i - 1].domain))
			plan.lots[plan.lot_count++] = (struct queue_lot_plan){
			    .domain = domain, .due = due, .first = (uint16_t)i};
		struct queue_lot_plan *lot = &plan.lots[plan.lot_count - 1];
		lot->end = (uint16_t)(i + 1);
		lot->left++;
	}
	return plan;
}

// ---- Records ---------------------------------------------------------------

#define RECORD_MAX ((size_t)1 << 20) // every record is much shorter

static void put_recipient(struct engine_batch *batch, const struct queue_id *id,
    uint16_t number, const struct queue_recipient_record *recipient,
    struct buf *scratch)
{
	struct queue_key key = queue_key_recipient(id, number);
	buf_reset(scratch);
	queue_recipient_encode(recipient, scratch);
	engine_batch_put(batch, queue_key_view(&key), buf_view(scratch));
}

void queue_batch_recipient(struct engine_batch *batch,
    const struct queue_id *id, uint16_t number,
    const struct queue_recipient_record *recipient)
{
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	put_recipient(batch, id, number, recipient, &bytes);
	buf_done(&bytes);
}

void queue_batch_message(struct engine_batch *batch, const struct queue_id *id,
    const struct queue_message_record *message)
{
	struct buf bytes;
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, id);
	buf_init(&bytes, RECORD_MAX);
	queue_message_encode(message, &bytes);
	engine_batch_put(batch, queue_key_view(&key), buf_view(&bytes));
	buf_done(&bytes);
}

void queue_batch_add(struct engine_batch *batch, const struct queue_id *id,
    const struct queue_message_record *message,
    const struct queue_recipient_record *recipients, size_t count)
{
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	queue_batch_message(batch, id, message);
	for (size_t i = 0; i < count; i++)
		put_recipient(batch, id, (uint16_t)i, &recipients[i], &bytes);
	buf_done(&bytes);
}

void queue_batch_flags(
    struct engine_batch *batch, const struct queue_id *id, unsigned flags)
{
	struct queue_key key = queue_key(QUEUE_KEY_FLAGS, id);
	char byte = (char)flags;
	if (flags)
		engine_batch_put(
		    batch, queue_key_view(&key), view_of(&byte, 1));
	else
		engine_batch_delete(batch, queue_key_view(&key));
}

void queue_batch_verdicts(struct engine_batch *batch,
    const struct queue_copy *copy, const struct queue_verdict *verdicts,
    bool ends)
{
	struct buf bytes;
	buf_init(&bytes, RECORD_MAX);
	for (size_t i = 0; i < copy->count; i++) {
		struct queue_key key =
		    queue_key_recipient(&copy->id, copy->numbers[i]);
		if (verdicts[i].final)
			engine_batch_delete(batch, queue_key_view(&key));
		else
			put_recipient(batch, &copy->id, copy->numbers[i],
			    &verdicts[i].record, &bytes);
	}
	buf_done(&bytes);
	if (!ends)
		return;
	struct queue_key message = queue_key(QUEUE_KEY_MESSAGE, &copy->id);
	struct queue_key flags = queue_key(QUEUE_KEY_FLAGS, &copy->id);
	engine_batch_delete(batch, queue_key_view(&message));
	engine_batch_delete(batch, queue_key_view(&flags));
	engine_batch_disown(batch, &copy->message.content);
}

// ---- Groups ----------------------------------------------------------------

static struct view join(struct arena *arena, struct view a, struct view b)
{
	if (a.len == 0)
		return b;
	char *text = arena_alloc(arena, a.len + b.len);
	memcpy(text, a.ptr, a.len);
	if (b.len)
		memcpy(text + a.len, b.ptr, b.len);
	return view_of(text, a.len + b.len);
}

// The group for a recipient with these fields; a new one if there is none with
// room.
static size_t find_group(struct queue_groups *groups, struct view own)
{
	for (size_t i = 0; i < groups->count; i++)
		if (groups->groups[i].count < QUEUE_RECIPIENTS_MAX &&
		    view_eq(groups->groups[i].own, own))
			return i;
	groups->groups[groups->count].own = own;
	return groups->count++;
}

struct queue_groups queue_groups_make(struct arena *arena,
    enum queue_class class, struct view head,
    const struct queue_recipient *recipients, size_t count, int64_t due)
{
	struct queue_groups groups = {
	    .groups = arena_zalloc(arena, count * sizeof(*groups.groups)),
	    .class = class};
	size_t *group = arena_alloc(arena, count * sizeof(*group));
	struct queue_recipient *members =
	    arena_alloc(arena, count * sizeof(*members));
	for (size_t i = 0; i < count; i++) {
		group[i] = find_group(&groups, recipients[i].head);
		groups.groups[group[i]].count++;
	}
	for (size_t n = 0; n < groups.count; n++) {
		struct queue_group *one = &groups.groups[n];
		size_t found = 0;
		for (size_t i = 0; found < one->count && i < count; i++)
			if (group[i] == n)
				members[found++] = recipients[i];
		one->head = join(arena, one->own, head);
		one->plan = queue_plan_make(arena, class, members, found, due);
	}
	return groups;
}

void queue_groups_add(const struct queue_groups *groups,
    const struct queue_message_record *message, unsigned flags,
    struct engine_batch *batch)
{
	for (size_t i = 0; i < groups->count; i++) {
		const struct queue_group *group = &groups->groups[i];
		struct queue_message_record one = *message;
		one.size = message->size - message->head.len + group->head.len;
		one.head = group->head;
		queue_batch_add(batch, &group->id, &one, group->plan.recipients,
		    group->plan.count);
		if (flags)
			queue_batch_flags(batch, &group->id, flags);
	}
}

void queue_groups_index(
    struct queue *queue, const struct queue_groups *groups, unsigned flags)
{
	struct queue_index *index = &queue->index;
	for (size_t i = 0; i < groups->count; i++) {
		const struct queue_group *group = &groups->groups[i];
		queue_index_add(index, &group->id, groups->class,
		    group->plan.lots, group->plan.lot_count);
		if (flags)
			queue_index_set_flags(
			    index, queue_index_find(index, &group->id), flags);
	}
}

// ---- Put -------------------------------------------------------------------

static enum rc check(const struct queue_message_record *message,
    const struct queue_recipient *recipients, size_t count, struct fault *fault)
{
	if (count == 0)
		return fault_set(fault, RC_INVALID,
		    "a message needs at least one recipient");
	if (count > QUEUE_RECIPIENTS_MAX)
		return fault_set(fault, RC_LIMIT,
		    "a message in the queue may have at most %d recipients",
		    QUEUE_RECIPIENTS_MAX);
	enum rc rc = queue_message_check(message, fault);
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = queue_recipient_check(&recipients[i], fault);
	return rc;
}

// Chooses a partition in which no commit is going on, so that several commits
// go side by side and share a sync. When all are busy, it is the next one in
// turn.
static unsigned choose_partition(struct queue *queue)
{
	unsigned first = queue->turn++ % QUEUE_PARTITIONS;
	for (unsigned i = 0; i < QUEUE_PARTITIONS; i++) {
		unsigned at = (first + i) % QUEUE_PARTITIONS;
		struct queue_partition *partition = &queue->partitions[at];
		if (pthread_mutex_trylock(&partition->lock) == 0) {
			engine_batch_reset(partition->batch);
			return at;
		}
	}
	queue_partition_lock(queue, first);
	return first;
}

static int64_t id_time(const struct queue *queue)
{
	struct timespec now;
	if (queue->settings.clock)
		return queue_now(queue) * 1000;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum rc commit_groups(struct queue *queue,
    struct queue_partition *partition, struct queue_draft *draft,
    const struct queue_message_record *message,
    const struct queue_groups *groups, struct fault *fault)
{
	queue_groups_add(groups, message, 0, partition->batch);
	enum rc rc = engine_writer_finish(draft->writer, partition->batch);
	if (rc != RC_OK)
		return fault_set(
		    fault, rc, "cannot store the message: %s", rc_text(rc));
	for (size_t i = 1; i < groups->count; i++)
		engine_batch_own(partition->batch, &message->content);
	return queue_partition_commit(queue, partition, NULL, fault);
}

// The caller holds the index's lock.
static void note_later(struct queue *queue, const struct queue_groups *groups,
    const struct queue_message_record *message)
{
	for (size_t i = 0; i < groups->count; i++)
		queue_later_add(&queue->index.later, &groups->groups[i].id,
		    message->envelope.account, message->size);
}

static enum rc put_groups(struct queue *queue, struct queue_draft *draft,
    struct queue_message_record *message, struct queue_groups *groups,
    struct fault *fault, struct queue_id *ret_id)
{
	unsigned chosen = choose_partition(queue);
	struct queue_partition *partition = &queue->partitions[chosen];
	struct queue_id first = queue_id_new(id_time(queue), chosen);
	for (size_t i = 0; i < groups->count; i++)
		groups->groups[i].id = queue_id_next(&first, (unsigned)i);
	message->envelope.track = first;
	message->envelope.parts = (uint16_t)groups->count;
	enum rc rc =
	    commit_groups(queue, partition, draft, message, groups, fault);
	if (rc == RC_OK) {
		pthread_mutex_lock(&queue->index.lock);
		queue_groups_index(queue, groups, 0);
		if (groups->groups[0].plan.lots[0].timed)
			note_later(queue, groups, message);
		pthread_mutex_unlock(&queue->index.lock);
		*ret_id = groups->groups[0].id;
	}
	queue_partition_unlock(partition);
	return rc;
}

static void set_timed(struct queue_groups *groups)
{
	for (size_t i = 0; i < groups->count; i++) {
		struct queue_plan *plan = &groups->groups[i].plan;
		for (size_t lot = 0; lot < plan->lot_count; lot++)
			plan->lots[lot].timed = true;
	}
}

enum rc queue_put(struct queue *queue, struct queue_draft *draft,
    struct view head, const struct queue_envelope *envelope,
    const struct queue_recipient *recipients, size_t count, struct fault *fault,
    struct queue_id *ret_id)
{
	struct queue_message_record message = {
	    .envelope = *envelope,
	    .created = queue_now(queue),
	    .size = head.len + draft->size,
	    .content = draft->id,
	    .head = head,
	};
	enum rc rc = check(&message, recipients, count, fault);
	if (rc != RC_OK)
		return rc;
	int64_t due = message.created;
	if (envelope->release_at > due)
		due = envelope->release_at; // RFC 4865 section 4
	struct arena arena;
	arena_init(&arena);
	struct queue_groups groups = queue_groups_make(
	    &arena, queue_class_of(envelope), head, recipients, count, due);
	if (due > message.created && !envelope->limited)
		set_timed(&groups);
	for (size_t i = 0; rc == RC_OK && i < groups.count; i++)
		if (groups.groups[i].head.len > QUEUE_HEAD_MAX)
			rc = fault_set(
			    fault, RC_LIMIT, "the message's head is too long");
	if (rc == RC_OK)
		rc = put_groups(queue, draft, &message, &groups, fault, ret_id);
	arena_done(&arena);
	return rc;
}
