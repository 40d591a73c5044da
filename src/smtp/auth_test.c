// SPDX-License-Identifier: Apache-2.0
// Who may send by submission: AUTH (RFC 4954), STARTTLS (RFC 3207), and the
// extensions that only submission has (RFC 4865, RFC 2852).
#include "smtp/script.h"

#define TLS      .rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true}
#define STARTTLS .rig = {.role = SMTP_ROLE_SUBMISSION, .tls_available = true}
#define EHLO     .helo = "EHLO client"
#define USER     EHLO, .log_in = true

static const struct script scripts[] = {
    {"MAIL needs AUTH", {TLS, EHLO},
	"C: MAIL FROM:<demo@example.org>\nS: 530 5.7.0 AUTH first\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"},
    {"AUTH needs EHLO", {TLS},
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\nS: 503 5.5.1 EHLO first\n"},
    {"AUTH is of EHLO, not of HELO", {TLS, .helo = "HELO x"},
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: 502 5.5.1 ...\n"},
    {"PLAIN with an initial response", {TLS, EHLO},
	"C: auth plain AGRlbW8AZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: 503 5.5.1 Logged in already\n"
	"C: MAIL FROM:<demo@example.org>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: x\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA account user=demo tls=TLSv1.3 > "
	"a@example.com: x\\r\\n\n"},
    {"PLAIN when asked", {TLS, EHLO},
	"C: AUTH PLAIN\nS: 334 \n"
	"C: AGRlbW8AZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"LOGIN", {TLS, EHLO},
	"C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n"
	"C: ZGVtbw==\nS: 334 UGFzc3dvcmQ6\n"
	"C: ZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"LOGIN with the name at once", {TLS, EHLO},
	"C: AUTH LOGIN ZGVtbw==\nS: 334 UGFzc3dvcmQ6\n"
	"C: ZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"SCRAM asks, and can be cancelled", {TLS, EHLO},
	"C: AUTH SCRAM-SHA-256 biwsbj1kZW1vLHI9YWJj\nS: 334 ...\n"
	"C: *\nS: 501 5.7.0 Cancelled\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"the wrong password, and no reason why", {TLS, EHLO},
	"C: AUTH PLAIN AGRlbW8AeA==\nS: 535 5.7.8 Authentication failed\n"
	"C: AUTH PLAIN AHgAeA==\nS: 535 5.7.8 Authentication failed\n"
	"C: MAIL FROM:<demo@example.org>\nS: 530 5.7.0 AUTH first\n"
	"C: AUTH PLAIN AHgAeA==\n"
	"S: 421 4.7.0 Too many logins have failed\nclose\n"},
    {"a response that is malformed", {TLS, EHLO},
	"C: AUTH PLAIN ?\nS: 501 5.5.2 ...\n"
	"C: AUTH PLAIN =\nS: 501 5.5.2 ...\n"
	"C: AUTH PLAIN\nS: 334 \nC: ===\nS: 501 5.5.2 ...\n"
	"C: AUTH FOO\nS: 504 5.5.4 No such SASL mechanism\n"
	"C: AUTH\nS: 501 5.5.4 ...\n"
	"C: AUTH PLAIN a b\nS: 501 5.5.4 ...\n"
	"C: AUTH PLAIN\nS: 334 \nN: 12289\nC: \nS: 500 5.5.6 ...\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: AUTH PLAIN\nS: 334 \nN: 12288\nC: \nS: 500 5.5.6 ...\n"
	"C: AUTH PLAIN\nS: 334 \nR: \\n\nW: -\nS: 500 5.5.2 ...\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"},
    {"not within a transaction",
	{.rig = {.role = SMTP_ROLE_SUBMISSION,
	     .plain = true,
	     .peer = "127.0.0.1"},
	    EHLO,
	    .log_in = true},
	"C: MAIL FROM:<demo@example.org>\nS: 250 2.1.0 Sender OK\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: 503 5.5.1 Logged in already\n"},
    {"no password without TLS", {STARTTLS, EHLO},
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: 538 5.7.11 Logging in needs TLS here\n"
	"C: MAIL FROM:<demo@example.org>\n"
	"S: 530 5.7.0 STARTTLS and AUTH first\n"},
    {"but from loopback where that is allowed",
	{.rig = {.role = SMTP_ROLE_SUBMISSION,
	     .plain = true,
	     .tls_available = true,
	     .peer = "127.0.0.1"},
	    EHLO},
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"STARTTLS forgets what was learnt before", {STARTTLS, EHLO},
	"C: STARTTLS now\nS: 501 5.5.4 ...\n"
	"C: STARTTLS\nS: 220 2.0.0 Go ahead\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\nS: 503 5.5.1 EHLO first\n"
	"C: EHLO client\n"
	"S: 250-mx.example.org\n"
	"S: 250-PIPELINING\n"
	"S: 250-SIZE 100000\n"
	"S: 250-8BITMIME\n"
	"S: 250-BINARYMIME\n"
	"S: 250-CHUNKING\n"
	"S: 250-SMTPUTF8\n"
	"S: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-DSN\n"
	"S: 250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2 PLAIN LOGIN\n"
	"S: 250-FUTURERELEASE 2592000 2023-12-14T22:13:20Z\n"
	"S: 250-DELIVERBY 60\n"
	"S: 250-LIMITS MAILMAX=1000 RCPTMAX=1000\n"
	"S: 250 HELP\n"
	"C: STARTTLS\nS: 503 5.5.1 TLS is active already\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\nS: 235 2.7.0 Logged in\n"},
    {"and who it was",
	{.rig = {.role = SMTP_ROLE_SUBMISSION,
	     .plain = true,
	     .tls_available = true,
	     .peer = "127.0.0.1"},
	    EHLO,
	    .log_in = true},
	"C: STARTTLS\nS: 220 2.0.0 Go ahead\n"
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: MAIL FROM:<demo@example.org>\nS: 530 5.7.0 AUTH first\n"},
    {"STARTTLS ends a transaction",
	{.rig = {.role = SMTP_ROLE_MX, .tls_available = true}, EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: STARTTLS\nS: 220 2.0.0 Go ahead\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 EHLO first\n"
	"C: HELO x\nS: 250 mx.example.org\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTPS tls=TLSv1.3 > demo@example.org: \n"},
    {"an address that is not the user's", {TLS, USER},
	"C: MAIL FROM:<friend@example.org>\n"
	"S: 550 5.7.1 Not your address\n"
	"C: MAIL FROM:<demo@example.org> AUTH=<>\nS: 250 2.1.0 Sender OK\n"},
    {"FUTURERELEASE", {TLS, USER},
	"C: MAIL FROM:<demo@example.org> HOLDFOR=2592001\n"
	"S: 501 5.5.4 Messages are held for at most 2592000 seconds\n"
	"C: MAIL FROM:<demo@example.org> HOLDUNTIL=2023-12-14T22:13:21Z\n"
	"S: 501 5.5.4 Messages are held for at most 2592000 seconds\n"
	"C: MAIL FROM:<demo@example.org> HOLDFOR=x\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:<demo@example.org> HOLDFOR=1 "
	"HOLDUNTIL=2023-12-14T22:13:20Z\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:<demo@example.org> HOLDFOR=60\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA at=60 account user=demo tls=TLSv1.3 > "
	"a@example.com: \n"
	"C: MAIL FROM:<demo@example.org> HOLDUNTIL=2023-12-14T22:13:20Z\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA at=2592000 account ...\n"
	"C: MAIL FROM:<demo@example.org> HOLDUNTIL=2001-01-01T00:00:00Z\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA account ...\n"},
    {"DELIVERBY", {TLS, USER},
	"C: MAIL FROM:<demo@example.org> BY=59;R\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<demo@example.org> BY=0;R\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:<demo@example.org> BY=60;R HOLDFOR=60\n"
	"S: 501 5.5.4 BY ends before the message is released\n"
	"C: MAIL FROM:<demo@example.org> BY=120;RT HOLDFOR=60\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA at=60 by=120RT account ...\n"
	"C: MAIL FROM:<demo@example.org> BY=-10;N\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.com>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <demo@example.org> ESMTPSA by=-10N account ...\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
