// SPDX-License-Identifier: Apache-2.0
// Which parts are text, and fields that read otherwise than they are written.
// (tests/search_test.py asks a server for every place of a message.)
#include "base/test.h"
#include "wire/message_text.h"
#include "wire/message_whole.h"

static void bodies_under_text_and_message_are_text(void **state)
{
	(void)state;
	static const struct {
		const char *type; // of the only part of a multipart
		const char *body; // NULL: not text
	} rows[] = {
	    {"Content-Type: text/plain\r\n\r\nbody", "body"},
	    {"\r\nbody", "body"},
	    {"Content-Type: nonsense\r\n\r\nbody", "body"},
	    {"Content-Type: TEXT/x-anything\r\n\r\nbody", "body"},
	    {"Content-Type: text/plain\r\n"
	     "Content-Disposition: attachment\r\n\r\nbody",
		"body"},
	    {"Content-Type: message/delivery-status\r\n\r\nbody", "body"},
	    {"Content-Type: message/x-anything\r\n\r\nbody", "body"},
	    {"Content-Type: multipart/mixed\r\n\r\nbody", "body"},
	    {"Content-Type: text/plain\r\n\r\n", NULL},
	    {"Content-Type: application/json\r\n\r\nbody", NULL},
	    {"Content-Type: image/svg+xml\r\n\r\nbody", NULL},
	    // Its child has what is text of it.
	    {"Content-Type: message/rfc822\r\n\r\n\r\nbody", NULL},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text CLEANUP(buf_done);
		struct buf bytes CLEANUP(buf_done);
		buf_init(&text, 1000);
		buf_init(&bytes, MESSAGE_RECORD_MAX);
		buf_printf(&text,
		    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
		    "--b\r\n%s\r\n--b--\r\n",
		    rows[i].type);
		struct message *message = message_parse(buf_view(&text), 1000);
		struct message_record record;
		struct message_text found;
		message_record_build(&cache, message, VIEW(""), &bytes);
		assert_int_equal(
		    message_record_open(buf_view(&bytes), &record), RC_OK);
		assert_int_equal(message_text_find(&record, 1, &found), RC_OK);
		struct view body =
		    view_slice(view_from(buf_view(&text), found.body.offset), 0,
			found.body.len);
		if (!view_eq(body, view_of_string(rows[i].body)))
			fail_msg("%s: \"%.*s\"", rows[i].type, (int)body.len,
			    body.ptr);
		// Every part has its fields, and the last has none after it.
		assert_int_equal(message_text_find(&record, 0, &found), RC_OK);
		assert_int_equal(found.header.offset, 0);
		assert_int_equal(found.header.len, record.header_len);
		assert_int_equal(found.body.len, 0);
		assert_int_equal(
		    message_text_find(&record, record.part_count, &found),
		    RC_CORRUPT);
		message_free(&message);
	}
	charset_cache_done(&cache);
}

// RFC 2046 section 5.2.1 forbids it; RFC 6532 section 3.7 allows it for
// message/global.
static void an_encoded_message_is_read_as_it_is_encoded(void **state)
{
	(void)state;
	struct charset_cache cache;
	struct buf bytes CLEANUP(buf_done);
	charset_cache_init(&cache);
	buf_init(&bytes, MESSAGE_RECORD_MAX);
	struct message *message =
	    message_parse(VIEW("Content-Type: message/global\r\n"
			       "Content-Transfer-Encoding: base64\r\n\r\n"
			       "Zm9v\r\n"),
		1000);
	struct message_record record;
	struct message_text text;
	message_record_build(&cache, message, VIEW(""), &bytes);
	assert_int_equal(message_record_open(buf_view(&bytes), &record), RC_OK);
	assert_int_equal(record.part_count, 2);
	assert_int_equal(message_text_find(&record, 1, &text), RC_OK);
	assert_int_equal(text.body.len, 6);
	assert_int_equal(text.encoding, TRANSFER_BASE64);
	assert_int_equal(text.header.len, 0);
	message_free(&message);
	charset_cache_done(&cache);
}

static void fields_read_as_people_see_them(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const char *value;
		const char *addresses; // NULL: nothing to add
		const char *parameters;
	} rows[] = {
	    {"From", "a (b) @ c", "b <a@c>, ", NULL},
	    {"TO", "\"O\\\"x\" <\"q r\"@y>", "O\"x <q r@y>, ", NULL},
	    {"From", "a@b", NULL, NULL},
	    {"Subject", "a (b) @ c", NULL, NULL},
	    {"Content-Disposition", "attachment; filename*=utf-8''%C3%BC.pdf",
		NULL, "; \xc3\xbc.pdf"},
	    {"content-type",
		"a/b;\r\n name*0*=iso-8859-1'de'%FC; name*1=.pdf; x*0=y; "
		"x*1=z",
		NULL, "; \xc3\xbc.pdf; yz"},
	    {"Content-Type", "a/b; name*1=x; *=y; n*x=z", NULL, ""},
	    {"Content-Type", "a/b; name=x", NULL, NULL},
	    {"Content-Type", "*", NULL, ""},
	    {"X-Type", "a/b; name*=x", NULL, NULL},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view name = view_of_string(rows[i].name);
		struct view value = view_of_string(rows[i].value);
		struct buf out CLEANUP(buf_done);
		buf_init(&out, 1000);
		assert_int_equal(
		    message_text_addresses(&cache, name, value, &out),
		    rows[i].addresses != NULL);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].addresses));
		buf_reset(&out);
		assert_int_equal(
		    message_text_parameters(&cache, name, value, &out),
		    rows[i].parameters != NULL);
		if (!view_eq(
			buf_view(&out), view_of_string(rows[i].parameters)))
			fail_msg(
			    "%s: %.*s", rows[i].value, (int)out.len, out.ptr);
	}
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(bodies_under_text_and_message_are_text),
	    cmocka_unit_test(an_encoded_message_is_read_as_it_is_encoded),
	    cmocka_unit_test(fields_read_as_people_see_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
