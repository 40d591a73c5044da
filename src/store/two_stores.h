// SPDX-License-Identifier: Apache-2.0
// For tests: two stores over one engine, both with the same account, as two
// nodes would have it. Each has to see what the other does.
#ifndef ROOST_STORE_TWO_STORES_H
#define ROOST_STORE_TWO_STORES_H

#include "base/test.h"
#include "store/store_test_tools.h"

#define TWO_ACCOUNT 1000

struct end {
	struct store *store;
	struct store_account *account;
	struct store_asker asker;
};

struct two {
	struct engine *engine;
	struct end ends[2];
};

static inline void end_open(
    struct end *end, struct engine *engine, const struct clock *clock)
{
	struct store_options options = {.engine = engine,
	    .clock = clock,
	    .tombstones_max = 40,
	    .commit_max = 4};
	struct fault fault;
	end->store = store_new(&options);
	end->asker = store_user(TWO_ACCOUNT);
	assert_int_equal(
	    store_account_enter(end->store, TWO_ACCOUNT, &fault, &end->account),
	    RC_OK);
}

static inline void end_close(struct end *end)
{
	store_account_close(&end->account);
	store_free(&end->store);
}

static inline struct store_mailbox *end_mailbox(
    struct end *end, struct view name)
{
	struct store_mailbox *mailbox;
	struct fault fault;
	if (store_mailbox_open(&end->asker, end->account, name,
		STORE_RIGHT_READ, &fault, &mailbox) != RC_OK)
		fail_msg("%.*s: %s", VIEW_FMT(name), fault.text);
	return mailbox;
}

static inline enum rc end_append(struct end *end, struct store_mailbox *mailbox,
    unsigned flags, struct fault *fault)
{
	struct store_append append = {
	    .draft = store_draft_new(end->store), .flags = {.system = flags}};
	struct store_appended appended;
	if (store_draft_add(append.draft, VIEW("Subject: x\r\n\r\ny\r\n")) !=
		RC_OK ||
	    store_draft_finish(append.draft) != RC_OK)
		abort();
	enum rc rc = store_append(mailbox, &append, 1, fault, &appended);
	store_draft_free(&append.draft);
	return rc;
}

static inline void two_expect_same_messages(
    struct store_snapshot *a, struct store_snapshot *b)
{
	assert_int_equal(store_snapshot_count(a), store_snapshot_count(b));
	assert_int_equal(store_snapshot_uidnext(a), store_snapshot_uidnext(b));
	assert_true(
	    store_snapshot_highestmodseq(a) == store_snapshot_highestmodseq(b));
	assert_int_equal(
	    store_snapshot_keyword_count(a), store_snapshot_keyword_count(b));
	for (uint32_t i = 0; i < store_snapshot_count(a); i++) {
		struct store_message left;
		struct store_message right;
		store_snapshot_get(a, i, &left);
		store_snapshot_get(b, i, &right);
		assert_int_equal(left.uid, right.uid);
		assert_true(left.modseq == right.modseq);
		assert_true(left.email_id == right.email_id);
		assert_int_equal(left.flags, right.flags);
		assert_memory_equal(
		    &left.keywords, &right.keywords, sizeof(left.keywords));
	}
}

static inline void two_expect_same_mailbox(
    struct end *a, struct end *b, struct view name)
{
	struct store_mailbox *left = end_mailbox(a, name);
	struct store_mailbox *right = end_mailbox(b, name);
	struct store_snapshot *at_left = store_mailbox_snapshot(left);
	struct store_snapshot *at_right = store_mailbox_snapshot(right);
	assert_true(store_mailbox_id(left) == store_mailbox_id(right));
	two_expect_same_messages(at_left, at_right);
	store_snapshot_unref(&at_left);
	store_snapshot_unref(&at_right);
	store_mailbox_close(&left);
	store_mailbox_close(&right);
}

static inline void two_expect_same_subscriptions(
    struct end *a, struct end *b, struct arena *arena)
{
	struct view name = VIEW("");
	enum rc rc;
	do {
		struct view left;
		struct view right;
		rc = store_subscription_next(
		    &a->asker, a->account, name, arena, &left);
		assert_int_equal(store_subscription_next(&b->asker, b->account,
				     name, arena, &right),
		    rc);
		if (rc == RC_OK)
			assert_view_equal(left, right);
		name = left;
	} while (rc == RC_OK);
}

// Expects that both show the same account.
static inline void two_expect_same(struct end *a, struct end *b)
{
	struct arena arena;
	struct view name = VIEW("");
	enum rc rc;
	arena_init(&arena);
	do {
		struct store_mailbox_info left;
		struct store_mailbox_info right;
		rc = store_mailbox_next(
		    &a->asker, a->account, name, &arena, &left);
		assert_int_equal(store_mailbox_next(&b->asker, b->account, name,
				     &arena, &right),
		    rc);
		if (rc != RC_OK)
			break;
		assert_view_equal(left.name, right.name);
		assert_int_equal(left.uidvalidity, right.uidvalidity);
		assert_int_equal(left.uidnext, right.uidnext);
		assert_int_equal(left.subscribed, right.subscribed);
		assert_int_equal(left.messages, right.messages);
		assert_int_equal(left.unseen, right.unseen);
		assert_true(left.highestmodseq == right.highestmodseq);
		two_expect_same_mailbox(a, b, left.name);
		name = left.name;
	} while (rc == RC_OK);
	two_expect_same_subscriptions(a, b, &arena);
	struct store_usage left = store_account_usage(a->account);
	struct store_usage right = store_account_usage(b->account);
	assert_true(left.bytes == right.bytes);
	assert_true(left.messages == right.messages);
	assert_true(left.mailboxes == right.mailboxes);
	arena_done(&arena);
}

static inline void two_print_problem(void *context, const char *text)
{
	(void)context;
	print_error("%s\n", text);
}

static inline void two_expect_sound(struct two *two)
{
	struct store_check_result result;
	assert_int_equal(store_account_check(two->ends[0].store, TWO_ACCOUNT,
			     false, two_print_problem, NULL, &result),
	    RC_OK);
	assert_int_equal(result.problems, 0);
}

// Expects that a third store, which opens the account now, shows the same as
// both.
static inline void two_expect_same_as_fresh(struct two *two)
{
	struct end fresh;
	end_open(&fresh, two->engine, NULL);
	two_expect_same(&two->ends[0], &two->ends[1]);
	two_expect_same(&two->ends[0], &fresh);
	end_close(&fresh);
	two_expect_sound(two);
}

#endif
