// SPDX-License-Identifier: Apache-2.0
// What happens when another store on the same engine commits during a change or
// before it: the change is made again on the new state.
#include <limits.h>

#include "store/account_impl.h"
#include "store/change.h"
#include "store/two_stores.h"

struct scene {
	struct two two;
	struct end *own;
	struct end *other;
	struct clock clock; // the store under test asks it once in each try
	struct store_mailbox *inbox;
	struct store_mailbox *old;
	struct store_mailbox *other_inbox;
	enum rc (*disturb)(struct scene *scene);
	int disturbances; // how many are still to come
	int calls;
	struct fault fault;
};

static int64_t tell_time(void *context)
{
	struct scene *scene = context;
	if (scene->disturb && scene->disturbances > 0) {
		scene->disturbances--;
		assert_int_equal(scene->disturb(scene), RC_OK);
	}
	return 1000000000 + scene->calls++;
}

static void scene_open(struct scene *scene)
{
	*scene = (struct scene){.clock = {tell_time, scene}};
	scene->two.engine = engine_memory_new();
	scene->own = &scene->two.ends[0];
	scene->other = &scene->two.ends[1];
	end_open(scene->own, scene->two.engine, &scene->clock);
	end_open(scene->other, scene->two.engine, NULL);
	uint64_t id;
	assert_int_equal(
	    store_mailbox_create(&scene->own->asker, scene->own->account,
		VIEW("Old"), 0, &scene->fault, &id),
	    RC_OK);
	scene->inbox = end_mailbox(scene->own, VIEW("INBOX"));
	scene->old = end_mailbox(scene->own, VIEW("Old"));
	scene->other_inbox = end_mailbox(scene->other, VIEW("INBOX"));
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(
		    end_append(scene->own, scene->inbox,
			i == 2 ? STORE_FLAG_DELETED : 0, &scene->fault),
		    RC_OK);
	assert_int_equal(
	    end_append(scene->own, scene->old, 0, &scene->fault), RC_OK);
}

static void scene_close(struct scene *scene)
{
	store_mailbox_close(&scene->inbox);
	store_mailbox_close(&scene->old);
	store_mailbox_close(&scene->other_inbox);
	end_close(scene->own);
	end_close(scene->other);
	engine_close(&scene->two.engine);
}

static uint64_t version_of(struct scene *scene)
{
	uint64_t version;
	assert_int_equal(
	    engine_version(scene->two.engine, TWO_ACCOUNT, &version), RC_OK);
	return version;
}

// ---- What this store does --------------------------------------------------

static enum rc add_flag(
    struct store_mailbox *mailbox, uint32_t uid, unsigned flag)
{
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags = {.system = flag}};
	struct rangeset uids;
	struct fault fault;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	enum rc rc =
	    store_flags_change(mailbox, &uids, &change, &fault, NULL, &modseq);
	rangeset_done(&uids);
	return rc;
}

static enum rc do_append(struct scene *scene)
{
	return end_append(scene->own, scene->inbox, 0, &scene->fault);
}

static enum rc do_deliver(struct scene *scene)
{
	struct store_place places[2] = {
	    {.mailbox = scene->inbox}, {.mailbox = scene->old}};
	struct store_delivery delivery = {
	    .draft = store_draft_new(scene->own->store),
	    .delivery_id = VIEW("id"),
	    .places = places,
	    .place_count = 2,
	};
	struct store_delivered delivered;
	assert_int_equal(
	    store_draft_add(delivery.draft, VIEW("A: b\r\n\r\n")), RC_OK);
	assert_int_equal(store_draft_finish(delivery.draft), RC_OK);
	enum rc rc = store_deliver(&delivery, &scene->fault, &delivered);
	store_draft_free(&delivery.draft);
	if (rc == RC_OK)
		assert_false(delivered.was_there);
	return rc;
}

static enum rc do_flags(struct scene *scene)
{
	return add_flag(scene->inbox, 1, STORE_FLAG_FLAGGED);
}

static enum rc do_keyword(struct scene *scene)
{
	struct view keyword = VIEW("work");
	struct store_flags_change change = {
	    .operation = STORE_FLAGS_ADD, .flags = {0, &keyword, 1}};
	struct rangeset uids;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, 3);
	enum rc rc = store_flags_change(
	    scene->inbox, &uids, &change, &scene->fault, NULL, &modseq);
	rangeset_done(&uids);
	return rc;
}

static enum rc do_expunge(struct scene *scene)
{
	uint64_t modseq;
	return store_expunge(scene->inbox, NULL, &scene->fault, &modseq);
}

static enum rc do_copy_or_move(struct scene *scene, bool move)
{
	struct store_copied copied;
	struct rangeset uids;
	rangeset_init(&uids);
	rangeset_add(&uids, 1, 2);
	enum rc rc = store_copy(
	    scene->inbox, &uids, scene->old, move, &scene->fault, &copied);
	rangeset_done(&uids);
	if (rc != RC_OK)
		return rc;
	assert_int_equal(copied.count, 2);
	assert_true(rangeset_size(&copied.sources) == 2);
	assert_true(copied.modseq == version_of(scene));
	store_copied_done(&copied);
	return RC_OK;
}

static enum rc do_copy(struct scene *scene)
{
	return do_copy_or_move(scene, false);
}

static enum rc do_move(struct scene *scene)
{
	return do_copy_or_move(scene, true);
}

static enum rc do_replace(struct scene *scene)
{
	struct store_append append = {
	    .draft = store_draft_new(scene->own->store)};
	struct store_appended appended;
	assert_int_equal(
	    store_draft_add(append.draft, VIEW("A: b\r\n\r\n")), RC_OK);
	assert_int_equal(store_draft_finish(append.draft), RC_OK);
	enum rc rc = store_replace(
	    scene->inbox, 3, scene->inbox, &append, &scene->fault, &appended);
	store_draft_free(&append.draft);
	return rc;
}

static enum rc do_take_away(struct scene *scene)
{
	struct rangeset expunge;
	struct rangeset seen;
	uint64_t modseq;
	rangeset_init(&expunge);
	rangeset_init(&seen);
	rangeset_add(&expunge, 1, 1);
	rangeset_add(&seen, 3, 3);
	enum rc rc = store_take_away(
	    scene->inbox, &expunge, &seen, &scene->fault, &modseq);
	rangeset_done(&expunge);
	rangeset_done(&seen);
	return rc;
}

static enum rc do_create(struct scene *scene)
{
	uint64_t id;
	return store_mailbox_create(&scene->own->asker, scene->own->account,
	    VIEW("New/Deep"), 0, &scene->fault, &id);
}

static enum rc do_delete(struct scene *scene)
{
	return store_mailbox_delete(&scene->own->asker, scene->own->account,
	    VIEW("Old"), &scene->fault);
}

static enum rc do_rename(struct scene *scene)
{
	return store_mailbox_rename(&scene->own->asker, scene->own->account,
	    VIEW("Old"), VIEW("Older/Still"), &scene->fault);
}

static enum rc do_rename_inbox(struct scene *scene)
{
	return store_mailbox_rename(&scene->own->asker, scene->own->account,
	    VIEW("INBOX"), VIEW("In"), &scene->fault);
}

static enum rc do_subscribe(struct scene *scene)
{
	return store_subscribe(&scene->own->asker, scene->own->account,
	    VIEW("Somewhere"), true, &scene->fault);
}

static enum rc do_unsubscribe(struct scene *scene)
{
	return store_subscribe(&scene->own->asker, scene->own->account,
	    VIEW("Sent"), false, &scene->fault);
}

static enum rc do_append_old(struct scene *scene)
{
	return end_append(scene->own, scene->old, 0, &scene->fault);
}

// ---- What the other store does ---------------------------------------------

static enum rc other_appends(struct scene *scene)
{
	struct fault fault;
	return end_append(scene->other, scene->other_inbox, 0, &fault);
}

static enum rc other_flags(struct scene *scene)
{
	return add_flag(scene->other_inbox, 1, STORE_FLAG_ANSWERED);
}

static enum rc other_creates(struct scene *scene)
{
	struct fault fault;
	uint64_t id;
	return store_mailbox_create(&scene->other->asker, scene->other->account,
	    VIEW("Another"), 0, &fault, &id);
}

static enum rc other_creates_new(struct scene *scene)
{
	struct fault fault;
	uint64_t id;
	return store_mailbox_create(&scene->other->asker, scene->other->account,
	    VIEW("New/Deep"), 0, &fault, &id);
}

static enum rc other_renames(struct scene *scene)
{
	struct fault fault;
	return store_mailbox_rename(&scene->other->asker, scene->other->account,
	    VIEW("Old"), VIEW("Moved"), &fault);
}

static enum rc other_deletes(struct scene *scene)
{
	struct fault fault;
	return store_mailbox_delete(
	    &scene->other->asker, scene->other->account, VIEW("Old"), &fault);
}

static enum rc other_takes_away(struct scene *scene)
{
	struct rangeset uids;
	struct rangeset none;
	struct fault fault;
	uint64_t modseq;
	rangeset_init(&uids);
	rangeset_init(&none);
	rangeset_add(&uids, 3, 3);
	enum rc rc =
	    store_take_away(scene->other_inbox, &uids, &none, &fault, &modseq);
	rangeset_done(&uids);
	return rc;
}

// ---- Tests -----------------------------------------------------------------

typedef enum rc action(struct scene *scene);

static void every_change_is_made_again_after_a_conflict(void **state)
{
	static const struct {
		const char *name;
		action *action;
	} verbs[] = {{"append", do_append}, {"deliver", do_deliver},
	    {"flags", do_flags}, {"keyword", do_keyword},
	    {"expunge", do_expunge}, {"copy", do_copy}, {"move", do_move},
	    {"replace", do_replace}, {"take away", do_take_away},
	    {"create", do_create}, {"delete", do_delete}, {"rename", do_rename},
	    {"rename INBOX", do_rename_inbox}, {"subscribe", do_subscribe},
	    {"unsubscribe", do_unsubscribe}};
	static action *const disturbances[] = {
	    other_appends, other_flags, other_creates};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verbs) * ARRAY_LEN(disturbances);
	     i++) {
		size_t verb = i / ARRAY_LEN(disturbances);
		struct scene scene;
		scene_open(&scene);
		uint64_t before = version_of(&scene);
		scene.disturb = disturbances[i % ARRAY_LEN(disturbances)];
		scene.disturbances = 1;
		enum rc rc = verbs[verb].action(&scene);
		if (rc != RC_OK || scene.disturbances != 0 ||
		    version_of(&scene) != before + 2)
			fail_msg("%s, row %zu: %s", verbs[verb].name, i,
			    rc_text(rc));
		// The store knows what it committed itself.
		assert_false(atomic_load(&scene.own->account->stale));
		two_expect_same_as_fresh(&scene.two);
		scene_close(&scene);
	}
}

static void a_conflict_may_change_the_answer(void **state)
{
	static const struct {
		action *verb;
		action *disturb;
		enum rc rc;
	} table[] = {
	    {do_append_old, other_renames, RC_OK},
	    {do_append_old, other_deletes, RC_GONE},
	    {do_deliver, other_deletes, RC_GONE},
	    {do_copy, other_deletes, RC_GONE},
	    {do_delete, other_deletes, RC_NOT_FOUND},
	    {do_delete, other_renames, RC_NOT_FOUND},
	    {do_rename, other_deletes, RC_NOT_FOUND},
	    {do_create, other_creates_new, RC_EXISTS},
	    {do_replace, other_takes_away, RC_NOT_FOUND},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct scene scene;
		scene_open(&scene);
		scene.disturb = table[i].disturb;
		scene.disturbances = 1;
		enum rc rc = table[i].verb(&scene);
		if (rc != table[i].rc)
			fail_msg("row %zu: %s", i, rc_text(rc));
		two_expect_same_as_fresh(&scene.two);
		scene_close(&scene);
	}
}

static void whoever_never_gets_through_is_told_so(void **state)
{
	struct scene scene;
	(void)state;
	scene_open(&scene);
	scene.disturb = other_appends;
	scene.disturbances = INT_MAX;
	assert_int_equal(do_append(&scene), RC_CONFLICT);
	assert_string_equal(
	    scene.fault.text, "others keep changing the account; try again");
	scene.disturbances = 0;
	assert_int_equal(do_append(&scene), RC_OK);
	two_expect_same_as_fresh(&scene.two);
	scene_close(&scene);
}

static void count_call(void *context)
{
	++*(int *)context;
}

static void a_session_sees_what_another_store_does(void **state)
{
	struct scene scene;
	int calls = 0;
	(void)state;
	scene_open(&scene);
	struct store_snapshot *before = store_mailbox_snapshot(scene.inbox);
	store_mailbox_watch(scene.inbox, count_call, &calls);
	assert_true(store_mailbox_is_current(scene.inbox, before));
	assert_int_equal(other_takes_away(&scene), RC_OK);
	assert_int_equal(other_appends(&scene), RC_OK);
	assert_true(calls > 0);
	assert_false(store_mailbox_is_current(scene.inbox, before));
	struct store_snapshot *after = store_mailbox_snapshot(scene.inbox);
	assert_true(store_mailbox_is_current(scene.inbox, after));
	assert_int_equal(store_snapshot_uidnext(after), 5);
	struct rangeset gone;
	rangeset_init(&gone);
	store_snapshot_vanished(before, after, &gone);
	assert_true(gone.count == 1 && gone.ranges[0].first == 3 &&
		    gone.ranges[0].last == 3);
	rangeset_reset(&gone);
	assert_int_equal(store_expunged_since(scene.inbox, after,
			     store_snapshot_highestmodseq(before), &gone),
	    RC_OK);
	assert_true(gone.count == 1 && gone.ranges[0].first == 3);
	// A mailbox that did not change keeps its snapshot.
	struct store_snapshot *same = store_mailbox_snapshot(scene.old);
	assert_int_equal(other_appends(&scene), RC_OK);
	assert_false(store_mailbox_is_current(scene.old, same));
	struct store_snapshot *still = store_mailbox_snapshot(scene.old);
	assert_ptr_equal(still, same);
	store_snapshot_unref(&still);
	store_snapshot_unref(&same);
	// Another store deletes the mailbox.
	assert_false(store_mailbox_gone(scene.old));
	assert_int_equal(other_deletes(&scene), RC_OK);
	assert_true(store_mailbox_gone(scene.old));
	rangeset_done(&gone);
	store_snapshot_unref(&before);
	store_snapshot_unref(&after);
	scene_close(&scene);
}

static void what_another_store_left_is_shared_between_snapshots(void **state)
{
	struct scene scene;
	(void)state;
	scene_open(&scene);
	for (int i = 0; i < 200; i++)
		assert_int_equal(do_append(&scene), RC_OK);
	struct store_snapshot *before = store_mailbox_snapshot(scene.inbox);
	assert_int_equal(other_flags(&scene), RC_OK);
	struct store_snapshot *after = store_mailbox_snapshot(scene.inbox);
	const struct node_branch *old = node_as_branch(before->root);
	const struct node_branch *new = node_as_branch(after->root);
	assert_true(old->node.slots > 4);
	assert_int_equal(old->node.slots, new->node.slots);
	assert_ptr_not_equal(old->children[0], new->children[0]);
	for (unsigned i = 1; i < old->node.slots; i++)
		assert_ptr_equal(old->children[i], new->children[i]);
	store_snapshot_unref(&before);
	store_snapshot_unref(&after);
	scene_close(&scene);
}

static void an_account_removed_elsewhere_is_gone_and_made_anew(void **state)
{
	struct scene scene;
	int calls = 0;
	(void)state;
	scene_open(&scene);
	store_mailbox_watch(scene.inbox, count_call, &calls);
	store_mailbox_close(&scene.other_inbox);
	store_account_close(&scene.other->account);
	assert_int_equal(
	    store_account_remove(scene.other->store, TWO_ACCOUNT, &scene.fault),
	    RC_OK);
	assert_true(calls > 0);
	assert_true(store_mailbox_gone(scene.inbox));
	assert_int_equal(do_append(&scene), RC_NOT_FOUND);
	assert_true(store_account_usage(scene.own->account).mailboxes == 0);
	struct store_account *account;
	assert_int_equal(store_account_open(scene.own->store, TWO_ACCOUNT,
			     &scene.fault, &account),
	    RC_NOT_FOUND);
	// The other store creates it again; the version is the same as before.
	assert_int_equal(store_account_enter(scene.other->store, TWO_ACCOUNT,
			     &scene.fault, &scene.other->account),
	    RC_OK);
	scene.other_inbox = end_mailbox(scene.other, VIEW("INBOX"));
	while (version_of(&scene) < scene.own->account->version + 6)
		assert_int_equal(other_appends(&scene), RC_OK);
	assert_int_equal(do_append(&scene), RC_GONE);
	assert_true(store_mailbox_gone(scene.inbox));
	two_expect_same_as_fresh(&scene.two);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_change_is_made_again_after_a_conflict),
	    cmocka_unit_test(a_conflict_may_change_the_answer),
	    cmocka_unit_test(whoever_never_gets_through_is_told_so),
	    cmocka_unit_test(a_session_sees_what_another_store_does),
	    cmocka_unit_test(
		what_another_store_left_is_shared_between_snapshots),
	    cmocka_unit_test(
		an_account_removed_elsewhere_is_gone_and_made_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
