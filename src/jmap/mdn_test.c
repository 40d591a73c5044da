// SPDX-License-Identifier: Apache-2.0
// MDN/send and MDN/parse (RFC 9007), with the examples of its section 3.
#include "jmap/rig_mail.h"
#include "jmap/submission_test_tools.h"

#define ASKS                                                                   \
	"Return-Path: <joe@far.example>\r\n"                                   \
	"Disposition-Notification-To: Joe <joe@far.example>\r\n"
#define ORIGINAL                                                               \
	ASKS "From: Joe <joe@far.example>\r\nTo: demo@example.org\r\n"         \
	     "Message-ID: <199509192301.23456@example.org>\r\n"                \
	     "Subject: World domination\r\n\r\nNow.\r\n"
#define MANUAL                                                                 \
	"'disposition':{'actionMode':'manual-action','sendingMode':"           \
	"'mdn-sent-manually','type':'displayed'}"
#define AUTOMATIC                                                              \
	"'disposition':{'actionMode':'automatic-action','sendingMode':"        \
	"'mdn-sent-automatically','type':'processed'}"
#define SET ",'onSuccessUpdateEmail':{'#k1546':{'keywords/$mdnsent':true}}"

// Calls MDN/send about the email; `members` are the MDN's, `rest` the other
// arguments. Gives "methodResponses".
static json_t *send_mdn(uint64_t email, const char *members, const char *rest)
{
	struct buf calls;
	buf_init(&calls, 100000);
	buf_printf(&calls,
	    "[['MDN/send',{'accountId':'@A','identityId':'I1','send':{'k1546':{"
	    "'forEmailId':'E%llu'%s%s}}%s},'0']]",
	    (unsigned long long)email, members[0] ? "," : "", members, rest);
	buf_add_char(&calls, '\0');
	json_t *json = jmap_rig_calls(&rig, calls.ptr);
	buf_done(&calls);
	return json;
}

static bool has(struct view text, const char *part)
{
	return view_find(text, view_of_string(part)) != SIZE_MAX;
}

static void expect_in_message(const char *const *parts, size_t count)
{
	struct view text = message();
	for (size_t i = 0; i < count; i++)
		if (!has(text, parts[i]))
			fail_msg(
			    "no \"%s\" in:\n%.*s", parts[i], VIEW_FMT(text));
}

static void expect_keyword(uint64_t email, bool expected)
{
	char request[100];
	snprintf(request, sizeof(request),
	    "{'ids':['E%llu'],'properties':['keywords']}",
	    (unsigned long long)email);
	json_t *json = jmap_rig_call(&rig, "Email/get", request);
	json_t *keywords = jmap_rig_at(json, "list/0/keywords");
	assert_non_null(keywords);
	assert_int_equal(
	    json_object_get(keywords, "$mdnsent") != NULL, expected);
	json_decref(json);
}

// RFC 9007 section 3.1, with the name "extension" of that example.
static void the_example_is_sent(void **state)
{
	static const char *const parts[] = {
	    "From: demo@example.org\r\n",
	    "To: joe@far.example\r\n",
	    "Subject: Read receipt for: World domination\r\n",
	    "In-Reply-To: <199509192301.23456@example.org>\r\n",
	    "report-type=disposition-notification;",
	    "This receipt shows that",
	    "Content-Type: message/disposition-notification\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n\r\n"
	    "Reporting-UA: joes-pc.cs.example.com; Foomail 97.1\r\n"
	    "Final-Recipient: rfc822; demo@example.org\r\n"
	    "Original-Message-ID: <199509192301.23456@example.org>\r\n"
	    "Disposition: manual-action/MDN-sent-manually; displayed\r\n"
	    "EXTENSION-EXAMPLE: example.com\r\n\r\n--=_",
	    "\r\nDate: ",
	    "\r\nMessage-ID: ",
	};
	(void)state;
	char updated[60];
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", ORIGINAL);
	json_t *json = send_mdn(email,
	    "'subject':'Read receipt for: World domination',"
	    "'textBody':'This receipt shows that the email has been displayed',"
	    "'reportingUA':'joes-pc.cs.example.com; Foomail 97.1'," MANUAL
	    ",'extension':{'EXTENSION-EXAMPLE':'example.com'}",
	    SET);
	assert_int_equal(json_array_size(json), 2);
	jmap_rig_expect(json, "0/0", "'MDN/send'");
	jmap_rig_expect(json, "0/1/sent",
	    "{'k1546':{'includeOriginalMessage':false,'mdnGateway':null,"
	    "'originalRecipient':null,'finalRecipient':"
	    "'rfc822; demo@example.org','originalMessageId':"
	    "'<199509192301.23456@example.org>','error':null}}");
	jmap_rig_expect(json, "0/1/notSent", "null");
	snprintf(updated, sizeof(updated), "{'E%llu':null}",
	    (unsigned long long)email);
	jmap_rig_expect(json, "1/0", "'Email/set'");
	jmap_rig_expect(json, "1/1/updated", updated);
	json_decref(json);
	// RFC 8098 section 3: from the null path, to whom asked for it.
	assert_string_equal(envelope(), " > joe@far.example");
	expect_in_message(parts, ARRAY_LEN(parts));
	assert_false(has(message(), "Auto-Submitted"));
	assert_false(has(message(), "message/rfc822"));
	expect_keyword(email, true);
	clear_queue();
	// And never again.
	json = send_mdn(email, MANUAL, SET);
	assert_int_equal(json_array_size(json), 1);
	jmap_rig_expect(json, "0/1/sent", "null");
	jmap_rig_expect(json, "0/1/notSent",
	    "{'k1546':{'type':'mdnAlreadySent','description':'$mdnsent "
	    "keyword is already present'}}");
	json_decref(json);
	assert_string_equal(envelope(), "");
}

// ---- What is sent ----------------------------------------------------------

static const struct {
	const char *original;
	const char *members;
	const char *envelope;
	const char *parts[4];
} sent[] = {
    // Our own words.
    {ORIGINAL, MANUAL, " > joe@far.example",
	{"Subject: Read: World domination\r\n",
	    "The message \"World domination\" that you sent to "
	    "demo@example.org\r\nwas displayed."}},
    {ORIGINAL, "'subject':null,'textBody':null,'reportingUA':null," MANUAL,
	" > joe@far.example", {"Subject: Read: World domination\r\n"}},
    // Text that is not ASCII.
    {ORIGINAL, "'textBody':'gelesen: \xc3\xa4'," MANUAL, " > joe@far.example",
	{"Content-Transfer-Encoding: base64\r\n\r\nZ2VsZXNlbjogw6Q=\r\n"}},
    // The original.
    {ORIGINAL, "'includeOriginalMessage':true," MANUAL, " > joe@far.example",
	{"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n"
	 "\r\nReturn-Path: <joe@far.example>\r\n",
	    "\r\n\r\nNow.\r\n\r\n--=_"}},
    {ASKS "Subject: 8\r\n\r\n\xc3\xa4\nbare",
	"'includeOriginalMessage':true," MANUAL, " > joe@far.example",
	{"Content-Transfer-Encoding: 8bit\r\n\r\nReturn-Path:",
	    "\r\n\r\n\xc3\xa4\r\nbare\r\n--=_"}},
    // Automatically.
    {ORIGINAL, AUTOMATIC, " > joe@far.example",
	{"Auto-Submitted: auto-replied\r\n", "Subject: Processed: ",
	    "Disposition: automatic-action/MDN-sent-automatically; "
	    "processed\r\n"}},
    // Several addresses, each once; what is none is passed over.
    {"Disposition-Notification-To: a@far.example, b, b@far.example,\r\n "
     "A <a@far.example>\r\n\r\n",
	MANUAL, " > a@far.example b@far.example", {0}},
    // What the header says of recipients.
    {ASKS "Original-Recipient: rfc822;\r\n both@example.org\r\n\r\n", MANUAL,
	" > joe@far.example",
	{"\r\nOriginal-Recipient: rfc822; both@example.org\r\nFinal-"}},
    {ORIGINAL, "'finalRecipient':'both@example.org'," MANUAL,
	" > joe@far.example",
	{"From: demo@example.org\r\n",
	    "\r\nFinal-Recipient: rfc822; both@example.org\r\n"}},
    {ORIGINAL, "'finalRecipient':'RFC822 ; demo+x@example.org'," MANUAL,
	" > joe@far.example",
	{"\r\nFinal-Recipient: rfc822; demo+x@example.org\r\n"}},
    // A Message-ID that cannot be repeated is not there.
    {ASKS "Message-ID: <a b>\r\n\r\n", MANUAL, " > joe@far.example", {0}},
};

static void notifications_are_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		size_t count = 0;
		uint64_t email =
		    jmap_rig_deliver(&rig, "INBOX", sent[i].original);
		json_t *json = send_mdn(email, sent[i].members, SET);
		if (strcmp(envelope(), sent[i].envelope) != 0) {
			char *text = json_dumps(json, 0);
			fail_msg("row %zu: %s: %s", i, envelope(), text);
		}
		while (count < 4 && sent[i].parts[count])
			count++;
		expect_in_message(sent[i].parts, count);
		expect_keyword(email, true);
		json_decref(json);
		clear_queue();
	}
}

// ---- What is refused -------------------------------------------------------

static const struct {
	const char *original;
	const char *members;
	const char *error;
} refused[] = {
    {"Subject: x\r\n\r\n", MANUAL, "'notFound'"},
    {"Disposition-Notification-To: nobody\r\n\r\n", MANUAL, "'notFound'"},
    {"Disposition-Notification-To: a@far.example\r\n"
     "Disposition-Notification-To: b@far.example\r\n\r\n",
	MANUAL, "'notFound'"},
    // RFC 8098 section 2.1.
    {ASKS "Content-Type: multipart/report; boundary=x;\r\n"
	  " report-type=\"disposition-notification\"\r\n\r\n--x\r\n\r\n--x--",
	MANUAL, "'forbidden'"},
    {"Disposition-Notification-To: a@far.example\r\n\r\n", AUTOMATIC,
	"'forbidden'"},
    {"Return-Path: <>\r\nDisposition-Notification-To: a@far.example\r\n\r\n",
	AUTOMATIC, "'forbidden'"},
    {"Return-Path: <A@far.example>\r\n"
     "Disposition-Notification-To: a@far.example\r\n\r\n",
	AUTOMATIC, "'forbidden'"},
    {"Return-Path: <a@far.example>\r\nDisposition-Notification-To: "
     "a@far.example, b@far.example\r\n\r\n",
	AUTOMATIC, "'forbidden'"},
    {ORIGINAL, "'finalRecipient':'rfc822; joe@far.example'," MANUAL,
	"'forbiddenFrom'"},
    {ORIGINAL, "'finalRecipient':'x'," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'finalRecipient':'x400; demo@example.org'," MANUAL,
	"'invalidProperties'"},
    {ORIGINAL, "", "'invalidProperties'"},
    {ORIGINAL, "'disposition':{}", "'invalidProperties'"},
    {ORIGINAL,
	"'disposition':{'actionMode':'manual-action','sendingMode':"
	"'MDN-sent-manually','type':'displayed'}",
	"'invalidProperties'"},
    {ORIGINAL,
	"'disposition':{'actionMode':'manual-action','sendingMode':"
	"'mdn-sent-manually','type':'denied'}",
	"'invalidProperties'"},
    {ORIGINAL, "'error':['x']," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'mdnGateway':'x'," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'unknown':1," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'reportingUA':'a\\r\\nX: y'," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'extensionFields':{'A b':'x'}," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'extensionFields':{'A':'x\\r\\nB: y'}," MANUAL,
	"'invalidProperties'"},
    {ORIGINAL, "'extensionFields':{'A':1}," MANUAL, "'invalidProperties'"},
    {ORIGINAL, "'extensionFields':{'A':'1','a':'2'}," MANUAL,
	"'invalidProperties'"},
    {ORIGINAL, "'extensionFields':{'final-recipient':'x'}," MANUAL,
	"'invalidProperties'"},
};

static void what_must_not_be_sent_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		uint64_t email =
		    jmap_rig_deliver(&rig, "INBOX", refused[i].original);
		json_t *json = send_mdn(email, refused[i].members, SET);
		jmap_rig_expect(
		    json, "0/1/notSent/k1546/type", refused[i].error);
		assert_int_equal(json_array_size(json), 1);
		assert_string_equal(envelope(), "");
		expect_keyword(email, false);
		json_decref(json);
	}
	json_t *json = send_mdn(999999, MANUAL, SET);
	jmap_rig_expect(json, "0/1/notSent/k1546/type", "'notFound'");
	json_decref(json);
}

// "the server MUST reject an MDN/send that does not result in setting the
// keyword" (section 2.1).
static void the_keyword_has_to_be_set(void **state)
{
	static const struct {
		const char *rest;
		bool good;
	} table[] = {
	    {"", false},
	    {",'onSuccessUpdateEmail':null", false},
	    {",'onSuccessUpdateEmail':{}", false},
	    {",'onSuccessUpdateEmail':{'#k1546':{'keywords/$seen':true}}",
		false},
	    {",'onSuccessUpdateEmail':{'#k1546':{'keywords/$mdnsent':null}}",
		false},
	    {",'onSuccessUpdateEmail':{'#k1546':{'keywords/$MDNSent':true}}",
		false},
	    {",'onSuccessUpdateEmail':{'k1546':{'keywords/$mdnsent':true}}",
		false},
	    {SET ",'more':1", false},
	    {",'onSuccessUpdateEmail':{'#k1546':{'keywords/$mdnsent':true},"
	     "'#b':{'keywords/$mdnsent':true}}",
		false},
	    {",'onSuccessUpdateEmail':{'#k1546':{'keywords':{'$mdnsent':true,"
	     "'$seen':true}}}",
		true},
	};
	(void)state;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", ORIGINAL);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		json_t *json = send_mdn(email, MANUAL, table[i].rest);
		jmap_rig_expect(
		    json, "0/0", table[i].good ? "'MDN/send'" : "'error'");
		if (!table[i].good)
			jmap_rig_expect(json, "0/1/type", "'invalidArguments'");
		expect_keyword(email, table[i].good);
		json_decref(json);
	}
	clear_queue();
}

static void two_in_a_call_are_one(void **state)
{
	char request[800];
	(void)state;
	unsigned long long email = jmap_rig_deliver(&rig, "INBOX", ORIGINAL);
	snprintf(request, sizeof(request),
	    "{'identityId':'I1','send':{'a':{'forEmailId':'E%llu'," MANUAL
	    "},'b':{'forEmailId':'E%llu'," MANUAL "}},'onSuccessUpdateEmail':"
	    "{'#a':{'keywords/$mdnsent':true},'#b':{'keywords/"
	    "$mdnsent':true}}}",
	    email, email);
	json_t *json = jmap_rig_call(&rig, "MDN/send", request);
	assert_int_equal(json_object_size(jmap_rig_at(json, "sent")), 1);
	jmap_rig_expect(json, "notSent/b/type", "'mdnAlreadySent'");
	assert_string_equal(envelope(), " > joe@far.example");
	json_decref(json);
	clear_queue();
}

static void the_identity_must_be_there(void **state)
{
	(void)state;
	json_t *json = jmap_rig_call(&rig, "MDN/send",
	    "{'identityId':'I99','send':{},'onSuccessUpdateEmail':{}}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
	json = jmap_rig_call(&rig, "MDN/send", "{'send':{}}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
	// The capability of mail is needed, too.
	char request[300];
	snprintf(request, sizeof(request),
	    "{'using':['urn:ietf:params:jmap:mdn'],'methodCalls':[['MDN/send',"
	    "{'accountId':'%s','identityId':'I1','send':{}},'0']]}",
	    rig.account_id);
	json = jmap_rig_ask(&rig, request);
	jmap_rig_expect(json, "methodResponses/0/1/type", "'unknownMethod'");
	json_decref(json);
}

// ---- Parsing ---------------------------------------------------------------

#define REPORT(text, fields, more)                                             \
	"From: demo@example.org\r\nSubject: Read: =?utf-8?q?=C3=A4?=\r\n"      \
	"References: <original@far.example>\r\nMIME-Version: 1.0\r\n"          \
	"Content-Type: multipart/report; boundary=x;\r\n"                      \
	" report-type=Disposition-Notification\r\n\r\n"                        \
	"--x\r\n" text "\r\n--x\r\n"                                           \
	"Content-Type: message/disposition-notification\r\n\r\n" fields        \
	"\r\n" more "--x--\r\n"
#define TEXT "\r\nSeen.\r\nBye."
#define FIELDS                                                                 \
	"Final-Recipient: rfc822;demo@example.org\r\n"                         \
	"Original-Message-ID: <original@far.example>\r\n"                      \
	"Disposition: Manual-Action/MDN-Sent-Manually; Displayed\r\n"
#define READ                                                                   \
	"'disposition':{'actionMode':'manual-action','sendingMode':"           \
	"'mdn-sent-manually','type':'displayed'}"
#define REST(ua, gateway, original, error, extensions)                         \
	"'reportingUA':" ua "," READ ",'mdnGateway':" gateway                  \
	",'originalRecipient':" original                                       \
	",'finalRecipient':'rfc822;demo@example.org','originalMessageId':"     \
	"'<original@far.example>','error':" error                              \
	",'extensionFields':" extensions

static const struct {
	const char *message;
	const char *json; // NULL: it is not parsable
} parsed[] = {
    {REPORT(TEXT, FIELDS, ""),
	"{'forEmailId':null,'subject':'Read: \xc3\xa4','textBody':'Seen.\\n"
	"Bye.','includeOriginalMessage':false," REST(
	    "null", "null", "null", "null", "null") "}"},
    {REPORT("Content-Type: text/html\r\n\r\n<p>Seen",
	 "Reporting-UA: a; b\r\nMDN-Gateway: dns; g.example\r\n"
	 "Original-Recipient: rfc822;x@y\r\n"
	 "Error: one\r\nError: =?utf-8?q?=C3=A4?=\r\nX-More: 1\r\n" FIELDS,
	 "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\n\r\n"),
	"{'forEmailId':null,'subject':'Read: \xc3\xa4','textBody':null,"
	"'includeOriginalMessage':true," REST("'a; b'", "'dns; g.example'",
	    "'rfc822;x@y'", "['one','\xc3\xa4']", "{'X-More':'1'}") "}"},
    {REPORT("Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\n"
	    "Content-Type: text/html\r\n\r\nno\r\n--y\r\nContent-Type: "
	    "text/plain; charset=latin1\r\nContent-Transfer-Encoding: "
	    "quoted-printable\r\n\r\ny=E4s\r\n--y--",
	 FIELDS, ""),
	"{'forEmailId':null,'subject':'Read: \xc3\xa4','textBody':'y\xc3\xa4s',"
	"'includeOriginalMessage':false," REST(
	    "null", "null", "null", "null", "null") "}"},
    {REPORT(TEXT, "", ""), NULL},
    {REPORT(TEXT, FIELDS FIELDS, ""), NULL},
    {"Subject: x\r\n\r\n" FIELDS, NULL},
    {"Content-Type: multipart/report; report-type=disposition-notification;"
     " boundary=x\r\n\r\n--x\r\n\r\nonly\r\n--x--\r\n",
	NULL},
    // No part at all.
    {"Content-Type: multipart/report; report-type=disposition-notification;"
     " boundary=x\r\n\r\nnothing\r\n",
	NULL},
    {"Content-Type: multipart/report; report-type=delivery-status;"
     " boundary=x\r\n\r\n--x\r\n\r\n\r\n--x\r\nContent-Type: "
     "message/disposition-notification\r\n\r\n" FIELDS "\r\n--x--\r\n",
	NULL},
};

static json_t *parse(uint64_t email)
{
	char request[100];
	snprintf(request, sizeof(request), "{'blobIds':['B%llu','B99999']}",
	    (unsigned long long)email);
	return jmap_rig_call(&rig, "MDN/parse", request);
}

static void blobs_are_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(parsed); i++) {
		char path[60];
		uint64_t email =
		    jmap_rig_deliver(&rig, "INBOX", parsed[i].message);
		json_t *json = parse(email);
		snprintf(path, sizeof(path), "parsed/B%llu",
		    (unsigned long long)email);
		if (parsed[i].json) {
			jmap_rig_expect(json, path, parsed[i].json);
			jmap_rig_expect(json, "notParsable", "null");
		} else {
			snprintf(path, sizeof(path), "['B%llu']",
			    (unsigned long long)email);
			jmap_rig_expect(json, "parsed", "null");
			jmap_rig_expect(json, "notParsable", path);
		}
		jmap_rig_expect(json, "notFound", "['B99999']");
		json_decref(json);
	}
}

// What was sent is what is parsed, and it leads to the message.
static void a_round_trip_gives_the_same(void **state)
{
	char path[60], id[40];
	(void)state;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX",
	    ASKS
	    "Message-ID: <trip@far.example>\r\nSubject: Trip\r\n\r\nx\r\n");
	json_t *json = send_mdn(email,
	    "'includeOriginalMessage':true,'textBody':'\xc3\xa4 b\\n',"
	    "'extensionFields':{'A':'b'}," MANUAL,
	    SET);
	json_decref(json);
	uint64_t report =
	    jmap_rig_deliver(&rig, "INBOX", arena_string(&arena, message()));
	clear_queue();
	json = parse(report);
	snprintf(
	    path, sizeof(path), "parsed/B%llu", (unsigned long long)report);
	json_t *mdn = jmap_rig_at(json, path);
	assert_non_null(mdn);
	snprintf(id, sizeof(id), "'E%llu'", (unsigned long long)email);
	jmap_rig_expect(mdn, "forEmailId", id);
	jmap_rig_expect(mdn, "textBody", "'\xc3\xa4 b\\n'");
	jmap_rig_expect(mdn, "subject", "'Read: Trip'");
	jmap_rig_expect(mdn, "includeOriginalMessage", "true");
	jmap_rig_expect(mdn, "finalRecipient", "'rfc822; demo@example.org'");
	jmap_rig_expect(mdn, "originalMessageId", "'<trip@far.example>'");
	jmap_rig_expect(mdn, "extensionFields", "{'A':'b'}");
	json_decref(json);
	// With two messages of that id nobody knows which is meant.
	jmap_rig_deliver(&rig, "INBOX",
	    ASKS
	    "Message-ID: <trip@far.example>\r\nSubject: Trip\r\n\r\ny\r\n");
	json = parse(report);
	snprintf(path, sizeof(path), "parsed/B%llu/forEmailId",
	    (unsigned long long)report);
	jmap_rig_expect(json, path, "null");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_example_is_sent),
	    cmocka_unit_test(notifications_are_written),
	    cmocka_unit_test(what_must_not_be_sent_is_refused),
	    cmocka_unit_test(the_keyword_has_to_be_set),
	    cmocka_unit_test(two_in_a_call_are_one),
	    cmocka_unit_test(the_identity_must_be_there),
	    cmocka_unit_test(blobs_are_parsed),
	    cmocka_unit_test(a_round_trip_gives_the_same),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
