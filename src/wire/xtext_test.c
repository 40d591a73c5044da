// SPDX-License-Identifier: Apache-2.0
// xtext, the two forms of UTF-8 addresses, and enhanced status codes.
#include "base/test.h"
#include "wire/enhanced_status.h"
#include "wire/xtext.h"

#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

static void xtext_carries_any_bytes(void **state)
{
	(void)state;
	static const struct {
		struct view text;
		struct view xtext;
	} rows[] = {
	    {V(""), V("")},
	    {V("a@b"), V("a@b")},
	    {V("a+b=c"), V("a+2Bb+3Dc")},
	    {V(" "), V("+20")},
	    {V("\0\r\n\x7f"), V("+00+0D+0A+7F")},
	    {V("ä"), V("+C3+A4")},
	    {V("~!"), V("~!")},
	};
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		xtext_encode(rows[i].text, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].xtext);
		buf_reset(&out);
		assert_int_equal(xtext_decode(rows[i].xtext, &out), RC_OK);
		assert_view_equal_row(i, buf_view(&out), rows[i].text);
	}
	buf_done(&out);
}

static void what_is_no_xtext_adds_nothing(void **state)
{
	(void)state;
	static const struct view rows[] = {V("a+"), V("a+2"), V("a+2G"),
	    V("a+G2"), V("a b"), V("a=b"), V("ä"), V("a\0"), V("a+2B\r")};
	struct buf out;
	buf_init(&out, 100);
	buf_add_string(&out, "kept");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(xtext_decode(rows[i], &out), RC_SYNTAX);
		assert_view_equal_row(i, buf_view(&out), VIEW("kept"));
	}
	assert_int_equal(xtext_decode(VIEW("+2b"), &out), RC_OK);
	assert_view_equal(buf_view(&out), VIEW("kept+"));
	buf_done(&out);
	buf_init(&out, 3);
	assert_int_equal(xtext_decode(VIEW("abcd"), &out), RC_LIMIT);
	assert_int_equal(out.len, 0);
	assert_int_equal(buf_status(&out), RC_OK);
	buf_done(&out);
}

static void utf8_addresses_have_a_form_in_ascii(void **state)
{
	(void)state;
	static const struct {
		struct view address;
		struct view xtext;
		struct view unitext;
	} rows[] = {
	    {V("a@b"), V("a@b"), V("a@b")},
	    {V("ä@b"), V("\\x{E4}@b"), V("ä@b")},
	    {V("用@b"), V("\\x{7528}@b"), V("用@b")},
	    {V("😀"), V("\\x{1F600}"), V("😀")},
	    {V("\\+= \t"), V("\\x{5C}\\x{2B}\\x{3D}\\x{20}\\x{09}"),
		V("\\x{5C}\\x{2B}\\x{3D}\\x{20}\\x{09}")},
	};
	struct buf out;
	buf_init(&out, 200);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_reset(&out);
		utf8_addr_xtext_encode(rows[i].address, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].xtext);
		buf_reset(&out);
		utf8_addr_unitext_encode(rows[i].address, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].unitext);
		buf_reset(&out);
		assert_int_equal(utf8_addr_decode(rows[i].xtext, &out), RC_OK);
		assert_view_equal_row(i, buf_view(&out), rows[i].address);
		buf_reset(&out);
		assert_int_equal(
		    utf8_addr_decode(rows[i].unitext, &out), RC_OK);
		assert_view_equal_row(i, buf_view(&out), rows[i].address);
	}
	static const struct view wrong[] = {V("\\"), V("\\x"), V("\\x{"),
	    V("\\x{}"), V("\\x{5}"), V("\\x{41}"), V("\\x{0}"), V("\\x{00}"),
	    V("\\x{00E4}"), V("\\x{D800}"), V("\\x{110000}"), V("\\x{1000000}"),
	    V("\\x{E4"), V("a b"), V("a=b"), V("a+"), V("a+C3"), V("\xff"),
	    V("a\0")};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		buf_reset(&out);
		assert_int_equal(utf8_addr_decode(wrong[i], &out), RC_SYNTAX);
		assert_int_equal(out.len, 0);
	}
	buf_done(&out);
}

static void enhanced_status_codes_are_read_and_written(void **state)
{
	(void)state;
	static const struct {
		struct view text;
		bool good;
	} rows[] = {
	    {V("2.0.0"), true},
	    {V("5.1.1"), true},
	    {V("4.999.999"), true},
	    {V("3.0.0"), false},
	    {V("0.0.0"), false},
	    {V("5.1"), false},
	    {V("5.1."), false},
	    {V("5..1"), false},
	    {V("5.1.1000"), false},
	    {V("5.1000.1"), false},
	    {V("5.1.1.1"), false},
	    {V("5.1.1x"), false},
	    {V("55.1.1"), false},
	    {V(""), false},
	};
	struct buf out;
	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct enhanced_status status = ENHANCED_NONE;
		struct view rest = rows[i].text;
		bool good =
		    enhanced_status_take(&rest, &status) && rest.len == 0;
		assert_int_equal(good, rows[i].good);
		if (!good)
			continue;
		buf_reset(&out);
		enhanced_status_print(status, &out);
		assert_view_equal_row(i, buf_view(&out), rows[i].text);
	}
	buf_done(&out);
	struct view text = VIEW("5.7.1 \t no");
	struct enhanced_status status;
	assert_true(enhanced_status_take(&text, &status));
	assert_memory_equal(&status, &ENHANCED(5, 7, 1), sizeof(status));
	assert_view_equal(text, VIEW("no"));
	assert_false(enhanced_status_take(&text, &status));
	assert_view_equal(text, VIEW("no"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(xtext_carries_any_bytes),
	    cmocka_unit_test(what_is_no_xtext_adds_nothing),
	    cmocka_unit_test(utf8_addresses_have_a_form_in_ascii),
	    cmocka_unit_test(enhanced_status_codes_are_read_and_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
