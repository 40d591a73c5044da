// SPDX-License-Identifier: Apache-2.0
// What LIST and STAT promise is exactly what RETR sends, for messages of all
// shapes and with a copy's own fields on top. A unique-id stays with its
// message, whatever IMAP does, and is never used again.
#include "base/mem.h"
#include "base/test.h"
#include "pop3/rig.h"
#include "store/change.h"

#define PREFIX "Return-Path: <a@b>\r\nDelivered-To: demo@example.org\r\n"

static void put(
    struct rig *rig, struct view prefix, struct view text, bool shared)
{
	struct fault fault;
	struct store_draft *draft = store_draft_new(rig->store);
	if (shared)
		store_draft_share(draft);
	assert_int_equal(store_draft_add(draft, text), RC_OK);
	assert_int_equal(store_draft_finish(draft), RC_OK);
	struct store_place place = {.mailbox = rig->inbox};
	struct store_delivery delivery = {
	    .draft = draft,
	    .prefix = prefix,
	    .places = &place,
	    .place_count = 1,
	};
	struct store_delivered delivered;
	assert_int_equal(store_deliver(&delivery, &fault, &delivered), RC_OK);
	store_draft_free(&draft);
}

// Sends a line; returns the answer, which is valid until the next one.
static struct view ask(struct rig_client *client, const char *format, ...)
    PRINTF_LIKE(2, 3);
static struct view ask(struct rig_client *client, const char *format, ...)
{
	char line[100];
	va_list args;
	va_start(args, format);
	int len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	buf_reset(&client->out);
	rig_say(client, view_of(line, (size_t)len));
	return buf_view(&client->out);
}

// Makes the message that the client gets: without the first line, the final
// ".", and the stuffed dots.
static void unstuff(struct view answer, struct buf *out)
{
	assert_true(view_starts_with(answer, VIEW("+OK ")));
	assert_true(view_ends_with(answer, VIEW("\r\n.\r\n")));
	struct view rest =
	    view_from(answer, view_find(answer, VIEW("\r\n")) + 2);
	rest.len -= 3;
	while (rest.len) {
		size_t end = view_find(rest, VIEW("\r\n")) + 2;
		struct view line = view_slice(rest, 0, end);
		assert_false(view_eq(line, VIEW(".\r\n")));
		buf_add(out, view_from(line, *line.ptr == '.'));
		rest = view_from(rest, end);
	}
}

// Makes the expected text: lines with CRLF, and `body_lines` lines of the body.
static void mend(struct view text, size_t body_lines, struct buf *out)
{
	bool in_body = false;
	while (text.len) {
		size_t lf = view_find_char(text, '\n');
		struct view line = view_slice(text, 0, lf);
		text = lf == SIZE_MAX ? VIEW("") : view_from(text, lf + 1);
		if (lf != SIZE_MAX && view_ends_with(line, VIEW("\r")))
			line.len--;
		if (in_body && body_lines-- == 0)
			return;
		in_body |= line.len == 0;
		buf_add(out, line);
		buf_add_literal(out, "\r\n");
	}
}

static void expect_same(
    struct view answer, struct view text, size_t body_lines, size_t *ret_len)
{
	struct buf got;
	struct buf wanted;
	buf_init(&got, SIZE_MAX);
	buf_init(&wanted, SIZE_MAX);
	unstuff(answer, &got);
	mend(text, body_lines, &wanted);
	if (!view_eq(buf_view(&got), buf_view(&wanted)))
		fail_msg("of %.*s\n came %.*s", VIEW_FMT(text),
		    VIEW_FMT(buf_view(&got)));
	*ret_len = got.len;
	buf_done(&got);
	buf_done(&wanted);
}

#define P(text)                                                                \
	{                                                                      \
		(text), sizeof(text) - 1                                       \
	}
static const struct view pieces[] = {
    P("Subject: s\r\n"),
    P("\r\n"),
    P("\n"),
    P("\r"),
    P(".\r\n"),
    P(".\n"),
    P("."),
    P("\0"),
    P("text"),
    P("line\r\n"),
    P("unix\n"),
    P("\xc3\xbc\r\n"),
    P("\r\n.\r\n+OK 1\r\n"),
    P("0123456789012345678901234567890123456789012345678901234567890\r\n"),
};

static void make_message(uint32_t seed, struct buf *out)
{
	uint32_t count = seed % 5 == 0 ? 2000 : seed % 31;
	buf_add_char(out, 'x');
	for (uint32_t i = 0; i < count; i++) {
		seed = seed * 1664525u + 1013904223u;
		buf_add(out, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
	}
}

static void what_is_promised_is_sent(void **state)
{
	(void)state;
	enum { MESSAGES = 120 };
	struct rig rig;
	struct rig_client client;
	struct buf texts[MESSAGES];
	char line[100];
	uint64_t sum = 0;
	rig_init(&rig, &(struct rig_options){0});
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct buf text;
		struct view prefix = i % 3 ? VIEW(PREFIX) : VIEW("");
		buf_init(&text, SIZE_MAX);
		buf_init(&texts[i], SIZE_MAX);
		make_message(i + 1, &text);
		buf_add(&texts[i], prefix);
		buf_add(&texts[i], buf_view(&text));
		put(&rig, prefix, buf_view(&text), i % 2 == 0);
		buf_done(&text);
	}
	rig_connect(&rig, true, &client);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct view text = buf_view(&texts[i]);
		size_t len;
		expect_same(
		    ask(&client, "RETR %u\r\n", i + 1), text, SIZE_MAX, &len);
		snprintf(line, sizeof(line), "+OK %u %zu\r\n", i + 1, len);
		sum += len;
		assert_view_equal(
		    ask(&client, "LIST %u\r\n", i + 1), view_of_string(line));
		for (size_t lines = 0; lines < 70; lines = lines * 3 + 1)
			expect_same(
			    ask(&client, "TOP %u %zu\r\n", i + 1, lines), text,
			    lines, &len);
	}
	snprintf(line, sizeof(line), "+OK %u %llu\r\n", (unsigned)MESSAGES,
	    (unsigned long long)sum);
	assert_view_equal(ask(&client, "STAT\r\n"), view_of_string(line));
	// A deleted message takes away its octets, and RSET brings them back.
	for (uint32_t i = 0; i < MESSAGES; i++)
		ask(&client, "DELE %u\r\n", i + 1);
	assert_view_equal(ask(&client, "STAT\r\n"), VIEW("+OK 0 0\r\n"));
	ask(&client, "RSET\r\n");
	assert_view_equal(ask(&client, "STAT\r\n"), view_of_string(line));
	rig_disconnect(&client);
	for (uint32_t i = 0; i < MESSAGES; i++)
		buf_done(&texts[i]);
	rig_done(&rig);
}

// ---- Unique-ids ------------------------------------------------------------

static struct store_mailbox *mailbox_of(struct rig *rig, const char *name)
{
	struct fault fault;
	struct store_mailbox *mailbox;
	assert_int_equal(
	    store_mailbox_open(&store_system, rig->account,
		view_of_string(name), STORE_RIGHT_READ, &fault, &mailbox),
	    RC_OK);
	return mailbox;
}

static void copy_or_move(
    struct rig *rig, const char *from, const char *to, uint32_t uid, bool move)
{
	struct fault fault;
	struct rangeset uids;
	struct store_copied copied;
	struct store_mailbox *source = mailbox_of(rig, from);
	struct store_mailbox *target = mailbox_of(rig, to);
	rangeset_init(&uids);
	rangeset_add(&uids, uid, uid);
	assert_int_equal(
	    store_copy(source, &uids, target, move, &fault, &copied), RC_OK);
	store_copied_done(&copied);
	rangeset_done(&uids);
	store_mailbox_close(&source);
	store_mailbox_close(&target);
}

// Expects these ids, in order, given by the last digits of the UIDs: "123".
static void expect_ids(struct rig *rig, const char *uids)
{
	struct rig_client client;
	struct buf wanted;
	rig_connect(rig, true, &client);
	buf_init(&wanted, 1000);
	buf_add_literal(&wanted, "+OK Unique-ids follow\r\n");
	for (unsigned i = 0; uids[i]; i++)
		buf_printf(&wanted, "%u 0000000%c6553F100\r\n", i + 1, uids[i]);
	buf_add_literal(&wanted, ".\r\n");
	struct view answer = ask(&client, "UIDL\r\n");
	if (!view_eq(answer, buf_view(&wanted)))
		fail_msg("for %s: %.*s", uids, VIEW_FMT(answer));
	buf_done(&wanted);
	rig_disconnect(&client);
}

static void a_unique_id_stays_whatever_imap_does(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client early;
	struct fault fault;
	rig_init(&rig, &(struct rig_options){0});
	for (int i = 0; i < 3; i++)
		rig_put(&rig, VIEW("a: b\r\n\r\nbody\r\n"));
	expect_ids(&rig, "123");
	copy_or_move(&rig, "INBOX", "INBOX", 1, false);
	expect_ids(&rig, "1234");
	// A message that is moved away and back is another message with another
	// id.
	copy_or_move(&rig, "INBOX", "Archive", 2, true);
	expect_ids(&rig, "134");
	copy_or_move(&rig, "Archive", "INBOX", 1, true);
	expect_ids(&rig, "1345");
	rig_flag(&rig, 3, STORE_FLAG_SEEN);
	rig_expunge(&rig, 5);
	expect_ids(&rig, "134");
	rig_put(&rig, VIEW("a: b\r\n\r\nbody\r\n"));
	expect_ids(&rig, "1346");
	// INBOX is renamed while a session is open: its messages are no longer
	// in the maildrop, and the QUIT that would delete them changes none.
	rig_connect(&rig, true, &early);
	assert_true(view_starts_with(ask(&early, "DELE 1\r\n"), VIEW("+OK")));
	assert_int_equal(store_mailbox_rename(&store_system, rig.account,
			     VIEW("INBOX"), VIEW("Old"), &fault),
	    RC_OK);
	assert_true(view_starts_with(ask(&early, "RETR 2\r\n"), VIEW("-ERR")));
	assert_true(view_starts_with(ask(&early, "DELE 2\r\n"), VIEW("-ERR")));
	assert_true(view_starts_with(ask(&early, "LIST 2\r\n"), VIEW("+OK")));
	expect_ids(&rig, "");
	rig_put(&rig, VIEW("a: b\r\n\r\nbody\r\n"));
	assert_true(view_starts_with(ask(&early, "QUIT\r\n"), VIEW("+OK")));
	rig_disconnect(&early);
	expect_ids(&rig, "7");
	struct store_mailbox *old = mailbox_of(&rig, "Old");
	struct store_snapshot *snapshot = store_mailbox_snapshot(old);
	assert_int_equal(store_snapshot_count(snapshot), 4);
	store_snapshot_unref(&snapshot);
	store_mailbox_close(&old);
	// The old mailbox, and with it the old ids, cannot become INBOX again
	// by a rename.
	assert_int_not_equal(store_mailbox_rename(&store_system, rig.account,
				 VIEW("Old"), VIEW("INBOX"), &fault),
	    RC_OK);
	copy_or_move(&rig, "Old", "INBOX", 1, true);
	expect_ids(&rig, "78");
	rig_restart(&rig);
	expect_ids(&rig, "78");
	rig_put(&rig, VIEW("a: b\r\n\r\nbody\r\n"));
	expect_ids(&rig, "789");
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_promised_is_sent),
	    cmocka_unit_test(a_unique_id_stays_whatever_imap_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
