// SPDX-License-Identifier: Apache-2.0
// Messages from each door to accounts and the queue.
#include "base/test.h"
#include "delivery/delivery_test_tools.h"
#include "queue/manage.h"
#include "wire/utf8.h"

#define TEXT                                                                   \
	"From: s@far.example\r\nSubject: Tea\r\nMessage-ID: "                  \
	"<1@far.example>\r\nDate: Tue, 14 Nov 2023 22:00:00 +0000\r\n\r\n"     \
	"Hello.\r\n"

static void rcpt_answers_what_the_address_is(void **state)
{
	(void)state;
	static const struct {
		enum delivery_door door;
		const char *to;
		const char *code;
	} table[] = {
	    {DELIVERY_MX, "anna@ours.example", "250 2.1.5"},
	    {DELIVERY_MX, "ANNA@Ours.Example", "250 2.1.5"},
	    {DELIVERY_MX, "nobody@ours.example", "550 5.1.1"},
	    {DELIVERY_MX, "x@other.example", "550 5.7.1"},
	    {DELIVERY_MX, "x%other.example@ours.example", "550 5.1.1"},
	    {DELIVERY_MX, "\"x@other.example\"@ours.example", "550 5.1.1"},
	    {DELIVERY_MX, "x@[192.0.2.9]", "550 5.7.1"},
	    {DELIVERY_MX, "out@ours.example", "250 2.1.5"},
	    {DELIVERY_LMTP, "x@other.example", "550 5.7.1"},
	    {DELIVERY_LMTP, "both@ours.example", "250 2.1.5"},
	    {DELIVERY_SUBMISSION, "x@other.example", "250 2.1.5"},
	    {DELIVERY_SUBMISSION, "nobody@ours.example", "550 5.1.1"},
	};
	struct bed bed;
	struct bed_result *result = mem_zalloc(sizeof(*result));
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		bool submission = table[i].door == DELIVERY_SUBMISSION;
		struct bed_mail mail = {.door = table[i].door,
		    .user = submission ? "anna" : NULL,
		    .from = submission ? "anna@ours.example" : "s@far.example",
		    .to = table[i].to,
		    .text = ""};
		bed_mail(&bed, &mail, result);
		assert_int_equal(result->count, 1);
		assert_string_equal(
		    bed_code(&bed, &result->to[0]), table[i].code);
		if (result->to[0].code != 250)
			assert_int_equal(result->reply.code, 554);
	}
	free(result);
	bed_close(&bed);
}

static void each_copy_has_its_own_trace_fields(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example bert@ours.example anna@ours.example",
	    .text = "Return-Path: <lie@far.example>\r\n" TEXT};
	for (mail.step = 0; mail.step < 200; mail.step += 7) {
		bed_expect(&bed, &mail, "250 2.1.5");
		struct view anna = bed_last(&bed, 1000, "INBOX");
		struct view bert = bed_last(&bed, 1001, "INBOX");
		assert_true(view_starts_with(
		    anna, VIEW("Return-Path: <s@far.example>\r\n"
			       "Delivered-To: anna@ours.example\r\n"
			       "Received: from client.example ([192.0.2.1])")));
		assert_true(view_starts_with(bert,
		    VIEW("Return-Path: <s@far.example>\r\n"
			 "Delivered-To: bert@ours.example\r\nReceived: ")));
		assert_true(view_ends_with(anna, VIEW("\r\n" TEXT)));
		size_t at = view_find(anna, VIEW("Received:"));
		assert_view_equal(view_from(anna, at), view_from(bert, at));
		assert_int_equal(view_find(anna, VIEW("\tfor ")), SIZE_MAX);
		assert_int_equal(view_find(anna, VIEW(" for ")), SIZE_MAX);
	}
	// One recipient, and the null path.
	mail = (struct bed_mail){
	    .from = "", .to = "anna@ours.example", .text = TEXT};
	bed_expect(&bed, &mail, "250 2.1.5");
	struct view anna = bed_last(&bed, 1000, "INBOX");
	assert_true(view_starts_with(anna, VIEW("Return-Path: <>\r\n")));
	assert_int_not_equal(
	    view_find(anna, VIEW("for <anna@ours.example>")), SIZE_MAX);
	bed_close(&bed);
}

static void a_detail_names_the_folder_if_there_is_one(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "bert+Sent@ours.example",
	    .text = TEXT};
	bed_expect(&bed, &mail, "250 2.1.5");
	assert_int_equal(bed_count(&bed, 1001, "Sent"), 1);
	mail.to = "bert+NoSuch@ours.example";
	bed_expect(&bed, &mail, "250 2.1.5");
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 1);
	bed_close(&bed);
}

static void a_message_of_any_shape_arrives(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t len;
		const char *tail; // what the stored one ends in
	} table[] = {
	    {"", 0, "+0000\r\n"},
	    {"Subject: only\r\n", 0, "+0000\r\nSubject: only\r\n"},
	    {"Subject: no end", 0, "+0000\r\nSubject: no end\r\n"},
	    {"\r\nbody\r\n", 0, "+0000\r\n\r\nbody\r\n"},
	    {" no header\r\n", 0, "+0000\r\n\r\n no header\r\n"},
	    {"no field\r\n\r\nx", 0, "+0000\r\nno field\r\n\r\nx"},
	    {"A: b\r\n\r\nx\0y\r\n", 13, "x"},
	    {"S: \xc3\xa4\xff\r\n\r\n\xff\r\n", 0, "\xff\r\n\r\n\xff\r\n"},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t step = 0; step < 4; step++) {
			struct bed_mail mail = {.from = "s@far.example",
			    .to = "anna@ours.example",
			    .text = table[i].text,
			    .len = table[i].len,
			    .step = step};
			bed_expect(&bed, &mail, "250 2.1.5");
			struct view last = bed_last(&bed, 1000, "INBOX");
			if (table[i].len)
				last = view_slice(last, 0, last.len - 4);
			if (!view_ends_with(
				last, view_of_string(table[i].tail)))
				fail_msg("%zu: %.*s", i, VIEW_FMT(last));
		}
	bed_close(&bed);
}

static void limits_hold(void **state)
{
	(void)state;
	struct bed bed;
	// What the delivery puts on top is not counted.
	bed_open(&bed, (struct store_options){.message_max = 600000});
	struct buf text;
	buf_init(&text, 1000000);
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example",
	    .text = TEXT,
	    .declared = 600001};
	bed_expect(&bed, &mail, "552 5.3.4");
	mail.declared = 600000;
	bed_expect(&bed, &mail, "250 2.1.5");
	while (text.len < 600000)
		buf_add_literal(&text, "X: 67890\r\n");
	mail.text = arena_string(&bed.arena, buf_view(&text));
	mail.declared = 0;
	// A header without end is refused at every door, however it comes.
	for (mail.step = 0; mail.step < 100; mail.step += 77) {
		mail.door = DELIVERY_MX;
		mail.user = NULL;
		bed_expect(&bed, &mail, "552 5.3.4");
		mail.door = DELIVERY_LMTP;
		bed_expect(&bed, &mail, "552 5.3.4");
		mail.door = DELIVERY_SUBMISSION;
		mail.user = "anna";
		mail.from = "anna@ours.example";
		bed_expect(&bed, &mail, "552 5.3.4");
	}
	// A body as long as that is none.
	mail.door = DELIVERY_MX;
	mail.user = NULL;
	text.ptr[8] = '\r';
	text.ptr[9] = '\n';
	text.ptr[10] = '\r';
	text.ptr[11] = '\n';
	mail.text = arena_string(&bed.arena, buf_view(&text));
	bed_expect(&bed, &mail, "250 2.1.5");
	buf_add_literal(&text, "Y");
	mail.text = arena_string(&bed.arena, buf_view(&text));
	bed_expect(&bed, &mail, "552 5.3.4");
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 2);
	// Recipients.
	bed.office.recipients_max = 2;
	struct bed_result *result = mem_zalloc(sizeof(*result));
	mail.text = TEXT;
	mail.to = "anna@ours.example bert@ours.example cleo@ours.example";
	bed_mail(&bed, &mail, result);
	assert_string_equal(bed_code(&bed, &result->to[2]), "452 4.5.3");
	assert_int_equal(result->reply.code, 250);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 3);
	free(result);
	buf_done(&text);
	bed_close(&bed);
}

// RFC 8601 section 5.
static void results_in_our_name_are_removed(void **state)
{
	(void)state;
	static const struct {
		const char *field; // behind the colon
		bool stays;        // also from a stranger
	} table[] = {
	    {" mx.ours.example; spf=pass", false},
	    {"MX.OURS.EXAMPLE;none", false},
	    {" mx.ours.example", false},
	    {" mx.ours.example. 1; none", false},
	    {"\r\n\t(c (d))\r\n mx.ours.example\r\n\t1 ; none", false},
	    {" (a \\) b)\"mx.o\\urs.example\" (x);none", false},
	    {" ours.example; none", false},
	    {" mx2.deep.ours.example; none", false},
	    {" xn--bcher-kva.example; none", false},
	    {" B\xc3\xbc"
	     "cher.example; none",
		false},
	    {" a.b\xc3\xbc"
	     "cher\xe3\x80\x82"
	     "example; none",
		false},
	    // Another version, whoever it is; what cannot be parsed and names
	    // us.
	    {" far.example 2; none", false},
	    {" mx.ours.example 7; none", false},
	    {" mx.ours.example, x; none", false},
	    {" <mx.ours.example>; none", false},
	    {" mx.ours.example (; none", false},
	    {" spf=pass smtp.mailfrom=ours.example", false},
	    {" a b c d e f g h i j k l m n o p q r s t u v", false},
	    // Others'.
	    {" far.example; spf=pass smtp.mailfrom=ours.example", true},
	    {" far.example 1; none", true},
	    {" notours.example; none", true},
	    {" ours.example.far.example; none", true},
	    {" example; none", true},
	    {" spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=far.example",
		true},
	    {" \"\xff\"; none", true},
	};
	static const enum delivery_door doors[] = {
	    DELIVERY_MX, DELIVERY_SUBMISSION, DELIVERY_LMTP};
	struct route_domain umlaut = {.name = VIEW("b\xc3\xbc"
						   "cher.example")};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(
	    route_domain_add(bed.office.route, &umlaut, &bed.fault), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(table) * ARRAY_LEN(doors); i++) {
		enum delivery_door door = doors[i % ARRAY_LEN(doors)];
		bool user = door == DELIVERY_SUBMISSION;
		bool stays = table[i / ARRAY_LEN(doors)].stays;
		char text[300];
		char field[200];
		struct bed_mail mail = {.door = door,
		    .user = user ? "anna" : NULL,
		    .from = user ? "anna@ours.example" : "s@far.example",
		    .to = "anna@ours.example",
		    .text = text};
		snprintf(field, sizeof(field),
		    "\r\nauthentication-RESULTS :%s\r\n",
		    table[i / ARRAY_LEN(doors)].field);
		snprintf(text, sizeof(text),
		    "From: anna@ours.example\r\nX: "
		    "y%sARC-Authentication-Results:"
		    " i=1; mx.ours.example; none\r\n\r\nx",
		    field);
		bed_expect(&bed, &mail, "250 2.1.5");
		struct view last = bed_last(&bed, 1000, "INBOX");
		bool found = view_find(last, view_of_string(field)) != SIZE_MAX;
		if (found != (stays || door == DELIVERY_LMTP))
			fail_msg("%d: %.*s", (int)door, VIEW_FMT(last));
		assert_int_not_equal(
		    view_find(last, VIEW("\r\nARC-Authentication-Results: "
					 "i=1; mx.ours.example; none\r\n")),
		    SIZE_MAX);
		assert_true(view_ends_with(last, VIEW("\r\n\r\nx")));
	}
	bed_close(&bed);
}

// Each field costs a look at the routes, so only so many are looked at.
static void of_many_results_the_rest_goes(void **state)
{
	(void)state;
	struct bed bed;
	struct buf text;
	bed_open(&bed, (struct store_options){0});
	buf_init(&text, 100000);
	for (int i = 0; i < 1000; i++)
		buf_add_literal(
		    &text, "Authentication-Results: far.example; none\r\n");
	buf_add_literal(&text, "\r\nx");
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example",
	    .text = arena_string(&bed.arena, buf_view(&text))};
	bed_expect(&bed, &mail, "250 2.1.5");
	struct view last = bed_last(&bed, 1000, "INBOX");
	size_t count = 0;
	size_t at;
	while ((at = view_find(last, VIEW("far.example;"))) != SIZE_MAX) {
		last = view_from(last, at + 1);
		count++;
	}
	assert_int_equal(count, 100);
	buf_done(&text);
	bed_close(&bed);
}

static void a_loop_is_found(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct buf text;
	buf_init(&text, 100000);
	for (int i = 0; i < 100; i++)
		buf_add_literal(&text, "Received: from x\r\n");
	buf_add_literal(&text, TEXT);
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example",
	    .text = arena_string(&bed.arena, buf_view(&text))};
	bed_expect(&bed, &mail, "250 2.1.5");
	buf_reset(&text);
	for (int i = 0; i < 101; i++)
		buf_add_literal(&text, "RECEIVED: from x\r\n");
	mail.text = arena_string(&bed.arena, buf_view(&text));
	bed_expect(&bed, &mail, "554 5.4.6");
	// To the same mailbox, even if it is written otherwise.
	mail.text = "Delivered-To: Anna@Ours.example\r\n" TEXT;
	bed_expect(&bed, &mail, "554 5.4.6");
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
	// A stranger is refused for all; for a user, another gets it, and the
	// queue returns the one that loops.
	mail.to = "team@ours.example";
	bed_expect(&bed, &mail, "554 5.4.6");
	mail.door = DELIVERY_SUBMISSION;
	mail.user = "cleo";
	mail.from = "cleo@ours.example";
	mail.text = "Delivered-To: Anna@Ours.example\r\n"
		    "From: cleo@ours.example\r\n\r\nHello.\r\n";
	bed_expect(&bed, &mail, "250 2.1.5");
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 1);
	assert_string_equal(bed_queued(&bed), "anna@ours.example");
	struct queue_lot *lot = bed_lot(&bed);
	assert_non_null(lot);
	struct queue_result *results = bed_local(&bed, lot);
	assert_int_equal(results[0].outcome, QUEUE_FAILED);
	assert_memory_equal(
	    &results[0].status, &ENHANCED(5, 4, 6), sizeof(results[0].status));
	queue_drop(bed.office.queue, &lot, 0);
	// LMTP answers for each.
	struct bed_result *result = mem_zalloc(sizeof(*result));
	mail.door = DELIVERY_LMTP;
	mail.to = "anna@ours.example bert@ours.example";
	bed_mail(&bed, &mail, result);
	assert_string_equal(bed_code(&bed, &result->each[0]), "550 5.4.6");
	assert_string_equal(bed_code(&bed, &result->each[1]), "250 2.1.5");
	free(result);
	buf_done(&text);
	bed_close(&bed);
}

// ---- Accounts, the queue, and failures -------------------------------------

static void what_leads_elsewhere_goes_all_through_the_queue(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		unsigned notify;
		int64_t release_at;
		const char *queued; // "": straight to the accounts
	} table[] = {
	    {"anna@ours.example", 0, 0, ""},
	    {"team@ours.example", SMTP_NOTIFY_FAILURE, 0, ""},
	    {"anna@ours.example out@ours.example", 0, 0,
		"anna@ours.example x@other.example"},
	    {"both@ours.example out@ours.example", 0, 0,
		"bert@ours.example x@other.example"},
	    {"anna@ours.example", SMTP_NOTIFY_SUCCESS, 0, "anna@ours.example"},
	    {"team@ours.example", SMTP_NOTIFY_SUCCESS, 0, "team@ours.example"},
	    {"out@ours.example", SMTP_NOTIFY_SUCCESS, 0, "x@other.example"},
	    {"postmaster", 0, 0, ""},
	    {"postmaster", SMTP_NOTIFY_SUCCESS, 0, "postmaster"},
	    {"postmaster", SMTP_NOTIFY_FAILURE, BED_NOW + 60,
		"anna@ours.example bert@ours.example"},
	    {"team@ours.example", 0, BED_NOW + 60,
		"anna@ours.example bert@ours.example"},
	    {"bert+Sent@ours.example", 0, BED_NOW + 60,
		"bert+Sent@ours.example"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_open(&bed, (struct store_options){0});
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "cleo",
		    .from = "cleo@ours.example",
		    .to = table[i].to,
		    .text = "From: cleo@ours.example\r\n\r\nHello.\r\n",
		    .notify = table[i].notify,
		    .envelope = {.release_at = table[i].release_at}};
		bool direct = table[i].queued[0] == '\0';
		bed_expect(&bed, &mail, direct ? "250 2.1.5" : "250 2.0.0");
		assert_string_equal(bed_queued(&bed), table[i].queued);
		assert_int_equal(
		    bed_count(&bed, 1000, "INBOX"), direct ? 1 : 0);
		bed_close(&bed);
	}
}

static void the_queue_is_told_what_the_bytes_are(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum smtp_body said;
		enum smtp_body queued;
	} table[] = {
	    {TEXT, SMTP_BODY_7BIT, SMTP_BODY_7BIT},
	    {TEXT "\xc3\xa4\r\n", SMTP_BODY_7BIT, SMTP_BODY_8BITMIME},
	    {"Subject: \xe4\r\n\r\n", SMTP_BODY_7BIT, SMTP_BODY_8BITMIME},
	    {TEXT "\xe4\r\n", SMTP_BODY_8BITMIME, SMTP_BODY_8BITMIME},
	    {TEXT "\xe4\r\n", SMTP_BODY_BINARYMIME, SMTP_BODY_BINARYMIME},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct queue_walk *walk;
		struct queue_info info;
		bed_open(&bed, (struct store_options){0});
		struct bed_mail mail = {.from = "s@far.example",
		    .to = "out@ours.example",
		    .text = table[i].text,
		    .step = i,
		    .envelope = {.body = table[i].said}};
		bed_expect(&bed, &mail, "250 2.0.0");
		assert_int_equal(
		    queue_walk_open(bed.office.queue, &walk), RC_OK);
		assert_int_equal(
		    queue_walk_next(walk, &bed.arena, &info), RC_OK);
		assert_int_equal(info.envelope.body, table[i].queued);
		queue_walk_close(&walk);
		bed_close(&bed);
	}
}

// A stranger who names a big alias again and again.
static void one_message_leads_to_so_many_and_no_more(void **state)
{
	(void)state;
	struct bed bed;
	struct bed_result *result = mem_zalloc(sizeof(*result));
	struct view *targets = mem_alloc(1000 * sizeof(*targets));
	bed_open(&bed, (struct store_options){0});
	for (int i = 0; i < 1000; i++) {
		char text[40];
		snprintf(text, sizeof(text), "u%d@other.example", i);
		targets[i] = arena_copy(&bed.arena, view_of_string(text));
	}
	struct route_alias alias = {VIEW("big@ours.example"), targets, 1000};
	assert_int_equal(
	    route_alias_set(bed.office.route, &alias, &bed.fault), RC_OK);
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "big@ours.example big+1@ours.example big@ours.example "
		  "big+2@ours.example big@ours.example big@ours.example "
		  "anna@ours.example",
	    .text = TEXT};
	bed_mail(&bed, &mail, result);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(
		    bed_code(&bed, &result->to[i]), "250 2.1.5");
	assert_string_equal(bed_code(&bed, &result->to[5]), "452 4.5.3");
	assert_string_equal(bed_code(&bed, &result->to[6]), "452 4.5.3");
	assert_int_equal(result->reply.code, 250);
	free(targets);
	free(result);
	bed_close(&bed);
}

// A local part that is all quotes is printed twice as long.
static void the_longest_recipients_are_told_apart(void **state)
{
	(void)state;
	struct bed bed;
	struct buf to;
	bed_open(&bed, (struct store_options){0});
	buf_init(&to, 10000);
	for (int i = 0; i < 3; i++) {
		buf_add_string(&to, i ? " \"" : "\"");
		for (int n = 0; n < 64; n++)
			buf_add_literal(&to, "\\\"");
		buf_add_literal(&to, "\"@");
		for (int n = 0; n < 20; n++)
			buf_add_literal(&to, "long-label.");
		// The third is the second again.
		buf_add_string(&to, i ? "b" : "a");
	}
	struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
	    .user = "anna",
	    .from = "anna@ours.example",
	    .to = arena_string(&bed.arena, buf_view(&to)),
	    .text = "From: anna@ours.example\r\n\r\nbody\r\n"};
	bed_expect(&bed, &mail, "250 2.0.0");
	struct view queued = view_of_string(bed_queued(&bed));
	struct view one;
	unsigned count = 0;
	while (view_split(&queued, ' ', &one))
		count++;
	assert_int_equal(count, 2);
	buf_done(&to);
	bed_close(&bed);
}

static void when_nothing_can_be_kept_nothing_is(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example bert@ours.example",
	    .text = TEXT};
	bed_fail(&bed, 1000, 1002);
	bed_expect(&bed, &mail, "451 4.3.0");
	mail.to = "out@ours.example anna@ours.example";
	bed_fail(&bed, QUEUE_PARTITION_FIRST,
	    QUEUE_PARTITION_FIRST + QUEUE_PARTITIONS);
	bed_expect(&bed, &mail, "451 4.3.0");
	bed_fail(&bed, 0, 0);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 0);
	assert_int_equal(bed_count(&bed, 1001, "INBOX"), 0);
	assert_string_equal(bed_queued(&bed), "");
	bed_close(&bed);
}

static void a_copy_that_fails_goes_into_the_queue(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct buf text;
	buf_init(&text, 200000);
	buf_add_literal(&text, TEXT);
	for (int round = 0; round < 2; round++) {
		struct bed_mail mail = {.from = "s@far.example",
		    .to = "team@ours.example",
		    .text = arena_string(&bed.arena, buf_view(&text))};
		bed_fail(&bed, 1000, 1000);
		bed_expect(&bed, &mail, "250 2.1.5");
		bed_fail(&bed, 0, 0);
		assert_string_equal(bed_queued(&bed), "anna@ours.example");
		struct queue_lot *lot = bed_lot(&bed);
		assert_non_null(lot);
		assert_true(queue_lot_recipient(lot, 0)->recipient.resolved);
		struct queue_result *results = bed_local(&bed, lot);
		assert_int_equal(results[0].outcome, QUEUE_DELIVERED);
		assert_int_equal(
		    queue_settle(bed.office.queue, &lot, results, &bed.fault),
		    RC_OK);
		struct view anna = bed_last(&bed, 1000, "INBOX");
		struct view bert = bed_last(&bed, 1001, "INBOX");
		size_t at = view_find(anna, VIEW("Received:"));
		assert_view_equal(view_from(anna, at), view_from(bert, at));
		assert_string_equal(bed_queued(&bed), "");
		// The same again with content beyond a chunk.
		while (text.len < 150000)
			buf_add_literal(&text, "a line of the body\r\n");
	}
	buf_done(&text);
	bed_close(&bed);
}

static void a_full_mailbox_is_told_early_and_late(void **state)
{
	(void)state;
	struct bed bed;
	struct bed_result *result = mem_zalloc(sizeof(*result));
	bed_open(&bed, (struct store_options){.quota_bytes = 600});
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example",
	    .text = TEXT,
	    .declared = 601};
	bed_mail(&bed, &mail, result);
	assert_string_equal(bed_code(&bed, &result->to[0]), "452 4.2.2");
	mail.declared = 0;
	bed_expect(&bed, &mail, "250 2.1.5");
	// It has room for nothing more, which shows at the end only.
	bed_expect(&bed, &mail, "452 4.2.2");
	mail.door = DELIVERY_LMTP;
	mail.to = "bert@ours.example anna@ours.example";
	bed_mail(&bed, &mail, result);
	assert_string_equal(bed_code(&bed, &result->each[0]), "250 2.1.5");
	assert_string_equal(bed_code(&bed, &result->each[1]), "452 4.2.2");
	assert_string_equal(bed_queued(&bed), "");
	free(result);
	bed_close(&bed);
}

static void a_refused_message_is_kept_nowhere(void **state)
{
	(void)state;
	struct bed bed;
	struct delivery *delivery;
	struct delivery_reply reply;
	struct delivery_reply replies[1];
	bed_open(&bed, (struct store_options){0});
	struct delivery_origin origin = {.door = DELIVERY_MX};
	struct delivery_envelope envelope = {0};
	struct delivery_recipient recipient = {
	    .mailbox = bed_mailbox_of(&bed, VIEW("anna@ours.example"))};
	struct delivery_reply bare = {.code = 550,
	    .status = ENHANCED(5, 5, 2),
	    .text = "The message has a bare CR or LF in it"};
	assert_int_equal(
	    delivery_new(&bed.office, &origin, &envelope, &reply, &delivery),
	    RC_OK);
	assert_int_equal(
	    delivery_recipient(delivery, &recipient, &reply), RC_OK);
	delivery_data(delivery, VIEW(TEXT));
	delivery_refuse(delivery, &bare);
	assert_int_equal(delivery_finish(delivery, replies, NULL), RC_OK);
	assert_int_equal(replies[0].code, 550);
	assert_string_equal(replies[0].text, bare.text);
	delivery_free(&delivery);
	assert_int_equal(bed_count(&bed, 1000, "INBOX"), 0);
	bed_close(&bed);
}

// ---- Many ------------------------------------------------------------------

static enum rc sum_content(
    void *context, const struct engine_content_info *info)
{
	uint64_t *sums = context;
	sums[0] += info->count;
	sums[1] = info->size;
	return RC_OK;
}

static void a_thousand_users_share_one_body(void **state)
{
	(void)state;
	struct bed bed;
	struct buf to;
	struct buf text;
	bed_open(&bed, (struct store_options){0});
	buf_init(&to, 100000);
	buf_init(&text, 10000);
	for (int i = 0; i < 1000; i++) {
		char name[20];
		snprintf(name, sizeof(name), "user%d", i);
		bed_user(&bed, name);
		buf_printf(&to, "%s%s@ours.example", i ? " " : "", name);
	}
	buf_add_literal(&text, TEXT);
	while (text.len < 4096)
		buf_add_literal(&text, "a line of the body\r\n");
	struct bed_mail mail = {.from = "s@far.example",
	    .to = arena_string(&bed.arena, buf_view(&to)),
	    .text = arena_string(&bed.arena, buf_view(&text))};
	bed_expect(&bed, &mail, "250 2.1.5");
	for (uint64_t id = 1003; id < 2003; id += 111) {
		assert_int_equal(bed_count(&bed, id, "INBOX"), 1);
		assert_true(view_ends_with(
		    bed_last(&bed, id, "INBOX"), buf_view(&text)));
	}
	uint64_t sums[2] = {0};
	assert_int_equal(
	    engine_content_each(bed.engine, sum_content, sums), RC_OK);
	assert_int_equal(sums[0], 1000); // owners of one content
	size_t header = view_find(buf_view(&text), VIEW("\r\n\r\n")) + 4;
	assert_int_equal(sums[1], text.len - header);
	buf_done(&to);
	buf_done(&text);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rcpt_answers_what_the_address_is),
	    cmocka_unit_test(each_copy_has_its_own_trace_fields),
	    cmocka_unit_test(a_detail_names_the_folder_if_there_is_one),
	    cmocka_unit_test(a_message_of_any_shape_arrives),
	    cmocka_unit_test(limits_hold),
	    cmocka_unit_test(results_in_our_name_are_removed),
	    cmocka_unit_test(of_many_results_the_rest_goes),
	    cmocka_unit_test(a_loop_is_found),
	    cmocka_unit_test(what_leads_elsewhere_goes_all_through_the_queue),
	    cmocka_unit_test(the_queue_is_told_what_the_bytes_are),
	    cmocka_unit_test(one_message_leads_to_so_many_and_no_more),
	    cmocka_unit_test(the_longest_recipients_are_told_apart),
	    cmocka_unit_test(when_nothing_can_be_kept_nothing_is),
	    cmocka_unit_test(a_copy_that_fails_goes_into_the_queue),
	    cmocka_unit_test(a_full_mailbox_is_told_early_and_late),
	    cmocka_unit_test(a_refused_message_is_kept_nowhere),
	    cmocka_unit_test(a_thousand_users_share_one_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
