// SPDX-License-Identifier: Apache-2.0
// Email/query: each condition, each sort, the window, and the errors. The
// emails of the test are called by a letter.
#include <stdio.h>

#include "jmap/call.h"
#include "jmap/rig_mail.h"
#include "jmap/rig_one.h"

static uint64_t emails[26]; // by letter
static int mistakes;        // in this test

#define DAY      ((int64_t)86400)
#define NEW_YEAR ((int64_t)1577836800) // 2020-01-01T00:00:00Z

static void put(char letter, const char *mailbox, int day, const char *flags,
    const char *message)
{
	emails[letter - 'a'] =
	    rig_mail_put(&rig, mailbox, NEW_YEAR + day * DAY, flags, message);
}

// The mailboxes are M1 INBOX, M2 Archive, M3 Drafts, M4 Junk, M5 Sent, M6
// Trash.
static int set_up(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	put('a', "INBOX", 0, "\\Seen",
	    "From: Alice <alice@example.org>\r\nTo: Bob <bob@example.org>\r\n"
	    "Subject: Lunch\r\nMessage-ID: <1@x>\r\n"
	    "Date: Wed, 1 Jan 2020 09:00:00 +0000\r\nX-List: cooks\r\n\r\n"
	    "apples and  pears\r\n");
	put('b', "INBOX", 1, "",
	    "From: bob@example.org\r\nTo: alice@example.org\r\n"
	    "Cc: Carol <carol@example.net>\r\nSubject: Re: Lunch\r\n"
	    "In-Reply-To: <1@x>\r\nReferences: <1@x>\r\nMessage-ID: <2@x>\r\n"
	    "Date: Thu, 2 Jan 2020 09:00:00 +0000\r\n\r\nplums\r\n");
	put('c', "INBOX", 2, "\\Flagged $Forwarded",
	    "From: =?utf-8?q?=C3=89mile?= <emile@example.org>\r\n"
	    "Bcc: Dave <dave@example.org>\r\n"
	    "Subject: =?utf-8?q?Caf=C3=A9?= at noon\r\n"
	    "Date: Mon, 6 Jan 2020 09:00:00 +0000\r\n"
	    "Content-Type: text/html\r\n\r\n"
	    "<p class=hidden>Cr&egrave;me <b>br\xc3\xbb"
	    "l\xc3\xa9"
	    "e</b> for &lt;all&gt;</p>\r\n");
	put('d', "Archive", 3, "\\Seen",
	    "From: Alice <alice@example.org>\r\nSubject: Report\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n"
	    "see the attached plan, and some more words to be the longest of "
	    "all of these mails here\r\n"
	    "--b\r\nContent-Type: application/pdf\r\n"
	    "Content-Disposition: attachment; filename=plan.pdf\r\n\r\n"
	    "%PDF it's plums\r\n--b--\r\n");
	put('e', "INBOX", 4, "",
	    "From: zoe@example.org\r\nSubject: again\r\n\r\nplums\r\n");
	rig_mail_copy(&rig, "INBOX", 4, 4, "Archive", false);
	rig_mail_flags(&rig, "Archive", 2, 2, STORE_FLAGS_ADD, "\\Seen $Todo");
	put('f', "INBOX", 5, "\\Deleted", "Subject: hidden\r\n\r\nplums\r\n");
	put('g', "Drafts", 6, "\\Draft",
	    "From: me@example.org\r\nSubject: draft\r\n\r\n\r\n");
	return 0;
}

// "%a" becomes the id of the email a.
static void add_ids(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '%' && text[1] >= 'a' && text[1] <= 'z')
			buf_printf(out, "E%llu",
			    (unsigned long long)emails[*++text - 'a']);
		else
			buf_add_char(out, *text);
	}
	buf_add_char(out, '\0');
}

static json_t *query(const char *arguments)
{
	struct buf text;
	buf_init(&text, 100000);
	add_ids(&text, arguments);
	json_t *json = jmap_rig_call(&rig, "Email/query", text.ptr);
	buf_done(&text);
	return json;
}

// The letters of the ids, or the type of the error.
static void letters_of(json_t *json, char ret_letters[64])
{
	const json_t *type = json_object_get(json, "type");
	const json_t *id;
	size_t i;
	size_t count = 0;
	if (type) {
		snprintf(ret_letters, 64, "%s", json_string_value(type));
		return;
	}
	json_array_foreach(json_object_get(json, "ids"), i, id)
	{
		uint64_t number;
		struct view text = view_of_string(json_string_value(id));
		assert_true(jmap_id_read(text, JMAP_ID_EMAIL, &number));
		char letter = '?';
		for (int e = 0; e < 26; e++)
			if (emails[e] == number)
				letter = (char)('a' + e);
		ret_letters[count++] = letter;
	}
	ret_letters[count] = '\0';
}

static void expect(const char *arguments, const char *expected)
{
	char letters[64];
	json_t *json = query(arguments);
	letters_of(json, letters);
	if (strcmp(letters, expected) != 0) {
		print_error(
		    "%s\n  gave %s, not %s\n", arguments, letters, expected);
		mistakes++;
	}
	json_decref(json);
}

// ---- Filters ---------------------------------------------------------------

static const struct {
	const char *filter;
	const char *letters; // newest first; or an error
} filters[] = {
    {"null", "gedcba"},
    {"{}", "gedcba"},
    {"{'inMailbox':'M1'}", "ecba"},
    {"{'inMailbox':'M2'}", "ed"},
    {"{'inMailbox':'M4'}", ""},
    {"{'inMailbox':'M99'}", ""},
    {"{'inMailbox':'x'}", ""},
    {"{'inMailboxOtherThan':['M1']}", "ged"},
    {"{'inMailboxOtherThan':['M1','M2','M77']}", "g"},
    {"{'inMailboxOtherThan':[]}", "gedcba"},
    {"{'before':'2020-01-02T00:00:00Z'}", "a"},
    {"{'before':'2020-01-02T00:00:01Z'}", "ba"},
    {"{'after':'2020-01-05T00:00:00Z'}", "ge"},
    {"{'after':'2020-01-05T00:00:01Z'}", "g"},
    {"{'minSize':300}", "d"},
    {"{'maxSize':70}", "ge"},
    {"{'hasKeyword':'$seen'}", "eda"},
    {"{'hasKeyword':'$SEEN'}", "eda"},
    {"{'notKeyword':'$seen'}", "gcb"},
    {"{'hasKeyword':'$forwarded'}", "c"},
    {"{'hasKeyword':'$todo','inMailbox':'M1'}", "e"},
    {"{'notKeyword':'$todo','inMailbox':'M2'}", "d"},
    {"{'hasKeyword':'$draft'}", "g"},
    {"{'hasKeyword':'$flagged'}", "c"},
    {"{'hasKeyword':'$deleted'}", ""},
    {"{'hasKeyword':'unheard-of'}", ""},
    {"{'allInThreadHaveKeyword':'$seen'}", "ed"},
    {"{'someInThreadHaveKeyword':'$seen'}", "edba"},
    {"{'noneInThreadHaveKeyword':'$seen'}", "gc"},
    {"{'hasAttachment':true}", "d"},
    {"{'hasAttachment':false}", "gecba"},
    {"{'text':'plums'}", "eb"},
    {"{'text':'PLUMS bob'}", "b"},
    {"{'text':'alice'}", "dba"},
    {"{'text':'carol'}", "b"},
    {"{'text':'dave'}", "c"},
    // Markup and file names are not the text of a mail.
    {"{'text':'hidden'}", ""},
    {"{'text':'application'}", ""},
    {"{'text':'pears apples'}", "a"},
    {"{'text':'\\\"apples and pears\\\"'}", "a"},
    {"{'text':'\\\"and apples\\\"'}", ""},
    {"{'text':''}", "gedcba"},
    {"{'from':'alice'}", "da"},
    {"{'from':'Alice <alice'}", "da"},
    {"{'from':'\xc3\xa9mile'}", "c"},
    {"{'from':'emile@example'}", "c"},
    {"{'to':'alice'}", "b"},
    {"{'cc':'carol'}", "b"},
    {"{'bcc':'dave'}", "c"},
    {"{'subject':'lunch'}", "ba"},
    {"{'subject':'CAF\xc3\x89'}", "c"},
    {"{'subject':'cafe\xcc\x81'}", "c"},
    {"{'body':'cr\xc3\xa8me br\xc3\xbbl\xc3\xa9"
     "e'}",
	"c"},
    {"{'body':'lunch'}", ""},
    {"{'body':'<all>'}", "c"},
    {"{'header':['X-List']}", "a"},
    {"{'header':['x-list','COOK']}", "a"},
    {"{'header':['X-List','bakers']}", ""},
    {"{'from':'alice','hasAttachment':true,'inMailbox':'M2'}", "d"},
    {"{'operator':'AND','conditions':[{'from':'alice'},{'inMailbox':'M1'}]}",
	"a"},
    {"{'operator':'OR','conditions':[{'from':'alice'},{'inMailbox':'M1'}]}",
	"edcba"},
    {"{'operator':'NOT','conditions':[{'from':'alice'},{'inMailbox':'M1'}]}",
	"g"},
    {"{'operator':'AND','conditions':[]}", "gedcba"},
    {"{'operator':'OR','conditions':[]}", ""},
    {"{'operator':'NOT','conditions':[]}", "gedcba"},
    {"{'operator':'AND','conditions':[{'operator':'NOT','conditions':["
     "{'hasKeyword':'$seen'}]},{'operator':'OR','conditions':[{'text':'plums'"
     "},{'hasKeyword':'$draft'}]}]}",
	"gb"},
    {"{'operator':'OR','conditions':[{'inMailbox':'M1'},{'inMailbox':'M3'}]}",
	"gecba"},
    {"{'operator':'AND','conditions':[{'inMailbox':'M1'},{'inMailbox':'M2'}]"
     "}",
	"e"},
    // Errors.
    {"{'frob':1}", "unsupportedFilter"},
    {"{'inMailbox':1}", "invalidArguments"},
    {"{'inMailbox':null}", "invalidArguments"},
    {"{'inMailboxOtherThan':'M1'}", "invalidArguments"},
    {"{'before':'yesterday'}", "invalidArguments"},
    {"{'before':'2020-01-02T00:00:00+01:00'}", "invalidArguments"},
    {"{'minSize':-1}", "invalidArguments"},
    {"{'maxSize':1.5}", "invalidArguments"},
    {"{'hasKeyword':true}", "invalidArguments"},
    {"{'hasAttachment':'yes'}", "invalidArguments"},
    {"{'text':['a']}", "invalidArguments"},
    {"{'header':[]}", "invalidArguments"},
    {"{'header':['a','b','c']}", "invalidArguments"},
    {"{'header':'a'}", "invalidArguments"},
    {"{'operator':'XOR','conditions':[]}", "invalidArguments"},
    {"{'operator':'AND'}", "invalidArguments"},
    {"{'operator':'AND','conditions':[1]}", "invalidArguments"},
    {"{'operator':'AND','conditions':[],'text':'a'}", "invalidArguments"},
    {"[]", "invalidArguments"},
};

static void each_filter(void **state)
{
	(void)state;
	mistakes = 0;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		char arguments[1000];
		snprintf(arguments, sizeof(arguments), "{'filter':%s}",
		    filters[i].filter);
		expect(arguments, filters[i].letters);
		// With a total, all of them are counted.
		snprintf(arguments, sizeof(arguments),
		    "{'filter':%s,'limit':1,'calculateTotal':true}",
		    filters[i].filter);
		json_t *json = query(arguments);
		if (!json_object_get(json, "type"))
			assert_int_equal(
			    json_integer_value(json_object_get(json, "total")),
			    strlen(filters[i].letters));
		json_decref(json);
	}
	assert_int_equal(mistakes, 0);
}

// ---- Sorts -----------------------------------------------------------------

static const struct {
	const char *sort;
	const char *letters;
} sorts[] = {
    {"null", "gedcba"},
    {"[]", "gedcba"},
    {"[{'property':'receivedAt'}]", "abcdeg"},
    {"[{'property':'receivedAt','isAscending':false}]", "gedcba"},
    {"[{'property':'size'}]", "geabcd"},
    {"[{'property':'from'}]", "adbcge"},
    {"[{'property':'to'}]", "cdegba"},
    {"[{'property':'subject'}]", "ecgabd"},
    {"[{'property':'subject','isAscending':false}]", "dbagce"},
    {"[{'property':'sentAt'}]", "abdecg"},
    {"[{'property':'hasKeyword','keyword':'$seen'}]", "bcgade"},
    {"[{'property':'hasKeyword','keyword':'$seen','isAscending':false}]",
	"edagcb"},
    {"[{'property':'someInThreadHaveKeyword','keyword':'$seen'}]", "cgabde"},
    {"[{'property':'allInThreadHaveKeyword','keyword':'$seen'}]", "abcgde"},
    // Section 4.4.2.
    {"[{'property':'someInThreadHaveKeyword','keyword':'$flagged',"
     "'isAscending':false},{'property':'subject','collation':"
     "'i;unicode-casemap'},{'property':'receivedAt','isAscending':false}]",
	"cegbad"},
    {"[{'property':'from'},{'property':'receivedAt','isAscending':false}]",
	"dabcge"},
    {"[{'property':'frob'}]", "unsupportedSort"},
    {"[{'property':'subject','collation':'i;frob'}]", "unsupportedSort"},
    {"[{'property':'hasKeyword'}]", "invalidArguments"},
    {"[{'property':1}]", "invalidArguments"},
    {"[{}]", "invalidArguments"},
    {"['receivedAt']", "invalidArguments"},
    {"{'property':'receivedAt'}", "invalidArguments"},
};

static void each_sort(void **state)
{
	(void)state;
	mistakes = 0;
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++) {
		char arguments[1000];
		snprintf(
		    arguments, sizeof(arguments), "{'sort':%s}", sorts[i].sort);
		expect(arguments, sorts[i].letters);
	}
	assert_int_equal(mistakes, 0);
}

// ---- The window ------------------------------------------------------------

static const struct {
	const char *arguments;
	const char *letters;
	int position;
	int total; // -1: not told
} windows[] = {
    {"{}", "gedcba", 0, -1},
    {"{'limit':2}", "ge", 0, -1},
    {"{'limit':0}", "", 0, -1},
    {"{'position':1,'limit':2}", "ed", 1, -1},
    {"{'position':9}", "", 6, -1},
    {"{'position':-2}", "ba", 4, -1},
    {"{'position':-9,'limit':1}", "g", 0, -1},
    {"{'anchor':'%d'}", "dcba", 2, -1},
    {"{'anchor':'%d','anchorOffset':-1,'limit':2}", "ed", 1, -1},
    {"{'anchor':'%d','anchorOffset':-5,'limit':4}", "gedc", 0, -1},
    {"{'anchor':'%d','anchorOffset':1,'limit':2}", "cb", 3, -1},
    {"{'anchor':'%d','anchorOffset':99}", "", 6, -1},
    {"{'anchor':'%d','position':5,'limit':1}", "d", 2, -1},
    {"{'limit':2,'calculateTotal':true}", "ge", 0, 6},
    {"{'filter':{'inMailbox':'M1'},'limit':1,'calculateTotal':true}", "e", 0,
	4},
    {"{'filter':{'text':'plums'},'limit':1,'calculateTotal':true}", "e", 0, 2},
    {"{'collapseThreads':true}", "gedcb", 0, -1},
    {"{'collapseThreads':true,'calculateTotal':true,'limit':2}", "ge", 0, 5},
    {"{'collapseThreads':true,'calculateTotal':true,'filter':{'inMailbox':"
     "'M1'},'sort':[{'property':'receivedAt'}]}",
	"ace", 0, 3},
    {"{'collapseThreads':true,'sort':[{'property':'subject'}]}", "ecgad", 0,
	-1},
    {"{'collapseThreads':true,'position':-1}", "b", 4, -1},
    {"{'anchor':'%f'}", "anchorNotFound", 0, -1},
    {"{'anchor':'Eff'}", "anchorNotFound", 0, -1},
    {"{'anchor':'x'}", "anchorNotFound", 0, -1},
    {"{'anchor':'%a','collapseThreads':true}", "anchorNotFound", 0, -1},
    {"{'anchor':'%d','filter':{'inMailbox':'M1'}}", "anchorNotFound", 0, -1},
    {"{'anchor':''}", "invalidArguments", 0, -1},
    {"{'limit':-1}", "invalidArguments", 0, -1},
    {"{'position':'a'}", "invalidArguments", 0, -1},
    {"{'calculateTotal':1}", "invalidArguments", 0, -1},
    {"{'collapseThreads':'x'}", "invalidArguments", 0, -1},
    {"{'frob':1}", "invalidArguments", 0, -1},
};

static void each_window(void **state)
{
	(void)state;
	mistakes = 0;
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		expect(windows[i].arguments, windows[i].letters);
		json_t *json = query(windows[i].arguments);
		const json_t *total = json_object_get(json, "total");
		if (!json_object_get(json, "type")) {
			assert_int_equal(json_integer_value(
					     json_object_get(json, "position")),
			    windows[i].position);
			assert_int_equal(total ? json_integer_value(total) : -1,
			    windows[i].total);
			jmap_rig_expect(json, "canCalculateChanges", "true");
		}
		json_decref(json);
	}
	assert_int_equal(mistakes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_filter),
	    cmocka_unit_test(each_sort),
	    cmocka_unit_test(each_window),
	};
	return cmocka_run_group_tests(tests, set_up, rig_tear_down);
}
