// SPDX-License-Identifier: Apache-2.0
// Measures the queue: several threads put messages, the queue is opened again,
// and the messages are taken and settled.
//
//   queue_bench FOLDER [MESSAGES [THREADS [DOMAINS]]]    in a new folder
//   queue_bench FOLDER keep …                            keeps the messages
//   there
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "queue/manage.h"

#define BODY_LEN    4096
#define THREADS_MAX 256

struct bench {
	struct queue *queue;
	uint32_t messages;
	uint32_t threads;
	uint32_t domains;
	_Atomic uint32_t next;
	_Atomic uint32_t bad;
	char body[BODY_LEN];
};

static void *put_run(void *context)
{
	struct bench *bench = context;
	struct queue_envelope envelope = {.sender = VIEW("a@bench.example")};
	static const char head[600] = "Received: from bench (bench)\r\n";
	uint32_t n;
	while ((n = atomic_fetch_add(&bench->next, 1)) < bench->messages) {
		char address[60];
		struct queue_id id;
		snprintf(address, sizeof(address), "user%u@d%u.example", n,
		    n % bench->domains);
		struct queue_recipient one = {
		    .address = view_of_string(address)};
		struct queue_draft *draft = queue_draft_new(bench->queue);
		if (queue_draft_add(draft, view_of(bench->body, BODY_LEN)) !=
			RC_OK ||
		    queue_put(bench->queue, draft, view_of(head, sizeof(head)),
			&envelope, &one, 1, NULL, &id) != RC_OK)
			bench->bad++;
		queue_draft_free(&draft);
	}
	return NULL;
}

static void *settle_run(void *context)
{
	struct bench *bench = context;
	struct queue_result result = {.outcome = QUEUE_DELIVERED};
	struct arena arena;
	arena_init(&arena);
	struct queue_claim domain;
	int64_t next;
	while (queue_claim(bench->queue, &arena, QUEUE_CLASS_REPORTS, &domain,
		   &next) == RC_OK) {
		struct queue_lot *lot;
		for (int i = 0;
		     i < 20 && queue_take(bench->queue, &domain, &lot) == RC_OK;
		     i++)
			if (queue_settle(bench->queue, &lot, &result, NULL) !=
			    RC_OK)
				bench->bad++;
		queue_unclaim(bench->queue, &domain);
		arena_reset(&arena);
	}
	arena_done(&arena);
	return NULL;
}

static void run(
    struct bench *bench, const char *what, void *(*body)(void *context))
{
	pthread_t threads[THREADS_MAX];
	uint64_t start = clock_monotonic_ns();
	for (uint32_t i = 0; i < bench->threads; i++)
		if (pthread_create(&threads[i], NULL, body, bench) != 0)
			abort();
	for (uint32_t i = 0; i < bench->threads; i++)
		pthread_join(threads[i], NULL);
	double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
	printf("%-7s %8u messages %7.2f s %9.0f/s\n", what, bench->messages,
	    seconds, bench->messages / seconds);
	if (bench->bad)
		printf("%u failed\n", bench->bad);
}

static bool open_queue(struct bench *bench, struct engine *engine)
{
	struct fault fault = {0};
	struct queue_settings settings = {.server_name = VIEW("mx.example")};
	size_t before = mallinfo2().uordblks;
	uint64_t start = clock_monotonic_ns();
	if (queue_open(engine, &settings, &fault, &bench->queue) != RC_OK) {
		fprintf(stderr, "%s\n", fault.text);
		return false;
	}
	double seconds = (double)(clock_monotonic_ns() - start) / 1e9;
	uint64_t count = queue_stats(bench->queue).recipients;
	printf("%-7s %8llu messages %7.2f s\n", "open",
	    (unsigned long long)count, seconds);
	if (count)
		printf("%zu bytes of memory a recipient\n",
		    (mallinfo2().uordblks - before) / count);
	return true;
}

static uint32_t number(int argc, char **argv, int n, uint32_t otherwise)
{
	uint32_t value;
	if (argc > n && view_to_u32(view_of_string(argv[n]), &value) && value)
		return value;
	return otherwise;
}

int main(int argc, char **argv)
{
	struct fault fault = {0};
	struct engine *engine;
	struct engine_rocksdb_options options = {0};
	int first = argc > 2 && strcmp(argv[2], "keep") == 0 ? 3 : 2;
	struct bench *bench = mem_zalloc(sizeof(*bench));
	bench->messages = number(argc, argv, first, 20000);
	bench->threads = number(argc, argv, first + 1, 16);
	bench->domains = number(argc, argv, first + 2, 1000);
	memset(bench->body, 'x', BODY_LEN);
	if (argc < 2 || bench->threads > THREADS_MAX ||
	    engine_rocksdb_open(argv[1], &options, &fault, &engine) != RC_OK) {
		fprintf(stderr,
		    "queue_bench FOLDER [keep] [MESSAGES "
		    "[THREADS [DOMAINS]]] %s\n",
		    fault.text);
		return 2;
	}
	if (!open_queue(bench, engine))
		return 1;
	run(bench, "put", put_run);
	queue_close(&bench->queue);
	if (!open_queue(bench, engine))
		return 1;
	if (first == 2)
		run(bench, "settle", settle_run);
	queue_close(&bench->queue);
	engine_close(&engine);
	free(bench);
	return 0;
}
