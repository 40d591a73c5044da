// SPDX-License-Identifier: Apache-2.0
// What a stranger cannot make this server send: reports to a victim, and
// copies without end by way of aliases.
#include "base/test.h"
#include "delivery/check.h"
#include "delivery/delivery_test_tools.h"

#define TEXT "From: s@far.example\r\nSubject: Hi\r\n\r\nBUY\r\n"

// ---- What becomes of a message ---------------------------------------------

// Takes every lot that is due, until none is: what is for users here is
// delivered, and other servers treat it as `outcome` says. Adds "ADDRESS:TEXT"
// of each message that leaves to `sent`, TEXT up to its first line end.
static void play(struct bed *bed, enum queue_outcome outcome, struct buf *sent)
{
	struct queue_claim domain;
	int64_t next;
	while (queue_claim(bed->office.queue, &bed->arena, QUEUE_CLASS_REPORTS,
		   &domain, &next) == RC_OK) {
		struct queue_lot *lot;
		while (queue_take(bed->office.queue, &domain, &lot) == RC_OK) {
			size_t count = queue_lot_count(lot);
			struct queue_result *results =
			    arena_zalloc(&bed->arena, count * sizeof(*results));
			bool here =
			    view_eq(domain.domain, VIEW("ours.example"));
			if (here)
				delivery_local(
				    &bed->office, lot, &bed->arena, results);
			for (size_t i = 0; !here && i < count; i++) {
				struct buf text;
				buf_init(&text, 100000);
				results[i].outcome = outcome;
				assert_int_equal(
				    queue_lot_read(lot, 0, 99999, &text),
				    RC_OK);
				buf_add(sent, queue_lot_recipient(lot, i)
						  ->recipient.address);
				buf_add_char(sent, ':');
				buf_add(sent,
				    view_slice(buf_view(&text), 0,
					view_find_char(buf_view(&text), '\r')));
				buf_add_char(sent, '\n');
				buf_done(&text);
			}
			assert_int_equal(queue_settle(bed->office.queue, &lot,
					     results, &bed->fault),
			    RC_OK);
		}
		queue_unclaim(bed->office.queue, &domain);
	}
}

// ---- Reports ---------------------------------------------------------------

// Every way to a report that a stranger could try: the victim hears nothing,
// except, in few words, of a failure that only another server knew.
static void a_stranger_makes_no_reports(void **state)
{
	(void)state;
	static const struct row {
		enum delivery_door door;
		const char *to;
		unsigned notify;
		const char *text;
		enum queue_outcome outcome; // at other servers
		const char *code;
		bool reported;
	} table[] = {
#define MX    DELIVERY_MX
#define LMTP  DELIVERY_LMTP
#define ALL   SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE | SMTP_NOTIFY_DELAY
#define DID   QUEUE_DELIVERED
#define TO(x) "Delivered-To: " x "\r\n" TEXT
	    // success: "delivered", "expanded", "relayed"
	    {MX, "anna@ours.example", ALL, TEXT, DID, "250 2.1.5", false},
	    {LMTP, "anna@ours.example", ALL, TEXT, DID, "250 2.1.5", false},
	    {MX, "team@ours.example", ALL, TEXT, DID, "250 2.1.5", false},
	    {MX, "both@ours.example", ALL, TEXT, DID, "250 2.0.0", false},
	    {MX, "out@ours.example", ALL, TEXT, DID, "250 2.0.0", false},
	    {MX, "out@ours.example", ALL, TEXT, QUEUE_RELAYED, "250 2.0.0",
		false},
	    {MX, "out@ours.example", ALL, TEXT, QUEUE_PASSED, "250 2.0.0",
		false},
	    {MX, "out@ours.example", ALL, TEXT, QUEUE_LATER, "250 2.0.0",
		false},
	    // forged Delivered-To: of a user, of one of several, of an alias
	    {MX, "anna@ours.example", ALL, TO("anna@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "anna+x@ours.example", 0, TO("ANNA@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "team@ours.example", ALL, TO("anna@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "anna@ours.example bert@ours.example", ALL,
		TO("bert@ours.example"), DID, "554 5.4.6", false},
	    {MX, "bert@ours.example out@ours.example", ALL,
		TO("bert@ours.example"), DID, "554 5.4.6", false},
	    {MX, "bert@ours.example out@ours.example", ALL,
		TO("out@ours.example"), DID, "554 5.4.6", false},
	    {MX, "out@ours.example", 0, TO("out@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "OUT+x@ours.example", 0, TO("Out@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "both@ours.example", ALL, TO("both@ours.example"), DID,
		"554 5.4.6", false},
	    {MX, "postmaster", ALL, TO("anna@ours.example"), DID, "554 5.4.6",
		false},
	    // LMTP refuses one, and does not return it later.
	    {LMTP, "bert@ours.example out@ours.example", ALL,
		TO("bert@ours.example"), DID, "250 2.0.0", false},
	    // nobody is asked for more than failures
	    {MX, "out@ours.example", SMTP_NOTIFY_SUCCESS, TEXT, QUEUE_FAILED,
		"250 2.0.0", false},
	    {MX, "out@ours.example", SMTP_NOTIFY_NEVER, TEXT, QUEUE_FAILED,
		"250 2.0.0", false},
	    {MX, "out@ours.example", ALL, TEXT, QUEUE_FAILED, "250 2.0.0",
		true},
	    {MX, "out@ours.example", 0, TEXT, QUEUE_FAILED, "250 2.0.0", true},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct row *row = &table[i];
		struct bed bed;
		struct buf sent;
		bed_open(&bed, (struct store_options){0});
		buf_init(&sent, 100000);
		struct bed_mail mail = {.door = row->door,
		    .from = "v@victim.example",
		    .to = row->to,
		    .text = row->text,
		    .notify = row->notify,
		    .envelope = {.ret = SMTP_RET_FULL}};
		const char *code = bed_answer(&bed, &mail);
		if (strcmp(code, row->code) != 0)
			fail_msg("row %zu: %s, not %s", i, code, row->code);
		play(&bed, row->outcome, &sent);
		bool reported = view_find(buf_view(&sent),
				    VIEW("v@victim.example:")) != SIZE_MAX;
		if (reported != row->reported)
			fail_msg("row %zu: %.*s", i, (int)sent.len, sent.ptr);
		buf_done(&sent);
		bed_close(&bed);
	}
}

// What a stranger asks for is not passed on to the next server, which would
// report in our place.
static void a_stranger_has_no_wishes_at_the_next_server(void **state)
{
	(void)state;
	static const struct {
		unsigned asked;
		unsigned passed;
	} table[] = {
	    {0, 0},
	    {SMTP_NOTIFY_NEVER, SMTP_NOTIFY_NEVER},
	    {SMTP_NOTIFY_SUCCESS, SMTP_NOTIFY_NEVER},
	    {SMTP_NOTIFY_DELAY, SMTP_NOTIFY_NEVER},
	    {SMTP_NOTIFY_FAILURE, SMTP_NOTIFY_FAILURE},
	    {ALL, SMTP_NOTIFY_FAILURE},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct queue_claim domain;
		int64_t next;
		struct queue_lot *lot;
		bed_open(&bed, (struct store_options){0});
		struct bed_mail mail = {.from = "v@victim.example",
		    .to = "out@ours.example",
		    .text = TEXT,
		    .notify = table[i].asked,
		    .envelope = {.ret = SMTP_RET_FULL}};
		assert_string_equal(bed_answer(&bed, &mail), "250 2.0.0");
		assert_int_equal(queue_claim(bed.office.queue, &bed.arena,
				     QUEUE_CLASS_REPORTS, &domain, &next),
		    RC_OK);
		assert_int_equal(
		    queue_take(bed.office.queue, &domain, &lot), RC_OK);
		assert_int_equal(queue_lot_envelope(lot)->ret, SMTP_RET_UNSET);
		assert_false(queue_lot_envelope(lot)->proven);
		assert_int_equal(queue_lot_recipient(lot, 0)->recipient.notify,
		    table[i].passed);
		queue_drop(bed.office.queue, &lot, 0);
		queue_unclaim(bed.office.queue, &domain);
		bed_close(&bed);
	}
}

// ---- A check that proves ---------------------------------------------------

static void *prover_begin(void *context, const struct delivery_origin *origin,
    const struct delivery_envelope *envelope)
{
	(void)origin;
	(void)envelope;
	return context;
}

static bool prover_proves(void *state)
{
	return *(bool *)state;
}

static void prover_end(void *state)
{
	(void)state;
}

static void a_check_can_prove_the_sender(void **state)
{
	(void)state;
	static const struct delivery_check_ops ops = {
	    .begin = prover_begin,
	    .proves_sender = prover_proves,
	    .end = prover_end,
	};
	for (int proven = 0; proven < 2; proven++) {
		struct bed bed;
		struct buf sent;
		bool answer = proven;
		struct delivery_check check = {.ops = &ops, .context = &answer};
		bed_open(&bed, (struct store_options){0});
		bed.office.check = &check;
		buf_init(&sent, 100000);
		struct bed_mail mail = {.from = "s@far.example",
		    .to = "anna@ours.example",
		    .text = TEXT,
		    .notify = SMTP_NOTIFY_SUCCESS};
		assert_string_equal(bed_answer(&bed, &mail),
		    proven ? "250 2.0.0" : "250 2.1.5");
		play(&bed, QUEUE_DELIVERED, &sent);
		assert_int_equal(bed_count(&bed, 1000, "INBOX"), 1);
		assert_int_equal(sent.len > 0, proven);
		buf_done(&sent);
		bed_close(&bed);
	}
}

// ---- Aliases that lead elsewhere -------------------------------------------

static void a_copy_that_leaves_says_which_alias_it_left_by(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		const char *sent;
		const char *code_again; // when the copy comes back there
	} table[] = {
	    {"out@ours.example",
		"x@other.example:Delivered-To: out@ours.example\n",
		"554 5.4.6"},
	    {"Out+detail@ours.example",
		"x@other.example:Delivered-To: out@ours.example\n",
		"554 5.4.6"},
	    {"both@ours.example",
		"x@other.example:Delivered-To: both@ours.example\n",
		"554 5.4.6"},
	    // The inner one of two, so both ways back are closed.
	    {"chain@ours.example",
		"x@other.example:Delivered-To: out@ours.example\n",
		"554 5.4.6"},
	    {"any@catch.example",
		"y@other.example:Delivered-To: any@catch.example\n",
		"554 5.4.6"},
	    {"any@stands.example",
		"y@other.example:Delivered-To: any@catch.example\n",
		"554 5.4.6"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct buf sent;
		bed_open(&bed, (struct store_options){0});
		bed_alias(&bed, "chain@ours.example", "out@ours.example");
		struct route_domain domains[] = {
		    {.name = VIEW("catch.example"),
			.catch_all = VIEW("y@other.example")},
		    {.name = VIEW("stands.example"),
			.alias_of = VIEW("catch.example")}};
		for (size_t n = 0; n < 2; n++)
			assert_int_equal(route_domain_add(bed.office.route,
					     &domains[n], &bed.fault),
			    RC_OK);
		buf_init(&sent, 100000);
		struct bed_mail mail = {
		    .from = "s@far.example", .to = table[i].to, .text = TEXT};
		assert_string_equal(bed_answer(&bed, &mail), "250 2.0.0");
		play(&bed, QUEUE_DELIVERED, &sent);
		assert_view_equal_row(
		    i, buf_view(&sent), view_of_string(table[i].sent));
		buf_reset(&sent);
		buf_add(&sent, view_from(view_of_string(table[i].sent),
				   strlen("x@other.example:")));
		buf_add_literal(&sent, TEXT);
		mail.text = arena_string(&bed.arena, buf_view(&sent));
		assert_string_equal(
		    bed_answer(&bed, &mail), table[i].code_again);
		buf_done(&sent);
		bed_close(&bed);
	}
}

// Each alias has its own field, which nobody else sees.
static void who_gets_it_by_another_way_does_not_see_the_alias(void **state)
{
	(void)state;
	struct bed bed;
	struct buf sent;
	bed_open(&bed, (struct store_options){0});
	bed_alias(&bed, "secret@ours.example", "y@other.example");
	buf_init(&sent, 100000);
	struct bed_mail mail = {.from = "s@far.example",
	    .to = "anna@ours.example both@ours.example secret@ours.example",
	    .text = TEXT};
	assert_string_equal(bed_answer(&bed, &mail), "250 2.0.0");
	play(&bed, QUEUE_DELIVERED, &sent);
	assert_true(view_find(buf_view(&sent),
			VIEW("x@other.example:Delivered-To: "
			     "both@ours.example\n")) != SIZE_MAX);
	assert_true(view_find(buf_view(&sent),
			VIEW("y@other.example:Delivered-To: "
			     "secret@ours.example\n")) != SIZE_MAX);
	for (uint64_t account = 1000; account < 1002; account++) {
		struct view copy = bed_last(&bed, account, "INBOX");
		assert_int_equal(bed_count(&bed, account, "INBOX"), 1);
		assert_int_equal(view_find(copy, VIEW("secret")), SIZE_MAX);
		assert_int_equal(view_find(copy, VIEW("both@")), SIZE_MAX);
	}
	buf_done(&sent);
	bed_close(&bed);
}

// A program on the way that removes Delivered-To cannot multiply a message
// either: our Received fields are counted. Mail for users is not affected.
static void an_alias_does_not_send_on_what_came_too_often(void **state)
{
	(void)state;
	static const struct {
		const char *received;
		const char *to;
		int times;
		const char *code;
	} table[] = {
	    {"from x by mx.ours.example with SMTP; x", "out@ours.example", 5,
		"250 2.0.0"},
	    {"from x by mx.ours.example with SMTP; x", "out@ours.example", 6,
		"554 5.4.6"},
	    {"from x\r\n\tBY  MX.ours.example; x", "out@ours.example", 6,
		"554 5.4.6"},
	    {"by mx.ours.example", "both@ours.example", 6, "554 5.4.6"},
	    {"from x by mx.other.example with SMTP; x", "out@ours.example", 6,
		"250 2.0.0"},
	    {"from mx.ours.example by x; by mx.ours.example",
		"out@ours.example", 6, "250 2.0.0"},
	    {"from x by", "out@ours.example", 6, "250 2.0.0"},
	    {"from x by mx.ours.example with SMTP; x", "anna@ours.example", 20,
		"250 2.1.5"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct buf text;
		bed_open(&bed, (struct store_options){0});
		buf_init(&text, 100000);
		for (int n = 0; n < table[i].times; n++)
			buf_printf(
			    &text, "Received: %s\r\n", table[i].received);
		buf_add_literal(&text, TEXT);
		struct bed_mail mail = {.from = "s@far.example",
		    .to = table[i].to,
		    .text = arena_string(&bed.arena, buf_view(&text))};
		const char *code = bed_answer(&bed, &mail);
		if (strcmp(code, table[i].code) != 0)
			fail_msg("row %zu: %s", i, code);
		buf_done(&text);
		bed_close(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stranger_makes_no_reports),
	    cmocka_unit_test(a_stranger_has_no_wishes_at_the_next_server),
	    cmocka_unit_test(a_check_can_prove_the_sender),
	    cmocka_unit_test(a_copy_that_leaves_says_which_alias_it_left_by),
	    cmocka_unit_test(who_gets_it_by_another_way_does_not_see_the_alias),
	    cmocka_unit_test(an_alias_does_not_send_on_what_came_too_often),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
