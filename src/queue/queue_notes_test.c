// SPDX-License-Identifier: Apache-2.0
// What becomes of a user's message is noted, and it can be taken back.
#include <pthread.h>
#include <stdatomic.h>

#include "base/test.h"
#include "queue/queue_test_tools.h"

#define ACCOUNT 7

static struct queue_id put(struct bed *bed,
    const struct queue_recipient *recipients, size_t count, int64_t wait)
{
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"),
	    .account = ACCOUNT,
	    .tracked = true,
	    .hold = wait ? SMTP_HOLD_FOR : SMTP_HOLD_NONE,
	    .hold_value = (uint64_t)wait,
	    .release_at = wait ? bed->now + wait : 0,
	};
	return bed_put_as(bed, BED_TEXT, &envelope, recipients, count);
}

static struct queue_id put_one(struct bed *bed, int64_t wait)
{
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	return put(bed, &one, 1, wait);
}

// All notes, sorted by their reading, as "address kind status reply; …". With
// `drop` they are dropped.
static const char *notes(struct bed *bed, bool drop)
{
	static const char *const kinds[] = {[QUEUE_NOTE_WAITS] = "waits",
	    [QUEUE_NOTE_DELIVERED] = "delivered",
	    [QUEUE_NOTE_PASSED_ON] = "passed on",
	    [QUEUE_NOTE_FAILED] = "failed",
	    [QUEUE_NOTE_TAKEN_BACK] = "taken back"};
	struct queue_notes_place place = {0};
	struct queue_note *list;
	size_t count;
	struct buf out;
	buf_init(&out, 10000);
	for (;;) {
		assert_int_equal(queue_notes_read(bed->queue, &bed->arena, 2,
				     &place, &list, &count),
		    RC_OK);
		if (count == 0)
			break;
		for (size_t i = 0; i < count; i++) {
			assert_int_equal(list[i].account, ACCOUNT);
			buf_printf(&out, "%s%.*s %s", out.len ? "; " : "",
			    VIEW_FMT(list[i].address), kinds[list[i].kind]);
			if (list[i].reply.len)
				buf_printf(
				    &out, " %.*s", VIEW_FMT(list[i].reply));
		}
		if (drop)
			assert_int_equal(
			    queue_notes_drop(bed->queue, list, count, NULL),
			    RC_OK);
	}
	const char *text = arena_string(&bed->arena, buf_view(&out));
	buf_done(&out);
	return text;
}

static void each_result_is_noted_in_its_commit(void **state)
{
	(void)state;
	static const struct {
		enum queue_outcome outcome;
		const char *note;
	} table[] = {
	    {QUEUE_LATER, "x@b.example waits 450 4.2.0 not now"},
	    {QUEUE_DELIVERED, "x@b.example delivered 450 4.2.0 not now"},
	    {QUEUE_RELAYED, "x@b.example passed on 450 4.2.0 not now"},
	    {QUEUE_PASSED, "x@b.example passed on 450 4.2.0 not now"},
	    {QUEUE_FAILED, "x@b.example failed 550 5.1.1 nobody"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		unsigned wakes = 0;
		bed_make(&bed);
		queue_notes_watch(bed.queue, bed_wake, &wakes);
		put_one(&bed, 0);
		assert_string_equal(notes(&bed, false), "");
		struct queue_lot *lot = bed_take(&bed);
		bed_settle(&bed, &lot, table[i].outcome);
		assert_int_equal(wakes, 1);
		assert_string_equal(notes(&bed, false), table[i].note);
		bed_restart(&bed);
		assert_int_equal(bed_problems(&bed), 0);
		assert_string_equal(notes(&bed, true), table[i].note);
		assert_string_equal(notes(&bed, false), "");
		bed_done(&bed);
	}
}

static void a_newer_note_takes_the_place_of_an_older_one(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	put_one(&bed, 0);
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_LATER);
	struct queue_notes_place place = {0};
	struct queue_note *old;
	size_t count;
	assert_int_equal(
	    queue_notes_read(bed.queue, &bed.arena, 9, &place, &old, &count),
	    RC_OK);
	assert_int_equal(count, 1);
	bed.now += HOUR;
	lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	// Who has read the older one does not drop the newer one.
	assert_int_equal(queue_notes_drop(bed.queue, old, 1, NULL), RC_OK);
	assert_string_equal(
	    notes(&bed, true), "x@b.example delivered 450 4.2.0 not now");
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void what_nobody_follows_leaves_no_notes(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	bed_put(&bed, "x@b.example");
	struct queue_lot *lot = bed_take(&bed);
	bed_settle(&bed, &lot, QUEUE_DELIVERED);
	assert_string_equal(notes(&bed, false), "");
	bed_expect_empty(&bed);
	bed_done(&bed);
}

static void what_an_administrator_removes_has_failed(void **state)
{
	(void)state;
	struct bed bed;
	bed_make(&bed);
	struct queue_id id = put_one(&bed, HOUR);
	assert_int_equal(queue_remove(bed.queue, &id, false, NULL), RC_OK);
	assert_string_equal(notes(&bed, true), "x@b.example failed");
	bed_expect_empty(&bed);
	bed_done(&bed);
}

// ---- Taking back -----------------------------------------------------------

enum before { // what happens before a message is taken back
	NOTHING,
	RESTART,
	HOLD,
	TRY_LATER, // it was tried, and will be tried again
	LEASE,     // it is being sent
	DELIVER,   // to one of two
	REMOVE,
	TAKE_BACK,
	NOT_COMMITTED, // it was sent, but the disk is full
};

static void do_before(struct bed *bed, enum before what,
    const struct queue_id *id, struct queue_lot **ret_lot)
{
	*ret_lot = NULL;
	switch (what) {
	case NOTHING: break;
	case RESTART: bed_restart(bed); break;
	case HOLD:
		assert_int_equal(queue_hold(bed->queue, id, NULL), RC_OK);
		break;
	case TRY_LATER:
	case DELIVER:
		*ret_lot = bed_take(bed);
		bed_settle(bed, ret_lot,
		    what == DELIVER ? QUEUE_DELIVERED : QUEUE_LATER);
		break;
	case LEASE: *ret_lot = bed_take(bed); break;
	case REMOVE:
		assert_int_equal(
		    queue_remove(bed->queue, id, false, NULL), RC_OK);
		break;
	case TAKE_BACK:
		assert_int_equal(
		    queue_take_back(bed->queue, id, ACCOUNT, NULL), RC_OK);
		break;
	case NOT_COMMITTED: {
		struct queue_result result = {.outcome = QUEUE_DELIVERED};
		*ret_lot = bed_take(bed);
		queue_park(ret_lot, &result, bed->now + MINUTE);
		break;
	}
	}
}

static void all_of_a_message_is_taken_back_or_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum before before;
		int64_t wait;
		uint64_t account;
		enum rc rc;
		const char *notes; // after it
	} table[] = {
	    {"it waits", NOTHING, HOUR, ACCOUNT, RC_OK,
		"x@b.example taken back; y@c.example taken back"},
	    {"it is due", NOTHING, 0, ACCOUNT, RC_OK,
		"x@b.example taken back; y@c.example taken back"},
	    {"after a restart", RESTART, HOUR, ACCOUNT, RC_OK,
		"x@b.example taken back; y@c.example taken back"},
	    {"an administrator holds it", HOLD, 0, ACCOUNT, RC_OK,
		"x@b.example taken back; y@c.example taken back"},
	    {"its server was not there", TRY_LATER, 0, ACCOUNT, RC_OK,
		"x@b.example taken back 450 4.2.0 not now; "
		"y@c.example taken back"},
	    {"it is being sent", LEASE, 0, ACCOUNT, RC_IN_USE, ""},
	    {"one has it", DELIVER, 0, ACCOUNT, RC_IN_USE,
		"x@b.example delivered 450 4.2.0 not now"},
	    {"one has it, and the disk is full", NOT_COMMITTED, 0, ACCOUNT,
		RC_IN_USE, ""},
	    {"it was removed", REMOVE, HOUR, ACCOUNT, RC_NOT_FOUND,
		"x@b.example failed; y@c.example failed"},
	    {"twice", TAKE_BACK, HOUR, ACCOUNT, RC_NOT_FOUND,
		"x@b.example taken back; y@c.example taken back"},
	    {"somebody else's", NOTHING, HOUR, ACCOUNT + 1, RC_NOT_FOUND, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct queue_lot *lot;
		struct queue_recipient two[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("y@c.example")}};
		bed_make(&bed);
		struct queue_id id = put(&bed, two, 2, table[i].wait);
		do_before(&bed, table[i].before, &id, &lot);
		enum rc rc =
		    queue_take_back(bed.queue, &id, table[i].account, NULL);
		if (rc != table[i].rc)
			fail_msg("%s: %s", table[i].name, rc_text(rc));
		assert_string_equal(notes(&bed, true), table[i].notes);
		if (lot)
			queue_drop(bed.queue, &lot, 0);
		if (rc == RC_OK)
			bed_expect_empty(&bed);
		else if (table[i].account != ACCOUNT)
			assert_int_equal(
			    queue_take_back(bed.queue, &id, ACCOUNT, NULL),
			    RC_OK);
		bed_done(&bed);
	}
}

// Recipients with fields of their own are messages of their own.
static void the_parts_of_a_message_are_taken_back_together(void **state)
{
	(void)state;
	for (int sent = 0; sent < 4; sent++) {
		struct bed bed;
		struct queue_recipient three[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("y@c.example"),
			.head = VIEW("Delivered-To: one@a.example\r\n")},
		    {.address = VIEW("z@d.example"),
			.head = VIEW("Delivered-To: two@a.example\r\n")}};
		bed_make(&bed);
		struct queue_id id = put(&bed, three, 3, 0);
		assert_int_equal(queue_stats(bed.queue).messages, 3);
		for (int i = 0; i < sent; i++) {
			struct queue_lot *lot = bed_take(&bed);
			bed_settle(&bed, &lot, QUEUE_DELIVERED);
		}
		enum rc rc = queue_take_back(bed.queue, &id, ACCOUNT, NULL);
		// Which part went first is not known.
		if (sent == 0)
			assert_int_equal(rc, RC_OK);
		else
			assert_true(rc == RC_IN_USE || rc == RC_NOT_FOUND);
		assert_int_equal(
		    queue_stats(bed.queue).messages, sent ? 3 - sent : 0);
		(void)notes(&bed, true);
		if (sent == 0 || sent == 3)
			bed_expect_empty(&bed);
		bed_done(&bed);
	}
}

// A message that nobody asked to follow cannot be taken back.
static void what_nobody_follows_is_not_taken_back(void **state)
{
	(void)state;
	struct bed bed;
	struct queue_envelope envelope = {
	    .sender = VIEW("a@a.example"), .account = ACCOUNT};
	struct queue_recipient one = {.address = VIEW("x@b.example")};
	bed_make(&bed);
	struct queue_id id = bed_put_as(&bed, BED_TEXT, &envelope, &one, 1);
	assert_int_equal(
	    queue_take_back(bed.queue, &id, ACCOUNT, NULL), RC_NOT_FOUND);
	assert_int_equal(queue_stats(bed.queue).messages, 1);
	bed_done(&bed);
}

// ---- Several threads -------------------------------------------------------

#define MESSAGES 400

struct race {
	struct bed bed;
	struct queue_id ids[MESSAGES];
	bool taken[MESSAGES];
	_Atomic bool begun;
};

static void *send_all(void *context)
{
	struct race *race = context;
	struct queue_lot *lot;
	while (!race->begun)
		sched_yield();
	while ((lot = bed_take(&race->bed)) != NULL)
		bed_settle(&race->bed, &lot, QUEUE_DELIVERED);
	return NULL;
}

static void count_notes(struct race *race, size_t sent[MESSAGES])
{
	struct queue_notes_place place = {0};
	struct queue_note *list;
	size_t count;
	do {
		assert_int_equal(
		    queue_notes_read(race->bed.queue, &race->bed.arena, 100,
			&place, &list, &count),
		    RC_OK);
		for (size_t i = 0; i < count; i++) {
			size_t n = 0;
			while (!queue_id_eq(&race->ids[n], &list[i].track))
				n++;
			assert_int_equal(list[i].kind,
			    race->taken[n] ? QUEUE_NOTE_TAKEN_BACK
					   : QUEUE_NOTE_DELIVERED);
			sent[n]++;
		}
	} while (count > 0);
}

static void a_message_is_sent_or_taken_back_never_both(void **state)
{
	(void)state;
	struct race *race = mem_zalloc(sizeof(*race));
	pthread_t sender;
	size_t sent[MESSAGES] = {0};
	bed_make(&race->bed);
	for (size_t i = 0; i < MESSAGES; i++) {
		struct queue_recipient two[] = {
		    {.address = VIEW("x@b.example")},
		    {.address = VIEW("y@c.example")}};
		race->ids[i] = put(&race->bed, two, 2, 0);
	}
	assert_int_equal(pthread_create(&sender, NULL, send_all, race), 0);
	race->begun = true;
	// The sender begins with the oldest.
	for (size_t i = MESSAGES; i-- > 0;)
		race->taken[i] = queue_take_back(race->bed.queue, &race->ids[i],
				     ACCOUNT, NULL) == RC_OK;
	pthread_join(sender, NULL);
	count_notes(race, sent);
	for (size_t i = 0; i < MESSAGES; i++)
		assert_int_equal(sent[i], 2);
	assert_int_equal(queue_stats(race->bed.queue).messages, 0);
	bed_done(&race->bed);
	free(race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_result_is_noted_in_its_commit),
	    cmocka_unit_test(a_newer_note_takes_the_place_of_an_older_one),
	    cmocka_unit_test(what_nobody_follows_leaves_no_notes),
	    cmocka_unit_test(what_an_administrator_removes_has_failed),
	    cmocka_unit_test(all_of_a_message_is_taken_back_or_nothing),
	    cmocka_unit_test(the_parts_of_a_message_are_taken_back_together),
	    cmocka_unit_test(what_nobody_follows_is_not_taken_back),
	    cmocka_unit_test(a_message_is_sent_or_taken_back_never_both),
	};
	return cmocka_run_group_tests_name("queue notes", tests, NULL, NULL);
}
