// SPDX-License-Identifier: Apache-2.0
// Charsets under the names mail uses, cut at every place; UTF-8; whole parts.
#include "base/test.h"
#include "wire/charset.h"
#include "wire/text_stream.h"
#include "wire/utf8.h"

// A view in a static table.
#define BYTES(literal)                                                         \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static void text_is_converted_wherever_it_is_cut(void **state)
{
	(void)state;
	static const struct {
		const char *charset;
		struct view raw;
		const char *text;
	} rows[] = {
	    {"", BYTES("abc"), "abc"},
	    {"us-ascii", BYTES("J\xc3\xbcrg"), "J\xc3\xbcrg"},
	    {"US-ASCII", BYTES("J\xfcrg \x80"), "J\xc3\xbcrg \xe2\x82\xac"},
	    {"unknown-8bit", BYTES("\xe2\x82"), "\xc3\xa2\xe2\x80\x9a"},
	    {"utf-8", BYTES("\xe2\x82\xac"), "\xe2\x82\xac"},
	    {"UTF8", BYTES("a\xff\xe2\x82z\xe2"),
		"a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd"},
	    {"\"utf-8\"", BYTES("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd"},
	    {"utf-8", BYTES("\xed\xa0\x80"),
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"utf-8*en", BYTES("x"), "x"},
	    {"iso-8859-1", BYTES("\xe9\x93"), "\xc3\xa9\xe2\x80\x9c"},
	    {"latin1", BYTES("\xe9"), "\xc3\xa9"},
	    {"iso-8859-15", BYTES("\xa4"), "\xe2\x82\xac"},
	    {"iso-8859-2", BYTES("\xb1"), "\xc4\x85"},
	    {"iso-8859-8-i", BYTES("\xe0"), "\xd7\x90"},
	    {"cp-850", BYTES("\x82"), "\xc3\xa9"},
	    {"cp866", BYTES("\x80"), "\xd0\x90"},
	    {"windows-1251", BYTES("\xcf\xf0\xe8"), "\xd0\x9f\xd1\x80\xd0\xb8"},
	    {"x-cp1251", BYTES("\xcf"), "\xd0\x9f"},
	    {"win-1251", BYTES("\xcf"), "\xd0\x9f"},
	    {"koi8-r", BYTES("\xf0\xd2\xc9"), "\xd0\x9f\xd1\x80\xd0\xb8"},
	    {"koi8-u", BYTES("\xa4"), "\xd1\x94"},
	    {"macintosh", BYTES("\x8e"), "\xc3\xa9"},
	    {"gb2312", BYTES("\xc4\xe3\xba\xc3"), "\xe4\xbd\xa0\xe5\xa5\xbd"},
	    {"gb2312", BYTES("\xe9\x46"), "\xe9\x95\x95"}, // only in GBK
	    {"x-gbk", BYTES("\xc4\xe3"), "\xe4\xbd\xa0"},
	    {"gb18030", BYTES("\x94\x39\xda\x33"), "\xf0\x9f\x92\xa9"},
	    {"hz-gb-2312", BYTES("~{Dc:C~}!"), "\xe4\xbd\xa0\xe5\xa5\xbd!"},
	    {"big5", BYTES("\xa7\x41\xa6\x6e"), "\xe4\xbd\xa0\xe5\xa5\xbd"},
	    {"iso-2022-jp", BYTES("\x1b$B$3$s\x1b(B!"),
		"\xe3\x81\x93\xe3\x82\x93!"},
	    {"iso-2022-jp", BYTES("\x1b$B-!\x1b(B"), "\xe2\x91\xa0"},
	    // Empty segments, states named again, and lone escapes say nothing.
	    {"iso-2022-jp", BYTES("\x1b(B\x1b$B$3\x1b(B\x1b$B$s\x1b(B\x1b(B!"),
		"\xe3\x81\x93\xe3\x82\x93!"},
	    {"iso-2022-jp", BYTES("a\x1b(B\x1b(Jb\x1b(B"), "ab"},
	    {"iso-2022-jp", BYTES("\x1b(B"), ""},
	    {"iso-2022-jp", BYTES("\x1b$B\x1b(B\r\n\x1b$B\x1b(B.\r\n"),
		"\r\n.\r\n"},
	    {"iso-2022-jp", BYTES("\x1b$@$3\x1b(H!"), "\xe3\x81\x93!"},
	    {"cp50221", BYTES("\x1b(I1\x1b(B"), "\xef\xbd\xb1"},
	    {"iso-2022-jp", BYTES("\xb1"), "\xef\xbd\xb1"},
	    {"iso-2022-jp-2", BYTES("\x1b$A0!\x1b(B\x1b$(C0!\x1b(B"),
		"\xe5\x95\x8a\xea\xb0\x80"},
	    {"hz-gb-2312", BYTES("~{~}~{Dc~}~{~}~{:C~}"),
		"\xe4\xbd\xa0\xe5\xa5\xbd"},
	    {"hz-gb-2312", BYTES("~{Dc~{:C~}~~"), "\xe4\xbd\xa0\xe5\xa5\xbd~"},
	    {"iso-2022-kr", BYTES("\x1b$)C\x0e\x0f.\x0e\x0f\x0e\x30\x21\x0f"),
		".\xea\xb0\x80"},
	    {"iso-2022-cn", BYTES("\x1b$)A\x0eVP\x0f\x0e\x0f\x0eND\x0f"),
		"\xe4\xb8\xad\xe6\x96\x87"},
	    // Names as they are found in mail.
	    {"utf-8;", BYTES("\xc3\xa9"), "\xc3\xa9"},
	    {"'utf-8'", BYTES("\xc3\xa9"), "\xc3\xa9"},
	    {"utf-8; format=flowed", BYTES("\xc3\xa9"), "\xc3\xa9"},
	    {"charset=\"utf-8\"", BYTES("\xc3\xa9\xff"),
		"\xc3\xa9\xef\xbf\xbd"},
	    {"UTF-8N", BYTES("\xff"), "\xef\xbf\xbd"},
	    {"iso8859-1", BYTES("\x80"), "\xe2\x82\xac"},
	    {"iso-8859-1:1987", BYTES("\x80"), "\xe2\x82\xac"},
	    {"ANSI_X3.110-1983", BYTES("\xe9"), "\xc3\xa9"},
	    {"ansi_x3.4-1968", BYTES("\xc3\xa9"), "\xc3\xa9"},
	    {"x-unknown", BYTES("\xc3\xa9"), "\xc3\xa9"},
	    {"ks_c_5601", BYTES("\xb0\xa1"), "\xea\xb0\x80"},
	    {"cn-big5", BYTES("\xa7\x41"), "\xe4\xbd\xa0"},
	    {"cn-gb", BYTES("\xc4\xe3"), "\xe4\xbd\xa0"},
	    {"SJIS-win", BYTES("\x82\xb1"), "\xe3\x81\x93"},
	    {"eucJP-win", BYTES("\xa4\xb3"), "\xe3\x81\x93"},
	    {"logical", BYTES("\xe0"), "\xd7\x90"},
	    {"x-sjis", BYTES("\x82\xb1\x82\xf1"), "\xe3\x81\x93\xe3\x82\x93"},
	    {"euc-jp", BYTES("\xa4\xb3"), "\xe3\x81\x93"},
	    {"ks_c_5601-1987", BYTES("\xb0\xa1"), "\xea\xb0\x80"},
	    {"euc-kr", BYTES("\xb0\xa1\x81\x41"), "\xea\xb0\x80\xea\xb0\x82"},
	    {"iso-2022-kr", BYTES("\x1b$)C\x0e\x30\x21\x0f."), "\xea\xb0\x80."},
	    {"tis-620", BYTES("\xa1"), "\xe0\xb8\x81"},
	    {"utf-16", BYTES("\xfe\xff\0a\xd8\x3d\xdc\xa9"),
		"a\xf0\x9f\x92\xa9"},
	    {"utf-16le", BYTES("a\0\x3d\xd8\xa9\xdc"), "a\xf0\x9f\x92\xa9"},
	    {"utf-16be", BYTES("\xd8\x3d\0a"),
		"\xef\xbf\xbd"
		"a"},
	    {"unicode-1-1-utf-7", BYTES("Hi +AOk-!"), "Hi \xc3\xa9!"},
	    {"utf-7", BYTES("+2D3cqQ-"), "\xf0\x9f\x92\xa9"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t step = 1; step <= rows[i].raw.len; step++) {
			struct charset_decoder decoder;
			struct buf out;
			buf_init(&out, 100000);
			enum rc rc = charset_decoder_open(
			    &cache, view_of_string(rows[i].charset), &decoder);
			if (rc != RC_OK)
				fail_msg("%s is unknown", rows[i].charset);
			for (size_t at = 0; at < rows[i].raw.len; at += step)
				charset_decode(&decoder,
				    view_slice(rows[i].raw, at, step), &out);
			charset_decode_end(&decoder, &out);
			charset_decoder_close(&decoder);
			buf_add_char(&out, '\0');
			if (strcmp(out.ptr, rows[i].text) != 0)
				fail_msg("%s by %zu: %s", rows[i].charset, step,
				    out.ptr);
			buf_done(&out);
		}
	charset_cache_done(&cache);
}

static void unknown_names_are_told_from_known_ones(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool known;
		bool opens;
	} rows[] = {
	    {"utf-8", true, true},
	    {"US-ASCII", true, true},
	    {"KOI8-R", true, true},
	    {"iso-8859-13", true, true},
	    {"x-unknown", false, true},
	    {"unknown-8bit", false, true},
	    {"x-no-such-charset", false, false},
	    {"x", false, false},
	    {"../../etc/passwd", false, false},
	    {"ISO_2022,locale=ja,version=3", false, false},
	    {"----", false, false},
	    {"\xc3\xbctf-8", false, false},
	    {"utf-8-and-a-very-long-name-that-goes-on-and-on-and-on-and-on-"
	     "and-on",
		false, false},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct charset_decoder decoder = {0};
		struct view name = view_of_string(rows[i].name);
		assert_int_equal(charset_is_known(name), rows[i].known);
		enum rc rc = charset_decoder_open(&cache, name, &decoder);
		assert_int_equal(rc, rows[i].opens ? RC_OK : RC_CHARSET);
		charset_decoder_close(&decoder);
		charset_decoder_close(&decoder);
	}
	charset_cache_done(&cache);
}

// More charsets than the cache keeps, two decoders of one charset at a time,
// and one that was left in the middle of a character.
static void converters_are_kept_and_begin_afresh(void **state)
{
	(void)state;
	static const char *const names[] = {"koi8-r", "koi8-u", "cp866", "big5",
	    "gb18030", "euc-jp", "utf-16", "utf-7", "windows-1251",
	    "windows-1253", "iso-8859-5"};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			struct charset_decoder one;
			struct charset_decoder two;
			struct view name = view_of_string(names[i]);
			assert_int_equal(
			    charset_decoder_open(&cache, name, &one), RC_OK);
			assert_int_equal(
			    charset_decoder_open(&cache, name, &two), RC_OK);
			assert_ptr_not_equal(one.converter, two.converter);
			struct buf out;
			buf_init(&out, 10000);
			charset_decode(&one, VIEW("\xa7"), &out);
			charset_decoder_close(&one);
			charset_decoder_close(&two);
			buf_done(&out);
		}
	struct charset_decoder big5;
	struct buf out;
	buf_init(&out, 10000);
	assert_int_equal(
	    charset_decoder_open(&cache, VIEW("big5"), &big5), RC_OK);
	charset_decode(&big5, VIEW("A"), &out);
	charset_decode_end(&big5, &out);
	assert_view_equal(buf_view(&out), VIEW("A"));
	charset_decoder_close(&big5);
	buf_done(&out);
	charset_cache_done(&cache);
}

static void utf8_is_judged_by_the_table_of_unicode(void **state)
{
	(void)state;
	static const struct {
		struct view text;
		bool valid;
		const char *mended;
	} rows[] = {
	    {BYTES(""), true, ""},
	    {BYTES("a\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"), true,
		"a\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"},
	    {BYTES("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true,
		"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
	    {BYTES("\xc1\xbf"), false, "\xef\xbf\xbd\xef\xbf\xbd"},
	    {BYTES("\xe0\x9f\xbf"), false,
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {BYTES("\xf4\x90\x80\x80"), false,
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    // Unicode 15, table 3-11: one replacement for each maximal part.
	    {BYTES("\xe1\x80\xe2\xf0\x91\x92\xf1\xbf\x41"), false,
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		"A"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(utf8_is_valid(rows[i].text), rows[i].valid);
		struct buf out;
		buf_init(&out, 100);
		utf8_add_valid(&out, rows[i].text);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i].mended));
		assert_true(utf8_is_valid(buf_view(&out)));
		buf_done(&out);
	}
	for (uint32_t code = 0; code < 0x110000; code += 7) {
		char bytes[4];
		uint32_t again;
		size_t len;
		struct view text = view_of(bytes, utf8_encode(code, bytes));
		assert_int_equal(utf8_peek(text, &again, &len), RC_OK);
		assert_int_equal(len, text.len);
		if (code < 0xd800 || code > 0xdfff)
			assert_int_equal(again, code);
	}
}

static void truncation_never_cuts_a_character(void **state)
{
	(void)state;
	struct view text = VIEW("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9z");
	static const size_t lens[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	for (size_t max = 0; max < ARRAY_LEN(lens); max++)
		assert_int_equal(utf8_truncate(text, max).len, lens[max]);
	static const size_t code_lens[] = {0, 1, 3, 6, 10, 11, 11};
	for (size_t max = 0; max < ARRAY_LEN(code_lens); max++)
		assert_int_equal(
		    utf8_truncate_codes(text, max).len, code_lens[max]);
	assert_int_equal(utf8_truncate(VIEW("\x80\x80\x80\x80\x80"), 4).len, 4);
}

static void parts_become_text(void **state)
{
	(void)state;
	static const struct {
		enum transfer_encoding encoding;
		const char *charset;
		const char *raw;
		const char *text;
	} rows[] = {
	    {TRANSFER_7BIT, "us-ascii", "Hello\r\n", "Hello\r\n"},
	    {TRANSFER_QUOTED_PRINTABLE, "iso-8859-1", "caf=E9=\r\n!",
		"caf\xc3\xa9!"},
	    {TRANSFER_QUOTED_PRINTABLE, "utf-8", "=C3=\r\n=A9", "\xc3\xa9"},
	    {TRANSFER_BASE64, "iso-2022-jp",
		"GyRCJDMkcxso\r\nQg==", "\xe3\x81\x93\xe3\x82\x93"},
	    {TRANSFER_BASE64, "utf-8", "w6k", "\xc3\xa9"},
	    {TRANSFER_BASE64, "utf-8", "ww==", "\xef\xbf\xbd"},
	    {TRANSFER_8BIT, "no-such-charset", "caf\xe9", "caf\xc3\xa9"},
	    {TRANSFER_QUOTED_PRINTABLE, "utf-8", "", ""},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view raw = view_of_string(rows[i].raw);
		for (size_t step = 1; step <= raw.len + 1; step++) {
			struct text_stream stream;
			struct view text;
			struct buf out;
			buf_init(&out, 1000);
			text_stream_init(&stream, &cache, rows[i].encoding,
			    view_of_string(rows[i].charset));
			for (size_t at = 0; at <= raw.len; at += step) {
				struct view piece = view_slice(raw, at, step);
				bool last = at + step > raw.len;
				while (text_stream_next(
				    &stream, &piece, last, &text)) {
					assert_true(text.len > 0);
					buf_add(&out, text);
				}
			}
			text_stream_done(&stream);
			assert_view_equal_row(
			    i, buf_view(&out), view_of_string(rows[i].text));
			buf_done(&out);
		}
	}
	charset_cache_done(&cache);
}

static void a_long_part_comes_out_piece_by_piece(void **state)
{
	(void)state;
	struct charset_cache cache;
	struct text_stream stream;
	struct view text;
	char bytes[100000];
	memset(bytes, 0xe9, sizeof(bytes)); // two bytes each in UTF-8
	struct view raw = view_of(bytes, sizeof(bytes));
	size_t len = 0;
	charset_cache_init(&cache);
	text_stream_init(&stream, &cache, TRANSFER_8BIT, VIEW("iso-8859-1"));
	while (text_stream_next(&stream, &raw, true, &text)) {
		assert_true(text.len > 0 && utf8_is_valid(text));
		len += text.len;
	}
	assert_int_equal(len, 2 * sizeof(bytes));
	text_stream_done(&stream);
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_converted_wherever_it_is_cut),
	    cmocka_unit_test(unknown_names_are_told_from_known_ones),
	    cmocka_unit_test(converters_are_kept_and_begin_afresh),
	    cmocka_unit_test(utf8_is_judged_by_the_table_of_unicode),
	    cmocka_unit_test(truncation_never_cuts_a_character),
	    cmocka_unit_test(parts_become_text),
	    cmocka_unit_test(a_long_part_comes_out_piece_by_piece),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
