// SPDX-License-Identifier: Apache-2.0
// What malformed and impossible commands are answered, each with a sentence
// that says what was expected and where, and that the session goes on after it.
// Commands on messages are in errors_messages_test.c.
#include "imap/errors_test_tools.h"

static const struct error_row errors[] = {
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
    {STRANGER, "a LOGIN {5000+}",
	"* BYE [TOOBIG] A non-synchronizing literal of 5000 bytes is over the "
	"limit of "
	"4096"},
    {STRANGER, "a LOGIN {9000}",
	"* BYE [TOOBIG] A literal of 9000 bytes is over the limit of 8192 "
	"bytes for the literals of one command"},
    {STRANGER, "a FOO {3+}\\r\\nabc", "a BAD Unknown command"},
    {LOGGED_IN, "a SELECT \"INBOX\" (CONDSTORE",
	"a BAD Expected \")\" at column 28, where the command ends"},
};

_Static_assert(ARRAY_LEN(errors) >= 240, "no row may be lost");

static void test_error_is_answered(void **state)
{
	(void)state;
	errors_run(errors, ARRAY_LEN(errors));
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
