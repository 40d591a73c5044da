// SPDX-License-Identifier: Apache-2.0
// Random changes of an account, for tests that compare what somebody is told of
// them with what is true.
#ifndef ROOST_STORE_RANDOM_TEST_TOOLS_H
#define ROOST_STORE_RANDOM_TEST_TOOLS_H

#include "store/changes.h"
#include "store/emails_set.h"
#include "store/store_test_tools.h"

#define NAMES 7

// The test's random state, set at the start of each run.
static uint64_t random_state;

static inline unsigned random_below(unsigned limit)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407;
	return (unsigned)(random_state >> 33) % limit;
}

// ---- Hashing what is known -------------------------------------------------

#define HASH_BEGIN 0xcbf29ce484222325

static inline void mix(uint64_t *hash, const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	for (size_t i = 0; i < len; i++)
		*hash = (*hash ^ at[i]) * 0x100000001b3;
}

// ---- Changing --------------------------------------------------------------

static const char *const names[NAMES] = {
    "INBOX", "Archive", "a", "a/b", "a/b/c", "d", "INBOX/e"};

static inline struct view some_name(void)
{
	return view_of_string(names[random_below(NAMES)]);
}

// NULL when there is no mailbox of the name.
static inline struct store_mailbox *some_mailbox(struct bed *bed)
{
	struct store_mailbox *mailbox;
	enum rc rc = store_mailbox_open(&bed->asker, bed->account, some_name(),
	    STORE_RIGHT_READ, &bed->fault, &mailbox);
	return rc == RC_OK ? mailbox : NULL;
}

static inline struct rangeset some_uids(struct store_mailbox *mailbox)
{
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	unsigned next = store_snapshot_uidnext(snapshot);
	struct rangeset uids;
	rangeset_init(&uids);
	for (int i = random_below(3) == 0 ? 1 : 4; i > 0; i--) {
		uint32_t first = 1 + random_below(next);
		rangeset_add(&uids, first, first + random_below(3));
	}
	store_snapshot_unref(&snapshot);
	return uids;
}

// A message of one of a few threads.
static inline struct store_draft *some_reply(struct bed *bed)
{
	char text[100];
	snprintf(text, sizeof(text),
	    "Message-ID: <%u@x>\r\nIn-Reply-To: <%u@x>\r\n\r\nx\r\n",
	    random_below(30), random_below(30));
	return bed_draft(bed, text);
}

static inline void append_some(struct bed *bed, struct store_mailbox *mailbox)
{
	struct store_draft *draft = some_reply(bed);
	struct view keyword = VIEW("$Work");
	struct store_append append[3];
	struct store_appended appended;
	size_t count = 1 + random_below(3);
	for (size_t i = 0; i < count; i++)
		append[i] = (struct store_append){.draft = draft,
		    .flags = {.system = random_below(32),
			.keywords = &keyword,
			.keyword_count = random_below(2)}};
	assert_int_equal(
	    store_append(mailbox, append, count, &bed->fault, &appended),
	    RC_OK);
	store_draft_free(&draft);
}

static inline void deliver_one(
    struct bed *bed, struct store_mailbox *one, struct store_mailbox *other)
{
	struct view keyword = VIEW("later");
	struct store_place places[] = {
	    {.mailbox = one, .flags.system = random_below(32)},
	    {.mailbox = other,
		.flags = {.keywords = &keyword, .keyword_count = 1}}};
	struct store_delivery delivery = {
	    .draft = bed_draft(bed, "Subject: z\r\n\r\nz\r\n"),
	    .places = places,
	    .place_count = 2};
	struct store_delivered delivered;
	assert_int_equal(
	    store_deliver(&delivery, &bed->fault, &delivered), RC_OK);
	store_draft_free(&delivery.draft);
}

static inline void replace_one(
    struct bed *bed, struct store_mailbox *from, struct store_mailbox *to)
{
	struct store_append append = {
	    .draft = bed_draft(bed, "Subject: y\r\n\r\ny\r\n")};
	struct store_appended appended;
	struct store_snapshot *snapshot = store_mailbox_snapshot(from);
	uint32_t uid = 1 + random_below(store_snapshot_uidnext(snapshot));
	enum rc rc =
	    store_replace(from, uid, to, &append, &bed->fault, &appended);
	assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
	store_snapshot_unref(&snapshot);
	store_draft_free(&append.draft);
}

static inline void copy_some(struct bed *bed, struct store_mailbox *from,
    const struct rangeset *uids, struct store_mailbox *to, bool move)
{
	struct store_copied copied;
	assert_int_equal(
	    store_copy(from, uids, to, move, &bed->fault, &copied), RC_OK);
	store_copied_done(&copied);
}

// Changes some emails by their ids. Some of them do not exist.
static inline void set_emails(
    struct bed *bed, struct store_mailbox *from, struct store_mailbox *to)
{
	uint64_t ids[2] = {store_mailbox_id(from), store_mailbox_id(to)};
	struct view keyword = VIEW("$Work");
	struct store_email_change changes[6] = {0};
	struct store_email_new made = {
	    .draft = bed_draft(bed, "Message-ID: <3@x>\r\n\r\nw\r\n"),
	    .mailboxes = ids,
	    .mailbox_count = 1 + random_below(2)};
	struct store_emails_set set = {.made = &made,
	    .made_count = random_below(2),
	    .changes = changes,
	    .change_count = random_below(7)};
	uint64_t first = 1 + random_below(200);
	for (size_t i = 0; i < set.change_count; i++)
		changes[i] = (struct store_email_change){.email_id = first + i,
		    .destroy = random_below(6) == 0,
		    .only_these_flags = random_below(3) == 0,
		    .add = {random_below(32), &keyword, random_below(2)},
		    .remove = {random_below(32), &keyword, random_below(2)},
		    .only_these_mailboxes = random_below(3) == 0,
		    .into = ids,
		    .into_count = random_below(3),
		    .out_of = ids,
		    .out_of_count = random_below(3)};
	assert_int_equal(
	    store_emails_set(&bed->asker, bed->account, &set, &bed->fault),
	    RC_OK);
	store_draft_free(&made.draft);
}

static inline void change_messages(
    struct bed *bed, struct store_mailbox *from, struct store_mailbox *to)
{
	static const char *const keywords[] = {"$Work", "$Junk", "later"};
	struct view keyword = view_of_string(keywords[random_below(3)]);
	struct store_flags_change change = {.operation = random_below(3),
	    .flags = {.system = random_below(32),
		.keywords = &keyword,
		.keyword_count = random_below(2)}};
	struct rangeset uids = some_uids(from);
	struct rangeset seen = some_uids(from);
	uint64_t modseq;
	enum rc rc = RC_OK;
	switch (random_below(11)) {
	case 0:
	case 1: append_some(bed, from); break;
	case 2:
	case 3:
		rc = store_flags_change(
		    from, &uids, &change, &bed->fault, NULL, &modseq);
		break;
	case 4: copy_some(bed, from, &uids, to, random_below(2)); break;
	case 5: rc = store_expunge(from, NULL, &bed->fault, &modseq); break;
	case 6:
		rc = store_take_away(from, &uids, &seen, &bed->fault, &modseq);
		break;
	case 7: replace_one(bed, from, to); break;
	case 8: deliver_one(bed, from, to); break;
	case 9:
	case 10: set_emails(bed, from, to); break;
	}
	assert_int_equal(rc, RC_OK);
	rangeset_done(&uids);
	rangeset_done(&seen);
}

// Some of these changes are refused: a refused change must change nothing.
static inline void change_mailboxes(struct bed *bed)
{
	uint64_t id;
	enum rc rc = RC_OK;
	switch (random_below(4)) {
	case 0:
		rc =
		    store_mailbox_create(&bed->asker, bed->account, some_name(),
			random_below(2) ? STORE_USE_JUNK : 0, &bed->fault, &id);
		break;
	case 1:
		rc = store_mailbox_delete(
		    &bed->asker, bed->account, some_name(), &bed->fault);
		break;
	case 2:
		rc = store_mailbox_rename(&bed->asker, bed->account,
		    some_name(), some_name(), &bed->fault);
		break;
	case 3:
		rc = store_subscribe(&bed->asker, bed->account, some_name(),
		    random_below(2), &bed->fault);
		break;
	}
	assert_true(rc == RC_OK || rc == RC_EXISTS || rc == RC_NOT_FOUND ||
		    rc == RC_DENIED || rc == RC_INVALID);
}

static inline void change_something(struct bed *bed)
{
	struct store_mailbox *from = some_mailbox(bed);
	struct store_mailbox *to = some_mailbox(bed);
	if (from && to && random_below(4))
		change_messages(bed, from, to);
	else
		change_mailboxes(bed);
	store_mailbox_close(&from);
	store_mailbox_close(&to);
}

// ---- A run -----------------------------------------------------------------

// What is known after each step is `struct known` of the test.
struct known;

struct random_run {
	uint64_t seed;
	struct store_options options;
	size_t steps;
	struct known *(*read_everything)(struct bed *bed);
	// Lets clients that stopped at knowns[0] to knowns[last] come to
	// knowns[last].
	void (*follow)(
	    struct bed *bed, struct known *const *knowns, size_t last);
	void (*known_free)(struct known *known);
};

// Changes an account at random, and sometimes opens it anew. After each step
// everything is read, and followed.
static inline void run_random(const struct random_run *run)
{
	struct known **knowns = mem_alloc((run->steps + 1) * sizeof(*knowns));
	struct bed bed;
	random_state = run->seed;
	bed_open(&bed, run->options);
	knowns[0] = run->read_everything(&bed);
	for (size_t i = 1; i <= run->steps; i++) {
		change_something(&bed);
		if (random_below(20) == 0)
			bed_reopen(&bed, run->options);
		knowns[i] = run->read_everything(&bed);
		run->follow(&bed, knowns, i);
		arena_reset(&bed.arena);
	}
	bed_check(&bed, false, 0);
	for (size_t i = 0; i <= run->steps; i++)
		run->known_free(knowns[i]);
	free(knowns);
	bed_close(&bed);
}

#endif
