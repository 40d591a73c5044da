// SPDX-License-Identifier: Apache-2.0
// What browsers send, in tables.
#include "http/origin.h"

#include "base/test.h"
#include "base/vec.h"

#define FIELDS 4

struct row {
	enum http_method method;
	uint16_t port;
	struct http_field fields[FIELDS]; // ended by one without a name
};

static struct http_request request_of(const struct row *row)
{
	struct http_request request = {
	    .method = row->method,
	    .host = VIEW("mail.example.org"),
	    .port = row->port,
	    .fields = row->fields,
	};
	while (request.field_count < FIELDS &&
	       row->fields[request.field_count].name.len > 0)
		request.field_count++;
	return request;
}

#define F(name, value)                                                         \
	{                                                                      \
		{(name), sizeof(name) - 1},                                    \
		{                                                              \
			(value), sizeof(value) - 1                             \
		}                                                              \
	}
#define OWN  F("Origin", "https://mail.example.org")
#define SAME F("Sec-Fetch-Site", "same-origin")
#define MARK F("X-Roost", "1")
#define TYPE F("Content-Type", "application/json; charset=utf-8")

static void pages_of_this_host_are_known(void **state)
{
	static const struct {
		struct row row;
		bool same, foreign;
	} table[] = {
	    {{HTTP_GET, 0, {F("Accept", "*/*")}}, false, false},
	    {{HTTP_GET, 0, {SAME}}, true, false},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "none")}}, false, false},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "same-site")}}, false, true},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "cross-site")}}, false, true},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "Same-Origin")}}, false, true},
	    // Sec-Fetch-Site comes first.
	    {{HTTP_GET, 0, {OWN, F("sec-fetch-site", "cross-site")}}, false,
		true},
	    {{HTTP_GET, 0, {OWN}}, true, false},
	    {{HTTP_GET, 443, {OWN}}, true, false},
	    {{HTTP_GET, 8443, {OWN}}, false, true},
	    {{HTTP_GET, 8443, {F("origin", "https://mail.example.org:8443")}},
		true, false},
	    {{HTTP_GET, 0, {F("Origin", "null")}}, false, true},
	    {{HTTP_GET, 0, {F("Origin", "http://mail.example.org")}}, false,
		true},
	    {{HTTP_GET, 0, {F("Origin", "https://mail.example.org.evil.test")}},
		false, true},
	    {{HTTP_GET, 0, {F("Origin", "https://mail.example.org/")}}, false,
		true},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_request request = request_of(&table[i].row);
		if (http_is_same_origin(&request) != table[i].same ||
		    http_is_foreign(&request) != table[i].foreign)
			fail_msg("row %zu", i);
	}
}

static void only_pages_of_this_host_use_a_cookie(void **state)
{
	static const struct {
		struct row row;
		unsigned status;
	} table[] = {
	    {{HTTP_GET, 0, {F("Accept", "*/*")}}, 0},
	    {{HTTP_GET, 0, {SAME}}, 0},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "none")}}, 0},
	    {{HTTP_GET, 0, {F("sec-fetch-site", "same-site")}}, 403},
	    {{HTTP_GET, 0, {F("Origin", "https://evil.test")}}, 403},
	    {{HTTP_POST, 0, {SAME, MARK, TYPE}}, 0},
	    {{HTTP_POST, 0, {OWN, MARK, TYPE}}, 0},
	    {{HTTP_POST, 0,
		 {SAME, MARK, F("Content-Type", "APPLICATION/JSON")}},
		0},
	    {{HTTP_DELETE, 0, {SAME, MARK, TYPE}}, 0},
	    // Without one of the three.
	    {{HTTP_POST, 0, {MARK, TYPE}}, 403},
	    {{HTTP_POST, 0, {SAME, TYPE}}, 403},
	    {{HTTP_POST, 0, {SAME, MARK}}, 415},
	    {{HTTP_DELETE, 0, {SAME, TYPE}}, 403},
	    {{HTTP_PUT, 0, {MARK, TYPE}}, 403},
	    {{HTTP_PATCH, 0, {MARK, TYPE}}, 403},
	    // What a form can send.
	    {{HTTP_POST, 0, {SAME, MARK, F("Content-Type", "text/plain")}},
		415},
	    {{HTTP_POST, 0,
		 {SAME, MARK,
		     F("Content-Type", "text/plain; x=application/json")}},
		415},
	    {{HTTP_POST, 0,
		 {SAME, MARK, F("Content-Type", "application/jsonx")}},
		415},
	    {{HTTP_POST, 0, {F("sec-fetch-site", "none"), MARK, TYPE}}, 403},
	    {{HTTP_POST, 0, {F("sec-fetch-site", "same-site"), MARK, TYPE}},
		403},
	    {{HTTP_POST, 0, {F("Origin", "https://evil.test"), MARK, TYPE}},
		403},
	    {{HTTP_POST, 0, {SAME, F("X-Roost", "0"), TYPE}}, 403},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_request request = request_of(&table[i].row);
		unsigned status =
		    http_cookie_refusal(&request, "application/json");
		if (status != table[i].status)
			fail_msg("row %zu: %u", i, status);
	}
	struct row upload = {
	    HTTP_POST, 0, {SAME, MARK, F("Content-Type", "x")}};
	struct http_request request = request_of(&upload);
	assert_int_equal(http_cookie_refusal(&request, NULL), 0);
}

static void cookies_are_read(void **state)
{
	static const struct {
		struct row row;
		const char *value; // NULL: none
	} table[] = {
	    {{HTTP_GET, 0, {F("Accept", "a=1")}}, NULL},
	    {{HTTP_GET, 0, {F("Cookie", "a=1")}}, "1"},
	    {{HTTP_GET, 0, {F("cookie", "b=2; a=1; c=3")}}, "1"},
	    {{HTTP_GET, 0, {F("cookie", "b=2;a=x=y")}}, "x=y"},
	    {{HTTP_GET, 0, {F("cookie", "a=")}}, ""},
	    {{HTTP_GET, 0, {F("cookie", "b=2"), F("cookie", "a=1")}}, "1"},
	    {{HTTP_GET, 0, {F("cookie", "A=1; aa=2; ba=3; a")}}, NULL},
	    // Somebody has set another.
	    {{HTTP_GET, 0, {F("cookie", "a=1; a=2")}}, NULL},
	    {{HTTP_GET, 0, {F("cookie", "a=1"), F("cookie", "a=1")}}, NULL},
	    {{HTTP_GET, 0, {F("cookie", ";;=; ;")}}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct http_request request = request_of(&table[i].row);
		struct view value;
		bool found = http_cookie(&request, "a", &value);
		if (found != (table[i].value != NULL))
			fail_msg("row %zu", i);
		if (found)
			assert_view_equal_row(
			    i, value, view_of_string(table[i].value));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages_of_this_host_are_known),
	    cmocka_unit_test(only_pages_of_this_host_use_a_cookie),
	    cmocka_unit_test(cookies_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
