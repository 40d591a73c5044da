// SPDX-License-Identifier: Apache-2.0
// Encoded words and MIME parameters: the RFCs' examples, and real mail.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/encoded_word.h"
#include "wire/param_value.h"

static void words_are_decoded_as_people_mean_them(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"plain text", "plain text"},
	    // RFC 2047 section 8.
	    {"=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
		"Keith Moore <moore@cs.utk.edu>"},
	    {"=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
	     "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
		"If you can read this you understand the example."},
	    {"(=?ISO-8859-1?Q?a?=)", "(a)"},
	    {"(=?ISO-8859-1?Q?a?= b)", "(a b)"},
	    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"},
	    {"(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "(ab)"},
	    {"(=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=)", "(ab)"},
	    {"(=?ISO-8859-1?Q?a_b?=)", "(a b)"},
	    {"(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"},
	    // RFC 2231 section 5.
	    {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
	    // A character split over two words, Q and B.
	    {"=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "\xe2\x82\xac"},
	    {"=?utf-8?B?4oI=?= =?UTF-8?q?=AC?=", "\xe2\x82\xac"},
	    {"=?utf-8?Q?=E2?= x =?utf-8?Q?=AC?=",
		"\xef\xbf\xbd x \xef\xbf\xbd"},
	    {"=?iso-2022-jp?B?GyRCJDM=?=\r\n =?iso-2022-jp?B?GyRCJHMbKEI=?=",
		"\xe3\x81\x93\xe3\x82\x93"},
	    // Not allowed, and found.
	    {"pre=?utf-8?Q?=C3=A9?=post", "pre\xc3\xa9post"},
	    {"=?utf-8?Q?a b c?=", "a b c"},
	    {"=?utf-8?Q?what?\?=", "what?"},
	    {"=?utf-8?Q?=41?=", "A"},
	    {"=?utf-8?Q?50%=zz=4?=", "50%=zz=4"},
	    {"=?utf-8?B?w6k?=", "\xc3\xa9"},
	    {"=?utf-8?B?w6\r\n k=?=", "\xc3\xa9"},
	    {"=?utf-8?Q?\?=", ""},
	    {"=?utf-8?Q?\?= x", " x"},
	    {"\"=?utf-8?Q?=C3=A9?=\" <a@b>", "\"\xc3\xa9\" <a@b>"},
	    // Not encoded words.
	    {"=?", "=?"},
	    {"=?=", "=?="},
	    {"=?utf-8?", "=?utf-8?"},
	    {"=?utf-8?Q?", "=?utf-8?Q?"},
	    {"=?utf-8?Q?abc?", "=?utf-8?Q?abc?"},
	    {"=?utf-8?X?abc?=", "=?utf-8?X?abc?="},
	    {"=?x-none-such?Q?=E9?=", "=?x-none-such?Q?=E9?="},
	    {"=?utf-8?Q?a?= =?x-none-such?Q?b?= =?utf-8?Q?c?=",
		"a =?x-none-such?Q?b?= c"},
	    {"=?utf-8?Q?cut =?utf-8?Q?whole?=", "=?utf-8?Q?cut whole"},
	    {"a =? b ?= c", "a =? b ?= c"},
	    // Bytes over 0x7f that nobody declared.
	    {"J\xc3\xbcrg", "J\xc3\xbcrg"},
	    {"J\xfcrg \x93", "J\xc3\xbcrg \xe2\x80\x9c"},
	    // One line, whatever comes.
	    {"a\r\n b\n\tc", "a b\tc"},
	    {"=?utf-8?Q?a=0D=0Ab=00c?=", "a  b c"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 1000);
		struct view raw = view_of_string(rows[i][0]);
		encoded_word_decode(&cache, raw, &out);
		if (!view_eq(buf_view(&out), view_of_string(rows[i][1])))
			fail_msg(
			    "%s: %.*s", rows[i][0], VIEW_FMT(buf_view(&out)));
		if (!encoded_word_is_needed(raw))
			assert_true(view_eq(buf_view(&out), raw));
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

static void phrases_lose_quotes_and_comments(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"\"Joe \\\"Q\\\" Doe\" (work (a))  x ", "Joe \"Q\" Doe x"},
	    {"\"=?utf-8?Q?=C3=A9?=\"", "\xc3\xa9"},
	    {"=?utf-8?Q?a?=  =?utf-8?Q?b_?=", "ab "},
	    {" (only)", ""},
	    {"(open", ""},
	    {"\"open", "open"},
	    {"end\\", "end\\"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 1000);
		encoded_word_decode_phrase(
		    &cache, view_of_string(rows[i][0]), &out);
		assert_true(
		    view_eq(buf_view(&out), view_of_string(rows[i][1])));
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

static void plain_lines_need_no_decoding(void **state)
{
	(void)state;
	assert_false(encoded_word_is_needed(VIEW("Hello, w\xc3\xb6rld\t=")));
	assert_true(encoded_word_is_needed(VIEW("a =?b")));
	assert_true(encoded_word_is_needed(VIEW("a\r\n b")));
	assert_true(encoded_word_is_needed(VIEW("\xfc")));
}

static void parameters_are_joined_and_decoded(void **state)
{
	(void)state;
	static const struct {
		const char *names[4];
		const char *values[4];
		const char *value; // NULL: not found
	} rows[] = {
	    {{"title"}, {"plain"}, "plain"},
	    // RFC 2231 sections 3 and 4.1.
	    {{"title*0", "title*1"}, {"ftp://", "x.test"}, "ftp://x.test"},
	    {{"title*"}, {"us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A"},
		"This is ***fun***"},
	    {{"title*0*", "title*1*", "title*2"},
		{"us-ascii'en'This%20is%20even%20more%20",
		    "%2A%2A%2Afun%2A%2A%2A%20", "isn't it!"},
		"This is even more ***fun*** isn't it!"},
	    {{"TITLE*1*", "x", "Title*0*"}, {"%82%AC", "y", "utf-8''%E2"},
		"\xe2\x82\xac"},
	    {{"title*0*", "title*2*"}, {"utf-8''a", "c"}, "a"},
	    {{"title*1*"}, {"b"}, NULL},
	    {{"title*01", "title*0"}, {"b", "a"}, "ab"},
	    {{"title*0", "title*0"}, {"a", "b"}, "a"},
	    {{"title*99999999999"}, {"b"}, NULL},
	    {{"title*-1"}, {"b"}, NULL},
	    {{"titles"}, {"b"}, NULL},
	    {{"title", "title*"}, {"fallback", "utf-8''%C3%A9"}, "\xc3\xa9"},
	    {{"title*"}, {"%C3%A9"}, "\xc3\xa9"},
	    {{"title*"}, {"none-such''%E9%2"}, "\xc3\xa9%2"},
	    {{"title*"}, {"utf-8''a%0D%0Ab%00"}, "a  b "},
	    {{"title"}, {"=?utf-8?Q?=C3=A9.pdf?="}, "\xc3\xa9.pdf"},
	    {{"title*0", "title*1"}, {"=?utf-8?Q?=C3", "=A9?="}, "\xc3\xa9"},
	    {{"title"}, {"caf\xe9"}, "caf\xc3\xa9"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct param params[4];
		size_t count = 0;
		for (; count < 4 && rows[i].names[count]; count++) {
			params[count].name =
			    view_of_string(rows[i].names[count]);
			params[count].value =
			    view_of_string(rows[i].values[count]);
		}
		struct buf out;
		buf_init(&out, 1000);
		enum rc rc = param_value_decode(
		    &cache, params, count, VIEW("title"), &out);
		assert_int_equal(rc, rows[i].value ? RC_OK : RC_NOT_FOUND);
		assert_true(
		    view_eq(buf_view(&out), view_of_string(rows[i].value)));
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_decoded_as_people_mean_them),
	    cmocka_unit_test(phrases_lose_quotes_and_comments),
	    cmocka_unit_test(plain_lines_need_no_decoding),
	    cmocka_unit_test(parameters_are_joined_and_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
