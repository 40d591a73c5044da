// SPDX-License-Identifier: Apache-2.0
// A view, for the files of this room that answer from it.
#ifndef ROOST_STORE_VIEW_IMPL_H
#define ROOST_STORE_VIEW_IMPL_H

#include "store/account_impl.h"
#include "store/view.h"

struct view_box {
	struct store_view_mailbox shown;
	// Of `shown`; NULL until it is asked for, if it was not in memory.
	struct store_snapshot *snapshot;
	struct store_keywords *keywords;
	enum rc broken; // why it cannot be read
};

struct store_view {
	struct store_account *account; // referenced
	struct store_asker asker;
	uint64_t version;
	struct engine_snapshot *from; // the account at that version
	struct arena arena;           // of names
	struct view_box *boxes;       // in the order of names
	size_t count;
	uint32_t *by_id;              // positions in `boxes`
	struct engine_cursor *places; // over RECORD_LOCATION; NULL until used
	struct store_reader *reader;  // NULL until used
	struct thread_table *threads; // referenced; NULL until used
	struct store_view_counts *counts; // by position; NULL until used
	// Of the email that was asked for last.
	VEC(struct store_view_place) email_places;
	VEC(struct view) keywords;
	struct buf keyword_bytes;
	VEC(struct store_view_thread_email) thread; // asked for last
};

// Calls `each` for each place that is noted of an email, visible or not.
typedef void view_each_place(void *context, uint64_t mailbox_id, uint32_t uid);
MUST_CHECK enum rc view_walk_places(struct store_view *view, uint64_t email_id,
    view_each_place *each, void *context);
// Makes sure that `threads` is there.
MUST_CHECK enum rc view_load_threads(struct store_view *view);

#endif
