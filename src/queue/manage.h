// SPDX-License-Identifier: Apache-2.0
// What an administrator does with the queue: looks at the messages, changes
// what becomes of them, verifies what is stored, counts. Thread-safe.
#ifndef ROOST_QUEUE_MANAGE_H
#define ROOST_QUEUE_MANAGE_H

#include "queue/queue.h"

enum queue_state {
	QUEUE_STATE_WAITING,
	QUEUE_STATE_SENDING, // leased
	QUEUE_STATE_HELD,
};
struct queue_info_recipient {
	struct view address;
	enum queue_state state;
	uint32_t attempts;
	int64_t next_try;       // seconds since 1970
	struct view last_reply; // empty: no attempt yet
	struct view remote;
};
struct queue_info {
	struct queue_id id;
	struct queue_envelope envelope;
	uint64_t size;
	int64_t created;
	int64_t expires;
	struct queue_info_recipient *recipients;
	size_t count;
};

// Walks over all messages in the order of their ids, which is by age, as they
// were when the walk began.
struct queue_walk;
MUST_CHECK enum rc queue_walk_open(
    struct queue *queue, struct queue_walk **ret_walk);
void queue_walk_close(struct queue_walk **walk);
// The next message, or RC_END. After RC_CORRUPT (which writes only `id`) the
// walk can go on.
MUST_CHECK enum rc queue_walk_next(
    struct queue_walk *walk, struct arena *arena, struct queue_info *ret_info);
MUST_CHECK enum rc queue_show(struct queue *queue, const struct queue_id *id,
    struct arena *arena, struct queue_info *ret_info);
// Adds bytes of a message's content to `ret_bytes`.
MUST_CHECK enum rc queue_read(struct queue *queue, const struct queue_id *id,
    uint64_t offset, size_t len, struct buf *ret_bytes);
// These functions change a whole message. RC_NOT_FOUND when it is not there.
// They do not stop an attempt that is under way for a recipient: that recipient
// is held or removed when the attempt has failed.

// Tries it now. One that is held, or that waits for its release, waits on.
MUST_CHECK enum rc queue_retry(
    struct queue *queue, const struct queue_id *id, struct fault *fault);
// Ends the wait of a message whose user has sent too much. It still waits for
// the time that its sender chose.
MUST_CHECK enum rc queue_let_go(
    struct queue *queue, const struct queue_id *id, struct fault *fault);
// Keeps it until it is released.
MUST_CHECK enum rc queue_hold(
    struct queue *queue, const struct queue_id *id, struct fault *fault);
// Ends every wait for a release: the administrator's hold, the time that the
// sender chose, and that of a user who has sent too much. Its age counts from
// now.
MUST_CHECK enum rc queue_release(
    struct queue *queue, const struct queue_id *id, struct fault *fault);
// With `report` the sender gets a report.
MUST_CHECK enum rc queue_remove(struct queue *queue, const struct queue_id *id,
    bool report, struct fault *fault);

// Verifies what is stored. `problem` is called with a sentence for each
// problem. Returns RC_OK even when there were problems. Needs no open queue,
// and may run while one is open.
MUST_CHECK enum rc queue_check(struct engine *engine,
    void (*problem)(void *context, const char *text), void *context);

struct queue_stats {
	uint64_t messages;
	uint64_t recipients;
	uint64_t held;  // messages that are held
	int64_t oldest; // when the oldest message was created; 0: the queue is
			// empty
	uint64_t reports_dropped; // by the limits, since the queue was opened
};
struct queue_stats queue_stats(struct queue *queue);

#endif
