// SPDX-License-Identifier: Apache-2.0
// ENVELOPE, BODY and BODYSTRUCTURE as the RFCs show them, and where mail is
// strange.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/imap_structure.h"
#include "wire/message_whole.h"

// What imap_envelope_write() and imap_structure_write()
// give; NULL: not looked at. In the message, "%<n>,<m>;" stands for n bytes in
// m lines.
struct row {
	const char *message;
	const char *envelope;
	const char *body;
	const char *structure;
};

#define TEXT_DEFAULT                                                           \
	"\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\""
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct row rows[] = {
    // RFC 3501 section 8 and RFC 9051 section 8
    {"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
     "From: Terry Gray <gray@cac.washington.edu>\r\n"
     "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
     "To: imap@cac.washington.edu\r\n"
     "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
     "Message-Id: <B27397-0100000@cac.washington.ed>\r\n"
     "MIME-Version: 1.0\r\n"
     "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n"
     "\r\n"
     "%3028,92;",
	"(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	"\"IMAP4rev2 WG mtg summary and minutes\" "
	"((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	"((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	"((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	"((NIL NIL \"imap\" \"cac.washington.edu\")) "
	"((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	"(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
	"\"<B27397-0100000@cac.washington.ed>\")",
	"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 "
	"92)",
	"(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 "
	"92 NIL NIL NIL NIL)"},
    // RFC 3501 and RFC 9051 section 7.5.2
    {MIXED "--b\r\n"
	   "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"
	   "%1152,23;\r\n--b\r\n"
	   "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII; NAME=\"cc.diff\"\r\n"
	   "Content-ID: <960723163407.20117h@cac.washington.edu>\r\n"
	   "Content-Description: Compiler diff\r\n"
	   "Content-Transfer-Encoding: BASE64\r\n\r\n"
	   "%4554,73;\r\n--b--\r\n",
	"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)",
	"((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 "
	"23)(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" \"NAME\" "
	"\"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" \"Compiler "
	"diff\" \"BASE64\" 4554 73) \"MIXED\")",
	"((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1152 "
	"23 NIL NIL NIL NIL)(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\" "
	"\"NAME\" \"cc.diff\") \"<960723163407.20117h@cac.washington.edu>\" "
	"\"Compiler diff\" \"BASE64\" 4554 73 NIL NIL NIL NIL) \"MIXED\" "
	"(\"boundary\" \"b\") NIL NIL NIL)"},
    {"From: a@b\r\n\r\nline\r\n", NULL, "(" TEXT_DEFAULT " 6 1)",
	"(" TEXT_DEFAULT " 6 1 NIL NIL NIL NIL)"},
    {"", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", "(" TEXT_DEFAULT " 0 0)",
	NULL},
    // every extension field (RFC 1864, 2183, 3282, 2557)
    {"Content-Type: application/pdf; name*0=\"a \"; name*1=b.pdf\r\n"
     "Content-Disposition: attachment; filename=\"a \\\"b\\\".pdf\"\r\n"
     "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
     "Content-Language: de, en (x)\r\n"
     "Content-Location: http://example.org/a\r\n"
     "Content-Transfer-Encoding: x-own\r\n\r\nabc",
	NULL,
	"(\"APPLICATION\" \"PDF\" (\"name\" \"a b.pdf\") NIL NIL \"X-OWN\" 3)",
	"(\"APPLICATION\" \"PDF\" (\"name\" \"a b.pdf\") NIL NIL \"X-OWN\" 3 "
	"\"Q2hlY2sgSW50ZWdyaXR5IQ==\" (\"attachment\" (\"filename\" \"a "
	"\\\"b\\\".pdf\")) (\"de\" \"en\") \"http://example.org/a\")"},
    // an embedded message: its envelope, its structure, its lines
    {MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n"
	   "Subject: inner\r\nFrom: a@b\r\n\r\none\r\ntwo\r\n\r\n--b--",
	NULL,
	"((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 39 (NIL \"inner\" "
	"((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" "
	"\"b\")) NIL NIL NIL NIL NIL) (" TEXT_DEFAULT " 10 2) 5) \"MIXED\")",
	NULL},
    {"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nbody\r\n", NULL,
	"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 20 (NIL \"x\" NIL NIL "
	"NIL "
	"NIL NIL NIL NIL NIL) (" TEXT_DEFAULT " 6 1) 3)",
	"(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 20 (NIL \"x\" NIL NIL "
	"NIL "
	"NIL NIL NIL NIL NIL) (" TEXT_DEFAULT
	" 6 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"},
    // a digest
    {"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n"
     "Subject: x\r\n\r\nbody\r\n--b--",
	NULL,
	"((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 18 (NIL \"x\" NIL NIL "
	"NIL NIL NIL NIL NIL NIL) (" TEXT_DEFAULT " 4 0) 2) \"DIGEST\")",
	NULL},
    // an empty multipart still has a body
    {MIXED "--b--\r\n", NULL, "((" TEXT_DEFAULT " 0 0) \"MIXED\")",
	"((" TEXT_DEFAULT " 0 0 NIL NIL NIL NIL) \"MIXED\" (\"boundary\" "
	"\"b\") NIL NIL NIL)"},
    {"Content-Type: multipart/mixed\r\n\r\nx\r\n", NULL,
	"(" TEXT_DEFAULT " 3 1)", NULL},
    // 8-bit and over-long text goes as literals, with no NUL
    {"Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n",
	"(NIL {6}\r\ngr\xc3\xbc\xc3\x9f NIL NIL NIL NIL NIL NIL NIL NIL)", NULL,
	NULL},
    // empty is not missing (RFC 9051 section 7.5.2), but for addresses
    {"Subject:\r\nDate: \r\nFrom: a@b\r\nSender:\r\nReply-To: \r\nTo:\r\n\r\n",
	"(\"\" \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) ((NIL NIL "
	"\"a\" \"b\")) NIL NIL NIL NIL NIL)",
	NULL, NULL},
    {"From: =?utf-8?q?J=C3=BCrgen?= <j@x.de>\r\nSender: \"A \\\"B\\\"\" "
     "<c@d>\r\nReply-To: e@f\r\nTo: team: g@h, i@j;\r\nIn-Reply-To: "
     "<k@l>\r\n\r\n",
	"(NIL NIL ((\"=?utf-8?q?J=C3=BCrgen?=\" NIL \"j\" \"x.de\")) ((\"A "
	"\\\"B\\\"\" NIL \"c\" \"d\")) ((NIL NIL \"e\" \"f\")) ((NIL NIL "
	"\"team\" NIL)(NIL NIL \"g\" \"h\")(NIL NIL \"i\" \"j\")(NIL NIL NIL "
	"NIL)) NIL NIL \"<k@l>\" NIL)",
	NULL, NULL},
};

// Bytes of "%<n>,<m>;": n bytes in m lines, the last one ended by CRLF.
static void fill(struct buf *out, unsigned bytes, unsigned lines)
{
	for (unsigned i = 0; i < bytes - 2 * lines; i++)
		buf_add_char(out, 'x');
	for (unsigned i = 0; i < lines; i++)
		buf_add_literal(out, "\r\n");
}

static void expand(const char *text, struct buf *out)
{
	for (; *text; text++) {
		unsigned bytes, lines;
		if (*text == '%' &&
		    sscanf(text, "%%%u,%u;", &bytes, &lines) == 2) {
			fill(out, bytes, lines);
			text = strchr(text, ';');
		} else {
			buf_add_char(out, *text);
		}
	}
}

static void expect(const char *expected, struct buf *out)
{
	buf_add_char(out, '\0');
	if (expected)
		assert_string_equal(out->ptr, expected);
	buf_reset(out);
}

static void each_message_has_its_structure(void **state)
{
	(void)state;
	struct buf text, out, structure;
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	buf_init(&structure, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&text);
		expand(rows[i].message, &text);
		struct message *message = message_parse(buf_view(&text), 0);
		imap_envelope_write(message->parts[0].fields, &out);
		expect(rows[i].envelope, &out);
		imap_structure_write(message, &out, &structure);
		expect(rows[i].body, &out);
		expect(rows[i].structure, &structure);
		message_free(&message);
	}
	buf_done(&text);
	buf_done(&out);
	buf_done(&structure);
}

static void strings_are_quoted_where_they_may_be(void **state)
{
	(void)state;
	static const struct {
		struct view text;
		const char *expected;
	} cases[] = {
	    {{"", 0}, "\"\""},
	    {{NULL, 0}, "NIL"},
	    {{"a\tb", 3}, "\"a\tb\""},
	    {{"\"\\", 2}, "\"\\\"\\\\\""},
	    {{"a\rb", 3}, "{3}\r\na\rb"},
	    {{"a\nb", 3}, "{3}\r\na\nb"},
	    {{"a\0b", 3}, "{3}\r\na?b"},
	    {{"\xff", 1}, "{1}\r\n\xff"},
	};
	struct buf out;
	buf_init(&out, 65536);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		imap_nstring_write(cases[i].text, &out);
		expect(cases[i].expected, &out);
	}
	char longer[5000];
	memset(longer, 'x', sizeof(longer));
	imap_string_write(view_of(longer, sizeof(longer)), &out);
	assert_true(view_starts_with(buf_view(&out), VIEW("{5000}\r\nxxx")));
	buf_done(&out);
}

static void a_structure_over_the_limit_becomes_plain(void **state)
{
	(void)state;
	// Each address takes two bytes in the field and 50 in three lists.
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_add_literal(&text, MIXED);
	for (int i = 0; i < 60; i++) {
		buf_add_literal(
		    &text, "--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: ");
		for (int j = 0; j < 4200; j++)
			buf_add_literal(&text, "a,");
		buf_add_literal(&text, "\r\n\r\n");
	}
	struct message *message = message_parse(buf_view(&text), 0);
	struct buf body, out;
	buf_init(&body, 2 * IMAP_STRUCTURE_MAX);
	buf_init(&out, 2 * IMAP_STRUCTURE_MAX);
	imap_structure_write(message, &body, &out);
	assert_int_equal(buf_status(&body), RC_OK);
	assert_int_equal(buf_status(&out), RC_OK);
	assert_true(view_starts_with(buf_view(&body),
	    VIEW("(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL ")));
	assert_true(view_starts_with(buf_view(&out),
	    VIEW("(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL ")));
	assert_true(body.len < out.len);
	assert_true(out.len < 200);
	buf_done(&body);
	buf_done(&out);
	message_free(&message);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_message_has_its_structure),
	    cmocka_unit_test(strings_are_quoted_where_they_may_be),
	    cmocka_unit_test(a_structure_over_the_limit_becomes_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
