// SPDX-License-Identifier: Apache-2.0
// What everyday commits cost with RocksDB in the folder given: bytes written
// (by /proc/self/io, compaction included) and commits a second, one after
// another, in a mailbox that holds so many messages.
//
//   changes_bench FOLDER [COMMITS] [MESSAGES]    a new folder; [20000] [10000]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/change.h"

static void need(enum rc rc, const struct fault *fault)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "%s: %s\n", rc_text(rc), fault->text);
	exit(1);
}

// Bytes given to write() and similar calls.
static uint64_t written(void)
{
	unsigned long long bytes = 0;
	char line[100];
	FILE *io = fopen("/proc/self/io", "r");
	while (io && fgets(line, sizeof(line), io))
		if (strncmp(line, "wchar: ", 7) == 0)
			bytes = strtoull(line + 7, NULL, 10);
	if (io)
		fclose(io);
	return bytes;
}

struct place {
	struct store_mailbox *inbox;
	struct store_mailbox *trash;
	struct store_draft *draft;
	unsigned messages;
};

static void append(struct place *at, unsigned i)
{
	struct fault fault;
	struct store_append one = {.draft = at->draft};
	struct store_appended appended;
	(void)i;
	need(store_append(at->inbox, &one, 1, &fault, &appended), &fault);
}

static void flag(struct place *at, uint32_t uid, unsigned system)
{
	struct fault fault;
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags.system = system};
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	need(store_flags_change(
		 at->inbox, &uids, &change, &fault, NULL, &modseq),
	    &fault);
	rangeset_done(&uids);
}

// Each step changes another message, far from the one before.
static uint32_t uid_of(const struct place *at, unsigned i)
{
	return at->messages + 1 + i;
}

static void see(struct place *at, unsigned i)
{
	flag(at, uid_of(at, i), STORE_FLAG_SEEN);
}

static void delete (struct place *at, unsigned i)
{
	flag(at, uid_of(at, i), STORE_FLAG_DELETED);
}

static void move(struct place *at, unsigned i)
{
	struct fault fault;
	struct store_copied copied;
	struct rangeset uids;
	rangeset_init(&uids);
	if (i % 2)
		return; // the other half stays, to be expunged
	rangeset_add(&uids, uid_of(at, i), uid_of(at, i));
	need(store_copy(at->inbox, &uids, at->trash, true, &fault, &copied),
	    &fault);
	store_copied_done(&copied);
	rangeset_done(&uids);
}

static void expunge(struct place *at, unsigned i)
{
	struct fault fault;
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, uid_of(at, i), uid_of(at, i));
	need(store_expunge(at->inbox, &uids, &fault, &modseq), &fault);
	rangeset_done(&uids);
}

static void measure(const char *name, unsigned commits, struct place *at,
    void (*step)(struct place *at, unsigned i))
{
	uint64_t bytes = written();
	uint64_t began = clock_monotonic_ns();
	for (unsigned i = 0; i < commits; i++)
		step(at, i);
	double seconds = (double)(clock_monotonic_ns() - began) / 1e9;
	bytes = written() - bytes;
	printf("%-8s %8.1f bytes a step  %8.0f steps/s\n", name,
	    (double)bytes / commits, commits / seconds);
}

static void fill(struct place *at)
{
	struct fault fault;
	struct store_append *all = mem_zalloc(1000 * sizeof(*all));
	struct store_appended appended;
	for (unsigned i = 0; i < 1000; i++)
		all[i].draft = at->draft;
	for (unsigned i = 0; i < at->messages; i += 1000)
		need(store_append(at->inbox, all, 1000, &fault, &appended),
		    &fault);
	free(all);
}

static struct store_draft *draft_new(struct store *store)
{
	struct fault fault = {.text = "draft"};
	struct store_draft *draft = store_draft_new(store);
	need(store_draft_add(
		 draft, VIEW("From: a@example.org\r\nSubject: what it costs\r\n"
			     "Message-ID: <1@example.org>\r\n\r\nA line.\r\n")),
	    &fault);
	need(store_draft_finish(draft), &fault);
	return draft;
}

int main(int count, char **arguments)
{
	struct engine_rocksdb_options options = {0};
	struct engine *engine;
	struct store_account *account;
	struct fault fault;
	unsigned commits =
	    count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 20000;
	struct place at = {
	    .messages =
		count > 3 ? (unsigned)strtoul(arguments[3], NULL, 10) : 10000};
	if (count < 2 || !commits) {
		fputs("changes_bench FOLDER [COMMITS] [MESSAGES]\n", stderr);
		return 2;
	}
	at.messages = (at.messages + 999) / 1000 * 1000;
	need(engine_rocksdb_open(arguments[1], &options, &fault, &engine),
	    &fault);
	struct store *store =
	    store_new(&(struct store_options){.engine = engine});
	need(store_account_create(store, 1000, &fault), &fault);
	need(store_account_open(store, 1000, &fault, &account), &fault);
	need(store_mailbox_open_for_mail(
		 &store_system, account, VIEW(""), &fault, &at.inbox),
	    &fault);
	need(store_mailbox_open_for_mail(
		 &store_system, account, VIEW("Trash"), &fault, &at.trash),
	    &fault);
	at.draft = draft_new(store);
	fill(&at);
	measure("append", commits, &at, append);
	measure("seen", commits, &at, see);
	measure("deleted", commits, &at, delete);
	measure("move", commits, &at, move);
	measure("expunge", commits, &at, expunge);
	store_draft_free(&at.draft);
	store_mailbox_close(&at.inbox);
	store_mailbox_close(&at.trash);
	store_account_close(&account);
	store_free(&store);
	engine_close(&engine);
	return 0;
}
