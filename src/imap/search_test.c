// SPDX-License-Identifier: Apache-2.0
// SEARCH, SORT and THREAD as commands: sets, "$", what they answer and how.
// What matches is the store's to test.
#include "imap/test_client.h"

#define CONDSTORE IMAP_FEATURE_CONDSTORE
#define QRESYNC   (IMAP_FEATURE_QRESYNC | IMAP_FEATURE_CONDSTORE)
#define REV2      IMAP_FEATURE_REV2

struct search_bed {
	struct desk desk;
	struct client client;
	struct client other;
};

// UIDs 1 to 8, of which 2 and 5 are gone: 1 3 4 6 7 8.
static void bed_fill(struct search_bed *bed, unsigned features)
{
	static const char *const subjects[8] = {"apple", "gone", "Re: apple",
	    "pear", "gone", "zebra", "Apple", "b"};
	desk_open(&bed->desk, (struct store_options){0});
	for (int i = 0; i < 8; i++) {
		char text[200];
		snprintf(text, sizeof(text),
		    "Subject: %s\r\nMessage-ID: <%d@x>\r\n%s%d%s"
		    "Date: Thu, %d Jan 2024 00:00:00 +0000\r\n\r\nbody %d\r\n",
		    subjects[i], i + 1,
		    i == 2 ? "In-Reply-To: <" : "X-N: ", i == 2 ? 1 : i,
		    i == 2 ? "@x>\r\n" : "\r\n", i + 1, i + 1);
		desk_append(&bed->desk, "INBOX", text,
		    i == 1 || i == 4 ? "\\Deleted"
		    : i == 3         ? "\\Seen"
				     : "");
	}
	client_open(&bed->other, &bed->desk, 0); // all are \Recent to it
	client_select(&bed->other, "INBOX", false);
	client_run(&bed->other, "EXPUNGE");
	client_open(&bed->client, &bed->desk, features);
	client_select(&bed->client, "INBOX", false);
}

static void bed_empty(struct search_bed *bed)
{
	client_close(&bed->client);
	client_close(&bed->other);
	desk_close(&bed->desk);
}

#define DONE "t OK Search completed\r\n"

static void sets_and_answers(void **unused)
{
	(void)unused;
	static const struct {
		const char *line;
		const char *answer;
	} cases[] = {
	    {"SEARCH ALL", "* SEARCH 1 2 3 4 5 6\r\n" DONE},
	    {"UID SEARCH ALL", "* SEARCH 1 3 4 6 7 8\r\n" DONE},
	    {"SEARCH 2:3,5", "* SEARCH 2 3 5\r\n" DONE},
	    {"SEARCH 4:2", "* SEARCH 2 3 4\r\n" DONE},
	    {"SEARCH *", "* SEARCH 6\r\n" DONE},
	    {"SEARCH *:5", "* SEARCH 5 6\r\n" DONE},
	    {"SEARCH UID 1:3,6", "* SEARCH 1 2 4\r\n" DONE},
	    {"SEARCH UID 9:*", "* SEARCH 6\r\n" DONE},
	    {"SEARCH UID 9:4294967295", "* SEARCH\r\n" DONE},
	    {"UID SEARCH 2:3", "* SEARCH 3 4\r\n" DONE},
	    {"SEARCH 1:3 NOT UID 3", "* SEARCH 1 3\r\n" DONE},
	    {"SEARCH OR 1 UID 6", "* SEARCH 1 4\r\n" DONE},
	    {"SEARCH NOT 2,4", "* SEARCH 1 3 5 6\r\n" DONE},
	    {"SEARCH (3) UID 4", "* SEARCH 3\r\n" DONE},
	    {"SEARCH 1000", "* SEARCH\r\n" DONE},
	    {"SEARCH 5:1000", "* SEARCH 5 6\r\n" DONE},
	    {"SEARCH SEEN", "* SEARCH 3\r\n" DONE},
	    {"SEARCH UNSEEN 1:3", "* SEARCH 1 2\r\n" DONE},
	    {"SEARCH SUBJECT apple", "* SEARCH 1 2 5\r\n" DONE},
	    {"SEARCH BODY \"body 7\"", "* SEARCH 5\r\n" DONE},
	    {"SEARCH EMAILID E4", "* SEARCH 3\r\n" DONE},
	    {"SEARCH EMAILID 4", "* SEARCH\r\n" DONE},
	    {"SEARCH EMAILID M4", "* SEARCH\r\n" DONE},
	    {"SEARCH NOT EMAILID X", "* SEARCH 1 2 3 4 5 6\r\n" DONE},
	    {"SEARCH RECENT", "* SEARCH\r\n" DONE},
	    {"SEARCH OLD", "* SEARCH 1 2 3 4 5 6\r\n" DONE},
	    {"SEARCH CHARSET UTF-8 SUBJECT pear", "* SEARCH 3\r\n" DONE},
	    // ESEARCH
	    {"SEARCH RETURN () ALL", "* ESEARCH (TAG \"t\") ALL 1:6\r\n" DONE},
	    {"UID SEARCH RETURN (ALL) ALL",
		"* ESEARCH (TAG \"t\") UID ALL 1,3:4,6:8\r\n" DONE},
	    {"SEARCH RETURN (MIN) 2:4", "* ESEARCH (TAG \"t\") MIN 2\r\n" DONE},
	    {"SEARCH RETURN (MAX) 2:4", "* ESEARCH (TAG \"t\") MAX 4\r\n" DONE},
	    {"UID SEARCH RETURN (MIN MAX COUNT) 2:4",
		"* ESEARCH (TAG \"t\") UID MIN 3 MAX 6 COUNT 3\r\n" DONE},
	    {"SEARCH RETURN (COUNT) 1000",
		"* ESEARCH (TAG \"t\") COUNT 0\r\n" DONE},
	    {"SEARCH RETURN (MIN MAX ALL) 1000",
		"* ESEARCH (TAG \"t\")\r\n" DONE},
	    {"UID SEARCH RETURN () 1000", "* ESEARCH (TAG \"t\") UID\r\n" DONE},
	    // Mistakes
	    {"SEARCH CHARSET X-NONE ALL", "t NO [BADCHARSET (UTF-8 "},
	    {"SEARCH", "t BAD "},
	    {"SEARCH NONSENSE", "t BAD "},
	    {"SEARCH RETURN (NONSENSE) ALL", "t BAD "},
	    {"SEARCH 0", "t BAD "},
	};
	static const size_t rooms[] = {0, 1, 9};
	struct search_bed bed;
	bed_fill(&bed, 0);
	for (size_t r = 0; r < ARRAY_LEN(rooms); r++) {
		bed.client.room = rooms[r];
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			const char *said =
			    client_run(&bed.client, cases[i].line);
			if (!view_starts_with(view_of_string(said),
				view_of_string(cases[i].answer)))
				fail_msg("%s: %s", cases[i].line, said);
		}
	}
	// IMAP4rev2 has ESEARCH only.
	bed.client.session.enabled = REV2;
	assert_string_equal(client_run(&bed.client, "UID SEARCH SEEN"),
	    "* ESEARCH (TAG \"t\") UID ALL 4\r\n" DONE);
	bed_empty(&bed);
}

static void recent_is_searched(void **unused)
{
	(void)unused;
	struct search_bed bed;
	bed_fill(&bed, 0);
	desk_append(&bed.desk, "INBOX", "Subject: new\r\n\r\n", "");
	client_sync(&bed.client, true);
	assert_string_equal(
	    client_run(&bed.client, "SEARCH NEW"), "* SEARCH 7\r\n" DONE);
	assert_string_equal(
	    client_run(&bed.client, "SEARCH NOT OLD"), "* SEARCH 7\r\n" DONE);
	bed_empty(&bed);
}

static void strings_come_in_any_charset(void **unused)
{
	(void)unused;
	struct search_bed bed;
	bed_fill(&bed, 0);
	desk_append(&bed.desk, "INBOX",
	    "Subject: =?utf-8?q?caf=C3=A9_=D0=9C=D0=B8=D1=80?=\r\n\r\n", "");
	client_sync(&bed.client, true);
	static const char *const lines[] = {
	    "SEARCH CHARSET ISO-8859-1 SUBJECT {4}\r\ncaf\xe9",
	    "SEARCH CHARSET KOI8-R SUBJECT {3}\r\n\xed\xc9\xd2",
	    "SEARCH CHARSET UTF-8 SUBJECT {5}\r\nCAF\xc3\x89",
	};
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		bed.client.session.enabled = 0;
		assert_string_equal(
		    client_run(&bed.client, lines[i]), "* SEARCH 7\r\n" DONE);
	}
	// RFC 6855 section 3
	bed.client.session.enabled = IMAP_FEATURE_UTF8;
	assert_non_null(strstr(
	    client_run(&bed.client, "SEARCH CHARSET UTF-8 ALL"), "t BAD "));
	bed_empty(&bed);
}

// RFC 4731 section 3.2, RFC 7162 section 3.1.6; as imaptest's
// esearch-condstore.
static void modseq_of_what_was_found(void **unused)
{
	(void)unused;
	struct search_bed bed;
	bed_fill(&bed, CONDSTORE);
	unsigned long long modseq[5];
	static const int order[] = {1, 3, 2, 4};
	for (int i = 0; i < 4; i++) {
		client_runf(
		    &bed.client, "STORE %d +FLAGS.SILENT \\Flagged", order[i]);
		modseq[order[i]] = store_snapshot_highestmodseq(
		    bed.client.session.view->snapshot);
	}
	static const struct {
		const char *line;
		int since; // of which message
		const char *answer;
		int modseq;
	} cases[] = {
	    {"SEARCH RETURN (MIN) 1:3 MODSEQ", 0,
		"* ESEARCH (TAG \"t\") MIN 1 MODSEQ ", 1},
	    {"SEARCH RETURN (MAX) 1:3 MODSEQ", 0,
		"* ESEARCH (TAG \"t\") MAX 3 MODSEQ ", 3},
	    {"SEARCH RETURN () 1:3 MODSEQ", 0,
		"* ESEARCH (TAG \"t\") ALL 1:3 MODSEQ ", 2},
	    {"SEARCH RETURN (MIN MAX) 2:3 MODSEQ", 0,
		"* ESEARCH (TAG \"t\") MIN 2 MAX 3 MODSEQ ", 2},
	    {"SEARCH RETURN (ALL) 2:3 MODSEQ \"/flags/\\\\seen\" all", 3,
		"* ESEARCH (TAG \"t\") ALL 2:3 MODSEQ ", 2},
	    {"SEARCH RETURN (ALL) 2:3 MODSEQ", 2,
		"* ESEARCH (TAG \"t\") ALL 2 MODSEQ ", 2},
	    {"SEARCH 2:3 MODSEQ", 2, "* SEARCH 2 (MODSEQ ", 2},
	    {"SORT (ARRIVAL) UTF-8 2:3 MODSEQ", 2, "* SORT 2 (MODSEQ ", 2},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *said = client_runf(&bed.client, "%s %llu",
		    cases[i].line, cases[i].since ? modseq[cases[i].since] : 1);
		char expected[200];
		snprintf(expected, sizeof(expected), "%s%llu", cases[i].answer,
		    modseq[cases[i].modseq]);
		if (!view_starts_with(
			view_of_string(said), view_of_string(expected)))
			fail_msg("%s: %s", cases[i].line, said);
	}
	assert_string_equal(client_runf(&bed.client,
				"SEARCH RETURN () 2:3 MODSEQ %llu", modseq[4]),
	    "* ESEARCH (TAG \"t\")\r\n" DONE);
	assert_string_equal(
	    client_runf(&bed.client, "SEARCH 2:3 MODSEQ %llu", modseq[4]),
	    "* SEARCH\r\n" DONE);
	bed_empty(&bed);
}

// RFC 5182
static void saved_results_are_used(void **unused)
{
	(void)unused;
	struct search_bed bed;
	bed_fill(&bed, REV2);
	struct client *c = &bed.client;
	assert_string_equal(
	    client_run(c, "FETCH $ UID"), "t OK Fetch completed\r\n");
	assert_string_equal(client_run(c, "SEARCH RETURN (SAVE) 2:3,5"),
	    "t OK Search completed, result saved\r\n");
	assert_string_equal(client_run(c, "FETCH $ UID"),
	    "* 2 FETCH (UID 3)\r\n* 3 FETCH (UID 4)\r\n* 5 FETCH (UID 7)\r\n"
	    "t OK Fetch completed\r\n");
	assert_string_equal(client_run(c, "UID SEARCH RETURN (ALL) $ UID 4:9"),
	    "* ESEARCH (TAG \"t\") UID ALL 4,7\r\n" DONE);
	// The result goes down with its messages, and numbers move.
	client_run(&bed.other, "UID STORE 1,4 +FLAGS.SILENT \\Deleted");
	client_run(&bed.other, "EXPUNGE");
	client_sync(c, true);
	assert_string_equal(client_run(c, "FETCH $ UID"),
	    "* 1 FETCH (UID 3)\r\n* 3 FETCH (UID 7)\r\n"
	    "t OK Fetch completed\r\n");
	assert_string_equal(client_run(c, "SEARCH RETURN (SAVE MIN COUNT) ALL"),
	    "* ESEARCH (TAG \"t\") MIN 1 COUNT 4\r\n" DONE);
	assert_string_equal(client_run(c, "UID SEARCH RETURN (COUNT) $"),
	    "* ESEARCH (TAG \"t\") UID COUNT 4\r\n" DONE);
	assert_string_equal(client_run(c, "SEARCH RETURN (SAVE MIN MAX) ALL"),
	    "* ESEARCH (TAG \"t\") MIN 1 MAX 4\r\n" DONE);
	assert_string_equal(client_run(c, "UID SEARCH $"),
	    "* ESEARCH (TAG \"t\") UID ALL 3,8\r\n" DONE);
	// BAD leaves it, NO empties it.
	client_run(c, "SEARCH RETURN (SAVE) NONSENSE");
	assert_non_null(strstr(client_run(c, "UID SEARCH $"), "ALL 3,8"));
	client_run(c, "SEARCH RETURN (SAVE) CHARSET X-NONE ALL");
	assert_string_equal(client_run(c, "UID SEARCH $"),
	    "* ESEARCH (TAG \"t\") UID\r\n" DONE);
	bed_empty(&bed);
}

// RFC 7162 section 3.2.10.2
static void uid_search_with_numbers_holds_vanished(void **unused)
{
	(void)unused;
	struct search_bed bed;
	bed_fill(&bed, QRESYNC | REV2);
	client_run(&bed.other, "STORE 1 +FLAGS.SILENT \\Deleted");
	client_run(&bed.other, "EXPUNGE");
	assert_null(
	    strstr(client_run(&bed.client, "UID SEARCH 1:3"), "VANISHED"));
	assert_null(
	    strstr(client_run(&bed.client, "SEARCH UID 1:3"), "VANISHED"));
	assert_non_null(strstr(
	    client_run(&bed.client, "UID SEARCH UID 1:3"), "VANISHED 1"));
	bed_empty(&bed);
}

static void sort_and_thread(void **unused)
{
	(void)unused;
	static const struct {
		const char *line;
		const char *answer;
	} cases[] = {
	    {"SORT (REVERSE DATE) UTF-8 ALL",
		"* SORT 6 5 4 3 2 1\r\nt OK Sort completed\r\n"},
	    {"UID SORT (SUBJECT) UTF-8 ALL",
		"* SORT 1 3 7 8 4 6\r\nt OK Sort completed\r\n"},
	    {"SORT (SUBJECT REVERSE DATE) UTF-8 1:3,5",
		"* SORT 5 2 1 3\r\nt OK Sort completed\r\n"},
	    {"SORT (SUBJECT) US-ASCII FLAGGED",
		"* SORT\r\nt OK Sort completed\r\n"},
	    {"SORT (DATE) X-NONE ALL", "t NO [BADCHARSET ("},
	    {"SORT () UTF-8 ALL", "t BAD "},
	    {"SORT (SIZE) UTF-8", "t BAD "},
	    {"SORT (DATE REVERSE) UTF-8 ALL", "t BAD "},
	    {"UID THREAD REFERENCES UTF-8 1:4",
		"* THREAD (1 3)(4)(6)\r\nt OK Thread completed\r\n"},
	    {"THREAD REFERENCES UTF-8 UNSEEN SUBJECT pear",
		"* THREAD\r\nt OK Thread completed\r\n"},
	    {"THREAD ORDEREDSUBJECT UTF-8 3:4",
		"* THREAD (3)(4)\r\nt OK Thread completed\r\n"},
	    {"THREAD BYMAGIC UTF-8 ALL", "t BAD "},
	};
	static const size_t rooms[] = {0, 1};
	struct search_bed bed;
	bed_fill(&bed, 0);
	for (size_t r = 0; r < ARRAY_LEN(rooms); r++) {
		bed.client.room = rooms[r];
		for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
			const char *said =
			    client_run(&bed.client, cases[i].line);
			if (!view_starts_with(view_of_string(said),
				view_of_string(cases[i].answer)))
				fail_msg("%s: %s", cases[i].line, said);
		}
	}
	bed_empty(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sets_and_answers),
	    cmocka_unit_test(recent_is_searched),
	    cmocka_unit_test(strings_come_in_any_charset),
	    cmocka_unit_test(modseq_of_what_was_found),
	    cmocka_unit_test(saved_results_are_used),
	    cmocka_unit_test(uid_search_with_numbers_holds_vanished),
	    cmocka_unit_test(sort_and_thread),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
