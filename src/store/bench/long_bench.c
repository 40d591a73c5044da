// SPDX-License-Identifier: Apache-2.0
// How long a user waits for an APPEND while another one copies, moves, marks,
// expunges or deletes very many messages at once. RocksDB in the folder given.
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

// ---- The one who waits ------------------------------------------------------

struct other {
	pthread_t thread;
	struct store_mailbox *inbox;
	atomic_bool stop;
	VEC(uint64_t) waits; // nanoseconds
};

static void *append_always(void *context)
{
	struct other *other = context;
	struct fault fault;
	struct store_draft *draft = draft_new(
	    store_account_store(store_mailbox_account(other->inbox)), 0);
	struct store_append one = {.draft = draft};
	struct store_appended appended;
	while (!atomic_load(&other->stop)) {
		uint64_t began = clock_monotonic_ns();
		need(store_append(other->inbox, &one, 1, &fault, &appended),
		    &fault);
		vec_push(&other->waits, clock_monotonic_ns() - began);
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

static void measure(const char *name, struct other *other,
    struct store_mailbox *from, struct store_mailbox *to,
    void (*verb)(struct store_mailbox *from, struct store_mailbox *to))
{
	atomic_store(&other->stop, false);
	other->waits.count = 0;
	if (pthread_create(&other->thread, NULL, append_always, other) != 0)
		abort();
	uint64_t began = clock_monotonic_ns();
	verb(from, to);
	double seconds = (double)(clock_monotonic_ns() - began) / 1e9;
	atomic_store(&other->stop, true);
	pthread_join(other->thread, NULL);
	size_t count = other->waits.count;
	uint64_t *waits = other->waits.items;
	qsort(waits, count, sizeof(*waits), compare);
	printf("%-14s %7.2f s; the other: %6zu APPENDs, p50 %7.1f ms, "
	       "p99 %7.1f ms, longest %7.1f ms\n",
	    name, seconds, count, (double)waits[count / 2] / 1e6,
	    (double)waits[count * 99 / 100] / 1e6,
	    (double)waits[count - 1] / 1e6);
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

static void run(
    struct store_account *account, struct other *other, unsigned messages)
{
	struct store_mailbox *first = mailbox_of(account, "First");
	struct store_mailbox *second = mailbox_of(account, "Second");
	struct store_mailbox *third = mailbox_of(account, "Third");
	fill(first, messages);
	measure("nothing", other, NULL, NULL, idle);
	measure("COPY", other, first, second, copy);
	measure("MOVE", other, first, third, move);
	measure("STORE", other, second, NULL, mark);
	measure("EXPUNGE copies", other, second, NULL, expunge);
	measure("DELETE", other, third, NULL, delete);
	fill(second, messages);
	measure("STORE", other, second, NULL, mark);
	measure("EXPUNGE", other, second, NULL, expunge);
	store_mailbox_close(&first);
	store_mailbox_close(&second);
	store_mailbox_close(&third);
}

int main(int count, char **arguments)
{
	struct engine_rocksdb_options options = {0};
	struct engine *engine;
	struct store_account *accounts[2];
	struct other other = {0};
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
	other.inbox = mailbox_of(accounts[1], "INBOX");
	run(accounts[0], &other, messages);
	store_mailbox_close(&other.inbox);
	vec_done(&other.waits);
	store_account_close(&accounts[0]);
	store_account_close(&accounts[1]);
	store_free(&store);
	engine_close(&engine);
	return 0;
}
