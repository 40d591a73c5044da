// SPDX-License-Identifier: Apache-2.0
// The record gives back what the parser found, finds the sections of RFC 9051,
// and never reads outside of itself.
#include "base/bytes.h"
#include "base/test.h"
#include "wire/message_record_format.h"
#include "wire/message_whole.h"

// RFC 9051 section 6.4.5.1's example, with a word in each part.
static const char complex_message[] =
    "Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    "--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nP1\r\n"
    "--a\r\nContent-Type: application/octet-stream\r\n"
    "Content-Disposition: ATTACHMENT; filename=x\r\n\r\nP2\r\n"
    "--a\r\nContent-Type: message/rfc822\r\nX: mime3\r\n\r\n"
    "Subject: three\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\n\r\nP3.1\r\n"
    "--b\r\nContent-Type: application/octet-stream\r\n\r\nP3.2\r\n--b--\r\n"
    "--a\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n"
    "--c\r\nContent-Type: image/gif\r\n\r\nP4.1\r\n"
    "--c\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: four\r\nContent-Type: multipart/mixed; boundary=d\r\n\r\n"
    "--d\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nP4.2.1\r\n"
    "--d\r\nContent-Type: multipart/alternative; boundary=e\r\n\r\n"
    "--e\r\n\r\nP4.2.2.1\r\n"
    "--e\r\nContent-Type: text/richtext\r\n\r\nP4.2.2.2\r\n--e--\r\n"
    "--d--\r\n--c--\r\n--a--\r\n";

static const char single_message[] = "Subject: one\r\n\r\nbody\r\n";
static const char wrapped_message[] =
    "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n";

struct built {
	struct charset_cache cache;
	struct buf bytes;
	struct message_record record;
};

static void built_init_view(struct built *built, struct view text)
{
	charset_cache_init(&built->cache);
	buf_init(&built->bytes, MESSAGE_RECORD_MAX);
	struct message *message = message_parse(text, 1000);
	message_record_build(
	    &built->cache, message, VIEW("a preview"), &built->bytes);
	message_free(&message);
	assert_int_equal(buf_status(&built->bytes), RC_OK);
	assert_int_equal(
	    message_record_open(buf_view(&built->bytes), &built->record),
	    RC_OK);
}

static void built_init(struct built *built, const char *text)
{
	built_init_view(built, view_of_string(text));
}

static void built_done(struct built *built)
{
	buf_done(&built->bytes);
	charset_cache_done(&built->cache);
}

static void expect_text(const struct built *built,
    enum message_record_text text, const char *expected)
{
	struct view value = built->record.text[text];
	if (!view_eq(value, view_of_string(expected)))
		fail_msg("text %d: %.*s", text, VIEW_FMT(value));
}

static void texts_come_back(void **state)
{
	(void)state;
	struct built built;
	built_init(&built,
	    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
	    "Subject: =?utf-8?q?Re:_caf=C3=A9?= (fwd)\r\n"
	    "From: =?utf-8?b?SsO8cmdlbg==?= <jurgen@x.org>, b@c\r\n"
	    "To: mary@y.org\r\n"
	    "Cc: team: a@b;\r\n"
	    "Message-ID: <\"1\"@x>\r\n"
	    "References: <a@b> junk <c@d>\r\n"
	    "In-Reply-To: <e@f>\r\n\r\n\xff\r\n");
	const struct message_record *record = &built.record;
	assert_int_equal(record->flags,
	    MESSAGE_RECORD_DATE | MESSAGE_RECORD_REPLY | MESSAGE_RECORD_8BIT);
	assert_int_equal(record->date.seconds, 880127706);
	assert_int_equal(record->date.zone_minutes, -360);
	assert_int_equal(record->part_count, 1);
	assert_int_equal(record->size - record->header_len, 3);
	expect_text(&built, MESSAGE_RECORD_PREVIEW, "a preview");
	expect_text(&built, MESSAGE_RECORD_BODY,
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 "
	    "1)");
	expect_text(&built, MESSAGE_RECORD_BODYSTRUCTURE,
	    "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 "
	    "1 NIL NIL NIL NIL)");
	assert_true(view_starts_with(record->text[MESSAGE_RECORD_ENVELOPE],
	    VIEW("(\"Fri, 21 Nov 1997 09:55:06 -0600\" \"=?utf-8?q?Re:")));
	expect_text(&built, MESSAGE_RECORD_SUBJECT_BASE, "caf\xc3\xa9");
	expect_text(&built, MESSAGE_RECORD_FROM_MAILBOX, "jurgen");
	expect_text(&built, MESSAGE_RECORD_FROM_DISPLAY, "J\xc3\xbcrgen");
	expect_text(&built, MESSAGE_RECORD_TO_MAILBOX, "mary");
	expect_text(&built, MESSAGE_RECORD_TO_DISPLAY, "mary@y.org");
	expect_text(&built, MESSAGE_RECORD_CC_MAILBOX, "team");
	expect_text(&built, MESSAGE_RECORD_MESSAGE_ID, "1@x");
	struct view position = record->text[MESSAGE_RECORD_REFERENCES];
	struct view id;
	assert_true(message_record_next_reference(&position, &id));
	assert_view_equal(id, VIEW("a@b"));
	assert_true(message_record_next_reference(&position, &id));
	assert_view_equal(id, VIEW("c@d"));
	assert_false(message_record_next_reference(&position, &id));
	built_done(&built);
}

static void in_reply_to_serves_where_references_are_no_good(void **state)
{
	(void)state;
	struct built built;
	built_init(&built, "References: none\r\nIn-Reply-To: <e@f> <g@h>\r\n");
	struct view position = built.record.text[MESSAGE_RECORD_REFERENCES];
	struct view id;
	assert_true(message_record_next_reference(&position, &id));
	assert_view_equal(id, VIEW("e@f"));
	assert_false(message_record_next_reference(&position, &id));
	built_done(&built);
}

static void no_field_gives_empty_texts(void **state)
{
	(void)state;
	struct built built;
	built_init(&built, "");
	assert_int_equal(built.record.flags, 0);
	for (int i = MESSAGE_RECORD_SUBJECT_BASE; i < MESSAGE_RECORD_CHARSETS;
	     i++)
		assert_int_equal(built.record.text[i].len, 0);
	built_done(&built);
}

static void parts_tell_what_searching_needs(void **state)
{
	(void)state;
	struct built built;
	built_init(&built, complex_message);
	assert_int_equal(built.record.part_count, 15);
	struct message_record_part part;
	assert_int_equal(message_record_part(&built.record, 1, &part), RC_OK);
	assert_int_equal(part.media, MESSAGE_MEDIA_TEXT_PLAIN);
	assert_view_equal(part.charset, VIEW("utf-8"));
	assert_false(part.attachment);
	assert_int_equal(message_record_part(&built.record, 2, &part), RC_OK);
	assert_int_equal(part.media, MESSAGE_MEDIA_OTHER);
	assert_int_equal(part.charset.len, 0);
	assert_true(part.attachment);
	assert_int_equal(message_record_part(&built.record, 5, &part), RC_OK);
	assert_view_equal(part.charset, VIEW("US-ASCII"));
	assert_int_equal(
	    message_record_part(&built.record, 15, &part), RC_CORRUPT);
	built_done(&built);
}

struct section_row {
	const char *message;
	uint32_t numbers[6]; // ends at 0
	enum message_section section;
	const char *begins; // NULL: there is no such section
	const char *ends;   // with `begins` all of it, when NULL
};

#define ALL    MESSAGE_SECTION_ALL
#define HEADER MESSAGE_SECTION_HEADER
#define TEXT   MESSAGE_SECTION_TEXT
#define MIME   MESSAGE_SECTION_MIME

static const struct section_row section_rows[] = {
    {complex_message, {0}, ALL, "Subject: outer", "--a--\r\n"},
    {complex_message, {0}, HEADER, "Subject: outer", "boundary=a\r\n\r\n"},
    {complex_message, {0}, TEXT, "--a\r\n", "--a--\r\n"},
    {complex_message, {0}, MIME, NULL, NULL},
    {complex_message, {1}, ALL, "P1", NULL},
    {complex_message, {1}, MIME,
	"Content-Type: text/plain; charset=utf-8\r\n\r\n", NULL},
    {complex_message, {1}, HEADER, NULL, NULL},
    {complex_message, {1}, TEXT, NULL, NULL},
    {complex_message, {1, 1}, ALL, NULL, NULL},
    {complex_message, {2}, ALL, "P2", NULL},
    {complex_message, {3}, ALL, "Subject: three", "--b--"},
    {complex_message, {3}, MIME, "Content-Type: message/rfc822\r\n",
	"mime3\r\n\r\n"},
    {complex_message, {3}, HEADER, "Subject: three", "boundary=b\r\n\r\n"},
    {complex_message, {3}, TEXT, "--b\r\n", "--b--"},
    {complex_message, {3, 1}, ALL, "P3.1", NULL},
    {complex_message, {3, 1}, MIME, "\r\n", NULL},
    {complex_message, {3, 2}, ALL, "P3.2", NULL},
    {complex_message, {3, 3}, ALL, NULL, NULL},
    {complex_message, {4}, ALL, "--c\r\n", "--c--"},
    {complex_message, {4}, HEADER, NULL, NULL},
    {complex_message, {4, 1}, ALL, "P4.1", NULL},
    {complex_message, {4, 1}, MIME, "Content-Type: image/gif\r\n\r\n", NULL},
    {complex_message, {4, 2}, HEADER, "Subject: four", "boundary=d\r\n\r\n"},
    {complex_message, {4, 2}, TEXT, "--d\r\n", "--d--"},
    {complex_message, {4, 2, 1}, ALL, "P4.2.1", NULL},
    {complex_message, {4, 2, 2}, ALL, "--e\r\n", "--e--"},
    {complex_message, {4, 2, 2, 1}, ALL, "P4.2.2.1", NULL},
    {complex_message, {4, 2, 2, 2}, ALL, "P4.2.2.2", NULL},
    {complex_message, {4, 2, 2, 2, 1}, ALL, NULL, NULL},
    {complex_message, {5}, ALL, NULL, NULL},
    {complex_message, {UINT32_MAX}, ALL, NULL, NULL},
    {single_message, {1}, ALL, "body\r\n", NULL},
    {single_message, {1}, MIME, "Subject: one\r\n\r\n", NULL},
    {single_message, {1}, TEXT, NULL, NULL},
    {single_message, {1, 1}, ALL, NULL, NULL},
    {single_message, {2}, ALL, NULL, NULL},
    {single_message, {0}, TEXT, "body\r\n", NULL},
    {wrapped_message, {1}, ALL, "Subject: in\r\n\r\nbody\r\n", NULL},
    {wrapped_message, {1}, HEADER, "Subject: in\r\n\r\n", NULL},
    {wrapped_message, {1, 1}, ALL, "body\r\n", NULL},
    {wrapped_message, {1, 1, 1}, ALL, NULL, NULL},
};

static void expect_section(
    const struct message_record *record, const struct section_row *row)
{
	size_t count = 0;
	while (row->numbers[count])
		count++;
	struct message_range range = {0, 0};
	enum rc rc = message_section_find(
	    record, row->numbers, count, row->section, &range);
	assert_int_equal(rc, row->begins ? RC_OK : RC_NOT_FOUND);
	if (!row->begins)
		return;
	struct view found =
	    view_slice(view_of_string(row->message), range.offset, range.len);
	assert_int_equal(found.len, range.len);
	struct view begins = view_of_string(row->begins);
	assert_true(view_starts_with(found, begins));
	if (row->ends)
		assert_true(view_ends_with(found, view_of_string(row->ends)));
	else
		assert_int_equal(found.len, begins.len);
}

static void sections_are_found_as_rfc_9051_numbers_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(section_rows); i++) {
		struct built built;
		built_init(&built, section_rows[i].message);
		expect_section(&built.record, &section_rows[i]);
		built_done(&built);
	}
}

// Reads all there is to read in a record, sound or not.
static void read_everything(const struct message_record *record)
{
	struct view position = record->text[MESSAGE_RECORD_REFERENCES];
	struct view id;
	while (message_record_next_reference(&position, &id))
		;
	for (uint32_t i = 0; i <= record->part_count; i++) {
		struct message_record_part part;
		if (message_record_part(record, i, &part) != RC_OK)
			continue;
		assert_true(
		    (uint64_t)part.body_offset + part.body_len <= record->size);
		assert_true(part.next <= record->part_count);
	}
	for (size_t i = 0; i < ARRAY_LEN(section_rows); i++) {
		uint32_t index;
		enum rc rc = message_part_find(
		    record, section_rows[i].numbers, 4, &index);
		if (rc == RC_OK)
			assert_true(index < record->part_count);
		else
			assert_true(rc == RC_NOT_FOUND || rc == RC_CORRUPT);
	}
}

static void a_cut_record_is_corrupt(void **state)
{
	(void)state;
	struct built built;
	built_init(&built, complex_message);
	for (size_t len = 0; len < built.bytes.len; len++) {
		// A copy, so that reading past its end is noticed.
		struct buf cut;
		buf_init(&cut, MESSAGE_RECORD_MAX);
		buf_add(&cut, view_slice(buf_view(&built.bytes), 0, len));
		struct message_record record;
		assert_int_equal(
		    message_record_open(buf_view(&cut), &record), RC_CORRUPT);
		buf_done(&cut);
	}
	built_done(&built);
}

// Earlier versions described more parts than the parser does now.
static void a_record_of_many_parts_can_be_read(void **state)
{
	(void)state;
	for (uint32_t more = 0; more < 2; more++) {
		uint32_t count = MESSAGE_RECORD_PARTS_MAX + more;
		size_t len = RECORD_HEAD_BYTES + count * RECORD_PART_BYTES;
		char *bytes = calloc(1, len);
		struct message_record record;
		assert_non_null(bytes);
		put_le32(bytes + RECORD_VERSION, MESSAGE_RECORD_VERSION);
		put_le32(bytes + RECORD_PART_COUNT, count);
		assert_int_equal(
		    message_record_open(view_of(bytes, len), &record),
		    more ? RC_CORRUPT : RC_OK);
		free(bytes);
	}
}

static void a_damaged_record_never_leads_outside(void **state)
{
	(void)state;
	static const unsigned char damage[] = {0xff, 0x80, 0x01};
	struct built built;
	built_init(&built, complex_message);
	size_t end =
	    RECORD_HEAD_BYTES + built.record.part_count * RECORD_PART_BYTES;
	for (size_t at = 0; at < end; at++) {
		for (size_t i = 0; i < ARRAY_LEN(damage); i++) {
			struct message_record record;
			built.bytes.ptr[at] ^= (char)damage[i];
			enum rc rc = message_record_open(
			    buf_view(&built.bytes), &record);
			if (rc == RC_OK)
				read_everything(&record);
			built.bytes.ptr[at] ^= (char)damage[i];
		}
	}
	built_done(&built);
}

// The record of `text` moved down by `fields` is that of both parsed anew, to
// the byte; each cut of it is refused.
static void expect_shift(struct view fields, struct view text)
{
	struct built parsed;
	struct built moved;
	struct buf whole;
	struct buf record;
	buf_init(&whole, SIZE_MAX);
	buf_add(&whole, fields);
	buf_add(&whole, text);
	built_init_view(&parsed, buf_view(&whole));
	built_init_view(&moved, text);
	buf_init(&record, MESSAGE_RECORD_MAX);
	assert_int_equal(
	    message_record_shift(buf_view(&moved.bytes), fields, &record),
	    RC_OK);
	if (!view_eq(buf_view(&record), buf_view(&parsed.bytes)))
		fail_msg("wrong for: %.*s", VIEW_FMT(text));
	buf_done(&whole);
	buf_done(&record);
	built_done(&parsed);
	built_done(&moved);
}

static const struct view trace_fields[] = {
    {"Return-Path: <a@b>\r\nDelivered-To: c@d\r\n", 39},
    {"Delivered-To: \xc3\xbc@d\r\n", 20}, // 8 bits that the message has not
    {"X: y\r\n z\r\n", 10},
};

static void a_shifted_record_is_that_of_the_longer_message(void **state)
{
	(void)state;
	static const char *const messages[] = {complex_message, single_message,
	    wrapped_message, "\r\nno header\r\n", "Subject: no body\r\n",
	    // Nothing; not a header; a folded line first; a bare LF first.
	    "", "x", " folded\r\nSubject: s\r\n\r\n", "\nbody", "\r", "\r\r\n",
	    "--a\r\n\r\nbody", "From me Mon\r\nSubject: s\r\n\r\nbody"};
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		for (size_t n = 0; n < ARRAY_LEN(trace_fields); n++)
			expect_shift(
			    trace_fields[n], view_of_string(messages[i]));
}

// Messages put together at random from what matters to a parser.
static void random_messages_shift_as_they_parse(void **state)
{
	(void)state;
#define P(text)                                                                \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}
	static const struct view pieces[] = {
	    P("Content-Type: multipart/mixed; boundary=a\r\n"),
	    P("Content-Type: multipart/digest; boundary=b\r\n"),
	    P("Content-Type: message/rfc822\r\n"),
	    P("Content-Type: text/html; charset=utf-8\r\n"),
	    P("Content-Transfer-Encoding: base64\r\n"),
	    P("Subject: Re: s\r\n t\r\n"),
	    P("From: a <b@c>\r\n"),
	    P("References: <x@y> <z@y>\r\n"),
	    P("\r\n"),
	    P("\r\n--a\r\n"),
	    P("--b\r\n"),
	    P("\n--b--\r\n"),
	    P("--a--\r\n"),
	    P("text\r\n"),
	    P("bare\nlines\n"),
	    P("\0\xff\r"),
	    P(" "),
	};
#undef P
	uint32_t seed = 1;
	for (unsigned i = 0; i < 5000; i++) {
		struct buf text;
		buf_init(&text, SIZE_MAX);
		seed = seed * 1664525u + 1013904223u;
		for (unsigned left = (seed >> 16) % 40; left; left--) {
			seed = seed * 1664525u + 1013904223u;
			buf_add(
			    &text, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
		}
		expect_shift(
		    trace_fields[i % ARRAY_LEN(trace_fields)], buf_view(&text));
		buf_done(&text);
	}
}

static void a_record_that_cannot_be_shifted_is_refused(void **state)
{
	(void)state;
	struct built built;
	struct buf record;
	built_init(&built, complex_message);
	buf_init(&record, MESSAGE_RECORD_MAX);
	struct view bytes = buf_view(&built.bytes);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(message_record_shift(view_slice(bytes, 0, len),
				     trace_fields[0], &record),
		    RC_CORRUPT);
	put_le32(built.bytes.ptr + RECORD_SIZE, (uint32_t)MESSAGE_SIZE_MAX);
	assert_int_equal(
	    message_record_shift(bytes, VIEW("a"), &record), RC_LIMIT);
	assert_int_equal(record.len, 0);
	buf_done(&record);
	built_done(&built);
}

static void another_version_is_not_read(void **state)
{
	(void)state;
	struct built built;
	built_init(&built, single_message);
	put_le32(built.bytes.ptr, MESSAGE_RECORD_VERSION + 1);
	assert_int_equal(
	    message_record_open(buf_view(&built.bytes), &built.record),
	    RC_UNSUPPORTED);
	built_done(&built);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts_come_back),
	    cmocka_unit_test(in_reply_to_serves_where_references_are_no_good),
	    cmocka_unit_test(no_field_gives_empty_texts),
	    cmocka_unit_test(parts_tell_what_searching_needs),
	    cmocka_unit_test(sections_are_found_as_rfc_9051_numbers_them),
	    cmocka_unit_test(a_cut_record_is_corrupt),
	    cmocka_unit_test(a_record_of_many_parts_can_be_read),
	    cmocka_unit_test(a_damaged_record_never_leads_outside),
	    cmocka_unit_test(another_version_is_not_read),
	    cmocka_unit_test(a_shifted_record_is_that_of_the_longer_message),
	    cmocka_unit_test(random_messages_shift_as_they_parse),
	    cmocka_unit_test(a_record_that_cannot_be_shifted_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
