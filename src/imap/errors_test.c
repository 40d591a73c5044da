// SPDX-License-Identifier: Apache-2.0
// What malformed and impossible commands are answered, each with a sentence
// that says what was expected and where, and that the session goes on after it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "imap/script.h"

enum begin {
	STRANGER,  // before login
	LOGGED_IN, // after it
	UTF8,      // with UTF8=ACCEPT enabled
	QRESYNC,   // with QRESYNC enabled
	SELECTED,  // INBOX, with one message
	EXAMINED,  // the same, read-only
};

static const struct {
	enum begin begin;
	const char *say;    // with C escapes; CRLF is added
	const char *answer; // the lines that are heard, "\n" between them
} errors[] = {
    {LOGGED_IN, "", "* BAD Expected a tag at column 1, where the command ends"},
    {LOGGED_IN, " ", "* BAD Expected a tag at column 1, found \" \""},
    {LOGGED_IN, "a",
	"a BAD Expected a space at column 2, where the command ends"},
    {LOGGED_IN, "a ",
	"a BAD Expected a command at column 3, where the command ends"},
    {LOGGED_IN, "+a NOOP", "* BAD Expected a tag at column 1, found \"+a\""},
    {LOGGED_IN, "a+b NOOP", "a BAD Expected a space at column 2, found \"+b\""},
    {LOGGED_IN, "(a) NOOP", "* BAD Expected a tag at column 1, found \"(a)\""},
    {LOGGED_IN, "* NOOP", "* BAD Expected a tag at column 1, found \"*\""},
    {LOGGED_IN, "\"a\" NOOP",
	"* BAD Expected a tag at column 1, found \"\"a\"\""},
    {LOGGED_IN, "a XYZZY", "a BAD Unknown command"},
    {LOGGED_IN, "a NOOP x",
	"a BAD Expected the end of the command at column 7, found \" x\""},
    {LOGGED_IN, "a NO-OP", "a BAD Unknown command"},
    {LOGGED_IN, "a \"NOOP\"",
	"a BAD Expected a command at column 3, found \"\"NOOP\"\""},
    {LOGGED_IN, "a UID",
	"a BAD Expected a space at column 6, where the command ends"},
    {LOGGED_IN, "a UID ",
	"a BAD Expected a command behind UID at column 7, where the command "
	"ends"},
    {LOGGED_IN, "a UID NOOP", "a BAD Unknown command behind UID"},
    {LOGGED_IN, "a UID UID FETCH 1 UID", "a BAD Unknown command behind UID"},
    {LOGGED_IN, "a UID SELECT INBOX", "a BAD Unknown command behind UID"},
    {LOGGED_IN, "a CAPABILITY all",
	"a BAD Expected the end of the command at column 13, found \" all\""},
    {LOGGED_IN, "a LOGOUT now",
	"a BAD Expected the end of the command at column 9, found \" now\""},
    {LOGGED_IN, "a ID",
	"a BAD Expected a space at column 5, where the command ends"},
    {LOGGED_IN, "a ID ()x",
	"a BAD Expected the end of the command at column 8, found \"x\""},
    {LOGGED_IN, "a ID name",
	"a BAD Expected \"(\" at column 6, found \"name\""},
    {LOGGED_IN, "a ID (\"name\")",
	"a BAD Expected a space at column 13, found \")\""},
    {LOGGED_IN, "a ID (\"name\" \"x\" \"version\")",
	"a BAD Expected a space at column 27, found \")\""},
    {LOGGED_IN, "a ID (\"name\" \"x\"",
	"a BAD Expected \")\" at column 17, where the command ends"},
    {LOGGED_IN, "a ID (name x)",
	"a BAD Expected a string at column 7, found \"name\""},
    {LOGGED_IN, "a ID (\"0123456789012345678901234567890\" \"x\")",
	"a BAD A field of ID is longer than 30 bytes at column 40"},
    {LOGGED_IN, "a ENABLE",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a ENABLE ",
	"a BAD Expected a capability at column 10, where the command ends"},
    {LOGGED_IN, "a ENABLE \"X\"",
	"a BAD Expected a capability at column 10, found \"\"X\"\""},
    {LOGGED_IN, "a ENABLE (CONDSTORE)",
	"a BAD Expected a capability at column 10, found \"(CONDSTORE)\""},
    {LOGGED_IN, "a LOGIN demo demo", "a BAD LOGIN is not possible after login"},
    {LOGGED_IN, "a AUTHENTICATE PLAIN",
	"a BAD AUTHENTICATE is not possible after login"},
    {LOGGED_IN, "a STARTTLS", "a BAD STARTTLS is not possible after login"},
    {LOGGED_IN, "a SELECT",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a SELECT ",
	"a BAD Expected a mailbox name at column 10, where the command ends"},
    {LOGGED_IN, "a SELECT INBOX x",
	"a BAD Expected \"(\" at column 16, found \"x\""},
    {LOGGED_IN, "a SELECT (INBOX)",
	"a BAD Expected a mailbox name at column 10, found \"(INBOX)\""},
    {LOGGED_IN, "a SELECT \"INBOX",
	"a BAD Expected the closing quote of the string at column 16, where "
	"the command ends"},
    {LOGGED_IN, "a SELECT INBOX\"",
	"a BAD Expected the end of the command at column 15, found \"\"\""},
    {LOGGED_IN, "a SELECT *",
	"a BAD Expected a mailbox name at column 10, found \"*\""},
    {LOGGED_IN, "a SELECT a*b",
	"a BAD Expected the end of the command at column 11, found \"*b\""},
    {LOGGED_IN, "a SELECT a%b",
	"a BAD Expected the end of the command at column 11, found \"%b\""},
    {LOGGED_IN, "a SELECT {5",
	"a BAD Expected a literal at column 10, found \"{5\""},
    {LOGGED_IN, "a SELECT {x}",
	"a BAD Expected a literal at column 10, found \"{x}\""},
    {LOGGED_IN, "a SELECT \"a\\\\b\"",
	"a BAD Expected a quote or a backslash after the backslash at column "
	"13, found \"b\"\""},
    {LOGGED_IN, "a SELECT &",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a SELECT &AAA",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a SELECT &AGE-",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a SELECT \"f\\xc3\\xbcr\"",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a SELECT f\\xc3\\xbcr",
	"a BAD Expected the end of the command at column 11, found \"??r\""},
    {LOGGED_IN, "a SELECT nowhere",
	"a NO [NONEXISTENT] There is no mailbox of that name"},
    {LOGGED_IN, "a SELECT \"\"",
	"a NO [NONEXISTENT] There is no mailbox of that name"},
    {LOGGED_IN, "a SELECT INBOX (CONDSTORE",
	"a BAD Expected \")\" at column 26, where the command ends"},
    {LOGGED_IN, "a SELECT INBOX (CONDSTORE) x",
	"a BAD Expected the end of the command at column 27, found \" x\""},
    {LOGGED_IN, "a SELECT INBOX (FOO)",
	"a BAD Expected CONDSTORE or QRESYNC at column 17, found \"FOO)\""},
    {LOGGED_IN, "a SELECT INBOX (CONDSTORE CONDSTORE x)",
	"a BAD Expected CONDSTORE or QRESYNC at column 37, found \"x)\""},
    {LOGGED_IN, "a SELECT INBOX (QRESYNC (1 1))",
	"a BAD QRESYNC needs ENABLE QRESYNC first"},
    {QRESYNC, "a SELECT INBOX (QRESYNC)",
	"a BAD Expected a space at column 24, found \")\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC 1 1)",
	"a BAD Expected \"(\" at column 25, found \"1\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC ())",
	"a BAD Expected a number at column 26, found \"))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1))",
	"a BAD Expected a space at column 27, found \"))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 *))",
	"a BAD Expected a set without \"*\" and \"$\" at column 31, found "
	"\"))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 $))",
	"a BAD Expected a set without \"*\" and \"$\" at column 31, found "
	"\"))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 1:3 (1 2)) x)",
	"a BAD Expected CONDSTORE or QRESYNC at column 41, found \"x)\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 1:3 (1:2 5)))",
	"a BAD Expected as many UIDs as sequence numbers at column 40, found "
	"\")))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 1:3 (2,1 5,6)))",
	"a BAD Expected an ascending set at column 38, found \" 5,6)))\""},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 1 1:3 (1 5)",
	"a BAD Expected \")\" at column 39, where the command ends"},
    {QRESYNC, "a SELECT INBOX (QRESYNC (1 9223372036854775808))",
	"a BAD Expected a mod-sequence, which is at most 9223372036854775807, "
	"at column 28"},
    {LOGGED_IN, "a EXAMINE",
	"a BAD Expected a space at column 10, where the command ends"},
    {LOGGED_IN, "a EXAMINE nowhere",
	"a NO [NONEXISTENT] There is no mailbox of that name"},
    {LOGGED_IN, "a CREATE",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a CREATE \"\"", "a NO [CANNOT] A mailbox needs a name"},
    {LOGGED_IN, "a CREATE INBOX",
	"a NO [ALREADYEXISTS] There is a mailbox of that name already"},
    {LOGGED_IN, "a CREATE inbox",
	"a NO [ALREADYEXISTS] There is a mailbox of that name already"},
    {LOGGED_IN, "a CREATE /",
	"a NO [CANNOT] The mailbox name ends in the separator \"/\""},
    {LOGGED_IN, "a CREATE /x",
	"a NO [CANNOT] The mailbox name has an empty level"},
    {LOGGED_IN, "a CREATE x//y",
	"a NO [CANNOT] The mailbox name has an empty level"},
    {LOGGED_IN, "a CREATE Drafts",
	"a NO [ALREADYEXISTS] There is a mailbox of that name already"},
    {LOGGED_IN, "a CREATE x y",
	"a BAD Expected \"(\" at column 12, found \"y\""},
    {LOGGED_IN, "a CREATE x (USE)",
	"a BAD Expected a space at column 16, found \")\""},
    {LOGGED_IN, "a CREATE x (USE (Sent))",
	"a BAD Expected \"\\\" at column 18, found \"Sent))\""},
    {LOGGED_IN, "a CREATE x (USE (\\\\Sent)",
	"a BAD Expected \")\" at column 24, where the command ends"},
    {LOGGED_IN, "a CREATE x (USE (\\\\Sent))x",
	"a BAD Expected the end of the command at column 25, found \"x\""},
    {LOGGED_IN, "a CREATE x (FOO (\\\\Sent))",
	"a BAD Expected USE at column 13, found \"FOO\""},
    {LOGGED_IN, "a CREATE x (USE (\\\\All))",
	"a NO [USEATTR] A mailbox cannot have that special use here"},
    {LOGGED_IN, "a CREATE x (USE (\\\\Nonsense))",
	"a NO [USEATTR] A mailbox cannot have that special use here"},
    {LOGGED_IN, "a CREATE \"x\\x01y\"",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a CREATE &AAE-",
	"a NO [CANNOT] The mailbox name contains a control character"},
    {UTF8, "a CREATE \"x\\xffy\"",
	"a BAD The string is not valid UTF-8 at column 10"},
    {UTF8, "a CREATE \"x\\xc2\\x85y\"",
	"a NO [CANNOT] The mailbox name contains a control character"},
    {LOGGED_IN, "a DELETE",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a DELETE nowhere",
	"a NO [NONEXISTENT] There is no mailbox of that name"},
    {LOGGED_IN, "a DELETE INBOX", "a NO [CANNOT] INBOX cannot be deleted"},
    {LOGGED_IN, "a DELETE a b",
	"a BAD Expected the end of the command at column 11, found \" b\""},
    {LOGGED_IN, "a RENAME",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a RENAME x",
	"a BAD Expected a space at column 11, where the command ends"},
    {LOGGED_IN, "a RENAME nowhere x",
	"a NO [NONEXISTENT] There is no mailbox of that name"},
    {LOGGED_IN, "a RENAME Drafts Sent",
	"a NO [ALREADYEXISTS] There is a mailbox of that name already"},
    {LOGGED_IN, "a RENAME Drafts INBOX",
	"a NO [ALREADYEXISTS] There is a mailbox of that name already"},
    {LOGGED_IN, "a RENAME Drafts Drafts/x",
	"a NO [CANNOT] A mailbox cannot be moved below itself"},
    {LOGGED_IN, "a RENAME Drafts \"\"", "a NO [CANNOT] A mailbox needs a name"},
    {LOGGED_IN, "a RENAME Drafts x y",
	"a BAD Expected the end of the command at column 18, found \" y\""},
    {LOGGED_IN, "a RENAME Drafts //",
	"a NO [CANNOT] The mailbox name ends in the separator \"/\""},
    {LOGGED_IN, "a SUBSCRIBE",
	"a BAD Expected a space at column 12, where the command ends"},
    {LOGGED_IN, "a SUBSCRIBE a b",
	"a BAD Expected the end of the command at column 14, found \" b\""},
    {LOGGED_IN, "a SUBSCRIBE \"\"", "a NO [CANNOT] A mailbox needs a name"},
    {LOGGED_IN, "a SUBSCRIBE nowhere", "a NO [NONEXISTENT] No such mailbox"},
    {LOGGED_IN, "a UNSUBSCRIBE",
	"a BAD Expected a space at column 14, where the command ends"},
    {LOGGED_IN, "a LIST",
	"a BAD Expected a space at column 7, where the command ends"},
    {LOGGED_IN, "a LIST \"\"",
	"a BAD Expected a space at column 10, where the command ends"},
    {LOGGED_IN, "a LIST \"\" ",
	"a BAD Expected a mailbox name pattern at column 11, where the command "
	"ends"},
    {LOGGED_IN, "a LIST \"\" * x",
	"a BAD Expected RETURN at column 13, found \"x\""},
    {LOGGED_IN, "a LIST \"\" * RETURN",
	"a BAD Expected a space at column 19, where the command ends"},
    {LOGGED_IN, "a LIST \"\" * RETURN x",
	"a BAD Expected \"(\" at column 20, found \"x\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (x)",
	"a BAD Expected a LIST return option at column 21, found \"x)\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (CHILDREN",
	"a BAD Expected \")\" at column 29, where the command ends"},
    {LOGGED_IN, "a LIST \"\" * RETURN (CHILDREN,SUBSCRIBED)",
	"a BAD Expected a LIST return option at column 21, found "
	"\"CHILDREN,SUBSCRIBED)\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (STATUS)",
	"a BAD Expected a space at column 27, found \")\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (STATUS ())",
	"a BAD Expected a STATUS item at column 29, found \"))\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (STATUS (FOO))",
	"a BAD Expected a STATUS item at column 29, found \"FOO))\""},
    {LOGGED_IN, "a LIST \"\" * RETURN (STATUS MESSAGES)",
	"a BAD Expected \"(\" at column 28, found \"MESSAGES)\""},
    {LOGGED_IN, "a LIST (FOO) \"\" *",
	"a BAD Expected a LIST selection option at column 9, found \"FOO)\""},
    {LOGGED_IN, "a LIST (SUBSCRIBED \"\" *",
	"a BAD Expected a LIST selection option at column 20, found \"\"\"\""},
    {LOGGED_IN, "a LIST (RECURSIVEMATCH) \"\" *",
	"a BAD RECURSIVEMATCH needs another selection option at column 23"},
    {LOGGED_IN, "a LIST (RECURSIVEMATCH REMOTE) \"\" *",
	"a BAD RECURSIVEMATCH needs another selection option at column 30"},
    {LOGGED_IN, "a LIST (SUBSCRIBED)\"\" *",
	"a BAD Expected a space at column 20, found \"\"\"\""},
    {LOGGED_IN, "a LIST \"\" ()",
	"a BAD Expected a mailbox name pattern at column 12, found \")\""},
    {LOGGED_IN, "a LIST \"\" (a",
	"a BAD Expected \")\" at column 13, where the command ends"},
    {LOGGED_IN, "a LIST \"\" (a b) x",
	"a BAD Expected RETURN at column 17, found \"x\""},
    {LOGGED_IN, "a LIST &x *",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"8"},
    {LOGGED_IN, "a LSUB",
	"a BAD Expected a space at column 7, where the command ends"},
    {LOGGED_IN, "a LSUB \"\"",
	"a BAD Expected a space at column 10, where the command ends"},
    {LOGGED_IN, "a LSUB \"\" * x",
	"a BAD Expected the end of the command at column 12, found \" x\""},
    {LOGGED_IN, "a LSUB (SUBSCRIBED) \"\" *",
	"a BAD Expected a mailbox name at column 8, found \"(SUBSCRIBED)\""},
    {LOGGED_IN, "a NAMESPACE x",
	"a BAD Expected the end of the command at column 12, found \" x\""},
    {LOGGED_IN, "a STATUS",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a STATUS INBOX",
	"a BAD Expected a space at column 15, where the command ends"},
    {LOGGED_IN, "a STATUS INBOX MESSAGES",
	"a BAD Expected \"(\" at column 16, found \"MESSAGES\""},
    {LOGGED_IN, "a STATUS INBOX ()",
	"a BAD Expected a STATUS item at column 17, found \")\""},
    {LOGGED_IN, "a STATUS INBOX (FOO)",
	"a BAD Expected a STATUS item at column 17, found \"FOO)\""},
    {LOGGED_IN, "a STATUS INBOX (MESSAGES",
	"a BAD Expected \")\" at column 25, where the command ends"},
    {LOGGED_IN, "a STATUS INBOX (MESSAGES UNSEEN) x",
	"a BAD Expected the end of the command at column 33, found \" x\""},
    {LOGGED_IN, "a STATUS INBOX (MESSAGES, UNSEEN)",
	"a BAD Expected a STATUS item at column 17, found \"MESSAGES,\""},
    {LOGGED_IN, "a STATUS nowhere (MESSAGES)",
	"a NO [NONEXISTENT] No such mailbox"},
    {LOGGED_IN, "a STATUS (MESSAGES)",
	"a BAD Expected a mailbox name at column 10, found \"(MESSAGES)\""},
    {LOGGED_IN, "a APPEND",
	"a BAD Expected a space at column 9, where the command ends"},
    {LOGGED_IN, "a APPEND INBOX",
	"a BAD Expected a space at column 15, where the command ends"},
    {LOGGED_IN, "a APPEND INBOX ",
	"a BAD Expected a message as a literal at column 16, where the command "
	"ends"},
    {LOGGED_IN, "a APPEND INBOX hello",
	"a BAD Expected a message as a literal at column 16, found \"hello\""},
    {LOGGED_IN, "a APPEND INBOX \"hello\"",
	"a BAD Expected a space at column 23, where the command ends"},
    {LOGGED_IN, "a APPEND INBOX (\\\\Seen)",
	"a BAD Expected a space at column 23, where the command ends"},
    {LOGGED_IN, "a APPEND INBOX (\\\\Seen {3}",
	"a BAD Expected \")\" at column 22, found \" \""},
    {LOGGED_IN, "a APPEND INBOX \\\\Seen {3}",
	"a BAD Expected a message as a literal at column 16, found \"\\Seen\""},
    {LOGGED_IN, "a APPEND INBOX (\\\\Seen) 7-Feb-1994 {3}",
	"a BAD Expected a message as a literal at column 24, found "
	"\"7-Feb-1994\""},
    {LOGGED_IN, "a APPEND INBOX \"07-Feb-1994 21:52:25 -0800\" (\\\\Seen) {3}",
	"a BAD Expected a message as a literal at column 45, found "
	"\"(\\Seen)\""},
    {LOGGED_IN, "a APPEND INBOX x {3}",
	"a BAD Expected a message as a literal at column 16, found \"x\""},
    {LOGGED_IN, "a APPEND nowhere {3}", "a NO [TRYCREATE] No such mailbox"},
    {LOGGED_IN, "a APPEND INBOX {1001}",
	"a NO [TOOBIG] A message may have 1000 bytes at most"},
    {LOGGED_IN, "a APPEND INBOX {99999999999999999999}",
	"a NO [TOOBIG] A message may have 1000 bytes at most"},
    {LOGGED_IN, "a APPEND INBOX {0+}\\r\\n", "a NO A message cannot be empty"},
    {LOGGED_IN, "a APPEND INBOX {3+}\\r\\nabcx",
	"a BAD Expected the end of the command at column 1, found \"x\""},
    {LOGGED_IN, "a APPEND INBOX {3+}\\r\\nabc x",
	"a BAD Expected the end of the command at column 1, found \" x\""},
    {LOGGED_IN, "a APPEND INBOX {3+}\\r\\nabc (\\\\Seen)",
	"a BAD Expected the end of the command at column 1, found \" "
	"(\\Seen)\""},
    {LOGGED_IN, "a APPEND INBOX UTF8 (~{3}",
	"a BAD UTF8 needs ENABLE UTF8=ACCEPT first"},
    {LOGGED_IN, "a APPEND INBOX UTF8 {3}",
	"a BAD Expected a message as a literal at column 16, found \"UTF8\""},
    {LOGGED_IN, "a APPEND INBOX CATENATE (TEXT {3}",
	"a BAD Expected a message as a literal at column 16, found "
	"\"CATENATE\""},
    {UTF8, "a APPEND INBOX UTF8 (~{3+}\\r\\nabc",
	"a BAD Expected \")\" at column 1, where the command ends"},
    {LOGGED_IN, "a APPEND &x {3}",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"10"},
    {LOGGED_IN, "a CHECK", "a BAD CHECK needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a CLOSE", "a BAD CLOSE needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a UNSELECT",
	"a BAD UNSELECT needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a EXPUNGE",
	"a BAD EXPUNGE needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a FETCH 1 FLAGS",
	"a BAD FETCH needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a UID FETCH 1 FLAGS",
	"a BAD FETCH needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a STORE 1 +FLAGS (x)",
	"a BAD STORE needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a COPY 1 INBOX",
	"a BAD COPY needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a MOVE 1 INBOX",
	"a BAD MOVE needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a SEARCH ALL",
	"a BAD SEARCH needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a SORT (DATE) UTF-8 ALL",
	"a BAD SORT needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a THREAD REFERENCES UTF-8 ALL",
	"a BAD THREAD needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a REPLACE 1 INBOX {3}",
	"a BAD REPLACE needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a IDLE x",
	"a BAD Expected the end of the command at column 7, found \" x\""},
    {LOGGED_IN, "a COMPRESS",
	"a BAD Expected a space at column 11, where the command ends"},
    {LOGGED_IN, "a COMPRESS LZMA", "a NO [CANNOT] Only DEFLATE is known"},
    {LOGGED_IN, "a COMPRESS DEFLATE x",
	"a BAD Expected the end of the command at column 19, found \" x\""},
    {LOGGED_IN, "a UNAUTHENTICATE x",
	"a BAD Expected the end of the command at column 17, found \" x\""},
    {LOGGED_IN, "a IDLE\\r\\nSTOP",
	"+ idling\na BAD Expected DONE to end IDLE"},
    {LOGGED_IN, "a IDLE\\r\\nb NOOP",
	"+ idling\na BAD Expected DONE to end IDLE"},
    {LOGGED_IN, "a NO\\x00OP",
	"a BAD NUL byte in the command line at column 5"},
    {LOGGED_IN, "a SELECT \"\\x00\"",
	"a BAD NUL byte in the command line at column 11"},
    {LOGGED_IN, "a SELECT {1+}\\r\\n\\x00",
	"a BAD The literal holds a NUL byte at column 10"},
    {LOGGED_IN, "a GETQUOTA x", "a BAD Unknown command"},
    {LOGGED_IN, "a SETACL INBOX x lr", "a BAD Unknown command"},
    {LOGGED_IN, "a PROXY x", "a BAD Unknown command"},
    {SELECTED, "a CHECK x",
	"a BAD Expected the end of the command at column 8, found \" x\""},
    {SELECTED, "a CLOSE x",
	"a BAD Expected the end of the command at column 8, found \" x\""},
    {SELECTED, "a UNSELECT x",
	"a BAD Expected the end of the command at column 11, found \" x\""},
    {SELECTED, "a EXPUNGE x",
	"a BAD Expected the end of the command at column 10, found \" x\""},
    {SELECTED, "a UID EXPUNGE",
	"a BAD Expected a space at column 14, where the command ends"},
    {SELECTED, "a UID EXPUNGE x",
	"a BAD Expected a sequence set at column 15, found \"x\""},
    {SELECTED, "a UID EXPUNGE 0",
	"a BAD Expected a sequence set at column 15, found \"0\""},
    {SELECTED, "a FETCH",
	"a BAD Expected a space at column 8, where the command ends"},
    {SELECTED, "a FETCH ",
	"a BAD Expected a sequence set at column 9, where the command ends"},
    {SELECTED, "a FETCH 1",
	"a BAD Expected a space at column 10, where the command ends"},
    {SELECTED, "a FETCH 1 ",
	"a BAD Expected FETCH items, as one word or in parentheses at column "
	"11, where the command ends"},
    {SELECTED, "a FETCH x FLAGS",
	"a BAD Expected a sequence set at column 9, found \"x\""},
    {SELECTED, "a FETCH 0 FLAGS",
	"a BAD Expected a sequence set at column 9, found \"0\""},
    {SELECTED, "a FETCH 1: FLAGS",
	"a BAD Expected a number from 1 to 4294967295, or \"*\" at column 11, "
	"found \" FLAGS\""},
    {SELECTED, "a FETCH :1 FLAGS",
	"a BAD Expected a sequence set at column 9, found \":1\""},
    {SELECTED, "a FETCH 1,,2 FLAGS",
	"a BAD Expected a number from 1 to 4294967295, or \"*\" at column 11, "
	"found \",2\""},
    {SELECTED, "a FETCH 1, FLAGS",
	"a BAD Expected a number from 1 to 4294967295, or \"*\" at column 11, "
	"found \" FLAGS\""},
    {SELECTED, "a FETCH 2 FLAGS",
	"a BAD Message 2 does not exist, the mailbox has 1"},
    {SELECTED, "a FETCH 1:5 FLAGS",
	"a BAD Message 5 does not exist, the mailbox has 1"},
    {SELECTED, "a FETCH -1 FLAGS",
	"a BAD Expected a sequence set at column 9, found \"-1\""},
    {SELECTED, "a FETCH 4294967296 FLAGS",
	"a BAD Expected a sequence set at column 9, found \"4294967296\""},
    {SELECTED, "a FETCH 1 FOO",
	"a BAD Expected FETCH items, as one word or in parentheses at column "
	"11, found \"FOO\""},
    {SELECTED, "a FETCH 1 (FLAGS",
	"a BAD Expected \")\" at column 17, where the command ends"},
    {SELECTED, "a FETCH 1 FLAGS)",
	"a BAD Expected the end of the command at column 16, found \")\""},
    {SELECTED, "a FETCH 1 ()",
	"a BAD Expected a FETCH item such as FLAGS or BODY[] at column 12, "
	"found \")\""},
    {SELECTED, "a FETCH 1 (FLAGS, UID)",
	"a BAD Expected a FETCH item such as FLAGS or BODY[] at column 12, "
	"found \"FLAGS,\""},
    {SELECTED, "a FETCH 1 (ALL)",
	"a BAD Expected a FETCH item such as FLAGS or BODY[] at column 12, "
	"found \"ALL)\""},
    {SELECTED, "a FETCH 1 FLAGS UID",
	"a BAD Expected the end of the command, or modifiers in parentheses, "
	"at column 17, found \"UID\""},
    {SELECTED, "a FETCH 1 BODY[",
	"a BAD Expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 16, where the command ends"},
    {SELECTED, "a FETCH 1 BODY[FOO]",
	"a BAD Expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 16, found \"FOO]\""},
    {SELECTED, "a FETCH 1 BODY[0]",
	"a BAD Expected a number above zero at column 16, found \"0]\""},
    {SELECTED, "a FETCH 1 BODY[1.]",
	"a BAD Expected a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT, TEXT or MIME at column 18, found \"]\""},
    {SELECTED, "a FETCH 1 BODY[MIME]",
	"a BAD Expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 16, found \"MIME]\""},
    {SELECTED, "a FETCH 1 BODY[1.2.MIME.3]",
	"a BAD Expected a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT, TEXT or MIME at column 20, found \"MIME.3]\""},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS]",
	"a BAD Expected a space at column 29, found \"]\""},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS ()]",
	"a BAD Expected a header field's name at column 31, found \")]\""},
    {SELECTED, "a FETCH 1 BODY[HEADER.FIELDS (A]",
	"a BAD Expected \")\" at column 33, where the command ends"},
    {SELECTED, "a FETCH 1 BODY[]<",
	"a BAD Expected a number at column 18, where the command ends"},
    {SELECTED, "a FETCH 1 BODY[]<0>",
	"a BAD Expected \".\" at column 19, found \">\""},
    {SELECTED, "a FETCH 1 BODY[]<x.1>",
	"a BAD Expected a number at column 18, found \"x.1>\""},
    {SELECTED, "a FETCH 1 BINARY[HEADER]",
	"a BAD Expected a part number or \"]\" at column 18, found "
	"\"HEADER]\""},
    {SELECTED, "a FETCH 1 BINARY.SIZE[]<0.1>",
	"a BAD Expected the end of the command at column 24, found \"<0.1>\""},
    {SELECTED, "a FETCH 1 PREVIEW (EAGER)",
	"a BAD Expected CHANGEDSINCE or VANISHED at column 20, found "
	"\"EAGER)\""},
    {SELECTED, "a FETCH 1 FLAGS (CHANGEDSINCE)",
	"a BAD Expected a space at column 30, found \")\""},
    {SELECTED, "a FETCH 1 FLAGS (CHANGEDSINCE x)",
	"a BAD Expected a mod-sequence at column 31, found \"x)\""},
    {SELECTED, "a FETCH 1 FLAGS (FOO 1)",
	"a BAD Expected CHANGEDSINCE or VANISHED at column 18, found \"FOO\""},
    {SELECTED, "a FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
	"a BAD VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC"},
    {SELECTED, "a UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)",
	"a BAD VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC"},
    {SELECTED, "a UID FETCH 1 FLAGS (VANISHED)",
	"a BAD VANISHED needs UID FETCH, CHANGEDSINCE and ENABLE QRESYNC"},
    {SELECTED, "a UID FETCH $x FLAGS",
	"a BAD Expected the end of the sequence set, or \",\" at column 14, "
	"found \"x\""},
    {SELECTED, "a STORE",
	"a BAD Expected a space at column 8, where the command ends"},
    {SELECTED, "a STORE 1",
	"a BAD Expected a space at column 10, where the command ends"},
    {SELECTED, "a STORE 1 FLAGS",
	"a BAD Expected a space at column 16, where the command ends"},
    {SELECTED, "a STORE 1 FOO (\\\\Seen)",
	"a BAD Expected FLAGS or FLAGS.SILENT at column 11, found \"FOO\""},
    {SELECTED, "a STORE 1 FLAGS (\\\\Seen",
	"a BAD Expected \")\" at column 23, where the command ends"},
    {SELECTED, "a STORE 1 +FLAGS.LOUD (\\\\Seen)",
	"a BAD Expected FLAGS or FLAGS.SILENT at column 12, found "
	"\"FLAGS.LOUD\""},
    {SELECTED, "a STORE 1 *FLAGS (\\\\Seen)",
	"a BAD Expected FLAGS or FLAGS.SILENT at column 11, found \"*FLAGS\""},
    {SELECTED, "a STORE 2 FLAGS (\\\\Seen)",
	"a BAD Message 2 does not exist, the mailbox has 1"},
    {SELECTED, "a STORE 1 FLAGS (a b) c",
	"a BAD Expected the end of the command at column 22, found \" c\""},
    {SELECTED, "a STORE 1 (UNCHANGEDSINCE) FLAGS (x)",
	"a BAD Expected a space at column 26, found \")\""},
    {SELECTED, "a STORE 1 (UNCHANGEDSINCE x) FLAGS (x)",
	"a BAD Expected a mod-sequence at column 27, found \"x)\""},
    {SELECTED, "a STORE 1 (FOO 1) FLAGS (x)",
	"a BAD Expected UNCHANGEDSINCE at column 12, found \"FOO\""},
    {SELECTED, "a STORE 1 FLAGS (\"x\")",
	"a BAD Expected a flag at column 18, found \"\"x\")\""},
    {EXAMINED, "a STORE 1 FLAGS (x)",
	"a NO [READ-ONLY] The mailbox is selected read-only"},
    {EXAMINED, "a EXPUNGE",
	"a NO [READ-ONLY] The mailbox is selected read-only"},
    {EXAMINED, "a MOVE 1 Drafts",
	"a NO [READ-ONLY] The mailbox is selected read-only"},
    {SELECTED, "a COPY",
	"a BAD Expected a space at column 7, where the command ends"},
    {SELECTED, "a COPY 1",
	"a BAD Expected a space at column 9, where the command ends"},
    {SELECTED, "a COPY 1 nowhere", "a NO [TRYCREATE] No such mailbox: nowhere"},
    {SELECTED, "a COPY 2 INBOX",
	"a BAD Message 2 does not exist, the mailbox has 1"},
    {SELECTED, "a COPY 1 INBOX x",
	"a BAD Expected the end of the command at column 15, found \" x\""},
    {SELECTED, "a COPY INBOX 1",
	"a BAD Expected a sequence set at column 8, found \"INBOX\""},
    {SELECTED, "a MOVE 1",
	"a BAD Expected a space at column 9, where the command ends"},
    {SELECTED, "a MOVE 1 nowhere", "a NO [TRYCREATE] No such mailbox: nowhere"},
    {SELECTED, "a UID COPY x INBOX",
	"a BAD Expected a sequence set at column 12, found \"x\""},
    {SELECTED, "a UID MOVE 1 &x",
	"a NO [CANNOT] The mailbox name is not valid modified UTF-7 at column "
	"14"},
    {SELECTED, "a REPLACE",
	"a BAD Expected a space at column 10, where the command ends"},
    {SELECTED, "a REPLACE 1",
	"a BAD Expected a space at column 12, where the command ends"},
    {SELECTED, "a REPLACE 1 INBOX",
	"a BAD Expected a space at column 18, where the command ends"},
    {SELECTED, "a REPLACE 0 INBOX {3}",
	"a BAD Expected a number above zero at column 11, found \"0\""},
    {SELECTED, "a REPLACE 1:2 INBOX {3}",
	"a BAD Expected a space at column 12, found \":2\""},
    {SELECTED, "a REPLACE * INBOX {3}",
	"a BAD Expected a number above zero at column 11, found \"*\""},
    {SELECTED, "a REPLACE 2 INBOX {3}",
	"a BAD There is no message 2 at column 12"},
    {SELECTED, "a REPLACE 1 nowhere {3}", "a NO [TRYCREATE] No such mailbox"},
    {SELECTED, "a UID REPLACE 1 INBOX hello",
	"a BAD Expected a message as a literal at column 23, found \"hello\""},
    {SELECTED, "a ENABLE",
	"a BAD Expected a space at column 9, where the command ends"},
    {STRANGER, "a",
	"a BAD Expected a space at column 2, where the command ends"},
    {STRANGER, "a NOOP x",
	"a BAD Expected the end of the command at column 7, found \" x\""},
    {STRANGER, "a LOGIN",
	"a BAD Expected a space at column 8, where the command ends"},
    {STRANGER, "a LOGIN demo",
	"a BAD Expected a space at column 13, where the command ends"},
    {STRANGER, "a LOGIN demo ",
	"a BAD Expected a password at column 14, where the command ends"},
    {STRANGER, "a LOGIN demo demo x",
	"a BAD Expected the end of the command at column 18"},
    {STRANGER, "a LOGIN (demo) demo", "a BAD Expected a user name at column 9"},
    {STRANGER, "a LOGIN demo \"demo",
	"a BAD Expected the closing quote of the string at column 19, where "
	"the command ends"},
    {STRANGER, "a LOGIN demo \"d\\\\emo\"",
	"a BAD Expected a quote or a backslash after the backslash at column "
	"17"},
    {STRANGER, "a LOGIN \"d\\xc3\\xa9mo\" demo",
	"a NO [AUTHENTICATIONFAILED] Authentication failed"},
    {STRANGER, "a LOGIN demo demo",
	"a NO [AUTHENTICATIONFAILED] Authentication failed"},
    {STRANGER, "a LOGIN nobody demo",
	"a NO [AUTHENTICATIONFAILED] Authentication failed"},
    {STRANGER, "a LOGIN demo {3", "a BAD Expected a literal at column 14"},
    {STRANGER, "a AUTHENTICATE",
	"a BAD Expected a space at column 15, where the command ends"},
    {STRANGER, "a AUTHENTICATE ",
	"a BAD Expected a SASL mechanism at column 16, where the command ends"},
    {STRANGER, "a AUTHENTICATE FOO", "a NO [CANNOT] No such SASL mechanism"},
    {STRANGER, "a AUTHENTICATE PLAIN x y",
	"a BAD Expected the end of the command at column 23"},
    {STRANGER,
	"a AUTHENTICATE PLAIN ===", "a BAD Expected a response in base64"},
    {STRANGER,
	"a AUTHENTICATE PLAIN =", "a BAD Not a response of this mechanism"},
    {STRANGER, "a AUTHENTICATE PLAIN AGRlbW8A",
	"a BAD Not a response of this mechanism"},
    {STRANGER, "a AUTHENTICATE PLAIN AGRlbW8AZGVtbw==",
	"a NO [AUTHENTICATIONFAILED] Authentication failed"},
    {STRANGER, "a AUTHENTICATE PLAIN b3RoZXIAZGVtbwBkZW1vIHBhc3M=",
	"a NO [AUTHORIZATIONFAILED] Authentication failed"},
    {STRANGER, "a AUTHENTICATE PLAIN\\r\\n*",
	"+ \na BAD AUTHENTICATE was cancelled"},
    {STRANGER, "a AUTHENTICATE PLAIN\\r\\nnonsense!",
	"+ \na BAD Expected a response in base64"},
    {STRANGER, "a AUTHENTICATE SCRAM-SHA-256 biwsbj1kZW1v",
	"a BAD Not a response of this mechanism"},
    {STRANGER, "a AUTHENTICATE SCRAM-SHA-256 eHh4",
	"a BAD Not a response of this mechanism"},
    {STRANGER, "a STARTTLS", "a BAD TLS is not available here"},
    {STRANGER, "a STARTTLS x",
	"a BAD Expected the end of the command at column 11, found \" x\""},
    {STRANGER, "a SELECT INBOX", "a BAD SELECT needs a login first"},
    {STRANGER, "a LIST \"\" *", "a BAD LIST needs a login first"},
    {STRANGER, "a APPEND INBOX {3}", "a BAD APPEND needs a login first"},
    {STRANGER, "a APPEND INBOX {3+}\\r\\nabc",
	"a BAD APPEND needs a login first"},
    {STRANGER, "a IDLE", "a BAD IDLE needs a login first"},
    {STRANGER, "a ENABLE CONDSTORE", "a BAD ENABLE needs a login first"},
    {STRANGER, "a COMPRESS DEFLATE", "a BAD COMPRESS needs a login first"},
    {STRANGER, "a UNAUTHENTICATE", "a BAD UNAUTHENTICATE needs a login first"},
    {STRANGER, "a FETCH 1 ALL", "a BAD FETCH needs a login first"},
    {STRANGER, "a UID FETCH 1 ALL", "a BAD FETCH needs a login first"},
    {STRANGER, "a LOGIN {5000+}",
	"* BYE [TOOBIG] A non-synchronizing literal of 5000 bytes is over the "
	"limit of "
	"4096"},
    {STRANGER, "a LOGIN {9000}",
	"* BYE [TOOBIG] A literal of 9000 bytes is over the limit of 8192 "
	"bytes for the literals of one command"},
    {STRANGER, "a FOO {3+}\\r\\nabc", "a BAD Unknown command"},
    {SELECTED, "a SEARCH",
	"a BAD Expected a space at column 9, where the command ends"},
    {SELECTED, "a SEARCH ",
	"a BAD Expected a search key at column 10, where the command ends"},
    {SELECTED, "a SEARCH FOO",
	"a BAD Expected a search key at column 10, found \"FOO\""},
    {SELECTED, "a SEARCH (ALL",
	"a BAD Expected \")\" at column 14, where the command ends"},
    {SELECTED, "a SEARCH ALL)",
	"a BAD Expected the end of the command at column 13, found \")\""},
    {SELECTED, "a SEARCH NOT",
	"a BAD Expected a space at column 13, where the command ends"},
    {SELECTED, "a SEARCH OR ALL",
	"a BAD Expected a space at column 16, where the command ends"},
    {SELECTED, "a SEARCH SUBJECT",
	"a BAD Expected a space at column 17, where the command ends"},
    {SELECTED, "a SEARCH SUBJECT \"x",
	"a BAD Expected the closing quote of the string at column 20, where "
	"the command ends"},
    {SELECTED, "a SEARCH HEADER x",
	"a BAD Expected a space at column 18, where the command ends"},
    {SELECTED, "a SEARCH SINCE 1-Foo-1994",
	"a BAD Expected a date such as 1-Feb-1994 at column 16, found "
	"\"1-Foo-1994\""},
    {SELECTED, "a SEARCH SINCE \"1994-02-01\"",
	"a BAD Expected a date such as 1-Feb-1994 at column 16, found "
	"\"\"1994-02-01\"\""},
    {SELECTED, "a SEARCH LARGER x",
	"a BAD Expected a number at column 17, found \"x\""},
    {SELECTED, "a SEARCH LARGER -1",
	"a BAD Expected a number at column 17, found \"-1\""},
    {SELECTED, "a SEARCH UID",
	"a BAD Expected a space at column 13, where the command ends"},
    {SELECTED, "a SEARCH UID x",
	"a BAD Expected a set of UIDs at column 14, found \"x\""},
    {SELECTED, "a SEARCH 0",
	"a BAD Expected a sequence set at column 10, found \"0\""},
    {SELECTED, "a SEARCH KEYWORD \\\\Seen",
	"a BAD Expected a keyword at column 18, found \"\\Seen\""},
    {SELECTED, "a SEARCH YOUNGER 0",
	"a BAD Expected a number above zero at column 18, found \"0\""},
    {SELECTED, "a SEARCH MODSEQ x",
	"a BAD Expected a mod-sequence at column 17, found \"x\""},
    {SELECTED, "a SEARCH CHARSET",
	"a BAD Expected a space at column 17, where the command ends"},
    {SELECTED, "a SEARCH CHARSET FOO ALL",
	"a NO [BADCHARSET (UTF-8 ...)] The charset is not known"},
    {SELECTED, "a SEARCH CHARSET x-nonsense SUBJECT x",
	"a NO [BADCHARSET (UTF-8 ...)] The charset is not known"},
    {SELECTED, "a SEARCH RETURN",
	"a BAD Expected a space at column 16, where the command ends"},
    {SELECTED, "a SEARCH RETURN (FOO) ALL",
	"a BAD Expected MIN, MAX, ALL, COUNT or SAVE at column 18, found "
	"\"FOO)\""},
    {SELECTED, "a SEARCH RETURN (MIN",
	"a BAD Expected \")\" at column 21, where the command ends"},
    {SELECTED, "a SEARCH RETURN MIN ALL",
	"a BAD Expected \"(\" at column 17, found \"MIN\""},
    {SELECTED, "a UID SEARCH UID",
	"a BAD Expected a space at column 17, where the command ends"},
    {SELECTED, "a SORT",
	"a BAD Expected a space at column 7, where the command ends"},
    {SELECTED, "a SORT DATE UTF-8 ALL",
	"a BAD Expected sort criteria in parentheses at column 8, found "
	"\"DATE\""},
    {SELECTED, "a SORT () UTF-8 ALL",
	"a BAD Expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, "
	"DISPLAYTO, FROM, SIZE, SUBJECT or TO at column 9, found \")\""},
    {SELECTED, "a SORT (FOO) UTF-8 ALL",
	"a BAD Expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, "
	"DISPLAYTO, FROM, SIZE, SUBJECT or TO at column 9, found \"FOO)\""},
    {SELECTED, "a SORT (REVERSE) UTF-8 ALL",
	"a BAD Expected a space at column 16, found \")\""},
    {SELECTED, "a SORT (DATE) ALL",
	"a BAD Expected a space at column 18, where the command ends"},
    {SELECTED, "a SORT (DATE) FOO ALL",
	"a NO [BADCHARSET (UTF-8 ...)] The charset is not known"},
    {SELECTED, "a SORT (DATE)",
	"a BAD Expected a space at column 14, where the command ends"},
    {SELECTED, "a THREAD",
	"a BAD Expected a space at column 9, where the command ends"},
    {SELECTED, "a THREAD FOO UTF-8 ALL",
	"a BAD Expected a threading algorithm: ORDEREDSUBJECT or REFERENCES at "
	"column 10, found \"FOO\""},
    {SELECTED, "a THREAD REFERENCES",
	"a BAD Expected a space at column 20, where the command ends"},
    {SELECTED, "a THREAD REFERENCES FOO ALL",
	"a NO [BADCHARSET (UTF-8 ...)] The charset is not known"},
    {SELECTED, "a THREAD REFERENCES UTF-8",
	"a BAD Expected a space at column 26, where the command ends"},
    {SELECTED, "a FETCH 1 BODY[1.2.3.4.5.]",
	"a BAD Expected a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT, TEXT or MIME at column 26, found \"]\""},
    {SELECTED, "a FETCH 1,2,x FLAGS",
	"a BAD Expected a number from 1 to 4294967295, or \"*\" at column 13, "
	"found \"x\""},
    {SELECTED, "a FETCH $ BODY[",
	"a BAD Expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 16, where the command ends"},
    {LOGGED_IN, "a SEARCH RETURN (SAVE) ALL",
	"a BAD SEARCH needs a selected mailbox: SELECT one"},
    {LOGGED_IN, "a SELECT \"INBOX\" (CONDSTORE",
	"a BAD Expected \")\" at column 28, where the command ends"},
};

_Static_assert(ARRAY_LEN(errors) >= 200, "a table of at least 200");

static void put_says(struct buf *text, const char *lines)
{
	struct view rest = view_of_string(lines), line;
	while (view_split(&rest, '\n', &line)) {
		buf_add_literal(text, "S: ");
		buf_add(text, line);
		buf_add_char(text, '\n');
	}
}

static void put_begin(struct buf *text, enum begin begin)
{
	switch (begin) {
	case STRANGER: buf_add_literal(text, "S: * OK ...\n"); return;
	case LOGGED_IN: return;
	case UTF8:
		buf_add_literal(text, "C: s ENABLE UTF8=ACCEPT\n"
				      "S: * ENABLED UTF8=ACCEPT\n"
				      "S: s OK ...\n");
		return;
	case QRESYNC:
		buf_add_literal(text, "C: s ENABLE QRESYNC\n"
				      "S: * ENABLED QRESYNC\n"
				      "S: s OK ...\n");
		return;
	case SELECTED:
	case EXAMINED:
		buf_add_literal(text, "C: s APPEND INBOX {3+}\nC: abc\n"
				      "S: s OK ...\n");
		buf_printf(text, "C: s %s INBOX\n",
		    begin == SELECTED ? "SELECT" : "EXAMINE");
		buf_add_literal(text,
		    "S: * FLAGS ...\nS: * OK [PERMANENTFLAGS ...\n"
		    "S: * 1 EXISTS\nS: * 1 RECENT\nS: * OK [UNSEEN ...\n"
		    "S: * OK [UIDVALIDITY ...\nS: * OK [UIDNEXT ...\n"
		    "S: * OK [HIGHESTMODSEQ ...\nS: * OK [MAILBOXID ...\n"
		    "S: s OK ...\n");
		return;
	}
}

static void test_error_is_answered(void **state)
{
	(void)state;
	struct rig_users users;
	rig_users_init(&users);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct buf text;
		buf_init(&text, 1 << 20);
		put_begin(&text, errors[i].begin);
		buf_printf(&text, "R: %s\\r\\n\n", errors[i].say);
		put_says(&text, errors[i].answer);
		// The session goes on, unless it said good-bye.
		if (strncmp(errors[i].answer, "* BYE", 5) == 0)
			buf_add_literal(&text, "close\n");
		else
			buf_add_literal(
			    &text, "C: z NOOP\nS: z OK NOOP completed\n");
		buf_add_char(&text, '\0');
		struct script script = {
		    .name = errors[i].say,
		    .options = {.log_in = errors[i].begin == STRANGER,
			.rig = {.users = &users, .message_max = 1000}},
		    .text = text.ptr,
		};
		script_run(&script);
		buf_done(&text);
	}
	rig_users_done(&users);
}

static const struct script scripts[] = {
    {"three bad commands before login are enough", {.log_in = true},
	"S: * OK ...\n"
	"C: a FOO\n"
	"S: a BAD ...\n"
	"C: b FOO\n"
	"S: b BAD ...\n"
	"C: c FOO\n"
	"S: c BAD ...\n"
	"S: * BYE 3 commands in a row were bad\n"
	"close\n"},
    {"HTTP hangs up", {.log_in = true},
	"S: * OK ...\n"
	"C: POST / HTTP/1.1\n"
	"S: * BYE This is not HTTP\n"
	"close\n"},
    {"HTTP hangs up with any method and target", {.log_in = true},
	"S: * OK ...\n"
	"C: <b>x</b> * HTTP/2.0\n"
	"S: * BYE This is not HTTP\n"
	"close\n"},
    {"a password may look like HTTP", {.log_in = true},
	"S: * OK ...\n"
	"C: GET LOGIN nobody HTTP/1.1\n"
	"S: GET NO ...\n"},
    {"a good one in between makes up for it", {.log_in = true},
	"S: * OK ...\n"
	"C: a FOO\n"
	"S: a BAD ...\n"
	"C: b FOO\n"
	"S: b BAD ...\n"
	"C: c NOOP\n"
	"S: c OK ...\n"
	"C: d FOO\n"
	"S: d BAD ...\n"
	"C: e NOOP\n"
	"S: e OK ...\n"},
    {"a line over the limit before login", {.log_in = true},
	"S: * OK ...\n"
	"N: 41000\n"
	"S: * BYE ...40960...\n"
	"close\n"},
    {"a line over the limit after login", SCRIPT_AS_USUAL,
	"R: a SELECT \n"
	"N: 65600\n"
	"S: * BYE ...65536...\n"
	"close\n"},
    {"a line under the limit", SCRIPT_AS_USUAL,
	"R: a SELECT \n"
	"N: 65000\n"
	"R: \\r\\n\n"
	"S: a NO ...\n"},
    {"a literal over the limit", SCRIPT_AS_USUAL,
	"C: a SELECT {300000}\n"
	"S: * BYE [TOOBIG] ...\n"
	"close\n"},
    {"a non-synchronizing literal that is not worth swallowing",
	SCRIPT_AS_USUAL,
	"C: a APPEND INBOX {4000000000+}\n"
	"S: * BYE [TOOBIG] ...4000000000...\n"
	"close\n"},
    {"a synchronizing one of that size is just refused", SCRIPT_AS_USUAL,
	"C: a APPEND INBOX {4000000000}\n"
	"S: a NO [TOOBIG] ...\n"
	"C: b NOOP\n"
	"S: b OK ...\n"},
};

static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		script_run(&scripts[i]);
}

static void test_twenty_bad_commands_after_login_are_enough(void **state)
{
	(void)state;
	struct rig rig;
	struct rig_client client;
	rig_init(&rig, &(struct rig_options){0});
	rig_connect(&rig, true, &client);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(client.next, NET_READ);
		rig_say(&client, VIEW("a FOO\r\n"));
	}
	assert_int_equal(client.next, NET_CLOSE);
	assert_true(view_ends_with(buf_view(&client.out),
	    VIEW("* BYE 20 commands in a row were bad\r\n")));
	rig_disconnect(&client);
	rig_done(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_error_is_answered),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_twenty_bad_commands_after_login_are_enough),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
