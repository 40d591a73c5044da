// SPDX-License-Identifier: Apache-2.0
// Which user logs in with a name, as tables: a user; or "-" for nobody, with
// the one spelling of a name that is nobody's.
#include "route/test_bed.h"

static void check_logins(struct bed *bed, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct auth_name name;
		char found[AUTH_NAME_MAX + 3];
		enum rc rc =
		    route_login_name(bed->route, v(rows[i].address), &name);
		assert_true(rc == RC_OK || rc == RC_NOT_FOUND);
		snprintf(found, sizeof(found), "%s%s", rc == RC_OK ? "" : "- ",
		    name.text);
		if (strcmp(found, rows[i].want) != 0)
			fail_msg("\"%s\" logs in as \"%s\", not \"%s\"",
			    rows[i].address, found, rows[i].want);
	}
}

static void a_user_has_every_spelling_of_the_own_address(void **state)
{
	static const struct row rows[] = {
	    {"anna", "anna"},
	    {"ANNA", "anna"},
	    {"anna@ours.example", "anna"},
	    {"Anna@OURS.example", "anna"},
	    {"anna\uff20ours.example", "anna"},
	    {"\uff41nna@ours.example", "anna"},
	    {"anna@ours\u3002example", "anna"},
	    {"anna@alias.example", "anna"},
	    {"\"anna\"@ours.example", "anna"},
	    {"jose\u0301@alias.example", "jos\u00e9"},
	    {"cleo@second.example", "cleo@second.example"},
	    {"dora@xn--bcher-kva.example", "dora@b\u00fccher.example"},
	    {"emil@B\u00dcCHER.example", "emil@xn--bcher-kva.example"},
	    {"foreign@OTHER.example", "foreign@other.example"},
	    {"a+b", "a+b"},
	    {"a+b@ours.example", "a+b"},
	    // Two users have the same address: each can log in by name.
	    {"twin", "twin"},
	    {"twin@ours.example", "twin@ours.example"},
	    {"twin@alias.example", "twin@ours.example"},
	    // A disabled user is found; the password check refuses the user.
	    {"off@alias.example", "off"},
	};
	check_logins(*state, rows, ARRAY_LEN(rows));
}

static void a_name_alone_is_of_the_primary_domain_only(void **state)
{
	static const struct row rows[] = {
	    {"cleo", "- cleo@ours.example"},
	    {"anna@second.example", "- anna@second.example"},
	    {"anna@catch.example", "- anna@catch.example"},
	    {"anna@other.example", "- anna@other.example"},
	    {"anna@[192.0.2.1]", "- anna@[192.0.2.1]"},
	    {"foreign", "- foreign@ours.example"},
	};
	check_logins(*state, rows, ARRAY_LEN(rows));
	struct bed *bed = *state;
	add_user(bed, "eva@ours.example");
	static const struct row reverse[] = {
	    {"eva", "eva@ours.example"},
	    {"Eva+x", "eva@ours.example"},
	    {"eva@alias.example", "eva@ours.example"},
	};
	check_logins(bed, reverse, ARRAY_LEN(reverse));
}

static void an_alias_of_one_user_alone_is_the_user(void **state)
{
	static const struct row rows[] = {
	    {"d4@ours.example", "anna"},
	    {"d4", "anna"},
	    {"D4@alias.example", "anna"},
	    {"d2@ours.example", "anna"}, // by d4
	    {"viaalias@ours.example", "anna"},
	    {"list@second.example", "cleo@second.example"},
	    {"tofolder@ours.example", "anna"},
	    {"\u00e4rger@ours.example", "anna"},
	    {"\"odd name\"@ours.example", "anna"},
	    {"odd name", "anna"},
	    {"per%cent@ours.example", "anna"},
	    {"alloff@ours.example", "off"},
	    // Aliases with several targets, even where mail finds only one of
	    // them.
	    {"sales@ours.example", "- sales@ours.example"},
	    {"info", "- info@ours.example"},
	    {"gone@ours.example", "- gone@ours.example"},
	    {"someoff@ours.example", "- someoff@ours.example"},
	    {"d1@ours.example", "- d1@ours.example"},
	    // Aliases that lead to another server, nowhere, or in a circle.
	    {"out@ours.example", "- out@ours.example"},
	    {"allgone@ours.example", "- allgone@ours.example"},
	    {"self@ours.example", "- self@ours.example"},
	    {"one@ours.example", "- one@ours.example"},
	};
	check_logins(*state, rows, ARRAY_LEN(rows));
}

static void an_alias_takes_no_name_from_its_user(void **state)
{
	struct bed *bed = *state;
	assert_int_equal(
	    alias(bed, route_alias_set, "anna@ours.example", "bert"), RC_OK);
	assert_int_equal(
	    alias(bed, route_alias_set, "anna+x@ours.example", "bert"), RC_OK);
	assert_int_equal(alias(bed, route_alias_set, "away@ours.example",
			     "foreign@other.example"),
	    RC_OK);
	static const struct row rows[] = {
	    {"anna", "anna"},
	    {"anna@ours.example", "anna"},
	    {"anna@alias.example", "anna"},
	    // An alias of bert's name leads to bert and an archive.
	    {"bert@ours.example", "bert"},
	    // This is exactly the alias; the user anna would come only after
	    // it.
	    {"anna+x@ours.example", "bert"},
	    {"anna+y@ours.example", "anna"},
	    // Targets of an alias are found in the order of mail.
	    {"viaalias@ours.example", "bert"},
	    // It leads to another server, though a user here has that name.
	    {"away@ours.example", "- away@ours.example"},
	    {"foreign@other.example", "foreign@other.example"},
	};
	check_logins(bed, rows, ARRAY_LEN(rows));
}

static void a_detail_is_no_other_person(void **state)
{
	struct bed *bed = *state;
	static const struct row rows[] = {
	    {"anna+Lists@ours.example", "anna"},
	    {"anna+Lists", "anna"},
	    {"bert+x@alias.example", "bert"},
	    {"cleo+x+y@second.example", "cleo@second.example"},
	    {"d4+x@ours.example", "anna"},
	    {"zoe+x@ours.example", "- zoe@ours.example"},
	    {"+x@ours.example", "- +x@ours.example"},
	    {"exact+detail@ours.example", "- exact@ours.example"},
	};
	struct auth_user bert = user_of(bed, "bert");
	assert_int_equal(
	    route_detail_set(bed->route, &bert, ROUTE_DETAIL_REFUSE, NULL),
	    RC_OK);
	check_logins(bed, rows, ARRAY_LEN(rows));
}

static void what_takes_any_mail_lets_nobody_in(void **state)
{
	static const struct row rows[] = {
	    {"anyone@mine.example", "- anyone@mine.example"},
	    {"anna@mine.example", "- anna@mine.example"},
	    {"postmaster@ours.example", "- postmaster@ours.example"},
	    {"postmaster", "- postmaster@ours.example"},
	};
	open_with(*state, "anna");
	check_logins(*state, rows, ARRAY_LEN(rows));
	struct bed *bed = *state;
	assert_int_equal(
	    alias(bed, route_alias_set, "postmaster@ours.example", "anna"),
	    RC_OK);
	static const struct row given[] = {{"Postmaster", "anna"}};
	check_logins(bed, given, ARRAY_LEN(given));
}

static void all_spellings_of_nobody_are_one(void **state)
{
	static const struct row rows[] = {
	    {"zoe", "- zoe@ours.example"},
	    {"ZOE", "- zoe@ours.example"},
	    {"zoe@ours.example", "- zoe@ours.example"},
	    {"Zoe@Alias.Example", "- zoe@ours.example"},
	    {"\"zoe\"@ours.example", "- zoe@ours.example"},
	    {"zoe+a@alias.example", "- zoe@ours.example"},
	    {"zoe@b\u00fccher.example", "- zoe@xn--bcher-kva.example"},
	    {"zoe@xn--bcher-kva.EXAMPLE", "- zoe@xn--bcher-kva.example"},
	    {"zoe@OTHER.example", "- zoe@other.example"},
	    // A name that is not an address stays as it is.
	    {"", "- "},
	    {"@", "- @"},
	    {"a@b@c", "- a@b@c"},
	    {"zoe@", "- zoe@"},
	    {"@ours.example", "- @ours.example"},
	    {"\xff\xfe", "- \xff\xfe"},
	};
	check_logins(*state, rows, ARRAY_LEN(rows));
}

static void without_domains_a_name_is_a_name(void **state)
{
	struct bed *bed = *state;
	add_user(bed, "anna");
	add_user(bed, "bert@b\u00fccher.example");
	static const struct row rows[] = {
	    {"Anna", "anna"},
	    {"anna@ours.example", "- anna@ours.example"},
	    {"anna+x", "- anna+x"},
	    {"zoe", "- zoe"},
	    {"bert@xn--bcher-kva.example", "bert@b\u00fccher.example"},
	};
	check_logins(bed, rows, ARRAY_LEN(rows));
}

static void a_name_of_any_length_is_answered(void **state)
{
	struct bed *bed = *state;
	static char text[2000];
	for (size_t len = 0; len < sizeof(text); len++) {
		struct auth_name name;
		text[len] = 'z';
		assert_int_equal(
		    route_login_name(bed->route, view_of(text, len + 1), &name),
		    RC_NOT_FOUND);
		assert_true(strlen(name.text) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WITH(set_up, a_user_has_every_spelling_of_the_own_address),
	    WITH(set_up, a_name_alone_is_of_the_primary_domain_only),
	    WITH(set_up, an_alias_of_one_user_alone_is_the_user),
	    WITH(set_up, an_alias_takes_no_name_from_its_user),
	    WITH(set_up, a_detail_is_no_other_person),
	    WITH(set_up, what_takes_any_mail_lets_nobody_in),
	    WITH(set_up, all_spellings_of_nobody_are_one),
	    WITH(set_up_empty, without_domains_a_name_is_a_name),
	    WITH(set_up, a_name_of_any_length_is_answered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
