// SPDX-License-Identifier: Apache-2.0
// What import and export read and write: Maildir names, mbox, line ends.
#include "admin/line_end.h"
#include "admin/maildir_lists.h"
#include "admin/maildir_name.h"
#include "admin/mbox.h"
#include "base/test.h"
#include "store/snapshot.h"

static void expect(struct buf *got, const char *want)
{
	buf_add_char(got, '\0');
	assert_string_equal(got->ptr, want);
	buf_done(got);
}

// ---- Maildir ---------------------------------------------------------------

#define S STORE_FLAG_SEEN
#define R STORE_FLAG_ANSWERED
#define F STORE_FLAG_FLAGGED
#define T STORE_FLAG_DELETED
#define D STORE_FLAG_DRAFT

static const struct {
	const char *name;
	const char *unique;
	uint64_t seconds;
	unsigned flags;
	bool forwarded;
	uint32_t keywords;
} names[] = {
    {"1204680122.27c448.host:2,", "1204680122.27c448.host", 1204680122, 0,
	false, 0},
    {"1204680122.M1P2V3.host,S=12,W=14:2,DFPRSTabz",
	"1204680122.M1P2V3.host,S=12,W=14", 1204680122, D | F | R | S | T, true,
	1u | 2u | 1u << 25},
    {"1204680122.x", "1204680122.x", 1204680122, 0, false, 0},
    {"x;2,S", "x", 0, S, false, 0},
    {"x!2,F", "x", 0, F, false, 0},
    {"x:1,S", "x:1,S", 0, 0, false, 0},
    {"x:2,S:2,F", "x:2,S", 0, F, false, 0},
    {":2,S", "", 0, S, false, 0},
    {"", "", 0, 0, false, 0},
    {"99999999999999999999999.x:2,S", "99999999999999999999999.x", 0, S, false,
	0},
    {"x:2,?!9S", "x", 0, S, false, 0},
};

static void test_maildir_file_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct maildir_name got =
		    maildir_name_parse(view_of_string(names[i].name));
		assert_view_equal_row(
		    i, got.unique, view_of_string(names[i].unique));
		assert_int_equal(got.seconds, names[i].seconds);
		assert_int_equal(got.flags, names[i].flags);
		assert_int_equal(got.forwarded, names[i].forwarded);
		assert_int_equal(got.keywords, names[i].keywords);
	}
}

static void test_maildir_flags_are_written_in_order(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 100);
	maildir_name_add_flags(S | T | D | R | F, true, 1u | 1u << 25, &out);
	expect(&out, ":2,DFPRSTaz");
	buf_init(&out, 100);
	maildir_name_add_flags(0, false, 0, &out);
	expect(&out, ":2,");
}

static const struct {
	const char *folder;
	char separator;
	const char *mailbox;
} folders[] = {
    {"Work", '.', "Work"},
    {"Work.2025.Q1", '.', "Work/2025/Q1"},
    {"Entw&APw-rfe", '.', "Entwürfe"},
    {"Entwürfe", '.', "Entwürfe"},
    {"Caf\xe9", '.', "Caf_"},
    {"A & B", '.', "A & B"},
    {"A &- B", '.', "A & B"},
    {"v1&AC4-2", '.', "v1.2"},
    {"a/b", '\t', "a_b"},
    {"a\tb.c", '\t', "a/b.c"},
    {"x\x01y", '.', "x_y"},
    {"", '.', ""},
};

static void test_maildir_folder_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct buf out;
		buf_init(&out, 1000);
		maildir_path_decode(view_of_string(folders[i].folder),
		    folders[i].separator, &out);
		expect(&out, folders[i].mailbox);
	}
}

static void test_exported_levels_come_back(void **state)
{
	(void)state;
	static const char *const levels[] = {"Work", "Entwürfe", "a.b", "..",
	    "R&D", "日本語.メール", "&AC4-", "🚂", "-", "a b"};
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		struct buf folder, back;
		buf_init(&folder, 1000);
		buf_init(&back, 1000);
		assert_int_equal(
		    maildir_level_encode(view_of_string(levels[i]), &folder),
		    RC_OK);
		assert_true(view_find_char(buf_view(&folder), '.') == SIZE_MAX);
		maildir_path_decode(buf_view(&folder), '.', &back);
		expect(&back, levels[i]);
		buf_done(&folder);
	}
}

// What other servers keep beside the mail. A line that cannot be read is left
// out.
enum list { UIDS, KEYWORDS, DOVECOT, COURIER };

static const struct {
	enum list list;
	const char *text;
	const char
	    *found; // "UID=unique;", "number=keyword;" or "separator name;"
} lists[] = {
    {UIDS, "3 V1275660208 N25022 G3085\n", ""},
    {UIDS, "1 :a.b.c:2,S\n17 S12 W13 :d.e\n", "1=a.b.c;17=d.e;"},
    {UIDS, "1 :a", "1=a;"},
    {UIDS, "x :a\n :b\n-1 :c\n1: d\n\n2 :\n", "2=;"},
    {UIDS, "99999999999999999999 :a\n5 :b", "5=b;"},
    {KEYWORDS, "0 $Forwarded\n25 NonJunk\r\n", "0=$Forwarded;25=NonJunk;"},
    {KEYWORDS, "26 x\n-1 x\nx\n1\n2 \n3  y \n", "3=y;"},
    {KEYWORDS, "", ""},
    {DOVECOT, "Work\nWork.Old\n", ". Work;. Work.Old;"},
    {DOVECOT, "V\t2\nWork\tOld\n\n", "\t Work\tOld;"},
    {DOVECOT, "INBOX.Work\r\n \n", ". INBOX.Work;"},
    {COURIER, "INBOX.Work\nINBOX\nINBOX.\n", ". Work;. INBOX;"},
};

static void read_list(enum list list, struct view text, struct buf *out)
{
	struct maildir_subscriptions subscriptions =
	    maildir_subscriptions_open(text, list == COURIER);
	struct view part;
	uint64_t uid;
	uint32_t number;
	switch (list) {
	case UIDS:
		while (maildir_uidlist_next(&text, &uid, &part))
			buf_printf(out, "%llu=%.*s;", (unsigned long long)uid,
			    VIEW_FMT(part));
		break;
	case KEYWORDS:
		while (maildir_keywords_next(&text, &number, &part))
			buf_printf(out, "%u=%.*s;", number, VIEW_FMT(part));
		break;
	case DOVECOT:
	case COURIER:
		while (maildir_subscriptions_next(&subscriptions, &part))
			buf_printf(out, "%c %.*s;", subscriptions.separator,
			    VIEW_FMT(part));
		break;
	}
}

static void test_lists_beside_the_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf out;
		buf_init(&out, 1000);
		read_list(lists[i].list, view_of_string(lists[i].text), &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(lists[i].found));
		buf_done(&out);
	}
}

// ---- Mbox ------------------------------------------------------------------

static const struct {
	const char *line;
	bool is, dated;
	int64_t seconds;
} from_lines[] = {
    {"From MAILER-DAEMON Fri Jul  8 12:08:34 2011", true, true, 1310126914},
    {"From a@b.c  Thu Aug  8 15:59:35 2002", true, true, 1028822375},
    {"From a b c Sat Jan  3 01:05:34 1996", true, true, 820631134},
    {"From a@b Sat Jan  3 01:05:34 1996 +0100", true, true, 820627534},
    {"From a@b at 12:30 of 1996", true, false, 0},
    {"From here on it gets better", false, false, 0},
    {"From 10:30 we are home", false, false, 0},
    {">From a@b Sat Jan  3 01:05:34 1996", false, false, 0},
    {"From: a@b Sat Jan  3 01:05:34 1996", false, false, 0},
    {"from a@b Sat Jan  3 01:05:34 1996", false, false, 0},
    {"From ", false, false, 0},
};

static void test_from_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(from_lines); i++) {
		bool dated = false;
		struct date date = {0};
		bool is = mbox_is_from_line(
		    view_of_string(from_lines[i].line), &dated, &date);
		assert_int_equal(is, from_lines[i].is);
		if (is)
			assert_int_equal(dated, from_lines[i].dated);
		if (dated)
			assert_int_equal(date.seconds, from_lines[i].seconds);
	}
}

#define FROM "From a@b Sat Jan  3 01:05:34 1996\n"

static const struct {
	const char *text; // one message of an mbox
	bool quoted;      // leave ">From" as it is
	const char *message;
	const char *keywords;
	unsigned flags;
} messages[] = {
    {FROM "A: b\n\nx\n\n", false, "A: b\n\nx\n", "", 0},
    {FROM "A: b\n\nx\n", false, "A: b\n\nx\n", "", 0},
    {FROM "A: b\n\nx", false, "A: b\n\nx", "", 0},
    {FROM "A: b\r\n\r\nx\r\n\r\n", false, "A: b\r\n\r\nx\r\n", "", 0},
    {FROM "A: b\n\n>From x\n>>From y\n> From\n", false,
	"A: b\n\nFrom x\n>From y\n> From\n", "", 0},
    {FROM "A: b\n\n>From x\n", true, "A: b\n\n>From x\n", "", 0},
    {FROM "Status: RO\nA: b\nX-Status: AFDT\n\nx\n", false, "A: b\n\nx\n", "",
	S | R | F | T | D},
    {FROM "Status: O\nX-Keywords: $Work  later\nX-UID: 12\n\nx\n", false,
	"\nx\n", "$Work  later ", 0},
    {FROM "Status: delivered\n\nx\n", false, "Status: delivered\n\nx\n", "", 0},
    // Thunderbird's: read, replied, flagged, forwarded, with a label.
    {FROM "X-Mozilla-Status: 1007\nX-Mozilla-Status2: 00000000\n"
	  "X-Mozilla-Keys: $label1 later        \nA: b\n\nx\n",
	false, "A: b\n\nx\n", "$Forwarded $label1 later ", S | R | F},
    {FROM "X-Mozilla-Status: 0000\nX-Mozilla-Status: no\n"
	  "X-Mozilla-Status2: 12\nX-Mozilla-Other: y\n\nx\n",
	false,
	"X-Mozilla-Status: no\nX-Mozilla-Status2: 12\nX-Mozilla-Other: y\n\n"
	"x\n",
	"", 0},
    {FROM ">From x: y\nA: b\n\nx\n", false, ">From x: y\nA: b\n\nx\n", "", 0},
};

static void test_mbox_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct buf out, keywords;
		struct mbox_message got;
		buf_init(&out, 10000);
		buf_init(&keywords, 10000);
		mbox_split(view_of_string(messages[i].text),
		    !messages[i].quoted, &out, &keywords, &got);
		assert_true(got.has_from && got.has_date && !got.internal);
		assert_int_equal(got.date.seconds, 820631134);
		assert_int_equal(got.flags, messages[i].flags);
		expect(&out, messages[i].message);
		expect(&keywords, messages[i].keywords);
	}
}

static void test_what_thunderbird_deleted_is_marked(void **state)
{
	(void)state;
	static const struct {
		const char *status;
		bool deleted;
	} rows[] = {{"0009", true}, {"0008", true}, {"0001", false},
	    {"1000", false}, {"ffff", true}, {"FFF7", false}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out, keywords, text;
		struct mbox_message got;
		buf_init(&out, 10000);
		buf_init(&keywords, 10000);
		buf_init(&text, 10000);
		buf_printf(
		    &text, FROM "X-Mozilla-Status: %s\n\nx\n", rows[i].status);
		mbox_split(buf_view(&text), true, &out, &keywords, &got);
		assert_int_equal(got.deleted, rows[i].deleted);
		buf_done(&text);
		buf_done(&out);
		buf_done(&keywords);
	}
}

static void test_notes_of_c_client_are_no_message(void **state)
{
	(void)state;
	struct buf out, keywords;
	struct mbox_message got;
	buf_init(&out, 10000);
	buf_init(&keywords, 10000);
	mbox_split(VIEW(FROM "Subject: DON'T DELETE THIS MESSAGE -- FOLDER "
			     "INTERNAL DATA\nX-IMAP: 1 2\n\nx\n"),
	    true, &out, &keywords, &got);
	assert_true(got.internal);
	buf_done(&out);
	buf_done(&keywords);
}

// Finds the same ends if the file comes byte by byte and if it comes as a
// whole.
static void test_mbox_ends_are_found_however_it_comes(void **state)
{
	(void)state;
	struct view text =
	    VIEW(FROM "A: b\n\nFrom here on\n\nFrom there\nx\n\n" FROM
		      "\n" FROM FROM "C: d\n\nFrom the start at 10:30\n");
	const size_t want[] = {68, 35, 0};
	for (size_t step = 1; step <= text.len; step++) {
		struct mbox_scan scan = {0};
		size_t have = 0, done = 0, found = 0, len;
		for (;;) {
			bool at_end = have == text.len;
			struct view part = view_slice(text, done, have - done);
			if (part.len > 0 &&
			    mbox_find_end(&scan, part, at_end, &len) == RC_OK) {
				if (want[found] > 0)
					assert_int_equal(len, want[found]);
				found++;
				done += len;
				scan = (struct mbox_scan){0};
				continue;
			}
			if (at_end)
				break;
			have = have + step > text.len ? text.len : have + step;
		}
		assert_int_equal(found, 3);
		assert_int_equal(done, text.len);
	}
}

// ---- Line ends -------------------------------------------------------------

static const struct {
	const char *file, *mail;
	bool regular;
} ends[] = {
    {"", "", true},
    {"a\nb\n", "a\r\nb\r\n", true},
    {"a\nb", "a\r\nb", true},
    {"\n\n", "\r\n\r\n", true},
    {"a\rb\n", "a\rb\r\n", true},
    {"a\r\nb\n", "a\r\nb\r\n", true},
    {"a\r\r\nb", "a\r\r\nb", false},
};

static void test_line_ends(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		struct buf mail, file, again;
		buf_init(&mail, 100);
		buf_init(&file, 100);
		buf_init(&again, 100);
		line_end_to_mail(view_of_string(ends[i].file), &mail);
		assert_view_equal_row(
		    i, buf_view(&mail), view_of_string(ends[i].mail));
		assert_int_equal(
		    line_end_is_regular(buf_view(&mail)), ends[i].regular);
		if (ends[i].regular) {
			line_end_to_file(buf_view(&mail), &file);
			line_end_to_mail(buf_view(&file), &again);
			assert_view_equal_row(
			    i, buf_view(&again), buf_view(&mail));
		}
		buf_done(&mail);
		buf_done(&file);
		buf_done(&again);
	}
	assert_false(line_end_is_regular(VIEW("a\nb")));
	assert_false(line_end_is_regular(VIEW("\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_maildir_file_names),
	    cmocka_unit_test(test_maildir_flags_are_written_in_order),
	    cmocka_unit_test(test_maildir_folder_names),
	    cmocka_unit_test(test_exported_levels_come_back),
	    cmocka_unit_test(test_lists_beside_the_mail),
	    cmocka_unit_test(test_from_lines),
	    cmocka_unit_test(test_mbox_messages),
	    cmocka_unit_test(test_what_thunderbird_deleted_is_marked),
	    cmocka_unit_test(test_notes_of_c_client_are_no_message),
	    cmocka_unit_test(test_mbox_ends_are_found_however_it_comes),
	    cmocka_unit_test(test_line_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
