// SPDX-License-Identifier: Apache-2.0
// What users submit: as whom they may write, and what is added to it.
#include "base/test.h"
#include "delivery/delivery_test_tools.h"
#include "queue/manage.h"
#include "queue/notes.h"
#include "wire/utf8.h"

// Who may be named in From and Sender, and in the envelope, of what Anna sends.
static const struct {
	const char *from; // envelope
	const char *header;
	const char *code;
} written_as[] = {
    {"anna@ours.example", "From: anna@ours.example\r\n", "250 2.1.5"},
    {"anna+x@ours.example", "From: Anna <ANNA@ours.example>\r\n", "250 2.1.5"},
    {"team@ours.example", "From: team@ours.example\r\n", "250 2.1.5"},
    {"", "From: anna@ours.example\r\n", "250 2.1.5"},
    {"", "To: x@y\r\n", "550 5.6.0"},
    {"anna@ours.example", "To: x@y\r\n", "250 2.1.5"},
    {"bert@ours.example", "From: anna@ours.example\r\n", "550 5.7.1"},
    {"x@other.example", "From: anna@ours.example\r\n", "550 5.7.1"},
    {"anna@ours.example", "From: bert@ours.example\r\n", "550 5.7.1"},
    {"anna@ours.example", "From: x@other.example\r\n", "550 5.7.1"},
    {"anna@ours.example", "From: anna@ours.example, bert@ours.example\r\n",
	"550 5.7.1"},
    {"anna@ours.example",
	"From: anna@ours.example\r\nFrom: bert@ours.example\r\n", "550 5.6.0"},
    {"anna@ours.example",
	"From: anna@ours.example\r\nSender: bert@ours.example\r\n",
	"550 5.7.1"},
    {"anna@ours.example",
	"From: anna@ours.example\r\nSender: anna@ours.example\r\n"
	"Sender: bert@ours.example\r\n",
	"550 5.6.0"},
    {"anna@ours.example",
	"From: anna@ours.example\r\nSender:\r\n"
	"Sender: bert@ours.example\r\n",
	"550 5.6.0"},
    {"anna@ours.example", "From: <anna@ours.example> (bert@ours.example)\r\n",
	"250 2.1.5"},
    {"anna@ours.example", "From: anna@ours.example <bert@ours.example>\r\n",
	"550 5.6.0"},
    {"anna@ours.example", "From: us: anna@ours.example, bert@ours.example;\r\n",
	"550 5.7.1"},
    {"anna@ours.example",
	"From: =?utf-8?q?anna=40ours=2Eexample?= "
	"<bert@ours.example>\r\n",
	"550 5.7.1"},
    {"anna@ours.example",
	"From: anna@ours.example\r\n \r\nFrom: bert@ours.example\r\n",
	"550 5.6.0"},
    {"anna@ours.example",
	"From: anna@ours.example\r\nFrom : bert@ours.example\r\n", "550 5.6.0"},
    {"anna@ours.example",
	"From: anna@ours.example, team@ours.example\r\n"
	"Sender: anna@ours.example\r\n",
	"250 2.1.5"},
    {"anna@ours.example", "From: anna\r\n", "550 5.6.0"},
    {"anna@ours.example", "From: \r\n", "550 5.6.0"},
    {"anna@ours.example", "From: nobody:;\r\n", "550 5.6.0"},
    {"anna@ours.example", "From: us: anna@ours.example;\r\n", "250 2.1.5"},
#define ROW(header, code)                                                      \
	{                                                                      \
		"anna@ours.example", header "\r\n", code                       \
	}
    // one program reads the one address, another the other
    ROW("From: <anna@ours.example> ceo@bank.example", "550 5.6.0"),
    ROW("From: ceo@bank.example <anna@ours.example>", "550 5.6.0"),
    ROW("From: <anna@ours.example>, <ceo@bank.example>", "550 5.7.1"),
    ROW("From: <ceo@bank.example> <anna@ours.example>", "550 5.6.0"),
    ROW("From: <@bank.example:anna@ours.example>", "550 5.6.0"),
    ROW("From: anna@ours.example\r\n ceo@bank.example", "550 5.6.0"),
    ROW("From: ceo@bank.example: anna@ours.example;", "550 5.6.0"),
    ROW("From: anna@ours.example;", "550 5.6.0"),
    ROW("From: \"ceo@bank.example <anna@ours.example>", "550 5.6.0"),
    ROW("From: (ceo@bank.example <anna@ours.example>", "550 5.6.0"),
    ROW("From: \"ceo@bank.example\"@ours.example", "550 5.7.1"),
    ROW("From: anna@ours.example.bank.example", "550 5.7.1"),
    ROW("From: anna@[192.0.2.1]", "550 5.7.1"),
    ROW("From: A\x1b[2J <anna@ours.example>", "550 5.6.0"),
    ROW("From: J\xf6rg <anna@ours.example>", "550 5.6.0"),
    ROW("From: J\xc3\xb6rg <anna@ours.example>", "250 2.1.5"),
    ROW("From: anna . @ ours (here) . example", "550 5.7.1"),
    ROW("From: anna @ ours (here) . example", "250 2.1.5"),
    // look-alikes: a Cyrillic o is another domain; full-width letters
    // are the same one (UTS 46)
    ROW("From: anna@\xd0\xbeurs.example", "550 5.7.1"),
    ROW("From: \xd0\xb0nna@ours.example", "550 5.7.1"),
    ROW("From: anna@\xef\xbd\x8furs.example", "250 2.1.5"),
    // a name that is, or hides, an address
    ROW("From: \"ceo@bank.example\" <anna@ours.example>", "250 2.1.5"),
    ROW("From: \"'ceo@bank.example'\" <anna@ours.example>", "250 2.1.5"),
    ROW("From: \"CEO <ceo@bank.example>\" <anna@ours.example>", "550 5.7.1"),
    ROW("From: \"CEO <ceo@bank.example\" <anna@ours.example>", "550 5.7.1"),
    ROW("From: =?utf-8?q?ceo=40bank=2Eexample?= <anna@ours.example>",
	"550 5.7.1"),
    ROW("From: =?utf-8?b?PGNlb0BiYW5rLmV4YW1wbGU+?= "
	"<anna@ours.example>",
	"550 5.7.1"),
    ROW("From: =?utf-8?q?ceo=40?=\r\n =?utf-8?q?bank=2Eexample?= "
	"<anna@ours.example>",
	"550 5.7.1"),
    ROW("From: \"=?utf-8?q?ceo=40bank=2Eexample?=\" "
	"<anna@ours.example>",
	"550 5.7.1"),
    ROW("From: anna@ours.example (ceo@bank.example)", "250 2.1.5"),
    ROW("From: \"ceo@bank.example\": anna@ours.example;", "250 2.1.5"),
    ROW("From: \"anna@ours.example\" <anna@ours.example>", "250 2.1.5"),
    ROW("From: \"'Anna@ours.example'\" <anna+x@ours.example>", "250 2.1.5"),
    ROW("From: \"ceo@bank.example by our form\" <anna@ours.example>",
	"250 2.1.5"),
    ROW("From: \"Anna @ Work\" <anna@ours.example>", "250 2.1.5"),
    ROW("From: \"A <3 B\" <anna@ours.example>", "250 2.1.5"),
    ROW("From: \"Anna, Dr. (PhD)\" <anna@ours.example>", "250 2.1.5"),
    // Sender has one mailbox
    ROW("From: anna@ours.example\r\nSender:", "550 5.6.0"),
    ROW("From: anna@ours.example\r\n"
	"Sender: anna@ours.example, team@ours.example",
	"550 5.6.0"),
    ROW("From: anna@ours.example\r\nSender: us: anna@ours.example;",
	"550 5.6.0"),
    ROW("From: anna@ours.example\r\n"
	"Sender: <anna@ours.example> ceo@bank.example",
	"550 5.6.0"),
    // fields that only some programs see
    ROW("From: anna@ours.example\r\nFrom\x01: ceo@bank.example", "550 5.6.0"),
    ROW("From: anna@ours.example\r\nFr om: ceo@bank.example", "550 5.6.0"),
    ROW("From: anna@ours.example\r\n\xc2\xa0"
	"From: ceo@bank.example",
	"550 5.6.0"),
    ROW("From: anna@ours.example\r\nfrom\t: ceo@bank.example", "550 5.6.0"),
    ROW("From: anna@ours.example\r\nFrom\xff: ceo@bank.example", "550 5.6.0"),
    ROW("From: anna@ours.example\r\nX-From: ceo@bank.example", "250 2.1.5"),
#undef ROW
};

static void a_user_writes_as_no_one_else(void **state)
{
	(void)state;
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(written_as); i++) {
		char text[400];
		snprintf(
		    text, sizeof(text), "%s\r\nbody\r\n", written_as[i].header);
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "anna",
		    .from = written_as[i].from,
		    .to = "bert@ours.example",
		    .text = text};
		const char *answer = bed_answer(&bed, &mail);
		if (strcmp(answer, written_as[i].code) != 0)
			fail_msg(
			    "%zu: %s, not %s", i, answer, written_as[i].code);
	}
	bed_close(&bed);
}

// What one program takes for a line's end, and so for a field, another does
// not.
static void a_binary_message_has_an_ordinary_header(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		const char *code;
	} table[] = {
	    {"From: anna@ours.example\r\n\r\na\rb\nc", "250 2.1.5"},
	    {"From: anna@ours.example\r\nX: a\rFrom: b@c\r\n\r\n", "550 5.5.2"},
	    {"From: anna@ours.example\r\nX: a\nY: b\r\n\r\n", "550 5.5.2"},
	    {"From: anna@ours.example\r\nX: a\r\r\n\r\n", "550 5.5.2"},
	    {"From: anna@ours.example\r\nX: a\r", "550 5.5.2"},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		for (size_t step = 0; step < 3; step++) {
			struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
			    .user = "anna",
			    .from = "anna@ours.example",
			    .to = "bert@ours.example",
			    .text = table[i].text,
			    .step = step,
			    .envelope = {.body = SMTP_BODY_BINARYMIME}};
			const char *answer = bed_answer(&bed, &mail);
			if (strcmp(answer, table[i].code) != 0)
				fail_msg("%zu: %s, not %s", i, answer,
				    table[i].code);
		}
	bed_close(&bed);
}

static void a_submission_is_completed_and_signed(void **state)
{
	(void)state;
	struct bed bed;
	struct dkim_key key;
	bed_open(&bed, (struct store_options){0});
	assert_int_equal(
	    dkim_key_create(bed.office.dkim, VIEW("ours.example"), VIEW("e1"),
		DKIM_ED25519_SHA256, 0, &bed.fault, &bed.arena, &key),
	    RC_OK);
	struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
	    .user = "anna",
	    .from = "anna@ours.example",
	    .to = "bert@ours.example",
	    .text = "From: anna@ours.example\r\nBcc: cleo@ours.example\r\n"
		    "Subject: Tea\r\n\r\nbody\r\n"};
	bed_expect(&bed, &mail, "250 2.1.5");
	struct view text = bed_last(&bed, 1001, "INBOX");
	assert_true(view_starts_with(
	    text, VIEW("Return-Path: <anna@ours.example>\r\n"
		       "Delivered-To: bert@ours.example\r\nDKIM-Signature:")));
	assert_int_equal(view_find(text, VIEW("Bcc")), SIZE_MAX);
	assert_int_not_equal(view_find(text, VIEW("Message-ID: <")), SIZE_MAX);
	assert_int_not_equal(
	    view_find(text, VIEW("\r\nDate: Tue, 14 Nov 2023")), SIZE_MAX);
	assert_int_not_equal(view_find(text, VIEW("ESMTPSA")), SIZE_MAX);
	// Where the user is, is nobody's business.
	assert_int_equal(view_find(text, VIEW("192.0.2.1")), SIZE_MAX);
	assert_int_equal(view_find(text, VIEW("client.example")), SIZE_MAX);
	// The same goes out.
	mail.to = "x@other.example";
	bed_expect(&bed, &mail, "250 2.0.0");
	struct queue_walk *walk;
	struct queue_info info;
	struct buf bytes;
	buf_init(&bytes, 100000);
	assert_int_equal(queue_walk_open(bed.office.queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed.arena, &info), RC_OK);
	assert_int_equal(
	    queue_read(bed.office.queue, &info.id, 0, SIZE_MAX, &bytes), RC_OK);
	assert_int_equal(info.envelope.account, 1000);
	queue_walk_close(&walk);
	assert_true(
	    view_starts_with(buf_view(&bytes), VIEW("DKIM-Signature:")));
	assert_int_equal(view_find(buf_view(&bytes), VIEW("Bcc")), SIZE_MAX);
	assert_true(view_ends_with(buf_view(&bytes), VIEW("\r\n\r\nbody\r\n")));
	buf_done(&bytes);
	bed_close(&bed);
}

// The only message in the queue, as it will be sent.
static struct view queued_bytes(struct bed *bed)
{
	struct queue_walk *walk;
	struct queue_info info;
	struct buf bytes;
	buf_init(&bytes, 100000);
	assert_int_equal(queue_walk_open(bed->office.queue, &walk), RC_OK);
	assert_int_equal(queue_walk_next(walk, &bed->arena, &info), RC_OK);
	queue_walk_close(&walk);
	assert_int_equal(
	    queue_read(bed->office.queue, &info.id, 0, SIZE_MAX, &bytes),
	    RC_OK);
	struct view copy = arena_copy(&bed->arena, buf_view(&bytes));
	buf_done(&bytes);
	return copy;
}

// RFC 5321 section 4.4 and RFC 6531 section 3.7.3: a message that was US-ASCII
// stays so, and can be passed to any server.
static void what_is_added_asks_no_more_of_the_next_server(void **state)
{
	(void)state;
#define HEADER_ASCII "From: anna@ours.example\r\n\r\nbody\r\n"
#define HEADER_UTF8                                                            \
	"From: anna@ours.example\r\nSubject: b\xc3\xbc\r\n\r\nbody\r\n"
	static const struct {
		const char *to;
		bool utf8; // SMTPUTF8
		const char *text;
		const char *clause; // "": no "for"
		bool ascii;
	} table[] = {
	    {"x@other.example", false, HEADER_ASCII, "for <x@other.example>",
		true},
	    {"x@b\xc3\xbc"
	     "cher.example",
		true, HEADER_ASCII, "for <x@xn--bcher-kva.example>", true},
	    {"x@b\xc3\xbc"
	     "cher.example",
		true, HEADER_UTF8, "for <x@xn--bcher-kva.example>", false},
	    {"\xc5\xbc@other.example", true, HEADER_ASCII, "", true},
	    {"\xc5\xbc@other.example", true, HEADER_UTF8,
		"for <\xc5\xbc@other.example>", false},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_open(&bed, (struct store_options){0});
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "anna",
		    .from = "anna@ours.example",
		    .to = table[i].to,
		    .text = table[i].text,
		    .envelope = {.smtputf8 = table[i].utf8}};
		bed_expect(&bed, &mail, "250 2.0.0");
		struct view bytes = queued_bytes(&bed);
		struct view clause = table[i].clause[0]
					 ? view_of_string(table[i].clause)
					 : VIEW("\r\n\tby mx.ours.example");
		assert_true(view_starts_with(
		    bytes, VIEW("Received: from mx.ours.example\r\n"
				"\tby mx.ours.example with ")));
		assert_int_not_equal(view_find(bytes, clause), SIZE_MAX);
		if (!table[i].clause[0])
			assert_int_equal(
			    view_find(bytes, VIEW(" for <")), SIZE_MAX);
		assert_int_equal(utf8_is_ascii(bytes), table[i].ascii);
		bed_close(&bed);
	}
}

// RFC 4865 section 6: what waits for its time has a quota.
static void only_so_much_of_a_user_waits_for_its_time(void **state)
{
	(void)state;
	static const char text[] =
	    "From: cleo@ours.example\r\nSubject: Later\r\n\r\nHello.\r\n";
	static const struct {
		const char *name;
		uint64_t room;     // the quota
		uint64_t declared; // SIZE=
		int64_t release_after;
		const char *first;
		const char *second;
	} table[] = {
	    {"any", 0, 0, 60, "250 2.0.0", "250 2.0.0"},
	    {"much", 10000, 0, 60, "250 2.0.0", "250 2.0.0"},
	    // The fields that are added count too.
	    {"for one", 150, sizeof(text) - 1, 60, "250 2.0.0", "552 5.7.16"},
	    {"for one, without SIZE", 150, 0, 60, "250 2.0.0", "552 5.7.16"},
	    {"for none", 20, sizeof(text) - 1, 60, "552 5.7.16", "552 5.7.16"},
	    {"for none, without SIZE", 20, 0, 60, "552 5.7.16", "552 5.7.16"},
	    {"what goes at once", 20, sizeof(text) - 1, 0, "250 2.1.5",
		"250 2.1.5"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct bed bed;
		bed_open(&bed, (struct store_options){0});
		bed.office.hold_bytes = table[i].room;
		struct bed_mail mail = {.door = DELIVERY_SUBMISSION,
		    .user = "cleo",
		    .from = "cleo@ours.example",
		    .to = "anna@ours.example",
		    .text = text,
		    .declared = table[i].declared,
		    .envelope = {
			.release_at = table[i].release_after
					  ? BED_NOW + table[i].release_after
					  : 0}};
		bed_expect(&bed, &mail, table[i].first);
		bed_expect(&bed, &mail, table[i].second);
		// Others have room of their own.
		mail.user = "bert";
		mail.from = "bert@ours.example";
		mail.text = "From: bert@ours.example\r\n\r\nHello.\r\n";
		bed_expect(&bed, &mail, table[i].first);
		bed_close(&bed);
	}
}

// A message whose user follows it goes through the queue, which knows it by an
// id, and its recipients by these addresses.
static void who_follows_a_message_knows_it_in_the_queue(void **state)
{
	(void)state;
	static const struct {
		const char *to;
		const char *queued;
	} table[] = {
	    {"anna@ours.example", "anna@ours.example"},
	    {"team@ours.example", "anna@ours.example bert@ours.example"},
	    {"out@ours.example", "x@other.example"},
	    {"y@other.example", "y@other.example"},
	    {"both@ours.example", "bert@ours.example x@other.example"},
	};
	struct bed bed;
	bed_open(&bed, (struct store_options){0});
	struct auth_user cleo = bed_who(&bed, "cleo");
	struct delivery_origin origin = {
	    .door = DELIVERY_SUBMISSION, .user = &cleo};
	struct delivery_envelope envelope = {.queue.tracked = true,
	    .sender = bed_mailbox_of(&bed, VIEW("cleo@ours.example"))};
	struct delivery_reply reply;
	struct delivery *delivery;
	struct queue_id id;
	assert_int_equal(
	    delivery_new(&bed.office, &origin, &envelope, &reply, &delivery),
	    RC_OK);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct delivery_recipient one = {
		    .mailbox =
			bed_mailbox_of(&bed, view_of_string(table[i].to))};
		assert_int_equal(
		    delivery_recipient(delivery, &one, &reply), RC_OK);
	}
	delivery_data(
	    delivery, VIEW("From: cleo@ours.example\r\n\r\nHello.\r\n"));
	assert_null(delivery_queued(delivery));
	assert_int_equal(delivery_finish(delivery, NULL, &reply), RC_OK);
	assert_int_equal(reply.code, 250);
	id = *delivery_queued(delivery);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct view addresses[3];
		struct buf all;
		buf_init(&all, 200);
		size_t count = delivery_queued_for(delivery, i, addresses, 3);
		for (size_t n = 0; n < count; n++)
			buf_printf(&all, "%s%.*s", n ? " " : "",
			    VIEW_FMT(addresses[n]));
		assert_view_equal(
		    buf_view(&all), view_of_string(table[i].queued));
		buf_done(&all);
	}
	delivery_free(&delivery);
	assert_int_equal(
	    queue_take_back(bed.office.queue, &id, cleo.account, NULL), RC_OK);
	assert_string_equal(bed_queued(&bed), "");
	bed_close(&bed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_user_writes_as_no_one_else),
	    cmocka_unit_test(a_binary_message_has_an_ordinary_header),
	    cmocka_unit_test(a_submission_is_completed_and_signed),
	    cmocka_unit_test(what_is_added_asks_no_more_of_the_next_server),
	    cmocka_unit_test(only_so_much_of_a_user_waits_for_its_time),
	    cmocka_unit_test(who_follows_a_message_knows_it_in_the_queue),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
