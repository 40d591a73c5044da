// SPDX-License-Identifier: Apache-2.0
// Damages the files of a database and opens it. A second process writes and is
// killed; what it leaves is copied for each attempt. Each flipped bit must be
// harmless (all data is the same) or be named, and what is not in the damaged
// place must be the same. A torn end, which was never acknowledged, must open
// without any help.
//
// ENGINE_FLIPS says how many bits of each kind of file are flipped, and how
// many ends are torn.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <xxhash.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine_conformance.h"
#include "engine/engine_test_folder.h"
#include "engine/repair.h"

#define PARTITIONS   4
#define COMMITS      60 // of each partition
#define ITEMS_MAX    4096
#define FLIPS        12
#define SECTOR       512
#define SPILLED      3 // chunks without a commit, behind all commits
#define BUFFER_BYTES ((size_t)1 << 20)

static struct engine *open_at(
    const char *path, struct fault *fault, enum rc *ret_rc)
{
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .buffer_bytes = BUFFER_BYTES};
	*ret_rc = engine_rocksdb_open(path, &options, fault, &engine);
	return engine;
}

// ---- The process that is killed --------------------------------------------

struct worker {
	struct engine *engine;
	uint64_t partition;
	bool failed;
};

static void commit_one(struct worker *worker, uint64_t number)
{
	static const uint64_t sizes[] = {100, 3000, 20000, 70000};
	struct engine_batch *batch = engine_batch_new(worker->engine);
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(worker->engine, &id);
	char key[8];
	char bytes[512];
	uint64_t noise = number * 7919 + worker->partition;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		noise = noise * 6364136223846793005u + 1;
		bytes[i] = (char)(noise >> 56);
	}
	for (uint64_t at = 0; at < sizes[number % 4]; at += sizeof(bytes))
		worker->failed |= engine_writer_append(writer,
				      view_of(bytes, sizeof(bytes))) != RC_OK;
	worker->failed |= engine_writer_finish(writer, batch) != RC_OK;
	put_be64(key, number);
	engine_batch_put(batch, view_of(key, 8), view_of(bytes, 400));
	engine_batch_put(batch, VIEW("content"), view_of(id.bytes, 16));
	worker->failed |= engine_commit(worker->engine, worker->partition,
			      number, batch, NULL) != RC_OK;
	engine_batch_free(&batch);
	engine_writer_free(&writer);
}

static void *commit_all(void *context)
{
	struct worker *worker = context;
	for (uint64_t i = 0; i < COMMITS; i++)
		commit_one(worker, i);
	return NULL;
}

// Commits from several threads, then one after another, and stops. When it goes
// on, it spills chunks that no commit names, reports, and waits for its end.
static int be_killed(const char *path, int reports)
{
	struct fault fault = {0};
	enum rc rc;
	struct engine *engine = open_at(path, &fault, &rc);
	struct worker workers[PARTITIONS];
	pthread_t threads[PARTITIONS];
	if (!engine)
		return 2;
	for (uint64_t i = 0; i < PARTITIONS; i++) {
		workers[i] = (struct worker){engine, i + 1, false};
		if (pthread_create(
			&threads[i], NULL, commit_all, &workers[i]) != 0)
			return 3;
	}
	for (uint64_t i = 0; i < PARTITIONS; i++)
		pthread_join(threads[i], NULL);
	for (uint64_t i = 0; i < PARTITIONS; i++)
		commit_one(&workers[i], COMMITS);
	for (uint64_t i = 0; i < PARTITIONS; i++)
		if (workers[i].failed)
			return 4;
	raise(SIGSTOP); // the other process looks how long the log is
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(engine, &id);
	char zeros[ENGINE_CHUNK] = "spilled";
	for (int i = 0; i < SPILLED; i++)
		if (engine_writer_append(
			writer, view_of(zeros, sizeof(zeros))) != RC_OK)
			return 6;
	if (write(reports, "s", 1) != 1)
		return 7;
	for (;;)
		pause();
}

// ---- What is stored --------------------------------------------------------

struct item {
	uint64_t hash;
	bool failed; // RC_CORRUPT
};

// One item for each key of each partition, in order, and one for each content.
struct items {
	struct item items[ITEMS_MAX];
	size_t count;
	size_t failed;
	uint64_t last[PARTITIONS + 1]; // version
};

struct reading {
	struct engine *engine;
	struct items *items;
};

static struct item *add_item(struct items *items, enum rc rc, uint64_t hash)
{
	assert_true(items->count < ITEMS_MAX);
	struct item *item = &items->items[items->count++];
	*item = (struct item){.hash = hash, .failed = rc != RC_OK};
	if (rc != RC_OK) {
		assert_int_equal(rc, RC_CORRUPT);
		items->failed++;
	}
	return item;
}

static void read_items(struct engine *engine, struct items *ret_items)
{
	struct buf value;
	buf_init(&value, 1 << 20);
	*ret_items = (struct items){0};
	for (uint64_t p = 1; p <= PARTITIONS; p++) {
		enum rc rc = engine_version(engine, p, &ret_items->last[p]);
		add_item(ret_items, rc, rc == RC_OK ? ret_items->last[p] : 0);
		for (uint64_t i = 0; i <= COMMITS; i++) {
			char key[8];
			put_be64(key, i);
			buf_reset(&value);
			rc = engine_get(engine, p, view_of(key, 8), &value);
			if (rc == RC_NOT_FOUND)
				rc = RC_OK; // an item of its own: hash of ""
			add_item(
			    ret_items, rc, XXH3_64bits(value.ptr, value.len));
		}
		struct engine_content_id id = {0};
		buf_reset(&value);
		rc = engine_get(engine, p, VIEW("content"), &value);
		add_item(ret_items, rc, value.len);
		if (rc != RC_OK || value.len != 16)
			continue;
		memcpy(id.bytes, value.ptr, 16);
		buf_reset(&value);
		rc = engine_content_read(engine, &id, 0, 1 << 20, &value);
		add_item(ret_items, rc, XXH3_64bits(value.ptr, value.len));
	}
	buf_done(&value);
}

// How many items differ without an error.
static size_t silent(const struct items *before, const struct items *after)
{
	size_t differ = 0;
	if (before->count != after->count)
		return before->count;
	for (size_t i = 0; i < before->count; i++)
		differ += !after->items[i].failed &&
			  before->items[i].hash != after->items[i].hash;
	return differ;
}

// ---- Copies ----------------------------------------------------------------

struct bed {
	struct test_folder image; // what the killed process left
	struct test_folder copy;
	struct test_folder aside;
	char self[256];
	struct items items;
	char log[300];    // the last log,
	off_t log_synced; // its length after the last commit,
	off_t log_len;    // and with what was spilled behind it
	uint64_t seed;
	int flips;
};

static uint64_t next_random(struct bed *bed, uint64_t below)
{
	bed->seed = bed->seed * 6364136223846793005u + 1442695040888963407u;
	return (bed->seed >> 33) % below;
}

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
	DIR *dir = opendir(bed->image.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));) {
		char from[700];
		char to[700];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(from, sizeof(from), "%s/%s", bed->image.path,
		    entry->d_name);
		snprintf(
		    to, sizeof(to), "%s/%s", bed->copy.path, entry->d_name);
		copy_file(from, to);
	}
	closedir(dir);
}

static off_t size_of(const struct test_folder *folder, const char *name)
{
	char path[700];
	struct stat status;
	snprintf(path, sizeof(path), "%s/%s", folder->path, name);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

static void find_log(struct bed *bed)
{
	bed->log[0] = '\0';
	DIR *dir = opendir(bed->image.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (view_ends_with(
			view_of_string(entry->d_name), VIEW(".log")) &&
		    strcmp(entry->d_name, bed->log) > 0)
			snprintf(
			    bed->log, sizeof(bed->log), "%s", entry->d_name);
	closedir(dir);
	assert_true(bed->log[0] != '\0');
}

static void make_image(struct bed *bed)
{
	int ends[2];
	char report;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char number[16];
		snprintf(number, sizeof(number), "%d", ends[1]);
		execl(bed->self, bed->self, "killed", bed->image.path, number,
		    (char *)NULL);
		_exit(9);
	}
	close(ends[1]);
	int status;
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	assert_true(WIFSTOPPED(status));
	find_log(bed);
	bed->log_synced = size_of(&bed->image, bed->log);
	kill(child, SIGCONT);
	assert_int_equal(read(ends[0], &report, 1), 1);
	bed->log_len = size_of(&bed->image, bed->log);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ends[0]);

	struct fault fault = {0};
	enum rc rc;
	copy_image(bed);
	struct engine *engine = open_at(bed->copy.path, &fault, &rc);
	if (!engine)
		fail_msg("%s", fault.text);
	conformance_expect_sound(engine);
	read_items(engine, &bed->items);
	assert_int_equal(bed->items.failed, 0);
	for (uint64_t p = 1; p <= PARTITIONS; p++)
		assert_int_equal(bed->items.last[p], COMMITS + 1);
	engine_close(&engine);
}

static void a_killed_process_leaves_all(void **state)
{
	struct bed *bed = *state;
	const char *flips = getenv("ENGINE_FLIPS");
	uint32_t count = FLIPS;
	if (flips && !view_to_u32(view_of_string(flips), &count))
		fail_msg("ENGINE_FLIPS must be a number");
	bed->flips = (int)count;
	bed->seed = (uint64_t)clock_wall_seconds(NULL);
	print_message("seed %llu\n", (unsigned long long)bed->seed);
	make_image(bed);
}

// ---- Flipped bits ----------------------------------------------------------

struct named {
	const char *name; // must be in a text
	bool found;
	int problems;
	char text[512]; // the first one
};

static void note_problem(void *context, const char *text)
{
	struct named *named = context;
	if (named->problems++ == 0)
		snprintf(named->text, sizeof(named->text), "%s", text);
	if (strstr(text, named->name))
		named->found = true;
}

static void flip(struct bed *bed, const char *name, uint64_t bit)
{
	char path[700];
	unsigned char byte;
	snprintf(path, sizeof(path), "%s/%s", bed->copy.path, name);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)(bit / 8)), 1);
	byte ^= (unsigned char)(1 << bit % 8);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
	close(fd);
}

struct tally {
	int refused;  // opening named the file
	int reported; // the check named the file
	int harmless;
};

static void hear(void *context, const char *text)
{
	struct buf *said = context;
	buf_add_string(said, text);
	buf_add_char(said, '\n');
}

// After the repair of one flipped bit, everything is there.
static void expect_mended(struct bed *bed, const char *name, uint64_t bit)
{
	struct fault fault = {0};
	struct engine_repair repair;
	static struct items items;
	struct buf said;
	enum rc rc;
	buf_init(&said, 1 << 20);
	struct engine_repair_options options = {
	    .aside = bed->aside.path, .say = hear, .context = &said};
	rc = engine_rocksdb_repair(bed->copy.path, &options, &fault, &repair);
	buf_add_char(&said, '\0');
	if (rc != RC_OK)
		fail_msg("%s, bit %llu: not repaired: %s\n%s", name,
		    (unsigned long long)bit, fault.text, said.ptr);
	struct engine *engine = open_at(bed->copy.path, &fault, &rc);
	if (!engine)
		fail_msg("%s", fault.text);
	read_items(engine, &items);
	engine_close(&engine);
	if (repair.remaining || repair.commits_lost || items.failed ||
	    silent(&bed->items, &items))
		fail_msg("%s, bit %llu: not mended: %s", name,
		    (unsigned long long)bit, said.ptr);
	buf_done(&said);
	engine_repair_done(&repair);
	assert_int_equal(
	    size_of(&bed->aside, name), size_of(&bed->image, name));
	test_folder_empty(&bed->aside);
}

static void try_flip(
    struct bed *bed, const char *name, uint64_t bit, struct tally *tally)
{
	struct fault fault = {0};
	struct named named = {.name = name};
	static struct items items;
	enum rc rc;
	copy_image(bed);
	flip(bed, name, bit);
	struct engine *engine = open_at(bed->copy.path, &fault, &rc);
	if (!engine) {
		if (rc != RC_CORRUPT || !strstr(fault.text, name))
			fail_msg("%s, bit %llu: refused with %s: %s", name,
			    (unsigned long long)bit, rc_name(rc), fault.text);
		tally->refused++;
		expect_mended(bed, name, bit);
		return;
	}
	assert_int_equal(engine_check(engine, note_problem, &named), RC_OK);
	read_items(engine, &items);
	size_t lost = silent(&bed->items, &items);
	engine_close(&engine);
	if (lost)
		fail_msg("%s, bit %llu: %zu items differ without an error (%s)",
		    name, (unsigned long long)bit, lost, named.text);
	if (named.problems && !named.found)
		fail_msg("%s, bit %llu: the file is not named: %s", name,
		    (unsigned long long)bit, named.text);
	if (items.failed && !named.problems)
		fail_msg("%s, bit %llu: reading fails, the check is silent",
		    name, (unsigned long long)bit);
	if (named.problems) {
		expect_mended(bed, name, bit);
		tally->reported++;
	} else {
		tally->harmless++;
	}
}

static void flip_kind(struct bed *bed, const char *kind)
{
	static char names[64][300];
	size_t count = 0;
	DIR *dir = opendir(bed->image.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir)) && count < 64;) {
		struct view name = view_of_string(entry->d_name);
		if ((kind[0] == '.'
			    ? view_ends_with(name, view_of_string(kind))
			    : view_starts_with(name, view_of_string(kind))) &&
		    size_of(&bed->image, entry->d_name) > 0)
			snprintf(names[count++], sizeof(names[0]), "%s",
			    entry->d_name);
	}
	closedir(dir);
	if (count == 0)
		fail_msg("there is no file %s", kind);
	struct tally tally = {0};
	for (int i = 0; i < bed->flips; i++) {
		const char *name = names[next_random(bed, count)];
		uint64_t bits = 8 * (uint64_t)size_of(&bed->image, name);
		try_flip(bed, name, next_random(bed, bits), &tally);
	}
	print_message("%s: %d flips, %d refused, %d reported, %d harmless\n",
	    kind, bed->flips, tally.refused, tally.reported, tally.harmless);
}

static void a_flipped_bit_is_never_silent(void **state)
{
	static const char *const kinds[] = {".log", ".sst", ".blob",
	    "MANIFEST-", "CURRENT", "OPTIONS-", "IDENTITY", "SYNCED", "FORMAT"};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		flip_kind(*state, kinds[i]);
}

// ---- Torn ends -------------------------------------------------------------

// Does to the end of the log what a power cut may do: cuts it, and leaves
// sectors zero that were not written yet, wherever they are.
static void tear(struct bed *bed, off_t from)
{
	char path[700];
	static const char zeros[SECTOR];
	snprintf(path, sizeof(path), "%s/%s", bed->copy.path, bed->log);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	off_t len = bed->log_len;
	if (next_random(bed, 2))
		len = from + (off_t)next_random(
				 bed, (uint64_t)(bed->log_len - from) + 1);
	assert_int_equal(ftruncate(fd, len), 0);
	uint64_t share = 1 + next_random(bed, 20);
	off_t first = (from + SECTOR - 1) / SECTOR * SECTOR;
	for (off_t at = first; at + SECTOR <= len; at += SECTOR)
		if (next_random(bed, share) == 0)
			assert_int_equal(pwrite(fd, zeros, SECTOR, at), SECTOR);
	close(fd);
}

static void forget_synced(struct bed *bed)
{
	char path[700];
	snprintf(path, sizeof(path), "%s/SYNCED", bed->copy.path);
	assert_int_equal(unlink(path), 0);
}

static void a_torn_end_opens(void **state)
{
	struct bed *bed = *state;
	for (int i = 0; i < bed->flips; i++) {
		struct fault fault = {0};
		static struct items items;
		enum rc rc;
		copy_image(bed);
		tear(bed, bed->log_synced);
		// The file was not synced either: it may be gone.
		if (next_random(bed, 2))
			forget_synced(bed);
		struct engine *engine = open_at(bed->copy.path, &fault, &rc);
		if (!engine)
			fail_msg("refused: %s", fault.text);
		conformance_expect_sound(engine);
		read_items(engine, &items);
		assert_int_equal(items.failed, 0);
		assert_int_equal(silent(&bed->items, &items), 0);
		engine_close(&engine);
		// And it stays open for good.
		engine = open_at(bed->copy.path, &fault, &rc);
		assert_non_null(engine);
		engine_close(&engine);
	}
}

// The end of the log, with what was acknowledged in it, is lost.
static void an_end_that_was_synced_is_missed(void **state)
{
	struct bed *bed = *state;
	char path[700];
	for (int i = 0; i < bed->flips; i++) {
		struct fault fault = {0};
		enum rc rc;
		copy_image(bed);
		snprintf(path, sizeof(path), "%s/%s", bed->copy.path, bed->log);
		uint64_t len =
		    next_random(bed, (uint64_t)bed->log_synced - 2000);
		assert_int_equal(truncate(path, (off_t)len), 0);
		assert_null(open_at(bed->copy.path, &fault, &rc));
		assert_int_equal(rc, RC_CORRUPT);
		assert_non_null(strstr(fault.text, bed->log));
	}
}

// After a power cut SYNCED may be old. The notes in the records behind the
// damage prove that it is no torn end.
static void damage_in_the_middle_is_refused_without_synced(void **state)
{
	struct bed *bed = *state;
	for (int i = 0; i < bed->flips; i++) {
		struct fault fault = {0};
		enum rc rc;
		copy_image(bed);
		forget_synced(bed);
		uint64_t bytes = (uint64_t)bed->log_synced * 3 / 4;
		flip(bed, bed->log, next_random(bed, 8 * bytes));
		struct engine *engine = open_at(bed->copy.path, &fault, &rc);
		if (engine) { // the end of a block is not used
			static struct items items;
			read_items(engine, &items);
			engine_close(&engine);
			assert_int_equal(silent(&bed->items, &items), 0);
			continue;
		}
		assert_int_equal(rc, RC_CORRUPT);
		assert_non_null(strstr(fault.text, bed->log));
	}
}

// Damages the first block of the largest table of keys.
static void damage_a_table(struct bed *bed)
{
	char name[300] = "";
	off_t size = 0;
	DIR *dir = opendir(bed->image.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (view_ends_with(
			view_of_string(entry->d_name), VIEW(".sst")) &&
		    size_of(&bed->image, entry->d_name) > size) {
			snprintf(name, sizeof(name), "%s", entry->d_name);
			size = size_of(&bed->image, name);
		}
	closedir(dir);
	assert_true(size > 0);
	flip(bed, name, 8000);
}

// Reads of what is in a damaged block fail. Everybody can read the rest, and
// can write.
static void a_damaged_table_stops_nobody_else(void **state)
{
	struct bed *bed = *state;
	static struct items items;
	struct fault fault = {0};
	enum rc rc;
	copy_image(bed);
	damage_a_table(bed);
	for (int round = 0; round < 3; round++) {
		struct engine *engine = open_at(bed->copy.path, &fault, &rc);
		if (!engine)
			fail_msg("%s", fault.text);
		read_items(engine, &items);
		assert_in_range(items.failed, 1, 60);
		assert_int_equal(silent(&bed->items, &items), 0);
		for (int i = 0; round && i < 400; i++) {
			struct engine_batch *batch = engine_batch_new(engine);
			char value[8000] = "";
			engine_batch_put(
			    batch, VIEW("k"), view_of(value, sizeof(value)));
			conformance_commit(engine, 77, batch);
			engine_batch_free(&batch);
		}
		engine_close(&engine);
	}
}

static enum rc try_commit(struct engine *engine, uint64_t number)
{
	uint64_t version = 0;
	char key[8];
	static const char value[8000] = "";
	enum rc rc = engine_version(engine, 1, &version);
	if (rc != RC_OK)
		return rc;
	struct engine_batch *batch = engine_batch_new(engine);
	put_be64(key, 1000 + number);
	engine_batch_put(
	    batch, view_of(key, sizeof(key)), view_of(value, sizeof(value)));
	rc = engine_commit(engine, 1, version, batch, NULL);
	engine_batch_free(&batch);
	return rc;
}

// Compaction meets damage that nobody knew of: writes fail, until the engine
// has opened the database anew by itself. Then everybody can write, for good.
static void writes_go_on_after_compaction_met_damage(void **state)
{
	struct bed *bed = *state;
	struct fault fault = {0};
	enum rc rc;
	copy_image(bed);
	damage_a_table(bed);
	struct engine *engine = open_at(bed->copy.path, &fault, &rc);
	if (!engine)
		fail_msg("%s", fault.text);
	uint64_t until = clock_monotonic_ms() + 240000;
	int failed = 0;
	for (uint64_t i = 0; i < 1500;) {
		rc = try_commit(engine, i);
		if (rc == RC_OK) {
			i++;
			continue;
		}
		failed++;
		if (clock_monotonic_ms() > until)
			fail_msg("writing does not go on: %s", rc_name(rc));
		sched_yield();
	}
	char marker[700];
	snprintf(marker, sizeof(marker), "%s/DAMAGED", bed->copy.path);
	print_message("%d commits failed, the damage was %s\n", failed,
	    access(marker, F_OK) == 0 ? "met" : "not met");
	engine_close(&engine);
}

// A sector in the middle of the log is lost. What is intact behind it is saved.
static void what_is_behind_a_hole_is_saved(void **state)
{
	struct bed *bed = *state;
	static const char zeros[SECTOR];
	for (int i = 0; i < bed->flips; i++) {
		struct fault fault = {0};
		struct engine_repair repair;
		static struct items items;
		struct buf said;
		enum rc rc;
		char path[700];
		buf_init(&said, 1 << 20);
		copy_image(bed);
		snprintf(path, sizeof(path), "%s/%s", bed->copy.path, bed->log);
		int fd = open(path, O_RDWR);
		uint64_t sectors = (uint64_t)bed->log_synced / SECTOR - 1;
		off_t at = (off_t)(next_random(bed, sectors) * SECTOR);
		assert_int_equal(pwrite(fd, zeros, SECTOR, at), SECTOR);
		close(fd);
		assert_null(open_at(bed->copy.path, &fault, &rc));
		assert_int_equal(rc, RC_CORRUPT);
		struct engine_repair_options options = {
		    .aside = bed->aside.path, .say = hear, .context = &said};
		rc = engine_rocksdb_repair(
		    bed->copy.path, &options, &fault, &repair);
		buf_add_char(&said, '\0');
		// Of a long content, chunks may be lost.
		size_t chunks = 0;
		for (const char *text = said.ptr;
		     (text = strstr(text, "good chunks of")); text++)
			chunks++;
		if (rc != RC_OK || repair.remaining != chunks ||
		    !repair.commits_lost)
			fail_msg("sector at %lld: %s\n%s", (long long)at,
			    fault.text, said.ptr);
		struct engine *engine = open_at(bed->copy.path, &fault, &rc);
		assert_non_null(engine);
		read_items(engine, &items);
		engine_close(&engine);
		assert_in_range(items.failed, 0, chunks);
		size_t lost = silent(&bed->items, &items) + chunks;
		// A group of commits may be lost, and a record on each side.
		assert_in_range(lost, 1, 3 * 6 * PARTITIONS);
		buf_done(&said);
		engine_repair_done(&repair);
		assert_int_equal(size_of(&bed->aside, bed->log), bed->log_len);
		test_folder_empty(&bed->aside);
	}
}

int main(int argc, char **argv)
{
	uint64_t fd;
	if (argc == 4 && strcmp(argv[1], "killed") == 0 &&
	    view_to_u64(view_of_string(argv[3]), &fd))
		return be_killed(argv[2], (int)fd);
	static struct bed bed;
	ssize_t len =
	    readlink("/proc/self/exe", bed.self, sizeof(bed.self) - 1);
	if (len < 0 || test_folder_make(&bed.image) != 0 ||
	    test_folder_make(&bed.copy) != 0 ||
	    test_folder_make(&bed.aside) != 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(a_killed_process_leaves_all, &bed),
	    cmocka_unit_test_prestate(a_flipped_bit_is_never_silent, &bed),
	    cmocka_unit_test_prestate(a_torn_end_opens, &bed),
	    cmocka_unit_test_prestate(an_end_that_was_synced_is_missed, &bed),
	    cmocka_unit_test_prestate(
		damage_in_the_middle_is_refused_without_synced, &bed),
	    cmocka_unit_test_prestate(a_damaged_table_stops_nobody_else, &bed),
	    cmocka_unit_test_prestate(
		writes_go_on_after_compaction_met_damage, &bed),
	    cmocka_unit_test_prestate(what_is_behind_a_hole_is_saved, &bed),
	};
	int failed =
	    cmocka_run_group_tests_name("rocksdb damage", tests, NULL, NULL);
	test_folder_remove(&bed.image);
	test_folder_remove(&bed.copy);
	test_folder_remove(&bed.aside);
	return failed;
}
