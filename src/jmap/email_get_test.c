// SPDX-License-Identifier: Apache-2.0
// Email/get: metadata, body parts, body values. The forms of header fields are
// in email_header_test.c.
#include "jmap/email.h"
#include "jmap/rig_one.h"

static const char plain[] =
    "Date: Fri, 21 Nov 1997 09:55:06 -0600\r\n"
    "From: \"Joe Q. Public\" <john.q.public@example.com>\r\n"
    "To: Mary Smith <mary@x.test>, jdoe@example.org\r\n"
    "Message-ID: <5678.21-Nov-1997@example.com>\r\n"
    "Subject: Hello\r\n"
    "\r\n"
    "Hi everyone.\r\n"
    "Second line.\r\n";

// Gets one email with these further arguments; returns the Email.
static json_t *get(uint64_t email, const char *arguments)
{
	char text[2000];
	snprintf(text, sizeof(text), "{'ids':['E%llu']%s%s}",
	    (unsigned long long)email, *arguments ? "," : "", arguments);
	json_t *json = jmap_rig_call(&rig, "Email/get", text);
	json_t *one = json_incref(jmap_rig_at(json, "list/0"));
	if (!one)
		jmap_rig_expect(json, "list/0", "'an email'");
	json_decref(json);
	return one;
}

static void the_default_properties_are_given(void **state)
{
	(void)state;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", plain);
	json_t *one = get(email, "");
	static const char *const names[] = {"id", "blobId", "threadId",
	    "mailboxIds", "keywords", "size", "receivedAt", "messageId",
	    "inReplyTo", "references", "sender", "from", "to", "cc", "bcc",
	    "replyTo", "subject", "sentAt", "hasAttachment", "preview",
	    "bodyValues", "textBody", "htmlBody", "attachments"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!json_object_get(one, names[i]))
			fail_msg("no %s", names[i]);
	assert_int_equal(json_object_size(one), ARRAY_LEN(names));
	jmap_rig_expect(one, "from",
	    "[{'name':'Joe Q. Public','email':'john.q.public@example.com'}]");
	jmap_rig_expect(one, "to",
	    "[{'name':'Mary Smith','email':'mary@x.test'},"
	    "{'name':null,'email':'jdoe@example.org'}]");
	jmap_rig_expect(one, "messageId", "['5678.21-Nov-1997@example.com']");
	jmap_rig_expect(one, "subject", "'Hello'");
	jmap_rig_expect(one, "sentAt", "'1997-11-21T09:55:06-06:00'");
	jmap_rig_expect(one, "cc", "null");
	jmap_rig_expect(one, "keywords", "{}");
	jmap_rig_expect(one, "bodyValues", "{}");
	jmap_rig_expect(one, "hasAttachment", "false");
	jmap_rig_expect(one, "preview", "'Hi everyone. Second line.'");
	jmap_rig_expect(one, "textBody/0/type", "'text/plain'");
	assert_int_equal(json_integer_value(json_object_get(one, "size")),
	    sizeof(plain) - 1);
	json_decref(one);
}

// ---- The parts (RFC 8621 section 4.1.4) ------------------------------------

// Fields of a part, an empty line, and a text without meaning.
#define PART(type, fields)                                                     \
	"Content-Type: " type "\r\n" fields "\r\n"                             \
	"text\r\n"
#define OPEN(type, boundary)                                                   \
	"Content-Type: " type "; boundary=" boundary "\r\n\r\n"
#define INLINE     "Content-Disposition: inline\r\n"
#define ATTACHMENT "Content-Disposition: attachment\r\n"

// The numbers of the parts in each list.
static const struct {
	const char *message;
	const char *text, *html, *attachments;
	bool has_attachment;
} structures[] = {
    // The example of the RFC: A is part 1, K is 14.
    {OPEN("multipart/mixed", "a") "--a\r\n" PART("text/plain", INLINE) // A 1
	"--a\r\n" OPEN("multipart/mixed", "b") "--b\r\n"
	// 2, 3, 4
	OPEN("multipart/alternative", "c") "--c\r\n" OPEN(
	    "multipart/mixed", "d") "--d\r\n" PART("text/plain", INLINE) // B 5
	"--d\r\n" PART("image/jpeg", INLINE)                             // C 6
	"--d\r\n" PART("text/plain", INLINE)                             // D 7
	"--d--\r\n--c\r\n" OPEN("multipart/related", "e")                // 8
	"--e\r\n" PART("text/html", "")                                  // E 9
	"--e\r\n" PART("image/jpeg", "")                                 // F 10
	"--e--\r\n--c--\r\n"
	"--b\r\n" PART("image/jpeg", ATTACHMENT)      // G 11
	"--b\r\n" PART("application/x-excel", "")     // H 12
	"--b\r\n" PART("message/rfc822", "")          // J 13, and 14 in it
	"--b--\r\n--a\r\n" PART("text/plain", INLINE) // K 15
	"--a--\r\n",
	"['1','5','6','7','15']", "['1','9','15']", "['6','10','11','12','13']",
	true},
    {PART("text/plain", ""), "['0']", "['0']", "[]", false},
    {"\r\nno type\r\n", "['0']", "['0']", "[]", false},
    {PART("text/html", ""), "['0']", "['0']", "[]", false},
    {PART("image/png", ""), "['0']", "['0']", "[]", false},
    {PART("image/png", ATTACHMENT), "[]", "[]", "['0']", true},
    {PART("text/plain", ATTACHMENT), "[]", "[]", "['0']", true},
    {PART("application/pdf", ""), "[]", "[]", "['0']", true},
    {PART("application/pdf", INLINE), "[]", "[]", "['0']", false},
    {PART("text/calendar", ""), "[]", "[]", "['0']", true},
    {PART("message/rfc822", ""), "[]", "[]", "['0']", true},
    {OPEN("multipart/alternative", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" PART("text/html", "") "--a--\r\n",
	"['1']", "['2']", "[]", false},
    // In one form only, the other list gets it, too.
    {OPEN("multipart/alternative", "a") "--a\r\n" PART(
	 "text/html", "") "--a--\r\n",
	"['1']", "['1']", "[]", false},
    {OPEN("multipart/alternative", "a") "--a\r\n" PART(
	 "text/plain", "") "--a--\r\n",
	"['1']", "['1']", "[]", false},
    {OPEN("multipart/alternative", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" PART("text/calendar", "") "--a--\r\n",
	"['1']", "['1']", "['2']", true},
    {OPEN("multipart/alternative", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" OPEN("multipart/related",
	 "b") "--b\r\n" PART("text/html", "") "--b\r\n" PART("image/gif",
	 "Content-ID: <a@b>\r\n") "--b--\r\n--a--\r\n",
	"['1']", "['3']", "['4']", false},
    // Without a Content-ID no text refers to it.
    {OPEN("multipart/related", "b") "--b\r\n" PART(
	 "text/html", "") "--b\r\n" PART("image/gif", "") "--b--\r\n",
	"['1']", "['1']", "['2']", true},
    {OPEN("multipart/mixed", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" PART("image/png",
	 "") "--a\r\n" PART("text/plain", "") "--a--\r\n",
	"['1','2','3']", "['1','2','3']", "[]", false},
    // A text with a name that is not the first part.
    {OPEN("multipart/mixed", "a") "--a\r\n" PART(
	 "text/plain; name=a.txt", "") "--a\r\n" PART("text/plain; name=b.txt",
	 "") "--a\r\n" PART("text/plain",
	 "Content-Disposition: inline; filename*=''c\r\n") "--a--\r\n",
	"['1']", "['1']", "['2','3']", true},
    {OPEN("multipart/signed", "a") "--a\r\n" PART("text/plain",
	 "") "--a\r\n" PART("application/pgp-signature; name=s.asc",
	 "") "--a--\r\n",
	"['1']", "['1']", "['2']", false},
    {OPEN("multipart/signed", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" PART("application/pkcs7-signature",
	 ATTACHMENT) "--a--\r\n",
	"['1']", "['1']", "['2']", false},
    {OPEN("multipart/mixed", "a") "--a\r\n" PART(
	 "TEXT/PLAIN", "") "--a\r\n" PART("IMAGE/PNG",
	 "Content-Disposition: ATTACHMENT\r\n") "--a--\r\n",
	"['1']", "['1']", "['2']", true},
    {OPEN("multipart/report", "a") "--a\r\n" PART(
	 "text/plain", "") "--a\r\n" PART("message/delivery-status",
	 "") "--a\r\n" PART("text/rfc822-headers", "") "--a--\r\n",
	"['1']", "['1']", "['2','3']", true},
    // A multipart without parts is what it is.
    {"Content-Type: multipart/mixed; boundary=a\r\n\r\nnothing\r\n", NULL, NULL,
	NULL, false},
};

static json_t *ids_of(json_t *list)
{
	json_t *ids = json_array(), *part;
	size_t i;
	json_array_foreach(list, i, part)
	    json_array_append(ids, json_object_get(part, "partId"));
	return ids;
}

static void expect_parts(
    size_t row, json_t *email, const char *name, const char *expected)
{
	json_t *ids = ids_of(json_object_get(email, name));
	json_t *shown = json_pack(
	    "{s:i,s:s,s:o}", "row", (int)row, "list", name, "parts", ids);
	if (expected)
		jmap_rig_expect(shown, "parts", expected);
	json_decref(shown);
}

static void parts_are_text_or_attachments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(structures); i++) {
		json_t *one =
		    get(jmap_rig_deliver(&rig, "INBOX", structures[i].message),
			"'properties':['textBody','htmlBody','attachments',"
			"'hasAttachment'],'bodyProperties':['partId']");
		expect_parts(i, one, "textBody", structures[i].text);
		expect_parts(i, one, "htmlBody", structures[i].html);
		expect_parts(i, one, "attachments", structures[i].attachments);
		if (structures[i].text &&
		    json_is_true(json_object_get(one, "hasAttachment")) !=
			structures[i].has_attachment)
			fail_msg("row %zu: hasAttachment is wrong", i);
		json_decref(one);
	}
}

static const struct {
	const char *header;
	const char *body;
	const char *property;
	const char *value;
} properties[] = {
    {"", "text", "partId", "'0'"},
    {"", "text", "size", "4"},
    {"", "", "size", "0"},
    {"Content-Transfer-Encoding: base64\r\n", "aGVsbG8=\r\n", "size", "5"},
    {"Content-Transfer-Encoding: quoted-printable\r\n", "a=C3=BC=\r\nb", "size",
	"4"},
    // "If the transfer encoding is unknown, it is treated as though it had no
    // transfer encoding."
    {"Content-Transfer-Encoding: x-none\r\n", "abc", "size", "3"},
    {"Content-Type: Text/HTML; charset=utf-8\r\n", "", "type", "'text/html'"},
    {"Content-Type: (a) text / plain (b)\r\n", "", "type", "'text/plain'"},
    {"", "", "type", "'text/plain'"},
    {"Content-Type: nonsense\r\n", "", "type", "'text/plain'"},
    {"Content-Type: text/plain; charset=\"UTF-8\"\r\n", "", "charset",
	"'UTF-8'"},
    {"Content-Type: text/plain\r\n", "", "charset", "'us-ascii'"},
    {"", "", "charset", "'us-ascii'"},
    {"Content-Type: image/png\r\n", "", "charset", "null"},
    {"Content-Type: application/xml; charset=utf-8\r\n", "", "charset",
	"'utf-8'"},
    {"Content-Disposition: attachment; filename=a.txt\r\n", "", "name",
	"'a.txt'"},
    {"Content-Disposition: attachment; filename=\"a b.txt\"\r\n", "", "name",
	"'a b.txt'"},
    {"Content-Type: image/png; name=a.png\r\n", "", "name", "'a.png'"},
    {"Content-Type: image/png; name=a.png\r\n"
     "Content-Disposition: inline; filename=b.png\r\n",
	"", "name", "'b.png'"},
    {"Content-Type: image/png; name=\"=?utf-8?q?=C3=BC.png?=\"\r\n", "", "name",
	"'\xc3\xbc.png'"},
    {"Content-Disposition: attachment;\r\n"
     " filename*=utf-8''%C3%BC%20x.txt\r\n",
	"", "name", "'\xc3\xbc x.txt'"},
    {"Content-Disposition: attachment; filename*0*=utf-8''%C3%BC;\r\n"
     " filename*1=\".txt\"\r\n",
	"", "name", "'\xc3\xbc.txt'"},
    {"", "", "name", "null"},
    {"Content-Disposition: INLINE (c); x=y\r\n", "", "disposition", "'inline'"},
    {"", "", "disposition", "null"},
    {"Content-ID: <a@b> (c)\r\n", "", "cid", "'a@b'"},
    {"Content-ID: a@b\r\n", "", "cid", "'a@b'"},
    {"", "", "cid", "null"},
    {"Content-Language: de, en-GB (c)\r\n", "", "language", "['de','en-GB']"},
    {"", "", "language", "null"},
    {"Content-Location: http://a.example/\r\n b\r\n", "", "location",
	"'http://a.example/b'"},
    {"", "", "location", "null"},
    {"X-A: b\r\n", "", "header:x-a:asText", "'b'"},
    {"X-A: b\r\n", "", "header:X-A:all", "[' b']"},
    {"X-A: b\r\n", "", "headers", "[{'name':'X-A','value':' b'}]"},
    {"", "", "headers", "[]"},
    {"", "", "subParts", "null"},
};

static void each_property_of_a_part_is_given(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		char message[1000], args[200];
		snprintf(message, sizeof(message), "%s\r\n%s",
		    properties[i].header, properties[i].body);
		snprintf(args, sizeof(args),
		    "'properties':['bodyStructure'],'bodyProperties':['%s']",
		    properties[i].property);
		json_t *one =
		    get(jmap_rig_deliver(&rig, "INBOX", message), args);
		json_t *part = jmap_rig_at(one, "bodyStructure");
		assert_int_equal(json_object_size(part), 1);
		json_t *shown = json_pack("{s:i,s:O}", "row", (int)i, "value",
		    json_object_get(part, properties[i].property));
		jmap_rig_expect(shown, "value", properties[i].value);
		json_decref(shown);
		json_decref(one);
	}
}

// The blob of each part has the size that is told of it, whatever the lines.
static void the_size_of_a_long_encoded_part_is_right(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		size_t lines;
		const char *last;
	} rows[] = {
	    {"QUJDREVGR0hJSktM\r\n", 1000, "QUI="},
	    {"QUJDREVGR0hJSktM\r\n", 1000, "QQ==\r\n"},
	    {"QUJDREVGR0hJSktM\r\n", 1000, ""},
	    {"QUJDREVGR0hJSktM\r\n", 1000, "QUJDREVGR0hJSktM"},
	    {"QUJDREVGR0hJSktM\n", 1000, "QUI="},
	    {"QUJD\r\nREVGR0hJSktM\r\n", 1000, "QUI="},
	    {"QUJDR\r\nEVGR0hJSktM\r\n", 1000, "QUI="},
	    {"QUJDREVGR0hJSktM \r\n", 1000, "QUI="},
	    {"QUJDREVGR0hJS!tM\r\n", 1000, "QUI="},
	    {"QUJD", 4000, "QUI="},
	    {"\r\n", 2000, "QUI="},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text CLEANUP(buf_done);
		struct jmap_blob *blob;
		struct store_asker asker = store_user(rig.users.user.account);
		uint64_t size;
		buf_init(&text, 1 << 20);
		buf_add_literal(&text, "Content-Type: image/png\r\n"
				       "Content-Transfer-Encoding: base64\r\n"
				       "\r\n");
		for (size_t n = 0; n < rows[i].lines; n++)
			buf_add_string(&text, rows[i].line);
		buf_add_string(&text, rows[i].last);
		buf_add_char(&text, '\0');
		json_t *one = get(jmap_rig_deliver(&rig, "INBOX", text.ptr),
		    "'properties':['bodyStructure']");
		json_t *part = jmap_rig_at(one, "bodyStructure");
		const char *id =
		    json_string_value(json_object_get(part, "blobId"));
		assert_int_equal(jmap_blob_open(rig.account, &asker,
				     view_of_string(id), &blob),
		    RC_OK);
		assert_int_equal(jmap_blob_size(blob, &size), RC_OK);
		jmap_blob_close(&blob);
		if ((uint64_t)json_integer_value(
			json_object_get(part, "size")) != size)
			fail_msg("row %zu: the size is wrong", i);
		json_decref(one);
	}
}

static void the_structure_is_a_tree(void **state)
{
	(void)state;
	json_t *one = get(
	    jmap_rig_deliver(&rig, "INBOX",
		OPEN("multipart/mixed", "a") "--a\r\n" OPEN(
		    "multipart/alternative", "b") "--b\r\n" PART("text/plain",
		    "") "--b\r\n" PART("text/html",
		    "") "--b--\r\n"
			"--a\r\nContent-Type: message/rfc822\r\n\r\n" PART(
			    "multipart/mixed; boundary=c", "") "--a--\r\n"),
	    "'properties':['bodyStructure'],"
	    "'bodyProperties':['partId','type']");
	jmap_rig_expect(one, "bodyStructure",
	    "{'partId':null,'type':'multipart/mixed','subParts':["
	    "{'partId':null,'type':'multipart/alternative','subParts':["
	    "{'partId':'2','type':'text/plain'},"
	    "{'partId':'3','type':'text/html'}]},"
	    "{'partId':'4','type':'message/rfc822'}]}");
	json_decref(one);
}

// Clients, and JSON, have limits for what is in one another.
static void a_very_deep_structure_ends(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done);
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 90; i++)
		buf_printf(&text,
		    "Content-Type: multipart/mixed; boundary=b%02d\r\n\r\n"
		    "--b%02d\r\n",
		    i, i);
	buf_add_literal(&text, "\r\ndeep\r\n\0");
	json_t *one = get(jmap_rig_deliver(&rig, "INBOX", text.ptr),
	    "'properties':['bodyStructure','textBody','bodyValues'],"
	    "'bodyProperties':['partId'],'fetchTextBodyValues':true");
	json_t *part = jmap_rig_at(one, "bodyStructure");
	int depth = 0;
	while (json_array_size(json_object_get(part, "subParts")) > 0) {
		part = json_array_get(json_object_get(part, "subParts"), 0);
		depth++;
	}
	assert_int_equal(depth, 20);
	jmap_rig_expect(one, "textBody/0/partId", "'90'");
	jmap_rig_expect(one, "bodyValues/90/value", "'deep\\n'");
	json_decref(one);
}

// ---- The texts -------------------------------------------------------------

static const struct {
	const char *header;
	const char *body;
	const char *value; // JSON
	bool problem;
} values[] = {
    {"", "a\r\nb\r\n", "'a\\nb\\n'", false},
    {"", "a\nb\rc\r\r\nd\r", "'a\\nb\\rc\\r\\nd\\r'", false},
    {"", "", "''", false},
    {"Content-Type: text/plain; charset=utf-8\r\n", "\xc3\xbc", "'\xc3\xbc'",
	false},
    {"Content-Type: text/plain; charset=utf-8\r\n",
	"a\xff"
	"b",
	"'a\xef\xbf\xbd"
	"b'",
	true},
    {"Content-Type: text/plain; charset=utf-8\r\n", "a\xc3", "'a\xef\xbf\xbd'",
	true},
    {"Content-Type: text/plain; charset=iso-8859-1\r\n", "\xfc", "'\xc3\xbc'",
	false},
    {"Content-Type: text/plain; charset=koi8-r\r\n", "\xf2", "'\xd0\xa0'",
	false},
    {"Content-Type: text/plain; charset=euc-kr\r\n", "\xb0\xc7\xb8\xe9",
	"'\xea\xb1\xb4\xeb\xa9\xb4'", false},
    {"Content-Type: text/plain; charset=shift_jis\r\n", "\x93\xfa\x96\x7b",
	"'\xe6\x97\xa5\xe6\x9c\xac'", false},
    {"Content-Type: text/plain; charset=iso-2022-jp\r\n", "\x1b$BF|K\\\x1b(B",
	"'\xe6\x97\xa5\xe6\x9c\xac'", false},
    {"Content-Type: text/plain; charset=gb2312\r\n", "\xc8\xd5",
	"'\xe6\x97\xa5'", false},
    {"Content-Type: text/plain; charset=big5\r\n", "\xa4\xe9", "'\xe6\x97\xa5'",
	false},
    {"Content-Type: text/plain; charset=utf-16\r\n"
     "Content-Transfer-Encoding: base64\r\n",
	"/v8A/AAK", "'\xc3\xbc\\n'", false},
    {"Content-Type: text/plain; charset=utf-7\r\n", "+APw-", "'\xc3\xbc'",
	false},
    {"Content-Type: text/plain; charset=shift_jis\r\n", "a\x81", // cut
	"'a\xef\xbf\xbd'", true},
    {"Content-Type: text/plain; charset=x-nobody\r\n", "abc", "'abc'", true},
    // Without a charset, what is UTF-8 is read as that.
    {"", "\xc3\xbc", "'\xc3\xbc'", false},
    {"", "\xfc", "'\xc3\xbc'", true},
    {"Content-Transfer-Encoding: quoted-printable\r\n", "a=3Db=\r\nc", "'a=bc'",
	false},
    {"Content-Transfer-Encoding: base64\r\n", "YQ0KYg==", "'a\\nb'", false},
    {"Content-Transfer-Encoding: x-uuencode\r\n", "abc", "'abc'", true},
    {"Content-Type: text/html\r\n", "<p>a</p>\r\n", "'<p>a</p>\\n'", false},
    {"Content-Type: text/calendar\r\n", "BEGIN", "'BEGIN'", false},
};

static void texts_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char message[1000];
		snprintf(message, sizeof(message), "%s\r\n%s", values[i].header,
		    values[i].body);
		json_t *one = get(jmap_rig_deliver(&rig, "INBOX", message),
		    "'properties':['bodyValues'],"
		    "'fetchAllBodyValues':true");
		json_t *shown = json_pack("{s:i,s:O}", "row", (int)i, "value",
		    jmap_rig_at(one, "bodyValues/0"));
		jmap_rig_expect(shown, "value/value", values[i].value);
		jmap_rig_expect(shown, "value/isEncodingProblem",
		    values[i].problem ? "true" : "false");
		jmap_rig_expect(shown, "value/isTruncated", "false");
		json_decref(shown);
		json_decref(one);
	}
}

static const struct {
	const char *text;
	bool is_html;
	size_t max;
	const char *cut;
} cuts[] = {
    {"hello", false, 5, "hello"},
    {"hello", false, 4, "hell"},
    {"hello", false, 0, ""},
    {"a\xc3\xbc", false, 2, "a"},
    {"\xf0\x9f\x98\x80x", false, 3, ""},
    {"\xf0\x9f\x98\x80x", false, 4, "\xf0\x9f\x98\x80"},
    {"ab<a href=\"x\">c", false, 5, "ab<a "},
    {"ab<a href=\"x\">c", true, 5, "ab"},
    {"ab<a href=\"x\">c", true, 3, "ab"},
    {"ab<a href=\"x\">cd", true, 15, "ab<a href=\"x\">c"},
    {"ab<a href=\"x\">cd", true, 14, "ab<a href=\"x\">"},
    {"ab<a href=\"x\">cd", true, 13, "ab"},
    {"a<a t=\"1 > 0\">b", true, 11, "a"},
    {"a<a t='>'>b", true, 9, "a"},
    {"a<b>don't</b>c", true, 12, "a<b>don't"},
    {"a < b and more", true, 8, "a < b an"},
    {"a<3 and more", true, 8, "a<3 and "},
    {"a</p>b", true, 3, "a"},
    {"a<!-- c -->b", true, 7, "a"},
    {"a<?x ?>b", true, 4, "a"},
};

static void texts_are_cut_between_characters_and_tags(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cuts); i++)
		assert_view_equal_row(i,
		    jmap_value_cut(view_of_string(cuts[i].text), cuts[i].max,
			cuts[i].is_html),
		    view_of_string(cuts[i].cut));
}

static const char texts[] =
    OPEN("multipart/mixed", "a") "--a\r\n" OPEN("multipart/alternative",
	"b") "--b\r\nContent-Type: text/plain\r\n\r\nplain \xc3\xbc\xc3\xbc\r\n"
	     "--b\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--b--\r\n"
	     "--a\r\nContent-Type: text/csv\r\n" ATTACHMENT "\r\n1,2\r\n"
	     "--a\r\nContent-Type: image/png\r\n\r\npng\r\n--a--\r\n";

#define VALUE(id, text, cut)                                                   \
	"'" id "':{'value':'" text "','isEncodingProblem':false,"              \
	"'isTruncated':" cut "}"

static const struct {
	const char *args;
	const char *values;
} fetches[] = {
    {"", "{}"},
    {",'fetchTextBodyValues':true",
	"{" VALUE("2", "plain \xc3\xbc\xc3\xbc", "false") "}"},
    {",'fetchHTMLBodyValues':true", "{" VALUE("3", "<b>html</b>", "false") "}"},
    {",'fetchAllBodyValues':true",
	"{" VALUE("2", "plain \xc3\xbc\xc3\xbc", "false") "," VALUE(
	    "3", "<b>html</b>", "false") "," VALUE("4", "1,2", "false") "}"},
    {",'fetchTextBodyValues':true,'fetchHTMLBodyValues':true,"
     "'maxBodyValueBytes':9",
	"{" VALUE("2", "plain \xc3\xbc", "true") "," VALUE(
	    "3", "<b>html", "true") "}"},
    {",'fetchTextBodyValues':true,'maxBodyValueBytes':10",
	"{" VALUE("2", "plain \xc3\xbc\xc3\xbc", "false") "}"},
    {",'fetchTextBodyValues':true,'maxBodyValueBytes':0",
	"{" VALUE("2", "plain \xc3\xbc\xc3\xbc", "false") "}"},
    {",'fetchTextBodyValues':null,'maxBodyValueBytes':null", "{}"},
};

static void the_wanted_texts_are_given(void **state)
{
	(void)state;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", texts);
	for (size_t i = 0; i < ARRAY_LEN(fetches); i++) {
		char args[300];
		snprintf(args, sizeof(args), "'properties':['bodyValues']%s",
		    fetches[i].args);
		json_t *one = get(email, args);
		jmap_rig_expect(one, "bodyValues", fetches[i].values);
		json_decref(one);
	}
}

// A text of many pieces, whose pieces are cut in characters and line ends.
static void a_long_text_is_whole(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done), expected CLEANUP(buf_done);
	buf_init(&text, 1 << 22);
	buf_init(&expected, 1 << 22);
	buf_add_literal(
	    &text, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	for (int i = 0; i < 30000; i++) {
		buf_printf(&text, "%d \xe6\x97\xa5\r\n", i);
		buf_printf(&expected, "%d \xe6\x97\xa5\n", i);
	}
	buf_add_char(&text, '\0');
	json_t *one = get(jmap_rig_deliver(&rig, "INBOX", text.ptr),
	    "'properties':['bodyValues'],'fetchTextBodyValues':true");
	json_t *value = jmap_rig_at(one, "bodyValues/0/value");
	assert_int_equal(json_string_length(value), expected.len);
	assert_memory_equal(
	    json_string_value(value), expected.ptr, expected.len);
	json_decref(one);
}

// ---- What the mail store knows ---------------------------------------------

static void run_set(const char *arguments)
{
	json_t *json = jmap_rig_call(&rig, "Email/set", arguments);
	if (json_object_size(json_object_get(json, "notUpdated")) > 0)
		jmap_rig_expect(json, "notUpdated", "null");
	json_decref(json);
}

static void metadata_is_that_of_all_places(void **state)
{
	(void)state;
	char text[300];
	uint64_t email = jmap_rig_deliver(&rig, "Archive", plain);
	snprintf(text, sizeof(text),
	    "{'update':{'E%llu':{'keywords/$seen':true,'keywords/$flagged':"
	    "true,'keywords/Work':true}}}",
	    (unsigned long long)email);
	run_set(text);
	json_t *one = get(email,
	    "'properties':['keywords','mailboxIds','blobId','threadId',"
	    "'receivedAt']");
	jmap_rig_expect(
	    one, "keywords", "{'$flagged':true,'$seen':true,'work':true}");
	assert_int_equal(
	    json_object_size(json_object_get(one, "mailboxIds")), 1);
	snprintf(text, sizeof(text), "'B%llu'", (unsigned long long)email);
	jmap_rig_expect(one, "blobId", text);
	assert_int_equal(
	    json_string_value(json_object_get(one, "threadId"))[0], 'T');
	const char *received =
	    json_string_value(json_object_get(one, "receivedAt"));
	assert_int_equal(strlen(received), 20);
	assert_int_equal(received[19], 'Z');
	json_decref(one);
}

static void what_is_not_there_is_not_found(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Email/get",
	    "{'ids':['E9999','nonsense','M1','E01'],'properties':['id']}");
	jmap_rig_expect(json, "list", "[]");
	jmap_rig_expect(json, "notFound", "['E9999','nonsense','M1','E01']");
	json_decref(json);
}

static const char *const wrong[] = {
    "{'ids':'E1'}",
    "{'ids':[1]}",
    "{'ids':[],'fetchTextBodyValues':1}",
    "{'ids':[],'maxBodyValueBytes':-1}",
    "{'ids':[],'maxBodyValueBytes':'1'}",
    "{'ids':[],'bodyProperties':'type'}",
    "{'ids':[],'bodyProperties':['Type']}",
    "{'ids':[],'properties':{}}",
    "{'ids':[],'unknown':true}",
};

static void wrong_arguments_are_refused(void **state)
{
	(void)state;
	jmap_rig_expect_wrong(&rig, "Email/get", wrong, ARRAY_LEN(wrong));
}

// ---- Threads ---------------------------------------------------------------

static void a_thread_has_its_emails_in_order(void **state)
{
	(void)state;
	char text[200], expected[200];
	unsigned long long first = jmap_rig_deliver(
	    &rig, "INBOX", "Message-ID: <first@t>\r\nSubject: t\r\n\r\n");
	unsigned long long second = jmap_rig_deliver(&rig, "Sent",
	    "Message-ID: <second@t>\r\nIn-Reply-To: <first@t>\r\n"
	    "References: <first@t>\r\nSubject: Re: t\r\n\r\n");
	json_t *one = get(first, "'properties':['threadId']");
	const char *thread =
	    json_string_value(json_object_get(one, "threadId"));
	snprintf(text, sizeof(text), "{'ids':['%s','T9999','x']}", thread);
	json_t *json = jmap_rig_call(&rig, "Thread/get", text);
	snprintf(expected, sizeof(expected),
	    "[{'id':'%s','emailIds':['E%llu','E%llu']}]", thread, first,
	    second);
	jmap_rig_expect(json, "list", expected);
	jmap_rig_expect(json, "notFound", "['T9999','x']");
	json_decref(json);
	// Among all threads it is there once.
	json = jmap_rig_call(
	    &rig, "Thread/get", "{'ids':null,'properties':['id']}");
	size_t i, found = 0;
	json_t *item;
	json_array_foreach(jmap_rig_at(json, "list"), i, item)
	{
		assert_int_equal(json_object_size(item), 1);
		found += strcmp(json_string_value(json_object_get(item, "id")),
			     thread) == 0;
	}
	assert_int_equal(found, 1);
	json_decref(json);
	json_decref(one);
}

// Fails unless the list has this thread and nothing else; NULL: nothing.
static void expect_threads(json_t *json, const char *list, const char *thread)
{
	char expected[100] = "[]";
	if (thread)
		snprintf(expected, sizeof(expected), "['%s']", thread);
	jmap_rig_expect(json, list, expected);
}

static void a_thread_comes_changes_and_goes(void **state)
{
	(void)state;
	char text[200], thread[40];
	json_t *json = jmap_rig_call(&rig, "Thread/get", "{'ids':[]}");
	jmap_rig_note_state_of(&rig, json);
	json_decref(json);
	unsigned long long first = jmap_rig_deliver(
	    &rig, "INBOX", "Message-ID: <1@c>\r\nSubject: c\r\n\r\n");
	json_t *one = get(first, "'properties':['threadId']");
	snprintf(thread, sizeof(thread), "%s",
	    json_string_value(json_object_get(one, "threadId")));
	json_decref(one);
	static const struct {
		const char *set, *end; // around an id; NULL: a reply comes
		int list; // where the thread is: 0 to 2, or 3: nowhere
	} steps[] = {
	    {"", "", 0},
	    {NULL, NULL, 1},
	    {"{'update':{", ":{'keywords/$seen':true}}}", 3},
	    {"{'destroy':[", "]}", 1},
	    {"{'destroy':[", "]}", 2},
	};
	static const char *const lists[] = {"created", "updated", "destroyed"};
	unsigned long long reply = 0;
	for (int i = 0; i < (int)ARRAY_LEN(steps); i++) {
		if (!steps[i].set) {
			reply = jmap_rig_deliver(&rig, "INBOX",
			    "Message-ID: <2@c>\r\nReferences: <1@c>\r\n"
			    "Subject: Re: c\r\n\r\n");
		} else if (*steps[i].set) {
			unsigned long long email = i < 4 ? first : reply;
			snprintf(text, sizeof(text), "%s'E%llu'%s",
			    steps[i].set, email, steps[i].end);
			json_decref(jmap_rig_call(&rig, "Email/set", text));
		}
		json = jmap_rig_call(
		    &rig, "Thread/changes", "{'sinceState':'@S'}");
		for (int list = 0; list < 3; list++)
			expect_threads(json, lists[list],
			    list == steps[i].list ? thread : NULL);
		jmap_rig_expect(json, "hasMoreChanges", "false");
		jmap_rig_note_state_of(&rig, json);
		json_decref(json);
	}
	json =
	    jmap_rig_call(&rig, "Thread/changes", "{'sinceState':'nonsense'}");
	jmap_rig_expect(json, "type", "'cannotCalculateChanges'");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_properties_are_given),
	    cmocka_unit_test(parts_are_text_or_attachments),
	    cmocka_unit_test(each_property_of_a_part_is_given),
	    cmocka_unit_test(the_size_of_a_long_encoded_part_is_right),
	    cmocka_unit_test(the_structure_is_a_tree),
	    cmocka_unit_test(a_very_deep_structure_ends),
	    cmocka_unit_test(texts_are_decoded),
	    cmocka_unit_test(texts_are_cut_between_characters_and_tags),
	    cmocka_unit_test(the_wanted_texts_are_given),
	    cmocka_unit_test(a_long_text_is_whole),
	    cmocka_unit_test(metadata_is_that_of_all_places),
	    cmocka_unit_test(what_is_not_there_is_not_found),
	    cmocka_unit_test(wrong_arguments_are_refused),
	    cmocka_unit_test(a_thread_has_its_emails_in_order),
	    cmocka_unit_test(a_thread_comes_changes_and_goes),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
