// SPDX-License-Identifier: Apache-2.0
// FETCH and SEARCH arguments: the RFCs' examples and every item and key of the
// formal syntax, and what they are read as. Wrong inputs are in
// imap_wrong_test.c.
#include "base/test.h"
#include "wire/imap_syntax_dump.h"

struct row {
	const char *input;
	const char *dump;
};

static const struct row fetches[] = {
    {"ALL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"},
    {"fast", "FLAGS INTERNALDATE RFC822.SIZE"},
    {"FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"},
    {"FLAGS", "FLAGS"},
    {"(UID)", "UID"},
    {"(uid Flags UID)", "UID FLAGS"},
    {"(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY MODSEQ"
     " EMAILID THREADID SAVEDATE PREVIEW)",
	"UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY MODSEQ"
	" EMAILID THREADID SAVEDATE PREVIEW"},
    {"RFC822", "RFC822 seen"},
    {"RFC822.HEADER", "RFC822.HEADER/peek"},
    {"RFC822.TEXT", "RFC822.TEXT seen"},
    {"BODY[]", "BODY[] seen"},
    {"BODY.PEEK[]", "BODY[]/peek"},
    {"body.peek[header]", "BODY[HEADER]/peek"},
    {"BODY[]<0.100>", "BODY[]<0>/100 seen"},
    {"BODY.PEEK[1.2.TEXT]<4294967296.9223372036854775807>",
	"BODY[1.2.TEXT]<4294967296>/peek/9223372036854775807"},
    {"(FLAGS BODY[HEADER.FIELDS (DATE FROM)])",
	"FLAGS BODY[HEADER.FIELDS (DATE FROM)] seen"},
    {"BODY.PEEK[HEADER.FIELDS.NOT (\"Message-ID\" To)]",
	"BODY[HEADER.FIELDS.NOT (Message-ID To)]/peek"},
    {"BODY.PEEK[HEADER.FIELDS ({7}\r\nSubject)]",
	"BODY[HEADER.FIELDS (Subject)]/peek"},
    {"BODY[HEADER.FIELDS (\"x y\" \"a\\\"b\" \"\")]",
	"BODY[HEADER.FIELDS (\"x y\" \"a\\\"b\" \"\")] seen"},
    // RFC 9051 section 6.4.5.1: the section specifiers of its example.
    {"(BODY[HEADER] BODY[TEXT] BODY[1] BODY[2] BODY[3.HEADER] BODY[3.TEXT]"
     " BODY[3.1] BODY[4.1.MIME] BODY[4.2.2.1] BODY[1.MIME])",
	"BODY[HEADER] BODY[TEXT] BODY[1] BODY[2] BODY[3.HEADER] BODY[3.TEXT]"
	" BODY[3.1] BODY[4.1.MIME] BODY[4.2.2.1] BODY[1.MIME] seen"},
    {"BODY.PEEK[1.HEADER.FIELDS (TO)]<7.1>",
	"BODY[1.HEADER.FIELDS (TO)]<7>/peek/1"},
    {"BODY[4294967295]", "BODY[4294967295] seen"},
    {"BINARY[1]", "BINARY[1] seen"},
    {"BINARY[]", "BINARY[] seen"},
    {"BINARY.PEEK[1.2]<5.6>", "BINARY[1.2]<5>/peek/6"},
    {"(BINARY.SIZE[1] BINARY.SIZE[])",
	"BINARY.SIZE[1]/peek BINARY.SIZE[]/peek"},
    {"(BODY BODYSTRUCTURE BODY[])", "BODY BODYSTRUCTURE BODY[] seen"},
    // RFC 8970 section 3.
    {"PREVIEW", "PREVIEW"},
    {"PREVIEW (LAZY)", "PREVIEW/lazy"},
    {"(ENVELOPE PREVIEW (LAZY))", "ENVELOPE PREVIEW/lazy"},
    {"(PREVIEW (lazy) UID)", "PREVIEW/lazy UID"},
    {"PREVIEW (CHANGEDSINCE 5)", "PREVIEW since=5"},
    {"PREVIEW (LAZY) (CHANGEDSINCE 5)", "PREVIEW/lazy since=5"},
    // RFC 7162 sections 3.1.4.1 and 3.2.6.
    {"(FLAGS) (CHANGEDSINCE 12345)", "FLAGS since=12345"},
    {"(FLAGS) (CHANGEDSINCE 12345 VANISHED)", "FLAGS since=12345 vanished"},
    {"FAST (vanished changedsince 9223372036854775807)",
	"FLAGS INTERNALDATE RFC822.SIZE since=9223372036854775807 vanished"},
};

static const struct row searches[] = {
    {"ALL", "all"},
    {"all", "all"},
    {"ANSWERED", "flag=\\Answered"},
    {"DELETED", "flag=\\Deleted"},
    {"DRAFT", "flag=\\Draft"},
    {"FLAGGED", "flag=\\Flagged"},
    {"SEEN", "flag=\\Seen"},
    {"RECENT", "flag=\\Recent"},
    {"UNANSWERED", "(not flag=\\Answered)"},
    {"UNDELETED", "(not flag=\\Deleted)"},
    {"UNDRAFT", "(not flag=\\Draft)"},
    {"UNFLAGGED", "(not flag=\\Flagged)"},
    {"UNSEEN", "(not flag=\\Seen)"},
    {"OLD", "(not flag=\\Recent)"},
    {"NEW", "(and flag=\\Recent (not flag=\\Seen))"},
    {"KEYWORD $Junk", "flag=$Junk"},
    {"UNKEYWORD $Junk", "(not flag=$Junk)"},
    {"BCC x", "header:Bcc=x"},
    {"CC x", "header:Cc=x"},
    {"FROM \"SMITH\"", "header:From=SMITH"},
    {"TO {2}\r\nab", "header:To=ab"},
    {"SUBJECT \"a \\\"b\\\"\"", "header:Subject=a \"b\""},
    {"HEADER X-A b", "header:X-A=b"},
    {"HEADER Message-ID \"\"", "header:Message-ID="},
    {"BODY \"\"", "body="},
    {"TEXT NIL", "text=NIL"},
    {"TEXT a]b[", "text=a]b["},
    {"BEFORE 1-Feb-1994", "before=1994-02-01"},
    {"ON \"01-Feb-1994\"", "on=1994-02-01"},
    {"SINCE 29-feb-2000", "since=2000-02-29"},
    {"SENTBEFORE 1-Jan-1970", "sentbefore=1970-01-01"},
    {"SENTON 31-Dec-1969", "senton=1969-12-31"},
    {"SENTSINCE 7-Jul-2026", "sentsince=2026-07-07"},
    {"SAVEDBEFORE 1-Feb-1994", "savedbefore=1994-02-01"},
    {"SAVEDON 28-Dec-2014", "savedon=2014-12-28"},
    {"SAVEDSINCE 28-Dec-2014", "savedsince=2014-12-28"},
    {"SAVEDATESUPPORTED", "saves"},
    {"LARGER 4294967296", "larger=4294967296"},
    {"SMALLER 0", "smaller=0"},
    {"OLDER 1", "older=1"},
    {"UNSEEN YOUNGER 259200", "(and (not flag=\\Seen) younger=259200)"},
    {"EMAILID M6d99ac3275bb4e", "email=M6d99ac3275bb4e"},
    {"THREADID \"T64b478a75b7ea9\"", "thread=T64b478a75b7ea9"},
    {"MODSEQ 620162338", "modseq=620162338"},
    {"MODSEQ 0", "modseq=0"},
    {"MODSEQ \"/flags/\\\\draft\" all 620162338",
	"modseq=620162338@/flags/\\draft"},
    {"MODSEQ \"/flags/$x\" priv 1", "modseq=1@/flags/$x"},
    {"MODSEQ \"/flags/x\" SHARED 1 OR 1 2",
	"(and modseq=1@/flags/x (or seq=1 seq=2))"},
    {"1", "seq=1"},
    {"2,4:7,9,12:*", "seq=2,4:7,9,12:*"},
    {"*:4,5:7", "seq=*:4,5:7"},
    {"*", "seq=*"},
    {"$", "seq=$"},
    {"1,$", "seq=1,$"},
    {"UID 443:557", "uid=443:557"},
    {"UID $ SMALLER 4096", "(and uid=$ smaller=4096)"},
    {"NOT SEEN", "(not flag=\\Seen)"},
    {"NOT NOT SEEN", "flag=\\Seen"},
    {"NOT UNSEEN", "(not (not flag=\\Seen))"},
    {"not (SEEN 1)", "(not (and flag=\\Seen seq=1))"},
    {"(SEEN)", "flag=\\Seen"},
    {"((((SEEN))))", "flag=\\Seen"},
    {"(SEEN 1) (2)", "(and (and flag=\\Seen seq=1) seq=2)"},
    {"OR SEEN 1", "(or flag=\\Seen seq=1)"},
    {"OR 1 OR 2 OR 3 4", "(or seq=1 seq=2 seq=3 seq=4)"},
    {"OR OR 1 2 3", "(or (or seq=1 seq=2) seq=3)"},
    {"OR (1 2) NOT 3", "(or (and seq=1 seq=2) (not seq=3))"},
    {"OR 1 NOT OR 2 3 4", "(and (or seq=1 (not (or seq=2 seq=3))) seq=4)"},
    {"NOT OR 1 2", "(not (or seq=1 seq=2))"},
    // RFC 9051 section 6.4.4: its examples.
    {"FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
	"(and flag=\\Flagged since=1994-02-01 (not header:From=Smith))"},
    {"TEXT \"string not in mailbox\"", "text=string not in mailbox"},
    {"RETURN (MIN COUNT) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
	"min count (and flag=\\Flagged since=1994-02-01 (not"
	" header:From=Smith))"},
    {"RETURN () FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
	"all (and flag=\\Flagged since=1994-02-01 (not header:From=Smith))"},
    {"CHARSET UTF-8 TEXT {12}\r\n\xd0\xbc\xd0\xb0\xd0\xbc\xd0\xb0\xd1\x8b\xd1"
     "\x8b",
	"[UTF-8] text=\xd0\xbc\xd0\xb0\xd0\xbc\xd0\xb0\xd1\x8b\xd1\x8b"},
    // RFC 4731 and RFC 5182.
    {"RETURN (SAVE) FLAGGED SINCE 1-Feb-1994 NOT FROM \"Smith\"",
	"save (and flag=\\Flagged since=1994-02-01 (not header:From=Smith))"},
    {"return (save min MAX all COUNT) charset \"KOI8-R\" (OR $ 1,3000:3021) "
     "TEXT"
     " {8}\r\n\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8",
	"min max all count save [KOI8-R] (and (or seq=$ seq=1,3000:3021)"
	" text=\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8)"},
};

// Criteria as numbers of enum search_sort_type.
static const struct row sorts[] = {
    // RFC 5256 section 3 (BASE.6.4.SORT).
    {"(SUBJECT) UTF-8 SINCE 1-Feb-1994", "7 [UTF-8] since=1994-02-01"},
    {"(SUBJECT REVERSE DATE) UTF-8 ALL", "7 -2 [UTF-8] all"},
    {"(SUBJECT) US-ASCII TEXT \"not in mailbox\"",
	"7 [US-ASCII] text=not in mailbox"},
    {"(ARRIVAL CC DATE FROM SIZE SUBJECT TO) \"x\" 1",
	"0 1 2 5 6 7 8 [x] seq=1"},
    // RFC 5957 section 3.
    {"(DISPLAYFROM reverse DISPLAYTO) UTF-8 NEW",
	"3 -4 [UTF-8] (and flag=\\Recent (not flag=\\Seen))"},
};

static const struct row threads[] = {
    // RFC 5256 section 3 (BASE.6.4.THREAD).
    {"ORDEREDSUBJECT UTF-8 SINCE 5-MAR-2000", "[UTF-8] since=2000-03-05"},
    {"references US-ASCII TEXT \"gewp\"", "[US-ASCII] text=gewp"},
};

static void check_search(
    const struct row *table, size_t count, enum imap_search_command command)
{
	struct arena arena;
	arena_init(&arena);
	struct buf dump;
	buf_init(&dump, 10000);
	for (size_t i = 0; i < count; i++) {
		struct imap_cursor cursor;
		struct fault fault = {0};
		imap_cursor_init(
		    &cursor, &arena, view_of_string(table[i].input), &fault);
		struct imap_search search;
		enum rc rc = imap_search_parse(&cursor, command, &search);
		assert_string_equal(fault.text, "");
		assert_int_equal(rc, RC_OK);
		assert_int_equal(cursor.depth, 0);
		buf_reset(&dump);
		dump_search(&dump, &search);
		buf_add_char(&dump, '\0');
		assert_string_equal(dump.ptr, table[i].dump);
	}
	buf_done(&dump);
	arena_done(&arena);
}

static void searches_are_read_as_trees(void **state)
{
	(void)state;
	check_search(searches, ARRAY_LEN(searches), IMAP_SEARCH_COMMAND);
	check_search(sorts, ARRAY_LEN(sorts), IMAP_SORT_COMMAND);
	check_search(threads, ARRAY_LEN(threads), IMAP_THREAD_COMMAND);
}

static void a_search_says_what_it_needs(void **state)
{
	(void)state;
	static const struct {
		const char *input;
		bool modseq;
		bool saved;
		bool sequence;
		bool strings;
	} needs[] = {
	    {"ALL", false, false, false, false},
	    {"OR ALL (NOT MODSEQ 1)", true, false, false, false},
	    {"UID $", false, true, false, false},
	    {"UID 1", false, false, false, false},
	    {"NOT $", false, true, true, false},
	    {"SEEN 1", false, false, true, false},
	    {"SUBJECT x", false, false, false, true},
	    {"KEYWORD x EMAILID x", false, false, false, false},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
		struct imap_cursor cursor;
		struct fault fault;
		imap_cursor_init(
		    &cursor, &arena, view_of_string(needs[i].input), &fault);
		struct imap_search search;
		assert_int_equal(
		    imap_search_parse(&cursor, IMAP_SEARCH_COMMAND, &search),
		    RC_OK);
		assert_int_equal(search.has_modseq, needs[i].modseq);
		assert_int_equal(search.has_saved, needs[i].saved);
		assert_int_equal(search.has_sequence, needs[i].sequence);
		assert_int_equal(search.has_strings, needs[i].strings);
		assert_view_equal_row(i, search.charset, VIEW("US-ASCII"));
	}
	arena_done(&arena);
}

static void fetch_items_are_read_and_labelled(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf dump;
	buf_init(&dump, 10000);
	for (size_t i = 0; i < ARRAY_LEN(fetches); i++) {
		struct imap_cursor cursor;
		struct fault fault = {0};
		imap_cursor_init(
		    &cursor, &arena, view_of_string(fetches[i].input), &fault);
		struct imap_fetch fetch;
		enum rc rc = imap_fetch_parse(&cursor, &fetch);
		assert_string_equal(fault.text, "");
		assert_int_equal(rc, RC_OK);
		buf_reset(&dump);
		dump_fetch(&dump, &fetch);
		buf_add_char(&dump, '\0');
		assert_string_equal(dump.ptr, fetches[i].dump);
		for (size_t j = 0; j < fetch.count; j++)
			assert_true(fetch.types & 1u << fetch.items[j].type);
	}
	buf_done(&dump);
	arena_done(&arena);
}

static void old_items_carry_the_section_they_stand_for(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct imap_cursor cursor;
	struct fault fault;
	imap_cursor_init(&cursor, &arena,
	    VIEW("(RFC822 RFC822.HEADER RFC822.TEXT BODY[2.5.MIME])"), &fault);
	struct imap_fetch fetch;
	assert_int_equal(imap_fetch_parse(&cursor, &fetch), RC_OK);
	assert_int_equal(fetch.items[0].section.what, IMAP_SECTION_WHOLE);
	assert_int_equal(fetch.items[1].section.what, IMAP_SECTION_HEADER);
	assert_int_equal(fetch.items[2].section.what, IMAP_SECTION_TEXT);
	const struct imap_section *section = &fetch.items[3].section;
	assert_int_equal(section->what, IMAP_SECTION_MIME);
	assert_int_equal(section->part_count, 2);
	assert_int_equal(section->parts[0], 2);
	assert_int_equal(section->parts[1], 5);
	assert_int_equal(fetch.types, 1u << IMAP_FETCH_BODY);
	arena_done(&arena);
}

// `count` times `text`, between `head` and `tail`.
static struct view repeated(struct buf *out, const char *head, const char *text,
    size_t count, const char *tail)
{
	buf_reset(out);
	buf_add_string(out, head);
	for (size_t i = 0; i < count; i++)
		buf_add_string(out, text);
	buf_add_string(out, tail);
	assert_int_equal(buf_status(out), RC_OK);
	return buf_view(out);
}

static void what_nests_or_repeats_has_limits(void **state)
{
	(void)state;
	static const struct {
		bool fetch;
		const char *head;
		const char *text;
		size_t count;
		const char *tail;
		enum rc rc;
	} limits[] = {
	    {false, "", "(", 99, "1", RC_SYNTAX},
	    {false, "", "(", 100, "1", RC_LIMIT},
	    {false, "", "(", 60000, "1", RC_LIMIT},
	    {false, "", "NOT (", 100, "1", RC_LIMIT},
	    {false, "", "OR (", 100, "1", RC_LIMIT},
	    {false, "", "OR OR ", 100, "1", RC_LIMIT},
	    {false, "", "NOT ", 16000, "SEEN", RC_OK},
	    {false, "", "OR 1 ", 8000, "2", RC_OK},
	    {false, "1", " 1", 8000, "", RC_OK},
	    {false, "1", " 1", 8191, "", RC_LIMIT},
	    {false, "1", " NEW", 3000, "", RC_LIMIT},
	    {false, "1", ",1", 30000, "", RC_OK},
	    {true, "(BODY[]", " BODY[]", 999, ")", RC_OK},
	    {true, "(BODY[]", " BODY[]", 1000, ")", RC_LIMIT},
	    {true, "(FLAGS", " FLAGS", 10000, ")", RC_OK},
	    {true, "BODY[1", ".1", 1023, "]", RC_OK},
	    {true, "BODY[1", ".1", 1024, "]", RC_LIMIT},
	    {true, "BODY[HEADER.FIELDS (a", " a", 30000, ")]", RC_OK},
	};
	struct arena arena;
	arena_init(&arena);
	struct buf text;
	buf_init(&text, (size_t)1024 * 1024);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct imap_cursor cursor;
		struct fault fault;
		imap_cursor_init(&cursor, &arena,
		    repeated(&text, limits[i].head, limits[i].text,
			limits[i].count, limits[i].tail),
		    &fault);
		struct imap_fetch fetch;
		struct imap_search search;
		enum rc rc = limits[i].fetch
				 ? imap_fetch_parse(&cursor, &fetch)
				 : imap_search_parse(
				       &cursor, IMAP_SEARCH_COMMAND, &search);
		assert_int_equal(rc, limits[i].rc);
		arena_reset(&arena);
	}
	buf_done(&text);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(searches_are_read_as_trees),
	    cmocka_unit_test(a_search_says_what_it_needs),
	    cmocka_unit_test(fetch_items_are_read_and_labelled),
	    cmocka_unit_test(old_items_carry_the_section_they_stand_for),
	    cmocka_unit_test(what_nests_or_repeats_has_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
