// SPDX-License-Identifier: Apache-2.0
// Content-Type and its relatives, as written by the RFCs and by others.
#include "base/test.h"
#include "wire/content_type.h"

static void value_format(
    struct arena *arena, const struct content_value *value, struct buf *out)
{
	struct param *params;
	size_t count = content_params_join(arena, value, &params);
	buf_add(out, value->type);
	if (value->subtype.len) {
		buf_add_char(out, '/');
		buf_add(out, value->subtype);
	}
	for (size_t i = 0; i < count; i++) {
		buf_add_char(out, ' ');
		buf_add(out, params[i].name);
		buf_add_char(out, '=');
		buf_add(out, params[i].value);
	}
	buf_add_char(out, '\0');
}

static void content_types_are_read_leniently(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		const char *expected;
		bool good;
	} rows[] = {
	    {"text/plain", "text/plain", true},
	    {"text/plain; charset=us-ascii (Plain text)",
		"text/plain charset=us-ascii", true}, // RFC 2045 section 5.1
	    {"text/plain; charset=\"us-ascii\"", "text/plain charset=us-ascii",
		true},
	    {" Text / HTML ;charset = utf-8 ; x=y;",
		"Text/HTML charset=utf-8 x=y", true},
	    {"(c(o)m) text(x)/(y)plain (z); a=\"b\\\"c\\\\d\"",
		"text/plain a=b\"c\\d", true},
	    {"image/gif; name=a b (1).gif; x=y",
		"image/gif name=a b (1).gif x=y", true},
	    {"multipart/mixed; boundary=\"a;b\"",
		"multipart/mixed boundary=a;b", true},
	    {"multipart/mixed boundary=x", "multipart/mixed", true},
	    {"text/plain; charset=\"utf-8", "text/plain charset=utf-8", true},
	    {"text/plain; =x; y; ; z=", "text/plain z=", true},
	    {"text/plain; a=\"b\"junk; c=d", "text/plain a=b c=d", true},
	    {"text/plain; a=", "text/plain a=", true},
	    {"text", "text/plain", false},
	    {"text/", "text/plain", false},
	    {"/plain", "text/plain", false},
	    {"", "text/plain", false},
	    {"\"text/html\"", "text/plain", false},
	    // RFC 2231 sections 3, 4 and 4.1
	    {"message/external-body; access-type=URL; URL*0=\"ftp://\"; "
	     "URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
		"message/external-body access-type=URL "
		"URL=ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar",
		true},
	    {"application/x-stuff; "
	     "title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun",
		"application/x-stuff "
		"title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun",
		true},
	    {"application/x-stuff; "
	     "title*0*=us-ascii'en'This%20is%20even%20more%20; "
	     "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
		"application/x-stuff "
		"title*=us-ascii'en'This%20is%20even%20more%20"
		"%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it!",
		true},
	    {"a/b; x*1=b; y=z; x*0=a", "a/b y=z x=ab", true},
	    {"a/b; x*1=b", "a/b x*1=b", true},
	    {"a/b; x*0=a; x*2=c", "a/b x=a x*2=c", true},
	    {"a/b; x*0=a; x*0=c; x*1=b", "a/b x=ab x*0=c", true},
	    {"a/b; x*0=a; x*1*=%20", "a/b x*=''a%20", true},
	    {"a/b; *0=a; *=b; x*99999999999=c", "a/b *0=a *=b x*99999999999=c",
		true},
	};
	struct arena arena;
	arena_init(&arena);
	struct buf out;
	buf_init(&out, 4096);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct content_value value;
		buf_reset(&out);
		bool good = content_type_parse(
		    &arena, view_of_string(rows[i].value), &value);
		value_format(&arena, &value, &out);
		assert_string_equal(out.ptr, rows[i].expected);
		assert_int_equal(good, rows[i].good);
	}
	buf_done(&out);
	arena_done(&arena);
}

static void dispositions_are_read(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf out;
	buf_init(&out, 4096);
	struct content_value value;
	// RFC 2183 section 2.10
	assert_true(content_disposition_parse(&arena,
	    VIEW("attachment; filename=genome.jpeg;\r\n modification-date="
		 "\"Wed, 12 Feb 1997 16:29:51 -0500\";"),
	    &value));
	value_format(&arena, &value, &out);
	assert_string_equal(out.ptr,
	    "attachment filename=genome.jpeg "
	    "modification-date=Wed, 12 Feb 1997 16:29:51 -0500");
	assert_false(content_disposition_parse(&arena, VIEW(" ;x=y"), &value));
	assert_false(
	    content_disposition_parse(&arena, view_of(NULL, 0), &value));
	buf_done(&out);
	arena_done(&arena);
}

static void languages_are_listed(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct view *tags;
	// RFC 3282 section 3
	assert_int_equal(content_language_parse(&arena,
			     VIEW("mi, (Maori) en-GB,, i-default (x)"), &tags),
	    3);
	assert_view_equal(tags[0], VIEW("mi"));
	assert_view_equal(tags[1], VIEW("en-GB"));
	assert_view_equal(tags[2], VIEW("i-default"));
	assert_int_equal(content_language_parse(&arena, VIEW(" "), &tags), 0);
	arena_done(&arena);
}

static void parameters_are_found_in_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *params;
		const char *boundary; // NULL: there is none
	} rows[] = {
	    {"boundary=b", "b"},
	    {"BOUNDARY=\"b c\"", "b c"},
	    {"boundary=b; boundary=c", "b"},
	    // RFC 2231 sections 3, 4 and 4.1.
	    {"boundary*0=a; boundary*1=b", "ab"},
	    {"boundary*1=b; x=y; Boundary*0=\"a \"", "a b"},
	    {"boundary*=us-ascii''a%20b", "a b"},
	    {"boundary*=us-ascii'en'a", "a"},
	    {"boundary*=''a%2", "a%2"},
	    {"boundary*=a%41", "aA"},
	    {"boundary*0*=us-ascii''a%20; boundary*1=%20b; boundary*2*=c%3D",
		"a %20bc="},
	    {"boundary*0=a; boundary*1*=b%3D", "ab="},
	    {"boundary*0=a; boundary*2=c", "a"},
	    // What all programs understand goes first.
	    {"boundary*=us-ascii''a; boundary=b", "b"},
	    {"boundary*0=a; boundary=b", "b"},
	    {"boundary*1=b", NULL},
	    {"boundary*x=b", NULL},
	    {"boundaries=b; bound=c", NULL},
	    {"", NULL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena;
		struct content_value value;
		struct view found = VIEW("");
		struct buf text;
		arena_init(&arena);
		buf_init(&text, 1000);
		buf_printf(&text, "multipart/mixed; %s", rows[i].params);
		assert_true(
		    content_type_parse(&arena, buf_view(&text), &value));
		bool is_there = content_param_find(
		    &arena, &value, VIEW("boundary"), &found);
		if (is_there != (rows[i].boundary != NULL) ||
		    (is_there &&
			!view_eq(found, view_of_string(rows[i].boundary))))
			fail_msg("%s: %.*s", rows[i].params, (int)found.len,
			    found.ptr);
		buf_done(&text);
		arena_done(&arena);
	}
}

static void counts_are_limited(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_add_literal(&text, "a/b");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, ";x*%d=a", i);
	struct content_value value;
	assert_true(content_type_parse(&arena, buf_view(&text), &value));
	assert_int_equal(value.param_count, CONTENT_PARAMS_MAX);
	struct param *params;
	assert_int_equal(content_params_join(&arena, &value, &params), 1);
	assert_int_equal(params[0].value.len, CONTENT_PARAMS_MAX);
	struct view *tags;
	buf_reset(&text);
	for (int i = 0; i < 20000; i++)
		buf_add_literal(&text, "en,");
	assert_int_equal(content_language_parse(&arena, buf_view(&text), &tags),
	    CONTENT_LANGUAGES_MAX);
	buf_done(&text);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(content_types_are_read_leniently),
	    cmocka_unit_test(dispositions_are_read),
	    cmocka_unit_test(languages_are_listed),
	    cmocka_unit_test(parameters_are_found_in_every_form),
	    cmocka_unit_test(counts_are_limited),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
