// SPDX-License-Identifier: Apache-2.0
// Replies: read in any pieces, within limits, and never trusted; capabilities;
// and what the server writes.
#include "base/test.h"
#include "wire/smtp_command.h"
#include "wire/smtp_reply.h"

#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

// Feeds `text` in pieces of `step` bytes until there is a verdict; the rest of
// `text` is left in it.
static enum rc feed(struct smtp_reply_parser *parser, struct view *text,
    size_t step, struct smtp_reply *ret_reply)
{
	enum rc rc = RC_MORE;
	while (rc == RC_MORE && text->len) {
		struct view part = view_slice(*text, 0, step);
		size_t given = part.len;
		rc = smtp_reply_feed(parser, &part, ret_reply);
		*text = view_from(*text, given - part.len);
	}
	return rc;
}

static void replies_are_read_however_they_are_cut(void **state)
{
	(void)state;
	static const struct {
		struct view in;
		enum rc rc;
		struct view rest;
		unsigned code;
		size_t lines;
		struct view text;
		struct enhanced_status status;
	} rows[] = {
	    {V("250 ok\r\n"), RC_OK, V(""), 250, 1, V("ok\n"), {0, 0, 0}},
	    {V("250 ok\n"), RC_OK, V(""), 250, 1, V("ok\n"), {0, 0, 0}},
	    {V("250\r\n"), RC_OK, V(""), 250, 1, V("\n"), {0, 0, 0}},
	    {V("250 \r\n"), RC_OK, V(""), 250, 1, V("\n"), {0, 0, 0}},
	    {V("220 a ESMTP\r\n250 b\r\n"), RC_OK, V("250 b\r\n"), 220, 1,
		V("a ESMTP\n"), {0, 0, 0}},
	    {V("250-a\r\n250-b\r\n250 c\r\nx"), RC_OK, V("x"), 250, 3,
		V("a\nb\nc\n"), {0, 0, 0}},
	    {V("250-\r\n250\r\n"), RC_OK, V(""), 250, 2, V("\n\n"), {0, 0, 0}},
	    {V("550 5.1.1 no such user\r\n"), RC_OK, V(""), 550, 1,
		V("5.1.1 no such user\n"), {5, 1, 1}},
	    {V("550-5.1.1 no\r\n550 5.2.2 x\r\n"), RC_OK, V(""), 550, 2,
		V("5.1.1 no\n5.2.2 x\n"), {5, 1, 1}},
	    // a code of another class than the reply's is text
	    {V("450 5.1.1 x\r\n"), RC_OK, V(""), 450, 1, V("5.1.1 x\n"),
		{0, 0, 0}},
	    {V("250 2.0.0\r\n"), RC_OK, V(""), 250, 1, V("2.0.0\n"), {2, 0, 0}},
	    {V("250 a\rb\0c\r\n"), RC_OK, V(""), 250, 1, V("a\rb\0c\n"),
		{0, 0, 0}},
	    {V("250 a\r\r\n"), RC_OK, V(""), 250, 1, V("a\r\n"), {0, 0, 0}},
	    {V("250 o"), RC_MORE, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("250-ok\r\n"), RC_MORE, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("25 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("2500 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("150 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("650 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("2x0 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V(" 250 ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("250_ok\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("250-a\r\n550 b\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("250-a\r\nb\r\n"), RC_SYNTAX, V(""), 0, 0, V(""), {0, 0, 0}},
	    {V("HTTP/1.1 400 Bad Request\r\n"), RC_SYNTAX, V(""), 0, 0, V(""),
		{0, 0, 0}},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= rows[i].in.len; step++) {
			struct smtp_reply_parser parser;
			struct smtp_reply reply;
			struct view in = rows[i].in;
			smtp_reply_parser_init(&parser);
			assert_int_equal(
			    feed(&parser, &in, step, &reply), rows[i].rc);
			if (rows[i].rc == RC_OK) {
				assert_view_equal_row(i, in, rows[i].rest);
				assert_int_equal(reply.code, rows[i].code);
				assert_int_equal(reply.lines, rows[i].lines);
				assert_view_equal_row(
				    i, reply.text, rows[i].text);
				assert_memory_equal(&reply.status,
				    &rows[i].status, sizeof(reply.status));
				assert_false(reply.truncated);
			}
			smtp_reply_parser_done(&parser);
		}
}

static void replies_come_one_after_another(void **state)
{
	(void)state;
	struct smtp_reply_parser parser;
	struct smtp_reply reply;
	struct view in = VIEW("250-5.0.0 a\r\n250 b\r\n354 go\r\n");
	smtp_reply_parser_init(&parser);
	assert_int_equal(smtp_reply_feed(&parser, &in, &reply), RC_OK);
	assert_int_equal(reply.code, 250);
	assert_int_equal(smtp_reply_feed(&parser, &in, &reply), RC_OK);
	assert_int_equal(reply.code, 354);
	assert_int_equal(reply.lines, 1);
	assert_true(enhanced_status_is_none(reply.status));
	assert_view_equal(reply.text, VIEW("go\n"));
	assert_int_equal(smtp_reply_feed(&parser, &in, &reply), RC_MORE);
	smtp_reply_parser_done(&parser);
}

static void a_reply_has_limits(void **state)
{
	(void)state;
	struct smtp_reply_parser parser;
	struct smtp_reply reply;
	struct buf in;
	buf_init(&in, 1 << 20);
	smtp_reply_parser_init(&parser);
	// more lines than are kept
	for (int i = 0; i < SMTP_REPLY_LINES_MAX; i++)
		buf_add_string(&in, "250-x\r\n");
	buf_add_string(&in, "250 end\r\n");
	struct view view = buf_view(&in);
	assert_int_equal(feed(&parser, &view, 1000, &reply), RC_OK);
	assert_int_equal(reply.lines, SMTP_REPLY_LINES_MAX);
	assert_int_equal(reply.text.len, 2 * SMTP_REPLY_LINES_MAX);
	assert_true(reply.truncated);
	// more text than is kept
	buf_reset(&in);
	for (int i = 0; i < 40; i++)
		buf_printf(&in, "250-%01000d\r\n", i);
	buf_add_string(&in, "250 end\r\n");
	view = buf_view(&in);
	assert_int_equal(feed(&parser, &view, 1000, &reply), RC_OK);
	assert_int_equal(reply.lines, 32);
	assert_true(reply.truncated);
	// and the next is itself again
	view = VIEW("220 x\r\n");
	assert_int_equal(feed(&parser, &view, 1000, &reply), RC_OK);
	assert_false(reply.truncated);
	smtp_reply_parser_done(&parser);
	// no end of it
	smtp_reply_parser_init(&parser);
	buf_reset(&in);
	for (int i = 0; i < SMTP_REPLY_BYTES_MAX / 7 + 1; i++)
		buf_add_string(&in, "250-x\r\n");
	view = buf_view(&in);
	assert_int_equal(feed(&parser, &view, 1000, &reply), RC_LIMIT);
	smtp_reply_parser_done(&parser);
	// lines
	for (int over = 0; over < 2; over++)
		for (size_t step = 1; step < 5000; step += 4999 / 2) {
			smtp_reply_parser_init(&parser);
			buf_reset(&in);
			buf_add_string(&in, "250 ");
			while (in.len < SMTP_REPLY_LINE_MAX + (size_t)over)
				buf_add_char(&in, 'x');
			buf_add_char(&in, '\n');
			view = buf_view(&in);
			assert_int_equal(feed(&parser, &view, step, &reply),
			    over ? RC_LIMIT : RC_OK);
			smtp_reply_parser_done(&parser);
		}
	buf_done(&in);
}

static void no_control_character_leaves_a_reply(void **state)
{
	(void)state;
	static const struct {
		struct view in;
		size_t max;
		struct view out;
	} rows[] = {
	    {V("250 ok\r\n"), 100, V("250 ok")},
	    {V("550-5.1.1 first\r\n550 5.1.1  second \r\n"), 100,
		V("550 5.1.1 first 5.1.1  second")},
	    {V("550-\r\n550 \r\n"), 100, V("550")},
	    {V("550 a\rb\0c\x1b[2J\x7f\r\n"), 100, V("550 a?b?c?[2J?")},
	    {V("550 \xc2\x9b"
	       "31m\xe2\x80\xa8x\r\n"),
		100, V("550 ?31m?x")},
	    {V("550 \xff"
	       "ä\r\n"),
		100, V("550 \xef\xbf\xbdä")},
	    {V("550 abcä\r\n"), 8, V("550 abc")},
	    {V("550 abcä\r\n"), 9, V("550 abcä")},
	    {V("550 abc\r\n"), 2, V("55")},
	    {V("550 abc\r\n"), 0, V("")},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_reply_parser parser;
		struct smtp_reply reply;
		struct buf out;
		struct view in = rows[i].in;
		buf_init(&out, 200);
		buf_add_string(&out, ">");
		smtp_reply_parser_init(&parser);
		assert_int_equal(smtp_reply_feed(&parser, &in, &reply), RC_OK);
		smtp_reply_clean_text(&reply, rows[i].max, &out);
		assert_view_equal_row(
		    i, view_from(buf_view(&out), 1), rows[i].out);
		smtp_reply_parser_done(&parser);
		buf_done(&out);
	}
}

static struct smtp_capabilities capabilities_of(struct view in)
{
	struct smtp_reply_parser parser;
	struct smtp_reply reply;
	struct smtp_capabilities capabilities;
	smtp_reply_parser_init(&parser);
	assert_int_equal(smtp_reply_feed(&parser, &in, &reply), RC_OK);
	smtp_capabilities_parse(&reply, &capabilities);
	smtp_reply_parser_done(&parser);
	return capabilities;
}

static void capabilities_are_found_by_their_keywords(void **state)
{
	(void)state;
	struct smtp_capabilities all = capabilities_of(
	    VIEW("250-mail.example.org STARTTLS\r\n250-pipelining\r\n"
		 "250-SIZE 52428800\r\n250-8BITMIME\r\n250-BINARYMIME\r\n"
		 "250-CHUNKING\r\n250-SMTPUTF8\r\n250-DSN\r\n"
		 "250-ENHANCEDSTATUSCODES\r\n"
		 "250-AUTH LOGIN PLAIN SCRAM-SHA-256-PLUS XOAUTH2\r\n"
		 "250-LIMITS MAILMAX=50 RCPTMAX=100 RCPTDOMAINMAX=1 X=2\r\n"
		 "250-REQUIRETLS\r\n250-DELIVERBY 240\r\n"
		 "250-FUTURERELEASE 604800 2026-12-01T00:00:00Z\r\n"
		 "250-XSOMETHING\r\n250 HELP\r\n"));
	assert_int_equal(all.extensions,
	    SMTP_EXT_SIZE | SMTP_EXT_8BITMIME | SMTP_EXT_BINARYMIME |
		SMTP_EXT_CHUNKING | SMTP_EXT_SMTPUTF8 | SMTP_EXT_DSN |
		SMTP_EXT_AUTH | SMTP_EXT_REQUIRETLS | SMTP_EXT_DELIVERBY |
		SMTP_EXT_FUTURERELEASE);
	assert_true(all.pipelining && all.enhanced_status_codes);
	assert_true(all.size == 52428800);
	assert_int_equal(all.auth,
	    SMTP_AUTH_LOGIN | SMTP_AUTH_PLAIN | SMTP_AUTH_SCRAM_SHA_256_PLUS);
	assert_true(all.deliver_by_min == 240 && all.hold_for_max == 604800);
	assert_true(all.hold_until_max == 1796083200);
	assert_int_equal(all.mail_max, 50);
	assert_int_equal(all.rcpt_max, 100);
	assert_int_equal(all.rcpt_domain_max, 1);

	struct smtp_capabilities odd = capabilities_of(
	    VIEW("250-x\r\n250-SIZE\r\n250-STARTTLS\r\n250-AUTH=PLAIN login\r\n"
		 "250-LIMITS RCPTMAX=1000000 MAILMAX= RCPTDOMAINMAX=x\r\n"
		 "250-8BITMIMEX\r\n250-\r\n250 DELIVERBY soon\r\n"));
	assert_int_equal(odd.extensions, SMTP_EXT_SIZE | SMTP_EXT_STARTTLS |
					     SMTP_EXT_AUTH |
					     SMTP_EXT_DELIVERBY);
	assert_int_equal(odd.auth, SMTP_AUTH_PLAIN | SMTP_AUTH_LOGIN);
	assert_true(odd.size == 0 && odd.deliver_by_min == 0);
	assert_true(odd.rcpt_max == 0 && odd.mail_max == 0);
	assert_int_equal(odd.rcpt_domain_max, 0);

	struct smtp_capabilities none =
	    capabilities_of(VIEW("250 SIZE 1 is not said here\r\n"));
	assert_int_equal(none.extensions, 0);
}

static void written_replies_are_whole_lines(void **state)
{
	(void)state;
	static const struct {
		unsigned code;
		struct enhanced_status status;
		struct view text;
		struct view out;
	} rows[] = {
	    {250, {2, 1, 0}, V("ok"), V("250 2.1.0 ok\r\n")},
	    {354, {0, 0, 0}, V("go on"), V("354 go on\r\n")},
	    {250, {0, 0, 0}, V("host\nSIZE 1\nDSN"),
		V("250-host\r\n250-SIZE 1\r\n250 DSN\r\n")},
	    {250, {0, 0, 0}, V("host\nDSN\n"), V("250-host\r\n250 DSN\r\n")},
	    {550, {5, 1, 1}, V("a\nb"), V("550-5.1.1 a\r\n550 5.1.1 b\r\n")},
	    {250, {2, 0, 0}, V(""), V("250 2.0.0\r\n")},
	    {250, {0, 0, 0}, V(""), V("250 \r\n")},
	    {550, {5, 1, 1},
		V("a\r\0\x1b\xc2\x85\xff"
		  "ä"),
		V("550 5.1.1 a?????ä\r\n")},
	};
	struct buf out;
	buf_init(&out, 8192);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		smtp_reply_write(
		    &out, rows[i].code, rows[i].status, rows[i].text);
		assert_view_equal_row(i, buf_view(&out), rows[i].out);
	}
	// Long text goes on in lines of at most 512 octets.
	char text[2000];
	memset(text, 'x', sizeof(text));
	buf_reset(&out);
	smtp_reply_write(
	    &out, 550, ENHANCED(5, 999, 999), view_of(text, sizeof(text)));
	struct view rest = buf_view(&out);
	struct view line;
	size_t total = 0;
	while (view_split(&rest, '\n', &line)) {
		assert_true(line.len + 1 <= 512);
		total += line.len - 15; // "550-5.999.999 " and CR
	}
	assert_int_equal(total, sizeof(text));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(replies_are_read_however_they_are_cut),
	    cmocka_unit_test(replies_come_one_after_another),
	    cmocka_unit_test(a_reply_has_limits),
	    cmocka_unit_test(no_control_character_leaves_a_reply),
	    cmocka_unit_test(capabilities_are_found_by_their_keywords),
	    cmocka_unit_test(written_replies_are_whole_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
