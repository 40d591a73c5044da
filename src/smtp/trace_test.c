// SPDX-License-Identifier: Apache-2.0
// The protocol trace and the log show what both sides say, and never a secret.
#include <unistd.h>

#include "base/test.h"
#include "smtp/script.h"

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
		struct rig_trace trace;
		rig_trace_init(&trace);
		rig_init(&rig, &(struct rig_options){
				   .users = &users, .role = traces[i].role});
		rig.server.base.trace = &trace.trace;
		rig_connect(&rig, VIEW(""), &client);
		rig_trace_take(&trace);
		client.piece = 1;
		rig_say(&client, view_of_string(traces[i].said));
		assert_string_equal(rig_trace_take(&trace), traces[i].trace);
		rig_disconnect(&client);
		rig_done(&rig);
		rig_trace_done(&trace);
	}
}

static void an_exchange_is_left_out(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct rig_trace trace;
	rig_trace_init(&trace);
	rig_init(&rig,
	    &(struct rig_options){
		.users = &users, .role = SMTP_ROLE_SUBMISSION, .tls = true});
	rig.server.base.trace = &trace.trace;
	rig_connect(&rig, VIEW(""), &client);
	rig_say(&client, VIEW("EHLO x\r\n"));
	rig_trace_take(&trace);
	rig_say(&client, VIEW("AUTH LOGIN\r\n"));
	rig_say(&client, VIEW("ZGVtbw==\r\n"));
	rig_say(&client, VIEW("ZGVtbyBwYXNz\r\n"));
	assert_string_equal(rig_trace_take(&trace),
	    "C: AUTH\nC: (secret)\nS: 334 VXNlcm5hbWU6\n"
	    "C: (secret)\nS: 334 UGFzc3dvcmQ6\n"
	    "C: (secret)\nS: 235 2.7.0 Logged in\n");
	rig_disconnect(&client);
	rig_done(&rig);
	rig_trace_done(&trace);
}

enum then { NOTHING, TIMEOUT, STOP };

static const struct {
	struct rig_options options;
	const char *early;
	const char *said;
	enum then then;
} dialogues[] = {
    {{.role = SMTP_ROLE_MX}, "", "EHLO x\r\n", NOTHING},
    {{.role = SMTP_ROLE_MX}, "", "EHLO x\r\nQUIT\r\n", NOTHING},
    {{.role = SMTP_ROLE_MX}, "", "GET / HTTP/1.0\r\n", NOTHING},
    {{.role = SMTP_ROLE_MX}, "", "EHLO x\r\n", TIMEOUT},
    {{.role = SMTP_ROLE_LMTP}, "", "LHLO x\r\n", STOP},
    {{.limits = {.greeting_ms = 1}}, "", "", NOTHING},
    {{.limits = {.greeting_ms = 1}}, "x\r\n", "", NOTHING},
    {{.limits = {.errors = 3, .errors_slow = 1}}, "", "FOO\r\nFOO\r\nFOO\r\n",
	NOTHING},
    {{.limits = {.errors_slow = 1}}, "", "FOO\r\n", STOP},
};

static void expect_lines_of_server(struct view out, struct view trace)
{
	struct view line, traced;
	while (view_split(&trace, '\n', &traced)) {
		if (!view_starts_with(traced, VIEW("S: ")))
			continue;
		assert_true(view_split(&out, '\n', &line));
		assert_true(view_ends_with(line, VIEW("\r")));
		line.len--;
		assert_view_equal(line, view_from(traced, 3));
	}
	assert_int_equal(out.len, 0);
}

// The trace has all that a client gets, also delayed answers and the last
// words.
static void every_answer_is_traced(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
		struct rig rig;
		struct rig_client client;
		struct rig_trace trace;
		struct rig_options options = dialogues[i].options;
		options.users = &users;
		rig_trace_init(&trace);
		rig_init(&rig, &options);
		rig.server.base.trace = &trace.trace;
		rig_connect(&rig, view_of_string(dialogues[i].early), &client);
		rig_say(&client, view_of_string(dialogues[i].said));
		if (dialogues[i].then == TIMEOUT)
			smtp_session_ops.timed_out(client.session, &client.out);
		else if (dialogues[i].then == STOP)
			smtp_session_ops.shut_down(client.session, &client.out);
		assert_true(client.out.len > 0);
		expect_lines_of_server(buf_view(&client.out),
		    view_of_string(rig_trace_take(&trace)));
		rig_disconnect(&client);
		rig_done(&rig);
		rig_trace_done(&trace);
	}
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
	rig.server.base.log = &log;
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
	    "<6>info smtp_rcpt_refused session=1 role=mx "
	    "from=a@example.net to=nobody@example.org code=550 "
	    "why=\"Nobody there\"\n"
	    "<6>info smtp_message session=1 role=mx peer=192.0.2.1 "
	    "from=a@example.net recipients=1 size=3 code=250 "
	    "answer=Delivered\n"
	    "<6>info smtp_message session=1 role=mx peer=192.0.2.1 "
	    "from=a@example.net recipients=1 size=4 code=550 "
	    "answer=\"The message has a bare CR or LF in it\"\n"
	    "<6>info smtp_end session=1 role=mx messages=1 why=quit\n");
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
	    cmocka_unit_test(every_answer_is_traced),
	    cmocka_unit_test(the_log_has_a_line_for_each_message),
	};
	return cmocka_run_group_tests(tests, make_users, free_users);
}
