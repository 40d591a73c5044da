// SPDX-License-Identifier: Apache-2.0
// Blobs: what each id stands for, uploads and downloads.
#include "jmap/blob.h"

#include "jmap/rig_one.h"

#define LOGIN "Authorization: Basic ZGVtbzpkZW1vIHBhc3M=\r\n"

static const char message[] =
    "From: a@example.org\r\n"
    "Content-Type: multipart/mixed; boundary=B\r\n"
    "\r\n"
    "--B\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Gr=C3=BC=C3=9Fe\r\n"
    "--B\r\n"
    "Content-Type: application/octet-stream\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "AAECAwQFBgcICQ==\r\n"
    "--B\r\n"
    "Content-Type: message/rfc822\r\n"
    "\r\n"
    "Subject: inner\r\n"
    "\r\n"
    "inner text\r\n"
    "--B\r\n"
    "Content-Type: message/rfc822\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    // "Subject: hidden\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu"
    "U3ViamVjdDogaGlkZGVuDQpDb250ZW50LVRyYW5zZmVyLUVuY29kaW5nOiBiYXNlNjQNCg0K"
    "YUdsa1pHVnU=\r\n"
    "--B--\r\n";

// What comes after the number of the email; NULL: there is no such blob.
static const struct {
	const char *id;
	const char *bytes;
	size_t len; // 0: up to NUL
} parts[] = {
    {"", message, 0},
    {"-0", NULL, 0}, // the multipart
    {"-1",
	"Gr\xc3\xbc\xc3\x9f"
	"e",
	0},
    {"-2", "\0\1\2\3\4\5\6\7\10\11", 10},
    {"-3", "Subject: inner\r\n\r\ninner text", 0},
    {"-4", "inner text", 0},
    {"-5",
	"Subject: hidden\r\nContent-Transfer-Encoding: base64\r\n\r\naGlkZGVu",
	0},
    {"-5-0", "hidden", 0},
    {"-3-0", "inner text", 0},
    // What is no message is one nevertheless: all of it is the body.
    {"-1-0", "", 0},
    {"-6", NULL, 0},
    {"-5-1", NULL, 0},
    {"-", NULL, 0},
    {"--1", NULL, 0},
    {"-01", NULL, 0},
    {"-1x", NULL, 0},
    {"-ffffffff", NULL, 0},
    {"-5-0-0-0-0-0-0", NULL, 0},
};

static void expect_blob(const char *id, struct view expected)
{
	struct jmap_blob *blob;
	struct store_asker asker = store_user(rig.users.user.account);
	struct buf bytes CLEANUP(buf_done);
	uint64_t size;
	buf_init(&bytes, 1 << 20);
	enum rc rc =
	    jmap_blob_open(rig.account, &asker, view_of_string(id), &blob);
	if (!expected.ptr) {
		if (rc != RC_NOT_FOUND)
			fail_msg("there is %s: %s", id, rc_name(rc));
		return;
	}
	if (rc != RC_OK)
		fail_msg("%s: %s", id, rc_name(rc));
	for (int again = 0; again < 2; again++) {
		buf_reset(&bytes);
		assert_int_equal(jmap_blob_size(blob, &size), RC_OK);
		assert_int_equal(jmap_blob_read(blob, &bytes), RC_OK);
		assert_view_equal(buf_view(&bytes), expected);
		assert_int_equal(size, expected.len);
		jmap_blob_rewind(blob);
	}
	jmap_blob_close(&blob);
}

static void each_id_has_its_bytes(void **state)
{
	(void)state;
	uint64_t email = jmap_rig_deliver(&rig, "INBOX", message);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		char id[64];
		snprintf(id, sizeof(id), "B%llu%s", (unsigned long long)email,
		    parts[i].id);
		struct view bytes = view_of_string(parts[i].bytes);
		if (parts[i].len > 0)
			bytes.len = parts[i].len;
		expect_blob(id, bytes);
	}
	expect_blob("B99999", view_of(NULL, 0));
	expect_blob("B0", view_of(NULL, 0));
	expect_blob("", view_of(NULL, 0));
	expect_blob("E1", view_of(NULL, 0));
	expect_blob("Uffffffffffffffffffffffffffffffff", view_of(NULL, 0));
}

// A long encoded part, in a message that is not kept in the index.
static void a_long_part_comes_in_pieces(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done), bytes CLEANUP(buf_done);
	struct store_asker asker = store_user(rig.users.user.account);
	struct jmap_blob *blob;
	char id[64];
	const size_t lines = 20000;
	buf_init(&text, 1 << 22);
	buf_init(&bytes, 1 << 22);
	buf_add_literal(&text, "Content-Transfer-Encoding: base64\r\n\r\n");
	for (size_t i = 0; i < lines; i++)
		buf_add_literal(&text, "YWJj\r\n");
	buf_add_char(&text, '\0');
	snprintf(id, sizeof(id), "B%llu-0",
	    (unsigned long long)jmap_rig_deliver(&rig, "INBOX", text.ptr));
	assert_int_equal(
	    jmap_blob_open(rig.account, &asker, view_of_string(id), &blob),
	    RC_OK);
	enum rc rc;
	size_t pieces = 0;
	while ((rc = jmap_blob_next(blob, &bytes)) == RC_OK)
		pieces++;
	assert_int_equal(rc, RC_END);
	assert_true(pieces > 1);
	assert_int_equal(bytes.len, 3 * lines);
	for (size_t i = 0; i < bytes.len; i++)
		assert_int_equal(bytes.ptr[i], "abc"[i % 3]);
	buf_done(&bytes);
	buf_init(&bytes, 10);
	jmap_blob_rewind(blob);
	assert_int_equal(jmap_blob_read(blob, &bytes), RC_LIMIT);
	jmap_blob_close(&blob);
}

// ---- Uploads ---------------------------------------------------------------

static json_t *upload(
    const char *path, const char *fields, struct view body, unsigned status)
{
	struct http_rig_answer answer;
	char what[100];
	snprintf(what, sizeof(what), "POST /jmap/upload/%s", path);
	http_rig_ask(&rig.http, what, fields, body, &answer);
	assert_int_equal(answer.status, status);
	json_t *json = json_loadb(answer.body.ptr, answer.body.len, 0, NULL);
	assert_non_null(json);
	http_rig_answer_done(&answer);
	return json;
}

static void an_upload_is_a_blob(void **state)
{
	(void)state;
	static const struct view bodies[] = {
	    {"", 0}, {"hello", 5}, {"\0\1\xff", 3}};
	char path[40], expected[60];
	snprintf(path, sizeof(path), "%s/", rig.account_id);
	snprintf(expected, sizeof(expected), "'%s'", rig.account_id);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		json_t *json = upload(path,
		    LOGIN "Content-Type: image/png; a=b\r\n", bodies[i], 201);
		jmap_rig_expect(json, "accountId", expected);
		jmap_rig_expect(json, "type", "'image/png; a=b'");
		assert_int_equal(
		    json_integer_value(json_object_get(json, "size")),
		    bodies[i].len);
		expect_blob(json_string_value(json_object_get(json, "blobId")),
		    bodies[i]);
		json_decref(json);
	}
	json_t *json = upload(path, LOGIN, VIEW("x"), 201);
	jmap_rig_expect(json, "type", "'application/octet-stream'");
	json_decref(json);
}

static void an_uploaded_message_has_parts(void **state)
{
	(void)state;
	char path[40], id[80];
	snprintf(path, sizeof(path), "%s/", rig.account_id);
	json_t *json = upload(path, LOGIN, view_of_string(message), 201);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		snprintf(id, sizeof(id), "%s%s",
		    json_string_value(json_object_get(json, "blobId")),
		    parts[i].id);
		struct view bytes = view_of_string(parts[i].bytes);
		if (parts[i].len > 0)
			bytes.len = parts[i].len;
		expect_blob(id, bytes);
	}
	json_decref(json);
}

static void an_upload_to_nowhere_is_refused(void **state)
{
	(void)state;
	static const char *const paths[] = {"A1/", "E3e8/", "", "A3e8/x"};
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		// The account's number is 1000.
		json_t *json = upload(paths[i], LOGIN, VIEW("x"), 404);
		jmap_rig_expect(json, "status", "404");
		json_decref(json);
	}
}

static void an_upload_that_is_too_long_is_refused(void **state)
{
	(void)state;
	char path[40];
	struct jmap_limits limits = jmap_limits_default;
	jmap_rig_done(&rig);
	limits.upload_bytes = 10;
	jmap_rig_init_limits(&rig, &limits);
	snprintf(path, sizeof(path), "%s/", rig.account_id);
	json_decref(upload(path, LOGIN, VIEW("0123456789"), 201));
	json_t *json = upload(path, LOGIN, VIEW("0123456789x"), 413);
	jmap_rig_expect(json, "type", "'urn:ietf:params:jmap:error:limit'");
	jmap_rig_expect(json, "limit", "'maxSizeUpload'");
	json_decref(json);
}

// ---- Downloads -------------------------------------------------------------

static void download(const char *id, const char *rest, const char *fields,
    struct http_rig_answer *ret_answer)
{
	char what[300];
	snprintf(what, sizeof(what), "GET /jmap/download/%s/%s/%s",
	    rig.account_id, id, rest);
	http_rig_ask(&rig.http, what, fields, VIEW(""), ret_answer);
}

static void expect_field(const struct http_rig_answer *answer, const char *name,
    const char *expected)
{
	assert_view_equal(
	    http_rig_field(answer, name), view_of_string(expected));
}

static const struct {
	const char *name; // as in the path
	const char *disposition;
} names[] = {
    {"a.pdf", "attachment; filename=\"a.pdf\""},
    {"a%20b.pdf", "attachment; filename=\"a b.pdf\""},
    {"", "attachment"},
    {"%22%5C.txt", "attachment; filename=\"__.txt\"; "
		   "filename*=UTF-8''%22%5C.txt"},
    {"Gr%C3%BC%C3%9Fe.txt", "attachment; filename=\"Gr__e.txt\"; "
			    "filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"},
    {"a%2Fb", "attachment; filename=\"a_b\"; filename*=UTF-8''a%2Fb"},
    {"a;b", "attachment; filename=\"a;b\""},
};

static const struct {
	const char *query;
	const char *type;
} types[] = {
    {"?type=image/png", "image/png"},
    {"?type=image%2Fpng", "image/png"},
    {"?type=text/html;%20charset=utf-8", "text/html; charset=utf-8"},
    {"", "application/octet-stream"},
    {"?type=", "application/octet-stream"},
    {"?type=nonsense", "application/octet-stream"},
    {"?type=a/b%0D%0AX:y", "application/octet-stream"},
    {"?type=a/", "application/octet-stream"},
};

static void a_download_is_named_and_harmless(void **state)
{
	(void)state;
	struct http_rig_answer answer;
	char id[40], rest[200];
	snprintf(id, sizeof(id), "B%llu",
	    (unsigned long long)jmap_rig_deliver(&rig, "INBOX", message));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		download(id, names[i].name, LOGIN, &answer);
		assert_int_equal(answer.status, 200);
		expect_field(
		    &answer, "Content-Disposition", names[i].disposition);
		http_rig_answer_done(&answer);
	}
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		snprintf(rest, sizeof(rest), "x%s", types[i].query);
		download(id, rest, LOGIN, &answer);
		assert_int_equal(answer.status, 200);
		expect_field(&answer, "Content-Type", types[i].type);
		assert_view_equal(answer.body, view_of_string(message));
		assert_true(view_starts_with(
		    http_rig_field(&answer, "Content-Security-Policy"),
		    VIEW("sandbox;")));
		expect_field(&answer, "X-Content-Type-Options", "nosniff");
		expect_field(&answer, "Cache-Control",
		    "private, immutable, max-age=31536000");
		http_rig_answer_done(&answer);
	}
}

static const struct {
	const char *fields;
	unsigned status;
	const char *body;
	const char *range;
} ranges[] = {
    {"", 200, "\0\1\2\3\4\5\6\7\10\11", ""},
    {"Range: bytes=2-3\r\n", 206, "\2\3", "bytes 2-3/10"},
    {"Range: bytes=8-\r\n", 206, "\10\11", "bytes 8-9/10"},
    {"Range: bytes=-1\r\n", 206, "\11", "bytes 9-9/10"},
    {"Range: bytes=10-\r\n", 416, NULL, "bytes */10"},
    {"If-None-Match: \"@\"\r\n", 304, "", ""},
    {"If-Match: \"other\"\r\n", 412, NULL, ""},
    {"Range: bytes=2-3\r\nIf-Range: \"@\"\r\n", 206, "\2\3", "bytes 2-3/10"},
    {"Range: bytes=2-3\r\nIf-Range: \"x\"\r\n", 200, "\0\1\2\3\4\5\6\7\10\11",
	""},
};

// Part 2 is encoded: its size is known when it was decoded.
static void parts_of_a_download_can_be_asked_for(void **state)
{
	(void)state;
	char id[40], fields[200];
	snprintf(id, sizeof(id), "B%llu-2",
	    (unsigned long long)jmap_rig_deliver(&rig, "INBOX", message));
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
		struct http_rig_answer answer;
		const char *tag = strchr(ranges[i].fields, '@');
		const char *end = ranges[i].fields + strlen(ranges[i].fields);
		snprintf(fields, sizeof(fields), LOGIN "%.*s%s%s",
		    (int)((tag ? tag : end) - ranges[i].fields),
		    ranges[i].fields, tag ? id : "", tag ? tag + 1 : "");
		download(id, "x", fields, &answer);
		assert_int_equal(answer.status, ranges[i].status);
		expect_field(&answer, "Content-Range", ranges[i].range);
		if (ranges[i].status == 200)
			assert_view_equal(
			    answer.body, view_of(ranges[i].body, 10));
		else if (ranges[i].body)
			assert_view_equal(
			    answer.body, view_of_string(ranges[i].body));
		if (ranges[i].status == 412 || ranges[i].status == 416)
			expect_field(&answer, "Cache-Control", "no-store");
		http_rig_answer_done(&answer);
	}
}

static void what_is_not_there_is_not_found(void **state)
{
	(void)state;
	struct http_rig_answer answer;
	static const char *const ids[] = {"B99", "U1", "x", "B1-77"};
	(void)jmap_rig_deliver(&rig, "INBOX", message);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		download(ids[i], "x", LOGIN, &answer);
		assert_int_equal(answer.status, 404);
		expect_field(
		    &answer, "Content-Type", "application/problem+json");
		http_rig_answer_done(&answer);
	}
	download("B1", "x", "", &answer);
	assert_int_equal(answer.status, 401);
	http_rig_answer_done(&answer);
	http_rig_ask(
	    &rig.http, "GET /jmap/download/A1/B1/x", LOGIN, VIEW(""), &answer);
	assert_int_equal(answer.status, 404);
	http_rig_answer_done(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_id_has_its_bytes),
	    cmocka_unit_test(a_long_part_comes_in_pieces),
	    cmocka_unit_test(an_upload_is_a_blob),
	    cmocka_unit_test(an_uploaded_message_has_parts),
	    cmocka_unit_test(an_upload_to_nowhere_is_refused),
	    cmocka_unit_test(a_download_is_named_and_harmless),
	    cmocka_unit_test(parts_of_a_download_can_be_asked_for),
	    cmocka_unit_test(what_is_not_there_is_not_found),
	    cmocka_unit_test(an_upload_that_is_too_long_is_refused),
	};
	return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
