// SPDX-License-Identifier: Apache-2.0
// The words of an envelope, their numbers, which are on the disk, and back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "wire/smtp_terms.h"

static void words_and_numbers_stay(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		int body, ret, notify, by; // -1: it is none
	} table[] = {
	    {"7BIT", 0, -1, -1, -1},
	    {"8BITMIME", 1, -1, -1, -1},
	    {"BINARYMIME", 2, -1, -1, -1},
	    {"full", -1, 1, -1, -1},
	    {"HDRS", -1, 2, -1, -1},
	    {"NEVER", -1, -1, 1, -1},
	    {"Success", -1, -1, 2, -1},
	    {"FAILURE", -1, -1, 4, -1},
	    {"DELAY", -1, -1, 8, -1},
	    {"N", -1, -1, -1, 1},
	    {"r", -1, -1, -1, 2},
	    {"", -1, -1, -1, -1},
	    {"FULLY", -1, -1, -1, -1},
	    {"NEVE", -1, -1, -1, -1},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct view word = view_of_string(table[i].word);
		enum smtp_body body;
		enum smtp_ret ret;
		enum smtp_by by;
		unsigned notify;
		bool is_body = smtp_body_find(word, &body);
		bool is_ret = smtp_ret_find(word, &ret);
		bool is_notify = smtp_notify_find(word, &notify);
		bool is_by = smtp_by_find(word, &by);
		assert_int_equal(is_body ? (int)body : -1, table[i].body);
		assert_int_equal(is_ret ? (int)ret : -1, table[i].ret);
		assert_int_equal(is_notify ? (int)notify : -1, table[i].notify);
		assert_int_equal(is_by ? (int)by : -1, table[i].by);
		if (is_body)
			assert_int_equal(
			    strcasecmp(smtp_body_name(body), table[i].word), 0);
		if (is_ret)
			assert_int_equal(
			    strcasecmp(smtp_ret_name(ret), table[i].word), 0);
		if (is_by)
			assert_int_equal(
			    strcasecmp(smtp_by_name(by), table[i].word), 0);
	}
	for (unsigned i = 0; i < SMTP_NOTIFY_COUNT; i++) {
		unsigned notify;
		assert_true(smtp_notify_find(
		    view_of_string(smtp_notify_name(i)), &notify));
		assert_int_equal(notify, 1u << i);
	}
	assert_string_equal(smtp_ret_name(SMTP_RET_UNSET), "");
	assert_string_equal(smtp_by_name(SMTP_BY_NONE), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_and_numbers_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
