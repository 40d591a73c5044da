// SPDX-License-Identifier: Apache-2.0
// Runs both engines through the conformance suite, and tests what only one of
// them has: files that can be in use, read only, or damaged.
#include <fcntl.h>

#include "base/mem.h"
#include "engine/engine_conformance.h"
#include "engine/engine_test_folder.h"

struct rocks_conformance {
	struct conformance base;
	struct test_folder folder;
};

static struct engine *open_memory(struct conformance *self)
{
	(void)self;
	return engine_memory_new();
}

static void wipe_memory(struct conformance *self)
{
	(void)self;
}

static struct engine *open_at(const struct test_folder *folder)
{
	struct fault fault = {0};
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 4 << 20, .buffer_bytes = 4 << 20};
	if (engine_rocksdb_open(folder->path, &options, &fault, &engine) !=
	    RC_OK)
		print_message("%s\n", fault.text);
	return engine;
}

static struct engine *open_rocksdb(struct conformance *self)
{
	return open_at(&((struct rocks_conformance *)self)->folder);
}

static void wipe_rocksdb(struct conformance *self)
{
	test_folder_empty(&((struct rocks_conformance *)self)->folder);
}

// ---- RocksDB alone ---------------------------------------------------------

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

static void a_database_in_use_is_refused(void **state)
{
	struct test_folder *folder = *state;
	struct engine *first = open_at(folder);
	assert_non_null(first);
	struct engine *second = NULL;
	struct fault fault = {0};
	assert_int_equal(
	    engine_rocksdb_open(folder->path, NULL, &fault, &second),
	    RC_IN_USE);
	assert_null(second);
	assert_true(fault.rc == RC_IN_USE && fault.text[0]);
	engine_close(&first);
	assert_null(first);
}

static void a_database_opened_for_reading_refuses_writes(void **state)
{
	struct test_folder *folder = *state;
	struct fault fault = {0};
	struct engine *engine = open_at(folder);
	struct engine_content_id id;
	conformance_put(engine, 1, VIEW("a"), VIEW("1"));
	conformance_content_add(engine, 1, 100, &id);
	engine_close(&engine);

	struct engine_rocksdb_options options = {.read_only = true};
	assert_int_equal(
	    engine_rocksdb_open(folder->path, &options, &fault, &engine),
	    RC_OK);
	conformance_expect_value(engine, 1, VIEW("a"), VIEW("1"));
	conformance_expect_content(engine, &id, 100);
	conformance_expect_sound(engine);
	struct engine_batch *batch = engine_batch_new(engine);
	uint64_t deleted;
	assert_int_equal(engine_commit(engine, 1, 2, batch, &fault), RC_DENIED);
	assert_int_equal(engine_partition_drop(engine, 1, &fault), RC_DENIED);
	assert_int_equal(
	    engine_content_sweep(engine, INT64_MAX, 0, &deleted), RC_DENIED);
	struct engine_writer *writer = engine_writer_new(engine, &id);
	assert_int_equal(engine_writer_append(writer, VIEW("x")), RC_DENIED);
	engine_writer_free(&writer);
	engine_batch_free(&batch);
	engine_close(&engine);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
	(void)state;
	static const bool read_only[] = {false, true};
	for (size_t i = 0; i < ARRAY_LEN(read_only); i++) {
		struct engine_rocksdb_options options = {
		    .read_only = read_only[i]};
		struct fault fault = {0};
		struct engine *engine = NULL;
		assert_int_equal(engine_rocksdb_open("/nonexistent/of/roost",
				     &options, &fault, &engine),
		    RC_NOT_FOUND);
		assert_non_null(strstr(fault.text, "/nonexistent/of/roost"));
	}
}

static uint64_t folder_bytes(const struct test_folder *folder)
{
	uint64_t bytes = 0;
	DIR *dir = opendir(folder->path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[400];
		struct stat status;
		snprintf(
		    path, sizeof(path), "%s/%s", folder->path, entry->d_name);
		if (entry->d_name[0] != '.' && stat(path, &status) == 0)
			bytes += (uint64_t)status.st_size;
	}
	closedir(dir);
	return bytes;
}

static void swept_content_gives_its_disk_back(void **state)
{
	enum { COUNT = 90, SIZE = 1000000 };
	struct test_folder *folder = *state;
	struct engine *engine = open_at(folder);
	struct engine_content_id ids[COUNT];
	struct engine_batch *batch = engine_batch_new(engine);
	for (int i = 0; i < COUNT; i++) {
		conformance_content_add(engine, 1, SIZE, &ids[i]);
		// The oldest are kept, and a few of the others.
		if (i > 5 && i % 20)
			engine_batch_disown(batch, &ids[i]);
	}
	engine_close(&engine);
	assert_true(folder_bytes(folder) > COUNT * (uint64_t)SIZE);
	engine = open_at(folder);
	conformance_commit(engine, 1, batch);
	uint64_t deleted;
	assert_int_equal(
	    engine_content_sweep(engine, INT64_MAX, 0, &deleted), RC_OK);
	assert_int_equal(deleted, 80);
	for (int i = 0; i < COUNT; i += i < 5 ? 1 : 20 - i % 20)
		conformance_expect_content(engine, &ids[i], SIZE);
	conformance_expect_sound(engine);
	engine_batch_free(&batch);
	engine_close(&engine);
	engine = open_at(folder);
	engine_close(&engine);
	// Ten are left; the disk holds at most about twice that (README). How
	// much of the rest is still there depends on where RocksDB begins new
	// files.
	assert_in_range(folder_bytes(folder), 10 * SIZE, 22 * SIZE);
}

// ---- Damage ----------------------------------------------------------------

static void count_problem(void *context, const char *text)
{
	assert_true(text[0] != '\0');
	++*(int *)context;
}

static bool has_suffix(const char *name, const char *suffix)
{
	return view_ends_with(view_of_string(name), view_of_string(suffix));
}

// Flips a bit in the first third, where data is, of each file with the suffix.
static int damage_files(const struct test_folder *folder, const char *suffix)
{
	int files = 0;
	DIR *dir = opendir(folder->path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char path[400];
		if (!has_suffix(entry->d_name, suffix))
			continue;
		snprintf(
		    path, sizeof(path), "%s/%s", folder->path, entry->d_name);
		int fd = open(path, O_RDWR);
		struct stat status;
		assert_true(fd >= 0 && fstat(fd, &status) == 0);
		char byte;
		off_t at = status.st_size / 3;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		files++;
	}
	closedir(dir);
	return files;
}

static void fill(struct engine *engine)
{
	struct engine_batch *batch = engine_batch_new(engine);
	uint64_t noise = 1;
	for (int i = 0; i < 2000; i++) {
		char key[16];
		char value[100];
		snprintf(key, sizeof(key), "key%06d", i);
		for (size_t j = 0; j < sizeof(value); j++) {
			noise = noise * 6364136223846793005u + 1;
			value[j] = (char)(noise >> 56);
		}
		engine_batch_put(
		    batch, view_of_string(key), view_of(value, sizeof(value)));
	}
	conformance_commit(engine, 1, batch);
	engine_batch_free(&batch);
	struct engine_content_id id;
	for (int i = 0; i < 100; i++)
		conformance_content_add(engine, 1, 3000, &id);
}

static void damage_on_the_disk_is_found(void **state)
{
	static const char *const suffixes[] = {".sst", ".blob"};
	struct test_folder *folder = *state;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		test_folder_empty(folder);
		struct engine *engine = open_at(folder);
		fill(engine);
		conformance_expect_sound(engine);
		engine_close(&engine);
		assert_true(damage_files(folder, suffixes[i]) > 0);
		// Damage is found at opening or by the check, and never causes
		// a crash.
		struct fault fault = {0};
		int problems = 0;
		enum rc rc =
		    engine_rocksdb_open(folder->path, NULL, &fault, &engine);
		if (rc == RC_CORRUPT)
			continue;
		assert_int_equal(rc, RC_OK);
		assert_int_equal(
		    engine_check(engine, count_problem, &problems), RC_OK);
		assert_true(problems > 0);
		engine_close(&engine);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		a_database_in_use_is_refused, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(
		a_database_opened_for_reading_refuses_writes, make_folder,
		remove_folder),
	    cmocka_unit_test(a_folder_that_is_not_there_is_named),
	    cmocka_unit_test_setup_teardown(
		swept_content_gives_its_disk_back, make_folder, remove_folder),
	    cmocka_unit_test_setup_teardown(
		damage_on_the_disk_is_found, make_folder, remove_folder),
	};
	struct conformance memory = {
	    .name = "memory", .open = open_memory, .wipe = wipe_memory};
	struct rocks_conformance rocks = {.base = {.name = "rocksdb",
					      .reopens = true,
					      .open = open_rocksdb,
					      .wipe = wipe_rocksdb}};
	if (test_folder_make(&rocks.folder) != 0)
		return 1;
	int failed = engine_conformance_run(&memory);
	failed += engine_conformance_run(&rocks.base);
	test_folder_remove(&rocks.folder);
	failed +=
	    cmocka_run_group_tests_name("rocksdb files", tests, NULL, NULL);
	return failed ? 1 : 0;
}
