// SPDX-License-Identifier: Apache-2.0
// What comes before its turn (RFC 2920 section 3.1), and in the same packet: it
// is refused, and the connection ends. Byte by byte these are other dialogues.
#include "smtp/script.h"

#define MX        .rig = {.role = SMTP_ROLE_MX, .tls_available = true}
#define TLS       .rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true}
#define EHLO      .helo = "EHLO client", .whole = true
#define HELO      .helo = "HELO client", .whole = true
#define TOO_EARLY "S: 554 5.5.0 More came before this was answered\nclose\n"

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
    {"a whole message behind EHLO", {MX, .whole = true},
	"R: EHLO x\\r\\nMAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: DATA\\r\\nx\\r\\n.\\r\\n\nW: -\n"
	"S: 554 More came before this was answered\nclose\n"},
    {"anything before a hello", {MX, .whole = true},
	"R: RSET\\r\\nEHLO x\\r\\n\nW: -\n" TOO_EARLY},
    {"a message behind DATA", {MX, EHLO},
	"R: MAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\n"
	"R: DATA\\r\\nx\\r\\n.\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n" TOO_EARLY},
    {"a message behind a DATA that is refused", {MX, EHLO},
	"R: MAIL FROM:<>\\r\\nDATA\\r\\n\n"
	"R: MAIL FROM:<evil@example.net>\\r\\n.\\r\\n\nW: -\n"
	"S: 250 2.1.0 Sender OK\n" TOO_EARLY},
    {"a group from one who said HELO", {MX, HELO},
	"R: MAIL FROM:<>\\r\\nRCPT TO:<demo@example.org>\\r\\n\nW: "
	"-\n" TOO_EARLY},
    {"commands behind STARTTLS (CVE-2011-0411)", {MX, EHLO},
	"R: STARTTLS\\r\\nMAIL FROM:<>\\r\\n\nW: -\n" TOO_EARLY},
    {"commands behind AUTH", {TLS, EHLO},
	"R: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\\r\\n\n"
	"R: MAIL FROM:<demo@example.org>\\r\\n\nW: -\n" TOO_EARLY},
    {"commands behind a response of AUTH", {TLS, EHLO},
	"C: AUTH PLAIN\nS: 334 \n"
	"R: AGRlbW8AZGVtbyBwYXNz\\r\\n\n"
	"R: MAIL FROM:<demo@example.org>\\r\\n\nW: -\n" TOO_EARLY},
    {"the response behind AUTH", {TLS, EHLO},
	"R: AUTH PLAIN\\r\\nAGRlbW8AZGVtbyBwYXNz\\r\\n\nW: -\n" TOO_EARLY},
    {"NOOP is the end of a group", {MX, EHLO},
	"R: NOOP\\r\\nNOOP\\r\\n\nW: -\n" TOO_EARLY},
    {"VRFY is the end of a group", {MX, EHLO},
	"R: VRFY a\\r\\nVRFY b\\r\\n\nW: -\n" TOO_EARLY},
    {"nobody reads what comes behind QUIT", {MX, EHLO},
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
	"S: 554 You have to listen first\nclose\n"},
    {"and whoever waits for it",
	{.rig = {.limits = {.greeting_ms = 300}}, .show_greeting = true},
	"S: 220 mx.example.org ESMTP\nP: 300\nC: NOOP\nS: 250 2.0.0 OK\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
