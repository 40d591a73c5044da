// SPDX-License-Identifier: Apache-2.0
// Emails that were expunged and are kept for a while.
#include "store/kept.h"
#include "store/store_test_tools.h"

#define COUNT   450 // several commits of STORE_KEPT_AT_ONCE
#define LONG    40000
#define KEEPING ((struct store_options){.kept_seconds = 86400})

static const struct store_flags deleted = {.system = STORE_FLAG_DELETED};

// Messages of LONG bytes are content of the engine.
static void fill(struct bed *bed, struct store_mailbox *mailbox, unsigned count)
{
	char *text = mem_alloc(LONG + 100);
	for (unsigned i = 0; i < count; i++) {
		int len = snprintf(text, 100, "Subject: %u\r\n\r\n", i);
		size_t body = i % 3 == 0 ? LONG : 10;
		memset(text + len, 'x', body);
		text[(size_t)len + body] = '\0';
		bed_append(bed, mailbox, text, deleted);
	}
	free(text);
}

static void expunge(struct bed *bed, struct store_mailbox *mailbox)
{
	uint64_t modseq;
	assert_int_equal(
	    store_expunge(mailbox, NULL, &bed->fault, &modseq), RC_OK);
}

struct seen {
	struct store_kept_id ids[COUNT];
	size_t count;
	size_t subjects;
};

static enum rc see(void *context, const struct store_kept *kept)
{
	struct seen *seen = context;
	assert_true(seen->count < COUNT);
	assert_int_equal(kept->flags & STORE_FLAG_DELETED, 0);
	seen->subjects +=
	    kept->description.text[MESSAGE_RECORD_SUBJECT_BASE].len > 0;
	seen->ids[seen->count++] = kept->id;
	return RC_OK;
}

static size_t kept(struct bed *bed, struct seen *seen)
{
	*seen = (struct seen){0};
	assert_int_equal(store_kept_walk(bed->account, see, seen), RC_OK);
	assert_int_equal(seen->subjects, seen->count);
	return seen->count;
}

static enum rc count_content(
    void *context, const struct engine_content_info *info)
{
	size_t *owned = context;
	*owned += info->count > 0;
	return RC_OK;
}

static size_t owned_content(struct bed *bed)
{
	size_t owned = 0;
	assert_int_equal(
	    engine_content_each(bed->engine, count_content, &owned), RC_OK);
	return owned;
}

static enum rc count_key(void *context, struct view key, struct view value)
{
	size_t *count = context;
	(void)key;
	(void)value;
	++*count;
	return RC_OK;
}

static size_t count_keys(struct bed *bed, enum record_kind kind)
{
	size_t count = 0;
	struct record_key prefix = record_key_kind(kind);
	assert_int_equal(
	    engine_scan(bed->engine, 1000, record_key_view(&prefix), VIEW(""),
		count_key, &count),
	    RC_OK);
	return count;
}

static void nothing_is_left_when_the_time_is_over(void **state)
{
	(void)state;
	struct bed bed;
	struct seen seen;
	uint64_t purged;
	bed_open(&bed, KEEPING);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	fill(&bed, inbox, COUNT);
	expunge(&bed, inbox);
	assert_int_equal(kept(&bed, &seen), COUNT);
	assert_int_equal(store_account_usage(bed.account).bytes, 0);
	assert_int_equal(count_keys(&bed, RECORD_EMAIL), 0);
	assert_int_equal(owned_content(&bed), COUNT / 3);
	bed_check(&bed, false, 0);
	assert_int_equal(store_kept_expire(bed.store, 1000, seen.ids[0].when,
			     &bed.fault, &purged),
	    RC_OK);
	assert_int_equal(purged, 0); // not before, but at that time
	assert_int_equal(
	    store_kept_expire(bed.store, 1000, INT64_MAX, &bed.fault, &purged),
	    RC_OK);
	assert_int_equal(purged, COUNT);
	assert_int_equal(kept(&bed, &seen), 0);
	assert_int_equal(count_keys(&bed, RECORD_HEAD), 0);
	assert_int_equal(count_keys(&bed, RECORD_THREAD), 0);
	assert_int_equal(owned_content(&bed), 0);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

static void what_comes_back_is_a_new_email(void **state)
{
	(void)state;
	struct bed bed;
	struct seen seen;
	size_t done;
	bed_open(&bed, KEEPING);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *trash = bed_mailbox(&bed, "Trash");
	fill(&bed, inbox, 9);
	expunge(&bed, inbox);
	assert_int_equal(kept(&bed, &seen), 9);
	store_mailbox_close(&inbox);
	store_mailbox_close(&trash);
	bed_reopen(&bed, KEEPING);
	trash = bed_mailbox(&bed, "Trash");
	assert_int_equal(
	    store_kept_restore(trash, seen.ids, 5, &bed.fault, &done), RC_OK);
	assert_int_equal(done, 5);
	// Again: they are not kept any more.
	assert_int_equal(
	    store_kept_restore(trash, seen.ids, 5, &bed.fault, &done), RC_OK);
	assert_int_equal(done, 0);
	struct store_snapshot *snapshot = store_mailbox_snapshot(trash);
	assert_int_equal(store_snapshot_count(snapshot), 5);
	for (uint32_t i = 0; i < 5; i++) {
		struct store_message message;
		store_snapshot_get(snapshot, i, &message);
		assert_true(message.email_id > seen.ids[8].email_id);
	}
	store_snapshot_unref(&snapshot);
	bed_check(&bed, false, 0);
	assert_int_equal(
	    store_kept_purge(bed.account, seen.ids, 9, &bed.fault, &done),
	    RC_OK);
	assert_int_equal(done, 4);
	assert_int_equal(owned_content(&bed), 2);
	bed_check(&bed, false, 0);
	store_mailbox_close(&trash);
	bed_close(&bed);
}

static void an_email_with_another_place_is_not_kept(void **state)
{
	(void)state;
	struct bed bed;
	struct seen seen;
	struct store_copied copied;
	struct rangeset all;
	bed_open(&bed, KEEPING);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *trash = bed_mailbox(&bed, "Trash");
	fill(&bed, inbox, 2);
	rangeset_init(&all);
	rangeset_add(&all, 1, 2);
	assert_int_equal(
	    store_copy(inbox, &all, trash, false, &bed.fault, &copied), RC_OK);
	rangeset_done(&all);
	store_copied_done(&copied);
	expunge(&bed, inbox);
	assert_int_equal(kept(&bed, &seen), 0);
	expunge(&bed, trash);
	assert_int_equal(kept(&bed, &seen), 2);
	bed_check(&bed, false, 0);
	store_mailbox_close(&inbox);
	store_mailbox_close(&trash);
	bed_close(&bed);
}

static void the_check_sees_damage(void **state)
{
	(void)state;
	struct bed bed;
	struct seen seen;
	bed_open(&bed, KEEPING);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	fill(&bed, inbox, 3);
	expunge(&bed, inbox);
	assert_int_equal(kept(&bed, &seen), 3);
	struct engine_batch *batch = engine_batch_new(bed.engine);
	struct record_key key =
	    record_key_u64(RECORD_HEAD, seen.ids[1].email_id);
	engine_batch_delete(batch, record_key_view(&key));
	key = record_key_kept(seen.ids[2].when, seen.ids[2].email_id);
	engine_batch_put(batch, record_key_view(&key), VIEW("rubbish"));
	commit_quietly(bed.engine, 1000, batch);
	engine_batch_free(&batch);
	bed_check(&bed, false, 2);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_is_left_when_the_time_is_over),
	    cmocka_unit_test(what_comes_back_is_a_new_email),
	    cmocka_unit_test(an_email_with_another_place_is_not_kept),
	    cmocka_unit_test(the_check_sees_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
