// SPDX-License-Identifier: Apache-2.0
// Email/parse: attached messages, encoded ones, uploads.
#include "jmap/blob.h"
#include "jmap/rig_one.h"
#include "store/upload.h"

// Parts: 1 is a text, 2 a message, 6 a message that is encoded.
static const char outer[] =
    "Subject: outer\r\n"
    "Content-Type: multipart/mixed; boundary=B\r\n"
    "\r\n"
    "--B\r\n"
    "\r\n"
    "text\r\n"
    "--B\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: =?utf-8?q?inn=C3=A9r?=\r\n"
    "From: a@b.example\r\n"
    "Content-Type: multipart/alternative; boundary=C\r\n"
    "\r\n"
    "--C\r\n"
    "Content-Type: text/plain; charset=iso-8859-1\r\n"
    "\r\n"
    "pl\xe4in\r\n"
    "--C\r\n"
    "Content-Type: application/pdf\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "cGRm\r\n"
    "--C--\r\n"
    "--B\r\n"
    "Content-Type: message/global\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    // "Subject: hidden\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu"
    "U3ViamVjdDogaGlkZGVuDQpDb250ZW50LVRyYW5zZmVyLUVuY29kaW5nOiBiYXNlNjQNCg0K"
    "YUdsa1pHVnU=\r\n"
    "--B--\r\n";

static unsigned long long email;

static json_t *parse(const char *suffix, const char *arguments)
{
	char text[1000];
	snprintf(text, sizeof(text), "{'blobIds':['B%llu%s']%s%s}", email,
	    suffix, *arguments ? "," : "", arguments);
	return jmap_rig_call(&rig, "Email/parse", text);
}

static json_t *parsed(json_t *json, const char *suffix)
{
	char id[64];
	snprintf(id, sizeof(id), "B%llu%s", email, suffix);
	json_t *one = json_object_get(json_object_get(json, "parsed"), id);
	if (!one)
		jmap_rig_expect(json, "parsed/one", "'an email'");
	jmap_rig_expect(json, "notFound", "null");
	jmap_rig_expect(json, "notParsable", "null");
	return one;
}

static void an_attached_message_is_parsed(void **state)
{
	(void)state;
	char expected[300];
	json_t *json =
	    parse("-2", "'fetchTextBodyValues':true,"
			"'bodyProperties':['partId','blobId','size','type']");
	json_t *one = parsed(json, "-2");
	jmap_rig_expect(one, "subject", "'inn\xc3\xa9r'");
	jmap_rig_expect(one, "from", "[{'name':null,'email':'a@b.example'}]");
	jmap_rig_expect(one, "preview", "'pl\xc3\xa4in'");
	jmap_rig_expect(one, "hasAttachment", "true");
	jmap_rig_expect(one, "bodyValues/1/value", "'pl\xc3\xa4in'");
	snprintf(expected, sizeof(expected),
	    "[{'partId':'2','blobId':'B%llu-2-2','size':3,"
	    "'type':'application/pdf'}]",
	    email);
	jmap_rig_expect(one, "attachments", expected);
	// All that is given without being asked for.
	static const char *const names[] = {"messageId", "inReplyTo",
	    "references", "sender", "from", "to", "cc", "bcc", "replyTo",
	    "subject", "sentAt", "hasAttachment", "preview", "bodyValues",
	    "textBody", "htmlBody", "attachments"};
	assert_int_equal(json_object_size(one), ARRAY_LEN(names));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_non_null(json_object_get(one, names[i]));
	json_decref(json);
}

static void the_blobs_of_its_parts_can_be_read(void **state)
{
	(void)state;
	static const struct {
		const char *id;
		const char *bytes;
	} rows[] = {{"-2-1", "pl\xe4in"}, {"-2-2", "pdf"}, {"-6-0", "hidden"}};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char id[64];
		struct jmap_blob *blob;
		struct buf bytes CLEANUP(buf_done);
		struct store_asker asker = store_user(rig.users.user.account);
		buf_init(&bytes, 1000);
		snprintf(id, sizeof(id), "B%llu%s", email, rows[i].id);
		assert_int_equal(jmap_blob_open(rig.account, &asker,
				     view_of_string(id), &blob),
		    RC_OK);
		assert_int_equal(jmap_blob_read(blob, &bytes), RC_OK);
		assert_view_equal(
		    buf_view(&bytes), view_of_string(rows[i].bytes));
		jmap_blob_close(&blob);
	}
}

static void an_encoded_message_is_parsed(void **state)
{
	(void)state;
	json_t *json = parse("-6",
	    "'properties':['subject','bodyValues','header:Subject','headers',"
	    "'size','blobId'],'fetchAllBodyValues':true");
	json_t *one = parsed(json, "-6");
	jmap_rig_expect(one, "subject", "'hidden'");
	jmap_rig_expect(one, "header:Subject", "' hidden'");
	jmap_rig_expect(one, "headers/1/value", "' base64'");
	jmap_rig_expect(one, "bodyValues/0/value", "'hidden'");
	jmap_rig_expect(one, "size", "62");
	json_decref(json);
}

static void what_the_store_would_know_is_null(void **state)
{
	(void)state;
	json_t *json =
	    parse("", "'properties':['id','threadId','mailboxIds','keywords',"
		      "'receivedAt','subject']");
	json_t *one = parsed(json, "");
	char expected[200];
	snprintf(expected, sizeof(expected),
	    "{'id':null,'threadId':null,'mailboxIds':null,'keywords':null,"
	    "'receivedAt':null,'subject':'outer'}");
	json_t *shown = json_pack("{s:O}", "one", one);
	jmap_rig_expect(shown, "one", expected);
	json_decref(shown);
	json_decref(json);
}

static void put_upload(const char *text, char id[STORE_UPLOAD_ID_LEN + 2])
{
	struct fault fault;
	struct store_upload *upload =
	    store_upload_new(rig.store, rig.users.user.account);
	rig_must(store_upload_add(upload, view_of_string(text)), "upload");
	rig_must(store_upload_finish(upload, &fault, id + 1), "upload");
	store_upload_free(&upload);
	id[0] = 'U';
}

static void uploads_and_others_are_told_apart(void **state)
{
	(void)state;
	char good[STORE_UPLOAD_ID_LEN + 2], bad[STORE_UPLOAD_ID_LEN + 2],
	    empty[STORE_UPLOAD_ID_LEN + 2], text[500], path[100], expected[200];
	put_upload("Subject: up\n\nbody", good);
	put_upload("\x89PNG\r\n\x1a\n and more", bad);
	put_upload("", empty);
	snprintf(text, sizeof(text),
	    "{'blobIds':['%s','%s','%s','B99','x','%s'],"
	    "'properties':['subject']}",
	    bad, good, empty, good);
	json_t *json = jmap_rig_call(&rig, "Email/parse", text);
	assert_int_equal(json_object_size(json_object_get(json, "parsed")), 1);
	snprintf(path, sizeof(path), "parsed/%s", good);
	jmap_rig_expect(json, path, "{'subject':'up'}");
	snprintf(expected, sizeof(expected), "['%s','%s']", bad, empty);
	jmap_rig_expect(json, "notParsable", expected);
	jmap_rig_expect(json, "notFound", "['B99','x']");
	json_decref(json);
	json = jmap_rig_call(&rig, "Email/parse", "{'blobIds':['B99']}");
	jmap_rig_expect(json, "parsed", "null");
	json_decref(json);
}

static const char *const wrong[] = {
    "{}",
    "{'blobIds':null}",
    "{'blobIds':'B1'}",
    "{'blobIds':[],'properties':['nothing']}",
    "{'blobIds':[],'properties':['header:From:asDate']}",
    "{'blobIds':[],'bodyProperties':['x']}",
    "{'blobIds':[],'ids':[]}",
};

static void wrong_arguments_are_refused(void **state)
{
	(void)state;
	jmap_rig_expect_wrong(&rig, "Email/parse", wrong, ARRAY_LEN(wrong));
}

static int begin(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	email = jmap_rig_deliver(&rig, "INBOX", outer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_attached_message_is_parsed),
	    cmocka_unit_test(the_blobs_of_its_parts_can_be_read),
	    cmocka_unit_test(an_encoded_message_is_parsed),
	    cmocka_unit_test(what_the_store_would_know_is_null),
	    cmocka_unit_test(uploads_and_others_are_told_apart),
	    cmocka_unit_test(wrong_arguments_are_refused),
	};
	return cmocka_run_group_tests(tests, begin, rig_tear_down);
}
