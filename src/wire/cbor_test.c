// SPDX-License-Identifier: Apache-2.0
#include "wire/cbor.h"

#include "base/test.h"

#define V(literal)                                                             \
	{                                                                      \
		(literal), sizeof(literal) - 1                                 \
	}

// RFC 8949 appendix A, as far as the canonical form of CTAP2 has it; what it
// does not have is refused.
static void the_rfcs_examples_are_read(void **state)
{
	static const struct {
		struct view bytes;
		enum rc rc;
		enum cbor_type type;
		uint64_t number;
		struct view text;
	} rows[] = {
	    {V("\x00"), RC_OK, CBOR_UNSIGNED, 0, V("")},
	    {V("\x01"), RC_OK, CBOR_UNSIGNED, 1, V("")},
	    {V("\x17"), RC_OK, CBOR_UNSIGNED, 23, V("")},
	    {V("\x18\x18"), RC_OK, CBOR_UNSIGNED, 24, V("")},
	    {V("\x18\x64"), RC_OK, CBOR_UNSIGNED, 100, V("")},
	    {V("\x19\x03\xe8"), RC_OK, CBOR_UNSIGNED, 1000, V("")},
	    {V("\x1a\x00\x0f\x42\x40"), RC_OK, CBOR_UNSIGNED, 1000000, V("")},
	    {V("\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00"), RC_OK, CBOR_UNSIGNED,
		1000000000000, V("")},
	    {V("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), RC_OK, CBOR_UNSIGNED,
		UINT64_MAX, V("")},
	    {V("\x20"), RC_OK, CBOR_NEGATIVE, 0, V("")},
	    {V("\x29"), RC_OK, CBOR_NEGATIVE, 9, V("")},
	    {V("\x38\x63"), RC_OK, CBOR_NEGATIVE, 99, V("")},
	    {V("\x39\x03\xe7"), RC_OK, CBOR_NEGATIVE, 999, V("")},
	    {V("\xf4"), RC_OK, CBOR_SIMPLE, 20, V("")},
	    {V("\xf5"), RC_OK, CBOR_SIMPLE, 21, V("")},
	    {V("\xf6"), RC_OK, CBOR_SIMPLE, 22, V("")},
	    {V("\x40"), RC_OK, CBOR_BYTES, 0, V("")},
	    {V("\x44\x01\x02\x03\x04"), RC_OK, CBOR_BYTES, 4,
		V("\x01\x02\x03\x04")},
	    {V("\x60"), RC_OK, CBOR_TEXT, 0, V("")},
	    {V("\x61\x61"), RC_OK, CBOR_TEXT, 1, V("a")},
	    {V("\x64IETF"), RC_OK, CBOR_TEXT, 4, V("IETF")},
	    {V("\x62\xc3\xbc"), RC_OK, CBOR_TEXT, 2, V("\xc3\xbc")},
	    {V("\x80"), RC_OK, CBOR_ARRAY, 0, V("")},
	    {V("\x83\x01\x02\x03"), RC_OK, CBOR_ARRAY, 3, V("")},
	    {V("\xa0"), RC_OK, CBOR_MAP, 0, V("")},
	    {V("\xa2\x01\x02\x03\x04"), RC_OK, CBOR_MAP, 2, V("")},
	    // Undefined, simple values, floats, tags, indefinite lengths.
	    {V("\xf7"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xf0"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xf8\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xf9\x3c\x00"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xfa\x47\xc3\x50\x00"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xc1\x1a\x51\x4b\x67\xb0"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x5f\x42\x01\x02\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x9f\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xbf\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\xff"), RC_SYNTAX, 0, 0, V("")},
	    // Longer than necessary.
	    {V("\x18\x17"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x19\x00\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x1a\x00\x00\xff\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x58\x01\x61"), RC_SYNTAX, 0, 0, V("")},
	    // Cut off, reserved, not UTF-8, more items than bytes.
	    {V(""), RC_SYNTAX, 0, 0, V("")},
	    {V("\x18"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x44\x01\x02\x03"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x61"), RC_SYNTAX, 0, 0,
		V("")},
	    {V("\x1c"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x61\xff"), RC_SYNTAX, 0, 0, V("")},
	    {V("\x84\x01\x02\x03"), RC_SYNTAX, 0, 0, V("")},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view rest = rows[i].bytes;
		struct cbor_item item;
		assert_int_equal(cbor_next(&rest, &item), rows[i].rc);
		if (rows[i].rc != RC_OK) {
			assert_int_equal(rest.len, rows[i].bytes.len);
			continue;
		}
		assert_int_equal(item.type, rows[i].type);
		assert_true(item.number == rows[i].number);
		assert_view_equal_row(i, item.bytes, rows[i].text);
	}
}

static void whole_items_are_passed_over(void **state)
{
	static const struct {
		struct view bytes;
		enum rc rc;
		size_t left;
	} rows[] = {
	    {V("\x01\x02"), RC_OK, 1},
	    {V("\x83\x01\x82\x02\x03\x82\x04\x05"), RC_OK, 0},
	    {V("\xa2\x61\x61\x01\x61\x62\x82\x02\x03\xff"), RC_OK, 1},
	    {V("\x80\x00"), RC_OK, 1},
	    {V("\x82\x80\xa0"), RC_OK, 0},
	    {V("\x82\x01"), RC_SYNTAX, 2},
	    {V("\xa1\x01"), RC_SYNTAX, 2},
	    {V("\x81\x81\x81\x81\x81\x81\x81\x81\x01"), RC_OK, 0},
	    {V("\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01"), RC_LIMIT, 10},
	    {V(""), RC_SYNTAX, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view rest = rows[i].bytes;
		assert_int_equal(cbor_skip(&rest), rows[i].rc);
		assert_int_equal(rest.len, rows[i].left);
	}
}

static void keys_are_found(void **state)
{
	struct view map = VIEW("\xa4\x01\x02\x20\x38\x63\x63"
			       "fmt\x64none\x39\x01\x00\x82\x01\x02"),
		    value;
	int64_t number;
	struct view text;
	(void)state;
	assert_int_equal(cbor_map_find_number(map, 1, &value), RC_OK);
	assert_int_equal(cbor_number(value, &number), RC_OK);
	assert_int_equal(number, 2);
	assert_int_equal(cbor_map_find_number(map, -1, &value), RC_OK);
	assert_int_equal(cbor_number(value, &number), RC_OK);
	assert_int_equal(number, -100);
	assert_int_equal(cbor_map_find_number(map, -257, &value), RC_OK);
	assert_view_equal(value, VIEW("\x82\x01\x02"));
	assert_int_equal(cbor_number(value, &number), RC_SYNTAX);
	assert_int_equal(cbor_map_find(map, VIEW("fmt"), &value), RC_OK);
	assert_int_equal(cbor_string(value, CBOR_TEXT, &text), RC_OK);
	assert_view_equal(text, VIEW("none"));
	assert_int_equal(cbor_string(value, CBOR_BYTES, &text), RC_SYNTAX);
	assert_int_equal(cbor_map_find_number(map, 2, &value), RC_OK);
	assert_int_equal(value.len, 0);
	assert_int_equal(cbor_number(value, &number), RC_SYNTAX);
	// No map, half a map, the key twice.
	assert_int_equal(
	    cbor_map_find_number(VIEW("\x82\x01\x02"), 1, &value), RC_SYNTAX);
	assert_int_equal(
	    cbor_map_find_number(VIEW("\xa2\x01\x02"), 1, &value), RC_SYNTAX);
	assert_int_equal(
	    cbor_map_find_number(VIEW("\xa2\x01\x02\x01\x03"), 1, &value),
	    RC_SYNTAX);
	// A number that does not fit.
	assert_int_equal(
	    cbor_number(VIEW("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), &number),
	    RC_SYNTAX);
	assert_int_equal(
	    cbor_number(VIEW("\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"), &number),
	    RC_OK);
	assert_true(number == INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_rfcs_examples_are_read),
	    cmocka_unit_test(whole_items_are_passed_over),
	    cmocka_unit_test(keys_are_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
