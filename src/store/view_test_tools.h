// SPDX-License-Identifier: Apache-2.0
// What the tests of views share.
#ifndef ROOST_STORE_VIEW_TEST_TOOLS_H
#define ROOST_STORE_VIEW_TEST_TOOLS_H

#include "store/changes.h"
#include "store/store_test_tools.h"
#include "store/view.h"

static inline struct store_view *bed_view(struct bed *bed)
{
	struct store_view *view;
	enum rc rc =
	    store_view_open(&bed->asker, bed->account, &bed->fault, &view);
	if (rc != RC_OK)
		fail_msg("view: %s", bed->fault.text);
	return view;
}

static inline uint64_t bed_version(struct bed *bed)
{
	uint64_t version;
	assert_int_equal(store_account_version(bed->account, &version), RC_OK);
	return version;
}

static inline uint64_t bed_create(
    struct bed *bed, const char *name, unsigned special_use)
{
	uint64_t id;
	assert_int_equal(
	    store_mailbox_create(&bed->asker, bed->account,
		view_of_string(name), special_use, &bed->fault, &id),
	    RC_OK);
	return id;
}

static inline uint64_t bed_mailbox_id(struct bed *bed, const char *name)
{
	struct store_mailbox *mailbox = bed_mailbox(bed, name);
	uint64_t id = store_mailbox_id(mailbox);
	store_mailbox_close(&mailbox);
	return id;
}

// The email id of a message.
static inline uint64_t bed_email_at(struct store_mailbox *mailbox, uint32_t uid)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_message message;
	uint32_t index;
	assert_int_equal(store_snapshot_find(snapshot, uid, &index), RC_OK);
	store_snapshot_get(snapshot, index, &message);
	store_snapshot_unref(&snapshot);
	return message.email_id;
}

// Sets, adds or removes system flags and one keyword (NULL: none).
static inline void bed_flags(struct bed *bed, struct store_mailbox *mailbox,
    uint32_t uid, enum store_flags_operation operation, unsigned system,
    const char *keyword)
{
	struct view name = view_of_string(keyword ? keyword : "");
	struct store_flags_change change = {
	    .operation = operation, .flags = {system, &name, keyword ? 1 : 0}};
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	assert_int_equal(store_flags_change(mailbox, &uids, &change,
			     &bed->fault, NULL, &modseq),
	    RC_OK);
	rangeset_done(&uids);
}

// Gives the UID of the copy.
static inline uint32_t bed_copy(struct bed *bed, struct store_mailbox *from,
    uint32_t uid, struct store_mailbox *to)
{
	struct store_copied copied;
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	assert_int_equal(
	    store_copy(from, &uids, to, false, &bed->fault, &copied), RC_OK);
	uint32_t there = copied.copies.ranges[0].first;
	store_copied_done(&copied);
	rangeset_done(&uids);
	return there;
}

static inline void assert_keywords(
    const struct store_view_email *email, const char *wanted)
{
	struct buf all;
	buf_init(&all, 1 << 16);
	for (size_t i = 0; i < email->keyword_count; i++) {
		if (i > 0)
			buf_add_char(&all, ' ');
		buf_add(&all, email->keywords[i]);
	}
	buf_add_char(&all, 0);
	assert_string_equal(all.ptr, wanted);
	buf_done(&all);
}

#endif
