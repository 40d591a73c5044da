// SPDX-License-Identifier: Apache-2.0
// COPY and MOVE between accounts: what arrives, what both accounts own, and
// what is left when a MOVE fails between its two commits.
#include "engine/impl.h"
#include "store/store_test_tools.h"

#include "base/test.h"
#include "base/thread.h"
#include "store/record.h"

#define NOW      1700000000
#define ACCOUNTS 3

// An engine whose commits can be made to fail: its table of calls is replaced.
// The replaced calls have no context, so this is global.
static struct {
	const struct engine_ops *real;
	uint64_t partition; // the partition whose commits fail; 0: none
} faults;

static enum rc commit(struct engine *engine, struct engine_partition *part,
    uint64_t version, struct engine_batch *batch, struct fault *fault)
{
	if (part->id == faults.partition)
		return fault_set(fault, RC_IO, "the disk is on fire");
	return faults.real->commit(engine, part, version, batch, fault);
}

// Accounts 1000, 1001, 1002 over one engine.
struct world {
	struct engine *engine;
	struct engine_ops ops;
	struct store *store;
	struct store_account *accounts[ACCOUNTS];
	struct clock clock;
	struct fault fault;
	int64_t now;
	uint64_t quota; // messages
	// Of the owner of account 1000 to all mailboxes of each account.
	unsigned rights[3];
};

static int64_t wall(void *context)
{
	return ((struct world *)context)->now;
}

static unsigned rights_of(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	struct world *world = context;
	(void)mailbox_id;
	return asker->account == 1000 ? world->rights[account_id - 1000] : 0;
}

static void start(struct world *world)
{
	world->store = store_new(&(struct store_options){
	    .engine = world->engine,
	    .clock = &world->clock,
	    .quota_messages = world->quota,
	    .sharing = {rights_of, world},
	});
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		enum rc rc =
		    store_account_create(world->store, 1000 + i, &world->fault);
		assert_true(rc == RC_OK || rc == RC_EXISTS);
		assert_int_equal(store_account_open(world->store, 1000 + i,
				     &world->fault, &world->accounts[i]),
		    RC_OK);
	}
}

static void stop(struct world *world)
{
	for (unsigned i = 0; i < ACCOUNTS; i++)
		store_account_close(&world->accounts[i]);
	store_free(&world->store);
}

// Closes the accounts and opens them again, as after a crash.
static void restart(struct world *world)
{
	stop(world);
	faults.partition = 0;
	start(world);
}

static void world_open(struct world *world, uint64_t quota)
{
	*world = (struct world){
	    .engine = engine_memory_new(), .now = NOW, .quota = quota};
	world->clock = (struct clock){.wall = wall, .context = world};
	faults.real = world->engine->ops;
	faults.partition = 0;
	world->ops = *world->engine->ops;
	world->ops.commit = commit;
	world->engine->ops = &world->ops;
	start(world);
}

static void show(void *context, const char *text)
{
	(void)context;
	print_error("%s\n", text);
}

static void check_accounts(struct world *world)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_check_result result;
		assert_int_equal(store_account_check(world->store, 1000 + i,
				     false, show, NULL, &result),
		    RC_OK);
		assert_int_equal(result.problems, 0);
	}
}

static enum rc add_owners(void *context, const struct engine_content_info *info)
{
	*(uint64_t *)context += info->count;
	return RC_OK;
}

// How often content is owned, all accounts together.
static uint64_t owners(struct world *world)
{
	uint64_t count = 0;
	assert_int_equal(
	    engine_content_each(world->engine, add_owners, &count), RC_OK);
	return count;
}

static enum rc add_one(void *context, const struct engine_content_info *info)
{
	(void)info;
	++*(uint64_t *)context;
	return RC_OK;
}

static void world_close(struct world *world)
{
	uint64_t deleted;
	uint64_t left = 0;
	check_accounts(world);
	stop(world);
	// A sweep deletes what nobody owns; what is owned must stay.
	uint64_t before = owners(world);
	assert_int_equal(
	    engine_content_sweep(world->engine, NOW * 2ll, 0, &deleted), RC_OK);
	assert_int_equal(owners(world), before);
	for (unsigned i = 0; i < ACCOUNTS; i++)
		assert_int_equal(engine_partition_drop(
				     world->engine, 1000 + i, &world->fault),
		    RC_OK);
	assert_int_equal(
	    engine_content_sweep(world->engine, NOW * 2ll, 0, &deleted), RC_OK);
	assert_int_equal(
	    engine_content_each(world->engine, add_one, &left), RC_OK);
	assert_int_equal(left, 0);
	world->engine->ops = faults.real;
	engine_close(&world->engine);
}

static struct store_mailbox *open_box(
    struct world *world, unsigned account, const char *name)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&store_system, world->accounts[account],
	    view_of_string(name), STORE_RIGHT_READ, &world->fault, &mailbox);
	if (rc != RC_OK)
		fail_msg("%s: %s", name, world->fault.text);
	return mailbox;
}

static void append_text(struct world *world, struct store_mailbox *mailbox,
    struct view text, struct store_flags flags)
{
	struct store_append append = {
	    .draft = store_draft_new(world->store),
	    .flags = flags,
	    .has_date = true,
	    .internal_date = 1234567890,
	    .zone_minutes = 90,
	};
	struct store_appended appended;
	assert_int_equal(store_draft_add(append.draft, text), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	assert_int_equal(
	    store_append(mailbox, &append, 1, &world->fault, &appended), RC_OK);
	store_draft_free(&append.draft);
}

static enum rc copy(struct world *world, struct store_mailbox *from,
    uint32_t first, uint32_t last, struct store_mailbox *to, bool move,
    struct store_copied *ret_copied)
{
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, first, last);
	enum rc rc =
	    store_copy(from, &uids, to, move, &world->fault, ret_copied);
	rangeset_done(&uids);
	return rc;
}

static void must_copy(struct world *world, struct store_mailbox *from,
    uint32_t first, uint32_t last, struct store_mailbox *to, bool move,
    uint32_t copied_now, uint32_t copied_before)
{
	struct store_copied copied;
	assert_int_equal(
	    copy(world, from, first, last, to, move, &copied), RC_OK);
	assert_int_equal(copied.count, copied_now);
	assert_int_equal(rangeset_size(&copied.sources), copied_now);
	assert_int_equal(copied.count_before, copied_before);
	store_copied_done(&copied);
}

static uint32_t count(struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t messages = store_snapshot_count(snapshot);
	store_snapshot_unref(&snapshot);
	return messages;
}

static void expunge_all(struct world *world, struct store_mailbox *mailbox)
{
	struct rangeset all;
	struct rangeset none;
	uint64_t modseq;
	rangeset_init(&all);
	rangeset_init(&none);
	rangeset_add(&all, 1, UINT32_MAX);
	assert_int_equal(
	    store_take_away(mailbox, &all, &none, &world->fault, &modseq),
	    RC_OK);
	rangeset_done(&all);
}

// ---- What arrives ----------------------------------------------------------

// A header, and a body of about that many bytes.
static void write_text(struct buf *text, const char *header, size_t body)
{
	buf_reset(text);
	buf_add_string(text, header);
	buf_add_literal(text, "\r\n");
	for (size_t i = 0; i < body; i += 10)
		buf_add_literal(text, "12345678\r\n");
}

static void expect_same(struct world *world, struct store_mailbox *box,
    struct view text, uint32_t index, struct store_message *ret_message)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(box);
	struct store_reader *reader =
	    store_reader_new(store_mailbox_account(box));
	struct buf bytes;
	struct message_record record;
	uint64_t thread;
	(void)world;
	buf_init(&bytes, 1000000);
	store_snapshot_get(snapshot, index, ret_message);
	assert_int_equal(store_reader_bytes(reader, ret_message->email_id, 0,
			     SIZE_MAX, &bytes),
	    RC_OK);
	assert_view_equal(buf_view(&bytes), text);
	assert_int_equal(store_reader_record(
			     reader, ret_message->email_id, &record, &thread),
	    RC_OK);
	assert_int_equal(record.size, text.len);
	assert_int_equal(ret_message->size, text.len);
	buf_done(&bytes);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
}

static void a_copy_is_whole_and_lives_by_itself(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		size_t body;
		uint64_t owners; // of content, in each account
	} table[] = {
	    {"Subject: short\r\n", 20, 0},
	    {"Subject: no line end", 0, 0}, // "\r\n" follows it
	    {"Subject: middle\r\n", 15000, 0},
	    {"Subject: long\r\n", 40000, 1},
	    {"Subject: longer\r\n", 200000, 1},
	    {"Subject: bare\nFrom: a@b\n", 30000, 1},
	};
	const struct view work = VIEW("$Work");
	const struct view home = VIEW("$Home");
	const struct store_flags flags = {
	    .system = STORE_FLAG_SEEN | STORE_FLAG_FLAGGED,
	    .keywords = &work,
	    .keyword_count = 1,
	};
	const struct store_flags other = {
	    .keywords = &home, .keyword_count = 1};
	for (size_t i = 0; i < ARRAY_LEN(table) * 2; i++) {
		struct world world;
		struct store_message message;
		struct buf text;
		bool move = i % 2;
		uint64_t own = table[i / 2].owners;
		world_open(&world, 0);
		buf_init(&text, 1000000);
		struct store_mailbox *from = open_box(&world, 0, "INBOX");
		struct store_mailbox *to = open_box(&world, 1, "Archive");
		// Makes ids, UIDs and keyword numbers of the accounts differ.
		append_text(&world, to, VIEW("A: b\r\n\r\n"), other);
		write_text(&text, table[i / 2].header, table[i / 2].body);
		append_text(&world, from, buf_view(&text), flags);
		world.now += 100;
		must_copy(&world, from, 1, 5, to, move, 1, 0);
		assert_int_equal(count(from), !move);
		assert_int_equal(owners(&world), move ? own : 2 * own);
		check_accounts(&world);
		// The source can be deleted altogether.
		expunge_all(&world, from);
		assert_int_equal(owners(&world), own);
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		restart(&world);
		to = open_box(&world, 1, "Archive");
		expect_same(&world, to, buf_view(&text), 1, &message);
		assert_int_equal(message.uid, 2);
		assert_int_equal(message.flags, flags.system);
		assert_int_equal(message.internal_date, 1234567890);
		assert_int_equal(message.zone_minutes, 90);
		assert_int_equal(message.save_date, NOW + 100);
		struct store_snapshot *snapshot = store_mailbox_snapshot(to);
		unsigned n;
		assert_int_equal(
		    store_snapshot_keyword_find(snapshot, work, &n), RC_OK);
		assert_true(store_keyword_set_has(&message.keywords, n));
		assert_int_equal(
		    store_snapshot_keyword_find(snapshot, home, &n), RC_OK);
		assert_false(store_keyword_set_has(&message.keywords, n));
		store_snapshot_unref(&snapshot);
		expunge_all(&world, to);
		assert_int_equal(owners(&world), 0);
		store_mailbox_close(&to);
		buf_done(&text);
		world_close(&world);
	}
}

static uint64_t thread_of(struct store_mailbox *box, uint32_t index)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(box);
	struct store_reader *reader =
	    store_reader_new(store_mailbox_account(box));
	struct store_message message;
	struct message_record record;
	uint64_t thread;
	store_snapshot_get(snapshot, index, &message);
	assert_int_equal(
	    store_reader_record(reader, message.email_id, &record, &thread),
	    RC_OK);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
	return thread;
}

static void copies_join_the_threads_of_their_account(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	struct store_flags none = {0};
	append_text(&world, to, VIEW("A: b\r\n\r\n"), none);
	append_text(&world, to, VIEW("Message-ID: <2@x>\r\n\r\n"), none);
	append_text(&world, from,
	    VIEW("Message-ID: <3@x>\r\nIn-Reply-To: <2@x>\r\n"
		 "References: <1@x> <2@x>\r\n\r\n"),
	    none);
	append_text(&world, from,
	    VIEW("Message-ID: <4@x>\r\nReferences: <1@x>\r\n\r\n"), none);
	append_text(&world, from, VIEW("Message-ID: <5@x>\r\n\r\n"), none);
	must_copy(&world, from, 1, 9, to, true, 3, 0);
	assert_int_equal(thread_of(to, 2), thread_of(to, 1));
	assert_int_equal(thread_of(to, 3), thread_of(to, 1));
	assert_int_not_equal(thread_of(to, 4), thread_of(to, 1));
	check_accounts(&world);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

// Two messages of a mailbox that are the same email stay one email.
static void an_email_stays_one(void **state)
{
	(void)state;
	struct world world;
	struct buf text;
	struct store_message one;
	struct store_message two;
	world_open(&world, 0);
	buf_init(&text, 100000);
	write_text(&text, "A: b\r\n", 40000);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	append_text(&world, from, buf_view(&text), (struct store_flags){0});
	must_copy(&world, from, 1, 1, from, false, 1, 0);
	must_copy(&world, from, 1, 2, to, false, 2, 0);
	expect_same(&world, to, buf_view(&text), 0, &one);
	expect_same(&world, to, buf_view(&text), 1, &two);
	assert_int_equal(one.email_id, two.email_id);
	assert_int_equal(owners(&world), 2);
	check_accounts(&world);
	// Another COPY makes another email, with the same content.
	must_copy(&world, from, 1, 1, to, false, 1, 0);
	assert_int_equal(owners(&world), 3);
	must_copy(&world, from, 1, 2, to, true, 2, 0);
	assert_int_equal(owners(&world), 3);
	buf_done(&text);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

static void nothing_to_copy_is_no_commit(void **state)
{
	(void)state;
	struct world world;
	uint64_t before[2];
	uint64_t after[2];
	world_open(&world, 0);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		    engine_version(world.engine, 1000 + i, &before[i]), RC_OK);
	must_copy(&world, from, 1, UINT32_MAX, to, false, 0, 0);
	must_copy(&world, from, 1, UINT32_MAX, to, true, 0, 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(
		    engine_version(world.engine, 1000 + i, &after[i]), RC_OK);
	assert_memory_equal(before, after, sizeof(before));
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

static void the_quota_is_the_targets(void **state)
{
	(void)state;
	struct world world;
	struct store_copied copied;
	world_open(&world, 3);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	struct store_flags none = {0};
	for (int i = 0; i < 3; i++)
		append_text(&world, from, VIEW("A: b\r\n\r\n"), none);
	append_text(&world, to, VIEW("A: b\r\n\r\n"), none);
	for (int move = 0; move < 2; move++)
		assert_int_equal(
		    copy(&world, from, 1, 3, to, move, &copied), RC_QUOTA);
	assert_int_equal(count(from), 3);
	assert_int_equal(count(to), 1);
	must_copy(&world, from, 1, 2, to, true, 2, 0);
	assert_int_equal(count(from), 1);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

// ---- Failures --------------------------------------------------------------

static const struct store_flags no_flags = {0};

// Two messages, and a MOVE of both whose expunge fails.
static void half_move(struct world *world)
{
	struct store_copied copied;
	struct buf text;
	buf_init(&text, 100000);
	write_text(&text, "Subject: 1\r\n", 40000);
	struct store_mailbox *from = open_box(world, 0, "INBOX");
	struct store_mailbox *to = open_box(world, 1, "INBOX");
	append_text(world, from, buf_view(&text), no_flags);
	append_text(world, from, VIEW("Subject: 2\r\n\r\n"), no_flags);
	faults.partition = 1000;
	assert_int_equal(copy(world, from, 1, 2, to, true, &copied), RC_IO);
	buf_done(&text);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	restart(world);
}

static void a_move_that_failed_between_is_finished_when_it_is_repeated(
    void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	half_move(&world);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	assert_int_equal(count(from), 2);
	assert_int_equal(count(to), 2);
	assert_int_equal(owners(&world), 2);
	check_accounts(&world);
	append_text(&world, from, VIEW("Subject: 3\r\n\r\n"), no_flags);
	must_copy(&world, from, 1, 3, to, true, 1, 2);
	assert_int_equal(count(from), 0);
	assert_int_equal(count(to), 3);
	assert_int_equal(owners(&world), 1);
	// Again, as if the client had not got the answer.
	must_copy(&world, from, 1, 3, to, true, 0, 0);
	assert_int_equal(count(to), 3);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

static void what_is_repeated_in_parts_is_known_in_parts(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	half_move(&world);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	append_text(&world, from, VIEW("Subject: 3\r\n\r\n"), no_flags);
	// Another message is moved first; the note keeps what it says of the
	// others.
	must_copy(&world, from, 3, 3, to, true, 1, 0);
	must_copy(&world, from, 2, 2, to, true, 0, 1);
	must_copy(&world, from, 1, 1, to, true, 0, 1);
	assert_int_equal(count(from), 0);
	assert_int_equal(count(to), 3);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

// The note never makes a message disappear: a message without a copy is copied.
static void a_copy_that_is_gone_is_made_again(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	half_move(&world);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	expunge_all(&world, to);
	must_copy(&world, from, 1, 2, to, true, 2, 0);
	assert_int_equal(count(from), 0);
	assert_int_equal(count(to), 2);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

// COPY always makes a copy, and so does a MOVE to another mailbox.
static void other_commands_make_copies_of_their_own(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	half_move(&world);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	struct store_mailbox *other = open_box(&world, 1, "Archive");
	struct store_mailbox *third = open_box(&world, 2, "INBOX");
	must_copy(&world, from, 1, 2, to, false, 2, 0);
	must_copy(&world, from, 1, 1, other, true, 1, 0);
	must_copy(&world, from, 2, 2, third, true, 1, 0);
	assert_int_equal(count(from), 0);
	assert_int_equal(count(to), 4);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	store_mailbox_close(&other);
	store_mailbox_close(&third);
	world_close(&world);
}

// If an account was removed and made again, its mailboxes have the same
// numbers.
static void another_mailbox_of_the_same_numbers_is_another(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, 0);
	half_move(&world);
	store_account_close(&world.accounts[0]);
	assert_int_equal(
	    store_account_remove(world.store, 1000, &world.fault), RC_OK);
	world.now += 10;
	assert_int_equal(
	    store_account_create(world.store, 1000, &world.fault), RC_OK);
	assert_int_equal(store_account_open(world.store, 1000, &world.fault,
			     &world.accounts[0]),
	    RC_OK);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "INBOX");
	append_text(&world, from, VIEW("Subject: n\r\n\r\n"), no_flags);
	append_text(&world, from, VIEW("Subject: n\r\n\r\n"), no_flags);
	must_copy(&world, from, 1, 2, to, true, 2, 0);
	assert_int_equal(count(to), 4);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

static unsigned notes(struct world *world, uint64_t account)
{
	struct record_key prefix = record_key_kind(RECORD_MOVED);
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct view key;
	struct view value;
	unsigned found = 0;
	assert_int_equal(
	    engine_snapshot_open(world->engine, account, &snapshot), RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, record_key_view(&prefix), &cursor),
	    RC_OK);
	for (; engine_cursor_next(cursor, &key, &value) == RC_OK; found++)
		assert_true(value.len <= 24); // only of the last MOVE
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	return found;
}

static void there_is_one_note_for_two_mailboxes(void **state)
{
	(void)state;
	struct world world;
	uint64_t id;
	world_open(&world, 0);
	assert_int_equal(store_mailbox_create(&store_system, world.accounts[1],
			     VIEW("Box"), 0, &world.fault, &id),
	    RC_OK);
	struct store_mailbox *from = open_box(&world, 0, "INBOX");
	struct store_mailbox *to = open_box(&world, 1, "Box");
	for (unsigned i = 0; i < 50; i++) {
		append_text(&world, from, VIEW("A: b\r\n\r\n"), no_flags);
		append_text(&world, from, VIEW("A: b\r\n\r\n"), no_flags);
		must_copy(&world, from, 1, UINT32_MAX, to, true, 2, 0);
		assert_int_equal(notes(&world, 1001), 1);
	}
	assert_int_equal(notes(&world, 1000), 0);
	check_accounts(&world);
	assert_int_equal(store_mailbox_delete(&store_system, world.accounts[1],
			     VIEW("Box"), &world.fault),
	    RC_OK);
	assert_int_equal(notes(&world, 1001), 0);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
	world_close(&world);
}

static void a_damaged_note_is_found_and_mended(void **state)
{
	(void)state;
	static const struct {
		uint64_t mailbox;
		const char *value;
		size_t len;
	} table[] = {
	    {1, "", 0}, {1, "\1\0\0\0\1\0\0\0\1\0\0", 11},
	    {1, "\0\0\0\0\1\0\0\0\1\0\0\0", 12},
	    {1, "\1\0\0\0\0\0\0\0\1\0\0\0", 12},
	    {1, "\1\0\0\0\1\0\0\0\0\0\0\0", 12},
	    {1, "\1\0\0\0\1\0\0\0\377\377\377\377", 12},
	    {1,
		"\2\0\0\0\1\0\0\0\1\0\0\0"
		"\2\0\0\0\5\0\0\0\1\0\0\0",
		24},
	    {99, "\1\0\0\0\1\0\0\0\1\0\0\0", 12}, // there is no such mailbox
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		struct store_check_result result;
		world_open(&world, 0);
		struct store_mailbox *from = open_box(&world, 0, "INBOX");
		struct store_mailbox *to = open_box(&world, 1, "INBOX");
		struct store_snapshot *snapshot = store_mailbox_snapshot(from);
		struct record_key key = record_key_moved(table[i].mailbox, 1000,
		    store_mailbox_id(from),
		    store_snapshot_uidvalidity(snapshot));
		store_snapshot_unref(&snapshot);
		append_text(&world, from, VIEW("A: b\r\n\r\n"), no_flags);
		append_text(&world, to, VIEW("A: b\r\n\r\n"), no_flags);
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		struct engine_batch *batch = engine_batch_new(world.engine);
		engine_batch_put(batch, record_key_view(&key),
		    view_of(table[i].value, table[i].len));
		commit_quietly(world.engine, 1001, batch);
		engine_batch_free(&batch);
		restart(&world);
		// A damaged note tells nothing, and no message is lost because
		// of it.
		from = open_box(&world, 0, "INBOX");
		to = open_box(&world, 1, "INBOX");
		must_copy(&world, from, 1, 1, from, false, 1, 0);
		must_copy(&world, from, 1, 1, to, false, 1, 0);
		assert_int_equal(store_account_check(world.store, 1001, true,
				     NULL, NULL, &result),
		    RC_OK);
		assert_int_equal(result.problems, 1);
		assert_int_equal(result.mended, 1);
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		restart(&world);
		from = open_box(&world, 0, "INBOX");
		to = open_box(&world, 1, "INBOX");
		must_copy(&world, from, 1, 9, to, true, 2, 0);
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		world_close(&world);
	}
}

// ---- Rights ----------------------------------------------------------------

static void rights_decide_before_anything_is_copied(void **state)
{
	(void)state;
	enum {
		R = STORE_RIGHT_READ,
		I = STORE_RIGHT_INSERT,
		T = STORE_RIGHT_DELETE_MESSAGES,
		E = STORE_RIGHT_EXPUNGE,
		L = STORE_RIGHT_LOOKUP,
	};
	static const struct {
		unsigned from, to; // the accounts
		bool move;
		enum rc rc;
	} table[] = {
	    {R, I, false, RC_OK},
	    {L, I, false, RC_DENIED},
	    {0, I, false, RC_NOT_FOUND},
	    {R, L, false, RC_DENIED},
	    {R, R, false, RC_NOT_FOUND},
	    {R | T | E, I, true, RC_OK},
	    {L | R | T, I, true, RC_DENIED},
	    {L | R | E, I, true, RC_DENIED},
	    {R | T | E, L, true, RC_DENIED},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		struct store_copied copied;
		struct store_asker asker = store_user(1000);
		struct store_mailbox *from;
		struct store_mailbox *to;
		world_open(&world, 0);
		world.rights[1] = world.rights[2] = STORE_RIGHTS_ALL;
		assert_int_equal(
		    store_mailbox_open(&asker, world.accounts[1], VIEW("INBOX"),
			STORE_RIGHT_READ, &world.fault, &from),
		    RC_OK);
		assert_int_equal(
		    store_mailbox_open(&asker, world.accounts[2], VIEW("INBOX"),
			STORE_RIGHT_READ, &world.fault, &to),
		    RC_OK);
		append_text(&world, from, VIEW("A: b\r\n\r\n"),
		    (struct store_flags){.system = STORE_FLAG_SEEN});
		world.rights[1] = table[i].from;
		world.rights[2] = table[i].to;
		enum rc rc =
		    copy(&world, from, 1, 1, to, table[i].move, &copied);
		assert_int_equal(rc, table[i].rc);
		if (rc == RC_OK)
			store_copied_done(&copied);
		assert_int_equal(count(to), rc == RC_OK);
		assert_int_equal(count(from), rc != RC_OK || !table[i].move);
		// Without the right "s" the copy is not \Seen.
		if (rc == RC_OK) {
			struct store_snapshot *there =
			    store_mailbox_snapshot(to);
			uint32_t unseen;
			assert_int_equal(
			    store_snapshot_first_unseen(there, &unseen), RC_OK);
			store_snapshot_unref(&there);
		}
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		world_close(&world);
	}
}

// ---- At random -------------------------------------------------------------

#define BOXES    6
#define MESSAGES 200

static const char *const box_names[] = {"INBOX", "Archive"};

// The model knows each message by its internal date, and knows where it must
// be.
struct model {
	struct world world;
	struct store_mailbox *boxes[BOXES];
	unsigned messages;
	unsigned place[MESSAGES];
	uint64_t random;
};

static unsigned pick(struct model *model, unsigned below)
{
	model->random =
	    model->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(model->random >> 33) % below;
}

static void open_boxes(struct model *model)
{
	for (unsigned i = 0; i < BOXES; i++)
		model->boxes[i] =
		    open_box(&model->world, i / 2, box_names[i % 2]);
}

static void close_boxes(struct model *model)
{
	for (unsigned i = 0; i < BOXES; i++)
		store_mailbox_close(&model->boxes[i]);
}

static void append_random(struct model *model)
{
	static const size_t bodies[] = {10, 1000, 30000, 100000};
	unsigned box = pick(model, BOXES);
	struct store_appended appended;
	struct buf text;
	buf_init(&text, 200000);
	write_text(&text, "Subject: x\r\n", bodies[pick(model, 4)]);
	struct store_append append = {
	    .draft = store_draft_new(model->world.store),
	    .has_date = true,
	    .internal_date = model->messages,
	};
	assert_int_equal(store_draft_add(append.draft, buf_view(&text)), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	assert_int_equal(store_append(model->boxes[box], &append, 1,
			     &model->world.fault, &appended),
	    RC_OK);
	store_draft_free(&append.draft);
	buf_done(&text);
	model->place[model->messages++] = box;
}

// How often each message is in each mailbox.
static void count_all(struct model *model, unsigned ret_found[MESSAGES][BOXES])
{
	memset(ret_found, 0, sizeof(unsigned) * MESSAGES * BOXES);
	for (unsigned i = 0; i < BOXES; i++) {
		struct store_snapshot *snapshot =
		    store_mailbox_snapshot(model->boxes[i]);
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		store_walk_init(&walk, snapshot, 0);
		while (store_walk_next(&walk, &index, &message)) {
			assert_in_range(
			    message.internal_date, 0, model->messages - 1);
			ret_found[message.internal_date][i]++;
		}
		store_snapshot_unref(&snapshot);
	}
}

// Exactly: each message is where it belongs, once. Otherwise: it is somewhere.
static void expect_all(struct model *model, bool exactly)
{
	static unsigned found[MESSAGES][BOXES];
	count_all(model, found);
	for (unsigned m = 0; m < model->messages; m++) {
		unsigned all = 0;
		for (unsigned i = 0; i < BOXES; i++)
			all += found[m][i];
		if (all == 0)
			fail_msg("message %u is lost", m);
		if (exactly && (all != 1 || found[m][model->place[m]] != 1))
			fail_msg("message %u is there %u times", m, all);
	}
}

// A MOVE of some messages, which is repeated until it succeeds.
static void move_random(struct model *model)
{
	unsigned from = pick(model, BOXES);
	unsigned to = pick(model, BOXES);
	struct store_snapshot *snapshot =
	    store_mailbox_snapshot(model->boxes[from]);
	uint32_t messages = store_snapshot_count(snapshot);
	struct store_message first;
	struct store_message last;
	if (messages == 0 || from == to) {
		store_snapshot_unref(&snapshot);
		return;
	}
	unsigned at = pick(model, messages);
	unsigned end = at + pick(model, messages - at < 5 ? messages - at : 5);
	store_snapshot_get(snapshot, at, &first);
	store_snapshot_get(snapshot, end, &last);
	for (unsigned i = at; i <= end; i++) {
		struct store_message message;
		store_snapshot_get(snapshot, i, &message);
		model->place[message.internal_date] = to;
	}
	store_snapshot_unref(&snapshot);
	for (;;) {
		struct store_copied copied;
		unsigned fault = pick(model, 3);
		faults.partition =
		    fault < 2 ? 1000 + (fault ? from : to) / 2 : 0;
		enum rc rc = copy(&model->world, model->boxes[from], first.uid,
		    last.uid, model->boxes[to], true, &copied);
		faults.partition = 0;
		if (rc == RC_OK) {
			store_copied_done(&copied);
			return;
		}
		close_boxes(model);
		restart(&model->world);
		open_boxes(model);
		expect_all(model, false);
		if (pick(model, 4) == 0)
			check_accounts(&model->world);
	}
}

static void whatever_fails_nothing_is_lost_and_nothing_is_there_twice(
    void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		static struct model model;
		model = (struct model){.random = seed};
		world_open(&model.world, 0);
		open_boxes(&model);
		while (model.messages < MESSAGES) {
			append_random(&model);
			move_random(&model);
			expect_all(&model, true);
		}
		close_boxes(&model);
		world_close(&model.world);
	}
}

// ---- At once ---------------------------------------------------------------

struct mover {
	struct store_mailbox *from;
	struct store_mailbox *to;
	unsigned times;
	bool failed;
};

static void *run_mover(void *context)
{
	struct mover *mover = context;
	struct rangeset all;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	for (unsigned i = 0; i < mover->times; i++) {
		struct store_copied copied;
		struct fault fault;
		if (store_copy(mover->from, &all, mover->to, true, &fault,
			&copied) == RC_OK)
			store_copied_done(&copied);
		else
			mover->failed = true;
	}
	rangeset_done(&all);
	return NULL;
}

static void run_movers(struct mover *movers, size_t movers_count)
{
	pthread_t threads[8];
	for (size_t i = 0; i < movers_count; i++)
		assert_int_equal(
		    thread_start(&threads[i], run_mover, &movers[i]), RC_OK);
	for (size_t i = 0; i < movers_count; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < movers_count; i++)
		assert_false(movers[i].failed);
}

static void expect_each_once(struct model *model)
{
	static unsigned found[MESSAGES][BOXES];
	count_all(model, found);
	for (unsigned m = 0; m < model->messages; m++) {
		unsigned all = 0;
		for (unsigned i = 0; i < BOXES; i++)
			all += found[m][i];
		assert_int_equal(all, 1);
	}
}

// Accounts move messages in a ring, so also to each other: no deadlock.
static void accounts_move_to_each_other_at_once(void **state)
{
	(void)state;
	static struct model model;
	model = (struct model){.random = 1};
	world_open(&model.world, 0);
	open_boxes(&model);
	while (model.messages < 30)
		append_random(&model);
	struct mover movers[BOXES];
	for (unsigned i = 0; i < BOXES; i++)
		movers[i] = (struct mover){
		    model.boxes[i], model.boxes[(i + 2) % BOXES], 60, false};
	run_movers(movers, BOXES);
	expect_each_once(&model);
	close_boxes(&model);
	world_close(&model.world);
}

static void who_moves_the_same_at_once_makes_one_copy(void **state)
{
	(void)state;
	static struct model model;
	model = (struct model){.random = 1};
	world_open(&model.world, 0);
	open_boxes(&model);
	for (unsigned round = 0; round < 20; round++) {
		append_random(&model);
		append_random(&model);
		struct mover movers[4];
		for (unsigned i = 0; i < 4; i++)
			movers[i] = (struct mover){
			    model.boxes[0], model.boxes[4], 5, false};
		run_movers(movers, 4);
		expect_each_once(&model);
	}
	close_boxes(&model);
	world_close(&model.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_copy_is_whole_and_lives_by_itself),
	    cmocka_unit_test(copies_join_the_threads_of_their_account),
	    cmocka_unit_test(an_email_stays_one),
	    cmocka_unit_test(nothing_to_copy_is_no_commit),
	    cmocka_unit_test(the_quota_is_the_targets),
	    cmocka_unit_test(
		a_move_that_failed_between_is_finished_when_it_is_repeated),
	    cmocka_unit_test(what_is_repeated_in_parts_is_known_in_parts),
	    cmocka_unit_test(a_copy_that_is_gone_is_made_again),
	    cmocka_unit_test(other_commands_make_copies_of_their_own),
	    cmocka_unit_test(another_mailbox_of_the_same_numbers_is_another),
	    cmocka_unit_test(there_is_one_note_for_two_mailboxes),
	    cmocka_unit_test(a_damaged_note_is_found_and_mended),
	    cmocka_unit_test(rights_decide_before_anything_is_copied),
	    cmocka_unit_test(
		whatever_fails_nothing_is_lost_and_nothing_is_there_twice),
	    cmocka_unit_test(accounts_move_to_each_other_at_once),
	    cmocka_unit_test(who_moves_the_same_at_once_makes_one_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
