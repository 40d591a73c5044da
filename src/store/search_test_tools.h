// SPDX-License-Identifier: Apache-2.0
// For the tests of SEARCH: an INBOX, and what is found in it.
#ifndef ROOST_STORE_SEARCH_TEST_TOOLS_H
#define ROOST_STORE_SEARCH_TEST_TOOLS_H

#include "store/search.h"
#include "store/store_test_tools.h"

#define NOW 1000000000 // 2001-09-09 01:46:40 UTC

static inline int64_t now(void *context)
{
	(void)context;
	return NOW;
}

static const struct clock test_clock = {.wall = now};

// A view in a constant initialiser.
#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

struct world {
	struct bed bed;
	struct store_mailbox *inbox;
};

static inline void world_open(struct world *world)
{
	bed_open(&world->bed, (struct store_options){.clock = &test_clock});
	world->inbox = bed_mailbox(&world->bed, "INBOX");
}

static inline void world_close(struct world *world)
{
	store_mailbox_close(&world->inbox);
	bed_close(&world->bed);
}

static inline uint32_t world_add(struct world *world, struct view message)
{
	struct store_append append = {
	    .draft = store_draft_new(world->bed.store)};
	assert_int_equal(store_draft_add(append.draft, message), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	struct store_appended appended;
	assert_int_equal(store_append(world->inbox, &append, 1,
			     &world->bed.fault, &appended),
	    RC_OK);
	store_draft_free(&append.draft);
	return appended.first_uid;
}

// The UIDs that match, as a set.
static inline void world_search(
    struct world *world, const struct search_key *program, struct buf *ret_uids)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(world->inbox);
	struct store_search *search;
	enum rc rc = store_search_new(
	    world->inbox, snapshot, program, &world->bed.fault, &search);
	if (rc != RC_OK)
		fail_msg("%s", world->bed.fault.text);
	struct rangeset uids;
	rangeset_init(&uids);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		bool matches = false;
		assert_int_equal(
		    store_search_test(search, &message, &matches), RC_OK);
		if (matches)
			rangeset_add(&uids, message.uid, message.uid);
	}
	buf_reset(ret_uids);
	rangeset_format(&uids, ret_uids);
	buf_add_char(ret_uids, '\0');
	rangeset_done(&uids);
	store_search_free(&search);
	store_snapshot_unref(&snapshot);
}

static inline bool finds(struct world *world, enum search_key_type type,
    const char *field, struct view text)
{
	struct search_key key = {
	    .type = type, .field = view_of_string(field), .text = text};
	struct buf uids;
	buf_init(&uids, 4096);
	world_search(world, &key, &uids);
	bool found = uids.len > 1;
	buf_done(&uids);
	return found;
}

#endif
