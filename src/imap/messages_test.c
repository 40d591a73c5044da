// SPDX-License-Identifier: Apache-2.0
// Dialogues about the messages of a mailbox, of several sessions, from the
// first byte to the last: what the commands do in pieces is in view_test.c and
// fetch_test.c.
#include "imap/script.h"

static const struct script scripts[] = {
    {"a mailbox deleted by another session ends a rev1 connection",
	SCRIPT_AS_USUAL,
	"C: a SELECT Trash\n"
	"S: * FLAGS (...)\nS: * OK [PERMANENTFLAGS ...\n"
	"S: * 0 EXISTS\nS: * 0 RECENT\nS: * OK [UIDVALIDITY ...\n"
	"S: * OK [UIDNEXT ...\nS: * OK [HIGHESTMODSEQ ...\n"
	"S: * OK [MAILBOXID ...\n"
	"S: a OK [READ-WRITE] SELECT completed\n"
	"2C: a DELETE Trash\n"
	"2S: a OK DELETE completed\n"
	"C: b NOOP\n"
	"S: * BYE The selected mailbox has been deleted\n"
	"S: b OK NOOP completed\n"
	"close\n"},
    {"a mailbox deleted by another session is closed in rev2", SCRIPT_AS_USUAL,
	"C: e ENABLE IMAP4rev2\n"
	"S: * ENABLED IMAP4rev2\nS: e OK ENABLE completed\n"
	"C: a SELECT Trash\n"
	"S: * FLAGS (...)\nS: * OK [PERMANENTFLAGS ...\n"
	"S: * 0 EXISTS\nS: * OK [UIDVALIDITY ...\n"
	"S: * OK [UIDNEXT ...\nS: * OK [HIGHESTMODSEQ ...\n"
	"S: * OK [MAILBOXID ...\nS: * LIST ...\n"
	"S: a OK [READ-WRITE] SELECT completed\n"
	"2C: a DELETE Trash\n"
	"2S: a OK DELETE completed\n"
	"C: b NOOP\n"
	"S: * OK [CLOSED] The mailbox has been deleted\n"
	"S: b OK NOOP completed\n"
	"C: c FETCH 1 UID\n"
	"S: c BAD FETCH needs a selected mailbox: SELECT one\n"},
    {"a mailbox deleted by its own session is closed", SCRIPT_AS_USUAL,
	"C: a SELECT Trash\n"
	"S: * FLAGS (...)\nS: * OK [PERMANENTFLAGS ...\n"
	"S: * 0 EXISTS\nS: * 0 RECENT\nS: * OK [UIDVALIDITY ...\n"
	"S: * OK [UIDNEXT ...\nS: * OK [HIGHESTMODSEQ ...\n"
	"S: * OK [MAILBOXID ...\n"
	"S: a OK [READ-WRITE] SELECT completed\n"
	"C: b DELETE Trash\n"
	"S: * OK [CLOSED] The mailbox has been deleted\n"
	"S: b OK DELETE completed\n"
	"C: c NOOP\n"
	"S: c OK NOOP completed\n"},
    {"two sessions, flags and expunges, IDLE", SCRIPT_AS_USUAL,
	"R: a APPEND INBOX {15+}\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n"
	"S: a OK [APPENDUID ... 1] ...\n"
	"R: a APPEND INBOX {15+}\\r\\nSubject: b\\r\\n\\r\\nb\\r\\n\n"
	"S: a OK [APPENDUID ... 2] ...\n"
	"C: b SELECT INBOX\n"
	"S: * FLAGS (...)\nS: * OK [PERMANENTFLAGS ...\n"
	"S: * 2 EXISTS\nS: * 2 RECENT\nS: * OK [UNSEEN 1] ...\n"
	"S: * OK [UIDVALIDITY ...\n"
	"S: * OK [UIDNEXT 3...\nS: * OK [HIGHESTMODSEQ ...\n"
	"S: * OK [MAILBOXID ...\n"
	"S: b OK [READ-WRITE] SELECT completed\n"
	"2C: e ENABLE QRESYNC IMAP4rev2\n"
	"2S: * ENABLED QRESYNC IMAP4rev2\n2S: e OK ENABLE completed\n"
	"2C: b SELECT INBOX\n"
	"2S: * FLAGS (...)\n2S: * OK [PERMANENTFLAGS ...\n"
	"2S: * 2 EXISTS\n2S: * OK [UIDVALIDITY ...\n"
	"2S: * OK [UIDNEXT 3...\n2S: * OK [HIGHESTMODSEQ ...\n"
	"2S: * OK [MAILBOXID ...\n2S: * LIST ...\n"
	"2S: b OK [READ-WRITE] SELECT completed\n"
	"2C: i IDLE\n"
	"2S: + idling\n"
	"C: c STORE 1:2 +FLAGS (\\Deleted)\n"
	"S: * 1 FETCH (FLAGS (\\Deleted \\Recent))\n"
	"S: * 2 FETCH (FLAGS (\\Deleted \\Recent))\n"
	"S: c OK Store completed\n"
	"2S: * 1 FETCH (UID 1 MODSEQ (...) FLAGS (\\Deleted))\n"
	"2S: * 2 FETCH (UID 2 MODSEQ (...) FLAGS (\\Deleted))\n"
	"C: d UID EXPUNGE 1\n"
	"S: * 1 EXPUNGE\n"
	"S: d OK Expunge completed\n"
	"2S: * VANISHED 1\n"
	"2S: * OK [HIGHESTMODSEQ ...] ...\n"
	"R: f APPEND INBOX {15+}\\r\\nSubject: c\\r\\n\\r\\nb\\r\\n\n"
	"S: * 2 EXISTS\nS: * ... RECENT\n"
	"S: f OK [APPENDUID ... 3] ...\n"
	"2S: * 2 EXISTS\n"
	"2C: DONE\n"
	"2S: i OK IDLE completed\n"
	// All in one packet.
	"2R: j UID FETCH 1:* FLAGS\\r\\nk FETCH 1 "
	"BODY[TEXT]\\r\\nl EXPUNGE\\r\\n\n"
	"2S: * 1 FETCH (UID 2 FLAGS (\\Deleted))\n"
	"2S: * 2 FETCH (UID 3 FLAGS ())\n"
	"2S: j OK Fetch completed\n"
	"2S: * 1 FETCH (UID 2 MODSEQ (...) FLAGS (\\Deleted \\Seen) BODY[TEXT] "
	"{1}\n"
	"2S: b)\n"
	"2S: k OK Fetch completed\n"
	"2S: * VANISHED 2\n"
	"2S: l OK [HIGHESTMODSEQ ...] Expunge completed\n"
	"C: m COPY 1:2 Sent\n"
	"S: * 1 EXPUNGE\n"
	"S: m OK [COPYUID ... 3 1] Copy completed\n"},
    {"QRESYNC on SELECT", SCRIPT_AS_USUAL,
	"C: e ENABLE QRESYNC IMAP4rev2\n"
	"S: * ENABLED QRESYNC IMAP4rev2\nS: e OK ENABLE completed\n"
	"R: a APPEND INBOX {15+}\\r\\nSubject: a\\r\\n\\r\\nb\\r\\n\n"
	"S: a OK [APPENDUID ... 1] ...\n"
	"R: a APPEND INBOX {15+}\\r\\nSubject: b\\r\\n\\r\\nb\\r\\n\n"
	"S: a OK [APPENDUID ... 2] ...\n"
	"C: b SELECT INBOX (QRESYNC (1 1 1:9))\n"
	"S: * FLAGS (...)\nS: * OK [PERMANENTFLAGS ...\n"
	"S: * 2 EXISTS\nS: * OK [UIDVALIDITY ...\n"
	"S: * OK [UIDNEXT 3...\nS: * OK [HIGHESTMODSEQ ...\n"
	"S: * OK [MAILBOXID ...\nS: * LIST ...\n"
	"S: b OK [READ-WRITE] SELECT completed\n"
	"C: c SELECT INBOX (QRESYNC (1 1 1:9 (1,2 1)))\n"
	"S: c BAD ...\n"},
};

int main(void)
{
	return script_main(scripts, ARRAY_LEN(scripts));
}
