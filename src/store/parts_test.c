// SPDX-License-Identifier: Apache-2.0
// Removing many messages by several commits: EXPUNGE, POP3's QUIT, MOVE and
// DELETE, each cut off after each of its commits. COPY is always one commit.
#include "store/across_test_tools.h"
#include "store/kept.h"

#define MESSAGES 100
#define STAYING  (MESSAGES / 7 + 1) // every seventh message is not \Deleted
#define PART     10

struct desk {
	struct world world;
	struct store_mailbox *box;   // with the messages
	struct store_mailbox *other; // some of them are copied here
	struct store_mailbox *across;
	uint64_t modseq; // of the account, before
};

static const struct store_flags no_flags = {0};

static void make(struct world *world, const char *name)
{
	uint64_t id;
	assert_int_equal(store_mailbox_create(&store_system, world->accounts[0],
			     view_of_string(name), 0, &world->fault, &id),
	    RC_OK);
}

static struct store_snapshot *now(struct store_mailbox *mailbox)
{
	return store_mailbox_snapshot(mailbox);
}

static uint64_t modseq_of(struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = now(mailbox);
	uint64_t modseq = store_snapshot_highestmodseq(snapshot);
	store_snapshot_unref(&snapshot);
	return modseq;
}

static uint64_t version(struct desk *desk)
{
	uint64_t version;
	assert_int_equal(
	    engine_version(desk->world.engine, 1000, &version), RC_OK);
	return version;
}

static void open_boxes(struct desk *desk)
{
	desk->box = open_box(&desk->world, 0, "Box");
	desk->other = open_box(&desk->world, 0, "Other");
	desk->across = open_box(&desk->world, 1, "INBOX");
}

static void close_boxes(struct desk *desk)
{
	store_mailbox_close(&desk->box);
	store_mailbox_close(&desk->other);
	store_mailbox_close(&desk->across);
}

// Some messages are content of the engine; some are in two mailboxes.
static void desk_open(struct desk *desk, uint32_t kept_seconds)
{
	struct store_flags deleted = {.system = STORE_FLAG_DELETED};
	struct world *world = &desk->world;
	struct store_copied copied;
	struct buf text;
	world_open(world, 0);
	world->commit_max = PART;
	world->kept_seconds = kept_seconds;
	restart(world);
	make(world, "Box");
	make(world, "Other");
	open_boxes(desk);
	buf_init(&text, 100000);
	for (unsigned i = 0; i < MESSAGES; i++) {
		char header[40];
		snprintf(header, sizeof(header), "Subject: %u\r\n", i);
		write_text(&text, header, i % 20 ? 10 : 40000);
		append_text(world, desk->box, buf_view(&text),
		    i % 7 ? deleted : no_flags);
	}
	buf_done(&text);
	assert_int_equal(
	    copy(world, desk->box, 21, 40, desk->other, false, &copied), RC_OK);
	store_copied_done(&copied);
	desk->modseq = version(desk);
}

static void desk_close(struct desk *desk)
{
	close_boxes(desk);
	world_close(&desk->world);
}

// ---- The verbs
// -----------------------------------------------------------------

static struct store_copied copied;

static enum rc expunge(struct desk *desk)
{
	uint64_t modseq;
	enum rc rc =
	    store_expunge(desk->box, NULL, &desk->world.fault, &modseq);
	if (rc == RC_OK && modseq)
		assert_int_equal(modseq, modseq_of(desk->box));
	return rc;
}

static enum rc take_away(struct desk *desk)
{
	struct rangeset all, seen;
	uint64_t modseq;
	rangeset_init(&all);
	rangeset_init(&seen);
	rangeset_add(&all, 1, MESSAGES - STAYING);
	rangeset_add(&seen, MESSAGES - STAYING + 1, UINT32_MAX);
	enum rc rc = store_take_away(
	    desk->box, &all, &seen, &desk->world.fault, &modseq);
	rangeset_done(&all);
	rangeset_done(&seen);
	return rc;
}

static enum rc move_to(struct desk *desk, struct store_mailbox *to)
{
	store_copied_done(&copied);
	enum rc rc = copy(
	    &desk->world, desk->box, 1, MESSAGES - STAYING, to, true, &copied);
	assert_int_equal(rangeset_size(&copied.sources), copied.count);
	assert_int_equal(rangeset_size(&copied.copies), copied.count);
	return rc;
}

static enum rc move(struct desk *desk)
{
	return move_to(desk, desk->other);
}

static enum rc move_across(struct desk *desk)
{
	return move_to(desk, desk->across);
}

static enum rc move_to_itself(struct desk *desk)
{
	return move_to(desk, desk->box);
}

// ---- Cut off
// ---------------------------------------------------------------------

static const struct {
	const char *name;
	enum rc (*run)(struct desk *desk);
	uint32_t left; // messages that the mailbox has in the end
	bool moves;
} verbs[] = {
    {"EXPUNGE", expunge, STAYING, false},
    {"QUIT", take_away, STAYING, false},
    {"MOVE", move, STAYING, true},
    {"MOVE to another account", move_across, STAYING, true},
    {"MOVE to the same mailbox", move_to_itself, MESSAGES, true},
};

// RFC 7162 section 3.2.5.2: whoever knew the mailbox after some of the commits
// is told exactly what went in the later ones.
static void expect_expunged(struct desk *desk, unsigned parts, uint32_t removed)
{
	struct store_snapshot *snapshot = now(desk->box);
	for (unsigned i = 0; i < parts; i++) {
		struct rangeset uids;
		rangeset_init(&uids);
		assert_int_equal(store_expunged_since(desk->box, snapshot,
				     desk->modseq + i, &uids),
		    RC_OK);
		assert_int_equal(rangeset_size(&uids), removed - i * PART);
		rangeset_done(&uids);
	}
	store_snapshot_unref(&snapshot);
}

// Runs a verb whose commit number `cut` of the source's account fails, then
// goes on after a restart. Whether it was cut off.
static bool run_cut(unsigned verb, unsigned cut)
{
	struct desk desk;
	desk_open(&desk, 0);
	uint32_t all = count(desk.other) + count(desk.across) + MESSAGES;
	faults.partition = 1000;
	faults.commits = cut;
	enum rc rc = verbs[verb].run(&desk);
	bool was_cut = rc != RC_OK;
	uint32_t removed = MESSAGES - STAYING;
	if (was_cut) {
		assert_int_equal(rc, RC_IO);
		assert_true(removed > cut * PART);
		removed = cut * PART;
	}
	if (verbs[verb].moves)
		assert_int_equal(copied.count, removed);
	if (verbs[verb].left == STAYING)
		assert_int_equal(count(desk.box), MESSAGES - removed);
	expect_expunged(&desk, (removed + PART - 1) / PART, removed);
	close_boxes(&desk);
	restart(&desk.world);
	open_boxes(&desk);
	check_accounts(&desk.world);
	expect_expunged(&desk, (removed + PART - 1) / PART, removed);
	assert_int_equal(verbs[verb].run(&desk), RC_OK);
	assert_int_equal(count(desk.box), verbs[verb].left);
	if (verbs[verb].moves)
		assert_int_equal(
		    count(desk.box) + count(desk.other) + count(desk.across),
		    all);
	store_copied_done(&copied);
	copied = (struct store_copied){0};
	desk_close(&desk);
	return was_cut;
}

static void what_was_done_before_a_cut_is_whole(void **state)
{
	(void)state;
	for (unsigned verb = 0; verb < ARRAY_LEN(verbs); verb++) {
		unsigned cut = 0;
		while (run_cut(verb, cut))
			cut++;
		print_message("%s: %u commits\n", verbs[verb].name, cut);
		assert_int_equal(cut, (MESSAGES - STAYING + PART - 1) / PART);
	}
}

// RENAME of INBOX moves its messages; the first commit makes the mailbox.
static bool rename_cut(unsigned cut)
{
	struct desk desk;
	desk_open(&desk, 0);
	struct world *world = &desk.world;
	struct store_mailbox *inbox = open_box(world, 0, "INBOX");
	must_copy(world, desk.box, 1, MESSAGES, inbox, true, MESSAGES, 0);
	faults.partition = 1000;
	faults.commits = cut;
	enum rc rc = store_mailbox_rename(&store_system, world->accounts[0],
	    VIEW("INBOX"), VIEW("New"), &world->fault);
	store_mailbox_close(&inbox);
	close_boxes(&desk);
	restart(world);
	open_boxes(&desk);
	inbox = open_box(world, 0, "INBOX");
	uint32_t moved = rc == RC_OK ? MESSAGES : cut * PART;
	assert_int_equal(count(inbox), MESSAGES - moved);
	store_mailbox_close(&inbox);
	if (cut > 0) {
		inbox = open_box(world, 0, "New");
		assert_int_equal(count(inbox), moved);
		store_mailbox_close(&inbox);
	}
	desk_close(&desk);
	return rc != RC_OK;
}

static void a_renamed_inbox_is_moved_in_parts(void **state)
{
	(void)state;
	unsigned cut = 0;
	while (rename_cut(cut))
		cut++;
	assert_int_equal(cut, MESSAGES / PART);
}

// ---- How many commits
// ------------------------------------------------------------

static void few_messages_are_one_commit(void **state)
{
	(void)state;
	static const struct {
		uint32_t messages;
		uint64_t moves; // commits
		uint64_t copies;
	} table[] = {{1, 1, 1}, {PART, 1, 1}, {PART + 1, 2, 1}, {45, 5, 1}};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct desk desk;
		desk_open(&desk, 0);
		uint64_t before = version(&desk);
		must_copy(&desk.world, desk.box, 1, table[i].messages,
		    desk.other, false, table[i].messages, 0);
		assert_int_equal(version(&desk) - before, table[i].copies);
		before = version(&desk);
		must_copy(&desk.world, desk.box, 1, table[i].messages,
		    desk.other, true, table[i].messages, 0);
		assert_int_equal(version(&desk) - before, table[i].moves);
		desk_close(&desk);
	}
}

// A set may name UIDs that do not exist yet. What comes while the messages are
// moved is left alone: otherwise a MOVE to the same mailbox would never end.
static void a_set_without_an_end_has_one(void **state)
{
	(void)state;
	struct desk desk;
	desk_open(&desk, 0);
	must_copy(
	    &desk.world, desk.box, 1, UINT32_MAX, desk.box, true, MESSAGES, 0);
	assert_int_equal(count(desk.box), MESSAGES);
	desk_close(&desk);
}

// ---- DELETE
// ------------------------------------------------------------------------

static enum rc count_kept(void *context, const struct store_kept *kept)
{
	assert_true(view_eq(kept->mailbox, VIEW("Box")));
	++*(unsigned *)context;
	return RC_OK;
}

// What is left after the first `cut` commits of a DELETE, for all but the one
// who deleted it.
static void expect_deleted(struct desk *desk, uint64_t bytes)
{
	struct world *world = &desk->world;
	struct store_mailbox *box;
	struct store_usage usage = store_account_usage(world->accounts[0]);
	assert_int_equal(
	    store_mailbox_open(&store_system, world->accounts[0], VIEW("Box"),
		STORE_RIGHT_READ, &world->fault, &box),
	    RC_NOT_FOUND);
	assert_int_equal(usage.messages, count(desk->other));
	assert_true(usage.bytes < bytes);
	check_accounts(world);
}

// The first commit deletes the mailbox. The chunks of messages are removed by
// the others, at least one chunk each. Whether it was cut off.
static bool delete_cut(unsigned cut, uint32_t kept_seconds)
{
	struct desk desk;
	desk_open(&desk, kept_seconds);
	struct world *world = &desk.world;
	uint64_t bytes = store_account_usage(world->accounts[0]).bytes;
	uint64_t before = version(&desk);
	faults.partition = 1000;
	faults.commits = cut;
	enum rc rc = store_mailbox_delete(
	    &store_system, world->accounts[0], VIEW("Box"), &world->fault);
	assert_int_equal(rc, cut == 0 ? RC_IO : RC_OK);
	bool was_cut = faults.failed;
	if (cut > 0)
		assert_true(store_mailbox_gone(desk.box));
	close_boxes(&desk);
	restart(world);
	desk.other = open_box(world, 0, "Other");
	desk.across = open_box(world, 1, "INBOX");
	if (cut == 0) {
		check_accounts(world);
	} else {
		expect_deleted(&desk, bytes);
		assert_int_equal(version(&desk) - before, cut);
	}
	// The name is free, and what is left is not taken for its messages.
	if (cut > 0)
		make(world, "Box");
	desk.box = open_box(world, 0, "Box");
	assert_int_equal(count(desk.box), cut == 0 ? MESSAGES : 0);
	assert_int_equal(
	    store_mailboxes_finish(world->store, 1000, &world->fault), RC_OK);
	check_accounts(world);
	before = version(&desk);
	assert_int_equal(
	    store_mailboxes_finish(world->store, 1000, &world->fault), RC_OK);
	assert_int_equal(version(&desk), before);
	unsigned kept = 0;
	assert_int_equal(
	    store_kept_walk(world->accounts[0], count_kept, &kept), RC_OK);
	// Twenty have another place.
	assert_int_equal(kept, cut > 0 && kept_seconds ? MESSAGES - 20 : 0);
	desk_close(&desk);
	return was_cut;
}

static void a_mailbox_is_deleted_by_the_first_commit(void **state)
{
	(void)state;
	for (uint32_t kept = 0; kept < 2; kept++) {
		unsigned cut = 0;
		while (delete_cut(cut, kept))
			cut++;
		assert_int_equal(cut, 1 + (MESSAGES + 31) / 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_done_before_a_cut_is_whole),
	    cmocka_unit_test(a_renamed_inbox_is_moved_in_parts),
	    cmocka_unit_test(few_messages_are_one_commit),
	    cmocka_unit_test(a_set_without_an_end_has_one),
	    cmocka_unit_test(a_mailbox_is_deleted_by_the_first_commit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
