// SPDX-License-Identifier: Apache-2.0
// Mailboxes: names, order, creation, deletion, renaming, subscriptions,
// watching, ids and threads, and damage that the check finds.
#include "base/bytes.h"
#include "base/test.h"
#include "store/record.h"
#include "store/store_test_tools.h"

static const char mail[] = "Subject: x\r\n\r\nbody\r\n";

// All names in order, "*" before those that are not subscribed, joined by
// spaces.
static void expect_names(struct bed *bed, const char *expected)
{
	struct buf text;
	struct view after = view_of(NULL, 0);
	struct store_mailbox_info info;
	buf_init(&text, 10000);
	while (store_mailbox_next(&bed->asker, bed->account, after, &bed->arena,
		   &info) == RC_OK) {
		if (text.len)
			buf_add_char(&text, ' ');
		if (!info.subscribed)
			buf_add_char(&text, '*');
		buf_add(&text, info.name);
		if (info.has_children)
			buf_add_char(&text, '+');
		after = info.name;
	}
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
}

static enum rc create(struct bed *bed, const char *name)
{
	uint64_t id;
	return store_mailbox_create(&bed->asker, bed->account,
	    view_of_string(name), 0, &bed->fault, &id);
}

static enum rc delete (struct bed *bed, const char *name) {
	return store_mailbox_delete(
	    &bed->asker, bed->account, view_of_string(name), &bed->fault);
}

static enum rc rename_to(struct bed *bed, const char *from, const char *to)
{
	return store_mailbox_rename(&bed->asker, bed->account,
	    view_of_string(from), view_of_string(to), &bed->fault);
}

static void a_new_account_has_the_usual_mailboxes(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		unsigned use;
	} rows[] = {
	    {"inbox", 0},
	    {"Archive", STORE_USE_ARCHIVE},
	    {"Drafts", STORE_USE_DRAFTS},
	    {"Junk", STORE_USE_JUNK},
	    {"Sent", STORE_USE_SENT},
	    {"Trash", STORE_USE_TRASH},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_mailbox_info info;
		assert_int_equal(
		    store_mailbox_find(&bed.asker, bed.account,
			view_of_string(rows[i].name), STORE_RIGHT_LOOKUP,
			&bed.arena, NULL, &info),
		    RC_OK);
		assert_int_equal(info.special_use, rows[i].use);
		assert_true(info.subscribed);
		assert_int_equal(info.uidnext, 1);
	}
	expect_names(&bed, "Archive Drafts INBOX Junk Sent Trash");
	assert_int_equal(
	    store_account_create(bed.store, 1000, &bed.fault), RC_EXISTS);
	bed_close(&bed);
}

static void names_are_checked(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum rc rc;
	} rows[] = {
	    {"", RC_INVALID},
	    {"/a", RC_INVALID},
	    {"a/", RC_INVALID},
	    {"a//b", RC_INVALID},
	    {"a\x01", RC_INVALID},
	    {"a\xc2\x85", RC_INVALID},     // NEL
	    {"a\xe2\x80\xa8", RC_INVALID}, // line separator
	    {"a\xff", RC_INVALID},
	    {"a\xc0\xaf", RC_INVALID}, // an overlong '/'
	    {"INBOX", RC_EXISTS},
	    {"inBox", RC_EXISTS},
	    {"\xef\xbb\xbf"
	     "a",
		RC_INVALID},                   // byte order mark
	    {"a\xef\xbb\xbf", RC_INVALID},     // anywhere in the name
	    {"a\xef\xbf\xbe", RC_INVALID},     // U+FFFE
	    {"a\xef\xbf\xbf", RC_INVALID},     // U+FFFF
	    {"a\xef\xb7\x90", RC_INVALID},     // U+FDD0
	    {"a\xf4\x8f\xbf\xbf", RC_INVALID}, // U+10FFFF
	    {"a\xef\xbf\xbd", RC_OK},          // U+FFFD
	    {"a\xee\x80\x80", RC_OK},          // private use
	    {"u\xcc\x88/o", RC_OK},
	    {"\xc3\xbc/o", RC_EXISTS},
	    {"\xc3\xbc", RC_EXISTS}, // the same name as the parent
	    {"\xe2\x84\xaa", RC_OK}, // the Kelvin sign
	    {"K", RC_EXISTS},
	    {"Входящие/日本語/📬", RC_OK},
	    {"inbox/sub", RC_OK},
	    {"with space & ampersand", RC_OK},
	    {"InboxNot", RC_OK},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(create(&bed, rows[i].name), rows[i].rc);
	char deep[2 * 1000 + 1];
	for (int i = 0; i < 1000; i++)
		memcpy(deep + 2 * i, "a/", 3);
	deep[2 * 1000 - 1] = '\0';
	assert_int_equal(create(&bed, deep), RC_LIMIT);
	deep[2 * STORE_LEVELS_MAX - 1] = '\0';
	assert_int_equal(create(&bed, deep), RC_OK);
	bed_close(&bed);
}

// RFC 9051 section 5.1: if one command accepts a name in another spelling,
// every command does.
static void a_mailbox_is_found_in_every_spelling(void **state)
{
	(void)state;
	static const struct {
		const char *stored;
		const char *said;
	} rows[] = {
	    {"\xc3\xbc", "u\xcc\x88"},
	    {"\xc3\xbc/\xe1\xba\xa1\xcc\x81", "u\xcc\x88/a\xcc\x81\xcc\xa3"},
	    {"\xed\x95\x9c", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab"},
	    {"INBOX/\xc3\xa5", "inbox/a\xcc\x8a"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view stored = view_of_string(rows[i].stored);
		struct view said = view_of_string(rows[i].said);
		char room[STORE_NAME_MAX];
		struct bed bed;
		struct store_mailbox_info info;
		bed_open(&bed, (struct store_options){0});
		assert_view_equal_row(
		    i, store_name_canonical(said, room), stored);
		assert_int_equal(create(&bed, rows[i].said), RC_OK);
		assert_int_equal(create(&bed, rows[i].stored), RC_EXISTS);
		bed_reopen(&bed, (struct store_options){0});
		assert_int_equal(
		    store_mailbox_find(&bed.asker, bed.account, said,
			STORE_RIGHT_LOOKUP, &bed.arena, NULL, &info),
		    RC_OK);
		assert_view_equal_row(i, info.name, stored);
		assert_int_equal(store_subscribe(&bed.asker, bed.account, said,
				     true, &bed.fault),
		    RC_OK);
		assert_int_equal(
		    store_mailbox_find(&bed.asker, bed.account, stored,
			STORE_RIGHT_LOOKUP, &bed.arena, NULL, &info),
		    RC_OK);
		assert_true(info.subscribed);
		assert_int_equal(store_mailbox_rename(&bed.asker, bed.account,
				     said, VIEW("elsewhere"), &bed.fault),
		    RC_OK);
		assert_int_equal(store_mailbox_rename(&bed.asker, bed.account,
				     VIEW("elsewhere"), said, &bed.fault),
		    RC_OK);
		bed_check(&bed, false, 0);
		assert_int_equal(store_mailbox_delete(
				     &bed.asker, bed.account, said, &bed.fault),
		    RC_OK);
		assert_int_equal(
		    store_mailbox_find(&bed.asker, bed.account, stored,
			STORE_RIGHT_LOOKUP, &bed.arena, NULL, &info),
		    RC_NOT_FOUND);
		bed_close(&bed);
	}
}

// The canonical spelling of a name may be shorter or longer: its length counts.
static void the_length_is_that_of_the_one_spelling(void **state)
{
	(void)state;
	struct bed bed;
	struct buf name;
	bed_open(&bed, (struct store_options){0});
	buf_init(&name, 100000);
	for (int i = 0; i < STORE_NAME_MAX / 2; i++)
		buf_add_literal(&name, "u\xcc\x88");
	buf_add_char(&name, '\0');
	assert_int_equal(create(&bed, name.ptr), RC_OK);
	buf_truncate(&name, name.len - 1);
	buf_add_literal(&name, "u\xcc\x88\0");
	assert_int_equal(create(&bed, name.ptr), RC_LIMIT);
	buf_reset(&name);
	for (int i = 0; i < STORE_NAME_MAX / 3; i++)
		buf_add_literal(&name, "\xe0\xa5\x98");
	buf_add_char(&name, '\0');
	assert_int_equal(create(&bed, name.ptr), RC_LIMIT);
	buf_done(&name);
	bed_close(&bed);
}

static void children_follow_their_parent(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(create(&bed, "a/b/c"), RC_OK);
	assert_int_equal(create(&bed, "a!"), RC_OK);
	assert_int_equal(create(&bed, "a/b!"), RC_OK);
	assert_int_equal(create(&bed, "A"), RC_OK);
	expect_names(&bed, "*A Archive Drafts INBOX Junk Sent Trash *a+ "
			   "*a/b+ *a/b/c *a/b! *a!");
	struct store_mailbox_info info;
	assert_int_equal(store_mailbox_next_sibling(&bed.asker, bed.account,
			     VIEW("a"), &bed.arena, &info),
	    RC_OK);
	assert_view_equal(info.name, VIEW("a!"));
	bed_reopen(&bed, (struct store_options){0});
	expect_names(&bed, "*A Archive Drafts INBOX Junk Sent Trash *a+ "
			   "*a/b+ *a/b/c *a/b! *a!");
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static uint64_t id_of(struct bed *bed, const char *name)
{
	struct store_mailbox_info info;
	assert_int_equal(
	    store_mailbox_find(&bed->asker, bed->account, view_of_string(name),
		STORE_RIGHT_LOOKUP, &bed->arena, &bed->fault, &info),
	    RC_OK);
	return info.mailbox_id;
}

static void destroying_by_id_spares_children_and_messages(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(create(&bed, "a/b"), RC_OK);
	struct store_mailbox *b = bed_mailbox(&bed, "a/b");
	bed_append(&bed, b, mail, (struct store_flags){0});
	store_mailbox_close(&b);
	struct {
		const char *name;
		bool with_messages;
		enum rc rc;
	} steps[] = {
	    {"INBOX", true, RC_DENIED},
	    {"a", true, RC_IN_USE},
	    {"a/b", false, RC_IN_USE},
	    {"a/b", true, RC_OK},
	    {"a", false, RC_OK},
	};
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		assert_int_equal(store_mailbox_destroy(&bed.asker, bed.account,
				     id_of(&bed, steps[i].name),
				     steps[i].with_messages, &bed.fault),
		    steps[i].rc);
	assert_int_equal(store_mailbox_destroy(
			     &bed.asker, bed.account, 999, true, &bed.fault),
	    RC_NOT_FOUND);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void special_uses_are_set(void **state)
{
	(void)state;
	struct bed bed;
	struct store_mailbox_info info;
	bed_open(&bed, (struct store_options){0});
	uint64_t sent = id_of(&bed, "Sent");
	assert_int_equal(store_mailbox_set_use(&bed.asker, bed.account, sent,
			     STORE_USE_TRASH, &bed.fault),
	    RC_EXISTS);
	assert_int_equal(store_mailbox_set_use(&bed.asker, bed.account, sent,
			     STORE_USE_ALL, &bed.fault),
	    RC_OK);
	assert_int_equal(
	    store_mailbox_set_use(&bed.asker, bed.account, 999, 0, &bed.fault),
	    RC_NOT_FOUND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    store_mailbox_find(&bed.asker, bed.account, VIEW("Sent"),
			STORE_RIGHT_LOOKUP, &bed.arena, &bed.fault, &info),
		    RC_OK);
		assert_int_equal(info.special_use, STORE_USE_ALL);
		bed_reopen(&bed, (struct store_options){0});
	}
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void deleting_leaves_children_and_ends_open_handles(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(create(&bed, "a/b"), RC_OK);
	struct store_mailbox *a = bed_mailbox(&bed, "a");
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(&bed, a, mail, (struct store_flags){0});
	struct rangeset one;
	rangeset_init(&one);
	rangeset_add(&one, 1, 1);
	struct store_copied copied;
	assert_int_equal(
	    store_copy(a, &one, inbox, false, &bed.fault, &copied), RC_OK);
	store_copied_done(&copied);
	struct store_snapshot *snapshot = store_mailbox_snapshot(a);
	assert_int_equal(delete (&bed, "a"), RC_OK);
	assert_int_equal(delete (&bed, "a"), RC_NOT_FOUND);
	assert_int_equal(delete (&bed, "inbox"), RC_DENIED);
	expect_names(&bed, "Archive Drafts INBOX Junk Sent Trash *a/b");
	assert_true(store_mailbox_gone(a));
	assert_int_equal(store_snapshot_count(snapshot), 1);
	uint64_t modseq;
	assert_int_equal(store_expunge(a, NULL, &bed.fault, &modseq), RC_GONE);
	assert_int_equal(store_account_usage(bed.account).messages, 1);
	// The copy still has its bytes, and nothing else is left.
	bed_check(&bed, false, 0);
	assert_int_equal(create(&bed, "a"), RC_OK);
	struct store_mailbox *again = bed_mailbox(&bed, "a");
	struct store_snapshot *fresh = store_mailbox_snapshot(again);
	assert_true(store_snapshot_uidvalidity(fresh) >
		    store_snapshot_uidvalidity(snapshot));
	assert_int_equal(store_snapshot_count(fresh), 0);
	store_snapshot_unref(&fresh);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&again);
	store_mailbox_close(&a);
	store_mailbox_close(&inbox);
	rangeset_done(&one);
	bed_close(&bed);
}

static void renaming_takes_children_along_but_not_subscriptions(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(create(&bed, "a/b"), RC_OK);
	assert_int_equal(create(&bed, "a!"), RC_OK);
	assert_int_equal(store_subscribe(&bed.asker, bed.account, VIEW("a/b"),
			     true, &bed.fault),
	    RC_OK);
	struct store_mailbox *b = bed_mailbox(&bed, "a/b");
	uint64_t id = store_mailbox_id(b);
	assert_int_equal(rename_to(&bed, "a", "new/x"), RC_OK);
	expect_names(&bed, "Archive Drafts INBOX Junk Sent Trash *a! *new+ "
			   "*new/x+ *new/x/b");
	struct store_mailbox *renamed = bed_mailbox(&bed, "new/x/b");
	assert_int_equal(store_mailbox_id(renamed), id);
	store_mailbox_close(&renamed);
	assert_int_equal(rename_to(&bed, "a", "b"), RC_NOT_FOUND);
	assert_int_equal(rename_to(&bed, "new", "Sent"), RC_EXISTS);
	assert_int_equal(rename_to(&bed, "new", "new/y"), RC_INVALID);
	assert_int_equal(rename_to(&bed, "new", "y//z"), RC_INVALID);
	store_mailbox_close(&b);
	bed_reopen(&bed, (struct store_options){0});
	b = bed_mailbox(&bed, "new/x/b");
	assert_int_equal(store_mailbox_id(b), id);
	struct view name;
	assert_int_equal(store_subscription_next(&bed.asker, bed.account,
			     VIEW("Trash"), &bed.arena, &name),
	    RC_OK);
	assert_view_equal(name, VIEW("a/b"));
	store_mailbox_close(&b);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void renaming_inbox_moves_its_messages(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(create(&bed, "INBOX/sub"), RC_OK);
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct view keyword = VIEW("work");
	bed_append(&bed, inbox, mail,
	    (struct store_flags){STORE_FLAG_SEEN, &keyword, 1});
	bed_append(&bed, inbox, mail, (struct store_flags){0});
	assert_int_equal(rename_to(&bed, "inbox", "old/mail"), RC_OK);
	expect_names(&bed, "Archive Drafts INBOX+ *INBOX/sub Junk Sent Trash "
			   "*old+ *old/mail");
	struct store_snapshot *left = store_mailbox_snapshot(inbox);
	assert_int_equal(store_snapshot_count(left), 0);
	assert_int_equal(store_snapshot_uidnext(left), 3);
	store_snapshot_unref(&left);
	store_mailbox_close(&inbox);
	bed_reopen(&bed, (struct store_options){0});
	struct store_mailbox *moved = bed_mailbox(&bed, "old/mail");
	struct store_snapshot *there = store_mailbox_snapshot(moved);
	assert_int_equal(store_snapshot_count(there), 2);
	struct store_message message;
	unsigned number;
	store_snapshot_get(there, 0, &message);
	assert_int_equal(message.flags, STORE_FLAG_SEEN);
	assert_int_equal(
	    store_snapshot_keyword_find(there, VIEW("WORK"), &number), RC_OK);
	assert_true(store_keyword_set_has(&message.keywords, number));
	store_snapshot_unref(&there);
	store_mailbox_close(&moved);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void count_call(void *context)
{
	++*(unsigned *)context;
}

static void watchers_hear_of_every_change(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *one = bed_mailbox(&bed, "Sent");
	struct store_mailbox *two = bed_mailbox(&bed, "Sent");
	struct store_mailbox *other = bed_mailbox(&bed, "Junk");
	unsigned heard = 0;
	unsigned other_heard = 0;
	store_mailbox_watch(one, count_call, &heard);
	store_mailbox_watch(other, count_call, &other_heard);
	bed_append(&bed, two, mail, (struct store_flags){0});
	assert_int_equal(heard, 1);
	uint64_t modseq;
	assert_int_equal(store_expunge(two, NULL, &bed.fault, &modseq), RC_OK);
	assert_int_equal(modseq, 0);
	assert_int_equal(heard, 1); // nothing was expunged
	assert_int_equal(delete (&bed, "Sent"), RC_OK);
	assert_int_equal(heard, 2);
	store_mailbox_watch(one, NULL, NULL);
	assert_int_equal(other_heard, 0);
	store_mailbox_close(&one);
	store_mailbox_close(&two);
	store_mailbox_close(&other);
	bed_close(&bed);
}

static void replies_join_the_thread_of_what_they_answer(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned same_as; // the row whose thread it joins
	} rows[] = {
	    {"Message-ID: <a@x>\r\n\r\n1", 0},
	    {"Message-ID: <b@x>\r\nReferences: <a@x>\r\n\r\n2", 0},
	    {"Message-ID: <c@x>\r\n\r\n3", 2},
	    {"Message-ID: <d@x>\r\nIn-Reply-To: <b@x>\r\n\r\n4", 0},
	    {"Message-ID: <f@x>\r\nReferences: <e@x>\r\n\r\n5", 4},
	    {"Message-ID: <e@x>\r\n\r\n6", 4}, // the parent comes later
	    {"Subject: no id at all\r\n\r\n7", 6},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		bed_append(&bed, inbox, rows[i].text, (struct store_flags){0});
	struct store_snapshot *snapshot = store_mailbox_snapshot(inbox);
	struct store_reader *reader = store_reader_new(bed.account);
	uint64_t threads[ARRAY_LEN(rows)];
	for (uint32_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct store_message message;
		struct message_record record;
		store_snapshot_get(snapshot, i, &message);
		assert_int_equal(store_reader_record(reader, message.email_id,
				     &record, &threads[i]),
		    RC_OK);
		assert_int_equal(threads[i], threads[rows[i].same_as]);
		for (uint32_t k = 0; k < i; k++)
			if (rows[k].same_as != rows[i].same_as)
				assert_int_not_equal(threads[i], threads[k]);
	}
	store_reader_free(&reader);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&inbox);
	bed_close(&bed);
}

// RFC 6851 section 4.1, RFC 8508 section 3.4.
static void full_account_can_move_and_replace(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){.quota_messages = 2,
			   .quota_bytes = 2 * (sizeof(mail) - 1)});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	struct store_mailbox *trash = bed_mailbox(&bed, "Trash");
	bed_append(&bed, inbox, mail, (struct store_flags){0});
	bed_append(&bed, inbox, mail, (struct store_flags){0});
	struct rangeset one;
	rangeset_init(&one);
	rangeset_add(&one, 1, 1);
	struct store_copied copied;
	assert_int_equal(
	    store_copy(inbox, &one, trash, false, &bed.fault, &copied),
	    RC_QUOTA);
	assert_int_equal(
	    store_copy(inbox, &one, trash, true, &bed.fault, &copied), RC_OK);
	assert_int_equal(copied.count, 1);
	store_copied_done(&copied);
	struct store_append append = {.draft = bed_draft(&bed, mail)};
	struct store_appended appended;
	assert_int_equal(
	    store_append(inbox, &append, 1, &bed.fault, &appended), RC_QUOTA);
	assert_int_equal(
	    store_replace(inbox, 2, trash, &append, &bed.fault, &appended),
	    RC_OK);
	store_draft_free(&append.draft);
	rangeset_done(&one);
	store_mailbox_close(&trash);
	store_mailbox_close(&inbox);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

static void keywords_and_quota_have_limits(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){.quota_messages = 2});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	bed_append(&bed, inbox, mail, (struct store_flags){0});
	struct rangeset one;
	rangeset_init(&one);
	rangeset_add(&one, 1, 1);
	uint64_t modseq;
	for (unsigned i = 0; i <= STORE_KEYWORDS_MAX; i++) {
		char name[20];
		snprintf(name, sizeof(name), "k%u", i);
		struct view keyword = view_of_string(name);
		struct store_flags_change change = {
		    .operation = STORE_FLAGS_ADD,
		    .flags = {0, &keyword, 1},
		};
		assert_int_equal(store_flags_change(inbox, &one, &change,
				     &bed.fault, NULL, &modseq),
		    i < STORE_KEYWORDS_MAX ? RC_OK : RC_LIMIT);
	}
	bed_append(&bed, inbox, mail, (struct store_flags){0});
	struct store_append append = {.draft = bed_draft(&bed, mail)};
	struct store_appended appended;
	assert_int_equal(
	    store_append(inbox, &append, 1, &bed.fault, &appended), RC_QUOTA);
	store_draft_free(&append.draft);
	store_mailbox_close(&inbox);
	bed_reopen(&bed, (struct store_options){0});
	inbox = bed_mailbox(&bed, "INBOX");
	struct store_snapshot *snapshot = store_mailbox_snapshot(inbox);
	struct store_message message;
	store_snapshot_get(snapshot, 0, &message);
	for (unsigned n = 0; n < STORE_KEYWORDS_MAX; n++)
		assert_true(store_keyword_set_has(&message.keywords, n));
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&inbox);
	rangeset_done(&one);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

// Sizes around the limits of what is kept in the index; each message is read
// back whole and in parts.
static void messages_of_every_size_read_back(void **state)
{
	(void)state;
	static const size_t sizes[] = {1, 100, 16383, 16384, 16385, 65535,
	    65536, 65537, 100000, 131072, 300007};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	char *text = mem_alloc(300007);
	for (size_t long_header = 0; long_header < 2; long_header++) {
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			size_t size = sizes[i];
			for (size_t k = 0; k < size; k++)
				text[k] = (char)('a' + k * 7 % 26);
			if (!long_header && size > 20)
				memcpy(text, "Subject: x\r\n\r\n", 14);
			struct store_append append = {
			    .draft = store_draft_new(bed.store)};
			for (size_t k = 0; k < size; k += 10007)
				assert_int_equal(
				    store_draft_add(append.draft,
					view_slice(
					    view_of(text, size), k, 10007)),
				    RC_OK);
			assert_int_equal(
			    store_draft_finish(append.draft), RC_OK);
			struct store_appended appended;
			assert_int_equal(store_append(inbox, &append, 1,
					     &bed.fault, &appended),
			    RC_OK);
			store_draft_free(&append.draft);
			struct store_reader *reader =
			    store_reader_new(bed.account);
			struct buf bytes;
			buf_init(&bytes, 400000);
			uint64_t id = appended.first_uid;
			assert_int_equal(
			    store_reader_bytes(reader, id, 0, SIZE_MAX, &bytes),
			    RC_OK);
			assert_view_equal_row(
			    i, buf_view(&bytes), view_of(text, size));
			buf_reset(&bytes);
			assert_int_equal(
			    store_reader_bytes(reader, id, size / 2, 9, &bytes),
			    RC_OK);
			assert_view_equal_row(i, buf_view(&bytes),
			    view_slice(view_of(text, size), size / 2, 9));
			struct view header;
			assert_int_equal(
			    store_reader_header(reader, id, &header), RC_OK);
			assert_int_equal(
			    header.len, !long_header && size > 20 ? 14 : size);
			buf_done(&bytes);
			store_reader_free(&reader);
		}
	}
	free(text);
	store_mailbox_close(&inbox);
	bed_check(&bed, false, 0);
	bed_close(&bed);
}

// Writes `value` under a key without the store knowing it.
static void damage(
    struct bed *bed, const struct record_key *key, const struct buf *value)
{
	struct engine_batch *batch = engine_batch_new(bed->engine);
	if (value)
		engine_batch_put(batch, record_key_view(key), buf_view(value));
	else
		engine_batch_delete(batch, record_key_view(key));
	commit_quietly(bed->engine, 1000, batch);
	engine_batch_free(&batch);
}

static void the_check_finds_damage_and_mends_counts(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct store_mailbox *inbox = bed_mailbox(&bed, "INBOX");
	uint64_t id = store_mailbox_id(inbox);
	for (int i = 0; i < 5; i++)
		bed_append(&bed, inbox, mail, (struct store_flags){0});
	store_mailbox_close(&inbox);
	bed_check(&bed, false, 0);

	struct buf value;
	buf_init(&value, 1000);
	struct record_state wrong = {.uidnext = 3, .messages = 77};
	record_state_put(&wrong, &value);
	struct record_key key = record_key_u64(RECORD_STATE, id);
	damage(&bed, &key, &value);
	bed_check(&bed, false, 1);
	bed_check(&bed, true, 1);
	bed_check(&bed, false, 0);

	key = record_key_location(2, id, 2);
	damage(&bed, &key, NULL);
	key = record_key_location(2, id, 9);
	buf_reset(&value);
	damage(&bed, &key, &value);
	bed_check(&bed, true, 2);
	bed_check(&bed, false, 0);

	key = record_key_u64(RECORD_HEAD, 3);
	damage(&bed, &key, NULL);
	bed_check(&bed, true, 1);
	bed_check(&bed, false, 1); // lost bytes cannot be mended

	buf_add_literal(&value, "not a chunk");
	key = record_key_chunk(id, 1);
	damage(&bed, &key, &value);
	bed_reopen(&bed, (struct store_options){0});
	assert_int_equal(
	    store_mailbox_open(&bed.asker, bed.account, VIEW("INBOX"),
		STORE_RIGHT_READ, &bed.fault, &inbox),
	    RC_CORRUPT);
	struct store_mailbox *sent = bed_mailbox(&bed, "Sent");
	store_mailbox_close(&sent); // the other mailboxes can be used
	buf_done(&value);
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_new_account_has_the_usual_mailboxes),
	    cmocka_unit_test(names_are_checked),
	    cmocka_unit_test(a_mailbox_is_found_in_every_spelling),
	    cmocka_unit_test(the_length_is_that_of_the_one_spelling),
	    cmocka_unit_test(children_follow_their_parent),
	    cmocka_unit_test(deleting_leaves_children_and_ends_open_handles),
	    cmocka_unit_test(destroying_by_id_spares_children_and_messages),
	    cmocka_unit_test(special_uses_are_set),
	    cmocka_unit_test(
		renaming_takes_children_along_but_not_subscriptions),
	    cmocka_unit_test(renaming_inbox_moves_its_messages),
	    cmocka_unit_test(watchers_hear_of_every_change),
	    cmocka_unit_test(replies_join_the_thread_of_what_they_answer),
	    cmocka_unit_test(full_account_can_move_and_replace),
	    cmocka_unit_test(keywords_and_quota_have_limits),
	    cmocka_unit_test(messages_of_every_size_read_back),
	    cmocka_unit_test(the_check_finds_damage_and_mends_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
