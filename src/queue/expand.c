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
    struct fault *fault, struct queue_groups *ret_expansion)
{
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
	int64_t now = queue_now(queue);
	struct queue_groups groups =
	    queue_groups_make(arena, queue_class_of(&copy->message.envelope),
		copy->message.head, all, count, now);
	for (size_t i = 0; i < groups.count; i++) {
		if (groups.groups[i].head.len > QUEUE_HEAD_MAX)
			return fault_set(
			    fault, RC_LIMIT, "the message's head is too long");
		groups.groups[i].id =
		    queue_id_new(now * 1000, queue_id_partition(&copy->id));
	}
	*ret_expansion = groups;
	return RC_OK;
}

void queue_expansion_add(const struct queue_groups *expansion,
    const struct queue_copy *copy, unsigned flags, struct engine_batch *batch)
{
	queue_groups_add(expansion, &copy->message, flags, batch);
	for (size_t i = 0; i < expansion->count; i++)
		engine_batch_own(batch, &copy->message.content);
}
