// SPDX-License-Identifier: Apache-2.0
// Finer points of the RFCs about the selected mailbox: what is said of messages
// that others have expunged meanwhile, of ones that nobody was told of, and
// when there is nothing to be said any more.
#include "base/test.h"
#include "imap/test_client.h"

#define QRESYNC (IMAP_FEATURE_QRESYNC | IMAP_FEATURE_CONDSTORE)

static const char mail[] = "From: a@example.org\r\n"
			   "Subject: hello\r\n"
			   "\r\n"
			   "text\r\n";

struct pair {
	struct desk desk;
	struct client a;
	struct client b;
};

static void pair_open(struct pair *pair, unsigned messages, unsigned features)
{
	// Three messages are already too many for one commit.
	desk_open(&pair->desk, (struct store_options){.commit_max = 2});
	for (unsigned i = 0; i < messages; i++)
		desk_append(&pair->desk, "INBOX", mail, "");
	client_open(&pair->a, &pair->desk, features);
	client_open(&pair->b, &pair->desk, features);
	client_select(&pair->a, "INBOX", false);
	client_select(&pair->b, "INBOX", false);
}

static void pair_close(struct pair *pair)
{
	client_close(&pair->a);
	client_close(&pair->b);
	desk_close(&pair->desk);
}

static void expunge(struct client *client, const char *set)
{
	client_runf(client, "UID STORE %s +FLAGS.SILENT \\Deleted", set);
	client_run(client, "EXPUNGE");
}

static void assert_has(const char *said, const char *part)
{
	struct view all = view_of_string(said);
	if (view_find(all, view_of_string(part)) == SIZE_MAX)
		fail_msg("no \"%s\" in: %.*s", part, VIEW_FMT(all));
}

static void assert_lacks(const char *said, const char *part)
{
	struct view all = view_of_string(said);
	if (view_find(all, view_of_string(part)) != SIZE_MAX)
		fail_msg("\"%s\" in: %.*s", part, VIEW_FMT(all));
}

// ---- Messages that are gone ------------------------------------------------

// "*" is the highest UID in use: a client that says "1:*" would never learn
// that the last message has gone.
static void star_of_vanished_reaches_past_the_last_message(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 5, QRESYNC);
	uint64_t then =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	expunge(&p.b, "2,4:5");
	client_sync(&p.a, true);
	assert_has(client_runf(&p.a,
		       "UID FETCH 1:* FLAGS (CHANGEDSINCE %llu VANISHED)",
		       (unsigned long long)then),
	    "* VANISHED (EARLIER) 2,4:5\r\n");
	assert_has(client_runf(&p.a,
		       "UID FETCH 5:* FLAGS (CHANGEDSINCE %llu VANISHED)",
		       (unsigned long long)then),
	    "* VANISHED (EARLIER) 5\r\n");
	// What is named by numbers is meant.
	assert_has(client_runf(&p.a,
		       "UID FETCH 1:3 FLAGS (CHANGEDSINCE %llu VANISHED)",
		       (unsigned long long)then),
	    "* VANISHED (EARLIER) 2\r\n");
	expunge(&p.b, "1:*");
	client_sync(&p.a, true);
	assert_has(client_runf(&p.a,
		       "UID FETCH 1:* FLAGS (CHANGEDSINCE %llu VANISHED)",
		       (unsigned long long)then),
	    "* VANISHED (EARLIER) 1:5\r\n");
	pair_close(&p);
}

// Expunges that come in any order are told in the order of UIDs.
static void vanished_is_in_order_whatever_went_first(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 9, QRESYNC);
	uint64_t then =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	static const char *const sets[] = {"8", "2", "5:6", "3", "9"};
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		expunge(&p.b, sets[i]);
	client_sync(&p.a, true);
	assert_has(client_runf(&p.a,
		       "UID FETCH 1:9 FLAGS (CHANGEDSINCE %llu VANISHED)",
		       (unsigned long long)then),
	    "* VANISHED (EARLIER) 2:3,5:6,8:9\r\n");
	pair_close(&p);
}

// MOVE and EXPUNGE of very many messages are several commits. A client does not
// notice, and one that saw only some of them is told the rest.
static void many_commits_look_like_one(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 9, QRESYNC);
	uint64_t then =
	    store_snapshot_highestmodseq(p.a.session.view->snapshot);
	const char *said = client_run(&p.a, "UID MOVE 1:5 Archive");
	assert_has(said, " 1:5 1:5] Moved\r\n* VANISHED 1:5\r\n");
	assert_has(client_sync(&p.b, true), "* VANISHED 1:5\r\n");
	client_run(&p.a, "UID STORE 6,8:9 +FLAGS.SILENT \\Deleted");
	said = client_run(&p.a, "EXPUNGE");
	assert_has(said, "* VANISHED 6,8:9\r\n");
	client_sync(&p.b, true);
	uint64_t last =
	    store_snapshot_highestmodseq(p.b.session.view->snapshot);
	char code[60];
	snprintf(code, sizeof(code), "t OK [HIGHESTMODSEQ %llu]",
	    (unsigned long long)last);
	assert_has(said, code);
	static const char *const gone[] = {
	    "1:6,8:9", "3:6,8:9", "5:6,8:9", "6,8:9"};
	for (size_t i = 0; i < ARRAY_LEN(gone); i++) {
		char line[60];
		snprintf(
		    line, sizeof(line), "* VANISHED (EARLIER) %s\r\n", gone[i]);
		assert_has(
		    client_runf(&p.b,
			"UID FETCH 1:9 FLAGS (CHANGEDSINCE %llu VANISHED)",
			(unsigned long long)(then + i)),
		    line);
	}
	pair_close(&p);
}

// A client that reads OK would take its messages for safe.
static void copy_of_what_is_gone_is_no_success(void **unused)
{
	(void)unused;
	static const char *const commands[] = {"COPY", "MOVE"};
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		struct pair p;
		pair_open(&p, 3, 0);
		expunge(&p.b, "2:3");
		// Not yet told, and not yet known to the view either.
		assert_has(client_runf(&p.a, "%s 2:3 Archive", commands[i]),
		    "t NO [EXPUNGEISSUED] ");
		pair_close(&p);
		pair_open(&p, 3, 0);
		expunge(&p.b, "2:3");
		client_run(&p.a, "FETCH 1 UID"); // the view knows
		assert_has(client_runf(&p.a, "%s 2:3 Archive", commands[i]),
		    "t NO [EXPUNGEISSUED] ");
		// The rest is copied; UIDs that are gone are no error (RFC 9051
		// section 6.4.9); nor is "$" that names nothing.
		assert_has(
		    client_runf(&p.a, "%s 1 Archive", commands[i]), "t OK ");
		assert_has(client_runf(&p.a, "UID %s 2:3 Archive", commands[i]),
		    "t OK ");
		assert_has(
		    client_runf(&p.a, "%s $ Archive", commands[i]), "t OK ");
		pair_close(&p);
	}
}

static void recent_forgets_what_is_expunged(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 6, 0);
	expunge(&p.b, "2,4:5");
	desk_append(&p.desk, "INBOX", mail, "");
	// All were \Recent to the first session; the new one is so, too.
	assert_has(client_sync(&p.a, true), "* 4 EXISTS\r\n* 4 RECENT\r\n");
	assert_has(client_run(&p.a, "SEARCH RECENT"), "* SEARCH 1 2 3 4\r\n");
	pair_close(&p);
}

// ---- Messages that come ----------------------------------------------------

struct arrival {
	struct desk *desk;
	bool done;
};

static void arrive(void *context)
{
	struct arrival *arrival = context;
	if (!arrival->done)
		desk_append(arrival->desk, "INBOX", mail, "");
	arrival->done = true;
}

// It would be marked as seen though it is not sent.
static void fetch_leaves_messages_alone_that_come_meanwhile(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 3, 0);
	struct arrival arrival = {.desk = &p.desk};
	p.a.room = 20;
	p.a.between = arrive;
	p.a.context = &arrival;
	const char *said = client_run(&p.a, "UID FETCH 1:100 BODY[TEXT]");
	assert_has(said, "* 3 FETCH (UID 3 ");
	assert_has(said, "* 4 EXISTS\r\n");
	assert_lacks(said, "UID 4");
	assert_true(arrival.done);
	p.a.room = 0;
	said = client_run(&p.a, "UID FETCH 4 (FLAGS BODY.PEEK[TEXT])");
	assert_lacks(said, "\\Seen");
	assert_has(said, "BODY[TEXT] {6}\r\ntext\r\n");
	pair_close(&p);
}

// ---- Bytes that cannot be had ----------------------------------------------

struct loss {
	struct desk *desk;
	struct client *other;
	bool done;
};

static void lose(void *context)
{
	struct loss *loss = context;
	if (loss->done)
		return;
	loss->done = true;
	expunge(loss->other, "1");
	uint64_t count;
	assert_int_equal(engine_content_sweep(
			     loss->desk->bed.engine, INT64_MAX / 2, 0, &count),
	    RC_OK);
	assert_int_equal(count, 1);
}

// What would be said is taken for bytes of the message by the client.
static void nothing_is_said_in_a_literal_that_breaks_off(void **unused)
{
	(void)unused;
	struct pair p;
	pair_open(&p, 0, 0);
	struct buf text;
	buf_init(&text, 4 << 20);
	buf_add_literal(&text, "Subject: long\r\n\r\n");
	while (text.len < 2 << 20)
		buf_add_literal(&text, "0123456789 0123456789 0123456789\r\n");
	desk_append_bytes(&p.desk, "INBOX", buf_view(&text));
	client_sync(&p.a, true);
	client_sync(&p.b, true);
	struct loss loss = {.desk = &p.desk, .other = &p.b};
	p.a.between = lose;
	p.a.context = &loss;
	const char *said = client_run(&p.a, "FETCH 1 BODY.PEEK[]");
	assert_true(loss.done);
	struct view rest = view_of_string(said);
	size_t head = view_find(rest, VIEW("}\r\n"));
	assert_true(head != SIZE_MAX);
	rest = view_from(rest, head + 3);
	assert_true(rest.len < text.len);
	assert_view_equal(rest, view_slice(buf_view(&text), 0, rest.len));
	buf_done(&text);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(star_of_vanished_reaches_past_the_last_message),
	    cmocka_unit_test(vanished_is_in_order_whatever_went_first),
	    cmocka_unit_test(many_commits_look_like_one),
	    cmocka_unit_test(copy_of_what_is_gone_is_no_success),
	    cmocka_unit_test(recent_forgets_what_is_expunged),
	    cmocka_unit_test(fetch_leaves_messages_alone_that_come_meanwhile),
	    cmocka_unit_test(nothing_is_said_in_a_literal_that_breaks_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
