// SPDX-License-Identifier: Apache-2.0
// Email/set and Email/import: what is made of an Email object, what is refused,
// and how emails change.
#include "jmap/rig_one.h"

#define INBOX "M1"
#define IN    "'mailboxIds':{'" INBOX "':true}"

// Creates one email; gives the response.
static json_t *create(const char *email)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_printf(&text, "{'create':{'k':%s}}", email);
	buf_add_char(&text, '\0');
	json_t *json = jmap_rig_call(&rig, "Email/set", text.ptr);
	buf_done(&text);
	return json;
}

// ---- Messages that are made ------------------------------------------------

static const struct {
	const char *email;
	const char *const has[9]; // pieces of the message, in order
} made[] = {
    {"{" IN "}",
	{"Date: ", "\r\nMessage-ID: <", "@mail.example.org>\r\n",
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"}},
    {"{" IN ",'subject':'Gr\xc3\xbc\xc3\x9f"
     "e','from':[{'name':'Anna','email':'a@x.test'"
     "}],'to':[{'email':'b@x.test'},{'name':null,'email':'c@x.test'}],"
     "'messageId':['m@x'],'inReplyTo':['p@x'],'references':['o@x','p@x'],"
     "'sentAt':'2014-10-30T14:12:00+08:00'}",
	{"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Anna <a@x.test>\r\n"
	 "To: b@x.test, c@x.test\r\nMessage-ID: <m@x>\r\n"
	 "In-Reply-To: <p@x>\r\nReferences: <o@x> <p@x>\r\n"
	 "Date: Thu, 30 Oct 2014 14:12:00 +0800\r\nMIME-Version: 1.0\r\n"}},
    {"{" IN ",'header:X-A:asText':'one','header:X-B:all':[' 1',' 2'],"
     "'header:List-Post:asURLs':['mailto:l@x.test','http://x.test/'],"
     "'header:To:asGroupedAddresses':[{'name':'Us','addresses':[{'email':"
     "'a@x.test'}]},{'name':null,'addresses':[{'email':'b@x.test'}]}]}",
	{"X-A: one\r\nX-B: 1\r\nX-B: 2\r\nList-Post: <mailto:l@x.test>, "
	 "<http://x.test/>\r\nTo: Us: a@x.test;, b@x.test\r\n"}},
    {"{" IN ",'textBody':[{'partId':'t','type':'text/plain'}],'bodyValues':"
     "{'t':{'value':'one\\ntwo'}}}",
	{"Content-Transfer-Encoding: 7bit\r\n\r\none\r\ntwo"}},
    {"{" IN ",'textBody':[{'partId':'t'}],'bodyValues':{'t':{'value':"
     "'Gr\xc3\xbc\xc3\x9f"
     "e an alle, die das lesen, mit vielen Worten'}}}",
	{"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	 "Gr=C3=BC=C3=9Fe an alle, die das lesen, mit vielen Worten"}},
    {"{" IN ",'textBody':[{'partId':'t'}],'bodyValues':{'t':{'value':"
     "'\xe4\xbd\xa0\xe5\xa5\xbd'}}}",
	{"Content-Transfer-Encoding: base64\r\n\r\n5L2g5aW9\r\n"}},
    {"{" IN ",'textBody':[{'partId':'t'}],'htmlBody':[{'partId':'h',"
     "'type':'text/html'}],'bodyValues':{'t':{'value':'T'},'h':{'value':"
     "'<p>H'}}}",
	{"Content-Type: multipart/alternative;", "boundary=\"=_", "\r\n--=_",
	    "Content-Type: text/plain; charset=utf-8\r\n", "\r\n\r\nT\r\n--=_",
	    "Content-Type: text/html; charset=utf-8\r\n", "<p>H\r\n--=_",
	    "--\r\n"}},
    {"{" IN ",'bodyStructure':{'type':'multipart/mixed','subParts':[{'partId'"
     ":'a','type':'text/plain','disposition':'inline','language':['de','en'],"
     "'location':'http://x.test/','cid':'c@x','name':'\xc3\xa9.txt'}]},"
     "'bodyValues':{'a':{'value':'x'}}}",
	{"Content-Type: multipart/mixed;",
	    "Content-Type: text/plain; charset=utf-8; "
	    "name*=utf-8''%C3%A9.txt\r\n"
	    "Content-Disposition: inline; filename*=utf-8''%C3%A9.txt\r\n"
	    "Content-ID: <c@x>\r\nContent-Location: http://x.test/\r\n"
	    "Content-Language: de, en\r\n"}},
};

static void messages_are_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		struct buf message;
		buf_init(&message, 1 << 20);
		json_t *json = create(made[i].email);
		json_t *id = jmap_rig_at(json, "created/k/id");
		if (!id)
			fail_msg("%s", json_dumps(json, 0));
		jmap_rig_read(&rig, id, &message);
		struct view rest = buf_view(&message);
		for (size_t n = 0; n < 9 && made[i].has[n]; n++) {
			struct view piece = view_of_string(made[i].has[n]);
			size_t at = view_find(rest, piece);
			if (at == SIZE_MAX)
				fail_msg("no \"%s\" in %.*s", made[i].has[n],
				    VIEW_FMT(buf_view(&message)));
			rest = view_from(rest, at + piece.len);
		}
		json_decref(json);
		buf_done(&message);
	}
}

// The server writes this field, whatever the client says.
static void there_is_one_mime_version(void **state)
{
	(void)state;
	struct buf message;
	buf_init(&message, 1 << 20);
	json_t *json = create("{" IN ",'header:MIME-Version:asText':'2.0'}");
	jmap_rig_read(&rig, jmap_rig_at(json, "created/k/id"), &message);
	struct view text = buf_view(&message);
	size_t at = view_find(text, VIEW("MIME-Version: 1.0\r\n"));
	assert_int_not_equal(at, SIZE_MAX);
	assert_int_equal(
	    view_find(view_from(text, at + 1), VIEW("MIME-Version")), SIZE_MAX);
	assert_int_equal(view_find(text, VIEW("2.0")), SIZE_MAX);
	json_decref(json);
	buf_done(&message);
}

// ---- What is refused -------------------------------------------------------

static const struct {
	const char *email;
	const char *type;
	const char *properties; // NULL: none
} refused[] = {
    {"{}", "'invalidProperties'", "['mailboxIds']"},
    {"{'mailboxIds':{}}", "'invalidProperties'", "['mailboxIds']"},
    {"{'mailboxIds':{'M99':true}}", "'invalidProperties'", "['mailboxIds']"},
    {"{'mailboxIds':{'M1':false}}", "'invalidProperties'", "['mailboxIds']"},
    {"{'mailboxIds':{'#no':true}}", "'invalidProperties'", "['mailboxIds']"},
    {"{" IN ",'keywords':{'a b':true}}", "'invalidProperties'", "['keywords']"},
    {"{" IN ",'keywords':['a']}", "'invalidProperties'", "['keywords']"},
    {"{" IN ",'receivedAt':'now'}", "'invalidProperties'", "['receivedAt']"},
    // RFC 8621 section 4.6, in its order.
    {"{" IN ",'headers':[]}", "'invalidProperties'", "['headers']"},
    {"{" IN ",'from':[],'header:From:asAddresses':[]}", "'invalidProperties'",
	"['header:From:asAddresses']"},
    {"{" IN ",'header:From:asText':'x'}", "'invalidProperties'",
	"['header:From:asText']"},
    {"{" IN ",'header:Content-Type':' text/plain'}", "'invalidProperties'",
	"['header:Content-Type']"},
    {"{" IN ",'bodyStructure':{'partId':'a'},'textBody':[],'bodyValues':{'a':"
     "{'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'subject':'x','bodyStructure':{'partId':'a','header:Subject':"
     "' y'},'bodyValues':{'a':{'value':''}}}",
	"'invalidProperties'", "['bodyStructure']"},
    {"{" IN ",'textBody':[{'partId':'a'},{'partId':'a'}],'bodyValues':{'a':{"
     "'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a','type':'text/html'}],'bodyValues':{'a'"
     ":{'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a'}]}", "'invalidProperties'",
	"['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a','blobId':'B1'}],'bodyValues':{'a':{"
     "'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a','charset':'utf-8'}],'bodyValues':{'a':"
     "{'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a','size':1}],'bodyValues':{'a':{'value':"
     "''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a','header:Content-Transfer-Encoding':"
     "' 7bit'}],'bodyValues':{'a':{'value':''}}}",
	"'invalidProperties'", "['textBody']"},
    {"{" IN ",'textBody':[{'partId':'a'}],'bodyValues':{'a':{'value':'','"
     "isTruncated':true}}}",
	"'invalidProperties'", "['textBody']"},
    // Nobody adds a field.
    {"{" IN ",'header:X-A':' a\\r\\nBcc: x@x.test'}", "'invalidProperties'",
	"['header:X-A']"},
    {"{" IN ",'messageId':['a>\\r\\nX: y']}", "'invalidProperties'",
	"['messageId']"},
    {"{" IN ",'attachments':[{'blobId':'B999','type':'a/b'}]}",
	"'blobNotFound'", NULL},
};

static void wrong_objects_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		json_t *json = create(refused[i].email);
		jmap_rig_expect(json, "notCreated/k/type", refused[i].type);
		if (refused[i].properties)
			jmap_rig_expect(json, "notCreated/k/properties",
			    refused[i].properties);
		jmap_rig_expect(json, "created", "null");
		json_decref(json);
	}
}

// ---- Attachments -----------------------------------------------------------

static void attachments_come_from_blobs(void **state)
{
	(void)state;
	char email[600], blob[24];
	struct buf message;
	uint64_t source = jmap_rig_deliver(&rig, "INBOX",
	    "Subject: inner\r\nContent-Type: text/plain\r\n\r\nHello\r\n");
	snprintf(blob, sizeof(blob), "B%llu", (unsigned long long)source);
	snprintf(email, sizeof(email),
	    "{" IN ",'subject':'out','textBody':[{'partId':'t'}],'attachments'"
	    ":[{'blobId':'%s','type':'message/rfc822'},{'blobId':'%s','type':"
	    "'application/x-y','name':'a.bin'}],'bodyValues':{'t':{'value':"
	    "'T'}}}",
	    blob, blob);
	json_t *json = create(email);
	buf_init(&message, 1 << 20);
	jmap_rig_read(&rig, jmap_rig_at(json, "created/k/id"), &message);
	struct view text = buf_view(&message);
	// A message is not encoded, everything else is.
	assert_int_not_equal(
	    view_find(text, VIEW("Content-Type: message/rfc822\r\nContent-"
				 "Transfer-Encoding: 7bit\r\n\r\nSubject: "
				 "inner\r\n")),
	    SIZE_MAX);
	assert_int_not_equal(
	    view_find(text, VIEW("attachment; filename=a.bin\r\nContent-"
				 "Transfer-Encoding: base64\r\n\r\nU3ViamVjd")),
	    SIZE_MAX);
	json_decref(json);
	buf_done(&message);
}

// ---- Changing --------------------------------------------------------------

// Applies a patch to an email and expects these keywords and mailboxes.
static json_t *update(const char *id, const char *patch)
{
	char text[1000];
	snprintf(text, sizeof(text), "{'update':{'%s':%s}}", id, patch);
	return jmap_rig_call(&rig, "Email/set", text);
}

static const struct {
	const char *patch;
	const char *error; // NULL: it is done
} patches[] = {
    {"{'keywords/$seen':true,'keywords/a~1b':true}", NULL},
    {"{'keywords/$seen':null}", NULL},
    {"{'keywords':{'$flagged':true}}", NULL},
    {"{'mailboxIds/M2':true}", NULL},
    {"{'mailboxIds/M1':null}", NULL},
    {"{'mailboxIds/M2':null}", "'invalidProperties'"}, // it is in no other
    {"{'mailboxIds':{'M1':true}}", NULL},
    {"{'mailboxIds':{}}", "'invalidProperties'"},
    {"{'mailboxIds/M99':true}", "'invalidProperties'"},
    {"{'keywords/$seen':1}", "'invalidProperties'"},
    {"{'keywords':{},'keywords/$seen':true}", "'invalidPatch'"},
    {"{'subject':'x'}", "'invalidProperties'"},
    {"{'from/0':null}", "'invalidPatch'"},
    {"{}", NULL},
};

static void patches_change_an_email(void **state)
{
	(void)state;
	char id[24];
	uint64_t number =
	    jmap_rig_deliver(&rig, "INBOX", "Subject: p\r\n\r\nx\r\n");
	snprintf(id, sizeof(id), "E%llu", (unsigned long long)number);
	for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
		json_t *json = update(id, patches[i].patch);
		char path[60];
		if (patches[i].error) {
			snprintf(path, sizeof(path), "notUpdated/%s/type", id);
			jmap_rig_expect(json, path, patches[i].error);
		} else {
			snprintf(path, sizeof(path), "updated/%s", id);
			jmap_rig_expect(json, path, "null");
		}
		json_decref(json);
	}
}

static void states_are_guarded(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Email/set", "{'ifInState':'0'}");
	jmap_rig_expect(json, "type", "'stateMismatch'");
	json_decref(json);
	json = jmap_rig_call(&rig, "Email/set", "{'ifInState':'nonsense'}");
	jmap_rig_expect(json, "type", "'stateMismatch'");
	json_decref(json);
	json = jmap_rig_call(&rig, "Email/set", "{}");
	assert_true(json_equal(json_object_get(json, "oldState"),
	    json_object_get(json, "newState")));
	json_decref(json);
}

static void an_email_that_was_made_can_be_changed_at_once(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "Email/set",
	    "{'create':{'a':{" IN ",'subject':'a'},'b':{" IN "}},'update':{'#a'"
	    ":{'keywords/$draft':true}},'destroy':['#b','Eff0000','x']}");
	jmap_rig_expect(json, "updated", "{'#a':null}");
	jmap_rig_expect(json, "destroyed", "['#b']");
	jmap_rig_expect(json, "notDestroyed",
	    "{'Eff0000':{'type':'notFound'},'x':{'type':'notFound'}}");
	json_decref(json);
}

static void what_is_destroyed_is_not_updated(void **state)
{
	(void)state;
	char text[200];
	uint64_t number =
	    jmap_rig_deliver(&rig, "INBOX", "Subject: p\r\n\r\nx\r\n");
	snprintf(text, sizeof(text),
	    "{'update':{'E%llu':{}},'destroy':['E%llu','E%llu']}",
	    (unsigned long long)number, (unsigned long long)number,
	    (unsigned long long)number);
	json_t *json = jmap_rig_call(&rig, "Email/set", text);
	assert_int_equal(
	    json_array_size(json_object_get(json, "destroyed")), 1);
	json_t *failed = json_object_get(json, "notUpdated");
	jmap_rig_expect(json_object_iter_value(json_object_iter(failed)),
	    "type", "'willDestroy'");
	json_decref(json);
}

// ---- Import ----------------------------------------------------------------

static void blobs_are_imported(void **state)
{
	(void)state;
	char text[600];
	struct buf message;
	uint64_t source =
	    jmap_rig_deliver(&rig, "INBOX", "Subject: again\r\n\r\nHello\r\n");
	snprintf(text, sizeof(text),
	    "{'emails':{'a':{'blobId':'B%llu'," IN ",'keywords':{'$seen':true}"
	    "},'b':{'blobId':'B999'," IN "},'c':{'blobId':'B%llu',"
	    "'mailboxIds':{}},'d':{'x':1}}}",
	    (unsigned long long)source, (unsigned long long)source);
	json_t *json = jmap_rig_call(&rig, "Email/import", text);
	jmap_rig_expect(json, "notCreated/b/properties", "['blobId']");
	jmap_rig_expect(json, "notCreated/c/properties", "['mailboxIds']");
	jmap_rig_expect(json, "notCreated/d/properties", "['x']");
	buf_init(&message, 1000);
	jmap_rig_read(&rig, jmap_rig_at(json, "created/a/id"), &message);
	assert_view_equal(
	    buf_view(&message), VIEW("Subject: again\r\n\r\nHello\r\n"));
	buf_done(&message);
	json_decref(json);
}

static void nothing_is_copied_within_an_account(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(
	    &rig, "Email/copy", "{'fromAccountId':'@A','create':{}}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
	json = jmap_rig_call(
	    &rig, "Email/copy", "{'fromAccountId':'A1','create':{}}");
	jmap_rig_expect(json, "type", "'fromAccountNotFound'");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(messages_are_made),
	    cmocka_unit_test(there_is_one_mime_version),
	    cmocka_unit_test(wrong_objects_are_refused),
	    cmocka_unit_test(attachments_come_from_blobs),
	    cmocka_unit_test(patches_change_an_email),
	    cmocka_unit_test(states_are_guarded),
	    cmocka_unit_test(an_email_that_was_made_can_be_changed_at_once),
	    cmocka_unit_test(what_is_destroyed_is_not_updated),
	    cmocka_unit_test(blobs_are_imported),
	    cmocka_unit_test(nothing_is_copied_within_an_account),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
