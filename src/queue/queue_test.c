// SPDX-License-Identifier: Apache-2.0
// A message's life in the queue, by a clock that is moved by hand.
#include "queue/queue_test_tools.h"

static void ids_sort_as_their_text_and_parse_back(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "0", "0000000000000000000",
	    "000000000000000000000", "0000000000000000000z",
	    "0000000000000000000 ", "00000000000000000001", "........"};
	char texts[2][QUEUE_ID_TEXT + 1];
	for (unsigned i = 0; i < 200; i++) {
		struct queue_id a = queue_id_new(1000 + i, i % 16);
		struct queue_id b = queue_id_new(1001 + i, i % 16);
		struct queue_id again;
		queue_id_print(&a, texts[0]);
		queue_id_print(&b, texts[1]);
		assert_true(strcmp(texts[0], texts[1]) < 0);
		assert_int_equal(
		    queue_id_parse(view_of_string(texts[0]), &again), RC_OK);
		assert_true(queue_id_eq(&a, &again));
		assert_int_equal(queue_id_partition(&a), i % 16);
		assert_int_equal(queue_id_seconds(&a), 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct queue_id id;
		assert_int_equal(
		    queue_id_parse(view_of_string(bad[i]), &id), RC_SYNTAX);
	}
}

static void a_destination_is_what_stands_after_the_last_at(void **state)
{
	(void)state;
	static const char *const table[][2] = {
	    {"a@b.example", "b.example"},
	    {"\"a@c\"@b.example", "b.example"},
	    {"a@[192.0.2.1]", "[192.0.2.1]"},
	    {"postmaster", ""},
	    {"a@", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_true(
		    view_eq(queue_domain_of(view_of_string(table[i][0])),
			view_of_string(table[i][1])));
}

static void what_is_put_is_taken_read_and_gone_when_delivered(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	assert_true(bed.wakes > 0);
	struct queue_lot *lot = bed_take(&bed);
	assert_non_null(lot);
	assert_true(queue_id_eq(queue_lot_id(lot), &id));
	assert_int_equal(queue_lot_count(lot), 1);
	assert_true(view_eq(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("x@b.example")));
	assert_int_equal(queue_lot_recipient(lot, 0)->attempts, 0);
	struct buf bytes;
	buf_init(&bytes, 4096);
	assert_int_equal(queue_lot_read(lot, 0, 4096, &bytes), RC_OK);
	assert_true(view_starts_with(
	    buf_view(&bytes), VIEW("Received: from here\r\nFrom: a@a")));
	assert_int_equal(bytes.len, queue_lot_size(lot));
	// Across the seam between head and content.
	buf_reset(&bytes);
	assert_int_equal(queue_lot_read(lot, 19, 6, &bytes), RC_OK);
	assert_true(view_eq(buf_view(&bytes), VIEW("\r\nFrom")));
	buf_done(&bytes);
	assert_null(bed_take(&bed)); // it is leased
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_int_equal(queue_stats(bed.queue).messages, 0);
	assert_int_equal(queue_stats(bed.queue).recipients, 0);
	struct queue_info info;
	assert_int_equal(
	    queue_show(bed.queue, &id, &bed.arena, &info), RC_NOT_FOUND);
	bed_done(&bed);
}

static void expect_empty(struct bed *bed)
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

static enum rc count_content(
    void *context, const struct engine_content_info *info)
{
	(void)info;
	++*(unsigned *)context;
	return RC_OK;
}

static void nothing_is_left_of_what_was_delivered(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient three[] = {{.address = VIEW("x@b.example")},
	    {.address = VIEW("y@c.example")}, {.address = VIEW("z@b.example")}};
	struct queue_envelope envelope = {.sender = VIEW("a@a.example")};
	bed_put_as(&bed, BED_TEXT, &envelope, three, 3);
	assert_int_equal(queue_stats(bed.queue).recipients, 3);
	size_t sizes[2];
	for (size_t i = 0; i < 2; i++) {
		struct queue_lot *lot = bed_take(&bed);
		sizes[i] = queue_lot_count(lot);
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
	}
	assert_int_equal(sizes[0] + sizes[1], 3);
	assert_null(bed_take(&bed));
	expect_empty(&bed);
	unsigned contents = 0;
	assert_int_equal(
	    engine_content_each(bed.engine, count_content, &contents), RC_OK);
	assert_int_equal(contents, 0);
	bed_done(&bed);
}

static void after_a_restart_everything_unsettled_is_due_again(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient three[] = {{.address = VIEW("x@b.example")},
	    {.address = VIEW("y@c.example")}, {.address = VIEW("z@d.example")}};
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .envid = VIEW("e"),
	    .hop = VIEW("h"),
	    .account = 7,
	    .body = QUEUE_BODY_8BIT};
	bed_put_as(&bed, BED_TEXT, &envelope, three, 3);
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	lot = bed_take(&bed); // leased, never settled
	queue_lot_free(&lot);
	bed_restart(&bed);
	assert_int_equal(queue_stats(bed.queue).recipients, 2);
	assert_int_equal(queue_stats(bed.queue).oldest, BED_START);
	for (size_t i = 0; i < 2; i++) {
		lot = bed_take(&bed);
		assert_non_null(lot);
		assert_int_equal(queue_lot_envelope(lot)->account, 7);
		assert_int_equal(
		    queue_lot_envelope(lot)->body, QUEUE_BODY_8BIT);
		assert_int_equal(queue_lot_created(lot), BED_START);
		bed_settle(&bed, &lot, QUEUE_PASSED);
	}
	assert_null(bed_take(&bed));
	expect_empty(&bed);
	bed_done(&bed);
}

// ---- The schedule ----------------------------------------------------------

static void waits_double_and_vary_by_a_fifth(void **state)
{
	(void)state;
	struct queue_settings settings = {0};
	queue_settings_default(&settings);
	static const int64_t means[] = {
	    300, 600, 1200, 2400, 4800, 9600, 14400, 14400, 14400};
	bool under = false;
	bool over = false;
	for (uint32_t n = 1; n <= ARRAY_LEN(means); n++)
		for (int i = 0; i < 100; i++) {
			struct queue_id id = queue_id_new(i, 3);
			int64_t wait = queue_schedule_wait(&settings, &id, n);
			int64_t mean = means[n - 1];
			assert_in_range(wait, mean * 8 / 10, mean * 12 / 10);
			under = under || wait < mean * 9 / 10;
			over = over || wait > mean * 11 / 10;
		}
	assert_true(under && over);
	struct queue_id id = queue_id_new(0, 0);
	assert_in_range(
	    queue_schedule_wait(&settings, &id, UINT32_MAX), 11520, 17280);
}

// Plays a message that is never delivered to its end. Gives back how many tries
// there were; the reports are left in the queue, for a.example.
static unsigned play_out(struct bed *bed)
{
	unsigned tries = 0;
	while (queue_stats(bed->queue).messages > 0) {
		struct view domain;
		int64_t next;
		enum rc rc =
		    queue_claim(bed->queue, &bed->arena, &domain, &next);
		if (rc == RC_END) {
			assert_true(next > 0);
			bed->now = next / 1000;
			continue;
		}
		if (view_eq(domain, VIEW("a.example")))
			return tries; // still claimed
		struct queue_lot *lot;
		assert_int_equal(queue_take(bed->queue, domain, &lot), RC_OK);
		tries++;
		bed_settle(bed, &lot, QUEUE_LATER);
		queue_unclaim(bed->queue, domain);
	}
	return tries;
}

static struct view take_report(struct bed *bed)
{
	struct queue_lot *lot;
	assert_int_equal(
	    queue_take(bed->queue, VIEW("a.example"), &lot), RC_OK);
	assert_true(view_eq(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("a@a.example")));
	assert_int_equal(queue_lot_envelope(lot)->sender.len, 0);
	struct view text = bed_text(bed, queue_lot_id(lot));
	bed_settle(bed, &lot, QUEUE_DELIVERED);
	queue_unclaim(bed->queue, VIEW("a.example"));
	return text;
}

static void a_sender_hears_after_four_hours_and_after_five_days(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	unsigned tries = play_out(&bed);
	assert_in_range(tries, 5, 9);
	assert_int_equal(bed.now, BED_START + 4 * HOUR);
	struct view text = take_report(&bed);
	assert_true(has(text, "\r\nAction: delayed\r\nStatus: 4.2.0\r\n"));
	assert_true(has(text, "\r\nWill-Retry-Until: "));
	assert_true(has(text, "Subject: Your message is delayed\r\n"));
	tries = play_out(&bed);
	assert_in_range(tries, 25, 45);
	assert_int_equal(bed.now, BED_START + 5 * DAY);
	text = take_report(&bed);
	assert_true(has(text, "\r\nAction: failed\r\nStatus: 4.4.7\r\n"));
	assert_true(has(text, "smtp; 450 4.2.0 not now\r\n"));
	assert_true(has(text, "It was tried for 5 days without success."));
	expect_empty(&bed);
	bed_done(&bed);
}

static void a_restart_forgets_neither_tries_nor_notices(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	(void)play_out(&bed);
	(void)take_report(&bed);
	struct queue_info before;
	struct queue_info after;
	assert_int_equal(
	    queue_show(bed.queue, &id, &bed.arena, &before), RC_OK);
	bed_restart(&bed);
	assert_int_equal(queue_show(bed.queue, &id, &bed.arena, &after), RC_OK);
	assert_int_equal(
	    before.recipients[0].next_try, after.recipients[0].next_try);
	assert_int_equal(
	    before.recipients[0].attempts, after.recipients[0].attempts);
	assert_true(
	    view_eq(after.recipients[0].last_reply, VIEW("450 4.2.0 not now")));
	assert_int_equal(after.expires, BED_START + 5 * DAY);
	(void)play_out(&bed);
	assert_true(has(take_report(&bed), "Action: failed"));
	bed_done(&bed);
}

static void notify_decides_who_is_told_what(void **state)
{
	(void)state;
	static const struct {
		unsigned notify;
		enum queue_outcome outcome;
		const char *action; // NULL: no report
	} table[] = {
	    {0, QUEUE_FAILED, "failed"},
	    {0, QUEUE_DELIVERED, NULL},
	    {0, QUEUE_RELAYED, NULL},
	    {QUEUE_NOTIFY_NEVER, QUEUE_FAILED, NULL},
	    {QUEUE_NOTIFY_DELAY, QUEUE_FAILED, NULL},
	    {QUEUE_NOTIFY_FAILURE, QUEUE_FAILED, "failed"},
	    {QUEUE_NOTIFY_FAILURE, QUEUE_DELIVERED, NULL},
	    {QUEUE_NOTIFY_SUCCESS, QUEUE_FAILED, NULL},
	    {QUEUE_NOTIFY_SUCCESS, QUEUE_DELIVERED, "delivered"},
	    {QUEUE_NOTIFY_SUCCESS, QUEUE_RELAYED, "relayed"},
	    {QUEUE_NOTIFY_SUCCESS, QUEUE_EXPANDED, "expanded"},
	    {QUEUE_NOTIFY_SUCCESS, QUEUE_PASSED, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example")};
		struct queue_recipient one = {
		    .address = VIEW("x@b.example"), .notify = table[i].notify};
		bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
		struct queue_lot *lot = bed_take(&bed);
		bed_settle(&bed, &lot, table[i].outcome);
		lot = bed_take(&bed);
		if (table[i].action) {
			char line[40];
			assert_non_null(lot);
			snprintf(line, sizeof(line), "\r\nAction: %s\r\n",
			    table[i].action);
			assert_true(
			    has(bed_text(&bed, queue_lot_id(lot)), line));
			bed_settle(&bed, &lot, QUEUE_FAILED); // no echo
		}
		assert_null(lot);
		expect_empty(&bed);
		bed_done(&bed);
	}
}

static void a_delay_is_told_only_to_who_wants_it(void **state)
{
	(void)state;
	static const struct {
		unsigned notify;
		bool told;
	} table[] = {
	    {0, true},
	    {QUEUE_NOTIFY_DELAY, true},
	    {QUEUE_NOTIFY_FAILURE, false},
	    {QUEUE_NOTIFY_SUCCESS | QUEUE_NOTIFY_DELAY, true},
	    {QUEUE_NOTIFY_NEVER, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example")};
		struct queue_recipient one = {
		    .address = VIEW("x@b.example"), .notify = table[i].notify};
		bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
		(void)play_out(&bed);
		assert_int_equal(
		    bed.now == BED_START + 4 * HOUR, table[i].told);
		bed_done(&bed);
	}
}

static void reports_are_about_all_who_were_settled_at_once(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient three[] = {{.address = VIEW("x@b.example")},
	    {.address = VIEW("y@b.example")}, {.address = VIEW("z@b.example")}};
	struct queue_envelope envelope = {.sender = VIEW("a@a.example")};
	bed_put_as(&bed, BED_TEXT, &envelope, three, 3);
	struct queue_lot *lot = bed_take(&bed);
	struct queue_result results[] = {
	    {.outcome = QUEUE_FAILED, .status = ENHANCED(5, 1, 1)},
	    {.outcome = QUEUE_LATER, .status = ENHANCED(4, 2, 1)},
	    {.outcome = QUEUE_FAILED},
	};
	assert_int_equal(queue_settle(bed.queue, &lot, results, NULL), RC_OK);
	assert_null(lot);
	assert_int_equal(queue_stats(bed.queue).messages, 2);
	lot = bed_take(&bed);
	struct view text = bed_text(&bed, queue_lot_id(lot));
	assert_true(has(text, "rfc822; x@b.example\r\nAction: failed\r\n"
			      "Status: 5.1.1\r\n"));
	assert_true(has(text, "rfc822; z@b.example\r\nAction: failed\r\n"
			      "Status: 5.0.0\r\n"));
	assert_false(has(text, "y@b.example"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_null(bed_take(&bed));
	bed.now += 7 * MINUTE;
	lot = bed_take(&bed);
	assert_int_equal(queue_lot_count(lot), 1);
	assert_int_equal(queue_lot_recipient(lot, 0)->attempts, 1);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	expect_empty(&bed);
	bed_done(&bed);
}

// ---- Times that the sender chose -------------------------------------------

static void what_is_to_wait_waits_and_is_young_then(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .release_at = BED_START + 10 * DAY};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	struct queue_id id = bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	assert_int_equal(bed_next(&bed), 10 * DAY);
	assert_int_equal(queue_retry(bed.queue, &id, NULL), RC_OK);
	assert_int_equal(bed_next(&bed), 10 * DAY);
	bed_restart(&bed);
	assert_int_equal(bed_next(&bed), 10 * DAY);
	bed.now += 10 * DAY;
	(void)play_out(&bed);
	assert_int_equal(bed.now, BED_START + 10 * DAY + 4 * HOUR);
	(void)take_report(&bed);
	(void)play_out(&bed);
	assert_int_equal(bed.now, BED_START + 15 * DAY);
	bed_done(&bed);
}

static void by_return_comes_back_untried_when_the_time_has_passed(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .by = QUEUE_BY_RETURN,
	    .by_time = BED_START + 10 * MINUTE};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_LATER);
	bed.now += 10 * MINUTE;
	lot = bed_take(&bed); // of a.example
	struct view text = bed_text(&bed, queue_lot_id(lot));
	assert_true(has(text, "\r\nAction: failed\r\nStatus: 5.4.7\r\n"));
	assert_true(has(text, "by the time that was set"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	expect_empty(&bed);
	bed_done(&bed);
}

static void by_notify_is_told_and_carried_on(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .by = QUEUE_BY_NOTIFY,
	    .by_time = BED_START + 17 * MINUTE};
	struct queue_recipient one = {
	    .address = VIEW("x@b.example"), .notify = QUEUE_NOTIFY_FAILURE};
	bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	(void)play_out(&bed);
	assert_in_range(
	    bed.now, BED_START + 17 * MINUTE, BED_START + 18 * MINUTE);
	assert_true(has(take_report(&bed), "\r\nAction: delayed\r\n"));
	(void)play_out(&bed);
	assert_int_equal(bed.now, BED_START + 5 * DAY);
	assert_true(has(take_report(&bed), "\r\nAction: failed\r\n"));
	bed_done(&bed);
}

// ---- The administrator -----------------------------------------------------

static void what_is_held_waits_until_it_is_released(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	assert_int_equal(queue_hold(bed.queue, &id, true, NULL), RC_OK);
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
	assert_int_equal(queue_hold(bed.queue, &id, false, NULL), RC_OK);
	assert_int_equal(queue_stats(bed.queue).held, 0);
	struct queue_lot *lot = bed_take(&bed);
	assert_non_null(lot);
	// Held while it is sent: what comes back stays.
	assert_int_equal(queue_hold(bed.queue, &id, true, NULL), RC_OK);
	bed_settle(&bed, &lot, QUEUE_LATER);
	bed.now += DAY;
	assert_null(bed_take(&bed));
	assert_int_equal(queue_hold(bed.queue, &id, false, NULL), RC_OK);
	lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	expect_empty(&bed);
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
	assert_int_equal(
	    queue_hold(bed.queue, &id, true, &fault), RC_NOT_FOUND);
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
			bed_settle(&bed, &lot, QUEUE_DELIVERED);
		}
		assert_null(lot);
		expect_empty(&bed);
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
		    .sender = VIEW("a@a.example")};
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
		expect_empty(&bed);
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
		assert_true(view_eq(info.recipients[0].address,
		    i % 2 ? VIEW("x@b.example") : VIEW("postmaster")));
		assert_true(view_eq(info.envelope.sender, VIEW("a@a.example")));
	}
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_END);
	queue_walk_close(&walk);
	bed_done(&bed);
}

// ---- Claims ----------------------------------------------------------------

static void a_claimed_destination_is_nobody_elses(void **state)
{
	(void)state;
	struct bed bed;
	struct view domain;
	struct view other;
	int64_t next = -1;
	bed_make(&bed);
	assert_int_equal(
	    queue_claim(bed.queue, &bed.arena, &domain, &next), RC_END);
	assert_int_equal(next, 0);
	bed_put(&bed, "x@b.example");
	bed.now++;
	bed_put(&bed, "x@c.example");
	assert_int_equal(
	    queue_claim(bed.queue, &bed.arena, &domain, &next), RC_OK);
	assert_true(view_eq(domain, VIEW("b.example"))); // the earlier one
	assert_int_equal(
	    queue_claim(bed.queue, &bed.arena, &other, &next), RC_OK);
	assert_true(view_eq(other, VIEW("c.example")));
	unsigned wakes = bed.wakes;
	struct queue_lot *lot;
	assert_true(queue_has_due(bed.queue, domain));
	assert_int_equal(queue_take(bed.queue, domain, &lot), RC_OK);
	assert_false(queue_has_due(bed.queue, domain));
	bed_put(&bed, "y@b.example"); // comes to who has claimed it
	assert_true(bed.wakes > wakes);
	assert_true(queue_has_due(bed.queue, domain));
	struct queue_lot *second;
	assert_int_equal(queue_take(bed.queue, domain, &second), RC_OK);
	assert_int_equal(queue_take(bed.queue, domain, &second), RC_END);
	queue_drop(bed.queue, &second, 0);
	assert_int_equal(
	    queue_claim(bed.queue, &bed.arena, &other, &next), RC_END);
	wakes = bed.wakes;
	queue_unclaim(bed.queue, domain);
	assert_true(bed.wakes > wakes);
	assert_int_equal(
	    queue_claim(bed.queue, &bed.arena, &domain, &next), RC_OK);
	queue_drop(bed.queue, &lot, 0);
	queue_unclaim(bed.queue, domain);
	queue_unclaim(bed.queue, VIEW("c.example"));
	bed_done(&bed);
}

static void what_is_too_much_is_refused(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_id id;
	struct fault fault;
	bed_make(&bed);
	char *big = mem_alloc(QUEUE_HEAD_MAX + 1);
	memset(big, 'a', QUEUE_HEAD_MAX + 1);
	struct queue_envelope envelope = {.sender = VIEW("a@a.example")};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	struct queue_draft *draft = queue_draft_new(bed.queue);
#define PUT(head, envelope, recipient, count)                                  \
	queue_put(bed.queue, draft, (head), (envelope), (recipient), (count),  \
	    &fault, &id)
	assert_int_equal(PUT(VIEW(""), &envelope, &one, 0), RC_INVALID);
	assert_int_equal(
	    PUT(VIEW(""), &envelope, &one, QUEUE_RECIPIENTS_MAX + 1), RC_LIMIT);
	assert_int_equal(
	    PUT(view_of(big, QUEUE_HEAD_MAX + 1), &envelope, &one, 1),
	    RC_LIMIT);
	struct queue_envelope bad = envelope;
	bad.envid = view_of(big, QUEUE_ENVID_MAX + 1);
	assert_int_equal(PUT(VIEW(""), &bad, &one, 1), RC_LIMIT);
	bad = envelope;
	bad.release_at = -1;
	assert_int_equal(PUT(VIEW(""), &bad, &one, 1), RC_INVALID);
	struct queue_recipient wrong = {
	    .address = view_of(big, QUEUE_ADDRESS_MAX + 1)};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_LIMIT);
	wrong = (struct queue_recipient){.address = VIEW("")};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_INVALID);
	wrong = (struct queue_recipient){
	    .address = VIEW("x@b.example"), .notify = 16};
	assert_int_equal(PUT(VIEW(""), &envelope, &wrong, 1), RC_INVALID);
	assert_int_equal(queue_stats(bed.queue).messages, 0);
	// And all of it at its limit goes in, twice from one draft.
	wrong =
	    (struct queue_recipient){.address = view_of(big, QUEUE_ADDRESS_MAX),
		.original = view_of(big, QUEUE_ORIGINAL_MAX)};
	for (int i = 0; i < 40; i++)
		assert_int_equal(
		    PUT(view_of(big, QUEUE_HEAD_MAX), &envelope, &wrong, 1),
		    RC_OK);
	queue_draft_free(&draft);
	for (int i = 0; i < 40; i++) {
		struct queue_lot *lot = bed_take(&bed);
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
	}
	expect_empty(&bed);
	free(big);
	bed_done(&bed);
}

static void five_thousand_recipients_are_one_message(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_recipient *all =
	    arena_zalloc(&bed.arena, QUEUE_RECIPIENTS_MAX * sizeof(*all));
	for (unsigned i = 0; i < QUEUE_RECIPIENTS_MAX; i++) {
		char text[40];
		snprintf(text, sizeof(text), "u%u@d%u.example", i, i % 777);
		all[i].address = arena_copy(&bed.arena, view_of_string(text));
	}
	struct queue_envelope envelope = {.sender = VIEW("a@a.example")};
	bed_put_as(&bed, BED_TEXT, &envelope, all, QUEUE_RECIPIENTS_MAX);
	bed_restart(&bed);
	size_t seen = 0;
	size_t lots = 0;
	for (struct queue_lot *lot; (lot = bed_take(&bed)); lots++) {
		seen += queue_lot_count(lot);
		struct view domain = queue_domain_of(
		    queue_lot_recipient(lot, 0)->recipient.address);
		for (size_t i = 0; i < queue_lot_count(lot); i++)
			assert_true(view_eq(
			    domain, queue_domain_of(queue_lot_recipient(lot, i)
							->recipient.address)));
		bed_settle(&bed, &lot, QUEUE_PASSED);
	}
	assert_int_equal(seen, QUEUE_RECIPIENTS_MAX);
	assert_int_equal(lots, 777);
	expect_empty(&bed);
	bed_done(&bed);
}

static void a_damaged_record_does_not_stop_the_others(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id bad = bed_put(&bed, "x@b.example");
	struct engine_batch *batch = engine_batch_new(bed.engine);
	struct queue_key key = queue_key(QUEUE_KEY_MESSAGE, &bad);
	uint64_t version;
	uint64_t partition = queue_partition_of(&bad);
	engine_batch_put(batch, queue_key_view(&key), VIEW("\x01junk"));
	assert_int_equal(
	    engine_version(bed.engine, partition, &version), RC_OK);
	assert_int_equal(
	    engine_commit(bed.engine, partition, version, batch, NULL), RC_OK);
	engine_batch_free(&batch);
	bed.now++;
	struct queue_id good = bed_put(&bed, "y@b.example");
	struct queue_lot *lot = bed_take(&bed);
	assert_true(queue_id_eq(queue_lot_id(lot), &good));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_true(bed_next(&bed) > 0);
	struct queue_walk *walk;
	struct queue_info info;
	assert_int_equal(queue_walk_open(bed.queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_CORRUPT);
	assert_true(queue_id_eq(&info.id, &bad));
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_END);
	queue_walk_close(&walk);
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ids_sort_as_their_text_and_parse_back),
	    cmocka_unit_test(a_destination_is_what_stands_after_the_last_at),
	    cmocka_unit_test(what_is_put_is_taken_read_and_gone_when_delivered),
	    cmocka_unit_test(nothing_is_left_of_what_was_delivered),
	    cmocka_unit_test(after_a_restart_everything_unsettled_is_due_again),
	    cmocka_unit_test(waits_double_and_vary_by_a_fifth),
	    cmocka_unit_test(
		a_sender_hears_after_four_hours_and_after_five_days),
	    cmocka_unit_test(a_restart_forgets_neither_tries_nor_notices),
	    cmocka_unit_test(notify_decides_who_is_told_what),
	    cmocka_unit_test(a_delay_is_told_only_to_who_wants_it),
	    cmocka_unit_test(reports_are_about_all_who_were_settled_at_once),
	    cmocka_unit_test(what_is_to_wait_waits_and_is_young_then),
	    cmocka_unit_test(
		by_return_comes_back_untried_when_the_time_has_passed),
	    cmocka_unit_test(by_notify_is_told_and_carried_on),
	    cmocka_unit_test(what_is_held_waits_until_it_is_released),
	    cmocka_unit_test(retry_makes_due_now),
	    cmocka_unit_test(who_is_not_there_cannot_be_changed),
	    cmocka_unit_test(removing_ends_it_with_or_without_a_word),
	    cmocka_unit_test(removing_does_not_stop_who_is_being_sent_to),
	    cmocka_unit_test(the_walk_goes_by_age_and_shows_all),
	    cmocka_unit_test(a_claimed_destination_is_nobody_elses),
	    cmocka_unit_test(what_is_too_much_is_refused),
	    cmocka_unit_test(five_thousand_recipients_are_one_message),
	    cmocka_unit_test(a_damaged_record_does_not_stop_the_others),
	};
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}
