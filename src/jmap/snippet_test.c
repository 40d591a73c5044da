// SPDX-License-Identifier: Apache-2.0
// SearchSnippet/get: what is marked, escaped and cut.
#include "jmap/call.h"
#include "jmap/rig_mail.h"
#include "jmap/rig_one.h"
#include "jmap/snippet_text.h"

static uint64_t plain, html;

static const struct {
	const char *words;
	const char *text;
	const char *preview; // NULL: the words are not there
} previews[] = {
    {"foo", "a foo b", "a <mark>foo</mark> b"},
    {"foo", "FOO food", "<mark>FOO</mark> <mark>foo</mark>d"},
    {"foo bar", "bar, foo", "<mark>bar</mark>, <mark>foo</mark>"},
    {"fo oo", "foo", "<mark>foo</mark>"},
    {"foo", "bar", NULL},
    {"a&b", "<a&b> \"'", "&lt;<mark>a&amp;b</mark>&gt; &quot;&#39;"},
    {"cafe\xcc\x81", "Caf\xc3\xa9!", "<mark>Caf\xc3\xa9</mark>!"},
    {"caf\xc3\xa9", "cafe\xcc\x81!", "<mark>cafe\xcc\x81</mark>!"},
    {"\xe4\xb8\xad", "\xe5\x9c\xa8\xe4\xb8\xad\xe5\x9b\xbd",
	"\xe5\x9c\xa8<mark>\xe4\xb8\xad</mark>\xe5\x9b\xbd"},
    {"x", "one\r\n\r\n two\tx", "one two <mark>x</mark>"},
};

static struct snippet_words read_words(struct arena *arena, const char *text)
{
	struct snippet_words words = {0};
	struct view rest = view_of_string(text);
	struct view word;
	while (view_split(&rest, ' ', &word))
		snippet_word_add(&words, arena, word);
	return words;
}

static void words_are_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(previews); i++) {
		struct arena arena;
		struct buf out;
		arena_init(&arena);
		buf_init(&out, 10000);
		struct snippet_words words =
		    read_words(&arena, previews[i].words);
		struct view text = view_of_string(previews[i].text);
		bool found = snippet_preview(&words, text, &out);
		assert_int_equal(found, previews[i].preview != NULL);
		if (found)
			assert_view_equal(buf_view(&out),
			    view_of_string(previews[i].preview));
		buf_reset(&out);
		assert_int_equal(snippet_mark(&words, text, &out), found);
		if (found)
			assert_view_equal(buf_view(&out),
			    view_of_string(previews[i].preview));
		buf_done(&out);
		arena_done(&arena);
	}
}

// Wherever the word is, and however long the words are.
static void a_preview_is_short_and_has_the_word(void **state)
{
	(void)state;
	static const char *const fills[] = {
	    "word ", "\xe5\x9c\xa8", "&", "averylongwordwithoutanyspace"};
	for (size_t f = 0; f < ARRAY_LEN(fills); f++) {
		for (size_t before = 0; before < 70000;
		     before = before * 3 + 1) {
			struct arena arena;
			struct buf text, out;
			arena_init(&arena);
			buf_init(&text, 10000000);
			buf_init(&out, 10000);
			for (size_t i = 0; i < before; i++)
				buf_add_string(&text, fills[f]);
			buf_add_literal(&text, "needle");
			for (size_t i = 0; i < 300; i++)
				buf_add_string(&text, fills[f]);
			struct snippet_words words =
			    read_words(&arena, "needle");
			bool found =
			    snippet_preview(&words, buf_view(&text), &out);
			assert_int_equal(found, text.len < SNIPPET_TEXT_MAX);
			assert_true(out.len <= SNIPPET_PREVIEW_MAX);
			if (found) {
				assert_true(out.len > 200);
				assert_int_not_equal(
				    view_find(buf_view(&out),
					VIEW("<mark>needle</mark>")),
				    SIZE_MAX);
				assert_true(view_ends_with(
				    buf_view(&out), VIEW("...")));
			}
			buf_done(&text);
			buf_done(&out);
			arena_done(&arena);
		}
	}
}

static const struct {
	const char *filter;
	const char *subject, *preview; // of the first email, as JSON
} filters[] = {
    {"{'text':'foo'}", "'The <mark>Foo</mark>sball &lt;cup&gt;'",
	"'a <mark>foo</mark> day'"},
    {"{'subject':'foo'}", "'The <mark>Foo</mark>sball &lt;cup&gt;'", "null"},
    {"{'body':'foo'}", "null", "'a <mark>foo</mark> day'"},
    {"{'text':'\\\"foo day\\\"'}", "null", "'a <mark>foo day</mark>'"},
    {"{'from':'foo'}", "null", "null"},
    {"{'operator':'NOT','conditions':[{'text':'foo'}]}", "null", "null"},
    {"{'operator':'OR','conditions':[{'subject':'cup'},{'body':'day'}]}",
	"'The Foosball &lt;<mark>cup</mark>&gt;'", "'a foo <mark>day</mark>'"},
    {"null", "null", "null"},
};

static json_t *ask(const char *filter, const char *more)
{
	char arguments[500];
	snprintf(arguments, sizeof(arguments),
	    "{'filter':%s,'emailIds':['E%llu','E%llu'%s]}", filter,
	    (unsigned long long)plain, (unsigned long long)html, more);
	return jmap_rig_call(&rig, "SearchSnippet/get", arguments);
}

static void each_filter(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		json_t *json = ask(filters[i].filter, "");
		jmap_rig_expect(json, "list/0/subject", filters[i].subject);
		jmap_rig_expect(json, "list/0/preview", filters[i].preview);
		jmap_rig_expect(json, "notFound", "null");
		json_decref(json);
	}
}

static void html_is_text(void **state)
{
	(void)state;
	json_t *json = ask("{'text':'caf\xc3\xa9'}", ",'E99'");
	jmap_rig_expect(
	    json, "list/1/subject", "'Au <mark>caf\xc3\xa9</mark>'");
	jmap_rig_expect(
	    json, "list/1/preview", "'le <mark>Caf\xc3\xa9</mark> du coin'");
	jmap_rig_expect(json, "notFound", "['E99']");
	json_decref(json);
}

static void errors(void **state)
{
	(void)state;
	json_t *json = ask("{'frob':1}", "");
	jmap_rig_expect(json, "type", "'unsupportedFilter'");
	json_decref(json);
	json = jmap_rig_call(&rig, "SearchSnippet/get", "{'filter':null}");
	jmap_rig_expect(json, "type", "'invalidArguments'");
	json_decref(json);
}

static int set_up(void **state)
{
	(void)state;
	jmap_rig_init(&rig);
	plain = rig_mail_put(&rig, "INBOX", 1, "",
	    "Subject: The Foosball <cup>\r\n\r\na foo\r\nday\r\n");
	html = rig_mail_put(&rig, "INBOX", 2, "",
	    "Subject: =?utf-8?q?Au_caf=C3=A9?=\r\nContent-Type: text/html\r\n"
	    "\r\n<p>le <b>Caf&eacute;</b> du coin</p>");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(words_are_marked),
	    cmocka_unit_test(a_preview_is_short_and_has_the_word),
	    cmocka_unit_test(each_filter),
	    cmocka_unit_test(html_is_text),
	    cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, set_up, rig_tear_down);
}
