// SPDX-License-Identifier: Apache-2.0
// Trace fields: what they say, how they are folded, and that a peer's words
// cannot make another field, another clause, or leave their comment.
#include "base/test.h"
#include "wire/header.h"
#include "wire/trace_field.h"
#include "wire/utf8.h"

#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static struct smtp_mailbox mailbox_of(struct arena *arena, struct view text)
{
	struct smtp_mailbox mailbox;
	assert_int_equal(
	    smtp_mailbox_parse(arena, text, NULL, &mailbox), RC_OK);
	return mailbox;
}

// One field, of lines that are not too long, each ended by CRLF.
static void check_form(struct view field)
{
	struct view rest = field;
	struct view line;
	while (view_split(&rest, '\n', &line)) {
		assert_true(view_ends_with(line, VIEW("\r")));
		assert_true(view_find_char(line, '\r') == line.len - 1);
		assert_true(line.len <= 78 + 1);
		assert_true(view_trim(line).len > 0);
	}
	struct header_field first;
	rest = field;
	assert_true(header_next(&rest, &first));
	assert_true(first.name.len > 0);
	assert_int_equal(rest.len, 0);
}

static void received_says_where_a_message_came_from(void **state)
{
	(void)state;
	struct arena arena;
	struct buf out;
	arena_init(&arena);
	buf_init(&out, 4096);
	struct smtp_mailbox joe = mailbox_of(&arena, VIEW("joe@example.org"));
	struct trace_received received = {
	    .helo = VIEW("mail.example.com"),
	    .client_name = VIEW("out1.example.com"),
	    .client_address = VIEW("192.0.2.25"),
	    .by = VIEW("mx.example.org"),
	    .protocol = {.family = SMTP_FAMILY_ESMTP, .tls = true},
	    .tls_cipher = VIEW("TLS_AES_256_GCM_SHA384"),
	    .id = VIEW("01HXYZ-42"),
	    .recipient = &joe,
	    .date = {837596665, -420},
	};
	trace_received_write(&received, &out);
	check_form(buf_view(&out));
	assert_view_equal(
	    buf_view(&out), VIEW("Received: from mail.example.com "
				 "(out1.example.com [192.0.2.25])\r\n"
				 "\tby mx.example.org with ESMTPS id 01HXYZ-42 "
				 "for <joe@example.org>\r\n"
				 "\ttls TLS_AES_256_GCM_SHA384;\r\n"
				 "\tWed, 17 Jul 1996 02:44:25 -0700\r\n"));

	buf_reset(&out);
	received = (struct trace_received){
	    .helo = VIEW("[IPv6:2001:DB8::1]"),
	    .client_address = VIEW("2001:db8::1"),
	    .by = VIEW("mx.example.org"),
	};
	trace_received_write(&received, &out);
	check_form(buf_view(&out));
	assert_view_equal(buf_view(&out),
	    VIEW("Received: from [IPv6:2001:DB8::1] ([IPv6:2001:db8::1])\r\n"
		 "\tby mx.example.org with SMTP;\r\n"
		 "\tThu, 01 Jan 1970 00:00:00 +0000\r\n"));

	// Made here: no client.
	buf_reset(&out);
	received = (struct trace_received){
	    .by = VIEW("mx.example.org"),
	    .protocol = {.family = SMTP_FAMILY_LMTP},
	    .id = VIEW("a1"),
	};
	trace_received_write(&received, &out);
	check_form(buf_view(&out));
	assert_view_equal(buf_view(&out),
	    VIEW("Received: by mx.example.org with LMTP id a1;\r\n"
		 "\tThu, 01 Jan 1970 00:00:00 +0000\r\n"));
	buf_done(&out);
	arena_done(&arena);
}

static void the_protocol_has_its_registered_name(void **state)
{
	(void)state;
	static const struct {
		enum smtp_family family;
		bool utf8;
		bool tls;
		bool authenticated;
		const char *name;
	} rows[] = {
	    {SMTP_FAMILY_SMTP, 0, 0, 0, " with SMTP;"},
	    {SMTP_FAMILY_ESMTP, 0, 0, 0, " with ESMTP;"},
	    {SMTP_FAMILY_ESMTP, 0, 1, 0, " with ESMTPS;"},
	    {SMTP_FAMILY_ESMTP, 0, 0, 1, " with ESMTPA;"},
	    {SMTP_FAMILY_ESMTP, 0, 1, 1, " with ESMTPSA;"},
	    {SMTP_FAMILY_SMTP, 0, 1, 0, " with ESMTPS;"},
	    {SMTP_FAMILY_LMTP, 0, 0, 0, " with LMTP;"},
	    {SMTP_FAMILY_LMTP, 0, 1, 1, " with LMTPSA;"},
	    {SMTP_FAMILY_ESMTP, 1, 0, 0, " with UTF8SMTP;"},
	    {SMTP_FAMILY_ESMTP, 1, 1, 0, " with UTF8SMTPS;"},
	    {SMTP_FAMILY_ESMTP, 1, 0, 1, " with UTF8SMTPA;"},
	    {SMTP_FAMILY_ESMTP, 1, 1, 1, " with UTF8SMTPSA;"},
	    {SMTP_FAMILY_LMTP, 1, 0, 0, " with UTF8LMTP;"},
	    {SMTP_FAMILY_LMTP, 1, 1, 1, " with UTF8LMTPSA;"},
	    {SMTP_FAMILY_HTTP, 1, 1, 1, " with HTTP;"},
	};
	struct buf out;
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trace_received received = {
		    .by = VIEW("x"),
		    .protocol = {.family = rows[i].family,
			.utf8 = rows[i].utf8,
			.tls = rows[i].tls,
			.authenticated = rows[i].authenticated},
		};
		buf_reset(&out);
		trace_received_write(&received, &out);
		assert_true(view_find(buf_view(&out),
				view_of_string(rows[i].name)) != SIZE_MAX);
	}
	buf_done(&out);
}

static void a_hostile_peer_stays_in_its_comment(void **state)
{
	(void)state;
	static const struct {
		struct view helo;
		struct view from; // the first line
	} rows[] = {
	    {V("a b"), V("from [192.0.2.1] (helo=a?b [192.0.2.1])")},
	    {V("x) by y (z"),
		V("from [192.0.2.1] (helo=x\\)?by?y?\\(z [192.0.2.1])")},
	    {V("\\"), V("from [192.0.2.1] (helo=\\\\ [192.0.2.1])")},
	    {V("a\r\nSubject: x"),
		V("from [192.0.2.1] (helo=a??Subject:?x [192.0.2.1])")},
	    {V("a\0\x1b\x7f\xff"),
		V("from [192.0.2.1] (helo=a???? [192.0.2.1])")},
	    {V("bücher"), V("from [192.0.2.1] (helo=b??cher [192.0.2.1])")},
	    {V("[1.2.3]"), V("from [192.0.2.1] (helo=[1.2.3] [192.0.2.1])")},
	};
	struct buf out;
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct trace_received received = {
		    .helo = rows[i].helo,
		    .client_address = VIEW("192.0.2.1"),
		    .client_name = VIEW("not a name)"),
		    .by = VIEW("x"),
		    .protocol = {.tls = true},
		    .tls_cipher = VIEW("A B"),
		    .id = VIEW("a;b"),
		};
		buf_reset(&out);
		trace_received_write(&received, &out);
		check_form(buf_view(&out));
		struct view rest = view_from(buf_view(&out), 10);
		assert_true(view_starts_with(rest, rows[i].from));
		assert_view_equal_row(i, view_from(rest, rows[i].from.len),
		    VIEW("\r\n\tby x with ESMTPS;\r\n"
			 "\tThu, 01 Jan 1970 00:00:00 +0000\r\n"));
	}
	// However long.
	char helo[10000];
	memset(helo, '(', sizeof(helo));
	struct trace_received received = {.helo = view_of(helo, sizeof(helo)),
	    .client_address = VIEW("no address"),
	    .by = VIEW("x")};
	buf_reset(&out);
	trace_received_write(&received, &out);
	assert_true(view_starts_with(
	    buf_view(&out), VIEW("Received: from unknown\r\n\t(helo=\\(\\(")));
	assert_true(out.len < 300);
	buf_done(&out);
}

static void the_recipient_is_told_only_where_it_can_be(void **state)
{
	(void)state;
	static const struct {
		struct view recipient;
		bool utf8;
		bool utf8_header;
		const char *clause; // NULL: none
	} rows[] = {
	    {V("a@example.org"), 0, 0, " for <a@example.org>;"},
	    {V("\"a (b\"@example.org"), 0, 0, " for <\"a (b\"@example.org>;"},
	    {V("a@bücher.example"), 0, 0, " for <a@xn--bcher-kva.example>;"},
	    {V("a@bücher.example"), 1, 0, " for <a@xn--bcher-kva.example>;"},
	    {V("a@bücher.example"), 1, 1, " for <a@xn--bcher-kva.example>;"},
	    {V("ä@example.org"), 0, 0, NULL},
	    {V("ä@example.org"), 0, 1, NULL},
	    {V("ä@example.org"), 1, 0, NULL},
	    {V("ä@example.org"), 1, 1, " for <ä@example.org>;"},
	    {V("ä@bücher.example"), 1, 1, " for <ä@xn--bcher-kva.example>;"},
	};
	struct arena arena;
	struct buf out;
	arena_init(&arena);
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_mailbox to = mailbox_of(&arena, rows[i].recipient);
		struct trace_received received = {.by = VIEW("x"),
		    .protocol = {.utf8 = rows[i].utf8},
		    .utf8_header = rows[i].utf8_header,
		    .recipient = &to};
		buf_reset(&out);
		trace_received_write(&received, &out);
		check_form(buf_view(&out));
		struct view clause = rows[i].clause
					 ? view_of_string(rows[i].clause)
					 : VIEW(" for ");
		bool found = view_find(buf_view(&out), clause) != SIZE_MAX;
		assert_int_equal(found, rows[i].clause != NULL);
		// It asks for UTF-8 only where the header has it already.
		assert_true(
		    rows[i].utf8_header || utf8_is_ascii(buf_view(&out)));
	}
	buf_done(&out);
	arena_done(&arena);
}

#define D50 "abcdefghijklmnopqrstuvwxyz.abcdefghijklmnopqrstuvw"

static void fields_of_delivery_name_one_address(void **state)
{
	(void)state;
	static const struct {
		struct view address;
		struct view return_path;
		struct view delivered_to;
	} rows[] = {
	    {V("a@example.org"), V("Return-Path: <a@example.org>\r\n"),
		V("Delivered-To: a@example.org\r\n")},
	    {V("\"a b\"@x"), V("Return-Path: <\"a b\"@x>\r\n"),
		V("Delivered-To: \"a b\"@x\r\n")},
	    {V("ä@bücher.example"), V("Return-Path: <ä@bücher.example>\r\n"),
		V("Delivered-To: ä@bücher.example\r\n")},
	    {V("abcdefghijkl@" D50), // 63
		V("Return-Path: <abcdefghijkl@" D50 ">\r\n"),
		V("Delivered-To: abcdefghijkl@" D50 "\r\n")},
	    {V("abcdefghijklmn@" D50),
		V("Return-Path:\r\n\t<abcdefghijklmn@" D50 ">\r\n"),
		V("Delivered-To:\r\n\tabcdefghijklmn@" D50 "\r\n")},
	};
	struct arena arena;
	struct buf out;
	arena_init(&arena);
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct smtp_mailbox box = mailbox_of(&arena, rows[i].address);
		buf_reset(&out);
		trace_return_path_write(&box, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].return_path);
		check_form(buf_view(&out));
		buf_reset(&out);
		trace_delivered_to_write(&box, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].delivered_to);
		check_form(buf_view(&out));
	}
	struct smtp_mailbox null = {0};
	buf_reset(&out);
	trace_return_path_write(&null, &out);
	assert_view_equal(buf_view(&out), VIEW("Return-Path: <>\r\n"));
	buf_done(&out);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(received_says_where_a_message_came_from),
	    cmocka_unit_test(the_protocol_has_its_registered_name),
	    cmocka_unit_test(a_hostile_peer_stays_in_its_comment),
	    cmocka_unit_test(the_recipient_is_told_only_where_it_can_be),
	    cmocka_unit_test(fields_of_delivery_name_one_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
