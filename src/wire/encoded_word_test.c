// SPDX-License-Identifier: Apache-2.0
// Encoded words and MIME parameters: the RFCs' examples, and real mail.
#include "base/test.h"
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
	    {"=?utf-8?Q?a?= =?x-none-such?Q?b?= =?utf-8?Q?c?=", "abc"},
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
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

// Samples as they are sent: what was cut between words comes together, whatever
// it is.
static void adjacent_words_are_one_text(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    // ISO-2022-JP: each word a text of its own, as it has to be.
	    {"=?ISO-2022-JP?B?GyRCJDMkcxsoQg==?= "
	     "=?ISO-2022-JP?B?GyRCJEskQSRPGyhC?= =?ISO-2022-JP?B?IGFiYw==?=",
		"こんにちは abc"},
	    // the state goes on in the next word.
	    {"=?iso-2022-jp?B?GyRCJDMkcw==?= =?iso-2022-jp?B?JEskQSRPGyhC?=",
		"こんにちは"},
	    // and is named again.
	    {"=?iso-2022-jp?B?GyRCJDMkcw==?= "
	     "=?iso-2022-jp?B?GyRCJEskQSRPGyhC?=",
		"こんにちは"},
	    // cut in a character, and in an escape sequence.
	    {"=?iso-2022-jp?B?GyRCJA==?= =?iso-2022-jp?B?MyRzJEs=?= "
	     "=?iso-2022-jp?B?JEEkTxs=?= =?iso-2022-jp?B?KEI=?=",
		"こんにちは"},
	    // empty segments.
	    {"=?iso-2022-jp?B?GyhCGyRCJDMbKEIbJEIbKEI=?= "
	     "=?iso-2022-jp?B?GyRCJHMbKEIbKEI=?=",
		"こん"},
	    // Q.
	    {"=?iso-2022-jp?Q?=1B$B$3=1B(B?= =?iso-2022-jp?Q?=1B$B$s=1B(B?=",
		"こん"},
	    // half-width katakana, and JIS X 0212, which ISO-2022-JP-1 has.
	    {"=?ISO-2022-JP?B?GyhJMTIbKEIbJChEMCEbKEI=?=", "ｱｲ丂"},
	    // HZ: as it has to be.
	    {"=?HZ-GB-2312?Q?~{Dc~}?= =?HZ-GB-2312?Q?~{:C~}?=", "你好"},
	    // on and on.
	    {"=?hz-gb-2312?Q?~{Dc?= =?hz-gb-2312?Q?:C~}!?=", "你好!"},
	    // empty segments.
	    {"=?hz-gb-2312?Q?~{~}~{Dc~}~{~}?= =?hz-gb-2312?Q?~{~}~{:C~}?=",
		"你好"},
	    // ISO-2022-KR, the designator in the first word only.
	    {"=?ISO-2022-KR?B?GyQpQw4wIQ8=?= =?ISO-2022-KR?B?DjAiDyE=?=",
		"가각!"},
	    // in each.
	    {"=?iso-2022-kr?B?GyQpQw4wIQ8=?= =?iso-2022-kr?B?GyQpQw4wIg8h?=",
		"가각!"},
	    // cut in a character; empty segments.
	    {"=?iso-2022-kr?B?GyQpQw4PDjA=?= =?iso-2022-kr?B?IQ8=?=", "가"},
	    // ISO-2022-CN.
	    {"=?ISO-2022-CN?B?GyQpQQ5WUA8=?= =?ISO-2022-CN?B?Dk5EDw==?=",
		"中文"},
	    {"=?iso-2022-cn?B?GyQpQQ5WUA==?= =?iso-2022-cn?B?TkQPDg8=?=",
		"中文"},
	    // UTF-7.
	    {"=?UTF-7?Q?+AOk-?= =?UTF-7?Q?+AOk-?=", "éé"},
	    // cut in its base64.
	    {"=?unicode-1-1-utf-7?Q?a+AO?= =?unicode-1-1-utf-7?Q?k-b?=", "aéb"},
	    // Multibyte characters cut.
	    {"=?GB2312?B?xA==?= =?GB2312?B?47o=?= =?GB2312?B?ww==?=", "你好"},
	    {"=?gb2312?Q?=C4=E3=BA?= =?gb2312?Q?=C3?=", "你好"},
	    {"=?Big5?B?p0Gm?= =?Big5?B?bg==?=", "你好"},
	    {"=?Shift_JIS?B?grGC?= =?Shift_JIS?B?8Q==?=", "こん"},
	    {"=?EUC-KR?B?x9Gx?= =?EUC-KR?B?uQ==?=", "한국"},
	    // Base64 cut anywhere: whole only when put together.
	    {"=?utf-8?B?w6?= =?utf-8?B?k=?=", "é"},
	    {"=?utf-8?B?4?= =?utf-8?B?oKs?= =?utf-8?B?4oKs4?= =?utf-8?B?oK?= "
	     "=?utf-8?B?s?=",
		"€€€"},
	    {"=?iso-2022-jp?B?GyRCJ?= =?iso-2022-jp?B?DMkcy?= "
	     "=?iso-2022-jp?B?RLJEE?= =?iso-2022-jp?B?kTxso?= "
	     "=?iso-2022-jp?B?Qg==?=",
		"こんにちは"},
	    // but each its own where it lacks padding.
	    {"=?utf-8?B?4oKsYQ?= =?utf-8?B?4oKs?=", "€a€"},
	    // An escape of Q cut.
	    {"=?utf-8?Q?=C3=?= =?utf-8?Q?A9?=", "é"},
	    {"=?utf-8?Q?=C?= =?utf-8?Q?3=A?= =?utf-8?Q?9?=", "é"},
	    {"=?utf-8?Q?a=?= =?utf-8?Q?b=?=", "a=b="},
	    {"=?utf-8?Q?a=4?= =?utf-8?Q?_?=", "a=4 "},
	    // B and Q in turns.
	    {"=?utf-8?B?4oI=?= =?utf-8?Q?=AC?= =?utf-8?B?4oI=?= =?utf8?Q?=AC?=",
		"€€"},
	    // One charset under two names.
	    {"=?utf-8?Q?=C3?= =?UTF8?Q?=A9?=", "é"},
	    {"=?gb2312?Q?=C4?= =?x-gbk*zh?Q?=E3?=", "你"},
	    // Two charsets are two texts.
	    {"=?utf-8?Q?=C3?= =?iso-8859-15?Q?=A9?=", "�©"},
	    // Of an unknown charset, what is plain.
	    {"=?x-none-such?Q?Hello_W=F6rld?=", "Hello Wörld"},
	    {"=?x-none-such?B?SGVsbG8=?= =?utf-8?Q?=C3=A9?=", "Helloé"},
	    {"=?windows-1252http-equivcontent-type?Q?caf=E9?=", "café"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 1000);
		encoded_word_decode(&cache, view_of_string(rows[i][0]), &out);
		buf_add_char(&out, '\0');
		if (strcmp(out.ptr, rows[i][1]) != 0)
			fail_msg("%s: %s", rows[i][0], out.ptr);
		buf_done(&out);
	}
	charset_cache_done(&cache);
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
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].value));
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_decoded_as_people_mean_them),
	    cmocka_unit_test(adjacent_words_are_one_text),
	    cmocka_unit_test(parameters_are_joined_and_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
