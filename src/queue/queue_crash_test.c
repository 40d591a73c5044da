// SPDX-License-Identifier: Apache-2.0
// Tests that the queue keeps its promise after kill -9. A second process puts,
// takes and settles with several threads. Over a pipe it tells what it is about
// to settle and what has been done, until it is killed with SIGKILL. After that
// each recipient must be either in the queue, or settled, or reported in
// exactly one report. The data of one round stays for the next.
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "engine/engine_test_folder.h"
#include "queue/queue_test_tools.h"

#define ROUNDS  20
#define PUTTERS 3
#define TAKERS  3
#define NUMBERS 200000 // recipients in all rounds

enum told {
	TOLD_PUT = 1,        // the recipient is in the queue
	TOLD_SETTLING = 2,   // a final settlement has begun
	TOLD_SETTLED = 4,    // that settlement is committed
	TOLD_FAILED = 8,     // the result was, or would have been, a failure
	TOLD_REPORTING = 16, // the settlement of the report itself has begun
	TOLD_REPORTED = 32,  // that settlement is committed
};

struct note {
	uint32_t told;
	uint32_t number;
};

// ---- The process that is killed --------------------------------------------

struct worker {
	struct queue *queue;
	int pipe;
	_Atomic uint32_t *next;
};

static void tell(const struct worker *worker, uint32_t told, uint32_t number)
{
	struct note note = {told, number};
	if (write(worker->pipe, &note, sizeof(note)) != (ssize_t)sizeof(note))
		_exit(5);
}

static void *put_forever(void *context)
{
	struct worker *worker = context;
	for (;;) {
		char texts[3][40];
		struct queue_recipient to[3] = {{.notify = 0}};
		uint32_t first = atomic_fetch_add(worker->next, 3);
		uint32_t count = 1 + first / 3 % 3;
		for (uint32_t i = 0; i < count; i++) {
			snprintf(texts[i], sizeof(texts[i]), "u%u@d%u.example",
			    first + i, (first + i) % 5);
			to[i].address = view_of_string(texts[i]);
		}
		struct queue_envelope envelope = {
		    .sender = VIEW("a@reports.example"), .proven = true};
		struct queue_draft *draft = queue_draft_new(worker->queue);
		struct queue_id id;
		if (first + 3 > NUMBERS)
			_exit(7);
		if (queue_draft_add(draft, BED_TEXT) != RC_OK ||
		    queue_put(worker->queue, draft, VIEW("X: y\r\n"), &envelope,
			to, count, NULL, &id) != RC_OK)
			_exit(3);
		queue_draft_free(&draft);
		for (uint32_t i = 0; i < count; i++)
			tell(worker, TOLD_PUT, first + i);
	}
}

// "u12@d3.example" is 12.
static uint32_t number_of(struct view address)
{
	uint32_t number = 0;
	size_t at = view_find_char(address, '@');
	if (at == SIZE_MAX || at < 2 ||
	    !view_to_u32(view_slice(address, 1, at - 1), &number) ||
	    number >= NUMBERS)
		return UINT32_MAX;
	return number;
}

#define REPORT_MAX 8

// Finds the numbers of the recipients that a report names.
static size_t report_numbers(struct view text, uint32_t numbers[REPORT_MAX])
{
	static const struct view field = {"\r\nFinal-Recipient: rfc822; ", 27};
	size_t count = 0;
	size_t at;
	while (
	    (at = view_find(text, field)) != SIZE_MAX && count < REPORT_MAX) {
		text = view_from(text, at + field.len);
		numbers[count++] = number_of(text);
	}
	return count;
}

static void settle_report(struct worker *worker, struct queue_lot *lot)
{
	uint32_t numbers[REPORT_MAX];
	struct queue_result result = {.outcome = QUEUE_DELIVERED};
	struct buf bytes;
	buf_init(&bytes, (size_t)1 << 20);
	if (queue_lot_read(lot, 0, SIZE_MAX, &bytes) != RC_OK)
		_exit(3);
	size_t count = report_numbers(buf_view(&bytes), numbers);
	buf_done(&bytes);
	for (size_t i = 0; i < count; i++)
		tell(worker, TOLD_REPORTING, numbers[i]);
	if (queue_settle(worker->queue, &lot, &result, NULL) != RC_OK)
		_exit(4);
	for (size_t i = 0; i < count; i++)
		tell(worker, TOLD_REPORTED, numbers[i]);
}

static void settle(struct worker *worker, struct queue_lot *lot)
{
	struct queue_result results[3] = {{0}};
	uint32_t numbers[3];
	uint32_t told[3] = {0};
	struct queue_recipient others[3] = {
	    {.resolved = true}, {.resolved = true}, {.resolved = true}};
	char texts[3][40];
	size_t count = queue_lot_count(lot);
	for (size_t i = 0; i < count; i++) {
		const struct queue_lot_recipient *one =
		    queue_lot_recipient(lot, i);
		numbers[i] = number_of(one->recipient.address);
		bool fails = numbers[i] % 3 == 0;
		results[i].outcome = QUEUE_LATER;
		// The recipient is an alias: another address with the same
		// number replaces it.
		if (numbers[i] % 7 == 5 &&
		    view_starts_with(one->recipient.address, VIEW("u"))) {
			snprintf(texts[i], sizeof(texts[i]), "v%u@e%u.example",
			    numbers[i], numbers[i] % 5);
			others[i].address = view_of_string(texts[i]);
			results[i].outcome = QUEUE_EXPANDED;
			results[i].expanded = &others[i];
			results[i].expanded_count = 1;
			continue;
		}
		if (one->attempts == 0 && numbers[i] % 2)
			continue;
		results[i].outcome = fails ? QUEUE_FAILED : QUEUE_DELIVERED;
		told[i] = fails ? TOLD_FAILED : TOLD_SETTLING;
		tell(worker, TOLD_SETTLING | told[i], numbers[i]);
	}
	if (queue_settle(worker->queue, &lot, results, NULL) != RC_OK)
		_exit(4);
	for (size_t i = 0; i < count; i++)
		if (told[i])
			tell(worker, TOLD_SETTLED, numbers[i]);
}

static void *take_forever(void *context)
{
	struct worker *worker = context;
	const struct queue_claim reports = {
	    .class = QUEUE_CLASS_REPORTS, .domain = VIEW("reports.example")};
	struct arena arena;
	arena_init(&arena);
	for (;;) {
		struct queue_claim domain;
		int64_t next;
		struct queue_lot *lot;
		if (queue_claim(worker->queue, &arena, QUEUE_CLASS_REPORTS,
			&domain, &next) != RC_OK) {
			sched_yield();
			continue;
		}
		// Only a few lots at a time, so that every destination gets its
		// turn.
		for (int i = 0;
		     i < 4 && queue_take(worker->queue, &domain, &lot) == RC_OK;
		     i++) {
			if (view_eq(domain.domain, VIEW("reports.example")))
				settle_report(worker, lot);
			else
				settle(worker, lot);
		}
		queue_unclaim(worker->queue, &domain);
		// Reports let other mail pass for minutes, and here more of it
		// comes all the time.
		if (queue_take(worker->queue, &reports, &lot) == RC_OK)
			settle_report(worker, lot);
		arena_reset(&arena);
	}
	return NULL;
}

static struct engine *open_engine(const char *path)
{
	struct fault fault = {0};
	struct engine *engine = NULL;
	struct engine_rocksdb_options options = {
	    .cache_bytes = 1 << 20, .buffer_bytes = 1 << 20};
	if (engine_rocksdb_open(path, &options, &fault, &engine) != RC_OK)
		fprintf(stderr, "%s\n", fault.text);
	return engine;
}

static struct queue *open_queue(struct engine *engine)
{
	struct queue *queue = NULL;
	struct fault fault = {0};
	struct queue_settings settings = {.server_name = VIEW("mx.example"),
	    .retry_first_seconds = 1,
	    .retry_last_seconds = 1};
	if (queue_open(engine, &settings, &fault, &queue) != RC_OK)
		fprintf(stderr, "%s\n", fault.text);
	return queue;
}

static int be_killed(const char *path, int pipe, uint32_t first)
{
	_Atomic uint32_t next = first;
	struct engine *engine = open_engine(path);
	struct queue *queue = engine ? open_queue(engine) : NULL;
	if (!queue)
		return 2;
	struct worker worker = {queue, pipe, &next};
	pthread_t thread = 0;
	for (int i = 0; i < PUTTERS + TAKERS; i++)
		if (pthread_create(&thread, NULL,
			i < PUTTERS ? put_forever : take_forever, &worker) != 0)
			abort();
	pthread_join(thread, NULL);
	return 0;
}

// ---- The process that checks -----------------------------------------------

struct crash {
	struct test_folder folder;
	char self[256];
	unsigned char *told; // indexed by number
	unsigned char *waits;
	unsigned char *reports;
	uint32_t end; // smaller numbers may have been used
	uint64_t seed;
};

static uint64_t next_random(struct crash *crash, uint64_t below)
{
	crash->seed = crash->seed * 6364136223846793005u + 1442695040888963407u;
	return (crash->seed >> 33) % below;
}

static void run_and_kill(struct crash *crash, uint64_t notes)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char number[16];
		char first[16];
		snprintf(number, sizeof(number), "%d", ends[1]);
		snprintf(first, sizeof(first), "%u", crash->end);
		close(ends[0]);
		// The program is started anew, because RocksDB's threads do not
		// survive a fork.
		execl(crash->self, crash->self, "killed", crash->folder.path,
		    number, first, (char *)NULL);
		_exit(9);
	}
	close(ends[1]);
	struct note note;
	while (read(ends[0], &note, sizeof(note)) == (ssize_t)sizeof(note)) {
		assert_true(note.number < NUMBERS);
		crash->told[note.number] |= (unsigned char)note.told;
		if (notes-- == 0)
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

static void count_one(struct crash *crash, struct queue *queue,
    struct arena *arena, const struct queue_info *info)
{
	struct buf bytes;
	uint32_t numbers[REPORT_MAX];
	buf_init(&bytes, (size_t)1 << 20);
	assert_int_equal(
	    queue_read(queue, &info->id, 0, SIZE_MAX, &bytes), RC_OK);
	assert_int_equal(bytes.len, info->size);
	if (info->envelope.sender.len == 0) {
		size_t count = report_numbers(buf_view(&bytes), numbers);
		assert_true(count > 0);
		for (size_t i = 0; i < count; i++)
			crash->reports[numbers[i]]++;
	}
	for (size_t i = 0; info->envelope.sender.len && i < info->count; i++) {
		uint32_t number = number_of(info->recipients[i].address);
		assert_true(number < NUMBERS);
		crash->waits[number]++;
		// The commit may have been durable before the process could
		// tell.
		crash->told[number] |= TOLD_PUT;
	}
	buf_done(&bytes);
	arena_reset(arena);
}

static void count_all(struct crash *crash, struct queue *queue)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct arena arena;
	uint64_t recipients = 0;
	arena_init(&arena);
	memset(crash->waits, 0, NUMBERS);
	memset(crash->reports, 0, NUMBERS);
	assert_int_equal(queue_walk_open(queue, &walk), RC_OK);
	enum rc rc;
	while ((rc = queue_walk_next(walk, &arena, &info)) == RC_OK) {
		recipients += info.count;
		count_one(crash, queue, &arena, &info);
	}
	assert_int_equal(rc, RC_END);
	queue_walk_close(&walk);
	arena_done(&arena);
	assert_int_equal(queue_stats(queue).recipients, recipients);
}

static void expect_one(const struct crash *crash, uint32_t number)
{
	unsigned told = crash->told[number];
	unsigned waits = crash->waits[number];
	unsigned reports = crash->reports[number];
	assert_true(waits + reports <= 1);
	if (told & TOLD_SETTLED)
		assert_int_equal(waits, 0);
	else if ((told & TOLD_PUT) && !(told & TOLD_SETTLING))
		assert_int_equal(waits, 1);
	if (!(told & TOLD_FAILED) || (told & TOLD_REPORTED))
		assert_int_equal(reports, 0);
	else if (!(told & TOLD_REPORTING) && (told & TOLD_PUT))
		assert_int_equal(waits + reports, 1);
}

// Every content that has an owner must belong to a message in the queue.
struct owned {
	uint64_t messages;
};

static enum rc count_owned(
    void *context, const struct engine_content_info *info)
{
	if (info->count)
		((struct owned *)context)->messages += info->count;
	return RC_OK;
}

static void expect_kept(struct crash *crash)
{
	struct owned owned = {0};
	struct engine *engine = open_engine(crash->folder.path);
	assert_non_null(engine);
	struct queue *queue = open_queue(engine);
	assert_non_null(queue);
	count_all(crash, queue);
	for (uint32_t i = 0; i < NUMBERS; i++) {
		if (crash->told[i] && i >= crash->end)
			crash->end = i + 1;
		expect_one(crash, i);
		// A recipient whose end was not seen begins again. A settlement
		// that was durable before it was told counts as told.
		if (crash->waits[i])
			crash->told[i] &= TOLD_PUT;
		else if (crash->told[i] & TOLD_SETTLING)
			crash->told[i] |= TOLD_SETTLED;
		if (crash->reports[i])
			crash->told[i] &= (unsigned char)~TOLD_REPORTING;
	}
	crash->end = (crash->end + 5) / 3 * 3 + 30;
	assert_int_equal(
	    engine_content_each(engine, count_owned, &owned), RC_OK);
	assert_int_equal(owned.messages, queue_stats(queue).messages);
	unsigned problems = 0;
	assert_int_equal(
	    queue_check(engine, bed_count_problem, &problems), RC_OK);
	assert_int_equal(problems, 0);
	queue_close(&queue);
	engine_close(&engine);
}

static void nothing_is_lost_or_doubled_by_being_killed(void **state)
{
	struct crash *crash = *state;
	unsigned done = 0;
	for (int round = 0; round < ROUNDS; round++) {
		run_and_kill(crash, 1 + next_random(crash, 1500));
		expect_kept(crash);
	}
	for (uint32_t i = 0; i < NUMBERS; i++)
		done += (crash->told[i] & TOLD_REPORTED) != 0;
	assert_true(done > 50);
}

int main(int argc, char **argv)
{
	uint64_t fd;
	uint32_t first;
	if (argc == 5 && strcmp(argv[1], "killed") == 0 &&
	    view_to_u64(view_of_string(argv[3]), &fd) &&
	    view_to_u32(view_of_string(argv[4]), &first))
		return be_killed(argv[2], (int)fd, first);
	struct crash crash = {.seed = (uint64_t)clock_wall_seconds(NULL)};
	crash.told = mem_zalloc(NUMBERS);
	crash.waits = mem_zalloc(NUMBERS);
	crash.reports = mem_zalloc(NUMBERS);
	ssize_t len =
	    readlink("/proc/self/exe", crash.self, sizeof(crash.self) - 1);
	if (len < 0 || test_folder_make(&crash.folder) != 0)
		return 1;
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_prestate(
		nothing_is_lost_or_doubled_by_being_killed, &crash),
	};
	int failed =
	    cmocka_run_group_tests_name("queue killed", tests, NULL, NULL);
	test_folder_remove(&crash.folder);
	free(crash.told);
	free(crash.waits);
	free(crash.reports);
	return failed;
}
