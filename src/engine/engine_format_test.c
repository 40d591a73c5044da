// SPDX-License-Identifier: Apache-2.0
// The file FORMAT: what it may say, and that a database of a newer format is
// refused by everything without a change to any of its files.
#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/test.h"
#include "engine/engine_test_folder.h"
#include "engine/format.h"
#include "engine/repair.h"

// ---- Tools -----------------------------------------------------------------

static void put_file(
    const struct test_folder *folder, const char *name, const char *text)
{
	char path[700];
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static bool is_there(const char *folder, const char *name)
{
	char path[700];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

// Adds the last line to `lines`.
static const char *complete(const char *lines, char text[400])
{
	snprintf(text, 400, "%scheck %016llx\n", lines,
	    (unsigned long long)XXH3_64bits(lines, strlen(lines)));
	return text;
}

// The sum of the names and bytes of all files.
static uint64_t hash_of(const struct test_folder *folder)
{
	uint64_t sum = 0;
	DIR *dir = opendir(folder->path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		static char bytes[8 << 20];
		char path[700];
		struct stat status;
		snprintf(
		    path, sizeof(path), "%s/%s", folder->path, entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &status), 0);
		if (S_ISREG(status.st_mode)) {
			ssize_t len = read(fd, bytes, sizeof(bytes));
			assert_in_range(len, 0, sizeof(bytes) - 1);
			sum +=
			    XXH3_64bits(bytes, (size_t)len) ^
			    XXH3_64bits(entry->d_name, strlen(entry->d_name));
		}
		close(fd);
	}
	closedir(dir);
	return sum;
}

static enum rc try_open(const struct test_folder *folder, bool read_only,
    struct engine_format *ret_format, struct fault *fault)
{
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .read_only = read_only};
	enum rc rc =
	    engine_rocksdb_open(folder->path, &options, fault, &engine);
	if (rc == RC_OK)
		*ret_format = engine_format(engine);
	engine_close(&engine);
	return rc;
}

static void say_nothing(void *context, const char *text)
{
	(void)context;
	(void)text;
}

static enum rc try_repair(const struct test_folder *folder, struct fault *fault)
{
	char aside[500];
	struct engine_repair repair;
	snprintf(aside, sizeof(aside), "%s-aside", folder->path);
	struct engine_repair_options options = {
	    .aside = aside, .say = say_nothing};
	enum rc rc =
	    engine_rocksdb_repair(folder->path, &options, fault, &repair);
	if (rc == RC_OK)
		engine_repair_done(&repair);
	struct test_folder kept;
	snprintf(kept.path, sizeof(kept.path), "%.50s-aside", folder->path);
	test_folder_remove(&kept);
	return rc;
}

// ---- Tests -----------------------------------------------------------------

static void the_text_has_one_meaning(void **state)
{
	(void)state;
	static const struct {
		const char *lines;
		enum rc rc;
		struct engine_format format;
	} table[] = {
	    {"roost data format 1\n", RC_OK, {1, 0}},
	    {"roost data format 7\n", RC_OK, {7, 0}},
	    {"roost data format 7\nupgrading from 6\n", RC_OK, {7, 6}},
	    {"roost data format 8\n", RC_UNSUPPORTED, {0}},
	    {"roost data format 4294967295\n", RC_UNSUPPORTED, {0}},
	    // What a later version adds does not make its data look damaged.
	    {"roost data format 8\nnew line\n", RC_UNSUPPORTED, {0}},
	    {"roost data format 8\nupgrading from 7\n", RC_UNSUPPORTED, {0}},
	    {"roost data format 7\nnew line\n", RC_CORRUPT, {0}},
	    {"roost data format 7\nupgrading from 7\n", RC_CORRUPT, {0}},
	    {"roost data format 7\nupgrading from 0\n", RC_CORRUPT, {0}},
	    {"roost data format 7\nupgrading from 6\nx\n", RC_CORRUPT, {0}},
	    {"roost data format 0\n", RC_CORRUPT, {0}},
	    {"roost data format 4294967296\n", RC_CORRUPT, {0}},
	    {"roost data format -1\n", RC_CORRUPT, {0}},
	    {"roost data format \n", RC_CORRUPT, {0}},
	    {"roost data format 7", RC_CORRUPT, {0}},
	    {"\n", RC_CORRUPT, {0}},
	    {"", RC_CORRUPT, {0}},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct engine_format format = {0};
		struct fault fault = {0};
		char text[400];
		struct view whole =
		    view_of_string(complete(table[i].lines, text));
		enum rc rc = engine_format_read(whole, 7, &fault, &format);
		if (rc != table[i].rc ||
		    format.number != table[i].format.number ||
		    format.from != table[i].format.from)
			fail_msg("row %zu: %s, %u from %u", i, rc_name(rc),
			    format.number, format.from);
		// A part of it, and one with a flipped bit, are damaged.
		for (size_t len = 0; len < whole.len; len++)
			assert_int_equal(
			    engine_format_read(
				view_slice(whole, 0, len), 7, &fault, &format),
			    RC_CORRUPT);
		for (size_t bit = 0; bit < 8 * whole.len; bit++) {
			text[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(
			    engine_format_read(whole, 7, &fault, &format),
			    RC_CORRUPT);
			text[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

static void a_new_folder_has_the_newest_format(void **state)
{
	(void)state;
	struct test_folder folder;
	struct fault fault = {0};
	struct engine_format format;
	assert_int_equal(test_folder_make(&folder), 0);
	rmdir(folder.path);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    try_open(&folder, false, &format, &fault), RC_OK);
		assert_int_equal(format.number, ENGINE_FORMAT);
		assert_int_equal(format.from, 0);
		assert_true(is_there(folder.path, "FORMAT"));
	}
	test_folder_remove(&folder);
}

static void a_folder_without_the_file_has_format_1(void **state)
{
	(void)state;
	struct test_folder folder;
	struct fault fault = {0};
	struct engine_format format;
	char path[700];
	assert_int_equal(test_folder_make(&folder), 0);
	assert_int_equal(try_open(&folder, false, &format, &fault), RC_OK);
	snprintf(path, sizeof(path), "%s/FORMAT", folder.path);
	assert_int_equal(unlink(path), 0);
	for (int read_only = 0; read_only < 2; read_only++) {
		assert_int_equal(
		    try_open(&folder, read_only, &format, &fault), RC_OK);
		assert_int_equal(format.number, 1);
		assert_false(is_there(folder.path, "FORMAT"));
	}
	assert_int_equal(try_repair(&folder, &fault), RC_OK);
	test_folder_remove(&folder);
}

static void what_is_newer_is_refused_and_not_touched(void **state)
{
	(void)state;
	static const char *const more[] = {
	    "", "upgrading from 1\n", "something new\n"};
	struct test_folder folder;
	struct engine_format format;
	assert_int_equal(test_folder_make(&folder), 0);
	struct fault fault = {0};
	assert_int_equal(try_open(&folder, false, &format, &fault), RC_OK);
	// An old log with a torn end: whoever opens the folder would cut it.
	put_file(&folder, "000999.log", "torn");
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		char lines[200];
		char text[400];
		snprintf(lines, sizeof(lines), "roost data format %u\n%s",
		    ENGINE_FORMAT + 1, more[i]);
		put_file(&folder, "FORMAT", complete(lines, text));
		uint64_t before = hash_of(&folder);
		for (int way = 0; way < 3; way++) {
			fault = (struct fault){0};
			enum rc rc = way == 2 ? try_repair(&folder, &fault)
					      : try_open(&folder, way == 1,
						    &format, &fault);
			assert_int_equal(rc, RC_UNSUPPORTED);
			assert_non_null(strstr(fault.text, "newer version"));
			assert_true(hash_of(&folder) == before);
		}
	}
	test_folder_remove(&folder);
}

static void a_damaged_file_is_named_and_repaired(void **state)
{
	(void)state;
	struct test_folder folder;
	struct fault fault = {0};
	struct engine_format format;
	assert_int_equal(test_folder_make(&folder), 0);
	assert_int_equal(try_open(&folder, false, &format, &fault), RC_OK);
	char text[400];
	char lines[100];
	snprintf(lines, sizeof(lines), "roost data format %u\n", ENGINE_FORMAT);
	complete(lines, text);
	text[18] ^= 4; // the number
	put_file(&folder, "FORMAT", text);
	assert_int_equal(try_open(&folder, false, &format, &fault), RC_CORRUPT);
	assert_non_null(strstr(fault.text, "FORMAT"));
	assert_int_equal(try_repair(&folder, &fault), RC_OK);
	assert_int_equal(try_open(&folder, false, &format, &fault), RC_OK);
	assert_int_equal(format.number, ENGINE_FORMAT);
	// Nobody knows what this was.
	put_file(&folder, "FORMAT", "");
	assert_int_equal(try_repair(&folder, &fault), RC_CORRUPT);
	assert_non_null(strstr(fault.text, "FORMAT"));
	test_folder_remove(&folder);
}

static void a_checkpoint_has_the_format(void **state)
{
	(void)state;
	struct test_folder folder, copy;
	struct fault fault = {0};
	struct engine *engine = NULL;
	struct engine_format format = {.number = 1};
	assert_int_equal(test_folder_make(&folder), 0);
	assert_int_equal(
	    engine_rocksdb_open(folder.path, NULL, &fault, &engine), RC_OK);
	snprintf(copy.path, sizeof(copy.path), "%.50s-copy", folder.path);
	assert_int_equal(engine_format_set(engine, &format, &fault), RC_OK);
	assert_int_equal(
	    engine_checkpoint_open(engine, copy.path, &fault), RC_OK);
	format.number = 0;
	assert_int_equal(try_open(&copy, true, &format, &fault), RC_OK);
	assert_int_equal(format.number, 1);
	assert_true(is_there(copy.path, "FORMAT"));
	engine_checkpoint_close(engine, copy.path);
	assert_false(is_there(copy.path, ""));
	engine_close(&engine);
	test_folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_text_has_one_meaning),
	    cmocka_unit_test(a_new_folder_has_the_newest_format),
	    cmocka_unit_test(a_folder_without_the_file_has_format_1),
	    cmocka_unit_test(what_is_newer_is_refused_and_not_touched),
	    cmocka_unit_test(a_damaged_file_is_named_and_repaired),
	    cmocka_unit_test(a_checkpoint_has_the_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
