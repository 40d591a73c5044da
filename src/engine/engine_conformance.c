// SPDX-License-Identifier: Apache-2.0
// Runs the suite, and has the steps that its files share.
#include "engine/engine_conformance.h"

#include "base/mem.h"
#include "base/test.h"

#define TESTS_MAX 128

static int open_empty(void **state)
{
	struct conformance *conformance = *state;
	conformance->wipe(conformance);
	conformance->engine = conformance->open(conformance);
	return conformance->engine ? 0 : -1;
}

static int close_engine(void **state)
{
	engine_close(&conformance_of(state)->engine);
	return 0;
}

int engine_conformance_run(struct conformance *conformance)
{
	const struct conformance_test *const tables[] = {conformance_keys,
	    conformance_content, conformance_threads, conformance_change};
	struct CMUnitTest tests[TESTS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		for (const struct conformance_test *test = tables[i];
		     test->name && count < TESTS_MAX; test++)
			tests[count++] = (struct CMUnitTest){test->name,
			    test->run, open_empty, close_engine, conformance};
	int failed = _cmocka_run_group_tests(
	    conformance->name, tests, count, NULL, NULL);
	conformance->wipe(conformance);
	return failed;
}

bool conformance_reopen(struct conformance *conformance)
{
	if (!conformance->reopens)
		return false;
	engine_close(&conformance->engine);
	conformance->engine = conformance->open(conformance);
	assert_non_null(conformance->engine);
	return true;
}

void conformance_commit(
    struct engine *engine, uint64_t partition, struct engine_batch *batch)
{
	uint64_t version;
	struct fault fault = {0};
	assert_int_equal(engine_version(engine, partition, &version), RC_OK);
	assert_int_equal(
	    engine_commit(engine, partition, version, batch, &fault), RC_OK);
}

void conformance_put(struct engine *engine, uint64_t partition, struct view key,
    struct view value)
{
	struct engine_batch *batch = engine_batch_new(engine);
	engine_batch_put(batch, key, value);
	conformance_commit(engine, partition, batch);
	engine_batch_free(&batch);
}

void conformance_content_add(struct engine *engine, uint64_t partition,
    uint64_t size, struct engine_content_id *ret_id)
{
	struct engine_batch *batch = engine_batch_new(engine);
	struct engine_writer *writer = engine_writer_new(engine, ret_id);
	char piece[1000];
	for (uint64_t at = 0; at < size;) {
		size_t len = 0;
		while (len < sizeof(piece) && at < size)
			piece[len++] = conformance_byte(at++);
		assert_int_equal(
		    engine_writer_append(writer, view_of(piece, len)), RC_OK);
	}
	assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
	conformance_commit(engine, partition, batch);
	engine_writer_free(&writer);
	engine_batch_free(&batch);
}

void conformance_expect_value(struct engine *engine, uint64_t partition,
    struct view key, struct view value)
{
	struct buf found;
	buf_init(&found, ENGINE_VALUE_MAX);
	assert_int_equal(engine_get(engine, partition, key, &found), RC_OK);
	assert_view_equal(buf_view(&found), value);
	buf_done(&found);
}

void conformance_expect_no_value(
    struct engine *engine, uint64_t partition, struct view key)
{
	struct buf found;
	buf_init(&found, ENGINE_VALUE_MAX);
	assert_int_equal(
	    engine_get(engine, partition, key, &found), RC_NOT_FOUND);
	assert_int_equal(found.len, 0);
	buf_done(&found);
}

void conformance_expect_content(
    struct engine *engine, const struct engine_content_id *id, uint64_t size)
{
	uint64_t found_size = UINT64_MAX;
	assert_int_equal(engine_content_size(engine, id, &found_size), RC_OK);
	assert_true(found_size == size);
	struct buf found;
	buf_init(&found, (size_t)size + 1);
	assert_int_equal(
	    engine_content_read(engine, id, 0, SIZE_MAX, &found), RC_OK);
	assert_true(found.len == size);
	for (size_t i = 0; i < found.len; i++)
		if (found.ptr[i] != conformance_byte(i))
			fail_msg("byte %zu differs", i);
	buf_done(&found);
}

void conformance_expect_no_content(
    struct engine *engine, const struct engine_content_id *id)
{
	struct buf found;
	uint64_t size;
	buf_init(&found, 1 << 20);
	assert_int_equal(engine_content_size(engine, id, &size), RC_NOT_FOUND);
	assert_int_equal(
	    engine_content_read(engine, id, 0, 10, &found), RC_NOT_FOUND);
	assert_int_equal(found.len, 0);
	buf_done(&found);
}

void conformance_expect_version(
    struct engine *engine, uint64_t partition, uint64_t version)
{
	uint64_t found = UINT64_MAX;
	assert_int_equal(engine_version(engine, partition, &found), RC_OK);
	assert_true(found == version);
}

static void print_problem(void *context, const char *text)
{
	print_message("problem: %s\n", text);
	++*(int *)context;
}

void conformance_expect_sound(struct engine *engine)
{
	int problems = 0;
	assert_int_equal(engine_check(engine, print_problem, &problems), RC_OK);
	assert_int_equal(problems, 0);
}

struct owner_query {
	uint64_t partition;
	struct engine_content_id id;
	uint64_t count;
};

static enum rc match_owner(
    void *context, const struct engine_content_info *info)
{
	struct owner_query *query = context;
	if (info->partition == query->partition &&
	    memcmp(&info->id, &query->id, sizeof(query->id)) == 0)
		query->count += info->count;
	return RC_OK;
}

uint64_t conformance_owner_count(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id)
{
	struct owner_query query = {partition, *id, 0};
	assert_int_equal(
	    engine_content_each(engine, match_owner, &query), RC_OK);
	uint64_t owned;
	assert_int_equal(
	    engine_content_owned(engine, partition, id, &owned), RC_OK);
	assert_int_equal(owned, query.count);
	return query.count;
}
