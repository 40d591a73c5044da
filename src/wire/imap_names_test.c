// SPDX-License-Identifier: Apache-2.0
// Mailbox names: modified UTF-7, and LIST patterns.
#include "base/test.h"
#include "wire/imap_match_naive.h"
#include "wire/imap_utf7.h"
#include "wire/utf8.h"

static const struct {
	const char *utf8;
	const char *utf7;
} names[] = {
    {"", ""},
    {"INBOX/Sent Mail", "INBOX/Sent Mail"},
    {"&", "&-"},
    {"a&b&&", "a&-b&-&-"},
    // RFC 3501 section 5.1.3.
    {"~peter/mail/\u53f0\u5317/\u65e5\u672c\u8a9e",
	"~peter/mail/&U,BTFw-/&ZeVnLIqe-"},
    {"Entw\u00fcrfe", "Entw&APw-rfe"},
    {"\u00fc\u00fc", "&APwA,A-"},
    {"\u00fc\u00fc\u00fc", "&APwA,AD8-"},
    {"\u00fc&", "&APw-&-"},
    {"&\u00fc", "&-&APw-"},
    {"\U0001f600", "&2D3eAA-"},
    {"\U0010ffff", "&2,,f,w-"},
    {"\xef\xbf\xbf", "&,,8-"},
    {"\x01\x7f", "&AAEAfw-"},
    {"\u0411\u043e\u043c\u0431\u0430", "&BBEEPgQ8BDEEMA-"},
};

static void names_go_both_ways(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct view utf8 = view_of_string(names[i].utf8);
		struct view utf7 = view_of_string(names[i].utf7);
		buf_reset(&out);
		assert_int_equal(imap_utf7_encode(utf8, &out), RC_OK);
		assert_view_equal_row(i, buf_view(&out), utf7);
		buf_reset(&out);
		assert_int_equal(imap_utf7_decode(utf7, &out, NULL), RC_OK);
		assert_view_equal_row(i, buf_view(&out), utf8);
	}
	buf_done(&out);
}

static void every_character_has_one_spelling(void **state)
{
	(void)state;
	struct buf utf7;
	struct buf back;
	buf_init(&utf7, 100);
	buf_init(&back, 100);
	for (uint32_t code = 1; code < 0x110000; code += code < 300 ? 1 : 97) {
		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		char text[4];
		struct view utf8 = view_of(text, utf8_encode(code, text));
		buf_reset(&utf7);
		buf_reset(&back);
		assert_int_equal(imap_utf7_encode(utf8, &utf7), RC_OK);
		assert_int_equal(
		    imap_utf7_decode(buf_view(&utf7), &back, NULL), RC_OK);
		assert_view_equal(buf_view(&back), utf8);
	}
	buf_done(&utf7);
	buf_done(&back);
}

static void wrong_spellings_are_refused(void **state)
{
	(void)state;
	static const struct {
		struct view text;
		size_t bad;
	} wrong[] = {
	    {{"&", 1}, 1}, {{"a&", 2}, 2}, {{"&APw", 4}, 4},
	    {{"&AP-", 4}, 3},        // half a character
	    {{"&A-", 3}, 2},         // less
	    {{"&APwA-", 6}, 5},      // one and a bit
	    {{"&APx-", 5}, 4},       // left-over bits
	    {{"&APwAA-", 7}, 6},     // left-over bits
	    {{"&AGE-", 5}, 3},       // "a" needs no base64
	    {{"&ACY-", 5}, 3},       // "&" neither
	    {{"&AAA-", 5}, 3},       // NUL
	    {{"&APw-&APw-", 10}, 6}, // two runs in a row
	    {{"&2D0-", 5}, 4},       // half a pair
	    {{"&2D0AYQ-", 8}, 6},    // half a pair and more
	    {{"&3gA-", 5}, 3},       // the other half
	    {{"&AP/-", 5}, 3},       // "/" is "," here
	    {{"&AP w-", 6}, 3},      // not base64
	    {{"&APw=-", 6}, 4},      // no padding
	    {{"a\tb", 3}, 1},        // control
	    {{"a\0b", 3}, 1},        // NUL
	    {{"a\x7f", 2}, 1},       // DEL
	    {{"\xc3\xbc", 2}, 0},    // 8-bit
	    {{"&\xc3\xbc-", 4}, 1},  // 8-bit
	};
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		size_t bad = SIZE_MAX;
		buf_reset(&out);
		buf_add_literal(&out, "x");
		assert_int_equal(
		    imap_utf7_decode(wrong[i].text, &out, &bad), RC_INVALID);
		assert_int_equal(bad, wrong[i].bad);
		assert_view_equal_row(i, buf_view(&out), VIEW("x"));
	}
	assert_int_equal(imap_utf7_encode(VIEW("a\xff"), &out), RC_INVALID);
	assert_int_equal(imap_utf7_encode(VIEW("a\0"), &out), RC_INVALID);
	assert_int_equal(
	    imap_utf7_encode(VIEW("\xed\xa0\x80"), &out), RC_INVALID);
	assert_view_equal(buf_view(&out), VIEW("x"));
	buf_done(&out);
	buf_init(&out, 3);
	assert_int_equal(imap_utf7_encode(VIEW("\u00fc"), &out), RC_LIMIT);
	assert_int_equal(imap_utf7_decode(VIEW("abcd"), &out, NULL), RC_LIMIT);
	assert_int_equal(out.len, 0);
	buf_done(&out);
}

static const struct {
	const char *reference;
	const char *pattern;
	const char *name;
	bool matches;
	bool below;
} matches[] = {
    {"", "*", "a", true, true},
    {"", "*", "a/b/c", true, true},
    {"", "%", "a", true, false},
    {"", "%", "a/b", false, false},
    {"", "%", "", true, true},
    {"", "", "", true, false},
    {"", "", "a", false, false},
    {"", "%/%", "a", false, true},
    {"", "%/%", "a/b", true, false},
    {"", "a/%", "a", false, true},
    {"", "a/%", "a/b", true, false},
    {"", "a/%", "b", false, false},
    {"", "a/%", "a/b/c", false, false},
    {"a/", "%", "a/b", true, false},
    {"a", "%", "ab", true, false},
    {"a/", "*", "a/b/c", true, true},
    {"%", "*", "a/b", true, true},
    {"*", "%", "a/b", true, true},
    {"", "a*", "a", true, true},
    {"", "a*", "b", false, false},
    {"", "*b", "a/b", true, true},
    {"", "*b", "a/c", false, true},
    {"", "%b", "ab", true, false},
    {"", "%b", "a/b", false, false},
    {"", "%b/c", "ab", false, true},
    {"", "%b/c", "a", false, false},
    {"", "*%", "a/b", true, true},
    {"", "%*", "a/b", true, true},
    {"", "*/b/%", "a/b/c", true, true},
    {"", "*/b/%", "a/b/c/d", false, true},
    {"", "a/b", "a/b", true, false},
    {"", "a/b", "a", false, true},
    {"", "a/b", "A/b", false, false},
    {"", "a/", "a", false, false},
    {"", "\xc3\xbc%", "\xc3\xbc", true, false},
    // INBOX, in any case, as a whole first level only (RFC 9051 section 5.1).
    {"", "inbox", "INBOX", true, false},
    {"", "InBoX", "INBOX", true, false},
    {"", "in%", "INBOX", true, false},
    {"", "%bo*", "INBOX", true, true},
    {"", "inbox/%", "INBOX/a", true, false},
    {"", "inbox/%", "INBOX", false, true},
    {"", "inbox/a", "INBOX/A", false, false},
    {"", "inboxes", "INBOXES", false, false},
    {"", "inbox", "INBO", false, false},
    {"", "a/inbox", "a/INBOX", false, false},
};

static void patterns_match_as_the_rfc_says(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
		struct imap_pattern pattern;
		struct view name = view_of_string(matches[i].name);
		assert_int_equal(
		    imap_pattern_make(&arena,
			view_of_string(matches[i].reference),
			view_of_string(matches[i].pattern), &pattern),
		    RC_OK);
		assert_int_equal(
		    imap_pattern_matches(&pattern, name), matches[i].matches);
		assert_int_equal(imap_pattern_matches_below(&pattern, name),
		    matches[i].below);
	}
	arena_done(&arena);
}

// All patterns and names of up to five of a few bytes.
static struct view spell(char *room, unsigned number, const char *letters)
{
	size_t count = strlen(letters);
	size_t len = 0;
	while (number) {
		room[len++] = letters[(number - 1) % count];
		number = (number - 1) / (unsigned)count;
	}
	return view_of(room, len);
}

static void patterns_agree_with_the_naive_matcher(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	for (unsigned i = 0; i < 1365; i++) {
		char pattern_room[8];
		struct view text = spell(pattern_room, i, "a/%*");
		struct imap_pattern pattern;
		assert_int_equal(
		    imap_pattern_make(&arena, VIEW(""), text, &pattern), RC_OK);
		for (unsigned j = 0; j < 364; j++) {
			char name_room[8];
			struct view name = spell(name_room, j, "a/b");
			assert_int_equal(imap_pattern_matches(&pattern, name),
			    naive_matches(text, name));
			assert_int_equal(
			    imap_pattern_matches_below(&pattern, name),
			    naive_matches_below(text, name));
		}
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void no_pattern_is_slow(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena);
	char text[IMAP_PATTERN_MAX];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 ? 'a' : i % 4 ? '%' : '*';
	text[sizeof(text) - 1] = 'b';
	char name[IMAP_MATCH_NAME_MAX];
	memset(name, 'a', sizeof(name));
	struct imap_pattern pattern;
	assert_int_equal(imap_pattern_make(&arena, VIEW(""),
			     view_of(text, sizeof(text)), &pattern),
	    RC_OK);
	assert_false(
	    imap_pattern_matches(&pattern, view_of(name, sizeof(name))));
	assert_true(imap_pattern_matches_below(
	    &pattern, view_of(name, sizeof(name) - 1)));
	assert_int_equal(imap_pattern_make(&arena, VIEW("x"),
			     view_of(text, sizeof(text)), &pattern),
	    RC_LIMIT);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_go_both_ways),
	    cmocka_unit_test(every_character_has_one_spelling),
	    cmocka_unit_test(wrong_spellings_are_refused),
	    cmocka_unit_test(patterns_match_as_the_rfc_says),
	    cmocka_unit_test(patterns_agree_with_the_naive_matcher),
	    cmocka_unit_test(no_pattern_is_slow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
