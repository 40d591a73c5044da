// SPDX-License-Identifier: Apache-2.0
// What the store does for a protocol that fetches and deletes (POP3): one
// commit for all of a visit, and the count of bytes that a message lacks to be
// lines.
#include "store/store_test_tools.h"

#include "store/record.h"

#define DELETED ((struct store_flags){.system = STORE_FLAG_DELETED})

static struct rangeset set_of(const uint32_t *numbers)
{
	struct rangeset set;
	rangeset_init(&set);
	for (; *numbers != 0; numbers++)
		rangeset_add(&set, *numbers, *numbers);
	return set;
}

static uint64_t take_away(struct bed *bed, struct store_mailbox *mailbox,
    const uint32_t *expunge, const uint32_t *seen)
{
	struct rangeset out = set_of(expunge);
	struct rangeset marked = set_of(seen);
	uint64_t modseq;
	assert_int_equal(
	    store_take_away(mailbox, &out, &marked, &bed->fault, &modseq),
	    RC_OK);
	rangeset_done(&out);
	rangeset_done(&marked);
	return modseq;
}

// The messages as "uid:flags", in order.
static void expect_messages(struct store_mailbox *mailbox, const char *expected)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	struct buf text;
	buf_init(&text, 1000);
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message))
		buf_printf(&text, "%u%s%s ", message.uid,
		    message.flags & STORE_FLAG_SEEN ? "s" : "",
		    message.flags & STORE_FLAG_DELETED ? "d" : "");
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
	store_snapshot_unref(&snapshot);
}

static void exactly_the_uids_given_are_expunged(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	for (int i = 0; i < 6; i++)
		bed_append(&bed, inbox, "Subject: x\r\n\r\nbody\r\n",
		    i % 2 ? DELETED : (struct store_flags){0});
	expect_messages(inbox, "1 2d 3 4d 5 6d ");
	struct store_snapshot *before = store_mailbox_snapshot(inbox);
	uint64_t since = store_snapshot_highestmodseq(before);
	// Messages with and without \Deleted, and one that does not exist. A
	// message need not be \Seen to be expunged.
	uint64_t modseq = take_away(
	    &bed, inbox, (uint32_t[]){1, 2, 9, 0}, (uint32_t[]){1, 3, 4, 8, 0});
	assert_int_equal(modseq, since + 1); // one commit
	expect_messages(inbox, "3s 4sd 5 6d ");
	struct store_snapshot *after = store_mailbox_snapshot(inbox);
	struct rangeset gone;
	rangeset_init(&gone);
	assert_int_equal(
	    store_expunged_since(inbox, after, since, &gone), RC_OK);
	assert_int_equal(rangeset_size(&gone), 2);
	assert_true(rangeset_has(&gone, 1) && rangeset_has(&gone, 2));
	rangeset_done(&gone);
	store_snapshot_unref(&before);
	store_snapshot_unref(&after);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	bed_reopen(&bed, (struct store_options){0});
	inbox = bed_mailbox(&bed, "INBOX");
	expect_messages(inbox, "3s 4sd 5 6d ");
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void nothing_to_do_is_no_commit(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(
	    &bed, inbox, "x", (struct store_flags){.system = STORE_FLAG_SEEN});
	assert_int_equal(
	    take_away(&bed, inbox, (uint32_t[]){7, 0}, (uint32_t[]){1, 0}), 0);
	assert_int_equal(
	    take_away(&bed, inbox, (uint32_t[]){0}, (uint32_t[]){0}), 0);
	expect_messages(inbox, "1s ");
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

struct found {
	uint64_t lacks[8];
	unsigned count;
};

static void note_ragged(void *context, uint64_t email_id, uint64_t lacks)
{
	struct found *found = context;
	(void)email_id;
	found->lacks[found->count++] = lacks;
}

static void expect_ragged(
    struct bed *bed, const uint64_t *lacks, unsigned count)
{
	struct found found = {.count = 0};
	assert_int_equal(
	    store_account_ragged(bed->account, note_ragged, &found), RC_OK);
	assert_int_equal(found.count, count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(found.lacks[i], lacks[i]);
}

static void missing_line_ends_are_counted(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "A: b\r\n\r\nall well\r\n",
	    "A: b\r\n\r\nno end",     // +2
	    "A: b\n\nunix\n",         // +3
	    "A: b\r\n\r\nbare\rCR\r", // +2
	    "\n",                     // +1
	};
	static const uint64_t lacks[] = {2, 3, 2, 1};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		bed_append(&bed, inbox, texts[i], (struct store_flags){0});
	expect_ragged(&bed, lacks, 4);
	bed_check(&bed, false, 0);
	// The text is cut at every position, also within a line end.
	struct store_draft *draft = store_draft_new(bed.store);
	for (const char *at = "a\r\nb\nc"; *at != '\0'; at++)
		assert_int_equal(store_draft_add(draft, view_of(at, 1)), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	struct store_append append = {.draft = draft};
	struct store_appended appended;
	assert_int_equal(
	    store_append(inbox, &append, 1, &bed.fault, &appended), RC_OK);
	store_draft_free(&draft);
	expect_ragged(&bed, (uint64_t[]){2, 3, 2, 1, 3}, 5);
	// The record goes away with the email.
	take_away(&bed, inbox, (uint32_t[]){1, 2, 3, 4, 0}, (uint32_t[]){0});
	expect_ragged(&bed, (uint64_t[]){1, 3}, 2);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void plant(struct bed *bed, uint64_t email_id, const char *value)
{
	struct engine_batch *batch = engine_batch_new(bed->engine);
	struct record_key key = record_key_u64(RECORD_LINES, email_id);
	if (value)
		engine_batch_put(
		    batch, record_key_view(&key), view_of(value, 16));
	else
		engine_batch_delete(batch, record_key_view(&key));
	commit_quietly(bed->engine, 1000, batch);
	engine_batch_free(&batch);
}

static void a_wrong_count_of_missing_line_ends_is_mended(void **state)
{
	(void)state;
	static const struct {
		uint64_t email_id;
		const char *value; // of 16 bytes; NULL: there is none
	} table[] = {
	    {1, NULL},                               // lacks some
	    {2, NULL},                               //
	    {4, NULL},                               //
	    {1, "\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"}, // another number
	    {3, "\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"}, // lacks none
	    {2, "\7\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"}, // damaged
	    {9, "\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"}, // no such email
	};
	static const uint64_t lacks[] = {2, 2001, 1000};
	struct bed bed;
	struct buf text;
	bed_open(&bed, (struct store_options){0});
	buf_init(&text, 100000);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(&bed, inbox, "A: b\r\n\r\nno end", (struct store_flags){0});
	// Two messages whose content is outside the record.
	buf_add_literal(&text, "A: b\n\n");
	for (unsigned i = 0; i < 1997; i++)
		buf_add_literal(&text, "123456789\n");
	buf_add_char(&text, 'x');
	buf_add_char(&text, '\0');
	bed_append(&bed, inbox, text.ptr, (struct store_flags){0});
	bed_append(
	    &bed, inbox, "A: b\r\n\r\nwell\r\n", (struct store_flags){0});
	buf_reset(&text);
	buf_add_literal(&text, "A: b\r\n\r\n");
	for (unsigned i = 0; i < 10000; i++)
		buf_add_string(&text, i % 10 ? "12345678\r\n" : "1234\n");
	buf_add_char(&text, '\0');
	bed_append(&bed, inbox, text.ptr, (struct store_flags){0});
	store_mailbox_close(&inbox);
	expect_ragged(&bed, lacks, 3);
	bed_check(&bed, false, 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		plant(&bed, table[i].email_id, table[i].value);
		bed_check(&bed, false, 1);
		bed_check(&bed, true, 1);
		bed_check(&bed, false, 0);
		bed_reopen(&bed, (struct store_options){0});
		expect_ragged(&bed, lacks, 3);
	}
	buf_done(&text);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(exactly_the_uids_given_are_expunged),
	    cmocka_unit_test(nothing_to_do_is_no_commit),
	    cmocka_unit_test(missing_line_ends_are_counted),
	    cmocka_unit_test(a_wrong_count_of_missing_line_ends_is_mended),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
