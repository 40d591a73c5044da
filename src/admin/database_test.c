// SPDX-License-Identifier: Apache-2.0
// Data of earlier formats is brought to the present one, also when the process
// is killed in the middle. The steps here are made up; the last test runs the
// real ones.
#include "admin/database.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"
#include "engine/engine_test_folder.h"

#define KILLED    42
#define PARTITION 7
#define NEWEST    4

// ---- Steps -----------------------------------------------------------------

static int moments_left; // until the process ends; 0: it does not

// A moment at which the power may go.
static void moment(void)
{
	if (moments_left > 0 && --moments_left == 0)
		_exit(KILLED);
}

static enum rc add_key(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	const char *key = context;
	(void)from;
	(void)fault;
	engine_batch_put(batch, view_of_string(key), VIEW("done"));
	return RC_OK;
}

static enum rc put(struct engine *engine, const char *key, struct fault *fault)
{
	moment();
	enum rc rc = engine_change(
	    engine, PARTITION, add_key, (void *)(uintptr_t)key, fault);
	moment();
	return rc;
}

static bool has(struct engine *engine, const char *key)
{
	struct buf value;
	buf_init(&value, 100);
	enum rc rc = engine_get(engine, PARTITION, view_of_string(key), &value);
	buf_done(&value);
	return rc == RC_OK;
}

static enum rc to_3(struct engine *engine, struct log *log, struct fault *fault)
{
	(void)log;
	enum rc rc = put(engine, "3a", fault);
	return rc == RC_OK ? put(engine, "3b", fault) : rc;
}

// Needs what the step before has made.
static enum rc to_4(struct engine *engine, struct log *log, struct fault *fault)
{
	(void)log;
	if (!has(engine, "3b"))
		return fault_set(fault, RC_CORRUPT, "3b is missing");
	return put(engine, "4", fault);
}

static enum rc fails(
    struct engine *engine, struct log *log, struct fault *fault)
{
	(void)engine;
	(void)log;
	return fault_set(fault, RC_IO, "no space");
}

static const struct database_step steps[] = {
    {.to = 2, .what = "nothing"},
    {.to = 3, .what = "3a and 3b", .run = to_3},
    {.to = 4, .what = "4", .run = to_4},
};

// ---- Tools -----------------------------------------------------------------

static enum rc open_at(const struct test_folder *folder, uint32_t newest,
    struct engine **ret_engine)
{
	struct fault fault = {0};
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .format = newest};
	*ret_engine = NULL;
	return engine_rocksdb_open(folder->path, &options, &fault, ret_engine);
}

// Makes a database of the first format.
static bool make_in(const struct test_folder *folder)
{
	char path[700];
	struct engine *engine;
	if (open_at(folder, 1, &engine) != RC_OK)
		return false;
	engine_close(&engine);
	snprintf(path, sizeof(path), "%s/FORMAT", folder->path);
	return unlink(path) == 0;
}

static void make_first(struct test_folder *folder)
{
	assert_int_equal(test_folder_make(folder), 0);
	assert_true(make_in(folder));
}

static enum rc upgrade(const struct test_folder *folder)
{
	struct fault fault = {0};
	struct engine *engine;
	enum rc rc = open_at(folder, NEWEST, &engine);
	if (rc == RC_OK)
		rc = database_upgrade(
		    engine, steps, ARRAY_LEN(steps), NULL, &fault);
	engine_close(&engine);
	return rc;
}

static void expect_newest(const struct test_folder *folder)
{
	struct engine *engine;
	assert_int_equal(open_at(folder, NEWEST, &engine), RC_OK);
	assert_int_equal(engine_format(engine).number, NEWEST);
	assert_int_equal(engine_format(engine).from, 0);
	assert_true(has(engine, "3a") && has(engine, "3b") && has(engine, "4"));
	uint64_t version;
	assert_int_equal(engine_version(engine, PARTITION, &version), RC_OK);
	engine_close(&engine);
	// It is not upgraded again.
	assert_int_equal(upgrade(folder), RC_OK);
	uint64_t again;
	assert_int_equal(open_at(folder, NEWEST, &engine), RC_OK);
	assert_int_equal(engine_version(engine, PARTITION, &again), RC_OK);
	assert_true(version == again);
	engine_close(&engine);
	for (uint32_t older = 1; older < NEWEST; older++)
		assert_int_equal(
		    open_at(folder, older, &engine), RC_UNSUPPORTED);
}

// ---- Tests -----------------------------------------------------------------

static void every_step_is_run_in_order(void **state)
{
	(void)state;
	for (uint32_t first = 1; first < NEWEST; first++) {
		struct test_folder folder;
		struct fault fault = {0};
		struct engine *engine;
		make_first(&folder);
		assert_int_equal(open_at(&folder, NEWEST, &engine), RC_OK);
		assert_int_equal(
		    database_upgrade(engine, steps, first - 1, NULL, &fault),
		    RC_OK);
		assert_int_equal(engine_format(engine).number, first);
		engine_close(&engine);
		assert_int_equal(upgrade(&folder), RC_OK);
		expect_newest(&folder);
		test_folder_remove(&folder);
	}
}

// RocksDB keeps threads for as long as its process lives, and fork(2) does not
// copy them. So this test opens the database in children only.
static int in_child(
    void (*stage)(const struct test_folder *folder), struct test_folder *folder)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		stage(folder);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void need(bool good)
{
	if (!good)
		_exit(1);
}

static void stage_make(const struct test_folder *folder)
{
	need(make_in(folder));
}

static void stage_upgrade(const struct test_folder *folder)
{
	need(upgrade(folder) == RC_OK);
}

static void stage_look(const struct test_folder *folder)
{
	struct engine *engine;
	// A part of it may be new already.
	need(open_at(folder, 2, &engine) == RC_UNSUPPORTED);
	need(open_at(folder, NEWEST, &engine) == RC_OK);
	struct engine_format format = engine_format(engine);
	need(format.from + 1 == format.number);
	engine_close(&engine);
}

static void stage_finish(const struct test_folder *folder)
{
	struct engine *engine;
	need(upgrade(folder) == RC_OK);
	need(open_at(folder, NEWEST, &engine) == RC_OK);
	need(engine_format(engine).number == NEWEST);
	need(engine_format(engine).from == 0);
	need(has(engine, "3a") && has(engine, "3b") && has(engine, "4"));
	engine_close(&engine);
}

static void a_cut_upgrade_is_finished(void **state)
{
	(void)state;
	int killed = 0;
	int code = KILLED;
	for (int at = 1; code == KILLED; at++) {
		struct test_folder folder;
		assert_int_equal(test_folder_make(&folder), 0);
		assert_int_equal(in_child(stage_make, &folder), 0);
		moments_left = at;
		code = in_child(stage_upgrade, &folder);
		moments_left = 0;
		if (code == KILLED) {
			killed++;
			assert_int_equal(in_child(stage_look, &folder), 0);
		}
		assert_int_equal(in_child(stage_finish, &folder), 0);
		test_folder_remove(&folder);
	}
	assert_int_equal(code, 0);
	assert_int_equal(killed, 6);
}

static void a_step_that_fails_is_told_and_tried_again(void **state)
{
	(void)state;
	static const struct database_step bad[] = {
	    {.to = 2, .what = "nothing"},
	    {.to = 3, .what = "a full disk", .run = fails},
	    {.to = 4, .what = "4", .run = to_4},
	};
	struct test_folder folder;
	struct fault fault = {0};
	struct engine *engine;
	make_first(&folder);
	assert_int_equal(open_at(&folder, NEWEST, &engine), RC_OK);
	assert_int_equal(
	    database_upgrade(engine, bad, ARRAY_LEN(bad), NULL, &fault), RC_IO);
	assert_string_equal(
	    fault.text, "the data cannot be brought to format 3: no space");
	engine_close(&engine);
	assert_int_equal(upgrade(&folder), RC_OK);
	expect_newest(&folder);
	test_folder_remove(&folder);
}

static void the_real_steps_lead_to_the_present_format(void **state)
{
	(void)state;
	struct test_folder folder;
	struct fault fault = {0};
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .read_only = true};
	make_first(&folder);
	assert_int_equal(
	    database_open(folder.path, &options, &fault, &engine), RC_OK);
	assert_int_equal(engine_format(engine).number, 1);
	engine_close(&engine);
	options.read_only = false;
	assert_int_equal(
	    database_open(folder.path, &options, &fault, &engine), RC_OK);
	assert_int_equal(engine_format(engine).number, ENGINE_FORMAT);
	engine_close(&engine);
	test_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_cut_upgrade_is_finished), // see in_child()
	    cmocka_unit_test(every_step_is_run_in_order),
	    cmocka_unit_test(a_step_that_fails_is_told_and_tried_again),
	    cmocka_unit_test(the_real_steps_lead_to_the_present_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
