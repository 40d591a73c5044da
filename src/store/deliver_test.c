// SPDX-License-Identifier: Apache-2.0
// One delivery into several mailboxes of an account: one commit, one email, but
// separate flags in each mailbox.
#include "store/store_test_tools.h"

#include "store/record.h"

#define S STORE_FLAG_SEEN
#define F STORE_FLAG_FLAGGED
#define D STORE_FLAG_DELETED

// A place as a test names it: "Archive", flags, a keyword or NULL.
struct where {
	const char *name;
	unsigned flags;
	const char *keyword;
};

// 20,000 bytes, so that a part of it is content.
static void long_text(struct buf *text)
{
	buf_init(text, 30000);
	buf_add_literal(text, "Subject: long\r\nMessage-ID: <1@x>\r\n\r\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_add_literal(text, "12345678\r\n");
}

// Delivers to the mailboxes; the list ends with a name that is NULL.
static enum rc deliver(struct bed *bed, struct view text, const char *id,
    const struct where *where, struct store_delivered *ret_delivered)
{
	struct store_place places[STORE_PLACES_MAX + 1];
	struct view keywords[STORE_PLACES_MAX + 1];
	struct store_draft *draft = store_draft_new(bed->store);
	struct store_delivery delivery = {
	    .draft = draft,
	    .prefix = VIEW("Delivered-To: a@b\r\n"),
	    .delivery_id = view_of_string(id),
	    .places = places,
	};
	assert_int_equal(store_draft_add(draft, text), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	for (; where->name; where++) {
		size_t n = delivery.place_count++;
		if (where->keyword)
			keywords[n] = view_of_string(where->keyword);
		places[n] = (struct store_place){
		    .mailbox = bed_mailbox(bed, where->name),
		    .flags = {.system = where->flags,
			.keywords = &keywords[n],
			.keyword_count = where->keyword != NULL},
		};
	}
	enum rc rc = store_deliver(&delivery, &bed->fault, ret_delivered);
	for (size_t i = 0; i < delivery.place_count; i++)
		store_mailbox_close(&places[i].mailbox);
	store_draft_free(&draft);
	return rc;
}

// Describes all messages as "INBOX 1 s $Work e1, ", in the order of names.
static void describe(struct bed *bed, struct buf *out)
{
	struct store_mailbox_info info = {.name = VIEW("")};
	while (store_mailbox_next(&bed->asker, bed->account, info.name,
		   &bed->arena, &info) == RC_OK) {
		struct store_mailbox *mailbox;
		assert_int_equal(
		    store_mailbox_open(&bed->asker, bed->account, info.name,
			STORE_RIGHT_READ, &bed->fault, &mailbox),
		    RC_OK);
		struct store_snapshot *snapshot =
		    store_mailbox_snapshot(mailbox);
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		store_walk_init(&walk, snapshot, 0);
		while (store_walk_next(&walk, &index, &message)) {
			buf_printf(out, "%.*s %u ", (int)info.name.len,
			    info.name.ptr, message.uid);
			if (message.flags)
				buf_printf(out, "%s%s%s ",
				    message.flags & S ? "s" : "",
				    message.flags & F ? "f" : "",
				    message.flags & D ? "d" : "");
			for (unsigned n = 0;
			     n < store_snapshot_keyword_count(snapshot); n++)
				if (store_keyword_set_has(&message.keywords, n))
					buf_printf(out, "%.*s ",
					    VIEW_FMT(store_snapshot_keyword(
						snapshot, n)));
			assert_int_equal(message.has_keywords,
			    message.keywords.bits[0] != 0);
			buf_printf(out, "e%llu, ",
			    (unsigned long long)message.email_id);
		}
		store_snapshot_unref(&snapshot);
		store_mailbox_close(&mailbox);
	}
}

static void expect_messages(struct bed *bed, const char *expected)
{
	struct buf text;
	buf_init(&text, 10000);
	describe(bed, &text);
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
	bed_check(bed, false, 0);
}

static uint64_t version(struct bed *bed)
{
	uint64_t now;
	assert_int_equal(engine_version(bed->engine, 1000, &now), RC_OK);
	return now;
}

static unsigned records(struct bed *bed, enum record_kind kind)
{
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct record_key prefix = record_key_kind(kind);
	struct view key;
	struct view value;
	unsigned count = 0;
	assert_int_equal(
	    engine_snapshot_open(bed->engine, 1000, &snapshot), RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, record_key_view(&prefix), &cursor),
	    RC_OK);
	while (engine_cursor_next(cursor, &key, &value) == RC_OK)
		count++;
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	return count;
}

static enum rc count_owners(
    void *context, const struct engine_content_info *info)
{
	*(uint64_t *)context += info->count;
	return RC_OK;
}

static uint64_t owners(struct bed *bed)
{
	uint64_t count = 0;
	assert_int_equal(
	    engine_content_each(bed->engine, count_owners, &count), RC_OK);
	return count;
}

static void each_place_gets_it_with_its_flags(void **state)
{
	(void)state;
	static const struct {
		struct where where[5];
		const char *expected;
	} table[] = {
	    {{{"INBOX", 0, NULL}}, "INBOX 1 e1, "},
	    {{{"INBOX", 0, NULL}, {"Archive", S, NULL}, {"Sent", F, "$Work"}},
		"Archive 1 s e1, INBOX 1 e1, Sent 1 f $Work e1, "},
	    // A mailbox that is named twice gets it once, with the flags of
	    // both.
	    {{{"INBOX", S, "$Work"}, {"INBOX", F, "$Home"}},
		"INBOX 1 sf $Work $Home e1, "},
	    {{{"INBOX", S, NULL}, {"Junk", 0, "$a"}, {"inbox", S, "$a"},
		 {"Junk", D, NULL}},
		"INBOX 1 s $a e1, Junk 1 d $a e1, "},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct buf text;
		struct store_delivered delivered;
		bed_open(&bed, (struct store_options){0});
		long_text(&text);
		uint64_t before = version(&bed);
		assert_int_equal(deliver(&bed, buf_view(&text), "",
				     table[i].where, &delivered),
		    RC_OK);
		assert_int_equal(version(&bed), before + 1);
		assert_int_equal(delivered.modseq, before + 1);
		assert_int_equal(records(&bed, RECORD_EMAIL), 1);
		assert_int_equal(records(&bed, RECORD_HEAD), 1);
		assert_int_equal(owners(&bed), 1);
		expect_messages(&bed, table[i].expected);
		bed_reopen(&bed, (struct store_options){0});
		expect_messages(&bed, table[i].expected);
		buf_done(&text);
		bed_close(&bed);
	}
}

static void it_goes_with_its_last_place(void **state)
{
	(void)state;
	static const char *const names[] = {"INBOX", "Archive", "Sent"};
	static const struct where where[] = {
	    {"INBOX", D, NULL}, {"Archive", D, NULL}, {"Sent", D, NULL}, {0}};
	struct bed bed;
	struct buf text;
	struct store_delivered delivered;
	bed_open(&bed, (struct store_options){0});
	long_text(&text);
	assert_int_equal(
	    deliver(&bed, buf_view(&text), "", where, &delivered), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(records(&bed, RECORD_LOCATION), 3 - i);
		assert_int_equal(owners(&bed), 1);
		struct store_mailbox *mailbox = bed_mailbox(&bed, names[i]);
		uint64_t modseq;
		assert_int_equal(
		    store_expunge(mailbox, NULL, &bed.fault, &modseq), RC_OK);
		store_mailbox_close(&mailbox);
	}
	assert_int_equal(records(&bed, RECORD_EMAIL), 0);
	assert_int_equal(owners(&bed), 0);
	bed_check(&bed, false, 0);
	buf_done(&text);
	bed_close(&bed);
}

// The id belongs to the delivery, wherever it went the first time.
static void an_id_counts_once_for_all_places(void **state)
{
	(void)state;
	static const struct where first[] = {
	    {"INBOX", 0, NULL}, {"Archive", S, NULL}, {0}};
	static const struct where second[] = {{"Junk", 0, NULL}, {0}};
	struct bed bed;
	struct store_delivered delivered;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(
	    deliver(&bed, VIEW("A: b\r\n\r\n"), "id", first, &delivered),
	    RC_OK);
	assert_false(delivered.was_there);
	uint64_t before = version(&bed);
	assert_int_equal(
	    deliver(&bed, VIEW("A: b\r\n\r\n"), "id", first, &delivered),
	    RC_OK);
	assert_true(delivered.was_there);
	assert_int_equal(
	    deliver(&bed, VIEW("A: b\r\n\r\n"), "id", second, &delivered),
	    RC_OK);
	assert_true(delivered.was_there);
	assert_int_equal(version(&bed), before);
	expect_messages(&bed, "Archive 1 s e1, INBOX 1 e1, ");
	bed_close(&bed);
}

static void what_fails_is_nowhere(void **state)
{
	(void)state;
	static const struct {
		struct store_options options;
		struct where where[4];
		enum rc rc;
	} table[] = {
	    // Each place counts for the quota.
	    {{.quota_messages = 2},
		{{"INBOX", 0, NULL}, {"Archive", 0, NULL}, {"Junk", 0, NULL}},
		RC_QUOTA},
	    {{.quota_bytes = 60}, {{"INBOX", 0, NULL}, {"Archive", 0, NULL}},
		RC_QUOTA},
	    {{0}, {{"INBOX", 0, NULL}, {"Archive", 0, "no atom"}}, RC_INVALID},
	    {{0}, {{0}}, RC_INVALID},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		struct store_delivered delivered;
		bed_open(&bed, table[i].options);
		uint64_t before = version(&bed);
		assert_int_equal(deliver(&bed, VIEW("A: b\r\n\r\nbody\r\n"),
				     "id", table[i].where, &delivered),
		    table[i].rc);
		assert_int_equal(version(&bed), before);
		expect_messages(&bed, "");
		// The failed delivery was not noted: when there is room, it is
		// delivered.
		assert_int_equal(
		    deliver(&bed, VIEW("A: b\r\n\r\nbody\r\n"), "id",
			(struct where[]){{"INBOX", 0, NULL}, {0}}, &delivered),
		    RC_OK);
		assert_false(delivered.was_there);
		bed_close(&bed);
	}
}

// Two deliveries for which the quota is just enough.
static void the_quota_holds_what_it_says(void **state)
{
	(void)state;
	static const struct where two[] = {
	    {"INBOX", 0, NULL}, {"Archive", 0, NULL}, {0}};
	struct bed bed;
	struct store_delivered delivered;
	bed_open(&bed, (struct store_options){.quota_messages = 5});
	assert_int_equal(
	    deliver(&bed, VIEW("1\r\n"), "", two, &delivered), RC_OK);
	assert_int_equal(
	    deliver(&bed, VIEW("2\r\n"), "", two, &delivered), RC_OK);
	assert_int_equal(
	    deliver(&bed, VIEW("3\r\n"), "", two, &delivered), RC_QUOTA);
	assert_int_equal(store_account_usage(bed.account).messages, 4);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void a_mailbox_that_is_gone_fails_it(void **state)
{
	(void)state;
	struct bed bed;
	struct store_delivered delivered;
	bed_open(&bed, (struct store_options){0});
	struct store_draft *draft = bed_draft(&bed, "A: b\r\n\r\n");
	struct store_place places[] = {
	    {.mailbox = bed_mailbox(&bed, "INBOX")},
	    {.mailbox = bed_mailbox(&bed, "Junk")},
	};
	struct store_delivery delivery = {
	    .draft = draft, .places = places, .place_count = 2};
	assert_int_equal(store_mailbox_delete(
			     &bed.asker, bed.account, VIEW("Junk"), &bed.fault),
	    RC_OK);
	assert_int_equal(
	    store_deliver(&delivery, &bed.fault, &delivered), RC_GONE);
	expect_messages(&bed, "");
	delivery.place_count = 1;
	assert_int_equal(
	    store_deliver(&delivery, &bed.fault, &delivered), RC_OK);
	expect_messages(&bed, "INBOX 1 e1, ");
	store_mailbox_close(&places[0].mailbox);
	store_mailbox_close(&places[1].mailbox);
	store_draft_free(&draft);
	bed_close(&bed);
}

static void so_many_places_and_no_more(void **state)
{
	(void)state;
	struct bed bed;
	struct where where[STORE_PLACES_MAX + 2] = {0};
	char names[STORE_PLACES_MAX + 1][8];
	struct store_delivered delivered;
	bed_open(&bed, (struct store_options){0});
	for (unsigned i = 0; i <= STORE_PLACES_MAX; i++) {
		uint64_t id;
		snprintf(names[i], sizeof(names[i]), "m%u", i);
		assert_int_equal(
		    store_mailbox_create(&bed.asker, bed.account,
			view_of_string(names[i]), 0, &bed.fault, &id),
		    RC_OK);
		where[i].name = names[i];
	}
	assert_int_equal(
	    deliver(&bed, VIEW("1\r\n"), "", where, &delivered), RC_LIMIT);
	where[STORE_PLACES_MAX].name = NULL;
	assert_int_equal(
	    deliver(&bed, VIEW("1\r\n"), "", where, &delivered), RC_OK);
	assert_int_equal(
	    store_account_usage(bed.account).messages, STORE_PLACES_MAX);
	assert_int_equal(records(&bed, RECORD_EMAIL), 1);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_place_gets_it_with_its_flags),
	    cmocka_unit_test(it_goes_with_its_last_place),
	    cmocka_unit_test(an_id_counts_once_for_all_places),
	    cmocka_unit_test(what_fails_is_nowhere),
	    cmocka_unit_test(the_quota_holds_what_it_says),
	    cmocka_unit_test(a_mailbox_that_is_gone_fails_it),
	    cmocka_unit_test(so_many_places_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
