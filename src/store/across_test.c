// SPDX-License-Identifier: Apache-2.0
// COPY and MOVE between accounts: what arrives, what both accounts own, what is
// left when a MOVE fails between its two commits, and what is repeated.
#include "base/test.h"
#include "store/across_test_tools.h"
#include "store/record.h"

// ---- What arrives ----------------------------------------------------------

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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
