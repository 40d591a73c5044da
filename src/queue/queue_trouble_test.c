// SPDX-License-Identifier: Apache-2.0
// Tests a disk that refuses commits for a while, and servers that are not tried
// for a while: mail that was sent is not sent again, and mail that was not sent
// does not count as tried.
#include "base/test.h"
#include "engine/impl.h"
#include "queue/queue_test_tools.h"

static enum rc commit_nothing(struct engine *engine,
    struct engine_partition *part, uint64_t version, struct engine_batch *batch,
    struct fault *fault)
{
	(void)engine, (void)part, (void)version, (void)batch;
	return fault_set(fault, RC_IO, "no space left on device");
}

struct disk {
	struct engine *engine;
	const struct engine_ops *ops;
	struct engine_ops full;
};

static void fill(struct disk *disk, struct bed *bed)
{
	disk->engine = bed->engine;
	disk->ops = bed->engine->ops;
	disk->full = *disk->ops;
	disk->full.commit = commit_nothing;
	bed->engine->ops = &disk->full;
}

static void clear(struct disk *disk)
{
	disk->engine->ops = disk->ops;
}

static void settle_in_vain(
    struct bed *bed, struct queue_lot **lot, enum queue_outcome outcome)
{
	struct queue_result results[2] = {
	    {.outcome = outcome, .diagnostic = VIEW("so it is")},
	    {.outcome = outcome, .diagnostic = VIEW("so it is")}};
	assert_int_equal(queue_settle(bed->queue, lot, results, NULL), RC_IO);
	assert_null(*lot);
}

static void what_was_sent_is_not_sent_again_after_a_full_disk(void **state)
{
	(void)state;
	struct bed bed;
	struct disk disk;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	fill(&disk, &bed);
	settle_in_vain(&bed, &lot, QUEUE_PASSED);
	for (int i = 0; i < 5; i++) {
		bed.now += HOUR;
		assert_null(bed_take(&bed));
	}
	clear(&disk);
	assert_int_equal(queue_stats(bed.queue).messages, 1);
	bed.now += HOUR;
	assert_null(bed_take(&bed));
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void a_failure_is_reported_once_after_a_full_disk(void **state)
{
	(void)state;
	struct bed bed;
	struct disk disk;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	fill(&disk, &bed);
	settle_in_vain(&bed, &lot, QUEUE_FAILED);
	bed.now += HOUR;
	assert_null(bed_take(&bed));
	clear(&disk);
	bed.now += HOUR;
	lot = bed_take(&bed); // the report
	assert_non_null(lot);
	assert_true(has(bed_text(&bed, queue_lot_id(lot)), "so it is"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void an_alias_is_followed_once_after_a_full_disk(void **state)
{
	(void)state;
	struct bed bed;
	struct disk disk;
	char address[] = "y@c.example";
	struct queue_recipient other = {.address = VIEW(address)};
	struct queue_result result = {
	    .outcome = QUEUE_EXPANDED, .expanded = &other, .expanded_count = 1};
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	fill(&disk, &bed);
	assert_int_equal(queue_settle(bed.queue, &lot, &result, NULL), RC_IO);
	memset(
	    address, '?', sizeof(address)); // the caller may overwrite its text
	clear(&disk);
	bed.now += HOUR;
	lot = bed_take(&bed);
	assert_view_equal(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("y@c.example"));
	bed_settle(&bed, &lot, QUEUE_PASSED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// Whatever the administrator does with a lot whose results could not be
// committed, nothing breaks.
static void the_administrator_rules_over_what_is_not_kept(void **state)
{
	(void)state;
	struct bed bed;
	struct disk disk;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	fill(&disk, &bed);
	settle_in_vain(&bed, &lot, QUEUE_PASSED);
	assert_int_equal(queue_remove(bed.queue, &id, false, NULL), RC_IO);
	clear(&disk);
	assert_int_equal(queue_hold(bed.queue, &id, NULL), RC_OK);
	bed.now += HOUR;
	assert_null(bed_take(&bed));
	assert_int_equal(queue_stats(bed.queue).messages, 1);
	assert_int_equal(queue_remove(bed.queue, &id, false, NULL), RC_OK);
	bed_expect_empty(&bed);
	// When the queue closes with uncommitted results, the lot is due again.
	bed_put(&bed, "x@b.example");
	lot = bed_take(&bed);
	fill(&disk, &bed);
	settle_in_vain(&bed, &lot, QUEUE_LATER);
	clear(&disk);
	bed_restart(&bed);
	lot = bed_take(&bed);
	assert_non_null(lot);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// ---- Put off ---------------------------------------------------------------

static const struct queue_result down = {.status = {4, 4, 1},
    .diagnostic = {"connection refused", 18},
    .remote = {"mx.b.example", 12}};

static unsigned commits;
static const struct engine_ops *counted;

static enum rc commit_and_count(struct engine *engine,
    struct engine_partition *part, uint64_t version, struct engine_batch *batch,
    struct fault *fault)
{
	commits++;
	return counted->commit(engine, part, version, batch, fault);
}

static void what_is_put_off_counts_no_try_and_says_why(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_info info;
	bed_make(&bed);
	struct queue_id id = bed_put(&bed, "x@b.example");
	struct engine_ops ops = *bed.engine->ops;
	counted = bed.engine->ops;
	ops.commit = commit_and_count;
	bed.engine->ops = &ops;
	commits = 0;
	for (int i = 0; i < 10; i++) {
		struct queue_lot *lot = bed_take(&bed);
		assert_non_null(lot);
		assert_int_equal(queue_lot_recipient(lot, 0)->attempts, 0);
		assert_int_equal(
		    queue_postpone(bed.queue, &lot, 30, &down, NULL), RC_OK);
		assert_null(lot);
		assert_int_equal(bed_next(&bed), 30);
		bed.now += 30;
	}
	assert_int_equal(commits, 1); // to store the reason
	assert_int_equal(queue_show(bed.queue, &id, &bed.arena, &info), RC_OK);
	assert_int_equal(info.recipients[0].attempts, 0);
	assert_view_equal(info.recipients[0].last_reply, down.diagnostic);
	bed.engine->ops = counted;
	bed_done(&bed);
}

static void who_is_put_off_hears_of_the_delay_and_of_the_end(void **state)
{
	(void)state;
	struct bed bed;
	bool told = false;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	for (;;) {
		struct queue_lot *lot = bed_take(&bed);
		int64_t age = bed.now - BED_START;
		if (!lot) {
			int64_t next = bed_next(&bed);
			assert_in_range(next, 1, 900);
			bed.now += next;
			continue;
		}
		if (queue_lot_envelope(lot)->sender.len > 0) {
			assert_int_equal(
			    queue_postpone(bed.queue, &lot, 900, &down, NULL),
			    RC_OK);
			continue;
		}
		struct view text = bed_text(&bed, queue_lot_id(lot));
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
		assert_true(has(text, "connection refused"));
		if (has(text, "Action: failed")) {
			assert_int_equal(age, 5 * DAY);
			break;
		}
		assert_false(told);
		assert_true(has(text, "Action: delayed"));
		assert_int_equal(age, 4 * HOUR);
		told = true;
	}
	assert_true(told);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static MUST_CHECK enum rc settle_as(
    struct queue *queue, struct queue_lot **lot, enum queue_outcome outcome)
{
	struct queue_result result = {.outcome = outcome};
	struct fault fault;
	return queue_settle(queue, lot, &result, &fault);
}

static void bed_open_beside(struct bed *bed, const struct bed *other)
{
	*bed = (struct bed){.engine = other->engine, .now = other->now};
	bed->clock = (struct clock){.wall = bed_wall, .context = &bed->now};
	arena_init(&bed->arena);
	bed_open_queue(bed);
}

static void bed_close_beside(struct bed *bed)
{
	queue_close(&bed->queue);
	arena_done(&bed->arena);
}

// Two servers on one engine have the same mail in their queues. What one of
// them settled, the other does not bring back.
static void what_another_server_settled_stays_settled(void **state)
{
	struct bed a;
	struct bed b;
	(void)state;
	bed_make(&a);
	struct queue_id first = bed_put(&a, "x@x.example");
	bed_put(&a, "y@y.example");
	bed_open_beside(&b, &a);
	struct queue_lot *lots[2][2];
	for (int i = 0; i < 2; i++) {
		lots[0][i] = bed_take(&a);
		lots[1][i] = bed_take(&b);
		assert_true(
		    queue_id_eq(&lots[0][i]->copy.id, &lots[1][i]->copy.id));
	}
	// The other server commits to the partition of one of them first: here
	// that is read again, and all is well.
	struct queue_id third = bed_put(&b, "z@z.example");
	assert_int_equal(
	    queue_id_partition(&third), queue_id_partition(&first));
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    settle_as(a.queue, &lots[0][i], QUEUE_DELIVERED), RC_OK);
	assert_int_equal(settle_as(b.queue, &lots[1][0], QUEUE_LATER), RC_GONE);
	assert_int_equal(
	    settle_as(b.queue, &lots[1][1], QUEUE_DELIVERED), RC_GONE);
	assert_null(lots[1][0]);
	// What one server took in it sends; the other finds nothing left.
	struct fault fault;
	struct queue_lot *last = bed_take(&b);
	assert_non_null(last);
	assert_int_equal(settle_as(b.queue, &last, QUEUE_DELIVERED), RC_OK);
	assert_null(bed_take(&a));
	// Nor can an administrator hold what is gone elsewhere.
	struct queue_id fourth = bed_put(&a, "w@w.example");
	struct bed c;
	bed_open_beside(&c, &a);
	last = bed_take(&c);
	assert_int_equal(settle_as(c.queue, &last, QUEUE_DELIVERED), RC_OK);
	assert_int_equal(queue_hold(a.queue, &fourth, &fault), RC_NOT_FOUND);
	assert_null(bed_take(&a));
	bed_close_beside(&c);
	assert_int_equal(queue_stats(b.queue).messages, 0);
	bed_close_beside(&b);
	bed_expect_empty(&a);
	bed_done(&a);
}

static void what_cannot_be_taken_back_now_is_sent(void **state)
{
	(void)state;
	struct bed bed;
	struct disk disk;
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .account = 7, .tracked = true};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	bed_make(&bed);
	struct queue_id id = bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	fill(&disk, &bed);
	assert_int_equal(queue_take_back(bed.queue, &id, 7, NULL), RC_IO);
	clear(&disk);
	struct queue_lot *lot = bed_take(&bed);
	assert_non_null(lot);
	queue_drop(bed.queue, &lot, 0);
	assert_int_equal(queue_take_back(bed.queue, &id, 7, NULL), RC_OK);
	assert_null(bed_take(&bed));
	bed_done(&bed);
}

// ---- The clock -------------------------------------------------------------

// What a lot may wait for when the clock is set back.
struct waiting {
	const char *name;
	bool tried;
	bool postponed;
	int64_t release_at; // 0: none
	bool limited;
	int64_t left; // of its wait, before and after
	int64_t left_after_restart;
};

// Seconds until a lot is due; 0: one is.
static int64_t left_of(struct bed *bed)
{
	struct queue_claim claim;
	int64_t next;
	if (queue_claim(bed->queue, &bed->arena, QUEUE_CLASS_REPORTS, &claim,
		&next) != RC_OK)
		return next / 1000 - bed->now;
	queue_unclaim(bed->queue, &claim);
	return 0;
}

static void make_wait(struct bed *bed, const struct waiting *one)
{
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"),
	    .proven = true,
	    .release_at = one->release_at,
	    .limited = one->limited,
	};
	struct queue_recipient recipient = {.address = VIEW("x@b.example")};
	(void)bed_put_as(bed, BED_TEXT, &envelope, &recipient, 1);
	struct queue_lot *lot = bed_take(bed);
	assert_int_equal(lot != NULL, one->tried || one->postponed);
	if (one->tried)
		bed_settle(bed, &lot, QUEUE_LATER);
	else if (one->postponed)
		assert_int_equal(
		    queue_postpone(bed->queue, &lot, 900, &down, NULL), RC_OK);
}

static void a_clock_that_is_set_back_makes_nothing_wait_longer(void **state)
{
	(void)state;
	static const struct waiting table[] = {
	    {.name = "after a try", .tried = true, .left = 0},
	    {.name = "put off", .postponed = true, .left = 900},
	    {.name = "chosen by the sender",
		.release_at = BED_START + HOUR,
		.left = DAY + HOUR,
		.left_after_restart = DAY + HOUR},
	    {.name = "too much was sent",
		.release_at = BED_START + HOUR,
		.limited = true,
		.left = HOUR,
		.left_after_restart = DAY + HOUR},
	    {.name = "new", .left = 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct waiting *one = &table[i];
		struct bed bed;
		bed_make(&bed);
		if (strcmp(one->name, "new") == 0)
			bed_put(&bed, "x@b.example");
		else
			make_wait(&bed, one);
		int64_t left = left_of(&bed);
		if (one->tried)
			assert_in_range(left, 240, 360);
		bed.now -= DAY;
		int64_t after = left_of(&bed);
		assert_int_equal(after, one->tried ? left : one->left);
		// The time that is stored is a day ahead.
		bed_restart(&bed);
		assert_int_equal(left_of(&bed), one->left_after_restart);
		bed_done(&bed);
	}
}

static void a_leap_of_the_clock_ends_nothing_without_a_try(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	assert_int_equal(
	    queue_postpone(bed.queue, &lot, 900, &down, NULL), RC_OK);
	bed.now += 10 * DAY;
	// It is due, but its server is still left alone.
	lot = bed_take(&bed);
	assert_non_null(lot);
	assert_int_equal(
	    queue_postpone(bed.queue, &lot, 900, &down, NULL), RC_OK);
	assert_int_equal(bed_next(&bed), 60);
	bed.now += 60;
	lot = bed_take(&bed);
	assert_true(queue_lot_envelope(lot)->sender.len > 0);
	bed_settle(&bed, &lot, QUEUE_LATER); // and now it was tried
	lot = bed_take(&bed);
	assert_true(has(bed_text(&bed, queue_lot_id(lot)), "Action: failed"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// Whoever waits for the queue sleeps for an interval, so new mail has to wake
// that thread although its time is over.
static void a_clock_that_is_set_forward_makes_new_mail_wait_for_nothing(
    void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_LATER);
	for (int time = 0; time < 2; time++) {
		assert_true(bed_next(&bed) > 0);
		bed.now += DAY;
		unsigned wakes = bed.wakes;
		bed_put(&bed, "x@c.example");
		assert_int_equal(bed.wakes, wakes + 1);
		// Once is enough, until it is told another time.
		bed_put(&bed, "y@c.example");
		assert_int_equal(bed.wakes, wakes + 1);
		while ((lot = bed_take(&bed)) != NULL)
			bed_settle(&bed, &lot, QUEUE_LATER);
	}
	bed_done(&bed);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_sent_is_not_sent_again_after_a_full_disk),
	    cmocka_unit_test(a_failure_is_reported_once_after_a_full_disk),
	    cmocka_unit_test(an_alias_is_followed_once_after_a_full_disk),
	    cmocka_unit_test(the_administrator_rules_over_what_is_not_kept),
	    cmocka_unit_test(what_is_put_off_counts_no_try_and_says_why),
	    cmocka_unit_test(what_another_server_settled_stays_settled),
	    cmocka_unit_test(who_is_put_off_hears_of_the_delay_and_of_the_end),
	    cmocka_unit_test(what_cannot_be_taken_back_now_is_sent),
	    cmocka_unit_test(
		a_clock_that_is_set_back_makes_nothing_wait_longer),
	    cmocka_unit_test(a_leap_of_the_clock_ends_nothing_without_a_try),
	    cmocka_unit_test(
		a_clock_that_is_set_forward_makes_new_mail_wait_for_nothing),
	};
	return cmocka_run_group_tests_name("queue trouble", tests, NULL, NULL);
}
