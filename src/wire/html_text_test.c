// SPDX-License-Identifier: Apache-2.0
// What of HTML is searched, cut at every place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire/html_text.h"

static void read_in_pieces(struct view text, size_t step, struct buf *out)
{
	struct html_text html;
	html_text_init(&html);
	for (size_t at = 0; at < text.len; at += step)
		html_text_feed(&html, view_slice(text, at, step), out);
	html_text_end(&html, out);
	html_text_done(&html);
}

// White space squeezed, as searching does.
static struct view squeeze(struct buf *text)
{
	size_t len = 0;
	for (size_t i = 0; i < text->len; i++) {
		char c = text->ptr[i] == '\n' ? ' ' : text->ptr[i];
		if (c != ' ' || (len && text->ptr[len - 1] != ' '))
			text->ptr[len++] = c;
	}
	buf_truncate(text, len);
	return view_trim(buf_view(text));
}

static void what_people_read_comes_out(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	    {"", ""},
	    {"plain text", "plain text"},
	    // Inline elements part no words, others do.
	    {"h<b>e</b>llo <I>wo</I><span class=x>rld</span>", "hello world"},
	    {"<p>one</p>two<br>three<td>four</td><td>five</td>",
		"one two three four five"},
	    {"<o:p>office</o:p><x-y>z", "office z"},
	    // Character references.
	    {"M&auml;rz &amp; Stra&szlig;e&nbsp;5 &#8364;&#x20AC;",
		"M\xc3\xa4rz & Stra\xc3\x9f"
		"e 5 \xe2\x82\xac\xe2\x82\xac"},
	    {"Donau&shy;dampf&auml schiff", "Donaudampf\xc3\xa4 schiff"},
	    {"AT&T &unknown; & &; &# &#x; &a",
		"AT&T &unknown; & &; &# &#x; &a"},
	    {"&lt;b&gt;", "<b>"},
	    {"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;",
		"&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;"},
	    // Values that people look for come at the next break.
	    {"see <a href=\"http://x.test/?a=1&amp;copy=2&copy=3\">this "
	     "page</a> now<p>next",
		"see this page now http://x.test/?a=1&copy=2&copy=3 next"},
	    {"<a href=\"http://x.test/?a&amp;\">x", "x http://x.test/?a&"},
	    {"<a href='?&copy'>x", "x ?&copy"},
	    {"<img src=pic.gif alt='a pic' width=5>x", "x pic.gif a pic"},
	    {"<p Title = \"a > b\" class=\"c\">x", "x a > b"},
	    {"<img src=\"data:image/png;base64,AAAA\" alt=x>", "x"},
	    {"<a href=x/>y", "y x/"},
	    {"<a href>x</a href=y>", "x"},
	    {"<a name=x href = >y", "y"},
	    // Left out.
	    {"a<!-- b > c -->d<!---->e<!-->f<!--- g --->h", "adefh"},
	    {"<!DOCTYPE html><?xml version=1?>a<![if !mso]>b", "ab"},
	    {"<style>p { x: y } </p> </stylx </style >a", "a"},
	    {"<SCRIPT type=x>if (a < b) '<</SCRIPT>'</script>a", "' a"},
	    {"a<style>never closed", "a"},
	    {"a<!-- never closed", "a"},
	    {"a<b never closed", "a"},
	    {"<title>t</title><b>x", "t x"},
	    // Only looks like markup.
	    {"a < b, c<5 <3 <> </ > < /", "a < b, c<5 <3 <> </ > < /"},
	    {"<jo@example.org> <http://x.test> <mailto:a@b>",
		"<jo@example.org> <http://x.test> <mailto:a@b>"},
	    {"<a_very_long_word_that_is_no_element_of_html_at_all>",
		"<a_very_long_word_that_is_no_element_of_html_at_all>"},
	    {"ends in <", "ends in <"},
	    {"ends in <b", "ends in <b"},
	    {"ends in </b", "ends in </b"},
	    {"ends in &auml", "ends in \xc3\xa4"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view text = view_of_string(rows[i][0]);
		for (size_t step = 1; step <= text.len + 1; step++) {
			struct buf out CLEANUP(buf_done);
			buf_init(&out, 4000);
			read_in_pieces(text, step, &out);
			struct view found = squeeze(&out);
			if (!view_eq(found, view_of_string(rows[i][1])))
				fail_msg("%s by %zu: %.*s", rows[i][0], step,
				    (int)found.len, found.ptr);
		}
	}
}

static void long_values_are_cut_at_a_character(void **state)
{
	(void)state;
	struct buf text CLEANUP(buf_done);
	struct buf out CLEANUP(buf_done);
	buf_init(&text, 1 << 20);
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 20; i++) {
		buf_printf(&text, "<a href='%d:", i % 10);
		for (int k = 0; k < 2000; k++)
			buf_add_literal(&text, "\xc3\xa9");
		buf_add_literal(&text, "'>");
	}
	read_in_pieces(buf_view(&text), 1000, &out);
	struct view found = squeeze(&out);
	// Of the character that is not whole, and the one before it, nothing.
	size_t kept = HTML_VALUE_MAX - 2;
	assert_int_equal(found.len, 20 * (kept + 1) - 1);
	for (size_t i = 0; i < 20; i++) {
		char begin[8] = {(char)('0' + i % 10), ':'};
		struct view word = view_slice(found, i * (kept + 1), kept);
		assert_true(view_starts_with(word, view_of_string(begin)));
		assert_true(view_ends_with(word, VIEW("\xc3\xa9")));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_people_read_comes_out),
	    cmocka_unit_test(long_values_are_cut_at_a_character),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
