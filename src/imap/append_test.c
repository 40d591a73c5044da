// SPDX-License-Identifier: Apache-2.0
// APPEND and REPLACE: what is taken, what is refused, and that the session
// stays in step.
#include "imap/script.h"

#define SELECTED(count, next)                                                  \
	"S: * FLAGS ...\n"                                                     \
	"S: * OK [PERMANENTFLAGS ...\n"                                        \
	"S: * " count " EXISTS\n"                                              \
	"S: * ... RECENT\n"

#define SELECTED_END                                                           \
	"S: * OK [UIDVALIDITY ...] ...\n"                                      \
	"S: * OK [UIDNEXT ...] ...\n"                                          \
	"S: * OK [HIGHESTMODSEQ ...] ...\n"                                    \
	"S: * OK [MAILBOXID (M...)] ...\n"                                     \
	"S: s OK [READ-WRITE] SELECT completed\n"

static const struct script scripts[] = {
    {"the example of RFC 9051 section 6.3.12", SCRIPT_AS_USUAL,
	"C: A003 APPEND INBOX (\\Seen) {326}\n"
	"S: + OK\n"
	"R: Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)\\r\\n"
	"From: Fred Foobar <foobar@Blurdybloop.example>\\r\\n"
	"Subject: afternoon meeting\\r\\n"
	"To: mooch@owatagu.siam.edu.example\\r\\n"
	"Message-Id: <B27397-0100000@Blurdybloop.example>\\r\\n"
	"MIME-Version: 1.0\\r\\n"
	"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\\r\\n"
	"\\r\\n"
	"Hello Joe, do you think we can meet at 3:30 tomorrow?\\r\\n\\r\\n\n"
	"S: A003 OK [APPENDUID ... 1] APPEND completed\n"},
    {"flags, date, a name as a literal, a date of one digit", SCRIPT_AS_USUAL,
	"C: a APPEND {5}\n"
	"S: + OK\n"
	"C: INBOX (\\Seen $Junk key) \" 7-Feb-1994 21:52:25 -0800\" {3+}\n"
	"C: abc\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"C: s SELECT INBOX\n"
	"S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Junk "
	"key)\n"
	"S: * OK [PERMANENTFLAGS ...\n"
	"S: * 1 EXISTS\n"
	"S: * 1 RECENT\n" SELECTED_END
	"C: c FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE)\n"
	"S: * 1 FETCH (FLAGS (\\Seen \\Recent $Junk key) INTERNALDATE "
	"\"07-Feb-1994 21:52:25 -0800\" RFC822.SIZE 3)\n"
	"S: c OK ...\n"},
    {"into the selected mailbox", SCRIPT_AS_USUAL,
	"C: s SELECT INBOX\n" SELECTED("0", "1") SELECTED_END
	"C: b APPEND INBOX {3}\n"
	"S: + OK\n"
	"C: abc\n"
	"S: * 1 EXISTS\n"
	"S: * 1 RECENT\n"
	"S: b OK [APPENDUID ... 1] APPEND completed\n"},
    {"no such mailbox: TRYCREATE before the literal", SCRIPT_AS_USUAL,
	"C: a APPEND nowhere {3}\n"
	"S: a NO [TRYCREATE] No such mailbox\n"
	"C: b APPEND nowhere {3+}\n"
	"S: b NO [TRYCREATE] No such mailbox\n"
	"C: abc\n"
	"C: c NOOP\n"
	"S: c OK NOOP completed\n"},
    {"MULTIAPPEND", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX (\\Seen) {3+}\n"
	"C: abc (\\Draft) \"07-Feb-1994 21:52:25 -0800\" {4}\n"
	"S: + OK\n"
	"C: defg {1+}\n"
	"C: h\n"
	"S: a OK [APPENDUID ... 1:3] APPEND completed\n"
	"C: b STATUS INBOX (MESSAGES UNSEEN SIZE)\n"
	"S: * STATUS INBOX (MESSAGES 3 UNSEEN 2 SIZE 8)\n"
	"S: b OK STATUS completed\n"},
    {"MULTIAPPEND is all or nothing", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX {3+}\n"
	"C: abc {0+}\n"
	"C:  {3+}\n"
	"C: def\n"
	"S: a NO A message cannot be empty\n"
	"C: b APPEND INBOX {3+}\n"
	"C: abc (\\Seen {3+}\n"
	"S: b BAD ...\n"
	"C: def\n"
	"C: c APPEND INBOX {3+}\n"
	"C: abc (\\Seen) x\n"
	"S: c BAD ...\n"
	"C: d STATUS INBOX (MESSAGES UIDNEXT)\n"
	"S: * STATUS INBOX (MESSAGES 0 UIDNEXT 1)\n"
	"S: d OK STATUS completed\n"},
    {"too big a message is refused, before and behind the literal",
	{.rig = {.message_max = 10}},
	"C: a APPEND INBOX {11}\n"
	"S: a NO [TOOBIG] A message may have 10 bytes at most\n"
	"C: b APPEND INBOX {11+}\n"
	"S: b NO [TOOBIG] A message may have 10 bytes at most\n"
	"C: 12345678901\n"
	"C: c APPEND INBOX {10+}\n"
	"C: 1234567890\n"
	"S: c OK [APPENDUID ... 1] APPEND completed\n"
	"C: d STATUS INBOX (APPENDLIMIT)\n"
	"S: * STATUS INBOX (APPENDLIMIT 10)\n"
	"S: d OK STATUS completed\n"},
    {"over quota", {.rig = {.quota_bytes = 10}},
	"C: a APPEND INBOX {9+}\n"
	"C: 123456789\n"
	"S: a OK ...\n"
	"C: b APPEND INBOX {9+}\n"
	"C: 123456789\n"
	"S: b NO [OVERQUOTA] ...\n"},
    {"literal8 and NUL", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX ~{3+}\\r\\na\\x00c\\r\\n\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"},
    {"NUL in a plain literal is kept for BINARY", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX {13+}\\r\\nA: b\\r\\n\\r\\na\\x00c\\r\\n\\r\\n\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"C: s SELECT INBOX\n" SELECTED("1",
	    "2") "S: * OK [UNSEEN 1] ...\n" SELECTED_END
		 "C: b FETCH 1 (RFC822.SIZE BINARY.SIZE[1] BODY.PEEK[1]<0.1> "
		 "BINARY.PEEK[1]<1.1>)\n"
		 "S: * 1 FETCH (RFC822.SIZE 13 BINARY.SIZE[1] 5 BODY[1]<0> {1}"
		 "\n"
		 "S: a BINARY[1]<1> ~{1}\n"
		 "S: ...)\n"
		 "S: b OK ...\n"},
    {"binary parts of a literal8 with NUL become base64", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX ~{53+}\\r\\n"
	"A: b\\r\\nContent-Transfer-Encoding: binary\\r\\nC: d\\r\\n\\r\\n"
	"\\x00\\xff\\r\\n\\r\\n\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"C: s SELECT INBOX\n" SELECTED("1",
	    "2") "S: * OK [UNSEEN 1] ...\n" SELECTED_END
		 "C: b FETCH 1 (BODY.PEEK[HEADER] BODY.PEEK[1] BINARY.SIZE[1] "
		 "RFC822.SIZE)\n"
		 "S: * 1 FETCH (BODY[HEADER] {49}\n"
		 "S: A: b\n"
		 "S: Content-Transfer-Encoding: base64\n"
		 "S: C: d\n"
		 "S: \n"
		 "S:  BODY[1] {10}\n"
		 "S: AP8NCg==\n"
		 "S:  BINARY.SIZE[1] 4 RFC822.SIZE 59)\n"
		 "S: b OK ...\n"},
    {"only of a literal8, and only with NUL", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX ~{40+}\\r\\n"
	"Content-Transfer-Encoding: binary\\r\\n\\r\\na\\r\\n\\r\\n\n"
	"S: a OK ...\n"
	"C: s SELECT INBOX\n" SELECTED(
	    "1", "2") "S: * OK [UNSEEN 1] ...\n" SELECTED_END
		      "C: b FETCH 1 BODY.PEEK[1]\n"
		      "S: * 1 FETCH (BODY[1] {3}\n"
		      "S: a\n"
		      "S: )\n"
		      "S: b OK ...\n"},
    {"binary parts of a long multipart", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX ~{300200+}\\r\\n"
	"Content-Type: multipart/mixed; boundary=x\\r\\n\\r\\n"
	"--x\\r\\n\\r\\ntext\\r\\n"
	"--x\\r\\nContent-Transfer-Encoding: binary\\r\\n\\r\\n\n"
	"N: 300000\n"
	"R: \\x00y\\r\\n--x\\r\\nContent-Transfer-Encoding: binary\\r\\n\\r\\n"
	"\\r\\n--x\\r\\nContent-Transfer-Encoding: Binary\\r\\n\\r\\n"
	"z\\r\\n--x--\\r\\n\\r\\n\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"C: s SELECT INBOX\n" SELECTED(
	    "1", "2") "S: * OK [UNSEEN 1] ...\n" SELECTED_END
		      "C: b FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[2] "
		      "BINARY.PEEK[2]<299998.4> "
		      "BODY.PEEK[2]<0.8> BINARY.SIZE[3] BODY.PEEK[4] "
		      "BINARY.PEEK[4])\n"
		      "S: * 1 FETCH (BINARY[1] {4}\n"
		      "S: text BINARY.SIZE[2] 300002 BINARY[2]<299998> ~{4}\n"
		      "S: ... BODY[2]<0> {8}\n"
		      "S: eHh4eHh4 BINARY.SIZE[3] 0 BODY[4] {4}\n"
		      "S: eg== BINARY[4] {1}\n"
		      "S: z)\n"
		      "S: b OK ...\n"},
    {"UTF8 literals need ENABLE", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX UTF8 (~{3+}\n"
	"S: a BAD UTF8 needs ENABLE UTF8=ACCEPT first\n"
	"C: abc)\n"
	"C: b ENABLE UTF8=ACCEPT\n"
	"S: * ENABLED UTF8=ACCEPT\n"
	"S: b OK ENABLE completed\n"
	"C: c APPEND INBOX UTF8 (~{3}\n"
	"S: + OK\n"
	"C: abc)\n"
	"S: c OK [APPENDUID ... 1] APPEND completed\n"
	"C: d APPEND INBOX (\\Seen) UTF8 (~{3+}\n"
	"C: abc) (\\Seen) {3+}\n"
	"C: def UTF8 (~{3+}\n"
	"C: ghi)\n"
	"S: d OK [APPENDUID ... 2:4] APPEND completed\n"
	"C: e APPEND INBOX UTF8 (~{3+}\n"
	"C: abc\n"
	"S: e BAD ...\n"},
    {"a message that others were told of before it is answered",
	SCRIPT_AS_USUAL,
	"2C: s SELECT INBOX\n"
	"2S: * FLAGS ...\n"
	"2S: * OK [PERMANENTFLAGS ...\n"
	"2S: * 0 EXISTS\n"
	"2S: * 0 RECENT\n"
	"2S: * OK [UIDVALIDITY ...] ...\n"
	"2S: * OK [UIDNEXT ...] ...\n"
	"2S: * OK [HIGHESTMODSEQ ...] ...\n"
	"2S: * OK [MAILBOXID (M...)] ...\n"
	"2S: s OK ...\n"
	"C: a APPEND INBOX {3+}\n"
	"C: abc\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"2C: b NOOP\n"
	"2S: * 1 EXISTS\n"
	"2S: * 1 RECENT\n"
	"2S: b OK NOOP completed\n"},
    {"REPLACE", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX {3+}\n"
	"C: abc {3+}\n"
	"C: def\n"
	"S: a OK [APPENDUID ... 1:2] APPEND completed\n"
	"C: s SELECT INBOX\n" SELECTED(
	    "2", "3") "S: * OK [UNSEEN 1] ...\n" SELECTED_END
		      "C: b REPLACE 1 INBOX (\\Draft) {3}\n"
		      "S: + OK\n"
		      "C: ghi\n"
		      "S: * OK [APPENDUID ... 3] Replacement message ready\n"
		      "S: * 1 EXPUNGE\n"
		      "S: * 2 EXISTS\n"
		      "S: * 2 RECENT\n"
		      "S: b OK REPLACE completed\n"
		      "C: c UID REPLACE 2 Drafts {3+}\n"
		      "C: jkl\n"
		      "S: * OK [APPENDUID ... 1] Replacement message ready\n"
		      "S: * 1 EXPUNGE\n"
		      "S: * 1 RECENT\n"
		      "S: c OK REPLACE completed\n"
		      "C: d REPLACE 2 INBOX {3}\n"
		      "S: d BAD There is no message 2 ...\n"
		      "C: e UID REPLACE 9 INBOX {3+}\n"
		      "C: mno\n"
		      "S: e NO [NONEXISTENT] ...\n"
		      "C: f REPLACE 1 nowhere {3}\n"
		      "S: f NO [TRYCREATE] ...\n"
		      "C: g UID FETCH 1:* FLAGS\n"
		      "S: * 1 FETCH (UID 3 FLAGS (\\Draft \\Recent))\n"
		      "S: g OK ...\n"
		      "C: h REPLACE 1 INBOX {3+}\n"
		      "C: abc {3+}\n"
		      "S: h NO [LIMIT] ...\n"
		      "C: def\n"},
    {"REPLACE of an examined mailbox", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX {3+}\n"
	"C: abc\n"
	"S: a OK ...\n"
	"C: s EXAMINE INBOX\n" SELECTED(
	    "1", "2") "S: * OK [UNSEEN 1] ...\n"
		      "S: * OK [UIDVALIDITY ...] ...\n"
		      "S: * OK [UIDNEXT ...] ...\n"
		      "S: * OK [HIGHESTMODSEQ ...] ...\n"
		      "S: * OK [MAILBOXID (M...)] ...\n"
		      "S: s OK [READ-ONLY] EXAMINE completed\n"
		      "C: b REPLACE 1 INBOX {3}\n"
		      "S: b NO [READ-ONLY] ...\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
