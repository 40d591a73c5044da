// SPDX-License-Identifier: Apache-2.0
// What a trace shows, and what it never does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "pop3/rig.h"

static void passwords_and_messages_are_left_out(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct rig_trace trace;
	rig_trace_init(&trace);
	trace.by_user = true;
	rig_init(&rig, &(struct rig_options){0});
	rig_put(&rig, VIEW("Subject: secret\r\n\r\nbody\r\n"));
	rig.server.base.trace = &trace.trace;
	rig_connect(&rig, false, &client);
	rig_say(&client, VIEW("demo pass\r\n"
			      "AUTH PLAIN AGRlbW8Ac2VjcmV0\r\n"
			      "AUTH LOGIN\r\nc2VjcmV0\r\n*\r\n"
			      "USER demo\r\nPASS demo pass\r\n"
			      "PASS secret\r\n"
			      "STAT\r\nRETR 1\r\nTOP 1 0\r\nUIDL\r\n"));
	assert_string_equal(rig_trace_take(&trace),
	    " S: +OK Roost ready.\n"
	    " C: (not a known command)\n"
	    " S: -ERR Unknown command\n"
	    " C: AUTH\n"
	    " C: (secret)\n"
	    " S: -ERR [AUTH] Authentication failed\n"
	    " C: AUTH\n"
	    " C: (secret)\n"
	    " S: + VXNlcm5hbWU6\n"
	    " C: (secret)\n"
	    " S: + UGFzc3dvcmQ6\n"
	    " C: (secret)\n"
	    " S: -ERR AUTH was cancelled\n"
	    " C: USER demo\n"
	    " S: +OK Send the password\n"
	    " C: PASS\n"
	    " C: (secret)\n"
	    "demo S: +OK Logged in: 1 messages (25 octets)\n"
	    "demo C: PASS\n"
	    "demo C: (secret)\n"
	    "demo S: -ERR PASS is for before login\n"
	    "demo C: STAT\n"
	    "demo S: +OK 1 25\n"
	    "demo C: RETR 1\n"
	    "demo S: +OK 25 octets follow\n"
	    "demo C: TOP 1 0\n"
	    "demo S: +OK Header and lines follow\n"
	    "demo C: UIDL\n"
	    "demo S: +OK Unique-ids follow\n"
	    "demo S: 1 000000016553F100\n"
	    "demo S: .\n");
	rig_disconnect(&client);
	rig_done(&rig);
	rig_trace_done(&trace);
}

// A server's last words are traced like all others.
static void the_last_words_are_not_left_out(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	struct rig_trace trace;
	struct buf much;
	rig_trace_init(&trace);
	buf_init(&much, POP3_LINE_MAX);
	while (much.len < POP3_LINE_MAX)
		buf_add_char(&much, 'x');
	rig_init(&rig, &(struct rig_options){0});
	rig.server.base.trace = &trace.trace;
	rig_connect(&rig, false, &client);
	rig_say(&client, buf_view(&much));
	assert_int_equal(client.next, NET_CLOSE);
	assert_string_equal(rig_trace_take(&trace),
	    "S: +OK Roost ready.\nS: -ERR Line too long\n");
	rig_disconnect(&client);
	rig_done(&rig);
	buf_done(&much);
	rig_trace_done(&trace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(passwords_and_messages_are_left_out),
	    cmocka_unit_test(the_last_words_are_not_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
