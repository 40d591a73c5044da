// SPDX-License-Identifier: Apache-2.0
// Each command and each extension, as dialogues: what is offered, which command
// is allowed when, and the answers.
#include "smtp/script.h"

#define MX         .rig = {.role = SMTP_ROLE_MX}
#define SUBMISSION .rig = {.role = SMTP_ROLE_SUBMISSION, .tls = true}
#define LMTP       .rig = {.role = SMTP_ROLE_LMTP}
#define EHLO       .helo = "EHLO client.example.net"

static const struct script scripts[] = {
    // ---- Greeting and hello ------------------------------------------------
    {"the greeting has a name and no version", {MX, .show_greeting = true},
	"S: 220 mx.example.org ESMTP\n"
	"C: QUIT\nS: 221 2.0.0 Goodbye\nclose\n"},
    {"an LMTP server says so", {LMTP, .show_greeting = true},
	"S: 220 mx.example.org LMTP\n"
	"C: QUIT\nS: 221 2.0.0 Goodbye\nclose\n"},
    {"EHLO on MX lists what strangers may use, and no AUTH",
	{.rig = {.role = SMTP_ROLE_MX, .tls_available = true}},
	"C: EHLO client.example.net\n"
	"S: 250-mx.example.org\n"
	"S: 250-PIPELINING\n"
	"S: 250-SIZE 100000\n"
	"S: 250-8BITMIME\n"
	"S: 250-BINARYMIME\n"
	"S: 250-CHUNKING\n"
	"S: 250-SMTPUTF8\n"
	"S: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-STARTTLS\n"
	"S: 250-LIMITS MAILMAX=1000 RCPTMAX=1000\n"
	"S: 250 HELP\n"},
    {"no limit has more than six digits (RFC 9422 section 4)",
	{.rig = {.limits = {.messages = 1000000, .recipients = 5000}}},
	"C: EHLO x\nS: 250-mx.example.org\nS: 250-PIPELINING\n"
	"S: 250-SIZE 100000\nS: 250-8BITMIME\nS: 250-BINARYMIME\n"
	"S: 250-CHUNKING\nS: 250-SMTPUTF8\nS: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-LIMITS MAILMAX=999999 RCPTMAX=5000\nS: 250 HELP\n"},
    {"EHLO on submission over TLS lists AUTH, FUTURERELEASE, DELIVERBY",
	{SUBMISSION},
	"C: ehlo [192.0.2.1]\n"
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
	"S: 250 HELP\n"},
    {"no AUTH is listed without TLS",
	{.rig = {.role = SMTP_ROLE_SUBMISSION, .tls_available = true}},
	"C: EHLO x\n"
	"S: 250-mx.example.org\n"
	"S: 250-PIPELINING\n"
	"S: 250-SIZE 100000\n"
	"S: 250-8BITMIME\n"
	"S: 250-BINARYMIME\n"
	"S: 250-CHUNKING\n"
	"S: 250-SMTPUTF8\n"
	"S: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-DSN\n"
	"S: 250-STARTTLS\n"
	"S: 250-FUTURERELEASE 2592000 2023-12-14T22:13:20Z\n"
	"S: 250-DELIVERBY 60\n"
	"S: 250-LIMITS MAILMAX=1000 RCPTMAX=1000\n"
	"S: 250 HELP\n"},
    {"HELO has one line, and no extensions with it", {MX},
	"C: HELO client.example.net\nS: 250 mx.example.org\n"
	"C: MAIL FROM:<a@example.net> SIZE=10\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\n"
	"C: hi\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> SMTP > demo@example.org: hi\\r\\n\n"},
    {"a chunk that was not offered would be read as commands", {MX},
	"C: HELO client.example.net\nS: 250 mx.example.org\n"
	"C: BDAT 3 LAST\nS: 502 5.5.1 ...\nclose\n"},
    {"hello needs a name, and its refusal has no enhanced code", {MX},
	"C: EHLO\nS: 501 ...\n"
	"C: HELO\nS: 501 ...\n"
	"C: MAIL FROM:<>\nS: 503 5.5.1 EHLO first\n"
	"C: LHLO x\nS: 500 5.5.1 No such command\n"},
    {"LMTP has LHLO, and neither HELO nor EHLO", {LMTP},
	"C: HELO x\nS: 500 5.5.1 No such command\n"
	"C: EHLO x\nS: 500 5.5.1 No such command\n"
	"C: MAIL FROM:<>\nS: 503 5.5.1 LHLO first\n"
	"C: LHLO x\n"
	"S: 250-mx.example.org\n"
	"S: 250-PIPELINING\n"
	"S: 250-SIZE 100000\n"
	"S: 250-8BITMIME\n"
	"S: 250-BINARYMIME\n"
	"S: 250-CHUNKING\n"
	"S: 250-SMTPUTF8\n"
	"S: 250-ENHANCEDSTATUSCODES\n"
	"S: 250-LIMITS MAILMAX=1000 RCPTMAX=1000\n"
	"S: 250 HELP\n"
	"C: AUTH PLAIN =\nS: 500 5.5.1 No such command\n"},
    {"a new EHLO ends the transaction", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: HELO again\nS: 250 mx.example.org\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"},

    // ---- The small commands ------------------------------------------------
    {"NOOP, RSET, HELP, VRFY and EXPN", {MX},
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: noop with words\nS: 250 2.0.0 OK\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: HELP\nS: 214 2.0.0 See RFC 5321\n"
	"C: VRFY demo\nS: 252 2.0.0 ...\n"
	"C: VRFY\nS: 501 5.5.4 ...\n"
	"C: EXPN list\nS: 502 5.5.1 ...\n"},
    {"what is unknown is not run", {MX, EHLO},
	"C: FOO\nS: 500 5.5.1 No such command\n"
	"C: \nS: 500 5.5.1 No such command\n"
	"C: ETRN example.org\nS: 500 5.5.1 No such command\n"
	"C: AUTH PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: 500 5.5.1 No such command\n"
	"C: STARTTLS\nS: 502 5.5.1 ...\n"
	"R: NO\\x00OP\\r\\n\nW: -\nS: 500 5.5.1 No such command\n"
	"R: NOOP \\x00\\r\\n\nW: -\nS: 500 5.5.2 ...\n"},
    {"a line that ends with LF alone is refused", {MX, EHLO},
	"R: NOOP\\n\nW: -\nS: 500 5.5.2 A line ends with CRLF, not with LF\n"
	"R: MAIL FROM:<>\\rRCPT TO:<demo@example.org>\\r\\n\nW: -\n"
	"S: 500 5.5.2 ...\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"},
    {"RSET begins anew", {MX, EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: MAIL FROM:<a@example.net>\nS: 503 5.5.1 ...\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: DATA\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"},

    // ---- MAIL and RCPT -----------------------------------------------------
    {"a message from a stranger", {MX, EHLO},
	"C: MAIL FROM:<a@example.net> SIZE=20 BODY=8BITMIME\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<nobody@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RCPT TO:<full@example.org>\nS: 452 4.2.2 Mailbox full\n"
	"C: RCPT TO:<a@example.com>\nS: 550 5.7.1 No relaying\n"
	"C: RCPT TO:<Postmaster>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\n"
	"C: Subject: x\nC: \nC: ..dot\nC: .\n"
	"S: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTP 8bit size=20 > demo@example.org Postmaster: "
	"Subject: x\\r\\n\\r\\n.dot\\r\\n\n"
	"C: DATA\nS: 503 5.5.1 MAIL first\n"},
    {"MAIL and RCPT that are not well formed", {MX, EHLO},
	"C: MAIL\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:\nS: 501 5.1.7 ...\n"
	"C: MAIL FROM:<a@>\nS: 501 5.1.7 ...\n"
	"C: MAIL FROM:<a@example.net> FOO=1\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net> SIZE=x\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net> SIZE=1 SIZE=1\nS: 501 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net> HOLDFOR=1\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net> BY=1000;R\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<a@example.net> AUTH=<>\nS: 555 5.5.4 ...\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<>\nS: 501 5.1.3 ...\n"
	"C: RCPT TO:<demo@example.org> NOTIFY=FOO\nS: 501 5.5.4 ...\n"
	"C: RCPT TO:<demo@example.org> FOO\nS: 555 5.5.4 ...\n"},
    {"SIZE over the limit is refused at MAIL", {MX, EHLO},
	"C: MAIL FROM:<a@example.net> SIZE=100001\nS: 552 5.3.4 Too big\n"
	"C: MAIL FROM:<a@example.net> SIZE=99999999999999999999\n"
	"S: 552 5.3.4 Too big\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<a@example.net> SIZE=100000\nS: 250 2.1.0 Sender OK\n"},
    {"a message without SIZE is refused at its end", {MX, EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\n"
	"N: 100001\nC: \nC: .\n"
	"S: 552 5.3.4 Too big\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"},
    {"RCPTMAX", {.rig = {.limits = {.recipients = 2}}, EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<b@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<c@example.org>\nS: 452 4.5.3 Too many recipients\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTP > a@example.org b@example.org: \n"},
    {"MAILMAX", {.rig = {.limits = {.messages = 1}}, EHLO},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<a@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTP > a@example.org: \n"
	"C: MAIL FROM:<a@example.net>\n"
	"S: 421 4.7.0 Too many messages in one connection\nclose\n"},
    {"DSN's parameters go with the message", {MX, EHLO},
	"C: MAIL FROM:<a@example.net> RET=HDRS ENVID=QQ+2B1\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org> NOTIFY=SUCCESS,DELAY "
	"ORCPT=rfc822;d+2Bx@example.org\n"
	"S: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<x@example.org> NOTIFY=NEVER\n"
	"S: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> ESMTP envid=QQ+1 ret=headers > demo@example.org "
	"notify=10 orcpt=rfc822;d+x@example.org x@example.org notify=1: \n"},
    {"SMTPUTF8", {MX, EHLO},
	"C: MAIL FROM:<j\xc3\xb6rg@example.net>\nS: 550 5.6.7 ...\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<j\xc3\xb6rg@example.org>\nS: 553 5.6.7 ...\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: MAIL FROM:<j\xc3\xb6rg@example.net> SMTPUTF8\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<j\xc3\xb6rg@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <j\xc3\xb6rg@example.net> UTF8SMTP utf8 > j\xc3\xb6rg@example.org: "
	"\n"},

    // ---- DATA --------------------------------------------------------------
    {"DATA needs a recipient", {MX, EHLO},
	"C: DATA\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: DATA\nS: 554 5.5.1 No valid recipients\n"
	"C: RCPT TO:<nobody@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: DATA\nS: 554 5.5.1 No valid recipients\n"
	"C: DATA now\nS: 501 5.5.4 ...\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: .\nS: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > demo@example.org: \n"},
    {"what the delivery says of the sender is passed on", {MX, EHLO},
	"C: MAIL FROM:<later@example.net>\nS: 451 4.3.0 Not now\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"},
    {"what the delivery says at the end is passed on", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<broken@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: x\nC: .\nS: 451 4.3.0 Broken\n"
	"C: DATA\nS: 503 5.5.1 MAIL first\n"},
    {"after the end of the data the next group may follow", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\n"
	"R: one\\r\\n.\\r\\n\n"
	"R: MAIL FROM:<b@example.net>\\r\\nRCPT TO:<x@example.org>\\r\\n\n"
	"R: DATA\\r\\n\nW: -\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.1.0 Sender OK\n"
	"S: 250 2.1.5 Recipient OK\n"
	"S: 354 ...\n"
	"C: two\nC: .\n"
	"S: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > demo@example.org: one\\r\\n\n"
	"M: <b@example.net> ESMTP > x@example.org: two\\r\\n\n"},

    // ---- BDAT --------------------------------------------------------------
    {"a message in chunks", {MX, EHLO},
	"C: MAIL FROM:<a@example.net> BODY=BINARYMIME\n"
	"S: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 5\\r\\na\\nb\\r.\n"
	"W: -\n"
	"S: 250 2.0.0 5 bytes received\n"
	"C: RCPT TO:<b@example.org>\nS: 503 5.5.1 ...\n"
	"R: BDAT 5\\r\\n\\r\\n.\\r\\n\nW: -\n"
	"S: 250 2.0.0 5 bytes received\n"
	"C: BDAT 0\nS: 250 2.0.0 0 bytes received\n"
	"R: BDAT 2 LAST\\r\\n\\x00\\xff\n"
	"R: NOOP\\r\\n\nW: -\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 250 2.0.0 OK\n"
	"M: <a@example.net> ESMTP binary > demo@example.org: "
	"a\\nb\\r.\\r\\n.\\r\\n\\x00\\xff\n"
	"C: BDAT 0 LAST\nS: 503 5.5.1 MAIL first\n"},
    {"BDAT 0 LAST ends a message", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 4\\r\\nhi\\r\\n\nW: -\nS: 250 2.0.0 4 bytes received\n"
	"C: BDAT 0 LAST\nS: 250 2.0.0 Delivered\n"
	"M: <> ESMTP > demo@example.org: hi\\r\\n\n"},
    {"chunks of what is refused are swallowed", {MX, EHLO},
	"R: BDAT 6\\r\\nNOOP\\r\\n\nW: -\nS: 503 5.5.1 MAIL first\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"R: BDAT 6\\r\\nNOOP\\r\\n\nW: -\nS: 554 5.5.1 No valid recipients\n"
	"C: RCPT TO:<demo@example.org>\nS: 503 5.5.1 ...\n"
	"R: BDAT 6 LAST\\r\\nNOOP\\r\\n\nW: -\nS: 503 5.5.1 RSET first\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"},
    {"after a BDAT that failed only RSET helps", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 100001\\r\\n\nN: 100001\nW: -\n"
	"S: 552 5.3.4 The message is too big\n"
	"R: BDAT 2\\r\\nxx\nW: -\nS: 503 5.5.1 RSET first\n"
	"C: DATA\nS: 503 5.5.1 RSET first\n"
	"C: MAIL FROM:<>\nS: 503 5.5.1 ...\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"},
    {"a refused chunk that is too big ends the connection", {MX, EHLO},
	"C: BDAT 99999999999\nS: 552 5.3.4 ...\nclose\n"},
    {"a BDAT without a size ends the connection", {MX, EHLO},
	"C: BDAT x\nS: 501 5.5.4 ...\nclose\n"},
    {"a BDAT before a hello ends the connection, too", {MX},
	"C: BDAT 6\nS: 503 5.5.1 EHLO first\nclose\n"},
    {"DATA and BDAT do not mix", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 2\\r\\nxx\nW: -\nS: 250 2.0.0 2 bytes received\n"
	"C: DATA\nS: 503 5.5.1 The data has begun with BDAT\n"
	"R: BDAT 2 LAST\\r\\nxx\nW: -\nS: 503 5.5.1 RSET first\n"},
    {"BINARYMIME needs BDAT", {MX, EHLO},
	"C: MAIL FROM:<> BODY=BINARYMIME\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 503 5.5.1 BINARYMIME needs BDAT\n"
	"C: RSET\nS: 250 2.0.0 Forgotten\n"},
    {"bare line ends in text chunks are refused", {MX, EHLO},
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 4\\r\\na\\nb\\r\nW: -\nS: 250 2.0.0 4 bytes received\n"
	"R: BDAT 1 LAST\\r\\n\\n\nW: -\nS: 550 5.5.2 ...\n"
	"C: MAIL FROM:<>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 3\\r\\na\\r\\x0d\nW: -\nS: 250 2.0.0 3 bytes received\n"
	"C: BDAT 0 LAST\nS: 550 5.5.2 ...\n"},

    // ---- LMTP --------------------------------------------------------------
    {"LMTP answers for each recipient", {LMTP, .helo = "LHLO x"},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: DATA\nS: 503 5.5.1 No valid recipients\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<nobody@example.org>\nS: 550 5.1.1 Nobody there\n"
	"C: RCPT TO:<broken@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: DATA\nS: 354 ...\nC: x\nC: .\n"
	"S: 250 2.0.0 Delivered\n"
	"S: 451 4.3.0 Broken\n"
	"S: 250 2.0.0 Delivered\n"
	"M: <a@example.net> LMTP > demo@example.org broken@example.org "
	"friend@example.org: x\\r\\n\n"},
    {"LMTP answers for each after BDAT LAST, also a refused one",
	{LMTP, .helo = "LHLO x"},
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 1\\r\\nx\nW: -\nS: 250 2.0.0 1 bytes received\n"
	"R: BDAT 1 LAST\\r\\ny\nW: -\n"
	"S: 250 2.0.0 Delivered\nS: 250 2.0.0 Delivered\n"
	"M: <a@example.net> LMTP > demo@example.org friend@example.org: xy\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 100001 LAST\\r\\n\nN: 100001\nW: -\n"
	"S: 552 5.3.4 ...\nS: 552 5.3.4 ...\n"
	"C: NOOP\nS: 250 2.0.0 OK\n"
	"C: MAIL FROM:<a@example.net>\nS: 250 2.1.0 Sender OK\n"
	"C: RCPT TO:<demo@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"C: RCPT TO:<friend@example.org>\nS: 250 2.1.5 Recipient OK\n"
	"R: BDAT 1 LAST\\r\\n\\n\nW: -\nS: 550 5.5.2 ...\nS: 550 5.5.2 ...\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
