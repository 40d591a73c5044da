// SPDX-License-Identifier: Apache-2.0
// Email/get: metadata, body parts, body values. The forms of header fields are
// in email_header_test.c.
#include "base/test.h"
#include "jmap/email.h"
#include "jmap/rig.h"

static struct jmap_rig rig;

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
	snprintf(text, sizeof(text), "{'ids':['E%llx']%s%s}",
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

static int begin(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	return 0;
}

static int end(void **state)
{
	(void)state;
	jmap_rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_properties_are_given),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
