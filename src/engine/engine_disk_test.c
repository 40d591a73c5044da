// SPDX-License-Identifier: Apache-2.0
// What the engine does when the disk fails or is full: cutting the log, opening
// the database anew under its users, the reserve, and the gate. Real failures
// of a disk are tests/bad_disk_test.py's.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"
#include "engine/engine_conformance.h"
#include "engine/engine_test_folder.h"
#include "engine/rocksdb_impl.h"

#define PATIENCE_MS 60000

static int make_folder(void **state)
{
	struct test_folder *folder = mem_alloc(sizeof(*folder));
	*state = folder;
	return test_folder_make(folder);
}

static int remove_folder(void **state)
{
	test_folder_remove(*state);
	free(*state);
	return 0;
}

static struct engine *open_engine(const struct test_folder *folder)
{
	struct fault fault = {0};
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 4 << 20, .buffer_bytes = 16 << 20};
	assert_int_equal(
	    engine_rocksdb_open(folder->path, &options, &fault, &engine),
	    RC_OK);
	return engine;
}

// ---- The log ---------------------------------------------------------------

#define COMMITS 400

// Values of such lengths put the beginnings of records everywhere in a block,
// also where only a few bytes of it are left.
static size_t length_of(uint64_t number)
{
	return number % 7 == 0 ? 40000 + number * 13 : number * 211 % 3000;
}

// Commits, tells the sequence number after each commit, and ends as after a
// kill.
static void commit_and_die(const struct test_folder *folder, int to)
{
	struct engine *engine = open_engine(folder);
	char *value = mem_zalloc(65536);
	for (uint64_t i = 0; i < COMMITS; i++) {
		struct engine_batch *batch = engine_batch_new(engine);
		struct fault fault;
		engine_batch_put(
		    batch, VIEW("key"), view_of(value, length_of(i)));
		if (engine_commit(engine, 1, i, batch, &fault) != RC_OK)
			_exit(1);
		engine_batch_free(&batch);
		uint64_t sequence =
		    rocksdb_get_latest_sequence_number(rocks_of(engine)->db);
		if (write(to, &sequence, sizeof(sequence)) != sizeof(sequence))
			_exit(1);
	}
	_exit(0);
}

static void fill_log(
    const struct test_folder *folder, uint64_t ret_sequences[COMMITS])
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		commit_and_die(folder, ends[1]);
	close(ends[1]);
	for (size_t i = 0; i < COMMITS; i++)
		assert_int_equal(
		    read(ends[0], &ret_sequences[i], sizeof(ret_sequences[i])),
		    sizeof(ret_sequences[i]));
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

// SYNCED knows that more was acknowledged, and would call the cut damage.
static void forget_claim(const struct test_folder *folder)
{
	char name[400];
	snprintf(name, sizeof(name), "%s/SYNCED", folder->path);
	assert_int_equal(unlink(name), 0);
}

static void expect_commits(const struct test_folder *folder, uint64_t count)
{
	forget_claim(folder);
	struct engine *engine = open_engine(folder);
	uint64_t version;
	struct buf value;
	buf_init(&value, 65536);
	assert_int_equal(engine_version(engine, 1, &version), RC_OK);
	assert_int_equal(version, count);
	assert_int_equal(engine_get(engine, 1, VIEW("key"), &value), RC_OK);
	assert_int_equal(value.len, length_of(count - 1));
	buf_done(&value);
	engine_close(&engine);
}

static void a_log_is_cut_after_what_was_acknowledged(void **state)
{
	struct test_folder *folder = *state;
	uint64_t sequences[COMMITS];
	static const uint64_t keep[] = {
	    COMMITS, COMMITS - 1, 293, 176, 175, 8, 1};
	fill_log(folder, sequences);
	for (size_t i = 0; i + 1 < ARRAY_LEN(keep); i++)
		assert_int_equal(
		    rocks_log_cut(folder->path, sequences[keep[i] - 1]), RC_OK);
	assert_int_equal(rocks_log_cut(folder->path, sequences[0]), RC_OK);
	expect_commits(folder, 1);
	assert_int_equal(rocks_log_cut("/nonexistent/of/roost", 1), RC_IO);
}

static void every_record_can_be_the_last(void **state)
{
	struct test_folder *folder = *state;
	uint64_t sequences[COMMITS];
	fill_log(folder, sequences);
	// From the end, so that one log is enough; each cut is looked at by the
	// next one, which finds nothing more than its record.
	for (size_t i = COMMITS; i-- > COMMITS / 2;)
		assert_int_equal(
		    rocks_log_cut(folder->path, sequences[i]), RC_OK);
	expect_commits(folder, COMMITS / 2 + 1);
}

// A damaged record says nothing of what is behind it, which may be synced.
static void damage_in_a_log_is_no_place_to_cut(void **state)
{
	struct test_folder *folder = *state;
	uint64_t sequences[COMMITS];
	fill_log(folder, sequences);
	DIR *dir = opendir(folder->path);
	assert_non_null(dir);
	struct stat before = {0};
	struct stat after;
	char path[400] = "";
	for (struct dirent *entry; (entry = readdir(dir));) {
		size_t len = strlen(entry->d_name);
		if (len < 4 || strcmp(entry->d_name + len - 4, ".log") != 0)
			continue;
		snprintf(
		    path, sizeof(path), "%s/%s", folder->path, entry->d_name);
	}
	closedir(dir);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &before), 0);
	// The high byte of the first record's sequence number.
	assert_int_equal(pwrite(fd, "\x7f", 1, 7 + 7), 1);
	close(fd);
	assert_int_equal(
	    rocks_log_cut(folder->path, sequences[COMMITS - 1]), RC_OK);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_size, before.st_size);
}

// ---- Opening anew ----------------------------------------------------------

static void wait_for_room(struct engine *engine)
{
	uint64_t end = clock_monotonic_ms() + PATIENCE_MS;
	while (engine_room(engine, NULL) != RC_OK)
		assert_true(clock_monotonic_ms() < end);
}

static void what_was_open_is_given_up_and_the_rest_goes_on(void **state)
{
	struct engine *engine = open_engine(*state);
	struct engine_snapshot *snapshot;
	struct engine_cursor *cursor;
	struct engine_content_id id;
	struct view key;
	struct view value;
	struct fault fault;
	struct buf bytes;
	static const char chunks[3 * ENGINE_CHUNK];
	buf_init(&bytes, 100);
	conformance_put(engine, 1, VIEW("a"), VIEW("1"));
	assert_int_equal(engine_snapshot_open(engine, 1, &snapshot), RC_OK);
	assert_int_equal(
	    engine_cursor_open(snapshot, VIEW(""), &cursor), RC_OK);
	assert_int_equal(engine_cursor_next(cursor, &key, &value), RC_OK);
	struct engine_writer *writer = engine_writer_new(engine, &id);
	assert_int_equal(
	    engine_writer_append(writer, view_of(chunks, sizeof(chunks))),
	    RC_OK);

	rocks_keeper_failed(rocks_of(engine), "a test");
	wait_for_room(engine);

	// What was read stays readable; nothing more comes.
	assert_true(view_eq(key, VIEW("a")) && view_eq(value, VIEW("1")));
	assert_int_equal(engine_cursor_next(cursor, &key, &value), RC_IO);
	engine_cursor_seek(cursor, VIEW("a"));
	assert_int_equal(engine_cursor_next(cursor, &key, &value), RC_IO);
	assert_int_equal(
	    engine_snapshot_get(snapshot, VIEW("a"), &bytes), RC_IO);
	struct engine_batch *batch = engine_batch_new(engine);
	assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
	assert_int_equal(engine_commit(engine, 1, 1, batch, &fault), RC_IO);
	engine_batch_free(&batch);
	engine_writer_free(&writer);
	engine_cursor_close(&cursor);
	engine_snapshot_close(&snapshot);
	buf_done(&bytes);

	conformance_expect_value(engine, 1, VIEW("a"), VIEW("1"));
	conformance_put(engine, 1, VIEW("b"), VIEW("2"));
	conformance_expect_value(engine, 1, VIEW("b"), VIEW("2"));
	engine_close(&engine);
}

// ---- The gate --------------------------------------------------------------

struct passing {
	struct gate gate;
	_Atomic bool ended;
	_Atomic int inside;
	_Atomic uint64_t passed;
};

static void *pass(void *context)
{
	struct passing *passing = context;
	while (!atomic_load(&passing->ended)) {
		gate_enter(&passing->gate);
		atomic_fetch_add(&passing->inside, 1);
		atomic_fetch_add(&passing->passed, 1);
		atomic_fetch_sub(&passing->inside, 1);
		gate_leave(&passing->gate);
	}
	return NULL;
}

static void nobody_is_inside_a_closed_gate(void **state)
{
	(void)state;
	static struct passing passing;
	pthread_t threads[4];
	gate_init(&passing.gate);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, pass, &passing), 0);
	while (atomic_load(&passing.passed) == 0)
		sched_yield();
	for (int i = 0; i < 200; i++) {
		gate_close(&passing.gate);
		uint64_t passed = atomic_load(&passing.passed);
		assert_int_equal(atomic_load(&passing.inside), 0);
		assert_int_equal(atomic_load(&passing.passed), passed);
		gate_open(&passing.gate);
	}
	atomic_store(&passing.ended, true);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	gate_done(&passing.gate);
}

// ---- The reserve -----------------------------------------------------------

static void the_ballast_is_given_up_piece_by_piece(void **state)
{
	struct test_folder *folder = *state;
	uint64_t wanted = (uint64_t)20 << 20;
	struct reserve reserve;
	reserve_init(&reserve, folder->path, wanted);
	assert_int_equal(reserve.ballast, 0);
	assert_true(reserve_can_write(&reserve));
	reserve_look(&reserve);
	if (reserve.free_bytes < 4 * wanted || reserve.floor < wanted)
		skip(); // this disk is too small or too full
	assert_false(reserve.low);
	assert_int_equal(reserve.ballast, wanted);
	// Found again after a restart.
	reserve_init(&reserve, folder->path, wanted);
	assert_int_equal(reserve.ballast, wanted);
	int pieces = 0;
	for (; reserve_give(&reserve); pieces++)
		assert_true(reserve.ballast < wanted);
	assert_int_equal(pieces, 3);
	assert_int_equal(reserve.ballast, 0);
	reserve_look(&reserve);
	assert_int_equal(reserve.ballast, wanted);
}

int main(void)
{
#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
	    TEST(a_log_is_cut_after_what_was_acknowledged),
	    TEST(every_record_can_be_the_last),
	    TEST(damage_in_a_log_is_no_place_to_cut),
	    TEST(what_was_open_is_given_up_and_the_rest_goes_on),
	    cmocka_unit_test(nobody_is_inside_a_closed_gate),
	    TEST(the_ballast_is_given_up_piece_by_piece),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
