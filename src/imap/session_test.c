// SPDX-License-Identifier: Apache-2.0
// Dialogues: what a session says to what, in whole lines and byte by byte.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/script.h"

static const struct {
	const char *name;
	struct script_options options;
	const char *script;
} dialogues[] = {
    {"greeting and capabilities before login",
	{.log_in = true, .rig = {.tls_available = true}},
	"S: * OK [CAPABILITY IMAP4rev2 IMAP4rev1 STARTTLS SASL-IR LITERAL- "
	"...AUTH=...] Roost ready.\n"
	"C: a CAPABILITY\n"
	"S: * CAPABILITY IMAP4rev2 IMAP4rev1 STARTTLS SASL-IR LITERAL- ...\n"
	"S: a OK CAPABILITY completed\n"},
    {"without TLS no password is taken",
	{.log_in = true, .rig = {.tls_available = true, .no_plain = true}},
	"S: * OK [CAPABILITY ...STARTTLS LOGINDISABLED ...] Roost ready.\n"
	"C: a LOGIN demo \"demo pass\"\n"
	"S: a NO [PRIVACYREQUIRED] ...\n"
	"C: b AUTHENTICATE PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: b NO [PRIVACYREQUIRED] ...\n"},
    {"LOGIN", {.log_in = true},
	"S: * OK ...\n"
	"C: a LOGIN demo wrong\n"
	"S: a NO [AUTHENTICATIONFAILED] Authentication failed\n"
	"C: b LOGIN {4}\n"
	"S: + OK\n"
	"C: demo {9+}\n"
	"C: demo pass\n"
	"S: b OK [CAPABILITY IMAP4rev2 ...LITERAL+ ...] Logged in\n"
	"C: c LOGIN demo \"demo pass\"\n"
	"S: c BAD LOGIN is not possible after login\n"
	"C: d LOGOUT\n"
	"S: * BYE Logging out\n"
	"S: d OK LOGOUT completed\n"
	"close\n"},
    {"AUTHENTICATE PLAIN with and without an initial response",
	{.log_in = true},
	"S: * OK ...\n"
	"C: a AUTHENTICATE PLAIN\n"
	"S: + \n"
	"C: *\n"
	"S: a BAD AUTHENTICATE was cancelled\n"
	"C: b AUTHENTICATE PLAIN\n"
	"S: + \n"
	"C: AGRlbW8AZGVtbyBwYXNz\n"
	"S: b OK [CAPABILITY ...] Logged in\n"
	"C: c UNAUTHENTICATE\n"
	"S: c OK UNAUTHENTICATE completed\n"
	"C: d AUTHENTICATE PLAIN AGRlbW8AZGVtbyBwYXNz\n"
	"S: d OK [CAPABILITY ...] Logged in\n"},
    {"STARTTLS throws away what came before the handshake",
	{.log_in = true, .rig = {.tls_available = true, .no_plain = true}},
	"S: * OK ...\n"
	"R: a STARTTLS\\r\\nb NOOP\\r\\n\n"
	"S: a OK Begin TLS negotiation now\n"
	"C: c CAPABILITY\n"
	"S: * CAPABILITY IMAP4rev2 IMAP4rev1 SASL-IR ...\n"
	"S: c OK CAPABILITY completed\n"
	"C: d STARTTLS\n"
	"S: d BAD TLS is active already\n"
	"C: e LOGIN demo \"demo pass\"\n"
	"S: e OK [CAPABILITY ...] Logged in\n"},
    {"ID, NOOP, NAMESPACE, ENABLE", {0},
	"C: a ID (\"name\" \"test\" \"version\" NIL)\n"
	"S: * ID (\"name\" \"Roost\" \"version\" \"0.1\")\n"
	"S: a OK ID completed\n"
	"C: b ID NIL\n"
	"S: * ID (\"name\" \"Roost\" \"version\" \"0.1\")\n"
	"S: b OK ID completed\n"
	"C: c NOOP\n"
	"S: c OK NOOP completed\n"
	"C: d NAMESPACE\n"
	"S: * NAMESPACE ((\"\" \"/\")) NIL NIL\n"
	"S: d OK NAMESPACE completed\n"
	"C: e ENABLE X-GOOD-IDEA CONDSTORE\n"
	"S: * ENABLED CONDSTORE\n"
	"S: e OK ENABLE completed\n"
	"C: f ENABLE CONDSTORE qresync imap4REV2\n"
	"S: * ENABLED QRESYNC IMAP4rev2\n"
	"S: f OK ENABLE completed\n"},
    {"SELECT in rev1", {0},
	"C: a SELECT inbox\n"
	"S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\n"
	"S: * OK [PERMANENTFLAGS (...\\*)] ...\n"
	"S: * 0 EXISTS\n"
	"S: * 0 RECENT\n"
	"S: * OK [UIDVALIDITY ...] ...\n"
	"S: * OK [UIDNEXT 1] ...\n"
	"S: * OK [HIGHESTMODSEQ ...] ...\n"
	"S: * OK [MAILBOXID (M...)] ...\n"
	"S: a OK [READ-WRITE] SELECT completed\n"
	"C: b EXAMINE Drafts\n"
	"S: * OK [CLOSED] ...\n"
	"S: * FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)\n"
	"S: * OK [PERMANENTFLAGS ()] ...\n"
	"S: * 0 EXISTS\n"
	"S: * 0 RECENT\n"
	"S: * OK [UIDVALIDITY ...] ...\n"
	"S: * OK [UIDNEXT 1] ...\n"
	"S: * OK [HIGHESTMODSEQ ...] ...\n"
	"S: * OK [MAILBOXID (M...)] ...\n"
	"S: b OK [READ-ONLY] EXAMINE completed\n"
	"C: c SELECT nowhere\n"
	"S: * OK [CLOSED] ...\n"
	"S: c NO [NONEXISTENT] ...\n"
	"C: d CHECK\n"
	"S: d BAD CHECK needs a selected mailbox: SELECT one\n"},
    {"SELECT in rev2", {0},
	"C: a ENABLE IMAP4rev2\n"
	"S: * ENABLED IMAP4rev2\n"
	"S: a OK ENABLE completed\n"
	"C: b SELECT Sent\n"
	"S: * FLAGS (...)\n"
	"S: * OK [PERMANENTFLAGS (...\\*)] ...\n"
	"S: * 0 EXISTS\n"
	"S: * OK [UIDVALIDITY ...] ...\n"
	"S: * OK [UIDNEXT 1] ...\n"
	"S: * OK [HIGHESTMODSEQ ...] ...\n"
	"S: * OK [MAILBOXID (M...)] ...\n"
	"S: * LIST (\\Subscribed \\HasNoChildren \\Sent) \"/\" Sent\n"
	"S: b OK [READ-WRITE] SELECT completed\n"
	"C: c UNSELECT\n"
	"S: c OK UNSELECT completed\n"
	"C: d UNSELECT\n"
	"S: d BAD UNSELECT needs a selected mailbox: SELECT one\n"},
    {"CREATE, RENAME, DELETE", {0},
	"C: a CREATE foo/bar/\n"
	"S: a OK [MAILBOXID (M...)] CREATE completed\n"
	"C: b CREATE foo/bar\n"
	"S: b NO [ALREADYEXISTS] ...\n"
	"C: c CREATE x//y\n"
	"S: c NO [CANNOT] ...\n"
	"C: d CREATE My (USE (\\Drafts \\Sent))\n"
	"S: d OK [MAILBOXID (M...)] CREATE completed\n"
	"C: e CREATE All (USE (\\All))\n"
	"S: e NO [USEATTR] ...\n"
	"C: f LIST \"\" My\n"
	"S: * LIST (\\HasNoChildren \\Drafts \\Sent) \"/\" My\n"
	"S: f OK LIST completed\n"
	"C: g DELETE foo\n"
	"S: g OK DELETE completed\n"
	"C: h LIST \"\" foo*\n"
	"S: * LIST (\\Noselect \\HasChildren) \"/\" foo\n"
	"S: * LIST (\\HasNoChildren) \"/\" foo/bar\n"
	"S: h OK LIST completed\n"
	"C: i LIST \"\" (foo) RETURN (CHILDREN)\n"
	"S: * LIST (\\NonExistent \\HasChildren) \"/\" foo\n"
	"S: i OK LIST completed\n"
	"C: j RENAME foo/bar baz/rag\n"
	"S: j OK RENAME completed\n"
	"C: k DELETE foo\n"
	"S: k NO [NONEXISTENT] ...\n"
	"C: l DELETE INBOX\n"
	"S: l NO [CANNOT] ...\n"
	"C: m RENAME nowhere there\n"
	"S: m NO [NONEXISTENT] ...\n"
	"C: n RENAME My baz\n"
	"S: n NO [ALREADYEXISTS] ...\n"
	"C: o LIST \"\" %\n"
	"S: * LIST (\\HasNoChildren \\Archive) \"/\" Archive\n"
	"S: * LIST (\\HasNoChildren \\Drafts) \"/\" Drafts\n"
	"S: * LIST (\\HasNoChildren) \"/\" INBOX\n"
	"S: * LIST (\\HasNoChildren \\Junk) \"/\" Junk\n"
	"S: * LIST (\\HasNoChildren \\Drafts \\Sent) \"/\" My\n"
	"S: * LIST (\\HasNoChildren \\Sent) \"/\" Sent\n"
	"S: * LIST (\\HasNoChildren \\Trash) \"/\" Trash\n"
	"S: * LIST (\\HasChildren) \"/\" baz\n"
	"S: o OK LIST completed\n"},
    {"RENAME tells the old name in rev2", {0},
	"C: a ENABLE IMAP4rev2\n"
	"S: * ENABLED IMAP4rev2\n"
	"S: a OK ENABLE completed\n"
	"C: b CREATE OldMailbox\n"
	"S: b OK ...\n"
	"C: c RENAME OldMailbox NewMailbox\n"
	"S: * LIST () \"/\" NewMailbox (\"OLDNAME\" (OldMailbox))\n"
	"S: c OK RENAME completed\n"},
    {"names beyond ASCII", {0},
	"C: a CREATE Entw&APw-rfe\n"
	"S: a OK ...\n"
	"C: b CREATE Entw&APw-\n"
	"S: b OK ...\n"
	"C: c CREATE Entw&APw\n"
	"S: c NO [CANNOT] ...\n"
	"C: d LIST \"\" Entw*\n"
	"S: * LIST (\\HasNoChildren) \"/\" Entw&APw-\n"
	"S: * LIST (\\HasNoChildren) \"/\" Entw&APw-rfe\n"
	"S: d OK LIST completed\n"
	"C: e ENABLE UTF8=ACCEPT\n"
	"S: * ENABLED UTF8=ACCEPT\n"
	"S: e OK ENABLE completed\n"
	"C: f LIST \"\" \"Entwü*\"\n"
	"S: * LIST (\\HasNoChildren) \"/\" \"Entwü\"\n"
	"S: * LIST (\\HasNoChildren) \"/\" \"Entwürfe\"\n"
	"S: f OK LIST completed\n"
	"C: g DELETE \"Entwü\"\n"
	"S: g OK DELETE completed\n"},
    {"STATUS", {0},
	"C: a APPEND INBOX (\\Seen) {5+}\n"
	"C: abcde\n"
	"S: a OK [APPENDUID ... 1] APPEND completed\n"
	"C: b APPEND INBOX (\\Deleted) {7+}\n"
	"C: abcdefg\n"
	"S: b OK [APPENDUID ... 2] APPEND completed\n"
	"C: c STATUS INBOX (MESSAGES UIDNEXT UNSEEN DELETED SIZE)\n"
	"S: * STATUS INBOX (MESSAGES 2 UIDNEXT 3 UNSEEN 1 DELETED 1 SIZE 12)\n"
	"S: c OK STATUS completed\n"
	"C: d STATUS INBOX (RECENT UIDVALIDITY HIGHESTMODSEQ MAILBOXID "
	"APPENDLIMIT)\n"
	"S: * STATUS INBOX (RECENT 2 UIDVALIDITY ... HIGHESTMODSEQ ... "
	"MAILBOXID (M...) APPENDLIMIT 104857600)\n"
	"S: d OK STATUS completed\n"
	"C: e STATUS nowhere (MESSAGES)\n"
	"S: e NO [NONEXISTENT] ...\n"},
    {"IDLE is told what others do, at once", {0},
	"C: a SELECT INBOX\n"
	"S: * FLAGS ...\n"
	"S: * OK [PERMANENTFLAGS ...\n"
	"S: * 0 EXISTS\n"
	"S: * 0 RECENT\n"
	"S: * OK [UIDVALIDITY ...] ...\n"
	"S: * OK [UIDNEXT 1] ...\n"
	"S: * OK [HIGHESTMODSEQ ...] ...\n"
	"S: * OK [MAILBOXID (M...)] ...\n"
	"S: a OK [READ-WRITE] SELECT completed\n"
	"C: b IDLE\n"
	"S: + idling\n"
	"2C: x APPEND INBOX {3+}\n"
	"2C: abc\n"
	"2S: x OK [APPENDUID ... 1] APPEND completed\n"
	"S: * 1 EXISTS\n"
	"S: * 1 RECENT\n"
	"C: done\n"
	"S: b OK IDLE completed\n"
	"2C: y APPEND INBOX {3+}\n"
	"2C: abc\n"
	"2S: y OK [APPENDUID ... 2] APPEND completed\n"
	"C: c IDLE\n"
	"S: + idling\n"
	"S: * 2 EXISTS\n"
	"S: * 2 RECENT\n"
	"C: a NOOP\n"
	"S: c BAD expected DONE to end IDLE\n"
	"C: d NOOP\n"
	"S: d OK NOOP completed\n"},
    {"IDLE without a mailbox", {0},
	"C: a IDLE\n"
	"S: + idling\n"
	"C: DONE\n"
	"S: a OK IDLE completed\n"},
    {"a logout amid pipelined commands", {0},
	"R: a NOOP\\r\\nb LOGOUT\\r\\nc NOOP\\r\\n\n"
	"S: a OK NOOP completed\n"
	"S: * BYE Logging out\n"
	"S: b OK LOGOUT completed\n"
	"close\n"},
    {"COMPRESS once", {0},
	"C: a COMPRESS DEFLATE\n"
	"S: a OK DEFLATE active\n"
	"C: b COMPRESS DEFLATE\n"
	"S: b NO [COMPRESSIONACTIVE] ...\n"
	"C: c COMPRESS LZMA\n"
	"S: c NO [CANNOT] ...\n"
	"C: d UNAUTHENTICATE\n"
	"S: * BYE ...\n"
	"S: d OK UNAUTHENTICATE completed\n"
	"close\n"},
    {"enabling ends with the login", {0},
	"C: a ENABLE QRESYNC\n"
	"S: * ENABLED QRESYNC\n"
	"S: a OK ENABLE completed\n"
	"C: b UNAUTHENTICATE\n"
	"S: b OK UNAUTHENTICATE completed\n"
	"C: c NAMESPACE\n"
	"S: c BAD NAMESPACE needs a login first\n"
	"C: d LOGIN demo \"demo pass\"\n"
	"S: d OK ...\n"
	"C: e SELECT INBOX (QRESYNC (1 1))\n"
	"S: e BAD QRESYNC needs ENABLE QRESYNC first\n"},
};

static void test_dialogues(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dialogues); i++)
		script_run(dialogues[i].name, &dialogues[i].options,
		    dialogues[i].script);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dialogues),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
