// SPDX-License-Identifier: Apache-2.0
// The suite, second part: content and who owns it.
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine_conformance.h"

#define GRACE 3600

static int64_t now_and(int64_t seconds)
{
	return clock_wall_seconds(NULL) + seconds;
}

static void expect_swept(struct engine *engine, int64_t now, uint64_t expected)
{
	uint64_t deleted = UINT64_MAX;
	assert_int_equal(
	    engine_content_sweep(engine, now, GRACE, &deleted), RC_OK);
	assert_int_equal(deleted, expected);
}

static void change_owner(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, int own, int disown)
{
	struct engine_batch *batch = engine_batch_new(engine);
	while (own-- > 0)
		engine_batch_own(batch, id);
	while (disown-- > 0)
		engine_batch_disown(batch, id);
	conformance_commit(engine, partition, batch);
	engine_batch_free(&batch);
}

static enum rc try_owner(struct engine *engine, uint64_t partition,
    const struct engine_content_id *id, bool own)
{
	struct engine_batch *batch = engine_batch_new(engine);
	struct fault fault = {0};
	uint64_t version;
	assert_int_equal(engine_version(engine, partition, &version), RC_OK);
	engine_batch_put(batch, VIEW("with"), VIEW("it"));
	if (own)
		engine_batch_own(batch, id);
	else
		engine_batch_disown(batch, id);
	enum rc rc = engine_commit(engine, partition, version, batch, &fault);
	engine_batch_free(&batch);
	if (rc != RC_OK) {
		conformance_expect_version(engine, partition, version);
		conformance_expect_no_value(engine, partition, VIEW("with"));
		assert_true(fault.text[0] != '\0');
	}
	return rc;
}

// ---- Bytes -----------------------------------------------------------------

static const uint64_t sizes[] = {0, 1, 999, ENGINE_CHUNK - 1, ENGINE_CHUNK,
    ENGINE_CHUNK + 1, 2 * ENGINE_CHUNK, 3 * ENGINE_CHUNK + 7};

static void content_of_any_size_comes_back(void **state)
{
	struct conformance *conformance = conformance_of(state);
	struct engine_content_id ids[ARRAY_LEN(sizes)];
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		conformance_content_add(
		    conformance->engine, 1, sizes[i], &ids[i]);
	bool again = false;
	do {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
			conformance_expect_content(
			    conformance->engine, &ids[i], sizes[i]);
		conformance_expect_sound(conformance->engine);
		again = !again && conformance_reopen(conformance);
	} while (again);
}

static void expect_range(struct engine *engine,
    const struct engine_content_id *id, uint64_t size, uint64_t offset,
    size_t len)
{
	uint64_t expected = offset >= size ? 0 : size - offset;
	if (expected > len)
		expected = len;
	struct buf found;
	buf_init(&found, (size_t)expected + 3);
	buf_add(&found, VIEW("abc")); // appended, not replaced
	assert_int_equal(
	    engine_content_read(engine, id, offset, len, &found), RC_OK);
	assert_int_equal(found.len, expected + 3);
	for (size_t i = 0; i < expected; i++)
		if (found.ptr[3 + i] != conformance_byte(offset + i))
			fail_msg("byte %zu of range %llu differs", i,
			    (unsigned long long)offset);
	buf_done(&found);
}

static void any_range_of_content_is_read(void **state)
{
	static const uint64_t edges[] = {0, 1, 500, ENGINE_CHUNK - 1,
	    ENGINE_CHUNK, ENGINE_CHUNK + 1, 2 * ENGINE_CHUNK - 1,
	    2 * ENGINE_CHUNK, 3 * ENGINE_CHUNK + 6, 3 * ENGINE_CHUNK + 7,
	    3 * ENGINE_CHUNK + 8, UINT64_MAX - 1, UINT64_MAX};
	static const size_t lens[] = {0, 1, 2, ENGINE_CHUNK - 1, ENGINE_CHUNK,
	    ENGINE_CHUNK + 1, 3 * ENGINE_CHUNK, SIZE_MAX};
	struct engine *engine = conformance_of(state)->engine;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct engine_content_id id;
		conformance_content_add(engine, 1, sizes[s], &id);
		for (size_t i = 0; i < ARRAY_LEN(edges); i++)
			for (size_t j = 0; j < ARRAY_LEN(lens); j++)
				expect_range(
				    engine, &id, sizes[s], edges[i], lens[j]);
	}
}

static void a_read_over_the_buffers_ceiling_is_refused(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 1; i < ARRAY_LEN(sizes); i++) {
		struct engine_content_id id;
		struct buf small;
		conformance_content_add(engine, 1, sizes[i], &id);
		buf_init(&small, (size_t)sizes[i] - 1);
		assert_int_equal(
		    engine_content_read(engine, &id, 0, SIZE_MAX, &small),
		    RC_LIMIT);
		buf_done(&small);
	}
}

static void one_append_or_many_make_the_same_content(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	size_t size = 3 * ENGINE_CHUNK + 7;
	char *bytes = mem_alloc(size);
	for (size_t i = 0; i < size; i++)
		bytes[i] = conformance_byte(i);
	static const size_t steps[] = {7, ENGINE_CHUNK - 1, ENGINE_CHUNK,
	    ENGINE_CHUNK + 1, 2 * ENGINE_CHUNK, SIZE_MAX};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct engine_content_id id;
		struct engine_writer *writer = engine_writer_new(engine, &id);
		struct engine_batch *batch = engine_batch_new(engine);
		for (size_t at = 0; at < size;) {
			struct view part =
			    view_slice(view_of(bytes, size), at, steps[i]);
			assert_int_equal(
			    engine_writer_append(writer, part), RC_OK);
			at += part.len;
		}
		assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
		conformance_commit(engine, 1, batch);
		conformance_expect_content(engine, &id, size);
		assert_int_equal(
		    engine_writer_append(writer, VIEW("x")), RC_INVALID);
		engine_writer_free(&writer);
		assert_null(writer);
		engine_batch_free(&batch);
	}
	free(bytes);
}

static void what_was_appended_can_be_read_before_it_is_finished(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	size_t size = 2 * ENGINE_CHUNK + 7;
	char *bytes = mem_alloc(size);
	for (size_t i = 0; i < size; i++)
		bytes[i] = conformance_byte(i);
	static const size_t lengths[] = {
	    0, 7, ENGINE_CHUNK, ENGINE_CHUNK + 1, 2 * ENGINE_CHUNK + 7};
	static const size_t offsets[] = {0, 3, ENGINE_CHUNK - 1, ENGINE_CHUNK,
	    ENGINE_CHUNK + 3, 2 * ENGINE_CHUNK + 8};
	struct buf read CLEANUP(buf_done);
	buf_init(&read, size);
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct view all = view_of(bytes, lengths[i]);
		struct engine_content_id id;
		struct engine_writer *writer = engine_writer_new(engine, &id);
		assert_int_equal(engine_writer_append(writer, all), RC_OK);
		for (size_t j = 0; j < ARRAY_LEN(offsets); j++) {
			for (size_t len = 0; len <= size; len += 5000) {
				buf_reset(&read);
				assert_int_equal(engine_writer_read(writer,
						     offsets[j], len, &read),
				    RC_OK);
				assert_view_equal_row(j, buf_view(&read),
				    view_slice(all, offsets[j], len));
			}
		}
		struct engine_batch *batch = engine_batch_new(engine);
		assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
		assert_int_equal(
		    engine_writer_read(writer, 0, 1, &read), RC_INVALID);
		engine_batch_free(&batch);
		engine_writer_free(&writer);
	}
	free(bytes);
}

static void content_is_there_if_and_only_if_its_commit_is(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct engine_content_id id;
		struct engine_writer *writer = engine_writer_new(engine, &id);
		struct engine_batch *batch = engine_batch_new(engine);
		struct fault fault;
		for (uint64_t at = 0; at < sizes[i]; at++) {
			char byte = conformance_byte(at);
			assert_int_equal(
			    engine_writer_append(writer, view_of(&byte, 1)),
			    RC_OK);
		}
		conformance_expect_no_content(engine, &id);
		assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
		conformance_expect_no_content(engine, &id);
		assert_int_equal(
		    engine_commit(engine, 1, 99, batch, &fault), RC_CONFLICT);
		conformance_expect_no_content(engine, &id);
		conformance_commit(engine, 1, batch);
		conformance_expect_content(engine, &id, sizes[i]);
		engine_writer_free(&writer);
		engine_batch_free(&batch);
	}
	conformance_expect_sound(engine);
}

// ---- Owners ----------------------------------------------------------------

static void a_writer_finished_into_two_batches_has_two_owners(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int first = 0; first < 2; first++) {
			struct engine_content_id id;
			struct engine_writer *writer =
			    engine_writer_new(engine, &id);
			struct engine_batch *batches[2];
			for (uint64_t at = 0; at < sizes[i]; at++) {
				char byte = conformance_byte(at);
				assert_int_equal(engine_writer_append(
						     writer, view_of(&byte, 1)),
				    RC_OK);
			}
			for (int b = 0; b < 2; b++) {
				batches[b] = engine_batch_new(engine);
				assert_int_equal(
				    engine_writer_finish(writer, batches[b]),
				    RC_OK);
			}
			// Whichever commit comes first stores the content
			// alone.
			conformance_commit(
			    engine, 1 + (uint64_t)first, batches[first]);
			conformance_expect_content(engine, &id, sizes[i]);
			conformance_commit(
			    engine, 2 - (uint64_t)first, batches[1 - first]);
			assert_int_equal(
			    conformance_owner_count(engine, 1, &id), 1);
			assert_int_equal(
			    conformance_owner_count(engine, 2, &id), 1);
			change_owner(engine, 1, &id, 0, 1);
			expect_swept(engine, now_and(2 * GRACE), 0);
			conformance_expect_content(engine, &id, sizes[i]);
			engine_writer_free(&writer);
			change_owner(engine, 2, &id, 0, 1);
			expect_swept(engine, now_and(2 * GRACE), 1);
			conformance_expect_no_content(engine, &id);
			for (int b = 0; b < 2; b++)
				engine_batch_free(&batches[b]);
		}
	conformance_expect_sound(engine);
}

static void ownership_is_counted(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id id;
	conformance_content_add(engine, 1, 100, &id);
	change_owner(engine, 1, &id, 2, 0);
	assert_int_equal(conformance_owner_count(engine, 1, &id), 3);
	change_owner(engine, 1, &id, 1, 1); // in one batch: nothing changes
	assert_int_equal(conformance_owner_count(engine, 1, &id), 3);
	change_owner(engine, 1, &id, 0, 2);
	expect_swept(engine, now_and(2 * GRACE), 0);
	conformance_expect_content(engine, &id, 100);
	conformance_expect_sound(engine);
	change_owner(engine, 1, &id, 0, 1);
	assert_int_equal(conformance_owner_count(engine, 1, &id), 0);
	expect_swept(engine, now_and(2 * GRACE), 1);
	conformance_expect_no_content(engine, &id);
	conformance_expect_sound(engine);
}

static void shared_content_lives_as_long_as_its_last_owner(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct engine_content_id id;
		conformance_content_add(engine, 1, sizes[i], &id);
		for (uint64_t p = 2; p <= 5; p++)
			change_owner(engine, p, &id, 1, 0);
		conformance_expect_sound(engine);
		for (uint64_t p = 1; p <= 5; p++) {
			expect_swept(engine, now_and(2 * GRACE), 0);
			conformance_expect_content(engine, &id, sizes[i]);
			change_owner(engine, p, &id, 0, 1);
			conformance_expect_sound(engine);
		}
		expect_swept(engine, now_and(2 * GRACE), 1);
		conformance_expect_no_content(engine, &id);
	}
}

static void what_is_not_there_cannot_be_owned_nor_given_up(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id unknown = {{7}};
	struct engine_content_id id;
	assert_int_equal(try_owner(engine, 1, &unknown, true), RC_NOT_FOUND);
	assert_int_equal(try_owner(engine, 1, &unknown, false), RC_NOT_FOUND);
	conformance_content_add(engine, 1, 10, &id);
	assert_int_equal(try_owner(engine, 2, &id, false), RC_NOT_FOUND);
	assert_int_equal(try_owner(engine, 2, &id, true), RC_OK);
	conformance_expect_sound(engine);
}

static void an_unfinished_upload_cannot_be_owned(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(engine, &id);
	char *bytes = mem_zalloc(3 * ENGINE_CHUNK);
	assert_int_equal(
	    engine_writer_append(writer, view_of(bytes, 3 * ENGINE_CHUNK)),
	    RC_OK);
	assert_int_equal(try_owner(engine, 1, &id, true), RC_NOT_FOUND);
	engine_writer_free(&writer);
	free(bytes);
}

static void many_contents_change_hands_in_one_commit(void **state)
{
	enum { COUNT = 700 };
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id ids[COUNT];
	struct engine_batch *batch = engine_batch_new(engine);
	for (int i = 0; i < COUNT; i++) {
		struct engine_writer *writer =
		    engine_writer_new(engine, &ids[i]);
		for (int j = 0; j < 2 + i % 3; j++) {
			char byte = conformance_byte((uint64_t)j);
			assert_int_equal(
			    engine_writer_append(writer, view_of(&byte, 1)),
			    RC_OK);
		}
		assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
		engine_writer_free(&writer);
	}
	conformance_commit(engine, 1, batch);
	engine_batch_reset(batch);
	for (int i = COUNT; i-- > 0;)
		engine_batch_own(batch, &ids[i]);
	conformance_commit(engine, 1, batch);
	conformance_commit(engine, 2, batch);
	engine_batch_reset(batch);
	for (int i = 0; i < COUNT; i++) {
		conformance_expect_content(
		    engine, &ids[i], 2 + (uint64_t)i % 3);
		engine_batch_disown(batch, &ids[i]);
	}
	conformance_commit(engine, 2, batch);
	conformance_expect_sound(engine);
	expect_swept(engine, now_and(2 * GRACE), 0);
	conformance_commit(engine, 1, batch);
	conformance_commit(engine, 1, batch);
	expect_swept(engine, now_and(2 * GRACE), COUNT);
	conformance_expect_no_content(engine, &ids[COUNT / 2]);
	conformance_expect_sound(engine);
	engine_batch_free(&batch);
}

static void a_dropped_partition_gives_up_its_content(void **state)
{
	enum { COUNT = 600 };
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id ids[COUNT];
	struct fault fault;
	struct engine_batch *batch = engine_batch_new(engine);
	for (int i = 0; i < COUNT; i++) {
		struct engine_writer *writer =
		    engine_writer_new(engine, &ids[i]);
		assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
		engine_writer_free(&writer);
	}
	conformance_commit(engine, 1, batch);
	change_owner(engine, 1, &ids[5], 3, 0);
	change_owner(engine, 2, &ids[6], 1, 0);
	assert_int_equal(engine_partition_drop(engine, 1, &fault), RC_OK);
	assert_int_equal(conformance_owner_count(engine, 1, &ids[5]), 0);
	assert_int_equal(conformance_owner_count(engine, 2, &ids[6]), 1);
	conformance_expect_sound(engine);
	expect_swept(engine, now_and(0), 0);
	expect_swept(engine, now_and(2 * GRACE), COUNT - 1);
	conformance_expect_content(engine, &ids[6], 0);
	conformance_expect_no_content(engine, &ids[7]);
	engine_batch_free(&batch);
}

// ---- Sweeping --------------------------------------------------------------

static void a_sweep_leaves_what_is_within_its_grace(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id kept;
	struct engine_content_id ids[2];
	conformance_content_add(engine, 1, 10, &kept);
	conformance_content_add(engine, 1, 10, &ids[0]);
	conformance_content_add(engine, 1, 3 * ENGINE_CHUNK, &ids[1]);
	int64_t before = now_and(0);
	for (int i = 0; i < 2; i++)
		change_owner(engine, 1, &ids[i], 0, 1);
	int64_t after = now_and(0);
	expect_swept(engine, before + GRACE - 1, 0);
	expect_swept(engine, INT64_MIN + GRACE, 0);
	for (int i = 0; i < 2; i++)
		conformance_expect_content(
		    engine, &ids[i], i ? 3 * ENGINE_CHUNK : 10);
	expect_swept(engine, after + GRACE, 2);
	for (int i = 0; i < 2; i++)
		conformance_expect_no_content(engine, &ids[i]);
	conformance_expect_content(engine, &kept, 10);
	expect_swept(engine, after + GRACE, 0);
	conformance_expect_sound(engine);
}

static void an_orphan_can_be_taken_up_again(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct engine_content_id id;
		conformance_content_add(engine, 1, sizes[i], &id);
		change_owner(engine, 1, &id, 0, 1);
		change_owner(engine, 2, &id, 1, 0);
		conformance_expect_sound(engine);
		expect_swept(engine, now_and(2 * GRACE), 0);
		conformance_expect_content(engine, &id, sizes[i]);
		change_owner(engine, 2, &id, 0, 1);
		expect_swept(engine, now_and(2 * GRACE), 1);
		assert_int_equal(try_owner(engine, 2, &id, true), RC_NOT_FOUND);
	}
}

static void an_abandoned_upload_is_swept_but_not_a_running_one(void **state)
{
	struct conformance *conformance = conformance_of(state);
	struct engine *engine = conformance->engine;
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(engine, &id);
	struct engine_batch *batch = engine_batch_new(engine);
	struct fault fault;
	char *bytes = mem_zalloc(3 * ENGINE_CHUNK);
	assert_int_equal(
	    engine_writer_append(writer, view_of(bytes, 3 * ENGINE_CHUNK)),
	    RC_OK);
	free(bytes);
	conformance_expect_sound(engine);
	expect_swept(engine, now_and(2 * GRACE), 0);
	assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
	engine_writer_free(&writer);
	expect_swept(engine, now_and(0), 0);
	expect_swept(engine, now_and(2 * GRACE), 1);
	expect_swept(engine, now_and(2 * GRACE), 0);
	// A sweep deleted the spilled chunks, so the batch comes too late.
	assert_int_equal(engine_commit(engine, 1, 0, batch, &fault), RC_GONE);
	conformance_expect_no_content(engine, &id);
	conformance_expect_version(engine, 1, 0);
	conformance_expect_sound(engine);
	engine_batch_free(&batch);
}

static void an_upload_cut_short_by_a_restart_is_swept(void **state)
{
	struct conformance *conformance = conformance_of(state);
	if (!conformance->reopens)
		skip();
	struct engine_content_id id;
	struct engine_writer *writer =
	    engine_writer_new(conformance->engine, &id);
	char *bytes = mem_zalloc(3 * ENGINE_CHUNK);
	assert_int_equal(
	    engine_writer_append(writer, view_of(bytes, 3 * ENGINE_CHUNK)),
	    RC_OK);
	free(bytes);
	engine_writer_free(&writer);
	assert_true(conformance_reopen(conformance));
	conformance_expect_no_content(conformance->engine, &id);
	conformance_expect_sound(conformance->engine);
	expect_swept(conformance->engine, now_and(0), 0);
	expect_swept(conformance->engine, now_and(2 * GRACE), 1);
	conformance_expect_sound(conformance->engine);
}

struct tally {
	uint64_t contents;
	uint64_t owned;
	uint64_t orphans;
	uint64_t bytes;
	uint64_t stop_after;
};

static enum rc add_up(void *context, const struct engine_content_info *info)
{
	struct tally *tally = context;
	tally->contents++;
	tally->owned += info->count;
	tally->orphans += info->partition == 0;
	tally->bytes += info->size;
	return tally->contents == tally->stop_after ? RC_QUOTA : RC_OK;
}

static void all_content_can_be_walked(void **state)
{
	struct engine *engine = conformance_of(state)->engine;
	struct engine_content_id id;
	conformance_content_add(engine, 1, 10, &id);
	conformance_content_add(engine, 1, 100, &id);
	change_owner(engine, 1, &id, 4, 0);
	conformance_content_add(engine, 2, 2 * ENGINE_CHUNK, &id);
	change_owner(engine, 3, &id, 1, 0);
	conformance_content_add(engine, 1, 1000, &id);
	change_owner(engine, 1, &id, 0, 1);
	struct tally tally = {0};
	assert_int_equal(engine_content_each(engine, add_up, &tally), RC_OK);
	assert_int_equal(tally.contents, 5);
	assert_int_equal(tally.owned, 1 + 5 + 1 + 1);
	assert_int_equal(tally.orphans, 1);
	assert_int_equal(tally.bytes, 10 + 100 + 4 * ENGINE_CHUNK + 1000);
	tally = (struct tally){.stop_after = 2};
	assert_int_equal(engine_content_each(engine, add_up, &tally), RC_QUOTA);
	assert_int_equal(tally.contents, 2);
}

#define TEST(name)                                                             \
	{                                                                      \
#name, name                                                    \
	}
const struct conformance_test conformance_content[] = {
    TEST(content_of_any_size_comes_back),
    TEST(any_range_of_content_is_read),
    TEST(a_read_over_the_buffers_ceiling_is_refused),
    TEST(one_append_or_many_make_the_same_content),
    TEST(what_was_appended_can_be_read_before_it_is_finished),
    TEST(content_is_there_if_and_only_if_its_commit_is),
    TEST(a_writer_finished_into_two_batches_has_two_owners),
    TEST(ownership_is_counted),
    TEST(shared_content_lives_as_long_as_its_last_owner),
    TEST(what_is_not_there_cannot_be_owned_nor_given_up),
    TEST(an_unfinished_upload_cannot_be_owned),
    TEST(many_contents_change_hands_in_one_commit),
    TEST(a_dropped_partition_gives_up_its_content),
    TEST(a_sweep_leaves_what_is_within_its_grace),
    TEST(an_orphan_can_be_taken_up_again),
    TEST(an_abandoned_upload_is_swept_but_not_a_running_one),
    TEST(an_upload_cut_short_by_a_restart_is_swept),
    TEST(all_content_can_be_walked),
    {NULL, NULL},
};
