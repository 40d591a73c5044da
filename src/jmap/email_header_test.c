// SPDX-License-Identifier: Apache-2.0
// The forms of header fields (RFC 8621 sections 4.1.2 and 4.1.3), as tables.
#include "jmap/rig_one.h"
#include "store/change.h"
#include "store/email.h"

static const struct {
	const char *header; // field lines
	const char *property;
	const char *value; // JSON
} rows[] = {
    // 4.1.2.1 Raw: "from the first octet following the … colon, up to but
    // excluding the header field terminating CRLF".
    {"Subject: a test\r\n", "header:Subject", "' a test'"},
    {"Subject:a test\r\n", "header:subject", "'a test'"},
    {"Subject:\r\n", "header:Subject", "''"},
    {"Subject:  two\r\n\tlines \r\n", "header:Subject",
	"'  two\\r\\n\\tlines '"},
    {"Subject: =?utf-8?q?a?=\r\n", "header:Subject", "' =?utf-8?q?a?='"},
    {"Subject: Gr\xc3\xbc\xc3\x9f\r\n", "header:Subject",
	"' Gr\xc3\xbc\xc3\x9f'"},
    {"Subject: Gr\xfc\xdf\r\n", "header:Subject",
	"' Gr\xef\xbf\xbd\xef\xbf\xbd'"},
    {"X-A: 1\r\nX-A: 2\r\n", "header:x-a", "' 2'"},
    {"X-A: 1\r\nX-A: 2\r\n", "header:x-a:all", "[' 1',' 2']"},
    {"", "header:x-a", "null"},
    {"", "header:x-a:all", "[]"},
    {"", "header:x-a:asText", "null"},
    {"", "header:x-a:asText:all", "[]"},
    {"Received: from a by b; Fri, 21 Nov 1997 09:55:06 -0600\r\n",
	"header:Received", "' from a by b; Fri, 21 Nov 1997 09:55:06 -0600'"},
    // 4.1.2.2 Text
    {"Subject: a test\r\n", "subject", "'a test'"},
    {"Subject:    a test\r\n", "header:Subject:asText", "'a test'"},
    {"Subject: two\r\n lines\r\n", "subject", "'two lines'"},
    {"Subject: two\r\n \t lines\r\n", "subject", "'two \\t lines'"},
    {"Subject: =?utf-8?q?caf=C3=A9?=\r\n", "subject", "'caf\xc3\xa9'"},
    {"Subject: =?UTF-8?B?Y2Fmw6k=?=\r\n", "subject", "'caf\xc3\xa9'"},
    {"Subject: =?iso-8859-1?Q?a?= b\r\n", "subject", "'a b'"},
    {"Subject: =?iso-8859-1?Q?a?= =?iso-8859-1?Q?b?=\r\n", "subject", "'ab'"},
    {"Subject: =?iso-8859-1?Q?a?=\r\n =?iso-8859-1?Q?b?=\r\n", "subject",
	"'ab'"},
    {"Subject: =?iso-8859-1?Q?a_?= =?iso-8859-1?Q?b?=\r\n", "subject", "'a b'"},
    // A character that is cut.
    {"Subject: =?utf-8?q?caf=C3?= =?utf-8?q?=A9?=\r\n", "subject",
	"'caf\xc3\xa9'"},
    {"Subject: =?euc-kr?B?sMe46Q==?=\r\n", "subject",
	"'\xea\xb1\xb4\xeb\xa9\xb4'"},
    {"Subject: =?iso-2022-jp?B?GyRCRnxLXBsoQg==?=\r\n", "subject",
	"'\xe6\x97\xa5\xe6\x9c\xac'"},
    // "violates placement or white space rules …: MUST NOT be decoded"
    {"Subject: a=?utf-8?q?b?=\r\n", "subject", "'a=?utf-8?q?b?='"},
    {"Subject: =?utf-8?q?a?=b\r\n", "subject", "'=?utf-8?q?a?=b'"},
    {"Subject: (=?utf-8?q?a?=)\r\n", "subject", "'(=?utf-8?q?a?=)'"},
    {"Subject: =?utf-8?q?a b?=\r\n", "subject", "'=?utf-8?q?a b?='"},
    {"Subject: x=?utf-8?q?a?= =?utf-8?q?b?=\r\n", "subject",
	"'x=?utf-8?q?a?= b'"},
    // "with a known character set"
    {"Subject: =?x-nobody-knows?q?a?=\r\n", "subject",
	"'=?x-nobody-knows?q?a?='"},
    {"Subject: =?unknown-8bit?q?a?=\r\n", "subject", "'=?unknown-8bit?q?a?='"},
    {"Subject: =?utf-8?x?a?=\r\n", "subject", "'=?utf-8?x?a?='"},
    // Two words side by side are two words (README.md, Departures).
    {"Subject: =?utf-8?q?a?==?utf-8?q?b?=\r\n", "subject", "'ab'"},
    // "Any NUL octets or control characters encoded … are dropped"
    {"Subject: =?utf-8?q?a=00b=0A=0Dc=1B=7F?=\r\n", "subject", "'abc'"},
    // "If any decodings fail, … U+FFFD"
    {"Subject: =?utf-8?q?a=FFb?=\r\n", "subject",
	"'a\xef\xbf\xbd"
	"b'"},
    // "Normalization Form C": e and U+0301.
    {"Subject: =?utf-8?q?e=CC=81?=\r\n", "subject", "'\xc3\xa9'"},
    {"Subject: e\xcc\x81\r\n", "subject", "'\xc3\xa9'"},
    // Bytes that are no UTF-8 are read as mail programs do.
    {"Subject: Gr\xfc\xdf\r\n", "subject", "'Gr\xc3\xbc\xc3\x9f'"},
    {"Subject: 1\r\nSubject: 2\r\n", "subject", "'2'"},
    {"Subject: 1\r\nSubject: 2\r\n", "header:Subject:asText:all", "['1','2']"},
    {"Subject:\r\n", "subject", "''"},
    {"List-Id: =?utf-8?q?L?= <l.example.org>\r\n", "header:List-Id:asText",
	"'L <l.example.org>'"},
    {"X-Any: =?utf-8?q?L?=\r\n", "header:X-Any:asText", "'L'"},
    {"Comments: a (b)\r\n", "header:comments:asText", "'a (b)'"},
    {"Keywords: a, b\r\n", "header:Keywords:asText", "'a, b'"},
    // 4.1.2.3 Addresses: the example
    {"To: \"  James Smythe\" <james@example.com>, Friends:\r\n"
     "  jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n"
     "  <john@example.com>;\r\n",
	"to",
	"[{'name':'James Smythe','email':'james@example.com'},"
	"{'name':null,'email':'jane@example.com'},"
	"{'name':'John Sm\xc3\xaeth','email':'john@example.com'}]"},
    {"To: \"  James Smythe\" <james@example.com>, Friends:\r\n"
     "  jane@example.com, =?UTF-8?Q?John_Sm=C3=AEth?=\r\n"
     "  <john@example.com>;\r\n",
	"header:To:asGroupedAddresses",
	"[{'name':null,'addresses':["
	"{'name':'James Smythe','email':'james@example.com'}]},"
	"{'name':'Friends','addresses':["
	"{'name':null,'email':'jane@example.com'},"
	"{'name':'John Sm\xc3\xaeth','email':'john@example.com'}]}]"},
    {"From: a@b.example\r\n", "from", "[{'name':null,'email':'a@b.example'}]"},
    {"From: \"Q. \\\"R\\\"\" <a@b.example>\r\n", "from",
	"[{'name':'Q. \\\"R\\\"','email':'a@b.example'}]"},
    {"From: \"a\r\n b \" <a@b.example>\r\n", "from",
	"[{'name':'a b','email':'a@b.example'}]"},
    // "If there is no display-name but there is a comment"
    {"From: a@b.example (Joe)\r\n", "from",
	"[{'name':'Joe','email':'a@b.example'}]"},
    {"From: =?utf-8?q?J=C3=B6?= <a@b.example>\r\n", "from",
	"[{'name':'J\xc3\xb6','email':'a@b.example'}]"},
    // Programs put encoded words in quotes.
    {"From: \"=?utf-8?q?J=C3=B6?=\" <a@b.example>\r\n", "from",
	"[{'name':'J\xc3\xb6','email':'a@b.example'}]"},
    {"From: J\xc3\xb6 <j\xc3\xb6@b\xc3\xbc.example>\r\n", "from",
	"[{'name':'J\xc3\xb6','email':'j\xc3\xb6@b\xc3\xbc.example'}]"},
    {"From: <a@[127.0.0.1]>\r\n", "from",
	"[{'name':null,'email':'a@[127.0.0.1]'}]"},
    {"From: \"joe a\"@b.example\r\n", "from",
	"[{'name':null,'email':'\\\"joe a\\\"@b.example'}]"},
    {"From: \"joe\"@b.example\r\n", "from",
	"[{'name':null,'email':'joe@b.example'}]"},
    {"From: joe\r\n", "from", "[{'name':null,'email':'joe'}]"},
    {"From: a@b.example\r\nFrom: c@d.example\r\n", "from",
	"[{'name':null,'email':'c@d.example'}]"},
    {"Resent-To: a@b.example\r\nResent-To: c@d.example\r\n",
	"header:Resent-To:asAddresses:all",
	"[[{'name':null,'email':'a@b.example'}],"
	"[{'name':null,'email':'c@d.example'}]]"},
    {"To: undisclosed-recipients:;\r\n", "to", "[]"},
    {"To: undisclosed-recipients:;\r\n", "header:To:asGroupedAddresses",
	"[{'name':'undisclosed-recipients','addresses':[]}]"},
    {"To: a@b.example, G:c@d.example;, e@f.example, H:;\r\n",
	"header:To:asGroupedAddresses",
	"[{'name':null,'addresses':[{'name':null,'email':'a@b.example'}]},"
	"{'name':'G','addresses':[{'name':null,'email':'c@d.example'}]},"
	"{'name':null,'addresses':[{'name':null,'email':'e@f.example'}]},"
	"{'name':'H','addresses':[]}]"},
    {"To: \r\n", "to", "[]"},
    {"To: \r\n", "header:To:asGroupedAddresses", "[]"},
    {"Cc: a@b.example\r\n", "cc", "[{'name':null,'email':'a@b.example'}]"},
    {"Bcc: a@b.example\r\n", "bcc", "[{'name':null,'email':'a@b.example'}]"},
    {"Sender: a@b.example\r\n", "sender",
	"[{'name':null,'email':'a@b.example'}]"},
    {"Reply-To: a@b.example\r\n", "replyTo",
	"[{'name':null,'email':'a@b.example'}]"},
    {"", "from", "null"},
    // ENVELOPE would give From here.
    {"From: a@b.example\r\n", "sender", "null"},
    {"From: a@b.example\r\n", "replyTo", "null"},
    {"X-Who: a@b.example\r\n", "header:X-Who:asAddresses",
	"[{'name':null,'email':'a@b.example'}]"},
    // 4.1.2.5 MessageIds
    {"Message-ID: <1234@local.machine.example>\r\n", "messageId",
	"['1234@local.machine.example']"},
    {"References: <a@b>\r\n\t<c@d> (comment <x@y>)\r\n <e@f>\r\n", "references",
	"['a@b','c@d','e@f']"},
    {"References: <a@b><c@d>,<e@f>\r\n", "references", "['a@b','c@d','e@f']"},
    {"In-Reply-To: Your message of Friday <a@b>\r\n", "inReplyTo", "['a@b']"},
    {"In-Reply-To: Your message of Friday\r\n", "inReplyTo", "null"},
    {"Message-ID: <no-at-sign>\r\n", "messageId", "['no-at-sign']"},
    {"Message-ID: <a\r\n b@c>\r\n", "messageId", "['ab@c']"},
    {"Message-ID: <>\r\n", "messageId", "null"},
    {"Message-ID:\r\n", "messageId", "null"},
    {"Message-ID: <a@b\r\n", "messageId", "null"},
    {"Message-ID: <<a@b>>\r\n", "messageId", "['a@b']"},
    {"X-Ids: <a@b>\r\n", "header:X-Ids:asMessageIds", "['a@b']"},
    {"Resent-Message-ID: <a@b>\r\n", "header:Resent-Message-ID:asMessageIds",
	"['a@b']"},
    // 4.1.2.6 Date
    {"Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n", "sentAt",
	"'1997-11-21T09:55:06-06:00'"},
    {"Date: Fri, 21 Nov 1997 09:55:06 +0530\r\n", "sentAt",
	"'1997-11-21T09:55:06+05:30'"},
    {"Date: Fri, 21 Nov 1997 09:55:06 +0000\r\n", "sentAt",
	"'1997-11-21T09:55:06Z'"},
    {"Date: 21 Nov 97 09:55:06 GMT\r\n", "sentAt", "'1997-11-21T09:55:06Z'"},
    {"Date: Fri, 21 Nov 1997 09(comment):   55  :  06 -0600\r\n", "sentAt",
	"'1997-11-21T09:55:06-06:00'"},
    {"Date: yesterday\r\n", "sentAt", "null"},
    {"Date: Sat, 31 Feb 2026 00:00:00 +0000\r\n", "sentAt", "null"},
    {"X-When: Fri, 21 Nov 1997 09:55:06 -0600\r\n", "header:X-When:asDate",
	"'1997-11-21T09:55:06-06:00'"},
    // 4.1.2.7 URLs: the examples of RFC 2369
    {"List-Help: <mailto:list@host.com?subject=help> (List Instructions)\r\n",
	"header:List-Help:asURLs", "['mailto:list@host.com?subject=help']"},
    {"List-Help: <ftp://ftp.host.com/list.txt> (FTP),\r\n"
     "    <mailto:list@host.com?subject=help>\r\n",
	"header:List-Help:asURLs",
	"['ftp://ftp.host.com/list.txt',"
	"'mailto:list@host.com?subject=help']"},
    {"List-Unsubscribe: (Use this command to get off the list)\r\n"
     "     <mailto:list-manager@host.com?body=unsubscribe%20list>\r\n",
	"header:List-Unsubscribe:asURLs",
	"['mailto:list-manager@host.com?body=unsubscribe%20list']"},
    {"List-Post: NO (posting not allowed on this list)\r\n",
	"header:List-Post:asURLs", "null"},
    {"List-Owner: <http://a.example/\r\n\tlong>\r\n",
	"header:List-Owner:asURLs", "['http://a.example/long']"},
    {"List-Post: x <mailto:a@b>\r\n", "header:List-Post:asURLs", "null"},
    {"X-Url: <http://a.example/>\r\n", "header:X-Url:asURLs",
	"['http://a.example/']"},
    // Lines that are no fields, and other broken headers.
    {"no colon\r\nSubject: a\r\n", "subject", "'a'"},
    {"Subject : a\r\n", "subject", "'a'"},
    {"Subject: a\n", "subject", "'a'"},
    {"subject: a\r\n", "header:SUBJECT:asText", "'a'"},
};

static void each_form_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char message[2000], text[300];
		snprintf(
		    message, sizeof(message), "%s\r\nbody\r\n", rows[i].header);
		unsigned long long email =
		    jmap_rig_deliver(&rig, "INBOX", message);
		snprintf(text, sizeof(text),
		    "{'ids':['E%llu'],'properties':['%s']}", email,
		    rows[i].property);
		json_t *json = jmap_rig_call(&rig, "Email/get", text);
		json_t *one = jmap_rig_at(json, "list/0");
		if (!one)
			fail_msg("row %zu: no email", i);
		// The name in the answer is the one that was asked for.
		json_t *value = json_object_get(one, rows[i].property);
		if (!value || json_object_size(one) != 2)
			fail_msg("row %zu: no %s", i, rows[i].property);
		// A failure shows which row it was.
		json_t *shown =
		    json_pack("{s:i,s:O}", "row", (int)i, "value", value);
		jmap_rig_expect(shown, "value", rows[i].value);
		json_decref(shown);
		json_decref(json);
	}
}

static void nul_in_a_field_is_dropped(void **state)
{
	(void)state;
	struct fault fault;
	struct store_mailbox *mailbox;
	struct store_appended appended;
	struct store_asker asker = store_user(rig.users.user.account);
	struct store_draft *draft = store_draft_new(rig.store);
	static const char bytes[] = "Subject: a\0b\r\n\r\n";
	rig_must(
	    store_draft_add(draft, view_of(bytes, sizeof(bytes) - 1)), "draft");
	rig_must(store_draft_finish(draft), "draft");
	rig_must(store_mailbox_open(&asker, rig.account, VIEW("Archive"),
		     STORE_RIGHTS_ALL, &fault, &mailbox),
	    "open");
	struct store_append append = {.draft = draft};
	rig_must(
	    store_append(mailbox, &append, 1, &fault, &appended), "append");
	store_mailbox_close(&mailbox);
	store_draft_free(&draft);
	json_t *json = jmap_rig_call(&rig, "Email/get",
	    "{'ids':null,'properties':['subject','header:Subject','headers']}");
	size_t i, found = 0;
	json_t *one;
	json_array_foreach(jmap_rig_at(json, "list"), i, one)
	{
		const char *raw =
		    json_string_value(json_object_get(one, "header:Subject"));
		if (!raw || strcmp(raw, " ab") != 0)
			continue;
		jmap_rig_expect(one, "subject", "'ab'");
		jmap_rig_expect(
		    one, "headers", "[{'name':'Subject','value':' ab'}]");
		found++;
	}
	assert_int_equal(found, 1);
	json_decref(json);
}

static void all_fields_are_listed(void **state)
{
	(void)state;
	char text[200];
	unsigned long long email = jmap_rig_deliver(&rig, "INBOX",
	    "X-B: 1\r\nx-a:  2\r\n 3\r\nnot a field\r\nX-B:\r\n\r\n");
	snprintf(text, sizeof(text),
	    "{'ids':['E%llu'],'properties':['headers']}", email);
	json_t *json = jmap_rig_call(&rig, "Email/get", text);
	jmap_rig_expect(json, "list/0/headers",
	    "[{'name':'X-B','value':' 1'},{'name':'x-a','value':'  2\\r\\n 3'},"
	    "{'name':'X-B','value':''}]");
	json_decref(json);
}

// Each is answered with invalidArguments, as a property of an email and of a
// part.
static const char *const wrong[] = {
    "header:From:asDate",
    "header:From:asText",
    "header:Subject:asAddresses",
    "header:Date:asText",
    "header:Message-ID:asAddresses",
    "header:List-Post:asMessageIds",
    "header:Received:asText",
    "header:Return-Path:asAddresses",
    "header:Subject:asNothing",
    "header:Subject:astext",
    "header:Subject:all:asText",
    "header:Subject:asText:all:all",
    "header:Subject:asText:",
    "header:Subject:",
    "header:",
    "header:a b",
    "header:a\xc3\xbc",
    "header",
    "Header:Subject",
    "nothing",
    "",
};

static void a_form_that_a_field_cannot_have_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		for (int part = 0; part < 2; part++) {
			char text[200];
			snprintf(text, sizeof(text), "{'ids':[],'%s':['%s']}",
			    part ? "bodyProperties" : "properties", wrong[i]);
			json_t *json = jmap_rig_call(&rig, "Email/get", text);
			jmap_rig_expect(json, "type", "'invalidArguments'");
			json_decref(json);
		}
}

static void a_property_that_is_named_twice_is_given_once(void **state)
{
	(void)state;
	char text[200];
	unsigned long long email =
	    jmap_rig_deliver(&rig, "INBOX", "X-A: 1\r\n\r\n");
	snprintf(text, sizeof(text),
	    "{'ids':['E%llu','E%llu'],"
	    "'properties':['header:X-A','header:X-A','id']}",
	    email, email);
	json_t *json = jmap_rig_call(&rig, "Email/get", text);
	assert_int_equal(json_array_size(jmap_rig_at(json, "list")), 1);
	assert_int_equal(json_object_size(jmap_rig_at(json, "list/0")), 2);
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_form_is_read),
	    cmocka_unit_test(nul_in_a_field_is_dropped),
	    cmocka_unit_test(all_fields_are_listed),
	    cmocka_unit_test(a_form_that_a_field_cannot_have_is_refused),
	    cmocka_unit_test(a_property_that_is_named_twice_is_given_once),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
