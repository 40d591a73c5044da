// SPDX-License-Identifier: Apache-2.0
// Views: mailboxes with their parents and roles, emails with what all their
// places say, and that everything is of the moment at which the view was
// opened.
#include "store/view_test_tools.h"

#define GUEST 2000

// ---- Mailboxes -------------------------------------------------------------

static void test_mailboxes(void **state)
{
	static const struct {
		const char *name;
		const char *parent;
		const char *own_name;
		unsigned role;
	} rows[] = {
	    {"INBOX", NULL, "INBOX", 0},
	    {"INBOX/x", "INBOX", "x", 0},
	    {"Archive", NULL, "Archive", STORE_USE_ARCHIVE},
	    {"Drafts", NULL, "Drafts", STORE_USE_DRAFTS},
	    {"Sent", NULL, "Sent", STORE_USE_SENT},
	    // the second one with this use
	    {"A", NULL, "A", 0},
	    // has two uses, one of which is another's
	    {"B", NULL, "B", STORE_USE_FLAGGED},
	    {"a", NULL, "a", 0},
	    {"a/b", "a", "b", 0},
	    {"a/b/c", "a/b", "c", 0},
	    {"a b", NULL, "a b", 0},
	    // "g" and "g/h/i" do not exist
	    {"g/h", NULL, "g/h", 0},
	    {"g/h/i/j", "g/h", "i/j", 0},
	};
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	bed_create(&bed, "INBOX/x", 0);
	bed_create(&bed, "A", STORE_USE_SENT);
	bed_create(&bed, "B", STORE_USE_SENT | STORE_USE_FLAGGED);
	bed_create(&bed, "a/b/c", 0);
	bed_create(&bed, "a b", 0);
	bed_create(&bed, "g/h/i/j", 0);
	static const char *const away[] = {"g", "g/h/i"};
	for (size_t i = 0; i < ARRAY_LEN(away); i++)
		assert_int_equal(store_mailbox_delete(&bed.asker, bed.account,
				     view_of_string(away[i]), &bed.fault),
		    RC_OK);
	struct store_view *view = bed_view(&bed);
	size_t count = store_view_mailbox_count(view);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t at = 0;
		while (at < count &&
		       !view_eq(store_view_mailbox(view, at)->info.name,
			   view_of_string(rows[i].name)))
			at++;
		assert_true(at < count);
		const struct store_view_mailbox *box =
		    store_view_mailbox(view, at);
		assert_true(
		    view_eq(box->own_name, view_of_string(rows[i].own_name)));
		assert_int_equal(box->role, rows[i].role);
		assert_int_equal(
		    store_view_find(view, box->info.mailbox_id), at);
		if (!rows[i].parent) {
			assert_int_equal(box->parent_id, 0);
			continue;
		}
		size_t parent = store_view_find(view, box->parent_id);
		assert_true(parent < at);
		assert_true(view_eq(store_view_mailbox(view, parent)->info.name,
		    view_of_string(rows[i].parent)));
	}
	assert_int_equal(store_view_find(view, 0), count);
	assert_int_equal(store_view_find(view, 9999), count);
	store_view_close(&view);
	bed_close(&bed);
}

// ---- Emails ----------------------------------------------------------------

static void test_email_of_several_places(void **state)
{
	(void)state;
	struct bed bed;
	struct store_view_email email;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *archive = bed_mailbox(&bed, "Archive");
	bed_append(&bed, inbox, "Subject: a\r\n\r\na\r\n",
	    (struct store_flags){.system = STORE_FLAG_SEEN});
	uint64_t id = bed_email_at(inbox, 1);
	bed_copy(&bed, inbox, 1, archive);
	bed_copy(&bed, inbox, 1, archive);
	bed_flags(&bed, archive, 1, STORE_FLAGS_SET, STORE_FLAG_FLAGGED,
	    "$Forwarded");
	bed_flags(&bed, archive, 2, STORE_FLAGS_SET, 0, "Work");
	bed_flags(&bed, inbox, 1, STORE_FLAGS_ADD, 0, "WORK");

	struct store_view *view = bed_view(&bed);
	assert_int_equal(store_view_email(view, id, &email), RC_OK);
	assert_int_equal(email.place_count, 3);
	assert_int_equal(email.flags, STORE_FLAG_SEEN | STORE_FLAG_FLAGGED);
	assert_keywords(&email, "$forwarded work");
	assert_int_equal(email.size, 17);
	assert_int_equal(email.places[0].mailbox_id, store_mailbox_id(inbox));
	assert_int_equal(email.places[2].mailbox_id, store_mailbox_id(archive));
	assert_int_equal(email.places[2].uid, 2);
	assert_int_equal(store_view_email(view, id + 1, &email), RC_NOT_FOUND);
	store_view_close(&view);

	// Places with \Deleted are not there, nor is what they say.
	bed_flags(&bed, archive, 1, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
	view = bed_view(&bed);
	assert_int_equal(store_view_email(view, id, &email), RC_OK);
	assert_int_equal(email.place_count, 2);
	assert_int_equal(email.flags, STORE_FLAG_SEEN);
	assert_keywords(&email, "work");
	store_view_close(&view);
	bed_flags(&bed, archive, 2, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
	bed_flags(&bed, inbox, 1, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
	view = bed_view(&bed);
	assert_int_equal(store_view_email(view, id, &email), RC_NOT_FOUND);
	store_view_close(&view);
	store_mailbox_close(&inbox);
	store_mailbox_close(&archive);
	bed_close(&bed);
}

static void test_threads_of_emails(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t first;
	uint64_t second;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(&bed, inbox, "Message-ID: <1@x>\r\n\r\na\r\n",
	    (struct store_flags){0});
	bed_append(&bed, inbox, "In-Reply-To: <1@x>\r\n\r\na\r\n",
	    (struct store_flags){0});
	struct store_view *view = bed_view(&bed);
	struct message_record record;
	uint64_t thread;
	assert_int_equal(
	    store_view_thread_of(view, bed_email_at(inbox, 1), &first), RC_OK);
	assert_int_equal(
	    store_view_thread_of(view, bed_email_at(inbox, 2), &second), RC_OK);
	assert_int_equal(first, second);
	assert_int_equal(store_reader_record(store_view_reader(view),
			     bed_email_at(inbox, 2), &record, &thread),
	    RC_OK);
	assert_int_equal(thread, first);
	assert_int_equal(
	    store_view_thread_of(view, 4711, &first), RC_NOT_FOUND);
	store_view_close(&view);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// ---- One moment ------------------------------------------------------------

// The view goes on to tell of its moment when messages come and go, also of a
// mailbox that was not in memory when the view was opened.
static void test_one_moment(void **state)
{
	(void)state;
	for (int reopened = 0; reopened < 2; reopened++) {
		struct bed bed;
		struct store_view_email email;
		struct store_snapshot *snapshot;
		uint64_t modseq;
		bed_open(&bed, (struct store_options){0});
		struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
		bed_append(&bed, inbox, "Subject: a\r\n\r\na\r\n",
		    (struct store_flags){0});
		uint64_t id = bed_email_at(inbox, 1);
		if (reopened) {
			store_mailbox_close(&inbox);
			bed_reopen(&bed, (struct store_options){0});
		}
		struct store_view *view = bed_view(&bed);
		if (reopened)
			inbox = bed_mailbox(&bed, "INBOX");
		uint64_t version;
		assert_int_equal(
		    store_account_version(bed.account, &version), RC_OK);
		assert_int_equal(store_view_version(view), version);
		bed_flags(
		    &bed, inbox, 1, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
		assert_int_equal(
		    store_expunge(inbox, NULL, &bed.fault, &modseq), RC_OK);
		bed_append(&bed, inbox, "Subject: b\r\n\r\nb\r\n",
		    (struct store_flags){0});
		size_t at = store_view_find(view, store_mailbox_id(inbox));
		const struct store_view_mailbox *box =
		    store_view_mailbox(view, at);
		assert_int_equal(box->info.messages, 1);
		assert_int_equal(box->info.uidnext, 2);
		assert_int_equal(
		    store_view_snapshot(view, at, &bed.fault, &snapshot),
		    RC_OK);
		assert_int_equal(store_snapshot_count(snapshot), 1);
		assert_int_equal(store_view_email(view, id, &email), RC_OK);
		assert_int_equal(email.places[0].uid, 1);
		assert_int_equal(
		    store_view_email(view, id + 1, &email), RC_NOT_FOUND);
		store_view_close(&view);

		view = bed_view(&bed);
		assert_int_equal(
		    store_view_email(view, id, &email), RC_NOT_FOUND);
		assert_int_equal(store_view_email(view, id + 1, &email), RC_OK);
		store_view_close(&view);
		store_mailbox_close(&inbox);
		bed_close(&bed);
	}
}

// Another store on the same engine commits: the next view has it.
static void test_another_handle(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_options options = {.engine = bed.engine};
	struct store *other = store_new(&options);
	struct store_account *account;
	struct store_mailbox *inbox;
	assert_int_equal(
	    store_account_open(other, 1000, &bed.fault, &account), RC_OK);
	struct store_view *before = bed_view(&bed);
	assert_int_equal(store_mailbox_open(&bed.asker, account, VIEW("INBOX"),
			     STORE_RIGHT_READ, &bed.fault, &inbox),
	    RC_OK);
	bed_append(
	    &bed, inbox, "Subject: a\r\n\r\na\r\n", (struct store_flags){0});
	struct store_view *after = bed_view(&bed);
	struct store_view_email email;
	assert_int_equal(
	    store_view_version(after), store_view_version(before) + 1);
	uint64_t id = bed_email_at(inbox, 1);
	assert_int_equal(store_view_email(before, id, &email), RC_NOT_FOUND);
	assert_int_equal(store_view_email(after, id, &email), RC_OK);
	store_view_close(&before);
	store_view_close(&after);
	store_mailbox_close(&inbox);
	store_account_close(&account);
	store_free(&other);
	bed_close(&bed);
}

// ---- Watching --------------------------------------------------------------

static void count_call(void *context)
{
	++*(unsigned *)context;
}

static void test_watch(void **state)
{
	(void)state;
	struct bed bed;
	unsigned calls = 0;
	bed_open(&bed, (struct store_options){0});
	struct store_watch *watch =
	    store_watch_new(bed.account, count_call, &calls);
	struct store_watch *second =
	    store_watch_new(bed.account, count_call, &calls);
	store_watch_free(&second);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(
	    &bed, inbox, "Subject: a\r\n\r\na\r\n", (struct store_flags){0});
	assert_int_equal(calls, 1);
	// Nothing changes, so nobody is called.
	bed_flags(&bed, inbox, 1, STORE_FLAGS_SET, 0, NULL);
	assert_int_equal(calls, 1);
	bed_flags(&bed, inbox, 1, STORE_FLAGS_ADD, STORE_FLAG_SEEN, NULL);
	bed_create(&bed, "a", 0);
	assert_int_equal(calls, 3);

	struct store_options options = {.engine = bed.engine};
	struct store *other = store_new(&options);
	struct bed there = bed;
	there.store = other;
	assert_int_equal(
	    store_account_open(other, 1000, &there.fault, &there.account),
	    RC_OK);
	bed_create(&there, "b", 0);
	assert_int_equal(calls, 4);
	store_account_close(&there.account);
	store_free(&other);

	store_watch_free(&watch);
	bed_create(&bed, "c", 0);
	assert_int_equal(calls, 4);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// The watch keeps the account open, and tells that it has been removed.
static void test_watch_of_an_account_that_goes(void **state)
{
	(void)state;
	struct bed bed;
	unsigned calls = 0;
	bed_open(&bed, (struct store_options){0});
	struct store_watch *watch =
	    store_watch_new(bed.account, count_call, &calls);
	store_account_close(&bed.account);
	assert_true(store_account_is_open(bed.store, 1000));
	assert_int_equal(
	    store_account_remove(bed.store, 1000, &bed.fault), RC_IN_USE);
	assert_int_equal(
	    engine_partition_drop(bed.engine, 1000, &bed.fault), RC_OK);
	assert_int_equal(calls, 1);
	store_watch_free(&watch);
	assert_false(store_account_is_open(bed.store, 1000));
	bed_close(&bed);
}

// ---- Rights and damage -----------------------------------------------------

static unsigned guest_rights(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	const unsigned *rights = context;
	(void)asker;
	(void)account_id;
	return mailbox_id < 4 ? rights[mailbox_id] : 0;
}

static void test_rights(void **state)
{
	(void)state;
	unsigned rights[4] = {0};
	struct bed bed;
	struct store_view_email email;
	struct store_snapshot *snapshot;
	bed_open(
	    &bed, (struct store_options){.sharing = {guest_rights, rights}});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *drafts = bed_mailbox(&bed, "Drafts");
	assert_true(
	    store_mailbox_id(inbox) < 4 && store_mailbox_id(drafts) < 4);
	bed_append(&bed, inbox, "Subject: a\r\n\r\na\r\n",
	    (struct store_flags){.system = STORE_FLAG_SEEN});
	uint64_t id = bed_email_at(inbox, 1);
	bed_copy(&bed, inbox, 1, drafts);
	bed_flags(&bed, drafts, 1, STORE_FLAGS_SET, STORE_FLAG_DRAFT, NULL);

	bed.asker = store_user(GUEST);
	struct store_view *view = bed_view(&bed);
	assert_int_equal(store_view_mailbox_count(view), 0);
	assert_int_equal(store_view_email(view, id, &email), RC_NOT_FOUND);
	store_view_close(&view);
	rights[store_mailbox_id(inbox)] = STORE_RIGHT_LOOKUP;
	rights[store_mailbox_id(drafts)] =
	    STORE_RIGHT_LOOKUP | STORE_RIGHT_READ;
	view = bed_view(&bed);
	assert_int_equal(store_view_mailbox_count(view), 2);
	size_t at = store_view_find(view, store_mailbox_id(inbox));
	assert_int_equal(
	    store_view_snapshot(view, at, &bed.fault, &snapshot), RC_DENIED);
	assert_int_equal(store_view_email(view, id, &email), RC_OK);
	assert_int_equal(email.place_count, 1);
	assert_int_equal(email.flags, STORE_FLAG_DRAFT);
	store_view_close(&view);
	store_mailbox_close(&inbox);
	store_mailbox_close(&drafts);
	bed_close(&bed);
}

// A mailbox whose messages cannot be read hides only its own places.
static void test_damaged_mailbox(void **state)
{
	(void)state;
	struct bed bed;
	struct store_view_email email;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *drafts = bed_mailbox(&bed, "Drafts");
	for (int i = 0; i < 2; i++)
		bed_append(&bed, inbox, "Subject: a\r\n\r\na\r\n",
		    (struct store_flags){0});
	uint64_t both = bed_email_at(inbox, 1);
	uint64_t one = bed_email_at(inbox, 2);
	bed_copy(&bed, inbox, 1, drafts);
	struct engine_batch *batch = engine_batch_new(bed.engine);
	struct record_key key = record_key_chunk(store_mailbox_id(inbox), 1);
	store_mailbox_close(&inbox);
	store_mailbox_close(&drafts);
	engine_batch_put(batch, record_key_view(&key), VIEW("\7"));
	commit_quietly(bed.engine, 1000, batch);
	engine_batch_free(&batch);
	bed_reopen(&bed, (struct store_options){0});
	struct store_view *view = bed_view(&bed);
	assert_int_equal(store_view_email(view, both, &email), RC_OK);
	assert_int_equal(email.place_count, 1);
	assert_int_equal(store_view_email(view, one, &email), RC_CORRUPT);
	store_view_close(&view);
	bed_close(&bed);
}

static void test_account_that_is_gone(void **state)
{
	(void)state;
	struct bed bed;
	struct store_view *view;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(
	    engine_partition_drop(bed.engine, 1000, &bed.fault), RC_OK);
	assert_int_equal(
	    store_view_open(&bed.asker, bed.account, &bed.fault, &view),
	    RC_NOT_FOUND);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mailboxes),
	    cmocka_unit_test(test_email_of_several_places),
	    cmocka_unit_test(test_threads_of_emails),
	    cmocka_unit_test(test_one_moment),
	    cmocka_unit_test(test_another_handle),
	    cmocka_unit_test(test_watch),
	    cmocka_unit_test(test_watch_of_an_account_that_goes),
	    cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_damaged_mailbox),
	    cmocka_unit_test(test_account_that_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
