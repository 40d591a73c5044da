// SPDX-License-Identifier: Apache-2.0
// FETCH: each item of messages of all kinds, whole and in parts, with outputs
// of any size, against the exact response.
#include "imap/fetch.h"

#include "imap/test_client.h"

static const char plain[] = "From: Ann <ann@example.org>\r\n"
			    "To: bob@example.org\r\n"
			    "Subject: hello\r\n"
			    " world\r\n"
			    "subject : again\r\n"
			    "X-Empty:\r\n"
			    "\r\n"
			    "Body line.\r\n";

static const char nested[] =
    "Subject: outer\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b1\r\n"
    "\r\n"
    "prologue\r\n"
    "--b1\r\n"
    "\r\n"
    "one\r\n"
    "--b1\r\n"
    "Content-Type: message/rfc822\r\n"
    "X-Mime: yes\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "To: c@example.org\r\n"
    "Content-Type: multipart/alternative; boundary=b2\r\n"
    "\r\n"
    "--b2\r\n"
    "Content-Type: text/plain\r\n"
    "\r\n"
    "two-one\r\n"
    "--b2\r\n"
    "Content-Type: text/html\r\n"
    "\r\n"
    "<p>two-two</p>\r\n"
    "--b2--\r\n"
    "--b1--\r\n"
    "epilogue\r\n";

static const char encoded[] = "Subject: encoded\r\n"
			      "MIME-Version: 1.0\r\n"
			      "Content-Type: multipart/mixed; boundary=x\r\n"
			      "\r\n"
			      "--x\r\n"
			      "Content-Transfer-Encoding: base64\r\n"
			      "\r\n"
			      "aGVsbG8gd29ybGQ=\r\n"
			      "--x\r\n"
			      "Content-Transfer-Encoding: quoted-printable\r\n"
			      "\r\n"
			      "caf=C3=A9 =\r\nau lait\r\n"
			      "--x\r\n"
			      "Content-Transfer-Encoding: base64\r\n"
			      "\r\n"
			      "YQBi\r\n"
			      "--x\r\n"
			      "Content-Transfer-Encoding: x-odd\r\n"
			      "\r\n"
			      "odd\r\n"
			      "--x--\r\n";

// Broken in several ways: a boundary that never ends, LF line ends, no blank.
static const char broken[] = "Subject: broken\n"
			     "not a field\n"
			     "Content-Type: multipart/mixed; boundary=q\n"
			     "\n"
			     "--q\n"
			     "Content-Type: text/plain\n"
			     "\n"
			     "first\n"
			     "--q\n"
			     "no blank line";
static const char only_header[] = "Subject: only\r\nX-A: b";
static const char with_nul[] = "Subject: n\0l\r\n\r\na\0b\r\n";

enum sample {
	PLAIN = 1,
	NESTED,
	ENCODED,
	BROKEN,
	ONLY_HEADER,
	WITH_NUL,
};

struct fetch_bed {
	struct desk desk;
	struct client client;
};

static void bed_fill(struct fetch_bed *bed, unsigned features, bool read_only)
{
	desk_open(&bed->desk, (struct store_options){0});
	struct view messages[] = {VIEW(plain), VIEW(nested), VIEW(encoded),
	    VIEW(broken), VIEW(only_header), VIEW(with_nul)};
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		desk_append_bytes(&bed->desk, "INBOX", messages[i]);
	client_open(&bed->client, &bed->desk, features);
	client_select(&bed->client, "INBOX", read_only);
}

static void bed_empty(struct fetch_bed *bed)
{
	client_close(&bed->client);
	desk_close(&bed->desk);
}

static const struct {
	enum sample message;
	const char *items;
	const char *answer; // between "FETCH (" and ")"
} cases[] = {
    {PLAIN, "UID", "UID 1"},
    {PLAIN, "FLAGS", "FLAGS ()"},
    {PLAIN, "INTERNALDATE", "INTERNALDATE \"17-Jul-1996 02:44:25 -0700\""},
    {PLAIN, "RFC822.SIZE", "RFC822.SIZE 115"},
    {PLAIN, "(UID FLAGS UID)", "UID 1 FLAGS ()"},
    {PLAIN, "FAST",
	"FLAGS () INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE "
	"115"},
    {PLAIN, "ENVELOPE",
	"ENVELOPE (NIL \"hello world\" ((\"Ann\" NIL \"ann\" "
	"\"example.org\")) ((\"Ann\" NIL \"ann\" \"example.org\")) ((\"Ann\" "
	"NIL \"ann\" \"example.org\")) ((NIL NIL \"bob\" \"example.org\")) "
	"NIL NIL NIL NIL)"},
    {PLAIN, "BODY",
	"BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" "
	"12 1)"},
    {PLAIN, "BODYSTRUCTURE",
	"BODYSTRUCTURE (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL "
	"\"7BIT\" 12 1 NIL NIL NIL NIL)"},
    {PLAIN, "EMAILID", "EMAILID (E1)"},
    {PLAIN, "THREADID", "THREADID (T1)"},
    {PLAIN, "PREVIEW", "PREVIEW \"Body line.\""},
    {PLAIN, "PREVIEW (LAZY)", "PREVIEW \"Body line.\""},
    {ONLY_HEADER, "PREVIEW", "PREVIEW \"\""},
    // Sections of the message.
    {PLAIN, "BODY.PEEK[TEXT]", "BODY[TEXT] {12}\r\nBody line.\r\n"},
    {PLAIN, "RFC822.HEADER",
	"RFC822.HEADER {103}\r\nFrom: Ann <ann@example.org>\r\nTo: "
	"bob@example.org\r\nSubject: hello\r\n world\r\nsubject : "
	"again\r\nX-Empty:\r\n\r\n"},
    {PLAIN, "BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
	"BODY[HEADER.FIELDS (SUBJECT)] {43}\r\nSubject: hello\r\n "
	"world\r\nsubject : again\r\n\r\n"},
    {PLAIN, "BODY.PEEK[HEADER.FIELDS (to X-EMPTY nothing)]",
	"BODY[HEADER.FIELDS (to X-EMPTY nothing)] {33}\r\nTo: "
	"bob@example.org\r\nX-Empty:\r\n\r\n"},
    {PLAIN,
	"BODY.PEEK[HEADER.FIELDS (a b c d e f g to h i j k l m n o p X-EMPTY)]",
	"BODY[HEADER.FIELDS (a b c d e f g to h i j k l m n o p X-EMPTY)] {33}"
	"\r\nTo: bob@example.org\r\nX-Empty:\r\n\r\n"},
    {PLAIN,
	"BODY.PEEK[HEADER.FIELDS.NOT (a b c d e FROM f TO g h i SUBJECT j k l "
	"m n o p)]",
	"BODY[HEADER.FIELDS.NOT (a b c d e FROM f TO g h i SUBJECT j k l "
	"m n o p)] {12}\r\nX-Empty:\r\n\r\n"},
    {PLAIN, "BODY.PEEK[HEADER.FIELDS.NOT (from to subject)]",
	"BODY[HEADER.FIELDS.NOT (from to subject)] {12}\r\nX-Empty:\r\n\r\n"},
    {PLAIN, "BODY.PEEK[HEADER.FIELDS (None)]",
	"BODY[HEADER.FIELDS (None)] {2}\r\n\r\n"},
    // Parts of them.
    {PLAIN, "BODY.PEEK[TEXT]<0.4>", "BODY[TEXT]<0> {4}\r\nBody"},
    {PLAIN, "BODY.PEEK[TEXT]<5.99>", "BODY[TEXT]<5> {7}\r\nline.\r\n"},
    {PLAIN, "BODY.PEEK[TEXT]<12.1>", "BODY[TEXT]<12> {0}\r\n"},
    {PLAIN, "BODY.PEEK[]<113.10>", "BODY[]<113> {2}\r\n\r\n"},
    {PLAIN, "BODY.PEEK[]<4294967295.4294967295>", "BODY[]<4294967295> {0}\r\n"},
    {PLAIN, "BODY.PEEK[HEADER]<6.3>", "BODY[HEADER]<6> {3}\r\nAnn"},
    {PLAIN, "BODY.PEEK[HEADER.FIELDS (TO)]<4.3>",
	"BODY[HEADER.FIELDS (TO)]<4> {3}\r\nbob"},
    // BODY[1] of what is no multipart.
    {PLAIN, "BODY.PEEK[1]", "BODY[1] {12}\r\nBody line.\r\n"},
    {PLAIN, "BODY.PEEK[2]", "BODY[2] NIL"},
    {PLAIN, "BODY.PEEK[1.1]", "BODY[1.1] NIL"},
    {PLAIN, "BODY.PEEK[1.HEADER]", "BODY[1.HEADER] NIL"},
    {PLAIN, "BODY.PEEK[1.HEADER.FIELDS (TO)]",
	"BODY[1.HEADER.FIELDS (TO)] NIL"},
    // Parts.
    {NESTED, "BODY.PEEK[1]", "BODY[1] {3}\r\none"},
    {NESTED, "BODY.PEEK[1.MIME]", "BODY[1.MIME] {2}\r\n\r\n"},
    {NESTED, "BODY.PEEK[2.MIME]",
	"BODY[2.MIME] {45}\r\nContent-Type: message/rfc822\r\nX-Mime: "
	"yes\r\n\r\n"},
    {NESTED, "BODY.PEEK[2.HEADER]",
	"BODY[2.HEADER] {87}\r\nSubject: inner\r\nTo: "
	"c@example.org\r\nContent-Type: multipart/alternative; "
	"boundary=b2\r\n\r\n"},
    {NESTED, "BODY.PEEK[2.HEADER.FIELDS (TO CC)]",
	"BODY[2.HEADER.FIELDS (TO CC)] {21}\r\nTo: c@example.org\r\n\r\n"},
    {NESTED, "BODY.PEEK[2.HEADER.FIELDS.NOT (TO content-type)]",
	"BODY[2.HEADER.FIELDS.NOT (TO content-type)] {18}\r\nSubject: "
	"inner\r\n\r\n"},
    {NESTED, "BODY.PEEK[2.1]", "BODY[2.1] {7}\r\ntwo-one"},
    {NESTED, "BODY.PEEK[2.2]<3.7>", "BODY[2.2]<3> {7}\r\ntwo-two"},
    {NESTED, "BODY.PEEK[2.3]", "BODY[2.3] NIL"},
    {NESTED, "(BODY.PEEK[2.1] UID BODY.PEEK[1])",
	"BODY[2.1] {7}\r\ntwo-one UID 2 BODY[1] {3}\r\none"},
    {NESTED, "BODY.PEEK[2.1.MIME]",
	"BODY[2.1.MIME] {28}\r\nContent-Type: text/plain\r\n\r\n"},
    // BINARY.
    {ENCODED, "BINARY.PEEK[1]", "BINARY[1] {11}\r\nhello world"},
    {ENCODED, "BINARY.SIZE[1]", "BINARY.SIZE[1] 11"},
    {ENCODED, "BINARY.PEEK[1]<6.99>", "BINARY[1]<6> {5}\r\nworld"},
    {ENCODED, "BINARY.PEEK[2]", "BINARY[2] {13}\r\ncaf\xc3\xa9 au lait"},
    {ENCODED, "BINARY.SIZE[2]", "BINARY.SIZE[2] 13"},
    {ENCODED, "BINARY.SIZE[3]", "BINARY.SIZE[3] 3"},
    {ENCODED, "BINARY.PEEK[9]", "BINARY[9] NIL"},
    {ENCODED, "BINARY.SIZE[9]", "BINARY.SIZE[9] 0"},
    {PLAIN, "BINARY.PEEK[1]", "BINARY[1] {12}\r\nBody line.\r\n"},
    {PLAIN, "BINARY.SIZE[]", "BINARY.SIZE[] 115"},
    {ENCODED, "BODY.PEEK[1]", "BODY[1] {16}\r\naGVsbG8gd29ybGQ="},
    // What is broken is there all the same.
    {BROKEN, "BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
	"BODY[HEADER.FIELDS (SUBJECT)] {17}\r\nSubject: broken\n\n"},
    {BROKEN, "BODY.PEEK[HEADER.FIELDS.NOT (SUBJECT CONTENT-TYPE)]",
	"BODY[HEADER.FIELDS.NOT (SUBJECT CONTENT-TYPE)] {13}\r\nnot a "
	"field\n\n"},
    {BROKEN, "BODY.PEEK[1]", "BODY[1] {5}\r\nfirst"},
    {BROKEN, "BODY.PEEK[TEXT]<0.4>", "BODY[TEXT]<0> {4}\r\n--q\n"},
    {ONLY_HEADER, "BODY.PEEK[]", "BODY[] {21}\r\nSubject: only\r\nX-A: b"},
    {ONLY_HEADER, "BODY.PEEK[HEADER]",
	"BODY[HEADER] {21}\r\nSubject: only\r\nX-A: b"},
    {ONLY_HEADER, "BODY.PEEK[TEXT]", "BODY[TEXT] {0}\r\n"},
    {ONLY_HEADER, "BODY.PEEK[HEADER.FIELDS (X-A)]",
	"BODY[HEADER.FIELDS (X-A)] {6}\r\nX-A: b"},
};

static void each_item_has_its_answer(void **unused)
{
	(void)unused;
	static const size_t rooms[] = {0, 1, 40, 200};
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	for (size_t r = 0; r < ARRAY_LEN(rooms); r++) {
		bed.client.room = rooms[r];
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			const char *said =
			    client_runf(&bed.client, "FETCH %d %s",
				(int)cases[i].message, cases[i].items);
			char expected[2048];
			snprintf(expected, sizeof(expected),
			    "* %d FETCH (%s)\r\nt OK Fetch completed\r\n",
			    (int)cases[i].message, cases[i].answer);
			assert_string_equal(said, expected);
		}
	}
	bed_empty(&bed);
}

#define BYTES(text)                                                            \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

// RFC 9051 section 9, rule 3: NUL in a literal8 only. Sizes stay.
static void nul_comes_out_of_binary_only(void **unused)
{
	(void)unused;
	static const struct {
		int message;
		const char *items;
		struct view answer;
	} rows[] = {
	    {WITH_NUL, "BODY.PEEK[]",
		BYTES("BODY[] {21}\r\nSubject: n\x80l\r\n\r\na\x80"
		      "b\r\n")},
	    {WITH_NUL, "BODY.PEEK[HEADER]",
		BYTES("BODY[HEADER] {16}\r\nSubject: n\x80l\r\n\r\n")},
	    {WITH_NUL, "RFC822.HEADER",
		BYTES("RFC822.HEADER {16}\r\nSubject: n\x80l\r\n\r\n")},
	    {WITH_NUL, "BODY.PEEK[HEADER.FIELDS (Subject)]",
		BYTES("BODY[HEADER.FIELDS (Subject)] {16}\r\nSubject: n\x80l"
		      "\r\n\r\n")},
	    {WITH_NUL, "BODY.PEEK[HEADER.FIELDS.NOT (From)]",
		BYTES("BODY[HEADER.FIELDS.NOT (From)] {16}\r\nSubject: n\x80l"
		      "\r\n\r\n")},
	    {WITH_NUL, "BODY.PEEK[TEXT]",
		BYTES("BODY[TEXT] {5}\r\na\x80"
		      "b\r\n")},
	    {WITH_NUL, "BODY.PEEK[1]",
		BYTES("BODY[1] {5}\r\na\x80"
		      "b\r\n")},
	    {WITH_NUL, "BODY.PEEK[]<10.3>", BYTES("BODY[]<10> {3}\r\n\x80l\r")},
	    {WITH_NUL, "BODY.PEEK[TEXT]<1.1>",
		BYTES("BODY[TEXT]<1> {1}\r\n\x80")},
	    {WITH_NUL, "ENVELOPE",
		BYTES("ENVELOPE (NIL \"n?l\" NIL NIL NIL NIL NIL NIL NIL "
		      "NIL)")},
	    {WITH_NUL, "RFC822.SIZE", BYTES("RFC822.SIZE 21")},
	    {WITH_NUL, "BINARY.PEEK[]",
		BYTES("BINARY[] ~{21}\r\nSubject: n\0l\r\n\r\na\0b\r\n")},
	    {WITH_NUL, "BINARY.PEEK[1]", BYTES("BINARY[1] ~{5}\r\na\0b\r\n")},
	    {WITH_NUL, "BINARY.PEEK[1]<1.2>",
		BYTES("BINARY[1]<1> ~{2}\r\n\0b")},
	    {WITH_NUL, "BINARY.SIZE[1]", BYTES("BINARY.SIZE[1] 5")},
	    {ENCODED, "BINARY.PEEK[3]", BYTES("BINARY[3] ~{3}\r\na\0b")},
	};
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf expected;
		buf_init(&expected, 4096);
		client_runf(&bed.client, "FETCH %d (%s)", rows[i].message,
		    rows[i].items);
		buf_printf(&expected, "* %d FETCH (", rows[i].message);
		buf_add(&expected, rows[i].answer);
		buf_add_literal(&expected, ")\r\nt OK Fetch completed\r\n");
		struct view said =
		    view_of(bed.client.all.ptr, bed.client.all.len);
		if (!view_eq(said, buf_view(&expected)))
			fail_msg(
			    "%s: %.*s", rows[i].items, (int)said.len, said.ptr);
		buf_done(&expected);
	}
	bed_empty(&bed);
}

// However long the message is, and however its bytes are cut: the first piece,
// which is read before anything is promised, and all that come later.
static void no_nul_comes_out_of_long_literals(void **unused)
{
	(void)unused;
	static const char *const items[] = {"BODY.PEEK[]", "BODY.PEEK[TEXT]",
	    "BODY.PEEK[1]", "BODY.PEEK[]<1.299990>", "BINARY.PEEK[1]"};
	struct desk desk;
	struct client client;
	struct buf message;
	buf_init(&message, 1 << 20);
	buf_add_literal(&message, "A: b\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		buf_add(&message, VIEW("\0x\n"));
	desk_open(&desk, (struct store_options){0});
	desk_append_bytes(&desk, "INBOX", buf_view(&message));
	client_open(&client, &desk, 0);
	client_select(&client, "INBOX", false);
	for (size_t room = 0; room < 3; room++) {
		client.room = room * 30000;
		for (size_t i = 0; i < ARRAY_LEN(items); i++) {
			client_runf(&client, "FETCH 1 %s", items[i]);
			struct view said =
			    view_of(client.all.ptr, client.all.len);
			bool has_nul = view_find_char(said, '\0') != SIZE_MAX;
			assert_true(said.len > 299990);
			assert_int_equal(has_nul, i == 4);
		}
	}
	client_close(&client);
	desk_close(&desk);
	buf_done(&message);
}

// RFC 3516 section 4.3
static void unknown_encoding_is_refused(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	const char *said =
	    client_run(&bed.client, "FETCH 3 (UID BINARY.PEEK[4])");
	assert_non_null(
	    strstr(said, "* 3 FETCH (UID 3)\r\nt NO [UNKNOWN-CTE]"));
	said = client_run(&bed.client, "FETCH 3 BINARY.SIZE[4]");
	assert_true(
	    view_starts_with(view_of_string(said), VIEW("t NO [UNKNOWN-CTE]")));
	bed_empty(&bed);
}

static void reading_sets_seen(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	assert_string_equal(client_run(&bed.client, "FETCH 1:2 BODY[1]<0.3>"),
	    "* 1 FETCH (FLAGS (\\Seen) BODY[1]<0> {3}\r\nBod)\r\n"
	    "* 2 FETCH (FLAGS (\\Seen) BODY[1]<0> {3}\r\none)\r\n"
	    "t OK Fetch completed\r\n");
	// Once is enough; PEEK and headers do not; RFC822.TEXT does.
	assert_string_equal(client_run(&bed.client, "FETCH 1 BODY[1]<0.3>"),
	    "* 1 FETCH (BODY[1]<0> {3}\r\nBod)\r\nt OK Fetch completed\r\n");
	client_run(&bed.client, "FETCH 3:5 (BODY.PEEK[] RFC822.HEADER)");
	assert_string_equal(client_run(&bed.client, "FETCH 3 FLAGS"),
	    "* 3 FETCH (FLAGS ())\r\nt OK Fetch completed\r\n");
	assert_string_equal(
	    client_run(&bed.client, "UID FETCH 5 (FLAGS RFC822.TEXT)"),
	    "* 5 FETCH (UID 5 FLAGS (\\Seen) RFC822.TEXT {0}\r\n)\r\n"
	    "t OK Fetch completed\r\n");
	bed_empty(&bed);

	bed_fill(&bed, IMAP_FEATURE_REV2, true);
	assert_string_equal(client_run(&bed.client, "FETCH 1 BODY[1]<0.3>"),
	    "* 1 FETCH (BODY[1]<0> {3}\r\nBod)\r\nt OK Fetch completed\r\n");
	bed_empty(&bed);
}

// RFC 7162 section 3.2.4
static void reading_tells_modseq_of_seen(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2 | IMAP_FEATURE_CONDSTORE, false);
	const char *said = client_run(&bed.client, "FETCH 1 BODY[1]<0.3>");
	assert_non_null(strstr(said, "* 1 FETCH (UID 1 MODSEQ ("));
	assert_non_null(strstr(said, ") FLAGS (\\Seen) BODY[1]<0> {3}\r\n"));
	assert_null(strstr(said, "* 1 FETCH (UID 1 MODSEQ (0)"));
	bed_empty(&bed);
}

static void fetch_refuses_what_it_must(void **unused)
{
	(void)unused;
	static const struct {
		const char *line;
		const char *reply;
	} wrong[] = {
	    {"FETCH", "t BAD "},
	    {"FETCH 1", "t BAD "},
	    {"FETCH 7 UID", "t BAD "},
	    {"FETCH 1:7 UID", "t BAD "},
	    {"FETCH 0 UID", "t BAD "},
	    {"FETCH 1 NONSENSE", "t BAD "},
	    {"FETCH 1 (UID", "t BAD "},
	    {"FETCH 1 ()", "t BAD "},
	    {"FETCH 1 BODY[", "t BAD "},
	    {"FETCH 1 BODY[MIME]", "t BAD "},
	    {"FETCH 1 BODY[0]", "t BAD "},
	    {"FETCH 1 BODY[1]<5>", "t BAD "},
	    {"FETCH 1 BODY[1]<1.>", "t BAD "},
	    {"FETCH 1 BINARY[HEADER]", "t BAD "},
	    {"FETCH 1 BINARY.SIZE[1]<0.1>", "t BAD "},
	    {"FETCH 1 UID (CHANGEDSINCE)", "t BAD "},
	    {"FETCH 1 UID (SINCE 1)", "t BAD "},
	    {"UID FETCH 70:80 UID", "t OK "},
	};
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		const char *said = client_run(&bed.client, wrong[i].line);
		if (!view_starts_with(
			view_of_string(said), view_of_string(wrong[i].reply)))
			fail_msg("%s: %s", wrong[i].line, said);
	}
	bed_empty(&bed);
}

static void changedsince_gives_only_what_changed(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2 | IMAP_FEATURE_CONDSTORE, false);
	unsigned long long then =
	    store_snapshot_highestmodseq(bed.client.session.view->snapshot);
	client_run(&bed.client, "STORE 2,5 FLAGS.SILENT \\Flagged");
	const char *said = client_runf(
	    &bed.client, "FETCH 1:4 FLAGS (CHANGEDSINCE %llu)", then);
	assert_non_null(strstr(said, "* 2 FETCH (MODSEQ ("));
	assert_null(strstr(said, "* 5 FETCH"));
	assert_null(strstr(said, "* 1 FETCH"));
	said = client_runf(
	    &bed.client, "UID FETCH 1:* FLAGS (CHANGEDSINCE %llu)", then + 1);
	assert_string_equal(said, "t OK Fetch completed\r\n");
	bed_empty(&bed);
}

static void expunged_message_answers_what_is_known(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	struct client other;
	client_open(&other, &bed.desk, IMAP_FEATURE_REV2);
	client_select(&other, "INBOX", false);
	client_run(&other, "STORE 1 FLAGS.SILENT \\Deleted");
	client_run(&other, "EXPUNGE");
	client_run(&bed.client, "FETCH 2 UID");
	assert_string_equal(
	    client_run(&bed.client, "FETCH 1:2 (UID RFC822.SIZE BODY.PEEK[1])"),
	    "* 1 FETCH (UID 1 RFC822.SIZE 115)\r\n"
	    "* 2 FETCH (UID 2 RFC822.SIZE 360 BODY[1] {3}\r\none)\r\n"
	    "t NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
	assert_string_equal(client_run(&bed.client, "FETCH 1 ENVELOPE"),
	    "t NO [EXPUNGEISSUED] Some of the messages no longer exist\r\n");
	client_close(&other);
	bed_empty(&bed);
}

// ---- Long ones -------------------------------------------------------------

#define LONG_BYTES 1000000

// A message whose body is base64 of `LONG_BYTES` counted bytes.
static void add_long(struct buf *text, struct buf *ret_decoded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	buf_add_literal(text, "Subject: long\r\n"
			      "Content-Transfer-Encoding: base64\r\n"
			      "\r\n");
	for (uint32_t i = 0; i < LONG_BYTES / 3; i++) {
		uint32_t three = i & 0xffffff;
		char quad[4];
		for (int d = 0; d < 4; d++)
			quad[d] = digits[three >> (18 - 6 * d) & 63];
		buf_add(text, view_of(quad, 4));
		for (int b = 16; b >= 0; b -= 8)
			buf_add_char(ret_decoded, (char)(three >> b));
		if (i % 19 == 18)
			buf_add_literal(text, "\r\n");
	}
	buf_add_literal(text, "\r\n");
}

static void long_bodies_come_in_pieces(void **unused)
{
	(void)unused;
	struct fetch_bed bed;
	bed_fill(&bed, IMAP_FEATURE_REV2, false);
	struct buf text, decoded;
	buf_init(&text, 4 * LONG_BYTES);
	buf_init(&decoded, 4 * LONG_BYTES);
	add_long(&text, &decoded);
	desk_append_bytes(&bed.desk, "INBOX", buf_view(&text));
	client_sync(&bed.client, true);

	client_run(&bed.client, "FETCH 7 BODY.PEEK[]");
	char head[64];
	int len = snprintf(
	    head, sizeof(head), "* 7 FETCH (BODY[] {%zu}\r\n", text.len);
	assert_memory_equal(bed.client.all.ptr, head, (size_t)len);
	assert_memory_equal(bed.client.all.ptr + len, text.ptr, text.len);
	assert_string_equal(bed.client.all.ptr + len + (int)text.len,
	    ")\r\nt OK Fetch completed\r\n");
	// It was not held whole.
	assert_true(bed.client.steps >= 5);

	client_run(&bed.client, "FETCH 7 BINARY.PEEK[1]");
	len = snprintf(
	    head, sizeof(head), "* 7 FETCH (BINARY[1] ~{%zu}\r\n", decoded.len);
	assert_memory_equal(bed.client.all.ptr, head, (size_t)len);
	assert_memory_equal(bed.client.all.ptr + len, decoded.ptr, decoded.len);
	assert_true(bed.client.steps >= 5);

	client_run(&bed.client, "FETCH 7 BINARY.PEEK[1]<300001.500000>");
	len = snprintf(
	    head, sizeof(head), "* 7 FETCH (BINARY[1]<300001> ~{500000}\r\n");
	assert_memory_equal(bed.client.all.ptr, head, (size_t)len);
	assert_memory_equal(
	    bed.client.all.ptr + len, decoded.ptr + 300001, 500000);
	buf_done(&text);
	buf_done(&decoded);
	bed_empty(&bed);
}

// ---- Header fields ---------------------------------------------------------

static void header_fields_are_picked(void **unused)
{
	(void)unused;
	static const struct {
		const char *header;
		const char *names; // separated by spaces
		bool invert;
		const char *picked;
	} table[] = {
	    {"A: 1\r\nB: 2\r\n\r\n", "a", false, "A: 1\r\n\r\n"},
	    {"A: 1\r\nB: 2\r\n\r\n", "a", true, "B: 2\r\n\r\n"},
	    {"A: 1\r\nB: 2\r\n\r\n", "", true, "A: 1\r\nB: 2\r\n\r\n"},
	    {"A: 1\r\n x\r\n\ty\r\nB: 2\r\n\r\n", "A", false,
		"A: 1\r\n x\r\n\ty\r\n\r\n"},
	    {"A: 1\r\nB: 2\r\nA: 3\r\n\r\n", "A", false,
		"A: 1\r\nA: 3\r\n\r\n"},
	    {"A: 1\nB: 2\n\n", "B", false, "B: 2\n\n"},
	    {"A \t: 1\r\n\r\n", "A", false, "A \t: 1\r\n\r\n"},
	    {"AB: 1\r\n\r\n", "A", false, "\r\n"},
	    {"A: 1\r\n\r\n", "AB", false, "\r\n"},
	    {"junk\r\nA: 1\r\n\r\n", "junk", false, "\r\n"},
	    {"junk\r\nA: 1\r\n\r\n", "a", true, "junk\r\n\r\n"},
	    {"A: 1", "A", false, "A: 1"},
	    {"A: 1\r\n", "A", false, "A: 1\r\n"},
	    {"", "A", false, ""},
	    {"\r\n", "A", false, "\r\n"},
	    {" x\r\nA: 1\r\n\r\n", "A", false, "A: 1\r\n\r\n"},
	    {"A: 1\r\n \r\nB: 2\r\n\r\n", "B", false, "B: 2\r\n\r\n"},
	    {"\rA: 1\r\n\r\n", "A", false, "\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct view names[8];
		size_t count = 0;
		struct view rest = view_of_string(table[i].names);
		while (view_split(&rest, ' ', &names[count]))
			count++;
		struct buf out;
		buf_init(&out, 1000);
		fetch_fields_pick(view_of_string(table[i].header), names, count,
		    table[i].invert, &out);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, table[i].picked);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_item_has_its_answer),
	    cmocka_unit_test(nul_comes_out_of_binary_only),
	    cmocka_unit_test(no_nul_comes_out_of_long_literals),
	    cmocka_unit_test(unknown_encoding_is_refused),
	    cmocka_unit_test(reading_sets_seen),
	    cmocka_unit_test(reading_tells_modseq_of_seen),
	    cmocka_unit_test(fetch_refuses_what_it_must),
	    cmocka_unit_test(changedsince_gives_only_what_changed),
	    cmocka_unit_test(expunged_message_answers_what_is_known),
	    cmocka_unit_test(long_bodies_come_in_pieces),
	    cmocka_unit_test(header_fields_are_picked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
