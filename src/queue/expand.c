// SPDX-License-Identifier: Apache-2.0
// Replaces a recipient that is an alias by the alias's targets. The targets
// become recipients of a new message, so that the numbers of the old message's
// recipients stay the same while its other lots are being sent. The new message
// refers to the same content and has the same age.
#include "queue/impl.h"

static size_t count_all(
    const struct queue_copy *copy, const struct queue_result *results)
{
	size_t count = 0;
	for (size_t i = 0; i < copy->count; i++)
		if (results[i].outcome == QUEUE_EXPANDED)
			count += results[i].expanded_count;
	return count;
}

enum rc queue_expansion_make(struct queue *queue, struct arena *arena,
    const struct queue_copy *copy, const struct queue_result *results,
    struct fault *fault, struct queue_expansion *ret_expansion)
{
	struct queue_expansion expansion = {0};
	size_t total = count_all(copy, results);
	struct queue_recipient *all = arena_alloc(arena, total * sizeof(*all));
	size_t count = 0;
	for (size_t i = 0; i < copy->count; i++)
		for (size_t n = 0; results[i].outcome == QUEUE_EXPANDED &&
				   n < results[i].expanded_count;
		     n++) {
			all[count] = results[i].expanded[n];
			enum rc rc = queue_recipient_check(&all[count], fault);
			if (rc != RC_OK)
				return rc;
			count++;
		}
	size_t messages = count / QUEUE_RECIPIENTS_MAX + 1;
	expansion.ids = arena_alloc(arena, messages * sizeof(struct queue_id));
	expansion.plans =
	    arena_alloc(arena, messages * sizeof(struct queue_plan));
	int64_t now = queue_now(queue);
	for (size_t at = 0; at < count; at += QUEUE_RECIPIENTS_MAX) {
		size_t part = count - at < QUEUE_RECIPIENTS_MAX
				  ? count - at
				  : QUEUE_RECIPIENTS_MAX;
		expansion.ids[expansion.count] =
		    queue_id_new(now * 1000, queue_id_partition(&copy->id));
		expansion.plans[expansion.count++] =
		    queue_plan_make(arena, all + at, part, now);
	}
	*ret_expansion = expansion;
	return RC_OK;
}

void queue_expansion_add(const struct queue_expansion *expansion,
    const struct queue_copy *copy, unsigned flags, struct engine_batch *batch)
{
	for (size_t i = 0; i < expansion->count; i++) {
		const struct queue_plan *plan = &expansion->plans[i];
		queue_batch_add(batch, &expansion->ids[i], &copy->message,
		    plan->recipients, plan->count);
		engine_batch_own(batch, &copy->message.content);
		if (flags)
			queue_batch_flags(batch, &expansion->ids[i], flags);
	}
}

void queue_expansion_index(struct queue *queue,
    const struct queue_expansion *expansion, unsigned flags)
{
	for (size_t i = 0; i < expansion->count; i++) {
		const struct queue_plan *plan = &expansion->plans[i];
		queue_index_add(&queue->index, &expansion->ids[i], plan->lots,
		    plan->lot_count);
		if (flags)
			queue_index_set_flags(&queue->index,
			    queue_index_find(&queue->index, &expansion->ids[i]),
			    flags);
	}
}
