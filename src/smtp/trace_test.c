// SPDX-License-Identifier: Apache-2.0
// The protocol trace and the log show what goes to and fro, and never a secret.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "smtp/script.h"

static bool wants_all(void *context, struct view user)
{
	(void)context, (void)user;
	return true;
}

static void collect(void *context, uint64_t session_id, struct view user,
    bool from_client, struct view line)
{
	struct buf *lines = context;
	(void)session_id, (void)user;
	buf_add_string(lines, from_client ? "C: " : "S: ");
	buf_add(lines, line);
	buf_add_char(lines, '\n');
}

static const struct {
	enum smtp_role role;
	const char *said;
	const char *trace;
} traces[] = {
    {SMTP_ROLE_MX, "HELO x\r\nNOOP\r\n",
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"},
    {SMTP_ROLE_MX,
	"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"
	"secret\r\n.\r\n",
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 Send the message, and end it with <CRLF>.<CRLF>\n"
	"C: (8 bytes of a message)\nS: 250 2.0.0 Delivered\n"},
    {SMTP_ROLE_SUBMISSION,
	"AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\nHELO x\r\nhunter2\r\n",
	"C: AUTH\nC: (secret)\nS: 503 5.5.1 EHLO first\n"
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: (not a known command)\nS: 500 5.5.1 No such command\n"},
    {SMTP_ROLE_MX, "AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\r\n",
	"C: (not a known command)\nS: 500 5.5.1 No such command\n"},
};

static struct rig_users users;

static void secrets_are_left_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(traces); i++) {
		struct rig rig;
		struct rig_client client;
		struct buf lines;
		struct net_trace trace = {
		    .wants = wants_all, .line = collect, .context = &lines};
		buf_init(&lines, 1 << 20);
		rig_init(&rig, &(struct rig_options){
				   .users = &users, .role = traces[i].role});
		rig.server.trace = &trace;
		rig_connect(&rig, VIEW(""), &client);
		buf_reset(&lines);
		client.piece = 1;
		rig_say(&client, view_of_string(traces[i].said));
		buf_add_char(&lines, '\0');
		assert_string_equal(lines.ptr, traces[i].trace);
		rig_disconnect(&client);
		rig_done(&rig);
		buf_done(&lines);
	}
}

static void an_exchange_is_left_out(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct buf lines;
	struct net_trace trace = {
	    .wants = wants_all, .line = collect, .context = &lines};
	buf_init(&lines, 1 << 20);
	rig_init(&rig,
	    &(struct rig_options){
		.users = &users, .role = SMTP_ROLE_SUBMISSION, .tls = true});
	rig.server.trace = &trace;
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	buf_reset(&lines);
	rig_say(&client, VIEW("AUTH LOGIN\r\n"));
	rig_say(&client, VIEW("ZGVtbw==\r\n"));
	rig_say(&client, VIEW("ZGVtbyBwYXNz\r\n"));
	buf_add_char(&lines, '\0');
	assert_string_equal(lines.ptr,
	    "C: AUTH\nC: (secret)\nS: 334 VXNlcm5hbWU6\n"
	    "C: (secret)\nS: 334 UGFzc3dvcmQ6\n"
	    "C: (secret)\nS: 235 2.7.0 Logged in\n");
	rig_disconnect(&client);
	rig_done(&rig);
	buf_done(&lines);
}

static void the_log_has_a_line_for_each_message(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	FILE *file = tmpfile();
	assert_non_null(file);
	struct log log = {.fd = fileno(file), .journal = true};
	rig_init(&rig, &(struct rig_options){.users = &users});
	rig.server.log = &log;
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	rig_say(&client, VIEW("MAIL FROM:<a@example.net>\r\n"
			      "RCPT TO:<demo@example.org>\r\n"
			      "RCPT TO:<nobody@example.org>\r\nDATA\r\n"));
	rig_say(&client, VIEW("x\r\n.\r\nMAIL FROM:<a@example.net>\r\n"
			      "RCPT TO:<demo@example.org>\r\nDATA\r\n"));
	rig_say(&client, VIEW("x\n\r\n.\r\nQUIT\r\n"));
	rig_disconnect(&client);
	rig_done(&rig);
	char text[4096];
	ssize_t len = pread(log.fd, text, sizeof(text) - 1, 0);
	assert_true(len > 0);
	text[len] = '\0';
	assert_string_equal(text,
	    "<6>info smtp-rcpt-refused session=1 role=mx "
	    "from=a@example.net to=nobody@example.org code=550 "
	    "why=\"Nobody there\"\n"
	    "<6>info smtp-message session=1 role=mx peer=192.0.2.1 "
	    "from=a@example.net recipients=1 size=3 code=250 "
	    "answer=Delivered\n"
	    "<6>info smtp-message session=1 role=mx peer=192.0.2.1 "
	    "from=a@example.net recipients=1 size=4 code=550 "
	    "answer=\"The message has a bare CR or LF in it\"\n"
	    "<6>info smtp-end session=1 role=mx messages=1 why=quit\n");
	fclose(file);
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
	    cmocka_unit_test(secrets_are_left_out),
	    cmocka_unit_test(an_exchange_is_left_out),
	    cmocka_unit_test(the_log_has_a_line_for_each_message),
	};
	return cmocka_run_group_tests(tests, make_users, free_users);
}
