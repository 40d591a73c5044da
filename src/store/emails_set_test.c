// SPDX-License-Identifier: Apache-2.0
// Changes of many emails by their ids: what is possible, what is refused, and
// that one that is refused does not keep the others.
#include "store/view_test_tools.h"

#include "store/emails_set.h"
#include "store/kept.h"

#define GUEST 2000

struct world {
	struct bed bed;
	unsigned rights[16]; // of the guest, by mailbox id
	struct store_mailbox *inbox;
	struct store_mailbox *archive;
	uint64_t inbox_id;
	uint64_t archive_id;
	uint64_t trash_id;
	uint64_t emails[3]; // UIDs 1 to 3 in INBOX
};

static unsigned guest_rights(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	const struct world *world = context;
	(void)asker;
	(void)account_id;
	return mailbox_id < 16 ? world->rights[mailbox_id] : 0;
}

static void world_open(struct world *world, struct store_options options)
{
	*world = (struct world){.inbox = NULL};
	options.sharing = (struct store_sharing){guest_rights, world};
	bed_open(&world->bed, options);
	world->inbox = bed_mailbox(&world->bed, "INBOX");
	world->archive = bed_mailbox(&world->bed, "Archive");
	world->inbox_id = store_mailbox_id(world->inbox);
	world->archive_id = store_mailbox_id(world->archive);
	world->trash_id = bed_mailbox_id(&world->bed, "Trash");
	for (uint32_t i = 0; i < 3; i++) {
		bed_append(&world->bed, world->inbox,
		    "Message-ID: <1@x>\r\n\r\na\r\n",
		    (struct store_flags){.system = STORE_FLAG_SEEN});
		world->emails[i] = bed_email_at(world->inbox, i + 1);
	}
}

static void world_close(struct world *world)
{
	store_mailbox_close(&world->inbox);
	store_mailbox_close(&world->archive);
	bed_check(&world->bed, false, 0);
	bed_close(&world->bed);
}

static void set(struct world *world, struct store_email_change *changes,
    size_t count, struct store_emails_set *ret_set)
{
	struct store_emails_set all = {
	    .changes = changes, .change_count = count};
	enum rc rc = store_emails_set(
	    &world->bed.asker, world->bed.account, &all, &world->bed.fault);
	if (rc != RC_OK)
		fail_msg("set: %s", world->bed.fault.text);
	*ret_set = all;
}

static enum rc set_one(struct world *world, struct store_email_change change)
{
	struct store_emails_set all;
	set(world, &change, 1, &all);
	return change.result.rc;
}

// "1:flags,keywords 2: …": the mailboxes of an email, by their order of ids,
// then its flags and keywords.
static void assert_email(struct world *world, uint64_t email_id,
    unsigned place_count, unsigned flags, const char *keywords)
{
	struct store_view *view = bed_view(&world->bed);
	struct store_view_email email;
	enum rc rc = store_view_email(view, email_id, &email);
	if (place_count == 0) {
		assert_int_equal(rc, RC_NOT_FOUND);
	} else {
		assert_int_equal(rc, RC_OK);
		assert_int_equal(email.place_count, place_count);
		assert_int_equal(email.flags, flags);
		assert_keywords(&email, keywords);
	}
	store_view_close(&view);
}

// ---- Keywords --------------------------------------------------------------

static void test_keywords(void **state)
{
	static const struct {
		bool only_these;
		unsigned add;
		const char *add_keyword;
		unsigned remove;
		const char *remove_keyword;
		unsigned flags;
		const char *keywords;
	} rows[] = {
	    {false, STORE_FLAG_FLAGGED, "Work", 0, NULL,
		STORE_FLAG_SEEN | STORE_FLAG_FLAGGED, "work"},
	    {false, 0, NULL, STORE_FLAG_SEEN, NULL, STORE_FLAG_FLAGGED, "work"},
	    {false, 0, "later", 0, "WORK", STORE_FLAG_FLAGGED, "later"},
	    {true, STORE_FLAG_DRAFT, "$junk", 0, NULL, STORE_FLAG_DRAFT,
		"$junk"},
	    {true, 0, NULL, 0, NULL, 0, ""},
	    // \Deleted is no keyword of JMAP
	    {false, STORE_FLAG_DELETED, NULL, 0, NULL, 0, ""},
	    {true, STORE_FLAG_DELETED, NULL, 0, NULL, 0, ""},
	};
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t id = world.emails[0];
	bed_copy(&world.bed, world.inbox, 1, world.archive);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view add = view_of_string(
		    rows[i].add_keyword ? rows[i].add_keyword : "");
		struct view remove = view_of_string(
		    rows[i].remove_keyword ? rows[i].remove_keyword : "");
		struct store_email_change change = {.email_id = id,
		    .only_these_flags = rows[i].only_these,
		    .add = {rows[i].add, &add, rows[i].add_keyword ? 1 : 0},
		    .remove = {rows[i].remove, &remove,
			rows[i].remove_keyword ? 1 : 0}};
		assert_int_equal(set_one(&world, change), RC_OK);
		assert_email(&world, id, 2, rows[i].flags, rows[i].keywords);
		// The same again changes nothing.
		struct store_emails_set all;
		set(&world, &change, 1, &all);
		assert_int_equal(all.before, all.after);
		assert_int_equal(all.after, bed_version(&world.bed));
	}
	world_close(&world);
}

// A place with \Deleted keeps its flags.
static void test_hidden_places(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t id = world.emails[0];
	uint32_t uid = bed_copy(&world.bed, world.inbox, 1, world.archive);
	bed_flags(&world.bed, world.archive, uid, STORE_FLAGS_SET,
	    STORE_FLAG_DELETED, "mine");
	struct store_email_change flag = {
	    .email_id = id, .add.system = STORE_FLAG_FLAGGED};
	assert_int_equal(set_one(&world, flag), RC_OK);
	struct store_snapshot *snapshot = store_mailbox_snapshot(world.archive);
	struct store_message message;
	store_snapshot_get(snapshot, 0, &message);
	assert_int_equal(message.flags, STORE_FLAG_DELETED);
	store_snapshot_unref(&snapshot);
	// Into that mailbox it comes by another place.
	struct store_email_change into = {
	    .email_id = id, .into = &world.archive_id, .into_count = 1};
	assert_int_equal(set_one(&world, into), RC_OK);
	assert_email(&world, id, 2, STORE_FLAG_SEEN | STORE_FLAG_FLAGGED, "");
	snapshot = store_mailbox_snapshot(world.archive);
	assert_int_equal(store_snapshot_count(snapshot), 2);
	store_snapshot_unref(&snapshot);
	// The end removes all of them.
	assert_int_equal(
	    set_one(&world,
		(struct store_email_change){.email_id = id, .destroy = true}),
	    RC_OK);
	snapshot = store_mailbox_snapshot(world.archive);
	assert_int_equal(store_snapshot_count(snapshot), 0);
	store_snapshot_unref(&snapshot);
	// An email that is hidden cannot be changed.
	bed_flags(&world.bed, world.inbox, 2, STORE_FLAGS_ADD,
	    STORE_FLAG_DELETED, NULL);
	assert_int_equal(set_one(&world,
			     (struct store_email_change){
				 .email_id = world.emails[1], .destroy = true}),
	    RC_NOT_FOUND);
	world_close(&world);
}

// ---- Mailboxes -------------------------------------------------------------

static void test_mailboxes(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t id = world.emails[0];
	uint64_t both[] = {world.inbox_id, world.archive_id};
	uint64_t unknown = 4711;
	const struct {
		bool only_these;
		const uint64_t *into;
		size_t into_count;
		const uint64_t *out_of;
		size_t out_of_count;
		enum rc rc;
		uint64_t failed;
		const char *in; // i: INBOX, a: Archive, t: Trash
	} rows[] = {
	    {false, &world.archive_id, 1, NULL, 0, RC_OK, 0, "ia"},
	    {false, &world.archive_id, 1, NULL, 0, RC_OK, 0, "ia"},
	    {false, NULL, 0, both, 2, RC_INVALID, 0, "ia"},
	    {false, &world.trash_id, 1, both, 2, RC_OK, 0, "t"},
	    {false, NULL, 0, both, 2, RC_OK, 0, "t"},
	    {true, both, 2, NULL, 0, RC_OK, 0, "ia"},
	    {true, NULL, 0, NULL, 0, RC_INVALID, 0, "ia"},
	    {false, &unknown, 1, NULL, 0, RC_NOT_FOUND, 4711, "ia"},
	    {true, &unknown, 1, NULL, 0, RC_NOT_FOUND, 4711, "ia"},
	    {false, NULL, 0, &unknown, 1, RC_OK, 0, "ia"},
	    {true, &world.archive_id, 1, NULL, 0, RC_OK, 0, "a"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_email_change change = {.email_id = id,
		    .only_these_mailboxes = rows[i].only_these,
		    .into = rows[i].into,
		    .into_count = rows[i].into_count,
		    .out_of = rows[i].out_of,
		    .out_of_count = rows[i].out_of_count};
		struct store_emails_set all;
		set(&world, &change, 1, &all);
		assert_int_equal(change.result.rc, rows[i].rc);
		assert_int_equal(change.result.mailbox_id, rows[i].failed);
		struct store_view *view = bed_view(&world.bed);
		struct store_view_email email;
		assert_int_equal(store_view_email(view, id, &email), RC_OK);
		assert_int_equal(email.place_count, strlen(rows[i].in));
		for (size_t n = 0; n < email.place_count; n++) {
			uint64_t in = email.places[n].mailbox_id;
			assert_non_null(
			    strchr(rows[i].in, in == world.inbox_id     ? 'i'
					       : in == world.archive_id ? 'a'
									: 't'));
		}
		assert_int_equal(email.flags, STORE_FLAG_SEEN);
		store_view_close(&view);
	}
	world_close(&world);
}

// What comes into a mailbox has the flags of all places, with those that the
// change sets, and the internal date.
static void test_a_move_with_keywords(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t id = world.emails[0];
	uint32_t uid = bed_copy(&world.bed, world.inbox, 1, world.archive);
	bed_flags(&world.bed, world.archive, uid, STORE_FLAGS_SET, 0, "Blue");
	bed_flags(&world.bed, world.inbox, 1, STORE_FLAGS_ADD, 0, "red");
	struct view green = VIEW("green");
	struct view red = VIEW("RED");
	struct store_email_change change = {.email_id = id,
	    .only_these_mailboxes = true,
	    .into = &world.trash_id,
	    .into_count = 1,
	    .add = {STORE_FLAG_ANSWERED, &green, 1},
	    .remove = {0, &red, 1}};
	assert_int_equal(set_one(&world, change), RC_OK);
	assert_email(
	    &world, id, 1, STORE_FLAG_SEEN | STORE_FLAG_ANSWERED, "blue green");
	world_close(&world);
}

// ---- Many ------------------------------------------------------------------

static void test_one_refusal_among_others(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	struct view bad = VIEW("not an atom");
	struct store_email_change changes[] = {
	    {.email_id = world.emails[2], .destroy = true},
	    {.email_id = 999, .destroy = true},
	    {.email_id = world.emails[0], .add = {0, &bad, 1}},
	    {.email_id = world.emails[1], .add.system = STORE_FLAG_FLAGGED},
	    {.email_id = world.emails[1], .destroy = true},
	};
	static const enum rc wanted[] = {
	    RC_OK, RC_NOT_FOUND, RC_SYNTAX, RC_OK, RC_INVALID};
	struct store_emails_set all;
	uint64_t before = bed_version(&world.bed);
	set(&world, changes, ARRAY_LEN(changes), &all);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		assert_int_equal(changes[i].result.rc, wanted[i]);
	assert_int_equal(all.before, before);
	assert_int_equal(all.after, before + 1);
	assert_int_equal(bed_version(&world.bed), before + 1);
	assert_email(&world, world.emails[0], 1, STORE_FLAG_SEEN, "");
	assert_email(&world, world.emails[1], 1,
	    STORE_FLAG_SEEN | STORE_FLAG_FLAGGED, "");
	assert_email(&world, world.emails[2], 0, 0, "");
	world_close(&world);
}

static void test_guard(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t version = bed_version(&world.bed);
	struct store_email_change change = {
	    .email_id = world.emails[0], .destroy = true};
	struct store_emails_set all = {
	    .changes = &change, .change_count = 1, .if_version = version - 1};
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &all, &world.bed.fault),
	    RC_GONE);
	assert_int_equal(bed_version(&world.bed), version);
	all.if_version = version;
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &all, &world.bed.fault),
	    RC_OK);
	assert_int_equal(all.after, version + 1);
	// Also if there is nothing to do.
	struct store_emails_set none = {.if_version = version};
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &none, &world.bed.fault),
	    RC_GONE);
	none.if_version = version + 1;
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &none, &world.bed.fault),
	    RC_OK);
	assert_int_equal(none.before, version + 1);
	assert_int_equal(none.after, version + 1);
	world_close(&world);
}

static void test_several_commits(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){.commit_max = 2});
	struct store_email_change changes[3];
	struct store_emails_set all;
	uint64_t before = bed_version(&world.bed);
	for (size_t i = 0; i < 3; i++)
		changes[i] = (struct store_email_change){
		    .email_id = world.emails[i], .destroy = true};
	set(&world, changes, 3, &all);
	assert_int_equal(all.before, before);
	assert_int_equal(all.after, before + 2);
	for (size_t i = 0; i < 3; i++)
		assert_email(&world, world.emails[i], 0, 0, "");
	world_close(&world);
}

// ---- Quotas ----------------------------------------------------------------

static void test_quota(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){.quota_messages = 4});
	struct store_email_change changes[3];
	struct store_emails_set all;
	for (size_t i = 0; i < 3; i++)
		changes[i] =
		    (struct store_email_change){.email_id = world.emails[i],
			.into = &world.archive_id,
			.into_count = 1};
	// One further place fits.
	set(&world, changes, 3, &all);
	assert_int_equal(changes[0].result.rc, RC_OK);
	assert_int_equal(changes[1].result.rc, RC_QUOTA);
	assert_int_equal(changes[2].result.rc, RC_QUOTA);
	// A move is possible in a full account.
	changes[1].only_these_mailboxes = true;
	assert_int_equal(set_one(&world, changes[1]), RC_OK);
	assert_email(&world, world.emails[1], 1, STORE_FLAG_SEEN, "");
	world_close(&world);
}

static void test_too_many_keywords(void **state)
{
	(void)state;
	struct world world;
	struct view names[STORE_KEYWORDS_MAX];
	char room[STORE_KEYWORDS_MAX][8];
	world_open(&world, (struct store_options){0});
	for (unsigned i = 0; i < STORE_KEYWORDS_MAX; i++) {
		snprintf(room[i], sizeof(room[i]), "k%u", i);
		names[i] = view_of_string(room[i]);
	}
	struct store_email_change all = {
	    .email_id = world.emails[0], .add = {0, names, STORE_KEYWORDS_MAX}};
	assert_int_equal(set_one(&world, all), RC_OK);
	struct view more = VIEW("more");
	struct store_email_change one = {
	    .email_id = world.emails[1], .add = {STORE_FLAG_FLAGGED, &more, 1}};
	assert_int_equal(set_one(&world, one), RC_LIMIT);
	assert_email(&world, world.emails[1], 1, STORE_FLAG_SEEN, "");
	world_close(&world);
}

// So many are refused at once: comparing each with all others would never end.
static void test_far_too_many_keywords(void **state)
{
	(void)state;
	const size_t count = 700000;
	struct world world;
	struct arena arena;
	arena_init(&arena);
	struct view *names = arena_alloc(&arena, count * sizeof(*names));
	world_open(&world, (struct store_options){0});
	for (size_t i = 0; i < count; i++) {
		char text[16];
		snprintf(text, sizeof(text), "k%zu", i);
		names[i] = arena_copy(&arena, view_of_string(text));
	}
	struct store_email_change changes[] = {
	    {.email_id = world.emails[1], .add = {0, names, count}},
	    {.email_id = world.emails[1], .remove = {0, names, count}},
	};
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct store_emails_set all;
		set(&world, &changes[i], 1, &all);
		assert_int_equal(changes[i].result.rc, RC_LIMIT);
		assert_int_not_equal(changes[i].result.mailbox_id, 0);
	}
	assert_email(&world, world.emails[1], 1, STORE_FLAG_SEEN, "");
	struct store_draft *draft =
	    bed_draft(&world.bed, "Subject: new\r\n\r\nnew\r\n");
	struct store_email_new made = {.draft = draft,
	    .flags = {0, names, count},
	    .mailboxes = &world.archive_id,
	    .mailbox_count = 1};
	struct store_emails_set all = {.made = &made, .made_count = 1};
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &all, &world.bed.fault),
	    RC_OK);
	assert_int_equal(made.result.rc, RC_LIMIT);
	assert_int_equal(made.result.mailbox_id, world.archive_id);
	store_draft_free(&draft);
	arena_done(&arena);
	world_close(&world);
}

// ---- New emails ------------------------------------------------------------

static void test_new_emails(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	uint64_t boxes[] = {world.archive_id, world.trash_id};
	uint64_t unknown[] = {world.archive_id, 4711};
	struct view keyword = VIEW("Work");
	struct store_draft *draft =
	    bed_draft(&world.bed, "In-Reply-To: <1@x>\r\n\r\nnew\r\n");
	struct store_email_new made[] = {
	    {.draft = draft,
		.flags = {STORE_FLAG_SEEN | STORE_FLAG_DELETED, &keyword, 1},
		.mailboxes = boxes,
		.mailbox_count = 2,
		.has_date = true,
		.received_at = 86400},
	    {.draft = draft, .mailboxes = unknown, .mailbox_count = 2},
	    {.draft = draft, .mailbox_count = 0},
	};
	// A draft that takes the place of another, in one commit.
	struct store_email_change change = {
	    .email_id = world.emails[0], .destroy = true};
	struct store_emails_set all = {.made = made,
	    .made_count = 3,
	    .changes = &change,
	    .change_count = 1};
	assert_int_equal(store_emails_set(&world.bed.asker, world.bed.account,
			     &all, &world.bed.fault),
	    RC_OK);
	assert_int_equal(all.after, all.before + 1);
	assert_int_equal(made[0].result.rc, RC_OK);
	assert_int_equal(made[1].result.rc, RC_NOT_FOUND);
	assert_int_equal(made[1].result.mailbox_id, 4711);
	assert_int_equal(made[2].result.rc, RC_INVALID);
	assert_email(&world, made[0].email_id, 2, STORE_FLAG_SEEN, "work");
	assert_email(&world, world.emails[0], 0, 0, "");
	struct store_view *view = bed_view(&world.bed);
	struct store_view_email email;
	uint64_t thread;
	assert_int_equal(
	    store_view_email(view, made[0].email_id, &email), RC_OK);
	assert_int_equal(email.received_at, 86400);
	assert_int_equal(email.size, made[0].size);
	assert_int_equal(
	    store_view_thread_of(view, made[0].email_id, &thread), RC_OK);
	assert_int_equal(thread, made[0].thread_id);
	assert_int_equal(
	    store_view_thread_of(view, world.emails[1], &thread), RC_OK);
	assert_int_equal(thread, made[0].thread_id);
	store_view_close(&view);
	store_draft_free(&draft);
	world_close(&world);
}

static void test_copies_of_another_account(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	struct bed other = world.bed;
	other.asker = store_user(1001);
	assert_int_equal(
	    store_account_create(other.store, 1001, &other.fault), RC_OK);
	assert_int_equal(
	    store_account_open(other.store, 1001, &other.fault, &other.account),
	    RC_OK);
	uint64_t inbox = bed_mailbox_id(&other, "INBOX");
	struct store_view *view = bed_view(&world.bed);
	struct store_email_new made[] = {
	    {.from = view,
		.from_email = world.emails[0],
		.flags.system = STORE_FLAG_FLAGGED,
		.mailboxes = &inbox,
		.mailbox_count = 1},
	    {.from = view,
		.from_email = 4711,
		.mailboxes = &inbox,
		.mailbox_count = 1},
	};
	struct store_emails_set all = {.made = made, .made_count = 2};
	assert_int_equal(
	    store_emails_set(&other.asker, other.account, &all, &other.fault),
	    RC_OK);
	assert_int_equal(made[0].result.rc, RC_OK);
	assert_int_equal(made[1].result.rc, RC_NOT_FOUND);
	struct store_view *copies = bed_view(&other);
	struct store_view_email source;
	struct store_view_email copy;
	assert_int_equal(
	    store_view_email(view, world.emails[0], &source), RC_OK);
	assert_int_equal(
	    store_view_email(copies, made[0].email_id, &copy), RC_OK);
	assert_int_equal(copy.received_at, source.received_at);
	assert_int_equal(copy.size, source.size);
	assert_int_equal(copy.flags, STORE_FLAG_FLAGGED);
	store_view_close(&view);
	store_view_close(&copies);
	struct store_check_result result;
	assert_int_equal(
	    store_account_check(other.store, 1001, false, NULL, NULL, &result),
	    RC_OK);
	assert_int_equal(result.problems, 0);
	store_account_close(&other.account);
	world_close(&world);
}

// What was destroyed is kept for a while, as what was expunged.
static enum rc count_kept(void *context, const struct store_kept *kept)
{
	size_t *count = context;
	(void)kept;
	++*count;
	return RC_OK;
}

static void test_undelete(void **state)
{
	(void)state;
	struct world world;
	size_t kept = 0;
	world_open(&world, (struct store_options){.kept_seconds = 60});
	assert_int_equal(set_one(&world,
			     (struct store_email_change){
				 .email_id = world.emails[0], .destroy = true}),
	    RC_OK);
	assert_int_equal(
	    store_kept_walk(world.bed.account, count_kept, &kept), RC_OK);
	assert_int_equal(kept, 1);
	world_close(&world);
}

// ---- Rights ----------------------------------------------------------------

static void test_rights(void **state)
{
	enum {
		SEE = STORE_RIGHT_LOOKUP | STORE_RIGHT_READ,
		REMOVE = STORE_RIGHT_DELETE_MESSAGES | STORE_RIGHT_EXPUNGE,
	};
	static const struct {
		const char *what;
		unsigned inbox;
		unsigned archive;
		enum rc rc;
	} rows[] = {
	    {"flag", 0, 0, RC_NOT_FOUND},
	    {"flag", STORE_RIGHT_LOOKUP | STORE_RIGHT_WRITE, 0, RC_NOT_FOUND},
	    {"flag", SEE, 0, RC_DENIED},
	    {"flag", SEE | STORE_RIGHT_SEEN, 0, RC_DENIED},
	    {"flag", SEE | STORE_RIGHT_WRITE, 0, RC_OK},
	    {"seen", SEE | STORE_RIGHT_WRITE, 0, RC_DENIED},
	    {"seen", SEE | STORE_RIGHT_SEEN, 0, RC_OK},
	    {"copy", SEE, SEE, RC_DENIED},
	    {"copy", SEE, STORE_RIGHT_INSERT, RC_NOT_FOUND},
	    {"copy", SEE, SEE | STORE_RIGHT_INSERT, RC_OK},
	    {"move", SEE, SEE | STORE_RIGHT_INSERT, RC_DENIED},
	    {"move", SEE | STORE_RIGHT_EXPUNGE, SEE | STORE_RIGHT_INSERT,
		RC_DENIED},
	    {"move", SEE | REMOVE, SEE | STORE_RIGHT_INSERT, RC_OK},
	    {"end", SEE | STORE_RIGHT_DELETE_MESSAGES, 0, RC_DENIED},
	    {"end", SEE | REMOVE, 0, RC_OK},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct world world;
		world_open(&world, (struct store_options){0});
		world.rights[world.inbox_id] = rows[i].inbox;
		world.rights[world.archive_id] = rows[i].archive;
		struct store_email_change change = {
		    .email_id = world.emails[0]};
		switch (rows[i].what[0]) {
		case 'f': change.add.system = STORE_FLAG_FLAGGED; break;
		case 's': change.remove.system = STORE_FLAG_SEEN; break;
		case 'e': change.destroy = true; break;
		default:
			change.into = &world.archive_id;
			change.into_count = 1;
			change.only_these_mailboxes = rows[i].what[0] == 'm';
		}
		world.bed.asker = store_user(GUEST);
		uint64_t before = bed_version(&world.bed);
		assert_int_equal(set_one(&world, change), rows[i].rc);
		assert_int_equal(
		    bed_version(&world.bed), before + (rows[i].rc == RC_OK));
		world_close(&world);
	}
}

// ---- Damage ----------------------------------------------------------------

static void test_damaged_mailbox(void **state)
{
	(void)state;
	struct world world;
	world_open(&world, (struct store_options){0});
	struct bed *bed = &world.bed;
	bed_copy(bed, world.inbox, 1, world.archive);
	struct engine_batch *batch = engine_batch_new(bed->engine);
	struct record_key key = record_key_chunk(world.inbox_id, 1);
	store_mailbox_close(&world.inbox);
	store_mailbox_close(&world.archive);
	engine_batch_put(batch, record_key_view(&key), VIEW("\7"));
	commit_quietly(bed->engine, 1000, batch);
	engine_batch_free(&batch);
	bed_reopen(bed, (struct store_options){0});
	struct store_email_change changes[] = {
	    {.email_id = world.emails[0], .add.system = STORE_FLAG_FLAGGED},
	    {.email_id = world.emails[1], .add.system = STORE_FLAG_FLAGGED},
	};
	struct store_emails_set all;
	set(&world, changes, 2, &all);
	assert_int_equal(changes[0].result.rc, RC_OK);
	assert_int_equal(changes[1].result.rc, RC_CORRUPT);
	struct store_email_change into = {.email_id = world.emails[0],
	    .into = &world.inbox_id,
	    .into_count = 1};
	set(&world, &into, 1, &all);
	assert_int_equal(into.result.rc, RC_CORRUPT);
	assert_int_equal(into.result.mailbox_id, world.inbox_id);
	bed_close(bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keywords),
	    cmocka_unit_test(test_hidden_places),
	    cmocka_unit_test(test_mailboxes),
	    cmocka_unit_test(test_a_move_with_keywords),
	    cmocka_unit_test(test_one_refusal_among_others),
	    cmocka_unit_test(test_guard),
	    cmocka_unit_test(test_several_commits),
	    cmocka_unit_test(test_quota),
	    cmocka_unit_test(test_too_many_keywords),
	    cmocka_unit_test(test_far_too_many_keywords),
	    cmocka_unit_test(test_new_emails),
	    cmocka_unit_test(test_copies_of_another_account),
	    cmocka_unit_test(test_undelete),
	    cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_damaged_mailbox),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
