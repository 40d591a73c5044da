// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: a queue on an engine in memory, with a clock that
// the test moves.
#ifndef ROOST_QUEUE_QUEUE_TEST_TOOLS_H
#define ROOST_QUEUE_QUEUE_TEST_TOOLS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "queue/lot.h"

#define BED_START 1700000000
#define MINUTE    60
#define HOUR      3600
#define DAY       86400

struct bed {
	struct engine *engine;
	struct queue *queue;
	struct arena arena;
	int64_t now;
	struct clock clock;
	unsigned wakes;
};

static inline int64_t bed_wall(void *context)
{
	return *(int64_t *)context;
}

static inline void bed_wake(void *context)
{
	++*(unsigned *)context;
}

static inline void bed_open_queue(struct bed *bed)
{
	struct queue_settings settings = {
	    .clock = &bed->clock,
	    .server_name = VIEW("mx.roost.example"),
	};
	struct fault fault = {0};
	assert_int_equal(
	    queue_open(bed->engine, &settings, &fault, &bed->queue), RC_OK);
	queue_watch(bed->queue, bed_wake, &bed->wakes);
}

static inline void bed_make(struct bed *bed)
{
	*bed = (struct bed){.now = BED_START};
	bed->clock = (struct clock){.wall = bed_wall, .context = &bed->now};
	bed->engine = engine_memory_new();
	arena_init(&bed->arena);
	bed_open_queue(bed);
}

static inline void bed_done(struct bed *bed)
{
	queue_close(&bed->queue);
	arena_done(&bed->arena);
	engine_close(&bed->engine);
}

// Restarts the queue as after kill -9: what is only in memory is lost.
static inline void bed_restart(struct bed *bed)
{
	queue_close(&bed->queue);
	bed_open_queue(bed);
}

#define BED_HEAD VIEW("Received: from here\r\n")

static inline struct queue_id bed_put_as(struct bed *bed, struct view text,
    const struct queue_envelope *envelope,
    const struct queue_recipient *recipients, size_t count)
{
	struct queue_id id;
	struct fault fault = {0};
	struct queue_draft *draft = queue_draft_new(bed->queue);
	assert_int_equal(queue_draft_add(draft, text), RC_OK);
	assert_int_equal(queue_put(bed->queue, draft, BED_HEAD, envelope,
			     recipients, count, &fault, &id),
	    RC_OK);
	queue_draft_free(&draft);
	return id;
}

#define BED_TEXT                                                               \
	VIEW("From: a@a.example\r\nSubject: Tea\r\nMessage-ID: "               \
	     "<1@a.example>\r\n\r\nHello.\r\n")

static inline struct queue_id bed_put(struct bed *bed, const char *recipient)
{
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	struct queue_recipient one = {.address = view_of_string(recipient)};
	return bed_put_as(bed, BED_TEXT, &envelope, &one, 1);
}

// The next due lot of any destination; NULL when there is none.
static inline struct queue_lot *bed_take(struct bed *bed)
{
	struct queue_claim domain;
	int64_t next;
	struct queue_lot *lot = NULL;
	while (queue_claim(bed->queue, &bed->arena, QUEUE_CLASS_REPORTS,
		   &domain, &next) == RC_OK) {
		enum rc rc = queue_take(bed->queue, &domain, &lot);
		queue_unclaim(bed->queue, &domain);
		if (rc == RC_OK)
			return lot;
		assert_int_equal(rc, RC_END);
	}
	return NULL;
}

// Seconds until a lot is due; 0: none waits.
static inline int64_t bed_next(struct bed *bed)
{
	struct queue_claim domain;
	int64_t next;
	assert_int_equal(queue_claim(bed->queue, &bed->arena,
			     QUEUE_CLASS_REPORTS, &domain, &next),
	    RC_END);
	return next ? next / 1000 - bed->now : 0;
}

static inline void bed_settle(
    struct bed *bed, struct queue_lot **lot, enum queue_outcome outcome)
{
	struct queue_result results[64];
	size_t count = queue_lot_count(*lot);
	assert_true(count <= ARRAY_LEN(results));
	for (size_t i = 0; i < count; i++)
		results[i] = (struct queue_result){
		    .outcome = outcome,
		    .status = outcome == QUEUE_FAILED  ? ENHANCED(5, 1, 1)
			      : outcome == QUEUE_LATER ? ENHANCED(4, 2, 0)
						       : ENHANCED(2, 0, 0),
		    .diagnostic = outcome == QUEUE_FAILED
				      ? VIEW("550 5.1.1 nobody")
				      : VIEW("450 4.2.0 not now"),
		    .remote = VIEW("mx.b.example"),
		};
	assert_int_equal(queue_settle(bed->queue, lot, results, NULL), RC_OK);
}

static inline struct view bed_text(struct bed *bed, const struct queue_id *id)
{
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 30);
	assert_int_equal(
	    queue_read(bed->queue, id, 0, SIZE_MAX, &bytes), RC_OK);
	struct view text = arena_copy(&bed->arena, buf_view(&bytes));
	buf_done(&bytes);
	return text;
}

static inline void bed_count_problem(void *context, const char *text)
{
	(void)text;
	++*(unsigned *)context;
}

static inline unsigned bed_problems(struct bed *bed)
{
	unsigned problems = 0;
	assert_int_equal(
	    queue_check(bed->engine, bed_count_problem, &problems), RC_OK);
	return problems;
}

// Checks that nothing is left, neither in memory nor on the disk.
static inline void bed_expect_empty(struct bed *bed)
{
	struct queue_walk *walk;
	struct queue_info info;
	assert_int_equal(queue_walk_open(bed->queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed->arena, &info), RC_END);
	queue_walk_close(&walk);
	for (uint64_t p = 0; p < QUEUE_PARTITIONS; p++) {
		struct engine_snapshot *snapshot;
		struct engine_cursor *cursor;
		struct view key;
		struct view value;
		assert_int_equal(engine_snapshot_open(bed->engine,
				     QUEUE_PARTITION_FIRST + p, &snapshot),
		    RC_OK);
		assert_int_equal(
		    engine_cursor_open(snapshot, VIEW(""), &cursor), RC_OK);
		assert_int_equal(
		    engine_cursor_next(cursor, &key, &value), RC_END);
		engine_cursor_close(&cursor);
		engine_snapshot_close(&snapshot);
	}
	uint64_t deleted;
	assert_int_equal(
	    engine_content_sweep(bed->engine, INT64_MAX / 2, 0, &deleted),
	    RC_OK);
	assert_int_equal(queue_stats(bed->queue).messages, 0);
}

static inline bool has(struct view text, const char *part)
{
	return view_find(text, view_of_string(part)) != SIZE_MAX;
}

#endif
