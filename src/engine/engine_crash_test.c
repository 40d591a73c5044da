// SPDX-License-Identifier: Apache-2.0
// Tests the promise of a commit. A second process commits from several threads
// and reports each version over a pipe, until it is killed with SIGKILL. Then
// every version that it reported must be on the disk, and no commit may be
// there in part. Some rounds also add garbage to the end of the log, as a power
// cut may. The data of a round stays for the next.
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine_conformance.h"
#include "engine/engine_test_folder.h"

#define ROUNDS     40
#define PARTITIONS 3
#define SLOTS      20 // contents that a partition keeps

struct report {
	uint64_t partition;
	uint64_t version;
};

static struct engine *open_at(const char *path)
{
	struct fault fault = {0};
	struct engine *engine = NULL;
	// Small buffers, so that the process is also killed during flushes and
	// while it begins new logs.
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .buffer_bytes = 1 << 20};
	if (engine_rocksdb_open(path, &options, &fault, &engine) != RC_OK)
		fprintf(stderr, "%s\n", fault.text);
	return engine;
}

// ---- The process that is killed --------------------------------------------

struct worker {
	struct engine *engine;
	uint64_t partition;
	int pipe;
};

static uint64_t content_size_at(uint64_t version)
{
	static const uint64_t sizes[] = {0, 1, 3000, 4000, 5000, ENGINE_CHUNK,
	    ENGINE_CHUNK + 1, 3 * ENGINE_CHUNK + 7};
	return sizes[version % ARRAY_LEN(sizes)];
}

static void slot_key(char *key, uint64_t version)
{
	key[0] = 's';
	key[1] = (char)(version % SLOTS);
}

// Adds new content to the batch, and disowns the content that was in its slot.
static void add_content(struct worker *worker, uint64_t version,
    struct engine_writer **ret_writer, struct engine_batch *batch)
{
	char key[2];
	struct buf old;
	slot_key(key, version);
	buf_init(&old, 64);
	if (engine_get(worker->engine, worker->partition, view_of(key, 2),
		&old) == RC_OK) {
		struct engine_content_id id;
		memcpy(id.bytes, old.ptr, sizeof(id.bytes));
		engine_batch_disown(batch, &id);
	}
	buf_done(&old);
	char value[24];
	struct engine_content_id id;
	struct engine_writer *writer = engine_writer_new(worker->engine, &id);
	uint64_t size = content_size_at(version);
	char piece[8192];
	for (uint64_t at = 0; at < size;) {
		size_t len = 0;
		while (len < sizeof(piece) && at < size)
			piece[len++] = conformance_byte(at++);
		if (engine_writer_append(writer, view_of(piece, len)) != RC_OK)
			_exit(3);
	}
	if (engine_writer_finish(writer, batch) != RC_OK)
		_exit(3);
	memcpy(value, id.bytes, sizeof(id.bytes));
	put_le64(value + 16, size);
	engine_batch_put(batch, view_of(key, 2), view_of(value, sizeof(value)));
	*ret_writer = writer;
}

static void *commit_forever(void *context)
{
	struct worker *worker = context;
	struct engine_batch *batch = engine_batch_new(worker->engine);
	uint64_t version;
	if (engine_version(worker->engine, worker->partition, &version) !=
	    RC_OK)
		_exit(3);
	for (;;) {
		char number[8];
		struct engine_writer *writer;
		put_le64(number, version + 1);
		engine_batch_reset(batch);
		engine_batch_put(batch, VIEW("first"), view_of(number, 8));
		add_content(worker, version, &writer, batch);
		engine_batch_put(batch, VIEW("z"), view_of(number, 8));
		if (engine_commit(worker->engine, worker->partition, version,
			batch, NULL) != RC_OK)
			_exit(4);
		version++;
		engine_writer_free(&writer);
		struct report report = {worker->partition, version};
		if (write(worker->pipe, &report, sizeof(report)) !=
		    (ssize_t)sizeof(report))
			_exit(5);
	}
}

// Makes and drops a partition again and again, and sweeps meanwhile.
static void *drop_forever(void *context)
{
	struct worker *worker = context;
	for (;;) {
		struct engine_content_id id;
		struct engine_batch *batch = engine_batch_new(worker->engine);
		for (int i = 0; i < 3; i++) {
			struct engine_writer *writer =
			    engine_writer_new(worker->engine, &id);
			if (engine_writer_finish(writer, batch) != RC_OK)
				_exit(3);
			engine_writer_free(&writer);
		}
		engine_batch_put(batch, VIEW("k"), VIEW("v"));
		uint64_t deleted;
		if (engine_commit(worker->engine, worker->partition, 0, batch,
			NULL) != RC_OK ||
		    engine_partition_drop(
			worker->engine, worker->partition, NULL) != RC_OK ||
		    engine_content_sweep(worker->engine,
			clock_wall_seconds(NULL) + 1, 0, &deleted) != RC_OK)
			_exit(6);
		engine_batch_free(&batch);
	}
}

static int be_killed(const char *path, int report_pipe)
{
	struct engine *engine = open_at(path);
	if (!engine)
		return 2;
	struct worker workers[PARTITIONS + 1];
	pthread_t thread;
	for (uint64_t i = 0; i <= PARTITIONS; i++) {
		workers[i] = (struct worker){engine, i + 1, report_pipe};
		if (i < PARTITIONS && pthread_create(&thread, NULL,
					  commit_forever, &workers[i]) != 0)
			abort();
	}
	uint64_t version;
	if (engine_version(engine, PARTITIONS + 1, &version) != RC_OK ||
	    (version &&
		engine_partition_drop(engine, PARTITIONS + 1, NULL) != RC_OK))
		return 2;
	drop_forever(&workers[PARTITIONS]);
	return 0;
}

// ---- The process that looks ------------------------------------------------

struct crash {
	struct test_folder folder;
	char self[256];
	uint64_t told[PARTITIONS + 1]; // by partition number
	uint64_t seed;
};

static uint64_t next_random(struct crash *crash, uint64_t below)
{
	crash->seed = crash->seed * 6364136223846793005u + 1442695040888963407u;
	return (crash->seed >> 33) % below;
}

static void note(struct crash *crash, const struct report *report)
{
	assert_in_range(report->partition, 1, PARTITIONS);
	assert_true(crash->told[report->partition] < report->version);
	crash->told[report->partition] = report->version;
}

// Lets the process report `reports` commits, kills it, and notes everything
// that it reported until its end.
static void run_and_kill(struct crash *crash, uint64_t reports)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char number[16];
		snprintf(number, sizeof(number), "%d", ends[1]);
		close(ends[0]);
		// A new program: RocksDB's threads do not survive a fork.
		execl(crash->self, crash->self, "killed", crash->folder.path,
		    number, (char *)NULL);
		_exit(9);
	}
	close(ends[1]);
	struct report report;
	while (
	    read(ends[0], &report, sizeof(report)) == (ssize_t)sizeof(report)) {
		note(crash, &report);
		if (reports-- == 0)
			kill(child, SIGKILL);
	}
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("the process ended by itself, with %d",
		    WEXITSTATUS(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

static void expect_slot(
    struct engine *engine, uint64_t partition, uint64_t version)
{
	char key[2];
	struct buf value;
	slot_key(key, version);
	buf_init(&value, 64);
	assert_int_equal(
	    engine_get(engine, partition, view_of(key, 2), &value), RC_OK);
	assert_int_equal(value.len, 24);
	struct engine_content_id id;
	memcpy(id.bytes, value.ptr, sizeof(id.bytes));
	assert_true(get_le64(value.ptr + 16) == content_size_at(version));
	conformance_expect_content(engine, &id, content_size_at(version));
	assert_int_equal(conformance_owner_count(engine, partition, &id), 1);
	buf_done(&value);
}

static void expect_kept(struct crash *crash)
{
	struct engine *engine = open_at(crash->folder.path);
	assert_non_null(engine);
	conformance_expect_sound(engine);
	for (uint64_t p = 1; p <= PARTITIONS; p++) {
		uint64_t version;
		assert_int_equal(engine_version(engine, p, &version), RC_OK);
		// One commit may be durable but not reported yet.
		assert_true(
		    version == crash->told[p] || version == crash->told[p] + 1);
		crash->told[p] = version;
		if (version == 0)
			continue;
		char number[8];
		put_le64(number, version);
		conformance_expect_value(
		    engine, p, VIEW("first"), view_of(number, 8));
		conformance_expect_value(
		    engine, p, VIEW("z"), view_of(number, 8));
		uint64_t first = version > SLOTS ? version - SLOTS : 0;
		for (uint64_t v = first; v < version; v++)
			expect_slot(engine, p, v);
	}
	uint64_t deleted;
	assert_int_equal(engine_content_sweep(
			     engine, clock_wall_seconds(NULL) + 1, 0, &deleted),
	    RC_OK);
	conformance_expect_sound(engine);
	engine_close(&engine);
}

// Adds bytes to the newest log, as after a torn write.
static void tear_log(struct crash *crash)
{
	char newest[300] = "";
	DIR *dir = opendir(crash->folder.path);
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (view_ends_with(
			view_of_string(entry->d_name), VIEW(".log")) &&
		    strcmp(entry->d_name, newest) > 0)
			snprintf(newest, sizeof(newest), "%s", entry->d_name);
	closedir(dir);
	assert_true(newest[0] != '\0');
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", crash->folder.path, newest);
	int fd = open(path, O_WRONLY | O_APPEND);
	assert_true(fd >= 0);
	char garbage[3000];
	for (size_t i = 0; i < sizeof(garbage); i++)
		garbage[i] = (char)next_random(crash, 256);
	size_t len = 1 + next_random(crash, sizeof(garbage));
	assert_int_equal(write(fd, garbage, len), len);
	close(fd);
}

static void what_was_answered_survives_being_killed(void **state)
{
	struct crash *crash = *state;
	for (int round = 0; round < ROUNDS; round++) {
		run_and_kill(crash, next_random(crash, 60));
		if (round % 3 == 2)
			tear_log(crash);
		expect_kept(crash);
	}
	for (uint64_t p = 1; p <= PARTITIONS; p++)
		assert_true(crash->told[p] > SLOTS);
}

int main(int argc, char **argv)
{
	uint64_t fd;
	if (argc == 4 && strcmp(argv[1], "killed") == 0 &&
	    view_to_u64(view_of_string(argv[3]), &fd))
		return be_killed(argv[2], (int)fd);
	struct crash crash = {.seed = (uint64_t)clock_wall_seconds(NULL)};
	ssize_t len =
	    readlink("/proc/self/exe", crash.self, sizeof(crash.self) - 1);
	if (len < 0 || test_folder_make(&crash.folder) != 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(
		what_was_answered_survives_being_killed, &crash),
	};
	int failed =
	    cmocka_run_group_tests_name("rocksdb killed", tests, NULL, NULL);
	test_folder_remove(&crash.folder);
	return failed;
}
