// SPDX-License-Identifier: Apache-2.0
// Two stores on one engine change one account at random, in turn and in several
// threads at once. Sessions of both follow the changes when their watchers wake
// them. In the end both stores, and a third one that opens the account then,
// must show the same.
#include "store/two_stores.h"

#include <sched.h>
#include <stdatomic.h>

#include "base/thread.h"

#define STEPS        4000
#define THREADS      4
#define THREAD_STEPS 250

struct actor {
	struct end *end;
	uint32_t random;
	uint64_t last_modseq;
	atomic_int *wrong; // NULL: a failed expectation fails the test at once
};

static uint32_t draw(struct actor *actor, uint32_t below)
{
	actor->random = actor->random * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)actor->random * below >> 32);
}

// A thread cannot fail a test itself: it counts what is wrong.
static void expect(struct actor *actor, bool right, const char *what)
{
	if (right)
		return;
	print_error("%s\n", what);
	if (actor->wrong)
		atomic_fetch_add(actor->wrong, 1);
	else
		fail();
}

static const char *const names[] = {
    "INBOX", "Sent", "Trash", "a", "a/b", "c", "c/d/e"};

static struct view draw_name(struct actor *actor)
{
	return view_of_string(names[draw(actor, ARRAY_LEN(names))]);
}

// NULL when there is no mailbox of that name now.
static struct store_mailbox *open_any(struct actor *actor)
{
	struct store_mailbox *mailbox = NULL;
	struct fault fault;
	enum rc rc = store_mailbox_open(&actor->end->asker, actor->end->account,
	    draw_name(actor), STORE_RIGHT_READ, &fault, &mailbox);
	expect(actor, rc == RC_OK || rc == RC_NOT_FOUND, "open");
	return mailbox;
}

static void draw_uids(
    struct actor *actor, struct store_mailbox *mailbox, struct rangeset *uids)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	uint32_t uidnext = store_snapshot_uidnext(snapshot);
	store_snapshot_unref(&snapshot);
	rangeset_init(uids);
	for (int i = 0; i < 3; i++) {
		uint32_t first = 1 + draw(actor, uidnext);
		rangeset_add(uids, first, first + draw(actor, 4));
	}
}

static bool is_fine(enum rc rc)
{
	return rc == RC_OK || rc == RC_GONE;
}

// ---- Steps -----------------------------------------------------------------

static void step_append(struct actor *actor, struct store_mailbox *mailbox)
{
	struct fault fault;
	enum rc rc = end_append(actor->end, mailbox, draw(actor, 32), &fault);
	expect(actor, is_fine(rc), "append");
}

static void step_flags(struct actor *actor, struct store_mailbox *mailbox)
{
	static const char *const keywords[] = {"one", "two", "three"};
	struct view keyword = view_of_string(keywords[draw(actor, 3)]);
	struct store_flags_change change = {
	    .operation = (enum store_flags_operation)draw(actor, 3),
	    .flags = {draw(actor, 32), &keyword, draw(actor, 2)},
	};
	struct rangeset uids;
	struct fault fault;
	uint64_t modseq = 0;
	draw_uids(actor, mailbox, &uids);
	enum rc rc =
	    store_flags_change(mailbox, &uids, &change, &fault, NULL, &modseq);
	rangeset_done(&uids);
	expect(actor, is_fine(rc), "flags");
	expect(actor, modseq == 0 || modseq > actor->last_modseq,
	    "MODSEQs do not rise");
	if (modseq)
		actor->last_modseq = modseq;
}

static void step_expunge(struct actor *actor, struct store_mailbox *mailbox)
{
	struct fault fault;
	uint64_t modseq;
	expect(actor, is_fine(store_expunge(mailbox, NULL, &fault, &modseq)),
	    "expunge");
}

static void step_copy(struct actor *actor, struct store_mailbox *mailbox)
{
	struct store_mailbox *to = open_any(actor);
	struct store_copied copied;
	struct rangeset uids;
	struct fault fault;
	if (!to)
		return;
	draw_uids(actor, mailbox, &uids);
	enum rc rc =
	    store_copy(mailbox, &uids, to, draw(actor, 2), &fault, &copied);
	expect(actor, is_fine(rc), "copy");
	store_copied_done(&copied);
	rangeset_done(&uids);
	store_mailbox_close(&to);
}

static void step_names(struct actor *actor)
{
	struct end *end = actor->end;
	struct view name = draw_name(actor);
	struct fault fault;
	uint64_t id;
	enum rc rc = RC_OK;
	switch (draw(actor, 6)) {
	case 0:
	case 1:
		rc = store_mailbox_create(
		    &end->asker, end->account, name, 0, &fault, &id);
		break;
	case 2:
		rc = store_mailbox_delete(
		    &end->asker, end->account, name, &fault);
		break;
	case 3:
		rc = store_mailbox_rename(
		    &end->asker, end->account, name, draw_name(actor), &fault);
		break;
	case 4:
		rc = store_subscribe(
		    &end->asker, end->account, name, draw(actor, 2), &fault);
		break;
	case 5:
		rc = store_mailboxes_finish(end->store, TWO_ACCOUNT, &fault);
		break;
	}
	expect(actor,
	    rc == RC_OK || rc == RC_EXISTS || rc == RC_NOT_FOUND ||
		rc == RC_DENIED || rc == RC_INVALID,
	    "names");
}

static void step(struct actor *actor)
{
	if (draw(actor, 8) == 0) {
		step_names(actor);
		return;
	}
	struct store_mailbox *mailbox = open_any(actor);
	if (!mailbox)
		return;
	switch (draw(actor, 6)) {
	case 0:
	case 1:
	case 2: step_append(actor, mailbox); break;
	case 3: step_flags(actor, mailbox); break;
	case 4: step_expunge(actor, mailbox); break;
	case 5: step_copy(actor, mailbox); break;
	}
	store_mailbox_close(&mailbox);
}

// ---- A session -------------------------------------------------------------

// A session that has INBOX open and a watcher on it. It keeps what a client
// would know: the UIDs, with the MODSEQ of each.
struct session {
	struct store_mailbox *mailbox;
	struct store_snapshot *snapshot;
	atomic_bool woken;
	struct rangeset uids;
	uint64_t highest; // of the MODSEQs told
};

static void wake(void *context)
{
	struct session *session = context;
	atomic_store(&session->woken, true);
}

static void session_open(struct session *session, struct end *end)
{
	*session = (struct session){0};
	session->mailbox = end_mailbox(end, VIEW("INBOX"));
	rangeset_init(&session->uids);
	store_mailbox_watch(session->mailbox, wake, session);
	session->snapshot = store_mailbox_snapshot(session->mailbox);
	assert_int_equal(store_snapshot_count(session->snapshot), 0);
}

static void session_close(struct session *session)
{
	store_mailbox_watch(session->mailbox, NULL, NULL);
	store_snapshot_unref(&session->snapshot);
	store_mailbox_close(&session->mailbox);
	rangeset_done(&session->uids);
}

// Does what a view does: asks first what vanished, then what is new or changed.
static void session_sync(struct session *session, struct actor *actor)
{
	struct store_snapshot *before = session->snapshot;
	struct store_snapshot *now = store_mailbox_snapshot(session->mailbox);
	struct rangeset gone;
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	rangeset_init(&gone);
	store_snapshot_vanished(before, now, &gone);
	for (size_t i = 0; i < gone.count; i++)
		for (uint32_t uid = gone.ranges[i].first;
		     uid <= gone.ranges[i].last; uid++) {
			expect(actor, rangeset_has(&session->uids, uid),
			    "one vanished that was not there");
			rangeset_remove(&session->uids, uid, uid);
		}
	rangeset_done(&gone);
	store_walk_init_changed(
	    &walk, now, store_snapshot_highestmodseq(before));
	while (store_walk_next(&walk, &index, &message)) {
		rangeset_add(&session->uids, message.uid, message.uid);
		if (message.modseq > session->highest)
			session->highest = message.modseq;
	}
	expect(actor,
	    store_snapshot_uidnext(now) >= store_snapshot_uidnext(before),
	    "UIDNEXT falls");
	expect(actor,
	    rangeset_size(&session->uids) == store_snapshot_count(now),
	    "a session has lost count");
	store_walk_init(&walk, now, 0);
	while (store_walk_next(&walk, &index, &message))
		expect(actor,
		    rangeset_has(&session->uids, message.uid) &&
			message.modseq <= session->highest,
		    "a session was not told of a message");
	store_snapshot_unref(&session->snapshot);
	session->snapshot = now;
}

// ---- Tests -----------------------------------------------------------------

static void two_open(struct two *two)
{
	two->engine = engine_memory_new();
	end_open(&two->ends[0], two->engine, NULL);
	end_open(&two->ends[1], two->engine, NULL);
}

static void two_close(struct two *two)
{
	end_close(&two->ends[0]);
	end_close(&two->ends[1]);
	engine_close(&two->engine);
}

static void in_turn_they_stay_the_same(void **state)
{
	struct two two;
	struct session sessions[2];
	struct actor actors[2] = {{.random = 1}, {.random = 2}};
	struct actor chance = {.random = 3};
	(void)state;
	two_open(&two);
	for (int i = 0; i < 2; i++) {
		actors[i].end = &two.ends[i];
		session_open(&sessions[i], &two.ends[i]);
	}
	for (int i = 0; i < STEPS; i++) {
		step(&actors[draw(&chance, 2)]);
		unsigned who = draw(&chance, 2);
		// If nobody woke the session, nothing may have changed.
		if (atomic_exchange(&sessions[who].woken, false))
			session_sync(&sessions[who], &actors[who]);
		else
			assert_true(store_mailbox_is_current(
			    sessions[who].mailbox, sessions[who].snapshot));
		if (i % 100 == 0)
			two_expect_same(&two.ends[0], &two.ends[1]);
	}
	for (int i = 0; i < 2; i++) {
		session_sync(&sessions[i], &actors[i]);
		session_close(&sessions[i]);
	}
	two_expect_same_as_fresh(&two);
	two_close(&two);
}

struct member {
	struct actor actor;
	atomic_int *writers;
};

static void *act(void *context)
{
	struct member *member = context;
	for (int i = 0; i < THREAD_STEPS; i++)
		step(&member->actor);
	atomic_fetch_sub(member->writers, 1);
	return NULL;
}

static void *follow(void *context)
{
	struct member *member = context;
	struct session session;
	struct fault fault;
	struct end *end = member->actor.end;
	bool last = false;
	session = (struct session){0};
	rangeset_init(&session.uids);
	if (store_mailbox_open(&end->asker, end->account, VIEW("INBOX"),
		STORE_RIGHT_READ, &fault, &session.mailbox) != RC_OK)
		abort();
	store_mailbox_watch(session.mailbox, wake, &session);
	session.snapshot = store_mailbox_snapshot(session.mailbox);
	struct store_walk walk;
	struct store_message message;
	uint32_t index;
	store_walk_init(&walk, session.snapshot, 0);
	while (store_walk_next(&walk, &index, &message)) {
		rangeset_add(&session.uids, message.uid, message.uid);
		if (message.modseq > session.highest)
			session.highest = message.modseq;
	}
	while (!last) {
		last = atomic_load(member->writers) == 0;
		if (atomic_exchange(&session.woken, false) || last)
			session_sync(&session, &member->actor);
		else
			sched_yield();
	}
	// Nobody writes any more; the session must have missed nothing.
	expect(&member->actor,
	    store_mailbox_is_current(session.mailbox, session.snapshot),
	    "a session is behind");
	session_close(&session);
	return NULL;
}

static void in_threads_they_end_the_same(void **state)
{
	struct two two;
	struct member members[THREADS + 2];
	pthread_t threads[THREADS + 2];
	atomic_int wrong = 0;
	atomic_int writers = THREADS;
	(void)state;
	two_open(&two);
	for (int i = 0; i < THREADS + 2; i++) {
		members[i] = (struct member){
		    .actor = {.end = &two.ends[i % 2],
			.random = (uint32_t)i + 10,
			.wrong = &wrong},
		    .writers = &writers,
		};
		assert_int_equal(thread_start(&threads[i],
				     i < THREADS ? act : follow, &members[i]),
		    RC_OK);
	}
	for (int i = 0; i < THREADS + 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	two_expect_same_as_fresh(&two);
	two_close(&two);
}

// ---- Opening ---------------------------------------------------------------

#define ACCOUNTS 40

struct opener {
	struct store *store;
	struct store_account *accounts[ACCOUNTS];
	bool failed;
};

static void *open_all(void *context)
{
	struct opener *opener = context;
	struct fault fault;
	for (uint64_t i = 0; i < ACCOUNTS; i++)
		if (store_account_enter(opener->store, 2000 + i, &fault,
			&opener->accounts[i]) != RC_OK)
			opener->failed = true;
	return NULL;
}

// All threads open the accounts at once, half of them in the other store. Each
// account is made once, and all threads of a store get the same one.
static void whoever_opens_an_account_first_makes_it(void **state)
{
	struct engine *engine = engine_memory_new();
	struct store_options options = {.engine = engine};
	struct store *stores[2] = {store_new(&options), store_new(&options)};
	struct opener openers[THREADS];
	pthread_t threads[THREADS];
	(void)state;
	for (int i = 0; i < THREADS; i++) {
		openers[i] = (struct opener){.store = stores[i % 2]};
		assert_int_equal(
		    thread_start(&threads[i], open_all, &openers[i]), RC_OK);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_false(openers[i].failed);
		for (uint64_t n = 0; n < ACCOUNTS; n++) {
			uint64_t version;
			assert_ptr_equal(
			    openers[i].accounts[n], openers[i % 2].accounts[n]);
			assert_int_equal(
			    engine_version(engine, 2000 + n, &version), RC_OK);
			assert_int_equal(version, 1);
			assert_true(store_account_usage(openers[i].accounts[n])
					.mailboxes == 6);
		}
	}
	for (int i = 0; i < THREADS; i++)
		for (uint64_t n = 0; n < ACCOUNTS; n++)
			store_account_close(&openers[i].accounts[n]);
	store_free(&stores[0]);
	store_free(&stores[1]);
	engine_close(&engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(in_turn_they_stay_the_same),
	    cmocka_unit_test(in_threads_they_end_the_same),
	    cmocka_unit_test(whoever_opens_an_account_first_makes_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
