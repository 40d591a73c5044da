// SPDX-License-Identifier: Apache-2.0
// Who may do what (RFC 4314 section 4): each function, with each right that it
// needs missing; what a refusal tells; and what somebody with few rights sees.
#include "store/rights.h"

#include "base/test.h"
#include "store/store_test_tools.h"

#define OWNER 1000
#define GUEST 2000
#define NAMES 8

#define L STORE_RIGHT_LOOKUP
#define R STORE_RIGHT_READ
#define S STORE_RIGHT_SEEN
#define W STORE_RIGHT_WRITE
#define I STORE_RIGHT_INSERT
#define K STORE_RIGHT_CREATE
#define X STORE_RIGHT_DELETE_MAILBOX
#define T STORE_RIGHT_DELETE_MESSAGES
#define E STORE_RIGHT_EXPUNGE

// An account, and what the guest may do in it.
struct world {
	struct bed bed;
	struct store_asker guest;
	unsigned calls; // of the source
	struct {
		const char *name;
		uint64_t id;
		unsigned rights;
	} shared[NAMES];
};

static unsigned rights_of(void *context, const struct store_asker *asker,
    uint64_t account_id, uint64_t mailbox_id)
{
	struct world *world = context;
	world->calls++;
	assert_int_equal(account_id, OWNER);
	if (asker->kind != STORE_ASKER_USER || asker->account != GUEST)
		return 0;
	for (size_t i = 0; i < NAMES && world->shared[i].name; i++)
		if (world->shared[i].id == mailbox_id)
			return world->shared[i].rights;
	return 0;
}

// Gives the guest these rights to the mailbox, which is created if necessary.
static void share(struct world *world, const char *name, unsigned rights)
{
	struct bed *bed = &world->bed;
	struct store_mailbox_info info;
	uint64_t id;
	enum rc rc = store_mailbox_create(&bed->asker, bed->account,
	    view_of_string(name), 0, &bed->fault, &id);
	assert_true(rc == RC_OK || rc == RC_EXISTS);
	assert_int_equal(
	    store_mailbox_find(&bed->asker, bed->account, view_of_string(name),
		STORE_RIGHT_LOOKUP, &bed->arena, NULL, &info),
	    RC_OK);
	size_t at = 0;
	while (
	    world->shared[at].name && world->shared[at].id != info.mailbox_id)
		at++;
	assert_true(at < NAMES);
	world->shared[at].name = name;
	world->shared[at].id = info.mailbox_id;
	world->shared[at].rights = rights;
}

static void world_open(struct world *world)
{
	*world = (struct world){.guest = store_user(GUEST)};
	bed_open(
	    &world->bed, (struct store_options){.sharing = {rights_of, world}});
	world->bed.asker = store_user(OWNER);
}

static struct store_mailbox *open_as(
    struct world *world, const struct store_asker *asker, const char *name)
{
	struct store_mailbox *mailbox;
	enum rc rc =
	    store_mailbox_open(asker, world->bed.account, view_of_string(name),
		STORE_RIGHT_READ, &world->bed.fault, &mailbox);
	if (rc != RC_OK)
		fail_msg("%s: %s", name, world->bed.fault.text);
	return mailbox;
}

static uint64_t version(struct world *world)
{
	uint64_t now;
	assert_int_equal(engine_version(world->bed.engine, OWNER, &now), RC_OK);
	return now;
}

// ---- The verbs -------------------------------------------------------------

// Two mailboxes that the guest has open, with one message, UID 1, in each.
struct scene {
	struct world *world;
	struct store_mailbox *box;
	struct store_mailbox *other;
	struct rangeset one;
	struct fault fault;
	struct arena arena;
};

typedef enum rc verb(struct scene *scene);

static enum rc find(struct scene *scene, unsigned rights)
{
	struct store_mailbox_info info;
	return store_mailbox_find(&scene->world->guest,
	    scene->world->bed.account, VIEW("Box"), rights, &scene->arena,
	    &scene->fault, &info);
}

static enum rc verb_list(struct scene *scene)
{
	return find(scene, STORE_RIGHT_LOOKUP);
}

static enum rc verb_status(struct scene *scene)
{
	return find(scene, STORE_RIGHT_READ);
}

static enum rc open_for(struct scene *scene, unsigned rights)
{
	struct store_mailbox *mailbox;
	enum rc rc =
	    store_mailbox_open(&scene->world->guest, scene->world->bed.account,
		VIEW("Box"), rights, &scene->fault, &mailbox);
	if (rc == RC_OK)
		store_mailbox_close(&mailbox);
	return rc;
}

static enum rc verb_select(struct scene *scene)
{
	return open_for(scene, STORE_RIGHT_READ);
}

static enum rc verb_open_for_append(struct scene *scene)
{
	return open_for(scene, STORE_RIGHT_INSERT);
}

static enum rc verb_delete(struct scene *scene)
{
	return store_mailbox_delete(&scene->world->guest,
	    scene->world->bed.account, VIEW("Box"), &scene->fault);
}

static enum rc verb_rename(struct scene *scene)
{
	return store_mailbox_rename(&scene->world->guest,
	    scene->world->bed.account, VIEW("Box"), VIEW("Other/New"),
	    &scene->fault);
}

static enum rc append(struct scene *scene, uint32_t replaced)
{
	struct store_append append = {
	    .draft = bed_draft(&scene->world->bed, "Subject: new\r\n\r\n"),
	};
	struct store_appended appended;
	enum rc rc = replaced
			 ? store_replace(scene->box, replaced, scene->other,
			       &append, &scene->fault, &appended)
			 : store_append(scene->box, &append, 1, &scene->fault,
			       &appended);
	store_draft_free(&append.draft);
	return rc;
}

static enum rc verb_append(struct scene *scene)
{
	return append(scene, 0);
}

static enum rc verb_replace(struct scene *scene)
{
	return append(scene, 1);
}

static enum rc copy(struct scene *scene, bool move)
{
	struct store_copied copied;
	enum rc rc = store_copy(scene->box, &scene->one, scene->other, move,
	    &scene->fault, &copied);
	if (rc == RC_OK)
		store_copied_done(&copied);
	return rc;
}

static enum rc verb_copy(struct scene *scene)
{
	return copy(scene, false);
}

static enum rc verb_move(struct scene *scene)
{
	return copy(scene, true);
}

static enum rc verb_expunge(struct scene *scene)
{
	uint64_t modseq;
	return store_expunge(scene->box, NULL, &scene->fault, &modseq);
}

static enum rc verb_take_away(struct scene *scene)
{
	struct rangeset none;
	uint64_t modseq;
	rangeset_init(&none);
	return store_take_away(
	    scene->box, &scene->one, &none, &scene->fault, &modseq);
}

static enum rc flags(struct scene *scene, enum store_flags_operation operation,
    unsigned system, const char *keyword)
{
	struct view name = view_of_string(keyword);
	struct store_flags_change change = {
	    .operation = operation,
	    .flags = {.system = system,
		.keywords = &name,
		.keyword_count = name.len > 0},
	};
	uint64_t modseq;
	return store_flags_change(
	    scene->box, &scene->one, &change, &scene->fault, NULL, &modseq);
}

static enum rc verb_add_seen(struct scene *scene)
{
	return flags(scene, STORE_FLAGS_ADD, STORE_FLAG_SEEN, "");
}

static enum rc verb_add_deleted(struct scene *scene)
{
	return flags(scene, STORE_FLAGS_ADD, STORE_FLAG_DELETED, "");
}

static enum rc verb_add_flagged(struct scene *scene)
{
	return flags(scene, STORE_FLAGS_ADD, STORE_FLAG_FLAGGED, "");
}

static enum rc verb_remove_seen(struct scene *scene)
{
	return flags(scene, STORE_FLAGS_REMOVE, STORE_FLAG_SEEN, "");
}

static enum rc verb_set_keyword(struct scene *scene)
{
	return flags(scene, STORE_FLAGS_SET, 0, "$Work");
}

// Each function, and the rights that it needs to the mailbox that it works on
// and to the other one.
static const struct row {
	const char *name;
	verb *verb;
	unsigned box;
	unsigned other;
} rows[] = {
    {"LIST", verb_list, L, 0},
    {"STATUS", verb_status, R, 0},
    {"SELECT", verb_select, R, 0},
    {"APPEND begins", verb_open_for_append, I, 0},
    {"APPEND", verb_append, I, 0},
    {"DELETE", verb_delete, X, 0},
    {"RENAME", verb_rename, X, K},
    {"COPY", verb_copy, R, I},
    {"MOVE", verb_move, R | T | E, I},
    {"REPLACE", verb_replace, T | E, I},
    {"EXPUNGE", verb_expunge, E, 0},
    {"QUIT of POP3", verb_take_away, R | T | E, 0},
    {"STORE +\\Seen", verb_add_seen, S, 0},
    {"STORE -\\Seen", verb_remove_seen, S, 0},
    {"STORE +\\Deleted", verb_add_deleted, T, 0},
    {"STORE +\\Flagged", verb_add_flagged, W, 0},
    {"STORE keyword", verb_set_keyword, W, 0},
};

// What the function returns to somebody with these rights. The mailboxes were
// opened when the guest had more rights.
static enum rc try(const struct row *row, unsigned box, unsigned other,
    char text[FAULT_TEXT_MAX])
{
	struct world world;
	struct scene scene = {.world = &world};
	world_open(&world);
	share(&world, "Box", STORE_RIGHTS_ALL);
	share(&world, "Other", STORE_RIGHTS_ALL);
	scene.box = open_as(&world, &world.guest, "Box");
	scene.other = open_as(&world, &world.guest, "Other");
	bed_append(&world.bed, scene.box, "A: b\r\n\r\n",
	    (struct store_flags){.system = STORE_FLAG_DELETED});
	rangeset_init(&scene.one);
	rangeset_add(&scene.one, 1, 1);
	arena_init(&scene.arena);
	share(&world, "Box", box);
	share(&world, "Other", other);
	uint64_t before = version(&world);
	enum rc rc = row->verb(&scene);
	if (rc != RC_OK)
		assert_int_equal(version(&world), before);
	snprintf(
	    text, FAULT_TEXT_MAX, "%s", rc == RC_OK ? "" : scene.fault.text);
	store_mailbox_close(&scene.box);
	store_mailbox_close(&scene.other);
	rangeset_done(&scene.one);
	arena_done(&scene.arena);
	bed_check(&world.bed, false, 0);
	bed_close(&world.bed);
	return rc;
}

static void expect(const struct row *row, unsigned box, unsigned other,
    enum rc expected, const char *expected_text)
{
	char text[FAULT_TEXT_MAX];
	enum rc rc = try(row, box, other, text);
	if (rc != expected ||
	    (expected_text && strcmp(text, expected_text) != 0))
		fail_msg("%s with 0x%x and 0x%x: %s \"%s\"", row->name, box,
		    other, rc_name(rc), text);
}

#define NO_MAILBOX "there is no mailbox of that name"

static void each_verb_needs_its_rights_and_no_more(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		expect(row, row->box, row->other, RC_OK, NULL);
		expect(row, 0, STORE_RIGHTS_ALL, RC_NOT_FOUND, NO_MAILBOX);
		for (unsigned right = 1; right <= STORE_RIGHTS_ALL;
		     right <<= 1) {
			// All rights but one.
			unsigned most = STORE_RIGHTS_ALL & ~right;
			if (!(row->box & right))
				expect(
				    row, most, STORE_RIGHTS_ALL, RC_OK, NULL);
			else if (right == L)
				expect(row, most, STORE_RIGHTS_ALL,
				    RC_NOT_FOUND, NO_MAILBOX);
			else
				expect(row, most, STORE_RIGHTS_ALL, RC_DENIED,
				    NULL);
			// The answer is as if the mailbox did not exist.
			if (row->box & right)
				expect(row, most & ~(unsigned)L,
				    STORE_RIGHTS_ALL, RC_NOT_FOUND, NO_MAILBOX);
			if (row->other & right)
				expect(row, STORE_RIGHTS_ALL, most, RC_DENIED,
				    NULL);
		}
	}
}

// ---- Flags -----------------------------------------------------------------

static void expect_flags(
    struct world *world, const char *name, uint32_t uid, const char *expected)
{
	struct store_mailbox *mailbox = open_as(world, &world->bed.asker, name);
	struct store_snapshot *snapshot = store_mailbox_snapshot(mailbox);
	struct store_message message;
	uint32_t index;
	char text[8];
	assert_int_equal(store_snapshot_find(snapshot, uid, &index), RC_OK);
	store_snapshot_get(snapshot, index, &message);
	snprintf(text, sizeof(text), "%s%s%s%s",
	    message.flags & STORE_FLAG_SEEN ? "s" : "",
	    message.flags & STORE_FLAG_DELETED ? "d" : "",
	    message.flags & STORE_FLAG_FLAGGED ? "f" : "",
	    message.has_keywords ? "k" : "");
	assert_string_equal(text, expected);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&mailbox);
}

// RFC 4314 section 4: flags that the asker may not set are left out.
static void flags_without_a_right_are_left_out(void **state)
{
	(void)state;
	static const struct {
		unsigned rights;
		const char *brought; // flags after APPEND, COPY and MOVE
		enum rc rc;          // of a STORE of all flags
		// Flags after it, where \Seen and $Had were set before.
		const char *set;
		const char *added;
	} table[] = {
	    {R | I, "", RC_DENIED, "sk", "sk"},
	    {R | I | S, "s", RC_OK, "sk", "sk"},
	    {R | I | T, "d", RC_OK, "sdk", "sdk"},
	    {R | I | W, "fk", RC_OK, "sfk", "sfk"},
	    {R | I | S | T, "sd", RC_OK, "sdk", "sdk"},
	    {R | I | S | T | W, "sdfk", RC_OK, "sdfk", "sdfk"},
	};
	const struct view work = VIEW("$Work");
	const struct view had = VIEW("$Had");
	const struct store_flags all = {
	    .system = STORE_FLAG_SEEN | STORE_FLAG_DELETED | STORE_FLAG_FLAGGED,
	    .keywords = &work,
	    .keyword_count = 1,
	};
	const struct store_flags before = {
	    .system = STORE_FLAG_SEEN, .keywords = &had, .keyword_count = 1};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		struct rangeset uids;
		struct store_copied copied;
		struct fault fault;
		uint64_t modseq;
		world_open(&world);
		share(&world, "From", STORE_RIGHTS_ALL);
		share(&world, "Box", STORE_RIGHTS_ALL);
		struct store_mailbox *from =
		    open_as(&world, &world.guest, "From");
		struct store_mailbox *box =
		    open_as(&world, &world.guest, "Box");
		bed_append(&world.bed, from, "A: b\r\n\r\n", all);
		bed_append(&world.bed, box, "A: b\r\n\r\n", before);
		bed_append(&world.bed, box, "A: b\r\n\r\n", before);
		share(&world, "Box", L | table[i].rights);
		bed_append(&world.bed, box, "A: b\r\n\r\n", all);
		expect_flags(&world, "Box", 3, table[i].brought);
		rangeset_init(&uids);
		rangeset_add(&uids, 1, 1);
		for (int move = 0; move < 2; move++) {
			assert_int_equal(
			    store_copy(from, &uids, box, move, &fault, &copied),
			    RC_OK);
			expect_flags(&world, "Box",
			    copied.copies.ranges[0].first, table[i].brought);
			store_copied_done(&copied);
		}
		struct store_flags_change change = {
		    .operation = STORE_FLAGS_SET, .flags = all};
		assert_int_equal(store_flags_change(box, &uids, &change, &fault,
				     NULL, &modseq),
		    table[i].rc);
		expect_flags(&world, "Box", 1, table[i].set);
		rangeset_reset(&uids);
		rangeset_add(&uids, 2, 2);
		change.operation = STORE_FLAGS_ADD;
		assert_int_equal(store_flags_change(box, &uids, &change, &fault,
				     NULL, &modseq),
		    table[i].rc);
		expect_flags(&world, "Box", 2, table[i].added);
		rangeset_done(&uids);
		store_mailbox_close(&from);
		store_mailbox_close(&box);
		bed_check(&world.bed, false, 0);
		bed_close(&world.bed);
	}
}

// Setting an empty list of flags removes all flags that the asker may change.
static void setting_no_flags_takes_away_what_may_be(void **state)
{
	(void)state;
	static const struct {
		unsigned rights;
		enum rc rc;
		const char *left;
	} table[] = {
	    {R, RC_DENIED, "sdf"},
	    {R | S, RC_OK, "df"},
	    {R | T, RC_OK, "sf"},
	    {R | W, RC_OK, "sd"},
	    {R | S | T | W, RC_OK, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		struct scene scene = {.world = &world};
		world_open(&world);
		share(&world, "Box", STORE_RIGHTS_ALL);
		scene.box = open_as(&world, &world.guest, "Box");
		bed_append(&world.bed, scene.box, "A: b\r\n\r\n",
		    (struct store_flags){.system = STORE_FLAG_SEEN |
						   STORE_FLAG_DELETED |
						   STORE_FLAG_FLAGGED});
		share(&world, "Box", L | table[i].rights);
		rangeset_init(&scene.one);
		rangeset_add(&scene.one, 1, 1);
		assert_int_equal(
		    flags(&scene, STORE_FLAGS_SET, 0, ""), table[i].rc);
		expect_flags(&world, "Box", 1, table[i].left);
		rangeset_done(&scene.one);
		store_mailbox_close(&scene.box);
		bed_close(&world.bed);
	}
}

// ---- Seeing ----------------------------------------------------------------

static void expect_walk(
    struct world *world, const struct store_asker *asker, const char *expected)
{
	struct bed *bed = &world->bed;
	struct store_mailbox_info info = {.name = VIEW("")};
	struct buf text;
	buf_init(&text, 1000);
	while (store_mailbox_next(
		   asker, bed->account, info.name, &bed->arena, &info) == RC_OK)
		buf_printf(&text, "%.*s%s ", (int)info.name.len, info.name.ptr,
		    info.has_children ? "+" : "");
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
}

static void only_what_may_be_looked_up_is_seen(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	struct bed *bed = &world.bed;
	struct store_asker nobody = {0};
	struct store_asker stranger = store_user(3000);
	struct store_mailbox_info info;
	struct view name;
	share(&world, "A", R); // without "l"
	share(&world, "A/1", L);
	share(&world, "A/1/x", 0);
	share(&world, "A/2", 0);
	share(&world, "A/3", L | R);
	share(&world, "B", L);
	share(&world, "B/1", 0);
	expect_walk(&world, &world.guest, "A/1 A/3 B ");
	expect_walk(&world, &stranger, "");
	expect_walk(&world, &nobody, "");
	expect_walk(&world, &store_system,
	    "A+ A/1+ A/1/x A/2 A/3 Archive B+ B/1 Drafts INBOX Junk Sent "
	    "Trash ");
	expect_walk(&world, &bed->asker,
	    "A+ A/1+ A/1/x A/2 A/3 Archive B+ B/1 Drafts INBOX Junk Sent "
	    "Trash ");
	assert_int_equal(store_mailbox_next_sibling(&world.guest, bed->account,
			     VIEW("A/1"), &bed->arena, &info),
	    RC_OK);
	assert_view_equal(info.name, VIEW("A/3"));
	assert_int_equal(info.rights, L | R);
	assert_false(info.subscribed);
	// Only the owner has subscriptions.
	assert_int_equal(store_subscription_next(&world.guest, bed->account,
			     VIEW(""), &bed->arena, &name),
	    RC_END);
	assert_int_equal(store_subscribe(&world.guest, bed->account,
			     VIEW("A/1"), true, &bed->fault),
	    RC_DENIED);
	bed_close(bed);
}

static void nobody_asks_about_the_owner_or_the_system(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	const struct store_asker *const askers[] = {
	    &world.bed.asker, &store_system};
	for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
		struct store_mailbox *inbox =
		    open_as(&world, askers[i], "INBOX");
		assert_int_equal(store_mailbox_rights(inbox), STORE_RIGHTS_ALL);
		bed_append(&world.bed, inbox, "A: b\r\n\r\n",
		    (struct store_flags){.system = STORE_FLAG_DELETED});
		uint64_t modseq;
		assert_int_equal(
		    store_expunge(inbox, NULL, &world.bed.fault, &modseq),
		    RC_OK);
		expect_walk(
		    &world, askers[i], "Archive Drafts INBOX Junk Sent Trash ");
		store_mailbox_close(&inbox);
	}
	assert_int_equal(world.calls, 0);
	bed_close(&world.bed);
}

static void without_sharing_others_have_no_rights(void **state)
{
	(void)state;
	struct bed bed;
	struct store_mailbox *mailbox;
	struct store_asker others[] = {{0}, store_user(GUEST)};
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		assert_int_equal(
		    store_mailbox_open(&others[i], bed.account, VIEW("INBOX"),
			STORE_RIGHT_READ, &bed.fault, &mailbox),
		    RC_NOT_FOUND);
		assert_string_equal(bed.fault.text, NO_MAILBOX);
		// Not even if no right is asked for.
		assert_int_equal(store_mailbox_open(&others[i], bed.account,
				     VIEW("INBOX"), 0, &bed.fault, &mailbox),
		    RC_NOT_FOUND);
		assert_int_equal(store_mailbox_delete(&others[i], bed.account,
				     VIEW("INBOX"), &bed.fault),
		    RC_NOT_FOUND);
	}
	bed_close(&bed);
}

// ---- Creating and renaming -------------------------------------------------

#define NO_CREATE "you have no right to create a mailbox there"

static void creating_needs_the_nearest_parent(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum rc rc;
	} table[] = {
	    {"Mine/New", RC_OK},
	    {"Mine/a/b/c", RC_OK}, // parents are made, too
	    {"Mine/Hidden", RC_EXISTS},
	    {"New", RC_DENIED}, // only the owner may, at the top
	    {"Other/New", RC_DENIED},
	    {"Other", RC_DENIED}, // not RC_EXISTS
	    {"Other/There", RC_DENIED},
	    {"Secret/New", RC_DENIED}, // must not be looked up
	    {"None/New", RC_DENIED},   // does not exist: the same answer
	    {"Mine/Hidden/New", RC_DENIED},
	    {"INBOX/New", RC_DENIED},
	    {"Mine//x", RC_INVALID},
	};
	struct world world;
	world_open(&world);
	struct bed *bed = &world.bed;
	share(&world, "Mine", L | K);
	share(&world, "Mine/Hidden", 0);
	share(&world, "Other", STORE_RIGHTS_ALL & ~(unsigned)K);
	share(&world, "Other/There", L);
	share(&world, "Secret", 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		uint64_t id;
		enum rc rc = store_mailbox_create(&world.guest, bed->account,
		    view_of_string(table[i].name), 0, &bed->fault, &id);
		if (rc != table[i].rc ||
		    (rc == RC_DENIED &&
			strcmp(bed->fault.text, NO_CREATE) != 0))
			fail_msg("%s: %s \"%s\"", table[i].name, rc_name(rc),
			    bed->fault.text);
	}
	bed_check(bed, false, 0);
	bed_close(bed);
}

static void renaming_needs_both_ends(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		enum rc rc;
	} table[] = {
	    {"None", "Mine/x", RC_NOT_FOUND},
	    {"Secret", "Mine/x", RC_NOT_FOUND},
	    {"Secret", "Mine/Box", RC_NOT_FOUND}, // whether it exists or not
	    {"Seen", "Mine/x", RC_DENIED},
	    {"Mine/Box", "x", RC_DENIED},
	    {"Mine/Box", "Secret/x", RC_DENIED},
	    {"Mine/Box", "Seen", RC_DENIED}, // not RC_EXISTS
	    {"Mine/Box", "Mine/Other", RC_OK},
	};
	struct world world;
	world_open(&world);
	struct bed *bed = &world.bed;
	share(&world, "Mine", L | K);
	share(&world, "Mine/Box", L | X);
	share(&world, "Secret", 0);
	share(&world, "Seen", STORE_RIGHTS_ALL & ~(unsigned)X);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		enum rc rc = store_mailbox_rename(&world.guest, bed->account,
		    view_of_string(table[i].from), view_of_string(table[i].to),
		    &bed->fault);
		if (rc != table[i].rc)
			fail_msg("%s to %s: %s \"%s\"", table[i].from,
			    table[i].to, rc_name(rc), bed->fault.text);
	}
	bed_close(bed);
}

// Mailboxes below a name that is not a mailbox.
static void renaming_a_level_needs_all_below(void **state)
{
	(void)state;
	static const struct {
		unsigned first, second;
		enum rc rc;
	} table[] = {
	    {0, 0, RC_NOT_FOUND},
	    {X, 0, RC_NOT_FOUND},
	    {L | X, 0, RC_DENIED},
	    {L | X, L, RC_DENIED},
	    {L | X, X, RC_OK},
	    {L | X, L | X, RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct world world;
		world_open(&world);
		struct bed *bed = &world.bed;
		share(&world, "Mine", L | K);
		share(&world, "Level/1", table[i].first);
		share(&world, "Level/2", table[i].second);
		assert_int_equal(store_mailbox_delete(&bed->asker, bed->account,
				     VIEW("Level"), &bed->fault),
		    RC_OK);
		enum rc rc = store_mailbox_rename(&world.guest, bed->account,
		    VIEW("Level"), VIEW("Mine/Level"), &bed->fault);
		assert_int_equal(rc, table[i].rc);
		bed_check(bed, false, 0);
		bed_close(bed);
	}
}

// Nobody has rights to a deleted mailbox any more; sessions that have it open
// are told that it is gone.
static void what_is_gone_is_gone_for_all(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	share(&world, "Box", STORE_RIGHTS_ALL);
	struct store_mailbox *box = open_as(&world, &world.guest, "Box");
	assert_int_equal(store_mailbox_delete(&world.bed.asker,
			     world.bed.account, VIEW("Box"), &world.bed.fault),
	    RC_OK);
	world.shared[0].rights = 0;
	uint64_t modseq;
	assert_int_equal(
	    store_expunge(box, NULL, &world.bed.fault, &modseq), RC_GONE);
	store_mailbox_close(&box);
	bed_close(&world.bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_verb_needs_its_rights_and_no_more),
	    cmocka_unit_test(flags_without_a_right_are_left_out),
	    cmocka_unit_test(setting_no_flags_takes_away_what_may_be),
	    cmocka_unit_test(only_what_may_be_looked_up_is_seen),
	    cmocka_unit_test(nobody_asks_about_the_owner_or_the_system),
	    cmocka_unit_test(without_sharing_others_have_no_rights),
	    cmocka_unit_test(creating_needs_the_nearest_parent),
	    cmocka_unit_test(renaming_needs_both_ends),
	    cmocka_unit_test(renaming_a_level_needs_all_below),
	    cmocka_unit_test(what_is_gone_is_gone_for_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
