// SPDX-License-Identifier: Apache-2.0
// What a user's filter decides about a copy: where it goes, with which flags,
// that it goes nowhere, or that the user refuses it.
#include "base/test.h"
#include "delivery/delivery_test_tools.h"

// What is decided about the copies of one user; the others keep theirs.
struct rule {
	const char *user;
	struct delivery_place places[3];
	size_t place_count;
	const struct delivery_reply *refusal;
	enum rc rc;
	unsigned asked;
	char letter[200]; // what the last call was told
};

static enum rc decide(void *context, const struct delivery_letter *letter,
    struct arena *arena, struct delivery_decision *decision)
{
	struct rule *rule = context;
	(void)arena;
	assert_int_equal(decision->place_count, 1);
	assert_view_equal(decision->places[0].folder, letter->folder);
	if (!view_eq(letter->user, view_of_string(rule->user)))
		return RC_OK;
	rule->asked++;
	snprintf(rule->letter, sizeof(rule->letter), "%llu %.*s \"%.*s\" %.*s",
	    (unsigned long long)letter->account, VIEW_FMT(letter->address),
	    VIEW_FMT(letter->folder), VIEW_FMT(letter->sender));
	decision->places = rule->places;
	decision->place_count = rule->place_count;
	decision->refusal = rule->refusal;
	return rule->rc;
}

static const struct delivery_reply no_thanks = {
    550, {5, 7, 1}, "No, thank you"};
static const struct delivery_reply not_now = {450, {4, 7, 1}, "Not now"};

static void filter(
    struct bed *bed, struct delivery_filter *ret_filter, struct rule *rule)
{
	*ret_filter = (struct delivery_filter){decide, rule};
	bed->office.filter = ret_filter;
}

static const struct bed_mail hello = {
    .door = DELIVERY_MX,
    .from = "s@far.example",
    .to = "anna@ours.example",
    .text = "Subject: hello\r\n\r\nHello.\r\n",
};

// So many messages of anna, each with these flags.
static void expect(
    struct bed *bed, const char *name, unsigned count, unsigned flags)
{
	struct store_account *account;
	struct store_mailbox *mailbox;
	struct store_message message;
	assert_int_equal(
	    store_account_open(bed->office.store, 1000, &bed->fault, &account),
	    RC_OK);
	assert_int_equal(
	    store_mailbox_open(&store_system, account, view_of_string(name),
		STORE_RIGHT_READ, &bed->fault, &mailbox),
	    RC_OK);
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	assert_int_equal(store_snapshot_count(snapshot), count);
	for (unsigned i = 0; i < count; i++) {
		store_snapshot_get(snapshot, i, &message);
		assert_int_equal(message.flags, flags);
	}
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	store_account_close(&account);
}

static void a_copy_goes_where_the_filter_says(void **state)
{
	(void)state;
	static const struct {
		const char *folders[3];
		size_t count;
		unsigned flags; // in all of them
		unsigned inbox, archive, junk;
	} table[] = {
	    {{""}, 1, 0, 1, 0, 0}, {{"Archive"}, 1, STORE_FLAG_SEEN, 0, 1, 0},
	    {{"Archive", "", "Junk"}, 3, STORE_FLAG_SEEN, 1, 1, 1},
	    // What is not there is INBOX, once.
	    {{"None", "INBOX", "Nor this"}, 3, 0, 1, 0, 0},
	    {{NULL}, 0, 0, 0, 0, 0}, // discarded
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct delivery_filter by;
		struct rule rule = {
		    .user = "anna", .place_count = table[i].count};
		for (size_t n = 0; n < table[i].count; n++)
			rule.places[n] = (struct delivery_place){
			    .folder = view_of_string(table[i].folders[n]),
			    .flags.system = table[i].flags,
			};
		bed_open(&bed, (struct store_options){0});
		filter(&bed, &by, &rule);
		assert_string_equal(bed_answer(&bed, &hello), "250 2.1.5");
		assert_int_equal(rule.asked, 1);
		assert_string_equal(
		    rule.letter, "1000 anna@ours.example \"\" s@far.example");
		expect(&bed, "INBOX", table[i].inbox, table[i].flags);
		expect(&bed, "Archive", table[i].archive, table[i].flags);
		expect(&bed, "Junk", table[i].junk, table[i].flags);
		bed_close(&bed);
	}
}

static void a_refusal_is_the_answer(void **state)
{
	(void)state;
	static const struct {
		enum delivery_door door;
		const char *to;
		const struct delivery_reply *refusal;
		enum rc rc;          // of the filter
		const char *answers; // one for all, or one each
		const char *queued;
		unsigned bert;
	} table[] = {
	    {DELIVERY_MX, "anna@ours.example", &no_thanks, RC_OK, "550 5.7.1",
		"", 0},
	    {DELIVERY_MX, "anna@ours.example", &not_now, RC_OK, "450 4.7.1", "",
		0},
	    // The queue returns it for her.
	    {DELIVERY_MX, "anna@ours.example bert@ours.example", &no_thanks,
		RC_OK, "250 2.1.5", "anna@ours.example", 1},
	    {DELIVERY_LMTP, "anna@ours.example bert@ours.example", &no_thanks,
		RC_OK, "550 5.7.1, 250 2.1.5", "", 1},
	    // A filter that fails refuses nothing.
	    {DELIVERY_MX, "anna@ours.example", NULL, RC_IO, "451 4.3.0", "", 0},
	    {DELIVERY_MX, "anna@ours.example bert@ours.example", NULL, RC_IO,
		"250 2.1.5", "anna@ours.example", 1},
	    {DELIVERY_LMTP, "anna@ours.example bert@ours.example", NULL, RC_IO,
		"451 4.3.0, 250 2.1.5", "", 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct delivery_filter by;
		struct rule rule = {.user = "anna",
		    .refusal = table[i].refusal,
		    .rc = table[i].rc};
		struct bed_mail mail = hello;
		struct bed_result result;
		struct buf answers;
		mail.door = table[i].door;
		mail.to = table[i].to;
		bed_open(&bed, (struct store_options){0});
		buf_init(&answers, 1000);
		filter(&bed, &by, &rule);
		bed_mail(&bed, &mail, &result);
		if (mail.door != DELIVERY_LMTP)
			buf_add_string(&answers, bed_code(&bed, &result.reply));
		for (size_t n = 0;
		     mail.door == DELIVERY_LMTP && n < result.count; n++)
			buf_printf(&answers, "%s%s", n ? ", " : "",
			    bed_code(&bed, &result.each[n]));
		buf_add_char(&answers, '\0');
		assert_string_equal(answers.ptr, table[i].answers);
		assert_string_equal(bed_queued(&bed), table[i].queued);
		assert_int_equal(bed_count(&bed, 1000, "INBOX"), 0);
		assert_int_equal(bed_count(&bed, 1001, "INBOX"), table[i].bert);
		buf_done(&answers);
		bed_close(&bed);
	}
}

static void from_the_queue_it_is_asked_as_well(void **state)
{
	(void)state;
	static const struct {
		const struct delivery_reply *refusal;
		enum rc rc;
		size_t places;
		enum queue_outcome outcome;
		struct enhanced_status status;
		unsigned archive;
	} table[] = {
	    {NULL, RC_OK, 1, QUEUE_DELIVERED, {2, 1, 5}, 1},
	    {NULL, RC_OK, 0, QUEUE_DELIVERED, {2, 1, 5}, 0},
	    {&no_thanks, RC_OK, 1, QUEUE_FAILED, {5, 7, 1}, 0},
	    {&not_now, RC_OK, 1, QUEUE_LATER, {4, 7, 1}, 0},
	    {NULL, RC_IO, 1, QUEUE_LATER, {4, 3, 0}, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct delivery_filter by;
		struct rule rule = {.user = "anna",
		    .places = {{.folder = VIEW("Archive")}},
		    .place_count = table[i].places,
		    .refusal = table[i].refusal,
		    .rc = table[i].rc};
		struct bed_mail mail = hello;
		// With someone elsewhere all goes through the queue.
		mail.door = DELIVERY_SUBMISSION;
		mail.user = "bert";
		mail.from = "bert@ours.example";
		mail.to = "anna@ours.example x@other.example";
		mail.text = "From: bert@ours.example\r\n\r\nHello.\r\n";
		bed_open(&bed, (struct store_options){0});
		filter(&bed, &by, &rule);
		assert_string_equal(bed_answer(&bed, &mail), "250 2.0.0");
		assert_int_equal(rule.asked, 0);
		struct queue_lot *lot = bed_lot(&bed);
		assert_non_null(lot);
		for (int again = 0; again < 2; again++) {
			struct queue_result *results = bed_local(&bed, lot);
			assert_int_equal(results[0].outcome, table[i].outcome);
			assert_memory_equal(&results[0].status,
			    &table[i].status, sizeof(table[i].status));
		}
		assert_int_equal(rule.asked, 2);
		assert_int_equal(
		    bed_count(&bed, 1000, "Archive"), table[i].archive);
		assert_int_equal(bed_count(&bed, 1000, "INBOX"), 0);
		queue_drop(bed.office.queue, &lot, 0);
		bed_close(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_copy_goes_where_the_filter_says),
	    cmocka_unit_test(a_refusal_is_the_answer),
	    cmocka_unit_test(from_the_queue_it_is_asked_as_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
