// SPDX-License-Identifier: Apache-2.0
// The reader of requests, by tables.
#include "account/json.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"
#include "base/vec.h"

static void strings_are_decoded(void **state)
{
	static const struct {
		const char *text;
		const char *value; // NULL: the whole is refused
	} table[] = {
	    {"{\"a\":\"\"}", ""},
	    {" {\t\"a\"\r\n: \"x\" } ", "x"},
	    {"{\"b\":1,\"a\":\"x\"}", "x"},
	    {"{\"\\u0061\":\"x\"}", "x"},
	    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
	    {"{\"a\":\"\\u00e9\\u4e2D\"}", "\u00e9\u4e2d"},
	    {"{\"a\":\"\\ud83d\\ude00\"}", "\U0001f600"},
	    {"{\"a\":\"\u00e9\"}", "\u00e9"},
	    {"{\"a\":\"x\",\"b\":[1,-0.5e+3,[],{},null,true,false]}", "x"},
	    {"{\"a\":\"x\",\"b\":{\"a\":{\"a\":\"y\"}}}", "x"},
	    // Refused.
	    {"", NULL},
	    {"\"a\"", NULL},
	    {"[\"a\"]", NULL},
	    {"{\"a\":\"x\"", NULL},
	    {"{\"a\":\"x\"}}", NULL},
	    {"{\"a\":\"x\"} x", NULL},
	    {"{\"a\":\"x\",}", NULL},
	    {"{,\"a\":\"x\"}", NULL},
	    {"{\"a\" \"x\"}", NULL},
	    {"{a:\"x\"}", NULL},
	    {"{'a':\"x\"}", NULL},
	    {"{\"a\":\"x\",\"a\":\"x\"}", NULL},
	    {"{\"a\":\"x\",\"\\u0061\":\"y\"}", NULL},
	    {"{\"a\":\"x\",\"b\":{\"c\":1,\"c\":2}}", NULL},
	    {"{\"a\":\"\\u0000\"}", NULL},
	    {"{\"a\":\"\\ud83d\"}", NULL},
	    {"{\"a\":\"\\ud83dx\"}", NULL},
	    {"{\"a\":\"\\ude00\\ud83d\"}", NULL},
	    {"{\"a\":\"\\u12\"}", NULL},
	    {"{\"a\":\"\\x\"}", NULL},
	    {"{\"a\":\"\\", NULL},
	    {"{\"a\":\"\t\"}", NULL},
	    {"{\"a\":\"\xff\"}", NULL},
	    {"{\"a\":\"\xc3\"}", NULL},
	    {"{\"a\":\"\xed\xa0\x80\"}", NULL},
	    {"{\"a\":\"x\",\"b\":01}", NULL},
	    {"{\"a\":\"x\",\"b\":+1}", NULL},
	    {"{\"a\":\"x\",\"b\":1.}", NULL},
	    {"{\"a\":\"x\",\"b\":.5}", NULL},
	    {"{\"a\":\"x\",\"b\":1e}", NULL},
	    {"{\"a\":\"x\",\"b\":-}", NULL},
	    {"{\"a\":\"x\",\"b\":NaN}", NULL},
	    {"{\"a\":\"x\",\"b\":nul}", NULL},
	    {"{\"a\":\"x\",\"b\":[1,]}", NULL},
	    {"{\"a\":\"x\",\"b\":[1 2]}", NULL},
	    {"{\"a\":\"x\",\"b\":[}", NULL},
	    {"{\"a\":\"x\"/**/}", NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct arena arena;
		struct account_json_object object;
		struct view value;
		arena_init(&arena);
		bool good = account_json_read(
		    &arena, view_of_string(table[i].text), &object);
		if (good != (table[i].value != NULL))
			fail_msg("row %zu: %s", i, table[i].text);
		if (good) {
			assert_true(account_json_string(&object, "a", &value));
			assert_view_equal_row(
			    i, value, view_of_string(table[i].value));
		}
		arena_done(&arena);
	}
}

static void a_zero_byte_is_refused(void **state)
{
	struct arena arena;
	struct account_json_object object;
	(void)state;
	arena_init(&arena);
	assert_false(
	    account_json_read(&arena, VIEW("{\"a\":\"x\0y\"}"), &object));
	assert_false(
	    account_json_read(&arena, VIEW("{\"a\":\"\\\0\"}"), &object));
	assert_false(account_json_read(&arena, VIEW("{}\0"), &object));
	arena_done(&arena);
}

static void kinds_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		enum account_json_kind kind;
		const char *text;
	} table[] = {
	    {"n", ACCOUNT_JSON_NULL, "null"},
	    {"f", ACCOUNT_JSON_FALSE, "false"},
	    {"t", ACCOUNT_JSON_TRUE, "true"},
	    {"i", ACCOUNT_JSON_NUMBER, "-12.50E-1"},
	    {"s", ACCOUNT_JSON_STRING, "x"},
	    {"l", ACCOUNT_JSON_ARRAY, "[ 1 , \"b\" ]"},
	    {"o", ACCOUNT_JSON_OBJECT, "{\"p\" : \"q\" }"},
	    {"?", ACCOUNT_JSON_NONE, ""},
	};
	struct arena arena;
	struct account_json_object object, inner;
	struct account_json item;
	struct view text;
	(void)state;
	arena_init(&arena);
	assert_true(account_json_read(&arena,
	    VIEW("{\"n\":null,\"f\":false,\"t\":true,\"i\":-12.50E-1,"
		 "\"s\":\"x\",\"l\": [ 1 , \"b\" ] ,\"o\":{\"p\" : \"q\" }}"),
	    &object));
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct account_json value =
		    account_json_get(&object, table[i].name);
		assert_int_equal(value.kind, table[i].kind);
		assert_view_equal_row(
		    i, value.text, view_of_string(table[i].text));
		assert_int_equal(
		    account_json_string(&object, table[i].name, &text),
		    table[i].kind == ACCOUNT_JSON_STRING);
	}
	account_json_open(&arena, account_json_get(&object, "o"), &inner);
	assert_true(account_json_string(&inner, "p", &text));
	assert_view_equal(text, VIEW("q"));
	account_json_open(&arena, account_json_get(&object, "l"), &inner);
	assert_int_equal(inner.count, 0);
	struct view rest = account_json_get(&object, "l").text;
	assert_true(account_json_next(&arena, &rest, &item));
	assert_view_equal(item.text, VIEW("1"));
	assert_true(account_json_next(&arena, &rest, &item));
	assert_view_equal(item.text, VIEW("b"));
	assert_false(account_json_next(&arena, &rest, &item));
	rest = VIEW("[ ]");
	assert_false(account_json_next(&arena, &rest, &item));
	arena_done(&arena);
}

static bool reads_nested(size_t depth)
{
	struct arena arena;
	struct account_json_object object;
	struct buf text;
	arena_init(&arena);
	buf_init(&text, 100000);
	buf_add_literal(&text, "{\"a\":");
	for (size_t i = 1; i < depth; i++)
		buf_add_char(&text, '[');
	for (size_t i = 1; i < depth; i++)
		buf_add_char(&text, ']');
	buf_add_char(&text, '}');
	bool good = account_json_read(&arena, buf_view(&text), &object);
	buf_done(&text);
	arena_done(&arena);
	return good;
}

static bool reads_members(size_t count)
{
	struct arena arena;
	struct account_json_object object;
	struct buf text;
	arena_init(&arena);
	buf_init(&text, 100000);
	buf_add_char(&text, '{');
	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s\"%zu\":0", i ? "," : "", i);
	buf_add_char(&text, '}');
	bool good = account_json_read(&arena, buf_view(&text), &object);
	buf_done(&text);
	arena_done(&arena);
	return good;
}

static void depth_and_members_have_limits(void **state)
{
	(void)state;
	assert_true(reads_nested(ACCOUNT_JSON_DEPTH));
	assert_false(reads_nested(ACCOUNT_JSON_DEPTH + 1));
	assert_false(reads_nested(10000));
	assert_true(reads_members(ACCOUNT_JSON_MEMBERS));
	assert_false(reads_members(ACCOUNT_JSON_MEMBERS + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(strings_are_decoded),
	    cmocka_unit_test(a_zero_byte_is_refused),
	    cmocka_unit_test(kinds_are_told_apart),
	    cmocka_unit_test(depth_and_members_have_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
