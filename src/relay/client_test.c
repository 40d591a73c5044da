// SPDX-License-Identifier: Apache-2.0
// Dialogues of the client: how it begins, how it sends a message, and every way
// in which a server can fail.
#include "relay/script.h"

#define TO(text)                                                               \
	{                                                                      \
		.address = {(text), sizeof(text) - 1 }                         \
	}
#define CONTENT       "Subject: x\r\n\r\nHello.\r\n"
#define CONTENT_LINES "C: Subject: x\nC: \nC: Hello.\n"

// The beginning of most dialogues.
#define HELLO                                                                  \
	"S: 220 mx.test ESMTP\n"                                               \
	"C: EHLO me.test\n"
#define ONE_BY_ONE HELLO "S: 250 mx.test\n"
#define PIPELINED  HELLO "S: 250-mx.test\nS: 250 PIPELINING\n"
#define CHUNKED    HELLO "S: 250-mx.test\nS: 250 CHUNKING\n"
#define BYE                                                                    \
	"C: QUIT\n"                                                            \
	"S: 221 bye\n"                                                         \
	"close\n"                                                              \
	"T: ready\n"

static const struct rig_letter plain = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter two = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test"), TO("b@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter three = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test"), TO("b@mx.test"), TO("c@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter bounce = {
    .sender = "", .recipients = {TO("a@mx.test")}, .content = CONTENT};
static const struct rig_letter dots = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    // Bare LFs and CRs, some of which look like the end of the data.
    .content = ".\r\n..a\n.\nx\r.\r\ny\r\n.z",
};
static const struct rig_letter empty_line = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "a: b",
};
static const struct rig_letter eight = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
    .envelope = {.body = SMTP_BODY_8BITMIME},
};
static const struct rig_letter binary = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Subject: x\r\n\r\na\nb.\r\n",
    .envelope = {.body = SMTP_BODY_BINARYMIME},
};
static const struct rig_letter eight_text = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	       "\xc3\xa9=1 \r\n.\r\n",
    .envelope = {.body = SMTP_BODY_8BITMIME},
};
static const struct rig_letter eight_parts = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Content-Type: multipart/mixed; boundary=b\r\n"
	       "Content-Transfer-Encoding: 8bit\r\n\r\n"
	       "--b\r\nContent-Type: image/png\r\n"
	       "content-transfer-encoding: 8BIT\r\n\r\n\xff\xfe\r\n"
	       "--b\r\n\r\nplain\r\n--b--\r\n",
    .envelope = {.body = SMTP_BODY_8BITMIME},
};
static const struct rig_letter eight_header = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Subject: \xe9\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
	       "\xe9\r\n",
    .envelope = {.body = SMTP_BODY_8BITMIME},
};
static const struct rig_letter binary_part = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Content-Transfer-Encoding: binary\r\n\r\na\nb",
    .envelope = {.body = SMTP_BODY_BINARYMIME},
};
static const struct rig_letter dsn = {
    .sender = "s@here.test",
    .recipients = {{.address = {"a@mx.test", 9},
		       .original = {"rfc822;x+y@old.test", 19},
		       .notify = SMTP_NOTIFY_SUCCESS | SMTP_NOTIFY_FAILURE},
	{.address = {"b@mx.test", 9}, .notify = SMTP_NOTIFY_NEVER}},
    .content = CONTENT,
    .envelope = {.envid = {"id=1", 4}, .ret = SMTP_RET_HDRS},
};
static const struct rig_letter utf8_local = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test"), TO("\xc3\xa9@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter utf8_sender = {
    .sender = "\xc3\xa9@here.test",
    .recipients = {TO("a@mx.test"), TO("b@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter utf8_domain = {
    .sender = "s@b\xc3\xbc"
	      "cher.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
};
static const struct rig_letter utf8_header = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = "Subject: \xc3\xa9\r\n\r\nHello.\r\n",
    .envelope = {.smtputf8 = true},
};
static const struct rig_letter utf8_said = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
    .envelope = {.smtputf8 = true},
};
static const struct rig_letter by_return = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
    .envelope = {.by = SMTP_BY_RETURN, .by_time = 1},
};
static const struct rig_letter no_address = {
    .sender = "s@here.test",
    .recipients = {TO("nobody"), TO("a@mx.test\r\nRSET")},
    .content = CONTENT,
};
static const struct rig_letter unreadable = {
    .sender = "s@here.test",
    .recipients = {TO("a@mx.test")},
    .content = CONTENT,
    .repeat = 10000,
    .fails_at = 200000,
};

#define LETTERS(...)                                                           \
	(const struct rig_letter *const[])                                     \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static const struct script scripts[] = {
    // ---- Beginning
    // --------------------------------------------------------
    {"nothing to send", {0}, ONE_BY_ONE BYE},
    {"an old server knows HELO only",
	{.tls = RELAY_TLS_OPPORTUNISTIC, .letters = LETTERS(&plain)},
	"S: 220 mx.test\nC: EHLO me.test\nS: 502 what?\n"
	"C: HELO me.test\nS: 250 mx.test\n"
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 taken\nT: a@mx.test relayed 2.0.0 250 taken\n" BYE},
    {"neither EHLO nor HELO", {0},
	"S: 220 mx.test\nC: EHLO me.test\nS: 502 no\n"
	"C: HELO me.test\nS: 550 5.7.1 go away\nC: QUIT\n"
	"S: 221 bye\nclose\nT: refused 5.7.1 550 5.7.1 go away\n"},
    {"HELO is refused for now", {0},
	"S: 220 mx.test\nC: EHLO me.test\nS: 502 no\n"
	"C: HELO me.test\nS: 450 wait\nC: QUIT\nhangup\n"
	"T: later 4.0.0 450 wait\n"},
    {"EHLO is refused for now", {0},
	"S: 220 mx.test\nC: EHLO me.test\nS: 451 4.3.0 wait\n"
	"C: QUIT\ntimeout\nT: later 4.3.0 451 4.3.0 wait\n"},
    {"a greeting of several lines", {0},
	"S: 220-one\nS: 220-two\nS: 220 three\nC: EHLO me.test\n"
	"S: 250 mx.test\n" BYE},
    {"a greeting that refuses", {0},
	"S: 554 5.3.2 no mail here\nC: QUIT\nS: 221 bye\nclose\n"
	"T: refused 5.3.2 554 5.3.2 no mail here\n"},
    {"a greeting that refuses for now", {0},
	"S: 450 4.3.2 later\nC: QUIT\nS: 221 bye\nclose\n"
	"T: later 4.3.2 450 4.3.2 later\n"},
    {"a greeting of 421", {0},
	"S: 421 too many\nclose\nT: later 4.0.0 421 too many\n"},
    {"a greeting that is not SMTP", {0},
	"S: hello\nclose\nT: later 4.5.0 the greeting is not SMTP\n"},
    {"a greeting that asks for more", {0},
	"S: 354 go\nclose\nT: later 4.5.0 354 go\n"},
    {"control characters do not come through", {0},
	"R: 554 a\\x1b[2Jb\\x00c\\r\\n\nC: QUIT\nhangup\n"
	"T: refused 5.0.0 554 a?[2Jb?c\n"},
    {"an endless line", {0},
	"N: 300000\nclose\nT: later 4.5.0 the greeting is too long\n"},
    {"a hang-up before the greeting", {0},
	"hangup\n"
	"T: later 4.4.2 closed by the peer while waiting for the greeting\n"},
    {"a hang-up after EHLO", {0},
	"S: 220 hi\nC: EHLO me.test\nhangup\n"
	"T: later 4.4.2 closed by the peer while waiting for the reply to "
	"EHLO\n"},
    {"no greeting in time", {0},
	"timeout\n"
	"T: later 4.4.2 timed out while waiting for the greeting\n"},
    {"421 to EHLO", {0},
	"S: 220 hi\nC: EHLO me.test\nS: 421 4.3.2 bye\nclose\n"
	"T: later 4.3.2 421 4.3.2 bye\n"},
    {"this server stops in the greeting", {0},
	"shutdown\nT: stopped 4.3.2 this server is stopping\n"},

    // ---- STARTTLS
    // ---------------------------------------------------------
    {"STARTTLS, and EHLO again",
	{.tls = RELAY_TLS_OPPORTUNISTIC,
	    .unverified = true,
	    .letters = LETTERS(&plain)},
	HELLO
	"S: 250-mx.test\nS: 250-SIZE 1\nS: 250 STARTTLS\n"
	"C: STARTTLS\nS: 220 go\ntls\nC: EHLO me.test\n"
	"S: 250-mx.test\nS: 250 STARTTLS\n"
	// The client has forgotten the SIZE that it saw before TLS.
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"bytes after the reply to STARTTLS are dropped",
	{.tls = RELAY_TLS_OPPORTUNISTIC},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\n"
	      "R: 220 go\\r\\n250-evil\\r\\n250 SIZE 1\\r\\n\ntls\n"
	      "C: EHLO me.test\nS: 250 mx.test\n" BYE},
    {"opportunistic TLS that is not offered", {.tls = RELAY_TLS_OPPORTUNISTIC},
	ONE_BY_ONE BYE},
    {"required TLS that is not offered", {.tls = RELAY_TLS_REQUIRED},
	ONE_BY_ONE
	"C: QUIT\nS: 221 bye\nclose\n"
	"T: later 4.7.4 TLS is required, but the server does not offer it\n"},
    {"TLS is required of a server with HELO only", {.tls = RELAY_TLS_REQUIRED},
	"S: 220 hi\nC: EHLO me.test\nS: 500 no\nC: HELO me.test\n"
	"S: 250 hi\nC: QUIT\nhangup\n"
	"T: later 4.7.4 TLS is required...\n"},
    {"STARTTLS is refused", {.tls = RELAY_TLS_OPPORTUNISTIC},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\n"
	      "S: 454 not now\n" BYE},
    {"required STARTTLS is refused", {.tls = RELAY_TLS_REQUIRED},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\n"
	      "S: 454 4.7.0 not now\nC: QUIT\nhangup\n"
	      "T: later 4.7.0 454 4.7.0 not now\n"},
    {"STARTTLS is answered with nonsense", {.tls = RELAY_TLS_OPPORTUNISTIC},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\n"
	      "S: 334 what\nclose\nT: later 4.5.0 334 what\n"},
    {"the handshake fails", {.tls = RELAY_TLS_OPPORTUNISTIC},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
	      "tls fails\nT: tls broke 4.7.5 TLS: handshake failure\n"},
    {"a bad certificate where TLS is required",
	{.tls = RELAY_TLS_REQUIRED, .unverified = true},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n"
	      "tls\nclose\nT: later 4.7.5 TLS: self-signed certificate\n"},
    {"TLS from the first byte",
	{.tls = RELAY_TLS_REQUIRED, .implicit_tls = true},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\n" BYE},
    {"TLS from the first byte with a bad certificate",
	{.tls = RELAY_TLS_REQUIRED, .implicit_tls = true, .unverified = true},
	"close\nT: later 4.7.5 TLS: self-signed certificate\n"},
    {"no TLS is wanted", {.tls = RELAY_TLS_NONE},
	HELLO "S: 250-mx.test\nS: 250 STARTTLS\n" BYE},
    {"530 without TLS is tried later", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\n"
		   "S: 530 5.7.0 Must issue a STARTTLS command first\n"
		   "T: a@mx.test later 4.7.0 530 5.7.0 Must issue...\n" BYE},

    // ---- AUTH
    // -------------------------------------------------------------
    {"AUTH PLAIN",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH LOGIN PLAIN\n"
	      "C: AUTH PLAIN AHUAcA==\nS: 235 ok\n" BYE},
    {"AUTH LOGIN",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\n"
	      "S: 334 VXNlcm5hbWU6\nC: dQ==\nS: 334 UGFzc3dvcmQ6\n"
	      "C: cA==\nS: 235 ok\n" BYE},
    {"a wrong password waits",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH PLAIN\n"
	      "C: AUTH PLAIN AHUAcA==\nS: 535 5.7.8 no\nC: QUIT\nhangup\n"
	      "T: later 4.7.8 535 5.7.8 no\n"},
    {"a password is not sent without TLS",
	{.tls = RELAY_TLS_OPPORTUNISTIC, .user = "u", .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH PLAIN\nC: QUIT\nhangup\n"
	      "T: later 4.7.11 the password may be sent over TLS only...\n"},
    {"a password is not sent to a server that may be anybody",
	{.tls = RELAY_TLS_OPPORTUNISTIC,
	    .implicit_tls = true,
	    .unverified = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH PLAIN\nC: QUIT\nhangup\n"
	      "T: later 4.7.11 the password may be sent over TLS only...\n"},
    {"no AUTH mechanism that is supported",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH GSSAPI\nC: QUIT\nhangup\n"
	      "T: later 4.7.4 the server offers no AUTH...\n"},
    {"AUTH LOGIN is broken off",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\n"
	      "S: 334 x\nC: dQ==\nS: 454 4.7.0 later\nC: QUIT\nhangup\n"
	      "T: later 4.7.0 454 4.7.0 later\n"},
    {"AUTH is answered with nonsense",
	{.tls = RELAY_TLS_REQUIRED,
	    .implicit_tls = true,
	    .user = "u",
	    .password = "p"},
	HELLO "S: 250-mx.test\nS: 250 AUTH PLAIN\n"
	      "C: AUTH PLAIN AHUAcA==\nS: 334 more\nclose\n"
	      "T: later 4.5.0 334 more\n"},

    // ---- A message
    // --------------------------------------------------------
    {"one message, one by one", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 2.1.0 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 2.1.5 ok\nC: DATA\n"
		   "S: 354 go\n" CONTENT_LINES
		   "C: .\nS: 250 2.6.0 queued as 7\n"
		   "T: a@mx.test relayed 2.6.0 250 2.6.0 queued as 7\n" BYE},
    {"two messages over one connection", {.letters = LETTERS(&plain, &bounce)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 one\nT: a@mx.test relayed 2.0.0 250 one\n"
	"C: MAIL FROM:<>\nS: 250 ok\nC: RCPT TO:<a@mx.test>\n"
	"S: 251 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 two\nT: a@mx.test relayed 2.0.0 250 two\n" BYE},
    {"a connection ends after its number of messages",
	{.letters = LETTERS(&plain, &plain), .messages_max = 1},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 one\nT: a@mx.test relayed 2.0.0 250 one\n" BYE},
    {"pipelined: MAIL, RCPTs and DATA in one go", {.letters = LETTERS(&two)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		  "S: 250 ok\nS: 354 go\n" CONTENT_LINES "C: .\nS: 250 queued\n"
		  "T: a@mx.test relayed 2.0.0 250 queued\n"
		  "T: b@mx.test relayed 2.0.0 250 queued\n" BYE},
    {"BDAT when it is offered", {.letters = LETTERS(&plain)},
	CHUNKED
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: BDAT 22 LAST\n" CONTENT_LINES
	"S: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"dots are stuffed, and no end is where there is none",
	{.letters = LETTERS(&dots)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		   "C: ..\nC: ...a\nC: ..\nC: x\nC: ..\nC: y\nC: ..z\nC: .\n"
		   "S: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"BDAT has no bare line ends, and counts what it made of them",
	{.letters = LETTERS(&dots)},
	CHUNKED "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: BDAT 24 LAST\nC: .\n"
		"C: ..a\nC: .\nC: x\nC: .\nC: y\nC: .z\nS: 250 ok\n"
		"T: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"a last line without an end gets one", {.letters = LETTERS(&empty_line)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		   "C: a: b\nC: .\nS: 250 ok\n"
		   "T: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"DSN parameters when they are offered", {.letters = LETTERS(&dsn)},
	HELLO "S: 250-mx.test\nS: 250 DSN\n"
	      "C: MAIL FROM:<s@here.test> RET=HDRS ENVID=id+3D1\n"
	      "S: 250 ok\n"
	      "C: RCPT TO:<a@mx.test> NOTIFY=SUCCESS,FAILURE "
	      "ORCPT=rfc822;x+2By@old.test\n"
	      "S: 250 ok\nC: RCPT TO:<b@mx.test> NOTIFY=NEVER\n"
	      "S: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	      "C: .\nS: 250 ok\nT: a@mx.test passed 2.0.0 250 ok\n"
	      "T: b@mx.test passed 2.0.0 250 ok\n" BYE},
    {"no DSN parameters without DSN", {.letters = LETTERS(&dsn)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\n"
	"C: RCPT TO:<b@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n"
	"T: b@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"the size is said", {.letters = LETTERS(&plain)},
	HELLO "S: 250-mx.test\nS: 250 SIZE 22\n"
	      "C: MAIL FROM:<s@here.test> SIZE=22\nS: 552 5.3.4 full\n"
	      "T: a@mx.test failed 5.3.4 552 5.3.4 full\n" BYE},
    {"too large a message is not tried", {.letters = LETTERS(&plain)},
	HELLO "S: 250-mx.test\nS: 250 SIZE 21\n"
	      "T: a@mx.test failed 5.3.4 the message has 22 bytes, the server "
	      "accepts 21\n" BYE},
    {"8-bit text as it is", {.letters = LETTERS(&eight)},
	HELLO
	"S: 250-mx.test\nS: 250 8BITMIME\n"
	"C: MAIL FROM:<s@here.test> BODY=8BITMIME\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"a binary message as it is", {.letters = LETTERS(&binary)},
	HELLO "S: 250-mx.test\nS: 250-CHUNKING\nS: 250 BINARYMIME\n"
	      "C: MAIL FROM:<s@here.test> BODY=BINARYMIME\nS: 250 ok\n"
	      "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: BDAT 20 LAST\n"
	      "C: Subject: x\nC: \nC: a...b.\nS: 250 ok\n"
	      "T: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"8-bit text is quoted without 8BITMIME", {.letters = LETTERS(&eight_text)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		   "C: MIME-Version: 1.0\n"
		   "C: Content-Transfer-Encoding: quoted-printable\nC: \n"
		   "C: =C3=A9=3D1=20\nC: ..\nC: .\nS: 250 ok\n"
		   "T: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"8-bit parts are encoded, and what holds them is 7-bit",
	{.letters = LETTERS(&eight_parts)},
	CHUNKED "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: BDAT 172 LAST\n"
		"C: Content-Type: multipart/mixed; boundary=b\nskip\n"
		"S: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"the same by DATA", {.letters = LETTERS(&eight_parts)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		   "C: Content-Type: multipart/mixed; boundary=b\n"
		   "C: Content-Transfer-Encoding: 7bit\nC: \nC: --b\n"
		   "C: Content-Type: image/png\n"
		   "C: Content-Transfer-Encoding: base64\nC: \nC: //4=\n"
		   "C: --b\nC: \nC: plain\nC: --b--\nC: .\nS: 250 ok\n"
		   "T: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"a binary part is made base64", {.letters = LETTERS(&binary_part)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
		   "C: Content-Transfer-Encoding: base64\nC: \nC: YQpi\nC: .\n"
		   "S: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"an 8-bit header cannot be made 7-bit",
	{.letters = LETTERS(&eight_header)},
	ONE_BY_ONE "T: a@mx.test failed 5.6.3 ...\n" BYE},
    {"a message declared 8-bit that is 7-bit is sent as 7-bit",
	{.letters = LETTERS(&eight)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 ok\nT: a@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"BY in mode R, and no DELIVERBY", {.letters = LETTERS(&by_return)},
	ONE_BY_ONE "T: a@mx.test failed 5.3.3 ...DELIVERBY\n" BYE},
    {"BY in mode R", {.letters = LETTERS(&by_return)},
	HELLO "S: 250-mx.test\nS: 250 DELIVERBY\n"
	      "C: MAIL FROM:<s@here.test> BY=1;R\nS: 550 5.4.7 late\n"
	      "T: a@mx.test failed 5.4.7 550 5.4.7 late\n" BYE},
    {"an invalid address is not sent", {.letters = LETTERS(&no_address)},
	ONE_BY_ONE
	"T: nobody failed 5.1.3 the address is not valid\nT: a@mx.test\r\n"
	"T: RSET failed 5.1.3 the address is not valid\n" BYE},

    // ---- SMTPUTF8
    // ---------------------------------------------------------
    {"SMTPUTF8 for an address that needs it", {.letters = LETTERS(&utf8_local)},
	HELLO "S: 250-mx.test\nS: 250 SMTPUTF8\n"
	      "C: MAIL "
	      "FROM:<s@here.test> "
	      "SMTPUTF8\nS: 250 ok\n"
	      "C: RCPT "
	      "TO:<a@mx.test>\nS: 250 "
	      "ok\n"
	      "C: RCPT "
	      "TO:<\xc3\xa9@mx.test>"
	      "\nS: 250 ok\n"
	      "C: DATA\nS: 354 "
	      "go\n" CONTENT_LINES "C: .\nS: 250 ok\n"
	      "T: a@mx.test relayed "
	      "2.0.0 250 ok\n"
	      "T: \xc3\xa9@mx.test "
	      "relayed 2.0.0 250 "
	      "ok\n" BYE},
    {"without SMTPUTF8 only the UTF-8 recipient fails",
	{.letters = LETTERS(&utf8_local)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 ok\n"
	"T: a@mx.test relayed 2.0.0 250 ok\n"
	"T: \xc3\xa9@mx.test failed 5.6.7 ...\n" BYE},
    {"without SMTPUTF8 a UTF-8 sender fails for all",
	{.letters = LETTERS(&utf8_sender)},
	ONE_BY_ONE "T: a@mx.test failed 5.6.7 ...\n"
		   "T: b@mx.test failed 5.6.7 ...\n" BYE},
    {"a domain is sent as A-labels", {.letters = LETTERS(&utf8_domain)},
	ONE_BY_ONE "C: MAIL FROM:<s@xn--bcher-kva.test>\nS: 450 no\n"
		   "T: a@mx.test later 4.0.0 450 no\n" BYE},
    {"a header that is not ASCII needs SMTPUTF8",
	{.letters = LETTERS(&utf8_header, &utf8_said)},
	ONE_BY_ONE "T: a@mx.test failed 5.6.9 ...\n"
		   "C: MAIL FROM:<s@here.test>\nS: 450 no\n"
		   "T: a@mx.test later 4.0.0 450 no\n" BYE},

    // ---- Refusals
    // ---------------------------------------------------------
    {"MAIL is refused", {.letters = LETTERS(&two)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 550 5.7.1 not you\n"
		   "T: a@mx.test failed 5.7.1 550 5.7.1 not you\n"
		   "T: b@mx.test failed 5.7.1 550 5.7.1 not you\n" BYE},
    {"MAIL is refused for now", {.letters = LETTERS(&two)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 451 4.7.1 greylisted\n"
		   "T: a@mx.test later 4.7.1 451 4.7.1 greylisted\n"
		   "T: b@mx.test later 4.7.1 451 4.7.1 greylisted\n" BYE},
    {"MAIL is refused, pipelined", {.letters = LETTERS(&two)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: DATA\nS: 550 5.7.1 not you\n"
		  "S: 503 what\nS: 503 what\nS: 503 what\n"
		  "T: a@mx.test failed 5.7.1 550 5.7.1 not you\n"
		  "T: b@mx.test failed 5.7.1 550 5.7.1 not you\n" BYE},
    {"MAIL is refused, but DATA is not", {.letters = LETTERS(&plain)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: DATA\nS: 450 no\nS: 250 ok\nS: 354 go\nclose\n"
		  "T: a@mx.test later 4.0.0 450 no\nT: ready\n"},
    {"one of three is refused, one put off", {.letters = LETTERS(&three)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 550-5.1.1 no\n"
		   "S: 550 5.1.1 such user\nC: RCPT TO:<b@mx.test>\n"
		   "S: 450 4.2.1 busy\nC: RCPT TO:<c@mx.test>\nS: 250 ok\n"
		   "C: DATA\nS: 354 go\n" CONTENT_LINES "C: .\nS: 250 ok\n"
		   "T: a@mx.test failed 5.1.1 550 5.1.1 no...such user\n"
		   "T: b@mx.test later 4.2.1 450 4.2.1 busy\n"
		   "T: c@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"the same, pipelined", {.letters = LETTERS(&three)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: RCPT TO:<c@mx.test>\nC: DATA\n"
		  "S: 250 ok\nS: 550 no\nS: 450 busy\nS: 250 ok\nS: 354 "
		  "go\n" CONTENT_LINES
		  "C: .\nS: 250 ok\nT: a@mx.test failed 5.0.0 550 no\n"
		  "T: b@mx.test later 4.0.0 450 busy\n"
		  "T: c@mx.test relayed 2.0.0 250 ok\n" BYE},
    {"all are refused", {.letters = LETTERS(&two, &plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 550 no\n"
		   "C: RCPT TO:<b@mx.test>\nS: 550 no\nC: RSET\nS: 250 ok\n"
		   "T: a@mx.test failed 5.0.0 550 no\n"
		   "T: b@mx.test failed 5.0.0 550 no\n"
		   "C: MAIL FROM:<s@here.test>\nS: 450 no\n"
		   "T: a@mx.test later 4.0.0 450 no\n" BYE},
    {"all are refused, pipelined, and DATA too", {.letters = LETTERS(&two)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: DATA\nS: 250 ok\nS: 550 no\n"
		  "S: 550 no\nS: 554 nobody\nC: RSET\nS: 250 ok\n"
		  "T: a@mx.test failed 5.0.0 550 no\n"
		  "T: b@mx.test failed 5.0.0 550 no\n" BYE},
    {"all are refused, pipelined, but DATA is not",
	{.letters = LETTERS(&plain)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: DATA\nS: 250 ok\nS: 550 no\nS: 354 go\nC: .\n"
		  "S: 250 thank you\nT: a@mx.test failed 5.0.0 550 no\n" BYE},
    {"DATA is refused", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\n"
		   "S: 451 4.3.0 no disk\nC: RSET\nS: 250 ok\n"
		   "T: a@mx.test later 4.3.0 451 4.3.0 no disk\n" BYE},
    {"DATA is answered with 250", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 250 sure\n"
		   "close\nT: a@mx.test later 4.5.0 250 sure\nT: ready\n"},
    {"the message is refused", {.letters = LETTERS(&two)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		  "S: 250 ok\nS: 354 go\n" CONTENT_LINES
		  "C: .\nS: 554 5.7.1 spam\n"
		  "T: a@mx.test failed 5.7.1 554 5.7.1 spam\n"
		  "T: b@mx.test failed 5.7.1 554 5.7.1 spam\n" BYE},
    {"the message is refused for now", {.letters = LETTERS(&plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 452 full\nT: a@mx.test later 4.0.0 452 full\n" BYE},
    {"a chunk is refused", {.letters = LETTERS(&plain)},
	CHUNKED
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: BDAT 22 LAST\n" CONTENT_LINES
	"S: 552 5.2.2 full\nC: RSET\nS: 250 ok\n"
	"T: a@mx.test failed 5.2.2 552 5.2.2 full\n" BYE},
    {"no chunk is sent without a recipient", {.letters = LETTERS(&plain)},
	HELLO "S: 250-mx.test\nS: 250-PIPELINING\nS: 250 CHUNKING\n"
	      "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
	      "S: 250 ok\nS: 550 no\nC: RSET\nS: 250 ok\n"
	      "T: a@mx.test failed 5.0.0 550 no\n" BYE},
    {"RSET is refused", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 550 no\nC: RSET\nS: 500 what\n"
		   "close\nT: a@mx.test failed 5.0.0 550 no\nT: ready\n"},

    // ---- Limits
    // -----------------------------------------------------------
    {"RCPTMAX splits", {.letters = LETTERS(&three)},
	HELLO "S: 250-mx.test\nS: 250-PIPELINING\n"
	      "S: 250 LIMITS RCPTMAX=2\nC: MAIL FROM:<s@here.test>\n"
	      "C: RCPT TO:<a@mx.test>\nC: RCPT TO:<b@mx.test>\nC: DATA\n"
	      "S: 250 ok\nS: 250 ok\nS: 250 ok\nS: 354 go\n" CONTENT_LINES
	      "C: .\nS: 250 one\nC: MAIL FROM:<s@here.test>\n"
	      "C: RCPT TO:<c@mx.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
	      "S: 354 go\n" CONTENT_LINES
	      "C: .\nS: 550 two\nT: a@mx.test relayed 2.0.0 250 one\n"
	      "T: b@mx.test relayed 2.0.0 250 one\n"
	      "T: c@mx.test failed 5.0.0 550 two\n" BYE},
    {"our own limit splits", {.letters = LETTERS(&two), .recipients_max = 1},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 one\nC: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<b@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nhangup\nT: a@mx.test relayed 2.0.0 250 one\n"
	"T: b@mx.test later 4.4.2 closed by the peer...\nT: ready\n"},
    {"MAILMAX ends the connection", {.letters = LETTERS(&plain, &plain)},
	HELLO
	"S: 250-mx.test\nS: 250 LIMITS MAILMAX=1\n"
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 one\nT: a@mx.test relayed 2.0.0 250 one\n" BYE},
    {"too many recipients come in the next transaction",
	{.letters = LETTERS(&three)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: RCPT TO:<c@mx.test>\nC: DATA\n"
		  "S: 250 ok\nS: 250 ok\nS: 452 4.5.3 too many\n"
		  "S: 552 too many\nS: 354 go\n" CONTENT_LINES
		  "C: .\nS: 250 ok\nC: MAIL FROM:<s@here.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: DATA\nS: 250 ok\nS: 250 ok\n"
		  "S: 354 go\n" CONTENT_LINES
		  "C: .\nS: 250 ok\nC: MAIL FROM:<s@here.test>\n"
		  "C: RCPT TO:<c@mx.test>\nC: DATA\nS: 250 ok\n"
		  "S: 452 4.5.3 really\nS: 554 no\nC: RSET\nS: 250 ok\n"
		  "T: a@mx.test relayed 2.0.0 250 ok\n"
		  "T: b@mx.test relayed 2.0.0 250 ok\n"
		  "T: c@mx.test later 4.5.3 452 4.5.3 really\n" BYE},
    {"a full mailbox does not mean too many recipients",
	{.letters = LETTERS(&two)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\n"
		   "C: RCPT TO:<b@mx.test>\nS: 552 5.2.2 full\nC: DATA\n"
		   "S: 354 go\n" CONTENT_LINES
		   "C: .\nS: 250 one\nT: a@mx.test relayed 2.0.0 250 one\n"
		   "T: b@mx.test failed 5.2.2 552 5.2.2 full\n" BYE},

    // ---- The connection breaks
    // --------------------------------------------
    {"421 to MAIL", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 421 4.3.2 bye\nclose\n"
		   "T: a@mx.test later 4.3.2 421 4.3.2 bye\nT: ready\n"},
    {"421 to RCPT", {.letters = LETTERS(&three)},
	PIPELINED "C: MAIL FROM:<s@here.test>\nC: RCPT TO:<a@mx.test>\n"
		  "C: RCPT TO:<b@mx.test>\nC: RCPT TO:<c@mx.test>\nC: DATA\n"
		  "S: 250 ok\nS: 550 no\nS: 421 bye\nclose\n"
		  "T: a@mx.test failed 5.0.0 550 no\n"
		  "T: b@mx.test later 4.0.0 421 bye\n"
		  "T: c@mx.test later 4.0.0 421 bye\nT: ready\n"},
    {"421 to the message", {.letters = LETTERS(&plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 421 bye\nclose\n"
	"T: a@mx.test later 4.0.0 421 bye\nT: ready\n"},
    {"a hang-up at MAIL", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nhangup\n"
		   "T: a@mx.test later 4.4.2 closed by the peer while waiting "
		   "for the reply to MAIL\n"
		   "T: ready\n"},
    {"a hang-up at RCPT", {.letters = LETTERS(&two)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 550 no\n"
		   "C: RCPT TO:<b@mx.test>\nhangup\n"
		   "T: a@mx.test failed 5.0.0 550 no\n"
		   "T: b@mx.test later 4.4.2 ... RCPT\nT: ready\n"},
    {"a hang-up at DATA", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nhangup\n"
		   "T: a@mx.test later 4.4.2 ... DATA\nT: ready\n"},
    {"a hang-up at the end", {.letters = LETTERS(&plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nhangup\n"
	"T: a@mx.test later 4.4.2 ... the end of the data\n"
	"T: ready\n"},
    {"no reply to the end in time", {.letters = LETTERS(&plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\ntimeout\n"
	"T: a@mx.test later 4.4.2 timed out while waiting for the reply to the "
	"end of the data\n"
	"T: ready\n"},
    {"a message is given back when an idle connection was gone",
	{.letters = LETTERS(&plain, &plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 250 one\nT: a@mx.test relayed 2.0.0 250 one\n"
	"C: MAIL FROM:<s@here.test>\nS: 421 idle too long\nclose\n"
	"T: back\nT: ready\n"},
    {"nonsense to MAIL", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: ok\nclose\n"
		   "T: a@mx.test later 4.5.0 the reply to MAIL is not SMTP\n"
		   "T: ready\n"},
    {"nonsense to RCPT", {.letters = LETTERS(&plain)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nS: 354 go\nclose\n"
		   "T: a@mx.test later 4.5.0 354 go\nT: ready\n"},
    {"nonsense to the message", {.letters = LETTERS(&plain)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n" CONTENT_LINES
	"C: .\nS: 354 more\nclose\n"
	"T: a@mx.test later 4.5.0 354 more\nT: ready\n"},
    {"the message cannot be read to its end", {.letters = LETTERS(&unreadable)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 250 ok\nC: DATA\nS: 354 go\n"
	"skip\nclose\n"
	"T: a@mx.test later 4.3.0 this server cannot read the message\n"
	"T: ready\n"},

    // ---- Idle, and our own stop --------------------------------------------
    {"a hang-up at the first message after idling",
	{.letters = LETTERS(&plain), .idle_first = true},
	ONE_BY_ONE "wake\nC: MAIL FROM:<s@here.test>\nhangup\n"
		   "T: back\nT: ready\n"},
    {"waiting for a message, and woken", {.wait = true},
	ONE_BY_ONE "wake\ntimeout\nC: QUIT\nT: ready\n"},
    {"421 while idle", {.wait = true},
	ONE_BY_ONE "S: 421 bye\nclose\nT: ready\n"},
    {"a hang-up while idle", {.wait = true}, ONE_BY_ONE "hangup\nT: ready\n"},
    {"this server stops while idle", {.wait = true},
	ONE_BY_ONE "shutdown\nC: QUIT\nT: ready\n"},
    {"this server stops in a message", {.letters = LETTERS(&two)},
	ONE_BY_ONE "C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
		   "C: RCPT TO:<a@mx.test>\nshutdown\nT: back\nT: ready\n"},
    {"this server stops with a recipient refused", {.letters = LETTERS(&two)},
	ONE_BY_ONE
	"C: MAIL FROM:<s@here.test>\nS: 250 ok\n"
	"C: RCPT TO:<a@mx.test>\nS: 550 no\n"
	"C: RCPT TO:<b@mx.test>\nshutdown\n"
	"T: a@mx.test failed 5.0.0 550 no\n"
	"T: b@mx.test later 4.3.2 this server is stopping\nT: ready\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
