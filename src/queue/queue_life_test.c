// SPDX-License-Identifier: Apache-2.0
// Tests the life of a message: its tries, its notices, its end, and what its
// sender asked for. The clock is moved by hand.
#include "base/test.h"
#include "queue/queue_test_tools.h"

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

// Takes a message that is never delivered to its end. Returns the number of
// tries. The reports stay in the queue, for a.example.
static unsigned play_out(struct bed *bed)
{
	unsigned tries = 0;
	while (queue_stats(bed->queue).messages > 0) {
		struct queue_claim domain;
		int64_t next;
		enum rc rc = queue_claim(bed->queue, &bed->arena,
		    QUEUE_CLASS_REPORTS, &domain, &next);
		if (rc == RC_END) {
			assert_true(next > 0);
			bed->now = next / 1000;
			continue;
		}
		if (view_eq(domain.domain, VIEW("a.example")))
			return tries; // the destination stays claimed
		struct queue_lot *lot;
		assert_int_equal(queue_take(bed->queue, &domain, &lot), RC_OK);
		tries++;
		bed_settle(bed, &lot, QUEUE_LATER);
		queue_unclaim(bed->queue, &domain);
	}
	return tries;
}

static struct view take_report(struct bed *bed)
{
	struct queue_lot *lot;
	const struct queue_claim claim = {
	    .class = QUEUE_CLASS_REPORTS, .domain = VIEW("a.example")};
	assert_int_equal(queue_take(bed->queue, &claim, &lot), RC_OK);
	assert_view_equal(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("a@a.example"));
	assert_int_equal(queue_lot_envelope(lot)->sender.len, 0);
	struct view text = bed_text(bed, queue_lot_id(lot));
	bed_settle(bed, &lot, QUEUE_DELIVERED);
	queue_unclaim(bed->queue, &claim);
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
	bed_expect_empty(&bed);
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
	assert_view_equal(
	    after.recipients[0].last_reply, VIEW("450 4.2.0 not now"));
	assert_int_equal(after.expires, BED_START + 5 * DAY);
	(void)play_out(&bed);
	assert_true(has(take_report(&bed), "Action: failed"));
	bed_done(&bed);
}

static void who_wants_no_notice_goes_with_the_others_after_a_restart(
    void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	struct queue_recipient two[] = {
	    {.address = VIEW("x@b.example"), .notify = SMTP_NOTIFY_FAILURE},
	    {.address = VIEW("y@b.example")}};
	bed_put_as(&bed, BED_TEXT, &envelope, two, 2);
	while (bed.now < BED_START + 4 * HOUR) {
		struct queue_lot *lot = bed_take(&bed);
		assert_int_equal(queue_lot_count(lot), 2);
		bed_settle(&bed, &lot, QUEUE_LATER);
		if (bed.now == BED_START + 4 * HOUR)
			break;
		int64_t wait = bed_next(&bed);
		bed_restart(&bed);
		assert_int_equal(bed_next(&bed), wait);
		bed.now += wait;
	}
	assert_int_equal(bed.now, BED_START + 4 * HOUR);
	bed_done(&bed);
}

static void a_report_goes_to_the_canonical_domain(void **state)
{
	(void)state;
	static const char *const table[][2] = {
	    {"Ann@A.EXAMPLE", "Ann@a.example"},
	    {"a@b\xc3\xbc.example", "a@xn--b-eha.example"},
	    {"postmaster", "postmaster"},
	    {"\"x@y\"@A.example", "\"x@y\"@a.example"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = view_of_string(table[i][0])};
		struct queue_recipient one = {.address = VIEW("x@b.example")};
		bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
		struct queue_lot *lot = bed_take(&bed);
		bed_settle(&bed, &lot, QUEUE_FAILED);
		lot = bed_take(&bed);
		struct view to = queue_lot_recipient(lot, 0)->recipient.address;
		if (!view_eq(to, view_of_string(table[i][1])))
			fail_msg("%s: %.*s", table[i][0], VIEW_FMT(to));
		bed_settle(&bed, &lot, QUEUE_DELIVERED);
		bed_done(&bed);
	}
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
	    {SMTP_NOTIFY_NEVER, QUEUE_FAILED, NULL},
	    {SMTP_NOTIFY_DELAY, QUEUE_FAILED, NULL},
	    {SMTP_NOTIFY_FAILURE, QUEUE_FAILED, "failed"},
	    {SMTP_NOTIFY_FAILURE, QUEUE_DELIVERED, NULL},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_FAILED, NULL},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_DELIVERED, "delivered"},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_RELAYED, "relayed"},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_EXPANDED, "expanded"},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_PASSED, NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example"), .proven = true};
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
			bed_settle(
			    &bed, &lot, QUEUE_FAILED); // a report about the
						       // report must not come
		}
		assert_null(lot);
		bed_expect_empty(&bed);
		bed_done(&bed);
	}
}

// Whatever a stranger asks for, the sender that the stranger names is told of a
// failure only, in few words.
static void a_sender_who_is_not_proven_is_told_of_failures_only(void **state)
{
	(void)state;
	static const struct {
		unsigned notify;
		enum queue_outcome outcome;
		bool told;
	} table[] = {
	    {0, QUEUE_FAILED, true},
	    {SMTP_NOTIFY_FAILURE, QUEUE_FAILED, true},
	    {SMTP_NOTIFY_NEVER, QUEUE_FAILED, false},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_FAILED, false},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_DELIVERED, false},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_RELAYED, false},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_PASSED, false},
	    {SMTP_NOTIFY_SUCCESS, QUEUE_EXPANDED, false},
	    {0, QUEUE_DELIVERED, false},
	    {0, QUEUE_LATER, false},
	    {SMTP_NOTIFY_DELAY, QUEUE_LATER, false},
	};
	for (size_t i = 0; i < 2 * ARRAY_LEN(table); i++) {
		struct bed bed;
		bool by = i >= ARRAY_LEN(table);
		size_t row = i % ARRAY_LEN(table);
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example"),
		    .ret = SMTP_RET_FULL,
		    .by = by ? SMTP_BY_NOTIFY : SMTP_BY_NONE,
		    .by_time = by ? BED_START - 10 : 0,
		};
		struct queue_recipient one = {.address = VIEW("x@b.example"),
		    .notify = table[row].notify};
		bed_put_as(&bed,
		    VIEW("X-Text: BUY\r\nSubject: Tea\r\n\r\nBUY\r\n"),
		    &envelope, &one, 1);
		struct queue_lot *lot;
		if (table[row].outcome == QUEUE_LATER)
			bed.now += 5 * HOUR; // a notice would be due
		lot = bed_take(&bed);
		bed_settle(&bed, &lot, table[row].outcome);
		lot = bed_take(&bed);
		assert_int_equal(lot != NULL, table[row].told);
		if (lot) {
			struct view text = bed_text(&bed, queue_lot_id(lot));
			assert_true(has(text, "\r\nAction: failed\r\n"));
			assert_true(has(text, "\r\n\r\nSubject: Tea\r\n"));
			assert_false(has(text, "BUY"));
			assert_false(has(text, "  Subject: "));
			assert_in_range(text.len, 1, 4000);
			bed_settle(&bed, &lot, QUEUE_DELIVERED);
		}
		bed_done(&bed);
	}
}

// Sends a failure to `sender`; returns whether it was told.
static bool is_told(struct bed *bed, const char *sender, bool proven)
{
	struct queue_envelope envelope = {
	    .sender = view_of_string(sender), .proven = proven};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	bed_put_as(bed, BED_TEXT, &envelope, &one, 1);
	struct queue_lot *lot = bed_take(bed);
	bed_settle(bed, &lot, QUEUE_FAILED);
	lot = bed_take(bed);
	if (!lot)
		return false;
	bed_settle(bed, &lot, QUEUE_DELIVERED);
	return true;
}

static void reports_to_strangers_are_limited(void **state)
{
	(void)state;
	struct bed bed;
	char sender[40];
	bed_make(&bed);
	for (int i = 0; i < 60; i++)
		assert_int_equal(is_told(&bed, "v@victim.example", false),
		    i < 50); // of one domain
	assert_int_equal(queue_stats(bed.queue).reports_dropped, 10);
	// Others are not affected, nor is who has proven to be the sender.
	assert_true(is_told(&bed, "v@other.example", false));
	for (int i = 0; i < 100; i++)
		assert_true(is_told(&bed, "v@victim.example", true));
	for (int i = 51; i < 520; i++) {
		snprintf(sender, sizeof(sender), "v@d%d.example", i);
		assert_int_equal(
		    is_told(&bed, sender, false), i < 500); // of all
	}
	assert_true(is_told(&bed, "v@victim.example", true));
	bed.now += HOUR / 50;
	assert_true(is_told(&bed, "v@victim.example", false));
	assert_false(is_told(&bed, "v@victim.example", false));
	bed.now += HOUR;
	for (int i = 0; i < 50; i++)
		assert_true(is_told(&bed, "v@victim.example", false));
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void a_delay_is_told_only_to_who_wants_it(void **state)
{
	(void)state;
	static const struct {
		unsigned notify;
		bool told;
	} table[] = {
	    {0, true},
	    {SMTP_NOTIFY_DELAY, true},
	    {SMTP_NOTIFY_FAILURE, false},
	    {SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY, true},
	    {SMTP_NOTIFY_NEVER, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_make(&bed);
		struct queue_envelope envelope = {
		    .sender = VIEW("a@a.example"), .proven = true};
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
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
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
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// ---- Times that the sender chose -------------------------------------------

static void what_is_to_wait_waits_and_is_young_then(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .proven = true,
	    .release_at = BED_START + 10 * DAY};
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
	    .proven = true,
	    .by = SMTP_BY_RETURN,
	    .by_time = BED_START + 10 * MINUTE};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_LATER);
	bed.now += 10 * MINUTE;
	lot = bed_take(&bed); // the lot of a.example
	struct view text = bed_text(&bed, queue_lot_id(lot));
	assert_true(has(text, "\r\nAction: failed\r\nStatus: 5.4.7\r\n"));
	assert_true(has(text, "by the time that was set"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void by_notify_is_told_and_carried_on(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_envelope envelope = {.sender = VIEW("a@a.example"),
	    .proven = true,
	    .by = SMTP_BY_NOTIFY,
	    .by_time = BED_START + 17 * MINUTE};
	struct queue_recipient one = {
	    .address = VIEW("x@b.example"), .notify = SMTP_NOTIFY_FAILURE};
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

static void an_alias_of_one_is_not_reported(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .proven = true};
	struct queue_recipient one = {
	    .address = VIEW("x@b.example"), .notify = SMTP_NOTIFY_SUCCESS};
	struct queue_recipient other = {
	    .address = VIEW("y@c.example"), .notify = SMTP_NOTIFY_SUCCESS};
	struct queue_result result = {
	    .outcome = QUEUE_EXPANDED, .expanded = &other, .expanded_count = 1};
	bed_make(&bed);
	bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	struct queue_lot *lot = bed_take(&bed);
	assert_int_equal(queue_settle(bed.queue, &lot, &result, NULL), RC_OK);
	lot = bed_take(&bed);
	assert_view_equal(queue_lot_recipient(lot, 0)->recipient.address,
	    VIEW("y@c.example"));
	assert_null(bed_take(&bed)); // no report comes
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	struct view text = {0};
	lot = bed_take(&bed);
	text = bed_text(&bed, queue_lot_id(lot));
	assert_true(has(text, "Action: delivered"));
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	bed_expect_empty(&bed);
	bed_done(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_alias_of_one_is_not_reported),
	    cmocka_unit_test(waits_double_and_vary_by_a_fifth),
	    cmocka_unit_test(
		a_sender_hears_after_four_hours_and_after_five_days),
	    cmocka_unit_test(a_restart_forgets_neither_tries_nor_notices),
	    cmocka_unit_test(
		who_wants_no_notice_goes_with_the_others_after_a_restart),
	    cmocka_unit_test(a_report_goes_to_the_canonical_domain),
	    cmocka_unit_test(notify_decides_who_is_told_what),
	    cmocka_unit_test(
		a_sender_who_is_not_proven_is_told_of_failures_only),
	    cmocka_unit_test(reports_to_strangers_are_limited),
	    cmocka_unit_test(a_delay_is_told_only_to_who_wants_it),
	    cmocka_unit_test(reports_are_about_all_who_were_settled_at_once),
	    cmocka_unit_test(what_is_to_wait_waits_and_is_young_then),
	    cmocka_unit_test(
		by_return_comes_back_untried_when_the_time_has_passed),
	    cmocka_unit_test(by_notify_is_told_and_carried_on),
	};
	return cmocka_run_group_tests_name("queue life", tests, NULL, NULL);
}
