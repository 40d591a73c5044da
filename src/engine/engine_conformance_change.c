// SPDX-License-Identifier: Apache-2.0
// The suite, fourth part: scans, changes that begin anew after a conflict, and
// two handles that commit to one partition without knowing of each other.
#include <limits.h>

#include "base/bytes.h"
#include "base/test.h"
#include "base/thread.h"
#include "engine/engine_conformance.h"

// ---- Scanning --------------------------------------------------------------

struct scanned {
	struct buf keys; // one after the other
	int left;        // calls until `stop` is returned
	enum rc stop;
};

static enum rc scan_one(void *context, struct view key, struct view value)
{
	struct scanned *scanned = context;
	assert_view_equal(key, value);
	buf_add(&scanned->keys, key);
	buf_add_char(&scanned->keys, ' ');
	return --scanned->left == 0 ? scanned->stop : RC_OK;
}

static void a_scan_calls_for_each_key_until_it_is_stopped(void **state)
{
	static const struct {
		const char *prefix;
		const char *from;
		int calls; // calls after which it stops; 0: it does not
		enum rc stop;
		const char *keys;
		enum rc rc;
	} table[] = {
	    {"", "", 0, RC_OK, "a b1 b2 b3 c ", RC_OK},
	    {"b", "", 0, RC_OK, "b1 b2 b3 ", RC_OK},
	    {"b", "b2", 0, RC_OK, "b2 b3 ", RC_OK},
	    {"b", "b22", 0, RC_OK, "b3 ", RC_OK},
	    {"b", "b4", 0, RC_OK, "", RC_OK},
	    {"x", "", 0, RC_OK, "", RC_OK},
	    {"b", "", 2, RC_END, "b1 b2 ", RC_OK},
	    {"b", "", 3, RC_END, "b1 b2 b3 ", RC_OK},
	    {"", "b2", 1, RC_CORRUPT, "b2 ", RC_CORRUPT},
	};
	static const char *const keys[] = {"c", "b2", "a", "b3", "b1"};
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		conformance_put(engine, 1, view_of_string(keys[i]),
		    view_of_string(keys[i]));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct scanned scanned = {
		    .left = table[i].calls, .stop = table[i].stop};
		buf_init(&scanned.keys, 100);
		enum rc rc =
		    engine_scan(engine, 1, view_of_string(table[i].prefix),
			view_of_string(table[i].from), scan_one, &scanned);
		if (rc != table[i].rc || !view_eq(buf_view(&scanned.keys),
					     view_of_string(table[i].keys)))
			fail_msg("row %zu: %s, \"%.*s\"", i, rc_text(rc),
			    VIEW_FMT(buf_view(&scanned.keys)));
		buf_done(&scanned.keys);
	}
}

// ---- Changing --------------------------------------------------------------

struct changing {
	struct engine *engine;
	int calls;
	int disturbed; // calls in which another commit comes first
	bool leave_empty;
	enum rc refuse; // returned in place of a change
};

static void put_number(struct engine_batch *batch, uint64_t number)
{
	char bytes[8];
	put_le64(bytes, number);
	engine_batch_put(batch, VIEW("n"), view_of(bytes, sizeof(bytes)));
}

static uint64_t get_number(struct engine_snapshot *from)
{
	struct buf found;
	buf_init(&found, 8);
	enum rc rc = engine_snapshot_get(from, VIEW("n"), &found);
	uint64_t number = rc == RC_OK ? get_le64(found.ptr) : 0;
	buf_done(&found);
	return number;
}

static void expect_number(struct engine *engine, uint64_t number)
{
	char bytes[8];
	put_le64(bytes, number);
	conformance_expect_value(
	    engine, 1, VIEW("n"), view_of(bytes, sizeof(bytes)));
}

static enum rc add_one(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	struct changing *changing = context;
	uint64_t number = get_number(from);
	if (changing->calls++ < changing->disturbed) {
		char bytes[8];
		put_le64(bytes, number + 10);
		conformance_put(changing->engine, 1, VIEW("n"),
		    view_of(bytes, sizeof(bytes)));
	}
	if (!changing->leave_empty)
		put_number(batch, number + 1);
	if (changing->refuse != RC_OK)
		return fault_set(fault, changing->refuse, "no");
	return RC_OK;
}

static void a_change_begins_anew_after_a_conflict(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct changing changing = {.engine = engine, .disturbed = 3};
	struct fault fault;
	assert_int_equal(
	    engine_change(engine, 1, add_one, &changing, &fault), RC_OK);
	assert_int_equal(changing.calls, 4);
	expect_number(engine, 31);
	conformance_expect_version(engine, 1, 4);
	// A change that meets a conflict each time fails in the end.
	changing = (struct changing){.engine = engine, .disturbed = INT_MAX};
	assert_int_equal(
	    engine_change(engine, 1, add_one, &changing, &fault), RC_CONFLICT);
	assert_true(changing.calls > 1);
	expect_number(engine, 31 + 10 * (uint64_t)changing.calls);
}

static void a_change_without_need_or_leave_commits_nothing(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct changing empty = {.engine = engine, .leave_empty = true};
	struct changing refused = {.engine = engine, .refuse = RC_QUOTA};
	struct fault fault;
	assert_int_equal(
	    engine_change(engine, 1, add_one, &empty, &fault), RC_OK);
	assert_int_equal(
	    engine_change(engine, 1, add_one, &refused, &fault), RC_QUOTA);
	assert_string_equal(fault.text, "no");
	assert_int_equal(refused.calls, 1);
	conformance_expect_version(engine, 1, 0);
	conformance_expect_no_value(engine, 1, VIEW("n"));
}

#define CHANGERS       4
#define CHANGES_OF_ONE 100

static void *change_often(void *context)
{
	struct engine *engine = context;
	for (int i = 0; i < CHANGES_OF_ONE; i++) {
		struct changing changing = {.engine = engine};
		if (engine_change(engine, 1, add_one, &changing, NULL) != RC_OK)
			return engine; // something is wrong
	}
	return NULL;
}

static void racing_changes_lose_none(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	pthread_t threads[CHANGERS];
	for (int i = 0; i < CHANGERS; i++)
		assert_int_equal(
		    thread_start(&threads[i], change_often, engine), RC_OK);
	for (int i = 0; i < CHANGERS; i++) {
		void *wrong;
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	expect_number(engine, CHANGERS * CHANGES_OF_ONE);
	conformance_expect_version(engine, 1, CHANGERS * CHANGES_OF_ONE);
}

// ---- Two handles -----------------------------------------------------------

// One of the two: it knows of the partition only what it read and what its
// watch told it.
struct handle {
	struct engine_watch *watch;
	uint64_t known;
	uint64_t told;
	uint64_t calls;
	bool in_order;
};

static void hear(void *context, uint64_t version)
{
	struct handle *handle = context;
	handle->in_order &= version == handle->told + 1;
	handle->told = version;
	handle->calls++;
}

static void handle_open(struct handle *handle, struct engine *engine)
{
	*handle = (struct handle){.in_order = true};
	handle->watch = engine_watch_new(engine, 1, hear, handle);
}

static void two_handles_commit_in_turn_and_hear_of_each_other(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct handle handles[2];
	struct engine_batch *batch = engine_batch_new(engine);
	uint64_t version = 0;
	uint64_t wins[2] = {0};
	uint32_t seed = 7;
	handle_open(&handles[0], engine);
	handle_open(&handles[1], engine);
	for (int i = 0; i < 200; i++) {
		seed = seed * 1664525 + 1013904223;
		unsigned who = seed >> 16 & 1;
		struct handle *handle = &handles[who];
		char byte = (char)who;
		engine_batch_reset(batch);
		engine_batch_put(batch, VIEW("who"), view_of(&byte, 1));
		enum rc rc =
		    engine_commit(engine, 1, handle->known, batch, NULL);
		// It succeeds if and only if it knows the newest version.
		assert_int_equal(
		    rc, handle->known == version ? RC_OK : RC_CONFLICT);
		if (rc == RC_OK) {
			handle->known = ++version;
			wins[who]++;
		} else { // read again
			handle->known = handle->told;
		}
		conformance_expect_version(engine, 1, version);
		for (int n = 0; n < 2; n++)
			assert_true(handles[n].told == version);
	}
	assert_true(wins[0] > 0 && wins[1] > 0 && wins[0] + wins[1] < 200);
	for (int n = 0; n < 2; n++) {
		assert_true(handles[n].in_order);
		assert_true(handles[n].calls == version);
		engine_watch_free(&handles[n].watch);
	}
	engine_batch_free(&batch);
}

static void a_watch_hears_that_its_partition_was_dropped(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct handle handle;
	struct fault fault;
	handle_open(&handle, engine);
	conformance_put(engine, 1, VIEW("a"), VIEW("b"));
	assert_true(handle.told == 1);
	assert_int_equal(engine_partition_drop(engine, 1, &fault), RC_OK);
	assert_true(handle.told == 0);
	assert_true(handle.calls == 2);
	conformance_put(engine, 1, VIEW("a"), VIEW("b"));
	assert_true(handle.told == 1);
	engine_watch_free(&handle.watch);
}

#define TEST(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}

const struct conformance_test conformance_change[] = {
    TEST(a_scan_calls_for_each_key_until_it_is_stopped),
    TEST(a_change_begins_anew_after_a_conflict),
    TEST(a_change_without_need_or_leave_commits_nothing),
    TEST(racing_changes_lose_none),
    TEST(two_handles_commit_in_turn_and_hear_of_each_other),
    TEST(a_watch_hears_that_its_partition_was_dropped),
    {NULL, NULL},
};
