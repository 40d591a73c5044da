// SPDX-License-Identifier: Apache-2.0
// How long users wait for an APPEND while one copies, moves, marks, expunges or
// deletes very many messages at once: another user, and a second session (or a
// delivery) of the same one. RocksDB in the folder given.
//
//   long_bench FOLDER [MESSAGES] [KEPT]   a new folder; [100000] [0]
//
// KEPT 1: what is expunged can be brought back.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/vec.h"
#include "store/change.h"

#define AT_ONCE 1000 // messages that one commit appends

static void need(enum rc rc, const struct fault *fault)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "%s: %s\n", rc_text(rc), fault->text);
	exit(1);
}

static struct store_draft *draft_new(struct store *store, unsigned number)
{
	static char body[1200];
	struct fault fault = {.text = "draft"};
	struct store_draft *draft = store_draft_new(store);
	char head[200];
	snprintf(head, sizeof(head),
	    "From: a@example.org\r\nSubject: message %u\r\n"
	    "Message-ID: <%u@example.org>\r\n\r\n",
	    number, number);
	memset(body, 'x', sizeof(body));
	need(store_draft_add(draft, view_of_string(head)), &fault);
	for (int i = 0; i < 15; i++)
		need(store_draft_add(draft, view_of(body, 70)), &fault);
	need(store_draft_add(draft, VIEW("\r\n")), &fault);
	need(store_draft_finish(draft), &fault);
	return draft;
}

static struct store_mailbox *mailbox_of(
    struct store_account *account, const char *name)
{
	struct fault fault;
	struct store_mailbox *mailbox;
	uint64_t id;
	enum rc rc = store_mailbox_create(
	    &store_system, account, view_of_string(name), 0, &fault, &id);
	if (rc != RC_EXISTS)
		need(rc, &fault);
	need(store_mailbox_open(&store_system, account, view_of_string(name),
		 STORE_RIGHT_READ, &fault, &mailbox),
	    &fault);
	return mailbox;
}

static void fill(struct store_mailbox *mailbox, unsigned messages)
{
	static unsigned number;
	struct fault fault;
	struct store *store =
	    store_account_store(store_mailbox_account(mailbox));
	struct store_append *all = mem_zalloc(AT_ONCE * sizeof(*all));
	struct store_appended appended;
	for (unsigned done = 0; done < messages; done += AT_ONCE) {
		for (unsigned i = 0; i < AT_ONCE; i++)
			all[i].draft = draft_new(store, number++);
		need(store_append(mailbox, all, AT_ONCE, &fault, &appended),
		    &fault);
		for (unsigned i = 0; i < AT_ONCE; i++)
			store_draft_free(&all[i].draft);
	}
	free(all);
}

// ---- Those who wait -------------------------------------------------------

struct waiter {
	pthread_t thread;
	struct store_mailbox *inbox;
	atomic_bool stop;
	VEC(uint64_t) waits; // nanoseconds
};

static void *append_always(void *context)
{
	struct waiter *waiter = context;
	struct fault fault;
	struct store_draft *draft = draft_new(
	    store_account_store(store_mailbox_account(waiter->inbox)), 0);
	struct store_append one = {.draft = draft};
	struct store_appended appended;
	while (!atomic_load(&waiter->stop)) {
		uint64_t began = clock_monotonic_ns();
		need(store_append(waiter->inbox, &one, 1, &fault, &appended),
		    &fault);
		vec_push(&waiter->waits, clock_monotonic_ns() - began);
	}
	store_draft_free(&draft);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static void begin(struct waiter *waiter)
{
	atomic_store(&waiter->stop, false);
	waiter->waits.count = 0;
	if (pthread_create(&waiter->thread, NULL, append_always, waiter) != 0)
		abort();
}

static void end(struct waiter *waiter)
{
	atomic_store(&waiter->stop, true);
	pthread_join(waiter->thread, NULL);
	size_t count = waiter->waits.count;
	uint64_t *waits = waiter->waits.items;
	qsort(waits, count, sizeof(*waits), compare);
	size_t half = count / 2, most = count * 99 / 100;
	printf("  | %5zu, p50 %6.1f, p99 %7.1f, longest %7.1f ms", count,
	    (double)waits[half] / 1e6, (double)waits[most] / 1e6,
	    (double)waits[count - 1] / 1e6);
}

static void measure(const char *name, struct waiter waiters[2],
    struct store_mailbox *from, struct store_mailbox *to,
    void (*verb)(struct store_mailbox *from, struct store_mailbox *to))
{
	begin(&waiters[0]);
	begin(&waiters[1]);
	uint64_t began = clock_monotonic_ns();
	verb(from, to);
	printf("%-14s %6.2f s", name,
	    (double)(clock_monotonic_ns() - began) / 1e9);
	end(&waiters[0]);
	end(&waiters[1]);
	putchar('\n');
	fflush(stdout);
}

// ---- The verbs
// ----------------------------------------------------------------

static void copy_or_move(
    struct store_mailbox *from, struct store_mailbox *to, bool move)
{
	struct fault fault;
	struct store_copied copied;
	struct rangeset all;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	need(store_copy(from, &all, to, move, &fault, &copied), &fault);
	store_copied_done(&copied);
	rangeset_done(&all);
}

static void copy(struct store_mailbox *from, struct store_mailbox *to)
{
	copy_or_move(from, to, false);
}

static void move(struct store_mailbox *from, struct store_mailbox *to)
{
	copy_or_move(from, to, true);
}

static void mark(struct store_mailbox *from, struct store_mailbox *to)
{
	struct fault fault;
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags.system = STORE_FLAG_DELETED};
	struct rangeset all;
	uint64_t modseq;
	(void)to;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	need(store_flags_change(from, &all, &change, &fault, NULL, &modseq),
	    &fault);
	rangeset_done(&all);
}

static void expunge(struct store_mailbox *from, struct store_mailbox *to)
{
	struct fault fault;
	uint64_t modseq;
	(void)to;
	need(store_expunge(from, NULL, &fault, &modseq), &fault);
}

static void delete (struct store_mailbox *from, struct store_mailbox *to)
{
	struct fault fault;
	(void)to;
	need(store_mailbox_delete(&store_system, store_mailbox_account(from),
		 VIEW("Third"), &fault),
	    &fault);
}

static void idle(struct store_mailbox *from, struct store_mailbox *to)
{
	(void)from;
	(void)to;
	struct timespec time = {.tv_sec = 2};
	nanosleep(&time, NULL);
}

static void run(struct store_account *accounts[2], struct waiter waiters[2],
    unsigned messages)
{
	struct store_mailbox *first = mailbox_of(accounts[0], "First");
	struct store_mailbox *second = mailbox_of(accounts[0], "Second");
	struct store_mailbox *third = mailbox_of(accounts[0], "Third");
	struct store_mailbox *abroad = mailbox_of(accounts[1], "Abroad");
	printf("%24s  | APPENDs of another user %20s  | of the same user\n", "",
	    "");
	fill(first, messages);
	measure("nothing", waiters, NULL, NULL, idle);
	measure("COPY", waiters, first, second, copy);
	measure("COPY across", waiters, first, abroad, copy);
	measure("MOVE", waiters, first, third, move);
	measure("STORE", waiters, second, NULL, mark);
	measure("EXPUNGE copies", waiters, second, NULL, expunge);
	measure("DELETE", waiters, third, NULL, delete);
	fill(second, messages);
	measure("STORE", waiters, second, NULL, mark);
	measure("EXPUNGE", waiters, second, NULL, expunge);
	store_mailbox_close(&first);
	store_mailbox_close(&second);
	store_mailbox_close(&third);
	store_mailbox_close(&abroad);
}

int main(int count, char **arguments)
{
	struct engine_rocksdb_options options = {0};
	struct engine *engine;
	struct store_account *accounts[2];
	struct waiter waiters[2] = {0};
	struct fault fault;
	unsigned messages =
	    count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 100000;
	if (count < 2 || !messages) {
		fputs("long_bench FOLDER [MESSAGES] [KEPT]\n", stderr);
		return 2;
	}
	need(engine_rocksdb_open(arguments[1], &options, &fault, &engine),
	    &fault);
	struct store *store = store_new(&(struct store_options){
	    .engine = engine,
	    .kept_seconds = count > 3 && strcmp(arguments[3], "0") != 0,
	});
	for (unsigned i = 0; i < 2; i++)
		need(store_account_enter(store, 1000 + i, &fault, &accounts[i]),
		    &fault);
	for (unsigned i = 0; i < 2; i++)
		waiters[i].inbox = mailbox_of(accounts[1 - i], "INBOX");
	run(accounts, waiters, messages);
	for (unsigned i = 0; i < 2; i++) {
		store_mailbox_close(&waiters[i].inbox);
		vec_done(&waiters[i].waits);
		store_account_close(&accounts[i]);
	}
	store_free(&store);
	engine_close(&engine);
	return 0;
}
