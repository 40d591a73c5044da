// SPDX-License-Identifier: Apache-2.0
// What it costs to give one message to many accounts: bytes written (by
// /proc/self/io) and time, with RocksDB in the folder given, for bodies of
// several sizes, each account with bytes of its own and all sharing one body.
//
//   share_bench FOLDER [ACCOUNTS]      a new folder; [1000]
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/change.h"

#define HEADER_BYTES 600

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

static struct store_draft *draft_new(
    struct store *store, size_t body, bool share)
{
	static const char text[] = "a line of text as messages have them \r\n";
	struct store_draft *draft = store_draft_new(store);
	struct fault fault = {.text = "draft"};
	if (share)
		store_draft_share(draft);
	need(
	    store_draft_add(draft, VIEW("Subject: share\r\nX-Fill: ")), &fault);
	for (size_t i = 26; i < HEADER_BYTES; i++)
		need(store_draft_add(draft, VIEW("x")), &fault);
	need(store_draft_add(draft, VIEW("\r\n\r\n")), &fault);
	for (size_t i = 0; i < body; i += sizeof(text) - 1)
		need(
		    store_draft_add(draft, view_slice(VIEW(text), 0, body - i)),
		    &fault);
	need(store_draft_finish(draft), &fault);
	return draft;
}

static void deliver(struct store *store, uint64_t id, struct store_draft *draft)
{
	struct fault fault;
	struct store_account *account;
	struct store_mailbox *mailbox;
	struct store_place place;
	struct store_delivery delivery = {.draft = draft,
	    .places = &place,
	    .place_count = 1,
	    .prefix = VIEW("Return-Path: <sender@example.org>\r\n"
			   "Delivered-To: somebody@example.org\r\n")};
	struct store_delivered delivered;
	need(store_account_open(store, id, &fault, &account), &fault);
	need(store_mailbox_open_for_mail(
		 &store_system, account, VIEW(""), &fault, &mailbox),
	    &fault);
	place = (struct store_place){.mailbox = mailbox};
	need(store_deliver(&delivery, &fault, &delivered), &fault);
	store_mailbox_close(&mailbox);
	store_account_close(&account);
}

static void measure(
    struct store *store, unsigned accounts, size_t body, bool share)
{
	uint64_t bytes = written();
	uint64_t began = clock_monotonic_ns();
	struct store_draft *draft = share ? draft_new(store, body, true) : NULL;
	for (unsigned i = 0; i < accounts; i++) {
		struct store_draft *one =
		    share ? draft : draft_new(store, body, false);
		deliver(store, 1000 + i, one);
		if (!share)
			store_draft_free(&one);
	}
	store_draft_free(&draft);
	double ms = (double)(clock_monotonic_ns() - began) / 1e6;
	bytes = written() - bytes;
	printf("body %7zu  %s  %12llu bytes  %8.1f an account  %7.0f ms\n",
	    body, share ? "shared" : "own   ", (unsigned long long)bytes,
	    (double)bytes / accounts, ms);
}

int main(int count, char **arguments)
{
	static const size_t bodies[] = {
	    0, 100, 200, 300, 512, 1024, 4096 - HEADER_BYTES, 100000};
	struct engine_rocksdb_options options = {0};
	struct engine *engine;
	struct fault fault;
	unsigned accounts =
	    count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 1000;
	if (count < 2 || !accounts) {
		fputs("share_bench FOLDER [ACCOUNTS]\n", stderr);
		return 2;
	}
	need(engine_rocksdb_open(arguments[1], &options, &fault, &engine),
	    &fault);
	struct store *store =
	    store_new(&(struct store_options){.engine = engine});
	for (unsigned i = 0; i < accounts; i++)
		need(store_account_create(store, 1000 + i, &fault), &fault);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		for (int share = 0; share < 2; share++)
			measure(store, accounts, bodies[i], share);
	store_free(&store);
	engine_close(&engine);
	return 0;
}
