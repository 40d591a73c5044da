// SPDX-License-Identifier: Apache-2.0
// For the tests of COPY and MOVE between accounts: three accounts over one
// engine, whose commits can be made to fail.
#ifndef ROOST_STORE_ACROSS_TEST_TOOLS_H
#define ROOST_STORE_ACROSS_TEST_TOOLS_H

#include "engine/impl.h"
#include "store/store_test_tools.h"

#include "store/record.h"

#define NOW      1700000000
#define ACCOUNTS 3

// An engine whose commits can be made to fail: its table of calls is replaced.
// The replaced calls have no context, so this is global.
static struct {
	const struct engine_ops *real;
	uint64_t partition; // the partition whose commits fail; 0: none
	unsigned commits;   // of it that still succeed
	bool failed;        // one has failed
} faults;

static inline enum rc commit(struct engine *engine,
    struct engine_partition *part, uint64_t version, struct engine_batch *batch,
    struct fault *fault)
{
	if (part->id != faults.partition || faults.commits-- > 0)
		return faults.real->commit(engine, part, version, batch, fault);
	faults.commits = 0;
	faults.failed = true;
	return fault_set(fault, RC_IO, "the disk is on fire");
}

// Accounts 1000, 1001, 1002 over one engine.
struct world {
	struct engine *engine;
	struct engine_ops ops;
	struct store *store;
	struct store_account *accounts[ACCOUNTS];
	struct clock clock;
	struct fault fault;
	int64_t now;
	uint64_t quota; // messages
	uint32_t commit_max;
	uint32_t kept_seconds;
	// Of the owner of account 1000 to all mailboxes of each account.
	unsigned rights[3];
};

static inline int64_t wall(void *context)
{
	return ((struct world *)context)->now;
}

static inline unsigned rights_of(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	struct world *world = context;
	(void)mailbox_id;
	return asker->account == 1000 ? world->rights[account_id - 1000] : 0;
}

static inline void start(struct world *world)
{
	world->store = store_new(&(struct store_options){
	    .engine = world->engine,
	    .clock = &world->clock,
	    .quota_messages = world->quota,
	    .commit_max = world->commit_max,
	    .kept_seconds = world->kept_seconds,
	    .sharing = {rights_of, world},
	});
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		enum rc rc =
		    store_account_create(world->store, 1000 + i, &world->fault);
		assert_true(rc == RC_OK || rc == RC_EXISTS);
		assert_int_equal(store_account_open(world->store, 1000 + i,
				     &world->fault, &world->accounts[i]),
		    RC_OK);
	}
}

static inline void stop(struct world *world)
{
	for (unsigned i = 0; i < ACCOUNTS; i++)
		store_account_close(&world->accounts[i]);
	store_free(&world->store);
}

// Closes the accounts and opens them again, as after a crash.
static inline void restart(struct world *world)
{
	stop(world);
	faults.partition = 0;
	faults.commits = 0;
	faults.failed = false;
	start(world);
}

static inline void world_open(struct world *world, uint64_t quota)
{
	*world = (struct world){
	    .engine = engine_memory_new(), .now = NOW, .quota = quota};
	world->clock = (struct clock){.wall = wall, .context = world};
	faults.real = world->engine->ops;
	faults.partition = 0;
	faults.commits = 0;
	faults.failed = false;
	world->ops = *world->engine->ops;
	world->ops.commit = commit;
	world->engine->ops = &world->ops;
	start(world);
}

static inline void show(void *context, const char *text)
{
	(void)context;
	print_error("%s\n", text);
}

static inline void check_accounts(struct world *world)
{
	for (unsigned i = 0; i < ACCOUNTS; i++) {
		struct store_check_result result;
		assert_int_equal(store_account_check(world->store, 1000 + i,
				     false, show, NULL, &result),
		    RC_OK);
		assert_int_equal(result.problems, 0);
	}
}

static inline enum rc add_owners(
    void *context, const struct engine_content_info *info)
{
	*(uint64_t *)context += info->count;
	return RC_OK;
}

// How often content is owned, all accounts together.
static inline uint64_t owners(struct world *world)
{
	uint64_t count = 0;
	assert_int_equal(
	    engine_content_each(world->engine, add_owners, &count), RC_OK);
	return count;
}

static inline enum rc add_one(
    void *context, const struct engine_content_info *info)
{
	(void)info;
	++*(uint64_t *)context;
	return RC_OK;
}

static inline void world_close(struct world *world)
{
	uint64_t deleted;
	uint64_t left = 0;
	check_accounts(world);
	stop(world);
	// A sweep deletes what nobody owns; what is owned must stay.
	uint64_t before = owners(world);
	assert_int_equal(
	    engine_content_sweep(world->engine, NOW * 2ll, 0, &deleted), RC_OK);
	assert_int_equal(owners(world), before);
	for (unsigned i = 0; i < ACCOUNTS; i++)
		assert_int_equal(engine_partition_drop(
				     world->engine, 1000 + i, &world->fault),
		    RC_OK);
	assert_int_equal(
	    engine_content_sweep(world->engine, NOW * 2ll, 0, &deleted), RC_OK);
	assert_int_equal(
	    engine_content_each(world->engine, add_one, &left), RC_OK);
	assert_int_equal(left, 0);
	world->engine->ops = faults.real;
	engine_close(&world->engine);
}

static inline struct store_mailbox *open_box(
    struct world *world, unsigned account, const char *name)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&store_system, world->accounts[account],
	    view_of_string(name), STORE_RIGHT_READ, &world->fault, &mailbox);
	if (rc != RC_OK)
		fail_msg("%s: %s", name, world->fault.text);
	return mailbox;
}

static inline void append_text(struct world *world,
    struct store_mailbox *mailbox, struct view text, struct store_flags flags)
{
	struct store_append append = {
	    .draft = store_draft_new(world->store),
	    .flags = flags,
	    .has_date = true,
	    .internal_date = 1234567890,
	    .zone_minutes = 90,
	};
	struct store_appended appended;
	assert_int_equal(store_draft_add(append.draft, text), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	assert_int_equal(
	    store_append(mailbox, &append, 1, &world->fault, &appended), RC_OK);
	store_draft_free(&append.draft);
}

static inline enum rc copy(struct world *world, struct store_mailbox *from,
    uint32_t first, uint32_t last, struct store_mailbox *to, bool move,
    struct store_copied *ret_copied)
{
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, first, last);
	enum rc rc =
	    store_copy(from, &uids, to, move, &world->fault, ret_copied);
	rangeset_done(&uids);
	return rc;
}

static inline void must_copy(struct world *world, struct store_mailbox *from,
    uint32_t first, uint32_t last, struct store_mailbox *to, bool move,
    uint32_t copied_now, uint32_t copied_before)
{
	struct store_copied copied;
	assert_int_equal(
	    copy(world, from, first, last, to, move, &copied), RC_OK);
	assert_int_equal(copied.count, copied_now);
	assert_int_equal(rangeset_size(&copied.sources), copied_now);
	assert_int_equal(copied.count_before, copied_before);
	store_copied_done(&copied);
}

static inline uint32_t count(struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t messages = store_snapshot_count(snapshot);
	store_snapshot_unref(&snapshot);
	return messages;
}

static inline void expunge_all(
    struct world *world, struct store_mailbox *mailbox)
{
	struct rangeset all;
	struct rangeset none;
	uint64_t modseq;
	rangeset_init(&all);
	rangeset_init(&none);
	rangeset_add(&all, 1, UINT32_MAX);
	assert_int_equal(
	    store_take_away(mailbox, &all, &none, &world->fault, &modseq),
	    RC_OK);
	rangeset_done(&all);
}

// A header, and a body of about that many bytes.
static inline void write_text(struct buf *text, const char *header, size_t body)
{
	buf_reset(text);
	buf_add_string(text, header);
	buf_add_literal(text, "\r\n");
	for (size_t i = 0; i < body; i += 10)
		buf_add_literal(text, "12345678\r\n");
}

#endif
