// SPDX-License-Identifier: Apache-2.0
// Names of files and folders that other programs, or an attacker with access to
// the folder, wrote; and the names that an export gives.
#include "admin/maildir_name.h"

#include "base/test.h"
#include "store/snapshot.h"

#define ALL_FLAGS                                                              \
	(STORE_FLAG_DRAFT | STORE_FLAG_FLAGGED | STORE_FLAG_ANSWERED |         \
	    STORE_FLAG_SEEN | STORE_FLAG_DELETED)

// ---- Files -----------------------------------------------------------------

static const struct {
	const char *name;
	const char *unique;
	uint64_t seconds;
	unsigned flags;
	bool forwarded;
	uint32_t keywords;
} files[] = {
    {"1700000000.M1P2.host:2,S", "1700000000.M1P2.host", 1700000000,
	STORE_FLAG_SEEN, false, 0},
    {"1.a:2,DFPRST", "1.a", 1, ALL_FLAGS, true, 0},
    {"1.a:2,TSRPFD", "1.a", 1, ALL_FLAGS, true, 0},
    {"1.a:2,", "1.a", 1, 0, false, 0},
    {"1.a", "1.a", 1, 0, false, 0},
    // Other file systems.
    {"1.a;2,F", "1.a", 1, STORE_FLAG_FLAGGED, false, 0},
    {"1.a!2,T", "1.a", 1, STORE_FLAG_DELETED, false, 0},
    // Keywords are lower-case letters.
    {"1.a:2,Sabz", "1.a", 1, STORE_FLAG_SEEN, false, 1u | 2u | 1u << 25},
    // Unknown letters, and what is no letter.
    {"1.a:2,EXYZ0,=S\xff\x80", "1.a", 1, STORE_FLAG_SEEN, false, 0},
    // The last info counts; one of another kind is part of the name.
    {"1.a:2,F:2,S", "1.a:2,F", 1, STORE_FLAG_SEEN, false, 0},
    {"1.a:1,S", "1.a:1,S", 1, 0, false, 0},
    {"1.a:2", "1.a:2", 1, 0, false, 0},
    {"1.a:", "1.a:", 1, 0, false, 0},
    {":2,S", "", 0, STORE_FLAG_SEEN, false, 0},
    {"", "", 0, 0, false, 0},
    // Times.
    {"18446744073709551615.a", "18446744073709551615.a", UINT64_MAX, 0, false,
	0},
    {"18446744073709551616.a", "18446744073709551616.a", 0, 0, false, 0},
    {"-5.a", "-5.a", 0, 0, false, 0},
    {"abc", "abc", 0, 0, false, 0},
    {"5", "5", 5, 0, false, 0},
};

static void test_file_names_are_parsed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct maildir_name got =
		    maildir_name_parse(view_of_string(files[i].name));
		assert_view_equal_row(
		    i, got.unique, view_of_string(files[i].unique));
		if (got.seconds != files[i].seconds ||
		    got.flags != files[i].flags ||
		    got.forwarded != files[i].forwarded ||
		    got.keywords != files[i].keywords)
			fail_msg("row %zu: %llu, flags %x, keywords %x", i,
			    (unsigned long long)got.seconds, got.flags,
			    got.keywords);
	}
}

static const struct {
	unsigned flags;
	bool forwarded;
	uint32_t keywords;
	const char *info;
} infos[] = {
    {0, false, 0, ":2,"},
    {STORE_FLAG_SEEN, false, 0, ":2,S"},
    {ALL_FLAGS, true, 0, ":2,DFPRST"},
    {STORE_FLAG_ANSWERED, true, 1u | 1u << 25, ":2,PRaz"},
    // A Maildir has 26 letters; what is above is left out.
    {0, false, UINT32_MAX, ":2,abcdefghijklmnopqrstuvwxyz"},
};

static void test_flags_are_written_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		struct buf out;
		buf_init(&out, 100);
		maildir_name_add_flags(infos[i].flags, infos[i].forwarded,
		    infos[i].keywords, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(infos[i].info));
		buf_done(&out);
	}
}

// ---- Folders ---------------------------------------------------------------

static void test_levels_are_decoded(void **state)
{
	const struct {
		struct view folder;
		const char *level;
	} decoded[] = {
	    {VIEW("Sent"), "Sent"},
	    {VIEW(""), ""},
	    {VIEW("Entw&APw-rfe"), "Entw\u00fcrfe"},
	    {VIEW("Entw\u00fcrfe"), "Entw\u00fcrfe"}, // UTF-8, as some write it
	    {VIEW("a&-b"), "a&b"},
	    // A dot inside a level.
	    {VIEW("&AC4-"), "."},
	    {VIEW("v1&AC4-2&AC4-3"), "v1.2.3"},
	    // What is not correct modified UTF-7 is read as it is.
	    {VIEW("R&D"), "R&D"},
	    {VIEW("&"), "&"},
	    {VIEW("&APw"), "&APw"},
	    {VIEW("&AGE-"), "&AGE-"},   // "a" needs no encoding
	    {VIEW("&2AA-"), "&2AA-"},   // half a surrogate pair
	    {VIEW("&AC8-x"), "&AC8-x"}, // '/' needs no encoding
	    // Bytes that are not UTF-8: Latin-1, cut off, a surrogate, too
	    // long.
	    {VIEW("Entw\xfcrfe"), "Entw_rfe"},
	    {VIEW("a\xc3"), "a_"},
	    {VIEW("\xed\xa0\x80"), "___"},
	    {VIEW("\xc0\xaf"), "__"},
	    {VIEW("\xff&APw-"), "_&APw-"},
	    // What would be a level of its own, or would break a line.
	    {VIEW("a/b"), "a_b"},
	    {VIEW("/etc/passwd"), "_etc_passwd"},
	    {VIEW("a\r\nb\tc\x7f"), "a__b_c_"},
	    {VIEW("a\0b"), "a_b"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(decoded); i++) {
		struct buf out;
		buf_init(&out, 1000);
		maildir_level_decode(decoded[i].folder, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(decoded[i].level));
		buf_done(&out);
	}
}

static const struct {
	const char *folder;
	char separator;
	const char *mailbox;
} paths[] = {
    {"A", '.', "A"},
    {"A.B.C", '.', "A/B/C"},
    {"A.B&AC4-2", '.', "A/B.2"},
    {"A/B.2", '/', "A/B.2"},
    {"A/B", '.', "A_B"},
    {"A..B", '.', "A//B"}, // the importer refuses an empty level
    {"&APw-.&APw-", '.', "\u00fc/\u00fc"},
};

static void test_paths_are_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct buf out;
		buf_init(&out, 1000);
		maildir_path_decode(
		    view_of_string(paths[i].folder), paths[i].separator, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(paths[i].mailbox));
		buf_done(&out);
	}
}

static void test_paths_are_encoded_and_come_back(void **state)
{
	const struct {
		struct view mailbox;
		const char *folder; // NULL: it is refused
	} encoded[] = {
	    {VIEW("Sent"), ".Sent"},
	    {VIEW("A/B"), ".A.B"},
	    {VIEW("A/v1.2"), ".A.v1&AC4-2"},
	    {VIEW("R&D"), ".R&-D"},
	    {VIEW("Entw\u00fcrfe/\u65e5\u672c"), ".Entw&APw-rfe.&ZeVnLA-"},
	    {VIEW("../../etc"), ".&AC4-&AC4-.&AC4-&AC4-.etc"},
	    {VIEW("a\xff"), NULL},
	    {VIEW("ok/a\xff.b"), NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(encoded); i++) {
		struct buf folder, again;
		buf_init(&folder, 1000);
		buf_init(&again, 1000);
		enum rc rc = maildir_path_encode(encoded[i].mailbox, &folder);
		if (encoded[i].folder) {
			assert_int_equal(rc, RC_OK);
			assert_view_equal_row(i, buf_view(&folder),
			    view_of_string(encoded[i].folder));
			maildir_path_decode(
			    view_from(buf_view(&folder), 1), '.', &again);
			assert_view_equal_row(
			    i, buf_view(&again), encoded[i].mailbox);
		} else {
			assert_int_not_equal(rc, RC_OK);
		}
		buf_done(&folder);
		buf_done(&again);
	}
}

// ---- Short names -----------------------------------------------------------

#define TEN(text)     text text text text text text text text text text
#define HUNDRED(text) TEN(TEN(text))

static void shorten(struct view mailbox, struct buf *out)
{
	buf_reset(out);
	assert_int_equal(maildir_path_shorten(mailbox, out), RC_OK);
	struct view folder = buf_view(out);
	// Some file systems have room for 143 bytes only.
	assert_true(folder.len <= 143);
	assert_true(folder.ptr[0] == '.');
	assert_true(maildir_path_is_short(folder));
	assert_true(view_find_char(folder, '/') == SIZE_MAX);
}

static void test_long_names_are_shortened(void **state)
{
	// The digits are those of sha256sum(1).
	const struct {
		struct view mailbox;
		const char *folder;
	} shortened[] = {
	    {VIEW("abc"), ".abc~ba7816bf8f01cfea"},
	    {VIEW("A/B.c"), ".A.B&AC4-c~528ece5088d3bc64"},
	    {VIEW(HUNDRED("abcdefghi/")),
		TEN(".abcdefghi") "~e163a42a66da6f19"},
	    {VIEW(HUNDRED("\u00fc")),
		".&APwA,AD8APwA,AD8APwA,AD8APwA,AD8APwA,AD8APwA,AD8APwA,"
		"AD8APwA,"
		"AD8APwA,AD8APwA,AD8APwA,AD8APwA,AD8-~83af2e24c464bea3"},
	    {VIEW("\xff\xfe"), ".~b3d510ef04275ca8"},
	    {VIEW(""), ".~e3b0c44298fc1c14"},
	};
	(void)state;
	struct buf out;
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(shortened); i++) {
		shorten(shortened[i].mailbox, &out);
		assert_view_equal_row(
		    i, buf_view(&out), view_of_string(shortened[i].folder));
	}
	buf_done(&out);
}

// Two names that differ only behind the part that is kept.
static void test_short_names_differ_where_names_do(void **state)
{
	(void)state;
	struct buf one, two;
	buf_init(&one, 1000);
	buf_init(&two, 1000);
	shorten(VIEW(HUNDRED("long") "1"), &one);
	shorten(VIEW(HUNDRED("long") "2"), &two);
	assert_false(view_eq(buf_view(&one), buf_view(&two)));
	assert_view_equal(view_slice(buf_view(&one), 0, one.len - 16),
	    view_slice(buf_view(&two), 0, two.len - 16));
	shorten(VIEW(HUNDRED("long") "1"), &two);
	assert_view_equal(buf_view(&one), buf_view(&two));
	buf_done(&one);
	buf_done(&two);
}

static const struct {
	const char *folder;
	bool is_short;
} forms[] = {
    {".a~0123456789abcdef", true},
    {".~0123456789abcdef", true},
    {"~0123456789abcdef", false}, // nothing before it
    {".a~0123456789abcdeF", false},
    {".a~0123456789abcdeg", false},
    {".a~0123456789abcdef0", false},
    {".a-0123456789abcdef", false},
    {".a", false},
    {"", false},
};

static void test_the_form_of_short_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (maildir_path_is_short(view_of_string(forms[i].folder)) !=
		    forms[i].is_short)
			fail_msg("%s", forms[i].folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_file_names_are_parsed),
	    cmocka_unit_test(test_flags_are_written_in_order),
	    cmocka_unit_test(test_levels_are_decoded),
	    cmocka_unit_test(test_paths_are_decoded),
	    cmocka_unit_test(test_paths_are_encoded_and_come_back),
	    cmocka_unit_test(test_long_names_are_shortened),
	    cmocka_unit_test(test_short_names_differ_where_names_do),
	    cmocka_unit_test(test_the_form_of_short_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
