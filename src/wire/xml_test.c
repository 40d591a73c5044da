// SPDX-License-Identifier: Apache-2.0
// XML: what the reader takes and what it refuses; what the writer escapes.
#include "base/test.h"
#include "wire/xml_reader.h"
#include "wire/xml_write.h"

// The tokens as a text: "<name>", "</name>", "'text'", with "{space}" before
// the name and " name=value" after it where there are any.
static enum rc dump(struct view text, struct buf *out)
{
	struct arena arena;
	struct xml_reader reader;
	struct xml_token token = {.kind = XML_TEXT};
	arena_init(&arena);
	xml_reader_init(&reader, &arena, text);
	enum rc rc = RC_OK;
	while ((rc = xml_next(&reader, &token)) == RC_OK &&
	       token.kind != XML_DONE) {
		if (token.kind == XML_TEXT) {
			buf_printf(out, "'%.*s'", VIEW_FMT(token.text));
			continue;
		}
		buf_add_string(out, token.kind == XML_OPEN ? "<" : "</");
		if (token.space.len > 0)
			buf_printf(out, "{%.*s}", VIEW_FMT(token.space));
		buf_add(out, token.name);
		for (size_t i = 0; i < token.attribute_count; i++)
			buf_printf(out, " %.*s=%.*s",
			    VIEW_FMT(token.attributes[i].name),
			    VIEW_FMT(token.attributes[i].value));
		buf_add_char(out, '>');
	}
	arena_done(&arena);
	return rc;
}

#define A8(x)  x x x x x x x x
#define A32(x) A8(x) A8(x) A8(x) A8(x)

static const struct {
	const char *text;
	enum rc rc;
	const char *tokens; // RC_OK only
} rows[] = {
    {"<a/>", RC_OK, "<a></a>"},
    {"\xef\xbb\xbf<?xml version=\"1.0\" encoding='UTF-8'?>\r\n<a></a >\n",
	RC_OK, "<a></a>"},
    {"<a>x<b c='1' d = \"2\"/>y</a>", RC_OK, "<a>'x'<b c=1 d=2></b>'y'</a>"},
    {"<!-- c --><?pi x?><a><!----></a><!-- e -->", RC_OK, "<a></a>"},
    // Line ends and white space (sections 2.11, 3.3.3).
    {"<a b='1\r\n2\t3&#10;4'>5\r\n6\r7</a>", RC_OK,
	"<a b=1 2 3\n4>'5\n6\n7'</a>"},
    // References (section 4.1).
    {"<a>&lt;&amp;&gt;&quot;&apos;&#65;&#x42;&#xfc;</a>", RC_OK,
	"<a>'<&>\"'AB\xc3\xbc'</a>"},
    {"<a>&#0;</a>", RC_SYNTAX, NULL},
    {"<a>&#1;</a>", RC_SYNTAX, NULL},
    {"<a>&#xd800;</a>", RC_SYNTAX, NULL},
    {"<a>&#x110000;</a>", RC_SYNTAX, NULL},
    {"<a>&#99999999999999999999;</a>", RC_SYNTAX, NULL},
    {"<a>&#;</a>", RC_SYNTAX, NULL},
    {"<a>&#x;</a>", RC_SYNTAX, NULL},
    {"<a>&#1a;</a>", RC_SYNTAX, NULL},
    {"<a>&nbsp;</a>", RC_SYNTAX, NULL},
    {"<a>&lt</a>", RC_SYNTAX, NULL},
    {"<a>& b</a>", RC_SYNTAX, NULL},
    {"<a b='&x;'/>", RC_SYNTAX, NULL},
    // No entities of its own, nothing to fetch.
    {"<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", RC_INVALID, NULL},
    {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", RC_INVALID, NULL},
    {"<a><!DOCTYPE a></a>", RC_INVALID, NULL},
    {"<!ENTITY x \"y\"><a/>", RC_SYNTAX, NULL},
    {"<a><!ELEMENT a></a>", RC_SYNTAX, NULL},
    // CDATA (section 2.7).
    {"<a>x<![CDATA[<&amp;>]]>y<![CDATA[]]></a>", RC_OK,
	"<a>'x''<&amp;>''y'</a>"},
    {"<![CDATA[x]]><a/>", RC_SYNTAX, NULL},
    {"<a><![CDATA[x</a>", RC_SYNTAX, NULL},
    {"<a>]]></a>", RC_SYNTAX, NULL},
    // Namespaces.
    {"<a xmlns='u'><b/><p:c xmlns:p='v' xmlns=''><d/></p:c><e/></a>", RC_OK,
	"<{u}a xmlns=u><{u}b></{u}b><{v}c xmlns:p=v xmlns=><d></d></{v}c>"
	"<{u}e></{u}e></{u}a>"},
    {"<p:a/>", RC_SYNTAX, NULL},
    {"<a><b xmlns:p='u'/><p:c/></a>", RC_SYNTAX, NULL},
    {"<a:b:c xmlns:a='u'/>", RC_SYNTAX, NULL},
    {"<:a/>", RC_SYNTAX, NULL},
    {"<a:/>", RC_SYNTAX, NULL},
    // Encodings.
    {"<?xml version='1.0' encoding=\"us-ascii\"?><a/>", RC_OK, "<a></a>"},
    {"<?xml version='1.0' encoding='utf-16'?><a/>", RC_CHARSET, NULL},
    {"<?xml version='1.0' encoding='windows-1252'?><a/>", RC_CHARSET, NULL},
    {"<?xml version='1.0' encoding=''?><a/>", RC_CHARSET, NULL},
    {"<?xml version='1.0' encoding=\"ISO-8859-1\" ?><\xfc b='\xe4'>\xc3\xbc"
     "<![CDATA[\xdf]]></\xfc>",
	RC_OK, "<\xc3\xbc b=\xc3\xa4>'\xc3\x83\xc2\xbc''\xc3\x9f'</\xc3\xbc>"},
    {"<?xml version='1.0' encoding='ISO-8859-1'?><a>\x01</a>", RC_SYNTAX, NULL},
    {"<?xml version='1.0' encoding=?><a/>", RC_SYNTAX, NULL},
    {"<?xml version='1.0' encoding='utf-8?><a/>", RC_SYNTAX, NULL},
    {"<!-- --><?xml version='1.0'?><a/>", RC_SYNTAX, NULL},
    {"<a>\xc3\xbc</a>", RC_OK, "<a>'\xc3\xbc'</a>"},
    {"<a>\xfc</a>", RC_SYNTAX, NULL},
    {"<a>\x01</a>", RC_SYNTAX, NULL},
    {"<a>\xef\xbf\xbf</a>", RC_SYNTAX, NULL},
    {"<a b='\xfc'/>", RC_SYNTAX, NULL},
    {"<\xfc/>", RC_SYNTAX, NULL},
    {"<\xc3\xbc/>", RC_OK, "<\xc3\xbc></\xc3\xbc>"},
    // What is not well formed.
    {"", RC_SYNTAX, NULL},
    {" ", RC_SYNTAX, NULL},
    {"x", RC_SYNTAX, NULL},
    {"<a/>x", RC_SYNTAX, NULL},
    {"<a/><b/>", RC_SYNTAX, NULL},
    {"<a>", RC_SYNTAX, NULL},
    {"<a", RC_SYNTAX, NULL},
    {"<a b", RC_SYNTAX, NULL},
    {"<a b=c/>", RC_SYNTAX, NULL},
    {"<a b='c/>", RC_SYNTAX, NULL},
    {"<a b='<'/>", RC_SYNTAX, NULL},
    {"<a b='1'c='2'/>", RC_SYNTAX, NULL},
    {"<a b='1' b='2'/>", RC_SYNTAX, NULL},
    {"<a></b>", RC_SYNTAX, NULL},
    {"</a>", RC_SYNTAX, NULL},
    {"<a></a", RC_SYNTAX, NULL},
    {"<1/>", RC_SYNTAX, NULL},
    {"< a/>", RC_SYNTAX, NULL},
    {"<a/ >", RC_SYNTAX, NULL},
    {"<a><!-- -- --></a>", RC_SYNTAX, NULL},
    {"<a><!-- x</a>", RC_SYNTAX, NULL},
    {"<a><?pi x</a>", RC_SYNTAX, NULL},
    // Limits.
    {A32("<a>"), RC_SYNTAX, NULL},
    {A32("<a>") "<a>", RC_LIMIT, NULL},
};

static void the_reader_takes_what_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;
		buf_init(&out, 65536);
		enum rc rc = dump(view_of_string(rows[i].text), &out);
		if (rc != rows[i].rc)
			fail_msg(
			    "row %zu, %s: %s", i, rows[i].text, rc_name(rc));
		if (rc == RC_OK)
			assert_view_equal_row(
			    i, buf_view(&out), view_of_string(rows[i].tokens));
		buf_done(&out);
	}
}

static void attributes_have_a_limit(void **state)
{
	(void)state;
	for (int count = XML_ATTRIBUTES_MAX; count < XML_ATTRIBUTES_MAX + 2;
	     count++) {
		struct buf text, out;
		buf_init(&text, 65536);
		buf_init(&out, 65536);
		buf_add_literal(&text, "<a");
		for (int i = 0; i < count; i++)
			buf_printf(&text, " x%d=''", i);
		buf_add_literal(&text, "/>");
		assert_int_equal(dump(buf_view(&text), &out),
		    count > XML_ATTRIBUTES_MAX ? RC_LIMIT : RC_OK);
		buf_done(&text);
		buf_done(&out);
	}
}

static void elements_are_read_and_skipped(void **state)
{
	struct arena arena;
	struct xml_reader reader;
	struct xml_token token;
	struct view text;
	(void)state;
	arena_init(&arena);
	xml_reader_init(&reader, &arena,
	    VIEW("<a x='1'><b>\n one<!-- --><![CDATA[ two]]> </b>"
		 "<c><d>x</d><e/></c><f/><g><h/></g></a>"));
	assert_int_equal(xml_next(&reader, &token), RC_OK);
	assert_view_equal(xml_attribute(&token, VIEW("x")), VIEW("1"));
	assert_view_equal(xml_attribute(&token, VIEW("y")), VIEW(""));
	assert_int_equal(xml_next(&reader, &token), RC_OK);
	assert_int_equal(xml_read_text(&reader, &text), RC_OK);
	assert_view_equal(text, VIEW("one two"));
	assert_int_equal(xml_next(&reader, &token), RC_OK);
	assert_view_equal(token.name, VIEW("c"));
	assert_int_equal(xml_skip(&reader), RC_OK);
	assert_int_equal(xml_next(&reader, &token), RC_OK);
	assert_view_equal(token.name, VIEW("f"));
	assert_int_equal(xml_skip(&reader), RC_OK);
	assert_int_equal(xml_next(&reader, &token), RC_OK);
	assert_view_equal(token.name, VIEW("g"));
	assert_int_equal(xml_read_text(&reader, &text), RC_SYNTAX);
	arena_done(&arena);
}

static void nothing_ends_a_text_early(void **state)
{
	const struct {
		struct view text;
		const char *written;
	} table[] = {
	    {VIEW("plain"), "plain"},
	    {VIEW("\"><script>alert('&')</script>"),
		"&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/"
		"script&gt;"},
	    {VIEW("]]>"), "]]&gt;"},
	    {VIEW("a\tb\nc\rd"), "a&#9;b&#10;c&#13;d"},
	    {VIEW("\x00\x01\x1f\x7f"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
				       "\xef\xbf\xbd"},
	    {VIEW("\xc2\x85"), "\xef\xbf\xbd"},
	    {VIEW("\xfc\xc3\xbc"), "\xef\xbf\xbd\xc3\xbc"},
	    {VIEW("\xef\xbf\xbe\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd"},
	    {VIEW("\xf0\x9f\x93\xac"), "\xf0\x9f\x93\xac"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct buf out;
		buf_init(&out, 4096);
		xml_add_text(&out, table[i].text);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(table[i].written));
		buf_done(&out);
	}
}

static void elements_are_written(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 4096);
	xml_add_element(&out, 2, "a", VIEW("<"));
	xml_add_number(&out, 0, "b", 993);
	assert_view_equal(
	    buf_view(&out), VIEW("    <a>&lt;</a>\n<b>993</b>\n"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_reader_takes_what_is_well_formed),
	    cmocka_unit_test(attributes_have_a_limit),
	    cmocka_unit_test(elements_are_read_and_skipped),
	    cmocka_unit_test(nothing_ends_a_text_early),
	    cmocka_unit_test(elements_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
