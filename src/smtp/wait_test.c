// SPDX-License-Identifier: Apache-2.0
// Commands that have to wait for the delivery (delivery/check.h): nothing is
// read meanwhile, nothing is lost, and no thread waits.
#include "base/test.h"
#include "smtp/impl.h"
#include "smtp/script.h"

#define MX   .rig = {.role = SMTP_ROLE_MX}, .helo = "EHLO client"
#define LMTP .rig = {.role = SMTP_ROLE_LMTP}, .helo = "LHLO client"

static const struct script scripts[] = {
    {"a recipient, and what is pipelined after it", {MX},
	"R: MAIL FROM:<a@example.net>\\r\\nRCPT "
	"TO:<slowdemo@example.org>\\r\\n\n"
	"R: RCPT TO:<demo@example.org>\\r\\nDATA\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n"
	"release\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 354 ...\n"
	"C: x\nC: .\n"
	"S: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTP > slowdemo@example.org demo@example.org: "
	"x\\r\\n\n"},
    {"several recipients wait one after the other", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"R: RCPT TO:<slowdemo@example.org>\\r\\n\n"
	"R: RCPT TO:<slownobody@example.org>\\r\\n\n"
	"R: RCPT TO:<quickfull@example.org>\\r\\n\nW: -\n"
	"release\n"
	"S: 250 2.1.5 Recipient OK\n"
	"release\n"
	"S: 550 5.1.1 Nobody there\n"
	"S: 452 4.2.2 Mailbox full\n"},
    {"a sender", {MX},
	"R: MAIL FROM:<slowa@example.net>\\r\\n\n"
	"R: RCPT TO:<demo@example.org>\\r\\n\nW: -\n"
	"release\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n"},
    {"a sender who is not wanted", {MX},
	"R: MAIL FROM:<slownobody@example.net>\\r\\n\n"
	"R: RCPT TO:<demo@example.org>\\r\\n\nW: -\n"
	"release\n"
	"S: 550 5.7.1 Not from you\n"
	"S: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<b@example.net>\nS: 250 2.1.0 Sender OK\n"},
    {"the end of a message, and the next after it", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<late@example.org>\nS: 250 ...\n"
	"C: DATA\nS: 354 ...\n"
	"R: x\\r\\n.\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: QUIT\\r\\n\nW: -\n"
	"release\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 221 2.0.0 Goodbye\nclose\n"
	"M: <a@example.net> ESMTP > late@example.org: x\\r\\n\n"},
    {"the last chunk, and what is after it", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<late@example.org>\nS: 250 ...\n"
	"R: BDAT 2\\r\\nxyBDAT 1 LAST\\r\\nzRSET\\r\\n\nW: -\n"
	"S: 250 2.0.0 2 bytes received\n"
	"release\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.0.0 Forgotten\n"
	"M: <a@example.net> ESMTP > late@example.org: xyz\n"},
    {"LMTP answers for each recipient, after the wait", {LMTP},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"R: RCPT TO:<demo@example.org>\\r\\n\n"
	"R: RCPT TO:<slowlate@example.org>\\r\\n\n"
	"R: RCPT TO:<nobody@example.org>\\r\\n\n"
	"R: RCPT TO:<quickbroken@example.org>\\r\\nDATA\\r\\n\nW: -\n"
	"S: 250 2.1.5 Recipient OK\n"
	"release\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 550 5.1.1 Nobody there\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 354 ...\n"
	"R: x\\r\\n.\\r\\nRSET\\r\\n\nW: -\n"
	"release\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 451 4.3.0 Broken\n"
	"S: 250 2.0.0 Forgotten\n"
	"M: <a@example.net> LMTP > demo@example.org slowlate@example.org "
	"quickbroken@example.org: x\\r\\n\n"},
    {"RSET and QUIT wait for their turn", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<slowdemo@example.org>\n"
	"C: RSET\n"
	"C: QUIT\n"
	"release\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 250 2.0.0 Forgotten\n"
	"S: 221 2.0.0 Goodbye\nclose\n"},
    {"a client that goes away leaves nothing", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<late@example.org>\nS: 250 ...\n"
	"C: DATA\nS: 354 ...\n"
	"C: x\n"
	"C: .\n"
	"leave\n"
	"2C: MAIL FROM:<a@example.net>\n2S: 250 ...\n"
	"2C: RCPT TO:<slowdemo@example.org>\n"
	"2leave\n"
	"3C: MAIL FROM:<slowa@example.net>\n"
	"3leave\n"
	"release\n"},
    {"a server that stops says so, and keeps nothing", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<late@example.org>\nS: 250 ...\n"
	"C: DATA\nS: 354 ...\n"
	"C: x\n"
	"C: .\n"
	"stop\n"
	"S: 421 4.3.2 The server is shutting down\nclose\n"
	"2C: MAIL FROM:<a@example.net>\n2S: 250 ...\n"
	"2C: RCPT TO:<slowdemo@example.org>\n"
	"2stop\n"
	"2S: 421 4.3.2 The server is shutting down\n2close\n"},
    {"an answer that never comes ends the connection", {MX},
	"C: MAIL FROM:<a@example.net>\nS: 250 ...\n"
	"C: RCPT TO:<slowdemo@example.org>\n"
	"C: DATA\n"
	"timeout\n"
	"S: 421 4.3.0 No answer is possible now, try again later\nclose\n"},
};

static struct rig_users users;

struct waiting {
	struct rig rig;
	struct rig_client client;
};

// A client whose RCPT waits.
static void waiting_init(struct waiting *waiting)
{
	rig_init(&waiting->rig, &(struct rig_options){.users = &users});
	rig_connect(&waiting->rig, VIEW(""), &waiting->client);
	rig_say(&waiting->client, VIEW("EHLO x\r\n"));
	rig_say(&waiting->client, VIEW("MAIL FROM:<a@example.net>\r\n"
				       "RCPT TO:<slowdemo@example.org>\r\n"));
	assert_int_equal(waiting->client.next, NET_WAIT);
	buf_reset(&waiting->client.out);
}

static void waiting_done(struct waiting *waiting)
{
	rig_disconnect(&waiting->client);
	rig_done(&waiting->rig);
}

static void a_wake_by_something_else_changes_nothing(void **state)
{
	(void)state;
	struct waiting waiting;
	waiting_init(&waiting);
	for (int i = 0; i < 3; i++)
		assert_int_equal(smtp_session_ops.wake(waiting.client.session,
				     &waiting.client.out),
		    NET_WAIT);
	assert_int_equal(waiting.client.out.len, 0);
	rig_office_release(waiting.rig.office);
	rig_wake(&waiting.client);
	assert_view_equal(
	    buf_view(&waiting.client.out), VIEW("250 2.1.5 Recipient OK\r\n"));
	// And a wake-up that comes late.
	assert_int_equal(
	    smtp_session_ops.wake(waiting.client.session, &waiting.client.out),
	    NET_READ);
	assert_view_equal(
	    buf_view(&waiting.client.out), VIEW("250 2.1.5 Recipient OK\r\n"));
	waiting_done(&waiting);
}

// The client's silence is not its fault then, but the session's hour goes on:
// otherwise a stranger could prolong it by names that take long to look up.
static void a_wait_has_a_time_of_its_own(void **state)
{
	(void)state;
	struct waiting waiting;
	waiting_init(&waiting);
	struct smtp_session *session = waiting.client.session;
	assert_int_equal(smtp_session_ops.timeout(session), 240);
	session->base.since_ms -= 3590 * 1000u;
	assert_in_range(smtp_session_ops.timeout(session), 1, 10);
	rig_office_release(waiting.rig.office);
	rig_wake(&waiting.client);
	session->base.since_ms += 3590 * 1000u;
	assert_int_equal(smtp_session_ops.timeout(session), 300);
	waiting_done(&waiting);
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
	    cmocka_unit_test(a_wake_by_something_else_changes_nothing),
	    cmocka_unit_test(a_wait_has_a_time_of_its_own),
	};
	int failed = cmocka_run_group_tests(tests, make_users, free_users);
	return script_main(scripts, ARRAY_LEN(scripts)) + failed;
}
