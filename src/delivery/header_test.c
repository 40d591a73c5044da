// SPDX-License-Identifier: Apache-2.0
// A header held, looked at and put right, as tables.
#include "base/test.h"
#include "delivery/delivery_test_tools.h"

static void a_header_ends_where_its_blank_line_is(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum rc rc;
		const char *header;
		const char *body;
	} table[] = {
	    {"A: b\r\n\r\nbody", RC_OK, "A: b\r\n", "body"},
	    {"A: b\n\nbody", RC_OK, "A: b\n", "body"},
	    {"A: b\r\n c\r\n\r\n", RC_OK, "A: b\r\n c\r\n", ""},
	    {"\r\nbody", RC_OK, "", "body"},
	    {" text\r\n\r\nx", RC_OK, "", " text\r\n\r\nx"},
	    {"A: b\r\n \r\nC: d\r\n\r\n", RC_OK, "A: b\r\n \r\nC: d\r\n", ""},
	    {"A: b\r\n\r\r\n\r\n.", RC_OK, "A: b\r\n\r\r\n", "."},
	    {"A: b\r\nC: d", RC_MORE, "A: b\r\nC: d\r\n", ""},
	    {"A: b\r\n", RC_MORE, "A: b\r\n", ""},
	    {"", RC_MORE, "", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t step = 1; step < 40; step++) {
			struct delivery_header header;
			struct view text = view_of_string(table[i].text);
			struct view body = VIEW("");
			enum rc rc = RC_MORE;
			size_t at = 0;
			delivery_header_init(&header);
			while (rc == RC_MORE && at < text.len) {
				struct view piece = view_slice(text, at, step);
				rc = delivery_header_add(&header, piece, &body);
				at += piece.len - body.len;
			}
			assert_int_equal(rc, table[i].rc);
			if (rc == RC_MORE)
				delivery_header_end(&header);
			assert_view_equal_row(i, buf_view(&header.bytes),
			    view_of_string(table[i].header));
			if (rc == RC_OK)
				assert_view_equal_row(i, view_from(text, at),
				    view_of_string(table[i].body));
			delivery_header_done(&header);
		}
}

static void a_header_without_end_is_a_limit(void **state)
{
	(void)state;
	struct delivery_header header;
	struct view rest;
	size_t held = 0;
	enum rc rc = RC_MORE;
	delivery_header_init(&header);
	while (rc == RC_MORE) {
		held += 10;
		rc = delivery_header_add(&header, VIEW("X: 67890\r\n"), &rest);
	}
	assert_int_equal(rc, RC_LIMIT);
	assert_int_equal(header.bytes.len + rest.len, held);
	assert_true(header.bytes.len <= DELIVERY_HEADER_MAX);
	delivery_header_done(&header);
}

static void a_submission_gets_what_it_lacks(void **state)
{
	(void)state;
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
#define ID   "Message-ID: <1@x>\r\n"
	static const struct {
		bool submission;
		const char *header;
		const char *fixed;
	} table[] = {
	    {true, "", "From: <a@b>\r\n" DATE ID},
	    {true, "From: x@y\r\n" DATE ID, "From: x@y\r\n" DATE ID},
	    {true, "from : x@y\r\ndate:\r\nMESSAGE-id: <2@x>\r\n",
		"from : x@y\r\ndate:\r\nMESSAGE-id: <2@x>\r\n"},
	    {true, "From: x@y\r\nBcc: p@q,\r\n\tr@s\r\nTo: t@u\r\n" DATE ID,
		"From: x@y\r\nTo: t@u\r\n" DATE ID},
	    {true,
		"bcc : a\r\nBCC:\r\nResent-Bcc: c\r\nRETURN-PATH: <z>\r\n"
		"From: x@y\r\n" DATE ID,
		"From: x@y\r\n" DATE ID},
	    {true, "From: x@y\r\nX-Bcc: stays\r\n" DATE ID,
		"From: x@y\r\nX-Bcc: stays\r\n" DATE ID},
	    {true, "From: x@y", "From: x@y\r\n" DATE ID},
	    {false, "Return-Path: <a@b>\r\nBcc: c\r\nSubject: s\r\n",
		"Bcc: c\r\nSubject: s\r\n"},
	    {false, "From me@x Mon Jan  1 00:00:00 2024\r\nSubject: s\r\n",
		"Subject: s\r\n"},
	    {false, "Subject: s\r\nFrom me@x Mon\r\n",
		"Subject: s\r\nFrom me@x Mon\r\n"},
	    {false, "no field\r\nSubject: s\r\n", "no field\r\nSubject: s\r\n"},
	    {false, "", ""},
	    {false, "A: b\r\nReturn-Path: and so o", "A: b\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct delivery_fix fix = {
		    .submission = table[i].submission,
		    .from = VIEW("a@b"),
		    .message_id = VIEW("<1@x>"),
		    .now = BED_NOW,
		};
		struct buf out;
		buf_init(&out, DELIVERY_HEADER_MAX);
		delivery_header_fix(
		    view_of_string(table[i].header), &fix, &out);
		if (!view_eq(buf_view(&out), view_of_string(table[i].fixed)))
			fail_msg("%zu: %.*s", i, VIEW_FMT(buf_view(&out)));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_ends_where_its_blank_line_is),
	    cmocka_unit_test(a_header_without_end_is_a_limit),
	    cmocka_unit_test(a_submission_gets_what_it_lacks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
