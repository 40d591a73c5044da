// SPDX-License-Identifier: Apache-2.0
// What a durable commit costs: each of several threads commits 4 KB of content
// and a small key to a partition of its own, as a delivery does. Also what
// reads cost. Usage: engine_bench FOLDER [SECONDS [THREADS]]; the folder is
// made, and not deleted. With THREADS, only commits of 4 KB with that many
// threads are measured.
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"
#include "engine/engine.h"

#define BODY 4096

struct bench {
	struct engine *engine;
	atomic_bool stop;
	atomic_ullong commits;
	bool content; // otherwise a flag change: one key of 300 bytes
};

struct bench_thread {
	struct bench *bench;
	uint64_t partition;
	pthread_t thread;
};

static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static uint64_t cpu_us(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		   1000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

// The bytes that this process has made the kernel write so far.
static uint64_t bytes_written(void)
{
	char text[1024];
	FILE *file = fopen("/proc/self/io", "r");
	size_t len = file ? fread(text, 1, sizeof(text), file) : 0;
	if (file)
		fclose(file);
	struct view all = view_of(text, len);
	struct view line;
	uint64_t bytes = 0;
	while (view_split(&all, '\n', &line))
		if (view_starts_with(line, VIEW("write_bytes: ")) &&
		    !view_to_u64(view_from(line, 13), &bytes))
			bytes = 0;
	return bytes;
}

// Half of it compresses, as in usual mail.
static void fill(char *body, uint64_t seed)
{
	for (size_t i = 0; i < BODY; i += 8) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		put_le64(body + i, i % 16 ? seed : 0x2020202020202020u);
	}
}

static void *commit_often(void *context)
{
	struct bench_thread *self = context;
	struct bench *bench = self->bench;
	struct engine_batch *batch = engine_batch_new(bench->engine);
	uint64_t version;
	char body[BODY];
	if (engine_version(bench->engine, self->partition, &version) != RC_OK)
		die("version");
	fill(body, self->partition);
	while (!atomic_load(&bench->stop)) {
		char key[16] = "entry...";
		put_be64(key + 8, version / 64);
		engine_batch_reset(batch);
		engine_batch_put(
		    batch, view_of(key, sizeof(key)), view_of(body, 300));
		if (bench->content) {
			struct engine_content_id id;
			put_le64(body + 24, version);
			struct engine_writer *writer =
			    engine_writer_new(bench->engine, &id);
			if (engine_writer_append(writer, view_of(body, BODY)) !=
				RC_OK ||
			    engine_writer_finish(writer, batch) != RC_OK)
				die("writer");
			engine_writer_free(&writer);
		}
		struct fault fault;
		if (engine_commit(bench->engine, self->partition, version,
			batch, &fault) != RC_OK)
			die(fault.text);
		version++;
		atomic_fetch_add(&bench->commits, 1);
	}
	engine_batch_free(&batch);
	return NULL;
}

static void bench_commits(
    struct engine *engine, int threads, unsigned seconds, bool content)
{
	struct bench bench = {.engine = engine, .content = content};
	struct bench_thread *all = mem_alloc((size_t)threads * sizeof(*all));
	uint64_t cpu = cpu_us();
	uint64_t written = bytes_written();
	uint64_t began = clock_monotonic_ns();
	for (int i = 0; i < threads; i++) {
		all[i] = (struct bench_thread){&bench, 1000 + (uint64_t)i, 0};
		if (pthread_create(
			&all[i].thread, NULL, commit_often, &all[i]) != 0)
			abort();
	}
	nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
	atomic_store(&bench.stop, true);
	for (int i = 0; i < threads; i++)
		pthread_join(all[i].thread, NULL);
	double took = (double)(clock_monotonic_ns() - began) / 1e9;
	double commits = (double)atomic_load(&bench.commits);
	printf("%-6s %3d threads: %6.0f commits/s, %5.1f us CPU, "
	       "%5.0f bytes written each\n",
	    content ? "4 KB" : "300 B", threads, commits / took,
	    (double)(cpu_us() - cpu) / commits,
	    (double)(bytes_written() - written) / commits);
	free(all);
}

// ---- Reading ---------------------------------------------------------------

struct ids {
	struct engine_content_id *ids;
	size_t count;
	size_t capacity;
};

static enum rc add_id(void *context, const struct engine_content_info *info)
{
	struct ids *list = context;
	if (info->size != BODY)
		return RC_OK;
	list->ids = mem_grow(
	    list->ids, &list->capacity, list->count + 1, sizeof(*list->ids));
	list->ids[list->count++] = info->id;
	return list->count < 20000 ? RC_OK : RC_END;
}

static void bench_reads(struct engine *engine)
{
	struct ids list = {0};
	enum rc rc = engine_content_each(engine, add_id, &list);
	if (rc != RC_OK && rc != RC_END)
		die("each");
	struct buf found;
	buf_init(&found, 1 << 20);
	for (int round = 0; round < 2; round++) {
		uint64_t began = cpu_us();
		for (size_t i = 0; i < list.count; i++) {
			buf_reset(&found);
			if (engine_content_read(engine, &list.ids[i], 0,
				SIZE_MAX, &found) != RC_OK)
				die("read");
		}
		printf("read 4 KB content, round %d: %.2f us CPU each\n",
		    round + 1, (double)(cpu_us() - began) / (double)list.count);
	}
	struct engine_snapshot *snapshot;
	uint64_t began = cpu_us();
	for (int i = 0; i < 10000; i++) {
		if (engine_snapshot_open(engine, 1000, &snapshot) != RC_OK)
			die("snapshot");
		engine_snapshot_close(&snapshot);
	}
	printf("open and close a snapshot: %.2f us CPU\n",
	    (double)(cpu_us() - began) / 1e4);
	if (engine_snapshot_open(engine, 1000, &snapshot) != RC_OK)
		die("snapshot");
	struct engine_cursor *cursor;
	struct view key;
	struct view value;
	size_t keys = 0;
	began = cpu_us();
	for (int i = 0; i < 1000; i++) {
		if (engine_cursor_open(snapshot, VIEW("entry"), &cursor) !=
		    RC_OK)
			die("cursor");
		for (int n = 0; n < 10 && engine_cursor_next(
					      cursor, &key, &value) == RC_OK;
		     n++)
			keys++;
		engine_cursor_close(&cursor);
	}
	printf("open a cursor, read %zu keys, close: %.2f us CPU\n",
	    keys / 1000, (double)(cpu_us() - began) / 1e3);
	engine_snapshot_close(&snapshot);
	buf_done(&found);
	free(list.ids);
}

static void bench_large(struct engine *engine)
{
	enum { SIZE = 32 << 20 };
	char *bytes = mem_zalloc(SIZE);
	uint64_t noise = 1;
	for (size_t i = 0; i < SIZE; i += 8) {
		noise = noise * 6364136223846793005u + 1;
		put_le64(bytes + i, noise & 0x3f3f3f3f3f3f3f3fu);
	}
	struct engine_content_id id;
	struct engine_batch *batch = engine_batch_new(engine);
	uint64_t cpu = cpu_us();
	uint64_t began = clock_monotonic_ns();
	struct engine_writer *writer = engine_writer_new(engine, &id);
	struct fault fault;
	if (engine_writer_append(writer, view_of(bytes, SIZE)) != RC_OK ||
	    engine_writer_finish(writer, batch) != RC_OK ||
	    engine_commit(engine, 7, 0, batch, &fault) != RC_OK)
		die("large");
	printf("write 32 MB: %.0f MB/s, %.0f ms CPU\n",
	    32e9 / (double)(clock_monotonic_ns() - began),
	    (double)(cpu_us() - cpu) / 1e3);
	struct buf found;
	buf_init(&found, 1 << 20);
	for (int round = 0; round < 3; round++) {
		began = clock_monotonic_ns();
		for (uint64_t at = 0; at < SIZE; at += 65536) {
			buf_reset(&found);
			if (engine_content_read(
				engine, &id, at, 65536, &found) != RC_OK ||
			    found.len != 65536)
				die("read");
		}
		printf("read 32 MB in 64 KiB: %.0f MB/s\n",
		    32e9 / (double)(clock_monotonic_ns() - began));
	}
	engine_writer_free(&writer);
	engine_batch_free(&batch);
	buf_done(&found);
	free(bytes);
}

int main(int argc, char **argv)
{
	static const int threads[] = {1, 32, 128};
	if (argc < 2)
		die("usage: engine_bench FOLDER [SECONDS [THREADS]]");
	uint64_t seconds = 3;
	if (argc > 2 && !view_to_u64(view_of_string(argv[2]), &seconds))
		die("not a number of seconds");
	uint64_t only = 0;
	if (argc > 3 && !view_to_u64(view_of_string(argv[3]), &only))
		die("not a number of threads");
	struct engine *engine;
	struct fault fault;
	if (engine_rocksdb_open(argv[1], NULL, &fault, &engine) != RC_OK)
		die(fault.text);
	if (only) {
		bench_commits(engine, (int)only, (unsigned)seconds, true);
		engine_close(&engine);
		return 0;
	}
	for (int content = 1; content >= 0; content--)
		for (size_t i = 0; i < ARRAY_LEN(threads); i++)
			bench_commits(
			    engine, threads[i], (unsigned)seconds, content);
	bench_large(engine);
	engine_close(&engine);
	uint64_t began = clock_monotonic_ns();
	if (engine_rocksdb_open(argv[1], NULL, &fault, &engine) != RC_OK)
		die(fault.text);
	printf("open: %.1f ms\n", (double)(clock_monotonic_ns() - began) / 1e6);
	bench_reads(engine);
	engine_close(&engine);
	return 0;
}
