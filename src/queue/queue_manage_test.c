// SPDX-License-Identifier: Apache-2.0
// What an administrator does with waiting messages.
#include "base/test.h"
#include "queue/queue_test_tools.h"

// ---- The administrator -----------------------------------------------------

static void what_is_held_waits_until_it_is_released(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	assert_int_equal(queue_hold(bed.queue, &id, NULL), RC_OK);
	assert_int_equal(queue_stats(bed.queue).held, 1);
	assert_int_equal(bed_next(&bed), 0);
	assert_int_equal(queue_retry(bed.queue, &id, NULL), RC_OK);
	assert_int_equal(bed_next(&bed), 0);
	bed_restart(&bed);
	assert_int_equal(queue_stats(bed.queue).held, 1);
	assert_int_equal(bed_next(&bed), 0);
	struct queue_info info;
	assert_int_equal(queue_show(bed.queue, &id, &bed.arena, &info), RC_OK);
	assert_int_equal(info.recipients[0].state, QUEUE_STATE_HELD);
	assert_int_equal(queue_release(bed.queue, &id, NULL), RC_OK);
	assert_int_equal(queue_stats(bed.queue).held, 0);
	struct queue_lot *lot = bed_take(&bed);
	assert_non_null(lot);
	// The message is held while it is being sent. When the attempt has
	// failed, it stays held.
	assert_int_equal(queue_hold(bed.queue, &id, NULL), RC_OK);
	bed_settle(&bed, &lot, QUEUE_LATER);
	bed.now += DAY;
	assert_null(bed_take(&bed));
	assert_int_equal(queue_release(bed.queue, &id, NULL), RC_OK);
	lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void retry_makes_due_now(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_LATER);
	assert_true(bed_next(&bed) > 0);
	unsigned wakes = bed.wakes;
	assert_int_equal(queue_retry(bed.queue, &id, NULL), RC_OK);
	assert_true(bed.wakes > wakes);
	lot = bed_take(&bed);
	assert_non_null(lot);
	queue_drop(bed.queue, &lot, 30);
	assert_int_equal(bed_next(&bed), 30);
	bed_done(&bed);
}

// A message that waits for its release, and when it goes after a command.
struct later {
	const char *name;
	enum rc (*command)(
	    struct queue *queue, const struct queue_id *id, struct fault *);
	int64_t release_after; // HOLDFOR, or what the user may send
	uint64_t hold;
	bool limited;
	bool held; // by the administrator too
	int64_t waits;
	bool is_later; // it counts for the sender's quota
};

static const struct later laters[] = {
    {"its sender's wish, retried", queue_retry, HOUR, HOUR, false, false, HOUR,
	true},
    {"its sender's wish, let go", queue_let_go, HOUR, HOUR, false, false, HOUR,
	true},
    {"its sender's wish, released", queue_release, HOUR, HOUR, false, false, 0,
	false},
    {"held too, released", queue_release, HOUR, HOUR, false, true, 0, false},
    {"too much sent, retried", queue_retry, DAY, 0, true, false, DAY, false},
    {"too much sent, let go", queue_let_go, DAY, 0, true, false, 0, false},
    {"too much sent, released", queue_release, DAY, 0, true, false, 0, false},
    {"both, let go", queue_let_go, DAY, HOUR, true, false, HOUR, true},
    {"both, released", queue_release, DAY, HOUR, true, false, 0, false},
};

static void expect_later(struct bed *bed, const struct later *one)
{
	bool goes = one->waits == 0;
	struct queue_lot *lot = bed_take(bed);
	assert_int_equal(lot != NULL, goes);
	if (lot)
		queue_drop(bed->queue, &lot, 0);
	else
		assert_int_equal(bed_next(bed), one->waits);
	assert_int_equal(queue_later_bytes(bed->queue, 7),
	    one->is_later ? BED_TEXT.len + BED_HEAD.len : 0);
}

static void a_release_is_only_ended_by_who_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(laters); i++) {
		const struct later *one = &laters[i];
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example"),
		    .account = 7,
		    .release_at = BED_START + one->release_after,
		    .hold = one->hold ? SMTP_HOLD_FOR : SMTP_HOLD_NONE,
		    .hold_value = one->hold,
		    .limited = one->limited,
		};
		struct queue_recipient two[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("y@b.example")}};
		struct queue_id id =
		    bed_put_as(&bed, BED_TEXT, &envelope, two, 2);
		if (one->held)
			assert_int_equal(
			    queue_hold(bed.queue, &id, NULL), RC_OK);
		assert_int_equal(one->command(bed.queue, &id, NULL), RC_OK);
		expect_later(&bed, one);
		bed_restart(&bed);
		expect_later(&bed, one);
		// Its age counts from the release.
		struct queue_info info;
		assert_int_equal(
		    queue_show(bed.queue, &id, &bed.arena, &info), RC_OK);
		assert_int_equal(info.expires, bed.now + one->waits + 5 * DAY);
		bed_done(&bed);
	}
}

static void who_is_not_there_cannot_be_changed(void **state)
{
	(void)state;
	struct bed bed;
	struct fault fault = {0};
	struct buf bytes;
	bed_make(&bed);
	buf_init(&bytes, 100);
	struct queue_id id = queue_id_new(1, 1);
	assert_int_equal(queue_retry(bed.queue, &id, &fault), RC_NOT_FOUND);
	assert_int_equal(queue_hold(bed.queue, &id, &fault), RC_NOT_FOUND);
	assert_int_equal(queue_release(bed.queue, &id, &fault), RC_NOT_FOUND);
	assert_int_equal(
	    queue_remove(bed.queue, &id, true, &fault), RC_NOT_FOUND);
	assert_int_equal(
	    queue_read(bed.queue, &id, 0, 10, &bytes), RC_NOT_FOUND);
	bed_done(&bed);
}

static void removing_ends_it_with_or_without_a_word(void **state)
{
	(void)state;
	for (int report = 0; report < 2; report++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_id id = bed_put(&bed, "x@b.example");
		assert_int_equal(
		    queue_remove(bed.queue, &id, report, NULL), RC_OK);
		struct queue_lot *lot = bed_take(&bed);
		if (report) {
			assert_non_null(lot);
			assert_true(has(bed_text(&bed, queue_lot_id(lot)),
			    "\r\nAction: failed\r\nStatus: 5.0.0\r\n"));
			assert_true(has(bed_text(&bed, queue_lot_id(lot)),
			    "The administrator of this server removed it"));
			bed_settle(&bed, &lot, QUEUE_DELIVERED);
		}
		assert_null(lot);
		bed_expect_empty(&bed);
		bed_done(&bed);
	}
}

static void removing_does_not_stop_who_is_being_sent_to(void **state)
{
	(void)state;
	static const struct {
		enum queue_outcome outcome;
		bool restart;
		bool report;
		bool bounces_late;
	} table[] = {
	    {QUEUE_DELIVERED, false, true, false},
	    {QUEUE_LATER, false, true, true},
	    {QUEUE_LATER, false, false, false},
	    {QUEUE_FAILED, false, false, true},
	    {QUEUE_LATER, true, true, true},
	    {QUEUE_LATER, true, false, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_recipient two[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("y@c.example")}};
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example"), .proven = true};
		struct queue_id id =
		    bed_put_as(&bed, BED_TEXT, &envelope, two, 2);
		struct queue_lot *lot = bed_take(&bed);
		bool report = table[i].report;
		assert_int_equal(
		    queue_remove(bed.queue, &id, report, NULL), RC_OK);
		assert_int_equal(
		    queue_remove(bed.queue, &id, report, NULL), RC_OK);
		struct queue_lot *bounce = bed_take(&bed);
		assert_int_equal(bounce != NULL, report);
		if (bounce)
			bed_settle(&bed, &bounce, QUEUE_DELIVERED);
		if (table[i].restart) {
			queue_lot_free(&lot);
			bed_restart(&bed);
		} else {
			bed_settle(&bed, &lot, table[i].outcome);
		}
		bounce = bed_take(&bed);
		assert_int_equal(bounce != NULL, table[i].bounces_late);
		if (bounce)
			bed_settle(&bed, &bounce, QUEUE_DELIVERED);
		bed_expect_empty(&bed);
		bed_done(&bed);
	}
}

static void the_walk_goes_by_age_and_shows_all(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id ids[40];
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ids[i] = bed_put(&bed, i % 2 ? "x@b.example" : "postmaster");
		bed.now++;
	}
	struct queue_walk *walk;
	struct queue_info info;
	assert_int_equal(queue_walk_open(bed.queue, &walk), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(
		    queue_walk_next(walk, &bed.arena, &info), RC_OK);
		assert_true(queue_id_eq(&info.id, &ids[i]));
		assert_int_equal(info.count, 1);
		assert_int_equal(info.created, BED_START + (int64_t)i);
		assert_view_equal_row(i, info.recipients[0].address,
		    i % 2 ? VIEW("x@b.example") : VIEW("postmaster"));
		assert_view_equal_row(
		    i, info.envelope.sender, VIEW("a@a.example"));
	}
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_END);
	queue_walk_close(&walk);
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_held_waits_until_it_is_released),
	    cmocka_unit_test(retry_makes_due_now),
	    cmocka_unit_test(a_release_is_only_ended_by_who_may),
	    cmocka_unit_test(who_is_not_there_cannot_be_changed),
	    cmocka_unit_test(removing_ends_it_with_or_without_a_word),
	    cmocka_unit_test(removing_does_not_stop_who_is_being_sent_to),
	    cmocka_unit_test(the_walk_goes_by_age_and_shows_all),
	};
	return cmocka_run_group_tests_name("queue manage", tests, NULL, NULL);
}
