// SPDX-License-Identifier: Apache-2.0
// Ruins each kind of file of a database in each way: it is missing, empty, cut,
// has zeros or garbage. That must be named or do no harm. After the repair the
// database opens; a partition of which it says nothing is as it was, and what
// was not in the ruined file is there.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "base/vec.h"
#include "engine/engine_conformance.h"
#include "engine/engine_test_folder.h"
#include "engine/repair.h"

#define PARTITIONS 4
#define ROUNDS     3
#define COMMITS    30 // of each partition, in each round
#define FILES_MAX  100

static struct engine *open_with(
    const char *path, size_t buffer_bytes, struct fault *fault, enum rc *ret_rc)
{
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .buffer_bytes = buffer_bytes};
	*ret_rc = engine_rocksdb_open(path, &options, fault, &engine);
	return engine;
}

static struct engine *open_at(
    const char *path, struct fault *fault, enum rc *ret_rc)
{
	return open_with(path, (size_t)512 << 10, fault, ret_rc);
}

// ---- The process that fills the database, and is killed --------------------

static void key_of(char key[16], uint64_t round, uint64_t number)
{
	put_be64(key, number);
	put_be64(key + 8, round);
}

static void commit_one(
    struct engine *engine, uint64_t partition, uint64_t round, uint64_t number)
{
	static const uint64_t sizes[] = {300, 3000, 20000, 70000};
	struct engine_batch *batch = engine_batch_new(engine);
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(engine, &id);
	char key[16];
	char bytes[500];
	uint64_t noise = (round * 1000 + number) * 7919 + partition;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		noise = noise * 6364136223846793005u + 1;
		bytes[i] = (char)(noise >> 56);
	}
	for (uint64_t at = 0; at < sizes[number % 4]; at += sizeof(bytes))
		assert_int_equal(
		    engine_writer_append(writer, view_of(bytes, sizeof(bytes))),
		    RC_OK);
	assert_int_equal(engine_writer_finish(writer, batch), RC_OK);
	key_of(key, round, number);
	memcpy(bytes, id.bytes, sizeof(id.bytes));
	engine_batch_put(
	    batch, view_of(key, 16), view_of(bytes, sizeof(bytes)));
	// What is overwritten and deleted must not come back.
	engine_batch_put(batch, VIEW("last"), view_of(key, 16));
	if (round && number % 5 == 0) {
		key_of(key, round - 1, number);
		engine_batch_delete(batch, view_of(key, 16));
	}
	conformance_commit(engine, partition, batch);
	engine_batch_free(&batch);
	engine_writer_free(&writer);
}

// Compaction is stopped as long as this file is there.
static bool make_marker(const char *path)
{
	char name[700];
	snprintf(name, sizeof(name), "%s/DAMAGED", path);
	int fd = open(name, O_WRONLY | O_CREAT, 0600);
	return fd >= 0 && close(fd) == 0;
}

static int fill(const char *path)
{
	struct fault fault = {0};
	enum rc rc;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		// The last round stays in the log, and nothing is compacted.
		bool last = round + 1 == ROUNDS;
		if (last && !make_marker(path))
			return 4;
		struct engine *engine =
		    open_with(path, (size_t)(last ? 64 : 1) << 19, &fault, &rc);
		if (!engine)
			return 2;
		for (uint64_t i = 0; i < COMMITS; i++)
			for (uint64_t p = 1; p <= PARTITIONS; p++)
				commit_one(engine, 1000 * p, round, i);
		if (!last)
			engine_close(&engine);
	}
	kill(getpid(), SIGKILL);
	return 3;
}

// ---- What is stored --------------------------------------------------------

struct item {
	uint64_t partition;
	uint64_t key;     // hash of the value; 0: there is none
	uint64_t content; // the same; only if the value is there
	bool failed;      // reading the key
	bool unreadable;  // reading the content
};

struct items {
	VEC(struct item) list;
};

static void read_item(
    struct engine *engine, uint64_t partition, struct view key, struct item *to)
{
	struct buf value;
	struct engine_content_id id;
	buf_init(&value, 1 << 20);
	*to = (struct item){.partition = partition};
	enum rc rc = engine_get(engine, partition, key, &value);
	to->failed = rc != RC_OK && rc != RC_NOT_FOUND;
	if (rc == RC_OK)
		to->key = XXH3_64bits(value.ptr, value.len);
	if (rc == RC_OK && value.len == 500) {
		memcpy(id.bytes, value.ptr, sizeof(id.bytes));
		buf_reset(&value);
		rc = engine_content_read(engine, &id, 0, 1 << 20, &value);
		to->unreadable = rc != RC_OK;
		to->content =
		    rc == RC_OK ? XXH3_64bits(value.ptr, value.len) : 0;
	}
	buf_done(&value);
}

static void read_items(struct engine *engine, struct items *ret_items)
{
	*ret_items = (struct items){0};
	for (uint64_t p = 1; p <= PARTITIONS; p++) {
		struct item item;
		read_item(engine, 1000 * p, VIEW("last"), &item);
		vec_push(&ret_items->list, item);
		for (uint64_t round = 0; round < ROUNDS; round++)
			for (uint64_t i = 0; i < COMMITS; i++) {
				char key[16];
				key_of(key, round, i);
				read_item(
				    engine, 1000 * p, view_of(key, 16), &item);
				vec_push(&ret_items->list, item);
			}
	}
}

// ---- Ways to ruin a file ---------------------------------------------------

enum ruin {
	MISSING,
	EMPTY,
	CUT,
	ZERO_BEGIN,
	ZERO_MIDDLE,
	ZERO_END,
	GARBAGE_MIDDLE,
	GARBAGE,
	RUINS,
};

static const char *const ruin_names[RUINS] = {
    [MISSING] = "missing",
    [EMPTY] = "empty",
    [CUT] = "cut to half",
    [ZERO_BEGIN] = "zeros at the begin",
    [ZERO_MIDDLE] = "zeros in the middle",
    [ZERO_END] = "zeros at the end",
    [GARBAGE_MIDDLE] = "garbage in the middle",
    [GARBAGE] = "garbage",
};

static void overwrite(int fd, off_t from, off_t until, bool garbage)
{
	uint64_t noise = (uint64_t)until;
	for (; from < until; from++) {
		noise = noise * 6364136223846793005u + 1442695040888963407u;
		char byte = garbage ? (char)(noise >> 56) : 0;
		assert_int_equal(pwrite(fd, &byte, 1, from), 1);
	}
}

static void ruin_file(const char *path, enum ruin ruin)
{
	struct stat status;
	if (ruin == MISSING) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &status), 0);
	off_t size = status.st_size;
	switch (ruin) {
	case EMPTY: assert_int_equal(ftruncate(fd, 0), 0); break;
	case CUT: assert_int_equal(ftruncate(fd, size / 2), 0); break;
	case ZERO_BEGIN: overwrite(fd, 0, size / 4, false); break;
	case ZERO_MIDDLE: overwrite(fd, size / 3, size / 2, false); break;
	case ZERO_END: overwrite(fd, size - size / 4, size, false); break;
	case GARBAGE_MIDDLE: overwrite(fd, size / 3, size / 2, true); break;
	default: overwrite(fd, 0, size, true); break;
	}
	close(fd);
}

// ---- The bed ---------------------------------------------------------------

struct bed {
	struct test_folder image;
	struct test_folder copy;
	struct test_folder aside;
	char self[256];
	struct items items;
	char files[FILES_MAX][300];
	size_t count;
	size_t turn;
};

static void copy_file(const char *from, const char *to)
{
	static char bytes[1 << 16];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(in >= 0 && out >= 0);
	ssize_t len;
	while ((len = read(in, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(out, bytes, (size_t)len), len);
	close(in);
	close(out);
}

static void copy_image(struct bed *bed)
{
	test_folder_empty(&bed->copy);
	for (size_t i = 0; i < bed->count; i++) {
		char from[700];
		char to[700];
		snprintf(from, sizeof(from), "%s/%s", bed->image.path,
		    bed->files[i]);
		snprintf(
		    to, sizeof(to), "%s/%s", bed->copy.path, bed->files[i]);
		copy_file(from, to);
	}
}

static void list_files(struct bed *bed)
{
	DIR *dir = opendir(bed->image.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.' && bed->count < FILES_MAX &&
		    strcmp(entry->d_name, "DAMAGED") != 0)
			snprintf(bed->files[bed->count++],
			    sizeof(bed->files[0]), "%s", entry->d_name);
	closedir(dir);
}

static void a_killed_process_leaves_all(void **state)
{
	struct bed *bed = *state;
	int status;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		execl(bed->self, bed->self, "fill", bed->image.path,
		    (char *)NULL);
		_exit(9);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	list_files(bed);
	copy_image(bed);
	struct fault fault = {0};
	enum rc rc;
	struct engine *engine = open_at(bed->copy.path, &fault, &rc);
	if (!engine)
		fail_msg("%s", fault.text);
	read_items(engine, &bed->items);
	engine_close(&engine);
}

// ---- Trying ----------------------------------------------------------------

struct heard {
	struct buf text;
	int problems;
};

static void hear(void *context, const char *text)
{
	struct heard *heard = context;
	heard->problems++;
	buf_add_string(&heard->text, text);
	buf_add_char(&heard->text, '\n');
}

struct difference {
	size_t keys; // of partitions that are not suspect
	size_t suspect_keys;
	size_t contents;
	size_t failed; // with an error
};

static struct difference compare(const struct items *before,
    const struct items *after, const struct engine_repair *repair)
{
	struct difference difference = {0};
	for (size_t i = 0; i < before->list.count; i++) {
		const struct item *a = &before->list.items[i];
		const struct item *b = &after->list.items[i];
		bool suspect =
		    repair && engine_repair_is_suspect(repair, b->partition);
		if (b->failed)
			difference.failed++;
		else if (a->key != b->key && suspect)
			difference.suspect_keys++;
		else if (a->key != b->key)
			difference.keys++;
		else if (b->unreadable)
			difference.contents++;
		else if (a->content != b->content)
			difference.keys++;
	}
	return difference;
}

struct attempt {
	struct bed *bed;
	const char *file;
	enum ruin ruin;
	struct heard heard;
};

#define FAIL(attempt, ...)                                                     \
	do {                                                                   \
		buf_add_char(&(attempt)->heard.text, '\0');                    \
		print_message("%s, %s:\n%s", (attempt)->file,                  \
		    ruin_names[(attempt)->ruin], (attempt)->heard.text.ptr);   \
		fail_msg(__VA_ARGS__);                                         \
	} while (0)

// What is wrong is named, or all is there.
static void expect_named(struct attempt *attempt)
{
	struct fault fault = {0};
	enum rc rc;
	struct engine *engine = open_at(attempt->bed->copy.path, &fault, &rc);
	if (!engine) {
		buf_printf(&attempt->heard.text, "refused: %s\n", fault.text);
		if (rc != RC_CORRUPT)
			FAIL(attempt, "%s: %s", rc_name(rc), fault.text);
		return;
	}
	struct items items;
	assert_int_equal(engine_check(engine, hear, &attempt->heard), RC_OK);
	read_items(engine, &items);
	engine_close(&engine);
	struct difference difference =
	    compare(&attempt->bed->items, &items, NULL);
	vec_done(&items.list);
	if (difference.keys)
		FAIL(attempt, "%zu keys differ", difference.keys);
	if ((difference.failed || difference.contents) &&
	    !attempt->heard.problems)
		FAIL(attempt, "reading fails, and the check is silent");
}

// Everybody can go on, and the database stays open for good.
static void expect_usable(struct attempt *attempt, struct items *ret_items)
{
	struct fault fault = {0};
	enum rc rc;
	for (int i = 0; i < 2; i++) {
		struct engine *engine =
		    open_at(attempt->bed->copy.path, &fault, &rc);
		if (!engine)
			FAIL(attempt, "after the repair: %s", fault.text);
		if (i == 0)
			read_items(engine, ret_items);
		conformance_put(engine, 77, VIEW("key"), VIEW("value"));
		engine_close(&engine);
	}
	char marker[700];
	snprintf(marker, sizeof(marker), "%s/DAMAGED", attempt->bed->copy.path);
	if (access(marker, F_OK) == 0)
		FAIL(attempt, "it is still marked as damaged");
}

static bool is_kind(const char *file, const char *kind)
{
	struct view name = view_of_string(file);
	return kind[0] == '.' ? view_ends_with(name, view_of_string(kind))
			      : view_starts_with(name, view_of_string(kind));
}

static void expect_kept(struct attempt *attempt)
{
	char path[700];
	char original[700];
	struct stat kept;
	struct stat before;
	snprintf(path, sizeof(path), "%s/%s", attempt->bed->aside.path,
	    attempt->file);
	snprintf(original, sizeof(original), "%s/%s", attempt->bed->image.path,
	    attempt->file);
	assert_int_equal(stat(original, &before), 0);
	off_t size = attempt->ruin == EMPTY ? 0
		     : attempt->ruin == CUT ? before.st_size / 2
					    : before.st_size;
	if (stat(path, &kept) != 0 || kept.st_size != size)
		FAIL(attempt, "the damaged file was not kept");
}

struct sum {
	int attempts;
	int suspect;
	size_t keys;
	size_t contents;
};

static void try_ruin(struct attempt *attempt, struct sum *sum)
{
	struct bed *bed = attempt->bed;
	struct fault fault = {0};
	struct engine_repair repair;
	struct items items;
	char path[700];
	buf_init(&attempt->heard.text, 1 << 20);
	copy_image(bed);
	test_folder_empty(&bed->aside);
	snprintf(path, sizeof(path), "%s/%s", bed->copy.path, attempt->file);
	ruin_file(path, attempt->ruin);
	expect_named(attempt);
	copy_image(bed); // opening may have changed it
	ruin_file(path, attempt->ruin);
	struct engine_repair_options options = {
	    .aside = bed->aside.path, .say = hear, .context = &attempt->heard};
	int problems = attempt->heard.problems;
	enum rc rc =
	    engine_rocksdb_repair(bed->copy.path, &options, &fault, &repair);
	if (rc != RC_OK)
		FAIL(attempt, "not repaired: %s: %s", rc_name(rc), fault.text);
	expect_usable(attempt, &items);
	struct difference difference = compare(&bed->items, &items, &repair);
	vec_done(&items.list);
	if (difference.failed)
		FAIL(attempt, "%zu keys cannot be read", difference.failed);
	if (difference.keys)
		FAIL(attempt, "%zu keys differ of which nothing was said",
		    difference.keys);
	if (difference.contents && !repair.remaining)
		FAIL(attempt, "%zu contents are lost, nothing was said",
		    difference.contents);
	if (attempt->heard.problems > problems && attempt->ruin != MISSING)
		expect_kept(attempt);
	sum->attempts++;
	sum->suspect += difference.suspect_keys > 0;
	sum->keys += difference.suspect_keys;
	sum->contents += difference.contents;
	engine_repair_done(&repair);
	buf_done(&attempt->heard.text);
	attempt->heard.problems = 0;
}

// Of many files of a kind, each ruin is tried on a few. With ENGINE_RUIN=all,
// or
// =.sst and so on, it is tried on each of them.
static void try_ruin_of_kind(
    struct bed *bed, const char *kind, enum ruin ruin, bool loses)
{
	const char *only = getenv("ENGINE_RUIN");
	if (only && strcmp(only, "all") != 0 && !strstr(kind, only))
		return;
	size_t files = 0;
	struct sum sum = {0};
	for (size_t i = 0; i < bed->count; i++)
		files += is_kind(bed->files[i], kind);
	size_t step = only ? 1 : 1 + files / 3;
	for (size_t i = 0; i < bed->count; i++) {
		if (!is_kind(bed->files[i], kind) || bed->turn++ % step)
			continue;
		struct attempt attempt = {
		    .bed = bed, .file = bed->files[i], .ruin = ruin};
		try_ruin(&attempt, &sum);
	}
	assert_true(files > 0);
	print_message(
	    "%s %s: %d tried, %zu keys and %zu contents lost of %zu\n", kind,
	    ruin_names[ruin], sum.attempts, sum.keys, sum.contents,
	    bed->items.list.count);
	if (!loses && sum.keys + sum.contents)
		fail_msg("something is lost");
}

static void try_kind(struct bed *bed, const char *kind, bool loses)
{
	for (enum ruin ruin = MISSING; ruin < RUINS; ruin++)
		try_ruin_of_kind(bed, kind, ruin, loses);
}

static void what_only_names_files_costs_nothing(void **state)
{
	try_kind(*state, "CURRENT", false);
	try_kind(*state, "MANIFEST-", false);
	// RocksDB writes these anew, whatever is in them.
	try_ruin_of_kind(*state, "OPTIONS-", GARBAGE, false);
	try_ruin_of_kind(*state, "IDENTITY", GARBAGE, false);
	try_ruin_of_kind(*state, "OPTIONS-", MISSING, false);
	try_ruin_of_kind(*state, "IDENTITY", MISSING, false);
}

static void a_table_takes_only_what_is_in_it(void **state)
{
	try_kind(*state, ".sst", true);
}

static void a_blob_file_takes_only_what_is_in_it(void **state)
{
	try_kind(*state, ".blob", true);
}

static void a_log_takes_only_what_is_in_it(void **state)
{
	try_kind(*state, ".log", true);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "fill") == 0)
		return fill(argv[2]);
	static struct bed bed;
	ssize_t len =
	    readlink("/proc/self/exe", bed.self, sizeof(bed.self) - 1);
	if (len < 0 || test_folder_make(&bed.image) != 0 ||
	    test_folder_make(&bed.copy) != 0 ||
	    test_folder_make(&bed.aside) != 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(a_killed_process_leaves_all, &bed),
	    cmocka_unit_test_prestate(
		what_only_names_files_costs_nothing, &bed),
	    cmocka_unit_test_prestate(a_table_takes_only_what_is_in_it, &bed),
	    cmocka_unit_test_prestate(
		a_blob_file_takes_only_what_is_in_it, &bed),
	    cmocka_unit_test_prestate(a_log_takes_only_what_is_in_it, &bed),
	};
	int failed =
	    cmocka_run_group_tests_name("rocksdb ruin", tests, NULL, NULL);
	vec_done(&bed.items.list);
	test_folder_remove(&bed.image);
	test_folder_remove(&bed.copy);
	test_folder_remove(&bed.aside);
	return failed;
}
