// SPDX-License-Identifier: Apache-2.0
// The change log: its records byte by byte, what it costs, its horizon, paging,
// and its check.
#include "store/store_test_tools.h"

#include "base/test.h"
#include "store/change_record.h"
#include "store/changes.h"
#include "store/record.h"

// ---- Records ---------------------------------------------------------------

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}
#define RUN(kind_, mailbox_, uid_, count_, email_)                             \
	{                                                                      \
		.kind = STORE_CHANGE_##kind_, .mailbox_id = (mailbox_),        \
		.uid = (uid_), .count = (count_), .email_id = (email_)         \
	}
#define BOX(kind_, mailbox_, what_)                                            \
	{                                                                      \
		.kind = STORE_CHANGE_##kind_, .mailbox_id = (mailbox_),        \
		.what = (what_), .count = 1                                    \
	}

#define GONE(mailbox_, uid_, count_, email_, thread_, hidden_)                 \
	{                                                                      \
		.kind = STORE_CHANGE_EMAIL_GONE, .mailbox_id = (mailbox_),     \
		.uid = (uid_), .count = (count_), .email_id = (email_),        \
		.thread_id = (thread_), .hidden = (hidden_)                    \
	}
#define OBJECT(kind_, object_kind_, id_)                                       \
	{                                                                      \
		.kind = STORE_CHANGE_##kind_, .object_kind = (object_kind_),   \
		.object_id = (id_), .count = 1                                 \
	}

static const struct {
	const char *name;
	struct view bytes;
	struct store_change changes[4]; // ended by one with count 0
} records[] = {
    {"nothing", BYTES("\1"), {{0}}},
    {"a message comes", BYTES("\1\4\1\5\0\x12\0"),
	{RUN(EMAIL_MADE, 1, 5, 1, 9)}},
    {"three come", BYTES("\1\4\1\5\2\x12\0"), {RUN(EMAIL_MADE, 1, 5, 3, 9)}},
    {"copies of emails apart", BYTES("\1\5\2\1\0\x14\1\0\5\0"),
	{RUN(PLACE_MADE, 2, 1, 1, 10), RUN(PLACE_MADE, 2, 2, 1, 7)}},
    {"flags of all", BYTES("\1\6\x81\1\1\x9f\x8d\6\0"),
	{RUN(FLAGS, 129, 1, 100000, 0)}},
    {"flags of every second", BYTES("\1\6\1\1\0\2\0\2\0\0"),
	{RUN(FLAGS, 1, 1, 1, 0), RUN(FLAGS, 1, 3, 1, 0),
	    RUN(FLAGS, 1, 5, 1, 0)}},
    {"the last UID", BYTES("\1\6\1\xff\xff\xff\xff\xf\0\0"),
	{RUN(FLAGS, 1, UINT32_MAX, 1, 0)}},
    {"a move", BYTES("\1\5\2\1\0\6\0\7\1\4\0\6\0"),
	{RUN(PLACE_MADE, 2, 1, 1, 3), RUN(PLACE_GONE, 1, 4, 1, 3)}},
    {"mailboxes", BYTES("\1\1\7\2\5\3\3\6"),
	{BOX(MAILBOX_MADE, 7, 0),
	    BOX(MAILBOX, 5, STORE_CHANGED_NAME | STORE_CHANGED_SPECIAL_USE),
	    BOX(MAILBOX_GONE, 6, 0)}},
    {"a name without mailbox", BYTES("\1\2\0\4"),
	{BOX(MAILBOX, 0, STORE_CHANGED_SUBSCRIPTION)}},
    {"\\Deleted is set and removed", BYTES("\1\xd\1\5\0\x12\0\xe\1\6\0\x14\0"),
	{RUN(HIDDEN, 1, 5, 1, 9), RUN(SHOWN, 1, 6, 1, 10)}},
    {"emails go", BYTES("\1\x8\1\5\1\x12\0"), {GONE(1, 5, 2, 9, 0, false)}},
    {"with \\Deleted", BYTES("\1\x28\1\5\1\x12\0"),
	{GONE(1, 5, 2, 9, 0, true)}},
    {"of another thread", BYTES("\1\xf\1\5\1\x12\4\0"),
	{GONE(1, 5, 2, 9, 5, false)}},
    {"of two threads, with \\Deleted", BYTES("\1\x2f\1\5\0\x12\4\1\0\2\4\0"),
	{GONE(1, 5, 1, 9, 5, true), GONE(1, 6, 1, 10, 6, true)}},
    {"objects", BYTES("\1\xa\1\7\xb\2\1\xc\1\x81\1"),
	{OBJECT(OBJECT_MADE, 1, 7), OBJECT(OBJECT, 2, 1),
	    OBJECT(OBJECT_GONE, 1, 129)}},
};

static const struct {
	const char *name;
	struct view bytes;
} damaged[] = {
    {"nothing at all", BYTES("")},
    {"another format", BYTES("\2")},
    {"an unknown kind", BYTES("\1\xa\1")},
    {"kind 0", BYTES("\1\0\1")},
    {"no mailbox", BYTES("\1\1")},
    {"mailbox 0 made", BYTES("\1\1\0")},
    {"mailbox 0 renamed", BYTES("\1\2\0\1")},
    {"nothing of it changed", BYTES("\1\2\1\0")},
    {"what is not known", BYTES("\1\2\1\x10")},
    {"flags of nothing", BYTES("\1\6\1\0")},
    {"a run cut short", BYTES("\1\6\1\1")},
    {"runs without end", BYTES("\1\6\1\1\0")},
    {"runs that touch", BYTES("\1\6\1\1\0\1\0\0")},
    {"places that touch", BYTES("\1\4\1\1\0\2\1\0\2\0")},
    {"an item that goes on", BYTES("\1\6\1\1\0\0\6\1\3\0\0")},
    {"a longer number than need be", BYTES("\1\6\x81\0\1\0\0")},
    {"a number without end", BYTES("\1\6\x81\x81\x81\x81\x81\x81\x81\x81\x81")},
    {"over 64 bits", BYTES("\1\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\2")},
    {"past the last UID", BYTES("\1\6\1\xff\xff\xff\xff\xf\1\0")},
    {"far past the last UID",
	BYTES("\1\6\1\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0")},
    {"email 0", BYTES("\1\4\1\1\0\0\0")},
    {"email -1", BYTES("\1\4\1\1\0\1\0")},
    {"something after \"all\"", BYTES("\1\x9\1")},
    {"a kind after the last", BYTES("\1\x10\1\5\0\x12\0")},
    {"a hidden place made", BYTES("\1\x24\1\5\0\x12\0")},
    {"hidden flags", BYTES("\1\x26\1\5\0\0")},
    {"an object of kind 0", BYTES("\1\xa\0\1")},
    {"an object of kind 256", BYTES("\1\xa\x80\2\1")},
    {"object 0", BYTES("\1\xa\1\0")},
    {"no object", BYTES("\1\xc\1")},
    {"no thread", BYTES("\1\xf\1\5\0\x12")},
    {"its own thread", BYTES("\1\xf\1\5\0\x12\0\0")},
    {"thread 0", BYTES("\1\xf\1\5\0\x12\x9\0")},
    {"places of a thread that touch", BYTES("\1\xf\1\5\0\x12\4\1\0\2\5\0")},
};

static void write_changes(const struct store_change *changes, struct buf *out)
{
	struct change_record_writer writer;
	change_record_begin(&writer, out);
	for (; changes->count; changes++)
		change_record_add(&writer, changes);
	change_record_end(&writer);
}

// All but where they stand in the log.
static bool same_places(
    const struct store_change *a, const struct store_change *b)
{
	return a->kind == b->kind && a->mailbox_id == b->mailbox_id &&
	       a->what == b->what && a->uid == b->uid && a->count == b->count &&
	       a->email_id == b->email_id && a->thread_id == b->thread_id &&
	       a->hidden == b->hidden && a->object_kind == b->object_kind &&
	       a->object_id == b->object_id;
}

static void records_are_these_bytes_and_read_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		struct change_record_reader reader;
		struct store_change change;
		struct buf out;
		buf_init(&out, 1000);
		write_changes(records[i].changes, &out);
		if (!view_eq(buf_view(&out), records[i].bytes))
			fail_msg("%s: written otherwise", records[i].name);
		buf_done(&out);
		assert_int_equal(
		    change_record_open(&reader, 3, records[i].bytes), RC_OK);
		const struct store_change *expected = records[i].changes;
		for (uint64_t number = 0; expected->count; expected++) {
			if (change_record_next(&reader, &change) != RC_OK)
				fail_msg("%s: not read", records[i].name);
			assert_int_equal(change.version, 3);
			assert_int_equal(change.number, number);
			if (!same_places(&change, expected))
				fail_msg("%s: read otherwise", records[i].name);
			number += change.count;
		}
		assert_int_equal(change_record_next(&reader, &change), RC_END);
	}
}

static void damaged_records_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct change_record_reader reader;
		struct store_change change;
		enum rc rc = change_record_open(&reader, 3, damaged[i].bytes);
		while (rc == RC_OK)
			rc = change_record_next(&reader, &change);
		if (rc != RC_CORRUPT)
			fail_msg("%s: %s", damaged[i].name, rc_name(rc));
	}
}

static void runs_that_touch_become_one(void **state)
{
	(void)state;
	static const struct store_change apart[] = {RUN(EMAIL_MADE, 1, 5, 1, 9),
	    RUN(EMAIL_MADE, 1, 6, 1, 10), RUN(EMAIL_MADE, 1, 7, 1, 11), {0}};
	struct buf out;
	buf_init(&out, 100);
	write_changes(apart, &out);
	assert_view_equal(buf_view(&out), VIEW("\1\4\1\5\2\x12\0"));
	buf_done(&out);
}

// ---- What it costs ---------------------------------------------------------

// Bytes of the newest record: its key, the partition's number before it, and
// its value.
static size_t newest_record(struct bed *bed)
{
	uint64_t version;
	assert_int_equal(store_account_version(bed->account, &version), RC_OK);
	struct record_key key = record_key_u64(RECORD_CHANGES, version);
	struct buf value;
	buf_init(&value, CHANGE_RECORD_MAX);
	assert_int_equal(
	    engine_get(bed->engine, 1000, record_key_view(&key), &value),
	    RC_OK);
	size_t size = sizeof(uint64_t) + key.len + value.len;
	buf_done(&value);
	return size;
}

static void change_flags(struct bed *bed, struct store_mailbox *mailbox,
    uint32_t first, uint32_t last, unsigned system)
{
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags.system = system};
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, first, last);
	assert_int_equal(store_flags_change(mailbox, &uids, &change,
			     &bed->fault, NULL, &modseq),
	    RC_OK);
	assert_true(modseq > 0);
	rangeset_done(&uids);
}

static void copy_all(struct bed *bed, struct store_mailbox *from,
    struct store_mailbox *to, bool move)
{
	struct store_copied copied;
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, UINT32_MAX);
	assert_int_equal(
	    store_copy(from, &uids, to, move, &bed->fault, &copied), RC_OK);
	store_copied_done(&copied);
	rangeset_done(&uids);
}

static void append_many(
    struct bed *bed, struct store_mailbox *mailbox, size_t count)
{
	struct store_append *appends = mem_zalloc(count * sizeof(*appends));
	struct store_appended appended;
	struct store_draft *draft = bed_draft(bed, "Subject: x\r\n\r\nx\r\n");
	for (size_t i = 0; i < count; i++)
		appends[i].draft = draft;
	assert_int_equal(
	    store_append(mailbox, appends, count, &bed->fault, &appended),
	    RC_OK);
	store_draft_free(&draft);
	free(appends);
}

// The engine adds three bytes or so, for kind and lengths.
#define EVERYDAY_MAX 45

static void everyday_commits_cost_little(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t modseq;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *trash = bed_mailbox(&bed, "Trash");
	append_many(&bed, inbox, 3000);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	bed_append(&bed, inbox, "x", (struct store_flags){0});
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	change_flags(&bed, inbox, 2999, 2999, STORE_FLAG_DELETED);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	assert_int_equal(
	    store_expunge(inbox, NULL, &bed.fault, &modseq), RC_OK);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	// One run, however many messages there are.
	change_flags(&bed, inbox, 1, 2998, STORE_FLAG_SEEN);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	copy_all(&bed, inbox, trash, false);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	copy_all(&bed, trash, inbox, true);
	assert_in_range(newest_record(&bed), 1, EVERYDAY_MAX);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	store_mailbox_close(&trash);
	bed_close(&bed);
}

// ---- Asking ----------------------------------------------------------------

static uint64_t version_of(struct bed *bed)
{
	uint64_t version;
	assert_int_equal(store_account_version(bed->account, &version), RC_OK);
	return version;
}

static struct store_changes emails_since(struct bed *bed, uint64_t version)
{
	struct store_changes changes;
	struct store_change_position after = {version, 0};
	assert_int_equal(
	    store_emails_changed(bed->account, after, 1000, &changes), RC_OK);
	assert_false(changes.more);
	assert_int_equal(changes.next.version, version_of(bed));
	return changes;
}

static void expect_ids(const struct store_ids *ids, const char *expected)
{
	struct buf text;
	buf_init(&text, 10000);
	for (size_t i = 0; i < ids->count; i++)
		buf_printf(&text, "%llu ", (unsigned long long)ids->items[i]);
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
}

static void expect_emails(struct bed *bed, uint64_t since, const char *made,
    const char *changed, const char *gone)
{
	struct store_changes changes = emails_since(bed, since);
	expect_ids(&changes.made, made);
	expect_ids(&changes.changed, changed);
	expect_ids(&changes.gone, gone);
	store_changes_done(&changes);
}

static void expunge_all(struct bed *bed, struct store_mailbox *mailbox)
{
	uint64_t modseq;
	change_flags(bed, mailbox, 1, UINT32_MAX, STORE_FLAG_DELETED);
	assert_int_equal(
	    store_expunge(mailbox, NULL, &bed->fault, &modseq), RC_OK);
}

static void an_email_lives_from_its_first_place_to_its_last(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *trash = bed_mailbox(&bed, "Trash");
	uint64_t empty = version_of(&bed);
	append_many(&bed, inbox, 2);
	uint64_t two = version_of(&bed);
	expect_emails(&bed, empty, "1 2 ", "", "");
	expect_emails(&bed, two, "", "", "");
	copy_all(&bed, inbox, trash, false);
	uint64_t copied = version_of(&bed);
	expect_emails(&bed, two, "", "1 2 ", "");
	expect_emails(&bed, empty, "1 2 ", "", "");
	expunge_all(&bed, inbox);
	uint64_t left = version_of(&bed);
	expect_emails(&bed, copied, "", "1 2 ", "");
	copy_all(&bed, trash, inbox, true);
	expect_emails(&bed, left, "", "1 2 ", "");
	uint64_t moved = version_of(&bed);
	change_flags(&bed, inbox, 4, 4, STORE_FLAG_SEEN);
	expect_emails(&bed, moved, "", "2 ", "");
	expunge_all(&bed, inbox);
	expect_emails(&bed, moved, "", "", "1 2 ");
	expect_emails(&bed, two, "", "", "1 2 ");
	expect_emails(&bed, empty, "", "", ""); // the reader never knew of them
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	store_mailbox_close(&trash);
	bed_close(&bed);
}

static void changes_of_a_mailbox_are_told(void **state)
{
	(void)state;
	struct bed bed;
	struct store_changes changes;
	uint64_t id;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_change_position at = {version_of(&bed), 0};
	bed_append(&bed, inbox, "x", (struct store_flags){0});
	assert_int_equal(store_mailbox_rename(&bed.asker, bed.account,
			     VIEW("Archive"), VIEW("a/b"), &bed.fault),
	    RC_OK); // also creates "a"
	assert_int_equal(store_subscribe(&bed.asker, bed.account,
			     VIEW("Drafts"), false, &bed.fault),
	    RC_OK);
	assert_int_equal(store_subscribe(&bed.asker, bed.account,
			     VIEW("nowhere"), true, &bed.fault),
	    RC_OK);
	assert_int_equal(store_mailbox_create(&bed.asker, bed.account,
			     VIEW("c"), 0, &bed.fault, &id),
	    RC_OK);
	assert_int_equal(store_mailbox_delete(
			     &bed.asker, bed.account, VIEW("c"), &bed.fault),
	    RC_OK);
	assert_int_equal(store_mailbox_delete(
			     &bed.asker, bed.account, VIEW("Junk"), &bed.fault),
	    RC_OK);
	assert_int_equal(
	    store_mailboxes_changed(bed.account, at, 100, &changes), RC_OK);
	expect_ids(&changes.made, "7 ");
	expect_ids(&changes.changed, "1 2 3 ");
	assert_int_equal(changes.what[0], STORE_CHANGED_MESSAGES);
	assert_int_equal(
	    changes.what[1], STORE_CHANGED_NAME | STORE_CHANGED_SUBSCRIPTION);
	assert_int_equal(changes.what[2], STORE_CHANGED_SUBSCRIPTION);
	expect_ids(&changes.gone, "4 ");
	store_changes_done(&changes);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// A large commit comes in pages that end in the middle of it.
static void a_large_commit_is_told_in_pages(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_change_position at = {version_of(&bed), 0};
	append_many(&bed, inbox, 100);
	change_flags(&bed, inbox, 11, 95, STORE_FLAG_SEEN);
	struct store_change_position seen = {version_of(&bed) - 1, 0};
	uint64_t made = 0;
	uint64_t changed = 10;
	for (bool more = true; more;) {
		struct store_changes changes;
		assert_int_equal(
		    store_emails_changed(bed.account, at, 7, &changes), RC_OK);
		assert_in_range(
		    changes.made.count + changes.changed.count, 1, 7);
		for (size_t i = 0; i < changes.made.count; i++)
			assert_int_equal(changes.made.items[i], ++made);
		for (size_t i = 0; i < changes.changed.count; i++)
			assert_int_equal(changes.changed.items[i], ++changed);
		more = changes.more;
		at = changes.next;
		store_changes_done(&changes);
	}
	assert_int_equal(made, 100);
	assert_int_equal(changed, 95);
	for (uint64_t email = 11; email <= 95;) {
		struct store_changes changes;
		assert_int_equal(
		    store_emails_changed(bed.account, seen, 9, &changes),
		    RC_OK);
		assert_int_equal(changes.made.count + changes.gone.count, 0);
		for (size_t i = 0; i < changes.changed.count; i++)
			assert_int_equal(changes.changed.items[i], email++);
		assert_int_equal(changes.more, email <= 95);
		seen = changes.next;
		store_changes_done(&changes);
	}
	assert_int_equal(seen.version, version_of(&bed));
	assert_int_equal(seen.done, 0);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// ---- The horizon -----------------------------------------------------------

static uint64_t count_records(struct bed *bed)
{
	struct record_key prefix = record_key_kind(RECORD_CHANGES);
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct view key;
	struct view value;
	uint64_t count = 0;
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

static enum rc ask(struct bed *bed, uint64_t version, uint64_t done)
{
	struct store_changes changes;
	struct store_change_position after = {version, done};
	enum rc rc = store_emails_changed(bed->account, after, 10, &changes);
	if (rc == RC_OK)
		store_changes_done(&changes);
	return rc;
}

static void before_the_horizon_all_has_to_be_read(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){.changes_max = 8});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	assert_int_equal(ask(&bed, 0, 0), RC_OK);
	for (int i = 0; i < 100; i++) {
		bed_append(&bed, inbox, "x", (struct store_flags){0});
		uint64_t kept = count_records(&bed);
		uint64_t version = version_of(&bed);
		assert_true(kept <= 10);
		assert_true(kept >= 8 || kept == version);
		for (uint64_t v = 0; v <= version; v++)
			assert_int_equal(ask(&bed, v, 0),
			    v >= version - kept ? RC_OK : RC_GONE);
		// The account never had this version.
		assert_int_equal(ask(&bed, version + 1, 0), RC_GONE);
		assert_int_equal(ask(&bed, version, 1), RC_GONE);
	}
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void a_commit_too_large_for_a_record_is_a_horizon(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	// Done by hand as the writer would: no test makes a million runs.
	struct engine_batch *batch = engine_batch_new(bed.engine);
	uint64_t version = version_of(&bed);
	struct record_key key = record_key_u64(RECORD_CHANGES, version + 1);
	engine_batch_put(batch, record_key_view(&key), VIEW("\1\x9"));
	assert_int_equal(
	    engine_commit(bed.engine, 1000, version, batch, &bed.fault), RC_OK);
	engine_batch_free(&batch);
	assert_int_equal(ask(&bed, version, 0), RC_GONE);
	assert_int_equal(ask(&bed, version - 1, 0), RC_GONE);
	assert_int_equal(ask(&bed, version + 1, 0), RC_OK);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

// ---- The check -------------------------------------------------------------

static void damage(struct bed *bed, uint64_t at, struct view value)
{
	struct engine_batch *batch = engine_batch_new(bed->engine);
	struct record_key key = record_key_u64(RECORD_CHANGES, at);
	if (value.len)
		engine_batch_put(batch, record_key_view(&key), value);
	else
		engine_batch_delete(batch, record_key_view(&key));
	commit_quietly(bed->engine, 1000, batch);
	engine_batch_free(&batch);
}

// The account's second version adds emails 1 to 3 as UIDs 1 to 3 of INBOX,
// which is mailbox 1; the third and fourth versions expunge UID 2.
static const struct {
	const char *name;
	uint64_t version;
	struct view record; // empty: there is no record
	uint64_t problems;
} wrong[] = {
    {"a gap", 3, {NULL, 0}, 1},
    {"damage", 2, BYTES("\1\6\1"), 2}, // messages are left out, too
    {"a message left out", 2, BYTES("\1\4\1\1\1\2\0"), 1},
    {"two messages left out", 2, BYTES("\1"), 1},
    {"another email", 2, BYTES("\1\4\1\1\2\4\0"), 2},
    {"one that went", 4, BYTES("\1\x8\1\1\1\2\0"), 2},
    {"one that moved", 4, BYTES("\1\7\1\1\1\2\0"), 1},
    {"a later change", 3, BYTES("\1\6\1\1\0\0"), 1},
    {"a mailbox that went", 4, BYTES("\1\3\1"), 1},
    {"\\Deleted that is not there", 2, BYTES("\1\xd\1\1\2\2\0"), 2},
};

static void the_check_finds_what_is_wrong_and_begins_anew(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct bed bed;
		uint64_t modseq;
		bed_open(&bed, (struct store_options){0});
		struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
		append_many(&bed, inbox, 3);
		change_flags(&bed, inbox, 2, 2, STORE_FLAG_DELETED);
		assert_int_equal(
		    store_expunge(inbox, NULL, &bed.fault, &modseq), RC_OK);
		bed_check(&bed, false, 0);
		damage(&bed, wrong[i].version, wrong[i].record);
		struct store_check_result result;
		assert_int_equal(store_account_check(bed.store, 1000, true,
				     NULL, NULL, &result),
		    RC_OK);
		if (result.problems != wrong[i].problems || !result.mended)
			fail_msg("%s: %llu problems", wrong[i].name,
			    (unsigned long long)result.problems);
		bed_check(&bed, false, 0);
		for (uint64_t v = 0; v < version_of(&bed); v++)
			assert_int_equal(ask(&bed, v, 0), RC_GONE);
		store_mailbox_close(&inbox);
		bed_reopen(&bed, (struct store_options){0});
		inbox = bed_mailbox(&bed, "INBOX");
		uint64_t before = version_of(&bed);
		bed_append(&bed, inbox, "x", (struct store_flags){0});
		expect_emails(&bed, before, "4 ", "", "");
		bed_check(&bed, false, 0);
		store_mailbox_close(&inbox);
		bed_close(&bed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_these_bytes_and_read_back),
	    cmocka_unit_test(damaged_records_are_refused),
	    cmocka_unit_test(runs_that_touch_become_one),
	    cmocka_unit_test(everyday_commits_cost_little),
	    cmocka_unit_test(an_email_lives_from_its_first_place_to_its_last),
	    cmocka_unit_test(changes_of_a_mailbox_are_told),
	    cmocka_unit_test(a_large_commit_is_told_in_pages),
	    cmocka_unit_test(before_the_horizon_all_has_to_be_read),
	    cmocka_unit_test(a_commit_too_large_for_a_record_is_a_horizon),
	    cmocka_unit_test(the_check_finds_what_is_wrong_and_begins_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
