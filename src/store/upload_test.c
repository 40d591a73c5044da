// SPDX-License-Identifier: Apache-2.0
// Uploads: whose they are, how long they stay, how many there may be.
#include "store/upload.h"

#include "base/bytes.h"
#include "base/test.h"
#include "store/store_test_tools.h"

static int64_t now;

static int64_t wall(void *context)
{
	(void)context;
	return now;
}

static const struct clock test_clock = {.wall = wall};
static struct engine *engine;
static struct store *store;

static int begin(void **state)
{
	(void)state;
	now = 1000000000;
	engine = engine_memory_new();
	store = store_new(&(struct store_options){.engine = engine,
	    .clock = &test_clock,
	    .message_max = (uint64_t)1 << 20});
	return 0;
}

static int end(void **state)
{
	(void)state;
	store_free(&store);
	engine_close(&engine);
	return 0;
}

struct id {
	char text[STORE_UPLOAD_ID_LEN + 1];
};

static struct id put(uint64_t user, const char *text, size_t times)
{
	struct fault fault;
	struct id id;
	struct store_upload *upload = store_upload_new(store, user);
	for (size_t i = 0; i < times; i++)
		assert_int_equal(
		    store_upload_add(upload, view_of_string(text)), RC_OK);
	assert_int_equal(store_upload_size(upload), strlen(text) * times);
	assert_int_equal(store_upload_finish(upload, &fault, id.text), RC_OK);
	store_upload_free(&upload);
	return id;
}

static enum rc find(
    uint64_t user, const struct id *id, struct store_upload_info *ret_info)
{
	return store_upload_find(
	    store, user, view_of_string(id->text), ret_info);
}

static bool is_there(uint64_t user, const struct id *id)
{
	struct store_upload_info info;
	enum rc rc = find(user, id, &info);
	assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
	return rc == RC_OK;
}

static void problem(void *context, const char *text)
{
	(void)text;
	++*(int *)context;
}

static void expect_problems(int count)
{
	int problems = 0;
	assert_int_equal(store_uploads_check(store, problem, &problems), RC_OK);
	assert_int_equal(problems, count);
}

static void what_was_uploaded_is_read(void **state)
{
	static const struct {
		const char *text;
		size_t times;
	} rows[] = {{"", 1}, {"x", 1}, {"hello ", 100}, {"0123456789", 20000}};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct id id = put(1000, rows[i].text, rows[i].times);
		struct store_upload_info info;
		struct buf bytes CLEANUP(buf_done);
		buf_init(&bytes, 1 << 20);
		assert_int_equal(find(1000, &id, &info), RC_OK);
		assert_int_equal(
		    info.size, strlen(rows[i].text) * rows[i].times);
		assert_int_equal(info.when, now);
		assert_int_equal(
		    store_upload_read(store, &info, 0, SIZE_MAX, &bytes),
		    RC_OK);
		assert_int_equal(bytes.len, info.size);
		for (size_t at = 0; at < bytes.len; at++)
			assert_int_equal(bytes.ptr[at],
			    rows[i].text[at % strlen(rows[i].text)]);
		buf_reset(&bytes);
		assert_int_equal(
		    store_upload_read(store, &info, 3, 4, &bytes), RC_OK);
		size_t rest = info.size > 3 ? (size_t)info.size - 3 : 0;
		assert_int_equal(bytes.len, rest < 4 ? rest : 4);
	}
	expect_problems(0);
}

static void only_its_user_finds_it(void **state)
{
	(void)state;
	struct id id = put(1000, "secret", 1);
	assert_true(is_there(1000, &id));
	assert_false(is_there(1001, &id));
	assert_false(is_there(0, &id));
	static const char *const others[] = {"", "0",
	    "00000000000000000000000000000000",
	    "0000000000000000000000000000000g",
	    "000000000000000000000000000000000"};
	struct store_upload_info info;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(store_upload_find(store, 1000,
				     view_of_string(others[i]), &info),
		    RC_NOT_FOUND);
}

static void it_survives_a_restart(void **state)
{
	(void)state;
	struct id id = put(1000, "stays", 1);
	store_free(&store);
	store = store_new(
	    &(struct store_options){.engine = engine, .clock = &test_clock});
	assert_true(is_there(1000, &id));
}

static void it_is_kept_for_a_day(void **state)
{
	(void)state;
	struct fault fault;
	uint64_t removed;
	struct id id = put(1000, "old", 1);
	now += STORE_UPLOAD_SECONDS;
	struct id second = put(1001, "", 1);
	assert_int_equal(store_uploads_expire(store, &fault, &removed), RC_OK);
	assert_int_equal(removed, 0);
	assert_true(is_there(1000, &id));
	now++;
	// Nobody finds it any more, even before the sweep.
	assert_false(is_there(1000, &id));
	assert_int_equal(store_uploads_expire(store, &fault, &removed), RC_OK);
	assert_int_equal(removed, 1);
	assert_true(is_there(1001, &second));
	uint64_t deleted;
	assert_int_equal(
	    engine_content_sweep(engine, now + 1000000000, 0, &deleted), RC_OK);
	assert_int_equal(deleted, 1);
	expect_problems(0);
}

// The longest message is 1 MiB, so a user may have 200 MiB.
static void the_oldest_make_room(void **state)
{
	(void)state;
	static char piece[1 << 20];
	memset(piece, 'x', sizeof(piece) - 1);
	size_t times = 60; // a bit less than 60 MiB
	assert_int_equal(store_uploads_bytes_max(store), (uint64_t)200 << 20);
	struct id ids[4];
	struct id others = put(1001, "not mine", 1);
	for (size_t i = 0; i < 4; i++)
		ids[i] = put(1000, piece, times);
	assert_false(is_there(1000, &ids[0]));
	for (size_t i = 1; i < 4; i++)
		assert_true(is_there(1000, &ids[i]));
	assert_true(is_there(1001, &others));
	expect_problems(0);
}

static void there_are_not_too_many(void **state)
{
	(void)state;
	struct id first = put(1000, "", 1);
	struct id second = put(1000, "", 1);
	for (size_t i = 2; i < STORE_UPLOADS_MAX; i++)
		(void)put(1000, "", 1);
	assert_true(is_there(1000, &first));
	(void)put(1000, "", 1);
	// Within a millisecond their order is not known.
	assert_int_equal(
	    is_there(1000, &first) + is_there(1000, &second) >= 1, 1);
}

static void one_that_is_too_long_is_refused(void **state)
{
	(void)state;
	static char piece[1 << 20];
	memset(piece, 'x', sizeof(piece) - 1);
	struct store_upload *upload = store_upload_new(store, 1000);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(
		    store_upload_add(upload, view_of_string(piece)), RC_OK);
	assert_int_equal(
	    store_upload_add(upload, view_of_string(piece)), RC_LIMIT);
	store_upload_free(&upload);
}

static void those_of_a_removed_user_go(void **state)
{
	(void)state;
	struct fault fault;
	struct id id = put(1000, "mine", 1);
	struct id other = put(1001, "other", 1);
	assert_int_equal(store_account_remove(store, 1000, &fault), RC_OK);
	assert_false(is_there(1000, &id));
	assert_true(is_there(1001, &other));
}

static enum rc make_damage(void *context, struct engine_snapshot *from,
    struct engine_batch *batch, struct fault *fault)
{
	(void)from;
	(void)fault;
	struct view *records = context;
	engine_batch_put(batch, records[0], records[1]);
	return RC_OK;
}

static void damage_is_reported(void **state)
{
	(void)state;
	struct fault fault;
	char key[25] = {'u'}, value[17] = {1};
	struct {
		size_t key_len, value_len;
		char version, size;
	} rows[] = {
	    {25, 17, 2, 0}, {25, 16, 1, 0}, {24, 17, 1, 0}, {25, 17, 1, 1}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		put_be64(key + 1, 1000 + i);
		value[0] = rows[i].version;
		value[1] = rows[i].size;
		struct view records[] = {view_of(key, rows[i].key_len),
		    view_of(value, rows[i].value_len)};
		assert_int_equal(engine_change(engine, STORE_UPLOAD_PARTITION,
				     make_damage, records, &fault),
		    RC_OK);
		expect_problems((int)i + 1);
	}
	// Damage keeps nobody from uploading.
	struct id id = put(1000, "fine", 1);
	assert_true(is_there(1000, &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	    TEST(what_was_uploaded_is_read),
	    TEST(only_its_user_finds_it),
	    TEST(it_survives_a_restart),
	    TEST(it_is_kept_for_a_day),
	    TEST(the_oldest_make_room),
	    TEST(there_are_not_too_many),
	    TEST(one_that_is_too_long_is_refused),
	    TEST(those_of_a_removed_user_go),
	    TEST(damage_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
