// SPDX-License-Identifier: Apache-2.0
// One message for many accounts: its content is stored once, and each copy has
// fields of its own. A repeated delivery arrives once, and its note is deleted
// after some time.
#include "store/store_test_tools.h"

#include "base/test.h"
#include "store/record.h"

#define ACCOUNTS 40

struct town {
	struct engine *engine;
	struct store *store;
	struct fault fault;
	int64_t now;
};

static int64_t town_now(void *context)
{
	return ((struct town *)context)->now;
}

static void town_open(
    struct town *town, struct clock *clock, struct store_options options)
{
	*town = (struct town){.engine = engine_memory_new(), .now = 1000000};
	*clock = (struct clock){town_now, town};
	options.engine = town->engine;
	options.clock = clock;
	town->store = store_new(&options);
	for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id++)
		assert_int_equal(
		    store_account_create(town->store, id, &town->fault), RC_OK);
}

static void town_close(struct town *town)
{
	for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id++) {
		struct store_check_result result;
		assert_int_equal(store_account_check(town->store, id, false,
				     NULL, NULL, &result),
		    RC_OK);
		assert_int_equal(result.problems, 0);
	}
	store_free(&town->store);
	engine_close(&town->engine);
}

static MUST_CHECK enum rc deliver(struct town *town, uint64_t id,
    const struct store_delivery *what, struct store_delivered *ret_delivered)
{
	struct store_account *account;
	struct store_mailbox *mailbox;
	enum rc rc =
	    store_account_open(town->store, id, &town->fault, &account);
	if (rc != RC_OK)
		return rc;
	rc = store_mailbox_open_for_mail(&store_system, account,
	    VIEW("no such mailbox"), &town->fault, &mailbox);
	assert_int_equal(rc, RC_OK);
	struct store_mailbox *inbox;
	rc = store_mailbox_open_for_mail(
	    &store_system, account, VIEW("INBOX"), &town->fault, &inbox);
	assert_int_equal(rc, RC_OK);
	assert_int_equal(store_mailbox_id(mailbox), store_mailbox_id(inbox));
	store_mailbox_close(&inbox);
	struct store_delivery delivery = *what;
	struct store_place place = {.mailbox = mailbox};
	delivery.places = &place;
	delivery.place_count = 1;
	rc = store_deliver(&delivery, &town->fault, ret_delivered);
	store_mailbox_close(&mailbox);
	store_account_close(&account);
	return rc;
}

// The message with the highest UID in INBOX.
static void read_last(
    struct town *town, uint64_t id, struct buf *ret_all, struct buf *ret_header)
{
	struct store_account *account;
	struct store_mailbox *mailbox;
	assert_int_equal(
	    store_account_open(town->store, id, &town->fault, &account), RC_OK);
	assert_int_equal(
	    store_mailbox_open(&store_system, account, VIEW("INBOX"),
		STORE_RIGHT_READ, &town->fault, &mailbox),
	    RC_OK);
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_reader *reader = store_reader_new(account);
	struct store_message message;
	struct message_record record;
	uint64_t thread;
	struct view header;
	store_snapshot_get(
	    snapshot, store_snapshot_count(snapshot) - 1, &message);
	assert_int_equal(
	    store_reader_bytes(reader, message.email_id, 0, SIZE_MAX, ret_all),
	    RC_OK);
	assert_int_equal(
	    store_reader_header(reader, message.email_id, &header), RC_OK);
	buf_add(ret_header, header);
	assert_int_equal(message.size, ret_all->len);
	assert_int_equal(
	    store_reader_record(reader, message.email_id, &record, &thread),
	    RC_OK);
	assert_int_equal(record.size, ret_all->len);
	assert_int_equal(record.header_len, ret_header->len);
	struct message_range range;
	assert_int_equal(message_section_find(
			     &record, NULL, 0, MESSAGE_SECTION_TEXT, &range),
	    RC_OK);
	assert_int_equal(range.offset, ret_header->len);
	assert_int_equal(range.offset + range.len, ret_all->len);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
	store_account_close(&account);
}

struct contents {
	uint64_t names;
	uint64_t bytes;
	uint64_t owners;
	struct engine_content_id last;
};

static enum rc count_content(
    void *context, const struct engine_content_info *info)
{
	struct contents *contents = context;
	if (memcmp(&contents->last, &info->id, sizeof(info->id)) != 0) {
		contents->names++;
		contents->bytes += info->size;
	}
	contents->last = info->id;
	contents->owners += info->count;
	return RC_OK;
}

static struct contents contents_of(struct town *town)
{
	struct contents contents = {0};
	assert_int_equal(
	    engine_content_each(town->engine, count_content, &contents), RC_OK);
	return contents;
}

static struct store_draft *draft_of(
    struct town *town, size_t body, bool share, struct buf *text)
{
	buf_add_literal(text, "Subject: hello\r\nFrom: a@b\r\n\r\n");
	for (size_t i = 0; i < body; i += 10)
		buf_add_literal(text, "12345678\r\n");
	struct store_draft *draft = store_draft_new(town->store);
	if (share)
		store_draft_share(draft);
	assert_int_equal(store_draft_add(draft, buf_view(text)), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	return draft;
}

static void content_is_kept_once_for_all_accounts(void **state)
{
	(void)state;
	static const struct {
		size_t body;
		bool share;
		uint64_t names; // of content
	} table[] = {
	    {100, true, 0},    // not worth sharing
	    {4000, true, 1},   //
	    {4000, false, 0},  // the account has it whole
	    {100000, true, 1}, // two chunks
	    {100000, false, 1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct town town;
		struct clock clock;
		struct buf text;
		town_open(&town, &clock, (struct store_options){0});
		buf_init(&text, 1000000);
		struct store_draft *draft =
		    draft_of(&town, table[i].body, table[i].share, &text);
		for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id++) {
			char prefix[100];
			int len = snprintf(prefix, sizeof(prefix),
			    "Delivered-To: user%llu@x\r\n",
			    (unsigned long long)id);
			struct store_delivery delivery = {.draft = draft,
			    .prefix = view_of(prefix, (size_t)len)};
			struct store_delivered delivered;
			assert_int_equal(
			    deliver(&town, id, &delivery, &delivered), RC_OK);
			struct buf all;
			struct buf header;
			buf_init(&all, 1000000);
			buf_init(&header, 1000000);
			read_last(&town, id, &all, &header);
			assert_true(
			    view_starts_with(buf_view(&all), delivery.prefix));
			assert_view_equal_row(i,
			    view_from(buf_view(&all), delivery.prefix.len),
			    buf_view(&text));
			assert_true(view_starts_with(
			    buf_view(&all), buf_view(&header)));
			assert_true(view_ends_with(
			    buf_view(&header), VIEW("From: a@b\r\n\r\n")));
			// The draft can still be read.
			buf_reset(&all);
			assert_int_equal(
			    store_draft_read(draft, 20, SIZE_MAX, &all), RC_OK);
			assert_view_equal_row(
			    i, buf_view(&all), view_from(buf_view(&text), 20));
			buf_done(&all);
			buf_done(&header);
		}
		struct contents contents = contents_of(&town);
		assert_int_equal(contents.names, table[i].names);
		assert_int_equal(contents.owners, table[i].names * ACCOUNTS);
		if (table[i].names)
			assert_in_range(
			    contents.bytes, table[i].body, table[i].body + 10);
		store_draft_free(&draft);
		buf_done(&text);
		town_close(&town);
	}
}

static void content_goes_with_its_last_owner(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	struct buf text;
	town_open(&town, &clock, (struct store_options){0});
	buf_init(&text, 1000000);
	struct store_draft *draft = draft_of(&town, 4000, true, &text);
	struct store_delivery delivery = {.draft = draft};
	struct store_delivered delivered;
	for (uint64_t id = 1000; id < 1003; id++)
		assert_int_equal(
		    deliver(&town, id, &delivery, &delivered), RC_OK);
	assert_int_equal(
	    store_account_remove(town.store, 1000, &town.fault), RC_OK);
	assert_int_equal(
	    store_account_remove(town.store, 1001, &town.fault), RC_OK);
	assert_int_equal(contents_of(&town).owners, 1);
	// For a moment no account has it: the next one can still get it.
	assert_int_equal(
	    store_account_remove(town.store, 1002, &town.fault), RC_OK);
	assert_int_equal(contents_of(&town).owners, 0);
	assert_int_equal(deliver(&town, 1003, &delivery, &delivered), RC_OK);
	assert_int_equal(contents_of(&town).owners, 1);
	for (uint64_t id = 1000; id < 1003; id++)
		assert_int_equal(
		    store_account_create(town.store, id, &town.fault), RC_OK);
	store_draft_free(&draft);
	buf_done(&text);
	town_close(&town);
}

static void expect_readable(
    struct town *town, uint64_t id, const struct buf *text)
{
	struct buf all;
	struct buf header;
	buf_init(&all, 1000000);
	buf_init(&header, 1000000);
	read_last(town, id, &all, &header);
	assert_view_equal(buf_view(&all), buf_view(text));
	buf_done(&all);
	buf_done(&header);
}

static void expunge_all(struct town *town, uint64_t id)
{
	struct store_account *account;
	struct store_mailbox *inbox;
	struct rangeset all;
	struct rangeset none;
	uint64_t modseq;
	rangeset_init(&all);
	rangeset_init(&none);
	rangeset_add(&all, 1, UINT32_MAX);
	assert_int_equal(
	    store_account_open(town->store, id, &town->fault, &account), RC_OK);
	assert_int_equal(
	    store_mailbox_open(&store_system, account, VIEW("INBOX"),
		STORE_RIGHT_READ, &town->fault, &inbox),
	    RC_OK);
	assert_int_equal(
	    store_take_away(inbox, &all, &none, &town->fault, &modseq), RC_OK);
	rangeset_done(&all);
	store_mailbox_close(&inbox);
	store_account_close(&account);
}

// The first accounts have no room, others expunge the message, and a sweep
// follows at once: each account that has the message can read it.
static void a_full_account_and_an_expunge_harm_no_other_account(void **state)
{
	(void)state;
	static const size_t bodies[] = {4000, 200000};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct town town;
		struct clock clock;
		struct buf text;
		struct buf filler;
		uint64_t deleted;
		struct store_delivered delivered;
		town_open(
		    &town, &clock, (struct store_options){.quota_messages = 1});
		buf_init(&text, 1000000);
		buf_init(&filler, 1000000);
		struct store_draft *draft =
		    draft_of(&town, 100, false, &filler);
		struct store_delivery delivery = {.draft = draft};
		for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id += 3)
			assert_int_equal(
			    deliver(&town, id, &delivery, &delivered), RC_OK);
		store_draft_free(&draft);
		draft = draft_of(&town, bodies[i], true, &text);
		delivery.draft = draft;
		unsigned made = 0;
		for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id++) {
			bool full = (id - 1000) % 3 == 0;
			assert_int_equal(
			    deliver(&town, id, &delivery, &delivered),
			    full ? RC_QUOTA : RC_OK);
			made += !full;
		}
		store_draft_free(&draft);
		assert_int_equal(contents_of(&town).owners, made);
		for (uint64_t id = 1001; id < 1000 + ACCOUNTS; id += 3)
			expunge_all(&town, id);
		assert_int_equal(engine_content_sweep(town.engine,
				     (int64_t)1 << 40, 0, &deleted),
		    RC_OK);
		assert_int_equal(deleted, 0);
		for (uint64_t id = 1000; id < 1000 + ACCOUNTS; id++)
			if ((id - 1000) % 3 != 1)
				expect_readable(&town, id,
				    (id - 1000) % 3 ? &text : &filler);
		for (uint64_t id = 1002; id < 1000 + ACCOUNTS; id += 3)
			expunge_all(&town, id);
		assert_int_equal(contents_of(&town).owners, 0);
		assert_int_equal(engine_content_sweep(town.engine,
				     (int64_t)1 << 40, 0, &deleted),
		    RC_OK);
		assert_int_equal(deleted, 1);
		buf_done(&text);
		buf_done(&filler);
		town_close(&town);
	}
}

static void own(struct town *town, uint64_t id, int times)
{
	struct contents contents = contents_of(town);
	struct engine_batch *batch = engine_batch_new(town->engine);
	for (; times > 0; times--)
		engine_batch_own(batch, &contents.last);
	for (; times < 0; times++)
		engine_batch_disown(batch, &contents.last);
	commit_quietly(town->engine, id, batch);
	engine_batch_free(&batch);
}

static void a_wrong_count_of_owners_is_found_and_mended(void **state)
{
	(void)state;
	static const int table[] = {-1, 2, -2};
	struct town town;
	struct clock clock;
	struct buf text;
	town_open(&town, &clock, (struct store_options){0});
	buf_init(&text, 1000000);
	struct store_draft *draft = draft_of(&town, 4000, true, &text);
	struct store_delivery delivery = {.draft = draft};
	struct store_delivered delivered;
	for (uint64_t id = 1000; id < 1002; id++)
		for (int i = 0; i < 2; i++)
			assert_int_equal(
			    deliver(&town, id, &delivery, &delivered), RC_OK);
	store_draft_free(&draft);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct store_check_result result;
		store_free(&town.store);
		own(&town, 1000, table[i]);
		town.store = store_new(&(struct store_options){
		    .engine = town.engine, .clock = &clock});
		for (uint64_t n = 0; n < 3; n++) {
			assert_int_equal(store_account_check(town.store, 1000,
					     n == 1, NULL, NULL, &result),
			    RC_OK);
			assert_int_equal(result.problems, n < 2);
			assert_int_equal(result.mended, n == 1);
		}
		assert_int_equal(contents_of(&town).owners, 4);
	}
	store_free(&town.store);
	town.store = store_new(
	    &(struct store_options){.engine = town.engine, .clock = &clock});
	expunge_all(&town, 1000);
	assert_int_equal(contents_of(&town).owners, 2);
	buf_done(&text);
	town_close(&town);
}

static void what_is_all_header_owns_no_content(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	town_open(&town, &clock, (struct store_options){0});
	struct store_draft *draft = store_draft_new(town.store);
	store_draft_share(draft);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(
		    store_draft_add(draft, VIEW("X-Field: value\r\n")), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	struct store_delivery delivery = {.draft = draft};
	struct store_delivered delivered;
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_int_equal(contents_of(&town).owners, 0);
	store_draft_free(&draft);
	town_close(&town);
}

static uint64_t messages_of(struct town *town, uint64_t id)
{
	struct store_account *account;
	assert_int_equal(
	    store_account_open(town->store, id, &town->fault, &account), RC_OK);
	uint64_t messages = store_account_usage(account).messages;
	store_account_close(&account);
	return messages;
}

static void a_delivery_id_counts_once(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	struct buf text;
	town_open(&town, &clock, (struct store_options){0});
	buf_init(&text, 10000);
	struct store_draft *draft = draft_of(&town, 100, false, &text);
	struct store_delivery delivery = {
	    .draft = draft, .delivery_id = VIEW("one")};
	struct store_delivered delivered;
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_false(delivered.was_there);
	assert_int_not_equal(delivered.modseq, 0);
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_true(delivered.was_there);
	assert_int_equal(delivered.modseq, 0);
	assert_int_equal(messages_of(&town, 1000), 1);
	// The same id in another account, and another id, are other deliveries.
	assert_int_equal(deliver(&town, 1001, &delivery, &delivered), RC_OK);
	assert_false(delivered.was_there);
	delivery.delivery_id = VIEW("on");
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_false(delivered.was_there);
	assert_int_equal(messages_of(&town, 1000), 2);
	delivery.delivery_id =
	    VIEW("123456789012345678901234567890123"); // 33 bytes
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_LIMIT);
	// The delivery that failed was not noted.
	delivery.delivery_id = VIEW("three");
	delivery.prefix = view_of(text.ptr, STORE_PREFIX_MAX + 1);
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_LIMIT);
	delivery.prefix = view_of(NULL, 0);
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_false(delivered.was_there);
	store_draft_free(&draft);
	buf_done(&text);
	town_close(&town);
}

static unsigned notes_of(struct town *town, uint64_t id, enum record_kind kind)
{
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct record_key prefix = record_key_kind(kind);
	struct view key;
	struct view value;
	unsigned count = 0;
	assert_int_equal(
	    engine_snapshot_open(town->engine, id, &snapshot), RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, record_key_view(&prefix), &cursor),
	    RC_OK);
	while (engine_cursor_next(cursor, &key, &value) == RC_OK)
		count++;
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	return count;
}

static void old_delivery_ids_are_forgotten(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	struct buf text;
	town_open(&town, &clock, (struct store_options){0});
	buf_init(&text, 10000);
	struct store_draft *draft = draft_of(&town, 100, false, &text);
	struct store_delivered delivered;
	for (unsigned i = 0; i < 30; i++) {
		char id[10];
		int len = snprintf(id, sizeof(id), "%u", i);
		struct store_delivery delivery = {
		    .draft = draft, .delivery_id = view_of(id, (size_t)len)};
		assert_int_equal(
		    deliver(&town, 1000, &delivery, &delivered), RC_OK);
	}
	assert_int_equal(notes_of(&town, 1000, RECORD_DELIVERED), 30);
	// After a week all ids are still known; a second later, each delivery
	// drops some.
	struct store_delivery delivery = {
	    .draft = draft, .delivery_id = VIEW("0")};
	town.now += STORE_DELIVERY_ID_SECONDS;
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_true(delivered.was_there);
	delivery.delivery_id = VIEW("new");
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_int_equal(notes_of(&town, 1000, RECORD_DELIVERED), 31);
	town.now++;
	for (unsigned i = 0; i < 5; i++) {
		char id[10];
		int len = snprintf(id, sizeof(id), "new%u", i);
		delivery.delivery_id = view_of(id, (size_t)len);
		assert_int_equal(
		    deliver(&town, 1000, &delivery, &delivered), RC_OK);
	}
	assert_int_equal(notes_of(&town, 1000, RECORD_DELIVERED), 6);
	assert_int_equal(notes_of(&town, 1000, RECORD_DELIVERED_AT), 6);
	store_draft_free(&draft);
	buf_done(&text);
	town_close(&town);
}

static void an_unpaired_note_is_found_and_mended(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	town_open(&town, &clock, (struct store_options){0});
	struct engine_batch *batch = engine_batch_new(town.engine);
	struct record_key one = record_key_delivered(VIEW("one"));
	struct record_key two = record_key_delivered_at(5, VIEW("two"));
	struct buf value;
	buf_init(&value, 100);
	record_delivered_put(7, &value);
	engine_batch_put(batch, record_key_view(&one), buf_view(&value));
	engine_batch_put(batch, record_key_view(&two), view_of(NULL, 0));
	commit_quietly(town.engine, 1000, batch);
	engine_batch_free(&batch);
	buf_done(&value);
	struct store_check_result result;
	assert_int_equal(
	    store_account_check(town.store, 1000, true, NULL, NULL, &result),
	    RC_OK);
	assert_int_equal(result.problems, 2);
	assert_int_equal(result.mended, 2);
	town_close(&town);
}

static void room_is_told_without_opening(void **state)
{
	(void)state;
	struct town town;
	struct clock clock;
	struct buf text;
	town_open(&town, &clock,
	    (struct store_options){.quota_bytes = 10000, .quota_messages = 2});
	assert_int_equal(store_account_room(town.store, 1000, 10000), RC_OK);
	assert_int_equal(store_account_room(town.store, 1000, 10001), RC_QUOTA);
	// An account that does not exist yet is empty.
	assert_int_equal(store_account_room(town.store, 7, 10000), RC_OK);
	assert_int_equal(store_account_room(town.store, 7, 10001), RC_QUOTA);
	buf_init(&text, 10000);
	struct store_draft *draft = draft_of(&town, 4000, true, &text);
	struct store_delivery delivery = {.draft = draft};
	struct store_delivered delivered;
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_int_equal(
	    store_account_room(town.store, 1000, 10000 - text.len), RC_OK);
	assert_int_equal(
	    store_account_room(town.store, 1000, 10001 - text.len), RC_QUOTA);
	assert_int_equal(deliver(&town, 1000, &delivery, &delivered), RC_OK);
	assert_int_equal(store_account_room(town.store, 1000, 0), RC_QUOTA);
	// The prefix counts, too.
	delivery.prefix = buf_view(&text);
	assert_int_equal(deliver(&town, 1001, &delivery, &delivered), RC_OK);
	assert_int_equal(
	    store_account_room(town.store, 1001, 10001 - 2 * text.len),
	    RC_QUOTA);
	store_draft_free(&draft);
	buf_done(&text);
	town_close(&town);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(content_is_kept_once_for_all_accounts),
	    cmocka_unit_test(content_goes_with_its_last_owner),
	    cmocka_unit_test(
		a_full_account_and_an_expunge_harm_no_other_account),
	    cmocka_unit_test(a_wrong_count_of_owners_is_found_and_mended),
	    cmocka_unit_test(what_is_all_header_owns_no_content),
	    cmocka_unit_test(a_delivery_id_counts_once),
	    cmocka_unit_test(old_delivery_ids_are_forgotten),
	    cmocka_unit_test(an_unpaired_note_is_found_and_mended),
	    cmocka_unit_test(room_is_told_without_opening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
