// SPDX-License-Identifier: Apache-2.0
// Every kind of record: what is written is read back, and a version that is not
// known is refused, whatever follows.
#include "store/record.h"

#include "base/test.h"
#include "store/change_record.h"
#include "store/node.h"

static void account_put(struct buf *out)
{
	record_account_put(&(struct record_account){.next_email_id = 7}, out);
}

static enum rc account_get(struct view record)
{
	struct record_account account = {0};
	enum rc rc = record_account_get(record, &account);
	assert_true(account.next_email_id == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void state_put(struct buf *out)
{
	record_state_put(&(struct record_state){.uidnext = 7}, out);
}

static enum rc state_get(struct view record)
{
	struct record_state state = {0};
	enum rc rc = record_state_get(record, &state);
	assert_true(state.uidnext == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void head_put(struct buf *out)
{
	struct record_head head = {.size = 9, .header_len = 3, .head_len = 5};
	record_head_put(&head, out);
	buf_add(out, VIEW("bytes"));
}

static enum rc head_get(struct view record)
{
	struct record_head head = {0};
	struct view bytes = VIEW("");
	enum rc rc = record_head_get(record, &head, &bytes);
	assert_view_equal(bytes, rc == RC_OK ? VIEW("bytes") : VIEW(""));
	return rc;
}

static void lines_put(struct buf *out)
{
	record_lines_put(7, out);
}

static enum rc lines_get(struct view record)
{
	uint64_t lacks = 0;
	enum rc rc = record_lines_get(record, &lacks);
	assert_true(lacks == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void thread_put(struct buf *out)
{
	record_thread_put(&(struct record_thread){7, 1}, out);
}

static enum rc thread_get(struct view record)
{
	struct record_thread thread = {0};
	enum rc rc = record_thread_get(record, &thread);
	assert_true(thread.thread_id == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void mailbox_put(struct buf *out)
{
	struct record_mailbox mailbox = {.name = VIEW("A"), .uidvalidity = 7};
	struct store_keywords *keywords = keywords_with(NULL, VIEW("k"));
	record_mailbox_put(&mailbox, keywords, out);
	keywords_unref(keywords);
}

static enum rc mailbox_get(struct view record)
{
	struct record_mailbox mailbox = {0};
	struct store_keywords *keywords = NULL;
	enum rc rc = record_mailbox_get(record, &mailbox, &keywords);
	assert_true(mailbox.uidvalidity == (rc == RC_OK ? 7 : 0));
	assert_true((keywords != NULL) == (rc == RC_OK));
	keywords_unref(keywords);
	return rc;
}

static void tombstone_put(struct buf *out)
{
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, 3, 7);
	record_tombstone_put(&uids, out);
	rangeset_done(&uids);
}

static enum rc tombstone_get(struct view record)
{
	struct rangeset uids;
	rangeset_init(&uids);
	enum rc rc = record_tombstone_get(record, &uids);
	assert_int_equal(uids.count, rc == RC_OK ? 1 : 0);
	rangeset_done(&uids);
	return rc;
}

static void delivered_put(struct buf *out)
{
	record_delivered_put(7, out);
}

static enum rc delivered_get(struct view record)
{
	int64_t when = 0;
	enum rc rc = record_delivered_get(record, &when);
	assert_true(when == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void kept_put(struct buf *out)
{
	struct record_kept kept = {.mailbox_id = 7, .name = VIEW("A")};
	record_kept_put(&kept, out);
}

static enum rc kept_get(struct view record)
{
	struct record_kept kept = {0};
	enum rc rc = record_kept_get(record, &kept);
	assert_true(kept.mailbox_id == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void objects_put(struct buf *out)
{
	record_objects_put(&(struct record_objects){7, 1}, out);
}

static enum rc objects_get(struct view record)
{
	struct record_objects objects = {0};
	enum rc rc = record_objects_get(record, &objects);
	assert_true(objects.next_id == (rc == RC_OK ? 7 : 0));
	return rc;
}

static void object_put(struct buf *out)
{
	record_object_put(7, VIEW("bytes"), out);
}

static enum rc object_get(struct view record)
{
	uint64_t version = 0;
	struct view bytes = VIEW("");
	enum rc rc = record_object_get(record, &version, &bytes);
	assert_true(version == (rc == RC_OK ? 7 : 0));
	assert_view_equal(bytes, rc == RC_OK ? VIEW("bytes") : VIEW(""));
	return rc;
}

static void chunk_put(struct buf *out)
{
	struct store_message message = {.uid = 7, .modseq = 1};
	struct store_node *chunk = node_chunk_new(1, &message, 1);
	node_chunk_encode(chunk, out);
	node_unref(chunk);
}

static enum rc chunk_get(struct view record)
{
	struct store_node *chunk = NULL;
	enum rc rc = node_chunk_decode(1, record, &chunk);
	assert_true((chunk != NULL) == (rc == RC_OK));
	if (chunk)
		node_unref(chunk);
	return rc;
}

static void change_put(struct buf *out)
{
	struct change_record_writer writer;
	change_record_begin(&writer, out);
	change_record_add(
	    &writer, &(struct store_change){
			 .kind = STORE_CHANGE_MAILBOX_MADE, .mailbox_id = 7});
	change_record_end(&writer);
}

static enum rc change_get(struct view record)
{
	struct change_record_reader reader;
	return change_record_open(&reader, 1, record);
}

static const struct {
	const char *name;
	void (*put)(struct buf *out);
	enum rc (*get)(struct view record);
} kinds[] = {
    {"account", account_put, account_get},
    {"state", state_put, state_get},
    {"head", head_put, head_get},
    {"lines", lines_put, lines_get},
    {"thread", thread_put, thread_get},
    {"mailbox", mailbox_put, mailbox_get},
    {"tombstone", tombstone_put, tombstone_get},
    {"delivered", delivered_put, delivered_get},
    {"kept", kept_put, kept_get},
    {"objects", objects_put, objects_get},
    {"object", object_put, object_get},
    {"chunk", chunk_put, chunk_get},
    {"change", change_put, change_get},
};

static void an_unknown_version_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct buf record;
		buf_init(&record, 4096);
		kinds[i].put(&record);
		assert_int_equal(buf_status(&record), RC_OK);
		assert_int_equal(record.ptr[0], 1);
		enum rc rc = kinds[i].get(buf_view(&record));
		if (rc != RC_OK)
			fail_msg("%s: %s", kinds[i].name, rc_name(rc));
		for (int version = 0; version < 256; version++) {
			record.ptr[0] = (char)version;
			rc = kinds[i].get(buf_view(&record));
			if (rc != (version == 1 ? RC_OK : RC_CORRUPT))
				fail_msg("%s, version %d: %s", kinds[i].name,
				    version, rc_name(rc));
		}
		assert_int_equal(kinds[i].get(VIEW("")), RC_CORRUPT);
		buf_done(&record);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_unknown_version_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
