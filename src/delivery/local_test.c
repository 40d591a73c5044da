// SPDX-License-Identifier: Apache-2.0
// From the queue to accounts: once, however often it is tried.
#include "base/test.h"
#include "delivery/delivery_test_tools.h"

#define TEXT                                                                   \
	"Delivered-To: cleo@ours.example\r\nFrom: s@far.example\r\n"           \
	"Message-ID: <1@far.example>\r\n\r\nHello.\r\n"

static struct queue_lot *put(struct bed *bed, const char *to, bool resolved,
    unsigned notify, const char *text)
{
	struct queue_envelope envelope = {.sender = VIEW("s@far.example")};
	struct queue_recipient recipients[10] = {0};
	struct view rest = view_of_string(to);
	size_t count = 0;
	while (view_split(&rest, ' ', &recipients[count].address)) {
		recipients[count].notify = notify;
		recipients[count].original = VIEW("rfc822;orig@x");
		recipients[count++].resolved = resolved;
	}
	struct queue_draft *draft = queue_draft_new(bed->office.queue);
	struct queue_id id;
	assert_int_equal(queue_draft_add(draft, view_of_string(text)), RC_OK);
	assert_int_equal(
	    queue_put(bed->office.queue, draft, VIEW("X-Head: 1\r\n"),
		&envelope, recipients, count, &bed->fault, &id),
	    RC_OK);
	queue_draft_free(&draft);
	struct queue_lot *lot = bed_lot(bed);
	assert_non_null(lot);
	return lot;
}

static void each_user_gets_one_copy_however_often_it_is_tried(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct queue_lot *lot = put(
	    &bed, "anna@ours.example bert+Sent@ours.example", false, 0, TEXT);
	for (int i = 0; i < 3; i++) {
		struct queue_result *results = bed_local(&bed, lot);
		assert_int_equal(results[0].outcome, QUEUE_DELIVERED);
		assert_int_equal(results[1].outcome, QUEUE_DELIVERED);
	}
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
	assert_int_equal(bed_count(&bed, 1001, "Sent"), 1);
	assert_view_equal(bed_last(&bed, 1000, "INBOX"),
	    VIEW("Return-Path: <s@far.example>\r\n"
		 "Delivered-To: anna@ours.example\r\nX-Head: 1\r\n" TEXT));
	queue_drop(bed.office.queue, &lot, 0);
	bed_close(&bed);
}

static void outcomes_are_what_the_address_is(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		bool resolved;
		enum queue_outcome outcome;
		struct enhanced_status status;
		const char *expanded; // "!" behind a resolved one
	} table[] = {
	    {"nobody@ours.example", false, QUEUE_FAILED, {5, 1, 1}, ""},
	    {"anna@ours.example", false, QUEUE_DELIVERED, {2, 1, 5}, ""},
	    {"anna@ours.example", true, QUEUE_DELIVERED, {2, 1, 5}, ""},
	    {"team@ours.example", false, QUEUE_EXPANDED, {2, 1, 5},
		"anna@ours.example! bert@ours.example! "},
	    {"postmaster", false, QUEUE_EXPANDED, {2, 1, 5},
		"anna@ours.example! bert@ours.example! "},
	    {"both@ours.example", false, QUEUE_EXPANDED, {2, 1, 5},
		"bert@ours.example! x@other.example "},
	    {"out@ours.example", false, QUEUE_EXPANDED, {2, 1, 5},
		"x@other.example "},
	    // Her alias leads to her and elsewhere. The message has been there,
	    // so it does not leave again; for her, see below.
	    {"cleo@ours.example", false, QUEUE_EXPANDED, {2, 1, 5},
		"cleo@ours.example! "},
	    // The message was delivered to her before.
	    {"cleo@ours.example", true, QUEUE_FAILED, {5, 4, 6}, ""},
	    // Resolved: the user of that name, and no alias.
	    {"team@ours.example", true, QUEUE_FAILED, {5, 1, 1}, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_open(&bed, (struct store_options){0});
		struct queue_lot *lot =
		    put(&bed, table[i].to, table[i].resolved,
			SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY, TEXT);
		struct queue_result *result = bed_local(&bed, lot);
		struct buf text;
		buf_init(&text, 1000);
		assert_int_equal(result->outcome, table[i].outcome);
		assert_memory_equal(
		    &result->status, &table[i].status, sizeof(result->status));
		for (size_t n = 0; n < result->expanded_count; n++) {
			const struct queue_recipient *to = &result->expanded[n];
			buf_add(&text, to->address);
			buf_add_string(&text, to->resolved ? "! " : " ");
			// RFC 3461 section 5.2.7.3 (c).
			assert_int_equal(to->notify,
			    result->expanded_count > 1
				? SMTP_NOTIFY_DELAY
				: SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_DELAY);
			assert_view_equal_row(
			    i, to->original, VIEW("rfc822;orig@x"));
		}
		assert_view_equal_row(
		    i, buf_view(&text), view_of_string(table[i].expanded));
		buf_done(&text);
		queue_drop(bed.office.queue, &lot, 0);
		bed_close(&bed);
	}
}

// Else those that it leads to would report failures and delays, which its
// sender did not want.
static void who_wants_to_hear_of_success_only_hears_of_nothing_else(
    void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct queue_lot *lot =
	    put(&bed, "team@ours.example", false, SMTP_NOTIFY_SUCCESS, TEXT);
	struct queue_result *result = bed_local(&bed, lot);
	assert_int_equal(result->expanded_count, 2);
	assert_int_equal(result->expanded[0].notify, SMTP_NOTIFY_NEVER);
	queue_drop(bed.office.queue, &lot, 0);
	bed_close(&bed);
}

static void what_cannot_be_stored_now_is_later(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){.quota_bytes = 50});
	struct queue_lot *lot = put(&bed, "anna@ours.example", false, 0, TEXT);
	struct queue_result *result = bed_local(&bed, lot);
	assert_int_equal(result->outcome, QUEUE_LATER);
	assert_memory_equal(
	    &result->status, &ENHANCED(4, 2, 2), sizeof(result->status));
	queue_drop(bed.office.queue, &lot, 0);
	bed_close(&bed);

	bed_open(&bed, (struct store_options){0});
	lot = put(&bed, "anna@ours.example bert@ours.example", false, 0, TEXT);
	bed_fail(&bed, 1000, 1000);
	result = bed_local(&bed, lot);
	assert_int_equal(result[0].outcome, QUEUE_LATER);
	assert_int_equal(result[1].outcome, QUEUE_DELIVERED);
	bed_fail(&bed, 0, 0);
	result = bed_local(&bed, lot);
	assert_int_equal(result[0].outcome, QUEUE_DELIVERED);
	assert_int_equal(result[1].outcome, QUEUE_DELIVERED);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 1);
	queue_drop(bed.office.queue, &lot, 0);
	bed_close(&bed);
}

// The directory has the user; the account is made by what uses it first.
static void mail_makes_the_account_of_a_user_who_has_none_yet(void **state)
{
	static const struct auth_credentials some = {.hash = "$y$j9T$some"};
	static const struct bed_mail mail = {
	    .from = "s@far.example", .to = "dora@ours.example", .text = TEXT};
	struct bed bed;
	uint64_t account;
	(void)state;
	for (int queued = 0; queued <= 1; queued++) {
		bed_open(&bed, (struct store_options){0});
		assert_int_equal(auth_directory_add(bed.engine, VIEW("dora"),
				     &some, 1, NULL, &account),
		    RC_OK);
		if (queued) {
			struct queue_lot *lot =
			    put(&bed, "dora@ours.example", false, 0, TEXT);
			assert_int_equal(
			    bed_local(&bed, lot)->outcome, QUEUE_DELIVERED);
			queue_drop(bed.office.queue, &lot, 0);
		} else {
			assert_string_equal(
			    bed_answer(&bed, &mail), "250 2.1.5");
		}
		assert_int_equal(bed_count(&bed, account, "INBOX"), 1);
		bed_close(&bed);
	}
}

// Takes lots and settles them until none is due.
static unsigned run(struct bed *bed)
{
	struct queue_lot *lot;
	unsigned lots = 0;
	for (; lots < 20 && (lot = bed_lot(bed)) != NULL; lots++) {
		struct queue_result *results = bed_local(bed, lot);
		assert_int_equal(
		    queue_settle(bed->office.queue, &lot, results, &bed->fault),
		    RC_OK);
	}
	return lots;
}

static void an_alias_in_the_queue_leads_everyone_there_once(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	static const char text[] = "From: s@far.example\r\n\r\nHello.\r\n";
	struct queue_lot *lot =
	    put(&bed, "all@ours.example cleo@ours.example", false, 0, text);
	struct queue_result *results = bed_local(&bed, lot);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 0);
	// The commit fails, as if the machine had stopped: it is all as it was.
	bed_fail(&bed, QUEUE_PARTITION_FIRST,
	    QUEUE_PARTITION_FIRST + QUEUE_PARTITIONS);
	assert_int_equal(
	    queue_settle(bed.office.queue, &lot, results, &bed.fault), RC_IO);
	bed_fail(&bed, 0, 0);
	assert_string_equal(
	    bed_queued(&bed), "all@ours.example cleo@ours.example");
	queue_close(&bed.office.queue);
	struct queue_settings settings = {
	    .clock = &bed.clock, .server_name = VIEW("mx.ours.example")};
	assert_int_equal(
	    queue_open(bed.engine, &settings, &bed.fault, &bed.office.queue),
	    RC_OK);
	assert_int_not_equal(run(&bed), 0);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 1);
	// By "all" and by her own alias.
	assert_int_equal(bed_count(&bed, 1002, "INBOX"), 1);
	assert_true(view_ends_with(
	    bed_last(&bed, 1001, "INBOX"), view_of_string(text)));
	assert_string_equal(bed_queued(&bed), "c@other.example");
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_user_gets_one_copy_however_often_it_is_tried),
	    cmocka_unit_test(outcomes_are_what_the_address_is),
	    cmocka_unit_test(
		who_wants_to_hear_of_success_only_hears_of_nothing_else),
	    cmocka_unit_test(what_cannot_be_stored_now_is_later),
	    cmocka_unit_test(mail_makes_the_account_of_a_user_who_has_none_yet),
	    cmocka_unit_test(an_alias_in_the_queue_leads_everyone_there_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
