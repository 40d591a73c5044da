// SPDX-License-Identifier: Apache-2.0
// Which redirect URIs are taken, and which match, by tables.
#include "account/redirect.h"

#include "auth/oauth.h"
#include "base/mem.h"
#include "base/test.h"

static void only_programs_of_the_own_machine_are_led_to(void **state)
{
	static const struct {
		const char *uri;
		bool allowed;
	} table[] = {
	    {"http://127.0.0.1/", true},
	    {"http://127.0.0.1/redirect?a=b&c=%2F", true},
	    {"http://[::1]/", true},
	    {"http://[::1]/x", true},
	    {"com.example:/", true},
	    {"com.example.app:/oauth2redirect", true},
	    {"com.example://done/x", true},
	    {"org.a-b.c2:/x;y=(z)!*'", true},
	    // Web pages.
	    {"https://example.com/", false},
	    {"http://example.com/", false},
	    {"https://127.0.0.1/", false},
	    {"http://127.0.0.1.evil.test/", false},
	    {"http://127.0.0.1@evil.test/", false},
	    {"http://127.0.0.1:80@evil.test/", false},
	    {"http://[::1]@evil.test/", false},
	    {"http://[::1].evil.test/", false},
	    {"http://localhost/", false},
	    {"http://127.0.0.2/", false},
	    {"http://[::]/", false},
	    {"HTTP://127.0.0.1/", false},
	    // The port comes with the request.
	    {"http://127.0.0.1:8080/", false},
	    {"http://127.0.0.1", false},
	    // Schemes without a dot, or with one in a wrong place.
	    {"javascript:/alert", false},
	    {"example:/", false},
	    {"data:text/html,x", false},
	    {".com:/", false},
	    {"com.:/", false},
	    {"com..example:/", false},
	    {"Com.Example:/", false},
	    {"1com.example:/", false},
	    {"com.example:", false},
	    {"com.example:x", false},
	    {"com.example/", false},
	    {"com.exa mple:/", false},
	    {"com.ex\u00e4mple:/", false},
	    // What the draft forbids everywhere.
	    {"com.example:/../x", false},
	    {"http://127.0.0.1/a..b", false},
	    {"com.example:/#", false},
	    {"http://127.0.0.1/#x", false},
	    // No URI.
	    {"", false},
	    {"com.example:/a b", false},
	    {"com.example:/a\r\nb", false},
	    {"com.example:/a\"b", false},
	    {"com.example:/<b>", false},
	    {"com.example:/a\\b", false},
	    {"com.example:/%", false},
	    {"com.example:/%4", false},
	    {"com.example:/%4g", false},
	    {"com.example:/\u00e9", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (account_redirect_is_allowed(view_of_string(table[i].uri)) !=
		    table[i].allowed)
			fail_msg("%s", table[i].uri);
	char text[AUTH_CLIENT_TEXT_MAX + 1];
	memset(text, 'x', sizeof(text));
	memcpy(text, "com.example:/", 13);
	assert_true(
	    account_redirect_is_allowed(view_of(text, AUTH_CLIENT_TEXT_MAX)));
	assert_false(account_redirect_is_allowed(view_of(text, sizeof(text))));
	assert_false(account_redirect_is_allowed(VIEW("com.example:/a\0b")));
}

static void answers_are_added(void **state)
{
	static const struct {
		const char *uri, *whole, *source;
	} table[] = {
	    {"http://127.0.0.1:4711/r",
		"http://127.0.0.1:4711/r?code=a%2Bb%26%20%23&iss=x",
		"http://127.0.0.1:4711"},
	    {"http://[::1]/r?a=b",
		"http://[::1]/r?a=b&code=a%2Bb%26%20%23&iss=x", "http:"},
	    {"com.example.app:/r",
		"com.example.app:/r?code=a%2Bb%26%20%23&iss=x",
		"com.example.app:"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		bool first;
		buf_init(&out, 1000);
		account_redirect_begin(
		    view_of_string(table[i].uri), &first, &out);
		account_redirect_add(&out, &first, "code", VIEW("a+b& #"));
		account_redirect_add(&out, &first, "state", VIEW(""));
		account_redirect_add(&out, &first, "iss", VIEW("x"));
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i].whole));
		buf_reset(&out);
		account_redirect_source(view_of_string(table[i].uri), &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i].source));
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_programs_of_the_own_machine_are_led_to),
	    cmocka_unit_test(answers_are_added),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
