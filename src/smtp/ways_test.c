// SPDX-License-Identifier: Apache-2.0
// Whole ways, from a client's command to the place where the message is stored;
// and ways that must not exist: only users relay through us.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "smtp/script.h"

#define EHLO .helo = "EHLO client.example.net"

static const struct script scripts[] = {
    {"from a stranger to a user", {EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<Demo@EXAMPLE.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<nobody@example.org>\nS: 550 5.1.1 ...\n"
	"C: DATA\nS: 354 ...\n"
	"C: Subject: x\nC: \nC: text\nC: .\nS: 250 2...\n"
	"M: demo INBOX: Return-Path: <a@example.net>\\r\\n...Delivered-To: "
	"...@example.org\\r\\n...Received: from client.example.net...192.0.2.1"
	"...by mx.example.org...with ESMTP...id ...Subject: x\\r\\n\\r\\n"
	"text\\r\\n\n"},
    {"to an alias, a detail, and postmaster", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<all@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<demo+Archive@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<postmaster>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nC: \nC: text\nC: .\nS: 250 2...\n"
	"M: demo INBOX: Return-Path: <>\\r\\n...text\\r\\n\n"
	"M: friend INBOX: Return-Path: <>\\r\\n...text\\r\\n\n"},
    {"to a folder", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo+Archive@example.org>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nC: \nC: text\nC: .\nS: 250 2...\n"
	"M: demo Archive: Return-Path: <>\\r\\n...text\\r\\n\n"},
    {"to an alias that leads elsewhere", {EHLO},
	"C: MAIL FROM:<b@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<away@example.org>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nC: \nC: text\nC: .\nS: 250 2...\n"
	"M: queue <b@example.net> > a@example.com: ...text\\r\\n\n"},
    {"an alias ignores a detail", {EHLO},
	"C: MAIL FROM:<b@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<away+x%example.org@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<\"away+victim@example.net\"@example.org>\n"
	"S: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nC: \nC: text\nC: .\nS: 250 2...\n"
	"M: queue <b@example.net> > a@example.com: ...text\\r\\n\n"},
    {"bare line ends leave nothing behind", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<all@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<away@example.org>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nR: \\r\\na\\nb\\r\\n.\\r\\n\nW: -\n"
	"S: 550 5.5.2 ...\n"},
    {"after a bare line end the rest is not stored", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nR: a\\nb\\r\\n\nW: -\nN: 100001\nC: \n"
	"C: .\nS: 550 5.5.2 ...\n"},
    {"what is too big leaves nothing behind", {EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\nC: \nN: 100001\nC: \nC: .\n"
	"S: 552 5.3.4 ...\n"
	"C: MAIL FROM:<> SIZE=100001\nS: 552 5.3.4 ...\n"},
    {"chunks, with line ends made good", {.rig = {.normalize = true}, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 ...\n"
	"R: BDAT 11\\r\\nA: b\\n\\na\\nb\\r.\nW: -\n"
	"S: 250 2.0.0 11 bytes received\n"
	"R: BDAT 2 LAST\\r\\nc\\n\nW: -\nS: 250 2...\n"
	"M: demo INBOX: ...A: b\\r\\n\\r\\na\\r\\nb\\r\\n.c\\r\\n\n"},
    {"LMTP answers for each",
	{.rig = {.role = SMTP_ROLE_LMTP, .peer = "unix"}, .helo = "LHLO x"},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<x@example.com>\nS: 550 5.7.1 ...\n"
	"C: DATA\nS: 354 ...\nC: \nC: text\nC: .\n"
	"S: 250 2...\nS: 250 2...\n"
	"M: demo INBOX: ...with LMTP...text\\r\\n\n"
	"M: friend INBOX: ...with LMTP...text\\r\\n\n"},
    {"a user sends, to us and to others",
	{.rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true},
	    EHLO,
	    .log_in = true},
	"C: MAIL FROM:<friend@example.org>\nS: 550 5.7.1 ...\n"
	"C: MAIL FROM:<demo@example.org> ENVID=x\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 ...\n"
	"C: RCPT TO:<x@example.com>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\n"
	"C: From: demo@example.org\nC: Bcc: secret@example.com\nC: \n"
	"C: text\nC: .\nS: 250 2...\n"
	"M: queue <demo@example.org> > x@example.com friend@example.org: "
	"Received: ...with "
	"ESMTPSA...From: demo@example.org\\r\\nDate: ...Message-ID: "
	"...@example.org>\\r\\n\\r\\ntext\\r\\n\n"
	"C: MAIL FROM:<demo@example.org>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<x@example.com>\nS: 250 2.1.5 ...\n"
	"C: DATA\nS: 354 ...\n"
	"C: From: friend@example.org\nC: \nC: text\nC: .\nS: 550 5.7.1 ...\n"},
};

// ---- Relaying --------------------------------------------------------------

static const struct {
	const char *path; // the path in RCPT TO
	// The answers without SMTPUTF8 and with it.
	const char *answer;
	const char *answer_utf8;
} relays[] = {
    // Our own address, which shows that the table works.
    {"<demo@example.org>", "250 2.1.5", "250 2.1.5"},
    {"<DEMO@Example.ORG>", "250 2.1.5", "250 2.1.5"},
    {"<\"demo\"@example.org>", "250 2.1.5", "250 2.1.5"},
    {"<\"\\d\\e\\m\\o\"@example.org>", "250 2.1.5", "250 2.1.5"},
    {"<@relay.example.net:demo@example.org>", "250 2.1.5", "250 2.1.5"},
    {"<PostMaster>", "250 2.1.5", "250 2.1.5"},
    // Plainly on another server.
    {"<victim@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<demo@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<postmaster@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<victim@[192.0.2.99]>", "550 5.7.1", "550 5.7.1"},
    {"<victim@[IPv6:2001:db8::1]>", "550 5.7.1", "550 5.7.1"},
    {"<victim@[127.0.0.1]>", "550 5.7.1", "550 5.7.1"},
    {"<victim@localhost>", "550 5.7.1", "550 5.7.1"},
    // Names similar to ours.
    {"<victim@sub.example.org>", "550 5.7.1", "550 5.7.1"},
    {"<victim@org>", "550 5.7.1", "550 5.7.1"},
    {"<victim@notexample.org>", "550 5.7.1", "550 5.7.1"},
    {"<victim@example.org.example.com>", "550 5.7.1", "550 5.7.1"},
    {"<victim@example.org.>", "501 5.1.3", "501 5.1.3"},
    {"<demo@example.org.>", "501 5.1.3", "501 5.1.3"},
    {"<demo@.example.org>", "501 5.1.3", "501 5.1.3"},
    {"<demo@example..org>", "501 5.1.3", "501 5.1.3"},
    // Source routes (RFC 5321 appendix C) are removed, not followed.
    {"<@example.org:victim@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<@example.org,@example.org:victim@example.com>", "550 5.7.1",
	"550 5.7.1"},
    {"<@example.com:victim@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<@example.org:@example.com:victim@example.org>", "501 5.1.3",
	"501 5.1.3"},
    // The percent hack, bang paths, and two "@".
    {"<victim%example.com@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<demo%example.com@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<victim%example.com@[192.0.2.25]>", "550 5.7.1", "550 5.7.1"},
    {"<@example.org:victim%example.com@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<example.com!victim@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<example.com!demo@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<example.org!victim@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<demo@example.org@example.com>", "501 5.1.3", "501 5.1.3"},
    {"<victim@example.com@example.org>", "501 5.1.3", "501 5.1.3"},
    {"<demo@example.org,victim@example.com>", "5", "5"},
    {"<demo@example.org;victim@example.com>", "5", "5"},
    {"<demo@example.org><victim@example.com>", "501 5", "501 5"},
    {"<victim@example.com:demo@example.org>", "501 5.1.3", "501 5.1.3"},
    // Quoted local parts.
    {"<\"victim@example.com\"@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<\"demo@example.org\"@example.com>", "550 5.7.1", "550 5.7.1"},
    {"<\"victim@example.com\">", "501 5.1.3", "501 5.1.3"},
    {"<\"demo\"@\"example.org\">", "5", "5"},
    {"<\"victim%example.com\"@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<\"example.com!victim\"@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<\"|/bin/sh\"@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<\"demo \"@example.org>", "550 5.1.1", "550 5.1.1"},
    {"<../../demo@example.org>", "550 5.1.1", "550 5.1.1"},
    // Look-alikes: those that UTS 46 maps to our domain are ours, others are
    // not.
    {"<demo@\xef\xbd\x85xample.org>", "553 5.6.7", "250 2.1.5"},
    {"<demo@example\xe3\x80\x82org>", "553 5.6.7", "250 2.1.5"},
    {"<victim@\xef\xbd\x85xample.org>", "553 5.6.7", "550 5.1.1"},
    {"<demo@ex\xd0\xb0mple.org>", "553 5.6.7", "550 5.7.1"},
    {"<demo@xn--exmple-4nf.org>", "550 5.7.1", "550 5.7.1"},
    // Full-width letters are mapped to the user's name (by PRECIS, in auth).
    {"<\xef\xbd\x84\xef\xbd\x85mo@example.org>", "553 5.6.7", "250 2.1.5"},
    {"<d\xd0\xb5mo@example.org>", "553 5.6.7", "550 5.1.1"},
    {"<victim\xef\xbc\xa0"
     "example.com@example.org>",
	"553 5.6.7", "550 5.1.1"},
    {"<victim\xef\xbc\x85"
     "example.com@example.org>",
	"553 5.6.7", "550 5.1.1"},
    // Not paths at all.
    {"<>", "501 5.1.3", "501 5.1.3"},
    {"<demo>", "501 5.1.3", "501 5.1.3"},
    {"<@example.org>", "501 5.1.3", "501 5.1.3"},
    {"demo@example.org", "501 5.1.3", "501 5.1.3"},
    {"<demo@>", "501 5.1.3", "501 5.1.3"},
    {"<demo@example.org\x01>", "5", "5"},
};

static struct rig_users users;

static bool is_ours(const char *answer)
{
	return answer[0] == '2';
}

// Tries one path, and sends a message if it is accepted; returns how many
// recipients got it.
static size_t try_path(enum smtp_role role, const char *sender,
    const char *path, const char *expected)
{
	struct rig rig;
	struct rig_client client;
	struct buf line;
	rig_init(&rig, &(struct rig_options){.users = &users, .role = role});
	rig_connect(&rig, VIEW(""), &client);
	buf_init(&line, 10000);
	rig_say(&client,
	    role == SMTP_ROLE_LMTP ? VIEW("LHLO x\r\n") : VIEW("EHLO x\r\n"));
	buf_printf(&line, "MAIL FROM:%s\r\n", sender);
	rig_say(&client, buf_view(&line));
	buf_reset(&client.out);
	buf_reset(&line);
	buf_printf(&line, "RCPT TO:%s\r\n", path);
	rig_say(&client, buf_view(&line));
	if (!view_starts_with(buf_view(&client.out), view_of_string(expected)))
		fail_msg("%s from %s: expected %s, was told %.*s", path, sender,
		    expected, VIEW_FMT(buf_view(&client.out)));
	rig_say(&client, VIEW("DATA\r\n"));
	rig_say(&client, VIEW("\r\nx\r\n.\r\n"));
	size_t count = 0;
	buf_reset(&line);
	while (rig_office_next(rig.office, &line)) {
		if (view_starts_with(buf_view(&line), VIEW("queue")))
			fail_msg("%s was queued", path);
		buf_reset(&line);
		count++;
	}
	buf_done(&line);
	rig_disconnect(&client);
	rig_done(&rig);
	return count;
}

static void strangers_do_not_relay(void **state)
{
	static const char *const senders[] = {
	    "<a@example.net>", "<>", "<demo@example.org>"};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(relays); i++) {
		const char *answer = relays[i].answer;
		for (size_t s = 0; s < ARRAY_LEN(senders); s++)
			assert_int_equal(try_path(SMTP_ROLE_MX, senders[s],
					     relays[i].path, answer),
			    is_ours(answer));
		answer = relays[i].answer_utf8;
		assert_int_equal(
		    try_path(SMTP_ROLE_MX, "<a@example.net> SMTPUTF8",
			relays[i].path, answer),
		    is_ours(answer));
	}
}

static void trusted_servers_do_not_relay(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(relays); i++) {
		const char *answer = relays[i].answer_utf8;
		assert_int_equal(
		    try_path(SMTP_ROLE_LMTP, "<demo@example.org> SMTPUTF8",
			relays[i].path, answer),
		    is_ours(answer));
	}
}

static void users_do_not_relay_before_they_log_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(relays); i++)
		assert_int_equal(
		    try_path(SMTP_ROLE_SUBMISSION, "<demo@example.org>",
			relays[i].path, "503 5.5.1"),
		    0);
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
	    cmocka_unit_test(strangers_do_not_relay),
	    cmocka_unit_test(trusted_servers_do_not_relay),
	    cmocka_unit_test(users_do_not_relay_before_they_log_in),
	};
	int failed = cmocka_run_group_tests(tests, make_users, free_users);
	return script_main(scripts, ARRAY_LEN(scripts)) + failed;
}
