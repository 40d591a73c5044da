// SPDX-License-Identifier: Apache-2.0
// What views cost, with RocksDB in the folder given: an account of so many
// emails, a third of which are replies, in INBOX and two other mailboxes.
//
//   view_bench FOLDER [EMAILS]    a new folder; [100000]
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "store/derive.h"
#include "store/emails_set.h"
#include "store/view_changes.h"

static void need(enum rc rc, const struct fault *fault)
{
	if (rc == RC_OK)
		return;
	fprintf(stderr, "%s: %s\n", rc_text(rc), fault->text);
	exit(1);
}

struct bench {
	struct engine *engine;
	struct store *store;
	struct store_account *account;
	struct fault fault;
	uint64_t emails;
	uint64_t began;
};

static void begin(struct bench *bench)
{
	bench->began = clock_monotonic_ns();
}

static void end(struct bench *bench, const char *what)
{
	printf("%-52s %10.1f us\n", what,
	    (double)(clock_monotonic_ns() - bench->began) / 1e3);
}

// ---- The account -----------------------------------------------------------

static struct store_draft *draft_new(struct bench *bench, uint64_t number)
{
	char text[400];
	uint64_t answered = number % 3 == 0 ? number * 7 / 10 : number;
	int len = snprintf(text, sizeof(text),
	    "From: a@example.org\r\nSubject: mail number %llu\r\n"
	    "Message-ID: <%llu@example.org>\r\n"
	    "In-Reply-To: <%llu@example.org>\r\n\r\nA line.\r\n",
	    (unsigned long long)number, (unsigned long long)number,
	    (unsigned long long)answered);
	struct store_draft *draft = store_draft_new(bench->store);
	need(store_draft_add(draft, view_of(text, (size_t)len)), &bench->fault);
	need(store_draft_finish(draft), &bench->fault);
	return draft;
}

static void append(
    struct bench *bench, struct store_mailbox *mailbox, size_t count)
{
	struct store_append *all = mem_zalloc(count * sizeof(*all));
	struct store_appended appended;
	for (size_t i = 0; i < count; i++)
		all[i] = (struct store_append){
		    .draft = draft_new(bench, ++bench->emails),
		    .flags.system =
			bench->emails % 5 ? (unsigned)STORE_FLAG_SEEN : 0};
	need(store_append(mailbox, all, count, &bench->fault, &appended),
	    &bench->fault);
	for (size_t i = 0; i < count; i++)
		store_draft_free(&all[i].draft);
	free(all);
}

static struct store_mailbox *open_box(struct bench *bench, const char *name)
{
	struct store_mailbox *mailbox;
	need(store_mailbox_open(&store_system, bench->account,
		 view_of_string(name), STORE_RIGHT_READ, &bench->fault,
		 &mailbox),
	    &bench->fault);
	return mailbox;
}

static void fill(struct bench *bench, uint64_t emails)
{
	static const char *const names[] = {
	    "INBOX", "INBOX", "INBOX", "INBOX", "Archive", "Trash"};
	for (size_t i = 0; bench->emails < emails; i++) {
		struct store_mailbox *mailbox =
		    open_box(bench, names[i % ARRAY_LEN(names)]);
		append(bench, mailbox, 500);
		store_mailbox_close(&mailbox);
	}
}

static void open_account(struct bench *bench)
{
	bench->store =
	    store_new(&(struct store_options){.engine = bench->engine});
	need(store_account_enter(
		 bench->store, 1000, &bench->fault, &bench->account),
	    &bench->fault);
}

static void reopen_account(struct bench *bench)
{
	store_account_close(&bench->account);
	store_free(&bench->store);
	open_account(bench);
}

static struct store_view *open_view(struct bench *bench)
{
	struct store_view *view;
	need(store_view_open(
		 &store_system, bench->account, &bench->fault, &view),
	    &bench->fault);
	return view;
}

// ---- Reading ---------------------------------------------------------------

static void ask_threads(struct bench *bench, const char *what)
{
	struct store_view *view = open_view(bench);
	uint64_t *ids = mem_alloc(bench->emails * sizeof(*ids));
	uint64_t *threads = mem_alloc(bench->emails * sizeof(*threads));
	for (uint64_t i = 0; i < bench->emails; i++)
		ids[i] = i + 1;
	begin(bench);
	need(store_view_threads_of(view, ids, bench->emails, threads),
	    &bench->fault);
	end(bench, what);
	free(ids);
	free(threads);
	store_view_close(&view);
}

static void ask_counts(struct bench *bench, const char *what)
{
	const struct store_view_counts *counts;
	struct store_view *view = open_view(bench);
	begin(bench);
	need(store_view_counts(view, &counts), &bench->fault);
	end(bench, what);
	store_view_close(&view);
}

static void ask_emails(struct bench *bench, uint64_t count, const char *what)
{
	struct store_view *view = open_view(bench);
	struct store_view_email email;
	begin(bench);
	for (uint64_t i = 0; i < count; i++)
		need(store_view_email(view, bench->emails - count + i, &email),
		    &bench->fault);
	end(bench, what);
	store_view_close(&view);
}

static void ask_thread_emails(struct bench *bench, uint64_t count)
{
	struct store_view *view = open_view(bench);
	const struct store_view_thread_email *emails;
	size_t found;
	begin(bench);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t thread;
		need(store_view_thread_of(view, bench->emails / 2 + i, &thread),
		    &bench->fault);
		need(store_view_thread(view, thread, &emails, &found),
		    &bench->fault);
	}
	end(bench, "50 threads, their emails");
	store_view_close(&view);
}

static void ask_changes(struct bench *bench)
{
	struct store_view *view = open_view(bench);
	struct store_change_position at = {store_view_version(view), 0};
	struct store_changes changes;
	store_view_close(&view);
	struct store_mailbox *inbox = open_box(bench, "INBOX");
	append(bench, inbox, 1);
	store_mailbox_close(&inbox);
	view = open_view(bench);
	begin(bench);
	need(
	    store_view_emails_changed(view, at, 1000, &changes), &bench->fault);
	end(bench, "emails changed, after one new email");
	store_changes_done(&changes);
	begin(bench);
	need(store_view_threads_changed(view, at, 1000, &changes),
	    &bench->fault);
	end(bench, "threads changed");
	store_changes_done(&changes);
	begin(bench);
	need(store_view_mailboxes_changed(view, at, 1000, &changes),
	    &bench->fault);
	end(bench, "mailboxes changed");
	store_changes_done(&changes);
	store_view_close(&view);
	ask_counts(bench, "counts of all mailboxes, after one new email");
	ask_threads(bench, "threads of all emails, after one new email");
}

// ---- Changing --------------------------------------------------------------

static void set_emails(
    struct bench *bench, uint64_t count, bool move, const char *what)
{
	struct store_mailbox *archive = open_box(bench, "Archive");
	uint64_t id = store_mailbox_id(archive);
	store_mailbox_close(&archive);
	struct store_email_change *changes =
	    mem_zalloc(count * sizeof(*changes));
	struct store_emails_set set = {
	    .changes = changes, .change_count = count};
	for (uint64_t i = 0; i < count; i++) {
		changes[i].email_id = 1 + i * 7;
		changes[i].add.system = move ? 0 : STORE_FLAG_FLAGGED;
		changes[i].only_these_mailboxes = move;
		changes[i].into = &id;
		changes[i].into_count = move;
	}
	begin(bench);
	need(store_emails_set(
		 &store_system, bench->account, &set, &bench->fault),
	    &bench->fault);
	end(bench, what);
	free(changes);
}

static void derive(struct bench *bench)
{
	bool more = true;
	while (more)
		need(store_derive_step(bench->store, 1000, true, &more),
		    &bench->fault);
}

static void run(struct bench *bench)
{
	reopen_account(bench);
	begin(bench);
	struct store_view *view = open_view(bench);
	end(bench, "open a view");
	store_view_close(&view);
	ask_threads(bench, "threads of all emails, first time, from records");
	derive(bench);
	reopen_account(bench);
	ask_threads(bench, "threads of all emails, first time, from blocks");
	ask_threads(bench, "threads of all emails");
	ask_counts(bench, "counts of all mailboxes, first time");
	ask_counts(bench, "counts of all mailboxes");
	ask_emails(bench, 50, "50 emails");
	ask_emails(bench, 500, "500 emails");
	ask_thread_emails(bench, 50);
	ask_changes(bench);
	set_emails(bench, 1, false, "one email gets a flag");
	set_emails(bench, 1000, false, "1,000 emails get a flag");
	set_emails(bench, 1000, true, "1,000 emails are moved");
	ask_counts(bench, "counts of all mailboxes, after that");
}

int main(int count, char **arguments)
{
	struct engine_rocksdb_options options = {0};
	struct bench bench = {.emails = 0};
	uint64_t emails = count > 2 ? strtoull(arguments[2], NULL, 10) : 100000;
	if (count < 2 || !emails) {
		fputs("view_bench FOLDER [EMAILS]\n", stderr);
		return 2;
	}
	need(engine_rocksdb_open(
		 arguments[1], &options, &bench.fault, &bench.engine),
	    &bench.fault);
	open_account(&bench);
	fill(&bench, emails);
	run(&bench);
	store_account_close(&bench.account);
	store_free(&bench.store);
	engine_close(&bench.engine);
	return 0;
}
