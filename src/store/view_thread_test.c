// SPDX-License-Identifier: Apache-2.0
// Threads in views: the emails of a thread, and the threads of emails, against
// what the records say, with and without derived data, while mail comes, goes
// and comes back.
#include "store/view_test_tools.h"

#include "store/derive_impl.h"
#include "store/emails_set.h"
#include "store/kept.h"
#include "store/thread_blocks.h"

#define STEPS      300
#define EMAILS_MAX 2048
#define VIEWS      4

// The test's random state, set at the start of each.
static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407;
	return (unsigned)(random_state >> 33) % limit;
}

// ---- A few cases -----------------------------------------------------------

static void append_at(struct bed *bed, struct store_mailbox *mailbox,
    const char *text, int64_t date)
{
	struct store_append append = {.draft = bed_draft(bed, text),
	    .has_date = true,
	    .internal_date = date};
	struct store_appended appended;
	assert_int_equal(
	    store_append(mailbox, &append, 1, &bed->fault, &appended), RC_OK);
	store_draft_free(&append.draft);
}

static void assert_thread(
    struct bed *bed, uint64_t thread_id, const uint64_t *ids, size_t count)
{
	struct store_view *view = bed_view(bed);
	const struct store_view_thread_email *emails;
	size_t found = 0;
	enum rc rc = store_view_thread(view, thread_id, &emails, &found);
	assert_int_equal(rc, count ? RC_OK : RC_NOT_FOUND);
	assert_int_equal(found, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(emails[i].email_id, ids[i]);
	store_view_close(&view);
}

// By receivedAt, whatever the order of ids; without what is hidden or gone,
// also when that is the email that began the thread.
static void test_order_and_life(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t modseq;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_at(&bed, inbox, "Message-ID: <1@x>\r\n\r\na\r\n", 300);
	append_at(&bed, inbox, "In-Reply-To: <1@x>\r\n\r\nb\r\n", 100);
	append_at(&bed, inbox, "Subject: alone\r\n\r\nb\r\n", 50);
	append_at(&bed, inbox, "References: <1@x>\r\n\r\nc\r\n", 300);
	uint64_t a = bed_email_at(inbox, 1);
	uint64_t alone = bed_email_at(inbox, 3);
	assert_thread(&bed, a, (uint64_t[]){a + 1, a, a + 3}, 3);
	assert_thread(&bed, a + 1, NULL, 0);
	assert_thread(&bed, alone, &alone, 1);
	assert_thread(&bed, 0, NULL, 0);
	assert_thread(&bed, UINT64_MAX, NULL, 0);
	bed_flags(&bed, inbox, 1, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
	assert_thread(&bed, a, (uint64_t[]){a + 1, a + 3}, 2);
	assert_int_equal(
	    store_expunge(inbox, NULL, &bed.fault, &modseq), RC_OK);
	assert_thread(&bed, a, (uint64_t[]){a + 1, a + 3}, 2);
	append_at(&bed, inbox, "In-Reply-To: <1@x>\r\n\r\nd\r\n", 1);
	assert_thread(&bed, a, (uint64_t[]){a + 4, a + 1, a + 3}, 3);
	store_mailbox_close(&inbox);
	bed_reopen(&bed, (struct store_options){0});
	assert_thread(&bed, a, (uint64_t[]){a + 4, a + 1, a + 3}, 3);
	bed_close(&bed);
}

static void test_damaged_records(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_at(&bed, inbox, "Message-ID: <1@x>\r\n\r\na\r\n", 1);
	append_at(&bed, inbox, "In-Reply-To: <1@x>\r\n\r\nb\r\n", 2);
	append_at(&bed, inbox, "In-Reply-To: <1@x>\r\n\r\nb\r\n", 3);
	uint64_t a = bed_email_at(inbox, 1);
	store_mailbox_close(&inbox);
	struct engine_batch *batch = engine_batch_new(bed.engine);
	struct record_key key = record_key_u64(RECORD_EMAIL, a + 1);
	engine_batch_put(batch, record_key_view(&key), VIEW("short"));
	commit_quietly(bed.engine, 1000, batch);
	engine_batch_free(&batch);
	bed_reopen(&bed, (struct store_options){0});
	assert_thread(&bed, a, (uint64_t[]){a, a + 2}, 2);
	struct store_view *view = bed_view(&bed);
	uint64_t ids[] = {a, a + 1, a + 2, a + 3};
	uint64_t threads[4];
	assert_int_equal(store_view_threads_of(view, ids, 4, threads), RC_OK);
	assert_int_equal(threads[0], a);
	assert_int_equal(threads[1], 0);
	assert_int_equal(threads[2], a);
	assert_int_equal(threads[3], 0);
	assert_int_equal(
	    store_view_thread_of(view, a + 1, threads), RC_CORRUPT);
	store_view_close(&view);
	bed_close(&bed);
}

// An answer cannot be in a thread that began after it.
static void test_damaged_thread(void **state)
{
	(void)state;
	struct bed bed;
	struct buf value;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_at(&bed, inbox, "Message-ID: <1@x>\r\n\r\na\r\n", 1);
	uint64_t a = bed_email_at(inbox, 1);
	store_mailbox_close(&inbox);
	struct record_key key = record_key_u64(RECORD_EMAIL, a);
	buf_init(&value, ENGINE_VALUE_MAX);
	assert_int_equal(
	    engine_get(bed.engine, 1000, record_key_view(&key), &value), RC_OK);
	value.ptr[0]++; // the thread's id
	struct engine_batch *batch = engine_batch_new(bed.engine);
	engine_batch_put(batch, record_key_view(&key), buf_view(&value));
	commit_quietly(bed.engine, 1000, batch);
	engine_batch_free(&batch);
	buf_done(&value);
	bed_check(&bed, false, 1);
	assert_thread(&bed, a, NULL, 0);
	assert_thread(&bed, a + 1, NULL, 0);
	bed_close(&bed);
}

// A moment before the table was made: what was gone when it was made is found.
static void test_a_view_older_than_the_table(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t modseq;
	uint64_t thread;
	const struct store_view_thread_email *emails;
	size_t count;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_at(&bed, inbox, "Message-ID: <1@x>\r\n\r\na\r\n", 1);
	uint64_t a = bed_email_at(inbox, 1);
	struct store_view *old = bed_view(&bed);
	bed_flags(&bed, inbox, 1, STORE_FLAGS_ADD, STORE_FLAG_DELETED, NULL);
	assert_int_equal(
	    store_expunge(inbox, NULL, &bed.fault, &modseq), RC_OK);
	struct store_view *now = bed_view(&bed);
	assert_int_equal(store_view_threads_of(now, &a, 1, &thread), RC_OK);
	assert_int_equal(thread, 0);
	assert_int_equal(store_view_threads_of(old, &a, 1, &thread), RC_OK);
	assert_int_equal(thread, a);
	assert_int_equal(store_view_thread(old, a, &emails, &count), RC_OK);
	assert_int_equal(count, 1);
	store_view_close(&old);
	store_view_close(&now);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// ---- Random changes --------------------------------------------------------

static void append_some(struct bed *bed, struct store_mailbox *mailbox)
{
	char text[200];
	struct store_append appends[40];
	struct store_appended appended;
	size_t count = 1 + random_below(random_below(4) ? 4 : 40);
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text),
		    "Message-ID: <%u@x>\r\nIn-Reply-To: <%u@x>\r\n\r\nx\r\n",
		    random_below(60), random_below(90));
		appends[i] = (struct store_append){
		    .draft = bed_draft(bed, text),
		    .flags.system = random_below(9) ? 0 : STORE_FLAG_DELETED,
		    .has_date = true,
		    .internal_date = random_below(20)};
	}
	assert_int_equal(
	    store_append(mailbox, appends, count, &bed->fault, &appended),
	    RC_OK);
	for (size_t i = 0; i < count; i++)
		store_draft_free(&appends[i].draft);
}

struct kept {
	struct store_kept_id ids[STORE_KEPT_AT_ONCE];
	size_t count;
};

static enum rc note_kept(void *context, const struct store_kept *one)
{
	struct kept *kept = context;
	if (kept->count == 5)
		return RC_END;
	kept->ids[kept->count++] = one->id;
	return RC_OK;
}

static void bring_back(struct bed *bed, struct store_mailbox *mailbox)
{
	struct kept kept = {.count = 0};
	size_t restored;
	assert_int_equal(
	    store_kept_walk(bed->account, note_kept, &kept), RC_OK);
	assert_int_equal(store_kept_restore(mailbox, kept.ids, kept.count,
			     &bed->fault, &restored),
	    RC_OK);
}

static void change_some(
    struct bed *bed, struct store_mailbox *from, struct store_mailbox *to)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(from);
	struct rangeset uids;
	struct rangeset none;
	struct store_copied copied;
	uint64_t modseq;
	uint32_t first = 1 + random_below(store_snapshot_uidnext(snapshot));
	store_snapshot_unref(&snapshot);
	rangeset_init(&uids);
	rangeset_init(&none);
	rangeset_add(&uids, first, first + random_below(12));
	struct store_flags_change flags = {
	    .operation = random_below(3), .flags.system = STORE_FLAG_DELETED};
	enum rc rc = RC_OK;
	switch (random_below(8)) {
	case 0:
	case 1:
	case 2: append_some(bed, from); break;
	case 3:
		rc = store_copy(
		    from, &uids, to, random_below(2), &bed->fault, &copied);
		store_copied_done(&copied);
		break;
	case 4:
		rc = store_flags_change(
		    from, &uids, &flags, &bed->fault, NULL, &modseq);
		break;
	case 5:
		rc = store_take_away(from, &uids, &none, &bed->fault, &modseq);
		break;
	case 6: rc = store_expunge(from, NULL, &bed->fault, &modseq); break;
	case 7: bring_back(bed, to); break;
	}
	assert_int_equal(rc, RC_OK);
	rangeset_done(&uids);
}

// What the records say at the moment of a view.
struct truth {
	uint64_t threads[EMAILS_MAX]; // of each email; 0: it does not exist
	int64_t dates[EMAILS_MAX];    // -1: it is not visible
};

static void read_truth(struct store_view *view, struct truth *truth)
{
	for (uint64_t id = 0; id < EMAILS_MAX; id++) {
		struct message_record record;
		struct store_view_email email;
		enum rc rc = store_reader_record(
		    store_view_reader(view), id, &record, &truth->threads[id]);
		if (rc != RC_OK) {
			assert_int_equal(rc, RC_GONE);
			truth->threads[id] = 0;
		}
		truth->dates[id] = -1;
		if (store_view_email(view, id, &email) == RC_OK)
			truth->dates[id] = email.received_at;
	}
}

static void compare(struct store_view *view, const struct truth *truth)
{
	static uint64_t ids[EMAILS_MAX];
	static uint64_t threads[EMAILS_MAX];
	unsigned counts[EMAILS_MAX] = {0};
	size_t count = 0;
	for (uint64_t id = 1; id < EMAILS_MAX; id++) {
		if (truth->threads[id])
			ids[count++] = id;
		if (truth->dates[id] >= 0)
			counts[truth->threads[id]]++;
	}
	assert_int_equal(
	    store_view_threads_of(view, ids, count, threads), RC_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(threads[i], truth->threads[ids[i]]);
	for (uint64_t id = 1; id < EMAILS_MAX; id += 1 + random_below(5)) {
		const struct store_view_thread_email *emails;
		size_t found = 0;
		enum rc rc = store_view_thread(view, id, &emails, &found);
		assert_int_equal(rc, counts[id] ? RC_OK : RC_NOT_FOUND);
		assert_int_equal(found, counts[id]);
		for (size_t i = 0; i < found; i++) {
			uint64_t email = emails[i].email_id;
			assert_int_equal(truth->threads[email], id);
			assert_int_equal(
			    truth->dates[email], emails[i].received_at);
			assert_true(i == 0 || emails[i - 1].received_at <=
						  emails[i].received_at);
		}
	}
}

static void derive_some(struct bed *bed)
{
	bool more = true;
	uint64_t dropped;
	unsigned pieces = random_below(4);
	if (random_below(8) == 0)
		assert_int_equal(
		    store_derived_drop_all(bed->store, &bed->fault, &dropped),
		    RC_OK);
	for (unsigned i = 0; i < pieces && more; i++)
		assert_int_equal(
		    store_derive_step(bed->store, 1000, true, &more), RC_OK);
}

// Views stay open while the account changes, and are asked only later.
static void run(uint64_t seed)
{
	static struct truth truth[VIEWS];
	struct store_view *views[VIEWS] = {NULL};
	struct store_options options = {
	    .kept_seconds = 1000, .changes_max = seed % 3 ? 0 : 4};
	struct bed bed;
	random_state = seed;
	bed_open(&bed, options);
	for (size_t i = 0; i < STEPS; i++) {
		struct store_mailbox *from =
		    bed_mailbox(&bed, random_below(2) ? "INBOX" : "Archive");
		struct store_mailbox *to = bed_mailbox(&bed, "Archive");
		change_some(&bed, from, to);
		store_mailbox_close(&from);
		store_mailbox_close(&to);
		if (random_below(3) == 0)
			derive_some(&bed);
		unsigned n = random_below(VIEWS);
		if (views[n])
			compare(views[n], &truth[n]);
		store_view_close(&views[n]);
		if (random_below(25) == 0) {
			for (n = 0; n < VIEWS; n++)
				store_view_close(&views[n]);
			bed_reopen(&bed, options);
		}
		n = random_below(VIEWS);
		if (!views[n]) {
			views[n] = bed_view(&bed);
			read_truth(views[n], &truth[n]);
		}
		if (random_below(2))
			compare(views[n], &truth[n]);
	}
	for (unsigned n = 0; n < VIEWS; n++)
		store_view_close(&views[n]);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void test_random_changes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		run(seed);
}

// ---- Blocks ----------------------------------------------------------------

static void test_blocks(void **state)
{
	const struct {
		struct view bytes;
		enum rc rc; // of the second take
	} rows[] = {
	    {VIEW("\1\0\2\1"), RC_OK},
	    {VIEW("\1\0"), RC_END},
	    {VIEW("\1\0\2"), RC_CORRUPT},       // cut off
	    {VIEW("\1\0\2\200\0"), RC_CORRUPT}, // longer than necessary
	    {VIEW("\1\0\2\202\4"), RC_CORRUPT}, // below the first email
	    {VIEW("\1\0\2\377\377\377\377\377\377\377\377\377\1"), RC_CORRUPT},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view rest = rows[i].bytes;
		uint64_t email;
		uint64_t thread;
		assert_int_equal(
		    thread_block_take(&rest, 2, &email, &thread), RC_OK);
		assert_int_equal(email, 513);
		assert_int_equal(thread, 513);
		enum rc rc = thread_block_take(&rest, 2, &email, &thread);
		assert_int_equal(rc, rows[i].rc);
		if (rc == RC_OK)
			assert_int_equal(thread, 513);
	}
	struct buf block;
	buf_init(&block, 100);
	thread_block_put(70000, 3, &block);
	struct view rest = buf_view(&block);
	uint64_t email;
	uint64_t thread;
	assert_int_equal(
	    thread_block_take(&rest, 70000 / 256, &email, &thread), RC_OK);
	assert_int_equal(email, 70000);
	assert_int_equal(thread, 3);
	buf_done(&block);
}

// A damaged block is found by the check and dropped, and answers stay right.
static void test_damaged_block(void **state)
{
	(void)state;
	struct bed bed;
	bool more = true;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	random_state = 9;
	for (int i = 0; i < 40; i++)
		append_some(&bed, inbox);
	store_mailbox_close(&inbox);
	while (more)
		assert_int_equal(
		    store_derive_step(bed.store, 1000, true, &more), RC_OK);
	uint64_t partition = derive_partition(threads_tenant.number, 1000);
	struct record_key key = record_key_u64('B', 0);
	struct engine_batch *batch = engine_batch_new(bed.engine);
	uint64_t version;
	assert_int_equal(
	    engine_version(bed.engine, partition, &version), RC_OK);
	assert_true(version > 0);
	engine_batch_put(batch, record_key_view(&key), VIEW("\1"));
	assert_int_equal(
	    engine_commit(bed.engine, partition, version, batch, &bed.fault),
	    RC_OK);
	engine_batch_free(&batch);
	bed_reopen(&bed, (struct store_options){0});
	static struct truth truth;
	struct store_view *view = bed_view(&bed);
	read_truth(view, &truth);
	compare(view, &truth);
	store_view_close(&view);
	bed_check(&bed, false, 1);
	bed_check(&bed, true, 1);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order_and_life),
	    cmocka_unit_test(test_damaged_records),
	    cmocka_unit_test(test_damaged_thread),
	    cmocka_unit_test(test_a_view_older_than_the_table),
	    cmocka_unit_test(test_random_changes),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_damaged_block),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
