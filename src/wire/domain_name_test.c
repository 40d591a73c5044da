// SPDX-License-Identifier: Apache-2.0
// Domain names: their canonical form, look-alikes, and what is no name.
#include "base/test.h"
#include "wire/domain_name.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"
#define L61 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi"

static const struct {
	const char *name;
	enum rc rc;
	const char *ascii;
	enum domain_name_rule rule;
} rows[] = {
    {"example.org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"EXAMPLE.Org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"localhost", RC_OK, "localhost", DOMAIN_NAME_HOST},
    {"1.2.3.4", RC_OK, "1.2.3.4", DOMAIN_NAME_HOST},
    {"r3---sn-x.example", RC_OK, "r3---sn-x.example", DOMAIN_NAME_HOST},
    {"a_b.example", RC_OK, "a_b.example", DOMAIN_NAME_UNDERSCORE},
    {"a_b.example", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {L63 ".org", RC_OK, L63 ".org", DOMAIN_NAME_HOST},
    {L63 "x.org", RC_LIMIT, NULL, DOMAIN_NAME_HOST},
    {L63 "." L63 "." L63 "." L61, RC_OK, L63 "." L63 "." L63 "." L61,
	DOMAIN_NAME_HOST},
    {L63 "." L63 "." L63 "." L61 "x", RC_LIMIT, NULL, DOMAIN_NAME_HOST},
    {"", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {".", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"example.org.", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {".example.org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"example..org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"-example.org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"example-.org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"exam ple.org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"exam\tple.org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"a@b.org", RC_SYNTAX, NULL, DOMAIN_NAME_UNDERSCORE},
    {"a%b.org", RC_SYNTAX, NULL, DOMAIN_NAME_UNDERSCORE},
    {"[192.0.2.1]", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    // internationalised
    {"bücher.example", RC_OK, "xn--bcher-kva.example", DOMAIN_NAME_HOST},
    {"BÜCHER.example", RC_OK, "xn--bcher-kva.example", DOMAIN_NAME_HOST},
    {"bu\xcc\x88"
     "cher.example",
	RC_OK, "xn--bcher-kva.example", DOMAIN_NAME_HOST},
    {"XN--bcher-KVA.Example", RC_OK, "xn--bcher-kva.example", DOMAIN_NAME_HOST},
    // nontransitional: sharp s and final sigma are themselves
    {"faß.de", RC_OK, "xn--fa-hia.de", DOMAIN_NAME_HOST},
    {"βόλος.com", RC_OK, "xn--nxasmm1c.com", DOMAIN_NAME_HOST},
    {"例え.テスト", RC_OK, "xn--r8jz45g.xn--zckzah", DOMAIN_NAME_HOST},
    // look-alikes that UTS 46 maps: full-width letters, other full stops
    {"ｅｘａｍｐｌｅ.org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"example。org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"example．org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"example｡org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"exa\xc2\xadmple.org", RC_OK, "example.org", DOMAIN_NAME_HOST},
    {"ﬁsh.example", RC_OK, "fish.example", DOMAIN_NAME_HOST},
    // look-alikes that it does not: Cyrillic a is another letter
    {"ex\xd0\xb0mple.org", RC_OK, "xn--exmple-4nf.org", DOMAIN_NAME_HOST},
    // full-width forms of what must not be there
    {"a＠b.org", RC_SYNTAX, NULL, DOMAIN_NAME_UNDERSCORE},
    {"a％b.org", RC_SYNTAX, NULL, DOMAIN_NAME_UNDERSCORE},
    {"a／b.org", RC_SYNTAX, NULL, DOMAIN_NAME_UNDERSCORE},
    {"。org", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"bücher.example。", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"ü-.example", RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    // not names
    {"xn--xn--eche-kvj.example", RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"xn--.example", RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"xn--example-.org", RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"xn--a\xc3\xbc.org", RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"a\xd7\x90.org", RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"a\xe2\x80\x8d"
     "b.org",
	RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"\xcc\x80"
     "a.org",
	RC_INVALID, NULL, DOMAIN_NAME_HOST},
    {"b\xfc"
     "cher.example",
	RC_SYNTAX, NULL, DOMAIN_NAME_HOST},
    {"\xef\xbf\xbd.org", RC_INVALID, NULL, DOMAIN_NAME_HOST},
};

static void a_name_has_one_canonical_form(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct view name = view_of_string(rows[i].name);
		struct view ascii = {NULL, 0};
		enum rc rc =
		    domain_name_to_ascii(&arena, name, rows[i].rule, &ascii);
		if (rc != rows[i].rc)
			print_error("%s: %s\n", rows[i].name, rc_name(rc));
		assert_int_equal(rc, rows[i].rc);
		if (rc != RC_OK)
			continue;
		if (!view_eq(ascii, view_of_string(rows[i].ascii)))
			print_error(
			    "%s: %.*s\n", rows[i].name, VIEW_FMT(ascii));
		assert_view_equal_row(i, ascii, view_of_string(rows[i].ascii));
		struct view again;
		assert_int_equal(domain_name_to_ascii(&arena, ascii,
				     DOMAIN_NAME_UNDERSCORE, &again),
		    RC_OK);
		assert_view_equal_row(i, again, ascii);
		assert_true(domain_name_is_valid(ascii));
	}
	arena_done(&arena);
}

static void a_name_that_is_too_long_is_not_looked_at(void **state)
{
	(void)state;
	struct arena arena;
	char text[DOMAIN_NAME_INPUT_MAX + 1];
	struct view ascii;
	memset(text, 'a', sizeof(text));
	arena_init(&arena);
	assert_int_equal(
	    domain_name_to_ascii(
		&arena, view_of(text, sizeof(text)), DOMAIN_NAME_HOST, &ascii),
	    RC_LIMIT);
	// U-labels that are short as characters and long as A-labels.
	for (size_t i = 0; i + 2 <= sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	assert_int_equal(domain_name_to_ascii(&arena, view_of(text, 1000),
			     DOMAIN_NAME_HOST, &ascii),
	    RC_LIMIT);
	arena_done(&arena);
}

static void names_are_shown_in_their_own_letters(void **state)
{
	(void)state;
	static const char *const shown[][2] = {
	    {"example.org", "example.org"},
	    {"xn--bcher-kva.example", "bücher.example"},
	    {"mail.XN--BCHER-KVA.example", "mail.bücher.example"},
	    {"xn--zzzzzz99999.example", "xn--zzzzzz99999.example"},
	    {"not a name", "not a name"},
	    {"", ""},
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		assert_view_equal_row(i,
		    domain_name_to_unicode(&arena, view_of_string(shown[i][0])),
		    view_of_string(shown[i][1]));
	arena_done(&arena);
}

static void ehlo_names_are_host_names(void **state)
{
	(void)state;
	assert_true(domain_name_is_valid(VIEW("mail.example.org")));
	assert_true(domain_name_is_valid(VIEW("WIN_PC")));
	assert_true(domain_name_is_valid(VIEW("xn--bcher-kva.example")));
	assert_false(domain_name_is_valid(VIEW("bücher.example")));
	assert_false(domain_name_is_valid(VIEW("")));
	assert_false(domain_name_is_valid(VIEW("a b")));
	assert_false(domain_name_is_valid(VIEW("a.org.")));
	assert_false(domain_name_is_valid(VIEW("a(b)")));
	assert_false(domain_name_is_valid(VIEW("[192.0.2.1]")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_has_one_canonical_form),
	    cmocka_unit_test(a_name_that_is_too_long_is_not_looked_at),
	    cmocka_unit_test(names_are_shown_in_their_own_letters),
	    cmocka_unit_test(ehlo_names_are_host_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
