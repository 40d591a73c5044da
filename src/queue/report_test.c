// SPDX-License-Identifier: Apache-2.0
// Tests reports against RFC 3464, 3461, 6522 and 6533, also with hostile input.
#include <stdint.h>

#include "base/test.h"
#include "queue/report_check.h"

#define HEADER                                                                 \
	"From: a@a.example\r\nSubject: Tea\r\nMessage-ID: <1@a.example>\r\n"

struct sheet { // a report and what it is made from
	struct queue_settings settings;
	struct queue_message_record message;
	struct queue_verdict verdict;
	struct queue_id id;
	struct queue_report report;
	struct buf text;
	struct queue_report_form form;
};

static void sheet_make(struct sheet *sheet)
{
	*sheet = (struct sheet){
	    .settings = {.server_name = VIEW("mx.roost.example")},
	    .message = {.created = 1700000000,
		.envelope = {.sender = VIEW("a@a.example"), .proven = true}},
	    .verdict = {.final = true,
		.action = QUEUE_ACTION_FAILED,
		.record = {.recipient = {.address = VIEW("x@b.example")},
		    .status = ENHANCED(5, 1, 1),
		    .last_try = 1700000100,
		    .diagnostic = VIEW("550 5.1.1 Who?"),
		    .remote = VIEW("mx.b.example")}},
	};
	queue_settings_default(&sheet->settings);
	sheet->report = (struct queue_report){
	    .settings = &sheet->settings,
	    .id = &sheet->id,
	    .of = &sheet->id,
	    .message = &sheet->message,
	    .verdicts = &sheet->verdict,
	    .count = 1,
	    .now = 1700000200,
	    .original = VIEW(HEADER "\r\nHello.\r\n"),
	};
	buf_init(&sheet->text, QUEUE_REPORT_MAX);
}

static void compose(struct sheet *sheet)
{
	sheet->message.size = sheet->report.original.len;
	assert_int_equal(
	    queue_report_compose(&sheet->report, &sheet->text, &sheet->form),
	    RC_OK);
	const char *problem =
	    report_check(&sheet->report, buf_view(&sheet->text), &sheet->form);
	if (problem)
		fail_msg(
		    "%s\n%.*s", problem, (int)sheet->text.len, sheet->text.ptr);
}

static bool has(const struct sheet *sheet, const char *part)
{
	return view_find(buf_view(&sheet->text), view_of_string(part)) !=
	       SIZE_MAX;
}

static void a_failure_says_what_happened_and_what_to_do(void **state)
{
	(void)state;
	static const char *const parts[] = {
	    "From: Mail delivery <MAILER-DAEMON@mx.roost.example>\r\n"
	    "To: <a@a.example>\r\n"
	    "Subject: Your message could not be delivered\r\n"
	    "Date: Tue, 14 Nov 2023 22:16:40 +0000\r\n"
	    "Message-ID: <00000000000000000000@mx.roost.example>\r\n"
	    "In-Reply-To: <1@a.example>\r\n"
	    "References: <1@a.example>\r\n"
	    "Auto-Submitted: auto-replied\r\n",
	    "  Subject: Tea\r\n",
	    "It could not be delivered to:\r\n\r\n  x@b.example\r\n"
	    "      There is no such mailbox. Check the address for typing "
	    "mistakes.\r\n"
	    "      mx.b.example answered: 550 5.1.1 Who?\r\n",
	    "\r\nReporting-MTA: dns; mx.roost.example\r\n"
	    "Arrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
	    "\r\n"
	    "Final-Recipient: rfc822; x@b.example\r\n"
	    "Action: failed\r\n"
	    "Status: 5.1.1\r\n"
	    "Remote-MTA: dns; mx.b.example\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 Who?\r\n"
	    "Last-Attempt-Date: Tue, 14 Nov 2023 22:15:00 +0000\r\n",
	    "Content-Type: text/rfc822-headers\r\n\r\n" HEADER "\r\n--",
	};
	struct sheet sheet;
	sheet_make(&sheet);
	compose(&sheet);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!has(&sheet, parts[i]))
			fail_msg("missing: %s\nin: %.*s", parts[i],
			    (int)sheet.text.len, sheet.text.ptr);
	assert_false(has(&sheet, "Hello."));
	assert_false(sheet.form.has_8bit || sheet.form.needs_utf8);
	buf_done(&sheet.text);
}

static void what_was_asked_for_comes_back(void **state)
{
	(void)state;
	struct sheet sheet;
	sheet_make(&sheet);
	sheet.message.envelope.envid = VIEW("QQ=314159");
	sheet.verdict.record.recipient.original = VIEW("rfc822;Old@B.example");
	sheet.report.whole = true;
	compose(&sheet);
	assert_true(has(&sheet, "\r\nOriginal-Envelope-Id: QQ=314159\r\n"));
	assert_true(
	    has(&sheet, "\r\n\r\nOriginal-Recipient: rfc822; Old@B.example\r\n"
			"Final-Recipient: "));
	assert_true(has(&sheet, "Content-Type: message/rfc822\r\n\r\n" HEADER
				"\r\nHello.\r\n\r\n--"));
	buf_done(&sheet.text);
}

// RFC 4865 section 5.1.2.
static void a_later_release_that_was_asked_for_is_named(void **state)
{
	(void)state;
	static const struct {
		enum smtp_hold hold;
		uint64_t value;
		const char *line; // after Arrival-Date
	} table[] = {
	    {SMTP_HOLD_NONE, 0, "\r\n"},
	    {SMTP_HOLD_FOR, 86400, "Future-Release-Request: for;86400\r\n"},
	    {SMTP_HOLD_UNTIL, 1700000000,
		"Future-Release-Request: until;2023-11-14T22:13:20Z\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sheet sheet;
		char wanted[200];
		sheet_make(&sheet);
		sheet.message.envelope.hold = table[i].hold;
		sheet.message.envelope.hold_value = table[i].value;
		compose(&sheet);
		snprintf(wanted, sizeof(wanted),
		    "\r\nArrival-Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n%s",
		    table[i].line);
		assert_true(has(&sheet, wanted));
		buf_done(&sheet.text);
	}
}

// Which type the third part has, for different originals.
static void the_original_goes_back_as_far_as_it_can(void **state)
{
	(void)state;
	static char long_line[2000];
	memset(long_line, 'l', sizeof(long_line));
	memcpy(long_line, "\r\nS: ", 5);
	static const struct {
		const char *name;
		struct view original;
		enum smtp_body body;
		int utf8; // SMTPUTF8; 2: the sender's address needs it too
		bool whole;
		const char *type;
		const char *encoding; // NULL: none
	} table[] = {
	    {"header only", {HEADER "\r\nx\r\n", sizeof(HEADER) + 4},
		SMTP_BODY_7BIT, false, false, "text/rfc822-headers", NULL},
	    {"whole", {HEADER "\r\nx\r\n", sizeof(HEADER) + 4}, SMTP_BODY_7BIT,
		false, true, "message/rfc822", NULL},
	    {"8-bit body", {"A: b\r\n\r\n\xc3\xa4\r\n", 12}, SMTP_BODY_8BITMIME,
		false, true, "message/rfc822", "8bit"},
	    {"8-bit header", {"A: \xe4\r\n\r\nx\r\n", 11}, SMTP_BODY_8BITMIME,
		false, false, "text/rfc822-headers", "quoted-printable"},
	    {"binary", {"A: b\r\n\r\n\xc3\xa4\r\n", 12}, SMTP_BODY_BINARYMIME,
		false, true, "text/rfc822-headers", NULL},
	    {"NUL", {"A: b\r\n\r\n\0\r\n", 11}, SMTP_BODY_7BIT, false, true,
		"text/rfc822-headers", NULL},
	    {"NUL in the header", {"A: \0\r\n\r\n\r\n", 10}, SMTP_BODY_7BIT,
		false, true, "text/rfc822-headers", "quoted-printable"},
	    {"bare CR", {"A: b\r\n\r\nx\ry\r\n", 13}, SMTP_BODY_7BIT, false,
		true, "text/rfc822-headers", NULL},
	    {"bare LF", {"A: b\r\n\r\nx\ny\r\n", 13}, SMTP_BODY_7BIT, false,
		true, "text/rfc822-headers", NULL},
	    {"long line", {long_line, sizeof(long_line)}, SMTP_BODY_7BIT, false,
		true, "text/rfc822-headers", NULL},
	    {"no end of line", {"A: b\r\n\r\nx", 9}, SMTP_BODY_7BIT, false,
		true, "message/rfc822", NULL},
	    {"UTF-8 header", {"A: \xc3\xa4\r\n\r\nx\r\n", 12},
		SMTP_BODY_8BITMIME, 2, false, "message/global-headers", "8bit"},
	    {"UTF-8 header to ASCII", {"A: \xc3\xa4\r\n\r\nx\r\n", 12},
		SMTP_BODY_8BITMIME, 1, false, "message/global-headers",
		"quoted-printable"},
	    {"ASCII header of UTF-8", {"A: b\r\n\r\n\xc3\xa4\r\n", 12},
		SMTP_BODY_8BITMIME, 2, false, "text/rfc822-headers", NULL},
	    {"broken UTF-8 header", {"A: \xe4\r\n\r\nx\r\n", 11},
		SMTP_BODY_8BITMIME, true, false, "message/global-headers",
		"quoted-printable"},
	    {"UTF-8 whole", {"A: \xc3\xa4\r\n\r\nx\r\n", 12},
		SMTP_BODY_8BITMIME, 2, true, "message/global", "8bit"},
	    {"UTF-8 whole to ASCII", {"A: \xc3\xa4\r\n\r\nx\r\n", 12},
		SMTP_BODY_8BITMIME, 1, true, "message/global",
		"quoted-printable"},
	    {"ASCII whole of UTF-8", {HEADER "\r\nx\r\n", sizeof(HEADER) + 4},
		SMTP_BODY_7BIT, 1, true, "message/rfc822", NULL},
	    {"empty", {"", 0}, SMTP_BODY_7BIT, false, false,
		"text/rfc822-headers", NULL},
	    {"no header", {"\r\nx\r\n", 5}, SMTP_BODY_7BIT, false, false,
		"text/rfc822-headers", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sheet sheet;
		char expected[120];
		sheet_make(&sheet);
		sheet.report.original = table[i].original;
		sheet.report.whole = table[i].whole;
		sheet.message.envelope.body = table[i].body;
		sheet.message.envelope.smtputf8 = table[i].utf8 > 0;
		if (table[i].utf8 == 2)
			sheet.message.envelope.sender =
			    VIEW("j\xc3\xb6rg@a.example");
		bool ascii = table[i].utf8 == 1 || !table[i].encoding ||
			     strcmp(table[i].encoding, "8bit") != 0;
		compose(&sheet);
		snprintf(expected, sizeof(expected),
		    "Content-Type: %s\r\n%s%s\r\n%s", table[i].type,
		    table[i].encoding ? "Content-Transfer-Encoding: " : "",
		    table[i].encoding ? table[i].encoding : "",
		    table[i].encoding ? "\r\n" : "");
		if (!has(&sheet, expected))
			fail_msg("%s: %.*s", table[i].name, (int)sheet.text.len,
			    sheet.text.ptr);
		assert_true(
		    !ascii || sheet.form.has_8bit == (table[i].utf8 == 2));
		buf_done(&sheet.text);
	}
}

static void utf8_addresses_are_spelled_as_the_sender_allows(void **state)
{
	(void)state;
	struct sheet sheet;
	// The form depends on the address that the report goes to, not on the
	// message's SMTPUTF8.
	for (int round = 0; round < 3; round++) {
		bool utf8 = round == 2;
		sheet_make(&sheet);
		sheet.message.envelope.smtputf8 = round > 0;
		if (utf8)
			sheet.message.envelope.sender =
			    VIEW("j\xc3\xb6rg@a.example");
		sheet.verdict.record.recipient.address =
		    VIEW("\xc3\xbc@b.example");
		sheet.verdict.record.recipient.original =
		    VIEW("utf-8;\xc3\xbc@b.example");
		sheet.verdict.record.diagnostic = VIEW("550 n\xc3\xb6");
		compose(&sheet);
		assert_int_equal(sheet.form.needs_utf8, utf8);
		assert_int_equal(sheet.form.has_8bit, utf8);
		assert_true(has(&sheet, utf8 ? "message/global-delivery-status"
					     : "message/delivery-status"));
		assert_true(has(&sheet,
		    utf8 ? "Final-Recipient: utf-8; \xc3\xbc@b.example\r\n"
			 : "Final-Recipient: utf-8; \\x{FC}@b.example\r\n"));
		assert_true(has(&sheet,
		    utf8 ? "Original-Recipient: utf-8; \xc3\xbc@b.example\r\n"
			 : "Original-Recipient: utf-8; \\x{FC}@b.example\r\n"));
		assert_true(has(&sheet,
		    utf8 ? "smtp; 550 n\xc3\xb6\r\n" : "smtp; 550 n?\r\n"));
		buf_done(&sheet.text);
	}
}

static void nothing_hostile_breaks_the_form(void **state)
{
	(void)state;
	static const char *const hostile[] = {
	    "x\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>",
	    "x\nAction: delivered\n\nFinal-Recipient: rfc822; y@z",
	    "   ",
	    "\t\t\r\n",
	    "\x01\x02\x7f\x9b\xe2\x80\xa8",
	    "\xff\xfe",
	    "=_=_=_--=_",
	    ";;;;",
	    "rfc822;",
	    "rfc822;\r\nStatus: 2.0.0",
	    "x;\r\n\r\n",
	    "<>\"\\",
	    "=?utf-8?q?=0d=0a.?=",
	};
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		for (int utf8 = 0; utf8 < 2; utf8++) {
			struct sheet sheet;
			struct view bad = view_of_string(hostile[i]);
			struct buf original;
			sheet_make(&sheet);
			buf_init(&original, 4096);
			buf_add_literal(&original, "Message-ID: <");
			buf_add(&original, bad);
			buf_add_literal(&original, "@x>\r\nSubject: ");
			buf_add(&original, bad);
			buf_add_literal(&original, "\r\n\r\n");
			buf_add(&original, bad);
			sheet.message.envelope.smtputf8 = utf8;
			sheet.message.envelope.sender = bad;
			sheet.message.envelope.envid = bad;
			sheet.verdict.record.recipient.address = bad;
			sheet.verdict.record.recipient.original = bad;
			sheet.verdict.record.diagnostic = bad;
			sheet.verdict.record.remote = bad;
			sheet.report.original = buf_view(&original);
			sheet.report.whole = true;
			compose(&sheet);
			buf_done(&sheet.text);
			buf_done(&original);
		}
}

static void long_texts_are_folded(void **state)
{
	(void)state;
	struct sheet sheet;
	static char word[QUEUE_DIAGNOSTIC_MAX];
	static char words[QUEUE_DIAGNOSTIC_MAX];
	static char original[QUEUE_ORIGINAL_MAX];
	memset(word, 'w', sizeof(word));
	memset(original, 'o', sizeof(original));
	memcpy(original, "rfc822;", 7);
	for (size_t i = 0; i < sizeof(words); i++)
		words[i] = i % 7 ? 'a' : ' ';
	memcpy(words, "550 ", 4);
	for (int i = 0; i < 2; i++) {
		sheet_make(&sheet);
		sheet.verdict.record.diagnostic =
		    i ? view_of(word, sizeof(word))
		      : view_of(words, sizeof(words));
		sheet.verdict.record.recipient.original =
		    view_of(original, sizeof(original));
		sheet.message.envelope.envid = view_of(word, QUEUE_ENVID_MAX);
		compose(&sheet);
		if (i)
			assert_true(
			    has(&sheet, "Diagnostic-Code: X-Roost;\r\n www"));
		buf_done(&sheet.text);
	}
}

static void each_action_has_its_words(void **state)
{
	(void)state;
	static const struct {
		enum queue_action action;
		const char *subject;
		const char *text;
	} table[] = {
	    {QUEUE_ACTION_FAILED, "could not be delivered", "no such mailbox"},
	    {QUEUE_ACTION_DELAYED, "is delayed",
		"You do not have to do anything"},
	    {QUEUE_ACTION_DELIVERED, "has been delivered", "in the mailbox"},
	    {QUEUE_ACTION_RELAYED, "has been passed on", "does not"},
	    {QUEUE_ACTION_EXPANDED, "has been passed on",
		"list of other addresses"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sheet sheet;
		char line[60];
		sheet_make(&sheet);
		sheet.verdict.action = table[i].action;
		compose(&sheet);
		assert_true(has(&sheet, table[i].subject));
		assert_true(has(&sheet, table[i].text));
		snprintf(line, sizeof(line), "\r\nAction: %s\r\n",
		    queue_action_name(table[i].action));
		assert_true(has(&sheet, line));
		assert_int_equal(has(&sheet, "Will-Retry-Until"),
		    table[i].action == QUEUE_ACTION_DELAYED);
		buf_done(&sheet.text);
	}
}

static void the_other_server_is_named_by_name_or_literal(void **state)
{
	(void)state;
	static const char *const table[][2] = {
	    {"mx.b.example", "Remote-MTA: dns; mx.b.example\r\n"},
	    {"192.0.2.1", "Remote-MTA: dns; [192.0.2.1]\r\n"},
	    {"2001:db8::1", "Remote-MTA: dns; [IPv6:2001:db8::1]\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct sheet sheet;
		sheet_make(&sheet);
		sheet.verdict.record.remote = view_of_string(table[i][0]);
		compose(&sheet);
		assert_true(has(&sheet, table[i][1]));
		buf_done(&sheet.text);
	}
}

static void only_a_reply_is_an_answer(void **state)
{
	(void)state;
	struct sheet sheet;
	sheet_make(&sheet);
	compose(&sheet);
	assert_true(has(&sheet, " answered: 5"));
	buf_done(&sheet.text);
	sheet_make(&sheet);
	sheet.verdict.record.diagnostic = VIEW("connection refused");
	compose(&sheet);
	assert_false(has(&sheet, "answered"));
	assert_true(has(&sheet, ": connection refused"));
	buf_done(&sheet.text);
}

static void many_recipients_are_all_in_the_status(void **state)
{
	(void)state;
	struct sheet sheet;
	static struct queue_verdict all[QUEUE_RECIPIENTS_MAX];
	static char diagnostic[QUEUE_DIAGNOSTIC_MAX];
	memset(diagnostic, 'd', sizeof(diagnostic));
	sheet_make(&sheet);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		all[i] = sheet.verdict;
		all[i].record.diagnostic =
		    view_of(diagnostic, sizeof(diagnostic));
	}
	sheet.report.verdicts = all;
	sheet.report.count = ARRAY_LEN(all);
	compose(&sheet);
	assert_true(has(&sheet, "and 4900 others"));
	buf_done(&sheet.text);
}

static void quoted_printable_is_as_the_rfc_has_it(void **state)
{
	(void)state;
	static const char *const table[][2] = {
	    {"", ""},
	    {"a\r\n", "a\r\n"},
	    {"a", "a\r\n"},
	    {"a\nb", "a\r\nb\r\n"},
	    {"a=b", "a=3Db\r\n"},
	    {"a \r\n", "a=20\r\n"},
	    {"a\t\nb", "a=09\r\nb\r\n"},
	    {"a b", "a b\r\n"},
	    {"a\rb", "a=0Db\r\n"},
	    {"\xc3\xa4", "=C3=A4\r\n"},
	    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	     "aaaaaaaaaaaaaaa",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaa=\r\na\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		buf_init(&out, 1000);
		queue_line_quote(&out, view_of_string(table[i][0]));
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i][1]));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_failure_says_what_happened_and_what_to_do),
	    cmocka_unit_test(what_was_asked_for_comes_back),
	    cmocka_unit_test(a_later_release_that_was_asked_for_is_named),
	    cmocka_unit_test(the_original_goes_back_as_far_as_it_can),
	    cmocka_unit_test(utf8_addresses_are_spelled_as_the_sender_allows),
	    cmocka_unit_test(nothing_hostile_breaks_the_form),
	    cmocka_unit_test(long_texts_are_folded),
	    cmocka_unit_test(each_action_has_its_words),
	    cmocka_unit_test(the_other_server_is_named_by_name_or_literal),
	    cmocka_unit_test(only_a_reply_is_an_answer),
	    cmocka_unit_test(many_recipients_are_all_in_the_status),
	    cmocka_unit_test(quoted_printable_is_as_the_rfc_has_it),
	};
	return cmocka_run_group_tests_name("queue report", tests, NULL, NULL);
}
