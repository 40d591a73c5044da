// SPDX-License-Identifier: Apache-2.0
// Random changes of messages in several mailboxes. After each step the result
// is compared with a model that is too simple to be wrong, also after
// reopening.
#include "base/test.h"
#include "store/snapshot_impl.h"
#include "store/store_test_tools.h"

#define MAILBOXES 3
#define MESSAGES  1500

struct model_message {
	uint32_t uid;
	uint64_t modseq;
	uint64_t email; // a number in the text
	unsigned flags;
	uint64_t keywords;
};

struct model {
	struct model_message messages[MESSAGES];
	size_t count;
	uint32_t uidnext;
	struct rangeset expunged;
	// Modseq before the first expunge that is remembered.
	uint64_t horizon_modseq;
};

struct world {
	struct bed bed;
	struct store_mailbox *handles[MAILBOXES];
	struct model models[MAILBOXES];
	struct store_snapshot *old[MAILBOXES]; // seen some time ago
	struct rangeset gone_since_old[MAILBOXES];
	uint32_t random;
	uint64_t next_email;
};

static const char *const mailbox_names[MAILBOXES] = {"INBOX", "Sent", "Trash"};
static const char *const keyword_names[] = {"$Junk", "$Forwarded", "work",
    "k03", "k04", "k05", "k06", "k07", "k08", "k09", "k10", "k11", "k12", "k13",
    "k14", "k15", "k16", "k17", "k18", "k19", "k20", "k21", "k22", "k23", "k24",
    "k25", "k26", "k27", "k28", "k29", "k30", "k31", "k32", "k33", "k34"};

static uint32_t draw(struct world *world, uint32_t below)
{
	world->random = world->random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)world->random * below >> 32);
}

static void open_handles(struct world *world)
{
	for (unsigned i = 0; i < MAILBOXES; i++)
		world->handles[i] = bed_mailbox(&world->bed, mailbox_names[i]);
}

static void remember_snapshots(struct world *world)
{
	for (unsigned i = 0; i < MAILBOXES; i++) {
		store_snapshot_unref(&world->old[i]);
		world->old[i] = store_mailbox_snapshot(world->handles[i]);
		rangeset_reset(&world->gone_since_old[i]);
	}
}

static void do_append(struct world *world, unsigned box)
{
	struct model *model = &world->models[box];
	unsigned count = 1 + draw(world, 40);
	struct store_append appends[40] = {0};
	if (model->count + count > MESSAGES)
		return;
	for (unsigned i = 0; i < count; i++) {
		char text[100];
		uint64_t email = world->next_email++;
		snprintf(text, sizeof(text), "Subject: %llu\r\n\r\nbody\r\n",
		    (unsigned long long)email);
		appends[i].draft = bed_draft(&world->bed, text);
		appends[i].flags.system = draw(world, 32);
		model->messages[model->count + i] = (struct model_message){
		    .email = email, .flags = appends[i].flags.system};
	}
	struct store_appended appended;
	assert_int_equal(store_append(world->handles[box], appends, count,
			     &world->bed.fault, &appended),
	    RC_OK);
	assert_int_equal(appended.first_uid, model->uidnext);
	for (unsigned i = 0; i < count; i++) {
		struct model_message *message =
		    &model->messages[model->count++];
		message->uid = model->uidnext++;
		message->modseq = appended.modseq;
		store_draft_free(&appends[i].draft);
	}
}

static void draw_uids(
    struct world *world, const struct model *model, struct rangeset *uids)
{
	rangeset_init(uids);
	for (uint32_t n = draw(world, 6); n > 0; n--) {
		uint32_t first = 1 + draw(world, model->uidnext);
		rangeset_add(uids, first, first + draw(world, 30));
	}
}

static void do_flags(struct world *world, unsigned box)
{
	struct model *model = &world->models[box];
	struct rangeset uids;
	draw_uids(world, model, &uids);
	unsigned number = draw(world, ARRAY_LEN(keyword_names));
	struct view keyword = view_of_string(keyword_names[number]);
	bool with_keyword = draw(world, 2);
	struct store_flags_change change = {
	    .operation = (enum store_flags_operation)draw(world, 3),
	    .flags = {draw(world, 32), &keyword, with_keyword},
	    .conditional = draw(world, 4) == 0,
	    .unchanged_since =
		model->count
		    ? model->messages[draw(world, (uint32_t)model->count)]
			  .modseq
		    : 0,
	};
	struct rangeset modified;
	rangeset_init(&modified);
	uint64_t modseq;
	assert_int_equal(store_flags_change(world->handles[box], &uids, &change,
			     &world->bed.fault,
			     change.conditional ? &modified : NULL, &modseq),
	    RC_OK);
	uint64_t bit = with_keyword ? (uint64_t)1 << number : 0;
	bool any = false;
	for (size_t i = 0; i < model->count; i++) {
		struct model_message *message = &model->messages[i];
		if (!rangeset_has(&uids, message->uid))
			continue;
		bool refused = change.conditional &&
			       message->modseq > change.unchanged_since;
		assert_int_equal(
		    rangeset_has(&modified, message->uid), refused);
		if (refused)
			continue;
		struct model_message before = *message;
		switch (change.operation) {
		case STORE_FLAGS_SET:
			message->flags = change.flags.system;
			message->keywords = bit;
			break;
		case STORE_FLAGS_ADD:
			message->flags |= change.flags.system;
			message->keywords |= bit;
			break;
		case STORE_FLAGS_REMOVE:
			message->flags &= ~change.flags.system;
			message->keywords &= ~bit;
			break;
		}
		if (message->flags != before.flags ||
		    message->keywords != before.keywords) {
			message->modseq = modseq;
			any = true;
		}
	}
	assert_int_equal(modseq != 0, any);
	rangeset_done(&modified);
	rangeset_done(&uids);
}

static void model_remove(struct world *world, unsigned box, size_t at)
{
	struct model *model = &world->models[box];
	uint32_t uid = model->messages[at].uid;
	rangeset_add(&model->expunged, uid, uid);
	if (uid < store_snapshot_uidnext(world->old[box]))
		rangeset_add(&world->gone_since_old[box], uid, uid);
	model->count--;
	memmove(&model->messages[at], &model->messages[at + 1],
	    (model->count - at) * sizeof(model->messages[0]));
}

static void do_expunge(struct world *world, unsigned box)
{
	struct model *model = &world->models[box];
	struct rangeset uids;
	draw_uids(world, model, &uids);
	bool all = draw(world, 8) == 0;
	uint64_t modseq;
	assert_int_equal(store_expunge(world->handles[box], all ? NULL : &uids,
			     &world->bed.fault, &modseq),
	    RC_OK);
	bool any = false;
	for (size_t i = model->count; i-- > 0;) {
		struct model_message *message = &model->messages[i];
		if (!(message->flags & STORE_FLAG_DELETED) ||
		    (!all && !rangeset_has(&uids, message->uid)))
			continue;
		model_remove(world, box, i);
		any = true;
	}
	assert_int_equal(modseq != 0, any);
	rangeset_done(&uids);
}

static void do_copy(struct world *world, unsigned from, unsigned to, bool move)
{
	struct model *source = &world->models[from];
	struct model *target = &world->models[to];
	struct rangeset uids;
	draw_uids(world, source, &uids);
	if (target->count + rangeset_size(&uids) > MESSAGES) {
		rangeset_done(&uids);
		return;
	}
	struct store_copied copied;
	assert_int_equal(
	    store_copy(world->handles[from], &uids, world->handles[to], move,
		&world->bed.fault, &copied),
	    RC_OK);
	struct model_message moved[200];
	size_t count = 0;
	for (size_t i = 0; i < source->count;) {
		if (!rangeset_has(&uids, source->messages[i].uid)) {
			i++;
			continue;
		}
		assert_true(
		    rangeset_has(&copied.sources, source->messages[i].uid));
		moved[count++] = source->messages[i];
		if (move)
			model_remove(world, from, i);
		else
			i++;
	}
	assert_int_equal(copied.count, count);
	if (count)
		assert_int_equal(
		    copied.copies.ranges[0].first, target->uidnext);
	for (size_t i = 0; i < count; i++) {
		struct model_message *message =
		    &target->messages[target->count++];
		*message = moved[i];
		message->uid = target->uidnext++;
		message->modseq = copied.modseq;
	}
	store_copied_done(&copied);
	rangeset_done(&uids);
}

// ---- Comparing -------------------------------------------------------------

// The numbers that a snapshot gives to the names above; -1: none.
struct numbers {
	int of[ARRAY_LEN(keyword_names)];
};

static struct numbers keyword_numbers(const struct store_snapshot *snapshot)
{
	struct numbers numbers;
	for (unsigned i = 0; i < ARRAY_LEN(keyword_names); i++) {
		unsigned n;
		enum rc rc = store_snapshot_keyword_find(
		    snapshot, view_of_string(keyword_names[i]), &n);
		numbers.of[i] = rc == RC_OK ? (int)n : -1;
	}
	return numbers;
}

static void compare_message(const struct numbers *numbers,
    const struct store_message *message, const struct model_message *expected)
{
	uint64_t keywords = 0;
	for (unsigned i = 0; i < ARRAY_LEN(keyword_names); i++)
		if (numbers->of[i] >= 0 &&
		    store_keyword_set_has(
			&message->keywords, (unsigned)numbers->of[i]))
			keywords |= (uint64_t)1 << i;
	assert_int_equal(message->uid, expected->uid);
	assert_int_equal(message->flags, expected->flags);
	assert_int_equal(message->modseq, expected->modseq);
	assert_int_equal(keywords, expected->keywords);
	assert_int_equal(message->has_keywords, expected->keywords != 0);
}

static void compare_sums(
    const struct store_snapshot *snapshot, const struct model *model)
{
	uint32_t unseen = 0;
	uint32_t deleted = 0;
	uint32_t first = UINT32_MAX;
	for (size_t i = 0; i < model->count; i++) {
		bool seen = model->messages[i].flags & STORE_FLAG_SEEN;
		unseen += !seen;
		deleted += !!(model->messages[i].flags & STORE_FLAG_DELETED);
		if (!seen && first == UINT32_MAX)
			first = (uint32_t)i;
	}
	assert_int_equal(store_snapshot_count(snapshot), model->count);
	struct node_sums sums = {0};
	if (snapshot->root)
		sums = snapshot->root->sums;
	assert_int_equal(sums.unseen, unseen);
	assert_int_equal(sums.deleted, deleted);
	assert_int_equal(store_snapshot_uidnext(snapshot), model->uidnext);
	uint32_t index = UINT32_MAX;
	enum rc rc = store_snapshot_first_unseen(snapshot, &index);
	assert_int_equal(rc, unseen ? RC_OK : RC_NOT_FOUND);
	assert_int_equal(index, first);
}

static void compare_changes(
    struct world *world, unsigned box, const struct store_snapshot *snapshot)
{
	const struct model *model = &world->models[box];
	uint64_t since = store_snapshot_highestmodseq(world->old[box]);
	struct numbers numbers = keyword_numbers(snapshot);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t at = 0;
	store_walk_init_changed(&walk, snapshot, since);
	while (store_walk_next(&walk, &index, &message)) {
		while (model->messages[at].modseq <= since)
			at++;
		assert_int_equal(index, at);
		compare_message(&numbers, &message, &model->messages[at++]);
	}
	while (at < model->count && model->messages[at].modseq <= since)
		at++;
	assert_int_equal(at, model->count);

	struct rangeset vanished;
	rangeset_init(&vanished);
	store_snapshot_vanished(world->old[box], snapshot, &vanished);
	const struct rangeset *expected = &world->gone_since_old[box];
	assert_int_equal(vanished.count, expected->count);
	if (vanished.count)
		assert_memory_equal(vanished.ranges, expected->ranges,
		    vanished.count * sizeof(struct range));

	// What was expunged since then, without messages that also came after
	// it.
	struct rangeset remembered;
	rangeset_init(&remembered);
	assert_int_equal(store_expunged_since(
			     world->handles[box], snapshot, since, &remembered),
	    RC_OK);
	for (uint32_t uid = 1; uid < model->uidnext; uid++) {
		if (rangeset_has(expected, uid))
			assert_true(rangeset_has(&remembered, uid));
		if (rangeset_has(&remembered, uid))
			assert_true(rangeset_has(&model->expunged, uid));
	}
	rangeset_done(&vanished);
	rangeset_done(&remembered);
}

static void compare(struct world *world, unsigned box)
{
	const struct model *model = &world->models[box];
	struct store_snapshot *snapshot =
	    store_mailbox_snapshot(world->handles[box]);
	assert_true(store_mailbox_is_current(world->handles[box], snapshot));
	compare_sums(snapshot, model);
	struct numbers numbers = keyword_numbers(snapshot);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	size_t at = 0;
	store_walk_init(&walk, snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		assert_int_equal(index, at);
		compare_message(&numbers, &message, &model->messages[at++]);
	}
	assert_int_equal(at, model->count);
	for (size_t i = 0; i < model->count; i += 1 + model->count / 7) {
		store_snapshot_get(snapshot, (uint32_t)i, &message);
		assert_int_equal(message.uid, model->messages[i].uid);
		assert_int_equal(
		    store_snapshot_find(snapshot, message.uid, &index), RC_OK);
		assert_int_equal(index, i);
		assert_int_equal(
		    store_snapshot_rank(snapshot, message.uid + 1), i + 1);
	}
	compare_changes(world, box, snapshot);
	store_snapshot_unref(&snapshot);
}

// Every message must still have the text that was appended.
static void compare_texts(struct world *world, unsigned box)
{
	const struct model *model = &world->models[box];
	struct store_snapshot *snapshot =
	    store_mailbox_snapshot(world->handles[box]);
	struct store_reader *reader = store_reader_new(world->bed.account);
	struct buf bytes;
	buf_init(&bytes, 1000);
	for (size_t i = 0; i < model->count; i++) {
		char text[100];
		struct store_message message;
		store_snapshot_get(snapshot, (uint32_t)i, &message);
		snprintf(text, sizeof(text), "Subject: %llu\r\n\r\nbody\r\n",
		    (unsigned long long)model->messages[i].email);
		buf_reset(&bytes);
		assert_int_equal(store_reader_bytes(reader, message.email_id, 0,
				     SIZE_MAX, &bytes),
		    RC_OK);
		assert_view_equal(buf_view(&bytes), view_of_string(text));
		assert_int_equal(message.size, bytes.len);
	}
	buf_done(&bytes);
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
}

static void reopen(struct world *world, struct store_options options)
{
	for (unsigned i = 0; i < MAILBOXES; i++) {
		store_mailbox_close(&world->handles[i]);
		store_snapshot_unref(&world->old[i]);
	}
	bed_reopen(&world->bed, options);
	open_handles(world);
	remember_snapshots(world);
}

static void run(uint32_t seed, struct store_options options)
{
	struct world *world = mem_zalloc(sizeof(*world));
	world->random = seed;
	world->next_email = 1;
	bed_open(&world->bed, options);
	open_handles(world);
	for (unsigned i = 0; i < MAILBOXES; i++)
		world->models[i].uidnext = 1;
	remember_snapshots(world);
	for (unsigned step = 1; step <= 600; step++) {
		unsigned box = draw(world, MAILBOXES);
		unsigned other = draw(world, MAILBOXES);
		switch (draw(world, 7)) {
		case 0:
		case 1: do_append(world, box); break;
		case 2:
		case 3: do_flags(world, box); break;
		case 4: do_expunge(world, box); break;
		case 5: do_copy(world, box, other, false); break;
		case 6: do_copy(world, box, other, true); break;
		}
		compare(world, box);
		compare(world, other);
		if (step % 50 == 0)
			remember_snapshots(world);
		if (step % 150 == 0) {
			for (unsigned i = 0; i < MAILBOXES; i++)
				compare_texts(world, i);
			bed_check(&world->bed, false, 0);
			reopen(world, options);
		}
	}
	for (unsigned i = 0; i < MAILBOXES; i++) {
		store_mailbox_close(&world->handles[i]);
		store_snapshot_unref(&world->old[i]);
		rangeset_done(&world->models[i].expunged);
		rangeset_done(&world->gone_since_old[i]);
	}
	bed_close(&world->bed);
	free(world);
}

static void random_work_agrees_with_the_model(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 2; seed++)
		run(seed, (struct store_options){0});
}

static void random_work_agrees_when_old_expunges_are_forgotten(void **state)
{
	(void)state;
	run(99, (struct store_options){.tombstones_max = 4});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(random_work_agrees_with_the_model),
	    cmocka_unit_test(
		random_work_agrees_when_old_expunges_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
