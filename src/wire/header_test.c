// SPDX-License-Identifier: Apache-2.0
// Header fields, message identifiers and base subjects.
#include "base/test.h"
#include "wire/header.h"
#include "wire/message_id.h"
#include "wire/subject.h"

static void fields_are_found_and_no_byte_is_lost(void **state)
{
	(void)state;
	static const struct {
		const char *block;
		const char *fields; // name=value|…, then what is left
	} rows[] = {
	    {"A: b\r\nC: d\r\n\r\nbody", "A=b|C=d|\r\n\r\nbody"},
	    {"A: b\nC:d\n\nbody", "A=b|C=d|\r\n\nbody"},
	    {"A: b\r\n c\r\n\td\r\nE: f", "A=b\r\n c\r\n\td|E=f|\r\n"},
	    {"Subject:\r\n x\r\n", "Subject=x|\r\n"},
	    {"A \t: b\n", "A=b|\r\n"},
	    {"A:\n", "A=|\r\n"},
	    {"A: b:c\n", "A=b:c|\r\n"},
	    {"From joe Mon Jan  1\nA: b\n", "=From joe Mon Jan  1|A=b|\r\n"},
	    {" lost\nA: b\n", "= lost|A=b|\r\n"},
	    {"no colon\nA: b\n", "=no colon|A=b|\r\n"},
	    {": x\nA: b\n", "=: x|A=b|\r\n"},
	    {"A: b\n   \n c\nD: e", "A=b\n   \n c|D=e|\r\n"},
	    {"A: b\rC: d\r\n", "A=b\rC: d|\r\n"},
	    {"\nA: b", "\r\n\nA: b"},
	    {"", "\r\n"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view rest = view_of_string(rows[i].block);
		const char *expected_at = rest.ptr;
		struct header_field field;
		struct buf out;
		buf_init(&out, 1000);
		while (header_next(&rest, &field)) {
			assert_ptr_equal(field.whole.ptr, expected_at);
			expected_at += field.whole.len;
			buf_add(&out, field.name);
			buf_add_char(&out, '=');
			buf_add(&out, field.value);
			buf_add_char(&out, '|');
		}
		buf_add_literal(&out, "\r\n");
		buf_add(&out, rest);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, rows[i].fields);
		buf_done(&out);
	}
}

static void the_first_field_of_a_name_is_found_in_any_case(void **state)
{
	(void)state;
	struct header_field field;
	struct view block = VIEW("X: 1\nsUBJECT: 2\nSubject: 3\n\nTo: 4\n");
	assert_true(header_find(block, VIEW("Subject"), &field));
	assert_view_equal(field.value, VIEW("2"));
	assert_false(header_find(block, VIEW("To"), &field));
	assert_false(header_find(block, VIEW(""), &field));
}

static void the_blank_line_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *message;
		enum rc rc;
		size_t len;
	} rows[] = {
	    {"A: b\r\n\r\nbody", RC_OK, 8},
	    {"A: b\n\nbody", RC_OK, 6},
	    {"A: b\n\r\nbody", RC_OK, 7},
	    {"\r\nbody", RC_OK, 2},
	    {"A: b\n \n\nbody", RC_OK, 8},
	    {"A: b\r\n", RC_MORE, 0},
	    {"A: b\r\n\r", RC_MORE, 0},
	    {"", RC_MORE, 0},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = 0;
		struct view message = view_of_string(rows[i].message);
		assert_int_equal(header_length(message, &len), rows[i].rc);
		assert_int_equal(len, rows[i].len);
	}
}

static void unfolding_takes_out_line_ends_only(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"a\r\n b", "a b"},
	    {"a\n\tb", "a\tb"},
	    {"a \r\n  b\r\n", "a   b"},
	    {"a\r\r\n b", "a b"},
	    {"a\rb", "a\rb"},
	    {"a\nb", "a b"},
	    {"", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 100);
		header_unfold(view_of_string(rows[i][0]), &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(rows[i][1]));
		buf_done(&out);
	}
}

static void identifiers_are_found_and_normalised(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"<a@b>", "a@b|"},
	    {"<a@b> <c@d>\r\n\t<e@f>", "a@b|c@d|e@f|"},
	    {"<a@b><c@d>,<e@f>", "a@b|c@d|e@f|"},
	    {"Your message of \"Monday\" <a@b>", "a@b|"},
	    // RFC 5256 section 3: these two are the same.
	    {"<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>",
		"01KF8JCEOCBS0045PS@xxx.yyy.com|"},
	    {"<01KF8JCEOCBS0045PS@xxx.yyy.com>",
		"01KF8JCEOCBS0045PS@xxx.yyy.com|"},
	    {"<\"a\\\"<>b\"@c>", "a\"<>b@c|"},
	    {"<a\r\n @b>", "a@b|"},
	    {"<AbC@dEf>", "AbC@dEf|"},
	    {"<no-at> <a@b>", "a@b|"},
	    {"<@b> <a@> <>", ""},
	    {"<a@b <c@d>", "c@d|"},
	    {"<a@b", ""},
	    {"a@b", ""},
	    {"", ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view rest = view_of_string(rows[i][0]);
		struct buf all;
		struct buf id;
		buf_init(&all, 1000);
		buf_init(&id, MESSAGE_ID_MAX);
		while (message_id_next(&rest, &id)) {
			buf_add(&all, buf_view(&id));
			buf_add_char(&all, '|');
		}
		assert_int_equal(id.len, 0);
		buf_add_char(&all, '\0');
		assert_string_equal(all.ptr, rows[i][1]);
		buf_done(&all);
		buf_done(&id);
	}
}

static void identifiers_that_are_too_long_are_passed_over(void **state)
{
	(void)state;
	struct buf value;
	struct buf id;
	buf_init(&value, 5000);
	buf_init(&id, 5000);
	buf_add_literal(&value, "<a@");
	for (int i = 0; i < 2000; i++)
		buf_add_char(&value, 'b');
	buf_add_literal(&value, "> <c@d>");
	struct view rest = buf_view(&value);
	assert_true(message_id_next(&rest, &id));
	assert_view_equal(buf_view(&id), VIEW("c@d"));
	buf_done(&value);
	buf_done(&id);
}

static void subjects_lose_their_artifacts(void **state)
{
	(void)state;
	static const struct {
		const char *subject;
		const char *base;
		bool reply;
	} rows[] = {
	    {"Hello", "Hello", false},
	    {"Re: Hello", "Hello", true},
	    {"RE:Re: re : fwd:Fw: Hello", "Hello", true},
	    {"Re[4]: Hello", "Hello", true},
	    {"Re [x] : Hello", "Hello", true},
	    {"[list] Re: [list] Hello", "Hello", true},
	    {"[a][b] Hello", "Hello", false},
	    {"[a] [b]", "[b]", false},
	    {"Re: [a]", "[a]", true},
	    {"[a", "[a", false},
	    {"[a [b] c", "[a [b] c", false},
	    {"Hello (fwd)", "Hello", true},
	    {"Hello (FWD) (fwd)  ", "Hello", true},
	    {"[Fwd: Hello]", "Hello", true},
	    {"[fwd: Re: [fwd: [x] Hello (fwd)]]", "Hello", true},
	    {"[fwd: Hello", "[fwd: Hello", false},
	    {"[fwd:]", "", true},
	    {"[fwd:", "[fwd:", false},
	    {"  a \t b\r\n\tc  ", "a b c", false},
	    {"Re: =?utf-8?Q?Re:_H=C3=A9?= (fwd)", "H\xc3\xa9", true},
	    {"=?utf-8?B?UmU6IEhp?=", "Hi", true},
	    {"Regards", "Regards", false},
	    {"fwded: x", "fwded: x", false},
	    {"Re:", "", true},
	    {"", "", false},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		bool reply = !rows[i].reply;
		buf_init(&out, 1000);
		subject_base(
		    &cache, view_of_string(rows[i].subject), &out, &reply);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, rows[i].base);
		assert_int_equal(reply, rows[i].reply);
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

// 300,000 bytes of each: a quadratic walk would time out.
static void hostile_values_take_linear_time(void **state)
{
	(void)state;
	static const char *const units[] = {"[a]", "[", "[fwd:", "Re: ", "=?",
	    "=?a?q?", "=?utf-8?q?a?= ", "(fwd)", "<", "<\"", "<a@\"", "\n",
	    " \n", "re [", "=?x?b?a?= "};
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct buf value;
		struct buf out;
		bool reply;
		buf_init(&value, 300000);
		buf_init(&out, 4000000);
		while (buf_status(&value) == RC_OK)
			buf_add_string(&value, units[i]);
		subject_base(&cache, buf_view(&value), &out, &reply);
		assert_int_equal(buf_status(&out), RC_OK);
		struct view rest = buf_view(&value);
		while (message_id_next(&rest, &out))
			assert_true(out.len > 0);
		rest = buf_view(&value);
		struct header_field field;
		size_t total = 0;
		while (header_next(&rest, &field))
			total += field.whole.len;
		assert_int_equal(total + rest.len, value.len);
		buf_done(&value);
		buf_done(&out);
	}
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_are_found_and_no_byte_is_lost),
	    cmocka_unit_test(the_first_field_of_a_name_is_found_in_any_case),
	    cmocka_unit_test(the_blank_line_is_found),
	    cmocka_unit_test(unfolding_takes_out_line_ends_only),
	    cmocka_unit_test(identifiers_are_found_and_normalised),
	    cmocka_unit_test(identifiers_that_are_too_long_are_passed_over),
	    cmocka_unit_test(subjects_lose_their_artifacts),
	    cmocka_unit_test(hostile_values_take_linear_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
