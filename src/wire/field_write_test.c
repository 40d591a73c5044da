// SPDX-License-Identifier: Apache-2.0
// Fields as they are written, and that they are read again as they were meant.
#include "base/test.h"
#include "wire/encoded_word.h"
#include "wire/field_write.h"
#include "wire/param_value.h"
#include "wire/utf8.h"

// ---- Text ------------------------------------------------------------------

static const struct {
	const char *text;
	const char *field;
} texts[] = {
    {"", "X:\r\n"},
    {"Hello", "X: Hello\r\n"},
    {"two  blanks", "X: two  blanks\r\n"},
    {"Gr\xc3\xbc\xc3\x9f"
     "e",
	"X: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"},
    {"Re: Gr\xc3\xbc\xc3\x9f"
     "e an alle",
	"X: Re: =?utf-8?q?Gr=C3=BC=C3=9Fe?= an alle\r\n"},
    {"a \xc3\xa9 b \xc3\xa9 c", "X: a =?utf-8?q?=C3=A9_b_=C3=A9?= c\r\n"},
    {"\xe4\xbd\xa0\xe5\xa5\xbd", "X: =?utf-8?b?5L2g5aW9?=\r\n"},
    {"=?utf-8?q?x?=", "X: =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=\r\n"},
    {" edge", "X: =?utf-8?q?_edge?=\r\n"},
    // Nobody adds a field of his own.
    {"a\r\nBcc: b", "X: a  Bcc: b\r\n"},
};

static void text_is_written_as_rfc_2047_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf out;
		struct field_writer writer;
		buf_init(&out, 4096);
		field_begin(&writer, &out, VIEW("X"));
		field_add_text(&writer, view_of_string(texts[i].text));
		field_end(&writer);
		assert_view_equal(
		    buf_view(&out), view_of_string(texts[i].field));
		buf_done(&out);
	}
}

static void assert_lines_are_short(struct view text)
{
	struct view line;
	while (view_split(&text, '\n', &line))
		assert_true(line.len <= FIELD_LINE_MAX + 1);
}

// What comes back from a field that was written, without "X: ".
static void read_back(struct view field, struct buf *out)
{
	struct charset_cache cache;
	charset_cache_init(&cache);
	encoded_word_decode(&cache, view_slice(field, 2, field.len - 4), out);
	charset_cache_done(&cache);
}

// Texts of any length and of many scripts come back, and no line is long.
static void long_text_comes_back(void **state)
{
	static const char *const pieces[] = {"plain ", "\xc3\xa9",
	    "\xe4\xb8\xad", "\xf0\x9f\x90\x94 ", "word ", "\xd0\x96", "=?", "_",
	    "? "};
	(void)state;
	for (unsigned seed = 1; seed < 300; seed++) {
		struct buf text, out, back;
		struct field_writer writer;
		uint32_t random = seed;
		buf_init(&text, 4096);
		buf_init(&out, 65536);
		buf_init(&back, 65536);
		for (unsigned i = 0; i < seed % 60 + 1; i++) {
			random = random * 1103515245u + 12345u;
			buf_add_string(
			    &text, pieces[(random >> 16) % ARRAY_LEN(pieces)]);
		}
		buf_add_char(&text, 'x');
		field_begin(&writer, &out, VIEW("X"));
		field_add_text(&writer, buf_view(&text));
		field_end(&writer);
		assert_lines_are_short(buf_view(&out));
		assert_true(utf8_is_ascii(buf_view(&out)));
		read_back(buf_view(&out), &back);
		assert_view_equal(view_trim(buf_view(&back)), buf_view(&text));
		buf_done(&text);
		buf_done(&out);
		buf_done(&back);
	}
}

// ---- Addresses -------------------------------------------------------------

static const struct {
	const char *name, *email;
	const char *field;
} mailboxes[] = {
    {"", "a@b.test", "X: a@b.test\r\n"},
    {"Anna Bell", "a@b.test", "X: Anna Bell <a@b.test>\r\n"},
    {"Bell, Anna", "a@b.test", "X: \"Bell, Anna\" <a@b.test>\r\n"},
    {"A \"B\" \\", "a@b.test", "X: \"A \\\"B\\\" \\\\\" <a@b.test>\r\n"},
    {"J\xc3\xb6rg", "a@b.test", "X: =?utf-8?q?J=C3=B6rg?= <a@b.test>\r\n"},
    {"Evil\r\nBcc: x", "a@b.test", "X: \"Evil  Bcc: x\" <a@b.test>\r\n"},
    {"", "not an address", "X: not an address\r\n"},
};

static void mailboxes_are_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mailboxes); i++) {
		struct buf out;
		struct field_writer writer;
		buf_init(&out, 4096);
		field_begin(&writer, &out, VIEW("X"));
		field_add_mailbox(&writer, view_of_string(mailboxes[i].name),
		    view_of_string(mailboxes[i].email), false);
		field_end(&writer);
		assert_view_equal(
		    buf_view(&out), view_of_string(mailboxes[i].field));
		buf_done(&out);
	}
}

static void a_long_list_is_folded(void **state)
{
	(void)state;
	struct buf out;
	struct field_writer writer;
	buf_init(&out, 65536);
	field_begin(&writer, &out, VIEW("To"));
	field_begin_group(&writer, VIEW("Friends"));
	for (int i = 0; i < 50; i++)
		field_add_mailbox(&writer, VIEW("Somebody Else"),
		    VIEW("somebody.else@example.org"), i < 49);
	field_end_group(&writer, false);
	field_end(&writer);
	assert_lines_are_short(buf_view(&out));
	assert_true(view_starts_with(buf_view(&out),
	    VIEW("To: Friends: Somebody Else <somebody.else@example.org>,")));
	assert_true(view_ends_with(
	    buf_view(&out), VIEW("<somebody.else@example.org>;\r\n")));
	buf_done(&out);
}

// ---- Parameters ------------------------------------------------------------

static const struct {
	const char *value;
	const char *param; // NULL: only what comes back is looked at
} params[] = {
    {"a.txt", "; filename=a.txt"},
    {"a b.txt", "; filename=\"a b.txt\""},
    {"a\"b.txt", "; filename=\"a\\\"b.txt\""},
    {"\xc3\xa9.txt", "; filename*=utf-8''%C3%A9.txt"},
    {"\xe6\x96\x87\xe4\xbb\xb6\xe5\x90\x8d\xe7\xa7\xb0\xe5\xbe\x88\xe9\x95\xbf"
     "\xe7\x9a\x84\xe4\xb8\x80\xe4\xb8\xaa\xe4\xbe\x8b\xe5\xad\x90.pdf",
	NULL},
};

// Takes the written parameters apart.
static size_t split_params(struct view text, struct param *list)
{
	struct view part;
	size_t count = 0;
	(void)view_split(&text, ';', &part);
	while (view_split(&text, ';', &part)) {
		struct view value = view_trim(part), name;
		(void)view_split(&value, '=', &name);
		list[count++] = (struct param){name, value};
	}
	return count;
}

static void params_are_written_as_rfc_2231_says(void **state)
{
	(void)state;
	struct charset_cache cache;
	charset_cache_init(&cache);
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		struct buf out, back;
		struct field_writer writer;
		struct param list[20];
		buf_init(&out, 4096);
		buf_init(&back, 4096);
		field_begin(&writer, &out, VIEW("X"));
		field_add_param(
		    &writer, "filename", view_of_string(params[i].value));
		if (params[i].param) {
			assert_view_equal(view_from(buf_view(&out), 2),
			    view_of_string(params[i].param));
		} else {
			size_t count = split_params(buf_view(&out), list);
			assert_int_equal(param_value_decode(&cache, list, count,
					     VIEW("filename"), &back),
			    RC_OK);
			assert_view_equal(
			    buf_view(&back), view_of_string(params[i].value));
		}
		assert_lines_are_short(buf_view(&out));
		buf_done(&out);
		buf_done(&back);
	}
	charset_cache_done(&cache);
}

// ---- Checks ----------------------------------------------------------------

static const struct {
	const char *value;
	bool valid;
} raws[] = {
    {" x", true},
    {"", true},
    {" x\r\n y", true},
    {" x\r\ny", false},
    {" x\r\n", false},
    {" x\ny", false},
    {" x\ry", false},
    {" a\x01", false},
    {" tab\t", true},
};

static void a_raw_value_adds_no_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(raws); i++)
		assert_int_equal(
		    field_raw_is_valid(view_of_string(raws[i].value)),
		    raws[i].valid);
	assert_true(field_name_is_valid(VIEW("X-Y")));
	assert_false(field_name_is_valid(VIEW("X Y")));
	assert_false(field_name_is_valid(VIEW("X:")));
	assert_false(field_name_is_valid(VIEW("")));
	assert_true(field_id_is_valid(VIEW("a@b")));
	assert_false(field_id_is_valid(VIEW("a>b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_written_as_rfc_2047_says),
	    cmocka_unit_test(long_text_comes_back),
	    cmocka_unit_test(mailboxes_are_written),
	    cmocka_unit_test(a_long_list_is_folded),
	    cmocka_unit_test(params_are_written_as_rfc_2231_says),
	    cmocka_unit_test(a_raw_value_adds_no_field),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
