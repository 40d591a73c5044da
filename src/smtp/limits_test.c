// SPDX-License-Identifier: Apache-2.0
// What strangers can do to a server, and which clients have to wait for them.
#include "base/test.h"
#include "smtp/impl.h"
#include "smtp/script.h"
#include "smtp/transaction.h"

#define EHLO .helo = "EHLO client"
#define SLOW .rig = {.limits = {.errors = 6, .errors_slow = 2, .slow_ms = 3000}}

static const struct script scripts[] = {
    {"refusals come late, then later, then no more", {SLOW, EHLO},
	"C: FOO\nS: 500 5.5.1 No such command\nP: 0\n"
	"C: FOO\nS: 500 5.5.1 No such command\nP: 3000\n"
	"C: NOOP\nS: 250 2.0.0 OK\nP: 0\n"
	"C: DATA\nS: 503 5.5.1 MAIL first\nP: 6000\n"
	"C: EHLO\nS: 501 ...\nP: 8000\n"
	"C: FOO\nS: 500 5.5.1 No such command\nP: 8000\n"
	"C: FOO\nS: 500 5.5.1 No such command\n"
	"S: 421 4.7.0 Too many errors\nclose\n"},
    {"names that strangers guess are errors, and a message forgives them",
	{SLOW, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<nobody1@example.org>\nS: 550 5.1.1 Nobody there\nP: 0\n"
	"C: RCPT TO:<nobody2@example.org>\nS: 550 5.1.1 Nobody there\n"
	"P: 3000\n"
	"C: RCPT TO:<full@example.org>\nS: 452 4.2.2 Mailbox full\nP: 0\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\nP: 0\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > demo@example.org: \n"
	"C: FOO\nS: 500 5.5.1 No such command\nP: 0\n"},
    {"servers that we trust have lists with old names",
	{.rig = {.role = SMTP_ROLE_LMTP, .limits = {.errors = 2}},
	    .helo = "LHLO x"},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<nobody1@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RCPT TO:<nobody2@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RCPT TO:<nobody3@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: FOO\nS: 500 5.5.1 No such command\n"
	"C: FOO\nS: 500 5.5.1 No such command\n"
	"S: 421 4.7.0 Too many errors\nclose\n"},
    {"each late answer holds the group up", {SLOW, EHLO, .whole = true},
	"R: FOO\\r\\nFOO\\r\\nFOO\\r\\nRSET\\r\\nNOOP\\r\\n\nW: -\n"
	"S: 500 5.5.1 No such command\n"
	"S: 500 5.5.1 No such command\n"
	"S: 500 5.5.1 No such command\n"
	"S: 250 2.0.0 Forgotten\n"
	"S: 250 2.0.0 OK\nP: 6000\n"},
    {"commands without a message", {.rig = {.limits = {.commands = 4}}},
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"S: 421 4.7.0 Too many commands without a message\nclose\n"},
    {"but not those of a server that we trust",
	{.rig = {.role = SMTP_ROLE_LMTP, .limits = {.commands = 3}},
	    .helo = "LHLO x"},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<nobody1@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<nobody2@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"},
    {"nor those of a user",
	{.rig = {.role = SMTP_ROLE_SUBMISSION,
	     .tls = true,
	     .limits = {.commands = 3}},
	    EHLO,
	    .log_in = true},
	"C: MAIL FROM:<demo@example.org>\nS: 250 2.1.0 Sender OK\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: MAIL FROM:<demo@example.org>\nS: 250 2.1.0 Sender OK\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"},
    {"recipients and chunks are not counted",
	{.rig = {.limits = {.commands = 3}}, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<b@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 1\\r\\nx\nW: -\nS: 250 2.0.0 1 bytes received\n"
	"C: BDAT 0\nS: 250 2.0.0 0 bytes received\n"
	"C: BDAT 0 LAST\nS: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > a@example.org b@example.org: x\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: NOOP\nS: 250 2.0.0 OK\nS: 421 4.7.0 ...\nclose\n"},
    {"chunks that follow a refused one are not counted", {SLOW, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 100001\\r\\n\nN: 100001\nW: -\n"
	"S: 552 5.3.4 The message is too big\nP: 0\n"
	"R: BDAT 2\\r\\nxx\nW: -\nS: 503 5.5.1 RSET first\nP: 0\n"
	"R: BDAT 2\\r\\nxx\nW: -\nS: 503 5.5.1 RSET first\nP: 0\n"
	"R: BDAT 2 LAST\\r\\nxx\nW: -\nS: 503 5.5.1 RSET first\nP: 0\n"
	"C: FOO\nS: 500 5.5.1 No such command\nP: 3000\n"},
    {"a line that is too long is skipped to its end", {EHLO},
	"R: NOOP \nN: 4091\nC: \nS: 250 2.0.0 OK\n"
	"R: NOOP \nN: 4092\nC: \nS: 500 5.5.2 The line is too long\n"
	"N: 60000\nC: \nS: 500 5.5.2 The line is too long\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"},
    {"a message of twice the size is not read to its end", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\n"
	"N: 200001\nW: -\nS: 552 5.3.4 The message is too big\nclose\n"},
    {"a TLS handshake where there is none", {.whole = false},
	"R: \\x16\\x03\\x01\\x02\nW: -\nS: 554 5.5.1 ...\nclose\n"},
    {"a line without an end closes the connection", {EHLO},
	"N: 65537\nW: -\nS: 500 5.5.2 The line is too long\nclose\n"},
    {"a line whose end comes too late closes it, too", {EHLO},
	"N: 65537\nC: \nS: 500 5.5.2 The line is too long\nclose\n"},
};

// ---- Time ------------------------------------------------------------------

static struct rig_users users;

static uint32_t timeout_of(const struct rig_client *client)
{
	return smtp_session_ops.timeout(client->session);
}

static void a_message_has_a_shorter_timeout_than_a_command(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){.users = &users});
	rig_connect(&rig, VIEW(""), &client);
	assert_int_equal(timeout_of(&client), 300);
	rig_say(&client, VIEW("EHLO x\r\n"));
	rig_say(&client,
	    VIEW("MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"));
	assert_int_equal(timeout_of(&client), 180);
	rig_say(&client, VIEW("x\r\n.\r\n"));
	assert_int_equal(timeout_of(&client), 300);
	buf_reset(&client.out);
	smtp_session_ops.timed_out(client.session, &client.out);
	assert_view_equal(
	    buf_view(&client.out), VIEW("421 4.4.2 No input for too long\r\n"));
	rig_disconnect(&client);
	rig_done(&rig);
}

static void time_runs_out_also_while_the_client_talks(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){.users = &users});
	rig_connect(&rig, VIEW(""), &client);
	struct smtp_session *session = client.session;
	rig_say(&client, VIEW("EHLO x\r\n"));
	session->base.since_ms -= 3590 * 1000u;
	assert_in_range(timeout_of(&client), 1, 10);
	// After a message the session's time begins anew.
	rig_say(&client,
	    VIEW("MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"));
	rig_say(&client, VIEW("x\r\n.\r\n"));
	assert_int_equal(timeout_of(&client), 300);
	session->base.since_ms -= 3600 * 1000u;
	assert_int_equal(timeout_of(&client), 1);
	buf_reset(&client.out);
	rig_say(&client, VIEW("N"));
	assert_int_equal(client.next, NET_CLOSE);
	assert_view_equal(buf_view(&client.out),
	    VIEW("421 4.4.2 The connection has lasted too long\r\n"));
	rig_disconnect(&client);
	rig_done(&rig);
}

// It has a message for many users, and the mailboxes of all of them are full.
static void a_trusted_server_has_time_for_messages_that_fail(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig,
	    &(struct rig_options){.users = &users, .role = SMTP_ROLE_LMTP});
	rig_connect(&rig, VIEW(""), &client);
	struct smtp_session *session = client.session;
	rig_say(&client, VIEW("LHLO x\r\n"));
	session->base.since_ms -= 3590 * 1000u;
	rig_say(&client,
	    VIEW("MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"));
	buf_reset(&client.out);
	rig_say(&client, VIEW("bare\nLF\r\n.\r\n"));
	assert_true(
	    view_starts_with(buf_view(&client.out), VIEW("550 5.5.2 ")));
	assert_int_equal(timeout_of(&client), 300);
	rig_disconnect(&client);
	rig_done(&rig);
}

static void a_server_that_stops_says_so(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){.users = &users});
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	rig_say(&client,
	    VIEW("MAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\nx"));
	buf_reset(&client.out);
	smtp_session_ops.shut_down(client.session, &client.out);
	assert_view_equal(buf_view(&client.out),
	    VIEW("421 4.3.2 The server is shutting down\r\n"));
	rig_disconnect(&client);
	assert_int_equal(rig_office_accepted(rig.office), 0);
	assert_int_equal(rig_office_open(rig.office), 0);
	rig_done(&rig);
}

static void a_delayed_answer_comes_before_the_end(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf out;
	size_t taken;
	rig_init(&rig, &(struct rig_options){
			   .users = &users, .limits = {.errors_slow = 1}});
	rig_connect(&rig, VIEW(""), &client);
	buf_init(&out, 1000);
	assert_int_equal(smtp_session_ops.input(
			     client.session, VIEW("FOO\r\n"), &out, &taken),
	    NET_PAUSE);
	assert_int_equal(taken, 5);
	assert_int_equal(out.len, 0);
	assert_int_equal(smtp_session_ops.pause_ms(client.session), 500);
	smtp_session_ops.shut_down(client.session, &out);
	assert_view_equal(
	    buf_view(&out), VIEW("500 5.5.1 No such command\r\n"
				 "421 4.3.2 The server is shutting down\r\n"));
	buf_done(&out);
	rig_disconnect(&client);
	rig_done(&rig);
}

// ---- Passwords -------------------------------------------------------------

// Takes all places in which passwords are hashed.
struct busy {
	struct rig rig;
	struct rig_client client;
	struct rig_hashers hashers;
};

// It has users of its own: with shared ones, a right password would be in the
// cache.
static void busy_init(struct busy *busy)
{
	rig_init(&busy->rig,
	    &(struct rig_options){.role = SMTP_ROLE_SUBMISSION, .tls = true});
	rig_connect(&busy->rig, VIEW(""), &busy->client);
	rig_say(&busy->client, VIEW("EHLO x\r\n"));
	buf_reset(&busy->client.out);
	rig_hashers_take(&busy->hashers, busy->rig.base.users->auth);
}

static void busy_done(struct busy *busy)
{
	rig_disconnect(&busy->client);
	rig_hashers_release(&busy->hashers);
	rig_done(&busy->rig);
}

static void a_login_waits_for_its_turn_and_so_does_what_follows(void **state)
{
	(void)state;
	struct busy busy;
	busy_init(&busy);
	rig_say(&busy.client, VIEW("AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n"));
	rig_say(&busy.client, VIEW("MAIL FROM:<demo@example.org>\r\n"));
	assert_false(busy.client.woken);
	assert_int_equal(busy.client.out.len, 0);
	assert_int_equal(busy.client.next, NET_WAIT);
	rig_hashers_release(&busy.hashers);
	assert_true(busy.client.woken);
	rig_wake(&busy.client);
	assert_view_equal(buf_view(&busy.client.out),
	    VIEW("235 2.7.0 Logged in\r\n250 2.1.0 Sender OK\r\n"));
	busy_done(&busy);
}

// Nothing is read from a client that waits, however much it sends; later it
// gets all its answers.
static void a_client_that_waits_is_not_cut_off(void **state)
{
	(void)state;
	struct busy busy;
	busy_init(&busy);
	rig_say(&busy.client, VIEW("AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n"));
	for (size_t i = 0; i < NET_WAIT_MAX; i++)
		rig_say(&busy.client, VIEW("RSET\r\n"));
	assert_int_equal(busy.client.next, NET_WAIT);
	assert_int_equal(busy.client.out.len, 0);
	rig_hashers_release(&busy.hashers);
	rig_wake(&busy.client);
	assert_int_equal(busy.client.next, NET_READ);
	assert_int_equal(busy.client.in.len, 0);
	busy_done(&busy);
}

static void a_client_that_goes_away_leaves_the_line(void **state)
{
	(void)state;
	struct busy busy;
	struct rig_client gone;
	busy_init(&busy);
	rig_connect(&busy.rig, VIEW(""), &gone);
	rig_say(&gone, VIEW("EHLO x\r\n"));
	rig_say(&gone, VIEW("AUTH PLAIN AGRlbW8AeA==\r\n"));
	rig_say(&busy.client, VIEW("AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n"));
	rig_disconnect(&gone);
	rig_hashers_release(&busy.hashers);
	assert_true(busy.client.woken);
	rig_wake(&busy.client);
	assert_view_equal(
	    buf_view(&busy.client.out), VIEW("235 2.7.0 Logged in\r\n"));
	busy_done(&busy);
}

static void the_last_guess_is_answered_as_late_as_the_others(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	uint64_t pauses[4] = {0};
	rig_init(&rig,
	    &(struct rig_options){.role = SMTP_ROLE_SUBMISSION, .tls = true});
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	for (size_t i = 1; i < ARRAY_LEN(pauses); i++) {
		buf_reset(&client.out);
		rig_say(&client, VIEW("AUTH PLAIN AGRlbW8AeA==\r\n"));
		pauses[i] = client.pauses;
	}
	assert_true(pauses[3] == pauses[2] + 1);
	assert_true(client.paused > 0);
	assert_int_equal(client.next, NET_CLOSE);
	assert_view_equal(buf_view(&client.out),
	    VIEW("421 4.7.0 Too many logins have failed\r\n"));
	rig_disconnect(&client);
	rig_done(&rig);
}

// ---- Memory ----------------------------------------------------------------

static void an_idle_session_is_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct smtp_session) <= 512);
	assert_true(sizeof(struct smtp_transaction) <= 256);
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
	    cmocka_unit_test(a_message_has_a_shorter_timeout_than_a_command),
	    cmocka_unit_test(time_runs_out_also_while_the_client_talks),
	    cmocka_unit_test(a_trusted_server_has_time_for_messages_that_fail),
	    cmocka_unit_test(a_server_that_stops_says_so),
	    cmocka_unit_test(a_delayed_answer_comes_before_the_end),
	    cmocka_unit_test(
		a_login_waits_for_its_turn_and_so_does_what_follows),
	    cmocka_unit_test(a_client_that_waits_is_not_cut_off),
	    cmocka_unit_test(a_client_that_goes_away_leaves_the_line),
	    cmocka_unit_test(the_last_guess_is_answered_as_late_as_the_others),
	    cmocka_unit_test(an_idle_session_is_small),
	};
	int failed = cmocka_run_group_tests(tests, make_users, free_users);
	return script_main(scripts, ARRAY_LEN(scripts)) + failed;
}
