// SPDX-License-Identifier: Apache-2.0
// Messages that refer to each other, in threads and in order. Each five bytes
// of the input are a message: its id, references, subject and date, all few, so
// that they often collide. REFERENCES must give what thread_naive.h gives, and
// a sort gives each message once.
#include "store/thread.h"

#include <stdlib.h>

#include "store/change.h"
#include "store/mailbox.h"
#include "store/sort.h"
#include "store/thread_naive.h"

#define ACCOUNT      1000
#define ROW          5
#define MESSAGES_MAX 24
#define SORT_TYPES   (SEARCH_SORT_TO + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

// ---- Messages --------------------------------------------------------------

static const struct {
	const char *text;
	unsigned base;
	bool is_reply;
} subjects[] = {
    {"", 0, false},
    {"Re:", 0, true},
    {"one", 1, false},
    {"Re: ONE", 1, true},
    {"[x] two", 2, false},
    {"two (fwd)", 2, true},
    {"three", 3, false},
    {"=?utf-8?q?Fwd:_three?=", 3, true},
};

static struct naive_message message_of(const uint8_t row[ROW])
{
	struct naive_message message = {
	    .id = row[0] % 16,
	    .reference_count = row[1] % 4,
	    .date = row[4] % 60,
	};
	unsigned subject = row[1] / 4 % ARRAY_LEN(subjects);
	message.references[0] = 1 + row[2] % 16;
	message.references[1] = 1 + row[2] / 16;
	message.references[2] = 1 + row[3] % 16;
	message.subject_text = subjects[subject].text;
	message.subject = subjects[subject].base;
	message.is_reply = subjects[subject].is_reply;
	return message;
}

static void write_message(const struct naive_message *message, struct buf *out)
{
	if (message->id)
		buf_printf(out, "Message-ID: <%u@x>\r\n", message->id);
	for (unsigned i = 0; i < message->reference_count; i++)
		buf_printf(out, "%s <%u@x>\r\n",
		    i ? "" : "References:", message->references[i]);
	buf_printf(out,
	    "Subject: %s\r\nDate: 1 Jan 2001 10:%02u:00 +0000\r\n\r\n.\r\n",
	    message->subject_text, message->date);
}

static void append(struct store *store, struct store_mailbox *mailbox,
    const struct naive_message *message)
{
	struct fault fault;
	struct buf text;
	struct store_appended appended;
	struct store_append one = {.draft = store_draft_new(store)};
	buf_init(&text, 4096);
	write_message(message, &text);
	require(store_draft_add(one.draft, buf_view(&text)) == RC_OK);
	require(store_draft_finish(one.draft) == RC_OK);
	require(store_append(mailbox, &one, 1, &fault, &appended) == RC_OK);
	store_draft_free(&one.draft);
	buf_done(&text);
}

// ---- Threads ---------------------------------------------------------------

static void print_steps(
    const struct store_thread_step *steps, size_t count, struct buf *out)
{
	bool after_number = false;
	for (size_t i = 0; i < count; i++) {
		if (after_number)
			buf_add_char(out, ' ');
		if (steps[i].opens)
			buf_add_char(out, '(');
		if (steps[i].uid)
			buf_add_u64(out, steps[i].uid);
		after_number = steps[i].uid && !steps[i].closes;
		for (uint32_t n = 0; n < steps[i].closes; n++)
			buf_add_char(out, ')');
	}
}

static void thread(struct store_account *account,
    const struct store_snapshot *snapshot, enum search_thread_type type,
    struct buf *out)
{
	struct store_thread *thread = store_thread_new(account, type);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t count;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		require(store_thread_add(thread, &message) == RC_OK);
	const struct store_thread_step *steps =
	    store_thread_finish(thread, &count);
	print_steps(steps, count, out);
	store_thread_free(&thread);
}

// ---- Sorting ---------------------------------------------------------------

// By all keys in turn, from the one that the input names.
static void sort(struct store_account *account,
    const struct store_snapshot *snapshot, unsigned first)
{
	struct search_sort keys[3];
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t count;
	uint64_t seen = 0;
	for (unsigned i = 0; i < ARRAY_LEN(keys); i++)
		keys[i] = (struct search_sort){
		    .type = (enum search_sort_type)((first + i) % SORT_TYPES),
		    .reverse = first >> i & 1};
	struct store_sort *sort =
	    store_sort_new(account, keys, ARRAY_LEN(keys));
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		require(store_sort_add(sort, &message) == RC_OK);
	const uint32_t *uids = store_sort_finish(sort, &count);
	require(count == store_snapshot_count(snapshot));
	for (size_t i = 0; i < count; i++) {
		require(uids[i] > 0 && uids[i] <= count);
		seen |= (uint64_t)1 << uids[i];
	}
	require(seen == ((uint64_t)2 << count) - 2);
	store_sort_free(&sort);
}

static void check(struct store_account *account, struct store_mailbox *mailbox,
    const struct naive_message *messages, size_t count)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct buf out, wanted;
	buf_init(&out, 65536);
	buf_init(&wanted, 65536);
	thread(account, snapshot, SEARCH_THREAD_REFERENCES, &out);
	naive_thread(messages, count, &wanted);
	require(view_eq(buf_view(&out), buf_view(&wanted)));
	thread(account, snapshot, SEARCH_THREAD_ORDERED_SUBJECT, &out);
	for (unsigned first = 0; first < SORT_TYPES; first++)
		sort(account, snapshot, first + messages[0].date);
	buf_done(&out);
	buf_done(&wanted);
	store_snapshot_unref(&snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct naive_message messages[MESSAGES_MAX];
	struct store_account *account;
	struct store_mailbox *mailbox;
	struct fault fault;
	size_t count = size / ROW;
	if (count == 0 || count > MESSAGES_MAX)
		return 0;
	struct engine *engine = engine_memory_new();
	struct store *store =
	    store_new(&(struct store_options){.engine = engine});
	require(store_account_create(store, ACCOUNT, &fault) == RC_OK);
	require(store_account_open(store, ACCOUNT, &fault, &account) == RC_OK);
	require(store_mailbox_open(&store_system, account, VIEW("INBOX"),
		    STORE_RIGHT_READ, &fault, &mailbox) == RC_OK);
	for (size_t i = 0; i < count; i++) {
		messages[i] = message_of(data + ROW * i);
		append(store, mailbox, &messages[i]);
	}
	check(account, mailbox, messages, count);
	store_mailbox_close(&mailbox);
	store_account_close(&account);
	store_free(&store);
	engine_close(&engine);
	return 0;
}
