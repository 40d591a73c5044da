// SPDX-License-Identifier: Apache-2.0
// Normalization form C: what becomes what, and that doing it again changes
// nothing.
#include "base/test.h"
#include "wire/nfc.h"

static const struct {
	const char *text;
	const char *normal; // NULL: RC_INVALID
} rows[] = {
    {"", ""},
    {"plain/INBOX", "plain/INBOX"},
    {"\xc3\xbc", "\xc3\xbc"},
    {"u\xcc\x88", "\xc3\xbc"},
    {"Bu\xcc\x88"
     "cher/a\xcc\x8a",
	"B\xc3\xbc"
	"cher/\xc3\xa5"},
    // Marks in the wrong order.
    {"a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81"},
    {"a\xcc\xa3\xcc\x81", "\xe1\xba\xa1\xcc\x81"},
    // Hangul.
    {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"},
    // One character that is another: Angstrom, Ohm, Kelvin.
    {"\xe2\x84\xab", "\xc3\x85"},
    {"\xe2\x84\xa6", "\xce\xa9"},
    {"\xe2\x84\xaa", "K"},
    // What is composed in no form, and grows.
    {"\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc"},
    {"\xf0\x9d\x85\xa0", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5\xf0\x9d\x85\xae"},
    // Compatibility is another form.
    {"\xef\xac\x81", "\xef\xac\x81"},
    {"\xef\xbc\xa1", "\xef\xbc\xa1"},
    {"\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7"},
    {"\xff", NULL},
    {"u\xcc", NULL},
    {"\xed\xa0\x80", NULL},
};

static void each_has_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view text = view_of_string(rows[i].text);
		struct buf once;
		struct buf twice;
		buf_init(&once, 100);
		buf_init(&twice, 100);
		enum rc rc = nfc_add(text, &once);
		assert_int_equal(rc, !rows[i].normal ? RC_INVALID : RC_OK);
		if (rc == RC_OK) {
			struct view normal = view_of_string(rows[i].normal);
			assert_view_equal_row(i, buf_view(&once), normal);
			assert_int_equal(
			    nfc_add(buf_view(&once), &twice), RC_OK);
			assert_view_equal_row(i, buf_view(&twice), normal);
		}
		buf_done(&once);
		buf_done(&twice);
	}
}

static void what_is_too_long_is_told(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 5);
	assert_int_equal(nfc_add(VIEW("\xe0\xa5\x98"), &out), RC_LIMIT);
	buf_done(&out);
	buf_init(&out, 2);
	assert_int_equal(nfc_add(VIEW("u\xcc\x88"), &out), RC_OK);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_has_one_form),
	    cmocka_unit_test(what_is_too_long_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
