// SPDX-License-Identifier: Apache-2.0
// The suite, first part: keys, snapshots, cursors, commits, partitions.
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine_conformance.h"

static void an_unknown_partition_is_empty_at_version_0(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	conformance_expect_version(engine, 7, 0);
	conformance_expect_no_value(engine, 7, VIEW("a"));
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct view key;
	struct view value;
	assert_int_equal(engine_snapshot_open(engine, 7, &snapshot), RC_OK);
	assert_true(engine_snapshot_version(snapshot) == 0);
	assert_int_equal(
	    engine_cursor_open(snapshot, VIEW(""), &cursor), RC_OK);
	assert_int_equal(engine_cursor_next(cursor, &key, &value), RC_END);
	assert_int_equal(engine_cursor_next(cursor, &key, &value), RC_END);
	engine_cursor_close(&cursor);
	assert_null(cursor);
	engine_snapshot_close(&snapshot);
	assert_null(snapshot);
}

static void a_snapshot_stays_as_it_was(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	conformance_put(engine, 1, VIEW("a"), VIEW("old"));
	conformance_put(engine, 1, VIEW("b"), VIEW("gone"));
	struct engine_snapshot *snapshot;
	assert_int_equal(engine_snapshot_open(engine, 1, &snapshot), RC_OK);
	conformance_put(engine, 1, VIEW("a"), VIEW("new"));
	struct engine_batch *batch = engine_batch_new(engine);
	engine_batch_delete(batch, VIEW("b"));
	conformance_commit(engine, 1, batch);
	engine_batch_free(&batch);

	assert_true(engine_snapshot_version(snapshot) == 2);
	struct buf found;
	buf_init(&found, 100);
	assert_int_equal(
	    engine_snapshot_get(snapshot, VIEW("a"), &found), RC_OK);
	assert_int_equal(
	    engine_snapshot_get(snapshot, VIEW("b"), &found), RC_OK);
	assert_view_equal(buf_view(&found), VIEW("oldgone"));
	assert_int_equal(
	    engine_snapshot_get(snapshot, VIEW("c"), &found), RC_NOT_FOUND);
	buf_done(&found);
	engine_snapshot_close(&snapshot);
	conformance_expect_value(engine, 1, VIEW("a"), VIEW("new"));
	conformance_expect_no_value(engine, 1, VIEW("b"));
	conformance_expect_version(engine, 1, 4);
}

static void a_value_over_the_buffers_ceiling_is_refused(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	conformance_put(engine, 1, VIEW("a"), VIEW("12345"));
	struct buf small;
	buf_init(&small, 4);
	assert_int_equal(engine_get(engine, 1, VIEW("a"), &small), RC_LIMIT);
	buf_done(&small);
}

// ---- Cursors ---------------------------------------------------------------

// Keys and seeks as C strings, in which '.' stands for 0xff and '0' for 0x00.
static struct view decode(const char *text, char *room)
{
	size_t len = strlen(text);
	for (size_t i = 0; i < len; i++)
		room[i] = text[i] == '.'   ? '\xff'
			  : text[i] == '0' ? '\0'
					   : text[i];
	return view_of(room, len);
}

static const char *const edge_keys[] = {"0", "00", "a", "a0", "aa", "aaa", "a.",
    "a..", "a..b", "ab", "b", ".", "..", "..a"};

static void expect_next(struct engine_cursor *cursor, const char *expected)
{
	char room[16];
	struct view key;
	struct view value;
	enum rc rc = engine_cursor_next(cursor, &key, &value);
	if (!expected) {
		assert_int_equal(rc, RC_END);
		return;
	}
	assert_int_equal(rc, RC_OK);
	if (!view_eq(key, decode(expected, room)))
		fail_msg("not %s but %.*s", expected, VIEW_FMT(key));
	assert_view_equal(key, value); // they were written equal
}

static void write_edge_keys(struct engine *engine)
{
	struct engine_batch *batch = engine_batch_new(engine);
	char room[16];
	for (size_t i = 0; i < ARRAY_LEN(edge_keys); i++) {
		struct view key = decode(edge_keys[i], room);
		engine_batch_put(batch, key, key);
	}
	// Neighbouring partitions on both sides, whose keys no cursor may show.
	conformance_commit(engine, 0x1fe, batch);
	conformance_commit(engine, 0x1ff, batch);
	conformance_commit(engine, 0x200, batch);
	engine_batch_free(&batch);
}

static void a_cursor_walks_the_keys_of_its_prefix_in_byte_order(void **state)
{
	static const struct {
		const char *prefix;
		const char *keys[16];
	} rows[] = {
	    {"", {"0", "00", "a", "a0", "aa", "aaa", "ab", "a.", "a..", "a..b",
		     "b", ".", "..", "..a"}},
	    {"0", {"0", "00"}},
	    {"a", {"a", "a0", "aa", "aaa", "ab", "a.", "a..", "a..b"}},
	    {"aa", {"aa", "aaa"}},
	    {"a.", {"a.", "a..", "a..b"}},
	    {"a..", {"a..", "a..b"}},
	    {".", {".", "..", "..a"}},
	    {"..", {"..", "..a"}},
	    {"...", {NULL}},
	    {"c", {NULL}},
	};
	struct engine *engine = conformance_of(state)->engine;
	write_edge_keys(engine);
	struct engine_snapshot *snapshot;
	assert_int_equal(engine_snapshot_open(engine, 0x1ff, &snapshot), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char room[16];
		struct engine_cursor *cursor;
		assert_int_equal(engine_cursor_open(snapshot,
				     decode(rows[i].prefix, room), &cursor),
		    RC_OK);
		const char *const *key = rows[i].keys;
		for (; *key; key++)
			expect_next(cursor, *key);
		expect_next(cursor, NULL);
		expect_next(cursor, NULL);
		engine_cursor_close(&cursor);
	}
	engine_snapshot_close(&snapshot);
}

static void a_cursor_seeks_forwards_and_backwards(void **state)
{
	static const struct {
		const char *seek; // NULL: only call next
		const char *next; // NULL: the end
	} rows[] = {
	    {"a", "a"},
	    {NULL, "a0"},
	    {"a0", "a0"},
	    {"a1", "aa"},
	    {"aa", "aa"},
	    {"a.", "a."},
	    {NULL, "a.."},
	    {"a", "a"},
	    {"a..c", NULL},
	    {NULL, NULL},
	    {"ab", "ab"},
	    {NULL, "a."},
	    {"aaaa", "ab"},
	    {"a", "a"},
	    {"a...", NULL},
	    {"a..b", "a..b"},
	    {NULL, NULL},
	    {"a", "a"},
	};
	struct engine *engine = conformance_of(state)->engine;
	write_edge_keys(engine);
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	assert_int_equal(engine_snapshot_open(engine, 0x1ff, &snapshot), RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, VIEW("a"), &cursor), RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char room[16];
		if (rows[i].seek)
			engine_cursor_seek(cursor, decode(rows[i].seek, room));
		expect_next(cursor, rows[i].next);
	}
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
}

static void the_longest_key_is_kept_and_found(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	char *bytes = mem_alloc(ENGINE_KEY_MAX);
	memset(bytes, 0xff, ENGINE_KEY_MAX);
	struct view key = view_of(bytes, ENGINE_KEY_MAX);
	conformance_put(engine, 1, key, VIEW("v"));
	conformance_expect_value(engine, 1, key, VIEW("v"));
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct view found;
	struct view value;
	assert_int_equal(engine_snapshot_open(engine, 1, &snapshot), RC_OK);
	assert_int_equal(engine_cursor_open(snapshot, key, &cursor), RC_OK);
	assert_int_equal(engine_cursor_next(cursor, &found, &value), RC_OK);
	assert_view_equal(found, key);
	assert_int_equal(engine_cursor_next(cursor, &found, &value), RC_END);
	engine_cursor_seek(cursor, key);
	assert_int_equal(engine_cursor_next(cursor, &found, &value), RC_OK);
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	free(bytes);
}

// ---- Commits ---------------------------------------------------------------

static void a_commit_is_guarded_by_the_version(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	struct fault fault;
	engine_batch_put(batch, VIEW("a"), VIEW("1"));
	assert_int_equal(
	    engine_commit(engine, 1, 1, batch, &fault), RC_CONFLICT);
	conformance_expect_no_value(engine, 1, VIEW("a"));
	conformance_expect_version(engine, 1, 0);
	// The batch was not changed: with the right version it succeeds.
	assert_int_equal(engine_commit(engine, 1, 0, batch, &fault), RC_OK);
	conformance_expect_value(engine, 1, VIEW("a"), VIEW("1"));
	engine_batch_reset(batch);
	engine_batch_put(batch, VIEW("a"), VIEW("2"));
	engine_batch_put(batch, VIEW("b"), VIEW("2"));
	assert_int_equal(
	    engine_commit(engine, 1, 0, batch, &fault), RC_CONFLICT);
	assert_int_equal(engine_commit(engine, 1, 2, batch, NULL), RC_CONFLICT);
	assert_int_equal(
	    engine_commit(engine, 1, UINT64_MAX, batch, &fault), RC_CONFLICT);
	conformance_expect_value(engine, 1, VIEW("a"), VIEW("1"));
	conformance_expect_no_value(engine, 1, VIEW("b"));
	engine_batch_free(&batch);
	assert_null(batch);
}

static void an_empty_commit_still_raises_the_version(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	conformance_commit(engine, 1, batch);
	conformance_commit(engine, 1, batch);
	conformance_expect_version(engine, 1, 2);
	uint64_t partition;
	assert_int_equal(engine_partition_next(engine, 0, &partition), RC_OK);
	assert_true(partition == 1);
	engine_batch_free(&batch);
}

static void operations_take_effect_in_their_order(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	conformance_put(engine, 1, VIEW("k3"), VIEW("before"));
	struct engine_batch *batch = engine_batch_new(engine);
	engine_batch_put(batch, VIEW("a"), VIEW("1"));
	engine_batch_delete(batch, VIEW("a"));
	engine_batch_put(batch, VIEW("a"), VIEW("3"));
	engine_batch_put(batch, VIEW("b"), VIEW("1"));
	engine_batch_delete(batch, VIEW("b"));
	engine_batch_put(batch, VIEW("k1"), VIEW("1"));
	engine_batch_delete_range(batch, VIEW("k"), VIEW("l"));
	engine_batch_put(batch, VIEW("k2"), VIEW("2"));
	conformance_commit(engine, 1, batch);
	conformance_expect_value(engine, 1, VIEW("a"), VIEW("3"));
	conformance_expect_no_value(engine, 1, VIEW("b"));
	conformance_expect_no_value(engine, 1, VIEW("k1"));
	conformance_expect_value(engine, 1, VIEW("k2"), VIEW("2"));
	conformance_expect_no_value(engine, 1, VIEW("k3"));
	engine_batch_free(&batch);
}

static void ranges_end_before_their_end(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	char key[8];
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%03d", i);
		engine_batch_put(batch, view_of_string(key), VIEW("v"));
	}
	conformance_commit(engine, 1, batch);
	conformance_commit(engine, 2, batch);
	engine_batch_reset(batch);
	engine_batch_delete_range(batch, VIEW("k100"), VIEW("k110")); // few
	engine_batch_delete_range(batch, VIEW("k200"), VIEW("k900")); // many
	engine_batch_delete_range(batch, VIEW("k950"), VIEW("k950")); // none
	engine_batch_delete_range(batch, VIEW("k960"), VIEW("k950")); // none
	engine_batch_delete_range(batch, VIEW(""), VIEW("k001"));
	conformance_commit(engine, 1, batch);
	for (int i = 0; i < 1000; i++) {
		bool gone =
		    (i >= 100 && i < 110) || (i >= 200 && i < 900) || i == 0;
		snprintf(key, sizeof(key), "k%03d", i);
		if (gone)
			conformance_expect_no_value(
			    engine, 1, view_of_string(key));
		else
			conformance_expect_value(
			    engine, 1, view_of_string(key), VIEW("v"));
	}
	conformance_expect_value(engine, 2, VIEW("k205"), VIEW("v"));
	conformance_expect_version(engine, 1, 2);
	engine_batch_free(&batch);
}

static void what_is_over_a_limit_changes_nothing(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	struct fault fault;
	size_t len = ENGINE_VALUE_MAX + 1;
	char *big = mem_zalloc(len);
	for (int i = 0; i < 6; i++) {
		engine_batch_reset(batch);
		engine_batch_put(batch, VIEW("good"), VIEW("1"));
		enum rc expected = RC_LIMIT;
		switch (i) {
		case 0:
			engine_batch_put(
			    batch, view_of(big, ENGINE_KEY_MAX + 1), VIEW("v"));
			break;
		case 1:
			engine_batch_put(batch, VIEW("big"), view_of(big, len));
			break;
		case 2:
			engine_batch_delete(
			    batch, view_of(big, ENGINE_KEY_MAX + 1));
			break;
		case 3:
			engine_batch_delete_range(
			    batch, VIEW("a"), view_of(big, ENGINE_KEY_MAX + 1));
			break;
		case 4:
			for (int n = 0; n < 16; n++)
				engine_batch_put(batch, VIEW("big"),
				    view_of(big, ENGINE_VALUE_MAX));
			break;
		default:
			engine_batch_put(batch, VIEW(""), VIEW("v"));
			expected = RC_INVALID;
		}
		engine_batch_put(batch, VIEW("good"), VIEW("2"));
		assert_int_equal(
		    engine_commit(engine, 1, 0, batch, &fault), expected);
		conformance_expect_version(engine, 1, 0);
		conformance_expect_no_value(engine, 1, VIEW("good"));
	}
	engine_batch_reset(batch);
	engine_batch_put(batch, VIEW("big"), view_of(big, ENGINE_VALUE_MAX));
	conformance_commit(engine, 1, batch);
	conformance_expect_value(
	    engine, 1, VIEW("big"), view_of(big, ENGINE_VALUE_MAX));
	engine_batch_free(&batch);
	free(big);
}

// ---- Partitions ------------------------------------------------------------

static void partitions_are_listed_in_order(void **state)
{
	static const uint64_t ids[] = {
	    1, 2, 255, 256, 0x100000000, UINT64_MAX - 1};
	struct conformance *conformance = conformance_of(state);
	for (size_t i = ARRAY_LEN(ids); i-- > 0;)
		conformance_put(
		    conformance->engine, ids[i], VIEW("k"), VIEW("v"));
	struct fault fault;
	conformance_put(conformance->engine, 3, VIEW("k"), VIEW("v"));
	assert_int_equal(
	    engine_partition_drop(conformance->engine, 3, &fault), RC_OK);
	conformance_expect_version(conformance->engine, 400, 0);
	bool again = false;
	do {
		uint64_t at = 0;
		for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
			assert_int_equal(
			    engine_partition_next(conformance->engine, at, &at),
			    RC_OK);
			assert_true(at == ids[i]);
		}
		assert_int_equal(
		    engine_partition_next(conformance->engine, at, &at),
		    RC_END);
		assert_int_equal(
		    engine_partition_next(conformance->engine, UINT64_MAX, &at),
		    RC_END);
		conformance_expect_sound(conformance->engine);
		again = !again && conformance_reopen(conformance);
	} while (again);
}

static void partitions_0_and_the_last_are_refused(void **state)
{
	static const uint64_t ids[] = {0, UINT64_MAX};
	struct engine *engine = conformance_of(state)->engine;
	struct engine_batch *batch = engine_batch_new(engine);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		uint64_t version;
		struct fault fault;
		struct engine_snapshot *snapshot;
		assert_int_equal(
		    engine_version(engine, ids[i], &version), RC_INVALID);
		assert_int_equal(
		    engine_commit(engine, ids[i], 0, batch, &fault),
		    RC_INVALID);
		assert_int_equal(
		    engine_snapshot_open(engine, ids[i], &snapshot),
		    RC_INVALID);
		assert_int_equal(
		    engine_partition_drop(engine, ids[i], &fault), RC_INVALID);
	}
	engine_batch_free(&batch);
}

static void a_dropped_partition_is_gone_and_can_be_written_again(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct fault fault;
	conformance_put(engine, 5, VIEW("a"), VIEW("1"));
	conformance_put(engine, 6, VIEW("a"), VIEW("1"));
	conformance_put(engine, 5, VIEW("b"), VIEW("1"));
	struct engine_snapshot *before;
	assert_int_equal(engine_snapshot_open(engine, 5, &before), RC_OK);
	assert_int_equal(engine_partition_drop(engine, 5, &fault), RC_OK);
	conformance_expect_version(engine, 5, 0);
	conformance_expect_no_value(engine, 5, VIEW("a"));
	conformance_expect_value(engine, 6, VIEW("a"), VIEW("1"));
	struct buf found;
	buf_init(&found, 10);
	assert_int_equal(engine_snapshot_get(before, VIEW("a"), &found), RC_OK);
	buf_done(&found);
	engine_snapshot_close(&before);
	conformance_put(engine, 5, VIEW("c"), VIEW("2"));
	conformance_expect_version(engine, 5, 1);
	conformance_expect_no_value(engine, 5, VIEW("b"));
	conformance_expect_value(engine, 5, VIEW("c"), VIEW("2"));
	assert_int_equal(engine_partition_drop(engine, 77, &fault), RC_OK);
	conformance_expect_sound(engine);
}

static void what_was_committed_is_there_after_opening_again(void **state)
{
	struct conformance *conformance = conformance_of(state);
	struct engine_content_id id;
	for (int i = 0; i < 10; i++)
		conformance_put(conformance->engine, 9, VIEW("k"),
		    view_of("01234567890", (size_t)i));
	conformance_content_add(
	    conformance->engine, 9, 2 * ENGINE_CHUNK + 1, &id);
	if (!conformance_reopen(conformance))
		skip();
	conformance_expect_version(conformance->engine, 9, 11);
	conformance_expect_value(
	    conformance->engine, 9, VIEW("k"), VIEW("012345678"));
	conformance_expect_content(
	    conformance->engine, &id, 2 * ENGINE_CHUNK + 1);
	conformance_put(conformance->engine, 9, VIEW("k"), VIEW("more"));
	conformance_expect_version(conformance->engine, 9, 12);
	conformance_expect_sound(conformance->engine);
}

#define TEST(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}
const struct conformance_test conformance_keys[] = {
    TEST(an_unknown_partition_is_empty_at_version_0),
    TEST(a_snapshot_stays_as_it_was),
    TEST(a_value_over_the_buffers_ceiling_is_refused),
    TEST(a_cursor_walks_the_keys_of_its_prefix_in_byte_order),
    TEST(a_cursor_seeks_forwards_and_backwards),
    TEST(the_longest_key_is_kept_and_found),
    TEST(a_commit_is_guarded_by_the_version),
    TEST(an_empty_commit_still_raises_the_version),
    TEST(operations_take_effect_in_their_order),
    TEST(ranges_end_before_their_end),
    TEST(what_is_over_a_limit_changes_nothing),
    TEST(partitions_are_listed_in_order),
    TEST(partitions_0_and_the_last_are_refused),
    TEST(a_dropped_partition_is_gone_and_can_be_written_again),
    TEST(what_was_committed_is_there_after_opening_again),
    {NULL, NULL},
};
