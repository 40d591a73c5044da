// SPDX-License-Identifier: Apache-2.0
// MOVE between accounts at random and by several threads at once, with commits
// that fail: nothing is lost, and nothing is there twice.
#include "base/test.h"
#include "base/thread.h"
#include "store/across_test_tools.h"

// ---- At random -------------------------------------------------------------

#define BOXES    6
#define MESSAGES 200

static const char *const box_names[] = {"INBOX", "Archive"};

// The model knows each message by its internal date, and knows where it must
// be.
struct model {
	struct world world;
	struct store_mailbox *boxes[BOXES];
	unsigned messages;
	unsigned place[MESSAGES];
	uint64_t random;
};

static unsigned pick(struct model *model, unsigned below)
{
	model->random =
	    model->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(model->random >> 33) % below;
}

static void open_boxes(struct model *model)
{
	for (unsigned i = 0; i < BOXES; i++)
		model->boxes[i] =
		    open_box(&model->world, i / 2, box_names[i % 2]);
}

static void close_boxes(struct model *model)
{
	for (unsigned i = 0; i < BOXES; i++)
		store_mailbox_close(&model->boxes[i]);
}

static void append_random(struct model *model)
{
	static const size_t bodies[] = {10, 1000, 30000, 100000};
	unsigned box = pick(model, BOXES);
	struct store_appended appended;
	struct buf text;
	buf_init(&text, 200000);
	write_text(&text, "Subject: x\r\n", bodies[pick(model, 4)]);
	struct store_append append = {
	    .draft = store_draft_new(model->world.store),
	    .has_date = true,
	    .internal_date = model->messages,
	};
	assert_int_equal(store_draft_add(append.draft, buf_view(&text)), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	assert_int_equal(store_append(model->boxes[box], &append, 1,
			     &model->world.fault, &appended),
	    RC_OK);
	store_draft_free(&append.draft);
	buf_done(&text);
	model->place[model->messages++] = box;
}

// How often each message is in each mailbox.
static void count_all(struct model *model, unsigned ret_found[MESSAGES][BOXES])
{
	memset(ret_found, 0, sizeof(unsigned) * MESSAGES * BOXES);
	for (unsigned i = 0; i < BOXES; i++) {
		struct store_snapshot *snapshot =
		    store_mailbox_snapshot(model->boxes[i]);
		struct store_walk walk;
		struct store_message message;
		uint32_t index;
		store_walk_init(&walk, snapshot, 0);
		while (store_walk_next(&walk, &index, &message)) {
			assert_in_range(
			    message.internal_date, 0, model->messages - 1);
			ret_found[message.internal_date][i]++;
		}
		store_snapshot_unref(&snapshot);
	}
}

// Exactly: each message is where it belongs, once. Otherwise: it is somewhere.
static void expect_all(struct model *model, bool exactly)
{
	static unsigned found[MESSAGES][BOXES];
	count_all(model, found);
	for (unsigned m = 0; m < model->messages; m++) {
		unsigned all = 0;
		for (unsigned i = 0; i < BOXES; i++)
			all += found[m][i];
		if (all == 0)
			fail_msg("message %u is lost", m);
		if (exactly && (all != 1 || found[m][model->place[m]] != 1))
			fail_msg("message %u is there %u times", m, all);
	}
}

// A MOVE of some messages, which is repeated until it succeeds.
static void move_random(struct model *model)
{
	unsigned from = pick(model, BOXES);
	unsigned to = pick(model, BOXES);
	struct store_snapshot *snapshot =
	    store_mailbox_snapshot(model->boxes[from]);
	uint32_t messages = store_snapshot_count(snapshot);
	struct store_message first;
	struct store_message last;
	if (messages == 0 || from == to) {
		store_snapshot_unref(&snapshot);
		return;
	}
	unsigned at = pick(model, messages);
	unsigned end = at + pick(model, messages - at < 5 ? messages - at : 5);
	store_snapshot_get(snapshot, at, &first);
	store_snapshot_get(snapshot, end, &last);
	for (unsigned i = at; i <= end; i++) {
		struct store_message message;
		store_snapshot_get(snapshot, i, &message);
		model->place[message.internal_date] = to;
	}
	store_snapshot_unref(&snapshot);
	for (;;) {
		struct store_copied copied;
		unsigned fault = pick(model, 3);
		faults.partition =
		    fault < 2 ? 1000 + (fault ? from : to) / 2 : 0;
		enum rc rc = copy(&model->world, model->boxes[from], first.uid,
		    last.uid, model->boxes[to], true, &copied);
		faults.partition = 0;
		if (rc == RC_OK) {
			store_copied_done(&copied);
			return;
		}
		close_boxes(model);
		restart(&model->world);
		open_boxes(model);
		expect_all(model, false);
		if (pick(model, 4) == 0)
			check_accounts(&model->world);
	}
}

static void whatever_fails_nothing_is_lost_and_nothing_is_there_twice(
    void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		static struct model model;
		model = (struct model){.random = seed};
		world_open(&model.world, 0);
		open_boxes(&model);
		while (model.messages < MESSAGES) {
			append_random(&model);
			move_random(&model);
			expect_all(&model, true);
		}
		close_boxes(&model);
		world_close(&model.world);
	}
}

// ---- At once ---------------------------------------------------------------

struct mover {
	struct store_mailbox *from;
	struct store_mailbox *to;
	unsigned times;
	bool failed;
};

static void *run_mover(void *context)
{
	struct mover *mover = context;
	struct rangeset all;
	rangeset_init(&all);
	rangeset_add(&all, 1, UINT32_MAX);
	for (unsigned i = 0; i < mover->times; i++) {
		struct store_copied copied;
		struct fault fault;
		if (store_copy(mover->from, &all, mover->to, true, &fault,
			&copied) == RC_OK)
			store_copied_done(&copied);
		else
			mover->failed = true;
	}
	rangeset_done(&all);
	return NULL;
}

static void run_movers(struct mover *movers, size_t movers_count)
{
	pthread_t threads[8];
	for (size_t i = 0; i < movers_count; i++)
		assert_int_equal(
		    thread_start(&threads[i], run_mover, &movers[i]), RC_OK);
	for (size_t i = 0; i < movers_count; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < movers_count; i++)
		assert_false(movers[i].failed);
}

static void expect_each_once(struct model *model)
{
	static unsigned found[MESSAGES][BOXES];
	count_all(model, found);
	for (unsigned m = 0; m < model->messages; m++) {
		unsigned all = 0;
		for (unsigned i = 0; i < BOXES; i++)
			all += found[m][i];
		assert_int_equal(all, 1);
	}
}

// Accounts move messages in a ring, so also to each other: no deadlock.
static void accounts_move_to_each_other_at_once(void **state)
{
	(void)state;
	static struct model model;
	model = (struct model){.random = 1};
	world_open(&model.world, 0);
	open_boxes(&model);
	while (model.messages < 30)
		append_random(&model);
	struct mover movers[BOXES];
	for (unsigned i = 0; i < BOXES; i++)
		movers[i] = (struct mover){
		    model.boxes[i], model.boxes[(i + 2) % BOXES], 60, false};
	run_movers(movers, BOXES);
	expect_each_once(&model);
	close_boxes(&model);
	world_close(&model.world);
}

static void who_moves_the_same_at_once_makes_one_copy(void **state)
{
	(void)state;
	static struct model model;
	model = (struct model){.random = 1};
	world_open(&model.world, 0);
	open_boxes(&model);
	for (unsigned round = 0; round < 20; round++) {
		append_random(&model);
		append_random(&model);
		struct mover movers[4];
		for (unsigned i = 0; i < 4; i++)
			movers[i] = (struct mover){
			    model.boxes[0], model.boxes[4], 5, false};
		run_movers(movers, 4);
		expect_each_once(&model);
	}
	close_boxes(&model);
	world_close(&model.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		whatever_fails_nothing_is_lost_and_nothing_is_there_twice),
	    cmocka_unit_test(accounts_move_to_each_other_at_once),
	    cmocka_unit_test(who_moves_the_same_at_once_makes_one_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
