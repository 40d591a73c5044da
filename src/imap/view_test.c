// SPDX-License-Identifier: Apache-2.0
// The view: scripts of two sessions on one mailbox, and random operations of
// several whose idea of the mailbox, made of nothing but what they are told,
// must be the truth once they have synchronised.
#include "imap/test_client.h"

#define CONDSTORE IMAP_FEATURE_CONDSTORE
#define QRESYNC   (IMAP_FEATURE_QRESYNC | IMAP_FEATURE_CONDSTORE)
#define REV2      IMAP_FEATURE_REV2

static const char mail[] = "From: a@example.org\r\n"
			   "Subject: hello\r\n"
			   "\r\n"
			   "text\r\n";

static void append_many(struct desk *desk, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		desk_append(desk, "INBOX", mail, "");
}

struct pair {
	struct desk desk;
	struct client a;
	struct client b;
};

static void pair_open(
    struct pair *pair, unsigned messages, unsigned a, unsigned b)
{
	desk_open(&pair->desk, (struct store_options){0});
	append_many(&pair->desk, messages);
	client_open(&pair->a, &pair->desk, a);
	client_open(&pair->b, &pair->desk, b);
	client_select(&pair->a, "INBOX", false);
	client_select(&pair->b, "INBOX", false);
}

static void pair_close(struct pair *pair)
{
	client_close(&pair->a);
	client_close(&pair->b);
	desk_close(&pair->desk);
}

// `said` without its tagged line, and numbers behind MODSEQ as "n".
static void assert_said(const char *said, const char *expected)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	struct view rest = view_of_string(said);
	while (rest.len) {
		size_t at = view_find(rest, VIEW("MODSEQ"));
		if (at == SIZE_MAX)
			at = rest.len;
		else
			at += 6;
		buf_add(&text, view_slice(rest, 0, at));
		rest = view_from(rest, at);
		size_t digits = 0;
		while (digits < rest.len &&
		       (rest.ptr[digits] == ' ' || rest.ptr[digits] == '('))
			digits++;
		size_t end = digits;
		while (end < rest.len && rest.ptr[end] >= '0' &&
		       rest.ptr[end] <= '9')
			end++;
		if (end > digits) {
			buf_add(&text, view_slice(rest, 0, digits));
			buf_add_char(&text, 'n');
			rest = view_from(rest, end);
		}
	}
	buf_add_char(&text, '\0');
	assert_string_equal(text.ptr, expected);
	buf_done(&text);
}

// ---- Scripts ---------------------------------------------------------------

static void select_tells_what_is_there(void **unused)
{
	(void)unused;
	struct desk desk;
	desk_open(&desk, (struct store_options){0});
	desk_append(&desk, "INBOX", mail, "\\Seen");
	desk_append(&desk, "INBOX", mail, "$Junk");
	struct client client;
	client_open(&client, &desk, 0);
	const char *said = client_select(&client, "INBOX", true);
	struct view text = view_of_string(said);
	static const char *const parts[] = {
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk)\r\n",
	    "* OK [PERMANENTFLAGS ()] ",
	    "* 2 EXISTS\r\n* 2 RECENT\r\n",
	    "* OK [UNSEEN 2] ",
	    "* OK [UIDVALIDITY ",
	    "* OK [UIDNEXT 3] ",
	    "* OK [HIGHESTMODSEQ ",
	};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (view_find(text, view_of_string(parts[i])) == SIZE_MAX)
			fail_msg("no %s in %s", parts[i], said);
	client_close(&client);

	client_open(&client, &desk, REV2);
	text = view_of_string(client_select(&client, "INBOX", false));
	assert_true(view_find(text, VIEW(" \\*)]")) != SIZE_MAX);
	assert_true(view_find(text, VIEW("RECENT")) == SIZE_MAX);
	assert_true(view_find(text, VIEW("UNSEEN")) == SIZE_MAX);
	client_close(&client);
	desk_close(&desk);
}

static void recent_goes_to_one_session(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 2, 0, 0);
	// Session a was first; b hears nothing of it.
	assert_said(client_run(&p.a, "FETCH 1:2 FLAGS"),
	    "* 1 FETCH (FLAGS (\\Recent))\r\n"
	    "* 2 FETCH (FLAGS (\\Recent))\r\n"
	    "t OK Fetch completed\r\n");
	assert_said(client_run(&p.b, "FETCH 1 FLAGS"),
	    "* 1 FETCH (FLAGS ())\r\nt OK Fetch completed\r\n");
	append_many(&p.desk, 1);
	assert_said(client_sync(&p.b, true), "* 3 EXISTS\r\n* 1 RECENT\r\n");
	assert_said(client_sync(&p.a, true), "* 3 EXISTS\r\n* 2 RECENT\r\n");
	// EXAMINE claims nothing.
	append_many(&p.desk, 1);
	struct client c;
	client_open(&c, &p.desk, 0);
	client_select(&c, "INBOX", true);
	assert_said(client_run(&c, "FETCH 3:4 FLAGS"),
	    "* 3 FETCH (FLAGS ())\r\n"
	    "* 4 FETCH (FLAGS (\\Recent))\r\n"
	    "t OK Fetch completed\r\n");
	client_close(&c);
	assert_said(client_sync(&p.a, true), "* 4 EXISTS\r\n* 3 RECENT\r\n");
	pair_close(&p);
}

static int64_t wall(void *context)
{
	return *(int64_t *)context;
}

// The server starts at 100,000 seconds, after two messages have come. The clock
// is set back later: before all messages that come then, or between them.
static void recent_does_not_depend_on_the_clock(void **unused)
{
	(void)unused;
	static const struct {
		int64_t before;   // when the first two messages come
		int64_t after[3]; // and those after the start
	} table[] = {
	    {99999, {100000, 100001, 100002}},
	    {99999, {90000, 90000, 90000}},
	    {99999, {100005, 90000, 90000}},
	    {99999, {100005, 100006, 100}},
	    {99999, {100005, 100005, 90000}},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t now = table[i].before;
		struct clock clock = {.wall = wall, .context = &now};
		struct desk desk;
		struct client client;
		desk_open(&desk, (struct store_options){.clock = &clock});
		append_many(&desk, 2);
		imap_recent_free(&desk.server.recent);
		now = 100000;
		desk.server.recent = imap_recent_new(&clock);
		for (size_t n = 0; n < 3; n++) {
			now = table[i].after[n];
			append_many(&desk, 1);
		}
		client_open(&client, &desk, 0);
		const char *said = client_select(&client, "INBOX", false);
		if (!strstr(said, "* 3 RECENT\r\n"))
			fail_msg("row %zu: %s", i, said);
		client_close(&client);
		desk_close(&desk);
	}
}

static void nothing_new_says_nothing(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, 0, 0);
	assert_said(client_sync(&p.a, true), "");
	client_run(&p.a, "STORE 1 +FLAGS (\\Seen)");
	assert_said(client_sync(&p.a, true), "");
	pair_close(&p);
}

static void flags_of_another_session_are_told(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, REV2, REV2);
	assert_said(client_run(&p.b, "STORE 2 +FLAGS (\\Seen)"),
	    "* 2 FETCH (FLAGS (\\Seen))\r\nt OK Store completed\r\n");
	assert_said(client_sync(&p.a, true), "* 2 FETCH (FLAGS (\\Seen))\r\n");
	assert_said(client_run(&p.b, "UID STORE 3 FLAGS.SILENT $Hot"),
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Hot)\r\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft $Hot \\*)] Flags that are kept\r\n"
	    "t OK Store completed\r\n");
	assert_said(client_sync(&p.a, false),
	    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Hot)\r\n"
	    "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen "
	    "\\Draft $Hot \\*)] Flags that are kept\r\n"
	    "* 3 FETCH (FLAGS ($Hot))\r\n");
	pair_close(&p);
}

static void expunge_waits_until_it_may_be_told(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 5, REV2, REV2);
	client_run(&p.b, "STORE 2,4 +FLAGS.SILENT \\Deleted");
	assert_said(client_run(&p.b, "EXPUNGE"),
	    "* 4 EXPUNGE\r\n* 2 EXPUNGE\r\nt OK Expunge completed\r\n");
	// FETCH holds it back; the numbers stay.
	assert_said(client_run(&p.a, "FETCH 1:5 (UID)"),
	    "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 2)\r\n"
	    "* 3 FETCH (UID 3)\r\n* 4 FETCH (UID 4)\r\n"
	    "* 5 FETCH (UID 5)\r\nt OK Fetch completed\r\n");
	append_many(&p.desk, 1);
	assert_said(client_run(&p.a, "STORE 5 FLAGS \\Seen"),
	    "* 6 EXISTS\r\n* 5 FETCH (FLAGS (\\Seen))\r\n"
	    "t OK Store completed\r\n");
	assert_said(client_run(&p.a, "STORE 2:3 FLAGS \\Flagged"),
	    "* 3 FETCH (FLAGS (\\Flagged))\r\n"
	    "t OK [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
	assert_said(client_sync(&p.a, true), "* 4 EXPUNGE\r\n* 2 EXPUNGE\r\n");
	assert_said(client_run(&p.a, "FETCH 1:* UID"),
	    "* 1 FETCH (UID 1)\r\n* 2 FETCH (UID 3)\r\n"
	    "* 3 FETCH (UID 5)\r\n* 4 FETCH (UID 6)\r\n"
	    "t OK Fetch completed\r\n");
	pair_close(&p);
}

static void qresync_gets_vanished(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 5, QRESYNC | REV2, QRESYNC | REV2);
	client_run(&p.b, "STORE 2:3,5 +FLAGS.SILENT \\Deleted");
	assert_said(client_run(&p.b, "UID EXPUNGE 3:9"),
	    "* VANISHED 3,5\r\n"
	    "t OK [HIGHESTMODSEQ n] Expunge completed\r\n");
	assert_said(client_sync(&p.a, true),
	    "* VANISHED 3,5\r\n"
	    "* 2 FETCH (UID 2 MODSEQ (n) FLAGS (\\Deleted))\r\n"
	    "* OK [HIGHESTMODSEQ n] Up to date\r\n");
	pair_close(&p);
}

// RFC 7162 section 6: the client may not think that it is past an expunge.
static void held_back_vanished_lowers_highestmodseq(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, QRESYNC, QRESYNC);
	uint64_t floor =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	client_run(&p.b, "STORE 2 +FLAGS.SILENT \\Deleted");
	client_run(&p.b, "EXPUNGE");
	client_run(&p.b, "STORE 1 +FLAGS \\Seen");
	const char *said = client_run(&p.a, "STORE 3 +FLAGS \\Seen");
	char expected[64];
	snprintf(expected, sizeof(expected), "* OK [HIGHESTMODSEQ %llu] ",
	    (unsigned long long)floor);
	assert_non_null(strstr(said, expected));
	// At every command that tells a MODSEQ.
	said = client_run(&p.a, "FETCH 1 MODSEQ");
	assert_non_null(strstr(said, expected));
	said = client_run(&p.a, "FETCH 1 FLAGS");
	assert_null(strstr(said, "HIGHESTMODSEQ"));
	said = client_sync(&p.a, true);
	assert_non_null(strstr(said, "* VANISHED 2\r\n"));
	pair_close(&p);
}

static void silent_store_tells_what_others_did(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, REV2, REV2);
	client_run(&p.b, "STORE 1 +FLAGS \\Flagged");
	assert_said(client_run(&p.a, "STORE 1:2 +FLAGS.SILENT \\Seen"),
	    "* 1 FETCH (FLAGS (\\Flagged \\Seen))\r\n"
	    "t OK Store completed\r\n");
	pair_close(&p);
}

static void silent_store_with_condstore_tells_modseq(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, CONDSTORE, 0);
	assert_said(client_run(&p.a, "STORE 1 +FLAGS.SILENT \\Seen"),
	    "* 1 FETCH (UID 1 MODSEQ (n))\r\nt OK Store completed\r\n");
	// Nothing changes: nothing to tell.
	assert_said(client_run(&p.a, "STORE 1 +FLAGS.SILENT \\Seen"),
	    "t OK Store completed\r\n");
	pair_close(&p);
}

// RFC 7162 section 3.1.3, examples 3 to 11.
static void unchangedsince_leaves_changed_messages(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 9, 0, 0);
	uint64_t then =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	client_run(&p.b, "STORE 7 +FLAGS.SILENT \\Seen");
	client_run(&p.b, "STORE 9 FLAGS.SILENT \\Answered");
	client_sync(&p.a, true);
	assert_said(
	    client_runf(&p.a,
		"STORE 7,5,9 (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Deleted)",
		(unsigned long long)then),
	    "* OK [HIGHESTMODSEQ n] Highest\r\n"
	    "* 5 FETCH (UID 5 MODSEQ (n))\r\n"
	    "* 7 FETCH (UID 7 MODSEQ (n) FLAGS (\\Seen \\Recent))\r\n"
	    "* 9 FETCH (UID 9 MODSEQ (n) FLAGS (\\Answered \\Recent))\r\n"
	    "t OK [MODIFIED 7,9] Conditional STORE failed\r\n");
	assert_said(
	    client_run(&p.a,
		"UID STORE 9 (UNCHANGEDSINCE 0) +FLAGS.SILENT ($MDNSent)"),
	    "* 9 FETCH (UID 9 MODSEQ (n) FLAGS (\\Answered \\Recent))\r\n"
	    "t OK [MODIFIED 9] Conditional STORE failed\r\n");
	// Some are gone, one fails the test (before example 11).
	client_run(&p.b, "STORE 4:6 FLAGS.SILENT \\Deleted");
	client_run(&p.b, "EXPUNGE");
	client_run(&p.b, "STORE 2 FLAGS.SILENT \\Draft");
	assert_said(
	    client_runf(&p.a, "STORE 1:6 (UNCHANGEDSINCE %llu) +FLAGS (\\Seen)",
		(unsigned long long)then),
	    "* 2 FETCH (UID 2 MODSEQ (n) FLAGS (\\Draft \\Recent))\r\n"
	    "* 1 FETCH (UID 1 MODSEQ (n) FLAGS (\\Seen \\Recent))\r\n"
	    "* 3 FETCH (UID 3 MODSEQ (n) FLAGS (\\Seen \\Recent))\r\n"
	    "t NO [MODIFIED 2] Some of the messages no longer exist\r\n");
	pair_close(&p);
}

static void store_refuses_what_it_must(void **unused)
{
	(void)unused;
	static const struct {
		const char *line;
		const char *reply;
	} cases[] = {
	    {"STORE 4 FLAGS \\Seen", "t BAD "},
	    {"STORE 1:4 FLAGS \\Seen", "t BAD "},
	    {"UID STORE 4:9 FLAGS \\Seen", "t OK "},
	    {"STORE 1 FLAGS (\\*)", "t BAD "},
	    {"STORE 1 FLAGS", "t BAD "},
	    {"STORE 1 FLAG \\Seen", "t BAD "},
	    {"STORE 1 *FLAGS \\Seen", "t BAD "},
	    {"STORE 1 (UNCHANGEDSINCE) FLAGS \\Seen", "t BAD "},
	    {"STORE 1 (CHANGEDSINCE 1) FLAGS \\Seen", "t BAD "},
	    {"STORE 1 (UNCHANGEDSINCE 1)FLAGS \\Seen", "t BAD "},
	    {"STORE 1 FLAGS \\Seen)", "t BAD "},
	    {"STORE", "t BAD "},
	    {"STORE 0 FLAGS \\Seen", "t BAD "},
	    {"EXPUNGE 1", "t BAD "},
	    {"UID EXPUNGE", "t BAD "},
	    {"COPY 1", "t BAD "},
	    {"COPY 4 Sent", "t BAD "},
	    {"COPY 1 Nowhere", "t NO [TRYCREATE] "},
	    {"UID COPY 7 Nowhere", "t NO [TRYCREATE] "},
	    {"UID MOVE 7 Sent", "t OK "},
	};
	struct pair p;
	pair_open(&p, 3, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *said = client_run(&p.a, cases[i].line);
		if (!view_starts_with(
			view_of_string(said), view_of_string(cases[i].reply)))
			fail_msg("%s: %s", cases[i].line, said);
	}
	client_select(&p.a, "INBOX", true);
	assert_non_null(strstr(
	    client_run(&p.a, "STORE 1 FLAGS \\Seen"), "t NO [READ-ONLY]"));
	assert_non_null(
	    strstr(client_run(&p.a, "EXPUNGE"), "t NO [READ-ONLY]"));
	assert_non_null(
	    strstr(client_run(&p.a, "MOVE 1 Sent"), "t NO [READ-ONLY]"));
	pair_close(&p);
}

static void keywords_have_a_limit(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 1, REV2, REV2);
	for (int i = 0; i < STORE_KEYWORDS_MAX; i++) {
		const char *said =
		    client_runf(&p.a, "STORE 1 FLAGS.SILENT word%d", i);
		assert_non_null(strstr(said, "t OK "));
	}
	assert_non_null(strstr(
	    client_run(&p.a, "STORE 1 FLAGS.SILENT more"), "t NO [LIMIT]"));
	const char *said = client_select(&p.b, "INBOX", false);
	assert_null(strstr(said, "\\*"));
	pair_close(&p);
}

static void copy_and_move_tell_uids(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 4, REV2, REV2);
	const char *said = client_run(&p.a, "COPY 2:3 Sent");
	assert_non_null(strstr(said, "t OK [COPYUID "));
	assert_non_null(strstr(said, " 2:3 1:2] "));
	said = client_run(&p.a, "UID MOVE 2,4 Sent");
	assert_non_null(strstr(said, " 2,4 3:4] Moved\r\n* 4 EXPUNGE\r\n"
				     "* 2 EXPUNGE\r\n"));
	assert_non_null(strstr(said, "t OK Move completed"));
	// To itself: gone, and back with a new number.
	said = client_run(&p.a, "MOVE 1 INBOX");
	assert_non_null(
	    strstr(said, " 1 5] Moved\r\n* 1 EXPUNGE\r\n* 2 EXISTS\r\n"));
	// What is gone is skipped, and named when nothing is left.
	client_sync(&p.b, true);
	client_run(&p.a, "STORE 1 +FLAGS.SILENT \\Deleted");
	client_run(&p.a, "EXPUNGE");
	client_run(&p.b, "FETCH 1 UID");
	said = client_run(&p.b, "FETCH 1 FLAGS");
	said = client_run(&p.b, "COPY 1 Sent");
	assert_non_null(strstr(said, "t NO [EXPUNGEISSUED]"));
	pair_close(&p);
}

// ---- QRESYNC ---------------------------------------------------------------

static void resync_tells_what_changed(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 9, QRESYNC, QRESYNC);
	struct store_snapshot *snapshot = p.a.session.view->snapshot;
	uint32_t uidvalidity = store_snapshot_uidvalidity(snapshot);
	uint64_t then = store_snapshot_highestmodseq(snapshot);
	client_run(&p.b, "STORE 2,5:6 +FLAGS.SILENT \\Deleted");
	client_run(&p.b, "EXPUNGE");
	client_run(&p.b, "UID STORE 4,9 +FLAGS \\Seen");
	append_many(&p.desk, 1);
	assert_said(
	    client_resync(&p.a, "INBOX", uidvalidity, then, NULL, NULL, NULL),
	    "* VANISHED (EARLIER) 2,5:6\r\n"
	    "* 3 FETCH (UID 4 MODSEQ (n) FLAGS (\\Seen))\r\n"
	    "* 6 FETCH (UID 9 MODSEQ (n) FLAGS (\\Seen))\r\n"
	    "* 7 FETCH (UID 10 MODSEQ (n) FLAGS (\\Recent))\r\n");
	assert_said(client_resync(&p.a, "INBOX", uidvalidity, then, "1:2,9:30",
			NULL, NULL),
	    "* VANISHED (EARLIER) 2\r\n"
	    "* 6 FETCH (UID 9 MODSEQ (n) FLAGS (\\Seen))\r\n"
	    "* 7 FETCH (UID 10 MODSEQ (n) FLAGS ())\r\n");
	// Another UIDVALIDITY: nothing is said.
	assert_said(client_resync(
			&p.a, "INBOX", uidvalidity + 1, then, NULL, NULL, NULL),
	    "");
	pair_close(&p);
}

static void resync_begins_behind_the_last_match(void **unused)
{
	(void)unused;
	// Messages 1 to 9, of which 2, 5 and 6 are gone: 1 3 4 7 8 9.
	static const struct {
		const char *sequences;
		const char *uids;
		const char *vanished;
	} cases[] = {
	    {"1", "1", "2,5:6"},
	    {"1:2", "1,3", "5:6"},
	    {"1,3", "1,4", "5:6"},
	    {"4", "7", ""},
	    {"1:4", "1:4", "2,5:6"}, // only the first pair is true
	    {"1,2,5", "1,3,9", "5:6"},
	    {"1:6", "1,3:4,7:9", ""},
	    {"1:4294967295", "1:4294967295", "2,5:6"},
	    {"9", "9", "2,5:6"},
	};
	struct pair p;
	pair_open(&p, 9, QRESYNC, QRESYNC);
	struct store_snapshot *snapshot = p.a.session.view->snapshot;
	uint32_t uidvalidity = store_snapshot_uidvalidity(snapshot);
	uint64_t then = store_snapshot_highestmodseq(snapshot);
	client_run(&p.b, "STORE 2,5:6 +FLAGS.SILENT \\Deleted");
	client_run(&p.b, "EXPUNGE");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char expected[64] = "";
		if (cases[i].vanished[0])
			snprintf(expected, sizeof(expected),
			    "* VANISHED (EARLIER) %s\r\n", cases[i].vanished);
		assert_said(client_resync(&p.a, "INBOX", uidvalidity, then,
				NULL, cases[i].sequences, cases[i].uids),
		    expected);
	}
	pair_close(&p);
}

static void uid_fetch_vanished(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 6, QRESYNC | REV2, QRESYNC | REV2);
	uint64_t then =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	client_run(&p.b, "STORE 2,5 +FLAGS.SILENT \\Deleted");
	client_run(&p.b, "EXPUNGE");
	client_run(&p.b, "STORE 3 FLAGS \\Seen");
	client_sync(&p.a, true);
	assert_said(client_runf(&p.a,
			"UID FETCH 1:4 (FLAGS) (CHANGEDSINCE %llu VANISHED)",
			(unsigned long long)then),
	    "* VANISHED (EARLIER) 2\r\n"
	    "* 3 FETCH (UID 4 MODSEQ (n) FLAGS (\\Seen))\r\n"
	    "t OK Fetch completed\r\n");
	assert_non_null(strstr(
	    client_run(&p.a, "FETCH 1:4 FLAGS (CHANGEDSINCE 1 VANISHED)"),
	    "t BAD "));
	assert_non_null(strstr(
	    client_run(&p.a, "UID FETCH 1:4 FLAGS (VANISHED)"), "t BAD "));
	p.a.session.enabled = CONDSTORE | REV2;
	assert_non_null(
	    strstr(client_run(&p.a, "UID FETCH 1:4 FLAGS (CHANGEDSINCE 1 "
				    "VANISHED)"),
		"t BAD "));
	pair_close(&p);
}

static void fetch_modseq_enables_condstore(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 2, 0, 0);
	assert_said(client_run(&p.a, "FETCH 1 (MODSEQ)"),
	    "* OK [HIGHESTMODSEQ n] Highest\r\n"
	    "* 1 FETCH (MODSEQ (n))\r\nt OK Fetch completed\r\n");
	assert_true(imap_has_feature(&p.a.session, CONDSTORE));
	pair_close(&p);
}

static void deleted_mailbox_keeps_its_last_state(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 0, 0, 0);
	desk_append(&p.desk, "Trash", mail, "");
	client_select(&p.a, "Trash", false);
	struct fault fault;
	assert_int_equal(store_mailbox_delete(&store_system, p.desk.bed.account,
			     VIEW("Trash"), &fault),
	    RC_OK);
	assert_said(client_sync(&p.a, true), "");
	assert_true(store_mailbox_gone(p.a.session.view->mailbox));
	assert_non_null(strstr(client_run(&p.a, "FETCH 1 UID"), "UID 1"));
	assert_non_null(
	    strstr(client_run(&p.a, "STORE 1 FLAGS \\Seen"), "t NO "));
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(select_tells_what_is_there),
	    cmocka_unit_test(recent_goes_to_one_session),
	    cmocka_unit_test(recent_does_not_depend_on_the_clock),
	    cmocka_unit_test(nothing_new_says_nothing),
	    cmocka_unit_test(flags_of_another_session_are_told),
	    cmocka_unit_test(expunge_waits_until_it_may_be_told),
	    cmocka_unit_test(qresync_gets_vanished),
	    cmocka_unit_test(held_back_vanished_lowers_highestmodseq),
	    cmocka_unit_test(silent_store_tells_what_others_did),
	    cmocka_unit_test(silent_store_with_condstore_tells_modseq),
	    cmocka_unit_test(unchangedsince_leaves_changed_messages),
	    cmocka_unit_test(store_refuses_what_it_must),
	    cmocka_unit_test(keywords_have_a_limit),
	    cmocka_unit_test(copy_and_move_tell_uids),
	    cmocka_unit_test(resync_tells_what_changed),
	    cmocka_unit_test(resync_begins_behind_the_last_match),
	    cmocka_unit_test(uid_fetch_vanished),
	    cmocka_unit_test(fetch_modseq_enables_condstore),
	    cmocka_unit_test(deleted_mailbox_keeps_its_last_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
