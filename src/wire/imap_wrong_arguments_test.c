// SPDX-License-Identifier: Apache-2.0
// Wrong arguments of IMAP commands, and the sentences that they get, as in
// imap_wrong_test.c.
#include "wire/imap_fetch_syntax.h"
#include "wire/imap_search_syntax.h"
#include "wire/imap_wrong.h"

enum wrong_kind {
	WRONG_SET,
	WRONG_DATE_TIME,
	WRONG_DATE,
	WRONG_FLAGS,
	WRONG_STORE,
	WRONG_FETCH,
	WRONG_SEARCH,
	WRONG_SORT,
	WRONG_THREAD,
};

static const struct wrong_row wrong[] = {
    {WRONG_SET, "",
	"expected a sequence set at column 1, where the command ends"},
    {WRONG_SET, "x", "expected a sequence set at column 1, found \"x\""},
    {WRONG_SET, "0", "expected a sequence set at column 1, found \"0\""},
    {WRONG_SET, "1,",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, where "
	"the command ends"},
    {WRONG_SET, "1:",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, where "
	"the command ends"},
    {WRONG_SET, "1::2",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\":2\""},
    {WRONG_SET, "1,,2",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\",2\""},
    {WRONG_SET, ",1", "expected a sequence set at column 1, found \",1\""},
    {WRONG_SET, ":", "expected a sequence set at column 1, found \":\""},
    {WRONG_SET, "1:2:3",
	"expected the end of the sequence set, or \",\" at column 4, found "
	"\":3\""},
    {WRONG_SET, "1-3",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"-3\""},
    {WRONG_SET, "1:x",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\"x\""},
    {WRONG_SET, "4294967296",
	"expected a sequence set at column 1, found \"4294967296\""},
    {WRONG_SET, "1:4294967296",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\"4294967296\""},
    {WRONG_SET, "1,0",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\"0\""},
    {WRONG_SET, "$1",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"1\""},
    {WRONG_SET, "1:$",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, found "
	"\"$\""},
    {WRONG_SET, "**",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"*\""},
    {WRONG_SET, "1;2",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\";2\""},
    {WRONG_SET, "a,1", "expected a sequence set at column 1, found \"a,1\""},
    {WRONG_SET, "1]",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"]\""},
    {WRONG_SET, "(1)", "expected a sequence set at column 1, found \"(1)\""},
    {WRONG_DATE_TIME, "",
	"expected a date and time such as \"17-Jul-1996 02:44:25 -0700\" at "
	"column 1, where the command ends"},
    {WRONG_DATE_TIME, "x",
	"expected a date and time such as \"17-Jul-1996 02:44:25 -0700\" at "
	"column 1, found \"x\""},
    {WRONG_DATE_TIME, "\"",
	"expected a date and time such as \"17-Jul-1996 02:44:25 -0700\" at "
	"column 1, found \"\"\""},
    {WRONG_DATE_TIME, "17-Jul-1996",
	"expected a date and time such as \"17-Jul-1996 02:44:25 -0700\" at "
	"column 1, found \"17-Jul-1996\""},
    {WRONG_DATE_TIME, "\"17-Jul-1996 02:44:25 -0700",
	"expected a date and time such as \"17-Jul-1996 02:44:25 -0700\" at "
	"column 1, found \"\"17-Jul-1996\""},
    {WRONG_DATE, "",
	"expected a date such as 1-Feb-1994 at column 1, where the command "
	"ends"},
    {WRONG_DATE, "x",
	"expected a date such as 1-Feb-1994 at column 1, found \"x\""},
    {WRONG_DATE, "1",
	"expected a date such as 1-Feb-1994 at column 1, found \"1\""},
    {WRONG_DATE, "1-Jan",
	"expected a date such as 1-Feb-1994 at column 1, found \"1-Jan\""},
    {WRONG_DATE, "1-Foo-2020",
	"expected a date such as 1-Feb-1994 at column 1, found \"1-Foo-2020\""},
    {WRONG_DATE, "32-Jan-2020", "no such day at column 1"},
    {WRONG_DATE, "0-Jan-2020", "no such day at column 1"},
    {WRONG_DATE, "\"1-Jan-2020",
	"expected a date such as 1-Feb-1994 at column 1, found "
	"\"\"1-Jan-2020\""},
    {WRONG_DATE, "1-Jan-20",
	"expected a date such as 1-Feb-1994 at column 1, found \"1-Jan-20\""},
    {WRONG_DATE, "001-Jan-2020",
	"expected a date such as 1-Feb-1994 at column 1, found "
	"\"001-Jan-2020\""},
    {WRONG_DATE, "1/1/2020",
	"expected a date such as 1-Feb-1994 at column 1, found \"1/1/2020\""},
    {WRONG_DATE, "\"1-Jan-2020 \"",
	"expected a date such as 1-Feb-1994 at column 1, found "
	"\"\"1-Jan-2020\""},
    {WRONG_FLAGS, "",
	"expected a list of flags at column 1, where the command ends"},
    {WRONG_FLAGS, "\\Seen",
	"expected a list of flags at column 1, found \"\\Seen\""},
    {WRONG_FLAGS, "(", "expected a flag at column 2, where the command ends"},
    {WRONG_FLAGS, "(\\)",
	"expected a flag's name after the backslash at column 3, found \")\""},
    {WRONG_FLAGS, "(\\Seen",
	"expected \")\" at column 7, where the command ends"},
    {WRONG_FLAGS, "(\\Seen ", "expected \")\" at column 7, found \" \""},
    {WRONG_FLAGS, "(\\*)",
	"expected a flag's name after the backslash at column 3, found \"*)\""},
    {WRONG_FLAGS, "(\"a\")", "expected a flag at column 2, found \"\"a\")\""},
    {WRONG_FLAGS, "(a(b))", "expected \")\" at column 3, found \"(b))\""},
    {WRONG_FLAGS, "({1}\r\na)", "expected a flag at column 2, found \"{1}\""},
    {WRONG_FLAGS, "(\\Seen ])", "expected a flag at column 8, found \"])\""},
    {WRONG_FLAGS, "(%)", "expected a flag at column 2, found \"%)\""},
    {WRONG_STORE, "", "expected a flag at column 1, where the command ends"},
    {WRONG_STORE, "(", "expected a flag at column 2, where the command ends"},
    {WRONG_STORE, "\\",
	"expected a flag's name after the backslash at column 2, where the "
	"command ends"},
    {WRONG_STORE, "\"x\"", "expected a flag at column 1, found \"\"x\"\""},
    {WRONG_STORE, "{1}\r\na", "expected a flag at column 1, found \"{1}\""},
    {WRONG_STORE, ")", "expected a flag at column 1, found \")\""},
    {WRONG_FETCH, "",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"where the command ends"},
    {WRONG_FETCH, "()",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, found "
	"\")\""},
    {WRONG_FETCH, "(",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, where the "
	"command ends"},
    {WRONG_FETCH, "(FLAGS",
	"expected \")\" at column 7, where the command ends"},
    {WRONG_FETCH, "FLAGS)",
	"expected the end of the command at column 6, found \")\""},
    {WRONG_FETCH, "FLAGS UID",
	"expected the end of the command, or modifiers in parentheses, at "
	"column 7, found \"UID\""},
    {WRONG_FETCH, "(FLAGS UID",
	"expected \")\" at column 11, where the command ends"},
    {WRONG_FETCH, "(FLAGS,UID)",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, found "
	"\"FLAGS,UID)\""},
    {WRONG_FETCH, "FOO",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"FOO\""},
    {WRONG_FETCH, "(FOO)",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, found "
	"\"FOO)\""},
    {WRONG_FETCH, "(ALL)",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, found "
	"\"ALL)\""},
    {WRONG_FETCH, "(FAST UID)",
	"expected a FETCH item such as FLAGS or BODY[] at column 2, found "
	"\"FAST\""},
    {WRONG_FETCH, "ALL UID",
	"expected the end of the command, or modifiers in parentheses, at "
	"column 5, found \"UID\""},
    {WRONG_FETCH, "ALL FAST",
	"expected the end of the command, or modifiers in parentheses, at "
	"column 5, found \"FAST\""},
    {WRONG_FETCH, "FLAG",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"FLAG\""},
    {WRONG_FETCH, "FLAGSX",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"FLAGSX\""},
    {WRONG_FETCH, "BODY[",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, where the command ends"},
    {WRONG_FETCH, "BODY[]x",
	"expected the end of the command at column 7, found \"x\""},
    {WRONG_FETCH, "BODY[0]",
	"expected a number above zero at column 6, found \"0]\""},
    {WRONG_FETCH, "BODY[1",
	"expected \"]\" at column 7, where the command ends"},
    {WRONG_FETCH, "BODY[1.",
	"expected a part number, HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, "
	"TEXT or MIME at column 8, where the command ends"},
    {WRONG_FETCH, "BODY[1.]",
	"expected a part number, HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, "
	"TEXT or MIME at column 8, found \"]\""},
    {WRONG_FETCH, "BODY[.1]",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, found \".1]\""},
    {WRONG_FETCH, "BODY[1..2]",
	"expected a part number, HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, "
	"TEXT or MIME at column 8, found \".2]\""},
    {WRONG_FETCH, "BODY[01]",
	"expected a number above zero at column 6, found \"01]\""},
    {WRONG_FETCH, "BODY[4294967296]",
	"expected a number above zero, which is at most 4294967295, at column "
	"6"},
    {WRONG_FETCH, "BODY[MIME]",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, found \"MIME]\""},
    {WRONG_FETCH, "BODY[1.FOO]",
	"expected a part number, HEADER, HEADER.FIELDS, HEADER.FIELDS.NOT, "
	"TEXT or MIME at column 8, found \"FOO]\""},
    {WRONG_FETCH, "BODY[FOO]",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, found \"FOO]\""},
    {WRONG_FETCH, "BODY[HEADERS]",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, found \"HEADERS]\""},
    {WRONG_FETCH, "BODY[HEADER.FIELDS]",
	"expected a space at column 19, found \"]\""},
    {WRONG_FETCH, "BODY[HEADER.FIELDS ]",
	"expected a list of header field names at column 20, found \"]\""},
    {WRONG_FETCH, "BODY[HEADER.FIELDS DATE]",
	"expected a list of header field names at column 20, found \"DATE]\""},
    {WRONG_FETCH, "BODY[HEADER.FIELDS ()]",
	"expected a header field's name at column 21, found \")]\""},
    {WRONG_FETCH, "BODY[HEADER.FIELDS (DATE]",
	"expected \")\" at column 26, where the command ends"},
    {WRONG_FETCH, "BODY[HEADER.FIELDS (DATE)",
	"expected \"]\" at column 26, where the command ends"},
    {WRONG_FETCH, "BODY[TEXT.1]",
	"expected \"]\", a part number, HEADER, HEADER.FIELDS, "
	"HEADER.FIELDS.NOT or TEXT at column 6, found \"TEXT.1]\""},
    {WRONG_FETCH, "BODY[TEXT]<",
	"expected a number at column 12, where the command ends"},
    {WRONG_FETCH, "BODY[]<0>", "expected \".\" at column 9, found \">\""},
    {WRONG_FETCH, "BODY[]<0.>", "expected a number at column 10, found \">\""},
    {WRONG_FETCH, "BODY[]<.1>", "expected a number at column 8, found \".1>\""},
    {WRONG_FETCH, "BODY[]<-1.5>",
	"expected a number at column 8, found \"-1.5>\""},
    {WRONG_FETCH, "BODY[]<0.1",
	"expected \">\" at column 11, where the command ends"},
    {WRONG_FETCH, "BODY[]<1:2>", "expected \".\" at column 9, found \":2>\""},
    {WRONG_FETCH, "BODY[]<0.99999999999999999999>",
	"expected a number, which is at most 9223372036854775807, at column "
	"10"},
    {WRONG_FETCH, "BODY[]<99999999999999999999.1>",
	"expected a number, which is at most 9223372036854775807, at column 8"},
    {WRONG_FETCH, "BODY.PEEK",
	"expected \"[\" at column 10, where the command ends"},
    {WRONG_FETCH, "BODY.PEEK()", "expected \"[\" at column 10, found \"()\""},
    {WRONG_FETCH, "BODY.PEEK<0.1>",
	"expected \"[\" at column 10, found \"<0.1>\""},
    {WRONG_FETCH, "BODY<0.1>",
	"expected the end of the command at column 5, found \"<0.1>\""},
    {WRONG_FETCH, "BODY []",
	"expected the end of the command, or modifiers in parentheses, at "
	"column 6, found \"[]\""},
    {WRONG_FETCH, "BINARY",
	"expected \"[\" at column 7, where the command ends"},
    {WRONG_FETCH, "BINARY[TEXT]",
	"expected a part number or \"]\" at column 8, found \"TEXT]\""},
    {WRONG_FETCH, "BINARY[1.MIME]",
	"expected \"]\" at column 9, found \".MIME]\""},
    {WRONG_FETCH, "BINARY[1.]", "expected \"]\" at column 9, found \".]\""},
    {WRONG_FETCH, "BINARY.SIZE",
	"expected \"[\" at column 12, where the command ends"},
    {WRONG_FETCH, "BINARY.SIZE[1]<0.1>",
	"expected the end of the command at column 15, found \"<0.1>\""},
    {WRONG_FETCH, "RFC822[]",
	"expected the end of the command at column 7, found \"[]\""},
    {WRONG_FETCH, "RFC822.PEEK",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"RFC822.PEEK\""},
    {WRONG_FETCH, "RFC822.HEADER[1]",
	"expected the end of the command at column 14, found \"[1]\""},
    {WRONG_FETCH, "RFC822.SIZE<0.1>",
	"expected the end of the command at column 12, found \"<0.1>\""},
    {WRONG_FETCH, "ENVELOPE[]",
	"expected the end of the command at column 9, found \"[]\""},
    {WRONG_FETCH, "(PREVIEW (FAST))",
	"expected LAZY at column 11, found \"FAST))\""},
    {WRONG_FETCH, "PREVIEW (LAZY",
	"expected \")\" at column 14, where the command ends"},
    {WRONG_FETCH, "PREVIEW (LAZY LAZY)",
	"expected \")\" at column 14, found \" LAZY)\""},
    {WRONG_FETCH, "PREVIEW(LAZY)",
	"expected the end of the command at column 8, found \"(LAZY)\""},
    {WRONG_FETCH, "(PREVIEW (LAZY)",
	"expected \")\" at column 16, where the command ends"},
    {WRONG_FETCH, "FLAGS (",
	"expected CHANGEDSINCE or VANISHED at column 8, where the command "
	"ends"},
    {WRONG_FETCH, "FLAGS ()",
	"expected CHANGEDSINCE or VANISHED at column 8, found \")\""},
    {WRONG_FETCH, "FLAGS (CHANGEDSINCE)",
	"expected a space at column 20, found \")\""},
    {WRONG_FETCH, "FLAGS (CHANGEDSINCE x)",
	"expected a mod-sequence at column 21, found \"x)\""},
    {WRONG_FETCH, "FLAGS (CHANGEDSINCE 9223372036854775808)",
	"expected a mod-sequence, which is at most 9223372036854775807, at "
	"column 21"},
    {WRONG_FETCH, "FLAGS (UNCHANGEDSINCE 1)",
	"expected CHANGEDSINCE or VANISHED at column 8, found "
	"\"UNCHANGEDSINCE\""},
    {WRONG_FETCH, "FLAGS (CHANGEDSINCE 1",
	"expected \")\" at column 22, where the command ends"},
    {WRONG_FETCH, "FLAGS (CHANGEDSINCE 1) x",
	"expected the end of the command at column 23, found \" x\""},
    {WRONG_FETCH, "FLAGS (VANISHED 1)",
	"expected CHANGEDSINCE or VANISHED at column 17, found \"1)\""},
    {WRONG_FETCH, "FLAGS(CHANGEDSINCE 1)",
	"expected the end of the command at column 6, found \"(CHANGEDSINCE\""},
    {WRONG_FETCH, "\"FLAGS\"",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"\"FLAGS\"\""},
    {WRONG_FETCH, "{5}\r\nFLAGS",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"{5}\""},
    {WRONG_FETCH, "\303\274",
	"expected FETCH items, as one word or in parentheses at column 1, "
	"found \"??\""},
    {WRONG_SEARCH, "",
	"expected a search key at column 1, where the command ends"},
    {WRONG_SEARCH, " ", "expected a search key at column 1, found \" \""},
    {WRONG_SEARCH, "FOO", "expected a search key at column 1, found \"FOO\""},
    {WRONG_SEARCH, "SEENX",
	"expected a search key at column 1, found \"SEENX\""},
    {WRONG_SEARCH, " SEEN",
	"expected a search key at column 1, found \" SEEN\""},
    {WRONG_SEARCH, "(",
	"expected a search key at column 2, where the command ends"},
    {WRONG_SEARCH, ")", "expected a search key at column 1, found \")\""},
    {WRONG_SEARCH, "()", "expected a search key at column 2, found \")\""},
    {WRONG_SEARCH, "(SEEN",
	"expected \")\" at column 6, where the command ends"},
    {WRONG_SEARCH, "(SEEN ", "expected \")\" at column 6, found \" \""},
    {WRONG_SEARCH, "SEEN)",
	"expected the end of the command at column 5, found \")\""},
    {WRONG_SEARCH, "(SEEN))",
	"expected the end of the command at column 7, found \")\""},
    {WRONG_SEARCH, "(SEEN)(SEEN)",
	"expected the end of the command at column 7, found \"(SEEN)\""},
    {WRONG_SEARCH, "NOT",
	"expected a space at column 4, where the command ends"},
    {WRONG_SEARCH, "NOT ",
	"expected a search key at column 5, where the command ends"},
    {WRONG_SEARCH, "NOT)", "expected a space at column 4, found \")\""},
    {WRONG_SEARCH, "NOT NOT",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "OR",
	"expected a space at column 3, where the command ends"},
    {WRONG_SEARCH, "OR SEEN",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "OR SEEN ",
	"expected a search key at column 9, where the command ends"},
    {WRONG_SEARCH, "OR SEEN OR SEEN",
	"expected a space at column 16, where the command ends"},
    {WRONG_SEARCH, "OR (SEEN ALL)",
	"expected a space at column 14, where the command ends"},
    {WRONG_SEARCH, "UID",
	"expected a space at column 4, where the command ends"},
    {WRONG_SEARCH, "UID x", "expected a set of UIDs at column 5, found \"x\""},
    {WRONG_SEARCH, "UID ",
	"expected a set of UIDs at column 5, where the command ends"},
    {WRONG_SEARCH, "UID 0", "expected a sequence set at column 5, found \"0\""},
    {WRONG_SEARCH, "UID SEEN",
	"expected a set of UIDs at column 5, found \"SEEN\""},
    {WRONG_SEARCH, "1:",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, where "
	"the command ends"},
    {WRONG_SEARCH, "0", "expected a sequence set at column 1, found \"0\""},
    {WRONG_SEARCH, "1,",
	"expected a number from 1 to 4294967295, or \"*\" at column 3, where "
	"the command ends"},
    {WRONG_SEARCH, "1x",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"x\""},
    {WRONG_SEARCH, "x1", "expected a search key at column 1, found \"x1\""},
    {WRONG_SEARCH, "$1",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"1\""},
    {WRONG_SEARCH, "*1",
	"expected the end of the sequence set, or \",\" at column 2, found "
	"\"1\""},
    {WRONG_SEARCH, "-1", "expected a search key at column 1, found \"-1\""},
    {WRONG_SEARCH, "KEYWORD",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "KEYWORD \\Seen",
	"expected a keyword at column 9, found \"\\Seen\""},
    {WRONG_SEARCH, "UNKEYWORD (",
	"expected a keyword at column 11, found \"(\""},
    {WRONG_SEARCH, "FROM",
	"expected a space at column 5, where the command ends"},
    {WRONG_SEARCH, "FROM ",
	"expected a string to search for at column 6, where the command ends"},
    {WRONG_SEARCH, "FROM (a)",
	"expected a string to search for at column 6, found \"(a)\""},
    {WRONG_SEARCH, "FROM \"a",
	"expected the closing quote of the string at column 8, where the "
	"command ends"},
    {WRONG_SEARCH, "HEADER",
	"expected a space at column 7, where the command ends"},
    {WRONG_SEARCH, "HEADER X",
	"expected a space at column 9, where the command ends"},
    {WRONG_SEARCH, "HEADER X ",
	"expected a string to search for at column 10, where the command ends"},
    {WRONG_SEARCH, "HEADER (X) y",
	"expected a header field's name at column 8, found \"(X)\""},
    {WRONG_SEARCH, "BEFORE",
	"expected a space at column 7, where the command ends"},
    {WRONG_SEARCH, "BEFORE x",
	"expected a date such as 1-Feb-1994 at column 8, found \"x\""},
    {WRONG_SEARCH, "BEFORE 1-Jan-99",
	"expected a date such as 1-Feb-1994 at column 8, found \"1-Jan-99\""},
    {WRONG_SEARCH, "SINCE \"1-Jan-2020",
	"expected a date such as 1-Feb-1994 at column 7, found "
	"\"\"1-Jan-2020\""},
    {WRONG_SEARCH, "SENTON 2020-01-01",
	"expected a date such as 1-Feb-1994 at column 8, found \"2020-01-01\""},
    {WRONG_SEARCH, "SAVEDON",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "SAVEDATESUPPORTED 1-Jan-2020",
	"expected the end of the sequence set, or \",\" at column 20, found "
	"\"-Jan-2020\""},
    {WRONG_SEARCH, "LARGER",
	"expected a space at column 7, where the command ends"},
    {WRONG_SEARCH, "LARGER x", "expected a number at column 8, found \"x\""},
    {WRONG_SEARCH, "LARGER -1", "expected a number at column 8, found \"-1\""},
    {WRONG_SEARCH, "SMALLER 9223372036854775808",
	"expected a number, which is at most 9223372036854775807, at column 9"},
    {WRONG_SEARCH, "OLDER 0",
	"expected a number above zero at column 7, found \"0\""},
    {WRONG_SEARCH, "OLDER x",
	"expected a number above zero at column 7, found \"x\""},
    {WRONG_SEARCH, "YOUNGER 4294967296",
	"expected a number above zero, which is at most 4294967295, at column "
	"9"},
    {WRONG_SEARCH, "MODSEQ",
	"expected a space at column 7, where the command ends"},
    {WRONG_SEARCH, "MODSEQ x",
	"expected a mod-sequence at column 8, found \"x\""},
    {WRONG_SEARCH, "MODSEQ \"/flags/x\" 1",
	"expected priv, shared or all at column 19, found \"1\""},
    {WRONG_SEARCH, "MODSEQ \"/flags/x\" own 1",
	"expected priv, shared or all at column 19, found \"own\""},
    {WRONG_SEARCH, "MODSEQ \"x\" all 1",
	"expected an entry name \"/flags/...\" at column 8, found \"\"x\"\""},
    {WRONG_SEARCH, "MODSEQ \"/flags/x\" all",
	"expected a space at column 22, where the command ends"},
    {WRONG_SEARCH, "MODSEQ 9223372036854775808",
	"expected a mod-sequence, which is at most 9223372036854775807, at "
	"column 8"},
    {WRONG_SEARCH, "EMAILID",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "EMAILID \"\"",
	"expected an object id at column 9, found \"\"\"\""},
    {WRONG_SEARCH, "EMAILID a.b",
	"expected an object id at column 9, found \"a.b\""},
    {WRONG_SEARCH, "THREADID (",
	"expected an object id at column 10, found \"(\""},
    {WRONG_SEARCH, "FUZZY SUBJECT x",
	"expected a search key at column 1, found \"FUZZY\""},
    {WRONG_SEARCH, "CHARSET",
	"expected a space at column 8, where the command ends"},
    {WRONG_SEARCH, "CHARSET ",
	"expected a charset at column 9, where the command ends"},
    {WRONG_SEARCH, "CHARSET UTF-8",
	"expected a space at column 14, where the command ends"},
    {WRONG_SEARCH, "CHARSET (x) ALL",
	"expected a charset at column 9, found \"(x)\""},
    {WRONG_SEARCH, "CHARSET UTF-8 ",
	"expected a search key at column 15, where the command ends"},
    {WRONG_SEARCH, "RETURN",
	"expected a space at column 7, where the command ends"},
    {WRONG_SEARCH, "RETURN MIN ALL",
	"expected \"(\" at column 8, found \"MIN\""},
    {WRONG_SEARCH, "RETURN (",
	"expected MIN, MAX, ALL, COUNT or SAVE at column 9, where the command "
	"ends"},
    {WRONG_SEARCH, "RETURN ()",
	"expected a space at column 10, where the command ends"},
    {WRONG_SEARCH, "RETURN () ",
	"expected a search key at column 11, where the command ends"},
    {WRONG_SEARCH, "RETURN (MIN",
	"expected \")\" at column 12, where the command ends"},
    {WRONG_SEARCH, "RETURN (FOO) ALL",
	"expected MIN, MAX, ALL, COUNT or SAVE at column 9, found \"FOO)\""},
    {WRONG_SEARCH, "RETURN (MIN,MAX) ALL",
	"expected MIN, MAX, ALL, COUNT or SAVE at column 9, found "
	"\"MIN,MAX)\""},
    {WRONG_SEARCH, "RETURN (PARTIAL 1:2) ALL",
	"expected MIN, MAX, ALL, COUNT or SAVE at column 9, found \"PARTIAL\""},
    {WRONG_SEARCH, "RETURN (MIN)ALL",
	"expected a space at column 13, found \"ALL\""},
    {WRONG_SEARCH, "SUBJECT \303\274",
	"expected a string to search for at column 9, found \"??\""},
    {WRONG_SEARCH, "SUBJECT {3}\r\nab", "the literal is cut short at column 9"},
    {WRONG_SEARCH, "\"SEEN\"",
	"expected a search key at column 1, found \"\"SEEN\"\""},
    {WRONG_SEARCH, "{4}\r\nSEEN",
	"expected a search key at column 1, found \"{4}\""},
    {WRONG_SEARCH, "ALL\tALL",
	"expected the end of the command at column 4, found \"?ALL\""},
    {WRONG_SEARCH, "SEEN;ALL",
	"expected a search key at column 1, found \"SEEN;ALL\""},
    {WRONG_SORT, "",
	"expected sort criteria in parentheses at column 1, where the command "
	"ends"},
    {WRONG_SORT, "DATE UTF-8 ALL",
	"expected sort criteria in parentheses at column 1, found \"DATE\""},
    {WRONG_SORT, "() UTF-8 ALL",
	"expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, DISPLAYTO, "
	"FROM, SIZE, SUBJECT or TO at column 2, found \")\""},
    {WRONG_SORT, "(FOO) UTF-8 ALL",
	"expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, DISPLAYTO, "
	"FROM, SIZE, SUBJECT or TO at column 2, found \"FOO)\""},
    {WRONG_SORT, "(REVERSE) UTF-8 ALL",
	"expected a space at column 9, found \")\""},
    {WRONG_SORT, "(REVERSE REVERSE DATE) UTF-8 ALL",
	"expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, DISPLAYTO, "
	"FROM, SIZE, SUBJECT or TO at column 10, found \"REVERSE\""},
    {WRONG_SORT, "(DATE", "expected \")\" at column 6, where the command ends"},
    {WRONG_SORT, "(DATE)",
	"expected a space at column 7, where the command ends"},
    {WRONG_SORT, "(DATE) ",
	"expected a charset at column 8, where the command ends"},
    {WRONG_SORT, "(DATE) UTF-8",
	"expected a space at column 13, where the command ends"},
    {WRONG_SORT, "(DATE) UTF-8 ",
	"expected a search key at column 14, where the command ends"},
    {WRONG_SORT, "(DATE) (x) ALL",
	"expected a charset at column 8, found \"(x)\""},
    {WRONG_SORT, "(DATE,TO) UTF-8 ALL",
	"expected a sort criterion: ARRIVAL, CC, DATE, DISPLAYFROM, DISPLAYTO, "
	"FROM, SIZE, SUBJECT or TO at column 2, found \"DATE,TO)\""},
    {WRONG_SORT, "(DATE) UTF-8 FOO",
	"expected a search key at column 14, found \"FOO\""},
    {WRONG_SORT, "RETURN (ALL) (DATE) UTF-8 ALL",
	"expected sort criteria in parentheses at column 1, found \"RETURN\""},
    {WRONG_THREAD, "",
	"expected a threading algorithm: ORDEREDSUBJECT or REFERENCES at "
	"column 1, where the command ends"},
    {WRONG_THREAD, "FOO UTF-8 ALL",
	"expected a threading algorithm: ORDEREDSUBJECT or REFERENCES at "
	"column 1, found \"FOO\""},
    {WRONG_THREAD, "REFERENCES",
	"expected a space at column 11, where the command ends"},
    {WRONG_THREAD, "REFERENCES ",
	"expected a charset at column 12, where the command ends"},
    {WRONG_THREAD, "REFERENCES UTF-8",
	"expected a space at column 17, where the command ends"},
    {WRONG_THREAD, "REFERENCES UTF-8 FOO",
	"expected a search key at column 18, found \"FOO\""},
    {WRONG_THREAD, "REFS UTF-8 ALL",
	"expected a threading algorithm: ORDEREDSUBJECT or REFERENCES at "
	"column 1, found \"REFS\""},
    {WRONG_THREAD, "(REFERENCES) UTF-8 ALL",
	"expected a threading algorithm: ORDEREDSUBJECT or REFERENCES at "
	"column 1, found \"(REFERENCES)\""},
};

_Static_assert(ARRAY_LEN(wrong) >= 253, "no row may be lost");

static enum rc parse_argument(struct imap_cursor *cursor, int kind)
{
	struct imap_set set;
	struct date date;
	bool is_date;
	int64_t day;
	struct imap_flags flags;
	struct imap_fetch fetch;
	struct imap_search search;
	switch ((enum wrong_kind)kind) {
	case WRONG_SET: return imap_parse_set(cursor, &set);
	case WRONG_DATE_TIME:
		return imap_parse_date_time(cursor, &is_date, &date);
	case WRONG_DATE: return imap_parse_date(cursor, &day);
	case WRONG_FLAGS: return imap_parse_flag_list(cursor, &flags);
	case WRONG_STORE: return imap_parse_store_flags(cursor, &flags);
	case WRONG_FETCH: return imap_fetch_parse(cursor, &fetch);
	case WRONG_SEARCH:
		return imap_search_parse(cursor, IMAP_SEARCH_COMMAND, &search);
	case WRONG_SORT:
		return imap_search_parse(cursor, IMAP_SORT_COMMAND, &search);
	case WRONG_THREAD:
		return imap_search_parse(cursor, IMAP_THREAD_COMMAND, &search);
	}
	return RC_OK;
}

static void wrong_inputs_get_a_sentence(void **state)
{
	(void)state;
	wrong_check(wrong, ARRAY_LEN(wrong), parse_argument);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrong_inputs_get_a_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
