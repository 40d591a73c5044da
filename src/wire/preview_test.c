// SPDX-License-Identifier: Apache-2.0
// What a person sees of a message before opening it.
#include "base/test.h"
#include "wire/message_whole.h"
#include "wire/preview.h"
#include "wire/utf8.h"

struct row {
	const char *text;
	const char *preview;
};

static void expect_rows(const struct row *rows, size_t count,
    void (*make)(struct view utf8, struct buf *out))
{
	struct buf out;
	buf_init(&out, PREVIEW_BYTES_MAX + 1);
	for (size_t i = 0; i < count; i++) {
		buf_reset(&out);
		make(view_of_string(rows[i].text), &out);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, rows[i].preview);
	}
	buf_done(&out);
}

static void plain_text_becomes_one_line(void **state)
{
	(void)state;
	static const struct row rows[] = {
	    {"", ""},
	    {" \r\n\t\r\n", ""},
	    {"Preview text!\r\n", "Preview text!"},
	    {"one\r\ntwo\r\n\r\n  three\tfour", "one two three four"},
	    {"a\x01\x1b[1mb", "a [1mb"},
	    {"a\xc2\xa0\xe2\x80\x8b b", "a b"},
	    {"\xef\xbb\xbfx", "x"},
	    // joiners stay inside words, not between spaces
	    {"\xd9\x86\xe2\x80\x8c\xd9\x87", "\xd9\x86\xe2\x80\x8c\xd9\x87"},
	    {"a\xe2\x80\x8c \xe2\x80\x8c b", "a b"},
	    {"yes\r\n-- \r\nJo", "yes"},
	    {"-----\r\n* * * *\r\nnews", "news"},
	    {"On Monday, Jo wrote:\r\n\r\n> old\r\n> text\r\n\r\nnew", "new"},
	    {"new\r\n> old\r\nmore", "new more"},
	    {"To do:\r\nmilk", "To do: milk"},
	    {"new\r\n-----Original Message-----\r\nFrom: x", "new"},
	    {"> only\r\n> quoted", "> only > quoted"},
	    {"a > b", "a > b"},
	};
	expect_rows(rows, ARRAY_LEN(rows), preview_of_plain);
}

static void html_loses_its_markup(void **state)
{
	(void)state;
	static const struct row rows[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"<html><head><title>T</title><style>p { x: y > z }</style></head>"
	     "<body><p>One</p><p>two</body>",
		"One two"},
	    {"a<b>b</b>c<br>d<br/>e", "abc d e"},
	    {"<script>if (a < b) \"</p>\"</script>x", "x"},
	    {"<STYLE>x</sTyLe >y", "y"},
	    {"<style>never closed", ""},
	    {"a <!-- b > -- c --> d", "a d"},
	    {"a <!-- never closed", "a"},
	    {"<a href=\"x>y\">z</a>", "z"},
	    {"<a title=don't>z</a> it's", "z it's"},
	    {"a < b && c > d", "a < b && c > d"},
	    {"&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9; &nbsp;&euro;&hellip;",
		"<b> &amp; \xc3\xa9\xc3\xa9\xc3\xa9 \xe2\x82\xac\xe2\x80\xa6"},
	    {"&bogus; &; &#; &#x; & &copy", "&bogus; &; &#; &#x; & \xc2\xa9"},
	    {"&#0;&#xd800;&#x110000;&#99999999999;",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	    {"new<blockquote type=\"cite\">old<blockquote>older</blockquote>old"
	     "</blockquote>new",
		"new new"},
	    {"<blockquote>indented</blockquote>", "indented"},
	    {"<blockquote class=gmail_quote>all there is</blockquote>",
		"all there is"},
	    {"<td>a</td><td>b</td>", "a b"},
	    {"Hi&zwnj;&nbsp;&zwnj;&nbsp;&#847;&nbsp;there", "Hi there"},
	    {"x<", "x<"},
	    {"<p", ""},
	};
	expect_rows(rows, ARRAY_LEN(rows), preview_of_html);
}

static void no_more_than_200_characters(void **state)
{
	(void)state;
	struct buf text, out;
	buf_init(&text, 65536);
	buf_init(&out, 65536);
	for (int i = 0; i < 1000; i++)
		buf_add_literal(&text, "\xf0\x9f\x90\x93"); // four bytes each
	preview_of_plain(buf_view(&text), &out);
	assert_int_equal(out.len, PREVIEW_BYTES_MAX);
	assert_true(utf8_is_valid(buf_view(&out)));
	buf_reset(&out);
	buf_reset(&text);
	for (int i = 0; i < 1000; i++)
		buf_add_literal(&text, "a ");
	preview_of_plain(buf_view(&text), &out);
	assert_int_equal(out.len, PREVIEW_CHARS_MAX - 1);
	assert_int_equal(out.ptr[out.len - 1], 'a');
	buf_done(&text);
	buf_done(&out);
}

static void the_message_is_decoded_first(void **state)
{
	(void)state;
	static const struct row rows[] = {
	    {"Subject: x\r\n\r\nbody\r\n", "body"},
	    {"Content-Type: text/plain; charset=iso-8859-1\r\n"
	     "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
	     "gr=FC=\r\n=DFe\r\n",
		"gr\xc3\xbc\xc3\x9f"
		"e"},
	    {"Content-Type: text/html; charset=utf-8\r\n"
	     "Content-Transfer-Encoding: base64\r\n\r\nPGI+w7w8L2I+\r\n",
		"\xc3\xbc"},
	    {"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
	     "\x1b$B$3$s\x1b(B",
		"\xe3\x81\x93\xe3\x82\x93"},
	    {"Content-Type: image/gif\r\n\r\nGIF89a", ""},
	    {"Content-Type: multipart/alternative; boundary=b\r\n\r\n"
	     "--b\r\n\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"
	     "--b--",
		"x"},
	};
	struct charset_cache cache;
	charset_cache_init(&cache);
	struct buf out;
	buf_init(&out, PREVIEW_BYTES_MAX + 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct message *message =
		    message_parse(view_of_string(rows[i].text), 0);
		buf_reset(&out);
		preview_write(&cache, message, &out);
		buf_add_char(&out, '\0');
		assert_string_equal(out.ptr, rows[i].preview);
		message_free(&message);
	}
	buf_done(&out);
	charset_cache_done(&cache);
}

static void text_behind_much_style_is_found(void **state)
{
	(void)state;
	struct charset_cache cache;
	charset_cache_init(&cache);
	struct buf text, out;
	buf_init(&text, 1 << 20);
	buf_init(&out, PREVIEW_BYTES_MAX);
	buf_add_literal(&text, "Content-Type: text/html\r\n\r\n<style>");
	for (int i = 0; i < 1500; i++)
		buf_add_literal(&text, "p { color: red }\r\n");
	buf_add_literal(&text, "</style>found");
	struct message *message = message_parse(buf_view(&text), 0);
	preview_write(&cache, message, &out);
	assert_view_equal(buf_view(&out), VIEW("found"));
	message_free(&message);
	buf_done(&text);
	buf_done(&out);
	charset_cache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_text_becomes_one_line),
	    cmocka_unit_test(html_loses_its_markup),
	    cmocka_unit_test(no_more_than_200_characters),
	    cmocka_unit_test(the_message_is_decoded_first),
	    cmocka_unit_test(text_behind_much_style_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
