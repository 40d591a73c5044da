// SPDX-License-Identifier: Apache-2.0
// SMTP smuggling (CVE-2023-51764 to -51766 and similar ones): byte sequences
// that one server takes for the end of a message and another does not. What
// follows such a sequence must never become a second message.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "smtp/script.h"

#define HIDDEN                                                                 \
	"MAIL FROM:<evil@example.net>\r\n"                                     \
	"RCPT TO:<demo@example.org>\r\n"                                       \
	"DATA\r\n"                                                             \
	"evil\r\n"
#define HIDDEN_SEEN                                                            \
	"MAIL FROM:<evil@example.net>\\r\\n"                                   \
	"RCPT TO:<demo@example.org>\\r\\n"                                     \
	"DATA\\r\\n"                                                           \
	"evil\\r\\n"

#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static const struct {
	struct view sequence;
	// The text that the one message then has; NULL: it is refused. If bare
	// line ends are refused, and if they are normalized.
	const char *refusing;
	const char *normalizing;
} sequences[] = {
    {BYTES("\n.\n"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\n.\r\n"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\n.\r"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\r.\r"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\r.\r\n"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\r.\n"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\r\n.\n"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\r\n.\r"), NULL, "\\r\\n.\\r\\n"},
    {BYTES("\n\n.\n\n"), NULL, "\\r\\n\\r\\n.\\r\\n\\r\\n"},
    {BYTES("\r\r.\r\r"), NULL, "\\r\\n\\r\\n.\\r\\n\\r\\n"},
    {BYTES("\r\r\n.\r\r\n"), NULL, "\\r\\n\\r\\n.\\r\\n\\r\\n"},
    {BYTES("\r\n.\r\r\n"), NULL, "\\r\\n.\\r\\n\\r\\n"},
    {BYTES("\r\n\n.\r\n"), NULL, "\\r\\n\\r\\n.\\r\\n"},
    {BYTES("\r\n\r.\r\n"), NULL, "\\r\\n\\r\\n.\\r\\n"},
    {BYTES("\n\r\n..\r\n"), NULL, "\\r\\n\\r\\n.\\r\\n"},
    {BYTES("\r\n\x00.\r\n"), "\\r\\n\\x00.\\r\\n", "\\r\\n\\x00.\\r\\n"},
    {BYTES("\r\n.\x00\r\n"), "\\r\\n\\x00\\r\\n", "\\r\\n\\x00\\r\\n"},
    {BYTES("\r\x00\n.\r\n"), NULL, "\\r\\n\\x00\\r\\n.\\r\\n"},
    {BYTES("\r\n..\r\n"), "\\r\\n.\\r\\n", "\\r\\n.\\r\\n"},
    {BYTES("\r\n. \r\n"), "\\r\\n \\r\\n", "\\r\\n \\r\\n"},
    {BYTES("\r\n .\r\n"), "\\r\\n .\\r\\n", "\\r\\n .\\r\\n"},
    {BYTES(".\r\n"), ".\\r\\n", ".\\r\\n"},
    {BYTES("\x85.\x85"), "\\x85.\\x85", "\\x85.\\x85"},
    {BYTES("\xe2\x80\xa8.\xe2\x80\xa8"), "\\xe2\\x80\\xa8.\\xe2\\x80\\xa8",
	"\\xe2\\x80\\xa8.\\xe2\\x80\\xa8"},
};

static struct rig_users users;

struct sent {
	struct rig rig;
	struct rig_client client;
	struct buf message;
};

static void sent_init(struct sent *sent, bool normalize, size_t piece)
{
	rig_init(&sent->rig,
	    &(struct rig_options){.users = &users, .normalize = normalize});
	rig_connect(&sent->rig, VIEW(""), &sent->client);
	buf_init(&sent->message, 100000);
	rig_say(&sent->client, VIEW("EHLO x\r\n"));
	rig_say(&sent->client, VIEW("MAIL FROM:<a@example.net>\r\n"));
	rig_say(&sent->client, VIEW("RCPT TO:<demo@example.org>\r\n"));
	sent->client.piece = piece;
}

static void sent_done(struct sent *sent)
{
	rig_disconnect(&sent->client);
	rig_done(&sent->rig);
	buf_done(&sent->message);
}

static void expect_sent(
    struct sent *sent, const char *what, struct view said, const char *text)
{
	struct buf expected;
	bool any = rig_office_next(sent->rig.office, &sent->message);
	buf_init(&expected, 100000);
	buf_printf(&expected,
	    "<a@example.net> ESMTP > demo@example.org: first%s%s",
	    text ? text : "", HIDDEN_SEEN);
	if (text &&
	    (!any || !view_eq(buf_view(&sent->message), buf_view(&expected))))
		fail_msg("%s: delivered %.*s\nexpected %.*s", what,
		    VIEW_FMT(buf_view(&sent->message)),
		    VIEW_FMT(buf_view(&expected)));
	assert_int_equal(any, text != NULL);
	assert_false(rig_office_next(sent->rig.office, &sent->message));
	const char *answer = text ? "250 2.0.0 ...\r\n" : "550 5.5.2 ...\r\n";
	if (!script_line_matches(view_of_string(answer), said))
		fail_msg("%s: answered %.*s", what, VIEW_FMT(said));
	assert_int_equal(sent->client.next, NET_READ);
	buf_done(&expected);
}

static void by_data(
    size_t which, bool normalize, size_t piece, const char *text)
{
	struct sent sent;
	sent_init(&sent, normalize, piece);
	rig_say(&sent.client, VIEW("DATA\r\n"));
	buf_reset(&sent.client.out);
	struct buf bytes;
	buf_init(&bytes, 10000);
	buf_add_literal(&bytes, "first");
	buf_add(&bytes, sequences[which].sequence);
	buf_add_literal(&bytes, HIDDEN ".\r\n");
	rig_say(&sent.client, buf_view(&bytes));
	char what[64];
	snprintf(what, sizeof(what), "sequence %zu in pieces of %zu%s", which,
	    piece, normalize ? ", normalizing" : "");
	expect_sent(&sent, what, buf_view(&sent.client.out), text);
	buf_done(&bytes);
	sent_done(&sent);
}

static void what_is_hidden_in_a_message_stays_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		for (size_t piece = 0; piece <= 8; piece++) {
			by_data(i, false, piece, sequences[i].refusing);
			by_data(i, true, piece, sequences[i].normalizing);
		}
	}
}

// The network may cut the bytes anywhere.
static void no_cut_makes_a_difference(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
		struct buf bytes;
		buf_init(&bytes, 10000);
		buf_add_literal(&bytes, "first");
		buf_add(&bytes, sequences[i].sequence);
		buf_add_literal(&bytes, HIDDEN ".\r\n");
		for (size_t cut = 1; cut < bytes.len; cut++) {
			struct sent sent;
			sent_init(&sent, false, 0);
			rig_say(&sent.client, VIEW("DATA\r\n"));
			buf_reset(&sent.client.out);
			rig_say(
			    &sent.client, view_slice(buf_view(&bytes), 0, cut));
			rig_say(&sent.client, view_from(buf_view(&bytes), cut));
			expect_sent(&sent, "cut", buf_view(&sent.client.out),
			    sequences[i].refusing);
			sent_done(&sent);
		}
		buf_done(&bytes);
	}
}

// Within a chunk no byte has a special meaning.
static void what_is_hidden_in_a_chunk_stays_in_it(void **state)
{
	(void)state;
	static const char dots[] = "first\r\n.\r\n" HIDDEN;
	for (size_t piece = 0; piece <= 3; piece++) {
		struct sent sent;
		char command[64];
		sent_init(&sent, false, piece);
		int len = snprintf(command, sizeof(command),
		    "BDAT %zu LAST\r\n", sizeof(dots) - 1);
		buf_reset(&sent.client.out);
		rig_say(&sent.client, view_of(command, (size_t)len));
		rig_say(&sent.client, VIEW(dots));
		expect_sent(&sent, "chunk", buf_view(&sent.client.out),
		    "\\r\\n.\\r\\n");
		sent_done(&sent);
	}
}

static int make_users(void **state)
{
	(void)state;
	rig_users_init(&users);
	return 0;
}

static int free_users(void **state)
{
	(void)state;
	rig_users_done(&users);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_hidden_in_a_message_stays_in_it),
	    cmocka_unit_test(no_cut_makes_a_difference),
	    cmocka_unit_test(what_is_hidden_in_a_chunk_stays_in_it),
	};
	return cmocka_run_group_tests(tests, make_users, free_users);
}
