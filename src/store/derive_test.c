// SPDX-License-Identifier: Apache-2.0
// Derived data: SORT gives the same order with the columns, without them, and
// with some of them. The columns are the same however they were built, and they
// may be dropped at any moment.
#include "store/store_test_tools.h"

#include <unistd.h>

#include "base/test.h"
#include "store/changes.h"
#include "store/columns.h"
#include "store/derive_impl.h"

// The test's random state, set at the start of each.
static uint64_t random_state;

static unsigned random_below(unsigned limit)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407;
	return (unsigned)(random_state >> 33) % limit;
}

static uint64_t columns_of(uint64_t account_id)
{
	return derive_partition(columns_tenant.number, account_id);
}

// ---- Mail ------------------------------------------------------------------

static const char *const subjects[] = {"Subject: Re: tea\r\n",
    "Subject: =?utf-8?q?=C3=A9clair?=\r\n", "Subject: Zebra\r\n", "",
    "Subject: [list] tea (fwd)\r\n",
    "Subject: =?iso-2022-jp?b?GyRCRnxLXBsoQg==?=\r\n"};
static const char *const senders[] = {"From: Zoe <anna@x.example>\r\n",
    "From: \"b\" <Bert@x.example>\r\n", "",
    "From: =?utf-8?q?=C3=84nne?= <c@x.example>\r\n"};
static const char *const dates[] = {"Date: Mon, 3 Feb 2025 10:00:00 +0100\r\n",
    "Date: Mon, 3 Feb 2025 10:00:00 +0000\r\n", "",
    "Date: Sun, 1 Jan 1950 00:00:00 +0000\r\n", "Date: yesterday\r\n"};

static struct store_draft *some_draft(struct bed *bed)
{
	char text[2000];
	snprintf(text, sizeof(text), "%s%s%sTo: %s@y.example\r\n%s\r\nx\r\n",
	    subjects[random_below(ARRAY_LEN(subjects))],
	    senders[random_below(ARRAY_LEN(senders))],
	    dates[random_below(ARRAY_LEN(dates))],
	    random_below(2) ? "dora" : "Emil",
	    random_below(3) ? "" : "Cc: <f@y.example>\r\n");
	return bed_draft(bed, text);
}

static void append_some(
    struct bed *bed, struct store_mailbox *mailbox, size_t count)
{
	struct store_append *appends = mem_zalloc(count * sizeof(*appends));
	struct store_appended appended;
	for (size_t i = 0; i < count; i++)
		appends[i] = (struct store_append){.draft = some_draft(bed),
		    .has_date = true,
		    .internal_date = (int64_t)random_below(100000)};
	assert_int_equal(
	    store_append(mailbox, appends, count, &bed->fault, &appended),
	    RC_OK);
	for (size_t i = 0; i < count; i++)
		store_draft_free(&appends[i].draft);
	free(appends);
}

static void expunge(struct bed *bed, struct store_mailbox *mailbox,
    uint32_t first, uint32_t last)
{
	struct rangeset uids;
	struct rangeset none;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_init(&none);
	rangeset_add(&uids, first, last);
	assert_int_equal(
	    store_take_away(mailbox, &uids, &none, &bed->fault, &modseq),
	    RC_OK);
	rangeset_done(&uids);
}

// ---- Sorting ---------------------------------------------------------------

static const struct search_sort orders[][2] = {
    {{.type = SEARCH_SORT_FROM}, {.type = SEARCH_SORT_DATE, .reverse = true}},
    {{.type = SEARCH_SORT_SUBJECT, .reverse = true}, {.type = SEARCH_SORT_TO}},
    {{.type = SEARCH_SORT_CC}, {.type = SEARCH_SORT_DISPLAY_FROM}},
    {{.type = SEARCH_SORT_DISPLAY_TO}, {.type = SEARCH_SORT_SIZE}},
    {{.type = SEARCH_SORT_DATE}, {.type = SEARCH_SORT_ARRIVAL}},
};

// Adds the order of the whole mailbox to `ret_uids`. With `drop`, all derived
// data is dropped in the middle.
static void sort_by(struct bed *bed, const struct store_snapshot *snapshot,
    size_t order, bool drop, struct buf *ret_uids)
{
	struct store_sort *sort =
	    store_sort_new(bed->account, orders[order], 2);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t count;
	uint64_t dropped;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		assert_int_equal(store_sort_add(sort, &message), RC_OK);
		if (drop && index == store_snapshot_count(snapshot) / 2)
			assert_int_equal(store_derived_drop_all(
					     bed->store, &bed->fault, &dropped),
			    RC_OK);
	}
	const uint32_t *uids = store_sort_finish(sort, &count);
	assert_int_equal(count, store_snapshot_count(snapshot));
	buf_add(ret_uids, view_of(uids, count * sizeof(*uids)));
	store_sort_free(&sort);
}

static struct buf sort_all(struct bed *bed, struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct buf uids;
	buf_init(&uids, 10 << 20);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		sort_by(bed, snapshot, i, false, &uids);
	store_snapshot_unref(&snapshot);
	return uids;
}

static bool step(struct bed *bed, bool make)
{
	bool more;
	assert_int_equal(
	    store_derive_step(bed->store, 1000, make, &more), RC_OK);
	return more;
}

static void derive_all(struct bed *bed)
{
	while (step(bed, true))
		;
}

// How many emails with ids below `end` the columns have.
static unsigned count_found(struct bed *bed, uint64_t end)
{
	struct columns_reader *reader = columns_reader_new(bed->account);
	struct columns_entry entry;
	unsigned found = 0;
	for (uint64_t id = 1; id < end; id++)
		found += columns_find(reader, id, &entry);
	// Not in ascending order.
	for (uint64_t id = end; id-- > 1;)
		found -= columns_find(reader, id, &entry);
	assert_int_equal(found, 0);
	for (uint64_t id = 1; id < end; id++)
		found += columns_find(reader, id, &entry);
	columns_reader_free(&reader);
	return found;
}

static void sorting_is_the_same_with_all_some_and_no_columns(void **state)
{
	(void)state;
	struct bed bed;
	random_state = 1;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 2500);
	assert_false(step(&bed, false)); // nobody has wanted any yet
	assert_int_equal(count_found(&bed, 2501), 0);
	struct buf without = sort_all(&bed, inbox);
	unsigned before = 0;
	for (bool more = true; more;) {
		more = step(&bed, true);
		unsigned found = count_found(&bed, 2501);
		assert_true(found > before || !more || found == 2495);
		before = found;
		struct buf with = sort_all(&bed, inbox);
		assert_view_equal(buf_view(&with), buf_view(&without));
		buf_done(&with);
	}
	assert_int_equal(before, 2495); // 39 blocks; the number 0 is not used
	bed_check(&bed, false, 0);
	buf_done(&without);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void columns_may_go_while_they_are_read(void **state)
{
	(void)state;
	struct bed bed;
	random_state = 2;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 500);
	struct store_snapshot *snapshot = store_mailbox_snapshot(inbox);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct buf without;
		struct buf with;
		buf_init(&without, 1 << 20);
		buf_init(&with, 1 << 20);
		sort_by(&bed, snapshot, i, false, &without);
		derive_all(&bed);
		assert_true(count_found(&bed, 501) > 0);
		sort_by(&bed, snapshot, i, true, &with);
		assert_int_equal(count_found(&bed, 501), 0);
		assert_view_equal_row(i, buf_view(&with), buf_view(&without));
		buf_done(&without);
		buf_done(&with);
	}
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// ---- The same, however they came to be --------------------------------------

static void dump_one(struct engine_cursor *cursor, struct buf *out)
{
	struct view key;
	struct view value;
	while (engine_cursor_next(cursor, &key, &value) == RC_OK) {
		buf_add(out, key);
		buf_add_char(out, '=');
		buf_add(out, value);
		buf_add_char(out, '\n');
	}
}

static struct buf dump(struct bed *bed)
{
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct buf out;
	buf_init(&out, 10 << 20);
	assert_int_equal(
	    engine_snapshot_open(bed->engine, columns_of(1000), &snapshot),
	    RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, VIEW("B"), &cursor), RC_OK);
	dump_one(cursor, &out);
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	return out;
}

static void change_something(struct bed *bed, struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t next = store_snapshot_uidnext(snapshot);
	uint32_t first = 1 + random_below(next);
	// Sometimes more blocks than one piece of work builds.
	unsigned many = random_below(10) ? 150 : 3000;
	switch (random_below(4)) {
	case 0:
	case 1: append_some(bed, mailbox, 1 + random_below(many)); break;
	case 2: expunge(bed, mailbox, first, first); break;
	case 3: expunge(bed, mailbox, first, first + random_below(many)); break;
	}
	store_snapshot_unref(&snapshot);
}

static void follow_and_rebuild(uint32_t changes_max, uint64_t seed)
{
	struct store_options options = {.changes_max = changes_max};
	struct bed bed;
	random_state = seed;
	bed_open(&bed, options);
	for (int i = 0; i < 50; i++) {
		struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
		change_something(&bed, inbox);
		store_mailbox_close(&inbox);
		// Sometimes the work stops in the middle, or is not done at
		// all.
		for (int n = (int)random_below(4); n > 0 && step(&bed, true);)
			n--;
		if (random_below(10) == 0)
			bed_reopen(&bed, options);
		if (random_below(5) == 0)
			bed_check(&bed, false, 0);
	}
	derive_all(&bed);
	bed_check(&bed, false, 0);
	struct buf followed = dump(&bed);
	assert_true(followed.len > 0);
	assert_int_equal(
	    store_derived_drop(bed.store, 1000, &bed.fault), RC_OK);
	derive_all(&bed);
	struct buf rebuilt = dump(&bed);
	assert_view_equal(buf_view(&followed), buf_view(&rebuilt));
	buf_done(&followed);
	buf_done(&rebuilt);
	bed_close(&bed);
}

static void what_follows_is_what_is_built_anew(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		follow_and_rebuild(0, seed);
}

static void behind_the_horizon_everything_is_read(void **state)
{
	(void)state;
	for (uint64_t seed = 11; seed <= 13; seed++)
		follow_and_rebuild(4, seed);
}

// ---- Damage and removal ----------------------------------------------------

static void put_derived(struct bed *bed, struct view key, struct view value)
{
	struct engine_batch *batch = engine_batch_new(bed->engine);
	uint64_t version;
	assert_int_equal(
	    engine_version(bed->engine, columns_of(1000), &version), RC_OK);
	engine_batch_put(batch, key, value);
	assert_int_equal(engine_commit(bed->engine, columns_of(1000), version,
			     batch, &bed->fault),
	    RC_OK);
	engine_batch_free(&batch);
}

static const struct {
	const char *name;
	struct view key;
	struct view value;
} damages[] = {
    {"a block cut short", {"B\0\0\0\0\0\0\0\1", 9}, {"\1\0xxx", 5}},
    {"another email's texts", {"B\0\0\0\0\0\0\0\1", 9},
	{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22}},
    {"a block of emails that never were", {"B\0\0\0\0\0\0\1\1", 9},
	{"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22}},
    {"no block at all", {"Bx", 2}, {"", 0}},
    {"another format", {"A", 1},
	{"\377\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	 "\0\0\0\0\0\0\0",
	    40}},
    {"no state", {"A", 1}, {"", 0}},
    {"a version of the future", {"A", 1},
	{"\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	 "\0\0\0\0\0\0",
	    40}},
};

static void damage_is_found_and_dropped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct bed bed;
		struct store_check_result result;
		random_state = 3;
		bed_open(&bed, (struct store_options){0});
		struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
		append_some(&bed, inbox, 300);
		derive_all(&bed);
		bed_check(&bed, false, 0);
		put_derived(&bed, damages[i].key, damages[i].value);
		assert_int_equal(store_account_check(bed.store, 1000, true,
				     NULL, NULL, &result),
		    RC_OK);
		if (result.problems != 1 || result.mended != 1)
			fail_msg("%s: %llu problems", damages[i].name,
			    (unsigned long long)result.problems);
		bed_check(&bed, false, 0);
		assert_int_equal(count_found(&bed, 301), 0);
		derive_all(&bed);
		assert_int_equal(count_found(&bed, 301), 255);
		store_mailbox_close(&inbox);
		bed_close(&bed);
	}
}

static void another_format_is_built_anew(void **state)
{
	(void)state;
	struct bed bed;
	char format[40] = {(char)0xff};
	random_state = 4;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 300);
	derive_all(&bed);
	put_derived(&bed, VIEW("A"), view_of(format, sizeof(format)));
	assert_int_equal(count_found(&bed, 301), 0);
	derive_all(&bed);
	assert_int_equal(count_found(&bed, 301), 255);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void an_account_goes_with_what_is_derived(void **state)
{
	(void)state;
	struct bed bed;
	uint64_t version;
	bool more;
	random_state = 5;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 300);
	derive_all(&bed);
	store_mailbox_close(&inbox);
	store_account_close(&bed.account);
	assert_int_equal(
	    store_account_remove(bed.store, 1000, &bed.fault), RC_OK);
	assert_int_equal(
	    engine_version(bed.engine, columns_of(1000), &version), RC_OK);
	assert_int_equal(version, 0);
	// A wish that comes too late does nothing.
	assert_int_equal(
	    store_derive_step(bed.store, 1000, true, &more), RC_OK);
	assert_int_equal(
	    engine_version(bed.engine, columns_of(1000), &version), RC_OK);
	assert_int_equal(version, 0);
	store_free(&bed.store);
	engine_close(&bed.engine);
	arena_done(&bed.arena);
}

// ---- The worker ------------------------------------------------------------

static bool is_current(struct bed *bed)
{
	struct engine_snapshot *snapshot;
	struct derive_state derived;
	uint64_t version;
	assert_int_equal(
	    engine_snapshot_open(bed->engine, columns_of(1000), &snapshot),
	    RC_OK);
	enum rc rc = derive_state_get(snapshot, &columns_tenant, &derived);
	engine_snapshot_close(&snapshot);
	assert_int_equal(store_account_version(bed->account, &version), RC_OK);
	return rc == RC_OK && !derived.reading_all &&
	       derived.built.version == version;
}

static void wait_until_current(struct bed *bed)
{
	for (int i = 0; i < 120000 && !is_current(bed); i++)
		usleep(1000);
	assert_true(is_current(bed));
}

// The first sort makes the worker build the columns; then they follow the
// changes, also after a restart.
static void the_worker_builds_what_is_wanted_and_follows(void **state)
{
	(void)state;
	struct bed bed;
	struct store_deriver *deriver;
	random_state = 6;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 3000);
	assert_int_equal(
	    store_deriver_new(bed.store, &bed.fault, &deriver), RC_OK);
	struct buf without = sort_all(&bed, inbox);
	wait_until_current(&bed);
	struct buf with = sort_all(&bed, inbox);
	assert_view_equal(buf_view(&with), buf_view(&without));
	for (int i = 0; i < 30; i++)
		change_something(&bed, inbox);
	wait_until_current(&bed);
	store_deriver_free(&deriver);
	append_some(&bed, inbox, 200);
	store_mailbox_close(&inbox);
	bed_reopen(&bed, (struct store_options){0});
	assert_int_equal(
	    store_deriver_new(bed.store, &bed.fault, &deriver), RC_OK);
	wait_until_current(&bed);
	inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 200);
	wait_until_current(&bed);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	store_deriver_free(&deriver);
	buf_done(&with);
	buf_done(&without);
	bed_close(&bed);
}

static void a_full_queue_loses_nobody(void **state)
{
	(void)state;
	struct bed bed;
	struct store_deriver *deriver;
	random_state = 7;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 200);
	derive_all(&bed);
	for (uint64_t id = 2000; id < 2000 + DERIVE_QUEUE_MAX; id++)
		derive_queue_add(&bed.store->derive_queue, id, false);
	derive_loaded(bed.account); // it has columns
	append_some(&bed, inbox, 200);
	assert_int_equal(bed.store->derive_queue.count, DERIVE_QUEUE_MAX);
	assert_true(bed.store->derive_queue.look_at_all);
	assert_int_equal(
	    store_deriver_new(bed.store, &bed.fault, &deriver), RC_OK);
	wait_until_current(&bed);
	store_deriver_free(&deriver);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static uint64_t columns_version(struct bed *bed)
{
	uint64_t version;
	assert_int_equal(
	    engine_version(bed->engine, columns_of(1000), &version), RC_OK);
	return version;
}

// A commit of the account that changes no block makes no commit here, unless
// there have been many.
static void what_changes_no_block_is_rarely_noted(void **state)
{
	(void)state;
	struct bed bed;
	random_state = 3;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	append_some(&bed, inbox, 64);
	while (step(&bed, true))
		;
	uint64_t version = columns_version(&bed);
	append_some(&bed, inbox, 1);
	assert_false(step(&bed, false));
	assert_int_equal(columns_version(&bed), version);
	// What is gone must not stay in a block.
	expunge(&bed, inbox, 3, 3);
	assert_false(step(&bed, false));
	assert_int_equal(columns_version(&bed), version + 1);
	for (int i = 0; i < 250; i++) {
		bed_append(&bed, inbox, "Subject: x\r\n\r\nx\r\n",
		    (struct store_flags){0});
		expunge(&bed, inbox, 66 + (uint32_t)i, 66 + (uint32_t)i);
		assert_false(step(&bed, false));
	}
	// Of emails that are in no block, nothing is left to do but to note it,
	// and to write a block when its last number is given out.
	assert_true(columns_version(&bed) < version + 30);
	assert_true(columns_version(&bed) > version + 3);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sorting_is_the_same_with_all_some_and_no_columns),
	    cmocka_unit_test(columns_may_go_while_they_are_read),
	    cmocka_unit_test(what_follows_is_what_is_built_anew),
	    cmocka_unit_test(behind_the_horizon_everything_is_read),
	    cmocka_unit_test(damage_is_found_and_dropped),
	    cmocka_unit_test(what_changes_no_block_is_rarely_noted),
	    cmocka_unit_test(another_format_is_built_anew),
	    cmocka_unit_test(an_account_goes_with_what_is_derived),
	    cmocka_unit_test(the_worker_builds_what_is_wanted_and_follows),
	    cmocka_unit_test(a_full_queue_loses_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
