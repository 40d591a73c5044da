// SPDX-License-Identifier: Apache-2.0
// Commands outside the grammar of RFC 9051 section 9, and what is made of each.
// What mail programs send and can only mean one thing is taken, and does
// exactly what the right command does that stands beside it. The rest is
// refused. Each row has its reason, and what Dovecot 2.3 answers.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/rig.h"
#include "net/script_text.h"

#define UMLAUT_USER     "anna"
#define UMLAUT_PASSWORD "p\xc3\xa4ss"

enum begin {
	STRANGER,  // before login
	LOGGED_IN, // after it
	QRESYNC,   // with QRESYNC enabled
	REV2,      // with IMAP4rev2 and UTF8=ACCEPT enabled
	SELECTED,  // INBOX, with one message
};

// Why a row is as it is. The row's number tells the command.
#define BLANKS     "a blank more changes no meaning"
#define CUT        "something may have been lost on the way"
#define FRAMING    "both ends must see the same end of a literal"
#define NO_MEANING "nobody can tell what is meant"
#define LOST       "a message is worth more than a flag of it"
#define NOBODY     "no mail program sends it, and the words run together"
#define AS_LITERAL "the same bytes in a literal are right"

static const struct {
	enum begin begin;
	const char *say;     // with C escapes; CRLF is added
	const char *means;   // what it does the same as; NULL: it is refused
	const char *dovecot; // "OK", "NO", "BAD"
	const char *why;
} rows[] = {
    // Blanks between words.
    {LOGGED_IN, "a  NOOP", "a NOOP", "BAD", BLANKS},
    {LOGGED_IN, "a NOOP ", "a NOOP", "OK", BLANKS},
    {LOGGED_IN, "a NOOP   ", "a NOOP", "OK", BLANKS},
    {LOGGED_IN, " a NOOP", NULL, "BAD", "the tag begins the line"},
    {LOGGED_IN, "a\\x09NOOP", NULL, "BAD", "a tab is no blank in this grammar"},
    {LOGGED_IN, "a NOOP\\x09", NULL, "BAD",
	"a tab is no blank in this grammar"},
    {LOGGED_IN, "a CAPABILITY ", "a CAPABILITY", "OK", BLANKS},
    {LOGGED_IN, "a NAMESPACE ", "a NAMESPACE", "OK", BLANKS},
    {LOGGED_IN, "a SELECT  INBOX", "a SELECT INBOX", "OK", BLANKS},
    {LOGGED_IN, "a SELECT INBOX ", "a SELECT INBOX", "OK", BLANKS},
    {LOGGED_IN, "a SELECT {5+}\\r\\nINBOX ", "a SELECT INBOX", "OK", BLANKS},
    {LOGGED_IN, "a SELECT INBOX  ( CONDSTORE )", "a SELECT INBOX (CONDSTORE)",
	"OK", BLANKS},
    {LOGGED_IN, "a STATUS  INBOX  (UNSEEN)", "a STATUS INBOX (UNSEEN)", "OK",
	BLANKS},
    {LOGGED_IN, "a STATUS INBOX (UNSEEN )", "a STATUS INBOX (UNSEEN)", "OK",
	BLANKS},
    {LOGGED_IN, "a STATUS INBOX ( UNSEEN  MESSAGES ) ",
	"a STATUS INBOX (UNSEEN MESSAGES)", "OK", BLANKS},
    {LOGGED_IN, "a STATUS INBOX(UNSEEN)", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a STATUS INBOX UNSEEN", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a STATUS INBOX (UNSEEN,MESSAGES)", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a STATUS INBOX (UNSEEN", NULL, "BAD", CUT},
    {LOGGED_IN, "a CREATE  b ", "a CREATE b", "OK", BLANKS},
    {LOGGED_IN, "a CREATE b  ( USE  ( \\\\Archive ) )",
	"a CREATE b (USE (\\\\Archive))", "OK", BLANKS},
    {LOGGED_IN, "a RENAME INBOX  b ", "a RENAME INBOX b", "OK", BLANKS},
    {LOGGED_IN, "a SUBSCRIBE INBOX ", "a SUBSCRIBE INBOX", "OK", BLANKS},
    {LOGGED_IN, "a LIST  \"\"  * ", "a LIST \"\" *", "OK", BLANKS},
    {LOGGED_IN,
	"a LIST ( SUBSCRIBED )  \"\" ( INBOX  b ) RETURN "
	"( CHILDREN  STATUS  ( MESSAGES ) ) ",
	"a LIST (SUBSCRIBED) \"\" (INBOX b) RETURN (CHILDREN STATUS "
	"(MESSAGES))",
	"OK", BLANKS},
    {LOGGED_IN, "a LIST ( ) \"\" * RETURN ( )", "a LIST () \"\" * RETURN ()",
	"OK", BLANKS},
    {LOGGED_IN, "a LIST \"\" *()", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a LSUB \"\"  \"*\" ", "a LSUB \"\" \"*\"", "OK", BLANKS},
    {LOGGED_IN, "a ENABLE  CONDSTORE  UTF8=ACCEPT ",
	"a ENABLE CONDSTORE UTF8=ACCEPT", "OK", BLANKS},
    {LOGGED_IN, "a ID  ( \"name\"  \"x\"  \"os\" NIL ) ",
	"a ID (\"name\" \"x\" \"os\" NIL)", "OK", BLANKS},
    {LOGGED_IN, "a ID ( )", "a ID ()", "OK", BLANKS},
    {SELECTED, "a FETCH  1  FLAGS ", "a FETCH 1 FLAGS", "OK", BLANKS},
    {SELECTED, "a FETCH 1 (FLAGS )", "a FETCH 1 (FLAGS)", "OK", BLANKS},
    {SELECTED, "a FETCH 1 ( FLAGS  UID )", "a FETCH 1 (FLAGS UID)", "OK",
	BLANKS},
    {SELECTED, "a UID  FETCH 1 FLAGS", "a UID FETCH 1 FLAGS", "BAD", BLANKS},
    {SELECTED, "a FETCH 1 BODY.PEEK[HEADER.FIELDS  ( From  To )]",
	"a FETCH 1 BODY.PEEK[HEADER.FIELDS (From To)]", "OK", BLANKS},
    {SELECTED, "a FETCH 1 BODY.PEEK[HEADER.FIELDS ({4+}\\r\\nFrom )]",
	"a FETCH 1 BODY.PEEK[HEADER.FIELDS (From)]", "OK", BLANKS},
    {SELECTED, "a FETCH 1 (FLAGS)  ( CHANGEDSINCE  1 )",
	"a FETCH 1 (FLAGS) (CHANGEDSINCE 1)", "OK", BLANKS},
    {SELECTED, "a FETCH 1 PREVIEW  ( LAZY ) ", "a FETCH 1 PREVIEW (LAZY)", "OK",
	BLANKS},
    {SELECTED, "a FETCH 1 (FLAGS)UID", NULL, "BAD", NOBODY},
    {SELECTED, "a FETCH 1 (FLAGS\\x09UID)", NULL, "BAD",
	"a tab is no blank in this grammar"},
    {SELECTED, "a FETCH 1 BODY []", NULL, "BAD",
	"BODY alone means something else"},
    {SELECTED, "a FETCH 1 BODY[ HEADER]", NULL, "BAD", "a section is one word"},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS (From) ]", NULL, "OK",
	"a section is one word"},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS(From)]", NULL, "BAD", NOBODY},
    {SELECTED, "a FETCH 1 BODY[] <0.10>", NULL, "BAD", "a section is one word"},
    {SELECTED, "a FETCH 1, 2 FLAGS", NULL, "BAD", "a set is one word"},
    {SELECTED, "a STORE 1 +FLAGS  ( \\\\Seen  \\\\Flagged ) ",
	"a STORE 1 +FLAGS (\\\\Seen \\\\Flagged)", "OK", BLANKS},
    {SELECTED, "a STORE 1 +FLAGS \\\\Seen  \\\\Flagged ",
	"a STORE 1 +FLAGS \\\\Seen \\\\Flagged", "OK", BLANKS},
    {SELECTED, "a STORE 1 ( UNCHANGEDSINCE 1 )  +FLAGS ( )",
	"a STORE 1 (UNCHANGEDSINCE 1) +FLAGS ()", "OK", BLANKS},
    {SELECTED, "a STORE 1 + FLAGS (\\\\Seen)", NULL, "BAD",
	"an item is one word"},
    {SELECTED, "a SEARCH  ALL  UNSEEN ", "a SEARCH ALL UNSEEN", "OK", BLANKS},
    {SELECTED, "a SEARCH ( ALL  NOT  SEEN )", "a SEARCH (ALL NOT SEEN)", "OK",
	BLANKS},
    {SELECTED, "a SEARCH OR  SEEN  UID  1", "a SEARCH OR SEEN UID 1", "OK",
	BLANKS},
    {SELECTED, "a SEARCH RETURN  ( MIN  COUNT )  ALL",
	"a SEARCH RETURN (MIN COUNT) ALL", "OK", BLANKS},
    {SELECTED, "a SEARCH CHARSET  \"UTF-8\"  SUBJECT  hi ",
	"a SEARCH CHARSET \"UTF-8\" SUBJECT hi", "OK", BLANKS},
    {SELECTED, "a SORT ( REVERSE  DATE )  UTF-8  ALL",
	"a SORT (REVERSE DATE) UTF-8 ALL", "OK", BLANKS},
    {SELECTED, "a THREAD REFERENCES  UTF-8  ALL ",
	"a THREAD REFERENCES UTF-8 ALL", "OK", BLANKS},
    {SELECTED, "a COPY  1  INBOX ", "a COPY 1 INBOX", "OK", BLANKS},
    {SELECTED, "a UID MOVE  1  INBOX ", "a UID MOVE 1 INBOX", "OK", BLANKS},
    {SELECTED, "a EXPUNGE ", "a EXPUNGE", "OK", BLANKS},
    {SELECTED, "a UID EXPUNGE  1 ", "a UID EXPUNGE 1", "OK", BLANKS},
    {SELECTED, "a CLOSE ", "a CLOSE", "OK", BLANKS},
    {SELECTED, "a IDLE \\r\\nDONE ", "a IDLE\\r\\nDONE", "BAD", BLANKS},
    {SELECTED, "a IDLE\\r\\n DONE", NULL, "BAD", "DONE begins the line"},
    {STRANGER, "a LOGIN  demo  \"demo pass\" ", "a LOGIN demo \"demo pass\"",
	"OK", BLANKS},
    {STRANGER, "a AUTHENTICATE  PLAIN  AGRlbW8AZGVtbyBwYXNz ",
	"a AUTHENTICATE PLAIN AGRlbW8AZGVtbyBwYXNz", "BAD", BLANKS},
    // Lists with nothing in them.
    {LOGGED_IN, "a SELECT INBOX ()", "a SELECT INBOX", "OK",
	"a list that a program made of no parameters asks for none"},
    {LOGGED_IN, "a CREATE b ()", "a CREATE b", "OK",
	"a list that a program made of no parameters asks for none"},
    {LOGGED_IN, "a STATUS INBOX ()", NULL, "BAD", NO_MEANING},
    {LOGGED_IN, "a ENABLE", NULL, "OK", NO_MEANING},
    {LOGGED_IN, "a ID", NULL, "OK", NO_MEANING},
    {SELECTED, "a FETCH 1 ()", NULL, "BAD", NO_MEANING},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS ()]", NULL, "BAD", NO_MEANING},
    {SELECTED, "a SEARCH ()", NULL, "BAD", NO_MEANING},
    {SELECTED, "a SORT () UTF-8 ALL", NULL, "BAD", NO_MEANING},
    {SELECTED, "a STORE 1 +FLAGS", NULL, "OK", CUT},
    // Sets and numbers.
    {SELECTED, "a FETCH 1, FLAGS", NULL, "OK", CUT},
    {SELECTED, "a FETCH 1,,1 FLAGS", NULL, "BAD", CUT},
    {SELECTED, "a FETCH 0 FLAGS", NULL, "BAD", NO_MEANING},
    {SELECTED, "a FETCH 1 BODY[]<0.0>", "a FETCH 1 BODY[]<0.0>", "OK",
	"a program that reads in pieces asks for none at the end"},
    {SELECTED, "a FETCH 1 BODY[]<0>", NULL, "OK", CUT},
    {SELECTED, "a FETCH 1 BODY[0]", NULL, "OK",
	"it was the header in RFC 1730, and is nothing now"},
    {SELECTED, "a FETCH 1 FLAGS UID", NULL, "BAD",
	"FETCH items without a list may be the beginning of something else"},
    {SELECTED, "a FETCH 1 (ALL)", NULL, "BAD",
	"RFC 9051 section 6.4.5: a macro stands alone"},
    {QRESYNC, "a SELECT INBOX (QRESYNC (0 0))", "a SELECT INBOX", "OK",
	"a client that knows nothing of the mailbox yet"},
    {QRESYNC, "a SELECT INBOX (QRESYNC (0 1))", "a SELECT INBOX", "OK",
	"a client that knows nothing of the mailbox yet"},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1700000000 0))",
	"a SELECT INBOX (QRESYNC (1700000000 1))", "OK",
	"a client that knows nothing of the mailbox yet"},
    {QRESYNC, "a SELECT INBOX (QRESYNC ( 1700000000  1  1:3  (1 1) ) )",
	"a SELECT INBOX (QRESYNC (1700000000 1 1:3 (1 1)))", "OK", BLANKS},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 1:*))", NULL, "BAD", NO_MEANING},
    // Flags.
    {SELECTED, "a STORE 1 +FLAGS (\\\\Seen \\\\Indexed)",
	"a STORE 1 +FLAGS (\\\\Seen)", "BAD", LOST},
    {SELECTED, "a STORE 1 +FLAGS (\\\\Recent \\\\Seen)",
	"a STORE 1 +FLAGS (\\\\Seen)", "BAD", LOST},
    {SELECTED, "a STORE 1 -FLAGS (\\\\NonJunk)", "a STORE 1 -FLAGS ()", "BAD",
	LOST},
    {SELECTED, "a STORE 1 FLAGS \\\\Indexed", "a STORE 1 FLAGS ()", "BAD",
	"no flag that can be kept was named, and the others are to go"},
    {SELECTED, "a STORE 1 +FLAGS (\\\\*)", NULL, "BAD",
	"it stands for flags in PERMANENTFLAGS, and is none"},
    {SELECTED, "a STORE 1 +FLAGS (\\\\)", NULL, "BAD", CUT},
    {SELECTED, "a STORE 1 +FLAGS (\\\\\\\\Seen)", NULL, "BAD",
	"nobody can tell whether \\Seen is meant"},
    {SELECTED, "a STORE 1 +FLAGS (\"x\")", NULL, "BAD", NOBODY},
    {SELECTED, "a STORE 1 +FLAGS (f\\xc3\\xbcr)", NULL, "BAD",
	"a keyword is an atom, in every response, too"},
    {SELECTED, "a SEARCH KEYWORD \"x\"", "a SEARCH KEYWORD x", "OK",
	"quotes change no meaning"},
    {SELECTED, "a SEARCH KEYWORD \"x y\"", NULL, "OK",
	"there can be no such keyword"},
    {SELECTED, "a SEARCH KEYWORD \\\\Seen", NULL, "OK",
	"SEEN is asked for in another way"},
    {LOGGED_IN, "a APPEND INBOX (\\\\Seen \\\\Indexed) {3+}\\r\\nabc",
	"a APPEND INBOX (\\\\Seen) {3+}\\r\\nabc", "BAD", LOST},
    {LOGGED_IN, "a APPEND INBOX (\\\\NonJunk $x) {3+}\\r\\nabc",
	"a APPEND INBOX ($x) {3+}\\r\\nabc", "BAD", LOST},
    {LOGGED_IN, "a APPEND INBOX (\\\\Recent) {3+}\\r\\nabc",
	"a APPEND INBOX () {3+}\\r\\nabc", "BAD", LOST},
    {LOGGED_IN, "a APPEND INBOX \\\\Seen {3+}\\r\\nabc", NULL, "BAD", NOBODY},
    // APPEND around its literal.
    {LOGGED_IN, "a APPEND  INBOX  ( \\\\Seen )  {3+}\\r\\nabc ",
	"a APPEND INBOX (\\\\Seen) {3+}\\r\\nabc", "OK", BLANKS},
    {LOGGED_IN, "a APPEND INBOX ( ) {3+}\\r\\nabc",
	"a APPEND INBOX () {3+}\\r\\nabc", "OK", BLANKS},
    {LOGGED_IN, "a APPEND INBOX (\\\\Seen){3+}\\r\\nabc", NULL, "OK", NOBODY},
    {LOGGED_IN, "a APPEND INBOX {3+} \\r\\n", NULL, "BAD", FRAMING},
    {LOGGED_IN, "a APPEND INBOX { 3+}\\r\\n", NULL, "BAD", FRAMING},
    {LOGGED_IN, "a APPEND INBOX NIL {3+}\\r\\nabc", NULL, "BAD", NOBODY},
    // Dates.
    {LOGGED_IN, "a APPEND INBOX \"29-Feb-2023 10:00:00 +0000\" {3+}\\r\\nabc",
	"a APPEND INBOX \"28-Feb-2023 10:00:00 +0000\" {3+}\\r\\nabc", "OK",
	"a message is worth more than its date"},
    {LOGGED_IN, "a APPEND INBOX \"\" {3+}\\r\\nabc",
	"a APPEND INBOX {3+}\\r\\nabc", "BAD",
	"a message is worth more than its date"},
    {LOGGED_IN, "a APPEND INBOX 01-Jan-2023 {3+}\\r\\nabc", NULL, "BAD",
	NOBODY},
    {SELECTED, "a SEARCH SINCE 30-Feb-2023", "a SEARCH SINCE 1-Mar-2023", "OK",
	"a program counted months back: the days from there on"},
    {SELECTED, "a SEARCH BEFORE 31-Apr-2023", "a SEARCH BEFORE 1-May-2023",
	"OK", "a program counted months back: the days up to there"},
    {SELECTED, "a SEARCH SINCE 32-Jan-2023", NULL, "OK", NO_MEANING},
    {SELECTED, "a SEARCH SINCE 1-Jan-23", NULL, "BAD", NO_MEANING},
    {SELECTED, "a SEARCH SINCE 2023-01-01", NULL, "BAD", NOBODY},
    // 8-bit strings of a client that has enabled nothing.
    {STRANGER, "a LOGIN anna \"p\\xc3\\xa4ss\"",
	"a LOGIN anna {5+}\\r\\np\\xc3\\xa4ss", "OK", AS_LITERAL},
    {STRANGER, "a LOGIN anna \"p\\xe4ss\"", "a LOGIN anna {4+}\\r\\np\\xe4ss",
	"NO", AS_LITERAL},
    {STRANGER, "a LOGIN anna p\\xc3\\xa4ss", NULL, "BAD",
	"an atom that may go on behind what can be read"},
    {SELECTED, "a SEARCH SUBJECT \"gr\\xc3\\xbc\\xc3\\x9f\"",
	"a SEARCH SUBJECT {6+}\\r\\ngr\\xc3\\xbc\\xc3\\x9f", "OK", AS_LITERAL},
    {SELECTED, "a SEARCH CHARSET UTF-8 SUBJECT \"gr\\xc3\\xbc\\xc3\\x9f\"",
	"a SEARCH CHARSET UTF-8 SUBJECT {6+}\\r\\ngr\\xc3\\xbc\\xc3\\x9f", "OK",
	AS_LITERAL},
    {SELECTED, "a SEARCH CHARSET ISO-8859-1 SUBJECT \"gr\\xfc\\xdf\"",
	"a SEARCH SUBJECT {6+}\\r\\ngr\\xc3\\xbc\\xc3\\x9f", "OK", AS_LITERAL},
    {SELECTED, "a SORT (DATE) US-ASCII SUBJECT \"gr\\xc3\\xbc\\xc3\\x9f\"",
	"a SORT (DATE) US-ASCII SUBJECT {6+}\\r\\ngr\\xc3\\xbc\\xc3\\x9f", "OK",
	AS_LITERAL},
    {SELECTED, "a SEARCH SUBJECT gr\\xc3\\xbc\\xc3\\x9f", NULL, "BAD",
	"an atom that may go on behind what can be read"},
    {LOGGED_IN, "a ID (\"name\" \"\\xc3\\xbc\")",
	"a ID (\"name\" {2+}\\r\\n\\xc3\\xbc)", "OK", AS_LITERAL},
    {LOGGED_IN, "a SELECT \"f\\xc3\\xbcr\"", NULL, "NO",
	"LIST would give another name back than was said"},
    {LOGGED_IN, "a CREATE \"f\\xc3\\xbcr\"", NULL, "NO",
	"LIST would give another name back than was said"},
    {REV2, "a CREATE \"f\\xfcr\"", NULL, "NO",
	"RFC 6855 section 3: BAD for what is not UTF-8"},
    // Quotes and literals.
    {LOGGED_IN, "a SELECT \"a\\\\b\"", NULL, "NO", NO_MEANING},
    {LOGGED_IN, "a SELECT \"INBOX ", NULL, "BAD", CUT},
    {LOGGED_IN, "a \"NOOP\"", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a STATUS INBOX (\"UNSEEN\")", NULL, "BAD", NOBODY},
    {SELECTED, "a FETCH 1 \"FLAGS\"", NULL, "BAD", NOBODY},
    {SELECTED, "a FETCH \"1\" FLAGS", NULL, "BAD", NOBODY},
    {LOGGED_IN, "a ID (name x)", NULL, "OK", NOBODY},
    {STRANGER, "a AUTHENTICATE \"PLAIN\" AGRlbW8AZGVtbyBwYXNz", NULL, "NO",
	NOBODY},
};

static struct rig_users users;

static int set_up(void **state)
{
	(void)state;
	struct fault fault;
	uint64_t account;
	rig_users_init(&users);
	rig_must(auth_user_add(users.auth, VIEW(UMLAUT_USER),
		     VIEW(UMLAUT_PASSWORD), &fault, &account),
	    "auth_user_add");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_users_done(&users);
	return 0;
}

static void put_begin(struct rig_client *client, enum begin begin)
{
	switch (begin) {
	case STRANGER:
	case LOGGED_IN: return;
	case QRESYNC: rig_say(client, VIEW("s ENABLE QRESYNC\r\n")); return;
	case REV2:
		rig_say(client, VIEW("s ENABLE IMAP4rev2 UTF8=ACCEPT\r\n"));
		return;
	case SELECTED:
		rig_say(client, VIEW("s APPEND INBOX {38+}\r\n"
				     "Subject: gr\xc3\xbc\xc3\x9f hi\r\n"
				     "From: <a@b>\r\n\r\nx\r\n\r\n"
				     "s SELECT INBOX\r\n"));
		return;
	}
}

// All that a new session on a new server answers to `say`, added to `answer`,
// and what there is afterwards.
static void ask(enum begin begin, const char *say, struct buf *answer)
{
	struct rig rig;
	struct rig_options options = {.users = &users};
	struct rig_client client;
	struct buf text;
	rig_init(&rig, &options);
	rig_connect(&rig, begin != STRANGER, &client);
	put_begin(&client, begin);
	buf_init(&text, 4096);
	script_unescape(view_of_string(say), &text);
	buf_add_literal(&text, "\r\n");
	size_t before = client.out.len;
	rig_say(&client, buf_view(&text));
	buf_add(answer, view_from(buf_view(&client.out), before));
	buf_done(&text);
	rig_disconnect(&client);
	rig_connect(&rig, true, &client);
	rig_say(&client, VIEW("b SELECT INBOX\r\n"));
	before = client.out.len;
	rig_say(&client, VIEW("b UID FETCH 1:* (FLAGS INTERNALDATE)\r\n"
			      "b LIST \"\" *\r\n"));
	buf_add(answer, view_from(buf_view(&client.out), before));
	rig_disconnect(&client);
	rig_done(&rig);
}

// Whether the command with the tag "a" was answered so.
static bool is_answered(struct view answer, const char *word)
{
	struct view line;
	while (view_split(&answer, '\n', &line)) {
		if (view_starts_with(line, VIEW("a ")) ||
		    view_starts_with(line, VIEW("* BAD")))
			return view_starts_with(
			    view_from(line, 2), view_of_string(word));
	}
	return false;
}

static void test_each_is_decided(void **state)
{
	(void)state;
	size_t failed = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf answer;
		struct buf right;
		buf_init(&answer, 1 << 20);
		buf_init(&right, 1 << 20);
		ask(rows[i].begin, rows[i].say, &answer);
		bool bad = is_answered(buf_view(&answer), "BAD");
		bool no = is_answered(buf_view(&answer), "NO");
		bool good = !rows[i].means ? bad || no : !bad;
		if (good && rows[i].means) {
			ask(rows[i].begin, rows[i].means, &right);
			good = view_eq(buf_view(&answer), buf_view(&right));
		}
		if (!good)
			print_error("%s\n(Dovecot: %s) %s\n%.*s\n%.*s\n",
			    rows[i].say, rows[i].dovecot, rows[i].why,
			    (int)answer.len, answer.ptr, (int)right.len,
			    right.len ? right.ptr : "");
		failed += !good;
		buf_done(&answer);
		buf_done(&right);
	}
	assert_int_equal(failed, 0);
}

// A "right" command that is none would make a row say nothing.
static void test_what_they_mean_is_right(void **state)
{
	(void)state;
	size_t failed = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].means)
			continue;
		struct buf right;
		buf_init(&right, 1 << 20);
		ask(rows[i].begin, rows[i].means, &right);
		bool taken = is_answered(buf_view(&right), "OK") ||
			     strcmp(rows[i].dovecot, "NO") == 0;
		if (!taken)
			print_error("%s\n%.*s", rows[i].means, (int)right.len,
			    right.ptr);
		failed += !taken;
		buf_done(&right);
	}
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_is_decided),
	    cmocka_unit_test(test_what_they_mean_is_right),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
