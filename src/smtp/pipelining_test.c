// SPDX-License-Identifier: Apache-2.0
// Input that comes before its turn (RFC 2920 section 3.1), or in the same
// packet as a command that must be the last: it is refused, and the connection
// ends. Byte by byte these are other dialogues.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "smtp/script.h"

#define MX        .rig = {.role = SMTP_ROLE_MX, .tls_available = true}
#define TLS       .rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true}
#define EHLO      .helo = "EHLO client", .whole = true
#define HELO      .helo = "HELO client", .whole = true
#define TOO_EARLY "S: 554 5.5.0 Commands came before this answer\nclose\n"

static const struct script scripts[] = {
    {"a group as RFC 2920 has it", {MX, EHLO},
	"R: RSET\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: RCPT TO:<nobody@example.org>\\r\\nDATA\\r\\n\nW: -\n"
	"S: 250 2.0.0 Forgotten\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 550 5.1.1 Nobody there\n"
	"S: 354 ...\n"
	"C: x\nC: .\n"
	"S: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > demo@example.org: x\\r\\n\n"},
    {"chunks in a group, and what follows the last", {MX, EHLO},
	"R: MAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\nBDAT 2\\r\\nxx\n"
	"R: BDAT 1 LAST\\r\\nyMAIL FROM:<>\\r\\nNOOP\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 250 2.0.0 2 bytes received\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.0.0 OK\n"
	"M: <> ESMTP > demo@example.org: xxy\n"},
    {"a whole message after EHLO", {MX, .whole = true},
	"R: EHLO x\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: DATA\\r\\nx\\r\\n.\\r\\n\nW: -\n"
	"S: 554 Commands came before this answer\nclose\n"},
    {"anything before a hello", {MX, .whole = true},
	"R: RSET\\r\\nEHLO x\\r\\n\nW: -\n" TOO_EARLY},
    {"a message after DATA", {MX, EHLO},
	"R: MAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: DATA\\r\\nx\\r\\n.\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n" TOO_EARLY},
    {"a message after a DATA that is refused", {MX, EHLO},
	"R: MAIL FROM:<>\\r\\nDATA\\r\\n\n"
	"R: MAIL FROM:<evil@example.net>\\r\\n.\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n" TOO_EARLY},
    {"a group from one who said HELO", {MX, HELO},
	"R: MAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\nW: "
	"-\n" TOO_EARLY},
    {"commands after STARTTLS (CVE-2011-0411)", {MX, EHLO},
	"R: STARTTLS\\r\\nMAIL FROM:<>\\r\\n\nW: -\n" TOO_EARLY},
    {"commands after AUTH", {TLS, EHLO},
	"R: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\\r\\n\n"
	"R: MAIL FROM:<demo@example.org>\\r\\n\nW: -\n" TOO_EARLY},
    {"commands after a response of AUTH", {TLS, EHLO},
	"C: AUTH PLAIN\nS: 334 \n"
	"R: AGRlbW8AZGVtbyBwYXNz\\r\\n\n"
	"R: MAIL FROM:<demo@example.org>\\r\\n\nW: -\n" TOO_EARLY},
    {"the response after AUTH", {TLS, EHLO},
	"R: AUTH PLAIN\\r\\nAGRlbW8AZGVtbyBwYXNz\\r\\n\nW: -\n" TOO_EARLY},
    {"NOOP is the end of a group", {MX, EHLO},
	"R: NOOP\\r\\nNOOP\\r\\n\nW: -\n" TOO_EARLY},
    {"VRFY is the end of a group", {MX, EHLO},
	"R: VRFY a\\r\\nVRFY b\\r\\n\nW: -\n" TOO_EARLY},
    {"nobody reads what comes after QUIT", {MX, EHLO},
	"R: QUIT\\r\\nMAIL FROM:<>\\r\\n\nW: -\n"
	"S: 221 2.0.0 Goodbye\nclose\n"},
    {"HTTP hangs up", {MX, .whole = true},
	"R: POST / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nEHLO x\\r\\n\nW: -\n"
	"S: 554 5.5.1 This is not HTTP\nclose\n"},
    {"HTTP hangs up in the middle, too", {MX, .helo = "EHLO x"},
	"C: GET / HTTP/1.0\nS: 554 5.5.1 This is not HTTP\nclose\n"},
    {"whoever speaks before the greeting",
	{.rig = {.limits = {.greeting_ms = 300}},
	    .early = "EHLO x\r\n",
	    .show_greeting = true},
	"S: 554 Wait for the greeting first\nclose\n"},
    {"and whoever waits for it",
	{.rig = {.limits = {.greeting_ms = 300}}, .show_greeting = true},
	"S: 220 mx.example.org ESMTP\nP: 300\nC: NOOP\nS: 250 2.0.0 OK\n"},
};

#define BYE     "221 2.0.0 Goodbye\r\n"
#define REFUSED "554 5.5.0 Commands came before this answer\r\n"
#define BARE    "554 Commands came before this answer\r\n"

// What one packet may contain, and how the dialogue ends.
static const struct {
	enum smtp_role role;
	const char *said;
	const char *ends;
	size_t replies;
} together[] = {
    // What mail programs send that look for a server.
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_SUBMISSION, "HELO x\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nNOOP\r\nRSET\r\nQUIT\r\n", BYE, 4},
    {SMTP_ROLE_SUBMISSION, "HELO x\r\nNOOP\r\nRSET\r\nQUIT\r\n", BYE, 4},
    {SMTP_ROLE_SUBMISSION, "NOOP\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nVRFY a\r\n", REFUSED, 2},
    {SMTP_ROLE_SUBMISSION, "VRFY a\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_SUBMISSION, "HELP\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_LMTP, "LHLO x\r\nQUIT\r\n", BYE, 2},
    {SMTP_ROLE_LMTP, "NOOP\r\nNOOP\r\nQUIT\r\n", BYE, 3},
    // Input that depends on the answer, or is a message.
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nMAIL FROM:<a@b.c>\r\n", REFUSED, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nAUTH PLAIN\r\n", REFUSED, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nSTARTTLS\r\n", REFUSED, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nEHLO y\r\n", BARE, 2},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nFOO\r\n", REFUSED, 2},
    {SMTP_ROLE_SUBMISSION, "FOO\r\nQUIT\r\n", REFUSED, 1},
    {SMTP_ROLE_SUBMISSION, "EHLO x\r\nNOOP\r\nMAIL FROM:<a@b.c>\r\n", REFUSED,
	3},
    {SMTP_ROLE_SUBMISSION, "AUTH PLAIN AGEAYg==\r\nQUIT\r\n", REFUSED, 1},
    {SMTP_ROLE_SUBMISSION, "STARTTLS\r\nQUIT\r\n", REFUSED, 1},
    {SMTP_ROLE_SUBMISSION, "POST / HTTP/1.1\r\nQUIT\r\n",
	"554 5.5.1 This is not HTTP\r\n", 1},
    {SMTP_ROLE_LMTP, "LHLO x\r\nMAIL FROM:<a@b.c>\r\n", REFUSED, 2},
    {SMTP_ROLE_LMTP, "DATA\r\nQUIT\r\n", REFUSED, 1},
    // Strangers, on port 25.
    {SMTP_ROLE_MX, "EHLO x\r\nQUIT\r\n", BARE, 1},
    {SMTP_ROLE_MX, "HELO x\r\nQUIT\r\n", BARE, 1},
    {SMTP_ROLE_MX, "EHLO x\r\nNOOP\r\n", BARE, 1},
    {SMTP_ROLE_MX, "NOOP\r\nQUIT\r\n", REFUSED, 1},
    {SMTP_ROLE_MX, "RSET\r\nQUIT\r\n", REFUSED, 1},
};

static size_t count_replies(struct view out)
{
	struct view line;
	size_t count = 0;
	while (view_split(&out, '\n', &line))
		count += line.len > 3 && line.ptr[3] == ' ';
	return count;
}

static struct rig_users users;

// The second packet ends in the middle of a line, which is early too.
static void what_comes_together_is_answered_in_order_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(together); i++) {
		struct view said = view_of_string(together[i].said);
		size_t first = said.len - 1; // where the last line begins
		while (said.ptr[first - 1] != '\n')
			first--;
		for (size_t cut = said.len; cut > first; cut--) {
			struct rig rig;
			struct rig_client client;
			rig_init(&rig, &(struct rig_options){.users = &users,
					   .tls_available = true,
					   .role = together[i].role});
			rig_connect(&rig, VIEW(""), &client);
			buf_reset(&client.out);
			rig_say(&client, view_slice(said, 0, cut));
			rig_say(&client, view_from(said, cut));
			struct view out = buf_view(&client.out);
			if (!view_ends_with(
				out, view_of_string(together[i].ends)) ||
			    count_replies(out) != together[i].replies)
				fail_msg("%s cut at %zu: %.*s",
				    together[i].said, cut, VIEW_FMT(out));
			assert_int_equal(client.next, NET_CLOSE);
			rig_disconnect(&client);
			rig_done(&rig);
		}
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
	    cmocka_unit_test(
		what_comes_together_is_answered_in_order_or_refused),
	};
	int failed = cmocka_run_group_tests(tests, make_users, free_users);
	return script_main(scripts, ARRAY_LEN(scripts)) + failed;
}
