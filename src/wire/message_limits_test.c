// SPDX-License-Identifier: Apache-2.0
// Messages made to hurt. Each would take minutes or gigabytes if some step were
// quadratic or unbounded.
#include "base/test.h"
#include "wire/imap_structure.h"
#include "wire/message_whole.h"

#define BIG        (16u << 20)
#define HEADER_MAX 65536

static struct message *parse_and_render(struct buf *text, size_t *ret_len)
{
	assert_int_equal(buf_status(text), RC_OK);
	struct message *message = message_parse(buf_view(text), HEADER_MAX);
	struct buf body, out;
	buf_init(&body, 2 * IMAP_STRUCTURE_MAX);
	buf_init(&out, 2 * IMAP_STRUCTURE_MAX);
	imap_structure_write(message, &body, &out);
	assert_int_equal(buf_status(&body), RC_OK);
	assert_int_equal(buf_status(&out), RC_OK);
	*ret_len = out.len;
	buf_done(&body);
	buf_done(&out);
	return message;
}

static void a_header_line_of_10_mb_is_kept_short(void **state)
{
	(void)state;
	struct buf text;
	size_t len;
	buf_init(&text, BIG);
	buf_add_literal(&text, "Subject: ");
	for (int i = 0; i < 10 << 16; i++)
		buf_add_literal(&text, "0123456789abcdef");
	buf_add_literal(&text, "\r\nFrom: a@b\r\n\r\nbody");
	struct message *message = parse_and_render(&text, &len);
	const struct message_fields *fields = message->parts[0].fields;
	assert_true(message->fields_truncated);
	assert_true(message_field(fields, MESSAGE_SUBJECT).len >=
		    MESSAGE_FIELD_MAX - 2);
	assert_view_equal(message_field(fields, MESSAGE_FROM), VIEW("a@b"));
	assert_int_equal(message->header.len, HEADER_MAX);
	assert_int_equal(message->header_len, text.len - 4);
	message_free(&message);
	buf_done(&text);
}

static void parts_past_the_limit_are_left_out(void **state)
{
	(void)state;
	struct buf text;
	size_t len;
	buf_init(&text, BIG);
	buf_add_literal(
	    &text, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 200000; i++)
		buf_add_literal(&text, "--b\r\nContent-ID: x\r\n\r\n");
	buf_add_literal(&text, "--b--\r\n");
	struct message *message = parse_and_render(&text, &len);
	assert_int_equal(message->part_count, MESSAGE_PARTS_MAX);
	assert_true(message->parts_truncated);
	assert_int_equal(message->parts[MESSAGE_PARTS_MAX - 1].number,
	    MESSAGE_PARTS_MAX - 1);
	message_free(&message);
	buf_done(&text);
}

static void ten_thousand_levels_of_nesting_end_in_an_opaque_leaf(void **state)
{
	(void)state;
	struct buf text;
	size_t len;
	buf_init(&text, BIG);
	for (int i = 0; i < 10000; i++)
		buf_printf(&text,
		    "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
		    "--b%d\r\n",
		    i, i);
	struct message *message = parse_and_render(&text, &len);
	assert_int_equal(message->part_count, MESSAGE_DEPTH_MAX + 1);
	const struct message_part *last = &message->parts[MESSAGE_DEPTH_MAX];
	assert_int_equal(last->depth, MESSAGE_DEPTH_MAX);
	assert_int_equal(last->kind, MESSAGE_LEAF);
	assert_int_equal(last->source, MESSAGE_TYPE_OPAQUE);
	assert_true(last->body_len > 100000);
	message_free(&message);

	buf_reset(&text);
	for (int i = 0; i < 10000; i++)
		buf_add_literal(&text, "Content-Type: message/rfc822\r\n\r\n");
	message = parse_and_render(&text, &len);
	assert_int_equal(message->part_count, MESSAGE_DEPTH_MAX + 1);
	assert_int_equal(
	    message->parts[MESSAGE_DEPTH_MAX].source, MESSAGE_TYPE_OPAQUE);
	message_free(&message);
	buf_done(&text);
}

static void many_open_boundaries_cost_no_more_than_one(void **state)
{
	(void)state;
	struct buf text;
	size_t len;
	buf_init(&text, BIG);
	for (int i = 0; i < MESSAGE_DEPTH_MAX; i++)
		buf_printf(&text,
		    "Content-Type: multipart/mixed; boundary=%0*d\r\n\r\n"
		    "--%0*d\r\n",
		    i + 1, 1, i + 1, 1);
	buf_add_literal(&text, "\r\n");
	while (text.len < BIG - 16)
		buf_add_literal(&text, "--00\n");
	struct message *message = parse_and_render(&text, &len);
	assert_int_equal(message->part_count, MESSAGE_DEPTH_MAX + 1);
	message_free(&message);
	buf_done(&text);
}

static void fields_of_all_parts_share_one_budget(void **state)
{
	(void)state;
	struct buf text;
	size_t len;
	buf_init(&text, BIG);
	buf_add_literal(
	    &text, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 300; i++) {
		buf_add_literal(&text, "--b\r\nContent-Description: ");
		for (int j = 0; j < 2000; j++)
			buf_add_literal(&text, "0123456789");
		buf_add_literal(&text, "\r\n\r\n");
	}
	struct message *message = parse_and_render(&text, &len);
	assert_int_equal(message->part_count, 301);
	assert_true(message->fields_truncated);
	assert_true(message->arena.used < 4 * MESSAGE_FIELDS_MAX);
	assert_true(len < 2 * MESSAGE_FIELDS_MAX);
	message_free(&message);
	buf_done(&text);
}

static void a_hundred_thousand_to_fields_are_bounded(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, BIG);
	for (int i = 0; i < 100000; i++)
		buf_add_literal(&text, "To: somebody@example.org\r\n");
	struct message *message = message_parse(buf_view(&text), HEADER_MAX);
	assert_true(message->fields_truncated);
	assert_true(message->arena.used < 4 * MESSAGE_FIELDS_MAX);
	message_free(&message);
	buf_done(&text);
}

static void an_envelope_of_commas_and_quotes_fits(void **state)
{
	(void)state;
	static const char *const names[] = {"From", "Sender", "Reply-To", "To",
	    "Cc", "Bcc", "Subject", "In-Reply-To"};
	struct buf text;
	buf_init(&text, BIG);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		buf_printf(&text, "%s: ", names[i]);
		for (int j = 0; j < 33000; j++)
			buf_add_string(&text, i % 2 ? "a," : "\"\\");
		buf_add_literal(&text, "\r\n");
	}
	struct message *message = message_parse(buf_view(&text), HEADER_MAX);
	struct buf out;
	buf_init(&out, IMAP_ENVELOPE_MAX * 2);
	imap_envelope_write(message->parts[0].fields, &out);
	assert_int_equal(buf_status(&out), RC_OK);
	assert_true(out.len <= IMAP_ENVELOPE_MAX);
	assert_true(out.len > 100000); // not the plain one
	buf_done(&out);
	message_free(&message);
	buf_done(&text);
}

// ---- What a parser holds while a stranger has not finished -----------------

static void parts_with_every_field(struct buf *text, int i)
{
	(void)i;
	buf_add_literal(text,
	    "--b\r\nContent-Type: text/plain; charset=\"utf\\-8\"\r\n"
	    "Content-Transfer-Encoding: 8bit\r\nContent-ID: x\r\n"
	    "Content-Description: x\r\nContent-MD5: x\r\n"
	    "Content-Disposition: x\r\nContent-Language: x\r\n"
	    "Content-Location: x\r\n\r\n");
}

static void parts_without_fields(struct buf *text, int i)
{
	(void)i;
	buf_add_literal(text, "--b\r\n\r\n");
}

static void parts_of_many_parameters(struct buf *text, int i)
{
	(void)i;
	buf_add_literal(text, "--b\r\nContent-Type: a/b");
	for (int j = 0; j < 100; j++)
		buf_add_literal(text, ";a=b");
	buf_add_literal(text, "\r\n\r\n");
}

static void parts_of_long_charsets(struct buf *text, int i)
{
	(void)i;
	buf_add_literal(text, "--b\r\nContent-Type: text/x; charset=\"\\");
	for (int j = 0; j < 250; j++)
		buf_add_char(text, 'c');
	buf_add_literal(text, "\"\r\n\r\n");
}

static void messages_in_messages(struct buf *text, int i)
{
	(void)i;
	buf_add_literal(text, "--b\r\nContent-Type: message/rfc822\r\n\r\n"
			      "From: a\r\nTo: b\r\nCc: c\r\nBcc: d\r\n"
			      "Subject: e\r\nDate: f\r\nSender: g\r\n"
			      "Reply-To: h\r\nIn-Reply-To: i\r\n"
			      "Message-ID: j\r\nReferences: k\r\n\r\n");
}

static void multiparts_in_multiparts(struct buf *text, int i)
{
	if (i < 200)
		buf_printf(text,
		    "--b\r\nContent-Type: multipart/digest; "
		    "boundary=%d-%s\r\n\r\n"
		    "--%d-%s\r\n",
		    i, "0123456789012345678901234567890123456789", i,
		    "0123456789012345678901234567890123456789");
	else
		parts_without_fields(text, i);
}

static void fields_of_40_kib(struct buf *text, int i)
{
	if (i % 20)
		return;
	buf_add_literal(text, "--b\r\nContent-Description: ");
	for (int j = 0; j < 40 * 64; j++)
		buf_add_literal(text, "0123456789abcdef");
	buf_add_literal(text, "\r\n\r\n");
}

static void a_text_of_many_bytes(struct buf *text, int i)
{
	if (i == 0)
		buf_add_literal(text, "--b\r\n\r\n");
	buf_add_literal(text, "all these lines are words of one text\r\n");
}

static void a_parser_never_holds_more_than_it_says(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		void (*add)(struct buf *text, int i);
	} rows[] = {
	    {"every field", parts_with_every_field},
	    {"no fields", parts_without_fields},
	    {"many parameters", parts_of_many_parameters},
	    {"long charsets", parts_of_long_charsets},
	    {"messages", messages_in_messages},
	    {"multiparts", multiparts_in_multiparts},
	    {"long fields", fields_of_40_kib},
	    {"one text", a_text_of_many_bytes},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text;
		struct message_parser *parser = message_parser_new(0);
		struct message *message;
		size_t most = 0;
		buf_init(&text, BIG);
		message_parser_push(parser,
		    VIEW("Content-Type: multipart/mixed; boundary=b\r\n\r\n"));
		for (int n = 0; n < 20000; n++) {
			buf_reset(&text);
			rows[i].add(&text, n);
			message_parser_push(parser, buf_view(&text));
			size_t held = message_parser_memory(parser);
			most = held > most ? held : most;
		}
		if (most > MESSAGE_PARSER_MEMORY_MAX)
			fail_msg("%s: %zu bytes", rows[i].name, most);
		assert_int_equal(
		    message_parser_finish(parser, &message), RC_OK);
		assert_true(message->part_count <= MESSAGE_PARTS_MAX);
		message_free(&message);
		message_parser_free(&parser);
		buf_done(&text);
	}
}

static void a_small_message_holds_little(void **state)
{
	(void)state;
	struct message_parser *parser = message_parser_new(0);
	message_parser_push(parser,
	    VIEW("From: a@b\r\nTo: c@d\r\nSubject: hello\r\n\r\nbody\r\n"));
	assert_true(message_parser_memory(parser) < (size_t)16 * 1024);
	message_parser_free(&parser);
}

static void a_message_of_4_gib_is_refused(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, BIG);
	memset(buf_reserve(&text, BIG), 'x', BIG);
	buf_commit(&text, BIG);
	struct message_parser *parser = message_parser_new(0);
	for (int i = 0; i < 256; i++)
		message_parser_push(parser, buf_view(&text));
	struct message *message = NULL;
	assert_int_equal(message_parser_finish(parser, &message), RC_LIMIT);
	assert_null(message);
	message_parser_free(&parser);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_header_line_of_10_mb_is_kept_short),
	    cmocka_unit_test(parts_past_the_limit_are_left_out),
	    cmocka_unit_test(
		ten_thousand_levels_of_nesting_end_in_an_opaque_leaf),
	    cmocka_unit_test(many_open_boundaries_cost_no_more_than_one),
	    cmocka_unit_test(fields_of_all_parts_share_one_budget),
	    cmocka_unit_test(a_hundred_thousand_to_fields_are_bounded),
	    cmocka_unit_test(an_envelope_of_commas_and_quotes_fits),
	    cmocka_unit_test(a_parser_never_holds_more_than_it_says),
	    cmocka_unit_test(a_small_message_holds_little),
	    cmocka_unit_test(a_message_of_4_gib_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
