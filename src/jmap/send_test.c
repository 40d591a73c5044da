// SPDX-License-Identifier: Apache-2.0
// EmailSubmission: what is sent to whom, and what is refused.
#include "jmap/submission_test_tools.h"

// ---- Envelopes -------------------------------------------------------------

static const struct {
	const char *text;
	const char *members;
	const char *queued;
} sent[] = {
    // Derived from the header.
    {MAIL, "", "demo@example.org > a@far.example"},
    {MAIL, "'envelope':null", "demo@example.org > a@far.example"},
    {HEAD "To: b@far.example, \"A\" <a@far.example>\r\nCc: c@far.example\r\n"
	  "Bcc: Us: d@far.example, a@far.example;\r\n\r\n",
	"",
	"demo@example.org > b@far.example a@far.example c@far.example "
	"d@far.example"},
    {HEAD "To: x@nowhere.example, friend@example.org, both@example.org\r\n\r\n",
	"",
	"demo@example.org > friend@example.org demo@example.org "
	"x@nowhere.example far@far.example"},
    {"From: demo+x@example.org\r\nTo: a@far.example\r\n\r\n", "",
	"demo@example.org > a@far.example"},
    {"From: a@x.test, demo@example.org\r\nSender: demo@example.org\r\nTo: "
     "a@far.example\r\n\r\n",
	ENVELOPE("{'email':'both@example.org'}", TO("a@far.example")), ""},
    // Given.
    {MAIL, ENVELOPE("{'email':'demo@example.org'}", TO("z@far.example")),
	"demo@example.org > z@far.example"},
    {MAIL,
	ENVELOPE("{'email':'both@example.org','parameters':null}",
	    "{'email':'z@far.example','parameters':null}"),
	"both@example.org > z@far.example"},
    {MAIL, ENVELOPE("{'email':''}", TO("z@far.example")), " > z@far.example"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'RET':'HDRS',"
		 "'ENVID':'a+b=c','HOLDFOR':'60'}}",
	    "{'email':'z@far.example','parameters':{'NOTIFY':'NEVER','ORCPT':"
	    "'rfc822;z+1@x'}}"),
	"demo@example.org > z@far.example"},
};

static void mail_goes_to_whom_the_envelope_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sent); i++) {
		json_t *json = submit(sent[i].text, sent[i].members);
		if (strcmp(envelope(), sent[i].queued) != 0)
			fail_msg("row %zu: %s", i, envelope());
		json_decref(json);
		clear_queue();
	}
}

static void parameters_are_those_of_smtp(void **state)
{
	(void)state;
	struct queue_info info;
	json_t *json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'RET':'FULL',"
		     "'envid':'a+b=c','BY':'600;N','HOLDUNTIL':"
		     "'2020-01-01T00:00:00Z','BODY':'8BITMIME'}}",
		"{'email':'z@far.example','parameters':{'NOTIFY':"
		"'SUCCESS,DELAY'}}"));
	assert_true(queued(&info));
	assert_view_equal(info.envelope.envid, VIEW("a+b=c"));
	assert_int_equal(info.envelope.ret, SMTP_RET_FULL);
	assert_int_equal(info.envelope.by, SMTP_BY_NOTIFY);
	assert_int_equal(info.envelope.hold, SMTP_HOLD_UNTIL);
	assert_int_equal(info.envelope.release_at, 0); // it has passed
	assert_int_equal(info.envelope.account, rig.users.user.account);
	json_decref(json);
	clear_queue();
}

// ---- Errors ----------------------------------------------------------------

static const struct {
	const char *text;
	const char *members;
	const char *path; // below notCreated/k
	const char *expected;
} refused[] = {
    {MAIL, "'identityId':'I9'", "properties", "['identityId']"},
    {MAIL, "'emailId':'E999'", "properties", "['emailId']"},
    {MAIL, "'emailId':'M1'", "properties", "['emailId']"},
    {MAIL, "'undoStatus':'pending'", "properties", "['undoStatus']"},
    {MAIL, "'sendAt':'2026-01-01T00:00:00Z'", "properties", "['sendAt']"},
    {MAIL, "'x':1", "properties", "['x']"},
    {MAIL, "'envelope':1", "properties", "['envelope']"},
    {MAIL, "'envelope':{'rcptTo':[]}", "properties", "['envelope']"},
    {MAIL, ENVELOPE("{'email':1}", TO("a@x.test")), "properties",
	"['envelope']"},
    {MAIL, ENVELOPE("{'email':'a b'}", TO("a@x.test")), "properties",
	"['envelope']"},
    {MAIL, ENVELOPE(FROM, "{'email':'a@x.test','x':1}"), "properties",
	"['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'X':'1'}}",
	    TO("a@x.test")),
	"properties", "['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'RET':"
		 "'HDRS HOLDFOR=5'}}",
	    TO("a@x.test")),
	"properties", "['envelope']"},
    {MAIL,
	ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		 "'2592001'}}",
	    TO("a@x.test")),
	"description", "'Messages are held for at most 2592000 seconds'"},
    {MAIL,
	ENVELOPE(FROM, "{'email':'a@x.test','parameters':{'NOTIFY':'MAYBE'}}"),
	"properties", "['envelope']"},
    // Recipients.
    {MAIL, ENVELOPE(FROM, ""), "type", "'noRecipients'"},
    {HEAD "\r\nx\r\n", "", "type", "'noRecipients'"},
    {HEAD "To: Us:;\r\n\r\nx\r\n", "", "type", "'noRecipients'"},
    {MAIL,
	ENVELOPE(FROM, TO("a@x.test") "," TO("nobody") "," TO("no one@x.test")),
	"invalidRecipients", "['nobody','no one@x.test']"},
    {HEAD "To: nobody, a@far.example\r\n\r\n", "", "invalidRecipients",
	"['nobody']"},
    {MAIL, ENVELOPE(FROM, TO("nobody@example.org") "," TO("a@x.test")),
	"invalidRecipients", "['nobody@example.org']"},
    {MAIL, ENVELOPE(FROM, TO("nobody@example.org")), "type",
	"'invalidRecipients'"},
    // Senders and writers.
    {MAIL, ENVELOPE("{'email':'friend@example.org'}", TO("a@x.test")), "type",
	"'forbiddenMailFrom'"},
    {MAIL, ENVELOPE("{'email':'a@far.example'}", TO("a@x.test")), "type",
	"'forbiddenMailFrom'"},
    {"From: friend@example.org\r\nTo: a@far.example\r\n\r\n", "", "type",
	"'forbiddenFrom'"},
    {"From: demo@example.org, friend@example.org\r\nTo: a@x.test\r\n\r\n",
	ENVELOPE(FROM, TO("a@x.test")), "type", "'forbiddenFrom'"},
    {"From: demo@example.org, a@x.test\r\nTo: a@far.example\r\n\r\n", "",
	"type", "'invalidEmail'"},
    {"From: demo@example.org, a@x.test\r\nTo: a@far.example\r\n\r\n", "",
	"properties", "['from']"},
    {HEAD "Sender: a@x.test\r\nSender: b@x.test\r\nTo: a@far.example\r\n\r\n",
	"", "properties", "['sender']"},
    {HEAD HEAD "To: a@far.example\r\n\r\n", ENVELOPE(FROM, TO("a@x.test")),
	"type", "'invalidEmail'"},
    {"From: demo@example.org <x@y.test>\r\nTo: a@far.example\r\n\r\n",
	ENVELOPE(FROM, TO("a@x.test")), "type", "'invalidEmail'"},
};

static void what_cannot_be_sent_is_refused_with_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		json_t *json = submit(refused[i].text, refused[i].members);
		char path[100];
		snprintf(
		    path, sizeof(path), "notCreated/k/%s", refused[i].path);
		jmap_rig_expect(json, path, refused[i].expected);
		jmap_rig_expect(json, "created", "null");
		assert_string_equal(envelope(), "");
		json_decref(json);
	}
}

static void limits_are_named(void **state)
{
	(void)state;
	rig.office.recipients_max = 2;
	json_t *json = submit(
	    MAIL, ENVELOPE(FROM,
		      TO("a@x.test") "," TO("b@x.test") "," TO("c@x.test")));
	jmap_rig_expect(json, "notCreated/k",
	    "{'type':'tooManyRecipients','maxRecipients':2}");
	json_decref(json);
	rig.office.recipients_max = 0;
	rig.office.message_max = 20;
	json = submit(MAIL, "");
	jmap_rig_expect(
	    json, "notCreated/k", "{'type':'tooLarge','maxSize':20}");
	json_decref(json);
	rig.office.message_max = 0;
	rig.office.hold_seconds = 0;
	json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		     "'1'}}",
		TO("a@x.test")));
	jmap_rig_expect(json, "notCreated/k/properties", "['envelope']");
	json_decref(json);
	rig.office.hold_seconds = 30 * 86400;
	rig.office.hold_bytes = 10;
	json = submit(MAIL,
	    ENVELOPE("{'email':'demo@example.org','parameters':{'HOLDFOR':"
		     "'1'}}",
		TO("a@x.test")));
	jmap_rig_expect(json, "notCreated/k/type", "'overQuota'");
	json_decref(json);
	rig.office.hold_bytes = 0;
	assert_string_equal(envelope(), "");
}

// ---- The message -----------------------------------------------------------

static bool has(struct view text, const char *part)
{
	return view_find(text, view_of_string(part)) != SIZE_MAX;
}

static void the_message_is_completed_as_by_smtp(void **state)
{
	(void)state;
	submitted(
	    HEAD "To: a@far.example\r\nBcc: b@far.example\r\n\r\nHi.\r\n", "");
	struct view text = message();
	assert_true(has(text, "Received: from mx.example.org"));
	assert_true(has(text, " with HTTP\r\n") || has(text, " with HTTP "));
	assert_true(has(text, "\r\nDate: "));
	assert_true(has(text, "\r\nMessage-ID: <"));
	assert_false(has(text, "Bcc"));
	assert_true(view_ends_with(text, VIEW("\r\n\r\nHi.\r\n")));
	clear_queue();
}

// A message in the queue has CRLF only, whatever IMAP stored.
static void line_ends_become_crlf(void **state)
{
	static const struct {
		const char *body;
		const char *sent;
	} table[] = {
	    {"one\r\ntwo\r\n", "one\r\ntwo\r\n"},
	    {"one\ntwo\n", "one\r\ntwo\r\n"},
	    {"one\rtwo\r", "one\r\ntwo\r\n"},
	    {"one\r\r\n\n\rtwo", "one\r\n\r\n\r\n\r\ntwo\r\n"},
	    {"no end", "no end\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char text[300], wanted[300];
		snprintf(text, sizeof(text),
		    HEAD "To: a@far.example\r\nDate: x\r\nMessage-ID: "
			 "<x@y>\r\n\r\n%s",
		    table[i].body);
		snprintf(
		    wanted, sizeof(wanted), "<x@y>\r\n\r\n%s", table[i].sent);
		submitted(text, "");
		assert_true(view_ends_with(message(), view_of_string(wanted)));
		clear_queue();
	}
}

static void long_messages_are_sent_whole(void **state)
{
	size_t len = (size_t)3 << 20;
	char *text = mem_alloc(len + 100);
	(void)state;
	int head = snprintf(text, 100, "%s", MAIL);
	for (size_t i = 0; i < len; i++)
		text[(size_t)head + i] = i % 64 == 62   ? '\r'
					 : i % 64 == 63 ? '\n'
							: 'x';
	text[(size_t)head + len] = '\0';
	submitted(text, "");
	assert_true(view_ends_with(message(), view_of(text + head, len)));
	clear_queue();
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(mail_goes_to_whom_the_envelope_names),
	    cmocka_unit_test(parameters_are_those_of_smtp),
	    cmocka_unit_test(what_cannot_be_sent_is_refused_with_its_reason),
	    cmocka_unit_test(limits_are_named),
	    cmocka_unit_test(the_message_is_completed_as_by_smtp),
	    cmocka_unit_test(line_ends_become_crlf),
	    cmocka_unit_test(long_messages_are_sent_whole),
	};
	return cmocka_run_group_tests_name("jmap send", tests, setup, teardown);
}
